/* arrive (step 010): find tonight's files in the inbox, see that they are complete, take them into the attempt's
 * folder.
 *
 * A file once taken is the attempt's own: later steps read only DIR/in. By rename (default), by hard link (the inbox
 * keeps its name; `take = link`) or by copy. gzip files are unpacked once they are taken, so that records can be read
 * by offset later; they keep their names.
 *
 * Places, the nearest first: DIR/in of this attempt, the inbox, DIR/in of the attempts before, the latest of them
 * first. Of files of the same name (with or without .gz) the nearest counts; where a layout expects one file, the
 * nearest place that has one counts, so that a repaired file may have a new name. Every attempt before is searched: one
 * that failed before it had taken anything has moved nothing.
 *
 * After a crash at any moment the same call continues. A control file (.ctl) is taken before its data file, so that no
 * data file is ever in DIR/in without it; completeness is asked of files in the inbox only, what was taken was
 * complete.
 */
#ifndef CRMX_ETL_ARRIVE_H
#define CRMX_ETL_ARRIVE_H

#include "etl/input.h"
#include "etl/unit.h"

struct arrive_expected { /* a file that has to come, by name */
    int layout;
    const char *name;
};

struct arrive_request {
    const struct unit *unit;
    int32_t business_date;
    const char *inbox;          /* absolute or relative to the working folder, resolved */
    const char *folder;         /* DIR/in of the attempt */
    const char *const *earlier; /* DIR/in of the attempts before this one, latest first */
    int earlier_count;
    /* Which layouts are taken: a night takes change lists and transactions, a full load the unloads; both rates and
     * exclusions. */
    bool changes;
    const bool *may_lack; /* per layout: nothing is missing when there is no file (waived, or no day of its calendar) */
    const struct arrive_expected *expected; /* of layouts that expect many: which city branches there are */
    int expected_count;
    bool frozen; /* the attempt has all its files: what came to the inbox since is for another */
};

/* The pattern of a file's name with {unit} and {date} filled in. */
enum { ARRIVE_NAME_MAX = 256 };
void arrive_fill(const char *pattern, const char *unit, int32_t business_date, char out[ARRIVE_NAME_MAX]);
/* "RTLACCT" and "RTLACCT.gz" are one file. */
bool arrive_same_name(const char *a, const char *b);
/* Does a night of changes (else: of unloads) wait for files of this layout? */
bool arrive_wants(const struct layout *l, bool changes);

/* What is there and what is missing, without taking anything (preflight, status). Calls each found file. */
typedef bool arrive_found(void *context, int layout_index, const char *name, const char *path);
bool arrive_look(const struct arrive_request *r, arrive_found *found, void *context, struct status *st);

/* Takes the files and adds them to the inputs, customers first. STATUS_BUSY when something is missing or incomplete. */
bool arrive_take(const struct arrive_request *r, struct input_set *inputs, struct arena *arena, struct status *st);

#endif
