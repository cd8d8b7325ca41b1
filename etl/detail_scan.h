/* detail_scan: every account of the month's detail of a generation, day by day, for whoever lists it (crmx detail).
 * Reads each kept day once, partition by partition; order: date, log, hash of the account. */
#ifndef CRMX_ETL_DETAIL_SCAN_H
#define CRMX_ETL_DETAIL_SCAN_H

#include "etl/detail_day.h"
#include "etl/generation.h"

struct detail_entry { /* one account on one day; lives during the call only */
    int32_t date;
    int log, table, scale; /* log: layout of the unit; table: that of the accounts */
    const struct detail_account *account;
    const struct detail_posting *postings;
};
/* False: a failure of the run, status filled. */
typedef bool detail_each(void *context, const struct detail_entry *e, struct status *st);

/* day DATE_NONE: all of them. */
bool detail_scan(struct generation *g, int32_t day, detail_each *each, void *context, struct status *st);

#endif
