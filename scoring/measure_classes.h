/* measure_classes: sorts the rows of a chunk by group, branch-free. Internal to scoring/. */
#ifndef CRMX_SCORING_MEASURE_CLASSES_H
#define CRMX_SCORING_MEASURE_CLASSES_H

#include "scoring/measure_plan.h"

/* selections[g × MEASURE_CHUNK_ROWS …] = the rows of group g, ascending; counts[g] how many. classes is work space for
 * MEASURE_CHUNK_ROWS numbers. A code outside its list is a bug of the caller and aborts. */
void classes_partition(const struct table_plan *t, const struct measure_rows *rows, uint32_t first, uint32_t count,
                       uint16_t *classes, uint16_t *selections, uint32_t *counts);
/* Makes t->places and t->groups_of for the classes of t (measure_bind). */
void classes_prepare(struct arena *a, struct table_plan *t, const uint16_t *groups_of_class);

#endif
