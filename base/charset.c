#include "base/charset.h"

#include "base/status.h"

#include <errno.h>
#include <iconv.h>

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
