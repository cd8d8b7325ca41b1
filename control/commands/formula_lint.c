/* crmx formula lint: what a banker would say about a formula that is right (scoring/lint.h). With --unit also what the
 * unit's population says: which term alone carries the passes. */
#include "base/date.h"
#include "base/os.h"
#include "control/show.h"
#include "control/show_formula.h"
#include "etl/populate.h"
#include "etl/recompute.h"
#include "scoring/lint.h"

#include <stdio.h>
#include <string.h>

enum { MEASURES_MAX = 128, FIELDS_MAX = LAYOUT_FIELDS_MAX };

/* --- the population --- */

struct scan_worker {
    struct score_terms_scratch *scratch;
    struct term_counts counts;
    int64_t *columns[MEASURES_MAX], *fields[FIELDS_MAX], *terms[SCORE_TERMS_MAX], *scores;
};

struct scan {
    struct generation *g;
    const struct score_terms *terms;
    const struct formula_program *program;
    int type, measures_count;
    int64_t threshold;
    struct scan_worker *workers;
};

static int64_t *column(void)
{
    int64_t *c = calloc(MEASURE_BLOCK_CUSTOMERS, sizeof *c);
    ensure(c);
    return c;
}

static void init_worker(const struct scan *s, struct scan_worker *w)
{
    const struct schema *schema = s->g->tables.schema;
    w->scratch = score_terms_scratch_new(s->terms);
    for (int m = 0; m < s->measures_count; m++) w->columns[m] = column();
    for (int f = 0; f < schema->customer_fields_count; f++)
        if (formula_uses_customer_field(s->program, f)) w->fields[f] = column();
    for (int t = 0; t < score_terms_count(s->terms); t++) w->terms[t] = column();
    w->scores = column();
}

static void release_worker(struct scan_worker *w)
{
    score_terms_scratch_free(w->scratch);
    for (int i = 0; i < MEASURES_MAX; i++) free(w->columns[i]);
    for (int i = 0; i < FIELDS_MAX; i++) free(w->fields[i]);
    for (int i = 0; i < SCORE_TERMS_MAX; i++) free(w->terms[i]);
    free(w->scores);
}

/* The customer fields a formula asks for, out of the primary record. */
static bool read_fields(const struct scan *s, struct scan_worker *w, uint32_t record, uint32_t row, struct status *st)
{
    const struct schema *schema = s->g->tables.schema;
    unsigned char bytes[LAYOUT_RECORD_MAX + 2 * DECODE_SLACK];
    const struct input_file *file = NULL;
    for (int f = 0; f < schema->customer_fields_count; f++) {
        if (!w->fields[f] || average_of_field(s->g->unit, schema->customer_fields[f].name) >= 0) continue;
        if (!file) {
            file = input_file_of(&s->g->inputs, -1, record);
            if (!file) return status_fail(st, STATUS_CORRUPT, "a customer's primary record %u is in no file", record);
            if (!input_read_record(file, record, bytes + DECODE_SLACK, st)) return false;
        }
        int field = layout_find(file->layout, schema->customer_fields[f].name);
        int64_t none = schema->customer_fields[f].type == VALUE_DATE ? DATE_NONE : 0;
        w->fields[f][row] =
            field < 0 ? none : decode_value(s->g->decoders[file->layout_index], field, bytes + DECODE_SLACK);
    }
    return true;
}

/* The averages among them, of a whole block; rows of the customers who are scored are picked from it. */
static bool read_averages(const struct scan *s, struct scan_worker *w, const struct recompute_block *b,
                          struct status *st)
{
    const struct schema *schema = s->g->tables.schema;
    for (int f = 0; f < schema->customer_fields_count; f++) {
        int average = average_of_field(s->g->unit, schema->customer_fields[f].name);
        if (w->fields[f] && average >= 0 &&
            !average_values(s->g, average, b->partition, b->first_place, b->count, w->fields[f], st))
            return false;
    }
    return true;
}

