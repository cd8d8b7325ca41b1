#include "etl/scan.h"

#include "etl/customer_field.h"
#include "etl/number.h"
#include "etl/populate.h"
#include "etl/recompute.h"

#include <stdio.h>
#include <string.h>

enum { MEASURES_MAX = 128, RESULTS_MAX = 32, MORE_MAX = 128, FIELDS_MAX = LAYOUT_FIELDS_MAX + MORE_MAX };
_Static_assert((int)FORMULA_BATCH_MAX == (int)SEGMENT_RUN, "a block is a run of the columns and a batch of a program");

struct loaded { /* a column of the partition a worker is at, and a run of it */
    int column;
    struct view bytes; /* of the mapped file */
    bool wanted;
    int64_t *values;  /* NULL: not wanted, or packed */
    int64_t constant; /* while `same`: what all values are */
    bool same;
    struct segment_packed *packed; /* for programs alone */
};

struct scan_worker {
    uint32_t partition;        /* which is loaded; UINT32_MAX: none */
    bool ignored[SEGMENT_RUN]; /* customers of the block of another type than the request's */
    struct loaded types, flags, primary, measures[MEASURES_MAX], stored[SCAN_STORED_MAX];
    bool columns[SEGMENT_COLUMNS_MAX]; /* which of customer.seg that are */
    int64_t *fields[FIELDS_MAX];
    struct formula_scratch **scratch;
    int64_t ***results; /* [program][result] */
    const int64_t *measure_values[MEASURES_MAX], *stored_values[SCAN_STORED_MAX];
    struct record_reader records;
};

struct scan {
    struct scan_request r;
    struct arena arena;
    int measures_count, results_count, fields_count, base_fields; /* the latter: without those of r.more */
    int measure_column[MEASURES_MAX]; /* of customer.seg; -1: computed again or not wanted */
    bool wanted[MEASURES_MAX];
    bool field_wanted[FIELDS_MAX];
    int average[FIELDS_MAX]; /* an average daily balance of the unit; -1: a field of the records */
    struct customer_fields record_fields;
    struct measure_set *again; /* NULL: everything is stored */
    struct scan_worker *workers;
    int workers_count;
    scan_visit *visit;
    void *context;
};

const char *scan_column_name(int type, const char *kind, const char *name, struct arena *arena)
{
    char column[SCORECARD_COLUMN_MAX];
    return arena_dup(arena, view_of(scorecard_column(type, kind, name, column)));
}

/* --- which measures are stored --- */

/* The formula the generation was made with; *f NULL: it had none for this type. */
static bool own_formula(const struct scan *s, struct formula **f, struct status *st)
{
    const struct unit *u = s->r.g->unit;
    *f = NULL;
    if (!u->formula_name[s->r.type]) return true;
    char path[OS_PATH_MAX];
    snprintf(path, sizeof path, "%s/formulas/%s.formula", u->folder, u->formula_name[s->r.type]);
    struct buf text;
    buf_init(&text, 1 << 16);
    bool ok = os_read_file(path, &text, st) && formula_parse(path, buf_view(&text), f, st) &&
              measure_infer(*f, s->r.g->tables.schema, st);
    buf_release(&text);
    return ok;
}

static void find_stored(struct scan *s, const struct formula *own)
{
    for (int m = 0; m < s->measures_count; m++) {
        s->measure_column[m] = -1;
        for (int k = 0; own && s->measure_column[m] < 0 && k < formula_measure_count(own); k++)
            if (formula_same_measure(s->r.formula, m, own, k))
                s->measure_column[m] = segment_find(
                    s->r.g->customer, scan_column_name(s->r.type, "measure", formula_measure_alias(own, k), &s->arena));
    }
}

