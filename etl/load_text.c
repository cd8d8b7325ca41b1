#include "etl/load_text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const char REPLACEMENT[] = "\xef\xbf\xbd";

bool load_text_init(struct load_text *t, const char *encoding, bool replace, struct status *st)
{
    *t = (struct load_text){.replace = replace, .converter = (iconv_t)-1};
    if (strcasecmp(encoding, "utf-8") == 0) return true;
    if (strcasecmp(encoding, "gb18030") != 0) {
        status_fail(st, STATUS_USAGE, "encoding \"%s\" cannot be loaded", encoding);
        return status_hint(st, "write encoding = utf-8 or gb18030 in the output layout");
    }
    t->is_gb18030 = true;
    t->converter = iconv_open("UTF-8", "GB18030");
    if (t->converter != (iconv_t)-1) return true;
    status_fail(st, STATUS_ENVIRONMENT, "could not convert GB18030: %m");
    return status_hint(st, "the C library lacks its converters: apt-get install --reinstall libc-bin libc6");
}

void load_text_release(struct load_text *t)
{
    if (t->converter != (iconv_t)-1) iconv_close(t->converter);
    t->converter = (iconv_t)-1;
}

/* Copies the ASCII characters at the beginning, up to the first byte that is NUL or above 0x7f; returns how many. */
static size_t put_ascii(char *out, const char *in, size_t length)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t w;
        memcpy(&w, in + i, 8);
        if ((w & highs) || ((w - ones) & ~w & highs)) break;
        memcpy(out + i, &w, 8);
    }
    for (; i < length && (signed char)in[i] > 0; i++) out[i] = in[i];
    return i;
}

/* Length of the well-formed UTF-8 character at p, 0 if it is malformed (Unicode 15, table 3-7). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80) return p[0] != 0;
    if (n >= 2 && p[0] >= 0xc2 && p[0] <= 0xdf) return (p[1] & 0xc0) == 0x80 ? 2 : 0;
    if (n >= 3 && (p[0] & 0xf0) == 0xe0) {
        unsigned char low = p[0] == 0xe0 ? 0xa0 : 0x80,
                      high = p[0] == 0xed ? 0x9f : 0xbf; /* no overlong, no surrogate */
        return p[1] >= low && p[1] <= high && (p[2] & 0xc0) == 0x80 ? 3 : 0;
    }
    if (n >= 4 && p[0] >= 0xf0 && p[0] <= 0xf4) {
        unsigned char low = p[0] == 0xf0 ? 0x90 : 0x80, high = p[0] == 0xf4 ? 0x8f : 0xbf;
        return p[1] >= low && p[1] <= high && (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80 ? 4 : 0;
    }
    return 0;
}

/* Both put one stretch of well-formed characters and return how many bytes they took in. */
static size_t put_utf8(char **out, const char *in, size_t length)
{
    size_t i = 0;
    for (size_t k; i < length && (k = utf8_length((const unsigned char *)in + i, length - i)) > 0;) i += k;
    memcpy(*out, in, i);
    *out += i;
    return i;
}

static size_t put_gb18030(struct load_text *t, char **out, const char *in, size_t length)
{
    /* iconv passes NUL on: the stretch ends before one. */
    const char *nul = memchr(in, 0, length);
    size_t left = nul ? (size_t)(nul - in) : length, room = left * LOAD_TEXT_GROWTH, all = left;
    char *from;
    memcpy(&from, &in, sizeof from); /* iconv does not write to its input, its prototype only says so */
    iconv(t->converter, NULL, NULL, NULL, NULL);
    size_t outcome = iconv(t->converter, &from, &left, out, &room);
    ensure(outcome != (size_t)-1 || errno != E2BIG);
    return all - left;
}

char *load_text_put(struct load_text *t, char *out, const char *in, size_t length, size_t *bad)
{
    for (size_t i = 0;;) {
        size_t n = put_ascii(out, in + i, length - i);
        i += n;
        out += n;
        if (i == length) return out;
        i += t->is_gb18030 ? put_gb18030(t, &out, in + i, length - i) : put_utf8(&out, in + i, length - i);
        if (i == length) return out;
        if (!t->replace) {
            *bad = i;
            return NULL;
        }
        memcpy(out, REPLACEMENT, 3);
        out += 3;
        i++;
        t->replaced++;
    }
}
