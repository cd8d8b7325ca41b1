/* compact_space: one space of record ids while its archive is packed: which ids are live, and what becomes of them.
 *
 *     compact_holders     every column of a generation that holds record ids
 *     compact_space_open  marks what is live, says of each file whether it is packed, gives new ids in the old order
 *     compact_map         old id → new id
 *
 * Memory: a bit for each id of the space and a sixteenth more for the ranks (4.3 billion ids: 570 MB). */
#ifndef CRMX_ETL_COMPACT_SPACE_H
#define CRMX_ETL_COMPACT_SPACE_H

#include "base/pool.h"
#include "etl/generation.h"

struct compact_holder {
    const char *file, *column; /* below the generation's folder */
    uint32_t at;               /* of a raw column: byte of the id in the row */
    int space;
    int table;  /* account table whose amounts are compared; -1 */
    bool marks; /* what it names is live */
};

struct compact_holders {
    struct compact_holder *list;
    int count;
};
bool compact_holders(const struct generation *g, struct arena *arena, struct compact_holders *out, struct status *st);

struct compact_list { /* ids of a .tsv of the generation */
    const char *name, *head;
    struct compact_line {
        int space;
        uint32_t ids[2];
        int ids_count;
        const char *before, *behind; /* texts around the ids */
    } * lines;
    uint32_t count;
};
enum { COMPACT_LISTS = 2 }; /* pending.tsv, aliases.tsv */
bool compact_lists(const struct generation *g, struct arena *arena, struct compact_list out[COMPACT_LISTS],
                   struct status *st);

struct compact_range { /* the ids of one file */
    const struct input_file *file;
    bool own;    /* of the generation's own night: never packed */
    bool packed; /* else its ids move together */
    uint32_t first, end, base;
    uint64_t live;
    int run; /* packed with which others */
};

struct compact_space {
    int space;
    uint32_t ids;
    uint64_t *live;
    uint32_t *rank; /* live ids before each 512 */
    struct compact_range *ranges;
    int ranges_count, runs;
    bool changed; /* something is packed */
};

bool compact_space_open(struct compact_space *s, const struct generation *g, int space,
                        const struct compact_holders *holders, const struct compact_list lists[COMPACT_LISTS],
                        int live_share, uint64_t memory_max, struct pool *pool, struct arena *arena, struct status *st);
void compact_space_close(struct compact_space *s);
static inline bool compact_is_live(const struct compact_space *s, uint32_t id)
{
    return id < s->ids && s->live[id >> 6] >> (id & 63) & 1;
}
/* Ids beyond the space (there is none: DETAIL_NO_RECORD) stay what they are. */
uint32_t compact_map(const struct compact_space *s, uint32_t id);

/* Ids of a holder's partition: *count of them into *ids (grown as needed). */
struct compact_column {
    uint32_t *ids;
    uint64_t count, capacity;
    int64_t *values;
    unsigned char *raw;
};
void compact_column_release(struct compact_column *c);
bool compact_column_load(struct segment *s, const struct compact_holder *h, uint32_t partition,
                         struct compact_column *c, struct status *st);

#endif
