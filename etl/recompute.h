/* recompute: account-level measures computed over a committed generation alone: the trial's and the analyst's way to
 * ask for a measure that no formula has. Nothing is written, the inbox may be gone; the same rows give the same values
 * as the run, which crmx measure verify proves for the stored ones.
 *
 *     measure_bind(formula, g->tables.schema, recompute_rates(g), &set, st)     a formula made of the measures wanted
 *     recompute_run(&request, st)                                              calls visit for every block of customers
 *
 * How: a partition is a task of the pool. For each block of 4,096 customers the rows of every table that a measure
 * reads are decoded run by run from table-LAYOUT.seg (hot columns) and handed to measure_add; memory is constant
 * whatever the size of the unit. A field that is no column (keep = cold) is read from the archived records: right, but
 * a read for each row. An amount of an account with several owners is divided in the columns only, so a cold one is
 * refused. Fields of the customer (customer.birth) come out of the archived primary records: a read for each customer.
 *
 * Blocks come in any order and from any worker: what visit adds up must not depend on it (sums of integers do not).
 */
#ifndef CRMX_ETL_RECOMPUTE_H
#define CRMX_ETL_RECOMPUTE_H

#include "base/pool.h"
#include "etl/generation.h"
#include "scoring/measure.h"

struct recompute_block {
    uint64_t first_number; /* of its first customer, without the prefix */
    uint32_t partition, first_place, count;
    const int64_t *types;           /* CUSTOMER_PERSONAL … (etl/unit.h) */
    const int64_t *flags;           /* CUSTOMER_SELECTED … (etl/populate.h) */
    const int64_t *primary;         /* record ids, for customer fields */
    const int64_t *const *measures; /* [measure][customer]; money in minor units */
};
typedef bool recompute_visit(void *context, int worker, const struct recompute_block *b, struct status *st);

struct recompute_request {
    struct generation *g;
    const struct measure_set *measures;
    struct pool *pool; /* NULL: the calling thread alone (worker 0) */
    recompute_visit *visit;
    void *context;
    bool one_type; /* only customers of `type` count: an overflow of others is none, their values are unspecified */
    int type;
    bool one_partition; /* only that one: a single customer */
    uint32_t partition;
    const struct formula *formula; /* for the places of messages; NULL: they have none */
};

struct measure_rates recompute_rates(const struct generation *g);
/* STATUS_USAGE when a measure reads what cannot be computed from the generation. */
bool recompute_run(const struct recompute_request *r, struct status *st);

#endif
