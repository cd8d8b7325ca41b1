/* populate: yesterday's rows of a partition, less what tonight's take the place of, and tonight's rows. Both are in the
 * order (place, record). Few customers have rows that came or went: what lies between them is copied as it is. */
#include "base/bitmap.h"
#include "etl/populate.h"

#include <string.h>

/* --- what goes --- */

/* By place, any order within one: a counting sort. Returns them; end[p] is where those of place p end. */
static struct removed_tuple *by_place(struct populate_worker *w, const struct populate_range *r,
                                      const struct removed_tuple *removed, uint64_t n, uint32_t **end)
{
    size_t sorted = (size_t)(n + 1) * sizeof *removed;
    char *room = integrate_room(&w->removed_sorted.tuples, &w->removed_sorted.tuples_size,
                                sorted + ((size_t)r->count + 1) * sizeof **end);
    struct removed_tuple *out = (struct removed_tuple *)(void *)room;
    uint32_t *at = *end = (uint32_t *)(void *)(room + sorted), sum = 0;
    memset(at, 0, ((size_t)r->count + 1) * sizeof *at);
    for (uint64_t i = 0; i < n; i++) {
        ensure(removed[i].customer - r->first < r->count);
        at[removed[i].customer - r->first]++;
    }
    for (uint32_t p = 0; p < r->count; p++) {
        uint32_t count = at[p];
        at[p] = sum;
        sum += count;
    }
    for (uint64_t i = 0; i < n; i++) out[at[removed[i].customer - r->first]++] = removed[i];
    return out;
}

/* Does the row's record hold that source number? */
static bool is_of_source(struct populate_job *j, const struct table *t, uint32_t record, uint64_t source, bool *yes,
                         struct status *st)
{
    struct apply_bytes *bytes = malloc(sizeof *bytes);
    ensure(bytes);
    bool ok = apply_read(j->p->in->im->inputs, t->layout_index, record, bytes, st);
    const struct layout *l = ok ? bytes->file->layout : NULL;
    *yes = ok && decode_key(&l->fields[l->role_field[ROLE_SOURCE_NO]], apply_record_bytes(bytes)) == source;
    free(bytes);
    return ok;
}

/* removed: those of this customer. */
static bool is_removed(struct populate_job *j, const struct table *t, const struct removed_tuple *removed, uint64_t n,
                       uint32_t record, bool *yes, struct status *st)
{
    *yes = false;
    for (uint64_t i = 0; i < n && !*yes; i++) {
        if (removed[i].record != REMOVED_SOURCE)
            *yes = removed[i].record == record;
        else if (!is_of_source(j, t, record, removed[i].source, yes, st))
            return false;
    }
    return true;
}

struct merge {
    const struct table *t;
    const struct populate_old_part *old;
    uint64_t *gone;    /* bitmap by row of yesterday; meaningful where the place is touched */
    uint64_t *touched; /* bitmap by place: rows came or went */
    const char *fresh;
    const uint32_t *fresh_start;
    char *out;
    uint32_t *start, count;
};

static void go(struct merge *m, uint32_t row, struct populate_table_total *total)
{
    bitmap_set(m->gone, row);
    total->removed_rows++;
    populate_add_rows(m->t, m->old->rows + (size_t)row * m->old->stride, 1, m->old->stride, total->removed_sum);
}

static bool mark_removed(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int table,
                         struct merge *m, struct status *st)
{
    struct integrate *in = j->p->in;
    struct populate_table_total *total = &w->total->table[table];
    uint64_t n = exchange_count(&in->removed[table], r->partition);
    struct removed_tuple *removed =
        integrate_room(&w->removed.tuples, &w->removed.tuples_size, (n + 1) * sizeof *removed);
    if (!exchange_take(&in->removed[table], r->partition, removed, st)) return false;
    if (!n) return true;
    uint32_t *ends, at = 0;
    const struct removed_tuple *sorted = by_place(w, r, removed, n, &ends);
    for (uint32_t place = 0; place < r->count; at = ends[place++]) {
        uint32_t end = ends[place];
        if (end == at) continue;
        bitmap_set(m->touched, place);
        for (uint32_t row = m->old->start[place]; row < m->old->start[place + 1]; row++) {
            uint32_t record = populate_record(m->old->rows, m->old->stride, row);
            bool yes;
            if (!is_removed(j, m->t, sorted + at, end - at, record, &yes, st)) return false;
            if (yes) go(m, row, total);
        }
    }
    return true;
}

/* --- what stays and what came --- */

/* The places that have a row of tonight. */
static void mark_fresh(const uint32_t *start, uint32_t places, uint64_t *touched)
{
    for (uint32_t p = 0; p < places; p += 64) {
        uint64_t word = 0;
        for (uint32_t i = 0; i < 64 && p + i < places; i++) word |= (uint64_t)(start[p + i] != start[p + i + 1]) << i;
        touched[p / 64] |= word;
    }
}

static void merge_place(struct merge *m, uint32_t place)
{
    uint32_t stride = m->old->stride, a = m->old->start[place], a_end = m->old->start[place + 1],
             b = m->fresh_start[place], b_end = m->fresh_start[place + 1];
    m->start[place] = m->count;
    for (;;) {
        while (a < a_end && bitmap_get(m->gone, a)) a++;
        bool from_old = a < a_end, from_fresh = b < b_end;
        if (!from_old && !from_fresh) return;
        if (from_old && from_fresh) {
            from_fresh = populate_record(m->fresh, stride, b) <= populate_record(m->old->rows, stride, a);
            from_old = !from_fresh;
        }
        const char *from = from_old ? m->old->rows + (size_t)a++ * stride : m->fresh + (size_t)b++ * stride;
        row_copy(m->out + (size_t)m->count++ * stride, from, stride);
    }
}

static void copy_places(struct merge *m, uint32_t from, uint32_t to)
{
    uint32_t stride = m->old->stride, first = m->old->start[from], n = m->old->start[to] - first;
    if (n) memcpy(m->out + (size_t)m->count * stride, m->old->rows + (size_t)first * stride, (size_t)n * stride);
    for (uint32_t p = from; p < to; p++) m->start[p] = m->old->start[p] - first + m->count;
    m->count += n;
}

bool populate_merge_rows(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int table,
                         const char *fresh, const uint32_t *fresh_start, const struct populate_old_part *old, char *out,
                         uint32_t *start, uint32_t *count, struct status *st)
{
    size_t gone_words = old->count / 64 + 1, words = gone_words + r->count / 64 + 1;
    uint64_t *bits = integrate_room(&w->removed.extra, &w->removed.extra_size, words * 8);
    memset(bits, 0, words * 8);
    struct merge m = {.t = &j->p->in->im->tables->table[table],
                      .old = old,
                      .gone = bits,
                      .touched = bits + gone_words,
                      .fresh = fresh,
                      .fresh_start = fresh_start,
                      .out = out,
                      .start = start};
    if (!mark_removed(j, w, r, table, &m, st)) return false;
    if (j->p->in->apply->refresh) { /* a full unload takes the place of everything */
        for (uint32_t row = 0; row < old->count; row++) go(&m, row, &w->total->table[table]);
        memset(m.touched, 0xff, (r->count / 64 + 1) * 8);
    }
    mark_fresh(fresh_start, r->count, m.touched);
    for (uint32_t p = 0; p < r->count;) {
        uint32_t next = (uint32_t)bitmap_next(m.touched, true, p, r->count);
        copy_places(&m, p, next);
        for (p = next; p < r->count && bitmap_get(m.touched, p); p++) merge_place(&m, p);
    }
    start[r->count] = *count = m.count;
    return true;
}
