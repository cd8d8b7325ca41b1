/* From the typed tree to the flat list of column steps.
 *
 * An operand is a constant or a slot. A temporary slot is free again as soon as the step that reads it is emitted, so
 * that its place in the cache is used again; slots of measures that occur several times and of definitions stay.
 *
 * A missing value has no bit pattern of its own: missing(e) makes the mask "e is missing" from the date fields below e,
 * and only coalesce() and known() ask for it. So arithmetic pays nothing for it. */
#include "scoring/steps.h"

#include "scoring/arithmetic.h"

struct operand {
    bool constant;
    bool kept; /* the slot must survive the next step */
    double number;
    int slot;
};

struct definition_slot {
    struct operand value, missing;
};

struct compiler {
    struct formula_program *p;
    struct step *steps;
    int count;
    bool slot_used[FORMULA_SLOTS_MAX];
    int slots;
    bool full; /* too many steps or slots: everything made from here on is thrown away */
    int *measure_uses;
    struct operand *measures; /* slot < 0: not loaded yet */
    struct definition_slot *definitions;
};

static struct operand value_of(struct compiler *c, const struct expr *e);
static struct operand missing_of(struct compiler *c, const struct expr *e);

/* --- slots and steps --- */

static struct operand constant(double number)
{
    return (struct operand){.constant = true, .number = number};
}

static int take_slot(struct compiler *c)
{
    for (int i = 0; i < FORMULA_SLOTS_MAX; i++) {
        if (c->slot_used[i]) continue;
        c->slot_used[i] = true;
        if (i >= c->slots) c->slots = i + 1;
        return i;
    }
    c->full = true;
    return 0;
}

static void release(struct compiler *c, struct operand o)
{
    if (!o.constant && !o.kept) c->slot_used[o.slot] = false;
}

static struct operand keep(struct operand o)
{
    o.kept = true;
    return o;
}

static struct step *new_step(struct compiler *c, enum op op)
{
    if (c->count == FORMULA_STEPS_MAX) {
        c->full = true;
        c->count = 0;
    }
    struct step *s = &c->steps[c->count++];
    *s = (struct step){.op = op};
    return s;
}

/* dst may be the slot of a released source. */
static struct operand finish(struct compiler *c, struct step *s)
{
    int slot = take_slot(c);
    s->dst = (uint16_t)slot;
    return (struct operand){.slot = slot};
}

static struct operand emit(struct compiler *c, enum op op, struct operand a, struct operand b, struct operand condition,
                           double k, double l)
{
    struct step *s = new_step(c, op);
    s->a = (uint16_t)a.slot;
    s->b = (uint16_t)b.slot;
    s->c = (uint16_t)condition.slot;
    s->k = k;
    s->l = l;
    release(c, a);
    release(c, b);
    release(c, condition);
    return finish(c, s);
}

static const struct operand NOTHING = {.constant = true};

static struct operand materialise(struct compiler *c, struct operand o, bool is_mask)
{
    if (!o.constant) return o;
    return emit(c, is_mask ? OP_FILL_MASK : OP_FILL, NOTHING, NOTHING, NOTHING, o.number, 0);
}

/* --- binary operators, with constants folded by the same arithmetic --- */

struct binary_rule {
    enum op columns, right_constant, left_constant;
};

static const struct binary_rule RULES[] = {
    [EXPR_ADD] = {OP_ADD, OP_ADD_K, OP_ADD_K}, /* k + x and x + k are the same bits */
    [EXPR_SUBTRACT] = {OP_SUBTRACT, OP_SUBTRACT_K, OP_K_SUBTRACT},
    [EXPR_MULTIPLY] = {OP_MULTIPLY, OP_MULTIPLY_K, OP_MULTIPLY_K},
    [EXPR_DIVIDE] = {OP_DIVIDE, OP_DIVIDE_K, OP_K_DIVIDE},
    [EXPR_MIN] = {OP_MIN, OP_MIN_K, OP_K_MIN},
    [EXPR_MAX] = {OP_MAX, OP_MAX_K, OP_K_MAX},
    [EXPR_EQUAL] = {OP_EQUAL, OP_EQUAL_K, OP_EQUAL_K},
    [EXPR_NOT_EQUAL] = {OP_NOT_EQUAL, OP_NOT_EQUAL_K, OP_NOT_EQUAL_K},
    [EXPR_LESS] = {OP_LESS, OP_LESS_K, OP_K_LESS},
    [EXPR_LESS_EQUAL] = {OP_LESS_EQUAL, OP_LESS_EQUAL_K, OP_K_LESS_EQUAL},
};

