/* populate (steps 040 measure, 050 score, 060 select, 070 build, 080 export), one fused pass: partition by partition of
 * the population, everything a customer has is brought together, written as columns, measured, scored, selected, and
 * the rows of the output files are built while all of it is in the cache.
 *
 * Segments written: customer.seg (primary record, type, flags, results, measures), source.seg (the customer records
 * behind each customer), table-LAYOUT.seg (rows and hot columns). Files written: out/FILE for each output of the unit.
 *
 * Invariants: rows stand in the order (number, record id); partition p's bytes follow partition p-1's; nothing depends
 * on the number of threads, the batch size or what was spilled.
 */
#ifndef CRMX_ETL_POPULATE_H
#define CRMX_ETL_POPULATE_H

#include "etl/build.h"
#include "etl/export.h"
#include "etl/integrate.h"
#include "etl/ordered.h"
#include "etl/scorecard.h"
#include "etl/segment.h"

/* GONE: the number is not in force (merged, closed, never used); its type is CUSTOMER_TYPES. KEPT: does not pass the
 * threshold any more, stays by the leave policy. PASSES: the threshold result alone.
 * selected = scored, not excluded, and reached the threshold, overridden or kept */
enum {
    CUSTOMER_SELECTED = 1,
    CUSTOMER_EXCLUDED = 2,
    CUSTOMER_SCORED = 4,
    CUSTOMER_OVERRIDDEN = 8,
    CUSTOMER_GONE = 16,
    CUSTOMER_KEPT = 32,
    CUSTOMER_PASSES = 64
};

struct populate_table_total {
    uint64_t rows;
    __int128 sum[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX];
    uint64_t merged_rows;            /* owners of one account who are one customer */
    uint64_t old_rows, removed_rows; /* of yesterday, and those of them that tonight's took the place of */
    __int128 old_sum[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX], removed_sum[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX];
    uint64_t dropped_rows;
    __int128 dropped_sum[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX];
    uint64_t revalued_rows; /* shares × NAV: what tonight's NAV makes of them beside what they stood for */
    __int128 revalued_sum[DECODE_CURRENCIES_MAX];
};

enum { POPULATE_TIERS_MAX = 32 }; /* codes of a result named tier that are counted */

/* The challenger beside the active formula: by whom a customer is selected, and what would happen tonight if it were
 * the active one: selected = passing + kept by the leave policy; entering, leaving: beside tonight's selection. */
enum populate_overlap { OVERLAP_BOTH, OVERLAP_ACTIVE, OVERLAP_SHADOW, OVERLAP_NEITHER, OVERLAPS };
struct populate_shadow {
    uint64_t passing, customers[OVERLAPS], kept, entering, leaving;
    __int128 score, assets[OVERLAPS];
};

struct populate_total {
    uint64_t customers[CUSTOMER_TYPES], scored[CUSTOMER_TYPES], selected[CUSTOMER_TYPES], excluded[CUSTOMER_TYPES];
    uint64_t tiers[CUSTOMER_TYPES][POPULATE_TIERS_MAX]; /* of the selected */
    /* Scored customers who reached the threshold; of these those who are excluded; and who are selected by the override
     * list alone. selected = reached - reached_excluded + by_override. */
    uint64_t reached[CUSTOMER_TYPES], reached_excluded[CUSTOMER_TYPES], by_override[CUSTOMER_TYPES];
    uint64_t overridden[CUSTOMER_TYPES]; /* on the override list */
    __int128 score_all[CUSTOMER_TYPES], score_selected[CUSTOMER_TYPES];
    __int128 measure_sum[CUSTOMER_TYPES][128];
    struct populate_shadow shadow[CUSTOMER_TYPES];               /* etl/populate_extra.h */
    uint64_t without_rate[CUSTOMER_TYPES][INTEREST_MISSING_MAX]; /* accounts, per measure of scorecards.missing */
    uint64_t members, closed_members;
    uint64_t entered, left, kept[CUSTOMER_TYPES];
    uint64_t entered_by_nav; /* of the entered: by what their funds are worth alone (etl/valuation) */
    uint64_t output_rows[UNIT_OUTPUTS_MAX];
    struct populate_table_total *table; /* one per table */
};

