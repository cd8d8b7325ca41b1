/* integrate, part 1: the same source number twice in one system. A full unload holds a customer once; overlapping city
 * files and re-sent branches do not keep to it. The record with the latest change date stays, among equals the later
 * one. */
#include "base/date.h"
#include "etl/integrate.h"

#include <string.h>

#define SETTLED UINT32_MAX /* its place is taken by the winner */

struct job {
    struct integrate *in;
    int system;
    struct integrate_scratch *scratch;
};

/* Both records hold the same source number? Needed for hashed keys only. */
static bool same_source(struct integrate *in, uint32_t a, uint32_t b, bool *same, struct status *st)
{
    unsigned char room_a[INPUT_ROOM], room_b[INPUT_ROOM];
    const struct input_file *fa = input_file_of(in->im->inputs, -1, a), *fb = input_file_of(in->im->inputs, -1, b);
    const unsigned char *one = input_record(fa, a, room_a, st), *two = one ? input_record(fb, b, room_b, st) : NULL;
    if (!two) return false;
    *same = view_equal(decode_text(fa->layout, fa->layout->role_field[ROLE_SOURCE_NO], one),
                       decode_text(fb->layout, fb->layout->role_field[ROLE_SOURCE_NO], two));
    return true;
}

static bool changed_date(struct integrate *in, uint32_t record, int32_t *day, struct status *st)
{
    unsigned char room[INPUT_ROOM];
    const struct input_file *f = input_file_of(in->im->inputs, -1, record);
    int field = f->layout->role_field[ROLE_CHANGED];
    *day = DATE_NONE;
    if (field < 0 || f->layout->fields[field].type != LAYOUT_DATE) return true;
    const unsigned char *bytes = input_record(f, record, room, st);
    if (bytes) *day = (int32_t)decode_value(in->im->decoders[f->layout_index], field, bytes);
    return bytes;
}

/* Record b (the later position) meets a: the one that goes is marked. Returns the one that stays. */
static bool settle(struct integrate *in, uint32_t a, uint32_t b, uint32_t *stays, struct status *st)
{
    int32_t day_a, day_b;
    if (!changed_date(in, a, &day_a, st) || !changed_date(in, b, &day_b, st)) return false;
    uint32_t goes = day_a > day_b ? b : a;
    *stays = goes == a ? b : a;
    __atomic_fetch_or(&in->superseded[goes >> 6], UINT64_C(1) << (goes & 63), __ATOMIC_RELAXED);
    __atomic_fetch_add(&in->superseded_count, 1, __ATOMIC_RELAXED);
    integrate_note(in, NOTE_SOURCE_TWICE, goes, *stays);
    return true;
}

static int by_source(const void *a, const void *b)
{
    const struct source_tuple *x = a, *y = b;
    if (x->source != y->source) return x->source < y->source ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

/* The rare way: sort, then walk each run of equal keys in order of position. */
static bool settle_all(struct integrate *in, struct source_tuple *t, uint64_t n, struct status *st)
{
    qsort(t, n, sizeof *t, by_source);
    for (uint64_t i = 1, first = 0; i < n; i++) {
        if (t[i].source != t[first].source) {
            first = i;
            continue;
        }
        bool same = false;
        for (uint64_t k = i; !same && k-- > first;) { /* several texts may have one hashed key */
            if (t[k].record == SETTLED) continue;
            same = true;
            if ((t[i].source & DECODE_KEY_HASHED) && !same_source(in, t[k].record, t[i].record, &same, st))
                return false;
            uint32_t stays;
            if (!same) continue;
            if (!settle(in, t[k].record, t[i].record, &stays, st)) return false;
            t[k].record = SETTLED;
            t[i].record = stays; /* the next of the run meets the winner */
        }
    }
    return true;
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct exchange *x = &j->in->im->systems[j->system].sources;
    struct integrate_scratch *s = &j->scratch[worker];
    uint64_t n = exchange_count(x, (uint32_t)partition);
    struct source_tuple *t = integrate_room(&s->tuples, &s->tuples_size, n * sizeof *t);
    if (n < 2) return true;
    if (!exchange_copy(x, (uint32_t)partition, t, st)) return false;
    size_t slots = 1024;
    while (slots < 2 * n) slots *= 2;
    void *table_room = s->table;
    uint32_t *table = integrate_room(&table_room, &s->table_size, slots * 4);
    s->table = table;
    memset(table, 0, slots * 4);
    for (uint64_t i = 0; i < n; i++) {
        size_t h = (size_t)(t[i].source * UINT64_C(0xD6E8FEB86659FD93) >> 20) & (slots - 1);
        for (; table[h]; h = (h + 1) & (slots - 1))
            if (t[table[h] - 1].source == t[i].source) return settle_all(j->in, t, n, st);
        table[h] = (uint32_t)i + 1;
    }
    return true;
}

bool integrate_duplicates(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    struct job j = {.in = in, .scratch = calloc((size_t)pool_workers(im->pool), sizeof(struct integrate_scratch))};
    ensure(j.scratch);
    bool ok = true;
    for (j.system = 0; ok && j.system < im->unit->systems_count; j.system++)
        ok = pool_run(im->pool, UINT64_C(1) << im->systems[j.system].bits, task, &j, st);
    for (int w = 0; w < pool_workers(im->pool); w++) integrate_scratch_release(&j.scratch[w]);
    free(j.scratch);
    return ok || status_while(st, "looking for double customers");
}
