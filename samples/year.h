/* year: a made-up bank that lives on, day after day: its state in memory, what happens to it, and the files its systems
 * send (docs/decisions/007-daily-inputs.md).
 *
 * year_open builds the bank of the first date; year_live, once for each following date, changes it and writes the files
 * of that day; year_unload writes the full unload of the date the bank has reached. The unload is written from the same
 * state that the change lists told of, so that first unload + change lists = last unload is true by construction, and
 * tests/law/apply proves it from the files alone.
 *
 * Everything is drawn from the seed in a fixed order: the same options give the same bytes. Unlike the files of one
 * night (population.h), a year needs memory: about 300 bytes an account, 100 a customer.
 */
#ifndef CRMX_SAMPLES_YEAR_H
#define CRMX_SAMPLES_YEAR_H

#include "samples/systems.h"

/* What can happen; the order of the report. Kept in step with YEAR_EVENTS (year_event.c). */
enum year_event {
    EVENT_CUSTOMER_NEW,
    EVENT_CUSTOMER_CHANGED,
    EVENT_CUSTOMER_CLOSED,
    EVENT_CUSTOMER_REOPENED,
    EVENT_JOINS_PERSON, /* a known person becomes a customer of another system */
    EVENT_ID_CORRECTED,
    EVENT_ID_RENEWED,
    EVENT_MERGE,
    EVENT_PART,
    EVENT_ACCOUNT_NEW,
    EVENT_ACCOUNT_ACTIVE,
    EVENT_ACCOUNT_CLOSED,
    EVENT_ACCOUNT_REOPENED,
    EVENT_ACCOUNT_MOVED,
    EVENT_JOINT_ADDED,
    EVENT_JOINT_CHANGED,
    EVENT_JOINT_ENDED,
    EVENT_OWNER_REPLACED, /* the owner leaves, a joint owner takes his place */
    EVENT_PENDING_RELATION,
    EVENT_PENDING_CUSTOMER,
    EVENT_ENTRY_BY_RATE,
    EVENT_ENTRY_BY_NAV,
    EVENT_CONTACT_CHANGED,
    EVENT_CONTACT_ENDED,
    EVENT_ADDRESS_CHANGED,
    EVENT_ADDRESS_ENDED,
    EVENT_EXCLUDED,
    EVENT_EXCLUSION_ENDED,
    EVENT_TWICE_A_DAY,
    EVENT_REVERSAL,
    EVENT_BREAK,
    EVENT_DIRTY_FILE,
    EVENT_LATE_FILE,
    EVENT_REPEATED_FILE,
    EVENT_REDO_FILE,
    EVENT_INTEREST_DAY,
    EVENT_CLOSED_DAY, /* a day on which at least one system sends nothing */
    EVENT_LEAP_DAY,
    EVENT_MONTH_END,
    EVENT_COUNT
};

enum { YEAR_PLANTED_MAX = 96 };

struct year_customer {
    struct holder holder;
    struct presentation *own;                               /* NULL: as population_present gives it */
    uint32_t next_of_person, first_account, first_relation; /* chains; 0 ends them, else index + 1 */
    uint32_t owned;                                         /* accounts alive whose owner field names him */
    int32_t touched;
    uint16_t contacts, addresses;                /* versions of what he told about himself */
    int places;                                  /* accounts he has ever opened */
    char action, contact_action, address_action; /* what today's lists say; 0: nothing */
    bool alive, reserved, contacts_ended, addresses_ended;
};

struct year_account {
    struct account a;
    int64_t opening;          /* ledger balance at the start of the day it was touched */
    uint32_t customer, owner; /* index + 1 of who opened it and, where a field says so, of who owns it; 0: nobody */
    uint32_t next, first_relation;
    int32_t touched;
    char action;
    bool alive, twice;
};

struct year_relation {
    uint32_t account, customer; /* customer: index, UINT32_MAX: a number that nobody has */
    uint32_t next_of_account, next_of_customer;
    int share; /* -1: blank */
    int32_t touched;
    char role, action;
    bool alive;
};

struct year_exclusion {
    char type[3], number[128];
    uint32_t person; /* entries of one person: his documents, one after the other */
    const char *reason;
    int32_t expires;
};

struct year_task { /* what an event of an earlier day has left for today */
    int32_t date;
    enum year_event event;
    uint32_t one, two;
};

struct year_options {
    struct sample sample; /* business_date: the first day; folder: what everything is written below */
    int days;
    uint32_t changed_ppm; /* accounts with activity on an ordinary day */
    bool events[EVENT_COUNT];
    int breaks; /* accounts a day whose movement does not lead to the balance */
    const int32_t *unload_at;
    int unload_count;
};

struct year {
    const struct year_options *options;
    struct sample sample; /* as on the first day: who people are does not depend on the date */
    int32_t date, last;
    struct draw draw;
    struct year_customer *customers;
    struct year_account *accounts;
    struct year_relation *relations;
    struct year_exclusion *exclusions;
    struct year_task *tasks;
    uint32_t customers_count, accounts_count, relations_count, exclusions_count, excluded_persons, tasks_count;
    uint32_t customers_room, accounts_room, relations_room, exclusions_room, tasks_room;
    uint32_t *by_holder, by_holder_size; /* open addressing: index + 1 */
    uint64_t persons, companies, fresh_numbers;
    uint32_t *first_of[2]; /* [company][index of person or company] → customer + 1 */
    uint64_t first_of_room[2];
    uint32_t *apart, apart_count, apart_room; /* customers whose record carries a wrong number: may merge */
    int64_t rate[SYSTEMS_QUOTES], next_rate[SYSTEMS_QUOTES];
    uint32_t planted[YEAR_PLANTED_MAX]; /* accounts that wait to be worth the threshold by their rate alone */
    int planted_count;
    int32_t rate_date;
    int64_t nav[SYSTEMS_FUNDS + 1], next_nav[SYSTEMS_FUNDS + 1], interest[SYSTEMS_INTEREST];
    int32_t nav_date, interest_since[SYSTEMS_INTEREST];
    uint32_t planted_fund[YEAR_PLANTED_MAX]; /* the same of net asset values */
    int planted_funds;
    bool open[SYSTEM_COUNT]; /* sends today */
    uint64_t sequence;
    uint64_t count[EVENT_COUNT];
    FILE *log;
};

