/* parameter_trial: would a version do in the night? Formula and threshold over a whole committed generation: every
 * measure computed again, every customer of the type scored, lists applied as the generation's run applied them.
 *
 * What the night would refuse (a text that is no formula, a field that is not hot, an overflow, a score that is not
 * finite) is no failure here but the trial's error: such a version cannot be submitted. Nothing is written.
 */
#ifndef CRMX_ETL_PARAMETER_TRIAL_H
#define CRMX_ETL_PARAMETER_TRIAL_H

#include "base/pool.h"
#include "etl/generation.h"

struct parameter_trial_request {
    struct generation *g;
    struct pool *pool; /* NULL: the calling thread alone */
    int customer_type;
    const char *formula;   /* text */
    const char *threshold; /* "500000.00"; NULL: that of the text */
    const char *name;      /* for messages */
};

struct parameter_trial_counts {
    uint64_t customers, passing; /* scored; selected */
    uint64_t entering, leaving;  /* against the selection of the generation */
    uint64_t errors;             /* 0 or 1 */
    char error[STATUS_MESSAGE_MAX];
    int64_t threshold_minor; /* used */
};

bool parameter_trial_run(const struct parameter_trial_request *r, struct parameter_trial_counts *out,
                         struct status *st);

/* "500000.00" or "500000" in yuan → minor units; false: it is no such amount. */
bool parameter_read_money(const char *text, int64_t *minor);

#endif
