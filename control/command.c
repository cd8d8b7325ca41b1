#include "control/command.h"

#include "base/log.h"
#include "base/os.h"
#include "control/command_parse.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- what was typed --- */

const struct command_value *command_declared(const struct command *c, const char *name, bool *option)
{
    const struct command_value *lists[] = {c ? c->arguments : NULL, c ? c->options : NULL, COMMAND_GLOBAL_OPTIONS};
    const struct command_value *v;
    for (int l = 0; l < 3; l++)
        for (int i = 0; (v = command_value_at(lists[l], i)); i++)
            if (strcmp(v->name, name) == 0) return *option = l > 0, v;
    ensure(!"a command asks for a value that its table does not declare");
    return NULL;
}

static const struct command_value *declared(const struct command_call *call, const char *name)
{
    bool option;
    return command_declared(call->command, name, &option);
}

/* Index of occurrence n in call->given; -1 when there is none. */
static int find_given(const struct command_call *call, const struct command_value *v, int n)
{
    for (int i = 0; i < call->given->count; i++)
        if (call->given->items[i].value == v && n-- == 0) return i;
    return -1;
}

static int64_t number_of(const struct command_call *call, const char *name, enum command_type type, int64_t fallback)
{
    const struct command_value *v = declared(call, name);
    ensure(v->type == type);
    int i = find_given(call, v, 0);
    return i < 0 ? fallback : call->given->items[i].number;
}

bool command_given(const struct command_call *call, const char *name)
{
    return find_given(call, declared(call, name), 0) >= 0;
}

bool command_declares(const struct command_call *call, const char *name)
{
    const struct command_value *lists[] = {call->command->arguments, call->command->options}, *v;
    for (int l = 0; l < 2; l++)
        for (int i = 0; (v = command_value_at(lists[l], i)); i++)
            if (strcmp(v->name, name) == 0) return true;
    return false;
}

bool command_flag(const struct command_call *call, const char *name)
{
    const struct command_value *v = declared(call, name);
    ensure(v->type == COMMAND_FLAG);
    return find_given(call, v, 0) >= 0;
}

const char *command_text(const struct command_call *call, const char *name, const char *fallback)
{
    const char *text = command_text_at(call, name, 0);
    return text ? text : fallback;
}

int64_t command_integer(const struct command_call *call, const char *name, int64_t fallback)
{
    return number_of(call, name, COMMAND_INTEGER, fallback);
}

int32_t command_date(const struct command_call *call, const char *name, int32_t fallback)
{
    return (int32_t)number_of(call, name, COMMAND_DATE, fallback);
}

int command_choice(const struct command_call *call, const char *name, int fallback)
{
    return (int)number_of(call, name, COMMAND_CHOICE, fallback);
}

int command_count(const struct command_call *call, const char *name)
{
    const struct command_value *v = declared(call, name);
    int count = 0;
    while (find_given(call, v, count) >= 0) count++;
    return count;
}

const char *command_text_at(const struct command_call *call, const char *name, int index)
{
    const struct command_value *v = declared(call, name);
    ensure(v->type != COMMAND_FLAG);
    int i = find_given(call, v, index);
    return i < 0 ? NULL : call->given->items[i].text;
}

/* --- for commands --- */

int command_failed(struct command_call *call)
{
    ensure(call->status.code != STATUS_OK);
    return status_exit_code(&call->status);
}

