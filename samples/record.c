#include "samples/record.h"

#include "base/date.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void record_start(struct record *r, size_t length, bool gb18030)
{
    memset(r->bytes, ' ', sizeof r->bytes);
    r->length = length;
    r->gb18030 = gb18030;
}

/* Bytes of the UTF-8 character that begins with this byte. */
static size_t character_length(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

static size_t to_gb18030(const char *character, size_t length, char out[8])
{
    static iconv_t converter;
    if (!converter) converter = iconv_open("GB18030", "UTF-8");
    if (converter == (iconv_t)-1) {
        perror("generate: could not open the converter to GB18030");
        exit(16);
    }
    char copy[8], *from = copy, *to = out;
    memcpy(copy, character, length);
    size_t left = length, room = 8;
    if (iconv(converter, &from, &left, &to, &room) == (size_t)-1) {
        fprintf(stderr, "generate: \"%.*s\" cannot be written in GB18030\n", (int)length, character);
        exit(16);
    }
    return 8 - room;
}

void record_text(struct record *r, size_t offset, size_t width, const char *utf8)
{
    size_t used = 0;
    while (*utf8) {
        size_t length = character_length((unsigned char)*utf8), bytes = length;
        char converted[8];
        memcpy(converted, utf8, length);
        if (r->gb18030 && length > 1) bytes = to_gb18030(utf8, length, converted);
        if (used + bytes > width) return;
        memcpy(r->bytes + offset + used, converted, bytes);
        used += bytes;
        utf8 += length;
    }
}

void record_digits(struct record *r, size_t offset, size_t width, uint64_t value)
{
    for (size_t i = width; i > 0; i--, value /= 10) r->bytes[offset + i - 1] = (unsigned char)('0' + value % 10);
}

void record_amount(struct record *r, size_t offset, size_t width, int64_t value, enum record_sign sign)
{
    uint64_t magnitude = value < 0 ? (uint64_t)-value : (uint64_t)value;
    unsigned char mark = value < 0 ? '-' : '+';
    switch (sign) {
    case SIGN_LEADING:
        r->bytes[offset] = mark;
        record_digits(r, offset + 1, width - 1, magnitude);
        break;
    case SIGN_TRAILING:
        record_digits(r, offset, width - 1, magnitude);
        r->bytes[offset + width - 1] = mark;
        break;
    case SIGN_OVERPUNCH:
        record_digits(r, offset, width, magnitude);
        r->bytes[offset + width - 1] = (unsigned char)(value < 0 ? "}JKLMNOPQR" : "{ABCDEFGHI")[magnitude % 10];
        break;
    case SIGN_NONE: record_digits(r, offset, width, magnitude); break;
    }
}

void record_date(struct record *r, size_t offset, int32_t date, enum record_date format)
{
    static const size_t widths[] = {8, 10, 6, 7};
    int year = 0, month = 0, day = 0;
    if (date == DATE_NONE) {
        memset(r->bytes + offset, '0', widths[format]);
        if (format == DATE_YYYY_MM_DD) r->bytes[offset + 4] = r->bytes[offset + 7] = '-';
        return;
    }
    date_to_civil(date, &year, &month, &day);
    if (format == DATE_YYYYDDD) {
        record_digits(r, offset, 4, (uint64_t)year);
        record_digits(r, offset + 4, 3, (uint64_t)(date - date_from_civil(year, 1, 1) + 1));
        return;
    }
    size_t gap = format == DATE_YYYY_MM_DD, start = format == DATE_YYMMDD ? 2 : 4;
    record_digits(r, offset, start, (uint64_t)year);
    record_digits(r, offset + start + gap, 2, (uint64_t)month);
    record_digits(r, offset + start + 2 * gap + 2, 2, (uint64_t)day);
    if (gap) r->bytes[offset + 4] = r->bytes[offset + 7] = '-';
}
