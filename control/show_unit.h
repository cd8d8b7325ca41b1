/* show_unit: which unit, generation or attempt a command looks at, when it was not said in full.
 *
 * Unit: --unit, else the only one that is configured. Generation: of --date the latest one, else the current one.
 * Attempts are those of state/units/UU/run, each with what its journal says. Everything is read only; texts live in the
 * call's arena.
 */
#ifndef CRMX_CONTROL_SHOW_UNIT_H
#define CRMX_CONTROL_SHOW_UNIT_H

#include "control/command.h"
#include "etl/generation.h"

#define SHOW_UNIT                                                                                                      \
    {                                                                                                                  \
        .name = "unit", .letter = 'u', .type = COMMAND_TEXT, .placeholder = "UNIT",                                    \
        .doc = "the unit (default: the only one there is)"                                                             \
    }
#define SHOW_DATE                                                                                                      \
    {                                                                                                                  \
        .name = "date", .letter = 'd', .type = COMMAND_DATE,                                                           \
        .doc = "business date of the generation (default: the current one)"                                            \
    }

#define SHOW_GENERATION                                                                                                \
    {                                                                                                                  \
        .name = "generation", .letter = 'g', .type = COMMAND_TEXT, .placeholder = "ID",                                \
        .doc = "the generation itself, such as 2026-10-31.001.2 (of several of one date)"                              \
    }

/* Ids of all units/UU.ini, in byte order; *count of them. */
bool show_units(struct command_call *call, const char ***ids, int *count, struct status *st);
/* The unit of the call: --unit, else call->unit, else the only one. NULL: STATUS_USAGE, which units there are. */
const char *show_unit(struct command_call *call, struct status *st);
/* Folder state/units/UU. */
const char *show_unit_folder(struct command_call *call, const char *unit);

/* Ids of the generations of a unit, oldest first. */
bool show_generations(struct command_call *call, const char *unit, const char ***ids, int *count, struct status *st);
/* Opens the generation the call asks for (--unit; --date when dated; --generation when the command declares it). */
bool show_generation(struct command_call *call, bool dated, struct generation **g, struct status *st);

/* Does a file's name fit a layout's pattern? {unit} is filled in, {date} stands for any; FILE.gz fits as FILE does. */
bool show_matches(const char *pattern, const char *unit, const char *file);

enum show_attempt_state { ATTEMPT_OPEN, ATTEMPT_STOPPED, ATTEMPT_FAILED, ATTEMPT_COMMITTED };
struct show_attempt {
    const char *id, *folder;
    enum show_attempt_state state;
    const char *event, *time, *detail; /* the journal's last event */
    int step;
    const char *loaded, *delivered; /* when the followers did it, NULL: not yet */
    bool damaged;                   /* the journal could not be read; detail says why */
};
/* The attempts, oldest first. */
bool show_attempts(struct command_call *call, const char *unit, struct show_attempt **attempts, int *count,
                   struct status *st);
/* The latest attempt that is not committed, when it is newer than the current generation; NULL. */
const struct show_attempt *show_unfinished(const struct show_attempt *attempts, int count);

#endif
