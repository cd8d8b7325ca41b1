#include "control/show_delivery.h"

#include "base/log.h"
#include "base/os.h"

#include <string.h>

bool show_targets(struct command_call *call, const char *unit, const char **names, int *count, struct status *st)
{
    struct deliver_target *targets;
    const char *only = command_text(call, "target", NULL);
    int all;
    *count = 0;
    if (!follow_targets(call, unit, &targets, &all, st)) return false;
    for (int i = 0; i < all; i++)
        if (!only || strcmp(targets[i].place.name, only) == 0) names[(*count)++] = targets[i].place.name;
    if (*count) return true;
    /* A target that is no longer configured has left its ledger. */
    const char *ledger = only ? follow_ledger(call, unit, only, st) : NULL;
    if (ledger && os_exists(ledger)) {
        names[(*count)++] = only;
        return true;
    }
    if (only)
        status_fail(st, STATUS_USAGE, "unit %s has no target \"%s\"", unit, only);
    else
        status_fail(st, STATUS_USAGE, "unit %s has no targets: nothing is delivered", unit);
    return status_hint(st, "targets are the sections [target NAME] of units/%s.ini; see: crmx layout check %s", unit,
                       unit);
}

bool show_set(struct command_call *call, const char *name, struct ledger_key *key, struct status *st)
{
    const char *text = command_text(call, name, NULL);
    if (ledger_key_parse(text, key)) return true;
    status_fail(st, STATUS_USAGE, "\"%s\" is no set: a date and a number are needed, such as 20261031.001", text);
    return status_hint(st, "see the sets: crmx delivery list");
}

/* What the receiver has answered by now belongs into the ledger before somebody decides. That it cannot be asked does
 * not keep anybody from deciding. */
static bool take_answers(struct command_call *call, const struct deliver_resolution *r, const char *ledger,
                         struct status *st)
{
    struct deliver_target *targets;
    struct deliver_options options = {.ledger_path = ledger};
    struct status trouble = {0};
    int count;
    if (!follow_targets(call, r->unit, &targets, &count, st)) return false;
    for (int i = 0; i < count; i++)
        if (strcmp(targets[i].place.name, r->target) == 0 && !deliver_acks(&targets[i], r->unit, &options, &trouble))
            log_status(LOG_WARNING, &trouble);
    return true;
}

bool show_decide(struct command_call *call, struct deliver_resolution *r, struct status *st)
{
    const char *names[DELIVER_TARGETS_MAX];
    char user[64];
    int count;
    if (!show_targets(call, r->unit, names, &count, st)) return false;
    if (count > 1) {
        status_fail(st, STATUS_USAGE, "unit %s has %d targets: which one?", r->unit, count);
        return status_hint(st, "add --target, one of: %s, %s …", names[0], names[1]);
    }
    os_user_name(os_user(), user);
    r->target = names[0];
    r->by = command_text(call, "by", arena_dup(&call->arena, view_of(user)));
    const char *ledger = follow_ledger(call, r->unit, r->target, st);
    return ledger && (r->decision != DELIVER_RESYNC || take_answers(call, r, ledger, st)) &&
           deliver_resolve(ledger, r, st);
}

bool show_keep_unit(struct command_call *call, const char *unit, struct keep_unit *out, struct status *st)
{
    struct deliver_target *targets;
    int count;
    if (!follow_targets(call, unit, &targets, &count, st)) return false;
    struct keep_target *needs = arena_array(&call->arena, struct keep_target, count + 1);
    for (int i = 0; i < count; i++) {
        const char *ledger = follow_ledger(call, unit, targets[i].place.name, st);
        needs[i] = (struct keep_target){.name = targets[i].place.name, .delta = targets[i].delta};
        if (!ledger || !deliver_outlook_read(ledger, targets[i].delta, &needs[i].next, st)) return false;
    }
    *out = (struct keep_unit){show_unit_folder(call, unit), unit, needs, count};
    return true;
}
