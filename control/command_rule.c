/* Which options and arguments of a command do not go together: out of its table, for the frame and for the help. */
#include "control/command_parse.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64 };

/* The next name of a list; false: there is none. */
static bool next_name(struct view *rest, char name[NAME_MAX_BYTES])
{
    struct view word = view_word(rest);
    ensure(word.length < NAME_MAX_BYTES);
    memcpy(name, word.bytes, word.length);
    name[word.length] = 0;
    return word.length > 0;
}

/* "--top", "NAME=VALUE" */
static const char *shown(const struct command *c, const char *name, char text[COMMAND_PLACEHOLDER_MAX])
{
    bool option;
    const struct command_value *v = command_declared(c, name, &option);
    if (!option) return command_placeholder(v, false, text);
    snprintf(text, COMMAND_PLACEHOLDER_MAX, "--%s", v->name);
    return text;
}

static void add_names(const struct command *c, const char *names, const char *between, struct buf *out)
{
    char name[NAME_MAX_BYTES], text[COMMAND_PLACEHOLDER_MAX];
    struct view rest = view_of(names);
    for (const char *comma = ""; next_name(&rest, name); comma = between)
        buf_addf(out, "%s%s", comma, shown(c, name, text));
}

/* --- the check --- */

static bool fail_together(const struct command *c, const struct command_rule *r, const char *name, const char *other,
                          struct status *st)
{
    char a[COMMAND_PLACEHOLDER_MAX], b[COMMAND_PLACEHOLDER_MAX];
    status_fail(st, STATUS_USAGE, "crmx %s: %s and %s do not go together", c->name, shown(c, name, a),
                shown(c, other, b));
    return status_hint(st, "%s", r->hint ? r->hint : "leave one of them out");
}

static bool fail_alone(const struct command *c, const struct command_rule *r, const char *name, struct status *st)
{
    char text[COMMAND_PLACEHOLDER_MAX];
    struct buf names;
    buf_init(&names, STATUS_MESSAGE_MAX);
    add_names(c, r->only_with, " or ", &names);
    status_fail(st, STATUS_USAGE, "crmx %s: %s says nothing without %s", c->name, shown(c, name, text), names.bytes);
    buf_release(&names);
    return r->hint ? status_hint(st, "%s", r->hint) : status_hint(st, "leave it out, or see: crmx help %s", c->name);
}

static bool any_given(const struct command_call *call, const char *names)
{
    char name[NAME_MAX_BYTES];
    struct view rest = view_of(names);
    while (next_name(&rest, name))
        if (command_given(call, name)) return true;
    return false;
}

static bool check(const struct command_call *call, const struct command_rule *r, const char *name, struct status *st)
{
    char other[NAME_MAX_BYTES];
    struct view rest = view_of(r->not_with ? r->not_with : "");
    while (next_name(&rest, other))
        if (command_given(call, other)) return fail_together(call->command, r, name, other, st);
    return !r->only_with || any_given(call, r->only_with) || fail_alone(call->command, r, name, st);
}

bool command_check_rules(const struct command_call *call, struct status *st)
{
    char name[NAME_MAX_BYTES];
    for (const struct command_rule *r = call->command->rules; r && r->names; r++) {
        struct view rest = view_of(r->names);
        while (next_name(&rest, name))
            if (command_given(call, name) && !check(call, r, name, st)) return false;
    }
    return true;
}

/* --- the help --- */

void command_write_rules(const struct command *c, struct buf *out)
{
    if (c->rules && c->rules->names) buf_add_text(out, "\nWhat goes together:\n");
    for (const struct command_rule *r = c->rules; r && r->names; r++) {
        buf_add_text(out, "  ");
        add_names(c, r->names, ", ", out);
        buf_add_text(out, r->not_with ? ": not with " : ": only with ");
        add_names(c, r->not_with ? r->not_with : r->only_with, r->not_with ? ", " : " or ", out);
        if (r->not_with && r->only_with) {
            buf_add_text(out, "; only with ");
            add_names(c, r->only_with, " or ", out);
        }
        buf_add_text(out, "\n");
    }
}
