#include "etl/populate_extra.h"

#include "scoring/parts.h"

#include <stdio.h>
#include <string.h>

enum { REASONS = SCORECARD_REASONS };

struct populate_extra {
    const struct scorecards *cards;
    struct measure_block *blocks[CUSTOMER_TYPES], *missing_blocks[CUSTOMER_TYPES];
    uint64_t without_rate[CUSTOMER_TYPES][INTEREST_MISSING_MAX]; /* of the partition */
    struct formula_scratch *scratch[CUSTOMER_TYPES];
    struct formula_parts_scratch *parts_scratch[CUSTOMER_TYPES];
    int64_t *part_values; /* [part][customer of the batch] */
    int64_t *shadow;      /* [customer of the partition] */
    bool *kept;           /* the same: by the leave policy, were the challenger the active formula */
    int64_t *reasons[REASONS];
    int64_t *other_results; /* of the challenger, thrown away */
    size_t room;
};

static bool has_reasons(const struct scorecards *c)
{
    return c->reasons[0] || c->reasons[1];
}

static bool has_shadow(const struct scorecards *c)
{
    return c->shadow[0].card.formula || c->shadow[1].card.formula;
}

static bool has_missing(const struct scorecards *c)
{
    return c->missing[0] || c->missing[1];
}

static void *room_for(size_t count)
{
    void *p = calloc(count + 1, sizeof(int64_t));
    ensure(p);
    return p;
}

struct populate_extra *populate_extra_new(const struct populate *p)
{
    const struct scorecards *cards = p->cards;
    if (!has_reasons(cards) && !has_shadow(cards) && !has_missing(cards)) return NULL;
    struct populate_extra *x = calloc(1, sizeof *x);
    int parts = 0;
    ensure(x);
    x->cards = cards;
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        const struct scorecard_shadow *s = &cards->shadow[t];
        if (s->card.formula) {
            x->scratch[t] = formula_scratch_new(s->card.program);
            if (s->card.measures) x->blocks[t] = measure_block_new(s->card.measures);
        }
        if (cards->missing[t]) x->missing_blocks[t] = measure_block_new(cards->missing[t]->measures);
        if (!cards->reasons[t]) continue;
        x->parts_scratch[t] = formula_parts_scratch_new(cards->reasons[t]);
        if (cards->reasons[t]->count > parts) parts = cards->reasons[t]->count;
    }
    x->part_values = room_for((size_t)parts * MEASURE_BLOCK_CUSTOMERS);
    x->other_results = room_for(MEASURE_BLOCK_CUSTOMERS);
    return x;
}

void populate_extra_free(struct populate_extra *x)
{
    if (!x) return;
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        if (x->blocks[t]) measure_block_free(x->blocks[t]);
        if (x->missing_blocks[t]) measure_block_free(x->missing_blocks[t]);
        formula_scratch_free(x->scratch[t]);
        formula_parts_scratch_free(x->parts_scratch[t]);
    }
    for (int k = 0; k < REASONS; k++) free(x->reasons[k]);
    free(x->part_values);
    free(x->other_results);
    free(x->shadow);
    free(x->kept);
    free(x);
}

void populate_extra_begin(struct populate_extra *x, uint32_t customers)
{
    if (customers > x->room) {
        free(x->shadow);
        free(x->kept);
        x->shadow = room_for(customers);
        x->kept = calloc(customers + 1u, sizeof *x->kept);
        ensure(x->kept);
        for (int k = 0; k < REASONS; k++) {
            free(x->reasons[k]);
            x->reasons[k] = room_for(customers);
        }
        x->room = customers;
    }
    memset(x->without_rate, 0, sizeof x->without_rate);
    if (!customers) return;
    memset(x->shadow, 0, customers * sizeof *x->shadow);
    memset(x->kept, 0, customers * sizeof *x->kept);
    for (int k = 0; k < REASONS; k++) memset(x->reasons[k], 0, customers * sizeof(int64_t));
}

/* --- the challenger --- */

/* Measures that the active formula has too are not summed a second time. */
static bool score_shadow(struct populate_extra *x, int type, uint32_t first, const uint8_t *types,
                         const struct formula_inputs *in, populate_extra_measure *measure, void *context,
                         struct status *st)
{
    const struct scorecard_shadow *s = &x->cards->shadow[type];
    const int64_t *measures[128];
    int64_t *results[64];
    if (s->card.measures) {
        measure(context, s->card.measures, x->blocks[type]);
        if (!measure_finish(s->card.measures, x->blocks[type], st)) return false;
    }
    for (int m = 0; m < s->card.measures_count; m++)
        measures[m] = s->same_as[m] >= 0 ? in->measures[s->same_as[m]] : measure_values(x->blocks[type], m);
    int64_t scores[MEASURE_BLOCK_CUSTOMERS];
    for (int r = 0; r < s->card.results_count; r++) results[r] = r ? x->other_results : scores;
    struct formula_inputs own = *in;
    own.measures = measures;
    if (!formula_evaluate(s->card.program, &own, x->scratch[type], results, st)) return false;
    for (uint32_t i = 0; i < in->count; i++)
        if (types[first + i] == type) x->shadow[first + i] = scores[i];
    return true;
}

/* --- accounts without an interest rate --- */

static bool count_missing(struct populate_extra *x, int type, uint32_t first, const uint8_t *types, uint32_t count,
                          populate_extra_measure *measure, void *context, struct status *st)
{
    const struct interest_missing *missing = x->cards->missing[type];
    struct measure_block *block = x->missing_blocks[type];
    measure(context, missing->measures, block);
    if (!measure_finish(missing->measures, block, st)) return false;
    for (int m = 0; m < missing->count; m++) {
        const int64_t *accounts = measure_values(block, m);
        for (uint32_t i = 0; i < count; i++)
            if (types[first + i] == type) x->without_rate[type][m] += (uint64_t)accounts[i];
    }
    return true;
}

