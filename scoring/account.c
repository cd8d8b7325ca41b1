#include "scoring/account.h"

#include <stdarg.h>
#include <stdio.h>

static bool bind(const struct account_scope *s, const struct node *n, struct term **out);

static bool fail(const struct account_scope *s, const struct node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
static bool fail(const struct account_scope *s, const struct node *n, const char *format, ...)
{
    char message[STATUS_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return formula_fail(s->f, n->place, s->st, "%s", message);
}

static struct term *term_new(const struct account_scope *s, enum term_kind kind, enum value_type type, int children)
{
    struct term *t = arena_new(s->arena, struct term);
    t->kind = kind;
    t->type = type;
    t->field = -1;
    t->count = children;
    if (children) t->children = arena_array(s->arena, struct term *, children);
    return t;
}

static struct term *term_one(const struct account_scope *s, enum term_kind kind, enum value_type type, struct term *a)
{
    struct term *t = term_new(s, kind, type, 1);
    t->children[0] = a;
    t->scale = a->scale;
    t->missing = a->missing;
    return t;
}

static struct term *term_two(const struct account_scope *s, enum term_kind kind, enum value_type type, struct term *a,
                             struct term *b)
{
    struct term *t = term_new(s, kind, type, 2);
    t->children[0] = a;
    t->children[1] = b;
    t->scale = a->scale;
    t->missing = a->missing || b->missing;
    return t;
}

static struct term *truth(const struct account_scope *s, bool value)
{
    struct term *t = term_new(s, TERM_TRUTH, VALUE_BOOLEAN, 0);
    t->number = value;
    return t;
}

static bool is_numeric(const struct term *t)
{
    return t->type == VALUE_MONEY || t->type == VALUE_NUMBER || t->type == VALUE_MONTHS;
}

/* --- scales --- */

static bool rescale(const struct account_scope *s, const struct node *n, struct term **t, int scale)
{
    int more = scale - (*t)->scale;
    if (more == 0) return true;
    if (more > 18)
        return fail(s, n, "the decimals of the two values are too far apart (%d and %d)", (*t)->scale, scale);
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
static struct term *as_money(const struct account_scope *s, struct term *literal)
{
    struct term *t = arena_new(s->arena, struct term);
    *t = *literal;
    t->type = VALUE_MONEY;
    t->literal = false;
    if (s->f->unit == UNIT_FEN) t->scale += 2;
    return t;
}

/* Brings two values that are added, compared or alternatives to one type and scale. */
static bool unify(const struct account_scope *s, const struct node *n, struct term **a, struct term **b,
                  const char *verb)
{
    if (is_numeric(*a) && is_numeric(*b)) {
        if ((*a)->type == VALUE_MONEY && (*b)->literal) *b = as_money(s, *b);
        if ((*b)->type == VALUE_MONEY && (*a)->literal) *a = as_money(s, *a);
        if (((*a)->type == VALUE_MONEY) == ((*b)->type == VALUE_MONEY)) return align(s, n, a, b);
    } else if ((*a)->type == (*b)->type && (*a)->type != VALUE_CODE && (*a)->type != VALUE_CURRENCY) {
        return true;
    }
    return fail(s, n, "cannot %s a value of type %s and one of type %s", verb, value_type_name((*a)->type),
                value_type_name((*b)->type));
}

static enum value_type common_type(const struct term *a, const struct term *b)
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
        fail(s, n, "the %s %s cannot stand inside an aggregate", what, n->text);
        return status_hint(s->st, "an aggregate reads the fields of %s; combine measures in the score", s->table->name);
    }
    guess_init(&guess, view_of(n->text));
    for (int i = 0; i < s->table->fields_count; i++) guess_offer(&guess, s->table->fields[i].name);
    fail(s, n, "table %s has no field %s", s->table->name, n->text);
    hint_guess(&guess, s->st);
    return status_hint(s->st, "see its fields: crmx layout show %s", s->table->name);
}

static bool bind_name(const struct account_scope *s, const struct node *n, struct term **out)
{
    for (int i = 0; i < s->table->fields_count; i++) {
        const struct schema_field *field = &s->table->fields[i];
        if (strcmp(field->name, n->text) != 0) continue;
        *out = term_new(s, TERM_FIELD, field->type, 0);
        (*out)->field = i;
        (*out)->missing = field->type == VALUE_DATE;
        if (field->type == VALUE_MONEY || field->type == VALUE_NUMBER) (*out)->scale = field->scale;
        return true;
    }
    return unknown_field(s, n);
}

static bool bind_constant(const struct account_scope *s, const struct node *n, struct term **out)
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
    const struct schema_field *f = &s->table->fields[field->field];
    *codes = f->type == VALUE_CURRENCY ? s->schema->currencies : f->codes;
    *count = f->type == VALUE_CURRENCY ? s->schema->currencies_count : f->codes_count;
    return true;
}

