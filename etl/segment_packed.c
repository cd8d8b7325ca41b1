/* A run as it is packed, turned into doubles a slice at a time: what a program of a formula reads when nobody wants the
 * whole numbers. */
#include "base/status.h"
#include "etl/segment.h"
#include "etl/segment_code.h"

#include <string.h>

/* NULL: there is no such run, or it is damaged. */
static const unsigned char *find_run(struct view loaded, uint64_t run, struct run_head *head)
{
    uint32_t offset;
    if ((run + 1) * sizeof offset > loaded.length) return NULL;
    memcpy(&offset, loaded.bytes + run * sizeof offset, sizeof offset);
    if (offset >= loaded.length) return NULL;
    const unsigned char *p = (const unsigned char *)loaded.bytes + offset;
    return segment_run_head(p, loaded.length - offset, head) ? p + sizeof *head : NULL;
}

uint32_t segment_constant_run(struct view loaded, uint64_t run, int64_t *value)
{
    struct run_head head;
    if (!find_run(loaded, run, &head) || head.kind != RUN_CONSTANT) return 0;
    *value = head.base;
    return head.count;
}

bool segment_pack_run(struct view loaded, uint64_t run, struct segment_packed *out)
{
    uint32_t before = 0;
    struct run_head head;
    const unsigned char *p = find_run(loaded, run, &head);
    if (!p) return false;
    /* A sum of exact doubles that is an integer below 2^53 is exact. */
    bool exact = head.width <= 4 && head.base > -(INT64_C(1) << 51) && head.base < INT64_C(1) << 51;
    out->values = p;
    out->bits = NULL;
    out->end = p + head.bytes;
    out->base = head.base;
    out->count = head.count;
    out->width = head.kind == RUN_CONSTANT ? 0 : head.width;
    out->exact = exact;
    out->few = false;
    if (head.kind != RUN_SPARSE) return true;
    out->bits = p;
    out->values = p + padded((head.count + 7u) / 8);
    for (uint32_t w = 0; w < head.count; w += SEGMENT_SLICE) {
        uint64_t bits = 0; /* what lies between the bitmap and the values is 0 */
        memcpy(&bits, p + w / 8, sizeof bits);
        out->before[w / SEGMENT_SLICE] = (uint16_t)before;
        before += (uint32_t)__builtin_popcountll(bits);
    }
    out->few = before < head.count / 6u;
    return padded((head.count + 7u) / 8) + before * head.width <= head.bytes;
}

/* --- dense --- */

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

/* --- sparse, 64 customers at a time without a branch: a loop over set bits pays a wrong guess for every word --- */

#if defined(__AVX2__)
#include <immintrin.h>

/* For each byte of a bitmap which of the next values each of its eight customers has, and where its bits are set. */
static uint64_t expand_table[256], place_table[256];

__attribute__((constructor)) static void fill_tables(void)
{
    for (unsigned byte = 0; byte < 256; byte++)
        for (unsigned lane = 0; lane < 8; lane++) {
            unsigned before = (unsigned)__builtin_popcount(byte & ((1u << lane) - 1));
            expand_table[byte] |= (uint64_t)before << (8 * lane);
            if (byte >> lane & 1) place_table[byte] |= (uint64_t)lane << (8 * before);
        }
}

/* One slice. Values of `width` bytes (1, 2, 4) above base; eight of them can be read from wherever the last one ends.
 * */
static inline __attribute__((always_inline)) void expand(uint64_t bits, const unsigned char *from, double base,
                                                         unsigned width, bool above_zero, double *out)
{
    const __m256i lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128), flip = _mm256_set1_epi32(INT32_MIN);
    const __m256d add = _mm256_set1_pd(width == 4 ? base + 2147483648.0 : base);
    for (unsigned k = 0; k < SEGMENT_SLICE / 8; k++, bits >>= 8, out += 8) {
        unsigned byte = bits & 0xff;
        const void *at = from;
        __m256i next = width == 4   ? _mm256_loadu_si256((const __m256i *)at)
                       : width == 2 ? _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)at))
                                    : _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)at));
        const void *table = &expand_table[byte];
        __m256i v = _mm256_permutevar8x32_epi32(next, _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)table)));
        __m256i is_set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)byte), lanes), lanes);
        if (!above_zero) v = _mm256_and_si256(v, is_set);
        if (width == 4) v = _mm256_xor_si256(v, flip);
        __m256d low = _mm256_cvtepi32_pd(_mm256_castsi256_si128(v));
        __m256d high = _mm256_cvtepi32_pd(_mm256_extracti128_si256(v, 1));
        if (width == 4 || above_zero) low = _mm256_add_pd(low, add), high = _mm256_add_pd(high, add);
        if (above_zero) { /* who has no value has 0, not base */
            low = _mm256_and_pd(low, _mm256_castsi256_pd(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(is_set))));
            high = _mm256_and_pd(high, _mm256_castsi256_pd(_mm256_cvtepi32_epi64(_mm256_extracti128_si256(is_set, 1))));
        }
        _mm256_storeu_pd(out, low);
        _mm256_storeu_pd(out + 4, high);
        from += (size_t)__builtin_popcount(byte) * width;
    }
}

