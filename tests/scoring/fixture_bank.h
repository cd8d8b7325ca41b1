/* fixture_bank: the tables of the documented bank (domain 6): retail, card, loan, fund, and customer fields. The
 * formulas of docs/formula.md and of tests/scoring/data bind to it. */
#ifndef CRMX_TESTS_SCORING_FIXTURE_BANK_H
#define CRMX_TESTS_SCORING_FIXTURE_BANK_H

#include "scoring/formula.h"
#include "scoring/measure.h"

static const char *const BANK_CURRENCIES[] = {"CNY", "USD", "JPY"};
static const char *const BANK_KINDS[] = {"D", "F"};
static const char *const BANK_SEXES[] = {"M", "F", "U"};
static const struct schema_field BANK_RETAIL[] = {
    {"kind", VALUE_CODE, 0, BANK_KINDS, 2}, {"currency", VALUE_CURRENCY, 0, NULL, 0},
    {"balance", VALUE_MONEY, 2, NULL, 0},   {"term", VALUE_MONTHS, 0, NULL, 0},
    {"opened", VALUE_DATE, 0, NULL, 0},     {"last_movement", VALUE_DATE, 0, NULL, 0}};
static const struct schema_field BANK_CARD[] = {{"currency", VALUE_CURRENCY, 0, NULL, 0},
                                                {"balance", VALUE_MONEY, 2, NULL, 0},
                                                {"overdraft", VALUE_MONEY, 2, NULL, 0},
                                                {"opened", VALUE_DATE, 0, NULL, 0},
                                                {"last_movement", VALUE_DATE, 0, NULL, 0}};
static const struct schema_field BANK_LOAN[] = {{"currency", VALUE_CURRENCY, 0, NULL, 0},
                                                {"balance", VALUE_MONEY, 2, NULL, 0},
                                                {"term", VALUE_MONTHS, 0, NULL, 0},
                                                {"overdue_balance", VALUE_MONEY, 2, NULL, 0},
                                                {"overdue_periods", VALUE_NUMBER, 0, NULL, 0},
                                                {"opened", VALUE_DATE, 0, NULL, 0}};
static const struct schema_field BANK_FUND[] = {{"balance", VALUE_MONEY, 2, NULL, 0}};
enum { BANK_TABLES = 4, BANK_FIELDS_MAX = 6, BANK_CUSTOMER_FIELDS = 3 };
static const struct schema_table BANK_TABLE[BANK_TABLES] = {{"retail_account", "retail", BANK_RETAIL, 6, 1},
                                                            {"card_account", "card", BANK_CARD, 5, 0},
                                                            {"loan_account", "loan", BANK_LOAN, 6, 0},
                                                            {"fund_account", "fund", BANK_FUND, 1, -1}};
static const struct schema_field BANK_CUSTOMER[BANK_CUSTOMER_FIELDS] = {
    {"birth", VALUE_DATE, 0, NULL, 0}, {"sex", VALUE_CODE, 0, BANK_SEXES, 3}, {"opened", VALUE_DATE, 0, NULL, 0}};
/* 2026-10-31 */
static const struct schema BANK_SCHEMA = {
    BANK_TABLE, BANK_TABLES, BANK_CUSTOMER, BANK_CUSTOMER_FIELDS, BANK_CURRENCIES, 3, 20757, 0, NULL, 0, 0};
static const struct measure_rates BANK_RATES = {(const int64_t[]){1000000, 7123456, 4876500},
                                                (const int32_t[]){1, 1, 100}};

#endif
