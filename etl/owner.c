#include "etl/owner.h"

#include "etl/import.h"

#include <stdlib.h>

static void orphan(struct owner_total *total, const struct table *t, uint32_t record, const unsigned char *row)
{
    if (total->pending_count == total->pending_capacity) {
        total->pending_capacity = total->pending_capacity ? total->pending_capacity * 2 : 64;
        total->pending = realloc(total->pending, total->pending_capacity * sizeof *total->pending);
        ensure(total->pending);
    }
    total->pending[total->pending_count++] = record;
    int currency = t->currency_column < 0 ? 0 : row[t->columns[t->currency_column].offset];
    total->orphans++;
    for (int a = 0; a < t->amounts_count; a++)
        total->orphan_sum[a][currency] += decode_column_value(&t->columns[t->amount_columns[a]], row);
}

bool owners_account(const struct owners *o, int worker, int table, uint64_t account, uint32_t record, uint32_t customer,
                    struct status *st)
{
    const struct table *t = &o->tables->table[table];
    if (t->layout->class != LAYOUT_ACCOUNT) return true;
    struct account_tuple *a =
        exchange_add(&o->accounts[table], worker, import_partition(account, o->account_bits[t->system]), st);
    if (!a) return false;
    *a = (struct account_tuple){account, record, customer};
    return true;
}

bool owners_text(const struct input_set *inputs, int layout_index, uint32_t record, char text[OWNER_TEXT_MAX],
                 struct view *out, struct status *st)
{
    const struct input_file *f = input_file_of(inputs, layout_index, record);
    const struct layout_field *field = &f->layout->fields[f->layout->role_field[ROLE_SOURCE_NO]];
    size_t length = field->length < OWNER_TEXT_MAX ? field->length : OWNER_TEXT_MAX; /* layouts allow no longer one */
    unsigned char room[INPUT_ROOM];
    const unsigned char *p = input_record(f, record, room, st);
    if (!p) return false;
    memcpy(text, p + field->offset, length);
    *out = decode_trim((struct view){text, length});
    return true;
}

bool owners_find_text(const struct owners *o, struct owner_slot *part, uint64_t slots, int bits, uint64_t source,
                      struct view text, uint32_t *customer_1, struct status *st)
{
    char bytes[OWNER_TEXT_MAX];
    struct view customer;
    *customer_1 = 0;
    for (uint64_t h = owner_place(source, bits, slots); part[h].customer_1; h = h + 1 < slots ? h + 1 : 0) {
        if (part[h].source != source) continue;
        if (!owners_text(o->inputs, -1, part[h].record, bytes, &customer, st)) return false;
        if (!view_equal(customer, text)) continue;
        *customer_1 = part[h].customer_1;
        return true;
    }
    return true;
}

bool owners_find_hashed(const struct owners *o, int system, uint64_t source, struct view text, uint32_t *customer_1,
                        struct status *st)
{
    const struct owner_map *m = &o->map[system];
    uint64_t p = m->bits ? directory_hash(source) >> (64 - m->bits) : 0;
    return owners_find_text(o, m->slots + m->first[p], m->first[p + 1] - m->first[p], m->bits, source, text, customer_1,
                            st);
}

bool owners_take(const struct owners *o, int worker, int table, uint32_t customer_1, uint64_t account, uint32_t record,
                 const unsigned char *row, struct status *st)
{
    const struct table *t = &o->tables->table[table];
    struct owner_total *total = &o->totals[worker][table];
    total->rows_in++;
    if (!customer_1) {
        orphan(total, t, record, row);
        return owners_account(o, worker, table, account, record, OWNER_NOBODY, st);
    }
    uint32_t customer = customer_1 - 1;
    struct owned_tuple *owned = exchange_add(&o->owned[table], worker, owners_partition(o, customer), st);
    if (!owned) return false;
    *owned = (struct owned_tuple){customer, record};
    row_copy(owned + 1, row, t->row_size);
    return owners_account(o, worker, table, account, record, customer, st);
}

void owners_release(struct owners *o, int workers)
{
    for (int w = 0; o->totals && w < workers; w++)
        for (int i = 0; i < o->tables->count; i++) {
            free(o->totals[w][i].pending);
            o->totals[w][i].pending = NULL;
        }
}
