#include "control/show_formula.h"

#include "base/nearest.h"
#include "base/os.h"
#include "etl/scorecard.h"

#include <string.h>

enum { FORMULA_BYTES_MAX = 1 << 20 };

const char *const SHOW_CUSTOMER_TYPES[] = {"personal", "corporate", NULL};

/* --- which file --- */

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
    status_fail(st, STATUS_USAGE, "there is no formula \"%s\" (%s)", name,
                command_path(call, "formulas/%s.formula", name));
    if (os_exists(command_path(call, "formulas"))) os_list(command_path(call, "formulas"), note_name, &n, &ignored);
    if (n.nearest.name) return status_hint(st, "did you mean %s?", n.nearest.name);
    return status_hint(st, "give a file (./%s.formula), or list the formulas that are there: crmx layout check", name);
}

static bool is_file(const char *text)
{
    size_t length = strlen(text), ending = strlen(".formula");
    return strchr(text, '/') || (length > ending && strcmp(text + length - ending, ".formula") == 0);
}

static bool find_file(struct show_formula *s, const char *file_or_name, struct status *st)
{
    s->path = is_file(file_or_name) ? file_or_name : command_path(s->call, "formulas/%s.formula", file_or_name);
    if (os_exists(s->path)) return true;
    if (!is_file(file_or_name)) return unknown_name(s->call, file_or_name, st);
    status_fail(st, STATUS_USAGE, "there is no file \"%s\"", file_or_name);
    return status_hint(st, "a formula of the working folder is given by its name alone: crmx %s personal",
                       s->call->command->name);
}

/* personal.formula is what units/11.ini names as formula.personal */
static int type_of(const struct show_formula *s)
{
    const char *slash = strrchr(s->path, '/'), *base = slash ? slash + 1 : s->path;
    size_t length = strlen(base), ending = strlen(".formula");
    if (length > ending) length -= ending;
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        const char *name = s->unit->formula_name[t];
        if (name && strlen(name) == length && strncmp(name, base, length) == 0) return t;
    }
    return CUSTOMER_PERSONAL;
}

/* --- bound --- */

static bool bind(struct show_formula *s, struct status *st)
{
    struct measure_rates rates = {s->rates.rates.rate, s->rates.rates.per_unit};
    struct buf text;
    buf_init(&text, FORMULA_BYTES_MAX);
    bool ok = os_read_file(s->path, &text, st) &&
              formula_parse(s->path, text.bytes ? buf_view(&text) : VIEW_LITERAL(""), &s->formula, st) &&
              measure_bind(s->formula, s->tables.schema, &rates, &s->measures, st) &&
              formula_bind(s->formula, s->tables.schema, &s->program, st) &&
              scorecard_check_columns(s->measures, &s->tables, s->path, st);
    buf_release(&text);
    return ok;
}

bool show_formula_open(struct show_formula *s, struct command_call *call, const char *file_or_name, struct status *st)
{
    *s = (struct show_formula){.call = call};
    int32_t date = command_date(call, "date", 20000); /* only rates and ages depend on it */
    const char *unit = show_unit(call, st);
    if (!unit || !find_file(s, file_or_name, st) || !unit_load(call->work, unit, &call->arena, &s->unit, st) ||
        !probe_rates_find(call->work, s->unit, date, &call->arena, &s->rates, st))
        return false;
    s->type = command_choice(call, "type", type_of(s));
    tables_init(&s->tables, s->unit, &s->rates.rates, date, &call->arena);
    if (bind(s, st)) return true;
    show_formula_close(s);
    return false;
}

void show_formula_close(struct show_formula *s)
{
    formula_program_free(s->program);
    measure_set_free(s->measures);
    formula_free(s->formula);
    s->program = NULL;
    s->measures = NULL;
    s->formula = NULL;
}
