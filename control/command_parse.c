#include "control/command_parse.h"

#include "base/nearest.h"
#include "base/value.h"

#include <stdio.h>
#include <string.h>

const struct command_value COMMAND_GLOBAL_OPTIONS[] = {
    {.name = "work",
     .letter = 'w',
     .type = COMMAND_TEXT,
     .placeholder = "DIR",
     .doc = "working folder (default: CRMX_HOME, else the current folder)"},
    {.name = "set",
     .type = COMMAND_TEXT,
     .placeholder = "SECTION.KEY=VALUE",
     .repeated = true,
     .doc = "an option of crmx.ini for this call"},
    {.name = "json", .type = COMMAND_FLAG, .doc = "data, and a failure, as JSON"},
    {.name = "csv", .type = COMMAND_FLAG, .doc = "rows comma-separated, with a first line of names"},
    {.name = "rows",
     .type = COMMAND_TEXT,
     .placeholder = "NAME",
     .doc = "with --csv: which rows of a page (default: its first ones)"},
    {.name = "quiet", .letter = 'q', .type = COMMAND_FLAG, .doc = "on the screen only data, warnings and errors"},
    {.name = "help", .letter = 'h', .type = COMMAND_FLAG, .doc = "explains the command"},
    {0},
};

const struct command_value *command_value_at(const struct command_value *values, int i)
{
    return values && values[i].name ? &values[i] : NULL;
}

/* The command with the most words that the arguments begin with; *words_used counts them. NULL: none. */
static const struct command *match(const struct command *const commands[], int argc, char *const argv[],
                                   int *words_used)
{
    const struct command *best = NULL;
    *words_used = 0;
    for (int i = 0; commands[i]; i++) {
        struct view rest = view_of(commands[i]->name), word;
        int words = 0;
        bool same = true;
        while (same && (word = view_word(&rest)).length) {
            same = words < argc && view_is(word, argv[words]);
            words++;
        }
        if (!same || words <= *words_used) continue;
        best = commands[i];
        *words_used = words;
    }
    return best;
}

/* --- values --- */

static const char *command_name(struct command_call *call)
{
    return call->command ? arena_printf(&call->arena, "crmx %s", call->command->name) : "crmx";
}

static const char *shown_name(struct command_call *call, const struct command_value *v, bool option)
{
    char text[COMMAND_PLACEHOLDER_MAX];
    return option ? arena_printf(&call->arena, "--%s", v->name)
                  : arena_printf(&call->arena, "%s", command_placeholder(v, false, text));
}

static bool convert(const struct command_value *v, const char *text, int64_t *number, struct status *st)
{
    bool any = v->minimum == 0 && v->maximum == 0;
    int32_t date;
    int index;
    switch (v->type) {
    case COMMAND_FLAG:
    case COMMAND_TEXT: return true;
    case COMMAND_INTEGER:
        return value_integer(text, any ? INT64_MIN : v->minimum, any ? INT64_MAX : v->maximum, number, st);
    case COMMAND_DATE:
        if (!value_date(text, &date, st)) return false;
        *number = date;
        return true;
    case COMMAND_CHOICE:
        if (!value_choice(text, v->words, &index, st)) return false;
        *number = index;
        return true;
    }
    ensure(!"a value type without a reader");
    return false;
}

static bool give(struct command_call *call, const struct command_value *v, const char *text, bool option,
                 struct status *st)
{
    struct command_given *g = call->given;
    struct status why = {0};
    int64_t number = 0;
    if (option && !v->repeated)
        for (int i = 0; i < g->count; i++)
            if (g->items[i].value == v && v->type != COMMAND_FLAG)
                return status_fail(st, STATUS_USAGE, "%s: --%s is given twice", command_name(call), v->name);
    if (g->count == GIVEN_MAX)
        return status_fail(st, STATUS_USAGE, "%s: more than %d options and arguments", command_name(call), GIVEN_MAX);
    if (!convert(v, text, &number, &why)) {
        status_fail(st, STATUS_USAGE, "%s: %s: %s", command_name(call), shown_name(call, v, option), why.message);
        return why.hint[0] ? status_hint(st, "%s", why.hint) : false;
    }
    g->items[g->count].value = v;
    g->items[g->count].text = text;
    g->items[g->count++].number = number;
    return true;
}

/* --- options --- */

static const struct command_value *find_option(const struct command_call *call, struct view name, char letter)
{
    const struct command_value *lists[] = {call->command ? call->command->options : NULL, COMMAND_GLOBAL_OPTIONS}, *v;
    for (int l = 0; l < 2; l++)
        for (int i = 0; (v = command_value_at(lists[l], i)); i++)
            if (letter ? v->letter == letter : view_is(name, v->name)) return v;
    return NULL;
}

static bool fail_unknown(struct command_call *call, const char *typed, struct status *st)
{
    const struct command_value *lists[] = {call->command ? call->command->options : NULL, COMMAND_GLOBAL_OPTIONS}, *v;
    const char *wanted = arena_dup(&call->arena, (struct view){typed, strcspn(typed, "=")});
    struct nearest n;
    nearest_init(&n, wanted);
    for (int l = 0; l < 2; l++)
        for (int i = 0; (v = command_value_at(lists[l], i)); i++)
            nearest_try(&n, arena_printf(&call->arena, "--%s", v->name));
    status_fail(st, STATUS_USAGE, "%s: there is no option %s", command_name(call), wanted);
    /* - a, -2*b: an expression, not a row of letters */
    if (typed[1] != '-' && typed[2] && command_value_at(call->command ? call->command->arguments : NULL, 0))
        return status_hint(st, "what begins with - and is no option stands behind --, which ends them: %s -- '%s'",
                           command_name(call), typed);
    if (n.name) return status_hint(st, "did you mean %s?", n.name);
    if (call->command) return status_hint(st, "see: crmx help %s", call->command->name);
    return status_hint(st, "options of a command stand behind its name; see: crmx help");
}

