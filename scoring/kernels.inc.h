/* The loops of the column steps, compiled once for each instruction set: kernels_base.c and kernels_avx2.c define
 * KERNELS_NAME and KERNELS_TEXT and include this file once, which is why it has no include guard.
 *
 * Vector extensions of gcc and clang; dst may be one of the sources (a lane reads before it writes). Columns have room
 * for whole vectors, so a loop may run up to 3 rows past count over whatever is there.
 */
#include <math.h>
#include <string.h>

enum { AHEAD_BYTES = FORMULA_SLICE_ROWS * 8 };
typedef double vec __attribute__((vector_size(32)));
typedef int64_t mask __attribute__((vector_size(32)));
typedef uint64_t bits __attribute__((vector_size(32))); /* where sums may wrap */
typedef int64_t loose_mask __attribute__((vector_size(32), aligned(8)));

#define SAME(x) ((vec){(x), (x), (x), (x)})
#define SAME_MASK(x) ((mask){(x), (x), (x), (x)})
#define BITS(v) ((mask)(v))
#define CHOOSE(m, x, y) ((vec)(((m)&BITS(x)) | (~(m)&BITS(y))))
#define SIGN_BIT SAME_MASK(INT64_MIN)

#define KERNEL(name)                                                                                                   \
    static void kernel_##name(double *dst, const double *a, const double *b, const double *c, double k, double l,      \
                              size_t count)
#define EACH(expression)                                                                                               \
    {                                                                                                                  \
        const vec *va = (const vec *)a, *vb = (const vec *)b, *vc = (const vec *)c;                                    \
        vec *vd = (vec *)dst;                                                                                          \
        const vec vk = SAME(k), vl = SAME(l);                                                                          \
        (void)va, (void)vb, (void)vc, (void)vk, (void)vl;                                                              \
        for (size_t i = 0; i < (count + 3) / 4; i++) vd[i] = (vec)(expression);                                        \
    }

#define ABS_OF(x) ((vec)(BITS(x) & ~SIGN_BIT))
/* rint, ties to even, by the instruction for it (KERNELS_RINT) or so: from 2^52 on every double is whole; below, adding
 * and subtracting 2^52 leaves no room for a fraction. */
static inline __attribute__((always_inline)) void rint_of(vec *x)
{
#if defined(KERNELS_RINT)
    *x = (vec)KERNELS_RINT((__m256d)*x);
#else
    vec size = ABS_OF(*x);
    vec near = (size + SAME(0x1p52)) - SAME(0x1p52);
    vec signed_near = (vec)(BITS(near) | (BITS(*x) & SIGN_BIT));
    *x = CHOOSE(size < SAME(0x1p52), signed_near, *x);
#endif
}

KERNEL(NEGATE)
EACH(-va[i])
KERNEL(ABS)
EACH(ABS_OF(va[i]))
KERNEL(ADD)
EACH(va[i] + vb[i])
KERNEL(ADD_K)
EACH(va[i] + vk)
KERNEL(SUBTRACT)
EACH(va[i] - vb[i])
KERNEL(SUBTRACT_K)
EACH(va[i] - vk)
KERNEL(K_SUBTRACT)
EACH(vk - va[i])
KERNEL(MULTIPLY)
EACH(va[i] * vb[i]) KERNEL(MULTIPLY_K) EACH(va[i] * vk) KERNEL(DIVIDE) EACH(BITS(va[i] / vb[i]) & (vb[i] != SAME(0)))
    KERNEL(DIVIDE_K) EACH(va[i] / vk) KERNEL(K_DIVIDE) EACH(BITS(vk / va[i]) & (va[i] != SAME(0)))
        KERNEL(ADD_MULTIPLY_K) EACH(va[i] + vb[i] * vk) KERNEL(SUBTRACT_MULTIPLY_K) EACH(va[i] - vb[i] * vk)
            KERNEL(ADD_DIVIDE_K) EACH(va[i] + vb[i] / vk) KERNEL(ADD_MULTIPLY) EACH(va[i] + vb[i] * vc[i]) KERNEL(MIN)
                EACH(CHOOSE(va[i] < vb[i], va[i], vb[i])) KERNEL(MIN_K) EACH(CHOOSE(va[i] < vk, va[i], vk))
                    KERNEL(K_MIN) EACH(CHOOSE(vk < va[i], vk, va[i])) KERNEL(MAX)
                        EACH(CHOOSE(va[i] > vb[i], va[i], vb[i])) KERNEL(MAX_K) EACH(CHOOSE(va[i] > vk, va[i], vk))
                            KERNEL(K_MAX) EACH(CHOOSE(vk > va[i], vk, va[i])) KERNEL(EQUAL) EACH(va[i] == vb[i])
                                KERNEL(EQUAL_K) EACH(va[i] == vk) KERNEL(NOT_EQUAL) EACH(va[i] != vb[i])
                                    KERNEL(NOT_EQUAL_K) EACH(va[i] != vk) KERNEL(LESS) EACH(va[i] < vb[i])
                                        KERNEL(LESS_K) EACH(va[i] < vk) KERNEL(K_LESS) EACH(vk < va[i])
                                            KERNEL(LESS_EQUAL) EACH(va[i] <= vb[i]) KERNEL(LESS_EQUAL_K)
                                                EACH(va[i] <= vk) KERNEL(K_LESS_EQUAL) EACH(vk <= va[i]) KERNEL(AND)
                                                    EACH(BITS(va[i]) & BITS(vb[i])) KERNEL(OR)
                                                        EACH(BITS(va[i]) | BITS(vb[i])) KERNEL(NOT) EACH(~BITS(va[i]))
    /* c is the condition */
    KERNEL(SELECT) EACH(CHOOSE(BITS(vc[i]), va[i], vb[i])) KERNEL(SELECT_K) EACH(CHOOSE(BITS(vc[i]), va[i], vk))
        KERNEL(K_SELECT) EACH(CHOOSE(BITS(vc[i]), vk, va[i])) KERNEL(KK_SELECT) EACH(CHOOSE(BITS(vc[i]), vk, vl))
            KERNEL(SELECT_MASK) EACH(CHOOSE(BITS(vc[i]), va[i], vb[i])) KERNEL(FILL) EACH(vk) KERNEL(FILL_MASK)
                EACH(vk != SAME(0))

    /* floor(x + add): rint, then one less where that went up. */
    static inline
    __attribute__((always_inline)) void floor_column(double *dst, const double *a, double add, size_t count)
{
    const vec *va = (const vec *)a, vadd = SAME(add), one = SAME(1);
    vec *vd = (vec *)dst;
    for (size_t i = 0; i < (count + 3) / 4; i++) {
        vec x = va[i] + vadd, near = x;
        rint_of(&near);
        vec down = near - (vec)(BITS(one) & (near > x));
        vd[i] = (vec)(BITS(down) | (BITS(x) & SIGN_BIT));
    }
}
KERNEL(FLOOR)
{
    floor_column(dst, a, -0.0, count);
}
KERNEL(ROUND_UP)
{
    floor_column(dst, a, 0.5, count);
}
KERNEL(CEIL)
{
    const vec *va = (const vec *)a, one = SAME(1);
    vec *vd = (vec *)dst;
    for (size_t i = 0; i < (count + 3) / 4; i++) {
        vec x = va[i], near = x;
        rint_of(&near);
        vec up = near + (vec)(BITS(one) & (near < x));
        vd[i] = (vec)((BITS(up) & ~SIGN_BIT) | (BITS(x) & SIGN_BIT));
    }
}
KERNEL(ROUND_EVEN)
{
    const vec *va = (const vec *)a;
    vec *vd = (vec *)dst;
    for (size_t i = 0; i < (count + 3) / 4; i++) {
        vec x = va[i];
        rint_of(&x);
        vd[i] = x;
    }
}
/* On the magnitude: toward zero, then one more where at least a half was cut; both differences are exact. */
KERNEL(ROUND_AWAY)
{
    const vec *va = (const vec *)a, one = SAME(1), half = SAME(0.5);
    vec *vd = (vec *)dst;
    for (size_t i = 0; i < (count + 3) / 4; i++) {
        vec x = ABS_OF(va[i]), near = x;
        rint_of(&near);
        vec cut = near - (vec)(BITS(one) & (near > x));
        vec away = cut + (vec)(BITS(one) & (x - cut >= half));
        vd[i] = (vec)(BITS(away) | (BITS(va[i]) & SIGN_BIT));
    }
}

