/* year: what happens to customers, and what they tell about themselves. */
#include "base/date.h"
#include "samples/year.h"

#include <string.h>

enum { ATTEMPTS = 400, STREAM_CONTACT = 400, STREAM_ADDRESS = 500 };

uint32_t year_any_customer(struct year *y, bool alive)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        uint32_t at = (uint32_t)draw_below(&y->draw, y->customers_count);
        const struct year_customer *c = &y->customers[at];
        if (c->alive == alive && c->touched != y->date && !c->reserved && y->open[c->holder.system]) return at + 1;
    }
    return 0;
}

/* --- contacts and addresses: each version is another set --- */

static struct draw version_draw(const struct year *y, uint32_t customer, uint32_t stream, int version)
{
    return holder_draw(&y->sample, &y->customers[customer].holder, stream + (uint32_t)version);
}

static int how_many(const struct year *y, uint32_t customer, bool contacts)
{
    const struct year_customer *c = &y->customers[customer];
    int version = contacts ? c->contacts : c->addresses;
    const struct system_shape *shape = YEAR_SHAPES[c->holder.system];
    if (!(contacts ? shape->contacts : shape->addresses)) return 0;
    struct draw d = version_draw(y, customer, contacts ? STREAM_CONTACT : STREAM_ADDRESS, version);
    if (version) return 1 + (int)draw_below(&d, 2);
    return draw_below(&d, 3) ? 0 : 1 + (int)draw_below(&d, 2);
}

int year_contacts(const struct year *y, uint32_t customer)
{
    const struct year_customer *c = &y->customers[customer];
    return c->contacts_ended ? 0 : how_many(y, customer, true);
}

int year_addresses(const struct year *y, uint32_t customer)
{
    const struct year_customer *c = &y->customers[customer];
    return c->addresses_ended ? 0 : how_many(y, customer, false);
}

static void present_other(const struct year *y, uint32_t customer, uint64_t which, struct presentation *out)
{
    struct holder other = y->customers[customer].holder;
    other.index += 100000 + which;
    population_present(&y->sample, &other, out);
}

void year_contact_record(const struct year *y, uint32_t customer, int place, struct record *r)
{
    const struct year_customer *c = &y->customers[customer];
    struct draw d = version_draw(y, customer, STREAM_CONTACT, c->contacts * 10 + place + 1);
    struct presentation p;
    char source_no[32];
    present_other(y, customer, (uint64_t)c->contacts * 7 + (uint64_t)place, &p);
    year_source_no(y, customer, source_no);
    YEAR_SHAPES[c->holder.system]->contact_record(&y->sample, source_no, &p, &d, r);
}

void year_address_record(const struct year *y, uint32_t customer, int place, struct record *r)
{
    const struct year_customer *c = &y->customers[customer];
    struct draw d = version_draw(y, customer, STREAM_ADDRESS, c->addresses * 10 + place + 1);
    struct presentation p;
    char source_no[32];
    present_other(y, customer, 50000 + (uint64_t)c->addresses * 7 + (uint64_t)place, &p);
    year_source_no(y, customer, source_no);
    YEAR_SHAPES[c->holder.system]->address_record(&y->sample, source_no, &p, &d, r);
}

/* A customer of a system that knows contacts (addresses), with or without some now. */
static uint32_t telling(struct year *y, bool contacts, bool has)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        uint32_t c = year_any_customer(y, true);
        if (!c) return 0;
        const struct system_shape *shape = YEAR_SHAPES[y->customers[c - 1].holder.system];
        if (!(contacts ? shape->contacts : shape->addresses)) continue;
        if (!has || (contacts ? year_contacts(y, c - 1) : year_addresses(y, c - 1))) return c;
    }
    return 0;
}

