#include "etl/recompute.h"

#include "base/date.h"

#include "etl/customer_field.h"
#include "etl/populate.h"

#include <stdio.h>
#include <string.h>

enum { FORMULA_MEASURES = 128 }; /* scoring/tree.h: FORMULA_MEASURES_MAX */
_Static_assert((int)MEASURE_BLOCK_CUSTOMERS == (int)SEGMENT_RUN,
               "a block of customers is a run of the customer columns");

/* One field a measure reads: from a column, or from the archived records. */
struct source {
    int field;
    int column;               /* of the segment; -1: cold */
    int of[UNIT_LAYOUTS_MAX]; /* cold: the field in each layout of the unit, change lists and older versions too */
    struct decode_column shape;
    struct buf loaded;     /* the partition's column, encoded */
    unsigned char *values; /* of the run that is decoded: shape.width bytes a row */
};

struct cursor { /* a table while a partition is read */
    const struct table *table;
    struct segment *segment;
    struct source sources[LAYOUT_FIELDS_MAX];
    int sources_count;
    bool needs_records;
    struct buf counts, records;
    uint64_t row; /* the next one */
    uint64_t run; /* which is decoded; UINT64_MAX: none */
    uint32_t run_rows;
    uint32_t *owner; /* of the run's rows */
    int64_t *ids;    /* their record ids */
    struct measure_column columns[LAYOUT_FIELDS_MAX];
};

struct worker {
    struct measure_block *block;
    struct cursor *cursors; /* of the tables that are read */
    int cursors_count;
    int64_t *types, *flags, *primary, *run;
    int64_t *fields[LAYOUT_FIELDS_MAX]; /* of the customers; NULL: no measure reads it */
    struct record_reader records;
    bool ignored[SEGMENT_RUN]; /* customers of the block of a type nobody asks about */
    struct buf types_loaded, flags_loaded, primary_loaded;
};

struct job {
    const struct recompute_request *request;
    struct customer_fields fields;
    struct worker *workers;
};

struct measure_rates recompute_rates(const struct generation *g)
{
    return (struct measure_rates){g->reference.rates.rate, g->reference.rates.per_unit};
}

/* --- what is read --- */

static void init_buf(struct buf *b)
{
    buf_init(b, (size_t)1 << 40);
}

static void *room(size_t size)
{
    void *p = calloc(1, size);
    ensure(p);
    return p;
}

static void add_source(struct cursor *c, const struct unit *u, int field)
{
    const struct layout_field *f = &c->table->layout->fields[field];
    struct source *s = &c->sources[c->sources_count++];
    char name[SEGMENT_NAME_MAX];
    snprintf(name, sizeof name, "field.%.50s", f->name);
    *s = (struct source){.field = field, .column = segment_find(c->segment, name)};
    for (int i = 0; s->column < 0 && i < u->layouts_count; i++)
        s->of[i] = u->layout_base[i] == c->table->layout_index ? layout_find(u->layouts[i], f->name) : -1;
    decode_column_shape(f, &s->shape);
    init_buf(&s->loaded);
    s->values = room((size_t)SEGMENT_RUN * s->shape.width);
    c->needs_records |= s->column < 0;
    c->columns[field] = (struct measure_column){s->values, s->shape.width, s->shape.width, s->shape.is_signed};
}

static void init_cursor(struct cursor *c, struct generation *g, const struct measure_set *measures, int table)
{
    *c = (struct cursor){.table = &g->tables.table[table], .segment = g->table[table], .run = UINT64_MAX};
    init_buf(&c->counts);
    init_buf(&c->records);
    c->owner = room(SEGMENT_RUN * sizeof *c->owner);
    c->ids = room(SEGMENT_RUN * sizeof *c->ids);
    for (int f = 0; f < c->table->layout->fields_count; f++)
        if (measure_uses_field(measures, table, f)) add_source(c, g->unit, f);
}

static void release_cursor(struct cursor *c)
{
    buf_release(&c->counts);
    buf_release(&c->records);
    free(c->owner);
    free(c->ids);
    for (int i = 0; i < c->sources_count; i++) {
        buf_release(&c->sources[i].loaded);
        free(c->sources[i].values);
    }
}

