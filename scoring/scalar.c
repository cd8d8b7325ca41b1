/* The oracle: one customer, straight over the typed tree, nothing shared with compile.c and the kernels but the rules
 * of arithmetic.h. Slow and obvious on purpose; formula_evaluate must agree with it bit for bit. */
#include "scoring/scalar.h"

#include "scoring/arithmetic.h"

struct scalar {
    double number;
    bool missing;
};

struct scalar_walk {
    const struct formula_program *p;
    const struct formula_inputs *in;
    uint32_t row;
    struct scalar *definitions; /* values of the definitions above */
};

static struct scalar walk(const struct scalar_walk *w, const struct expr *e);

static double scaled(double x, int decimals)
{
    if (decimals > 0) return x / (double)power_of_ten(decimals);
    return decimals < 0 ? x * (double)power_of_ten(-decimals) : x;
}

static struct scalar measure_value(const struct scalar_walk *w, int measure)
{
    int64_t x = w->in->measures[measure][w->row];
    enum value_type type = w->p->f->measures[measure].type;
    bool yuan = w->p->f->unit == UNIT_YUAN && type == VALUE_MONEY;
    return (struct scalar){.number = scaled((double)x, yuan ? 2 : 0), .missing = type == VALUE_DATE && x == DATE_NONE};
}

static struct scalar field_value(const struct scalar_walk *w, int field)
{
    const struct customer_field *c = &w->p->fields[field];
    int64_t x = w->in->customer_fields[field][w->row];
    if (c->type == VALUE_CODE) {
        ensure(x >= 0 && x < c->codes_count);
        return (struct scalar){.number = c->codes[x]};
    }
    if (c->type == VALUE_BOOLEAN) return (struct scalar){.number = x != 0};
    return (struct scalar){.number = scaled((double)x, c->decimals),
                           .missing = c->type == VALUE_DATE && x == DATE_NONE};
}

static struct scalar truth(bool b)
{
    return (struct scalar){.number = b};
}

static bool holds(const struct scalar_walk *w, const struct expr *e)
{
    return walk(w, e).number != 0;
}

static struct scalar walk_binary(const struct scalar_walk *w, const struct expr *e)
{
    struct scalar a = walk(w, e->children[0]), b = walk(w, e->children[1]);
    struct scalar v = {.missing = a.missing || b.missing};
    switch (e->kind) {
    case EXPR_ADD: v.number = a.number + b.number; break;
    case EXPR_SUBTRACT: v.number = a.number - b.number; break;
    case EXPR_MULTIPLY: v.number = a.number * b.number; break;
    case EXPR_DIVIDE: v.number = divide_total(a.number, b.number); break;
    case EXPR_EQUAL: return truth(a.number == b.number);
    case EXPR_NOT_EQUAL: return truth(a.number != b.number);
    case EXPR_LESS: return truth(a.number < b.number);
    case EXPR_LESS_EQUAL: return truth(a.number <= b.number);
    case EXPR_MONTHS_BETWEEN: v.number = months_between(a.number, b.number); break;
    case EXPR_YEARS_BETWEEN: v.number = years_between(a.number, b.number); break;
    default: ensure(!"not a binary operator");
    }
    return v;
}

static struct scalar walk_unary(const struct scalar_walk *w, const struct expr *e)
{
    struct scalar v = walk(w, e->children[0]);
    switch (e->kind) {
    case EXPR_NEGATE: v.number = -v.number; break;
    case EXPR_NOT: return truth(v.number == 0);
    case EXPR_ABS: v.number = fabs(v.number); break;
    case EXPR_ROUND: v.number = round_by(v.number, (enum rounding)e->index); break;
    case EXPR_FLOOR: v.number = floor(v.number); break;
    case EXPR_CEIL: v.number = ceil(v.number); break;
    case EXPR_KNOWN: return truth(!v.missing);
    default: ensure(!"not a unary operator");
    }
    return v;
}

static struct scalar walk_many(const struct scalar_walk *w, const struct expr *e)
{
    struct scalar v = walk(w, e->children[0]);
    for (int i = 1; i < e->count; i++) {
        struct scalar x = walk(w, e->children[i]);
        v.missing |= x.missing;
        v.number = e->kind == EXPR_MIN ? smaller_of(v.number, x.number) : larger_of(v.number, x.number);
    }
    return v;
}

