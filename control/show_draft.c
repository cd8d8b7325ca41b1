#include "control/show_draft.h"

#include "base/os.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FORMULA_FILE_MAX = 65536 };

const char *const SHOW_TYPES[] = {"personal", "corporate", NULL};

bool show_unit_configured(struct command_call *call, const char *id, struct unit **out, struct status *st)
{
    return unit_load(call->work, id, &call->arena, out, st);
}

/* --- texts --- */

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
    bool plain = *text && strspn(text, "0123456789.-+eE") == strlen(text);
    errno = 0;
    *value = strtod(text, &end);
    if (plain && *end == 0 && errno == 0 && isfinite(*value)) return true;
    return status_fail(st, STATUS_USAGE, "%s: a number such as 1.5 is needed, found \"%s\"", what, text);
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

/* --- coefficients --- */

int show_coefficient(struct command_call *call, const struct formula *f, const char *name, struct status *st)
{
    const char *list = "";
    int n = formula_coefficient_count(f);
    for (int i = 0; i < n; i++) {
        const char *its = formula_coefficient_name(f, i);
        const char *sign = strchr(its, '#');
        if (strcmp(its, name) == 0 || (name[0] == '#' && sign && strcmp(sign, name) == 0)) return i;
        list = arena_printf(&call->arena, "%s%s%s=%.15g", list, i ? ", " : "", its, formula_coefficient(f, i));
    }
    status_fail(st, STATUS_USAGE, "the formula has no coefficient \"%s\"", name);
    status_hint(st, n ? "its coefficients: %s" : "write one: coef NAME = 1.5; or 系数(1.5)%s", list);
    return -1;
}

static bool set_coefficients(struct command_call *call, struct show_draft *s, struct status *st)
{
    for (int i = 0; i < command_count(call, "coef"); i++) {
        const char *text = command_text_at(call, "coef", i), *equals = strchr(text, '=');
        double value;
        if (!equals || equals == text) {
            status_fail(st, STATUS_USAGE, "--coef: NAME=VALUE is needed, found \"%s\"", text);
            return status_hint(st, "for example: --coef '#1=1.6'");
        }
        const char *name = arena_dup(&call->arena, (struct view){text, (size_t)(equals - text)});
        int c = show_coefficient(call, s->f, name, st);
        if (c < 0 || !show_parse_number(name, equals + 1, &value, st)) return false;
        s->coefficients_changed |= value != formula_coefficient(s->f, c);
        formula_set_coefficient(s->f, c, value);
    }
    return true;
}

/* --- the file --- */

static const char *base_name(struct command_call *call, const char *argument)
{
    const char *slash = strrchr(argument, '/'), *name = slash ? slash + 1 : argument;
    size_t n = strlen(name), ending = strlen(".formula");
    if (n > ending && strcmp(name + n - ending, ".formula") == 0) n -= ending;
    return arena_dup(&call->arena, (struct view){name, n});
}

static bool find_file(struct command_call *call, const char *argument, struct show_draft *s, struct status *st)
{
    s->name = base_name(call, argument);
    const char *named = command_path(call, "formulas/%s.formula", argument);
    s->path = strchr(argument, '/') || !os_exists(named) ? argument : named;
    if (os_exists(s->path)) return true;
    status_fail(st, STATUS_USAGE, "there is no formula \"%s\": neither that file nor \"%s\" exists", argument, named);
    return status_hint(st, "see the formulas: ls %s", command_path(call, "formulas"));
}

/* --type; else the type whose formula has this name; else the only one that has a formula, else personal. */
static int type_of(struct command_call *call, const struct unit *u, const char *name)
{
    if (command_given(call, "type")) return command_choice(call, "type", 0);
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        if (u->formula_name[t] && strcmp(u->formula_name[t], name) == 0) return t;
    return u->formula_name[CUSTOMER_PERSONAL] ? CUSTOMER_PERSONAL : CUSTOMER_CORPORATE;
}

bool show_draft_open(struct command_call *call, const struct unit *unit, const char *argument, struct show_draft *out,
                     struct status *st)
{
    int64_t threshold;
    *out = (struct show_draft){0};
    buf_init(&out->text, FORMULA_FILE_MAX + 1);
    if (!find_file(call, argument, out, st) || !os_read_file(out->path, &out->text, st) ||
        !formula_parse(out->path, out->text.bytes ? buf_view(&out->text) : VIEW_LITERAL(""), &out->f, st))
        return false;
    out->type = type_of(call, unit, out->name);
    if (unit->has_threshold[out->type]) formula_set_threshold(out->f, unit->threshold_minor[out->type]);
    const char *text = command_text(call, "threshold", NULL);
    if (text) {
        if (!show_parse_amount("--threshold", text, &threshold, st)) return false;
        formula_set_threshold(out->f, threshold);
    }
    trial_hash(buf_view(&out->text), formula_threshold(out->f), out->hash);
    return set_coefficients(call, out, st);
}

void show_draft_close(struct show_draft *f)
{
    buf_release(&f->text);
    formula_free(f->f);
    *f = (struct show_draft){0};
}
