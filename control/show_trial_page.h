/* show_trial_page: what crmx trial and crmx formula trial ask for and print: one trial, one page. What it was tried for
 * (a look, or a version on its way to an approval) is the command's.
 *
 *     struct show_trial t = {call, g, &formula, pool};
 *     show_trial_choose(&t, st)                       t.request, from --by, --bins … → show_trial_run
 *                                                     (control/show_trial.h)
 *     show_section(&s, "trial", …); show_trial_head(&t, &s); show_time(call, &s, …); show_trial_body(&t, &s)
 */
#ifndef CRMX_CONTROL_SHOW_TRIAL_PAGE_H
#define CRMX_CONTROL_SHOW_TRIAL_PAGE_H

#include "control/show.h"
#include "control/show_formula.h"
#include "control/show_trial.h"
#include "control/show_value.h"

struct show_trial {
    struct command_call *call;
    struct generation *g;
    const struct show_formula *formula;
    struct pool *pool;
    uint64_t sample; /* asked for, 0: none; request.sample is 0 where it would be everybody */
    struct trial_request request;
    struct trial trial;
};

#define SHOW_TRIAL_OPTIONS                                                                                             \
    {.name = "by",                                                                                                     \
     .type = COMMAND_TEXT,                                                                                             \
     .placeholder = "FIELD",                                                                                           \
     .repeated = true,                                                                                                 \
     .doc = "counts by a field of the customer's record or a code result, such as manager (default: branch and tier; " \
            "none: neither)"},                                                                                         \
        {.name = "bins", .type = COMMAND_INTEGER, .maximum = TRIAL_BINS_MAX, .doc = "of the histogram"},               \
        {.name = "bin-width",                                                                                          \
         .type = COMMAND_TEXT,                                                                                         \
         .placeholder = "AMOUNT",                                                                                      \
         .doc = "of the histogram (default: a tenth of the threshold)"},                                               \
        {.name = "measures",                                                                                           \
         .letter = 'm',                                                                                                \
         .type = COMMAND_FLAG,                                                                                         \
         .doc = "totals of all measures, and the first and last of dates, too"},                                       \
        SHOW_TRIAL_LISTS, SHOW_TIME
/* The tables of the page, for .rows. */
#define SHOW_TRIAL_TABLES "trial result totals dates by_FIELD histogram"
/* For .rules: a list of who enters or leaves stands instead of the page. */
#define SHOW_TRIAL_RULES                                                                                               \
    {"entering leaving", .not_with = "by bins bin-width measures time rows",                                           \
     .hint = "the list stands instead of the page: ask twice"},                                                        \
        SHOW_TIME_RULE

/* What the options ask for; t->trial is empty still. STATUS_USAGE: --by, --bins, --bin-width. */
bool show_trial_choose(struct show_trial *t, struct status *st);
/* The values of a page's first section, which the command has begun: what is tried, over what. */
void show_trial_head(struct show_trial *t, struct show *s);
/* Counts, totals, by branch and tier, histogram. */
void show_trial_body(struct show_trial *t, struct show *s);

#endif
