/* crmx formula diff: two formulas side by side: what is written differently, and whom it lets in and out. */
#include "control/show_formula.h"
#include "control/show_generation.h"
#include "control/show_trial.h"
#include "control/show_value.h"
#include "scoring/parts.h"
#include "scoring/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct diff {
    struct command_call *call;
    struct show_population *p;
    struct show_formula a, b;
    struct pool *pool;
    struct trial first, second;
    struct listing rows;
    struct status *st;
};

/* --- what is written --- */

static void add(struct diff *d, const char *what, const char *name, const char *a, const char *b)
{
    listing_text(&d->rows, what);
    listing_text(&d->rows, name);
    listing_text(&d->rows, !a ? "added" : !b ? "removed" : "changed");
    listing_text(&d->rows, a);
    listing_text(&d->rows, b);
}

typedef void write_text(const struct formula *f, int index, struct buf *out);

static const char *text_of(struct diff *d, write_text *write, const struct formula *f, int index)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    write(f, index, &text);
    const char *copy = arena_dup(&d->call->arena, buf_view(&text));
    buf_release(&text);
    return copy;
}

static void compare_measures(struct diff *d)
{
    const struct formula *a = d->a.f, *b = d->b.f;
    for (int m = 0; m < formula_measure_count(a); m++) {
        int k = formula_measure_find(b, formula_measure_name(a, m));
        const char *x = text_of(d, formula_measure_definition, a, m),
                   *y = k < 0 ? NULL : text_of(d, formula_measure_definition, b, k);
        if (!y || strcmp(x, y) != 0) add(d, "measure", formula_measure_name(a, m), x, y);
    }
    for (int m = 0; m < formula_measure_count(b); m++)
        if (formula_measure_find(a, formula_measure_name(b, m)) < 0)
            add(d, "measure", formula_measure_name(b, m), NULL, text_of(d, formula_measure_definition, b, m));
}

static int coefficient_find(const struct formula *f, const char *name)
{
    for (int i = 0; i < formula_coefficient_count(f); i++)
        if (strcmp(formula_coefficient_name(f, i), name) == 0) return i;
    return -1;
}

static const char *number(struct diff *d, double x)
{
    return arena_printf(&d->call->arena, "%.15g", x);
}

/* Literal coefficients are numbered: with another number of them each would be compared with its neighbour. Then the
 * terms they stand in tell. */
static bool comparable(const struct formula *a, const struct formula *b, const char *name)
{
    return !strchr(name, '#') || formula_coefficient_count(a) == formula_coefficient_count(b);
}

static void compare_coefficients(struct diff *d)
{
    const struct formula *a = d->a.f, *b = d->b.f;
    for (int i = 0; i < formula_coefficient_count(a); i++) {
        const char *name = formula_coefficient_name(a, i);
        if (!comparable(a, b, name)) continue;
        int k = coefficient_find(b, name);
        double x = formula_coefficient(a, i), y = k < 0 ? 0 : formula_coefficient(b, k);
        if (k < 0 || x != y) add(d, "coefficient", name, number(d, x), k < 0 ? NULL : number(d, y));
    }
    for (int i = 0; i < formula_coefficient_count(b); i++)
        if (comparable(a, b, formula_coefficient_name(b, i)) && coefficient_find(a, formula_coefficient_name(b, i)) < 0)
            add(d, "coefficient", formula_coefficient_name(b, i), NULL, number(d, formula_coefficient(b, i)));
}

static int definition_find(const struct formula *f, const char *name)
{
    for (int i = 0; i < formula_definition_count(f); i++)
        if (strcmp(formula_definition_name(f, i), name) == 0) return i;
    return -1;
}

static const char *term_text(struct diff *d, const struct formula_part *part)
{
    return arena_printf(&d->call->arena, "%s%s", part->negative ? "- " : "+ ", part->text);
}

static bool has_term(const struct formula_parts *p, const struct formula_part *part)
{
    for (int i = 0; i < p->count; i++)
        if (p->part[i].kind == part->kind && p->part[i].negative == part->negative &&
            strcmp(p->part[i].text, part->text) == 0)
            return true;
    return false;
}

/* A score is read by its terms. */
static void compare_scores(struct diff *d, const char *a_text, const char *b_text)
{
    struct formula_parts *a = NULL, *b = NULL;
    struct status ignored = {0};
    const struct schema *schema = d->p->g->tables.schema;
    int before = (int)d->rows.rows;
    if (formula_parts_new(d->a.f, schema, FORMULA_PARTS_SCORE, &a, &ignored) &&
        formula_parts_new(d->b.f, schema, FORMULA_PARTS_SCORE, &b, &ignored)) {
        for (int i = 0; i < a->count; i++)
            if (!has_term(b, &a->part[i])) add(d, "term", "score", term_text(d, &a->part[i]), NULL);
        for (int i = 0; i < b->count; i++)
            if (!has_term(a, &b->part[i])) add(d, "term", "score", NULL, term_text(d, &b->part[i]));
    }
    if ((int)d->rows.rows == before) add(d, "value", "score", a_text, b_text); /* the same terms in another order */
    formula_parts_free(a);
    formula_parts_free(b);
}

