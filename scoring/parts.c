#include "scoring/parts.h"

#include "base/date.h"
#include "scoring/node_text.h"

#include <string.h>

struct formula_parts_program {
    struct formula *f; /* the formula with the parts as results behind the others */
    struct formula_program *program;
    int first_part, parts, first_result;
};

struct whole {
    struct formula_parts parts; /* first: the caller has its address */
    struct arena arena;
};

struct formula_parts_scratch {
    int count;
    int64_t *spare; /* values of results that are no parts */
    struct formula_scratch *of[];
};

struct split {
    const struct formula *f;
    struct whole *whole;
    const struct node *nodes[FORMULA_PARTS_MAX]; /* of each part */
    const char *names[FORMULA_DEFINITIONS_MAX];
    int indexes[FORMULA_DEFINITIONS_MAX];           /* of each name: definition of the formula */
    enum value_type types[FORMULA_DEFINITIONS_MAX]; /* of each definition of the formula */
    enum value_type type;                           /* of the definition that is being split */
};

/* --- where to cut --- */

static int definition_find(const struct formula *f, const char *name)
{
    for (int i = 0; i < f->definitions_count; i++)
        if (strcmp(f->definitions[i].name, name) == 0) return i;
    return -1;
}

static int score_of(const struct formula *f)
{
    return f->results[0];
}

static void add_part(struct split *s, enum formula_part_kind kind, const char *of, const struct node *n, bool negative)
{
    struct formula_parts *p = &s->whole->parts;
    if (p->count == FORMULA_PARTS_MAX) {
        p->cut = true;
        return;
    }
    struct place place = node_start(n);
    enum value_type type = kind == PART_CONDITION ? VALUE_BOOLEAN : s->type;
    bool scaled = type == VALUE_NUMBER || type == VALUE_MONTHS;
    s->nodes[p->count] = n;
    p->part[p->count++] = (struct formula_part){.kind = kind,
                                                .of = of,
                                                .negative = negative,
                                                .line = place.line,
                                                .column = place.column,
                                                .type = type,
                                                .decimals = scaled ? FORMULA_PARTS_DECIMALS : 0};
}

/* Left-deep chains: a + b - c is (a + b) - c. */
static void split_sum(struct split *s, const char *of, const struct node *n, bool negative)
{
    if (n->kind == NODE_ADD || n->kind == NODE_SUBTRACT) {
        split_sum(s, of, n->children[0], negative);
        split_sum(s, of, n->children[1], n->kind == NODE_SUBTRACT ? !negative : negative);
    } else if (n->kind == NODE_NEGATE) {
        split_sum(s, of, n->children[0], !negative);
    } else {
        add_part(s, PART_TERM, of, n, negative);
    }
}

static const struct definition *let_of(const struct formula *f, const struct node *n)
{
    int d = n->kind == NODE_NAME ? definition_find(f, n->text) : -1;
    return d >= 0 && !f->definitions[d].is_result ? &f->definitions[d] : NULL;
}

static bool is_sum(const struct formula *f, const struct node *n)
{
    const struct definition *let = let_of(f, n);
    if (let) return is_sum(f, let->expression);
    return n->kind == NODE_ADD || n->kind == NODE_SUBTRACT || n->kind == NODE_NEGATE;
}

/* A let that is a sum is what it stands for; 0 - x is a way to write -x. */
static void split_terms(struct split *s, const char *of, const struct node *n, bool negative)
{
    const struct definition *let = let_of(s->f, n);
    if (n->kind == NODE_ADD || n->kind == NODE_SUBTRACT) {
        split_terms(s, of, n->children[0], negative);
        split_terms(s, of, n->children[1], negative != (n->kind == NODE_SUBTRACT));
    } else if (n->kind == NODE_NEGATE) {
        split_terms(s, of, n->children[0], !negative);
    } else if (let && is_sum(s->f, let->expression)) {
        split_terms(s, of, let->expression, negative);
    } else if (n->kind != NODE_NUMBER || n->mantissa != 0) {
        add_part(s, PART_TERM, of, n, negative);
    }
}

