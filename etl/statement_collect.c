/* statement, step 210: whose statements, and what stands on them. */
#include "etl/apply.h"
#include "etl/detail_day.h"
#include "etl/import.h"
#include "etl/populate.h"
#include "etl/statement.h"

#include <stdlib.h>
#include <string.h>

struct held_tuple { /* an account of a CRM customer */
    uint64_t key;
    int64_t closing, value;
    uint32_t customer, record;
    uint8_t table, currency;
    uint16_t fund;
    uint8_t reserved[4];
};

struct column { /* of a population partition */
    int64_t *values;
    uint64_t capacity, count;
};

enum { CUSTOMER_COLUMNS = 3, VALUE_COLUMN = 3 + DETAIL_LEDGER_MAX, TABLE_COLUMNS };

struct place { /* an account on one of its days */
    uint64_t hash;
    int day;
    uint32_t index;
    uint64_t first; /* posting */
};

struct worker {
    struct column customer[CUSTOMER_COLUMNS], table[TABLE_COLUMNS];
    struct apply_bytes bytes;
    struct held_tuple *held;
    uint64_t held_capacity;
    struct detail_rows *days; /* of one table */
    int days_count;
    struct place *places;
    uint64_t places_count, places_capacity;
    __int128 (*population)[DECODE_CURRENCIES_MAX]; /* per statement table */
    __int128 (*value)[DECODE_CURRENCIES_MAX];      /* the same of what shares are worth */
    uint64_t postings, accounts, unstated;
};

struct job {
    struct statement *s;
    struct worker *workers;
};

static void *room(void *array, uint64_t wanted, uint64_t *capacity, size_t size)
{
    if (wanted <= *capacity && array) return array;
    *capacity = wanted + wanted / 2 + 64;
    array = realloc(array, *capacity * size);
    ensure(array);
    return array;
}

static struct statement_tuple *add_item(struct statement *s, int worker, uint32_t customer, struct status *st)
{
    struct statement_tuple *t = exchange_add(&s->items, worker, customer >> s->range_bits, st);
    if (t) *t = (struct statement_tuple){.customer = customer};
    return t;
}

/* --- customers and their accounts --- */

static bool load(struct segment *s, uint32_t partition, int column, struct column *out, struct status *st)
{
    out->count = segment_rows(s, partition, column);
    out->values = room(out->values, out->count + 1, &out->capacity, sizeof *out->values);
    return out->count == 0 || segment_get(s, partition, column, 0, out->count, out->values, st);
}

static bool add_held(struct job *j, int worker, int table, uint32_t customer, uint32_t record, struct status *st)
{
    struct statement *s = j->s;
    struct worker *w = &j->workers[worker];
    const struct statement_table *t = &s->tables[table];
    const struct table *layout = &s->g->tables.table[t->table];
    if (!apply_read(&s->g->inputs, layout->layout_index, record, &w->bytes, st)) return false;
    const struct input_file *f = w->bytes.file;
    const unsigned char *bytes = apply_record_bytes(&w->bytes);
    const struct decoder *d = s->g->decoders[f->layout_index];
    int field = f->layout->role_field[ROLE_CURRENCY];
    int64_t currency = field < 0 ? 0 : decode_value(d, field, bytes);
    if (currency < 0 || currency >= s->g->reference.rates.count) currency = 0;
    uint64_t key = import_account_key(f->layout, layout->system, bytes);
    struct held_tuple *h = exchange_add(&s->accounts, worker, import_partition(key, t->bits), st);
    if (!h) return false;
    *h = (struct held_tuple){.key = key,
                             .closing = detail_ledger_value(&t->ledger[f->layout_index], d, bytes),
                             .customer = customer,
                             .record = record,
                             .table = (uint8_t)table,
                             .currency = (uint8_t)currency};
    int value = t->in_shares ? layout_value_field(f->layout) : -1;
    if (value < 0) return true;
    h->value = decode_value(d, value, bytes);
    h->fund = (uint16_t)decode_value(d, f->layout->fields[value].fund_field, bytes);
    return true;
}

static int64_t row_ledger(const struct statement *s, const struct statement_table *t, const struct worker *w,
                          uint64_t row)
{
    const struct layout *l = s->g->tables.table[t->table].layout;
    struct detail_ledger parts;
    int64_t sum = 0;
    detail_ledger_of(&t->shape, l, &parts);
    for (int i = 0; i < t->columns_count; i++) sum += parts.times[i] * w->table[3 + i].values[row];
    return sum;
}

