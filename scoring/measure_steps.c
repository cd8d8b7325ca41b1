/* From bound measures to classes, steps and groups; see measure_plan.h. */
#include "scoring/measure_binding.h"
#include "scoring/measure_classes.h"

/* --- classes --- */

static int codes_of(const struct binding *b, const struct schema_field *field)
{
    return field->type == VALUE_CURRENCY ? b->schema->currencies_count
           : field->type == VALUE_CODE   ? field->codes_count
                                         : 0;
}

static void add_class_field(struct binding *b, struct table_plan *t, int field)
{
    int codes = codes_of(b, &t->table->fields[field]);
    if (codes == 0 || codes >= MEASURE_CODES_MAX || t->class_fields_count == MEASURE_CLASS_FIELDS_MAX ||
        t->classes * codes > MEASURE_CLASSES_MAX)
        return;
    t->class_fields[t->class_fields_count] = field;
    t->class_counts[t->class_fields_count++] = codes;
    t->classes *= codes;
}

/* The currency first: whether a row needs conversion is worth most. */
static void choose_classes(struct binding *b, int table)
{
    struct table_plan *t = &b->set->tables[table];
    bool *used = arena_array(&b->set->arena, bool, t->table->fields_count + 1);
    t->classes = 1;
    for (int i = 0; i < b->bounds_count; i++)
        for (int k = 0; b->bounds[i].table == table && k < t->table->fields_count; k++)
            used[k] |= b->bounds[i].field_used[k];
    int currency = t->table->currency_field;
    if (currency >= 0 && used[currency]) add_class_field(b, t, currency);
    for (int k = 0; k < t->table->fields_count; k++)
        if (k != currency && used[k]) add_class_field(b, t, k);
}

/* The codes of a class, per field of the scope (−1: not part of the class). */
static void codes_of_class(const struct table_plan *t, int class, int *codes, int fields)
{
    for (int i = 0; i < fields; i++) codes[i] = -1;
    for (int i = 0; i < t->class_fields_count; i++) {
        codes[t->class_fields[i]] = class % t->class_counts[i];
        class /= t->class_counts[i];
    }
}

/* --- steps --- */

struct product {
    int account_fields; /* fields behind them are the customer's, which no special loop reads */
    int64_t factor;
    int fields_count;
    int fields[2];
    bool rate;
};

/* factor × up to two fields × the rate; false for anything else. */
static bool collect_product(const struct term *t, struct product *p)
{
    switch (t->kind) {
    case TERM_CONSTANT: return !__builtin_mul_overflow(p->factor, t->number, &p->factor);
    case TERM_SCALE:
        return !__builtin_mul_overflow(p->factor, t->number, &p->factor) && collect_product(t->children[0], p);
    case TERM_NEGATE: return !__builtin_mul_overflow(p->factor, -1, &p->factor) && collect_product(t->children[0], p);
    case TERM_MULTIPLY: return collect_product(t->children[0], p) && collect_product(t->children[1], p);
    case TERM_CNY:
        if (p->rate) return false;
        p->rate = true;
        return collect_product(t->children[0], p);
    case TERM_FIELD:
        if (p->fields_count == 2 || t->field >= p->account_fields) return false;
        p->fields[p->fields_count++] = t->field;
        return true;
    default: return false;
    }
}

static void shape_step(struct raw_step *r, const struct schema_table *table, int decimals)
{
    struct product p = {.account_fields = table->fields_count, .factor = 1};
    r->step.factor = 1;
    r->step.shape = SHAPE_GENERAL;
    if (!collect_product(r->expression, &p) || (p.rate && p.fields_count == 0)) return;
    while (p.factor && p.factor % 10 == 0 && r->scale > decimals) {
        p.factor /= 10;
        r->scale--;
    }
    static const enum shape SHAPES[2][3] = {{SHAPE_COUNT, SHAPE_FIELD, SHAPE_PRODUCT},
                                            {SHAPE_GENERAL, SHAPE_FIELD_RATE, SHAPE_PRODUCT_RATE}};
    r->step.shape = SHAPES[p.rate][p.fields_count];
    r->step.factor = p.factor;
    r->step.fields_count = p.fields_count;
    r->step.fields[0] = p.fields[0];
    r->step.fields[1] = p.fields[1];
    r->rate = p.rate;
}

