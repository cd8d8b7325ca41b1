/* apply: which customers of yesterday tonight's customer records touch.
 *
 *   1 a changed record finds the one it replaces by system and source number (the source directories)
 *   2 its customer of yesterday and every customer who has its identity of today are touched; so are those who share an
 *     identity, present or former, with any record of a touched customer, until nobody is added
 *   3 the records of touched customers that did not change are lifted: their tuples join those of tonight
 *
 * Cost: a pass over the source directories of systems that sent something; else proportional to what is touched. */
#include "etl/apply.h"
#include "etl/integrate.h"

#include <string.h>

struct found { /* what one worker found, any order */
    struct apply_record *records;
    uint32_t count, capacity;
};

struct key_set { /* identity keys that were looked up already, and those still to do */
    uint64_t *slots;
    size_t size, used;
    uint64_t *todo;
    uint32_t todo_count, todo_capacity;
};

struct worker {
    struct found found;
    struct directory_rows rows;
    struct apply_bytes one, two;
    struct charset_converter *to_utf8;
    struct buf name, loaded;
    uint32_t *places; /* touched by the keys of a partition */
    uint32_t places_count, places_capacity;
    struct integrate_scratch room;
};

struct job {
    struct integrate *in;
    struct apply *a;
    struct worker *workers;
    int system;
    struct key_set keys;
    uint64_t *round; /* bitmap: touched in this round */
    const struct found *changes;
};

/* --- small containers --- */

static struct apply_record *add_found(struct found *f)
{
    if (f->count == f->capacity) {
        f->capacity = f->capacity ? f->capacity * 2 : 256;
        f->records = realloc(f->records, f->capacity * sizeof *f->records);
        ensure(f->records);
    }
    struct apply_record *r = &f->records[f->count++];
    *r = (struct apply_record){.record = APPLY_NONE,
                               .before = APPLY_NONE,
                               .old_index = APPLY_NONE,
                               .founded = APPLY_NONE,
                               .index = APPLY_NONE,
                               .primary = APPLY_NONE};
    return r;
}

static void grow_keys(struct key_set *k)
{
    size_t size = k->size ? k->size * 2 : 4096;
    uint64_t *slots = calloc(size, sizeof *slots);
    ensure(slots);
    for (size_t i = 0; i < k->size; i++) {
        if (!k->slots[i]) continue;
        size_t h = directory_hash(k->slots[i]) & (size - 1);
        while (slots[h]) h = (h + 1) & (size - 1);
        slots[h] = k->slots[i];
    }
    free(k->slots);
    k->slots = slots;
    k->size = size;
}

/* A key not seen before is to be looked up. No identity has the key 0. */
static void want_key(struct key_set *k, const struct customer_tuple *t)
{
    if ((t->birth_strength & 3) == IDENTITY_NEVER) return;
    uint64_t key = t->key ? t->key : 1;
    if (2 * k->used >= k->size) grow_keys(k);
    size_t h = directory_hash(key) & (k->size - 1);
    for (; k->slots[h]; h = (h + 1) & (k->size - 1))
        if (k->slots[h] == key) return;
    k->slots[h] = key;
    k->used++;
    if (k->todo_count == k->todo_capacity) {
        k->todo_capacity = k->todo_capacity ? k->todo_capacity * 2 : 256;
        k->todo = realloc(k->todo, k->todo_capacity * sizeof *k->todo);
        ensure(k->todo);
    }
    k->todo[k->todo_count++] = t->key;
}

/* --- 1: which record a record replaces --- */

static bool same_source(struct job *j, struct worker *w, uint32_t a, uint32_t b, bool *same, struct status *st)
{
    const struct input_set *inputs = j->in->im->inputs;
    if (!apply_read(inputs, -1, a, &w->one, st) || !apply_read(inputs, -1, b, &w->two, st)) return false;
    const struct layout *x = w->one.file->layout, *y = w->two.file->layout;
    *same = view_equal(decode_text(x, x->role_field[ROLE_SOURCE_NO], apply_record_bytes(&w->one)),
                       decode_text(y, y->role_field[ROLE_SOURCE_NO], apply_record_bytes(&w->two)));
    return true;
}

static void note_before(struct job *j, struct apply_record *r, uint32_t before, uint32_t number)
{
    r->before = before;
    r->was_closed = number & DIRECTORY_CLOSED;
    r->old_index = apply_index(j->a, number);
}