static bool collect_table(struct job *j, int worker, uint32_t partition, uint32_t first, int table, struct status *st)
{
    struct statement *s = j->s;
    struct worker *w = &j->workers[worker];
    const struct statement_table *t = &s->tables[table];
    struct segment *rows = s->g->table[t->table];
    if (!load(rows, partition, 0, &w->table[0], st) || !load(rows, partition, 1, &w->table[1], st)) return false;
    if (t->columns_count && t->currency_column >= 0 && !load(rows, partition, t->currency_column, &w->table[2], st))
        return false;
    for (int i = 0; i < t->columns_count; i++)
        if (!load(rows, partition, t->columns[i], &w->table[3 + i], st)) return false;
    if (t->value_column >= 0 && !load(rows, partition, t->value_column, &w->table[VALUE_COLUMN], st)) return false;
    const struct column *count = &w->table[0], *record = &w->table[1];
    for (uint64_t p = 0, row = 0; p < count->count; row += (uint64_t)count->values[p++]) {
        if (!(w->customer[0].values[p] & CUSTOMER_SELECTED)) continue;
        for (uint64_t k = row; k < row + (uint64_t)count->values[p] && k < record->count; k++) {
            if (!add_held(j, worker, table, first + (uint32_t)p, (uint32_t)record->values[k], st)) return false;
            int currency = t->columns_count && t->currency_column >= 0 ? (int)w->table[2].values[k] : 0;
            if (t->columns_count) w->population[table][currency] += row_ledger(s, t, w, k);
            if (t->value_column >= 0) w->value[table][currency] += w->table[VALUE_COLUMN].values[k];
        }
    }
    return true;
}

static bool customers_task(void *context, int worker, uint64_t partition, struct status *st)
{
    static const char *const COLUMNS[CUSTOMER_COLUMNS] = {"flags", "primary", "entry_date"};
    struct job *j = context;
    struct statement *s = j->s;
    struct worker *w = &j->workers[worker];
    struct generation *g = s->g;
    uint32_t first = generation_first_place(g, partition);
    for (int i = 0; i < CUSTOMER_COLUMNS; i++) {
        int column = segment_find(g->customer, COLUMNS[i]);
        if (column < 0) return status_fail(st, STATUS_CORRUPT, "the population has no column %s", COLUMNS[i]);
        if (!load(g->customer, (uint32_t)partition, column, &w->customer[i], st)) return false;
    }
    for (uint64_t p = 0; p < w->customer[0].count; p++) {
        if (!(w->customer[0].values[p] & CUSTOMER_SELECTED)) continue;
        uint32_t customer = first + (uint32_t)p;
        __atomic_fetch_or(&s->crm[customer >> 6], UINT64_C(1) << (customer & 63), __ATOMIC_RELAXED);
        struct statement_tuple *t = add_item(s, worker, customer, st);
        if (!t) return false;
        t->what = WHAT_CUSTOMER;
        t->record = (uint32_t)w->customer[1].values[p];
        t->day = (int32_t)w->customer[2].values[p];
    }
    for (int i = 0; i < s->tables_count; i++)
        if (!collect_table(j, worker, (uint32_t)partition, first, i, st)) return false;
    return true;
}

/* --- accounts meet their month --- */

static int by_hash(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return x->day < y->day ? -1 : x->day > y->day;
}

static int held_order(const void *a, const void *b)
{
    const struct held_tuple *x = a, *y = b;
    if (x->table != y->table) return x->table < y->table ? -1 : 1;
    uint64_t hash_x = directory_hash(x->key), hash_y = directory_hash(y->key);
    if (hash_x != hash_y) return hash_x < hash_y ? -1 : 1;
    return x->customer < y->customer ? -1 : x->customer > y->customer;
}

static bool load_days(struct worker *w, const struct statement_table *t, uint32_t partition, struct status *st)
{
    if (w->days_count < t->days_count) {
        w->days = realloc(w->days, (size_t)t->days_count * sizeof *w->days);
        ensure(w->days);
        for (; w->days_count < t->days_count; w->days_count++) w->days[w->days_count] = (struct detail_rows){0};
    }
    w->places_count = 0;
    for (int d = 0; d < t->days_count; d++) {
        if (!detail_day_load(t->days[d], partition, &w->days[d], st)) return false;
        const struct detail_rows *r = &w->days[d];
        w->places = room(w->places, w->places_count + r->accounts_count + 1, &w->places_capacity, sizeof *w->places);
        uint64_t posting = 0;
        for (uint64_t i = 0; i < r->accounts_count; posting += r->accounts[i++].postings)
            w->places[w->places_count++] =
                (struct place){directory_hash(r->accounts[i].account), d, (uint32_t)i, posting};
    }
    if (w->places_count) qsort(w->places, w->places_count, sizeof *w->places, by_hash);
    return true;
}

static int64_t movement_of(const struct detail_rows *r, const struct place *p)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < r->accounts[p->index].postings; i++) sum += r->postings[p->first + i].amount;
    return sum;
}