void year_open(struct year *y, const struct year_options *options);
void year_live(struct year *y);
void year_unload(struct year *y);
void year_close(struct year *y);

/* "merge", "part" …; NULL after the last. */
extern const char *const YEAR_EVENT_NAMES[];

/* --- parts --- */

extern const struct system_shape *const YEAR_SHAPES[SYSTEM_COUNT];

/* year_calendar.c: does the system send on that day? Funds: trading days; corporate systems: working days. */
bool year_sends(enum sample_system system, int32_t date);
bool year_is_trading(int32_t date);
int32_t year_trading_before(int32_t date); /* the latest trading day before */

/* year_state.c */
uint32_t year_new_customer(struct year *y, const struct holder *h);
uint32_t year_new_account(struct year *y, uint32_t customer);
uint32_t year_new_relation(struct year *y, uint32_t account, uint32_t customer, char role, int share);
uint32_t year_find(const struct year *y, const struct holder *h); /* index + 1; 0: there is none */
uint32_t year_first_of(const struct year *y, const struct holder *h);
uint32_t year_new_person(struct year *y, bool company); /* index of a person who is no customer yet */
void year_present(const struct year *y, uint32_t customer, struct presentation *out);
struct presentation *year_own(struct year *y, uint32_t customer);
void year_source_no(const struct year *y, uint32_t customer, char out[32]);
int64_t year_ledger(const struct year_account *a);
int year_branch(const struct year *y, uint32_t customer);
/* A relation of the account that is alive, with the role ('O' or 'J'); index + 1. */
uint32_t year_relation_of(const struct year *y, uint32_t account, char role);
void *year_grow(void *array, uint32_t *room, uint32_t count, size_t size);
_Noreturn void year_fail(const char *what, const char *path);

/* Contacts and addresses a customer has now; the place-th record of them. */
int year_contacts(const struct year *y, uint32_t customer);
int year_addresses(const struct year *y, uint32_t customer);
void year_contact_record(const struct year *y, uint32_t customer, int place, struct record *r);
void year_address_record(const struct year *y, uint32_t customer, int place, struct record *r);

/* Note a change of today; action as in the change lists; 0: the customer's own record is not sent. Later changes of a
 * day keep what is stronger. */
void year_touch_customer(struct year *y, uint32_t customer, char action);
void year_touch_account(struct year *y, uint32_t account, char action);
/* The same, and money moves: the last movement is today's. */
void year_move_account(struct year *y, uint32_t account, char action);
void year_touch_relation(struct year *y, uint32_t relation, char action);
void year_end_relation(struct year *y, uint32_t relation);
void year_note(struct year *y, enum year_event event, uint32_t customer, uint32_t account); /* UINT32_MAX: none */
void year_later(struct year *y, enum year_event event, int32_t date, uint32_t one, uint32_t two);
/* Days that a matter may stay open from today on: it must be settled at the next unload. */
int year_slack(const struct year *y);

/* year_event.c, year_identity.c, year_account.c, year_market.c: each does one event if it can; true: done. */
bool year_customer_new(struct year *y);
bool year_joins_person(struct year *y);
bool year_customer_changed(struct year *y);
bool year_customer_closed(struct year *y);
bool year_customer_reopened(struct year *y);
bool year_contact_changed(struct year *y);
bool year_contact_ended(struct year *y);
bool year_address_changed(struct year *y);
bool year_address_ended(struct year *y);
bool year_id_corrected(struct year *y);
bool year_id_renewed(struct year *y);
bool year_merge(struct year *y);
bool year_part(struct year *y);
void year_mistype_some(struct year *y);
bool year_account_new(struct year *y);
bool year_account_closed(struct year *y);
bool year_account_reopened(struct year *y);
bool year_account_moved(struct year *y);
bool year_joint_added(struct year *y);
bool year_joint_changed(struct year *y);
bool year_joint_ended(struct year *y);
bool year_owner_replaced(struct year *y);
bool year_pending_relation(struct year *y);
bool year_pending_customer(struct year *y);
bool year_entry_by_rate(struct year *y);
bool year_entry_by_nav(struct year *y);
bool year_excluded(struct year *y);
bool year_exclusion_ended(struct year *y);
/* Whoever is listed with a document is listed with the one that takes its place, too. */
void year_exclusion_renewed(struct year *y, const char *type, const char *before, const char *now);
void year_do_task(struct year *y, const struct year_task *t);
void year_close_account(struct year *y, uint32_t account, bool relations_too);
void year_reopen_account(struct year *y, uint32_t account);
uint32_t year_open_account(struct year *y, uint32_t customer, bool with_relation);
/* A customer that nobody has heard of yet: record, contacts, addresses. */
void year_introduce(struct year *y, uint32_t customer);
/* A customer (an account) on which something may happen today, alive or not; index + 1, 0: none was found. */
uint32_t year_any_customer(struct year *y, bool alive);
uint32_t year_any_account(struct year *y, bool alive, int system); /* -1: any system */
void year_activity(struct year *y);                                /* the ordinary movements of a day */
void year_market_open(struct year *y);
void year_market_day(struct year *y);
/* year_write.c */
void year_write_day(struct year *y);

#endif
