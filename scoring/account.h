/* account: the typed tree of an aggregate's condition and expression over one account table. Internal to scoring/.
 *
 * Everything is an exact integer with a static number of decimals (scale): values of different scale are brought
 * together by explicit TERM_SCALE nodes, so that every node computes plain integers. Conditions over codes and
 * currencies are sets of codes, which term_specialise() decides for a class of accounts (one combination of code
 * values) before any row is read.
 *
 * A missing date: a comparison with it is false, whichever the operator; in an expression it must be caught by
 * coalesce().
 */
#ifndef CRMX_SCORING_ACCOUNT_H
#define CRMX_SCORING_ACCOUNT_H

#include "scoring/tree.h"

enum term_kind {
    TERM_CONSTANT, /* number */
    TERM_FIELD,    /* of the account, or behind those fields of the customer */
    TERM_CNY,      /* child × the rate of the row's currency; adds rate_scale decimals */
    TERM_SCALE,    /* child × number (a power of ten) */
    TERM_NEGATE,
    TERM_ADD,
    TERM_SUBTRACT,
    TERM_MULTIPLY,
    TERM_MIN,
    TERM_MAX,
    TERM_ABS,
    TERM_MONTHS_BETWEEN, /* from, to */
    TERM_YEARS_BETWEEN,
    TERM_IF, /* condition, a, b; of conditions too */
    /* conditions, 0 or 1 */
    TERM_TRUTH,   /* number */
    TERM_CODE_IN, /* set[code of the field] */
    TERM_KNOWN,   /* the date field is not missing */
    TERM_EQUAL,
    TERM_NOT_EQUAL,
    TERM_LESS,
    TERM_LESS_EQUAL,
    TERM_NOT,
    TERM_AND, /* two or more children */
    TERM_OR
};

struct term {
    enum term_kind kind;
    enum value_type type;
    bool literal; /* numbers only: beside money it counts in the formula's unit */
    bool missing; /* a date that may be missing stands in it */
    int scale;
    int64_t number;
    int field;
    const bool *set; /* TERM_CODE_IN: one per code */
    int count;
    struct term **children;
};

/* One table of one formula while it is bound. */
struct account_scope {
    const struct formula *f;
    const struct schema *schema;
    const struct schema_table *table;
    const bool *tables; /* all of the aggregate, one per table of the schema: whose fields its names are */
    int rate_scale;     /* decimals that cny() adds: 6, or 8 when a rate is per 100 units */
    struct arena *arena;
    struct status *st;
};

/* Fields are numbered: those of the table, then those of the customer (schema.customer_fields). */
static inline int scope_fields(const struct account_scope *s)
{
    return s->table->fields_count + s->schema->customer_fields_count;
}
static inline bool scope_is_customer(const struct account_scope *s, int field)
{
    return field >= s->table->fields_count;
}
static inline const struct schema_field *scope_field(const struct account_scope *s, int field)
{
    return scope_is_customer(s, field) ? &s->schema->customer_fields[field - s->table->fields_count]
                                       : &s->table->fields[field];
}

bool account_bind_condition(const struct account_scope *s, const struct node *n, struct term **out);
/* A value of that type; its scale is in the term. */
bool account_bind_expression(const struct account_scope *s, const struct node *n, enum value_type type,
                             struct term **out);

/* The type it has of itself. */
bool account_type(const struct account_scope *s, const struct node *n, enum value_type *type);

/* What is left of a term when codes[field] (−1: not known; one per field of the scope) are the codes of the row. Shares
 * what does not change. cny() of the base currency becomes a TERM_SCALE. */
struct term *term_specialise(const struct account_scope *s, struct term *t, const int *codes);
bool term_is_truth(const struct term *t, bool value);
/* Money of the row's currency outside cny(): the place to complain about. */
bool term_has_raw_money(const struct account_scope *s, const struct term *t);
bool term_has_cny(const struct term *t);
/* Money of the customer's record, which is in the base currency. */
bool term_has_customer_money(const struct account_scope *s, const struct term *t);
/* The same computation; equal terms have the same hash. NULL is equal to NULL only. */
uint32_t term_hash(const struct term *t);
bool term_equal(const struct term *a, const struct term *b);
/* Marks the fields that are read; field_used has one entry per field of the scope. cny() reads the currency. */
void term_fields(const struct account_scope *s, const struct term *t, bool *field_used);
/* Height of the tree: how many columns of scratch its evaluation needs. */
int term_depth(const struct term *t);

#endif
