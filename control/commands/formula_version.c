/* crmx formula draft, edit: versions of parameters before anybody has approved them. */
#include "control/act.h"
#include "control/show_formula.h"
#include "control/show_source.h"
#include "control/show_value.h"
#include "scoring/formula.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- content --- */

/* Is it a formula at all? What only the layouts can tell is found by the trial. */
static bool check_formula(const char *name, const char *text, struct status *st)
{
    struct formula *f = NULL;
    bool ok = formula_parse(name, view_of(text), &f, st);
    formula_free(f);
    return ok;
}

/* The text of another version, to go on from; NULL: a status. */
static const char *text_of_version(struct command_call *call, int64_t version, struct status *st)
{
    struct parameter_store store = {0};
    struct parameter_version v;
    const char *text = NULL;
    if (act_open(call, false, &store, st) && parameter_store_version(&store, version, &v, st)) {
        if (v.formula) {
            text = arena_dup(&call->arena, view_of(v.formula));
        } else {
            status_fail(st, STATUS_USAGE, "version %" PRId64 " has no formula of its own: it is inherited", version);
            status_hint(st, "leave it out to inherit, too; the text of what counts: active");
        }
    }
    parameter_store_close(&store);
    return text;
}

/* The head office's own, as the last decision has it. */
static const char *text_of_head(struct command_call *call, int type, struct status *st)
{
    struct parameter_set set;
    if (!parameter_load(call->work, &call->arena, &set, st)) return NULL;
    const struct parameter_file *f = parameter_of_level(&set, PARAMETER_HEAD, type, INT32_MAX);
    if (f && f->formula) return f->formula;
    status_fail(st, STATUS_USAGE, "the head office has no formula for %s customers", CUSTOMER_TYPE_NAMES[type]);
    status_hint(st, "see its versions: crmx formula list --unit head; or give a file: --file FILE");
    return NULL;
}

/* A file, a name of formulas/, a version, or what counts now, as everywhere (control/show_source.h). */
static const char *text_of(struct command_call *call, const char *argument, const char *level, int type,
                           struct status *st)
{
    struct show_source source;
    int64_t version;
    if (show_is_version(argument, &version)) return text_of_version(call, version, st);
    if (strcmp(argument, "active") == 0 && strcmp(level, PARAMETER_HEAD) == 0) return text_of_head(call, type, st);
    if (!show_source_open(call, argument, type, &source, st)) return NULL;
    return source.versioned ? arena_dup(&call->arena, source.text) : act_read_text(call, source.path, st);
}

static bool read_formula(struct command_call *call, const char *option, const char *level, int type, const char **text,
                         struct status *st)
{
    const char *argument = command_text(call, option, NULL);
    if (!argument) return true;
    *text = text_of(call, argument, level, type, st);
    return *text && check_formula(argument, *text, st);
}

/* What the options give; what they do not give stays as it is. level, customer_type: whose "active" one is. */
static bool read_parts(struct command_call *call, struct parameter_act *a, const char *level, const char *customer_type,
                       struct status *st)
{
    const char *threshold = command_text(call, "threshold", NULL);
    int type = unit_customer_type(customer_type);
    if (strcmp(level, PARAMETER_HEAD) != 0) call->unit = level;
    if (threshold) a->threshold = act_threshold(call, threshold, st);
    return (!threshold || a->threshold) && read_formula(call, "file", level, type, &a->formula, st) &&
           read_formula(call, "challenger", level, type, &a->challenger, st);
}

static int act_and_print(struct command_call *call, struct parameter_store *store, const struct parameter_act *a)
{
    struct parameter_result result;
    bool ok = parameter_store_act(store, a, &result, &call->status);
    if (ok) act_print(call, &result);
    return ok ? 0 : command_failed(call);
}

#define PARTS                                                                                                          \
    {.name = "file",                                                                                                   \
     .letter = 'f',                                                                                                    \
     .type = COMMAND_TEXT,                                                                                             \
     .placeholder = SHOW_FORMULA_WORDS,                                                                                \
     .doc = "the formula: a file, a name (personal), active, or a version's number"},                                  \
        {.name = "threshold",                                                                                          \
         .letter = 't',                                                                                                \
         .type = COMMAND_TEXT,                                                                                         \
         .placeholder = "YUAN",                                                                                        \
         .doc = "the threshold instead of the one in the formula"},                                                    \
    {                                                                                                                  \
        .name = "challenger", .type = COMMAND_TEXT, .placeholder = SHOW_FORMULA_WORDS,                                 \
        .doc = "a second formula, scored beside it every night without selecting anybody"                              \
    }

static const char *const INHERIT[] = {"formula", "threshold", "challenger", NULL};

/* A part is given or inherited: of both one would be ignored. */
static bool check_inherit(struct command_call *call, struct status *st)
{
    static const char *const OPTIONS[] = {"file", "threshold", "challenger"};
    int inherit = command_choice(call, "inherit", -1);
    if (inherit < 0 || !command_given(call, OPTIONS[inherit])) return true;
    status_fail(st, STATUS_USAGE, "crmx %s: --inherit %s and --%s do not go together", call->command->name,
                INHERIT[inherit], OPTIONS[inherit]);
    return status_hint(st, "leave one of them out");
}

