/* eval: one expression with named values, for `crmx formula eval`, teaching, and comparison with other calculators.
 *
 *     crmx formula eval 'a*系数(1.5) + b/c' a=100 b=7 c=0           → 150
 *     crmx formula eval --file cases.tsv                            → one result a line
 *
 * The expression is that of a score (docs/formula.md) without measures: its names are the values given. Both evaluators
 * run, the vector program and the oracle; a difference is a bug and aborts.
 */
#ifndef CRMX_SCORING_EVAL_H
#define CRMX_SCORING_EVAL_H

#include "base/buf.h"
#include "base/status.h"
#include "base/view.h"

#include <stdint.h>

enum { EVAL_VARIABLES_MAX = 256 };

/* 123.45 a number · 2026-10-31 a date, 20261031 too, where no number will do · true, false · 'A' or "A" or any other
 * word a code · empty: a missing date. */
struct eval_variable {
    struct view name, value;
};

/* Splits "name=value"; false with a status when there is no name or no "=". */
bool eval_variable_parse(struct view text, struct eval_variable *out, struct status *st);
/* Appends the value to out, without a line end: a number with as few digits as give the same double back (15 to 17), a
 * date as 2026-10-31, a condition as true or false, a code as its text, a missing value as "missing", and inf, -inf,
 * nan as such. name is for messages, such as "EXPRESSION". */
bool formula_eval_text(const char *name, struct view expression, const struct eval_variable *variables, int count,
                       int32_t business_date, struct buf *out, struct status *st);
/* Lines of tab-separated fields: the expression, then name=value …; empty lines and lines that begin with # are
 * skipped. Appends one line per case. Stops at the first line that fails; the message names file and line. */
bool formula_eval_file(const char *name, struct view text, int32_t business_date, struct buf *out, struct status *st);

#endif
