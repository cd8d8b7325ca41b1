/* load_publish: the one transaction that makes a load visible: tables attached, applied_generation set, events
 * brought, history written.
 *
 * When its COMMIT's answer is lost nobody knows the outcome; the same request is given again and finds out. */
#ifndef CRMX_ETL_LOAD_PUBLISH_H
#define CRMX_ETL_LOAD_PUBLISH_H

#include "etl/load_event.h"
#include "etl/load_plan.h"

struct load_published {
    uint64_t replaced;
    int64_t duration_ms;
};

bool load_publish(PGconn *c, const struct load_request *r, const struct load_plan *plan,
                  const struct load_event_plan *events, const struct load_published *figures, struct status *st);

#endif
