#include "etl/arrive.h"

#include "base/date.h"
#include "etl/unpack.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAMES_MAX = 4096, PLACE_TAKEN = 0, PLACE_INBOX = 1, PLACE_EARLIER = 2 };

struct found_name {
    const char *text;
    int place; /* the nearest that has it */
};

struct names {
    struct arena *arena;
    struct found_name name[NAMES_MAX];
    int count, place; /* place: the one being listed */
    bool full;
};

void arrive_fill(const char *pattern, const char *unit, int32_t business_date, char out[ARRIVE_NAME_MAX])
{
    char date[11];
    size_t n = 0;
    date_format(business_date, date);
    for (const char *p = pattern; *p && n < 200;) {
        if (strncmp(p, "{unit}", 6) == 0) {
            n += (size_t)snprintf(out + n, ARRIVE_NAME_MAX - n, "%s", unit);
            p += 6;
        } else if (strncmp(p, "{date}", 6) == 0) {
            n += (size_t)snprintf(out + n, ARRIVE_NAME_MAX - n, "%.4s%.2s%.2s", date, date + 5, date + 8);
            p += 6;
        } else {
            out[n++] = *p++;
        }
    }
    out[n] = 0;
}

static const char *place_folder(const struct arrive_request *r, int place)
{
    return place == PLACE_TAKEN ? r->folder : place == PLACE_INBOX ? r->inbox : r->earlier[place - PLACE_EARLIER];
}

static bool note_name(void *context, const char *name)
{
    struct names *n = context;
    for (int i = 0; i < n->count; i++)
        if (strcmp(n->name[i].text, name) == 0) return true; /* places are listed from the nearest */
    if (n->count == NAMES_MAX) return !(n->full = true);
    n->name[n->count++] = (struct found_name){arena_dup(n->arena, view_of(name)), n->place};
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct found_name *)a)->text, ((const struct found_name *)b)->text);
}

/* Names in all places, each once with its nearest place, in byte order. */
static bool all_names(const struct arrive_request *r, struct names *n, struct status *st)
{
    int places = r->frozen ? PLACE_TAKEN + 1 : PLACE_EARLIER + r->earlier_count;
    for (n->place = 0; n->place < places; n->place++) {
        const char *folder = place_folder(r, n->place);
        if (folder && os_exists(folder) && !os_list(folder, note_name, n, st)) return false;
    }
    if (n->full) return status_fail(st, STATUS_INPUT, "more than %d files in \"%s\"", NAMES_MAX, r->inbox);
    qsort(n->name, (size_t)n->count, sizeof *n->name, by_name);
    return true;
}

static bool is_companion(const char *name)
{
    size_t n = strlen(name);
    return (n > 4 && strcmp(name + n - 4, ".ctl") == 0) || (n > 3 && strcmp(name + n - 3, ".ok") == 0) ||
           (n > 5 && strcmp(name + n - 5, ".part") == 0);
}

static bool matches(const struct arrive_request *r, const struct layout *l, const char *name)
{
    if (is_companion(name)) return false;
    bool either = layout_is_reference(l), changes = l->change || l->class == LAYOUT_TRANSACTION;
    if (!either && changes != r->changes) return false;
    for (int i = 0; i < l->patterns_count; i++) {
        char pattern[ARRIVE_NAME_MAX];
        arrive_fill(l->patterns[i], r->unit->id, r->business_date, pattern);
        if (fnmatch(pattern, name, 0) == 0) return true;
        snprintf(pattern + strlen(pattern), sizeof pattern - strlen(pattern), ".gz");
        if (fnmatch(pattern, name, 0) == 0) return true;
    }
    return false;
}

static const char *path_of(const struct arrive_request *r, const struct found_name *n, struct arena *arena)
{
    return arena_printf(arena, "%s/%s", place_folder(r, n->place), n->text);
}

bool arrive_same_name(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > 3 && strcmp(a + n - 3, ".gz") == 0) n -= 3;
    if (m > 3 && strcmp(b + m - 3, ".gz") == 0) m -= 3;
    return n == m && memcmp(a, b, n) == 0;
}

/* Does something nearer take the place of name i for this layout? */
static bool is_replaced(const struct arrive_request *r, const struct names *n, const struct layout *l, int i)
{
    for (int k = 0; k < n->count; k++) {
        if (n->name[k].place >= n->name[i].place || !matches(r, l, n->name[k].text)) continue;
        if (l->expect != LAYOUT_EXPECT_MANY || arrive_same_name(n->name[i].text, n->name[k].text)) return true;
    }
    return false;
}

