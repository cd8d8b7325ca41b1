/* bitmap: bits in words of 64, the lowest first. */
#ifndef CRMX_BASE_BITMAP_H
#define CRMX_BASE_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

static inline void bitmap_set(uint64_t *bits, uint64_t i)
{
    bits[i >> 6] |= UINT64_C(1) << (i & 63);
}

static inline bool bitmap_get(const uint64_t *bits, uint64_t i)
{
    return bits[i >> 6] >> (i & 63) & 1;
}

/* The first bit from `from` on that is `set` (or is not); `to`: none before that. */
static inline uint64_t bitmap_next(const uint64_t *bits, bool set, uint64_t from, uint64_t to)
{
    while (from < to) {
        uint64_t word = (set ? bits[from >> 6] : ~bits[from >> 6]) >> (from & 63);
        if (word) {
            from += (uint64_t)__builtin_ctzll(word);
            return from < to ? from : to;
        }
        from = (from | 63) + 1;
    }
    return to;
}

#endif
