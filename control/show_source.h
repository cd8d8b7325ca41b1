/* show_source: which formula an argument means, and where its text comes from.
 *
 *     crmx trial draft.formula     a file: it has a slash or ends with .formula
 *     crmx trial personal          formulas/personal.formula of the working folder
 *     crmx trial 7                 version 7 of the database, with what it inherits: what crmx formula trial 7 tries.
 *                                  Without a database ([database] mode = none) a version that came into force, as the
 *                                  files of state/parameters have it, else formulas/7.formula
 *     crmx trial active            what counts for the next business date, as crmx parameter show says
 *
 * A file that has such a name is given by its path: ./7.formula, formulas/active.formula.
 *
 * The version of a unit decides the unit where --unit was not given (call->unit); another --unit is an error. The
 * customer type of a version is its own.
 */
#ifndef CRMX_CONTROL_SHOW_SOURCE_H
#define CRMX_CONTROL_SHOW_SOURCE_H

#include "control/command.h"
#include "etl/parameter_store.h"

/* Everything lives in the call's arena. */
struct show_source {
    const char *name;      /* "personal", "version 7": for messages */
    const char *path;      /* for messages with a place: the file, or the name */
    const char *origin;    /* for pages: the file, or "version 7 of unit 11, approved" */
    int type;              /* CUSTOMER_PERSONAL …; -1: a file does not say */
    const char *threshold; /* "500000.00" of a version; NULL: that of the text */
    bool versioned;        /* threshold and text are a version's: the unit file has no say */
    struct view text;
};

/* type: customers whose formula is wanted; -1: those of --type, else whose it is. STATUS_USAGE: there is none, the
 * version is of others. */
bool show_source_open(struct command_call *call, const char *argument, int type, struct show_source *out,
                      struct status *st);
/* The same for a version that is known already. */
bool show_source_of_version(struct command_call *call, struct parameter_store *store, const struct parameter_version *v,
                            int type, struct show_source *out, struct status *st);
/* Up to 18 digits and nothing else. */
bool show_is_version(const char *argument, int64_t *version);
/* The next business date to be run: the day after the last one of the unit; INT32_MAX when there is none yet. */
bool show_next_date(struct command_call *call, const char *unit, int32_t *date, struct status *st);

#endif
