/* Signs and directions through the tree. A product goes the way of one factor as the sign of the other says, a quotient
 * against its denominator, a choice the way of its values, and of its condition: with a debt that grows a condition
 * such as debt > 0 begins to hold, and the value goes from one branch to the other. */
#include "scoring/lint_direction.h"

#include <math.h>

static struct range range_of(const struct directions *d, const struct expr *e);

enum direction direction_turned(enum direction x)
{
    return x == DIRECTION_RISES ? DIRECTION_FALLS : x == DIRECTION_FALLS ? DIRECTION_RISES : x;
}

/* Of a sum of the two. */
static enum direction joined(enum direction x, enum direction y)
{
    if (x == DIRECTION_NONE || x == y) return y;
    return y == DIRECTION_NONE ? x : DIRECTION_UNKNOWN;
}

/* Of a product with something in that range. */
static enum direction scaled(enum direction x, struct range by)
{
    if (x == DIRECTION_NONE || (by.least == 0 && by.most == 0)) return DIRECTION_NONE;
    return by.least >= 0 ? x : by.most <= 0 ? direction_turned(x) : DIRECTION_UNKNOWN;
}

/* --- ranges --- */

static const struct range ANY = {-INFINITY, INFINITY}, POSITIVE = {0, INFINITY}, NEGATIVE = {-INFINITY, 0};

static struct range around(struct range x, struct range y)
{
    return (struct range){fmin(x.least, y.least), fmax(x.most, y.most)};
}

static double product(double x, double y)
{
    return x == 0 || y == 0 ? 0 : x * y;
}

static struct range times(struct range x, struct range y)
{
    double a = product(x.least, y.least), b = product(x.least, y.most), c = product(x.most, y.least),
           d = product(x.most, y.most);
    return (struct range){fmin(fmin(a, b), fmin(c, d)), fmax(fmax(a, b), fmax(c, d))};
}

/* 1/x, and 0 for 0. */
static struct range inverse(struct range x)
{
    if (x.least > 0 || x.most < 0) return (struct range){1 / x.most, 1 / x.least};
    return x.least == 0 && x.most == 0 ? x : x.least == 0 ? POSITIVE : x.most == 0 ? NEGATIVE : ANY;
}

static struct range negative(struct range x)
{
    return (struct range){-x.most, -x.least};
}

static struct range magnitude(struct range x)
{
    if (x.least >= 0) return x;
    return x.most <= 0 ? negative(x) : (struct range){0, fmax(-x.least, x.most)};
}

static struct range sum(struct range x, struct range y)
{
    return (struct range){x.least + y.least, x.most + y.most};
}

static struct range range_of_measure(const struct directions *d, int measure)
{
    const struct measure_definition *m = &d->l->f->measures[measure];
    if (m->type == VALUE_DATE) return ANY;
    return m->expression && m->expression->kind == NODE_NEGATE ? NEGATIVE : POSITIVE;
}

/* From child `first` on, each `step`. */
static struct range range_of_many(const struct directions *d, const struct expr *e, int first, int step)
{
    struct range r = range_of(d, e->children[first]);
    for (int i = first + step; i < e->count; i += step) {
        struct range x = range_of(d, e->children[i]);
        if (e->kind == EXPR_MIN)
            r = (struct range){fmin(r.least, x.least), fmin(r.most, x.most)};
        else if (e->kind == EXPR_MAX)
            r = (struct range){fmax(r.least, x.least), fmax(r.most, x.most)};
        else
            r = around(r, x);
    }
    return r;
}

