/* crmx formula submit, withdraw, approve, reject, discard, activate, retire, rollback: one action each, whose rules the
 * database keeps. */
#include "base/date.h"
#include "control/act.h"
#include "control/show_version.h"

#include <string.h>

/* "abcdef12", the beginning of the digest the person has looked at: refused when the version holds something else. */
static bool check_digest(struct command_call *call, const struct parameter_version *v, struct status *st)
{
    const char *given = command_text(call, "digest", NULL);
    size_t n = given ? strlen(given) : 0;
    if (!given || (n >= 8 && strncmp(given, v->digest, n) == 0)) return true;
    if (n < 8) return status_fail(st, STATUS_USAGE, "--digest: at least 8 characters are needed");
    status_fail(st, STATUS_USAGE, "version %lld is not what you looked at: its digest is %.12s…", (long long)v->version,
                v->digest);
    return status_hint(st, "look at it again: crmx formula show %lld", (long long)v->version);
}

/* What was tried is what is submitted and approved; a submission also says what the lint has found. Other states than
 * these are the database's to refuse. */
static bool check_trial(struct command_call *call, struct parameter_store *store, const struct parameter_version *v,
                        const char *action, const char **reason, struct status *st)
{
    bool submits = strcmp(action, "submit") == 0 && strcmp(v->state, "trialled") == 0;
    bool approves = strcmp(action, "approve") == 0 && strcmp(v->state, "submitted") == 0;
    /* The formula of a file may have been changed since the approval. */
    bool activates =
        strcmp(action, "activate") == 0 && strcmp(v->state, "approved") == 0 && !v->formula && v->trial_unit[0];
    struct show_version content;
    const char *lint;
    if (!submits && !approves && !activates) return true;
    bool ok = show_version_content(store, v, &content, st) && show_version_check(call->work, v, &content, st);
    if (ok && submits) {
        ok = show_version_lint(call, v, &content, &lint, st);
        if (ok) *reason = arena_printf(&call->arena, "%s%s%s", *reason, **reason ? "; " : "", lint);
    }
    show_version_close(&content);
    return ok;
}

static bool act(struct command_call *call, struct parameter_store *store, struct parameter_result *result,
                struct status *st)
{
    struct parameter_version v;
    const char *reason = command_text(call, "reason", "");
    const char *action = strrchr(call->command->name, ' ') + 1;
    bool dated = strcmp(action, "activate") == 0 || strcmp(action, "retire") == 0 || strcmp(action, "rollback") == 0;
    if (!parameter_store_version(store, command_integer(call, "version", 0), &v, st) ||
        (strcmp(action, "approve") == 0 && !check_digest(call, &v, st)) ||
        !check_trial(call, store, &v, action, &reason, st))
        return false;
    struct parameter_act a = {.action = action,
                              .version = v.version,
                              .digest = v.digest,
                              .reason = reason,
                              .effective_from = dated ? command_date(call, "from", DATE_NONE) : DATE_NONE};
    return parameter_store_act(store, &a, result, st);
}

static int run(struct command_call *call)
{
    struct parameter_store store = {0};
    struct parameter_result result;
    bool ok = act_open(call, true, &store, &call->status) && act(call, &store, &result, &call->status);
    if (ok) act_print(call, &result);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

#define ARGUMENTS                                                                                                      \
    (const struct command_value[])                                                                                     \
    {                                                                                                                  \
        ACT_VERSION,                                                                                                   \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }
#define OPTIONS                                                                                                        \
    (const struct command_value[])                                                                                     \
    {                                                                                                                  \
        ACT_REASON, ACT_AS,                                                                                            \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }
#define OPTIONS_DATED                                                                                                  \
    (const struct command_value[])                                                                                     \
    {                                                                                                                  \
        ACT_FROM, ACT_REASON, ACT_AS,                                                                                  \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }

const struct command command_formula_submit = {
    .name = "formula submit",
    .summary = "hand a version that was tried to the second person; its content is fixed from now on",
    .description =
        "Only what was tried as it is now, over a whole generation and without an error, can be submitted. What "
        "crmx formula lint says about it is shown, its text and the population, and its warnings are recorded with the "
        "submission.",
    .arguments = ARGUMENTS,
    .options = OPTIONS,
    .examples = "crmx formula submit 7 --as wang",
    .rows = "",
    .run = run,
};

const struct command command_formula_withdraw = {
    .name = "formula withdraw",
    .summary = "take a submitted version back: it is a draft again",
    .arguments = ARGUMENTS,
    .options = OPTIONS,
    .examples = "crmx formula withdraw 7 --reason 'a coefficient is wrong' --as wang",
    .rows = "",
    .run = run,
};

const struct command command_formula_approve = {
    .name = "formula approve",
    .summary = "approve a submitted version; never one's own",
    .description =
        "Who drafted, edited, imported or submitted the version is refused, by the database. What is approved "
        "is the content that was tried, by its digest.",
    .arguments = ARGUMENTS,
    .options = (const struct command_value[]){{.name = "digest",
                                               .type = COMMAND_TEXT,
                                               .placeholder = "DIGEST",
                                               .doc = "only if it still is what you looked at: its first characters"},
                                              ACT_REASON,
                                              ACT_AS,
                                              {0}},
    .examples = "crmx formula approve 7 --as zhao\ncrmx formula approve 7 --digest 5d41402abc4b --as zhao",
    .rows = "",
    .run = run,
};

const struct command command_formula_reject = {
    .name = "formula reject",
    .summary = "send a submitted or approved version back to its author",
    .arguments = ARGUMENTS,
    .options = OPTIONS,
    .examples = "crmx formula reject 7 --reason 'too many pass by the loan term alone' --as zhao",
    .rows = "",
    .run = run,
};

const struct command command_formula_discard = {
    .name = "formula discard",
    .summary = "give a draft up",
    .arguments = ARGUMENTS,
    .options = OPTIONS,
    .examples = "crmx formula discard 7 --reason 'superseded by 8' --as wang",
    .rows = "",
    .run = run,
};

const struct command command_formula_activate = {
    .name = "formula activate",
    .summary = "bring an approved version into force, from a business date on",
    .description =
        "Written into state/parameters, which runs read. A date that was run keeps the parameters it was run "
        "with: --from must lie behind it.",
    .arguments = ARGUMENTS,
    .options = OPTIONS_DATED,
    .examples = "crmx formula activate 7 --from 2026-11-01 --as wang",
    .rows = "",
    .run = run,
};

const struct command command_formula_retire = {
    .name = "formula retire",
    .summary = "end an active version: what it inherited from counts again (the head office, else formulas/)",
    .arguments = ARGUMENTS,
    .options = OPTIONS_DATED,
    .examples = "crmx formula retire 7 --reason 'the branch follows the head office again' --as zhao",
    .rows = "",
    .run = run,
};

const struct command command_formula_rollback = {
    .name = "formula rollback",
    .summary = "undo an activation: the version before it counts again",
    .arguments = ARGUMENTS,
    .options = OPTIONS_DATED,
    .examples = "crmx formula rollback 7 --reason 'selects 40 % more than tried' --as zhao",
    .rows = "",
    .run = run,
};
