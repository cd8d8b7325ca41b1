/* integrate, part 5: owners. The source numbers of a system become a map to customers, partition by partition; the
 * sorted source directory is written and the members of each customer are noted on the way. Where the maps of all
 * systems fit into memory they are made before the rows are imported; otherwise, and where most source numbers are
 * known by yesterday's directory alone, a partition's map lives while the rows that waited for it are looked up. */
#include "etl/directory_merge.h"
#include "etl/integrate.h"

#include <string.h>

enum { AHEAD = 12 };
#define OWNER_GONE UINT32_MAX /* in a slot, instead of customer + 1: known, and no customer any more */

struct owner_scratch {
    struct integrate_scratch room, spare, merged;
    struct directory_rows rows; /* the partition of yesterday's source directory */
    struct apply_bytes bytes;
    struct segment_part part;
};

struct job {
    struct integrate *in;
    int system;
    bool join; /* look up the rows that wait */
    struct segment_writer *directory;
    struct owner_scratch *scratch;
};

struct map_part { /* of an owner map: the partition at hand */
    struct owner_slot *slot;
    uint64_t slots;
    int bits;
};

/* Tonight's records of the partition, and those of touched customers that were lifted. */
static bool load_sources(struct job *j, struct owner_scratch *s, uint32_t partition, struct source_tuple **t,
                         uint64_t *n, struct status *st)
{
    struct import_system *system = &j->in->im->systems[j->system];
    const struct apply_lifted *l = &j->in->apply->sources[j->system];
    uint64_t came = exchange_count(&system->sources, partition),
             lifted = l->start ? l->start[partition + 1] - l->start[partition] : 0;
    *n = came + lifted;
    *t = integrate_room(&s->spare.tuples, &s->spare.tuples_size, (*n + 1) * sizeof **t);
    if (came && !exchange_take(&system->sources, partition, *t, st)) return false;
    if (lifted) memcpy(*t + came, (const struct source_tuple *)l->tuples + l->start[partition], lifted * sizeof **t);
    return directory_load(j->in->apply->source[j->system], partition, system->bits, &s->rows, st);
}

static bool write_directory(struct job *j, struct owner_scratch *s, uint32_t partition,
                            const struct directory_entry *entries, uint64_t n, struct status *st)
{
    int bits = j->in->im->systems[j->system].bits;
    /* What was touched comes again from its records. */
    uint64_t *gone = integrate_room(&s->merged.tuples, &s->merged.tuples_size, (s->rows.count / 64 + 1) * 8);
    if (s->rows.count) apply_touched_rows(j->in->apply, &s->rows, gone);
    directory_put(&s->part, &s->rows, gone, entries, n, bits, true);
    return segment_commit(j->directory, partition, &s->part, st);
}

/* Fills a part of the map and the directory from the source tuples; emits the members of each customer. */
static bool take_sources(struct job *j, int worker, uint32_t partition, const struct map_part *map, struct status *st)
{
    struct integrate *in = j->in;
    struct import_system *system = &in->im->systems[j->system];
    struct owner_scratch *s = &j->scratch[worker];
    bool daily = in->apply->old != NULL;
    struct source_tuple *t;
    uint64_t n;
    if (!load_sources(j, s, partition, &t, &n, st)) return false;
    struct directory_entry *entries =
        integrate_room(&s->room.extra, &s->room.extra_size, (n + 1) * 2 * sizeof *entries);
    uint64_t kept = 0;
    for (uint64_t i = 0; i < n; i++) {
        /* Two dependent reads all over memory: each is asked for early (measured: a third of this loop). */
        if (i + 2 * AHEAD < n) __builtin_prefetch(&in->primary[t[i + 2 * AHEAD].record]);
        if (!daily && i + AHEAD < n) {
            uint32_t primary = in->primary[t[i + AHEAD].record];
            if (primary != UINT32_MAX) __builtin_prefetch(&in->ranks[primary >> 6]);
        }
        if (in->superseded_count && bitmap_get(in->superseded, t[i].record)) continue;
        uint32_t customer = integrate_index(in, in->primary[t[i].record]);
        bool closed = daily && bitmap_get(in->closed, t[i].record);
        uint64_t h = owner_place(t[i].source, system->bits, map->slots);
        while (map->slot[h].customer_1) h = h + 1 < map->slots ? h + 1 : 0;
        map->slot[h] = (struct owner_slot){t[i].source, closed ? OWNER_GONE : customer + 1, t[i].record};
        entries[kept++] =
            (struct directory_entry){directory_hash(t[i].source), t[i].record,
                                     (uint32_t)(in->first_number + customer) | (closed ? DIRECTORY_CLOSED : 0)};
        struct member_tuple *m = exchange_add(&in->members, worker, owners_partition(&in->owners, customer), st);
        if (!m) return false;
        *m = (struct member_tuple){customer, t[i].record};
    }
    directory_sort(entries, entries + n, kept, system->bits);
    return write_directory(j, s, partition, entries, kept, st);
}

