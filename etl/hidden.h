/* hidden: does a value computed by a formula show a field of class C2 (JR/T 0171, architecture 10)? coalesce(birth,
 * business_date) is the birth date as well as birth itself is; what a name of the formula stands for counts, too.
 *
 *     hidden_named(g, f, "coalesce(birth, business_date)", VALUE_DATE, false)     "birth"
 *
 * Amounts are masked whatever they are made of (control/show_generation.h): they are not asked for here. A band is
 * open: a condition, and a code unless it is that of a C2 field itself.
 */
#ifndef CRMX_ETL_HIDDEN_H
#define CRMX_ETL_HIDDEN_H

#include "etl/generation.h"
#include "scoring/formula.h"

/* The field of class C2 that a value of this type shows: one of the customer layouts that text names, by itself or by
 * the definitions and measures of f; of a date one of the account layouts, too. NULL: none. text: an expression as it
 * was typed. years_open: completed years of a date, age(birth), are open, as a segment is one of many. */
const char *hidden_named(const struct generation *g, const struct formula *f, const char *text, enum value_type type,
                         bool years_open);
/* Does a text name this word? Chinese characters are letters. */
bool hidden_names_word(const char *text, const char *word);

#endif
