/* crmx trial 试算: what a formula would do, over a committed generation. */
#include "base/date.h"
#include "control/show_explain.h"
#include "control/show_formula.h"
#include "control/show_trial.h"
#include "control/show_value.h"
#include "scoring/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BINS_DEFAULT = 20, BIN_WIDTH_DEFAULT = 10000000 /* 100,000 yuan, when there is no threshold to go by */ };

extern const struct command command_formula_explain;

struct trial_call {
    struct command_call *call;
    struct show_population *p;
    struct unit *unit; /* as configured now */
    struct show_formula formula;
    struct pool *pool;
    struct trial_request request;
    struct trial trial;
    struct status *st;
};

/* --- what is asked --- */

static bool has_branch(const struct generation *g)
{
    for (int i = 0; i < g->unit->layouts_count; i++)
        if (g->unit->layouts[i]->class == LAYOUT_CUSTOMER && layout_find(g->unit->layouts[i], "branch") >= 0)
            return true;
    return false;
}

static bool has_tier(const struct formula *f)
{
    for (int k = 0; k < formula_result_count(f); k++)
        if (strcmp(formula_result_name(f, k), "tier") == 0 && formula_result_type(f, k) == VALUE_CODE) return true;
    return false;
}

static bool choose_by(struct trial_call *c)
{
    struct trial_request *r = &c->request;
    int given = command_count(c->call, "by");
    if (given > TRIAL_BY_MAX)
        return status_fail(c->st, STATUS_USAGE, "--by can be given %d times at most", TRIAL_BY_MAX);
    for (int i = 0; i < given; i++) {
        const char *name = command_text_at(c->call, "by", i);
        if (strcmp(name, "none") != 0) r->by[r->by_count++] = name;
    }
    if (!given && has_branch(c->p->g)) r->by[r->by_count++] = "branch";
    if (!given && has_tier(c->formula.f)) r->by[r->by_count++] = "tier";
    return true;
}

static bool choose(struct trial_call *c)
{
    struct trial_request *r = &c->request;
    int64_t threshold = formula_threshold(c->formula.f), width = threshold >= 10 ? threshold / 10 : BIN_WIDTH_DEFAULT;
    const char *text = command_text(c->call, "bin-width", NULL);
    *r = (struct trial_request){.g = c->p->g,
                                .pool = c->pool,
                                .type = c->formula.type,
                                .formula = c->formula.f,
                                .name = c->formula.name,
                                .sample = (uint64_t)command_integer(c->call, "sample", 0),
                                .bins = (int)command_integer(c->call, "bins", BINS_DEFAULT),
                                .lists = command_flag(c->call, "entering") || command_flag(c->call, "leaving"),
                                .measures = command_flag(c->call, "measures")};
    if (text && !show_parse_amount("--bin-width", text, &width, c->st)) return false;
    if (width <= 0) return status_fail(c->st, STATUS_USAGE, "--bin-width: an amount above 0 is needed");
    r->bin_width = width;
    return choose_by(c);
}

/* --- the page --- */

static const char *amount(struct trial_call *c, __int128 minor)
{
    const char *text = show_decimal(&c->call->arena, minor, 2);
    return c->call->json ? text : show_grouped(&c->call->arena, text);
}

static void show_counts(struct trial_call *c, struct show *s)
{
    const struct trial_count *n = &c->trial.count;
    show_section(s, "result", "result");
    show_integer(s, "scored", (int64_t)n->scored);
    show_integer(s, "excluded", (int64_t)n->excluded);
    show_integer(s, "pass", (int64_t)n->pass);
    show_text(s, "share", show_share(&c->call->arena, n->pass, n->scored));
    if (c->trial.has_active) {
        show_integer(s, "pass_active", (int64_t)n->active);
        show_integer(s, "entering", (int64_t)n->enters);
        show_integer(s, "leaving", (int64_t)n->leaves);
        show_integer(s, "stay", (int64_t)(n->pass - n->enters));
    }
    show_text(s, "score_all", amount(c, n->score_all));
    show_text(s, "score_selected", amount(c, n->score_pass));
}

static const char *total(struct trial_call *c, enum value_type type, __int128 sum)
{
    return show_typed(c->call, &c->call->arena, type == VALUE_BOOLEAN ? VALUE_NUMBER : type, 0, sum);
}

