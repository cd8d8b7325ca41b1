#include "control/show_formula.h"

#include "control/show_value.h"
#include "etl/scorecard.h"

#include <string.h>

enum { DAY_OF_NO_RUN = 20000 /* only rates and ages depend on it */ };

bool show_unit_configured(struct command_call *call, const char *id, struct unit **out, struct status *st)
{
    return unit_load(call->work, id, &call->arena, out, st);
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
    const char **first = arena_array(&call->arena, const char *, formula_coefficient_count(s->f) + 1);
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
        if (first[c]) {
            status_fail(st, STATUS_USAGE, "--coef: %s is given twice: %s and %s", formula_coefficient_name(s->f, c),
                        first[c], text);
            return status_hint(st, "leave one of them out; several values, one after another: crmx sweep");
        }
        first[c] = text;
        s->coefficients_changed |= value != formula_coefficient(s->f, c);
        formula_set_coefficient(s->f, c, value);
    }
    return true;
}

/* --- the formula --- */

/* As the night would take it; --threshold is for trying. */
static bool set_threshold(struct command_call *call, const struct unit *unit, const struct show_source *source,
                          struct show_formula *s, struct status *st)
{
    const char *text = command_declares(call, "threshold") ? command_text(call, "threshold", NULL) : NULL;
    int64_t threshold = s->own_threshold_minor = formula_threshold(s->f);
    if (!source->versioned && unit->has_threshold[s->type]) threshold = unit->threshold_minor[s->type];
    if (source->threshold && !show_parse_amount("threshold", source->threshold, &threshold, st))
        return status_while(st, "reading %s", s->name);
    if (text && !show_parse_amount("--threshold", text, &threshold, st)) return false;
    formula_set_threshold(s->f, threshold);
    return true;
}

bool show_formula_from(struct command_call *call, const struct show_source *source, int type, struct unit **unit,
                       struct show_formula *out, struct status *st)
{
    const char *id = show_unit(call, st);
    *out = (struct show_formula){.name = source->name, .path = source->path, .origin = source->origin};
    if (!id || (!*unit && !show_unit_configured(call, id, unit, st)) ||
        !formula_parse(out->path, source->text, &out->f, st))
        return false;
    out->type = type >= 0 ? type : source->type >= 0 ? source->type : type_of(call, *unit, out->name);
    if (!set_threshold(call, *unit, source, out, st)) return false;
    trial_hash(source->text, formula_threshold(out->f), out->hash);
    return set_coefficients(call, out, st);
}

bool show_formula_open(struct command_call *call, const char *argument, int type, struct unit **unit,
                       struct show_formula *out, struct status *st)
{
    struct show_source source;
    *out = (struct show_formula){0};
    return show_source_open(call, argument, type, &source, st) && show_formula_from(call, &source, type, unit, out, st);
}

void show_formula_close(struct show_formula *f)
{
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
