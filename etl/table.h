/* table: a layout whose records hang on a customer (accounts, contacts, addresses) as the engine carries it: which
 * fields are columns, where they stand in a row. Shared by import, integrate, population and measure. */
#ifndef CRMX_ETL_TABLE_H
#define CRMX_ETL_TABLE_H

#include "etl/decode.h"
#include "etl/unit.h"
#include "scoring/schema.h"

enum { TABLE_COLUMNS_MAX = 64, TABLE_ROW_MAX = 512, TABLE_AMOUNTS_MAX = 16 };

struct table {
    const struct layout *layout;
    int layout_index, system;
    struct decode_column columns[TABLE_COLUMNS_MAX];
    int columns_count;
    uint16_t row_size;                     /* bytes of the columns, a multiple of 8 */
    int currency_column;                   /* -1: every row is in the base currency */
    int amount_columns[TABLE_AMOUNTS_MAX]; /* the amounts: control totals are kept of each */
    int amounts_count;
    bool by_relation; /* owners come from a relation file */
};

struct tables {
    struct table table[UNIT_LAYOUTS_MAX];
    int count;
    const struct schema *schema; /* tables in the same order, every field of the layout; for scoring */
};

/* Tables of a unit in the order of its layouts. Every keep = hot field and the currency become columns. Customer fields
 * of the schema: the dates, codes and numbers of the customer layouts, by name. */
void tables_init(struct tables *t, const struct unit *u, const struct rates *rates, int32_t business_date,
                 struct arena *arena);

#endif
