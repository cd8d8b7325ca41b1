/* valuation: accounts whose balance is shares × NAV (domain 8). The product is a column like any other amount, but
 * every night it is computed anew for every row, whether the account moved or not, with the NAV of the night:
 * exact in 128 bits, rounded once, half away from zero. Of joint accounts each owner's shares are valued by
 * themselves, as initial and daily loads then agree to the fen.
 *
 * What that changes is counted (revalued): yesterday − removed + accepted + lifted + revalued = counted + pending
 * + …
 */
#ifndef CRMX_ETL_VALUATION_H
#define CRMX_ETL_VALUATION_H

#include "etl/populate.h"

/* Once a night, before any partition. Without such a table nothing is kept and nothing is asked again. */
void valuation_open(struct populate_job *j);
/* Rows of a table with a value column, sorted, owners merged. STATUS_INPUT for a fund whose NAV is too old, or a value
 * that 64 bits do not hold. */
bool valuation_rows(const struct table *t, const struct rates *rates, char *rows, uint32_t n, uint32_t stride,
                    struct populate_table_total *total, struct status *st);
/* A customer who enters tonight: was it by a NAV alone? Nothing of what he holds came tonight, none of it is in a
 * foreign currency, and the NAV of a fund he holds has moved. */
bool valuation_entered(const struct populate_job *j, const struct populate_worker *w, uint32_t place);

#endif
