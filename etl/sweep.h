/* sweep: one coefficient or the threshold of a formula over a range, all points in one pass over the generation; and
 * the threshold that lets a given number of customers pass. Reads a committed generation only, as etl/trial does.
 */
#ifndef CRMX_ETL_SWEEP_H
#define CRMX_ETL_SWEEP_H

#include "etl/scan.h"

enum { SWEEP_POINTS_MAX = 1000, SWEEP_THRESHOLD = -1 };

struct sweep_point {
    double value;            /* of the coefficient */
    int64_t threshold_minor; /* in force */
    uint64_t pass, enters, leaves;
    __int128 score_pass;
};

struct sweep_request {
    struct generation *g;
    struct pool *pool;
    int type;
    struct formula *formula; /* its coefficient is set to every value in turn, and back */
    int coefficient;         /* or SWEEP_THRESHOLD */
    int64_t active_threshold_minor;
    bool has_active; /* the generation has scores of this type to compare with */
};

struct sweep {
    uint64_t scored, excluded, active;
    uint64_t elapsed_ns;
};

/* Thresholds must ascend. Fills the counts of every point. */
bool sweep_run(const struct sweep_request *r, struct sweep_point *points, int count, struct sweep *out,
               struct status *st);

struct sweep_top {
    uint64_t eligible;      /* scored and not excluded */
    uint64_t wanted;        /* customers to pass */
    int64_t threshold;      /* the wanted-th largest score, in minor units */
    uint64_t pass;          /* customers who reach it: wanted, or more when scores are equal there */
    uint64_t ties;          /* customers with exactly this score */
    bool has_next;          /* there are larger scores */
    int64_t next_threshold; /* the next larger score: pass - ties reach it */
    uint64_t elapsed_ns;
};
/* Exact: over the scores of all customers; one who is taken in by an override is counted by the score like the others.
 * share > 0: so many percent of those eligible, rounded down, at least one. */
bool sweep_top(const struct sweep_request *r, uint64_t wanted, double share, struct sweep_top *out, struct status *st);

#endif
