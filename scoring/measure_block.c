/* The sums of a block of customers: memory, reset, and the one division per customer and measure.
 *
 *     new ─► reset ─► add … add ─► finish ─► values ─► reset …
 *
 * Wide sums are zero for customers who were not touched, always: reset clears the touched ones only. */
#include "scoring/measure_rows.h"

static void *take(size_t count, size_t size)
{
    void *p = aligned_alloc(64, (count * size + 127) / 64 * 64);
    ensure(p);
    memset(p, 0, (count * size + 127) / 64 * 64);
    return p;
}

/* --- scratch --- */

static void view_init(struct rows_view *v, int fields)
{
    v->fields = fields;
    v->owners = take(MEASURE_CHUNK_ROWS, sizeof *v->owners);
    v->storage = take((size_t)fields * MEASURE_CHUNK_ROWS, sizeof *v->storage);
    v->fetched = take((size_t)fields, sizeof *v->fetched);
}

static void view_release(struct rows_view *v)
{
    free(v->owners);
    free(v->storage);
    free(v->fetched);
}

static struct measure_scratch *scratch_new(const struct measure_set *s)
{
    struct measure_scratch *w = take(1, sizeof *w);
    w->selections = take(((size_t)s->groups_max + 1) * MEASURE_CHUNK_ROWS, sizeof *w->selections);
    w->counts = take((size_t)s->groups_max + 1, sizeof *w->counts);
    w->classes = take(MEASURE_CHUNK_ROWS, sizeof *w->classes);
    w->chosen = take(MEASURE_CHUNK_ROWS + 1, sizeof *w->chosen);
    /* Each level of a term takes at most two columns more than the level above. */
    w->columns = take(((size_t)s->depth_max * 2 + 1) * MEASURE_CHUNK_ROWS, sizeof *w->columns);
    w->poisons = take(((size_t)s->depth_max * 2 + 1) * MEASURE_CHUNK_ROWS, sizeof *w->poisons);
    view_init(&w->chunk, s->fields_max);
    view_init(&w->part, s->fields_max);
    return w;
}

static void scratch_free(struct measure_scratch *w)
{
    if (!w) return;
    view_release(&w->chunk);
    view_release(&w->part);
    free(w->selections);
    free(w->counts);
    free(w->classes);
    free(w->chosen);
    free(w->columns);
    free(w->poisons);
    free(w);
}

/* --- block --- */

struct measure_block *measure_block_new(const struct measure_set *s)
{
    struct measure_block *b = take(1, sizeof *b);
    b->values = take((size_t)s->measures_count * MEASURE_COLUMN, sizeof *b->values);
    b->wide = take((size_t)s->wides_count * MEASURE_COLUMN, sizeof *b->wide);
    b->touched = take((size_t)s->wides_count * MEASURE_TOUCHED_WORDS, sizeof *b->touched);
    b->counts = take((size_t)s->wides_count * MEASURE_COLUMN, sizeof *b->counts);
    b->scratch = scratch_new(s);
    b->overflow_measure = b->missing_rate = -1;
    return b;
}

void measure_block_free(struct measure_block *b)
{
    if (!b) return;
    scratch_free(b->scratch);
    free(b->values);
    free(b->wide);
    free(b->touched);
    free(b->counts);
    free(b);
}

static void clear_wide(struct measure_block *b, int wide)
{
    uint64_t *touched = block_touched(b, wide);
    for (uint32_t word = 0; word < MEASURE_TOUCHED_WORDS; word++) {
        for (uint64_t bits = touched[word]; bits; bits &= bits - 1) {
            uint32_t customer = word * 64 + (uint32_t)__builtin_ctzll(bits);
            block_wide(b, wide)[customer] = 0;
            block_counts(b, wide)[customer] = 0;
        }
        touched[word] = 0;
    }
}

void measure_block_reset(const struct measure_set *s, struct measure_block *b, uint32_t customers)
{
    ensure(customers <= MEASURE_BLOCK_CUSTOMERS);
    for (int m = 0; m < s->measures_count; m++) memset(block_values(b, m), 0, sizeof *b->values * customers);
    for (int w = 0; w < s->wides_count; w++) clear_wide(b, w);
    b->customers = customers;
    b->customer_fields = NULL;
    b->ignored = NULL;
    b->overflow_measure = b->missing_rate = -1;
}

void measure_block_customers(struct measure_block *b, const int64_t *const *fields)
{
    b->customer_fields = fields;
}

void measure_block_ignore(struct measure_block *b, const bool *ignored)
{
    b->ignored = ignored;
}

