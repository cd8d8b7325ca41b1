/* calendar: on which days a system sends (domain 8: funds and rates have trading days only). calendars/NAME.ini:
 *
 *     [calendar] name, weekend = saturday sunday    [holidays] DATE = why    [working] DATE = why (weekends that are
 *                                                                            worked)
 *
 * The unit's [calendar] section names one for a system, or for a layout without a system; who has none sends every day.
 * */
#ifndef CRMX_ETL_CALENDAR_H
#define CRMX_ETL_CALENDAR_H

#include "base/arena.h"
#include "base/status.h"

#include <stdint.h>

enum { CALENDAR_DAYS_MAX = 2048 };

struct calendar {
    const char *name;
    bool weekend[7]; /* from Sunday */
    int32_t holidays[CALENDAR_DAYS_MAX], working[CALENDAR_DAYS_MAX];
    int holidays_count, working_count;
};

bool calendar_load(const char *path, const char *name, struct arena *arena, struct calendar **out, struct status *st);
bool calendar_is_open(const struct calendar *c, int32_t date);

#endif
