/* measure_plan: what measure_bind() makes of the measures, and what measure_add() runs. Internal to scoring/.
 *
 * A *class* of accounts is one combination of the codes that conditions look at (kind × currency …). For every class
 * the conditions are decided when the formula is bound; what is left is a list of *steps*. Classes with the same list
 * form a *group*. measure_add() sorts the rows of a chunk by group and then runs each step as one loop over the group's
 * rows.
 *
 * A step adds to a customer's *narrow* sum (int64, in the units of the result) or *wide* sum (128 bits, with 10^k more
 * decimals). The value is narrow + wide / 10^k, rounded once in measure_finish(). Amounts in the base currency go to
 * the narrow sum, so a wide sum is touched only for the few customers who hold foreign currency.
 */
#ifndef CRMX_SCORING_MEASURE_PLAN_H
#define CRMX_SCORING_MEASURE_PLAN_H

#include "scoring/account.h"
#include "scoring/measure.h"

enum {
    MEASURE_CLASSES_MAX = 4096, /* per table; code fields beyond are decided row by row */
    MEASURE_CLASS_FIELDS_MAX = 8,
    MEASURE_CODES_MAX = 256, /* of a class field; a field with more is decided row by row */
    MEASURE_CHUNK_ROWS = 1024,
    MEASURE_STEPS_MAX = 4096,    /* per table */
    MEASURE_RATE_DECIMALS = 6,   /* of a rate as measure_rates gives it */
    MEASURE_UNIT_DIGITS_MAX = 6, /* a rate is for up to 10^6 units */
    MEASURE_BASE_DECIMALS = 2    /* minor units of the base currency: 100 fen a yuan */
};

__extension__ typedef __int128 wide_integer;

enum shape {
    SHAPE_COUNT,        /* factor */
    SHAPE_FIELD,        /* factor × field */
    SHAPE_PRODUCT,      /* factor × field × field */
    SHAPE_FIELD_RATE,   /* field × rates[currency] */
    SHAPE_PRODUCT_RATE, /* field × field × rates[currency] */
    SHAPE_GENERAL,      /* factor × expression */
    SHAPE_NO_RATE       /* a row of this class needs a rate that is not there: a failure */
};

struct measure_step {
    int measure;
    enum shape shape;
    bool wide;
    const struct term *predicate;  /* what is left of the condition; NULL: every row */
    const struct term *expression; /* SHAPE_GENERAL */
    int fields_count;
    int fields[2];
    int64_t factor;
    const int64_t *rates; /* factor × rate, per currency */
    int currency;         /* SHAPE_NO_RATE */
};

struct measure_group {
    int steps_count;
    const struct measure_step *const *steps;
};

struct table_plan {
    const struct schema_table *table;
    bool used;
    bool *field_used; /* per field of the table, then per field of the customer */
    int class_fields_count;
    int class_fields[MEASURE_CLASS_FIELDS_MAX], class_counts[MEASURE_CLASS_FIELDS_MAX];
    int classes;
    uint16_t **places;         /* per class field: code → its share of the class number */
    const uint16_t *groups_of; /* class → group; behind the last class: no group */
    int groups_count;
    struct measure_group *groups;
};

struct measure_plan {
    const char *name;
    enum aggregate aggregate;
    int wide;     /* number of its wide column, −1: it has none */
    int decimals; /* of the result */
    int wide_decimals;
    int64_t divisor; /* 10^(wide_decimals − decimals) */
    int64_t empty;   /* the value without accounts: 0, or DATE_NONE */
};

struct measure_set {
    struct arena arena;
    const char *file;
    int measures_count;
    struct measure_plan *measures;
    int wides_count;
    int tables_count;
    struct table_plan *tables;
    const char *const *currencies;
    int currencies_count;
    int64_t *rates; /* per currency, brought to one unit */
    int rate_scale;
    int customer_fields_count;
    bool *customer_field_used;
    int groups_max, depth_max, fields_max;
};

/* Customers of a block column: padded, so that equal places of two columns do not meet in one cache set. */
enum { MEASURE_COLUMN = MEASURE_BLOCK_CUSTOMERS + 8 };

struct measure_rows_view;
struct measure_scratch;

struct measure_block {
    uint32_t customers;
    int64_t *values;    /* measures × MEASURE_COLUMN: the narrow sums, then the results */
    wide_integer *wide; /* wides × MEASURE_COLUMN */
    uint64_t *touched;  /* wides × customers / 64 bits: the wide sum (or extreme) has been written */
    int64_t *counts;    /* wides × MEASURE_COLUMN: accounts of an avg */
    struct measure_scratch *scratch;
    const int64_t *const *customer_fields; /* [field of the schema][customer]; NULL: none were handed in */
    const bool *ignored;                   /* customers whose overflow is none; NULL: nobody */
    /* The first overflow, by measure and customer; measure_finish reports it. */
    int overflow_measure;
    uint32_t overflow_customer;
    unsigned overflow_poison; /* enum poison: all that its accounts have */
    int missing_rate;         /* currency, −1: none */
};

enum { MEASURE_TOUCHED_WORDS = MEASURE_BLOCK_CUSTOMERS / 64 };

static inline int64_t *block_values(const struct measure_block *b, int measure)
{
    return b->values + (size_t)measure * MEASURE_COLUMN;
}
static inline wide_integer *block_wide(const struct measure_block *b, int wide)
{
    return b->wide + (size_t)wide * MEASURE_COLUMN;
}
static inline uint64_t *block_touched(const struct measure_block *b, int wide)
{
    return b->touched + (size_t)wide * MEASURE_TOUCHED_WORDS;
}
static inline int64_t *block_counts(const struct measure_block *b, int wide)
{
    return b->counts + (size_t)wide * MEASURE_COLUMN;
}
/* What a row's value failed to be: marks that follow it. */
enum poison { POISON_NUMBER = 1 /* it passed 128 bits */, POISON_DAY = 2 /* a date left the calendar */ };
/* A row has such a value, or a sum passed its bits (POISON_NUMBER). */
void block_poisoned(struct measure_block *b, int measure, uint32_t customer, unsigned poison);
void block_overflow(struct measure_block *b, int measure, uint32_t customer);

#endif
