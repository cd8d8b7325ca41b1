/* The hot loop: sorts the rows of a chunk by group, then runs every step of a group as one loop.
 *
 * No branch depends on a row's codes: the rejected alternative, a switch on the class per row, mispredicts about once a
 * row (5 ns). Adding straight into the block's columns costs no more than keeping a run of one owner in registers,
 * because owners ascend: the column's line is in the first-level cache and the store is forwarded. */
#include "scoring/measure_classes.h"
#include "scoring/measure_rows.h"

struct add {
    const struct measure_set *s;
    struct measure_block *b;
    const struct table_plan *t;
    struct measure_scratch *scratch;
};

/* --- steps --- */

static void touch(uint64_t *touched, uint32_t customer)
{
    touched[customer >> 6] |= (uint64_t)1 << (customer & 63);
}

static bool is_touched(const uint64_t *touched, uint32_t customer)
{
    return touched[customer >> 6] >> (customer & 63) & 1;
}

/* The commonest steps straight from the rows, without a dense copy of owners and amounts: sum(table, field) and count.
 */
#define ADD_FIELD(TYPE)                                                                                                \
    for (uint32_t i = 0; i < v->count; i++) {                                                                          \
        size_t row = selection ? selection[i] : i;                                                                     \
        TYPE x;                                                                                                        \
        uint32_t o;                                                                                                    \
        memcpy(&x, base + row * stride, sizeof x);                                                                     \
        memcpy(&o, owner + row * owner_stride, sizeof o);                                                              \
        if (__builtin_add_overflow(sums[o], (int64_t)x, &sums[o])) block_overflow(a->b, step->measure, o);             \
    }

static void add_field(const struct add *a, const struct measure_step *step, struct rows_view *v)
{
    const struct measure_column *c = &v->rows->columns[step->fields[0]];
    int64_t *sums = block_values(a->b, step->measure);
    const uint16_t *selection = v->selection;
    size_t stride = c->stride, owner_stride = v->rows->owner.stride;
    const unsigned char *base = c->base + v->first * stride;
    const unsigned char *owner = v->rows->owner.base + v->first * owner_stride;
    ensure(c->base);
    switch (c->width * 2 + c->is_signed) {
    case 2: ADD_FIELD(uint8_t) break;
    case 3: ADD_FIELD(int8_t) break;
    case 4: ADD_FIELD(uint16_t) break;
    case 5: ADD_FIELD(int16_t) break;
    case 8: ADD_FIELD(uint32_t) break;
    case 9: ADD_FIELD(int32_t) break;
    case 16:
    case 17: ADD_FIELD(int64_t) break;
    default: ensure(!"a column has 1, 2, 4 or 8 bytes");
    }
}

static void add_count(const struct add *a, const struct measure_step *step, struct rows_view *v)
{
    int64_t *sums = block_values(a->b, step->measure), factor = step->factor;
    const uint32_t *owner = rows_view_owners(v);
    for (uint32_t i = 0; i < v->count; i++)
        if (__builtin_add_overflow(sums[owner[i]], factor, &sums[owner[i]]))
            block_overflow(a->b, step->measure, owner[i]);
}

static void add_narrow(const struct add *a, const struct measure_step *step, struct rows_view *v)
{
    int64_t *sums = block_values(a->b, step->measure), factor = step->factor;
    const uint32_t *owner = rows_view_owners(v);
    const int64_t *x = rows_view_field(v, step->fields[0]);
    for (uint32_t i = 0; i < v->count; i++) {
        int64_t product;
        bool overflow = __builtin_mul_overflow(x[i], factor, &product);
        overflow |= __builtin_add_overflow(sums[owner[i]], product, &sums[owner[i]]);
        if (overflow) block_overflow(a->b, step->measure, owner[i]);
    }
}

