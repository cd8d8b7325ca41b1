/* account_terms: the parts of a term while it is bound: nodes, scales, names, codes. Internal to account.c and
 * account_terms.c. */
#ifndef CRMX_SCORING_ACCOUNT_TERMS_H
#define CRMX_SCORING_ACCOUNT_TERMS_H

#include "scoring/account.h"

bool term_fail(const struct account_scope *s, const struct node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
struct term *term_new(const struct account_scope *s, enum term_kind kind, enum value_type type, int children);
/* With one or two children; scale of the first, missing when one is. */
struct term *term_one(const struct account_scope *s, enum term_kind kind, enum value_type type, struct term *a);
struct term *term_two(const struct account_scope *s, enum term_kind kind, enum value_type type, struct term *a,
                      struct term *b);
struct term *term_truth(const struct account_scope *s, bool value);
/* "t is not missing". */
struct term *term_known(const struct account_scope *s, struct term *t);

bool term_is_numeric(const struct term *t);
/* A literal beside money is money in the formula's unit: 5 in `unit fen` is 0.05. */
struct term *term_as_money(const struct account_scope *s, struct term *literal);
/* Brings two values that are added, compared or alternatives to one type and scale. */
bool term_unify(const struct account_scope *s, const struct node *n, struct term **a, struct term **b,
                const char *verb);
enum value_type term_common_type(const struct term *a, const struct term *b);

bool term_of_name(const struct account_scope *s, const struct node *n, struct term **out);
bool term_of_constant(const struct account_scope *s, const struct node *n, struct term **out);
/* A field of codes or currencies. */
bool term_is_code(const struct term *t);
/* field in (literals) as a set; negated for <>. */
bool term_of_codes(const struct account_scope *s, struct node *const *literals, int literals_count,
                   const struct term *field, bool negated, struct term **out);

#endif
