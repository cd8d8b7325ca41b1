/* year: what happens to accounts and to those who own them. */
#include "base/date.h"
#include "samples/year.h"

#include <string.h>

enum { ATTEMPTS = 400 };

static enum sample_system system_of(const struct year *y, uint32_t account)
{
    return y->customers[y->accounts[account].customer - 1].holder.system;
}

uint32_t year_any_account(struct year *y, bool alive, int system)
{
    for (int i = 0; i < ATTEMPTS && y->accounts_count; i++) {
        uint32_t at = (uint32_t)draw_below(&y->draw, y->accounts_count);
        const struct year_account *a = &y->accounts[at];
        const struct year_customer *c = &y->customers[a->customer - 1];
        if (a->alive == alive && a->touched != y->date && !c->reserved && y->open[c->holder.system] &&
            (system < 0 || (int)c->holder.system == system))
            return at + 1;
    }
    return 0;
}

/* --- new and closed --- */

/* Makes (or brings back) what the relation file says of account and customer. */
static void relate(struct year *y, uint32_t account, uint32_t customer, char role, int share)
{
    for (uint32_t i = y->accounts[account].first_relation; i; i = y->relations[i - 1].next_of_account)
        if (y->relations[i - 1].customer == customer) {
            struct year_relation *r = &y->relations[i - 1];
            r->role = role, r->share = share, r->alive = true;
            year_touch_relation(y, i - 1, 'A');
            return;
        }
    year_touch_relation(y, year_new_relation(y, account, customer, role, share), 'A');
}

uint32_t year_open_account(struct year *y, uint32_t customer, bool with_relation)
{
    uint32_t account = year_new_account(y, customer);
    struct year_account *a = &y->accounts[account];
    struct year_customer *c = &y->customers[customer];
    a->a.opened = y->date;
    if (c->holder.system != RETAIL && !a->owner) {
        holder_source_no(&c->holder, a->a.owner);
        a->owner = customer + 1;
        c->owned++;
    }
    a->alive = false; /* so that the day began with nothing */
    year_move_account(y, account, 'N');
    a->alive = true;
    if (c->holder.system == RETAIL && with_relation)
        relate(y, account, customer, 'O', draw_below(&y->draw, 2) ? 10000 : -1);
    return account;
}

bool year_account_new(struct year *y)
{
    uint32_t c = year_any_customer(y, true);
    if (!c || y->customers[c - 1].places >= 40) return false;
    uint32_t a = year_open_account(y, c - 1, true);
    year_note(y, EVENT_ACCOUNT_NEW, c - 1, a);
    return true;
}

void year_close_account(struct year *y, uint32_t account, bool relations_too)
{
    struct year_account *a = &y->accounts[account];
    year_move_account(y, account, 'X');
    a->a.balance = a->a.owed = a->a.shares = a->a.periods = 0;
    if (a->a.status) a->a.status = strchr("NOW", a->a.status) ? 'N' : 'C';
    a->alive = false;
    if (a->owner) y->customers[a->owner - 1].owned--;
    for (uint32_t i = a->first_relation; i && relations_too; i = y->relations[i - 1].next_of_account)
        if (y->relations[i - 1].alive && y->relations[i - 1].touched != y->date) year_end_relation(y, i - 1);
}

/* Half of them take their relations along, the others leave them behind. */
bool year_account_closed(struct year *y)
{
    uint32_t a = year_any_account(y, true, -1);
    if (!a) return false;
    for (uint32_t i = y->accounts[a - 1].first_relation; i; i = y->relations[i - 1].next_of_account)
        if (y->relations[i - 1].touched == y->date) return false;
    year_close_account(y, a - 1, draw_below(&y->draw, 2));
    year_note(y, EVENT_ACCOUNT_CLOSED, UINT32_MAX, a - 1);
    return true;
}

