#include "etl/detail.h"

#include "base/date.h"
#include "etl/apply.h"
#include "etl/detail_day.h"

#include <stdio.h>
#include <string.h>

struct sum { /* of one currency */
    uint64_t accounts, postings, breaks;
    __int128 opening, movement, closing, unexplained, adjusted;
};

struct detail_worker {
    struct directory_rows old, now;
    struct posting_tuple *postings;
    uint64_t postings_count, postings_capacity;
    struct detail_rows rows;
    struct segment_part part;
    struct apply_bytes bytes;
    struct sum *sums; /* per currency */
};

struct job { /* one transaction log */
    struct detail *d;
    const struct import *im;
    struct import_postings *log;
    int log_index, table;
    int bits;
    struct segment *old, *now; /* account directories */
    struct segment_writer *day;
    struct detail_ledger *ledger; /* per layout of the unit */
    struct detail_worker *workers;
    bool refresh, filtered;
};

/* --- what records say --- */

struct image { /* an account as a record has it */
    uint64_t key;
    int64_t ledger;
    int currency;
};

static bool read_image(const struct job *j, struct detail_worker *w, uint32_t record, struct image *out,
                       struct status *st)
{
    const struct table *t = &j->im->tables->table[j->table];
    if (!apply_read(j->im->inputs, t->layout_index, record, &w->bytes, st)) return false;
    const struct input_file *f = w->bytes.file;
    const struct decoder *d = j->im->decoders[f->layout_index];
    const unsigned char *bytes = apply_record_bytes(&w->bytes);
    int field = f->layout->role_field[ROLE_CURRENCY];
    int64_t currency = field < 0 ? 0 : decode_value(d, field, bytes);
    *out = (struct image){.key = import_account_key(f->layout, t->system, bytes),
                          .ledger = detail_ledger_value(&j->ledger[f->layout_index], d, bytes),
                          .currency = currency < 0 || currency >= j->im->rates->count ? 0 : (int)currency};
    return true;
}

/* --- rows of a directory with one fingerprint --- */

struct group {
    const struct directory_rows *rows;
    uint64_t first, end;
};

static struct group next_group(const struct directory_rows *rows, uint64_t first)
{
    struct group g = {rows, first, first};
    while (g.end < rows->count && rows->fingerprint[g.end] == rows->fingerprint[first]) g.end++;
    return g;
}

static struct group find_group(const struct directory_rows *rows, uint64_t *at, uint32_t fingerprint)
{
    while (*at < rows->count && rows->fingerprint[*at] < fingerprint) ++*at;
    if (*at == rows->count || rows->fingerprint[*at] != fingerprint) return (struct group){rows, *at, *at};
    return next_group(rows, *at);
}

/* Has an earlier row of the group the same record (another owner of the account)? */
static bool is_again(const struct group *g, uint64_t i)
{
    for (uint64_t k = g->first; k < i; k++)
        if (g->rows->record[k] == g->rows->record[i]) return true;
    return false;
}

static int records_of(const struct group *g)
{
    int n = 0;
    for (uint64_t i = g->first; i < g->end; i++) n += !is_again(g, i);
    return n;
}

static bool same_rows(const struct group *a, const struct group *b)
{
    if (a->end - a->first != b->end - b->first) return false;
    for (uint64_t i = 0; i < a->end - a->first; i++)
        if (a->rows->record[a->first + i] != b->rows->record[b->first + i] ||
            (a->rows->number[a->first + i] == DIRECTORY_CLOSED) != (b->rows->number[b->first + i] == DIRECTORY_CLOSED))
            return false;
    return true;
}

/* Owner of a record: the smallest number in force; *open: is it an account still (owned or waiting for its owner)? */
static uint32_t owner_of(const struct group *g, uint32_t record, bool *open)
{
    uint32_t owner = 0;
    *open = false;
    for (uint64_t i = g->first; i < g->end; i++) {
        uint32_t number = g->rows->number[i];
        if (g->rows->record[i] != record) continue;
        *open |= number != DIRECTORY_CLOSED;
        if (directory_in_force(number) && (!owner || number < owner)) owner = number;
    }
    return owner;
}

