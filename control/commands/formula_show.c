/* crmx formula list, show: versions of parameters, as the database has them. */
#include "control/act.h"
#include "control/show.h"
#include "control/show_value.h"
#include "etl/database_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const STATES[] = {"draft",  "trialled", "submitted", "approved", "activating",
                                     "active", "retiring", "retired",   NULL};

/* --- list --- */

static bool list_versions(struct command_call *call, PGresult *r, struct act_dates *dates, struct status *st)
{
    enum { LEVEL = 1, STATE = 3, UNTIL = 10 };
    static const char *const COLUMNS[] = {"version",   "level",  "type",    "state",       "parts",
                                          "threshold", "digest", "author",  "approved_by", "effective_from",
                                          "until",     "number", "passing", "note",        NULL};
    int wanted = command_choice(call, "state", -1);
    bool people = call->output.format == LISTING_TEXT, ok = true;
    struct listing rows;
    listing_init(&rows, COLUMNS);
    rows.hide_empty = true;
    for (int i = 0; ok && i < PQntuples(r); i++) {
        struct act_state state;
        ok = act_state(dates, atoll(PQgetvalue(r, i, 0)), PQgetvalue(r, i, LEVEL), PQgetvalue(r, i, STATE), &state, st);
        if (!ok || (wanted >= 0 && strcmp(state.word, STATES[wanted]) != 0)) continue;
        for (int k = 0, from = 0; COLUMNS[k]; k++) {
            const char *value = k == UNTIL ? state.until : PQgetvalue(r, i, from);
            if (k == STATE) value = people ? state.text : state.word;
            from += k != UNTIL;
            listing_text(&rows, value && value[0] ? value : NULL);
        }
    }
    if (ok) listing_print(&rows, &call->output);
    listing_release(&rows);
    return ok;
}

static bool list(struct command_call *call, struct parameter_store *store, struct status *st)
{
    struct act_dates dates;
    int type = command_choice(call, "type", -1);
    const char *values[] = {command_text(call, "unit", NULL), type < 0 ? NULL : CUSTOMER_TYPE_NAMES[type], NULL};
    if (!act_check_level(call, st) || !act_open(call, false, store, st) || !act_dates_open(&dates, store, st))
        return false;
    PGresult *r = database_query(store->connection, "parameter_list", values, 3, st);
    bool ok = r && list_versions(call, r, &dates, st);
    PQclear(r);
    return ok;
}

static int run_list(struct command_call *call)
{
    struct parameter_store store = {0};
    bool ok = list(call, &store, &call->status);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_list = {
    .name = "formula list",
    .summary = "the versions of formulas, thresholds and challengers, with their states",
    .options =
        (const struct command_value[]){
            {.name = "unit",
             .letter = 'u',
             .type = COMMAND_TEXT,
             .placeholder = "UNIT",
             .doc = "only of this unit, or head"},
            {.name = "type", .type = COMMAND_CHOICE, .words = CUSTOMER_TYPE_NAMES, .doc = "only for these customers"},
            {.name = "state", .type = COMMAND_CHOICE, .words = STATES, .doc = "only in this state"},
            {0}},
    .examples = "crmx formula list\ncrmx formula list --unit 11 --state submitted",
    .rows = "",
    .run = run_list,
};

/* --- show --- */

static void show_trial_of(struct command_call *call, struct show *s, const struct parameter_version *v)
{
    bool tried = v->trial_generation[0];
    show_text(s, "tried_by", tried ? v->trial_by : NULL);
    show_text(s, "tried_over",
              tried ? arena_printf(&call->arena, "generation %s of unit %s", v->trial_generation, v->trial_unit)
                    : NULL);
    show_text(s, "passing",
              tried ? arena_printf(&call->arena, "%s of %s", v->trial_passing, v->trial_customers) : NULL);
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void show_version(struct command_call *call, const struct parameter_version *v, const struct act_state *state)
{
    struct show s;
    show_open(&s, &call->output);
    show_section(&s, "version", "version %" PRId64 ", %s, %s customers", v->version, act_level_name(call, v->level),
                 v->customer_type);
    if (s.json) show_integer(&s, "version", v->version);
    if (s.json) show_text(&s, "level", v->level);
    if (s.json) show_text(&s, "customer_type", v->customer_type);
    show_text(&s, "state", s.json ? state->word : state->text);
    show_text(&s, "digest", v->digest);
    /* The digest of the version covers threshold and texts; each text has one of its own. */
    show_text(&s, "formula_digest", v->formula ? show_digest(call, v->formula) : NULL);
    show_text(&s, "challenger_digest", v->challenger ? show_digest(call, v->challenger) : NULL);
    show_text(&s, "threshold",
              v->threshold ? v->threshold
              : s.json     ? NULL
              : v->formula ? "that of the formula"
                           : "inherited");
    show_text(&s, "author", v->author);
    show_text(&s, "drafted", v->created_at);
    show_text(&s, "note", or_null(v->note));
    show_text(&s, "reference", or_null(v->reference));
    show_trial_of(call, &s, v);
    show_text(&s, "approved_by", or_null(v->approved_by));
    show_text(&s, "approved", or_null(v->approved_at));
    show_text(&s, "effective_from", or_null(v->effective_from));
    show_text(&s, "until", state->until);
    show_text(&s, "file", or_null(v->number));
    if (s.json) show_text(&s, "formula", v->formula);
    if (s.json) show_text(&s, "challenger", v->challenger);
    show_print(&s);
    if (call->json) return;
    printf("\n%s\n", v->formula ? v->formula : "formula: inherited");
    if (v->challenger) printf("challenger:\n\n%s\n", v->challenger);
}

static int run_show(struct command_call *call)
{
    struct parameter_store store = {0};
    struct parameter_version v;
    struct act_dates dates;
    struct act_state state;
    bool ok = act_open(call, false, &store, &call->status) &&
              parameter_store_version(&store, command_integer(call, "version", 0), &v, &call->status) &&
              act_dates_open(&dates, &store, &call->status) &&
              act_state(&dates, v.version, v.level, v.state, &state, &call->status);
    if (ok && command_flag(call, "text"))
        fputs(v.formula ? v.formula : "", stdout);
    else if (ok)
        show_version(call, &v, &state);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_show = {
    .name = "formula show",
    .summary = "one version: state, trial, approval, text",
    .arguments = (const struct command_value[]){ACT_VERSION, {0}},
    .options =
        (const struct command_value[]){{.name = "text", .type = COMMAND_FLAG, .doc = "the formula's text alone"}, {0}},
    .rules =
        (const struct command_rule[]){
            {"text", .not_with = "json csv", .hint = "--text is the formula and nothing else"}, {0}},
    .examples = "crmx formula show 7\ncrmx formula show 7 --text > my.formula",
    .rows = "version",
    .run = run_show,
};
