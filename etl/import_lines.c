/* import: chunks of files cut into records. */
#include "etl/import_inside.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

/* A header or trailer record of this layout? Remembers where. */
static bool is_mark(struct import_chunk *k, const unsigned char *record, size_t length, uint64_t offset)
{
    const struct layout *l = k->f->layout;
    const struct layout_mark *marks[2] = {&l->header, &l->trailer};
    struct input_mark_record *seen[2] = {&k->f->header, &k->f->trailer};
    for (int i = 0; i < 2; i++) {
        const struct layout_mark *m = marks[i];
        if (!m->present) continue;
        size_t n = strlen(m->match);
        if (m->match_offset + n > length || memcmp(record + m->match_offset, m->match, n) != 0) continue;
        /* A header anywhere but first is data (and then a reject); of several trailers the last one counts. */
        if (i == 0 && offset != 0) continue;
        if (i == 1 && offset + length + 2 < k->f->identity.size) continue;
        *seen[i] = (struct input_mark_record){true, offset};
        return true;
    }
    return false;
}

static void reject(struct import_chunk *k, const unsigned char *record, size_t length, uint64_t offset)
{
    int field, reason = decode_check(k->d, record, length, &field);
    ensure(reason >= 0); /* otherwise the fast and the slow check disagree */
    input_note_reject(k->c,
                      &(struct input_reject){offset, k->c->lines, (uint32_t)length, (int16_t)reason, (int16_t)field});
}

/* The record at p of the right length or not: header, trailer, accepted or rejected. */
static bool take(struct import_chunk *k, const unsigned char *p, size_t length)
{
    struct input_file *f = k->f;
    struct input_chunk *c = k->c;
    const struct layout *l = f->layout;
    uint64_t offset = k->base + (uint64_t)(p - k->bytes);
    bool accepted = false;
    if ((l->header.present || l->trailer.present) && is_mark(k, p, length, offset)) {
        c->lines++;
        return true;
    }
    if (length == l->record_length) {
        /* The usual record follows the last one at the usual distance: no division is needed for its id. */
        if (offset != k->expected) {
            input_note_segment(f, c, offset, &k->last_remainder);
            k->id = input_record_id(f, offset);
        }
        if (!import_record(k, p, k->id, &accepted)) return false;
        k->expected = offset + f->stride;
        k->id++;
    }
    if (accepted)
        c->accepted++;
    else
        reject(k, p, length, offset);
    if (l->trailer.present && l->trailer.sum_field >= 0 && length == l->record_length) {
        int64_t value;
        if (decode_field(k->d, &l->fields[l->trailer.sum_field], p, &value)) c->trailer_sum += value;
    }
    c->lines++;
    return true;
}

/* Is the next line end exactly where a record of the usual length has it? */
static inline bool usual_line(const unsigned char *p, size_t want)
{
    typedef unsigned char bytes32 __attribute__((vector_size(32)));
    typedef uint64_t words4 __attribute__((vector_size(32)));
    if (p[want] != '\n') return false;
    if (want < 32) return !memchr(p, '\n', want);
    bytes32 found = {0}, x;
    for (size_t i = 0; i + 32 < want; i += 32) {
        memcpy(&x, p + i, 32);
        found |= (bytes32)(x == (unsigned char)'\n');
    }
    memcpy(&x, p + want - 32, 32);
    found |= (bytes32)(x == (unsigned char)'\n');
    words4 w = (words4)found;
    return !(w[0] | w[1] | w[2] | w[3]);
}

