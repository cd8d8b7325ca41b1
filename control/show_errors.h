/* show_errors: every error of a layout or output file, not only the first. The readers (etl/layout, etl/output) stop at
 * the first one, as a run should; here the line it names is made harmless in a copy, and the copy is read again, until
 * it is right.
 *
 * A line is harmless as a plain text field at its place (so that what comes behind it does not move); where that does
 * not help, as a comment. What then goes wrong only because of a line that was changed (a condition on a field that is
 * no code any more) is not reported.
 */
#ifndef CRMX_CONTROL_SHOW_ERRORS_H
#define CRMX_CONTROL_SHOW_ERRORS_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>

enum { SHOW_ERRORS_MAX = 20 };

enum show_errors_kind { SHOW_ERRORS_LAYOUT, SHOW_ERRORS_OUTPUT };

struct show_error {
    const char *message, *hint; /* in the arena */
};

/* Fills errors[SHOW_ERRORS_MAX], in the order of the file as far as it goes; returns how many. 0: the file is right. */
int show_errors_find(enum show_errors_kind kind, const char *path, const char *name, struct arena *arena,
                     struct show_error *errors);

#endif
