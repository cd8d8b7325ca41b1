/* populate: what yesterday's population has of a partition: customers and their records, rows as they are in the
 * columns. Columns meet by name; what they hold becomes what tonight's layout and rates mean by it. */
#include "etl/populate.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

/* --- columns of yesterday --- */

static const struct table *old_table_of(const struct generation *g, const char *name, int *index)
{
    for (int i = 0; i < g->tables.count; i++)
        if (strcmp(g->tables.table[i].layout->name, name) == 0) {
            *index = i;
            return &g->tables.table[i];
        }
    return NULL;
}

/* Yesterday's currency indices are places in yesterday's rates. */
static bool map_currencies(struct populate_job *j, struct populate_old_column *c, struct status *st)
{
    const struct import *im = j->p->in->im;
    const struct rates *before = &j->p->in->apply->old->reference.rates, *now = im->rates;
    bool same = true;
    uint8_t *codes = arena_array(im->arena, uint8_t, 256);
    for (int i = 0; i < before->count; i++) {
        int to = rates_find(now, before->code[i]);
        if (to < 0) {
            status_fail(st, STATUS_INPUT, "the currency %s of yesterday's accounts has no rate", before->code[i]);
            return status_hint(st, "have the rate file completed; then the same command");
        }
        codes[i] = (uint8_t)to;
        same &= to == i;
    }
    c->codes = same ? NULL : codes;
    return true;
}

/* So are the places of funds in the NAVs; a fund once known stays known. */
static bool map_funds(struct populate_job *j, struct populate_old_column *c, struct status *st)
{
    const struct import *im = j->p->in->im;
    const struct quotes *before = j->p->in->apply->old->reference.rates.navs;
    c->funds = arena_array(im->arena, uint16_t, (before ? before->count : 0) + 1);
    for (int i = 0; before && i < before->count; i++) {
        int to = quote_find(im->rates->navs, view_of(before->list[i].code));
        if (to < 0)
            return status_fail(st, STATUS_CORRUPT, "the fund %s of yesterday's net asset values is not among tonight's",
                               before->list[i].code);
        c->funds[i] = (uint16_t)to;
    }
    return true;
}

static void map_codes(struct populate_job *j, struct populate_old_column *c, const struct layout_field *before,
                      const struct layout_field *now)
{
    bool same = true;
    uint8_t *codes = arena_array(j->p->in->im->arena, uint8_t, 256);
    for (int i = 0; i < before->codes_count; i++) {
        for (int k = 0; k < now->codes_count; k++)
            if (strcmp(before->codes[i], now->codes[k]) == 0) codes[i] = (uint8_t)k;
        same &= codes[i] == i;
    }
    c->codes = same ? NULL : codes;
}

/* A field that has just become hot stands in the archived records. An amount of joint accounts is divided when rows are
 * made, so it cannot be taken from there. */
static bool find_cold(struct populate_job *j, const struct table *t, struct populate_old_column *c,
                      const struct layout_field *now, struct status *st)
{
    const struct import *im = j->p->in->im;
    for (int i = 0; i < im->unit->layouts_count; i++)
        c->cold |= im->table_of[i] == t && layout_find(im->unit->layouts[i], now->name) >= 0;
    for (int i = 0; c->cold && i < im->inputs->carried_count; i++) {
        const struct input_file *f = &im->inputs->carried[i];
        if (f->space != t->layout_index || layout_find(f->layout, now->name) < 0) continue;
        if (!t->by_relation || now->type != LAYOUT_AMOUNT) return true;
        status_fail(
            st, STATUS_USAGE,
            "the amount %s of layout %s has become hot: shares of joint owners are known for accounts that come "
            "in again only",
            now->name, t->layout->name);
        return status_hint(st, "make it hot with a full unload: crmx run refresh");
    }
    c->cold = false;
    return true;
}

