/* lint_direction: which way a value goes when a measure grows. Internal to scoring/lint_*.c.
 *
 *     directions_init(&d, l) → directions_of(&d, measure) → direction_of(&d, expression) → directions_release
 *
 * Measures, amounts of customers and spans of time are taken to be no less than 0, as sums of amounts nearly always
 * are; a measure that is the negative of something is no more. */
#ifndef CRMX_SCORING_LINT_DIRECTION_H
#define CRMX_SCORING_LINT_DIRECTION_H

#include "scoring/lint_rules.h"

enum direction {
    DIRECTION_NONE, /* it does not depend on the measure */
    DIRECTION_RISES,
    DIRECTION_FALLS,
    DIRECTION_UNKNOWN /* both, or it cannot be told */
};

struct range {
    double least, most;
};

struct directions {
    const struct linter *l;
    int measure;
    struct range *ranges;       /* of the definitions */
    enum direction *directions; /* of these, for the measure */
};

/* The ranges of all definitions. */
void directions_init(struct directions *d, const struct linter *l);
void directions_release(struct directions *d);
/* From here on it is about that measure. */
void directions_of(struct directions *d, int measure);
enum direction direction_of(const struct directions *d, const struct expr *e);
enum direction direction_turned(enum direction x);

#endif
