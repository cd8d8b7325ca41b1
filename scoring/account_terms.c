#include "scoring/account_terms.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

bool term_fail(const struct account_scope *s, const struct node *n, const char *format, ...)
{
    char message[STATUS_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return formula_fail(s->f, n->place, s->st, "%s", message);
}

struct term *term_new(const struct account_scope *s, enum term_kind kind, enum value_type type, int children)
{
    struct term *t = arena_new(s->arena, struct term);
    t->kind = kind;
    t->type = type;
    t->field = -1;
    t->count = children;
    if (children) t->children = arena_array(s->arena, struct term *, children);
    return t;
}

struct term *term_one(const struct account_scope *s, enum term_kind kind, enum value_type type, struct term *a)
{
    struct term *t = term_new(s, kind, type, 1);
    t->children[0] = a;
    t->scale = a->scale;
    t->missing = a->missing;
    return t;
}

struct term *term_two(const struct account_scope *s, enum term_kind kind, enum value_type type, struct term *a,
                      struct term *b)
{
    struct term *t = term_new(s, kind, type, 2);
    t->children[0] = a;
    t->children[1] = b;
    t->scale = a->scale;
    t->missing = a->missing || b->missing;
    return t;
}

struct term *term_truth(const struct account_scope *s, bool value)
{
    struct term *t = term_new(s, TERM_TRUTH, VALUE_BOOLEAN, 0);
    t->number = value;
    return t;
}

bool term_is_numeric(const struct term *t)
{
    return t->type == VALUE_MONEY || t->type == VALUE_NUMBER || t->type == VALUE_MONTHS;
}

/* --- scales --- */

static bool rescale(const struct account_scope *s, const struct node *n, struct term **t, int scale)
{
    int more = scale - (*t)->scale;
    if (more == 0) return true;
    if (more > 18)
        return term_fail(s, n, "the decimals of the two values are too far apart (%d and %d)", (*t)->scale, scale);
    struct term *up = term_one(s, TERM_SCALE, (*t)->type, *t);
    up->literal = (*t)->literal;
    up->number = power_of_ten(more);
    up->scale = scale;
    *t = up;
    return true;
}

static bool align(const struct account_scope *s, const struct node *n, struct term **a, struct term **b)
{
    int scale = (*a)->scale > (*b)->scale ? (*a)->scale : (*b)->scale;
    return rescale(s, n, a, scale) && rescale(s, n, b, scale);
}

/* A literal beside money is money in the formula's unit: 5 in `unit fen` is 0.05. */
struct term *term_as_money(const struct account_scope *s, struct term *literal)
{
    struct term *t = arena_new(s->arena, struct term);
    *t = *literal;
    t->type = VALUE_MONEY;
    t->literal = false;
    if (s->f->unit == UNIT_FEN) t->scale += 2;
    return t;
}

/* Brings two values that are added, compared or alternatives to one type and scale. */
bool term_unify(const struct account_scope *s, const struct node *n, struct term **a, struct term **b, const char *verb)
{
    if (term_is_numeric(*a) && term_is_numeric(*b)) {
        if ((*a)->type == VALUE_MONEY && (*b)->literal) *b = term_as_money(s, *b);
        if ((*b)->type == VALUE_MONEY && (*a)->literal) *a = term_as_money(s, *a);
        if (((*a)->type == VALUE_MONEY) == ((*b)->type == VALUE_MONEY)) return align(s, n, a, b);
    } else if ((*a)->type == (*b)->type && (*a)->type != VALUE_CODE && (*a)->type != VALUE_CURRENCY) {
        return true;
    }
    term_fail(s, n, "cannot %s a value of type %s and one of type %s", verb, value_type_name((*a)->type),
              value_type_name((*b)->type));
    bool date = (*a)->type == VALUE_DATE || (*b)->type == VALUE_DATE;
    return date ? status_hint(s->st, "a day is written date '2026-10-31'") : false;
}

enum value_type term_common_type(const struct term *a, const struct term *b)
{
    if (a->type == b->type) return a->type;
    return a->type == VALUE_MONEY || b->type == VALUE_MONEY ? VALUE_MONEY
           : a->literal                                     ? b->type
           : b->literal                                     ? a->type
                                                            : VALUE_NUMBER;
}

/* --- names --- */

static bool unknown_field(const struct account_scope *s, const struct node *n)
{
    struct guess guess;
    const char *what = formula_measure_find(s->f, n->text) >= 0 ? "measure" : NULL;
    for (int i = 0; i < s->f->coefficients_count; i++)
        if (strcmp(s->f->coefficients[i].name, n->text) == 0) what = "coefficient";
    for (int i = 0; i < s->f->definitions_count; i++)
        if (strcmp(s->f->definitions[i].name, n->text) == 0) what = "value of the customer";
    if (what) {
        term_fail(s, n, "the %s %s cannot stand inside an aggregate", what, n->text);
        return status_hint(s->st, "an aggregate reads the fields of %s; combine measures in the score", s->table->name);
    }
    guess_init(&guess, view_of(n->text));
    for (int i = 0; i < s->table->fields_count; i++) guess_offer(&guess, s->table->fields[i].name);
    for (int i = 0; i < s->schema->customer_fields_count; i++) guess_offer(&guess, s->schema->customer_fields[i].name);
    term_fail(s, n, "table %s has no field %s", s->table->name, n->text);
    if (schema_customer_field(s->schema, n->text) >= 0)
        return status_hint(s->st, "the field of the customer is " FORMULA_CUSTOMER "%s; another table has %s itself",
                           n->text, n->text);
    hint_guess(&guess, s->st);
    return status_hint(s->st, "see its fields: crmx layout show %s", s->table->name);
}

static int table_field(const struct schema_table *t, const char *name)
{
    for (int i = 0; i < t->fields_count; i++)
        if (strcmp(t->fields[i].name, name) == 0) return i;
    return -1;
}

static bool term_of_field(const struct account_scope *s, int field, struct term **out)
{
    const struct schema_field *of = scope_field(s, field);
    *out = term_new(s, TERM_FIELD, of->type, 0);
    (*out)->field = field;
    (*out)->missing = of->type == VALUE_DATE;
    if (of->type == VALUE_MONEY || of->type == VALUE_NUMBER) (*out)->scale = of->scale;
    return true;
}

static bool term_of_customer(const struct account_scope *s, const struct node *n, int field, struct term **out)
{
    if (field < s->schema->customer_fields_count - s->schema->customer_averages_count)
        return term_of_field(s, s->table->fields_count + field, out);
    if (field >= s->schema->customer_fields_count - s->schema->customer_query_count) {
        term_fail(s, n, "%s of a query cannot stand inside an aggregate", s->schema->customer_fields[field].name);
        return status_hint(s->st, "use it beside the aggregate: %s … and sum(…) > 0",
                           s->schema->customer_fields[field].name);
    }
    term_fail(s, n, "the average %s cannot stand inside an aggregate: it comes out of the accounts itself",
              s->schema->customer_fields[field].name);
    return status_hint(s->st, "use it in the score, beside the aggregate");
}

/* A plain name is the customer's only where no table of the aggregate has it and no statement defines it: `opened` of
 * one account must not become that of the customer for another. */
static bool is_plainly_customer(const struct account_scope *s, const char *name)
{
    const struct formula *f = s->f;
    for (int i = 0; i < s->schema->tables_count; i++)
        if (s->tables[i] && table_field(&s->schema->tables[i], name) >= 0) return false;
    for (int i = 0; i < f->coefficients_count; i++)
        if (strcmp(f->coefficients[i].name, name) == 0) return false;
    for (int i = 0; i < f->definitions_count; i++)
        if (strcmp(f->definitions[i].name, name) == 0) return false;
    return formula_measure_find(f, name) < 0;
}

bool term_of_name(const struct account_scope *s, const struct node *n, struct term **out)
{
    const char *qualified = node_customer_field(n);
    int field = qualified ? -1 : table_field(s->table, n->text);
    if (field >= 0) return term_of_field(s, field, out);
    int customer = schema_customer_field(s->schema, qualified ? qualified : n->text);
    if (customer >= 0 && (qualified || is_plainly_customer(s, n->text))) return term_of_customer(s, n, customer, out);
    return qualified ? formula_no_customer_field(s->f, s->schema, n, s->st) : unknown_field(s, n);
}

bool term_of_constant(const struct account_scope *s, const struct node *n, struct term **out)
{
    bool is_number = n->kind == NODE_NUMBER;
    *out = term_new(s, TERM_CONSTANT, is_number ? VALUE_NUMBER : VALUE_DATE, 0);
    (*out)->number = is_number ? n->mantissa : n->kind == NODE_DATE ? n->date : s->schema->business_date;
    (*out)->scale = is_number ? n->scale : 0;
    (*out)->literal = is_number;
    return true;
}

/* --- codes --- */

static bool code_list(const struct account_scope *s, const struct term *field, const char *const **codes, int *count)
{
    const struct schema_field *f = scope_field(s, field->field);
    *codes = f->type == VALUE_CURRENCY ? s->schema->currencies : f->codes;
    *count = f->type == VALUE_CURRENCY ? s->schema->currencies_count : f->codes_count;
    return true;
}

static bool find_code(const struct account_scope *s, const struct node *literal, const struct term *field, int *index)
{
    const char *const *codes;
    int count;
    const char *name = scope_field(s, field->field)->name;
    const char *of = scope_is_customer(s, field->field) ? "customer" : s->table->name;
    code_list(s, field, &codes, &count);
    for (int i = 0; i < count; i++)
        if (strcmp(codes[i], literal->text) == 0) return *index = i, true;
    struct guess guess;
    guess_init(&guess, view_of(literal->text));
    for (int i = 0; i < count; i++) guess_offer(&guess, codes[i]);
    term_fail(s, literal, "'%s' is no code of %s.%s", literal->text, of, name);
    if (guess.best) return status_hint(s->st, "did you mean '%s'?", guess.best);
    struct buf list;
    buf_init(&list, CODES_SHOWN_MAX);
    for (int i = 0; i < count; i++) buf_addf(&list, i ? " %s" : "%s", codes[i]);
    status_hint(s->st, "its codes are: %s", list.bytes ? list.bytes : "none");
    buf_release(&list);
    return false;
}

bool term_is_code(const struct term *t)
{
    return t->kind == TERM_FIELD && (t->type == VALUE_CODE || t->type == VALUE_CURRENCY);
}

/* field in (literals) as a set; negated for <>. */
bool term_of_codes(const struct account_scope *s, struct node *const *literals, int literals_count,
                   const struct term *field, bool negated, struct term **out)
{
    const char *const *codes;
    int count;
    code_list(s, field, &codes, &count);
    bool *set = arena_array(s->arena, bool, count + 1);
    for (int i = 0; i < count; i++) set[i] = negated;
    for (int i = 0; i < literals_count; i++) {
        int code = 0;
        if (literals[i]->kind != NODE_TEXT) {
            term_fail(s, literals[i], "a code can be compared only with a text such as 'D'");
            return false;
        }
        if (!find_code(s, literals[i], field, &code)) return false;
        set[code] = !negated;
    }
    *out = term_new(s, TERM_CODE_IN, VALUE_BOOLEAN, 0);
    (*out)->field = field->field;
    (*out)->set = set;
    return true;
}

/* "e is not missing". */
struct term *term_known(const struct account_scope *s, struct term *t)
{
    if (!t->missing) return term_truth(s, true);
    if (t->kind == TERM_FIELD) {
        struct term *k = term_new(s, TERM_KNOWN, VALUE_BOOLEAN, 0);
        k->field = t->field;
        return k;
    }
    if (t->kind == TERM_IF) {
        struct term *k = term_new(s, TERM_IF, VALUE_BOOLEAN, 3);
        k->children[0] = t->children[0];
        k->children[1] = term_known(s, t->children[1]);
        k->children[2] = term_known(s, t->children[2]);
        return k;
    }
    struct term *k = term_new(s, TERM_AND, VALUE_BOOLEAN, t->count);
    for (int i = 0; i < t->count; i++) k->children[i] = term_known(s, t->children[i]);
    return k;
}
