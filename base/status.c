#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int exit_code;
} CODES[] = {
    [STATUS_OK] = {"ok", 0},
    [STATUS_BUSY] = {"busy", 2},
    [STATUS_WARNING] = {"warning", 4},
    [STATUS_STOPPED] = {"stopped", 6},
    [STATUS_INPUT] = {"input", 12},
    [STATUS_CONSERVATION] = {"conservation", 12},
    [STATUS_IO] = {"io", 8},
    [STATUS_USAGE] = {"usage", 16},
    [STATUS_ENVIRONMENT] = {"environment", 16},
    [STATUS_DATABASE] = {"database", 8},
    [STATUS_TRANSFER] = {"transfer", 8},
    [STATUS_MEMORY] = {"memory", 8},
    [STATUS_CORRUPT] = {"corrupt", 12},
    [STATUS_HELD] = {"held", 12},
};

static void append_line(char *text, size_t capacity, const char *prefix, const char *format, va_list args)
{
    size_t used = strlen(text);
    if (used + 2 >= capacity) return;
    if (used) text[used++] = '\n', text[used] = 0;
    int n = snprintf(text + used, capacity - used, "%s", prefix);
    if (n < 0 || (size_t)n >= capacity - used) return;
    vsnprintf(text + used + (size_t)n, capacity - used - (size_t)n, format, args);
}

bool status_fail(struct status *st, enum status_code code, const char *format, ...)
{
    int saved = errno;
    va_list args;
    va_start(args, format);
    if (st->code != STATUS_OK) {
        append_line(st->context, sizeof st->context, "also: ", format, args);
    } else {
        st->code = code;
        st->sys_errno = saved;
        errno = saved;
        vsnprintf(st->message, sizeof st->message, format, args);
    }
    va_end(args);
    errno = saved;
    return false;
}

bool status_hint(struct status *st, const char *format, ...)
{
    if (st->hint[0]) return false;
    va_list args;
    va_start(args, format);
    vsnprintf(st->hint, sizeof st->hint, format, args);
    va_end(args);
    return false;
}

bool status_excerpt(struct status *st, const char *lines)
{
    if (!st->excerpt[0]) snprintf(st->excerpt, sizeof st->excerpt, "%s", lines);
    return false;
}

bool status_while(struct status *st, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    append_line(st->context, sizeof st->context, "while ", format, args);
    va_end(args);
    return false;
}

void status_clear(struct status *st)
{
    memset(st, 0, sizeof *st);
}

int status_exit_code(const struct status *st)
{
    return CODES[st->code].exit_code;
}

const char *status_code_name(enum status_code code)
{
    return CODES[code].name;
}

static void print_lines(const char *indent, const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        fprintf(stderr, "%s%.*s\n", indent, (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

void status_print(const struct status *st)
{
    fprintf(stderr, "ERROR: %s\n", st->message);
    print_lines("    ", st->excerpt);
    print_lines("  ", st->context);
    if (st->hint[0]) fprintf(stderr, "HINT: %s\n", st->hint);
}

_Noreturn void status_bug(const char *file, int line, const char *condition)
{
    if (errno == ENOMEM) { /* small memory is not asked for twice: an allocation that failed ends up here */
        fprintf(stderr, "ERROR: the system gave the process no more memory (%s:%d); nothing is committed\n", file,
                line);
        fprintf(stderr,
                "HINT: look at ulimit -d, ulimit -v and free -m; allow more than run.memory_max by a quarter, or "
                "lower it (--set run.memory_max=256m); then give the same command again\n");
        _exit(status_exit_code(&(struct status){.code = STATUS_MEMORY}));
    }
    fprintf(stderr, "BUG: %s:%d: \"%s\" does not hold; the program stops, nothing is committed\n", file, line,
            condition);
    fprintf(stderr, "HINT: keep the run folder and report this line; the same command may be tried again\n");
    abort();
}
