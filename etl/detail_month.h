/* detail_month: the month's detail 明细数据 of a generation: which days it holds, how they are carried on, and since when
 * it is empty.
 *
 *     gen/ID/detail/DATE.LOG.seg   one day of one transaction log (etl/detail_day), hard-linked from night to night
 *     gen/ID/detail/sums.tsv       per day, log and currency: accounts, postings, opening, movement, closing, breaks
 *     units/UU/emptied             the date up to which the detail was stated, delivered and emptied (month end)
 *
 * A unit with a statement keeps its days until the month end has emptied them; one without keeps the month of the
 * business date. */
#ifndef CRMX_ETL_DETAIL_MONTH_H
#define CRMX_ETL_DETAIL_MONTH_H

#include "base/arena.h"
#include "etl/unit.h"

struct detail_sum { /* a line of sums.tsv; of one day, log and currency */
    int32_t date;
    const char *log, *currency;
    uint64_t accounts, postings, breaks;
    __int128 opening, movement, closing,
        unexplained;   /* unexplained: closing - opening - movement, of the breaks only */
    __int128 adjusted; /* the same of a full unload or a filter: expected */
    int scale;
};

struct detail_month {
    struct detail_sum *sums; /* by date, log, currency */
    int sums_count;
    const char **files; /* names below detail/, in byte order: by date */
    int files_count;
};
/* folder: of a generation. A generation without detail has none. */
bool detail_month_read(const char *folder, struct arena *arena, struct detail_month *out, struct status *st);
bool detail_month_write(const char *folder, const struct detail_month *m, struct status *st);
/* The date of a file of detail/, its log into log (NULL: not asked); DATE_NONE: it is none. */
int32_t detail_file_date(const char *name, char log[64]);

/* --- what is carried on --- */

/* The first day that a night of that date still keeps; DATE_NONE: all that there are. */
bool detail_first_day(const char *unit_folder, const struct unit *u, int32_t business_date, int32_t *first,
                      struct status *st);
/* Links the days from `first` on and before business_date into the folder of the generation under construction;
 * *kept: what they are, lines of sums included. */
bool detail_link(const char *old_folder, const char *folder, int32_t first, int32_t business_date, struct arena *arena,
                 struct detail_month *kept, struct status *st);

/* --- emptied --- */

/* DATE_NONE: never. */
bool detail_emptied_read(const char *unit_folder, int32_t *date, struct status *st);
bool detail_emptied_write(const char *unit_folder, int32_t date, const char *generation, struct status *st);

#endif
