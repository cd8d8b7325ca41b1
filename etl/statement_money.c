/* statement: amounts in print, and in the base currency at the stated rate (domain 8: exact in 128 bits, rounded once,
 * half away from zero). */
#include "etl/reconcile.h"
#include "etl/statement.h"

#include <string.h>

enum { SCALE_MAX = 6 };

/* Decimals of a currency in everyday use; apart from those of the file. */
static int minor_units(const char *currency)
{
    static const char *const NONE[] = {"JPY", "KRW", "VND", "CLP", "ISK"}, *const THREE[] = {"KWD", "BHD", "OMR", "TND",
                                                                                             "JOD"};
    for (int i = 0; i < 5; i++) {
        if (strcmp(currency, NONE[i]) == 0) return 0;
        if (strcmp(currency, THREE[i]) == 0) return 3;
    }
    return 2;
}

char *statement_money(__int128 amount, int scale, const char *currency, char text[STATEMENT_MONEY_MAX])
{
    char plain[48];
    int wanted = minor_units(currency);
    for (; scale > wanted && amount % 10 == 0; scale--) amount /= 10;
    for (; scale < wanted; scale++) amount *= 10;
    reconcile_decimal(amount, scale, plain);
    const char *digits = plain + (*plain == '-'), *point = strchr(digits, '.');
    size_t whole = point ? (size_t)(point - digits) : strlen(digits);
    char *out = text;
    if (*plain == '-') *out++ = '-';
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0) *out++ = ',';
        *out++ = digits[i];
    }
    memcpy(out, digits + whole, strlen(digits + whole) + 1);
    return text;
}

static __int128 power(int n)
{
    __int128 p = 1;
    while (n-- > 0) p *= 10;
    return p;
}

/* Over 10^6 (rates) × 100 (units of a quotation) × 10^(SCALE_MAX - 2). */
__int128 statement_convert(const struct rates *r, int currency, __int128 amount, int scale)
{
    ensure(scale <= SCALE_MAX && 100 % r->per_unit[currency] == 0);
    return amount * power(SCALE_MAX - scale) * r->rate[currency] * (100 / r->per_unit[currency]);
}

__int128 statement_round(__int128 exact)
{
    __int128 unit = power(6) * 100 * power(SCALE_MAX - 2), half = unit / 2;
    return exact < 0 ? -((-exact + half) / unit) : (exact + half) / unit;
}