/* Yesterday's record of the account; DETAIL_NO_RECORD: it had none. Fingerprints may meet: then keys decide. */
static bool find_before(const struct job *j, struct detail_worker *w, const struct group *before, bool alone,
                        uint64_t key, uint32_t *record, struct status *st)
{
    *record = DETAIL_NO_RECORD;
    bool only = alone && records_of(before) == 1;
    for (uint64_t i = before->first; i < before->end && *record == DETAIL_NO_RECORD; i++) {
        struct image image;
        if (only) {
            *record = before->rows->record[i];
        } else if (!is_again(before, i)) {
            if (!read_image(j, w, before->rows->record[i], &image, st)) return false;
            if (image.key == key) *record = before->rows->record[i];
        }
    }
    return true;
}

/* --- accounts --- */

static void take_postings(const struct job *j, struct detail_worker *w, uint64_t *at, uint64_t end, uint64_t key,
                          int64_t *movement)
{
    for (uint64_t i = *at; i < end; i++) {
        const struct posting_tuple *p = &w->postings[i];
        if (p->account != key) continue;
        int64_t amount = p->amount * j->log->shape.amount_times;
        *detail_rows_add_posting(&w->rows) = (struct detail_posting){.amount = amount,
                                                                     .sequence = p->sequence,
                                                                     .reversal_of = p->reversal_of,
                                                                     .record = p->record,
                                                                     .posted = p->posted,
                                                                     .time = p->time};
        *movement += amount;
    }
}

static void add_sums(struct detail_worker *w, const struct detail_account *a, int64_t movement, int currency)
{
    struct sum *s = &w->sums[currency];
    int64_t off = a->closing - a->opening - movement;
    s->accounts++;
    s->postings += a->postings;
    s->opening += a->opening;
    s->movement += movement;
    s->closing += a->closing;
    s->breaks += detail_is_break(a->kind);
    *(detail_is_break(a->kind) ? &s->unexplained : &s->adjusted) += off;
}

static void settle(const struct job *j, struct detail_worker *w, struct detail_account *a, int64_t movement,
                   int currency, bool known)
{
    if (a->opening + movement != a->closing || !known)
        a->kind = j->refresh                                                 ? DETAIL_REFRESHED
                  : j->filtered && (!known || a->record == DETAIL_NO_RECORD) ? DETAIL_FILTERED
                  : known                                                    ? DETAIL_BREAK
                                                                             : DETAIL_UNKNOWN;
    snprintf(a->currency, sizeof a->currency, "%s", j->im->rates->code[currency]);
    add_sums(w, a, movement, currency);
}

static bool has_posting(const struct detail_worker *w, uint64_t first, uint64_t end, uint64_t key)
{
    for (uint64_t i = first; i < end; i++)
        if (w->postings[i].account == key) return true;
    return false;
}

/* An account of tonight's directory. */
static bool take_account(const struct job *j, struct detail_worker *w, const struct group *now,
                         const struct group *before, uint32_t record, uint64_t first, uint64_t end, struct status *st)
{
    struct image image, was = {0};
    bool alone = records_of(now) == 1, open, was_open = false;
    uint32_t old;
    if (!read_image(j, w, record, &image, st) || !find_before(j, w, before, alone, image.key, &old, st)) return false;
    uint32_t owner = owner_of(now, record, &open), owner_before = 0;
    if (old != DETAIL_NO_RECORD) {
        owner_before = owner_of(before, old, &was_open);
        if (was_open && old == record) was = image;
        if (was_open && old != record && !read_image(j, w, old, &was, st)) return false;
    }
    int64_t movement = 0, closing = open ? image.ledger : 0;
    if (closing == was.ledger && !has_posting(w, first, end, image.key)) return true;
    struct detail_account *a = detail_rows_add(&w->rows);
    a->account = image.key;
    a->number = owner ? owner : owner_before;
    a->record = record;
    a->opening = was.ledger;
    a->closing = closing;
    a->closed = !open;
    take_postings(j, w, &first, end, image.key, &movement);
    settle(j, w, &w->rows.accounts[w->rows.accounts_count - 1], movement, image.currency, true);
    return true;
}

/* Movements of accounts that the directory does not have. */
static void take_unknown(const struct job *j, struct detail_worker *w, const uint64_t *known, int known_count,
                         uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++) {
        uint64_t key = w->postings[i].account, at = i;
        bool seen = i > first && w->postings[i - 1].account == key;
        for (int k = 0; k < known_count; k++) seen |= known[k] == key;
        if (seen) continue;
        int64_t movement = 0;
        struct detail_account *a = detail_rows_add(&w->rows);
        a->account = key;
        a->record = DETAIL_NO_RECORD;
        take_postings(j, w, &at, end, key, &movement);
        settle(j, w, &w->rows.accounts[w->rows.accounts_count - 1], movement, (int)w->postings[i].currency, false);
    }
}

