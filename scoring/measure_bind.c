/* Measures against the account tables: rates, names, types, currencies. What runs is made by measure_steps.c. */
#include "base/date.h"
#include "scoring/account_terms.h"
#include "scoring/measure_binding.h"

/* --- rates --- */

static int digits_of_unit(int32_t per_unit)
{
    for (int digits = 0; digits <= MEASURE_UNIT_DIGITS_MAX; digits++)
        if (per_unit == power_of_ten(digits)) return digits;
    return -1;
}

/* One unit for all: with a rate per 100, the others are multiplied by 100 and cny() adds two decimals more. */
static bool bind_rates(struct binding *b, const struct measure_rates *rates)
{
    struct measure_set *s = b->set;
    int digits = 0;
    s->currencies_count = b->schema->currencies_count;
    s->currencies = b->schema->currencies;
    s->rates = arena_array(&s->arena, int64_t, s->currencies_count + 1);
    for (int i = 0; i < s->currencies_count; i++) {
        int its = rates->rate[i] ? digits_of_unit(rates->per_unit[i]) : 0;
        if (its < 0 || rates->rate[i] < 0)
            return status_fail(b->st, STATUS_INPUT,
                               "the rate of %s is %lld per %d; expected a positive rate per 1, 10, 100 …",
                               s->currencies[i], (long long)rates->rate[i], rates->per_unit[i]);
        if (its > digits) digits = its;
    }
    s->rate_scale = MEASURE_RATE_DECIMALS + digits;
    for (int i = 0; i < s->currencies_count; i++) {
        if (!rates->rate[i]) continue;
        int64_t factor = power_of_ten(digits - digits_of_unit(rates->per_unit[i]));
        if (__builtin_mul_overflow(rates->rate[i], factor, &s->rates[i]))
            return status_fail(b->st, STATUS_INPUT, "the rate of %s is too large: %lld", s->currencies[i],
                               (long long)rates->rate[i]);
    }
    return true;
}

/* --- tables of a measure --- */

/* Contacts and addresses have no system here: they have a name of their own, but are no accounts. */
static bool table_matches(const struct schema_table *t, const char *name)
{
    return (word_is_accounts(name) && t->system[0]) || strcmp(t->name, name) == 0 || strcmp(t->system, name) == 0;
}

static bool unknown_table(struct binding *b, const struct table_name *name)
{
    struct guess guess;
    guess_init(&guess, view_of(name->name));
    guess_offer(&guess, "accounts");
    for (int i = 0; i < b->schema->tables_count; i++) {
        guess_offer(&guess, b->schema->tables[i].system);
        guess_offer(&guess, b->schema->tables[i].name);
    }
    formula_fail(b->f, name->place, b->st, "no system or account layout is named %s", name->name);
    hint_guess(&guess, b->st);
    return status_hint(b->st, "list them: crmx layout list");
}

static bool mark_tables(struct binding *b, const struct measure_definition *m, bool *wanted)
{
    for (int i = 0; i < m->tables_count; i++) {
        bool found = false;
        for (int k = 0; k < b->schema->tables_count; k++) {
            if (!table_matches(&b->schema->tables[k], m->tables[i].name)) continue;
            found = wanted[k] = true;
        }
        if (!found) return unknown_table(b, &m->tables[i]);
    }
    return true;
}

/* Amounts of different currencies must not be added: for every currency but the base, either the condition excludes it
 * or the expression converts. */
static bool check_currencies(struct binding *b, const struct account_scope *scope, const struct bound *bound)
{
    const struct measure_definition *m = &b->f->measures[bound->measure];
    if (!bound->expression || scope->table->currency_field < 0 || !term_has_raw_money(scope, bound->expression))
        return true;
    int *codes = arena_array(scope->arena, int, scope_fields(scope));
    for (int i = 0; i < scope_fields(scope); i++) codes[i] = -1;
    for (int c = 1; c < b->schema->currencies_count; c++) {
        codes[scope->table->currency_field] = c;
        if (bound->predicate && term_is_truth(term_specialise(scope, bound->predicate, codes), false)) continue;
        if (!term_has_raw_money(scope, term_specialise(scope, bound->expression, codes))) continue;
        formula_fail(b->f, m->expression->place, b->st, "measure %s adds amounts of different currencies of %s",
                     m->name, scope->table->name);
        return status_hint(b->st, "convert them: cny(amount); or take one currency: where %s='%s'",
                           scope->table->fields[scope->table->currency_field].name, b->schema->currencies[0]);
    }
    return true;
}

/* The first or last date: of the accounts that have one. */
static struct term *only_known(const struct account_scope *scope, const struct bound *bound)
{
    struct term *known = term_known(scope, bound->expression);
    if (!bound->predicate) return known;
    struct term *both = term_new(scope, TERM_AND, VALUE_BOOLEAN, 2);
    both->children[0] = bound->predicate;
    both->children[1] = known;
    return both;
}

/* tables: all of the measure. */
static bool bind_one(struct binding *b, int measure, int table, const bool *tables)
{
    const struct measure_definition *m = &b->f->measures[measure];
    struct account_scope scope = binding_scope(b, table);
    scope.tables = tables;
    struct bound *bound = &b->bounds[b->bounds_count++];
    *bound = (struct bound){.measure = measure, .table = table};
    bound->field_used = arena_array(scope.arena, bool, scope_fields(&scope) + 1);
    if (m->predicate && !account_bind_condition(&scope, m->predicate, &bound->predicate)) return false;
    if (m->expression && !account_bind_expression(&scope, m->expression, m->type, &bound->expression)) return false;
    if (!check_currencies(b, &scope, bound)) return false;
    if (bound->expression && bound->expression->missing) bound->predicate = only_known(&scope, bound);
    if (bound->predicate) term_fields(&scope, bound->predicate, bound->field_used);
    if (bound->expression) term_fields(&scope, bound->expression, bound->field_used);
    b->set->tables[table].used = true;
    return true;
}

