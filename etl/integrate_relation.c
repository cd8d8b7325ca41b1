/* integrate, part 4: owners out of relation files. An account row meets the relation records of the same account; each
 * owner gets a row of its own. Money is divided by shares so that every unit counts once: each further owner gets its
 * share rounded towards zero, the first owner (one whose share is blank, else the first in the file) what is left.
 * Linked people (agents, guardians) get a row without money. */
#include "etl/integrate.h"

#include <pthread.h>
#include <string.h>

struct job {
    struct integrate *in;
    int table;
    const struct relation_tuple *relations; /* of the partition */
    struct integrate_scratch *scratch;
};

static int by_account(const void *a, const void *b)
{
    const struct relation_tuple *x = a, *y = b;
    if (x->account != y->account) return x->account < y->account ? -1 : 1;
    uint32_t role_x = x->share_role & 0xff, role_y = y->share_role & 0xff;
    if (role_x != role_y) return role_x < role_y ? -1 : 1; /* the owner first, linked people last */
    bool blank_x = x->share_role >> 8 == SHARE_WHOLE, blank_y = y->share_role >> 8 == SHARE_WHOLE;
    if (blank_x != blank_y) return blank_x ? -1 : 1; /* a blank share is what the others leave, wherever it stands */
    return x->record < y->record ? -1 : x->record > y->record;
}

static void scale_amounts(const struct table *t, unsigned char *row, const unsigned char *whole, uint32_t share)
{
    for (int i = 0; i < t->amounts_count; i++) {
        const struct decode_column *c = &t->columns[t->amount_columns[i]];
        int64_t part = (int64_t)((__int128)decode_column_value(c, whole) * share / SHARE_WHOLE);
        memcpy(row + c->offset, &part, c->width);
    }
}

static void subtract_amounts(const struct table *t, unsigned char *row, const unsigned char *part)
{
    for (int i = 0; i < t->amounts_count; i++) {
        const struct decode_column *c = &t->columns[t->amount_columns[i]];
        int64_t left = decode_column_value(c, row) - decode_column_value(c, part);
        memcpy(row + c->offset, &left, c->width);
    }
}

bool integrate_relation_text(const struct integrate *in, int system, uint64_t source, uint32_t relation,
                             char text[OWNER_TEXT_MAX], struct view *out, struct status *st)
{
    const struct unit *u = in->im->unit;
    *out = (struct view){text, 0};
    /* Record ids count per layout: of several relation files of a system the one whose record has the key is meant. */
    for (int i = 0; i < u->layouts_count; i++) {
        bool candidate = u->layouts[i]->class == LAYOUT_RELATION && u->layout_system[i] == system &&
                         relation < input_space(in->im->inputs, i);
        if (!candidate) continue;
        if (!owners_text(in->im->inputs, i, relation, text, out, st)) return false;
        if (decode_text_key(*out) == source) return true;
    }
    return true;
}

/* Customer + 1 of an owner, where the maps are in memory. */
static bool find_owner(struct job *j, const struct relation_tuple *owner, uint32_t *customer_1, struct status *st)
{
    const struct owners *owners = &j->in->owners;
    int system = j->in->im->tables->table[j->table].system;
    char bytes[OWNER_TEXT_MAX];
    struct view text;
    if (!(owner->source & DECODE_KEY_HASHED)) {
        *customer_1 = owners_customer_1(owners, system, owner->source);
        return true;
    }
    return integrate_relation_text(j->in, system, owner->source, owner->record, bytes, &text, st) &&
           owners_find_hashed(owners, system, owner->source, text, customer_1, st);
}

static bool emit(struct job *j, int worker, const struct row_tuple *from, const struct relation_tuple *owner,
                 const unsigned char *row, struct status *st)
{
    struct import *im = j->in->im;
    const struct table *t = &im->tables->table[j->table];
    uint64_t source = owner->source;
    uint32_t customer_1;
    if (j->in->owners.in_memory)
        return find_owner(j, owner, &customer_1, st) &&
               owners_take(&j->in->owners, worker, j->table, customer_1, from->account, from->record, row, st);
    struct row_tuple *r =
        exchange_add(&j->in->related[j->table], worker, import_partition(source, im->systems[t->system].bits), st);
    if (!r) return false;
    *r = (struct row_tuple){source, from->account, from->record};
    memcpy(r + 1, row, t->row_size);
    memcpy((char *)(r + 1) + t->row_size, &owner->record, sizeof owner->record); /* where the source number stands */
    return true;
}

static bool same_person(struct job *j, const struct relation_tuple *a, const struct relation_tuple *b, bool *same,
                        struct status *st)
{
    char one[OWNER_TEXT_MAX], two[OWNER_TEXT_MAX];
    struct view x, y;
    int system = j->in->im->tables->table[j->table].system;
    *same = a->source == b->source;
    if (!*same || !(a->source & DECODE_KEY_HASHED)) return true;
    if (!integrate_relation_text(j->in, system, a->source, a->record, one, &x, st) ||
        !integrate_relation_text(j->in, system, b->source, b->record, two, &y, st))
        return false;
    *same = view_equal(x, y);
    return true;
}

/* A person named twice for one account counts once, by the first record. */
static bool named_before(struct job *j, const struct relation_tuple *owners, uint64_t i, bool *before,
                         struct status *st)
{
    *before = false;
    for (uint64_t k = 0; k < i && !*before; k++)
        if (!same_person(j, &owners[k], &owners[i], before, st)) return false;
    return true;
}