static void init_worker(struct worker *w, const struct job *j)
{
    const struct recompute_request *r = j->request;
    struct generation *g = r->g;
    w->block = measure_block_new(r->measures);
    w->cursors = room((size_t)(g->tables.count + 1) * sizeof *w->cursors);
    for (int t = 0; t < g->tables.count; t++)
        if (measure_uses_table(r->measures, t)) init_cursor(&w->cursors[w->cursors_count++], g, r->measures, t);
    int64_t **columns[] = {&w->types, &w->flags, &w->primary, &w->run};
    for (int i = 0; i < 4; i++) *columns[i] = room(SEGMENT_RUN * sizeof(int64_t));
    for (int f = 0; f < g->tables.schema->customer_fields_count; f++)
        if (j->fields.wanted[f]) w->fields[f] = room(SEGMENT_RUN * sizeof(int64_t));
    record_reader_init(&w->records, g);
    init_buf(&w->types_loaded);
    init_buf(&w->flags_loaded);
    init_buf(&w->primary_loaded);
}

static void release_worker(struct worker *w)
{
    if (w->block) measure_block_free(w->block);
    for (int i = 0; i < w->cursors_count; i++) release_cursor(&w->cursors[i]);
    free(w->cursors);
    free(w->types);
    free(w->flags);
    free(w->primary);
    free(w->run);
    for (int f = 0; f < LAYOUT_FIELDS_MAX; f++) free(w->fields[f]);
    buf_release(&w->types_loaded);
    buf_release(&w->flags_loaded);
    buf_release(&w->primary_loaded);
}

static void fail_cold(const struct recompute_request *r, int t, const char *field, struct status *st)
{
    const char *layout = r->g->tables.table[t].layout->name;
    const char *why = "is not kept hot: shares of joint owners are known for hot amounts only";
    char what[STATUS_MESSAGE_MAX];
    snprintf(what, sizeof what, "uses the amount %s of layout %s, which %s", field, layout, why);
    if (r->formula)
        formula_fail_at_field(r->formula, &r->g->tables.schema->tables[t], field, st, what);
    else
        status_fail(st, STATUS_USAGE, "the amount %s of layout %s %s", field, layout, why);
}

/* Joint accounts are divided when the rows are made: in an archived record the whole amount stands. */
static bool check_cold(const struct recompute_request *r, struct status *st)
{
    for (int t = 0; t < r->g->tables.count; t++) {
        const struct table *table = &r->g->tables.table[t];
        for (int f = 0; table->by_relation && f < table->layout->fields_count; f++) {
            const struct layout_field *field = &table->layout->fields[f];
            char name[SEGMENT_NAME_MAX];
            snprintf(name, sizeof name, "field.%.50s", field->name);
            if (field->type != LAYOUT_AMOUNT || !measure_uses_field(r->measures, t, f) ||
                segment_find(r->g->table[t], name) >= 0)
                continue;
            fail_cold(r, t, field->name, st);
            return status_hint(st, "write keep=hot behind it in layouts/%s.ini; it counts from the next load on",
                               table->layout->name);
        }
    }
    return true;
}

/* --- a partition --- */

static bool load(struct segment *s, uint32_t partition, const char *name, struct buf *out, struct status *st)
{
    int column = segment_find(s, name);
    return column >= 0 ? segment_load(s, partition, column, out, st)
                       : status_fail(st, STATUS_CORRUPT, "a segment lacks its column %s", name);
}

static bool load_partition(struct worker *w, struct generation *g, uint32_t partition, struct status *st)
{
    if (!load(g->customer, partition, "type", &w->types_loaded, st) ||
        !load(g->customer, partition, "flags", &w->flags_loaded, st) ||
        !load(g->customer, partition, "primary", &w->primary_loaded, st))
        return false;
    for (int i = 0; i < w->cursors_count; i++) {
        struct cursor *c = &w->cursors[i];
        c->row = 0;
        c->run = UINT64_MAX;
        if (!load(c->segment, partition, "count", &c->counts, st)) return false;
        if (c->needs_records && !load(c->segment, partition, "record", &c->records, st)) return false;
        for (int k = 0; k < c->sources_count; k++)
            if (c->sources[k].column >= 0 &&
                !segment_load(c->segment, partition, c->sources[k].column, &c->sources[k].loaded, st))
                return false;
    }
    return true;
}