static void add_narrow_product(const struct add *a, const struct measure_step *step, struct rows_view *v)
{
    int64_t *sums = block_values(a->b, step->measure);
    const uint32_t *owner = rows_view_owners(v);
    const int64_t *x = rows_view_field(v, step->fields[0]), *y = rows_view_field(v, step->fields[1]);
    for (uint32_t i = 0; i < v->count; i++) {
        int64_t product;
        bool overflow = __builtin_mul_overflow(x[i], y[i], &product);
        overflow |= __builtin_mul_overflow(product, step->factor, &product);
        overflow |= __builtin_add_overflow(sums[owner[i]], product, &sums[owner[i]]);
        if (overflow) block_overflow(a->b, step->measure, owner[i]);
    }
}

/* amount × rate (× field): the product of two int64 is exact in 128 bits, the sum is checked. */
static void add_rate(const struct add *a, const struct measure_step *step, struct rows_view *v)
{
    int wide = a->s->measures[step->measure].wide;
    wide_integer *sums = block_wide(a->b, wide);
    uint64_t *touched = block_touched(a->b, wide);
    const uint32_t *owner = rows_view_owners(v);
    const int64_t *x = rows_view_field(v, step->fields[0]);
    const int64_t *currency = rows_view_field(v, a->t->table->currency_field);
    if (step->shape == SHAPE_FIELD_RATE) {
        for (uint32_t i = 0; i < v->count; i++) {
            wide_integer product = (wide_integer)x[i] * step->rates[currency[i]];
            touch(touched, owner[i]);
            if (__builtin_add_overflow(sums[owner[i]], product, &sums[owner[i]]))
                block_overflow(a->b, step->measure, owner[i]);
        }
        return;
    }
    const int64_t *y = rows_view_field(v, step->fields[1]);
    for (uint32_t i = 0; i < v->count; i++) {
        wide_integer product;
        touch(touched, owner[i]);
        bool overflow =
            __builtin_mul_overflow((wide_integer)x[i] * y[i], (wide_integer)step->rates[currency[i]], &product);
        overflow |= __builtin_add_overflow(sums[owner[i]], product, &sums[owner[i]]);
        if (overflow) block_overflow(a->b, step->measure, owner[i]);
    }
}

/* Values of any shape, with the factor, in the decimals of the step's target. */
static const wide_integer *values_of(const struct add *a, const struct measure_step *step, struct rows_view *v)
{
    wide_integer *out = a->scratch->columns;
    uint8_t *poison = a->scratch->poisons;
    const uint32_t *owner = rows_view_owners(v);
    if (step->shape == SHAPE_GENERAL) {
        term_evaluate(a->s, a->t, step->expression, v, a->scratch);
    } else {
        memset(poison, 0, v->count);
        for (uint32_t i = 0; i < v->count; i++) out[i] = 1;
        for (int k = 0; k < step->fields_count; k++) { /* two of 64 bits: exact */
            const int64_t *x = rows_view_field(v, step->fields[k]);
            for (uint32_t i = 0; i < v->count; i++) out[i] *= x[i];
        }
    }
    const int64_t *currency = step->rates ? rows_view_field(v, a->t->table->currency_field) : NULL;
    for (uint32_t i = 0; i < v->count; i++) {
        wide_integer factor = currency ? step->rates[currency[i]] : step->factor;
        poison[i] |= __builtin_mul_overflow(out[i], factor, &out[i]);
        if (poison[i]) block_poisoned(a->b, step->measure, owner[i], poison[i]);
    }
    return out;
}

static void add_general(const struct add *a, const struct measure_step *step, struct rows_view *v)
{
    const struct measure_plan *m = &a->s->measures[step->measure];
    const wide_integer *x = values_of(a, step, v);
    const uint32_t *owner = rows_view_owners(v);
    if (!step->wide) {
        int64_t *sums = block_values(a->b, step->measure);
        for (uint32_t i = 0; i < v->count; i++)
            if (__builtin_add_overflow((wide_integer)sums[owner[i]], x[i], &sums[owner[i]]))
                block_overflow(a->b, step->measure, owner[i]);
        return;
    }
    wide_integer *sums = block_wide(a->b, m->wide);
    uint64_t *touched = block_touched(a->b, m->wide);
    int64_t *counts = block_counts(a->b, m->wide);
    for (uint32_t i = 0; i < v->count; i++) {
        uint32_t o = owner[i];
        bool first = !is_touched(touched, o);
        touch(touched, o);
        counts[o]++;
        if (m->aggregate == AGGREGATE_MIN)
            sums[o] = first || x[i] < sums[o] ? x[i] : sums[o];
        else if (m->aggregate == AGGREGATE_MAX)
            sums[o] = first || x[i] > sums[o] ? x[i] : sums[o];
        else if (__builtin_add_overflow(sums[o], x[i], &sums[o]))
            block_overflow(a->b, step->measure, o);
    }
}

