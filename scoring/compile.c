/* From the typed tree to the flat list of column steps.
 *
 * A missing value has no bit pattern of its own: missing_of(e) makes the mask "e is missing" from the date fields below
 * e, and only coalesce() and known() ask for it. So arithmetic pays nothing for it. */
#include "scoring/operand.h"

#include "scoring/arithmetic.h"

static struct operand value_of(struct compiler *c, const struct expr *e);
static struct operand missing_of(struct compiler *c, const struct expr *e);

/* --- leaves --- */

static struct operand scale(struct compiler *c, struct operand o, int decimals)
{
    if (decimals > 0) return operand_binary(c, EXPR_DIVIDE, o, operand_constant((double)power_of_ten(decimals)));
    return decimals < 0 ? operand_binary(c, EXPR_MULTIPLY, o, operand_constant((double)power_of_ten(-decimals))) : o;
}

static struct operand load(struct compiler *c, enum op op, int index)
{
    struct step *s = compiler_step(c, op);
    s->index = index;
    return compiler_finish(c, s);
}

static struct operand measure_of(struct compiler *c, int measure)
{
    struct operand *known = &c->measures[measure];
    if (known->slot >= 0) return *known;
    bool yuan = c->p->f->unit == UNIT_YUAN && c->p->f->measures[measure].type == VALUE_MONEY;
    struct operand o = scale(c, load(c, OP_LOAD_MEASURE, measure), yuan ? 2 : 0);
    if (c->measure_uses[measure] > 1) *known = o = operand_keep(o);
    return o;
}

static struct operand field_of(struct compiler *c, int field)
{
    const struct customer_field *f = &c->p->fields[field];
    if (f->type == VALUE_CODE) return load(c, OP_LOAD_CODE, field);
    struct operand o = load(c, OP_LOAD_FIELD, field);
    if (f->type == VALUE_BOOLEAN) return operand_binary(c, EXPR_NOT_EQUAL, o, operand_constant(0));
    return scale(c, o, f->decimals);
}

/* --- values --- */

static struct operand unary(struct compiler *c, const struct expr *e)
{
    static const enum op OPS[] = {
        [EXPR_NEGATE] = OP_NEGATE, [EXPR_ABS] = OP_ABS, [EXPR_FLOOR] = OP_FLOOR, [EXPR_CEIL] = OP_CEIL};
    static const enum op ROUNDS[] = {
        [ROUNDING_HALF_UP] = OP_ROUND_UP, [ROUNDING_HALF_AWAY] = OP_ROUND_AWAY, [ROUNDING_HALF_EVEN] = OP_ROUND_EVEN};
    enum op op = e->kind == EXPR_ROUND ? ROUNDS[e->index] : OPS[e->kind];
    return operand_emit(c, op, operand_materialise(c, value_of(c, e->children[0]), false), OPERAND_NOTHING,
                        OPERAND_NOTHING, 0, 0);
}

static struct operand many(struct compiler *c, const struct expr *e)
{
    struct operand o = value_of(c, e->children[0]);
    for (int i = 1; i < e->count; i++) o = operand_binary(c, e->kind, o, value_of(c, e->children[i]));
    return o;
}

/* Nearly always up to the business date, which is a constant. */
static struct operand between(struct compiler *c, const struct expr *e)
{
    bool months = e->kind == EXPR_MONTHS_BETWEEN;
    struct operand from = value_of(c, e->children[0]), to = value_of(c, e->children[1]);
    if (from.constant && to.constant)
        return operand_constant(months ? months_between(from.number, to.number)
                                       : years_between(from.number, to.number));
    if (to.constant)
        return operand_emit(c, months ? OP_MONTHS_TO : OP_YEARS_TO, from, OPERAND_NOTHING, OPERAND_NOTHING, to.number,
                            0);
    from = operand_materialise(c, from, false);
    return operand_emit(c, months ? OP_MONTHS_BETWEEN : OP_YEARS_BETWEEN, from, to, OPERAND_NOTHING, 0, 0);
}

static struct operand in_of(struct compiler *c, const struct expr *e)
{
    struct operand x = value_of(c, e->children[0]), found = operand_constant(0);
    for (int i = 1; i < e->count; i++)
        found = operand_or(c, found, operand_binary(c, EXPR_EQUAL, operand_keep(x), value_of(c, e->children[i])));
    operand_release(c, x);
    return found;
}

