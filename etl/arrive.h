/* arrive (step 010): find tonight's files in the inbox, see that they are complete, take them into the attempt's folder.
 *
 * A file once taken is the attempt's own: later steps read only DIR/in. By rename (default), by hard link (the inbox keeps its
 * name; `take = link`) or by copy. gzip files are unpacked while they are taken, so that records can be read by offset later.
 * Doing it again after a crash continues: what is in DIR/in already is kept.
 * A new attempt finds files that a failed attempt has taken in that attempt's folder; a file of the same name in the inbox
 * replaces it (the repaired one).
 */
#ifndef CRMX_ETL_ARRIVE_H
#define CRMX_ETL_ARRIVE_H

#include "etl/input.h"
#include "etl/unit.h"

struct arrive_request {
    const struct unit *unit;
    int32_t business_date;
    const char *inbox;         /* absolute or relative to the working folder, resolved */
    const char *folder;        /* DIR/in of the attempt */
    const char *earlier;       /* DIR/in of the failed attempt before, NULL */
};

/* What is there and what is missing, without taking anything (preflight, status). Calls each found file. */
typedef bool arrive_found(void *context, int layout_index, const char *name, const char *path);
bool arrive_look(const struct arrive_request *r, arrive_found *found, void *context, struct status *st);

/* Takes the files and adds them to the inputs, customers first. STATUS_BUSY when something is missing or incomplete. */
bool arrive_take(const struct arrive_request *r, struct input_set *inputs, struct arena *arena, struct status *st);

#endif