static void note_wanted(struct scan *s)
{
    const struct scan_request *r = &s->r;
    for (int m = 0; m < s->measures_count; m++) {
        s->wanted[m] = r->measures_wanted && r->measures_wanted[m];
        for (int p = 0; p < r->programs_count; p++) s->wanted[m] |= formula_uses_measure(r->programs[p], m);
    }
    for (int f = 0; f < s->fields_count; f++) {
        s->field_wanted[f] = f < s->base_fields && r->fields_wanted && r->fields_wanted[f];
        for (int p = 0; p < r->programs_count; p++)
            s->field_wanted[f] |= formula_uses_customer_field(r->programs[p], f);
        bool more = f >= s->base_fields;
        s->average[f] = more ? -1 : average_of_field(r->g->unit, r->g->tables.schema->customer_fields[f].name);
    }
    customer_fields_init(&s->record_fields, r->g, s->field_wanted);
}

static bool bind_again(struct scan *s, struct status *st)
{
    bool missing[MEASURES_MAX] = {false}, any = false;
    for (int m = 0; m < s->measures_count; m++) any |= missing[m] = s->wanted[m] && s->measure_column[m] < 0;
    if (!any) return true;
    struct measure_rates rates = recompute_rates(s->r.g);
    return measure_bind_some(s->r.formula, s->r.g->tables.schema, &rates, missing, &s->again, st);
}

bool scan_is_stored(const struct scan *s, int measure)
{
    return !s->wanted[measure] || s->measure_column[measure] >= 0;
}

bool scan_check_hot(const struct generation *g, const struct measure_set *measures, const struct formula *formula,
                    struct status *st)
{
    for (int t = 0; t < g->tables.count; t++) {
        const struct layout *l = g->tables.table[t].layout;
        for (int f = 0; f < l->fields_count; f++) {
            char name[SEGMENT_NAME_MAX];
            snprintf(name, sizeof name, "field.%.50s", l->fields[f].name);
            if (!measure_uses_field(measures, t, f) || segment_find(g->table[t], name) >= 0) continue;
            scorecard_fail_not_hot(formula, &g->tables.schema->tables[t], l->fields[f].name, st);
            return status_hint(st, "write keep=hot behind the field in layouts/%s.ini; it counts from the next load on",
                               l->name);
        }
    }
    return true;
}

/* --- workers --- */

static int64_t *run_of_values(void)
{
    int64_t *v = aligned_alloc(64, SEGMENT_RUN * sizeof *v);
    ensure(v);
    memset(v, 0, SEGMENT_RUN * sizeof *v);
    return v;
}

static void init_loaded(struct loaded *l, int column)
{
    l->column = column;
    l->wanted = true;
    l->values = run_of_values();
}

static void init_packed(struct loaded *l, int column)
{
    l->column = column;
    l->wanted = true;
    l->packed = calloc(1, sizeof *l->packed);
    ensure(l->packed);
}

static void release_loaded(struct loaded *l)
{
    free(l->packed);
    free(l->values);
}

static void note_column(struct scan_worker *w, const struct loaded *l)
{
    if (l->wanted && l->column >= 0) w->columns[l->column] = true;
}

static void init_worker(struct scan *s, struct scan_worker *w, const int *stored)
{
    const struct scan_request *r = &s->r;
    w->partition = UINT32_MAX;
    init_loaded(&w->types, segment_find(r->g->customer, "type"));
    init_loaded(&w->flags, segment_find(r->g->customer, "flags"));
    if (r->records || s->record_fields.any) init_loaded(&w->primary, segment_find(r->g->customer, "primary"));
    for (int m = 0; m < s->measures_count; m++)
        if (s->wanted[m] && s->measure_column[m] >= 0)
            (r->measures_wanted && r->measures_wanted[m] ? init_loaded : init_packed)(&w->measures[m],
                                                                                      s->measure_column[m]);
    for (int i = 0; i < r->stored_count; i++) init_loaded(&w->stored[i], stored[i]);
    note_column(w, &w->types);
    note_column(w, &w->flags);
    note_column(w, &w->primary);
    for (int m = 0; m < s->measures_count; m++) note_column(w, &w->measures[m]);
    for (int i = 0; i < r->stored_count; i++) note_column(w, &w->stored[i]);
    for (int f = 0; f < s->fields_count; f++)
        if (s->field_wanted[f]) w->fields[f] = run_of_values();
    w->scratch = arena_array(&s->arena, struct formula_scratch *, r->programs_count + 1);
    w->results = arena_array(&s->arena, int64_t **, r->programs_count + 1);
    for (int p = 0; p < r->programs_count; p++) {
        w->scratch[p] = formula_scratch_new(r->programs[p]);
        if (r->one_by_one && p > 0) continue;
        w->results[p] = arena_array(&s->arena, int64_t *, RESULTS_MAX);
        for (int k = 0; k < s->results_count; k++) w->results[p][k] = run_of_values();
    }
    record_reader_init(&w->records, r->g);
}