struct populate {
    struct integrate *in;
    const struct scorecards *cards;
    const char *folder; /* generation under construction */
    uint32_t batch;     /* customers per scoring block, at most MEASURE_BLOCK_CUSTOMERS */
    struct progress *progress;
    /* results */
    struct populate_total *total;
    struct ordered_total outputs[UNIT_OUTPUTS_MAX]; /* bytes; the hash only where it was made on the way (hash_known) */
    bool hash_known[UNIT_OUTPUTS_MAX];
};

bool populate_run(struct populate *p, struct status *st);

/* --- parts --- */

struct populate_member { /* a customer record of a customer; the first two as in struct member_tuple */
    uint32_t customer, record;
    uint32_t founded; /* index of the customer it founded, APPLY_NONE: none */
    uint32_t closed;
};

struct populate_old { /* a partition of yesterday, decoded */
    uint32_t places;  /* 0: there was none */
    int64_t *primary, *type, *flags, *entry, *below, *member_count, *member, *founded, *closed;
    struct integrate_scratch room[9];
};

struct populate_old_column { /* where the values of a table's column stand in yesterday's segment */
    int column;              /* -1: nowhere */
    bool cold;               /* then perhaps in the archived records */
    int64_t times, none;
    uint8_t *codes;  /* [code of yesterday] → code of tonight; NULL: the same */
    uint16_t *funds; /* the same of the places of funds in the NAVs */
};

struct populate_old_table {
    struct segment *segment; /* NULL: the table is new */
    struct populate_old_column column[TABLE_COLUMNS_MAX];
    bool cold; /* some column is */
};

struct populate_old_part { /* yesterday's rows of one table of one partition, in the order (place, record) */
    char *rows;            /* as in struct populate_rows */
    uint32_t stride, count;
    uint32_t *start; /* [place of tonight's partition] → first row; one more at the end */
};

struct populate_rows { /* the rows of one table of one partition, sorted */
    char *rows;        /* stride bytes each: owned_tuple (customer = place in its batch), columns */
    uint32_t stride, count;
    uint32_t *start; /* [customer of the partition] → first row; one more at the end */
};

static inline uint32_t populate_record(const char *rows, uint32_t stride, uint32_t i)
{
    uint32_t record;
    memcpy(&record, rows + (size_t)i * stride + offsetof(struct owned_tuple, record), sizeof record);
    return record;
}

struct populate_worker {
    struct integrate_scratch raw, sorted[UNIT_LAYOUTS_MAX], starts[UNIT_LAYOUTS_MAX], order;
    struct populate_rows table[UNIT_LAYOUTS_MAX];
    struct integrate_scratch member_raw, member_start, member_tuples, removed, removed_sorted;
    struct integrate_scratch fresh, old_rows;
    struct populate_old old;
    struct buf loaded;
    int32_t *entry, *below; /* entry date and since when below the bar of the leave policy, DATE_NONE; per customer */
    size_t entry_size, below_size;
    struct populate_member *members; /* sorted */
    uint32_t *member_of;             /* start per customer */
    struct segment_part *customer_part, *source_part, *table_part;
    int64_t *values; /* one column while it is written */
    size_t values_size;
    int64_t *columns; /* measures and results of the partition: [type][column][customer] */
    size_t columns_size;
    uint32_t *primary; /* [customer of the partition] */
    size_t primary_size;
    uint8_t *flags, *types;
    size_t flags_size, types_size;
    struct measure_block *blocks[CUSTOMER_TYPES];
    struct formula_scratch *scratch[CUSTOMER_TYPES];
    int64_t *customer_fields; /* [field][place in batch] */
    int64_t *averages;        /* sums of the days: [average][customer of the partition] */
    size_t averages_size;
    struct populate_extra *extra; /* NULL: nothing is asked for */
    struct build_tool *tool;
    struct buf out[UNIT_OUTPUTS_MAX];
    struct populate_total *total;
};

