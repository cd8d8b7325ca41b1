/* crmx sweep: a coefficient or the threshold over a range, with the pass count of each value; and the threshold for a
 * wanted number of customers. */
#include "etl/sweep.h"
#include "control/show_formula.h"
#include "control/show_generation.h"
#include "control/show_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct sweep_call {
    struct command_call *call;
    struct show_population *p;
    struct show_formula formula;
    struct sweep_request request;
    struct sweep_point *points;
    int points_count;
    struct status *st;
};

/* --- the points --- */

static bool too_many(struct sweep_call *c, double points)
{
    status_fail(c->st, STATUS_USAGE, "crmx sweep: these are %.0f points, more than %d", points, SWEEP_POINTS_MAX);
    return status_hint(c->st, "take a larger --step or a smaller range");
}

static bool need_range(struct sweep_call *c)
{
    static const char *const WORDS[] = {"from", "to", "step"};
    for (int i = 0; i < 3; i++) {
        if (command_given(c->call, WORDS[i])) continue;
        status_fail(c->st, STATUS_USAGE, "crmx sweep: --%s is needed", WORDS[i]);
        return status_hint(c->st, "crmx sweep %s --vary threshold --from 500000 --to 1000000 --step 50000",
                           command_text(c->call, "formula", ""));
    }
    return true;
}

/* The same command with a range that can be gone through. */
static bool wrong_range(struct sweep_call *c, const char *vary, bool step_is_fine)
{
    struct command_call *call = c->call;
    const char *from = command_text(call, "from", ""), *to = command_text(call, "to", ""),
               *step = command_text(call, "step", "");
    bool threshold = strcmp(vary, "threshold") == 0;
    if (step_is_fine)
        status_fail(c->st, STATUS_USAGE, "crmx sweep: --from %s is above --to %s: there is no value between them", from,
                    to);
    else
        status_fail(c->st, STATUS_USAGE, "crmx sweep: --step %s: a distance above 0 is needed", step);
    return status_hint(c->st, "crmx sweep %s --vary '%s' --from %s --to %s --step %s",
                       command_text(call, "formula", ""), vary, step_is_fine ? to : from, step_is_fine ? from : to,
                       step_is_fine ? step
                       : threshold  ? "50000"
                                    : "0.1");
}

static bool threshold_points(struct sweep_call *c)
{
    int64_t from, to, step;
    if (!show_parse_amount("--from", command_text(c->call, "from", ""), &from, c->st) ||
        !show_parse_amount("--to", command_text(c->call, "to", ""), &to, c->st) ||
        !show_parse_amount("--step", command_text(c->call, "step", ""), &step, c->st))
        return false;
    if (step <= 0 || to < from) return wrong_range(c, "threshold", step > 0);
    if ((to - from) / step >= SWEEP_POINTS_MAX) return too_many(c, (double)((to - from) / step + 1));
    c->points_count = (int)((to - from) / step) + 1;
    c->points = arena_array(&c->call->arena, struct sweep_point, c->points_count);
    for (int i = 0; i < c->points_count; i++) c->points[i].threshold_minor = from + i * step;
    return true;
}

/* from + i × step, brought to nine decimals: 1.2 + 0.1 is to be shown, and used, as 1.3. */
static bool coefficient_points(struct sweep_call *c)
{
    double from, to, step;
    if (!show_parse_number("--from", command_text(c->call, "from", ""), &from, c->st) ||
        !show_parse_number("--to", command_text(c->call, "to", ""), &to, c->st) ||
        !show_parse_number("--step", command_text(c->call, "step", ""), &step, c->st))
        return false;
    if (!(step > 0) || to < from) return wrong_range(c, command_text(c->call, "vary", ""), step > 0);
    double points = floor((to - from) / step + 1e-9) + 1;
    if (points > SWEEP_POINTS_MAX) return too_many(c, points);
    c->points_count = (int)points;
    c->points = arena_array(&c->call->arena, struct sweep_point, c->points_count);
    for (int i = 0; i < c->points_count; i++)
        c->points[i] = (struct sweep_point){.value = round((from + i * step) * 1e9) / 1e9,
                                            .threshold_minor = formula_threshold(c->formula.f)};
    return true;
}

/* What varies has the values of the range, and no other. */
static bool fail_fixed(struct sweep_call *c, const char *option, const char *what)
{
    status_fail(c->st, STATUS_USAGE, "crmx sweep: %s is what varies: --%s would say nothing", what, option);
    return status_hint(c->st, "leave --%s out, or vary something else: --vary NAME", option);
}

