/* UTF-8 and GB18030: conversion both ways, malformed bytes, never half a character. */
#include "base/charset.h"
#include "tests/test.h"

static const struct {
    const char *name, *utf8, *gb; /* the same text */
} TEXTS[] = {
    {"ASCII", "AB 12", "AB 12"},
    {"two bytes each", "王伟", "\xcd\xf5\xce\xb0"},
    {"full-width", "（Ａ１）", "\xa3\xa8\xa3\xc1\xa3\xb1\xa3\xa9"},
    {"four bytes in GB18030", "㐂", "\x81\x39\xef\x31"},
    {"outside the plane", "𠮷", "\x95\x34\xb2\x35"},
    {"a rare name", "𬜬", "\x99\x32\xbd\x34"}, /* CJK Extension E */
    {"middle dot", "·", "\xa1\xa4"},
    {"mixed", "a王b𠮷c",
     "a\xcd\xf5"
     "b\x95\x34\xb2\x35"
     "c"},
    {"nothing", "", ""},
};

static void test_convert(void **state)
{
    struct charset_converter *to_utf8 = charset_open(CHARSET_GB18030, CHARSET_UTF8),
                             *to_gb = charset_open(CHARSET_UTF8, CHARSET_GB18030);
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        struct buf out;
        uint32_t malformed = 0;
        buf_init(&out, 4096);
        charset_convert(to_utf8, view_of(TEXTS[i].gb), "?", &out, &malformed);
        if (!view_equal(buf_view(&out), view_of(TEXTS[i].utf8)))
            fail_msg("%s: to UTF-8 gives \"%s\"", TEXTS[i].name, out.bytes);
        buf_clear(&out);
        charset_convert(to_gb, view_of(TEXTS[i].utf8), "?", &out, &malformed);
        if (!view_equal(buf_view(&out), view_of(TEXTS[i].gb))) fail_msg("%s: to GB18030", TEXTS[i].name);
        assert_int_equal(malformed, 0);
        buf_release(&out);
    }
    charset_close(to_utf8);
    charset_close(to_gb);
    charset_close(NULL);
}

/* Longer than one piece of the converter, with a character across every border. */
static void test_convert_long(void **state)
{
    struct charset_converter *to_utf8 = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    for (int shift = 0; shift < 4; shift++) {
        struct buf in, out, expected;
        uint32_t malformed = 0;
        buf_init(&in, 1 << 20);
        buf_init(&out, 1 << 20);
        buf_init(&expected, 1 << 20);
        for (int i = 0; i < shift; i++) buf_add_text(&in, "x"), buf_add_text(&expected, "x");
        for (int i = 0; i < 3000; i++) buf_add_text(&in, TEXTS[i % 4].gb), buf_add_text(&expected, TEXTS[i % 4].utf8);
        charset_convert(to_utf8, buf_view(&in), "", &out, &malformed);
        assert_true(view_equal(buf_view(&out), buf_view(&expected)));
        assert_int_equal(malformed, 0);
        buf_release(&in);
        buf_release(&out);
        buf_release(&expected);
    }
    charset_close(to_utf8);
}

static void test_malformed(void **state)
{
    static const struct {
        const char *name, *gb, *utf8; /* with ? for each malformed byte */
        uint32_t count;
    } CASES[] = {
        {"half a character at the end", "A\xcd", "A?", 1},
        {"a byte that begins nothing",
         "\xff"
         "A",
         "?A", 1},
        {"0x80",
         "\x80"
         "A",
         "?A", 1},
        {"half of four bytes", "\x81\x39", "??", 2},
        {"after it everything is read again", "\xff\xcd\xf5", "?王", 1},
    };
    struct charset_converter *c = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct buf out;
        uint32_t malformed = 0;
        buf_init(&out, 4096);
        charset_convert(c, view_of(CASES[i].gb), "?", &out, &malformed);
        if (malformed == 0) fail_msg("%s: not noticed", CASES[i].name);
        if (i != 3 && !view_equal(buf_view(&out), view_of(CASES[i].utf8)))
            fail_msg("%s: \"%s\"", CASES[i].name, out.bytes);
        if (i != 3) assert_int_equal(malformed, CASES[i].count);
        buf_release(&out);
    }
    charset_close(c);
}

