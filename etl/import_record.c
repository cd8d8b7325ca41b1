/* import: records to tuples. */
#include "base/date.h"
#include "etl/import_inside.h"

#include <string.h>

static enum charset charset_of(const struct layout *l)
{
    return l->encoding == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8;
}

static uint32_t name_hash(struct import_worker *w, const struct layout *l, const unsigned char *record)
{
    if (!w->im->unit->identity->names_apart || l->role_field[ROLE_NAME] < 0) return 0;
    buf_clear(&w->folded_name);
    identity_fold_name(w->to_utf8, charset_of(l), decode_text(l, l->role_field[ROLE_NAME], record), &w->folded_name);
    return identity_name_hash(buf_view(&w->folded_name));
}

/* Corporate when the layout's customer type says so: code C, or any other than P. */
static bool is_corporate(const struct layout *l, const unsigned char *record)
{
    int field = l->role_field[ROLE_CUSTOMER_TYPE];
    if (field < 0) return false;
    struct view type = decode_text(l, field, record);
    return !view_is(type, "P");
}

/* Owner roles: O (or none) owns, J owns jointly; any other role is linked and owns nothing (agents and guardians never
 * own). Shares are parts of one with the field's decimals. */
struct relation_tuple import_relation_tuple(const struct import *im, const struct input_file *file,
                                            const unsigned char *record)
{
    const struct layout *l = file->layout;
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
        int64_t value = decode_value(im->decoders[file->layout_index], share_field, record);
        int decimals = f->type == LAYOUT_AMOUNT ? f->scale : 4;
        for (; decimals < 6; decimals++) value *= 10;
        share = value > 0 && value < SHARE_WHOLE ? (uint32_t)value : SHARE_WHOLE;
    }
    return (struct relation_tuple){.account =
                                       import_relation_key(l, im->unit->layout_system[file->layout_index], record),
                                   .source = decode_key(&l->fields[l->role_field[ROLE_SOURCE_NO]], record),
                                   .share_role = share << 8 | role};
}

static bool take_relation(struct import_chunk *k, const unsigned char *record, uint32_t id)
{
    struct import *im = k->w->im;
    struct import_system *s = &im->systems[im->unit->layout_system[k->f->layout_index]];
    struct relation_tuple t = import_relation_tuple(im, k->f, record);
    t.record = id;
    struct relation_tuple *r = exchange_add(&s->relations, k->w->worker, import_partition(t.account, s->bits), k->st);
    if (!r) return false;
    *r = t;
    return true;
}

bool import_customer_tuple(const struct import *im, const struct input_file *f, const unsigned char *record,
                           uint32_t id, struct charset_converter *to_utf8, struct buf *name, struct customer_tuple *out)
{
    const struct layout *l = f->layout;
    const struct decoder *d = im->decoders[f->layout_index];
    bool corporate = is_corporate(l, record);
    struct identity_key key =
        identity_key_of(im->unit->identity, charset_of(l), decode_text(l, l->role_field[ROLE_ID_TYPE], record),
                        decode_text(l, l->role_field[ROLE_ID_NO], record), corporate);
    int32_t day[2] = {DATE_NONE, DATE_NONE};
    static const enum layout_role ROLES[2] = {ROLE_CHANGED, ROLE_BIRTH};
    for (int i = 0; i < 2; i++) {
        int field = l->role_field[ROLES[i]];
        if (field >= 0 && l->fields[field].type == LAYOUT_DATE && (i == 0 || im->unit->identity->names_apart))
            day[i] = (int32_t)decode_value(d, field, record);
    }
    *out = (struct customer_tuple){.key = key.key, .record = id, .changed = day[0]};
    if (im->unit->identity->names_apart && l->role_field[ROLE_NAME] >= 0) {
        buf_clear(name);
        identity_fold_name(to_utf8, charset_of(l), decode_text(l, l->role_field[ROLE_NAME], record), name);
        out->name = identity_name_hash(buf_view(name));
    }
    if (day[1] == DATE_NONE) day[1] = 0x00ffffff;
    out->birth_strength = day[1] * 8 + (corporate ? 4 : 0) + (int32_t)key.strength;
    out->source = decode_key(&l->fields[l->role_field[ROLE_SOURCE_NO]], record);
    return true;
}

