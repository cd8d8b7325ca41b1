#include "etl/gate_limits.h"

#include "base/nearest.h"
#include "base/value.h"

#include <string.h>
#include <strings.h>

/* Every kind of gate, its limit when the unit says nothing (domain 9), and what may stand behind its name. */
static const struct {
    const char *name;
    int64_t ppm;
    enum { SUBJECT_NONE, SUBJECT_LAYOUT, SUBJECT_AMOUNT, SUBJECT_FREE } subject;
    bool expected; /* may be given as an expected figure */
} KINDS[] = {
    {"orphans", 1000, SUBJECT_LAYOUT, false},      {"rows", 100000, SUBJECT_LAYOUT, true},
    {"population", 100000, SUBJECT_LAYOUT, false}, {"sums", 100000, SUBJECT_AMOUNT, true},
    {"customers", 100000, SUBJECT_NONE, true},     {"selected", 50000, SUBJECT_NONE, true},
    {"tiers", 50000, SUBJECT_FREE, false},         {"rates", 50000, SUBJECT_FREE, false},
    {"nav", 100000, SUBJECT_FREE, false},          {"interest", 500000, SUBJECT_FREE, false},
    {"breaks", GATE_OFF, SUBJECT_LAYOUT, false},
};
enum { KINDS_COUNT = sizeof KINDS / sizeof *KINDS };

bool gate_parse_figure(const char *text, __int128 *value, int *scale)
{
    int digits = 0, decimals = -1;
    const char *p = text + (*text == '-');
    *value = 0;
    for (; *p; p++) {
        if (*p == '.' && decimals < 0 && digits) {
            decimals = 0;
            continue;
        }
        if (*p < '0' || *p > '9' || ++digits > 36) return false;
        *value = *value * 10 + (*p - '0');
        decimals += decimals >= 0;
    }
    if (*text == '-') *value = -*value;
    *scale = decimals < 0 ? 0 : decimals;
    return digits > 0 && decimals != 0;
}

/* "retail_account.balance.cny" → a layout, one of its amounts, a currency; `parts` says how much is needed. */
static bool is_amount(const struct unit *u, const char *subject, bool whole)
{
    for (int i = 0; i < u->layouts_count; i++) {
        const struct layout *l = u->layouts[i];
        size_t n = strlen(l->name);
        if (strncmp(subject, l->name, n) != 0 || (subject[n] && subject[n] != '.')) continue;
        if (!subject[n]) return !whole;
        for (int f = 0; f < l->fields_count; f++) {
            const struct layout_field *field = &l->fields[f];
            size_t m = strlen(field->name);
            const char *rest = subject + n + 1;
            if (field->type != LAYOUT_AMOUNT || field->keep != LAYOUT_KEEP_HOT ||
                strncasecmp(rest, field->name, m) != 0)
                continue;
            if (!rest[m]) return !whole;
            if (rest[m] == '.' && strlen(rest + m + 1) == 3) return true;
        }
    }
    return false;
}

/* Index of the kind of a gate's name, or -1 with what is wrong. */
static int kind_of(struct conf *c, const char *section, const char *key, const struct unit *u, bool expected,
                   struct status *st)
{
    const char *names[KINDS_COUNT + 1] = {0}, *dot = strchr(key, '.');
    size_t n = dot ? (size_t)(dot - key) : strlen(key);
    for (int i = 0, k = 0; i < KINDS_COUNT; i++)
        if (!expected || KINDS[i].expected) names[k++] = KINDS[i].name;
    for (int i = 0; i < KINDS_COUNT; i++) {
        if (strlen(KINDS[i].name) != n || strncmp(KINDS[i].name, key, n) != 0 || (expected && !KINDS[i].expected))
            continue;
        bool needs = expected && KINDS[i].subject != SUBJECT_NONE, right = dot ? true : !needs;
        if (dot && KINDS[i].subject == SUBJECT_NONE) right = false;
        if (dot && KINDS[i].subject == SUBJECT_LAYOUT) right = unit_layout(u, dot + 1) >= 0;
        if (dot && KINDS[i].subject == SUBJECT_AMOUNT) right = is_amount(u, dot + 1, expected);
        if (right) return i;
        static const char *const WANTED[] = {"nothing", "a layout of the unit",
                                             "LAYOUT.FIELD.CURRENCY, an amount of the layout with keep = hot",
                                             "a name"};
        conf_fail(c, section, key, st, "behind %s stands %s", KINDS[i].name, WANTED[KINDS[i].subject]);
        return -1;
    }
    conf_fail(c, section, key, st, "there is no such gate");
    const char *near = nearest_of(key, names);
    if (near) status_hint(st, "did you mean \"%s\"?", near);
    status_hint(st, "gates: orphans rows population sums customers selected tiers rates nav interest breaks; in "
                    "[expected]: customers "
                    "selected rows.LAYOUT sums.LAYOUT.FIELD.CURRENCY; rejects: reject_limit of the layout");
    return -1;
}

