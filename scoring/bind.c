/* Types of a score; the rules are in docs/formula.md. */
#include "scoring/bind_names.h"

#include "scoring/node_text.h"

#include <math.h>

static bool bind(struct binder *b, const struct node *n, struct expr **out);

static bool is_numeric(enum value_type type)
{
    return type == VALUE_MONEY || type == VALUE_NUMBER || type == VALUE_MONTHS;
}

/* --- checks --- */

static bool need_known(struct binder *b, const struct node *n, const struct expr *e, const char *what)
{
    if (!e->missing) return true;
    bind_fail(b, n, "%s may be missing for a customer and cannot be used in %s", n->text ? n->text : "this value",
              what);
    return status_hint(b->st, "say what counts then: coalesce(%s, …)", n->text ? n->text : "…");
}

static bool bind_condition(struct binder *b, const struct node *n, struct expr **out)
{
    if (!bind(b, n, out)) return false;
    if ((*out)->type != VALUE_BOOLEAN)
        return bind_fail(b, n, "expected a condition, found a value of type %s", value_type_name((*out)->type));
    return need_known(b, n, *out, "a condition");
}

static bool bind_number(struct binder *b, const struct node *n, struct expr **out)
{
    if (!bind(b, n, out)) return false;
    if (is_numeric((*out)->type)) return true;
    return bind_fail(b, n, "expected an amount or a number, found a value of type %s", value_type_name((*out)->type));
}

static enum value_type common_numeric(enum value_type x, enum value_type y)
{
    return x == y ? x : x == VALUE_MONEY || y == VALUE_MONEY ? VALUE_MONEY : VALUE_NUMBER;
}

/* Values that may stand for each other: branches of a case, arguments of coalesce. Widens *type and *set. */
static bool merge(struct binder *b, const struct node *n, const struct expr *e, enum value_type *type,
                  struct code_set *set)
{
    if (is_numeric(e->type) && is_numeric(*type))
        *type = common_numeric(*type, e->type);
    else if (e->type != *type)
        return bind_fail(b, n, "a value of type %s cannot stand beside one of type %s", value_type_name(e->type),
                         value_type_name(*type));
    if (e->type == VALUE_CODE) *set = bind_set_union(b, *set, e->set);
    return true;
}

/* --- operators --- */

/* A date has no hours: half a day would be lost where it is shown, and count where it is compared. */
static bool move_date(struct binder *b, const struct node *days, struct expr *e, int child)
{
    e->type = VALUE_DATE;
    if (e->children[child]->whole) return true;
    const char *text = node_text(&b->p->arena, b->f, days);
    bind_fail(b, days, "a date is moved by whole days, and this may be a fraction of one");
    return status_hint(b->st, "round it: floor(%s) or round(%s)", text, text);
}

static bool dates_and_numbers(struct binder *b, const struct node *n, struct expr *e)
{
    enum value_type x = e->children[0]->type, y = e->children[1]->type;
    bool plus = e->kind == EXPR_ADD;
    if (x == VALUE_DATE && is_numeric(y) && y != VALUE_MONEY) return move_date(b, n->children[1], e, 1);
    if (plus && y == VALUE_DATE && is_numeric(x) && x != VALUE_MONEY) return move_date(b, n->children[0], e, 0);
    if (!plus && x == VALUE_DATE && y == VALUE_DATE) return e->type = VALUE_NUMBER, true;
    return bind_fail(b, n, "cannot %s a value of type %s %s one of type %s", plus ? "add" : "subtract",
                     value_type_name(y), plus ? "to" : "from", value_type_name(x));
}

static bool type_of_arithmetic(struct binder *b, const struct node *n, struct expr *e)
{
    enum value_type x = e->children[0]->type, y = e->children[1]->type;
    if (e->kind == EXPR_ADD || e->kind == EXPR_SUBTRACT) {
        if (!is_numeric(x) || !is_numeric(y)) return dates_and_numbers(b, n, e);
        e->type = common_numeric(x, y);
        return true;
    }
    const char *verb = e->kind == EXPR_MULTIPLY ? "multiply" : "divide";
    if (!is_numeric(x) || !is_numeric(y))
        return bind_fail(b, n, "cannot %s values of type %s and %s", verb, value_type_name(x), value_type_name(y));
    bool months = (x == VALUE_MONTHS && y == VALUE_NUMBER) || (x == VALUE_NUMBER && y == VALUE_MONTHS);
    if (e->kind == EXPR_DIVIDE) {
        e->type = x == y                        ? VALUE_NUMBER
                  : x == VALUE_MONEY            ? VALUE_MONEY
                  : months && x == VALUE_MONTHS ? x
                                                : VALUE_NUMBER;
        return true;
    }
    if (x == VALUE_MONEY && y == VALUE_MONEY) {
        bind_fail(b, n, "money cannot be multiplied by money");
        return status_hint(b->st, "divide first: a*(b/c), or say that one is a number: let n number = …;");
    }
    e->type = x == VALUE_MONEY || y == VALUE_MONEY ? VALUE_MONEY : months ? VALUE_MONTHS : VALUE_NUMBER;
    return true;
}

