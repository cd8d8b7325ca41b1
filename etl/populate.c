#include "etl/populate.h"
#include "etl/populate_average.h"
#include "etl/populate_extra.h"
#include "etl/valuation.h"

#include "base/date.h"

#include <string.h>

static void release_worker(struct populate_worker *w, int outputs)
{
    integrate_scratch_release(&w->raw);
    integrate_scratch_release(&w->order);
    integrate_scratch_release(&w->member_raw);
    integrate_scratch_release(&w->member_start);
    integrate_scratch_release(&w->member_tuples);
    integrate_scratch_release(&w->removed);
    integrate_scratch_release(&w->removed_sorted);
    integrate_scratch_release(&w->fresh);
    integrate_scratch_release(&w->old_rows);
    populate_release_old(w);
    buf_release(&w->loaded);
    free(w->averages);
    free(w->entry);
    free(w->below);
    for (int i = 0; i < UNIT_LAYOUTS_MAX; i++) {
        integrate_scratch_release(&w->sorted[i]);
        integrate_scratch_release(&w->starts[i]);
    }
    struct segment_part *parts[3] = {w->customer_part, w->source_part, w->table_part};
    for (int i = 0; i < 3; i++) {
        if (parts[i]) segment_part_release(parts[i]);
        free(parts[i]);
    }
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        if (w->blocks[t]) measure_block_free(w->blocks[t]);
        if (w->scratch[t]) formula_scratch_free(w->scratch[t]);
    }
    for (int o = 0; o < outputs; o++) buf_release(&w->out[o]);
    populate_extra_free(w->extra);
    build_tool_free(w->tool);
    free(w->values);
    free(w->columns);
    free(w->primary);
    free(w->flags);
    free(w->types);
    free(w->customer_fields);
    if (w->total) free(w->total->table);
    free(w->total);
}

static struct segment_part *new_part(void)
{
    struct segment_part *p = malloc(sizeof *p);
    ensure(p);
    segment_part_init(p);
    return p;
}

static void init_worker(struct populate_worker *w, const struct populate *p)
{
    w->customer_part = new_part();
    w->source_part = new_part();
    w->table_part = new_part();
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        if (!p->cards->of[t].formula) continue;
        w->blocks[t] = measure_block_new(p->cards->of[t].measures);
        w->scratch[t] = formula_scratch_new(p->cards->of[t].program);
    }
    w->extra = populate_extra_new(p);
    w->tool = build_tool_new();
    buf_init(&w->loaded, (size_t)1 << 40);
    for (int o = 0; o < p->in->im->unit->outputs_count; o++) buf_init(&w->out[o], (size_t)1 << 36);
    w->total = calloc(1, sizeof *w->total);
    w->customer_fields =
        calloc((size_t)p->in->im->tables->schema->customer_fields_count * MEASURE_BLOCK_CUSTOMERS + 1, sizeof(int64_t));
    ensure(w->total && w->customer_fields);
    w->total->table = calloc((size_t)p->in->im->tables->count + 1, sizeof *w->total->table);
    ensure(w->total->table);
}

/* --- segments --- */

enum {
    CUSTOMER_COLUMN_PRIMARY,
    CUSTOMER_COLUMN_TYPE,
    CUSTOMER_COLUMN_FLAGS,
    CUSTOMER_COLUMN_ENTRY,
    CUSTOMER_COLUMN_BELOW,
    CUSTOMER_COLUMNS
};

static enum segment_type segment_type_of(enum value_type t)
{
    return t == VALUE_MONEY  ? SEGMENT_MONEY
           : t == VALUE_DATE ? SEGMENT_DATE
           : t == VALUE_CODE ? SEGMENT_CODE
                             : SEGMENT_INTEGER;
}

static bool open_customer(struct populate_job *j, uint32_t partitions, struct status *st)
{
    const struct populate *p = j->p;
    j->customer = segment_create(arena_printf(p->in->im->arena, "%s/customer.seg", p->folder), partitions, st);
    if (!j->customer) return false;
    segment_declare(j->customer, "primary", SEGMENT_INTEGER, 0, 0);
    segment_declare(j->customer, "type", SEGMENT_CODE, 0, 0);
    segment_declare(j->customer, "flags", SEGMENT_INTEGER, 0, 0);
    segment_declare(j->customer, "entry_date", SEGMENT_DATE, 0, 0);
    segment_declare(j->customer, "below_since", SEGMENT_DATE, 0, 0);
    for (int t = 0, next = CUSTOMER_COLUMNS; t < CUSTOMER_TYPES; t++) {
        const struct scorecard *c = &p->cards->of[t];
        j->column_base[t] = next;
        char name[SCORECARD_COLUMN_MAX];
        for (int m = 0; c->formula && m < c->measures_count; m++, next++)
            segment_declare(j->customer, scorecard_column(t, "measure", formula_measure_alias(c->formula, m), name),
                            segment_type_of(formula_measure_type(c->formula, m)), 2, 0);
        for (int k = 0; c->formula && k < c->results_count; k++, next++)
            segment_declare(j->customer, scorecard_column(t, "result", formula_result_name(c->formula, k), name),
                            segment_type_of(formula_result_type(c->formula, k)), 2, 0);
        j->column_extra = next;
    }
    populate_average_declare(j, j->customer);
    populate_extra_declare(p, j->customer);
    return true;
}

