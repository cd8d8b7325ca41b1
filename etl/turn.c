#include "etl/turn.h"

#include "base/date.h"
#include "base/log.h"
#include "etl/arrive.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

const char *const RUN_KIND_NAMES[] = {"initial", "daily", "refresh", NULL};

static bool find_redo(const struct turn_request *r, struct turn *t, struct status *st)
{
    char folder[OS_PATH_MAX], date[11];
    if (!generation_previous(r->unit_folder, t->current.id, t->old, st)) return false;
    if (!t->old[0] != (r->kind == RUN_INITIAL)) {
        date_format(r->business_date, date);
        status_fail(st, STATUS_USAGE, "%s was %s", date,
                    t->old[0] ? "no initial load: it can be done again as what it was" : "an initial load");
        return status_hint(st, "crmx run %s --unit %s --date %s --redo --reason '…'", t->old[0] ? "daily" : "initial",
                           r->unit, date);
    }
    snprintf(folder, sizeof folder, "%s/gen/%s", r->unit_folder, t->old);
    if (!t->old[0] || os_exists(folder)) return true;
    status_fail(st, STATUS_USAGE, "generation %s, upon which %s was built, was pruned: the date cannot be done again",
                t->old, t->current.id);
    return status_hint(st, "correct it on the next date, or begin anew from a full unload: crmx run refresh --unit %s",
                       r->unit);
}

static bool refuse_order(const struct turn_request *r, const struct turn *t, int32_t current, struct status *st)
{
    char date[11], next[11];
    date_format(r->business_date, date);
    date_format(current + 1, next);
    if (r->business_date < current) {
        status_fail(st, STATUS_USAGE, "unit %s is at business date %.10s: %s lies before it", r->unit, t->current.id,
                    date);
        return status_hint(st, "to go back: crmx generation rollback --unit %s --to %s --reason '…'", r->unit, date);
    }
    status_fail(st, STATUS_USAGE, "unit %s is at business date %.10s: %s is missing before %s", r->unit, t->current.id,
                next, date);
    return status_hint(st, "crmx run daily --unit %s --date %s --through %s", r->unit, next, date);
}

static bool find_later(const struct turn_request *r, struct turn *t, struct status *st)
{
    int32_t current;
    if (!date_parse((struct view){t->current.id, 10}, &current))
        return status_fail(st, STATUS_CORRUPT, "CURRENT names \"%s\", which is no generation", t->current.id);
    if (r->redo && r->business_date != current) {
        status_fail(st, STATUS_USAGE, "unit %s is at business date %.10s: only that date can be done again", r->unit,
                    t->current.id);
        return status_hint(st, "to go further back: crmx generation rollback --unit %s --to DATE --reason '…'",
                           r->unit);
    }
    if (r->redo) return find_redo(r, t, st);
    t->done = r->business_date == current;
    if (t->done) return true;
    if (r->kind == RUN_INITIAL) {
        status_fail(st, STATUS_USAGE, "unit %s has a population of %.10s: an initial load starts from none", r->unit,
                    t->current.id);
        return status_hint(st,
                           "look at it: crmx status --unit %s; to start over, move \"%s\" away; the next day: crmx run "
                           "daily; a new full unload: crmx run refresh",
                           r->unit, r->unit_folder);
    }
    if (r->business_date != current + 1) return refuse_order(r, t, current, st);
    snprintf(t->old, sizeof t->old, "%s", t->current.id);
    return true;
}

bool turn_find(const struct turn_request *r, struct turn *out, struct status *st)
{
    char date[11];
    *out = (struct turn){0};
    if (!generation_current_read(r->unit_folder, &out->current, &out->there, st)) return false;
    if (out->there) return find_later(r, out, st);
    if (r->kind == RUN_INITIAL && !r->redo) return true;
    date_format(r->business_date, date);
    status_fail(st, STATUS_USAGE, "unit %s has no population yet: %s", r->unit,
                r->redo ? "there is nothing to be done again" : "a daily load needs one");
    return status_hint(st, "crmx run initial --unit %s --date %s", r->unit, date);
}

/* --- the same files again --- */

struct again {
    const struct generation *g;
    struct status *st;
    bool ok;
    int same;
};

/* The fingerprint of a file as import makes it: over the hashes of its chunks. */
static bool fingerprint(const char *path, uint64_t *hash, struct status *st)
{
    struct os_file_identity id;
    unsigned char *chunk = malloc(INPUT_CHUNK_SIZE);
    XXH3_state_t *state = XXH3_createState();
    ensure(chunk && state);
    XXH3_64bits_reset(state);
    int fd = os_open_read(path, st);
    bool ok = fd >= 0 && os_identify_fd(fd, path, &id, st);
    for (uint64_t at = 0; ok && at < id.size; at += INPUT_CHUNK_SIZE) {
        size_t n = id.size - at < INPUT_CHUNK_SIZE ? (size_t)(id.size - at) : INPUT_CHUNK_SIZE;
        ok = os_read_at(fd, path, chunk, n, at, st);
        uint64_t h = ok ? XXH3_64bits(chunk, n) : 0;
        XXH3_64bits_update(state, &h, sizeof h);
    }
    *hash = XXH3_64bits_digest(state);
    os_close(fd);
    XXH3_freeState(state);
    free(chunk);
    return ok;
}

static bool compare(void *context, int layout, const char *name, const char *path)
{
    struct again *a = context;
    uint64_t hash;
    size_t n = strlen(name);
    (void)layout;
    if (n > 3 && strcmp(name + n - 3, ".gz") == 0) return true; /* unpacked when it is taken */
    if (!fingerprint(path, &hash, a->st)) return a->ok = false;
    for (int i = 0; i < a->g->inputs.files_count; i++) {
        if (strcmp(a->g->inputs.files[i].name, name) != 0) continue;
        if (a->g->inputs.files[i].hash == hash) {
            a->same++;
            return true;
        }
        status_fail(a->st, STATUS_USAGE, "\"%s\" is another file than the one from which generation %s was made", path,
                    a->g->id);
        status_hint(a->st, "a corrected file: crmx run %s --unit %s --date %.10s --redo --reason '…'",
                    generation_head(a->g, "previous").length ? "daily" : "initial", a->g->unit->id, a->g->id);
        return a->ok = false;
    }
    status_fail(a->st, STATUS_USAGE, "\"%s\" came after generation %s was made", path, a->g->id);
    status_hint(a->st, "a late file: crmx run %s --unit %s --date %.10s --redo --reason '…'",
                generation_head(a->g, "previous").length ? "daily" : "initial", a->g->unit->id, a->g->id);
    return a->ok = false;
}

bool turn_check_files(const struct turn *t, const struct arrive_request *request, const char *unit_folder,
                      struct status *st)
{
    struct generation *g;
    if (!generation_open(unit_folder, t->current.id, &g, st)) return false;
    struct again a = {.g = g, .st = st, .ok = true};
    bool ok = arrive_look(request, compare, &a, st) && a.ok;
    if (ok && a.same) log_info("%d files of that date lie in the inbox again: they are those it was made from", a.same);
    generation_close(g);
    return ok;
}
