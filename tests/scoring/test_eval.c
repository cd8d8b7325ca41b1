/* What expressions mean, by example; the same table is a file for `crmx formula eval --file`. */
#include "tests/scoring/fixture.h"

#include "base/date.h"
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
    {"d + 1.5", "d=2026-10-31", "error"},
    {"d + n", "d=2026-10-31 n=2.5", "error"},
    {"d + n/1", "d=2026-10-31 n=2", "error"},
    {"d - floor(n/2)", "d=2026-10-31 n=3", "2026-10-30"},
    {"round(n/2) + d", "d=2026-10-31 n=3", "2026-11-02"},
    {"d + (n*2 - days_between(d, d)) + if(n > 2.5, min(n, 2), abs(-n))", "d=2026-10-31 n=3", "2026-11-08"},
    {"d + n", "d=2026-10-31 n=2912139", "9999-12-31"},
    {"d + n", "d=2026-10-31 n=2912140", "error"},
    {"d - n", "d=2026-10-31 n=739919", "0001-01-01"},
    {"d - n", "d=2026-10-31 n=739920", "error"},
    {"known(d + n)", "d=2026-10-31 n=2912140", "true"},
    {"coalesce(d + n, date '2000-01-01')", "d= n=999999999999999", "2000-01-01"},
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
    enum eval_kind kind;
    return formula_eval_text("EXPRESSION", view_of(expression), variables, count, FIXTURE_SCHEMA.business_date, out,
                             &kind, st);
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

/* --- files --- */

static void note_line(void *context, const struct eval_line *l)
{
    static const char *const KINDS[] = {"number", "boolean", "text", "missing"};
    struct buf *out = context;
    if (l->ok)
        buf_addf(out, "%u %s %s\n", l->line, KINDS[l->kind], l->text);
    else
        buf_addf(out, "%u:%u ERROR %s\n", l->line, l->column, l->reason);
}

/* A line that fails says where and why, the others have their values. */
static void test_file(void **state)
{
    static const struct {
        const char *text, *answers;
        int failed;
    } TABLE[] = {
        {"# teaching\na*2\ta=21\n\nb/c\tb=1\tc=0\r\n'x'\n1 < 2\nage(b)\tb=\n",
         "2 number 42\n4 number 0\n5 text x\n6 boolean true\n7 missing missing\n", 0},
        {"1\n2+\n3", "1 number 1\n2:3 ERROR expected a value, found the end of the expression\n3 number 3\n", 1},
        {"年+1\t年=x\ta=1e5\n年+b\t年=1\tb=2",
         "1:9 ERROR the value of a is no number, date, condition or code: "
         "\"1e5\"\n2 number 3\n",
         1},
        {"a\ta=1\ta=2\na\t\tnothing\nzz\tb=2\n",
         "1:7 ERROR the value a is given twice\n2:4 ERROR expected name=value, "
         "found \"nothing\"\n3:1 ERROR unknown name zz\n",
         3},
        {"a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a > 1\ta=999999999999999",
         "1:40 ERROR a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a is larger than any number (1.8e308)\n", 1},
        {"", "", 0},
    };
    struct buf out;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        buf_clear(&out);
        buf_add_text(&out, "");
        struct eval_counts counts = formula_eval_file("cases.tsv", view_of(TABLE[i].text), 20757, note_line, &out);
        assert_string_equal(out.length ? out.bytes : "", TABLE[i].answers);
        assert_int_equal(counts.failed, TABLE[i].failed);
    }
    buf_release(&out);
}

/* --- typed values --- */