static bool adjust(struct job *j, int worker, const struct statement_tuple *head, int32_t day, int64_t amount,
                   struct status *st)
{
    if (!amount) return true;
    struct statement_tuple *t = add_item(j->s, worker, head->customer, st);
    if (!t) return false;
    t->what = WHAT_ADJUSTMENT;
    t->table = head->table;
    t->account = head->account;
    t->currency = head->currency;
    t->day = day;
    t->amount = amount;
    return true;
}

/* One account with all its days of the month. */
static bool state_account(struct job *j, int worker, const struct statement_tuple *head, const struct place *places,
                          uint64_t n, struct status *st)
{
    struct statement *s = j->s;
    struct worker *w = &j->workers[worker];
    const struct statement_table *t = &s->tables[head->table];
    struct statement_tuple *account = add_item(s, worker, head->customer, st);
    if (!account) return false;
    *account = *head;
    account->what = WHAT_ACCOUNT;
    account->amount = n ? w->days[places[0].day].accounts[places[0].index].opening : head->other;
    int64_t balance = account->amount;
    w->accounts++;
    for (uint64_t i = 0; i < n; i++) {
        const struct detail_rows *r = &w->days[places[i].day];
        const struct detail_account *a = &r->accounts[places[i].index];
        int32_t day = t->dates[places[i].day];
        for (uint32_t k = 0; k < a->postings; k++) {
            const struct detail_posting *p = &r->postings[places[i].first + k];
            struct statement_tuple *item = add_item(s, worker, head->customer, st);
            if (!item) return false;
            *item = (struct statement_tuple){.customer = head->customer,
                                             .table = head->table,
                                             .what = WHAT_POSTING,
                                             .currency = head->currency,
                                             .account = head->account,
                                             .amount = p->amount,
                                             .other = (int64_t)p->reversal_of,
                                             .sequence = p->sequence,
                                             .record = p->record,
                                             .day = day,
                                             .posted = p->posted,
                                             .time = p->time};
        }
        w->postings += a->postings;
        /* What the balances say beyond the movements, also between the days that are kept. */
        int64_t off = a->closing - balance - movement_of(r, &places[i]);
        if (!adjust(j, worker, head, day, off, st)) return false;
        balance = a->closing;
    }
    return adjust(j, worker, head, s->g->business_date, head->other - balance, st);
}

/* Index of the CRM customer who owned it last; UINT32_MAX: nobody in the CRM. */
static uint32_t last_owner(const struct statement *s, uint32_t number)
{
    for (int hops = 0; number && hops < 16; hops++) {
        uint32_t low = 0, high = s->redirects_count;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (s->redirects[middle].number < number)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == s->redirects_count || s->redirects[low].number != number) break;
        number = s->redirects[low].to;
    }
    if (number < s->g->first_number || number >= s->g->first_number + s->g->numbers) return UINT32_MAX;
    uint32_t customer = (uint32_t)(number - s->g->first_number);
    return s->crm[customer >> 6] >> (customer & 63) & 1 ? customer : UINT32_MAX;
}

/* An account that nobody in the CRM holds at the month end: stated when it was closed in the month by a CRM customer.
 * */
static bool state_closed(struct job *j, int worker, int table, const struct place *places, uint64_t n,
                         struct status *st)
{
    struct statement *s = j->s;
    struct worker *w = &j->workers[worker];
    const struct detail_account *last = &w->days[places[n - 1].day].accounts[places[n - 1].index];
    uint32_t owner = last->closed ? last_owner(s, last->number) : UINT32_MAX;
    int currency = rates_find(&s->g->reference.rates, last->currency);
    if (owner == UINT32_MAX) {
        w->unstated++;
        return true;
    }
    return state_account(j, worker,
                         &(struct statement_tuple){.customer = owner,
                                                   .table = (uint8_t)table,
                                                   .closed = 1,
                                                   .currency = (uint8_t)(currency < 0 ? 0 : currency),
                                                   .account = last->account,
                                                   .record = last->record},
                         places, n, st);
}

static bool state_held(struct job *j, int worker, const struct held_tuple *h, uint64_t owners,
                       const struct place *places, uint64_t n, struct status *st)
{
    struct statement_tuple head = {.customer = h->customer,
                                   .table = h->table,
                                   .currency = h->currency,
                                   .account = h->key,
                                   .other = h->closing,
                                   .value = h->value,
                                   .fund = h->fund,
                                   .record = h->record};
    if (!state_account(j, worker, &head, places, n, st)) return false;
    for (uint64_t i = 1; i < owners; i++) {
        if (h[i].customer == h[i - 1].customer) continue;
        struct statement_tuple *t = add_item(j->s, worker, h[i].customer, st);
        if (!t) return false;
        *t = head;
        t->customer = h[i].customer;
        t->what = WHAT_JOINT;
        t->other = h->customer;
    }
    return true;
}

