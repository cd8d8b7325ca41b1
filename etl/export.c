#include "etl/export.h"
#include "etl/number.h"

#include "base/date.h"
#include "base/os.h"

#include <string.h>

enum { AHEAD = 6 }; /* records whose bytes are fetched beforehand */

bool export_can(const struct output *o)
{
    if (o->rows != OUTPUT_ACCOUNT && o->rows != OUTPUT_CONTACT && o->rows != OUTPUT_ADDRESS) return false;
    for (int i = 0; i < o->fields_count; i++) {
        enum output_source s = o->fields[i].source;
        if (s == SOURCE_SCORE || s == SOURCE_RESULT || s == SOURCE_MEASURE || s == SOURCE_ENTRY_DATE ||
            s == SOURCE_CUSTOMER_TYPE || s == SOURCE_REASON)
            return false;
    }
    return true;
}

bool export_open(struct export_output *e, const struct integrate *in, const struct output *o, const struct build *b,
                 struct status *st)
{
    struct import *im = in->im;
    *e = (struct export_output){.build = b, .rows_of = calloc(in->partitions + 1u, sizeof *e->rows_of)};
    ensure(e->rows_of);
    for (int t = 0; t < im->tables->count; t++) {
        const struct table *table = &im->tables->table[t];
        bool feeds = false;
        for (int k = 0; k < o->layouts_count; k++) feeds |= strcmp(table->layout->name, o->layouts[k]) == 0;
        if (!feeds) continue;
        struct exchange_options x = {.name = arena_printf(im->arena, "export-%s-%s", o->name, table->layout->name),
                                     .partitions =
                                         (input_space(im->inputs, table->layout_index) >> EXPORT_RANGE_BITS) + 1,
                                     .tuple_size = sizeof(struct export_request),
                                     .workers = pool_workers(im->pool),
                                     .budget = im->budget,
                                     .spill_folder = im->spill_folder};
        if (!exchange_init(&e->requests[t], &x, st)) return false;
        e->used[t] = true;
    }
    return true;
}

void export_release(struct export_output *e)
{
    for (int t = 0; t < UNIT_LAYOUTS_MAX; t++)
        if (e->used[t]) exchange_drop(&e->requests[t]);
    free(e->rows_of);
    *e = (struct export_output){0};
}

struct sweep_worker {
    struct integrate_scratch requests;
    unsigned char room[INPUT_ROOM];
    struct build_tool *tool;
};

struct sweep {
    struct export_output *e;
    struct integrate *in;
    const struct output *o;
    int table;
    char *window;
    uint64_t first_row, rows; /* the window */
    bool last;                /* no further window: requests may be taken */
    struct sweep_worker *workers;
    const uint64_t *row_base; /* per population partition */
};

static bool fill_row(struct sweep *s, struct sweep_worker *w, const struct input_file *f,
                     const struct export_request *q, uint64_t row, struct status *st)
{
    const unsigned char *bytes = input_record(f, q->record, w->room, st);
    if (!bytes) return false;
    const struct unit *u = s->in->im->unit;
    struct build_row r = {.number = number_full(u, s->in->first_number + q->customer),
                          .customer_type = CUSTOMER_PERSONAL,
                          .entry_date = DATE_NONE,
                          .system = u->layout_system[f->layout_index],
                          .layout_index = f->layout_index,
                          .file = f,
                          .record = q->record,
                          .bytes = bytes};
    char *out = s->window + (row - s->first_row) * s->o->record_length;
    if (!build_row(s->e->build, w->tool, &r, out, st)) return false;
    out[s->o->data_length] = s->o->line_end == LAYOUT_CRLF ? '\r' : '\n';
    if (s->o->line_end == LAYOUT_CRLF) out[s->o->data_length + 1] = '\n';
    return true;
}

