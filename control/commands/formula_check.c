/* crmx formula check: whether a formula file is right and what it defines, bound to the layouts of a unit. */
#include "control/show.h"
#include "control/show_formula.h"
#include "scoring/words.h"

static const char *number_text(struct command_call *call, double x)
{
    return arena_printf(&call->arena, "%.15g", x);
}

static void show_summary(struct show_formula *s, struct show *page)
{
    const struct formula *f = s->formula;
    struct arena *arena = &s->call->arena;
    const char *threshold = show_decimal(arena, formula_threshold(f), 2);
    show_section(page, "formula", "%s is right", s->path);
    show_text(page, "file", s->path);
    show_text(page, "unit", s->unit->id);
    show_text(page, "customers", SHOW_CUSTOMER_TYPES[s->type]);
    show_text(page, "threshold", s->call->json ? threshold : show_grouped(arena, threshold));
    if (s->unit->has_threshold[s->type])
        show_text(page, "threshold_of_unit", show_decimal(arena, s->unit->threshold_minor[s->type], 2));
    show_text(page, "currencies", s->rates.from);
}

static void show_measures(struct show_formula *s, struct show *page)
{
    static const char *const COLUMNS[] = {"measure", "alias", "type", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < formula_measure_count(s->formula); i++) {
        listing_text(&rows, formula_measure_name(s->formula, i));
        listing_text(&rows, formula_measure_alias(s->formula, i));
        listing_text(&rows, value_type_name(formula_measure_type(s->formula, i)));
    }
    show_rows(page, "measures", "measures", &rows);
    listing_release(&rows);
}

static void show_coefficients(struct show_formula *s, struct show *page)
{
    static const char *const COLUMNS[] = {"coefficient", "value", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < formula_coefficient_count(s->formula); i++) {
        listing_text(&rows, formula_coefficient_name(s->formula, i));
        listing_decimal(&rows, number_text(s->call, formula_coefficient(s->formula, i)));
    }
    show_rows(page, "coefficients", "coefficients", &rows);
    listing_release(&rows);
}

static void show_results(struct show_formula *s, struct show *page)
{
    static const char *const COLUMNS[] = {"result", "type", "codes", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < formula_result_count(s->formula); i++) {
        const char *codes = "", *code;
        bool is_code = formula_result_type(s->formula, i) == VALUE_CODE;
        for (int k = 0; is_code && (code = formula_result_code(s->program, i, k)); k++)
            codes = arena_printf(&s->call->arena, "%s%s%s", codes, k ? " " : "", code);
        listing_text(&rows, formula_result_name(s->formula, i));
        listing_text(&rows, value_type_name(formula_result_type(s->formula, i)));
        listing_text(&rows, codes);
    }
    show_rows(page, "results", "results", &rows);
    listing_release(&rows);
}

static int run(struct command_call *call)
{
    struct show_formula s;
    struct show page;
    if (!show_formula_open(&s, call, command_text(call, "formula", ""), &call->status)) return command_failed(call);
    show_open(&page, call->json);
    show_summary(&s, &page);
    show_measures(&s, &page);
    show_coefficients(&s, &page);
    show_results(&s, &page);
    show_print(&page);
    show_formula_close(&s);
    return 0;
}

const struct command command_formula_check = {
    .name = "formula check",
    .summary = "whether a formula file is right for a unit, and what it defines",
    .description =
        "Reads the file as a run would: words, types, units, fields of the layouts, codes, missing values. The "
        "first thing that is wrong is shown with its line and a caret below the place. What is right may "
        "still not be meant: crmx formula lint.",
    .arguments = (const struct command_value[]){SHOW_FORMULA_ARGUMENT, {0}},
    .options = (const struct command_value[]){SHOW_UNIT,
                                              SHOW_FORMULA_TYPE,
                                              {.name = "date",
                                               .letter = 'd',
                                               .type = COMMAND_DATE,
                                               .doc = "business date whose rates in the inbox count"},
                                              {0}},
    .examples = "crmx formula check personal\ncrmx formula check /tmp/idea.formula --unit 11 --json",
    .run = run,
};
