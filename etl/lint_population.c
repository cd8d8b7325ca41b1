#include "etl/lint_population.h"

#include "etl/populate.h"
#include "etl/scorecard.h"

struct worker {
    struct formula_parts_scratch *scratch;
    struct lint_counts counts;
    bool ignored[SEGMENT_RUN];
    int64_t *values[FORMULA_PARTS_MAX];
};

struct look {
    const struct unit *unit;
    const struct formula_parts *terms;
    int type;
    int64_t threshold;
    struct worker *workers;
    int workers_count;
};

static void init_workers(struct look *k, int count)
{
    k->workers = calloc((size_t)count, sizeof *k->workers);
    ensure(k->workers);
    k->workers_count = count;
    for (int w = 0; w < count; w++) {
        k->workers[w].scratch = formula_parts_scratch_new(k->terms);
        for (int t = 0; t < k->terms->count; t++) {
            k->workers[w].values[t] = calloc(SEGMENT_RUN, sizeof(int64_t));
            ensure(k->workers[w].values[t]);
        }
    }
}

static void release_workers(struct look *k)
{
    for (int w = 0; w < k->workers_count; w++) {
        formula_parts_scratch_free(k->workers[w].scratch);
        for (int t = 0; t < FORMULA_PARTS_MAX; t++) free(k->workers[w].values[t]);
    }
    free(k->workers);
}

static bool visit(void *context, int worker, const struct scan_block *b, struct status *st)
{
    struct look *k = context;
    struct worker *w = &k->workers[worker];
    for (uint32_t i = 0; i < b->count; i++) w->ignored[i] = b->types[i] != k->type || b->flags[i] & CUSTOMER_EXCLUDED;
    struct formula_inputs in = {
        .count = b->count, .measures = b->measures, .customer_fields = b->fields, .ignored = w->ignored};
    if (!formula_parts_evaluate(k->terms, &in, w->scratch, w->values, st)) {
        scorecard_name_customer(k->unit, b->first_number, b->count, st);
        return status_while(st, "scoring customers from number %llu", (unsigned long long)b->first_number);
    }
    struct lint_batch batch = {.terms = k->terms->count,
                               .values = (const int64_t *const *)w->values,
                               .scores = b->results[0][0],
                               .ignored = w->ignored,
                               .count = b->count,
                               .threshold = k->threshold};
    lint_counts_add(&w->counts, &batch);
    return true;
}

static bool run(struct look *k, const struct formula *f, struct formula_program *program, struct generation *g,
                struct pool *pool, struct status *st)
{
    int measures = formula_measure_count(f);
    bool *wanted = calloc((size_t)measures + 1, sizeof *wanted);
    ensure(wanted);
    for (int m = 0; m < measures; m++) wanted[m] = formula_parts_use_measure(k->terms, m);
    struct scan_request r = {.g = g,
                             .pool = pool,
                             .type = k->type,
                             .formula = f,
                             .programs = &program,
                             .programs_count = 1,
                             .measures_wanted = wanted};
    struct scan *s = scan_open(&r, st);
    free(wanted);
    if (!s) return false;
    init_workers(k, scan_workers(s));
    bool ok = scan_run(s, visit, k, st);
    for (int w = 1; w < k->workers_count; w++) lint_counts_merge(&k->workers[0].counts, &k->workers[w].counts);
    scan_close(s);
    return ok;
}

bool lint_population(struct lint *l, const struct formula *f, int type, struct generation *g, struct pool *pool,
                     struct status *st)
{
    struct formula_program *program = NULL;
    struct formula_parts *terms = NULL;
    struct look k = {.unit = g->unit, .type = type, .threshold = formula_threshold(f)};
    bool ok = formula_bind(f, g->tables.schema, &program, st) &&
              formula_parts_new(f, g->tables.schema, FORMULA_PARTS_TERMS, &terms, st);
    k.terms = terms;
    ok = ok && run(&k, f, program, g, pool, st);
    if (ok) lint_alone(l, f, terms, &k.workers[0].counts);
    release_workers(&k);
    formula_parts_free(terms);
    formula_program_free(program);
    return ok || status_while(st, "looking at generation %s", g->id);
}
