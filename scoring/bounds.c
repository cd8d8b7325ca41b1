/* Which steps of a score may pass the largest double, or leave the calendar, worked out when it is bound.
 *
 * For every node: how large its value can be, and how small when it is not 0. Measures and fields are 64-bit integers,
 * constants are known, and rounding keeps order, so the bound of a sum, product or quotient is the same operation on
 * the bounds. What is proved to stay below the largest double is never looked at again; only the rest is
 * (may_overflow), which no formula of a bank has: sixteen measures have to be multiplied for it, or two thousand years
 * added to a date. */
#include "scoring/scalar.h"

#include "scoring/arithmetic.h"

#include <float.h>

static const double INTEGER_LARGEST = 0x1p63, DAYS_LARGEST = 8e6, LEAST_DOUBLE = 0x1p-1074;
enum { DAY_OF_SOURCES_LARGEST = 47481 /* 2099-12-31, further from day 0 than 1900-01-01 */ };

struct bounds {
    struct formula_program *p;
    struct status *st;
    bool constant[FORMULA_DEFINITIONS_MAX]; /* intermediate values that are the same for everybody */
    double values[FORMULA_DEFINITIONS_MAX]; /* of these */
};

static void set(struct expr *e, double largest, double smallest)
{
    e->largest = largest;
    e->smallest = smallest > 0 ? smallest : LEAST_DOUBLE;
}

/* An integer divided by 10^decimals, or multiplied when they are negative. */
static void set_scaled(struct expr *e, double largest, int decimals)
{
    double power = (double)power_of_ten(decimals < 0 ? -decimals : decimals);
    if (decimals < 0)
        set(e, largest * power, power);
    else
        set(e, largest / power, 1 / power);
}

static bool adds(const struct node *n)
{
    if (n->kind == NODE_ADD || n->kind == NODE_SUBTRACT) return true;
    for (int i = 0; i < n->count; i++)
        if (adds(n->children[i])) return true;
    return false;
}

/* A measure of dates is one of the dates of sources, unless days are added to them. */
static void set_measure(const struct formula_program *p, struct expr *e)
{
    const struct measure_definition *m = &p->f->measures[e->index];
    if (m->type == VALUE_DATE)
        set(e, adds(m->expression) ? DATE_LAST : DAY_OF_SOURCES_LARGEST, 1);
    else
        set_scaled(e, INTEGER_LARGEST, p->f->unit == UNIT_YUAN && m->type == VALUE_MONEY ? 2 : 0);
}

static void set_result(const struct formula_program *p, struct expr *e, const struct definition *d)
{
    bool yuan = d->type == VALUE_MONEY && p->f->unit == UNIT_YUAN;
    set_scaled(e, RESULT_LIMIT, yuan ? 2 : 0);
}

/* The values that e may be one of, from child `first` on, each `step` of them. */
static void set_one_of(struct expr *e, int first, int step)
{
    set(e, 0, DBL_MAX);
    for (int i = first; i < e->count; i += step) {
        const struct expr *x = e->children[i];
        set(e, larger_of(e->largest, x->largest), smaller_of(e->smallest, x->smallest));
    }
}

static void set_arithmetic(struct expr *e)
{
    const struct expr *x = e->children[0], *y = e->children[1];
    switch (e->kind) {
    case EXPR_MULTIPLY: set(e, x->largest * y->largest, x->smallest * y->smallest); break;
    case EXPR_DIVIDE: set(e, x->largest / y->smallest, x->smallest / y->largest); break;
    /* Two doubles differ by no less than the last bit of the smaller one. */
    default: set(e, x->largest + y->largest, smaller_of(x->smallest, y->smallest) * 0x1p-53);
    }
}

/* What is certain to be large, for everybody. */
static double least_of(const struct formula_program *p, const struct expr *e)
{
    const struct expr *x = e->count > 0 ? e->children[0] : NULL, *y = e->count > 1 ? e->children[1] : NULL;
    switch (e->kind) {
    case EXPR_CONSTANT: return fabs(e->number);
    case EXPR_DEFINITION: return p->f->definitions[e->index].is_result ? 0 : p->definitions[e->index]->least;
    case EXPR_NEGATE:
    case EXPR_ABS: return x->least;
    case EXPR_MULTIPLY: return x->least * y->least;
    case EXPR_DIVIDE: return y->least > 0 ? x->least / y->largest : 0;
    case EXPR_ADD:
    case EXPR_SUBTRACT: return larger_of(0, larger_of(x->least - y->largest, y->least - x->largest));
    default: return 0;
    }
}

static bool is_constant(const struct bounds *b, const struct expr *e)
{
    if (e->kind == EXPR_CONSTANT) return true;
    if (e->kind == EXPR_DEFINITION) return b->constant[e->index];
    for (int i = 0; i < e->count; i++)
        if (!e->children[i]->constant) return false;
    return e->count > 0;
}

static bool constant_overflows(struct bounds *b, const struct expr *e)
{
    scalar_overflow(b->p->f, e, "", b->st);
    return status_hint(b->st, "it is so for every customer: write smaller numbers, or divide before multiplying");
}