static void show_totals(struct trial_call *c, struct show *s)
{
    static const char *const COLUMNS[] = {"name", "kind", "type", "all", "pass", "pass_active", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int k = 0; k < c->trial.totals_count; k++) {
        const struct trial_total *t = &c->trial.totals[k];
        listing_text(&rows, show_shortened(c->call, t->name));
        listing_text(&rows, t->is_measure ? "measure" : "result");
        listing_text(&rows, value_type_name(t->type));
        for (int g = 0; g < TRIAL_GROUPS; g++) listing_decimal(&rows, total(c, t->type, t->sum[g]));
    }
    show_rows(s, "totals", "totals", &rows);
    listing_release(&rows);
}

/* Nobody adds dates: how many have one, the first and the last of them. */
static void show_dates(struct trial_call *c, struct show *s)
{
    static const char *const COLUMNS[] = {"name", "of", "customers", "first", "last", NULL};
    static const char *const GROUPS[TRIAL_GROUPS] = {"all", "pass", "pass_active"};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int k = 0; k < c->trial.dates_count; k++)
        for (int g = 0; g < TRIAL_GROUPS; g++) {
            const struct trial_range *r = &c->trial.dates[k].of[g];
            listing_text(&rows, show_shortened(c->call, c->trial.dates[k].name));
            listing_text(&rows, GROUPS[g]);
            listing_integer(&rows, (int64_t)r->customers);
            listing_text(&rows, total(c, VALUE_DATE, r->customers ? r->first : DATE_NONE));
            listing_text(&rows, total(c, VALUE_DATE, r->customers ? r->last : DATE_NONE));
        }
    show_rows(s, "dates", "dates", &rows);
    listing_release(&rows);
}

static void show_by(struct trial_call *c, struct show *s, const struct trial_by *by)
{
    const char *const COLUMNS[] = {by->name,   "customers", "pass",           "share", "pass_active",
                                   "entering", "leaving",   "score_selected", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    struct group *const *groups = group_sorted(by->groups);
    for (int i = 0; i < group_count(by->groups); i++) {
        const uint64_t *n = groups[i]->counts;
        bool missing = by->is_date && groups[i]->key.length == 0;
        listing_text(&rows, missing ? show_missing(c->call) : groups[i]->key.bytes);
        listing_integer(&rows, (int64_t)n[TRIAL_GROUP_CUSTOMERS]);
        listing_integer(&rows, (int64_t)n[TRIAL_GROUP_PASS]);
        listing_decimal(&rows, show_share(&c->call->arena, n[TRIAL_GROUP_PASS], n[TRIAL_GROUP_CUSTOMERS]));
        listing_integer(&rows, (int64_t)n[TRIAL_GROUP_ACTIVE]);
        listing_integer(&rows, (int64_t)n[TRIAL_GROUP_ENTERS]);
        listing_integer(&rows, (int64_t)n[TRIAL_GROUP_LEAVES]);
        listing_decimal(&rows, amount(c, groups[i]->sums[0]));
    }
    show_rows(s, arena_printf(&c->call->arena, "by_%s", by->name), arena_printf(&c->call->arena, "by %s", by->name),
              &rows);
    listing_release(&rows);
}

static void show_histogram(struct trial_call *c, struct show *s)
{
    static const char *const COLUMNS[] = {"from", "below", "customers", "share", "passes", NULL};
    int64_t width = c->request.bin_width, threshold = formula_threshold(c->formula.f);
    int bins = c->request.bins;
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; bins && i < bins + 2; i++) {
        int64_t from = (i - 1) * width, below = i * width;
        listing_decimal(&rows, i == 0 ? "" : amount(c, from));
        listing_decimal(&rows, i == bins + 1 ? "" : amount(c, below));
        listing_integer(&rows, (int64_t)c->trial.bins[i]);
        listing_decimal(&rows, show_share(&c->call->arena, c->trial.bins[i], c->trial.count.scored));
        listing_text(&rows, i && from >= threshold ? "yes" : i <= bins && below <= threshold ? "" : "some");
    }
    show_rows(s, "histogram", "scores", &rows);
    listing_release(&rows);
}

