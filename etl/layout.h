/* layout: what a record of a source file looks like (docs/formats.md, "Input layout"). Pure description: etl/decode
 * compiles it.
 *
 * layout_load reads and checks one INI file; everything lives in the arena given. A layout is read-only afterwards.
 */
#ifndef CRMX_ETL_LAYOUT_H
#define CRMX_ETL_LAYOUT_H

#include "base/arena.h"
#include "base/status.h"

#include <stdint.h>

enum {
    LAYOUT_FIELDS_MAX = 200,
    LAYOUT_RECORD_MAX = 32000, /* bytes of a record without its line end */
    LAYOUT_CODES_MAX = 63,
    LAYOUT_CODE_LENGTH_MAX = 8,
    LAYOUT_FUND_LENGTH_MAX = 16,
    LAYOUT_REASON_LENGTH_MAX = 8,
    LAYOUT_PATTERNS_MAX = 8,
    LAYOUT_NAME_MAX = 50,       /* bytes of a field's name: it names a column of a segment */
    LAYOUT_HOT_MAX = 60,        /* fields kept hot, which the rows of a table carry through the run */
    LAYOUT_HOT_AMOUNTS_MAX = 16 /* of these amounts: each has control totals in every currency */
};

enum layout_class {
    LAYOUT_CUSTOMER,
    LAYOUT_ACCOUNT,
    LAYOUT_CONTACT,
    LAYOUT_ADDRESS,
    LAYOUT_RELATION,
    LAYOUT_RATE,
    LAYOUT_EXCLUSION,
    LAYOUT_TRANSACTION,
    LAYOUT_NAV,      /* net asset values 单位净值 of funds */
    LAYOUT_INTEREST, /* interest rates 利率 */
    LAYOUT_CLASS_COUNT
};
/* As written in the layout file; a change list adds "_change" to the class of the records it changes. */
extern const char *const LAYOUT_CLASS_NAMES[];

enum layout_type { LAYOUT_TEXT, LAYOUT_DIGITS, LAYOUT_AMOUNT, LAYOUT_DATE, LAYOUT_CODE, LAYOUT_CURRENCY, LAYOUT_FUND };
extern const char *const LAYOUT_TYPE_NAMES[];

/* What a field without bytes says, computed from other fields of the record and the night's net asset values. */
enum layout_computed {
    LAYOUT_NOT_COMPUTED,
    LAYOUT_VALUE,   /* value=SHARES*FUND: shares × NAV */
    LAYOUT_NAV_OF,  /* value=nav(FUND) */
    LAYOUT_NAV_DATE /* value=nav_date(FUND): the day the NAV is of */
};

enum layout_sign { LAYOUT_SIGN_LEADING, LAYOUT_SIGN_TRAILING, LAYOUT_SIGN_OVERPUNCH, LAYOUT_SIGN_NONE };
enum layout_date_format { LAYOUT_YYYYMMDD, LAYOUT_YYYY_MM_DD, LAYOUT_YYMMDD, LAYOUT_YYYYDDD };
enum layout_keep { LAYOUT_KEEP_COLD, LAYOUT_KEEP_HOT, LAYOUT_KEEP_DROP };
enum layout_line_end { LAYOUT_LF, LAYOUT_CRLF, LAYOUT_LF_OR_CRLF, LAYOUT_NO_LINE_END };
enum layout_complete {
    LAYOUT_COMPLETE_NONE,
    LAYOUT_COMPLETE_TRAILER,
    LAYOUT_COMPLETE_CTL,
    LAYOUT_COMPLETE_OK,
    LAYOUT_COMPLETE_STABLE
};
enum layout_expect { LAYOUT_EXPECT_ONE, LAYOUT_EXPECT_MANY, LAYOUT_EXPECT_OPTIONAL };
enum layout_encoding { LAYOUT_UTF8, LAYOUT_GB18030 };

