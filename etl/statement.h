/* statement: the consolidated monthly statements 综合月结单 of a generation, one for each CRM customer.
 *
 *   210 collect   statement_collect.c   CRM customers and their accounts, out of the population; accounts meet the
 *                                       month's days (etl/detail_day), partition by partition; what belongs to a
 *                                       customer goes to the customer's range
 *   220 render    statement_render.c    range after range: text and CSV in the order of the numbers
 *
 * Both go through exchanges: memory is the run's budget. The bytes do not depend on threads or memory.
 *
 * Each account is stated once: with its owner; of several owners who are CRM customers with the one who has the
 * smallest number, the others are told where it is (docs/decisions/011). opening + movements + adjustments = closing
 * holds on every account: what movements do not explain (a break, a full unload) is printed as an adjustment of its
 * day. */
#ifndef CRMX_ETL_STATEMENT_H
#define CRMX_ETL_STATEMENT_H

#include "base/pool.h"
#include "etl/detail_month.h"
#include "etl/detail_shape.h"
#include "etl/exchange.h"
#include "etl/generation.h"
#include "etl/statement_layout.h"

struct statement_sum { /* of a table and currency */
    uint64_t accounts, postings, adjustments;
    __int128 opening, in, out, adjusted, closing;
    __int128 value; /* of accounts kept in shares: what they are worth, at the scale of the value */
};

struct statement_table { /* an account table with a transaction log */
    int table, log;      /* in the generation; layout of the unit */
    struct detail_shape shape;
    struct detail_ledger *ledger; /* per layout of the unit */
    int bits;                     /* 2^bits partitions of its days and directory */
    struct segment **days;        /* of the month */
    int32_t *dates;
    int days_count;
    bool liability;
    const char *title;
    /* Ledger of the CRM customers' rows as the population's columns have it; columns_count 0: not all of them are hot,
     * or accounts have several owners. */
    int columns[DETAIL_LEDGER_MAX], columns_count, currency_column;
    __int128 population[DECODE_CURRENCIES_MAX];
    /* The balance is shares × NAV (docs/decisions/012): the ledger is in shares, money is what they are worth. */
    bool in_shares;
    int value_scale, value_column; /* of the population; -1: as columns_count 0 */
    __int128 population_value[DECODE_CURRENCIES_MAX];
    struct statement_sum *sums; /* [currency]: as rendered */
};

enum statement_what {                /* order of a customer's tuples: statement_order */
                      WHAT_CUSTOMER, /* record: primary; day: entry date */
                      WHAT_ACCOUNT,  /* amount: opening; other: closing */
                      WHAT_JOINT,    /* other: index of the customer who has it on the statement */
                      WHAT_POSTING,  /* other: reversal_of */
                      WHAT_ADJUSTMENT
};
struct statement_tuple {
    uint32_t customer; /* index: number - first_number */
    uint8_t table, what, closed, currency;
    uint64_t account;
    int64_t amount, other, value; /* value, fund: WHAT_ACCOUNT of a table that is kept in shares */
    uint64_t sequence;
    uint32_t record;
    int32_t day, posted, time;
    uint32_t fund; /* place of its NAV */
};

struct statement_totals {
    uint64_t customers, pages, lines, malformed, unstated; /* unstated: accounts of the detail of nobody in the CRM */
    uint64_t folded; /* movements before a customer's entry: in the opening balance */
    uint64_t postings_collected, accounts_collected;
    uint64_t text_bytes, csv_bytes;
};

struct statement {
    /* by the caller */
    struct generation *g;
    const struct statement_layout *layout;
    struct pool *pool;
    struct budget *budget;
    struct arena *arena;
    const char *spill_folder, *folder; /* folder: of the files */
    /* since when: the first day of the month, or the first one that is kept; `from_kind` in words */
    int32_t from;
    const char *from_kind;
    /* results */
    struct statement_table *tables;
    int tables_count;
    struct exchange accounts, items; /* by account key; by range of customers */
    int range_bits;
    uint64_t *crm; /* bitmap by index: CRM customers */
    struct redirect {
        uint32_t number, to;
    } * redirects;
    uint32_t redirects_count, redirects_capacity;
    struct statement_totals totals;
};

/* Opens what the generation has of the month; STATUS_USAGE when nothing can be stated. */
bool statement_open(struct statement *s, struct status *st);
bool statement_collect(struct statement *s, struct status *st);
bool statement_render(struct statement *s, struct status *st);
/* totals.tsv and tieout.tsv beside the files; STATUS_CONSERVATION when they do not tie out to the population. */
bool statement_tie_out(const struct statement *s, struct status *st);
void statement_close(struct statement *s);

/* --- parts --- */
/* 1234567 at a scale → "12,345.67"; at least the currency's minor units, more when they are not zero. */
enum { STATEMENT_MONEY_MAX = 64 };
char *statement_money(__int128 amount, int scale, const char *currency, char text[STATEMENT_MONEY_MAX]);
/* An exact share of the base currency's minor units, to be rounded once: numerator over STATEMENT_UNIT_OF_BASE. */
__int128 statement_convert(const struct rates *r, int currency, __int128 amount, int scale);
/* Rounded half away from zero, at two decimals. */
__int128 statement_round(__int128 exact);

#endif
