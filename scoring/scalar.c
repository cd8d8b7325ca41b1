/* The oracle: one customer, straight over the typed tree, nothing shared with compile.c and the kernels but the rules
 * of arithmetic.h. Slow and obvious on purpose; formula_evaluate must agree with it bit for bit. */
#include "scoring/scalar.h"

#include "scoring/arithmetic.h"
#include "scoring/print.h"

#include <stdio.h>

struct scalar {
    double number;
    bool missing;
};

struct scalar_walk {
    const struct formula_program *p;
    const struct formula_inputs *in;
    const double *const *unpacked; /* of measures without a column, from customer `first` on */
    uint32_t first, row;
    struct scalar *definitions;   /* values of the definitions above */
    const struct expr *overflows; /* the first step that gave no number, or no day; NULL: none */
};

static struct scalar walk(struct scalar_walk *w, const struct expr *e);

static double scaled(double x, int decimals)
{
    if (decimals > 0) return x / (double)power_of_ten(decimals);
    return decimals < 0 ? x * (double)power_of_ten(-decimals) : x;
}

static struct scalar measure_value(const struct scalar_walk *w, int measure)
{
    const int64_t *column = w->in->measures[measure];
    double x = column ? (double)column[w->row] : w->unpacked[measure][w->row - w->first];
    enum value_type type = w->p->f->measures[measure].type;
    bool yuan = w->p->f->unit == UNIT_YUAN && type == VALUE_MONEY;
    return (struct scalar){.number = scaled(x, yuan ? 2 : 0), .missing = type == VALUE_DATE && x == DATE_NONE};
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

static bool holds(struct scalar_walk *w, const struct expr *e)
{
    return walk(w, e).number != 0;
}

bool scalar_is_value(const struct expr *e, double x)
{
    return e->type == VALUE_DATE ? is_day(x) : isfinite(x);
}

static struct scalar walk_binary(struct scalar_walk *w, const struct expr *e)
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
    /* Every operand was a number. What is missing may be anything, and nobody looks at it. */
    if (!v.missing && !scalar_is_value(e, v.number) && !w->overflows) w->overflows = e;
    return v;
}

static struct scalar walk_unary(struct scalar_walk *w, const struct expr *e)
{
    struct scalar v = walk(w, e->children[0]);
    switch (e->kind) {
    case EXPR_NEGATE: v.number = -v.number; break;
    case EXPR_NOT: return truth(v.number == 0);
    case EXPR_ABS: v.number = fabs(v.number); break;
    case EXPR_ROUND: v.number = round_by(v.number, (enum rounding)e->index); break;
    case EXPR_FLOOR: v.number = floor(v.number); break;
    case EXPR_CEIL: v.number = ceil(v.number); break;
    default: ensure(!"not a unary operator");
    }
    return v;
}

static struct scalar walk_many(struct scalar_walk *w, const struct expr *e)
{
    struct scalar v = walk(w, e->children[0]);
    for (int i = 1; i < e->count; i++) {
        struct scalar x = walk(w, e->children[i]);
        v.missing |= x.missing;
        v.number = e->kind == EXPR_MIN ? smaller_of(v.number, x.number) : larger_of(v.number, x.number);
    }
    return v;
}

static struct scalar walk_case(struct scalar_walk *w, const struct expr *e)
{
    for (int i = 0; i + 1 < e->count; i += 2)
        if (holds(w, e->children[i])) return walk(w, e->children[i + 1]);
    return walk(w, e->children[e->count - 1]);
}

static struct scalar walk_coalesce(struct scalar_walk *w, const struct expr *e)
{
    struct scalar v = {.missing = true};
    for (int i = 0; i < e->count && v.missing; i++) v = walk(w, e->children[i]);
    return v;
}

/* known(x) asks for no value of x, so none of it can overflow but the conditions that choose a branch. */
static bool is_missing(struct scalar_walk *w, const struct expr *e)
{
    int i = 0;
    if (!e->missing) return false;
    switch (e->kind) {
    case EXPR_FIELD:
    case EXPR_MEASURE:
    case EXPR_DEFINITION: return walk(w, e).missing;
    case EXPR_CASE:
        while (i + 1 < e->count && !holds(w, e->children[i])) i += 2;
        return is_missing(w, e->children[i + 1 < e->count ? i + 1 : i]);
    case EXPR_COALESCE:
        while (i < e->count && is_missing(w, e->children[i])) i++;
        return i == e->count;
    default:
        while (i < e->count && !is_missing(w, e->children[i])) i++;
        return i < e->count;
    }
}

static struct scalar walk_in(struct scalar_walk *w, const struct expr *e)
{
    struct scalar v = walk(w, e->children[0]);
    for (int i = 1; i < e->count; i++)
        if (walk(w, e->children[i]).number == v.number) return truth(true);
    return truth(false);
}

