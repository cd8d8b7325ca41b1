/* integrate, part 4: owners out of relation files. An account row meets the relation records of the same account; each
 * owner gets a row of its own. Money is divided by shares so that every unit counts once: each further owner gets its
 * share rounded towards zero, the first owner (one whose share is blank, else the first in the file) what is left.
 * Linked people (agents, guardians) get a row without money. */
#include "etl/archive.h"
#include "etl/integrate.h"

#include <pthread.h>
#include <string.h>

struct relation_scratch {
    struct integrate_scratch room;
    struct buf loaded;
    struct segment_part part;
};

struct job {
    struct integrate *in;
    int system, table;
    struct segment_writer *set; /* tonight's relations, for the next night */
    struct relation_scratch *scratch;
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
    for (int i = 0; i < u->layouts_count; i++)
        if (u->layouts[i]->class == LAYOUT_RELATION && u->layout_system[i] == system)
            return owners_text(in->im->inputs, u->layout_space[i], relation, text, out, st);
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

static void add_amounts(const struct table *t, const unsigned char *row, __int128 (*sum)[DECODE_CURRENCIES_MAX])
{
    int currency = t->currency_column < 0 ? 0 : row[t->columns[t->currency_column].offset];
    for (int a = 0; a < t->amounts_count; a++)
        sum[a][currency] += decode_column_value(&t->columns[t->amount_columns[a]], row);
}

/* Nobody owns it: it waits, with an entry in the account directory by which it is found when its owner or its next
 * record comes. */
static bool orphan(struct job *j, int worker, const struct row_tuple *r, struct status *st)
{
    const struct table *t = &j->in->im->tables->table[j->table];
    struct integrate_table *totals = j->in->table[j->table];
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    totals->orphans++;
    totals->without_relation++;
    add_amounts(t, (const unsigned char *)(r + 1), totals->orphan_sum);
    pthread_mutex_unlock(&lock);
    integrate_pending(j->in, j->table, r->record);
    return owners_account(&j->in->owners, worker, j->table, r->account, r->record, OWNER_NOBODY, st);
}

/* --- the relations in force --- */

static int by_pair(const void *a, const void *b)
{
    const struct relation_tuple *x = a, *y = b;
    if (x->account != y->account) return x->account < y->account ? -1 : 1;
    if (x->source != y->source) return x->source < y->source ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

static bool is_ended(const struct integrate *in, int system, uint32_t record)
{
    const struct input_set *inputs = in->im->inputs;
    for (int i = 0; i < inputs->files_count; i++) {
        const struct input_file *f = &inputs->files[i];
        if (f->layout->class == LAYOUT_RELATION && f->actions && record - f->record_base < f->records_max &&
            in->im->unit->layout_system[f->layout_index] == system)
            return f->actions[record - f->record_base] == 'D';
    }
    return false;
}

/* A relation of a generation of an older program: its id says no more than the place in some file of one of the
 * system's relation layouts. The record there that says what the relation says is meant; its id is the one that the
 * carried file has tonight (archive.h). */
static bool find_together(struct job *j, struct relation_tuple *t, struct status *st)
{
    struct import *im = j->in->im;
    const struct unit *u = im->unit, *before = j->in->apply->old->unit;
    unsigned char room[INPUT_ROOM];
    int space = -1;
    for (int i = u->layouts_count; i-- > 0;)
        if (u->layouts[i]->class == LAYOUT_RELATION && u->layout_system[i] == j->system) space = u->layout_space[i];
    for (int i = 0; i < before->layouts_count; i++) {
        if (before->layouts[i]->class != LAYOUT_RELATION || before->layout_space[i] != i ||
            strcmp(before->systems[before->layout_system[i]].name, u->systems[j->system].name) != 0 ||
            !input_file_of(&j->in->apply->old->inputs, i, t->record))
            continue;
        uint32_t record = t->record + archive_relation_shift(j->in->apply->old, i);
        const struct input_file *f = input_file_of(im->inputs, space, record);
        /* Ids have gaps behind each file; such files were never packed. */
        if (!f || input_offset(f, record) + f->layout->record_length > f->identity.size) continue;
        const unsigned char *bytes = input_record(f, record, room, st);
        if (!bytes) return false;
        int field;
        if (decode_check(im->decoders[f->layout_index], bytes, f->layout->record_length, &field) >= 0) continue;
        struct relation_tuple said = import_relation_tuple(im, f, bytes);
        if (said.account != t->account || said.source != t->source || said.share_role != t->share_role) continue;
        t->record = record;
        return true;
    }
    status_fail(st, STATUS_CORRUPT, "no archived record says what relation %u of %s says", t->record,
                u->systems[j->system].name);
    return status_hint(st, "begin anew from a full unload: crmx run refresh --unit %s", u->id);
}

/* Yesterday's relations, where tonight's do not replace or end them, and tonight's. A change list says what a relation
 * is after the change: of one account and source number the last record counts. */
static bool merge_relations(struct job *j, struct relation_scratch *s, uint32_t partition,
                            struct relation_tuple **owners, uint64_t *count, struct status *st)
{
    struct integrate *in = j->in;
    struct exchange *tonight = &in->im->systems[j->system].relations;
    struct segment *before = in->apply->refresh ? NULL : in->apply->relation[j->system];
    uint64_t n = exchange_count(tonight, partition), old = before ? segment_rows(before, partition, 0) : 0;
    struct relation_tuple *t = integrate_room(&s->room.extra, &s->room.extra_size, (n + old + 1) * sizeof *t);
    *owners = t;
    *count = n + old;
    if (n && !exchange_take(tonight, partition, t + old, st)) return false;
    if (old) {
        if (!segment_load(before, partition, 0, &s->loaded, st)) return false;
        memcpy(t, s->loaded.bytes, old * sizeof *t);
        for (uint64_t i = 0; in->apply->old->unit->relations_apart && i < old; i++)
            if (!find_together(j, &t[i], st)) return false;
    }
    if (in->apply->old && !in->apply->refresh && n) {
        uint32_t base = in->relation_base[j->system];
        uint64_t kept = 0;
        qsort(t, *count, sizeof *t, by_pair);
        for (uint64_t i = 0; i < *count; i++) {
            bool last = i + 1 == *count || t[i + 1].account != t[i].account || t[i + 1].source != t[i].source;
            /* Unloads may name a person twice (the first record counts); a change list replaces what was there. */
            bool replaced = !last && t[i + 1].record >= base;
            if (!replaced && !(t[i].record >= base && is_ended(in, j->system, t[i].record))) t[kept++] = t[i];
        }
        *count = kept;
    }
    qsort(t, *count, sizeof *t, by_account);
    return true;
}

static bool write_relations(struct job *j, struct relation_scratch *s, uint32_t partition,
                            const struct relation_tuple *t, uint64_t n, struct status *st)
{
    if (!j->set) return true;
    segment_put_raw(&s->part, 0, t, n, sizeof *t);
    return segment_commit(j->set, partition, &s->part, st);
}

/* --- accounts meet their relations --- */

static bool closed_row(struct job *j, int worker, const struct row_tuple *r, struct status *st)
{
    integrate_closed(j->in, j->table, (const unsigned char *)(r + 1));
    return owners_account(&j->in->owners, worker, j->table, r->account, r->record, OWNER_CLOSED, st);
}

static bool divide_table(struct job *j, int worker, uint32_t partition, const struct relation_tuple *owners, uint64_t m,
                         struct status *st)
{
    struct import *im = j->in->im;
    const struct table *t = &im->tables->table[j->table];
    struct exchange *rows = &im->rows[j->table];
    struct integrate_scratch *s = &j->scratch[worker].room;
    uint64_t n = exchange_count(rows, partition);
    size_t row_size = sizeof(struct row_tuple) + t->row_size;
    char *accounts = integrate_room(&s->tuples, &s->tuples_size, n * row_size + 1);
    if (!exchange_take(rows, partition, accounts, st)) return false;
    for (uint64_t i = 0; i < n; i++) {
        const struct row_tuple *r = (const struct row_tuple *)(const void *)(accounts + i * row_size);
        uint64_t low = 0, high = m;
        integrate_note_lifted(j->in, j->table, r->record, (const unsigned char *)(r + 1));
        if (integrate_is_closed(j->in, j->table, r->record)) {
            if (!closed_row(j, worker, r, st)) return false;
            continue;
        }
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
        bool nobody = low == end || (owners[low].share_role & 0xff) == ROLE_LINKED;
        if (nobody ? !orphan(j, worker, r, st) : !divide(j, worker, r, owners + low, end - low, st)) return false;
    }
    return true;
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job j = *(struct job *)context;
    struct import *im = j.in->im;
    struct relation_scratch *s = &j.scratch[worker];
    struct relation_tuple *owners;
    uint64_t m;
    bool ok = merge_relations(&j, s, (uint32_t)partition, &owners, &m, st) &&
              write_relations(&j, s, (uint32_t)partition, owners, m, st);
    for (j.table = 0; ok && j.table < im->tables->count; j.table++) {
        const struct table *t = &im->tables->table[j.table];
        if (t->by_relation && t->system == j.system) ok = divide_table(&j, worker, (uint32_t)partition, owners, m, st);
    }
    if (!ok && j.set) segment_abort(j.set, (uint32_t)partition);
    return ok;
}

static bool open_related(struct integrate *in, int system, struct status *st)
{
    struct import *im = in->im;
    for (int i = 0; i < im->tables->count; i++) {
        const struct table *t = &im->tables->table[i];
        if (!t->by_relation || t->system != system) continue;
        struct exchange_options o = {arena_printf(im->arena, "related-%s", t->layout->name),
                                     1u << im->systems[system].bits,
                                     (uint32_t)(sizeof(struct row_tuple) + t->row_size + sizeof(uint32_t)),
                                     pool_workers(im->pool),
                                     im->budget,
                                     im->spill_folder};
        if (!exchange_init(&in->related[i], &o, st)) return false;
    }
    return true;
}

static bool run_system(struct job *j, struct status *st)
{
    struct integrate *in = j->in;
    struct import *im = in->im;
    const char *name = im->unit->systems[j->system].name;
    uint32_t partitions = 1u << im->systems[j->system].bits;
    j->set = segment_create(arena_printf(im->arena, "%s/relation-%s.seg", in->folder, name), partitions, st);
    if (!j->set) return false;
    segment_declare(j->set, "relation", SEGMENT_RAW, 0, sizeof(struct relation_tuple));
    if ((!in->owners.in_memory && !open_related(in, j->system, st)) || !pool_run(im->pool, partitions, task, j, st)) {
        segment_discard(j->set);
        return status_while(st, "finding the owners of the accounts of %s", name);
    }
    if (!segment_finish(j->set, st)) return false;
    for (int i = 0; !in->owners.in_memory && i < im->tables->count; i++)
        if (im->tables->table[i].by_relation && im->tables->table[i].system == j->system)
            exchange_seal(&in->related[i]);
    return true;
}

/* Where the relation records of tonight begin. */
static void find_base(struct integrate *in, int system)
{
    in->relation_base[system] = 0;
    for (int i = 0; i < in->im->inputs->carried_count; i++) {
        const struct input_file *f = &in->im->inputs->carried[i];
        if (f->layout->class == LAYOUT_RELATION && in->im->unit->layout_system[f->layout_index] == system)
            in->relation_base[system] = f->record_base + f->records_max;
    }
}

bool integrate_relations(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    int workers = pool_workers(im->pool);
    struct job j = {.in = in, .scratch = calloc((size_t)workers, sizeof(struct relation_scratch))};
    ensure(j.scratch);
    for (int w = 0; w < workers; w++) {
        buf_init(&j.scratch[w].loaded, (size_t)1 << 40);
        segment_part_init(&j.scratch[w].part);
    }
    bool ok = true;
    for (j.system = 0; ok && j.system < im->unit->systems_count; j.system++) {
        find_base(in, j.system);
        if (im->systems[j.system].has_relations) ok = run_system(&j, st);
    }
    for (int w = 0; w < workers; w++) {
        integrate_scratch_release(&j.scratch[w].room);
        buf_release(&j.scratch[w].loaded);
        segment_part_release(&j.scratch[w].part);
    }
    free(j.scratch);
    return ok;
}
