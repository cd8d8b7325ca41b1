#include "etl/directory.h"

#include <string.h>

enum { INSERTION_MAX = 24 };

static bool less(const struct directory_entry *a, const struct directory_entry *b)
{
    if (a->hash != b->hash) return a->hash < b->hash;
    return a->record != b->record ? a->record < b->record : a->number < b->number;
}

static int compare(const void *a, const void *b)
{
    return less(a, b) ? -1 : less(b, a);
}

static void sort_bucket(struct directory_entry *e, uint64_t n)
{
    if (n > INSERTION_MAX) {
        qsort(e, n, sizeof *e, compare);
        return;
    }
    for (uint64_t i = 1; i < n; i++) {
        struct directory_entry x = e[i];
        uint64_t k = i;
        for (; k && less(&x, &e[k - 1]); k--) e[k] = e[k - 1];
        e[k] = x;
    }
}

void directory_sort(struct directory_entry *entries, struct directory_entry *spare, uint64_t n, int bits)
{
    /* One pass into buckets by the next bits (hashes are uniform: about four entries each), then tiny sorts. */
    enum { BUCKET_BITS_MAX = 12 };
    uint32_t ends[1 << BUCKET_BITS_MAX];
    int bucket_bits = 0;
    while (bucket_bits < BUCKET_BITS_MAX && n >> bucket_bits > 4) bucket_bits++;
    if (bucket_bits == 0) {
        sort_bucket(entries, n);
        return;
    }
    uint32_t buckets = 1u << bucket_bits;
    memset(ends, 0, buckets * sizeof *ends);
    for (uint64_t i = 0; i < n; i++) ends[entries[i].hash << bits >> (64 - bucket_bits)]++;
    for (uint32_t b = 0, sum = 0; b < buckets; b++) {
        uint32_t count = ends[b];
        ends[b] = sum;
        sum += count;
    }
    for (uint64_t i = 0; i < n; i++) spare[ends[entries[i].hash << bits >> (64 - bucket_bits)]++] = entries[i];
    for (uint32_t b = 0; b < buckets; b++) {
        uint32_t start = b ? ends[b - 1] : 0;
        sort_bucket(spare + start, ends[b] - start);
    }
    memcpy(entries, spare, n * sizeof *entries);
}

void directory_declare(struct segment_writer *w)
{
    ensure(segment_declare(w, "hash", SEGMENT_RAW, 0, 4) == DIRECTORY_HASH);
    ensure(segment_declare(w, "record", SEGMENT_RAW, 0, 4) == DIRECTORY_RECORD);
    ensure(segment_declare(w, "number", SEGMENT_RAW, 0, 4) == DIRECTORY_NUMBER);
}

void directory_declare_whole(struct segment_writer *w)
{
    directory_declare(w);
    ensure(segment_declare(w, "rest", SEGMENT_RAW, 0, 4) == DIRECTORY_REST);
}

static uint32_t fingerprint(uint64_t hash, int bits)
{
    return (uint32_t)(hash << bits >> 32);
}

bool directory_find(struct segment *s, uint64_t key, directory_candidate *candidate, void *context, struct status *st)
{
    int bits = __builtin_ctz(segment_partitions(s));
    uint64_t hash = directory_hash(key);
    uint32_t partition = bits ? (uint32_t)(hash >> (64 - bits)) : 0, wanted = fingerprint(hash, bits), found, record,
             number;
    uint64_t low = 0, high = segment_rows(s, partition, DIRECTORY_HASH), rows = high;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (!segment_get_raw(s, partition, DIRECTORY_HASH, middle, 1, &found, st)) return false;
        if (found < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < rows; low++) {
        if (!segment_get_raw(s, partition, DIRECTORY_HASH, low, 1, &found, st)) return false;
        if (found != wanted) return true;
        if (!segment_get_raw(s, partition, DIRECTORY_RECORD, low, 1, &record, st) ||
            !segment_get_raw(s, partition, DIRECTORY_NUMBER, low, 1, &number, st) ||
            !candidate(context, record, number, st))
            return false;
    }
    return true;
}
