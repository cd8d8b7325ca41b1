/* show_value: values as they are typed on the command line, and shares as they are shown. */
#ifndef CRMX_CONTROL_SHOW_VALUE_H
#define CRMX_CONTROL_SHOW_VALUE_H

#include "base/pool.h"
#include "control/command.h"

/* "800000.00" → 80000000; what: "--threshold", for the message. STATUS_USAGE. */
bool show_parse_amount(const char *what, const char *text, int64_t *minor, struct status *st);
bool show_parse_number(const char *what, const char *text, double *value, struct status *st);
/* Minor units as this call prints money: "1,234.50" for people, "1234.50" for programs; into the call's arena. */
const char *show_money(struct command_call *call, __int128 minor);
/* The same with another number of decimals. */
const char *show_quantity(struct command_call *call, __int128 value, int decimals);
/* SHA-256 of a text, as 64 hexadecimal digits; into the call's arena. */
const char *show_digest(struct command_call *call, const char *text);
/* "12.34%" of part in whole */
const char *show_share(struct arena *arena, uint64_t part, uint64_t whole);
/* As many workers as [run] threads says. */
struct pool *show_pool(struct command_call *call);

#endif
