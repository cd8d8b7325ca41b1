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

/* --- names that are not there --- */

/* What a near name is. */
enum near_kind { NEAR_NAME, NEAR_FUNCTION, NEAR_AGGREGATE, NEAR_COLUMN, NEAR_CODE };

struct near_name {
    struct guess guess;
    enum near_kind kind;
    const char *table;
};

/* Of several equally near ones the first that was offered. */
static void offer(struct near_name *n, enum near_kind kind, const char *name, const char *table)
{
    int before = n->guess.distance;
    guess_offer(&n->guess, name);
    if (n->guess.distance < before) n->kind = kind, n->table = table;
}

static void offer_defined(struct binder *b, struct near_name *n)
{
    const struct formula *f = b->f;
    for (int i = 0; i < b->visible; i++) offer(n, NEAR_NAME, f->definitions[i].name, NULL);
    for (int i = 0; i < f->measures_count; i++) {
        if (f->measures[i].in_place) continue;
        offer(n, NEAR_NAME, f->measures[i].name, NULL);
        offer(n, NEAR_NAME, f->measures[i].alias, NULL);
    }
    for (int i = 0; i < f->coefficients_count; i++)
        if (!f->coefficients[i].literal) offer(n, NEAR_NAME, f->coefficients[i].name, NULL);
    for (int i = 0; i < b->p->schema->customer_fields_count; i++)
        offer(n, NEAR_NAME, b->p->schema->customer_fields[i].name, NULL);
}

static void offer_language(struct near_name *n)
{
    static const char *const WORDS[] = {"business_date", "会计日期", "true", "false"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) offer(n, NEAR_NAME, WORDS[i], NULL);
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        const struct function_word *w = function_word((enum function)i);
        if (!(w->places & WORD_CUSTOMER)) continue;
        offer(n, NEAR_FUNCTION, w->name, NULL);
        if (w->alias) offer(n, NEAR_FUNCTION, w->alias, NULL);
    }
}

static void offer_accounts(const struct schema *s, struct near_name *n)
{
    for (int i = 0; i < AGGREGATES_COUNT && s->tables_count; i++)
        offer(n, NEAR_AGGREGATE, aggregate_word((enum aggregate)i)->name, NULL);
    for (int t = 0; t < s->tables_count; t++)
        for (int i = 0; s->tables[t].system[0] && i < s->tables[t].fields_count; i++)
            offer(n, NEAR_COLUMN, s->tables[t].fields[i].name, s->tables[t].name);
}

static void offer_codes(const struct schema *s, struct near_name *n)
{
    for (int i = 0; i < s->currencies_count; i++) offer(n, NEAR_CODE, s->currencies[i], NULL);
    for (int f = 0; f < s->customer_fields_count; f++)
        for (int i = 0; s->customer_fields[f].type == VALUE_CODE && i < s->customer_fields[f].codes_count; i++)
            offer(n, NEAR_CODE, s->customer_fields[f].codes[i], NULL);
}

static bool hint_near(const struct near_name *n, struct status *st)
{
    const char *name = n->guess.best;
    switch (n->kind) {
    case NEAR_NAME: break;
    case NEAR_FUNCTION: return status_hint(st, "did you mean the function %s(…)?", name);
    case NEAR_AGGREGATE: return status_hint(st, "did you mean the aggregate %s(…)?", name);
    case NEAR_COLUMN:
        return status_hint(st, "did you mean the accounts' field %s? It has to be added up: sum(%s, %s)", name,
                           n->table, name);
    case NEAR_CODE: return status_hint(st, "did you mean the code '%s'? Codes stand in quotes", name);
    }
    return status_hint(st, "did you mean %s?", name);
}

/* Nothing is near: how it gets a meaning. */
static bool hint_define(struct binder *b, const char *name)
{
    const struct schema *s = b->p->schema;
    if (!b->f->is_expression)
        return status_hint(b->st, "define it above: let %s money = …; or measure %s money = sum(…);", name, name);
    if (s->customer_fields_count == 0) return status_hint(b->st, "give it a value: %s=1", name);
    struct buf list;
    buf_init(&list, CODES_SHOWN_MAX);
    for (int i = 0; i < s->customer_fields_count; i++) buf_addf(&list, i ? ", %s" : "%s", s->customer_fields[i].name);
    status_hint(b->st, "the names that have a value here: %s", list.bytes);
    buf_release(&list);
    return false;
}

static bool unknown_name(struct binder *b, const struct node *n)
{
    const struct formula *f = b->f;
    struct near_name near = {.kind = NEAR_NAME};
    for (int i = b->visible; i < f->definitions_count && !f->is_expression; i++) {
        if (strcmp(f->definitions[i].name, n->text) != 0) continue;
        if (i == b->visible) {
            bind_fail(b, n, "%s cannot stand in its own definition", n->text);
            return status_hint(b->st, "name the part that is meant: let part = …; and write part here");
        }
        bind_fail(b, n, "%s is defined further down, in line %u", n->text, f->definitions[i].place.line);
        return status_hint(b->st, "move its statement above line %u", n->place.line);
    }
    guess_init(&near.guess, view_of(n->text));
    offer_defined(b, &near);
    offer_language(&near);
    offer_accounts(b->p->schema, &near);
    offer_codes(b->p->schema, &near);
    bind_fail(b, n, "unknown name %s", n->text);
    const char *foreign = word_foreign(view_of(n->text));
    if (foreign) return status_hint(b->st, "%s", foreign);
    if (near.guess.best) return hint_near(&near, b->st);
    if (strncmp(n->text, FORMULA_SHADOW, strlen(FORMULA_SHADOW)) == 0)
        return status_hint(b->st, "it is known to queries, where the generation has a challenger for these customers: "
                                  "crmx formula shadow");
    return hint_define(b, n->text);
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
