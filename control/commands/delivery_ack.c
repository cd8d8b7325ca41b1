/* crmx delivery ack, resync: what a person knows of the receiver's state. */
#include "control/show_delivery.h"

#include <stdio.h>

#define SET_DOC "such as 20261031.001 (crmx delivery list)"

/* --- ack --- */

static int run_ack(struct command_call *call)
{
    struct deliver_resolution r = {.decision = DELIVER_ACKNOWLEDGE, .reason = command_text(call, "reason", NULL)};
    r.unit = show_unit(call, &call->status);
    if (!r.unit || !show_set(call, "key", &r.key, &call->status) || !show_decide(call, &r, &call->status))
        return command_failed(call);
    struct ledger_key_text set = ledger_key_format(r.key);
    if (call->json)
        printf("{\"unit\": \"%s\", \"target\": \"%s\", \"set\": \"%s\", \"state\": \"ACKED\"}\n", r.unit, r.target,
               set.text);
    else if (!call->quiet)
        printf("set %s is acknowledged: the next delta to %s starts from it\n", set.text, r.target);
    return 0;
}

const struct command command_delivery_ack = {
    .name = "delivery ack",
    .summary = "the receiver has loaded a set: the next delta starts from it",
    .description =
        "For a receiver that writes no acknowledgement file (ack_file of the target). The last command of the "
        "job that loads the set into the CRM may be this one. Who and why are kept in the ledger.",
    .arguments =
        (const struct command_value[]){
            {.name = "key", .placeholder = "SET", .type = COMMAND_TEXT, .doc = SET_DOC, .required = true}, {0}},
    .options =
        (const struct command_value[]){
            SHOW_REASON("how it is known"), SHOW_BY, SHOW_UNIT, SHOW_TARGET("the target (default: the only one)"), {0}},
    .examples = "crmx delivery ack 20261031.001 --unit 11 --reason \"CRM load job ended, 10,402 records\"",
    .run = run_ack,
};

/* --- resync --- */

static int run_resync(struct command_call *call)
{
    struct deliver_resolution r = {.decision = DELIVER_RESYNC, .reason = command_text(call, "reason", NULL)};
    r.unit = show_unit(call, &call->status);
    if (!r.unit || (command_given(call, "from") && !show_set(call, "from", &r.key, &call->status)) ||
        !show_decide(call, &r, &call->status))
        return command_failed(call);
    struct ledger_key_text key = ledger_key_format(r.key);
    const char *from = r.key.seq ? key.text : "full";
    if (call->json)
        printf("{\"unit\": \"%s\", \"target\": \"%s\", \"from\": \"%s\"}\n", r.unit, r.target, from);
    else if (!call->quiet && r.key.seq)
        printf("the next delta to %s starts from set %s; send it: crmx delivery run --unit %s --target %s\n", r.target,
               from, r.unit, r.target);
    else if (!call->quiet)
        printf("the next set to %s is full; send it: crmx delivery run --unit %s --target %s\n", r.target, r.unit,
               r.target);
    return 0;
}

const struct command command_delivery_resync = {
    .name = "delivery resync",
    .summary = "the receiver lost its state: the next set is full, or starts from a set it had acknowledged",
    .description = "After a restore, a failed load, a new CRM. Acknowledgements up to now count no more. Sets are full "
                   "until one of "
                   "them is acknowledged; with --from the receiver is back at that set, and the next delta starts "
                   "there. A set that "
                   "the receiver refused is given up.",
    .options = (const struct command_value[]){{.name = "from",
                                               .type = COMMAND_TEXT,
                                               .placeholder = "SET",
                                               .doc = "the acknowledged set the receiver is back at (default: none)"},
                                              SHOW_REASON("what happened"),
                                              SHOW_BY,
                                              SHOW_UNIT,
                                              SHOW_TARGET("the target (default: the only one)"),
                                              {0}},
    .examples =
        "crmx delivery resync --unit 11 --target crm --reason \"CRM database set up anew\"\n"
        "crmx delivery resync --target crm --from 20261031.001 --reason \"CRM restored to the backup of the 31st\"",
    .run = run_resync,
};
