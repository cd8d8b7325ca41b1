/* Measures at their edges: rounding, 64 and 128 bits, rates that are not there, missing dates, many codes, many groups,
 * empty and repeated blocks. */
#include "tests/scoring/fixture.h"

#include "scoring/measure_plan.h"

#include <string.h>

struct row {
    uint32_t owner;
    int64_t fields[FIXTURE_RETAIL_FIELDS]; /* kind currency balance term maturity status rate interest transactions */
};

static void add_rows(const struct measure_set *s, struct measure_block *b, const struct schema *schema, int table,
                     const struct row *rows, uint32_t count)
{
    struct measure_column columns[FIXTURE_RETAIL_FIELDS];
    const struct schema_table *t = &schema->tables[table];
    for (int i = 0; i < FIXTURE_RETAIL_FIELDS; i++) {
        bool code = i < t->fields_count && (t->fields[i].type == VALUE_CODE || t->fields[i].type == VALUE_CURRENCY);
        columns[i] =
            (struct measure_column){(const unsigned char *)&rows->fields[i], sizeof *rows, code ? 2 : 8, !code};
    }
    struct measure_rows r = {count, {(const unsigned char *)&rows->owner, sizeof *rows, 4, false}, columns};
    measure_add(s, b, table, &r);
}

/* One measure over one table; the values of three customers. */
static bool run(const struct measure_rates *rates, const char *measure, int table, const struct row *rows,
                uint32_t count, int64_t values[3], struct status *st)
{
    char text[1000];
    struct formula *f;
    struct measure_set *s;
    snprintf(text, sizeof text, "threshold 1; score = 1; measure m %s;", measure);
    fixture_ok(formula_parse("t.formula", view_of(text), &f, st), st);
    fixture_ok(measure_bind(f, &FIXTURE_SCHEMA, rates, &s, st), st);
    struct measure_block *b = measure_block_new(s);
    measure_block_reset(s, b, 3);
    add_rows(s, b, &FIXTURE_SCHEMA, table, rows, count);
    bool ok = measure_finish(s, b, st);
    memcpy(values, measure_values(b, 0), sizeof *values * 3);
    measure_block_free(b);
    measure_set_free(s);
    formula_free(f);
    return ok;
}

enum { RETAIL = 0, CARD = 2, FUND = 3, CNY = 0, USD = 1, JPY = 2, HKD = 4, NONE = DATE_NONE };

struct value_case {
    const char *name, *measure;
    int table;
    struct row rows[4]; /* of customer 1, up to the first with owner 0 */
    int64_t expected;
};

