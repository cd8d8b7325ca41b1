/* bind: the typed tree of a score and its results. Internal to scoring/.
 *
 * Names become measures, fields, earlier values; every node gets a type and says whether its value may be missing. Two
 * things are made from it: the steps of the vector program (compile.c) and the walk of the oracle (scalar.c). N-ary
 * nodes (case, in, min, coalesce) stay as written, so that their lowering is checked against the oracle too.
 *
 * Missing values: only date fields and measures that are dates can be missing. The mark travels through functions of
 * dates and arithmetic; a comparison, a condition or a result refuses it when the formula is bound, so that no customer
 * can meet it at night.
 */
#ifndef CRMX_SCORING_BIND_H
#define CRMX_SCORING_BIND_H

#include "scoring/tree.h"

enum expr_kind {
    EXPR_CONSTANT, /* number; booleans as 0 or 1, dates as day numbers, codes as place in program.codes */
    EXPR_MEASURE,
    EXPR_FIELD,
    EXPR_DEFINITION, /* an earlier let or result */
    EXPR_NEGATE,
    EXPR_NOT,
    EXPR_ADD,
    EXPR_SUBTRACT,
    EXPR_MULTIPLY,
    EXPR_DIVIDE,
    EXPR_EQUAL,
    EXPR_NOT_EQUAL,
    EXPR_LESS,
    EXPR_LESS_EQUAL, /* greater is less with exchanged children */
    EXPR_AND,
    EXPR_OR,
    EXPR_IN,
    EXPR_CASE, /* if() too */
    EXPR_MIN,
    EXPR_MAX,
    EXPR_ABS,
    EXPR_ROUND,
    EXPR_FLOOR,
    EXPR_CEIL,
    EXPR_COALESCE,
    EXPR_KNOWN,
    EXPR_MONTHS_BETWEEN, /* from, to */
    EXPR_YEARS_BETWEEN
};

struct code_set { /* what a code value can be: places in program.codes, each once, in order of appearance */
    int count;
    const int *codes;
};

struct expr {
    enum expr_kind kind;
    const struct node *node; /* what was written; NULL: made by the binder */
    enum value_type type;
    bool missing;  /* the value may be missing */
    bool whole;    /* the value is a whole number for every customer, by what it is made of (days of a date are) */
    double number; /* EXPR_CONSTANT */
    int index;     /* measure, field, definition, rounding mode */
    struct code_set set; /* VALUE_CODE */
    int count;
    struct expr **children;
    /* bounds.c: for every customer |value| <= largest, and >= smallest unless it is 0. */
    double largest, smallest;
    double least;  /* for every customer |value| >= least */
    bool constant; /* the same for everybody */
    /* Not proved to stay below the largest double, a date within the calendar: the evaluators look at each value. */
    bool may_overflow;
};

struct customer_field {
    bool used;
    enum value_type type;
    int decimals; /* the integer is divided by 10^decimals, or multiplied when negative (whole yuan in a formula of fen)
                   */
    const int *codes; /* VALUE_CODE: index of the field → place in program.codes */
    int codes_count;
    struct code_set set;
};

struct step_list;

struct formula_program {
    struct arena arena;
    const struct formula *f; /* must outlive the program */
    const struct schema *schema;
    int32_t business_date;
    const char **codes; /* every code text the formula can meet */
    int codes_count, codes_room;
    struct customer_field *fields; /* one per customer field of the schema */
    struct expr **definitions;     /* one per definition of the formula */
    bool *needed;                  /* of the definitions: a result, or used by one (bounds.c) */
    bool *measures_used;           /* by these */
    int *const *result_codes;      /* per result of type code: place in program.codes → index of the result */
    const struct step_list *steps;
};

/* Fills definitions, codes and fields. */
bool bind_definitions(struct formula_program *p, struct status *st);
/* Fills needed and measures_used, and the bounds of every node. Fails where a constant expression is no number. */
bool bind_bounds(struct formula_program *p, struct status *st);

#endif
