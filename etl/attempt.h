/* attempt: the folder a run works in, and how it becomes a generation.
 *
 *     nothing ──attempt_open──► run/ID/ (open) ──attempt_publish──► gen/ID/ and CURRENT
 *                  ▲    │ killed: the same attempt is opened again
 *                  └────┘ failed for a cause ("failed" in its journal): a new attempt, which may use the files of those
 *                  before
 *
 * Invariants: gen.tmp is renamed to gen/ID only when everything in it is on disk; CURRENT names it only after that;
 * nothing is ever renamed onto an existing folder; the high-water mark of numbers is raised before CURRENT, so a number
 * is never given twice.
 */
#ifndef CRMX_ETL_ATTEMPT_H
#define CRMX_ETL_ATTEMPT_H

#include "etl/epoch.h"
#include "etl/generation.h"
#include "etl/input.h"

struct attempt {
    char id[GENERATION_ID_MAX];   /* DATE.SEQ.ATTEMPT */
    char folder[OS_PATH_MAX];     /* run/ID */
    char generation[OS_PATH_MAX]; /* run/ID/gen.tmp */
    int sequence;                 /* SEQ: how often the date was begun anew after it had been committed */
    int number;                   /* ATTEMPT; those below it failed */
    bool resumed;
    const struct epoch *epoch; /* checked before every rename that publishes */
};

/* in/ of the attempts of the same date before this one (a NULL: of all of them), the latest first: where its files may
 * lie. */
bool attempt_earlier(const struct attempt *a, const char *unit_folder, int32_t business_date, struct arena *arena,
                     const char *const **folders, int *count, struct status *st);
/* Goes on with the last attempt of the date, unless the run that works on it is still alive (epoch->other); a new one
 * when that failed; a new sequence when it was committed. */
bool attempt_open(struct attempt *a, const char *unit_folder, int32_t business_date, const struct epoch *epoch,
                  struct status *st);
/* Copies unit, layouts, outputs, identity, calendars and formulas to param/, once, and the activated parameters that
 * count for the date (etl/parameter). */
bool attempt_freeze(const struct attempt *a, const char *work, const char *unit, struct status *st);
/* The highest number ever given; 0 at the start. While the attempt is open it is the mark from before it. */
bool attempt_high_water(const struct attempt *a, const char *unit_folder, uint64_t *number, struct status *st);
/* Links the inputs and the frozen parameters into gen.tmp. */
bool attempt_archive_inputs(const struct attempt *a, const struct input_set *inputs, struct status *st);
bool attempt_publish(const struct attempt *a, const char *unit_folder, const char *manifest_hash, uint64_t high_water,
                     struct status *st);

#endif
