/* month_end: the statements of a month, from a committed generation to an emptied detail (steps 210 to 240).
 *
 *     state/units/UU/month/DATE.SEQ/journal            what has been done
 *                                  param/NAME.ini      the statement layout, frozen at the start
 *                                  out/                the files, totals.tsv, tieout.tsv; out.tmp while they are made
 *     state/units/UU/emptied                           the detail up to this date is no longer carried
 *                                                      (etl/detail_month)
 *
 *     month_end_render (210, 220)  ► the caller delivers out/ (230)  ► month_end_empty (240)
 *
 * Restart: each call looks at the journal and goes on; out/ is there whole or not at all, and is made to the same bytes
 * from the same generation and layout. A month that was emptied is done: again only as a redo, which is a new SEQ. The
 * generation of the month end is kept (etl/keep), so statements can be made anew from it. */
#ifndef CRMX_ETL_MONTH_END_H
#define CRMX_ETL_MONTH_END_H

#include "base/arena.h"
#include "etl/generation.h"
#include "etl/statement.h"

struct month_end_request {
    const char *work, *unit;
    int32_t date; /* the last day of the month */
    bool redo;
    const char *reason;
    int threads;
    uint64_t memory_max;
    const char *temp_folder;
};

struct month_end {
    struct arena arena;
    char unit_folder[OS_PATH_MAX], folder[OS_PATH_MAX];
    int sequence;
    char generation[GENERATION_ID_MAX]; /* that is stated */
    const char *file, *csv;             /* of out/; csv NULL: none */
    uint64_t statements;                /* how many */
    bool emptied;                       /* nothing is left to be done */
    bool corrected;                     /* … but the date was done again since */
    struct statement_totals totals;     /* zero when the files were there already */
};

/* Up to out/. STATUS_USAGE with the next command: no month end, not reached, another month first, no layout. */
bool month_end_render(const struct month_end_request *r, struct month_end *m, struct status *st);
/* Notes that the set is about to be delivered: from here on its bytes stay. */
bool month_end_deliver(struct month_end *m, struct status *st);
/* The delivery was confirmed. */
bool month_end_empty(const struct month_end_request *r, struct month_end *m, struct status *st);
void month_end_close(struct month_end *m);

#endif