/* The source number of a row whose key is a hash. Of a row with several owners it stands in the relation record. */
static bool row_text(struct integrate *in, const struct table *t, const struct row_tuple *r, uint32_t relation,
                     char text[OWNER_TEXT_MAX], struct view *out, struct status *st)
{
    if (!t->by_relation) return owners_text(in->im->inputs, t->layout_index, r->record, text, out, st);
    return integrate_relation_text(in, t->system, r->source, relation, text, out, st);
}

/* The text of a row's source number, where its key is a hash. */
static bool source_text(struct job *j, const struct table *t, const struct row_tuple *r, const unsigned char *row,
                        char bytes[OWNER_TEXT_MAX], struct view *out, struct status *st)
{
    uint32_t relation = 0;
    *out = (struct view){bytes, 0};
    if (!(r->source & DECODE_KEY_HASHED)) return true;
    if (t->by_relation) memcpy(&relation, row + t->row_size, sizeof relation);
    return row_text(j->in, t, r, relation, bytes, out, st);
}

/* The customer of a source number: touched tonight, or one of yesterday's. */
static bool find_owner(struct job *j, struct owner_scratch *s, const struct map_part *map, uint64_t source,
                       struct view text, uint32_t *customer, struct status *st)
{
    struct integrate *in = j->in;
    int bits = in->im->systems[j->system].bits;
    bool exact = !(source & DECODE_KEY_HASHED);
    uint32_t customer_1 = 0;
    if (exact)
        customer_1 = owner_slot_in(map->slot, map->slots, bits, source)->customer_1;
    else if (!owners_find_text(&in->owners, map->slot, map->slots, bits, source, text, &customer_1, st))
        return false;
    *customer = OWNER_NOBODY;
    if (customer_1) {
        if (customer_1 != OWNER_GONE) *customer = customer_1 - 1;
        return true;
    }
    uint32_t wanted = directory_fingerprint(directory_hash(source), bits);
    for (uint64_t i = s->rows.count ? directory_first(&s->rows, wanted) : 0;
         i < s->rows.count && s->rows.fingerprint[i] == wanted; i++) {
        uint32_t index = apply_index(in->apply, s->rows.number[i]);
        if ((s->rows.number[i] & DIRECTORY_CLOSED) || apply_touched(in->apply, index)) continue;
        int is = directory_is(&s->rows, i, source, exact);
        if (is == 0) continue;
        if (is < 0 && !apply_read(in->im->inputs, -1, s->rows.record[i], &s->bytes, st)) return false;
        const struct layout *l = is < 0 ? s->bytes.file->layout : NULL;
        if (l && exact &&
            decode_key(&l->fields[l->role_field[ROLE_SOURCE_NO]], apply_record_bytes(&s->bytes)) != source)
            continue;
        if (l && !exact &&
            !view_equal(decode_text(l, l->role_field[ROLE_SOURCE_NO], apply_record_bytes(&s->bytes)), text))
            continue;
        *customer = index;
        return true;
    }
    return true;
}

static bool remove_source(struct job *j, int worker, int table, uint32_t customer, uint64_t source, struct status *st)
{
    struct integrate *in = j->in;
    struct removed_tuple *r = exchange_add(&in->removed[table], worker, integrate_partition(in, customer), st);
    if (!r) return false;
    *r = (struct removed_tuple){source, customer, REMOVED_SOURCE};
    return true;
}

