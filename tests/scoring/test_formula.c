/* What a parsed formula and a program tell about themselves, and what a trial may change. */
#include "tests/scoring/fixture.h"

#include <string.h>

static const char TEXT[] = "unit yuan; threshold 12.5;\n"
                           "coef 权重 = 1.5;\n"
                           "measure 存款 as deposits money = sum(fund, balance);\n"
                           "measure 笔数 number = count(fund);\n"
                           "measure t months = sum(retail, term);\n"
                           "let years = age(birth);\n"
                           "let tier_by_age code = case when coalesce(years, 0) >= 60 then '老' else '青' end;\n"
                           "score = 存款*权重 + coef(加权, 2)*笔数 + 系数(0.5);\n"
                           "result tier code = if(score >= 100, 'A', if(sex = 'F', sex, tier_by_age));\n"
                           "result n number = coalesce(years, -1);\n"
                           "result flag boolean = known(years);\n";

static struct formula *parse(void)
{
    struct status st = {0};
    struct formula *f;
    fixture_ok(formula_parse("t.formula", view_of(TEXT), &f, &st), &st);
    return f;
}

static void test_names(void **state)
{
    static const char *const COEFFICIENTS[] = {"权重", "加权", "系数#1"}, *const RESULTS[] = {"score", "tier", "n",
                                                                                              "flag"};
    static const double VALUES[] = {1.5, 2, 0.5};
    static const enum value_type TYPES[] = {VALUE_MONEY, VALUE_CODE, VALUE_NUMBER, VALUE_BOOLEAN};
    struct formula *f = parse();
    assert_int_equal(formula_measure_count(f), 3);
    assert_string_equal(formula_measure_name(f, 0), "存款");
    assert_string_equal(formula_measure_alias(f, 0), "deposits");
    assert_string_equal(formula_measure_alias(f, 1), "笔数");
    assert_int_equal(formula_measure_type(f, 2), VALUE_MONTHS);
    assert_int_equal(formula_measure_find(f, "deposits"), 0);
    assert_int_equal(formula_measure_find(f, "笔数"), 1);
    assert_int_equal(formula_measure_find(f, "nothing"), -1);
    assert_int_equal(formula_coefficient_count(f), 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(formula_coefficient_name(f, i), COEFFICIENTS[i]);
        assert_true(formula_coefficient(f, i) == VALUES[i]);
    }
    assert_int_equal(formula_result_count(f), 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(formula_result_name(f, i), RESULTS[i]);
        assert_int_equal(formula_result_type(f, i), TYPES[i]);
    }
    assert_int_equal(formula_threshold(f), 1250);
    formula_set_threshold(f, 99);
    assert_int_equal(formula_threshold(f), 99);
    formula_free(f);
}

static void evaluate(const struct formula_program *p, int64_t results[4])
{
    static const int64_t DEPOSITS[] = {2000}, COUNT[] = {3}, BIRTH[] = {DATE_NONE}, SEX[] = {0};
    const int64_t *measures[] = {DEPOSITS, COUNT, NULL};
    const int64_t *fields[FIXTURE_CUSTOMER_FIELDS] = {BIRTH, SEX};
    int64_t *out[] = {&results[0], &results[1], &results[2], &results[3]}, scalar[4];
    struct formula_inputs in = {.count = 1, .measures = measures, .customer_fields = fields};
    struct status st = {0};
    struct formula_scratch *scratch = formula_scratch_new(p);
    fixture_ok(formula_evaluate(p, &in, scratch, out, &st), &st);
    fixture_ok(formula_evaluate_scalar(p, &in, 0, scalar, &st), &st);
    assert_memory_equal(scalar, results, sizeof scalar);
    formula_scratch_free(scratch);
}

/* A measure that no result needs, and fields that none reads, need not be given. */
static void test_program(void **state)
{
    static const bool USED[FIXTURE_CUSTOMER_FIELDS] = {true, true};
    struct status st = {0};
    struct formula *f = parse();
    struct formula_program *p;
    int64_t results[4];
    fixture_ok(formula_bind(f, &FIXTURE_SCHEMA, &p, &st), &st);
    for (int i = 0; i < FIXTURE_CUSTOMER_FIELDS; i++) assert_int_equal(formula_uses_customer_field(p, i), USED[i]);
    evaluate(p, results);
    assert_int_equal(results[0], 3650); /* 20.00*1.5 + 2*3 + 0.5 = 36.50 */
    assert_string_equal(formula_result_code(p, 1, results[1]), "青");
    assert_int_equal(results[2], -1);
    assert_int_equal(results[3], 0);
    /* A literal, the codes of the field, the codes of the definition, each once. */
    static const char *const CODES[] = {"A", "M", "F", "U", "老", "青"};
    for (int i = 0; i < 6; i++) assert_string_equal(formula_result_code(p, 1, i), CODES[i]);
    assert_null(formula_result_code(p, 1, 6));
    assert_null(formula_result_code(p, 1, -1));
    formula_program_free(p);

    /* A trial: other coefficients, bound anew. The tier sees the rounded score. */
    formula_set_coefficient(f, 0, 4.6749);
    formula_set_coefficient(f, 2, 0.5);
    fixture_ok(formula_bind(f, &FIXTURE_SCHEMA, &p, &st), &st);
    evaluate(p, results);
    assert_int_equal(results[0], 10000); /* 93.498 + 6 + 0.5 = 99.998, rounded 100.00 */
    assert_string_equal(formula_result_code(p, 1, results[1]), "A");
    formula_program_free(p);
    formula_free(f);
}

