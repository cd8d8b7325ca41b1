/* lint_rules: what the rules of lint share. Internal to lint.c and lint_*.c. */
#ifndef CRMX_SCORING_LINT_RULES_H
#define CRMX_SCORING_LINT_RULES_H

#include "scoring/bind.h"
#include "scoring/lint.h"
#include "scoring/node_text.h"

struct linter {
    struct lint *out;
    const struct formula *f;
    const struct formula_program *p;
};

/* Adds a finding at a place; the texts are formatted into the arena by the caller. */
void lint_add(struct linter *l, enum lint_rule rule, bool warning, struct place place, const char *message,
              const char *why, const char *instead);
#define LINT_TEXT(l, ...) arena_printf(&(l)->out->arena, __VA_ARGS__)

const char *lint_node_text(struct linter *l, const struct node *n);
/* "yuan" or "fen" */
const char *lint_unit(const struct linter *l);
bool lint_is_numeric(const struct expr *e);
/* Does the tree below hold a measure of that type (VALUE_BOOLEAN: any measure)? Through intermediate values. */
bool lint_has_measure(const struct linter *l, const struct expr *e, enum value_type type);
/* Has the tree below a coefficient: 系数(2), coef(x), or the name of one? */
bool lint_has_coefficient(const struct linter *l, const struct node *n);

/* What a value would be if every measure of money were that many minor units, of months, of numbers so many. */
struct lint_sample {
    int64_t money_minor, months, number;
    bool no_dates; /* measures of dates are missing; else the business date */
};
double lint_value(const struct linter *l, const struct expr *e, struct lint_sample sample);
/* 40, 1,000.5: grouped, at most two decimals. */
const char *lint_number(struct linter *l, double x);

/* Calls rule for every node of every typed tree, the outermost first. */
typedef void lint_visit(struct linter *l, const struct expr *e);
void lint_each(struct linter *l, lint_visit *rule);

/* The rules. */
void lint_units(struct linter *l); /* term, number, sums */
void lint_debts(struct linter *l);
#endif
