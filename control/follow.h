/* follow: the followers of a commit, 110 load and 120 deliver. They read the committed generation only; each may fail without
 * costing the night: the exit code is then 4 and the same command, or the follower's own, tries again. */
#ifndef CRMX_CONTROL_FOLLOW_H
#define CRMX_CONTROL_FOLLOW_H

#include "control/command.h"
#include "etl/load.h"

/* Exit code: 0, or 4 when a follower is pending. */
int follow_generation(struct command_call *call, const char *unit, const char *generation);
bool follow_load(struct command_call *call, const char *unit, const char *generation, enum load_mode mode, struct status *st);
bool follow_deliver(struct command_call *call, const char *unit, const char *generation, struct status *st);

#endif
