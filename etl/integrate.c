#include "etl/integrate.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t notes_lock = PTHREAD_MUTEX_INITIALIZER;

void integrate_note(struct integrate *in, enum integrate_note_kind kind, uint32_t record, uint32_t other)
{
    pthread_mutex_lock(&notes_lock);
    if (in->notes_count == in->notes_capacity) {
        in->notes_capacity = in->notes_capacity ? in->notes_capacity * 2 : 1024;
        in->notes = realloc(in->notes, in->notes_capacity * sizeof *in->notes);
        ensure(in->notes);
    }
    in->notes[in->notes_count++] = (struct integrate_note){record, other, kind};
    pthread_mutex_unlock(&notes_lock);
}

static int by_record(const void *a, const void *b)
{
    const struct integrate_note *x = a, *y = b;
    if (x->record != y->record) return x->record < y->record ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return x->other < y->other ? -1 : x->other > y->other;
}

void *integrate_room(void **p, size_t *size, size_t wanted)
{
    if (wanted > *size) {
        free(*p);
        *size = wanted + wanted / 4 + 4096;
        *p = malloc(*size);
        ensure(*p);
    }
    return *p;
}

void integrate_scratch_release(struct integrate_scratch *s)
{
    free(s->tuples);
    free(s->extra);
    free(s->table);
    *s = (struct integrate_scratch){0};
}

int integrate_system(const struct integrate *in, uint32_t record)
{
    return in->im->unit->layout_system[input_file_of(in->im->inputs, -1, record)->layout_index];
}

static bool take_regions(struct integrate *in, struct status *st)
{
    struct budget *b = in->im->budget;
    size_t words = (size_t)in->records_max / 64 + 1;
    in->primary = budget_region(b, (size_t)in->records_max * 4 + 64, "primary records", st);
    in->ranks = in->primary ? budget_region(b, words * sizeof *in->ranks, "numbers", st) : NULL;
    in->superseded = in->ranks ? budget_region(b, words * 8, "record marks", st) : NULL;
    in->excluded = in->superseded ? budget_region(b, words * 8, "record marks", st) : NULL;
    in->overridden = in->excluded ? budget_region(b, words * 8, "record marks", st) : NULL;
    in->corporate = in->overridden ? budget_region(b, words * 8, "record marks", st) : NULL;
    if (!in->corporate) return false;
    if (in->apply->old) {
        in->closed = budget_region(b, words * 8, "record marks", st);
        in->incumbent = in->closed ? budget_region(b, words * 8, "record marks", st) : NULL;
        if (!in->incumbent) return false;
    }
    memset(in->primary, 0xff, (size_t)in->records_max * 4 + 64);
    return true;
}

/* Which record ids are primary, and how many before each: numbers in the order of the primary records. */
static void rank(struct integrate *in)
{
    uint32_t count = 0;
    for (uint32_t w = 0; w * 64 < in->records_max; w++) {
        uint64_t bits = 0;
        for (uint32_t i = 0; i < 64; i++) bits |= (uint64_t)(in->primary[w * 64 + i] == w * 64 + i) << i;
        in->ranks[w] = (struct rank_word){bits, count, 0};
        count += (uint32_t)__builtin_popcountll(bits);
    }
    in->customers = count;
}

bool integrate_is_closed(const struct integrate *in, int table, uint32_t record)
{
    if (!in->apply->old || record < in->day_base[table]) return false;
    char action =
        input_action(input_file_of(in->im->inputs, in->im->tables->table[table].layout_index, record), record);
    return action == (in->im->tables->table[table].layout->class == LAYOUT_ACCOUNT ? 'X' : 'D');
}

static void add_money(const struct table *t, const unsigned char *row, __int128 (*sum)[DECODE_CURRENCIES_MAX],
                      bool *any)
{
    int currency = t->currency_column < 0 ? 0 : row[t->columns[t->currency_column].offset];
    for (int a = 0; a < t->amounts_count; a++) {
        int64_t value = decode_column_value(&t->columns[t->amount_columns[a]], row);
        sum[a][currency] += value;
        *any |= value != 0;
    }
}

void integrate_closed(struct integrate *in, int table, const unsigned char *row)
{
    bool any = false;
    pthread_mutex_lock(&notes_lock);
    in->table[table]->closed++;
    add_money(&in->im->tables->table[table], row, in->table[table]->closed_sum, &any);
    in->table[table]->closed_with_balance += any;
    pthread_mutex_unlock(&notes_lock);
}

void integrate_note_lifted(struct integrate *in, int table, uint32_t record, const unsigned char *row)
{
    bool any = false;
    if (!integrate_is_lifted(in, table, record)) return;
    pthread_mutex_lock(&notes_lock);
    add_money(&in->im->tables->table[table], row, in->table[table]->lifted_sum, &any);
    pthread_mutex_unlock(&notes_lock);
}

