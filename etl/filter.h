/* filter 过滤: a source-side filter of a unit, applied at import. The unit file names a layout and a condition; a valid
 * record that meets it is left out: counted apart in records and money, in no reject file, in no population.
 *
 *     [filter]
 *     retail_account = balance < 50000.00 and currency = CNY
 *
 *     condition = comparison { "and" comparison }       comparison = FIELD OPERATOR VALUE
 *     OPERATOR  = < <= > >= = <>                         text, code and currency fields: = and <> only
 *     VALUE     by the field: amount 50000.00 or -1, digits 12, date 2026-01-31, text and code a word (_ : blank)
 *
 * An amount is compared as it stands in the record, in the currency of the record. The bar of the documented design
 * (retail, initial load, accounts under 50,000) is written as above. Compiled once per unit, lives in its arena,
 * read-only afterwards.
 */
#ifndef CRMX_ETL_FILTER_H
#define CRMX_ETL_FILTER_H

#include "etl/decode.h"

enum { FILTER_COMPARISONS_MAX = 8 };

enum filter_operator { FILTER_LESS, FILTER_AT_MOST, FILTER_MORE, FILTER_AT_LEAST, FILTER_EQUAL, FILTER_OTHER };

struct filter_comparison {
    int field;
    enum filter_operator how;
    int64_t value;    /* at the field's scale; dates as day number */
    const char *text; /* text, code, currency: the word; "" for blank */
};

struct filter {
    const struct layout *layout;
    const char *condition; /* as written */
    struct filter_comparison comparisons[FILTER_COMPARISONS_MAX];
    int count;
};

/* NULL and a status (STATUS_USAGE) that says what is wrong with the condition; the caller adds where it stands. */
struct filter *filter_parse(const struct layout *l, const char *condition, struct arena *arena, struct status *st);
/* Does a record that decode_accept took meet the condition? `d` is the decoder of its layout. */
bool filter_meets(const struct filter *f, const struct decoder *d, const unsigned char *record);

#endif