static void release_worker(struct scan *s, struct scan_worker *w)
{
    release_loaded(&w->types);
    release_loaded(&w->flags);
    release_loaded(&w->primary);
    for (int m = 0; m < MEASURES_MAX; m++) release_loaded(&w->measures[m]);
    for (int i = 0; i < SCAN_STORED_MAX; i++) release_loaded(&w->stored[i]);
    for (int f = 0; f < FIELDS_MAX; f++) free(w->fields[f]);
    for (int p = 0; w->results && p < s->r.programs_count; p++) {
        formula_scratch_free(w->scratch[p]);
        for (int k = 0; w->results[p] && k < s->results_count; k++) free(w->results[p][k]);
    }
}

static bool find_columns(const struct scan *s, int *stored, struct status *st)
{
    const struct segment *c = s->r.g->customer;
    for (int i = 0; i < s->r.stored_count; i++) {
        stored[i] = segment_find(c, s->r.stored[i]);
        if (stored[i] >= 0) continue;
        status_fail(st, STATUS_USAGE, "generation %s holds no column %s", s->r.g->id, s->r.stored[i]);
        return status_hint(st, "see what it holds: crmx generation list --unit %s", s->r.g->unit->id);
    }
    return true;
}

static bool each_partition(struct scan *s, pool_task *task, struct status *st)
{
    uint32_t tasks = s->r.one_partition ? 1 : segment_partitions(s->r.g->customer);
    bool ok = true;
    if (s->r.pool) return pool_run(s->r.pool, tasks, task, s, st);
    for (uint32_t p = 0; ok && p < tasks; p++) ok = task(s, 0, p, st);
    return ok;
}

/* The pages of the columns are there before the pass: a fault for every 16 of them costs it a third of its time. */
static bool map_partition(void *context, int worker, uint64_t index, struct status *st)
{
    struct scan *s = context;
    uint32_t partition = s->r.one_partition ? s->r.partition : (uint32_t)index;
    return segment_expect(s->r.g->customer, partition, s->workers[worker].columns, st);
}

struct scan *scan_open(const struct scan_request *r, struct status *st)
{
    struct scan *s = calloc(1, sizeof *s);
    struct formula *own = NULL;
    int stored[SCAN_STORED_MAX];
    ensure(s && r->stored_count <= SCAN_STORED_MAX);
    arena_init(&s->arena, "scan");
    s->r = *r;
    s->measures_count = r->formula ? formula_measure_count(r->formula) : 0;
    s->results_count = r->formula ? formula_result_count(r->formula) : 0;
    s->base_fields = r->g->tables.schema->customer_fields_count;
    s->fields_count = r->more ? r->more->schema->customer_fields_count : s->base_fields;
    ensure(s->measures_count <= MEASURES_MAX && s->results_count <= RESULTS_MAX && s->fields_count <= FIELDS_MAX);
    note_wanted(s);
    bool ok = find_columns(s, stored, st) && own_formula(s, &own, st);
    if (ok) find_stored(s, own);
    formula_free(own);
    if (!ok || !bind_again(s, st) || !segment_map(r->g->customer, st)) {
        scan_close(s);
        return NULL;
    }
    s->workers_count = r->pool ? pool_workers(r->pool) : 1;
    s->workers = calloc((size_t)s->workers_count, sizeof *s->workers);
    ensure(s->workers);
    for (int w = 0; w < s->workers_count; w++) init_worker(s, &s->workers[w], stored);
    if (each_partition(s, map_partition, st)) return s;
    scan_close(s);
    return NULL;
}

