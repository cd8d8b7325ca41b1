/* What crmx says about its commands, made from their tables. */
#include "base/nearest.h"
#include "control/command_parse.h"
#include "control/listing.h"

#include <ctype.h>
#include <stdio.h>

enum { WRAP_COLUMN = 100 };

static const char *const TYPE_PLACEHOLDERS[] = {
    [COMMAND_TEXT] = "TEXT", [COMMAND_INTEGER] = "N", [COMMAND_DATE] = "DATE"};

const char *command_placeholder(const struct command_value *v, bool option, char text[COMMAND_PLACEHOLDER_MAX])
{
    char value[COMMAND_PLACEHOLDER_MAX] = "";
    int length;
    if (v->placeholder) {
        snprintf(value, sizeof value, "%s", v->placeholder);
    } else if (v->type == COMMAND_CHOICE) {
        for (int i = 0; v->words[i]; i++) {
            size_t used = strlen(value);
            snprintf(value + used, sizeof value - used, "%s%s", i ? "|" : "", v->words[i]);
        }
    } else if (!option) {
        snprintf(value, sizeof value, "%s", v->name);
        for (char *p = value; *p; p++) *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
    } else if (v->type != COMMAND_FLAG) {
        snprintf(value, sizeof value, "%s", TYPE_PLACEHOLDERS[v->type]);
    }
    if (option)
        length = snprintf(text, COMMAND_PLACEHOLDER_MAX, "--%s%s%s", v->name, value[0] ? " " : "", value);
    else
        length = snprintf(text, COMMAND_PLACEHOLDER_MAX, "%s", value);
    ensure(length < COMMAND_PLACEHOLDER_MAX && strlen(value) + 1 < sizeof value); /* nothing is cut */
    return text;
}

void command_write_usage(const struct command *c, struct buf *out)
{
    const struct command_value *v;
    char text[COMMAND_PLACEHOLDER_MAX];
    buf_addf(out, "crmx %s", c->name);
    for (int i = 0; (v = command_value_at(c->options, i)); i++)
        if (v->required) buf_addf(out, " %s", command_placeholder(v, true, text));
    if (c->options) buf_add_text(out, " [OPTION]...");
    for (int i = 0; (v = command_value_at(c->arguments, i)); i++)
        buf_addf(out, v->required ? " %s%s" : " [%s%s]", command_placeholder(v, false, text), v->repeated ? "..." : "");
}

/* --- lists of two columns --- */

static void pad_to(struct buf *out, int have, int want)
{
    for (; have < want; have++) buf_add_text(out, " ");
}

/* The text in lines that begin at the column; the cursor stands there already. */
static void write_wrapped(struct buf *out, const char *text, int column)
{
    struct view rest = view_of(text), word;
    int at = column;
    while ((word = view_word(&rest)).length) {
        char copy[200];
        snprintf(copy, sizeof copy, "%.*s", VIEW_PRINT(word));
        int width = listing_text_width(copy);
        if (at > column && at + 1 + width > WRAP_COLUMN) {
            buf_add_text(out, "\n");
            pad_to(out, 0, column);
            at = column;
        }
        if (at > column) buf_add_text(out, " "), at++;
        buf_add(out, word.bytes, word.length);
        at += width;
    }
    buf_add_text(out, "\n");
}

static void write_values(struct buf *out, const char *heading, const struct command_value *values, bool options)
{
    const struct command_value *v;
    char text[COMMAND_PLACEHOLDER_MAX];
    int widest = 0;
    if (!command_value_at(values, 0)) return;
    for (int i = 0; (v = command_value_at(values, i)); i++) {
        int width = listing_text_width(command_placeholder(v, options, text));
        if (width > widest && width <= 30) widest = width;
    }
    int column = widest + (options ? 8 : 4);
    buf_addf(out, "\n%s:\n", heading);
    for (int i = 0; (v = command_value_at(values, i)); i++) {
        char letter[8] = "    ", doc[600];
        command_placeholder(v, options, text);
        if (v->letter) snprintf(letter, sizeof letter, "-%c, ", v->letter);
        buf_addf(out, "  %s%s", options ? letter : "", text);
        int have = listing_text_width(text) + (options ? 6 : 2);
        if (have > column - 2) buf_add_text(out, "\n"), have = 0;
        pad_to(out, have, column);
        snprintf(doc, sizeof doc, "%s%s%s", v->doc ? v->doc : "", options && v->required ? " (required)" : "",
                 v->repeated ? " (may be repeated)" : "");
        write_wrapped(out, doc, column);
    }
}

