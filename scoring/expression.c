/* Expressions, by precedence from loose to tight:
 *     or · and · not · = <> < <= > >= in (not chained) · + - · * / · unary minus · primary
 * Binary operators of one level are left-associative: the tree is the written order, and the order is what the double
 * arithmetic of the score follows. */
#include "base/date.h"
#include "scoring/parser.h"

#include <stdio.h>

static bool parse_unary(struct parser *p, struct node **out);

static bool enter(struct parser *p)
{
    if (++p->nesting <= FORMULA_NESTING_MAX) return true;
    formula_fail(p->f, p->at->place, p->st, "more than %d levels of parentheses, calls and signs", FORMULA_NESTING_MAX);
    return status_hint(p->st, "name a part of it: let part = …;");
}

static struct node *new_node(struct parser *p, enum node_kind kind, struct place place, int children)
{
    return node_new(&p->f->arena, kind, place, children);
}

bool parser_seal(struct parser *p, struct node *n, struct node **out)
{
    *out = n;
    if (node_seal(n)) return true;
    formula_fail(p->f, n->place, p->st, "more than %d operators in one expression", FORMULA_DEPTH_MAX);
    return status_hint(p->st, "name a part of it: let part = …;");
}

static bool binary(struct parser *p, enum node_kind kind, struct place place, struct node *left, struct node *right,
                   struct node **out)
{
    struct node *n = new_node(p, kind, place, 2);
    n->children[0] = left;
    n->children[1] = right;
    return parser_seal(p, n, out);
}

/* --- primaries --- */

static bool count_constant(struct parser *p)
{
    if (++p->constants <= FORMULA_CONSTANTS_MAX) return true;
    return formula_fail(p->f, p->at->place, p->st, "more than %d numbers, dates and texts in the file",
                        FORMULA_CONSTANTS_MAX);
}

static bool parse_number(struct parser *p, struct node **out)
{
    if (!count_constant(p)) return false;
    *out = new_node(p, NODE_NUMBER, p->at->place, 0);
    (*out)->mantissa = p->at->mantissa;
    (*out)->scale = p->at->scale;
    p->at++;
    return true;
}

static bool parse_text(struct parser *p, struct node **out)
{
    if (!count_constant(p)) return false;
    *out = new_node(p, NODE_TEXT, p->at->place, 0);
    (*out)->text = arena_dup(&p->f->arena, p->at->text);
    p->at++;
    return true;
}

static bool parse_date(struct parser *p, struct node **out)
{
    if (!count_constant(p)) return false;
    *out = new_node(p, NODE_DATE, p->at->place, 0);
    p->at++;
    if (p->at->kind != TOKEN_TEXT) return parser_expected(p, "a day such as '2026-10-31' after date");
    if (!date_parse(p->at->text, &(*out)->date))
        return formula_fail(p->f, p->at->place, p->st, "'%.*s' is not a day such as '2026-10-31'",
                            VIEW_PRINT(p->at->text));
    p->at++;
    return true;
}

/* case when C then A … else B end */
static bool parse_case(struct parser *p, struct node **out)
{
    struct node *list[2 * FORMULA_DEPTH_MAX];
    struct place place = p->at->place;
    int count = 0;
    p->at++;
    while (parser_accept_word(p, "when")) {
        if (count + 2 > (int)(sizeof list / sizeof list[0]) - 1)
            return formula_fail(p->f, p->at->place, p->st, "more than %d branches in one case", FORMULA_BRANCHES_MAX);
        if (!parse_expression(p, &list[count])) return false;
        if (!parser_accept_word(p, "then")) return parser_expected(p, "\"then\" after the condition");
        if (!parse_expression(p, &list[count + 1])) return false;
        count += 2;
    }
    if (count == 0) return parser_expected(p, "\"when\" after case");
    if (!parser_accept_word(p, "else")) {
        parser_expected(p, "\"when\", or \"else\" with the value for all other customers");
        return status_hint(p->st, "a case needs an else: else 0 end");
    }
    if (!parse_expression(p, &list[count++])) return false;
    if (!parser_accept_word(p, "end")) return parser_expected(p, "\"end\" to close the case");
    struct node *n = new_node(p, NODE_CASE, place, count);
    memcpy(n->children, list, sizeof *list * (size_t)count);
    return parser_seal(p, n, out);
}

