/* change_rule: a rule of etl/change bound to the values of two days. Used by etl/change*.c only. */
#ifndef CRMX_ETL_CHANGE_RULE_H
#define CRMX_ETL_CHANGE_RULE_H

#include "etl/change.h"

enum { CHANGE_NAMES_MAX = 400 };

struct change_name { /* a measure or result by one of its names */
    const char *name;
    enum value_type type;
    const char *const *codes; /* VALUE_CODE: of both days */
    int codes_count;
    const int *old_codes; /* [index of yesterday] → index in codes; NULL: not VALUE_CODE */
    int old_codes_count;
    int column, old_column; /* of customer.seg; old_column -1: yesterday had no such value */
};

struct change_bound {
    const struct change_rule *rule;
    struct formula *value_formula, *when_formula;
    struct formula_program *value, *when; /* value NULL: type code */
    const struct schema *value_schema, *when_schema;
    int code_name; /* type code: index in names */
};
struct change_type { /* what rules of one customer type share */
    struct change_name *names;
    int count;
};

/* Names and columns of a customer type; old_cards NULL: there is no yesterday; now NULL: only the names are wanted. */
bool change_names(const struct change_request *q, const struct scorecards *old_cards, struct segment *now, int type,
                  struct arena *arena, struct change_type *out, struct status *st);
/* The fields of `when` are the names, then the same with old_, then value and old_value. A rule that needs a value
 * yesterday did not have is not judged: *judged false, and the log says so. */
bool change_bind(const struct change_request *q, const struct change_rule *rule, const struct change_type *type,
                 struct arena *arena, struct change_bound *out, bool *judged, struct status *st);
void change_bound_release(struct change_bound *b);

#endif