/* One account with its relation records (owners first). */
static bool divide(struct job *j, int worker, const struct row_tuple *account, const struct relation_tuple *owners,
                   uint64_t n, struct status *st)
{
    const struct table *t = &j->in->im->tables->table[j->table];
    struct integrate_table *totals = j->in->table[j->table];
    unsigned char first[TABLE_ROW_MAX], part[TABLE_ROW_MAX];
    const unsigned char *whole = (const unsigned char *)(account + 1);
    memcpy(first, whole, t->row_size);
    for (uint64_t i = 1; i < n; i++) {
        if ((owners[i].share_role & 0xff) ==
            ROLE_LINKED) { /* owns nothing: no row, or a count of accounts would count it */
            __atomic_fetch_add(&totals->rows_linked, 1, __ATOMIC_RELAXED);
            continue;
        }
        bool before;
        if (!named_before(j, owners, i, &before, st)) return false;
        if (before) continue;
        memcpy(part, whole, t->row_size);
        /* A second owner without a share of its own gets nothing: the share is missing, not whole. */
        uint32_t share = owners[i].share_role >> 8;
        scale_amounts(t, part, whole, share == SHARE_WHOLE ? 0 : share);
        subtract_amounts(t, first, part);
        if (!emit(j, worker, account, &owners[i], part, st)) return false;
        __atomic_fetch_add(&totals->rows_extra, 1, __ATOMIC_RELAXED);
    }
    return emit(j, worker, account, &owners[0], first, st);
}

static void orphan(struct job *j, const struct row_tuple *r)
{
    const struct table *t = &j->in->im->tables->table[j->table];
    struct integrate_table *totals = j->in->table[j->table];
    const unsigned char *row = (const unsigned char *)(r + 1);
    int currency = t->currency_column < 0 ? 0 : row[t->columns[t->currency_column].offset];
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    totals->orphans++;
    totals->without_relation++;
    for (int a = 0; a < t->amounts_count; a++)
        totals->orphan_sum[a][currency] += decode_column_value(&t->columns[t->amount_columns[a]], row);
    pthread_mutex_unlock(&lock);
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct import *im = j->in->im;
    const struct table *t = &im->tables->table[j->table];
    struct exchange *rows = &im->rows[j->table], *relations = &im->systems[t->system].relations;
    struct integrate_scratch *s = &j->scratch[worker];
    uint64_t n = exchange_count(rows, (uint32_t)partition), m = exchange_count(relations, (uint32_t)partition);
    size_t row_size = sizeof(struct row_tuple) + t->row_size;
    char *accounts = integrate_room(&s->tuples, &s->tuples_size, n * row_size);
    struct relation_tuple *owners = integrate_room(&s->extra, &s->extra_size, (m + 1) * sizeof *owners);
    if (!exchange_take(rows, (uint32_t)partition, accounts, st) ||
        !exchange_copy(relations, (uint32_t)partition, owners, st))
        return false;
    qsort(owners, m, sizeof *owners, by_account);
    for (uint64_t i = 0; i < n; i++) {
        const struct row_tuple *r = (const struct row_tuple *)(const void *)(accounts + i * row_size);
        uint64_t low = 0, high = m;
        while (low < high) {
            uint64_t middle = low + (high - low) / 2;
            if (owners[middle].account < r->source)
                low = middle + 1;
            else
                high = middle;
        }
        uint64_t end = low;
        while (end < m && owners[end].account == r->source) end++;
        /* Only linked people and no owner: nobody owns it. */
        if (low == end || (owners[low].share_role & 0xff) == ROLE_LINKED)
            orphan(j, r);
        else if (!divide(j, worker, r, owners + low, end - low, st))
            return false;
    }
    return true;
}

/* Where owned rows wait for the map of their partition. */
static bool open_related(struct integrate *in, int table, struct status *st)
{
    struct import *im = in->im;
    const struct table *t = &im->tables->table[table];
    return exchange_init(&in->related[table],
                         &(struct exchange_options){
                             arena_printf(im->arena, "related-%s", t->layout->name), 1u << im->systems[t->system].bits,
                             (uint32_t)(sizeof(struct row_tuple) + t->row_size + sizeof(uint32_t)),
                             pool_workers(im->pool), im->budget, im->spill_folder},
                         st);
}

bool integrate_relations(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    for (int i = 0; i < im->tables->count; i++) {
        const struct table *t = &im->tables->table[i];
        if (!t->by_relation) continue;
        struct job j = {
            .in = in, .table = i, .scratch = calloc((size_t)pool_workers(im->pool), sizeof(struct integrate_scratch))};
        ensure(j.scratch);
        int bits = im->systems[t->system].bits;
        bool ok =
            (in->owners.in_memory || open_related(in, i, st)) && pool_run(im->pool, UINT64_C(1) << bits, task, &j, st);
        for (int w = 0; w < pool_workers(im->pool); w++) integrate_scratch_release(&j.scratch[w]);
        free(j.scratch);
        if (!ok) return status_while(st, "finding the owners of %s", t->layout->name);
        if (!in->owners.in_memory) exchange_seal(&in->related[i]);
    }
    return true;
}
