/* integrate, part 6: the identity directory and the account directories. Sorting the accounts by key brings double
 * accounts together: of several records of one account the last position stays; an equal record before it is a
 * duplicate, a different one superseded. */
#include "etl/directory_merge.h"
#include "etl/integrate.h"

#include <pthread.h>
#include <string.h>

struct directory_scratch {
    struct integrate_scratch room, spare, gone, met, order;
    struct directory_rows rows; /* yesterday's partition */
    struct segment_part part;
};

struct job {
    struct integrate *in;
    int table; /* -1: identities */
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

static const enum layout_role PARTS[] = {ROLE_ACCOUNT, ROLE_SUB_ACCOUNT, ROLE_CURRENCY, ROLE_CASH_FLAG};
enum { PARTS_COUNT = sizeof PARTS / sizeof *PARTS };

/* The file of a record; most often that of the record asked for before. */
static const struct input_file *file_of(const struct job *j, uint32_t record, const struct input_file **last)
{
    if (!*last || record - (*last)->record_base >= (*last)->records_max)
        *last = input_file_of(j->in->im->inputs, j->in->im->tables->table[j->table].layout_index, record);
    return *last;
}

/* Are the parts of the key the same account in both records? Byte for byte, as nearly always; else but for blanks. */
static bool same_parts(const struct layout *l, const struct layout *m, const unsigned char *one,
                       const unsigned char *two)
{
    for (int i = 0; i < PARTS_COUNT; i++) {
        int a = l->role_field[PARTS[i]], b = m->role_field[PARTS[i]];
        if (a < 0 || b < 0) continue;
        const struct layout_field *f = &l->fields[a], *g = &m->fields[b];
        if (f->length == g->length && memcmp(one + f->offset, two + g->offset, f->length) == 0) continue;
        if (!view_equal(decode_text(l, a, one), decode_text(m, b, two))) return false;
    }
    return true;
}

/* Are two records with one key really the same account, and (unless NULL) are they equal byte for byte? */
static bool compare_accounts(const struct input_file *fa, uint32_t a, const struct input_file *fb, uint32_t b,
                             bool *same_account, bool *equal, struct status *st)
{
    unsigned char room_a[INPUT_ROOM], room_b[INPUT_ROOM];
    const struct layout *l = fa->layout, *m = fb->layout;
    const unsigned char *one = input_record(fa, a, room_a, st), *two = one ? input_record(fb, b, room_b, st) : NULL;
    if (!two) return false;
    if (equal) *equal = l->record_length == m->record_length && memcmp(one, two, l->record_length) == 0;
    *same_account = same_parts(l, m, one, two);
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
            const struct input_file *one = NULL, *two = NULL;
            if (!compare_accounts(file_of(j, e[i].record, &one), e[i].record, file_of(j, e[k].record, &two), e[k].record,
                                  &same, &equal, st))
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
                                           t[i].customer == OWNER_NOBODY   ? DIRECTORY_NOBODY
                                           : t[i].customer == OWNER_CLOSED ? DIRECTORY_CLOSED
                                                                           : number_of(j, t[i].customer)};
    return true;
}

/* Those of the touched customers that belong to the partition: they are ordered by hash. */
static void take_touched(struct job *j, uint32_t partition, struct directory_scratch *s, struct directory_entry **e,
                         uint64_t *n)
{
    int bits = j->in->im->identity_bits;
    uint64_t low = 0, high = j->touched_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if ((bits ? j->touched[middle].hash >> (64 - bits) : 0) < partition)
            low = middle + 1;
        else
            high = middle;
    }
    for (high = low; high < j->touched_count && (bits ? j->touched[high].hash >> (64 - bits) : 0) == partition;) high++;
    *n = high - low;
    *e = integrate_room(&s->room.tuples, &s->room.tuples_size, (*n + 1) * 2 * sizeof **e);
    if (*n) memcpy(*e, j->touched + low, *n * sizeof **e);
}