static const struct value_case VALUES[] = {
    {"half away from zero, positive", "number = sum(fund, shares)", FUND, {{1, {0, 5000}}}, 1},
    {"half away from zero, negative", "number = sum(fund, shares)", FUND, {{1, {0, -5000}}}, -1},
    {"below the half", "number = sum(fund, shares)", FUND, {{1, {0, 4999}}}, 0},
    {"rounded once, not per row", "number = sum(fund, shares)", FUND, {{1, {0, 4000}}, {1, {0, 4000}}}, 1},
    {"base and foreign currency are one sum before rounding: 4.5, not 5 and -1",
     "money = sum(card, if(currency='CNY', cny(balance), cny(balance)*0 - 0.005))",
     CARD,
     {{1, {CNY, 5}}, {1, {USD, 1}}},
     5},
    {"a negative part of a half", "money = sum(card, cny(balance)*0.5)", CARD, {{1, {CNY, 5}}, {1, {CNY, -6}}}, -1},
    {"per 100 units", "money = sum(card, cny(balance))", CARD, {{1, {JPY, 1000000}}}, 48765},
    {"average, half away", "money = avg(fund, balance)", FUND, {{1, {5}}, {1, {6}}}, 6},
    {"average of three", "money = avg(fund, balance)", FUND, {{1, {-5}}, {1, {-5}}, {1, {-6}}}, -5},
    {"smallest of negative and foreign",
     "money = min(card, cny(balance))",
     CARD,
     {{1, {CNY, -700}}, {1, {USD, -100}}},
     -712},
    {"largest below zero", "money = max(card, cny(balance))", CARD, {{1, {CNY, -800}}, {1, {USD, -100}}}, -712},
    {"count", "number = count(retail where kind='D')", RETAIL, {{1, {0}}, {1, {1}}, {1, {0}}}, 2},
    {"nothing counted is 0", "money = max(retail where kind='N', cny(balance))", RETAIL, {{1, {0, 0, 5}}}, 0},
    {"a missing date is before nothing",
     "number = count(retail where maturity < business_date)",
     RETAIL,
     {{1, {0, 0, 0, 0, NONE}}, {1, {0, 0, 0, 0, 20000}}},
     1},
    {"and after nothing",
     "number = count(retail where maturity >= business_date)",
     RETAIL,
     {{1, {0, 0, 0, 0, NONE}}, {1, {0, 0, 0, 0, 20757}}},
     1},
    {"and unequal to nothing",
     "number = count(retail where maturity <> business_date)",
     RETAIL,
     {{1, {0, 0, 0, 0, NONE}}, {1, {0, 0, 0, 0, 20756}}},
     1},
    {"so its denial holds",
     "number = count(retail where not maturity < business_date)",
     RETAIL,
     {{1, {0, 0, 0, 0, NONE}}, {1, {0, 0, 0, 0, 20000}}},
     1},
    {"in a list of dates",
     "number = count(retail where maturity in (business_date, business_date + 1))",
     RETAIL,
     {{1, {0, 0, 0, 0, NONE}}, {1, {0, 0, 0, 0, 20758}}},
     1},
    {"matured counts as demand",
     "money = sum(retail where kind='D' or coalesce(maturity, business_date + 1) <= business_date, cny(balance))",
     RETAIL,
     {{1, {0, 0, 100, 0, NONE}}, {1, {1, 0, 10, 0, 20757}}, {1, {1, 0, 1, 0, 20758}}},
     110},
    {"days to maturity",
     "number = sum(retail, coalesce(maturity, business_date) - business_date)",
     RETAIL,
     {{1, {0, 0, 0, 0, NONE}}, {1, {0, 0, 0, 0, 20767}}},
     10},
    {"by account, not by sums",
     "money = sum(retail where kind='F', cny(balance)*term)",
     RETAIL,
     {{1, {1, 0, 100, 12}}, {1, {1, 0, 10, 3}}},
     1230},
    {"conditions inside the expression",
     "money = sum(retail, if(kind='F', 0, cny(balance)))",
     RETAIL,
     {{1, {0, 0, 7}}, {1, {1, 0, 50}}},
     7},
    {"case inside the expression",
     "number = sum(retail, case when kind='D' then 1 when kind='F' then 10 else 100 end)",
     RETAIL,
     {{1, {0}}, {1, {1}}, {1, {2}}},
     111},
    {"the code first",
     "number = count(retail where 'D' = kind and \"OPEN\"<>status)",
     RETAIL,
     {{1, {0, 0, 0, 0, 0, 1}}, {1, {0}}, {1, {1}}},
     1},
    {"constant conditions", "number = sum(retail where true and not false, if(false, 5, 7))", RETAIL, {{1, {0}}}, 7},
    {"a missing date in arithmetic",
     "number = count(retail where maturity - 5 < business_date)",
     RETAIL,
     {{1, {0, 0, 0, 0, NONE}}, {1, {0, 0, 0, 0, 20761}}, {1, {0, 0, 0, 0, 20762}}},
     1},
    {"a missing date in a choice",
     "number = count(retail where if(kind='F', maturity, business_date) <= business_date)",
     RETAIL,
     {{1, {0, 0, 0, 0, NONE}}, {1, {1, 0, 0, 0, NONE}}, {1, {1, 0, 0, 0, 5}}},
     2},
    {"known of a choice",
     "number = count(retail where known(if(kind='F', maturity, business_date)))",
     RETAIL,
     {{1, {0, 0, 0, 0, NONE}}, {1, {1, 0, 0, 0, NONE}}, {1, {1, 0, 0, 0, 5}}},
     2},
    {"a literal beside money is money",
     "money = sum(retail, max(cny(balance), 0.05))",
     RETAIL,
     {{1, {0, 0, 3}}, {1, {0, 0, 7}}},
     12},
    {"four decimals beside two", "money = sum(fund, nav + balance)", FUND, {{1, {100, 0, 150}}}, 102},
    {"shares × value", "money = sum(fund, nav*shares)", FUND, {{1, {0, 1234567, 15432}}}, 19052},
    {"a guard protects what it guards",
     "number = sum(retail, if(transactions < 10, transactions*transactions*transactions, 0))",
     RETAIL,
     {{1, {0, 0, 0, 0, 0, 0, 0, 0, INT64_MAX}}, {1, {0, 0, 0, 0, 0, 0, 0, 0, 2}}},
     8},
    {"and does, from left to right",
     "number = count(retail where transactions < 10 and transactions*transactions*transactions > 1)",
     RETAIL,
     {{1, {0, 0, 0, 0, 0, 0, 0, 0, INT64_MAX}}, {1, {0, 0, 0, 0, 0, 0, 0, 0, 2}}},
     1},
    {"the largest sum", "money = sum(fund, balance)", FUND, {{1, {INT64_MAX - 1}}, {1, {1}}}, INT64_MAX},
    {"the smallest sum", "money = sum(fund, balance)", FUND, {{1, {INT64_MIN + 1}}, {1, {-1}}}, INT64_MIN},
    {"a wide sum that falls back into 64 bits",
     "number = sum(fund, shares)",
     FUND,
     {{1, {0, INT64_MAX}}, {1, {0, INT64_MAX}}},
     1844674407370955},
    {"no rate, but no account of it counts",
     "money = sum(card where currency<>'HKD', cny(balance))",
     CARD,
     {{1, {HKD, 5}}, {1, {CNY, 6}}},
     6},
};

