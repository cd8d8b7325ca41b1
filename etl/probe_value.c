#include "etl/probe_value.h"

#include "base/date.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROBE_TEXT_MAX = 4 * LAYOUT_RECORD_MAX };

struct probe_tool {
    struct charset_converter *to_utf8[2]; /* by enum charset */
    struct buf room;
};

struct probe_tool *probe_tool_new(void)
{
    struct probe_tool *t = calloc(1, sizeof *t);
    ensure(t);
    t->to_utf8[CHARSET_UTF8] = charset_open(CHARSET_UTF8, CHARSET_UTF8);
    t->to_utf8[CHARSET_GB18030] = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    buf_init(&t->room, PROBE_TEXT_MAX);
    return t;
}

void probe_tool_free(struct probe_tool *t)
{
    if (!t) return;
    charset_close(t->to_utf8[CHARSET_UTF8]);
    charset_close(t->to_utf8[CHARSET_GB18030]);
    buf_release(&t->room);
    free(t);
}

struct probe_reader *probe_reader_new(const struct layout *l, const struct rates *rates, int32_t business_date,
                                      struct arena *arena)
{
    struct probe_reader *r = arena_new(arena, struct probe_reader);
    struct decode_options o = {.layout = l, .rates = rates, .business_date = business_date};
    *r = (struct probe_reader){l, rates, business_date, decoder_new(&o, arena)};
    return r;
}

uint32_t probe_text(struct probe_tool *t, enum layout_encoding encoding, struct view bytes, struct buf *out)
{
    uint32_t malformed = 0;
    buf_clear(&t->room);
    charset_convert(t->to_utf8[encoding == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8], bytes, "\xef\xbf\xbd",
                    &t->room, &malformed);
    for (size_t i = 0; i < t->room.length; i++) {
        unsigned char c = (unsigned char)t->room.bytes[i];
        /* U+0080 to U+009F are control characters too: a terminal would obey them. */
        bool high = c == 0xc2 && (unsigned char)t->room.bytes[i + 1] < 0xa0;
        if (c < 0x20 || c == 0x7f)
            buf_addf(out, "\\x%02x", c);
        else if (high)
            buf_addf(out, "\\x%02x", (unsigned char)t->room.bytes[++i]);
        else
            buf_add(out, &c, 1);
    }
    return malformed;
}

/* --- values --- */

static void add_scaled(int64_t value, int scale, struct buf *out)
{
    uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, one = 1;
    for (int i = 0; i < scale; i++) one *= 10;
    buf_addf(out, "%s%" PRIu64, value < 0 ? "-" : "", v / one);
    if (scale) buf_addf(out, ".%0*" PRIu64, scale, v % one);
}

/* A decoded integer of the field as text. */
static void add_number(const struct probe_reader *r, int field, int64_t value, struct buf *out)
{
    const struct layout_field *f = &r->layout->fields[field];
    char date[11];
    switch (f->type) {
    case LAYOUT_AMOUNT: add_scaled(value, f->scale, out); return;
    case LAYOUT_DATE:
        date_format((int32_t)value, date);
        buf_add_text(out, date);
        return;
    case LAYOUT_CODE:
        if (value >= 0 && value < f->codes_count) buf_add_text(out, f->codes[value]);
        return;
    case LAYOUT_CURRENCY:
        if (r->rates && value >= 0 && value < r->rates->count) buf_add_text(out, r->rates->code[value]);
        return;
    case LAYOUT_FUND:
        if (r->rates && r->rates->navs && value >= 0 && value < r->rates->navs->count)
            buf_add_text(out, r->rates->navs->list[value].code);
        return;
    case LAYOUT_DIGITS:
    case LAYOUT_TEXT: buf_addf(out, "%" PRId64, value); return;
    }
}

static bool is_blank(const struct layout_field *f, const unsigned char *record, char filler)
{
    for (uint32_t i = 0; i < f->length; i++)
        if (record[f->offset + i] != (unsigned char)filler) return false;
    return true;
}

