#include "scoring/operand.h"

#include "scoring/arithmetic.h"

/* --- slots and steps --- */

struct operand operand_constant(double number)
{
    return (struct operand){.constant = true, .number = number};
}

/* Live at once: definitions with their masks, measures, and what one tree of limited height needs. */
static int take_slot(struct compiler *c)
{
    int i = 0;
    while (c->slot_used[i]) ensure(++i < FORMULA_SLOTS_MAX);
    c->slot_used[i] = true;
    if (i >= c->slots) c->slots = i + 1;
    return i;
}

void operand_release(struct compiler *c, struct operand o)
{
    if (!o.constant && !o.kept) c->slot_used[o.slot] = false;
}

struct operand operand_keep(struct operand o)
{
    o.kept = true;
    return o;
}

struct step *compiler_step(struct compiler *c, enum op op)
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
struct operand compiler_finish(struct compiler *c, struct step *s)
{
    int slot = take_slot(c);
    s->dst = (uint16_t)slot;
    return (struct operand){.slot = slot};
}

struct operand operand_emit(struct compiler *c, enum op op, struct operand a, struct operand b,
                            struct operand condition, double k, double l)
{
    struct step *s = compiler_step(c, op);
    s->a = (uint16_t)a.slot;
    s->b = (uint16_t)b.slot;
    s->c = (uint16_t)condition.slot;
    s->k = k;
    s->l = l;
    operand_release(c, a);
    operand_release(c, b);
    operand_release(c, condition);
    return compiler_finish(c, s);
}

struct operand operand_materialise(struct compiler *c, struct operand o, bool is_mask)
{
    if (!o.constant) return o;
    return operand_emit(c, is_mask ? OP_FILL_MASK : OP_FILL, OPERAND_NOTHING, OPERAND_NOTHING, OPERAND_NOTHING,
                        o.number, 0);
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
    operand_release(c, a);
    operand_release(c, b);
    *out = compiler_finish(c, last);
    return true;
}

struct operand operand_binary(struct compiler *c, enum expr_kind kind, struct operand a, struct operand b)
{
    const struct binary_rule *r = &RULES[kind];
    struct operand out;
    if (a.constant && b.constant) return operand_constant(fold(kind, a.number, b.number));
    if (kind == EXPR_DIVIDE && b.constant && b.number == 0) return operand_release(c, a), operand_constant(0);
    if (b.constant) return operand_emit(c, r->right_constant, a, OPERAND_NOTHING, OPERAND_NOTHING, b.number, 0);
    if (a.constant) return operand_emit(c, r->left_constant, b, OPERAND_NOTHING, OPERAND_NOTHING, a.number, 0);
    if (fuse(c, kind, a, b, &out)) return out;
    return operand_emit(c, r->columns, a, b, OPERAND_NOTHING, 0, 0);
}

/* --- conditions --- */

struct operand operand_not(struct compiler *c, struct operand a)
{
    if (a.constant) return operand_constant(a.number == 0);
    return operand_emit(c, OP_NOT, a, OPERAND_NOTHING, OPERAND_NOTHING, 0, 0);
}

struct operand operand_and(struct compiler *c, struct operand a, struct operand b)
{
    if (a.constant) return a.number != 0 ? b : (operand_release(c, b), a);
    if (b.constant) return b.number != 0 ? a : (operand_release(c, a), b);
    return operand_emit(c, OP_AND, a, b, OPERAND_NOTHING, 0, 0);
}

struct operand operand_or(struct compiler *c, struct operand a, struct operand b)
{
    if (a.constant) return a.number == 0 ? b : (operand_release(c, b), a);
    if (b.constant) return b.number == 0 ? a : (operand_release(c, a), b);
    return operand_emit(c, OP_OR, a, b, OPERAND_NOTHING, 0, 0);
}

struct operand operand_select(struct compiler *c, struct operand condition, struct operand a, struct operand b,
                              bool is_mask)
{
    if (condition.constant) {
        operand_release(c, condition.number != 0 ? b : a);
        return condition.number != 0 ? a : b;
    }
    if (is_mask) {
        a = operand_materialise(c, a, true);
        return operand_emit(c, OP_SELECT_MASK, a, operand_materialise(c, b, true), condition, 0, 0);
    }
    if (a.constant && b.constant)
        return operand_emit(c, OP_KK_SELECT, OPERAND_NOTHING, OPERAND_NOTHING, condition, a.number, b.number);
    if (a.constant) return operand_emit(c, OP_K_SELECT, b, OPERAND_NOTHING, condition, a.number, 0);
    if (b.constant) return operand_emit(c, OP_SELECT_K, a, OPERAND_NOTHING, condition, b.number, 0);
    return operand_emit(c, OP_SELECT, a, b, condition, 0, 0);
}
