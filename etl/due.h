/* due: which files a business date waits for. A layout that the day does not want (unloads in a night of changes),
 * whose system does not send on that day (calendar, domain 8) or that somebody has waived may lack; of city branches
 * every one that sent the day before has to send again (etl/waiver). Asked by the run, and by whoever looks ahead:
 * status, preflight. */
#ifndef CRMX_ETL_DUE_H
#define CRMX_ETL_DUE_H

#include "etl/waiver.h"

struct due {
    struct waivers waivers;
    bool closed[UNIT_LAYOUTS_MAX];   /* its system does not send on that day */
    bool may_lack[UNIT_LAYOUTS_MAX]; /* closed, or waived */
};

/* Fills d, and r->may_lack, r->expected of an arrival whose unit, date and kind are set. unit_folder: where the waivers
 * are; old: the generation of the day before, NULL: none, then every day is open and every branch unknown. */
bool due_find(struct due *d, struct arrive_request *r, const char *unit_folder, const struct generation *old,
              struct arena *arena, struct status *st);

#endif
