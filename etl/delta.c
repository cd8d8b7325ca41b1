#include "etl/delta.h"

#include "base/os.h"
#include "etl/control_sum.h"

#include <inttypes.h>
#include <string.h>

enum { PIECE = 1 << 20, GROUP_BYTES_MAX = 1 << 30 /* rows of one customer in one file */ };
enum side { SIDE_BASE, SIDE_NOW, SIDE_CARRIED_REMOVED, SIDE_CARRIED_PUT, SIDES };

struct rows { /* the records [at, end) of a file; group: those of the customer who is due */
    const char *path;
    int fd;
    uint32_t lead, length; /* bytes before the record (the mark), and with them */
    uint64_t at, end;
    char *piece;
    uint64_t piece_first, piece_count;
    struct buf group; /* records without lead */
    char *number;     /* of the group before: the order is checked */
};

struct entry {
    const char *record;
    enum side side;
};

struct writer {
    const char *path;
    int fd;
    struct buf bytes;
    uint64_t size;
};

struct delta {
    const struct delta_request *q;
    struct delta_result *r;
    const struct output *o;
    struct rows rows[SIDES];
    struct writer removed, put;
    struct entry *entries;
    size_t entries_size;
    char *blank; /* a record without values */
    struct control_sums *sums;
    struct arena *arena;
};

bool delta_can(const struct output *o, struct status *st)
{
    if (o->number_field >= 0 && o->has_key) return true;
    if (o->number_field < 0) {
        status_fail(st, STATUS_USAGE, "output %s has no field of type digits with the customer number: no delta",
                    o->name);
        return status_hint(st, "add it to outputs/%s.ini: number = 10 digits number", o->name);
    }
    status_fail(st, STATUS_USAGE, "output %s does not say what its rows are known by from day to day: no delta",
                o->name);
    return status_hint(st, "name the fields in outputs/%s.ini: [output] key = system account currency", o->name);
}

bool delta_comparable(const struct output *a, const struct output *b)
{
    if (strcmp(a->file, b->file) != 0 || a->encoding != b->encoding || a->record_length != b->record_length ||
        a->fields_count != b->fields_count)
        return false;
    for (int i = 0; i < a->fields_count; i++) {
        const struct output_field *f = &a->fields[i], *g = &b->fields[i];
        if (strcmp(f->name, g->name) != 0 || f->length != g->length || f->type != g->type || f->scale != g->scale)
            return false;
    }
    return true;
}

/* --- reading --- */

static uint64_t record_at(const struct rows *r, uint64_t index)
{
    return index * r->length;
}

/* The record `at`, in a piece of the file; NULL on failure. */
static const char *record(struct rows *r, uint64_t index, struct status *st)
{
    if (index - r->piece_first >= r->piece_count) {
        uint64_t count = PIECE / r->length + 1;
        if (count > r->end - index) count = r->end - index;
        if (!os_read_at(r->fd, r->path, r->piece, count * r->length, record_at(r, index), st)) return NULL;
        r->piece_first = index;
        r->piece_count = count;
    }
    return r->piece + (index - r->piece_first) * r->length + r->lead;
}

static bool open_rows(struct rows *r, const struct output *o, const char *path, uint32_t lead, struct status *st)
{
    struct os_file_identity id;
    *r = (struct rows){.path = path, .fd = os_open_read(path, st), .lead = lead, .length = o->record_length + lead};
    buf_init(&r->group, GROUP_BYTES_MAX);
    if (r->fd < 0 || !os_identify_fd(r->fd, path, &id, st)) return false;
    if (id.size % r->length)
        return status_fail(st, STATUS_CORRUPT, "\"%s\" has %" PRIu64 " bytes, no whole number of records of %u", path,
                           id.size, r->length);
    r->end = id.size / r->length;
    r->piece = malloc((size_t)PIECE + 2 * r->length);
    r->number = calloc(1, o->fields[o->number_field].length);
    ensure(r->piece && r->number);
    return true;
}

static void close_rows(struct rows *r)
{
    os_close(r->fd);
    buf_release(&r->group);
    free(r->piece);
    free(r->number);
}

/* A delta is two lists: the first record that is no removal divides them. */
static bool open_carried(struct delta *d, struct status *st)
{
    struct rows *removed = &d->rows[SIDE_CARRIED_REMOVED], *put = &d->rows[SIDE_CARRIED_PUT];
    if (!open_rows(removed, d->o, d->q->carried, 1, st) || !open_rows(put, d->o, d->q->carried, 1, st)) return false;
    uint64_t low = 0, high = removed->end;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        char mark;
        if (!os_read_at(removed->fd, removed->path, &mark, 1, record_at(removed, middle), st)) return false;
        if (mark == 'R')
            low = middle + 1;
        else
            high = middle;
    }
    removed->end = put->at = low;
    return true;
}

static const char *number_of(const struct delta *d, const char *row)
{
    return row + d->o->fields[d->o->number_field].offset;
}

static int compare_numbers(const struct delta *d, const char *a, const char *b)
{
    return memcmp(a, b, d->o->fields[d->o->number_field].length);
}