/* What is left of a measure for a class, in that arena; false when nothing is (the condition excludes the class). */
static bool specialise(struct binding *b, const struct bound *bound, const int *codes, struct arena *arena,
                       struct raw_step *r)
{
    struct account_scope scope = binding_scope(b, bound->table);
    const struct measure_plan *m = &b->set->measures[bound->measure];
    int currency = scope.table->currency_field >= 0 ? codes[scope.table->currency_field] : -1;
    scope.arena = arena;
    *r = (struct raw_step){.step = {.measure = bound->measure, .factor = 1, .currency = -1}};
    if (bound->predicate) r->predicate = term_specialise(&scope, bound->predicate, codes);
    if (r->predicate && term_is_truth(r->predicate, false)) return false;
    if (r->predicate && term_is_truth(r->predicate, true)) r->predicate = NULL;
    if (bound->expression) {
        r->expression = term_specialise(&scope, bound->expression, codes);
        r->scale = r->expression->scale;
        shape_step(r, scope.table, m->decimals);
    }
    bool converts = (r->predicate && term_has_cny(r->predicate)) || (r->expression && term_has_cny(r->expression));
    if (converts && currency >= 0 && b->set->rates[currency] == 0) {
        r->step.shape = SHAPE_NO_RATE;
        r->step.currency = currency;
        r->predicate = NULL;
    }
    r->hash = term_hash(r->predicate) * 31 + term_hash(r->expression);
    return m->aggregate != AGGREGATE_SUM || r->step.shape != SHAPE_COUNT || r->step.factor != 0;
}

static bool same_step(const struct raw_step *x, const struct raw_step *y)
{
    return x->hash == y->hash && x->step.shape == y->step.shape && x->step.currency == y->step.currency &&
           term_equal(x->predicate, y->predicate) && term_equal(x->expression, y->expression);
}

/* The step of a measure for a class. Most classes share the step of another, so each is made in b->scratch first, and
 * made again to stay when it is new. */
enum { NO_STEP = -1 /* nothing to do */, STEPS_FULL = -2 };

static int step_of_class(struct binding *b, const struct bound *bound, const int *codes, int first_step)
{
    struct raw_step r;
    if (!specialise(b, bound, codes, &b->scratch, &r)) return NO_STEP;
    for (int i = first_step; i < b->raw_count; i++)
        if (same_step(&b->raw[i], &r)) return i;
    if (b->raw_count == MEASURE_STEPS_MAX) return STEPS_FULL;
    specialise(b, bound, codes, &b->set->arena, &b->raw[b->raw_count]);
    return b->raw_count++;
}

/* The smallest class that looks the same to a measure: the codes of fields it does not read are 0. */
static int same_class(const struct table_plan *t, const struct bound *bound, int class)
{
    int same = 0, place = 1;
    for (int k = 0; k < t->class_fields_count; k++) {
        if (bound->field_used[t->class_fields[k]]) same += class % t->class_counts[k] * place;
        class /= t->class_counts[k];
        place *= t->class_counts[k];
    }
    return same;
}

/* The steps of each class of a table, one per measure that reads the table: steps[class × count + i]. */
struct class_steps {
    int count;
    int *steps;
};

static bool make_steps(struct binding *b, const struct table_plan *t, const struct bound *bound, int place,
                       struct class_steps *of)
{
    enum { CLASSES_AT_ONCE = 64 }; /* between two releases of the scratch */
    int fields = t->table->fields_count + b->schema->customer_fields_count, first_step = b->raw_count;
    int *codes = arena_array(&b->set->arena, int, fields + 1);
    bool ok = true;
    for (int class = 0; class < t->classes && ok; class ++) {
        int same = same_class(t, bound, class), *step = &of->steps[class * of->count + place];
        if (same < class) {
            *step = of->steps[same * of->count + place];
            continue;
        }
        codes_of_class(t, class, codes, fields);
        *step = step_of_class(b, bound, codes, first_step);
        ok = *step != STEPS_FULL;
        if (class % CLASSES_AT_ONCE == 0) arena_release(&b->scratch);
    }
    arena_release(&b->scratch);
    return ok ||
           status_fail(b->st, STATUS_USAGE, "%s: the measures need more than %d steps", b->f->file, MEASURE_STEPS_MAX);
}

static bool make_table_steps(struct binding *b, int table, struct class_steps *of)
{
    const struct table_plan *t = &b->set->tables[table];
    for (int i = 0; i < b->bounds_count; i++) of->count += b->bounds[i].table == table;
    of->steps = arena_array(&b->set->arena, int, t->classes * of->count + 1);
    for (int i = 0, place = 0; i < b->bounds_count; i++)
        if (b->bounds[i].table == table && !make_steps(b, t, &b->bounds[i], place++, of)) return false;
    return true;
}

/* --- decimals and factors --- */

static bool not_exact(struct binding *b, int measure)
{
    formula_fail(b->f, b->f->measures[measure].place, b->st,
                 "the numbers of measure %s are too large or have too many decimals to be exact",
                 b->f->measures[measure].name);
    return status_hint(b->st,
                       "at most 18 decimals more than the result, rates included; scale the measure in the score");
}

static void choose_decimals(struct binding *b)
{
    for (int i = 0; i < b->raw_count; i++) {
        struct raw_step *r = &b->raw[i];
        struct measure_plan *m = &b->set->measures[r->step.measure];
        bool sums = m->aggregate == AGGREGATE_SUM || m->aggregate == AGGREGATE_COUNT;
        r->step.wide = !sums || r->scale > m->decimals;
        if (r->step.wide && r->scale > m->wide_decimals) m->wide_decimals = r->scale;
        if (r->step.wide && m->wide < 0) m->wide = b->set->wides_count++;
    }
}

