/* integrate, part of 6: which accounts of tonight yesterday's directory knows. A row of yesterday that has the
 * fingerprint of an account's key is a candidate; both records are read and compared (a hash is no proof).
 *
 *     meetings_clear(&m);
 *     meetings_find(&m, rows, entries, n);         once for each of some partitions: their candidates, in order
 *     meetings_compare(&m, inputs, layout, st)     list[i].same
 *
 * The more partitions at a time, the closer together the records lie that are looked at one after the other: in a night
 * in which every account comes, half of the time of the comparison went into pages seen for the first time. */
#ifndef CRMX_ETL_INTEGRATE_MEETING_H
#define CRMX_ETL_INTEGRATE_MEETING_H

#include "etl/directory_merge.h"
#include "etl/input.h"

struct meeting {
    uint32_t row, entry;  /* of the partition */
    uint32_t before, now; /* their records */
    bool same;            /* the same account */
};

struct meetings {
    struct meeting *list;
    uint64_t count, capacity;
    uint32_t *order;
    uint64_t order_capacity;
};

void meetings_release(struct meetings *m);
static inline void meetings_clear(struct meetings *m)
{
    m->count = 0;
}
/* entries: tonight's, by hash; of several with one record (owners of one account) the first. */
void meetings_find(struct meetings *m, const struct directory_rows *rows, const struct directory_entry *entries,
                   uint64_t n);
bool meetings_compare(struct meetings *m, const struct input_set *inputs, int layout_index, struct status *st);

/* Are two records of a layout the same account, and (unless NULL) are they equal byte for byte? */
bool meeting_compare(const struct input_set *inputs, int layout_index, uint32_t a, uint32_t b, bool *same_account,
                     bool *equal, struct status *st);

#endif