/* condition, value, …, else value: chosen from the last to the first. */
static struct operand case_of(struct compiler *c, const struct expr *e,
                              struct operand (*of)(struct compiler *, const struct expr *), bool is_mask)
{
    struct operand o = of(c, e->children[e->count - 1]);
    for (int i = e->count - 3; i >= 0; i -= 2) {
        struct operand value = of(c, e->children[i + 1]);
        o = operand_select(c, value_of(c, e->children[i]), value, o, is_mask);
    }
    return o;
}

static struct operand coalesce_of(struct compiler *c, const struct expr *e)
{
    bool is_mask = e->type == VALUE_BOOLEAN;
    struct operand o = value_of(c, e->children[e->count - 1]);
    for (int i = e->count - 2; i >= 0; i--) {
        struct operand value = value_of(c, e->children[i]);
        o = operand_select(c, missing_of(c, e->children[i]), o, value, is_mask);
    }
    return o;
}

static struct operand value_of(struct compiler *c, const struct expr *e)
{
    if (c->full) return OPERAND_NOTHING;
    switch (e->kind) {
    case EXPR_CONSTANT: return operand_constant(e->number);
    case EXPR_MEASURE: return measure_of(c, e->index);
    case EXPR_FIELD: return field_of(c, e->index);
    case EXPR_DEFINITION: return c->definitions[e->index].value;
    case EXPR_NOT: return operand_not(c, value_of(c, e->children[0]));
    case EXPR_AND:
    case EXPR_OR: {
        struct operand a = value_of(c, e->children[0]), b = value_of(c, e->children[1]);
        return e->kind == EXPR_AND ? operand_and(c, a, b) : operand_or(c, a, b);
    }
    case EXPR_IN: return in_of(c, e);
    case EXPR_CASE: return case_of(c, e, value_of, e->type == VALUE_BOOLEAN);
    case EXPR_MIN:
    case EXPR_MAX: return many(c, e);
    case EXPR_COALESCE: return coalesce_of(c, e);
    case EXPR_KNOWN: return operand_not(c, missing_of(c, e->children[0]));
    case EXPR_MONTHS_BETWEEN:
    case EXPR_YEARS_BETWEEN: return between(c, e);
    default: break;
    }
    if (e->count == 1) return unary(c, e);
    struct operand a = value_of(c, e->children[0]), o = operand_binary(c, e->kind, a, value_of(c, e->children[1]));
    if (e->may_overflow && !o.constant && !c->full)
        c->steps[c->count - 1].checked = e->type == VALUE_DATE ? CHECK_DAY : CHECK_NUMBER;
    return o;
}

/* The mask "e is missing". */
static struct operand missing_of(struct compiler *c, const struct expr *e)
{
    if (c->full || !e->missing) return operand_constant(0);
    switch (e->kind) {
    case EXPR_FIELD: return load(c, OP_NONE, e->index);
    case EXPR_MEASURE: return operand_binary(c, EXPR_EQUAL, measure_of(c, e->index), operand_constant(DATE_NONE));
    case EXPR_DEFINITION: return c->definitions[e->index].missing;
    case EXPR_CASE: return case_of(c, e, missing_of, true);
    case EXPR_COALESCE: {
        struct operand o = operand_constant(1);
        for (int i = 0; i < e->count; i++) o = operand_and(c, o, missing_of(c, e->children[i]));
        return o;
    }
    default: break;
    }
    struct operand o = operand_constant(0);
    for (int i = 0; i < e->count; i++) o = operand_or(c, o, missing_of(c, e->children[i]));
    return o;
}

/* --- definitions and results --- */

static void store(struct compiler *c, enum op op, struct operand o, int result)
{
    struct step *s = compiler_step(c, op);
    s->a = (uint16_t)o.slot;
    s->index = result;
}

