#include "etl/keep.h"

#include "base/date.h"
#include "etl/compact.h"
#include "etl/journal.h"

#include <stdio.h>
#include <string.h>

struct look {
    struct keep_list *list;
    bool full;
};

static bool note_generation(void *context, const char *name)
{
    struct look *l = context;
    struct keep_entry e = {.sequence = 0};
    char end;
    if (!date_parse((struct view){name, strlen(name) < 10 ? strlen(name) : 10}, &e.date) ||
        sscanf(name + 10, ".%3d.%d%c", &e.sequence, &e.attempt, &end) != 2)
        return true;
    if (l->list->count == KEEP_GENERATIONS_MAX) return !(l->full = true);
    snprintf(e.id, sizeof e.id, "%s", name);
    int at = l->list->count++;
    for (; at; at--) { /* names are in byte order; an attempt 10 is not */
        const struct keep_entry *p = &l->list->entry[at - 1];
        bool before = p->date != e.date           ? p->date < e.date
                      : p->sequence != e.sequence ? p->sequence < e.sequence
                                                  : p->attempt < e.attempt;
        if (before) break;
        l->list->entry[at] = *p;
    }
    l->list->entry[at] = e;
    return true;
}

static bool is_month_end(int32_t date)
{
    int year, month, day;
    date_to_civil(date, &year, &month, &day);
    return day == date_days_in_month(year, month);
}

static const char *needed_by(const struct keep_unit *u, const char *id)
{
    for (int i = 0; i < u->targets_count; i++) {
        const struct deliver_outlook *next = &u->targets[i].next;
        if (strcmp(next->base_generation, id) == 0 || strcmp(next->pending_generation, id) == 0 ||
            strcmp(next->pending_base, id) == 0)
            return u->targets[i].name;
    }
    return NULL;
}

bool keep_look(const struct keep_unit *u, int keep, struct keep_list *out, struct status *st)
{
    char folder[OS_PATH_MAX];
    struct look l = {.list = out};
    struct generation_current current;
    bool there;
    out->count = 0;
    snprintf(folder, sizeof folder, "%s/gen", u->folder);
    if (os_exists(folder) && !os_list(folder, note_generation, &l, st)) return false;
    if (l.full)
        return status_fail(st, STATUS_USAGE, "more than %d generations in \"%s\"", KEEP_GENERATIONS_MAX, folder);
    if (!generation_current_read(u->folder, &current, &there, st)) return false;
    int dates = 0;
    bool latest = true; /* of its date */
    for (int i = out->count - 1; i >= 0; i--) {
        struct keep_entry *e = &out->entry[i];
        latest = i == out->count - 1 || out->entry[i + 1].date != e->date;
        e->is_current = there && strcmp(e->id, current.id) == 0;
        e->is_month_end = is_month_end(e->date);
        e->is_superseded = !latest;
        bool recent = latest && dates++ < keep;
        e->needed_by = needed_by(u, e->id);
        e->goes = !e->is_current && !e->needed_by && !(latest && (recent || e->is_month_end));
    }
    return true;
}

/* First out of sight by one rename, then away: no reader ever meets half a generation. */
static bool remove_generation(const char *unit_folder, const char *id, struct status *st)
{
    char from[OS_PATH_MAX], away[OS_PATH_MAX], runs[OS_PATH_MAX];
    snprintf(from, sizeof from, "%s/gen/%s", unit_folder, id);
    snprintf(away, sizeof away, "%s/pruned.tmp", unit_folder);
    snprintf(runs, sizeof runs, "%s/run/%s", unit_folder, id);
    return os_remove_tree(away, st) && os_rename(from, away, st) && os_fsync_folder(unit_folder, st) &&
           os_remove_tree(away, st) && os_remove_tree(runs, st);
}

static int lock_unit(const char *unit_folder, struct status *st)
{
    char lock[OS_PATH_MAX];
    snprintf(lock, sizeof lock, "%s/lock", unit_folder);
    return os_lock(lock, st);
}

