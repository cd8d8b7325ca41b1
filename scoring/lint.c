#include "scoring/lint_rules.h"

#include "base/date.h"
#include "scoring/scalar.h"

#include <math.h>
#include <stdio.h>

void lint_init(struct lint *l)
{
    *l = (struct lint){.count = 0};
    arena_init(&l->arena, "lint");
}

void lint_release(struct lint *l)
{
    arena_release(&l->arena);
}

const char *lint_rule_name(enum lint_rule rule)
{
    static const char *const NAMES[LINT_RULES] = {[LINT_TERM_AND_MONEY] = "term", [LINT_NUMBER_AND_MONEY] = "number",
                                                  [LINT_DEBT] = "debt",           [LINT_SUMS] = "sums",
                                                  [LINT_BAND] = "band",           [LINT_UNUSED] = "unused",
                                                  [LINT_THRESHOLD] = "threshold", [LINT_ALONE] = "alone"};
    ensure((unsigned)rule < LINT_RULES);
    return NAMES[rule];
}

static void add(struct lint *l, const struct lint_finding *finding)
{
    for (int i = 0; i < l->count; i++) { /* an intermediate value is looked at once for each use */
        const struct lint_finding *x = &l->findings[i];
        if (x->rule == finding->rule && x->line == finding->line && x->column == finding->column &&
            strcmp(x->message, finding->message) == 0)
            return;
    }
    if (l->count < LINT_FINDINGS_MAX) l->findings[l->count++] = *finding;
}

void lint_add(struct linter *l, enum lint_rule rule, bool warning, struct place place, const char *message,
              const char *why, const char *instead)
{
    char excerpt[FORMULA_EXCERPT_MAX] = "";
    formula_excerpt(l->f, place, excerpt);
    struct lint_finding x = {rule,    warning, place.line, place.column,
                             message, why,     instead,    arena_dup(&l->out->arena, view_of(excerpt))};
    add(l->out, &x);
}

static int by_place(const void *a, const void *b)
{
    const struct lint_finding *x = a, *y = b;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    if (x->column != y->column) return x->column < y->column ? -1 : 1;
    return (int)x->rule - (int)y->rule;
}

void lint_sort(struct lint *l)
{
    qsort(l->findings, (size_t)l->count, sizeof *l->findings, by_place);
}

/* --- what the rules ask --- */

const char *lint_node_text(struct linter *l, const struct node *n)
{
    return node_text(&l->out->arena, l->f, n);
}

const char *lint_unit(const struct linter *l)
{
    return l->f->unit == UNIT_YUAN ? "yuan" : "fen";
}

bool lint_is_numeric(const struct expr *e)
{
    return e->type == VALUE_MONEY || e->type == VALUE_NUMBER || e->type == VALUE_MONTHS;
}

bool lint_has_measure(const struct linter *l, const struct expr *e, enum value_type type)
{
    if (e->kind == EXPR_MEASURE) return type == VALUE_BOOLEAN || e->type == type;
    if (e->kind == EXPR_DEFINITION) return lint_has_measure(l, l->p->definitions[e->index], type);
    for (int i = 0; i < e->count; i++)
        if (lint_has_measure(l, e->children[i], type)) return true;
    return false;
}

static bool is_coefficient(const struct linter *l, const struct node *n)
{
    if (n->kind == NODE_COEFFICIENT) return true;
    for (int i = 0; n->kind == NODE_NAME && i < l->f->coefficients_count; i++)
        if (strcmp(l->f->coefficients[i].name, n->text) == 0) return true;
    return false;
}

bool lint_has_coefficient(const struct linter *l, const struct node *n)
{
    if (is_coefficient(l, n)) return true;
    for (int i = 0; i < n->count; i++)
        if (lint_has_coefficient(l, n->children[i])) return true;
    return false;
}

