#include "etl/average.h"

#include "base/conf.h"
#include "base/date.h"
#include "base/os.h"
#include "etl/generation.h"
#include "etl/tsv.h"

#define XXH_INLINE_ALL
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { NAME_MAX_BYTES = 40, FILE_MAX = 65536 };
static const char *const PERIODS[] = {"month", "year", NULL};
static const char HEAD[] = "average\tperiod\tmeasure\tsince\tdefinition";

/* --- configuration --- */

static bool is_taken(const struct unit *u, const char *name)
{
    for (int i = 0; i < u->layouts_count; i++)
        if (u->layouts[i]->class == LAYOUT_CUSTOMER && layout_find(u->layouts[i], name) >= 0) return true;
    return false;
}

bool average_read_config(struct conf *c, struct unit *u, struct arena *arena, struct status *st)
{
    const char *key;
    for (int i = 0; (key = conf_key(c, "averages", i)); i++) {
        const char *text = conf_get(c, "averages", key);
        struct view rest = view_of(text), period = view_word(&rest), measure = view_trim(rest);
        if (u->averages_count == UNIT_AVERAGES_MAX)
            return conf_fail(c, "averages", key, st, "more than %d averages", UNIT_AVERAGES_MAX);
        if (strlen(key) > NAME_MAX_BYTES)
            return conf_fail(c, "averages", key, st, "a name has at most %d bytes", NAME_MAX_BYTES);
        if (is_taken(u, key)) return conf_fail(c, "averages", key, st, "the customers' records have a field %s", key);
        struct unit_average *a = &u->averages[u->averages_count];
        for (a->period = UNIT_MONTH; PERIODS[a->period] && !view_is(period, PERIODS[a->period]);) a->period++;
        if (!PERIODS[a->period] || !measure.length)
            return conf_fail(c, "averages", key, st, "expected month MEASURE or year MEASURE");
        a->name = arena_dup(arena, view_of(key));
        a->measure = arena_dup(arena, measure);
        u->averages_count++;
    }
    return true;
}

bool average_check(const struct unit *u, const struct scorecards *cards, struct status *st)
{
    for (int i = 0; i < u->averages_count; i++) {
        const struct unit_average *a = &u->averages[i];
        bool found = false;
        for (int t = 0; t < CUSTOMER_TYPES; t++) {
            const struct formula *f = cards->of[t].formula;
            int m = average_measure(a, &cards->of[t]);
            if (f && formula_measure_find(f, a->name) >= 0) {
                status_fail(st, STATUS_USAGE, "formula %s has a measure %s, and so is an average of the unit called",
                            u->formula_name[t], a->name);
                return status_hint(st, "rename one: [averages] in units/%s.ini", u->id);
            }
            if (m < 0) continue;
            found = true;
            if (formula_measure_type(f, m) == VALUE_MONEY) continue;
            status_fail(st, STATUS_USAGE, "average %s: measure %s of formula %s is no money", a->name, a->measure,
                        u->formula_name[t]);
            return status_hint(st, "correct [averages] in units/%s.ini", u->id);
        }
        if (found) continue;
        status_fail(st, STATUS_USAGE, "average %s: no formula of unit %s has a measure %s", a->name, u->id, a->measure);
        return status_hint(st, "see the measures: crmx formula show; correct [averages] in units/%s.ini", u->id);
    }
    return true;
}

int average_of_field(const struct unit *u, const char *name)
{
    for (int i = 0; i < u->averages_count; i++)
        if (strcmp(u->averages[i].name, name) == 0) return i;
    return -1;
}

int average_find(const struct unit *u, const struct unit_average *a)
{
    int i = average_of_field(u, a->name);
    return i >= 0 && u->averages[i].period == a->period ? i : -1;
}

int average_measure(const struct unit_average *a, const struct scorecard *card)
{
    return card->formula ? formula_measure_find(card->formula, a->measure) : -1;
}

uint64_t average_definition(const struct unit_average *a, const struct scorecards *cards)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        int m = average_measure(a, &cards->of[t]);
        if (m >= 0) formula_measure_definition(cards->of[t].formula, m, &text);
        buf_add_text(&text, "\n");
    }
    uint64_t hash = XXH3_64bits(text.bytes, text.length);
    buf_release(&text);
    return hash;
}

/* --- days --- */

int32_t average_period_start(const struct unit_average *a, int32_t date)
{
    int year, month, day;
    date_to_civil(date, &year, &month, &day);
    return date_from_civil(year, a->period == UNIT_YEAR ? 1 : month, 1);
}

int32_t average_days(const struct unit_average *a, int32_t since, int32_t date)
{
    int32_t start = average_period_start(a, date);
    return date - (since > start ? since : start) + 1;
}

int64_t average_value(int64_t sum, int32_t days)
{
    __int128 twice = (__int128)sum * 2;
    return (int64_t)((twice + (sum < 0 ? -days : days)) / ((__int128)days * 2));
}

const char *average_column(const struct unit_average *a, char column[SCORECARD_COLUMN_MAX])
{
    snprintf(column, SCORECARD_COLUMN_MAX, "average.%s", a->name);
    return column;
}

/* --- averages.tsv --- */

static const char *path_in(const char *folder, char path[OS_PATH_MAX])
{
    snprintf(path, OS_PATH_MAX, "%s/averages.tsv", folder);
    return path;
}

bool average_write(const struct unit *u, const struct average_state *states, const char *folder, struct status *st)
{
    char path[OS_PATH_MAX], since[11];
    struct buf b;
    if (!u->averages_count) return true;
    buf_init(&b, FILE_MAX);
    buf_addf(&b, "%s\n", HEAD);
    for (int i = 0; i < u->averages_count; i++) {
        const struct unit_average *a = &u->averages[i];
        date_format(states[i].since, since);
        buf_addf(&b, "%s\t%s\t%s\t%s\t%016" PRIx64 "\n", a->name, PERIODS[a->period], a->measure, since,
                 states[i].definition);
    }
    bool ok = os_write_file(path_in(folder, path), buf_view(&b), st);
    buf_release(&b);
    return ok;
}

struct reading {
    const struct unit *u;
    struct average_state *states;
};

static bool read_line(void *context, char *field[], struct status *st)
{
    struct reading *r = context;
    int i = average_of_field(r->u, field[0]);
    (void)st;
    if (i < 0 || !date_parse(view_of(field[3]), &r->states[i].since)) return true;
    r->states[i].definition = strtoull(field[4], NULL, 16);
    return true;
}

bool average_read(const struct unit *u, const char *folder, struct average_state *states, struct status *st)
{
    char path[OS_PATH_MAX];
    struct reading r = {u, states};
    for (int i = 0; i < u->averages_count; i++) states[i] = (struct average_state){.since = DATE_NONE};
    return !u->averages_count || !os_exists(path_in(folder, path)) || tsv_read(path, HEAD, read_line, &r, st);
}

/* --- of a generation --- */

bool average_values(struct generation *g, int average, uint32_t partition, uint64_t first, uint32_t count, int64_t *out,
                    struct status *st)
{
    char name[SCORECARD_COLUMN_MAX];
    const struct unit_average *a = &g->unit->averages[average];
    int column = segment_find(g->customer, average_column(a, name));
    int32_t since = g->averages[average].since;
    if (column < 0 || since == DATE_NONE) {
        memset(out, 0, count * sizeof *out);
        return true;
    }
    if (!segment_get(g->customer, partition, column, first, count, out, st)) return false;
    int32_t days = average_days(a, since, g->business_date);
    for (uint32_t i = 0; i < count; i++) out[i] = average_value(out[i], days);
    return true;
}
