/* year: the first day, and one day after another. */
#include "samples/year.h"

#include "base/date.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const YEAR_EVENT_NAMES[] = {
    [EVENT_CUSTOMER_NEW] = "customer_new",
    [EVENT_CUSTOMER_CHANGED] = "customer_changed",
    [EVENT_CUSTOMER_CLOSED] = "customer_closed",
    [EVENT_CUSTOMER_REOPENED] = "customer_reopened",
    [EVENT_JOINS_PERSON] = "joins_person",
    [EVENT_ID_CORRECTED] = "id_corrected",
    [EVENT_ID_RENEWED] = "id_renewed",
    [EVENT_MERGE] = "merge",
    [EVENT_PART] = "part",
    [EVENT_ACCOUNT_NEW] = "account_new",
    [EVENT_ACCOUNT_ACTIVE] = "account_active",
    [EVENT_ACCOUNT_CLOSED] = "account_closed",
    [EVENT_ACCOUNT_REOPENED] = "account_reopened",
    [EVENT_ACCOUNT_MOVED] = "account_moved",
    [EVENT_JOINT_ADDED] = "joint_added",
    [EVENT_JOINT_CHANGED] = "joint_changed",
    [EVENT_JOINT_ENDED] = "joint_ended",
    [EVENT_OWNER_REPLACED] = "owner_replaced",
    [EVENT_PENDING_RELATION] = "pending_relation",
    [EVENT_PENDING_CUSTOMER] = "pending_customer",
    [EVENT_ENTRY_BY_RATE] = "entry_by_rate",
    [EVENT_ENTRY_BY_NAV] = "entry_by_nav",
    [EVENT_CONTACT_CHANGED] = "contact_changed",
    [EVENT_CONTACT_ENDED] = "contact_ended",
    [EVENT_ADDRESS_CHANGED] = "address_changed",
    [EVENT_ADDRESS_ENDED] = "address_ended",
    [EVENT_EXCLUDED] = "excluded",
    [EVENT_EXCLUSION_ENDED] = "exclusion_ended",
    [EVENT_TWICE_A_DAY] = "twice_a_day",
    [EVENT_REVERSAL] = "reversal",
    [EVENT_BREAK] = "break",
    [EVENT_DIRTY_FILE] = "dirty_file",
    [EVENT_LATE_FILE] = "late_file",
    [EVENT_REPEATED_FILE] = "repeated_file",
    [EVENT_REDO_FILE] = "redo_file",
    [EVENT_INTEREST_DAY] = "interest_day",
    [EVENT_CLOSED_DAY] = "closed_day",
    [EVENT_LEAP_DAY] = "leap_day",
    [EVENT_MONTH_END] = "month_end",
    NULL,
};

/* What is drawn each day, and how often: at least once, and so many times for a million persons. */
static const struct {
    enum year_event event;
    bool (*happen)(struct year *y);
    uint32_t per_million;
} DAILY[] = {
    {EVENT_ENTRY_BY_RATE, year_entry_by_rate, 0},
    {EVENT_ENTRY_BY_NAV, year_entry_by_nav, 0},
    {EVENT_PART, year_part, 100},
    {EVENT_MERGE, year_merge, 100},
    {EVENT_ID_RENEWED, year_id_renewed, 200},
    {EVENT_ID_CORRECTED, year_id_corrected, 100},
    {EVENT_CUSTOMER_NEW, year_customer_new, 2000},
    {EVENT_JOINS_PERSON, year_joins_person, 1000},
    {EVENT_CUSTOMER_CHANGED, year_customer_changed, 10000},
    {EVENT_CUSTOMER_CLOSED, year_customer_closed, 1000},
    {EVENT_CUSTOMER_REOPENED, year_customer_reopened, 200},
    {EVENT_PENDING_RELATION, year_pending_relation, 200},
    {EVENT_PENDING_CUSTOMER, year_pending_customer, 200},
    {EVENT_ACCOUNT_NEW, year_account_new, 2000},
    {EVENT_ACCOUNT_CLOSED, year_account_closed, 1500},
    {EVENT_ACCOUNT_REOPENED, year_account_reopened, 300},
    {EVENT_ACCOUNT_MOVED, year_account_moved, 200},
    {EVENT_JOINT_ADDED, year_joint_added, 300},
    {EVENT_JOINT_CHANGED, year_joint_changed, 200},
    {EVENT_JOINT_ENDED, year_joint_ended, 200},
    {EVENT_OWNER_REPLACED, year_owner_replaced, 50},
    {EVENT_CONTACT_CHANGED, year_contact_changed, 1000},
    {EVENT_CONTACT_ENDED, year_contact_ended, 200},
    {EVENT_ADDRESS_CHANGED, year_address_changed, 1000},
    {EVENT_ADDRESS_ENDED, year_address_ended, 200},
    {EVENT_EXCLUDED, year_excluded, 100},
    {EVENT_EXCLUSION_ENDED, year_exclusion_ended, 100},
};

/* --- the first day --- */

static void add_customer(void *context, const struct holder *h)
{
    struct year *y = context;
    uint32_t c = year_new_customer(y, h);
    for (int n = systems_account_count(&y->sample, h); n > 0; n--) year_new_account(y, c);
}