void block_overflow(struct measure_block *b, int measure, uint32_t customer)
{
    block_poisoned(b, measure, customer, POISON_NUMBER);
}

/* All that a customer has, so that the message does not depend on the order of rows. */
void block_poisoned(struct measure_block *b, int measure, uint32_t customer, unsigned poison)
{
    if (b->ignored && b->ignored[customer]) return;
    if (measure == b->overflow_measure && customer == b->overflow_customer) b->overflow_poison |= poison;
    bool first = b->overflow_measure < 0 || measure < b->overflow_measure ||
                 (measure == b->overflow_measure && customer < b->overflow_customer);
    if (!first) return;
    b->overflow_measure = measure;
    b->overflow_customer = customer;
    b->overflow_poison = poison;
}

const int64_t *measure_values(const struct measure_block *b, int measure)
{
    return block_values(b, measure);
}

/* --- finish --- */

/* x / divisor, half away from zero. */
static wide_integer divide_rounded(wide_integer x, wide_integer divisor)
{
    if (x > -INT64_MAX && x < INT64_MAX && divisor <= INT64_MAX) { /* a 64-bit division is three times as fast */
        int64_t q = (int64_t)x / (int64_t)divisor, r = (int64_t)x % (int64_t)divisor;
        int64_t size = r < 0 ? -r : r;
        return size >= (int64_t)divisor - size ? (x < 0 ? q - 1 : q + 1) : q;
    }
    wide_integer q = x / divisor, r = x % divisor;
    wide_integer size = r < 0 ? -r : r;
    return size >= divisor - size ? (x < 0 ? q - 1 : q + 1) : q;
}

static void finish_customer(const struct measure_plan *m, int measure, struct measure_block *b, uint32_t customer)
{
    int64_t *value = &block_values(b, measure)[customer];
    wide_integer total = block_wide(b, m->wide)[customer], divisor = m->divisor;
    if (m->aggregate == AGGREGATE_AVG) {
        divisor *= block_counts(b, m->wide)[customer];
    } else if (*value) {
        wide_integer narrow = (wide_integer)*value * m->divisor;
        if (__builtin_add_overflow(total, narrow, &total)) block_overflow(b, measure, customer);
    }
    wide_integer rounded = divide_rounded(total, divisor);
    *value = (int64_t)rounded;
    if (*value != rounded) block_overflow(b, measure, customer);
}

static void finish_wide(const struct measure_set *s, struct measure_block *b, int measure)
{
    const struct measure_plan *m = &s->measures[measure];
    const uint64_t *touched = block_touched(b, m->wide);
    for (uint32_t word = 0; word < MEASURE_TOUCHED_WORDS; word++)
        for (uint64_t bits = touched[word]; bits; bits &= bits - 1)
            finish_customer(m, measure, b, word * 64 + (uint32_t)__builtin_ctzll(bits));
}

/* A date of a customer without one is not the day 0. */
static void mark_empty(const struct measure_plan *m, int measure, struct measure_block *b)
{
    const uint64_t *touched = m->wide >= 0 ? block_touched(b, m->wide) : NULL;
    int64_t *values = block_values(b, measure);
    for (uint32_t i = 0; i < b->customers; i++)
        if (!touched || !(touched[i >> 6] >> (i & 63) & 1)) values[i] = m->empty;
}

static bool fail(const struct measure_set *s, const struct measure_block *b, struct status *st)
{
    bool number = b->overflow_poison & POISON_NUMBER;
    status_fail(st, STATUS_INPUT, "%s: measure %s of customer %u of the batch %s", s->file,
                s->measures[b->overflow_measure].name, b->overflow_customer,
                number ? "is too large for 64 bits" : "adds days to a date beyond the years 1 to 9999");
    return status_hint(st, number ? "look at the amounts of this customer: one of them is not money"
                                  : "bound the number of days with min(…) and max(…)");
}

bool measure_finish(const struct measure_set *s, struct measure_block *b, struct status *st)
{
    if (b->missing_rate >= 0)
        return status_fail(st, STATUS_INPUT, "an account is in %s, which has no rate on the business date",
                           s->currencies[b->missing_rate]) ||
               status_hint(st, "accounts without a rate are rejected by import; look at the rate file");
    for (int m = 0; m < s->measures_count; m++)
        if (s->measures[m].wide >= 0) finish_wide(s, b, m);
    for (int m = 0; m < s->measures_count; m++)
        if (s->measures[m].empty) mark_empty(&s->measures[m], m, b);
    return b->overflow_measure < 0 || fail(s, b, st);
}
