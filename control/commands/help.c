#include "base/os.h"
#include "control/command.h"

#include <stdio.h>
#include <string.h>

/* The words typed, with single blanks; "" when there are none. */
static const char *typed_words(struct command_call *call)
{
    const char *text = "";
    for (int i = 0; i < command_count(call, "command"); i++)
        text = arena_printf(&call->arena, "%s%s%s", text, i ? " " : "", command_text_at(call, "command", i));
    return text;
}

static int run(struct command_call *call)
{
    struct buf out;
    const char *words = typed_words(call);
    const struct command *c = command_find(call->commands, words);
    buf_init(&out, 1 << 20);
    if (!*words)
        command_write_overview(call->commands, &out);
    else if (c)
        command_write_help(c, &out);
    else
        command_write_group(call->commands, words, &out);
    bool found = out.length > 0;
    if (found) fputs(out.bytes, stdout);
    buf_release(&out);
    if (found) return 0;
    command_unknown(call->commands, words, &call->status);
    return command_failed(call);
}

const struct command command_help = {
    .name = "help",
    .summary = "all commands, or everything about one",
    .arguments = (const struct command_value[]){{.name = "command",
                                                 .type = COMMAND_TEXT,
                                                 .repeated = true,
                                                 .doc = "its words, or the first one: help config, help config show"},
                                                {0}},
    .needs = COMMAND_NEEDS_NOTHING,
    .run = run,
};
