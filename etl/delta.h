/* delta: what is different between two states of one output file, as the receiver applies it (docs/delivery.md).
 *
 *     base      the file as the receiver has acknowledged it     now       the file as it is
 *     carried   the last delta the receiver got and has not acknowledged: its keys come again
 *
 * A delta record is one byte, the mark, before the record of the full file:
 *     R removed  no row of this key any more; only the key is filled, the rest is blanks and zeros
 *     N new      the key had no row in base      C changed  it had another one, or comes again
 *
 * First all R in the order of their keys, then all N and C in the order of theirs. A *key* is the customer number and
 * the fields that the output names (key = …). Rows of one key go together: when one of them changes, all of them come.
 * So a receiver deletes every key of the delta and inserts the N and C rows: what was there does not matter, and the
 * same delta applied to base, or to base with any delta since, or twice, ends in now.
 *
 * Removals come first: an account that goes from one customer to another is free before it is given.
 *
 * The files are in the order of the customer number, so they are merged customer by customer; memory is what the rows
 * of one customer need.
 */
#ifndef CRMX_ETL_DELTA_H
#define CRMX_ETL_DELTA_H

#include "etl/output.h"

struct delta_request {
    const struct output *output;
    const char *base, *now;
    const char *carried; /* NULL: none */
    const char *to;      /* is created and brought to disk */
};
struct delta_result {
    uint64_t added, changed, removed, bytes; /* records; bytes of the file */
    const char *control;                     /* "new=1 changed=2 removed=0 balance.CNY=…", sums over N and C */
};

/* May a delta be made of this output? It needs the customer number as digits, and a key. */
bool delta_can(const struct output *o, struct status *st);
/* Have both the same records? Else their bytes say nothing about each other. */
bool delta_comparable(const struct output *a, const struct output *b);
/* STATUS_CORRUPT: a file is not in the order of the number, or is no whole number of records. */
bool delta_write(const struct delta_request *q, struct delta_result *r, struct arena *arena, struct status *st);

#endif
