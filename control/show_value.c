#include "control/show_value.h"

#include "base/date.h"
#include "base/os.h"
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

void show_add_count(struct command_call *call, struct listing *rows, int64_t count)
{
    if (call->json)
        listing_integer(rows, count);
    else
        listing_decimal(rows, show_quantity(call, count, 0));
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

const char *show_missing(const struct command_call *call)
{
    return call->json ? NULL : "missing";
}

static const char *day_text(const struct command_call *call, struct arena *arena, __int128 day)
{
    char text[11];
    if (day == DATE_NONE) return show_missing(call);
    date_format(day < DATE_FIRST ? DATE_FIRST - 1 : day > DATE_LAST ? DATE_LAST + 1 : (int32_t)day, text);
    return arena_dup(arena, view_of(text));
}

/* "2.3333", "7" */
static const char *trimmed(struct arena *arena, __int128 value, int decimals)
{
    const char *text = show_decimal(arena, value, decimals);
    size_t n = strlen(text);
    while (decimals && text[n - 1] == '0') n--;
    if (decimals && text[n - 1] == '.') n--;
    return arena_dup(arena, (struct view){text, n});
}

const char *show_typed(const struct command_call *call, struct arena *arena, enum value_type type, int decimals,
                       __int128 value)
{
    if (type == VALUE_BOOLEAN) return value ? "yes" : "no";
    if (type == VALUE_DATE) return day_text(call, arena, value);
    const char *text = type == VALUE_MONEY ? show_decimal(arena, value, 2) : trimmed(arena, value, decimals);
    return call->json ? text : show_grouped(arena, text);
}

const char *show_shortened(struct command_call *call, const char *name)
{
    if (call->json || listing_text_width(name) <= SHOW_NAME_COLUMNS) return name;
    size_t n = strlen(name);
    const char *shown;
    do {
        do n--;
        while (((unsigned char)name[n] & 0xC0) == 0x80);
        shown = arena_dup(&call->arena, (struct view){name, n});
    } while (listing_text_width(shown) >= SHOW_NAME_COLUMNS);
    return arena_printf(&call->arena, "%s…", shown);
}

const char *show_share(struct arena *arena, uint64_t part, uint64_t whole)
{
    if (!whole) return "";
    uint64_t hundredths = (uint64_t)(((unsigned __int128)part * 20000 + whole) / (2 * (unsigned __int128)whole));
    return arena_printf(arena, "%" PRIu64 ".%02" PRIu64 "%%", hundredths / 100, hundredths % 100);
}

void show_time(struct command_call *call, struct show *s, uint64_t elapsed_ns)
{
    if (command_flag(call, "time"))
        show_textf(s, "time_ms", "%" PRIu64 ".%02" PRIu64, elapsed_ns / 1000000, elapsed_ns / 10000 % 100);
}

struct pool *show_pool(struct command_call *call)
{
    int threads = (int)option_integer(call->options, OPTION_RUN_THREADS);
    return pool_new(threads ? threads : os_cpu_count());
}
