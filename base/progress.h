/* progress: how far a long piece of work is. On a terminal one line that is drawn again and again,
 *
 *     020 import  [########------------]  42 %  298 MB of 709 MB  1.4 GB/s  0:00:01 left
 *
 * elsewhere (log of a scheduler) a plain line, at most one in ten seconds and none for work that is done before that.
 *
 *     p = progress_new(&(struct progress_options){.label = "020 import", .unit = "bytes", .total = size});
 *     progress_add(p, n);      any thread, after each batch; a few nanoseconds when there is nothing to draw
 *     progress_finish(p);      wipes the line, frees; the outcome is the caller's to log
 *
 * NULL is a fine progress for progress_add and progress_finish: progress_new returns NULL when quiet.
 */
#ifndef CRMX_BASE_PROGRESS_H
#define CRMX_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress;

struct progress_options {
    const char *label; /* the step; copied */
    const char *unit;  /* "bytes" (shown as kB, MB, GB) or a plural: "records", "customers"; copied */
    uint64_t total;    /* 0: not known, no bar */
    bool quiet;
    /* For tests; zero means stderr, the monotonic clock, the terminal's width, whether fd is a terminal. */
    int fd;
    uint64_t (*now_ns)(void);
    int width;
    bool terminal;
};

struct progress *progress_new(const struct progress_options *options);
void progress_add(struct progress *p, uint64_t done);
void progress_finish(struct progress *p);

#endif