static uint32_t rows_of(const struct row *rows)
{
    uint32_t count = 0;
    while (count < 4 && rows[count].owner) count++;
    return count;
}

static void test_values(void **state)
{
    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++) {
        struct status st = {0};
        int64_t values[3];
        const struct value_case *c = &VALUES[i];
        fixture_ok(run(&FIXTURE_RATES, c->measure, c->table, c->rows, rows_of(c->rows), values, &st), &st);
        if (values[1] != c->expected)
            print_error("%s: %lld, expected %lld\n", c->name, (long long)values[1], (long long)c->expected);
        assert_int_equal(values[1], c->expected);
        assert_int_equal(values[0], 0);
        assert_int_equal(values[2], 0);
    }
}

static const struct {
    const char *measure;
    int table;
    struct row rows[4];
    const char *message, *hint;
} FAILURES[] = {
    {"money = sum(fund, balance)",
     FUND,
     {{1, {INT64_MAX}}, {1, {1}}},
     "t.formula: measure m of customer 1 of the batch is too large for 64 bits",
     "look at the amounts of this customer: one of them is not money"},
    {"money = sum(fund, balance*2)",
     FUND,
     {{2, {INT64_MAX}}},
     "t.formula: measure m of customer 2 of the batch is too large for 64 bits",
     "look at the amounts of this customer: one of them is not money"},
    {"number = sum(retail, transactions*term)",
     RETAIL,
     {{1, {0, 0, 0, INT64_MAX, 0, 0, 0, 0, 2}}},
     "t.formula: measure m of customer 1 of the batch is too large for 64 bits",
     "look at the amounts of this customer: one of them is not money"},
    {"number = sum(retail, transactions*transactions*transactions)",
     RETAIL,
     {{1, {0, 0, 0, 0, 0, 0, 0, 0, 1}}, {2, {0, 0, 0, 0, 0, 0, 0, 0, INT64_MAX}}},
     "t.formula: measure m of customer 2 of the batch is too large for 64 bits",
     "look at the amounts of this customer: one of them is not money"},
    {"number = count(retail where transactions*transactions*transactions > 5)",
     RETAIL,
     {{1, {0, 0, 0, 0, 0, 0, 0, 0, 1}}, {2, {0, 0, 0, 0, 0, 0, 0, 0, INT64_MAX}}},
     "t.formula: measure m of customer 2 of the batch is too large for 64 bits",
     "look at the amounts of this customer: one of them is not money"},
    {"money = sum(card, cny(balance))",
     CARD,
     {{1, {USD, INT64_MAX}}},
     "t.formula: measure m of customer 1 of the batch is too large for 64 bits",
     "look at the amounts of this customer: one of them is not money"},
    {"money = sum(retail, cny(balance)*transactions)",
     RETAIL,
     {{1, {0, USD, INT64_MAX, 0, 0, 0, 0, 0, INT64_MAX}}},
     "t.formula: measure m of customer 1 of the batch is too large for 64 bits",
     "look at the amounts of this customer: one of them is not money"},
    {"number = avg(retail, transactions*transactions)",
     RETAIL,
     {{1, {0, 0, 0, 0, 0, 0, 0, 0, INT64_MAX}}},
     "t.formula: measure m of customer 1 of the batch is too large for 64 bits",
     "look at the amounts of this customer: one of them is not money"},
    {"date = max(retail, maturity + 99999999)",
     RETAIL,
     {{2, {0}}},
     "t.formula: measure m of customer 2 of the batch adds days to a date beyond the years 1 to 9999",
     "bound the number of days with min(…) and max(…)"},
    {"number = count(retail where maturity - transactions > maturity)",
     RETAIL,
     {{1, {0}}, {2, {0, 0, 0, 0, 0, 0, 0, 0, 719163}}},
     "t.formula: measure m of customer 2 of the batch adds days to a date beyond the years 1 to 9999",
     "bound the number of days with min(…) and max(…)"},
    {"number = sum(retail, transactions*transactions*transactions + days_since(coalesce(maturity, business_date) + "
     "transactions))",
     RETAIL,
     {{2, {0, 0, 0, 0, 0, 0, 0, 0, INT64_MAX}}},
     "t.formula: measure m of customer 2 of the batch is too large for 64 bits",
     "look at the amounts of this customer: one of them is not money"},
    {"money = sum(card, cny(balance))",
     CARD,
     {{1, {HKD, 5}}},
     "an account is in HKD, which has no rate on the business date",
     "accounts without a rate are rejected by import; look at the rate file"},
    {"number = count(card where cny(balance) > 5)",
     CARD,
     {{1, {HKD, 5}}},
     "an account is in HKD, which has no rate on the business date",
     "accounts without a rate are rejected by import; look at the rate file"},
};

