/* measure NAME [as alias] TYPE = AGGREGATE(TABLES [where PREDICATE] [, EXPRESSION]); */
#include "scoring/parser.h"

static bool parse_tables(struct parser *p, struct measure_definition *m)
{
    struct table_name list[32];
    do {
        if (m->tables_count == (int)(sizeof list / sizeof list[0]))
            return formula_fail(p->f, p->at->place, p->st, "more than %d tables in one measure",
                                (int)(sizeof list / sizeof list[0]));
        struct table_name *t = &list[m->tables_count++];
        t->place = p->at->place;
        if (!parser_new_name(p, "an account table", &t->name)) return false;
    } while (parser_accept(p, TOKEN_PLUS));
    m->tables = arena_array(&p->f->arena, struct table_name, m->tables_count);
    memcpy(m->tables, list, sizeof *list * (size_t)m->tables_count);
    return true;
}

static bool parse_aggregate(struct parser *p, struct measure_definition *m)
{
    m->aggregate = p->at->kind == TOKEN_NAME ? aggregate_find(p->at->text) : AGGREGATE_NONE;
    if (m->aggregate == AGGREGATE_NONE) {
        parser_expected(p, "sum, count, min, max or avg");
        return status_hint(p->st, "for example: measure deposits money = sum(retail, cny(balance));");
    }
    const struct aggregate_word *w = aggregate_word(m->aggregate);
    p->at++;
    if (!parser_take(p, TOKEN_LEFT, "after the aggregate") || !parse_tables(p, m)) return false;
    if (parser_accept_word(p, "where") && !parse_expression(p, &m->predicate)) return false;
    if (m->aggregate == AGGREGATE_COUNT) return parser_take(p, TOKEN_RIGHT, "after the accounts that count counts");
    if (!parser_take(p, TOKEN_COMMA, "and the expression of the aggregate")) return status_hint(p->st, "%s", w->usage);
    return parse_expression(p, &m->expression) && parser_take(p, TOKEN_RIGHT, "after the expression of the aggregate");
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
    if (m->aggregate == AGGREGATE_COUNT && m->type != VALUE_NUMBER)
        return formula_fail(f, type_place, p->st, "a count is a number, not %s", value_type_name(m->type));
    if (m->type == VALUE_DATE && m->aggregate != AGGREGATE_MIN && m->aggregate != AGGREGATE_MAX)
        return formula_fail(f, type_place, p->st, "dates have no %s: the first is min, the last is max",
                            aggregate_word(m->aggregate)->name);
    f->measures_count++;
    return true;
}
