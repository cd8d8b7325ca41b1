/* populate: entry dates that pass from one number to another. Who was a CRM customer under a number that went into
 * another customer's tonight has been one since then (docs/decisions/013): of customers who become one the earliest
 * entry counts. */
#include "etl/populate.h"

#include "base/date.h"

static int by_customer(const void *a, const void *b)
{
    const struct populate_heir *x = a, *y = b;
    if (x->customer != y->customer) return x->customer < y->customer ? -1 : 1;
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

bool populate_old_value(struct generation *old, int column, uint64_t number, int64_t none, int64_t *out,
                        struct status *st)
{
    uint32_t partition, place;
    int64_t run[SEGMENT_RUN];
    *out = none;
    if (column < 0 || !generation_place(old, number, &partition, &place)) return true;
    uint64_t first = place - place % SEGMENT_RUN, rows = segment_rows(old->customer, partition, column) - first;
    if (!segment_get(old->customer, partition, column, first, rows < SEGMENT_RUN ? rows : SEGMENT_RUN, run, st))
        return false;
    *out = run[place - first];
    return true;
}

bool populate_open_heirs(struct populate_job *j, struct status *st)
{
    const struct integrate *in = j->p->in;
    const struct apply *a = in->apply;
    int column = a->old ? segment_find(a->old->customer, "entry_date") : -1;
    if (column < 0 || !a->event_of[APPLY_MERGED]) return true;
    j->heirs = arena_array(in->im->arena, struct populate_heir, a->event_of[APPLY_MERGED] + 1);
    for (uint32_t i = 0; i < a->events_count; i++) {
        const struct apply_event *e = &a->events[i];
        int64_t entry;
        if (e->kind != APPLY_MERGED) continue;
        if (!populate_old_value(a->old, column, e->number, DATE_NONE, &entry, st)) return false;
        if (entry == DATE_NONE) continue;
        j->heirs[j->heirs_count++] = (struct populate_heir){(uint32_t)(e->other - in->first_number), (int32_t)entry};
    }
    qsort(j->heirs, j->heirs_count, sizeof *j->heirs, by_customer);
    return true;
}

void populate_inherit(const struct populate_job *j, const struct populate_range *r, int32_t *entry)
{
    uint32_t low = 0, high = j->heirs_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (j->heirs[middle].customer < r->first)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < j->heirs_count && j->heirs[low].customer - r->first < r->count; low++) {
        int32_t *own = &entry[j->heirs[low].customer - r->first];
        if (*own == DATE_NONE || j->heirs[low].entry < *own) *own = j->heirs[low].entry;
    }
}
