#include "etl/input.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

void input_set_init(struct input_set *s, struct arena *arena)
{
    *s = (struct input_set){.arena = arena};
}

void input_set_release(struct input_set *s)
{
    for (int i = 0; i < s->files_count; i++) {
        struct input_file *f = &s->files[i];
        os_close(f->fd);
        for (uint32_t k = 0; k < f->chunks_count; k++) {
            free(f->chunks[k].segments);
            free(f->chunks[k].rejects);
        }
        free(f->chunks);
        free(f->segments);
    }
    s->files_count = 0;
}

bool input_add(struct input_set *s, const char *name, const char *path, const struct layout *l, int layout_index,
               struct status *st)
{
    if (s->files_count == INPUT_FILES_MAX)
        return status_fail(st, STATUS_INPUT, "more than %d input files", INPUT_FILES_MAX);
    s->files[s->files_count++] = (struct input_file){.name = arena_dup(s->arena, view_of(name)),
                                                     .path = arena_dup(s->arena, view_of(path)),
                                                     .layout = l,
                                                     .layout_index = layout_index,
                                                     .stride = layout_stride(l),
                                                     .fd = -1};
    if (l->class == LAYOUT_CUSTOMER) {
        ensure(s->customer_files == s->files_count - 1);
        s->customer_files++;
    }
    return true;
}

static bool same_space(const struct input_file *a, const struct input_file *b)
{
    return a->layout_index == b->layout_index ||
           (a->layout->class == LAYOUT_CUSTOMER && b->layout->class == LAYOUT_CUSTOMER);
}

bool input_open_all(struct input_set *s, struct status *st)
{
    for (int i = 0; i < s->files_count; i++) {
        struct input_file *f = &s->files[i];
        f->fd = os_open_read(f->path, st);
        if (f->fd < 0 || !os_identify_fd(f->fd, f->path, &f->identity, st)) return false;
        const struct input_file *before = i ? &s->files[i - 1] : NULL;
        uint64_t base = before && same_space(before, f) ? (uint64_t)before->record_base + before->records_max : 0;
        uint64_t records = (f->identity.size / f->stride + INPUT_RECORDS_ALIGN) & ~(uint64_t)(INPUT_RECORDS_ALIGN - 1);
        if (base + records > UINT32_MAX - INPUT_RECORDS_ALIGN) {
            status_fail(st, STATUS_INPUT, "\"%s\" has %llu bytes: more than 4,294,967,000 records of layout %s",
                        f->path, (unsigned long long)f->identity.size, f->layout->name);
            return status_hint(st, "split the unit: city branches can be units of their own");
        }
        f->record_base = (uint32_t)base;
        f->records_max = (uint32_t)records;
        f->chunks_count = (uint32_t)((f->identity.size + INPUT_CHUNK_SIZE - 1) / INPUT_CHUNK_SIZE);
        f->chunks = calloc(f->chunks_count + 1, sizeof *f->chunks);
        ensure(f->chunks);
        if (f->layout->class == LAYOUT_CUSTOMER) s->customer_records_max = f->record_base + f->records_max;
    }
    return true;
}

void input_note_segment(struct input_file *f, struct input_chunk *c, uint64_t offset, uint32_t *last_remainder)
{
    uint32_t remainder = (uint32_t)(offset % f->stride);
    if (remainder == *last_remainder) return;
    *last_remainder = remainder;
    if (c->segments_count == c->segments_capacity) {
        c->segments_capacity = c->segments_capacity ? c->segments_capacity * 2 : 4;
        c->segments = realloc(c->segments, c->segments_capacity * sizeof *c->segments);
        ensure(c->segments);
    }
    c->segments[c->segments_count++] = (struct input_segment){input_record_id(f, offset), remainder};
}