/* The customers of the formula's type, close together. */
static bool scan_block(void *context, int worker, const struct recompute_block *b, struct status *st)
{
    struct scan *s = context;
    struct scan_worker *w = &s->workers[worker];
    const struct schema *schema = s->g->tables.schema;
    uint32_t n = 0;
    if (!read_averages(s, w, b, st)) return false;
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->types[i] != s->type || b->flags[i] & CUSTOMER_EXCLUDED) continue;
        for (int m = 0; m < s->measures_count; m++) w->columns[m][n] = b->measures[m][i];
        for (int f = 0; f < schema->customer_fields_count; f++)
            if (w->fields[f] && average_of_field(s->g->unit, schema->customer_fields[f].name) >= 0)
                w->fields[f][n] = w->fields[f][i]; /* n never passes i */
        if (!read_fields(s, w, (uint32_t)b->primary[i], n, st)) return false;
        n++;
    }
    struct formula_inputs in = {.count = n,
                                .measures = (const int64_t *const *)w->columns,
                                .customer_fields = (const int64_t *const *)w->fields};
    if (!score_terms_evaluate(s->terms, &in, w->scratch, w->terms, w->scores, st))
        return status_while(st, "scoring customers from number %llu", (unsigned long long)b->first_number);
    term_counts_add(&w->counts, score_terms_count(s->terms), (const int64_t *const *)w->terms, w->scores, n,
                    s->threshold);
    return true;
}

static bool run_scan(struct scan *s, const struct measure_set *measures, struct pool *pool, struct status *st)
{
    int workers = pool_workers(pool);
    s->workers = calloc((size_t)workers, sizeof *s->workers);
    ensure(s->workers);
    for (int i = 0; i < workers; i++) init_worker(s, &s->workers[i]);
    struct recompute_request r = {.g = s->g,
                                  .measures = measures,
                                  .pool = pool,
                                  .visit = scan_block,
                                  .context = s,
                                  .one_type = true,
                                  .type = s->type};
    bool ok = recompute_run(&r, st);
    for (int i = 1; i < workers; i++) term_counts_merge(&s->workers[0].counts, &s->workers[i].counts);
    return ok;
}

/* The formula bound to the generation: its layouts and rates are those of its date. */
static bool look_at_population(struct show_formula *f, struct generation *g, struct lint *l, struct status *st)
{
    struct measure_rates rates = recompute_rates(g);
    struct measure_set *measures = NULL;
    struct formula_program *program = NULL;
    struct score_terms *terms = NULL;
    int threads = (int)option_integer(f->call->options, OPTION_RUN_THREADS);
    struct pool *pool = pool_new(threads ? threads : os_cpu_count());
    struct scan s = {.g = g, .type = f->type, .measures_count = formula_measure_count(f->formula)};
    s.threshold = g->unit->has_threshold[f->type] ? g->unit->threshold_minor[f->type] : formula_threshold(f->formula);
    bool ok = measure_bind(f->formula, g->tables.schema, &rates, &measures, st) &&
              formula_bind(f->formula, g->tables.schema, &program, st) &&
              score_terms_new(f->formula, g->tables.schema, &terms, st);
    s.terms = terms;
    s.program = program;
    ok = ok && run_scan(&s, measures, pool, st);
    if (ok) lint_alone(l, terms, &s.workers[0].counts);
    for (int i = 0; s.workers && i < pool_workers(pool); i++) release_worker(&s.workers[i]);
    free(s.workers);
    pool_free(pool);
    score_terms_free(terms);
    formula_program_free(program);
    measure_set_free(measures);
    return ok || status_while(st, "looking at generation %s", g->id);
}