/* --- reasons --- */

static void take_reasons(struct populate_extra *x, int type, uint32_t first, const uint8_t *types, uint32_t count)
{
    const struct formula_parts *parts = x->cards->reasons[type];
    for (uint32_t i = 0; i < count; i++) {
        if (types[first + i] != type) continue; /* a batch holds customers of both types */
        int64_t best[REASONS] = {0};
        for (int p = 0; p < parts->count; p++) {
            int64_t value = x->part_values[(size_t)p * MEASURE_BLOCK_CUSTOMERS + i];
            if (parts->part[p].kind != PART_TERM || value <= best[REASONS - 1]) continue;
            int at = REASONS - 1;
            for (; at && best[at - 1] < value; at--) {
                best[at] = best[at - 1];
                x->reasons[at][first + i] = x->reasons[at - 1][first + i];
            }
            best[at] = value;
            x->reasons[at][first + i] = p + 1;
        }
    }
}

static bool find_reasons(struct populate_extra *x, int type, uint32_t first, const uint8_t *types,
                         const struct formula_inputs *in, struct status *st)
{
    const struct formula_parts *parts = x->cards->reasons[type];
    int64_t *values[FORMULA_PARTS_MAX];
    for (int p = 0; p < parts->count; p++) values[p] = x->part_values + (size_t)p * MEASURE_BLOCK_CUSTOMERS;
    if (!formula_parts_evaluate(parts, in, x->parts_scratch[type], values, st)) return false;
    take_reasons(x, type, first, types, in->count);
    return true;
}

bool populate_extra_score(struct populate_extra *x, int type, uint32_t first, const uint8_t *types,
                          const struct formula_inputs *in, populate_extra_measure *measure, void *context,
                          struct status *st)
{
    if (!x) return true;
    if (x->cards->shadow[type].card.formula && !score_shadow(x, type, first, types, in, measure, context, st))
        return status_while(st, "scoring with the shadow formula");
    if (x->cards->missing[type] && !count_missing(x, type, first, types, in->count, measure, context, st))
        return status_while(st, "counting accounts without an interest rate");
    if (x->cards->reasons[type] && !find_reasons(x, type, first, types, in, st))
        return status_while(st, "finding the reasons of the scores");
    return true;
}

const int64_t *populate_extra_shadow(const struct populate_extra *x)
{
    return x->shadow;
}

bool *populate_extra_kept(struct populate_extra *x)
{
    return x->kept;
}

/* Whom the lists name is in or out for the challenger as for the active formula. */
static void count_shadow(const struct populate_extra *x, int type, uint32_t place, unsigned flags, int64_t assets,
                         struct populate_shadow *total)
{
    static const enum populate_overlap OF[2][2] = {{OVERLAP_NEITHER, OVERLAP_SHADOW}, {OVERLAP_ACTIVE, OVERLAP_BOTH}};
    bool selected = flags & CUSTOMER_SELECTED;
    bool reached = x->shadow[place] >= x->cards->shadow[type].card.threshold_minor;
    bool passes = !(flags & CUSTOMER_EXCLUDED) && (reached || flags & CUSTOMER_OVERRIDDEN);
    bool kept = x->kept[place] && !passes;
    enum populate_overlap overlap = OF[selected][passes];
    total->passing += passes;
    total->customers[overlap]++;
    total->assets[overlap] += assets;
    total->score += x->shadow[place];
    total->kept += kept;
    total->entering += !selected && (passes || kept);
    total->leaving += selected && !passes && !kept;
}

void populate_extra_count(struct populate_extra *x, const struct populate_range *r, const uint8_t *flags,
                          const uint8_t *types, const int64_t *const assets[CUSTOMER_TYPES],
                          struct populate_total *total)
{
    if (!x) return;
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        for (int m = 0; m < INTEREST_MISSING_MAX; m++) total->without_rate[t][m] += x->without_rate[t][m];
    for (uint32_t i = 0; i < r->count; i++) {
        int type = types[i];
        bool gone = type == CUSTOMER_TYPES;
        for (int k = 0; k < REASONS && !(flags[i] & CUSTOMER_SELECTED); k++) x->reasons[k][i] = 0;
        if (gone || !x->cards->shadow[type].card.formula)
            x->shadow[i] = 0;
        else
            count_shadow(x, type, i, flags[i], assets[type] ? assets[type][i] : 0, &total->shadow[type]);
    }
}

/* --- columns --- */

void populate_extra_declare(const struct populate *p, struct segment_writer *customer)
{
    if (has_shadow(p->cards)) segment_declare(customer, "shadow.score", SEGMENT_MONEY, 2, 0);
    for (int k = 0; has_reasons(p->cards) && k < REASONS; k++) {
        char name[SEGMENT_NAME_MAX];
        snprintf(name, sizeof name, "reason.%d", k + 1);
        segment_declare(customer, name, SEGMENT_INTEGER, 0, 0);
    }
}

void populate_extra_put(const struct populate_extra *x, struct segment_part *part, int column, uint32_t customers)
{
    if (!x) return;
    if (has_shadow(x->cards)) segment_put(part, column++, x->shadow, customers);
    for (int k = 0; has_reasons(x->cards) && k < REASONS; k++) segment_put(part, column++, x->reasons[k], customers);
}

const int64_t *populate_extra_reasons(const struct populate_extra *x, uint32_t place, int64_t room[3])
{
    if (!x || !has_reasons(x->cards)) return NULL;
    for (int k = 0; k < REASONS; k++) room[k] = x->reasons[k][place];
    return room;
}