static double fold(enum expr_kind kind, double a, double b)
{
    switch (kind) {
    case EXPR_ADD: return a + b;
    case EXPR_SUBTRACT: return a - b;
    case EXPR_MULTIPLY: return a * b;
    case EXPR_DIVIDE: return divide_total(a, b);
    case EXPR_MIN: return smaller_of(a, b);
    case EXPR_MAX: return larger_of(a, b);
    case EXPR_EQUAL: return a == b;
    case EXPR_NOT_EQUAL: return a != b;
    case EXPR_LESS: return a < b;
    case EXPR_LESS_EQUAL: return a <= b;
    default: ensure(!"not a binary operator");
    }
    return 0;
}

/* a + b*k, a - b*k, a + b/k, a + b*c in one pass over the columns when the product was the step just made for it. Two
 * roundings, as written. */
static bool fuse(struct compiler *c, enum expr_kind kind, struct operand a, struct operand b, struct operand *out)
{
    if (c->count == 0 || b.kept || a.slot == b.slot) return false;
    struct step *last = &c->steps[c->count - 1];
    enum op op = kind == EXPR_ADD && last->op == OP_MULTIPLY_K        ? OP_ADD_MULTIPLY_K
                 : kind == EXPR_ADD && last->op == OP_DIVIDE_K        ? OP_ADD_DIVIDE_K
                 : kind == EXPR_ADD && last->op == OP_MULTIPLY        ? OP_ADD_MULTIPLY
                 : kind == EXPR_SUBTRACT && last->op == OP_MULTIPLY_K ? OP_SUBTRACT_MULTIPLY_K
                                                                      : OP_COLUMNS;
    /* The product's sources still hold their values unless its own result went to a's place, which b.slot excludes. */
    if (op == OP_COLUMNS || last->dst != b.slot) return false;
    if (op == OP_ADD_MULTIPLY) last->c = last->b;
    last->b = last->a;
    last->a = (uint16_t)a.slot;
    last->op = op;
    release(c, a);
    release(c, b);
    *out = finish(c, last);
    return true;
}

static struct operand binary(struct compiler *c, enum expr_kind kind, struct operand a, struct operand b)
{
    const struct binary_rule *r = &RULES[kind];
    struct operand out;
    if (a.constant && b.constant) return constant(fold(kind, a.number, b.number));
    if (kind == EXPR_DIVIDE && b.constant && b.number == 0) return release(c, a), constant(0);
    if (b.constant) return emit(c, r->right_constant, a, NOTHING, NOTHING, b.number, 0);
    if (a.constant) return emit(c, r->left_constant, b, NOTHING, NOTHING, a.number, 0);
    if (fuse(c, kind, a, b, &out)) return out;
    return emit(c, r->columns, a, b, NOTHING, 0, 0);
}

/* --- conditions --- */

static struct operand not_of(struct compiler *c, struct operand a)
{
    if (a.constant) return constant(a.number == 0);
    return emit(c, OP_NOT, a, NOTHING, NOTHING, 0, 0);
}

static struct operand and_of(struct compiler *c, struct operand a, struct operand b)
{
    if (a.constant) return a.number != 0 ? b : (release(c, b), a);
    if (b.constant) return b.number != 0 ? a : (release(c, a), b);
    return emit(c, OP_AND, a, b, NOTHING, 0, 0);
}

static struct operand or_of(struct compiler *c, struct operand a, struct operand b)
{
    if (a.constant) return a.number == 0 ? b : (release(c, b), a);
    if (b.constant) return b.number == 0 ? a : (release(c, a), b);
    return emit(c, OP_OR, a, b, NOTHING, 0, 0);
}

static struct operand select_of(struct compiler *c, struct operand condition, struct operand a, struct operand b,
                                bool is_mask)
{
    if (condition.constant) {
        release(c, condition.number != 0 ? b : a);
        return condition.number != 0 ? a : b;
    }
    if (is_mask) {
        a = materialise(c, a, true);
        return emit(c, OP_SELECT_MASK, a, materialise(c, b, true), condition, 0, 0);
    }
    if (a.constant && b.constant) return emit(c, OP_KK_SELECT, NOTHING, NOTHING, condition, a.number, b.number);
    if (a.constant) return emit(c, OP_K_SELECT, b, NOTHING, condition, a.number, 0);
    if (b.constant) return emit(c, OP_SELECT_K, a, NOTHING, condition, b.number, 0);
    return emit(c, OP_SELECT, a, b, condition, 0, 0);
}

/* --- leaves --- */

static struct operand scale(struct compiler *c, struct operand o, int decimals)
{
    if (decimals > 0) return binary(c, EXPR_DIVIDE, o, constant((double)power_of_ten(decimals)));
    return decimals < 0 ? binary(c, EXPR_MULTIPLY, o, constant((double)power_of_ten(-decimals))) : o;
}

