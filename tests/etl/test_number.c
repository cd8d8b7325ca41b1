/* Integrated numbers: read, and written with all their digits. */
#include "etl/number.h"

#include "tests/test.h"

static void test_parse(void **state)
{
    static const struct {
        int64_t prefix;
        const char *text;
        bool ok;
        uint64_t number;
    } CASES[] = {
        {11, "1100000012", true, 12},
        {11, "12", true, 12},
        {11, "00000012", true, 12},
        {11, "1200000012", false, 0},
        {11, "", false, 0},
        {11, "12x", false, 0},
        {11, "-1", false, 0},
        {1, "0100000012", true, 12},
        {1, "100000012", true, 12}, /* as it was written once */
        {1, "0200000012", false, 0},
        {0, "12", true, 12},
        {0, "123456789", true, 123456789},
        {11, "99999999999999999999", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct unit u = {.number_prefix = CASES[i].prefix};
        uint64_t number = 0;
        if (number_parse(&u, CASES[i].text, &number) != CASES[i].ok) print_error("%s\n", CASES[i].text);
        assert_int_equal(number_parse(&u, CASES[i].text, &number), CASES[i].ok);
        if (CASES[i].ok) assert_int_equal(number, CASES[i].number);
    }
}

static void test_text(void **state)
{
    (void)state;
    static const struct {
        int64_t prefix;
        uint64_t number;
        const char *text;
    } CASES[] = {
        {11, 12, "1100000012"},
        {1, 12, "0100000012"},
        {1, 99999999, "0199999999"},
        {99, 0, "9900000000"},
        {0, 12, "12"},
        {0, 0, "0"},
        {99999999, 99999999, "9999999999999999"},
        {123, 4, "12300000004"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct unit u = {.number_prefix = CASES[i].prefix};
        char text[NUMBER_TEXT_MAX];
        uint64_t back = 0;
        assert_string_equal(number_text(&u, CASES[i].number, text), CASES[i].text);
        assert_true(number_parse(&u, text, &back));
        assert_int_equal(back, CASES[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
