#include "etl/input.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

void input_set_init(struct input_set *s, struct arena *arena)
{
    *s = (struct input_set){.arena = arena};
}

static void close_file(struct input_file *f)
{
    os_unmap_file(f->bytes, f->identity.size);
    f->bytes = NULL;
}

bool input_open(struct input_file *f, struct status *st)
{
    int fd = os_open_read(f->path, st);
    bool ok = fd >= 0 && os_identify_fd(fd, f->path, &f->identity, st) &&
              (!f->identity.size || (f->bytes = os_map_file(fd, f->path, f->identity.size, st)));
    os_close(fd);
    return ok;
}

void input_set_release(struct input_set *s)
{
    for (int i = 0; i < s->files_count; i++) {
        struct input_file *f = &s->files[i];
        close_file(f);
        for (uint32_t k = 0; k < f->chunks_count; k++) {
            free(f->chunks[k].segments);
            free(f->chunks[k].rejects);
        }
        free(f->chunks);
        free(f->segments);
        free(f->actions);
    }
    s->files_count = 0;
    for (int i = 0; i < s->carried_count; i++) {
        close_file(&s->carried[i]);
        free(s->carried[i].segments);
        free(s->carried[i].origins);
    }
    free(s->carried);
    s->carried = NULL;
    s->carried_count = s->carried_capacity = 0;
}

void input_forget(const struct input_set *s)
{
    for (int i = 0; i < s->files_count + s->carried_count; i++) {
        const struct input_file *f = i < s->files_count ? &s->files[i] : &s->carried[i - s->files_count];
        if (f->bytes) os_forget_mapped(f->bytes, 0, f->identity.size);
    }
}

struct input_file *input_add_carried(struct input_set *s, const struct input_file *f)
{
    if (s->carried_count == s->carried_capacity) {
        s->carried_capacity = s->carried_capacity ? s->carried_capacity * 2 : 64;
        s->carried = realloc(s->carried, (size_t)s->carried_capacity * sizeof *s->carried);
        ensure(s->carried);
    }
    s->carried[s->carried_count] = *f;
    return &s->carried[s->carried_count++];
}

static int by_base(const void *a, const void *b)
{
    const struct input_file *x = a, *y = b;
    if (x->space != y->space) return x->space < y->space ? -1 : 1;
    return x->record_base < y->record_base ? -1 : x->record_base > y->record_base;
}

void input_sort_carried(struct input_set *s)
{
    if (s->carried_count) qsort(s->carried, (size_t)s->carried_count, sizeof *s->carried, by_base);
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
                                                     .space = l->class == LAYOUT_CUSTOMER ? -1 : layout_index};
    if (l->class == LAYOUT_CUSTOMER) {
        ensure(s->customer_files == s->files_count - 1);
        s->customer_files++;
    }
    return true;
}

/* Where the records of a space end that were given ids so far. */
static uint64_t space_end(const struct input_set *s, int files, int space)
{
    uint64_t end = 0;
    for (int i = 0; i < s->carried_count; i++)
        if (s->carried[i].space == space) end = (uint64_t)s->carried[i].record_base + s->carried[i].records_max;
    for (int i = 0; i < files; i++)
        if (s->files[i].space == space) end = (uint64_t)s->files[i].record_base + s->files[i].records_max;
    return end;
}

bool input_open_all(struct input_set *s, struct status *st)
{
    for (int i = 0; i < s->files_count; i++) {
        struct input_file *f = &s->files[i];
        if (!input_open(f, st)) return false;
        uint64_t base = space_end(s, i, f->space);
        uint64_t records = (f->identity.size / f->stride + INPUT_RECORDS_ALIGN) & ~(uint64_t)(INPUT_RECORDS_ALIGN - 1);
        if (base + records > UINT32_MAX - INPUT_RECORDS_ALIGN) {
            status_fail(st, STATUS_INPUT,
                        "\"%s\" has %llu bytes: more than 4,294,967,000 records of layout %s, archived ones included",
                        f->path, (unsigned long long)f->identity.size, f->layout->name);
            return base
                       ? status_hint(
                             st,
                             "record ids are used up: pack the archived records that are still in force, then the same "
                             "command: crmx generation compact --unit UU")
                       : status_hint(st, "split the unit: city branches can be units of their own");
        }
        f->record_base = (uint32_t)base;
        f->records_max = (uint32_t)records;
        f->chunks_count = (uint32_t)((f->identity.size + INPUT_CHUNK_SIZE - 1) / INPUT_CHUNK_SIZE);
        f->chunks = calloc(f->chunks_count + 1, sizeof *f->chunks);
        ensure(f->chunks);
        if (f->layout->class == LAYOUT_CUSTOMER) s->customer_records_max = f->record_base + f->records_max;
        if (!f->layout->change) continue;
        f->actions = calloc((size_t)f->records_max + 1, 1);
        ensure(f->actions);
    }
    if (!s->customer_files) s->customer_records_max = (uint32_t)space_end(s, 0, -1);
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
    if (!os_identify(f->path, &now, st)) return false;
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

/* Of its first byte in f->bytes. */
static uint64_t address(const struct input_file *f, uint32_t record)
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

/* What is noted behind a record of a packed file. The file has room for it: records_max is its size. */
static uint64_t noted(const struct input_file *f, uint32_t record, uint32_t at)
{
    uint64_t value = 0, place = address(f, record) + f->layout->record_length + at;
    if (place + sizeof value <= f->identity.size) memcpy(&value, f->bytes + place, sizeof value);
    return value;
}

uint64_t input_offset(const struct input_file *f, uint32_t record)
{
    return f->origins_count ? noted(f, record, 0) : address(f, record);
}

uint64_t input_packed_line(const struct input_file *f, uint32_t record)
{
    ensure(f->origins_count);
    return noted(f, record, 8);
}

const struct input_origin *input_origin(const struct input_file *f, uint32_t record)
{
    uint32_t low = 0, high = f->origins_count, place = record - f->record_base;
    if (!high) return NULL;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (f->origins[middle].first <= place)
            low = middle;
        else
            high = middle;
    }
    return &f->origins[low];
}

