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
DECODE_SPARSE(uint64_t)

static bool decode_sparse(const struct run_head *head, const unsigned char *p, int64_t *out)
{
    switch (head->width) {
    case 1: return decode_sparse_uint8_t(head, p, out);
    case 2: return decode_sparse_uint16_t(head, p, out);
    case 4: return decode_sparse_uint32_t(head, p, out);
    default: return decode_sparse_uint64_t(head, p, out);
    }
}

/* Head and sizes of a run, checked although a checksum vouches for the bytes: a width of 200 would be copied into 8. */
static bool read_head(const unsigned char *p, size_t n, struct run_head *head)
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
    if (!read_head(p, n, &head)) return 0;
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
        memset(out, 0, head.count * sizeof *out);
        if (!decode_sparse(&head, p, out)) return 0;
    }
    return head.count;
}

/* --- packed --- */

bool segment_pack_run(struct view loaded, uint64_t run, struct segment_packed *out)
{
    uint32_t offset, before = 0;
    struct run_head head;
    if ((run + 1) * sizeof offset > loaded.length) return false;
    memcpy(&offset, loaded.bytes + run * sizeof offset, sizeof offset);
    if (offset >= loaded.length) return false;
    const unsigned char *p = (const unsigned char *)loaded.bytes + offset;
    if (!read_head(p, loaded.length - offset, &head)) return false;
    p += sizeof head;
    /* A sum of exact doubles that is an integer below 2^53 is exact. */
    bool exact = head.width <= 4 && head.base > -(INT64_C(1) << 51) && head.base < INT64_C(1) << 51;
    *out = (struct segment_packed){.values = p,
                                   .base = head.base,
                                   .count = head.count,
                                   .width = head.kind == RUN_CONSTANT ? 0 : head.width,
                                   .exact = exact};
    out->end = p + head.bytes;
    if (head.kind != RUN_SPARSE) return true;
    out->bits = p;
    out->values = p + padded((head.count + 7u) / 8);
    for (uint32_t w = 0; w < head.count; w += SEGMENT_SLICE) {
        uint64_t bits = 0;
        uint32_t left = head.count - w < 64 ? head.count - w : 64;
        memcpy(&bits, p + w / 8, (left + 7) / 8);
        out->before[w / SEGMENT_SLICE] = (uint16_t)before;
        before += (uint32_t)__builtin_popcountll(bits);
    }
    return padded((head.count + 7u) / 8) + before * head.width <= head.bytes;
}

/* A whole number below 2^32 as a double by way of the signed conversion, which every vector unit has. */
#define UNPACK_DENSE(type, value)                                                                                      \
    for (uint32_t i = 0; i < count; i++) {                                                                             \
        type v;                                                                                                        \
        memcpy(&v, from + (size_t)i * sizeof v, sizeof v);                                                             \
        out[i] = value;                                                                                                \
    }

static void unpack_dense(const struct segment_packed *p, uint32_t first, uint32_t count, double *restrict out)
{
    const unsigned char *restrict from = p->values + (size_t)first * p->width;
    double base = (double)p->base, high = base + 2147483648.0;
    int64_t whole = p->base;
    if (p->width == 1 && p->exact) {
        UNPACK_DENSE(uint8_t, base + (double)(int32_t)v)
    } else if (p->width == 2 && p->exact) {
        UNPACK_DENSE(uint16_t, base + (double)(int32_t)v)
    } else if (p->width == 4 && p->exact) {
        UNPACK_DENSE(uint32_t, high + (double)(int32_t)(v ^ 0x80000000u))
    } else if (p->width == 1) {
        UNPACK_DENSE(uint8_t, (double)(int64_t)((uint64_t)whole + v))
    } else if (p->width == 2) {
        UNPACK_DENSE(uint16_t, (double)(int64_t)((uint64_t)whole + v))
    } else if (p->width == 4) {
        UNPACK_DENSE(uint32_t, (double)(int64_t)((uint64_t)whole + v))
    } else {
        UNPACK_DENSE(uint64_t, (double)(int64_t)((uint64_t)whole + v))
    }
}

#define UNPACK_SPARSE(type)                                                                                            \
    for (; bits; bits &= bits - 1, from += sizeof(type)) {                                                             \
        type v;                                                                                                        \
        memcpy(&v, from, sizeof v);                                                                                    \
        out[w + (uint32_t)__builtin_ctzll(bits)] = (double)(int64_t)((uint64_t)p->base + v);                           \
    }

