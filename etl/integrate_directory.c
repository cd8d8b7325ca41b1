/* integrate, part 6: the identity directory and the account directories. Sorting the accounts by key brings double
 * accounts together: of several records of one account the last position stays; an equal record before it is a
 * duplicate, a different one superseded. */
#include "etl/integrate.h"
#include "etl/integrate_meeting.h"

#include <pthread.h>
#include <string.h>

enum { GROUP_MAX = 16 };

struct slot {                   /* a partition of the group at hand */
    struct directory_rows rows; /* yesterday's */
    struct integrate_scratch room;
    struct directory_entry *entries; /* tonight's, by hash */
    uint64_t count, meetings_end;
};

struct directory_scratch {
    struct integrate_scratch spare, gone, absent;
    struct meetings meetings;
    struct segment_part part;
    struct slot slot[GROUP_MAX];
};

struct job {
    struct integrate *in;
    int table; /* -1: identities */
    int bits;
    uint32_t group; /* partitions looked at together */
    struct segment_writer *directory;
    struct directory_scratch *scratch;
    struct directory_entry *touched; /* identities: of the touched customers, by hash */
    uint64_t touched_count;
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

/* Entries of one hash, by record: all but the last record of an account go. */
static bool drop_doubles(struct job *j, struct directory_entry *e, uint64_t *n, struct status *st)
{
    uint64_t kept = 0;
    for (uint64_t i = 0; i < *n; i++) {
        bool gone = false;
        for (uint64_t k = i + 1; !gone && k < *n && e[k].hash == e[i].hash; k++) {
            if (e[k].record == e[i].record) continue; /* another owner of the same record */
            bool same, equal;
            if (!meeting_compare(j->in->im->inputs, j->in->im->tables->table[j->table].layout_index, e[i].record,
                                 e[k].record, &same, &equal, st))
                return false;
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

static uint32_t number_of(const struct job *j, uint32_t customer)
{
    return (uint32_t)(j->in->first_number + customer);
}

/* Room for entries, and as many again to sort them. */
static void make_room(struct slot *p, uint64_t n)
{
    p->entries = integrate_room(&p->room.tuples, &p->room.tuples_size, (n + 1) * 2 * sizeof *p->entries);
}

static bool load_accounts(struct job *j, uint32_t partition, struct directory_scratch *s, struct slot *p,
                          struct status *st)
{
    struct exchange *x = &j->in->accounts[j->table];
    p->count = exchange_count(x, partition);
    struct account_tuple *t = integrate_room(&s->spare.tuples, &s->spare.tuples_size, (p->count + 1) * sizeof *t);
    make_room(p, p->count);
    if (!exchange_take(x, partition, t, st)) return false;
    for (uint64_t i = 0; i < p->count; i++)
        p->entries[i] = (struct directory_entry){directory_hash(t[i].account), t[i].record,
                                                 t[i].customer == OWNER_NOBODY   ? DIRECTORY_NOBODY
                                                 : t[i].customer == OWNER_CLOSED ? DIRECTORY_CLOSED
                                                                                 : number_of(j, t[i].customer)};
    return true;
}

/* Those of the touched customers that belong to the partition: they are ordered by hash. */
static void take_touched(struct job *j, uint32_t partition, struct slot *p)
{
    uint64_t low = 0, high = j->touched_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if ((j->bits ? j->touched[middle].hash >> (64 - j->bits) : 0) < partition)
            low = middle + 1;
        else
            high = middle;
    }
    for (; high < j->touched_count && (j->bits ? j->touched[high].hash >> (64 - j->bits) : 0) == partition;) high++;
    p->count = high - low;
    make_room(p, p->count);
    if (p->count) memcpy(p->entries, j->touched + low, p->count * sizeof *p->entries);
}

static bool load_identities(struct job *j, uint32_t partition, struct directory_scratch *s, struct slot *p,
                            struct status *st)
{
    struct exchange *x = &j->in->identities;
    if (j->in->apply->old) {
        take_touched(j, partition, p);
        return true;
    }
    uint64_t all = exchange_count(x, partition);
    struct identity_tuple *t = integrate_room(&s->spare.tuples, &s->spare.tuples_size, (all + 1) * sizeof *t);
    make_room(p, all);
    if (!exchange_take(x, partition, t, st)) return false;
    p->count = 0;
    for (uint64_t i = 0; i < all; i++)
        if (t[i].strength != IDENTITY_NEVER)
            p->entries[p->count++] =
                (struct directory_entry){directory_hash(t[i].key), t[i].record,
                                         (uint32_t)(j->in->first_number + integrate_rank(j->in, t[i].record))};
    return true;
}

/* --- yesterday's --- */

static bool remove_row(struct job *j, int worker, uint32_t number, uint32_t record, struct status *st)
{
    struct integrate *in = j->in;
    if (!directory_in_force(number)) return true;
    uint32_t customer = apply_index(in->apply, number);
    struct removed_tuple *r = exchange_add(&in->removed[j->table], worker, integrate_partition(in, customer), st);
    if (!r) return false;
    *r = (struct removed_tuple){0, customer, record};
    return true;
}

/* What kind of account stands there? Pending and owned ones are accounts; closed ones are remembered only. */
static bool is_account(uint32_t number)
{
    return number != DIRECTORY_CLOSED;
}

/* How many accounts a partition holds: an account with several owners has a row for each of them. */
static uint64_t accounts_of(const uint32_t *record, const uint32_t *number, uint64_t n)
{
    uint64_t accounts = n && is_account(number[0]);
    for (uint64_t i = 1; i < n; i++) accounts += (record[i] != record[i - 1]) & is_account(number[i]);
    return accounts;
}

/* The rows of yesterday of the accounts that came tonight go. m: the meetings of the partition. */
static bool meet_accounts(struct job *j, int worker, const struct slot *p, const struct meeting *m,
                          const struct meeting *end, uint64_t *gone, struct status *st)
{
    struct integrate_table *t = j->in->table[j->table];
    const struct directory_rows *rows = &p->rows;
    const struct directory_entry *e = p->entries;
    bool refresh = j->in->apply->refresh;
    uint64_t new = 0, closed = 0, reopened = 0;
    for (uint64_t i = 0; i < p->count; i++) {
        if (i && e[i].record == e[i - 1].record) continue; /* another owner of the same account */
        bool known = false, known_open = false;
        for (; m < end && m->entry == i; m++) {
            uint32_t k = m->row;
            if (!m->same || bitmap_get(gone, k)) continue;
            gone[k >> 6] |= UINT64_C(1) << (k & 63);
            known = true;
            known_open |= is_account(rows->number[k]);
            if (!refresh && !remove_row(j, worker, rows->number[k], rows->record[k], st)) return false;
        }
        bool open = is_account(e[i].number);
        new += open && !known;
        closed += !open && known_open;
        reopened += open && known && !known_open;
    }
    uint64_t before = accounts_of(rows->record, rows->number, rows->count);
    pthread_mutex_lock(&j->lock);
    t->accounts_new += new;
    t->accounts_closed += closed;
    t->accounts_reopened += reopened;
    t->accounts_before += before;
    pthread_mutex_unlock(&j->lock);
    return true;
}

/* A full unload does not name what is closed: the entry says so from now on. */
static void close_absent(struct job *j, struct directory_scratch *s, struct slot *p, uint64_t *gone)
{
    struct directory_rows *rows = &p->rows;
    uint32_t *number = integrate_room(&s->absent.tuples, &s->absent.tuples_size, (rows->count + 1) * sizeof *number);
    uint64_t closed = 0;
    if (rows->count) memcpy(number, rows->number, rows->count * sizeof *number);
    rows->number = number;
    for (uint64_t i = 0; i < rows->count; i++) {
        if (bitmap_get(gone, (uint32_t)i)) continue;
        bool first = i == 0 || rows->record[i] != rows->record[i - 1];
        closed += first && is_account(number[i]);
        if (!first) gone[i >> 6] |= UINT64_C(1) << (i & 63);
        number[i] = DIRECTORY_CLOSED;
    }
    pthread_mutex_lock(&j->lock);
    j->in->table[j->table]->accounts_closed += closed;
    pthread_mutex_unlock(&j->lock);
}

/* The rows of yesterday that go, as a bitmap; NULL: a failure. */
static uint64_t *meet_yesterday(struct job *j, int worker, struct directory_scratch *s, struct slot *p,
                                uint64_t meetings_start, struct status *st)
{
    size_t words = p->rows.count / 64 + 1;
    uint64_t *gone = integrate_room(&s->gone.tuples, &s->gone.tuples_size, words * 8);
    memset(gone, 0, words * 8);
    if (j->table < 0) {
        apply_touched_rows(j->in->apply, &p->rows, gone);
        return gone;
    }
    const struct meeting *m = s->meetings.list;
    if (!meet_accounts(j, worker, p, m + meetings_start, m + p->meetings_end, gone, st)) return NULL;
    if (j->in->apply->refresh) close_absent(j, s, p, gone);
    return gone;
}

/* Counted where they are written: the tie-out compares it with those before, new and closed. */
static void count_accounts(struct job *j, const struct segment_part *part)
{
    const uint32_t *record = segment_part_raw(part, DIRECTORY_RECORD),
                   *number = segment_part_raw(part, DIRECTORY_NUMBER);
    uint64_t accounts = accounts_of(record, number, part->pieces[DIRECTORY_RECORD].rows);
    pthread_mutex_lock(&j->lock);
    j->in->table[j->table]->accounts_after += accounts;
    pthread_mutex_unlock(&j->lock);
}

static struct segment *yesterday(const struct job *j)
{
    const struct apply *a = j->in->apply;
    return !a->old ? NULL : j->table < 0 ? a->identity : a->account[j->table];
}

static bool load(struct job *j, struct directory_scratch *s, struct slot *p, uint32_t partition, struct status *st)
{
    bool ok = (j->table < 0 ? load_identities(j, partition, s, p, st) : load_accounts(j, partition, s, p, st)) &&
              directory_load(yesterday(j), partition, j->bits, &p->rows, st);
    if (!ok) return false;
    directory_sort(p->entries, p->entries + p->count, p->count, j->bits);
    return j->table < 0 || !has_doubles(p->entries, p->count) || drop_doubles(j, p->entries, &p->count, st);
}

static bool put(struct job *j, int worker, struct directory_scratch *s, struct slot *p, uint64_t meetings_start,
                uint32_t partition, struct status *st)
{
    uint64_t *gone = NULL;
    bool daily = j->in->apply->old;
    if (daily && !(gone = meet_yesterday(j, worker, s, p, meetings_start, st))) return false;
    directory_put(&s->part, &p->rows, gone, p->entries, p->count, j->bits, false);
    if (j->table >= 0 && daily) count_accounts(j, &s->part);
    return segment_commit(j->directory, partition, &s->part, st);
}

static bool task(void *context, int worker, uint64_t group, struct status *st)
{
    struct job *j = context;
    struct directory_scratch *s = &j->scratch[worker];
    uint32_t first = (uint32_t)group * j->group, done = 0, partitions = UINT32_C(1) << j->bits,
             n = partitions - first < j->group ? partitions - first : j->group;
    bool ok = true, meets = j->table >= 0 && j->in->apply->old;
    meetings_clear(&s->meetings);
    for (uint32_t i = 0; ok && i < n; i++) {
        struct slot *p = &s->slot[i];
        ok = load(j, s, p, first + i, st);
        if (ok && meets) meetings_find(&s->meetings, &p->rows, p->entries, p->count);
        p->meetings_end = s->meetings.count;
    }
    if (ok && meets)
        ok = meetings_compare(&s->meetings, j->in->im->inputs, j->in->im->tables->table[j->table].layout_index, st);
    for (; ok && done < n; done += ok)
        ok = put(j, worker, s, &s->slot[done], done ? s->slot[done - 1].meetings_end : 0, first + done, st);
    if (!ok) segment_abort(j->directory, first + done);
    return ok;
}

/* As many partitions as a small part of the memory holds the accounts of. */
static uint32_t group_size(const struct job *j)
{
    enum { ENTRY_BYTES = 80, PART = 64 };
    uint64_t partitions = UINT64_C(1) << j->bits, accounts = 0, group;
    if (j->table < 0 || !j->in->apply->old) return 1;
    for (uint32_t p = 0; p < partitions; p++) accounts += exchange_count(&j->in->accounts[j->table], p);
    group = budget_max(j->in->im->budget) / PART / (ENTRY_BYTES * (accounts / partitions + 1));
    return group < 1 ? 1 : group > GROUP_MAX ? GROUP_MAX : (uint32_t)group;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool run_directory(struct integrate *in, int table, const char *name, int bits,
                          struct directory_scratch *scratch, struct status *st)
{
    struct job j = {.in = in, .table = table, .bits = bits, .scratch = scratch};
    uint32_t partitions = UINT32_C(1) << bits;
    j.group = group_size(&j);
    if (table < 0 && in->apply->old && !apply_identity_entries(in, &j.touched, &j.touched_count, st)) return false;
    j.directory = segment_create(arena_printf(in->im->arena, "%s/%s.dir", in->folder, name), partitions, st);
    if (!j.directory) return false;
    directory_declare(j.directory);
    pthread_mutex_init(&j.lock, NULL);
    bool ok = pool_run(in->im->pool, (partitions + j.group - 1) / j.group, task, &j, st);
    pthread_mutex_destroy(&j.lock);
    free(j.touched);
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
    for (int w = 0; w < workers; w++) {
        segment_part_init(&scratch[w].part);
        for (int i = 0; i < GROUP_MAX; i++) directory_rows_init(&scratch[w].slot[i].rows);
    }
    bool ok = run_directory(in, -1, "identity", im->identity_bits, scratch, st);
    for (int i = 0; ok && i < im->tables->count; i++) {
        const struct table *t = &im->tables->table[i];
        if (t->layout->class != LAYOUT_ACCOUNT) continue;
        ok = run_directory(in, i, arena_printf(im->arena, "account-%s", t->layout->name), im->systems[t->system].bits,
                           scratch, st);
    }
    for (int w = 0; w < workers; w++) {
        for (int i = 0; i < GROUP_MAX; i++) {
            integrate_scratch_release(&scratch[w].slot[i].room);
            directory_rows_release(&scratch[w].slot[i].rows);
        }
        integrate_scratch_release(&scratch[w].spare);
        integrate_scratch_release(&scratch[w].gone);
        integrate_scratch_release(&scratch[w].absent);
        meetings_release(&scratch[w].meetings);
        segment_part_release(&scratch[w].part);
    }
    free(scratch);
    return ok;
}