/* One option at argv[*i]; moves *i behind it and its value. */
static bool parse_option(struct command_call *call, int argc, char *const argv[], int *i, struct status *st)
{
    const char *typed = argv[(*i)++], *value = NULL;
    const struct command_value *v;
    if (typed[1] == '-') {
        size_t length = strcspn(typed + 2, "=");
        v = find_option(call, (struct view){typed + 2, length}, 0);
        if (typed[2 + length]) value = typed + 2 + length + 1;
    } else {
        v = find_option(call, (struct view){0}, typed[1]);
        if (typed[2]) value = typed + 2 + (typed[2] == '=');
    }
    if (!v) return fail_unknown(call, typed, st);
    if (v->type == COMMAND_FLAG) {
        if (!value) return give(call, v, "", true, st);
        status_fail(st, STATUS_USAGE, "%s: --%s takes no value, found \"%s\"", command_name(call), v->name, value);
        return status_hint(st, "write: --%s", v->name);
    }
    if (!value && *i < argc) value = argv[(*i)++];
    if (value) return give(call, v, value, true, st);
    char text[COMMAND_PLACEHOLDER_MAX];
    status_fail(st, STATUS_USAGE, "%s: --%s needs a value", command_name(call), v->name);
    return status_hint(st, "write: %s", command_placeholder(v, true, text));
}

static bool is_option(const char *text)
{
    return text[0] == '-' && text[1] != 0;
}

/* --- arguments --- */

static bool hint_usage(struct command_call *call, struct status *st)
{
    struct buf usage;
    buf_init(&usage, STATUS_HINT_MAX);
    command_write_usage(call->command, &usage);
    status_hint(st, "%s", usage.bytes);
    buf_release(&usage);
    return false;
}

static bool parse_argument(struct command_call *call, const char *text, int *position, struct status *st)
{
    const struct command_value *v = command_value_at(call->command->arguments, *position);
    if (!v) {
        status_fail(st, STATUS_USAGE, "%s: \"%s\" is one argument too many", command_name(call), text);
        return hint_usage(call, st);
    }
    if (!v->repeated) (*position)++;
    return give(call, v, text, false, st);
}

static bool is_given(const struct command_call *call, const struct command_value *v)
{
    for (int i = 0; i < call->given->count; i++)
        if (call->given->items[i].value == v) return true;
    return false;
}

static bool check_required(struct command_call *call, struct status *st)
{
    const struct command_value *lists[] = {call->command->arguments, call->command->options}, *v;
    char text[COMMAND_PLACEHOLDER_MAX];
    for (int l = 0; l < 2; l++)
        for (int i = 0; (v = command_value_at(lists[l], i)); i++) {
            if (!v->required || is_given(call, v)) continue;
            status_fail(st, STATUS_USAGE, "%s: %s is missing", command_name(call),
                        command_placeholder(v, l == 1, text));
            return hint_usage(call, st);
        }
    return true;
}

/* Before anything is done: a run must not begin only to find out that it has no rows to print. */
static bool check_csv(struct command_call *call, struct status *st)
{
    const char *name = call->command->name, *rows = call->command->rows;
    bool csv = command_flag(call, "csv");
    if (command_given(call, "rows") && (!csv || !rows || !*rows)) {
        status_fail(st, STATUS_USAGE, "crmx %s: --rows chooses one of the tables of a page that is printed with --csv",
                    name);
        return rows && *rows ? status_hint(st, "add --csv; its tables: %s", rows) : status_hint(st, "leave --rows out");
    }
    if (!csv) return true;
    if (!rows) {
        status_fail(st, STATUS_USAGE, "crmx %s prints no rows: there is no CSV of it", name);
        return status_hint(st, "for programs: crmx %s --json", name);
    }
    if (!command_flag(call, "json")) return true;
    status_fail(st, STATUS_USAGE, "crmx %s: --csv or --json, not both", name);
    return status_hint(st, "leave one of them out");
}

bool command_parse(struct command_call *call, int argc, char *const argv[], struct status *st)
{
    int i = 1, words = 0, position = 0;
    /* What every program answers to; it is a command, so that --json and the rest work with it. */
    if (argc > 1 && strcmp(argv[1], "--version") == 0) call->command = command_find(call->commands, "version"), i = 2;
    while (!call->command && i < argc && is_option(argv[i]))
        if (!parse_option(call, argc, argv, &i, st)) return false;
    if (!call->command && i == argc) return true;
    if (!call->command) call->command = match(call->commands, argc - i, argv + i, &words);
    if (!call->command) {
        char typed[200] = "";
        for (int k = 0; k < COMMAND_WORDS_MAX && i + k < argc && !is_option(argv[i + k]); k++) {
            size_t used = strlen(typed);
            snprintf(typed + used, sizeof typed - used, "%s%s", k ? " " : "", argv[i + k]);
        }
        return command_unknown(call->commands, typed, st);
    }
    bool options_end = false;
    for (i += words; i < argc;) {
        if (!options_end && strcmp(argv[i], "--") == 0) {
            options_end = true;
            i++;
        } else if (!options_end && is_option(argv[i])) {
            if (!parse_option(call, argc, argv, &i, st)) return false;
        } else if (!parse_argument(call, argv[i++], &position, st)) {
            return false;
        }
    }
    return command_flag(call, "help") ||
           (check_required(call, st) && check_csv(call, st) && command_check_rules(call, st));
}
