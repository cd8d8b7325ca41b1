/* A typed value is read as what it is or refused: whatever is not readable must not become a code that is equal to
 * nothing. So a code is a word or stands in quotes, and what begins like a number has to be one. */
#include "scoring/eval_value.h"

#include "base/buf.h"
#include "base/date.h"
#include "scoring/tree.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* --- the kinds --- */

static bool read_number(struct view text, struct eval_value *out)
{
    bool negative = text.length && text.bytes[0] == '-', point = false;
    int digits = 0;
    *out = (struct eval_value){.type = VALUE_NUMBER};
    for (size_t i = negative; i < text.length; i++) {
        char c = text.bytes[i];
        if (c == '.' && !point && digits) {
            point = true;
            continue;
        }
        if (!is_digit(c) || ++digits > FORMULA_DIGITS_MAX) return false;
        out->integer = out->integer * 10 + (c - '0');
        out->scale += point;
    }
    if (negative) out->integer = -out->integer;
    return digits > 0 && (!point || out->scale > 0);
}

static bool read_date(struct view text, struct eval_value *out)
{
    int32_t day;
    *out = (struct eval_value){.type = VALUE_DATE, .integer = DATE_NONE};
    if (text.length == 0) return true;
    if (text.length != strlen("2026-10-31") || text.bytes[4] != '-' || !date_parse(text, &day)) return false;
    out->integer = day;
    return true;
}

/* The words of the language, in any case, as in a formula. */
static bool read_truth(struct view text, struct eval_value *out)
{
    *out = (struct eval_value){.type = VALUE_BOOLEAN, .integer = word_is(text, "true")};
    return out->integer || word_is(text, "false");
}

/* Full-width forms of digits and letters look like the plain ones and are others. */
static bool is_full_width(const char *at, size_t left)
{
    const unsigned char *p = (const unsigned char *)at;
    return left >= 3 && p[0] == 0xef && (p[1] == 0xbc || (p[1] == 0xbd && p[2] <= 0x9e));
}

/* A Chinese character, no sign that an input method puts in the place of a plain one. The text is UTF-8. */
static bool is_ideograph(const char *at)
{
    const unsigned char *p = (const unsigned char *)at;
    return (p[0] == 0xe3 && p[1] > 0x80) || (p[0] > 0xe3 && p[0] < 0xef) || p[0] > 0xef ||
           (p[0] == 0xef && p[1] < 0xbc);
}

/* No number, though C and spreadsheets read it as one. */
static bool is_no_number(struct view text)
{
    static const char *const WORDS[] = {"nan", "inf", "infinity", "null"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (text.length == strlen(WORDS[i]) && strncasecmp(text.bytes, WORDS[i], text.length) == 0) return true;
    return false;
}

static bool read_code(struct view text, struct eval_value *out)
{
    char quote = text.length >= 2 ? text.bytes[0] : 0;
    *out = (struct eval_value){.type = VALUE_CODE, .code = text};
    if ((quote == '\'' || quote == '"') && text.bytes[text.length - 1] == quote) {
        out->code = (struct view){text.bytes + 1, text.length - 2};
        return out->code.length <= FORMULA_CODE_MAX && buf_is_utf8(out->code) &&
               !memchr(out->code.bytes, quote, out->code.length);
    }
    if (text.length > FORMULA_CODE_MAX || is_digit(text.bytes[0]) || is_no_number(text) || !buf_is_utf8(text))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        bool inside = ((unsigned char)c & 0xc0) == 0x80;
        if (!is_letter(c) && !is_digit(c) && !inside && !is_ideograph(text.bytes + i)) return false;
    }
    return true;
}

/* --- what to type instead --- */

static bool holds(struct view text, const char *signs)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] && strchr(signs, text.bytes[i])) return true;
    return false;
}

static bool looks_full_width(struct view text)
{
    for (size_t i = 0; i < text.length; i++)
        if (is_full_width(text.bytes + i, text.length - i)) return true;
    return false;
}

/* Digits and signs of that kind alone. */
static bool is_made_of(struct view text, const char *signs)
{
    int digits = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (!is_digit(text.bytes[i]) && (!text.bytes[i] || !strchr(signs, text.bytes[i]))) return false;
        digits += is_digit(text.bytes[i]);
    }
    return digits > 0;
}

static bool looks_grouped(struct view text)
{
    return is_made_of(text, "-+., '") && holds(text, ", '");
}

static bool looks_signed(struct view text)
{
    return is_made_of(text, "+.") && text.bytes[0] == '+';
}

static bool looks_scientific(struct view text)
{
    return is_made_of(text, "-+.eE") && holds(text, "eE") && !is_letter(text.bytes[0]);
}

static bool looks_like_date(struct view text)
{
    const char *inner = text.length > 1 ? memchr(text.bytes + 1, '-', text.length - 1) : NULL;
    return is_made_of(text, "-/.") && (inner || holds(text, "/"));
}

static bool looks_like_number(struct view text)
{
    return is_made_of(text, "-.");
}

static bool is_quoted(struct view text)
{
    return text.length && (text.bytes[0] == '\'' || text.bytes[0] == '"');
}

static bool always(struct view text)
{
    (void)text;
    return true;
}

/* The first that fits says it. */
static const struct {
    bool (*fits)(struct view text);
    const char *expected, *example; /* behind "NAME="; NULL: what was typed, in quotes */
} ADVICE[] = {
    {is_no_number, "there is no such number; a code of that name stands in quotes", "123.45"},
    {looks_full_width, "digits, letters and signs are the plain ones, not full-width", "12"},
    {looks_grouped, "a number has digits and a point, no separators", "1000.50"},
    {looks_signed, "a number has a sign only when it is negative", "5"},
    {looks_scientific, "a number is written out, without an exponent", "1000000"},
    {looks_like_date, "a date is a day of the calendar, YYYY-MM-DD", "1990-02-28"},
    {looks_like_number, "a number has at most 15 digits, and digits on both sides of its point", "123.45"},
    {is_quoted, "a code has at most 32 bytes and one quote on each side", "\"'A'\""},
    {always, "a code that is no plain word stands in quotes", NULL},
};

static bool refuse(struct view name, struct view text, struct status *st)
{
    size_t i = 0;
    while (!ADVICE[i].fits(text)) i++;
    status_fail(st, STATUS_USAGE, "the value of %.*s is no number, date, condition or code: \"%.*s\"", VIEW_PRINT(name),
                VIEW_PRINT(text));
    if (!ADVICE[i].example)
        return status_hint(st, "%s: %.*s=\"'%.*s'\"", ADVICE[i].expected, VIEW_PRINT(name), VIEW_PRINT(text));
    return status_hint(st, "%s, such as %.*s=%s", ADVICE[i].expected, VIEW_PRINT(name), ADVICE[i].example);
}

bool eval_value_read(struct view name, struct view text, struct eval_value *out, struct status *st)
{
    return read_date(text, out) || read_number(text, out) || read_truth(text, out) || read_code(text, out) ||
           refuse(name, text, st);
}
