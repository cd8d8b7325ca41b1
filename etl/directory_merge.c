#include "etl/directory_merge.h"

#include "base/bitmap.h"

#include <string.h>

void directory_rows_init(struct directory_rows *r)
{
    *r = (struct directory_rows){0};
    buf_init(&r->hash_bytes, (size_t)1 << 40);
    buf_init(&r->record_bytes, (size_t)1 << 40);
    buf_init(&r->number_bytes, (size_t)1 << 40);
    buf_init(&r->rest_bytes, (size_t)1 << 40);
    buf_init(&r->runs, (size_t)1 << 40);
    buf_init(&r->index_bytes, (size_t)1 << 40);
}

void directory_rows_release(struct directory_rows *r)
{
    buf_release(&r->hash_bytes);
    buf_release(&r->record_bytes);
    buf_release(&r->number_bytes);
    buf_release(&r->rest_bytes);
    buf_release(&r->runs);
    buf_release(&r->index_bytes);
}

/* A column of the partition: where it stands in the mapped file, or a copy. */
static bool load_column(struct segment *s, uint32_t partition, int column, struct buf *room, const uint32_t **out,
                        struct status *st)
{
    struct view bytes;
    bool ok = segment_is_mapped(s) ? segment_view(s, partition, column, &bytes, st)
                                   : segment_load(s, partition, column, room, st);
    if (ok && !segment_is_mapped(s)) bytes = buf_view(room);
    if (ok) *out = (const uint32_t *)(const void *)bytes.bytes;
    return ok;
}

bool directory_load(struct segment *s, uint32_t partition, int bits, struct directory_rows *out, struct status *st)
{
    out->count = 0;
    out->partition = partition;
    out->bits = bits;
    out->rest = NULL;
    out->index = NULL;
    if (!s) return true;
    bool whole = segment_columns(s) > DIRECTORY_REST;
    if (!load_column(s, partition, DIRECTORY_HASH, &out->hash_bytes, &out->fingerprint, st) ||
        !load_column(s, partition, DIRECTORY_RECORD, &out->record_bytes, &out->record, st) ||
        !load_column(s, partition, DIRECTORY_NUMBER, &out->number_bytes, &out->number, st) ||
        (whole && !load_column(s, partition, DIRECTORY_REST, &out->rest_bytes, &out->rest, st)))
        return false;
    out->count = segment_rows(s, partition, DIRECTORY_HASH);
    return true;
}

void directory_index(struct directory_rows *r)
{
    enum { ROWS = 4 }; /* between two places of the index, about */
    int bits = 0;
    while (bits < 30 && (UINT64_C(2) * ROWS << bits) <= r->count) bits++;
    if (r->index || !bits || r->count > UINT32_MAX) return;
    uint32_t places = UINT32_C(1) << bits;
    uint64_t row = 0;
    r->index_shift = 32 - bits;
    buf_clear(&r->index_bytes);
    uint32_t *index = (uint32_t *)(void *)buf_room(&r->index_bytes, ((size_t)places + 1) * sizeof *index);
    for (uint32_t p = 0; p < places; p++) {
        while (row < r->count && r->fingerprint[row] >> r->index_shift < p) row++;
        index[p] = (uint32_t)row;
    }
    index[places] = (uint32_t)r->count;
    r->index = index;
}

uint64_t directory_first(const struct directory_rows *r, uint32_t fingerprint)
{
    uint64_t low = 0, high = r->count;
    if (r->index) {
        low = r->index[fingerprint >> r->index_shift];
        high = r->index[(fingerprint >> r->index_shift) + 1];
    }
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (r->fingerprint[middle] < fingerprint)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- merging --- */

static void add_run(struct directory_rows *old, uint64_t row, uint64_t rows)
{
    struct directory_run run = {row, (uint32_t)rows, 0};
    buf_add(&old->runs, &run, sizeof run);
}

static void keep_rows(struct directory_rows *old, const uint64_t *gone, uint64_t from, uint64_t to)
{
    while (from < to) {
        uint64_t start = gone ? bitmap_next(gone, false, from, to) : from,
                 end = gone ? bitmap_next(gone, true, start, to) : to;
        if (end > start) add_run(old, start, end - start);
        from = end;
    }
}

/* The first row from `row` on that is behind an entry of this hash. */
static uint64_t pass(const struct directory_rows *old, uint64_t row, uint64_t hash, int bits)
{
    uint32_t fingerprint = directory_fingerprint(hash, bits), rest = (uint32_t)(hash << bits);
    while (row < old->count && old->fingerprint[row] < fingerprint) row++;
    while (row < old->count && old->fingerprint[row] == fingerprint && (old->rest ? old->rest[row] : 0) <= rest) row++;
    return row;
}

/* Returns the rows of tonight. */
static uint64_t find_runs(struct directory_rows *old, const uint64_t *gone, const struct directory_entry *entries,
                          uint64_t n, int bits)
{
    uint64_t row = 0, count = n;
    buf_clear(&old->runs);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t stop = pass(old, row, entries[i].hash, bits);
        keep_rows(old, gone, row, stop);
        row = stop;
        if (old->runs.length == 0) add_run(old, 0, 0);
        struct directory_run *last =
            (struct directory_run *)(void *)(old->runs.bytes + old->runs.length - sizeof *last);
        last->entries++;
    }
    keep_rows(old, gone, row, old->count);
    const struct directory_run *runs = (const struct directory_run *)(const void *)old->runs.bytes;
    for (uint64_t r = 0; r < old->runs.length / sizeof *runs; r++) count += runs[r].rows;
    return count;
}

static uint32_t value_of(const struct directory_entry *e, int column, int bits)
{
    switch (column) {
    case DIRECTORY_HASH: return directory_fingerprint(e->hash, bits);
    case DIRECTORY_RECORD: return e->record;
    case DIRECTORY_NUMBER: return e->number;
    default: return (uint32_t)(e->hash << bits);
    }
}

static void put_column(struct segment_part *part, const struct directory_rows *old, int column, const uint32_t *before,
                       const struct directory_entry *entries, uint64_t count, int bits)
{
    uint32_t *to = segment_room_raw(part, column, count, sizeof *to);
    const struct directory_run *run = (const struct directory_run *)(const void *)old->runs.bytes;
    for (uint64_t r = old->runs.length / sizeof *run; r > 0; r--, run++) {
        if (before && run->rows)
            memcpy(to, before + run->row, run->rows * sizeof *to);
        else
            memset(to, 0, run->rows * sizeof *to);
        to += run->rows;
        for (uint32_t i = 0; i < run->entries; i++) *to++ = value_of(entries++, column, bits);
    }
    segment_close_raw(part, column);
}

void directory_put(struct segment_part *part, struct directory_rows *old, const uint64_t *gone,
                   const struct directory_entry *entries, uint64_t n, int bits, bool whole)
{
    uint64_t count = find_runs(old, gone, entries, n, bits);
    put_column(part, old, DIRECTORY_HASH, old->fingerprint, entries, count, bits);
    put_column(part, old, DIRECTORY_RECORD, old->record, entries, count, bits);
    put_column(part, old, DIRECTORY_NUMBER, old->number, entries, count, bits);
    if (whole) put_column(part, old, DIRECTORY_REST, old->rest, entries, count, bits);
}
