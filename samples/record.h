/* record: one fixed-width record being written, in the shapes core banking systems use.
 *
 * record_start, then the fields in any order; everything not written is blank. Offsets and lengths are bytes, as in
 * docs/formats.md. Text is given as UTF-8 and converted when the record is GB18030; it is cut between characters, never
 * inside one.
 */
#ifndef CRMX_SAMPLES_RECORD_H
#define CRMX_SAMPLES_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_BYTES_MAX = 512 };

enum record_sign { SIGN_LEADING, SIGN_TRAILING, SIGN_OVERPUNCH, SIGN_NONE };
enum record_date { DATE_YYYYMMDD, DATE_YYYY_MM_DD, DATE_YYMMDD, DATE_YYYYDDD };

struct record {
    unsigned char bytes[RECORD_BYTES_MAX];
    size_t length;
    bool gb18030;
};

void record_start(struct record *r, size_t length, bool gb18030);
void record_text(struct record *r, size_t offset, size_t width, const char *utf8);
void record_digits(struct record *r, size_t offset, size_t width, uint64_t value);
/* width includes the sign of SIGN_LEADING and SIGN_TRAILING. */
void record_amount(struct record *r, size_t offset, size_t width, int64_t value, enum record_sign sign);
/* date: day number of base/date.h; DATE_NONE writes zeros. */
void record_date(struct record *r, size_t offset, int32_t date, enum record_date format);

#endif
