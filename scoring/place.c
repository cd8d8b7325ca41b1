/* The line of a formula that a message or a finding is about, with a caret below the character. */
#include "scoring/tree.h"

#include <stdio.h>

enum { SHOWN_MAX = 110 /* terminal columns of a line */, BEFORE_MAX = 80 /* of them in front of the caret */ };

struct character {
    size_t length; /* bytes */
    int width;     /* terminal columns */
};

/* Chinese characters and full-width signs take two columns. Bytes that are no UTF-8 count one by one. */
static struct character character_at(const char *at)
{
    unsigned char first = (unsigned char)*at;
    size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t c = first & (0x7fu >> (length > 1 ? length : 0));
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)at[i] & 0xc0) != 0x80) return (struct character){1, 1};
        c = c << 6 | ((unsigned char)at[i] & 0x3f);
    }
    bool wide = (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) ||
                (c >= 0xf900 && c < 0xfb00) || (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
                (c >= 0xffe0 && c < 0xffe7) || (c >= 0x20000 && c < 0x3fffe);
    return (struct character){length, wide ? 2 : 1};
}

static const char *line_of(const char *text, uint32_t line)
{
    while (--line && *text) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return text;
}

static bool in_line(const char *at)
{
    return *at && *at != '\n';
}

/* Where to begin, so that the caret is on the screen; *caret is its column there. */
static const char *first_shown(const char *line, uint32_t column, int *caret)
{
    const char *from = line, *at = line;
    int width = 0;
    for (uint32_t i = 1; i < column && in_line(at); i++) {
        struct character c = character_at(at);
        at += c.length;
        width += c.width;
        while (width > BEFORE_MAX) {
            c = character_at(from);
            from += c.length;
            width -= c.width;
        }
    }
    *caret = width;
    return from;
}

bool formula_excerpt(const struct formula *f, struct place place, char out[FORMULA_EXCERPT_MAX])
{
    int caret, shown = 0;
    size_t n = 0;
    *out = 0;
    if (!f->text || place.line == 0) return false;
    const char *line = line_of(f->text, place.line), *at = first_shown(line, place.column, &caret);
    if (!in_line(line)) return false;
    if (at > line) n = (size_t)snprintf(out, FORMULA_EXCERPT_MAX, "…"), caret++;
    while (in_line(at) && n + 8 < FORMULA_EXCERPT_MAX / 2) {
        struct character c = character_at(at);
        bool plain = (unsigned char)*at >= 0x20 && (c.length > 1 || !((unsigned char)*at & 0x80));
        if ((shown += c.width) > SHOWN_MAX) break;
        if (plain)
            memcpy(out + n, at, c.length);
        else
            out[n] = *at == '\t' || *at == '\r' ? ' ' : '?';
        n += plain ? c.length : 1;
        at += c.length;
    }
    while (n && out[n - 1] == ' ') n--; /* a CR, blanks */
    snprintf(out + n, FORMULA_EXCERPT_MAX - n, "%s\n%*s^", in_line(at) && shown > SHOWN_MAX ? "…" : "", caret, "");
    return true;
}

void formula_excerpt_of(const char *text, uint32_t column, char out[FORMULA_EXCERPT_MAX])
{
    struct formula *f = calloc(1, sizeof *f);
    ensure(f);
    f->text = text;
    formula_excerpt(f, (struct place){1, column}, out);
    free(f);
}