#if defined(__AVX2__)
#include <immintrin.h>

/* For each byte of a bitmap which of the next values each of its eight customers has. */
static uint64_t expand_table[256];

__attribute__((constructor)) static void fill_expand_table(void)
{
    for (unsigned byte = 0; byte < 256; byte++)
        for (unsigned lane = 0; lane < 8; lane++)
            expand_table[byte] |= (uint64_t)__builtin_popcount(byte & ((1u << lane) - 1)) << (8 * lane);
}

/* Eight customers at a time without a branch: the loop over set bits pays a wrong guess for every word. Returns how
 * many were done; near the end of the values, where eight cannot be loaded, the plain loop takes over. */
static uint32_t unpack_sparse_fast(const struct segment_packed *p, uint32_t first, uint32_t count, double *out)
{
    const unsigned char *from = p->values + (size_t)p->before[first / SEGMENT_SLICE] * p->width;
    const __m256i lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128), flip = _mm256_set1_epi32(INT32_MIN);
    const __m256d base = _mm256_set1_pd((double)p->base + 2147483648.0);
    size_t eight = (size_t)8 * p->width;
    uint32_t done = 0;
    for (; done + 8 <= count && from + eight <= p->end; done += 8) {
        unsigned byte = p->bits[(first + done) / 8];
        __m256i next = p->width == 4   ? _mm256_loadu_si256((const __m256i *)(const void *)from)
                       : p->width == 2 ? _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)from))
                                       : _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from));
        __m256i which = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)expand_table[byte]));
        __m256i is_set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)byte), lanes), lanes);
        __m256i v = _mm256_xor_si256(_mm256_permutevar8x32_epi32(next, which), flip);
        __m256d low = _mm256_add_pd(_mm256_cvtepi32_pd(_mm256_castsi256_si128(v)), base);
        __m256d high = _mm256_add_pd(_mm256_cvtepi32_pd(_mm256_extracti128_si256(v, 1)), base);
        __m256d low_set = _mm256_castsi256_pd(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(is_set)));
        __m256d high_set = _mm256_castsi256_pd(_mm256_cvtepi32_epi64(_mm256_extracti128_si256(is_set, 1)));
        _mm256_storeu_pd(out + done, _mm256_and_pd(low, low_set));
        _mm256_storeu_pd(out + done + 4, _mm256_and_pd(high, high_set));
        from += (size_t)__builtin_popcount(byte) * p->width;
    }
    return done / SEGMENT_SLICE * SEGMENT_SLICE;
}
#else
static uint32_t unpack_sparse_fast(const struct segment_packed *p, uint32_t first, uint32_t count, double *out)
{
    (void)p, (void)first, (void)count, (void)out;
    return 0;
}
#endif

static void unpack_sparse(const struct segment_packed *p, uint32_t first, uint32_t count, double *restrict out)
{
    if (p->exact) {
        uint32_t done = unpack_sparse_fast(p, first, count, out);
        first += done;
        count -= done;
        out += done;
        if (!count) return;
    }
    const unsigned char *restrict from = p->values + (size_t)p->before[first / SEGMENT_SLICE] * p->width;
    memset(out, 0, count * sizeof *out);
    for (uint32_t w = 0; w < count; w += 64) {
        uint64_t bits = 0;
        uint32_t left = count - w < 64 ? count - w : 64;
        memcpy(&bits, p->bits + (first + w) / 8, (left + 7) / 8);
        if (left < 64) bits &= (UINT64_C(1) << left) - 1;
        switch (p->width) {
        case 1: UNPACK_SPARSE(uint8_t) break;
        case 2: UNPACK_SPARSE(uint16_t) break;
        case 4: UNPACK_SPARSE(uint32_t) break;
        default: UNPACK_SPARSE(uint64_t) break;
        }
    }
}

void segment_unpack_doubles(const struct segment_packed *p, uint32_t first, uint32_t count, double *out)
{
    ensure(first % SEGMENT_SLICE == 0 && first + count <= p->count);
    if (p->bits)
        unpack_sparse(p, first, count, out);
    else if (p->width)
        unpack_dense(p, first, count, out);
    else
        for (uint32_t i = 0; i < count; i++) out[i] = (double)p->base;
}
