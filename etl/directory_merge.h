/* directory_merge: yesterday's directory and tonight's entries make tonight's directory, partition by partition
 * (architecture 1: directory_apply(old, incoming)). With no directory of yesterday only tonight's entries are there. */
#ifndef CRMX_ETL_DIRECTORY_MERGE_H
#define CRMX_ETL_DIRECTORY_MERGE_H

#include "etl/directory.h"

/* In the number column: what is remembered of somebody or something that is no longer in force, so that it is known
 * when it comes back. */
#define DIRECTORY_CLOSED UINT32_C(0x80000000)
enum { DIRECTORY_NOBODY = 0 }; /* an account without an owner: pending, or closed */

static inline uint32_t directory_number(uint32_t number)
{
    return number & ~DIRECTORY_CLOSED;
}
static inline bool directory_in_force(uint32_t number)
{
    return number != DIRECTORY_NOBODY && !(number & DIRECTORY_CLOSED);
}

struct directory_run { /* of tonight's partition: rows of yesterday, and behind them new entries */
    uint64_t row;
    uint32_t rows, entries;
};

struct directory_rows { /* a partition in memory; kept from one load to the next */
    struct buf hash_bytes, record_bytes, number_bytes, rest_bytes;
    struct buf runs; /* of the merge at hand */
    struct buf index_bytes;
    const uint32_t *index; /* directory_index: where the fingerprints with the same first bits start; NULL: none */
    int index_shift;
    const uint32_t *fingerprint, *record, *number;
    const uint32_t *rest; /* NULL: the directory keeps fingerprints only */
    uint64_t count;
    uint32_t partition;
    int bits;
};
void directory_rows_init(struct directory_rows *r);
void directory_rows_release(struct directory_rows *r);
/* s NULL: an empty partition. */
bool directory_load(struct segment *s, uint32_t partition, int bits, struct directory_rows *out, struct status *st);
static inline uint32_t directory_fingerprint(uint64_t hash, int bits)
{
    return (uint32_t)(hash << bits >> 32);
}
/* What is known of the hash of row i: the bits above and the fingerprint. */
static inline uint64_t directory_row_hash(const struct directory_rows *r, uint64_t i)
{
    uint64_t high = r->bits ? (uint64_t)r->partition << (64 - r->bits) : 0;
    return high | ((uint64_t)r->fingerprint[i] << 32 | (r->rest ? r->rest[i] : 0)) >> r->bits;
}
/* Row i, whose fingerprint is that of the key: 1 it is the key, 0 it is another, -1 the record has to be looked at. */
static inline int directory_is(const struct directory_rows *r, uint64_t i, uint64_t key, bool key_is_exact)
{
    if (!r->rest) return -1;
    if (directory_row_hash(r, i) != directory_hash(key)) return 0;
    return key_is_exact ? 1 : -1;
}
/* Before many rows are looked up: each search is then among a few rows. Until the next load. */
void directory_index(struct directory_rows *r);
/* The first row whose fingerprint is not smaller. */
uint64_t directory_first(const struct directory_rows *r, uint32_t fingerprint);
/* Fills the columns of a partition: the rows of yesterday whose bit in `gone` is not set (NULL: none is) and the new
 * entries (sorted), in order; of equal hashes yesterday's first. old is not NULL, but may have no rows. Yesterday's go
 * in runs, column by column: most of them are as they were. */
void directory_put(struct segment_part *part, struct directory_rows *old, const uint64_t *gone,
                   const struct directory_entry *entries, uint64_t n, int bits, bool whole);

#endif
