/* integrate, part 5: owners. Within a partition of a system's source numbers, a table from source number to customer is
 * built once and every row of the system's accounts, contacts and addresses looked up in it. Rows go to the population
 * partition of their customer; what finds no customer is an orphan, counted in records and money. The partition's
 * sorted source directory is written on the way. */
#include "etl/directory_merge.h"
#include "etl/integrate.h"

#include <pthread.h>
#include <string.h>

enum { AHEAD = 12 };
#define LOOKUP_CLOSED UINT32_MAX /* instead of customer + 1: known, and no customer any more */

struct owner_scratch {
    struct integrate_scratch room, spare, merged;
    struct directory_rows rows; /* the partition of yesterday's source directory */
    struct apply_bytes bytes;
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
    if (lifted)
        memcpy(*t + came, (const struct source_tuple *)l->tuples + l->start[partition], lifted * sizeof **t);
    return directory_load(j->in->apply->source[j->system], partition, system->bits, &s->rows, st);
}

struct keep_context {
    const struct apply *apply;
    const struct directory_rows *rows;
};

/* What was touched comes again from its records. */
static bool keep_untouched(void *context, uint64_t row)
{
    const struct keep_context *k = context;
    return !apply_touched(k->apply, apply_index(k->apply, k->rows->number[row]));
}

static bool write_directory(struct job *j, struct owner_scratch *s, uint32_t partition,
                            struct directory_entry *entries, uint64_t n, struct status *st)
{
    int bits = j->in->im->systems[j->system].bits;
    if (s->rows.count) {
        struct keep_context k = {j->in->apply, &s->rows};
        struct directory_entry *all =
            integrate_room(&s->merged.tuples, &s->merged.tuples_size, (s->rows.count + n + 1) * sizeof *all);
        n = directory_merge(&s->rows, keep_untouched, &k, entries, n, all);
        entries = all;
    }
    directory_put(&s->part, entries, n, bits);
    return segment_commit(j->directory, partition, &s->part, st);
}

/* Fills the lookup and the directory entries from the source tuples; emits the members of each customer. */
static bool take_sources(struct job *j, int worker, uint32_t partition, struct lookup **lookup, size_t *slots,
                         struct status *st)
{
    struct integrate *in = j->in;
    struct import_system *system = &in->im->systems[j->system];
    struct owner_scratch *s = &j->scratch[worker];
    bool daily = in->apply->old != NULL;
    struct source_tuple *t;
    uint64_t n;
    if (!load_sources(j, s, partition, &t, &n, st)) return false;
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
        if (!daily && i + AHEAD < n) {
            uint32_t primary = in->primary[t[i + AHEAD].record];
            if (primary != UINT32_MAX) __builtin_prefetch(&in->ranks[primary >> 6]);
        }
        if (in->superseded_count && integrate_bit(in->superseded, t[i].record)) continue;
        uint32_t customer = integrate_index(in, in->primary[t[i].record]);
        bool closed = daily && integrate_bit(in->closed, t[i].record);
        size_t h = slot_of(t[i].source, system->bits, *slots);
        while ((*lookup)[h].customer_1) h = (h + 1) & (*slots - 1);
        (*lookup)[h] = (struct lookup){t[i].source, closed ? LOOKUP_CLOSED : customer + 1, 0};
        entries[kept++] =
            (struct directory_entry){directory_hash(t[i].source), t[i].record,
                                     (uint32_t)(in->first_number + customer) | (closed ? DIRECTORY_CLOSED : 0)};
        struct member_tuple *m = exchange_add(&in->members, worker, integrate_partition(in, customer), st);
        if (!m) return false;
        *m = (struct member_tuple){customer, t[i].record};
    }
    directory_sort(entries, entries + n, kept, system->bits);
    return write_directory(j, s, partition, entries, kept, st);
}

/* The customer of a source number: touched tonight, or one of yesterday's. */
static bool find_owner(struct job *j, struct owner_scratch *s, const struct lookup *lookup, size_t slots,
                       uint64_t source, uint32_t *customer, struct status *st)
{
    struct integrate *in = j->in;
    int bits = in->im->systems[j->system].bits;
    size_t h = slot_of(source, bits, slots);
    *customer = INTEGRATE_NOBODY;
    while (lookup[h].customer_1 && lookup[h].source != source) h = (h + 1) & (slots - 1);
    if (lookup[h].customer_1) {
        if (lookup[h].customer_1 != LOOKUP_CLOSED) *customer = lookup[h].customer_1 - 1;
        return true;
    }
    uint32_t wanted = directory_fingerprint(directory_hash(source), bits);
    for (uint64_t i = s->rows.count ? directory_first(&s->rows, wanted) : 0;
         i < s->rows.count && s->rows.fingerprint[i] == wanted; i++) {
        uint32_t index = apply_index(in->apply, s->rows.number[i]);
        if ((s->rows.number[i] & DIRECTORY_CLOSED) || apply_touched(in->apply, index)) continue;
        if (!apply_read(in->im->inputs, -1, s->rows.record[i], &s->bytes, st)) return false;
        const struct layout *l = s->bytes.file->layout;
        if (decode_key(&l->fields[l->role_field[ROLE_SOURCE_NO]], apply_record_bytes(&s->bytes)) != source) continue;
        *customer = index;
        return true;
    }
    return true;
}

static void orphan(struct owner_scratch *s, const struct table *t, int table, const unsigned char *row)
{
    struct integrate_table *totals = &s->totals[table];
    int currency = t->currency_column < 0 ? 0 : row[t->columns[t->currency_column].offset];
    totals->orphans++;
    for (int a = 0; a < t->amounts_count; a++)
        totals->orphan_sum[a][currency] += decode_column_value(&t->columns[t->amount_columns[a]], row);
}

