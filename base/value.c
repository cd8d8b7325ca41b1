#include "base/value.h"

#include "base/date.h"
#include "base/nearest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Digits at *text into *value, *text behind them; false without a digit or beyond 64 bits. */
static bool take_digits(const char **text, uint64_t *value)
{
    const char *p = *text;
    uint64_t v = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v)) return false;
    if (p == *text) return false;
    *text = p;
    *value = v;
    return true;
}

bool value_integer(const char *text, int64_t minimum, int64_t maximum, int64_t *value, struct status *st)
{
    const char *p = text;
    bool negative = *p == '-';
    uint64_t magnitude;
    if (*p == '-' || *p == '+') p++;
    if (!take_digits(&p, &magnitude) || *p)
        return status_fail(st, STATUS_USAGE, "\"%.80s\" is not a whole number", text);
    bool fits = magnitude <= (uint64_t)INT64_MAX + negative;
    int64_t v = !fits ? 0 : negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    if (!fits || v < minimum || v > maximum)
        return status_fail(st, STATUS_USAGE, "%.80s is outside %" PRId64 " to %" PRId64, text, minimum, maximum);
    *value = v;
    return true;
}

bool value_bool(const char *text, bool *value, struct status *st)
{
    static const char *const WORDS[] = {"no", "yes", "false", "true", "off", "on", NULL};
    for (int i = 0; WORDS[i]; i++) {
        if (strcasecmp(text, WORDS[i]) != 0) continue;
        *value = i % 2 == 1;
        return true;
    }
    return status_fail(st, STATUS_USAGE, "\"%.80s\" is neither yes nor no (also accepted: true/false, on/off)", text);
}

bool value_size(const char *text, uint64_t *value, struct status *st)
{
    static const char UNITS[] = "kmgt";
    const char *p = text;
    uint64_t v;
    if (!take_digits(&p, &v)) goto wrong;
    if (*p) {
        const char *unit = strchr(UNITS, *p | 0x20);
        if (!unit || p[1]) goto wrong;
        for (const char *u = UNITS; u <= unit; u++)
            if (__builtin_mul_overflow(v, 1024u, &v)) goto wrong;
    }
    *value = v;
    return true;
wrong:
    return status_fail(st, STATUS_USAGE,
                       "\"%.80s\" is not a size; write bytes, or a number with k, m, g or t: 256m, 2g", text);
}

void value_size_format(uint64_t size, char text[24])
{
    static const char *const UNITS[] = {"", "k", "m", "g", "t"};
    int unit = 0;
    while (size && size % 1024 == 0 && unit < 4) size /= 1024, unit++;
    snprintf(text, 24, "%" PRIu64 "%s", size, UNITS[unit]);
}

bool value_duration_ms(const char *text, int64_t *value, struct status *st)
{
    static const struct {
        const char *name;
        int64_t ms;
    } UNITS[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}};
    const char *p = text;
    uint64_t v;
    int64_t ms;
    if (take_digits(&p, &v) && v <= INT64_MAX)
        for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
            if (strcmp(p, UNITS[i].name) != 0) continue;
            if (__builtin_mul_overflow((int64_t)v, UNITS[i].ms, &ms)) break;
            *value = ms;
            return true;
        }
    return status_fail(st, STATUS_USAGE,
                       "\"%.80s\" is not a duration; write a number with its unit: 500ms, 30s, 5m, 2h", text);
}

bool value_share_ppm(const char *text, int64_t *value, struct status *st)
{
    enum { DECIMALS = 12 };
    const char *p = text;
    uint64_t whole, scaled, one = 1;
    if (!take_digits(&p, &whole) || whole > 100) goto wrong;
    for (int i = 0; i < DECIMALS; i++) one *= 10;
    scaled = whole * one;
    if (*p == '.') {
        uint64_t digit = one / 10;
        if (p[1] < '0' || p[1] > '9') goto wrong;
        for (p++; *p >= '0' && *p <= '9'; p++, digit /= 10) {
            if (digit == 0) goto wrong;
            scaled += (uint64_t)(*p - '0') * digit;
        }
    }
    bool percent = *p == '%';
    if (p[percent]) goto wrong;
    uint64_t per_ppm = percent ? one / 10000 : one / 1000000;
    uint64_t ppm = (scaled + per_ppm - 1) / per_ppm;
    if (ppm > 1000000) goto wrong;
    *value = (int64_t)ppm;
    return true;
wrong:
    return status_fail(st, STATUS_USAGE, "\"%.80s\" is not a share between 0 and 100 %%; write 0.01%% or 0.0001", text);
}

bool value_date(const char *text, int32_t *date, struct status *st)
{
    if (date_parse(view_of(text), date)) return true;
    return status_fail(st, STATUS_USAGE, "\"%.80s\" is not a day of the calendar; write it as 2026-10-31 or 20261031",
                       text);
}

bool value_choice(const char *text, const char *const words[], int *index, struct status *st)
{
    char list[400] = "";
    for (int i = 0; words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *index = i;
            return true;
        }
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", words[i]);
    }
    const char *near = nearest_of(text, words);
    status_fail(st, STATUS_USAGE, "\"%.80s\" is none of: %s", text, list);
    return near ? status_hint(st, "did you mean \"%s\"?", near) : false;
}

__int128 value_sum(const int64_t *values, size_t n)
{
    /* In halves of 32 bits, which fit into vectors; 2^63 is added to each value so that both halves are unsigned. */
    static const size_t BLOCK = (size_t)1 << 24; /* the sum of so many halves stays below 2^56 */
    __int128 sum = 0;
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t end = n - at < BLOCK ? n : at + BLOCK;
        uint64_t low = 0, high = 0;
        for (size_t i = at; i < end; i++) {
            uint64_t v = (uint64_t)values[i] ^ UINT64_C(1) << 63;
            low += v & UINT32_MAX;
            high += v >> 32;
        }
        sum += ((__int128)high << 32) + low - ((__int128)(end - at) << 63);
    }
    return sum;
}
