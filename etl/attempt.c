#include "etl/attempt.h"

#include "base/date.h"
#include "etl/archive.h"
#include "etl/journal.h"
#include "etl/parameter.h"

#include <stdio.h>
#include <string.h>

enum { ATTEMPTS_MAX = 4096 };

struct search {
    char date[11];
    struct {
        int sequence, number;
    } found[ATTEMPTS_MAX];
    int count;
};

static bool note_attempt(void *context, const char *name)
{
    struct search *s = context;
    int sequence, number;
    char end;
    if (strncmp(name, s->date, 10) != 0 || sscanf(name + 10, ".%3d.%d%c", &sequence, &number, &end) != 2) return true;
    int at = s->count < ATTEMPTS_MAX ? s->count++ : ATTEMPTS_MAX - 1;
    /* The latest first. */
    for (; at && (s->found[at - 1].sequence < sequence ||
                  (s->found[at - 1].sequence == sequence && s->found[at - 1].number < number));
         at--)
        s->found[at] = s->found[at - 1];
    s->found[at].sequence = sequence;
    s->found[at].number = number;
    return true;
}

static bool find_attempts(const char *unit_folder, int32_t business_date, struct search *s, struct status *st)
{
    char runs[OS_PATH_MAX];
    *s = (struct search){.count = 0};
    date_format(business_date, s->date);
    snprintf(runs, sizeof runs, "%s/run", unit_folder);
    return !os_exists(runs) || os_list(runs, note_attempt, s, st);
}

/* How an earlier attempt ended: given up for a cause, committed? */
static bool read_end(const char *folder, bool *failed, bool *committed, struct status *st)
{
    char path[OS_PATH_MAX];
    snprintf(path, sizeof path, "%s/journal", folder);
    struct journal *j = journal_open(path, st);
    if (!j) return false;
    *failed = strcmp(journal_last(j), "failed") == 0;
    *committed = journal_find(j, "committed") != NULL;
    journal_close(j);
    return true;
}

bool attempt_earlier(const struct attempt *a, const char *unit_folder, int32_t business_date, struct arena *arena,
                     const char *const **folders, int *count, struct status *st)
{
    struct search *s = arena_new(arena, struct search);
    if (!find_attempts(unit_folder, business_date, s, st)) return false;
    const char **list = arena_array(arena, const char *, s->count + 1);
    *folders = list;
    *count = 0;
    for (int i = 0; i < s->count; i++)
        if (!a || s->found[i].sequence < a->sequence ||
            (s->found[i].sequence == a->sequence && s->found[i].number < a->number))
            list[(*count)++] = arena_printf(arena, "%s/run/%s.%03d.%d/in", unit_folder, s->date, s->found[i].sequence,
                                            s->found[i].number);
    return true;
}

bool attempt_open(struct attempt *a, const char *unit_folder, int32_t business_date, const struct epoch *epoch,
                  struct status *st)
{
    char runs[OS_PATH_MAX], date[11];
    *a = (struct attempt){.sequence = 1, .number = 1, .epoch = epoch};
    struct search *s = malloc(sizeof *s);
    ensure(s);
    date_format(business_date, date);
    snprintf(runs, sizeof runs, "%s/run", unit_folder);
    bool ok = os_make_folder(runs, st) && find_attempts(unit_folder, business_date, s, st);
    if (ok && s->count) {
        bool failed, committed;
        a->sequence = s->found[0].sequence;
        a->number = s->found[0].number;
        snprintf(a->folder, sizeof a->folder, "%s/%s.%03d.%d", runs, date, a->sequence, a->number);
        ok = read_end(a->folder, &failed, &committed, st);
        a->resumed = ok && !failed && !committed && !epoch->other;
        if (ok && committed) {
            a->sequence++;
            a->number = 1;
        } else if (ok && !a->resumed) {
            a->number++;
        }
    }
    free(s);
    if (!ok) return false;
    snprintf(a->id, sizeof a->id, "%s.%03d.%d", date, a->sequence, a->number);
    snprintf(a->folder, sizeof a->folder, "%s/%s", runs, a->id);
    snprintf(a->generation, sizeof a->generation, "%s/gen.tmp", a->folder);
    /* What a killed attempt had built is built again, from the same frozen inputs to the same bytes. */
    char spill[OS_PATH_MAX];
    snprintf(spill, sizeof spill, "%s/spill", a->folder);
    if (!os_make_folder(a->folder, st) || !os_remove_tree(spill, st)) return false;
    char published[OS_PATH_MAX];
    snprintf(published, sizeof published, "%s/gen/%s", unit_folder, a->id);
    if (!os_remove_tree(a->generation, st) || !os_remove_tree(published, st))
        return false; /* published, but never current */
    return os_make_folder(a->generation, st) && os_fsync_folder(runs, st);
}

