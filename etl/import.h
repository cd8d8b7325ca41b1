/* import (step 020): read every file once, accept or reject each record, throw the accepted ones into the exchanges
 * from which integrate (030) takes them. Customers and relations first: when their customers are known (im->owners),
 * the rows of tables go straight to them.
 *
 * What goes where: a customer record → one customer tuple (by identity key) and one source tuple (by source number of
 * its system); a record of a table → one row tuple by its owner's source number, or, where a relation file names the
 * owners, by its account key; a relation record → one relation tuple by account key.
 */
#ifndef CRMX_ETL_IMPORT_H
#define CRMX_ETL_IMPORT_H

#include "base/pool.h"
#include "base/progress.h"
#include "etl/detail_shape.h"
#include "etl/exchange.h"
#include "etl/identity.h"
#include "etl/input.h"
#include "etl/owner.h"
#include "etl/table.h"
#include "etl/unit.h"

struct customer_tuple {
    uint64_t key;           /* identity key */
    uint32_t record;        /* record id in the customer space */
    int32_t changed;        /* latest change date, DATE_NONE if the layout has none */
    uint32_t name;          /* hash of the folded name; 0 when names do not matter */
    int32_t birth_strength; /* birth day number * 8 + 4 if corporate + enum identity_strength */
    uint64_t source;        /* key of the source number; carried only when the tie rule asks for it */
};

struct source_tuple {
    uint64_t source;
    uint32_t record;
} __attribute__((packed, aligned(4)));

struct row_tuple {    /* followed by table.row_size bytes of columns */
    uint64_t source;  /* key of the owner's source number; of a by_relation table first the relation key */
    uint64_t account; /* hash of the account key; 0 for contacts and addresses */
    uint32_t record;  /* in the table's space */
} __attribute__((packed, aligned(4)));

/* Copies a row: a multiple of 4 bytes, few of them; a call of memcpy would cost more than the copy. */
static inline void row_copy(void *to, const void *from, uint32_t size)
{
    char *t = to;
    const char *f = from;
    for (; size >= 8; size -= 8, t += 8, f += 8) memcpy(t, f, 8);
    if (size) memcpy(t, f, 4);
}

struct posting_tuple { /* a movement of a transaction log 交易日志 (etl/detail) */
    uint64_t account;  /* as in row_tuple */
    int64_t amount;    /* at the log's scale */
    uint64_t sequence, reversal_of;
    uint32_t record;      /* in the log's space */
    int32_t posted, time; /* time: digits as they stand there */
    uint32_t currency;
};

enum import_role {
    ROLE_OWNER_WHOLE /* the owner: what joint owners leave */,
    ROLE_OWNER_SHARE,
    ROLE_LINKED /* owns nothing */
};
enum { SHARE_WHOLE = 1000000 };

struct relation_tuple {
    uint64_t account; /* relation key */
    uint64_t source;
    uint32_t record;
    uint32_t share_role;
};

enum { IMPORT_SYSTEM_BITS_MAX = 12, IMPORT_TARGET_TUPLES = 6000 };

struct import_system {
    int bits; /* 2^bits partitions by source number */
    struct exchange sources;
    struct exchange relations; /* by account key */
    bool has_relations;
};

struct import_control {                                     /* control totals of one table */
    __int128 sum[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX]; /* accepted, per amount column and currency */
    /* Only of tables with a filter: all valid records, and those the filter left out. */
    __int128 valid[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX], filtered[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX];
};

struct import_postings { /* of one transaction log */
    struct detail_shape shape;
    struct exchange postings;            /* by account key */
    __int128 sum[DECODE_CURRENCIES_MAX]; /* accepted, at the log's scale */
};

struct import_worker;
struct import_keys;

struct import {
    const struct unit *unit;
    struct input_set *inputs;
    const struct tables *tables;
    const struct rates *rates;
    struct pool *pool;
    struct budget *budget;
    struct arena *arena;
    struct progress *progress;
    const char *spill_folder;
    int32_t business_date;
    bool fixed_bits; /* identity_bits and the systems' bits are those of yesterday's directories */
    int identity_bits;
    uint32_t customer_tuple_size;                               /* with or without the source key */
    struct decode_column customer_columns[UNIT_LAYOUTS_MAX][2]; /* changed and birth of customer layouts */
    struct exchange customers;                                  /* by identity key */
    struct import_system systems[UNIT_SYSTEMS_MAX];
    struct exchange rows[UNIT_LAYOUTS_MAX];         /* per table: by source number, or by account key for by_relation */
    struct decoder *decoders[UNIT_LAYOUTS_MAX];     /* per layout of the unit */
    struct table_map *maps[UNIT_LAYOUTS_MAX];       /* of layouts that feed a table */
    const struct table *table_of[UNIT_LAYOUTS_MAX]; /* the table a layout feeds, NULL: none */
    struct import_control *control[UNIT_LAYOUTS_MAX];   /* per table */
    struct import_postings *postings[UNIT_LAYOUTS_MAX]; /* per layout; NULL: no transaction log */
    struct import_keys *keys;                           /* per layout of the unit */
    struct import_worker *workers;
    const struct owners *owners; /* set before import_rows by who knows them; NULL: rows wait in `rows` */
};

/* Partition of a key among 2^bits. */
static inline uint32_t import_partition(uint64_t key, int bits)
{
    return bits ? (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - bits)) : 0;
}

/* What a relation file says of an account: system, account, sub-account. */
uint64_t import_relation_key(const struct layout *l, int system, const unsigned char *record);
/* The account itself: the same with currency and cash flag. */
uint64_t import_account_key(const struct layout *l, int system, const unsigned char *record);

/* What identity matching has to know of a customer record (which was accepted). */
bool import_customer_tuple(const struct import *im, const struct input_file *f, const unsigned char *record,
                           uint32_t id, struct charset_converter *to_utf8, struct buf *name,
                           struct customer_tuple *out);
/* What a relation record says (all but the record id). */
struct relation_tuple import_relation_tuple(const struct import *im, const struct input_file *f,
                                            const unsigned char *record);

/* The caller has set the first block of members (unit … business_date). Customers and relations, then the rows. */
bool import_customers(struct import *im, struct status *st);
bool import_rows(struct import *im, struct status *st);
/* The rows may be read from here on. A night with yesterday's population adds rows of its own before (etl/apply). */
void import_seal_rows(struct import *im);
void import_release(struct import *im);

/* Fails when a layout passes its reject limit; the message names the first rejects. accepted: per layout, whose rejects
 * somebody accepted (etl/gate); NULL: none. */
bool import_check_limits(const struct input_set *inputs, const struct unit *u, const bool *accepted, struct status *st);

#endif
