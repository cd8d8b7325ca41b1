/* segment: an immutable file of columns, cut into partitions; what a generation is made of.
 *
 * File: head (64 bytes: magic, version) · partition after partition, each the concatenation of its columns, 8-byte
 * aligned · index (columns: name, type, scale; per partition and column: offset, bytes, rows, XXH3-64) · tail (64
 * bytes: place and XXH3-64 of the index). Readers find columns by name; a missing column is the caller's declared
 * default (a layout may change between days).
 *
 * A column of integers is cut into runs of 4,096 values, each stored as narrow as it can be: constant, 1/2/4/8 bytes
 * above a base, or sparse (bitmap + values) where most are zero. The choice depends on the values alone, so the bytes
 * are the same for any thread count.
 *
 * Writing: segment_create → segment_declare for each column → for each partition, in any thread, a segment_part is
 * filled with segment_put… and handed in by segment_commit. Parts must be committed for partitions 0, 1, 2 … each
 * exactly once; a thread that is ahead waits for its turn, so that offsets are in order. segment_finish writes the
 * index; the commit brings all files of a generation to disk together (generation_sync).
 */
#ifndef CRMX_ETL_SEGMENT_H
#define CRMX_ETL_SEGMENT_H

#include "base/buf.h"
#include "base/status.h"

#include <stdint.h>

enum { SEGMENT_COLUMNS_MAX = 192, SEGMENT_NAME_MAX = 64, SEGMENT_RUN = 4096 };

enum segment_type {
    SEGMENT_INTEGER,
    SEGMENT_MONEY,
    SEGMENT_DATE,
    SEGMENT_CODE,
    SEGMENT_RAW /* bytes as given, width per row */
};

struct segment_column {
    char name[SEGMENT_NAME_MAX];
    uint32_t type;  /* enum segment_type */
    int32_t scale;  /* MONEY */
    uint32_t width; /* RAW: bytes per row */
    uint32_t reserved;
};

struct segment_piece { /* one column of one partition */
    uint64_t offset, bytes, rows, hash;
};

/* --- writing --- */
struct segment_writer;
struct segment_part { /* one partition while it is put together; belongs to one thread; may be reused after commit */
    struct buf bytes;
    struct segment_piece pieces[SEGMENT_COLUMNS_MAX]; /* offsets relative to the part */
};

struct segment_writer *segment_create(const char *path, uint32_t partitions, struct status *st);
/* Index of the new column. Names are unique. */
int segment_declare(struct segment_writer *w, const char *name, enum segment_type type, int scale, uint32_t raw_width);
void segment_part_init(struct segment_part *p);
void segment_part_release(struct segment_part *p);
void segment_put(struct segment_part *p, int column, const int64_t *values, uint64_t count);
void segment_put_raw(struct segment_part *p, int column, const void *bytes, uint64_t rows, uint32_t width);
/* The same, filled in place: room for the rows, and once they are there the column is closed; one column at a time. */
void *segment_room_raw(struct segment_part *p, int column, uint64_t rows, uint32_t width);
void segment_close_raw(struct segment_part *p, int column);
/* What was put, until the part is committed. */
static inline const void *segment_part_raw(const struct segment_part *p, int column)
{
    return p->bytes.bytes + p->pieces[column].offset;
}
/* Writes the part as partition `partition`; clears it for the next. On failure the threads that wait behind it fail
 * too. */
bool segment_commit(struct segment_writer *w, uint32_t partition, struct segment_part *p, struct status *st);
/* Partition `partition` will not come: whoever waits behind it gives up. Those before it go on, so that of several
 * failures the one of the lowest partition is reported, and never a consequence instead of the cause. */
void segment_abort(struct segment_writer *w, uint32_t partition);
bool segment_finish(struct segment_writer *w, struct status *st); /* frees the writer in any case */
void segment_discard(struct segment_writer *w);

/* --- reading --- */
struct segment;
struct segment *segment_open(const char *path, struct status *st); /* checks the index's hash */
void segment_close(struct segment *s);
uint32_t segment_partitions(const struct segment *s);
int segment_columns(const struct segment *s);
const struct segment_column *segment_column(const struct segment *s, int column);
int segment_find(const struct segment *s, const char *name); /* -1: none */
uint64_t segment_rows(const struct segment *s, uint32_t partition, int column);
/* Decodes rows [first, first + count) of a column of a partition into int64; first must be a multiple of SEGMENT_RUN.
 * */
bool segment_get(struct segment *s, uint32_t partition, int column, uint64_t first, uint64_t count, int64_t *out,
                 struct status *st);
/* Raw rows [first, first + count). */
bool segment_get_raw(struct segment *s, uint32_t partition, int column, uint64_t first, uint64_t count, void *out,
                     struct status *st);
/* Reads everything and compares the hashes; the message names the column and partition that is damaged. */
bool segment_verify(struct segment *s, struct status *st);
/* A partition's encoded column, copied into out and checked. */
bool segment_load(struct segment *s, uint32_t partition, int column, struct buf *out, struct status *st);
/* The same without a copy, for scans at full speed: the file is mapped once (segment_map, before threads share the
 * segment), and the bytes live as long as the segment. */
bool segment_map(struct segment *s, struct status *st);
bool segment_is_mapped(const struct segment *s);
/* Maps the pages of the wanted columns (one per column of the segment) of a partition in a few calls. */
bool segment_expect(struct segment *s, uint32_t partition, const bool *wanted, struct status *st);
bool segment_view(struct segment *s, uint32_t partition, int column, struct view *out, struct status *st);
/* Decodes run `run` (4,096 values) of a loaded column. */
uint32_t segment_decode_run(struct view loaded, uint64_t run, int64_t *out);

/* How many values run `run` has when they are all the same (then *value); else 0. */
uint32_t segment_constant_run(struct view loaded, uint64_t run, int64_t *value);

/* A run that stays packed: for arithmetic in doubles, a slice at a time. */
enum { SEGMENT_SLICE = 64 };
struct segment_packed {
    const unsigned char *values, *bits, *end; /* bits: of a sparse run, else NULL */
    int64_t base;
    uint32_t count;
    uint8_t width;                                /* 0: every value is base */
    bool exact;                                   /* base and every value are exact doubles */
    bool few;                                     /* sparse: less than one in 4, so that one by one is quicker */
    uint16_t before[SEGMENT_RUN / SEGMENT_SLICE]; /* sparse: values before the slice */
};
/* False: the run is damaged. */
bool segment_pack_run(struct view loaded, uint64_t run, struct segment_packed *out);
/* The doubles nearest to values [first, first + count); first is a multiple of SEGMENT_SLICE. */
void segment_unpack_doubles(const struct segment_packed *p, uint32_t first, uint32_t count, double *out);
/* Of a sparse run: which of them are not 0 (from first on, in order), and these alone. Returns how many; places needs
 * room for SEGMENT_SLICE more than there are. */
uint32_t segment_unpack_few(const struct segment_packed *p, uint32_t first, uint32_t count, uint16_t *places,
                            double *values);

#endif
