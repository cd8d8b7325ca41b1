/* crmx formula list, show; crmx parameter diff: versions of parameters, as the database has them. */
#include "control/act.h"
#include "control/show.h"
#include "control/show_formula.h"
#include "etl/database_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIFF_LINES_MAX = 4000 };

static const char *const STATES[] = {"draft",  "trialled", "submitted", "approved", "activating",
                                     "active", "retiring", "retired",   NULL};

/* --- list --- */

static int run_list(struct command_call *call)
{
    static const char *const COLUMNS[] = {"version",   "level",   "type",   "state",       "parts",
                                          "threshold", "digest",  "author", "approved_by", "effective_from",
                                          "number",    "passing", "note",   NULL};
    struct parameter_store store = {0};
    int type = command_choice(call, "type", -1), state = command_choice(call, "state", -1);
    const char *values[] = {command_text(call, "unit", NULL), type < 0 ? NULL : ACT_TYPES[type],
                            state < 0 ? NULL : STATES[state]};
    bool ok = act_open(call, false, &store, &call->status) &&
              act_list(call, store.connection, "parameter_list", values, 3, COLUMNS, &call->status);
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
            {.name = "type", .type = COMMAND_CHOICE, .words = ACT_TYPES, .doc = "only for these customers"},
            {.name = "state", .type = COMMAND_CHOICE, .words = STATES, .doc = "only in this state"},
            {0}},
    .examples = "crmx formula list\ncrmx formula list --unit 11 --state submitted",
    .rows = "",
    .run = run_list,
};

/* --- show --- */

