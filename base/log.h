/* log: one line per event, for the operator's screen and for the log file that is searched a month later.
 *
 *     2026-11-21T02:15:00Z INFO 11/2026-10-31 020 import: 2,200,000 records
 *     time (UTC)           level unit/business date, step  what
 *
 * One process works on one unit and date at a time, so the tag (unit, date, step) belongs to the process: log_run() and
 * log_step() set it, worker threads log under the step that runs. Lines are written whole, by any thread.
 *
 * Without log_open() lines from INFO upwards go to stderr. A log that cannot be written never stops a run: the lines
 * that were lost are counted and log_close() says so. Control characters (line ends in a record, say) are written as
 * \xNN: an entry is always one line. Values of class C2 (ID number, phone, account, balance) have no place in a log.
 */
#ifndef CRMX_BASE_LOG_H
#define CRMX_BASE_LOG_H

#include "base/status.h"

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_LEVEL_COUNT };
extern const char *const LOG_LEVEL_NAMES[]; /* "debug" …, NULL-ended: the words of the option */

enum { LOG_LINE_MAX = 2000 };

struct log_options {
    enum log_level level; /* of the file, and of stderr */
    const char *file;     /* NULL or "": none. Appended to; folders are made */
    bool quiet;           /* stderr gets warnings and errors only; the file gets everything */
};

bool log_open(const struct log_options *options, struct status *st);
void log_close(void); /* back to the state before log_open; fine without one */

/* The tag of the lines that follow; NULL or "" leaves a part out. Texts are copied. */
void log_run(const char *unit, const char *business_date);
void log_step(const char *step); /* "020 import" */

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
/* A failure with its context and hint, as up to three entries. */
void log_status(enum log_level level, const struct status *st);
/* The failure that ends the program, into the file only: stderr gets it from status_print. */
void log_failure(const struct status *st);

#endif
