/* keep: which generations stay, and going back to an earlier one (domain 9: 7 generations and the month ends).
 *
 * Both work under the unit's lock. A killed prune or rollback is finished by the same call; CURRENT names a whole
 * generation at every moment. */
#ifndef CRMX_ETL_KEEP_H
#define CRMX_ETL_KEEP_H

#include "etl/generation.h"

enum { KEEP_GENERATIONS_MAX = 4096 };

struct keep_entry {
    char id[GENERATION_ID_MAX];
    int32_t date;
    int sequence, attempt;
    bool is_current, is_month_end, is_superseded /* the date was done again since */, goes;
};

struct keep_list {
    struct keep_entry entry[KEEP_GENERATIONS_MAX]; /* oldest first */
    int count;
};

/* What is there; `goes` for all but the latest `keep` dates, the month ends and the current one. */
bool keep_look(const char *unit_folder, int keep, struct keep_list *out, struct status *st);
/* Removes those that go, with their run folders: oldest first. Calls tell for each. */
bool keep_prune(const char *unit_folder, int keep, bool rehearse, void (*tell)(void *context, const char *id),
                void *context, struct status *st);
/* Makes the latest generation of an earlier date the current one. Free as long as nothing later was delivered to a
 * target; after that it is refused: the target would keep what the unit has taken back. */
bool keep_rollback(const char *unit_folder, const char *unit, int32_t date, const char *reason,
                   char id[GENERATION_ID_MAX], struct status *st);

#endif
