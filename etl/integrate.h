/* integrate (step 030): who is the same customer, which record is primary, which number, and which customer owns what.
 *
 *   1 duplicates   the same source number twice in one system: the latest change (then the later record) stays
 *   2 identity     records of one identity key form customers; each gets a primary record
 *   3 numbers      newcomers are numbered in the order of their primary records: system priority, file, position
 *   4 relations    accounts whose owners a relation file names get their owners; money of joint accounts is divided
 *   5 owners       rows find their customer through the source number; what finds none is an orphan 无主账户
 *   6 directories  identity → number, (system, source number) → number, account → number; double accounts are found
 *                  here
 *
 * Out: for each table an exchange of owned rows partitioned by customer (population partition), one of source records,
 * and the directory segments in the generation folder.
 */
#ifndef CRMX_ETL_INTEGRATE_H
#define CRMX_ETL_INTEGRATE_H

#include "etl/apply.h"
#include "etl/import.h"
#include "etl/reference.h"

struct member_tuple { /* a customer record of a customer */
    uint32_t customer;
    uint32_t record;
};

struct removed_tuple { /* a row of yesterday's population goes */
    uint64_t source;   /* with record REMOVED_SOURCE: all rows of this source number */
    uint32_t customer;
    uint32_t record;
};
enum { REMOVED_SOURCE = UINT32_MAX };

struct identity_tuple {
    uint64_t key;
    uint32_t record; /* primary record */
    uint32_t strength;
};

struct rank_word { /* 64 record ids: which are primary, how many are before */
    uint64_t bits;
    uint32_t before;
    uint32_t reserved;
};

struct integrate_table { /* conservation of one table */
    uint64_t rows_in, rows_extra /* owners beyond the first */, rows_linked /* agents and guardians, who own nothing */;
    uint64_t orphans, duplicates, superseded, without_relation;
    uint64_t lifted /* rows of yesterday treated as if they had come */, closed, replaced, removed;
    uint64_t accounts_before, accounts_after, accounts_new, accounts_closed, accounts_reopened;
    uint64_t closed_with_balance;
    __int128 lifted_sum[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX];
    __int128 closed_sum[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX]; /* and of contacts: replaced */
    struct apply_pending *pending;                                 /* tonight's accounts without an owner, by record */
    uint32_t pending_count, pending_capacity;
    uint32_t *lifted_records; /* ascending */
    uint32_t lifted_count;
    __int128 orphan_sum[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX];
    __int128 dropped_sum[TABLE_AMOUNTS_MAX][DECODE_CURRENCIES_MAX]; /* duplicates and superseded */
    uint32_t *dropped;                                              /* their record ids, ascending */
    uint32_t dropped_count;
};

enum integrate_note_kind { NOTE_NAME_APART, NOTE_HELD, NOTE_WEAK_APART, NOTE_PLACEHOLDER, NOTE_SOURCE_TWICE };
struct integrate_note { /* for lists: what an analyst should look at */
    uint32_t record, other;
    enum integrate_note_kind kind;
};

struct integrate {
    struct import *im;
    const struct reference *reference;
    const char *folder;           /* of the generation under construction */
    uint32_t partition_customers; /* customers per population partition */
    uint64_t first_number;        /* of the population, without the unit's prefix */
    uint64_t next_number;         /* of the first newcomer of tonight */
    struct apply *apply;          /* yesterday's population; apply->old NULL: there is none */
    /* results */
    uint32_t records_max;
    uint32_t *primary; /* [customer record id] → primary record id, UINT32_MAX: not accepted */
    struct rank_word *ranks;
    uint64_t *superseded; /* bitmap by customer record id */
    uint64_t *excluded;   /* bitmap by primary record id: on the exclusion list */
    uint64_t *overridden; /* bitmap by primary record id: on the override list */
    uint64_t *corporate;  /* bitmap by primary record id */
    uint64_t superseded_count, excluded_count, overridden_count;
    uint64_t *closed, *incumbent; /* bitmaps by customer record id; NULL without a population of yesterday */
    uint64_t *excluded_place, *overridden_place; /* bitmaps by customer index; NULL: those by record say it */
    struct exchange removed[UNIT_LAYOUTS_MAX];   /* rows of yesterday that tonight's take the place of */
    uint32_t customers;                          /* places: customers in force and numbers that are not */
    uint32_t gone;                               /* of these not in force */
    uint32_t relation_base[UNIT_SYSTEMS_MAX];    /* the first relation record of tonight */
    uint32_t day_base[UNIT_LAYOUTS_MAX];         /* per table: the first record id of tonight */
    uint32_t partitions;                         /* of the population */
    struct owners owners;
    struct owner_slot *maps; /* of the owners, NULL: not in memory */
    size_t maps_size;
    struct exchange owned[UNIT_LAYOUTS_MAX];
    struct exchange members;
    struct exchange identities;
    struct exchange accounts[UNIT_LAYOUTS_MAX];
    struct exchange
        related[UNIT_LAYOUTS_MAX]; /* rows of by_relation tables, by source number: where maps are not in memory */
    struct integrate_table *table[UNIT_LAYOUTS_MAX];
    struct integrate_note *notes;
    uint32_t notes_count, notes_capacity;
};