struct changed_source {
    uint64_t source;
    uint32_t record; /* one that has it */
};

static int by_source(const void *a, const void *b)
{
    const struct changed_source *x = a, *y = b;
    return x->source < y->source ? -1 : x->source > y->source;
}

/* The source numbers for which a change list brings contacts or addresses: all that they have of the kind. */
static struct changed_source *changed_sources(struct job *j, struct owner_scratch *s, int table, const char *tuples,
                                              uint64_t n, uint64_t *count)
{
    struct integrate *in = j->in;
    const struct table *t = &in->im->tables->table[table];
    size_t size = sizeof(struct row_tuple) + t->row_size;
    *count = 0;
    if (t->layout->class == LAYOUT_ACCOUNT || !in->apply->old || in->apply->refresh) return NULL;
    struct changed_source *sources = integrate_room(&s->merged.extra, &s->merged.extra_size, (n + 1) * sizeof *sources);
    for (uint64_t i = 0; i < n; i++) {
        struct row_tuple r;
        memcpy(&r, tuples + i * size, sizeof r);
        if (!integrate_is_lifted(in, table, r.record))
            sources[(*count)++] = (struct changed_source){r.source, r.record};
    }
    if (*count) qsort(sources, *count, sizeof *sources, by_source);
    uint64_t kept = 0;
    for (uint64_t i = 0; i < *count; i++)
        if (!kept || sources[kept - 1].source != sources[i].source) sources[kept++] = sources[i];
    *count = kept;
    return sources;
}

/* What the change lists say of the rows ahead is asked for early: it stands in the order of the files. */
static void prefetch_action(const struct integrate *in, int table, const struct input_file **f, uint32_t record)
{
    *f = input_file_after(*f, in->im->inputs, in->im->tables->table[table].layout_index, record);
    if (*f && (*f)->actions) __builtin_prefetch((*f)->actions + (record - (*f)->record_base));
}

static bool join_table(struct job *j, int worker, uint32_t partition, int table, const struct map_part *map,
                       struct status *st)
{
    struct integrate *in = j->in;
    const struct table *t = &in->im->tables->table[table];
    struct owner_scratch *s = &j->scratch[worker];
    struct exchange *rows = t->by_relation ? &in->related[table] : &in->im->rows[table];
    size_t size = sizeof(struct row_tuple) + t->row_size + (t->by_relation ? sizeof(uint32_t) : 0);
    uint64_t n = exchange_count(rows, partition), changed_count;
    bool daily = in->apply->old != NULL;
    char *tuples = integrate_room(&s->spare.tuples, &s->spare.tuples_size, n * size + 1), bytes[OWNER_TEXT_MAX];
    struct view text;
    if (!exchange_take(rows, partition, tuples, st)) return false;
    const struct changed_source *changed = changed_sources(j, s, table, tuples, n, &changed_count);
    uint32_t customer;
    if (8 * n > s->rows.count) directory_index(&s->rows);
    for (uint64_t i = 0; i < changed_count; i++)
        if (!source_text(j, t, &(struct row_tuple){.source = changed[i].source, .record = changed[i].record}, NULL,
                         bytes, &text, st) ||
            !find_owner(j, s, map, changed[i].source, text, &customer, st) ||
            (customer != OWNER_NOBODY && !remove_source(j, worker, table, customer, changed[i].source, st)))
            return false;
    const struct input_file *ahead = NULL;
    for (uint64_t i = 0; i < n; i++) {
        struct row_tuple r;
        if (daily && i + AHEAD < n) {
            memcpy(&r, tuples + (i + AHEAD) * size, sizeof r);
            prefetch_action(in, table, &ahead, r.record);
        }
        memcpy(&r, tuples + i * size, sizeof r);
        const unsigned char *row = (const unsigned char *)tuples + i * size + sizeof r;
        if (daily && !t->by_relation) {
            integrate_note_lifted(in, table, r.record, row);
            bool replaced =
                changed_count && integrate_is_lifted(in, table, r.record) &&
                bsearch(&(struct changed_source){r.source, 0}, changed, changed_count, sizeof *changed, by_source);
            if (replaced || integrate_is_closed(in, table, r.record)) {
                integrate_closed(in, table, row);
                if (!owners_account(&in->owners, worker, table, r.account, r.record, OWNER_CLOSED, st)) return false;
                continue;
            }
        }
        if (!source_text(j, t, &r, row, bytes, &text, st) || !find_owner(j, s, map, r.source, text, &customer, st) ||
            !owners_take(&in->owners, worker, table, customer == OWNER_NOBODY ? 0 : customer + 1, r.account, r.record,
                         row, st))
            return false;
    }
    return true;
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct integrate *in = j->in;
    const struct owner_map *map = &in->owners.map[j->system];
    const struct apply_lifted *l = &in->apply->sources[j->system];
    struct map_part part = {.bits = in->im->systems[j->system].bits};
    if (map->slots) {
        part.slot = map->slots + map->first[partition];
        part.slots = map->first[partition + 1] - map->first[partition];
    } else {
        part.slots = owner_slots(exchange_count(&in->im->systems[j->system].sources, (uint32_t)partition) +
                                 (l->start ? l->start[partition + 1] - l->start[partition] : 0));
        struct owner_scratch *s = &j->scratch[worker];
        part.slot = integrate_room(&s->room.tuples, &s->room.tuples_size, part.slots * sizeof *part.slot);
        memset(part.slot, 0, part.slots * sizeof *part.slot);
    }
    bool ok = take_sources(j, worker, (uint32_t)partition, &part, st);
    for (int i = 0; ok && j->join && i < in->im->tables->count; i++)
        if (in->im->tables->table[i].system == j->system) ok = join_table(j, worker, (uint32_t)partition, i, &part, st);
    if (!ok) segment_abort(j->directory, (uint32_t)partition);
    return ok;
}