static void show_version(struct command_call *call, const struct parameter_version *v)
{
    struct show s;
    show_open(&s, &call->output);
    show_section(&s, "version", "version %" PRId64 ", %s, %s customers", v->version, act_level_name(call, v->level),
                 v->customer_type);
    if (s.json) show_integer(&s, "version", v->version);
    if (s.json) show_text(&s, "level", v->level);
    if (s.json) show_text(&s, "customer_type", v->customer_type);
    show_text(&s, "state", v->state);
    show_text(&s, "digest", v->digest);
    show_text(&s, "threshold",
              v->threshold ? v->threshold
              : s.json     ? NULL
              : v->formula ? "that of the formula"
                           : "inherited");
    show_text(&s, "author", v->author);
    show_text(&s, "drafted", v->created_at);
    show_text(&s, "note", v->note[0] ? v->note : NULL);
    show_text(&s, "reference", v->reference[0] ? v->reference : NULL);
    if (v->trial_generation[0]) {
        show_text(&s, "tried_by", v->trial_by);
        show_textf(&s, "tried_over", "generation %s of unit %s", v->trial_generation, v->trial_unit);
        show_textf(&s, "passing", "%s of %s", v->trial_passing, v->trial_customers);
    }
    show_text(&s, "approved_by", v->approved_by[0] ? v->approved_by : NULL);
    show_text(&s, "approved", v->approved_at[0] ? v->approved_at : NULL);
    show_text(&s, "effective_from", v->effective_from[0] ? v->effective_from : NULL);
    show_text(&s, "file", v->number[0] ? v->number : NULL);
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
    bool ok = act_open(call, false, &store, &call->status) &&
              parameter_store_version(&store, command_integer(call, "version", 0), &v, &call->status);
    if (ok && command_flag(call, "text"))
        fputs(v.formula ? v.formula : "", stdout);
    else if (ok)
        show_version(call, &v);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_show = {
    .name = "formula show",
    .summary = "one version: state, trial, approval, text",
    .arguments = (const struct command_value[]){ACT_VERSION, {0}},
    .options =
        (const struct command_value[]){{.name = "text", .type = COMMAND_FLAG, .doc = "the formula's text alone"}, {0}},
    .examples = "crmx formula show 7\ncrmx formula show 7 --text > my.formula",
    .run = run_show,
};

/* --- diff --- */

struct lines {
    struct view line[DIFF_LINES_MAX];
    int count;
};

static bool split(const char *text, struct lines *l, struct status *st)
{
    l->count = 0;
    for (const char *p = text ? text : ""; *p;) {
        size_t n = strcspn(p, "\n");
        if (l->count == DIFF_LINES_MAX)
            return status_fail(st, STATUS_USAGE, "a text of more than %d lines cannot be compared", DIFF_LINES_MAX);
        l->line[l->count++] = (struct view){p, n};
        p += n + (p[n] == '\n');
    }
    return true;
}

/* Longest common subsequence from the ends on: common[i][k] for the rests a[i…], b[k…]. */
static int print_difference(const struct lines *a, const struct lines *b, struct arena *arena)
{
    size_t width = (size_t)b->count + 1;
    uint16_t *common = arena_array(arena, uint16_t, ((size_t)a->count + 1) * width);
    int changed = 0, i = 0, k = 0;
    for (i = a->count - 1; i >= 0; i--)
        for (k = b->count - 1; k >= 0; k--) {
            uint16_t down = common[(size_t)(i + 1) * width + (size_t)k],
                     right = common[(size_t)i * width + (size_t)k + 1];
            common[(size_t)i * width + (size_t)k] =
                view_equal(a->line[i], b->line[k]) ? (uint16_t)(common[(size_t)(i + 1) * width + (size_t)k + 1] + 1)
                : down > right                     ? down
                                                   : right;
        }
    for (i = 0, k = 0; i < a->count || k < b->count;) {
        if (i < a->count && k < b->count && view_equal(a->line[i], b->line[k])) {
            i++, k++;
        } else if (k == b->count || (i < a->count && common[(size_t)(i + 1) * width + (size_t)k] >=
                                                         common[(size_t)i * width + (size_t)k + 1])) {
            printf("%4d - %.*s\n", i + 1, VIEW_PRINT(a->line[i]));
            i++, changed++;
        } else {
            printf("%4d + %.*s\n", k + 1, VIEW_PRINT(b->line[k]));
            k++, changed++;
        }
    }
    return changed;
}

static bool diff_part(struct command_call *call, const char *part, const char *from, const char *to, int *changed)
{
    struct lines *a = arena_new(&call->arena, struct lines), *b = arena_new(&call->arena, struct lines);
    if (!split(from, a, &call->status) || !split(to, b, &call->status)) return false;
    if (from && to && strcmp(from, to) == 0) return true;
    if (!from && !to) return true;
    printf("%s:%s\n", part, !from ? " was inherited" : !to ? " is inherited now" : "");
    *changed += 1 + print_difference(a, b, &call->arena);
    return true;
}

/* The other version: the one given, else what was in force before it. */
static bool other_version(struct command_call *call, struct parameter_store *store, int64_t version, int64_t *other,
                          struct status *st)
{
    char text[24];
    *other = command_integer(call, "other", 0);
    if (*other) return true;
    snprintf(text, sizeof text, "%" PRId64, version);
    PGresult *r = database_query(store->connection, "parameter_before", (const char *const[]){text}, 1, st);
    if (r && PQntuples(r)) *other = atoll(PQgetvalue(r, 0, 0));
    PQclear(r);
    return r != NULL;
}

/* Without a version of its own the unit followed the head office. *other 0: nor has that one. */
static bool inherited_version(struct parameter_store *store, const struct parameter_version *v, int64_t *other,
                              struct status *st)
{
    struct parameter_version head;
    if (*other || strcmp(v->level, PARAMETER_HEAD) == 0) return true;
    if (!parameter_store_active(store, PARAMETER_HEAD, v->customer_type, &head, st)) return false;
    *other = head.version;
    return true;
}

/* What counted before there was any version: the files of the unit. The head office has none. */
static bool of_files(struct command_call *call, const struct parameter_version *v, struct parameter_version *out,
                     struct status *st)
{
    struct unit *unit;
    int type = strcmp(v->customer_type, ACT_TYPES[CUSTOMER_CORPORATE]) == 0 ? CUSTOMER_CORPORATE : CUSTOMER_PERSONAL;
    *out = (struct parameter_version){.state = "files"};
    if (strcmp(v->level, PARAMETER_HEAD) == 0) {
        status_fail(st, STATUS_USAGE, "nothing of its kind was in force before version %" PRId64, v->version);
        return status_hint(st, "name the version to compare with: crmx parameter diff %" PRId64 " OTHER", v->version);
    }
    if (!show_unit_configured(call, v->level, &unit, st)) return false;
    if (unit->has_threshold[type]) out->threshold = show_decimal(&call->arena, unit->threshold_minor[type], 2);
    if (!unit->formula_name[type]) return true;
    out->formula = act_read_text(call, command_path(call, "formulas/%s.formula", unit->formula_name[type]), st);
    return out->formula != NULL;
}

static bool diff(struct command_call *call, struct parameter_store *store, struct status *st)
{
    struct parameter_version a, b;
    int64_t version = command_integer(call, "version", 0), other;
    int changed = 0;
    if (!other_version(call, store, version, &other, st) || !parameter_store_version(store, version, &b, st) ||
        !inherited_version(store, &b, &other, st) ||
        !(other ? parameter_store_version(store, other, &a, st) : of_files(call, &b, &a, st)))
        return false;
    if (other)
        printf("from version %" PRId64 " (%s) to version %" PRId64 " (%s)\n", other, a.state, version, b.state);
    else
        printf("from the files of unit %s to version %" PRId64 " (%s)\n", b.level, version, b.state);
    if (!diff_part(call, "threshold", a.threshold, b.threshold, &changed) ||
        !diff_part(call, "formula", a.formula, b.formula, &changed) ||
        !diff_part(call, "challenger", a.challenger, b.challenger, &changed))
        return false;
    if (!changed) printf("no difference\n");
    return true;
}

static int run_diff(struct command_call *call)
{
    struct parameter_store store = {0};
    bool ok = act_open(call, false, &store, &call->status) && diff(call, &store, &call->status);
    parameter_store_close(&store);
    return ok ? 0 : command_failed(call);
}

const struct command command_parameter_diff = {
    .name = "parameter diff",
    .summary = "what a version changes: the lines of formula, threshold and challenger",
    .arguments =
        (const struct command_value[]){
            ACT_VERSION,
            {.name = "other",
             .type = COMMAND_INTEGER,
             .minimum = 1,
             .maximum = INT64_MAX,
             .doc = "the version to compare with (default: what was in force before, else the files)"},
            {0}},
    .examples = "crmx parameter diff 7\ncrmx parameter diff 7 3",
    .run = run_diff,
};
