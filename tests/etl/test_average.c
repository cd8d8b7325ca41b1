/* Average daily balances: days of a period, rounding, what a unit file may say, what formulas have to have. The sums
 * over many nights: tests/differential/daily, against plain SQL. */
#include "base/conf.h"
#include "base/date.h"
#include "etl/average.h"
#include "tests/etl/fixture_unit.h"

static int32_t day(const char *text)
{
    int32_t d;
    if (!date_parse(view_of(text), &d)) fail_msg("%s is no day", text);
    return d;
}

static void test_days(void **state)
{
    static const struct {
        const char *since, *today;
        int month, year;
    } CASES[] = {
        {"2026-10-31", "2026-10-31", 1, 1},    /* the first day that is known */
        {"2026-10-31", "2026-11-01", 1, 2},    /* a month begins */
        {"2026-10-31", "2026-11-30", 30, 31},  /* and is over */
        {"2026-10-31", "2026-12-31", 31, 62},  /* the last day of the year */
        {"2026-10-31", "2027-01-01", 1, 1},    /* a year begins */
        {"2026-10-31", "2028-02-29", 29, 60},  /* leap day */
        {"2026-10-31", "2028-12-31", 31, 366}, /* a leap year */
        {"2028-02-10", "2028-02-29", 20, 20},  /* began within the month */
    };
    struct unit_average month = {"m", "x", UNIT_MONTH}, year = {"y", "x", UNIT_YEAR};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_int_equal(average_days(&month, day(CASES[i].since), day(CASES[i].today)), CASES[i].month);
        assert_int_equal(average_days(&year, day(CASES[i].since), day(CASES[i].today)), CASES[i].year);
    }
}

static void test_value(void **state)
{
    static const struct {
        int64_t sum;
        int days;
        int64_t value;
    } CASES[] = {{0, 31, 0},
                 {31, 31, 1},
                 {3, 2, 2},
                 {-3, 2, -2},
                 {4, 3, 1},
                 {5, 3, 2},
                 {-5, 3, -2},
                 {-4, 3, -1},
                 {1, 2, 1},
                 {-1, 2, -1},
                 {1, 3, 0},
                 {-1, 3, 0},
                 {INT64_MAX, 1, INT64_MAX},
                 {INT64_MIN, 1, INT64_MIN},
                 {INT64_MAX, 366, 25200470046051300}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        if (average_value(CASES[i].sum, CASES[i].days) != CASES[i].value)
            fail_msg("%lld / %d is %lld", (long long)CASES[i].sum, CASES[i].days,
                     (long long)average_value(CASES[i].sum, CASES[i].days));
}

/* What the unit's file says behind [averages], and what comes of it: message NULL: it is right. */
static void test_configuration(void **state)
{
    static const struct {
        const char *lines, *message;
    } CASES[] = {
        {"m = month deposits\ny = year deposits\n", NULL},
        {"m = week deposits\n", "expected month MEASURE or year MEASURE"},
        {"m = month\n", "expected month MEASURE or year MEASURE"},
        {"birth = month deposits\n", "the customers' records have a field birth"},
        {"m = month nothing\n", "average m: no formula of unit 11 has a measure nothing"},
        {"deposits = month deposits\n", "has a measure deposits, and so is an average of the unit called"},
        {"m = month accounts_n\n", "measure accounts_n of formula personal is no money"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct status st = {0};
        struct unit *u;
        struct tables tables;
        struct rates rates = {.count = 1, .code = {"CNY"}, .rate = {1000000}, .per_unit = {1}};
        struct scorecards cards = {0};
        arena_init(&arena, "test");
        fixture_unit_write();
        fixture_write("formulas/personal.formula",
                      "unit yuan;\nthreshold 1;\nmeasure deposits money = sum(retail, cny(balance));\n"
                      "measure accounts_n number = count(retail);\nscore = deposits;\n");
        char unit[2048];
        snprintf(unit, sizeof unit, "%s%s\n[averages]\n%s", FIXTURE_UNIT_HEAD, FIXTURE_UNIT_SYSTEMS, CASES[i].lines);
        fixture_write("units/11.ini", unit);
        bool ok = unit_load(test_folder, "11", &arena, &u, &st);
        if (ok) tables_init(&tables, u, &rates, day("2026-10-31"), &arena);
        ok = ok && scorecards_load(u, &tables, &rates, &arena, &cards, &st);
        if (ok != !CASES[i].message) fail_msg("%s: %s", CASES[i].lines, st.message);
        if (CASES[i].message) assert_has(st.message, CASES[i].message);
        if (ok) {
            assert_int_equal(u->averages_count, 2);
            assert_int_equal(u->averages[1].period, UNIT_YEAR);
            assert_int_equal(average_of_field(u, "y"), 1);
            assert_int_equal(average_of_field(u, "birth"), -1);
        }
        scorecards_release(&cards);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_days), cmocka_unit_test(test_value),
                                       cmocka_unit_test(test_configuration)};
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
