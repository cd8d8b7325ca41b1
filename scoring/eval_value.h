/* eval_value: values as they are typed for `crmx formula eval`. Internal to scoring/. */
#ifndef CRMX_SCORING_EVAL_VALUE_H
#define CRMX_SCORING_EVAL_VALUE_H

#include "base/status.h"
#include "base/view.h"
#include "scoring/schema.h"

/* What a typed value is. */
struct eval_value {
    enum value_type type; /* VALUE_NUMBER, VALUE_DATE, VALUE_BOOLEAN or VALUE_CODE */
    int64_t integer;      /* the number without its point, the day, 0 or 1 */
    int scale;            /* decimals of the number */
    struct view code;     /* without quotes */
};

/* Reads a value as it stands behind "name=". Fails on everything that is none of the kinds; the message says what was
 * typed, the hint what to type instead, with the name. */
bool eval_value_read(struct view name, struct view text, struct eval_value *out, struct status *st);

#endif
