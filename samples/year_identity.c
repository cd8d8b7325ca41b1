/* year: numbers that are corrected and documents that are renewed; people who become one and two again. */
#include "base/date.h"
#include "samples/year.h"

#include <string.h>

static bool is_plain_resident(const struct presentation *p)
{
    return strcmp(p->type, "01") == 0 && strlen(p->number) == 18 && p->customer_type == 'P';
}

static bool is_idle(const struct year *y, uint32_t customer)
{
    const struct year_customer *c = &y->customers[customer];
    return c->alive && !c->reserved && c->touched != y->date && y->open[c->holder.system];
}

/* Another record of the same person, alive and not on the list of wrong ones, that the bank takes for the same customer
 * (or would, with the right number); index + 1. */
static uint32_t partner_of(const struct year *y, uint32_t customer, bool same_number)
{
    struct presentation mine, other;
    year_present(y, customer, &mine);
    uint32_t i = year_first_of(y, &y->customers[customer].holder);
    for (; i; i = y->customers[i - 1].next_of_person) {
        if (i - 1 == customer || !y->customers[i - 1].alive || y->customers[i - 1].reserved) continue;
        year_present(y, i - 1, &other);
        if (!is_plain_resident(&other) || strcmp(mine.name, other.name) != 0) continue;
        if ((strcmp(mine.number, other.number) == 0) == same_number) return i;
    }
    return 0;
}

static void mistype(struct year *y, uint32_t customer)
{
    population_fresh_number(y->fresh_numbers++, year_own(y, customer)->number);
    y->apart = year_grow(y->apart, &y->apart_room, y->apart_count, sizeof *y->apart);
    y->apart[y->apart_count++] = customer;
}

/* Before the first day: one record in fifty carries a number that is not its person's. */
void year_mistype_some(struct year *y)
{
    for (uint32_t n = y->customers_count / 50 + 8; n > 0; n--) {
        struct presentation p;
        uint32_t c = year_any_customer(y, true);
        if (!c) continue;
        year_present(y, c - 1, &p);
        if (is_plain_resident(&p) && partner_of(y, c - 1, true)) mistype(y, c - 1);
    }
}

/* A wrong number is put right: two customers turn out to be one. */
bool year_merge(struct year *y)
{
    if (!y->apart_count) return false;
    uint32_t place = (uint32_t)draw_below(&y->draw, y->apart_count), c = y->apart[place];
    if (!is_idle(y, c)) return false;
    uint32_t partner = partner_of(y, c, false);
    struct presentation other;
    if (!partner) return false;
    year_present(y, partner - 1, &other);
    memcpy(year_own(y, c)->number, other.number, sizeof other.number);
    year_touch_customer(y, c, 'I');
    y->apart[place] = y->apart[--y->apart_count];
    year_note(y, EVENT_MERGE, c, UINT32_MAX);
    return true;
}

/* A record turns out to be somebody else's. */
bool year_part(struct year *y)
{
    uint32_t c = year_any_customer(y, true);
    struct presentation p;
    if (!c) return false;
    year_present(y, c - 1, &p);
    if (!is_plain_resident(&p) || !partner_of(y, c - 1, true)) return false;
    mistype(y, c - 1);
    year_touch_customer(y, c - 1, 'I');
    year_note(y, EVENT_PART, c - 1, UINT32_MAX);
    return true;
}

bool year_id_corrected(struct year *y)
{
    uint32_t c = year_any_customer(y, true);
    struct presentation p;
    if (!c) return false;
    year_present(y, c - 1, &p);
    if (!is_plain_resident(&p) || y->customers[year_first_of(y, &y->customers[c - 1].holder) - 1].next_of_person)
        return false;
    population_fresh_number(y->fresh_numbers++, year_own(y, c - 1)->number);
    year_touch_customer(y, c - 1, 'I');
    year_note(y, EVENT_ID_CORRECTED, c - 1, UINT32_MAX);
    return true;
}

/* --- renewal --- */

static bool is_foreign(const struct presentation *p)
{
    return strlen(p->type) == 2 && p->type[0] == '0' && strchr("45679", p->type[1]) && p->customer_type == 'P';
}

static void new_number(struct year *y, const struct presentation *old, char number[128])
{
    unsigned long long serial = 20000000 + y->fresh_numbers++ % 79999999;
    switch (old->type[1]) {
    case '4': snprintf(number, 128, "E%08llu", serial); break;
    case '5': snprintf(number, 128, "军%08llu", serial); break;
    case '6': snprintf(number, 128, "H%08llu00", serial); break;
    case '7': snprintf(number, 128, "%08llu", serial); break;
    default: snprintf(number, 128, "Y%llu", serial); break;
    }
}

static void renew(struct year *y, uint32_t customer, const char *number)
{
    struct presentation p;
    year_present(y, customer, &p);
    year_exclusion_renewed(y, p.type, p.number, number);
    snprintf(year_own(y, customer)->number, sizeof y->customers[customer].own->number, "%s", number);
    year_touch_customer(y, customer, 'R');
}

/* The person shows the new document everywhere, now and then a day later in the last place. */
bool year_id_renewed(struct year *y)
{
    uint32_t c = year_any_customer(y, true), last = 0, records = 0;
    struct presentation p;
    char number[128];
    if (!c) return false;
    year_present(y, c - 1, &p);
    if (!is_foreign(&p)) return false;
    uint32_t first = year_first_of(y, &y->customers[c - 1].holder);
    for (uint32_t i = first; i; i = y->customers[i - 1].next_of_person) {
        if (!y->customers[i - 1].alive) continue;
        year_present(y, i - 1, &p);
        if (!is_idle(y, i - 1) || !is_foreign(&p)) return false;
        last = i;
        records++;
    }
    int32_t tomorrow = y->date + 1;
    bool later = records > 1 && year_slack(y) >= 1 && draw_below(&y->draw, 2) &&
                 year_sends(y->customers[last - 1].holder.system, tomorrow);
    new_number(y, &p, number);
    for (uint32_t i = first; i; i = y->customers[i - 1].next_of_person)
        if (y->customers[i - 1].alive && !(later && i == last)) renew(y, i - 1, number);
    if (later) {
        for (uint32_t i = first; i; i = y->customers[i - 1].next_of_person) y->customers[i - 1].reserved = true;
        year_later(y, EVENT_ID_RENEWED, tomorrow, last - 1, 0);
    }
    year_note(y, EVENT_ID_RENEWED, c - 1, UINT32_MAX);
    return true;
}

void year_do_task(struct year *y, const struct year_task *t)
{
    if (t->event == EVENT_ID_RENEWED) {
        uint32_t first = year_first_of(y, &y->customers[t->one].holder);
        for (uint32_t i = first; i; i = y->customers[i - 1].next_of_person) y->customers[i - 1].reserved = false;
        for (uint32_t i = first; i; i = y->customers[i - 1].next_of_person) {
            if (i - 1 == t->one || !y->customers[i - 1].alive) continue;
            renew(y, t->one, y->customers[i - 1].own->number);
            return;
        }
    } else if (t->event == EVENT_PENDING_CUSTOMER) {
        y->customers[t->one].reserved = false;
        year_introduce(y, t->one);
    } else if (t->event == EVENT_PENDING_RELATION) {
        y->customers[t->one].reserved = false;
        year_touch_relation(y, year_new_relation(y, t->two, t->one, 'O', 10000), 'A');
    }
}
