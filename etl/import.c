#include "etl/import.h"

#include "base/date.h"

#define XXH_INLINE_ALL
#include <stddef.h>
#include <string.h>
#include <xxhash.h>

/* What one worker holds while it imports. */
struct importer {
    struct import *im;
    int worker;
    unsigned char *buffer; /* slack, one byte before the chunk, the chunk, one record more, slack */
    size_t buffer_size;
    struct buf folded_name;
    struct charset_converter *to_utf8;
    struct import_control *control; /* per table */
};

/* One chunk on its way. */
struct chunk_work {
    struct importer *w;
    struct input_file *f;
    struct input_chunk *c;
    const struct decoder *d;
    const struct filter *filter; /* NULL: none */
    const struct table *table;   /* NULL for customers and relations */
    int table_index;
    uint64_t base; /* file offset of `at` = bytes */
    const unsigned char *bytes;
    uint32_t last_remainder;
    uint64_t expected; /* where the next record starts if nothing is wrong, and its id */
    uint32_t id;
    struct status *st;
};

static inline uint64_t add_part(const struct layout *l, enum layout_role role, const unsigned char *record,
                                uint64_t key)
{
    int field = l->role_field[role];
    if (field < 0) return key;
    struct view part = decode_text(l, field, record);
    if (part.length <= 8) { /* currency, flag, sub-account: mixed in by one multiplication */
        uint64_t x = 0;
        memcpy(&x, part.bytes, part.length);
        key = (key ^ (x + (uint64_t)role)) * UINT64_C(0xD6E8FEB86659FD93);
        return key ^ key >> 32;
    }
    return XXH3_64bits_withSeed(part.bytes, part.length, key + (uint64_t)role);
}

uint64_t import_relation_key(const struct layout *l, int system, const unsigned char *record)
{
    return add_part(l, ROLE_SUB_ACCOUNT, record, add_part(l, ROLE_ACCOUNT, record, (uint64_t)system + 1));
}

uint64_t import_account_key(const struct layout *l, int system, const unsigned char *record)
{
    return add_part(l, ROLE_CASH_FLAG, record,
                    add_part(l, ROLE_CURRENCY, record, import_relation_key(l, system, record)));
}

static enum charset charset_of(const struct layout *l)
{
    return l->encoding == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8;
}

static uint32_t name_hash(struct importer *w, const struct layout *l, const unsigned char *record)
{
    if (!w->im->unit->identity->names_apart || l->role_field[ROLE_NAME] < 0) return 0;
    buf_clear(&w->folded_name);
    identity_fold_name(w->to_utf8, charset_of(l), decode_text(l, l->role_field[ROLE_NAME], record), &w->folded_name);
    return identity_name_hash(buf_view(&w->folded_name));
}

/* Corporate when the layout's customer type says so: code C, or any other than P. */
static bool is_corporate(const struct decoder *d, const struct layout *l, const unsigned char *record)
{
    int field = l->role_field[ROLE_CUSTOMER_TYPE];
    if (field < 0) return false;
    struct view type = decode_text(l, field, record);
    (void)d;
    return !view_is(type, "P");
}

static bool take_customer(struct chunk_work *k, const unsigned char *record, uint32_t id, const unsigned char *row)
{
    struct import *im = k->w->im;
    const struct layout *l = k->f->layout;
    bool corporate = is_corporate(k->d, l, record);
    struct identity_key key =
        identity_key_of(im->unit->identity, charset_of(l), decode_text(l, l->role_field[ROLE_ID_TYPE], record),
                        decode_text(l, l->role_field[ROLE_ID_NO], record), corporate);
    uint64_t source = decode_key(&l->fields[l->role_field[ROLE_SOURCE_NO]], record);
    struct customer_tuple *c =
        exchange_add(&im->customers, k->w->worker, import_partition(key.key, im->identity_bits), k->st);
    if (!c) return false;
    int32_t changed, birth; /* columns 0 and 1 of a customer row (make_decoders) */
    memcpy(&changed, row, 4);
    memcpy(&birth, row + 4, 4);
    if (birth == DATE_NONE) birth = 0x00ffffff; /* no day of 1900..2099 */
    c->key = key.key;
    c->record = id;
    c->changed = changed;
    c->name = name_hash(k->w, l, record);
    c->birth_strength = birth * 8 + (corporate ? 4 : 0) + (int32_t)key.strength;
    if (im->customer_tuple_size == sizeof *c) c->source = source;
    struct import_system *s = &im->systems[im->unit->layout_system[k->f->layout_index]];
    struct source_tuple *t = exchange_add(&s->sources, k->w->worker, import_partition(source, s->bits), k->st);
    if (!t) return false;
    *t = (struct source_tuple){.source = source, .record = id};
    return true;
}