static struct scalar walk(struct scalar_walk *w, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_CONSTANT: return (struct scalar){.number = e->number};
    case EXPR_MEASURE: return measure_value(w, e->index);
    case EXPR_FIELD: return field_value(w, e->index);
    case EXPR_DEFINITION: return w->definitions[e->index];
    case EXPR_AND: return truth(holds(w, e->children[0]) && holds(w, e->children[1]));
    case EXPR_OR: return truth(holds(w, e->children[0]) || holds(w, e->children[1]));
    case EXPR_IN: return walk_in(w, e);
    case EXPR_KNOWN: return truth(!is_missing(w, e->children[0]));
    case EXPR_CASE: return walk_case(w, e);
    case EXPR_COALESCE: return walk_coalesce(w, e);
    case EXPR_MIN:
    case EXPR_MAX: return walk_many(w, e);
    default: return e->count == 2 ? walk_binary(w, e) : walk_unary(w, e);
    }
}

/* --- failures --- */

enum { TEXT_SHOWN_MAX = 80 };

/* What stands at a place, cut when it is long. */
static void show_node(const struct formula *f, const struct node *n, char out[TEXT_SHOWN_MAX + 8])
{
    struct buf text;
    buf_init(&text, 4 * FORMULA_TEXT_MAX);
    print_node(f, n, &text);
    size_t length = text.length < TEXT_SHOWN_MAX ? text.length : TEXT_SHOWN_MAX;
    while (length < text.length && length && ((unsigned char)text.bytes[length] & 0xc0) == 0x80) length--;
    snprintf(out, TEXT_SHOWN_MAX + 8, "%.*s%s", (int)length, text.bytes, length < text.length ? "…" : "");
    buf_release(&text);
}

bool scalar_overflow(const struct formula *f, const struct expr *e, const char *of, struct status *st)
{
    char text[TEXT_SHOWN_MAX + 8], message[STATUS_MESSAGE_MAX];
    bool day = e->type == VALUE_DATE;
    show_node(f, e->node, text);
    snprintf(message, sizeof message, "%s%s is %s", text, of,
             day ? "no day of the years 1 to 9999" : "larger than any number (1.8e308)");
    formula_fail_at(f, e->node->place, of[0] ? STATUS_INPUT : STATUS_USAGE, st, message);
    return status_hint(st, day ? "bound the number of days with min(…) and max(…)"
                               : "bound its parts with min(…), or divide before multiplying");
}

static const char *customer_of(const struct scalar_walk *w, char out[64])
{
    out[0] = 0;
    if (!w->in->unnamed) snprintf(out, 64, " of customer %u of the batch", w->row);
    return out;
}

static bool result_out_of_range(const struct scalar_walk *w, const struct definition *d, struct status *st)
{
    char of[64], message[STATUS_MESSAGE_MAX];
    snprintf(message, sizeof message, "result %s%s is larger than 2^62", d->name, customer_of(w, of));
    formula_fail_at(w->p->f, d->place, STATUS_INPUT, st, message);
    return status_hint(st, "look at its measures: crmx customer show; bound the terms of %s with min(…)", d->name);
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
    if (!(fabs(minor) <= RESULT_LIMIT)) return result_out_of_range(w, d, st);
    *out = (int64_t)minor;
    v->number = yuan ? minor / 100.0 : minor;
    return true;
}

bool scalar_evaluate(const struct formula_program *p, const struct formula_inputs *in, const double *const *unpacked,
                     uint32_t first, uint32_t row, int64_t *results, struct status *st)
{
    char of[64];
    struct scalar definitions[FORMULA_DEFINITIONS_MAX];
    struct scalar_walk w = {
        .p = p, .in = in, .unpacked = unpacked, .first = first, .row = row, .definitions = definitions};
    ensure(row < in->count);
    for (int i = 0; i < p->f->definitions_count; i++) {
        const struct definition *d = &p->f->definitions[i];
        if (!p->needed[i]) continue;
        definitions[i] = walk(&w, p->definitions[i]);
        if (w.overflows) return scalar_overflow(p->f, w.overflows, customer_of(&w, of), st);
        if (d->is_result && !finish_result(&w, d, &definitions[i], &results[d->result], st)) return false;
    }
    return true;
}

bool formula_evaluate_scalar(const struct formula_program *p, const struct formula_inputs *in, uint32_t row,
                             int64_t *results, struct status *st)
{
    return scalar_evaluate(p, in, NULL, 0, row, results, st);
}

double scalar_value(const struct formula_program *p, const struct formula_inputs *in, uint32_t row,
                    const struct expr *e)
{
    struct scalar definitions[FORMULA_DEFINITIONS_MAX];
    struct scalar_walk w = {.p = p, .in = in, .row = row, .definitions = definitions};
    for (int i = 0; i < p->f->definitions_count; i++) definitions[i] = walk(&w, p->definitions[i]);
    return walk(&w, e).number;
}

double scalar_constant(const struct formula_program *p, const double *definitions, const struct expr *e)
{
    struct scalar values[FORMULA_DEFINITIONS_MAX];
    struct scalar_walk w = {.p = p, .definitions = values};
    for (int i = 0; i < p->f->definitions_count; i++) values[i] = (struct scalar){.number = definitions[i]};
    return walk(&w, e).number;
}
