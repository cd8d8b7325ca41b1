#include "base/arena.h"

#include "base/status.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum { BLOCK_SIZE = 64 * 1024 };

struct arena_block {
    struct arena_block *previous;
    max_align_t bytes[];
};

void arena_init(struct arena *a, const char *name)
{
    *a = (struct arena){.name = name};
}

void arena_release(struct arena *a)
{
    for (struct arena_block *b = a->block; b;) {
        struct arena_block *previous = b->previous;
        free(b);
        b = previous;
    }
    arena_init(a, a->name);
}

void *arena_take(struct arena *a, size_t size)
{
    ensure(size < SIZE_MAX / 2);
    size = (size + 15) & ~(size_t)15;
    if (size > (size_t)(a->end - a->next)) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        struct arena_block *b = calloc(1, sizeof *b + room);
        ensure(b);
        b->previous = a->block;
        a->block = b;
        a->next = (char *)b->bytes;
        a->end = a->next + room;
    }
    void *p = a->next;
    a->next += size;
    return p;
}

char *arena_dup(struct arena *a, struct view text)
{
    char *copy = arena_take(a, text.length + 1);
    if (text.length) memcpy(copy, text.bytes, text.length);
    return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    ensure(n >= 0);
    char *text = arena_take(a, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}
