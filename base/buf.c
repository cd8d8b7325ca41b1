#include "base/buf.h"

#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

void buf_init(struct buf *b, size_t length_max)
{
    *b = (struct buf){.length_max = length_max};
}

void buf_release(struct buf *b)
{
    free(b->bytes);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->length = 0;
    b->full = false;
    if (b->bytes) b->bytes[0] = 0;
}

char *buf_room(struct buf *b, size_t length)
{
    if (length > b->length_max || b->length > b->length_max - length) {
        b->full = true;
        return NULL;
    }
    if (b->length + length + 1 > b->capacity) {
        size_t capacity = b->capacity ? b->capacity * 2 : 256;
        while (capacity < b->length + length + 1) capacity *= 2;
        char *bytes = realloc(b->bytes, capacity);
        ensure(bytes);
        b->bytes = bytes;
        b->capacity = capacity;
    }
    char *room = b->bytes + b->length;
    b->length += length;
    b->bytes[b->length] = 0;
    return room;
}

void buf_add(struct buf *b, const void *bytes, size_t length)
{
    if (length == 0) return;
    char *room = buf_room(b, length);
    if (room) memcpy(room, bytes, length);
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    ensure(n >= 0);
    char *room = n ? buf_room(b, (size_t)n) : NULL;
    if (room) vsnprintf(room, (size_t)n + 1, format, again);
    va_end(again);
}

/* Length of the well-formed UTF-8 sequence at p (1..4), 0 if it is malformed. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80) return 1;
    size_t k = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;
    if (k == 0 || k > n) return 0;
    for (size_t i = 1; i < k; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return k;
}

bool buf_is_utf8(struct view text)
{
    const unsigned char *p = (const unsigned char *)text.bytes;
    for (size_t i = 0, k; i < text.length; i += k)
        if ((k = utf8_length(p + i, text.length - i)) == 0) return false;
    return true;
}

void buf_add_json(struct buf *b, struct view text)
{
    buf_add_text(b, "\"");
    const unsigned char *p = (const unsigned char *)text.bytes;
    for (size_t i = 0; i < text.length;) {
        size_t k = utf8_length(p + i, text.length - i);
        if (k == 0) {
            buf_add_text(b, "\xef\xbf\xbd");
            i++;
        } else if (k == 1 && (p[i] < 0x20 || p[i] == '"' || p[i] == '\\')) {
            buf_addf(b, "\\u%04x", p[i]);
            i++;
        } else {
            buf_add(b, p + i, k);
            i += k;
        }
    }
    buf_add_text(b, "\"");
}

void buf_add_csv(struct buf *b, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        buf_add_text(b, text);
        return;
    }
    buf_add_text(b, "\"");
    for (const char *p = text; *p; p++) buf_add(b, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    buf_add_text(b, "\"");
}
