/* show_customer: which customer a command is about, and why that customer is selected or not, in one line.
 *
 * A command that takes one declares SHOW_CUSTOMER; exactly one of the three ways is needed, each way whole.
 */
#ifndef CRMX_CONTROL_SHOW_CUSTOMER_H
#define CRMX_CONTROL_SHOW_CUSTOMER_H

#include "control/show_generation.h"

#define SHOW_CUSTOMER_ARGUMENT                                                                                         \
    {                                                                                                                  \
        .name = "customer", .type = COMMAND_TEXT, .placeholder = "NUMBER", .doc = "the integrated number"              \
    }
#define SHOW_CUSTOMER                                                                                                  \
    {.name = "number", .letter = 'n', .type = COMMAND_TEXT, .placeholder = "NUMBER", .doc = "the integrated number"},  \
        {.name = "id-type",                                                                                            \
         .type = COMMAND_TEXT,                                                                                         \
         .placeholder = "TYPE",                                                                                        \
         .doc = "with --id-no: its ID, in any notation"},                                                              \
        {.name = "id-no", .type = COMMAND_TEXT, .placeholder = "NUMBER", .doc = "with --id-type"},                     \
        {.name = "system",                                                                                             \
         .type = COMMAND_TEXT,                                                                                         \
         .placeholder = "SYSTEM",                                                                                      \
         .doc = "with --source-no: its number in a business system"},                                                  \
    {                                                                                                                  \
        .name = "source-no", .type = COMMAND_TEXT, .placeholder = "NUMBER", .doc = "with --system"                     \
    }

/* Was any of the ways given? */
bool show_customer_named(const struct command_call *call);
/* Number without the prefix. STATUS_USAGE: not exactly one way, nobody, several. */
bool show_customer_find(struct show_population *p, uint64_t *number, struct status *st);
/* The customer of that number; STATUS_USAGE: there is none. */
bool show_customer_load(struct show_population *p, uint64_t number, struct lookup_customer *c, struct status *st);
/* "734,567.00 above the threshold", "on the exclusion list (STAFF, until 2027-01-01)" … */
const char *show_customer_why(struct show_population *p, const struct lookup_customer *c,
                              const struct lookup_record *primary, const struct scorecard *card, int64_t score);

#endif
