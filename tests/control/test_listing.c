/* Listings: alignment with Chinese text, JSON that is valid. */
#include "control/listing.h"
#include "tests/test.h"

#include <jansson.h>

static const char *const NAMES[] = {"unit", "name", "records", "amount", NULL};

static void fill(struct listing *t)
{
    listing_init(t, NAMES);
    listing_text(t, "11");
    listing_text(t, "\xe5\x8c\x97\xe4\xba\xac"); /* 北京: four columns */
    listing_integer(t, 2200000);
    listing_decimal(t, "1234.56");
    listing_text(t, "3702");
    listing_text(t, NULL);
    listing_integer(t, -1);
    listing_decimal(t, "-0.05");
}

static void test_text(void **state)
{
    struct listing t;
    struct buf out;
    buf_init(&out, 10000);
    fill(&t);
    listing_write(&t, LISTING_TEXT, &out);
    assert_string_equal(out.bytes, "unit  name  records   amount\n"
                                   "11    \xe5\x8c\x97\xe4\xba\xac  2200000  1234.56\n"
                                   "3702             -1    -0.05\n");
    assert_int_equal(t.rows, 2);
    listing_release(&t);
    buf_release(&out);
}

static void test_json(void **state)
{
    struct listing t;
    struct buf out;
    buf_init(&out, 10000);
    fill(&t);
    listing_write(&t, LISTING_JSON, &out);
    json_t *json = json_loadb(out.bytes, out.length, 0, NULL);
    assert_non_null(json);
    assert_int_equal(json_array_size(json), 2);
    const json_t *first = json_array_get(json, 0), *second = json_array_get(json, 1);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "\xe5\x8c\x97\xe4\xba\xac");
    assert_int_equal(json_integer_value(json_object_get(first, "records")), 2200000);
    assert_string_equal(json_string_value(json_object_get(first, "amount")), "1234.56");
    assert_true(json_is_null(json_object_get(second, "name")));
    assert_string_equal(json_string_value(json_object_get(second, "unit")), "3702");
    json_decref(json);
    listing_release(&t);
    buf_release(&out);
}

static void test_empty(void **state)
{
    struct listing t;
    struct buf out;
    buf_init(&out, 100);
    listing_init(&t, NAMES);
    listing_write(&t, LISTING_TEXT, &out);
    assert_int_equal(out.length, 0);
    listing_write(&t, LISTING_JSON, &out);
    assert_string_equal(out.bytes, "[]\n");
    listing_release(&t);
    buf_release(&out);
}

/* RFC 4180, read back by hand. */
static void test_csv(void **state)
{
    static const char *const HEADS[] = {"name", "a,b", "number", NULL};
    static const struct {
        const char *text, *written;
    } CASES[] = {{"plain", "plain"},     {"", ""},
                 {" blank ", " blank "}, {"黄金", "黄金"},
                 {"a,b", "\"a,b\""},     {"say \"no\"", "\"say \"\"no\"\"\""},
                 {"\"", "\"\"\"\""},     {"two\nlines", "\"two\nlines\""},
                 {"cr\r", "\"cr\r\""}};
    struct listing t;
    struct buf out, expected;
    buf_init(&out, 4000);
    buf_init(&expected, 4000);
    listing_init(&t, HEADS);
    buf_add_text(&expected, "name,\"a,b\",number\n");
    listing_write(&t, LISTING_CSV, &out);
    assert_string_equal(out.bytes, expected.bytes); /* without rows the names alone */
    t.hide_empty = true;                            /* for people: a program finds its columns */
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        listing_text(&t, CASES[i].text);
        listing_text(&t, NULL);
        listing_decimal(&t, "-12345.67");
        buf_addf(&expected, "%s,,-12345.67\n", CASES[i].written);
    }
    buf_clear(&out);
    listing_write(&t, LISTING_CSV, &out);
    assert_string_equal(out.bytes, expected.bytes);
    listing_release(&t);
    buf_release(&out);
    buf_release(&expected);
}

static void test_width(void **state)
{
    static const struct {
        const char *text;
        int width;
    } CASES[] = {{"", 0},
                 {"abc", 3},
                 {"\xc3\xa9", 1},                /* é */
                 {"e\xcc\x81", 1},               /* e and a combining accent */
                 {"\xe9\xbb\x84", 2},            /* 黄 */
                 {"\xef\xbc\xa1", 2},            /* full-width A */
                 {"\xef\xbd\xb1", 1},            /* half-width kana */
                 {"\xf0\xa0\xae\xb7", 2},        /* 𠮷, outside the basic plane */
                 {"\xe3\x80\x82", 2},            /* 。*/
                 {"a\xe4\xba\xac\xc2\xb7x", 5}}; /* with a middle dot */
    for (size_t i = 0; i < COUNT_OF(CASES); i++) assert_int_equal(listing_text_width(CASES[i].text), CASES[i].width);
    assert_in_range(listing_text_width("\xb1\xb1\xff\xf0"), 1, 4); /* not UTF-8: no overrun */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text), cmocka_unit_test(test_json),  cmocka_unit_test(test_empty),
        cmocka_unit_test(test_csv),  cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests_name("control/listing", tests, NULL, NULL);
}
