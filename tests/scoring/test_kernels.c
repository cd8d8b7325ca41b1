/* Every column kernel, for AVX2 and plain, against the scalar rule, bit for bit, on the values where kernels go wrong:
 * zeros of both signs, halves, the neighbourhoods of 2^51, 2^52, 2^53 and 2^63, subnormals, infinities. */
#include "tests/scoring/fixture.h"

#include "scoring/arithmetic.h"
#include "scoring/steps.h"

#include <string.h>

static const double EDGES[] = {0.0,
                               -0.0,
                               0.5,
                               -0.5,
                               0.49999999999999994,
                               -0.49999999999999994,
                               1.5,
                               -1.5,
                               2.5,
                               -2.5,
                               1,
                               -1,
                               1e-310,
                               -1e-310,
                               0x1p51,
                               -0x1p51,
                               0x1p51 + 0.5,
                               -0x1p51 - 0.5,
                               0x1p51 + 1.5,
                               0x1p52,
                               0x1p52 - 0.5,
                               -0x1p52 + 0.5,
                               0x1p52 + 1,
                               -0x1p52 - 1,
                               0x1p53,
                               0x1p53 + 2,
                               -0x1p53,
                               0x1p62,
                               -0x1p62,
                               0x1p63,
                               1e300,
                               -1e300,
                               INFINITY,
                               -INFINITY,
                               123456789.5,
                               -123456789.5,
                               3,
                               7.25};
enum { EDGE_COUNT = sizeof EDGES / sizeof EDGES[0], PAIRS = EDGE_COUNT * EDGE_COUNT };

