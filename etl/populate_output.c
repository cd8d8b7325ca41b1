/* populate: the rows of the output files, in the order of the integrated number. */
#include "etl/number.h"
#include "etl/populate_extra.h"

#include "base/date.h"

#include <string.h>

struct row_context {
    struct populate_job *j;
    struct populate_worker *w;
    const struct populate_range *r;
    int worker;
    int64_t measures[128], results[64], reasons[SCORECARD_REASONS];
    unsigned char room[INPUT_ROOM];
    struct build_row row;
    struct status *st;
};

/* The record behind the row. */
static bool read_source(struct row_context *x, int layout_index, uint32_t record, bool needed)
{
    const struct input_set *inputs = x->j->p->in->im->inputs;
    const struct input_file *f = input_file_after(x->row.file, inputs, layout_index, record);
    x->row.file = f;
    x->row.record = record;
    x->row.layout_index = f->layout_index;
    x->row.system = x->j->p->in->im->unit->layout_system[f->layout_index];
    return !needed || (x->row.bytes = input_record(f, record, x->room, x->st));
}

static bool emit(struct row_context *x, int output)
{
    const struct output *o = x->j->p->in->im->unit->outputs[output];
    char *out = buf_room(&x->w->out[output], o->record_length);
    if (!out) return status_fail(x->st, STATUS_MEMORY, "output %s: too many rows in one partition", o->name);
    if (!build_row(x->j->build[output], x->w->tool, &x->row, out, x->st)) return false;
    out[o->data_length] = o->line_end == LAYOUT_CRLF ? '\r' : '\n';
    if (o->line_end == LAYOUT_CRLF) out[o->data_length + 1] = '\n';
    x->w->total->output_rows[output]++;
    return true;
}

/* The row is built later, when the file is swept (etl/export). */
static bool request(struct row_context *x, int output, int table, uint32_t record, uint32_t place)
{
    struct export_output *e = &x->j->export[output];
    struct export_request *q = exchange_add(&e->requests[table], x->worker, record >> EXPORT_RANGE_BITS, x->st);
    if (!q) return false;
    *q = (struct export_request){record, (uint32_t)e->rows_of[x->r->partition]++, x->r->first + place};
    x->w->total->output_rows[output]++;
    return true;
}

static void set_customer(struct row_context *x, uint32_t place)
{
    const struct unit *u = x->j->p->in->im->unit;
    int type = x->w->types[place];
    const struct scorecard *card = &x->j->p->cards->of[type];
    x->row.number = number_full(u, x->j->p->in->first_number + x->r->first + place);
    x->row.customer_type = type;
    x->row.entry_date = x->w->entry[place];
    x->row.measures = card->formula ? x->measures : NULL;
    x->row.results = card->formula ? x->results : NULL;
    x->row.reasons = populate_extra_reasons(x->w->extra, place, x->reasons);
    for (int m = 0; card->formula && m < card->measures_count; m++)
        x->measures[m] = populate_column(x->w, x->j, x->r, type, m)[place];
    for (int k = 0; card->formula && k < card->results_count; k++)
        x->results[k] = populate_column(x->w, x->j, x->r, type, card->measures_count + k)[place];
}

static bool customer_rows(struct row_context *x, int output, uint32_t place)
{
    const struct output *o = x->j->p->in->im->unit->outputs[output];
    bool needed = build_needs_record(x->j->build[output]);
    struct populate_worker *w = x->w;
    switch (o->rows) {
    case OUTPUT_CUSTOMER: return read_source(x, -1, w->primary[place], needed) && emit(x, output);
    case OUTPUT_OTHERS:
        for (uint32_t i = w->member_of[place]; i < w->member_of[place + 1]; i++) {
            if (w->members[i].record == w->primary[place] || w->members[i].closed) continue;
            if (!read_source(x, -1, w->members[i].record, needed) || !emit(x, output)) return false;
        }
        return true;
    case OUTPUT_ACCOUNT:
    case OUTPUT_CONTACT:
    case OUTPUT_ADDRESS: break;
    }
    const struct tables *tables = x->j->p->in->im->tables;
    for (int t = 0; t < tables->count; t++) {
        if (!(x->j->feeds[output] >> t & 1)) continue;
        const struct populate_rows *rows = &w->table[t];
        for (uint32_t i = rows->start[place]; i < rows->start[place + 1]; i++) {
            uint32_t record = populate_record(rows->rows, rows->stride, i);
            if (x->j->export[output].build) {
                if (!request(x, output, t, record, place)) return false;
            } else if (!read_source(x, tables->table[t].layout_index, record, needed) || !emit(x, output)) {
                return false;
            }
        }
    }
    return true;
}

