/* typed_value: the measures and fields of a customer who is typed, NAME=VALUE, instead of read (crmx trial FORMULA
 * NAME=VALUE …).
 *
 * Money in yuan, dates as 1980-01-31 or 19800131 or nothing, codes as they are. A measure or date that is not typed is
 * that of somebody without accounts; a code or number that the formula uses has to be typed. Each name at most once, by
 * whatever of its names.
 */
#ifndef CRMX_CONTROL_TYPED_VALUE_H
#define CRMX_CONTROL_TYPED_VALUE_H

#include "etl/explain.h"

/* Fills e->measures and e->fields; e is open, its schema is handed in. Fails with what is wrong and what to type. */
bool typed_values_read(struct arena *arena, struct explain *e, const struct schema *schema, const char *const *values,
                       int count, struct status *st);

#endif
