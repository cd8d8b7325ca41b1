#include "control/show_source.h"

#include "base/date.h"
#include "base/nearest.h"
#include "base/os.h"
#include "control/act.h"
#include "control/follow.h"
#include "control/show_unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    FILE_MAX = 1 << 30, /* formula_parse says what is too much */
    VERSION_DIGITS_MAX = 18
};

/* --- a file --- */

struct names {
    struct nearest nearest;
    struct arena *arena;
};

static bool note_name(void *context, const char *file)
{
    struct names *n = context;
    size_t length = strlen(file), ending = strlen(".formula");
    if (length > ending && strcmp(file + length - ending, ".formula") == 0)
        nearest_try(&n->nearest, arena_dup(n->arena, (struct view){file, length - ending}));
    return true;
}

static bool unknown_name(struct command_call *call, const char *name, struct status *st)
{
    struct names n = {.arena = &call->arena};
    struct status ignored = {0};
    nearest_init(&n.nearest, name);
    nearest_try(&n.nearest, "active");
    status_fail(st, STATUS_USAGE, "there is no formula \"%s\" (%s)", name,
                command_path(call, "formulas/%s.formula", name));
    if (os_exists(command_path(call, "formulas"))) os_list(command_path(call, "formulas"), note_name, &n, &ignored);
    if (n.nearest.name) return status_hint(st, "did you mean %s?", n.nearest.name);
    return status_hint(st, "give a file (./%s.formula), or see the formulas that are there: crmx layout check", name);
}

static bool is_file(const char *text)
{
    size_t length = strlen(text), ending = strlen(".formula");
    return strchr(text, '/') || (length > ending && strcmp(text + length - ending, ".formula") == 0);
}

static const char *base_name(struct command_call *call, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = strlen(name), ending = strlen(".formula");
    if (n > ending && strcmp(name + n - ending, ".formula") == 0) n -= ending;
    return arena_dup(&call->arena, (struct view){name, n});
}

static bool read_file(struct command_call *call, const char *path, struct show_source *out, struct status *st)
{
    struct buf text;
    buf_init(&text, FILE_MAX);
    bool ok = os_read_file(path, &text, st);
    if (ok) out->text = view_of(arena_dup(&call->arena, text.bytes ? buf_view(&text) : VIEW_LITERAL("")));
    if (ok) out->text.length = text.length; /* a NUL byte is the parser's to find */
    buf_release(&text);
    out->path = out->origin = path;
    return ok;
}

static bool open_file(struct command_call *call, const char *argument, struct show_source *out, struct status *st)
{
    const char *named = command_path(call, "formulas/%s.formula", argument);
    const char *path = !is_file(argument) && os_exists(named) ? named : argument;
    out->name = base_name(call, argument);
    if (os_exists(path)) return read_file(call, path, out, st);
    if (!is_file(argument)) return unknown_name(call, argument, st);
    status_fail(st, STATUS_USAGE, "there is no file \"%s\"", argument);
    bool option = command_declares(call, "file");
    return status_hint(st, "a formula of the working folder is given by its name alone: %s personal",
                       option ? "--file" : arena_printf(&call->arena, "crmx %s", call->command->name));
}

/* --- a version --- */

bool show_is_version(const char *argument, int64_t *version)
{
    size_t n = strspn(argument, "0123456789");
    if (n == 0 || n > VERSION_DIGITS_MAX || argument[n]) return false;
    *version = strtoll(argument, NULL, 10);
    return true;
}

/* A unit's version is looked at in that unit; one of the head office in the unit that --unit names. */
static bool choose_unit(struct command_call *call, const struct parameter_version *v, struct status *st)
{
    const char *given = command_text(call, "unit", NULL), *meant = given ? given : call->unit;
    if (strcmp(v->level, PARAMETER_HEAD) == 0) return true;
    if (!meant) call->unit = arena_dup(&call->arena, view_of(v->level));
    if (!meant || strcmp(meant, v->level) == 0) return true;
    status_fail(st, STATUS_USAGE, "version %" PRId64 " is of unit %s, not %s", v->version, v->level, meant);
    return status_hint(st, "the versions of that unit: crmx formula list --unit %s", meant);
}

static bool check_type(struct command_call *call, const struct parameter_version *v, int wanted, int its,
                       struct status *st)
{
    if (wanted < 0 && command_declares(call, "type")) wanted = command_choice(call, "type", -1);
    if (wanted < 0 || wanted == its) return true;
    status_fail(st, STATUS_USAGE, "version %" PRId64 " is of %s customers, not of %s ones", v->version,
                v->customer_type, CUSTOMER_TYPE_NAMES[wanted]);
    return status_hint(st, "the versions for these: crmx formula list --type %s", CUSTOMER_TYPE_NAMES[wanted]);
}

bool show_source_of_version(struct command_call *call, struct parameter_store *store, const struct parameter_version *v,
                            int type, struct show_source *out, struct status *st)
{
    const char *text, *unit;
    struct act_dates dates;
    struct act_state state;
    int its = unit_customer_type(v->customer_type);
    *out = (struct show_source){.type = its, .versioned = true};
    if (!choose_unit(call, v, st) || !check_type(call, v, type, its, st) || !(unit = show_unit(call, st)) ||
        !parameter_store_inherited(store, v, unit, &text, &out->threshold, st) || !act_dates_open(&dates, store, st) ||
        !act_state(&dates, v->version, v->level, v->state, &state, st))
        return false;
    out->text = view_of(arena_dup(&call->arena, view_of(text)));
    if (out->threshold) out->threshold = arena_dup(&call->arena, view_of(out->threshold));
    out->name = out->path = arena_printf(&call->arena, "version %" PRId64, v->version);
    out->origin = arena_printf(&call->arena, "%s of %s, %s", out->name, act_level_name(call, v->level), state.text);
    if (!v->formula) out->origin = arena_printf(&call->arena, "%s, with the formula it inherits", out->origin);
    return true;
}

