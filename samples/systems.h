/* systems: the files of each business system, in the layouts of config/template. One function a system; each writes all
 * its files. */
#ifndef CRMX_SAMPLES_SYSTEMS_H
#define CRMX_SAMPLES_SYSTEMS_H

#include "samples/population.h"
#include "samples/source_file.h"

void systems_write_retail(const struct sample *s);
void systems_write_card(const struct sample *s);
void systems_write_loan(const struct sample *s);
void systems_write_fund(const struct sample *s);
void systems_write_corporate_deposit(const struct sample *s);
void systems_write_corporate_loan(const struct sample *s);
/* Quotes of the day and the exclusion list. */
void systems_write_market(const struct sample *s);

/* An account of any system: what its record says. */
struct account {
    char number[24], sub_account[5], currency[4], owner[32], fund[7], product[7], branch[7];
    char cash_flag, kind, status;
    int place; /* among the accounts of its holder */
    int term, periods;
    int32_t opened, until; /* until: maturity or expiry */
    int32_t moved;         /* DATE_NONE: never yet */
    int64_t balance;       /* of a corporate deposit in thousandths, else in hundredths */
    int64_t owed;          /* overdraft of a card, overdue part of a loan */
    int64_t limit, shares, nav;
    int32_t nav_date;
    int cvv;
};

/* How a system writes its files. Each function draws or writes one record; NULL: the system has no such file. */
struct system_shape {
    const struct file_shape *customers, *accounts, *relations, *contacts, *addresses;
    void (*customer_record)(const struct holder *h, const struct presentation *p, struct record *r);
    void (*draw_account)(const struct sample *s, const struct holder *h, int place, struct account *a);
    void (*account_record)(const struct account *a, struct record *r);
    void (*relation_record)(const struct account *a, const char *source_no, char role, int share, struct record *r);
    void (*contact_record)(const struct sample *s, const char *source_no, const struct presentation *p, struct draw *d,
                           struct record *r);
    void (*address_record)(const struct sample *s, const char *source_no, const struct presentation *p, struct draw *d,
                           struct record *r);
};
extern const struct system_shape RETAIL_SHAPE, CARD_SHAPE, LOAN_SHAPE, FUND_SHAPE, CORPORATE_DEPOSIT_SHAPE,
    CORPORATE_LOAN_SHAPE;

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
/* The last movement of an account: mostly within the month, some have slept for years. */
int32_t systems_draw_moved(const struct sample *s, struct draw *d, int32_t opened);
int systems_draw_term(struct draw *d);
int32_t systems_maturity(int32_t opened, int term_months);

/* Middle rates: place 0 .. SYSTEMS_QUOTES-1. */
enum { SYSTEMS_QUOTES = 9 };
const char *systems_quote(int place, int *per_unit, int64_t *middle);
void systems_quote_record(int place, int64_t middle, int32_t date, struct record *r);
/* Funds and their net asset values, four decimals: place 0 .. SYSTEMS_FUNDS-1. */
enum { SYSTEMS_FUNDS = 5 };
const char *systems_fund(int place, int64_t *nav);
int systems_fund_place(const char *fund);
/* The NAV file has one fund more, in US dollars, which nobody may hold in yuan: place SYSTEMS_FUNDS. */
void systems_nav_record(int place, int64_t nav, int32_t date, struct record *r);
/* Interest rates of deposits, percent with six decimals: place 0 .. SYSTEMS_INTEREST-1. */
enum { SYSTEMS_INTEREST = 12 };
int64_t systems_interest(int place);
void systems_interest_record(int place, int64_t rate, int32_t since, struct record *r);
/* Shares × NAV in fen, rounded half away from zero. */
int64_t systems_fund_value(int64_t shares, int64_t nav);
/* One entry of the exclusion list; expires DATE_NONE: for ever. */
void systems_exclusion_record(const struct presentation *p, const char *reason, int32_t expires, struct record *r);

#endif
