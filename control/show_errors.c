#include "control/show_errors.h"

#include "base/os.h"
#include "etl/layout.h"
#include "etl/output.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

struct search {
    enum show_errors_kind kind;
    const char *path, *name;
    struct arena *arena;
    struct buf text;                          /* the copy */
    const char *changed[2 * SHOW_ERRORS_MAX]; /* names of the fields whose lines were changed */
    int changed_count;
};

static bool read_file(struct search *s, const char *path, struct status *st)
{
    struct layout *layout;
    struct output *output;
    return s->kind == SHOW_ERRORS_LAYOUT ? layout_load(path, s->name, s->arena, &layout, st)
                                         : output_load(path, s->name, s->arena, &output, st);
}

/* The copy lies in a file in memory: the readers take a path. */
static bool read_copy(struct search *s, struct status *st)
{
    struct status own = {0};
    int fd = os_open_memory("crmx-check", &own);
    const char *path = arena_printf(s->arena, "/proc/self/fd/%d", fd);
    bool ok = fd >= 0 && os_write_at(fd, path, s->text.bytes, s->text.length, 0, &own) && read_file(s, path, st);
    os_close(fd);
    if (own.code == STATUS_OK) {
        /* Messages name the file that the analyst knows. */
        size_t n = strlen(path);
        if (strncmp(st->message, path, n) == 0) {
            char rest[STATUS_MESSAGE_MAX];
            snprintf(rest, sizeof rest, "%s", st->message + n);
            snprintf(st->message, sizeof st->message, "%s%s", s->path, rest);
        }
        return ok;
    }
    *st = own;
    return false;
}

/* The line that a message names ("PATH:LINE: …"), as a place in the copy; NULL. */
static char *find_line(struct search *s, const char *message, size_t *length)
{
    size_t n = strlen(s->path);
    unsigned line;
    if (strncmp(message, s->path, n) != 0 || sscanf(message + n, ":%u:", &line) != 1 || line == 0) return NULL;
    char *p = s->text.bytes;
    for (unsigned i = 1; p && i < line; i++) {
        p = strchr(p, '\n');
        if (p) p++;
    }
    if (p) *length = strcspn(p, "\n");
    return p && *p ? p : NULL;
}

static bool is_number(struct view v)
{
    return v.length > 0 && v.length < 7 && strspn(v.bytes, "0123456789") >= v.length;
}

/* "balance = 12 14 amout …" → "balance = 12 14 text"; of an output "name = 20 text const.x". false: it was that
 * already. */
static bool make_plain(struct search *s, struct view line, char *plain, size_t room)
{
    const char *equal = memchr(line.bytes, '=', line.length);
    if (!equal) return false;
    struct view key = view_trim((struct view){line.bytes, (size_t)(equal - line.bytes)});
    struct view rest = {equal + 1, line.length - (size_t)(equal - line.bytes) - 1}, first = view_word(&rest),
                second = view_word(&rest);
    if (s->changed_count < 2 * SHOW_ERRORS_MAX) s->changed[s->changed_count++] = arena_dup(s->arena, key);
    if (s->kind == SHOW_ERRORS_LAYOUT && is_number(first) && is_number(second))
        snprintf(plain, room, "%.*s = %.*s %.*s text", VIEW_PRINT(key), VIEW_PRINT(first), VIEW_PRINT(second));
    else if (s->kind == SHOW_ERRORS_OUTPUT && is_number(first))
        snprintf(plain, room, "%.*s = %.*s text const.x", VIEW_PRINT(key), VIEW_PRINT(first));
    else
        return false;
    return !view_is(view_trim(line), plain);
}

/* Lines keep their numbers. */
static void change_line(struct search *s, char *line, size_t length)
{
    char plain[256];
    struct buf changed;
    buf_init(&changed, FILE_MAX);
    buf_add(&changed, s->text.bytes, (size_t)(line - s->text.bytes));
    if (make_plain(s, (struct view){line, length}, plain, sizeof plain))
        buf_add_text(&changed, plain);
    else
        buf_add_text(&changed, ";");
    buf_add_text(&changed, line + length);
    buf_release(&s->text);
    s->text = changed;
}

static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; (p = strstr(p, word)); p += n) {
        bool starts = p == text || !strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", p[-1]);
        if (starts && !strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", p[n] ? p[n] : '_')) return true;
        if (starts && !p[n]) return true;
    }
    return false;
}

/* Is the error there only because a line was changed? Then what it says, behind "FILE:LINE: [section] ", names that
 * line's key. */
static bool is_consequence(const struct search *s, const char *message)
{
    const char *what = strchr(message, ']');
    for (int i = 0; what && i < s->changed_count; i++)
        if (has_word(what, s->changed[i])) return true;
    return false;
}

int show_errors_find(enum show_errors_kind kind, const char *path, const char *name, struct arena *arena,
                     struct show_error *errors)
{
    struct search s = {.kind = kind, .path = path, .name = name, .arena = arena};
    struct status st = {0};
    int count = 0;
    buf_init(&s.text, FILE_MAX);
    if (!read_file(&s, path, &st)) {
        struct status readable = {0};
        bool again = os_read_file(path, &s.text, &readable) && s.text.length;
        errors[count++] =
            (struct show_error){arena_dup(arena, view_of(st.message)), arena_dup(arena, view_of(st.hint))};
        for (int tries = 0; again && tries < 2 * SHOW_ERRORS_MAX && count < SHOW_ERRORS_MAX; tries++) {
            size_t length;
            char *line = find_line(&s, st.message, &length);
            if (!line || *line == '[' || *line == ';') break;
            change_line(&s, line, length);
            st = (struct status){0};
            if (read_copy(&s, &st)) break;
            const char *message = arena_dup(arena, view_of(st.message));
            if (strcmp(message, errors[count - 1].message) != 0 && !is_consequence(&s, message))
                errors[count++] = (struct show_error){message, arena_dup(arena, view_of(st.hint))};
        }
    }
    buf_release(&s.text);
    return count;
}
