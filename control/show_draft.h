/* show_draft: the formula an analyst works with on the command line: a file, or the name of one in formulas/; for
 * which customers, with which threshold and coefficients.
 *
 * Threshold in force, as the night has it: --threshold, else threshold.TYPE of units/UU.ini, else the formula's own.
 * The command declares SHOW_TYPE, SHOW_THRESHOLD and SHOW_COEF.
 */
#ifndef CRMX_CONTROL_SHOW_DRAFT_H
#define CRMX_CONTROL_SHOW_DRAFT_H

#include "control/command.h"
#include "etl/trial.h"

extern const char *const SHOW_TYPES[]; /* personal, corporate */

#define SHOW_TYPE                                                                                                      \
    {                                                                                                                  \
        .name = "type", .type = COMMAND_CHOICE, .words = SHOW_TYPES, .placeholder = "TYPE",                            \
        .doc = "which customers: personal or corporate (default: whose formula it is)"                                 \
    }
#define SHOW_THRESHOLD                                                                                                 \
    {                                                                                                                  \
        .name = "threshold", .letter = 't', .type = COMMAND_TEXT, .placeholder = "AMOUNT",                             \
        .doc = "another threshold, such as 800000.00 (default: as the night would take it)"                            \
    }
#define SHOW_COEF                                                                                                      \
    {                                                                                                                  \
        .name = "coef", .letter = 'c', .type = COMMAND_TEXT, .placeholder = "NAME=VALUE", .repeated = true,            \
        .doc = "another value of a coefficient, by name or number: fx=1.6, 系数#2=1.6, #2=1.6"                       \
    }

struct show_draft {
    const char *name; /* "personal" */
    const char *path;
    struct buf text;
    struct formula *f; /* threshold and coefficients set */
    int type;
    bool coefficients_changed; /* by --coef: what is tried is not what the file says */
    char hash[TRIAL_HASH_MAX];
};

/* unit: as configured now. argument: a file, or a name. */
bool show_draft_open(struct command_call *call, const struct unit *unit, const char *argument, struct show_draft *out,
                     struct status *st);
void show_draft_close(struct show_draft *f);

/* The unit of the call as it is configured now (not as frozen in a generation). */
bool show_unit_configured(struct command_call *call, const char *id, struct unit **out, struct status *st);
/* Index of a coefficient: "fx", "系数#2", "#2". -1: STATUS_USAGE, which there are. */
int show_coefficient(struct command_call *call, const struct formula *f, const char *name, struct status *st);
/* "800000.00" → 80000000 */
bool show_parse_amount(const char *what, const char *text, int64_t *minor, struct status *st);
bool show_parse_number(const char *what, const char *text, double *value, struct status *st);
/* "12.34%" of part in whole */
const char *show_share(struct arena *arena, uint64_t part, uint64_t whole);
/* As many workers as [run] threads says. */
struct pool *show_pool(struct command_call *call);

#endif
