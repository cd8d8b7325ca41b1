#include "etl/waiver.h"

#include "base/date.h"
#include "base/os.h"

#include <stdio.h>
#include <string.h>

enum { WAIVERS_BYTES_MAX = 16 << 20 };

static void path_of(const char *unit_folder, char path[OS_PATH_MAX])
{
    snprintf(path, OS_PATH_MAX, "%s/waivers.tsv", unit_folder);
}

bool waiver_add(const char *unit_folder, int32_t date, const char *what, const char *reason, struct status *st)
{
    char path[OS_PATH_MAX], day[11], user[64], time[21];
    struct buf line;
    path_of(unit_folder, path);
    date_format(date, day);
    os_user_name(os_user(), user);
    os_wall_clock(time);
    buf_init(&line, 65536);
    buf_addf(&line, "%s\t%s\t%s\t%s\t%s\n", day, what, reason, user, time);
    for (size_t i = 0; i + 1 < line.length; i++)
        if (line.bytes[i] == '\n') line.bytes[i] = ' '; /* a reason of several lines is one line here */
    int fd = os_open_append(path, st);
    bool ok = fd >= 0 && os_write(fd, path, line.bytes, line.length, st) && os_fsync(fd, path, st) &&
              os_fsync_folder(unit_folder, st);
    os_close(fd);
    buf_release(&line);
    return ok;
}

bool waiver_read(const char *unit_folder, int32_t date, struct arena *arena, struct waivers *out, struct status *st)
{
    char path[OS_PATH_MAX], day[11];
    struct buf text;
    *out = (struct waivers){.count = 0};
    path_of(unit_folder, path);
    if (!os_exists(path)) return true;
    date_format(date, day);
    buf_init(&text, WAIVERS_BYTES_MAX);
    bool ok = os_read_file(path, &text, st);
    int lines = 0;
    for (size_t i = 0; ok && i < text.length; i++) lines += text.bytes[i] == '\n';
    out->list = arena_array(arena, struct waiver, lines + 1);
    for (char *line = ok ? text.bytes : NULL; line && *line;) {
        char *end = strchr(line, '\n'), *what = strchr(line, '\t'), *reason = what ? strchr(what + 1, '\t') : NULL,
             *user = reason ? strchr(reason + 1, '\t') : NULL;
        if (!end) break; /* torn by a crash: nobody was told that it counts */
        if (user && user < end && strncmp(line, day, 10) == 0)
            out->list[out->count++] =
                (struct waiver){arena_dup(arena, (struct view){what + 1, (size_t)(reason - what - 1)}),
                                arena_dup(arena, (struct view){reason + 1, (size_t)(user - reason - 1)})};
        line = end + 1;
    }
    buf_release(&text);
    return ok;
}

bool waiver_find(const struct waivers *w, const char *what)
{
    for (int i = 0; i < w->count; i++)
        if (strcmp(w->list[i].what, what) == 0) return true;
    return false;
}

bool waiver_write(const struct waivers *w, const char *generation_folder, struct status *st)
{
    char path[OS_PATH_MAX];
    struct buf text;
    if (!w->count) return true;
    snprintf(path, sizeof path, "%s/stale.tsv", generation_folder);
    buf_init(&text, WAIVERS_BYTES_MAX);
    buf_add_text(&text, "lacks\treason\n");
    for (int i = 0; i < w->count; i++) buf_addf(&text, "%s\t%s\n", w->list[i].what, w->list[i].reason);
    bool ok = os_write_file(path, buf_view(&text), st);
    buf_release(&text);
    return ok;
}

/* "RTLACCTCHG.1101.20261101" of the day before → of today; NULL when the name has no date in it. */
static const char *today_of(const char *name, int32_t before, int32_t today, struct arena *arena)
{
    char was[11], is[11], old[9], now[9];
    date_format(before, was);
    date_format(today, is);
    snprintf(old, sizeof old, "%.4s%.2s%.2s", was, was + 5, was + 8);
    snprintf(now, sizeof now, "%.4s%.2s%.2s", is, is + 5, is + 8);
    const char *at = strstr(name, old);
    return at ? arena_printf(arena, "%.*s%s%s", (int)(at - name), name, now, at + 8) : NULL;
}

/* What stands for the '*' of a pattern in a name, with the date of that name; false when it has not that form. */
static bool branch_of(const char *pattern, const char *unit, int32_t date, const char *name, struct arena *arena,
                      const char **branch)
{
    const char *star = strchr(pattern, '*');
    if (!star || strpbrk(star + 1, "*?[")) return false;
    char head[ARRIVE_NAME_MAX], tail[ARRIVE_NAME_MAX];
    arrive_fill(arena_dup(arena, (struct view){pattern, (size_t)(star - pattern)}), unit, date, head);
    arrive_fill(star + 1, unit, date, tail);
    size_t n = strlen(name), h = strlen(head), t = strlen(tail);
    if (n > 3 && strcmp(name + n - 3, ".gz") == 0) n -= 3;
    if (n < h + t || strncmp(name, head, h) != 0 || strncmp(name + n - t, tail, t) != 0) return false;
    *branch = arena_dup(arena, (struct view){name + h, n - h - t});
    return true;
}

/* After a full unload: the branch's file of a change list or transaction log, from that of the unload. */
static const char *first_of(const struct arrive_request *r, const struct layout *l, const struct input_file *f,
                            int32_t before, struct arena *arena)
{
    const char *branch = NULL;
    const struct layout *base = f->layout;
    if (!l->of || strcmp(l->of, base->name) != 0 || base->expect != LAYOUT_EXPECT_MANY) return NULL;
    for (int i = 0; !branch && i < base->patterns_count; i++)
        branch_of(base->patterns[i], r->unit->id, before, f->name, arena, &branch);
    const char *star = branch ? strchr(l->patterns[0], '*') : NULL;
    if (!star) return NULL;
    const char *name = arena_printf(arena, "%.*s%s%s", (int)(star - l->patterns[0]), l->patterns[0], branch, star + 1);
    char filled[ARRIVE_NAME_MAX];
    arrive_fill(name, r->unit->id, r->business_date, filled);
    return arena_dup(arena, view_of(filled));
}

static void expect(const struct waivers *w, struct arrive_request *r, struct arrive_expected *list, int layout,
                   const char *name)
{
    if (!name || waiver_find(w, name) || waiver_find(w, r->unit->layouts[layout]->name)) return;
    for (int i = 0; i < r->expected_count; i++)
        if (list[i].layout == layout && strcmp(list[i].name, name) == 0) return;
    list[r->expected_count++] = (struct arrive_expected){layout, name};
}

void waiver_expect(const struct waivers *w, const struct generation *old, struct arrive_request *r, struct arena *arena)
{
    const struct unit *u = r->unit;
    struct arrive_expected *list =
        arena_array(arena, struct arrive_expected, (old->inputs.files_count + 1) * (u->layouts_count + 1));
    r->expected = list;
    for (int i = 0; i < old->inputs.files_count; i++) {
        const struct input_file *f = &old->inputs.files[i];
        for (int l = 0; l < u->layouts_count; l++) {
            if (u->layouts[l]->expect != LAYOUT_EXPECT_MANY) continue;
            bool same = strcmp(u->layouts[l]->name, f->layout->name) == 0;
            expect(w, r, list, l,
                   same ? today_of(f->name, old->business_date, r->business_date, arena)
                        : first_of(r, u->layouts[l], f, old->business_date, arena));
        }
    }
}
