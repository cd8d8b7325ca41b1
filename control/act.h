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

extern const char *const ACT_TYPES[]; /* personal, corporate; NULL-ended */

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
/* "unit 11", "the head office" */
const char *act_level_name(struct command_call *call, const char *level);
/* "version 7 is submitted; next: …", JSON, or a row of CSV: the command has .rows "". */
void act_print(struct command_call *call, const struct parameter_result *r);
/* A whole text file that is UTF-8 and not too long, into the call's arena; NULL: a status. */
const char *act_read_text(struct command_call *call, const char *path, struct status *st);
/* The result of a named query as a listing; names are NULL-ended, one for each column. */
bool act_list(struct command_call *call, PGconn *c, const char *query, const char *const *values, int values_count,
              const char *const names[], struct status *st);

#endif