static void compare_definitions(struct diff *d)
{
    const struct formula *a = d->a.f, *b = d->b.f;
    for (int i = 0; i < formula_definition_count(a); i++) {
        const char *name = formula_definition_name(a, i);
        int k = definition_find(b, name);
        const char *x = text_of(d, formula_definition_text, a, i),
                   *y = k < 0 ? NULL : text_of(d, formula_definition_text, b, k);
        if (y && strcmp(x, y) == 0) continue;
        if (y && strcmp(name, "score") == 0)
            compare_scores(d, x, y);
        else
            add(d, "value", name, x, y);
    }
    for (int i = 0; i < formula_definition_count(b); i++)
        if (definition_find(a, formula_definition_name(b, i)) < 0)
            add(d, "value", formula_definition_name(b, i), NULL, text_of(d, formula_definition_text, b, i));
}

static void compare_text(struct diff *d, struct show *s)
{
    static const char *const COLUMNS[] = {"what", "name", "change", "first", "second", NULL};
    int64_t x = formula_threshold(d->a.f), y = formula_threshold(d->b.f);
    struct arena *a = &d->call->arena;
    listing_init(&d->rows, COLUMNS);
    if (x != y) add(d, "threshold", "", show_decimal(a, x, 2), show_decimal(a, y, 2));
    compare_coefficients(d);
    compare_measures(d);
    compare_definitions(d);
    show_rows(s, "differences", "what is written differently", &d->rows);
    if (d->rows.rows == 0) show_line(s, "both say the same (blanks and comments aside)");
    listing_release(&d->rows);
}

/* --- what it does --- */

static bool try_both(struct diff *d)
{
    struct generation *g = d->p->g;
    int64_t *scores = calloc(g->customers + 1, sizeof *scores);
    ensure(scores);
    d->pool = show_pool(d->call);
    struct trial_request r = {
        .g = g, .pool = d->pool, .type = d->a.type, .formula = d->a.f, .name = d->a.name, .scores = scores};
    struct trial_baseline base = {scores, formula_threshold(d->a.f)};
    bool ok = trial_run(&r, &d->first, d->st);
    r.formula = d->b.f;
    r.name = d->b.name;
    r.scores = NULL;
    r.baseline = &base;
    r.lists = command_flag(d->call, "entering") || command_flag(d->call, "leaving");
    ok = ok && trial_run(&r, &d->second, d->st);
    free(scores);
    return ok;
}

static void show_effect(struct diff *d, struct show *s)
{
    const struct trial_count *a = &d->first.count, *b = &d->second.count;
    show_section(s, "effect", "over generation %s", d->p->g->id);
    show_text(s, "unit", d->p->g->unit->id);
    show_text(s, "type", CUSTOMER_TYPE_NAMES[d->a.type]);
    show_text(s, "first", d->a.origin);
    show_text(s, "second", d->b.origin);
    show_integer(s, "scored", (int64_t)a->scored);
    show_integer(s, "pass_first", (int64_t)a->pass);
    show_integer(s, "pass_second", (int64_t)b->pass);
    show_integer(s, "entering", (int64_t)b->enters);
    show_integer(s, "leaving", (int64_t)b->leaves);
    show_integer(s, "both", (int64_t)(b->pass - b->enters));
    show_text(s, "score_selected_first", show_money(d->call, a->score_pass));
    show_text(s, "score_selected_second", show_money(d->call, b->score_pass));
}

static bool run_diff(struct diff *d)
{
    struct unit *unit = NULL;
    if (!show_formula_open(d->call, command_text(d->call, "first", NULL), -1, &unit, &d->a, d->st) ||
        !show_formula_open(d->call, command_text(d->call, "second", NULL), d->a.type, &unit, &d->b, d->st) ||
        !show_population_open(d->p, d->call, true, NULL, d->st))
        return false;
    if (!try_both(d)) return false;
    if (command_flag(d->call, "entering") || command_flag(d->call, "leaving")) {
        show_trial_lists(d->call, d->p->g, &d->second, (const char *const[]){"score_first", "score_second"}, false);
        return true;
    }
    struct show s;
    show_open(&s, &d->call->output);
    compare_text(d, &s);
    show_effect(d, &s);
    show_print(&s);
    return true;
}

static int run(struct command_call *call)
{
    struct diff *d = arena_new(&call->arena, struct diff);
    *d = (struct diff){.call = call, .p = arena_new(&call->arena, struct show_population), .st = &call->status};
    bool ok = run_diff(d);
    trial_release(&d->first);
    trial_release(&d->second);
    pool_free(d->pool);
    show_formula_close(&d->a);
    show_formula_close(&d->b);
    if (d->p->g) show_population_close(d->p);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_diff = {
    .name = "formula diff",
    .summary = "two formulas: what is written differently, and who enters and leaves with the second",
    .description = "Blanks, comments and notation do not count as differences. The effect is that over the generation, "
                   "each with its own threshold (of two files, a threshold of the unit file counts for both).",
    .arguments =
        (const struct command_value[]){
            {.name = "first",
             .type = COMMAND_TEXT,
             .placeholder = SHOW_FORMULA_WORDS,
             .doc = "a file, a name of the working folder, the number of a version, or active: what counts next",
             .required = true},
            {.name = "second",
             .type = COMMAND_TEXT,
             .placeholder = SHOW_FORMULA_WORDS,
             .doc = "the other one",
             .required = true},
            {0}},
    .options = (const struct command_value[]){SHOW_TRIAL_LISTS, SHOW_TRIED, {0}},
    .rules =
        (const struct command_rule[]){
            {"entering leaving", .not_with = "rows", .hint = "the list stands instead of the page: ask twice"}, {0}},
    .examples = "crmx formula diff personal draft.formula\n"
                "crmx formula diff 3 5\n"
                "crmx formula diff active 5 --leaving > leaving.tsv",
    .rows = "differences effect",
    .run = run,
};
