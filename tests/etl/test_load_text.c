/* Text fields: every character of both encodings, malformed bytes, NUL, replacement. */
#include "etl/load_text.h"
#include "tests/test.h"

#include <iconv.h>

enum { NO_BAD = 99999 };

static const char *put(const char *encoding, bool replace, const char *in, size_t length, size_t *bad,
                       uint64_t *replaced)
{
    static char out[4096];
    struct load_text t;
    struct status st = {0};
    assert_true(load_text_init(&t, encoding, replace, &st));
    *bad = NO_BAD;
    char *end = load_text_put(&t, out, in, length, bad);
    if (end) {
        assert_true(end <= out + LOAD_TEXT_GROWTH * length);
        *end = 0;
    }
    *replaced = t.replaced;
    load_text_release(&t);
    return end ? out : NULL;
}

static size_t encode_utf8(uint32_t code, char *p)
{
    if (code < 0x80) return p[0] = (char)code, 1;
    if (code < 0x800) return p[0] = (char)(0xc0 | code >> 6), p[1] = (char)(0x80 | (code & 63)), 2;
    if (code < 0x10000) {
        p[0] = (char)(0xe0 | code >> 12), p[1] = (char)(0x80 | (code >> 6 & 63)), p[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    p[0] = (char)(0xf0 | code >> 18), p[1] = (char)(0x80 | (code >> 12 & 63)), p[2] = (char)(0x80 | (code >> 6 & 63)),
    p[3] = (char)(0x80 | (code & 63));
    return 4;
}

/* Every code point, in both encodings and at changing distances from the eight-byte steps. */
static void test_every_character(void **state)
{
    struct load_text utf8, gb;
    struct status st = {0};
    iconv_t to_gb = iconv_open("GB18030", "UTF-8");
    char in[32], out[128], expected[32];
    size_t bad;
    long gb_characters = 0;
    assert_true(load_text_init(&utf8, "UTF-8", false, &st) && load_text_init(&gb, "gb18030", false, &st));
    for (uint32_t code = 0; code < 0x120000; code++) {
        bool valid = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
        size_t lead = code % 9, n = lead + encode_utf8(code, expected + lead);
        memcpy(expected, "abcdefghi", lead);
        expected[n++] = 'z';
        char *end = load_text_put(&utf8, out, expected, n, &bad);
        assert_int_equal(end != NULL, valid);
        if (!valid) assert_int_equal(bad, lead);
        if (!valid) continue;
        assert_int_equal(end - out, n);
        assert_memory_equal(out, expected, n);
        char *from = expected, *to = in;
        size_t left = n, room = sizeof in;
        if (iconv(to_gb, &from, &left, &to, &room) == (size_t)-1) continue;
        end = load_text_put(&gb, out, in, (size_t)(to - in), &bad);
        assert_non_null(end);
        assert_int_equal(end - out, n);
        assert_memory_equal(out, expected, n);
        gb_characters++;
    }
    assert_true(gb_characters > 1000000);
    iconv_close(to_gb);
    load_text_release(&utf8);
    load_text_release(&gb);
}

static void test_malformed(void **state)
{
    static const struct {
        const char *name, *encoding, *in;
        size_t length, bad;
        uint64_t count;
        const char *replaced;
    } cases[] = {
        {"good", "utf-8", "abc王", 6, NO_BAD, 0, "abc王"},
        {"empty", "utf-8", "", 0, NO_BAD, 0, ""},
        {"NUL", "utf-8", "ab\0cd", 5, 2, 1, "ab�cd"},
        {"NUL behind eight", "utf-8", "12345678\0", 9, 8, 1, "12345678�"},
        {"lone continuation", "utf-8", "a\x80z", 3, 1, 1, "a�z"},
        {"cut at the end", "utf-8", "王\xe7\x8e", 5, 3, 2, "王��"},
        {"overlong slash", "utf-8", "\xc0\xaf", 2, 0, 2, "��"},
        {"overlong in three", "utf-8", "x\xe0\x80\xaf", 4, 1, 1, "x�"},
        {"surrogate", "utf-8", "x\xed\xa0\x80y", 5, 1, 1, "x�y"},
        {"beyond Unicode", "utf-8", "\xf4\x90\x80\x80", 4, 0, 1, "�"},
        {"GBK in UTF-8", "utf-8", "\xcd\xf5", 2, 0, 2, "��"},
        {"good", "gb18030", "abc\xcd\xf5", 5, NO_BAD, 0, "abc王"},
        {"four bytes", "gb18030", "\x81\x30\x84\x36", 4, NO_BAD, 0, "¥"},
        {"NUL", "gb18030", "\xcd\xf5\0\xcd\xf5", 5, 2, 1, "王�王"},
        {"cut at the end", "gb18030", "\xcd\xf5\xcd", 3, 2, 1, "王�"},
        {"0xff", "gb18030", "\xcd\xf5\xff\x41", 4, 2, 1, "王�A"},
        {"second byte wrong", "gb18030", "a\xcd\x20z", 4, 1, 1, "a� z"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t bad;
        uint64_t count;
        const char *out = put(cases[i].encoding, false, cases[i].in, cases[i].length, &bad, &count);
        if (bad != cases[i].bad) print_error("%s (%s)\n", cases[i].name, cases[i].encoding);
        assert_int_equal(bad, cases[i].bad);
        assert_int_equal(out != NULL, cases[i].bad == NO_BAD);
        out = put(cases[i].encoding, true, cases[i].in, cases[i].length, &bad, &count);
        assert_non_null(out);
        if (strcmp(out, cases[i].replaced) != 0) print_error("%s (%s)\n", cases[i].name, cases[i].encoding);
        assert_string_equal(out, cases[i].replaced);
        assert_int_equal(count, cases[i].count);
    }
}

static void test_unknown_encoding(void **state)
{
    struct load_text t;
    struct status st = {0};
    assert_false(load_text_init(&t, "ebcdic", false, &st));
    assert_int_equal(st.code, STATUS_USAGE);
    assert_string_equal(st.message, "encoding \"ebcdic\" cannot be loaded");
    load_text_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_unknown_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
