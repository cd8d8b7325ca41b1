#include "control/show_formula.h"

#include "base/nearest.h"
#include "base/os.h"
#include "control/show_value.h"
#include "etl/scorecard.h"

#include <string.h>

enum {
    FORMULA_FILE_MAX = 1 << 30 /* formula_parse says what is too much */,
    DAY_OF_NO_RUN = 20000 /* only rates and ages depend on it */
};

const char *const SHOW_TYPES[] = {"personal", "corporate", NULL};

bool show_unit_configured(struct command_call *call, const char *id, struct unit **out, struct status *st)
{
    return unit_load(call->work, id, &call->arena, out, st);
}

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

static bool find_file(struct command_call *call, const char *argument, struct show_formula *s, struct status *st)
{
    const char *named = command_path(call, "formulas/%s.formula", argument);
    s->name = base_name(call, argument);
    s->path = !is_file(argument) && os_exists(named) ? named : argument;
    if (os_exists(s->path)) return true;
    if (!is_file(argument)) return unknown_name(call, argument, st);
    status_fail(st, STATUS_USAGE, "there is no file \"%s\"", argument);
    return status_hint(st, "a formula of the working folder is given by its name alone: crmx %s personal",
                       call->command->name);
}

/* --type; else the type whose formula has this name; else the only one that has a formula, else personal. */
static int type_of(struct command_call *call, const struct unit *u, const char *name)
{
    if (command_given(call, "type")) return command_choice(call, "type", 0);
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        if (u->formula_name[t] && strcmp(u->formula_name[t], name) == 0) return t;
    return u->formula_name[CUSTOMER_PERSONAL] ? CUSTOMER_PERSONAL : CUSTOMER_CORPORATE;
}

/* --- coefficients --- */

int show_coefficient(struct command_call *call, const struct formula *f, const char *name, struct status *st)
{
    const char *list = "";
    int n = formula_coefficient_count(f);
    for (int i = 0; i < n; i++) {
        const char *its = formula_coefficient_name(f, i);
        const char *sign = strchr(its, '#');
        if (strcmp(its, name) == 0 || (name[0] == '#' && sign && strcmp(sign, name) == 0)) return i;
        list = arena_printf(&call->arena, "%s%s%s=%.15g", list, i ? ", " : "", its, formula_coefficient(f, i));
    }
    status_fail(st, STATUS_USAGE, "the formula has no coefficient \"%s\"", name);
    status_hint(st, n ? "its coefficients: %s" : "write one: coef NAME = 1.5; or 系数(1.5)%s", list);
    return -1;
}

static bool set_coefficients(struct command_call *call, struct show_formula *s, struct status *st)
{
    for (int i = 0; command_declares(call, "coef") && i < command_count(call, "coef"); i++) {
        const char *text = command_text_at(call, "coef", i), *equals = strchr(text, '=');
        double value;
        if (!equals || equals == text) {
            status_fail(st, STATUS_USAGE, "--coef: NAME=VALUE is needed, found \"%s\"", text);
            return status_hint(st, "for example: --coef '#1=1.6'");
        }
        const char *name = arena_dup(&call->arena, (struct view){text, (size_t)(equals - text)});
        int c = show_coefficient(call, s->f, name, st);
        if (c < 0 || !show_parse_number(name, equals + 1, &value, st)) return false;
        s->coefficients_changed |= value != formula_coefficient(s->f, c);
        formula_set_coefficient(s->f, c, value);
    }
    return true;
}

/* --- the formula --- */

static bool set_threshold(struct command_call *call, const struct unit *unit, struct show_formula *s, struct status *st)
{
    const char *text = command_declares(call, "threshold") ? command_text(call, "threshold", NULL) : NULL;
    int64_t threshold = unit->has_threshold[s->type] ? unit->threshold_minor[s->type] : formula_threshold(s->f);
    s->own_threshold_minor = formula_threshold(s->f);
    if (text && !show_parse_amount("--threshold", text, &threshold, st)) return false;
    formula_set_threshold(s->f, threshold);
    return true;
}

bool show_formula_open(struct command_call *call, const struct unit *unit, const char *argument,
                       struct show_formula *out, struct status *st)
{
    *out = (struct show_formula){0};
    buf_init(&out->text, FORMULA_FILE_MAX);
    if (!find_file(call, argument, out, st) || !os_read_file(out->path, &out->text, st) ||
        !formula_parse(out->path, out->text.bytes ? buf_view(&out->text) : VIEW_LITERAL(""), &out->f, st))
        return false;
    out->type = type_of(call, unit, out->name);
    if (!set_threshold(call, unit, out, st)) return false;
    trial_hash(buf_view(&out->text), formula_threshold(out->f), out->hash);
    return set_coefficients(call, out, st);
}

void show_formula_close(struct show_formula *f)
{
    buf_release(&f->text);
    formula_free(f->f);
    *f = (struct show_formula){0};
}

/* --- bound --- */

bool show_formula_bind(struct command_call *call, const struct unit *unit, const struct formula *f, const char *path,
                       struct show_binding *out, struct status *st)
{
    int32_t date = command_declares(call, "date") ? command_date(call, "date", DAY_OF_NO_RUN) : DAY_OF_NO_RUN;
    struct probe_rates found;
    *out = (struct show_binding){0};
    if (!probe_rates_find(call->work, unit, date, &call->arena, &found, st)) return false;
    struct measure_rates rates = {found.rates.rate, found.rates.per_unit};
    out->rates_from = found.from;
    tables_init(&out->tables, unit, &found.rates, date, &call->arena);
    if (measure_bind(f, out->tables.schema, &rates, &out->measures, st) &&
        formula_bind(f, out->tables.schema, &out->program, st) &&
        scorecard_check_columns(out->measures, &out->tables, f, st))
        return true;
    show_binding_close(out);
    return false;
}

void show_binding_close(struct show_binding *b)
{
    formula_program_free(b->program);
    measure_set_free(b->measures);
    *b = (struct show_binding){0};
}
