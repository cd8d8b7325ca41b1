/* measure NAME [as alias] TYPE = AGGREGATE(TABLES [where PREDICATE] [, EXPRESSION]); and AGGREGATE(…) in an expression
 * */
#include "scoring/node_text.h"
#include "scoring/parser.h"

#include <stdio.h>

static bool parse_tables(struct parser *p, struct measure_definition *m)
{
    struct table_name list[FORMULA_TABLES_MAX];
    do {
        if (m->tables_count == FORMULA_TABLES_MAX)
            return formula_fail(p->f, p->at->place, p->st, "more than %d tables in one measure", FORMULA_TABLES_MAX);
        struct table_name *t = &list[m->tables_count++];
        t->place = p->at->place;
        if (!parser_new_name(p, "an account table", &t->name)) return false;
    } while (parser_accept(p, TOKEN_PLUS));
    m->tables = arena_array(&p->f->arena, struct table_name, m->tables_count);
    memcpy(m->tables, list, sizeof *list * (size_t)m->tables_count);
    return true;
}

static bool parse_inside(struct parser *p, struct measure_definition *m)
{
    if (parser_accept_word(p, "where") && !parse_expression(p, &m->predicate)) return false;
    if (m->aggregate == AGGREGATE_COUNT) return parser_take(p, TOKEN_RIGHT, "after the accounts that count counts");
    if (!parser_take(p, TOKEN_COMMA, "and the expression of the aggregate"))
        return status_hint(p->st, "%s", aggregate_word(m->aggregate)->usage);
    return parse_expression(p, &m->expression) && parser_take(p, TOKEN_RIGHT, "after the expression of the aggregate");
}

static bool parse_aggregate(struct parser *p, struct measure_definition *m)
{
    m->aggregate = p->at->kind == TOKEN_NAME ? aggregate_find(p->at->text) : AGGREGATE_NONE;
    if (m->aggregate == AGGREGATE_NONE) {
        parser_expected(p, "sum, count, min, max or avg");
        return status_hint(p->st, "for example: measure deposits money = sum(retail, cny(balance));");
    }
    p->at++;
    if (!parser_take(p, TOKEN_LEFT, "after the aggregate") || !parse_tables(p, m)) return false;
    p->in_aggregate = true;
    bool ok = parse_inside(p, m);
    p->in_aggregate = false;
    return ok;
}

/* --- in place --- */

bool parser_at_aggregate(const struct parser *p)
{
    const struct token *t = p->at;
    if (t->kind != TOKEN_NAME || aggregate_find(t->text) == AGGREGATE_NONE) return false;
    if (function_find(t->text) == FUNCTION_NONE) return true;
    t += 2;
    if (t->kind == TOKEN_NAME && view_is(t->text, "accounts")) return true;
    while (t[0].kind == TOKEN_NAME && t[1].kind == TOKEN_PLUS) t += 2;
    return t[0].kind == TOKEN_NAME && t[1].kind == TOKEN_NAME && word_is(t[1].text, "where");
}

/* "aggregate_1" …: what a column and an output call it. */
static const char *alias_for(struct parser *p)
{
    char name[32];
    int number = 1;
    for (int i = 0; i < p->f->measures_count; i++) number += p->f->measures[i].in_place;
    snprintf(name, sizeof name, "aggregate_%d", number);
    return arena_dup(&p->f->arena, view_of(name));
}

static int measure_named(const struct formula *f, const char *name)
{
    for (int i = 0; i < f->measures_count; i++)
        if (strcmp(f->measures[i].name, name) == 0) return i;
    return -1;
}

bool parse_aggregate_in_place(struct parser *p, struct node **out)
{
    struct formula *f = p->f;
    struct measure_definition m = {.place = p->at->place, .in_place = true, .inferred = true, .type = VALUE_NUMBER};
    if (f->is_expression) {
        const struct aggregate_word *w = aggregate_word(aggregate_find(p->at->text));
        formula_fail(f, m.place, p->st, "%s(…) adds up accounts, and a single expression has none", w->name);
        return status_hint(p->st,
                           "over the accounts of a generation: crmx measure compute \"%s\"; in a formula: crmx "
                           "trial FILE",
                           w->usage);
    }
    if (p->in_aggregate) {
        formula_fail(f, m.place, p->st, "an aggregate cannot stand inside an aggregate");
        return status_hint(p->st, "compare or add the two in the score: each is one figure of the customer");
    }
    if (!parse_aggregate(p, &m)) return false;
    m.name = measure_text(&f->arena, f, &m);
    *out = node_new(&f->arena, NODE_NAME, m.place, 0);
    (*out)->text = m.name;
    if (measure_named(f, m.name) >= 0) return true;
    if (f->measures_count == FORMULA_MEASURES_MAX)
        return formula_fail(f, m.place, p->st, "more than %d measures", FORMULA_MEASURES_MAX);
    m.alias = alias_for(p);
    if (!parser_check_new(p, m.alias, m.place)) return false;
    f->measures[f->measures_count++] = m;
    return true;
}

/* --- the statement --- */

static bool finish_measure(struct parser *p, struct measure_definition *m, struct place type_place)
{
    if (m->aggregate == AGGREGATE_COUNT && m->type != VALUE_NUMBER)
        return formula_fail(p->f, type_place, p->st, "a count is a number, not %s", value_type_name(m->type));
    if (m->type == VALUE_DATE && m->aggregate != AGGREGATE_MIN && m->aggregate != AGGREGATE_MAX)
        return formula_fail(p->f, type_place, p->st, "dates have no %s: the first is min, the last is max",
                            aggregate_word(m->aggregate)->name);
    p->f->measures_count++;
    return true;
}

bool parse_measure(struct parser *p)
{
    struct formula *f = p->f;
    if (f->measures_count == FORMULA_MEASURES_MAX)
        return formula_fail(f, p->at->place, p->st, "more than %d measures", FORMULA_MEASURES_MAX);
    struct measure_definition *m = &f->measures[f->measures_count];
    m->place = p->at->place;
    if (!parser_new_name(p, "a measure", &m->name) || !parser_check_new(p, m->name, m->place)) return false;
    m->alias = m->name;
    if (parser_accept_word(p, "as")) {
        struct place place = p->at->place;
        if (!parser_new_name(p, "the measure in ASCII", &m->alias) || !parser_check_new(p, m->alias, place))
            return false;
    }
    unsigned allowed = 1u << VALUE_MONEY | 1u << VALUE_MONTHS | 1u << VALUE_NUMBER | 1u << VALUE_DATE;
    struct place type_place = p->at->place;
    if (!parser_type(p, allowed, "the type of the measure: money, months, number or date", &m->type) ||
        !parser_take(p, TOKEN_EQUAL, "and the aggregate of the measure") || !parse_aggregate(p, m))
        return false;
    return finish_measure(p, m, type_place);
}

bool parse_bare_measure(struct parser *p)
{
    struct measure_definition *m = &p->f->measures[0];
    *m = (struct measure_definition){.name = "computed", .alias = "computed", .place = p->at->place};
    m->inferred = !p->type;
    m->type = p->type ? *p->type : VALUE_NUMBER;
    return parse_aggregate(p, m) && finish_measure(p, m, m->place);
}