const struct input_file *input_file_of(const struct input_set *s, int layout_index, uint32_t record)
{
    for (int i = 0; i < s->files_count; i++) {
        const struct input_file *f = &s->files[i];
        if (f->space == layout_index && record - f->record_base < f->records_max) return f;
    }
    int low = 0, high = s->carried_count; /* the last that starts at or before the record */
    while (low < high) {
        int middle = low + (high - low) / 2;
        const struct input_file *f = &s->carried[middle];
        if (f->space < layout_index || (f->space == layout_index && f->record_base <= record))
            low = middle + 1;
        else
            high = middle;
    }
    const struct input_file *f = low ? &s->carried[low - 1] : NULL;
    return f && f->space == layout_index && record - f->record_base < f->records_max ? f : NULL;
}

const unsigned char *input_bytes(const struct input_file *f, uint64_t offset, uint32_t length,
                                 unsigned char room[INPUT_ROOM], struct status *st)
{
    uint64_t size = f->identity.size;
    ensure(length <= LAYOUT_RECORD_MAX);
    if (offset > size || length > size - offset) {
        status_fail(st, STATUS_IO, "could not read \"%s\": %u bytes wanted at offset %llu, the file has %llu", f->path,
                    length, (unsigned long long)offset, (unsigned long long)size);
        status_hint(st, "the file was shortened, or the generation is damaged: crmx generation verify");
        return NULL;
    }
    if (offset >= INPUT_SLACK && size - offset - length >= INPUT_SLACK) return f->bytes + offset;
    uint64_t before = offset < INPUT_SLACK ? offset : INPUT_SLACK,
             behind = size - offset - length < INPUT_SLACK ? size - offset - length : INPUT_SLACK;
    memcpy(room + INPUT_SLACK - before, f->bytes + offset - before, before + length + behind);
    return room + INPUT_SLACK;
}

const unsigned char *input_record(const struct input_file *f, uint32_t record, unsigned char room[INPUT_ROOM],
                                  struct status *st)
{
    const unsigned char *p = input_bytes(f, address(f, record), f->layout->record_length, room, st);
    if (!p) status_while(st, "reading record %u of \"%s\"", record, f->name);
    return p;
}

const unsigned char *input_ready(const struct input_file *f, uint32_t record)
{
    if (!f || record - f->record_base >= f->records_max) return NULL;
    uint64_t offset = address(f, record), size = f->identity.size, length = f->layout->record_length + INPUT_SLACK;
    return offset >= INPUT_SLACK && length <= size && offset <= size - length ? f->bytes + offset : NULL;
}

void input_prefetch(const struct input_file *f, uint32_t record)
{
    const unsigned char *p = input_ready(f, record);
    for (uint32_t i = 0; p && i < f->layout->record_length; i += 64) __builtin_prefetch(p + i);
    if (p) __builtin_prefetch(p + f->layout->record_length - 1);
}

bool input_read_record(const struct input_file *f, uint32_t record, unsigned char *out, struct status *st)
{
    unsigned char room[INPUT_ROOM];
    const unsigned char *p = input_record(f, record, room, st);
    if (p) memcpy(out, p, f->layout->record_length);
    return p;
}

uint32_t input_space(const struct input_set *s, int layout_index)
{
    return (uint32_t)space_end(s, s->files_count, layout_index);
}
