/* show_delivery: what the commands about deliveries share: the targets meant, a set, a person's decision. */
#ifndef CRMX_CONTROL_SHOW_DELIVERY_H
#define CRMX_CONTROL_SHOW_DELIVERY_H

#include "control/follow.h"
#include "control/show_unit.h"
#include "etl/keep.h"

#define SHOW_TARGET(what)                                                                                              \
    {                                                                                                                  \
        .name = "target", .letter = 't', .type = COMMAND_TEXT, .placeholder = "TARGET", .doc = what                    \
    }
#define SHOW_REASON(what)                                                                                              \
    {                                                                                                                  \
        .name = "reason", .letter = 'r', .type = COMMAND_TEXT, .placeholder = "TEXT", .doc = what, .required = true    \
    }
#define SHOW_BY                                                                                                        \
    {                                                                                                                  \
        .name = "by", .type = COMMAND_TEXT, .placeholder = "NAME",                                                     \
        .doc = "who decides (default: the user of this session)"                                                       \
    }

/* The targets meant: the one that --target names, else all of the unit. names has DELIVER_TARGETS_MAX places. A target
 * that is no longer configured is known by its ledger. */
bool show_targets(struct command_call *call, const char *unit, const char **names, int *count, struct status *st);
/* The value of the argument or option `name`, a set: "20261031.001". */
bool show_set(struct command_call *call, const char *name, struct ledger_key *key, struct status *st);
/* The unit for etl/keep, with what its targets still need. */
bool show_keep_unit(struct command_call *call, const char *unit, struct keep_unit *out, struct status *st);
/* Fills in the one target meant and who decides (--by), and writes the decision into the ledger. */
bool show_decide(struct command_call *call, struct deliver_resolution *r, struct status *st);

#endif
