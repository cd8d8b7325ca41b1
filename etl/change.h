/* change: events by rule 变动事件 of CRM customers, from one day to the next: a large deposit, another tier.
 *
 * A rule is a section of the unit file:
 *
 *     [event large_deposit]
 *     customer_type = personal                      ; personal (default) | corporate
 *     type          = money                         ; of the value: money (default, yuan) | number | code
 *     value         = demand_cny + fixed_cny        ; what is looked at; type code: the name of a result
 *     when          = value - old_value >= 500000   ; a condition over today's and yesterday's values
 *
 * Expressions are those of a score (docs/formula.md). Names: measures and results of the formula of the type; in `when`
 * also each with old_ in front, yesterday's, and value and old_value. Whoever is a CRM customer tonight and was scored
 * yesterday under the same number and type is looked at.
 *
 * Written into the generation: changes.tsv, lines "number rule old new" in the order of the number, then of the rules.
 * It is part of the generation, so a restart, other threads or a run done again give the same bytes.
 */
#ifndef CRMX_ETL_CHANGE_H
#define CRMX_ETL_CHANGE_H

#include "base/conf.h"
#include "base/pool.h"
#include "etl/generation.h"
#include "etl/scorecard.h"

enum { CHANGE_RULES_MAX = 32 };
#define CHANGE_HEAD "number\trule\told\tnew" /* first line of changes.tsv */

struct change_rule {
    const char *name, *value, *when;
    int customer_type;
    enum value_type type; /* VALUE_MONEY, VALUE_NUMBER, VALUE_CODE */
};
struct change_rules {
    struct change_rule rule[CHANGE_RULES_MAX];
    int count;
};

/* All [event NAME] sections of a unit file, in their order. */
bool change_rules_read(struct conf *c, struct arena *arena, struct change_rules **out, struct status *st);

/* Do the rules fit the formulas? STATUS_USAGE: the message names rule, key, place. */
bool change_check(const struct unit *u, const struct scorecards *cards, int32_t business_date, struct arena *arena,
                  struct status *st);

struct change_request {
    const struct unit *unit;
    const struct scorecards *cards;
    struct generation *old; /* NULL: an initial load, nothing has changed */
    const char *folder;     /* of the generation under construction: customer.seg is there */
    uint64_t first_number;
    int32_t business_date;
    struct pool *pool;
};
/* Writes changes.tsv. A unit without rules: nothing. *count: events. */
bool change_run(const struct change_request *q, struct arena *arena, uint64_t *count, struct status *st);
/* Events in a changes.tsv. STATUS_CORRUPT: it has other columns. */
bool change_count(const char *path, uint64_t *count, struct status *st);

#endif