static bool read_limits(struct conf *c, const struct unit *u, struct arena *arena, struct gate_limits *out,
                        struct status *st)
{
    const char *key, *small = conf_get(c, "gates", "small_sum");
    int scale;
    if (!conf_integer(c, "gates", "small_rows", 0, INT64_MAX, 0, &out->small_rows, st)) return false;
    if (small && (!gate_parse_figure(small, &out->small_sum, &scale) || scale > 2))
        return conf_fail(c, "gates", "small_sum", st, "an amount such as 10000.00 is needed, found \"%s\"", small);
    for (; small && scale < 2; scale++) out->small_sum *= 10;
    for (int i = 0; (key = conf_key(c, "gates", i)); i++) {
        if (strcmp(key, "small_rows") == 0 || strcmp(key, "small_sum") == 0) continue;
        struct gate_limit *l = &out->limits[out->limits_count];
        if (kind_of(c, "gates", key, u, false, st) < 0) return false;
        if (out->limits_count++ == GATE_LIMITS_MAX)
            return conf_fail(c, "gates", key, st, "more than %d limits", GATE_LIMITS_MAX);
        l->name = arena_dup(arena, view_of(key));
        l->ppm = GATE_OFF;
        if (strcmp(conf_get(c, "gates", key), "off") != 0 && !conf_share_ppm(c, "gates", key, 0, &l->ppm, st))
            return status_hint(st, "a share such as 10%%, or off");
    }
    return true;
}

static bool read_expected(struct conf *c, const struct unit *u, struct arena *arena, struct gate_limits *out,
                          struct status *st)
{
    const char *key;
    for (int i = 0; (key = conf_key(c, "expected", i)); i++) {
        struct gate_expected *e = &out->expected[out->expected_count];
        const char *text = conf_get(c, "expected", key);
        if (kind_of(c, "expected", key, u, true, st) < 0) return false;
        if (out->expected_count++ == GATE_LIMITS_MAX)
            return conf_fail(c, "expected", key, st, "more than %d figures", GATE_LIMITS_MAX);
        e->name = arena_dup(arena, view_of(key));
        bool number = gate_parse_figure(text, &e->value, &e->scale);
        if (!number || (e->scale && strncmp(key, "sums.", 5) != 0))
            return conf_fail(c, "expected", key, st, "a number without grouping is needed, found \"%s\"", text);
    }
    return true;
}

bool gate_limits_read(struct conf *c, const struct unit *u, struct arena *arena, struct gate_limits **out,
                      struct status *st)
{
    *out = arena_new(arena, struct gate_limits);
    return read_limits(c, u, arena, *out, st) && read_expected(c, u, arena, *out, st);
}

int64_t gate_limit(const struct gate_limits *l, const char *gate)
{
    for (size_t n = strlen(gate); n; n--) { /* the whole name, then without its last part … */
        if (gate[n] && gate[n] != '.') continue;
        for (int i = 0; i < l->limits_count; i++)
            if (strlen(l->limits[i].name) == n && strncasecmp(l->limits[i].name, gate, n) == 0) return l->limits[i].ppm;
        for (int i = 0; i < KINDS_COUNT; i++)
            if (strlen(KINDS[i].name) == n && strncmp(KINDS[i].name, gate, n) == 0) return KINDS[i].ppm;
    }
    return GATE_OFF;
}
