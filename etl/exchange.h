/* exchange: tuples of one size, thrown by many threads into partitions, read back partition by partition.
 *
 * The engine's only way to bring together what belongs together (same identity, same source customer, same account,
 * same range of integrated numbers) without ever needing all of it in memory: blocks are taken from the run's budget
 * while there are any, afterwards every block that is full goes to a spill file. Whoever comes when memory is full
 * still works: with one block of the budget's reserve per worker, which its partitions give up to each other through
 * the spill file.
 *
 * States: filling → exchange_seal → reading → exchange_drop. In `filling` each worker adds through its own writer,
 * without locks. After the seal partitions may be read by any thread, each partition by one thread at a time.
 *
 * The order of the tuples inside a partition depends on timing: whoever reads sorts by a total order before it decides
 * anything (determinism is the reader's duty; every tuple carries its record id for that).
 */
#ifndef CRMX_ETL_EXCHANGE_H
#define CRMX_ETL_EXCHANGE_H

#include "base/budget.h"
#include "base/status.h"

#include <stdint.h>

struct exchange_block { /* header of a block; tuples follow */
    struct exchange_block *next;
    uint32_t used; /* bytes of tuples */
    uint32_t reserved;
};

struct exchange_writer { /* one per worker and partition */
    char *next, *end;
    struct exchange_block *first, *last;
};

struct exchange_options {
    const char *name;    /* names the spill file */
    uint32_t partitions; /* any number >= 1 */
    uint32_t tuple_size; /* bytes, multiple of 4 */
    int workers;
    struct budget *budget;
    const char *spill_folder;
};

struct exchange {
    uint32_t partitions, tuple_size;
    int workers;
    struct exchange_writer *writers; /* [worker * partitions + partition] */
    struct exchange_store *store;
    bool sealed;
};

bool exchange_init(struct exchange *x, const struct exchange_options *options, struct status *st);
void exchange_drop(struct exchange *x); /* frees memory and spill file; fine on a zeroed exchange */

/* A new block for the writer, or the old one written to the spill file. NULL and a status when the disk refuses. */
char *exchange_grow(struct exchange *x, int worker, uint32_t partition, struct status *st);

/* Room for one tuple; NULL with a status on failure. */
static inline void *exchange_add(struct exchange *x, int worker, uint32_t partition, struct status *st)
{
    struct exchange_writer *w = &x->writers[(size_t)worker * x->partitions + partition];
    char *tuple = w->next;
    if (__builtin_expect((size_t)(w->end - tuple) < x->tuple_size, 0)) {
        tuple = exchange_grow(x, worker, partition, st);
        if (!tuple) return NULL;
    }
    w->next = tuple + x->tuple_size;
    return tuple;
}

/* Ends filling. */
void exchange_seal(struct exchange *x);
uint64_t exchange_count(const struct exchange *x, uint32_t partition);
uint64_t exchange_total(const struct exchange *x);
uint64_t exchange_spilled_bytes(const struct exchange *x); /* 0 for a zeroed exchange */
/* Copies the partition's tuples to `out` (room for exchange_count tuples) and gives its blocks back to the budget. */
bool exchange_take(struct exchange *x, uint32_t partition, void *out, struct status *st);
/* The same, but the tuples stay for another reading. */
bool exchange_copy(struct exchange *x, uint32_t partition, void *out, struct status *st);

#endif