/* Somebody of the same system as partner for a joint account; index + 1. */
static uint32_t partner(const struct year *y, const struct holder *h, uint64_t choice)
{
    struct holder other;
    return holder_partner(&y->sample, h, choice, &other) ? year_find(y, &other) : 0;
}

/* The owners of a retail account: one, two or three; agents; nobody. */
static void first_relations(struct year *y, uint32_t account)
{
    uint32_t c = y->accounts[account].customer - 1;
    const struct holder *h = &y->customers[c].holder;
    struct draw d = holder_draw(&y->sample, h, 600 + (uint32_t)y->accounts[account].a.place);
    const struct sample_mix *m = &y->sample.mix;
    if (draw_chance(&d, m->ownerless)) {
        if (draw_below(&d, 2)) year_new_relation(y, account, UINT32_MAX, 'O', 10000);
        return;
    }
    uint64_t choice = draw_next(&d);
    uint32_t second = draw_chance(&d, m->joint) ? partner(y, h, choice) : 0;
    uint32_t third = second && draw_below(&d, 2) ? partner(y, h, choice + 1) : 0;
    if (second == c + 1) second = 0;
    if (third == second || third == c + 1) third = 0;
    bool blank = draw_below(&d, 3) == 0;
    year_new_relation(y, account, c, 'O', blank ? -1 : !second ? 10000 : third ? 3334 : 5000);
    if (second) year_new_relation(y, account, second - 1, 'J', third ? 3333 : 5000);
    if (second && third) year_new_relation(y, account, third - 1, 'J', 3333);
    uint32_t agent = draw_chance(&d, m->joint / 2) ? partner(y, h, draw_next(&d)) : 0;
    if (agent && agent != second && agent != third && agent != c + 1)
        year_new_relation(y, account, agent - 1, draw_below(&d, 2) ? 'A' : 'G', draw_below(&d, 2) ? 0 : -1);
}

static void look_at_calendar(struct year *y)
{
    int year, month, day;
    bool closed = false;
    for (enum sample_system s = RETAIL; s < SYSTEM_COUNT; s++) {
        y->open[s] = year_sends(s, y->date);
        closed |= !y->open[s];
    }
    date_to_civil(y->date, &year, &month, &day);
    y->count[EVENT_CLOSED_DAY] += closed;
    y->count[EVENT_LEAP_DAY] += month == 2 && day == 29;
    y->count[EVENT_MONTH_END] += day == date_days_in_month(year, month);
}

void year_open(struct year *y, const struct year_options *options)
{
    char path[4200];
    *y = (struct year){.options = options,
                       .sample = options->sample,
                       .date = options->sample.business_date,
                       .last = options->sample.business_date + options->days,
                       .draw = draw_start(options->sample.seed, 4000, 0),
                       .persons = options->sample.persons,
                       .companies = options->sample.companies};
    if (mkdir(options->sample.folder, 0777) != 0 && errno != EEXIST) year_fail("make folder", options->sample.folder);
    snprintf(path, sizeof path, "%s/events.tsv", options->sample.folder);
    y->log = fopen(path, "w");
    if (!y->log) year_fail("create", path);
    fprintf(y->log, "date\tevent\tcustomer\taccount\n");
    for (enum sample_system s = RETAIL; s < SYSTEM_COUNT; s++) {
        population_each(&y->sample, s, add_customer, y);
        y->open[s] = true; /* so that anybody may be mistyped */
    }
    for (uint32_t a = 0; a < y->accounts_count; a++)
        if (y->customers[y->accounts[a].customer - 1].holder.system == RETAIL) first_relations(y, a);
    if (options->events[EVENT_MERGE]) year_mistype_some(y);
    year_market_open(y);
}

/* --- a day --- */

static void do_tasks(struct year *y)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < y->tasks_count; i++) {
        if (y->tasks[i].date == y->date)
            year_do_task(y, &y->tasks[i]);
        else
            y->tasks[kept++] = y->tasks[i];
    }
    y->tasks_count = kept;
}

static void draw_events(struct year *y)
{
    for (size_t i = 0; i < sizeof DAILY / sizeof *DAILY; i++) {
        if (!y->options->events[DAILY[i].event]) continue;
        uint64_t times = 1 + y->options->sample.persons * DAILY[i].per_million / 1000000;
        for (uint64_t done = 0, tries = 0; done < times && tries < times + 100; tries++) done += DAILY[i].happen(y);
    }
}

void year_live(struct year *y)
{
    y->date++;
    y->sequence = 0;
    look_at_calendar(y);
    do_tasks(y);
    year_market_day(y);
    draw_events(y);
    year_activity(y);
    year_write_day(y);
}

void year_close(struct year *y)
{
    for (uint32_t i = 0; i < y->customers_count; i++) free(y->customers[i].own);
    free(y->customers);
    free(y->accounts);
    free(y->relations);
    free(y->exclusions);
    free(y->tasks);
    free(y->by_holder);
    free(y->first_of[0]);
    free(y->first_of[1]);
    free(y->apart);
    if (fclose(y->log) != 0) year_fail("write", "events.tsv");
}
