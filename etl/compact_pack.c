#include "etl/compact_pack.h"

#include "etl/archive.h"
#include "etl/probe_scan.h"
#include "etl/tsv.h"

#define XXH_INLINE_ALL
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* --- a packed file --- */

struct sink { /* hashed as import hashes files: over the hashes of their chunks */
    const char *path;
    int fd;
    char *chunk;
    size_t filled;
    uint64_t bytes;
    XXH3_state_t *hash;
    struct status *st;
};

static bool flush(struct sink *o)
{
    uint64_t h = XXH3_64bits(o->chunk, o->filled);
    if (!o->filled) return true;
    XXH3_64bits_update(o->hash, &h, sizeof h);
    o->bytes += o->filled;
    bool ok = os_write(o->fd, o->path, o->chunk, o->filled, o->st);
    o->filled = 0;
    return ok;
}

static bool put(struct sink *o, const void *bytes, size_t length)
{
    const char *from = bytes;
    while (length) {
        size_t n = INPUT_CHUNK_SIZE - o->filled < length ? INPUT_CHUNK_SIZE - o->filled : length;
        memcpy(o->chunk + o->filled, from, n);
        o->filled += n;
        from += n;
        length -= n;
        if (o->filled == INPUT_CHUNK_SIZE && !flush(o)) return false;
    }
    return true;
}

/* Lines of the records of one file, asked for in their order. A file of blocks needs no look. */
struct liner {
    const struct input_file *file;
    struct probe_scan *scan;
    struct probe_record at;
};

static bool line_of(struct liner *l, uint32_t record, uint64_t *line, struct status *st)
{
    const struct input_file *f = l->file;
    uint64_t offset = input_offset(f, record);
    bool end = false;
    if (f->origins_count) {
        *line = input_packed_line(f, record);
        return true;
    }
    if (f->layout->line_end == LAYOUT_NO_LINE_END) {
        *line = offset / f->stride + 1;
        return true;
    }
    if (!l->scan && !(l->scan = probe_scan_open(f->path, f->layout, st))) return false;
    while (!end && (l->at.line == 0 || l->at.offset < offset))
        if (!probe_scan_next(l->scan, &l->at, &end, st)) return false;
    *line = l->at.line;
    if (!end && l->at.offset == offset) return true;
    return status_fail(st, STATUS_CORRUPT, "\"%s\" has no record at byte %llu", f->path, (unsigned long long)offset);
}

static void note_origin(struct compact_pack *p, struct input_file *to, uint32_t place, const struct input_file *from,
                        uint32_t record)
{
    const struct input_origin *o = input_origin(from, record),
                              *last = to->origins_count ? &to->origins[to->origins_count - 1] : NULL;
    const char *night = o ? o->night : from->night, *name = o ? o->name : from->name;
    if (!last || strcmp(last->name, name) != 0 || strcmp(last->night, night) != 0)
        archive_add_origin(to, place, night, name, p->arena);
}

static bool pack_file(struct compact_pack *p, const struct compact_space *s, const struct compact_range *r,
                      struct sink *o, struct input_file *to, struct status *st)
{
    unsigned char room[INPUT_ROOM];
    struct liner lines = {.file = r->file};
    bool ok = true;
    for (uint32_t id = r->first; ok && id < r->end; id++) {
        if (id % 64 == 0 && !s->live[id >> 6]) {
            id += 63;
            continue;
        }
        if (!compact_is_live(s, id)) continue;
        uint64_t noted[2] = {input_offset(r->file, id), 0};
        const unsigned char *bytes = input_record(r->file, id, room, st);
        ok = bytes && line_of(&lines, id, &noted[1], st);
        if (!ok) break;
        note_origin(p, to, (uint32_t)to->accepted, r->file, id);
        to->accepted++;
        ok = put(o, bytes, r->file->layout->record_length) && put(o, noted, sizeof noted);
    }
    probe_scan_close(lines.scan);
    p->result->packed_files++;
    return ok;
}