static bool open_column(struct populate_job *j, const struct table *t, const struct table *before,
                        struct populate_old_table *o, int column, struct status *st)
{
    const struct layout_field *now = &t->layout->fields[t->columns[column].field], *old = NULL;
    struct populate_old_column *c = &o->column[column];
    char name[SEGMENT_NAME_MAX];
    snprintf(name, sizeof name, "field.%.50s", now->name);
    int field = layout_find(before->layout, now->name);
    *c = (struct populate_old_column){
        .column = segment_find(o->segment, name), .times = 1, .none = now->type == LAYOUT_DATE ? DATE_NONE : 0};
    if (field >= 0) old = &before->layout->fields[field];
    if (c->column < 0 || !old) {
        c->column = -1;
        bool ok = find_cold(j, t, c, now, st);
        o->cold |= c->cold;
        return ok;
    }
    if (old->type == LAYOUT_CURRENCY) return map_currencies(j, c, st);
    if (old->type == LAYOUT_FUND) return map_funds(j, c, st);
    if (old->type == LAYOUT_CODE) map_codes(j, c, old, now);
    for (int s = old->scale; old->type == LAYOUT_AMOUNT && s < now->scale; s++) c->times *= 10;
    return true;
}

bool populate_open_old(struct populate_job *j, struct status *st)
{
    struct import *im = j->p->in->im;
    struct generation *g = j->p->in->apply->old;
    if (!g) return true;
    j->old_table = arena_array(im->arena, struct populate_old_table, im->tables->count + 1);
    for (int i = 0; i < im->tables->count; i++) {
        const struct table *t = &im->tables->table[i];
        int index;
        const struct table *before = old_table_of(g, t->layout->name, &index);
        if (!before) continue;
        if (!table_check_version(before->layout, t->layout, st)) return false;
        j->old_table[i].segment = g->table[index];
        for (int c = 0; c < t->columns_count; c++)
            if (!open_column(j, t, before, &j->old_table[i], c, st)) return false;
    }
    return true;
}

/* --- customers and their records --- */

static bool load(struct segment *s, uint32_t partition, const char *name, struct integrate_scratch *room,
                 int64_t **values, struct status *st)
{
    int column = segment_find(s, name);
    *values = NULL;
    if (column < 0) return true;
    uint64_t rows = segment_rows(s, partition, column);
    *values = integrate_room(&room->tuples, &room->tuples_size, (rows + 1) * sizeof **values);
    return rows == 0 || segment_get(s, partition, column, 0, rows, *values, st);
}

bool populate_load_old(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                       struct status *st)
{
    struct generation *g = j->p->in->apply->old;
    struct populate_old *o = &w->old;
    o->places = 0;
    if (!g || r->partition >= segment_partitions(g->source)) return true;
    o->places = (uint32_t)segment_rows(g->source, r->partition, 0);
    ensure(o->places <= r->count);
    uint32_t p = r->partition;
    return load(g->customer, p, "primary", &o->room[0], &o->primary, st) &&
           load(g->customer, p, "type", &o->room[1], &o->type, st) &&
           load(g->customer, p, "flags", &o->room[2], &o->flags, st) &&
           load(g->customer, p, "entry_date", &o->room[3], &o->entry, st) &&
           load(g->customer, p, "below_since", &o->room[4], &o->below, st) &&
           load(g->source, p, "count", &o->room[5], &o->member_count, st) &&
           load(g->source, p, "record", &o->room[6], &o->member, st) &&
           load(g->source, p, "founded", &o->room[7], &o->founded, st) &&
           load(g->source, p, "closed", &o->room[8], &o->closed, st);
}

void populate_release_old(struct populate_worker *w)
{
    for (int i = 0; i < 9; i++) integrate_scratch_release(&w->old.room[i]);
}

/* --- rows --- */

static void store(char *at, uint8_t width, int64_t value)
{
    switch (width) { /* little-endian */
    case 1: *at = (char)value; break;
    case 2: memcpy(at, &value, 2); break;
    case 4: memcpy(at, &value, 4); break;
    default: memcpy(at, &value, 8); break;
    }
}

