/* waiver: what a night may lack. A system or a city branch that has not sent by the deadline holds the unit; somebody
 * decides that the night goes on without it (crmx file waive … --reason). What is known of its customers and accounts
 * then stays as it is and counts as stale; the late file is supplemented by doing the date again (run daily --redo).
 *
 *     state/units/UU/waivers.tsv      date, file or layout, reason, user, time; appended, fsynced
 *     gen/ID/stale.tsv                what the generation lacks, and why
 *
 * Which city branches there are is known from the night before: each sends every file of a kind `expect = many`; in the
 * first night after a full unload, one for each of its files. */
#ifndef CRMX_ETL_WAIVER_H
#define CRMX_ETL_WAIVER_H

#include "etl/arrive.h"
#include "etl/generation.h"

struct waiver {
    const char *what, *reason; /* what: a file's name, or a layout's for all its files */
};
struct waivers {
    struct waiver *list;
    int count;
};

bool waiver_add(const char *unit_folder, int32_t date, const char *what, const char *reason, struct status *st);
/* Those of a date. */
bool waiver_read(const char *unit_folder, int32_t date, struct arena *arena, struct waivers *out, struct status *st);
bool waiver_find(const struct waivers *w, const char *what);
bool waiver_write(const struct waivers *w, const char *generation_folder, struct status *st);
/* The files of city branches that must come tonight, from yesterday's names; waived ones left out. Into r->expected. */
void waiver_expect(const struct waivers *w, const struct generation *old, struct arrive_request *r,
                   struct arena *arena);

#endif
