/* import_inside: what the files of import share. import.c holds the step, import_lines.c cuts chunks into records,
 * import_record.c turns records into tuples, import_key.c makes keys. Private to these files. */
#ifndef CRMX_ETL_IMPORT_INSIDE_H
#define CRMX_ETL_IMPORT_INSIDE_H

#include "base/charset.h"
#include "etl/import.h"

_Static_assert((int)DECODE_SLACK <= (int)INPUT_SLACK, "records are decoded where they lie in the file");

/* --- keys --- */

struct import_part { /* a text field that is part of a key; read with the slack around a record */
    uint16_t offset, length;
    uint64_t keep[2]; /* the field's bytes in the two words that end at its end, last word first */
};

struct import_keys {                       /* of a layout */
    struct import_part source, account[4]; /* account: in the order of ACCOUNT_PARTS */
    int account_count, relation_count;     /* the first parts make the relation key */
    uint64_t account_role[4];
    uint64_t seed;
};

void import_keys_init(struct import_keys *k, const struct layout *l, int system);
uint64_t import_source_key(const struct import_keys *k, const unsigned char *record);
/* The account key; *relation gets the key of the first parts. */
uint64_t import_keys_of(const struct import_keys *k, const unsigned char *record, uint64_t *relation);

/* --- workers --- */

enum { IMPORT_BATCH = 32 };

/* Rows on their way to their customers: the places where the owners stand are asked for when a row comes in and read
 * when the batch is full (measured: the reads, all over memory, then overlap). */
struct import_batch {
    int count;
    struct import_waiting {
        uint64_t source, account;
        const unsigned char *bytes; /* the record, in the chunk */
        uint32_t record;
    } rows[IMPORT_BATCH];
    unsigned char *columns; /* IMPORT_BATCH rows of TABLE_ROW_MAX bytes */
};

struct import_worker { /* what one worker holds while it imports */
    struct import *im;
    int worker;
    unsigned char *buffer; /* slack, one byte before the chunk, the chunk, one record more, slack */
    size_t buffer_size;
    struct buf folded_name;
    struct charset_converter *to_utf8;
    struct import_control *control;          /* per table */
    __int128 *posting_sum[UNIT_LAYOUTS_MAX]; /* per transaction log and currency; NULL: no such log */
    struct import_batch batch;
};

struct import_chunk { /* one chunk on its way */
    struct import_worker *w;
    struct input_file *f;
    struct input_chunk *c;
    const struct decoder *d;
    const struct import_keys *keys;
    const struct filter *filter; /* NULL: none */
    const struct table *table;   /* NULL for customers and relations */
    const struct table_map *map; /* NULL: rows are decoded as the table has them */
    int table_index;
    bool straight; /* rows go straight to their customers */
    uint64_t base; /* file offset of `bytes` */
    const unsigned char *bytes;
    uint32_t last_remainder;
    uint64_t expected; /* where the next record starts if nothing is wrong, and its id */
    uint32_t id;
    struct status *st;
};

/* Chunk `number` of a file. */
bool import_chunk_run(struct import_worker *w, struct input_file *f, uint32_t number, struct status *st);
/* Accepts and routes one record of the right length; false only on a failure of the run. */
bool import_record(struct import_chunk *k, const unsigned char *record, uint32_t id, bool *accepted);
/* The rows that wait in the worker's batch. */
bool import_flush(struct import_chunk *k);

#endif
