/* integrate, part 5: owners. Within a partition of a system's source numbers, a table from source number to customer is
 * built once and every row of the system's accounts, contacts and addresses looked up in it. Rows go to the population
 * partition of their customer; what finds no customer is an orphan, counted in records and money. The partition's
 * sorted source directory is written on the way. */
#include "etl/directory.h"
#include "etl/integrate.h"

#include <pthread.h>
#include <string.h>

enum { AHEAD = 12 };

struct owner_scratch {
    struct integrate_scratch room, spare;
    struct segment_part part;
    struct integrate_table *totals; /* per table; summed up at the end */
};

struct job {
    struct integrate *in;
    int system;
    struct segment_writer *directory;
    struct owner_scratch *scratch;
};

struct lookup { /* open addressing, 16 bytes a slot */
    uint64_t source;
    uint32_t customer_1; /* customer + 1, 0: empty */
    uint32_t reserved;
};

static size_t slot_of(uint64_t source, int bits, size_t slots)
{
    return (size_t)(directory_hash(source) << bits >> (64 - __builtin_ctzll(slots)));
}

/* Fills the lookup and the directory entries from the source tuples; emits the members of each customer. */
static bool take_sources(struct job *j, int worker, uint32_t partition, struct lookup **lookup, size_t *slots,
                         struct status *st)
{
    struct integrate *in = j->in;
    struct import_system *system = &in->im->systems[j->system];
    struct owner_scratch *s = &j->scratch[worker];
    uint64_t n = exchange_count(&system->sources, partition);
    struct source_tuple *t = integrate_room(&s->spare.tuples, &s->spare.tuples_size, n * sizeof *t);
    if (!exchange_take(&system->sources, partition, t, st)) return false;
    *slots = 1024;
    while (*slots < 2 * n) *slots *= 2;
    *lookup = integrate_room(&s->room.tuples, &s->room.tuples_size, *slots * sizeof **lookup);
    memset(*lookup, 0, *slots * sizeof **lookup);
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
        size_t h = slot_of(t[i].source, system->bits, *slots);
        while ((*lookup)[h].customer_1) h = (h + 1) & (*slots - 1);
        (*lookup)[h] = (struct lookup){t[i].source, customer + 1, 0};
        entries[kept++] =
            (struct directory_entry){directory_hash(t[i].source), t[i].record, (uint32_t)(in->first_number + customer)};
        struct member_tuple *m = exchange_add(&in->members, worker, integrate_partition(in, customer), st);
        if (!m) return false;
        *m = (struct member_tuple){customer, t[i].record};
    }
    directory_sort(entries, entries + n, kept, system->bits);
    directory_put(&s->part, entries, kept, system->bits);
    return segment_commit(j->directory, partition, &s->part, st);
}

static void orphan(struct owner_scratch *s, const struct table *t, int table, const unsigned char *row)
{
    struct integrate_table *totals = &s->totals[table];
    int currency = t->currency_column < 0 ? 0 : row[t->columns[t->currency_column].offset];
    totals->orphans++;
    for (int a = 0; a < t->amounts_count; a++)
        totals->orphan_sum[a][currency] += decode_column_value(&t->columns[t->amount_columns[a]], row);
}

