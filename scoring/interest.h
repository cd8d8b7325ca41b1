/* interest: interest(field) inside an aggregate: the interest rate 利率, percent a year, of the product or term that
 * the field of an account names, in the currency of the account; 0 where there is none. Interest is never accrued
 * here: what a deposit brings in is the formula's to say, sum(retail, cny(balance) * interest(product)) / 100 in a
 * score.
 *
 * Rates are constants of the night, so the call becomes nested conditions over the codes of product and currency,
 * which account classes decide before any row is read (partial.c): no kernel knows of it. Internal to scoring/. */
#ifndef CRMX_SCORING_INTEREST_H
#define CRMX_SCORING_INTEREST_H

#include "scoring/account.h"

bool interest_bind(const struct account_scope *s, const struct node *n, struct term **out);

#endif