/* A version as the file says it that brought it into force. */
static struct parameter_version version_of(const struct parameter_file *f)
{
    return (struct parameter_version){.version = f->version,
                                      .level = f->level,
                                      .customer_type = CUSTOMER_TYPE_NAMES[f->customer_type],
                                      .state = PARAMETER_KINDS[f->kind],
                                      .formula = f->formula,
                                      .threshold = f->threshold,
                                      .challenger = f->challenger,
                                      .digest = f->digest};
}

static bool open_from_files(struct command_call *call, int64_t version, int type, struct show_source *out,
                            struct status *st)
{
    struct parameter_store store = {.work = call->work, .arena = &call->arena};
    struct parameter_set set;
    const char *file = command_path(call, "formulas/%" PRId64 ".formula", version);
    if (!parameter_load(call->work, &call->arena, &set, st)) return false;
    for (int i = set.count - 1; i >= 0; i--) {
        const struct parameter_file *f = &set.file[i];
        if (f->version != version || f->customer_type == CUSTOMER_TYPES) continue;
        struct parameter_version v = version_of(f);
        if (!show_source_of_version(call, &store, &v, type, out, st)) return false;
        out->origin = parameter_origin(f, &call->arena);
        return true;
    }
    out->name = arena_printf(&call->arena, "%" PRId64, version);
    if (os_exists(file)) return read_file(call, file, out, st);
    status_fail(st, STATUS_USAGE,
                "there is no version %" PRId64 " in state/parameters, and no formulas/%" PRId64
                ".formula; this working folder has no database ([database] mode = none)",
                version, version);
    return status_hint(st, "see what counts: crmx parameter show; or give a file or its name: crmx %s personal",
                       call->command->name);
}

static bool open_version(struct command_call *call, int64_t version, int type, struct show_source *out,
                         struct status *st)
{
    struct parameter_store store = {0};
    struct parameter_version v;
    if (follow_database(call).mode == DATABASE_NONE) return open_from_files(call, version, type, out, st);
    bool ok = act_open(call, false, &store, st) && parameter_store_version(&store, version, &v, st) &&
              show_source_of_version(call, &store, &v, type, out, st);
    parameter_store_close(&store);
    const char *file = command_path(call, "formulas/%" PRId64 ".formula", version);
    if (!ok && st->code == STATUS_USAGE && os_exists(file))
        snprintf(st->hint, sizeof st->hint, "a file with that name is given by its path: crmx %s %s",
                 call->command->name, file);
    return ok;
}

/* --- what counts --- */

bool show_next_date(struct command_call *call, const char *unit, int32_t *date, struct status *st)
{
    if (!parameter_last_used(call->work, unit, date, st)) return false;
    *date = *date == DATE_NONE ? INT32_MAX : *date + 1;
    return true;
}

/* Where nothing was activated: the file that the unit names. */
static bool open_active_file(struct command_call *call, const struct unit *u, int type, struct show_source *out,
                             struct status *st)
{
    out->type = type;
    if (u->formula_name[type]) {
        out->name = u->formula_name[type];
        return read_file(call, command_path(call, "formulas/%s.formula", out->name), out, st);
    }
    status_fail(st, STATUS_USAGE, "unit %s has no formula for %s customers", u->id, CUSTOMER_TYPE_NAMES[type]);
    return status_hint(st, "see what counts: crmx parameter show --unit %s", u->id);
}

static bool open_active(struct command_call *call, int type, struct show_source *out, struct status *st)
{
    const char *id = show_unit(call, st);
    struct parameter_set set;
    struct parameter_resolved resolved;
    struct unit *unit;
    int32_t date;
    if (!id || !unit_load(call->work, id, &call->arena, &unit, st) || !show_next_date(call, id, &date, st) ||
        !parameter_load(call->work, &call->arena, &set, st))
        return false;
    if (type < 0 && command_declares(call, "type")) type = command_choice(call, "type", -1);
    parameter_resolve(&set, id, date, &resolved);
    if (type < 0)
        type = unit->formula_name[CUSTOMER_PERSONAL] || resolved.of[CUSTOMER_PERSONAL].formula ? CUSTOMER_PERSONAL
                                                                                               : CUSTOMER_CORPORATE;
    const struct parameter_choice *c = &resolved.of[type];
    if (!c->formula) {
        if (!open_active_file(call, unit, type, out, st)) return false;
    } else {
        *out = (struct show_source){.type = type, .versioned = true, .text = view_of(c->formula->formula)};
        out->name = out->path = arena_printf(&call->arena, "version %" PRId64, c->formula->version);
        out->origin = parameter_origin(c->formula, &call->arena);
    }
    if (!c->threshold || c->threshold_in_formula) return true;
    out->threshold = c->threshold->threshold;
    if (c->threshold != c->formula)
        out->origin =
            arena_printf(&call->arena, "%s; threshold: %s", out->origin, parameter_origin(c->threshold, &call->arena));
    return true;
}

bool show_source_open(struct command_call *call, const char *argument, int type, struct show_source *out,
                      struct status *st)
{
    int64_t version;
    *out = (struct show_source){.type = -1};
    if (show_is_version(argument, &version)) return open_version(call, version, type, out, st);
    if (strcmp(argument, "active") == 0) return open_active(call, type, out, st);
    return open_file(call, argument, out, st);
}
