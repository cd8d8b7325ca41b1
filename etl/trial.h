/* trial 试算: what would a formula do, over a committed generation. Never touches the population, the database or an
 * output file: it reads a generation and answers; the answer may be kept as a small file that an approval refers to.
 *
 *     trial_run(&request, &trial, st)              counts, sums, histogram, who enters and leaves, by branch and tier
 *     trial_result_write(unit_folder, &r, st)      state/units/UU/trial/HASH.json
 *     trial_result_check(unit_folder, hash, …)     before a formula is submitted or approved
 *     trial_release(&trial)
 *
 * Selection here is what the night does: the score of a customer who is not on the exclusion list reaches the
 * threshold, or an override takes the customer in. "Active" is the formula and the scores the generation was committed
 * with; a trial of that formula itself gives the run's own totals (tests/integration/workbench.sh compares them with
 * totals.tsv).
 *
 * A value that is no number a result can hold, an overflow of a measure, a formula the night would refuse: trial_run
 * fails, and what is written says that this formula cannot be submitted, and why.
 */
#ifndef CRMX_ETL_TRIAL_H
#define CRMX_ETL_TRIAL_H

#include "etl/group.h"
#include "etl/scan.h"

enum { TRIAL_BINS_MAX = 200, TRIAL_BY_MAX = 8, TRIAL_TOTALS_MAX = 160 };

struct trial_count {
    uint64_t scored, excluded;
    uint64_t pass, active;   /* selected by this formula, by the active one */
    uint64_t enters, leaves; /* selected by this one only, by the active one only */
    __int128 score_all, score_pass;
};

struct trial_customer {
    uint64_t number; /* without the prefix */
    int64_t score, active_score;
};

/* Everybody scored, those it selects, those the active formula selects. */
enum { TRIAL_ALL, TRIAL_PASS, TRIAL_ACTIVE, TRIAL_GROUPS };

struct trial_total { /* of a result or measure, money in minor units */
    const char *name;
    enum value_type type;
    bool is_measure;
    __int128 sum[TRIAL_GROUPS];
};

struct trial_dates { /* of a measure of dates, which nobody adds */
    const char *name;
    struct trial_range {
        uint64_t customers; /* who have one */
        int32_t first, last;
    } of[TRIAL_GROUPS];
};

enum { TRIAL_GROUP_CUSTOMERS, TRIAL_GROUP_PASS, TRIAL_GROUP_ACTIVE, TRIAL_GROUP_ENTERS, TRIAL_GROUP_LEAVES };

struct trial_by {
    const char *name;         /* branch, tier, manager … */
    bool is_date;             /* whose empty key is a missing one */
    struct group_set *groups; /* counts as above; sum 0: score of those it selects */
};

/* What is compared with: the active formula's scores in the generation, or scores of another trial. */
struct trial_baseline {
    const int64_t *scores; /* [customer of the generation]; NULL: the stored ones */
    int64_t threshold_minor;
};

struct trial_request {
    struct generation *g;
    struct pool *pool;
    int type;
    const struct formula *formula; /* with the threshold and coefficients that are tried */
    const char *name;              /* of the formula, for messages */
    uint64_t sample;               /* 0: everybody; else so many customers, evenly spread, always the same */
    int bins;                      /* of the histogram, each bin_width wide from 0 on; 0: none */
    int64_t bin_width;
    const char *by[TRIAL_BY_MAX]; /* fields of customer records, or results of type code */
    int by_count;
    bool lists;                            /* who enters and leaves */
    bool measures;                         /* totals of all measures, too, and the dates */
    int64_t *scores;                       /* [customer of the generation] or NULL: keep them, as a baseline */
    const struct trial_baseline *baseline; /* NULL: the active formula */
};

struct trial {
    struct arena arena;
    struct trial_count count;
    uint64_t bins[TRIAL_BINS_MAX + 2]; /* first: below 0; last: above the last bin */
    struct trial_total totals[TRIAL_TOTALS_MAX];
    int totals_count;
    struct trial_dates dates[TRIAL_TOTALS_MAX];
    int dates_count;
    struct trial_by by[TRIAL_BY_MAX];
    int by_count;
    struct trial_customer *entering, *leaving; /* by number */
    uint64_t entering_count, leaving_count;
    int measures_stored, measures_again; /* of those the formula uses */
    bool has_active;                     /* the generation has a formula for this type */
    uint64_t elapsed_ns;                 /* of the pass alone */
};

bool trial_run(const struct trial_request *r, struct trial *out, struct status *st);
void trial_release(struct trial *t);

/* --- the result as a file --- */

enum { TRIAL_HASH_MAX = 65, TRIAL_TEXT_MAX = 768 };

struct trial_result {
    char hash[TRIAL_HASH_MAX]; /* trial_hash of what was tried: what an approval is bound to */
    char unit[16], type[16];   /* "11", "personal" */
    char formula[256];         /* its name or file, as tried */
    char generation[GENERATION_ID_MAX], manifest_hash[33];
    char business_date[11], made[21];
    int64_t threshold_minor;
    uint64_t scored, excluded, selected, active, entering, leaving;
    char score_all[48], score_selected[48]; /* decimals, two places */
    bool may_be_submitted;
    char reason[TRIAL_TEXT_MAX]; /* why not */
};

/* SHA-256 over the threshold in force and every byte of the formula file: a changed comment is another formula, too,
 * since people approve what they read. */
void trial_hash(struct view formula_text, int64_t threshold_minor, char hash[TRIAL_HASH_MAX]);
bool trial_result_write(const char *unit_folder, const struct trial_result *r, struct status *st);
/* The gate before submission: tried over a whole generation of this unit and type, and nothing against it. Fails with
 * STATUS_USAGE and the trial to run. */
bool trial_result_check(const char *unit_folder, const char *unit, const char *type, const char *hash,
                        struct trial_result *out, struct status *st);

#endif
