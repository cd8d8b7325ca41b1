/* year: what the bank knows, and how a change of today is noted. */
#include "base/date.h"
#include "samples/year.h"

#include <stdlib.h>
#include <string.h>

const struct system_shape *const YEAR_SHAPES[SYSTEM_COUNT] = {
    [RETAIL] = &RETAIL_SHAPE,
    [CARD] = &CARD_SHAPE,
    [LOAN] = &LOAN_SHAPE,
    [FUND] = &FUND_SHAPE,
    [CORPORATE_DEPOSIT] = &CORPORATE_DEPOSIT_SHAPE,
    [CORPORATE_LOAN] = &CORPORATE_LOAN_SHAPE,
};

_Noreturn void year_fail(const char *what, const char *path)
{
    fprintf(stderr, "generate: could not %s \"%s\"\n", what, path);
    exit(16);
}

void *year_grow(void *array, uint32_t *room, uint32_t count, size_t size)
{
    if (count < *room) return array;
    *room = *room ? *room * 2 : 1024;
    array = realloc(array, *room * size);
    if (!array) year_fail("find memory for", "the bank");
    return array;
}

/* --- customers --- */

static uint64_t holder_hash(const struct holder *h)
{
    return draw_mix(h->index * 32 + (uint64_t)h->system * 4 + (uint64_t)h->copy * 2 + h->company);
}

static void place_holder(struct year *y, uint32_t customer)
{
    uint64_t at = holder_hash(&y->customers[customer].holder);
    while (y->by_holder[at % y->by_holder_size]) at++;
    y->by_holder[at % y->by_holder_size] = customer + 1;
}

static void grow_holders(struct year *y)
{
    if (y->customers_count * 2 + 2 < y->by_holder_size) return;
    free(y->by_holder);
    y->by_holder_size = y->by_holder_size ? y->by_holder_size * 2 : 4096;
    y->by_holder = calloc(y->by_holder_size, sizeof *y->by_holder);
    if (!y->by_holder) year_fail("find memory for", "the customers");
    for (uint32_t c = 0; c < y->customers_count; c++) place_holder(y, c);
}

uint32_t year_find(const struct year *y, const struct holder *h)
{
    if (!y->by_holder_size) return 0;
    for (uint64_t at = holder_hash(h);; at++) {
        uint32_t found = y->by_holder[at % y->by_holder_size];
        if (!found) return 0;
        const struct holder *o = &y->customers[found - 1].holder;
        if (o->system == h->system && o->company == h->company && o->index == h->index && o->copy == h->copy)
            return found;
    }
}

uint32_t year_first_of(const struct year *y, const struct holder *h)
{
    return h->index < y->first_of_room[h->company] ? y->first_of[h->company][h->index] : 0;
}

static void chain_person(struct year *y, uint32_t customer)
{
    struct year_customer *c = &y->customers[customer];
    uint64_t *room = &y->first_of_room[c->holder.company], wanted = c->holder.index + 1;
    if (wanted > *room) {
        uint64_t more = wanted * 2 + 1024;
        uint32_t *grown = realloc(y->first_of[c->holder.company], more * sizeof *grown);
        if (!grown) year_fail("find memory for", "the persons");
        memset(grown + *room, 0, (more - *room) * sizeof *grown);
        y->first_of[c->holder.company] = grown;
        *room = more;
    }
    uint32_t *first = &y->first_of[c->holder.company][c->holder.index];
    c->next_of_person = *first;
    *first = customer + 1;
}

uint32_t year_new_customer(struct year *y, const struct holder *h)
{
    grow_holders(y);
    y->customers = year_grow(y->customers, &y->customers_room, y->customers_count, sizeof *y->customers);
    uint32_t customer = y->customers_count++;
    y->customers[customer] = (struct year_customer){.holder = *h, .alive = true, .touched = DATE_NONE};
    place_holder(y, customer);
    chain_person(y, customer);
    return customer;
}

uint32_t year_new_person(struct year *y, bool company)
{
    return (uint32_t)(company ? y->companies++ : y->persons++);
}

void year_present(const struct year *y, uint32_t customer, struct presentation *out)
{
    const struct year_customer *c = &y->customers[customer];
    if (c->own)
        *out = *c->own;
    else
        population_present(&y->sample, &c->holder, out);
}

struct presentation *year_own(struct year *y, uint32_t customer)
{
    struct year_customer *c = &y->customers[customer];
    if (c->own) return c->own;
    struct presentation *own = malloc(sizeof *own);
    if (!own) year_fail("find memory for", "a customer");
    population_present(&y->sample, &c->holder, own);
    return c->own = own;
}

void year_source_no(const struct year *y, uint32_t customer, char out[32])
{
    if (customer == UINT32_MAX)
        population_nobody(RETAIL, 1, out);
    else
        holder_source_no(&y->customers[customer].holder, out);
}