/* customer.FIELD: of the customer's own record, whatever the accounts and the file's statements call by that name.
 * shadow.FIELD: a name with a point in it. */
static bool parse_customer_field(struct parser *p, struct node **out)
{
    const struct token *owner = p->at, *field = p->at + 2;
    bool shadow = word_is_shadow(owner->text);
    if (!shadow && !word_is_customer(owner->text)) {
        formula_fail(p->f, owner->place, p->st, "only customer stands in front of a point, found \"%.*s\"",
                     VIEW_PRINT(owner->text));
        return status_hint(p->st, "write FIELD for a field of the accounts, customer.FIELD for one of the customer");
    }
    p->at += 2;
    if (field->kind != TOKEN_NAME) return parser_expected(p, "a field of the customer, such as customer.birth");
    *out = new_node(p, NODE_NAME, owner->place, 0);
    (*out)->text =
        arena_printf(&p->f->arena, "%s%.*s", shadow ? FORMULA_SHADOW : FORMULA_CUSTOMER, VIEW_PRINT(field->text));
    p->at++;
    return true;
}

static bool parse_word(struct parser *p, struct node **out)
{
    static const struct {
        const char *word;
        enum node_kind kind;
    } WORDS[] = {{"business_date", NODE_BUSINESS_DATE}, {"true", NODE_TRUE}, {"false", NODE_FALSE}};
    if (p->at[1].kind == TOKEN_POINT) return parse_customer_field(p, out);
    if (parser_at_word(p, "case")) return parse_case(p, out);
    if (parser_at_word(p, "date")) return parse_date(p, out);
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (!parser_at_word(p, WORDS[i].word)) continue;
        *out = new_node(p, WORDS[i].kind, p->at->place, 0);
        p->at++;
        return true;
    }
    if (p->at[1].kind == TOKEN_LEFT) return parse_call(p, out);
    bool is_score = parser_at_word(p, "score");
    if (word_is_reserved(p->at->text) && !is_score) return parser_expected(p, "a value");
    *out = new_node(p, NODE_NAME, p->at->place, 0);
    (*out)->text = arena_dup(&p->f->arena, is_score ? VIEW_LITERAL("score") : p->at->text);
    p->at++;
    return true;
}

static bool parse_primary(struct parser *p, struct node **out)
{
    switch (p->at->kind) {
    case TOKEN_NUMBER: return parse_number(p, out);
    case TOKEN_TEXT: return parse_text(p, out);
    case TOKEN_NAME: return parse_word(p, out);
    case TOKEN_LEFT:
        p->at++;
        return parse_expression(p, out) && parser_take(p, TOKEN_RIGHT, "to close the parenthesis");
    default: return parser_expected(p, "a value");
    }
}

/* --- operators --- */

static bool parse_unary(struct parser *p, struct node **out)
{
    struct place place = p->at->place;
    if (!parser_accept(p, TOKEN_MINUS)) return parse_primary(p, out);
    struct node *n = new_node(p, NODE_NEGATE, place, 1);
    if (!enter(p) || !parse_unary(p, &n->children[0])) return false;
    p->nesting--;
    return parser_seal(p, n, out);
}

static bool parse_product(struct parser *p, struct node **out)
{
    if (!parse_unary(p, out)) return false;
    while (p->at->kind == TOKEN_STAR || p->at->kind == TOKEN_SLASH) {
        const struct token *sign = p->at++;
        struct node *right;
        enum node_kind kind = sign->kind == TOKEN_STAR ? NODE_MULTIPLY : NODE_DIVIDE;
        if (!parse_unary(p, &right) || !binary(p, kind, sign->place, *out, right, out)) return false;
    }
    return true;
}

