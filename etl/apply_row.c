/* apply: rows that have to find their owner anew: of customers some record of whom moved, of accounts whose relations
 * changed, and of accounts that wait for an owner. Their archived records are read and go into the exchanges of tonight
 * as if they had come; where their account comes tonight, too, the later record counts (integrate_directory). */
#include "etl/apply.h"
#include "etl/integrate.h"

#include <string.h>

struct records { /* of one table */
    uint32_t *record;
    uint32_t count, capacity;
};

struct worker {
    struct records found[UNIT_LAYOUTS_MAX];
    struct apply_bytes bytes;
};

struct keys { /* accounts (relation keys) of a system of which a relation changed, ascending */
    uint64_t *key;
    uint32_t count, capacity;
};

struct job {
    struct integrate *in;
    struct apply *a;
    struct worker *workers;
    struct keys keys[UNIT_SYSTEMS_MAX];
    int table;
    const struct records *all;
};

static void add_record(struct records *r, uint32_t record)
{
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 256;
        r->record = realloc(r->record, r->capacity * sizeof *r->record);
        ensure(r->record);
    }
    r->record[r->count++] = record;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static int by_key(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool has_key(const struct keys *k, uint64_t key)
{
    return k->count && bsearch(&key, k->key, k->count, sizeof key, by_key);
}

static uint64_t *unique(uint64_t *key, uint32_t *count)
{
    uint32_t kept = 0;
    if (*count) qsort(key, *count, sizeof *key, by_key);
    for (uint32_t i = 0; i < *count; i++)
        if (!kept || key[kept - 1] != key[i]) key[kept++] = key[i];
    *count = kept;
    return key;
}

/* --- changed relations --- */

static void add_key(struct keys *k, uint64_t key)
{
    if (k->count == k->capacity) {
        k->capacity = k->capacity ? k->capacity * 2 : 256;
        k->key = realloc(k->key, k->capacity * sizeof *k->key);
        ensure(k->key);
    }
    k->key[k->count++] = key;
}

/* Accounts with a relation record of tonight, and the source numbers yesterday's relations name for them. */
static bool changed_accounts(struct job *j, int system, struct keys *sources, struct status *st)
{
    struct exchange *x = &j->in->im->systems[system].relations;
    struct keys *keys = &j->keys[system];
    struct buf loaded;
    bool ok = true;
    buf_init(&loaded, (size_t)1 << 40);
    for (uint32_t p = 0; ok && p < x->partitions; p++) {
        uint64_t n = exchange_count(x, p);
        uint32_t first = keys->count;
        if (!n) continue;
        struct relation_tuple *t = malloc(n * sizeof *t);
        ensure(t);
        ok = exchange_copy(x, p, t, st);
        for (uint64_t i = 0; ok && i < n; i++) add_key(keys, t[i].account);
        free(t);
        uint32_t own = keys->count - first;
        unique(keys->key + first, &own);
        keys->count = first + own;
        if (!ok || !j->a->relation[system]) continue;
        ok = segment_load(j->a->relation[system], p, 0, &loaded, st);
        const struct relation_tuple *old = (const struct relation_tuple *)(const void *)loaded.bytes;
        uint64_t rows = ok ? segment_rows(j->a->relation[system], p, 0) : 0;
        struct keys part = {keys->key + first, own, own};
        for (uint64_t i = 0; i < rows; i++)
            if (has_key(&part, old[i].account)) add_key(sources, old[i].source);
    }
    buf_release(&loaded);
    if (keys->count) unique(keys->key, &keys->count);
    return ok;
}

/* The customers of yesterday whose rows have to be looked through. A false candidate costs only the look. */
static bool scan_owners(struct job *j, int system, struct keys *sources, struct status *st)
{
    int bits = j->in->im->systems[system].bits;
    struct directory_rows rows;
    directory_rows_init(&rows);
    bool ok = true;
    if (sources->count) unique(sources->key, &sources->count);
    for (uint32_t p = 0; ok && sources->count && p < 1u << bits; p++) {
        bool loaded = false;
        for (uint32_t i = 0; ok && i < sources->count; i++) {
            if (import_partition(sources->key[i], bits) != p) continue;
            ok = loaded || directory_load(j->a->source[system], p, bits, &rows, st);
            loaded = true;
            uint32_t wanted = directory_fingerprint(directory_hash(sources->key[i]), bits);
            for (uint64_t k = directory_first(&rows, wanted); ok && k < rows.count && rows.fingerprint[k] == wanted;
                 k++)
                bitmap_set(j->a->scanned, apply_index(j->a, rows.number[k]));
        }
    }
    directory_rows_release(&rows);
    return ok;
}

static bool changed_relations(struct job *j, struct status *st)
{
    for (int s = 0; s < j->in->im->unit->systems_count; s++) {
        struct keys sources = {0};
        bool ok = !j->a->refresh && exchange_total(&j->in->im->systems[s].relations)
                      ? changed_accounts(j, s, &sources, st) && scan_owners(j, s, &sources, st)
                      : true;
        free(sources.key);
        if (!ok) return false;
    }
    return true;
}

/* --- which records --- */

static uint64_t relation_key(const struct table *t, const struct apply_bytes *b)
{
    return import_relation_key(b->file->layout, t->system, apply_record_bytes(b));
}

static bool remove_row(struct job *j, struct worker *w, int table, uint32_t index, uint32_t record, struct status *st)
{
    struct removed_tuple *r =
        exchange_add(&j->in->removed[table], (int)(w - j->workers), integrate_partition(j->in, index), st);
    if (!r) return false;
    *r = (struct removed_tuple){0, index, record};
    return true;
}

/* The rows of the marked customers of a partition. */
static bool find_rows(struct job *j, struct worker *w, uint32_t partition, int table, struct status *st)
{
    struct generation *g = j->a->old;
    const struct table *t = &j->in->im->tables->table[table];
    char name[64];
    snprintf(name, sizeof name, "%s", t->layout->name);
    struct segment *s = NULL;
    for (int i = 0; i < g->tables.count; i++)
        if (strcmp(g->tables.table[i].layout->name, name) == 0) s = g->table[i];
    if (!s) return true; /* a table that is new */
    uint64_t places = segment_rows(s, partition, 0), rows = segment_rows(s, partition, 1);
    int64_t *count = malloc((places + rows + 1) * sizeof *count), *record = count + places;
    ensure(count);
    uint32_t first = generation_first_place(g, partition);
    const struct keys *keys = &j->keys[t->system];
    bool ok = segment_get(s, partition, 0, 0, places, count, st) &&
              (!rows || segment_get(s, partition, 1, 0, rows, record, st));
    for (uint64_t p = 0, row = 0; ok && p < places; row += (uint64_t)count[p++]) {
        bool moved = bitmap_get(j->a->moved, first + (uint32_t)p),
             scanned = t->by_relation && keys->count && bitmap_get(j->a->scanned, first + (uint32_t)p);
        if (!moved && !scanned) continue;
        for (uint64_t k = row; ok && k < row + (uint64_t)count[p]; k++) {
            if (!moved) {
                ok = apply_read(j->in->im->inputs, t->layout_index, (uint32_t)record[k], &w->bytes, st);
                if (!ok || !has_key(keys, relation_key(t, &w->bytes))) continue;
            }
            add_record(&w->found[table], (uint32_t)record[k]);
            /* Of accounts the directory tells which rows go, whoever owns them. */
            if (t->layout->class != LAYOUT_ACCOUNT)
                ok = remove_row(j, w, table, first + (uint32_t)p, (uint32_t)record[k], st);
        }
    }
    free(count);
    return ok;
}

static bool find_task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct generation *g = j->a->old;
    uint32_t first = generation_first_place(g, partition), last = generation_first_place(g, partition + 1);
    bool any = false;
    if (last > j->a->old_places) last = j->a->old_places;
    for (uint32_t i = first; i < last && !any; i++) any = bitmap_get(j->a->moved, i) || bitmap_get(j->a->scanned, i);
    for (int t = 0; any && t < j->in->im->tables->count; t++)
        if (!find_rows(j, &j->workers[worker], (uint32_t)partition, t, st)) return false;
    return true;
}