static bool is_choice(const struct node *n)
{
    return n->kind == NODE_CASE || (n->kind == NODE_CALL && n->function == FUNCTION_IF);
}

static bool is_amount(enum value_type type)
{
    return type == VALUE_MONEY || type == VALUE_NUMBER || type == VALUE_MONTHS;
}

static void split_definition(struct split *s, const char *of, const struct node *n)
{
    if (!is_amount(s->type)) {
        add_part(s, PART_VALUE, of, n, false);
        return;
    }
    if (!is_choice(n)) {
        split_sum(s, of, n, false);
        return;
    }
    for (int i = 0; i + 1 < n->count; i += 2) {
        add_part(s, PART_CONDITION, of, n->children[i], false);
        add_part(s, PART_VALUE, of, n->children[i + 1], false);
    }
    add_part(s, PART_OTHERWISE, of, n->children[n->count - 1], false);
}

/* --- what stands in a part --- */

static void mark(struct split *s, const struct node *n, struct formula_part *part, bool *measures, bool *coefficients,
                 bool *uses)
{
    if (n->kind == NODE_COEFFICIENT) coefficients[n->index] = true;
    if (n->kind == NODE_NAME) {
        int m = formula_measure_find(s->f, n->text);
        if (m >= 0) measures[m] = true;
        for (int i = 0; i < s->f->coefficients_count; i++)
            if (strcmp(s->f->coefficients[i].name, n->text) == 0) coefficients[i] = true;
        for (int i = 0; i < s->whole->parts.definitions_count; i++)
            if (strcmp(s->names[i], n->text) == 0) uses[i] = true;
    }
    for (int i = 0; i < n->count; i++) mark(s, n->children[i], part, measures, coefficients, uses);
}

static void describe(struct split *s)
{
    struct arena *a = &s->whole->arena;
    for (int i = 0; i < s->whole->parts.count; i++) {
        struct formula_part *part = &s->whole->parts.part[i];
        bool *measures = arena_array(a, bool, s->f->measures_count + 1);
        bool *coefficients = arena_array(a, bool, s->f->coefficients_count + 1);
        bool *uses = arena_array(a, bool, s->whole->parts.definitions_count + 1);
        part->text = node_text(a, s->f, s->nodes[i]);
        mark(s, s->nodes[i], part, measures, coefficients, uses);
        part->measures = measures;
        part->coefficients = coefficients;
        part->uses = uses;
    }
}

/* Definitions that a tree names, into found[]. Each sees only what stands above it, so this ends. */
static void find_used(const struct formula *f, const struct node *n, bool *found)
{
    int d = n->kind == NODE_NAME ? definition_find(f, n->text) : -1;
    if (d >= 0 && !found[d]) {
        found[d] = true;
        find_used(f, f->definitions[d].expression, found);
    }
    for (int i = 0; i < n->count; i++) find_used(f, n->children[i], found);
}

static void split_all(struct split *s, enum formula_parts_depth depth)
{
    const struct formula *f = s->f;
    bool found[FORMULA_DEFINITIONS_MAX] = {false};
    int score = score_of(f), count = 0;
    find_used(f, f->definitions[score].expression, found);
    s->names[count] = f->definitions[score].name;
    s->indexes[count++] = score;
    for (int i = score - 1; depth == FORMULA_PARTS_ALL && i >= 0; i--)
        if (found[i] && s->types[i] != VALUE_CURRENCY) {
            s->names[count] = f->definitions[i].name;
            s->indexes[count++] = i;
        }
    const char **names = arena_array(&s->whole->arena, const char *, count);
    memcpy(names, s->names, (size_t)count * sizeof *names);
    s->whole->parts.definitions = names;
    s->whole->parts.definitions_count = count;
    const struct node *whole = f->definitions[score].expression;
    s->type = VALUE_MONEY;
    if (depth == FORMULA_PARTS_TERMS) {
        split_terms(s, names[0], whole, false);
        if (s->whole->parts.count == 0) add_part(s, PART_TERM, names[0], whole, false); /* score = 0 */
        return;
    }
    for (int i = 0; i < count; i++) {
        s->type = i ? s->types[s->indexes[i]] : VALUE_MONEY;
        split_definition(s, names[i], f->definitions[s->indexes[i]].expression);
    }
}

