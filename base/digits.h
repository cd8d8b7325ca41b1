/* digits: eight ASCII digits at a time, as one word in a register (the first byte is the most significant digit). Any
 * eight bytes may be asked about; digits_value8 wants digits. */
#ifndef CRMX_BASE_DIGITS_H
#define CRMX_BASE_DIGITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DIGITS_ZEROS UINT64_C(0x3030303030303030) /* "00000000" */

static inline uint64_t digits_load8(const void *bytes)
{
    uint64_t x;
    memcpy(&x, bytes, 8);
    return x;
}

/* Every byte is one of '0'..'9'? */
static inline bool digits_are8(uint64_t x)
{
    return !(((x + UINT64_C(0x4646464646464646)) | (x - DIGITS_ZEROS)) & UINT64_C(0x8080808080808080));
}

/* Their value, by three multiplications. Bytes of 0 count as the digit 0. */
static inline uint64_t digits_value8(uint64_t x)
{
    x = (x & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
    x = (x & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
    return (x & UINT64_C(0x0000ffff0000ffff)) * UINT64_C(42949672960001) >> 32;
}

#endif