static bool load_identities(struct job *j, uint32_t partition, struct directory_scratch *s, struct directory_entry **e,
                            uint64_t *n, struct status *st)
{
    struct exchange *x = &j->in->identities;
    if (j->in->apply->old) {
        take_touched(j, partition, s, e, n);
        return true;
    }
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

/* --- which accounts of tonight yesterday knew --- */

struct meeting { /* an account of tonight and a row of yesterday that has the fingerprint of its key */
    uint32_t row, entry;
    uint32_t before, now; /* their records */
    bool same;
};

/* Both are in order of the hash. */
static uint64_t find_meetings(struct directory_scratch *s, const struct directory_entry *e, uint64_t n)
{
    struct directory_rows *rows = &s->rows;
    uint64_t at = 0, count = 0;
    struct meeting *m = integrate_room(&s->met.tuples, &s->met.tuples_size, (n + 1) * sizeof *m);
    for (uint64_t i = 0; i < n; i++) {
        if (i && e[i].record == e[i - 1].record) continue; /* another owner of the same account */
        uint32_t wanted = directory_fingerprint(e[i].hash, rows->bits);
        while (at < rows->count && rows->fingerprint[at] < wanted) at++;
        for (uint64_t k = at; k < rows->count && rows->fingerprint[k] == wanted; k++) {
            if ((count + 1) * sizeof *m > s->met.tuples_size) {
                s->met.tuples_size *= 2;
                s->met.tuples = m = realloc(m, s->met.tuples_size);
                ensure(m);
            }
            m[count++] = (struct meeting){(uint32_t)k, (uint32_t)i, rows->record[k], e[i].record, false};
        }
    }
    return count;
}

/* The records of a meeting lie anywhere in two files. They are looked at roughly in the order of yesterday's, so that
 * the pages are, and what is compared is asked for some meetings before (measured: half of the comparison). Returns
 * the order, places of meetings. */
static const uint32_t *order_meetings(struct directory_scratch *s, const struct meeting *m, uint64_t n)
{
    enum { BUCKET_BITS = 12 };
    uint32_t ends[1 << BUCKET_BITS] = {0}, most = 0;
    uint32_t *order = integrate_room(&s->order.tuples, &s->order.tuples_size, (n + 1) * sizeof *order);
    for (uint64_t i = 0; i < n; i++) most = m[i].before > most ? m[i].before : most;
    int shift = most >> BUCKET_BITS ? 32 - __builtin_clz(most >> BUCKET_BITS) : 0;
    for (uint64_t i = 0; i < n; i++) ends[m[i].before >> shift]++;
    for (uint32_t b = 0, sum = 0; b < 1 << BUCKET_BITS; b++) {
        uint32_t count = ends[b];
        ends[b] = sum;
        sum += count;
    }
    for (uint64_t i = 0; i < n; i++) order[ends[m[i].before >> shift]++] = (uint32_t)i;
    return order;
}

static const unsigned char *expect(const struct input_file *f, uint32_t record)
{
    const unsigned char *p = input_ready(f, record);
    for (int i = 0; p && i < PARTS_COUNT; i++) {
        int part = f->layout->role_field[PARTS[i]];
        if (part < 0) continue;
        __builtin_prefetch(p + f->layout->fields[part].offset);
        __builtin_prefetch(p + f->layout->fields[part].offset + f->layout->fields[part].length - 1);
    }
    return p;
}

/* Is the row of yesterday the account that came? */
static bool compare_meetings(const struct job *j, struct directory_scratch *s, struct meeting *m, uint64_t n,
                             struct status *st)
{
    enum { AHEAD = 16 };
    const uint32_t *order = order_meetings(s, m, n);
    const unsigned char *one[AHEAD], *two[AHEAD]; /* NULL: cannot be had without input_record */
    const struct input_file *f = NULL, *g = NULL, *k = NULL, *l = NULL;
    for (uint64_t i = 0; i < n + AHEAD; i++) {
        struct meeting *here = i >= AHEAD ? &m[order[i - AHEAD]] : NULL;
        const unsigned char *before = one[i % AHEAD], *now = two[i % AHEAD];
        if (i < n) {
            const struct meeting *ahead = &m[order[i]];
            one[i % AHEAD] = expect(file_of(j, ahead->before, &f), ahead->before);
            two[i % AHEAD] = expect(file_of(j, ahead->now, &g), ahead->now);
        }
        if (!here) continue;
        const struct input_file *yesterday = file_of(j, here->before, &k), *tonight = file_of(j, here->now, &l);
        here->same = here->before == here->now ||
                     (before && now && same_parts(yesterday->layout, tonight->layout, before, now));
        if (!here->same &&
            !compare_accounts(yesterday, here->before, tonight, here->now, &here->same, NULL, st))
            return false;
    }
    return true;
}

/* The rows of yesterday of the accounts that came tonight go. */
static bool meet_accounts(struct job *j, int worker, struct directory_scratch *s, const struct directory_entry *e,
                          uint64_t n, uint64_t *gone, struct status *st)
{
    struct integrate_table *t = j->in->table[j->table];
    struct directory_rows *rows = &s->rows;
    bool refresh = j->in->apply->refresh;
    uint64_t new = 0, closed = 0, reopened = 0, meetings = find_meetings(s, e, n), at = 0;
    const struct meeting *m = s->met.tuples;
    if (!compare_meetings(j, s, s->met.tuples, meetings, st)) return false;
    for (uint64_t i = 0; i < n; i++) {
        if (i && e[i].record == e[i - 1].record) continue; /* another owner of the same account */
        bool known = false, known_open = false;
        for (; at < meetings && m[at].entry == i; at++) {
            uint32_t k = m[at].row;
            if (!m[at].same || integrate_bit(gone, k)) continue;
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
static void close_absent(struct job *j, struct directory_scratch *s, uint64_t *gone)
{
    struct directory_rows *rows = &s->rows;
    uint32_t *number = integrate_room(&s->met.extra, &s->met.extra_size, (rows->count + 1) * sizeof *number);
    uint64_t closed = 0;
    if (rows->count) memcpy(number, rows->number, rows->count * sizeof *number);
    rows->number = number;
    for (uint64_t i = 0; i < rows->count; i++) {
        if (integrate_bit(gone, (uint32_t)i)) continue;
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
static uint64_t *meet_yesterday(struct job *j, int worker, struct directory_scratch *s, const struct directory_entry *e,
                                uint64_t n, struct status *st)
{
    size_t words = s->rows.count / 64 + 1;
    uint64_t *gone = integrate_room(&s->gone.tuples, &s->gone.tuples_size, words * 8);
    memset(gone, 0, words * 8);
    if (j->table < 0) {
        apply_touched_rows(j->in->apply, &s->rows, gone);
        return gone;
    }
    if (!meet_accounts(j, worker, s, e, n, gone, st)) return NULL;
    if (j->in->apply->refresh) close_absent(j, s, gone);
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

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct directory_scratch *s = &j->scratch[worker];
    struct apply *a = j->in->apply;
    struct directory_entry *e;
    uint64_t n, *gone = NULL;
    int bits =
        j->table < 0 ? j->in->im->identity_bits : j->in->im->systems[j->in->im->tables->table[j->table].system].bits;
    struct segment *before = !a->old ? NULL : j->table < 0 ? a->identity : a->account[j->table];
    bool ok = (j->table < 0 ? load_identities(j, (uint32_t)partition, s, &e, &n, st)
                            : load_accounts(j, (uint32_t)partition, s, &e, &n, st)) &&
              directory_load(before, (uint32_t)partition, bits, &s->rows, st);
    if (ok) {
        directory_sort(e, e + n, n, bits);
        if (j->table >= 0 && has_doubles(e, n)) ok = drop_doubles(j, e, &n, st);
    }
    if (ok && a->old) ok = (gone = meet_yesterday(j, worker, s, e, n, st)) != NULL;
    if (ok) {
        directory_put(&s->part, &s->rows, gone, e, n, bits, false);
        if (j->table >= 0 && a->old) count_accounts(j, &s->part);
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
    if (table < 0 && in->apply->old && !apply_identity_entries(in, &j.touched, &j.touched_count, st)) return false;
    j.directory = segment_create(arena_printf(in->im->arena, "%s/%s.dir", in->folder, name), partitions, st);
    if (!j.directory) return false;
    directory_declare(j.directory);
    pthread_mutex_init(&j.lock, NULL);
    bool ok = pool_run(in->im->pool, partitions, task, &j, st);
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
        directory_rows_init(&scratch[w].rows);
    }
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
        integrate_scratch_release(&scratch[w].gone);
        integrate_scratch_release(&scratch[w].met);
        integrate_scratch_release(&scratch[w].order);
        directory_rows_release(&scratch[w].rows);
        segment_part_release(&scratch[w].part);
    }
    free(scratch);
    return ok;
}
