/* print: a syntax tree as text again, in one canonical way: equal trees give equal texts, whatever blanks, comments,
 * full-width signs or superfluous parentheses the file had. Internal to scoring/; others ask
 * formula_measure_definition() (scoring/formula.h) and formula_parts (scoring/parts.h).
 *
 * Operators of one level stand left to right as parsed; what binds less tightly gets parentheses. A coefficient is
 * printed as it is used: 系数(1.5) for a literal (with its value of now, which a trial may have changed), else its name.
 */
#ifndef CRMX_SCORING_PRINT_H
#define CRMX_SCORING_PRINT_H

#include "base/buf.h"
#include "scoring/tree.h"

void print_node(const struct formula *f, const struct node *n, struct buf *out);
/* "sum(retail + card where kind = 'D', balance)" */
void print_measure(const struct formula *f, const struct measure_definition *m, struct buf *out);

#endif
