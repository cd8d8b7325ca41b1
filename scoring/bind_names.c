#include "scoring/bind_names.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

struct expr *bind_new(struct binder *b, enum expr_kind kind, enum value_type type, int children)
{
    struct expr *e = arena_new(&b->p->arena, struct expr);
    e->kind = kind;
    e->type = type;
    e->count = children;
    if (children) e->children = arena_array(&b->p->arena, struct expr *, children);
    return e;
}

bool bind_fail(struct binder *b, const struct node *n, const char *format, ...)
{
    char message[STATUS_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return formula_fail(b->f, n->place, b->st, "%s", message);
}

/* --- codes --- */

static int intern(struct formula_program *p, const char *code)
{
    for (int i = 0; i < p->codes_count; i++)
        if (strcmp(p->codes[i], code) == 0) return i;
    if (p->codes_count == p->codes_room) {
        int room = p->codes_room ? 2 * p->codes_room : 32;
        const char **codes = arena_array(&p->arena, const char *, room);
        if (p->codes_count) memcpy(codes, p->codes, sizeof *codes * (size_t)p->codes_count);
        p->codes = codes;
        p->codes_room = room;
    }
    p->codes[p->codes_count] = arena_dup(&p->arena, view_of(code));
    return p->codes_count++;
}

static bool set_has(struct code_set s, int code)
{
    for (int i = 0; i < s.count; i++)
        if (s.codes[i] == code) return true;
    return false;
}

struct code_set bind_set_union(struct binder *b, struct code_set x, struct code_set y)
{
    int *codes = arena_array(&b->p->arena, int, x.count + y.count);
    struct code_set s = {.count = x.count, .codes = codes};
    if (x.count) memcpy(codes, x.codes, sizeof *codes * (size_t)x.count);
    for (int i = 0; i < y.count; i++)
        if (!set_has(s, y.codes[i])) codes[s.count++] = y.codes[i];
    return s;
}

bool bind_check_code(struct binder *b, const struct node *literal, const struct expr *of)
{
    int code = intern(b->p, literal->text);
    if (set_has(of->set, code)) return true;
    struct guess guess;
    guess_init(&guess, view_of(literal->text));
    for (int i = 0; i < of->set.count; i++) guess_offer(&guess, b->p->codes[of->set.codes[i]]);
    bind_fail(b, literal, "'%s' is none of the codes it is compared with", literal->text);
    if (guess.best) return status_hint(b->st, "did you mean '%s'?", guess.best);
    struct buf list;
    buf_init(&list, CODES_SHOWN_MAX);
    for (int i = 0; i < of->set.count; i++) {
        const char *text = b->p->codes[of->set.codes[i]];
        buf_addf(&list, i ? " %s" : "%s", text[0] ? text : "''");
    }
    status_hint(b->st, "the codes are: %s", list.bytes ? list.bytes : "none");
    buf_release(&list);
    return false;
}

/* --- names and constants --- */

struct expr *bind_constant(struct binder *b, enum value_type type, double number)
{
    struct expr *e = bind_new(b, EXPR_CONSTANT, type, 0);
    e->number = number;
    return e;
}

static struct expr *field_expr(struct binder *b, int field)
{
    const struct schema_field *s = &b->p->schema->customer_fields[field];
    struct customer_field *c = &b->p->fields[field];
    enum value_type type = s->type == VALUE_CURRENCY ? VALUE_CODE : s->type;
    struct expr *e = bind_new(b, EXPR_FIELD, type, 0);
    e->index = field;
    e->missing = type == VALUE_DATE;
    if (!c->used) {
        const struct schema *schema = b->p->schema;
        const char *const *codes = s->type == VALUE_CURRENCY ? schema->currencies : s->codes;
        c->used = true;
        c->type = type;
        c->decimals = type == VALUE_NUMBER ? s->scale : 0;
        if (type == VALUE_MONEY) c->decimals = s->scale - (b->p->f->unit == UNIT_FEN ? 2 : 0);
        if (type == VALUE_CODE) {
            c->codes_count = s->type == VALUE_CURRENCY ? schema->currencies_count : s->codes_count;
            int *map = arena_array(&b->p->arena, int, c->codes_count);
            for (int i = 0; i < c->codes_count; i++) map[i] = intern(b->p, codes[i]);
            c->codes = map;
            c->set = (struct code_set){c->codes_count, map};
        }
    }
    e->set = c->set;
    return e;
}

static bool unknown_name(struct binder *b, const struct node *n)
{
    const struct formula *f = b->f;
    struct guess guess;
    for (int i = b->visible; i < f->definitions_count; i++) {
        if (strcmp(f->definitions[i].name, n->text) != 0) continue;
        bind_fail(b, n, "%s is defined further down, in line %u", n->text, f->definitions[i].place.line);
        return status_hint(b->st, "move its statement above line %u", n->place.line);
    }
    guess_init(&guess, view_of(n->text));
    for (int i = 0; i < b->visible; i++) guess_offer(&guess, f->definitions[i].name);
    for (int i = 0; i < f->measures_count; i++) {
        guess_offer(&guess, f->measures[i].name);
        guess_offer(&guess, f->measures[i].alias);
    }
    for (int i = 0; i < f->coefficients_count; i++)
        if (!f->coefficients[i].literal) guess_offer(&guess, f->coefficients[i].name);
    for (int i = 0; i < b->p->schema->customer_fields_count; i++)
        guess_offer(&guess, b->p->schema->customer_fields[i].name);
    bind_fail(b, n, "unknown name %s", n->text);
    if (strncmp(n->text, FORMULA_SHADOW, strlen(FORMULA_SHADOW)) == 0 && !guess.best)
        return status_hint(b->st, "it is known to queries, where the generation has a challenger for these customers: "
                                  "crmx formula shadow");
    hint_guess(&guess, b->st);
    return status_hint(b->st, "define it above: measure %s money = sum(…);", n->text);
}

bool bind_name(struct binder *b, const struct node *n, struct expr **out)
{
    const struct formula *f = b->f;
    const char *qualified = node_customer_field(n);
    int field = schema_customer_field(b->p->schema, qualified ? qualified : n->text);
    if (qualified && field < 0) return formula_no_customer_field(f, b->p->schema, n, b->st);
    if (qualified) return *out = field_expr(b, field), true;
    for (int i = 0; i < b->visible; i++) {
        if (strcmp(f->definitions[i].name, n->text) != 0) continue;
        const struct expr *d = b->p->definitions[i];
        *out = bind_new(b, EXPR_DEFINITION, d->type, 0);
        (*out)->index = i;
        (*out)->missing = d->missing;
        (*out)->set = d->set;
        return true;
    }
    int measure = formula_measure_find(f, n->text);
    if (measure >= 0) {
        *out = bind_new(b, EXPR_MEASURE, f->measures[measure].type, 0);
        (*out)->index = measure;
        (*out)->missing = f->measures[measure].type == VALUE_DATE;
        return true;
    }
    for (int i = 0; i < f->coefficients_count; i++)
        if (!f->coefficients[i].literal && strcmp(f->coefficients[i].name, n->text) == 0)
            return *out = bind_constant(b, VALUE_NUMBER, f->coefficients[i].value), true;
    if (field >= 0) return *out = field_expr(b, field), true;
    return unknown_name(b, n);
}

bool bind_text(struct binder *b, const struct node *n, struct expr **out)
{
    int code = intern(b->p, n->text);
    *out = bind_constant(b, VALUE_CODE, code);
    int *codes = arena_new(&b->p->arena, int);
    codes[0] = code;
    (*out)->set = (struct code_set){1, codes};
    return true;
}
