/* operand: values while a formula is compiled: constants and slots, and the steps that combine them. Internal to
 * compile.c and operand.c.
 *
 * An operand is a constant or a slot. A temporary slot is free again as soon as the step that reads it is emitted, so
 * that its place in the cache is used again; *kept* slots (measures that occur several times, definitions) stay.
 * Constants are folded by the arithmetic of arithmetic.h, so folding changes no bit. Conditions are masks in slots and
 * 0 or 1 as constants.
 */
#ifndef CRMX_SCORING_OPERAND_H
#define CRMX_SCORING_OPERAND_H

#include "scoring/steps.h"

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
    bool full; /* too many steps: everything made from here on is thrown away */
    int *measure_uses;
    struct operand *measures; /* slot < 0: not loaded yet */
    struct definition_slot *definitions;
};

static const struct operand OPERAND_NOTHING = {.constant = true};

struct operand operand_constant(double number);
/* The same operand, but the next step leaves its slot alone. */
struct operand operand_keep(struct operand o);
void operand_release(struct compiler *c, struct operand o);
/* A constant as a column. */
struct operand operand_materialise(struct compiler *c, struct operand o, bool is_mask);

/* A new step; when there are too many, c->full is set and what follows is thrown away. */
struct step *compiler_step(struct compiler *c, enum op op);
/* Gives the step a slot for its result: the sources must be released before, theirs may be taken. */
struct operand compiler_finish(struct compiler *c, struct step *s);
struct operand operand_emit(struct compiler *c, enum op op, struct operand a, struct operand b,
                            struct operand condition, double k, double l);

/* + - * / min max and comparisons */
struct operand operand_binary(struct compiler *c, enum expr_kind kind, struct operand a, struct operand b);
struct operand operand_not(struct compiler *c, struct operand a);
struct operand operand_and(struct compiler *c, struct operand a, struct operand b);
struct operand operand_or(struct compiler *c, struct operand a, struct operand b);
struct operand operand_select(struct compiler *c, struct operand condition, struct operand a, struct operand b,
                              bool is_mask);

#endif
