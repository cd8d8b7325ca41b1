#include "etl/directory_merge.h"

enum { COLUMN_HASH, COLUMN_RECORD, COLUMN_NUMBER, COLUMN_REST };

void directory_rows_init(struct directory_rows *r)
{
    *r = (struct directory_rows){0};
    buf_init(&r->hash_bytes, (size_t)1 << 40);
    buf_init(&r->record_bytes, (size_t)1 << 40);
    buf_init(&r->number_bytes, (size_t)1 << 40);
    buf_init(&r->rest_bytes, (size_t)1 << 40);
}

void directory_rows_release(struct directory_rows *r)
{
    buf_release(&r->hash_bytes);
    buf_release(&r->record_bytes);
    buf_release(&r->number_bytes);
    buf_release(&r->rest_bytes);
}

bool directory_load(struct segment *s, uint32_t partition, int bits, struct directory_rows *out, struct status *st)
{
    out->count = 0;
    out->partition = partition;
    out->bits = bits;
    if (!s) return true;
    if (!segment_load(s, partition, COLUMN_HASH, &out->hash_bytes, st) ||
        !segment_load(s, partition, COLUMN_RECORD, &out->record_bytes, st) ||
        !segment_load(s, partition, COLUMN_NUMBER, &out->number_bytes, st))
        return false;
    bool whole = segment_columns(s) > COLUMN_REST;
    if (whole && !segment_load(s, partition, COLUMN_REST, &out->rest_bytes, st)) return false;
    out->rest = whole ? (const uint32_t *)(const void *)out->rest_bytes.bytes : NULL;
    out->count = segment_rows(s, partition, COLUMN_HASH);
    out->fingerprint = (const uint32_t *)(const void *)out->hash_bytes.bytes;
    out->record = (const uint32_t *)(const void *)out->record_bytes.bytes;
    out->number = (const uint32_t *)(const void *)out->number_bytes.bytes;
    return true;
}

uint64_t directory_first(const struct directory_rows *r, uint32_t fingerprint)
{
    uint64_t low = 0, high = r->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (r->fingerprint[middle] < fingerprint)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t directory_merge(const struct directory_rows *old, directory_keep *keep, void *context,
                         const struct directory_entry *entries, uint64_t n, struct directory_entry *out)
{
    uint64_t count = 0, next = 0;
    for (uint64_t i = 0; i < old->count; i++) {
        if (!keep(context, i)) continue;
        struct directory_entry e = {directory_row_hash(old, i), old->record[i], old->number[i]};
        while (next < n && entries[next].hash < e.hash) out[count++] = entries[next++];
        out[count++] = e;
    }
    while (next < n) out[count++] = entries[next++];
    return count;
}
