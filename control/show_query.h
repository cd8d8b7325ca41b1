/* show_query: what the query commands (crmx customer find, crmx segment) have in common: columns and groups by name. */
#ifndef CRMX_CONTROL_SHOW_QUERY_H
#define CRMX_CONTROL_SHOW_QUERY_H

#include "control/show_customer.h"
#include "etl/query.h"

/* A field of the customers' records, by name: of any customer layout, below class C3. */
bool show_is_record_field(const struct generation *g, const char *name);
/* "--by birth: birth is a field of class C2 …": no group is made by it (query_field_is_hidden), every value would stand
 * on the page. bands: how this command is asked for groups instead. Always false. */
#define SHOW_BANDS "case when coalesce(age(birth), 0) >= 60 then 'senior' else 'other' end"
bool show_fail_hidden(const char *option, const char *text, const char *field, const char *bands, struct status *st);
/* The hint for a name that is nothing to group by: the nearest one, and all there are: code results of the formula,
 * fields of the customer layouts below class C2. also: " or …", what else is possible. Always false. */
bool show_hint_by(const struct generation *g, const struct formula *f, const char *name, const char *also,
                  struct status *st);
/* The field of a customer's primary record as a screen may show it; NULL when its layout has none. */
const char *show_primary_field(struct show_population *p, const struct lookup_record *r, const char *name);
/* show_hides of the values of an expression. */
bool show_hides_query(const struct show_population *p, const struct query *q, int expression);
/* A value of a query as text (show_typed), masked. */
const char *show_query_value(struct show_population *p, const struct query *q, int expression, int64_t value);
/* Types of customers a query goes over: --type, else all that the unit has a formula for. Returns how many. */
int show_query_types(struct show_population *p, int types[CUSTOMER_TYPES]);
/* Words of a list between commas that stand in no parentheses or quotes: "number, max(a, b), tier". */
int show_split(struct arena *arena, const char *list, const char **words, int max);

#endif
