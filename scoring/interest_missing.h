/* interest_missing: the accounts for which interest() of a formula finds no rate and is 0, counted: a measure over
 * them for each measure of the formula that reads a rate, over the same tables and condition. A rate of 0 is a rate.
 *
 *     interest_missing_new(f, schema, &rates, &x, st)      x NULL: the formula does not call interest()
 *     measure_add(x->measures, …)                          as any measures: measure k counts the accounts of x->of[k]
 *     interest_missing_free(x)
 */
#ifndef CRMX_SCORING_INTEREST_MISSING_H
#define CRMX_SCORING_INTEREST_MISSING_H

#include "scoring/formula.h"

enum { INTEREST_MISSING_MAX = 32 }; /* measures with interest(); more are not looked at */

struct interest_missing {
    struct arena arena;
    struct formula *formula;
    struct measure_set *measures;
    int count;
    int of[INTEREST_MISSING_MAX]; /* measure of the formula asked for */
};

bool interest_missing_new(const struct formula *f, const struct schema *schema, const struct measure_rates *rates,
                          struct interest_missing **out, struct status *st);
void interest_missing_free(struct interest_missing *x);

#endif
