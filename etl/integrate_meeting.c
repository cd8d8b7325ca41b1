#include "etl/integrate_meeting.h"

#include "etl/decode.h"

#include <string.h>

void meetings_release(struct meetings *m)
{
    free(m->list);
    free(m->order);
}

static struct meeting *add(struct meetings *m)
{
    if (m->count == m->capacity) {
        m->capacity = m->capacity ? m->capacity * 2 : 4096;
        m->list = realloc(m->list, m->capacity * sizeof *m->list);
        ensure(m->list);
    }
    return &m->list[m->count++];
}

/* Both are in order of the hash. */
void meetings_find(struct meetings *m, const struct directory_rows *rows, const struct directory_entry *entries,
                   uint64_t n)
{
    uint64_t at = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (i && entries[i].record == entries[i - 1].record) continue;
        uint32_t wanted = directory_fingerprint(entries[i].hash, rows->bits);
        while (at < rows->count && rows->fingerprint[at] < wanted) at++;
        for (uint64_t k = at; k < rows->count && rows->fingerprint[k] == wanted; k++)
            *add(m) = (struct meeting){(uint32_t)k, (uint32_t)i, rows->record[k], entries[i].record, false};
    }
}

/* --- comparing --- */

/* Are the parts of the key the same account in both records? Byte for byte, as nearly always; else but for blanks. */
static bool same_parts(const struct layout *l, const struct layout *m, const unsigned char *one,
                       const unsigned char *two)
{
    for (int i = 0; i < LAYOUT_ACCOUNT_KEY_PARTS; i++) {
        int a = l->role_field[LAYOUT_ACCOUNT_KEY[i]], b = m->role_field[LAYOUT_ACCOUNT_KEY[i]];
        if (a < 0 || b < 0) continue;
        const struct layout_field *f = &l->fields[a], *g = &m->fields[b];
        if (f->length == g->length && memcmp(one + f->offset, two + g->offset, f->length) == 0) continue;
        if (!view_equal(decode_text(l, a, one), decode_text(m, b, two))) return false;
    }
    return true;
}

bool meeting_compare(const struct input_set *inputs, int layout_index, uint32_t a, uint32_t b, bool *same_account,
                     bool *equal, struct status *st)
{
    unsigned char room_a[INPUT_ROOM], room_b[INPUT_ROOM];
    const struct input_file *f = input_file_of(inputs, layout_index, a), *g = input_file_of(inputs, layout_index, b);
    const unsigned char *one = input_record(f, a, room_a, st), *two = one ? input_record(g, b, room_b, st) : NULL;
    if (!two) return false;
    const struct layout *l = f->layout, *m = g->layout;
    if (equal) *equal = l->record_length == m->record_length && memcmp(one, two, l->record_length) == 0;
    *same_account = same_parts(l, m, one, two);
    return true;
}

/* Roughly in the order of yesterday's records: places of the list. */
static void put_in_order(struct meetings *m)
{
    enum { BUCKET_BITS = 12 };
    uint32_t ends[1 << BUCKET_BITS] = {0}, most = 0;
    if (m->order_capacity < m->count) {
        free(m->order);
        m->order_capacity = m->capacity;
        m->order = malloc(m->order_capacity * sizeof *m->order);
        ensure(m->order);
    }
    for (uint64_t i = 0; i < m->count; i++) most = m->list[i].before > most ? m->list[i].before : most;
    int shift = most >> BUCKET_BITS ? 32 - __builtin_clz(most >> BUCKET_BITS) : 0;
    for (uint64_t i = 0; i < m->count; i++) ends[m->list[i].before >> shift]++;
    for (uint32_t b = 0, sum = 0; b < 1 << BUCKET_BITS; b++) {
        uint32_t count = ends[b];
        ends[b] = sum;
        sum += count;
    }
    for (uint64_t i = 0; i < m->count; i++) m->order[ends[m->list[i].before >> shift]++] = (uint32_t)i;
}

/* Asks for what is compared of a record that will be wanted soon. NULL: it has to be read by input_record. */
static const unsigned char *expect(const struct input_file *f, uint32_t record)
{
    const unsigned char *p = input_ready(f, record);
    for (int i = 0; p && i < LAYOUT_ACCOUNT_KEY_PARTS; i++) {
        int part = f->layout->role_field[LAYOUT_ACCOUNT_KEY[i]];
        if (part < 0) continue;
        __builtin_prefetch(p + f->layout->fields[part].offset);
        __builtin_prefetch(p + f->layout->fields[part].offset + f->layout->fields[part].length - 1);
    }
    return p;
}

bool meetings_compare(struct meetings *m, const struct input_set *inputs, int layout_index, struct status *st)
{
    enum { AHEAD = 16 };
    struct {
        const unsigned char *one, *two;
        const struct layout *before, *now;
    } ahead[AHEAD] = {0};
    const struct input_file *f = NULL, *g = NULL;
    put_in_order(m);
    for (uint64_t i = 0; i < m->count + AHEAD; i++) {
        struct meeting *here = i >= AHEAD ? &m->list[m->order[i - AHEAD]] : NULL;
        if (here && !(here->same = here->before == here->now) && ahead[i % AHEAD].one && ahead[i % AHEAD].two)
            here->same =
                same_parts(ahead[i % AHEAD].before, ahead[i % AHEAD].now, ahead[i % AHEAD].one, ahead[i % AHEAD].two);
        if (here && !here->same &&
            !meeting_compare(inputs, layout_index, here->before, here->now, &here->same, NULL, st))
            return false;
        if (i >= m->count) continue;
        const struct meeting *next = &m->list[m->order[i]];
        f = input_file_after(f, inputs, layout_index, next->before);
        g = input_file_after(g, inputs, layout_index, next->now);
        ahead[i % AHEAD].one = expect(f, next->before);
        ahead[i % AHEAD].two = expect(g, next->now);
        ahead[i % AHEAD].before = f->layout;
        ahead[i % AHEAD].now = g->layout;
    }
    return true;
}
