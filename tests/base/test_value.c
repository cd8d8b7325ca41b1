/* Strict values (duration and share: test_conf.c) and the suggestions for misspelt names. */
#include "base/date.h"
#include "base/nearest.h"
#include "base/value.h"
#include "tests/test.h"

static void test_dates(void **state)
{
    struct status st = {0};
    int32_t date = 0;
    assert_true(value_date("2026-10-31", &date, &st));
    assert_int_equal(date, date_from_civil(2026, 10, 31));
    assert_false(value_date("31.10.2026", &date, &st));
    assert_has(st.message, "\"31.10.2026\" is not a day of the calendar; write it as 2026-10-31");
}

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t size; /* -1: refused */
    } CASES[] = {
        {"512", 512},      {"64k", 65536}, {"256m", 256ll << 20}, {"2G", 2ll << 30},
        {"1t", 1ll << 40}, {"0", 0},       {"2gb", -1},           {"1.5g", -1},
        {"-1", -1},        {"g", -1},      {"99999999999t", -1},  {"2 g", -1},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        uint64_t size = 77;
        bool ok = value_size(CASES[i].text, &size, &st);
        if (ok != (CASES[i].size >= 0)) print_error("case: %s\n", CASES[i].text);
        assert_int_equal(ok, CASES[i].size >= 0);
        if (ok)
            assert_int_equal(size, CASES[i].size);
        else
            assert_has(st.message, "is not a size");
    }
}

static void test_size_format(void **state)
{
    static const struct {
        uint64_t size;
        const char *text;
    } CASES[] = {
        {0, "0"},           {1000, "1000"},           {1024, "1k"}, {1536ull << 20, "1536m"}, {2ull << 30, "2g"},
        {4ull << 40, "4t"}, {5000ull << 40, "5000t"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        char text[24];
        uint64_t size;
        value_size_format(CASES[i].size, text);
        assert_string_equal(text, CASES[i].text);
        assert_true(value_size(text, &size, &st)); /* and back */
        assert_true(size == CASES[i].size);
    }
}

static void test_distance(void **state)
{
    static const struct {
        const char *a, *b;
        int distance;
    } CASES[] = {
        {"", "", 0},       {"", "abc", 3},           {"abc", "", 3},          {"abc", "abc", 0},
        {"abc", "acb", 1}, {"abc", "abd", 1},        {"abc", "ab", 1},        {"abc", "abcd", 1},
        {"run", "urn", 1}, {"kitten", "sitting", 3}, {"status", "stauts", 1}, {"ab", "ba", 1},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_int_equal(nearest_distance(CASES[i].a, CASES[i].b), CASES[i].distance);
        assert_int_equal(nearest_distance(CASES[i].b, CASES[i].a), CASES[i].distance);
    }
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    assert_int_equal(nearest_distance(longer, "x"), NEAREST_NAME_MAX);
}

static void test_suggestions(void **state)
{
    static const char *const NAMES[] = {"status", "run initial", "rejects", "reconcile", "db", NULL};
    static const struct {
        const char *wanted, *expected;
    } CASES[] = {
        {"staus", "status"},
        {"reject", "rejects"},
        {"reconsile", "reconcile"},
        {"run inital", "run initial"},
        {"completely", NULL},
        {"x", NULL},
        {"", NULL},
        {"dbx", "db"},
        {"statistics", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        const char *found = nearest_of(CASES[i].wanted, NAMES);
        if (!found || !CASES[i].expected)
            assert_ptr_equal(found, CASES[i].expected);
        else
            assert_string_equal(found, CASES[i].expected);
    }
}

static void test_sum(void **state)
{
    static const int64_t EDGES[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT64_MAX - 1, UINT32_MAX, -(int64_t)UINT32_MAX};
    int64_t values[1000];
    __int128 expected = 0;
    assert_true(value_sum(NULL, 0) == 0);
    for (size_t n = 1; n <= COUNT_OF(values); n++) {
        values[n - 1] = EDGES[n * 7 % COUNT_OF(EDGES)] + (n % 5 == 0 && EDGES[n * 7 % COUNT_OF(EDGES)] < 0);
        expected += values[n - 1];
        assert_true(value_sum(values, n) == expected);
    }
    for (size_t i = 0; i < COUNT_OF(values); i++) values[i] = INT64_MIN;
    assert_true(value_sum(values, COUNT_OF(values)) == (__int128)INT64_MIN * (int)COUNT_OF(values));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),    cmocka_unit_test(test_sizes),       cmocka_unit_test(test_size_format),
        cmocka_unit_test(test_distance), cmocka_unit_test(test_suggestions), cmocka_unit_test(test_sum),
    };
    return cmocka_run_group_tests_name("base/value", tests, NULL, NULL);
}
