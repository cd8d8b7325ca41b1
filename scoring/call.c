/* Calls: name(arguments), and the coefficients, whose arguments are not expressions. */
#include "scoring/parser.h"

#include <stdio.h>

/* 系数(1.5), coef(name), coef(name, 1.5) */
static bool parse_coefficient(struct parser *p, struct place place, struct node **out)
{
    struct node *n = node_new(&p->f->arena, NODE_COEFFICIENT, place, 0);
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

/* round(x, 2), round(x, half_even), round(x, 2, half_even): a number and a word, no expressions. */
static bool parse_decimals(struct parser *p, int *decimals)
{
    struct place place = p->at->place;
    int64_t mantissa;
    int scale;
    if (!parser_number(p, &mantissa, &scale)) return false;
    *decimals = (int)mantissa;
    if (scale == 0 && mantissa >= 0 && mantissa <= FORMULA_ROUND_DECIMALS_MAX) return true;
    return formula_fail(p->f, place, p->st, "round takes 0 to %d decimals", FORMULA_ROUND_DECIMALS_MAX);
}

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

static bool parse_arguments(struct parser *p, struct node *n, int *decimals)
{
    struct node *list[16];
    int count = 0, extra = 0;
    if (p->at->kind != TOKEN_RIGHT) {
        do {
            if (n->function == FUNCTION_ROUND && count == 1) {
                bool number = p->at->kind == TOKEN_NUMBER || p->at->kind == TOKEN_MINUS;
                if (number && extra == 0 ? !parse_decimals(p, decimals) : !parse_mode(p, n)) return false;
                extra++;
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

static struct node *whole_number(struct parser *p, struct place place, int64_t number)
{
    struct node *n = node_new(&p->f->arena, NODE_NUMBER, place, 0);
    n->mantissa = number;
    return n;
}

static bool two(struct parser *p, enum node_kind kind, struct node *a, struct node *b, struct node **out)
{
    struct node *n = node_new(&p->f->arena, kind, a->place, 2);
    n->children[0] = a;
    n->children[1] = b;
    return parser_seal(p, n, out);
}

/* round(x, 2) is round(x*100)/100: every evaluator knows it already, and what it means is said by the two. */
static bool round_decimals(struct parser *p, struct node *call, int decimals, struct node **out)
{
    int64_t power = power_of_ten(decimals);
    struct node *rounded;
    return two(p, NODE_MULTIPLY, call->children[0], whole_number(p, call->place, power), &call->children[0]) &&
           parser_seal(p, call, &rounded) && two(p, NODE_DIVIDE, rounded, whole_number(p, call->place, power), out);
}

bool parse_call(struct parser *p, struct node **out)
{
    const struct token *name = p->at;
    if (parser_at_aggregate(p)) return parse_aggregate_in_place(p, out);
    enum function function = function_find(name->text);
    if (function == FUNCTION_NONE) {
        struct guess guess;
        guess_init(&guess, name->text);
        guess_offer_functions(&guess, WORD_CUSTOMER | WORD_ACCOUNT);
        if (!p->f->is_expression) guess_offer_aggregates(&guess);
        formula_fail(p->f, name->place, p->st, "unknown function %.*s", VIEW_PRINT(name->text));
        const char *foreign = word_foreign(name->text);
        if (foreign) return status_hint(p->st, "%s", foreign);
        hint_guess(&guess, p->st);
        return status_hint(p->st, "list them: crmx formula functions");
    }
    p->at += 2;
    if (function == FUNCTION_COEF) return parse_coefficient(p, name->place, out);
    struct node *n = node_new(&p->f->arena, NODE_CALL, name->place, 0);
    n->function = function;
    int decimals = 0;
    if (!parse_arguments(p, n, &decimals)) return false;
    return decimals ? round_decimals(p, n, decimals, out) : parser_seal(p, n, out);
}
