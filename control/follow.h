/* follow: the followers of a commit, 110 load and 120 deliver. They read the committed generation only; each may fail
 * without costing the night: the exit code is then 4 and the same command, or the follower's own, tries again.
 *
 * What a follower has done is noted in the journal of the attempt that made the generation ("loaded", "delivered"), for
 * crmx status; the truth is the database's mark and the targets' ledgers.
 */
#ifndef CRMX_CONTROL_FOLLOW_H
#define CRMX_CONTROL_FOLLOW_H

#include "control/command.h"
#include "etl/database.h"
#include "etl/deliver.h"
#include "etl/load.h"

/* Exit code: 0, or 4 when a follower is pending. */
int follow_generation(struct command_call *call, const char *unit, const char *generation);

struct follow_load_request {
    const char *unit, *generation; /* generation NULL: the current one */
    enum load_mode mode;
    bool allow_older; /* go back to an older generation */
};
/* *result is zero when there was nothing to load (no database, no output with a table). */
bool follow_load(struct command_call *call, const struct follow_load_request *r, struct load_result *result,
                 struct status *st);

/* target NULL: all of the unit; each is tried, the first failure is returned. *count: targets there are. */
bool follow_deliver(struct command_call *call, const char *unit, const char *generation, const char *target, int *count,
                    struct status *st);

/* The targets of a unit file, and the ledger of one of them. */
bool follow_targets(struct command_call *call, const char *unit, struct deliver_target **targets, int *count,
                    struct status *st);
const char *follow_ledger(struct command_call *call, const char *unit, const char *target, struct status *st);

/* Notes an event ("loaded") in the journal of the attempt that made a generation. Its folder may be gone (retention, a
 * restored backup): then nothing is noted. */
void follow_note(struct command_call *call, const char *unit, const char *generation, int step, const char *event);

/* Delivers one set; a server that is down is asked again as the options say. */
bool follow_deliver_set(struct command_call *call, const struct deliver_target *target, const struct deliver_set *set,
                        const char *ledger, struct deliver_result *result, struct status *st);

/* The database as the options of the working folder say. */
struct database_config follow_database(struct command_call *call);

#endif