static void test_failures(void **state)
{
    for (size_t i = 0; i < sizeof FAILURES / sizeof FAILURES[0]; i++) {
        struct status st = {0};
        int64_t values[3];
        assert_false(run(&FIXTURE_RATES, FAILURES[i].measure, FAILURES[i].table, FAILURES[i].rows,
                         rows_of(FAILURES[i].rows), values, &st));
        assert_string_equal(st.message, FAILURES[i].message);
        assert_string_equal(st.hint, FAILURES[i].hint);
        assert_int_equal(st.code, STATUS_INPUT);
    }
}

/* Sums that only many rows, or a rate that no currency has, can bring beyond their bits. */
static void test_overflow_of_sums(void **state)
{
    static struct row rows[10000];
    const struct measure_rates huge_rates = {(const int64_t[]){1000000, INT64_MAX / 2, 1, 1, 1},
                                             (const int32_t[]){1, 1, 1, 1, 1}};
    static const struct {
        const char *measure;
        uint32_t rows, fits;
        int64_t amount;
    } CASES_OF[] = {{"number = sum(card, 999999999999999)", 10000, 9223, 0},
                    {"money = sum(card, cny(balance))", 10, 4, INT64_MAX},
                    {"money = sum(card, cny(balance)*1.0)", 10, 4, INT64_MIN},
                    {"money = avg(card, cny(balance))", 10, 4, INT64_MAX}};
    const char *message = "t.formula: measure m of customer 1 of the batch is too large for 64 bits";
    for (size_t i = 0; i < sizeof CASES_OF / sizeof CASES_OF[0]; i++) {
        struct status st = {0};
        int64_t values[3];
        for (uint32_t k = 0; k < CASES_OF[i].rows; k++) rows[k] = (struct row){1, {USD, CASES_OF[i].amount}};
        /* More rows than the sum has bits for are refused at once; fewer at the end, unless they fit 64 bits. */
        assert_false(run(&huge_rates, CASES_OF[i].measure, CARD, rows, CASES_OF[i].rows, values, &st));
        assert_string_equal(st.message, message);
        status_clear(&st);
        assert_int_equal(run(&huge_rates, CASES_OF[i].measure, CARD, rows, CASES_OF[i].fits, values, &st), i == 0);
        if (i == 0) assert_int_equal(values[1], 9223 * 999999999999999);
    }
}

