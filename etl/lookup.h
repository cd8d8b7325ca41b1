/* lookup: the linked query 联动查询 over one generation: from an integrated number, an ID, a source number or an account to
 * the customer, and from the customer to every record and row it was made from. Reads the generation's own folder only:
 * the inbox may be gone.
 *
 * Directories give candidates (32 bits of a hash are no proof): every hit was compared with its record. Cost: a few
 * reads for a key; a customer's rows cost the columns of its partition (65,536 customers).
 *
 * Numbers are without the unit's prefix, as in the generation; number_text (etl/number.h) makes the number the CRM
 * knows. Results live in the arena given. A key that nobody has is no failure: found false, no hits.
 */
#ifndef CRMX_ETL_LOOKUP_H
#define CRMX_ETL_LOOKUP_H

#include "etl/generation.h"
#include "etl/identity.h"
#include "scoring/formula.h"

/* --- from a key --- */

enum { LOOKUP_HITS_MAX = 64 };
struct lookup_hit {
    uint64_t number;
    uint32_t record;  /* in the customer space; of an account in its layout's space */
    bool same_number; /* identity: the whole number is equal; false: a resident number with another check digit */
};
struct lookup_hits {
    struct lookup_hit hit[LOOKUP_HITS_MAX];
    int count;
    bool more; /* than LOOKUP_HITS_MAX */
};

/* Customers, personal and corporate, with this identity. The record is the primary one. */
bool lookup_identity(struct generation *g, struct view id_type, struct view id_no, enum charset charset,
                     struct lookup_hits *out, struct status *st);
/* The customer record with this source number; superseded records are not found. */
bool lookup_source(struct generation *g, int system, struct view key, struct lookup_hits *out, struct status *st);
/* An account by its whole key; parts are trimmed texts, those that the layout does not have are not looked at. One hit
 * for each owner. */
struct lookup_account_key {
    struct view account, sub_account, currency, cash_flag;
};
bool lookup_account(struct generation *g, int table, const struct lookup_account_key *key, struct lookup_hits *out,
                    struct status *st);

/* --- the customer --- */

struct lookup_customer {
    uint64_t number;
    uint32_t partition, place;
    int type;       /* CUSTOMER_PERSONAL, CUSTOMER_CORPORATE */
    unsigned flags; /* CUSTOMER_SELECTED … (etl/populate.h) */
    int32_t entry_date;
    uint32_t primary;        /* record id */
    const uint32_t *members; /* record ids of all its customer records, by priority */
    uint32_t members_count;
};
bool lookup_customer(struct generation *g, uint64_t number, struct arena *arena, struct lookup_customer *out,
                     bool *found, struct status *st);

struct lookup_rows { /* a customer's rows of one table */
    uint32_t count;
    const uint32_t *records;
    const int64_t *const *columns; /* [column of the table][row]; amounts of joint accounts are the owner's share */
};
bool lookup_rows(struct generation *g, const struct lookup_customer *c, int table, struct arena *arena,
                 struct lookup_rows *out, struct status *st);

/* What was computed for the customer: money in minor units. False with a status when the column is not there. */
bool lookup_measure(struct generation *g, const struct lookup_customer *c, const struct formula *f, int measure,
                    int64_t *value, struct status *st);
bool lookup_result(struct generation *g, const struct lookup_customer *c, const struct formula *f, int result,
                   int64_t *value, struct status *st);

/* --- the record --- */

struct lookup_record {
    const struct input_file *file;
    const char *name; /* of the file in which it was sent, and its first byte there */
    uint64_t offset;
    const unsigned char *bytes; /* record_length of them, DECODE_SLACK bytes around may be read */
};
/* layout -1: the customer space. */
bool lookup_record(struct generation *g, int layout, uint32_t record, struct arena *arena, struct lookup_record *out,
                   struct status *st);
/* Folder and charset of a layout's texts. */
enum charset lookup_charset(const struct layout *l);

#endif
