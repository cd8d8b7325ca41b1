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

int formula_result_count(const struct formula *f)
{
    return f->results_count;
}

const char *formula_result_name(const struct formula *f, int result)
{
    return result_of(f, result)->name;
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
