/* command: the frame around every command of crmx. A command is one file control/commands/NAME.c that exports one
 * `const struct command command_NAME`; control/command_table.c lists them. The entry declares words, options and
 * arguments; the frame finds the command, checks and converts what was typed, opens the options of the working folder
 * and prints failures:
 *
 *     static int run(struct command_call *call)
 *     {
 *         int32_t date = command_date(call, "date", DATE_NONE);    typed and checked; the fallback if it was not given
 *         if (!work_on(call->work, date, &call->status)) return command_failed(call);
 *         listing_print(&listing, &call->output);                  data on stdout
 *         return 0;                                                or an exit code of architecture 8
 *     }
 *
 *     const struct command command_customer_show = {
 *         .name = "customer show",
 *         .summary = "one customer with everything it was made from",
 *         .arguments = (const struct command_value[]){
 *             {.name = "number", .type = COMMAND_INTEGER, .doc = "…", .required = true}, {0}},
 *         .options = (const struct command_value[]){
 *             {.name = "date", .letter = 'd', .type = COMMAND_DATE, .doc = "…"}, {0}},
 *         .run = run,
 *     };
 *
 * Every command also takes --work DIR, --set section.key=value, --json, --quiet, --help, and one that prints rows
 * (.rows) --csv. Data go to stdout, messages to stderr; with --json a failure is one line of JSON on stderr. Exit
 * codes: 0 ok · 2 not started, try again · 4 done with warnings · 6 stopped at a checkpoint · 8 failed, restart
 * continues · 12 nothing committed · 16 set-up or environment.
 */
#ifndef CRMX_CONTROL_COMMAND_H
#define CRMX_CONTROL_COMMAND_H

#include "base/arena.h"
#include "base/status.h"
#include "control/listing.h"
#include "control/option.h"

#include <stdint.h>

enum command_type {
    COMMAND_FLAG = 1, /* options only; no value */
    COMMAND_TEXT,
    COMMAND_INTEGER, /* minimum..maximum; both 0: any */
    COMMAND_DATE,
    COMMAND_CHOICE /* words */
};

/* An option (--name) or a positional argument. Names of both share one name space within a command. */
struct command_value {
    const char *name;
    char letter; /* options: also -l; 0: none */
    enum command_type type;
    const char *placeholder; /* for help: "DATE"; NULL: made from the type or name */
    const char *doc;
    bool required;
    bool repeated; /* may be given several times; of the arguments only the last one */
    int64_t minimum, maximum;
    const char *const *words; /* NULL-ended */
};

/* What says nothing beside something else: a call that gives both is refused before anything is done, because one of
 * them would be ignored. Names are those of options and arguments, also of the options of every command. */
struct command_rule {
    const char *names;     /* between blanks: the rule is about each of them; NULL ends the list */
    const char *not_with;  /* none of these beside it; NULL: it goes with all */
    const char *only_with; /* names of which one must be given, too; NULL: none */
    const char *hint;      /* what to type; NULL: leave one of them out */
};

enum command_needs {
    COMMAND_NEEDS_WORK,   /* a working folder; call->options is open */
    COMMAND_NEEDS_NOTHING /* call->work may be no working folder; call->options is NULL */
};

struct command_call;
struct command {
    const char *name;                                /* one to three words: "run initial" */
    const char *summary;                             /* one line for the list, no full stop */
    const char *description;                         /* paragraphs for "crmx help NAME"; NULL: only the summary */
    const char *examples;                            /* lines to type; NULL: none */
    const struct command_value *arguments, *options; /* ended by an entry without name; NULL: none */
    const struct command_rule *rules;                /* ended by an entry without names; NULL: none */
    /* The command prints rows and takes --csv: "" a table by itself, else the keys of its page's tables, "totals
     * by_FIELD histogram", of which --rows chooses one; the key of a section of named values is a table of one row.
     * NULL: it prints none. */
    const char *rows;
    enum command_needs needs;
    int (*run)(struct command_call *call);
};

extern const struct command *const COMMANDS[]; /* NULL-ended, in the order of the help (control/command_table.c) */

struct command_call {
    const struct command *command;
    const struct command *const *commands; /* all of them: for help */
    const char *work;                      /* --work, else CRMX_HOME, else "." */
    const char *unit;                      /* the unit that is meant without --unit; NULL: the only one (show_unit) */
    struct options *options;
    struct listing_output output;
    bool json, quiet;     /* json: values for programs, as JSON or CSV */
    struct arena arena;   /* released after the command */
    struct status status; /* filled by the command on failure, printed by the frame */
    struct command_given *given;
};

/* The whole program: returns the exit code. Flushes stdout and reports when it could not be written. */
int command_main(int argc, char *const argv[], const struct command *const commands[]);

/* What was typed. The name must be declared with that type (a bug otherwise); fallback when it was not given. */
bool command_given(const struct command_call *call, const char *name);
/* Does the command have that option or argument? For what several commands share. */
bool command_declares(const struct command_call *call, const char *name);
bool command_flag(const struct command_call *call, const char *name);
const char *command_text(const struct command_call *call, const char *name, const char *fallback);
int64_t command_integer(const struct command_call *call, const char *name, int64_t fallback);
int32_t command_date(const struct command_call *call, const char *name, int32_t fallback);
int command_choice(const struct command_call *call, const char *name, int fallback);
/* Of a repeated value: how many, and the texts as typed (checked by their type). */
int command_count(const struct command_call *call, const char *name);
const char *command_text_at(const struct command_call *call, const char *name, int index);

/* The exit code of call->status; the frame prints it. */
int command_failed(struct command_call *call);
/* A path below the working folder, in the call's arena: command_path(call, "units/%s.ini", id). */
const char *command_path(struct command_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The command of exactly this name, NULL when there is none (so that hints never name a command that is not there). */
const struct command *command_find(const struct command *const commands[], const char *name);

/* Text of "crmx help" and "crmx help NAME" (also a first word: all commands that begin with it). */
void command_write_overview(const struct command *const commands[], struct buf *out);
void command_write_help(const struct command *c, struct buf *out);
void command_write_group(const struct command *const commands[], const char *word, struct buf *out);
/* STATUS_USAGE: there is no such command, with the nearest one or the commands that begin the same. */
bool command_unknown(const struct command *const commands[], const char *typed, struct status *st);

#endif
