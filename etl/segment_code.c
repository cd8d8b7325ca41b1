#include "etl/segment_code.h"

#include "base/status.h"
#include "etl/segment.h"

#include <string.h>

static uint8_t width_for(uint64_t range)
{
    return range <= 0xff ? 1 : range <= 0xffff ? 2 : range <= 0xffffffffu ? 4 : 8;
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

#define DECODE_DENSE(type)                                                                                             \
    for (uint32_t i = 0; i < head.count; i++) {                                                                        \
        type v;                                                                                                        \
        memcpy(&v, p + (size_t)i * sizeof v, sizeof v);                                                                \
        out[i] = (int64_t)((uint64_t)head.base + v);                                                                   \
    }

/* A loop for each width: a copy of a width that is known only at run time is a call for each value (measured: a third
 * of a whole trial). */
#define DECODE_SPARSE(type)                                                                                            \
    static bool decode_sparse_##type(const struct run_head *head, const unsigned char *p, int64_t *out)                \
    {                                                                                                                  \
        const unsigned char *from = p + padded((head->count + 7u) / 8), *end = p + head->bytes;                        \
        for (uint32_t w = 0; w < head->count; w += 64) {                                                               \
            uint64_t bits = 0;                                                                                         \
            uint32_t left = head->count - w < 64 ? head->count - w : 64;                                               \
            memcpy(&bits, p + w / 8, (left + 7) / 8);                                                                  \
            if (from + (size_t)__builtin_popcountll(bits) * sizeof(type) > end) return false;                          \
            for (; bits; bits &= bits - 1, from += sizeof(type)) {                                                     \
                type v;                                                                                                \
                memcpy(&v, from, sizeof v);                                                                            \
                out[w + (uint32_t)__builtin_ctzll(bits)] = (int64_t)((uint64_t)head->base + v);                        \
            }                                                                                                          \
        }                                                                                                              \
        return true;                                                                                                   \
    }
DECODE_SPARSE(uint8_t)
DECODE_SPARSE(uint16_t)
DECODE_SPARSE(uint32_t)

#if defined(__AVX2__)
#include <immintrin.h>

/* For each four bits of the bitmap which half words of the next four values each of four customers has. */
#define LANE(bits, lane) (2 * __builtin_popcount((bits) & ((1 << (lane)) - 1)))
#define LANES(bits)                                                                                                    \
    {                                                                                                                  \
        LANE(bits, 0), LANE(bits, 0) + 1, LANE(bits, 1), LANE(bits, 1) + 1, LANE(bits, 2), LANE(bits, 2) + 1,          \
            LANE(bits, 3), LANE(bits, 3) + 1                                                                           \
    }
static const int32_t EXPAND_WIDE[16][8] __attribute__((aligned(32))) = {
    LANES(0), LANES(1), LANES(2),  LANES(3),  LANES(4),  LANES(5),  LANES(6),  LANES(7),
    LANES(8), LANES(9), LANES(10), LANES(11), LANES(12), LANES(13), LANES(14), LANES(15)};

/* Values of eight bytes, such as scores, most of which are there: four at a time, without a branch for each. */
static bool decode_sparse_wide(const struct run_head *head, const unsigned char *p, int64_t *out)
{
    const unsigned char *from = p + padded((head->count + 7u) / 8), *end = p + head->bytes;
    const __m256i base = _mm256_set1_epi64x(head->base), bit = _mm256_setr_epi64x(1, 2, 4, 8);
    uint32_t i = 0;
    for (; i + 4 <= head->count && from + 32 <= end; i += 4) {
        unsigned bits = (p[i / 8] >> (i & 4)) & 15;
        __m256i which = _mm256_load_si256((const __m256i *)(const void *)EXPAND_WIDE[bits]);
        __m256i v = _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)(const void *)from), which);
        __m256i is_set = _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x((long long)bits), bit), bit);
        _mm256_storeu_si256((__m256i *)(void *)(out + i), _mm256_and_si256(_mm256_add_epi64(v, base), is_set));
        from += (size_t)__builtin_popcount(bits) * 8;
    }
    for (; i < head->count; i++) {
        uint64_t v = 0;
        bool there = p[i / 8] >> (i & 7) & 1;
        if (there && from + 8 > end) return false;
        if (there) memcpy(&v, from, sizeof v);
        out[i] = there ? (int64_t)((uint64_t)head->base + v) : 0;
        from += there ? 8 : 0;
    }
    return true;
}
#else
DECODE_SPARSE(uint64_t)
static bool decode_sparse_wide(const struct run_head *head, const unsigned char *p, int64_t *out)
{
    memset(out, 0, head->count * sizeof *out);
    return decode_sparse_uint64_t(head, p, out);
}
#endif

static bool decode_sparse(const struct run_head *head, const unsigned char *p, int64_t *out)
{
    if (head->width == 8) return decode_sparse_wide(head, p, out);
    memset(out, 0, head->count * sizeof *out);
    switch (head->width) {
    case 1: return decode_sparse_uint8_t(head, p, out);
    case 2: return decode_sparse_uint16_t(head, p, out);
    default: return decode_sparse_uint32_t(head, p, out);
    }
}

bool segment_run_head(const unsigned char *p, size_t n, struct run_head *head)
{
    if (n < sizeof *head) return false;
    memcpy(head, p, sizeof *head);
    if (head->count > SEGMENT_RUN || head->bytes > n - sizeof *head || head->kind > RUN_SPARSE) return false;
    bool packed = head->width == 1 || head->width == 2 || head->width == 4 || head->width == 8;
    if (head->kind == RUN_CONSTANT) return true;
    uint32_t least = head->kind == RUN_DENSE ? (uint32_t)head->count * head->width : (head->count + 7u) / 8;
    return packed && head->bytes >= padded(least);
}

uint32_t segment_decode(const unsigned char *p, size_t n, int64_t *out)
{
    struct run_head head;
    if (!segment_run_head(p, n, &head)) return 0;
    p += sizeof head;
    if (head.kind == RUN_CONSTANT) {
        for (uint32_t i = 0; i < head.count; i++) out[i] = head.base;
    } else if (head.kind == RUN_DENSE) {
        switch (head.width) {
        case 1: DECODE_DENSE(uint8_t); break;
        case 2: DECODE_DENSE(uint16_t); break;
        case 4: DECODE_DENSE(uint32_t); break;
        default: DECODE_DENSE(uint64_t); break;
        }
    } else {
        if (!decode_sparse(&head, p, out)) return 0;
    }
    return head.count;
}
