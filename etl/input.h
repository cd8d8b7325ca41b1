/* input: the files of a run, read in chunks by many threads, and the addresses of their records.
 *
 * A record is known by its *record id*: a number that grows with priority of the system, file and position, unique
 * within its
 * *space* (all customer files of a unit together; each other layout by itself). id = base of the file + offset /
 * stride, where stride is the shortest distance of two records: no counting pass is needed, and the offset comes back
 * from the id through a short list of segments (a new one starts only after a record of wrong length).
 *
 * Life: input_set_init → input_add for each file in order → input_open_all → (import fills chunks) → input_seal for
 * each file → input_record from any thread → input_set_release.
 */
#ifndef CRMX_ETL_INPUT_H
#define CRMX_ETL_INPUT_H

#include "base/arena.h"
#include "base/os.h"
#include "base/pool.h"
#include "etl/layout.h"

#include <stdint.h>

enum {
    INPUT_CHUNK_SIZE = 256 * 1024,
    INPUT_FILES_MAX = 512,
    INPUT_RECORDS_ALIGN = 64,
    INPUT_SLACK = 64, /* readable bytes on both sides of what input_bytes gives (decode reads ahead) */
    INPUT_ROOM = LAYOUT_RECORD_MAX + 2 * INPUT_SLACK,
    INPUT_ORIGIN_SIZE =
        16 /* behind each record of a packed file: its offset and line where it was sent, 8 bytes each */
};

struct input_origin { /* of a packed file (etl/compact): from its record `first` (from 0) on they came in this file */
    uint32_t first;
    const char *night, *name;
};

struct input_segment { /* from this record id on, offset = (id - base) * stride + remainder */
    uint32_t record;
    uint32_t remainder;
};

struct input_reject {
    uint64_t offset;
    uint32_t line; /* in the chunk, from 0; in the file from 1 after input_seal */
    uint32_t length;
    int16_t reason, field;
};

struct input_chunk {             /* filled by the one thread that imports it */
    uint32_t lines;              /* records of any kind that start in it */
    uint32_t accepted, filtered; /* accepted: taken by the layout, the filtered ones among them */
    uint64_t first_line;         /* lines of the chunks before, after input_seal */
    struct input_segment *segments;
    uint32_t segments_count, segments_capacity;
    struct input_reject *rejects;
    uint32_t rejects_count, rejects_capacity;
    uint64_t hash;        /* XXH3-64 of its bytes */
    __int128 trailer_sum; /* of the field the trailer states, over all data records in which it can be read */
};

struct input_file {
    const char *name; /* as it arrived */
    const char *path; /* where it is read */
    const struct layout *layout;
    int layout_index; /* in the unit */
    struct os_file_identity identity;
    uint32_t stride;
    uint32_t record_base, records_max; /* ids base .. base + max - 1 are this file's */
    struct input_chunk *chunks;
    uint32_t chunks_count;
    struct input_segment *segments; /* of the whole file, after input_seal */
    uint32_t segments_count;
    uint64_t lines, accepted, rejected, filtered, marks; /* disjoint; marks: header and trailer records */
    uint64_t hash;                                       /* over the chunk hashes: the content's fingerprint */
    struct input_mark_record {
        bool seen;
        uint64_t offset;
    } header, trailer;
    const unsigned char *bytes;   /* its content, mapped; NULL: not open, or empty */
    int space;                    /* layout whose records it continues; -1: customers */
    const char *night;            /* archived files: the generation in which it arrived */
    const char *version;          /* archived files: hash of the layout it was read with */
    struct input_origin *origins; /* packed files: at least one; by `first` */
    uint32_t origins_count;
    char *actions; /* of a change list: what happened, by record id - record_base; '\0': not accepted */
};

struct input_set {
    struct input_file files[INPUT_FILES_MAX];
    int files_count;
    int customer_files; /* the first so many files are customer files, in order of priority */
    uint32_t customer_records_max;
    /* Archived inputs of earlier nights: the records that are still in force. Their ids stay what they were. */
    struct input_file *carried; /* by space, then record base */
    int carried_count, carried_capacity;
    struct arena *arena;
};