bool keep_prune(const struct keep_unit *u, int keep, bool rehearse, void (*tell)(void *context, const char *id),
                void *context, struct status *st)
{
    struct keep_list *list = calloc(1, sizeof *list);
    char away[OS_PATH_MAX];
    ensure(list && keep >= 1);
    int lock = lock_unit(u->folder, st);
    snprintf(away, sizeof away, "%s/pruned.tmp", u->folder);
    bool ok = lock >= 0 && os_remove_tree(away, st) && keep_look(u, keep, list, st);
    for (int i = 0; ok && i < list->count; i++) {
        if (!list->entry[i].goes) continue;
        ok = rehearse || remove_generation(u->folder, list->entry[i].id, st);
        if (ok) tell(context, list->entry[i].id);
    }
    for (int i = 0; ok && !rehearse && i < list->count; i++)
        if (list->entry[i].is_current) ok = compact_prune(u->folder, list->entry[i].id, st);
    os_close(lock);
    free(list);
    return ok || status_while(st, "pruning the generations in \"%s\"", u->folder);
}

/* --- going back --- */

/* Can each target be told what is taken back? */
static bool check_targets(const struct keep_unit *u, struct status *st)
{
    char folder[OS_PATH_MAX];
    for (int i = 0; i < u->targets_count; i++) {
        const struct keep_target *t = &u->targets[i];
        if (t->next.under_way.seq) {
            status_fail(st, STATUS_USAGE, "set %s is under way at target \"%s\": what the target has is not settled",
                        ledger_key_format(t->next.under_way).text, t->name);
            return status_hint(st, "finish it first: crmx delivery run --unit %s --target %s", u->id, t->name);
        }
        snprintf(folder, sizeof folder, "%s/gen/%s", u->folder, t->next.base_generation);
        if (!t->next.base_generation[0] || os_exists(folder)) continue;
        status_fail(st, STATUS_USAGE,
                    "target \"%s\" has acknowledged set %s, and its generation %s is gone: no delta can take back what "
                    "came after",
                    t->name, ledger_key_format(t->next.base).text, t->next.base_generation);
        return status_hint(st, "have it get a full set: crmx delivery resync --unit %s --target %s --reason '…'", u->id,
                           t->name);
    }
    return true;
}

/* The latest generation of a date. */
static const struct keep_entry *find_date(const struct keep_list *list, int32_t date)
{
    for (int i = list->count - 1; i >= 0; i--)
        if (list->entry[i].date == date) return &list->entry[i];
    return NULL;
}

/* In the journals of those that are taken back: why. Their numbers stay burned. */
static bool note_reason(const char *unit_folder, const struct keep_list *list, int32_t date, const char *reason,
                        struct status *st)
{
    char path[OS_PATH_MAX];
    bool ok = true;
    for (int i = 0; ok && i < list->count; i++) {
        if (list->entry[i].date <= date) continue;
        snprintf(path, sizeof path, "%s/run/%s/journal", unit_folder, list->entry[i].id);
        if (!os_exists(path)) continue;
        struct journal *j = journal_open(path, st);
        ok = j && (journal_find(j, "rolled_back") || journal_append(j, 0, "rolled_back", reason, st));
        journal_close(j);
    }
    return ok;
}

static bool go_back(const struct keep_unit *u, int32_t date, const char *reason, const struct keep_list *list,
                    char id[GENERATION_ID_MAX], struct status *st)
{
    struct generation_current now;
    char text[11];
    const struct keep_entry *e = find_date(list, date);
    date_format(date, text);
    if (!e) {
        status_fail(st, STATUS_USAGE, "unit %s has no generation of %s", u->id, text);
        return status_hint(st, "see which are kept: crmx generation list --unit %s", u->id);
    }
    snprintf(id, GENERATION_ID_MAX, "%s", e->id);
    if (e->is_current) return true;
    snprintf(now.id, sizeof now.id, "%s", e->id);
    if (!generation_manifest_hash(u->folder, e->id, now.manifest_hash, st)) return false;
    struct generation *g; /* whole, before it becomes the truth again */
    if (!generation_open(u->folder, e->id, &g, st)) return false;
    generation_close(g);
    return note_reason(u->folder, list, date, reason, st) && generation_current_write(u->folder, &now, st);
}

bool keep_rollback(const struct keep_unit *u, int32_t date, const char *reason, char id[GENERATION_ID_MAX],
                   struct status *st)
{
    struct keep_list *list = calloc(1, sizeof *list);
    ensure(list);
    int lock = lock_unit(u->folder, st);
    bool ok = lock >= 0 && keep_look(u, 1, list, st) && check_targets(u, st) && go_back(u, date, reason, list, id, st);
    os_close(lock);
    free(list);
    return ok;
}
