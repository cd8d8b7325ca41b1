/* crmx run initial, run daily, run refresh: the batch of one unit and date. */
#include "etl/run.h"
#include "base/date.h"
#include "base/os.h"
#include "control/command.h"
#include "control/follow.h"
#include "control/rehearse.h"

#include <stdio.h>

static const char *const STEPS[] = {"010", "020", "030", "040", "050", "060", "070", "080", "090", NULL};

static void print_json(const struct run_result *r)
{
    printf("{\"generation\":\"%s\",\"already_done\":%s,\"customers\":%llu,\"selected\":%llu,\"records\":%llu,"
           "\"rejected\":%llu,\"new\":%llu,\"reopened\":%llu,\"parted\":%llu,\"closed\":%llu,\"merged\":%llu,"
           "\"entered\":%llu,\"left\":%llu,\"seconds\":%.3f,\"memory_peak\":%llu,\"spilled_bytes\":%llu}\n",
           r->generation, r->already_done ? "true" : "false", (unsigned long long)r->customers,
           (unsigned long long)r->selected, (unsigned long long)r->records, (unsigned long long)r->rejected,
           (unsigned long long)r->created, (unsigned long long)r->reopened, (unsigned long long)r->parted,
           (unsigned long long)r->closed, (unsigned long long)r->merged, (unsigned long long)r->entered,
           (unsigned long long)r->left, r->seconds, (unsigned long long)r->memory_peak,
           (unsigned long long)r->spilled_bytes);
}

static void print_result(const struct command_call *call, enum run_kind kind, const struct run_result *r)
{
    if (call->json) {
        print_json(r);
        return;
    }
    if (r->already_done) {
        printf("generation %s was committed before; nothing to do\n", r->generation);
        return;
    }
    printf("generation %s: %llu records, %llu rejected, %llu customers, %llu selected, %.2f s\n", r->generation,
           (unsigned long long)r->records, (unsigned long long)r->rejected, (unsigned long long)r->customers,
           (unsigned long long)r->selected, r->seconds);
    if (kind != RUN_INITIAL)
        printf("since the day before: %llu new, %llu reopened, %llu parted, %llu closed, %llu merged; %llu entered the "
               "selection, %llu left it\n",
               (unsigned long long)r->created, (unsigned long long)r->reopened, (unsigned long long)r->parted,
               (unsigned long long)r->closed, (unsigned long long)r->merged, (unsigned long long)r->entered,
               (unsigned long long)r->left);
}

static struct run_request make_request(struct command_call *call, enum run_kind kind, int32_t date)
{
    struct run_request request = {
        .work = call->work,
        .unit = command_text(call, "unit", NULL),
        .kind = kind,
        .business_date = date,
        .redo = command_flag(call, "redo"),
        .reason = command_text(call, "reason", NULL),
        .threads = (int)option_integer(call->options, OPTION_RUN_THREADS),
        .memory_max = option_size(call->options, OPTION_RUN_MEMORY_MAX),
        .temp_folder = option_path(call->options, OPTION_RUN_TEMP_DIR),
        .partition_customers = (uint32_t)option_integer(call->options, OPTION_RUN_PARTITION_CUSTOMERS),
        .batch = (uint32_t)option_integer(call->options, OPTION_RUN_BATCH),
        .live_share = (int)option_integer(call->options, OPTION_ARCHIVE_LIVE_SHARE),
        .quiet = call->quiet,
    };
    int until = command_choice(call, "until", -1);
    if (until >= 0) request.until_step = (until + 1) * 10;
    return request;
}

static int run_one(struct command_call *call, enum run_kind kind, int32_t date)
{
    struct run_request request = make_request(call, kind, date);
    struct run_result result;
    if (!run_unit(&request, &result, &call->status)) return command_failed(call);
    print_result(call, kind, &result);
    if (command_flag(call, "no-follow")) return 0;
    return follow_generation(call, request.unit, result.generation);
}

static int rehearse(struct command_call *call, enum run_kind kind, int32_t first, int32_t last)
{
    struct run_request request = make_request(call, kind, first);
    if (first == last) return rehearse_run(call, &request);
    status_fail(&call->status, STATUS_USAGE,
                "only the next date can be rehearsed: nothing of it is kept, upon which the one after it could build");
    status_hint(&call->status, "leave --through out");
    return command_failed(call);
}

static bool check_redo(struct command_call *call)
{
    const char *reason = command_text(call, "reason", NULL);
    if (!command_flag(call, "redo") && !reason) return true;
    if (command_flag(call, "redo") && reason && *reason) return true;
    status_fail(&call->status, STATUS_USAGE, "--redo and --reason belong together: a date is done again for a reason");
    return status_hint(&call->status, "--redo --reason 'corrected account file of branch 1101'");
}