void year_reopen_account(struct year *y, uint32_t account)
{
    struct year_account *a = &y->accounts[account];
    year_move_account(y, account, 'O');
    a->alive = true;
    a->a.balance = draw_amount(&y->draw, 6);
    if (memcmp(a->a.currency, "JPY", 3) == 0 || memcmp(a->a.currency, "KRW", 3) == 0)
        a->a.balance -= a->a.balance % 100;
    if (system_of(y, account) == CORPORATE_DEPOSIT) a->a.balance *= 10;
    if (system_of(y, account) == FUND) a->a.shares = a->a.balance * 10000 / a->a.nav;
    if (a->a.status == 'C') a->a.status = 'A';
    if (a->owner) y->customers[a->owner - 1].owned++;
    if (system_of(y, account) == RETAIL && !year_relation_of(y, account, 'O'))
        relate(y, account, a->customer - 1, 'O', 10000);
}

bool year_account_reopened(struct year *y)
{
    uint32_t a = year_any_account(y, false, -1);
    if (!a) return false;
    const struct year_account *old = &y->accounts[a - 1];
    uint32_t owner = old->owner ? old->owner : old->customer, relation = year_relation_of(y, a - 1, 'O');
    if (system_of(y, a - 1) != RETAIL && !old->owner) return false;
    if (relation && y->relations[relation - 1].customer != UINT32_MAX) owner = y->relations[relation - 1].customer + 1;
    if (!y->customers[owner - 1].alive || y->customers[owner - 1].reserved) return false;
    year_reopen_account(y, a - 1);
    year_note(y, EVENT_ACCOUNT_REOPENED, owner - 1, a - 1);
    return true;
}

/* --- owners --- */

/* Another customer of the same system. */
static uint32_t any_partner(struct year *y, enum sample_system system, uint32_t not_this)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        uint32_t c = year_any_customer(y, true);
        if (c && y->customers[c - 1].holder.system == system && c - 1 != not_this) return c;
    }
    return 0;
}

static bool relations_idle(const struct year *y, uint32_t account)
{
    for (uint32_t i = y->accounts[account].first_relation; i; i = y->relations[i - 1].next_of_account)
        if (y->relations[i - 1].touched == y->date) return false;
    return true;
}

static bool names(const struct year *y, uint32_t account, uint32_t customer)
{
    for (uint32_t i = y->accounts[account].first_relation; i; i = y->relations[i - 1].next_of_account)
        if (y->relations[i - 1].alive && y->relations[i - 1].customer == customer) return true;
    return false;
}

bool year_account_moved(struct year *y)
{
    uint32_t a = year_any_account(y, true, -1);
    if (!a || !relations_idle(y, a - 1)) return false;
    enum sample_system system = system_of(y, a - 1);
    uint32_t relation = year_relation_of(y, a - 1, 'O'), owner = y->accounts[a - 1].owner;
    if (system == RETAIL ? !relation || y->relations[relation - 1].customer == UINT32_MAX : !owner) return false;
    if (relation) owner = y->relations[relation - 1].customer + 1;
    uint32_t other = any_partner(y, system, owner - 1);
    if (!other || (system == RETAIL && names(y, a - 1, other - 1))) return false;
    if (system == RETAIL) {
        year_end_relation(y, relation - 1);
        relate(y, a - 1, other - 1, 'O', -1);
    } else {
        year_touch_account(y, a - 1, 'C');
        y->accounts[a - 1].owner = other;
        year_source_no(y, other - 1, y->accounts[a - 1].a.owner);
        y->customers[owner - 1].owned--;
        y->customers[other - 1].owned++;
    }
    year_note(y, EVENT_ACCOUNT_MOVED, other - 1, a - 1);
    return true;
}

/* A retail account with (without) a joint owner. */
static uint32_t joint_account(struct year *y, bool joint)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        uint32_t a = year_any_account(y, true, RETAIL);
        if (!a || !year_relation_of(y, a - 1, 'O') || !relations_idle(y, a - 1)) continue;
        if ((year_relation_of(y, a - 1, 'J') != 0) == joint) return a;
    }
    return 0;
}