static bool sweep_task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct sweep *s = context;
    struct sweep_worker *w = &s->workers[worker];
    struct exchange *x = &s->e->requests[s->table];
    uint64_t n = exchange_count(x, (uint32_t)partition);
    struct export_request *q = integrate_room(&w->requests.tuples, &w->requests.tuples_size, (n + 1) * sizeof *q);
    if (n == 0) return true;
    if (!(s->last ? exchange_take(x, (uint32_t)partition, q, st) : exchange_copy(x, (uint32_t)partition, q, st)))
        return false;
    int layout = s->in->im->tables->table[s->table].layout_index;
    const struct input_file *f = NULL;
    for (uint64_t i = 0; i < n; i++) {
        if (f && i + AHEAD < n) input_prefetch(f, q[i + AHEAD].record);
        uint64_t row = s->row_base[owners_partition(&s->in->owners, q[i].customer)] + q[i].row;
        if (row - s->first_row >= s->rows) continue;
        f = input_file_after(f, s->in->im->inputs, layout, q[i].record);
        if (!fill_row(s, w, f, &q[i], row, st)) return false;
    }
    return true;
}

static bool write_window(const struct sweep *s, int fd, const char *path, struct status *st)
{
    enum { PIECE = 1 << 20 }; /* larger ones take pages that the machine has to fetch first */
    uint64_t bytes = s->rows * s->o->record_length, offset = s->first_row * s->o->record_length;
    for (uint64_t at = 0; at < bytes; at += PIECE) {
        size_t n = bytes - at < PIECE ? (size_t)(bytes - at) : PIECE;
        if (!os_write_at(fd, path, s->window + at, n, offset + at, st)) return false;
    }
    os_write_back(fd, offset, bytes);
    return true;
}

static bool run_windows(struct sweep *s, uint64_t rows, uint64_t window_rows, int fd, const char *path,
                        struct status *st)
{
    struct import *im = s->in->im;
    for (s->first_row = 0; s->first_row < rows; s->first_row += window_rows) {
        s->rows = rows - s->first_row < window_rows ? rows - s->first_row : window_rows;
        s->last = s->first_row + s->rows == rows;
        for (s->table = 0; s->table < im->tables->count; s->table++)
            if (s->e->used[s->table] && !pool_run(im->pool, s->e->requests[s->table].partitions, sweep_task, s, st))
                return false;
        if (!write_window(s, fd, path, st)) return false;
    }
    return true;
}

/* As much of the output as there is room for: half of the rows less at each try, down to a megabyte. */
static char *take_window(struct budget *b, const struct output *o, uint64_t *rows, size_t *bytes, struct status *st)
{
    for (;;) {
        *bytes = (size_t)(*rows * o->record_length);
        bool last = *bytes <= (1 << 20) || *rows == 1;
        struct status refused = {0};
        char *window = budget_region(b, *bytes, "the rows of an output file", last ? st : &refused);
        if (window || last) return window;
        *rows = (*rows + 1) / 2;
    }
}

bool export_run(struct export_output *e, struct integrate *in, const struct output *o, const char *path,
                struct status *st)
{
    struct import *im = in->im;
    int workers = pool_workers(im->pool), fd = os_open_create(path, st);
    uint64_t *row_base = calloc(in->partitions + 1u, sizeof *row_base), rows = 0;
    struct sweep s = {
        .e = e, .in = in, .o = o, .workers = calloc((size_t)workers, sizeof *s.workers), .row_base = row_base};
    ensure(row_base && s.workers);
    for (uint32_t p = 0; p < in->partitions; p++) {
        row_base[p] = rows;
        rows += e->rows_of[p];
    }
    for (int t = 0; t < im->tables->count; t++)
        if (e->used[t]) exchange_seal(&e->requests[t]);
    uint64_t free_bytes = budget_max(im->budget) - budget_used(im->budget),
             window_rows = free_bytes / 2 / o->record_length;
    if (window_rows < 1) window_rows = 1;
    if (window_rows > rows) window_rows = rows;
    size_t window_bytes = 0;
    for (int w = 0; w < workers; w++) {
        s.workers[w].tool = build_tool_new();
    }
    bool ok = fd >= 0;
    if (ok && rows) {
        s.window = take_window(im->budget, o, &window_rows, &window_bytes, st);
        ok = s.window && run_windows(&s, rows, window_rows, fd, path, st);
        if (s.window) budget_region_return(im->budget, s.window, window_bytes);
    }
    for (int w = 0; w < workers; w++) {
        integrate_scratch_release(&s.workers[w].requests);
        build_tool_free(s.workers[w].tool);
    }
    free(s.workers);
    free(row_base);
    os_close(fd);
    return ok || status_while(st, "exporting %s", o->file);
}
