#include "base/charset.h"

#include "base/status.h"

#include <errno.h>
#include <iconv.h>
#include <pthread.h>
#include <string.h>

struct charset_converter {
    iconv_t iconv;
    enum charset from;
};

static const char *const NAMES[] = {"UTF-8", "GB18030"};

struct charset_converter *charset_open(enum charset from, enum charset to)
{
    struct charset_converter *c = calloc(1, sizeof *c);
    ensure(c);
    c->iconv = iconv_open(NAMES[to], NAMES[from]);
    ensure(c->iconv != (iconv_t)-1); /* glibc has both built in (libc6, gconv modules) */
    c->from = from;
    return c;
}

void charset_close(struct charset_converter *c)
{
    if (!c) return;
    iconv_close(c->iconv);
    free(c);
}

void charset_convert(struct charset_converter *c, struct view text, const char *replacement, struct buf *out,
                     uint32_t *malformed)
{
    char *in = (char *)(uintptr_t)text.bytes; /* iconv does not write to it */
    size_t left = text.length;
    iconv(c->iconv, NULL, NULL, NULL, NULL);
    while (left) {
        char room[1024], *to = room;
        size_t free_bytes = sizeof room;
        size_t result = iconv(c->iconv, &in, &left, &to, &free_bytes);
        buf_add(out, room, (size_t)(to - room));
        if (result != (size_t)-1 || errno == E2BIG) continue;
        size_t skip = charset_character(c->from, in, left);
        in += skip;
        left -= skip;
        buf_add_text(out, replacement);
        ++*malformed;
    }
}

size_t charset_character(enum charset charset, const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) return 1;
    if (charset == CHARSET_UTF8) {
        size_t k = p[0] >= 0xf0 && p[0] <= 0xf4  ? 4
                   : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                   : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                                                 : 1;
        if (k > n) return 1;
        for (size_t i = 1; i < k; i++)
            if ((p[i] & 0xc0) != 0x80) return 1;
        return k;
    }
    if (p[0] == 0x80 || p[0] == 0xff || n < 2) return 1;
    if (p[1] >= 0x30 && p[1] <= 0x39)
        return n >= 4 && p[2] >= 0x81 && p[2] <= 0xfe && p[3] >= 0x30 && p[3] <= 0x39 ? 4 : 1;
    return p[1] >= 0x40 && p[1] != 0x7f && p[1] != 0xff ? 2 : 1;
}

size_t charset_prefix(enum charset charset, struct view text, size_t length_max)
{
    if (text.length <= length_max) return text.length;
    size_t at = 0;
    while (at < length_max) {
        size_t k = charset_character(charset, text.bytes + at, text.length - at);
        if (at + k > length_max) break;
        at += k;
    }
    return at;
}

uint32_t charset_utf8_code(const char *text, size_t n, size_t *length)
{
    const unsigned char *p = (const unsigned char *)text;
    *length = charset_character(CHARSET_UTF8, text, n);
    switch (*length) {
    case 2: return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    case 3: return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    case 4:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 |
               (p[3] & 0x3f);
    default: return p[0] < 0x80 ? p[0] : 0xfffd;
    }
}

size_t charset_utf8_put(uint32_t code, char to[4])
{
    if (code < 0x80) return to[0] = (char)code, 1;
    size_t k = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = k - 1; i > 0; i--, code >>= 6) to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(code | (k == 2 ? 0xc0 : k == 3 ? 0xe0 : 0xf0));
    return k;
}

/* --- GB18030 by table --- */

enum {
    GB_LEADS = 0xfe - 0x81 + 1,
    GB_TRAILS = 0xfe - 0x40 + 1,
    GB_FOUR_LOW = 39420,                     /* four bytes up to U+FFFF */
    GB_FOUR_HIGH = (0x90 - 0x81) * 10 * 1260 /* four bytes from U+10000 on */
};

/* Filled from iconv, so that there is one mapping in the program. 0: no character. */
static uint32_t gb_two[GB_LEADS][GB_TRAILS];
static uint16_t gb_four[GB_FOUR_LOW];
static pthread_once_t gb_once = PTHREAD_ONCE_INIT;

static uint32_t iconv_code(iconv_t c, const unsigned char *bytes, size_t n)
{
    char *in = (char *)(uintptr_t)bytes, room[8], *out = room;
    size_t left = n, free_bytes = sizeof room;
    iconv(c, NULL, NULL, NULL, NULL);
    if (iconv(c, &in, &left, &out, &free_bytes) == (size_t)-1 || left || out - room != 4) return 0;
    uint32_t code;
    memcpy(&code, room, 4);
    return code;
}

static void make_gb_tables(void)
{
    iconv_t c = iconv_open("UTF-32LE", "GB18030");
    ensure(c != (iconv_t)-1);
    for (int lead = 0; lead < GB_LEADS; lead++)
        for (int trail = 0; trail < GB_TRAILS; trail++)
            gb_two[lead][trail] =
                iconv_code(c, (unsigned char[]){(unsigned char)(lead + 0x81), (unsigned char)(trail + 0x40)}, 2);
    for (int i = 0; i < GB_FOUR_LOW; i++)
        gb_four[i] = (uint16_t)iconv_code(
            c,
            (unsigned char[]){(unsigned char)(i / 12600 + 0x81), (unsigned char)(i / 1260 % 10 + 0x30),
                              (unsigned char)(i / 10 % 126 + 0x81), (unsigned char)(i % 10 + 0x30)},
            4);
    iconv_close(c);
}

static uint32_t gb_four_code(const unsigned char *p)
{
    int i = ((p[0] - 0x81) * 10 + p[1] - 0x30) * 1260 + (p[2] - 0x81) * 10 + p[3] - 0x30;
    if (i < GB_FOUR_LOW) return gb_four[i];
    return i >= GB_FOUR_HIGH && i - GB_FOUR_HIGH <= 0xfffff ? (uint32_t)(i - GB_FOUR_HIGH) + 0x10000 : 0;
}

uint32_t charset_gb18030_code(const char *text, size_t n, size_t *length)
{
    const unsigned char *p = (const unsigned char *)text;
    *length = charset_character(CHARSET_GB18030, text, n);
    if (*length == 1) return p[0] < 0x80 ? p[0] : 0xfffd;
    pthread_once(&gb_once, make_gb_tables);
    uint32_t code = *length == 2 ? gb_two[p[0] - 0x81][p[1] - 0x40] : gb_four_code(p);
    if (code) return code;
    *length = 1;
    return 0xfffd;
}
