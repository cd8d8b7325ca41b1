#include "control/show_unit.h"

#include "base/date.h"
#include "etl/journal.h"
#include "etl/run.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 4096 };

struct names {
    struct arena *arena;
    const char *ending; /* taken off; only such names count */
    const char *name[NAMES_MAX];
    int count;
};

static bool note_name(void *context, const char *name)
{
    struct names *n = context;
    size_t length = strlen(name), ending = strlen(n->ending);
    if (length <= ending || strcmp(name + length - ending, n->ending) != 0 || name[0] == '.') return true;
    if (n->count < NAMES_MAX) n->name[n->count++] = arena_dup(n->arena, (struct view){name, length - ending});
    return true;
}

/* A missing folder has no names. */
static bool list_names(struct command_call *call, const char *folder, const char *ending, const char ***names,
                       int *count, struct status *st)
{
    struct names *n = arena_new(&call->arena, struct names);
    n->arena = &call->arena;
    n->ending = ending;
    if (os_exists(folder) && !os_list(folder, note_name, n, st)) return false;
    *names = n->name;
    *count = n->count;
    return true;
}

/* --- units --- */

bool show_units(struct command_call *call, const char ***ids, int *count, struct status *st)
{
    return list_names(call, command_path(call, "units"), ".ini", ids, count, st);
}

/* "11, 12, 31" */
static const char *listed(struct command_call *call, const char *const *names, int count)
{
    struct buf list;
    buf_init(&list, 4096);
    for (int i = 0; i < count && i < 40; i++) buf_addf(&list, "%s%s", i ? ", " : "", names[i]);
    if (count > 40) buf_addf(&list, ", … (%d in all)", count);
    const char *text = arena_dup(&call->arena, list.length ? buf_view(&list) : VIEW_LITERAL("none"));
    buf_release(&list);
    return text;
}

const char *show_unit(struct command_call *call, struct status *st)
{
    const char *given = command_declares(call, "unit") ? command_text(call, "unit", call->unit) : call->unit, **ids;
    int count;
    if (!show_units(call, &ids, &count, st)) return NULL;
    if (!given && count == 1) return ids[0];
    for (int i = 0; given && i < count; i++)
        if (strcmp(ids[i], given) == 0) return ids[i];
    if (count == 0) {
        status_fail(st, STATUS_USAGE, "\"%s\" has no units (units/UU.ini)", call->work);
        status_hint(st, "make a working folder: crmx init DIR; then give --work DIR");
    } else if (given) {
        status_fail(st, STATUS_USAGE, "there is no unit \"%s\"", given);
        status_hint(st, "units of this working folder: %s", listed(call, ids, count));
    } else {
        status_fail(st, STATUS_USAGE, "crmx %s: which unit? There are %d", call->command->name, count);
        status_hint(st, "add --unit UNIT, one of: %s", listed(call, ids, count));
    }
    return NULL;
}

const char *show_unit_folder(struct command_call *call, const char *unit)
{
    char path[OS_PATH_MAX];
    run_unit_folder(call->work, unit, path);
    return arena_dup(&call->arena, view_of(path));
}

/* --- generations --- */

/* DATE.SEQ.ATTEMPT by number: attempt 10 comes after attempt 2. */
static int compare_ids(const char *a, const char *b)
{
    int seq_a = 0, seq_b = 0, attempt_a = 0, attempt_b = 0, date = strncmp(a, b, 10);
    if (date || strlen(a) < 11 || strlen(b) < 11) return date ? date : strcmp(a, b);
    sscanf(a + 10, ".%d.%d", &seq_a, &attempt_a);
    sscanf(b + 10, ".%d.%d", &seq_b, &attempt_b);
    return seq_a != seq_b ? seq_a - seq_b : attempt_a - attempt_b;
}

static int by_id(const void *a, const void *b)
{
    return compare_ids(*(const char *const *)a, *(const char *const *)b);
}

/* What lies beyond CURRENT was published by a run that died before it committed: it does not exist for readers. */
bool show_generations(struct command_call *call, const char *unit, const char ***ids, int *count, struct status *st)
{
    const char *folder = show_unit_folder(call, unit);
    struct generation_current current;
    bool there;
    if (!generation_current_read(folder, &current, &there, st) ||
        !list_names(call, arena_printf(&call->arena, "%s/gen", folder), "", ids, count, st))
        return false;
    qsort(*ids, (size_t)*count, sizeof **ids, by_id);
    while (*count && (!there || compare_ids((*ids)[*count - 1], current.id) > 0)) --*count;
    return true;
}

static bool find_dated(struct command_call *call, const char *unit, int32_t date, const char **id, struct status *st)
{
    const char **ids;
    char text[11];
    int count;
    *id = NULL;
    if (!show_generations(call, unit, &ids, &count, st)) return false;
    date_format(date, text);
    for (int i = 0; i < count; i++)
        if (strncmp(ids[i], text, 10) == 0) *id = ids[i];
    if (*id) return true;
    status_fail(st, STATUS_USAGE, "unit %s has no generation of %s", unit, text);
    if (count == 0)
        return status_hint(st, "it has no population yet: crmx run initial --unit %s --date %s", unit, text);
    return status_hint(st, "it has %s%s: crmx generation list --unit %s", ids[count - 1],
                       count > 1 ? " and others" : "", unit);
}

