/* Types of conditions and expressions inside aggregates; the rules are in docs/formula.md. */
#include "scoring/account_terms.h"
#include "scoring/interest.h"

static bool bind(const struct account_scope *s, const struct node *n, struct term **out);

/* --- conditions --- */

static struct term *compare(const struct account_scope *s, enum term_kind kind, struct term *a, struct term *b)
{
    struct term *t = term_two(s, kind, VALUE_BOOLEAN, a, b);
    bool missing = t->missing;
    t->missing = false;
    t->scale = 0;
    if (!missing) return t;
    struct term *both = term_new(s, TERM_AND, VALUE_BOOLEAN, 3);
    both->children[0] = term_known(s, a);
    both->children[1] = term_known(s, b);
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
    if (term_is_code(a)) {
        if (!equality) return term_fail(s, n, "codes have no order, use = or <> or in");
        return term_of_codes(s, &y, 1, a, n->kind == NODE_NOT_EQUAL, out);
    }
    if (!bind(s, y, &b) || !term_unify(s, n, &a, &b, "compare")) return false;
    if (a->type == VALUE_BOOLEAN) return term_fail(s, n, "cannot compare conditions, use and, or, not");
    *out = RULES[n->kind].exchange ? compare(s, RULES[n->kind].kind, b, a) : compare(s, RULES[n->kind].kind, a, b);
    return true;
}

static bool bind_in(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *first;
    if (!bind(s, n->children[0], &first)) return false;
    if (term_is_code(first)) return term_of_codes(s, n->children + 1, n->count - 1, first, false, out);
    *out = term_new(s, TERM_OR, VALUE_BOOLEAN, n->count - 1);
    for (int i = 1; i < n->count; i++) {
        struct term *a = first, *b;
        if (!bind(s, n->children[i], &b) || !term_unify(s, n->children[i], &a, &b, "compare")) return false;
        (*out)->children[i - 1] = compare(s, TERM_EQUAL, a, b);
    }
    return true;
}

bool account_bind_condition(const struct account_scope *s, const struct node *n, struct term **out)
{
    if (!bind(s, n, out)) return false;
    if ((*out)->type == VALUE_BOOLEAN) return true;
    return term_fail(s, n, "expected a condition, found a value of type %s", value_type_name((*out)->type));
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
    if (term_is_numeric(*out)) return true;
    return term_fail(s, n, "expected an amount or a number, found a value of type %s", value_type_name((*out)->type));
}

static bool add_dates(const struct account_scope *s, const struct node *n, enum term_kind kind, struct term *a,
                      struct term *b, struct term **out)
{
    bool days_right = a->type == VALUE_DATE && term_is_numeric(b) && b->type != VALUE_MONEY;
    bool days_left = kind == TERM_ADD && b->type == VALUE_DATE && term_is_numeric(a) && a->type != VALUE_MONEY;
    if ((days_right && b->scale) || (days_left && a->scale)) {
        term_fail(s, n->children[days_right], "a date is moved by whole days, and this has decimals");
        return status_hint(s->st, "write whole days, such as business_date + 30");
    }
    bool between = kind == TERM_SUBTRACT && a->type == VALUE_DATE && b->type == VALUE_DATE;
    if (!days_right && !days_left && !between)
        return term_fail(s, n, "cannot %s values of type %s and %s", kind == TERM_ADD ? "add" : "subtract",
                         value_type_name(a->type), value_type_name(b->type));
    *out = term_two(s, kind, between ? VALUE_NUMBER : VALUE_DATE, a, b);
    return true;
}

/* What is made of numbers alone, in the 128 bits of the rows. */
static bool literal_value(const struct term *t, __int128 *out)
{
    __int128 a, b;
    *out = t->number;
    if (t->kind == TERM_CONSTANT) return true;
    if (t->kind != TERM_ADD && t->kind != TERM_SUBTRACT && t->kind != TERM_MULTIPLY && t->kind != TERM_SCALE &&
        t->kind != TERM_NEGATE)
        return *out = 0, true; /* min, if: the rows tell */
    if (!literal_value(t->children[0], &a)) return false;
    if (t->kind == TERM_SCALE) return !__builtin_mul_overflow(a, (__int128)t->number, out);
    if (t->kind == TERM_NEGATE) return !__builtin_sub_overflow((__int128)0, a, out);
    if (!literal_value(t->children[1], &b)) return false;
    return t->kind == TERM_ADD        ? !__builtin_add_overflow(a, b, out)
           : t->kind == TERM_SUBTRACT ? !__builtin_sub_overflow(a, b, out)
                                      : !__builtin_mul_overflow(a, b, out);
}