static bool meet_table(struct job *j, int worker, int table, uint32_t partition, const struct held_tuple *held,
                       uint64_t n, struct status *st)
{
    struct worker *w = &j->workers[worker];
    if (!load_days(w, &j->s->tables[table], partition, st)) return false;
    uint64_t h = 0, p = 0;
    while (h < n || p < w->places_count) {
        uint64_t hash_h = h < n ? directory_hash(held[h].key) : UINT64_MAX,
                 hash_p = p < w->places_count ? w->places[p].hash : UINT64_MAX;
        uint64_t hash = hash_h < hash_p ? hash_h : hash_p, owners = h, days = p;
        while (owners < n && directory_hash(held[owners].key) == hash) owners++;
        while (days < w->places_count && w->places[days].hash == hash) days++;
        bool ok = owners > h ? state_held(j, worker, held + h, owners - h, w->places + p, days - p, st)
                             : state_closed(j, worker, table, w->places + p, days - p, st);
        if (!ok) return false;
        h = owners;
        p = days;
    }
    return true;
}

static bool accounts_task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct statement *s = j->s;
    struct worker *w = &j->workers[worker];
    uint64_t n = exchange_count(&s->accounts, (uint32_t)partition), at = 0;
    w->held = room(w->held, n + 1, &w->held_capacity, sizeof *w->held);
    if (!exchange_take(&s->accounts, (uint32_t)partition, w->held, st)) return false;
    if (n) qsort(w->held, n, sizeof *w->held, held_order);
    for (int t = 0; t < s->tables_count; t++) {
        uint64_t first = at;
        while (at < n && w->held[at].table == t) at++;
        if (partition >> s->tables[t].bits) continue;
        if (!meet_table(j, worker, t, (uint32_t)partition, w->held + first, at - first, st))
            return status_while(st, "collecting the accounts of %s", s->tables[t].shape.layout->of);
    }
    return true;
}

/* --- the step --- */

static void release(struct job *j)
{
    for (int i = 0; i < pool_workers(j->s->pool); i++) {
        struct worker *w = &j->workers[i];
        for (int c = 0; c < CUSTOMER_COLUMNS; c++) free(w->customer[c].values);
        for (int c = 0; c < TABLE_COLUMNS; c++) free(w->table[c].values);
        for (int d = 0; d < w->days_count; d++) detail_rows_release(&w->days[d]);
        free(w->days);
        free(w->held);
        free(w->places);
        free(w->population);
        free(w->value);
    }
    free(j->workers);
}

static void sum_up(struct job *j)
{
    struct statement *s = j->s;
    for (int i = 0; i < pool_workers(s->pool); i++) {
        const struct worker *w = &j->workers[i];
        s->totals.postings_collected += w->postings;
        s->totals.accounts_collected += w->accounts;
        s->totals.unstated += w->unstated;
        for (int t = 0; t < s->tables_count; t++)
            for (int c = 0; c < s->g->reference.rates.count; c++) {
                s->tables[t].population[c] += w->population[t][c];
                s->tables[t].population_value[c] += w->value[t][c];
            }
    }
}

bool statement_collect(struct statement *s, struct status *st)
{
    int workers = pool_workers(s->pool), bits = 0;
    struct job j = {.s = s, .workers = calloc((size_t)workers, sizeof *j.workers)};
    ensure(j.workers);
    for (int i = 0; i < workers; i++) {
        j.workers[i].population = calloc((size_t)s->tables_count + 1, sizeof *j.workers[i].population);
        j.workers[i].value = calloc((size_t)s->tables_count + 1, sizeof *j.workers[i].value);
        ensure(j.workers[i].population && j.workers[i].value);
    }
    for (int t = 0; t < s->tables_count; t++)
        if (s->tables[t].bits > bits) bits = s->tables[t].bits;
    for (s->range_bits = 12; s->g->numbers >> s->range_bits > 4096;) s->range_bits++;
    struct exchange_options held = {"statement-accounts", 1u << bits, sizeof(struct held_tuple), workers, s->budget,
                                    s->spill_folder},
                            items = {"statement-items",
                                     (uint32_t)(s->g->numbers >> s->range_bits) + 1,
                                     sizeof(struct statement_tuple),
                                     workers,
                                     s->budget,
                                     s->spill_folder};
    bool ok = exchange_init(&s->accounts, &held, st) && exchange_init(&s->items, &items, st) &&
              pool_run(s->pool, segment_partitions(s->g->customer), customers_task, &j, st);
    if (ok) {
        exchange_seal(&s->accounts);
        ok = pool_run(s->pool, UINT64_C(1) << bits, accounts_task, &j, st);
    }
    if (ok) {
        exchange_seal(&s->items);
        sum_up(&j);
    }
    release(&j);
    return ok;
}