static struct range range_of(const struct directions *d, const struct expr *e)
{
    const struct expr *const *child = (const struct expr *const *)e->children;
    switch (e->kind) {
    case EXPR_CONSTANT: return (struct range){e->number, e->number};
    case EXPR_MEASURE: return range_of_measure(d, e->index);
    case EXPR_FIELD: return lint_is_numeric(e) ? POSITIVE : ANY;
    case EXPR_DEFINITION: return d->ranges[e->index];
    case EXPR_NEGATE: return negative(range_of(d, child[0]));
    case EXPR_ABS: return magnitude(range_of(d, child[0]));
    case EXPR_ADD: return sum(range_of(d, child[0]), range_of(d, child[1]));
    case EXPR_SUBTRACT:
        if (child[0]->type == VALUE_DATE) return e->type == VALUE_DATE ? ANY : POSITIVE;
        return sum(range_of(d, child[0]), negative(range_of(d, child[1])));
    case EXPR_MULTIPLY: return times(range_of(d, child[0]), range_of(d, child[1]));
    case EXPR_DIVIDE: return times(range_of(d, child[0]), inverse(range_of(d, child[1])));
    case EXPR_CASE: return around(range_of_many(d, e, 1, 2), range_of(d, child[e->count - 1]));
    case EXPR_MIN:
    case EXPR_MAX:
    case EXPR_COALESCE: return range_of_many(d, e, 0, 1);
    case EXPR_ROUND:
    case EXPR_FLOOR:
    case EXPR_CEIL: {
        struct range x = range_of(d, child[0]);
        return (struct range){floor(x.least), ceil(x.most)};
    }
    case EXPR_MONTHS_BETWEEN:
    case EXPR_YEARS_BETWEEN: return POSITIVE;
    default: return (struct range){0, 1}; /* conditions */
    }
}

/* --- order: is a value never more than another? --- */

static bool is_same(const struct expr *x, const struct expr *y)
{
    return x == y || (x->node && y->node && node_equal(x->node, y->node));
}

/* x*c, x/c, x - y, min(x, …) of a y that is no less than 0 */
static bool is_part_of(const struct directions *d, const struct expr *x, const struct expr *y)
{
    switch (x->kind) {
    case EXPR_MULTIPLY:
        for (int i = 0; i < 2; i++)
            if (is_same(x->children[i], y) && range_of(d, x->children[1 - i]).most <= 1 && range_of(d, y).least >= 0)
                return true;
        return false;
    case EXPR_DIVIDE:
        return is_same(x->children[0], y) && range_of(d, x->children[1]).least >= 1 && range_of(d, y).least >= 0;
    case EXPR_SUBTRACT: return is_same(x->children[0], y) && range_of(d, x->children[1]).least >= 0;
    case EXPR_MIN:
        for (int i = 0; i < x->count; i++)
            if (is_same(x->children[i], y)) return true;
        return false;
    default: return false;
    }
}

/* x + c, x*c, max(x, …) */
static bool is_more_than(const struct directions *d, const struct expr *y, const struct expr *x)
{
    for (int i = 0; i < y->count; i++) {
        if (!is_same(y->children[i], x)) continue;
        if (y->kind == EXPR_MAX) return true;
        if (y->kind == EXPR_ADD) return range_of(d, y->children[1 - i]).least >= 0;
        if (y->kind == EXPR_MULTIPLY) return range_of(d, y->children[1 - i]).least >= 1 && range_of(d, x).least >= 0;
    }
    return false;
}

static bool at_most(const struct directions *d, const struct expr *x, const struct expr *y)
{
    return range_of(d, x).most <= range_of(d, y).least || is_same(x, y) || is_part_of(d, x, y) || is_more_than(d, y, x);
}

/* --- directions --- */

/* Which way a condition goes: rises is from false to true. */
static enum direction direction_of_equality(const struct directions *d, const struct expr *x, const struct expr *y)
{
    enum direction way = joined(direction_of(d, x), direction_turned(direction_of(d, y)));
    if (way == DIRECTION_NONE || way == DIRECTION_UNKNOWN) return way;
    /* debt = 0 holds no longer when the debt grows. */
    bool lowest = range_of(d, x).least >= range_of(d, y).most, highest = range_of(d, x).most <= range_of(d, y).least;
    if ((lowest && way == DIRECTION_RISES) || (highest && way == DIRECTION_FALLS)) return DIRECTION_FALLS;
    return DIRECTION_UNKNOWN;
}

static enum direction direction_of_condition(const struct directions *d, const struct expr *e)
{
    enum direction way = DIRECTION_NONE;
    switch (e->kind) {
    case EXPR_NOT: return direction_turned(direction_of(d, e->children[0]));
    case EXPR_EQUAL: return direction_of_equality(d, e->children[0], e->children[1]);
    case EXPR_NOT_EQUAL: return direction_turned(direction_of_equality(d, e->children[0], e->children[1]));
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
        return joined(direction_turned(direction_of(d, e->children[0])), direction_of(d, e->children[1]));
    case EXPR_IN:
        for (int i = 1; i < e->count; i++) way = joined(way, direction_of_equality(d, e->children[0], e->children[i]));
        return way;
    default: /* and, or */
        for (int i = 0; i < e->count; i++) way = joined(way, direction_of(d, e->children[i]));
        return way;
    }
}

