/* segment_code: how 4,096 integers become bytes and back. Pure functions; private to etl/segment. */
#ifndef CRMX_ETL_SEGMENT_CODE_H
#define CRMX_ETL_SEGMENT_CODE_H

#include "base/buf.h"

#include <stdint.h>

/* Appends count (1..4096) values. */
void segment_code_run(struct buf *out, const int64_t *values, uint32_t count);
/* Decodes one run that starts at p (of n bytes); the count of values, 0 when the bytes are no run. */
uint32_t segment_decode(const unsigned char *p, size_t n, int64_t *out);

#endif
