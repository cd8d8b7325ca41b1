/* scorecard: the formulas of a unit bound to its tables: one per customer type (personal, corporate). */
#ifndef CRMX_ETL_SCORECARD_H
#define CRMX_ETL_SCORECARD_H

#include "etl/table.h"
#include "scoring/formula.h"
#include "scoring/interest_missing.h"
#include "scoring/measure.h"
#include "scoring/parts.h"

struct scorecard {
    struct formula *formula;
    struct measure_set *measures;
    struct formula_program *program;
    int64_t threshold_minor;
    int measures_count, results_count;
    int tier_result;   /* the result named tier, when it is a code; -1: none */
    int assets_result; /* the result named total_assets, when it is money; -1: none */
};

/* A challenger beside the active formula. Measures that both have (same_as: index in the active one, -1: none) are not
 * computed twice; card.measures holds the others, NULL when there are none. */
struct scorecard_shadow {
    struct scorecard card; /* formula NULL: no challenger */
    int same_as[128];
};

enum { SCORECARD_REASONS = 3 };

struct scorecards {
    struct scorecard of[CUSTOMER_TYPES]; /* formula NULL: customers of this type are not scored */
    struct scorecard_shadow shadow[CUSTOMER_TYPES];
    struct formula_parts *reasons[CUSTOMER_TYPES];    /* terms of the score; NULL: no output asks for reason codes */
    struct interest_missing *missing[CUSTOMER_TYPES]; /* accounts without an interest rate; NULL: nobody asks for one */
    bool uses_customer_field[CUSTOMER_TYPES][LAYOUT_FIELDS_MAX]; /* per customer field of the schema */
};

bool scorecards_load(const struct unit *u, const struct tables *tables, const struct rates *rates, struct arena *arena,
                     struct scorecards *out, struct status *st);
void scorecards_release(struct scorecards *s);
/* What a reason code stands for: the first measure of that term, or its number. "": 0, no reason. */
const char *scorecards_reason_name(const struct scorecards *s, int type, int64_t reason, char room[32]);

/* Measures see the columns only: a field that is not one has to become hot before a formula may use it. formula: for
 * the message. */
bool scorecard_check_columns(const struct measure_set *measures, const struct tables *tables,
                             const struct formula *formula, struct status *st);
/* "FILE:LINE:COLUMN: measure M uses the field F of layout L, which is not kept hot". Always false. */
bool scorecard_fail_not_hot(const struct formula *formula, const struct schema_table *table, const char *field,
                            struct status *st);

/* Name of the column of customer.seg that keeps a measure ("P.measure.存款") or a result ("C.result.tier"). A name
 * of more than 40 bytes is cut at a character and told apart from others by a hash of all of it. */
enum { SCORECARD_COLUMN_MAX = 64 };
const char *scorecard_column(int type, const char *kind, const char *name, char column[SCORECARD_COLUMN_MAX]);

/* An evaluation over a batch names a place in it ("of customer 17 of the batch"): puts the customer's number there, and
 * the command that shows it into the hint. first_number: of the batch, without the unit's prefix. Any other message
 * stays. Returns false. */
bool scorecard_name_customer(const struct unit *u, uint64_t first_number, uint32_t count, struct status *st);

#endif
