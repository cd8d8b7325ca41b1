#include "etl/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_DIGITS = 8, PREFIX_DIGITS = 2 };

uint64_t number_full(const struct unit *u, uint64_t number)
{
    return (uint64_t)u->number_prefix * NUMBERS_PER_PREFIX + number;
}

const char *number_text(const struct unit *u, uint64_t number, char text[NUMBER_TEXT_MAX])
{
    snprintf(text, NUMBER_TEXT_MAX, "%0*" PRIu64, u->number_prefix ? PREFIX_DIGITS + NUMBER_DIGITS : 1,
             number_full(u, number));
    return text;
}

bool number_parse(const struct unit *u, const char *text, uint64_t *number)
{
    uint64_t value = 0;
    size_t n = strlen(text);
    if (n == 0 || n > 18 || strspn(text, "0123456789") != n) return false;
    for (const char *p = text; *p; p++) value = value * 10 + (uint64_t)(*p - '0');
    bool is_plain = n <= NUMBER_DIGITS || !u->number_prefix;
    if (!is_plain && value / NUMBERS_PER_PREFIX != (uint64_t)u->number_prefix) return false;
    *number = is_plain ? value : value - number_full(u, 0);
    return true;
}
