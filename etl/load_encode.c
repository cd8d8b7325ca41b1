#include "etl/load_encode.h"

#include "etl/copy_binary.h"

#include <stdarg.h>
#include <stdio.h>

bool load_encoder_init(struct load_encoder *e, const struct load_file_plan *plan, const struct load_request *r,
                       struct status *st)
{
    int year, month, day;
    *e = (struct load_encoder){.plan = plan, .unit = view_of(r->unit)};
    date_to_civil(r->business_date, &year, &month, &day);
    snprintf(e->business_date, sizeof e->business_date, "%04d%02d%02d", year, month, day);
    return load_text_init(&e->text, plan->file->encoding, r->replace_malformed, st);
}

void load_encoder_release(struct load_encoder *e)
{
    load_text_release(&e->text);
}

__attribute__((format(printf, 4, 5), cold)) static char *fail(struct load_wrong *wrong, const struct load_step *s,
                                                              size_t offset, const char *why, ...)
{
    va_list args;
    va_start(args, why);
    wrong->field = s ? s->field->name : NULL;
    wrong->offset = (uint32_t)offset;
    vsnprintf(wrong->why, sizeof wrong->why, why, args);
    va_end(args);
    return NULL;
}

/* --- pieces of a record --- */

static struct view cut_end(struct view v)
{
    while (v.length && v.bytes[v.length - 1] == ' ') v.length--;
    return v;
}

static struct view cut_both(struct view v)
{
    v = cut_end(v);
    while (v.length && v.bytes[0] == ' ') v.bytes++, v.length--;
    return v;
}

/* At most 19 digits, so the value fits. Returns the place of the first byte that is no digit, or length. */
static size_t read_digits(const char *p, size_t length, uint64_t *value)
{
    uint64_t v = 0;
    size_t i = 0;
    for (; i < length; i++) {
        unsigned digit = (unsigned char)p[i] - '0';
        if (digit > 9) break;
        v = v * 10 + digit;
    }
    *value = v;
    return i;
}

static char *put_empty(const struct load_step *s, char *out, struct load_wrong *wrong)
{
    if (s->nullable) return copy_put_null(out);
    return fail(wrong, s, s->field->offset, "the field is blank, its column must not be empty");
}

/* --- conversions --- */

static char *put_text(struct load_encoder *e, const struct load_step *s, const char *record, char *out,
                      struct load_wrong *wrong)
{
    struct view v = {record + s->field->offset, s->field->length};
    v = s->conversion == CONVERT_TEXT ? cut_both(v) : cut_end(v);
    if (v.length == 0 && s->nullable) return copy_put_null(out);
    size_t bad = 0;
    char *end = load_text_put(&e->text, out + 4, v.bytes, v.length, &bad);
    if (end) {
        copy_put_u32(out, (uint32_t)(end - out - 4));
        return end;
    }
    unsigned byte = (unsigned char)v.bytes[bad];
    size_t offset = (size_t)(v.bytes - record) + bad;
    if (byte == 0) return fail(wrong, s, offset, "a NUL byte, which a text cannot hold");
    return fail(wrong, s, offset, "byte 0x%02X begins no %s character", byte, e->text.converter ? "GB18030" : "UTF-8");
}

static char *put_digits_text(const struct load_step *s, const char *record, char *out, struct load_wrong *wrong)
{
    struct view v = cut_both((struct view){record + s->field->offset, s->field->length});
    uint64_t ignored;
    size_t n = read_digits(v.bytes, v.length, &ignored);
    if (n < v.length)
        return fail(wrong, s, (size_t)(v.bytes - record) + n, "byte 0x%02X is no digit", (unsigned char)v.bytes[n]);
    if (v.length == 0) return put_empty(s, out, wrong);
    return copy_put_text(out, v.bytes, v.length);
}

