#include "etl/compact_space.h"

#include "etl/detail_day.h"
#include "etl/detail_month.h"
#include "etl/import.h"
#include "etl/tsv.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { RANK_IDS = 512, RANK_WORDS = RANK_IDS / 64 };

/* --- what holds ids --- */

struct holding {
    const struct generation *g;
    struct arena *arena;
    struct compact_holders *out;
    int capacity;
};

static void add(struct holding *h, const char *file, const char *column, uint32_t at, int space, int table, bool marks)
{
    if (!os_exists(arena_printf(h->arena, "%s/%s", h->g->folder, file))) return;
    if (h->out->count == h->capacity) {
        h->capacity = h->capacity ? h->capacity * 2 : 64;
        struct compact_holder *more = arena_array(h->arena, struct compact_holder, h->capacity);
        if (h->out->count) memcpy(more, h->out->list, (size_t)h->out->count * sizeof *more);
        h->out->list = more;
    }
    h->out->list[h->out->count++] = (struct compact_holder){file, column, at, space, table, marks};
}

/* The space of the relation files of a system. -1: it has none; or several, in a generation whose ids are not told
 * apart. */
static int system_relations(const struct unit *u, int system)
{
    int found = -1;
    for (int i = 0; i < u->layouts_count; i++) {
        if (u->layouts[i]->class != LAYOUT_RELATION || u->layout_system[i] != system) continue;
        if (found >= 0 && found != u->layout_space[i]) return -1;
        found = u->layout_space[i];
    }
    return found;
}

static bool add_days(struct holding *h, struct status *st)
{
    struct detail_month m;
    const struct unit *u = h->g->unit;
    if (!detail_month_read(h->g->folder, h->arena, &m, st)) return false;
    for (int i = 0; i < m.files_count; i++) {
        char name[64];
        detail_file_date(m.files[i], name);
        int log = unit_layout(u, name);
        if (log >= 0)
            add(h, arena_printf(h->arena, "detail/%s", m.files[i]), "record", 0, u->layout_base[log], -1, true);
    }
    return true;
}

bool compact_holders(const struct generation *g, struct arena *arena, struct compact_holders *out, struct status *st)
{
    struct holding h = {g, arena, out, 0};
    const struct unit *u = g->unit;
    *out = (struct compact_holders){0};
    /* Whoever is not in force has the primary record of old, which may be gone. */
    add(&h, "customer.seg", "primary", 0, -1, -1, false);
    add(&h, "source.seg", "record", 0, -1, -1, true);
    add(&h, "identity.dir", "record", 0, -1, -1, true);
    for (int s = 0; s < u->systems_count; s++) {
        const char *name = u->systems[s].name;
        int relation = system_relations(u, s);
        add(&h, arena_printf(arena, "source-%s.dir", name), "record", 0, -1, -1, true);
        if (relation >= 0)
            add(&h, arena_printf(arena, "relation-%s.seg", name), "relation", offsetof(struct relation_tuple, record),
                relation, -1, true);
    }
    for (int t = 0; t < g->tables.count; t++) {
        const struct layout *l = g->tables.table[t].layout;
        int space = g->tables.table[t].layout_index;
        add(&h, arena_printf(arena, "table-%s.seg", l->name), "record", 0, space, t, true);
        add(&h, arena_printf(arena, "account-%s.dir", l->name), "record", 0, space, -1, true);
    }
    return add_days(&h, st);
}

struct lines {
    const struct generation *g;
    struct arena *arena;
    struct compact_list *list;
    uint32_t capacity;
};

static struct compact_line *add_line(struct lines *l)
{
    if (l->list->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 256;
        struct compact_line *more = arena_array(l->arena, struct compact_line, l->capacity);
        if (l->list->count) memcpy(more, l->list->lines, l->list->count * sizeof *more);
        l->list->lines = more;
    }
    struct compact_line *line = &l->list->lines[l->list->count++];
    *line = (struct compact_line){.before = "", .behind = ""};
    return line;
}

static bool take_pending(void *context, char *field[], struct status *st)
{
    struct lines *l = context;
    int layout = unit_layout(l->g->unit, field[0]);
    if (layout < 0) return status_fail(st, STATUS_CORRUPT, "pending.tsv names the table %s, which is none", field[0]);
    struct compact_line *line = add_line(l);
    line->space = layout;
    line->ids[0] = (uint32_t)strtoul(field[1], NULL, 10);
    line->ids_count = 1;
    line->before = arena_printf(l->arena, "%s\t", field[0]);
    line->behind = arena_printf(l->arena, "\t%s", field[2]);
    return true;
}

static bool take_alias(void *context, char *field[], struct status *st)
{
    struct compact_line *line = add_line(context);
    (void)st;
    line->space = -1;
    line->ids[0] = (uint32_t)strtoul(field[0], NULL, 10);
    line->ids[1] = (uint32_t)strtoul(field[1], NULL, 10);
    line->ids_count = 2;
    return true;
}

