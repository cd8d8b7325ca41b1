#include "etl/calendar.h"

#include "base/conf.h"
#include "base/date.h"

#include <string.h>

static const char *const WEEKDAYS[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

static bool read_weekend(struct conf *c, struct calendar *k, struct status *st)
{
    const char *text;
    if (!conf_need(c, "calendar", "weekend", &text, st)) return false;
    struct view rest = view_of(text);
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest)) {
        int day = 0;
        while (day < 7 && !view_is(word, WEEKDAYS[day])) day++;
        if (day == 7) return conf_fail(c, "calendar", "weekend", st, "expected days such as: saturday sunday");
        k->weekend[day] = true;
    }
    return true;
}

static bool read_days(struct conf *c, const char *section, int32_t *days, int *count, struct status *st)
{
    const char *key;
    for (int i = 0; (key = conf_key(c, section, i)); i++) {
        if (*count == CALENDAR_DAYS_MAX) return conf_fail(c, section, key, st, "more than 2,048 days");
        if (!date_parse(view_of(key), &days[*count]))
            return conf_fail(c, section, key, st, "a day is written YYYY-MM-DD = why");
        conf_get(c, section, key);
        ++*count;
    }
    return true;
}

bool calendar_load(const char *path, const char *name, struct arena *arena, struct calendar **out, struct status *st)
{
    struct conf *c = conf_open(path, st);
    if (!c) return status_while(st, "reading calendar %s", name);
    struct calendar *k = arena_new(arena, struct calendar);
    const char *own;
    bool ok = conf_need(c, "calendar", "name", &own, st) && read_weekend(c, k, st) &&
              read_days(c, "holidays", k->holidays, &k->holidays_count, st) &&
              read_days(c, "working", k->working, &k->working_count, st) && conf_check_all_used(c, st);
    if (ok && strcmp(own, name) != 0)
        ok =
            conf_fail(c, "calendar", "name", st, "the file is %s.ini, but the calendar calls itself \"%s\"", name, own);
    conf_close(c);
    k->name = name;
    *out = k;
    return ok || status_while(st, "reading calendar %s", name);
}

static bool lists(const int32_t *days, int count, int32_t date)
{
    for (int i = 0; i < count; i++)
        if (days[i] == date) return true;
    return false;
}

bool calendar_is_open(const struct calendar *c, int32_t date)
{
    if (lists(c->holidays, c->holidays_count, date)) return false;
    int weekday = (int)(((int64_t)date + 4) % 7); /* day 0 was a Thursday */
    return !c->weekend[(weekday + 7) % 7] || lists(c->working, c->working_count, date);
}