static bool pack_run(struct compact_pack *p, const struct compact_space *s, int first, struct status *st)
{
    const struct compact_range *r = &s->ranges[first];
    struct input_file to = {.layout = r->file->layout,
                            .layout_index = r->file->layout_index,
                            .version = r->file->version,
                            .space = s->space,
                            .record_base = r->base,
                            .night = p->g->id};
    to.name = arena_printf(p->arena, "packed.%s.%d", to.layout->name, ++p->packed);
    const char *folder = arena_printf(p->arena, "%s/in/%s", p->folder, to.night);
    to.path = arena_printf(p->arena, "%s/%s", folder, to.name);
    struct sink o = {.path = to.path, .hash = XXH3_createState(), .chunk = malloc(INPUT_CHUNK_SIZE), .st = st};
    ensure(o.hash && o.chunk);
    XXH3_64bits_reset(o.hash);
    bool ok = os_make_folder(folder, st) && (o.fd = os_open_create(to.path, st)) >= 0;
    for (int i = first; ok && i < s->ranges_count && s->ranges[i].packed && s->ranges[i].run <= r->run; i++)
        if (s->ranges[i].run == r->run) ok = pack_file(p, s, &s->ranges[i], &o, &to, st);
    ok = ok && flush(&o);
    if (o.fd >= 0) os_close(o.fd);
    to.identity.size = o.bytes;
    to.hash = XXH3_64bits_digest(o.hash);
    to.records_max = (uint32_t)((to.accepted + INPUT_RECORDS_ALIGN) & ~(uint64_t)(INPUT_RECORDS_ALIGN - 1));
    p->result->packed_records += to.accepted;
    XXH3_freeState(o.hash);
    free(o.chunk);
    input_add_carried(p->inputs, &to);
    return ok || status_while(st, "packing the archived records of layout %s", to.layout->name);
}

/* A file that stays: its ids move together. */
static void move_file(struct compact_pack *p, const struct compact_range *r)
{
    struct input_file f = *r->file;
    f.bytes = NULL;
    f.identity.size = r->file->identity.size;
    f.record_base = r->base;
    f.segments = malloc((f.segments_count + 1u) * sizeof *f.segments);
    ensure(f.segments);
    for (uint32_t i = 0; i < f.segments_count; i++)
        f.segments[i] =
            (struct input_segment){r->file->segments[i].record - r->first + r->base, r->file->segments[i].remainder};
    f.origins = NULL;
    f.origins_count = 0;
    for (uint32_t i = 0; i < r->file->origins_count; i++)
        archive_add_origin(&f, r->file->origins[i].first, r->file->origins[i].night, r->file->origins[i].name,
                           p->arena);
    if (!r->own) {
        input_add_carried(p->inputs, &f);
        return;
    }
    /* In the place it had: INPUTS lists the night's files in the order in which they were read. */
    p->inputs->files[r->file - p->g->inputs.files] = f;
}

/* --- columns --- */

struct rewrite {
    const struct compact_holder *holder;
    const struct compact_space *space;
    struct segment *from;
    struct segment_writer *to;
    int column; /* that holds the ids */
    struct worker {
        struct segment_part part;
        struct compact_column ids;
        void *values;
        uint64_t capacity;
    } * workers;
};