/* Without a population the rules about the text are enough. */
static bool look(struct show_formula *f, struct lint *l, const char **looked_at, struct status *st)
{
    struct generation_current current;
    struct generation *g = NULL;
    bool there;
    if (!generation_current_read(show_unit_folder(f->call, f->unit->id), &current, &there, st)) return false;
    if (!there && !command_given(f->call, "date")) return true;
    if (!show_generation(f->call, true, &g, st)) return false;
    bool ok = look_at_population(f, g, l, st);
    *looked_at = arena_printf(&f->call->arena, "%s of unit %s", g->id, f->unit->id);
    generation_close(g);
    return ok;
}

/* --- the answer --- */

static int count_warnings(const struct lint *l)
{
    int n = 0;
    for (int i = 0; i < l->count; i++) n += l->findings[i].warning;
    return n;
}

static void print_lines(const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        printf("    %.*s\n", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

static void print_text(const struct show_formula *f, const struct lint *l, const char *looked_at)
{
    int warnings = count_warnings(l);
    for (int i = 0; i < l->count; i++) {
        const struct lint_finding *x = &l->findings[i];
        printf("%s:%u:%u: %s: %s [%s]\n", f->path, x->line, x->column, x->warning ? "warning" : "remark", x->message,
               lint_rule_name(x->rule));
        print_lines(x->excerpt);
        printf("    why: %s\n    write: %s\n\n", x->why, x->instead);
    }
    printf("%d warning%s, %d remark%s", warnings, warnings == 1 ? "" : "s", l->count - warnings,
           l->count - warnings == 1 ? "" : "s");
    printf(looked_at ? "; passes counted in generation %s\n" : "; no population was looked at\n", looked_at);
}

static void print_json(const struct lint *l)
{
    static const char *const COLUMNS[] = {"rule", "weight", "line",    "column", "message",
                                          "why",  "write",  "excerpt", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < l->count; i++) {
        const struct lint_finding *x = &l->findings[i];
        listing_text(&rows, lint_rule_name(x->rule));
        listing_text(&rows, x->warning ? "warning" : "remark");
        listing_integer(&rows, x->line);
        listing_integer(&rows, x->column);
        listing_text(&rows, x->message);
        listing_text(&rows, x->why);
        listing_text(&rows, x->instead);
        listing_text(&rows, x->excerpt);
    }
    listing_print(&rows, true);
    listing_release(&rows);
}

static int run(struct command_call *call)
{
    struct show_formula f;
    struct lint *l = arena_new(&call->arena, struct lint);
    const char *looked_at = NULL;
    if (!show_formula_open(&f, call, command_text(call, "formula", ""), &call->status)) return command_failed(call);
    lint_init(l);
    lint_formula(l, f.formula, f.program);
    bool ok = look(&f, l, &looked_at, &call->status);
    int warnings = count_warnings(l);
    if (ok && call->json)
        print_json(l);
    else if (ok)
        print_text(&f, l, looked_at);
    lint_release(l);
    show_formula_close(&f);
    if (!ok) return command_failed(call);
    return warnings ? 4 : 0;
}

const struct command command_formula_lint = {
    .name = "formula lint",
    .summary =
        "what a banker would say about a formula that is right: terms beside money, debts that raise the score …",
    .description = "Rules: term (months beside money), number (a bare number beside money), debt (arrears or a loan "
                   "raise the score), "
                   "sums (sums multiplied or divided where accounts are meant), band (nobody reaches it), unused, "
                   "alone (a term that "
                   "alone carries many passes: more than a tenth, or than a hundredth when another rule warns of it).\n"
                   "The last one is counted over the unit's population, when it has one: the current generation, or "
                   "that of --date. "
                   "Exit code 4 when there is a warning, 0 when there are remarks at most.",
    .arguments = (const struct command_value[]){SHOW_FORMULA_ARGUMENT, {0}},
    .options = (const struct command_value[]){SHOW_UNIT, SHOW_DATE, SHOW_FORMULA_TYPE, {0}},
    .examples = "crmx formula lint personal\ncrmx formula lint /tmp/idea.formula --unit 11 --json",
    .run = run,
};
