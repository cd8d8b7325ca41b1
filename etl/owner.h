/* owner: from the source number of a row to its customer, and what is known of a row once its customer is.
 *
 * A map holds the source numbers of one system in partitions of their hash (the partitions of import), open addressing
 * inside each, so that partitions are filled by different threads, each in its cache. Where all maps of a unit fit into
 * memory, the tables are imported after the customers are known and every row goes straight to its customer (a row then
 * moves once instead of twice); where not, rows wait in exchanges until the partition they need is built
 * (integrate_owner). Both ways give the same tuples.
 */
#ifndef CRMX_ETL_OWNER_H
#define CRMX_ETL_OWNER_H

#include "etl/directory.h"
#include "etl/exchange.h"
#include "etl/input.h"
#include "etl/table.h"

struct owned_tuple {   /* followed by the table's row */
    uint32_t customer; /* index of the newcomer, from 0 */
    uint32_t record;
};

struct account_tuple { /* for the account directory */
    uint64_t account;
    uint32_t record;
    uint32_t customer;
};

struct owner_slot {
    uint64_t source;
    uint32_t customer_1; /* customer + 1, 0: empty */
    uint32_t record;     /* the customer record that carries the source number */
};

/* Slots for n source numbers: at most two thirds are taken. */
static inline uint64_t owner_slots(uint64_t n)
{
    return n + n / 2 + 8;
}

static inline uint64_t owner_place(uint64_t source, int bits, uint64_t slots)
{
    return (uint64_t)((unsigned __int128)(directory_hash(source) << bits) * slots >> 64);
}

/* The slot of a source number in a part of a map; an empty one when it is not there. */
static inline struct owner_slot *owner_slot_in(struct owner_slot *part, uint64_t slots, int bits, uint64_t source)
{
    uint64_t h = owner_place(source, bits, slots);
    while (part[h].customer_1 && part[h].source != source) h = h + 1 < slots ? h + 1 : 0;
    return &part[h];
}

struct owner_map { /* of one system */
    int bits;
    struct owner_slot *slots; /* NULL: not in memory */
    uint64_t *first;          /* [partition] → its first slot; one more at the end */
};

/* Instead of a customer, in account tuples. */
enum { OWNER_NOBODY = UINT32_MAX, OWNER_CLOSED = UINT32_MAX - 1 };

struct owner_total { /* per worker and table; summed up at the end */
    uint64_t rows_in, orphans;
    uint32_t *pending; /* records of the orphans: they wait for their owner */
    uint32_t pending_count, pending_capacity;
    __int128 orphan_sum[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX];
};

/* Where rows of known owners go; shared by import, relations and owners. */
struct owners {
    const struct tables *tables;
    const struct input_set *inputs;
    uint64_t first_number;
    uint32_t partition_customers;
    int partition_shift;                    /* partition_customers = 2^shift; -1: no power of two */
    const int *account_bits;                /* [system] partitions of the account exchanges */
    struct exchange *owned, *accounts;      /* [table] */
    struct owner_map map[UNIT_SYSTEMS_MAX]; /* by system */
    struct owner_total **totals;            /* [worker] → [table] */
    bool in_memory;                         /* the maps are complete: rows may go straight to their customers */
};

/* Population partition of the customer with that index. Partition p holds the numbers p*size … p*size+size-1. */
static inline uint32_t owners_partition(const struct owners *o, uint32_t customer)
{
    uint64_t number = o->first_number + customer;
    if (o->partition_shift >= 0)
        return (uint32_t)((number >> o->partition_shift) - (o->first_number >> o->partition_shift));
    return (uint32_t)(number / o->partition_customers - o->first_number / o->partition_customers);
}

/* The slot where the map of a system has the source number, or would have it: for prefetching. */
static inline const struct owner_slot *owners_expect(const struct owners *o, int system, uint64_t source)
{
    const struct owner_map *m = &o->map[system];
    uint64_t p = m->bits ? directory_hash(source) >> (64 - m->bits) : 0;
    return m->slots + m->first[p] + owner_place(source, m->bits, m->first[p + 1] - m->first[p]);
}

static inline uint32_t owners_customer_1(const struct owners *o, int system, uint64_t source)
{
    const struct owner_map *m = &o->map[system];
    uint64_t p = m->bits ? directory_hash(source) >> (64 - m->bits) : 0;
    return owner_slot_in(m->slots + m->first[p], m->first[p + 1] - m->first[p], m->bits, source)->customer_1;
}

/* --- hashed keys ---
 * An exact key is its source number. A hashed one (DECODE_KEY_HASHED) is not: the texts are compared, the row's with
 * that in the customer record, so that no account ever reaches a stranger. */

/* Customer + 1 of a hashed key in a part of a map, 0: nobody has that text as source number. */
bool owners_find_text(const struct owners *o, struct owner_slot *part, uint64_t slots, int bits, uint64_t source,
                      struct view text, uint32_t *customer_1, struct status *st);
/* The same in the map of a system that is in memory. */
bool owners_find_hashed(const struct owners *o, int system, uint64_t source, struct view text, uint32_t *customer_1,
                        struct status *st);
/* The source number in a record of a layout (-1: of the customer space), trimmed; in text. */
enum { OWNER_TEXT_MAX = 1024 };
bool owners_text(const struct input_set *inputs, int layout_index, uint32_t record, char text[OWNER_TEXT_MAX],
                 struct view *out, struct status *st);

/* A row of a known customer (customer_1 = index + 1), or of none (0: an orphan 无主账户, counted in records and money).
 * `row`: the table's columns. */
bool owners_account(const struct owners *o, int worker, int table, uint64_t account, uint32_t record, uint32_t customer,
                    struct status *st); /* only the entry of the account directory */
bool owners_take(const struct owners *o, int worker, int table, uint32_t customer_1, uint64_t account, uint32_t record,
                 const unsigned char *row, struct status *st);

/* What the totals of a run that ends early still hold. */
void owners_release(struct owners *o, int workers);

#endif