static void test_typed_values(void **state)
{
    static const struct {
        const char *value;
        const char *found; /* NULL: refused */
        const char *hint;
    } TABLE[] = {
        {"0", "0", ""},
        {"-12.50", "-12.5", ""},
        {"007", "7", ""},
        {"123456789012345", "123456789012345", ""},
        {"2026-10-31", "2026-10-31", ""},
        {"2024-02-29", "2024-02-29", ""},
        {"", "missing", ""},
        {"true", "true", ""},
        {"FALSE", "false", ""},
        {"真", "true", ""},
        {"M", "M", ""},
        {"女", "女", ""},
        {"北京_1", "北京_1", ""},
        {"nanjing", "nanjing", ""},
        {"'nan'", "nan", ""},
        {"\"A-1\"", "A-1", ""},
        {"'１２'", "１２", ""},
        {"1e308", NULL, "a number is written out, without an exponent, such as a=1000000"},
        {"-1.5E-3", NULL, "a number is written out, without an exponent, such as a=1000000"},
        {"1,000", NULL, "a number has digits and a point, no separators, such as a=1000.50"},
        {"1'000.50", NULL, "a number has digits and a point, no separators, such as a=1000.50"},
        {"+5", NULL, "a number has a sign only when it is negative, such as a=5"},
        {"1.", NULL, "a number has at most 15 digits, and digits on both sides of its point, such as a=123.45"},
        {".5", NULL, "a number has at most 15 digits, and digits on both sides of its point, such as a=123.45"},
        {"1234567890123456", NULL,
         "a number has at most 15 digits, and digits on both sides of its point, such as a=123.45"},
        {"１２", NULL, "digits, letters and signs are the plain ones, not full-width, such as a=12"},
        {"Ａ", NULL, "digits, letters and signs are the plain ones, not full-width, such as a=12"},
        {"1990-02-30", NULL, "a date is a day of the calendar, YYYY-MM-DD, such as a=1990-02-28"},
        {"1990-2-3", NULL, "a date is a day of the calendar, YYYY-MM-DD, such as a=1990-02-28"},
        {"1990/02/03", NULL, "a date is a day of the calendar, YYYY-MM-DD, such as a=1990-02-28"},
        {"nan", NULL, "there is no such number; a code of that name stands in quotes, such as a=123.45"},
        {"-inf", NULL, "a code that is no plain word stands in quotes: a=\"'-inf'\""},
        {"Infinity", NULL, "there is no such number; a code of that name stands in quotes, such as a=123.45"},
        {"NULL", NULL, "there is no such number; a code of that name stands in quotes, such as a=123.45"},
        {"1A", NULL, "a code that is no plain word stands in quotes: a=\"'1A'\""},
        {"A-1", NULL, "a code that is no plain word stands in quotes: a=\"'A-1'\""},
        {"‘M’", NULL, "a code that is no plain word stands in quotes: a=\"'‘M’'\""},
        {"M，", NULL, "digits, letters and signs are the plain ones, not full-width, such as a=12"},
        {"'M", NULL, "a code has at most 32 bytes and one quote on each side, such as a=\"'A'\""},
        {"'M'M'", NULL, "a code has at most 32 bytes and one quote on each side, such as a=\"'A'\""},
        {"abcdefghijklmnopqrstuvwxyzabcdefg", NULL,
         "a code that is no plain word stands in quotes: a=\"'abcdefghijklmnopqrstuvwxyzabcdefg'\""},
    };
    struct buf out;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct status st = {0};
        char text[100], message[200];
        snprintf(text, sizeof text, "a=%s", TABLE[i].value);
        bool ok = evaluate("a", text, &out, &st);
        if (ok != !!TABLE[i].found || strcmp(st.hint, TABLE[i].hint) != 0)
            print_error("%s: %s %s\n", text, ok ? out.bytes : st.message, st.hint);
        assert_int_equal(ok, TABLE[i].found != NULL);
        assert_string_equal(st.hint, TABLE[i].hint);
        if (ok) {
            assert_string_equal(out.bytes, TABLE[i].found);
            continue;
        }
        snprintf(message, sizeof message, "the value of a is no number, date, condition or code: \"%s\"",
                 TABLE[i].value);
        assert_string_equal(st.message, message);
    }
    buf_release(&out);
}

/* Infinity is no value, and without a business date nobody has an age. */
static void test_refused(void **state)
{
    static const struct {
        const char *expression, *values;
        int32_t date;
        const char *message;
    } TABLE[] = {
        {"a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a", "a=999999999999999", 20757,
         "E:1:40: a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a is larger than any number (1.8e308)"},
        {"min(1, (1/a/a/a/a/a/a/a)*0 + b/(1/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a))",
         "a=999999999999999 b=999999999999999", 20757,
         "E:1:31: b/(1/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a) is larger than any number (1.8e308)"},
        {"if(a > 0, 1, age(b))", "a=1 b=1980-01-01", DATE_NONE,
         "E:1:14: there is no business date that it could count from"},
        {"business_date", "", DATE_NONE, "E:1:1: there is no business date that it could count from"},
        {"1e999", "", 20757, "E:1:1: a number is written without an exponent"},
        {"1E-5 + 1", "", 20757, "E:1:1: a number is written without an exponent"},
    };
    struct buf out;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct eval_variable variables[4];
        struct status st = {0};
        enum eval_kind kind;
        int count = 0;
        struct view rest = view_of(TABLE[i].values);
        for (struct view word = view_word(&rest); word.length; word = view_word(&rest))
            assert_true(eval_variable_parse(word, &variables[count++], &st));
        assert_false(
            formula_eval_text("E", view_of(TABLE[i].expression), variables, count, TABLE[i].date, &out, &kind, &st));
        assert_string_equal(st.message, TABLE[i].message);
    }
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
    enum eval_kind kind;
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
    buf_clear(&out);
    fixture_ok(formula_eval_text("E", VIEW_LITERAL("v255"), many, EVAL_VARIABLES_MAX, 0, &out, &kind, &st), &st);
    assert_false(formula_eval_text("E", VIEW_LITERAL("1"), many, EVAL_VARIABLES_MAX + 1, 0, &out, &kind, &st));
    assert_string_equal(st.message, "more than 256 values");
    buf_clear(&out);
    assert_int_equal(formula_eval_file("f", view_of(line), 0, note_line, &out).failed, 1);
    assert_non_null(strstr(out.bytes, "ERROR more than 256 values"));
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),           cmocka_unit_test(test_file),
                                       cmocka_unit_test(test_typed_values),    cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_variable_errors), cmocka_unit_test(test_doubles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