/* Amounts and numbers of customer fields, in yuan and in fen. */
static void test_customer_amounts(void **state)
{
    static const struct {
        const char *unit;
        int64_t income, family, expected;
    } TABLE[] = {{"yuan", 123456, 25, 123706}, {"fen", 123456, 25, 123458}};
    for (size_t i = 0; i < 2; i++) {
        struct status st = {0};
        struct formula *f;
        struct formula_program *p;
        char text[200];
        snprintf(text, sizeof text, "unit %s; rounding half_even; threshold 1; score = income + family;",
                 TABLE[i].unit);
        fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
        fixture_ok(formula_bind(f, &FIXTURE_SCHEMA, &p, &st), &st);
        const int64_t *fields[FIXTURE_CUSTOMER_FIELDS] = {[3] = &TABLE[i].income, [4] = &TABLE[i].family};
        struct formula_inputs in = {.count = 1, .customer_fields = fields};
        int64_t score, scalar[1], *results[] = {&score};
        struct formula_scratch *scratch = formula_scratch_new(p);
        fixture_ok(formula_evaluate(p, &in, scratch, results, &st), &st);
        fixture_ok(formula_evaluate_scalar(p, &in, 0, scalar, &st), &st);
        /* 1234.56 + 2.5 yuan; 123456 + 2.5 fen, half to even 123458 */
        assert_int_equal(score, TABLE[i].expected);
        assert_int_equal(scalar[0], score);
        formula_scratch_free(scratch);
        formula_program_free(p);
        formula_free(f);
    }
}

/* A result out of range of a customer nobody asks about is 0; of anybody else it is a failure that names the place. */
/* An aggregate alone has the type of its expression, unless one was asked for. */
static void test_aggregate_alone(void **state)
{
    static const struct {
        const char *text;
        enum value_type type;
    } CASES[] = {{"sum(retail, cny(balance))", VALUE_MONEY},
                 {"sum(retail, term)", VALUE_MONTHS},
                 {"max(retail, transactions*2)", VALUE_NUMBER},
                 {"max(retail, 5)", VALUE_NUMBER},
                 {"min(retail, maturity + 1)", VALUE_DATE},
                 {"count(retail where term > 3)", VALUE_NUMBER},
                 {"max(retail, days_since(coalesce(maturity, business_date)))", VALUE_NUMBER}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct formula *f;
        struct measure_set *s;
        struct status st = {0};
        enum value_type number = VALUE_NUMBER;
        fixture_ok(formula_parse_measures("t.formula", view_of(CASES[i].text), NULL, &f, &st), &st);
        fixture_ok(measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st), &st);
        assert_int_equal(formula_measure_type(f, 0), CASES[i].type);
        measure_set_free(s);
        formula_free(f);
        fixture_ok(formula_parse_measures("t.formula", view_of(CASES[i].text), &number, &f, &st), &st);
        bool ok = measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st);
        assert_int_equal(ok, CASES[i].type == VALUE_NUMBER || CASES[i].type == VALUE_MONTHS);
        measure_set_free(s);
        formula_free(f);
    }
}

static void test_ignored(void **state)
{
    enum { COUNT = 4000, AT = 3210 };
    static int64_t income[COUNT], score[COUNT];
    static bool ignored[COUNT];
    struct status st = {0};
    struct formula *f;
    struct formula_program *p;
    const char *text = "threshold 1; score = income*1000000000*1000000000;";
    fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
    fixture_ok(formula_bind(f, &FIXTURE_SCHEMA, &p, &st), &st);
    const int64_t *fields[FIXTURE_CUSTOMER_FIELDS] = {[3] = income};
    int64_t *results[] = {score};
    struct formula_inputs in = {.count = COUNT, .customer_fields = fields, .ignored = ignored};
    struct formula_scratch *scratch = formula_scratch_new(p);
    income[AT] = 100;
    assert_false(formula_evaluate(p, &in, scratch, results, &st));
    assert_non_null(strstr(st.message, "of customer 3210 of the batch is larger than 2^62"));
    status_clear(&st);
    ignored[AT] = true;
    score[AT] = 1;
    fixture_ok(formula_evaluate(p, &in, scratch, results, &st), &st);
    assert_int_equal(score[AT], 0);
    ignored[AT] = false;
    ignored[AT - 1] = ignored[AT + 1] = true;
    assert_false(formula_evaluate(p, &in, scratch, results, &st));
    formula_scratch_free(scratch);
    formula_program_free(p);
    formula_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_program),
                                       cmocka_unit_test(test_customer_amounts), cmocka_unit_test(test_aggregate_alone),
                                       cmocka_unit_test(test_ignored)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