static bool copy_column(struct rewrite *r, struct worker *w, uint32_t partition, int column, struct status *st)
{
    const struct segment_column *shape = segment_column(r->from, column);
    uint64_t rows = segment_rows(r->from, partition, column), width = shape->type == SEGMENT_RAW ? shape->width : 8;
    if ((rows + 1) * width > w->capacity) {
        w->capacity = (rows + 1) * width * 3 / 2;
        free(w->values);
        w->values = malloc(w->capacity);
        ensure(w->values);
    }
    bool mapped = column == r->column;
    if (shape->type == SEGMENT_RAW) {
        unsigned char *at = w->values;
        if (rows && !segment_get_raw(r->from, partition, column, 0, rows, at, st)) return false;
        for (uint64_t i = 0; mapped && i < rows; i++) {
            uint32_t id;
            memcpy(&id, at + i * width + r->holder->at, sizeof id);
            id = compact_map(r->space, id);
            memcpy(at + i * width + r->holder->at, &id, sizeof id);
        }
        segment_put_raw(&w->part, column, at, rows, shape->width);
        return true;
    }
    int64_t *at = w->values;
    if (rows && !segment_get(r->from, partition, column, 0, rows, at, st)) return false;
    for (uint64_t i = 0; mapped && i < rows; i++) at[i] = compact_map(r->space, (uint32_t)at[i]);
    segment_put(&w->part, column, at, rows);
    return true;
}

static bool rewrite_task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct rewrite *r = context;
    struct worker *w = &r->workers[worker];
    bool ok = true;
    for (int c = 0; ok && c < segment_columns(r->from); c++) ok = copy_column(r, w, (uint32_t)partition, c, st);
    ok = ok && segment_commit(r->to, (uint32_t)partition, &w->part, st);
    if (!ok) segment_abort(r->to, (uint32_t)partition);
    return ok;
}

static bool rewrite(struct compact_pack *p, const struct compact_space *s, const struct compact_holder *h,
                    struct status *st)
{
    const char *to = arena_printf(p->arena, "%s/%s", p->folder, h->file);
    int workers = pool_workers(p->pool);
    struct rewrite r = {.holder = h, .space = s};
    r.from = segment_open(arena_printf(p->arena, "%s/%s", p->g->folder, h->file), st);
    if (!r.from) return false;
    r.column = segment_find(r.from, h->column);
    r.to = segment_create(to, segment_partitions(r.from), st);
    for (int c = 0; r.to && c < segment_columns(r.from); c++) {
        const struct segment_column *shape = segment_column(r.from, c);
        segment_declare(r.to, shape->name, shape->type, shape->scale, shape->width);
    }
    r.workers = calloc((size_t)workers, sizeof *r.workers);
    ensure(r.workers);
    for (int w = 0; w < workers; w++) segment_part_init(&r.workers[w].part);
    bool ok = r.to && pool_run(p->pool, segment_partitions(r.from), rewrite_task, &r, st);
    if (ok)
        ok = segment_finish(r.to, st);
    else if (r.to)
        segment_discard(r.to);
    for (int w = 0; w < workers; w++) {
        segment_part_release(&r.workers[w].part);
        free(r.workers[w].values);
    }
    free(r.workers);
    segment_close(r.from);
    return ok || status_while(st, "writing the new record ids of %s", h->file);
}

bool compact_pack_space(struct compact_pack *p, const struct compact_space *s, struct status *st)
{
    int runs = 0;
    for (int i = 0; i < s->ranges_count; i++) {
        if (!s->ranges[i].packed)
            move_file(p, &s->ranges[i]);
        else if (s->ranges[i].run == runs) {
            runs++;
            if (!pack_run(p, s, i, st)) return false;
        } else if (s->ranges[i].run < 0)
            p->result->packed_files++;
    }
    if (!s->changed) return true;
    for (int i = 0; i < p->holders.count; i++) {
        if (p->holders.list[i].space != s->space) continue;
        p->rewritten[i] = true;
        if (!rewrite(p, s, &p->holders.list[i], st)) return false;
    }
    for (int i = 0; i < COMPACT_LISTS; i++)
        for (uint32_t k = 0; k < p->lists[i].count; k++) {
            struct compact_line *line = &p->lists[i].lines[k];
            for (int n = 0; line->space == s->space && n < line->ids_count; n++)
                line->ids[n] = compact_map(s, line->ids[n]);
        }
    return true;
}

/* --- the rest --- */

struct linking {
    struct compact_pack *p;
    const char *below; /* "" or a subfolder with its slash */
    struct status *st;
    bool ok;
};

