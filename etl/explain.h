/* explain: one customer's score taken apart: its terms, the measures in them, the accounts behind each measure, and
 * what would bring the customer over or below the threshold. Over a committed generation, with its own formula or with
 * one that is tried; or over values typed by hand.
 *
 *     explain_open(&e, formula, schema, st)
 *     explain_customer(&e, g, type, &customer, st)   or fill e.measures and e.fields and call explain_evaluate
 *     e.results, e.part_values …
 *     explain_changes(&e, list, max, st)             the smallest change of each measure that crosses the threshold
 *     explain_accounts(&e, g, &customer, arena, …)   every row that adds to a measure, with what it adds
 *     explain_close(&e)
 *
 * Every figure comes out of the evaluator of the night; nothing is computed a second way.
 */
#ifndef CRMX_ETL_EXPLAIN_H
#define CRMX_ETL_EXPLAIN_H

#include "etl/lookup.h"
#include "scoring/parts.h"

enum { EXPLAIN_MEASURES_MAX = 128, EXPLAIN_RESULTS_MAX = 32, EXPLAIN_REASONS = 3 };

struct explain {
    const struct formula *formula;
    struct formula_program *program;
    struct formula_scratch *scratch;
    struct formula_parts *parts;
    struct formula_parts_scratch *parts_scratch;
    int64_t measures[EXPLAIN_MEASURES_MAX]; /* money in minor units, dates as days or DATE_NONE */
    int64_t fields[LAYOUT_FIELDS_MAX];      /* customer fields of the schema */
    int64_t results[EXPLAIN_RESULTS_MAX];
    int64_t part_values[FORMULA_PARTS_MAX];
};

bool explain_open(struct explain *e, const struct formula *f, const struct schema *schema, struct status *st);
void explain_close(struct explain *e);
/* Results and parts from e->measures and e->fields. */
bool explain_evaluate(struct explain *e, struct status *st);
/* Measures and fields of a customer as the generation has them (or its accounts give them), then explain_evaluate. */
bool explain_customer(struct explain *e, struct generation *g, const struct lookup_customer *c, struct status *st);

/* The terms of the score that add most, largest first; equal ones in the order of the formula. Indexes of parts; only
 * terms that add something. The same order as etl/populate stores. */
int explain_reasons(const struct explain *e, int part[EXPLAIN_REASONS]);

struct explain_change {
    int measure;
    int64_t change; /* added to the measure, the smallest found that crosses the threshold */
    int64_t score;  /* then */
};
/* Of each measure of the formula alone, all else as it is: from below to the threshold, or from above below it (a
 * measure goes to zero at most, a date by days to either side, a missing one not at all). Money first, smallest change
 * first. Returns how many. */
int explain_changes(struct explain *e, int64_t threshold_minor, struct explain_change *out, int max);

struct explain_account {
    int measure, table;
    uint32_t record;
    int64_t value; /* what the row alone gives the measure; of an average the row's own value */
};
/* Rows in the order of measures, tables, rows. Rows that give 0, of a measure of dates no date, are left out. */
bool explain_accounts(const struct explain *e, struct generation *g, const struct lookup_customer *c,
                      struct arena *arena, struct explain_account **out, int *count, struct status *st);

#endif
