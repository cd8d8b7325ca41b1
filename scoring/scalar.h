/* scalar: the oracle's failure of a result, shared with the vector program. Internal to scoring/; the public entry is
 * formula_evaluate_scalar(). */
#ifndef CRMX_SCORING_SCALAR_H
#define CRMX_SCORING_SCALAR_H

#include "scoring/bind.h"

/* The failure of a result that no integer can hold. Always false. */
bool result_out_of_range(const struct formula_program *p, int result, uint32_t row, double x, struct status *st);

#endif