bool year_joint_added(struct year *y)
{
    static const int shares[] = {5000, 3333, 2500, 1, 9999};
    uint32_t a = joint_account(y, false), other = any_partner(y, RETAIL, UINT32_MAX);
    if (!a || !other || names(y, a - 1, other - 1)) return false;
    relate(y, a - 1, other - 1, 'J', shares[draw_below(&y->draw, 5)]);
    year_note(y, EVENT_JOINT_ADDED, other - 1, a - 1);
    return true;
}

bool year_joint_changed(struct year *y)
{
    uint32_t a = joint_account(y, true);
    if (!a) return false;
    struct year_relation *r = &y->relations[year_relation_of(y, a - 1, 'J') - 1];
    r->share = r->share == 2000 ? 3000 : 2000;
    year_touch_relation(y, (uint32_t)(r - y->relations), 'A');
    year_note(y, EVENT_JOINT_CHANGED, r->customer, a - 1);
    return true;
}

bool year_joint_ended(struct year *y)
{
    uint32_t a = joint_account(y, true);
    if (!a) return false;
    uint32_t r = year_relation_of(y, a - 1, 'J');
    year_end_relation(y, r - 1);
    year_note(y, EVENT_JOINT_ENDED, y->relations[r - 1].customer, a - 1);
    return true;
}

bool year_owner_replaced(struct year *y)
{
    uint32_t a = joint_account(y, true);
    if (!a) return false;
    uint32_t heir = year_relation_of(y, a - 1, 'J');
    year_end_relation(y, year_relation_of(y, a - 1, 'O') - 1);
    y->relations[heir - 1].role = 'O';
    y->relations[heir - 1].share = -1;
    year_touch_relation(y, heir - 1, 'A');
    year_note(y, EVENT_OWNER_REPLACED, y->relations[heir - 1].customer, a - 1);
    return true;
}

/* --- accounts that arrive before what they need --- */

static int lag(struct year *y, enum sample_system system)
{
    int most = year_slack(y) < 3 ? year_slack(y) : 3;
    if (most < 1) return 0;
    int days = 1 + (int)draw_below(&y->draw, (uint64_t)most);
    return year_sends(system, y->date + days) ? days : 0;
}

bool year_pending_relation(struct year *y)
{
    uint32_t c = any_partner(y, RETAIL, UINT32_MAX);
    int days = lag(y, RETAIL);
    if (!c || !days || y->customers[c - 1].places >= 40) return false;
    uint32_t a = year_open_account(y, c - 1, false);
    y->customers[c - 1].reserved = true;
    year_later(y, EVENT_PENDING_RELATION, y->date + days, c - 1, a);
    year_note(y, EVENT_PENDING_RELATION, c - 1, a);
    return true;
}

bool year_pending_customer(struct year *y)
{
    static const enum sample_system systems[] = {RETAIL, CARD, LOAN, FUND};
    enum sample_system system = systems[draw_below(&y->draw, 4)];
    int days = lag(y, system);
    if (!days || !y->open[system]) return false;
    struct holder h = {.system = system, .index = year_new_person(y, false)};
    uint32_t c = year_new_customer(y, &h);
    y->customers[c].reserved = true;
    uint32_t a = year_open_account(y, c, true);
    year_later(y, EVENT_PENDING_CUSTOMER, y->date + days, c, a);
    year_note(y, EVENT_PENDING_CUSTOMER, c, a);
    return true;
}

/* --- the ordinary movements --- */

static int64_t whole(const struct account *a, int64_t amount)
{
    bool none = memcmp(a->currency, "JPY", 3) == 0 || memcmp(a->currency, "KRW", 3) == 0;
    return none ? amount - amount % 100 : amount;
}