void command_write_help(const struct command *c, struct buf *out)
{
    buf_addf(out, "crmx %s: %s\n\nUsage:\n  ", c->name, c->summary);
    command_write_usage(c, out);
    buf_add_text(out, "\n");
    for (const char *p = c->description; p && *p;) {
        size_t n = strcspn(p, "\n");
        char paragraph[2000];
        snprintf(paragraph, sizeof paragraph, "%.*s", (int)n, p);
        buf_add_text(out, "\n");
        write_wrapped(out, paragraph, 0);
        p += n + (p[n] == '\n');
    }
    if (c->rows && *c->rows) buf_addf(out, "\nTables of the page, for --csv --rows NAME: %s\n", c->rows);
    write_values(out, "Arguments", c->arguments, false);
    write_values(out, "Options", c->options, true);
    command_write_rules(c, out);
    write_values(out, "Options of every command", COMMAND_GLOBAL_OPTIONS, true);
    if (c->examples) buf_addf(out, "\nExamples:\n");
    for (const char *p = c->examples; p && *p;) {
        size_t n = strcspn(p, "\n");
        buf_addf(out, "  %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

/* Commands whose name begins with the word (all when it is empty), with their summaries; returns how many. */
static int write_commands(const struct command *const commands[], const char *word, struct buf *out)
{
    size_t length = strlen(word);
    int widest = 0, count = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; commands[i]; i++) {
            const char *name = commands[i]->name;
            if (length && (strncmp(name, word, length) != 0 || (name[length] != ' ' && name[length] != 0))) continue;
            if (pass == 0) {
                int width = (int)strlen(name);
                if (width > widest) widest = width;
                count++;
                continue;
            }
            buf_addf(out, "  %s", name);
            pad_to(out, (int)strlen(name) + 2, widest + 4);
            write_wrapped(out, commands[i]->summary, widest + 4);
        }
    return count;
}

void command_write_overview(const struct command *const commands[], struct buf *out)
{
    buf_add_text(out,
                 "crmx: from a bank's core-system files to integrated, scored customers in the CRM, every night.\n\n"
                 "Usage:\n  crmx COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n");
    write_commands(commands, "", out);
    write_values(out, "Options of every command", COMMAND_GLOBAL_OPTIONS, true);
    buf_add_text(out, "\nMore about one: crmx help COMMAND\n"
                      "Exit codes: 0 ok, 2 not started: try again, 4 done with warnings, 6 stopped at a checkpoint,\n"
                      "  8 failed: the same command continues, 12 nothing committed, 16 set-up or environment\n");
}

void command_write_group(const struct command *const commands[], const char *word, struct buf *out)
{
    write_commands(commands, word, out);
}

/* --- not found --- */

/* Words typed may be arguments of a shorter name: every number of leading words is compared. */
static const char *nearest_command(const struct command *const commands[], const char *typed)
{
    const char *best = NULL;
    int distance = NEAREST_NAME_MAX;
    for (const char *end = typed + strlen(typed); end > typed;) {
        char part[200];
        struct nearest n;
        snprintf(part, sizeof part, "%.*s", (int)(end - typed), typed);
        nearest_init(&n, part);
        for (int i = 0; commands[i]; i++) nearest_try(&n, commands[i]->name);
        if (n.name && n.distance < distance) best = n.name, distance = n.distance;
        for (end--; end > typed && *end != ' ';) end--;
    }
    return best;
}

/* "run daily, run initial": the commands that begin with the first word typed. */
static bool list_group(const struct command *const commands[], const char *word, char *list, size_t room)
{
    size_t length = strcspn(word, " ");
    list[0] = 0;
    for (int i = 0; commands[i]; i++) {
        const char *name = commands[i]->name;
        if (strncmp(name, word, length) != 0 || name[length] != ' ') continue;
        size_t used = strlen(list);
        snprintf(list + used, room - used, "%scrmx %s", used ? ", " : "", name);
    }
    return list[0] != 0;
}

bool command_unknown(const struct command *const commands[], const char *typed, struct status *st)
{
    char list[STATUS_HINT_MAX - 32];
    const char *near = nearest_command(commands, typed);
    size_t first = strcspn(typed, " ");
    if (near) {
        status_fail(st, STATUS_USAGE, "there is no command \"%s\"", typed);
        return status_hint(st, "did you mean: crmx %s", near);
    }
    if (list_group(commands, typed, list, sizeof list)) {
        if (typed[first])
            status_fail(st, STATUS_USAGE, "there is no command \"%s\"", typed);
        else
            status_fail(st, STATUS_USAGE, "\"%s\" is only the first word of a command", typed);
        return status_hint(st, "one of: %s", list);
    }
    status_fail(st, STATUS_USAGE, "there is no command \"%.*s\"", (int)first, typed);
    return status_hint(st, "all commands: crmx help");
}
