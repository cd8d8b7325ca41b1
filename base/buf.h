/* buf: an owned, growing byte buffer with a maximum. Nothing in crmx grows without a limit.
 *
 * buf_init → buf_add... → buf_view / bytes → buf_release. When the maximum is reached the buffer is marked full,
 * further bytes are dropped, and buf_full() tells: check it once before the content is used. Memory exhaustion aborts.
 */
#ifndef CRMX_BASE_BUF_H
#define CRMX_BASE_BUF_H

#include "base/view.h"

#include <stdint.h>

struct buf {
    char *bytes; /* NUL ended whenever not NULL */
    size_t length;
    size_t capacity;
    size_t length_max;
    bool full;
};

void buf_init(struct buf *b, size_t length_max);
void buf_release(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory */
void buf_add(struct buf *b, const void *bytes, size_t length);
void buf_add_text(struct buf *b, const char *text);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for length bytes at the end, counted as content; NULL when the maximum would be passed. */
char *buf_room(struct buf *b, size_t length);
/* The text as a JSON string with quotes; bytes that are not UTF-8 become U+FFFD. */
void buf_add_json(struct buf *b, struct view text);
/* A cell of a CSV line as RFC 4180 has it: in quotes where a comma, a quote or a line end asks for them. */
void buf_add_csv(struct buf *b, const char *text);
bool buf_is_utf8(struct view text);

static inline bool buf_full(const struct buf *b)
{
    return b->full;
}
static inline struct view buf_view(const struct buf *b)
{
    return (struct view){b->bytes, b->length};
}

#endif