void input_set_init(struct input_set *s, struct arena *arena);
void input_set_release(struct input_set *s);
/* What of the files is in memory is let go; who touches it again reads it again. */
void input_forget(const struct input_set *s);
/* Files must be added in order: customer layouts by priority, then the others layout by layout. */
bool input_add(struct input_set *s, const char *name, const char *path, const struct layout *l, int layout_index,
               struct status *st);
/* An archived file, open, with its addresses; the set owns it from here on. In any order; input_sort_carried then. */
struct input_file *input_add_carried(struct input_set *s, const struct input_file *f);
void input_sort_carried(struct input_set *s);
/* Maps the file at f->path: f->bytes, f->identity. */
bool input_open(struct input_file *f, struct status *st);
/* Opens every file, fixes record bases: behind those of the archived files of the space. Fails when a space would pass
 * 2^32 records. */
bool input_open_all(struct input_set *s, struct status *st);
void input_note_segment(struct input_file *f, struct input_chunk *c, uint64_t offset, uint32_t *last_remainder);
void input_note_reject(struct input_chunk *c, const struct input_reject *r);
/* After all chunks of a file are done: totals, line numbers, one segment list; checks that it did not change meanwhile.
 * */
bool input_seal(struct input_file *f, struct status *st);

static inline uint32_t input_record_id(const struct input_file *f, uint64_t offset)
{
    return f->record_base + (uint32_t)(offset / f->stride);
}
/* Where the record stood in the file that was sent: its first byte; line, from 1; that file. Of a packed file that is
 * another one. */
uint64_t input_offset(const struct input_file *f, uint32_t record);
const struct input_origin *input_origin(const struct input_file *f, uint32_t record); /* NULL: not packed */
static inline const char *input_name(const struct input_file *f, uint32_t record)
{
    return f->origins_count ? input_origin(f, record)->name : f->name;
}
/* Of a packed file only: of others nobody counted the lines again. */
uint64_t input_packed_line(const struct input_file *f, uint32_t record);
/* The file a record of a layout (or, for layout -1, of the customer space) is in. */
const struct input_file *input_file_of(const struct input_set *s, int layout_index, uint32_t record);
/* `length` bytes of the file where they lie, or near its borders in `room`: INPUT_SLACK bytes on both sides may be
 * read. NULL and a status when the file has no such range (a damaged address). */
const unsigned char *input_bytes(const struct input_file *f, uint64_t offset, uint32_t length,
                                 unsigned char room[INPUT_ROOM], struct status *st);
/* A record, in the same way; input_read_record copies its record_length bytes. */
const unsigned char *input_record(const struct input_file *f, uint32_t record, unsigned char room[INPUT_ROOM],
                                  struct status *st);
/* Where the record stands, for whoever does not want to fail: NULL where input_record has to be asked. */
const unsigned char *input_ready(const struct input_file *f, uint32_t record);
/* The same when records come one after the other: nearly always in the file of the one before. before: NULL at first.
 * */
static inline const struct input_file *input_file_after(const struct input_file *before, const struct input_set *s,
                                                        int layout_index, uint32_t record)
{
    if (before && before->space == layout_index && record - before->record_base < before->records_max) return before;
    return input_file_of(s, layout_index, record);
}
/* The record will be wanted soon; one of another file is left alone. */
void input_prefetch(const struct input_file *f, uint32_t record);
bool input_read_record(const struct input_file *f, uint32_t record, unsigned char *out, struct status *st);
/* Number of records (ids, with gaps) of a layout's space. */
uint32_t input_space(const struct input_set *s, int layout_index);
/* What the change list says of a record; '\0' for a record of any other file. */
static inline char input_action(const struct input_file *f, uint32_t record)
{
    return f->actions ? f->actions[record - f->record_base] : '\0';
}

#endif
