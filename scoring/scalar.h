/* scalar: the oracle's walk over a typed tree, for one customer. Internal to scoring/; the public entry is
 * formula_evaluate_scalar(). */
#ifndef CRMX_SCORING_SCALAR_H
#define CRMX_SCORING_SCALAR_H

#include "scoring/bind.h"

struct scalar {
    double number;
    bool missing;
};

/* An expression that refers to no definitions (scoring/eval). */
struct scalar scalar_expression(const struct formula_program *p, const struct formula_inputs *in, uint32_t row,
                                const struct expr *e);
/* The failure of a result that no integer can hold. Always false. */
bool result_out_of_range(const struct formula_program *p, int result, uint32_t row, double x, struct status *st);

#endif