int year_branch(const struct year *y, uint32_t customer)
{
    return holder_branch(&y->sample, &y->customers[customer].holder);
}

/* --- accounts and relations --- */

uint32_t year_new_account(struct year *y, uint32_t customer)
{
    y->accounts = year_grow(y->accounts, &y->accounts_room, y->accounts_count, sizeof *y->accounts);
    struct year_customer *c = &y->customers[customer];
    uint32_t account = y->accounts_count++;
    struct year_account *a = &y->accounts[account];
    char own[32];
    *a = (struct year_account){.customer = customer + 1, .alive = true, .touched = DATE_NONE};
    YEAR_SHAPES[c->holder.system]->draw_account(&y->sample, &c->holder, c->places++, &a->a);
    holder_source_no(&c->holder, own);
    if (c->holder.system != RETAIL && strcmp(own, a->a.owner) == 0) a->owner = customer + 1, c->owned++;
    a->next = c->first_account;
    c->first_account = account + 1;
    return account;
}

uint32_t year_new_relation(struct year *y, uint32_t account, uint32_t customer, char role, int share)
{
    y->relations = year_grow(y->relations, &y->relations_room, y->relations_count, sizeof *y->relations);
    uint32_t relation = y->relations_count++;
    struct year_relation *r = &y->relations[relation];
    *r = (struct year_relation){.account = account,
                                .customer = customer,
                                .role = role,
                                .share = share,
                                .alive = true,
                                .touched = DATE_NONE,
                                .next_of_account = y->accounts[account].first_relation};
    y->accounts[account].first_relation = relation + 1;
    if (customer != UINT32_MAX) {
        r->next_of_customer = y->customers[customer].first_relation;
        y->customers[customer].first_relation = relation + 1;
    }
    return relation;
}

uint32_t year_relation_of(const struct year *y, uint32_t account, char role)
{
    for (uint32_t r = y->accounts[account].first_relation; r; r = y->relations[r - 1].next_of_account)
        if (y->relations[r - 1].alive && y->relations[r - 1].role == role) return r;
    return 0;
}

/* Of a card: what the holder has less what he owes. */
int64_t year_ledger(const struct year_account *a)
{
    if (!a->alive) return 0;
    bool card = a->a.limit != 0, fund = a->a.fund[0];
    return fund ? a->a.shares : card ? a->a.balance - a->a.owed : a->a.balance;
}

/* --- today --- */

void year_touch_customer(struct year *y, uint32_t customer, char action)
{
    struct year_customer *c = &y->customers[customer];
    if (action && action != 'D') year_own(y, customer)->changed = y->date;
    if (c->touched != y->date) c->action = c->contact_action = c->address_action = 0;
    if (action && !(c->action && action == 'C')) c->action = action;
    c->touched = y->date;
}

void year_touch_account(struct year *y, uint32_t account, char action)
{
    struct year_account *a = &y->accounts[account];
    if (a->touched == y->date) {
        if (action != 'C') a->action = action;
        return;
    }
    a->opening = year_ledger(a);
    if (a->a.fund[0]) { /* the record says what it was worth when it was sent */
        a->a.nav = y->nav[systems_fund_place(a->a.fund)];
        a->a.nav_date = y->nav_date;
    }
    a->touched = y->date;
    a->action = action;
    a->twice = false;
}

void year_move_account(struct year *y, uint32_t account, char action)
{
    year_touch_account(y, account, action);
    y->accounts[account].a.moved = y->date;
}

void year_touch_relation(struct year *y, uint32_t relation, char action)
{
    y->relations[relation].touched = y->date;
    y->relations[relation].action = action;
}

void year_end_relation(struct year *y, uint32_t relation)
{
    year_touch_relation(y, relation, 'D');
    y->relations[relation].alive = false;
}

void year_note(struct year *y, enum year_event event, uint32_t customer, uint32_t account)
{
    char date[11], source_no[32] = "";
    y->count[event]++;
    if (!y->log || event == EVENT_ACCOUNT_ACTIVE) return;
    date_format(y->date, date);
    if (customer != UINT32_MAX) year_source_no(y, customer, source_no);
    fprintf(y->log, "%s\t%s\t%s\t%s\n", date, YEAR_EVENT_NAMES[event], source_no,
            account != UINT32_MAX ? y->accounts[account].a.number : "");
}

void year_later(struct year *y, enum year_event event, int32_t date, uint32_t one, uint32_t two)
{
    y->tasks = year_grow(y->tasks, &y->tasks_room, y->tasks_count, sizeof *y->tasks);
    y->tasks[y->tasks_count++] = (struct year_task){date, event, one, two};
}

int year_slack(const struct year *y)
{
    int32_t until = y->last;
    for (int i = 0; i < y->options->unload_count; i++)
        if (y->options->unload_at[i] >= y->date && y->options->unload_at[i] < until) until = y->options->unload_at[i];
    return until - y->date;
}
