/* Statements: lines of the print, layouts that cannot be right, amounts and their conversion. Whole month ends:
 * tests/integration/monthend.sh. */
#include "etl/statement.h"
#include "tests/etl/fixture.h"

static bool load(const char *text, struct arena *arena, struct statement_layout **l, struct status *st)
{
    fixture_write("statements/x.ini", text);
    return statement_layout_load(test_path("statements/x.ini"), "x", arena, l, st);
}

#define HEAD "[statement]\nname = x\n"
#define BODY "[body]\nposting = {amount}\n"

static void layouts(void **state)
{
    static const struct {
        const char *text, *problem;
    } CASES[] = {
        {HEAD BODY, NULL},
        {HEAD "csv = S.CSV\nencoding = gb18030\nopening = entry\n" BODY "[titles]\na = 存款\n", NULL},
        {HEAD "[body]\naccount = x\n", "the line of a movement is needed"},
        {HEAD "[body]\nposting = {amuont}\n", "there is no field \"{amuont}\""},
        {HEAD "[body]\nposting = {amount:>0}\n", "a width of 1 to 400"},
        {HEAD "[body]\nposting = {amount:>9x}\n", "a width of 1 to 400"},
        {HEAD "[body]\nposting = {amount\n", "no } after"},
        {HEAD "[body]\nposting = {}\n", "a field or a width is needed"},
        {HEAD "csv = STATEMENT\n" BODY, "two names"},
        {HEAD "file = a/b\n" BODY, "two names"},
        {HEAD "page_length = 6\n" BODY "[header]\n1 = x\n2 = x\n", "leave no room"},
        {"[statement]\nname = y\n" BODY, "its name is"},
        {HEAD "opening = never\n" BODY, "opening"},
        {HEAD BODY "postign = x\n", "postign"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct statement_layout *l;
        struct status st = {0};
        arena_init(&arena, "test");
        bool ok = load(CASES[i].text, &arena, &l, &st);
        if (ok == (CASES[i].problem != NULL)) print_message("case %zu: %s\n", i, st.message);
        assert_int_equal(ok, CASES[i].problem == NULL);
        if (!ok && !strstr(st.message, CASES[i].problem)) print_message("case %zu: %s\n", i, st.message);
        if (!ok) assert_non_null(strstr(st.message, CASES[i].problem));
        arena_release(&arena);
    }
}

static void lines(void **state)
{
    static const struct {
        const char *line, *expected;
    } CASES[] = {
        {"{name}|", "张三丰|\n"},
        {"{name:8}|", "张三丰  |\n"},
        {"{name:>8}|", "  张三丰|\n"},
        {"{name:5}|", "张三 |\n"}, /* never within a character */
        {"{name:1}|", " |\n"},
        {"{amount:>10}|", "  1,234.50|\n"},
        {"{amount:4}|", "1,234.50|\n"}, /* a figure is never cut */
        {"a{:3}b", "a   b\n"},
        {"{text:4}", "\n"}, /* blanks at the end go */
        {"余额 {amount}", "余额 1,234.50\n"},
    };
    const char *values[STATEMENT_FIELDS] = {[STATEMENT_NAME] = "张三丰", [STATEMENT_AMOUNT] = "1,234.50"};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct statement_layout *l;
        struct status st = {0};
        struct buf out;
        char text[256];
        arena_init(&arena, "test");
        buf_init(&out, 4096);
        snprintf(text, sizeof text, HEAD "[body]\nposting = %s\n", CASES[i].line);
        assert_true(load(text, &arena, &l, &st));
        statement_fill(&l->body[LINE_POSTING], values, &out);
        assert_string_equal(out.bytes ? out.bytes : "", CASES[i].expected);
        buf_clear(&out);
        statement_fill(&l->body[LINE_OPENING], values, &out); /* a line that is not listed is not printed */
        assert_int_equal(out.length, 0);
        buf_release(&out);
        arena_release(&arena);
    }
}

static void money(void **state)
{
    static const struct {
        int64_t amount;
        int scale;
        const char *currency, *expected;
    } CASES[] = {
        {0, 2, "CNY", "0.00"},
        {123456789, 2, "CNY", "1,234,567.89"},
        {-123456, 2, "CNY", "-1,234.56"},
        {-5, 2, "CNY", "-0.05"},
        {99999, 2, "CNY", "999.99"},
        {100000, 2, "CNY", "1,000.00"},
        {658000, 2, "JPY", "6,580"},
        {658050, 2, "JPY", "6,580.5"},
        {1234, 2, "KWD", "12.340"},
        {12345, 3, "KWD", "12.345"},
        {12340, 3, "CNY", "12.34"},
        {12345, 3, "CNY", "12.345"},
        {1234567, 0, "CNY", "1,234,567.00"},
    };
    char text[STATEMENT_MONEY_MAX];
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        assert_string_equal(statement_money(CASES[i].amount, CASES[i].scale, CASES[i].currency, text),
                            CASES[i].expected);
    __int128 most = (__int128)INT64_MAX * 1000000; /* the sum of a million accounts */
    assert_string_equal(statement_money(most, 2, "CNY", text), "92,233,720,368,547,758,070,000.00");
}

static void conversion(void **state)
{
    const struct rates *r = fixture_rates(); /* USD 7.1015, JPY 4.65 per 100 */
    static const struct {
        int currency;
        int64_t amount;
        int scale;
        int64_t fen;
    } CASES[] = {
        {0, 12345, 2, 12345}, {0, 12345, 3, 1235}, {0, -12345, 3, -1235}, /* half away from zero */
        {0, 12344, 3, 1234},  {1, 100, 2, 710},    {1, -100, 2, -710},
        {2, 10000, 0, 46500}, {2, 1, 0, 5},        {3, 1001, 3, 2302},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        assert_int_equal(
            (int64_t)statement_round(statement_convert(r, CASES[i].currency, CASES[i].amount, CASES[i].scale)),
            CASES[i].fen);
    /* Rounded once: thirds of a fen do not get lost one by one. */
    __int128 sum = 0;
    for (int i = 0; i < 3; i++) sum += statement_convert(r, 0, 4, 3);
    assert_int_equal((int64_t)statement_round(sum), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),
        cmocka_unit_test(lines),
        cmocka_unit_test(money),
        cmocka_unit_test(conversion),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