static uint32_t unpack_slices(const struct segment_packed *p, uint32_t first, uint32_t count, double *out)
{
    const unsigned width = p->width, based = p->base != 0;
    const double base = (double)p->base;
    const unsigned char *end = p->end;
    uint32_t done = 0;
    for (; done + SEGMENT_SLICE <= count; done += SEGMENT_SLICE, out += SEGMENT_SLICE) {
        const unsigned char *from = p->values + (size_t)p->before[(first + done) / SEGMENT_SLICE] * width;
        uint64_t bits;
        memcpy(&bits, p->bits + (first + done) / 8, sizeof bits);
        if (from + (size_t)((unsigned)__builtin_popcountll(bits) + 8) * width > end) break;
        switch (width + based) {
        case 1: expand(bits, from, base, 1, false, out); break;
        case 4: expand(bits, from, base, 4, false, out); break;
        case 5: expand(bits, from, base, 4, true, out); break;
        case 3: expand(bits, from, base, 2, true, out); break;
        default: based ? expand(bits, from, base, 1, true, out) : expand(bits, from, base, 2, false, out);
        }
    }
    return done;
}
#else
static uint32_t unpack_slices(const struct segment_packed *p, uint32_t first, uint32_t count, double *out)
{
    (void)p, (void)first, (void)count, (void)out;
    return 0;
}
#endif

/* --- sparse, value by value: few ones, large ones, those near the end of a run, and on other machines --- */

/* Where bits are set, from `first` on; places has room for a slice more than there are. */
static uint32_t list_places(uint64_t bits, uint32_t first, uint16_t *places)
{
    uint32_t found = 0;
#if defined(__AVX2__)
    /* Eight places of each byte are written, as many as it has bits count: no branch that is guessed wrong. */
    for (uint32_t k = 0; k < SEGMENT_SLICE / 8; k++, bits >>= 8, first += 8) {
        const void *table = &place_table[bits & 0xff];
        __m128i eight = _mm_cvtepu8_epi16(_mm_loadl_epi64(table));
        void *to = places + found;
        _mm_storeu_si128(to, _mm_add_epi16(eight, _mm_set1_epi16((short)first)));
        found += (uint32_t)__builtin_popcount(bits & 0xff);
    }
#else
    for (; bits; bits &= bits - 1) places[found++] = (uint16_t)(first + (uint32_t)__builtin_ctzll(bits));
#endif
    return found;
}

uint32_t segment_unpack_few(const struct segment_packed *p, uint32_t first, uint32_t count, uint16_t *places,
                            double *values)
{
    uint32_t found = 0;
    ensure(p->bits && first % SEGMENT_SLICE == 0 && first + count <= p->count);
    for (uint32_t w = 0; w < count; w += SEGMENT_SLICE) {
        uint64_t bits = 0;
        uint32_t left = count - w < SEGMENT_SLICE ? count - w : SEGMENT_SLICE;
        memcpy(&bits, p->bits + (first + w) / 8, (left + 7) / 8);
        if (left < SEGMENT_SLICE) bits &= (UINT64_C(1) << left) - 1;
        if (bits) found += list_places(bits, w, places + found);
    }
    unpack_dense(p, p->before[first / SEGMENT_SLICE], found, values);
    return found;
}

static void unpack_sparse(const struct segment_packed *p, uint32_t first, uint32_t count, double *restrict out)
{
    uint32_t done = p->exact && !p->few ? unpack_slices(p, first, count, out) : 0;
    if (done == count) return;
    uint16_t places[SEGMENT_RUN + SEGMENT_SLICE];
    double values[SEGMENT_RUN];
    uint32_t found = segment_unpack_few(p, first + done, count - done, places, values);
    out += done;
    memset(out, 0, (count - done) * sizeof *out);
    for (uint32_t i = 0; i < found; i++) out[places[i]] = values[i];
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