static bool find_changes(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct worker *w = &j->workers[worker];
    struct import_system *system = &j->in->im->systems[j->system];
    uint64_t n = exchange_count(&system->sources, (uint32_t)partition);
    bool closing = j->a->refresh && j->a->covered[j->system];
    if (!n && !closing) return true;
    struct source_tuple *t = integrate_room(&w->room.tuples, &w->room.tuples_size, (n + 1) * sizeof *t);
    if (!exchange_copy(&system->sources, (uint32_t)partition, t, st) ||
        !directory_load(j->a->source[j->system], (uint32_t)partition, system->bits, &w->rows, st))
        return false;
    bool *met = integrate_room(&w->room.extra, &w->room.extra_size, w->rows.count + 1);
    memset(met, 0, w->rows.count + 1);
    for (uint64_t i = 0; i < n; i++) {
        if (bitmap_get(j->in->superseded, t[i].record)) continue;
        struct apply_record *r = add_found(&w->found);
        r->record = t[i].record;
        r->system = j->system;
        r->action = input_action(input_file_of(j->in->im->inputs, -1, t[i].record), t[i].record);
        r->closed = r->action == 'D';
        uint32_t wanted = directory_fingerprint(directory_hash(t[i].source), system->bits);
        for (uint64_t k = directory_first(&w->rows, wanted); k < w->rows.count && w->rows.fingerprint[k] == wanted;
             k++) {
            int is = directory_is(&w->rows, k, t[i].source, !(t[i].source & DECODE_KEY_HASHED));
            bool same = is > 0;
            if (is < 0 && !same_source(j, w, t[i].record, w->rows.record[k], &same, st)) return false;
            if (!same) continue;
            note_before(j, r, w->rows.record[k], w->rows.number[k]);
            met[k] = true;
            break;
        }
    }
    for (uint64_t k = 0; closing && k < w->rows.count; k++) {
        if (met[k] || (w->rows.number[k] & DIRECTORY_CLOSED)) continue;
        struct apply_record *r = add_found(&w->found); /* absent from a full unload: closed */
        r->record = w->rows.record[k];
        r->system = j->system;
        r->action = 'D';
        r->closed = true;
        note_before(j, r, w->rows.record[k], w->rows.number[k]);
    }
    return true;
}

static int by_before(const void *a, const void *b)
{
    const struct apply_record *x = a, *y = b;
    return x->before < y->before ? -1 : x->before > y->before;
}

static int by_record(const void *a, const void *b)
{
    const struct apply_record *x = a, *y = b;
    return x->record < y->record ? -1 : x->record > y->record;
}

/* All that the workers found, into one list. */
static void collect(struct job *j, struct found *into)
{
    for (int i = 0; i < pool_workers(j->in->im->pool); i++) {
        struct found *f = &j->workers[i].found;
        for (uint32_t k = 0; k < f->count; k++) *add_found(into) = f->records[k];
        f->count = 0;
    }
}

/* --- 2: whom the identities lead to --- */

static bool tuple_of(struct job *j, struct worker *w, uint32_t record, struct customer_tuple *out, struct status *st)
{
    return apply_read(j->in->im->inputs, -1, record, &w->one, st) &&
           import_customer_tuple(j->in->im, w->one.file, apply_record_bytes(&w->one), record, w->to_utf8, &w->name,
                                 out);
}

static void touch(struct job *j, uint32_t place)
{
    if (bitmap_get(j->a->touched, place)) return;
    bitmap_set(j->a->touched, place);
    bitmap_set(j->round, place);
}

static void add_place(struct worker *w, uint32_t place)
{
    if (w->places_count == w->places_capacity) {
        w->places_capacity = w->places_capacity ? w->places_capacity * 2 : 256;
        w->places = realloc(w->places, w->places_capacity * sizeof *w->places);
        ensure(w->places);
    }
    w->places[w->places_count++] = place;
}

/* What the workers found. */
static void touch_places(struct job *j)
{
    for (int i = 0; i < pool_workers(j->in->im->pool); i++) {
        struct worker *w = &j->workers[i];
        for (uint32_t k = 0; k < w->places_count; k++) touch(j, w->places[k]);
        w->places_count = 0;
    }
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = directory_hash(*(const uint64_t *)a), y = directory_hash(*(const uint64_t *)b);
    return x < y ? -1 : x > y;
}

/* The customers who have the keys of one identity partition. A false candidate (32 bits agree by chance) does no harm:
 * it is lifted, and matched as before. */
