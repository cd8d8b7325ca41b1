/* year: rates, net asset values, the exclusion list, and customers who become rich overnight. */
#include "base/date.h"
#include "samples/year.h"

#include <stdio.h>
#include <string.h>

enum {
    /* A demand deposit in foreign currency of so many fen reaches the threshold of config/template/formulas/personal
     * (500,000 yuan at a coefficient of 1.5). */
    WATERMARK_FEN = 33333334,
    WATERMARK_FUND_FEN = 25000000, /* the same of funds, at a coefficient of 2 */
    NAV_STEP_PPM = 15000,
    RATE_STEP_PPM = 9000, /* of a day at most; 5 % would be held */
};

static void draw_rates(struct year *y)
{
    for (int i = 0; i < SYSTEMS_QUOTES; i++) {
        int64_t step = (int64_t)draw_below(&y->draw, 2 * RATE_STEP_PPM + 1) - RATE_STEP_PPM;
        y->next_rate[i] = y->rate[i] + y->rate[i] / 1000 * step / 1000;
    }
}

static void draw_navs(struct year *y)
{
    for (int i = 0; i <= SYSTEMS_FUNDS; i++) {
        int64_t step = (int64_t)draw_below(&y->draw, 2 * NAV_STEP_PPM + 1) - NAV_STEP_PPM;
        y->next_nav[i] = y->nav[i] + y->nav[i] * step / 1000000;
    }
}

/* Somebody with one fund, untouched by anything else. */
static void plant_fund(struct year *y)
{
    struct holder h = {.system = FUND, .index = year_new_person(y, false)};
    uint32_t c = year_new_customer(y, &h), account = year_new_account(y, c);
    struct presentation *own = year_own(y, c);
    struct account *a = &y->accounts[account].a;
    memcpy(own->type, "01", 3);
    population_fresh_number(y->fresh_numbers++, own->number);
    own->customer_type = 'P';
    holder_source_no(&h, a->owner);
    y->accounts[account].owner = c + 1;
    y->customers[c].owned++;
    a->shares = 100000;
    y->customers[c].reserved = true;
    y->planted_fund[y->planted_funds++] = account;
}

/* Somebody with one account in foreign currency, untouched by anything else. */
static void plant(struct year *y, int quote)
{
    int per_unit;
    int64_t middle;
    struct holder h = {.system = RETAIL, .index = year_new_person(y, false)};
    uint32_t c = year_new_customer(y, &h), account = year_new_account(y, c);
    struct presentation *own = year_own(y, c);
    struct account *a = &y->accounts[account].a;
    memcpy(own->type, "01", 3);
    population_fresh_number(y->fresh_numbers++, own->number);
    own->customer_type = 'P';
    memcpy(a->currency, systems_quote(quote, &per_unit, &middle), 4);
    a->cash_flag = 'S', a->kind = 'D', a->status = 'A', a->balance = 100000, a->term = 0, a->until = DATE_NONE;
    year_new_relation(y, account, c, 'O', 10000);
    y->customers[c].reserved = true;
    y->planted[y->planted_count++] = account;
}

static void put_excluded(void *context, const struct holder *h)
{
    static const char *const reasons[] = {"DECEASED", "WRITEOFF", "BLACK", "STAFF", "INTERNAL", "REFUSES"};
    static const int32_t days[] = {0, 365, 2, -1};
    struct year *y = context;
    struct draw d = holder_draw(&y->sample, h, 30);
    struct presentation p;
    if (!draw_chance(&d, y->sample.mix.excluded)) return;
    y->exclusions = year_grow(y->exclusions, &y->exclusions_room, y->exclusions_count, sizeof *y->exclusions);
    struct year_exclusion *e = &y->exclusions[y->exclusions_count++];
    population_present(&y->sample, h, &p);
    memcpy(e->type, p.type, sizeof e->type);
    memcpy(e->number, p.number, sizeof e->number);
    e->person = y->excluded_persons++;
    e->reason = reasons[draw_below(&d, 6)];
    uint64_t kind = draw_below(&d, 4);
    e->expires = kind == 0 ? DATE_NONE : y->date + days[kind];
}

void year_market_open(struct year *y)
{
    int per_unit;
    for (int i = 0; i < SYSTEMS_QUOTES; i++) systems_quote(i, &per_unit, &y->rate[i]);
    y->rate_date = year_is_trading(y->date) ? y->date : year_trading_before(y->date);
    draw_rates(y);
    for (int i = 0; i <= SYSTEMS_FUNDS; i++) systems_fund(i, &y->nav[i]);
    y->nav_date = year_trading_before(y->rate_date);
    draw_navs(y);
    for (int i = 0; i < SYSTEMS_INTEREST; i++) {
        y->interest[i] = systems_interest(i);
        y->interest_since[i] = y->date - 30;
    }
    for (int i = 0; i < 12 && y->options->events[EVENT_ENTRY_BY_NAV]; i++) plant_fund(y);
    for (int i = 0; i < 2 * SYSTEMS_QUOTES + y->options->days / 8 && i < YEAR_PLANTED_MAX; i++)
        if (y->options->events[EVENT_ENTRY_BY_RATE]) plant(y, i % SYSTEMS_QUOTES);
    population_each(&y->sample, RETAIL, put_excluded, y);
    population_each(&y->sample, CORPORATE_DEPOSIT, put_excluded, y);
}