static bool check_fixed(struct sweep_call *c, const char *vary)
{
    for (int i = 0; i < command_count(c->call, "coef"); i++) {
        const char *text = command_text_at(c->call, "coef", i);
        const char *name = arena_dup(&c->call->arena, (struct view){text, strcspn(text, "=")});
        if (show_coefficient(c->call, c->formula.f, name, c->st) == c->request.coefficient)
            return fail_fixed(c, "coef", vary);
    }
    return true;
}

static bool choose_points(struct sweep_call *c)
{
    const char *vary = command_text(c->call, "vary", "threshold");
    if (!need_range(c)) return false;
    c->request.coefficient = SWEEP_THRESHOLD;
    if (strcmp(vary, "threshold") == 0)
        return command_given(c->call, "threshold") ? fail_fixed(c, "threshold", "the threshold") : threshold_points(c);
    c->request.coefficient = show_coefficient(c->call, c->formula.f, vary, c->st);
    return c->request.coefficient >= 0 && check_fixed(c, vary) && coefficient_points(c);
}

/* --- the pages --- */

static void show_head(struct sweep_call *c, struct show *s, const char *of, uint64_t elapsed_ns)
{
    show_section(s, "sweep", "%s of %s", of, c->formula.name);
    show_text(s, "unit", c->p->g->unit->id);
    show_text(s, "type", CUSTOMER_TYPE_NAMES[c->formula.type]);
    show_text(s, "generation", c->p->g->id);
    show_text(s, "formula", c->formula.origin);
    show_time(c->call, s, elapsed_ns);
}

static void show_points(struct sweep_call *c, const struct sweep *w)
{
    bool threshold = c->request.coefficient == SWEEP_THRESHOLD;
    const char *const COLUMNS[] = {
        threshold ? "threshold" : "coefficient", "pass", "share", "entering", "leaving", "score_selected", NULL};
    struct arena *a = &c->call->arena;
    const char *of = threshold ? "threshold" : formula_coefficient_name(c->formula.f, c->request.coefficient);
    struct listing rows;
    struct show s;
    show_open(&s, &c->call->output);
    show_head(c, &s, of, w->elapsed_ns);
    show_text(&s, "varies", of);
    show_integer(&s, "scored", (int64_t)w->scored);
    show_integer(&s, "excluded", (int64_t)w->excluded);
    if (c->request.has_active)
        show_integer(&s, "pass_active", (int64_t)w->active);
    else
        show_text(&s, "pass_active", NULL);
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < c->points_count; i++) {
        const struct sweep_point *p = &c->points[i];
        listing_decimal(&rows,
                        threshold ? show_money(c->call, p->threshold_minor) : arena_printf(a, "%.12g", p->value));
        listing_integer(&rows, (int64_t)p->pass);
        listing_decimal(&rows, show_share(a, p->pass, w->scored));
        listing_integer(&rows, (int64_t)p->enters);
        listing_integer(&rows, (int64_t)p->leaves);
        listing_decimal(&rows, show_money(c->call, p->score_pass));
    }
    show_rows(&s, "points", "points", &rows);
    listing_release(&rows);
    show_print(&s);
}

static void show_top(struct sweep_call *c, const struct sweep_top *t)
{
    struct show s;
    show_open(&s, &c->call->output);
    show_head(c, &s, arena_printf(&c->call->arena, "best %s", command_text(c->call, "top", "")), t->elapsed_ns);
    show_integer(&s, "eligible", (int64_t)t->eligible);
    show_integer(&s, "wanted", (int64_t)t->wanted);
    show_text(&s, "threshold", show_money(c->call, t->threshold));
    show_integer(&s, "pass", (int64_t)t->pass);
    show_text(&s, "share", show_share(&c->call->arena, t->pass, t->eligible));
    show_integer(&s, "ties", (int64_t)t->ties);
    bool next = t->pass > t->wanted && t->has_next;
    show_text(&s, "next_threshold", next ? show_money(c->call, t->next_threshold) : NULL);
    if (next)
        show_integer(&s, "next_pass", (int64_t)(t->pass - t->ties));
    else
        show_text(&s, "next_pass", NULL);
    if (t->pass > t->wanted)
        show_line(&s, "%" PRIu64 " customers have exactly this score: no threshold lets %" PRIu64 " pass", t->ties,
                  t->wanted);
    show_print(&s);
}

/* --- the command --- */

