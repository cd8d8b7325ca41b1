/* parameter: formulas, thresholds, challengers and lists as they came into force: numbered files that never change.
 *
 *     state/parameters/000001.parameter …    one for each activation, rollback, retirement or published list, without
 *                                            gaps; each holds the SHA-256 of the one before it and ends with its own
 *     state/parameters/lock                  shared while a run freezes, exclusive while a file is added
 *
 * They are born in PostgreSQL (etl/parameter_store); a run reads these files only. For a business date counts, for each
 * level (a unit, or "head": the head office, which all units inherit) and customer type, the file with the greatest
 * number whose effective_from is not later; so what is activated today for tomorrow changes no past date. Each part
 * (formula, threshold, challenger) is the unit's own when it has one, else the head office's, else that of formulas/
 * and the unit file:
 *
 *     threshold: the unit's · that in the text of the unit's formula · the head office's · that in its formula
 *
 * parameter_freeze writes what counts into an attempt's param/ (parameters/parameters.ini, parameters/lists.tsv and
 * formulas/parameter-NNNNNN.formula); unit_load and reference_load read it from there. Without files nothing is
 * written.
 *
 * Errors: STATUS_CORRUPT for a damaged, missing or foreign file. After a crash a file is there complete or not at all.
 */
#ifndef CRMX_ETL_PARAMETER_H
#define CRMX_ETL_PARAMETER_H

#include "base/arena.h"
#include "base/os.h"
#include "base/status.h"
#include "etl/unit.h"

#include <stdint.h>

#define PARAMETER_HEAD "head" /* the level of the head office */
enum { PARAMETER_FILE_MAX = 64 * 1024 * 1024, PARAMETER_NUMBER_MAX = 999999, PARAMETER_TEXT_MAX = 65536 };

enum parameter_kind { PARAMETER_ACTIVATE, PARAMETER_ROLLBACK, PARAMETER_RETIRE, PARAMETER_LIST };
extern const char *const PARAMETER_KINDS[];          /* in the order of the enum, NULL-ended */
extern const char *const PARAMETER_CUSTOMER_TYPES[]; /* personal, corporate, both; NULL-ended */

/* One file. Texts are NUL-ended, "" when there is none; a part that is NULL is not of this level. */
struct parameter_file {
    int number;
    enum parameter_kind kind;
    const char *level;
    int customer_type; /* CUSTOMER_PERSONAL, _CORPORATE; CUSTOMER_TYPES: both (lists) */
    int32_t effective_from;
    int64_t version, subject; /* 0: none */
    const char *digest;
    const char *threshold; /* "500000.00" */
    const char *formula, *challenger, *list;
    const char *author, *created_at, *note, *trial, *approved_by, *approved_at;
    const char *actor, *os_user, *requested_at, *reason;
    char previous[65], hash[65];
};

/* SHA-256 of the content of a version, as the database computes it (crmx_store.parameter_digest). */
void parameter_digest(const char *customer_type, const char *threshold, const char *formula, const char *challenger,
                      char digest[65]);
/* The bytes of a file (previous filled, hash not); sets f->hash. */
void parameter_write(struct parameter_file *f, struct buf *out);
/* Reads bytes; path is for messages. Checks the hash, the digest of the content and the form. */
bool parameter_read(const char *path, struct view bytes, struct arena *arena, struct parameter_file *f,
                    struct status *st);

struct parameter_set { /* all files, by number: file[0] is number 1 */
    struct parameter_file *file;
    int count;
};

/* WORK/state/parameters, WORK/state/parameters/000003.parameter. */
const char *parameter_folder(const char *work, struct arena *arena);
const char *parameter_path(const char *work, int number, struct arena *arena);
/* Every file, checked: no gap, each with its hash and that of the one before. No folder: an empty set. */
bool parameter_load(const char *work, struct arena *arena, struct parameter_set *out, struct status *st);
/* Adds one file durably. It must be the next number; a file that is there with other bytes is STATUS_CORRUPT. */
bool parameter_add(const char *work, const struct parameter_file *f, struct view bytes, struct arena *arena,
                   struct status *st);
/* The lock file's descriptor (os_close gives it back); -1 and STATUS_BUSY after timeout_ms. */
int parameter_lock(const char *work, bool shared, int64_t timeout_ms, struct arena *arena, struct status *st);

/* What counts for a unit on a date. NULL: nothing there (then formulas/ and the unit file say it). */
struct parameter_choice {
    const struct parameter_file *formula, *threshold, *challenger;
    /* threshold is the text of the formula: no number of its own */
    bool threshold_in_formula;
};
struct parameter_resolved {
    struct parameter_choice of[CUSTOMER_TYPES];
    const struct parameter_file *list[2]; /* of the head office, of the unit */
};
void parameter_resolve(const struct parameter_set *s, const char *unit, int32_t date, struct parameter_resolved *out);
/* The file that counts for one level (not inherited) and type; CUSTOMER_TYPES: its list. NULL: none. */
const struct parameter_file *parameter_of_level(const struct parameter_set *s, const char *level, int customer_type,
                                                int32_t date);
/* The dates for which a version counts at its level, from `next` on, the first that may still be run (INT32_MIN: any):
 * its first span of them. *from is next where it is in force now; *until is the last one, DATE_NONE: for good. False:
 * it counts for none. */
bool parameter_span(const struct parameter_set *s, int64_t version, int32_t next, int32_t *from, int32_t *until);
/* The next date after `date` from which on a file counts that did not yet; INT32_MAX: none. */
int32_t parameter_next_change(const struct parameter_set *s, int32_t date);
/* "version 7 of the head office, file 000003, from 2026-11-01" */
const char *parameter_origin(const struct parameter_file *f, struct arena *arena);

/* Into folder/ (param.tmp of an attempt): what counts for the unit on the date. */
bool parameter_freeze(const char *work, const char *unit, int32_t date, const char *folder, struct status *st);

/* The last business date a level's parameters were used for: committed, or in a run that is not finished.
 * DATE_NONE: none. head: over all units of the working folder. */
bool parameter_last_used(const char *work, const char *level, int32_t *date, struct status *st);

#endif