const char *command_path(struct command_call *call, const char *format, ...)
{
    char name[OS_PATH_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(name, sizeof name, format, args);
    va_end(args);
    ensure(n >= 0 && (size_t)n < sizeof name);
    if (name[0] == '/' || strcmp(call->work, ".") == 0) return arena_dup(&call->arena, view_of(name));
    return arena_printf(&call->arena, "%s/%s", call->work, name);
}

const struct command *command_find(const struct command *const commands[], const char *name)
{
    for (int i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

/* --- the frame --- */

static void print_failure(const struct command_call *call, int exit_code)
{
    const struct status *st = &call->status;
    struct buf line;
    if (call->output.format != LISTING_JSON) {
        status_print(st);
        return;
    }
    buf_init(&line, 64 * 1024);
    buf_add_text(&line, "{\"error\": ");
    buf_add_json(&line, view_of(st->message));
    buf_addf(&line, ", \"code\": \"%s\", \"exit\": %d, \"context\": ", status_code_name(st->code), exit_code);
    buf_add_json(&line, view_of(st->context));
    if (st->excerpt[0]) {
        buf_add_text(&line, ", \"excerpt\": ");
        buf_add_json(&line, view_of(st->excerpt));
    }
    buf_add_text(&line, ", \"hint\": ");
    buf_add_json(&line, view_of(st->hint));
    buf_add_text(&line, "}\n");
    fputs(line.bytes, stderr);
    buf_release(&line);
}

static void print_help(const struct command_call *call)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    if (call->command)
        command_write_help(call->command, &out);
    else
        command_write_overview(call->commands, &out);
    fputs(out.bytes, stdout);
    buf_release(&out);
}

static bool open_options(struct command_call *call)
{
    const char *sets[GIVEN_MAX];
    int count = command_count(call, "set");
    for (int i = 0; i < count; i++) sets[i] = command_text_at(call, "set", i);
    struct options_sources sources = {.work = call->work, .sets = sets, .sets_count = count};
    call->options = options_open(&sources, &call->status);
    if (!call->options) return false;
    struct log_options log = {.level = (enum log_level)option_choice(call->options, OPTION_LOG_LEVEL),
                              .file = option_path(call->options, OPTION_LOG_FILE),
                              .quiet = call->quiet};
    return log_open(&log, &call->status);
}

static void choose_output(struct command_call *call)
{
    bool csv = command_flag(call, "csv");
    call->output.format = csv ? LISTING_CSV : command_flag(call, "json") ? LISTING_JSON : LISTING_TEXT;
    call->output.wanted = command_text(call, "rows", NULL);
    call->output.tables = call->command ? call->command->rows : NULL;
    call->json = call->output.format != LISTING_TEXT;
}

/* A page may lack the rows that were asked for, or have none today: an empty file would look like no findings. */
static int check_rows(struct command_call *call, int exit_code)
{
    const struct listing_output *o = &call->output;
    if (o->format != LISTING_CSV || o->written || call->status.code != STATUS_OK) return exit_code;
    if (o->wanted)
        status_fail(&call->status, STATUS_USAGE, "crmx %s: there are no rows \"%s\" in the answer", call->command->name,
                    o->wanted);
    else
        status_fail(&call->status, STATUS_USAGE, "crmx %s: there are no rows in this answer", call->command->name);
    if (o->keys[0])
        status_hint(&call->status, "it has: %s", o->keys);
    else
        status_hint(&call->status, "see the whole answer: crmx %s without --csv", call->command->name);
    return command_failed(call);
}

static int run_call(struct command_call *call, int argc, char *const argv[])
{
    if (!command_parse(call, argc, argv, &call->status)) return command_failed(call);
    const char *home = getenv("CRMX_HOME");
    call->work = command_text(call, "work", home && *home ? home : ".");
    call->quiet = command_flag(call, "quiet");
    choose_output(call);
    if (command_flag(call, "help") || !call->command) {
        print_help(call);
        return 0;
    }
    if (call->command->needs == COMMAND_NEEDS_WORK && !open_options(call)) return command_failed(call);
    int exit_code = check_rows(call, call->command->run(call));
    /* A command that reports a failure and 0, or the reverse, would tell the scheduler a lie. */
    ensure(call->status.code == STATUS_OK || exit_code != 0);
    return exit_code;
}

/* Everything that was printed must have arrived: a report cut short by a full disk must not look like a report. */
static int check_stdout(int exit_code)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return exit_code;
    if (errno == EPIPE) return exit_code; /* the reader had enough: crmx … | head */
    fprintf(stderr,
            "ERROR: could not write to standard output: %s\nHINT: look at the disk that takes the output: df -h\n",
            strerror(errno));
    return exit_code > 8 ? exit_code : 8;
}

/* --json is asked for even when the rest of the line is wrong. */
static bool asks_for_json(int argc, char *const argv[])
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0) return true;
    return false;
}

int command_main(int argc, char *const argv[], const struct command *const commands[])
{
    struct command_given given = {0};
    struct command_call call = {.commands = commands, .given = &given, .json = asks_for_json(argc, argv)};
    call.output.format = call.json ? LISTING_JSON : LISTING_TEXT;
    arena_init(&call.arena, "command");
    /* A log reader that goes away must not take a run with it; writes fail with EPIPE instead. */
    signal(SIGPIPE, SIG_IGN);
    int exit_code = run_call(&call, argc, argv);
    exit_code = check_stdout(exit_code);
    if (call.status.code != STATUS_OK) {
        log_failure(&call.status);
        print_failure(&call, exit_code);
    }
    log_close();
    options_free(call.options);
    arena_release(&call.arena);
    return exit_code;
}
