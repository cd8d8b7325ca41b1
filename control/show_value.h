/* show_value: values as they are typed on the command line, and shares as they are shown. */
#ifndef CRMX_CONTROL_SHOW_VALUE_H
#define CRMX_CONTROL_SHOW_VALUE_H

#include "base/pool.h"
#include "control/command.h"

/* "800000.00" → 80000000; what: "--threshold", for the message. STATUS_USAGE. */
bool show_parse_amount(const char *what, const char *text, int64_t *minor, struct status *st);
bool show_parse_number(const char *what, const char *text, double *value, struct status *st);
/* "12.34%" of part in whole */
const char *show_share(struct arena *arena, uint64_t part, uint64_t whole);
/* As many workers as [run] threads says. */
struct pool *show_pool(struct command_call *call);

#endif