/* Now and then the bank changes what it pays for deposits. */
static void move_interest(struct year *y)
{
    if (draw_below(&y->draw, 20)) return;
    uint64_t i = draw_below(&y->draw, SYSTEMS_INTEREST);
    y->interest[i] += y->interest[i] / 10 * (draw_below(&y->draw, 2) ? 1 : -1);
    y->interest_since[i] = y->date;
}

void year_market_day(struct year *y)
{
    if (!year_is_trading(y->date)) return;
    memcpy(y->rate, y->next_rate, sizeof y->rate);
    memcpy(y->nav, y->next_nav, sizeof y->nav);
    y->rate_date = y->date;
    y->nav_date = year_trading_before(y->date);
    draw_rates(y);
    draw_navs(y);
    move_interest(y);
}

/* Today just below the watermark; tomorrow's net asset value, which is drawn already, lifts it above. */
bool year_entry_by_nav(struct year *y)
{
    if (!year_is_trading(y->date + 1) || y->date >= y->last || !y->open[FUND]) return false;
    for (int i = 0; i < y->planted_funds; i++) {
        uint32_t account = y->planted_fund[i];
        struct year_account *a = &y->accounts[account];
        int f = systems_fund_place(a->a.fund);
        if (y->next_nav[f] - y->nav[f] < y->nav[f] / 500) continue;
        year_move_account(y, account, 'C');
        a->a.shares = (int64_t)WATERMARK_FUND_FEN * 10000 / ((y->nav[f] + y->next_nav[f]) / 2);
        y->planted_fund[i] = y->planted_fund[--y->planted_funds];
        year_note(y, EVENT_ENTRY_BY_NAV, a->customer - 1, account);
        return true;
    }
    return false;
}

/* Today just below the watermark; tomorrow's rate, which is drawn already, lifts it above. */
bool year_entry_by_rate(struct year *y)
{
    if (!year_is_trading(y->date + 1) || y->date >= y->last) return false;
    for (int i = 0; i < y->planted_count; i++) {
        uint32_t account = y->planted[i];
        struct year_account *a = &y->accounts[account];
        for (int q = 0; q < SYSTEMS_QUOTES; q++) {
            int per_unit;
            int64_t middle;
            if (memcmp(a->a.currency, systems_quote(q, &per_unit, &middle), 3) != 0) continue;
            if (y->next_rate[q] - y->rate[q] < y->rate[q] / 2000) continue;
            int64_t between = (y->rate[q] + y->next_rate[q]) / 2;
            year_move_account(y, account, 'C');
            a->a.balance = (int64_t)((__int128)WATERMARK_FEN * 1000000 * per_unit / between);
            if (a->a.currency[0] == 'J' || memcmp(a->a.currency, "KRW", 3) == 0) a->a.balance -= a->a.balance % 100;
            y->planted[i] = y->planted[--y->planted_count];
            year_note(y, EVENT_ENTRY_BY_RATE, a->customer - 1, account);
            return true;
        }
    }
    return false;
}

bool year_excluded(struct year *y)
{
    static const char *const reasons[] = {"DECEASED", "WRITEOFF", "BLACK", "STAFF", "INTERNAL", "REFUSES"};
    uint32_t c = year_any_customer(y, true);
    struct presentation p;
    if (!c) return false;
    year_present(y, c - 1, &p);
    y->exclusions = year_grow(y->exclusions, &y->exclusions_room, y->exclusions_count, sizeof *y->exclusions);
    struct year_exclusion *e = &y->exclusions[y->exclusions_count++];
    memcpy(e->type, p.type, sizeof e->type);
    memcpy(e->number, p.number, sizeof e->number);
    e->person = y->excluded_persons++;
    e->reason = reasons[draw_below(&y->draw, 6)];
    e->expires = draw_below(&y->draw, 2) ? DATE_NONE : y->date + (int32_t)draw_below(&y->draw, 30);
    year_note(y, EVENT_EXCLUDED, c - 1, UINT32_MAX);
    return true;
}

bool year_exclusion_ended(struct year *y)
{
    if (!y->exclusions_count) return false;
    uint32_t person = y->exclusions[draw_below(&y->draw, y->exclusions_count)].person, kept = 0;
    for (uint32_t i = 0; i < y->exclusions_count; i++)
        if (y->exclusions[i].person != person) y->exclusions[kept++] = y->exclusions[i];
    y->exclusions_count = kept;
    year_note(y, EVENT_EXCLUSION_ENDED, UINT32_MAX, UINT32_MAX);
    return true;
}

void year_exclusion_renewed(struct year *y, const char *type, const char *before, const char *now)
{
    uint32_t count = y->exclusions_count;
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(y->exclusions[i].type, type) == 0 && strcmp(y->exclusions[i].number, now) == 0) return;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(y->exclusions[i].type, type) != 0 || strcmp(y->exclusions[i].number, before) != 0) continue;
        y->exclusions = year_grow(y->exclusions, &y->exclusions_room, y->exclusions_count, sizeof *y->exclusions);
        struct year_exclusion *e = &y->exclusions[y->exclusions_count++];
        *e = y->exclusions[i];
        snprintf(e->number, sizeof e->number, "%s", now);
    }
}
