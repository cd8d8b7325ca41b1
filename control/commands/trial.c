/* crmx trial 试算: what a formula would do, over a committed generation. crmx formula explain: the same of one customer.
 * */
#include "control/show_explain.h"
#include "control/show_trial_page.h"
#include "control/show_value.h"

#include <string.h>

extern const struct command command_formula_explain;

struct trial_call {
    struct command_call *call;
    struct show_population *p;
    struct unit *unit; /* as configured now */
    struct show_formula formula;
    struct show_trial t;
    struct status *st;
};

/* --- over the population --- */

static const char *why_not(const struct trial_call *c)
{
    if (c->formula.coefficients_changed)
        return "coefficients were changed on the command line: write them into the file";
    if (c->t.request.sample) return "it was tried over a sample";
    return "";
}

static void show_page(struct trial_call *c, const char *reason)
{
    struct show s;
    show_open(&s, &c->call->output);
    show_section(&s, "trial", "trial of %s", c->formula.name);
    show_trial_head(&c->t, &s);
    show_flag(&s, "may_be_submitted", !*reason);
    show_text(&s, "reason", *reason ? reason : NULL);
    show_time(c->call, &s, c->t.trial.elapsed_ns);
    show_trial_body(&c->t, &s);
    show_print(&s);
}

/* A sample or coefficients of the command line are for looking only; what an approval may refer to is kept, and so is
 * what speaks against the formula. */
static bool run_population(struct trial_call *c)
{
    struct show_trial *t = &c->t;
    *t = (struct show_trial){.call = c->call, .g = c->p->g, .formula = &c->formula, .pool = show_pool(c->call)};
    if (!show_trial_choose(t, c->st)) return false;
    t->sample = (uint64_t)command_integer(c->call, "sample", 0);
    t->request.sample = t->sample < c->p->g->customers ? t->sample : 0;
    const char *reason = why_not(c);
    bool against = false;
    if (*reason ? !trial_run(&t->request, &t->trial, c->st)
                : !show_trial_run(c->call, &t->request, &t->trial, c->formula.hash, &against, c->st))
        return status_while(c->st, "trying a formula");
    if (against) return status_while(c->st, "trying a formula: it cannot be submitted");
    if (t->request.lists)
        show_trial_lists(c->call, c->p->g, &t->trial, (const char *const[]){"score", "score_active"}, true);
    else
        show_page(c, reason);
    return true;
}

/* --- one customer, or typed values --- */

static bool run_one(struct trial_call *c)
{
    uint64_t number;
    return show_customer_find(c->p, &number, c->st) &&
           show_explanation(c->p, number, c->formula.f, c->formula.origin, c->formula.type, c->st);
}

static bool run_values(struct trial_call *c)
{
    int count = command_count(c->call, "value");
    const char **values = arena_array(&c->call->arena, const char *, count);
    for (int i = 0; i < count; i++) values[i] = command_text_at(c->call, "value", i);
    return show_typed_explanation(c->call, c->unit, c->formula.f, c->formula.origin, values, count, c->st);
}

static bool run_trial(struct trial_call *c)
{
    const char *argument = command_text(c->call, "formula", NULL);
    if (!show_formula_open(c->call, argument, -1, &c->unit, &c->formula, c->st)) return false;
    if (command_count(c->call, "value")) return run_values(c);
    bool one = show_customer_named(c->call);
    if (!one && strcmp(c->call->command->name, command_formula_explain.name) == 0) {
        status_fail(c->st, STATUS_USAGE, "whose score is to be explained?");
        return status_hint(c->st, "crmx formula explain %s --number NUMBER; or with typed values: NAME=VALUE",
                           argument);
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
    trial_release(&c->t.trial);
    pool_free(c->t.pool);
    show_formula_close(&c->formula);
    if (c->p->g) show_population_close(c->p);
    return ok ? 0 : command_failed(call);
}

static const struct command_value ARGUMENTS[] = {SHOW_FORMULA_ARGUMENT,
                                                 {.name = "value",
                                                  .placeholder = "NAME=VALUE",
                                                  .type = COMMAND_TEXT,
                                                  .repeated = true,
                                                  .doc = "a measure or customer field, typed by hand"},
                                                 {0}};

/* Typed values are nobody of a generation. */
#define VALUE_EXCLUDES "number id-type id-no system source-no unmask generation"
/* Of a trial over the population; one customer has none of it. */
#define POPULATION "sample by bins bin-width measures entering leaving time"

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
    .options = (const struct command_value[]){SHOW_TRIED,
                                              {.name = "sample",
                                               .type = COMMAND_INTEGER,
                                               .minimum = 1,
                                               .maximum = INT64_MAX,
                                               .placeholder = "N",
                                               .doc = "only so many customers, evenly spread, always the same"},
                                              SHOW_TRIAL_OPTIONS,
                                              SHOW_CUSTOMER,
                                              SHOW_UNMASK,
                                              {0}},
    .rules = (const struct command_rule[]){{"value", .not_with = VALUE_EXCLUDES " " POPULATION,
                                            .hint = "typed values are nobody of a population: leave one of them out"},
                                           {"number id-type id-no system source-no", .not_with = POPULATION,
                                            .hint = "one customer, or the whole population: leave one of them out"},
                                           {"unmask", .only_with = "number id-no source-no"},
                                           SHOW_TRIAL_RULES,
                                           {0}},
    .examples = "crmx trial personal --threshold 800000\n"
                "crmx trial draft.formula --by manager --by tier --measures\n"
                "crmx trial draft.formula --entering > entering.tsv\n"
                "crmx trial 7 --csv --rows by_branch\n"
                "crmx trial draft.formula 活期人民币存款=620000 拖欠期数=1\n"
                "crmx trial draft.formula --number 1100000012",
    .rows = SHOW_TRIAL_TABLES "; with --number: customer tree reasons changes results",
    .run = run,
};

const struct command command_formula_explain = {
    .name = "formula explain",
    .summary = "the score of one customer, or of typed values, with any formula: term by term, and the accounts behind",
    .description = "What crmx trial FORMULA says about one customer; with the formula of the generation: crmx why.",
    .arguments = ARGUMENTS,
    .options = (const struct command_value[]){SHOW_TRIED, SHOW_CUSTOMER, SHOW_UNMASK, {0}},
    .rules = (const struct command_rule[]){{"value", .not_with = VALUE_EXCLUDES,
                                            .hint = "typed values are nobody of a population: leave one of them out"},
                                           {0}},
    .examples = "crmx formula explain draft.formula --number 1100000012 --unmask\n"
                "crmx formula explain 7 --number 1100000012\n"
                "crmx formula explain personal 活期人民币存款=620000 拖欠期数=1",
    .rows = "customer tree reasons changes results",
    .run = run,
};
