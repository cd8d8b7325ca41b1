/* systems: the files of each business system, in the layouts of config/template. One function a system; each writes all
 * its files. */
#ifndef CRMX_SAMPLES_SYSTEMS_H
#define CRMX_SAMPLES_SYSTEMS_H

#include "samples/population.h"

void systems_write_retail(const struct sample *s);
void systems_write_card(const struct sample *s);
void systems_write_loan(const struct sample *s);
void systems_write_fund(const struct sample *s);
void systems_write_corporate_deposit(const struct sample *s);
void systems_write_corporate_loan(const struct sample *s);
/* Quotes of the day and the exclusion list. */
void systems_write_market(const struct sample *s);

/* Shared by the systems: what an account is worth and in which currency. */
struct money {
    char currency[4];
    int64_t minor; /* hundredths, also of currencies that have none: then the last two digits are zero */
};
/* decades: draw_amount. foreign: may be another currency than CNY. */
struct money systems_draw_money(const struct sample *s, struct draw *d, int decades, bool foreign);
/* Number of accounts of a holder: most have one, few have accounts_max. */
int systems_account_count(const struct sample *s, const struct holder *h);
/* A day between 1995 and the business date. */
int32_t systems_draw_opened(const struct sample *s, struct draw *d);
int systems_draw_term(struct draw *d);
int32_t systems_maturity(int32_t opened, int term_months);

#endif
