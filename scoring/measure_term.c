/* Terms that no special loop covers, column by column in checked 128-bit integers. */
#include "base/date.h"
#include "scoring/measure_rows.h"

struct evaluation {
    const struct measure_set *s;
    const struct table_plan *t;
    struct rows_view *v;
    struct measure_scratch *scratch;
};

static void evaluate(const struct evaluation *e, const struct term *term, wide_integer *out, int depth);

static void fill(const struct evaluation *e, wide_integer *out, int64_t x)
{
    for (uint32_t i = 0; i < e->v->count; i++) out[i] = x;
}

static void field(const struct evaluation *e, const struct term *t, wide_integer *out)
{
    const int64_t *x = rows_view_field(e->v, t->field);
    for (uint32_t i = 0; i < e->v->count; i++) out[i] = x[i];
}

static void code_in(const struct evaluation *e, const struct term *t, wide_integer *out)
{
    const int64_t *x = rows_view_field(e->v, t->field);
    for (uint32_t i = 0; i < e->v->count; i++) out[i] = t->set[x[i]];
}

static void known(const struct evaluation *e, const struct term *t, wide_integer *out)
{
    const int64_t *x = rows_view_field(e->v, t->field);
    for (uint32_t i = 0; i < e->v->count; i++) out[i] = x[i] != DATE_NONE;
}

static void multiply_all(const struct evaluation *e, wide_integer *out, const int64_t *factors, const int64_t *index,
                         int64_t factor)
{
    bool overflow = false;
    for (uint32_t i = 0; i < e->v->count; i++)
        overflow |= __builtin_mul_overflow(out[i], (wide_integer)(factors ? factors[index[i]] : factor), &out[i]);
    e->scratch->overflow |= overflow;
}

static void unary(const struct evaluation *e, const struct term *t, wide_integer *out, int depth)
{
    evaluate(e, t->children[0], out, depth);
    uint32_t n = e->v->count;
    bool overflow = false;
    switch (t->kind) {
    case TERM_CNY: multiply_all(e, out, e->s->rates, rows_view_field(e->v, e->t->table->currency_field), 0); break;
    case TERM_SCALE: multiply_all(e, out, NULL, NULL, t->number); break;
    case TERM_NEGATE:
        for (uint32_t i = 0; i < n; i++) overflow |= __builtin_sub_overflow((wide_integer)0, out[i], &out[i]);
        break;
    case TERM_ABS:
        for (uint32_t i = 0; i < n; i++)
            if (out[i] < 0) overflow |= __builtin_sub_overflow((wide_integer)0, out[i], &out[i]);
        break;
    case TERM_NOT:
        for (uint32_t i = 0; i < n; i++) out[i] = !out[i];
        break;
    default: ensure(!"not a unary term");
    }
    e->scratch->overflow |= overflow;
}

#define EACH_ROW(expression)                                                                                           \
    for (uint32_t i = 0; i < n; i++) {                                                                                 \
        expression;                                                                                                    \
    }                                                                                                                  \
    break

static void combine(const struct evaluation *e, enum term_kind kind, wide_integer *a, const wide_integer *b)
{
    uint32_t n = e->v->count;
    bool overflow = false;
    switch (kind) {
    case TERM_ADD: EACH_ROW(overflow |= __builtin_add_overflow(a[i], b[i], &a[i]));
    case TERM_SUBTRACT: EACH_ROW(overflow |= __builtin_sub_overflow(a[i], b[i], &a[i]));
    case TERM_MULTIPLY: EACH_ROW(overflow |= __builtin_mul_overflow(a[i], b[i], &a[i]));
    case TERM_MIN: EACH_ROW(a[i] = a[i] < b[i] ? a[i] : b[i]);
    case TERM_MAX: EACH_ROW(a[i] = a[i] > b[i] ? a[i] : b[i]);
    case TERM_EQUAL: EACH_ROW(a[i] = a[i] == b[i]);
    case TERM_NOT_EQUAL: EACH_ROW(a[i] = a[i] != b[i]);
    case TERM_LESS: EACH_ROW(a[i] = a[i] < b[i]);
    case TERM_LESS_EQUAL: EACH_ROW(a[i] = a[i] <= b[i]);
    case TERM_AND: EACH_ROW(a[i] = a[i] & b[i]);
    case TERM_OR: EACH_ROW(a[i] = a[i] | b[i]);
    default: ensure(!"not a binary term");
    }
    e->scratch->overflow |= overflow;
}

static wide_integer *column(const struct evaluation *e, int depth)
{
    return e->scratch->columns + (size_t)depth * MEASURE_CHUNK_ROWS;
}

static void choose(const struct evaluation *e, const struct term *t, wide_integer *out, int depth)
{
    wide_integer *a = column(e, depth), *b = column(e, depth + 1);
    evaluate(e, t->children[0], out, depth);
    evaluate(e, t->children[1], a, depth + 1);
    evaluate(e, t->children[2], b, depth + 2);
    for (uint32_t i = 0; i < e->v->count; i++) out[i] = out[i] ? a[i] : b[i];
}

static void evaluate(const struct evaluation *e, const struct term *t, wide_integer *out, int depth)
{
    switch (t->kind) {
    case TERM_CONSTANT:
    case TERM_TRUTH: fill(e, out, t->number); return;
    case TERM_FIELD: field(e, t, out); return;
    case TERM_CODE_IN: code_in(e, t, out); return;
    case TERM_KNOWN: known(e, t, out); return;
    case TERM_IF: choose(e, t, out, depth); return;
    default: break;
    }
    if (t->count == 1 && t->kind != TERM_AND && t->kind != TERM_OR) {
        unary(e, t, out, depth);
        return;
    }
    evaluate(e, t->children[0], out, depth);
    for (int i = 1; i < t->count; i++) {
        evaluate(e, t->children[i], column(e, depth), depth + 1);
        combine(e, t->kind, out, column(e, depth));
    }
}

void term_evaluate(const struct measure_set *s, const struct table_plan *t, const struct term *term,
                   struct rows_view *v, struct measure_scratch *scratch, wide_integer *out, int depth)
{
    struct evaluation e = {.s = s, .t = t, .v = v, .scratch = scratch};
    evaluate(&e, term, out, depth);
}
