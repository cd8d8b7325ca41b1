#include "etl/due.h"

bool due_find(struct due *d, struct arrive_request *r, const char *unit_folder, const struct generation *old,
              struct arena *arena, struct status *st)
{
    const struct unit *u = r->unit;
    *d = (struct due){0};
    r->may_lack = d->may_lack;
    if (!waiver_read(unit_folder, r->business_date, arena, &d->waivers, st)) return false;
    for (int i = 0; i < u->layouts_count; i++) {
        d->closed[i] = old && u->layout_calendar[i] && !calendar_is_open(u->layout_calendar[i], r->business_date);
        d->may_lack[i] = d->closed[i] || waiver_find(&d->waivers, u->layouts[i]->name);
    }
    if (old) waiver_expect(&d->waivers, old, r, arena);
    return true;
}
