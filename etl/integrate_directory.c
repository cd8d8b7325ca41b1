/* integrate, part 6: the identity directory and the account directories. Sorting the accounts by key brings double
 * accounts together: of several records of one account the last position stays; an equal record before it is a
 * duplicate, a different one superseded. */
#include "etl/directory.h"
#include "etl/integrate.h"

#include <pthread.h>
#include <string.h>

struct directory_scratch {
    struct integrate_scratch room, spare;
    struct segment_part part;
};

struct job {
    struct integrate *in;
    int table; /* -1: identities */
    struct segment_writer *directory;
    struct directory_scratch *scratch;
    pthread_mutex_t lock;
    uint32_t dropped_capacity;
};

static void drop(struct job *j, uint32_t record, bool duplicate)
{
    struct integrate_table *t = j->in->table[j->table];
    pthread_mutex_lock(&j->lock);
    if (t->dropped_count == j->dropped_capacity) {
        j->dropped_capacity = j->dropped_capacity ? j->dropped_capacity * 2 : 256;
        t->dropped = realloc(t->dropped, j->dropped_capacity * sizeof *t->dropped);
        ensure(t->dropped);
    }
    t->dropped[t->dropped_count++] = record;
    if (duplicate)
        t->duplicates++;
    else
        t->superseded++;
    pthread_mutex_unlock(&j->lock);
}

/* Are two records with one key really the same account, and are they equal byte for byte? */
static bool compare_accounts(struct job *j, uint32_t a, uint32_t b, bool *same_account, bool *equal, struct status *st)
{
    unsigned char one[LAYOUT_RECORD_MAX], two[LAYOUT_RECORD_MAX];
    const struct table *t = &j->in->im->tables->table[j->table];
    const struct layout *l = t->layout;
    static const enum layout_role PARTS[] = {ROLE_ACCOUNT, ROLE_SUB_ACCOUNT, ROLE_CURRENCY, ROLE_CASH_FLAG};
    if (!input_read_record(input_file_of(j->in->im->inputs, t->layout_index, a), a, one, st) ||
        !input_read_record(input_file_of(j->in->im->inputs, t->layout_index, b), b, two, st))
        return false;
    *equal = memcmp(one, two, l->record_length) == 0;
    *same_account = true;
    for (int i = 0; i < 4; i++)
        if (l->role_field[PARTS[i]] >= 0)
            *same_account &=
                view_equal(decode_text(l, l->role_field[PARTS[i]], one), decode_text(l, l->role_field[PARTS[i]], two));
    return true;
}

/* Entries of one hash, by record: all but the last record of an account go. */
static bool drop_doubles(struct job *j, struct directory_entry *e, uint64_t *n, struct status *st)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < *n; i++) {
        bool gone = false;
        for (uint64_t k = i + 1; !gone && k < *n && e[k].hash == e[i].hash; k++) {
            if (e[k].record == e[i].record) continue; /* another owner of the same record */
            bool same, equal;
            if (!compare_accounts(j, e[i].record, e[k].record, &same, &equal, st)) return false;
            if (!same) continue;
            gone = true;
            if (i == 0 || e[i - 1].record != e[i].record) drop(j, e[i].record, equal);
        }
        if (!gone) e[kept++] = e[i];
    }
    *n = kept;
    return true;
}

static bool has_doubles(const struct directory_entry *e, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++)
        if (e[i].hash == e[i - 1].hash && e[i].record != e[i - 1].record) return true;
    return false;
}

static bool load_accounts(struct job *j, uint32_t partition, struct directory_scratch *s, struct directory_entry **e,
                          uint64_t *n, struct status *st)
{
    struct exchange *x = &j->in->accounts[j->table];
    *n = exchange_count(x, partition);
    struct account_tuple *t = integrate_room(&s->spare.tuples, &s->spare.tuples_size, *n * sizeof *t);
    *e = integrate_room(&s->room.tuples, &s->room.tuples_size, (*n + 1) * 2 * sizeof **e);
    if (!exchange_take(x, partition, t, st)) return false;
    for (uint64_t i = 0; i < *n; i++)
        (*e)[i] = (struct directory_entry){directory_hash(t[i].account), t[i].record,
                                           (uint32_t)(j->in->first_number + t[i].customer)};
    return true;
}