static struct scalar walk_case(const struct scalar_walk *w, const struct expr *e)
{
    for (int i = 0; i + 1 < e->count; i += 2)
        if (holds(w, e->children[i])) return walk(w, e->children[i + 1]);
    return walk(w, e->children[e->count - 1]);
}

static struct scalar walk_coalesce(const struct scalar_walk *w, const struct expr *e)
{
    struct scalar v = {.missing = true};
    for (int i = 0; i < e->count && v.missing; i++) v = walk(w, e->children[i]);
    return v;
}

static struct scalar walk_in(const struct scalar_walk *w, const struct expr *e)
{
    struct scalar v = walk(w, e->children[0]);
    for (int i = 1; i < e->count; i++)
        if (walk(w, e->children[i]).number == v.number) return truth(true);
    return truth(false);
}

static struct scalar walk(const struct scalar_walk *w, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_CONSTANT: return (struct scalar){.number = e->number};
    case EXPR_MEASURE: return measure_value(w, e->index);
    case EXPR_FIELD: return field_value(w, e->index);
    case EXPR_DEFINITION: return w->definitions[e->index];
    case EXPR_AND: return truth(holds(w, e->children[0]) && holds(w, e->children[1]));
    case EXPR_OR: return truth(holds(w, e->children[0]) || holds(w, e->children[1]));
    case EXPR_IN: return walk_in(w, e);
    case EXPR_CASE: return walk_case(w, e);
    case EXPR_COALESCE: return walk_coalesce(w, e);
    case EXPR_MIN:
    case EXPR_MAX: return walk_many(w, e);
    default: return e->count == 2 ? walk_binary(w, e) : walk_unary(w, e);
    }
}

bool result_out_of_range(const struct formula_program *p, int result, uint32_t row, double x, struct status *st)
{
    const char *name = formula_result_name(p->f, result);
    status_fail(st, STATUS_INPUT, "%s: result %s of customer %u of the batch is %s", p->f->file, name, row,
                isfinite(x) ? "larger than 2^62" : "not a finite number");
    return status_hint(st, "look at its measures: crmx customer show; bound the terms of %s with min(…)", name);
}

/* Rounds, stores, and leaves in *v what later definitions see: the rounded value. */
static bool finish_result(const struct scalar_walk *w, const struct definition *d, struct scalar *v, int64_t *out,
                          struct status *st)
{
    if (w->p->f->is_expression) {
        memcpy(&out[0], &v->number, sizeof v->number);
        out[1] = v->missing;
        return true;
    }
    if (d->type == VALUE_CODE) return *out = w->p->result_codes[d->result][(int)v->number], true;
    bool yuan = d->type == VALUE_MONEY && w->p->f->unit == UNIT_YUAN;
    double minor = yuan ? v->number * 100.0 : v->number;
    if (d->type != VALUE_BOOLEAN) minor = round_by(minor, w->p->f->rounding);
    if (!(fabs(minor) <= RESULT_LIMIT)) return result_out_of_range(w->p, d->result, w->row, minor, st);
    *out = (int64_t)minor;
    v->number = yuan ? minor / 100.0 : minor;
    return true;
}

bool formula_evaluate_scalar(const struct formula_program *p, const struct formula_inputs *in, uint32_t row,
                             int64_t *results, struct status *st)
{
    struct scalar definitions[FORMULA_DEFINITIONS_MAX];
    struct scalar_walk w = {.p = p, .in = in, .row = row, .definitions = definitions};
    ensure(row < in->count);
    for (int i = 0; i < p->f->definitions_count; i++) {
        const struct definition *d = &p->f->definitions[i];
        definitions[i] = walk(&w, p->definitions[i]);
        if (d->is_result && !finish_result(&w, d, &definitions[i], &results[d->result], st)) return false;
    }
    return true;
}

double scalar_value(const struct formula_program *p, const struct formula_inputs *in, uint32_t row,
                    const struct expr *e)
{
    struct scalar definitions[FORMULA_DEFINITIONS_MAX];
    struct scalar_walk w = {.p = p, .in = in, .row = row, .definitions = definitions};
    for (int i = 0; i < p->f->definitions_count; i++) definitions[i] = walk(&w, p->definitions[i]);
    return walk(&w, e).number;
}