static bool look_up(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct worker *w = &j->workers[worker];
    int bits = j->in->im->identity_bits;
    uint32_t low = 0, high = j->keys.todo_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (import_partition(j->keys.todo[middle], bits) < partition)
            low = middle + 1;
        else
            high = middle;
    }
    for (bool loaded = false; low < j->keys.todo_count; low++, loaded = true) {
        uint64_t key = j->keys.todo[low];
        if (import_partition(key, bits) != partition) break;
        if (!loaded && !directory_load(j->a->identity, (uint32_t)partition, bits, &w->rows, st)) return false;
        uint32_t wanted = directory_fingerprint(directory_hash(key), bits);
        for (uint64_t k = directory_first(&w->rows, wanted); k < w->rows.count && w->rows.fingerprint[k] == wanted; k++)
            add_place(w, apply_index(j->a, w->rows.number[k]));
    }
    return true;
}

static bool look_up_keys(struct job *j, struct status *st)
{
    struct import *im = j->in->im;
    if (j->keys.todo_count) qsort(j->keys.todo, j->keys.todo_count, sizeof *j->keys.todo, by_hash);
    if (!pool_run(im->pool, UINT64_C(1) << im->identity_bits, look_up, j, st)) return false;
    j->keys.todo_count = 0;
    touch_places(j);
    return true;
}

static bool load_column(struct segment *s, uint32_t partition, const char *name, int64_t **values, uint64_t *rows,
                        struct status *st)
{
    int column = segment_find(s, name);
    *values = NULL;
    *rows = 0;
    if (column < 0) return true;
    *rows = segment_rows(s, partition, column);
    *values = malloc((*rows + 1) * sizeof **values);
    ensure(*values);
    return *rows == 0 || segment_get(s, partition, column, 0, *rows, *values, st);
}

struct sources { /* the customer records of a partition of yesterday */
    int64_t *count, *record, *founded, *closed, *primary;
    uint64_t places, rows;
};

static void free_sources(struct sources *s)
{
    free(s->count);
    free(s->record);
    free(s->founded);
    free(s->closed);
    free(s->primary);
}

static bool load_sources(struct job *j, uint32_t partition, struct sources *s, struct status *st)
{
    struct generation *g = j->a->old;
    uint64_t n;
    *s = (struct sources){0};
    return load_column(g->source, partition, "count", &s->count, &s->places, st) &&
           load_column(g->source, partition, "record", &s->record, &s->rows, st) &&
           load_column(g->source, partition, "founded", &s->founded, &n, st) &&
           load_column(g->source, partition, "closed", &s->closed, &n, st) &&
           load_column(g->customer, partition, "primary", &s->primary, &n, st);
}

static bool any_bit(const uint64_t *bitmap, uint32_t from, uint64_t count)
{
    for (uint64_t i = from; i < from + count;) {
        if (i % 64 == 0 && i + 64 <= from + count) {
            if (bitmap[i / 64]) return true;
            i += 64;
        } else if (bitmap_get(bitmap, (uint32_t)i++)) {
            return true;
        }
    }
    return false;
}

/* The records of the customers touched in this round. */
static bool lift_members(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct worker *w = &j->workers[worker];
    struct generation *g = j->a->old;
    uint32_t first = generation_first_place(g, (uint32_t)partition);
    uint64_t places = segment_rows(g->source, (uint32_t)partition, 0);
    if (!any_bit(j->round, first, places)) return true;
    struct sources s;
    bool ok = load_sources(j, (uint32_t)partition, &s, st);
    for (uint64_t p = 0, row = 0; ok && p < places; row += (uint64_t)s.count[p++]) {
        if (!bitmap_get(j->round, first + (uint32_t)p)) continue;
        for (uint64_t k = row; ok && k < row + (uint64_t)s.count[p]; k++) {
            struct apply_record *r = add_found(&w->found);
            r->record = r->before = (uint32_t)s.record[k];
            r->old_index = first + (uint32_t)p;
            r->closed = r->was_closed = s.closed && s.closed[k];
            r->was_primary = (uint32_t)s.primary[p] == r->record;
            if (s.founded)
                r->founded = s.founded[k] == 0   ? APPLY_NONE
                             : s.founded[k] == 1 ? r->old_index
                                                 : (uint32_t)((uint64_t)(s.founded[k] - 1) - g->first_number);
            else
                r->founded = r->was_primary ? r->old_index : APPLY_NONE;
            ok = tuple_of(j, w, r->record, &r->tuple, st);
            if (ok) r->system = j->in->im->unit->layout_system[w->one.file->layout_index];
        }
    }
    free_sources(&s);
    return ok;
}