static void add_amounts(const struct table *t, __int128 sum[][DECODE_CURRENCIES_MAX], const unsigned char *row)
{
    int currency = t->currency_column < 0 ? 0 : row[t->columns[t->currency_column].offset];
    for (int i = 0; i < t->amounts_count; i++)
        sum[i][currency] += decode_column_value(&t->columns[t->amount_columns[i]], row);
}

/* Does the unit's filter leave this valid record out? Counted in records and money. */
static bool is_filtered(struct chunk_work *k, const unsigned char *record, const unsigned char *row)
{
    bool left_out = filter_meets(k->filter, k->d, record);
    if (k->table) {
        struct import_control *control = &k->w->control[k->table_index];
        add_amounts(k->table, control->valid, row);
        if (left_out) add_amounts(k->table, control->filtered, row);
    }
    k->c->filtered += left_out;
    return left_out;
}

static bool take_row(struct chunk_work *k, const unsigned char *record, uint32_t id, const unsigned char *row)
{
    struct import *im = k->w->im;
    const struct table *t = k->table;
    const struct layout *l = t->layout;
    struct import_system *s = &im->systems[t->system];
    uint64_t account = l->class == LAYOUT_ACCOUNT ? import_account_key(l, t->system, record) : 0;
    uint64_t source = t->by_relation ? import_relation_key(l, t->system, record)
                                     : decode_key(&l->fields[l->role_field[ROLE_SOURCE_NO]], record);
    struct row_tuple *r =
        exchange_add(&im->rows[k->table_index], k->w->worker, import_partition(source, s->bits), k->st);
    if (!r) return false;
    *r = (struct row_tuple){source, account, id};
    row_copy(r + 1, row, t->row_size);
    add_amounts(t, k->w->control[k->table_index].sum, row);
    return true;
}

static bool take_relation(struct chunk_work *k, const unsigned char *record, uint32_t id)
{
    struct import *im = k->w->im;
    const struct layout *l = k->f->layout;
    int system = im->unit->layout_system[k->f->layout_index];
    struct import_system *s = &im->systems[system];
    struct relation_tuple *r;
    uint64_t account = import_relation_key(l, system, record);
    r = exchange_add(&s->relations, k->w->worker, import_partition(account, s->bits), k->st);
    if (!r) return false;
    /* Owner roles: O (or none) owns, J owns jointly; any other role is linked and owns nothing (agents and guardians
     * never own). Shares are parts of one with the field's decimals. */
    uint32_t share = SHARE_WHOLE, role = ROLE_OWNER_WHOLE;
    int role_field = l->role_field[ROLE_OWNER_ROLE], share_field = l->role_field[ROLE_SHARE];
    if (role_field >= 0) {
        struct view text = decode_text(l, role_field, record);
        if (view_is(text, "J"))
            role = ROLE_OWNER_SHARE;
        else if (text.length && !view_is(text, "O"))
            role = ROLE_LINKED, share = 0;
    }
    if (share_field >= 0 && role != ROLE_LINKED) {
        const struct layout_field *f = &l->fields[share_field];
        int64_t value = decode_value(k->d, share_field, record);
        int decimals = f->type == LAYOUT_AMOUNT ? f->scale : 4;
        for (; decimals < 6; decimals++) value *= 10;
        share = value > 0 && value < SHARE_WHOLE ? (uint32_t)value : SHARE_WHOLE;
    }
    *r = (struct relation_tuple){account, decode_key(&l->fields[l->role_field[ROLE_SOURCE_NO]], record), id,
                                 share << 8 | role};
    return true;
}

