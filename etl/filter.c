#include "etl/filter.h"

#include "base/date.h"

#include <string.h>

static const char *const OPERATORS[] = {
    [FILTER_LESS] = "<",      [FILTER_AT_MOST] = "<=", [FILTER_MORE] = ">",
    [FILTER_AT_LEAST] = ">=", [FILTER_EQUAL] = "=",    [FILTER_OTHER] = "<>",
};
enum { OPERATORS_COUNT = sizeof OPERATORS / sizeof *OPERATORS };

/* --- parsing --- */

static bool is_operator(char c)
{
    return c == '<' || c == '>' || c == '=';
}

/* The next word; operators need no blanks around them. */
static struct view next_word(struct view *rest)
{
    struct view v = view_trim(*rest);
    size_t n = 0;
    if (v.length && is_operator(v.bytes[0]))
        while (n < v.length && is_operator(v.bytes[n])) n++;
    else
        while (n < v.length && v.bytes[n] != ' ' && !is_operator(v.bytes[n])) n++;
    *rest = (struct view){v.bytes + n, v.length - n};
    return (struct view){v.bytes, n};
}

/* "-50000.5" at a scale of 2 → -5000050. More decimals than the field has would never be equal: an error. */
static bool parse_number(struct view v, int scale, int64_t *value)
{
    size_t i = 0, digits = 0;
    int decimals = -1;
    bool negative = v.length && v.bytes[0] == '-';
    int64_t n = 0;
    if (v.length && (v.bytes[0] == '-' || v.bytes[0] == '+')) i++;
    for (; i < v.length; i++) {
        char c = v.bytes[i];
        if (c == '.' && decimals < 0 && digits) {
            decimals = 0;
            continue;
        }
        if (c < '0' || c > '9') return false;
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, c - '0', &n)) return false;
        digits++;
        decimals += decimals >= 0;
    }
    if (!digits || decimals == 0 || decimals > scale) return false;
    for (int k = decimals < 0 ? 0 : decimals; k < scale; k++)
        if (__builtin_mul_overflow(n, 10, &n)) return false;
    *value = negative ? -n : n;
    return true;
}

static bool is_code_of(const struct layout_field *f, struct view word)
{
    for (int i = 0; i < f->codes_count; i++)
        if (view_is(word, f->codes[i])) return true;
    return false;
}

static bool parse_value(const struct layout_field *f, struct view word, struct filter_comparison *c,
                        struct arena *arena, struct status *st)
{
    int32_t day;
    struct view text = view_is(word, "_") ? (struct view){"", 0} : word;
    switch (f->type) {
    case LAYOUT_AMOUNT:
    case LAYOUT_DIGITS:
        if (parse_number(word, f->type == LAYOUT_AMOUNT ? f->scale : 0, &c->value)) return true;
        return status_fail(st, STATUS_USAGE, "\"%.*s\" is no number with at most %d decimals, as field %s has",
                           VIEW_PRINT(word), f->type == LAYOUT_AMOUNT ? f->scale : 0, f->name);
    case LAYOUT_DATE:
        if (!date_parse(word, &day))
            return status_fail(st, STATUS_USAGE, "\"%.*s\" is no day such as 2026-01-31, as field %s needs",
                               VIEW_PRINT(word), f->name);
        c->value = day;
        return true;
    case LAYOUT_CODE:
        if (!is_code_of(f, text))
            return status_fail(st, STATUS_USAGE, "field %s never has the code \"%.*s\"", f->name, VIEW_PRINT(word));
        break;
    case LAYOUT_CURRENCY:
        if (word.length != 3)
            return status_fail(st, STATUS_USAGE, "\"%.*s\" is no currency of three letters", VIEW_PRINT(word));
        break;
    case LAYOUT_FUND:
    case LAYOUT_TEXT: break;
    }
    c->text = arena_dup(arena, text);
    if (c->how == FILTER_EQUAL || c->how == FILTER_OTHER) return true;
    return status_fail(st, STATUS_USAGE, "field %s is %s: only = and <> compare it", f->name,
                       LAYOUT_TYPE_NAMES[f->type]);
}

static bool parse_comparison(const struct layout *l, struct view *rest, struct filter_comparison *c,
                             struct arena *arena, struct status *st)
{
    struct view field = next_word(rest), sign = next_word(rest), value = next_word(rest);
    int at = OPERATORS_COUNT;
    if (!field.length || !sign.length || !value.length) {
        status_fail(st, STATUS_USAGE, "a comparison is FIELD OPERATOR VALUE, found \"%.*s %.*s %.*s\"",
                    VIEW_PRINT(field), VIEW_PRINT(sign), VIEW_PRINT(value));
        return status_hint(st, "write for example: balance < 50000.00 and currency = CNY");
    }
    char *name = arena_dup(arena, field);
    c->field = layout_find(l, name);
    if (c->field < 0) {
        status_fail(st, STATUS_USAGE, "layout %s has no field \"%s\"", l->name, name);
        return status_hint(st, "see its fields: crmx layout show %s", l->name);
    }
    if (l->fields[c->field].data_class == 3)
        return status_fail(st, STATUS_USAGE, "field %s is of class C3, which is never read", name);
    while (--at >= 0 && !view_is(sign, OPERATORS[at])) {}
    if (at < 0) return status_fail(st, STATUS_USAGE, "\"%.*s\" is none of < <= > >= = <>", VIEW_PRINT(sign));
    c->how = (enum filter_operator)at;
    return parse_value(&l->fields[c->field], value, c, arena, st);
}

struct filter *filter_parse(const struct layout *l, const char *condition, struct arena *arena, struct status *st)
{
    struct filter *f = arena_new(arena, struct filter);
    struct view rest = view_of(condition), word;
    f->layout = l;
    f->condition = arena_dup(arena, view_of(condition));
    do {
        if (f->count == FILTER_COMPARISONS_MAX) {
            status_fail(st, STATUS_USAGE, "more than %d comparisons", FILTER_COMPARISONS_MAX);
            return NULL;
        }
        if (!parse_comparison(l, &rest, &f->comparisons[f->count++], arena, st)) return NULL;
        word = next_word(&rest);
    } while (view_is(word, "and"));
    if (!word.length) return f;
    status_fail(st, STATUS_USAGE, "\"%.*s\" instead of \"and\" or the end", VIEW_PRINT(word));
    return NULL;
}

/* --- applying --- */

static bool holds(const struct filter_comparison *c, const struct decoder *d, const struct layout *l,
                  const unsigned char *record)
{
    if (c->text) return view_is(decode_text(l, c->field, record), c->text) == (c->how == FILTER_EQUAL);
    int64_t value = decode_value(d, c->field, record);
    if (l->fields[c->field].type == LAYOUT_DATE && value == DATE_NONE) return false; /* no date is on no side */
    switch (c->how) {
    case FILTER_LESS: return value < c->value;
    case FILTER_AT_MOST: return value <= c->value;
    case FILTER_MORE: return value > c->value;
    case FILTER_AT_LEAST: return value >= c->value;
    case FILTER_EQUAL: return value == c->value;
    case FILTER_OTHER: return value != c->value;
    }
    return false;
}

bool filter_meets(const struct filter *f, const struct decoder *d, const unsigned char *record)
{
    for (int i = 0; i < f->count; i++)
        if (!holds(&f->comparisons[i], d, f->layout, record)) return false;
    return true;
}
