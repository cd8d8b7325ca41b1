/* crmx run monthend: the statements of a month, delivered; then the month's detail is emptied. */
#include "base/date.h"
#include "base/log.h"
#include "base/os.h"
#include "control/follow.h"
#include "etl/month_end.h"

#include <stdio.h>
#include <string.h>

enum { FILES = 4 };

/* Statements go to the targets of the unit in sets of their own, beside the nightly ones: another folder and another
 * ledger, so that neither waits for the other. */
static struct deliver_target statement_target(struct command_call *call, const struct deliver_target *t)
{
    struct deliver_target s = *t;
    s.place.name = arena_printf(&call->arena, "%s.statement", t->place.name);
    s.set_folder =
        t->set_folder[0] ? arena_printf(&call->arena, "statement.%s", t->set_folder) : "statement.{unit}.{date}.{seq}";
    if (t->ack_file) s.ack_file = arena_printf(&call->arena, "statement.%s", t->ack_file);
    return s;
}

static bool add_file(struct command_call *call, const struct month_end *m, const char *name, uint64_t records,
                     struct deliver_file *out, struct status *st)
{
    struct os_file_identity id;
    const char *path = arena_printf(&call->arena, "%s/out/%s", m->folder, name);
    if (!os_identify(path, &id, st)) return false;
    *out = (struct deliver_file){.name = name, .path = path, .bytes = id.size, .records = records};
    return true;
}

/* *confirmed: the target has it, and has said so where it acknowledges. */
static bool deliver_to(struct command_call *call, const struct month_end *m, int32_t date,
                       const struct deliver_target *target, bool *confirmed, struct status *st)
{
    const char *unit = command_text(call, "unit", NULL);
    struct deliver_target s = statement_target(call, target);
    struct deliver_file files[FILES];
    struct deliver_result result;
    int count = 0;
    *confirmed = false;
    if (!add_file(call, m, m->file, m->statements, &files[count++], st) ||
        (m->csv && !add_file(call, m, m->csv, m->statements, &files[count++], st)) ||
        !add_file(call, m, "totals.tsv", 0, &files[count++], st))
        return false;
    const char *ledger = follow_ledger(call, unit, s.place.name, st);
    struct deliver_set set = {.unit = unit,
                              .key = {date, (uint32_t)m->sequence},
                              .generation = m->generation,
                              .files = files,
                              .files_count = count};
    if (!ledger || !follow_deliver_set(call, &s, &set, ledger, &result, st)) {
        char text[11];
        date_format(date, text);
        if (st->code == STATUS_TRANSFER) st->hint[0] = 0; /* that of a night would be the wrong command */
        status_hint(st, "when the target answers again: crmx run monthend --unit %s --date %s", unit, text);
        return status_while(st, "delivering the statements to target %s", target->place.name);
    }
    *confirmed = result.state == LEDGER_ACKED || (!s.ack_file && result.state == LEDGER_DELIVERED);
    if (result.already)
        log_info("target %s has the statements already", target->place.name);
    else
        log_info("%d files delivered to target %s", result.files_sent, target->place.name);
    if (!*confirmed) log_warning("target %s has not acknowledged the statements yet", target->place.name);
    return true;
}

/* Every target is tried; *confirmed: all of them have confirmed. */
static bool deliver(struct command_call *call, struct month_end *m, int32_t date, bool *confirmed, struct status *st)
{
    const char *unit = command_text(call, "unit", NULL);
    struct deliver_target *targets;
    int count, done = 0;
    *confirmed = false;
    log_step("230 deliver");
    if (!follow_targets(call, unit, &targets, &count, st)) return false;
    if (!count) {
        status_fail(st, STATUS_WARNING, "the statements lie in \"%s/out\"; unit %s has no target: the month is kept",
                    m->folder, unit);
        return status_hint(st, "add a section [target NAME] to units/%s.ini, then the same command", unit);
    }
    if (!os_make_folder(arena_printf(&call->arena, "%s/ledger", m->unit_folder), st) || !month_end_deliver(m, st))
        return false;
    for (int i = 0; i < count; i++) {
        struct status one = {0};
        bool ok;
        if (!deliver_to(call, m, date, &targets[i], &ok, &one)) {
            if (st->code == STATUS_OK)
                *st = one;
            else
                log_status(LOG_WARNING, &one);
        } else
            done += ok;
    }
    *confirmed = done == count;
    return st->code == STATUS_OK;
}

