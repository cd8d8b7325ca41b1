/* show_value: values as they are typed on the command line, and shares as they are shown. */
#ifndef CRMX_CONTROL_SHOW_VALUE_H
#define CRMX_CONTROL_SHOW_VALUE_H

#include "base/pool.h"
#include "control/command.h"
#include "control/show.h"
#include "scoring/schema.h"

/* "800000.00" → 80000000; what: "--threshold", for the message. STATUS_USAGE. */
bool show_parse_amount(const char *what, const char *text, int64_t *minor, struct status *st);
bool show_parse_number(const char *what, const char *text, double *value, struct status *st);
/* Minor units as this call prints money: "1,234.50" for people, "1234.50" for programs; into the call's arena. */
const char *show_money(struct command_call *call, __int128 minor);
/* The same with another number of decimals: a count with 0. */
const char *show_quantity(struct command_call *call, __int128 value, int decimals);
/* A count as a cell: grouped for people, a number for programs. */
void show_add_count(struct command_call *call, struct listing *rows, int64_t count);
/* SHA-256 of a text, as 64 hexadecimal digits; into the call's arena. */
const char *show_digest(struct command_call *call, const char *text);
/* A customer's value as text: money with two decimals, "1,234.50" for people, "1234.50" for programs; numbers and
 * months without the zeros at the end of their decimals; a date as 2026-10-31; a condition as yes or no. A missing date
 * as show_missing has it. Codes have texts of their own: none of them comes here. */
const char *show_typed(const struct command_call *call, struct arena *arena, enum value_type type, int decimals,
                       __int128 value);
/* "missing" for people, NULL (null, an empty cell) for programs. */
const char *show_missing(const struct command_call *call);
/* The text of an aggregate in place, and other names, as people read them: at most SHOW_NAME_COLUMNS wide, the rest
 * "…". Programs get all of it. */
enum { SHOW_NAME_COLUMNS = 60 };
const char *show_shortened(struct command_call *call, const char *name);
/* "12.34%" of part in whole */
const char *show_share(struct arena *arena, uint64_t part, uint64_t whole);
/* How long a pass over the customers took, where it was asked for; the command declares SHOW_TIME and SHOW_TIME_RULE.
 * */
#define SHOW_TIME                                                                                                      \
    {                                                                                                                  \
        .name = "time", .type = COMMAND_FLAG, .doc = "how long the pass over the customers took"                       \
    }
#define SHOW_TIME_RULE                                                                                                 \
    {                                                                                                                  \
        "time", .not_with = "csv", .hint = "the time stands on the page, and in --json"                                \
    }
void show_time(struct command_call *call, struct show *s, uint64_t elapsed_ns);
/* As many workers as [run] threads says. */
struct pool *show_pool(struct command_call *call);

#endif
