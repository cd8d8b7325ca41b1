#include "etl/parameter_trial.h"

#include "base/date.h"
#include "etl/populate.h"
#include "etl/recompute.h"
#include "etl/scorecard.h"

#include <stdio.h>
#include <string.h>

bool parameter_read_money(const char *text, int64_t *minor)
{
    int64_t value = 0;
    int decimals = -1, digits = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '.' && decimals < 0 && digits) {
            decimals = 0;
        } else if (*p >= '0' && *p <= '9' && decimals < 2 && digits < 16) {
            value = value * 10 + (*p - '0');
            digits++;
            decimals += decimals >= 0;
        } else {
            return false;
        }
    }
    if (!digits || decimals == 0) return false;
    for (; decimals < 2; decimals = decimals < 0 ? 1 : decimals + 1) value *= 10;
    *minor = value;
    return true;
}

struct worker {
    struct formula_scratch *scratch;
    int64_t *results, *fields; /* [result or field][place] */
    struct parameter_trial_counts counts;
};

struct trial {
    const struct parameter_trial_request *request;
    struct formula *formula;
    struct measure_set *measures;
    struct formula_program *program;
    struct worker *workers;
    int workers_count, fields_count;
    int64_t threshold;
    bool uses_fields;
};

/* The customer fields the formula asks for, out of the primary records. */
static bool read_fields(struct trial *t, struct worker *w, const struct recompute_block *b, const int64_t **columns,
                        struct status *st)
{
    struct generation *g = t->request->g;
    const struct schema *schema = g->tables.schema;
    unsigned char bytes[LAYOUT_RECORD_MAX + 2 * DECODE_SLACK];
    for (int f = 0; f < t->fields_count; f++)
        columns[f] = formula_uses_customer_field(t->program, f) ? w->fields + (size_t)f * FORMULA_BATCH_MAX : NULL;
    bool any = false; /* of the records */
    for (int f = 0; f < t->fields_count; f++) {
        int average = average_of_field(g->unit, schema->customer_fields[f].name);
        any |= columns[f] && average < 0;
        if (columns[f] && average >= 0 &&
            !average_values(g, average, b->partition, b->first_place, b->count,
                            w->fields + (size_t)f * FORMULA_BATCH_MAX, st))
            return false;
    }
    for (uint32_t i = 0; any && i < b->count; i++) {
        if ((uint64_t)b->flags[i] & CUSTOMER_GONE) continue; /* a number that is not in force has no record */
        const struct input_file *file = input_file_of(&g->inputs, -1, (uint32_t)b->primary[i]);
        if (!input_read_record(file, (uint32_t)b->primary[i], bytes + DECODE_SLACK, st)) return false;
        for (int f = 0; f < t->fields_count; f++) {
            if (!columns[f] || average_of_field(g->unit, schema->customer_fields[f].name) >= 0) continue;
            int field = layout_find(file->layout, schema->customer_fields[f].name);
            int64_t none = schema->customer_fields[f].type == VALUE_DATE ? DATE_NONE : 0;
            w->fields[(size_t)f * FORMULA_BATCH_MAX + i] =
                field < 0 ? none : decode_value(g->decoders[file->layout_index], field, bytes + DECODE_SLACK);
        }
    }
    return true;
}

/* As the night selects (etl/populate_score.c). */
static void count_block(struct trial *t, struct worker *w, const struct recompute_block *b)
{
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->types[i] != t->request->customer_type) continue;
        bool reached = w->results[i] >= t->threshold, was = b->flags[i] & CUSTOMER_SELECTED;
        bool passes = !(b->flags[i] & CUSTOMER_EXCLUDED) && (reached || (b->flags[i] & CUSTOMER_OVERRIDDEN));
        w->counts.customers++;
        w->counts.passing += passes;
        w->counts.entering += passes && !was;
        w->counts.leaving += was && !passes;
    }
}