/* --- into the exchanges --- */

static bool add_row(void *context, int worker, uint64_t task, struct status *st)
{
    enum { PIECE = 1024 };
    struct job *j = context;
    struct integrate *in = j->in;
    const struct table *t = &in->im->tables->table[j->table];
    struct worker *w = &j->workers[worker];
    for (uint64_t i = task * PIECE; i < (task + 1) * PIECE && i < j->all->count; i++) {
        uint32_t record = j->all->record[i];
        if (!apply_read(in->im->inputs, t->layout_index, record, &w->bytes, st)) return false;
        const struct layout *l = w->bytes.file->layout;
        const unsigned char *bytes = apply_record_bytes(&w->bytes);
        uint64_t source =
            t->by_relation ? relation_key(t, &w->bytes) : decode_key(&l->fields[l->role_field[ROLE_SOURCE_NO]], bytes);
        struct row_tuple *r = exchange_add(&in->im->rows[j->table], worker,
                                           import_partition(source, in->im->systems[t->system].bits), st);
        if (!r) return false;
        *r = (struct row_tuple){source, l->class == LAYOUT_ACCOUNT ? import_account_key(l, t->system, bytes) : 0,
                                record};
        int layout = w->bytes.file->layout_index;
        table_map_record(in->im->maps[layout], t, in->im->decoders[layout], bytes, (unsigned char *)(r + 1));
    }
    return true;
}

