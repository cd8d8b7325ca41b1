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

/* The record behind the row; files are few and records come in order, so the last file is tried first. */
static bool read_source(struct row_context *x, int layout_index, uint32_t record, bool needed)
{
    const struct input_set *inputs = x->j->p->in->im->inputs;
    const struct input_file *f = x->row.file;
    bool hit = f && f->space == layout_index && record - f->record_base < f->records_max;
    if (!hit) f = input_file_of(inputs, layout_index, record);
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
        bool feeds = false;
        for (int k = 0; k < o->layouts_count; k++) feeds |= strcmp(tables->table[t].layout->name, o->layouts[k]) == 0;
        if (!feeds) continue;
        const struct populate_rows *rows = &w->table[t];
        for (uint32_t i = rows->start[place]; i < rows->start[place + 1]; i++) {
            uint32_t record;
            memcpy(&record, rows->rows + (size_t)i * rows->stride + offsetof(struct owned_tuple, record), 4);
            if (x->j->export[output].build) {
                if (!request(x, output, t, record, place)) return false;
            } else if (!read_source(x, tables->table[t].layout_index, record, needed) || !emit(x, output)) {
                return false;
            }
        }
    }
    return true;
}

bool populate_outputs(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                      struct status *st)
{
    const struct unit *u = j->p->in->im->unit;
    struct row_context x = {.j = j, .w = w, .r = r, .worker = (int)(w - j->workers), .st = st};
    bool everybody = false; /* some output wants the customers that were not selected, too */
    for (int o = 0; o < u->outputs_count; o++) {
        buf_clear(&w->out[o]);
        everybody |= u->outputs[o]->all;
    }
    for (uint32_t place = 0; place < r->count; place++) {
        bool selected = w->flags[place] & CUSTOMER_SELECTED, known = false;
        if ((!selected && !everybody) || (w->flags[place] & CUSTOMER_GONE)) continue;
        for (int o = 0; o < u->outputs_count; o++) {
            if (!selected && !u->outputs[o]->all) continue;
            if (!known) set_customer(&x, place);
            known = true;
            if (!customer_rows(&x, o, place)) return false;
        }
    }
    for (int o = 0; o < u->outputs_count; o++)
        if (j->output[o] && !ordered_append(j->output[o], r->partition, w->out[o].bytes, w->out[o].length, st))
            return false;
    return true;
}