static bool run_system(struct integrate *in, int system, bool join, struct owner_scratch *scratch, struct status *st)
{
    struct import *im = in->im;
    const char *path = arena_printf(im->arena, "%s/source-%s.dir", in->folder, im->unit->systems[system].name);
    struct job j = {.in = in, .system = system, .join = join, .scratch = scratch};
    uint32_t partitions = 1u << im->systems[system].bits;
    j.directory = segment_create(path, partitions, st);
    if (!j.directory) return false;
    directory_declare_whole(j.directory);
    if (pool_run(im->pool, partitions, task, &j, st)) return segment_finish(j.directory, st);
    segment_discard(j.directory);
    return false;
}

static bool run_systems(struct integrate *in, bool join, struct status *st)
{
    struct import *im = in->im;
    int workers = pool_workers(im->pool);
    struct owner_scratch *scratch = calloc((size_t)workers, sizeof *scratch);
    ensure(scratch);
    for (int w = 0; w < workers; w++) {
        segment_part_init(&scratch[w].part);
        directory_rows_init(&scratch[w].rows);
    }
    bool ok = true;
    for (int s = 0; ok && s < im->unit->systems_count; s++) ok = run_system(in, s, join, scratch, st);
    for (int w = 0; w < workers; w++) {
        integrate_scratch_release(&scratch[w].room);
        integrate_scratch_release(&scratch[w].spare);
        integrate_scratch_release(&scratch[w].merged);
        directory_rows_release(&scratch[w].rows);
        segment_part_release(&scratch[w].part);
    }
    free(scratch);
    exchange_seal(&in->members);
    return ok || status_while(st, "finding the customers of accounts");
}

