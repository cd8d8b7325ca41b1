/* 120 deliver: the targets of a unit, and each one's delivery. */
#include "base/conf.h"
#include "base/log.h"
#include "base/os.h"
#include "control/follow.h"
#include "etl/deliver_follow.h"
#include "etl/generation.h"
#include "etl/run.h"

#include <string.h>

static void tell(void *context, const char *text)
{
    (void)context;
    log_info("%s", text);
}

const char *follow_ledger(struct command_call *call, const char *unit, const char *target, struct status *st)
{
    char folder[OS_PATH_MAX], path[OS_PATH_MAX];
    run_unit_folder(call->work, unit, folder);
    const char *ledgers = arena_printf(&call->arena, "%s/ledger", folder);
    return deliver_ledger_path(ledgers, target, path, st) ? arena_dup(&call->arena, view_of(path)) : NULL;
}

/* Targets are read from the live unit file: where to send is not part of what was computed. */
bool follow_targets(struct command_call *call, const char *unit, struct deliver_target **targets, int *count,
                    struct status *st)
{
    struct conf *c = conf_open(command_path(call, "units/%s.ini", unit), st);
    bool ok = c && deliver_targets_read(c, unit, call->work, &call->arena, targets, count, st);
    conf_close(c);
    return ok;
}

static struct deliver_options options_of(const struct command_call *call, const char *ledger)
{
    return (struct deliver_options){.ledger_path = ledger,
                                    .tell = tell,
                                    .attempts = option_integer(call->options, OPTION_DELIVERY_ATTEMPTS),
                                    .attempt_wait_ms = option_duration_ms(call->options, OPTION_DELIVERY_RETRY_WAIT)};
}

bool follow_deliver_set(struct command_call *call, const struct deliver_target *target, const struct deliver_set *set,
                        const char *ledger, struct deliver_result *result, struct status *st)
{
    struct deliver_options options = options_of(call, ledger);
    return deliver_run_again(target, set, &options, result, st);
}

static bool deliver_to(struct command_call *call, struct generation *g, const struct deliver_target *target,
                       struct status *st)
{
    char folder[OS_PATH_MAX];
    run_unit_folder(call->work, g->unit->id, folder);
    const char *ledger = follow_ledger(call, g->unit->id, target->place.name, st);
    if (!ledger) return false;
    struct deliver_options options = options_of(call, ledger);
    struct deliver_follow f = {.unit_folder = folder, .target = target, .options = &options, .now = g};
    struct deliver_follow_result result;
    if (!deliver_follow(&f, &result, st)) return false;
    if (result.sets == 0)
        log_info("target %s has the set %s already", target->place.name, ledger_key_format(result.key).text);
    else
        log_info("%d files delivered to target %s, set %s", result.files_sent, target->place.name,
                 ledger_key_format(result.key).text);
    return true;
}

static bool unknown_target(struct command_call *call, const char *unit, const char *target,
                           const struct deliver_target *targets, int count, struct status *st)
{
    const char *list = "none";
    for (int i = 0; i < count; i++)
        list = i ? arena_printf(&call->arena, "%s, %s", list, targets[i].place.name) : targets[i].place.name;
    status_fail(st, STATUS_USAGE, "unit %s has no target \"%s\"", unit, target);
    return status_hint(st, "its targets: %s (sections [target NAME] of units/%s.ini)", list, unit);
}

/* A target that is down does not keep the others from getting theirs. */
static bool deliver_all(struct command_call *call, struct generation *g, const struct deliver_target *targets,
                        int count, const char *only, struct status *st)
{
    bool all = true, complete = !only || count == 1;
    for (int i = 0; i < count; i++) {
        struct status one = {0};
        if (only && strcmp(targets[i].place.name, only) != 0) continue;
        if (deliver_to(call, g, &targets[i], &one)) continue;
        if (all)
            *st = one;
        else
            log_status(LOG_WARNING, &one);
        all = false;
    }
    if (all && complete) follow_note(call, g->unit->id, g->id, 120, "delivered");
    return all;
}

bool follow_deliver(struct command_call *call, const char *unit, const char *id, const char *target, int *count,
                    struct status *st)
{
    char folder[OS_PATH_MAX];
    struct generation *g = NULL;
    struct deliver_target *targets;
    bool known = target == NULL;
    *count = 0;
    run_unit_folder(call->work, unit, folder);
    log_step("120 deliver");
    bool ok = follow_targets(call, unit, &targets, count, st);
    for (int i = 0; ok && target && i < *count; i++) known |= strcmp(targets[i].place.name, target) == 0;
    if (ok && !known) ok = unknown_target(call, unit, target, targets, *count, st);
    if (ok && *count)
        ok = os_make_folder(arena_printf(&call->arena, "%s/ledger", folder), st) &&
             generation_open(folder, id, &g, st) && deliver_all(call, g, targets, *count, target, st);
    generation_close(g);
    log_step(NULL);
    return ok;
}
