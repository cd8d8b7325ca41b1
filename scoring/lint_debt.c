/* The rule about debts: a measure of arrears or of loans that raises the score, or of which nobody can tell whether it
 * does. Which way a debt moves a term of the score is worked out in lint_direction.c. */
#include "scoring/lint_direction.h"

#include <strings.h>

enum debt { DEBT_NONE, DEBT_LOAN, DEBT_ARREARS };

/* Parts of the words that systems and analysts use; of names, fields and tables. */
static const char *const ARREARS[] = {"逾期", "拖欠",  "透支",   "不良",     "呆账",   "坏账",    "欠款",
                                      "欠息", "overd", "arrear", "past_due", "delinq", "default", "write_off"};
static const char *const LOANS[] = {"贷款", "借款", "负债", "loan", "debt", "liabil", "borrow", "mortgage"};

static bool holds(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, length) == 0) return true;
    return false;
}

static bool holds_any(const char *text, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (holds(text, parts[i])) return true;
    return false;
}
#define HOLDS(text, parts) holds_any(text, parts, sizeof parts / sizeof *(parts))

static enum debt debt_of_fields(const struct node *n)
{
    if (n->kind == NODE_NAME && HOLDS(n->text, ARREARS)) return DEBT_ARREARS;
    for (int i = 0; i < n->count; i++)
        if (debt_of_fields(n->children[i]) == DEBT_ARREARS) return DEBT_ARREARS;
    return DEBT_NONE;
}

/* A term of a loan or a count of loans is no debt; arrears are whatever they are counted in. */
static enum debt debt_of(const struct measure_definition *m)
{
    if (m->expression && m->expression->kind == NODE_NEGATE) return DEBT_NONE; /* is negative itself */
    if (m->type == VALUE_DATE) return DEBT_NONE;
    if (HOLDS(m->name, ARREARS) || HOLDS(m->alias, ARREARS) ||
        (m->expression && debt_of_fields(m->expression) == DEBT_ARREARS))
        return DEBT_ARREARS;
    if (m->type != VALUE_MONEY) return DEBT_NONE;
    bool loan = HOLDS(m->name, LOANS) || HOLDS(m->alias, LOANS);
    for (int i = 0; i < m->tables_count; i++) loan |= HOLDS(m->tables[i].name, LOANS);
    return loan ? DEBT_LOAN : DEBT_NONE;
}

/* --- directions --- */

/* The debts of one term that go one way. */
struct term_debts {
    enum debt worst;   /* of them */
    struct buf names;  /* of those of the worst kind */
    const char *first; /* one of them */
};

static void note(const struct linter *l, struct term_debts *d, int measure)
{
    const char *name = l->f->measures[measure].name;
    enum debt debt = debt_of(&l->f->measures[measure]);
    if (debt < d->worst) return;
    if (debt > d->worst) buf_clear(&d->names), d->first = name;
    d->worst = debt;
    buf_addf(&d->names, d->names.length ? " and %s" : "%s", name);
}

/* --- findings --- */

static void report(struct linter *l, const struct expr *term, const struct term_debts *d)
{
    const char *names = arena_dup(&l->out->arena, buf_view(&d->names)), *text = lint_node_text(l, term->node);
    bool arrears = d->worst == DEBT_ARREARS;
    double value = lint_value(l, term, (struct lint_sample){1000000, 60, 3, false});
    double per = l->f->unit == UNIT_YUAN ? 10000 : 1000000;
    const char *example = value > 0 ? LINT_TEXT(l, ": with %s %s, 60 months and numbers of 3 it adds %s",
                                                lint_number(l, per), lint_unit(l), lint_number(l, value))
                                    : "";
    const char *why =
        arrears ? LINT_TEXT(l, "the deeper a customer is in arrears, the better he scores%s", example)
                : LINT_TEXT(l,
                            "a customer who only owes passes like one who owns%s; right where loans are the business "
                            "that is looked for",
                            example);
    const char *instead =
        arrears ? LINT_TEXT(l, "subtract it: … - %s; or keep such customers out: if(%s > 0, 0, …)", text, d->first)
                : LINT_TEXT(l, "keep it apart: result contribution_loan money = %s; or subtract it", text);
    lint_add(l, LINT_DEBT, arrears, node_start(term->node),
             LINT_TEXT(l, "%s the score: %s in %s", arrears ? "arrears raise" : "a loan raises", names, text), why,
             instead);
}

/* A remark: perhaps it is meant, but a reader cannot see what a debt does. */
static void report_unknown(struct linter *l, const struct expr *term, const struct term_debts *d)
{
    const char *names = arena_dup(&l->out->arena, buf_view(&d->names)), *text = lint_node_text(l, term->node);
    const char *kind = d->worst == DEBT_ARREARS ? "arrears raise" : "a loan raises";
    lint_add(
        l, LINT_DEBT, false, node_start(term->node),
        LINT_TEXT(l, "it cannot be told whether %s the score: %s in %s", kind, names, text),
        "for some customers more of it may be better and for others worse; nobody can see from the formula for whom",
        LINT_TEXT(l,
                  "let it stand in a term of its own with a plain sign: … - %s; or bound what changes its sign: "
                  "max(…, 0)",
                  d->first));
}

struct debt_rule {
    struct linter *l;
    struct directions directions;
    bool seen[FORMULA_DEFINITIONS_MAX][2]; /* intermediate values, added and subtracted */
};

static void debts_of_term(struct debt_rule *r, const struct expr *e, bool subtracted)
{
    struct term_debts raising = {.worst = DEBT_NONE}, unknown = {.worst = DEBT_NONE};
    buf_init(&raising.names, 1000);
    buf_init(&unknown.names, 1000);
    for (int m = 0; m < r->l->f->measures_count; m++) {
        if (debt_of(&r->l->f->measures[m]) == DEBT_NONE) continue;
        directions_of(&r->directions, m);
        enum direction way = direction_of(&r->directions, e);
        if (subtracted) way = direction_turned(way);
        if (way == DIRECTION_RISES) note(r->l, &raising, m);
        if (way == DIRECTION_UNKNOWN) note(r->l, &unknown, m);
    }
    if (raising.worst != DEBT_NONE) report(r->l, e, &raising);
    if (unknown.worst != DEBT_NONE) report_unknown(r->l, e, &unknown);
    buf_release(&raising.names);
    buf_release(&unknown.names);
}

/* The terms of the score, through intermediate values. */
static void debts_of(struct debt_rule *r, const struct expr *e, bool subtracted)
{
    bool is_let = e->kind == EXPR_DEFINITION && !r->l->f->definitions[e->index].is_result;
    if (is_let) {
        if (r->seen[e->index][subtracted]) return;
        r->seen[e->index][subtracted] = true;
        debts_of(r, r->l->p->definitions[e->index], subtracted);
    } else if (e->kind == EXPR_ADD || e->kind == EXPR_SUBTRACT) {
        debts_of(r, e->children[0], subtracted);
        debts_of(r, e->children[1], e->kind == EXPR_ADD ? subtracted : !subtracted);
    } else if (e->kind == EXPR_NEGATE) {
        debts_of(r, e->children[0], !subtracted);
    } else if (e->node) {
        debts_of_term(r, e, subtracted);
    }
}

void lint_debts(struct linter *l)
{
    struct debt_rule *r = calloc(1, sizeof *r);
    ensure(r);
    r->l = l;
    directions_init(&r->directions, l);
    debts_of(r, l->p->definitions[l->f->results[0]], false);
    directions_release(&r->directions);
    free(r);
}
