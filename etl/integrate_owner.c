/* integrate, part 5: owners. The source numbers of a system become a map to customers, partition by partition; the
 * sorted source directory is written and the members of each customer are noted on the way. Where the maps of all
 * systems fit into memory they are made before the rows are imported; otherwise a partition's map lives while the rows
 * that waited for it are looked up. */
#include "etl/integrate.h"

#include <string.h>

enum { AHEAD = 12 };

struct owner_scratch {
    struct integrate_scratch room, spare;
    struct segment_part part;
};

struct job {
    struct integrate *in;
    int system;
    bool join; /* look up the rows that wait */
    struct segment_writer *directory;
    struct owner_scratch *scratch;
};

/* Fills a part of the map and the directory from the source tuples; emits the members of each customer. */
static bool take_sources(struct job *j, int worker, uint32_t partition, struct owner_slot *part, uint64_t slots,
                         struct status *st)
{
    struct integrate *in = j->in;
    struct import_system *system = &in->im->systems[j->system];
    struct owner_scratch *s = &j->scratch[worker];
    uint64_t n = exchange_count(&system->sources, partition);
    struct source_tuple *t = integrate_room(&s->spare.tuples, &s->spare.tuples_size, n * sizeof *t);
    if (!exchange_take(&system->sources, partition, t, st)) return false;
    struct directory_entry *entries =
        integrate_room(&s->room.extra, &s->room.extra_size, (n + 1) * 2 * sizeof *entries);
    uint64_t kept = 0;
    for (uint64_t i = 0; i < n; i++) {
        /* Two dependent reads all over memory: each is asked for early (measured: a third of this loop). */
        if (i + 2 * AHEAD < n) __builtin_prefetch(&in->primary[t[i + 2 * AHEAD].record]);
        if (i + AHEAD < n) {
            uint32_t primary = in->primary[t[i + AHEAD].record];
            if (primary != UINT32_MAX) __builtin_prefetch(&in->ranks[primary >> 6]);
        }
        if (in->superseded_count && integrate_bit(in->superseded, t[i].record)) continue;
        uint32_t customer = integrate_rank(in, in->primary[t[i].record]);
        uint64_t h = owner_place(t[i].source, system->bits, slots);
        while (part[h].customer_1) h = h + 1 < slots ? h + 1 : 0;
        part[h] = (struct owner_slot){t[i].source, customer + 1, t[i].record};
        entries[kept++] =
            (struct directory_entry){directory_hash(t[i].source), t[i].record, (uint32_t)(in->first_number + customer)};
        struct member_tuple *m = exchange_add(&in->members, worker, owners_partition(&in->owners, customer), st);
        if (!m) return false;
        *m = (struct member_tuple){customer, t[i].record};
    }
    directory_sort(entries, entries + n, kept, system->bits);
    directory_put(&s->part, entries, kept, system->bits);
    return segment_commit(j->directory, partition, &s->part, st);
}

/* The source number of a row whose key is a hash. Of a row with several owners it stands in the relation record. */
static bool row_text(struct integrate *in, const struct table *t, const struct row_tuple *r, uint32_t relation,
                     char text[OWNER_TEXT_MAX], struct view *out, struct status *st)
{
    if (!t->by_relation) return owners_text(in->im->inputs, t->layout_index, r->record, text, out, st);
    return integrate_relation_text(in, t->system, r->source, relation, text, out, st);
}

static bool join_table(struct job *j, int worker, uint32_t partition, int table, struct owner_slot *part,
                       uint64_t slots, struct status *st)
{
    struct integrate *in = j->in;
    const struct table *t = &in->im->tables->table[table];
    struct owner_scratch *s = &j->scratch[worker];
    struct exchange *rows = t->by_relation ? &in->related[table] : &in->im->rows[table];
    int bits = in->im->systems[t->system].bits;
    size_t size = sizeof(struct row_tuple) + t->row_size + (t->by_relation ? sizeof(uint32_t) : 0);
    uint64_t n = exchange_count(rows, partition);
    char *tuples = integrate_room(&s->spare.tuples, &s->spare.tuples_size, n * size);
    if (!exchange_take(rows, partition, tuples, st)) return false;
    for (uint64_t i = 0; i < n; i++) {
        struct row_tuple r;
        memcpy(&r, tuples + i * size, sizeof r);
        const unsigned char *row = (const unsigned char *)tuples + i * size + sizeof r;
        uint32_t customer_1, relation = 0;
        if (r.source & DECODE_KEY_HASHED) {
            char bytes[OWNER_TEXT_MAX];
            struct view text;
            if (t->by_relation) memcpy(&relation, row + t->row_size, sizeof relation);
            if (!row_text(in, t, &r, relation, bytes, &text, st) ||
                !owners_find_text(&in->owners, part, slots, bits, r.source, text, &customer_1, st))
                return false;
        } else {
            customer_1 = owner_slot_in(part, slots, bits, r.source)->customer_1;
        }
        if (!owners_take(&in->owners, worker, table, customer_1, r.account, r.record, row, st)) return false;
    }
    return true;
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct integrate *in = j->in;
    const struct owner_map *map = &in->owners.map[j->system];
    struct owner_slot *part;
    uint64_t slots;
    if (map->slots) {
        part = map->slots + map->first[partition];
        slots = map->first[partition + 1] - map->first[partition];
    } else {
        slots = owner_slots(exchange_count(&in->im->systems[j->system].sources, (uint32_t)partition));
        struct owner_scratch *s = &j->scratch[worker];
        part = integrate_room(&s->room.tuples, &s->room.tuples_size, slots * sizeof *part);
        memset(part, 0, slots * sizeof *part);
    }
    bool ok = take_sources(j, worker, (uint32_t)partition, part, slots, st);
    for (int i = 0; ok && j->join && i < in->im->tables->count; i++)
        if (in->im->tables->table[i].system == j->system)
            ok = join_table(j, worker, (uint32_t)partition, i, part, slots, st);
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
    directory_declare(j.directory);
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
    for (int w = 0; w < workers; w++) segment_part_init(&scratch[w].part);
    bool ok = true;
    for (int s = 0; ok && s < im->unit->systems_count; s++) ok = run_system(in, s, join, scratch, st);
    for (int w = 0; w < workers; w++) {
        integrate_scratch_release(&scratch[w].room);
        integrate_scratch_release(&scratch[w].spare);
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
    if (!open_exchanges(in, st) || !take_maps(in, st)) return false;
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
            const struct owner_total *from = &in->owners.totals[w][i];
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