static enum segment_type segment_type_of_field(const struct layout_field *f)
{
    switch (f->type) {
    case LAYOUT_AMOUNT: return SEGMENT_MONEY;
    case LAYOUT_DATE: return SEGMENT_DATE;
    case LAYOUT_CODE:
    case LAYOUT_CURRENCY:
    case LAYOUT_FUND: return SEGMENT_CODE;
    default: return SEGMENT_INTEGER;
    }
}

static const char *output_path(const struct populate_job *j, int output)
{
    const struct import *im = j->p->in->im;
    return arena_printf(im->arena, "%s/out/%s", j->p->folder, im->unit->outputs[output]->file);
}

static bool open_files(struct populate_job *j, uint32_t partitions, struct status *st)
{
    struct import *im = j->p->in->im;
    if (!open_customer(j, partitions, st)) return false;
    j->source = segment_create(arena_printf(im->arena, "%s/source.seg", j->p->folder), partitions, st);
    if (!j->source) return false;
    segment_declare(j->source, "count", SEGMENT_INTEGER, 0, 0);
    segment_declare(j->source, "record", SEGMENT_INTEGER, 0, 0);
    segment_declare(j->source, "founded", SEGMENT_INTEGER, 0, 0);
    segment_declare(j->source, "closed", SEGMENT_INTEGER, 0, 0);
    for (int i = 0; i < im->tables->count; i++) {
        const struct table *t = &im->tables->table[i];
        j->table[i] =
            segment_create(arena_printf(im->arena, "%s/table-%s.seg", j->p->folder, t->layout->name), partitions, st);
        if (!j->table[i]) return false;
        segment_declare(j->table[i], "count", SEGMENT_INTEGER, 0, 0);
        segment_declare(j->table[i], "record", SEGMENT_INTEGER, 0, 0);
        for (int c = 0; c < t->columns_count; c++) {
            const struct layout_field *f = &t->layout->fields[t->columns[c].field];
            segment_declare(j->table[i], arena_printf(im->arena, "field.%.50s", f->name), segment_type_of_field(f),
                            f->type == LAYOUT_AMOUNT ? f->scale : 0, 0);
        }
    }
    for (int o = 0; o < im->unit->outputs_count; o++) {
        struct build_context context = {im->unit, j->p->cards, im->decoders, im->business_date};
        j->build[o] = build_new(im->unit->outputs[o], &context, im->arena, st);
        if (!j->build[o]) return false;
        for (int t = 0; t < im->tables->count; t++)
            for (int k = 0; k < im->unit->outputs[o]->layouts_count; k++)
                if (strcmp(im->tables->table[t].layout->name, im->unit->outputs[o]->layouts[k]) == 0)
                    j->feeds[o] |= UINT64_C(1) << t;
        if (export_can(im->unit->outputs[o])) {
            if (!export_open(&j->export[o], j -> p -> in, im -> unit -> outputs[o], j -> build[o], st)) return false;
            continue;
        }
        j->output[o] = ordered_create(output_path(j, o), st);
        if (!j->output[o]) return false;
    }
    return true;
}

static void abort_all(struct populate_job *j, uint32_t partition)
{
    segment_abort(j->customer, partition);
    segment_abort(j->source, partition);
    for (int i = 0; i < UNIT_LAYOUTS_MAX; i++) segment_abort(j->table[i], partition);
    for (int o = 0; o < UNIT_OUTPUTS_MAX; o++) ordered_abort(j->output[o], partition);
}