static void test_characters(void **state)
{
    static const struct {
        enum charset charset;
        const char *bytes;
        size_t length;
    } CASES[] = {
        {CHARSET_UTF8, "A", 1},
        {CHARSET_UTF8, "é", 2},
        {CHARSET_UTF8, "王", 3},
        {CHARSET_UTF8, "𠮷", 4},
        {CHARSET_UTF8, "\xe7\x8e", 1},
        {CHARSET_UTF8,
         "\xe7"
         "A\x8b",
         1},
        {CHARSET_UTF8, "\x8b", 1},
        {CHARSET_UTF8, "\xc0\x80", 1},
        {CHARSET_UTF8, "\xf5\x80\x80\x80", 1},
        {CHARSET_GB18030, "A", 1},
        {CHARSET_GB18030, "\xcd\xf5", 2},
        {CHARSET_GB18030, "\x81\x39\xef\x31", 4},
        {CHARSET_GB18030, "\xcd", 1},
        {CHARSET_GB18030, "\xcd\x7f", 1},
        {CHARSET_GB18030, "\xcd\x20", 1},
        {CHARSET_GB18030, "\x80\x41", 1},
        {CHARSET_GB18030, "\xff\x41", 1},
        {CHARSET_GB18030, "\x81\x39\xee", 1},
        {CHARSET_GB18030, "\xaa\x40", 2},
        {CHARSET_GB18030, "\xcd\xff", 1},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        if (charset_character(CASES[i].charset, CASES[i].bytes, strlen(CASES[i].bytes)) != CASES[i].length)
            fail_msg("case %zu: not %zu bytes", i, CASES[i].length);
}

/* The prefix ends between characters, is as long as it can be, and never longer than asked. */
static void test_prefix(void **state)
{
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++)
        for (int charset = 0; charset < 2; charset++) {
            const char *text = charset ? TEXTS[i].gb : TEXTS[i].utf8;
            size_t length = strlen(text);
            for (size_t most = 0; most <= length + 2; most++) {
                size_t n = charset_prefix((enum charset)charset, view_of(text), most), at = 0, best = 0;
                while (at < length) {
                    at += charset_character((enum charset)charset, text + at, length - at);
                    if (at <= most) best = at;
                }
                assert_int_equal(n, best);
            }
        }
}

static void test_utf8_codes(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t code;
        size_t length;
    } CASES[] = {{"A", 'A', 1},       {"é", 0xe9, 2},          {"王", 0x738b, 3},          {"𠮷", 0x20bb7, 4},
                 {"\xff", 0xfffd, 1}, {"\xe7\x8e", 0xfffd, 1}, {"\xef\xbf\xbd", 0xfffd, 3}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        size_t length;
        assert_int_equal(charset_utf8_code(CASES[i].bytes, strlen(CASES[i].bytes), &length), CASES[i].code);
        assert_int_equal(length, CASES[i].length);
    }
}

/* Every code of two and of four bytes, and what lies between, as the converter has it; and back into UTF-8. */
static void test_gb18030_codes(void **state)
{
    struct charset_converter *c = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    struct buf out;
    uint64_t characters = 0;
    buf_init(&out, 4096);
    for (uint32_t i = 0; i < 126 * 191 + 126 * 10 * 126 * 10; i++) {
        uint32_t k = i - 126 * 191;
        bool two = i < 126 * 191;
        char bytes[5] = {(char)(0x81 + (two ? i / 191 : k / 12600)),
                         (char)(two ? 0x40 + i % 191 : 0x30 + k / 1260 % 10), (char)(0x81 + k / 10 % 126),
                         (char)(0x30 + k % 10)};
        struct view text = {bytes, two ? 2 : 4};
        uint32_t malformed = 0;
        size_t length;
        char utf8[4];
        buf_clear(&out);
        charset_convert(c, text, "", &out, &malformed);
        uint32_t code = charset_gb18030_code(text.bytes, text.length, &length);
        if (malformed) {
            if (code != 0xfffd || length != 1) fail_msg("%02x%02x: U+%X", bytes[0] & 255, bytes[1] & 255, code);
            continue;
        }
        size_t n = charset_utf8_put(code, utf8);
        if (length != text.length || !view_equal((struct view){utf8, n}, buf_view(&out)))
            fail_msg("%02x%02x%02x%02x: U+%X", bytes[0] & 255, bytes[1] & 255, bytes[2] & 255, bytes[3] & 255, code);
        characters++;
    }
    assert_true(characters > 1000000);
    buf_release(&out);
    charset_close(c);
}

static void test_utf8_put(void **state)
{
    static const char *const CHARACTERS[] = {"A",      "\x7f", "\xc2\x80",     "é",          "\u07ff",
                                             "\u0800", "王",   "\xef\xbf\xbf", "\U00010000", "𠮷"};
    for (size_t i = 0; i < COUNT_OF(CHARACTERS); i++) {
        char to[4];
        size_t length, n = charset_utf8_put(charset_utf8_code(CHARACTERS[i], strlen(CHARACTERS[i]), &length), to);
        assert_true(view_is((struct view){to, n}, CHARACTERS[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert),       cmocka_unit_test(test_convert_long), cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_characters),    cmocka_unit_test(test_prefix),       cmocka_unit_test(test_utf8_codes),
        cmocka_unit_test(test_gb18030_codes), cmocka_unit_test(test_utf8_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