void input_note_reject(struct input_chunk *c, const struct input_reject *r)
{
    if (c->rejects_count == c->rejects_capacity) {
        c->rejects_capacity = c->rejects_capacity ? c->rejects_capacity * 2 : 8;
        c->rejects = realloc(c->rejects, c->rejects_capacity * sizeof *c->rejects);
        ensure(c->rejects);
    }
    c->rejects[c->rejects_count++] = *r;
}

static void join_segments(struct input_file *f)
{
    size_t count = 0;
    for (uint32_t k = 0; k < f->chunks_count; k++) count += f->chunks[k].segments_count;
    f->segments = calloc(count + 1, sizeof *f->segments);
    ensure(f->segments);
    uint32_t last = UINT32_MAX;
    for (uint32_t k = 0; k < f->chunks_count; k++) {
        const struct input_chunk *c = &f->chunks[k];
        for (uint32_t i = 0; i < c->segments_count; i++)
            if (c->segments[i].remainder != last) {
                f->segments[f->segments_count++] = c->segments[i];
                last = c->segments[i].remainder;
            }
    }
}

static bool unchanged(const struct input_file *f, struct status *st)
{
    struct os_file_identity now;
    if (!os_identify_fd(f->fd, f->path, &now, st)) return false;
    if (os_same_file(&now, &f->identity)) return true;
    status_fail(st, STATUS_INPUT, "\"%s\" changed while it was read (%llu bytes before, %llu now)", f->name,
                (unsigned long long)f->identity.size, (unsigned long long)now.size);
    return status_hint(st, "the sender was still writing: have it sent again, or give its layout complete = ok");
}

bool input_seal(struct input_file *f, struct status *st)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    f->lines = f->accepted = f->rejected = f->filtered = 0;
    for (uint32_t k = 0; k < f->chunks_count; k++) {
        struct input_chunk *c = &f->chunks[k];
        c->first_line = f->lines;
        for (uint32_t r = 0; r < c->rejects_count; r++) c->rejects[r].line += (uint32_t)f->lines + 1;
        f->lines += c->lines;
        f->accepted += c->accepted - c->filtered;
        f->filtered += c->filtered;
        f->rejected += c->rejects_count;
        XXH3_64bits_update(&state, &c->hash, sizeof c->hash);
    }
    f->hash = XXH3_64bits_digest(&state);
    f->marks = (uint64_t)f->header.seen + f->trailer.seen;
    ensure(f->lines == f->accepted + f->rejected + f->filtered + f->marks);
    join_segments(f);
    return unchanged(f, st);
}

uint64_t input_offset(const struct input_file *f, uint32_t record)
{
    uint32_t low = 0, high = f->segments_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (f->segments[middle].record <= record)
            low = middle;
        else
            high = middle;
    }
    return (uint64_t)(record - f->record_base) * f->stride + (f->segments_count ? f->segments[low].remainder : 0);
}

const struct input_file *input_file_of(const struct input_set *s, int layout_index, uint32_t record)
{
    for (int i = 0; i < s->files_count; i++) {
        const struct input_file *f = &s->files[i];
        bool mine = layout_index < 0 ? f->layout->class == LAYOUT_CUSTOMER : f->layout_index == layout_index;
        if (mine && record - f->record_base < f->records_max) return f;
    }
    return NULL;
}

bool input_read_record(const struct input_file *f, uint32_t record, unsigned char *out, struct status *st)
{
    return os_read_at(f->fd, f->path, out, f->layout->record_length, input_offset(f, record), st) ||
           status_while(st, "reading record %u of \"%s\"", record, f->name);
}

uint32_t input_space(const struct input_set *s, int layout_index)
{
    uint32_t end = 0;
    for (int i = 0; i < s->files_count; i++) {
        const struct input_file *f = &s->files[i];
        bool mine = layout_index < 0 ? f->layout->class == LAYOUT_CUSTOMER : f->layout_index == layout_index;
        if (mine) end = f->record_base + f->records_max;
    }
    return end;
}