/* Does the field's condition hold for this record? Fields without one: yes. */
static bool applies(const struct probe_reader *r, const struct layout_field *f, const unsigned char *record)
{
    int64_t code;
    if (f->when_field < 0) return true;
    return decode_field(r->decoder, &r->layout->fields[f->when_field], record, &code) && (f->when_codes >> code & 1);
}

static bool is_none(const struct layout_field *f, const unsigned char *record)
{
    bool blank = is_blank(f, record, ' ');
    if (f->type == LAYOUT_TEXT) return blank;
    return (f->optional && blank) || (f->zero_is_none && (blank || is_blank(f, record, '0')));
}

enum probe_state probe_value(struct probe_tool *t, const struct probe_reader *r, int field, const unsigned char *record,
                             struct buf *out)
{
    const struct layout_field *f = &r->layout->fields[field];
    struct view bytes = decode_text(r->layout, field, record);
    int64_t value;
    if (!decode_field(r->decoder, f, record, &value)) {
        probe_text(t, r->layout->encoding, bytes, out);
        return PROBE_WRONG;
    }
    if (!applies(r, f, record)) return PROBE_UNCHECKED;
    if (is_none(f, record)) return PROBE_NONE;
    if (f->type == LAYOUT_TEXT)
        probe_text(t, r->layout->encoding, bytes, out);
    else
        add_number(r, field, value, out);
    return PROBE_GOOD;
}

/* --- complaints --- */

const char *const PROBE_FAULTS[PROBE_FAULT_COUNT] = {
    [PROBE_FAULT_BLANK] = "blank, but required",
    [PROBE_FAULT_DIGIT] = "a byte that must be a digit is none",
    [PROBE_FAULT_SIGN] = "the sign byte is neither + nor -",
    [PROBE_FAULT_OVERPUNCH] = "the last byte is no overpunched digit",
    [PROBE_FAULT_DAY] = "no day of the calendar in the field's format, or outside 1900-2099",
    [PROBE_FAULT_FROM] = "a day before from=",
    [PROBE_FAULT_TO] = "a day after to=",
    [PROBE_FAULT_FUTURE] = "a day after the business date (to=business_date)",
    [PROBE_FAULT_CODE] = "not among values=",
    [PROBE_FAULT_CURRENCY] = "no currency with a rate on the business date",
    [PROBE_FAULT_FUND] = "no fund with a recent net asset value in the account's currency",
    [PROBE_FAULT_VALUE] = "shares times net asset value do not fit 18 digits",
    [PROBE_FAULT_UNWANTED] = "something stands in a field whose when= does not hold",
};

struct complaint {
    struct probe_tool *tool;
    const struct probe_reader *reader;
    const struct layout_field *f;
    const unsigned char *bytes; /* of the field */
    bool shows_bytes;
    struct buf *out;
};

/* hidden: what stands there when the bytes must not be shown. */
static void add_found(struct complaint *c, const unsigned char *bytes, size_t length, const char *hidden)
{
    if (!c->shows_bytes) {
        buf_add_text(c->out, hidden);
        return;
    }
    buf_add_text(c->out, "\"");
    probe_text(c->tool, c->reader->layout->encoding, (struct view){(const char *)bytes, length}, c->out);
    buf_add_text(c->out, "\"");
}

static enum probe_fault not_a_digit(struct complaint *c, uint32_t at)
{
    buf_addf(c->out, "byte %u of %u is ", at + 1, c->f->length);
    add_found(c, c->bytes + at, 1, "wrong");
    buf_add_text(c->out, ", a digit is needed");
    return PROBE_FAULT_DIGIT;
}

/* First byte of [from, to) that is no digit; `to` when all are. */
static uint32_t first_bad(const unsigned char *p, uint32_t from, uint32_t to)
{
    while (from < to && p[from] >= '0' && p[from] <= '9') from++;
    return from;
}