static bool is_replaced(const struct compact_pack *p, const char *name)
{
    if (strcmp(name, "MANIFEST") == 0 || strcmp(name, "INPUTS") == 0) return true;
    for (int i = 0; i < COMPACT_LISTS; i++)
        if (strcmp(name, p->lists[i].name) == 0) return true;
    for (int i = 0; i < p->holders.count; i++)
        if (p->rewritten[i] && strcmp(name, p->holders.list[i].file) == 0) return true;
    if (strncmp(name, "in/", 3) != 0 || strncmp(name, "in/layouts/", 11) == 0) return false;
    for (int i = 0; i < p->inputs->files_count; i++)
        if (strcmp(name, archive_name(&p->inputs->files[i], p->arena)) == 0) return false;
    for (int i = 0; i < p->inputs->carried_count; i++)
        if (strcmp(name, archive_name(&p->inputs->carried[i], p->arena)) == 0) return false;
    return true; /* packed */
}

static bool link_entry(void *context, const char *entry)
{
    struct linking *l = context;
    struct os_file_identity id;
    const char *name = arena_printf(l->p->arena, "%s%s", l->below, entry),
               *from = arena_printf(l->p->arena, "%s/%s", l->p->g->folder, name),
               *to = arena_printf(l->p->arena, "%s/%s", l->p->folder, name);
    l->ok = os_identify(from, &id, l->st);
    if (!l->ok) return false;
    if (id.is_folder) {
        struct linking inside = {l->p, arena_printf(l->p->arena, "%s/", name), l->st, true};
        l->ok = os_make_folder(to, l->st) && os_list(from, link_entry, &inside, l->st) && inside.ok;
    } else if (!is_replaced(l->p, name)) {
        l->ok = os_link_or_copy(from, to, l->st);
    }
    return l->ok;
}

static bool write_lists(struct compact_pack *p, struct status *st)
{
    struct buf b;
    bool ok = true;
    buf_init(&b, (size_t)1 << 32);
    for (int i = 0; ok && i < COMPACT_LISTS; i++) {
        const struct compact_list *l = &p->lists[i];
        if (!os_exists(arena_printf(p->arena, "%s/%s", p->g->folder, l->name))) continue;
        buf_addf(&b, "%s\n", l->head);
        for (uint32_t k = 0; k < l->count; k++) {
            const struct compact_line *line = &l->lines[k];
            buf_addf(&b, "%s%u", line->before, line->ids[0]);
            if (line->ids_count == 2) buf_addf(&b, "\t%u", line->ids[1]);
            buf_addf(&b, "%s\n", line->behind);
        }
        ok = tsv_write(p->folder, l->name, &b, st);
    }
    buf_release(&b);
    return ok;
}

/* Files of spaces that nothing points into by record id, such as rates and transaction logs, as they are. */
static void add_others(struct compact_pack *p)
{
    const struct input_set *in = &p->g->inputs;
    for (int i = 0; i < in->files_count + in->carried_count; i++) {
        bool own = i < in->files_count;
        struct compact_range r = {.file = own ? &in->files[i] : &in->carried[i - in->files_count], .own = own};
        bool there = own && p->inputs->files[i].name;
        for (int k = 0; !own && !there && k < p->inputs->carried_count; k++)
            there = strcmp(p->inputs->carried[k].name, r.file->name) == 0 &&
                    strcmp(p->inputs->carried[k].night, r.file->night) == 0;
        for (int k = 0; !own && !there && k < p->holders.count; k++)
            there = p->holders.list[k].space == r.file->space && r.file->records_max;
        r.first = r.base = r.file->record_base;
        if (!there) move_file(p, &r);
    }
    input_sort_carried(p->inputs);
}

bool compact_pack_rest(struct compact_pack *p, struct status *st)
{
    struct linking l = {p, "", st, true};
    add_others(p);
    return os_list(p->g->folder, link_entry, &l, st) && l.ok && write_lists(p, st) &&
           generation_write_inputs(p->folder, p->inputs, st);
}
