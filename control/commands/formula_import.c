/* crmx formula import: drafts out of a file of the CRM's (docs/formats.md, "Parameters from the CRM"). */
#include "control/act.h"
#include "control/show_formula.h"
#include "control/show_unit.h"
#include "etl/database_query.h"
#include "scoring/formula.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { IMPORT_MAX = 64 << 20, IMPORT_VERSIONS_MAX = 1000 };

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
    if (unit_customer_type(a->customer_type) < 0)
        return import_fail(place, st, "customer_type is personal or corporate");
    if (a->threshold && !(a->threshold = act_threshold(call, a->threshold, st))) {
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
    if (!before && (!act_keep_parts(store, a, -1, st) || !parameter_store_act(store, a, &result, st)))
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
    bool ok = act_open(call, true, &store, st) && database_begin(store.connection, st); /* all of the file or nothing */
    for (size_t i = 0; ok && i < count; i++) ok = import_one(call, &store, places[i], &acts[i], &rows, st);
    ok = ok && database_commit(store.connection, st);
    if (!ok && store.connection) database_rollback(store.connection);
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
