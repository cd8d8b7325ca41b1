/* crmx formula trial 试算: a version over the current generation of a unit; recorded, because an approval refers to
 * it. */
#include "control/act.h"
#include "control/show_generation.h"
#include "control/show_trial.h"
#include "control/show_value.h"
#include "control/show_version.h"

#include <inttypes.h>
#include <string.h>

struct version_trial {
    struct command_call *call;
    struct parameter_store store;
    struct parameter_version version;
    struct show_version content;
    struct generation *g;
    struct pool *pool;
    struct trial_request request;
    struct trial trial;
    const char *reason; /* why it cannot be submitted; NULL */
    struct parameter_result result;
    struct status *st;
};

/* A unit's version is tried over that unit; one of the head office over the unit that --unit names. */
static bool open_unit(struct version_trial *t)
{
    const char *level = t->version.level, *given = command_text(t->call, "unit", NULL), *unit = level;
    if (strcmp(level, PARAMETER_HEAD) == 0)
        unit = show_unit(t->call, t->st);
    else if (given && strcmp(given, level) != 0)
        return status_fail(t->st, STATUS_USAGE, "version %" PRId64 " is of unit %s, not %s", t->version.version, level,
                           given);
    return unit && generation_open(show_unit_folder(t->call, unit), NULL, &t->g, t->st);
}

static bool try(struct version_trial *t)
{
    if (!show_version_content(&t->store, &t->version, &t->content, t->st) || !open_unit(t)) return false;
    t->pool = show_pool(t->call);
    t->request = (struct trial_request){.g = t->g,
                                        .pool = t->pool,
                                        .type = t->content.type,
                                        .formula = t->content.f,
                                        .name = t->content.name,
                                        .by_count = 0};
    bool against;
    if (!show_trial_run(t->call, &t->request, &t->trial, t->content.hash, &against, t->st)) return false;
    if (against) {
        t->reason = arena_dup(&t->call->arena, view_of(t->st->message));
        status_clear(t->st);
    }
    struct parameter_trial record = {.unit = t->g->unit->id,
                                     .generation = t->g->id,
                                     .hash = t->content.hash,
                                     .customers = t->trial.count.scored,
                                     .passing = t->trial.count.pass,
                                     .errors = against,
                                     .error = t->reason};
    return parameter_store_record_trial(&t->store, &t->version, &record, &t->result, t->st);
}

static void show_result(struct version_trial *t)
{
    const struct trial_count *c = &t->trial.count;
    struct show s;
    show_open(&s, &t->call->output);
    show_section(&s, "trial", "trial of version %" PRId64, t->version.version);
    if (s.json) show_integer(&s, "version", t->version.version);
    show_text(&s, "unit", t->g->unit->id);
    show_text(&s, "generation", t->g->id);
    show_text(&s, "digest", t->version.digest);
    show_text(&s, "hash", t->content.hash);
    show_amount(&s, "threshold", formula_threshold(t->content.f), 2);
    show_integer(&s, "customers", (int64_t)c->scored);
    show_integer(&s, "passing", (int64_t)c->pass);
    show_integer(&s, "entering", (int64_t)c->enters);
    show_integer(&s, "leaving", (int64_t)c->leaves);
    show_text(&s, "state", t->result.state);
    if (!s.json) show_textf(&s, "next", "crmx formula submit %" PRId64, t->version.version);
    show_print(&s);
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
    bool ok = act_open(call, true, &t->store, t->st) &&
              parameter_store_version(&t->store, command_integer(call, "version", 0), &t->version, t->st) && try(t);
    if (ok && strcmp(t->result.state, "trialled") == 0)
        show_result(t);
    else if (ok)
        ok = fail_trial(t);
    trial_release(&t->trial);
    show_version_close(&t->content);
    generation_close(t->g);
    pool_free(t->pool);
    parameter_store_close(&t->store);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_trial = {
    .name = "formula trial",
    .summary = "try a version over the whole current generation of a unit; needed before it can be submitted",
    .description = "The trial of crmx trial, over everybody: nothing else changes. The result is recorded with the "
                   "version and kept "
                   "in state/units/UU/trial/HASH.json. A version with an error cannot be submitted.",
    .arguments = (const struct command_value[]){ACT_VERSION, {0}},
    .options = (const struct command_value[]){{.name = "unit",
                                               .letter = 'u',
                                               .type = COMMAND_TEXT,
                                               .placeholder = "UNIT",
                                               .doc = "for a version of the head office: over which unit (default: the "
                                                      "only one)"},
                                              ACT_AS,
                                              {0}},
    .examples = "crmx formula trial 7 --as wang\ncrmx formula trial 8 --unit 11 --as wang",
    .run = run,
};
