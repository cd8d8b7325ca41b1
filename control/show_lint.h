/* show_lint: what crmx formula lint and crmx formula submit say about a formula: the rules about its text
 * (scoring/lint.h), bound to the unit as it is configured, and the rule that needs a population
 * (etl/lint_population.h), over the unit's current generation or that of --date, when the command declares it.
 *
 *     show_lint(call, unit, f, type, path, &x, st) → x.lint.findings … x.generation → show_lint_release(&x)
 */
#ifndef CRMX_CONTROL_SHOW_LINT_H
#define CRMX_CONTROL_SHOW_LINT_H

#include "control/show_unit.h"
#include "scoring/lint.h"

struct show_lint {
    struct lint lint;
    const char *generation; /* whose passes were counted; NULL: the unit has none yet */
    int warnings;
};

/* f: with the threshold in force; path: for messages. show_lint_release is fine in any case. */
bool show_lint(struct command_call *call, const struct unit *unit, const struct formula *f, int type, const char *path,
               struct show_lint *out, struct status *st);
void show_lint_release(struct show_lint *x);
/* "passes counted in generation 2026-10-31.001.1 of unit 11" or "no population was looked at: unit 11 has none yet" */
const char *show_lint_looked_at(struct command_call *call, const struct unit *unit, const struct show_lint *x);

#endif
