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

enum {
    TABLES = 4,
    BINS_AT_ONCE = 128
}; /* neighbours often fall into the same bin: in one table each would wait for the one before */

typedef double vec __attribute__((vector_size(32)));
typedef int64_t mask __attribute__((vector_size(32)));

#define SAME(x) ((vec){(x), (x), (x), (x)})

/* From score on, in doubles, which hold whole numbers below 2^53 exactly: 1.5 * 2^52 put before a whole number below
 * 2^51 has it as its mantissa. The nearest whole number to the quotient is the bin or the one above it; the product
 * decides. */
static void find_bins(const int64_t *score, int64_t width, int last, int64_t *bin)
{
    const vec magic = SAME(0x1.8p52), factor = SAME(1.0 / (double)width), step = SAME((double)width);
    const int64_t top = last * width;
    const mask highest = {top, top, top, top}, lowest = {-1, -1, -1, -1};
    for (int i = 0; i < BINS_AT_ONCE; i += 4) {
        mask s;
        memcpy(&s, score + i, sizeof s);
        s = (s & (s < highest)) | (highest & ~(s < highest));
        s = (s & (s > lowest)) | (lowest & ~(s > lowest));
        vec x = (vec)(s + (mask)magic) - magic;
        vec k = x * factor + magic;
        mask found = (mask)k - (mask)magic + ((k - magic) * step > x) + 1;
        memcpy(bin + i, &found, sizeof found);
    }
}

void trial_count_bins(const struct trial_block *b, int64_t width, int last, uint64_t *bins)
{
    uint32_t tables[TABLES][TRIAL_BINS_MAX + 2], count = b->count, i = 0;
    ensure(count <= SEGMENT_RUN && width > 0 && last <= TRIAL_BINS_MAX);
    for (int t = 0; t < TABLES; t++) memset(tables[t], 0, sizeof **tables * (size_t)(last + 2));
    for (; width < INT64_C(1) << 43 && i + BINS_AT_ONCE <= count; i += BINS_AT_ONCE) {
        int64_t bin[BINS_AT_ONCE];
        find_bins(b->score + i, width, last, bin);
        for (uint32_t k = 0; !b->live && k < BINS_AT_ONCE; k += TABLES)
            for (uint32_t t = 0; t < TABLES; t++) tables[t][bin[k + t]]++;
        for (uint32_t k = 0; b->live && k < BINS_AT_ONCE; k++) tables[0][bin[k]] += (uint32_t)b->live[i + k];
    }
    for (; i < count; i++) {
        int64_t q = b->score[i] / width;
        tables[0][b->score[i] < 0 ? 0 : q < last ? q + 1 : last + 1] += b->live ? (uint32_t)b->live[i] : 1;
    }
    for (int k = 0; k < last + 2; k++)
        for (int t = 0; t < TABLES; t++) bins[k] += tables[t][k];
}