/* A record of tonight takes over what was known of the one it replaces. */
static void take_over(struct apply_record *r, const struct apply_record *before)
{
    r->founded = before->founded;
    r->old_index = before->old_index;
    r->was_closed = before->was_closed;
    r->was_primary = before->was_primary;
}

static const struct apply_record *find_before(const struct found *changes, uint32_t before)
{
    struct apply_record key = {.before = before};
    return changes->count ? bsearch(&key, changes->records, changes->count, sizeof key, by_before) : NULL;
}

static uint32_t first_alias(const struct apply *a, uint32_t record)
{
    uint32_t low = 0, high = a->aliases_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (a->aliases[middle].record < record)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void want_aliases(struct job *j, uint32_t record, struct worker *w, bool *ok, struct status *st)
{
    for (uint32_t i = first_alias(j->a, record); *ok && i < j->a->aliases_count && j->a->aliases[i].record == record;
         i++) {
        struct customer_tuple t;
        *ok = tuple_of(j, w, j->a->aliases[i].former, &t, st);
        if (*ok) want_key(&j->keys, &t);
    }
}

/* Rounds until nobody is added. `changes` are ordered by the record they replace. */
static bool close_over(struct job *j, struct found *changes, struct found *lifted, struct status *st)
{
    struct import *im = j->in->im;
    uint32_t partitions = segment_partitions(j->a->old->source);
    size_t words = j->a->old_places / 64 + 1;
    bool ok = true;
    for (;;) {
        if (!look_up_keys(j, st)) return false;
        uint32_t before = lifted->count;
        if (!pool_run(im->pool, partitions, lift_members, j, st)) return false;
        memset(j->round, 0, words * 8);
        collect(j, lifted);
        if (lifted->count == before) return true;
        uint32_t kept = before;
        for (uint32_t i = before; i < lifted->count; i++) {
            struct apply_record *r = &lifted->records[i];
            struct apply_record *by = (struct apply_record *)(uintptr_t)find_before(changes, r->record);
            want_key(&j->keys, &r->tuple); /* of a replaced record, too: who shared the identity it had is met again */
            want_aliases(j, r->record, &j->workers[0], &ok, st);
            if (!ok) return false;
            if (by)
                take_over(by, r);
            else
                lifted->records[kept++] = *r;
        }
        lifted->count = kept;
    }
}

/* --- numbers in another form (identity.h) --- */

static bool is_renewed(struct job *j, struct worker *w, uint32_t record, bool *renewed, struct status *st)
{
    if (!apply_read(j->in->im->inputs, -1, record, &w->one, st)) return false;
    const struct layout *l = w->one.file->layout;
    *renewed = identity_may_be_renewed(decode_text(l, l->role_field[ROLE_ID_NO], apply_record_bytes(&w->one)));
    return true;
}

/* Whether yesterday's directory has an identity of the record, present or former, under a key that it has no more. */
static bool has_renewed(struct job *j, struct worker *w, uint32_t record, bool *renewed, struct status *st)
{
    const struct apply *a = j->a;
    bool ok = is_renewed(j, w, record, renewed, st);
    for (uint32_t i = first_alias(a, record); ok && !*renewed && i < a->aliases_count && a->aliases[i].record == record;
         i++)
        ok = is_renewed(j, w, a->aliases[i].former, renewed, st);
    return ok;
}

static bool find_renewed(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct worker *w = &j->workers[worker];
    uint32_t first = generation_first_place(j->a->old, (uint32_t)partition);
    struct sources s;
    bool ok = load_sources(j, (uint32_t)partition, &s, st);
    for (uint64_t p = 0, row = 0; ok && p < s.places; row += (uint64_t)s.count[p++]) {
        bool renewed = false;
        for (uint64_t k = row; ok && !renewed && k < row + (uint64_t)s.count[p]; k++)
            ok = has_renewed(j, w, (uint32_t)s.record[k], &renewed, st);
        if (ok && renewed) add_place(w, first + (uint32_t)p);
    }
    free_sources(&s);
    return ok;
}

/* Once, in the first night after a generation of an older program: whoever has such a number is matched anew, and so
 * the directory knows it by its present key. */
static bool touch_renewed(struct job *j, struct status *st)
{
    if (j->a->old->identity_form >= IDENTITY_FORM) return true;
    if (!pool_run(j->in->im->pool, segment_partitions(j->a->old->source), find_renewed, j, st)) return false;
    touch_places(j);
    return true;
}

/* --- aliases --- */

static void add_alias(struct apply *a, uint32_t record, uint32_t former)
{
    if (a->aliases_count == a->aliases_capacity) {
        a->aliases_capacity = a->aliases_capacity ? a->aliases_capacity * 2 : 256;
        a->aliases = realloc(a->aliases, a->aliases_capacity * sizeof *a->aliases);
        ensure(a->aliases);
    }
    a->aliases[a->aliases_count++] = (struct apply_alias){record, former};
}

static int by_alias(const void *a, const void *b)
{
    const struct apply_alias *x = a, *y = b;
    if (x->record != y->record) return x->record < y->record ? -1 : 1;
    return x->former < y->former ? -1 : x->former > y->former;
}

/* The aliases of a replaced record are those of the new one; a renewal adds the identity it had (domain 7). */
static bool move_aliases(struct job *j, struct found *changes, struct status *st)
{
    struct apply *a = j->a;
    struct worker *w = &j->workers[0];
    for (uint32_t i = 0; i < a->aliases_count; i++) {
        const struct apply_record *r = find_before(changes, a->aliases[i].record);
        if (r) a->aliases[i].record = r->record;
    }
    for (uint32_t i = 0; i < changes->count; i++) {
        struct apply_record *r = &changes->records[i];
        struct customer_tuple old;
        if (r->before == APPLY_NONE || r->before == r->record) continue;
        if (!tuple_of(j, w, r->before, &old, st)) return false;
        bool differs = old.key != r->tuple.key;
        if (differs) a->identity_changed++;
        if (differs && r->action == 'R') add_alias(a, r->record, r->before);
    }
    if (a->aliases_count) qsort(a->aliases, a->aliases_count, sizeof *a->aliases, by_alias);
    return true;
}

/* --- 3: tuples by partition --- */

/* Counts become places: [p] counts up from the start of p to the start of p + 1 while tuples are placed. */
static uint32_t *starts(struct apply_lifted *l, uint32_t partitions, uint32_t count, size_t tuple_size)
{
    l->start = calloc(partitions + 2u, sizeof *l->start);
    l->tuples = malloc(((size_t)count + 1) * tuple_size);
    ensure(l->start && l->tuples);
    return l->start + 1;
}

static void lift_customers(struct apply *a, int bits)
{
    uint32_t partitions = 1u << bits;
    uint32_t *next = starts(&a->customers, partitions, a->records_count, sizeof(struct customer_tuple));
    struct customer_tuple *to = a->customers.tuples;
    for (uint32_t i = 0; i < a->records_count; i++)
        if (a->records[i].before == a->records[i].record) next[import_partition(a->records[i].tuple.key, bits) + 1]++;
    for (uint32_t p = 1; p <= partitions; p++) next[p] += next[p - 1];
    for (uint32_t i = 0; i < a->records_count; i++)
        if (a->records[i].before == a->records[i].record)
            to[next[import_partition(a->records[i].tuple.key, bits)]++] = a->records[i].tuple;
}

static void lift_sources(struct apply *a, int system, int bits)
{
    uint32_t partitions = 1u << bits;
    uint32_t *next = starts(&a->sources[system], partitions, a->records_count, sizeof(struct source_tuple));
    struct source_tuple *to = a->sources[system].tuples;
    for (uint32_t i = 0; i < a->records_count; i++)
        if (a->records[i].before == a->records[i].record && a->records[i].system == system)
            next[import_partition(a->records[i].tuple.source, bits) + 1]++;
    for (uint32_t p = 1; p <= partitions; p++) next[p] += next[p - 1];
    for (uint32_t i = 0; i < a->records_count; i++) {
        const struct apply_record *r = &a->records[i];
        if (r->before == r->record && r->system == system)
            to[next[import_partition(r->tuple.source, bits)]++] = (struct source_tuple){r->tuple.source, r->record};
    }
}

static void index_records(struct apply *a)
{
    qsort(a->records, a->records_count, sizeof *a->records, by_record);
    a->slots_count = 1024;
    while (a->slots_count < 2 * a->records_count) a->slots_count *= 2;
    a->slots = calloc(a->slots_count, sizeof *a->slots);
    ensure(a->slots);
    for (uint32_t i = 0; i < a->records_count; i++) {
        uint32_t h = a->records[i].record * 2654435761u & (a->slots_count - 1);
        while (a->slots[h]) h = (h + 1) & (a->slots_count - 1);
        a->slots[h] = i + 1;
    }
}

/* --- the whole --- */

static void mark(uint64_t *bitmap, uint32_t i)
{
    bitmap[i >> 6] |= UINT64_C(1) << (i & 63);
}

/* What does not change anything goes: a closing of somebody unknown. */
static void settle_changes(struct job *j, struct found *changes)
{
    struct apply *a = j->a;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < changes->count; i++) {
        struct apply_record *r = &changes->records[i];
        if (r->before == APPLY_NONE && r->action && r->action != 'N') a->unknown_changed++;
        if (r->before != APPLY_NONE && r->action == 'N' && !r->was_closed) a->known_new++;
        if (r->before != APPLY_NONE) a->changed++;
        if (r->before == APPLY_NONE && r->closed) {
            mark(j->in->superseded, r->record);
            j->in->superseded_count++;
            continue;
        }
        changes->records[kept++] = *r;
    }
    changes->count = kept;
}