static bool bind_all(struct binding *b, const bool *measures)
{
    bool *wanted = arena_array(&b->set->arena, bool, b->schema->tables_count + 1);
    b->bounds = arena_array(&b->set->arena, struct bound, b->f->measures_count * b->schema->tables_count + 1);
    for (int i = 0; i < b->f->measures_count; i++) {
        if (measures && !measures[i]) continue;
        memset(wanted, 0, (size_t)b->schema->tables_count);
        if (!mark_tables(b, &b->f->measures[i], wanted)) return false;
        for (int k = 0; k < b->schema->tables_count; k++)
            if (wanted[k] && !bind_one(b, i, k, wanted))
                return status_while(b->st, "binding measure %s", b->f->measures[i].name);
    }
    return true;
}

/* --- types of aggregates in place --- */

static bool infer_one(struct binding *b, struct measure_definition *m)
{
    int table = 0;
    bool *tables = arena_array(&b->scratch, bool, b->schema->tables_count + 1);
    if (!mark_tables(b, m, tables)) return false;
    while (!table_matches(&b->schema->tables[table], m->tables[0].name)) table++;
    struct account_scope scope = {.f = b->f,
                                  .schema = b->schema,
                                  .table = &b->schema->tables[table],
                                  .tables = tables,
                                  .rate_scale = MEASURE_RATE_DECIMALS,
                                  .arena = &b->scratch,
                                  .st = b->st};
    if (!account_type(&scope, m->expression, &m->type)) return false;
    if (m->type != VALUE_DATE || m->aggregate == AGGREGATE_MIN || m->aggregate == AGGREGATE_MAX) return true;
    return formula_fail(b->f, m->place, b->st, "dates have no %s: the first is min, the last is max",
                        aggregate_word(m->aggregate)->name);
}

bool measure_infer(const struct formula *f, const struct schema *schema, struct status *st)
{
    struct binding b = {.f = f, .schema = schema, .st = st};
    bool ok = true;
    arena_init(&b.scratch, "types of aggregates");
    for (int i = 0; ok && i < f->measures_count; i++) {
        struct measure_definition *m = (struct measure_definition *)(uintptr_t)&f->measures[i];
        if (m->inferred && m->expression) ok = infer_one(&b, m);
    }
    arena_release(&b.scratch);
    return ok;
}

/* --- all of it --- */

static void plan_measures(struct binding *b)
{
    struct measure_set *s = b->set;
    s->measures_count = b->f->measures_count;
    s->measures = arena_array(&s->arena, struct measure_plan, s->measures_count + 1);
    for (int i = 0; i < s->measures_count; i++) {
        int decimals = b->f->measures[i].type == VALUE_MONEY ? MEASURE_BASE_DECIMALS : 0;
        s->measures[i] = (struct measure_plan){.name = arena_dup(&s->arena, view_of(b->f->measures[i].name)),
                                               .aggregate = b->f->measures[i].aggregate,
                                               .empty = b->f->measures[i].type == VALUE_DATE ? DATE_NONE : 0,
                                               .wide = -1,
                                               .decimals = decimals,
                                               .wide_decimals = decimals};
    }
    s->customer_fields_count = b->schema->customer_fields_count;
    s->customer_field_used = arena_array(&s->arena, bool, s->customer_fields_count + 1);
    s->tables_count = b->schema->tables_count;
    s->tables = arena_array(&s->arena, struct table_plan, s->tables_count + 1);
    for (int i = 0; i < s->tables_count; i++) s->tables[i].table = &b->schema->tables[i];
}

bool measure_bind(const struct formula *f, const struct schema *schema, const struct measure_rates *rates,
                  struct measure_set **out, struct status *st)
{
    return measure_bind_some(f, schema, rates, NULL, out, st);
}

bool measure_bind_some(const struct formula *f, const struct schema *schema, const struct measure_rates *rates,
                       const bool *wanted, struct measure_set **out, struct status *st)
{
    *out = NULL;
    if (!measure_infer(f, schema, st)) return false;
    struct measure_set *s = calloc(1, sizeof *s);
    ensure(s);
    arena_init(&s->arena, "measures");
    s->file = arena_dup(&s->arena, view_of(f->file));
    struct binding b = {.f = f, .schema = schema, .set = s, .st = st};
    arena_init(&b.scratch, "measure scratch");
    plan_measures(&b);
    if (!bind_rates(&b, rates) || !bind_all(&b, wanted) || !binding_plan(&b)) {
        measure_set_free(s);
        return false;
    }
    *out = s;
    return true;
}

void measure_set_free(struct measure_set *s)
{
    if (!s) return;
    arena_release(&s->arena);
    free(s);
}

int measure_count(const struct measure_set *s)
{
    return s->measures_count;
}

bool measure_uses_table(const struct measure_set *s, int table)
{
    ensure(table >= 0 && table < s->tables_count);
    return s->tables[table].used;
}

bool measure_uses_field(const struct measure_set *s, int table, int field)
{
    ensure(table >= 0 && table < s->tables_count && field >= 0 && field < s->tables[table].table->fields_count);
    return s->tables[table].field_used[field];
}

bool measure_uses_customer_field(const struct measure_set *s, int field)
{
    ensure(field >= 0 && field < s->customer_fields_count);
    return s->customer_field_used[field];
}
