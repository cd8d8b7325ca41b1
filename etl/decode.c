#include "etl/decode.h"

#include "base/date.h"
#include "base/digits.h"
#include "etl/decode_program.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

const uint32_t DECODE_MONTH_DAYS[13] = {0,          0xfffffffe, 0x3ffffffe, 0xfffffffe, 0x7ffffffe,
                                        0xfffffffe, 0x7ffffffe, 0xfffffffe, 0xfffffffe, 0x7ffffffe,
                                        0xfffffffe, 0x7ffffffe, 0xfffffffe};
int32_t DECODE_MONTH_START[200][12];

__attribute__((constructor)) static void fill_month_start(void)
{
    for (int y = 0; y < 200; y++)
        for (int m = 0; m < 12; m++) DECODE_MONTH_START[y][m] = date_from_civil(DATE_YEAR_MIN + y, m + 1, 1);
}

int rates_find(const struct rates *r, const char *code)
{
    for (int i = 0; i < r->count; i++)
        if (memcmp(r->code[i], code, 3) == 0) return i;
    return -1;
}

/* --- the slow check --- */

static bool digits(const unsigned char *p, uint32_t n, int64_t *value)
{
    int64_t v = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') return false;
        v = v * 10 + (p[i] - '0');
    }
    *value = v;
    return true;
}

static bool blank(const unsigned char *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (p[i] != ' ') return false;
    return true;
}

static bool zeros(const unsigned char *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (p[i] != '0') return false;
    return true;
}

/* Last byte of an overpunched amount: digit and sign. */
static bool overpunch(unsigned char c, int64_t *digit, bool *negative)
{
    *negative = c == '}' || (c >= 'J' && c <= 'R');
    if (c >= '0' && c <= '9')
        *digit = c - '0';
    else if (c == '{' || c == '}')
        *digit = 0;
    else if (c >= 'A' && c <= 'I')
        *digit = c - 'A' + 1;
    else if (c >= 'J' && c <= 'R')
        *digit = c - 'J' + 1;
    else
        return false;
    return true;
}

static bool amount(const struct layout_field *f, const unsigned char *p, int64_t *value)
{
    uint32_t n = f->length;
    bool negative = false;
    int64_t last;
    switch (f->sign) {
    case LAYOUT_SIGN_LEADING:
        if (p[0] != '+' && p[0] != '-') return false;
        negative = p[0] == '-';
        if (!digits(p + 1, n - 1, value)) return false;
        break;
    case LAYOUT_SIGN_TRAILING:
        if (p[n - 1] != '+' && p[n - 1] != '-') return false;
        negative = p[n - 1] == '-';
        if (!digits(p, n - 1, value)) return false;
        break;
    case LAYOUT_SIGN_OVERPUNCH:
        if (!overpunch(p[n - 1], &last, &negative) || !digits(p, n - 1, value)) return false;
        *value = *value * 10 + last;
        break;
    case LAYOUT_SIGN_NONE:
        if (!digits(p, n, value)) return false;
        break;
    }
    if (negative) *value = -*value;
    return true;
}

