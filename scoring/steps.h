/* steps: a bound formula as a flat list of column steps, and the kernels that run them. Internal to scoring/.
 *
 * compile.c makes the list, evaluate.c runs it over slices of FORMULA_SLICE_ROWS customers. A slot is one column of a
 * slice: a slice's slots stay in the first-level cache, which is what makes a list of simple loops as fast as a fused
 * one. Numbers, dates and codes are doubles; conditions are 64-bit masks, 0 or all ones.
 *
 * Kernels exist twice, for AVX2 and for any machine (kernels_avx2.c, kernels_base.c from kernels.inc.h), chosen at run
 * time; both give the same bits. (target_clones was measured and rejected: its resolvers crash under the thread
 * sanitizer and gcc 12 gives up vectorising floor, division under a condition and 64-bit integer conversion.)
 */
#ifndef CRMX_SCORING_STEPS_H
#define CRMX_SCORING_STEPS_H

#include "scoring/bind.h"

enum { FORMULA_SLICE_ROWS = 512, FORMULA_STEPS_MAX = 20000, FORMULA_SLOTS_MAX = 4096, KERNEL_LANES = 4 };

/* X(name): dst from slots a, b, c and constants k, l. In kernels.inc.h each has its loop. _K: the second operand is the
 * constant k; K_: the first one is. */
/* clang-format off */
#define COLUMN_OPS(X)                                                                                                  \
    X(NEGATE) X(ABS) X(FLOOR) X(CEIL) X(ROUND_UP) X(ROUND_AWAY) X(ROUND_EVEN)                                          \
    X(ADD) X(ADD_K) X(SUBTRACT) X(SUBTRACT_K) X(K_SUBTRACT) X(MULTIPLY) X(MULTIPLY_K) X(DIVIDE) X(DIVIDE_K) X(K_DIVIDE)\
    X(MIN) X(MIN_K) X(K_MIN) X(MAX) X(MAX_K) X(K_MAX)                                                                  \
    X(EQUAL) X(EQUAL_K) X(NOT_EQUAL) X(NOT_EQUAL_K) X(LESS) X(LESS_K) X(K_LESS)                                        \
    X(LESS_EQUAL) X(LESS_EQUAL_K) X(K_LESS_EQUAL)                                                                      \
    X(AND) X(OR) X(NOT) X(SELECT) X(SELECT_K) X(K_SELECT) X(KK_SELECT) X(SELECT_MASK) X(FILL) X(FILL_MASK)             \
    X(ADD_MULTIPLY_K) /* a + b*k, two roundings */ X(SUBTRACT_MULTIPLY_K) /* a - b*k */ X(ADD_DIVIDE_K) /* a + b/k */  \
    X(ADD_MULTIPLY) /* a + b*c */
/* clang-format on */

enum op {
#define X(name) OP_##name,
    COLUMN_OPS(X)
#undef X
        OP_COLUMNS, /* from here on: steps that touch inputs or results, or have no column kernel */
    OP_LOAD_MEASURE = OP_COLUMNS,
    OP_LOAD_FIELD,
    OP_LOAD_CODE, /* field index → place in program.codes */
    OP_NONE,      /* mask: the date field is missing */
    OP_MONTHS_TO, /* from a to the constant k */
    OP_YEARS_TO,
    OP_MONTHS_BETWEEN, /* from a to b */
    OP_YEARS_BETWEEN,
    OP_STORE,      /* whole number → result */
    OP_STORE_CODE, /* place in program.codes → index of the result's codes */
    OP_STORE_MASK,
    OP_STORE_BITS /* the double as it stands (scoring/eval) */
};

enum check { CHECK_NOTHING, CHECK_NUMBER /* not beyond the largest double */, CHECK_DAY /* of the calendar */ };

struct step {
    enum op op;
    uint16_t dst, a, b, c;
    uint16_t few; /* OP_LOAD_MEASURE: how many steps behind this one make up a sum with it (steps_mark_few); 0: none */
    enum check checked; /* what its values may fail to be (bounds.c) */
    int index;          /* measure, field or result */
    double k, l;
};

struct step_list {
    int count;
    int slots;
    const struct step *steps;
};

typedef void column_kernel(double *dst, const double *a, const double *b, const double *c, double k, double l,
                           size_t count);

struct kernels {
    const char *name;
    column_kernel *columns[OP_COLUMNS];
    /* (double)in[i], correctly rounded over the whole range of int64. */
    void (*load)(double *dst, const int64_t *in, size_t count);
    /* Whole numbers below 2^51 to integers; false, with out undefined, when any is larger or not finite. */
    bool (*store)(int64_t *out, const double *a, size_t count);
    bool (*finite)(const double *a, size_t count); /* all of them */
};

extern const struct kernels kernels_base;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2;
#endif
/* The best for this machine; CRMX_KERNELS=base in the environment forces the plain ones. */
const struct kernels *kernels_choose(void);

/* Marks what is added to a sum in place and may be worked out for the customers who have a value alone: from the load
 * of its first measure to the step that adds it. What is added to the others is a zero that leaves every bit as it is.
 * */
void steps_mark_few(struct step *steps, int count, int slots, struct arena *arena);

/* Makes p->steps. Fails when the formula needs more than FORMULA_STEPS_MAX steps. Slots suffice by the other limits. */
bool compile_steps(struct formula_program *p, struct status *st);

#endif
