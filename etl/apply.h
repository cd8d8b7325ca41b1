/* apply: yesterday's population as the second input of a run (architecture 1: an initial load is a daily load onto an
 * empty population). What tonight's files touch is lifted out of it and goes, together with what came, through the same
 * steps of integrate; everything else stays where it is.
 *
 *   open        yesterday's generation, its directories, its pending accounts
 *   customers   which records changed; whose customers they were and whose they may become, by identity, as far as that
 *               reaches (the touched customers, all their records)
 *   number      after matching: who keeps, gives back, gets which number; who moved
 *   rows        accounts and contacts of moved records, of changed relations and pending ones are lifted: read again
 *               from the archived records and treated as if they had come tonight
 *
 * A customer is known by its *index*: number - first_number of the population. A number once given stays a place of the
 * population for ever; one that is not in force (merged, closed, burned) is *gone* and can come back.
 *
 * Numbers (domain 7): a record remembers the number it founded. A customer's number is the smallest one founded by its
 * records; so merging keeps the smallest, and a record that parts takes the number it founded with it. A number whose
 * founder went to a customer with a smaller one stays with those left behind: one of them becomes its founder.
 *
 * Invariants: every number ever given has exactly one founder among the records, closed ones included; a record that is
 * not touched keeps number, primary and place; the outcome depends on the records, not on the nights in which they
 * came.
 */
#ifndef CRMX_ETL_APPLY_H
#define CRMX_ETL_APPLY_H

#include "base/bitmap.h"
#include "etl/directory_merge.h"
#include "etl/generation.h"
#include "etl/import.h"

enum { APPLY_NONE = UINT32_MAX };

struct integrate;

struct apply_record { /* a touched customer record */
    struct customer_tuple tuple;
    uint32_t record;    /* tonight's */
    uint32_t before;    /* the one it replaces, itself when it did not change; APPLY_NONE: new */
    uint32_t old_index; /* customer it belonged to; APPLY_NONE */
    uint32_t founded;   /* index of the customer it founded; APPLY_NONE */
    uint32_t index;     /* customer it belongs to */
    uint32_t primary;
    int32_t system;
    char action;
    bool closed, was_closed, was_primary;
};

struct apply_alias { /* record is also known by the identity that record `former` has */
    uint32_t record, former;
};

struct apply_pending { /* an account whose owner is not known (yet) */
    uint32_t record;
    int32_t since;
};

struct apply_redirect {
    uint64_t number, to; /* without the prefix */
    int32_t since;
};

enum apply_event_kind { APPLY_NEW, APPLY_REOPENED, APPLY_PARTED, APPLY_CLOSED, APPLY_MERGED, APPLY_EVENTS };
struct apply_event {
    enum apply_event_kind kind;
    uint64_t number, other; /* other: into whom merged, from whom parted; 0 */
};

struct apply_lifted { /* tuples grouped by partition */
    void *tuples;
    uint32_t *start; /* [partition], one more at the end; NULL: nothing */
};

struct apply {
    struct generation *old; /* NULL: an empty population */
    bool refresh;           /* tonight's unloads are complete: what is absent is closed */
    struct segment *identity, *source[UNIT_SYSTEMS_MAX], *relation[UNIT_SYSTEMS_MAX], *account[UNIT_LAYOUTS_MAX];
    bool covered[UNIT_SYSTEMS_MAX]; /* refresh: the system sent its customers */
    uint32_t old_places;

    struct apply_record *records; /* by record */
    uint32_t records_count, records_capacity;
    uint32_t *slots; /* hash of record → index in records + 1 */
    uint32_t slots_count;
    struct apply_alias *aliases; /* by record: of the whole population, tonight's included */
    uint32_t aliases_count, aliases_capacity;
    uint64_t *touched, *scanned, *moved; /* bitmaps by old index */
    struct apply_lifted customers, sources[UNIT_SYSTEMS_MAX];

    struct apply_pending *pending[UNIT_LAYOUTS_MAX]; /* yesterday's, per table, by record */
    uint32_t pending_count[UNIT_LAYOUTS_MAX];
    struct apply_redirect *redirects;
    uint32_t redirects_count, redirects_capacity;
    struct apply_event *events;
    uint32_t events_count, events_capacity;
    uint64_t event_of[APPLY_EVENTS];
    uint64_t old_living, changed, unknown_changed, known_new, identity_changed;
};

/* Opens yesterday's directories; `old` stays the caller's. */
bool apply_open(struct apply *a, struct generation *old, const struct unit *unit, const struct tables *tables,
                struct arena *arena, struct status *st);
void apply_release(struct apply *a);
/* The touched record, NULL: none. */
struct apply_record *apply_find(const struct apply *a, uint32_t record);
/* Is the customer of yesterday with that index touched? */
static inline bool apply_touched(const struct apply *a, uint32_t index)
{
    return index >= a->old_places || bitmap_get(a->touched, index);
}
/* Index of a number of yesterday's directories. */
static inline uint32_t apply_index(const struct apply *a, uint32_t number)
{
    return (uint32_t)(directory_number(number) - a->old->first_number);
}
/* Into a bitmap: the rows of a directory's partition whose customers are touched. */
void apply_touched_rows(const struct apply *a, const struct directory_rows *rows, uint64_t *bitmap);

bool apply_customers(struct integrate *in, struct status *st); /* apply_customer.c */
bool apply_numbers(struct integrate *in, struct status *st);   /* apply_number.c */
bool apply_rows(struct integrate *in, struct status *st);      /* apply_row.c */
bool apply_identity_entries(struct integrate *in, struct directory_entry **entries, uint64_t *count, struct status *st);

/* Reads a customer record of any night; the layout's bytes with DECODE_SLACK around. */
struct apply_bytes {
    const struct input_file *file;
    const unsigned char *bytes; /* valid until the next call with the same room */
    unsigned char room[INPUT_ROOM];
};
static inline const unsigned char *apply_record_bytes(const struct apply_bytes *b)
{
    return b->bytes;
}
bool apply_read(const struct input_set *inputs, int space, uint32_t record, struct apply_bytes *out, struct status *st);

/* --- files of a generation that only the next night reads --- */
/* aliases.tsv pending.tsv redirects.tsv events.tsv; pending: tonight's, per table. */
bool apply_write(const struct integrate *in, const char *folder, struct status *st); /* apply_file.c */
bool apply_read_files(struct apply *a, const struct tables *tables, struct arena *arena, struct status *st);

#endif