static bool bind_arithmetic(struct binder *b, const struct node *n, enum expr_kind kind, struct expr **out)
{
    struct expr *e = *out = bind_new(b, kind, VALUE_NUMBER, 2);
    if (!bind(b, n->children[0], &e->children[0]) || !bind(b, n->children[1], &e->children[1])) return false;
    e->missing = e->children[0]->missing || e->children[1]->missing;
    return type_of_arithmetic(b, n, e);
}

/* Two values may be compared: both numeric, both dates, both codes (equal or not). */
static bool comparable(struct binder *b, const struct node *n, const struct node *x_node, const struct expr *x,
                       const struct node *y_node, const struct expr *y, bool ordered)
{
    if (!need_known(b, x_node, x, "a comparison") || !need_known(b, y_node, y, "a comparison")) return false;
    if (is_numeric(x->type) && is_numeric(y->type)) return true;
    if (x->type != y->type || x->type == VALUE_BOOLEAN) {
        bind_fail(b, n, "cannot compare a value of type %s with one of type %s", value_type_name(x->type),
                  value_type_name(y->type));
        bool date = x->type == VALUE_DATE || y->type == VALUE_DATE;
        return date ? status_hint(b->st, "a day is written date '2026-10-31'") : false;
    }
    if (x->type != VALUE_CODE) return true;
    if (ordered) return bind_fail(b, n, "codes have no order, use = or <> or in");
    if (y_node->kind == NODE_TEXT && x_node->kind != NODE_TEXT) return bind_check_code(b, y_node, x);
    if (x_node->kind == NODE_TEXT && y_node->kind != NODE_TEXT) return bind_check_code(b, x_node, y);
    return true;
}

static bool bind_comparison(struct binder *b, const struct node *n, enum expr_kind kind, bool exchange,
                            struct expr **out)
{
    struct expr *e = *out = bind_new(b, kind, VALUE_BOOLEAN, 2);
    const struct node *x = n->children[exchange ? 1 : 0], *y = n->children[exchange ? 0 : 1];
    /* In the written order, so that the first error is the leftmost. */
    if (!bind(b, n->children[0], &e->children[exchange ? 1 : 0]) ||
        !bind(b, n->children[1], &e->children[exchange ? 0 : 1]))
        return false;
    bool ordered = kind == EXPR_LESS || kind == EXPR_LESS_EQUAL;
    return comparable(b, n, x, e->children[0], y, e->children[1], ordered);
}

static bool bind_in(struct binder *b, const struct node *n, struct expr **out)
{
    struct expr *e = *out = bind_new(b, EXPR_IN, VALUE_BOOLEAN, n->count);
    for (int i = 0; i < n->count; i++) {
        if (!bind(b, n->children[i], &e->children[i])) return false;
        if (i > 0 && !comparable(b, n, n->children[0], e->children[0], n->children[i], e->children[i], false))
            return false;
    }
    return true;
}

static bool bind_logic(struct binder *b, const struct node *n, enum expr_kind kind, struct expr **out)
{
    struct expr *e = *out = bind_new(b, kind, VALUE_BOOLEAN, n->count);
    for (int i = 0; i < n->count; i++)
        if (!bind_condition(b, n->children[i], &e->children[i])) return false;
    return true;
}

static bool bind_negate(struct binder *b, const struct node *n, struct expr **out)
{
    struct expr *e = *out = bind_new(b, EXPR_NEGATE, VALUE_NUMBER, 1);
    if (!bind_number(b, n->children[0], &e->children[0])) return false;
    e->type = e->children[0]->type;
    e->missing = e->children[0]->missing;
    return true;
}

/* condition, value, …, else value */
static bool bind_case(struct binder *b, const struct node *n, struct expr **out)
{
    struct expr *e = *out = bind_new(b, EXPR_CASE, VALUE_NUMBER, n->count);
    for (int i = 0; i < n->count; i++) {
        bool is_condition = i % 2 == 0 && i + 1 < n->count;
        if (is_condition) {
            if (!bind_condition(b, n->children[i], &e->children[i])) return false;
            continue;
        }
        if (!bind(b, n->children[i], &e->children[i])) return false;
        if (i == 1) e->type = e->children[i]->type;
        if (!merge(b, n->children[i], e->children[i], &e->type, &e->set)) return false;
        e->missing |= e->children[i]->missing;
    }
    return true;
}