/* What a condition that begins to hold does: from the values behind it to the one it guards. */
static enum direction direction_of_switch(const struct directions *d, const struct expr *e, int condition)
{
    enum direction way = direction_of(d, e->children[condition]);
    const struct expr *guarded = e->children[condition + 1];
    bool less = true, more = true;
    if (way == DIRECTION_NONE) return way;
    for (int i = condition + 3; i <= e->count; i += 2) {
        const struct expr *other = e->children[i < e->count ? i : e->count - 1];
        less &= at_most(d, guarded, other);
        more &= at_most(d, other, guarded);
    }
    if (less && more) return DIRECTION_NONE;
    return more ? way : less ? direction_turned(way) : DIRECTION_UNKNOWN;
}

static enum direction direction_of_case(const struct directions *d, const struct expr *e)
{
    enum direction way = direction_of(d, e->children[e->count - 1]);
    for (int i = 0; i + 1 < e->count; i += 2)
        way = joined(way, joined(direction_of(d, e->children[i + 1]), direction_of_switch(d, e, i)));
    return way;
}

enum direction direction_of(const struct directions *d, const struct expr *e)
{
    const struct expr *const *child = (const struct expr *const *)e->children;
    enum direction way = DIRECTION_NONE;
    switch (e->kind) {
    case EXPR_MEASURE: return e->index == d->measure ? DIRECTION_RISES : DIRECTION_NONE;
    case EXPR_DEFINITION: return d->directions[e->index];
    case EXPR_NEGATE: return direction_turned(direction_of(d, child[0]));
    case EXPR_SUBTRACT: return joined(direction_of(d, child[0]), direction_turned(direction_of(d, child[1])));
    case EXPR_MULTIPLY:
        return joined(scaled(direction_of(d, child[0]), range_of(d, child[1])),
                      scaled(direction_of(d, child[1]), range_of(d, child[0])));
    case EXPR_DIVIDE: {
        struct range by = range_of(d, child[1]);
        bool turns = by.least >= 0 || by.most <= 0;
        enum direction below = direction_of(d, child[1]);
        if (below != DIRECTION_NONE) below = turns ? direction_turned(below) : DIRECTION_UNKNOWN;
        return joined(scaled(direction_of(d, child[0]), by), scaled(below, range_of(d, child[0])));
    }
    case EXPR_ABS: return scaled(direction_of(d, child[0]), range_of(d, child[0]));
    case EXPR_CASE: return direction_of_case(d, e);
    case EXPR_ADD:
    case EXPR_MIN:
    case EXPR_MAX:
    case EXPR_ROUND:
    case EXPR_FLOOR:
    case EXPR_CEIL:
    case EXPR_COALESCE:
    case EXPR_MONTHS_BETWEEN:
    case EXPR_YEARS_BETWEEN:
        for (int i = 0; i < e->count; i++) way = joined(way, direction_of(d, child[i]));
        return way;
    case EXPR_CONSTANT:
    case EXPR_FIELD:
    case EXPR_KNOWN: return DIRECTION_NONE;
    default: return direction_of_condition(d, e);
    }
}

/* --- definitions, each of which names only earlier ones --- */

void directions_init(struct directions *d, const struct linter *l)
{
    size_t count = (size_t)l->f->definitions_count + 1;
    *d = (struct directions){
        .l = l, .ranges = calloc(count, sizeof *d->ranges), .directions = calloc(count, sizeof *d->directions)};
    ensure(d->ranges && d->directions);
    for (int i = 0; i < l->f->definitions_count; i++) d->ranges[i] = range_of(d, l->p->definitions[i]);
}

void directions_release(struct directions *d)
{
    free(d->ranges);
    free(d->directions);
}

void directions_of(struct directions *d, int measure)
{
    d->measure = measure;
    for (int i = 0; i < d->l->f->definitions_count; i++) d->directions[i] = direction_of(d, d->l->p->definitions[i]);
}
