/* populate_extra: what a night computes beside the score when it is asked to: the shadow score of a challenger formula
 * (shadow.TYPE of the unit file), the reason codes of the selected customers (an output field reason.N), and how many
 * accounts have no rate where the formula asks for interest(). A unit that asks for none of it pays nothing and stores
 * no column.
 *
 * Columns of customer.seg: shadow.score; reason.1 … reason.3: the number of the term of the score that adds most
 * (from 1, in the order of the formula; 0: none), of the second, of the third; for customers who are not selected 0.
 * A challenger decides nothing: it is counted beside the active formula in the tie-out.
 */
#ifndef CRMX_ETL_POPULATE_EXTRA_H
#define CRMX_ETL_POPULATE_EXTRA_H

#include "etl/populate.h"

struct populate_extra; /* of one worker */

struct populate_extra *populate_extra_new(const struct populate *p); /* NULL: nothing is asked for */
void populate_extra_free(struct populate_extra *x);
/* Before the batches of a partition of so many customers. */
void populate_extra_begin(struct populate_extra *x, uint32_t customers);
/* A batch that was just scored: in are its measures and fields, block is to be filled like that of the formula itself.
 * */
typedef void populate_extra_measure(void *context, const struct measure_set *measures, struct measure_block *block);
bool populate_extra_score(struct populate_extra *x, int type, uint32_t first, const uint8_t *types,
                          const struct formula_inputs *in, populate_extra_measure *measure, void *context,
                          struct status *st);
/* The challenger's scores of the partition; whom the leave policy would keep by them, to be filled. Only where a type
 * has a challenger. */
const int64_t *populate_extra_shadow(const struct populate_extra *x);
bool *populate_extra_kept(struct populate_extra *x);
/* After everybody's flags are known. assets: per type the column of the result total_assets, NULL: there is none. */
void populate_extra_count(struct populate_extra *x, const struct populate_range *r, const uint8_t *flags,
                          const uint8_t *types, const int64_t *const assets[CUSTOMER_TYPES],
                          struct populate_total *total);
void populate_extra_declare(const struct populate *p, struct segment_writer *customer);
/* The next column is `column`. */
void populate_extra_put(const struct populate_extra *x, struct segment_part *part, int column, uint32_t customers);
/* EXPLAIN_REASONS term numbers of a customer of the partition; NULL: nobody asked. */
const int64_t *populate_extra_reasons(const struct populate_extra *x, uint32_t place, int64_t room[3]);

#endif
