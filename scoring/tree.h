/* tree: the syntax tree of a formula file, and struct formula. Internal to scoring/.
 *
 * The parser makes it; binding (scoring/bind.h, scoring/account.h) reads it and makes typed trees of its own, so that a
 * formula stays read-only and can be bound to several schemas. Everything lives in the formula's arena.
 *
 * Depth: every node knows the height of the tree below it and none may pass FORMULA_DEPTH_MAX, so every recursive walk
 * over a tree, here and in the typed trees, has a bounded stack. A chain a + b + c … is a left-deep tree: its length
 * counts.
 */
#ifndef CRMX_SCORING_TREE_H
#define CRMX_SCORING_TREE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/view.h"
#include "scoring/formula.h"
#include "scoring/words.h"

/* Named limits; docs/formula.md lists them. */
enum {
    FORMULA_TOKENS_MAX = 20000,                   /* words, numbers and signs of a file */
    FORMULA_NESTING_MAX = 64,                     /* parentheses, calls, cases inside each other */
    FORMULA_DEPTH_MAX = 512,                      /* height of a tree: operators in one chain plus nesting */
    FORMULA_BRANCHES_MAX = FORMULA_DEPTH_MAX - 1, /* of a case: each stands below the one before */
    FORMULA_IN_MAX = 255,                         /* values after in */
    FORMULA_TABLES_MAX = 32,                      /* of a measure */
    FORMULA_MEASURES_MAX = 128,
    FORMULA_RESULTS_MAX = 32,
    FORMULA_LETS_MAX = 256,
    FORMULA_COEFFICIENTS_MAX = 256,
    FORMULA_CONSTANTS_MAX = 2048,   /* numbers, dates and texts in expressions */
    FORMULA_NAME_MAX = 96,          /* bytes of a name: 32 Chinese characters */
    FORMULA_ROUND_DECIMALS_MAX = 6, /* of round(x, 2) */
    FORMULA_CODE_MAX = 32,          /* bytes of a code literal */
    FORMULA_DIGITS_MAX = 15,        /* digits of a number: exact in a double */
    CODES_SHOWN_MAX = 400,          /* bytes of a list of codes in a hint; the rest is cut */
    FORMULA_DEFINITIONS_MAX = FORMULA_LETS_MAX + FORMULA_RESULTS_MAX
};

#define FORMULA_CUSTOMER "customer." /* in front of a field of the customer's own record */
#define FORMULA_SHADOW "shadow."     /* in front of what the challenger made of the customer */

enum node_kind {
    NODE_NUMBER, /* mantissa / 10^scale */
    NODE_TEXT,   /* 'D' */
    NODE_DATE,   /* date '2026-10-31' */
    NODE_BUSINESS_DATE,
    NODE_TRUE,
    NODE_FALSE,
    NODE_NAME,
    NODE_COEFFICIENT, /* index into formula.coefficients */
    NODE_NEGATE,
    NODE_NOT,
    NODE_ADD,
    NODE_SUBTRACT,
    NODE_MULTIPLY,
    NODE_DIVIDE,
    NODE_EQUAL,
    NODE_NOT_EQUAL,
    NODE_LESS,
    NODE_LESS_EQUAL,
    NODE_GREATER,
    NODE_GREATER_EQUAL,
    NODE_AND,
    NODE_OR,
    NODE_IN,   /* child 0 in the rest */
    NODE_CASE, /* condition, value, condition, value, …, else value */
    NODE_CALL
};

struct place { /* counted in characters from 1, as editors do */
    uint32_t line, column;
};

struct node {
    enum node_kind kind;
    enum function function; /* NODE_CALL */
    struct place place;
    int depth;
    const char *text; /* NODE_TEXT; NODE_NAME: a name, or customer.NAME, which no definition can have */
    int64_t mantissa; /* NODE_NUMBER */
    int scale;
    int32_t date;
    int index; /* NODE_COEFFICIENT; rounding mode of round(), -1 for the file's */
    int count;
    struct node **children;
};

enum rounding { ROUNDING_HALF_UP, ROUNDING_HALF_AWAY, ROUNDING_HALF_EVEN };
enum unit { UNIT_YUAN, UNIT_FEN };

struct table_name {
    const char *name;
    struct place place;
};

struct measure_definition {
    const char *name, *alias; /* alias is the name when none was written */
    struct place place;
    enum value_type type;
    bool in_place; /* in an expression: its name is its text */
    bool inferred; /* its type comes with the schema (measure_infer) */
    enum aggregate aggregate;
    struct table_name *tables;
    int tables_count;
    struct node *predicate;  /* NULL: every account */
    struct node *expression; /* NULL for count */
};

struct coefficient {
    const char *name; /* 系数#1 … for literals */
    struct place place;
    double value;
    bool declared; /* by a coef statement; else by its use with a default */
    bool literal;  /* 系数(1.5) */
};

/* Intermediate values and results in the order of the file: each sees what stands above it. */
struct definition {
    const char *name;
    struct place place;
    bool is_result;
    bool has_type;
    enum value_type type;
    int result; /* number of the result when is_result */
    struct node *expression;
};

struct formula {
    struct arena arena;
    const char *file;
    const char *text;   /* for excerpts in messages */
    uint32_t line;      /* of the file, where the text begins; from 0 */
    bool is_expression; /* one expression of scoring/eval: result 0 is its double as it stands, result 1 whether it is
                           missing */
    enum unit unit;
    enum rounding rounding;
    int64_t threshold_minor;
    struct place threshold_place;
    int measures_count, coefficients_count, definitions_count, lets_count, results_count;
    struct measure_definition measures[FORMULA_MEASURES_MAX];
    struct coefficient coefficients[FORMULA_COEFFICIENTS_MAX];
    struct definition definitions[FORMULA_DEFINITIONS_MAX];
    int results[FORMULA_RESULTS_MAX]; /* result → definition; result 0 is score */
};

const char *rounding_name(enum rounding rounding);
/* "FILE:LINE:COLUMN: message", with the line and a caret as excerpt. Always false. */
bool formula_fail(const struct formula *f, struct place place, struct status *st, const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));
/* The same with a code of its own. */
bool formula_fail_at(const struct formula *f, struct place place, enum status_code code, struct status *st,
                     const char *message) __attribute__((cold));
/* The line of a place and a caret below its character: two lines; false when there is nothing to show. */
enum { FORMULA_EXCERPT_MAX = STATUS_EXCERPT_MAX };
bool formula_excerpt(const struct formula *f, struct place place, char out[FORMULA_EXCERPT_MAX]);
/* Hint "did you mean X?" when there is a near name. Always false. */
bool hint_guess(const struct guess *n, struct status *st);

struct node *node_new(struct arena *a, enum node_kind kind, struct place place, int children);
/* Sets depth from the children; false when it passes FORMULA_DEPTH_MAX. */
bool node_seal(struct node *n);
/* The field of a name such as customer.birth; NULL: not a qualified name. */
const char *node_customer_field(const struct node *n);
/* Index of a customer field of the schema, -1: there is none of that name. */
int schema_customer_field(const struct schema *schema, const char *name);
/* "customers have no field NAME", with the nearest. Always false. */
bool formula_no_customer_field(const struct formula *f, const struct schema *schema, const struct node *n,
                               struct status *st) __attribute__((cold));
/* mantissa / 10^scale, correctly rounded: both are exact doubles below 2^53 and 10^22. */
double decimal_double(int64_t mantissa, int scale);
int64_t power_of_ten(int exponent); /* 0..18 */

#endif
