/* What expressions mean, by example; the same table is a file for `crmx formula eval --file`. */
#include "tests/scoring/fixture.h"

#include "scoring/eval.h"

#include <math.h>
#include <string.h>

struct eval_case {
    const char *expression;
    const char *values; /* separated by blanks */
    const char *expected;
};

static const struct eval_case CASES[] = {
    /* order and precedence */
    {"1 + 2*3", "", "7"},
    {"(1 + 2)*3", "", "9"},
    {"2 - 3 - 4", "", "-5"},
    {"16 / 4 / 2", "", "2"},
    {"-2*3", "", "-6"},
    {"- - 2", "", "2"},
    {"a*系数(1.5) + b", "a=100 b=7", "157"},
    {"0.1 + 0.2", "", "0.30000000000000004"},
    {"a/b*c", "a=1 b=3 c=3", "1"},
    {"1000000000000*1000000000000", "", "1e+24"},
    {"（a＋b）×２", "a=1 b=2", "error"},
    {"（a＋b）×2", "a=1 b=2", "6"},
    {"a÷2，", "a=1", "error"},
    /* division by zero counts nothing */
    {"1/0", "", "0"},
    {"a/b", "a=5 b=0", "0"},
    {"0/0", "", "0"},
    {"a/(b-b)", "a=-5 b=3", "0"},
    /* comparisons and logic */
    {"1 < 2", "", "true"},
    {"2 <= 2 and 3 > 2", "", "true"},
    {"not 1 = 1 or 2 <> 3", "", "true"},
    {"not (1 = 1 or 2 <> 3)", "", "false"},
    {"false or true and false", "", "false"},
    {"1 != 2", "", "true"},
    {"a ≥ 3 and a ≤ 3", "a=3", "true"},
    {"a in (1, 2, a+0)", "a=7", "true"},
    {"a not in (1, 2)", "a=7", "true"},
    {"if(a > 1, b, c)", "a=2 b=10 c=20", "10"},
    {"如果(a > 1, b, c)", "a=1 b=10 c=20", "20"},
    {"case when a = 1 then 10 when a = 2 then 20 else 30 end", "a=2", "20"},
    {"case when a = 1 then 10 when a = 2 then 20 else 30 end", "a=3", "30"},
    {"CASE WHEN a = 1 THEN 10 ELSE 5 END", "a=1", "10"},
    /* functions */
    {"min(3, 1, 2) + max(3, 1, 2)", "", "4"},
    {"最小(3, 1)", "", "1"},
    {"abs(-2.5)", "", "2.5"},
    {"round(2.5)", "", "3"},
    {"round(-2.5)", "", "-2"},
    {"round(-2.5, half_away)", "", "-3"},
    {"round(2.5, half_even)", "", "2"},
    {"round(3.5, half_even)", "", "4"},
    {"round(-0.4)", "", "0"},
    {"floor(-0.5)", "", "-1"},
    {"ceil(-0.5)", "", "0"},
    {"ceil(0.5)", "", "1"},
    /* dates and missing values */
    {"date '2026-10-31' + 1", "", "2026-11-01"},
    {"date '2026-10-31' - date '2026-10-01'", "", "30"},
    {"business_date", "", "2026-10-31"},
    {"age(b)", "b=1980-10-31", "46"},
    {"age(b)", "b=1980-11-01", "45"},
    {"年龄(b)", "b=2004-02-29", "22"},
    {"age(b)", "b=", "missing"},
    {"coalesce(age(b), -1)", "b=", "-1"},
    {"coalesce(b, c, business_date)", "b= c=2020-01-01", "2020-01-01"},
    {"months_since(b)", "b=2026-09-30", "1"},
    {"months_since(b)", "b=2025-12-31", "10"},
    {"months_since(b)", "b=2026-08-31", "2"},
    {"months_since(b)", "b=2026-11-15", "-1"},
    {"years_since(b) + months_since(b)", "b=", "missing"},
    {"days_since(b)", "b=2026-09-30", "31"},
    {"天数(b)", "b=2026-11-02", "-2"},
    {"days_between(b, c)", "b=2024-02-01 c=2024-03-01", "29"},
    {"months_between(b, c)", "b=2024-01-31 c=2024-02-29", "0"},
    {"相差月数(b, c)", "b=2024-01-31 c=2024-03-31", "2"},
    {"months_between(c, b)", "b=2024-01-15 c=2024-03-14", "-2"},
    {"years_between(b, c)", "b=2004-02-29 c=2026-02-28", "21"},
    {"years_between(b, date '2026-03-01')", "b=2004-02-29", "22"},
    {"years_between(date '2000-01-01', date '2010-01-01')", "", "10"},
    {"coalesce(years_between(b, c), -1)", "b=2004-02-29 c=", "-1"},
    {"known(days_between(b, c))", "b= c=2026-01-01", "false"},
    /* the Chinese words */
    {"分档 当 a >= 100 则 'A' 当 a >= 10 则 'B' 否则 'C' 结束", "a=50", "B"},
    {"非 (a = 1 或 a = 2) 且 真", "a=3", "true"},
    {"a 属于 (1, 2, 3)", "a=2", "true"},
    {"如果(会计日期 > 日期 '2026-01-01', 1, 2)", "", "1"},
    {"舍入(2.5, 四舍六入五成双) + 舍入(-2.5, 四舍五入)", "", "-1"},
    {"known(b)", "b=", "false"},
    {"known(b)", "b=2026-01-01", "true"},
    {"known(coalesce(b, c))", "b= c=", "false"},
    {"coalesce(if(a > 0, age(b), age(c)), 99)", "a=1 b= c=1980-01-01", "99"},
    {"coalesce(if(a > 0, age(b), age(c)), 99)", "a=0 b= c=1980-01-01", "46"},
    {"coalesce(age(b) + 1, age(c)*2, 7)", "b= c=", "7"},
    {"coalesce(b < c, true)", "b=2026-01-01 c=2026-01-01", "error"},
    {"if(coalesce(b, date '1900-01-01') < date '2000-01-01', 1, 2)", "b=", "1"},
    /* codes */
    {"sex = 'M'", "sex=M", "true"},
    {"sex in (\"F\", 'U')", "sex='U'", "true"},
    {"case when sex = 'M' then '男' else '女' end", "sex=F", "女"},
    {"if(sex = 'M', sex, 'other')", "sex=M", "M"},
    {"if(a, 1, 2)", "a=true", "1"},
    {"a and not b", "a=true b=false", "true"},
    {"1 +", "", "error"},
    {"a", "b=1", "error"},
    {"a < b < c", "a=1 b=1 c=1", "error"},
    {"1 2", "", "error"},
};

