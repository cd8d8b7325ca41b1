#include "scoring/node_text.h"

#include "base/date.h"

/* How tight an operator binds; a child that binds less stands in parentheses. */
enum strength { OR = 1, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, PRIMARY };

static const struct {
    enum strength strength;
    const char *sign;
} RULES[] = {[NODE_NUMBER] = {PRIMARY, NULL},
             [NODE_TEXT] = {PRIMARY, NULL},
             [NODE_DATE] = {PRIMARY, NULL},
             [NODE_BUSINESS_DATE] = {PRIMARY, "business_date"},
             [NODE_TRUE] = {PRIMARY, "true"},
             [NODE_FALSE] = {PRIMARY, "false"},
             [NODE_NAME] = {PRIMARY, NULL},
             [NODE_COEFFICIENT] = {PRIMARY, NULL},
             [NODE_NEGATE] = {SIGN, "-"},
             [NODE_NOT] = {NOT, "not "},
             [NODE_ADD] = {SUM, " + "},
             [NODE_SUBTRACT] = {SUM, " - "},
             [NODE_MULTIPLY] = {PRODUCT, "*"},
             [NODE_DIVIDE] = {PRODUCT, "/"},
             [NODE_EQUAL] = {COMPARISON, " = "},
             [NODE_NOT_EQUAL] = {COMPARISON, " <> "},
             [NODE_LESS] = {COMPARISON, " < "},
             [NODE_LESS_EQUAL] = {COMPARISON, " <= "},
             [NODE_GREATER] = {COMPARISON, " > "},
             [NODE_GREATER_EQUAL] = {COMPARISON, " >= "},
             [NODE_AND] = {AND, " and "},
             [NODE_OR] = {OR, " or "},
             [NODE_IN] = {COMPARISON, " in "},
             [NODE_CASE] = {PRIMARY, NULL},
             [NODE_CALL] = {PRIMARY, NULL}};

static void write_child(struct buf *out, const struct formula *f, const struct node *n, enum strength least)
{
    bool loose = RULES[n->kind].strength < least;
    buf_add_text(out, loose ? "(" : "");
    node_write(out, f, n);
    buf_add_text(out, loose ? ")" : "");
}

static void write_list(struct buf *out, const struct formula *f, const struct node *n, int first)
{
    buf_add_text(out, "(");
    for (int i = first; i < n->count; i++) {
        buf_add_text(out, i > first ? ", " : "");
        node_write(out, f, n->children[i]);
    }
    if (n->function == FUNCTION_ROUND && n->index >= 0) buf_addf(out, ", %s", rounding_name((enum rounding)n->index));
    buf_add_text(out, ")");
}

static void write_number(struct buf *out, int64_t mantissa, int scale)
{
    int64_t power = power_of_ten(scale);
    buf_addf(out, "%lld", (long long)(mantissa / power));
    if (scale) buf_addf(out, ".%0*lld", scale, (long long)(mantissa % power));
}

static void write_coefficient(struct buf *out, const struct coefficient *c)
{
    if (c->literal)
        buf_addf(out, "系数(%.15g)", c->value);
    else
        buf_addf(out, "coef(%s)", c->name);
}

static void write_case(struct buf *out, const struct formula *f, const struct node *n)
{
    buf_add_text(out, "case");
    for (int i = 0; i + 1 < n->count; i += 2) {
        buf_add_text(out, " when ");
        node_write(out, f, n->children[i]);
        buf_add_text(out, " then ");
        node_write(out, f, n->children[i + 1]);
    }
    buf_add_text(out, " else ");
    node_write(out, f, n->children[n->count - 1]);
    buf_add_text(out, " end");
}

static void write_leaf(struct buf *out, const struct formula *f, const struct node *n)
{
    char date[11];
    switch (n->kind) {
    case NODE_NUMBER: write_number(out, n->mantissa, n->scale); break;
    case NODE_TEXT: buf_addf(out, "'%s'", n->text); break;
    case NODE_NAME: buf_add_text(out, n->text); break;
    case NODE_COEFFICIENT: write_coefficient(out, &f->coefficients[n->index]); break;
    case NODE_DATE:
        date_format(n->date, date);
        buf_addf(out, "date '%s'", date);
        break;
    default: buf_add_text(out, RULES[n->kind].sign);
    }
}

void node_write(struct buf *out, const struct formula *f, const struct node *n)
{
    enum strength strength = RULES[n->kind].strength;
    const char *sign = RULES[n->kind].sign;
    switch (n->kind) {
    case NODE_CASE: write_case(out, f, n); return;
    case NODE_CALL:
        buf_add_text(out, function_word(n->function)->name);
        write_list(out, f, n, 0);
        return;
    case NODE_IN:
        write_child(out, f, n->children[0], SUM);
        buf_add_text(out, sign);
        write_list(out, f, n, 1);
        return;
    default: break;
    }
    if (n->count == 0) {
        write_leaf(out, f, n);
    } else if (n->count == 1) {
        buf_add_text(out, sign);
        write_child(out, f, n->children[0], strength);
    } else {
        /* left-associative; comparisons are not chained */
        write_child(out, f, n->children[0], strength == COMPARISON ? SUM : strength);
        buf_add_text(out, sign);
        write_child(out, f, n->children[1], strength + 1);
    }
}

enum { TEXT_MAX = 4096 };

static const char *take(struct arena *a, struct buf *out)
{
    const char *text = out->length ? arena_dup(a, buf_view(out)) : "";
    buf_release(out);
    return text;
}

const char *node_text(struct arena *a, const struct formula *f, const struct node *n)
{
    struct buf out;
    buf_init(&out, TEXT_MAX);
    node_write(&out, f, n);
    return take(a, &out);
}

const char *measure_text(struct arena *a, const struct formula *f, const struct measure_definition *m)
{
    struct buf out;
    buf_init(&out, TEXT_MAX);
    buf_addf(&out, "%s(", aggregate_word(m->aggregate)->name);
    for (int i = 0; i < m->tables_count; i++) buf_addf(&out, i ? " + %s" : "%s", m->tables[i].name);
    if (m->predicate) {
        buf_add_text(&out, " where ");
        node_write(&out, f, m->predicate);
    }
    if (m->expression) {
        buf_add_text(&out, ", ");
        node_write(&out, f, m->expression);
    }
    buf_add_text(&out, ")");
    return take(a, &out);
}

struct place node_start(const struct node *n)
{
    bool infix = n->kind >= NODE_ADD && n->kind <= NODE_IN;
    return infix ? node_start(n->children[0]) : n->place;
}

bool node_equal(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || a->function != b->function || a->count != b->count || a->index != b->index ||
        a->date != b->date || a->mantissa != b->mantissa || a->scale != b->scale || !a->text != !b->text ||
        (a->text && strcmp(a->text, b->text) != 0))
        return false;
    for (int i = 0; i < a->count; i++)
        if (!node_equal(a->children[i], b->children[i])) return false;
    return true;
}
