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

/* 123.45 a number · 2026-10-31 a date (20261031 too, where no number will do) · true, false · 'A' or "A", or a word, a
 * code · empty: a missing date. Anything else is refused: what is misspelt must not become a code. */
struct eval_variable {
    struct view name, value;
    uint32_t column; /* of a line of cases, in characters from 1; 0: of no line */
};

/* What a value is, for whoever prints it otherwise than as text. */
enum eval_kind { EVAL_NUMBER, EVAL_BOOLEAN, EVAL_TEXT /* a code or a date */, EVAL_MISSING };

/* Splits "name=value"; false with a status when there is no name or no "=". */
bool eval_variable_parse(struct view text, struct eval_variable *out, struct status *st);
/* Appends the value to out, without a line end: a number with as few digits as give the same double back (15 to 17), a
 * date as 2026-10-31, a condition as true or false, a code as its text, a missing value as "missing". A number that is
 * infinite or none fails, with the place where it arose; so does age() and the like when business_date is DATE_NONE.
 * name is for messages, such as "EXPRESSION". */
bool formula_eval_text(const char *name, struct view expression, const struct eval_variable *variables, int count,
                       int32_t business_date, struct buf *out, enum eval_kind *kind, struct status *st);

/* A line of cases. */
struct eval_line {
    uint32_t line;
    bool ok;
    enum eval_kind kind;
    const char *text;   /* the value */
    uint32_t column;    /* not ok: of the place, 0 when the whole line is meant */
    const char *reason; /* not ok: without file, line and column */
    const char *hint;   /* not ok: "" when there is none */
};
typedef void eval_visit(void *context, const struct eval_line *line);

struct eval_counts {
    uint64_t cases, failed;
};
/* Lines of tab-separated fields: the expression, then name=value …; empty lines and lines that begin with # are
 * skipped. Calls visit for each case, whether it fails or not. */
struct eval_counts formula_eval_file(const char *name, struct view text, int32_t business_date, eval_visit *visit,
                                     void *context);

#endif
