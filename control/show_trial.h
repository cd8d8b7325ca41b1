/* show_trial: what the commands that try formulas share: the result of a trial over a whole generation is kept beside
 * the unit's state, where a submission looks for it by the hash of what was tried (etl/trial.h).
 */
#ifndef CRMX_CONTROL_SHOW_TRIAL_H
#define CRMX_CONTROL_SHOW_TRIAL_H

#include "control/command.h"
#include "etl/trial.h"

/* Tries the formula over the whole generation and keeps the result in state/units/UU/trial/HASH.json. What the night
 * would refuse (a field that is not hot, an overflow, a score that is no number, nobody to try it on) is no failure,
 * but *against, and st says what; so does what is kept, and it cannot be submitted. */
bool show_trial_run(struct command_call *call, const struct trial_request *r, struct trial *t, const char *hash,
                    bool *against, struct status *st);

/* Who enters and leaves, in full and in the order of numbers, instead of a page: tab-separated, CSV, or with --json an
 * object a line. columns: names of the two scores; new_first: the tried formula's stands first. */
#define SHOW_TRIAL_LISTS                                                                                               \
    {.name = "entering", .type = COMMAND_FLAG, .doc = "who enters, tab-separated, instead of the page"},               \
    {                                                                                                                  \
        .name = "leaving", .type = COMMAND_FLAG, .doc = "who leaves, tab-separated, instead of the page"               \
    }
void show_trial_lists(struct command_call *call, const struct generation *g, const struct trial *t,
                      const char *const columns[2], bool new_first);

#endif
