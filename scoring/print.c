#include "scoring/print.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

/* How tightly an operator binds; docs/formula.md, "Expressions of the score". */
enum level { LEVEL_OR, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARE, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_SIGN, LEVEL_VALUE };

struct sign {
    const char *text;
    enum level level;
};

static const struct sign *operator_of(enum node_kind kind)
{
    static const struct sign OPERATORS[] = {
        [NODE_ADD] = {" + ", LEVEL_SUM},         [NODE_SUBTRACT] = {" - ", LEVEL_SUM},
        [NODE_MULTIPLY] = {"*", LEVEL_PRODUCT},  [NODE_DIVIDE] = {"/", LEVEL_PRODUCT},
        [NODE_EQUAL] = {" = ", LEVEL_COMPARE},   [NODE_NOT_EQUAL] = {" <> ", LEVEL_COMPARE},
        [NODE_LESS] = {" < ", LEVEL_COMPARE},    [NODE_LESS_EQUAL] = {" <= ", LEVEL_COMPARE},
        [NODE_GREATER] = {" > ", LEVEL_COMPARE}, [NODE_GREATER_EQUAL] = {" >= ", LEVEL_COMPARE},
        [NODE_AND] = {" and ", LEVEL_AND},       [NODE_OR] = {" or ", LEVEL_OR},
    };
    bool known = (size_t)kind < sizeof OPERATORS / sizeof *OPERATORS && OPERATORS[kind].text;
    return known ? &OPERATORS[kind] : NULL;
}

static enum level level_of(const struct node *n)
{
    const struct sign *o = operator_of(n->kind);
    if (o) return o->level;
    return n->kind == NODE_NEGATE ? LEVEL_SIGN
           : n->kind == NODE_NOT  ? LEVEL_NOT
           : n->kind == NODE_IN   ? LEVEL_COMPARE
                                  : LEVEL_VALUE;
}

static void print_inside(const struct formula *f, const struct node *n, enum level least, struct buf *out)
{
    bool parentheses = level_of(n) < least;
    if (parentheses) buf_add_text(out, "(");
    print_node(f, n, out);
    if (parentheses) buf_add_text(out, ")");
}

static void print_list(const struct formula *f, const struct node *n, int first, struct buf *out)
{
    for (int i = first; i < n->count; i++) {
        if (i > first) buf_add_text(out, ", ");
        print_node(f, n->children[i], out);
    }
}

/* The right side of "a - b" and "a/b" binds more tightly than the operator: a - (b - c). */
static void print_operator(const struct formula *f, const struct node *n, const struct sign *o, struct buf *out)
{
    bool chain = o->level == LEVEL_SUM || o->level == LEVEL_PRODUCT || o->level == LEVEL_AND || o->level == LEVEL_OR;
    for (int i = 0; i < n->count; i++) {
        if (i) buf_add_text(out, o->text);
        print_inside(f, n->children[i], i == 0 && chain ? o->level : o->level + 1, out);
    }
}

static void print_number(int64_t mantissa, int scale, struct buf *out)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%0*lld", scale + 1, (long long)mantissa);
    size_t n = strlen(digits);
    buf_add(out, digits, n - (size_t)scale);
    while (scale && digits[n - 1] == '0') n--, scale--;
    if (scale) buf_addf(out, ".%.*s", scale, digits + n - (size_t)scale);
}

static void print_coefficient(const struct formula *f, const struct node *n, struct buf *out)
{
    const struct coefficient *c = &f->coefficients[n->index];
    if (c->literal)
        buf_addf(out, "系数(%.15g)", c->value);
    else
        buf_add_text(out, c->name);
}

static void print_case(const struct formula *f, const struct node *n, struct buf *out)
{
    buf_add_text(out, "case");
    for (int i = 0; i + 1 < n->count; i += 2) {
        buf_add_text(out, " when ");
        print_node(f, n->children[i], out);
        buf_add_text(out, " then ");
        print_node(f, n->children[i + 1], out);
    }
    buf_add_text(out, " else ");
    print_node(f, n->children[n->count - 1], out);
    buf_add_text(out, " end");
}

