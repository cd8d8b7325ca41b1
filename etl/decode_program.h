/* decode_program: the compiled form shared by etl/decode.c (slow check), etl/decode_compile.c and etl/decode_kernel.c
 * (fast accept), which is built once per instruction set. Private to these files. */
#ifndef CRMX_ETL_DECODE_PROGRAM_H
#define CRMX_ETL_DECODE_PROGRAM_H

#include "etl/decode.h"

enum decode_op {
    OP_NOT_BLANK,   /* some byte is not a blank */
    OP_SIGN,        /* byte is + or - */
    OP_STORE,       /* digits → integer at row + store */
    OP_AMOUNT,      /* the same with a sign at sign_offset, + or - */
    OP_DATE8_CHECK, /* YYYYMMDD, digits already tested; not stored */
    OP_DATE8,       /* YYYYMMDD, digits already tested; stored */
    OP_DATE8_WHEN,  /* YYYYMMDD when a code is one of when_codes, else zeros or blanks; stored when store_width */
    OP_DATE,        /* of any format, with any of: range, condition, none; stored when store_width */
    OP_OVERPUNCH,   /* digits, the last one with the sign in it → integer; the others already tested */
    OP_CODE1,       /* one byte through a table */
    OP_CODE,        /* up to 8 bytes, one of some words */
    OP_CURRENCY,
    OP_GENERAL /* anything rarer: the slow field check, then a general store */
};

enum { DECODE_NO_STORE = 0 };
enum { DECODE_BLANKS = 1, DECODE_ZEROS_OR_BLANKS = 2, DECODE_ELSE_ANY = 4 /* where the condition does not hold */ };

struct decode_step {
    uint8_t op;
    uint8_t store_width; /* 0: not stored */
    uint8_t code_slot;   /* CODE1, CODE: where its index is remembered for `when` */
    uint8_t when_slot;   /* DATE8_WHEN, DATE: slot of the condition */
    uint8_t none;        /* DATE: DECODE_… of what stands for no day */
    uint8_t words_count; /* CODE */
    uint8_t pivot;       /* DATE of two digits for the year: those below it are of 2000 and after */
    uint16_t offset, length, store;
    uint16_t sign_offset; /* AMOUNT */
    uint16_t field;
    uint64_t when_codes;
    uint64_t keep[3]; /* STORE, AMOUNT: masks of the three 8-byte words that end at the field's end, last word first */
    const uint8_t *table;  /* CODE1: byte → index or 255 */
    const uint64_t *words; /* CODE: the bytes of the field, as it stands in the record, in the low bytes */
    int32_t from, to;      /* DATE: day numbers, both included */
};

struct decode_block { /* 32 bytes of the record of which some must be digits */
    uint32_t offset;
    uint8_t need[32]; /* 0xff where a digit is needed */
};

enum { DECODE_CODE_SLOTS = 64, DECODE_NO_SLOT = 255 };

struct decoder {
    const struct layout *layout;
    const struct rates *rates;
    int32_t business_date;
    struct decode_step *steps;
    int steps_count;
    struct decode_block *blocks;
    int blocks_count;
    const struct decode_column *columns;
    int columns_count;
    uint16_t row_size;
    const struct decode_column **column_of; /* per field, NULL: not kept */
    /* currency hash: 3 bytes → index, open addressing on 1,024 entries */
    uint32_t currency_key[1024];
    uint8_t currency_index[1024];
    bool (*accept)(const struct decoder *d, const unsigned char *record, unsigned char *row);
};

bool decode_accept_portable(const struct decoder *d, const unsigned char *record, unsigned char *row);
bool decode_accept_avx2(const struct decoder *d, const unsigned char *record, unsigned char *row);

static inline uint32_t decode_currency_slot(uint32_t key)
{
    return (key * 2654435761u) >> 22;
}

/* Index of the currency at p, -1: none. Reads 4 bytes. */
static inline int decode_currency(const struct decoder *d, const unsigned char *p)
{
    uint32_t key = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
    for (uint32_t s = decode_currency_slot(key);; s = (s + 1) & 1023) {
        if (d->currency_key[s] == 0) return -1; /* first: three NUL bytes are key 0, and no currency */
        if (d->currency_key[s] == key) return d->currency_index[s];
    }
}

/* Days of a month as a bitmap: bit d of DECODE_MONTH_DAYS[m], leap day included. */
extern const uint32_t DECODE_MONTH_DAYS[13];
/* Day number of the first day of a year's month, for 1900..2099. */
extern int32_t DECODE_MONTH_START[200][12];

#endif
