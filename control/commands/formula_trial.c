/* crmx formula trial 试算: a version over the current generation of a unit, as crmx trial shows it; recorded, because an
 * approval refers to it. */
#include "control/act.h"
#include "control/show_trial_page.h"
#include "control/show_value.h"

#include <inttypes.h>
#include <string.h>

struct version_trial {
    struct command_call *call;
    struct parameter_store store;
    struct parameter_version version;
    struct show_formula formula;
    struct generation *g;
    struct show_trial t;
    const char *reason; /* why it cannot be submitted; NULL */
    struct parameter_result result;
    struct status *st;
};

/* As it would come into force: what it says and inherits, nothing of the command line. */
static bool open_version(struct version_trial *t)
{
    struct show_source source;
    struct unit *unit = NULL;
    int64_t version = command_integer(t->call, "version", 0);
    return act_open(t->call, true, &t->store, t->st) &&
           parameter_store_version(&t->store, version, &t->version, t->st) &&
           show_source_of_version(t->call, &t->store, &t->version, -1, &source, t->st) &&
           show_formula_from(t->call, &source, -1, &unit, &t->formula, t->st) &&
           generation_open(show_unit_folder(t->call, unit->id), NULL, &t->g, t->st);
}

static bool try(struct version_trial *t)
{
    bool against;
    t->t = (struct show_trial){.call = t->call, .g = t->g, .formula = &t->formula, .pool = show_pool(t->call)};
    if (!show_trial_choose(&t->t, t->st) ||
        !show_trial_run(t->call, &t->t.request, &t->t.trial, t->formula.hash, &against, t->st))
        return false;
    if (against) {
        t->reason = arena_dup(&t->call->arena, view_of(t->st->message));
        status_clear(t->st);
    }
    struct parameter_trial record = {.unit = t->g->unit->id,
                                     .generation = t->g->id,
                                     .hash = t->formula.hash,
                                     .customers = t->t.trial.count.scored,
                                     .passing = t->t.trial.count.pass,
                                     .errors = against,
                                     .error = t->reason};
    return parameter_store_record_trial(&t->store, &t->version, &record, &t->result, t->st);
}

static void show_page(struct version_trial *t)
{
    struct show s;
    show_open(&s, &t->call->output);
    show_section(&s, "trial", "trial of version %" PRId64, t->version.version);
    if (s.json) show_integer(&s, "version", t->version.version);
    /* The state it had before would stand beside the one it has now. */
    t->formula.origin =
        arena_printf(&t->call->arena, "%s of %s", t->formula.name, act_level_name(t->call, t->version.level));
    show_trial_head(&t->t, &s);
    show_text(&s, "digest", t->version.digest);
    show_text(&s, "state", t->result.state);
    show_time(t->call, &s, t->t.trial.elapsed_ns);
    if (!s.json) show_textf(&s, "next", "crmx formula submit %" PRId64, t->version.version);
    show_trial_body(&t->t, &s);
    show_print(&s);
}

static void show_result(struct version_trial *t)
{
    if (t->t.request.lists)
        show_trial_lists(t->call, t->g, &t->t.trial, (const char *const[]){"score", "score_active"}, true);
    else
        show_page(t);
}

/* Recorded, too, but nothing to be submitted. */
static bool fail_trial(struct version_trial *t)
{
    status_fail(t->st, STATUS_INPUT, "version %" PRId64 " cannot be submitted: %s", t->version.version, t->reason);
    return status_hint(t->st, "change it: crmx formula edit %" PRId64 " --file FILE; then try it again",
                       t->version.version);
}

static int run(struct command_call *call)
{
    struct version_trial *t = arena_new(&call->arena, struct version_trial);
    t->call = call;
    t->st = &call->status;
    bool ok = open_version(t) && try(t);
    if (ok && strcmp(t->result.state, "trialled") == 0)
        show_result(t);
    else if (ok)
        ok = fail_trial(t);
    trial_release(&t->t.trial);
    pool_free(t->t.pool);
    show_formula_close(&t->formula);
    generation_close(t->g);
    parameter_store_close(&t->store);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_trial = {
    .name = "formula trial",
    .summary = "try a version over the whole current generation of a unit; needed before it can be submitted",
    .description = "The trial and the page of crmx trial, over everybody: nothing else changes. The result is recorded "
                   "with the version and kept in state/units/UU/trial/HASH.json. A version with an error cannot be "
                   "submitted. What is tried is the version alone; other values, a sample or one customer: "
                   "crmx trial VERSION.",
    .arguments = (const struct command_value[]){ACT_VERSION, {0}},
    .options = (const struct command_value[]){SHOW_TRIAL_OPTIONS,
                                              {.name = "unit",
                                               .letter = 'u',
                                               .type = COMMAND_TEXT,
                                               .placeholder = "UNIT",
                                               .doc = "for a version of the head office: over which unit (default: the "
                                                      "only one)"},
                                              ACT_AS,
                                              {0}},
    .rules = (const struct command_rule[]){SHOW_TRIAL_RULES, {0}},
    .examples = "crmx formula trial 7 --as wang\ncrmx formula trial 8 --unit 11 --by manager --as wang",
    .rows = SHOW_TRIAL_TABLES,
    .run = run,
};