bool compact_lists(const struct generation *g, struct arena *arena, struct compact_list out[COMPACT_LISTS],
                   struct status *st)
{
    out[0] = (struct compact_list){.name = "pending.tsv", .head = "table\trecord\tsince"};
    out[1] = (struct compact_list){.name = "aliases.tsv", .head = "record\tformer"};
    for (int i = 0; i < COMPACT_LISTS; i++) {
        struct lines l = {g, arena, &out[i], 0};
        const char *path = arena_printf(arena, "%s/%s", g->folder, out[i].name);
        if (!os_exists(path)) continue; /* a generation of an older release */
        if (!tsv_read(path, out[i].head, i ? take_alias : take_pending, &l, st)) return false;
    }
    return true;
}

/* --- a column of ids --- */

void compact_column_release(struct compact_column *c)
{
    free(c->ids);
    free(c->values);
    free(c->raw);
    *c = (struct compact_column){0};
}

bool compact_column_load(struct segment *s, const struct compact_holder *h, uint32_t partition,
                         struct compact_column *c, struct status *st)
{
    int column = segment_find(s, h->column);
    if (column < 0) return status_fail(st, STATUS_CORRUPT, "\"%s\" has no column %s", h->file, h->column);
    const struct segment_column *shape = segment_column(s, column);
    c->count = segment_rows(s, partition, column);
    uint32_t width = shape->type == SEGMENT_RAW ? shape->width : 8;
    if (c->count > c->capacity || !c->ids) {
        c->capacity = c->count + c->count / 2 + 64;
        free(c->ids);
        free(c->values);
        free(c->raw);
        c->ids = malloc(c->capacity * sizeof *c->ids);
        c->values = shape->type == SEGMENT_RAW ? NULL : malloc(c->capacity * sizeof *c->values);
        c->raw = shape->type == SEGMENT_RAW ? malloc(c->capacity * width) : NULL;
        ensure(c->ids && (c->values || c->raw));
    }
    if (!c->count) return true;
    if (shape->type == SEGMENT_RAW) {
        if (!segment_get_raw(s, partition, column, 0, c->count, c->raw, st)) return false;
        for (uint64_t i = 0; i < c->count; i++) memcpy(&c->ids[i], c->raw + i * width + h->at, 4);
        return true;
    }
    if (!segment_get(s, partition, column, 0, c->count, c->values, st)) return false;
    for (uint64_t i = 0; i < c->count; i++) c->ids[i] = (uint32_t)c->values[i];
    return true;
}

/* --- what is live --- */

struct mark {
    struct compact_space *s;
    const struct compact_holder *holder;
    struct segment *segment;
    struct compact_column *columns; /* per worker */
};

static void mark_id(struct compact_space *s, uint32_t id)
{
    if (id < s->ids) __atomic_fetch_or(&s->live[id >> 6], UINT64_C(1) << (id & 63), __ATOMIC_RELAXED);
}

static bool mark_task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct mark *m = context;
    struct compact_column *c = &m->columns[worker];
    if (!compact_column_load(m->segment, m->holder, (uint32_t)partition, c, st)) return false;
    for (uint64_t i = 0; i < c->count; i++) mark_id(m->s, c->ids[i]);
    return true;
}

static bool mark_holder(struct compact_space *s, const struct generation *g, const struct compact_holder *h,
                        struct pool *pool, struct arena *arena, struct status *st)
{
    struct mark m = {s, h, segment_open(arena_printf(arena, "%s/%s", g->folder, h->file), st), NULL};
    if (!m.segment) return false;
    m.columns = calloc((size_t)pool_workers(pool), sizeof *m.columns);
    ensure(m.columns);
    bool ok = pool_run(pool, segment_partitions(m.segment), mark_task, &m, st);
    for (int w = 0; w < pool_workers(pool); w++) compact_column_release(&m.columns[w]);
    free(m.columns);
    segment_close(m.segment);
    return ok || status_while(st, "finding the records that are in force in %s", h->file);
}

static void make_ranks(struct compact_space *s)
{
    uint32_t sum = 0, words = s->ids / 64 + 1;
    for (uint32_t w = 0; w < words; w++) {
        if (w % RANK_WORDS == 0) s->rank[w / RANK_WORDS] = sum;
        sum += (uint32_t)__builtin_popcountll(s->live[w]);
    }
}

/* Live ids below this one. */
static uint32_t rank_of(const struct compact_space *s, uint32_t id)
{
    uint32_t word = id >> 6, at = word / RANK_WORDS * RANK_WORDS, sum = s->rank[word / RANK_WORDS];
    for (; at < word; at++) sum += (uint32_t)__builtin_popcountll(s->live[at]);
    return sum + (uint32_t)__builtin_popcountll(s->live[word] & ((UINT64_C(1) << (id & 63)) - 1));
}

/* --- what becomes of the files --- */

