/* directory: from a key to a number and a record, as sorted segments of a generation.
 *
 * Entries are partitioned by the top bits of hash = key * odd constant (a bijection) and sorted by it, so the whole
 * file is in order of the hash whatever the number of partitions. 12 bytes an entry: 32 bits of the hash below the
 * partition's bits, record id, number. A hit is a candidate: the caller reads the record and compares (32 bits are no
 * proof).
 */
#ifndef CRMX_ETL_DIRECTORY_H
#define CRMX_ETL_DIRECTORY_H

#include "etl/segment.h"

#include <stdint.h>

enum { DIRECTORY_HASH, DIRECTORY_RECORD, DIRECTORY_NUMBER, DIRECTORY_REST }; /* columns */

struct directory_entry {
    uint64_t hash;
    uint32_t record;
    uint32_t number; /* without the unit's prefix */
};

static inline uint64_t directory_hash(uint64_t key)
{
    return key * UINT64_C(0x9E3779B97F4A7C15);
}

/* Sorts by hash, then record, then number. `spare` has room for n entries. All hashes share their top `bits` bits. */
void directory_sort(struct directory_entry *entries, struct directory_entry *spare, uint64_t n, int bits);
/* Declares the three columns. */
void directory_declare(struct segment_writer *w);
/* And a fourth with the rest of the hash: whoever knows all of it knows the key (the hash is a bijection), and a key
 * that is the number itself needs no look at the record. For the source numbers, which every night looks up by the
 * thousand. */
void directory_declare_whole(struct segment_writer *w);
/* The columns are filled by directory_put (etl/directory_merge.h). */

/* Calls each candidate of a key, in order; stops when it returns false (a failure of the run, status set). */
typedef bool directory_candidate(void *context, uint32_t record, uint32_t number, struct status *st);
bool directory_find(struct segment *s, uint64_t key, directory_candidate *candidate, void *context, struct status *st);

#endif