static int tell(struct command_call *call, const struct month_end *m, const char *state, int code)
{
    char rate[48] = "";
    if (m->totals.customers && !call->json)
        snprintf(rate, sizeof rate, ", %llu pages", (unsigned long long)m->totals.pages);
    if (call->json)
        printf("{\"generation\":\"%s\",\"sequence\":%d,\"statements\":%llu,\"state\":\"%s\",\"folder\":\"%s\"}\n",
               m->generation, m->sequence, (unsigned long long)m->statements, state, m->folder);
    else
        printf("statements of generation %s: %llu customers%s; %s\n", m->generation, (unsigned long long)m->statements,
               rate, state);
    return code;
}

static int finish(struct command_call *call, const struct month_end_request *r, struct month_end *m)
{
    struct status *st = &call->status;
    bool confirmed;
    if (m->emptied) {
        if (m->corrected)
            log_warning("the date was done again since: crmx run monthend --unit %s --date %.10s --redo --reason '…'",
                        r->unit, m->generation);
        return tell(call, m, "stated, delivered and emptied before; nothing to do", 0);
    }
    if (command_flag(call, "no-follow")) return tell(call, m, "not delivered", 0);
    if (!deliver(call, m, r->date, &confirmed, st)) {
        log_status(LOG_WARNING, st);
        log_warning("the month is not emptied; go on with the same command");
        return tell(call, m, "not delivered", 4);
    }
    if (!confirmed) return tell(call, m, "delivered, not acknowledged: the month is kept; the same command goes on", 4);
    if (!month_end_empty(r, m, st)) return command_failed(call);
    return tell(call, m, "delivered, the month's detail is emptied", 0);
}

static int run(struct command_call *call)
{
    const char *unit = command_text(call, "unit", NULL), *unit_file = command_path(call, "units/%s.ini", unit);
    const char *reason = command_text(call, "reason", NULL);
    struct month_end m;
    if (os_exists(unit_file) && !options_add_unit(call->options, unit_file, &call->status)) return command_failed(call);
    if (command_flag(call, "redo") != (reason && *reason)) {
        status_fail(&call->status, STATUS_USAGE,
                    "--redo and --reason belong together: statements are made again for a reason");
        status_hint(&call->status, "--redo --reason 'corrected card log of the last day'");
        return command_failed(call);
    }
    struct month_end_request r = {.work = call->work,
                                  .unit = unit,
                                  .date = command_date(call, "date", 0),
                                  .redo = command_flag(call, "redo"),
                                  .reason = reason,
                                  .threads = (int)option_integer(call->options, OPTION_RUN_THREADS),
                                  .memory_max = option_size(call->options, OPTION_RUN_MEMORY_MAX),
                                  .temp_folder = option_path(call->options, OPTION_RUN_TEMP_DIR)};
    int code = month_end_render(&r, &m, &call->status) ? finish(call, &r, &m) : command_failed(call);
    month_end_close(&m);
    return code;
}

const struct command command_run_monthend = {
    .name = "run monthend",
    .summary = "the consolidated statements of a month: made, delivered; then the month's detail is emptied",
    .description =
        "For every CRM customer of the generation of that date: opening balances, movements in posting order, closing "
        "balances, per currency and in the base currency, as print stream and CSV (statements/NAME.ini). The month is "
        "emptied only when every target has confirmed. Interrupted or failed: the same command continues; a month that "
        "is "
        "done is recognised; corrected: --redo --reason.",
    .options =
        (const struct command_value[]){
            {.name = "unit",
             .letter = 'u',
             .type = COMMAND_TEXT,
             .placeholder = "UNIT",
             .doc = "the unit (units/UNIT.ini)",
             .required = true},
            {.name = "date", .letter = 'd', .type = COMMAND_DATE, .doc = "the last day of the month", .required = true},
            {.name = "redo",
             .type = COMMAND_FLAG,
             .doc = "state a month again that is done: a set of its own; needs --reason"},
            {.name = "reason", .type = COMMAND_TEXT, .placeholder = "TEXT", .doc = "why it is stated again"},
            {.name = "no-follow", .type = COMMAND_FLAG, .doc = "make the files only: neither deliver nor empty"},
            {0}},
    .examples = "crmx run monthend --unit 11 --date 2026-11-30",
    .run = run,
};
