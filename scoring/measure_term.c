/* Terms that no special loop covers, column by column in checked 128-bit integers.
 *
 * A row whose value passed 128 bits, or whose day left the calendar, is *poisoned*: the mark follows the value and is
 * an error only where the value is used, so that a guard such as if(x < 1000, x*x*x, 0) protects what it guards. `and`
 * and `or` go from left to right.
 */
#include "scoring/arithmetic.h"
#include "scoring/measure_rows.h"

struct evaluation {
    const struct measure_set *s;
    const struct table_plan *t;
    struct rows_view *v;
    struct measure_scratch *scratch;
};

struct column {
    wide_integer *value;
    uint8_t *poison;
};

static void evaluate(const struct evaluation *e, const struct term *term, int depth);

static struct column column(const struct evaluation *e, int depth)
{
    size_t at = (size_t)depth * MEASURE_CHUNK_ROWS;
    return (struct column){e->scratch->columns + at, e->scratch->poisons + at};
}

#define EACH_ROW(expression)                                                                                           \
    for (uint32_t i = 0; i < n; i++) {                                                                                 \
        expression;                                                                                                    \
    }                                                                                                                  \
    break

/* --- leaves --- */

static void leaf(const struct evaluation *e, const struct term *t, wide_integer *out)
{
    uint32_t n = e->v->count;
    const int64_t *x = t->field >= 0 ? rows_view_field(e->v, t->field) : NULL;
    switch (t->kind) {
    case TERM_CONSTANT:
    case TERM_TRUTH: EACH_ROW(out[i] = t->number);
    case TERM_FIELD: EACH_ROW(out[i] = x[i]);
    case TERM_CODE_IN: EACH_ROW(out[i] = t->set[x[i]]);
    case TERM_KNOWN: EACH_ROW(out[i] = x[i] != DATE_NONE);
    default: ensure(!"not a leaf");
    }
}

/* --- operators --- */

static void multiply_by_rates(const struct evaluation *e, struct column c)
{
    const int64_t *currency = rows_view_field(e->v, e->t->table->currency_field);
    for (uint32_t i = 0; i < e->v->count; i++)
        c.poison[i] |= __builtin_mul_overflow(c.value[i], (wide_integer)e->s->rates[currency[i]], &c.value[i]);
}

static void unary(const struct evaluation *e, const struct term *t, struct column c)
{
    uint32_t n = e->v->count;
    switch (t->kind) {
    case TERM_CNY: multiply_by_rates(e, c); break;
    case TERM_SCALE: EACH_ROW(c.poison[i] |= __builtin_mul_overflow(c.value[i], (wide_integer)t->number, &c.value[i]));
    case TERM_NEGATE: EACH_ROW(c.poison[i] |= __builtin_sub_overflow((wide_integer)0, c.value[i], &c.value[i]));
    case TERM_ABS:
        EACH_ROW(if (c.value[i] < 0) c.poison[i] |= __builtin_sub_overflow((wide_integer)0, c.value[i], &c.value[i]));
    case TERM_NOT: EACH_ROW(c.value[i] = !c.value[i]);
    default: ensure(!"not a unary term");
    }
}

static void leave_calendar(struct column c, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (c.value[i] < DATE_FIRST || c.value[i] > DATE_LAST) c.poison[i] |= POISON_DAY;
}

static void combine(const struct evaluation *e, const struct term *t, struct column a, struct column b)
{
    uint32_t n = e->v->count;
    enum term_kind kind = t->kind;
    wide_integer *x = a.value;
    const wide_integer *y = b.value;
    /* The right side of a decided `and` or `or` does not matter. */
    for (uint32_t i = 0; i < n; i++) {
        bool decided = (kind == TERM_AND && !x[i]) || (kind == TERM_OR && x[i]);
        a.poison[i] |= decided ? 0 : b.poison[i];
    }
    switch (kind) {
    case TERM_ADD: EACH_ROW(a.poison[i] |= __builtin_add_overflow(x[i], y[i], &x[i]));
    case TERM_SUBTRACT: EACH_ROW(a.poison[i] |= __builtin_sub_overflow(x[i], y[i], &x[i]));
    case TERM_MULTIPLY: EACH_ROW(a.poison[i] |= __builtin_mul_overflow(x[i], y[i], &x[i]));
    case TERM_MIN: EACH_ROW(x[i] = x[i] < y[i] ? x[i] : y[i]);
    case TERM_MAX: EACH_ROW(x[i] = x[i] > y[i] ? x[i] : y[i]);
    case TERM_MONTHS_BETWEEN: EACH_ROW(x[i] = (wide_integer)months_between((double)x[i], (double)y[i]));
    case TERM_YEARS_BETWEEN: EACH_ROW(x[i] = (wide_integer)years_between((double)x[i], (double)y[i]));
    case TERM_EQUAL: EACH_ROW(x[i] = x[i] == y[i]);
    case TERM_NOT_EQUAL: EACH_ROW(x[i] = x[i] != y[i]);
    case TERM_LESS: EACH_ROW(x[i] = x[i] < y[i]);
    case TERM_LESS_EQUAL: EACH_ROW(x[i] = x[i] <= y[i]);
    case TERM_AND: EACH_ROW(x[i] = x[i] && y[i]);
    case TERM_OR: EACH_ROW(x[i] = x[i] || y[i]);
    default: ensure(!"not a binary term");
    }
}

/* condition, a, b → the condition's column */
static void choose(const struct evaluation *e, const struct term *t, int depth)
{
    struct column c = column(e, depth), a = column(e, depth + 1), b = column(e, depth + 2);
    evaluate(e, t->children[0], depth);
    evaluate(e, t->children[1], depth + 1);
    evaluate(e, t->children[2], depth + 2);
    for (uint32_t i = 0; i < e->v->count; i++) {
        c.poison[i] |= c.value[i] ? a.poison[i] : b.poison[i];
        c.value[i] = c.value[i] ? a.value[i] : b.value[i];
    }
}

static void evaluate(const struct evaluation *e, const struct term *t, int depth)
{
    struct column c = column(e, depth);
    if (t->count == 0) {
        memset(c.poison, 0, e->v->count);
        leaf(e, t, c.value);
        return;
    }
    if (t->kind == TERM_IF) {
        choose(e, t, depth);
        return;
    }
    evaluate(e, t->children[0], depth);
    if (t->count == 1 && t->kind != TERM_AND && t->kind != TERM_OR) unary(e, t, c);
    for (int i = 1; i < t->count; i++) {
        evaluate(e, t->children[i], depth + 1);
        combine(e, t, c, column(e, depth + 1));
    }
    if (t->type == VALUE_DATE && (t->kind == TERM_ADD || t->kind == TERM_SUBTRACT)) leave_calendar(c, e->v->count);
}

void term_evaluate(const struct measure_set *s, const struct table_plan *t, const struct term *term,
                   struct rows_view *v, struct measure_scratch *scratch)
{
    struct evaluation e = {.s = s, .t = t, .v = v, .scratch = scratch};
    evaluate(&e, term, 0);
}
