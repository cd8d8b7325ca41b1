/* show_formula: the formula a command works with: a file, a name, a version or "active" (control/show_source.h); for
 * which customers, with which threshold and coefficients; and bound to a unit as it is configured, for commands that
 * judge a formula before it is anybody's.
 *
 * The customer type is that of the version, of --type, else of the unit's file that names the formula. Threshold in
 * force, as the night has it: --threshold; of a version what it says or inherits; of a file threshold.TYPE of
 * units/UU.ini, else the formula's own. The command declares SHOW_UNIT, SHOW_TYPE, and SHOW_THRESHOLD and SHOW_COEF
 * where they make sense.
 *
 *     struct unit *unit = NULL;
 *     show_formula_open(call, "personal", -1, &unit, &s, st) → s.f, s.type, s.hash → show_formula_close(&s)
 *     show_formula_bind(call, unit, s.f, s.path, &b, st) → b.program, b.measures → show_binding_close(&b)
 */
#ifndef CRMX_CONTROL_SHOW_FORMULA_H
#define CRMX_CONTROL_SHOW_FORMULA_H

#include "control/command.h"
#include "control/show_source.h"
#include "control/show_unit.h"
#include "etl/probe_rates.h"
#include "etl/table.h"
#include "etl/trial.h"

#define SHOW_FORMULA_WORDS "FILE|NAME|VERSION"
#define SHOW_FORMULA_ARGUMENT                                                                                          \
    {                                                                                                                  \
        .name = "formula", .type = COMMAND_TEXT, .placeholder = SHOW_FORMULA_WORDS, .required = true,                  \
        .doc =                                                                                                         \
            "a formula file, the name of one of the working folder (personal), the number of a version, or active: "   \
            "what counts next"                                                                                         \
    }
#define SHOW_TYPE                                                                                                      \
    {                                                                                                                  \
        .name = "type", .type = COMMAND_CHOICE, .words = CUSTOMER_TYPE_NAMES, .placeholder = "TYPE",                   \
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

/* What the commands that try a formula over a generation have in common. */
#define SHOW_TRIED SHOW_TYPE, SHOW_THRESHOLD, SHOW_COEF, SHOW_UNIT, SHOW_DATE, SHOW_GENERATION

struct show_formula {
    const char *name, *path, *origin; /* as in struct show_source */
    struct formula *f;                /* threshold and coefficients set */
    int64_t own_threshold_minor;      /* the one in its text */
    int type;                         /* CUSTOMER_PERSONAL … */
    bool coefficients_changed;        /* by --coef: what is tried is not what the file says */
    char hash[TRIAL_HASH_MAX];
};

/* *unit: of the call, as it is configured now; NULL: loaded here, and it may be the one whose version is named. type:
 * whose formula it is to be, -1: find out. show_formula_close is fine in any case. */
bool show_formula_open(struct command_call *call, const char *argument, int type, struct unit **unit,
                       struct show_formula *out, struct status *st);
/* The same for a source that is open. */
bool show_formula_from(struct command_call *call, const struct show_source *source, int type, struct unit **unit,
                       struct show_formula *out, struct status *st);
void show_formula_close(struct show_formula *f);

/* A formula as the unit of now would read it: bound to its tables, its measures planned. */
struct show_binding {
    struct tables tables; /* in the call's arena */
    const char *rates_from;
    struct measure_set *measures;
    struct formula_program *program;
};
/* path: for messages. --date, when the command declares it: whose rates count. On failure nothing is left open. */
bool show_formula_bind(struct command_call *call, const struct unit *unit, const struct formula *f, const char *path,
                       struct show_binding *out, struct status *st);
void show_binding_close(struct show_binding *b);

/* The unit of the call as it is configured now (not as frozen in a generation). */
bool show_unit_configured(struct command_call *call, const char *id, struct unit **out, struct status *st);
/* Index of a coefficient: "fx", "系数#2", "#2". -1: STATUS_USAGE, which there are. */
int show_coefficient(struct command_call *call, const struct formula *f, const char *name, struct status *st);

#endif