static bool run_top(struct sweep_call *c, const char *text)
{
    struct sweep_top top;
    double number = 0;
    size_t n = strlen(text);
    bool percent = n && text[n - 1] == '%';
    const char *digits = arena_dup(&c->call->arena, (struct view){text, n - percent});
    if (!show_parse_number("--top", digits, &number, c->st)) return false;
    if (number <= 0 || (percent ? number > 100 : number != floor(number))) {
        status_fail(c->st, STATUS_USAGE, "--top: a number of customers or a share such as 5%% is needed, found \"%s\"",
                    text);
        return status_hint(c->st, "crmx sweep %s --top 5%%", command_text(c->call, "formula", ""));
    }
    if (!sweep_top(&c->request, percent ? 0 : (uint64_t)number, percent ? number : 0, &top, c->st)) return false;
    show_top(c, &top);
    return true;
}

static bool run_points(struct sweep_call *c)
{
    struct sweep w;
    if (!choose_points(c) || !sweep_run(&c->request, c->points, c->points_count, &w, c->st)) return false;
    show_points(c, &w);
    return true;
}

static bool run_sweep(struct sweep_call *c)
{
    struct unit *unit = NULL;
    const char *top = command_text(c->call, "top", NULL);
    if (!show_formula_open(c->call, command_text(c->call, "formula", NULL), -1, &unit, &c->formula, c->st) ||
        !show_population_open(c->p, c->call, true, NULL, c->st))
        return false;
    const struct scorecard *active = &c->p->cards.of[c->formula.type];
    c->request = (struct sweep_request){.g = c->p->g,
                                        .pool = show_pool(c->call),
                                        .type = c->formula.type,
                                        .formula = c->formula.f,
                                        .coefficient = SWEEP_THRESHOLD,
                                        .active_threshold_minor = active->threshold_minor,
                                        .has_active = active->formula != NULL};
    return top ? run_top(c, top) : run_points(c);
}

static int run(struct command_call *call)
{
    struct sweep_call *c = arena_new(&call->arena, struct sweep_call);
    *c = (struct sweep_call){.call = call, .p = arena_new(&call->arena, struct show_population), .st = &call->status};
    bool ok = run_sweep(c);
    pool_free(c->request.pool);
    show_formula_close(&c->formula);
    if (c->p->g) show_population_close(c->p);
    return ok ? 0 : command_failed(call);
}

static const struct command_value OPTIONS[] = {
    {.name = "vary",
     .letter = 'v',
     .type = COMMAND_TEXT,
     .placeholder = "NAME",
     .doc = "threshold (default), or a coefficient: its name, 系数#2, #2"},
    {.name = "from", .type = COMMAND_TEXT, .placeholder = "VALUE", .doc = "first value"},
    {.name = "to", .type = COMMAND_TEXT, .placeholder = "VALUE", .doc = "last value"},
    {.name = "step", .type = COMMAND_TEXT, .placeholder = "VALUE", .doc = "distance of two values"},
    {.name = "top",
     .type = COMMAND_TEXT,
     .placeholder = "N|SHARE%",
     .doc = "instead: the threshold that the best N customers, or so many percent, reach"},
    SHOW_TIME,
    SHOW_TRIED,
    {0}};
static const struct command_rule RULES[] = {
    {"top", .not_with = "vary from to step threshold",
     .hint = "--top looks for one threshold, with the coefficients as they are; others: --coef '#1=1.6' --top 5%"},
    SHOW_TIME_RULE,
    {0}};

/* The same command by itself and beside the others of formulas. */
#define SWEEP(NAME)                                                                                                    \
    {                                                                                                                  \
        .name = NAME,                                                                                                  \
        .summary = "how many pass with each value of a coefficient or threshold; the threshold for the best N or 5%",  \
        .description =                                                                                                 \
            "All points share one pass over the generation. Nothing is kept: what is to be submitted goes into the "   \
            "formula and is tried as a whole (crmx trial).",                                                           \
        .arguments = (const struct command_value[]){SHOW_FORMULA_ARGUMENT, {0}}, .options = OPTIONS, .rules = RULES,   \
        .examples = "crmx " NAME " personal --from 500000 --to 1000000 --step 50000\n"                                 \
                    "crmx " NAME " personal --vary '#1' --from 1 --to 2 --step 0.1\n"                                  \
                    "crmx " NAME " 7 --top 5%",                                                                        \
        .rows = "points; with --top: sweep", .run = run,                                                               \
    }

const struct command command_sweep = SWEEP("sweep");
const struct command command_formula_sweep = SWEEP("formula sweep");