/* The least number that is due on any side into `number`; false when all are at their end. */
static bool least_number(struct delta *d, char *number, bool *any, struct status *st)
{
    *any = false;
    for (int s = 0; s < SIDES; s++) {
        struct rows *r = &d->rows[s];
        if (r->at == r->end) continue;
        const char *row = record(r, r->at, st);
        if (!row) return false;
        if (*any && compare_numbers(d, number_of(d, row), number) >= 0) continue;
        memcpy(number, number_of(d, row), d->o->fields[d->o->number_field].length);
        *any = true;
    }
    return true;
}

/* All records of the customer on one side. */
static bool take_group(struct delta *d, struct rows *r, const char *number, struct status *st)
{
    buf_clear(&r->group);
    for (; r->at < r->end; r->at++) {
        const char *row = record(r, r->at, st);
        if (!row) return false;
        if (compare_numbers(d, number_of(d, row), number) != 0) break;
        buf_add(&r->group, row, d->o->record_length);
        if (buf_full(&r->group))
            return status_fail(st, STATUS_MEMORY, "\"%s\": the rows of one customer exceed %d bytes", r->path,
                               GROUP_BYTES_MAX);
    }
    if (r->group.length == 0) return true;
    if (compare_numbers(d, number, r->number) < 0)
        return status_fail(st, STATUS_CORRUPT,
                           "\"%s\" is not in the order of the customer number before record %" PRIu64, r->path, r->at);
    memcpy(r->number, number, d->o->fields[d->o->number_field].length);
    return true;
}

/* --- writing --- */

static bool flush(struct writer *w, struct status *st)
{
    bool ok = w->bytes.length == 0 || os_write_at(w->fd, w->path, w->bytes.bytes, w->bytes.length, w->size, st);
    w->size += w->bytes.length;
    buf_clear(&w->bytes);
    return ok;
}

static bool write_row(struct delta *d, struct writer *w, char mark, const char *row, struct status *st)
{
    buf_add(&w->bytes, &mark, 1);
    buf_add(&w->bytes, row, d->o->record_length);
    return w->bytes.length < PIECE || flush(w, st);
}

static bool write_removed(struct delta *d, const char *row, struct status *st)
{
    const struct output *o = d->o;
    const struct output_field *number = &o->fields[o->number_field];
    memcpy(d->blank + number->offset, row + number->offset, number->length);
    for (int i = 0; i < o->key_count; i++) {
        const struct output_field *f = &o->fields[o->key[i]];
        memcpy(d->blank + f->offset, row + f->offset, f->length);
    }
    d->r->removed++;
    return write_row(d, &d->removed, 'R', d->blank, st);
}

static bool write_put(struct delta *d, char mark, const char *row, struct status *st)
{
    d->r->added += mark == 'N';
    d->r->changed += mark == 'C';
    if (!control_sums_add(d->sums, row))
        return status_fail(st, STATUS_CORRUPT, "\"%s\": a record holds no amount where its layout has one", d->q->now);
    return write_row(d, &d->put, mark, row, st);
}

/* --- one customer --- */

static int compare_keys(const struct output *o, const char *a, const char *b)
{
    for (int i = 0; i < o->key_count; i++) {
        const struct output_field *f = &o->fields[o->key[i]];
        int order = memcmp(a + f->offset, b + f->offset, f->length);
        if (order) return order;
    }
    return 0;
}

static int by_key(const void *a, const void *b, void *context)
{
    const struct output *o = context;
    const struct entry *x = a, *y = b;
    int order = compare_keys(o, x->record, y->record);
    if (order) return order;
    if (x->side != y->side) return x->side < y->side ? -1 : 1;
    return memcmp(x->record, y->record, o->record_length);
}

/* Entries [0, count) of one key, in the order of sides: what the receiver has to be told. */
static bool one_key(struct delta *d, const struct entry *e, size_t count, struct status *st)
{
    size_t of[SIDES] = {0};
    for (size_t i = 0; i < count; i++) of[e[i].side]++;
    const struct entry *now = e + of[SIDE_BASE];
    bool same = of[SIDE_BASE] == of[SIDE_NOW], carried = of[SIDE_CARRIED_REMOVED] || of[SIDE_CARRIED_PUT];
    for (size_t i = 0; same && i < of[SIDE_NOW]; i++)
        same = memcmp(e[i].record, now[i].record, d->o->record_length) == 0;
    if (same && !carried) return true;
    if (of[SIDE_NOW] == 0) return write_removed(d, e->record, st);
    for (size_t i = 0; i < of[SIDE_NOW]; i++)
        if (!write_put(d, of[SIDE_BASE] ? 'C' : 'N', now[i].record, st)) return false;
    return true;
}