/* Between the two parts of import: 1, 2, 3 and, if memory allows, the maps of 5. */
bool integrate_customers(struct integrate *in, struct status *st);
/* After import: the rest. */
bool integrate_rows(struct integrate *in, struct status *st);
void integrate_release(struct integrate *in);

/* Index (from 0) of the customer whose primary record this is. */
static inline uint32_t integrate_rank(const struct integrate *in, uint32_t primary)
{
    const struct rank_word *r = &in->ranks[primary >> 6];
    return r->before + (uint32_t)__builtin_popcountll(r->bits & ((UINT64_C(1) << (primary & 63)) - 1));
}

/* The same for any run: with a population of yesterday the customers have their numbers already. */
static inline uint32_t integrate_index(const struct integrate *in, uint32_t primary)
{
    return in->apply->old ? apply_find(in->apply, primary)->index : integrate_rank(in, primary);
}

/* Population partition and place in it of the customer with that index. Partition p holds the numbers p*size …
 * p*size+size-1. */
static inline uint32_t integrate_partition(const struct integrate *in, uint32_t customer)
{
    return owners_partition(&in->owners, customer);
}

/* System index of a customer record. */
int integrate_system(const struct integrate *in, uint32_t record);

/* --- parts (each in its own file) --- */
bool integrate_duplicates(struct integrate *in, struct status *st); /* integrate_source.c */
/* The source number in a relation record of a system; its key must be `source`. */
bool integrate_relation_text(const struct integrate *in, int system, uint64_t source, uint32_t relation,
                             char text[OWNER_TEXT_MAX], struct view *out, struct status *st);
bool integrate_relations(struct integrate *in, struct status *st);  /* integrate_relation.c */
bool integrate_identities(struct integrate *in, struct status *st); /* integrate_identity.c */
void integrate_owners_init(struct integrate *in);                   /* integrate_owner.c */
bool integrate_sources(struct integrate *in, struct status *st);    /* the same: once the numbers are known */
bool integrate_owners(struct integrate *in, struct status *st);     /* the same */
bool integrate_aliases(struct integrate *in, struct status *st);    /* integrate_identity.c */
bool integrate_exclusions(struct integrate *in, struct status *st); /* integrate_exclusion.c */
/* Does the change list say that the account is closed, the contact ended? */
bool integrate_is_closed(const struct integrate *in, int table, uint32_t record);
/* Counts the row of a closed account, of a contact that ended or was replaced. Any thread. */
void integrate_closed(struct integrate *in, int table, const unsigned char *row);
/* Counts the money of a row that was lifted. Any thread. */
void integrate_note_lifted(struct integrate *in, int table, uint32_t record, const unsigned char *row);
/* An account row without an owner: it waits. Any thread. */
void integrate_pending(struct integrate *in, int table, uint32_t record);
/* Was the row lifted from yesterday's population? */
static inline bool integrate_is_lifted(const struct integrate *in, int table, uint32_t record)
{
    return record < in->day_base[table];
}
bool integrate_directories(struct integrate *in, struct status *st); /* integrate_directory.c */
void integrate_note(struct integrate *in, enum integrate_note_kind kind, uint32_t record, uint32_t other);

/* Per-worker scratch that grows; kept between tasks. */
struct integrate_scratch {
    void *tuples, *extra;
    size_t tuples_size, extra_size;
    uint32_t *table;
    size_t table_size;
};
void *integrate_room(void **p, size_t *size, size_t wanted);
void integrate_scratch_release(struct integrate_scratch *s);

#endif
