/* scalar: what of the oracle others in scoring/ use. The public entry is formula_evaluate_scalar(). */
#ifndef CRMX_SCORING_SCALAR_H
#define CRMX_SCORING_SCALAR_H

#include "scoring/bind.h"

/* The failure of a result that no integer can hold. Always false. */
bool result_out_of_range(const struct formula_program *p, int result, uint32_t row, double x, struct status *st);

/* The value of a part of the typed tree for one customer; the definitions it reads are not rounded. For examples in
 * findings. */
double scalar_value(const struct formula_program *p, const struct formula_inputs *in, uint32_t row,
                    const struct expr *e);

#endif