bool year_contact_changed(struct year *y)
{
    uint32_t c = telling(y, true, false);
    if (!c) return false;
    year_touch_customer(y, c - 1, 0);
    y->customers[c - 1].contacts++;
    y->customers[c - 1].contacts_ended = false;
    y->customers[c - 1].contact_action = 'A';
    year_note(y, EVENT_CONTACT_CHANGED, c - 1, UINT32_MAX);
    return true;
}

bool year_contact_ended(struct year *y)
{
    uint32_t c = telling(y, true, true);
    if (!c) return false;
    year_touch_customer(y, c - 1, 0);
    y->customers[c - 1].contacts_ended = true;
    y->customers[c - 1].contact_action = 'D';
    year_note(y, EVENT_CONTACT_ENDED, c - 1, UINT32_MAX);
    return true;
}

bool year_address_changed(struct year *y)
{
    uint32_t c = telling(y, false, false);
    if (!c) return false;
    year_touch_customer(y, c - 1, 0);
    y->customers[c - 1].addresses++;
    y->customers[c - 1].addresses_ended = false;
    y->customers[c - 1].address_action = 'A';
    year_note(y, EVENT_ADDRESS_CHANGED, c - 1, UINT32_MAX);
    return true;
}

bool year_address_ended(struct year *y)
{
    uint32_t c = telling(y, false, true);
    if (!c) return false;
    year_touch_customer(y, c - 1, 0);
    y->customers[c - 1].addresses_ended = true;
    y->customers[c - 1].address_action = 'D';
    year_note(y, EVENT_ADDRESS_ENDED, c - 1, UINT32_MAX);
    return true;
}

/* --- new ones --- */

void year_introduce(struct year *y, uint32_t customer)
{
    struct presentation *own = year_own(y, customer);
    own->opened = y->date;
    year_touch_customer(y, customer, 'N');
    struct year_customer *c = &y->customers[customer];
    if (year_contacts(y, customer)) c->contact_action = 'A';
    if (year_addresses(y, customer)) c->address_action = 'A';
}

/* A system that sends today and serves such customers. */
static bool choose_system(struct year *y, bool company, enum sample_system *out)
{
    static const enum sample_system personal[] = {RETAIL, RETAIL, CARD, LOAN, FUND},
                                    corporate[] = {CORPORATE_DEPOSIT, CORPORATE_DEPOSIT, CORPORATE_LOAN, RETAIL};
    *out = company ? corporate[draw_below(&y->draw, 4)] : personal[draw_below(&y->draw, 5)];
    return y->open[*out];
}

static void open_some(struct year *y, uint32_t customer)
{
    for (uint64_t n = draw_below(&y->draw, 3); n > 0; n--) year_open_account(y, customer, true);
}

bool year_customer_new(struct year *y)
{
    enum sample_system system;
    bool company = draw_below(&y->draw, 5) == 0;
    if (!choose_system(y, company, &system)) return false;
    struct holder h = {.system = system, .company = company, .index = year_new_person(y, company)};
    uint32_t c = year_new_customer(y, &h);
    year_introduce(y, c);
    open_some(y, c);
    year_note(y, EVENT_CUSTOMER_NEW, c, UINT32_MAX);
    return true;
}

/* A person whom another system knows already. What the clerk writes down is the document the person has now. */
bool year_joins_person(struct year *y)
{
    uint32_t known = year_any_customer(y, true);
    if (!known) return false;
    struct holder h = y->customers[known - 1].holder;
    if (!choose_system(y, h.company, &h.system)) return false;
    h.copy = 0;
    if (year_find(y, &h)) h.copy = 1;
    if (year_find(y, &h)) return false;
    struct presentation p;
    bool renewed = y->customers[known - 1].own != NULL;
    year_present(y, known - 1, &p);
    uint32_t c = year_new_customer(y, &h);
    struct presentation *own = year_own(y, c);
    if (renewed) {
        memcpy(own->type, p.type, sizeof p.type);
        memcpy(own->number, p.number, sizeof p.number);
    }
    year_introduce(y, c);
    open_some(y, c);
    year_note(y, EVENT_JOINS_PERSON, c, UINT32_MAX);
    return true;
}

