/* statement_layout: what the consolidated monthly statement 综合月结单 looks like: statements/NAME.ini (docs/formats.md,
 * "Statement layout"). Every line is a template: text and {field}, {field:WIDTH} (left), {field:>WIDTH} (right),
 * {:WIDTH} (blanks). Widths are columns of a printer: a Chinese character takes two. What does not fit is cut, a
 * character never in two; amounts are never cut.
 *
 * statement_layout_load reads and checks one file; everything lives in the arena. */
#ifndef CRMX_ETL_STATEMENT_LAYOUT_H
#define CRMX_ETL_STATEMENT_LAYOUT_H

#include "base/arena.h"
#include "base/buf.h"
#include "etl/layout.h"

enum statement_field {
    STATEMENT_UNIT,
    STATEMENT_UNIT_NAME,
    STATEMENT_MONTH,
    STATEMENT_FROM,
    STATEMENT_FROM_KIND,
    STATEMENT_TO,
    STATEMENT_NUMBER,
    STATEMENT_NAME,
    STATEMENT_PAGE,
    STATEMENT_PAGES,
    STATEMENT_TITLE,
    STATEMENT_ACCOUNT,
    STATEMENT_SUB_ACCOUNT,
    STATEMENT_CURRENCY,
    STATEMENT_DATE,
    STATEMENT_TIME,
    STATEMENT_SEQUENCE,
    STATEMENT_TEXT,
    STATEMENT_REVERSAL_OF,
    STATEMENT_AMOUNT,
    STATEMENT_BALANCE,
    STATEMENT_SIDE,
    STATEMENT_OPENING,
    STATEMENT_IN,
    STATEMENT_OUT,
    STATEMENT_ADJUSTED,
    STATEMENT_CLOSING,
    STATEMENT_RATE,
    STATEMENT_RATE_DATE,
    STATEMENT_CONVERTED,
    STATEMENT_ASSETS,
    STATEMENT_LIABILITIES,
    STATEMENT_NET,
    STATEMENT_NAV,
    STATEMENT_FIELDS
};

enum statement_line { /* of the body, [body] KEY = … */
                      LINE_ACCOUNT,
                      LINE_OPENING,
                      LINE_POSTING,
                      LINE_REVERSAL,
                      LINE_ADJUSTMENT,
                      LINE_CLOSING,
                      LINE_CLOSED, /* instead of closing: the account was closed in the month */
                      LINE_VALUE, /* below the closing balance of an account that is kept in shares: what it is worth */
                      LINE_JOINT, /* instead of all of these: a joint account that another owner's statement shows */
                      LINE_NONE,  /* the customer has no account with a transaction log */
                      LINE_TOTALS, /* above the totals */
                      LINE_TOTAL,  /* per side and currency */
                      LINE_NET,
                      LINE_COUNT
};

struct statement_piece {
    struct view text; /* literal, when field is -1 */
    int field, width; /* width 0: as long as it is */
    bool right;
};
struct statement_template { /* count 0: the line is not printed */
    struct statement_piece *pieces;
    int count;
};

enum { STATEMENT_MARGIN_MAX = 12 };

struct statement_layout {
    const char *name, *file, *csv; /* csv NULL: none */
    enum layout_encoding encoding;
    bool crlf, form_feed;
    bool from_entry; /* who entered the CRM in the month: opening as of that date */
    int page_length; /* lines; 0: no pages */
    const char *liabilities;
    struct statement_template header[STATEMENT_MARGIN_MAX], footer[STATEMENT_MARGIN_MAX], body[LINE_COUNT];
    int header_count, footer_count;
    const char **titles; /* pairs of layout and title, NULL ends them */
};

bool statement_layout_load(const char *path, const char *name, struct arena *arena, struct statement_layout **out,
                           struct status *st);
/* The title of an account layout; the layout's name when it has none. */
const char *statement_title(const struct statement_layout *l, const char *account_layout);
bool statement_is_liability(const struct statement_layout *l, const char *account_layout);

/* Appends the line in UTF-8 with one '\n'. values: UTF-8 texts by field, NULL: empty. */
void statement_fill(const struct statement_template *t, const char *const values[STATEMENT_FIELDS], struct buf *out);

#endif