/* --- functions --- */

static bool bind_numbers(struct binder *b, const struct node *n, enum expr_kind kind, struct expr **out)
{
    struct expr *e = *out = bind_new(b, kind, VALUE_NUMBER, n->count);
    for (int i = 0; i < n->count; i++) {
        if (!bind_number(b, n->children[i], &e->children[i])) return false;
        e->type = i ? common_numeric(e->type, e->children[i]->type) : e->children[i]->type;
        e->missing |= e->children[i]->missing;
    }
    e->index = n->index >= 0 ? n->index : (int)b->f->rounding;
    return true;
}

static bool bind_coalesce(struct binder *b, const struct node *n, struct expr **out)
{
    struct expr *e = *out = bind_new(b, EXPR_COALESCE, VALUE_NUMBER, n->count);
    e->missing = true;
    for (int i = 0; i < n->count; i++) {
        if (!bind(b, n->children[i], &e->children[i])) return false;
        if (i == 0) e->type = e->children[i]->type;
        if (!merge(b, n->children[i], e->children[i], &e->type, &e->set)) return false;
        e->missing &= e->children[i]->missing;
    }
    return true;
}

/* From one date to another; with one argument to the business date. Days are a subtraction. */
static bool bind_between(struct binder *b, const struct node *n, enum expr_kind kind, struct expr **out)
{
    struct expr *e = *out = bind_new(b, kind, kind == EXPR_MONTHS_BETWEEN ? VALUE_MONTHS : VALUE_NUMBER, 2);
    struct expr *dates[2] = {NULL, bind_constant(b, VALUE_DATE, b->p->business_date)};
    for (int i = 0; i < n->count; i++) {
        if (!bind(b, n->children[i], &dates[i])) return false;
        if (dates[i]->type != VALUE_DATE)
            return bind_fail(b, n->children[i], "%s needs a date, found a value of type %s",
                             function_word(n->function)->name, value_type_name(dates[i]->type));
        e->missing |= dates[i]->missing;
    }
    e->children[0] = dates[kind == EXPR_SUBTRACT];
    e->children[1] = dates[kind != EXPR_SUBTRACT];
    return true;
}

static bool bind_call(struct binder *b, const struct node *n, struct expr **out)
{
    switch (n->function) {
    case FUNCTION_IF: return bind_case(b, n, out);
    case FUNCTION_MIN: return bind_numbers(b, n, EXPR_MIN, out);
    case FUNCTION_MAX: return bind_numbers(b, n, EXPR_MAX, out);
    case FUNCTION_ABS: return bind_numbers(b, n, EXPR_ABS, out);
    case FUNCTION_ROUND: return bind_numbers(b, n, EXPR_ROUND, out);
    case FUNCTION_FLOOR: return bind_numbers(b, n, EXPR_FLOOR, out);
    case FUNCTION_CEIL: return bind_numbers(b, n, EXPR_CEIL, out);
    case FUNCTION_COALESCE: return bind_coalesce(b, n, out);
    case FUNCTION_KNOWN:
        *out = bind_new(b, EXPR_KNOWN, VALUE_BOOLEAN, 1);
        return bind(b, n->children[0], &(*out)->children[0]);
    case FUNCTION_DAYS_SINCE:
    case FUNCTION_DAYS_BETWEEN: return bind_between(b, n, EXPR_SUBTRACT, out);
    case FUNCTION_MONTHS_SINCE:
    case FUNCTION_MONTHS_BETWEEN: return bind_between(b, n, EXPR_MONTHS_BETWEEN, out);
    case FUNCTION_AGE:
    case FUNCTION_YEARS_SINCE:
    case FUNCTION_YEARS_BETWEEN: return bind_between(b, n, EXPR_YEARS_BETWEEN, out);
    default: break;
    }
    bind_fail(b, n, "%s can stand only inside an aggregate", function_word(n->function)->name);
    return status_hint(b->st, "write it in a measure: measure NAME money = sum(retail, cny(balance));");
}

