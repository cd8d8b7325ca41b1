/* dump: a population as text that depends on nothing but what the bank's systems say (domain section 5, the law).
 *
 * One block a customer, keyed by its identity, blocks and lines in byte order:
 *
 *     customer   type, class of ID, ID number, name            of the record of the highest system and smallest number
 *     source     system, every field of the customer record
 *     row        layout, every field of the account, contact or address; counted.AMOUNT: what is this owner's part
 *     measure    name, value
 *     result     name, value                                   score first
 *     threshold  excluded | reached | below | not_scored
 *
 * Not in it, because it depends on how the population came about: integrated numbers, which of several records of one
 * system is the primary one, entry dates, leave state, files and offsets. So a population that was loaded at once and
 * one that was kept up day by day must give the same bytes.
 *
 * Fields of class C2 appear as hashes (equal values, equal hashes) unless unmasked, C3 never. Cost: everything is read
 * once; the whole text stands in memory while it is sorted.
 */
#ifndef CRMX_ETL_DUMP_H
#define CRMX_ETL_DUMP_H

#include "etl/generation.h"
#include "etl/scorecard.h"

bool dump_population(struct generation *g, const struct scorecards *cards, bool unmask, struct buf *out,
                     struct status *st);

/* The other half: a line for each customer record in force, with what does depend on history, tab-separated under a
 * heading: number (with the unit's prefix), type, system, source_no, record (primary | contact), threshold, entry_date.
 * In the order of the numbers. */
bool dump_numbers(struct generation *g, const struct scorecards *cards, struct buf *out, struct status *st);

#endif