static bool take_customer(struct import_chunk *k, const unsigned char *record, uint32_t id, const unsigned char *row)
{
    struct import *im = k->w->im;
    const struct layout *l = k->f->layout;
    bool corporate = is_corporate(l, record);
    struct identity_key key =
        identity_key_of(im->unit->identity, charset_of(l), decode_text(l, l->role_field[ROLE_ID_TYPE], record),
                        decode_text(l, l->role_field[ROLE_ID_NO], record), corporate);
    uint64_t source = import_source_key(k->keys, record);
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
static bool is_filtered(struct import_chunk *k, const unsigned char *record, const unsigned char *row)
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

/* Rows wait until it is known who owns them. */
static bool store_row(struct import_chunk *k, uint64_t source, uint64_t account, uint32_t id, const unsigned char *row)
{
    struct import *im = k->w->im;
    struct row_tuple *r = exchange_add(&im->rows[k->table_index], k->w->worker,
                                       import_partition(source, im->systems[k->table->system].bits), k->st);
    if (!r) return false;
    *r = (struct row_tuple){source, account, id};
    row_copy(r + 1, row, k->table->row_size);
    return true;
}

static struct view source_text(const struct import_chunk *k, const unsigned char *record)
{
    const struct layout *l = k->f->layout;
    return decode_text(l, l->role_field[ROLE_SOURCE_NO], record);
}

bool import_flush(struct import_chunk *k)
{
    struct import_batch *b = &k->w->batch;
    const struct owners *owners = k->w->im->owners;
    int count = b->count;
    b->count = 0;
    for (int i = 0; i < count; i++) {
        const struct import_waiting *r = &b->rows[i];
        uint32_t customer_1;
        if (!(r->source & DECODE_KEY_HASHED))
            customer_1 = owners_customer_1(owners, k->table->system, r->source);
        else if (!owners_find_hashed(owners, k->table->system, r->source, source_text(k, r->bytes), &customer_1, k->st))
            return false;
        if (!owners_take(owners, k->w->worker, k->table_index, customer_1, r->account, r->record,
                         b->columns + (size_t)i * TABLE_ROW_MAX, k->st))
            return false;
    }
    return true;
}

static void note_action(struct import_chunk *k, const unsigned char *record, uint32_t id)
{
    const struct layout *l = k->f->layout;
    if (!k->f->actions) return;
    int field = l->role_field[ROLE_ACTION];
    k->f->actions[id - k->f->record_base] = field < 0 ? 'C' : (char)record[l->fields[field].offset];
}

static bool take_row(struct import_chunk *k, const unsigned char *record, uint32_t id, bool *accepted)
{
    struct import_batch *b = &k->w->batch;
    unsigned char *row = b->columns + (size_t)b->count * TABLE_ROW_MAX;
    unsigned char own[TABLE_ROW_MAX];
    *accepted = decode_accept(k->d, record, k->map ? own : row);
    if (*accepted && k->map) table_map_row(k->map, k->table, own, row);
    if (!*accepted || (k->filter && is_filtered(k, record, row))) return true;
    note_action(k, record, id);
    add_amounts(k->table, k->w->control[k->table_index].sum, row);
    uint64_t relation, account = 0, source;
    if (k->table->layout->class == LAYOUT_ACCOUNT) account = import_keys_of(k->keys, record, &relation);
    source = k->table->by_relation ? relation : import_source_key(k->keys, record);
    if (!k->straight) return store_row(k, source, account, id, row);
    __builtin_prefetch(owners_expect(k->w->im->owners, k->table->system, source));
    b->rows[b->count++] = (struct import_waiting){source, account, record, id};
    return b->count < IMPORT_BATCH || import_flush(k);
}

static bool take_posting(struct import_chunk *k, const unsigned char *record, uint32_t id, const unsigned char *row)
{
    struct import *im = k->w->im;
    struct import_postings *p = im->postings[k->f->layout_index];
    const struct detail_shape *s = &p->shape;
    uint64_t relation, account = import_keys_of(k->keys, record, &relation);
    int bits = im->systems[im->unit->layout_system[k->f->layout_index]].bits;
    struct posting_tuple *t = exchange_add(&p->postings, k->w->worker, import_partition(account, bits), k->st);
    if (!t) return false;
    *t = (struct posting_tuple){.account = account,
                                .amount = detail_value(&s->amount, row),
                                .sequence = (uint64_t)detail_value(&s->sequence, row),
                                .reversal_of = (uint64_t)detail_value(&s->reversal_of, row),
                                .record = id,
                                .posted = (int32_t)detail_value(&s->posted, row),
                                .time = (int32_t)detail_value(&s->time, row),
                                .currency = (uint32_t)detail_value(&s->currency, row)};
    k->w->posting_sum[k->f->layout_index][t->currency] += t->amount;
    return true;
}

bool import_record(struct import_chunk *k, const unsigned char *record, uint32_t id, bool *accepted)
{
    if (k->table) return take_row(k, record, id, accepted);
    unsigned char row[TABLE_ROW_MAX];
    static const int32_t NO_DATES[2] = {DATE_NONE, DATE_NONE};
    memcpy(row, NO_DATES, sizeof NO_DATES); /* a customer layout may have no change date or birth */
    memset(row + sizeof NO_DATES, 0, DETAIL_ROW_SIZE - sizeof NO_DATES); /* nor a transaction log all its fields */
    *accepted = decode_accept(k->d, record, row);
    if (!*accepted || (k->filter && is_filtered(k, record, row))) return true;
    note_action(k, record, id);
    switch (k->f->layout->class) {
    case LAYOUT_CUSTOMER: return take_customer(k, record, id, row);
    case LAYOUT_RELATION: return take_relation(k, record, id);
    case LAYOUT_TRANSACTION: return take_posting(k, record, id, row);
    default: return true; /* rates and exclusions were read at the start (etl/reference) */
    }
}