static bool damaged(const struct cursor *c, struct status *st)
{
    status_fail(st, STATUS_CORRUPT, "a run of table %s cannot be decoded", c->table->layout->name);
    return status_hint(st, "find out what is damaged: crmx generation verify");
}

static bool decode_hot(struct cursor *c, struct source *s, int64_t *values, struct status *st)
{
    uint32_t n = segment_decode_run(buf_view(&s->loaded), c->run, values);
    if (n == 0) return damaged(c, st);
    c->run_rows = n;
    for (uint32_t i = 0; i < n; i++) memcpy(s->values + (size_t)i * s->shape.width, &values[i], s->shape.width);
    return true;
}

/* A field of an archived record, as the table's layout means it: a change list or an older version may have it
 * elsewhere, with other values or fewer decimals, or not at all. */
static int64_t cold_value(const struct generation *g, const struct source *s, const struct layout_field *to,
                          const struct input_file *f, const unsigned char *bytes)
{
    int field = s->of[f->layout_index];
    if (field < 0) return to->type == LAYOUT_DATE ? DATE_NONE : 0;
    const struct layout_field *from = &f->layout->fields[field];
    int64_t value = decode_value(g->decoders[f->layout_index], field, bytes);
    if (from == to) return value;
    for (int scale = from->scale; to->type == LAYOUT_AMOUNT && scale < to->scale; scale++) value *= 10;
    if (to->type != LAYOUT_CODE) return value;
    for (int i = 0; i < to->codes_count; i++)
        if (strcmp(to->codes[i], from->codes[value]) == 0) return i;
    return 0;
}

static bool decode_cold(struct cursor *c, struct generation *g, struct status *st)
{
    unsigned char room[INPUT_ROOM];
    int layout = c->table->layout_index;
    uint32_t n = segment_decode_run(buf_view(&c->records), c->run, c->ids);
    if (n == 0) return damaged(c, st);
    c->run_rows = n;
    for (uint32_t i = 0; i < n; i++) {
        const struct input_file *f = input_file_of(&g->inputs, layout, (uint32_t)c->ids[i]);
        if (!f) return damaged(c, st);
        const unsigned char *bytes = input_record(f, (uint32_t)c->ids[i], room, st);
        if (!bytes) return false;
        for (int k = 0; k < c->sources_count; k++) {
            struct source *s = &c->sources[k];
            if (s->column >= 0) continue;
            int64_t value = cold_value(g, s, &c->table->layout->fields[s->field], f, bytes);
            memcpy(s->values + (size_t)i * s->shape.width, &value, s->shape.width);
        }
    }
    return true;
}

static bool decode_run(struct cursor *c, struct generation *g, uint64_t run, int64_t *values, struct status *st)
{
    if (c->run == run) return true;
    c->run = run;
    c->run_rows = SEGMENT_RUN; /* a measure may read no field at all: count(retail) */
    for (int k = 0; k < c->sources_count; k++)
        if (c->sources[k].column >= 0 && !decode_hot(c, &c->sources[k], values, st)) return false;
    return !c->needs_records || decode_cold(c, g, st);
}

/* The rows of a block's customers in one table, a run at a time. counts: rows of each customer. */
static bool add_rows(struct worker *w, const struct recompute_request *r, struct cursor *c, const int64_t *counts,
                     uint32_t customers, struct status *st)
{
    int table = (int)(c->table - r->g->tables.table);
    uint32_t customer = 0;
    int64_t left = customers ? counts[0] : 0;
    while (customer < customers) {
        uint64_t run = c->row / SEGMENT_RUN;
        uint32_t from = (uint32_t)(c->row % SEGMENT_RUN), to = from;
        for (; customer < customers && to < SEGMENT_RUN; left--) {
            while (left == 0 && ++customer < customers) left = counts[customer];
            if (customer == customers) break;
            c->owner[to++] = customer;
        }
        if (to == from) break; /* the customers left have no rows */
        if (!decode_run(c, r->g, run, w->run, st)) return false;
        if (to > c->run_rows) return damaged(c, st);
        struct measure_column moved[LAYOUT_FIELDS_MAX];
        for (int f = 0; f < c->table->layout->fields_count; f++) {
            moved[f] = c->columns[f];
            if (moved[f].base) moved[f].base += (size_t)from * moved[f].stride;
        }
        struct measure_rows rows = {
            .count = to - from, .owner = {(const unsigned char *)(c->owner + from), 4, 4, false}, .columns = moved};
        measure_add(r->measures, w->block, table, &rows);
        c->row += to - from;
    }
    return true;
}

