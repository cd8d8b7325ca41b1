#include "etl/owner.h"

#include "etl/import.h"

static void orphan(struct owner_total *total, const struct table *t, const unsigned char *row)
{
    int currency = t->currency_column < 0 ? 0 : row[t->columns[t->currency_column].offset];
    total->orphans++;
    for (int a = 0; a < t->amounts_count; a++)
        total->orphan_sum[a][currency] += decode_column_value(&t->columns[t->amount_columns[a]], row);
}

bool owners_take(const struct owners *o, int worker, int table, uint32_t customer_1, uint64_t account, uint32_t record,
                 const unsigned char *row, struct status *st)
{
    const struct table *t = &o->tables->table[table];
    struct owner_total *total = &o->totals[worker][table];
    total->rows_in++;
    if (!customer_1) {
        orphan(total, t, row);
        return true;
    }
    uint32_t customer = customer_1 - 1;
    struct owned_tuple *owned = exchange_add(&o->owned[table], worker, owners_partition(o, customer), st);
    if (!owned) return false;
    *owned = (struct owned_tuple){customer, record};
    row_copy(owned + 1, row, t->row_size);
    if (t->layout->class != LAYOUT_ACCOUNT) return true;
    struct account_tuple *a =
        exchange_add(&o->accounts[table], worker, import_partition(account, o->account_bits[t->system]), st);
    if (!a) return false;
    *a = (struct account_tuple){account, record, customer};
    return true;
}
