#include "etl/copy_binary.h"

#include "base/status.h"

const char COPY_SIGNATURE[COPY_SIGNATURE_LENGTH] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', (char)0xff, '\r', '\n'};

static const uint64_t POWER_OF_TEN[] = {1ull,
                                        10ull,
                                        100ull,
                                        1000ull,
                                        10000ull,
                                        100000ull,
                                        1000000ull,
                                        10000000ull,
                                        100000000ull,
                                        1000000000ull,
                                        10000000000ull,
                                        100000000000ull,
                                        1000000000000ull,
                                        10000000000000ull,
                                        100000000000000ull,
                                        1000000000000000ull,
                                        10000000000000000ull};

enum { NUMERIC_BASE = 10000, NUMERIC_DIGITS_MAX = 5 + 4, NUMERIC_NEGATIVE = 0x4000 };

/* PostgreSQL's numeric: digits of base 10,000 aligned at the decimal point, weight = their power of the first one,
 * dscale = decimals shown. Zeros at both ends are left out. */
char *copy_put_numeric(char *p, bool negative, uint64_t magnitude, int scale)
{
    ensure(scale >= 0 && scale <= COPY_SCALE_MAX);
    uint16_t digits[NUMERIC_DIGITS_MAX];
    int first = NUMERIC_DIGITS_MAX, decimals = (scale + 3) / 4; /* digits of base 10,000 behind the point */
    uint64_t whole = magnitude / POWER_OF_TEN[scale];
    uint64_t fraction = magnitude % POWER_OF_TEN[scale] * POWER_OF_TEN[decimals * 4 - scale];
    for (int i = 0; i < decimals; i++, fraction /= NUMERIC_BASE) digits[--first] = (uint16_t)(fraction % NUMERIC_BASE);
    for (; whole; whole /= NUMERIC_BASE) digits[--first] = (uint16_t)(whole % NUMERIC_BASE);
    int end = NUMERIC_DIGITS_MAX, weight = NUMERIC_DIGITS_MAX - first - decimals - 1;
    while (end > first && digits[end - 1] == 0) end--;
    while (first < end && digits[first] == 0) first++, weight--;
    int count = end - first;
    if (count == 0) negative = false, weight = 0;
    p = copy_put_u32(p, (uint32_t)(8 + 2 * count));
    p = copy_put_u16(p, (uint16_t)count);
    p = copy_put_u16(p, (uint16_t)(int16_t)weight);
    p = copy_put_u16(p, negative ? NUMERIC_NEGATIVE : 0);
    p = copy_put_u16(p, (uint16_t)scale);
    for (int i = first; i < end; i++) p = copy_put_u16(p, digits[i]);
    return p;
}
