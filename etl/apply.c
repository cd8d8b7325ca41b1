#include "etl/apply.h"

#include "etl/integrate.h"

#include <string.h>

static bool open_segment(struct segment **out, const char *path, struct status *st)
{
    *out = os_exists(path) ? segment_open(path, st) : NULL;
    return *out ? segment_map(*out, st) : st->code == STATUS_OK;
}

/* Tonight reads all of it, and all threads do: none of it is copied. */
static bool map_population(struct generation *old, struct status *st)
{
    bool ok = segment_map(old->customer, st) && segment_map(old->source, st);
    for (int t = 0; ok && t < old->tables.count; t++) ok = segment_map(old->table[t], st);
    return ok;
}

bool apply_open(struct apply *a, struct generation *old, const struct unit *unit, const struct tables *tables,
                struct arena *arena, struct status *st)
{
    a->old = old;
    a->old_places = (uint32_t)old->numbers;
    a->old_living = old->customers;
    size_t words = a->old_places / 64 + 1;
    a->touched = calloc(words, 8);
    a->scanned = calloc(words, 8);
    a->moved = calloc(words, 8);
    ensure(a->touched && a->scanned && a->moved);
    a->identity = segment_open(arena_printf(arena, "%s/identity.dir", old->folder), st);
    if (!a->identity || !segment_map(a->identity, st) || !map_population(old, st)) return false;
    for (int s = 0; s < unit->systems_count; s++) {
        const char *name = unit->systems[s].name;
        if (!open_segment(&a->source[s], arena_printf(arena, "%s/source-%s.dir", old->folder, name), st) ||
            !open_segment(&a->relation[s], arena_printf(arena, "%s/relation-%s.seg", old->folder, name), st))
            return false;
    }
    for (int t = 0; t < tables->count; t++)
        if (!open_segment(&a->account[t],
                          arena_printf(arena, "%s/account-%s.dir", old->folder, tables->table[t].layout->name), st))
            return false;
    return apply_read_files(a, tables, arena, st);
}

void apply_release(struct apply *a)
{
    segment_close(a->identity);
    for (int s = 0; s < UNIT_SYSTEMS_MAX; s++) {
        segment_close(a->source[s]);
        segment_close(a->relation[s]);
        free(a->sources[s].tuples);
        free(a->sources[s].start);
    }
    for (int t = 0; t < UNIT_LAYOUTS_MAX; t++) {
        segment_close(a->account[t]);
        free(a->pending[t]);
    }
    free(a->customers.tuples);
    free(a->customers.start);
    void *owned[] = {a->records, a->slots, a->aliases, a->touched, a->scanned, a->moved, a->redirects, a->events};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    *a = (struct apply){0};
}

struct apply_record *apply_find(const struct apply *a, uint32_t record)
{
    if (!a->slots_count) return NULL;
    uint32_t h = record * 2654435761u & (a->slots_count - 1);
    for (; a->slots[h]; h = (h + 1) & (a->slots_count - 1))
        if (a->records[a->slots[h] - 1].record == record) return &a->records[a->slots[h] - 1];
    return NULL;
}

void apply_touched_rows(const struct apply *a, const struct directory_rows *rows, uint64_t *bitmap)
{
    for (uint64_t row = 0; row < rows->count; row += 64) {
        uint64_t word = 0, n = rows->count - row < 64 ? rows->count - row : 64;
        for (uint64_t i = 0; i < n; i++) { /* no branch: who is touched is a matter of chance */
            uint32_t index = apply_index(a, rows->number[row + i]), place = index < a->old_places ? index : 0;
            uint64_t touched = (a->touched[place >> 6] >> (place & 63) & 1) | (index >= a->old_places);
            word |= touched << i;
        }
        bitmap[row >> 6] = word;
    }
}

bool apply_read(const struct input_set *inputs, int space, uint32_t record, struct apply_bytes *out, struct status *st)
{
    out->file = input_file_of(inputs, space, record);
    if (!out->file)
        return status_fail(st, STATUS_CORRUPT, "there is no archived record %u of %s", record,
                           space < 0 ? "the customers" : "its table");
    return (out->bytes = input_record(out->file, record, out->room, st));
}