static int by_first(const void *a, const void *b)
{
    const struct compact_range *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

static void find_ranges(struct compact_space *s, const struct generation *g, struct arena *arena)
{
    const struct input_set *in = &g->inputs;
    s->ranges = arena_array(arena, struct compact_range, in->files_count + in->carried_count + 1);
    for (int i = 0; i < in->files_count + in->carried_count; i++) {
        bool own = i < in->files_count;
        const struct input_file *f = own ? &in->files[i] : &in->carried[i - in->files_count];
        if (f->space != s->space || !f->records_max) continue;
        s->ranges[s->ranges_count++] = (struct compact_range){
            .file = f, .own = own, .first = f->record_base, .end = f->record_base + f->records_max, .run = -1};
    }
    if (s->ranges_count) qsort(s->ranges, (size_t)s->ranges_count, sizeof *s->ranges, by_first);
}

static uint32_t aligned(uint64_t records)
{
    return (uint32_t)((records + INPUT_RECORDS_ALIGN) & ~(uint64_t)(INPUT_RECORDS_ALIGN - 1));
}

/* Consecutive files of one version of a layout become one; a file without live records is no border. A single packed
 * file is packed again only when it holds too little: otherwise the outcome would be what there is. */
static void choose(struct compact_space *s, int live_share)
{
    const struct compact_range *last = NULL;
    for (int i = 0; i < s->ranges_count; i++) {
        struct compact_range *r = &s->ranges[i];
        r->live = rank_of(s, r->end) - rank_of(s, r->first);
        r->packed = !r->own && (!r->live || r->live * 100 < r->file->accepted * (uint64_t)live_share);
        s->changed |= r->packed;
        if (!r->live && r->packed) continue;
        if (!r->packed) {
            last = NULL;
            continue;
        }
        bool goes_on = last && strcmp(last->file->layout->name, r->file->layout->name) == 0 &&
                       strcmp(last->file->version, r->file->version) == 0;
        r->run = goes_on ? last->run : s->runs++;
        last = r;
    }
}

/* New ids, in the order of the old ones. Where nothing is packed they stay: gaps (files that held nothing) are not
 * worth writing every column anew. */
static void give_ids(struct compact_space *s)
{
    uint64_t next = 0;
    for (int i = 0; !s->changed && i < s->ranges_count; i++) s->ranges[i].base = s->ranges[i].first;
    if (!s->changed) return;
    for (int i = 0; i < s->ranges_count; i++) {
        struct compact_range *r = &s->ranges[i];
        r->base = (uint32_t)next;
        if (!r->packed) {
            next += r->end - r->first;
            continue;
        }
        if (r->run < 0) continue;
        uint64_t records = 0;
        for (; i < s->ranges_count && (s->ranges[i].run == r->run || s->ranges[i].run < 0) && s->ranges[i].packed;
             i++) {
            s->ranges[i].base = (uint32_t)(next + records);
            records += s->ranges[i].live;
        }
        i--;
        next += aligned(records);
    }
}

bool compact_space_open(struct compact_space *s, const struct generation *g, int space,
                        const struct compact_holders *holders, const struct compact_list lists[COMPACT_LISTS],
                        int live_share, uint64_t memory_max, struct pool *pool, struct arena *arena, struct status *st)
{
    *s = (struct compact_space){.space = space, .ids = input_space(&g->inputs, space)};
    size_t words = s->ids / 64 + RANK_WORDS, ranks = s->ids / RANK_IDS + 2, bytes = words * 8 + ranks * 4;
    if (bytes > memory_max / 2) {
        status_fail(st, STATUS_USAGE,
                    "%u record ids need %llu MB of memory to be packed, half of memory_max is %llu MB", s->ids,
                    (unsigned long long)(bytes >> 20), (unsigned long long)(memory_max >> 21));
        return status_hint(st, "crmx generation compact --unit %s --set run.memory_max=%lluM", g->unit->id,
                           (unsigned long long)(bytes >> 19) + 64);
    }
    s->live = calloc(words, 8);
    s->rank = calloc(ranks, 4);
    ensure(s->live && s->rank);
    for (int i = 0; i < holders->count; i++)
        if (holders->list[i].space == space && holders->list[i].marks &&
            !mark_holder(s, g, &holders->list[i], pool, arena, st))
            return false;
    for (int i = 0; i < COMPACT_LISTS; i++)
        for (uint32_t k = 0; k < lists[i].count; k++)
            for (int n = 0; lists[i].lines[k].space == space && n < lists[i].lines[k].ids_count; n++)
                mark_id(s, lists[i].lines[k].ids[n]);
    make_ranks(s);
    find_ranges(s, g, arena);
    choose(s, live_share);
    give_ids(s);
    return true;
}

void compact_space_close(struct compact_space *s)
{
    free(s->live);
    free(s->rank);
    s->live = NULL;
    s->rank = NULL;
}

uint32_t compact_map(const struct compact_space *s, uint32_t id)
{
    int low = 0, high = s->ranges_count; /* the last that begins at or before it */
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (s->ranges[middle].first <= id)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low || id >= s->ranges[low - 1].end) return id;
    const struct compact_range *r = &s->ranges[low - 1];
    if (!r->packed) return id - r->first + r->base;
    /* A dead one: a neighbour; nobody reads it (compact_holder.marks). */
    return r->base + rank_of(s, id) - rank_of(s, r->first);
}