/* Each record once, in order. */
static bool lift_table(struct job *j, int table, struct status *st)
{
    enum { PIECE = 1024 };
    struct records all = {0};
    struct integrate_table *it = j->in->table[table];
    for (int w = 0; w < pool_workers(j->in->im->pool); w++)
        for (uint32_t i = 0; i < j->workers[w].found[table].count; i++)
            add_record(&all, j->workers[w].found[table].record[i]);
    for (uint32_t i = 0; i < j->a->pending_count[table]; i++) add_record(&all, j->a->pending[table][i].record);
    if (all.count) qsort(all.record, all.count, sizeof *all.record, by_value);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < all.count; i++)
        if (!kept || all.record[kept - 1] != all.record[i]) all.record[kept++] = all.record[i];
    all.count = kept;
    j->table = table;
    j->all = &all;
    it->lifted = all.count;
    it->lifted_records = all.record;
    it->lifted_count = all.count;
    return pool_run(j->in->im->pool, (all.count + PIECE - 1) / PIECE, add_row, j, st);
}

bool apply_rows(struct integrate *in, struct status *st)
{
    struct job j = {.in = in, .a = in->apply, .workers = calloc((size_t)pool_workers(in->im->pool), sizeof *j.workers)};
    ensure(j.workers);
    bool ok = changed_relations(&j, st);
    if (ok && !j.a->refresh) ok = pool_run(in->im->pool, segment_partitions(j.a->old->source), find_task, &j, st);
    for (int t = 0; ok && !j.a->refresh && t < in->im->tables->count; t++) ok = lift_table(&j, t, st);
    for (int w = 0; w < pool_workers(in->im->pool); w++)
        for (int t = 0; t < UNIT_LAYOUTS_MAX; t++) free(j.workers[w].found[t].record);
    free(j.workers);
    for (int s = 0; s < UNIT_SYSTEMS_MAX; s++) free(j.keys[s].key);
    return ok || status_while(st, "lifting the rows of customers that changed");
}