static bool bind_kind(struct binder *b, const struct node *n, struct expr **out)
{
    switch (n->kind) {
    case NODE_NUMBER: return *out = bind_constant(b, VALUE_NUMBER, decimal_double(n->mantissa, n->scale)), true;
    case NODE_TEXT: return bind_text(b, n, out);
    case NODE_DATE: return *out = bind_constant(b, VALUE_DATE, n->date), true;
    case NODE_BUSINESS_DATE: return *out = bind_constant(b, VALUE_DATE, b->p->business_date), true;
    case NODE_TRUE: return *out = bind_constant(b, VALUE_BOOLEAN, 1), true;
    case NODE_FALSE: return *out = bind_constant(b, VALUE_BOOLEAN, 0), true;
    case NODE_NAME: return bind_name(b, n, out);
    case NODE_COEFFICIENT: return *out = bind_constant(b, VALUE_NUMBER, b->f->coefficients[n->index].value), true;
    case NODE_NEGATE: return bind_negate(b, n, out);
    case NODE_NOT: return bind_logic(b, n, EXPR_NOT, out);
    case NODE_ADD: return bind_arithmetic(b, n, EXPR_ADD, out);
    case NODE_SUBTRACT: return bind_arithmetic(b, n, EXPR_SUBTRACT, out);
    case NODE_MULTIPLY: return bind_arithmetic(b, n, EXPR_MULTIPLY, out);
    case NODE_DIVIDE: return bind_arithmetic(b, n, EXPR_DIVIDE, out);
    case NODE_EQUAL: return bind_comparison(b, n, EXPR_EQUAL, false, out);
    case NODE_NOT_EQUAL: return bind_comparison(b, n, EXPR_NOT_EQUAL, false, out);
    case NODE_LESS: return bind_comparison(b, n, EXPR_LESS, false, out);
    case NODE_LESS_EQUAL: return bind_comparison(b, n, EXPR_LESS_EQUAL, false, out);
    case NODE_GREATER: return bind_comparison(b, n, EXPR_LESS, true, out);
    case NODE_GREATER_EQUAL: return bind_comparison(b, n, EXPR_LESS_EQUAL, true, out);
    case NODE_AND: return bind_logic(b, n, EXPR_AND, out);
    case NODE_OR: return bind_logic(b, n, EXPR_OR, out);
    case NODE_IN: return bind_in(b, n, out);
    case NODE_CASE: return bind_case(b, n, out);
    case NODE_CALL: return bind_call(b, n, out);
    }
    ensure(!"a node kind without a rule");
    return false;
}

/* Whole numbers in double stay whole under all of the language but division. */
static bool is_whole(const struct binder *b, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_CONSTANT: return e->number == floor(e->number);
    case EXPR_MEASURE: return e->type != VALUE_MONEY || b->f->unit == UNIT_FEN;
    case EXPR_FIELD: return b->p->fields[e->index].decimals <= 0;
    case EXPR_DEFINITION: return b->p->definitions[e->index]->whole;
    case EXPR_DIVIDE: return false;
    case EXPR_ROUND:
    case EXPR_FLOOR:
    case EXPR_CEIL: return true;
    default: break;
    }
    for (int i = 0; i < e->count; i++) {
        bool condition = e->kind == EXPR_CASE && i % 2 == 0 && i + 1 < e->count;
        if (!condition && !e->children[i]->whole) return false;
    }
    return true;
}

static bool bind(struct binder *b, const struct node *n, struct expr **out)
{
    if (!bind_kind(b, n, out)) return false;
    (*out)->node = n;
    (*out)->whole = is_whole(b, *out);
    return true;
}

/* --- definitions --- */

static bool check_definition(struct binder *b, const struct definition *d, struct expr *e)
{
    bool fits = !d->has_type || d->type == e->type || (is_numeric(d->type) && is_numeric(e->type));
    if (!fits) {
        bind_fail(b, d->expression, "%s is declared %s, the expression gives %s", d->name, value_type_name(d->type),
                  value_type_name(e->type));
        bool allowed = !d->is_result || (d->result > 0 && e->type != VALUE_DATE); /* the score is money */
        return allowed ? status_hint(b->st, "declare it %s", value_type_name(e->type)) : false;
    }
    if (d->is_result && !b->f->is_expression && !need_known(b, d->expression, e, "a result")) return false;
    /* A result is rounded before it is seen again: yuan to the fen, everything else to a whole number. */
    if (d->is_result && !b->f->is_expression) e->whole = d->type != VALUE_MONEY || b->f->unit == UNIT_FEN;
    if (d->has_type) e->type = d->type; /* among numeric types the declaration says what it counts as */
    return true;
}

bool bind_definitions(struct formula_program *p, struct status *st)
{
    struct binder b = {.p = p, .f = p->f, .st = st};
    p->definitions = arena_array(&p->arena, struct expr *, p->f->definitions_count);
    for (int i = 0; i < p->f->definitions_count; i++) {
        b.visible = i;
        if (!bind(&b, p->f->definitions[i].expression, &p->definitions[i]) ||
            !check_definition(&b, &p->f->definitions[i], p->definitions[i]))
            return false;
    }
    return true;
}
