/* deliver_plan: which set a target is due, as its ledger and the generations say. Used by etl/deliver_*.c only; the
 * rules stand in etl/deliver_follow.h. */
#ifndef CRMX_ETL_DELIVER_PLAN_H
#define CRMX_ETL_DELIVER_PLAN_H

#include "etl/deliver_follow.h"

struct deliver_plan {
    bool nothing; /* the target has everything */
    struct ledger_key key;
    char generation[64];
    bool fixed;             /* a file may have been renamed: these bytes and no others */
    bool prepared;          /* the ledger has the set as planned here: files made for it may be used */
    struct ledger_key base; /* of a delta; seq 0: full */
    char base_generation[64];
    struct ledger_key carried;   /* the unacknowledged delta whose keys come again; seq 0: none */
    struct ledger_key keep_from; /* sets before this one need no files any more */
    const char *full_because;    /* base.seq 0 although the target takes deltas: why; NULL: it was planned as full */
};
bool deliver_plan(const struct deliver_follow *f, struct deliver_plan *out, struct status *st);

/* deliver_content.c: the files of a planned set. Makes the delta files, or finds them made. What cannot be a delta
 * becomes a full set (plan->base seq 0 and full_because), unless its bytes are fixed: then it fails. */
struct deliver_content {
    struct deliver_file files[UNIT_OUTPUTS_MAX + 1]; /* last the events by rule, where the target takes them */
    struct deliver_after after[UNIT_OUTPUTS_MAX];
    int files_count, after_count;
};
bool deliver_content(const struct deliver_follow *f, struct generation *g, struct deliver_plan *plan,
                     struct arena *arena, struct deliver_content *out, struct status *st);

#endif