static bool find_named(struct command_call *call, const char *unit, const char *name, const char **id,
                       struct status *st)
{
    const char **ids;
    int count;
    if (!show_generations(call, unit, &ids, &count, st)) return false;
    for (int i = 0; i < count; i++)
        if (strcmp(ids[i], name) == 0) return *id = ids[i], true;
    status_fail(st, STATUS_USAGE, "unit %s has no generation %s", unit, name);
    return status_hint(st, "it has: %s", listed(call, ids, count));
}

bool show_generation(struct command_call *call, bool dated, struct generation **g, struct status *st)
{
    const char *unit = show_unit(call, st), *id = NULL;
    struct generation_current current;
    bool there;
    if (!unit) return false;
    const char *folder = show_unit_folder(call, unit);
    int32_t date = dated ? command_date(call, "date", DATE_NONE) : DATE_NONE;
    if (date != DATE_NONE && !find_dated(call, unit, date, &id, st)) return false;
    const char *named = command_declares(call, "generation") ? command_text(call, "generation", NULL) : NULL;
    if (named && date != DATE_NONE) return status_fail(st, STATUS_USAGE, "--date or --generation, not both");
    if (named && !find_named(call, unit, named, &id, st)) return false;
    if (!generation_current_read(folder, &current, &there, st)) return false;
    if (!there) {
        status_fail(st, STATUS_USAGE, "unit %s has no population yet", unit);
        return status_hint(st, "run the initial load first: crmx run initial --unit %s --date YYYY-MM-DD", unit);
    }
    return generation_open(folder, id, g, st);
}

bool show_matches(const char *pattern, const char *unit, const char *file)
{
    char glob[512];
    size_t n = 0;
    for (const char *p = pattern; *p && n + 32 < sizeof glob;) {
        bool is_unit = strncmp(p, "{unit}", 6) == 0, is_date = strncmp(p, "{date}", 6) == 0;
        if (is_unit || is_date) {
            n += (size_t)snprintf(glob + n, 20, "%s", is_unit ? unit : "*");
            p += 6;
        } else {
            glob[n++] = *p++;
        }
    }
    snprintf(glob + n, sizeof glob - n, "%s", "");
    if (fnmatch(glob, file, 0) == 0) return true;
    snprintf(glob + n, sizeof glob - n, "%s", ".gz");
    return fnmatch(glob, file, 0) == 0;
}

/* --- attempts --- */

static void read_attempt(struct command_call *call, struct show_attempt *a)
{
    struct status st = {0};
    struct journal *j = journal_read(arena_printf(&call->arena, "%s/journal", a->folder), &st);
    a->state = ATTEMPT_OPEN;
    a->event = a->time = a->detail = "";
    if (!j) {
        a->damaged = true;
        a->detail = arena_dup(&call->arena, view_of(st.message));
        return;
    }
    for (int i = 0; i < journal_count(j); i++) {
        const struct journal_event *e = journal_event(j, i);
        const char *time = arena_dup(&call->arena, view_of(e->time));
        if (strcmp(e->name, "loaded") == 0) a->loaded = time;
        if (strcmp(e->name, "delivered") == 0) a->delivered = time;
        if (strcmp(e->name, "committed") == 0) a->state = ATTEMPT_COMMITTED;
        if (a->state != ATTEMPT_COMMITTED)
            a->state = strcmp(e->name, "failed") == 0    ? ATTEMPT_FAILED
                       : strcmp(e->name, "stopped") == 0 ? ATTEMPT_STOPPED
                                                         : ATTEMPT_OPEN;
        a->event = arena_dup(&call->arena, view_of(e->name));
        a->time = time;
        a->step = e->step;
        a->detail = arena_dup(&call->arena, view_of(e->detail));
    }
    journal_close(j);
}

bool show_attempts(struct command_call *call, const char *unit, struct show_attempt **attempts, int *count,
                   struct status *st)
{
    const char *folder = show_unit_folder(call, unit), *runs = arena_printf(&call->arena, "%s/run", folder), **ids;
    struct generation_current current;
    bool there;
    if (!generation_current_read(folder, &current, &there, st) || !list_names(call, runs, "", &ids, count, st))
        return false;
    qsort(ids, (size_t)*count, sizeof *ids, by_id);
    *attempts = arena_array(&call->arena, struct show_attempt, *count + 1);
    for (int i = 0; i < *count; i++) {
        (*attempts)[i].id = ids[i];
        (*attempts)[i].folder = arena_printf(&call->arena, "%s/%s", runs, ids[i]);
        read_attempt(call, &(*attempts)[i]);
        /* Killed between CURRENT and its journal: CURRENT is the truth. */
        if (there && strcmp(ids[i], current.id) == 0) (*attempts)[i].state = ATTEMPT_COMMITTED;
    }
    return true;
}

const struct show_attempt *show_unfinished(const struct show_attempt *attempts, int count)
{
    return count && attempts[count - 1].state != ATTEMPT_COMMITTED ? &attempts[count - 1] : NULL;
}