static bool parse_sum(struct parser *p, struct node **out)
{
    if (!parse_product(p, out)) return false;
    while (p->at->kind == TOKEN_PLUS || p->at->kind == TOKEN_MINUS) {
        const struct token *sign = p->at++;
        struct node *right;
        enum node_kind kind = sign->kind == TOKEN_PLUS ? NODE_ADD : NODE_SUBTRACT;
        if (!parse_product(p, &right) || !binary(p, kind, sign->place, *out, right, out)) return false;
    }
    return true;
}

static bool parse_in(struct parser *p, struct node *left, struct node **out)
{
    struct node *list[FORMULA_IN_MAX + 1];
    struct place place = p->at->place;
    int count = 0;
    list[count++] = left;
    p->at++;
    if (!parser_take(p, TOKEN_LEFT, "after in")) return false;
    do {
        if (count == FORMULA_IN_MAX + 1)
            return formula_fail(p->f, p->at->place, p->st, "more than %d values after in", FORMULA_IN_MAX);
        if (!parse_sum(p, &list[count++])) return false;
    } while (parser_accept(p, TOKEN_COMMA));
    if (!parser_take(p, TOKEN_RIGHT, "or \",\" after a value of in")) return false;
    struct node *n = new_node(p, NODE_IN, place, count);
    memcpy(n->children, list, sizeof *list * (size_t)count);
    return parser_seal(p, n, out);
}

static bool parse_comparison(struct parser *p, struct node **out)
{
    static const enum node_kind KINDS[] = {[TOKEN_EQUAL] = NODE_EQUAL,     [TOKEN_NOT_EQUAL] = NODE_NOT_EQUAL,
                                           [TOKEN_LESS] = NODE_LESS,       [TOKEN_LESS_EQUAL] = NODE_LESS_EQUAL,
                                           [TOKEN_GREATER] = NODE_GREATER, [TOKEN_GREATER_EQUAL] = NODE_GREATER_EQUAL};
    if (!parse_sum(p, out)) return false;
    if (parser_at_word(p, "not") && p->at[1].kind == TOKEN_NAME && word_is(p->at[1].text, "in")) {
        struct node *n = new_node(p, NODE_NOT, p->at->place, 1);
        p->at++;
        return parse_in(p, *out, &n->children[0]) && parser_seal(p, n, out);
    }
    if (parser_at_word(p, "in")) return parse_in(p, *out, out);
    if (p->at->kind < TOKEN_EQUAL || p->at->kind > TOKEN_GREATER_EQUAL) return true;
    const struct token *sign = p->at++;
    struct node *right;
    if (!parse_sum(p, &right) || !binary(p, KINDS[sign->kind], sign->place, *out, right, out)) return false;
    if (p->at->kind < TOKEN_EQUAL || p->at->kind > TOKEN_GREATER_EQUAL) return true;
    formula_fail(p->f, p->at->place, p->st, "a comparison cannot be compared again");
    return status_hint(p->st, "write: a < b and b < c");
}

static bool parse_not(struct parser *p, struct node **out)
{
    struct place place = p->at->place;
    if (!parser_accept_word(p, "not")) return parse_comparison(p, out);
    struct node *n = new_node(p, NODE_NOT, place, 1);
    if (!enter(p) || !parse_not(p, &n->children[0])) return false;
    p->nesting--;
    return parser_seal(p, n, out);
}

static bool parse_and(struct parser *p, struct node **out)
{
    if (!parse_not(p, out)) return false;
    while (parser_at_word(p, "and")) {
        struct place place = p->at++->place;
        struct node *right;
        if (!parse_not(p, &right) || !binary(p, NODE_AND, place, *out, right, out)) return false;
    }
    return true;
}

bool parse_expression(struct parser *p, struct node **out)
{
    if (!enter(p) || !parse_and(p, out)) return false;
    while (parser_at_word(p, "or")) {
        struct place place = p->at++->place;
        struct node *right;
        if (!parse_and(p, &right) || !binary(p, NODE_OR, place, *out, right, out)) return false;
    }
    p->nesting--;
    return true;
}