/* --- frozen parameters --- */

struct copy {
    const char *from, *to;
    bool (*copy)(const char *from, const char *to, struct status *st);
    struct status *st;
    bool ok;
};

static bool copy_entry(void *context, const char *name)
{
    struct copy *c = context;
    char from[OS_PATH_MAX], to[OS_PATH_MAX];
    struct os_file_identity id;
    snprintf(from, sizeof from, "%s/%s", c->from, name);
    snprintf(to, sizeof to, "%s/%s", c->to, name);
    size_t n = strlen(name);
    bool wanted = (n > 4 && strcmp(name + n - 4, ".ini") == 0) || (n > 8 && strcmp(name + n - 8, ".formula") == 0) ||
                  strcmp(name, "lists.tsv") == 0;
    if (!wanted) return true;
    c->ok = os_identify(from, &id, c->st) && (id.is_folder || c->copy(from, to, c->st));
    return c->ok;
}

static bool copy_folder(const char *from, const char *to, bool (*copy)(const char *, const char *, struct status *),
                        struct status *st)
{
    struct copy c = {from, to, copy, st, true};
    if (!os_exists(from)) {
        status_fail(st, STATUS_USAGE, "\"%s\" does not exist", from);
        return status_hint(st, "make a working folder: crmx init DIR; then give --work DIR");
    }
    return os_make_folder(to, st) && os_list(from, copy_entry, &c, st) && c.ok;
}

bool attempt_freeze(const struct attempt *a, const char *work, const char *unit, struct status *st)
{
    static const char *const FOLDERS[] = {"layouts", "outputs", "identity", "formulas", "calendars"};
    char final[OS_PATH_MAX], tmp[OS_PATH_MAX], from[OS_PATH_MAX], to[OS_PATH_MAX];
    snprintf(final, sizeof final, "%s/param", a->folder);
    if (os_exists(final)) return true;
    snprintf(tmp, sizeof tmp, "%s/param.tmp", a->folder);
    if (!os_remove_tree(tmp, st)) return false;
    for (int i = 0; i < 5; i++) {
        snprintf(from, sizeof from, "%s/%s", work, FOLDERS[i]);
        snprintf(to, sizeof to, "%s/%s", tmp, FOLDERS[i]);
        if (i == 4 && !os_exists(from)) continue; /* nobody has to have calendars */
        if (!copy_folder(from, to, os_copy, st)) return status_while(st, "freezing the parameters");
    }
    snprintf(from, sizeof from, "%s/units/%s.ini", work, unit);
    snprintf(to, sizeof to, "%s/units", tmp);
    if (!os_exists(from)) {
        status_fail(st, STATUS_USAGE, "there is no unit \"%s\": \"%s\" does not exist", unit, from);
        return status_hint(st, "see the units: ls %s/units", work);
    }
    if (!os_make_folder(to, st)) return false;
    snprintf(to, sizeof to, "%s/units/%s.ini", tmp, unit);
    int32_t date = DATE_NONE;
    ensure(date_parse((struct view){a->id, 10}, &date));
    if (!parameter_freeze(work, unit, date, tmp, st)) return status_while(st, "freezing the parameters");
    return os_copy(from, to, st) && os_rename_new(tmp, final, st) && os_fsync_folder(a->folder, st);
}

/* --- numbers --- */