static bool day(const struct decoder *d, const struct layout_field *f, const unsigned char *p, int64_t *value)
{
    int64_t y, m, dd;
    switch (f->date_format) {
    case LAYOUT_YYYYMMDD:
        if (!digits(p, 4, &y) || !digits(p + 4, 2, &m) || !digits(p + 6, 2, &dd)) return false;
        break;
    case LAYOUT_YYYY_MM_DD:
        if (!digits(p, 4, &y) || p[4] != '-' || !digits(p + 5, 2, &m) || p[7] != '-' || !digits(p + 8, 2, &dd))
            return false;
        break;
    case LAYOUT_YYMMDD:
        if (!digits(p, 2, &y) || !digits(p + 2, 2, &m) || !digits(p + 4, 2, &dd)) return false;
        y += y < f->pivot ? 2000 : 1900;
        break;
    case LAYOUT_YYYYDDD:
        if (!digits(p, 4, &y) || !digits(p + 4, 3, &dd)) return false;
        if (y < DATE_YEAR_MIN || y > DATE_YEAR_MAX || dd < 1 || dd > 365 + date_is_leap((int)y)) return false;
        *value = DECODE_MONTH_START[y - DATE_YEAR_MIN][0] + dd - 1;
        goto range;
    default: return false;
    }
    if (y < DATE_YEAR_MIN || y > DATE_YEAR_MAX || m < 1 || m > 12 || dd > 31 || !(DECODE_MONTH_DAYS[m] >> dd & 1))
        return false;
    if (m == 2 && dd == 29 && !date_is_leap((int)y)) return false;
    *value = DECODE_MONTH_START[y - DATE_YEAR_MIN][m - 1] + dd - 1;
range:
    if (f->from != DATE_NONE && *value < f->from) return false;
    if (f->to != DATE_NONE && *value > f->to) return false;
    return !f->to_business_date || *value <= d->business_date;
}

/* A fund that can be valued: index of its NAV, which is not expired and in the currency of the record. */
static bool fund(const struct decoder *d, const struct layout_field *f, const unsigned char *record, int64_t *value)
{
    const struct quotes *navs = d->rates ? d->rates->navs : NULL;
    int at = quote_find(navs, decode_trim((struct view){(const char *)record + f->offset, f->length}));
    if (at < 0) {
        *value = 0;
        return d->rates && d->rates->any_fund && !navs && !blank(record + f->offset, f->length);
    }
    *value = at;
    const struct quote *q = &navs->list[at];
    int currency = d->layout->role_field[ROLE_CURRENCY];
    const char *own = currency < 0 ? d->rates->code[0] : (const char *)record + d->layout->fields[currency].offset;
    return !q->expired && (!q->currency[0] || memcmp(q->currency, own, 3) == 0);
}

/* What a field without bytes says of an accepted record. 0 (no day) where its fund has no NAV: of such records, which
 * are from before the fund ended, nobody asks for a value (etl/valuation). */
static bool computed(const struct decoder *d, const struct layout_field *f, const unsigned char *record, int64_t *value)
{
    int64_t at = 0, shares = 0;
    const struct layout_field *of = d->layout->fields;
    const struct quotes *navs = d->rates ? d->rates->navs : NULL;
    struct view code = {(const char *)record + of[f->fund_field].offset, of[f->fund_field].length};
    if ((at = quote_find(navs, decode_trim(code))) < 0) return true;
    const struct quote *nav = &d->rates->navs->list[at];
    switch (f->computed) {
    case LAYOUT_NAV_OF: return quote_at_scale(nav, f->scale, value);
    case LAYOUT_NAV_DATE: *value = nav->date; return true;
    default:
        return decode_field(d, &of[f->shares_field], record, &shares) &&
               quote_value(nav, shares, of[f->shares_field].scale, f->scale, value);
    }
}

static bool code(const struct layout_field *f, const unsigned char *p, int64_t *value)
{
    uint32_t n = f->length;
    while (n && p[n - 1] == ' ') n--;
    for (int i = 0; i < f->codes_count; i++)
        if (strlen(f->codes[i]) == n && memcmp(f->codes[i], p, n) == 0) {
            *value = i;
            return true;
        }
    return false;
}

/* A code that does not apply is the blank code (which the layout lists then), never by accident the first one. */
static int64_t none_value(const struct layout_field *f)
{
    for (int i = 0; f->type == LAYOUT_CODE && i < f->codes_count; i++)
        if (!f->codes[i][0]) return i;
    return f->type == LAYOUT_DATE ? DATE_NONE : 0;
}

