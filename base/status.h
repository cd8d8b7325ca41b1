/* status: what went wrong, told so that an operator at three in the morning can act.
 *
 * Three kinds of wrong (docs/conventions.md): a BUG aborts through ensure(); a RUN FAILURE returns false and fills a
 * struct status; a BAD RECORD is a reject row and never comes through here.
 *
 * Use:   return status_fail(st, STATUS_INPUT, "could not open \"%s\": %m", path)   -- always false, so it can be
 *                                                                                  returned
 *        status_hint(st, "run: crmx layout check %s", name);                          -- the next command to type
 *        return status_while(st, "reading unit %s", unit);                            -- one line per level on the way
 *                                                                                     up
 *
 * A status is reset with status_clear(); the first failure wins, later status_fail() calls on a failed status only add
 * a context line, so an error in a clean-up path never hides the cause. Texts are cut at their capacity, never
 * overflow.
 */
#ifndef CRMX_BASE_STATUS_H
#define CRMX_BASE_STATUS_H

#include <stdbool.h>
#include <stdlib.h>

enum status_code {
    STATUS_OK = 0,
    STATUS_BUSY,         /* lock held, inputs not complete: try again later */
    STATUS_WARNING,      /* done, but somebody should look; a follower is pending */
    STATUS_STOPPED,      /* stopped at a checkpoint on request */
    STATUS_INPUT,        /* input is wrong: reject limit, bad trailer, missing rate */
    STATUS_CONSERVATION, /* the tie-out does not balance: nothing was committed */
    STATUS_IO,           /* the system refused: disk full, permission, read error */
    STATUS_USAGE,        /* command line or configuration is wrong */
    STATUS_ENVIRONMENT,  /* a program, library, server or right that is needed is not there */
    STATUS_DATABASE,     /* PostgreSQL refused or could not be reached */
    STATUS_TRANSFER,     /* the CRM data server refused or could not be reached */
    STATUS_MEMORY,       /* the memory budget does not suffice */
    STATUS_CORRUPT,      /* stored data fail their checksum or contradict themselves */
    STATUS_HELD          /* stopped before the commit until somebody decides (a gate) */
};

enum { STATUS_MESSAGE_MAX = 768, STATUS_EXCERPT_MAX = 640, STATUS_HINT_MAX = 512, STATUS_CONTEXT_MAX = 1024 };

struct status {
    enum status_code code;
    int sys_errno; /* errno at the time of the failure, 0 if none */
    char message[STATUS_MESSAGE_MAX];
    char excerpt
        [STATUS_EXCERPT_MAX]; /* lines to show below the message: the text that is wrong, with a caret; "": none */
    char hint[STATUS_HINT_MAX];
    char context[STATUS_CONTEXT_MAX]; /* lines "while ...", innermost first */
};

/* Records a failure; "%m" prints strerror(errno). Always returns false. */
bool status_fail(struct status *st, enum status_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
/* Sets the hint (the next thing to type) unless there is one. Always returns false. */
bool status_hint(struct status *st, const char *format, ...) __attribute__((format(printf, 2, 3), cold));
/* Sets the excerpt unless there is one: lines without a line end behind the last. Always returns false. */
bool status_excerpt(struct status *st, const char *lines) __attribute__((cold));
/* Adds a line "while ...". Always returns false. */
bool status_while(struct status *st, const char *format, ...) __attribute__((format(printf, 2, 3), cold));
void status_clear(struct status *st);
/* Exit code of the program for a status: 0 ok, 2 try again, 4 warning, 6 stopped, 8 failed (restart continues),
 * 12 nothing committed, 16 set-up or environment (architecture 8). */
int status_exit_code(const struct status *st);
const char *status_code_name(enum status_code code);
/* Prints "ERROR: ...", the excerpt, the context lines and "HINT: ..." to stderr. */
void status_print(const struct status *st);

/* A bug stops the program at once, in release builds too: a wrong cent is worse than a core dump. Memory that was not
 * given ends it with a message instead. */
#define ensure(condition)                                                                                              \
    do {                                                                                                               \
        if (__builtin_expect(!(condition), 0)) status_bug(__FILE__, __LINE__, #condition);                             \
    } while (0)
_Noreturn void status_bug(const char *file, int line, const char *condition) __attribute__((cold));

#endif
