/* show_query: what the query commands (crmx customer find, crmx segment) have in common: columns and groups by name. */
#ifndef CRMX_CONTROL_SHOW_QUERY_H
#define CRMX_CONTROL_SHOW_QUERY_H

#include "control/show_customer.h"
#include "etl/query.h"

/* A field of the customers' records, by name: of any customer layout, below class C3. */
bool show_is_record_field(const struct generation *g, const char *name);
/* The hint for a name that is nothing to group by: the nearest one, and all there are: code results of the formula,
 * fields of the customer layouts. also: " or …", what else is possible. Always false. */
bool show_hint_by(const struct generation *g, const struct formula *f, const char *name, const char *also,
                  struct status *st);
/* The field of a customer's primary record as a screen may show it; NULL when its layout has none. */
const char *show_primary_field(struct show_population *p, const struct lookup_record *r, const char *name);
/* A value of a query as text (show_typed); money as balances are: "***" unless --unmask; the score is no balance. */
const char *show_query_value(struct show_population *p, const struct query *q, int expression, int64_t value);
/* Types of customers a query goes over: --type, else all that the unit has a formula for. Returns how many. */
int show_query_types(struct show_population *p, int types[CUSTOMER_TYPES]);
/* Words of a list between commas that stand in no parentheses or quotes: "number, max(a, b), tier". */
int show_split(struct arena *arena, const char *list, const char **words, int max);

#endif