/* Accepts and routes one record of the right length; false only on a failure of the run. */
static bool take_record(struct chunk_work *k, const unsigned char *record, uint32_t id, bool *accepted)
{
    unsigned char row[TABLE_ROW_MAX];
    static const int32_t NO_DATES[2] = {DATE_NONE, DATE_NONE};
    memcpy(row, NO_DATES, sizeof NO_DATES); /* a customer layout may have no change date or birth */
    *accepted = decode_accept(k->d, record, row);
    if (!*accepted || (k->filter && is_filtered(k, record, row))) return true;
    switch (k->f->layout->class) {
    case LAYOUT_CUSTOMER: return take_customer(k, record, id, row);
    case LAYOUT_RELATION: return take_relation(k, record, id);
    case LAYOUT_ACCOUNT:
    case LAYOUT_CONTACT:
    case LAYOUT_ADDRESS: return take_row(k, record, id, row);
    default: return true; /* rates and exclusions were read at the start (etl/reference) */
    }
}

/* A header or trailer record of this layout? Remembers where. */
static bool is_mark(struct chunk_work *k, const unsigned char *record, size_t length, uint64_t offset)
{
    const struct layout *l = k->f->layout;
    const struct layout_mark *marks[2] = {&l->header, &l->trailer};
    struct input_mark_record *seen[2] = {&k->f->header, &k->f->trailer};
    for (int i = 0; i < 2; i++) {
        const struct layout_mark *m = marks[i];
        if (!m->present) continue;
        size_t n = strlen(m->match);
        if (m->match_offset + n > length || memcmp(record + m->match_offset, m->match, n) != 0) continue;
        /* A header anywhere but first is data (and then a reject); of several trailers the last one counts. */
        if (i == 0 && offset != 0) continue;
        if (i == 1 && offset + length + 2 < k->f->identity.size) continue;
        *seen[i] = (struct input_mark_record){true, offset};
        return true;
    }
    return false;
}

static void reject(struct chunk_work *k, const unsigned char *record, size_t length, uint64_t offset)
{
    int field, reason = decode_check(k->d, record, length, &field);
    ensure(reason >= 0); /* otherwise the fast and the slow check disagree */
    input_note_reject(k->c,
                      &(struct input_reject){offset, k->c->lines, (uint32_t)length, (int16_t)reason, (int16_t)field});
}

/* All records that start in [from, to) of the buffer; `limit` is where the buffer's content ends. */
static bool import_lines(struct chunk_work *k, const unsigned char *from, const unsigned char *to,
                         const unsigned char *limit)
{
    struct input_file *f = k->f;
    struct input_chunk *c = k->c;
    const struct layout *l = f->layout;
    const size_t want = l->record_length;
    const bool blocks = l->line_end == LAYOUT_NO_LINE_END, marks = l->header.present || l->trailer.present;
    for (const unsigned char *p = from; p < to;) {
        uint64_t offset = k->base + (uint64_t)(p - k->bytes);
        size_t length, step;
        if (blocks) {
            length = (size_t)(limit - p) < want ? (size_t)(limit - p) : want;
            step = length;
        } else {
            const unsigned char *lf = memchr(p, '\n', (size_t)(limit - p));
            step = lf ? (size_t)(lf - p) + 1 : (size_t)(limit - p);
            length = step - (lf != NULL);
            /* CR missing: wrong length. Not simply length + 1, which makes a record that is one byte short fit. */
            if (l->line_end == LAYOUT_CRLF && lf && !(length && p[length - 1] == '\r'))
                length += length == want;
            else if (l->line_end != LAYOUT_LF && length && p[length - 1] == '\r')
                length--;
        }
        bool accepted = false;
        if (marks && is_mark(k, p, length, offset)) {
            c->lines++;
            p += step;
            continue;
        }
        if (length == want) {
            /* The usual record follows the last one at the usual distance: no division is needed for its id. */
            if (offset != k->expected) {
                input_note_segment(f, c, offset, &k->last_remainder);
                k->id = input_record_id(f, offset);
            }
            if (!take_record(k, p, k->id, &accepted)) return false;
            k->expected = offset + f->stride;
            k->id++;
        }
        if (accepted)
            c->accepted++;
        else
            reject(k, p, length, offset);
        if (l->trailer.present && l->trailer.sum_field >= 0 && length == want) {
            int64_t value;
            if (decode_field(k->d, &l->fields[l->trailer.sum_field], p, &value)) c->trailer_sum += value;
        }
        c->lines++;
        p += step;
    }
    return true;
}

