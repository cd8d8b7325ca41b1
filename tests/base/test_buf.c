/* Buffers: growth, the maximum, JSON text; views: trimming and words. */
#include "base/buf.h"
#include "tests/test.h"

static void test_grows(void **state)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    assert_int_equal(buf_view(&b).length, 0);
    for (int i = 0; i < 20000; i++) buf_addf(&b, "%05d,", i);
    assert_false(buf_full(&b));
    assert_int_equal(b.length, 120000);
    assert_memory_equal(b.bytes + 6 * 12345, "12345,", 6);
    assert_int_equal(b.bytes[b.length], 0);
    char *memory = b.bytes;
    buf_clear(&b);
    assert_int_equal(b.length, 0);
    assert_string_equal(b.bytes, "");
    buf_add_text(&b, "again");
    assert_ptr_equal(b.bytes, memory);
    assert_string_equal(b.bytes, "again");
    buf_release(&b);
    assert_null(b.bytes);
}

static void test_maximum(void **state)
{
    struct buf b;
    buf_init(&b, 10);
    buf_add_text(&b, "0123456789");
    assert_false(buf_full(&b));
    buf_add(&b, "", 0);
    assert_false(buf_full(&b));
    buf_add_text(&b, "x");
    assert_true(buf_full(&b));
    assert_string_equal(b.bytes, "0123456789");
    assert_null(buf_room(&b, 1));
    assert_null(buf_room(&b, SIZE_MAX)); /* must not wrap around */
    buf_clear(&b);
    assert_false(buf_full(&b));
    buf_add_text(&b, "abc");
    buf_addf(&b, "%s", "12345678"); /* dropped as a whole: half a number would be worse than none */
    assert_true(buf_full(&b));
    assert_string_equal(b.bytes, "abc");
    buf_release(&b);
}

static void test_json(void **state)
{
    static const struct {
        struct view text;
        const char *json;
    } CASES[] = {
        {VIEW_LITERAL(""), "\"\""},
        {VIEW_LITERAL("plain"), "\"plain\""},
        {VIEW_LITERAL("a\"b\\c"), "\"a\\u0022b\\u005cc\""},
        {VIEW_LITERAL("\n\t\x1f"), "\"\\u000a\\u0009\\u001f\""},
        {VIEW_LITERAL("a\0b"), "\"a\\u0000b\""},
        {VIEW_LITERAL("\xe5\x8c\x97\xe4\xba\xac"), "\"\xe5\x8c\x97\xe4\xba\xac\""},
        {VIEW_LITERAL("\xf0\xa0\xae\xb7"), "\"\xf0\xa0\xae\xb7\""},                 /* outside the basic plane */
        {VIEW_LITERAL("\xb1\xb1"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* GBK */
        {VIEW_LITERAL("x\xe5\x8c"), "\"x\xef\xbf\xbd\xef\xbf\xbd\""},               /* cut short */
        {VIEW_LITERAL("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},                 /* overlong */
        {VIEW_LITERAL("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
        {VIEW_LITERAL("\xf4\x90\x80\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct buf b;
        buf_init(&b, 1000);
        buf_add_json(&b, CASES[i].text);
        assert_string_equal(b.bytes, CASES[i].json);
        assert_int_equal(buf_is_utf8(CASES[i].text), !strstr(CASES[i].json, "\xef\xbf\xbd"));
        buf_release(&b);
    }
}

static void test_view_trim_and_words(void **state)
{
    static const struct {
        const char *text, *trimmed, *words[4];
    } CASES[] = {
        {"", "", {0}},
        {" \t\r\n", "", {0}},
        {"a", "a", {"a"}},
        {"  a b\t", "a b", {"a", "b"}},
        {"0 22  text\trequired\r\n", "0 22  text\trequired", {"0", "22", "text", "required"}},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct view rest = view_of(CASES[i].text);
        assert_true(view_is(view_trim(rest), CASES[i].trimmed));
        for (int w = 0; w < 4 && CASES[i].words[w]; w++) assert_true(view_is(view_word(&rest), CASES[i].words[w]));
        assert_int_equal(view_word(&rest).length, 0);
    }
    assert_true(view_equal(view_of(NULL), VIEW_LITERAL("")));
    assert_false(view_equal(VIEW_LITERAL("a"), VIEW_LITERAL("b")));
    assert_int_equal(view_trim(VIEW_LITERAL("\0a\0")).length, 3); /* a zero byte is no blank */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_view_trim_and_words),
    };
    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