/* int64 → double without an instruction for it: the halves become doubles by their place in the mantissa (2^84 and 2^52
 * are the offsets), the high one is exact after the subtraction, the last addition rounds once. */
static void load_column(double *dst, const int64_t *in, size_t count)
{
    const vec offset = SAME(0x1p84 + 0x1p63 + 0x1p52);
    const mask high_bits = SAME_MASK(0x4530000000000000), low_bits = SAME_MASK(0x4330000000000000);
    vec *vd = (vec *)dst;
    size_t whole = count / 4;
    for (size_t i = 0; i < whole; i++) {
        /* The columns come from far away, a slice of each in turn, too short for the hardware to see a stream. */
        __builtin_prefetch((const char *)(in + 4 * i) + AHEAD_BYTES);
        mask x = (mask)(((const loose_mask *)in)[i]);
        mask high = (mask)((bits)(x ^ SIGN_BIT) >> 32) | high_bits;
        mask low = (x & SAME_MASK(0xffffffff)) | low_bits;
        vd[i] = ((vec)high - offset) + (vec)low;
    }
    for (size_t i = 4 * whole; i < count; i++) dst[i] = (double)in[i];
    for (size_t i = count; i < 4 * ((count + 3) / 4); i++) dst[i] = 0;
}

static bool store_column(int64_t *out, const double *a, size_t count)
{
    /* Behind 1.5 * 2^52 the mantissa of the sum is the whole number itself. */
    const vec limit = SAME(0x1p51), magic = SAME(0x1.8p52);
    const vec *va = (const vec *)a;
    mask good = SAME_MASK(-1);
    size_t whole = count / 4;
    for (size_t i = 0; i < whole; i++) {
        good &= ABS_OF(va[i]) < limit;
        bits x = (bits)(va[i] + magic) - (bits)magic;
        ((loose_mask *)out)[i] = (loose_mask)x;
    }
    bool ok = good[0] & good[1] & good[2] & good[3];
    for (size_t i = 4 * whole; i < count; i++) {
        ok &= fabs(a[i]) < 0x1p51;
        out[i] = ok ? (int64_t)a[i] : 0;
    }
    return ok;
}

static bool finite_column(const double *a, size_t count)
{
    const vec limit = SAME(INFINITY);
    const vec *va = (const vec *)a;
    mask good = SAME_MASK(-1);
    size_t whole = count / 4;
    for (size_t i = 0; i < whole; i++) good &= ABS_OF(va[i]) < limit;
    bool ok = good[0] & good[1] & good[2] & good[3];
    for (size_t i = 4 * whole; i < count; i++) ok &= isfinite(a[i]);
    return ok;
}

const struct kernels KERNELS_NAME = {
    .name = KERNELS_TEXT,
    .columns =
        {
#define X(name) [OP_##name] = kernel_##name,
            COLUMN_OPS(X)
#undef X
        },
    .load = load_column,
    .store = store_column,
    .finite = finite_column,
};
