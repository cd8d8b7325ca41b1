/* act: what the commands share by which people decide something: who acts, for which level, and what is said after it.
 *
 * Who: --as NAME, an operator of crmx operator list; without it the user of the operating system, whose name is
 * recorded in any case. Level: --unit UNIT, or --unit head for the head office, whose parameters all units inherit.
 */
#ifndef CRMX_CONTROL_ACT_H
#define CRMX_CONTROL_ACT_H

#include "control/command.h"
#include "control/listing.h"
#include "etl/parameter_store.h"

#define ACT_AS                                                                                                         \
    {                                                                                                                  \
        .name = "as", .type = COMMAND_TEXT, .placeholder = "NAME",                                                     \
        .doc = "the operator who acts (default: the user of the operating system)"                                     \
    }
#define ACT_REASON                                                                                                     \
    {                                                                                                                  \
        .name = "reason", .letter = 'r', .type = COMMAND_TEXT, .placeholder = "TEXT", .doc = "why; kept for ever"      \
    }
#define ACT_LEVEL                                                                                                      \
    {                                                                                                                  \
        .name = "unit", .letter = 'u', .type = COMMAND_TEXT, .placeholder = "UNIT",                                    \
        .doc = "the unit, or head: the head office, whose parameters all units inherit (default: the only unit)"       \
    }
#define ACT_FROM                                                                                                       \
    {                                                                                                                  \
        .name = "from", .type = COMMAND_DATE,                                                                          \
        .doc = "the first business date it counts for (default: the day after the last one that was run)"              \
    }
#define ACT_VERSION                                                                                                    \
    {                                                                                                                  \
        .name = "version", .type = COMMAND_INTEGER, .minimum = 1, .maximum = INT64_MAX,                                \
        .doc = "its number: crmx formula list", .required = true                                                       \
    }

/* Opens the store with the actor of the call; acts false: only looks. act_close is fine in any case. */
bool act_open(struct command_call *call, bool acts, struct parameter_store *store, struct status *st);
/* --unit as a level; NULL: STATUS_USAGE. */
const char *act_level(struct command_call *call, struct status *st);
/* Of commands whose --unit may be left out: where it was given it is a unit, or head. */
bool act_check_level(struct command_call *call, struct status *st);
/* "unit 11", "the head office" */
const char *act_level_name(struct command_call *call, const char *level);
/* "version 7 is submitted; next: …", JSON, or a row of CSV: the command has .rows "". */
void act_print(struct command_call *call, const struct parameter_result *r);
/* What the state of a version means by the dates, as the files of state/parameters have them: the one in force until
 * another one comes is active until then, the one that comes is active from its date on, and what counts on no date any
 * more is retired. A version is in force by its level's next date that may be run.
 *
 *     act_dates_open(&d, store, st)
 *     act_state(&d, version, level, state of the database, &out, st)     texts live in the store's arena */
struct act_level_date {
    const char *level;
    int32_t date;
    struct act_level_date *next;
};
struct act_dates {
    struct parameter_store *store;
    struct parameter_set files;
    struct act_level_date *levels;
};
struct act_state {
    const char *word;  /* for programs: active */
    const char *text;  /* for people: active from 2026-12-01 until 2026-12-31 */
    const char *until; /* the last date it counts for; NULL: for good, or not at all */
};
bool act_dates_open(struct act_dates *d, struct parameter_store *store, struct status *st);
bool act_state(struct act_dates *d, int64_t version, const char *level, const char *state, struct act_state *out,
               struct status *st);
/* "500000" → "500000.00", in the call's arena; NULL: STATUS_USAGE. */
const char *act_threshold(struct command_call *call, const char *given, struct status *st);
/* What a draft does not give stays as it is in force at its level, so that a new threshold does not lose the unit's
 * formula. inherit: the part (formula, threshold, challenger) that is taken out; -1: none. */
bool act_keep_parts(struct parameter_store *store, struct parameter_act *a, int inherit, struct status *st);
/* A whole text file that is UTF-8 and not too long, into the call's arena; NULL: a status. */
const char *act_read_text(struct command_call *call, const char *path, struct status *st);
/* The result of a named query as a listing; names are NULL-ended, one for each column. */
bool act_list(struct command_call *call, PGconn *c, const char *query, const char *const *values, int values_count,
              const char *const names[], struct status *st);

#endif