static bool one_customer(struct delta *d, struct status *st)
{
    struct rows *base = &d->rows[SIDE_BASE], *now = &d->rows[SIDE_NOW];
    bool carried = d->rows[SIDE_CARRIED_REMOVED].group.length || d->rows[SIDE_CARRIED_PUT].group.length;
    if (!carried && view_equal(buf_view(&base->group), buf_view(&now->group))) return true; /* nearly always */
    size_t count = 0, length = d->o->record_length;
    for (int s = 0; s < SIDES; s++) count += d->rows[s].group.length / length;
    if (count > d->entries_size) {
        d->entries_size = 2 * count;
        free(d->entries);
        d->entries = malloc(d->entries_size * sizeof *d->entries);
        ensure(d->entries);
    }
    count = 0;
    for (int s = 0; s < SIDES; s++)
        for (size_t at = 0; at < d->rows[s].group.length; at += length)
            d->entries[count++] = (struct entry){d->rows[s].group.bytes + at, (enum side)s};
    union {
        const struct output *from;
        void *to;
    } context = {d->o}; /* qsort_r hands it back */
    qsort_r(d->entries, count, sizeof *d->entries, by_key, context.to);
    for (size_t i = 0; i < count;) {
        size_t n = 1;
        while (i + n < count && compare_keys(d->o, d->entries[i].record, d->entries[i + n].record) == 0) n++;
        if (!one_key(d, d->entries + i, n, st)) return false;
        i += n;
    }
    return true;
}

static bool merge(struct delta *d, struct status *st)
{
    char *number = arena_take(d->arena, d->o->fields[d->o->number_field].length);
    bool any;
    for (;;) {
        if (!least_number(d, number, &any, st)) return false;
        if (!any) return true;
        for (int s = 0; s < SIDES; s++)
            if (!take_group(d, &d->rows[s], number, st)) return false;
        if (!one_customer(d, st)) return false;
    }
}

/* --- the call --- */

static bool open_writer(struct writer *w, const char *path, struct status *st)
{
    *w = (struct writer){.path = path, .fd = os_open_create(path, st)};
    buf_init(&w->bytes, 2 * PIECE + OUTPUT_RECORD_MAX);
    return w->fd >= 0;
}

/* The puts go behind the removals. */
static bool join(struct delta *d, struct status *st)
{
    if (!flush(&d->removed, st) || !flush(&d->put, st)) return false;
    for (uint64_t at = 0; at < d->put.size; at += d->removed.bytes.length, buf_clear(&d->removed.bytes)) {
        size_t n = d->put.size - at < PIECE ? (size_t)(d->put.size - at) : PIECE;
        if (!os_read_at(d->put.fd, d->put.path, buf_room(&d->removed.bytes, n), n, at, st) ||
            !os_write_at(d->removed.fd, d->removed.path, d->removed.bytes.bytes, n, d->removed.size + at, st))
            return false;
    }
    d->r->bytes = d->removed.size + d->put.size;
    return os_fsync(d->removed.fd, d->removed.path, st) && os_unlink(d->put.path, st);
}

static void make_blank(struct delta *d)
{
    const struct output *o = d->o;
    d->blank = arena_take(d->arena, o->record_length);
    memset(d->blank, ' ', o->record_length);
    for (int i = 0; i < o->fields_count; i++)
        if (o->fields[i].type == OUTPUT_DIGITS || o->fields[i].type == OUTPUT_AMOUNT ||
            o->fields[i].type == OUTPUT_DATE)
            memset(d->blank + o->fields[i].offset, '0', o->fields[i].length);
    if (o->line_end == LAYOUT_CRLF) d->blank[o->data_length] = '\r';
    d->blank[o->record_length - 1] = '\n';
}

static const char *control_text(struct delta *d)
{
    const char *sums = control_sums_text(d->sums, d->arena);
    return arena_printf(d->arena, "new=%" PRIu64 " changed=%" PRIu64 " removed=%" PRIu64 "%s%s", d->r->added,
                        d->r->changed, d->r->removed, sums ? " " : "", sums ? sums : "");
}

bool delta_write(const struct delta_request *q, struct delta_result *r, struct arena *arena, struct status *st)
{
    struct delta d = {.q = q, .r = r, .o = q->output, .arena = arena, .sums = control_sums_new(q->output, arena)};
    *r = (struct delta_result){0};
    for (int s = 0; s < SIDES; s++) d.rows[s].fd = -1;
    d.removed.fd = d.put.fd = -1;
    make_blank(&d);
    bool ok = delta_can(q->output, st) && open_rows(&d.rows[SIDE_BASE], d.o, q->base, 0, st) &&
              open_rows(&d.rows[SIDE_NOW], d.o, q->now, 0, st) && (!q->carried || open_carried(&d, st)) &&
              open_writer(&d.removed, q->to, st) && open_writer(&d.put, arena_printf(arena, "%s.put", q->to), st) &&
              merge(&d, st) && join(&d, st);
    r->control = control_text(&d);
    for (int s = 0; s < SIDES; s++) close_rows(&d.rows[s]);
    os_close(d.removed.fd);
    os_close(d.put.fd);
    buf_release(&d.removed.bytes);
    buf_release(&d.put.bytes);
    free(d.entries);
    return ok || status_while(st, "making the delta of %s", q->output->file);
}
