/* load_text: the bytes of a text field as the UTF-8 that PostgreSQL accepts.
 *
 * ASCII is copied eight bytes at a time; what is left of the field goes through a strict UTF-8 check or through
 * base/charset (GB18030). A NUL byte counts as malformed: PostgreSQL's text cannot hold it. One struct serves one
 * thread.
 */
#ifndef CRMX_ETL_LOAD_TEXT_H
#define CRMX_ETL_LOAD_TEXT_H

#include "base/charset.h"
#include "base/status.h"

enum { LOAD_TEXT_GROWTH = 3 /* bytes out for one byte in, at most */ };

struct load_text {
    enum charset charset;
    struct charset_converter *converter; /* NULL for UTF-8 */
    struct buf converted;
    bool replace;      /* malformed → U+FFFD */
    uint64_t replaced; /* how often */
};

/* encoding: utf-8 | gb18030 */
bool load_text_init(struct load_text *t, const char *encoding, bool replace, struct status *st);
void load_text_release(struct load_text *t);
/* Writes at most LOAD_TEXT_GROWTH * length bytes; returns the end. NULL: *bad is the place of the first malformed byte.
 */
char *load_text_put(struct load_text *t, char *out, const char *in, size_t length, size_t *bad);

#endif
