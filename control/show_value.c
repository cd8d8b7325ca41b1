#include "control/show_value.h"

#include "base/os.h"
#include "control/show.h"
#include "etl/transfer_digest.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

bool show_parse_amount(const char *what, const char *text, int64_t *minor, struct status *st)
{
    const char *p = text;
    bool negative = *p == '-';
    int64_t value = 0;
    int decimals = -1, digits = 0;
    for (p += negative; *p; p++) {
        if (*p == '.' && decimals < 0) {
            decimals = 0;
        } else if (*p >= '0' && *p <= '9' && decimals < 2 && digits < 16) {
            value = value * 10 + (*p - '0');
            digits++;
            decimals += decimals >= 0;
        } else {
            break;
        }
    }
    if (*p || digits == 0 || decimals == 0) {
        status_fail(st, STATUS_USAGE, "%s: an amount such as 800000.00 is needed, found \"%s\"", what, text);
        return status_hint(st, "yuan with up to two decimals, no signs between the digits");
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 2; i++) value *= 10;
    *minor = negative ? -value : value;
    return true;
}

bool show_parse_number(const char *what, const char *text, double *value, struct status *st)
{
    char *end;
    bool plain = *text && strspn(text, "0123456789.-") == strlen(text); /* as in a formula: no exponent */
    errno = 0;
    *value = strtod(text, &end);
    if (plain && *end == 0 && errno == 0 && isfinite(*value)) return true;
    status_fail(st, STATUS_USAGE, "%s: a number such as 1.5 is needed, found \"%s\"", what, text);
    return status_hint(st, "digits and a point, as in a formula: no exponent, no separators");
}

const char *show_quantity(struct command_call *call, __int128 value, int decimals)
{
    const char *text = show_decimal(&call->arena, value, decimals);
    return call->json ? text : show_grouped(&call->arena, text);
}

const char *show_money(struct command_call *call, __int128 minor)
{
    return show_quantity(call, minor, 2);
}

const char *show_digest(struct command_call *call, const char *text)
{
    struct transfer_digest d;
    char *digest = arena_array(&call->arena, char, 65);
    transfer_digest_init(&d);
    transfer_digest_add(&d, text, strlen(text));
    transfer_digest_end(&d, digest);
    return digest;
}

const char *show_share(struct arena *arena, uint64_t part, uint64_t whole)
{
    if (!whole) return "";
    uint64_t hundredths = (uint64_t)(((unsigned __int128)part * 20000 + whole) / (2 * (unsigned __int128)whole));
    return arena_printf(arena, "%" PRIu64 ".%02" PRIu64 "%%", hundredths / 100, hundredths % 100);
}

struct pool *show_pool(struct command_call *call)
{
    int threads = (int)option_integer(call->options, OPTION_RUN_THREADS);
    return pool_new(threads ? threads : os_cpu_count());
}