/* Rounds and stores; gives back what later definitions see: the rounded value in the unit. */
static struct operand store_result(struct compiler *c, const struct definition *d, struct operand o)
{
    static const enum op ROUNDS[] = {
        [ROUNDING_HALF_UP] = OP_ROUND_UP, [ROUNDING_HALF_AWAY] = OP_ROUND_AWAY, [ROUNDING_HALF_EVEN] = OP_ROUND_EVEN};
    bool yuan = d->type == VALUE_MONEY && c->p->f->unit == UNIT_YUAN;
    o = operand_materialise(c, o, d->type == VALUE_BOOLEAN);
    if (d->type == VALUE_BOOLEAN || d->type == VALUE_CODE) {
        store(c, d->type == VALUE_CODE ? OP_STORE_CODE : OP_STORE_MASK, o, d->result);
        return o;
    }
    if (yuan) o = operand_binary(c, EXPR_MULTIPLY, o, operand_constant(100));
    o = operand_emit(c, ROUNDS[c->p->f->rounding], o, OPERAND_NOTHING, OPERAND_NOTHING, 0, 0);
    store(c, OP_STORE, o, d->result);
    return yuan ? operand_binary(c, EXPR_DIVIDE, o, operand_constant(100)) : o;
}

static void count_uses(struct compiler *c, const struct expr *e)
{
    if (e->kind == EXPR_MEASURE) c->measure_uses[e->index]++;
    for (int i = 0; i < e->count; i++) count_uses(c, e->children[i]);
}

static void compile_definition(struct compiler *c, int i)
{
    const struct definition *d = &c->p->f->definitions[i];
    const struct expr *e = c->p->definitions[i];
    struct operand o = value_of(c, e);
    c->definitions[i].missing = operand_keep(missing_of(c, e));
    if (c->full) return;
    if (c->p->f->is_expression) {
        bool is_mask = e->type == VALUE_BOOLEAN;
        if (is_mask) o = operand_select(c, o, operand_constant(1), operand_constant(0), false);
        store(c, OP_STORE_BITS, operand_materialise(c, o, false), 0);
        store(c, OP_STORE_MASK, operand_materialise(c, c->definitions[i].missing, true), 1);
        return;
    }
    if (d->is_result) o = store_result(c, d, o);
    c->definitions[i].value = operand_keep(o);
}

/* Steps whose result nobody reads (x of x/0; the rounded score brought back to yuan) and that need no look either. */
static void drop_unused(struct compiler *c)
{
    bool *needed = arena_array(&c->p->arena, bool, c->slots + 1);
    int kept = c->count;
    for (int i = c->count - 1; i >= 0; i--) {
        struct step *s = &c->steps[i];
        bool stores = s->op >= OP_STORE;
        if (!stores && !needed[s->dst] && !s->checked) continue;
        if (!stores) needed[s->dst] = false;
        bool loads = s->op >= OP_LOAD_MEASURE && s->op <= OP_NONE;
        if (!loads) needed[s->a] = needed[s->b] = needed[s->c] = true;
        c->steps[--kept] = *s;
    }
    c->count -= kept;
    memmove(c->steps, c->steps + kept, sizeof *c->steps * (size_t)c->count);
}

bool compile_steps(struct formula_program *p, struct status *st)
{
    struct compiler *c = calloc(1, sizeof *c);
    ensure(c);
    c->p = p;
    c->steps = malloc(sizeof *c->steps * FORMULA_STEPS_MAX);
    ensure(c->steps);
    c->measure_uses = arena_array(&p->arena, int, p->f->measures_count + 1);
    c->measures = arena_array(&p->arena, struct operand, p->f->measures_count + 1);
    c->definitions = arena_array(&p->arena, struct definition_slot, p->f->definitions_count);
    for (int i = 0; i < p->f->measures_count; i++) c->measures[i].slot = -1;
    for (int i = 0; i < p->f->definitions_count; i++)
        if (p->needed[i]) count_uses(c, p->definitions[i]);
    for (int i = 0; i < p->f->definitions_count && !c->full; i++)
        if (p->needed[i]) compile_definition(c, i);
    bool ok = !c->full;
    if (ok) {
        drop_unused(c);
        struct step *steps = arena_array(&p->arena, struct step, c->count);
        memcpy(steps, c->steps, sizeof *steps * (size_t)c->count);
        steps_mark_few(steps, c->count, c->slots, &p->arena);
        struct step_list *list = arena_new(&p->arena, struct step_list);
        *list = (struct step_list){.count = c->count, .slots = c->slots, .steps = steps};
        p->steps = list;
    } else {
        status_fail(st, STATUS_USAGE, "%s: the formula is too large: more than %d steps", p->f->file,
                    FORMULA_STEPS_MAX);
        status_hint(st, "name parts that are written several times: let part = …;");
    }
    free(c->steps);
    free(c);
    return ok;
}