static bool find_code(const struct account_scope *s, const struct node *literal, const struct term *field, int *index)
{
    const char *const *codes;
    int count;
    const char *name = s->table->fields[field->field].name;
    code_list(s, field, &codes, &count);
    for (int i = 0; i < count; i++)
        if (strcmp(codes[i], literal->text) == 0) return *index = i, true;
    struct guess guess;
    guess_init(&guess, view_of(literal->text));
    for (int i = 0; i < count; i++) guess_offer(&guess, codes[i]);
    fail(s, literal, "'%s' is no code of %s.%s", literal->text, s->table->name, name);
    if (guess.best) return status_hint(s->st, "did you mean '%s'?", guess.best);
    char list[200] = "";
    for (int i = 0; i < count && strlen(list) < 150; i++) {
        strcat(list, i ? " " : "");
        strncat(list, codes[i], FORMULA_CODE_MAX);
    }
    return status_hint(s->st, "its codes are: %s", list);
}

static bool is_code(const struct term *t)
{
    return t->kind == TERM_FIELD && (t->type == VALUE_CODE || t->type == VALUE_CURRENCY);
}

/* field in (literals) as a set; negated for <>. */
static bool bind_code_set(const struct account_scope *s, struct node *const *literals, int literals_count,
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
            fail(s, literals[i], "a code can be compared only with a text such as 'D'");
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

/* --- conditions --- */

/* "e is not missing". */
static struct term *known(const struct account_scope *s, struct term *t)
{
    if (!t->missing) return truth(s, true);
    if (t->kind == TERM_FIELD) {
        struct term *k = term_new(s, TERM_KNOWN, VALUE_BOOLEAN, 0);
        k->field = t->field;
        return k;
    }
    if (t->kind == TERM_IF) {
        struct term *k = term_new(s, TERM_IF, VALUE_BOOLEAN, 3);
        k->children[0] = t->children[0];
        k->children[1] = known(s, t->children[1]);
        k->children[2] = known(s, t->children[2]);
        return k;
    }
    struct term *k = term_new(s, TERM_AND, VALUE_BOOLEAN, t->count);
    for (int i = 0; i < t->count; i++) k->children[i] = known(s, t->children[i]);
    return k;
}

static struct term *compare(const struct account_scope *s, enum term_kind kind, struct term *a, struct term *b)
{
    struct term *t = term_two(s, kind, VALUE_BOOLEAN, a, b);
    bool missing = t->missing;
    t->missing = false;
    t->scale = 0;
    if (!missing) return t;
    struct term *both = term_new(s, TERM_AND, VALUE_BOOLEAN, 3);
    both->children[0] = known(s, a);
    both->children[1] = known(s, b);
    both->children[2] = t;
    return both;
}

static bool bind_comparison(const struct account_scope *s, const struct node *n, struct term **out)
{
    static const struct {
        enum term_kind kind;
        bool exchange;
    } RULES[] = {[NODE_EQUAL] = {TERM_EQUAL, false}, [NODE_NOT_EQUAL] = {TERM_NOT_EQUAL, false},
                 [NODE_LESS] = {TERM_LESS, false},   [NODE_LESS_EQUAL] = {TERM_LESS_EQUAL, false},
                 [NODE_GREATER] = {TERM_LESS, true}, [NODE_GREATER_EQUAL] = {TERM_LESS_EQUAL, true}};
    struct node *x = n->children[0], *y = n->children[1];
    struct term *a, *b;
    bool equality = n->kind == NODE_EQUAL || n->kind == NODE_NOT_EQUAL;
    if (x->kind == NODE_TEXT && y->kind != NODE_TEXT) {
        struct node *other = x;
        x = y;
        y = other;
    }
    if (!bind(s, x, &a)) return false;
    if (is_code(a)) {
        if (!equality) return fail(s, n, "codes have no order, use = or <> or in");
        return bind_code_set(s, &y, 1, a, n->kind == NODE_NOT_EQUAL, out);
    }
    if (!bind(s, y, &b) || !unify(s, n, &a, &b, "compare")) return false;
    if (a->type == VALUE_BOOLEAN) return fail(s, n, "cannot compare conditions, use and, or, not");
    *out = RULES[n->kind].exchange ? compare(s, RULES[n->kind].kind, b, a) : compare(s, RULES[n->kind].kind, a, b);
    return true;
}

static bool bind_in(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *first;
    if (!bind(s, n->children[0], &first)) return false;
    if (is_code(first)) return bind_code_set(s, n->children + 1, n->count - 1, first, false, out);
    *out = term_new(s, TERM_OR, VALUE_BOOLEAN, n->count - 1);
    for (int i = 1; i < n->count; i++) {
        struct term *a = first, *b;
        if (!bind(s, n->children[i], &b) || !unify(s, n->children[i], &a, &b, "compare")) return false;
        (*out)->children[i - 1] = compare(s, TERM_EQUAL, a, b);
    }
    return true;
}

bool account_bind_condition(const struct account_scope *s, const struct node *n, struct term **out)
{
    if (!bind(s, n, out)) return false;
    if ((*out)->type == VALUE_BOOLEAN) return true;
    return fail(s, n, "expected a condition, found a value of type %s", value_type_name((*out)->type));
}

static bool bind_logic(const struct account_scope *s, const struct node *n, enum term_kind kind, struct term **out)
{
    *out = term_new(s, kind, VALUE_BOOLEAN, n->count);
    for (int i = 0; i < n->count; i++)
        if (!account_bind_condition(s, n->children[i], &(*out)->children[i])) return false;
    return true;
}

/* --- arithmetic --- */

static bool bind_number(const struct account_scope *s, const struct node *n, struct term **out)
{
    if (!bind(s, n, out)) return false;
    if (is_numeric(*out)) return true;
    return fail(s, n, "expected an amount or a number, found a value of type %s", value_type_name((*out)->type));
}

static bool add_dates(const struct account_scope *s, const struct node *n, enum term_kind kind, struct term *a,
                      struct term *b, struct term **out)
{
    bool days_right = a->type == VALUE_DATE && is_numeric(b) && b->type != VALUE_MONEY && b->scale == 0;
    bool days_left =
        kind == TERM_ADD && b->type == VALUE_DATE && is_numeric(a) && a->type != VALUE_MONEY && a->scale == 0;
    bool between = kind == TERM_SUBTRACT && a->type == VALUE_DATE && b->type == VALUE_DATE;
    if (!days_right && !days_left && !between)
        return fail(s, n, "cannot %s values of type %s and %s", kind == TERM_ADD ? "add" : "subtract",
                    value_type_name(a->type), value_type_name(b->type));
    *out = term_two(s, kind, between ? VALUE_NUMBER : VALUE_DATE, a, b);
    return true;
}

static bool bind_sum(const struct account_scope *s, const struct node *n, struct term **out)
{
    enum term_kind kind = n->kind == NODE_ADD ? TERM_ADD : TERM_SUBTRACT;
    struct term *a, *b;
    if (!bind(s, n->children[0], &a) || !bind(s, n->children[1], &b)) return false;
    if (!is_numeric(a) || !is_numeric(b)) return add_dates(s, n, kind, a, b, out);
    bool literal = a->literal && b->literal;
    if (!unify(s, n, &a, &b, kind == TERM_ADD ? "add" : "subtract")) return false;
    *out = term_two(s, kind, common_type(a, b), a, b);
    (*out)->literal = literal;
    return true;
}

static bool bind_product(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *a, *b;
    if (!bind_number(s, n->children[0], &a) || !bind_number(s, n->children[1], &b)) return false;
    if (a->type == VALUE_MONEY && b->type == VALUE_MONEY) return fail(s, n, "money cannot be multiplied by money");
    *out = term_two(s, TERM_MULTIPLY, common_type(a, b), a, b);
    (*out)->literal = a->literal && b->literal;
    (*out)->scale = a->scale + b->scale;
    if ((*out)->scale <= 36) return true;
    return fail(s, n, "the product has %d decimals, at most 36 are kept exactly", (*out)->scale);
}

static bool bind_extreme(const struct account_scope *s, const struct node *n, enum term_kind kind, struct term **out)
{
    struct term *a, *b;
    if (!bind(s, n->children[0], &a)) return false;
    for (int i = 1; i < n->count; i++) {
        if (!bind(s, n->children[i], &b) || !unify(s, n->children[i], &a, &b, "compare")) return false;
        bool literal = a->literal && b->literal;
        a = term_two(s, kind, common_type(a, b), a, b);
        a->literal = literal;
    }
    *out = a;
    if (is_numeric(a) || a->type == VALUE_DATE) return true;
    return fail(s, n, "expected amounts or numbers, found values of type %s", value_type_name(a->type));
}

static bool choose(const struct account_scope *s, const struct node *n, struct term *condition, struct term *a,
                   struct term *b, struct term **out)
{
    if (!unify(s, n, &a, &b, "choose between")) return false;
    struct term *t = term_new(s, TERM_IF, common_type(a, b), 3);
    t->children[0] = condition;
    t->children[1] = a;
    t->children[2] = b;
    t->scale = a->scale;
    t->missing = a->missing || b->missing;
    t->literal = a->literal && b->literal;
    *out = t;
    return true;
}

/* if(c, a, b) and case: condition, value, …, else value; folded from the last. */
static bool bind_case(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *condition, *value;
    if (!bind(s, n->children[n->count - 1], out)) return false;
    for (int i = n->count - 3; i >= 0; i -= 2) {
        if (!account_bind_condition(s, n->children[i], &condition) || !bind(s, n->children[i + 1], &value) ||
            !choose(s, n->children[i + 1], condition, value, *out, out))
            return false;
    }
    return true;
}

static bool bind_coalesce(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *value;
    if (!bind(s, n->children[n->count - 1], out)) return false;
    for (int i = n->count - 2; i >= 0; i--) {
        bool rest_missing = (*out)->missing;
        if (!bind(s, n->children[i], &value)) return false;
        bool missing = value->missing && rest_missing;
        if (!choose(s, n->children[i], known(s, value), value, *out, out)) return false;
        (*out)->missing = missing;
    }
    return true;
}

static bool bind_cny(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *a;
    if (!bind(s, n->children[0], &a)) return false;
    if (a->type != VALUE_MONEY)
        return fail(s, n->children[0], "cny converts money, found a value of type %s", value_type_name(a->type));
    if (term_has_cny(a)) return fail(s, n->children[0], "the amount is converted already");
    if (s->table->currency_field < 0) return *out = a, true; /* every row is in the base currency */
    *out = term_one(s, TERM_CNY, VALUE_MONEY, a);
    (*out)->scale = a->scale + s->rate_scale;
    if ((*out)->scale <= 36) return true;
    return fail(s, n, "the amount has %d decimals, at most %d can be converted exactly", a->scale, 36 - s->rate_scale);
}

static bool bind_call(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *a;
    switch (n->function) {
    case FUNCTION_IF: return bind_case(s, n, out);
    case FUNCTION_MIN: return bind_extreme(s, n, TERM_MIN, out);
    case FUNCTION_MAX: return bind_extreme(s, n, TERM_MAX, out);
    case FUNCTION_COALESCE: return bind_coalesce(s, n, out);
    case FUNCTION_CNY: return bind_cny(s, n, out);
    case FUNCTION_ABS:
        if (!bind_number(s, n->children[0], &a)) return false;
        *out = term_one(s, TERM_ABS, a->type, a);
        (*out)->literal = a->literal;
        return true;
    case FUNCTION_KNOWN:
        if (!bind(s, n->children[0], &a)) return false;
        *out = known(s, a);
        return true;
    default: break;
    }
    fail(s, n, "%s cannot stand inside an aggregate", function_word(n->function)->name);
    return status_hint(s->st, "aggregates add exact amounts; apply %s to the measure in the score",
                       function_word(n->function)->name);
}

static bool bind(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *a;
    switch (n->kind) {
    case NODE_NUMBER:
    case NODE_DATE:
    case NODE_BUSINESS_DATE: return bind_constant(s, n, out);
    case NODE_TRUE:
    case NODE_FALSE: return *out = truth(s, n->kind == NODE_TRUE), true;
    case NODE_NAME: return bind_name(s, n, out);
    case NODE_TEXT: return fail(s, n, "the text '%s' can only be compared with a field of codes", n->text);
    case NODE_COEFFICIENT:
        fail(s, n, "a coefficient cannot stand inside an aggregate");
        return status_hint(s->st, "multiply the measure by it in the score");
    case NODE_NEGATE:
        if (!bind_number(s, n->children[0], &a)) return false;
        *out = term_one(s, TERM_NEGATE, a->type, a);
        (*out)->literal = a->literal;
        return true;
    case NODE_ADD:
    case NODE_SUBTRACT: return bind_sum(s, n, out);
    case NODE_MULTIPLY: return bind_product(s, n, out);
    case NODE_DIVIDE:
        fail(s, n, "a division inside an aggregate would not be exact");
        return status_hint(s->st,
                           "divide outside: define a measure without the division and write measure/x in the score");
    case NODE_EQUAL:
    case NODE_NOT_EQUAL:
    case NODE_LESS:
    case NODE_LESS_EQUAL:
    case NODE_GREATER:
    case NODE_GREATER_EQUAL: return bind_comparison(s, n, out);
    case NODE_IN: return bind_in(s, n, out);
    case NODE_NOT: return bind_logic(s, n, TERM_NOT, out);
    case NODE_AND: return bind_logic(s, n, TERM_AND, out);
    case NODE_OR: return bind_logic(s, n, TERM_OR, out);
    case NODE_CASE: return bind_case(s, n, out);
    case NODE_CALL: return bind_call(s, n, out);
    }
    ensure(!"a node kind without a rule");
    return false;
}

bool account_bind_expression(const struct account_scope *s, const struct node *n, enum value_type type,
                             struct term **out)
{
    if (!bind(s, n, out)) return false;
    if ((*out)->literal && type == VALUE_MONEY) *out = as_money(s, *out);
    bool fits = (*out)->type == type || (type != VALUE_MONEY && is_numeric(*out) && (*out)->type != VALUE_MONEY);
    if (!fits)
        return fail(s, n, "the measure is declared %s, the expression gives %s", value_type_name(type),
                    value_type_name((*out)->type));
    if (!(*out)->missing) return true;
    fail(s, n, "a date in the expression may be missing for an account");
    return status_hint(s->st, "say what counts then: coalesce(date, business_date)");
}