static bool evaluate(const char *expression, const char *values, struct buf *out, struct status *st)
{
    struct eval_variable variables[16];
    struct view rest = view_of(values);
    int count = 0;
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest))
        if (!eval_variable_parse(word, &variables[count++], st)) return false;
    buf_clear(out);
    return formula_eval_text("EXPRESSION", view_of(expression), variables, count, FIXTURE_SCHEMA.business_date, out,
                             st);
}

static void test_cases(void **state)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct status st = {0};
        bool ok = evaluate(CASES[i].expression, CASES[i].values, &out, &st);
        const char *found = ok ? out.bytes : "error";
        if (strcmp(found, CASES[i].expected) != 0)
            print_error("%s with %s: %s, expected %s\n", CASES[i].expression, CASES[i].values, found,
                        CASES[i].expected);
        assert_string_equal(found, CASES[i].expected);
    }
    buf_release(&out);
}

static void test_file(void **state)
{
    struct status st = {0};
    struct buf out;
    const char *text = "# teaching\na*2\ta=21\n\nb/c\tb=1\tc=0\r\n'x'\n";
    buf_init(&out, 1 << 16);
    fixture_ok(formula_eval_file("cases.tsv", view_of(text), 20757, &out, &st), &st);
    assert_string_equal(out.bytes, "42\n0\nx\n");
    assert_false(formula_eval_file("cases.tsv", view_of("1\n2+\n"), 20757, &out, &st));
    assert_string_equal(st.message, "expression:1:3: expected a value, found end of file");
    assert_string_equal(st.context, "while evaluating cases.tsv, line 2");
    buf_release(&out);
}

static void test_variable_errors(void **state)
{
    static const struct {
        const char *values, *message;
    } TABLE[] = {{"5", "expected name=value, found \"5\""},
                 {"=5", "expected name=value, found \"=5\""},
                 {"a=1 a=2", "the value a is given twice"}};
    struct buf out;
    struct status st = {0};
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        status_clear(&st);
        assert_false(evaluate("1", TABLE[i].values, &out, &st));
        assert_string_equal(st.message, TABLE[i].message);
    }
    static char line[EVAL_VARIABLES_MAX * 8];
    static struct eval_variable many[EVAL_VARIABLES_MAX + 1];
    int length = snprintf(line, sizeof line, "1");
    for (int i = 0; i <= EVAL_VARIABLES_MAX; i++) {
        char *text = line + length;
        length += snprintf(text, sizeof line - (size_t)length, "\tv%d=1", i);
        status_clear(&st);
        assert_true(eval_variable_parse(view_of(text), &many[i], &st));
    }
    fixture_ok(formula_eval_text("E", VIEW_LITERAL("v255"), many, EVAL_VARIABLES_MAX, 0, &out, &st), &st);
    assert_false(formula_eval_text("E", VIEW_LITERAL("1"), many, EVAL_VARIABLES_MAX + 1, 0, &out, &st));
    assert_string_equal(st.message, "more than 256 values");
    status_clear(&st);
    assert_false(formula_eval_file("f", view_of(line), 0, &out, &st));
    assert_string_equal(st.message, "more than 256 values");
    buf_release(&out);
}

/* The doubles are those of C, not of decimal arithmetic, and each division rounds once. */
static void test_doubles(void **state)
{
    static const struct {
        const char *expression;
        double expected;
    } TABLE[] = {{"a/1.2*1.1", 12345.67 / 1.2 * 1.1},
                 {"a*1.1 + a*1.3 - a/3", 12345.67 * 1.1 + 12345.67 * 1.3 - 12345.67 / 3},
                 {"1.1*1.1", 1.1 * 1.1},
                 {"999999999999.999*3", 999999999999.999 * 3},
                 {"0.00000000000001*7", 0.00000000000001 * 7}};
    struct buf out;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct status st = {0};
        fixture_ok(evaluate(TABLE[i].expression, "a=12345.67", &out, &st), &st);
        assert_true(strtod(out.bytes, NULL) == TABLE[i].expected);
    }
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_file),
                                       cmocka_unit_test(test_variable_errors), cmocka_unit_test(test_doubles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
