/* gate_limits: what a unit's file says about the gates 闸口 (etl/gate): how far a figure may be from what is expected,
 * and what is expected on the first night.
 *
 *     [gates]                         [expected]
 *     orphans             = 0.1%      customers                       = 120000
 *     rows                = 10%       selected                        = 850
 *     rows.retail_account = off       rows.retail_account             = 14180
 *     sums                = 10%       sums.retail_account.balance.cny = 1234567.00
 *
 * A limit is looked up from the narrowest name to the widest: sums.retail_account.balance.CNY,
 * sums.retail_account.balance, sums.retail_account, sums. Names are lower case in the file, as all keys are.
 */
#ifndef CRMX_ETL_GATE_LIMITS_H
#define CRMX_ETL_GATE_LIMITS_H

#include "base/conf.h"
#include "etl/unit.h"

enum { GATE_OFF = -1, GATE_LIMITS_MAX = 256 };

struct gate_limit {
    const char *name; /* kind, or kind.subject */
    int64_t ppm;      /* GATE_OFF: not judged */
};

struct gate_expected {
    const char *name; /* customers, selected, rows.LAYOUT, sums.LAYOUT.FIELD.currency */
    __int128 value;
    int scale; /* 0: records */
};

struct gate_limits {
    struct gate_limit limits[GATE_LIMITS_MAX];
    int limits_count;
    struct gate_expected expected[GATE_LIMITS_MAX];
    int expected_count;
    int64_t small_rows; /* figures of records that are not above this, before and now, are not compared */
    __int128 small_sum; /* the same for sums, in units of the currency, at a scale of 2 */
};

/* Reads [gates] and [expected]; the unit's layouts are known already. */
bool gate_limits_read(struct conf *c, const struct unit *u, struct arena *arena, struct gate_limits **out,
                      struct status *st);
/* The limit of a gate in parts per million, or GATE_OFF. */
int64_t gate_limit(const struct gate_limits *l, const char *gate);
/* "-1234567.5" → value and scale; false when it is no such number. */
bool gate_parse_figure(const char *text, __int128 *value, int *scale);

#endif
