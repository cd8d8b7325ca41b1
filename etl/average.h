/* average: average daily balances 日均余额. What a money measure of the formula came to at the end of each day is added up
 * per customer, from generation to generation, in minor units of the base currency × days (积数); divided by the days
 * of the month or year it is the average, which formulas use as a field of the customer:
 *
 *     units/UU.ini   [averages]  deposits_month = month demand_cny
 *     gen/ID         customer.seg: column average.NAME, the sum of the days;   averages.tsv: since when it is carried
 *
 * What counts (docs/decisions/013): every calendar day, each at its own rates, closed days and days without a file with
 * what is known; the sum starts anew on the first of the month or year. The divisor is the same for all: the days of
 * the period up to today, from the day on which carrying began. Who came later had nothing before. Carrying begins anew
 * when the measure is defined otherwise. The sum goes with the number: a number that is merged hands it over, one that
 * parts begins with nothing, one that comes back has what it had.
 */
#ifndef CRMX_ETL_AVERAGE_H
#define CRMX_ETL_AVERAGE_H

#include "etl/scorecard.h"

struct conf;
struct generation;

struct average_state { /* of one average of a generation */
    int32_t since;     /* first day in the sums; DATE_NONE: the generation holds none */
    uint64_t definition;
};

bool average_read_config(struct conf *c, struct unit *u, struct arena *arena, struct status *st);
/* Each has a money measure in one of the formulas at least, and no measure has its name. */
bool average_check(const struct unit *u, const struct scorecards *cards, struct status *st);
/* Index of the average that a customer field of the schema is, -1: a field of the customer's records. */
int average_of_field(const struct unit *u, const char *name);
/* The average of a unit with that name and period, -1. */
int average_find(const struct unit *u, const struct unit_average *a);
/* Measure of a customer type's formula, -1: it has none of that name. */
int average_measure(const struct unit_average *a, const struct scorecard *card);
/* Fingerprint of what is added up: the definitions of the measure in both formulas. */
uint64_t average_definition(const struct unit_average *a, const struct scorecards *cards);

/* First day of its month or year. */
int32_t average_period_start(const struct unit_average *a, int32_t date);
/* Days of the period that the sums hold on that date; at least 1. */
int32_t average_days(const struct unit_average *a, int32_t since, int32_t date);
/* sum / days, half away from zero. */
int64_t average_value(int64_t sum, int32_t days);
const char *average_column(const struct unit_average *a, char column[SCORECARD_COLUMN_MAX]);

bool average_write(const struct unit *u, const struct average_state *states, const char *folder, struct status *st);
/* states: one per average of the unit; all without a day when the generation has no such file. */
bool average_read(const struct unit *u, const char *folder, struct average_state *states, struct status *st);
/* Averages of customers [first, first + count) of a partition of a generation; first a multiple of SEGMENT_RUN. */
bool average_values(struct generation *g, int average, uint32_t partition, uint64_t first, uint32_t count, int64_t *out,
                    struct status *st);

#endif