/* A block that failed, or was left half-way, is clean after the next reset. */
static void test_reuse(void **state)
{
    struct status st = {0};
    struct formula *f;
    struct measure_set *s;
    const char *text =
        "threshold 1; score = 1; measure m money = sum(card, cny(balance)); measure a money = avg(card, cny(balance));";
    fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
    fixture_ok(measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st), &st);
    struct measure_block *b = measure_block_new(s);
    const struct row bad = {1, {USD, INT64_MAX}}, good = {1, {USD, 100}},
                     last = {MEASURE_BLOCK_CUSTOMERS - 1, {USD, 100}};
    measure_block_reset(s, b, 2);
    add_rows(s, b, &FIXTURE_SCHEMA, CARD, &bad, 1);
    assert_false(measure_finish(s, b, &st));
    status_clear(&st);
    measure_block_reset(s, b, 2);
    add_rows(s, b, &FIXTURE_SCHEMA, CARD, &bad, 1);
    measure_block_reset(s, b, MEASURE_BLOCK_CUSTOMERS);
    add_rows(s, b, &FIXTURE_SCHEMA, CARD, &good, 1);
    add_rows(s, b, &FIXTURE_SCHEMA, CARD, &last, 1);
    add_rows(s, b, &FIXTURE_SCHEMA, CARD, &last, 0);
    fixture_ok(measure_finish(s, b, &st), &st);
    for (int m = 0; m < 2; m++)
        for (uint32_t i = 0; i < MEASURE_BLOCK_CUSTOMERS; i++)
            assert_int_equal(measure_values(b, m)[i], i == 1 || i == MEASURE_BLOCK_CUSTOMERS - 1 ? 712 : 0);
    measure_block_free(b);
    measure_set_free(s);
    formula_free(f);
}

/* Customers nobody asks about do not stop the others; the next reset asks about everybody again. */
static void test_ignored(void **state)
{
    static const char *const MEASURES[] = {"money = sum(card, cny(balance))", "money = sum(fund, balance)",
                                           "number = sum(retail, transactions*transactions*transactions)"};
    static const struct row BAD[][2] = {{{1, {USD, INT64_MAX}}, {2, {USD, 100}}},
                                        {{1, {INT64_MAX}}, {2, {712}}},
                                        {{1, {0, 0, 0, 0, 0, 0, 0, 0, INT64_MAX}}, {2, {0, 0, 0, 0, 0, 0, 0, 0, 3}}}};
    static const int TABLES[] = {CARD, FUND, RETAIL}, EXPECTED[] = {712, 712, 27};
    static const bool ONE[3] = {false, true, false}, OTHER[3] = {true, false, false};
    for (size_t i = 0; i < 3; i++) {
        struct status st = {0};
        struct formula *f;
        struct measure_set *s;
        char text[200];
        snprintf(text, sizeof text, "threshold 1; score = 1; measure m %s;", MEASURES[i]);
        fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
        fixture_ok(measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st), &st);
        struct measure_block *b = measure_block_new(s);
        const bool *const ignored[] = {ONE, OTHER, NULL};
        for (int k = 0; k < 3; k++) {
            measure_block_reset(s, b, 3);
            if (ignored[k]) measure_block_ignore(b, ignored[k]);
            add_rows(s, b, &FIXTURE_SCHEMA, TABLES[i], BAD[i], 2);
            add_rows(s, b, &FIXTURE_SCHEMA, TABLES[i], BAD[i], TABLES[i] == FUND); /* its sum alone would fit */
            assert_int_equal(measure_finish(s, b, &st), k == 0);
            if (k == 0) assert_int_equal(measure_values(b, 0)[2], EXPECTED[i]);
            status_clear(&st);
        }
        measure_block_free(b);
        measure_set_free(s);
        formula_free(f);
    }
}

/* A field of more codes than classes have, beside fields that make thousands of classes and more groups than are listed
 * by passes: every row counts exactly where its code says. */
