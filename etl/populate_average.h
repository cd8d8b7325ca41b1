/* populate, average daily balances (etl/average.h): does nothing where the unit has none.
 *
 *     open ► declare ► per partition: load ► per batch and customer type: add, fields ► put
 */
#ifndef CRMX_ETL_POPULATE_AVERAGE_H
#define CRMX_ETL_POPULATE_AVERAGE_H

#include "etl/average.h"
#include "etl/populate.h"

/* What is carried on from yesterday, what begins anew; writes averages.tsv. */
bool populate_average_open(struct populate_job *j, struct status *st);
void populate_average_declare(const struct populate_job *j, struct segment_writer *customer);
bool populate_average_load(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                           struct status *st);
/* The measures of a batch of customers of one type are in their columns. */
bool populate_average_add(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int type,
                          uint32_t first, uint32_t count, struct status *st);
/* The averages among the customer fields; columns as the formula wants them, NULL: not wanted. */
void populate_average_fields(const struct populate_job *j, const struct populate_worker *w,
                             const struct populate_range *r, uint32_t first, uint32_t count, const int64_t **columns);
/* Into the segment's columns from `column` on; the column after them. */
int populate_average_put(const struct populate_job *j, const struct populate_worker *w, const struct populate_range *r,
                         int column);

#endif