static bool not_both(const struct layout *l, const char *a, const char *b, struct status *st)
{
    if (l->expect == LAYOUT_EXPECT_MANY) {
        status_fail(st, STATUS_INPUT, "layout %s: \"%s\" and \"%s\" are one file", l->name, a, b);
        return status_hint(st, "move one of them away; then the same command");
    }
    status_fail(st, STATUS_INPUT, "layout %s expects one file, found \"%s\" and \"%s\"", l->name, a, b);
    return status_hint(
        st,
        "move the one that does not belong there away, or set expect = many in layouts/%s.ini; then the same command",
        l->name);
}

/* The files of a layout in byte order: indices into names. Fails when they cannot all be meant. */
static bool choose(const struct arrive_request *r, const struct names *n, const struct layout *l, int *chosen,
                   int *count, struct arena *arena, struct status *st)
{
    *count = 0;
    for (int i = 0; i < n->count; i++) {
        if (!matches(r, l, n->name[i].text) || is_replaced(r, n, l, i)) continue;
        for (int k = 0; k < *count; k++) {
            const struct found_name *other = &n->name[chosen[k]];
            if (l->expect == LAYOUT_EXPECT_MANY && !arrive_same_name(other->text, n->name[i].text)) continue;
            return not_both(l, path_of(r, other, arena), path_of(r, &n->name[i], arena), st);
        }
        chosen[(*count)++] = i;
    }
    return true;
}

bool arrive_look(const struct arrive_request *r, arrive_found *found, void *context, struct status *st)
{
    struct arena arena;
    arena_init(&arena, "arrive");
    struct names *names = arena_new(&arena, struct names);
    names->arena = &arena;
    bool ok = all_names(r, names, st);
    for (int l = 0; ok && l < r->unit->layouts_count; l++)
        for (int i = 0; ok && i < names->count; i++)
            if (matches(r, r->unit->layouts[l], names->name[i].text) && !is_replaced(r, names, r->unit->layouts[l], i))
                ok = found(context, l, names->name[i].text, path_of(r, &names->name[i], &arena));
    arena_release(&arena);
    return ok;
}

/* --- completeness --- */

static bool incomplete(const char *path, struct status *st, const char *why)
{
    status_fail(st, STATUS_BUSY, "\"%s\" is not complete: %s", path, why);
    return status_hint(st, "wait for the sender, or ask for the file again; then the same command");
}

/* NAME.ctl holds records=N and perhaps bytes=N. Bytes are checked here, records after the import (etl/reconcile_file).
 * It lies beside the file, or, after a crash between the two, where it was taken to. */
static bool check_ctl(const char *path, const char *taken_ctl, uint64_t size, struct status *st)
{
    char ctl[OS_PATH_MAX];
    snprintf(ctl, sizeof ctl, "%s.ctl", path);
    if (!os_exists(ctl)) snprintf(ctl, sizeof ctl, "%s", taken_ctl);
    if (!os_exists(ctl)) return incomplete(path, st, "its control file (.ctl) is missing");
    struct buf text;
    buf_init(&text, 65536);
    bool ok = os_read_file(ctl, &text, st);
    const char *bytes = ok && text.bytes ? strstr(text.bytes, "bytes=") : NULL,
               *count = ok && text.bytes ? strstr(text.bytes, "records=") : NULL;
    if (ok && !count) {
        status_fail(st, STATUS_INPUT, "\"%s\" has no line records=N", ctl);
        ok = status_hint(st, "have the control file sent again");
    }
    if (ok && bytes && strtoull(bytes + 6, NULL, 10) != size) {
        char why[128];
        snprintf(why, sizeof why, "it has %llu bytes, its control file says %llu", (unsigned long long)size,
                 strtoull(bytes + 6, NULL, 10));
        ok = incomplete(path, st, why);
    }
    buf_release(&text);
    return ok;
}

static bool check_stable(const char *path, int seconds, struct status *st)
{
    struct os_file_identity before, after;
    if (!os_identify(path, &before, st)) return false;
    int64_t age_s = time(NULL) - before.mtime_ns / 1000000000;
    if (age_s >= seconds) return true; /* untouched long enough already */
    os_sleep_ms((int64_t)seconds * 1000);
    if (!os_identify(path, &after, st)) return false;
    return os_same_file(&before, &after) || incomplete(path, st, "it is still growing");
}