/* A number that is too large is so for every account. */
static bool check_literal(const struct account_scope *s, const struct node *n, const struct term *t)
{
    __int128 value;
    if (!t->literal || literal_value(t, &value)) return true;
    term_fail(s, n, "the number is larger than 128 bits (1.7e38)");
    return status_hint(s->st, "it is so for every account: write smaller numbers");
}

static bool bind_sum(const struct account_scope *s, const struct node *n, struct term **out)
{
    enum term_kind kind = n->kind == NODE_ADD ? TERM_ADD : TERM_SUBTRACT;
    struct term *a, *b;
    if (!bind(s, n->children[0], &a) || !bind(s, n->children[1], &b)) return false;
    if (!term_is_numeric(a) || !term_is_numeric(b)) return add_dates(s, n, kind, a, b, out);
    bool literal = a->literal && b->literal;
    if (!term_unify(s, n, &a, &b, kind == TERM_ADD ? "add" : "subtract")) return false;
    *out = term_two(s, kind, term_common_type(a, b), a, b);
    (*out)->literal = literal;
    return check_literal(s, n, *out);
}

static bool bind_product(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *a, *b;
    if (!bind_number(s, n->children[0], &a) || !bind_number(s, n->children[1], &b)) return false;
    if (a->type == VALUE_MONEY && b->type == VALUE_MONEY) return term_fail(s, n, "money cannot be multiplied by money");
    *out = term_two(s, TERM_MULTIPLY, term_common_type(a, b), a, b);
    (*out)->literal = a->literal && b->literal;
    (*out)->scale = a->scale + b->scale;
    if ((*out)->scale <= 36) return check_literal(s, n, *out);
    return term_fail(s, n, "the product has %d decimals, at most 36 are kept exactly", (*out)->scale);
}

static bool bind_extreme(const struct account_scope *s, const struct node *n, enum term_kind kind, struct term **out)
{
    struct term *a, *b;
    if (!bind(s, n->children[0], &a)) return false;
    for (int i = 1; i < n->count; i++) {
        if (!bind(s, n->children[i], &b) || !term_unify(s, n->children[i], &a, &b, "compare")) return false;
        bool literal = a->literal && b->literal;
        a = term_two(s, kind, term_common_type(a, b), a, b);
        a->literal = literal;
    }
    *out = a;
    if (term_is_numeric(a) || a->type == VALUE_DATE) return true;
    return term_fail(s, n, "expected amounts or numbers, found values of type %s", value_type_name(a->type));
}

static bool choose(const struct account_scope *s, const struct node *n, struct term *condition, struct term *a,
                   struct term *b, struct term **out)
{
    if (!term_unify(s, n, &a, &b, "choose between")) return false;
    struct term *t = term_new(s, TERM_IF, term_common_type(a, b), 3);
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
        if (!choose(s, n->children[i], term_known(s, value), value, *out, out)) return false;
        (*out)->missing = missing;
    }
    return true;
}

static bool bind_cny(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *a;
    if (!bind(s, n->children[0], &a)) return false;
    if (a->type != VALUE_MONEY)
        return term_fail(s, n->children[0], "cny converts money, found a value of type %s", value_type_name(a->type));
    if (term_has_cny(a)) return term_fail(s, n->children[0], "the amount is converted already");
    if (term_has_customer_money(s, a)) {
        term_fail(s, n->children[0],
                  "an amount of the customer is in the base currency, cny converts those of accounts");
        return status_hint(s->st, "take it out of cny(): cny(balance) + customer.FIELD");
    }
    if (s->table->currency_field < 0) return *out = a, true; /* every row is in the base currency */
    *out = term_one(s, TERM_CNY, VALUE_MONEY, a);
    (*out)->scale = a->scale + s->rate_scale;
    if ((*out)->scale <= 36) return true;
    return term_fail(s, n, "the amount has %d decimals, at most %d can be converted exactly", a->scale,
                     36 - s->rate_scale);
}