static enum probe_fault complain_amount(struct complaint *c)
{
    uint32_t n = c->f->length, from = c->f->sign == LAYOUT_SIGN_LEADING, to = n;
    if (c->f->sign == LAYOUT_SIGN_TRAILING || c->f->sign == LAYOUT_SIGN_OVERPUNCH) to--;
    uint32_t sign = c->f->sign == LAYOUT_SIGN_LEADING ? 0 : n - 1, bad = first_bad(c->bytes, from, to);
    bool signs = c->f->sign == LAYOUT_SIGN_LEADING || c->f->sign == LAYOUT_SIGN_TRAILING;
    if (signs && c->bytes[sign] != '+' && c->bytes[sign] != '-') {
        buf_addf(c->out, "byte %u of %u is ", sign + 1, n);
        add_found(c, c->bytes + sign, 1, "wrong");
        buf_add_text(c->out, ", + or - is needed");
        return PROBE_FAULT_SIGN;
    }
    if (bad < to) return not_a_digit(c, bad);
    buf_addf(c->out, "its last byte is ");
    add_found(c, c->bytes + n - 1, 1, "wrong");
    buf_add_text(c->out, ", an overpunched digit is needed: { A-I } J-R");
    return PROBE_FAULT_OVERPUNCH;
}

static enum probe_fault complain_date(struct complaint *c)
{
    static const char *const FORMATS[] = {"YYYYMMDD", "YYYY-MM-DD", "YYMMDD", "YYYYDDD"};
    const struct layout_field *f = c->f;
    struct layout_field open = *f; /* the same without bounds: is it a day at all? */
    char text[11];
    int64_t day;
    open.when_field = -1;
    open.from = open.to = DATE_NONE;
    open.to_business_date = false;
    add_found(c, c->bytes, f->length, "the value");
    if (!decode_field(c->reader->decoder, &open, c->bytes - f->offset, &day)) {
        buf_addf(c->out, " is no day (%s)", FORMATS[f->date_format]);
        return PROBE_FAULT_DAY;
    }
    if (f->from != DATE_NONE && day < f->from) {
        date_format(f->from, text);
        buf_addf(c->out, " is before %s", text);
        return PROBE_FAULT_FROM;
    }
    if (f->to != DATE_NONE && day > f->to) {
        date_format(f->to, text);
        buf_addf(c->out, " is after %s", text);
        return PROBE_FAULT_TO;
    }
    date_format(c->reader->business_date, text);
    buf_addf(c->out, " is after the business date %s", text);
    return PROBE_FAULT_FUTURE;
}

static enum probe_fault complain_code(struct complaint *c)
{
    add_found(c, c->bytes, c->f->length, "the value");
    buf_add_text(c->out, " is not one of ");
    for (int i = 0; i < c->f->codes_count; i++)
        buf_addf(c->out, "%s%s", i ? "," : "", c->f->codes[i][0] ? c->f->codes[i] : "(blank)");
    return PROBE_FAULT_CODE;
}

/* The condition does not hold, yet something stands in the field. */
static enum probe_fault complain_unwanted(struct complaint *c)
{
    const struct layout_field *by = &c->reader->layout->fields[c->f->when_field];
    add_found(c, c->bytes, c->f->length, "a value");
    buf_addf(c->out, " where zeros or blanks are needed: %s is not one of ", by->name);
    bool first = true;
    for (int i = 0; i < by->codes_count; i++)
        if (c->f->when_codes >> i & 1) {
            buf_addf(c->out, "%s%s", first ? "" : ",", by->codes[i][0] ? by->codes[i] : "(blank)");
            first = false;
        }
    return PROBE_FAULT_UNWANTED;
}

