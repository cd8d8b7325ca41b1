/* epoch: the second defence of a unit's state, behind the lock. A lock can fail to lock (its file was deleted, a
 * network file system, a job that a scheduler started twice); then two runs work on one unit and only one may publish.
 *
 *     state/units/UU/epoch     "NUMBER PID START BOOT-ID": counts the runs; says which one is the last that began
 *
 *     epoch_take (under the lock, at the start)      the number rises by one and names this process
 *     epoch_check (before every rename that publishes, before every event of the journal)
 *                                                    somebody else's epoch: STATUS_BUSY, this run stops
 *
 * Whoever began last wins. epoch_take also tells whether the run before is still alive: then its attempt is left to it
 * and a new one is opened, so that it cannot write into files that will be published.
 */
#ifndef CRMX_ETL_EPOCH_H
#define CRMX_ETL_EPOCH_H

#include "base/os.h"

struct epoch {
    bool taken;
    char unit_folder[OS_PATH_MAX];
    char text[160]; /* as it stands in the file */
    uint64_t number;
    int other; /* process that held the epoch before and is still alive; 0: none */
};

bool epoch_take(struct epoch *e, const char *unit_folder, struct status *st);
/* True when this run is still the last that began. An epoch that was not taken is not checked. */
bool epoch_check(const struct epoch *e, struct status *st);

#endif