static bool finish_files(struct populate_job *j, bool ok, struct status *st)
{
    struct import *im = j->p->in->im;
    struct segment_writer *writers[UNIT_LAYOUTS_MAX + 2];
    int n = 0;
    writers[n++] = j->customer;
    writers[n++] = j->source;
    for (int i = 0; i < im->tables->count; i++) writers[n++] = j->table[i];
    for (int i = 0; i < n; i++) {
        if (!writers[i]) continue;
        if (ok)
            ok = segment_finish(writers[i], st);
        else
            segment_discard(writers[i]);
    }
    for (int o = 0; o < im->unit->outputs_count; o++) {
        if (!j->output[o]) continue;
        if (ok)
            ordered_finish(j->output[o], &j->p->outputs[o]);
        else
            ordered_discard(j->output[o]);
        j->p->hash_known[o] = ok;
    }
    return ok;
}

/* --- a partition --- */

static bool write_customers(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                            struct status *st)
{
    int64_t *v = w->values = integrate_room((void **)&w->values, &w->values_size, ((size_t)r->count + 1) * sizeof *v);
    for (uint32_t i = 0; i < r->count; i++) v[i] = w->primary[i];
    segment_put(w->customer_part, CUSTOMER_COLUMN_PRIMARY, v, r->count);
    for (uint32_t i = 0; i < r->count; i++) v[i] = w->types[i];
    segment_put(w->customer_part, CUSTOMER_COLUMN_TYPE, v, r->count);
    for (uint32_t i = 0; i < r->count; i++) v[i] = w->flags[i];
    segment_put(w->customer_part, CUSTOMER_COLUMN_FLAGS, v, r->count);
    for (uint32_t i = 0; i < r->count; i++) v[i] = w->entry[i];
    segment_put(w->customer_part, CUSTOMER_COLUMN_ENTRY, v, r->count);
    for (uint32_t i = 0; i < r->count; i++) v[i] = w->below[i];
    segment_put(w->customer_part, CUSTOMER_COLUMN_BELOW, v, r->count);
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        const struct scorecard *c = &j->p->cards->of[t];
        for (int k = 0; c->formula && k < c->measures_count + c->results_count; k++)
            segment_put(w->customer_part, j->column_base[t] + k, populate_column(w, j, r, t, k), r->count);
    }
    populate_extra_put(w->extra, w->customer_part, populate_average_put(j, w, r, j->column_extra), r->count);
    return segment_commit(j->customer, r->partition, w->customer_part, st);
}

static bool write_sources(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                          struct status *st)
{
    uint32_t n = w->member_of[r->count], most = n > r->count ? n : r->count;
    int64_t *v = w->values = integrate_room((void **)&w->values, &w->values_size, ((size_t)most + 1) * sizeof *v);
    for (uint32_t i = 0; i < r->count; i++) v[i] = w->member_of[i + 1] - w->member_of[i];
    segment_put(w->source_part, 0, v, r->count);
    for (uint32_t i = 0; i < n; i++) v[i] = w->members[i].record;
    segment_put(w->source_part, 1, v, n);
    /* founded: 0 none, 1 the number it has, else another number and 1. */
    for (uint32_t i = 0; i < n; i++) {
        const struct populate_member *m = &w->members[i];
        v[i] = m->founded == APPLY_NONE    ? 0
               : m->founded == m->customer ? 1
                                           : (int64_t)(j->p->in->first_number + m->founded + 1);
    }
    segment_put(w->source_part, 2, v, n);
    for (uint32_t i = 0; i < n; i++) v[i] = w->members[i].closed;
    segment_put(w->source_part, 3, v, n);
    return segment_commit(j->source, r->partition, w->source_part, st);
}

static struct populate_range range_of(const struct integrate *in, uint32_t partition)
{
    uint32_t size = in->partition_customers;
    uint64_t first = partition_first_number(in->first_number, size, partition) - in->first_number,
             end = partition_first_number(in->first_number, size, (uint64_t)partition + 1) - in->first_number;
    if (end > in->customers) end = in->customers;
    return (struct populate_range){partition, (uint32_t)first, (uint32_t)(end - first)};
}

static bool populate_partition(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                               struct status *st)
{
    const struct populate *p = j->p;
    size_t columns = 1;
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        if (p->cards->of[t].formula)
            columns += (size_t)p->cards->of[t].measures_count + (size_t)p->cards->of[t].results_count;
    w->columns = integrate_room((void **)&w->columns, &w->columns_size, columns * r->count * sizeof(int64_t));
    if (!populate_load_old(j, w, r, st) || !populate_take_members(j, w, r, st) || !write_sources(j, w, r, st))
        return false;
    for (int i = 0; i < p->in->im->tables->count; i++)
        if (!populate_take_rows(j, w, r, i, st) || !populate_write_rows(j, w, r, i, st)) return false;
    if (!populate_score(j, w, r, st) || !write_customers(j, w, r, st) || !populate_outputs(j, w, r, st)) return false;
    progress_add(p->progress, r->count);
    return true;
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct populate_job *j = context;
    struct populate_range r = range_of(j->p->in, (uint32_t)partition);
    bool ok = populate_partition(j, &j->workers[worker], &r, st);
    if (!ok) abort_all(j, r.partition);
    return ok;
}