enum probe_fault probe_complaint(struct probe_tool *t, const struct probe_reader *r, int field,
                                 const unsigned char *record, bool shows_bytes, struct buf *out)
{
    const struct layout_field *f = &r->layout->fields[field];
    struct complaint c = {t, r, f, record + f->offset, shows_bytes, out};
    if (f->computed) {
        buf_add_text(out, "shares times net asset value do not fit 18 digits");
        return PROBE_FAULT_VALUE;
    }
    if (!applies(r, f, record)) return complain_unwanted(&c);
    switch (f->type) {
    case LAYOUT_TEXT: break;
    case LAYOUT_DIGITS: return not_a_digit(&c, first_bad(c.bytes, 0, f->length));
    case LAYOUT_AMOUNT: return complain_amount(&c);
    case LAYOUT_DATE: return complain_date(&c);
    case LAYOUT_CODE: return complain_code(&c);
    case LAYOUT_CURRENCY:
        add_found(&c, c.bytes, f->length, "the value");
        buf_add_text(out, " is no currency with a rate on the business date");
        return PROBE_FAULT_CURRENCY;
    case LAYOUT_FUND:
        add_found(&c, c.bytes, f->length, "the value");
        buf_add_text(out, " is no fund with a net asset value, recent enough and in the account's currency");
        return PROBE_FAULT_FUND;
    }
    buf_add_text(out, "blank, but required");
    return PROBE_FAULT_BLANK;
}

/* --- types --- */

static void add_day(const char *name, int32_t day, struct buf *out)
{
    char text[11];
    if (day == DATE_NONE) return;
    date_format(day, text);
    buf_addf(out, " %s=%s", name, text);
}

static void add_codes(const struct layout_field *f, uint64_t wanted, struct buf *out)
{
    bool first = true;
    for (int i = 0; i < f->codes_count; i++) {
        if (!(wanted >> i & 1)) continue;
        buf_addf(out, "%s%s", first ? "" : ",", f->codes[i][0] ? f->codes[i] : "_");
        first = false;
    }
}

void probe_type(const struct layout *l, int field, struct buf *out)
{
    static const char *const SIGNS[] = {"leading", "trailing", "overpunch", "none"};
    static const char *const FORMATS[] = {"yyyymmdd", "yyyy-mm-dd", "yymmdd", "yyyyddd"};
    const struct layout_field *f = &l->fields[field];
    buf_add_text(out, LAYOUT_TYPE_NAMES[f->type]);
    if (f->computed) {
        const char *fund = l->fields[f->fund_field].name;
        if (f->type == LAYOUT_AMOUNT) buf_addf(out, " scale=%d", f->scale);
        if (f->computed == LAYOUT_VALUE)
            buf_addf(out, " value=%s*%s", l->fields[f->shares_field].name, fund);
        else
            buf_addf(out, " value=%s(%s)", f->computed == LAYOUT_NAV_OF ? "nav" : "nav_date", fund);
        return;
    }
    if (f->type == LAYOUT_AMOUNT) buf_addf(out, " scale=%d sign=%s", f->scale, SIGNS[f->sign]);
    if (f->type == LAYOUT_DATE && f->date_format != LAYOUT_YYYYMMDD)
        buf_addf(out, " format=%s", FORMATS[f->date_format]);
    if (f->type == LAYOUT_DATE && f->date_format == LAYOUT_YYMMDD) buf_addf(out, " pivot=%d", f->pivot);
    if (f->type == LAYOUT_CODE) {
        buf_add_text(out, " values=");
        add_codes(f, ~UINT64_C(0), out);
    }
    if (f->required) buf_add_text(out, " required");
    if (f->optional) buf_add_text(out, " optional");
    if (f->zero_is_none) buf_add_text(out, " zero=none");
    add_day("from", f->from, out);
    add_day("to", f->to, out);
    if (f->to_business_date) buf_add_text(out, " to=business_date");
    if (f->when_field < 0) return;
    buf_addf(out, " when=%s:", l->fields[f->when_field].name);
    add_codes(&l->fields[f->when_field], f->when_codes, out);
    if (f->else_any) buf_add_text(out, " else=any");
}
