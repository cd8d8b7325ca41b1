/* show_formula: a formula file as a unit would read it: parsed, bound to the unit's tables, its measures planned. For
 * the commands that judge a formula before it is anybody's.
 *
 * What is given is a file (it has a slash or ends with .formula) or a name: formulas/NAME.formula of the working
 * folder. The customer type is that of --type, else of the unit's file that names it, else personal.
 *
 *     show_formula_open(&s, call, "personal", st) → s.formula, s.measures, s.program → show_formula_close(&s)
 */
#ifndef CRMX_CONTROL_SHOW_FORMULA_H
#define CRMX_CONTROL_SHOW_FORMULA_H

#include "control/show_unit.h"
#include "etl/probe_rates.h"
#include "etl/table.h"
#include "scoring/formula.h"

#define SHOW_FORMULA_ARGUMENT                                                                                          \
    {                                                                                                                  \
        .name = "formula", .type = COMMAND_TEXT, .placeholder = "FILE|NAME", .required = true,                         \
        .doc = "a formula file, or the name of one of the working folder: personal"                                    \
    }
#define SHOW_FORMULA_TYPE                                                                                              \
    {                                                                                                                  \
        .name = "type", .letter = 't', .type = COMMAND_CHOICE, .words = SHOW_CUSTOMER_TYPES,                           \
        .doc = "which customers it is for (default: what the unit says, else personal)"                                \
    }
extern const char *const SHOW_CUSTOMER_TYPES[]; /* personal, corporate */

struct show_formula {
    struct command_call *call;
    struct unit *unit;
    struct tables tables;
    struct probe_rates rates;
    const char *path;
    int type; /* CUSTOMER_PERSONAL … */
    struct formula *formula;
    struct measure_set *measures;
    struct formula_program *program;
};

/* On failure nothing is left open. */
bool show_formula_open(struct show_formula *s, struct command_call *call, const char *file_or_name, struct status *st);
void show_formula_close(struct show_formula *s);

#endif