static const char *why_not(struct trial_call *c)
{
    if (c->formula.coefficients_changed)
        return "coefficients were changed on the command line: write them into the file";
    if (c->request.sample && c->request.sample < c->p->g->customers) return "it was tried over a sample";
    return "";
}

static void show_head(struct trial_call *c, struct show *s, const char *reason)
{
    const struct generation *g = c->p->g;
    show_section(s, "trial", "trial of %s", c->formula.name);
    show_text(s, "unit", g->unit->id);
    show_text(s, "type", SHOW_TYPES[c->formula.type]);
    show_text(s, "generation", g->id);
    show_text(s, "formula", c->formula.path);
    show_text(s, "hash", c->formula.hash);
    show_text(s, "threshold", amount(c, formula_threshold(c->formula.f)));
    if (c->request.sample) show_textf(s, "sample", "%" PRIu64 " of %" PRIu64, c->request.sample, g->customers);
    show_textf(s, "measures", "%d from the generation, %d computed again", c->trial.measures_stored,
               c->trial.measures_again);
    show_flag(s, "may_be_submitted", !*reason);
    if (*reason) show_text(s, "reason", reason);
    if (command_flag(c->call, "time"))
        show_textf(s, "time_ms", "%" PRIu64 ".%02" PRIu64, c->trial.elapsed_ns / 1000000,
                   c->trial.elapsed_ns / 10000 % 100);
}

static void show_page(struct trial_call *c, const char *reason)
{
    struct show s;
    show_open(&s, &c->call->output);
    show_head(c, &s, reason);
    show_counts(c, &s);
    show_totals(c, &s);
    if (c->request.measures) show_dates(c, &s);
    for (int k = 0; k < c->trial.by_count; k++) show_by(c, &s, &c->trial.by[k]);
    show_histogram(c, &s);
    show_print(&s);
}

/* --- over the population --- */

/* A sample or coefficients of the command line are for looking only; what an approval may refer to is kept, and so is
 * what speaks against the formula. */
static bool run_population(struct trial_call *c)
{
    c->pool = show_pool(c->call);
    if (!choose(c)) return false;
    const char *reason = why_not(c);
    bool against = false;
    if (*reason ? !trial_run(&c->request, &c->trial, c->st)
                : !show_trial_run(c->call, &c->request, &c->trial, c->formula.hash, &against, c->st))
        return status_while(c->st, "trying a formula");
    if (against) return status_while(c->st, "trying a formula: it cannot be submitted");
    if (c->request.lists)
        show_trial_lists(c->call, c->p->g, &c->trial, (const char *const[]){"score", "score_active"}, true);
    else
        show_page(c, reason);
    return true;
}

/* --- one customer, or typed values --- */

static bool run_one(struct trial_call *c)
{
    uint64_t number;
    return show_customer_find(c->p, &number, c->st) &&
           show_explanation(c->p, number, c->formula.f, c->formula.name, c->formula.type, c->st);
}

static bool run_values(struct trial_call *c, const char *unit_id)
{
    int count = command_count(c->call, "value");
    const char **values = arena_array(&c->call->arena, const char *, count);
    (void)unit_id;
    for (int i = 0; i < count; i++) values[i] = command_text_at(c->call, "value", i);
    return show_typed_explanation(c->call, c->unit, c->formula.f, c->formula.name, values, count, c->st);
}

static bool run_trial(struct trial_call *c)
{
    const char *id = show_unit(c->call, c->st);
    if (!id || !show_unit_configured(c->call, id, &c->unit, c->st) ||
        !show_formula_open(c->call, c->unit, command_text(c->call, "formula", NULL), &c->formula, c->st))
        return false;
    if (command_count(c->call, "value")) return run_values(c, id);
    bool one = show_customer_named(c->call);
    if (!one && strcmp(c->call->command->name, command_formula_explain.name) == 0) {
        status_fail(c->st, STATUS_USAGE, "whose score is to be explained?");
        return status_hint(c->st, "crmx formula explain %s --number NUMBER; or with typed values: NAME=VALUE",
                           c->formula.name);
    }
    if (!show_population_open(c->p, c->call, true,
                              one ? arena_printf(&c->call->arena, "trial %s of one customer", c->formula.name) : NULL,
                              c->st))
        return false;
    return one ? run_one(c) : run_population(c);
}