static void test_many_codes(void **state)
{
    enum { MANY = 300, SEVERAL = 40 };
    static char names[MANY][16];
    static const char *codes[MANY];
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "B%d", i);
        codes[i] = names[i];
    }
    const struct schema_field fields[] = {{"branch", VALUE_CODE, 0, codes, MANY},
                                          {"product", VALUE_CODE, 0, codes, SEVERAL},
                                          {"channel", VALUE_CODE, 0, codes, SEVERAL},
                                          {"class", VALUE_CODE, 0, codes, SEVERAL},
                                          {"x", VALUE_NUMBER, 0, NULL, 0}};
    const struct schema_table many = {"many", "many", fields, 5, -1};
    const struct schema schema = {&many, 1, NULL, 0, FIXTURE_CURRENCY, FIXTURE_CURRENCIES, 20757, 0, NULL, 0, 0};
    char text[20000];
    int length =
        snprintf(text, sizeof text, "threshold 1; score = 1; measure z number = sum(many where branch<>'B299', x);");
    for (int i = 0; i < 30; i++)
        length += snprintf(
            text + length, sizeof text - (size_t)length,
            "measure m%d number = sum(many where product='B%d' and channel in ('B%d','B%d') and class<>'B%d', x);", i,
            i, i, 39 - i, i);
    struct status st = {0};
    struct formula *f;
    struct measure_set *s;
    fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
    fixture_ok(measure_bind(f, &schema, &FIXTURE_RATES, &s, &st), &st);
    assert_int_equal(s->tables[0].class_fields_count, 2); /* 40 × 40; × 40 would be too many, 300 are too many alone */
    assert_true(s->tables[0].groups_count > 16);
    struct measure_block *b = measure_block_new(s);
    static struct row rows[5000];
    int64_t expected[31] = {0};
    measure_block_reset(s, b, 1);
    for (int i = 0; i < 5000; i++) {
        int branch = i * 7 % MANY, product = i % SEVERAL, channel = i / 3 % SEVERAL, class = i / 7 % SEVERAL;
        rows[i] = (struct row){0, {branch, product, channel, class, i}};
        if (branch != 299) expected[0] += i;
        if (product < 30 && (channel == product || channel == 39 - product) && class != product)
            expected[product + 1] += i;
    }
    add_rows(s, b, &schema, 0, rows, 5000);
    fixture_ok(measure_finish(s, b, &st), &st);
    for (int m = 0; m < 31; m++) assert_int_equal(measure_values(b, m)[0], expected[m]);
    measure_block_free(b);
    measure_set_free(s);
    formula_free(f);
}

static void test_uses(void **state)
{
    struct status st = {0};
    struct formula *f;
    struct measure_set *s;
    const char *text = "threshold 1; score = 1; measure m money = sum(retail_account where kind='D' and maturity > "
                       "business_date, cny(balance));"
                       "measure n number = count(fund);";
    fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
    fixture_ok(measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st), &st);
    assert_int_equal(measure_count(s), 2);
    static const bool TABLES[] = {true, false, false, true, true};
    static const bool FIELDS[] = {true, true, true, false, true, false, false, false, false};
    for (int i = 0; i < FIXTURE_TABLES; i++) assert_int_equal(measure_uses_table(s, i), TABLES[i]);
    for (int i = 0; i < FIXTURE_RETAIL_FIELDS; i++) assert_int_equal(measure_uses_field(s, 0, i), FIELDS[i]);
    for (int i = 0; i < 3; i++) assert_false(measure_uses_field(s, 3, i));
    measure_set_free(s);
    formula_free(f);
}

/* All measures of a system share one scan: each row is handed in once, in pieces whose memory is overwritten right
 * after the call, and each of the measures has the value it has when it is bound alone. */