enum { KNOWN_MAX = 64 };

/* Everything with one fingerprint: tonight's accounts, yesterday's, the postings [first, end). */
static bool take_group(const struct job *j, struct detail_worker *w, const struct group *now,
                       const struct group *before, uint64_t first, uint64_t end, struct status *st)
{
    uint64_t known[KNOWN_MAX];
    int count = 0;
    if (first == end && same_rows(now, before)) return true;
    for (uint64_t i = now->first; i < now->end; i++) {
        if (is_again(now, i)) continue;
        uint64_t accounts = w->rows.accounts_count;
        if (!take_account(j, w, now, before, now->rows->record[i], first, end, st)) return false;
        if (w->rows.accounts_count > accounts && count < KNOWN_MAX) known[count++] = w->rows.accounts[accounts].account;
    }
    take_unknown(j, w, known, count, first, end);
    return true;
}

/* --- a partition --- */

static int in_order(const void *a, const void *b)
{
    const struct posting_tuple *x = a, *y = b;
    uint64_t hash_x = directory_hash(x->account), hash_y = directory_hash(y->account);
    if (hash_x != hash_y) return hash_x < hash_y ? -1 : 1;
    if (x->posted != y->posted) return x->posted < y->posted ? -1 : 1;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    if (x->sequence != y->sequence) return x->sequence < y->sequence ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

static bool load_postings(struct job *j, struct detail_worker *w, uint32_t partition, struct status *st)
{
    w->postings_count = exchange_count(&j->log->postings, partition);
    if (w->postings_count > w->postings_capacity) {
        w->postings_capacity = w->postings_count + w->postings_count / 2;
        w->postings = realloc(w->postings, w->postings_capacity * sizeof *w->postings);
        ensure(w->postings);
    }
    if (!exchange_take(&j->log->postings, partition, w->postings, st)) return false;
    if (w->postings_count) qsort(w->postings, w->postings_count, sizeof *w->postings, in_order);
    return true;
}

static uint32_t posting_fingerprint(const struct job *j, const struct detail_worker *w, uint64_t i)
{
    return directory_fingerprint(directory_hash(w->postings[i].account), j->bits);
}

static bool take_partition(struct job *j, struct detail_worker *w, struct status *st)
{
    uint64_t old_at = 0, posting = 0;
    w->rows.accounts_count = w->rows.postings_count = 0;
    for (uint64_t i = 0; i < w->now.count;) {
        uint32_t fingerprint = w->now.fingerprint[i];
        struct group now = next_group(&w->now, i), before = find_group(&w->old, &old_at, fingerprint);
        uint64_t unknown = posting;
        while (posting < w->postings_count && posting_fingerprint(j, w, posting) < fingerprint) posting++;
        take_unknown(j, w, NULL, 0, unknown, posting);
        uint64_t first = posting;
        while (posting < w->postings_count && posting_fingerprint(j, w, posting) == fingerprint) posting++;
        if (!take_group(j, w, &now, &before, first, posting, st)) return false;
        i = now.end;
    }
    take_unknown(j, w, NULL, 0, posting, w->postings_count);
    return true;
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct detail_worker *w = &j->workers[worker];
    bool ok = load_postings(j, w, (uint32_t)partition, st) &&
              directory_load(j->old, (uint32_t)partition, j->bits, &w->old, st) &&
              directory_load(j->now, (uint32_t)partition, j->bits, &w->now, st) && take_partition(j, w, st);
    if (ok) {
        detail_day_put(&w->part, &w->rows);
        ok = segment_commit(j->day, (uint32_t)partition, &w->part, st);
    }
    if (!ok) segment_abort(j->day, (uint32_t)partition);
    return ok;
}

/* --- a log --- */

static bool write_day(struct job *j, const char *path, struct status *st)
{
    int workers = pool_workers(j->im->pool);
    const char *account = j->im->tables->table[j->table].layout->name;
    j->now = segment_open(arena_printf(j->im->arena, "%s/account-%s.dir", j->d->folder, account), st);
    if (!j->now) return false;
    j->day = segment_create(path, 1u << j->bits, st);
    if (!j->day) return false;
    detail_day_declare(j->day, j->log->shape.scale);
    j->workers = calloc((size_t)workers, sizeof *j->workers);
    ensure(j->workers);
    for (int w = 0; w < workers; w++) {
        segment_part_init(&j->workers[w].part);
        directory_rows_init(&j->workers[w].old);
        directory_rows_init(&j->workers[w].now);
        j->workers[w].sums = calloc(DECODE_CURRENCIES_MAX, sizeof *j->workers[w].sums);
        ensure(j->workers[w].sums);
    }
    if (pool_run(j->im->pool, UINT64_C(1) << j->bits, task, j, st)) return segment_finish(j->day, st);
    segment_discard(j->day);
    return false;
}

static void release(struct job *j)
{
    for (int w = 0; j->workers && w < pool_workers(j->im->pool); w++) {
        struct detail_worker *worker = &j->workers[w];
        directory_rows_release(&worker->old);
        directory_rows_release(&worker->now);
        detail_rows_release(&worker->rows);
        segment_part_release(&worker->part);
        free(worker->postings);
        free(worker->sums);
    }
    free(j->workers);
    segment_close(j->now);
}

/* The day's lines of sums.tsv. */
static void add_lines(struct job *j)
{
    struct detail *d = j->d;
    struct arena *arena = j->im->arena;
    for (int c = 0; c < j->im->rates->count; c++) {
        struct detail_sum s = {.date = j->im->business_date,
                               .log = j->log->shape.layout->name,
                               .currency = j->im->rates->code[c],
                               .scale = j->log->shape.scale};
        for (int w = 0; w < pool_workers(j->im->pool); w++) {
            const struct sum *from = &j->workers[w].sums[c];
            s.accounts += from->accounts;
            s.postings += from->postings;
            s.breaks += from->breaks;
            s.opening += from->opening;
            s.movement += from->movement;
            s.closing += from->closing;
            s.unexplained += from->unexplained;
            s.adjusted += from->adjusted;
        }
        if (!s.accounts) continue;
        struct detail_sum *more = arena_array(arena, struct detail_sum, d->month.sums_count + 1);
        if (d->month.sums_count) memcpy(more, d->month.sums, (size_t)d->month.sums_count * sizeof *more);
        more[d->month.sums_count++] = s;
        d->month.sums = more;
        d->accounts += s.accounts;
        d->postings += s.postings;
        d->breaks += s.breaks;
    }
}

static bool run_log(struct detail *d, int log, struct status *st)
{
    const struct import *im = d->in->im;
    const struct unit *u = im->unit;
    struct job j = {.d = d, .im = im, .log = im->postings[log], .log_index = log, .table = -1};
    for (int i = 0; i < im->tables->count; i++)
        if (im->tables->table[i].layout_index == u->layout_base[log]) j.table = i;
    ensure(j.table >= 0);
    j.bits = im->systems[im->tables->table[j.table].system].bits;
    j.old = d->in->apply->account[j.table];
    j.refresh = d->in->apply->refresh;
    j.filtered = u->layout_filter[u->layout_base[log]] || u->systems[u->layout_system[log]].filter;
    j.ledger = arena_array(im->arena, struct detail_ledger, u->layouts_count);
    for (int i = 0; i < u->layouts_count; i++)
        if (im->table_of[i] == &im->tables->table[j.table])
            detail_ledger_of(&j.log->shape, u->layouts[i], &j.ledger[i]);
    char date[11];
    date_format(im->business_date, date);
    bool ok = write_day(&j, arena_printf(im->arena, "%s/detail/%s.%s.seg", d->folder, date, u->layouts[log]->name), st);
    if (ok) add_lines(&j);
    release(&j);
    return ok || status_while(st, "keeping the movements of %s", u->layouts[log]->name);
}

bool detail_run(struct detail *d, struct status *st)
{
    const struct import *im = d->in->im;
    struct arena *arena = im->arena;
    d->accounts = d->postings = d->breaks = 0;
    if (!detail_link(d->old_folder, d->folder, d->first, im->business_date, arena, &d->month, st)) return false;
    for (int i = 0; d->old_folder && i < im->unit->layouts_count; i++)
        if (im->postings[i] && !run_log(d, i, st)) return false;
    return detail_month_write(d->folder, &d->month, st);
}
