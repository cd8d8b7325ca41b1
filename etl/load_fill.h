/* load_fill: one CRM table of a load: its detached leaf is made, filled by COPY, indexed and analysed, in one
 * transaction.
 *
 * The transaction makes and fills the table, so the server neither logs the rows (wal_level = minimal) nor leaves half
 * of them behind: after a crash the leaf exists complete or not at all.
 */
#ifndef CRMX_ETL_LOAD_FILL_H
#define CRMX_ETL_LOAD_FILL_H

#include "etl/load_plan.h"

/* Adds the characters that were replaced to *replaced. */
bool load_fill_table(PGconn *c, const struct load_request *r, const struct load_plan *plan,
                     const struct load_table_plan *t, uint64_t *replaced, struct status *st);

#endif