static void test_one_scan(void **state)
{
    static const char *const MEASURES[] = {
        "money = sum(retail, cny(balance))",
        "money = sum(retail where kind='D' and currency='CNY', balance)",
        "money = avg(retail where status<>'CLOSED', cny(balance)*term)",
        "money = min(retail where maturity > business_date, cny(interest))",
        "money = max(retail, if(term > 12, cny(balance), 0))",
        "number = count(retail where kind in ('F','N') or known(maturity))",
        "number = sum(retail, transactions*rate)",
        "months = max(retail where days_since(coalesce(maturity, business_date)) < 0, term)",
        "date = min(retail, maturity)",
        "date = max(retail where kind='D', maturity)",
        "number = max(retail, years_between(coalesce(maturity, business_date), business_date))",
        "number = sum(retail, transactions)"};
    enum { COUNT = sizeof MEASURES / sizeof *MEASURES, CUSTOMERS = 3, ROWS = 60, PIECE = 7 };
    struct row rows[ROWS], piece[PIECE];
    struct status st = {0};
    struct formula *f;
    struct measure_set *s;
    char text[4000] = "threshold 1; score = 1;";
    for (uint32_t i = 0; i < ROWS; i++)
        rows[i] =
            (struct row){i * CUSTOMERS / ROWS,
                         {i % 3, i % 4, (int64_t)i * 1234567 % 99991, i % 50, i % 5 ? 20000 + (int64_t)i * 31 : NONE,
                          i % 4, (int64_t)i * 7919 % 1000003, (int64_t)i * 104729 % 999983, i % 9}};
    for (int m = 0; m < COUNT; m++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "measure m%d %s;", m, MEASURES[m]);
    }
    fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
    fixture_ok(measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st), &st);
    struct measure_block *b = measure_block_new(s);
    measure_block_reset(s, b, CUSTOMERS);
    for (uint32_t first = 0; first < ROWS; first += PIECE) {
        uint32_t count = ROWS - first < PIECE ? ROWS - first : PIECE;
        memcpy(piece, rows + first, sizeof *piece * count);
        add_rows(s, b, &FIXTURE_SCHEMA, RETAIL, piece, count);
        memset(piece, 0xff, sizeof piece);
    }
    fixture_ok(measure_finish(s, b, &st), &st);
    for (int m = 0; m < COUNT; m++) {
        int64_t alone[CUSTOMERS];
        fixture_ok(run(&FIXTURE_RATES, MEASURES[m], RETAIL, rows, ROWS, alone, &st), &st);
        for (int c = 0; c < CUSTOMERS; c++) assert_int_equal(measure_values(b, m)[c], alone[c]);
        assert_true(alone[0] != 0 || alone[1] != 0 || alone[2] != 0);
    }
    measure_block_free(b);
    measure_set_free(s);
    formula_free(f);
}

/* Without an account, or without one that has the date: missing, also when the block is used again. */
static void test_dates(void **state)
{
    struct status st = {0};
    int64_t values[3];
    const struct row rows[] = {
        {1, {0, 0, 0, 0, 20000}}, {1, {1, 0, 0, 0, 21000}}, {1, {0, 0, 0, 0, NONE}}, {2, {0, 0, 0, 0, NONE}}};
    static const struct {
        const char *measure;
        int64_t of_1, of_2;
    } CASES[] = {{"date = max(retail, maturity)", 21000, NONE},
                 {"date = min(retail, maturity)", 20000, NONE},
                 {"date = max(retail where kind='D', maturity)", 20000, NONE},
                 {"date = max(retail where kind='N', maturity)", NONE, NONE},
                 {"date = max(retail, coalesce(maturity, date '2026-10-31'))", 21000, 20757},
                 {"date = min(retail, maturity - 30)", 19970, NONE},
                 {"date = min(retail, if(kind='D', maturity, business_date))", 20000, NONE},
                 {"date = max(retail, max(maturity, date '2026-10-31'))", 21000, NONE},
                 {"number = count(retail where not known(maturity))", 1, 1},
                 {"number = sum(retail where known(maturity), days_since(coalesce(maturity, business_date)))", 514, 0},
                 {"months = max(retail, months_since(coalesce(maturity, business_date)))", 24, 0}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        fixture_ok(run(&FIXTURE_RATES, CASES[i].measure, RETAIL, rows, 4, values, &st), &st);
        bool is_date = strncmp(CASES[i].measure, "date", 4) == 0;
        if (values[1] != CASES[i].of_1 || values[2] != CASES[i].of_2) print_error("%s\n", CASES[i].measure);
        assert_int_equal(values[0], is_date ? NONE : 0);
        assert_int_equal(values[1], CASES[i].of_1);
        assert_int_equal(values[2], CASES[i].of_2);
    }
}

/* The customer's fields in every place of an aggregate; the first has no dates, the second all, of the third one.
 * Blocks of any customers give the same. */