static bool remove_source(struct job *j, int worker, int table, uint32_t customer, uint64_t source, struct status *st)
{
    struct integrate *in = j->in;
    struct removed_tuple *r =
        exchange_add(&in->removed[table], worker, integrate_partition(in, customer), st);
    if (!r) return false;
    *r = (struct removed_tuple){source, customer, REMOVED_SOURCE};
    return true;
}

static int by_source(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The source numbers for which a change list brings contacts or addresses: all that they have of the kind. */
static uint64_t *changed_sources(struct job *j, struct owner_scratch *s, int table, const char *tuples, uint64_t n,
                                 uint64_t *count)
{
    struct integrate *in = j->in;
    const struct table *t = &in->im->tables->table[table];
    size_t size = sizeof(struct row_tuple) + t->row_size;
    *count = 0;
    if (t->layout->class == LAYOUT_ACCOUNT || !in->apply->old || in->apply->refresh) return NULL;
    uint64_t *sources = integrate_room(&s->merged.extra, &s->merged.extra_size, (n + 1) * sizeof *sources);
    for (uint64_t i = 0; i < n; i++) {
        struct row_tuple r;
        memcpy(&r, tuples + i * size, sizeof r);
        if (!integrate_is_lifted(in, table, r.record)) sources[(*count)++] = r.source;
    }
    if (*count) qsort(sources, *count, sizeof *sources, by_source);
    uint64_t kept = 0;
    for (uint64_t i = 0; i < *count; i++)
        if (!kept || sources[kept - 1] != sources[i]) sources[kept++] = sources[i];
    *count = kept;
    return sources;
}

static bool own_row(struct job *j, int worker, int table, const struct row_tuple *r, const unsigned char *row,
                    uint32_t customer, struct status *st)
{
    struct integrate *in = j->in;
    const struct table *t = &in->im->tables->table[table];
    struct owned_tuple *o = exchange_add(&in->owned[table], worker, integrate_partition(in, customer), st);
    if (!o) return false;
    *o = (struct owned_tuple){customer, r->record};
    row_copy(o + 1, row, t->row_size);
    return integrate_account(in, table, worker, r->account, r->record, customer, st);
}

static bool join_table(struct job *j, int worker, uint32_t partition, int table, const struct lookup *lookup,
                       size_t slots, struct status *st)
{
    struct integrate *in = j->in;
    const struct table *t = &in->im->tables->table[table];
    struct owner_scratch *s = &j->scratch[worker];
    struct exchange *rows = t->by_relation ? &in->related[table] : &in->im->rows[table];
    size_t size = sizeof(struct row_tuple) + t->row_size;
    uint64_t n = exchange_count(rows, partition), changed_count;
    bool daily = in->apply->old != NULL;
    char *tuples = integrate_room(&s->spare.tuples, &s->spare.tuples_size, n * size + 1);
    if (!exchange_take(rows, partition, tuples, st)) return false;
    const uint64_t *changed = changed_sources(j, s, table, tuples, n, &changed_count);
    uint32_t customer;
    for (uint64_t i = 0; i < changed_count; i++)
        if (!find_owner(j, s, lookup, slots, changed[i], &customer, st) ||
            (customer != INTEGRATE_NOBODY && !remove_source(j, worker, table, customer, changed[i], st)))
            return false;
    for (uint64_t i = 0; i < n; i++) {
        struct row_tuple r;
        memcpy(&r, tuples + i * size, sizeof r);
        const unsigned char *row = (const unsigned char *)tuples + i * size + sizeof r;
        s->totals[table].rows_in++;
        if (daily && !t->by_relation) {
            integrate_note_lifted(in, table, r.record, row);
            bool replaced = changed_count && integrate_is_lifted(in, table, r.record) &&
                            bsearch(&r.source, changed, changed_count, sizeof r.source, by_source);
            if (replaced || integrate_is_closed(in, table, r.record)) {
                integrate_closed(in, table, row);
                if (!integrate_account(in, table, worker, r.account, r.record, INTEGRATE_CLOSED, st)) return false;
                continue;
            }
        }
        if (!find_owner(j, s, lookup, slots, r.source, &customer, st)) return false;
        if (customer != INTEGRATE_NOBODY) {
            if (!own_row(j, worker, table, &r, row, customer, st)) return false;
            continue;
        }
        orphan(s, t, table, row);
        integrate_pending(in, table, r.record);
        if (!integrate_account(in, table, worker, r.account, r.record, INTEGRATE_NOBODY, st)) return false;
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

bool integrate_open(struct integrate *in, struct status *st)
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

bool integrate_owners(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    int workers = pool_workers(im->pool);
    struct owner_scratch *scratch = calloc((size_t)workers, sizeof *scratch);
    ensure(scratch);
    for (int w = 0; w < workers; w++) {
        segment_part_init(&scratch[w].part);
        directory_rows_init(&scratch[w].rows);
        scratch[w].totals = calloc((size_t)im->tables->count + 1, sizeof *scratch[w].totals);
        ensure(scratch[w].totals);
    }
    bool ok = true;
    for (int s = 0; ok && s < im->unit->systems_count; s++) ok = run_system(in, s, scratch, st);
    if (ok) add_totals(in, scratch, workers);
    for (int w = 0; w < workers; w++) {
        integrate_scratch_release(&scratch[w].room);
        integrate_scratch_release(&scratch[w].spare);
        integrate_scratch_release(&scratch[w].merged);
        directory_rows_release(&scratch[w].rows);
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