struct populate_heir { /* a customer into whom one with an entry date went tonight */
    uint32_t customer;
    int32_t entry;
};

struct populate_job {
    struct populate *p;
    struct populate_worker *workers;
    struct segment_writer *customer, *source, *table[UNIT_LAYOUTS_MAX];
    struct populate_old_table *old_table; /* per table; NULL: no population of yesterday */
    struct populate_averages *averages;   /* NULL: none are configured */
    uint32_t *first_new;                  /* per table: the first record of tonight; NULL: nothing is shares × NAV */
    struct populate_heir *heirs;          /* by customer, the earliest first */
    uint32_t heirs_count;
    struct ordered *output[UNIT_OUTPUTS_MAX]; /* NULL: through export */
    struct export_output export[UNIT_OUTPUTS_MAX];
    struct build *build[UNIT_OUTPUTS_MAX];
    uint64_t feeds[UNIT_OUTPUTS_MAX]; /* bit t: rows of table t go to the output */
    int column_base[CUSTOMER_TYPES];  /* first segment column of the measures and results of a type */
    int column_extra;                 /* first one behind them all */
};

struct populate_range {               /* the customers of a partition */
    uint32_t partition, first, count; /* first: customer index */
};

/* populate_rows.c: sorted rows and members of a partition */
bool populate_take_rows(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int table,
                        struct status *st);
bool populate_take_members(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                           struct status *st);
/* The amounts of rows, by currency. */
void populate_add_rows(const struct table *t, const char *rows, uint32_t n, uint32_t stride,
                       __int128 (*sum)[DECODE_CURRENCIES_MAX]);
bool populate_write_rows(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int table,
                         struct status *st);
/* populate_old.c: what yesterday's population has of a partition */
bool populate_open_old(struct populate_job *j, struct status *st);
bool populate_load_old(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                       struct status *st);
/* Yesterday's rows of a partition as they were, in w's room. */
bool populate_old_rows(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int table,
                       struct populate_old_part *out, struct status *st);
void populate_release_old(struct populate_worker *w);
/* populate_merge.c: yesterday's rows that stay and tonight's (start: per place, one more at the end), into out, which
 * has room for all of them. */
bool populate_merge_rows(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int table,
                         const char *fresh, const uint32_t *fresh_start, const struct populate_old_part *old, char *out,
                         uint32_t *start, uint32_t *count, struct status *st);
/* populate_entry.c: entry dates of customers who became one */
/* What yesterday's customer.seg has of one number in a column; none: it has no such place. */
bool populate_old_value(struct generation *old, int column, uint64_t number, int64_t none, int64_t *out,
                        struct status *st);
bool populate_open_heirs(struct populate_job *j, struct status *st);
/* entry: [customer of the partition], DATE_NONE: none; an heir has the earliest of its own and those it inherits. */
void populate_inherit(const struct populate_job *j, const struct populate_range *r, int32_t *entry);
/* populate_score.c: measures and results of a partition into w->columns, flags */
bool populate_score(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                    struct status *st);
/* populate_output.c */
bool populate_outputs(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                      struct status *st);
/* Column c (measures first, then results) of a type, for the customers of the partition. */
static inline int64_t *populate_column(const struct populate_worker *w, const struct populate_job *j,
                                       const struct populate_range *r, int type, int c)
{
    int columns = type == 0                    ? 0
                  : j->p->cards->of[0].formula ? j->p->cards->of[0].measures_count + j->p->cards->of[0].results_count
                                               : 0;
    return w->columns + (size_t)(columns + c) * r->count;
}

#endif