static bool start(struct job *j, struct found *changes, struct status *st)
{
    struct import *im = j->in->im;
    for (j->system = 0; j->system < im->unit->systems_count; j->system++)
        if (!pool_run(im->pool, UINT64_C(1) << im->systems[j->system].bits, find_changes, j, st)) return false;
    collect(j, changes);
    settle_changes(j, changes);
    if (changes->count) qsort(changes->records, changes->count, sizeof *changes->records, by_record);
    for (uint32_t i = 0; i < changes->count; i++) {
        struct apply_record *r = &changes->records[i];
        if (!tuple_of(j, &j->workers[0], r->record, &r->tuple, st)) return false;
        want_key(&j->keys, &r->tuple);
        if (r->old_index != APPLY_NONE) touch(j, r->old_index);
    }
    if (changes->count) qsort(changes->records, changes->count, sizeof *changes->records, by_before);
    return touch_renewed(j, st);
}

static bool run(struct job *j, struct found *changes, struct found *lifted, struct status *st)
{
    struct apply *a = j->a;
    if (!start(j, changes, st) || !close_over(j, changes, lifted, st) || !move_aliases(j, changes, st)) return false;
    a->records = malloc(((size_t)changes->count + lifted->count + 1) * sizeof *a->records);
    ensure(a->records);
    for (uint32_t i = 0; i < changes->count; i++) a->records[a->records_count++] = changes->records[i];
    for (uint32_t i = 0; i < lifted->count; i++) a->records[a->records_count++] = lifted->records[i];
    index_records(a);
    for (uint32_t i = 0; i < a->records_count; i++) {
        const struct apply_record *r = &a->records[i];
        if (r->closed) mark(j->in->closed, r->record);
        if (r->was_primary) mark(j->in->incumbent, r->record);
    }
    lift_customers(a, j->in->im->identity_bits);
    for (int i = 0; i < j->in->im->unit->systems_count; i++) lift_sources(a, i, j->in->im->systems[i].bits);
    return true;
}

bool apply_customers(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    int workers = pool_workers(im->pool);
    struct job j = {.in = in, .a = in->apply, .workers = calloc((size_t)workers, sizeof *j.workers)};
    struct found changes = {0}, lifted = {0};
    j.round = calloc(j.a->old_places / 64 + 1u, 8);
    ensure(j.workers && j.round);
    for (int w = 0; w < workers; w++) {
        directory_rows_init(&j.workers[w].rows);
        buf_init(&j.workers[w].name, 65536);
        j.workers[w].to_utf8 = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    }
    bool ok = run(&j, &changes, &lifted, st);
    for (int w = 0; w < workers; w++) {
        directory_rows_release(&j.workers[w].rows);
        buf_release(&j.workers[w].name);
        charset_close(j.workers[w].to_utf8);
        integrate_scratch_release(&j.workers[w].room);
        free(j.workers[w].found.records);
        free(j.workers[w].places);
    }
    free(j.workers);
    free(j.round);
    free(j.keys.slots);
    free(j.keys.todo);
    free(changes.records);
    free(lifted.records);
    return ok || status_while(st, "finding the customers that tonight's records touch");
}
