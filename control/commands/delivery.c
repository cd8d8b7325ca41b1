/* crmx delivery run, list, resolve: the sets that go to the CRM data server. */
#include "base/os.h"
#include "control/show_delivery.h"

#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 64 << 20 };

/* --- run --- */

static int run_run(struct command_call *call)
{
    const char *unit = show_unit(call, &call->status), *target = command_text(call, "target", NULL);
    int count;
    if (!unit || !follow_deliver(call, unit, NULL, target, &count, &call->status)) return command_failed(call);
    if (count == 0) {
        status_fail(&call->status, STATUS_USAGE, "unit %s has no targets: nothing is delivered", unit);
        status_hint(&call->status, "add a section [target NAME] to units/%s.ini; see docs/formats.md", unit);
        return command_failed(call);
    }
    if (call->json)
        printf("{\"unit\": \"%s\", \"delivered\": true}\n", unit);
    else if (!call->quiet)
        printf("unit %s: delivered to %s\n", unit, target ? target : count == 1 ? "its target" : "all its targets");
    return 0;
}

const struct command command_delivery_run = {
    .name = "delivery run",
    .summary = "deliver a unit's current generation (again, after a failure)",
    .description =
        "The follower of step 120. What a target has already is recognised; a set never passes an earlier one.",
    .options = (const struct command_value[]){SHOW_UNIT, SHOW_TARGET("only this target (default: all)"), {0}},
    .examples = "crmx delivery run --unit 11\ncrmx delivery run --unit 11 --target crm",
    .run = run_run,
};

/* --- list --- */

static bool list_target(struct command_call *call, const char *unit, const char *target, bool first, struct buf *out,
                        struct status *st)
{
    const char *ledger = follow_ledger(call, unit, target, st);
    int sets = (int)command_integer(call, "count", 20);
    if (!ledger) return false;
    if (call->json) {
        size_t before;
        if (!first) buf_add_text(out, ",\n");
        before = out->length;
        if (!os_exists(ledger)) {
            buf_addf(out, "{\"unit\":\"%s\",\"target\":\"%s\",\"sets\":[]}", unit, target);
            return true;
        }
        if (!deliver_status(ledger, sets, DELIVER_JSON, out, st)) return false;
        while (out->length > before && out->bytes[out->length - 1] == '\n') out->length--;
        return true;
    }
    buf_addf(out, "%starget %s of unit %s\n", first ? "" : "\n", target, unit);
    if (os_exists(ledger)) return deliver_status(ledger, sets, DELIVER_TEXT, out, st);
    buf_add_text(out, "nothing was delivered yet\n");
    return true;
}

static int run_list(struct command_call *call)
{
    const char *unit = show_unit(call, &call->status), *names[DELIVER_TARGETS_MAX];
    int count;
    struct buf out;
    if (!unit || !show_targets(call, unit, names, &count, &call->status)) return command_failed(call);
    buf_init(&out, LIST_MAX);
    if (call->json) buf_add_text(&out, "[");
    bool ok = true;
    for (int i = 0; ok && i < count; i++) ok = list_target(call, unit, names[i], i == 0, &out, &call->status);
    if (call->json) buf_add_text(&out, "]\n");
    if (ok) fwrite(out.bytes, 1, out.length, stdout);
    buf_release(&out);
    return ok ? 0 : command_failed(call);
}

const struct command command_delivery_list = {
    .name = "delivery list",
    .summary = "the sets that went, or wait to go, to each target",
    .options = (const struct command_value[]){SHOW_UNIT,
                                              SHOW_TARGET("only this target (default: all)"),
                                              {.name = "count",
                                               .letter = 'n',
                                               .type = COMMAND_INTEGER,
                                               .minimum = 1,
                                               .maximum = 100000,
                                               .doc = "how many sets, newest first (default 20)"},
                                              {0}},
    .examples = "crmx delivery list --unit 11\ncrmx delivery list --unit 11 --target crm --json",
    .run = run_list,
};

/* --- resolve --- */

static bool read_decision(struct command_call *call, enum deliver_decision *decision, struct status *st)
{
    bool confirm = command_flag(call, "confirm"), resend = command_flag(call, "resend");
    *decision = confirm ? DELIVER_CONFIRM : DELIVER_RESEND;
    if (confirm != resend) return true;
    status_fail(st, STATUS_USAGE, "crmx delivery resolve: one decision is needed");
    return status_hint(st, "ask the receiver: --confirm when it has the set, --resend when it has not");
}

static int run_resolve(struct command_call *call)
{
    struct status *st = &call->status;
    const char *unit = show_unit(call, st);
    struct deliver_resolution r = {.unit = unit, .reason = command_text(call, "reason", NULL)};
    if (!unit || !show_set(call, "key", &r.key, st) || !read_decision(call, &r.decision, st) ||
        !show_decide(call, &r, st))
        return command_failed(call);
    if (call->json)
        printf("{\"unit\": \"%s\", \"target\": \"%s\", \"set\": \"%s\", \"decision\": \"%s\"}\n", unit, r.target,
               ledger_key_format(r.key).text, r.decision == DELIVER_CONFIRM ? "confirm" : "resend");
    else if (!call->quiet)
        printf("set %s: %s; go on with: crmx delivery run --unit %s --target %s\n", ledger_key_format(r.key).text,
               r.decision == DELIVER_CONFIRM ? "the receiver has it" : "it will be sent again", unit, r.target);
    return 0;
}

const struct command command_delivery_resolve = {
    .name = "delivery resolve",
    .summary = "decide about a set of unknown fate: the receiver has it, or send it again",
    .description = "A set is UNKNOWN when the answer to its last request was lost and the receiver takes files away: "
                   "nobody but the receiver "
                   "knows. Ask there, then decide. Who and why are kept in the ledger.",
    .arguments = (const struct command_value[]){{.name = "key",
                                                 .placeholder = "SET",
                                                 .type = COMMAND_TEXT,
                                                 .doc = "such as 20261031.001 (crmx delivery list)",
                                                 .required = true},
                                                {0}},
    .options =
        (const struct command_value[]){
            {.name = "confirm", .type = COMMAND_FLAG, .doc = "the receiver has it (or it was brought by hand)"},
            {.name = "resend", .type = COMMAND_FLAG, .doc = "the receiver does not have it: send the whole set again"},
            SHOW_REASON("how it was found out"),
            SHOW_BY,
            SHOW_UNIT,
            SHOW_TARGET("the target (default: the only one)"),
            {0}},
    .examples = "crmx delivery resolve 20261031.001 --confirm --reason \"CRM operations saw it, call of 03:10\"",
    .run = run_resolve,
};