/* All records that start in [from, to) of the buffer; `limit` is where the buffer's content ends. */
static bool import_lines(struct import_chunk *k, const unsigned char *from, const unsigned char *to,
                         const unsigned char *limit)
{
    const struct layout *l = k->f->layout;
    const size_t want = l->record_length;
    for (const unsigned char *p = from; p < to;) {
        size_t length, step;
        if (l->line_end == LAYOUT_NO_LINE_END) {
            length = (size_t)(limit - p) < want ? (size_t)(limit - p) : want;
            step = length;
        } else if (l->line_end == LAYOUT_LF && (size_t)(limit - p) > want && usual_line(p, want)) {
            length = want;
            step = want + 1;
        } else {
            const unsigned char *lf = memchr(p, '\n', (size_t)(limit - p));
            step = lf ? (size_t)(lf - p) + 1 : (size_t)(limit - p);
            length = step - (lf != NULL);
            /* CR missing: wrong length. Not simply length + 1, which makes a record that is one byte short fit. */
            if (l->line_end == LAYOUT_CRLF && lf && !(length && p[length - 1] == '\r'))
                length += length == want;
            else if (l->line_end != LAYOUT_LF && length && p[length - 1] == '\r')
                length--;
        }
        if (!take(k, p, length)) return false;
        p += step;
    }
    return import_flush(k);
}

/* Where the first record starts that begins at or after the chunk's start; `to` when none does. */
static const unsigned char *first_record(const struct input_file *f, uint64_t start, const unsigned char *chunk,
                                         const unsigned char *to)
{
    if (start == 0) return chunk;
    if (f->layout->line_end == LAYOUT_NO_LINE_END) {
        uint64_t stride = f->layout->record_length, next = (start + stride - 1) / stride * stride;
        return next - start < (uint64_t)(to - chunk) ? chunk + (next - start) : to;
    }
    if (chunk[-1] == '\n') return chunk;
    const unsigned char *lf = memchr(chunk, '\n', (size_t)(to - chunk));
    return lf ? lf + 1 : to;
}

/* The chunk and what follows of its last record, where they lie; the first and the last of a file are copied, as the
 * decoder reads DECODE_SLACK bytes on both sides. */
static const unsigned char *chunk_bytes(struct import_worker *w, const struct input_file *f, uint64_t start,
                                        size_t length)
{
    const unsigned char *bytes = f->bytes + start;
    if (start >= DECODE_SLACK && f->identity.size - start - length >= DECODE_SLACK) return bytes;
    unsigned char *chunk = w->buffer + DECODE_SLACK + 1;
    size_t before = start ? 1 : 0;
    memcpy(chunk - before, bytes - before, before + length);
    memset(chunk + length, 0, DECODE_SLACK);
    return chunk;
}

bool import_chunk_run(struct import_worker *w, struct input_file *f, uint32_t number, struct status *st)
{
    struct import *im = w->im;
    uint64_t start = (uint64_t)number * INPUT_CHUNK_SIZE, size = f->identity.size;
    size_t length = size - start < INPUT_CHUNK_SIZE ? (size_t)(size - start) : INPUT_CHUNK_SIZE;
    size_t more = f->layout->record_length + 3u;
    if (start + length + more > size) more = (size_t)(size - start - length);
    if (!os_expect_mapped(f->bytes, f->path, start, length + more, st)) return false;
    const unsigned char *chunk = chunk_bytes(w, f, start, length + more);
    struct input_chunk *c = &f->chunks[number];
    c->hash = XXH3_64bits(chunk, length);
    struct import_chunk k = {.w = w,
                             .f = f,
                             .c = c,
                             .d = im->decoders[f->layout_index],
                             .keys = &im->keys[f->layout_index],
                             .filter = im->unit->layout_filter[f->layout_index],
                             .base = start,
                             .bytes = chunk,
                             .last_remainder = UINT32_MAX,
                             .expected = UINT64_MAX,
                             .st = st};
    for (int i = 0; i < im->tables->count; i++)
        if (im->table_of[f->layout_index] == &im->tables->table[i]) {
            k.table = &im->tables->table[i];
            k.table_index = i;
            k.map = im->maps[f->layout_index]->same ? NULL : im->maps[f->layout_index];
            k.straight = im->owners && im->owners->in_memory && !k.table->by_relation;
        }
    const unsigned char *to = chunk + length, *from = first_record(f, start, chunk, to);
    if (!import_lines(&k, from, to, chunk + length + more)) return status_while(st, "importing \"%s\"", f->name);
    progress_add(im->progress, length);
    return true;
}
