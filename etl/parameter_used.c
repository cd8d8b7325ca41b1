/* parameter: which business dates have been run, by the folders of the units: what they were run with stays. */
#include "base/date.h"
#include "etl/generation.h"
#include "etl/journal.h"
#include "etl/parameter.h"

#include <stdio.h>
#include <string.h>

struct search {
    const char *folder; /* state/units, or one unit's gen or run folder */
    struct arena *arena;
    struct status *st;
    int32_t last;
    bool ok;
};

static void note_date(struct search *s, const char *name)
{
    int32_t date;
    if (strlen(name) > 10 && name[10] == '.' && date_parse((struct view){name, 10}, &date) && date > s->last)
        s->last = date;
}

static bool each_generation(void *context, const char *name)
{
    note_date(context, name);
    return true;
}

/* An attempt that has frozen its parameters and was not given up goes on with them. */
static bool each_attempt(void *context, const char *name)
{
    struct search *s = context;
    const char *attempt = arena_printf(s->arena, "%s/%s", s->folder, name);
    if (!os_exists(arena_printf(s->arena, "%s/param", attempt))) return true;
    struct journal *j = journal_read(arena_printf(s->arena, "%s/journal", attempt), s->st);
    s->ok = j != NULL;
    if (j && strcmp(journal_last(j), "failed") != 0) note_date(s, name);
    journal_close(j);
    return s->ok;
}

static bool search_folder(struct search *s, const char *unit_folder, const char *sub,
                          bool (*each)(void *context, const char *name))
{
    struct search one = *s;
    one.folder = arena_printf(s->arena, "%s/%s", unit_folder, sub);
    if (!os_exists(one.folder)) return true;
    if (!os_list(one.folder, each, &one, s->st) || !one.ok) return false;
    s->last = one.last;
    return true;
}

static bool search_unit(struct search *s, const char *unit_folder)
{
    struct generation_current current;
    bool there = false;
    if (!generation_current_read(unit_folder, &current, &there, s->st)) return false;
    if (there) note_date(s, current.id);
    return search_folder(s, unit_folder, "gen", each_generation) && search_folder(s, unit_folder, "run", each_attempt);
}

static bool each_unit(void *context, const char *name)
{
    struct search *s = context;
    s->ok = search_unit(s, arena_printf(s->arena, "%s/%s", s->folder, name));
    return s->ok;
}

bool parameter_last_used(const char *work, const char *level, int32_t *date, struct status *st)
{
    struct arena arena;
    arena_init(&arena, "dates");
    struct search s = {arena_printf(&arena, "%s/state/units", work), &arena, st, DATE_NONE, true};
    bool ok = true;
    if (strcmp(level, PARAMETER_HEAD) != 0)
        ok = search_unit(&s, arena_printf(&arena, "%s/%s", s.folder, level));
    else if (os_exists(s.folder))
        ok = os_list(s.folder, each_unit, &s, st) && s.ok;
    *date = s.last;
    arena_release(&arena);
    return ok;
}