#define SCATTER(type)                                                                                                  \
    for (uint32_t i = 0; i < n; i++, at += stride) {                                                                   \
        type v = (type)values[i];                                                                                      \
        memcpy(at, &v, sizeof v);                                                                                      \
    }

static void scatter(const int64_t *values, uint32_t n, char *at, uint32_t stride, uint8_t width)
{
    switch (width) {
    case 1: SCATTER(uint8_t) break;
    case 2: SCATTER(uint16_t) break;
    case 4: SCATTER(uint32_t) break;
    default: SCATTER(int64_t) break;
    }
}

static bool damaged(const struct table *t, struct status *st)
{
    status_fail(st, STATUS_CORRUPT, "a run of yesterday's table %s cannot be decoded", t->layout->name);
    return status_hint(st, "find out what is damaged: crmx generation verify");
}

/* One run of a column, into its place in each of the rows. */
static bool fill_column(const struct table *t, const struct populate_old_table *o, int column, struct view bytes,
                        uint64_t run, uint32_t n, char *at, uint32_t stride, struct status *st)
{
    const struct populate_old_column *c = &o->column[column];
    const struct decode_column *to = &t->columns[column];
    int64_t values[SEGMENT_RUN];
    if (c->column < 0) {
        for (uint32_t i = 0; i < n; i++) store(at + (size_t)i * stride + to->offset, to->width, c->none);
        return true;
    }
    if (segment_decode_run(bytes, run, values) != n) return damaged(t, st);
    for (uint32_t i = 0; c->codes && i < n; i++) values[i] = c->codes[values[i] & 0xff];
    for (uint32_t i = 0; c->funds && i < n; i++) values[i] = c->funds[values[i] & 0xffff];
    for (uint32_t i = 0; c->times != 1 && i < n; i++) values[i] *= c->times;
    scatter(values, n, at + to->offset, stride, to->width);
    return true;
}

/* Columns that have just become hot, out of the archived records. */
static bool fill_cold(struct populate_job *j, const struct table *t, const struct populate_old_table *o, char *rows,
                      uint64_t n, uint32_t stride, struct status *st)
{
    struct import *im = j->p->in->im;
    struct apply_bytes *bytes = malloc(sizeof *bytes);
    unsigned char row[TABLE_ROW_MAX];
    bool ok = true;
    ensure(bytes);
    for (uint64_t i = 0; ok && i < n; i++) {
        struct owned_tuple head;
        memcpy(&head, rows + i * stride, sizeof head);
        ok = apply_read(im->inputs, t->layout_index, head.record, bytes, st);
        if (!ok) break;
        int layout = bytes->file->layout_index;
        table_map_record(im->maps[layout], t, im->decoders[layout], apply_record_bytes(bytes), row);
        for (int c = 0; c < t->columns_count; c++)
            if (o->column[c].cold)
                memcpy(rows + i * stride + sizeof head + t->columns[c].offset, row + t->columns[c].offset,
                       t->columns[c].width);
    }
    free(bytes);
    return ok;
}

/* Where the rows of each place start. */
static bool fill_starts(const struct table *t, struct segment *s, const struct populate_range *r,
                        const struct populate_old_part *o, struct status *st)
{
    int64_t values[SEGMENT_RUN];
    struct view bytes;
    uint64_t row = 0, places = segment_rows(s, r->partition, 0);
    ensure(places <= r->count);
    if (!segment_view(s, r->partition, 0, &bytes, st)) return false;
    for (uint64_t p = 0; p < places; p += SEGMENT_RUN) {
        uint32_t n = segment_decode_run(bytes, p / SEGMENT_RUN, values);
        if (n == 0 || p + n > places) return damaged(t, st);
        for (uint32_t i = 0; i < n; i++) {
            o->start[p + i] = (uint32_t)row;
            if (values[i] < 0 || (row += (uint64_t)values[i]) > o->count) return damaged(t, st);
        }
    }
    for (uint64_t p = places; p <= r->count; p++) o->start[p] = o->count;
    return row == o->count || damaged(t, st);
}

