#include "etl/database_postmaster.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { REMAINS_PATIENCE_MS = 5000, REMAINS_POLL_MS = 5 };

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == 0;
}

/* A living postgres (postmaster or one of its children: all of them work in the data folder) of this data folder? */
static bool belongs_to(int pid, const char *data)
{
    char state = os_process_state(pid), target[OS_PATH_MAX];
    if (state == 0 || state == 'Z' || state == 'X') return false;
    if (!os_process_link(pid, "cwd", target) || strcmp(target, data) != 0) return false;
    if (!os_process_link(pid, "exe", target)) return false;
    char *gone = strstr(target, " (deleted)"); /* the package was upgraded while the server ran */
    if (gone) *gone = 0;
    const char *name = strrchr(target, '/');
    return name && strcmp(name, "/postgres") == 0;
}

/* Line number `line` (from 1) of a text, without its line end; empty when there is none. */
static struct view line_of(struct view text, int line)
{
    for (; line > 1 && text.length; line--) {
        const char *end = memchr(text.bytes, '\n', text.length);
        size_t skip = end ? (size_t)(end - text.bytes) + 1 : text.length;
        text = (struct view){text.bytes + skip, text.length - skip};
    }
    const char *end = text.length ? memchr(text.bytes, '\n', text.length) : NULL;
    return end ? (struct view){text.bytes, (size_t)(end - text.bytes)} : text;
}

bool postmaster_look(const char *data, struct postmaster *out, struct status *st)
{
    *out = (struct postmaster){0};
    char path[OS_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/postmaster.pid", data);
    if (!os_exists(path)) return true;
    struct buf text;
    buf_init(&text, 64 * 1024);
    struct status trouble = {0};
    bool ok = os_read_file(path, &text, &trouble);
    if (!ok && os_exists(path)) *st = trouble; /* otherwise the server removed it just now */
    if (!ok) {
        buf_release(&text);
        return st->code == STATUS_OK;
    }
    int pid = text.length ? atoi(text.bytes) : 0;
    out->misleading = pid <= 1 || os_process_state(pid) != 0;
    if (pid > 1 && belongs_to(pid, data)) {
        /* Lines: pid, data folder, start time, port, socket folder, address, shared memory, status. */
        struct view socket = line_of(buf_view(&text), 5), state = view_trim(line_of(buf_view(&text), 8));
        out->running = true;
        out->misleading = false;
        out->ready = view_is(state, "ready");
        out->pid = pid;
        snprintf(out->socket_folder, sizeof out->socket_folder, "%.*s", VIEW_PRINT(socket));
    }
    buf_release(&text);
    return true;
}

struct remains {
    const char *data;
    int signal; /* sent to each; 0: only counted */
    int count;
};

static bool look_at_process(void *context, const char *name)
{
    struct remains *r = context;
    if (!is_number(name) || !belongs_to(atoi(name), r->data)) return true;
    struct status ignored = {0};
    if (r->signal) os_signal(atoi(name), r->signal, &ignored);
    r->count++;
    return true;
}

static bool count_remains(const char *data, int signal, int *count, struct status *st)
{
    struct remains r = {.data = data, .signal = signal};
    if (!os_list("/proc", look_at_process, &r, st)) return false;
    *count = r.count;
    return true;
}

bool postmaster_clear_remains(const char *data, struct postmaster *out, struct status *st)
{
    /* Children of a killed postmaster end by themselves at their next wait; one in a long computation needs a push.
     * They still have the shared memory, and two servers on one data folder would destroy it. */
    int count = 0;
    for (int waited_ms = 0; waited_ms < 3 * REMAINS_PATIENCE_MS; waited_ms += REMAINS_POLL_MS) {
        int signal = waited_ms == REMAINS_PATIENCE_MS ? SIGQUIT : waited_ms == 2 * REMAINS_PATIENCE_MS ? SIGKILL : 0;
        if (!count_remains(data, signal, &count, st) || !postmaster_look(data, out, st)) return false;
        if (out->running) return true;
        if (count == 0) break;
        os_sleep_ms(REMAINS_POLL_MS);
    }
    if (count > 0) {
        status_fail(st, STATUS_ENVIRONMENT, "%d processes of a killed database server do not end (data folder \"%s\")",
                    count, data);
        return status_hint(st, "see them: fuser -v \"%s\"; end them, then give the same command again", data);
    }
    /* A dead pid is left to postgres, which judges it without a race; only what it would stumble over is removed. */
    char path[OS_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/postmaster.pid", data);
    return !out->misleading || os_unlink(path, st);
}