void scan_close(struct scan *s)
{
    if (!s) return;
    for (int w = 0; s->workers && w < s->workers_count; w++) release_worker(s, &s->workers[w]);
    free(s->workers);
    measure_set_free(s->again);
    arena_release(&s->arena);
    free(s);
}

int scan_workers(const struct scan *s)
{
    return s->workers_count;
}

/* --- a partition --- */

static bool load(struct scan *s, struct loaded *l, uint32_t partition, struct status *st)
{
    return !l->wanted || segment_view(s->r.g->customer, partition, l->column, &l->bytes, st);
}

static bool load_partition(struct scan *s, struct scan_worker *w, uint32_t partition, struct status *st)
{
    if (w->partition == partition) return true;
    w->partition = UINT32_MAX;
    bool ok =
        load(s, &w->types, partition, st) && load(s, &w->flags, partition, st) && load(s, &w->primary, partition, st);
    for (int m = 0; ok && m < s->measures_count; m++) ok = load(s, &w->measures[m], partition, st);
    for (int i = 0; ok && i < s->r.stored_count; i++) ok = load(s, &w->stored[i], partition, st);
    if (ok) w->partition = partition;
    return ok;
}

/* A run of one value, as the types mostly are, stands there already when the run before was full and the same. */
static bool decode_values(struct loaded *l, uint32_t run, uint32_t count)
{
    int64_t value = 0;
    uint32_t same = segment_constant_run(l->bytes, run, &value);
    if (same == count && l->same && l->constant == value) return true;
    if (segment_decode_run(l->bytes, run, l->values) != count) return false;
    l->same = same == SEGMENT_RUN;
    l->constant = value;
    return true;
}

static bool decode(struct scan *s, struct loaded *l, uint32_t run, uint32_t count, struct status *st)
{
    if (!l->wanted) return true;
    if (l->packed && segment_pack_run(l->bytes, run, l->packed) && l->packed->count == count) return true;
    if (l->values && decode_values(l, run, count)) return true;
    status_fail(st, STATUS_CORRUPT, "a run of column %s cannot be decoded",
                segment_column(s->r.g->customer, l->column)->name);
    return status_hint(st, "find out what is damaged: crmx generation verify --unit %s", s->r.g->unit->id);
}

static bool decode_columns(struct scan *s, struct scan_worker *w, uint32_t run, uint32_t count, struct status *st)
{
    if (!decode(s, &w->types, run, count, st) || !decode(s, &w->flags, run, count, st) ||
        !decode(s, &w->primary, run, count, st))
        return false;
    for (int m = 0; m < s->measures_count; m++) {
        if (!decode(s, &w->measures[m], run, count, st)) return false;
        if (w->measures[m].wanted) w->measure_values[m] = w->measures[m].values;
    }
    for (int i = 0; i < s->r.stored_count; i++) {
        if (!decode(s, &w->stored[i], run, count, st)) return false;
        w->stored_values[i] = w->stored[i].values;
    }
    return true;
}

static bool decode_fields(struct scan *s, struct scan_worker *w, const struct scan_block *b, struct status *st)
{
    for (int f = 0; f < s->base_fields; f++)
        if (s->field_wanted[f] && s->average[f] >= 0 &&
            !average_values(s->r.g, s->average[f], b->partition, b->first_place, b->count, w->fields[f], st))
            return false;
    for (int f = s->base_fields; f < s->fields_count; f++)
        if (s->field_wanted[f] && !s->r.more->values(s->r.more->context, f - s->base_fields, b, w->fields[f], st))
            return false;
    return customer_fields_read(&s->record_fields, &w->records, w->flags.values, w->primary.values, NULL, b->count,
                                w->fields, st);
}

static void load_packed(void *context, int measure, uint32_t first, uint32_t count, double *out)
{
    struct scan_worker *w = context;
    segment_unpack_doubles(w->measures[measure].packed, first, count, out);
}

static int load_few(void *context, int measure, uint32_t first, uint32_t count, uint16_t *places, double *values)
{
    struct scan_worker *w = context;
    const struct segment_packed *p = w->measures[measure].packed;
    return p->few ? (int)segment_unpack_few(p, first, count, places, values) : FORMULA_MANY;
}

