/* interest(field): by the code or the number a field holds, in the account's currency; what has no rate; messages. */
#include "tests/scoring/fixture.h"

#include <string.h>

static const struct schema_interest RATES[] = {
    {"D", "CNY", 100000, 6}, /* 0.1 % */
    {"F", "CNY", 145, 2},    /* 1.45 %, fewer decimals */
    {"F", "USD", 2800000, 6}, {"12", "CNY", 1500000, 6}, {"24", NULL, 2, 0},
    {"24", "CNY", 3, 0},      {"N", "XXX", 9000000, 6},
};

struct row {
    uint32_t owner;
    int64_t fields[FIXTURE_RETAIL_FIELDS]; /* kind currency balance term maturity status rate interest transactions */
};

enum { D, F, N, CNY = 0, USD = 1, EUR = 3 };

static const struct {
    const char *name, *measure;
    struct row rows[4]; /* of customer 1, up to the first with owner 0 */
    int64_t expected;
} CASES[] = {
    {"of a code: 1,000.00 at 1.45",
     "money = sum(retail, cny(balance) * interest(kind))",
     {{1, {F, CNY, 100000}}},
     145000},
    {"of each its own",
     "money = sum(retail, cny(balance) * interest(kind))",
     {{1, {F, CNY, 100000}}, {1, {D, CNY, 100000}}},
     155000},
    {"in its currency: 100.00 USD at 7.123456 and 2.8",
     "money = sum(retail, cny(balance) * interest(kind))",
     {{1, {F, USD, 10000}}},
     199457},
    {"a code without a rate", "money = sum(retail, cny(balance) * interest(kind))", {{1, {N, CNY, 100000}}}, 0},
    {"a currency without a rate", "money = sum(retail, cny(balance) * interest(kind))", {{1, {F, EUR, 100000}}}, 0},
    {"of a term", "money = sum(retail, cny(balance) * interest(term))", {{1, {F, CNY, 100000, 12}}}, 150000},
    {"of a term in every currency",
     "money = sum(retail, cny(balance) * interest(term))",
     {{1, {F, USD, 10000, 24}}},
     142469},
    {"the rate of its currency before that of every currency",
     "money = sum(retail, cny(balance) * interest(term))",
     {{1, {F, CNY, 100000, 24}}},
     300000},
    {"of another term", "money = sum(retail, cny(balance) * interest(term))", {{1, {F, CNY, 100000, 13}}}, 0},
    {"as a number", "number = max(retail, interest(kind) * 100)", {{1, {F, CNY, 1}}, {1, {D, CNY, 1}}}, 145},
    {"in a condition", "number = count(retail where interest(kind) >= 1)", {{1, {F, CNY, 1}}, {1, {D, CNY, 1}}}, 1},
    {"beside another",
     "money = sum(retail where kind = 'F', cny(balance) * max(interest(kind), interest(term)))",
     {{1, {F, CNY, 100000, 12}}},
     150000},
};

static void test_values(void **state)
{
    struct schema schema = FIXTURE_SCHEMA;
    schema.interest = RATES;
    schema.interest_count = (int)(sizeof RATES / sizeof *RATES);
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[1000];
        struct status st = {0};
        struct formula *f;
        struct measure_set *s;
        struct measure_column columns[FIXTURE_RETAIL_FIELDS];
        snprintf(text, sizeof text, "threshold 1; score = 1; measure m %s;", CASES[i].measure);
        fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
        fixture_ok(measure_bind(f, &schema, &FIXTURE_RATES, &s, &st), &st);
        struct measure_block *b = measure_block_new(s);
        measure_block_reset(s, b, 3);
        for (int c = 0; c < FIXTURE_RETAIL_FIELDS; c++) {
            bool code = FIXTURE_RETAIL[c].type == VALUE_CODE || FIXTURE_RETAIL[c].type == VALUE_CURRENCY;
            columns[c] = (struct measure_column){(const unsigned char *)&CASES[i].rows->fields[c], sizeof(struct row),
                                                 code ? 2 : 8, !code};
        }
        uint32_t count = 0;
        while (CASES[i].rows[count].owner) count++;
        struct measure_rows rows = {
            count, {(const unsigned char *)&CASES[i].rows->owner, sizeof(struct row), 4, false}, columns};
        measure_add(s, b, 0, &rows);
        fixture_ok(measure_finish(s, b, &st), &st);
        if (measure_values(b, 0)[1] != CASES[i].expected)
            fail_msg("%s: %lld, expected %lld", CASES[i].name, (long long)measure_values(b, 0)[1],
                     (long long)CASES[i].expected);
        measure_block_free(b);
        measure_set_free(s);
        formula_free(f);
    }
}

static void test_messages(void **state)
{
    static const struct {
        const char *measure, *message;
    } WRONG[] = {
        {"money = sum(retail, cny(balance) * interest(balance))", "interest needs a code or a whole number"},
        {"money = sum(retail, cny(balance) * interest(rate))", "rate is of type number"},
        {"money = sum(retail, cny(balance) * interest(currency))", "currency is of type currency"},
        {"money = sum(retail, cny(balance) * interest(kind = 'D'))", "needs a field of the accounts"},
        {"money = sum(retail, cny(balance) * interest(no_field))", "has no field no_field"},
        {"money = sum(retail, cny(balance) * interest())", "interest takes 1 argument"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        char text[1000];
        struct status st = {0};
        struct formula *f = NULL;
        struct measure_set *s;
        snprintf(text, sizeof text, "threshold 1; score = 1; measure m %s;", WRONG[i].measure);
        bool ok = formula_parse("t.formula", view_of(text), &f, &st) &&
                  measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st);
        assert_false(ok);
        if (!strstr(st.message, WRONG[i].message)) fail_msg("%s: %s", WRONG[i].measure, st.message);
        formula_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_messages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
