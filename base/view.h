/* view: bytes that somebody else owns. A view never outlives its owner and is not NUL ended. */
#ifndef CRMX_BASE_VIEW_H
#define CRMX_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct view {
    const char *bytes;
    size_t length;
};

#define VIEW_LITERAL(text) ((struct view){(text), sizeof(text) - 1})
/* For printf("%.*s", VIEW_PRINT(v)). */
#define VIEW_PRINT(v) (int)(v).length, (v).bytes

static inline struct view view_of(const char *text)
{
    return (struct view){text, text ? strlen(text) : 0};
}

static inline bool view_equal(struct view a, struct view b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static inline bool view_is(struct view a, const char *text)
{
    return view_equal(a, view_of(text));
}

/* Without blanks (space, tab, CR, LF) at both ends. */
static inline struct view view_trim(struct view v)
{
    while (v.length && strchr(" \t\r\n", v.bytes[0]) && v.bytes[0]) v.bytes++, v.length--;
    while (v.length && strchr(" \t\r\n", v.bytes[v.length - 1]) && v.bytes[v.length - 1]) v.length--;
    return v;
}

/* Cuts the first word (up to a blank) off *rest; an empty view when there is none. */
static inline struct view view_word(struct view *rest)
{
    struct view v = view_trim(*rest);
    size_t n = 0;
    while (n < v.length && v.bytes[n] != ' ' && v.bytes[n] != '\t') n++;
    *rest = (struct view){v.bytes + n, v.length - n};
    return (struct view){v.bytes, n};
}

#endif
