/* crmx why: one customer's score taken apart, and what would change the selection. */
#include "control/show_explain.h"
#include "control/show_formula.h"
#include "etl/number.h"

#include <stdio.h>

static bool find(struct show_population *p, uint64_t *number, struct status *st)
{
    const char *text = command_text(p->call, "customer", NULL);
    if (!text) return show_customer_find(p, number, st);
    if (show_customer_named(p->call)) {
        status_fail(st, STATUS_USAGE, "crmx why: the customer is named twice");
        return status_hint(st, "crmx why %s", text);
    }
    if (number_parse(p->g->unit, text, number)) return true;
    status_fail(st, STATUS_USAGE, "\"%s\" is no integrated number of unit %s", text, p->g->unit->id);
    return status_hint(st, "crmx why %s; or by ID: crmx why --id-type TYPE --id-no NUMBER",
                       show_number(p, p->g->first_number));
}

static bool explain(struct show_population *p, struct status *st)
{
    struct lookup_customer c;
    uint64_t number;
    bool found;
    if (!find(p, &number, st) || !lookup_customer(p->g, number, p->arena, &c, &found, st)) return false;
    if (!found) {
        status_fail(st, STATUS_USAGE, "unit %s has no customer %s in generation %s", p->g->unit->id,
                    show_number(p, number), p->g->id);
        return status_hint(st, "its numbers go from %s to %s", show_number(p, p->g->first_number),
                           show_number(p, p->g->first_number + p->g->customers - 1));
    }
    const struct scorecard *card = &p->cards.of[c.type];
    if (card->formula) return show_explanation(p, number, card->formula, p->g->unit->formula_name[c.type], c.type, st);
    status_fail(st, STATUS_USAGE, "customer %s is not scored: generation %s has no formula for %s customers",
                show_number(p, number), p->g->id, show_customer_type(c.type));
    return status_hint(st, "see what is known: crmx customer show --number %s", show_number(p, number));
}

static int run(struct command_call *call)
{
    struct show_population *p = arena_new(&call->arena, struct show_population);
    const char *text = command_text(call, "customer", NULL);
    const char *looked_at = text ? arena_printf(&call->arena, "why %s", text) : "why, by ID or source number";
    bool ok = show_population_open(p, call, true, looked_at, &call->status) && explain(p, &call->status);
    if (p->g) show_population_close(p);
    return ok ? 0 : command_failed(call);
}

const struct command command_why = {
    .name = "why",
    .summary = "why a customer is in or out: the score term by term, the accounts behind it, what would change it",
    .description =
        "Every term of the score with its value, the measures and coefficients in it, the accounts behind each "
        "measure with file and byte; the terms that add most; the smallest change of each measure that would "
        "bring the customer over or below the threshold. With the formula the generation was made with; with "
        "another one: crmx trial FORMULA --number NUMBER. Amounts are masked unless --unmask.",
    .arguments =
        (const struct command_value[]){{.name = "customer", .type = COMMAND_TEXT, .doc = "the integrated number"}, {0}},
    .options = (const struct command_value[]){SHOW_CUSTOMER, SHOW_UNIT, SHOW_DATE, SHOW_GENERATION, SHOW_UNMASK, {0}},
    .examples = "crmx why 1100000012\n"
                "crmx why 1100000012 --unmask --json\n"
                "crmx why --id-type 01 --id-no 110101198001010010",
    .rows = "tree reasons changes results",
    .run = run,
};
