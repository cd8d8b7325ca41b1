/* show_tsv: the tables that a run writes for people and programs (rejects.tsv, notes.tsv, totals.tsv, tieout.tsv), line
 * by line.
 *
 *     struct show_tsv t;
 *     if (!show_tsv_open(&t, path, COLUMNS, st)) …      COLUMNS must be those of its first line
 *     while (show_tsv_next(&t, st)) … t.field[0] …       fields live until the next call
 *     show_tsv_close(&t);                                false ended because of a failure: ask st->code
 *
 * Memory is constant; a line that is longer than the room, or has another number of fields, is a failure.
 */
#ifndef CRMX_CONTROL_SHOW_TSV_H
#define CRMX_CONTROL_SHOW_TSV_H

#include "base/os.h"

enum { SHOW_TSV_FIELDS_MAX = 16, SHOW_TSV_ROOM = 1 << 20 };

struct show_tsv {
    char path[OS_PATH_MAX];
    int fd, fields;
    uint64_t size, at, line; /* bytes read so far; line number of the fields */
    char *room, *next, *end;
    const char *field[SHOW_TSV_FIELDS_MAX];
};

/* columns: NULL-ended. */
bool show_tsv_open(struct show_tsv *t, const char *path, const char *const columns[], struct status *st);
bool show_tsv_next(struct show_tsv *t, struct status *st);
void show_tsv_close(struct show_tsv *t);
/* The same for a file without a first line of names, with at least so many fields (the rest are ""). */
bool show_tsv_open_plain(struct show_tsv *t, const char *path, int fields_min, struct status *st);

#endif