static bool open_exchanges(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    struct exchange_options o = {.name = "members",
                                 .partitions = in->partitions ? in->partitions : 1,
                                 .tuple_size = sizeof(struct member_tuple),
                                 .workers = pool_workers(im->pool),
                                 .budget = im->budget,
                                 .spill_folder = im->spill_folder};
    if (!exchange_init(&in->members, &o, st)) return false;
    for (int i = 0; i < im->tables->count; i++) {
        const struct table *t = &im->tables->table[i];
        o.name = arena_printf(im->arena, "owned-%s", t->layout->name);
        o.partitions = in->partitions ? in->partitions : 1;
        o.tuple_size = (uint32_t)sizeof(struct owned_tuple) + t->row_size;
        if (!exchange_init(&in->owned[i], &o, st)) return false;
        o.name = arena_printf(im->arena, "accounts-%s", t->layout->name);
        o.partitions = 1u << im->systems[t->system].bits;
        o.tuple_size = sizeof(struct account_tuple);
        if (!exchange_init(&in->accounts[i], &o, st)) return false;
        o.name = arena_printf(im->arena, "removed-%s", t->layout->name);
        o.partitions = in->partitions ? in->partitions : 1;
        o.tuple_size = sizeof(struct removed_tuple);
        if (in->apply->old && !exchange_init(&in->removed[i], &o, st)) return false;
    }
    return true;
}

/* The maps of all systems, when a third of what is left of the budget holds them. */
static bool take_maps(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    uint64_t slots = 0;
    for (int s = 0; s < im->unit->systems_count; s++) {
        struct owner_map *m = &in->owners.map[s];
        uint32_t partitions = 1u << im->systems[s].bits;
        m->bits = im->systems[s].bits;
        m->first = arena_array(im->arena, uint64_t, partitions + 1);
        for (uint32_t p = 0; p < partitions; p++) {
            m->first[p] = slots;
            slots += owner_slots(exchange_count(&im->systems[s].sources, p));
        }
        m->first[partitions] = slots;
    }
    uint64_t left = budget_max(im->budget) - budget_used(im->budget);
    if (slots * sizeof(struct owner_slot) > left / 3) return true;
    in->maps_size = slots * sizeof(struct owner_slot);
    in->maps = budget_region(im->budget, in->maps_size, "source numbers", st);
    if (!in->maps) return false;
    for (int s = 0; s < im->unit->systems_count; s++) in->owners.map[s].slots = in->maps;
    in->owners.in_memory = true;
    return true;
}

void integrate_owners_init(struct integrate *in)
{
    struct import *im = in->im;
    int workers = pool_workers(im->pool);
    int *bits = arena_array(im->arena, int, im->unit->systems_count);
    for (int s = 0; s < im->unit->systems_count; s++) bits[s] = im->systems[s].bits;
    struct owners *o = &in->owners;
    *o = (struct owners){.tables = im->tables,
                         .inputs = im->inputs,
                         .first_number = in->first_number,
                         .partition_customers = in->partition_customers,
                         .partition_shift = -1,
                         .account_bits = bits,
                         .owned = in->owned,
                         .accounts = in->accounts};
    if ((in->partition_customers & (in->partition_customers - 1)) == 0)
        o->partition_shift = __builtin_ctz(in->partition_customers);
    o->totals = arena_array(im->arena, struct owner_total *, workers);
    for (int w = 0; w < workers; w++) o->totals[w] = arena_array(im->arena, struct owner_total, im->tables->count + 1);
}

bool integrate_sources(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    if (!open_exchanges(in, st) || (!in->apply->old && !take_maps(in, st))) return false;
    if (!in->owners.in_memory) return true;
    im->owners = &in->owners;
    return run_systems(in, false, st);
}

bool integrate_owners(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    if (!in->owners.in_memory && !run_systems(in, true, st)) return false;
    budget_region_return(im->budget, in->maps, in->maps_size);
    in->maps = NULL;
    for (int i = 0; i < im->tables->count; i++) {
        for (int w = 0; w < pool_workers(im->pool); w++) {
            struct owner_total *from = &in->owners.totals[w][i];
            for (uint32_t k = 0; k < from->pending_count; k++) integrate_pending(in, i, from->pending[k]);
            free(from->pending);
            from->pending = NULL;
            from->pending_count = 0;
            in->table[i]->rows_in += from->rows_in;
            in->table[i]->orphans += from->orphans;
            for (int a = 0; a < TABLE_AMOUNTS_MAX; a++)
                for (int c = 0; c < im->rates->count; c++) in->table[i]->orphan_sum[a][c] += from->orphan_sum[a][c];
        }
        exchange_seal(&in->owned[i]);
        exchange_seal(&in->accounts[i]);
    }
    return true;
}