static bool load_identities(struct job *j, uint32_t partition, struct directory_scratch *s, struct directory_entry **e,
                            uint64_t *n, struct status *st)
{
    struct exchange *x = &j->in->identities;
    uint64_t all = exchange_count(x, partition);
    struct identity_tuple *t = integrate_room(&s->spare.tuples, &s->spare.tuples_size, all * sizeof *t);
    *e = integrate_room(&s->room.tuples, &s->room.tuples_size, (all + 1) * 2 * sizeof **e);
    if (!exchange_take(x, partition, t, st)) return false;
    *n = 0;
    for (uint64_t i = 0; i < all; i++)
        if (t[i].strength != IDENTITY_NEVER)
            (*e)[(*n)++] =
                (struct directory_entry){directory_hash(t[i].key), t[i].record,
                                         (uint32_t)(j->in->first_number + integrate_rank(j->in, t[i].record))};
    return true;
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct directory_scratch *s = &j->scratch[worker];
    struct directory_entry *e;
    uint64_t n;
    int bits =
        j->table < 0 ? j->in->im->identity_bits : j->in->im->systems[j->in->im->tables->table[j->table].system].bits;
    bool ok = j->table < 0 ? load_identities(j, (uint32_t)partition, s, &e, &n, st)
                           : load_accounts(j, (uint32_t)partition, s, &e, &n, st);
    if (ok) {
        directory_sort(e, e + n, n, bits);
        if (j->table >= 0 && has_doubles(e, n)) ok = drop_doubles(j, e, &n, st);
    }
    if (ok) {
        directory_put(&s->part, e, n, bits);
        ok = segment_commit(j->directory, (uint32_t)partition, &s->part, st);
    }
    if (!ok) segment_abort(j->directory, (uint32_t)partition);
    return ok;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool run_directory(struct integrate *in, int table, const char *name, uint32_t partitions,
                          struct directory_scratch *scratch, struct status *st)
{
    struct job j = {.in = in, .table = table, .scratch = scratch};
    j.directory = segment_create(arena_printf(in->im->arena, "%s/%s.dir", in->folder, name), partitions, st);
    if (!j.directory) return false;
    directory_declare(j.directory);
    pthread_mutex_init(&j.lock, NULL);
    bool ok = pool_run(in->im->pool, partitions, task, &j, st);
    pthread_mutex_destroy(&j.lock);
    if (!ok) {
        segment_discard(j.directory);
        return status_while(st, "writing the directory %s", name);
    }
    if (table >= 0 && in->table[table]->dropped_count)
        qsort(in->table[table]->dropped, in->table[table]->dropped_count, sizeof(uint32_t), by_value);
    return segment_finish(j.directory, st);
}

bool integrate_directories(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    int workers = pool_workers(im->pool);
    struct directory_scratch *scratch = calloc((size_t)workers, sizeof *scratch);
    ensure(scratch);
    for (int w = 0; w < workers; w++) segment_part_init(&scratch[w].part);
    bool ok = run_directory(in, -1, "identity", 1u << im->identity_bits, scratch, st);
    for (int i = 0; ok && i < im->tables->count; i++) {
        const struct table *t = &im->tables->table[i];
        if (t->layout->class != LAYOUT_ACCOUNT) continue;
        ok = run_directory(in, i, arena_printf(im->arena, "account-%s", t->layout->name),
                           1u << im->systems[t->system].bits, scratch, st);
    }
    for (int w = 0; w < workers; w++) {
        integrate_scratch_release(&scratch[w].room);
        integrate_scratch_release(&scratch[w].spare);
        segment_part_release(&scratch[w].part);
    }
    free(scratch);
    return ok;
}
