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

static bool seal(struct parser *p, struct node *n, struct node **out)
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
    return seal(p, n, out);
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
            return formula_fail(p->f, p->at->place, p->st, "more than %d branches in one case", FORMULA_DEPTH_MAX - 1);
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
    return seal(p, n, out);
}

/* 系数(1.5), coef(name), coef(name, 1.5) */
static bool parse_coefficient(struct parser *p, struct place place, struct node **out)
{
    struct node *n = new_node(p, NODE_COEFFICIENT, place, 0);
    int64_t mantissa = 0;
    int scale = 0;
    *out = n;
    if (p->at->kind == TOKEN_NUMBER || p->at->kind == TOKEN_MINUS) {
        if (!parser_number(p, &mantissa, &scale)) return false;
        char name[32];
        int number = 1;
        for (int i = 0; i < p->f->coefficients_count; i++) number += p->f->coefficients[i].literal;
        snprintf(name, sizeof name, "系数#%d", number);
        n->index = parser_coefficient(p, name, place);
        if (n->index < 0) return false;
        p->f->coefficients[n->index].literal = true;
        p->f->coefficients[n->index].value = decimal_double(mantissa, scale);
        return parser_take(p, TOKEN_RIGHT, "after the coefficient");
    }
    const char *name;
    if (p->at->kind != TOKEN_NAME) return parser_expected(p, "a number or the name of a coefficient");
    struct place at = p->at->place;
    if (!parser_new_name(p, "a coefficient", &name)) return false;
    int before = p->f->coefficients_count;
    n->index = parser_coefficient(p, name, at);
    if (n->index < 0) return false;
    struct coefficient *c = &p->f->coefficients[n->index];
    if (parser_accept(p, TOKEN_COMMA)) {
        if (!parser_number(p, &mantissa, &scale)) return false;
        double value = decimal_double(mantissa, scale);
        if (n->index == before)
            c->value = value;
        else if (!c->declared && c->value != value)
            return formula_fail(p->f, at, p->st, "coefficient %s has two defaults, %g here and %g in line %u", name,
                                value, c->value, c->place.line);
    } else if (n->index == before) {
        p->f->coefficients_count--;
        struct guess guess;
        guess_init(&guess, view_of(name));
        for (int i = 0; i < before; i++)
            if (!p->f->coefficients[i].literal) guess_offer(&guess, p->f->coefficients[i].name);
        formula_fail(p->f, at, p->st, "unknown coefficient %s", name);
        hint_guess(&guess, p->st);
        return status_hint(p->st, "declare it above: coef %s = 1.5;  or give a default here: coef(%s, 1.5)", name,
                           name);
    }
    return parser_take(p, TOKEN_RIGHT, "after the coefficient");
}

/* The rounding mode of round(x, half_even): a word, not an expression. */
static bool parse_mode(struct parser *p, struct node *call)
{
    enum rounding mode;
    if (!parser_rounding(p, &mode)) return false;
    call->index = (int)mode;
    return true;
}

static bool check_arguments(struct parser *p, struct node *n, int count)
{
    const struct function_word *w = function_word(n->function);
    if (count >= w->arguments_min && count <= w->arguments_max) return true;
    if (w->arguments_min == w->arguments_max)
        formula_fail(p->f, n->place, p->st, "%s takes %d argument%s, found %d", w->name, w->arguments_min,
                     w->arguments_min == 1 ? "" : "s", count);
    else
        formula_fail(p->f, n->place, p->st, "%s takes %d to %d arguments, found %d", w->name, w->arguments_min,
                     w->arguments_max, count);
    return status_hint(p->st, "%s: %s", w->usage, w->help);
}

static bool parse_arguments(struct parser *p, struct node *n)
{
    struct node *list[16];
    int count = 0, extra = 0;
    if (p->at->kind != TOKEN_RIGHT) {
        do {
            if (n->function == FUNCTION_ROUND && count == 1 && !extra) {
                extra = 1;
                if (!parse_mode(p, n)) return false;
                continue;
            }
            struct node *argument;
            if (!parse_expression(p, &argument)) return false;
            if (count < 16) list[count] = argument;
            count++;
        } while (parser_accept(p, TOKEN_COMMA));
    }
    if (!parser_take(p, TOKEN_RIGHT, "or \",\" after an argument") || !check_arguments(p, n, count + extra))
        return false;
    n->count = count;
    n->children = arena_array(&p->f->arena, struct node *, count);
    memcpy(n->children, list, sizeof *list * (size_t)count);
    return true;
}

static bool parse_call(struct parser *p, struct node **out)
{
    const struct token *name = p->at;
    enum function function = function_find(name->text);
    if (function == FUNCTION_NONE) {
        struct guess guess;
        guess_init(&guess, name->text);
        guess_offer_functions(&guess, WORD_CUSTOMER | WORD_ACCOUNT);
        formula_fail(p->f, name->place, p->st, "unknown function %.*s", VIEW_PRINT(name->text));
        if (aggregate_find(name->text) != AGGREGATE_NONE)
            status_hint(p->st, "%s stands in a measure: measure NAME money = %s;",
                        aggregate_word(aggregate_find(name->text))->name,
                        aggregate_word(aggregate_find(name->text))->usage);
        hint_guess(&guess, p->st);
        return status_hint(p->st, "list them: crmx formula functions");
    }
    p->at += 2;
    if (function == FUNCTION_COEF) return parse_coefficient(p, name->place, out);
    struct node *n = new_node(p, NODE_CALL, name->place, 0);
    n->function = function;
    return parse_arguments(p, n) && seal(p, n, out);
}

static bool parse_word(struct parser *p, struct node **out)
{
    static const struct {
        const char *word;
        enum node_kind kind;
    } WORDS[] = {{"business_date", NODE_BUSINESS_DATE}, {"true", NODE_TRUE}, {"false", NODE_FALSE}};
    if (parser_at_word(p, "case")) return parse_case(p, out);
    if (parser_at_word(p, "date")) return parse_date(p, out);
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (!parser_at_word(p, WORDS[i].word)) continue;
        *out = new_node(p, WORDS[i].kind, p->at->place, 0);
        p->at++;
        return true;
    }
    if (p->at[1].kind == TOKEN_LEFT) return parse_call(p, out);
    if (word_is_reserved(p->at->text) && !word_is(p->at->text, "score")) return parser_expected(p, "a value");
    *out = new_node(p, NODE_NAME, p->at->place, 0);
    (*out)->text = arena_dup(&p->f->arena, p->at->text);
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
    return seal(p, n, out);
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
    struct node *list[256];
    struct place place = p->at->place;
    int count = 0;
    list[count++] = left;
    p->at++;
    if (!parser_take(p, TOKEN_LEFT, "after in")) return false;
    do {
        if (count == (int)(sizeof list / sizeof list[0]))
            return formula_fail(p->f, p->at->place, p->st, "more than 255 values after in");
        if (!parse_sum(p, &list[count++])) return false;
    } while (parser_accept(p, TOKEN_COMMA));
    if (!parser_take(p, TOKEN_RIGHT, "or \",\" after a value of in")) return false;
    struct node *n = new_node(p, NODE_IN, place, count);
    memcpy(n->children, list, sizeof *list * (size_t)count);
    return seal(p, n, out);
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
        return parse_in(p, *out, &n->children[0]) && seal(p, n, out);
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
    return seal(p, n, out);
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
