/* crmx formula draft, edit, import: versions of parameters before anybody has approved them. */
#include "control/act.h"
#include "control/show_formula.h"
#include "control/show_source.h"
#include "control/show_unit.h"
#include "control/show_value.h"
#include "etl/database_query.h"
#include "scoring/formula.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { IMPORT_MAX = 64 << 20, IMPORT_VERSIONS_MAX = 1000 };

/* --- content --- */

/* Is it a formula at all? What only the layouts can tell is found by the trial. */
static bool check_formula(const char *name, const char *text, struct status *st)
{
    struct formula *f = NULL;
    bool ok = formula_parse(name, view_of(text), &f, st);
    if (f) formula_free(f);
    return ok;
}

/* "500000" → "500000.00" */
static const char *threshold_text(struct command_call *call, const char *given, struct status *st)
{
    int64_t minor;
    if (show_parse_amount("threshold", given, &minor, st) && minor >= 0)
        return arena_printf(&call->arena, "%" PRId64 ".%02d", minor / 100, (int)(minor % 100));
    status_clear(st);
    status_fail(st, STATUS_USAGE, "\"%s\" is no threshold", given);
    status_hint(st, "an amount in yuan such as 500000 or 500000.00");
    return NULL;
}

/* The text of another version, to go on from; NULL: a status. */
static const char *text_of_version(struct command_call *call, int64_t version, struct status *st)
{
    struct parameter_store store = {0};
    struct parameter_version v;
    const char *text = NULL;
    if (act_open(call, false, &store, st) && parameter_store_version(&store, version, &v, st)) {
        if (v.formula)
            text = arena_dup(&call->arena, view_of(v.formula));
        else
            status_fail(st, STATUS_USAGE, "version %" PRId64 " has no formula of its own: it is inherited", version);
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
    status_fail(st, STATUS_USAGE, "the head office has no formula for %s customers", ACT_TYPES[type]);
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
    int type = strcmp(customer_type, ACT_TYPES[CUSTOMER_CORPORATE]) == 0 ? CUSTOMER_CORPORATE : CUSTOMER_PERSONAL;
    if (strcmp(level, PARAMETER_HEAD) != 0) call->unit = level;
    if (threshold) a->threshold = threshold_text(call, threshold, st);
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

/* What is not given stays as it is in force at this level, so that a new threshold does not lose the unit's formula. */
static bool keep_parts(struct parameter_store *store, struct parameter_act *a, int inherit, struct status *st)
{
    struct parameter_version v;
    if (!parameter_store_active(store, a->level, a->customer_type, &v, st)) return false;
    const char **parts[] = {&a->formula, &a->threshold, &a->challenger},
               *in_force[] = {v.formula, v.threshold, v.challenger};
    for (int i = 0; i < 3; i++) {
        if (i == inherit)
            *parts[i] = NULL;
        else if (!*parts[i])
            *parts[i] = in_force[i];
    }
    return true;
}

static bool draft(struct command_call *call, struct parameter_store *store, struct parameter_result *result,
                  struct status *st)
{
    struct parameter_act a = {.action = "draft",
                              .reason = command_text(call, "reason", ""),
                              .customer_type = ACT_TYPES[command_choice(call, "type", 0)],
                              .level = act_level(call, st)};
    int inherit = command_choice(call, "inherit", -1);
    if (!a.level || !check_inherit(call, st) || !read_parts(call, &a, a.level, a.customer_type, st)) return false;
    if (!a.formula && !a.threshold && !a.challenger && inherit < 0) {
        status_fail(st, STATUS_USAGE, "crmx formula draft: what shall be in it?");
        return status_hint(st, "give --file FILE, --threshold YUAN or --challenger FILE");
    }
    if (!act_open(call, true, store, st) || !keep_parts(store, &a, inherit, st)) return false;
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
    .options =
        (const struct command_value[]){
            PARTS,
            {.name = "type", .type = COMMAND_CHOICE, .words = ACT_TYPES, .doc = "which customers", .required = true},
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

/* --- import --- */

/* An object of the file, for messages: "crm.json":7: parameters 2, reference CRM-4. The line is that of the reference.
 * */
static const char *place_of(struct command_call *call, const char *path, const char *text, int index, json_t *o)
{
    const char *reference = json_string_value(json_object_get(o, "reference"));
    const char *at = reference ? strstr(text, arena_printf(&call->arena, "\"%s\"", reference)) : NULL;
    int line = 1;
    for (const char *p = text; at && p < at; p++) line += *p == '\n';
    return arena_printf(&call->arena, "\"%s\"%s: parameters %d%s%s", path,
                        at ? arena_printf(&call->arena, ":%d", line) : "", index + 1, reference ? ", reference " : "",
                        reference ? reference : "");
}

static bool import_fail(const char *place, struct status *st, const char *what)
{
    status_fail(st, STATUS_INPUT, "%s: %s", place, what);
    return status_hint(st,
                       "see \"Parameters from the CRM\" in docs/formats.md; have the file corrected and sent again");
}

/* As a run of the unit would read it: nobody who sees the mistake sits before an import. */
static bool check_for_unit(struct command_call *call, const char *unit, const char *name, const char *text,
                           struct status *st)
{
    struct unit *u = NULL;
    struct formula *f = NULL;
    struct show_binding bound;
    bool ok = show_unit_configured(call, unit, &u, st) && formula_parse(name, view_of(text), &f, st) &&
              show_formula_bind(call, u, f, name, &bound, st);
    if (ok) show_binding_close(&bound);
    formula_free(f);
    return ok;
}

/* Of the head office: as one unit at least would read it; others may have their own. */
static bool check_imported(struct command_call *call, const char *place, const struct parameter_act *a,
                           const char *part, const char *text, struct status *st)
{
    const char **ids, *name = arena_printf(&call->arena, "%s of reference %s", part, a->reference);
    bool head = strcmp(a->level, PARAMETER_HEAD) == 0, ok = !head && check_for_unit(call, a->level, name, text, st);
    int count = 0;
    if (head && !show_units(call, &ids, &count, st)) return false;
    for (int i = 0; !ok && i < count; i++) {
        *st = (struct status){0};
        ok = check_for_unit(call, ids[i], name, text, st);
    }
    if (ok) return true;
    if (st->code == STATUS_USAGE) st->code = STATUS_INPUT; /* the file's fault, not the caller's */
    status_hint(st, "nothing was imported; have the file corrected and sent again");
    return status_while(st, "checking what %s says for %s", place, act_level_name(call, a->level));
}

/* One object of the file. Every member must be known: a misspelt threshold would be none. */
static bool read_object(struct command_call *call, const char *place, json_t *o, struct parameter_act *a,
                        struct status *st)
{
    static const char *const KEYS[] = {"reference", "unit",       "customer_type", "formula",
                                       "threshold", "challenger", "note"};
    const char **to[] = {&a->reference, &a->level,      &a->customer_type, &a->formula,
                         &a->threshold, &a->challenger, &a->reason};
    const char *key;
    json_t *value;
    *a = (struct parameter_act){.action = "import", .reason = ""};
    if (!json_is_object(o)) return import_fail(place, st, "an object is needed");
    json_object_foreach(o, key, value)
    {
        size_t k = 0;
        while (k < sizeof KEYS / sizeof *KEYS && strcmp(key, KEYS[k]) != 0) k++;
        if (k == sizeof KEYS / sizeof *KEYS)
            return import_fail(place, st, arena_printf(&call->arena, "\"%s\" is no member of it", key));
        if (!json_is_string(value)) return import_fail(place, st, arena_printf(&call->arena, "\"%s\" is no text", key));
        *to[k] = arena_dup(&call->arena, view_of(json_string_value(value)));
    }
    if (!a->reference || !a->level || !a->customer_type)
        return import_fail(place, st, "reference, unit and customer_type are needed");
    if (!a->formula && !a->threshold && !a->challenger)
        return import_fail(place, st, "formula, threshold or challenger is needed");
    bool known = strcmp(a->level, PARAMETER_HEAD) == 0 || os_exists(command_path(call, "units/%s.ini", a->level));
    if (!known || strchr(a->level, '/'))
        return import_fail(place, st, arena_printf(&call->arena, "there is no unit \"%s\"", a->level));
    if (strcmp(a->customer_type, ACT_TYPES[0]) != 0 && strcmp(a->customer_type, ACT_TYPES[1]) != 0)
        return import_fail(place, st, "customer_type is personal or corporate");
    if (a->threshold && !(a->threshold = threshold_text(call, a->threshold, st))) {
        const char *what = arena_dup(&call->arena, view_of(st->message));
        status_clear(st);
        return import_fail(place, st, what);
    }
    return (!a->formula || check_imported(call, place, a, "formula", a->formula, st)) &&
           (!a->challenger || check_imported(call, place, a, "challenger", a->challenger, st));
}

/* Each reference once: the same again is fine, another content under it is not. What the file does not give, and what
 * was edited since, does not matter. */
static bool imported_before(struct command_call *call, struct parameter_store *store, const char *place,
                            const struct parameter_act *a, struct parameter_result *result, struct status *st)
{
    const char *given[] = {a->level, a->customer_type, a->formula, a->threshold, a->challenger};
    bool same = true;
    *result = (struct parameter_result){0};
    PGresult *r = database_query(store->connection, "parameter_reference", (const char *const[]){a->reference}, 1, st);
    if (!r) return false;
    if (PQntuples(r)) {
        result->version = atoll(PQgetvalue(r, 0, 0));
        snprintf(result->state, sizeof result->state, "%s", PQgetvalue(r, 0, 1));
        for (int k = 0; k < 5; k++) same &= !given[k] || strcmp(given[k], PQgetvalue(r, 0, k + 2)) == 0;
    }
    PQclear(r);
    if (same) return true;
    return import_fail(place, st,
                       arena_printf(&call->arena, "reference %s is version %" PRId64 " already, with another content",
                                    a->reference, result->version));
}

static bool import_one(struct command_call *call, struct parameter_store *store, const char *place,
                       struct parameter_act *a, struct listing *rows, struct status *st)
{
    struct parameter_result result;
    if (!imported_before(call, store, place, a, &result, st)) return false;
    bool before = result.version != 0;
    if (!before && (!keep_parts(store, a, -1, st) || !parameter_store_act(store, a, &result, st)))
        return status_while(st, "importing %s", place);
    listing_integer(rows, result.version);
    listing_text(rows, a->reference);
    listing_text(rows, a->level);
    listing_text(rows, a->customer_type);
    listing_text(rows, result.state);
    listing_text(rows, before ? "imported before" : "imported");
    return true;
}

static bool import_all(struct command_call *call, const char *path, const char *text, json_t *root, struct status *st)
{
    static const char *const COLUMNS[] = {"version", "reference", "level", "type", "state", "about", NULL};
    size_t count = json_is_array(root) ? json_array_size(root) : 1;
    struct parameter_store store = {0};
    struct listing rows;
    if (count > IMPORT_VERSIONS_MAX)
        return status_fail(st, STATUS_INPUT, "\"%s\": more than %d parameters", path, IMPORT_VERSIONS_MAX);
    struct parameter_act *acts = arena_array(&call->arena, struct parameter_act, count + 1);
    const char **places = arena_array(&call->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        json_t *o = json_is_array(root) ? json_array_get(root, i) : root;
        places[i] = place_of(call, path, text, (int)i, o);
        if (!read_object(call, places[i], o, &acts[i], st)) return false;
    }
    listing_init(&rows, COLUMNS);
    bool ok = act_open(call, true, &store, st);
    for (size_t i = 0; ok && i < count; i++) ok = import_one(call, &store, places[i], &acts[i], &rows, st);
    if (ok) listing_print(&rows, &call->output);
    listing_release(&rows);
    parameter_store_close(&store);
    return ok;
}

static int run_import(struct command_call *call)
{
    const char *path = command_text(call, "file", NULL);
    struct buf text;
    json_error_t error;
    buf_init(&text, IMPORT_MAX);
    bool ok = os_read_file(path, &text, &call->status);
    json_t *root = ok ? json_loadb(text.bytes ? text.bytes : "", text.length, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (ok && !root) {
        status_fail(&call->status, STATUS_INPUT, "\"%s\" is not JSON: line %d, column %d: %s", path, error.line,
                    error.column, error.text);
        status_hint(&call->status, "see \"Parameters from the CRM\" in docs/formats.md");
    }
    ok = root && import_all(call, path, text.bytes, root, &call->status);
    json_decref(root);
    buf_release(&text);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_import = {
    .name = "formula import",
    .summary = "drafts out of a file of the CRM's; trial and approval follow as for any other",
    .description =
        "A JSON object, or an array of them: reference (the CRM's own number; each is imported once), unit, "
        "customer_type, formula, threshold, challenger, note. The author is CRM; who imports may not approve.",
    .arguments =
        (const struct command_value[]){{.name = "file", .type = COMMAND_TEXT, .doc = "the file", .required = true},
                                       {0}},
    .options = (const struct command_value[]){ACT_AS, {0}},
    .examples = "crmx formula import from_crm.json --as li",
    .rows = "",
    .run = run_import,
};
