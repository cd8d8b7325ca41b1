/* ordered: a file that many threads append to, part by part, in the order of the parts' numbers, so that its bytes do
 * not depend on who was faster. A thread that is ahead waits for its turn; the hash of the whole content is kept on the
 * way. */
#ifndef CRMX_ETL_ORDERED_H
#define CRMX_ETL_ORDERED_H

#include "base/status.h"

#include <stdint.h>

struct ordered;

struct ordered_total {
    uint64_t bytes, hash_low, hash_high; /* XXH3-128 of the content */
};

struct ordered *ordered_create(const char *path, struct status *st);
/* Appends part `number`; every number from 0 must come exactly once (length 0 is fine). */
bool ordered_append(struct ordered *o, uint64_t number, const void *bytes, size_t length, struct status *st);
/* Part `number` will not come: whoever waits behind it fails, those before it go on (as segment_abort). */
void ordered_abort(struct ordered *o, uint64_t number);
/* Closes and frees; the commit brings the file to disk. */
void ordered_finish(struct ordered *o, struct ordered_total *total);
void ordered_discard(struct ordered *o);

#endif
