/* lint_population: the rule of the lint that needs a population ("952 of 2,530 pass by this term alone"), counted over
 * a committed generation: crmx formula lint and crmx formula submit.
 *
 *     lint_formula(&l, f, program) → lint_population(&l, f, type, g, pool, st)
 *
 * One scan (etl/scan.h): measures that the generation has are read from their columns, of others the accounts are read
 * again. Customers on the exclusion list do not count: no score of theirs selects them.
 */
#ifndef CRMX_ETL_LINT_POPULATION_H
#define CRMX_ETL_LINT_POPULATION_H

#include "etl/scan.h"
#include "scoring/lint.h"

/* Adds the findings of LINT_ALONE about formula f (its threshold is the one in force) for customers of a type. pool
 * NULL: the calling thread alone. Fails where a trial of the formula would: an overflow, a field nobody has. */
bool lint_population(struct lint *l, const struct formula *f, int type, struct generation *g, struct pool *pool,
                     struct status *st);

#endif