static void test_customers(void **state)
{
    const struct row rows[] = {{0, {0, 0, 500, 0, 20000}}, {1, {0, 0, 1000, 0, 20000}}, {1, {1, 1, 2000, 0, NONE}},
                               {1, {2, 0, 400, 0, 9000}},  {2, {0, 0, 5000, 0, 20000}}, {2, {1, 0, -70, 0, 15000}}};
    static const int64_t BIRTH[] = {NONE, 3652, NONE}, SEX[] = {2, 1, 0}, OPENED[] = {NONE, 10000, 16000},
                         INCOME[] = {0, 1500, 100}, FAMILY[] = {0, 25, 30}, MARRIED[] = {0, 1, 0};
    static const struct {
        const char *measure;
        int64_t of[3];
    } CASES[] = {
        {"money = sum(retail where maturity > customer.opened, cny(balance))", {0, 1000, 5000}},
        {"money = sum(retail where maturity > opened, cny(balance))", {0, 1000, 5000}},
        {"number = count(retail where maturity <= 客户.opened)", {0, 1, 1}},
        {"number = count(retail where maturity <> opened)", {0, 2, 2}},
        {"number = count(retail where not (maturity < opened))", {1, 2, 1}},
        {"number = count(retail where not known(customer.birth))", {1, 0, 2}},
        {"number = count(retail where sex = 'F')", {0, 3, 0}},
        {"number = count(retail where CUSTOMER.sex not in ('F', 'M'))", {1, 0, 0}},
        {"number = count(retail where married and kind <> 'D')", {0, 2, 0}},
        {"number = count(retail where balance > customer.income)", {1, 1, 1}},
        {"number = count(retail where home_currency = 'CNY' and cny(balance) >= income)", {0, 0, 1}},
        {"money = sum(retail where currency = 'CNY', balance*family)", {0, 3500, 14790}},
        {"money = sum(retail where kind = 'D', cny(balance) + income)", {500, 2500, 5100}},
        {"money = max(retail, income)", {0, 1500, 100}},
        {"money = sum(retail, income)", {0, 4500, 200}},
        {"money = avg(retail where kind <> 'N', income - 5)", {-500, 1000, -400}},
        {"number = max(retail where known(birth), age(coalesce(birth, business_date)))", {0, 46, 0}},
        {"number = min(retail, years_between(coalesce(birth, maturity, business_date), business_date))", {2, 46, 2}},
        {"number = sum(retail, if(known(opened), days_between(coalesce(opened, business_date), business_date), 1))",
         {1, 32271, 9514}},
        {"date = max(retail, birth)", {NONE, 3652, NONE}},
        {"date = min(retail where kind = 'F', coalesce(maturity, opened))", {NONE, 10000, 15000}},
    };
    const int64_t *fields[FIXTURE_CUSTOMER_FIELDS] = {BIRTH, SEX, OPENED, INCOME, FAMILY, MARRIED, SEX};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[300];
        struct status st = {0};
        struct formula *f;
        struct measure_set *s;
        snprintf(text, sizeof text, "threshold 1; score = 1; measure m %s;", CASES[i].measure);
        fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
        fixture_ok(measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st), &st);
        struct measure_block *b = measure_block_new(s);
        measure_block_reset(s, b, 3);
        measure_block_customers(b, fields);
        add_rows(s, b, &FIXTURE_SCHEMA, RETAIL, rows, 6);
        fixture_ok(measure_finish(s, b, &st), &st);
        for (int c = 0; c < 3; c++) {
            int64_t found = measure_values(b, 0)[c];
            if (found != CASES[i].of[c])
                print_error("%s of customer %d: %lld\n", CASES[i].measure, c, (long long)found);
            assert_int_equal(found, CASES[i].of[c]);
        }
        measure_block_free(b);
        measure_set_free(s);
        formula_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),           cmocka_unit_test(test_failures),
                                       cmocka_unit_test(test_overflow_of_sums), cmocka_unit_test(test_reuse),
                                       cmocka_unit_test(test_many_codes),       cmocka_unit_test(test_uses),
                                       cmocka_unit_test(test_one_scan),         cmocka_unit_test(test_dates),
                                       cmocka_unit_test(test_ignored),          cmocka_unit_test(test_customers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
