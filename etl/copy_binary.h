/* copy_binary: values in the format of COPY … (FORMAT binary), PostgreSQL "COPY", section Binary Format.
 *
 * Each function writes one field (its length in 4 bytes, then its value, big-endian) at p and returns the byte behind
 * it. The caller has made room: a text needs 4 + its length, every other field at most COPY_FIELD_MAX. A stream is the
 * signature, then for each row copy_put_row and its fields, then copy_put_end.
 *
 * Inline, because a load calls them ten times per record; they cost less than the system's memcpy of the row into
 * libpq.
 */
#ifndef CRMX_ETL_COPY_BINARY_H
#define CRMX_ETL_COPY_BINARY_H

#include "base/date.h"

#include <stdint.h>
#include <string.h>

enum {
    COPY_SIGNATURE_LENGTH = 19,
    COPY_END_LENGTH = 2,
    COPY_ROW_LENGTH = 2, /* head of a row */
    COPY_FIELD_MAX = 40, /* a numeric of 19 digits: 4 + 8 + 2 * 9 */
    COPY_SCALE_MAX = 16  /* decimals of copy_put_numeric: 10^16 fits the remainder it multiplies */
};

/* "PGCOPY\n\377\r\n\0", flags, no header extension. */
extern const char COPY_SIGNATURE[COPY_SIGNATURE_LENGTH];

static inline char *copy_put_u16(char *p, uint16_t v)
{
    v = __builtin_bswap16(v);
    memcpy(p, &v, 2);
    return p + 2;
}

static inline char *copy_put_u32(char *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, 4);
    return p + 4;
}

static inline char *copy_put_row(char *p, int fields)
{
    return copy_put_u16(p, (uint16_t)fields);
}

static inline char *copy_put_end(char *p)
{
    return copy_put_u16(p, UINT16_MAX);
}

static inline char *copy_put_null(char *p)
{
    return copy_put_u32(p, UINT32_MAX);
}

static inline char *copy_put_int16(char *p, int16_t v)
{
    return copy_put_u16(copy_put_u32(p, 2), (uint16_t)v);
}

static inline char *copy_put_int32(char *p, int32_t v)
{
    return copy_put_u32(copy_put_u32(p, 4), (uint32_t)v);
}

static inline char *copy_put_int64(char *p, int64_t v)
{
    uint64_t u = __builtin_bswap64((uint64_t)v);
    p = copy_put_u32(p, 8);
    memcpy(p, &u, 8);
    return p + 8;
}

/* date (base/date.h, not DATE_NONE): PostgreSQL counts days from 2000-01-01. */
static inline char *copy_put_date(char *p, int32_t date)
{
    return copy_put_int32(p, date - 10957);
}

static inline char *copy_put_text(char *p, const char *bytes, size_t length)
{
    p = copy_put_u32(p, (uint32_t)length);
    memcpy(p, bytes, length);
    return p + length;
}

/* numeric: sign and magnitude with `scale` implied decimals, 0 ≤ scale ≤ COPY_SCALE_MAX. */
char *copy_put_numeric(char *p, bool negative, uint64_t magnitude, int scale);

#endif
