/* show_trial: what the commands that try formulas share: the result of a trial over a whole generation is kept beside
 * the unit's state, where a submission looks for it by the hash of what was tried (etl/trial.h).
 */
#ifndef CRMX_CONTROL_SHOW_TRIAL_H
#define CRMX_CONTROL_SHOW_TRIAL_H

#include "control/command.h"
#include "etl/trial.h"

/* state/units/UU/trial/HASH.json. reason: why it may not be submitted, "" when it may. */
bool show_trial_keep(struct command_call *call, const struct trial_request *r, const struct trial *t, const char *hash,
                     const char *reason, struct status *st);
/* Tries the formula over the whole generation and keeps the result. What the night would refuse (a field that is not
 * hot, an overflow, a score that is no number, nobody to try it on) is no failure, but *against, and st says
 * what; so does what is kept, and it cannot be submitted. */
bool show_trial_run(struct command_call *call, const struct trial_request *r, struct trial *t, const char *hash,
                    bool *against, struct status *st);

#endif