static int run(struct command_call *call)
{
    struct trial_call *c = arena_new(&call->arena, struct trial_call);
    *c = (struct trial_call){.call = call, .p = arena_new(&call->arena, struct show_population), .st = &call->status};
    bool ok = run_trial(c);
    trial_release(&c->trial);
    pool_free(c->pool);
    show_formula_close(&c->formula);
    if (c->p->g) show_population_close(c->p);
    return ok ? 0 : command_failed(call);
}

static const struct command_value ARGUMENTS[] = {
    {.name = "formula", .type = COMMAND_TEXT, .doc = "a file, or a name: formulas/NAME.formula", .required = true},
    {.name = "value",
     .placeholder = "NAME=VALUE",
     .type = COMMAND_TEXT,
     .repeated = true,
     .doc = "a measure or customer field, typed by hand"},
    {0}};

const struct command command_trial = {
    .name = "trial",
    .summary =
        "what a formula would do: who passes, who enters and leaves, over the generation, a sample, one customer",
    .description =
        "Nothing is changed. Over the generation: how many pass, against the active formula, totals, by branch and "
        "tier, histogram of scores. The result is kept in state/units/UU/trial/HASH.json, which a submission refers "
        "to; a "
        "formula whose trial fails, or was over a sample or with --coef, cannot be submitted. "
        "With NAME=VALUE …: a customer who has these measures and fields, and nothing else, explained. "
        "With --number, --id-type and --id-no, or --system and --source-no: one customer, explained.",
    .arguments = ARGUMENTS,
    .options =
        (const struct command_value[]){
            SHOW_TYPE,
            SHOW_THRESHOLD,
            SHOW_COEF,
            {.name = "sample",
             .type = COMMAND_INTEGER,
             .minimum = 1,
             .maximum = INT64_MAX,
             .placeholder = "N",
             .doc = "only so many customers, evenly spread, always the same"},
            {.name = "by",
             .type = COMMAND_TEXT,
             .placeholder = "FIELD",
             .repeated = true,
             .doc = "counts by a field of the customer's record or a code result, such as manager (default: branch and "
                    "tier; none: neither)"},
            {.name = "bins",
             .type = COMMAND_INTEGER,
             .minimum = 0,
             .maximum = TRIAL_BINS_MAX,
             .doc = "of the histogram"},
            {.name = "bin-width",
             .type = COMMAND_TEXT,
             .placeholder = "AMOUNT",
             .doc = "of the histogram (default: a tenth of the threshold)"},
            {.name = "measures",
             .letter = 'm',
             .type = COMMAND_FLAG,
             .doc = "totals of all measures, and the first and last of dates, too"},
            SHOW_TRIAL_LISTS,
            {.name = "time", .type = COMMAND_FLAG, .doc = "how long the pass over the customers took"},
            SHOW_CUSTOMER,
            SHOW_UNIT,
            SHOW_DATE,
            SHOW_GENERATION,
            SHOW_UNMASK,
            {0}},
    .examples = "crmx trial personal --threshold 800000\n"
                "crmx trial draft.formula --by manager --by tier --measures\n"
                "crmx trial draft.formula --entering > entering.tsv\n"
                "crmx trial draft.formula 活期人民币存款=620000 拖欠期数=1\n"
                "crmx trial draft.formula --number 1100000012",
    .rows = "totals dates by_FIELD histogram; with --number: tree reasons changes results",
    .run = run,
};

const struct command command_formula_explain = {
    .name = "formula explain",
    .summary = "the score of one customer, or of typed values, with any formula: term by term, and the accounts behind",
    .description = "What crmx trial FORMULA says about one customer; with the formula of the generation: crmx why.",
    .arguments = ARGUMENTS,
    .options = (const struct command_value[]){SHOW_TYPE,
                                              SHOW_THRESHOLD,
                                              SHOW_COEF,
                                              SHOW_CUSTOMER,
                                              SHOW_UNIT,
                                              SHOW_DATE,
                                              SHOW_GENERATION,
                                              SHOW_UNMASK,
                                              {0}},
    .examples = "crmx formula explain draft.formula --number 1100000012 --unmask\n"
                "crmx formula explain personal 活期人民币存款=620000 拖欠期数=1",
    .rows = "tree reasons changes results",
    .run = run,
};