static bool check_complete(const struct layout *l, const char *path, const char *taken_ctl, struct status *st)
{
    struct os_file_identity id;
    char ok_file[OS_PATH_MAX];
    if (!os_identify(path, &id, st)) return false;
    switch (l->complete) {
    case LAYOUT_COMPLETE_CTL: return check_ctl(path, taken_ctl, id.size, st);
    case LAYOUT_COMPLETE_OK:
        snprintf(ok_file, sizeof ok_file, "%s.ok", path);
        return os_exists(ok_file) || incomplete(path, st, "its .ok file is missing");
    case LAYOUT_COMPLETE_STABLE: return check_stable(path, l->stable_seconds, st);
    case LAYOUT_COMPLETE_NONE:
    case LAYOUT_COMPLETE_TRAILER: return true; /* the trailer is checked when the file has been read */
    }
    return true;
}

/* --- taking --- */

static bool starts_gzip(const char *path, bool *gzip, struct status *st)
{
    unsigned char magic[2] = {0};
    struct os_file_identity id;
    int fd = os_open_read(path, st);
    if (fd < 0) return false;
    bool ok = os_identify_fd(fd, path, &id, st) && (id.size < 2 || os_read_at(fd, path, magic, 2, 0, st));
    os_close(fd);
    *gzip = magic[0] == 0x1f && magic[1] == 0x8b;
    return ok;
}

/* Brings one file to DIR/in/NAME. Each way ends with one atomic name, so a crash leaves the file there or not. */
static bool bring(const struct arrive_request *r, const char *from, const char *to, struct arena *arena,
                  struct status *st)
{
    const char *part = arena_printf(arena, "%s.part", to);
    switch (r->unit->take) {
    case UNIT_TAKE_LINK: /* a rename between two names of one file does nothing: then the part goes by itself */
        return os_unlink(part, st) && os_link_or_copy(from, part, st) && os_rename(part, to, st) && os_unlink(part, st);
    case UNIT_TAKE_COPY: return os_copy(from, part, st) && os_fsync_path(part, st) && os_rename(part, to, st);
    case UNIT_TAKE_RENAME:
        if (os_rename(from, to, st)) return true;
        if (st->sys_errno != EXDEV) return false;
        status_clear(st);
        return os_copy(from, part, st) && os_fsync_path(part, st) && os_rename(part, to, st) && os_unlink(from, st);
    }
    return false;
}

/* A gzip file that was taken becomes a plain one under its name. Its first bytes say whether that is still to be done,
 * so nothing is lost or done twice after a crash, and nothing packed stays behind in the inbox. */
static bool unpack(const char *path, struct arena *arena, struct status *st)
{
    bool gzip;
    struct status ignored = {0};
    const char *part = arena_printf(arena, "%s.part", path);
    if (!starts_gzip(path, &gzip, st)) return false;
    if (!gzip || (os_unlink(part, st) && unpack_gzip(path, part, st) && os_rename(part, path, st))) return true;
    os_unlink(part, &ignored);
    return false;
}

static bool missing(const struct arrive_request *r, const struct layout *l, struct status *st)
{
    char pattern[ARRIVE_NAME_MAX];
    arrive_fill(l->patterns[0], r->unit->id, r->business_date, pattern);
    status_fail(st, STATUS_BUSY, "layout %s: no file \"%s\" in \"%s\"", l->name, pattern, r->inbox);
    return status_hint(st, "wait for the business system, then the same command; see what is there: ls -l %s",
                       r->inbox);
}

static bool take(const struct arrive_request *r, const struct layout *l, const struct found_name *name, const char *to,
                 struct arena *arena, struct status *st)
{
    const char *from = path_of(r, name, arena), *ctl = arena_printf(arena, "%s.ctl", from),
               *inbox_ok = arena_printf(arena, "%s/%s.ok", r->inbox, name->text);
    if (name->place != PLACE_TAKEN) {
        if (l->complete == LAYOUT_COMPLETE_CTL && os_exists(ctl) &&
            !bring(r, ctl, arena_printf(arena, "%s.ctl", to), arena, st))
            return false;
        if (!bring(r, from, to, arena, st)) return false;
    }
    /* An .ok that stays would call the next file of the name complete before it is. */
    bool stale = l->complete == LAYOUT_COMPLETE_OK && r->unit->take == UNIT_TAKE_RENAME && os_exists(inbox_ok) &&
                 !os_exists(arena_printf(arena, "%s/%s", r->inbox, name->text));
    return (!stale || os_unlink(inbox_ok, st)) && unpack(to, arena, st);
}