static bool finish_step(struct binding *b, struct raw_step *r)
{
    const struct measure_plan *m = &b->set->measures[r->step.measure];
    int more = (r->step.wide ? m->wide_decimals : m->decimals) - r->scale;
    if (r->step.shape == SHAPE_NO_RATE) return true;
    if (more > 18 || __builtin_mul_overflow(r->step.factor, power_of_ten(more), &r->step.factor))
        return not_exact(b, r->step.measure);
    r->step.predicate = r->predicate;
    r->step.expression = r->expression;
    if (!r->rate) return true;
    int64_t *rates = arena_array(&b->set->arena, int64_t, b->set->currencies_count);
    for (int i = 0; i < b->set->currencies_count; i++)
        if (__builtin_mul_overflow(b->set->rates[i], r->step.factor, &rates[i])) return not_exact(b, r->step.measure);
    r->step.rates = rates;
    return true;
}

static bool finish_measures(struct binding *b)
{
    for (int i = 0; i < b->set->measures_count; i++) {
        struct measure_plan *m = &b->set->measures[i];
        if (m->wide_decimals - m->decimals > 18) return not_exact(b, i);
        m->divisor = power_of_ten(m->wide_decimals - m->decimals);
    }
    for (int i = 0; i < b->raw_count; i++)
        if (!finish_step(b, &b->raw[i])) return false;
    return true;
}

/* --- groups --- */

static void make_groups(struct binding *b, int table, const struct class_steps *of)
{
    struct table_plan *t = &b->set->tables[table];
    size_t row = sizeof *of->steps * (size_t)of->count;
    int *first_class = arena_array(&b->set->arena, int, t->classes);
    uint16_t *groups_of = arena_array(&b->set->arena, uint16_t, t->classes);
    t->groups = arena_array(&b->set->arena, struct measure_group, t->classes);
    for (int class = 0; class < t->classes; class ++) {
        const int *mine = &of->steps[class * of->count];
        int g = 0;
        while (g < t->groups_count && memcmp(mine, &of->steps[first_class[g] * of->count], row) != 0) g++;
        groups_of[class] = (uint16_t)g;
        if (g < t->groups_count) continue;
        const struct measure_step **steps = arena_array(&b->set->arena, const struct measure_step *, of->count + 1);
        int count = 0;
        for (int i = 0; i < of->count; i++)
            if (mine[i] >= 0) steps[count++] = &b->raw[mine[i]].step;
        first_class[g] = class;
        t->groups[t->groups_count++] = (struct measure_group){.steps_count = count, .steps = steps};
    }
    classes_prepare(&b->set->arena, t, groups_of);
}

/* What the engine must carry: the fields of the classes and of what is left to do per row. */
static void mark_step_fields(struct binding *b, int table, const struct measure_step *step)
{
    struct table_plan *t = &b->set->tables[table];
    struct account_scope scope = binding_scope(b, table);
    for (int i = 0; i < step->fields_count; i++) t->field_used[step->fields[i]] = true;
    if (step->rates) t->field_used[t->table->currency_field] = true;
    const struct term *terms[] = {step->predicate, step->shape == SHAPE_GENERAL ? step->expression : NULL};
    for (int i = 0; i < 2; i++) {
        if (!terms[i]) continue;
        term_fields(&scope, terms[i], t->field_used);
        int depth = term_depth(terms[i]);
        if (depth > b->set->depth_max) b->set->depth_max = depth;
    }
}

static void mark_fields(struct binding *b, int table)
{
    struct table_plan *t = &b->set->tables[table];
    int account_fields = t->table->fields_count, customer_fields = b->schema->customer_fields_count;
    t->field_used = arena_array(&b->set->arena, bool, account_fields + customer_fields + 1);
    if (t->groups_count > 1)
        for (int i = 0; i < t->class_fields_count; i++) t->field_used[t->class_fields[i]] = true;
    for (int g = 0; g < t->groups_count; g++)
        for (int i = 0; i < t->groups[g].steps_count; i++) mark_step_fields(b, table, t->groups[g].steps[i]);
    if (t->groups_count > b->set->groups_max) b->set->groups_max = t->groups_count;
    if (account_fields > b->set->fields_max) b->set->fields_max = account_fields;
    for (int i = 0; i < customer_fields; i++) {
        if (!t->field_used[account_fields + i]) continue;
        b->set->customer_field_used[i] = true;
        if (account_fields + i >= b->set->fields_max) b->set->fields_max = account_fields + i + 1;
    }
}

bool binding_plan(struct binding *b)
{
    struct class_steps *of = arena_array(&b->set->arena, struct class_steps, b->schema->tables_count + 1);
    b->raw = arena_array(&b->set->arena, struct raw_step, MEASURE_STEPS_MAX);
    for (int i = 0; i < b->schema->tables_count; i++) {
        choose_classes(b, i);
        if (!make_table_steps(b, i, &of[i])) return false;
    }
    choose_decimals(b);
    if (!finish_measures(b)) return false;
    for (int i = 0; i < b->schema->tables_count; i++) {
        make_groups(b, i, &of[i]);
        mark_fields(b, i);
    }
    return true;
}
