/* decode: a layout compiled into a flat program that accepts or rejects records and extracts what the engine needs.
 *
 * Two ways to the same answer:
 *   decode_accept()  the fast one: all digit positions of the record are tested 32 at a time, then one step per field
 *                    that needs more. It says only yes or no; when no, somebody asks
 *   decode_check()   the slow, obvious one: field by field in the order of the layout; the oracle of the fast one and
 *                    the source of the reject reason.
 * A record that decode_accept refuses and decode_check accepts (or the reverse) is a bug and stops the program.
 *
 * Memory: decode_accept reads up to DECODE_SLACK bytes before and after the record, so records lie in a buffer with
 * that margin. Values written to the row (hot columns) are little-endian integers at the offsets of struct
 * decode_column.
 */
#ifndef CRMX_ETL_DECODE_H
#define CRMX_ETL_DECODE_H

#include "etl/layout.h"
#include "etl/quote.h"

#include <stdint.h>

enum { DECODE_SLACK = 64, DECODE_CURRENCIES_MAX = 250 };

/* Rates of a business date, and what else changes from day to day what a record is worth. currency index 0 is the
 * base currency, which always has the rate 1. */
struct rates {
    int count;
    char code[DECODE_CURRENCIES_MAX][4];
    int64_t rate[DECODE_CURRENCIES_MAX];     /* 6 implied decimals */
    int32_t per_unit[DECODE_CURRENCIES_MAX]; /* 1 or 100 */
    const struct quotes *navs, *interest;    /* NULL: none */
    bool any_fund;                           /* without navs: a look at a file nobody has NAVs for yet (etl/probe) */
};
/* Index of a currency, -1 when it has no rate. */
int rates_find(const struct rates *r, const char *code);

struct decode_column { /* a field kept in the row */
    int field;
    uint16_t offset; /* in the row */
    uint8_t width;   /* 1, 2, 4, 8 */
    bool is_signed;
};

/* Keys of what a record refers to, from trimmed bytes: digits up to 16 long are exact (value and length), anything else
 * is hashed, with DECODE_KEY_HASHED set: equal hashed keys must be verified against the records. */
#define DECODE_KEY_HASHED (UINT64_C(1) << 63)
uint64_t decode_text_key(struct view trimmed);
/* For tests: only so many bits of the hashes are kept, so that different texts get equal keys. 63: all. */
void decode_limit_hash(int bits);
/* The key of `length` digits whose value is high * 10^8 + low. */
static inline uint64_t decode_digits_key(uint64_t high, uint64_t low, size_t length)
{
    return (high * 100000000 + low) | (uint64_t)length << 56;
}

struct decoder;

struct decode_options {
    const struct layout *layout;
    const struct rates *rates; /* for currency fields; may be NULL for layouts without */
    int32_t business_date;
    const struct decode_column *columns;
    int columns_count;
    uint16_t row_size;
};

struct decoder *decoder_new(const struct decode_options *options, struct arena *arena);
/* A record of exactly record_length bytes. True: accepted, hot values written to row (may be NULL when there are no
 * columns). */
bool decode_accept(const struct decoder *d, const unsigned char *record, unsigned char *row);
/* Index of the first reason in force, -1: accepted. *field: the field it is about, -1 for the length. */
int decode_check(const struct decoder *d, const unsigned char *record, size_t length, int *field);
/* Value of a field of an accepted record as an integer (codes and currencies as index, dates as day number). */
int64_t decode_value(const struct decoder *d, int field, const unsigned char *record);
/* The slow check of one field: true when it is valid; value as decode_value. */
bool decode_field(const struct decoder *d, const struct layout_field *f, const unsigned char *record, int64_t *value);
static inline struct view decode_trim(struct view v)
{
    while (v.length && v.bytes[v.length - 1] == ' ') v.length--;
    while (v.length && v.bytes[0] == ' ') v.bytes++, v.length--;
    return v;
}
/* Trimmed bytes of a field. */
struct view decode_text(const struct layout *l, int field, const unsigned char *record);
/* Key of a text field, as decode_text_key of its trimmed bytes, fast for full digit fields. */
uint64_t decode_key(const struct layout_field *f, const unsigned char *record);

/* Width and sign a field gets as a column. */
void decode_column_shape(const struct layout_field *f, struct decode_column *c);
static inline int64_t decode_column_value(const struct decode_column *c, const unsigned char *row)
{
    const unsigned char *p = row + c->offset;
    switch (c->width) {
    case 1: return c->is_signed ? (int8_t)*p : *p;
    case 2: {
        uint16_t v;
        memcpy(&v, p, 2);
        return c->is_signed ? (int16_t)v : v;
    }
    case 4: {
        uint32_t v;
        memcpy(&v, p, 4);
        return c->is_signed ? (int32_t)v : (int64_t)v;
    }
    default: {
        int64_t v;
        memcpy(&v, p, 8);
        return v;
    }
    }
}

/* Which kernel is in use: "avx2" or "portable". CRMX_KERNEL=portable forces the latter. */
const char *decode_kernel_name(void);

#endif