static void run_step(const struct add *a, const struct measure_step *step, struct rows_view *v)
{
    enum aggregate aggregate = a->s->measures[step->measure].aggregate;
    bool sums = aggregate == AGGREGATE_SUM || aggregate == AGGREGATE_COUNT;
    if (v->count == 0) return;
    if (step->shape == SHAPE_NO_RATE)
        a->b->missing_rate = step->currency;
    else if (!sums || step->shape == SHAPE_GENERAL)
        add_general(a, step, v);
    else if (step->rates)
        add_rate(a, step, v);
    else if (step->wide)
        add_general(a, step, v);
    else if (step->shape == SHAPE_COUNT)
        add_count(a, step, v);
    else if (step->shape == SHAPE_PRODUCT)
        add_narrow_product(a, step, v);
    else if (step->factor == 1)
        add_field(a, step, v);
    else
        add_narrow(a, step, v);
}

/* --- groups --- */

/* The rows of a view that meet the rest of a condition. */
static struct rows_view *choose_rows(const struct add *a, const struct measure_step *step, struct rows_view *v)
{
    struct measure_scratch *w = a->scratch;
    uint32_t chosen = 0;
    term_evaluate(a->s, a->t, step->predicate, v, w);
    for (uint32_t i = 0; i < v->count; i++) {
        w->chosen[chosen] = v->selection ? v->selection[i] : (uint16_t)i;
        chosen += w->columns[i] != 0;
        if (w->poisons[i]) block_poisoned(a->b, step->measure, rows_view_owners(v)[i], w->poisons[i]);
    }
    rows_view_reset(&w->part, v->rows, v->first, w->chosen, chosen);
    return &w->part;
}

static void run_group(const struct add *a, const struct measure_group *g, struct rows_view *v)
{
    for (int i = 0; i < g->steps_count; i++)
        run_step(a, g->steps[i], g->steps[i]->predicate ? choose_rows(a, g->steps[i], v) : v);
}

static void add_chunk(const struct add *a, const struct measure_rows *rows, uint32_t first, uint32_t count)
{
    struct measure_scratch *w = a->scratch;
    if (a->t->groups_count == 1) {
        rows_view_reset(&w->chunk, rows, first, NULL, count);
        run_group(a, &a->t->groups[0], &w->chunk);
        return;
    }
    classes_partition(a->t, rows, first, count, w->classes, w->selections, w->counts);
    for (int g = 0; g < a->t->groups_count; g++) {
        if (w->counts[g] == 0 || a->t->groups[g].steps_count == 0) continue;
        rows_view_reset(&w->chunk, rows, first, w->selections + (size_t)g * MEASURE_CHUNK_ROWS, w->counts[g]);
        run_group(a, &a->t->groups[g], &w->chunk);
    }
}

void measure_add(const struct measure_set *s, struct measure_block *b, int table, const struct measure_rows *rows)
{
    ensure(table >= 0 && table < s->tables_count);
    struct add a = {.s = s, .b = b, .t = &s->tables[table], .scratch = b->scratch};
    if (!a.t->used) return;
    for (int i = 0; i < 2; i++) {
        struct rows_view *v = i ? &b->scratch->part : &b->scratch->chunk;
        v->account_fields = a.t->table->fields_count;
        v->customer_fields = b->customer_fields;
    }
    for (uint32_t first = 0; first < rows->count; first += MEASURE_CHUNK_ROWS) {
        uint32_t left = rows->count - first;
        add_chunk(&a, rows, first, left < MEASURE_CHUNK_ROWS ? left : MEASURE_CHUNK_ROWS);
    }
}
