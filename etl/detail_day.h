/* detail_day: the movements of one business date and one transaction log, as a segment of the generation:
 * detail/DATE.LOG.seg. Written once, by the night of that date; the nights after it link the file.
 *
 * Partitioned by account key like the account directory. A partition holds the accounts that moved or whose balance
 * changed, by hash of their key, and their postings in posting order (day, time, sequence, record):
 *
 *     account number record currency opening closing postings kind closed · posting.record .posted .time .sequence
 *     .amount .reversal_of
 *
 * Amounts are in minor units at the scale of the column. Records are ids in the space of account layout and log: what
 * else a record says is read from the archived file. */
#ifndef CRMX_ETL_DETAIL_DAY_H
#define CRMX_ETL_DETAIL_DAY_H

#include "etl/segment.h"

#include <stdint.h>

enum { DETAIL_NO_RECORD = UINT32_MAX };

/* Opening + movement = closing? */
enum detail_kind {
    DETAIL_EVEN,
    DETAIL_BREAK,     /* it is not */
    DETAIL_UNKNOWN,   /* movements of an account that is not known */
    DETAIL_FILTERED,  /* the same where the unit filters accounts: expected */
    DETAIL_REFRESHED, /* the balance of a full unload, which comes without movements */
    DETAIL_KINDS
};
extern const char *const DETAIL_KIND_NAMES[];
static inline bool detail_is_break(enum detail_kind k)
{
    return k == DETAIL_BREAK || k == DETAIL_UNKNOWN;
}

struct detail_account {
    uint64_t account; /* key (import_account_key) */
    uint32_t number;  /* of an owner, without the prefix: the smallest; of a closed account the last one; 0: nobody */
    uint32_t record;  /* the account's record of the day; DETAIL_NO_RECORD */
    int64_t opening, closing;
    uint32_t postings;
    enum detail_kind kind;
    bool closed; /* at the end of the day */
    char currency[4];
};

struct detail_posting {
    int64_t amount;
    uint64_t sequence, reversal_of;
    uint32_t record;
    int32_t posted, time;
};

/* A partition in memory; kept from one load to the next. postings of account i: those behind the ones of i - 1. */
struct detail_rows {
    struct detail_account *accounts;
    struct detail_posting *postings;
    uint64_t accounts_count, accounts_capacity, postings_count, postings_capacity;
    int64_t *values;
    uint64_t values_capacity;
};
void detail_rows_release(struct detail_rows *r);
struct detail_account *detail_rows_add(struct detail_rows *r);
struct detail_posting *detail_rows_add_posting(struct detail_rows *r); /* of the account added last */

void detail_day_declare(struct segment_writer *w, int scale);
void detail_day_put(struct segment_part *part, struct detail_rows *r);
bool detail_day_load(struct segment *s, uint32_t partition, struct detail_rows *out, struct status *st);
int detail_day_scale(const struct segment *s);

#endif
