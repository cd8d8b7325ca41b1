/* control_sum: control sums of an output file for the manifest of a delivery, added up from the bytes that are
 * delivered.
 *
 * Each field of type amount, per currency where the rows have a field `currency`, else over all rows; exact in
 * 128 bits, with the decimals of the field:
 *
 *     "balance.CNY=1234567.890 balance.USD=12.000 rate.CNY=3.141500"
 *
 * Fields in the order of the output, currencies in byte order; a receiver adds up the same columns and compares.
 * Whether the rows themselves are right is the tie-out's business (etl/reconcile); this is about what arrived.
 */
#ifndef CRMX_ETL_CONTROL_SUM_H
#define CRMX_ETL_CONTROL_SUM_H

#include "etl/output.h"

/* Record after record: new, add for each, text. All in the arena. */
struct control_sums;
struct control_sums *control_sums_new(const struct output *o, struct arena *arena);
/* False: where the layout has an amount the record holds none, or there are more than 256 currencies. */
bool control_sums_add(struct control_sums *s, const char *record);
/* NULL when the output has no amounts, or nothing was added. */
const char *control_sums_text(struct control_sums *s, struct arena *arena);

/* Of a whole file. STATUS_CORRUPT when a value is no amount. */
bool control_sum(const struct output *o, const char *path, struct arena *arena, const char **text, struct status *st);

#endif
