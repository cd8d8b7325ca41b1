#include "base/log.h"

#include "base/os.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const LOG_LEVEL_NAMES[] = {"debug", "info", "warning", "error", NULL};
static const char *const LABELS[] = {"DEBUG", "INFO", "WARNING", "ERROR"};

enum { TAG_MAX = 64 };

static struct {
    pthread_mutex_t lock;
    enum log_level level;
    bool quiet;
    int fd; /* -1: no file */
    char file[OS_PATH_MAX];
    uint64_t lost;
    char unit[TAG_MAX], date[TAG_MAX], step[TAG_MAX];
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_INFO, .fd = -1};

static bool open_file(const char *file, struct status *st)
{
    char folder[OS_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", file);
    char *slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = 0;
        if (!os_make_folder(folder, st)) return false;
    }
    log_state.fd = os_open_append(file, st);
    return log_state.fd >= 0;
}

bool log_open(const struct log_options *options, struct status *st)
{
    log_close();
    log_state.level = options->level;
    log_state.quiet = options->quiet;
    if (!options->file || !options->file[0]) return true;
    snprintf(log_state.file, sizeof log_state.file, "%s", options->file);
    if (open_file(options->file, st)) return true;
    log_close();
    return status_while(st, "opening the log file");
}

void log_close(void)
{
    if (log_state.lost)
        fprintf(stderr,
                "WARNING: %llu lines of the log \"%s\" could not be written\nHINT: look at the disk: df -h \"%s\"\n",
                (unsigned long long)log_state.lost, log_state.file, log_state.file);
    os_close(log_state.fd);
    log_state.fd = -1;
    log_state.lost = 0;
    log_state.level = LOG_INFO;
    log_state.quiet = false;
    log_run(NULL, NULL);
    log_step(NULL);
}

static void set_tag(char tag[TAG_MAX], const char *text)
{
    pthread_mutex_lock(&log_state.lock);
    snprintf(tag, TAG_MAX, "%s", text ? text : "");
    pthread_mutex_unlock(&log_state.lock);
}

void log_run(const char *unit, const char *business_date)
{
    set_tag(log_state.unit, unit);
    set_tag(log_state.date, business_date);
}

void log_step(const char *step)
{
    set_tag(log_state.step, step);
}

/* Copies text with control characters as \xNN; returns the bytes written, at most room. */
static size_t escape(char *out, size_t room, const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain = c >= ' ' && c != 0x7f;
        if (n + (plain ? 1 : 5) > room) break; /* 5: snprintf ends with a zero byte */
        if (plain)
            out[n++] = *p;
        else
            n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
    }
    return n;
}

/* The parts of the tag that are set: "11/2026-10-31 020 import: ". */
static size_t write_tag(char *out, size_t room)
{
    bool run = log_state.unit[0] || log_state.date[0], both = log_state.unit[0] && log_state.date[0];
    int n = snprintf(out, room, "%s%s%s%s%s%s", log_state.unit, both ? "/" : "", log_state.date,
                     run && log_state.step[0] ? " " : "", log_state.step, run || log_state.step[0] ? ": " : "");
    return n > 0 ? (size_t)n : 0;
}

/* write(2) without a fault point, against the rule of os.h: the fault tests count calls, and how many lines are logged
 * depends on the clock (progress). A failure here has no consequence but the count of lost lines. */
static bool write_whole(int fd, const char *bytes, size_t length)
{
    return write(fd, bytes, length) == (ssize_t)length;
}

static void write_line(enum log_level level, bool on_stderr, const char *message)
{
    /* A terminal may show a progress bar in this line: it is wiped and drawn again below. The file gets no wipe. */
    static const char WIPE[] = "\r\033[K";
    char line[LOG_LINE_MAX + 4 * TAG_MAX + 64], time[21];
    size_t wipe = sizeof WIPE - 1, n = wipe;
    os_wall_clock(time);
    pthread_mutex_lock(&log_state.lock);
    if (level >= log_state.level) {
        memcpy(line, WIPE, wipe);
        n += (size_t)snprintf(line + n, sizeof line - n, "%s %s ", time, LABELS[level]);
        n += write_tag(line + n, sizeof line - n);
        n += escape(line + n, sizeof line - n - 1, message);
        line[n++] = '\n';
        if (log_state.fd >= 0 && !write_whole(log_state.fd, line + wipe, n - wipe)) log_state.lost++;
        if (on_stderr && (!log_state.quiet || level >= LOG_WARNING)) {
            size_t skip = isatty(STDERR_FILENO) ? 0 : wipe;
            (void)!write_whole(STDERR_FILENO, line + skip, n - skip);
        }
    }
    pthread_mutex_unlock(&log_state.lock);
}

void log_line(enum log_level level, const char *format, ...)
{
    char message[LOG_LINE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    write_line(level, true, message);
}

static void write_status(enum log_level level, bool on_stderr, const struct status *st)
{
    char line[LOG_LINE_MAX];
    write_line(level, on_stderr, st->message);
    for (const char *context = st->context; *context;) {
        size_t n = strcspn(context, "\n");
        snprintf(line, sizeof line, "  %.*s", (int)n, context);
        write_line(level, on_stderr, line);
        context += n + (context[n] == '\n');
    }
    snprintf(line, sizeof line, "HINT: %s", st->hint);
    if (st->hint[0]) write_line(level, on_stderr, line);
}

void log_status(enum log_level level, const struct status *st)
{
    write_status(level, true, st);
}

void log_failure(const struct status *st)
{
    write_status(LOG_ERROR, false, st);
}
