#include "etl/arrive.h"

#include "base/date.h"
#include "etl/unpack.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_MAX = 4096 };

struct names {
    struct arena *arena;
    const char *name[NAMES_MAX];
    bool earlier[NAMES_MAX]; /* found in the failed attempt's folder only */
    int count;
    bool full;
};

/* {unit} and {date} filled in. */
static void fill_pattern(const struct arrive_request *r, const char *pattern, char out[256])
{
    char date[11];
    date_format(r->business_date, date);
    size_t n = 0;
    for (const char *p = pattern; *p && n < 200;) {
        if (strncmp(p, "{unit}", 6) == 0) {
            n += (size_t)snprintf(out + n, 256 - n, "%s", r->unit->id);
            p += 6;
        } else if (strncmp(p, "{date}", 6) == 0) {
            n += (size_t)snprintf(out + n, 256 - n, "%.4s%.2s%.2s", date, date + 5, date + 8);
            p += 6;
        } else {
            out[n++] = *p++;
        }
    }
    out[n] = 0;
}

static bool note_name(void *context, const char *name)
{
    struct names *n = context;
    for (int i = 0; i < n->count; i++)
        if (strcmp(n->name[i], name) == 0) return true;
    if (n->count == NAMES_MAX) return !(n->full = true);
    n->name[n->count++] = arena_dup(n->arena, view_of(name));
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in the inbox, in the attempt's folder and in the earlier attempt's, each once, in byte order. */
static bool all_names(const struct arrive_request *r, struct names *n, struct status *st)
{
    const char *folders[3] = {r->folder, r->inbox, r->earlier};
    for (int i = 0; i < 3; i++)
        if (folders[i] && os_exists(folders[i]) && !os_list(folders[i], note_name, n, st)) return false;
    if (n->full) return status_fail(st, STATUS_INPUT, "more than %d files in \"%s\"", NAMES_MAX, r->inbox);
    qsort(n->name, (size_t)n->count, sizeof *n->name, by_name);
    return true;
}

static bool is_companion(const char *name)
{
    size_t n = strlen(name);
    return (n > 4 && strcmp(name + n - 4, ".ctl") == 0) || (n > 3 && strcmp(name + n - 3, ".ok") == 0) || (n > 5 && strcmp(name + n - 5, ".part") == 0);
}

static bool matches(const struct arrive_request *r, const struct layout *l, const char *name)
{
    if (is_companion(name)) return false;
    for (int i = 0; i < l->patterns_count; i++) {
        char pattern[256];
        fill_pattern(r, l->patterns[i], pattern);
        if (fnmatch(pattern, name, 0) == 0) return true;
        strcat(pattern, ".gz");
        if (fnmatch(pattern, name, 0) == 0) return true;
    }
    return false;
}

/* DIR/in first (taken already), then the inbox, then what a failed attempt took. */
static const char *place_of(const struct arrive_request *r, const char *name, struct arena *arena)
{
    const char *folders[3] = {r->folder, r->inbox, r->earlier};
    for (int i = 0; i < 3; i++) {
        if (!folders[i]) continue;
        const char *path = arena_printf(arena, "%s/%s", folders[i], name);
        if (os_exists(path)) return path;
    }
    return NULL;
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
            if (matches(r, r->unit->layouts[l], names->name[i])) ok = found(context, l, names->name[i], place_of(r, names->name[i], &arena));
    arena_release(&arena);
    return ok;
}

/* --- completeness --- */

static bool incomplete(const char *path, struct status *st, const char *why)
{
    status_fail(st, STATUS_BUSY, "\"%s\" is not complete: %s", path, why);
    return status_hint(st, "wait for the sender, or ask for the file again; then the same command");
}

/* NAME.ctl holds records=N and perhaps bytes=N. Bytes are checked here, records after the import. */
static bool check_ctl(const char *path, uint64_t size, int64_t *records, struct status *st)
{
    char ctl[OS_PATH_MAX];
    snprintf(ctl, sizeof ctl, "%s.ctl", path);
    if (!os_exists(ctl)) return incomplete(path, st, "its control file (.ctl) is missing");
    struct buf text;
    buf_init(&text, 65536);
    bool ok = os_read_file(ctl, &text, st);
    const char *bytes = ok && text.bytes ? strstr(text.bytes, "bytes=") : NULL, *count = ok && text.bytes ? strstr(text.bytes, "records=") : NULL;
    if (ok && !count) {
        status_fail(st, STATUS_INPUT, "\"%s\" has no line records=N", ctl);
        ok = status_hint(st, "have the control file sent again");
    }
    if (ok) *records = strtoll(count + 8, NULL, 10);
    if (ok && bytes && strtoull(bytes + 6, NULL, 10) != size) {
        char why[128];
        snprintf(why, sizeof why, "it has %llu bytes, its control file says %llu", (unsigned long long)size, strtoull(bytes + 6, NULL, 10));
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
    sleep((unsigned)seconds);
    if (!os_identify(path, &after, st)) return false;
    return os_same_file(&before, &after) || incomplete(path, st, "it is still growing");
}

static bool check_complete(const struct layout *l, const char *path, int64_t *records, struct status *st)
{
    struct os_file_identity id;
    char ok_file[OS_PATH_MAX];
    if (!os_identify(path, &id, st)) return false;
    switch (l->complete) {
    case LAYOUT_COMPLETE_CTL: return check_ctl(path, id.size, records, st);
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

/* Brings one file under DIR/in/NAME. Each way ends with one atomic name, so a crash leaves the file there or not. */
static bool take(const struct arrive_request *r, const char *from, const char *to, struct arena *arena, struct status *st)
{
    bool gzip;
    if (!starts_gzip(from, &gzip, st)) return false;
    const char *part = arena_printf(arena, "%s.part", to);
    if (gzip)
        return os_unlink(part, st) && unpack_gzip(from, part, st) && os_rename(part, to, st) &&
               (r->unit->take != UNIT_TAKE_RENAME || os_unlink(from, st));
    switch (r->unit->take) {
    case UNIT_TAKE_LINK: return os_unlink(part, st) && os_link_or_copy(from, part, st) && os_rename(part, to, st);
    case UNIT_TAKE_COPY: return os_copy(from, part, st) && os_fsync_path(part, st) && os_rename(part, to, st);
    case UNIT_TAKE_RENAME:
        if (rename(from, to) == 0) return true;
        if (errno != EXDEV) return os_rename(from, to, st);
        return os_copy(from, part, st) && os_fsync_path(part, st) && os_rename(part, to, st) && os_unlink(from, st);
    }
    return false;
}

static bool missing(const struct arrive_request *r, const struct layout *l, struct status *st)
{
    char pattern[256];
    fill_pattern(r, l->patterns[0], pattern);
    status_fail(st, STATUS_BUSY, "layout %s: no file \"%s\" in \"%s\"", l->name, pattern, r->inbox);
    return status_hint(st, "wait for the business system, then the same command; see what is there: ls -l %s", r->inbox);
}

static bool take_layout(const struct arrive_request *r, struct names *names, int index, struct input_set *inputs, struct arena *arena, struct status *st)
{
    const struct layout *l = r->unit->layouts[index];
    int found = 0;
    for (int i = 0; i < names->count; i++) {
        const char *name = names->name[i];
        if (!matches(r, l, name)) continue;
        if (l->expect != LAYOUT_EXPECT_MANY && found) {
            status_fail(st, STATUS_INPUT, "layout %s expects one file, \"%s\" fits too", l->name, name);
            return status_hint(st, "remove the file that does not belong there, or set expect = many in layouts/%s.ini", l->name);
        }
        const char *from = place_of(r, name, arena), *to = arena_printf(arena, "%s/%s", r->folder, name);
        int64_t records = -1;
        if (strcmp(from, to) != 0) {
            if (!check_complete(l, from, &records, st) || !take(r, from, to, arena, st)) return false;
            /* The control file goes along: the record count is checked after the import, perhaps in another process. */
            const char *ctl = arena_printf(arena, "%s.ctl", from);
            if (l->complete == LAYOUT_COMPLETE_CTL && !os_exists(arena_printf(arena, "%s.ctl", to)) &&
                !take(r, ctl, arena_printf(arena, "%s.ctl", to), arena, st))
                return false;
            const char *ok = arena_printf(arena, "%s.ok", from);
            if (l->complete == LAYOUT_COMPLETE_OK && r->unit->take == UNIT_TAKE_RENAME && os_exists(ok) && !os_unlink(ok, st)) return false;
        }
        if (!input_add(inputs, name, to, l, index, st)) return false;
        found++;
    }
    return found || l->expect == LAYOUT_EXPECT_OPTIONAL || missing(r, l, st);
}

static bool check_all_there(const struct arrive_request *r, struct names *names, struct arena *arena, struct status *st)
{
    for (int l = 0; l < r->unit->layouts_count; l++) {
        int found = 0;
        for (int i = 0; i < names->count; i++) {
            if (!matches(r, r->unit->layouts[l], names->name[i])) continue;
            found++;
            const char *from = place_of(r, names->name[i], arena);
            int64_t records;
            bool taken = strncmp(from, r->folder, strlen(r->folder)) == 0;
            if (!taken && !check_complete(r->unit->layouts[l], from, &records, st)) return false;
        }
        if (!found && r->unit->layouts[l]->expect != LAYOUT_EXPECT_OPTIONAL) return missing(r, r->unit->layouts[l], st);
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
            if ((r->unit->layouts[l]->class == LAYOUT_CUSTOMER) == (pass == 0) && !take_layout(r, names, l, inputs, arena, st))
                return status_while(st, "taking the files of unit %s", r->unit->id);
    return os_fsync_folder(r->folder, st);
}
