/* crmx file waive: a night goes on without a file. */
#include "base/os.h"
#include "control/command.h"
#include "control/show_unit.h"
#include "etl/waiver.h"

#include <stdio.h>
#include <string.h>

/* Is it a layout of the unit, or a name that one of its layouts waits for? */
static bool check_name(struct command_call *call, const char *unit_id, const char *what, struct status *st)
{
    struct unit *u;
    if (!unit_load(call->work, unit_id, &call->arena, &u, st)) return false;
    if (unit_layout(u, what) >= 0) return true;
    for (int i = 0; i < u->layouts_count; i++)
        for (int k = 0; k < u->layouts[i]->patterns_count; k++)
            if (show_matches(u->layouts[i]->patterns[k], unit_id, what)) return true;
    status_fail(st, STATUS_USAGE, "\"%s\" is no layout of unit %s and no file it waits for", what, unit_id);
    return status_hint(st, "see what is missing: crmx status --unit %s", unit_id);
}

static int run(struct command_call *call)
{
    const char *unit = show_unit(call, &call->status), *what = command_text(call, "file", NULL),
               *reason = command_text(call, "reason", NULL);
    if (!unit || !check_name(call, unit, what, &call->status)) return command_failed(call);
    if (!reason || !*reason || strchr(what, '\t')) {
        status_fail(&call->status, STATUS_USAGE, "a waiver needs a reason");
        return command_failed(call);
    }
    const char *folder = show_unit_folder(call, unit);
    if (!os_make_folder(folder, &call->status) ||
        !waiver_add(folder, command_date(call, "date", 0), what, reason, &call->status))
        return command_failed(call);
    if (call->json)
        printf("{\"waived\":\"%s\"}\n", what);
    else
        printf("%s is waived; the run goes on without it, what is known of its records counts as stale\n", what);
    return 0;
}

const struct command command_file_waive = {
    .name = "file waive",
    .summary = "a night goes on without a file that has not come",
    .description = "What is known of the records of the system or city branch stays as it was and counts as stale "
                   "(stale.tsv of the generation). When the file comes after all: crmx run daily --redo --reason.",
    .arguments = (const struct command_value[]){{.name = "file",
                                                 .type = COMMAND_TEXT,
                                                 .doc = "the file's name, or a layout's for all its files",
                                                 .required = true},
                                                {0}},
    .options = (const struct command_value[]){SHOW_UNIT,
                                              {.name = "date",
                                               .letter = 'd',
                                               .type = COMMAND_DATE,
                                               .doc = "the business date it is missing for",
                                               .required = true},
                                              {.name = "reason",
                                               .type = COMMAND_TEXT,
                                               .placeholder = "TEXT",
                                               .doc = "why the night does not wait",
                                               .required = true},
                                              {0}},
    .examples = "crmx file waive RTLACCTCHG.1102.20261101 --unit 11 --date 2026-11-01 --reason 'line to the branch is "
                "down'\ncrmx file waive rates --unit 11 --date 2026-11-01 --reason 'market closed'",
    .run = run,
};
