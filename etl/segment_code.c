#include "etl/segment_code.h"

#include "base/status.h"
#include "etl/segment.h"

#include <string.h>

enum run_kind { RUN_CONSTANT, RUN_DENSE, RUN_SPARSE };

struct run_head { /* 16 bytes; payload follows, padded to 8 */
    uint8_t kind, width;
    uint16_t count;
    uint32_t bytes; /* payload, padded */
    int64_t base;
};

static uint8_t width_for(uint64_t range)
{
    return range <= 0xff ? 1 : range <= 0xffff ? 2 : range <= 0xffffffffu ? 4 : 8;
}

static uint32_t padded(uint32_t n)
{
    return (n + 7) & ~7u;
}

#define PACK_DENSE(type)                                                                                               \
    for (uint32_t i = 0; i < count; i++) {                                                                             \
        type v = (type)((uint64_t)values[i] - low);                                                                    \
        memcpy(p + (size_t)i * sizeof v, &v, sizeof v);                                                                \
    }

static void pack_dense(char *p, uint8_t width, const int64_t *values, uint32_t count, uint64_t low)
{
    switch (width) {
    case 1: PACK_DENSE(uint8_t); break;
    case 2: PACK_DENSE(uint16_t); break;
    case 4: PACK_DENSE(uint32_t); break;
    default: PACK_DENSE(uint64_t); break;
    }
}

/* A bitmap of the values that are not 0, then these. */
static void pack_sparse(char *p, uint8_t width, const int64_t *values, uint32_t count, uint64_t low)
{
    char *to = p + padded((count + 7) / 8);
    for (uint32_t w = 0; w < count; w += 64) {
        uint32_t n = count - w < 64 ? count - w : 64;
        uint64_t bits = 0;
        for (uint32_t i = 0; i < n; i++) bits |= (uint64_t)(values[w + i] != 0) << i;
        memcpy(p + w / 8, &bits, padded((n + 7) / 8));
        for (; bits; bits &= bits - 1, to += width) {
            uint64_t v = (uint64_t)values[w + (uint32_t)__builtin_ctzll(bits)] - low;
            memcpy(to, &v, 8); /* there is room for a whole word behind the last value */
        }
    }
}

void segment_code_run(struct buf *out, const int64_t *values, uint32_t count)
{
    ensure(count >= 1 && count <= SEGMENT_RUN);
    int64_t low = values[0], high = values[0];
    uint64_t others = 0;
    for (uint32_t i = 0; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
        others += values[i] != 0;
    }
    struct run_head head = {.kind = RUN_DENSE, .count = (uint16_t)count, .base = low};
    head.width = width_for((uint64_t)high - (uint64_t)low);
    /* Sparse values keep the dense base: one pass decides both. */
    uint32_t dense = padded(count * head.width),
             sparse = padded((count + 7) / 8) + padded((uint32_t)others * head.width);
    if (low == high) {
        head.kind = RUN_CONSTANT;
        head.width = 0;
    } else if (sparse < dense) {
        head.kind = RUN_SPARSE;
    }
    head.bytes = head.kind == RUN_CONSTANT ? 0 : head.kind == RUN_DENSE ? dense : sparse;
    char packed[SEGMENT_RUN * 8 + 8]; /* packed here, in the cache, where overshooting does no harm */
    uint32_t used =
        head.kind == RUN_DENSE ? count * head.width : padded((count + 7) / 8) + (uint32_t)others * head.width;
    if (head.kind == RUN_DENSE) pack_dense(packed, head.width, values, count, (uint64_t)low);
    if (head.kind == RUN_SPARSE) pack_sparse(packed, head.width, values, count, (uint64_t)low);
    if (head.kind != RUN_CONSTANT) memset(packed + used, 0, head.bytes - used);
    char *p = buf_room(out, sizeof head + head.bytes);
    ensure(p);
    memcpy(p, &head, sizeof head);
    memcpy(p + sizeof head, packed, head.bytes);
}

static inline uint64_t unpack(const unsigned char *p, uint8_t width)
{
    uint64_t v = 0;
    memcpy(&v, p, width);
    return v;
}

#define DECODE_DENSE(type)                                                                                             \
    for (uint32_t i = 0; i < head.count; i++) {                                                                        \
        type v;                                                                                                        \
        memcpy(&v, p + (size_t)i * sizeof v, sizeof v);                                                                \
        out[i] = (int64_t)((uint64_t)head.base + v);                                                                   \
    }

uint32_t segment_decode(const unsigned char *p, size_t n, int64_t *out)
{
    struct run_head head;
    if (n < sizeof head) return 0;
    memcpy(&head, p, sizeof head);
    if (head.count > SEGMENT_RUN || head.bytes > n - sizeof head || head.kind > RUN_SPARSE) return 0;
    /* Checked although a checksum vouches for the bytes: a width of 200 would be copied into 8 bytes. */
    bool packed = head.width == 1 || head.width == 2 || head.width == 4 || head.width == 8;
    if (head.kind != RUN_CONSTANT && !packed) return 0;
    p += sizeof head;
    if (head.kind == RUN_CONSTANT) {
        for (uint32_t i = 0; i < head.count; i++) out[i] = head.base;
    } else if (head.kind == RUN_DENSE) {
        if (head.bytes < padded((uint32_t)head.count * head.width)) return 0;
        switch (head.width) {
        case 1: DECODE_DENSE(uint8_t); break;
        case 2: DECODE_DENSE(uint16_t); break;
        case 4: DECODE_DENSE(uint32_t); break;
        default: DECODE_DENSE(uint64_t); break;
        }
    } else {
        if (head.bytes < padded((head.count + 7u) / 8)) return 0;
        memset(out, 0, head.count * sizeof *out);
        const unsigned char *from = p + padded((head.count + 7u) / 8), *end = p + head.bytes;
        for (uint32_t w = 0; w < head.count; w += 64) {
            uint64_t bits = 0;
            uint32_t left = head.count - w < 64 ? head.count - w : 64;
            memcpy(&bits, p + w / 8, (left + 7) / 8);
            for (; bits; bits &= bits - 1, from += head.width) {
                if (from + head.width > end) return 0;
                out[w + (uint32_t)__builtin_ctzll(bits)] = (int64_t)((uint64_t)head.base + unpack(from, head.width));
            }
        }
    }
    return head.count;
}