static double same_mask(bool b)
{
    int64_t bits = -(int64_t)b;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double blend(double condition, double a, double b)
{
    int64_t bits;
    memcpy(&bits, &condition, sizeof bits);
    return bits ? a : b;
}

/* The rule of every operator for one row; k and l are the constants. */
static double rule(enum op op, double a, double b, double c, double k, double l)
{
    int64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    switch (op) {
    case OP_NEGATE: return -a;
    case OP_ABS: return fabs(a);
    case OP_FLOOR: return floor(a);
    case OP_CEIL: return ceil(a);
    case OP_ROUND_UP: return round_by(a, ROUNDING_HALF_UP);
    case OP_ROUND_AWAY: return round_by(a, ROUNDING_HALF_AWAY);
    case OP_ROUND_EVEN: return round_by(a, ROUNDING_HALF_EVEN);
    case OP_ADD: return a + b;
    case OP_ADD_K: return a + k;
    case OP_SUBTRACT: return a - b;
    case OP_SUBTRACT_K: return a - k;
    case OP_K_SUBTRACT: return k - a;
    case OP_MULTIPLY: return a * b;
    case OP_MULTIPLY_K: return a * k;
    case OP_DIVIDE: return divide_total(a, b);
    case OP_DIVIDE_K: return a / k;
    case OP_K_DIVIDE: return divide_total(k, a);
    case OP_MIN: return smaller_of(a, b);
    case OP_MIN_K: return smaller_of(a, k);
    case OP_K_MIN: return smaller_of(k, a);
    case OP_MAX: return larger_of(a, b);
    case OP_MAX_K: return larger_of(a, k);
    case OP_K_MAX: return larger_of(k, a);
    case OP_EQUAL: return same_mask(a == b);
    case OP_EQUAL_K: return same_mask(a == k);
    case OP_NOT_EQUAL: return same_mask(a != b);
    case OP_NOT_EQUAL_K: return same_mask(a != k);
    case OP_LESS: return same_mask(a < b);
    case OP_LESS_K: return same_mask(a < k);
    case OP_K_LESS: return same_mask(k < a);
    case OP_LESS_EQUAL: return same_mask(a <= b);
    case OP_LESS_EQUAL_K: return same_mask(a <= k);
    case OP_K_LESS_EQUAL: return same_mask(k <= a);
    case OP_AND: x &= y; break;
    case OP_OR: x |= y; break;
    case OP_NOT: x = ~x; break;
    case OP_SELECT:
    case OP_SELECT_MASK: return blend(c, a, b);
    case OP_SELECT_K: return blend(c, a, k);
    case OP_K_SELECT: return blend(c, k, a);
    case OP_KK_SELECT: return blend(c, k, l);
    case OP_FILL: return k;
    case OP_FILL_MASK: return same_mask(k != 0);
    case OP_ADD_MULTIPLY_K: return a + b * k;
    case OP_SUBTRACT_MULTIPLY_K: return a - b * k;
    case OP_ADD_DIVIDE_K: return a + b / k;
    case OP_ADD_MULTIPLY: return a + b * c;
    default: fail_msg("operator %d has no rule here", (int)op);
    }
    double result;
    memcpy(&result, &x, sizeof result);
    return result;
}

static bool is_logic(enum op op)
{
    return op == OP_AND || op == OP_OR || op == OP_NOT || op == OP_SELECT || op == OP_SELECT_MASK ||
           op == OP_SELECT_K || op == OP_K_SELECT || op == OP_KK_SELECT;
}

static void check_op(const struct kernels *kernels, enum op op, double k)
{
    static _Alignas(64) double a[PAIRS + 4], b[PAIRS + 4], c[PAIRS + 4], dst[PAIRS + 4];
    for (int i = 0; i < PAIRS; i++) {
        a[i] = EDGES[i % EDGE_COUNT];
        b[i] = EDGES[i / EDGE_COUNT];
        c[i] = is_logic(op) ? same_mask(i % 3 == 0) : EDGES[(i * 7) % EDGE_COUNT];
        if (op == OP_AND || op == OP_OR || op == OP_NOT) a[i] = same_mask(i & 1), b[i] = same_mask(i & 2);
    }
    kernels->columns[op](dst, a, b, c, k, -k, PAIRS - 3);
    for (int i = 0; i < PAIRS - 3; i++) {
        double expected = rule(op, a[i], b[i], c[i], k, -k);
        bool bits = memcmp(&expected, &dst[i], sizeof expected) != 0;
        bool masks = op >= OP_EQUAL && op <= OP_K_LESS_EQUAL; /* all ones is a NaN */
        if (bits && (masks || !(isnan(expected) && isnan(dst[i]))))
            fail_msg("%s operator %d: a %a b %a c %a k %a gives %a, expected %a", kernels->name, (int)op, a[i], b[i],
                     c[i], k, dst[i], expected);
    }
    /* in place */
    kernels->columns[op](a, a, b, c, k, -k, PAIRS - 3);
    assert_memory_equal(a, dst, sizeof *a * (PAIRS - 3));
}

static int all_kernels(const struct kernels *list[2])
{
    list[0] = &kernels_base;
    list[1] = kernels_choose();
    return list[1] == list[0] ? 1 : 2;
}

static void test_columns(void **state)
{
    const struct kernels *list[2];
    for (int n = all_kernels(list) - 1; n >= 0; n--)
        for (int op = 0; op < OP_COLUMNS; op++)
            for (int i = 0; i < EDGE_COUNT; i++) check_op(list[n], (enum op)op, EDGES[i]);
}

static void test_load(void **state)
{
    const struct kernels *list[2];
    static _Alignas(64) double dst[4096];
    static int64_t in[4096];
    uint64_t seed = 20261031;
    int n = 0;
    for (int shift = 0; shift < 64; shift++)
        for (int d = -3; d <= 3; d++)
            for (int sign = 0; sign < 2; sign++) {
                int64_t x = (int64_t)(((uint64_t)1 << shift) + (uint64_t)(int64_t)d);
                in[n++] = sign ? x : (int64_t)(0 - (uint64_t)x);
            }
    for (; n < 4093; n++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        in[n] = (int64_t)seed >> (seed % 60);
    }
    for (int k = all_kernels(list) - 1; k >= 0; k--)
        for (size_t count = 4086; count <= 4093; count++) {
            list[k]->load(dst, in, count);
            for (size_t i = 0; i < count; i++) assert_true(dst[i] == (double)in[i]);
        }
}

static void test_store(void **state)
{
    const struct kernels *list[2];
    _Alignas(64) double a[8];
    int64_t out[8];
    static const double GOOD[] = {0, -0.0, 1, -1, 0x1p51 - 1, -0x1p51 + 1, 123456789012};
    static const double BAD[] = {0x1p51, -0x1p51, 0x1p62, INFINITY, -INFINITY, NAN};
    for (int k = all_kernels(list) - 1; k >= 0; k--)
        for (size_t count = 1; count <= 7; count++) {
            for (size_t i = 0; i < 7; i++) a[i] = GOOD[i];
            assert_true(list[k]->store(out, a, count));
            for (size_t i = 0; i < count; i++) assert_int_equal(out[i], (int64_t)GOOD[i]);
            for (size_t at = 0; at < count; at++)
                for (size_t b = 0; b < sizeof BAD / sizeof BAD[0]; b++) {
                    double good = a[at];
                    a[at] = BAD[b];
                    assert_false(list[k]->store(out, a, count));
                    a[at] = good;
                }
        }
}

/* One value among others that is none is seen, in every lane; what stands behind the column is not. */
static void test_finite(void **state)
{
    const struct kernels *list[2];
    _Alignas(64) double a[9];
    static const double BAD[] = {INFINITY, -INFINITY, NAN, -NAN};
    for (int k = all_kernels(list) - 1; k >= 0; k--)
        for (size_t count = 0; count <= 8; count++) {
            for (size_t i = 0; i < 9; i++) a[i] = i % 2 ? -0x1.fffffffffffffp1023 : 0x1p-1074;
            a[count] = NAN;
            assert_true(list[k]->finite(a, count));
            for (size_t at = 0; at < count; at++)
                for (size_t b = 0; b < sizeof BAD / sizeof BAD[0]; b++) {
                    double good = a[at];
                    a[at] = BAD[b];
                    assert_false(list[k]->finite(a, count));
                    a[at] = good;
                }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_columns), cmocka_unit_test(test_load),
                                       cmocka_unit_test(test_store), cmocka_unit_test(test_finite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