static int64_t sample_of(enum value_type type, struct lint_sample s, int32_t business_date)
{
    switch (type) {
    case VALUE_MONEY: return s.money_minor;
    case VALUE_MONTHS: return s.months;
    case VALUE_NUMBER: return s.number;
    case VALUE_DATE: return s.no_dates ? DATE_NONE : business_date;
    default: return 0;
    }
}

double lint_value(const struct linter *l, const struct expr *e, struct lint_sample sample)
{
    int64_t values[FORMULA_MEASURES_MAX], none[2] = {0, l->p->business_date};
    const int64_t *measures[FORMULA_MEASURES_MAX];
    const struct schema *schema = l->p->schema;
    const int64_t **fields = calloc((size_t)schema->customer_fields_count + 1, sizeof *fields);
    ensure(fields);
    for (int i = 0; i < l->f->measures_count; i++) {
        values[i] = sample_of(l->f->measures[i].type, sample, l->p->business_date);
        measures[i] = &values[i];
    }
    for (int i = 0; i < schema->customer_fields_count; i++)
        fields[i] = &none[schema->customer_fields[i].type == VALUE_DATE];
    struct formula_inputs in = {.count = 1, .measures = measures, .customer_fields = fields};
    double x = scalar_value(l->p, &in, 0, e);
    free(fields);
    return x;
}

const char *lint_number(struct linter *l, double x)
{
    char digits[64], out[96];
    if (!(fabs(x) < 1e15)) return LINT_TEXT(l, "%.3g", x);
    snprintf(digits, sizeof digits, "%.2f", x);
    size_t whole = strcspn(digits, "."), n = 0, end = strlen(digits);
    while (end > whole && (digits[end - 1] == '0' || digits[end - 1] == '.')) end--;
    for (size_t i = 0; i < end; i++) {
        bool group = i && i < whole && (whole - i) % 3 == 0 && digits[i - 1] != '-';
        if (group) out[n++] = ',';
        out[n++] = digits[i];
    }
    return arena_dup(&l->out->arena, (struct view){out, n});
}

static void each(struct linter *l, const struct expr *e, lint_visit *rule)
{
    if (e->node) rule(l, e);
    for (int i = 0; i < e->count; i++) each(l, e->children[i], rule);
}

void lint_each(struct linter *l, lint_visit *rule)
{
    for (int i = 0; i < l->f->definitions_count; i++) each(l, l->p->definitions[i], rule);
}

/* --- bands --- */

/* A condition "x >= 5", "x < 5": the other side of it, and whether it holds upward. */
struct bound_of_band {
    const struct expr *value;
    double limit;
    bool upward, inclusive;
};

static bool bound_of(const struct expr *condition, struct bound_of_band *b)
{
    if (condition->kind != EXPR_LESS && condition->kind != EXPR_LESS_EQUAL) return false;
    const struct expr *x = condition->children[0], *y = condition->children[1];
    *b = (struct bound_of_band){.inclusive = condition->kind == EXPR_LESS_EQUAL};
    if (y->kind == EXPR_CONSTANT)
        *b = (struct bound_of_band){x, y->number, false, b->inclusive};
    else if (x->kind == EXPR_CONSTANT)
        *b = (struct bound_of_band){y, x->number, true, b->inclusive};
    return b->value && b->value->node;
}

/* Whoever meets the later condition has met the earlier one. */
static bool covers(const struct bound_of_band *earlier, const struct bound_of_band *later)
{
    if (earlier->upward != later->upward || !node_equal(earlier->value->node, later->value->node)) return false;
    if (earlier->limit == later->limit) return earlier->inclusive || !later->inclusive;
    return later->upward ? earlier->limit < later->limit : earlier->limit > later->limit;
}

static void bands_of(struct linter *l, const struct expr *e)
{
    struct bound_of_band earlier, later;
    if (e->kind != EXPR_CASE) return;
    for (int i = 2; i + 1 < e->count; i += 2)
        for (int k = 0; k < i; k += 2) {
            if (!bound_of(e->children[i], &later) || !bound_of(e->children[k], &earlier) || !covers(&earlier, &later))
                continue;
            const char *text = lint_node_text(l, e->children[i]->node);
            lint_add(l, LINT_BAND, true, node_start(e->children[i]->node),
                     LINT_TEXT(l, "nobody reaches this band: %s", text),
                     LINT_TEXT(l, "the first band that holds counts, and %s holds for all of them already",
                               lint_node_text(l, e->children[k]->node)),
                     LINT_TEXT(l, "put it in front of that one: case when %s then … when …", text));
            break;
        }
}

