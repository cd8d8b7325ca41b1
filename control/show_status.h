/* show_status: everything that is known of one unit at this moment, for crmx status and whoever else wants the whole
 * picture. Only looks: takes no lock, starts no database, writes nothing.
 *
 *     struct show_status l = {.call = call, .arena = &call->arena, .id = "11", .arrival_date = DATE_NONE};
 *     if (show_status_read(&l, st)) …       texts live in the arena
 *     show_status_release(&l);              in any case
 *
 * What is configured wrong is part of the picture (config_error), not a failure.
 */
#ifndef CRMX_CONTROL_SHOW_STATUS_H
#define CRMX_CONTROL_SHOW_STATUS_H

#include "control/listing.h"
#include "control/show_unit.h"
#include "etl/due.h"

struct show_status {
    struct command_call *call;
    struct arena *arena;
    const char *id, *folder;
    struct unit *unit; /* as configured now; NULL: wrong, see config_error */
    const char *config_error;
    const char *generation; /* current; NULL: none */
    const char *business_date, *customers, *selected;
    bool has_challenger;
    int64_t challenger_entering, challenger_leaving; /* were it the active formula that night */
    struct show_attempt *attempts;
    int attempts_count;
    const struct show_attempt *made; /* the attempt that made the current generation; NULL: its folder is gone */
    const struct show_attempt *unfinished;
    int holder; /* of the lock: pid; 0 nobody; -1 unknown */
    /* the inbox, per layout of the unit */
    int32_t arrival_date; /* whose files are looked for; DATE_NONE: not known */
    int files[UNIT_LAYOUTS_MAX];
    uint64_t bytes[UNIT_LAYOUTS_MAX];
    bool incomplete[UNIT_LAYOUTS_MAX];
    bool changes;                           /* change lists are waited for, not an unload */
    struct due due;                         /* what may lack on that day, and why */
    const struct arrive_expected *branches; /* files of city branches that are still to come */
    int branches_count;
    int layouts_there, layouts_missing; /* missing: incomplete ones, and those a branch of which has not sent, too */
    /* the followers */
    const char *database;   /* "loaded TIME"; NULL: there is nothing to load */
    struct listing targets; /* target, state */
    /* what follows from all this */
    const char *next; /* what to type; NULL: nothing */
    bool needs_someone;
};

/* Has the layout everything that the run of that day waits for? */
bool show_status_complete(const struct show_status *l, int layout);
bool show_status_read(struct show_status *l, struct status *st);
void show_status_release(struct show_status *l);

#endif
