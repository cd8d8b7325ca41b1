/* The documented example (domain 6) and the bench formula, from text to score, for a customer whose figures are worked
 * out by hand. */
#include "base/buf.h"
#include "base/os.h"
#include "scoring/formula.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const CURRENCIES[] = {"CNY", "USD", "JPY"};
static const char *const KINDS[] = {"D", "F"};
static const struct schema_field RETAIL[] = {{"kind", VALUE_CODE, 0, KINDS, 2},
                                             {"currency", VALUE_CURRENCY, 0, NULL, 0},
                                             {"balance", VALUE_MONEY, 2, NULL, 0},
                                             {"term", VALUE_MONTHS, 0, NULL, 0}};
static const struct schema_field CARD[] = {{"currency", VALUE_CURRENCY, 0, NULL, 0},
                                           {"balance", VALUE_MONEY, 2, NULL, 0},
                                           {"overdraft", VALUE_MONEY, 2, NULL, 0}};
static const struct schema_field LOAN[] = {{"currency", VALUE_CURRENCY, 0, NULL, 0},
                                           {"balance", VALUE_MONEY, 2, NULL, 0},
                                           {"term", VALUE_MONTHS, 0, NULL, 0},
                                           {"overdue_balance", VALUE_MONEY, 2, NULL, 0},
                                           {"overdue_periods", VALUE_NUMBER, 0, NULL, 0}};
static const struct schema_field FUND[] = {{"balance", VALUE_MONEY, 2, NULL, 0}};
static const struct schema_table TABLES[] = {{"retail_account", "retail", RETAIL, 4, 1},
                                             {"card_account", "card", CARD, 3, 0},
                                             {"loan_account", "loan", LOAN, 5, 0},
                                             {"fund_account", "fund", FUND, 1, -1}};
static const struct schema SCHEMA = {TABLES, 4, NULL, 0, CURRENCIES, 3, 20757, 0, NULL, 0, 0};
static const struct measure_rates RATES = {(const int64_t[]){1000000, 7123456, 4876500}, (const int32_t[]){1, 1, 100}};

struct row {
    uint32_t owner;
    int64_t fields[5];
};

static void add(const struct measure_set *s, struct measure_block *b, int table, const struct row *rows, uint32_t count)
{
    const struct schema_table *t = &SCHEMA.tables[table];
    struct measure_column columns[5];
    for (int i = 0; i < 5; i++) {
        bool code = i < t->fields_count && (t->fields[i].type == VALUE_CODE || t->fields[i].type == VALUE_CURRENCY);
        columns[i] =
            (struct measure_column){(const unsigned char *)&rows->fields[i], sizeof *rows, code ? 1 : 8, !code};
    }
    struct measure_rows r = {count, {(const unsigned char *)&rows->owner, sizeof *rows, 4, false}, columns};
    measure_add(s, b, table, &r);
}

static void check_ok(bool ok, const struct status *st)
{
    if (!ok) status_print(st);
    assert_true(ok);
}

static struct formula *read_formula(const char *path)
{
    struct status st = {0};
    struct buf text;
    struct formula *f;
    buf_init(&text, 1 << 20);
    check_ok(os_read_file(path, &text, &st), &st);
    check_ok(formula_parse(path, buf_view(&text), &f, &st), &st);
    buf_release(&text);
    return f;
}

static void test_documented(void **state)
{
    struct status st = {0};
    struct formula *f = read_formula("tests/scoring/data/documented.formula");
    struct measure_set *set;
    struct formula_program *p;
    assert_int_equal(formula_threshold(f), 100000000);
    assert_string_equal(formula_measure_name(f, 0), "活期人民币存款");
    assert_string_equal(formula_measure_alias(f, 0), "demand_cny");
    assert_int_equal(formula_coefficient_count(f), 7);
    assert_string_equal(formula_coefficient_name(f, 6), "系数#7");
    check_ok(measure_bind(f, &SCHEMA, &RATES, &set, &st), &st);
    check_ok(formula_bind(f, &SCHEMA, &p, &st), &st);

    struct measure_block *b = measure_block_new(set);
    /* kind currency balance term; customer 1 of two */
    const struct row retail[] = {{1, {0, 0, 1000000, 0}},
                                 {1, {0, 1, 100001, 0}},
                                 {1, {1, 0, 5000000, 60}},
                                 {1, {1, 2, 10000, 12}},
                                 {1, {1, 1, 20000, 6}}};
    const struct row card[] = {{1, {0, 30000, 12345}}, {1, {1, 1000, 0}}};
    const struct row loan[] = {{1, {0, 60000000, 240, 100000, 2}}};
    const struct row fund[] = {{1, {777}}};
    measure_block_reset(set, b, 2);
    add(set, b, 0, retail, 5);
    add(set, b, 1, card, 2);
    add(set, b, 2, loan, 1);
    add(set, b, 3, fund, 1);
    check_ok(measure_finish(set, b, &st), &st);
    /* 100001 fen of USD × 7.123456 = 712352.7… ; JPY 10000 × 4.8765/100 + USD 20000 × 7.123456 = 487.65 + 142469.12 */
    const int64_t expected[] = {1000000, 712353, 5000000,  142957, 60,     18, 30000,
                                7123,    12345,  60000000, 240,    100000, 2,  777};
    for (int m = 0; m < 14; m++) {
        assert_int_equal(measure_values(b, m)[1], expected[m]);
        assert_int_equal(measure_values(b, m)[0], 0);
    }

    const int64_t *columns[14];
    int64_t scores[2], scalar, *results[] = {scores};
    for (int m = 0; m < 14; m++) columns[m] = measure_values(b, m);
    struct formula_inputs in = {.count = 2, .measures = columns};
    struct formula_scratch *scratch = formula_scratch_new(p);
    check_ok(formula_evaluate(p, &in, scratch, results, &st), &st);
    double yuan = 10000.00 + 7123.53 * 1.5 + 50000.00 + 60 / 1.5 + 1429.57 * 18 / 1.2 + 300.00 * 1.1 + 71.23 * 1.3 -
                  123.45 + (600000.00 / 240) * 1.2 + 1000.00 * 2 + 7.77 * 2;
    assert_int_equal(scores[1], (int64_t)(yuan * 100.0 + 0.5));
    assert_int_equal(scores[0], 0); /* no accounts: 0/0 counts as 0 */
    for (uint32_t i = 0; i < 2; i++) {
        check_ok(formula_evaluate_scalar(p, &in, i, &scalar, &st), &st);
        assert_int_equal(scalar, scores[i]);
    }
    formula_scratch_free(scratch);
    measure_block_free(b);
    formula_program_free(p);
    measure_set_free(set);
    formula_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_documented)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