static bool join_table(struct job *j, int worker, uint32_t partition, int table, const struct lookup *lookup,
                       size_t slots, struct status *st)
{
    struct integrate *in = j->in;
    const struct table *t = &in->im->tables->table[table];
    struct owner_scratch *s = &j->scratch[worker];
    struct exchange *rows = t->by_relation ? &in->related[table] : &in->im->rows[table];
    int bits = in->im->systems[t->system].bits;
    size_t size = sizeof(struct row_tuple) + t->row_size;
    uint64_t n = exchange_count(rows, partition);
    char *tuples = integrate_room(&s->spare.tuples, &s->spare.tuples_size, n * size);
    if (!exchange_take(rows, partition, tuples, st)) return false;
    for (uint64_t i = 0; i < n; i++) {
        struct row_tuple r;
        memcpy(&r, tuples + i * size, sizeof r);
        const unsigned char *row = (const unsigned char *)tuples + i * size + sizeof r;
        s->totals[table].rows_in++;
        size_t h = slot_of(r.source, bits, slots);
        while (lookup[h].customer_1 && lookup[h].source != r.source) h = (h + 1) & (slots - 1);
        if (!lookup[h].customer_1) {
            orphan(s, t, table, row);
            continue;
        }
        uint32_t customer = lookup[h].customer_1 - 1;
        struct owned_tuple *o = exchange_add(&in->owned[table], worker, integrate_partition(in, customer), st);
        if (!o) return false;
        *o = (struct owned_tuple){customer, r.record};
        row_copy(o + 1, row, t->row_size);
        if (t->layout->class != LAYOUT_ACCOUNT) continue;
        struct account_tuple *a = exchange_add(&in->accounts[table], worker, import_partition(r.account, bits), st);
        if (!a) return false;
        *a = (struct account_tuple){r.account, r.record, customer};
    }
    return true;
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct lookup *lookup;
    size_t slots;
    bool ok = take_sources(j, worker, (uint32_t)partition, &lookup, &slots, st);
    for (int i = 0; ok && i < j->in->im->tables->count; i++)
        if (j->in->im->tables->table[i].system == j->system)
            ok = join_table(j, worker, (uint32_t)partition, i, lookup, slots, st);
    if (!ok) segment_abort(j->directory, (uint32_t)partition);
    return ok;
}

static bool run_system(struct integrate *in, int system, struct owner_scratch *scratch, struct status *st)
{
    struct import *im = in->im;
    const char *path = arena_printf(im->arena, "%s/source-%s.dir", in->folder, im->unit->systems[system].name);
    struct job j = {.in = in, .system = system, .scratch = scratch};
    uint32_t partitions = 1u << im->systems[system].bits;
    j.directory = segment_create(path, partitions, st);
    if (!j.directory) return false;
    directory_declare(j.directory);
    if (pool_run(im->pool, partitions, task, &j, st)) return segment_finish(j.directory, st);
    segment_discard(j.directory);
    return false;
}

static void add_totals(struct integrate *in, const struct owner_scratch *scratch, int workers)
{
    for (int i = 0; i < in->im->tables->count; i++)
        for (int w = 0; w < workers; w++) {
            const struct integrate_table *from = &scratch[w].totals[i];
            in->table[i]->rows_in += from->rows_in;
            in->table[i]->orphans += from->orphans;
            for (int a = 0; a < TABLE_AMOUNTS_MAX; a++)
                for (int c = 0; c < in->im->rates->count; c++) in->table[i]->orphan_sum[a][c] += from->orphan_sum[a][c];
        }
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

bool integrate_owners(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    int workers = pool_workers(im->pool);
    if (!open_exchanges(in, st)) return false;
    struct owner_scratch *scratch = calloc((size_t)workers, sizeof *scratch);
    ensure(scratch);
    for (int w = 0; w < workers; w++) {
        segment_part_init(&scratch[w].part);
        scratch[w].totals = calloc((size_t)im->tables->count + 1, sizeof *scratch[w].totals);
        ensure(scratch[w].totals);
    }
    bool ok = true;
    for (int s = 0; ok && s < im->unit->systems_count; s++) ok = run_system(in, s, scratch, st);
    if (ok) add_totals(in, scratch, workers);
    for (int w = 0; w < workers; w++) {
        integrate_scratch_release(&scratch[w].room);
        integrate_scratch_release(&scratch[w].spare);
        segment_part_release(&scratch[w].part);
        free(scratch[w].totals);
    }
    free(scratch);
    if (!ok) return status_while(st, "finding the customers of accounts");
    exchange_seal(&in->members);
    for (int i = 0; i < im->tables->count; i++) {
        exchange_seal(&in->owned[i]);
        exchange_seal(&in->accounts[i]);
    }
    return true;
}