static char *put_number(const struct load_step *s, const char *record, char *out, struct load_wrong *wrong)
{
    struct view v = {record + s->field->offset, s->field->length};
    /* Blank is rare in a number of an export: the first byte decides. A blank in front of digits is told as what it is.
     */
    if (v.bytes[0] == ' ' || s->field->type == LOAD_TEXT || s->field->type == LOAD_RAW) {
        v = cut_both(v);
        if (v.length == 0) return put_empty(s, out, wrong);
        if (s->field->type == LOAD_DIGITS || s->field->type == LOAD_AMOUNT)
            v = (struct view){record + s->field->offset, s->field->length};
    }
    bool negative = false;
    size_t at = (size_t)(v.bytes - record);
    if (s->is_signed) {
        negative = v.bytes[0] == '-';
        if (!negative && v.bytes[0] != '+')
            return fail(wrong, s, at, "byte 0x%02X is neither + nor -", (unsigned char)v.bytes[0]);
        v.bytes++, v.length--, at++;
    }
    uint64_t value;
    size_t n = read_digits(v.bytes, v.length, &value);
    if (n < v.length) return fail(wrong, s, at + n, "byte 0x%02X is no digit", (unsigned char)v.bytes[n]);
    if (value > s->magnitude_max)
        return fail(wrong, s, s->field->offset, "the value does not fit its column of type %s", s->column_type);
    switch (s->conversion) {
    case CONVERT_INT16: return copy_put_int16(out, (int16_t)(negative ? -(int64_t)value : (int64_t)value));
    case CONVERT_INT32: return copy_put_int32(out, (int32_t)(negative ? -(int64_t)value : (int64_t)value));
    case CONVERT_INT64: return copy_put_int64(out, negative ? -(int64_t)value : (int64_t)value);
    default: return copy_put_numeric(out, negative, value, s->field->scale);
    }
}

static char *put_date(const struct load_step *s, const char *record, char *out, struct load_wrong *wrong)
{
    const char *p = record + s->field->offset;
    if (memcmp(p, "        ", 8) == 0 || memcmp(p, "00000000", 8) == 0) return put_empty(s, out, wrong);
    uint64_t digits;
    size_t n = read_digits(p, 8, &digits);
    if (n < 8) return fail(wrong, s, s->field->offset + n, "byte 0x%02X is no digit of a date", (unsigned char)p[n]);
    int year = (int)(digits / 10000), month = (int)(digits / 100 % 100), day = (int)(digits % 100);
    if (!date_valid(year, month, day)) return fail(wrong, s, s->field->offset, "there is no such day");
    return copy_put_date(out, date_from_civil(year, month, day));
}

static bool check_constant(const struct load_step *s, const char *record, struct view expected,
                           struct load_wrong *wrong)
{
    struct view v = cut_both((struct view){record + s->field->offset, s->field->length});
    if (view_equal(v, expected)) return true;
    fail(wrong, s, s->field->offset, "the record belongs to another %s than %.*s",
         s->conversion == CHECK_UNIT ? "unit" : "business date", VIEW_PRINT(expected));
    return false;
}

static bool check_line_end(const struct load_file *f, const char *record, struct load_wrong *wrong)
{
    const char *end = record + f->data_length;
    uint32_t length = f->record_length - f->data_length;
    if (length == 0 || (length == 1 && end[0] == '\n') || (length == 2 && end[0] == '\r' && end[1] == '\n'))
        return true;
    fail(wrong, NULL, f->data_length, "byte 0x%02X stands where the line end belongs", (unsigned char)end[0]);
    return false;
}

static char *put_step(struct load_encoder *e, const struct load_step *s, const char *record, char *out,
                      struct load_wrong *wrong)
{
    switch (s->conversion) {
    case CONVERT_TEXT:
    case CONVERT_RAW_TEXT: return put_text(e, s, record, out, wrong);
    case CONVERT_BYTES: return copy_put_text(out, record + s->field->offset, s->field->length);
    case CONVERT_DIGITS_TEXT: return put_digits_text(s, record, out, wrong);
    case CONVERT_DATE: return put_date(s, record, out, wrong);
    case CHECK_UNIT: return check_constant(s, record, e->unit, wrong) ? out : NULL;
    case CHECK_DATE: return check_constant(s, record, view_of(e->business_date), wrong) ? out : NULL;
    default: return put_number(s, record, out, wrong);
    }
}

char *load_encode(struct load_encoder *e, const char *record, char *out, struct load_wrong *wrong)
{
    const struct load_file_plan *p = e->plan;
    if (!check_line_end(p->file, record, wrong)) return NULL;
    out = copy_put_row(out, p->columns_count);
    for (int i = 0; out && i < p->steps_count; i++) out = put_step(e, &p->steps[i], record, out, wrong);
    return out;
}