static void add_shadow(struct populate_shadow *to, const struct populate_shadow *from)
{
    to->passing += from->passing;
    to->kept += from->kept;
    to->entering += from->entering;
    to->leaving += from->leaving;
    to->score += from->score;
    for (int k = 0; k < OVERLAPS; k++) {
        to->customers[k] += from->customers[k];
        to->assets[k] += from->assets[k];
    }
}

static void add_total(struct populate_total *to, const struct populate_total *from, const struct import *im)
{
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        to->customers[t] += from->customers[t];
        to->kept[t] += from->kept[t];
        to->scored[t] += from->scored[t];
        to->selected[t] += from->selected[t];
        for (int i = 0; i < POPULATE_TIERS_MAX; i++) to->tiers[t][i] += from->tiers[t][i];
        to->excluded[t] += from->excluded[t];
        to->overridden[t] += from->overridden[t];
        to->reached[t] += from->reached[t];
        to->reached_excluded[t] += from->reached_excluded[t];
        to->by_override[t] += from->by_override[t];
        to->score_all[t] += from->score_all[t];
        to->score_selected[t] += from->score_selected[t];
        add_shadow(&to->shadow[t], &from->shadow[t]);
        for (int m = 0; m < INTEREST_MISSING_MAX; m++) to->without_rate[t][m] += from->without_rate[t][m];
        for (int m = 0; m < 128; m++) to->measure_sum[t][m] += from->measure_sum[t][m];
    }
    to->members += from->members;
    to->closed_members += from->closed_members;
    to->entered += from->entered;
    to->entered_by_nav += from->entered_by_nav;
    to->left += from->left;
    for (int o = 0; o < UNIT_OUTPUTS_MAX; o++) to->output_rows[o] += from->output_rows[o];
    for (int i = 0; i < im->tables->count; i++) {
        to->table[i].rows += from->table[i].rows;
        to->table[i].dropped_rows += from->table[i].dropped_rows;
        to->table[i].merged_rows += from->table[i].merged_rows;
        to->table[i].old_rows += from->table[i].old_rows;
        to->table[i].removed_rows += from->table[i].removed_rows;
        to->table[i].revalued_rows += from->table[i].revalued_rows;
        for (int c = 0; c < im->rates->count; c++) to->table[i].revalued_sum[c] += from->table[i].revalued_sum[c];
        for (int a = 0; a < TABLE_AMOUNTS_MAX; a++)
            for (int c = 0; c < im->rates->count; c++) {
                to->table[i].sum[a][c] += from->table[i].sum[a][c];
                to->table[i].old_sum[a][c] += from->table[i].old_sum[a][c];
                to->table[i].removed_sum[a][c] += from->table[i].removed_sum[a][c];
                to->table[i].dropped_sum[a][c] += from->table[i].dropped_sum[a][c];
            }
    }
}

bool populate_run(struct populate *p, struct status *st)
{
    struct import *im = p->in->im;
    int workers = pool_workers(im->pool);
    struct populate_job j = {.p = p, .workers = calloc((size_t)workers, sizeof *j.workers)};
    ensure(j.workers && p->batch >= 1 && p->batch <= MEASURE_BLOCK_CUSTOMERS);
    p->total = arena_new(im->arena, struct populate_total);
    p->total->table = arena_array(im->arena, struct populate_table_total, im->tables->count + 1);
    for (int w = 0; w < workers; w++) init_worker(&j.workers[w], p);
    valuation_open(&j);
    bool ok = populate_open_old(&j, st) && populate_open_heirs(&j, st) && populate_average_open(&j, st) &&
              open_files(&j, p->in->partitions, st) && pool_run(im->pool, p->in->partitions, task, &j, st);
    ok = finish_files(&j, ok, st);
    for (int o = 0; o < im->unit->outputs_count; o++) {
        if (ok && j.export[o].build) {
            ok = export_run(&j.export[o], p -> in, im -> unit -> outputs[o], output_path(&j, o), st);
        }
        export_release(&j.export[o]);
    }
    for (int w = 0; w < workers; w++) {
        if (ok) add_total(p->total, j.workers[w].total, im);
        release_worker(&j.workers[w], im->unit->outputs_count);
    }
    free(j.workers);
    return ok || status_while(st, "measuring, scoring and building");
}