static int by_pending(const void *a, const void *b)
{
    const struct apply_pending *x = a, *y = b;
    return x->record < y->record ? -1 : x->record > y->record;
}

void integrate_pending(struct integrate *in, int table, uint32_t record)
{
    struct integrate_table *t = in->table[table];
    pthread_mutex_lock(&notes_lock);
    if (t->pending_count == t->pending_capacity) {
        t->pending_capacity = t->pending_capacity ? t->pending_capacity * 2 : 256;
        t->pending = realloc(t->pending, t->pending_capacity * sizeof *t->pending);
        ensure(t->pending);
    }
    t->pending[t->pending_count++] = (struct apply_pending){record, in->im->business_date};
    pthread_mutex_unlock(&notes_lock);
}

/* In order, without those that a later record of the account took the place of; who waits since when. */
static void settle_pending(struct integrate *in)
{
    for (int i = 0; i < in->im->tables->count; i++) {
        struct integrate_table *t = in->table[i];
        uint32_t kept = 0, d = 0, old = 0;
        if (t->pending_count) qsort(t->pending, t->pending_count, sizeof *t->pending, by_pending);
        for (uint32_t k = 0; k < t->pending_count; k++) {
            struct apply_pending p = t->pending[k];
            while (d < t->dropped_count && t->dropped[d] < p.record) d++;
            if (d < t->dropped_count && t->dropped[d] == p.record) continue;
            while (old < in->apply->pending_count[i] && in->apply->pending[i][old].record < p.record) old++;
            if (old < in->apply->pending_count[i] && in->apply->pending[i][old].record == p.record)
                p.since = in->apply->pending[i][old].since;
            t->pending[kept++] = p;
        }
        t->pending_count = kept;
    }
}

/* Where tonight's records begin in each space. */
static void find_bases(struct integrate *in)
{
    const struct import *im = in->im;
    for (int i = 0; i < im->tables->count; i++)
        for (int f = 0; f < im->inputs->carried_count; f++)
            if (im->inputs->carried[f].space == im->tables->table[i].layout_index)
                in->day_base[i] = im->inputs->carried[f].record_base + im->inputs->carried[f].records_max;
}

bool integrate_customers(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    bool daily = in->apply->old != NULL;
    in->records_max = (im->inputs->customer_records_max + 63) & ~63u;
    for (int i = 0; i < im->tables->count; i++) in->table[i] = arena_new(im->arena, struct integrate_table);
    find_bases(in);
    integrate_owners_init(in);
    if (!take_regions(in, st) || !integrate_duplicates(in, st)) return false;
    if ((daily && !apply_customers(in, st)) || !integrate_identities(in, st)) return false;
    if (!daily)
        rank(in);
    else if (!integrate_aliases(in, st) || !apply_numbers(in, st))
        return false;
    in->partitions = in->customers ? integrate_partition(in, in->customers - 1) + 1 : 0;
    return integrate_sources(in, st);
}

bool integrate_rows(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    bool daily = in->apply->old != NULL;
    if (daily && !apply_rows(in, st)) return false;
    import_seal_rows(im);
    if (!integrate_relations(in, st) || !integrate_owners(in, st) || !integrate_directories(in, st)) return false;
    for (int i = 0; daily && i < im->tables->count; i++) exchange_seal(&in->removed[i]);
    if (daily && !integrate_exclusions(in, st)) return false;
    settle_pending(in);
    if (in->notes_count) qsort(in->notes, in->notes_count, sizeof *in->notes, by_record);
    return true;
}

void integrate_release(struct integrate *in)
{
    struct budget *b = in->im->budget;
    size_t words = (size_t)in->records_max / 64 + 1;
    budget_region_return(b, in->maps, in->maps_size);
    budget_region_return(b, in->primary, (size_t)in->records_max * 4 + 64);
    budget_region_return(b, in->ranks, words * sizeof *in->ranks);
    budget_region_return(b, in->superseded, words * 8);
    budget_region_return(b, in->excluded, words * 8);
    budget_region_return(b, in->overridden, words * 8);
    budget_region_return(b, in->corporate, words * 8);
    if (in->closed) budget_region_return(b, in->closed, words * 8);
    if (in->incumbent) budget_region_return(b, in->incumbent, words * 8);
    free(in->excluded_place);
    free(in->overridden_place);
    owners_release(&in->owners, pool_workers(in->im->pool));
    exchange_drop(&in->members);
    exchange_drop(&in->identities);
    for (int i = 0; i < UNIT_LAYOUTS_MAX; i++) {
        exchange_drop(&in->owned[i]);
        exchange_drop(&in->accounts[i]);
        exchange_drop(&in->related[i]);
        exchange_drop(&in->removed[i]);
        if (!in->table[i]) continue;
        free(in->table[i]->dropped);
        free(in->table[i]->pending);
        free(in->table[i]->lifted_records);
    }
    free(in->notes);
}