static bool compute_block(struct worker *w, const struct job *j, uint64_t block, uint32_t customers, struct status *st)
{
    const struct recompute_request *r = j->request;
    int64_t counts[SEGMENT_RUN];
    measure_block_reset(r->measures, w->block, customers);
    for (uint32_t i = 0; i < customers; i++) w->ignored[i] = r->one_type && w->types[i] != r->type;
    if (!customer_fields_read(&j->fields, &w->records, w->flags, w->primary, w->ignored, customers, w->fields, st))
        return false;
    measure_block_customers(w->block, (const int64_t *const *)w->fields);
    measure_block_ignore(w->block, w->ignored);
    for (int i = 0; i < w->cursors_count; i++) {
        struct cursor *c = &w->cursors[i];
        if (segment_decode_run(buf_view(&c->counts), block, counts) != customers) return damaged(c, st);
        if (!add_rows(w, r, c, counts, customers, st)) return false;
    }
    return measure_finish(r->measures, w->block, st);
}

static bool task(void *context, int worker, uint64_t index, struct status *st)
{
    struct job *j = context;
    const struct recompute_request *r = j->request;
    uint64_t partition = r->one_partition ? r->partition : index;
    struct worker *w = &j->workers[worker];
    uint64_t customers = segment_rows(r->g->customer, (uint32_t)partition, 0);
    int measures = measure_count(r->measures);
    const int64_t *values[FORMULA_MEASURES];
    ensure(measures <= FORMULA_MEASURES);
    bool ok = load_partition(w, r->g, (uint32_t)partition, st);
    for (uint64_t first = 0; ok && first < customers; first += SEGMENT_RUN) {
        uint32_t count = customers - first < SEGMENT_RUN ? (uint32_t)(customers - first) : SEGMENT_RUN;
        uint64_t number = generation_first_number(r->g, partition) + first;
        segment_decode_run(buf_view(&w->types_loaded), first / SEGMENT_RUN, w->types);
        segment_decode_run(buf_view(&w->flags_loaded), first / SEGMENT_RUN, w->flags);
        segment_decode_run(buf_view(&w->primary_loaded), first / SEGMENT_RUN, w->primary);
        ok = compute_block(w, j, first / SEGMENT_RUN, count, st) ||
             scorecard_name_customer(r->g->unit, number, count, st) ||
             status_while(st, "measuring customers from number %llu", (unsigned long long)number);
        if (!ok) break;
        for (int m = 0; m < measures; m++) values[m] = measure_values(w->block, m);
        struct recompute_block b = {number,   (uint32_t)partition, (uint32_t)first, count, w->types,
                                    w->flags, w->primary,          values};
        ok = r->visit(r->context, worker, &b, st);
    }
    return ok;
}

bool recompute_run(const struct recompute_request *r, struct status *st)
{
    int workers = r->pool ? pool_workers(r->pool) : 1;
    uint32_t partitions = r->one_partition ? 1 : segment_partitions(r->g->customer);
    if (!check_cold(r, st)) return false;
    struct job j = {.request = r, .workers = room((size_t)workers * sizeof *j.workers)};
    bool fields[LAYOUT_FIELDS_MAX] = {false};
    for (int f = 0; f < r->g->tables.schema->customer_fields_count; f++)
        fields[f] = measure_uses_customer_field(r->measures, f);
    customer_fields_init(&j.fields, r->g, fields);
    for (int w = 0; w < workers; w++) init_worker(&j.workers[w], &j);
    bool ok = true;
    if (r->pool) ok = pool_run(r->pool, partitions, task, &j, st);
    for (uint32_t p = 0; !r->pool && ok && p < partitions; p++) ok = task(&j, 0, p, st);
    for (int w = 0; w < workers; w++) release_worker(&j.workers[w]);
    free(j.workers);
    return ok || status_while(st, "measuring generation %s", r->g->id);
}
