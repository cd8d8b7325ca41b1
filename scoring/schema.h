/* schema: the words a formula may use: account tables and their fields, customer fields, currencies.
 * Built by the engine from the layouts; everything lives as long as the schema's owner says. */
#ifndef CRMX_SCORING_SCHEMA_H
#define CRMX_SCORING_SCHEMA_H

#include <stdint.h>

enum value_type {
    VALUE_MONEY,    /* integer with `scale` decimals, of the row's currency (account) or the base currency (measure) */
    VALUE_NUMBER,   /* integer with `scale` decimals (scale 0: a plain count) */
    VALUE_MONTHS,   /* whole months */
    VALUE_DATE,     /* day number, DATE_NONE for none (base/date.h) */
    VALUE_CODE,     /* index into codes[] */
    VALUE_CURRENCY, /* index into schema.currencies[] */
    VALUE_BOOLEAN
};

struct schema_field {
    const char *name; /* as in the layout, e.g. balance; may be Chinese */
    enum value_type type;
    int scale;
    const char *const *codes; /* VALUE_CODE only */
    int codes_count;
};

struct schema_table {
    const char *name; /* layout name, e.g. retail_account */
    const char
        *system; /* e.g. retail; a formula may name the system, the layout, or `accounts` for all. "": no accounts */
    const struct schema_field *fields;
    int fields_count;
    int currency_field; /* index of the row's currency, -1: every row is in the base currency */
};

struct schema_interest {            /* an interest rate of the night: percent a year */
    const char *product, *currency; /* currency NULL: in every one */
    int64_t rate;
    int scale;
};

struct schema {
    const struct schema_table *tables;
    int tables_count;
    const struct schema_field *customer_fields; /* birth, sex, opened …: of the primary record */
    int customer_fields_count;
    const char *const *currencies; /* ISO codes; index 0 is the base currency */
    int currencies_count;
    int32_t business_date;
    int customer_averages_count; /* the last so many customer fields come out of measures (average balances): they are
                                    not known yet while accounts are added up, so no aggregate reads them */
    const struct schema_interest *interest; /* for interest(); NULL: none are known */
    int interest_count;
    int customer_query_count; /* the last so many customer fields are known to queries alone (etl/query_field.h) */
};

#endif