static void print_call(const struct formula *f, const struct node *n, struct buf *out)
{
    buf_addf(out, "%s(", function_word(n->function)->name);
    print_list(f, n, 0, out);
    if (n->function == FUNCTION_ROUND && n->index >= 0) buf_addf(out, ", %s", rounding_name((enum rounding)n->index));
    buf_add_text(out, ")");
}

/* A kind this file does not know yet: everything that makes the node what it is, so that different trees stay
 * different. */
static void print_other(const struct formula *f, const struct node *n, struct buf *out)
{
    buf_addf(out, "node%d(%s|%lld|%d|%d|%d|", (int)n->kind, n->text ? n->text : "", (long long)n->mantissa, n->scale,
             (int)n->date, n->index);
    print_list(f, n, 0, out);
    buf_add_text(out, ")");
}

void print_node(const struct formula *f, const struct node *n, struct buf *out)
{
    const struct sign *o = operator_of(n->kind);
    char date[11];
    if (o) {
        print_operator(f, n, o, out);
        return;
    }
    switch (n->kind) {
    case NODE_NUMBER: print_number(n->mantissa, n->scale, out); break;
    case NODE_TEXT: buf_addf(out, "'%s'", n->text); break;
    case NODE_DATE: date_format(n->date, date), buf_addf(out, "date '%s'", date); break;
    case NODE_BUSINESS_DATE: buf_add_text(out, "business_date"); break;
    case NODE_TRUE: buf_add_text(out, "true"); break;
    case NODE_FALSE: buf_add_text(out, "false"); break;
    case NODE_NAME: buf_add_text(out, n->text); break;
    case NODE_COEFFICIENT: print_coefficient(f, n, out); break;
    case NODE_NEGATE: buf_add_text(out, "-"), print_inside(f, n->children[0], LEVEL_SIGN, out); break;
    case NODE_NOT: buf_add_text(out, "not "), print_inside(f, n->children[0], LEVEL_NOT, out); break;
    case NODE_IN:
        print_inside(f, n->children[0], LEVEL_SUM, out);
        buf_add_text(out, " in (");
        print_list(f, n, 1, out);
        buf_add_text(out, ")");
        break;
    case NODE_CASE: print_case(f, n, out); break;
    case NODE_CALL: print_call(f, n, out); break;
    default: print_other(f, n, out);
    }
}

void print_measure(const struct formula *f, const struct measure_definition *m, struct buf *out)
{
    buf_addf(out, "%s(", aggregate_word(m->aggregate)->name);
    for (int i = 0; i < m->tables_count; i++) buf_addf(out, "%s%s", i ? " + " : "", m->tables[i].name);
    if (m->predicate) {
        buf_add_text(out, " where ");
        print_node(f, m->predicate, out);
    }
    if (m->expression) {
        buf_add_text(out, ", ");
        print_node(f, m->expression, out);
    }
    buf_add_text(out, ")");
}

void formula_measure_definition(const struct formula *f, int measure, struct buf *out)
{
    ensure(measure >= 0 && measure < f->measures_count);
    const struct measure_definition *m = &f->measures[measure];
    buf_addf(out, "%s %s = ", f->unit == UNIT_YUAN ? "yuan" : "fen", value_type_name(m->type));
    print_measure(f, m, out);
}

bool formula_same_measure(const struct formula *a, int m, const struct formula *b, int k)
{
    struct buf x, y;
    buf_init(&x, 1 << 20);
    buf_init(&y, 1 << 20);
    formula_measure_definition(a, m, &x);
    formula_measure_definition(b, k, &y);
    bool same = view_equal(buf_view(&x), buf_view(&y));
    buf_release(&x);
    buf_release(&y);
    return same;
}

int formula_definition_count(const struct formula *f)
{
    return f->definitions_count;
}

const char *formula_definition_name(const struct formula *f, int definition)
{
    ensure(definition >= 0 && definition < f->definitions_count);
    return f->definitions[definition].name;
}

void formula_definition_text(const struct formula *f, int definition, struct buf *out)
{
    ensure(definition >= 0 && definition < f->definitions_count);
    const struct definition *d = &f->definitions[definition];
    if (d->has_type) buf_addf(out, "%s ", value_type_name(d->type));
    print_node(f, d->expression, out);
}