static bool score_block(void *context, int worker, const struct recompute_block *b, struct status *st)
{
    struct trial *t = context;
    struct worker *w = &t->workers[worker];
    const int64_t *fields[LAYOUT_FIELDS_MAX] = {0};
    int64_t *results[64];
    ensure(b->count <= FORMULA_BATCH_MAX);
    for (int k = 0; k < formula_result_count(t->formula); k++) results[k] = w->results + (size_t)k * FORMULA_BATCH_MAX;
    if (t->uses_fields && !read_fields(t, w, b, fields, st)) return false;
    struct formula_inputs in = {.count = b->count, .measures = b->measures, .customer_fields = fields};
    if (!formula_evaluate(t->program, &in, w->scratch, results, st))
        return status_while(st, "scoring customers from number %llu", (unsigned long long)b->first_number);
    count_block(t, w, b);
    return true;
}

static bool bind(struct trial *t, struct status *st)
{
    const struct parameter_trial_request *r = t->request;
    struct measure_rates rates = recompute_rates(r->g);
    if (!formula_parse(r->name, view_of(r->formula), &t->formula, st) ||
        !measure_bind(t->formula, r->g->tables.schema, &rates, &t->measures, st) ||
        !formula_bind(t->formula, r->g->tables.schema, &t->program, st) ||
        !scorecard_check_columns(t->measures, &r->g->tables, r->name, st))
        return false;
    t->threshold = formula_threshold(t->formula);
    if (r->threshold && !parameter_read_money(r->threshold, &t->threshold))
        return status_fail(st, STATUS_USAGE, "\"%s\" is no threshold", r->threshold);
    t->fields_count = r->g->tables.schema->customer_fields_count;
    for (int f = 0; f < t->fields_count; f++) t->uses_fields |= formula_uses_customer_field(t->program, f);
    return true;
}

static void add_workers(struct trial *t)
{
    t->workers_count = t->request->pool ? pool_workers(t->request->pool) : 1;
    t->workers = calloc((size_t)t->workers_count, sizeof *t->workers);
    ensure(t->workers);
    for (int i = 0; i < t->workers_count; i++) {
        struct worker *w = &t->workers[i];
        w->scratch = formula_scratch_new(t->program);
        w->results = calloc((size_t)formula_result_count(t->formula) * FORMULA_BATCH_MAX, sizeof *w->results);
        w->fields = calloc((size_t)t->fields_count * FORMULA_BATCH_MAX + 1, sizeof *w->fields);
        ensure(w->results && w->fields);
    }
}

static void release(struct trial *t)
{
    for (int i = 0; i < t->workers_count; i++) {
        formula_scratch_free(t->workers[i].scratch);
        free(t->workers[i].results);
        free(t->workers[i].fields);
    }
    free(t->workers);
    if (t->program) formula_program_free(t->program);
    if (t->measures) measure_set_free(t->measures);
    if (t->formula) formula_free(t->formula);
}

bool parameter_trial_run(const struct parameter_trial_request *r, struct parameter_trial_counts *out, struct status *st)
{
    struct trial t = {.request = r};
    *out = (struct parameter_trial_counts){0};
    bool ok = bind(&t, st);
    if (ok) {
        add_workers(&t);
        ok = recompute_run(
            &(struct recompute_request){
                .g = r->g, .measures = t.measures, .pool = r->pool, .visit = score_block, .context = &t},
            st);
    }
    out->threshold_minor = t.threshold;
    for (int i = 0; ok && i < t.workers_count; i++) {
        out->customers += t.workers[i].counts.customers;
        out->passing += t.workers[i].counts.passing;
        out->entering += t.workers[i].counts.entering;
        out->leaving += t.workers[i].counts.leaving;
    }
    release(&t);
    /* The formula's own fault is the answer; a disk that cannot be read is not. */
    if (!ok && (st->code == STATUS_USAGE || st->code == STATUS_INPUT)) {
        out->errors = 1;
        snprintf(out->error, sizeof out->error, "%s", st->message);
        status_clear(st);
        return true;
    }
    return ok;
}