/* The parts fields play for the engine. */
enum layout_role {
    ROLE_SOURCE_NO,
    ROLE_ID_TYPE,
    ROLE_ID_NO,
    ROLE_NAME,
    ROLE_BIRTH,
    ROLE_CHANGED,
    ROLE_CUSTOMER_TYPE,
    ROLE_BRANCH,
    ROLE_ACCOUNT,
    ROLE_SUB_ACCOUNT,
    ROLE_CURRENCY,
    ROLE_CASH_FLAG,
    ROLE_OWNER_ROLE,
    ROLE_SHARE,
    ROLE_RATE,
    ROLE_PER_UNIT,
    ROLE_DATE, /* the day a rate is of */
    ROLE_REASON,
    ROLE_EXPIRES,
    ROLE_ACTION,   /* of a change list: what happened (docs/decisions/007) */
    ROLE_POSTED,   /* of a transaction */
    ROLE_SEQUENCE, /* of the system and day */
    ROLE_AMOUNT,
    ROLE_FUND,    /* of a net asset value: the code of the fund */
    ROLE_NAV,     /* its value */
    ROLE_PRODUCT, /* of an interest rate: the code of the product or term */
    ROLE_COUNT,
    ROLE_NONE = ROLE_COUNT
};
extern const char *const LAYOUT_ROLE_NAMES[];
/* What names an account within its system; a relation names one by the first two. */
enum { LAYOUT_ACCOUNT_KEY_PARTS = 4, LAYOUT_RELATION_KEY_PARTS = 2 };
static const enum layout_role LAYOUT_ACCOUNT_KEY[LAYOUT_ACCOUNT_KEY_PARTS] = {ROLE_ACCOUNT, ROLE_SUB_ACCOUNT,
                                                                              ROLE_CURRENCY, ROLE_CASH_FLAG};

struct layout_field {
    const char *name;
    uint32_t offset, length;
    enum layout_type type;
    enum layout_role role;
    enum layout_sign sign;
    enum layout_date_format date_format;
    enum layout_keep keep;
    int scale;      /* amount: implied decimals */
    int pivot;      /* yymmdd: years below it are 20yy */
    int data_class; /* 1, 2, 3 */
    bool required, optional, zero_is_none;
    int32_t from, to; /* accepted days, DATE_NONE: open */
    bool to_business_date;
    const char *const *codes; /* code: the accepted values, trimmed */
    int codes_count;
    int when_field;      /* index of a code field listed before, -1: always checked */
    uint64_t when_codes; /* bit i: the check applies to code i */
    enum layout_computed computed;
    int fund_field, shares_field; /* of a computed field: indices of fields listed before */
    bool else_any;                /* otherwise: not looked at (default: must be zero or blank) */
    int reason;                   /* index into layout.reasons */
};

struct layout_mark { /* a header or trailer record */
    bool present;
    uint32_t match_offset;
    const char *match;
    uint32_t date_offset, date_length, unit_offset, unit_length; /* length 0: not there */
    uint32_t records_offset, records_length;
    int sum_field; /* -1: none */
    uint32_t sum_offset, sum_length;
};

struct layout {
    const char *name;
    const char *version;     /* hash of its text, where somebody asked for it (etl/archive) */
    enum layout_class class; /* of a change list: the class of the records it changes */
    const char *of;          /* change lists and transactions: the layout they change or post to; NULL */
    bool change;             /* a change list */
    const char *ledger;      /* a transaction log: the amounts of `of` its movements add up to; NULL: balance */
    const char *system;      /* NULL for files of reference */
    const char *patterns[LAYOUT_PATTERNS_MAX];
    int patterns_count;
    enum layout_encoding encoding;
    uint32_t record_length;
    enum layout_line_end line_end;
    enum layout_complete complete;
    int stable_seconds;
    enum layout_expect expect;
    int64_t reject_limit_ppm;
    struct layout_field *fields;
    int fields_count;
    const char **reasons; /* reason 0 is the length check */
    int reasons_count;
    int role_field[ROLE_COUNT]; /* index of the field, -1: none */
    struct layout_mark header, trailer;
};

/* Reads layouts/NAME.ini (path given); the file's `name` must be `name`. */
bool layout_load(const char *path, const char *name, struct arena *arena, struct layout **out, struct status *st);
/* The class as it is written in the layout file. */
const char *layout_class_name(const struct layout *l);
/* A whole file each day that a night is computed with, read before all others: rates, net asset values, interest rates,
 * the exclusion list. It belongs to no system. */
bool layout_is_reference(const struct layout *l);
/* The field that is shares × NAV, -1: the amounts are the file's own. */
int layout_value_field(const struct layout *l);
/* Index of the field with that name, -1: none. */
int layout_find(const struct layout *l, const char *field);
/* The shortest distance between the starts of two records: record length + one line end byte, if any. */
uint32_t layout_stride(const struct layout *l);

#endif