/* Where the first record starts that begins at or after the chunk's start; `to` when none does. */
static const unsigned char *first_record(const struct input_file *f, uint64_t start, const unsigned char *chunk,
                                         const unsigned char *to)
{
    if (start == 0) return chunk;
    if (f->layout->line_end == LAYOUT_NO_LINE_END) {
        uint64_t stride = f->layout->record_length, next = (start + stride - 1) / stride * stride;
        return next - start < (uint64_t)(to - chunk) ? chunk + (next - start) : to;
    }
    if (chunk[-1] == '\n') return chunk;
    const unsigned char *lf = memchr(chunk, '\n', (size_t)(to - chunk));
    return lf ? lf + 1 : to;
}

static bool import_chunk(struct importer *w, struct input_file *f, uint32_t number, struct status *st)
{
    struct import *im = w->im;
    uint64_t start = (uint64_t)number * INPUT_CHUNK_SIZE, size = f->identity.size;
    size_t length = size - start < INPUT_CHUNK_SIZE ? (size_t)(size - start) : INPUT_CHUNK_SIZE;
    size_t more = f->layout->record_length + 3u;
    if (start + length + more > size) more = (size_t)(size - start - length);
    size_t before = start ? 1 : 0;
    unsigned char *chunk = w->buffer + DECODE_SLACK + 1;
    if (!os_read_at(f->fd, f->path, chunk - before, before + length + more, start - before, st)) return false;
    memset(chunk + length + more, 0, DECODE_SLACK);
    struct input_chunk *c = &f->chunks[number];
    c->hash = XXH3_64bits(chunk, length);
    struct chunk_work k = {.w = w,
                           .f = f,
                           .c = c,
                           .d = im->decoders[f->layout_index],
                           .filter = im->unit->layout_filter[f->layout_index],
                           .base = start,
                           .bytes = chunk,
                           .last_remainder = UINT32_MAX,
                           .expected = UINT64_MAX,
                           .st = st};
    for (int i = 0; i < im->tables->count; i++)
        if (im->tables->table[i].layout_index == f->layout_index) {
            k.table = &im->tables->table[i];
            k.table_index = i;
        }
    const unsigned char *to = chunk + length, *from = first_record(f, start, chunk, to);
    if (!import_lines(&k, from, to, chunk + length + more)) return status_while(st, "importing \"%s\"", f->name);
    progress_add(im->progress, length);
    return true;
}

/* --- the step --- */

struct import_job {
    struct import *im;
    struct importer *workers;
    struct {
        struct input_file *file;
        uint32_t chunk;
    } * tasks;
    uint64_t tasks_count;
};

static bool import_task(void *context, int worker, uint64_t task, struct status *st)
{
    struct import_job *j = context;
    return import_chunk(&j->workers[worker], j->tasks[task].file, j->tasks[task].chunk, st);
}

static int bits_for(uint64_t tuples)
{
    int bits = 0;
    while (bits < IMPORT_SYSTEM_BITS_MAX && tuples >> bits > IMPORT_TARGET_TUPLES) bits++;
    return bits;
}

/* Tuples a layout class of a system can bring, from the file sizes. */
static uint64_t expected(const struct import *im, int system, enum layout_class class)
{
    uint64_t n = 0;
    for (int i = 0; i < im->inputs->files_count; i++) {
        const struct input_file *f = &im->inputs->files[i];
        if (f->layout->class == class && (system < 0 || im->unit->layout_system[f->layout_index] == system))
            n += f->identity.size / f->stride;
    }
    return n;
}

static bool open_exchange(struct import *im, struct exchange *x, const char *name, int bits, size_t tuple,
                          struct status *st)
{
    return exchange_init(x,
                         &(struct exchange_options){name, 1u << bits, (uint32_t)tuple, pool_workers(im->pool),
                                                    im->budget, im->spill_folder},
                         st);
}

