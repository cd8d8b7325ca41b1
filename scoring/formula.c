/* What others may ask a parsed formula. */
#include "scoring/formula.h"

#include "scoring/tree.h"

int formula_measure_count(const struct formula *f)
{
    return f->measures_count;
}

static const struct measure_definition *measure_of(const struct formula *f, int measure)
{
    ensure(measure >= 0 && measure < f->measures_count);
    return &f->measures[measure];
}

const char *formula_measure_name(const struct formula *f, int measure)
{
    return measure_of(f, measure)->name;
}

const char *formula_measure_alias(const struct formula *f, int measure)
{
    return measure_of(f, measure)->alias;
}

bool formula_measure_in_place(const struct formula *f, int measure)
{
    return measure_of(f, measure)->in_place;
}

bool formula_measure_counts(const struct formula *f, int measure)
{
    return measure_of(f, measure)->aggregate == AGGREGATE_COUNT;
}

enum value_type formula_measure_type(const struct formula *f, int measure)
{
    return measure_of(f, measure)->type;
}

int formula_measure_find(const struct formula *f, const char *name_or_alias)
{
    for (int i = 0; i < f->measures_count; i++)
        if (strcmp(f->measures[i].name, name_or_alias) == 0 || strcmp(f->measures[i].alias, name_or_alias) == 0)
            return i;
    return -1;
}

static const struct definition *result_of(const struct formula *f, int result)
{
    ensure(result >= 0 && result < f->results_count);
    return &f->definitions[f->results[result]];
}

static bool reads_table(const struct measure_definition *m, const struct schema_table *table)
{
    for (int i = 0; i < m->tables_count; i++) {
        const char *name = m->tables[i].name;
        if (word_is_accounts(name) || strcmp(name, table->name) == 0 || strcmp(name, table->system) == 0) return true;
    }
    return false;
}

static const struct node *find_name(const struct node *n, const char *name)
{
    if (!n || (n->kind == NODE_NAME && strcmp(n->text, name) == 0)) return n;
    const struct node *found = NULL;
    for (int i = 0; i < n->count && !found; i++) found = find_name(n->children[i], name);
    return found;
}

bool formula_fail_at_field(const struct formula *f, const struct schema_table *table, const char *field,
                           struct status *st, const char *what)
{
    const struct measure_definition *silent = NULL;
    for (int i = 0; i < f->measures_count; i++) {
        const struct measure_definition *m = &f->measures[i];
        if (!reads_table(m, table)) continue;
        const struct node *n = find_name(m->predicate, field);
        if (!n) n = find_name(m->expression, field);
        if (n) return formula_fail(f, n->place, st, "measure %s %s", m->name, what);
        if (!silent) silent = m;
    }
    ensure(silent);
    return formula_fail(f, silent->place, st, "measure %s %s", silent->name, what);
}

int formula_result_count(const struct formula *f)
{
    return f->results_count;
}

const char *formula_result_name(const struct formula *f, int result)
{
    return result_of(f, result)->name;
}

int formula_result_find(const struct formula *f, const char *name)
{
    for (int r = 0; r < f->results_count; r++)
        if (strcmp(result_of(f, r)->name, name) == 0) return r;
    return -1;
}

enum value_type formula_result_type(const struct formula *f, int result)
{
    return result_of(f, result)->type;
}

int64_t formula_threshold(const struct formula *f)
{
    return f->threshold_minor;
}

void formula_set_threshold(struct formula *f, int64_t threshold_minor)
{
    f->threshold_minor = threshold_minor;
}

int formula_coefficient_count(const struct formula *f)
{
    return f->coefficients_count;
}

const char *formula_coefficient_name(const struct formula *f, int coefficient)
{
    ensure(coefficient >= 0 && coefficient < f->coefficients_count);
    return f->coefficients[coefficient].name;
}

double formula_coefficient(const struct formula *f, int coefficient)
{
    ensure(coefficient >= 0 && coefficient < f->coefficients_count);
    return f->coefficients[coefficient].value;
}

void formula_set_coefficient(struct formula *f, int coefficient, double value)
{
    ensure(coefficient >= 0 && coefficient < f->coefficients_count);
    f->coefficients[coefficient].value = value;
}
