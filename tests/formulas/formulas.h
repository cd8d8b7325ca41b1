/* formulas: random typed formulas as trees of the generator's own, which are printed twice: as a formula file for the
 * engine and as a statement for PostgreSQL. Nothing here knows the engine's trees, types or arithmetic; what a
 * construct means is written down a second time in sql.c.
 *
 * population.c makes customers and accounts, tree.c draws a formula, text.c prints the file, sql.c the statement,
 * main.c runs the engine.
 */
#ifndef CRMX_TESTS_FORMULAS_H
#define CRMX_TESTS_FORMULAS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* --- random numbers --- */
void random_seed(uint64_t seed);
uint32_t pick(uint32_t n);

/* --- population --- */
enum { CUSTOMERS = 24, ACCOUNTS_MAX = 200, NO_DATE = INT32_MIN };
enum { TABLE_RETAIL, TABLE_LOAN, TABLES, TABLE_BOTH = TABLES /* of a measure: both joined */ };
struct customer {
    int64_t birth, sex, opened, income, family, married; /* days; place in SEXES; fen; tenths; 0 or 1 */
};
enum { RETAIL_FIELDS = 8, LOAN_FIELDS = 5, FIELDS_MAX = 8 };
/* retail: kind currency balance term maturity rate moves opened · loan: currency balance overdue months opened · both:
 * currency balance opened */
struct account {
    uint32_t owner;
    int64_t field[FIELDS_MAX];
};
struct population {
    struct customer customers[CUSTOMERS];
    struct account accounts[TABLES][ACCOUNTS_MAX];
    uint32_t count[TABLES];
};
extern const char *const SEXES[3], *const KINDS[3], *const CURRENCIES[3];
void population_make(struct population *p);
void population_sql(const struct population *p, struct buf *out);

/* --- formulas --- */
enum kind {
    /* account level: exact */
    A_FIELD,
    A_CUSTOMER, /* a field of the customer */
    A_NUMBER,
    A_AMOUNT,
    A_DATE,
    A_BUSINESS,
    A_CNY,
    A_NEGATE,
    A_ADD,
    A_SUBTRACT,
    A_MULTIPLY,
    A_MIN,
    A_MAX,
    A_ABS,
    A_IF,
    A_CASE,
    A_COALESCE,
    A_DAYS,
    A_MONTHS,
    A_YEARS,
    A_SINCE_DAYS,
    A_SINCE_MONTHS,
    A_SINCE_YEARS,
    A_CODE_IN,
    A_SEX_IN,  /* of the customer */
    A_MARRIED, /* the customer */
    A_IN,
    A_KNOWN,
    A_LESS,
    A_LESS_EQUAL,
    A_EQUAL,
    A_NOT_EQUAL,
    A_GREATER,
    A_GREATER_EQUAL,
    A_AND,
    A_OR,
    A_NOT,
    /* customer level: double */
    C_NUMBER,
    C_COEFFICIENT,
    C_MEASURE,
    C_FIELD,
    C_LET,
    C_RESULT,
    C_DATE,
    C_BUSINESS,
    C_TEXT,
    C_TRUTH,
    C_NEGATE,
    C_ADD,
    C_SUBTRACT,
    C_MULTIPLY,
    C_DIVIDE,
    C_MIN,
    C_MAX,
    C_ABS,
    C_ROUND,
    C_FLOOR,
    C_CEIL,
    C_IF,
    C_CASE,
    C_COALESCE,
    C_KNOWN,
    C_DAYS,
    C_MONTHS,
    C_YEARS,
    C_SINCE_DAYS,
    C_SINCE_MONTHS,
    C_SINCE_YEARS,
    C_LESS,
    C_LESS_EQUAL,
    C_EQUAL,
    C_NOT_EQUAL,
    C_GREATER,
    C_GREATER_EQUAL,
    C_IN,
    C_CODE_IS,
    C_CODE_IN,
    C_AND,
    C_OR,
    C_NOT
};
enum { CHILDREN_MAX = 7, MEASURES = 4, LETS_MAX = 3, RESULTS = 4, TREES_MAX = 4000 };
enum { FIELD_BIRTH, FIELD_SEX, FIELD_OPENED, FIELD_INCOME, FIELD_FAMILY, FIELD_MARRIED };

struct tree {
    enum kind kind;
    int index;     /* field, measure, let, result, rounding mode, code */
    int64_t value; /* number: value / 10^scale; amount in fen; day */
    int scale;
    int codes; /* A_CODE_IN, A_SEX_IN, C_CODE_IN: bit set */
    bool negated, money;
    int count;
    struct tree *child[CHILDREN_MAX];
};

enum measure_type { MEASURE_MONEY, MEASURE_NUMBER, MEASURE_MONTHS, MEASURE_DATE };
struct measure_drawn {
    int table;
    enum measure_type type;
    int aggregate; /* sum count min max avg */
    struct tree *predicate, *expression;
};
struct formula_drawn {
    bool fen;
    int rounding; /* half_up half_away half_even */
    struct measure_drawn measures[MEASURES];
    int lets;
    struct tree *let[LETS_MAX];
    struct tree *result[RESULTS]; /* money score, number, boolean, code */
    struct tree trees[TREES_MAX];
    int trees_used;
};
void formula_draw(struct formula_drawn *f);
void formula_text(const struct formula_drawn *f, struct buf *out);
/* A SELECT with one row per customer: number, customer, and the results as one text. */
void formula_sql(const struct formula_drawn *f, int number, struct buf *out);
extern const char SQL_FUNCTIONS[];

#endif
