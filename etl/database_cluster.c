#include "etl/database_cluster.h"

#include "etl/database_postmaster.h"

#include <signal.h>
#include <string.h>

enum { LOG_SIZE_MAX = 4 << 20, STOP_TIMEOUT_MS = 60000, POLL_MS_MAX = 20 };

/* --- the log --- */

static bool is_telling(struct view line)
{
    static const char *const marks[] = {"FATAL",  "PANIC",     "ERROR",  "error:",  "HINT",
                                        "DETAIL", "could not", "denied", "invalid", "unrecognized"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (memmem(line.bytes, line.length, marks[i], strlen(marks[i]))) return true;
    return false;
}

/* Up to the last three lines that say something; without such lines the last three of all. */
void cluster_log_tail(const char *path, uint64_t from, char *text, size_t capacity)
{
    struct buf log;
    struct status ignored = {0};
    snprintf(text, capacity, "(its log is empty)");
    buf_init(&log, LOG_SIZE_MAX * 4);
    if (os_read_file(path, &log, &ignored) && log.length > from) {
        struct view lines[3];
        int count = 0;
        for (int pass = 0; pass < 2 && count == 0; pass++) {
            const char *end = log.bytes + log.length;
            while (end > log.bytes + from && count < 3) {
                const char *start = end;
                while (start > log.bytes + from && start[-1] != '\n') start--;
                struct view line = view_trim((struct view){start, (size_t)(end - start)});
                if (line.length && (pass == 1 || is_telling(line))) lines[count++] = line;
                end = start > log.bytes + from ? start - 1 : start;
            }
        }
        size_t used = 0;
        for (int i = count - 1; i >= 0 && used < capacity; i--)
            used += (size_t)snprintf(text + used, capacity - used, "%s%.*s", used ? " | " : "", VIEW_PRINT(lines[i]));
    }
    buf_release(&log);
}

/* --- start --- */

static bool open_log(const struct cluster *cl, int *fd, uint64_t *size, struct status *st)
{
    struct os_file_identity id = {0};
    char old[CLUSTER_PATH_MAX + 8];
    snprintf(old, sizeof old, "%s.1", cl->log);
    if (os_exists(cl->log) && os_identify(cl->log, &id, st) && id.size > LOG_SIZE_MAX) {
        if (!os_rename(cl->log, old, st)) return false;
        id.size = 0;
    }
    *size = id.size;
    *fd = st->code == STATUS_OK ? os_open_append(cl->log, st) : -1;
    return *fd >= 0;
}

static int spawn_server(const struct cluster *cl, int log_fd, struct status *st)
{
    char config[CLUSTER_PATH_MAX + 16];
    snprintf(config, sizeof config, "config_file=%s/postgresql.conf", cl->folder);
    const char *const arguments[] = {"-D", cl->data, "-c", config, NULL};
    struct cluster_command command;
    cluster_command(cl, "postgres", arguments, &command);
    struct os_command c = {.argv = command.argv,
                           .environment = CLUSTER_ENVIRONMENT,
                           .output_fd = log_fd,
                           .keep_fd = -1,
                           .own_session = true};
    return os_spawn(&c, st);
}

static bool fail_start(const struct cluster *cl, uint64_t log_from, const char *outcome, struct status *st)
{
    char tail[400];
    cluster_log_tail(cl->log, log_from, tail, sizeof tail);
    status_fail(st, STATUS_ENVIRONMENT, "could not start the database: \"%s/postgres -D %s\" %s: %s", cl->programs,
                cl->data, outcome, tail);
    return status_hint(st, "read %s; then give the same command again", cl->log);
}

enum waited { WAITED_READY, WAITED_GONE, WAITED_FAILED };

/* As long as the server lives it may take its time: after a crash it replays its log. WAITED_GONE: a server that we
 * have not started (child -1) has ended. */
static enum waited wait_until_ready(struct cluster *cl, int child, uint64_t log_from, struct status *st)
{
    uint64_t until = os_monotonic_ns() + (uint64_t)cl->timeout_ms * 1000000u;
    for (int64_t poll_ms = 1; os_monotonic_ns() < until; poll_ms = poll_ms < POLL_MS_MAX ? poll_ms + 1 : poll_ms) {
        struct postmaster pm;
        int exit_code = 0;
        if (!postmaster_look(cl->data, &pm, st)) return WAITED_FAILED;
        if (pm.running && pm.ready) {
            snprintf(cl->socket_folder, sizeof cl->socket_folder, "%s", pm.socket_folder);
            return WAITED_READY;
        }
        if (!pm.running && child < 0) return WAITED_GONE;
        /* Our child may also have lost against a server that a killed crmx had just started: then that one is waited
         * for. */
        if (!pm.running && os_exited(child, &exit_code)) {
            char outcome[48];
            snprintf(outcome, sizeof outcome, "ended with exit code %d", exit_code);
            fail_start(cl, log_from, outcome, st);
            return WAITED_FAILED;
        }
        os_sleep_ms(poll_ms);
    }
    fail_start(cl, log_from, "is not ready in time", st);
    return WAITED_FAILED;
}

static bool start_once(struct cluster *cl, struct status *st)
{
    struct postmaster pm;
    if (!postmaster_look(cl->data, &pm, st)) return false;
    if (!pm.running && !postmaster_clear_remains(cl->data, &pm, st)) return false;
    if (pm.running) {
        enum waited outcome = wait_until_ready(cl, -1, 0, st);
        if (outcome != WAITED_GONE) return outcome == WAITED_READY;
        if (!postmaster_clear_remains(cl->data, &pm, st)) return false;
    }
    int log_fd = -1;
    uint64_t log_from = 0;
    if (!cluster_configure(cl, st) || !open_log(cl, &log_fd, &log_from, st)) return false;
    int child = spawn_server(cl, log_fd, st);
    os_close(log_fd);
    return child > 0 && wait_until_ready(cl, child, log_from, st) == WAITED_READY;
}

/* A process of a killed server that is just ending shows no program any more, but still holds the shared memory: the
 * server refuses to start for a moment. */
static bool start_server(struct cluster *cl, struct status *st)
{
    enum { TRIES = 40, PAUSE_MS = 50 };
    for (int i = 0; i < TRIES; i++) {
        if (start_once(cl, st)) return true;
        if (st->code != STATUS_ENVIRONMENT || !strstr(st->message, "pre-existing shared memory block")) return false;
        if (i + 1 < TRIES) status_clear(st);
        os_sleep_ms(PAUSE_MS);
    }
    return false;
}

int cluster_lock_start(const struct cluster *cl, struct status *st)
{
    char path[CLUSTER_PATH_MAX];
    cluster_path(cl, "start.lock", path);
    return os_lock_wait(path, false, cl->timeout_ms, st);
}

bool cluster_revive(struct cluster *cl, struct status *st)
{
    int start_fd = cluster_lock_start(cl, st);
    if (start_fd < 0) return false;
    bool ok = cluster_make_data(cl, start_fd, st) && start_server(cl, st);
    os_close(start_fd);
    return ok || status_while(st, "starting the embedded database of \"%s\"", cl->work_folder);
}

bool cluster_attach(struct cluster *cl, const struct database_config *config, struct status *st)
{
    char path[CLUSTER_PATH_MAX];
    if (!cluster_locate(cl, config, st) || !cluster_make_folder(cl, st)) return false;
    int start_fd = cluster_lock_start(cl, st);
    if (start_fd < 0) return false;
    cluster_path(cl, "users.lock", path);
    /* Exclusive holders have the start lock too, so this never waits. */
    cl->users_fd = os_lock_wait(path, true, 0, st);
    bool ok = cl->users_fd >= 0 && cluster_make_data(cl, start_fd, st) && start_server(cl, st);
    os_close(start_fd);
    if (ok) return true;
    os_close(cl->users_fd);
    cl->users_fd = -1;
    return status_while(st, "starting the embedded database of \"%s\"", cl->work_folder);
}

/* --- stop --- */

static bool stop_server(const struct cluster *cl, int signal, int64_t timeout_ms)
{
    struct status ignored = {0};
    struct postmaster pm;
    uint64_t until = os_monotonic_ns() + (uint64_t)timeout_ms * 1000000u;
    if (!postmaster_look(cl->data, &pm, &ignored) || !pm.running) return true;
    if (!os_signal(pm.pid, signal, &ignored)) return false;
    for (int exit_code; os_monotonic_ns() < until; os_sleep_ms(2)) {
        char state = os_process_state(pm.pid);
        if (state == 'Z') os_exited(pm.pid, &exit_code); /* it may be our child */
        if (state == 0 || state == 'Z') return true;
    }
    return false;
}

/* SIGINT: fast shutdown with a checkpoint; SIGQUIT: as after a crash, the next start recovers. */
bool cluster_stop(const struct cluster *cl)
{
    return stop_server(cl, SIGINT, STOP_TIMEOUT_MS) || stop_server(cl, SIGQUIT, STOP_TIMEOUT_MS);
}

void cluster_detach(struct cluster *cl)
{
    if (cl->users_fd < 0) return;
    struct status ignored = {0};
    int start_fd = cluster_lock_start(cl, &ignored);
    if (start_fd >= 0 && os_lock_upgrade(cl->users_fd)) cluster_stop(cl);
    os_close(cl->users_fd);
    os_close(start_fd);
    cl->users_fd = -1;
}
