/* load_event: events by rule of a load: changes.tsv of generations → crmx_store.event (sql/schema/008_events.sql).
 * Used by etl/load*.c only.
 *
 * A night is the events of one business date; crmx.event_day says which generation it comes from. The plan compares the
 * unit's line of generations with it: wanted is each night that the database lacks or has from another generation (the
 * date was done again), in a rebuild every night. So the nights of a database that was down, restored or is new come
 * with the next load. What the database has beyond the line (rolled back) goes; older nights whose generations were
 * pruned stay, until events_since.
 *
 * load_event_apply belongs into the transaction that sets applied_generation: a reader sees a generation and its events
 * at the same moment, a killed load leaves neither.
 */
#ifndef CRMX_ETL_LOAD_EVENT_H
#define CRMX_ETL_LOAD_EVENT_H

#include "base/arena.h"
#include "etl/load.h"

#include <libpq-fe.h>

struct load_event_plan {
    const bool *wanted; /* per night of the request */
    const uint64_t *rows_of;
    uint64_t rows; /* of all wanted nights */
    int nights;    /* wanted */
    bool later;    /* the database has nights behind the last of the request */
};

/* Reads every wanted file and checks every byte of it; writes nothing. */
bool load_event_plan_make(PGconn *c, const struct load_request *r, struct arena *a, struct load_event_plan *out,
                          struct status *st);
/* Makes the tables that are needed, and drops the months that are not kept any more (when no reader uses them). */
bool load_event_prepare(PGconn *c, const struct load_request *r, const struct load_event_plan *p, struct status *st);
/* Within a transaction of the caller. */
bool load_event_apply(PGconn *c, const struct load_request *r, const struct load_event_plan *p, struct status *st);
/* Both, in a transaction of its own, for a generation that is applied already. */
bool load_event_catch_up(PGconn *c, const struct load_request *r, const struct load_event_plan *p, struct status *st);

#endif