static bool open_exchanges(struct import *im, struct status *st)
{
    const struct unit *u = im->unit;
    im->customer_tuple_size =
        u->tie == UNIT_TIE_SOURCE_NO ? sizeof(struct customer_tuple) : offsetof(struct customer_tuple, source);
    im->identity_bits = bits_for(expected(im, -1, LAYOUT_CUSTOMER));
    if (!open_exchange(im, &im->customers, "customers", im->identity_bits, im->customer_tuple_size, st)) return false;
    for (int s = 0; s < u->systems_count; s++) {
        struct import_system *system = &im->systems[s];
        uint64_t customers = expected(im, s, LAYOUT_CUSTOMER), accounts = expected(im, s, LAYOUT_ACCOUNT);
        system->bits = bits_for(customers > accounts / 2 ? customers : accounts / 2);
        if (!open_exchange(im, &system->sources, arena_printf(im->arena, "sources-%s", u->systems[s].name),
                           system->bits, sizeof(struct source_tuple), st) ||
            !open_exchange(im, &system->relations, arena_printf(im->arena, "relations-%s", u->systems[s].name),
                           system->bits, sizeof(struct relation_tuple), st))
            return false;
    }
    for (int i = 0; i < im->tables->count; i++) {
        const struct table *t = &im->tables->table[i];
        if (!open_exchange(im, &im->rows[i], arena_printf(im->arena, "rows-%s", t->layout->name),
                           im->systems[t->system].bits, sizeof(struct row_tuple) + t->row_size, st))
            return false;
        im->control[i] = arena_new(im->arena, struct import_control);
    }
    return true;
}

/* The dates identity matching needs, as columns 0 and 1 of a customer's row. */
static void customer_columns(struct import *im, int layout, struct decode_options *o)
{
    static const enum layout_role ROLES[2] = {ROLE_CHANGED, ROLE_BIRTH};
    const struct layout *l = im->unit->layouts[layout];
    o->columns = im->customer_columns[layout];
    o->row_size = 8;
    for (int i = 0; i < 2; i++) {
        int field = l->role_field[ROLES[i]];
        bool wanted = i == 0 || im->unit->identity->names_apart;
        if (field < 0 || l->fields[field].type != LAYOUT_DATE || !wanted) continue;
        im->customer_columns[layout][o->columns_count++] = (struct decode_column){field, (uint16_t)(4 * i), 4, true};
    }
}

static void make_decoders(struct import *im)
{
    for (int i = 0; i < im->unit->layouts_count; i++) {
        struct decode_options o = {
            .layout = im->unit->layouts[i], .rates = im->rates, .business_date = im->business_date};
        if (im->unit->layouts[i]->class == LAYOUT_CUSTOMER) customer_columns(im, i, &o);
        for (int t = 0; t < im->tables->count; t++)
            if (im->tables->table[t].layout_index == i) {
                o.columns = im->tables->table[t].columns;
                o.columns_count = im->tables->table[t].columns_count;
                o.row_size = im->tables->table[t].row_size;
            }
        im->decoders[i] = decoder_new(&o, im->arena);
        if (im->unit->layouts[i]->class == LAYOUT_RELATION)
            im->systems[im->unit->layout_system[i]].has_relations = true;
    }
}

static void seal(struct import *im, struct importer *workers)
{
    exchange_seal(&im->customers);
    for (int s = 0; s < im->unit->systems_count; s++) {
        exchange_seal(&im->systems[s].sources);
        exchange_seal(&im->systems[s].relations);
    }
    for (int i = 0; i < im->tables->count; i++) {
        exchange_seal(&im->rows[i]);
        for (int w = 0; w < pool_workers(im->pool); w++)
            for (int a = 0; a < TABLE_AMOUNTS_MAX; a++)
                for (int c = 0; c < im->rates->count; c++) {
                    const struct import_control *from = &workers[w].control[i];
                    im->control[i]->sum[a][c] += from->sum[a][c];
                    im->control[i]->valid[a][c] += from->valid[a][c];
                    im->control[i]->filtered[a][c] += from->filtered[a][c];
                }
    }
}

