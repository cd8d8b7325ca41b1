/* crmx delivery status: what each target has, and what its next set will be. */
#include "base/os.h"
#include "control/show.h"
#include "control/show_delivery.h"
#include "etl/deliver_follow.h"

#include <string.h>

static const struct deliver_target *find(const struct deliver_target *targets, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(targets[i].place.name, name) == 0) return &targets[i];
    return NULL;
}

static void add_key(struct listing *rows, struct arena *arena, struct ledger_key key)
{
    listing_text(rows, key.seq ? arena_dup(arena, view_of(ledger_key_format(key).text)) : NULL);
}

static bool add_target(struct command_call *call, const char *unit, const char *name,
                       const struct deliver_target *target, struct listing *rows, struct status *st)
{
    const char *path = follow_ledger(call, unit, name, st);
    struct deliver_marks marks;
    struct deliver_outlook next;
    if (!path || !deliver_marks_read(path, &marks, st) ||
        !deliver_outlook_read(path, target && target->delta, &next, st))
        return false;
    listing_text(rows, name);
    listing_text(rows, target ? DELIVER_CONTENT_NAMES[target->delta] : "not configured");
    add_key(rows, &call->arena, marks.delivered);
    add_key(rows, &call->arena, marks.acked);
    add_key(rows, &call->arena, marks.pending);
    listing_text(rows, !target          ? NULL
                       : !next.base.seq ? "full"
                       : next.carries   ? "delta, with what was not acknowledged"
                                        : "delta");
    add_key(rows, &call->arena, next.base);
    listing_text(rows, next.base.seq ? arena_dup(&call->arena, view_of(next.base_generation)) : NULL);
    listing_text(rows, next.full_because);
    return true;
}

static int run_status(struct command_call *call)
{
    static const char *const COLUMNS[] = {"target", "content", "delivered",       "acknowledged", "pending",
                                          "next",   "base",    "base_generation", "full_because", NULL};
    const char *unit = show_unit(call, &call->status), *names[DELIVER_TARGETS_MAX];
    struct deliver_target *targets;
    int count, all;
    struct listing rows;
    if (!unit || !show_targets(call, unit, names, &count, &call->status) ||
        !follow_targets(call, unit, &targets, &all, &call->status))
        return command_failed(call);
    listing_init(&rows, COLUMNS);
    bool ok = true;
    for (int i = 0; ok && i < count; i++)
        ok = add_target(call, unit, names[i], find(targets, all, names[i]), &rows, &call->status);
    if (ok) listing_print(&rows, &call->output);
    listing_release(&rows);
    return ok ? 0 : command_failed(call);
}

const struct command command_delivery_status = {
    .name = "delivery status",
    .summary = "what each target has and has acknowledged, and what its next set will be",
    .options = (const struct command_value[]){SHOW_UNIT, SHOW_TARGET("only this target (default: all)"), {0}},
    .examples = "crmx delivery status --unit 11",
    .rows = "",
    .run = run_status,
};
