#include "etl/load_night.h"

#include "base/date.h"
#include "base/os.h"
#include "etl/generation.h"
#include "etl/keep.h"

#include <stdio.h>
#include <string.h>

/* Behind it lies everything. */
#define BEFORE_ALL date_from_civil(1900, 1, 1)

struct nights { /* newest first */
    const char *unit_folder;
    struct arena *arena;
    struct load_night *night;
    int count;
};

static bool read_date(const char *id, int32_t *date, struct status *st)
{
    if (strlen(id) >= 10 && date_parse((struct view){id, 10}, date)) return true;
    return status_fail(st, STATUS_CORRUPT, "\"%s\" is no name of a generation", id);
}

static bool add(struct nights *n, const char *id, int32_t after, struct status *st)
{
    struct load_night *night = &n->night[n->count++];
    const char *path = arena_printf(n->arena, "%s/gen/%s/changes.tsv", n->unit_folder, id);
    *night = (struct load_night){
        .generation = arena_dup(n->arena, view_of(id)), .after = after, .path = os_exists(path) ? path : NULL};
    return read_date(id, &night->business_date, st);
}

static bool is_there(const struct nights *n, const char *id)
{
    char path[OS_PATH_MAX];
    snprintf(path, sizeof path, "%s/gen/%s/MANIFEST", n->unit_folder, id);
    return os_exists(path);
}

/* *whole: it goes back to an initial load. */
static bool add_line(struct nights *n, const char *generation, bool *whole, struct status *st)
{
    char id[GENERATION_ID_MAX], previous[GENERATION_ID_MAX];
    snprintf(id, sizeof id, "%s", generation);
    *whole = false;
    while (n->count < LOAD_NIGHTS_MAX) {
        int32_t after = BEFORE_ALL;
        if (!generation_previous(n->unit_folder, id, previous, st)) return false;
        if ((previous[0] && !read_date(previous, &after, st)) || !add(n, id, after, st)) return false;
        *whole = !previous[0];
        if (*whole || !is_there(n, previous)) return true;
        snprintf(id, sizeof id, "%s", previous);
    }
    return true;
}

static bool add_kept(struct nights *n, const char *unit, struct status *st)
{
    struct keep_list *list = calloc(1, sizeof *list);
    ensure(list);
    int32_t first = n->night[n->count - 1].business_date;
    bool ok = keep_look(&(struct keep_unit){.folder = n->unit_folder, .id = unit}, 1, list, st);
    for (int i = list->count - 1; ok && i >= 0 && n->count < LOAD_NIGHTS_MAX; i--) {
        const struct keep_entry *e = &list->entry[i];
        if (e->date < first && !e->is_superseded && is_there(n, e->id)) ok = add(n, e->id, e->date - 1, st);
    }
    free(list);
    return ok;
}

bool load_nights_find(const char *unit_folder, const char *unit, const char *generation, struct arena *arena,
                      struct load_night **out, int *count, struct status *st)
{
    struct nights n = {unit_folder, arena, arena_array(arena, struct load_night, LOAD_NIGHTS_MAX), 0};
    bool whole, ok = add_line(&n, generation, &whole, st) && (whole || add_kept(&n, unit, st));
    for (int i = 0, j = n.count - 1; i < j; i++, j--) {
        struct load_night swap = n.night[i];
        n.night[i] = n.night[j];
        n.night[j] = swap;
    }
    *out = n.night;
    *count = n.count;
    return ok || status_while(st, "finding the nights of generation %s", generation);
}
