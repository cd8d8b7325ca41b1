#include "etl/trial_count.h"

#include "etl/populate.h"

#include <string.h>

enum compare { WITH_NOBODY, WITH_FLAGS, WITH_SCORES };

/* Masks are 0 or all ones. */
struct sums {
    int64_t live, excluded, pass, was, both;
    uint64_t high, low, high_pass, low_pass; /* halves of scores, moved up by 2^63: no sum of 4,096 overflows */
};

/* One loop over everything a customer is counted by; locals and restrict, or it does not become vectors. What is not
 * wanted is left out when it is compiled, as somebody looks at nothing but the counts most of the time. */
static inline __attribute__((always_inline)) struct sums count_loop(const struct trial_block *b, bool some, bool keep,
                                                                    enum compare compare)
{
    const int64_t *restrict score = b->score, *restrict flags = b->flags, *restrict live = b->live;
    const int64_t *restrict active = b->active;
    int64_t *restrict passes = b->passes, *restrict was = b->was;
    int64_t threshold = b->threshold, was_threshold = b->active_threshold;
    uint32_t count = b->count;
    struct sums s = {0};
    for (uint32_t i = 0; i < count; i++) {
        int64_t here = some ? -live[i] : -1;
        int64_t out = here & -((flags[i] >> 1) & 1), may = here & ~out; /* CUSTOMER_EXCLUDED is bit 1 */
        int64_t taken_in = -((flags[i] >> 3) & 1);                      /* CUSTOMER_OVERRIDDEN */
        int64_t now = may & (-(int64_t)(score[i] >= threshold) | taken_in);
        int64_t reached = compare == WITH_FLAGS    ? -((flags[i] >> 6) & 1) /* CUSTOMER_PASSES */
                          : compare == WITH_SCORES ? -(int64_t)(active[i] >= was_threshold)
                                                   : 0;
        int64_t before = compare == WITH_NOBODY ? 0 : may & (reached | taken_in);
        uint64_t all = (uint64_t)(score[i] & here) ^ (UINT64_C(1) << 63);
        uint64_t taken = (uint64_t)(score[i] & now) ^ (UINT64_C(1) << 63);
        if (keep) {
            passes[i] = -now;
            was[i] = -before;
        }
        if (some) s.live -= here;
        s.excluded -= out;
        s.pass -= now;
        s.was -= before;
        s.both -= now & before;
        s.high += all >> 32;
        s.low += all & 0xffffffffu;
        s.high_pass += taken >> 32;
        s.low_pass += taken & 0xffffffffu;
    }
    if (!some) s.live = count;
    return s;
}
_Static_assert(CUSTOMER_EXCLUDED == 2 && CUSTOMER_OVERRIDDEN == 8 && CUSTOMER_PASSES == 64,
               "count_loop shifts it to bit 0");

static __int128 whole(uint64_t high, uint64_t low, uint32_t count)
{
    return ((__int128)high << 32) + low - ((__int128)count << 63);
}

static inline __attribute__((always_inline)) struct sums count_as(const struct trial_block *b, enum compare compare)
{
    if (b->live) return b->passes ? count_loop(b, true, true, compare) : count_loop(b, true, false, compare);
    return b->passes ? count_loop(b, false, true, compare) : count_loop(b, false, false, compare);
}

void trial_count_block(const struct trial_block *b, struct trial_count *to)
{
    ensure(b->count <= SEGMENT_RUN);
    struct sums s = b->active     ? count_as(b, WITH_SCORES)
                    : b->by_flags ? count_as(b, WITH_FLAGS)
                                  : count_as(b, WITH_NOBODY);
    to->scored += (uint64_t)s.live;
    to->excluded += (uint64_t)s.excluded;
    to->pass += (uint64_t)s.pass;
    to->active += (uint64_t)s.was;
    to->enters += (uint64_t)(s.pass - s.both);
    to->leaves += (uint64_t)(s.was - s.both);
    to->score_all += whole(s.high, s.low, b->count);
    to->score_pass += whole(s.high_pass, s.low_pass, b->count);
}

/* --- histogram --- */

enum { TABLES = 4 }; /* neighbours often fall into the same bin: in one table each would wait for the one before */

/* A whole number below 2^51 as a double: behind 1.5 * 2^52 it is the mantissa. (The machine has no instruction.) */
static inline double to_double(int64_t x)
{
    const double magic = 0x1.8p52;
    int64_t bits;
    double moved;
    memcpy(&bits, &magic, sizeof bits);
    bits += x;
    memcpy(&moved, &bits, sizeof moved);
    return moved - magic;
}

/* The quotient of doubles is right or one off; the products decide. */
static void find_bins(const int64_t *score_column, uint32_t count, int64_t width, int last, int32_t *out)
{
    const int64_t *restrict score = score_column;
    int32_t *restrict bin = out;
    const double factor = 1.0 / (double)width, step = (double)width;
    const int64_t top = last * width;
    for (uint32_t i = 0; i < count; i++) {
        int64_t s = score[i] < top ? score[i] : top;
        double x = to_double(s > -1 ? s : -1);
        int32_t k = (int32_t)(x * factor);
        k -= (double)k * step > x;
        k += ((double)k + 1) * step <= x;
        bin[i] = k + 1;
    }
}

void trial_count_bins(const struct trial_block *b, int64_t width, int last, uint64_t *bins)
{
    int32_t bin[SEGMENT_RUN];
    uint32_t tables[TABLES][TRIAL_BINS_MAX + 2] = {{0}}, i = 0, count = b->count;
    ensure(count <= SEGMENT_RUN && width > 0 && last <= TRIAL_BINS_MAX);
    if (width < INT64_C(1) << 43) {
        find_bins(b->score, count, width, last, bin);
    } else {
        for (uint32_t k = 0; k < count; k++) {
            int64_t q = b->score[k] / width;
            bin[k] = b->score[k] < 0 ? 0 : q < last ? (int32_t)q + 1 : last + 1;
        }
    }
    for (; !b->live && i + TABLES <= count; i += TABLES)
        for (uint32_t t = 0; t < TABLES; t++) tables[t][bin[i + t]]++;
    for (; i < count; i++) tables[0][bin[i]] += b->live ? (uint32_t)b->live[i] : 1;
    for (int k = 0; k < last + 2; k++)
        for (int t = 0; t < TABLES; t++) bins[k] += tables[t][k];
}