static bool take_layout(const struct arrive_request *r, struct names *names, int index, struct input_set *inputs,
                        struct arena *arena, struct status *st)
{
    const struct layout *l = r->unit->layouts[index];
    int chosen[NAMES_MAX], count;
    if (!choose(r, names, l, chosen, &count, arena, st)) return false;
    for (int i = 0; i < count; i++) {
        const struct found_name *name = &names->name[chosen[i]];
        const char *to = arena_printf(arena, "%s/%s", r->folder, name->text);
        if (!take(r, l, name, to, arena, st) || !input_add(inputs, name->text, to, l, index, st)) return false;
        inputs->files[inputs->files_count - 1].space = r->unit->layout_space[index];
    }
    return true;
}

/* Has every city branch sent its file? */
static bool check_branches(const struct arrive_request *r, const struct names *names, int layout, const int *chosen,
                           int count, struct status *st)
{
    for (int e = 0; e < r->expected_count; e++) {
        if (r->expected[e].layout != layout) continue;
        bool there = false;
        for (int i = 0; i < count; i++) there |= arrive_same_name(names->name[chosen[i]].text, r->expected[e].name);
        if (there) continue;
        status_fail(st, STATUS_BUSY, "layout %s: no file \"%s\" in \"%s\"; the branch sent one the day before",
                    r->unit->layouts[layout]->name, r->expected[e].name, r->inbox);
        char date[11];
        date_format(r->business_date, date);
        return status_hint(
            st,
            "wait for it, then the same command; to go on without it: crmx file waive %s --unit %s --date "
            "%s --reason '…'",
            r->expected[e].name, r->unit->id, date);
    }
    return true;
}

bool arrive_wants(const struct layout *l, bool changes)
{
    return layout_is_reference(l) || (l->change || l->class == LAYOUT_TRANSACTION) == changes;
}

static bool check_all_there(const struct arrive_request *r, struct names *names, struct arena *arena, struct status *st)
{
    int chosen[NAMES_MAX], count;
    for (int l = 0; l < r->unit->layouts_count; l++) {
        const struct layout *layout = r->unit->layouts[l];
        if (!choose(r, names, layout, chosen, &count, arena, st)) return false;
        bool wanted = arrive_wants(layout, r->changes);
        bool may_lack = !wanted || (r->may_lack && r->may_lack[l]) || layout->expect == LAYOUT_EXPECT_OPTIONAL;
        if (!count && !may_lack) return missing(r, layout, st);
        if (wanted && !(r->may_lack && r->may_lack[l]) && !check_branches(r, names, l, chosen, count, st)) return false;
        for (int i = 0; i < count; i++) {
            const struct found_name *name = &names->name[chosen[i]];
            const char *taken_ctl = arena_printf(arena, "%s/%s.ctl", r->folder, name->text);
            if (name->place == PLACE_INBOX && !check_complete(layout, path_of(r, name, arena), taken_ctl, st))
                return false;
        }
    }
    return true;
}

bool arrive_take(const struct arrive_request *r, struct input_set *inputs, struct arena *arena, struct status *st)
{
    struct names *names = arena_new(arena, struct names);
    names->arena = arena;
    if (!os_make_folder(r->folder, st) || !all_names(r, names, st)) return false;
    /* Nothing is taken before everything is there: a half-taken set would confuse whoever looks into the inbox. */
    if (!check_all_there(r, names, arena, st)) return status_while(st, "taking the files of unit %s", r->unit->id);
    for (int pass = 0; pass < 2; pass++) /* customers come first: they share one space of record ids */
        for (int l = 0; l < r->unit->layouts_count; l++)
            if ((r->unit->layouts[l]->class == LAYOUT_CUSTOMER) == (pass == 0) &&
                !take_layout(r, names, l, inputs, arena, st))
                return status_while(st, "taking the files of unit %s", r->unit->id);
    return os_fsync_folder(r->folder, st);
}
