#include "etl/load_text.h"

#include <string.h>
#include <strings.h>

static const char REPLACEMENT[] = "\xef\xbf\xbd";

bool load_text_init(struct load_text *t, const char *encoding, bool replace, struct status *st)
{
    *t = (struct load_text){.replace = replace};
    buf_init(&t->converted, 1 << 20);
    if (strcasecmp(encoding, "utf-8") == 0) return true;
    if (strcasecmp(encoding, "gb18030") != 0) {
        status_fail(st, STATUS_USAGE, "encoding \"%s\" cannot be loaded", encoding);
        return status_hint(st, "write encoding = utf-8 or gb18030 in the output layout");
    }
    t->charset = CHARSET_GB18030;
    t->converter = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    return true;
}

void load_text_release(struct load_text *t)
{
    charset_close(t->converter);
    buf_release(&t->converted);
    t->converter = NULL;
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

/* Length of the character at p, 0 if PostgreSQL would refuse it: malformed, overlong, a surrogate, beyond U+10FFFF,
 * NUL. */
static size_t utf8_strict(const char *p, size_t n)
{
    size_t length;
    uint32_t code = charset_utf8_code(p, n, &length);
    if (length == 1) return (signed char)*p > 0;
    if (length == 3) return code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 3 : 0;
    if (length == 4) return code >= 0x10000 && code <= 0x10ffff ? 4 : 0;
    return length;
}

static size_t put_utf8(char **out, const char *in, size_t length)
{
    size_t i = 0;
    for (size_t k; i < length && (k = utf8_strict(in + i, length - i)) > 0;) i += k;
    memcpy(*out, in, i);
    *out += i;
    return i;
}

static bool converts(struct load_text *t, const char *in, size_t length)
{
    uint32_t malformed = 0;
    buf_clear(&t->converted);
    charset_convert(t->converter, (struct view){in, length}, "", &t->converted, &malformed);
    ensure(!buf_full(&t->converted));
    return malformed == 0;
}

static size_t put_gb18030(struct load_text *t, char **out, const char *in, size_t length)
{
    const char *nul = memchr(in, 0, length);
    size_t taken = nul ? (size_t)(nul - in) : length;
    if (!converts(t, in, taken)) {
        /* Rare: character by character, to find the place. */
        size_t good = 0;
        for (size_t k; good < taken; good += k) {
            k = charset_character(CHARSET_GB18030, in + good, taken - good);
            if (!converts(t, in + good, k)) break;
        }
        taken = good;
        ensure(converts(t, in, taken));
    }
    memcpy(*out, t->converted.bytes ? t->converted.bytes : "", t->converted.length);
    *out += t->converted.length;
    return taken;
}

char *load_text_put(struct load_text *t, char *out, const char *in, size_t length, size_t *bad)
{
    for (size_t i = 0;;) {
        size_t n = put_ascii(out, in + i, length - i);
        i += n;
        out += n;
        if (i == length) return out;
        i += t->converter ? put_gb18030(t, &out, in + i, length - i) : put_utf8(&out, in + i, length - i);
        if (i == length) return out;
        if (!t->replace) {
            *bad = i;
            return NULL;
        }
        memcpy(out, REPLACEMENT, 3);
        out += 3;
        i += charset_character(t->charset, in + i, length - i);
        t->replaced++;
    }
}
