/* show_explain: the page that takes one customer's score apart (crmx why, crmx trial FORMULA --number …). */
#ifndef CRMX_CONTROL_SHOW_EXPLAIN_H
#define CRMX_CONTROL_SHOW_EXPLAIN_H

#include "control/show_customer.h"
#include "etl/explain.h"

/* With a formula that may be another than the generation's own. Amounts are masked as balances unless --unmask. */
bool show_explanation(struct show_population *p, uint64_t number, const struct formula *f, const char *formula_name,
                      int type, struct status *st);
/* A customer who has these values (NAME=VALUE: measures in yuan, dates, codes) and nothing else. */
bool show_typed_explanation(struct command_call *call, const struct unit *unit, const struct formula *f,
                            const char *formula_name, const char *const *values, int count, struct status *st);

#endif