/* What the rows of a customer are made of lies all over the partition and the input files. It is asked for some
 * customers ahead (measured: half of the time of this step). */
static void prefetch_customer(const struct row_context *x, uint32_t place)
{
    const struct populate_worker *w = x->w;
    const struct integrate *in = x->j->p->in;
    int type = w->types[place];
    const struct scorecard *card = &x->j->p->cards->of[type];
    for (int c = 0; card->formula && c < card->measures_count + card->results_count; c++)
        __builtin_prefetch(&populate_column(w, x->j, x->r, type, c)[place]);
    __builtin_prefetch(&w->members[w->member_of[place]]);
    for (int t = 0; t < in->im->tables->count; t++)
        __builtin_prefetch(w->table[t].rows + (size_t)w->table[t].start[place] * w->table[t].stride);
    input_prefetch(input_file_of(in->im->inputs, -1, w->primary[place]), w->primary[place]);
}

/* Somewhat later: the members are here. */
static void prefetch_members(const struct row_context *x, uint32_t place)
{
    const struct populate_worker *w = x->w;
    const struct input_set *inputs = x->j->p->in->im->inputs;
    for (uint32_t i = w->member_of[place]; i < w->member_of[place + 1]; i++)
        if (w->members[i].record != w->primary[place])
            input_prefetch(input_file_of(inputs, -1, w->members[i].record), w->members[i].record);
}

/* The customers of whom rows are written, in order. */
static uint32_t pick_customers(const struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                               uint32_t **places)
{
    const struct unit *u = j->p->in->im->unit;
    bool everybody = false; /* some output wants the customers that were not selected, too */
    for (int o = 0; o < u->outputs_count; o++) everybody |= u->outputs[o]->all;
    uint32_t n = 0, *picked = integrate_room(&w->order.tuples, &w->order.tuples_size, ((size_t)r->count + 1) * 4);
    unsigned asked = CUSTOMER_GONE | (everybody ? 0u : CUSTOMER_SELECTED), wanted = asked & ~(unsigned)CUSTOMER_GONE;
    for (uint32_t place = 0; place < r->count; place++) { /* no branch: who is selected cannot be foretold */
        picked[n] = place;
        n += (w->flags[place] & asked) == wanted;
    }
    *places = picked;
    return n;
}

bool populate_outputs(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                      struct status *st)
{
    enum { AHEAD = 12 };
    const struct unit *u = j->p->in->im->unit;
    struct row_context x = {.j = j, .w = w, .r = r, .worker = (int)(w - j->workers), .st = st};
    for (int o = 0; o < u->outputs_count; o++) buf_clear(&w->out[o]);
    uint32_t *picked, n = pick_customers(j, w, r, &picked);
    for (uint32_t i = 0; i < AHEAD && i < n; i++) prefetch_customer(&x, picked[i]);
    for (uint32_t i = 0; i < n; i++) {
        if (i + AHEAD < n) prefetch_customer(&x, picked[i + AHEAD]);
        if (i + AHEAD / 2 < n) prefetch_members(&x, picked[i + AHEAD / 2]);
        set_customer(&x, picked[i]);
        for (int o = 0; o < u->outputs_count; o++)
            if (((w->flags[picked[i]] & CUSTOMER_SELECTED) || u->outputs[o]->all) && !customer_rows(&x, o, picked[i]))
                return false;
    }
    for (int o = 0; o < u->outputs_count; o++)
        if (j->output[o] && !ordered_append(j->output[o], r->partition, w->out[o].bytes, w->out[o].length, st))
            return false;
    return true;
}
