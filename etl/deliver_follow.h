/* deliver_follow: what a target is due, and its delivery (step 120). deliver (etl/deliver.h) sends a set whose files
 * are given; here is decided which set, from which generation, and whether its content is everything or a delta.
 *
 *   1. Acknowledgements that have come are taken down.
 *   2. A set that is not finished comes first: with its own bytes once a file of it may have been renamed, else with
 *      the generation that counts for its date by now (a date done again, a generation rolled back).
 *   3. Then the current generation, unless the latest set is of it already. The set is named by the business date, by
 *      that of the latest set where this is later (after a rollback), with the next sequence number.
 *
 * Content delta: against the generation of the latest set that was *acknowledged*; what was sent since and not
 * acknowledged comes again (etl/delta, carried). Nothing acknowledged, a resync, other record layouts since, or a base
 * that cannot be read: a full set instead, and the log says why. Full sets go on until one is acknowledged.
 *
 *     state/units/UU/delivery/TARGET/20261120.001/   the delta files of a set and SET, a table of them: made whole,
 *                                                    then renamed, before the ledger knows the set. They stay until a
 *                                                    later set is acknowledged: the next delta carries their keys
 *     state/units/UU/delivery/TARGET.lock            one process at a time decides for a target
 */
#ifndef CRMX_ETL_DELIVER_FOLLOW_H
#define CRMX_ETL_DELIVER_FOLLOW_H

#include "etl/deliver.h"
#include "etl/generation.h"

struct deliver_follow {
    const char *unit_folder; /* state/units/UU */
    const struct deliver_target *target;
    const struct deliver_options *options;
    struct generation *now; /* the current one */
};
struct deliver_follow_result {
    int sets, files_sent;  /* of this call */
    struct ledger_key key; /* the latest set */
};

/* Status codes as of deliver_run. */
bool deliver_follow(const struct deliver_follow *f, struct deliver_follow_result *result, struct status *st);

/* May the events by rule go to the target under the name it gives them? STATUS_USAGE: an output's file is called so. */
bool deliver_check_events(const struct deliver_target *t, const struct unit *u, struct status *st);

/* What the next set to a target starts from, and the generations it cannot do without. */
struct deliver_outlook {
    struct ledger_key base;      /* of the next delta; seq 0: the next set is full */
    bool carries;                /* what was sent since and not acknowledged comes again */
    const char *full_because;    /* a target of content delta, base.seq 0: why */
    struct ledger_key under_way; /* files of this set may have been renamed; seq 0: none */
    char base_generation[64], pending_generation[64], pending_base[64]; /* "": none */
};
/* A ledger that is not there: the next set is the first. */
bool deliver_outlook_read(const char *ledger_path, bool delta, struct deliver_outlook *out, struct status *st);

#endif
