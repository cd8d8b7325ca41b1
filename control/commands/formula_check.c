/* crmx formula check: whether a formula file is right and what it defines, bound to the layouts of a unit. */
#include "control/show.h"
#include "control/show_formula.h"
#include "control/show_value.h"
#include "scoring/words.h"

static const char *number_text(struct command_call *call, double x)
{
    return arena_printf(&call->arena, "%.15g", x);
}

struct check {
    struct command_call *call;
    struct unit *unit;
    struct show_formula s;
    struct show_binding bound;
};

static void show_summary(struct check *c, struct show *page)
{
    const struct show_formula *s = &c->s;
    bool of_unit = c->unit->has_threshold[s->type];
    show_section(page, "formula", "%s is right", s->path);
    show_text(page, "file", s->origin);
    show_text(page, "unit", c->unit->id);
    show_text(page, "customers", CUSTOMER_TYPE_NAMES[s->type]);
    show_text(page, "threshold", show_money(c->call, s->own_threshold_minor));
    show_text(page, "threshold_of_unit", of_unit ? show_money(c->call, c->unit->threshold_minor[s->type]) : NULL);
    show_text(page, "threshold_in_force", show_money(c->call, formula_threshold(s->f)));
    show_text(page, "currencies", c->bound.rates_from);
}

static void show_measures(struct check *c, struct show *page)
{
    static const char *const COLUMNS[] = {"measure", "alias", "type", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < formula_measure_count(c->s.f); i++) {
        listing_text(&rows, formula_measure_name(c->s.f, i));
        listing_text(&rows, formula_measure_alias(c->s.f, i));
        listing_text(&rows, value_type_name(formula_measure_type(c->s.f, i)));
    }
    show_rows(page, "measures", "measures", &rows);
    listing_release(&rows);
}

static void show_coefficients(struct check *c, struct show *page)
{
    static const char *const COLUMNS[] = {"coefficient", "value", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < formula_coefficient_count(c->s.f); i++) {
        listing_text(&rows, formula_coefficient_name(c->s.f, i));
        listing_decimal(&rows, number_text(c->call, formula_coefficient(c->s.f, i)));
    }
    show_rows(page, "coefficients", "coefficients", &rows);
    listing_release(&rows);
}

static void show_results(struct check *c, struct show *page)
{
    static const char *const COLUMNS[] = {"result", "type", "codes", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < formula_result_count(c->s.f); i++) {
        const char *codes = "", *code;
        bool is_code = formula_result_type(c->s.f, i) == VALUE_CODE;
        for (int k = 0; is_code && (code = formula_result_code(c->bound.program, i, k)); k++)
            codes = arena_printf(&c->call->arena, "%s%s%s", codes, k ? " " : "", code);
        listing_text(&rows, formula_result_name(c->s.f, i));
        listing_text(&rows, value_type_name(formula_result_type(c->s.f, i)));
        listing_text(&rows, codes);
    }
    show_rows(page, "results", "results", &rows);
    listing_release(&rows);
}

static bool open(struct check *c, struct status *st)
{
    return show_formula_open(c->call, command_text(c->call, "formula", NULL), -1, &c->unit, &c->s, st) &&
           show_formula_bind(c->call, c->unit, c->s.f, c->s.path, &c->bound, st);
}

static int run(struct command_call *call)
{
    struct check c = {.call = call};
    struct show page;
    bool ok = open(&c, &call->status);
    if (ok) {
        show_open(&page, &call->output);
        show_summary(&c, &page);
        show_measures(&c, &page);
        show_coefficients(&c, &page);
        show_results(&c, &page);
        show_print(&page);
    }
    show_binding_close(&c.bound);
    show_formula_close(&c.s);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_check = {
    .name = "formula check",
    .summary = "whether a formula is right for a unit, and what it defines",
    .description =
        "Reads the text as a run would: words, types, units, fields of the layouts, codes, missing values. The "
        "first thing that is wrong is shown with its line and a caret below the place. What is right may "
        "still not be meant: crmx formula lint.",
    .arguments = (const struct command_value[]){SHOW_FORMULA_ARGUMENT, {0}},
    .options = (const struct command_value[]){SHOW_UNIT,
                                              SHOW_TYPE,
                                              {.name = "date",
                                               .letter = 'd',
                                               .type = COMMAND_DATE,
                                               .doc = "business date whose rates in the inbox count"},
                                              {0}},
    .examples = "crmx formula check personal\ncrmx formula check /tmp/idea.formula --unit 11 --json\n"
                "crmx formula check 7",
    .rows = "formula measures coefficients results",
    .run = run,
};