bool decode_field(const struct decoder *d, const struct layout_field *f, const unsigned char *record, int64_t *value)
{
    const unsigned char *p = record + f->offset;
    bool empty = f->computed || (f->optional && blank(p, f->length)) ||
                 (f->zero_is_none && (zeros(p, f->length) || blank(p, f->length)));
    *value = empty ? none_value(f) : 0;
    if (f->computed) return computed(d, f, record, value);
    if (f->when_field >= 0) {
        int64_t condition;
        const struct layout_field *by = &d->layout->fields[f->when_field];
        if (!decode_field(d, by, record, &condition) || !(f->when_codes >> condition & 1)) {
            *value = none_value(f);
            return f->else_any || zeros(p, f->length) || blank(p, f->length);
        }
    }
    if (empty) return true;
    switch (f->type) {
    case LAYOUT_TEXT: return !f->required || !blank(p, f->length);
    case LAYOUT_DIGITS: return digits(p, f->length, value);
    case LAYOUT_AMOUNT: return amount(f, p, value);
    case LAYOUT_DATE: return day(d, f, p, value);
    case LAYOUT_CODE: return code(f, p, value);
    case LAYOUT_CURRENCY: *value = decode_currency(d, p); return *value >= 0;
    case LAYOUT_FUND: return fund(d, f, record, value);
    }
    return false;
}

int decode_check(const struct decoder *d, const unsigned char *record, size_t length, int *field)
{
    *field = -1;
    if (length != d->layout->record_length) return 0;
    for (int i = 0; i < d->layout->fields_count; i++) {
        int64_t value;
        if (decode_field(d, &d->layout->fields[i], record, &value)) continue;
        *field = i;
        return d->layout->fields[i].reason;
    }
    return -1;
}

int64_t decode_value(const struct decoder *d, int field, const unsigned char *record)
{
    int64_t value;
    const struct layout_field *f = &d->layout->fields[field];
    /* A fund may have ended since the record came. */
    ensure(decode_field(d, f, record, &value) || f->type == LAYOUT_FUND || f->computed);
    return value;
}

struct view decode_text(const struct layout *l, int field, const unsigned char *record)
{
    const struct layout_field *f = &l->fields[field];
    return decode_trim((struct view){(const char *)record + f->offset, f->length});
}

/* --- keys --- */

enum { EXACT_DIGITS_MAX = 16 };

static uint64_t hash_mask = ~UINT64_C(0);

void decode_limit_hash(int bits)
{
    hash_mask = (UINT64_C(1) << bits) - 1;
}

uint64_t decode_text_key(struct view t)
{
    if (t.length >= 1 && t.length <= EXACT_DIGITS_MAX) {
        char padded[EXACT_DIGITS_MAX];
        memset(padded, '0', sizeof padded);
        memcpy(padded + EXACT_DIGITS_MAX - t.length, t.bytes, t.length);
        uint64_t high = digits_load8(padded), low = digits_load8(padded + 8);
        if (digits_are8(high) && digits_are8(low))
            return decode_digits_key(digits_value8(high), digits_value8(low), t.length);
    }
    return (XXH3_64bits(t.bytes, t.length) & hash_mask) | DECODE_KEY_HASHED;
}

uint64_t decode_key(const struct layout_field *f, const unsigned char *record)
{
    return decode_text_key(decode_trim((struct view){(const char *)record + f->offset, f->length}));
}

/* --- columns --- */

void decode_column_shape(const struct layout_field *f, struct decode_column *c)
{
    uint32_t n = f->length;
    switch (f->type) {
    case LAYOUT_CODE:
    case LAYOUT_CURRENCY:
        c->width = 1;
        c->is_signed = false;
        break;
    case LAYOUT_FUND:
        c->width = 2;
        c->is_signed = false;
        break;
    case LAYOUT_DATE:
        c->width = 4;
        c->is_signed = true;
        break;
    case LAYOUT_DIGITS:
        c->width = n <= 2 ? 1 : n <= 4 ? 2 : n <= 9 ? 4 : 8;
        c->is_signed = n > 9;
        break;
    default: /* amount */
        c->width = n <= 9 && !f->computed ? 4 : 8;
        c->is_signed = true;
        break;
    }
}
