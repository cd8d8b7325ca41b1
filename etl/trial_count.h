/* trial_count: the loops of a trial over a block of customers. Pure functions of columns of at most SEGMENT_RUN values.
 *
 * Exact: sums in halves of 128 bits, bins decided by products of whole numbers below 2^53.
 */
#ifndef CRMX_ETL_TRIAL_COUNT_H
#define CRMX_ETL_TRIAL_COUNT_H

#include "etl/trial.h"

struct trial_block {
    uint32_t count;
    const int64_t *score, *flags;
    /* What is compared with: scores and their threshold, or what the flags say passed that night (a column of eight
     * bytes less to read), or nobody. */
    const int64_t *active;
    bool by_flags;       /* active is NULL then */
    const int64_t *live; /* 1 for who counts, 0 for who does not; NULL: everybody counts */
    int64_t threshold, active_threshold;
    int64_t *passes, *was; /* out: 0 or 1 per customer; NULL: not wanted (neither of them) */
};

/* Adds the block to *to. */
void trial_count_block(const struct trial_block *b, struct trial_count *to);

/* bins[0] counts scores below 0, bins[1 + k] those in [k * width, (k + 1) * width), bins[1 + last] those above. */
void trial_count_bins(const struct trial_block *b, int64_t width, int last, uint64_t *bins);

#endif
