/* Rules about units: months or numbers beside money, and sums where accounts are meant. */
#include "scoring/lint_rules.h"

#include <math.h>

/* --- months and money --- */

static void term_beside_money(struct linter *l, const struct expr *term, const char *done)
{
    enum { MONTHS = 60 };
    const char *text = lint_node_text(l, term->node), *unit = lint_unit(l);
    double value = lint_value(l, term, (struct lint_sample){1000000, MONTHS, 1, false});
    bool simple = !lint_has_measure(l, term, VALUE_MONEY) && !lint_has_measure(l, term, VALUE_NUMBER);
    const char *example = simple && value > 0 && isfinite(value)
                              ? LINT_TEXT(l, ": %d months = %s %s", MONTHS, lint_number(l, value), unit)
                              : "";
    lint_add(
        l, LINT_TERM_AND_MONEY, true, node_start(term->node),
        LINT_TEXT(l, "a term is %s money%s (%s)", done, example, text),
        LINT_TEXT(l,
                  "months are no money: what a month is worth comes from the unit of the file (%s) and from nothing a "
                  "banker decided",
                  unit),
        LINT_TEXT(l,
                  "weigh an amount by the term, account by account: measure NAME money = sum(…, balance*term); or "
                  "say what a month is worth: let NAME money = %s*系数(100);",
                  text));
}

/* --- numbers and money --- */

static void constant_beside_money(struct linter *l, const struct expr *number)
{
    const char *text = lint_node_text(l, number->node);
    if (number->number == 0) return; /* 0 - x */
    lint_add(l, LINT_NUMBER_AND_MONEY, true, node_start(number->node),
             LINT_TEXT(l, "a bare number is added to money: %s = %s %s for every customer", text,
                       lint_number(l, number->number), lint_unit(l)),
             "it is the same for everybody, so it only moves the threshold, and nobody will look for it here",
             LINT_TEXT(l, "take it out and write the threshold %s %s lower (or higher)", lint_number(l, number->number),
                       lint_unit(l)));
}

/* A count with a price (系数(1000)*账户数) is a decision; without one the unit decides. */
static void number_beside_money(struct linter *l, const struct expr *number)
{
    const char *text = lint_node_text(l, number->node);
    if (number->kind == EXPR_CONSTANT) {
        constant_beside_money(l, number);
        return;
    }
    if (lint_has_coefficient(l, number->node)) return;
    double value = lint_value(l, number, (struct lint_sample){1000000, 60, 1, false});
    bool simple = !lint_has_measure(l, number, VALUE_MONEY) && !lint_has_measure(l, number, VALUE_MONTHS) &&
                  value > 0 && isfinite(value);
    const char *example = simple ? LINT_TEXT(l, ": 1 = %s %s", lint_number(l, value), lint_unit(l)) : "";
    lint_add(l, LINT_NUMBER_AND_MONEY, true, node_start(number->node),
             LINT_TEXT(l, "a bare number is added to money%s (%s)", example, text),
             "a number is no money: what one of it is worth comes from the unit of the file and from nothing a banker "
             "decided",
             LINT_TEXT(l, "give it a price that a trial can vary: %s*系数(1000)",
                       number->node->kind == NODE_ADD || number->node->kind == NODE_SUBTRACT
                           ? LINT_TEXT(l, "(%s)", text)
                           : text));
}

static bool is_money(const struct expr *e)
{
    return e->type == VALUE_MONEY;
}

static void beside_money(struct linter *l, const struct expr *e, const char *months, bool numbers)
{
    for (int i = 0; i < e->count; i++) {
        const struct expr *other = e->children[i];
        if (!other->node || !lint_is_numeric(other) || is_money(other)) continue;
        bool money = false;
        for (int k = 0; k < e->count; k++) money |= k != i && is_money(e->children[k]);
        if (!money) continue;
        if (other->type == VALUE_MONTHS)
            term_beside_money(l, other, months);
        else if (numbers)
            number_beside_money(l, other);
    }
}

/* --- sums --- */

static const struct measure_definition *sum_of(const struct linter *l, const struct expr *e)
{
    if (e->kind != EXPR_MEASURE) return NULL;
    const struct measure_definition *m = &l->f->measures[e->index];
    return m->aggregate == AGGREGATE_SUM ? m : NULL;
}

static bool same_tables(const struct measure_definition *a, const struct measure_definition *b)
{
    for (int i = 0; i < a->tables_count; i++)
        for (int k = 0; k < b->tables_count; k++)
            if (strcmp(a->tables[i].name, b->tables[k].name) == 0) return true;
    return false;
}

/* sum(x)*sum(y) → sum(x*y) */
static const char *by_account(struct linter *l, const struct measure_definition *x, const struct measure_definition *y)
{
    struct node product = {.kind = NODE_MULTIPLY, .function = FUNCTION_NONE, .index = -1, .count = 2};
    struct node *factors[] = {x->expression, y->expression};
    struct measure_definition both = *x;
    product.children = factors;
    both.expression = &product;
    return measure_text(&l->out->arena, l->f, &both);
}

static void product_of_sums(struct linter *l, const struct expr *e)
{
    const struct expr *a = e->children[0], *b = e->children[1];
    if (is_money(b)) a = e->children[1], b = e->children[0];
    const struct measure_definition *x = sum_of(l, a), *y = sum_of(l, b);
    if (!x || !y || !is_money(a) || is_money(b) || !same_tables(x, y)) return;
    const char *word = b->type == VALUE_MONTHS ? "months" : "each";
    lint_add(
        l, LINT_SUMS, true, node_start(e->node),
        LINT_TEXT(l, "two sums are multiplied: %s", lint_node_text(l, e->node)),
        LINT_TEXT(
            l,
            "two accounts of 100.00 with 12 %s count as 200.00*24 = 4,800.00; account by account they are 100.00*12 "
            "twice = 2,400.00",
            word),
        LINT_TEXT(l, "if accounts are meant: measure NAME money = %s;", by_account(l, x, y)));
}

static void quotient_of_sums(struct linter *l, const struct expr *e)
{
    const struct measure_definition *x = sum_of(l, e->children[0]), *y = sum_of(l, e->children[1]);
    if (!x || !y || !is_money(e->children[0]) || e->children[1]->type != VALUE_MONTHS || !same_tables(x, y)) return;
    struct measure_definition average = *y;
    average.aggregate = AGGREGATE_AVG;
    lint_add(l, LINT_SUMS, false, node_start(e->node),
             LINT_TEXT(l, "a sum is divided by a sum of months: %s", lint_node_text(l, e->node)),
             "one account of 120,000.00 over 240 months gives 500.00; a second one just like it leaves 500.00, not "
             "1,000.00",
             LINT_TEXT(l, "if every account counts, divide by the average: measure NAME months = %s;",
                       measure_text(&l->out->arena, l->f, &average)));
}

static void units_of(struct linter *l, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_ADD: beside_money(l, e, "added to", true); break;
    case EXPR_SUBTRACT: beside_money(l, e, "subtracted from", true); break;
    case EXPR_MIN:
    case EXPR_MAX:
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_IN: beside_money(l, e, "compared with", false); break;
    case EXPR_MULTIPLY: product_of_sums(l, e); break;
    case EXPR_DIVIDE: quotient_of_sums(l, e); break;
    default: break;
    }
}

void lint_units(struct linter *l)
{
    lint_each(l, units_of);
}