bool year_customer_changed(struct year *y)
{
    uint32_t c = year_any_customer(y, true);
    struct presentation p;
    if (!c) return false;
    struct presentation *own = year_own(y, c - 1);
    present_other(y, c - 1, 70000 + draw_below(&y->draw, 10000), &p);
    if (draw_below(&y->draw, 2)) {
        memcpy(own->mobile, p.mobile, sizeof p.mobile);
    } else {
        memcpy(own->address, p.address, sizeof p.address);
        memcpy(own->zip, p.zip, sizeof p.zip);
    }
    year_touch_customer(y, c - 1, 'C');
    year_note(y, EVENT_CUSTOMER_CHANGED, c - 1, UINT32_MAX);
    return true;
}

/* --- those who leave --- */

/* May he leave today? All he owns is his alone, little, and was not touched today. */
static bool may_leave(const struct year *y, uint32_t customer)
{
    const struct year_customer *c = &y->customers[customer];
    uint32_t owned = 0, closing = 0;
    for (uint32_t i = c->first_account; i; i = y->accounts[i - 1].next)
        if (y->accounts[i - 1].owner == customer + 1) {
            if (!y->accounts[i - 1].alive) continue;
            if (y->accounts[i - 1].touched == y->date) return false;
            owned++;
        }
    for (uint32_t i = c->first_relation; i; i = y->relations[i - 1].next_of_customer) {
        const struct year_relation *r = &y->relations[i - 1];
        if (!r->alive) continue;
        if (r->touched == y->date || y->accounts[r->account].touched == y->date) return false;
        if (!y->accounts[r->account].alive || r->role == 'A' || r->role == 'G') continue;
        if (r->role == 'J' || year_relation_of(y, r->account, 'J')) return false;
        closing++;
    }
    return owned == c->owned && owned + closing <= 3;
}

bool year_customer_closed(struct year *y)
{
    uint32_t c = year_any_customer(y, true);
    if (!c || !may_leave(y, c - 1)) return false;
    struct year_customer *who = &y->customers[c - 1];
    for (uint32_t i = who->first_account; i; i = y->accounts[i - 1].next)
        if (y->accounts[i - 1].owner == c && y->accounts[i - 1].alive) year_close_account(y, i - 1, false);
    for (uint32_t i = who->first_relation; i; i = y->relations[i - 1].next_of_customer) {
        struct year_relation *r = &y->relations[i - 1];
        if (!r->alive) continue;
        if (r->role == 'O' && y->accounts[r->account].alive)
            year_close_account(y, r->account, true);
        else
            year_end_relation(y, i - 1);
    }
    year_touch_customer(y, c - 1, 'D');
    if (year_contacts(y, c - 1)) who->contact_action = 'D';
    if (year_addresses(y, c - 1)) who->address_action = 'D';
    who->contacts_ended = who->addresses_ended = true;
    who->alive = false;
    year_note(y, EVENT_CUSTOMER_CLOSED, c - 1, UINT32_MAX);
    return true;
}

/* He comes back, with an old account or a new one. */
bool year_customer_reopened(struct year *y)
{
    uint32_t c = year_any_customer(y, false);
    if (!c) return false;
    struct year_customer *who = &y->customers[c - 1];
    who->alive = true;
    year_touch_customer(y, c - 1, 'N');
    uint32_t old = 0;
    for (uint32_t i = who->first_account; i && !old; i = y->accounts[i - 1].next) {
        const struct year_account *a = &y->accounts[i - 1];
        bool his = who->holder.system == RETAIL ? !year_relation_of(y, i - 1, 'O') : a->owner == c;
        if (!a->alive && a->touched != y->date && his) old = i;
    }
    if (old)
        year_reopen_account(y, old - 1);
    else
        year_open_account(y, c - 1, true);
    year_note(y, EVENT_CUSTOMER_REOPENED, c - 1, UINT32_MAX);
    return true;
}
