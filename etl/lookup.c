#include "etl/lookup.h"

#include "etl/scorecard.h"

#include "etl/populate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- columns --- */

static bool missing_column(const struct generation *g, const char *name, struct status *st)
{
    status_fail(st, STATUS_CORRUPT, "generation %s has no column %s", g->id, name);
    return status_hint(st, "see whether it is damaged: crmx generation verify --unit %s", g->unit->id);
}

static bool read_one(struct segment *s, uint32_t partition, int column, uint64_t row, int64_t *value, struct status *st)
{
    int64_t run[SEGMENT_RUN];
    uint64_t first = row / SEGMENT_RUN * SEGMENT_RUN;
    if (!segment_get(s, partition, column, first, row - first + 1, run, st)) return false;
    *value = run[row - first];
    return true;
}

static bool read_named(struct generation *g, struct segment *s, const struct lookup_customer *c, const char *name,
                       int64_t *value, struct status *st)
{
    int column = segment_find(s, name);
    return column < 0 ? missing_column(g, name, st) : read_one(s, c->partition, column, c->place, value, st);
}

/* Rows of the customers before `place`, and how many are its own: the column "count" is summed up run by run. */
static bool find_rows(struct segment *s, const struct lookup_customer *c, uint64_t *first, uint64_t *count,
                      struct status *st)
{
    int64_t run[SEGMENT_RUN];
    struct buf loaded;
    buf_init(&loaded, (size_t)1 << 40);
    bool ok = segment_load(s, c->partition, 0, &loaded, st);
    *first = *count = 0;
    for (uint64_t r = 0; ok && r <= c->place / SEGMENT_RUN; r++) {
        uint32_t n = segment_decode_run(buf_view(&loaded), r, run);
        ensure(n > (r == c->place / SEGMENT_RUN ? c->place % SEGMENT_RUN : 0));
        for (uint32_t i = 0; i < n && r * SEGMENT_RUN + i < c->place; i++) *first += (uint64_t)run[i];
        if (r == c->place / SEGMENT_RUN) *count = (uint64_t)run[c->place % SEGMENT_RUN];
    }
    buf_release(&loaded);
    return ok;
}

static bool read_range(struct segment *s, uint32_t partition, int column, uint64_t first, uint64_t count,
                       struct arena *arena, int64_t **out, struct status *st)
{
    uint64_t before = first % SEGMENT_RUN;
    int64_t *values = arena_array(arena, int64_t, before + count + 1);
    *out = values + before;
    return count == 0 || segment_get(s, partition, column, first - before, before + count, values, st);
}

static bool read_records(struct segment *s, const struct lookup_customer *c, struct arena *arena,
                         const uint32_t **records, uint64_t *first, uint32_t *count, struct status *st)
{
    uint64_t n;
    int64_t *values;
    if (!find_rows(s, c, first, &n, st) || !read_range(s, c->partition, 1, *first, n, arena, &values, st)) return false;
    uint32_t *ids = arena_array(arena, uint32_t, n + 1);
    for (uint64_t i = 0; i < n; i++) ids[i] = (uint32_t)values[i];
    *records = ids;
    *count = (uint32_t)n;
    return true;
}

/* --- the customer --- */

bool lookup_customer(struct generation *g, uint64_t number, struct arena *arena, struct lookup_customer *out,
                     bool *found, struct status *st)
{
    int64_t primary, type, flags, entry;
    uint64_t first;
    *out = (struct lookup_customer){.number = number};
    *found = generation_place(g, number, &out->partition, &out->place);
    if (!*found) return true;
    if (!read_named(g, g->customer, out, "primary", &primary, st) ||
        !read_named(g, g->customer, out, "type", &type, st) || !read_named(g, g->customer, out, "flags", &flags, st) ||
        !read_named(g, g->customer, out, "entry_date", &entry, st) ||
        !read_records(g->source, out, arena, &out->members, &first, &out->members_count, st))
        return status_while(st, "reading customer %" PRIu64, number);
    out->primary = (uint32_t)primary;
    out->type = (int)type;
    out->flags = (unsigned)flags;
    out->entry_date = (int32_t)entry;
    return true;
}

bool lookup_rows(struct generation *g, const struct lookup_customer *c, int table, struct arena *arena,
                 struct lookup_rows *out, struct status *st)
{
    const struct table *t = &g->tables.table[table];
    struct segment *s = g->table[table];
    const int64_t **columns = arena_array(arena, const int64_t *, t->columns_count + 1);
    uint64_t first;
    if (!read_records(s, c, arena, &out->records, &first, &out->count, st)) return false;
    for (int i = 0; i < t->columns_count; i++) {
        char name[SEGMENT_NAME_MAX];
        int64_t *values;
        snprintf(name, sizeof name, "field.%.50s", t->layout->fields[t->columns[i].field].name);
        int column = segment_find(s, name);
        if (column < 0) return missing_column(g, name, st);
        if (!read_range(s, c->partition, column, first, out->count, arena, &values, st)) return false;
        columns[i] = values;
    }
    out->columns = columns;
    return true;
}

static bool read_score(struct generation *g, const struct lookup_customer *c, const char *kind, const char *what,
                       int64_t *value, struct status *st)
{
    char name[SCORECARD_COLUMN_MAX];
    return read_named(g, g->customer, c, scorecard_column(c->type, kind, what, name), value, st);
}

bool lookup_measure(struct generation *g, const struct lookup_customer *c, const struct formula *f, int measure,
                    int64_t *value, struct status *st)
{
    return read_score(g, c, "measure", formula_measure_alias(f, measure), value, st);
}

bool lookup_result(struct generation *g, const struct lookup_customer *c, const struct formula *f, int result,
                   int64_t *value, struct status *st)
{
    return read_score(g, c, "result", formula_result_name(f, result), value, st);
}

/* --- the record --- */

enum charset lookup_charset(const struct layout *l)
{
    return l->encoding == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8;
}

bool lookup_record(struct generation *g, int layout, uint32_t record, struct arena *arena, struct lookup_record *out,
                   struct status *st)
{
    out->file = input_file_of(&g->inputs, layout, record);
    if (!out->file) {
        status_fail(st, STATUS_CORRUPT, "generation %s has no archived record %u of %s", g->id, record,
                    layout < 0 ? "its customers" : g->unit->layouts[layout]->name);
        return status_hint(st, "see whether it is damaged: crmx generation verify --unit %s", g->unit->id);
    }
    unsigned char *bytes = arena_take(arena, out->file->layout->record_length + 2 * DECODE_SLACK);
    out->bytes = bytes + DECODE_SLACK;
    out->offset = input_offset(out->file, record);
    out->name = input_name(out->file, record);
    return input_read_record(out->file, record, bytes + DECODE_SLACK, st);
}
