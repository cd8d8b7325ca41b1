/* keep: which generations stay, and going back to an earlier one (domain 9: 7 generations and the month ends).
 *
 * Both work under the unit's lock. A killed prune or rollback is finished by the same call; CURRENT names a whole
 * generation at every moment. */
#ifndef CRMX_ETL_KEEP_H
#define CRMX_ETL_KEEP_H

#include "etl/deliver_follow.h"
#include "etl/generation.h"

enum { KEEP_GENERATIONS_MAX = 4096 };

struct keep_target { /* of the unit, and what it still needs */
    const char *name;
    bool delta;
    struct deliver_outlook next;
};
struct keep_unit {
    const char *folder, *id; /* state/units/UU, UU */
    const struct keep_target *targets;
    int targets_count;
};

struct keep_entry {
    char id[GENERATION_ID_MAX];
    int32_t date;
    int sequence, attempt;
    bool is_current, is_month_end, is_superseded /* the date was done again since */, goes;
    /* A target that cannot do without it: a delta will start from it, or a set of it is not finished. NULL: none. */
    const char *needed_by;
};

struct keep_list {
    struct keep_entry entry[KEEP_GENERATIONS_MAX]; /* oldest first */
    int count;
};

/* What is there; `goes` for all but the latest `keep` dates, the month ends, the current one and those a target needs.
 * */
bool keep_look(const struct keep_unit *u, int keep, struct keep_list *out, struct status *st);
/* Removes those that go, with their run folders: oldest first. Calls tell for each. */
bool keep_prune(const struct keep_unit *u, int keep, bool rehearse, void (*tell)(void *context, const char *id),
                void *context, struct status *st);
/* Makes the latest generation of an earlier date the current one. A target that has a later date gets a set that takes
 * it back with the next delivery. Refused while a set of a later date is under way at a target, and where the
 * generation a target's delta would start from is gone: nobody could tell the target what is taken back. */
bool keep_rollback(const struct keep_unit *u, int32_t date, const char *reason, char id[GENERATION_ID_MAX],
                   struct status *st);

#endif