/* Only a sum of a date and days may leave the calendar. */
static double largest_allowed(const struct expr *e)
{
    return e->type == VALUE_DATE ? -DATE_FIRST : DBL_MAX;
}

/* A sum, product or quotient that the bounds do not prove to be a number, or a day. */
static bool examine(struct bounds *b, struct expr *e)
{
    if (!e->constant) {
        e->may_overflow = true;
        set(e, e->type == VALUE_DATE ? DATE_LAST : DBL_MAX, e->smallest);
        return true;
    }
    double x = scalar_constant(b->p, b->values, e);
    if (!scalar_is_value(e, x)) return constant_overflows(b, e);
    set(e, fabs(x), fabs(x));
    return true;
}

static bool set_bounds(struct bounds *b, struct expr *e)
{
    const struct formula_program *p = b->p;
    switch (e->kind) {
    case EXPR_CONSTANT: set(e, fabs(e->number), e->number != 0 ? fabs(e->number) : DBL_MAX); break;
    case EXPR_MEASURE: set_measure(p, e); break;
    case EXPR_FIELD:
        if (e->type == VALUE_DATE)
            set(e, DAY_OF_SOURCES_LARGEST, 1);
        else
            set_scaled(e, INTEGER_LARGEST, p->fields[e->index].decimals);
        break;
    case EXPR_DEFINITION:
        set(e, p->definitions[e->index]->largest, p->definitions[e->index]->smallest);
        if (p->f->definitions[e->index].is_result) set_result(p, e, &p->f->definitions[e->index]);
        break;
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
        set_arithmetic(e);
        if (!(e->largest <= largest_allowed(e))) return examine(b, e);
        break;
    case EXPR_NEGATE:
    case EXPR_ABS:
    case EXPR_MIN:
    case EXPR_MAX:
    case EXPR_COALESCE: set_one_of(e, 0, 1); break;
    case EXPR_ROUND:
    case EXPR_FLOOR:
    case EXPR_CEIL: set(e, smaller_of(e->children[0]->largest + 1, DBL_MAX), 1); break;
    case EXPR_CASE: {
        struct expr otherwise = {.count = 1, .children = e->children + e->count - 1};
        set_one_of(&otherwise, 0, 1);
        set_one_of(e, 1, 2);
        set(e, larger_of(e->largest, otherwise.largest), smaller_of(e->smallest, otherwise.smallest));
        break;
    }
    case EXPR_MONTHS_BETWEEN:
    case EXPR_YEARS_BETWEEN: set(e, DAYS_LARGEST, 1); break;
    default: set(e, 1, 1); /* conditions */
    }
    return true;
}

static bool bound(struct bounds *b, struct expr *e)
{
    for (int i = 0; i < e->count; i++)
        if (!bound(b, e->children[i])) return false;
    e->constant = is_constant(b, e);
    if (!set_bounds(b, e)) return false;
    e->least = least_of(b->p, e);
    return true;
}

/* A result that nobody can have: with a little room for what the bounds round. */
static bool check_result(const struct bounds *b, const struct definition *d, const struct expr *e)
{
    const struct formula *f = b->p->f;
    bool number = d->type == VALUE_MONEY || d->type == VALUE_NUMBER || d->type == VALUE_MONTHS;
    double minor = e->least * (d->type == VALUE_MONEY && f->unit == UNIT_YUAN ? 100 : 1);
    if (!d->is_result || f->is_expression || !number || !(minor > RESULT_LIMIT * 1.000001)) return true;
    formula_fail(f, e->node->place, b->st, "result %s is larger than 2^62 for every customer", d->name);
    return status_hint(b->st, "a result has 18 digits in its smallest unit: write smaller numbers");
}

/* Results need what they name; what no result needs is not worked out. */
static void mark_needed(struct formula_program *p, const struct expr *e)
{
    if (e->kind == EXPR_MEASURE) p->measures_used[e->index] = true;
    if (e->kind == EXPR_DEFINITION) p->needed[e->index] = true;
    for (int i = 0; i < e->count; i++) mark_needed(p, e->children[i]);
}

bool bind_bounds(struct formula_program *p, struct status *st)
{
    int count = p->f->definitions_count;
    struct bounds *b = calloc(1, sizeof *b);
    ensure(b);
    *b = (struct bounds){.p = p, .st = st};
    bool ok = true;
    for (int i = 0; ok && i < count; i++) {
        struct expr *e = p->definitions[i];
        ok = bound(b, e) && check_result(b, &p->f->definitions[i], e);
        b->constant[i] = e->constant && !p->f->definitions[i].is_result;
        if (ok && b->constant[i]) b->values[i] = scalar_constant(p, b->values, e);
    }
    free(b);
    p->needed = arena_array(&p->arena, bool, count);
    p->measures_used = arena_array(&p->arena, bool, p->f->measures_count + 1);
    for (int i = count - 1; ok && i >= 0; i--) {
        p->needed[i] |= p->f->definitions[i].is_result;
        if (p->needed[i]) mark_needed(p, p->definitions[i]);
    }
    return ok;
}
