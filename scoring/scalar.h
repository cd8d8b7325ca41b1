/* scalar: what of the oracle others in scoring/ use. The public entry is formula_evaluate_scalar(). */
#ifndef CRMX_SCORING_SCALAR_H
#define CRMX_SCORING_SCALAR_H

#include "scoring/bind.h"

/* formula_evaluate_scalar() where in->measures has no column for a measure: its values as doubles, those of customers
 * from `first` on. */
bool scalar_evaluate(const struct formula_program *p, const struct formula_inputs *in, const double *const *unpacked,
                     uint32_t first, uint32_t row, int64_t *results, struct status *st);
/* Whether a step that gives x has a value: a number, of dates a day of the calendar. */
bool scalar_is_value(const struct expr *e, double x);
/* The failure of a step that has none: place and text of it, `of` (" of customer 5 of the batch") or
 * nothing. Always false. */
bool scalar_overflow(const struct formula *f, const struct expr *e, const char *of, struct status *st);
/* The value of an expression that is the same for everybody; values of the intermediate ones that it names. */
double scalar_constant(const struct formula_program *p, const double *definitions, const struct expr *e);

/* The value of a part of the typed tree for one customer; the definitions it reads are not rounded. For examples in
 * findings. */
double scalar_value(const struct formula_program *p, const struct formula_inputs *in, uint32_t row,
                    const struct expr *e);

#endif
