/* command_parse: the command line in pieces; for control/command*.c only. */
#ifndef CRMX_CONTROL_COMMAND_PARSE_H
#define CRMX_CONTROL_COMMAND_PARSE_H

#include "control/command.h"

enum { GIVEN_MAX = 256, COMMAND_WORDS_MAX = 3, COMMAND_PLACEHOLDER_MAX = 128 };

struct command_given {
    int count;
    struct {
        const struct command_value *value; /* of the command or of COMMAND_GLOBAL_OPTIONS */
        const char *text;                  /* as typed; "" for a flag */
        int64_t number;                    /* all types but flag and text; choices: the index */
    } items[GIVEN_MAX];
};

extern const struct command_value COMMAND_GLOBAL_OPTIONS[];

/* Fills call->command and call->given. With --help given, missing arguments are no error. call->command stays NULL when
 * there are no words at all. */
bool command_parse(struct command_call *call, int argc, char *const argv[], struct status *st);

/* Value i of a list that may be NULL; NULL past its end. */
const struct command_value *command_value_at(const struct command_value *values, int i);
/* Entry of a name in the lists of a command and the options of every command; *option: not an argument. A name nobody
 * declared is a bug of the command. */
const struct command_value *command_declared(const struct command *c, const char *name, bool *option);
/* STATUS_USAGE: what was given breaks a rule of the command. */
bool command_check_rules(const struct command_call *call, struct status *st);
/* "--top: not with --vary, --from": the rules as the help tells them. */
void command_write_rules(const struct command *c, struct buf *out);
/* "--date DATE", "NUMBER", "[UNIT...]": how the value is written; option: with its dashes. */
const char *command_placeholder(const struct command_value *v, bool option, char text[COMMAND_PLACEHOLDER_MAX]);
/* "crmx run daily [OPTION]... UNIT" */
void command_write_usage(const struct command *c, struct buf *out);

#endif
