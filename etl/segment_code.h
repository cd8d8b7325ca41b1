/* segment_code: how 4,096 integers become bytes and back. Pure functions; private to etl/segment. */
#ifndef CRMX_ETL_SEGMENT_CODE_H
#define CRMX_ETL_SEGMENT_CODE_H

#include "base/buf.h"

#include <stdint.h>

enum run_kind { RUN_CONSTANT, RUN_DENSE, RUN_SPARSE };

/* 16 bytes; payload follows, padded to 8. RUN_SPARSE: a bitmap, padded, then the values that are not 0. */
struct run_head {
    uint8_t kind, width;
    uint16_t count;
    uint32_t bytes; /* payload, padded */
    int64_t base;
};

static inline uint32_t padded(uint32_t n)
{
    return (n + 7) & ~7u;
}

/* Head and sizes of a run, checked although a checksum vouches for the bytes: a width of 200 would be copied into 8. */
bool segment_run_head(const unsigned char *p, size_t n, struct run_head *head);
/* Appends count (1..4096) values. */
void segment_code_run(struct buf *out, const int64_t *values, uint32_t count);
/* Decodes one run that starts at p (of n bytes); the count of values, 0 when the bytes are no run. */
uint32_t segment_decode(const unsigned char *p, size_t n, int64_t *out);

#endif