static void move_card(struct year *y, struct account *a)
{
    int64_t ledger = a->balance - a->owed, amount = whole(a, draw_amount(&y->draw, 4));
    ledger += draw_below(&y->draw, 2) ? amount : -amount;
    a->balance = ledger > 0 ? ledger : 0;
    a->owed = ledger < 0 ? -ledger : 0;
}

/* Somebody pays, somebody falls behind, somebody catches up. */
static void move_loan(struct year *y, struct account *a)
{
    a->balance -= whole(a, a->balance / 100 * (int64_t)draw_below(&y->draw, 4));
    uint64_t kind = draw_below(&y->draw, 10);
    if (kind == 0 && a->periods < 12) a->periods++;
    if (kind > 6) a->periods = 0;
    a->owed = a->periods ? a->balance / 100 / (a->term ? a->term : 12) * a->periods * 100 : 0;
    if (a->status != 'W' || a->periods == 0) a->status = a->periods ? 'O' : 'N';
}

static void move_deposit(struct year *y, struct account *a, bool corporate)
{
    int64_t amount = draw_amount(&y->draw, corporate ? 7 : 5) * (corporate ? 10 : 1);
    bool pays_in = draw_below(&y->draw, 2);
    if (a->kind == 'F') amount = a->balance / 2000;
    if (!pays_in && a->kind != 'F' && amount > a->balance && a->balance > 0) amount = a->balance / 2;
    a->balance += pays_in || a->kind == 'F' ? whole(a, amount) : -whole(a, amount);
    if (draw_below(&y->draw, 30) == 0) a->status = "AAFD"[draw_below(&y->draw, 4)];
}

/* Bought or redeemed; now and then all of it. */
static void move_shares(struct year *y, struct account *a)
{
    int64_t shares = draw_amount(&y->draw, 5);
    bool buys = draw_below(&y->draw, 2);
    if (!buys && shares > a->shares) shares = draw_below(&y->draw, 4) ? a->shares / 2 : a->shares;
    a->shares += buys ? shares : -shares;
}

static void move(struct year *y, uint32_t account)
{
    enum sample_system system = system_of(y, account);
    struct account *a = &y->accounts[account].a;
    year_move_account(y, account, 'C');
    switch (system) {
    case CARD: move_card(y, a); break;
    case FUND: move_shares(y, a); break;
    case LOAN:
    case CORPORATE_LOAN: move_loan(y, a); break;
    default: move_deposit(y, a, system == CORPORATE_DEPOSIT); break;
    }
    year_note(y, EVENT_ACCOUNT_ACTIVE, UINT32_MAX, account);
}

/* The 21st of a quarter's last month: every deposit gets its interest. */
static void pay_interest(struct year *y)
{
    for (uint32_t i = 0; i < y->accounts_count; i++) {
        struct year_account *a = &y->accounts[i];
        enum sample_system system = system_of(y, i);
        if (!a->alive || (system != RETAIL && system != CORPORATE_DEPOSIT) || !y->open[system]) continue;
        if (y->customers[a->customer - 1].reserved) continue;
        year_move_account(y, i, 'C');
        a->a.balance += whole(&a->a, a->a.balance / 1000);
    }
    year_note(y, EVENT_INTEREST_DAY, UINT32_MAX, UINT32_MAX);
}

void year_activity(struct year *y)
{
    int year, month, day;
    date_to_civil(y->date, &year, &month, &day);
    for (uint32_t i = 0; y->options->events[EVENT_ACCOUNT_ACTIVE] && i < y->accounts_count; i++) {
        const struct year_account *a = &y->accounts[i];
        enum sample_system system = system_of(y, i);
        bool chosen = draw_chance(&y->draw, y->options->changed_ppm);
        if (!chosen || !a->alive || a->touched == y->date || !y->open[system]) continue;
        if (!y->customers[a->customer - 1].reserved) move(y, i);
    }
    if (month % 3 == 0 && day == 21 && y->options->events[EVENT_INTEREST_DAY]) pay_interest(y);
}