/* From one date to another; with one argument to the business date. Days are a subtraction. */
static bool bind_between(const struct account_scope *s, const struct node *n, enum term_kind kind, struct term **out)
{
    struct term *dates[2] = {NULL, term_new(s, TERM_CONSTANT, VALUE_DATE, 0)};
    dates[1]->number = s->schema->business_date;
    for (int i = 0; i < n->count; i++) {
        if (!bind(s, n->children[i], &dates[i])) return false;
        if (dates[i]->type != VALUE_DATE)
            return term_fail(s, n->children[i], "%s needs a date, found a value of type %s",
                             function_word(n->function)->name, value_type_name(dates[i]->type));
    }
    bool days = kind == TERM_SUBTRACT;
    *out = term_two(s, kind, kind == TERM_MONTHS_BETWEEN ? VALUE_MONTHS : VALUE_NUMBER, dates[days], dates[!days]);
    return true;
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
    case FUNCTION_INTEREST: return interest_bind(s, n, out);
    case FUNCTION_ABS:
        if (!bind_number(s, n->children[0], &a)) return false;
        *out = term_one(s, TERM_ABS, a->type, a);
        (*out)->literal = a->literal;
        return true;
    case FUNCTION_KNOWN:
        if (!bind(s, n->children[0], &a)) return false;
        *out = term_known(s, a);
        return true;
    case FUNCTION_DAYS_SINCE:
    case FUNCTION_DAYS_BETWEEN: return bind_between(s, n, TERM_SUBTRACT, out);
    case FUNCTION_MONTHS_SINCE:
    case FUNCTION_MONTHS_BETWEEN: return bind_between(s, n, TERM_MONTHS_BETWEEN, out);
    case FUNCTION_AGE:
    case FUNCTION_YEARS_SINCE:
    case FUNCTION_YEARS_BETWEEN: return bind_between(s, n, TERM_YEARS_BETWEEN, out);
    default: break;
    }
    term_fail(s, n, "%s cannot stand inside an aggregate", function_word(n->function)->name);
    return status_hint(s->st, "aggregates add exact amounts; apply %s to the measure in the score",
                       function_word(n->function)->name);
}

static bool bind(const struct account_scope *s, const struct node *n, struct term **out)
{
    struct term *a;
    switch (n->kind) {
    case NODE_NUMBER:
    case NODE_DATE:
    case NODE_BUSINESS_DATE: return term_of_constant(s, n, out);
    case NODE_TRUE:
    case NODE_FALSE: return *out = term_truth(s, n->kind == NODE_TRUE), true;
    case NODE_NAME: return term_of_name(s, n, out);
    case NODE_TEXT: return term_fail(s, n, "the text '%s' can only be compared with a field of codes", n->text);
    case NODE_COEFFICIENT:
        term_fail(s, n, "a coefficient cannot stand inside an aggregate");
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
        term_fail(s, n, "a division inside an aggregate would not be exact");
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

static bool wrong_type(const struct account_scope *s, const struct node *n, enum value_type declared,
                       enum value_type found)
{
    term_fail(s, n, "the measure is declared %s, the expression gives %s", value_type_name(declared),
              value_type_name(found));
    if (found == VALUE_DATE) return status_hint(s->st, "count from it: days_since(…), or declare a min or max date");
    return found < VALUE_DATE ? status_hint(s->st, "declare it %s", value_type_name(found)) : false;
}

bool account_bind_expression(const struct account_scope *s, const struct node *n, enum value_type type,
                             struct term **out)
{
    if (!bind(s, n, out)) return false;
    if ((*out)->literal && type == VALUE_MONEY) *out = term_as_money(s, *out);
    bool counts = type == VALUE_NUMBER || type == VALUE_MONTHS;
    bool fits = (*out)->type == type || (counts && term_is_numeric(*out) && (*out)->type != VALUE_MONEY);
    if (!fits) return wrong_type(s, n, type, (*out)->type);
    if (!(*out)->missing || type == VALUE_DATE) return true; /* rows without the date are left out */
    term_fail(s, n, "a date in the expression may be missing for an account or its customer");
    return status_hint(s->st, "say what counts then: coalesce(date, business_date)");
}

bool account_type(const struct account_scope *s, const struct node *n, enum value_type *type)
{
    struct term *t;
    if (!bind(s, n, &t)) return false;
    *type = t->type;
    if (term_is_numeric(t) || t->type == VALUE_DATE) return true;
    term_fail(s, n, "an aggregate is of amounts, numbers or dates, not of %s",
              t->type == VALUE_BOOLEAN ? "conditions" : "codes");
    return status_hint(s->st, "count them: count(… where …)");
}
