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
    /* shares × NAV, revalued every night (etl/valuation); -1: the amounts are the file's own */
    int value_column, shares_column, fund_column;
};

struct tables {
    struct table table[UNIT_LAYOUTS_MAX];
    int count;
    const struct schema *schema; /* tables in the same order, every field of the layout; for scoring */
};

/* How records of another layout become rows of a table: those of a change list, or of an older version of the layout.
 * Fields meet by name; what the layout lacks has the value none; codes and scales become those of the table. */
struct table_map {
    bool same;                                       /* decoded straight into the row */
    struct decode_column columns[TABLE_COLUMNS_MAX]; /* what the decoder of the layout takes out */
    int columns_count;
    uint16_t row_size;
    struct table_step {
        int from; /* index in columns, -1: the layout has no such field */
        int64_t times, none;
        uint8_t *codes;        /* [code of the layout] → code of the table; NULL: as it is */
    } step[TABLE_COLUMNS_MAX]; /* per column of the table */
};
void table_map_init(struct table_map *m, const struct table *t, const struct layout *from, struct arena *arena);
/* A row decoded by the layout → a row of the table. A value the table cannot hold is refused: table_check_version. */
void table_map_row(const struct table_map *m, const struct table *t, const unsigned char *from, unsigned char *row);
/* The row of an archived record. */
void table_map_record(const struct table_map *m, const struct table *t, const struct decoder *d,
                      const unsigned char *record, unsigned char *row);
/* May the records of layout `from` become those of `to` (a newer version, or the base of a change list)? A field may be
 * wider, come or go; narrower, or with a code missing, it is refused with a hint. */
bool table_check_version(const struct layout *from, const struct layout *to, struct status *st);

/* What a field is to formulas. */
enum value_type table_value_type(const struct layout_field *f);
/* Tables of a unit in the order of its layouts. Every keep = hot field and the currency become columns. Customer fields
 * of the schema: the dates, codes and numbers of the customer layouts, by name; codes are those of all of them. */
void tables_init(struct tables *t, const struct unit *u, const struct rates *rates, int32_t business_date,
                 struct arena *arena);

#endif
