/* detail_shape: what a transaction log 交易日志 says, field by field, and which amount of the account its movements add
 * up to: `ledger` of the transaction layout, amounts of the account layout with an optional minus before each,
 * "balance" where it says nothing:
 *
 *     [layout]
 *     class  = transaction
 *     of     = card_account
 *     ledger = balance -overdraft
 *
 * Amounts are kept at `scale` decimals: the most any of them has. */
#ifndef CRMX_ETL_DETAIL_SHAPE_H
#define CRMX_ETL_DETAIL_SHAPE_H

#include "etl/decode.h"

enum { DETAIL_LEDGER_MAX = 4, DETAIL_COLUMNS = 6, DETAIL_ROW_SIZE = 56 };

struct detail_ledger { /* of one layout whose records are accounts */
    int field[DETAIL_LEDGER_MAX];
    int64_t times[DETAIL_LEDGER_MAX]; /* sign and scale */
    int count;
};

struct detail_shape {
    const struct layout *layout; /* the transaction log's */
    int text_field;              /* -1: the log says nothing in words */
    int scale;
    int64_t amount_times; /* from the log's scale to `scale` */
    /* For the decoder of the log; a field that is not there leaves its place in the row as it is (zero). */
    struct decode_column columns[DETAIL_COLUMNS];
    int columns_count;
    struct decode_column posted, amount, sequence, time, reversal_of, currency; /* width 0: not there */
};

/* account: the layout named by `of`. STATUS_USAGE when ledger names no amounts of it, or when the log lacks a part of
 * the account key. */
bool detail_shape(const struct layout *log, const struct layout *account, struct detail_shape *out, struct status *st);
/* The same amount in records of another layout of the account: a change list, or an older version. What it lacks counts
 * as zero. */
void detail_ledger_of(const struct detail_shape *s, const struct layout *account, struct detail_ledger *out);
/* The ledger balance of an accepted record, at the shape's scale. */
int64_t detail_ledger_value(const struct detail_ledger *l, const struct decoder *d, const unsigned char *record);
/* Value of a field in a row of DETAIL_ROW_SIZE bytes; 0 when the log does not have it. */
static inline int64_t detail_value(const struct decode_column *c, const unsigned char *row)
{
    return c->width ? decode_column_value(c, row) : 0;
}

#endif