bool import_run(struct import *im, struct status *st)
{
    struct import_job j = {.im = im};
    uint32_t record_max = 0;
    make_decoders(im);
    if (!input_open_all(im->inputs, st)) return false;
    if (!open_exchanges(im, st)) return false;
    for (int i = 0; i < im->inputs->files_count; i++) {
        struct input_file *f = &im->inputs->files[i];
        if (f->layout->record_length > record_max) record_max = f->layout->record_length;
        j.tasks_count += f->chunks_count;
    }
    j.tasks = calloc(j.tasks_count + 1, sizeof *j.tasks);
    j.workers = calloc((size_t)pool_workers(im->pool), sizeof *j.workers);
    ensure(j.tasks && j.workers);
    uint64_t n = 0;
    for (int i = 0; i < im->inputs->files_count; i++)
        for (uint32_t k = 0; k < im->inputs->files[i].chunks_count; k++) {
            j.tasks[n].file = &im->inputs->files[i];
            j.tasks[n++].chunk = k;
        }
    for (int w = 0; w < pool_workers(im->pool); w++) {
        struct importer *p = &j.workers[w];
        p->im = im;
        p->worker = w;
        p->buffer_size = INPUT_CHUNK_SIZE + record_max + 3u + 2 * DECODE_SLACK + 1;
        p->buffer = calloc(1, p->buffer_size);
        ensure(p->buffer);
        p->control = calloc((size_t)im->tables->count + 1, sizeof *p->control);
        ensure(p->control);
        buf_init(&p->folded_name, 65536);
        p->to_utf8 = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    }
    bool ok = pool_run(im->pool, j.tasks_count, import_task, &j, st) && input_seal(im->inputs, st);
    if (ok) seal(im, j.workers);
    for (int w = 0; w < pool_workers(im->pool); w++) {
        free(j.workers[w].buffer);
        free(j.workers[w].control);
        buf_release(&j.workers[w].folded_name);
        charset_close(j.workers[w].to_utf8);
    }
    free(j.workers);
    free(j.tasks);
    return ok;
}

void import_release(struct import *im)
{
    exchange_drop(&im->customers);
    for (int s = 0; s < UNIT_SYSTEMS_MAX; s++) {
        exchange_drop(&im->systems[s].sources);
        exchange_drop(&im->systems[s].relations);
    }
    for (int i = 0; i < UNIT_LAYOUTS_MAX; i++) exchange_drop(&im->rows[i]);
}

bool import_check_limits(const struct input_set *inputs, const struct unit *u, const bool *accepted, struct status *st)
{
    for (int i = 0; i < u->layouts_count; i++) {
        const struct layout *l = u->layouts[i];
        uint64_t rejected = 0, read = 0;
        const struct input_file *worst = NULL;
        for (int k = 0; k < inputs->files_count; k++) {
            const struct input_file *f = &inputs->files[k];
            if (f->layout_index != i) continue;
            rejected += f->rejected;
            read += f->lines - f->marks;
            if (f->rejected && (!worst || f->rejected > worst->rejected)) worst = f;
        }
        if (!worst || (accepted && accepted[i]) || (__int128)rejected * 1000000 <= (__int128)read * l->reject_limit_ppm)
            continue;
        const struct input_reject *r = NULL;
        for (uint32_t k = 0; !r && k < worst->chunks_count; k++)
            if (worst->chunks[k].rejects_count) r = &worst->chunks[k].rejects[0];
        status_fail(
            st, STATUS_INPUT,
            "reject limit passed for layout %s: %llu of %llu records rejected, the limit is %lld per million; first: "
            "\"%s\" line %u, byte offset %llu, reason %s",
            l->name, (unsigned long long)rejected, (unsigned long long)read, (long long)l->reject_limit_ppm,
            worst->name, r->line, (unsigned long long)r->offset, l->reasons[r->reason]);
        return status_hint(st,
                           "see them: crmx rejects --unit %s; then have the file repaired, or accept them (crmx gate "
                           "accept rejects.%s), "
                           "or raise reject_limit in layouts/%s.ini; then the same command",
                           u->id, l->name, l->name);
    }
    return true;
}