/* --- unused --- */

static bool uses(const struct node *n, const char *name, const char *alias, int coefficient)
{
    if (coefficient >= 0 && n->kind == NODE_COEFFICIENT && n->index == coefficient) return true;
    if (n->kind == NODE_NAME && (strcmp(n->text, name) == 0 || strcmp(n->text, alias) == 0)) return true;
    for (int i = 0; i < n->count; i++)
        if (uses(n->children[i], name, alias, coefficient)) return true;
    return false;
}

static bool is_used(const struct formula *f, const char *name, const char *alias, int coefficient)
{
    for (int i = 0; i < f->definitions_count; i++)
        if (uses(f->definitions[i].expression, name, alias, coefficient)) return true;
    return false;
}

static void unused(struct linter *l)
{
    const struct formula *f = l->f;
    for (int i = 0; i < f->coefficients_count; i++) {
        const struct coefficient *c = &f->coefficients[i];
        if (c->literal || is_used(f, c->name, c->name, i)) continue;
        lint_add(l, LINT_UNUSED, true, c->place, LINT_TEXT(l, "the coefficient %s is not used", c->name),
                 "a trial or a sweep that varies it would change nothing",
                 LINT_TEXT(l, "take it out, or use it: coef(%s)*…", c->name));
    }
    for (int i = 0; i < f->measures_count; i++) {
        const struct measure_definition *m = &f->measures[i];
        if (is_used(f, m->name, m->alias, -1)) continue;
        lint_add(l, LINT_UNUSED, false, m->place, LINT_TEXT(l, "no result uses the measure %s", m->name),
                 "it is added up for every customer every night; an output file may still show it",
                 LINT_TEXT(l, "take it out, or add it to the score: … + %s*系数(1)", m->name));
    }
    for (int i = 0; i < f->definitions_count; i++) {
        const struct definition *d = &f->definitions[i];
        if (d->is_result || is_used(f, d->name, d->name, -1)) continue;
        lint_add(l, LINT_UNUSED, false, d->place, LINT_TEXT(l, "no result uses the value %s", d->name),
                 "it has no effect; perhaps a result was meant",
                 LINT_TEXT(l, "take it out, or make it a result: result %s %s = …;", d->name,
                           value_type_name(l->p->definitions[i]->type)));
    }
}

/* --- the threshold --- */

/* A score may be negative, and so may a threshold; but one that nothing reaches selects everybody whom nobody knows. */
static void threshold(struct linter *l)
{
    const struct formula *f = l->f;
    double unit = f->unit == UNIT_YUAN ? 100 : 1, limit = (double)f->threshold_minor / unit;
    double score = lint_value(l, l->p->definitions[f->results[0]], (struct lint_sample){.no_dates = true});
    if (!(score >= limit)) return;
    lint_add(l, LINT_THRESHOLD, true, f->threshold_place,
             LINT_TEXT(l, "a customer without accounts passes: the score is %s, the threshold %s",
                       lint_number(l, score), lint_number(l, limit)),
             "everybody the bank has ever written down becomes a CRM customer, whatever there is on the accounts",
             LINT_TEXT(l, "write a threshold above %s; who is in debt has a negative score and stays below it",
                       lint_number(l, score)));
}

/* --- all of them --- */

void lint_formula(struct lint *out, const struct formula *f, const struct formula_program *p)
{
    struct linter l = {out, f, p};
    ensure(p->f == f);
    lint_units(&l);
    lint_debts(&l);
    lint_each(&l, bands_of);
    unused(&l);
    threshold(&l);
    lint_sort(out);
}
