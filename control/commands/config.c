#include "base/os.h"
#include "control/command.h"
#include "control/listing.h"

#include <stdio.h>
#include <string.h>

static int run_show(struct command_call *call)
{
    static const char *const WITH_ORIGIN[] = {"option", "value", "origin", NULL};
    static const char *const WITHOUT[] = {"option", "value", NULL};
    bool origin = command_flag(call, "origin") || call->json;
    const char *unit = command_text(call, "unit", NULL);
    struct listing t;
    if (unit && !options_add_unit(call->options, command_path(call, "units/%s.ini", unit), &call->status))
        return command_failed(call);
    listing_init(&t, origin ? WITH_ORIGIN : WITHOUT);
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option_entry *e = &OPTION_TABLE[id];
        listing_text(&t, arena_printf(&call->arena, "%s.%s", e->section, e->key));
        listing_text(&t, option_shown(call->options, id));
        if (origin) listing_text(&t, option_origin(call->options, id));
    }
    listing_print(&t, &call->output);
    listing_release(&t);
    return 0;
}

const struct command command_config_show = {
    .name = "config show",
    .summary = "the options in force in this working folder",
    .description = "Layers, later ones win: built-in, crmx.ini, conf.d/*.ini, the unit's file, environment "
                   "CRMX_SECTION_KEY, --set SECTION.KEY=VALUE. What each option means: docs/options.md.",
    .options =
        (const struct command_value[]){
            {.name = "origin", .letter = 'o', .type = COMMAND_FLAG, .doc = "also where each value comes from"},
            {.name = "unit",
             .letter = 'u',
             .type = COMMAND_TEXT,
             .placeholder = "UNIT",
             .doc = "as a run of this unit sees them"},
            {0}},
    .examples = "crmx config show --origin\ncrmx config show --unit 11 --set run.threads=2",
    .needs = COMMAND_NEEDS_WORK,
    .rows = "",
    .run = run_show,
};

static int run_doc(struct command_call *call)
{
    struct buf out;
    bool ok = true;
    buf_init(&out, 1 << 20);
    if (command_flag(call, "ini"))
        ok = option_write_ini(&out, NULL, &call->status);
    else
        option_write_manual(&out);
    if (ok) fputs(out.bytes, stdout);
    buf_release(&out);
    return ok ? 0 : command_failed(call);
}

const struct command command_config_doc = {
    .name = "config doc",
    .summary = "the manual of all options, in Markdown",
    .options =
        (const struct command_value[]){
            {.name = "ini", .type = COMMAND_FLAG, .doc = "a crmx.ini that explains every option instead"}, {0}},
    .examples = "crmx config doc > docs/options.md\ncrmx config doc --ini > config/crmx.ini",
    .needs = COMMAND_NEEDS_NOTHING,
    .run = run_doc,
};