static struct operand load(struct compiler *c, enum op op, int index)
{
    struct step *s = new_step(c, op);
    s->index = index;
    return finish(c, s);
}

static struct operand measure_of(struct compiler *c, int measure)
{
    struct operand *known = &c->measures[measure];
    if (known->slot >= 0) return *known;
    bool yuan = c->p->f->unit == UNIT_YUAN && c->p->f->measures[measure].type == VALUE_MONEY;
    struct operand o = scale(c, load(c, OP_LOAD_MEASURE, measure), yuan ? 2 : 0);
    if (c->measure_uses[measure] > 1) *known = o = keep(o);
    return o;
}

static struct operand field_of(struct compiler *c, int field)
{
    const struct customer_field *f = &c->p->fields[field];
    if (f->type == VALUE_CODE) return load(c, OP_LOAD_CODE, field);
    struct operand o = load(c, OP_LOAD_FIELD, field);
    if (f->type == VALUE_BOOLEAN) return binary(c, EXPR_NOT_EQUAL, o, constant(0));
    return scale(c, o, f->decimals);
}

/* --- values --- */

static struct operand unary(struct compiler *c, const struct expr *e)
{
    static const enum op OPS[] = {[EXPR_NEGATE] = OP_NEGATE,
                                  [EXPR_ABS] = OP_ABS,
                                  [EXPR_FLOOR] = OP_FLOOR,
                                  [EXPR_CEIL] = OP_CEIL,
                                  [EXPR_MONTHS_SINCE] = OP_MONTHS_SINCE,
                                  [EXPR_YEARS_SINCE] = OP_YEARS_SINCE};
    static const enum op ROUNDS[] = {
        [ROUNDING_HALF_UP] = OP_ROUND_UP, [ROUNDING_HALF_AWAY] = OP_ROUND_AWAY, [ROUNDING_HALF_EVEN] = OP_ROUND_EVEN};
    enum op op = e->kind == EXPR_ROUND ? ROUNDS[e->index] : OPS[e->kind];
    return emit(c, op, materialise(c, value_of(c, e->children[0]), false), NOTHING, NOTHING, 0, 0);
}

static struct operand many(struct compiler *c, const struct expr *e)
{
    struct operand o = value_of(c, e->children[0]);
    for (int i = 1; i < e->count; i++) o = binary(c, e->kind, o, value_of(c, e->children[i]));
    return o;
}

static struct operand in_of(struct compiler *c, const struct expr *e)
{
    struct operand x = value_of(c, e->children[0]), found = constant(0);
    for (int i = 1; i < e->count; i++)
        found = or_of(c, found, binary(c, EXPR_EQUAL, keep(x), value_of(c, e->children[i])));
    release(c, x);
    return found;
}

/* condition, value, …, else value: chosen from the last to the first. */
static struct operand case_of(struct compiler *c, const struct expr *e,
                              struct operand (*of)(struct compiler *, const struct expr *), bool is_mask)
{
    struct operand o = of(c, e->children[e->count - 1]);
    for (int i = e->count - 3; i >= 0; i -= 2) {
        struct operand value = of(c, e->children[i + 1]);
        o = select_of(c, value_of(c, e->children[i]), value, o, is_mask);
    }
    return o;
}

static struct operand coalesce_of(struct compiler *c, const struct expr *e)
{
    bool is_mask = e->type == VALUE_BOOLEAN;
    struct operand o = value_of(c, e->children[e->count - 1]);
    for (int i = e->count - 2; i >= 0; i--) {
        struct operand value = value_of(c, e->children[i]);
        o = select_of(c, missing_of(c, e->children[i]), o, value, is_mask);
    }
    return o;
}

static struct operand value_of(struct compiler *c, const struct expr *e)
{
    if (c->full) return NOTHING;
    switch (e->kind) {
    case EXPR_CONSTANT: return constant(e->number);
    case EXPR_MEASURE: return measure_of(c, e->index);
    case EXPR_FIELD: return field_of(c, e->index);
    case EXPR_DEFINITION: return c->definitions[e->index].value;
    case EXPR_NOT: return not_of(c, value_of(c, e->children[0]));
    case EXPR_AND:
    case EXPR_OR: {
        struct operand a = value_of(c, e->children[0]), b = value_of(c, e->children[1]);
        return e->kind == EXPR_AND ? and_of(c, a, b) : or_of(c, a, b);
    }
    case EXPR_IN: return in_of(c, e);
    case EXPR_CASE: return case_of(c, e, value_of, e->type == VALUE_BOOLEAN);
    case EXPR_MIN:
    case EXPR_MAX: return many(c, e);
    case EXPR_COALESCE: return coalesce_of(c, e);
    case EXPR_KNOWN: return not_of(c, missing_of(c, e->children[0]));
    default: break;
    }
    if (e->count == 1) return unary(c, e);
    struct operand a = value_of(c, e->children[0]);
    return binary(c, e->kind, a, value_of(c, e->children[1]));
}