/* --- draft --- */

static bool draft(struct command_call *call, struct parameter_store *store, struct parameter_result *result,
                  struct status *st)
{
    struct parameter_act a = {.action = "draft",
                              .reason = command_text(call, "reason", ""),
                              .customer_type = CUSTOMER_TYPE_NAMES[command_choice(call, "type", 0)],
                              .level = act_level(call, st)};
    int inherit = command_choice(call, "inherit", -1);
    if (!a.level || !check_inherit(call, st) || !read_parts(call, &a, a.level, a.customer_type, st)) return false;
    if (!a.formula && !a.threshold && !a.challenger && inherit < 0) {
        status_fail(st, STATUS_USAGE, "crmx formula draft: what shall be in it?");
        return status_hint(st, "give --file FILE, --threshold YUAN or --challenger FILE");
    }
    if (!act_open(call, true, store, st) || !act_keep_parts(store, &a, inherit, st)) return false;
    if (a.formula || a.threshold || a.challenger) return parameter_store_act(store, &a, result, st);
    status_fail(st, STATUS_USAGE, "nothing would be left of %s's own", act_level_name(call, a.level));
    return status_hint(st, "to follow the head office again: crmx formula retire VERSION --reason TEXT");
}

static int run_draft(struct command_call *call)
{
    struct parameter_store store = {0};
    struct parameter_result result;
    bool ok = draft(call, &store, &result, &call->status);
    if (ok) act_print(call, &result);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_draft = {
    .name = "formula draft",
    .summary = "a new version of formula, threshold or challenger for a unit or the head office",
    .description =
        "What is not given stays as it is in force at that level; where nothing is, it is inherited: a unit "
        "with a threshold alone follows the formula of the head office. Nothing counts before the version was "
        "tried, approved by a second person and activated.",
    .options = (const struct command_value[]){PARTS,
                                              {.name = "type",
                                               .type = COMMAND_CHOICE,
                                               .words = CUSTOMER_TYPE_NAMES,
                                               .doc = "which customers",
                                               .required = true},
                                              {.name = "inherit",
                                               .type = COMMAND_CHOICE,
                                               .words = INHERIT,
                                               .doc = "take this part out: it is inherited from now on"},
                                              ACT_LEVEL,
                                              ACT_REASON,
                                              ACT_AS,
                                              {0}},
    .examples = "crmx formula draft --type personal --file my.formula --reason 'deposits in USD count more' --as wang\n"
                "crmx formula draft --unit head --type corporate --file corporate.formula --as wang\n"
                "crmx formula draft --unit 11 --type personal --threshold 600000 --as wang",
    .rows = "",
    .run = run_draft,
};

/* --- edit --- */

static int edit(struct command_call *call, struct parameter_store *store)
{
    struct parameter_version v;
    struct status *st = &call->status;
    if (!parameter_store_version(store, command_integer(call, "version", 0), &v, st)) return command_failed(call);
    struct parameter_act a = {.action = "edit",
                              .version = v.version,
                              .digest = v.digest,
                              .reason = command_text(call, "reason", ""),
                              .formula = v.formula,
                              .threshold = v.threshold,
                              .challenger = v.challenger};
    const char **parts[] = {&a.formula, &a.threshold, &a.challenger};
    int inherit = command_choice(call, "inherit", -1);
    if (inherit >= 0) *parts[inherit] = NULL;
    if (!read_parts(call, &a, v.level, v.customer_type, st)) return command_failed(call);
    if (!a.formula && !a.threshold && !a.challenger) {
        status_fail(st, STATUS_USAGE, "nothing would be left in version %" PRId64, v.version);
        status_hint(st, "give it up: crmx formula discard %" PRId64 " --reason TEXT", v.version);
        return command_failed(call);
    }
    return act_and_print(call, store, &a);
}

static int run_edit(struct command_call *call)
{
    struct parameter_store store = {0};
    bool any = command_given(call, "file") || command_given(call, "threshold") || command_given(call, "challenger") ||
               command_given(call, "inherit");
    int code = -1;
    if (!any) {
        status_fail(&call->status, STATUS_USAGE, "crmx formula edit: what shall change?");
        status_hint(&call->status, "give --file, --threshold, --challenger, or --inherit PART");
    } else if (check_inherit(call, &call->status) && act_open(call, true, &store, &call->status)) {
        code = edit(call, &store);
    }
    parameter_store_close(&store);
    return code < 0 ? command_failed(call) : code;
}

const struct command command_formula_edit = {
    .name = "formula edit",
    .summary = "change a draft; its trial no longer counts",
    .arguments = (const struct command_value[]){ACT_VERSION, {0}},
    .options = (const struct command_value[]){PARTS,
                                              {.name = "inherit",
                                               .type = COMMAND_CHOICE,
                                               .words = INHERIT,
                                               .doc = "take this part out: it is inherited then"},
                                              ACT_REASON,
                                              ACT_AS,
                                              {0}},
    .examples = "crmx formula edit 7 --file my.formula --as wang\ncrmx formula edit 7 --inherit threshold --as wang",
    .rows = "",
    .run = run_edit,
};
