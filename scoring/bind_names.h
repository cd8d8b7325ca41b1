/* bind_names: names, constants and codes of a score while it is bound. Internal to bind.c and bind_names.c. */
#ifndef CRMX_SCORING_BIND_NAMES_H
#define CRMX_SCORING_BIND_NAMES_H

#include "scoring/bind.h"

struct binder {
    struct formula_program *p;
    const struct formula *f;
    int visible; /* definitions above the one being bound */
    struct status *st;
};

struct expr *bind_new(struct binder *b, enum expr_kind kind, enum value_type type, int children);
struct expr *bind_constant(struct binder *b, enum value_type type, double number);
bool bind_fail(struct binder *b, const struct node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
/* An earlier value, a measure, a coefficient or a customer field, in this order. */
bool bind_name(struct binder *b, const struct node *n, struct expr **out);
/* A text is a code of its own set; what it is compared with decides whether it makes sense. */
bool bind_text(struct binder *b, const struct node *n, struct expr **out);
/* A literal compared with a code value must be one of its codes: a misspelt code would never be equal. */
bool bind_check_code(struct binder *b, const struct node *literal, const struct expr *of);
struct code_set bind_set_union(struct binder *b, struct code_set x, struct code_set y);

#endif
