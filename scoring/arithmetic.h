/* arithmetic: the rules of the score's double arithmetic, in one place for the oracle and the vector kernels.
 *
 * IEEE double, round to nearest, no contraction, no fast-math; the order is the written order. Internal to scoring/.
 */
#ifndef CRMX_SCORING_ARITHMETIC_H
#define CRMX_SCORING_ARITHMETIC_H

#include "base/date.h"
#include "scoring/tree.h"

#include <math.h>

/* A result beyond this is an error, well before int64 ends: sums of results must fit too. */
#define RESULT_LIMIT 4611686018427387904.0 /* 2^62 */

/* No term, no contribution: a loan without a term adds nothing, it does not stop the night (docs/formula.md). */
static inline double divide_total(double a, double b)
{
    return b == 0 ? 0 : a / b;
}

static inline double smaller_of(double a, double b)
{
    return a < b ? a : b;
}

static inline double larger_of(double a, double b)
{
    return a > b ? a : b;
}

/* half_up is floor(x + 0.5) in double, as the documented formulas do it; half_away and half_even are exact. */
static inline double round_by(double x, enum rounding mode)
{
    switch (mode) {
    case ROUNDING_HALF_UP: return floor(x + 0.5);
    case ROUNDING_HALF_AWAY: return round(x);
    case ROUNDING_HALF_EVEN: return rint(x);
    }
    return x;
}

/* Arithmetic of dates may give no other: a day beyond is an error, as a number beyond the largest double is one. */
static inline bool is_day(double x)
{
    return x >= DATE_FIRST && x <= DATE_LAST;
}

/* A missing date may be any number: one that date_to_civil can tell. */
static inline int32_t date_of_double(double x)
{
    if (!(x > -4000000)) return -4000000;
    return x < 4000000 ? (int32_t)floor(x) : 4000000;
}

/* Completed months from one date to another; negative when it is an earlier one. */
static inline double months_between(double from, double to)
{
    int y, m, d, to_y, to_m, to_d;
    date_to_civil(date_of_double(from), &y, &m, &d);
    date_to_civil(date_of_double(to), &to_y, &to_m, &to_d);
    return (to_y - y) * 12 + (to_m - m) - (to_d < d);
}

/* Completed years: a birthday of 29 February is completed on 1 March of a common year. */
static inline double years_between(double from, double to)
{
    int y, m, d, to_y, to_m, to_d;
    date_to_civil(date_of_double(from), &y, &m, &d);
    date_to_civil(date_of_double(to), &to_y, &to_m, &to_d);
    return to_y - y - (to_m < m || (to_m == m && to_d < d));
}

#endif
