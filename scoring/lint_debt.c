/* The rule about debts: a measure of arrears or of loans that raises the score.
 *
 * The sign of a measure in a term is followed through the tree: a minus turns it round, a constant factor by its own
 * sign, a denominator and a condition say nothing. Other factors are taken to be positive, as sums of amounts nearly
 * always are. */
#include "scoring/lint_rules.h"

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

/* --- signs --- */

struct term_debts {
    enum debt worst;   /* of the measures that raise the score */
    struct buf names;  /* of those of the worst kind */
    const char *first; /* one of them */
    bool seen[FORMULA_MEASURES_MAX];
};

static void note(struct linter *l, struct term_debts *d, int measure, int sign)
{
    enum debt debt = debt_of(&l->f->measures[measure]);
    if (sign <= 0 || debt == DEBT_NONE || debt < d->worst || d->seen[measure]) return;
    if (debt > d->worst) buf_clear(&d->names), d->first = l->f->measures[measure].name;
    d->worst = debt;
    d->seen[measure] = true;
    buf_addf(&d->names, d->names.length ? " and %s" : "%s", l->f->measures[measure].name);
}

static int sign_of_constant(const struct expr *e)
{
    return e->kind != EXPR_CONSTANT ? 1 : e->number > 0 ? 1 : e->number < 0 ? -1 : 0;
}

static void follow(struct linter *l, const struct expr *e, int sign, struct term_debts *d)
{
    switch (e->kind) {
    case EXPR_MEASURE: note(l, d, e->index, sign); break;
    case EXPR_DEFINITION: follow(l, l->p->definitions[e->index], sign, d); break;
    case EXPR_NEGATE: follow(l, e->children[0], -sign, d); break;
    case EXPR_SUBTRACT:
        follow(l, e->children[0], sign, d);
        follow(l, e->children[1], -sign, d);
        break;
    case EXPR_MULTIPLY:
        follow(l, e->children[0], sign * sign_of_constant(e->children[1]), d);
        follow(l, e->children[1], sign * sign_of_constant(e->children[0]), d);
        break;
    case EXPR_DIVIDE: follow(l, e->children[0], sign * sign_of_constant(e->children[1]), d); break;
    case EXPR_CASE:
        for (int i = 1; i < e->count; i += 2) follow(l, e->children[i], sign, d);
        follow(l, e->children[e->count - 1], sign, d);
        break;
    case EXPR_ADD:
    case EXPR_MIN:
    case EXPR_MAX:
    case EXPR_ROUND:
    case EXPR_FLOOR:
    case EXPR_CEIL:
    case EXPR_COALESCE:
        for (int i = 0; i < e->count; i++) follow(l, e->children[i], sign, d);
        break;
    default: break;
    }
}

/* --- findings --- */

static void report(struct linter *l, const struct expr *term, const struct term_debts *d)
{
    const char *names = arena_dup(&l->out->arena, buf_view(&d->names)), *text = lint_node_text(l, term->node);
    bool arrears = d->worst == DEBT_ARREARS;
    double value = lint_value(l, term, (struct lint_sample){1000000, 60, 3});
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

static bool is_let(const struct linter *l, const struct expr *e)
{
    return e->kind == EXPR_DEFINITION && !l->f->definitions[e->index].is_result;
}

static void debts_of(struct linter *l, const struct expr *e, int sign)
{
    if (is_let(l, e)) {
        debts_of(l, l->p->definitions[e->index], sign);
    } else if (e->kind == EXPR_ADD || e->kind == EXPR_SUBTRACT) {
        debts_of(l, e->children[0], sign);
        debts_of(l, e->children[1], e->kind == EXPR_ADD ? sign : -sign);
    } else if (e->kind == EXPR_NEGATE) {
        debts_of(l, e->children[0], -sign);
    } else if (e->node) {
        struct term_debts d = {.worst = DEBT_NONE};
        buf_init(&d.names, 1000);
        follow(l, e, sign, &d);
        if (d.worst != DEBT_NONE) report(l, e, &d);
        buf_release(&d.names);
    }
}

void lint_debts(struct linter *l)
{
    debts_of(l, l->p->definitions[l->f->results[0]], 1);
}
