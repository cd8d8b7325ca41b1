/* Days: every day of the allowed years against a slow walk, and the texts that are accepted. */
#include "base/date.h"
#include "tests/test.h"

/* The oracle: counts from day to day with nothing but the month lengths and the leap rule. */
static void test_every_day(void **state)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t expected = date_from_civil(1899, 12, 31);
    assert_int_equal(date_from_civil(1970, 1, 1), 0);
    assert_int_equal(date_from_civil(2026, 10, 31), 20757);
    for (int y = DATE_YEAR_MIN; y <= DATE_YEAR_MAX; y++) {
        bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
        for (int m = 1; m <= 12; m++) {
            int days = DAYS[m - 1] + (m == 2 && leap);
            assert_int_equal(date_days_in_month(y, m), days);
            for (int d = 1; d <= days; d++) {
                int y2, m2, d2;
                expected++;
                if (date_from_civil(y, m, d) != expected) fail_msg("%d-%d-%d", y, m, d);
                date_to_civil(expected, &y2, &m2, &d2);
                if (y2 != y || m2 != m || d2 != d) fail_msg("day %d", expected);
            }
        }
    }
    assert_int_equal(expected, 47481); /* 2099-12-31, from date -u -d 2099-12-31 +%s / 86400 */
}

static void test_far_days(void **state)
{
    static const struct {
        int year, month, day;
        int32_t date;
    } CASES[] = {{0, 3, 1, -719468}, {1, 1, 1, -719162}, {1600, 2, 29, -135081}, {9999, 12, 31, 2932896}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        int y, m, d;
        assert_int_equal(date_from_civil(CASES[i].year, CASES[i].month, CASES[i].day), CASES[i].date);
        date_to_civil(CASES[i].date, &y, &m, &d);
        assert_int_equal(y, CASES[i].year);
        assert_int_equal(m, CASES[i].month);
        assert_int_equal(d, CASES[i].day);
    }
}

static void test_parse(void **state)
{
    static const struct {
        const char *text, *formatted; /* NULL: refused */
    } CASES[] = {
        {"2026-10-31", "2026-10-31"}, {"20261031", "2026-10-31"},
        {"2024-02-29", "2024-02-29"}, {"2000-02-29", "2000-02-29"},
        {"1900-01-01", "1900-01-01"}, {"2099-12-31", "2099-12-31"},
        {"1900-02-29", NULL},         {"2026-02-29", NULL},
        {"2026-04-31", NULL},         {"2026-13-01", NULL},
        {"2026-00-10", NULL},         {"2026-10-00", NULL},
        {"1899-12-31", NULL},         {"2100-01-01", NULL},
        {"00000000", NULL},           {"2026-1-31", NULL},
        {"2026/10/31", NULL},         {"202610-31", NULL},
        {" 2026103", NULL},           {"2026103a", NULL},
        {"2026-10-31 ", NULL},        {"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        int32_t date = 12345;
        char text[11];
        bool ok = date_parse(view_of(CASES[i].text), &date);
        if (ok != (CASES[i].formatted != NULL)) fail_msg("\"%s\"", CASES[i].text);
        if (!ok) {
            assert_int_equal(date, 12345);
            continue;
        }
        date_format(date, text);
        assert_string_equal(text, CASES[i].formatted);
    }
}

static void test_no_date(void **state)
{
    char text[11] = "x";
    date_format(DATE_NONE, text);
    assert_string_equal(text, "");
}

/* What is no day of the calendar has a text, too: it may stand in a file. */
static void test_beyond(void **state)
{
    static const struct {
        int32_t date;
        const char *text;
    } CASES[] = {{DATE_FIRST, "0001-01-01"}, {DATE_FIRST - 1, "<0001"}, {DATE_NONE + 1, "<0001"},
                 {DATE_LAST, "9999-12-31"},  {DATE_LAST + 1, ">9999"},  {INT32_MAX, ">9999"}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char text[11];
        date_format(CASES[i].date, text);
        assert_string_equal(text, CASES[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day), cmocka_unit_test(test_far_days), cmocka_unit_test(test_parse),
        cmocka_unit_test(test_no_date),   cmocka_unit_test(test_beyond),
    };
    return cmocka_run_group_tests_name("base/date", tests, NULL, NULL);
}
