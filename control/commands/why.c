/* crmx why: one customer's score taken apart, and what would change the selection. */
#include "control/show_explain.h"
#include "control/show_formula.h"

#include <stdio.h>

/* --formula: the score another formula would give. */
static bool explain_other(struct show_population *p, const struct lookup_customer *c, const char *argument,
                          struct status *st)
{
    struct show_formula formula;
    struct unit *unit = NULL;
    bool ok = show_formula_open(p->call, argument, c->type, &unit, &formula, st) &&
              show_explanation(p, c->number, formula.f, formula.origin, c->type, st);
    show_formula_close(&formula);
    return ok;
}

static bool explain(struct show_population *p, struct status *st)
{
    struct lookup_customer c;
    uint64_t number;
    const char *other = command_text(p->call, "formula", NULL);
    if (!show_customer_find(p, &number, st) || !show_customer_load(p, number, &c, st)) return false;
    if (other) return explain_other(p, &c, other, st);
    const struct scorecard *card = &p->cards.of[c.type];
    if (card->formula) return show_explanation(p, number, card->formula, p->g->unit->formula_name[c.type], c.type, st);
    status_fail(st, STATUS_USAGE, "customer %s is not scored: generation %s has no formula for %s customers",
                show_number(p, number), p->g->id, CUSTOMER_TYPE_NAMES[c.type]);
    return status_hint(st, "see what is known: crmx customer show %s", show_number(p, number));
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
        "bring the customer over or below the threshold. With the formula the generation was made with, or "
        "with that of --formula. Amounts are masked unless --unmask.",
    .arguments = (const struct command_value[]){SHOW_CUSTOMER_ARGUMENT, {0}},
    .options = (const struct command_value[]){{.name = "formula",
                                               .letter = 'f',
                                               .type = COMMAND_TEXT,
                                               .placeholder = SHOW_FORMULA_WORDS,
                                               .doc = "another formula: a file, a name, a version number, or active"},
                                              SHOW_CUSTOMER,
                                              SHOW_UNIT,
                                              SHOW_DATE,
                                              SHOW_GENERATION,
                                              SHOW_UNMASK,
                                              {0}},
    .examples = "crmx why 1100000012\n"
                "crmx why 1100000012 --unmask --json\n"
                "crmx why 1100000012 --formula 7\n"
                "crmx why --id-type 01 --id-no 110101198001010010",
    .rows = "customer tree reasons changes results",
    .run = run,
};
