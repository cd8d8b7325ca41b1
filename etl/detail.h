/* detail (step 085): tonight's day of the month's detail 明细数据. Everybody's movements are kept, not only those of CRM
 * customers: whoever enters in mid-month needs opening + movement = closing.
 *
 * For each transaction log and partition of accounts, yesterday's and tonight's account directories are laid side by
 * side: an account with another record, or with movements, is looked at. Opening is the ledger balance in yesterday's
 * record, closing that in tonight's (of a closed account: nothing), movement the sum of its postings. What does not
 * lead from one to the other is a break: kept, counted, listed (crmx detail breaks), and no reason to stop.
 *
 * The days before are linked, not written again (etl/detail_month). */
#ifndef CRMX_ETL_DETAIL_H
#define CRMX_ETL_DETAIL_H

#include "etl/detail_month.h"
#include "etl/integrate.h"

struct detail {
    const struct integrate *in;
    const char *folder;     /* of the generation under construction; its account directories are written */
    const char *old_folder; /* of yesterday's generation; NULL: none, and no day is written */
    int32_t first;          /* the first day that is kept (detail_first_day) */
    /* results */
    struct detail_month month;           /* all days, tonight's included */
    uint64_t accounts, postings, breaks; /* of tonight */
};

bool detail_run(struct detail *d, struct status *st);

#endif