static bool evaluate(struct scan *s, int worker, struct scan_block *b, struct status *st)
{
    struct scan_worker *w = &s->workers[worker];
    struct formula_inputs in = {.count = b->count,
                                .measures = b->measures,
                                .customer_fields = (const int64_t *const *)w->fields,
                                .ignored = b->all_of_type ? NULL : w->ignored};
    struct formula_packed source = {.context = w, .load = load_packed, .few = load_few};
    for (int p = 0; p < s->r.programs_count; p++) {
        int64_t **results = w->results[s->r.one_by_one ? 0 : p];
        if (!formula_evaluate_packed(s->r.programs[p], &in, &source, w->scratch[p], results, st))
            return scorecard_name_customer(s->r.g->unit, b->first_number, b->count, st) ||
                   status_while(st, "scoring generation %s", s->r.g->id);
        b->program = p;
        if (s->r.one_by_one && !s->visit(s->context, worker, b, st)) return false;
    }
    b->program = 0;
    return s->r.one_by_one || s->visit(s->context, worker, b, st);
}

static bool is_of_type(const struct scan *s, struct scan_worker *w, uint32_t count, bool *all)
{
    uint32_t of_type = 0;
    for (uint32_t i = 0; i < count; i++) of_type += w->types.values[i] == s->r.type;
    *all = of_type == count;
    for (uint32_t i = 0; !*all && i < count; i++) w->ignored[i] = w->types.values[i] != s->r.type;
    return of_type > 0;
}

static bool block(struct scan *s, int worker, uint32_t partition, uint32_t first, uint32_t count, uint64_t number,
                  struct status *st)
{
    struct scan_worker *w = &s->workers[worker];
    struct scan_block b = {.first_number = number,
                           .partition = partition,
                           .first_place = first,
                           .count = count,
                           .types = w->types.values,
                           .flags = w->flags.values,
                           .primary = w->primary.values,
                           .measures = w->measure_values,
                           .fields = (const int64_t *const *)w->fields,
                           .stored = w->stored_values,
                           .results = (const int64_t *const *const *)w->results,
                           .records = &w->records};
    if (!load_partition(s, w, partition, st) || !decode_columns(s, w, first / SEGMENT_RUN, count, st)) return false;
    if (!is_of_type(s, w, count, &b.all_of_type)) return true;
    return decode_fields(s, w, &b, st) && evaluate(s, worker, &b, st);
}

static bool task(void *context, int worker, uint64_t index, struct status *st)
{
    struct scan *s = context;
    uint32_t partition = s->r.one_partition ? s->r.partition : (uint32_t)index;
    uint64_t customers = segment_rows(s->r.g->customer, partition, 0);
    for (uint64_t first = 0; first < customers; first += SEGMENT_RUN) {
        uint32_t count = customers - first < SEGMENT_RUN ? (uint32_t)(customers - first) : SEGMENT_RUN;
        if (!block(s, worker, partition, (uint32_t)first, count, generation_first_number(s->r.g, partition) + first,
                   st))
            return false;
    }
    return true;
}

/* Measures that had to be computed again stand in the recomputed block, the others in the columns. */
static bool recomputed(void *context, int worker, const struct recompute_block *r, struct status *st)
{
    struct scan *s = context;
    for (int m = 0; m < s->measures_count; m++)
        if (!scan_is_stored(s, m)) s->workers[worker].measure_values[m] = r->measures[m];
    return block(s, worker, r->partition, r->first_place, r->count, r->first_number, st);
}

bool scan_run(struct scan *s, scan_visit *visit, void *context, struct status *st)
{
    s->visit = visit;
    s->context = context;
    if (s->again) {
        struct recompute_request r = {.g = s->r.g,
                                      .measures = s->again,
                                      .pool = s->r.pool,
                                      .visit = recomputed,
                                      .context = s,
                                      .one_type = true,
                                      .type = s->r.type,
                                      .one_partition = s->r.one_partition,
                                      .partition = s->r.partition,
                                      .formula = s->r.formula};
        return recompute_run(&r, st);
    }
    return each_partition(s, task, st);
}
