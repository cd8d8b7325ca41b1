/* fixture_schema: one schema for tests and fuzzers of formulas, with every type of field. */
#ifndef CRMX_TESTS_SCORING_FIXTURE_SCHEMA_H
#define CRMX_TESTS_SCORING_FIXTURE_SCHEMA_H

#include "scoring/formula.h"
#include "scoring/measure.h"

enum { FIXTURE_CURRENCIES = 5, FIXTURE_TABLES = 5, FIXTURE_CUSTOMER_FIELDS = 8, FIXTURE_RETAIL_FIELDS = 9 };

static const char *const FIXTURE_CURRENCY[] = {"CNY", "USD", "JPY", "EUR", "HKD"};
static const char *const FIXTURE_KIND[] = {"D", "F", "N"};
static const char *const FIXTURE_STATUS[] = {"OPEN", "FROZEN", "DORMANT", "CLOSED"};
static const char *const FIXTURE_SEX[] = {"M", "F", "U"};

static const struct schema_field FIXTURE_RETAIL[] = {
    {"kind", VALUE_CODE, 0, FIXTURE_KIND, 3},  {"currency", VALUE_CURRENCY, 0, NULL, 0},
    {"balance", VALUE_MONEY, 2, NULL, 0},      {"term", VALUE_MONTHS, 0, NULL, 0},
    {"maturity", VALUE_DATE, 0, NULL, 0},      {"status", VALUE_CODE, 0, FIXTURE_STATUS, 4},
    {"rate", VALUE_NUMBER, 6, NULL, 0},        {"interest", VALUE_MONEY, 4, NULL, 0},
    {"transactions", VALUE_NUMBER, 0, NULL, 0}};
static const struct schema_field FIXTURE_CARD[] = {{"currency", VALUE_CURRENCY, 0, NULL, 0},
                                                   {"balance", VALUE_MONEY, 2, NULL, 0},
                                                   {"overdraft", VALUE_MONEY, 2, NULL, 0}};
static const struct schema_field FIXTURE_FUND[] = {
    {"balance", VALUE_MONEY, 2, NULL, 0}, {"shares", VALUE_NUMBER, 4, NULL, 0}, {"nav", VALUE_MONEY, 4, NULL, 0}};

static const struct schema_table FIXTURE_TABLE[FIXTURE_TABLES] = {
    {"retail_account", "retail", FIXTURE_RETAIL, FIXTURE_RETAIL_FIELDS, 1},
    {"retail_notice", "retail", FIXTURE_RETAIL, FIXTURE_RETAIL_FIELDS, 1},
    {"card_account", "card", FIXTURE_CARD, 3, 0},
    {"fund_account", "fund", FIXTURE_FUND, 3, -1},
    {"fund_plan", "fund", FIXTURE_FUND, 3, -1}};

static const struct schema_field FIXTURE_CUSTOMER[FIXTURE_CUSTOMER_FIELDS] = {
    {"birth", VALUE_DATE, 0, NULL, 0},
    {"sex", VALUE_CODE, 0, FIXTURE_SEX, 3},
    {"opened", VALUE_DATE, 0, NULL, 0},
    {"income", VALUE_MONEY, 2, NULL, 0},
    {"family", VALUE_NUMBER, 1, NULL, 0},
    {"married", VALUE_BOOLEAN, 0, NULL, 0},
    {"home_currency", VALUE_CURRENCY, 0, NULL, 0},
    {"deposits_month", VALUE_MONEY, 2, NULL, 0}}; /* an average: out of measures */

/* 2026-10-31 */
static const struct schema FIXTURE_SCHEMA = {FIXTURE_TABLE,
                                             FIXTURE_TABLES,
                                             FIXTURE_CUSTOMER,
                                             FIXTURE_CUSTOMER_FIELDS,
                                             FIXTURE_CURRENCY,
                                             FIXTURE_CURRENCIES,
                                             20757,
                                             1,
                                             NULL,
                                             0,
                                             0};

/* HKD has no rate. */
static const struct measure_rates FIXTURE_RATES = {(const int64_t[]){1000000, 7123456, 4876500, 7765432, 0},
                                                   (const int32_t[]){1, 1, 100, 10, 1}};

#endif