/* Of a value without a written type it comes with the schema. */
static bool find_types(struct split *s, const struct schema *schema, struct status *st)
{
    struct formula_program *p;
    if (!formula_bind(s->f, schema, &p, st)) return false;
    for (int i = 0; i < s->f->definitions_count; i++) s->types[i] = formula_definition_type(p, i);
    formula_program_free(p);
    return true;
}

/* --- programs --- */

static struct node *parent_of(struct arena *a, enum node_kind kind, enum function function, int count, struct node *x,
                              struct node *y)
{
    struct node *n = node_new(a, kind, x->place, count);
    n->function = function;
    n->children[0] = x;
    if (count > 1) n->children[1] = y;
    node_seal(n);
    return n;
}

static struct node *number_node(struct arena *a, struct place place, int64_t mantissa)
{
    struct node *n = node_new(a, NODE_NUMBER, place, 0);
    n->mantissa = mantissa;
    return n;
}

static struct node *signed_node(struct arena *a, const struct formula_part *part, const struct node *n)
{
    struct node *copy = node_new(a, n->kind, n->place, 0);
    *copy = *n;
    return part->negative ? parent_of(a, NODE_NEGATE, FUNCTION_NONE, 1, copy, NULL) : copy;
}

/* coalesce(days_between(date '1970-01-01', x), DATE_NONE): no result is a date. */
static struct node *day_node(struct arena *a, struct node *x)
{
    struct node *first = node_new(a, NODE_DATE, x->place, 0), *none = number_node(a, x->place, -(int64_t)DATE_NONE);
    return parent_of(a, NODE_CALL, FUNCTION_COALESCE, 2, parent_of(a, NODE_CALL, FUNCTION_DAYS_BETWEEN, 2, first, x),
                     parent_of(a, NODE_NEGATE, FUNCTION_NONE, 1, none, NULL));
}

/* The part as a result can have it: a whole number. */
static struct node *result_node(struct arena *a, const struct formula_part *part, const struct node *n)
{
    struct node *x = signed_node(a, part, n);
    if (part->type == VALUE_DATE) return day_node(a, x);
    if (part->decimals == 0) return x;
    struct node *factor = number_node(a, x->place, power_of_ten(part->decimals));
    return parent_of(a, NODE_MULTIPLY, FUNCTION_NONE, 2, factor, x);
}

/* The formula up to its score, and behind it parts [first, …) as results, as many as there is room for. */
static int extend(struct split *s, struct formula_parts_program *p, int first)
{
    struct formula *f = p->f = malloc(sizeof *f);
    ensure(f);
    *f = *s->f;
    arena_init(&f->arena, "formula parts");
    f->definitions_count = score_of(s->f) + 1;
    f->results_count = 0;
    for (int i = 0; i < f->definitions_count; i++) f->results_count += f->definitions[i].is_result;
    p->first_part = first;
    p->first_result = f->results_count;
    struct formula_parts *parts = &s->whole->parts;
    int i = first;
    for (; i < parts->count && f->results_count < FORMULA_RESULTS_MAX && f->definitions_count < FORMULA_DEFINITIONS_MAX;
         i++) {
        f->definitions[f->definitions_count] =
            (struct definition){.name = arena_printf(&f->arena, "part %d of %s", i + 1, parts->part[i].of),
                                .place = s->nodes[i]->place,
                                .is_result = true,
                                .has_type = true,
                                .type = parts->part[i].type == VALUE_DATE ? VALUE_NUMBER : parts->part[i].type,
                                .result = f->results_count,
                                .expression = result_node(&f->arena, &parts->part[i], s->nodes[i])};
        f->results[f->results_count++] = f->definitions_count++;
    }
    p->parts = i - first;
    return i;
}