/* The mask "e is missing". */
static struct operand missing_of(struct compiler *c, const struct expr *e)
{
    if (c->full || !e->missing) return constant(0);
    switch (e->kind) {
    case EXPR_FIELD: return load(c, OP_NONE, e->index);
    case EXPR_DEFINITION: return c->definitions[e->index].missing;
    case EXPR_CASE: return case_of(c, e, missing_of, true);
    case EXPR_COALESCE: {
        struct operand o = constant(1);
        for (int i = 0; i < e->count; i++) o = and_of(c, o, missing_of(c, e->children[i]));
        return o;
    }
    default: break;
    }
    struct operand o = constant(0);
    for (int i = 0; i < e->count; i++) o = or_of(c, o, missing_of(c, e->children[i]));
    return o;
}

/* --- definitions and results --- */

static void store(struct compiler *c, enum op op, struct operand o, int result)
{
    struct step *s = new_step(c, op);
    s->a = (uint16_t)o.slot;
    s->index = result;
}

/* Rounds and stores; gives back what later definitions see: the rounded value in the unit. */
static struct operand store_result(struct compiler *c, const struct definition *d, struct operand o)
{
    static const enum op ROUNDS[] = {
        [ROUNDING_HALF_UP] = OP_ROUND_UP, [ROUNDING_HALF_AWAY] = OP_ROUND_AWAY, [ROUNDING_HALF_EVEN] = OP_ROUND_EVEN};
    bool yuan = d->type == VALUE_MONEY && c->p->f->unit == UNIT_YUAN;
    o = materialise(c, o, d->type == VALUE_BOOLEAN);
    if (d->type == VALUE_BOOLEAN || d->type == VALUE_CODE) {
        store(c, d->type == VALUE_CODE ? OP_STORE_CODE : OP_STORE_MASK, o, d->result);
        return o;
    }
    if (yuan) o = binary(c, EXPR_MULTIPLY, o, constant(100));
    o = emit(c, ROUNDS[c->p->f->rounding], o, NOTHING, NOTHING, 0, 0);
    store(c, OP_STORE, o, d->result);
    return yuan ? binary(c, EXPR_DIVIDE, o, constant(100)) : o;
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
    c->definitions[i].missing = keep(missing_of(c, e));
    if (c->full) return;
    if (c->p->f->is_expression) {
        bool is_mask = e->type == VALUE_BOOLEAN;
        if (is_mask) o = select_of(c, o, constant(1), constant(0), false);
        store(c, OP_STORE_BITS, materialise(c, o, false), 0);
        store(c, OP_STORE_MASK, materialise(c, c->definitions[i].missing, true), 1);
        return;
    }
    if (d->is_result) o = store_result(c, d, o);
    c->definitions[i].value = keep(o);
}

/* Steps whose result nobody reads (a definition nobody uses; the rounded score brought back to yuan). */
static void drop_unused(struct compiler *c)
{
    bool *needed = arena_array(&c->p->arena, bool, c->slots + 1);
    int kept = c->count;
    for (int i = c->count - 1; i >= 0; i--) {
        struct step *s = &c->steps[i];
        bool stores = s->op >= OP_STORE;
        if (!stores && !needed[s->dst]) continue;
        if (!stores) needed[s->dst] = false;
        if (s->op != OP_LOAD_MEASURE && s->op != OP_LOAD_FIELD && s->op != OP_LOAD_CODE && s->op != OP_NONE)
            needed[s->a] = needed[s->b] = needed[s->c] = true;
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
    for (int i = 0; i < p->f->definitions_count; i++) count_uses(c, p->definitions[i]);
    for (int i = 0; i < p->f->definitions_count && !c->full; i++) compile_definition(c, i);
    bool ok = !c->full;
    if (ok) {
        drop_unused(c);
        struct step *steps = arena_array(&p->arena, struct step, c->count);
        memcpy(steps, c->steps, sizeof *steps * (size_t)c->count);
        struct step_list *list = arena_new(&p->arena, struct step_list);
        *list = (struct step_list){.count = c->count, .slots = c->slots, .steps = steps};
        p->steps = list;
    } else {
        status_fail(st, STATUS_USAGE, "%s: the formula is too large: more than %d steps or %d values at once",
                    p->f->file, FORMULA_STEPS_MAX, FORMULA_SLOTS_MAX);
        status_hint(st, "name parts that are written several times: let part = …;");
    }
    free(c->steps);
    free(c);
    return ok;
}
