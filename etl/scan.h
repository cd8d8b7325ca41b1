/* scan: one pass over the customers of one type of a committed generation, at full speed: what trials, sweeps, queries
 * and statistics are made of. Reads the generation's own files only and writes nothing.
 *
 *     struct scan *s = scan_open(&request, st);      which measures are stored, which must be computed again
 *     scan_run(s, visit, context, st);               visit for every block of customers; several times if wanted
 *     scan_close(s);
 *
 * What a block costs: the columns that are needed, and no others, are loaded a partition (65,536 customers) at a time
 * and decoded run by run (4,096 values); programs are evaluated in slices that stay in the first-level cache; nothing
 * is allocated for a customer. A measure whose definition equals one of the generation's own formula is that column;
 * for the others the accounts are read again (etl/recompute.h), all of them in one pass over the tables they name.
 *
 * Blocks come in any order and from any worker; within a partition in order and from one worker. What visit adds up
 * must not depend on it. Customers of the other type stand in the blocks (types tells) and have no meaning there.
 */
#ifndef CRMX_ETL_SCAN_H
#define CRMX_ETL_SCAN_H

#include "base/pool.h"
#include "etl/generation.h"
#include "etl/record.h"
#include "etl/scorecard.h"

enum { SCAN_STORED_MAX = 64 };

struct scan_block;
/* Customer fields besides those of the generation's schema, behind them: what a query knows (etl/query_field.h). */
struct scan_more {
    const struct schema *schema; /* with both, that of the programs */
    int base;                    /* so many are the generation's */
    void *context;
    /* Values of field base + `field` for the customers of a block, of the other type, too. Any thread. */
    bool (*values)(void *context, int field, const struct scan_block *b, int64_t *out, struct status *st);
};

struct scan_request {
    struct generation *g;
    struct pool *pool;
    int type;                                /* CUSTOMER_PERSONAL … */
    const struct formula *formula;           /* whose measures; NULL: stored columns only */
    struct formula_program *const *programs; /* of this formula with the generation's schema */
    int programs_count;
    bool one_by_one;             /* visit is called for each program in turn: many programs share one set of results */
    const bool *measures_wanted; /* per measure: also when no program uses it; NULL: none */
    const bool *fields_wanted;   /* per customer field of the schema, the same */
    const char *const *stored;   /* columns of customer.seg wanted besides; a missing one is a failure */
    int stored_count;
    bool records;                 /* visit looks at primary[] and records */
    const struct scan_more *more; /* NULL: none */
    bool one_partition;           /* only that one: a single customer */
    uint32_t partition;
};

struct scan_block {
    uint64_t first_number; /* of its first customer, without the prefix */
    uint32_t partition, first_place, count;
    bool all_of_type; /* nobody of the other type stands in it */
    int program;      /* one by one: whose results stand in results[0]; else 0 */
    const int64_t *types, *flags, *primary;
    const int64_t *const *measures;       /* [measure]; NULL where nobody asked */
    const int64_t *const *fields;         /* [customer field of the schema]; NULL where nobody asked */
    const int64_t *const *stored;         /* [as asked for] */
    const int64_t *const *const *results; /* [program][result] */
    struct record_reader *records;        /* for record_at(primary[i]); only when asked for */
};
typedef bool scan_visit(void *context, int worker, const struct scan_block *b, struct status *st);

struct scan;
struct scan *scan_open(const struct scan_request *r, struct status *st);
void scan_close(struct scan *s);
bool scan_run(struct scan *s, scan_visit *visit, void *context, struct status *st);

int scan_workers(const struct scan *s);
/* Is the measure a column of the generation (false: its accounts are read again)? Measures nobody asked for are. */
bool scan_is_stored(const struct scan *s, int measure);
/* "P.result.score": name of a column of customer.seg; texts live in the arena. */
const char *scan_column_name(int type, const char *kind, const char *name, struct arena *arena);
/* What the night would refuse: a measure that reads a field that is not kept hot. */
bool scan_check_hot(const struct generation *g, const struct measure_set *measures, const struct formula *formula,
                    struct status *st);

#endif