static int run(struct command_call *call, enum run_kind kind)
{
    const char *unit = command_text(call, "unit", NULL), *unit_file = command_path(call, "units/%s.ini", unit);
    if (os_exists(unit_file) && !options_add_unit(call->options, unit_file, &call->status)) return command_failed(call);
    if (!check_redo(call)) return command_failed(call);
    int32_t first = command_date(call, "date", 0),
            last = kind == RUN_DAILY ? command_date(call, "through", first) : first;
    if (last < first) {
        status_fail(&call->status, STATUS_USAGE, "--through lies before --date");
        return command_failed(call);
    }
    if (command_flag(call, "rehearse")) return rehearse(call, kind, first, last);
    int worst = 0;
    for (int32_t date = first; date <= last; date++) {
        int code = run_one(call, kind, date);
        if (code > worst) worst = code;
        if (code > 4) break; /* 4: committed, a follower is pending: the next date may come */
    }
    return worst;
}

static int run_initial(struct command_call *call)
{
    return run(call, RUN_INITIAL);
}

static int run_daily(struct command_call *call)
{
    return run(call, RUN_DAILY);
}

static int run_refresh(struct command_call *call)
{
    return run(call, RUN_REFRESH);
}

#define UNIT                                                                                                           \
    {                                                                                                                  \
        .name = "unit", .letter = 'u', .type = COMMAND_TEXT, .placeholder = "UNIT",                                    \
        .doc = "the unit (units/UNIT.ini)", .required = true                                                           \
    }
#define DATE                                                                                                           \
    {                                                                                                                  \
        .name = "date", .letter = 'd', .type = COMMAND_DATE, .doc = "the business date", .required = true              \
    }
#define UNTIL                                                                                                          \
    {                                                                                                                  \
        .name = "until", .type = COMMAND_CHOICE, .placeholder = "STEP", .words = STEPS,                                \
        .doc =                                                                                                         \
            "stop after this step: 010 arrive, 020 import, 030 integrate, 040 to 080 (measure, score, select, build, " \
            "export: one pass), 090 reconcile"                                                                         \
    }
#define REDO                                                                                                           \
    {.name = "redo",                                                                                                   \
     .type = COMMAND_FLAG,                                                                                             \
     .doc = "do the last date again, from the generation before it: with corrected or late files; needs --reason"},    \
    {                                                                                                                  \
        .name = "reason", .type = COMMAND_TEXT, .placeholder = "TEXT", .doc = "why the date is done again"             \
    }
#define REHEARSE                                                                                                       \
    {                                                                                                                  \
        .name = "rehearse", .type = COMMAND_FLAG,                                                                      \
        .doc = "the whole night in a scratch folder: prints the tie-out, commits, loads and delivers nothing"          \
    }
#define NO_FOLLOW                                                                                                      \
    {                                                                                                                  \
        .name = "no-follow", .type = COMMAND_FLAG, .doc = "commit only: neither load the database nor deliver"         \
    }

const struct command command_run_initial = {
    .name = "run initial",
    .summary = "the initial load of a unit: from its inbox to a committed population, then database and delivery",
    .description = "Takes the files of the business date from the unit's inbox, imports, integrates, measures, scores, "
                   "selects, builds and "
                   "ties out; commits the generation, then loads it into PostgreSQL and delivers it. Interrupted or "
                   "failed: repair the "
                   "cause and give the same command again; it continues.",
    .examples =
        "crmx run initial --unit 11 --date 2026-10-31\ncrmx run initial --unit 11 --date 2026-10-31 --until 030",
    .options = (const struct command_value[]){UNIT, DATE, UNTIL, REDO, REHEARSE, NO_FOLLOW, {0}},
    .run = run_initial,
};

const struct command command_run_daily = {
    .name = "run daily",
    .summary = "the night of a business date: change lists, active accounts, rates onto yesterday's population",
    .description =
        "Takes the change lists of the business date, applies them to the population of the day before, "
        "revalues all holdings at the day's rates, scores and selects everybody anew, ties out and commits. "
        "Business dates come in order, each once: a missing one is named; the same one again is recognised as "
        "done; a corrected or late file needs --redo --reason. --through catches up several dates.",
    .examples = "crmx run daily --unit 11 --date 2026-11-01\ncrmx run daily --unit 11 --date 2026-11-01 --rehearse\n"
                "crmx run daily --unit 11 --date 2026-11-01 --through 2026-11-05\ncrmx run daily --unit 11 --date "
                "2026-11-05 --redo --reason 'account file of 1101 was "
                "incomplete'",
    .options =
        (const struct command_value[]){
            UNIT,
            DATE,
            {.name = "through", .type = COMMAND_DATE, .doc = "catch up: every date from --date to this one"},
            UNTIL,
            REDO,
            REHEARSE,
            NO_FOLLOW,
            {0}},
    .run = run_daily,
};

const struct command command_run_refresh = {
    .name = "run refresh",
    .summary = "a full unload onto the living population: numbers stay, what is absent is closed",
    .description =
        "The unload files of the business date, as for an initial load, replace what is known of every "
        "customer and account. Customers keep their numbers and entry dates; customers and accounts that the "
        "unload does not name are closed. See before what would change: crmx population compare.",
    .examples = "crmx run refresh --unit 11 --date 2026-12-01",
    .options = (const struct command_value[]){UNIT, DATE, UNTIL, REDO, REHEARSE, NO_FOLLOW, {0}},
    .run = run_refresh,
};