bool attempt_high_water(const struct attempt *a, const char *unit_folder, uint64_t *number, struct status *st)
{
    /* A mark left by this very attempt (killed between raising the mark and CURRENT) does not burn its own numbers. */
    char path[OS_PATH_MAX], id[GENERATION_ID_MAX] = "";
    unsigned long long high = 0, before = 0;
    snprintf(path, sizeof path, "%s/numbers", unit_folder);
    *number = 0;
    if (!os_exists(path)) return true;
    struct buf text;
    buf_init(&text, 4096);
    bool ok = os_read_file(path, &text, st);
    if (ok && (!text.bytes || sscanf(text.bytes, "%llu %llu %31s", &high, &before, id) != 3)) {
        status_fail(st, STATUS_CORRUPT, "\"%s\" does not hold the highest integrated number", path);
        ok = status_hint(st, "restore it from a backup: numbers must never be given twice");
    }
    buf_release(&text);
    *number = strcmp(id, a->id) == 0 ? before : high;
    return ok;
}

static bool raise_high_water(const struct attempt *a, const char *unit_folder, uint64_t number, struct status *st)
{
    char path[OS_PATH_MAX], text[96];
    uint64_t before;
    if (!attempt_high_water(a, unit_folder, &before, st)) return false;
    snprintf(path, sizeof path, "%s/numbers", unit_folder);
    int n = snprintf(text, sizeof text, "%llu %llu %s\n", (unsigned long long)(number > before ? number : before),
                     (unsigned long long)before, a->id);
    return os_replace_file(path, (struct view){text, (size_t)n}, st);
}

/* --- archive and publish --- */

bool attempt_archive_inputs(const struct attempt *a, const struct input_set *inputs, struct status *st)
{
    char folder[OS_PATH_MAX], to[OS_PATH_MAX], from[OS_PATH_MAX];
    snprintf(folder, sizeof folder, "%s/in", a->generation);
    if (!os_make_folder(folder, st)) return false;
    for (int i = 0; i < inputs->files_count; i++) {
        const struct input_file *f = &inputs->files[i];
        snprintf(to, sizeof to, "%s/%s", folder, f->name);
        if (!os_link_or_copy(f->path, to, st)) return false;
    }
    if (!archive_link(inputs, a->generation, st)) return false;
    snprintf(from, sizeof from, "%s/param", a->folder);
    snprintf(to, sizeof to, "%s/param", a->generation);
    static const char *const FOLDERS[] = {"layouts", "outputs",    "identity", "formulas",
                                          "units",   "parameters", "calendars"};
    for (int i = 0; i < 7; i++) {
        char sub[OS_PATH_MAX], target[OS_PATH_MAX];
        snprintf(sub, sizeof sub, "%s/%s", from, FOLDERS[i]);
        if (i >= 5 && !os_exists(sub)) continue; /* nothing was activated: all of it is files of the working folder */
        snprintf(target, sizeof target, "%s/%s", to, FOLDERS[i]);
        if (!copy_folder(sub, target, os_link_or_copy, st)) return false;
    }
    return true;
}

bool attempt_publish(const struct attempt *a, const char *unit_folder, const char *manifest_hash, uint64_t high_water,
                     struct status *st)
{
    char generations[OS_PATH_MAX], final[OS_PATH_MAX];
    struct generation_current current;
    snprintf(generations, sizeof generations, "%s/gen", unit_folder);
    snprintf(final, sizeof final, "%s/%s", generations, a->id);
    snprintf(current.id, sizeof current.id, "%s", a->id);
    snprintf(current.manifest_hash, sizeof current.manifest_hash, "%s", manifest_hash);
    return os_make_folder(generations, st) && os_fsync_folder(a->generation, st) && epoch_check(a->epoch, st) &&
           os_rename_new(a->generation, final, st) && os_fsync_folder(generations, st) &&
           os_fsync_folder(a->folder, st) && epoch_check(a->epoch, st) &&
           raise_high_water(a, unit_folder, high_water, st) && epoch_check(a->epoch, st) &&
           generation_current_write(unit_folder, &current, st);
}