struct heads { /* how far the heads of the rows are filled */
    uint32_t place, in_batch;
    int64_t last;
};

/* Place and record of a run of rows. */
static bool fill_heads(const struct table *t, const struct populate_old_part *o, uint32_t batch, struct view bytes,
                       uint64_t row, uint32_t n, struct heads *h, struct status *st)
{
    int64_t values[SEGMENT_RUN];
    if (segment_decode_run(bytes, row / SEGMENT_RUN, values) != n) return damaged(t, st);
    char *at = o->rows + row * o->stride;
    uint32_t place = h->place, in_batch = h->in_batch, end = o->start[place + 1];
    int64_t last = h->last;
    bool in_order = true;
    for (uint32_t i = 0; i < n; i++, at += o->stride) {
        while (row + i >= end) {
            if (++in_batch == batch) in_batch = 0;
            end = o->start[++place + 1];
            last = INT64_MIN; /* records are in order within a place */
        }
        in_order &= values[i] >= last;
        last = values[i];
        uint64_t head = in_batch | (uint64_t)last << 32; /* struct owned_tuple */
        memcpy(at, &head, sizeof head);
    }
    *h = (struct heads){place, in_batch, last};
    return in_order || damaged(t, st);
}

/* Run by run, so that the rows of a run are filled while they are in the cache. */
static bool fill_rows(struct populate_job *j, const struct table *t, struct populate_old_table *old,
                      const struct populate_range *r, struct populate_old_part *o, struct status *st)
{
    struct view records, columns[TABLE_COLUMNS_MAX] = {0};
    struct heads h = {0};
    if (!fill_starts(t, old->segment, r, o, st) || !segment_view(old->segment, r->partition, 1, &records, st))
        return false;
    for (int c = 0; c < t->columns_count; c++)
        if (old->column[c].column >= 0 &&
            !segment_view(old->segment, r->partition, old->column[c].column, &columns[c], st))
            return false;
    for (uint32_t row = 0; row < o->count; row += SEGMENT_RUN) {
        uint32_t n = o->count - row < SEGMENT_RUN ? o->count - row : SEGMENT_RUN;
        char *at = o->rows + (size_t)row * o->stride + sizeof(struct owned_tuple);
        if (!fill_heads(t, o, j->p->batch, records, row, n, &h, st)) return false;
        for (int c = 0; c < t->columns_count; c++)
            if (!fill_column(t, old, c, columns[c], row / SEGMENT_RUN, n, at, o->stride, st)) return false;
    }
    return true;
}

bool populate_old_rows(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int table,
                       struct populate_old_part *o, struct status *st)
{
    const struct table *t = &j->p->in->im->tables->table[table];
    struct populate_old_table *old = &j->old_table[table];
    struct populate_table_total *total = &w->total->table[table];
    o->stride = (uint32_t)sizeof(struct owned_tuple) + t->row_size;
    o->count = old->segment ? (uint32_t)segment_rows(old->segment, r->partition, 1) : 0;
    o->rows = integrate_room(&w->old_rows.tuples, &w->old_rows.tuples_size, (size_t)o->count * o->stride + 8);
    o->start = integrate_room(&w->old_rows.extra, &w->old_rows.extra_size, ((size_t)r->count + 2) * 4);
    if (!old->segment) {
        memset(o->start, 0, ((size_t)r->count + 2) * 4);
        return true;
    }
    if (!fill_rows(j, t, old, r, o, st)) return false;
    if (old->cold && !fill_cold(j, t, old, o->rows, o->count, o->stride, st)) return false;
    total->old_rows += o->count;
    populate_add_rows(t, o->rows, o->count, o->stride, total->old_sum);
    return true;
}
