#include "control/typed_value.h"

#include "base/date.h"
#include "control/show_value.h"
#include "scoring/words.h"

#include <string.h>

static bool typed_date(const char *name, const char *text, int64_t *value, struct status *st)
{
    int32_t date;
    if (!*text) return *value = DATE_NONE, true;
    if (date_parse(view_of(text), &date)) return *value = date, true;
    status_fail(st, STATUS_USAGE, "%s: a date such as 1980-01-31 is needed, found \"%s\"", name, text);
    return status_hint(st, "a day of the calendar, %d to %d, as 1980-01-31 or 19800131; %s= is a missing date",
                       DATE_YEAR_MIN, DATE_YEAR_MAX, name);
}

/* M, F, U; the blank one is written as nothing. */
static const char *code_list(struct arena *arena, const struct schema_field *f)
{
    const char *list = "";
    for (int i = 0; i < f->codes_count; i++) {
        const char *code = *f->codes[i] ? f->codes[i] : "\"\" (blank)";
        list = arena_printf(arena, "%s%s%s", list, i ? ", " : "", code);
    }
    return list;
}

static bool typed_code(struct arena *arena, const char *name, const char *text, const struct schema_field *f,
                       int64_t *value, struct status *st)
{
    for (int i = 0; i < f->codes_count; i++)
        if (strcmp(f->codes[i], text) == 0) return *value = i, true;
    status_fail(st, STATUS_USAGE, "%s: \"%s\" is none of its codes", name, text);
    return status_hint(st, "its codes: %s", code_list(arena, f));
}

static bool typed_amount(const char *name, const char *text, int scale, int64_t *value, struct status *st)
{
    double x;
    if (scale == 2) return show_parse_amount(name, text, value, st);
    if (!show_parse_number(name, text, &x, st)) return false;
    for (int i = 0; i < scale; i++) x *= 10;
    if (!(x > -1e15 && x < 1e15) || x != (double)(int64_t)x)
        return status_fail(st, STATUS_USAGE, "%s: a whole number is needed, found \"%s\"", name, text);
    *value = (int64_t)x;
    return true;
}

static bool typed_field(struct arena *arena, const char *name, const char *text, const struct schema_field *f,
                        int64_t *value, struct status *st)
{
    if (f->type == VALUE_DATE) return typed_date(name, text, value, st);
    if (f->type == VALUE_CODE) return typed_code(arena, name, text, f, value, st);
    return typed_amount(name, text, f->scale, value, st);
}

static bool typed_measure(const struct formula *f, int measure, const char *name, const char *text, int64_t *value,
                          struct status *st)
{
    enum value_type type = formula_measure_type(f, measure);
    if (type == VALUE_DATE) return typed_date(name, text, value, st);
    if (!typed_amount(name, text, type == VALUE_MONEY ? 2 : 0, value, st)) return false;
    if (*value >= 0 || !formula_measure_counts(f, measure)) return true;
    status_fail(st, STATUS_USAGE, "%s: a number of accounts is needed, found \"%s\"", name, text);
    return status_hint(st, "it counts accounts: 0 or more");
}

static bool unknown_name(const struct explain *e, const struct schema *schema, const char *name, struct status *st)
{
    struct guess guess;
    guess_init(&guess, view_of(name));
    for (int m = 0; m < formula_measure_count(e->formula); m++) {
        guess_offer(&guess, formula_measure_name(e->formula, m));
        guess_offer(&guess, formula_measure_alias(e->formula, m));
    }
    for (int f = 0; f < schema->customer_fields_count; f++) guess_offer(&guess, schema->customer_fields[f].name);
    status_fail(st, STATUS_USAGE, "\"%s\" is neither a measure of the formula nor a customer field", name);
    return guess.best ? status_hint(st, "did you mean %s?", guess.best)
                      : status_hint(st, "the formula's measures stand at its top");
}

/* What was typed for a measure or field, "NAME=VALUE"; NULL: nothing yet. */
struct typed {
    const char *measure[EXPLAIN_MEASURES_MAX], *field[LAYOUT_FIELDS_MAX];
};

/* Of two values one was meant, and nobody knows which. */
static bool once(const char **first, const char *name, const char *text, struct status *st)
{
    if (!*first) return *first = text, true;
    status_fail(st, STATUS_USAGE, "the value of %s is given twice: %s and %s", name, *first, text);
    return status_hint(st, "leave one of them out");
}

static bool typed_value(struct arena *arena, struct explain *e, const struct schema *schema, const char *text,
                        struct typed *typed, struct status *st)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        status_fail(st, STATUS_USAGE, "NAME=VALUE is needed, found \"%s\"", text);
        return status_hint(st, "for example: 活期人民币存款=620000.00 birth=1980-01-31");
    }
    const char *name = arena_dup(arena, (struct view){text, (size_t)(equals - text)});
    int m = formula_measure_find(e->formula, name);
    if (m >= 0)
        return once(&typed->measure[m], formula_measure_name(e->formula, m), text, st) &&
               typed_measure(e->formula, m, name, equals + 1, &e->measures[m], st);
    for (int f = 0; f < schema->customer_fields_count; f++)
        if (strcmp(schema->customer_fields[f].name, name) == 0)
            return once(&typed->field[f], name, text, st) &&
                   typed_field(arena, name, equals + 1, &schema->customer_fields[f], &e->fields[f], st);
    return unknown_name(e, schema, name, st);
}

/* Somebody without accounts and without dates. */
static void typed_nothing(struct explain *e, const struct schema *schema)
{
    for (int m = 0; m < formula_measure_count(e->formula); m++)
        e->measures[m] = formula_measure_type(e->formula, m) == VALUE_DATE ? DATE_NONE : 0;
    for (int k = 0; k < schema->customer_fields_count; k++)
        e->fields[k] = schema->customer_fields[k].type == VALUE_DATE ? DATE_NONE : 0;
}

/* A missing date has a meaning, a missing code or number has none. */
static bool check_given(const struct explain *e, const struct schema *schema, const struct typed *typed,
                        struct status *st)
{
    for (int f = 0; f < schema->customer_fields_count; f++) {
        const struct schema_field *field = &schema->customer_fields[f];
        bool used = formula_uses_customer_field(e->program, f) || formula_parts_use_customer_field(e->parts, f);
        if (!used || typed->field[f] || field->type == VALUE_DATE) continue;
        status_fail(st, STATUS_USAGE, "the formula uses the customer field %s: its value is needed", field->name);
        return status_hint(st, "add %s=%s", field->name, field->codes_count ? field->codes[0] : "0");
    }
    return true;
}

bool typed_values_read(struct arena *arena, struct explain *e, const struct schema *schema, const char *const *values,
                       int count, struct status *st)
{
    struct typed *typed = arena_new(arena, struct typed);
    bool ok = true;
    typed_nothing(e, schema);
    for (int i = 0; ok && i < count; i++) ok = typed_value(arena, e, schema, values[i], typed, st);
    return ok && check_given(e, schema, typed, st);
}
