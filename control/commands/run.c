/* crmx run initial: the batch of one unit and date. */
#include "etl/run.h"
#include "base/os.h"
#include "control/command.h"
#include "control/follow.h"
#include "control/rehearse.h"

#include <stdio.h>

static const char *const STEPS[] = {"010", "020", "030", "040", "050", "060", "070", "080", "090", NULL};

static void print_result(const struct command_call *call, const struct run_result *r)
{
    if (call->json) {
        printf("{\"generation\":\"%s\",\"already_done\":%s,\"customers\":%llu,\"selected\":%llu,\"records\":%llu,"
               "\"rejected\":%llu,\"seconds\":%.3f,\"memory_peak\":%llu,\"spilled_bytes\":%llu}\n",
               r->generation, r->already_done ? "true" : "false", (unsigned long long)r->customers,
               (unsigned long long)r->selected, (unsigned long long)r->records, (unsigned long long)r->rejected,
               r->seconds, (unsigned long long)r->memory_peak, (unsigned long long)r->spilled_bytes);
        return;
    }
    if (r->already_done)
        printf("generation %s was committed before; nothing to do\n", r->generation);
    else
        printf("generation %s: %llu records, %llu rejected, %llu customers, %llu selected, %.2f s\n", r->generation,
               (unsigned long long)r->records, (unsigned long long)r->rejected, (unsigned long long)r->customers,
               (unsigned long long)r->selected, r->seconds);
}

static int run(struct command_call *call)
{
    const char *unit = command_text(call, "unit", NULL), *unit_file = command_path(call, "units/%s.ini", unit);
    if (os_exists(unit_file) && !options_add_unit(call->options, unit_file, &call->status)) return command_failed(call);
    struct run_request request = {
        .work = call->work,
        .unit = unit,
        .business_date = command_date(call, "date", 0),
        .threads = (int)option_integer(call->options, OPTION_RUN_THREADS),
        .memory_max = option_size(call->options, OPTION_RUN_MEMORY_MAX),
        .temp_folder = option_path(call->options, OPTION_RUN_TEMP_DIR),
        .partition_customers = (uint32_t)option_integer(call->options, OPTION_RUN_PARTITION_CUSTOMERS),
        .batch = (uint32_t)option_integer(call->options, OPTION_RUN_BATCH),
        .quiet = call->quiet,
    };
    int until = command_choice(call, "until", -1);
    if (until >= 0) request.until_step = (until + 1) * 10;
    if (command_flag(call, "rehearse")) return rehearse_run(call, &request);
    struct run_result result;
    if (!run_initial(&request, &result, &call->status)) return command_failed(call);
    print_result(call, &result);
    if (command_flag(call, "no-follow")) return 0;
    return follow_generation(call, unit, result.generation);
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
    .options =
        (const struct command_value[]){
            {.name = "unit",
             .letter = 'u',
             .type = COMMAND_TEXT,
             .placeholder = "UNIT",
             .doc = "the unit (units/UNIT.ini)",
             .required = true},
            {.name = "date", .letter = 'd', .type = COMMAND_DATE, .doc = "the business date", .required = true},
            {.name = "until",
             .type = COMMAND_CHOICE,
             .placeholder = "STEP",
             .words = STEPS,
             .doc = "stop after this step: 010 arrive, 020 import, 030 integrate, 040 to 080 (measure, score, select, "
                    "build, export: one pass), 090 reconcile"},
            {.name = "rehearse",
             .type = COMMAND_FLAG,
             .doc = "the whole night in a scratch folder: prints the tie-out, commits, loads and delivers nothing"},
            {.name = "no-follow", .type = COMMAND_FLAG, .doc = "commit only: neither load the database nor deliver"},
            {0}},
    .run = run,
};
