/* charset: the two encodings of source and output files, UTF-8 and GB18030 (which also reads GBK and GB2312), by glibc
 * iconv.
 *
 * A charset_converter belongs to one thread. Bytes that cannot be converted are never dropped silently: the caller gets
 * their offset and decides (a reject, a warning, U+FFFD for a screen).
 */
#ifndef CRMX_BASE_CHARSET_H
#define CRMX_BASE_CHARSET_H

#include "base/buf.h"

#include <stdint.h>

enum charset { CHARSET_UTF8, CHARSET_GB18030 };

struct charset_converter;
struct charset_converter *charset_open(enum charset from, enum charset to);
void charset_close(struct charset_converter *c);
/* Appends the converted text to out. Malformed or unmappable input becomes `replacement` (may be ""); *malformed counts
 * it. */
void charset_convert(struct charset_converter *c, struct view text, const char *replacement, struct buf *out,
                     uint32_t *malformed);
/* The longest prefix of at most length_max bytes that does not cut a character in two. */
size_t charset_prefix(enum charset charset, struct view text, size_t length_max);
/* Bytes of the character at p (of n bytes, n > 0); malformed bytes count as one. */
size_t charset_character(enum charset charset, const char *p, size_t n);
/* Decodes one UTF-8 character; U+FFFD and length 1 when malformed. */
uint32_t charset_utf8_code(const char *p, size_t n, size_t *length);
/* The same of GB18030, as the converter has it, without one: for any number of threads, after a table of 170 KB that
 * the first call makes. */
uint32_t charset_gb18030_code(const char *p, size_t n, size_t *length);
/* Encodes a code; 1 to 4 bytes. */
size_t charset_utf8_put(uint32_t code, char to[4]);

#endif
