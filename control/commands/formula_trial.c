/* crmx formula trial 试算: a version over the current generation of a unit; recorded, because an approval refers to
 * it. */
#include "control/act.h"
#include "control/show_generation.h"
#include "etl/parameter_trial.h"

#include <inttypes.h>
#include <string.h>

struct trial {
    struct command_call *call;
    struct parameter_store store;
    struct parameter_version version;
    struct generation *g;
    struct pool *pool;
    struct parameter_trial_counts counts;
    struct parameter_result result;
    struct status *st;
};

/* A unit's version is tried over that unit; one of the head office over the unit that --unit names. */
static bool open_unit(struct trial *t)
{
    const char *level = t->version.level, *given = command_text(t->call, "unit", NULL), *unit = level;
    if (strcmp(level, PARAMETER_HEAD) == 0)
        unit = show_unit(t->call, t->st);
    else if (given && strcmp(given, level) != 0)
        return status_fail(t->st, STATUS_USAGE, "version %" PRId64 " is of unit %s, not %s", t->version.version, level,
                           given);
    return unit && generation_open(show_unit_folder(t->call, unit), NULL, &t->g, t->st);
}

static bool try(struct trial *t)
{
    const char *formula, *threshold;
    int threads = (int)option_integer(t->call->options, OPTION_RUN_THREADS);
    if (!parameter_store_inherited(&t->store, &t->version, &formula, &threshold, t->st) || !open_unit(t)) return false;
    t->pool = pool_new(threads ? threads : os_cpu_count());
    struct parameter_trial_request r = {.g = t->g,
                                        .pool = t->pool,
                                        .customer_type =
                                            strcmp(t->version.customer_type, ACT_TYPES[CUSTOMER_CORPORATE]) == 0,
                                        .formula = formula,
                                        .threshold = threshold,
                                        .name = arena_printf(&t->call->arena, "version %" PRId64, t->version.version)};
    if (!parameter_trial_run(&r, &t->counts, t->st)) return false;
    struct parameter_trial record = {.unit = t->g->unit->id,
                                     .generation = t->g->id,
                                     .customers = t->counts.customers,
                                     .passing = t->counts.passing,
                                     .errors = t->counts.errors,
                                     .error = t->counts.errors ? t->counts.error : NULL};
    return parameter_store_record_trial(&t->store, &t->version, &record, &t->result, t->st);
}

static void show_result(struct trial *t)
{
    const struct parameter_trial_counts *c = &t->counts;
    struct show s;
    show_open(&s, t->call->json);
    show_section(&s, "trial", "trial of version %" PRId64, t->version.version);
    if (s.json) show_integer(&s, "version", t->version.version);
    show_text(&s, "unit", t->g->unit->id);
    show_text(&s, "generation", t->g->id);
    show_text(&s, "digest", t->version.digest);
    show_amount(&s, "threshold", c->threshold_minor, 2);
    show_integer(&s, "customers", (int64_t)c->customers);
    show_integer(&s, "passing", (int64_t)c->passing);
    show_integer(&s, "entering", (int64_t)c->entering);
    show_integer(&s, "leaving", (int64_t)c->leaving);
    show_text(&s, "state", t->result.state);
    if (!s.json) show_textf(&s, "next", "crmx formula submit %" PRId64, t->version.version);
    show_print(&s);
}

/* Recorded, too, but nothing to be submitted. */
static bool fail_trial(struct trial *t)
{
    if (t->counts.errors)
        status_fail(t->st, STATUS_INPUT, "version %" PRId64 " cannot be submitted: %s", t->version.version,
                    t->counts.error);
    else
        status_fail(t->st, STATUS_INPUT,
                    "version %" PRId64 " cannot be submitted: unit %s has no %s customers to try it on",
                    t->version.version, t->g->unit->id, t->version.customer_type);
    return status_hint(t->st, "change it: crmx formula edit %" PRId64 " --file FILE; then try it again",
                       t->version.version);
}

static int run(struct command_call *call)
{
    struct trial *t = arena_new(&call->arena, struct trial);
    t->call = call;
    t->st = &call->status;
    bool ok = act_open(call, true, &t->store, t->st) &&
              parameter_store_version(&t->store, command_integer(call, "version", 0), &t->version, t->st) && try(t);
    if (ok && strcmp(t->result.state, "trialled") == 0)
        show_result(t);
    else if (ok)
        ok = fail_trial(t);
    generation_close(t->g);
    pool_free(t->pool);
    parameter_store_close(&t->store);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_trial = {
    .name = "formula trial",
    .summary = "try a version over the whole current generation of a unit; needed before it can be submitted",
    .description =
        "Every measure is computed again, every customer scored; nothing else changes. The result is recorded "
        "with the version. A version with an error cannot be submitted.",
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