static bool bind_programs(struct split *s, const struct schema *schema, struct status *st)
{
    struct formula_parts *parts = &s->whole->parts;
    parts->programs = arena_array(&s->whole->arena, struct formula_parts_program, parts->count + 1);
    for (int next = 0; next < parts->count;) {
        struct formula_parts_program *p = &parts->programs[parts->programs_count++];
        int end = extend(s, p, next);
        /* A file with 32 results before its score leaves no room. */
        if (end == next) {
            status_fail(st, STATUS_USAGE, "%s: %d results stand above the score: its terms cannot be told apart",
                        s->f->file, FORMULA_RESULTS_MAX);
            return status_hint(st, "write the score above the other results");
        }
        if (!formula_bind(p->f, schema, &p->program, st)) return status_while(st, "splitting the score into terms");
        next = end;
    }
    return true;
}

bool formula_parts_new(const struct formula *f, const struct schema *schema, enum formula_parts_depth depth,
                       struct formula_parts **out, struct status *st)
{
    struct whole *w = calloc(1, sizeof *w);
    struct split *s = calloc(1, sizeof *s);
    ensure(w && s);
    arena_init(&w->arena, "formula parts");
    s->f = f;
    s->whole = w;
    bool ok = depth != FORMULA_PARTS_ALL || find_types(s, schema, st);
    if (ok) {
        split_all(s, depth);
        describe(s);
        ok = bind_programs(s, schema, st);
    }
    free(s);
    *out = &w->parts;
    if (!ok) formula_parts_free(&w->parts), *out = NULL;
    return ok;
}

void formula_parts_free(struct formula_parts *p)
{
    if (!p) return;
    for (int i = 0; i < p->programs_count; i++) {
        formula_program_free(p->programs[i].program);
        formula_free(p->programs[i].f);
    }
    struct whole *w = (struct whole *)(void *)p;
    arena_release(&w->arena);
    free(w);
}

bool formula_parts_use_measure(const struct formula_parts *p, int measure)
{
    for (int i = 0; i < p->programs_count; i++)
        if (formula_uses_measure(p->programs[i].program, measure)) return true;
    return false;
}

bool formula_parts_use_customer_field(const struct formula_parts *p, int field)
{
    for (int i = 0; i < p->programs_count; i++)
        if (formula_uses_customer_field(p->programs[i].program, field)) return true;
    return false;
}

const char *formula_parts_code(const struct formula_parts *p, int part, int64_t value)
{
    for (int i = 0; i < p->programs_count; i++) {
        const struct formula_parts_program *g = &p->programs[i];
        int at = part - g->first_part;
        if (at >= 0 && at < g->parts) return formula_result_code(g->program, g->first_result + at, value);
    }
    return NULL;
}

/* --- values --- */

struct formula_parts_scratch *formula_parts_scratch_new(const struct formula_parts *p)
{
    struct formula_parts_scratch *s = calloc(1, sizeof *s + (size_t)p->programs_count * sizeof s->of[0]);
    ensure(s);
    s->count = p->programs_count;
    s->spare = calloc(FORMULA_BATCH_MAX, sizeof *s->spare);
    ensure(s->spare);
    for (int i = 0; i < s->count; i++) s->of[i] = formula_scratch_new(p->programs[i].program);
    return s;
}

void formula_parts_scratch_free(struct formula_parts_scratch *s)
{
    if (!s) return;
    for (int i = 0; i < s->count; i++) formula_scratch_free(s->of[i]);
    free(s->spare);
    free(s);
}

bool formula_parts_evaluate(const struct formula_parts *p, const struct formula_inputs *in,
                            struct formula_parts_scratch *scratch, int64_t *const *values, struct status *st)
{
    for (int i = 0; i < p->programs_count; i++) {
        const struct formula_parts_program *g = &p->programs[i];
        int64_t *results[FORMULA_RESULTS_MAX];
        for (int r = 0; r < g->first_result; r++) results[r] = scratch->spare;
        for (int k = 0; k < g->parts; k++) results[g->first_result + k] = values[g->first_part + k];
        if (!formula_evaluate(g->program, in, scratch->of[i], results, st)) return false;
    }
    return true;
}
