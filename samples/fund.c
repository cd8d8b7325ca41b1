#include "samples/systems.h"

#include "base/date.h"
#include "samples/source_file.h"

#include <string.h>

static const struct spoil CUSTOMER_SPOILS[] = {
    {"SRC", 0, 12, NULL, false},        {"TYPE", 12, 0, "X", false},        {"ID", 13, 2, NULL, false},
    {"ID", 15, 30, NULL, false},        {"NAME", 45, 60, NULL, false},      {"BIRTH", 105, 0, "19000229", false},
    {"CHG", 221, 0, "20261101", false}, {"CHG", 221, 0, "2026 101", false}, {0}};
static const struct spoil ACCOUNT_SPOILS[] = {{"ACCT", 0, 20, NULL, false},
                                              {"SRC", 20, 12, NULL, false},
                                              {"FUND", 32, 6, NULL, false},
                                              {"FUND", 32, 0, "999999", false}, /* has no net asset value */
                                              {"FUND", 32, 0, "510300", false}, /* has one in another currency */
                                              {"SHARES", 38, 0, "00000000000012345", false},
                                              {"NAV", 55, 0, "00001,234", false},
                                              {"NAVDATE", 64, 0, "20261101", false},
                                              {"NAVDATE", 64, 0, "00000000", false},
                                              {"BAL", 72, 0, "+00000000000 1234", true},
                                              {0}};

static const struct file_shape CUSTOMERS = {.name = "FNDCUST",
                                            .record_length = 240,
                                            .line_end = LINE_CRLF,
                                            .complete = COMPLETE_OK,
                                            .changes_at = 224,
                                            .changes_to = '1',
                                            .spoils = CUSTOMER_SPOILS};
static const struct file_shape ACCOUNTS = {.name = "FNDACCT",
                                           .record_length = 110,
                                           .line_end = LINE_CRLF,
                                           .complete = COMPLETE_OK,
                                           .changes_at = 37,
                                           .changes_to = '9',
                                           .spoils = ACCOUNT_SPOILS};

struct writer {
    const struct sample *sample;
    struct source_file file;
};

static void customer_record(const struct holder *h, const struct presentation *p, struct record *r)
{
    char source_no[32];
    holder_source_no(h, source_no);
    record_start(r, 240, false);
    record_text(r, 0, 12, source_no);
    r->bytes[12] = (unsigned char)p->customer_type;
    record_text(r, 13, 2, p->type);
    record_text(r, 15, 30, p->number);
    record_text(r, 45, 60, p->name);
    if (p->birth != DATE_NONE || h->index % 2) record_date(r, 105, p->birth, DATE_YYYYMMDD); /* none: zeros or blanks */
    record_text(r, 113, 16, p->mobile);
    record_text(r, 129, 80, p->address);
    record_text(r, 209, 6, p->zip);
    record_text(r, 215, 6, p->branch);
    record_date(r, 221, p->changed, DATE_YYYYMMDD);
}

static void put_customer(void *context, const struct holder *h)
{
    struct writer *w = context;
    struct presentation p;
    struct record r;
    population_present(w->sample, h, &p);
    customer_record(h, &p, &r);
    source_file_put(&w->file, &r, 0);
}

static void draw_account(const struct sample *s, const struct holder *h, int place, struct account *a)
{
    struct draw d = holder_draw(s, h, 100 + (uint32_t)place);
    memset(a, 0, sizeof *a);
    holder_source_no(h, a->owner);
    snprintf(a->number, sizeof a->number, "F%.12s%06d%d", a->owner, 519000, place % 10);
    if (draw_chance(&d, s->mix.ownerless)) population_nobody(FUND, h->index, a->owner);
    struct money value = systems_draw_money(s, &d, 6, false);
    memcpy(a->currency, value.currency, 4);
    a->place = place;
    snprintf(a->fund, sizeof a->fund, "%s", systems_fund((int)draw_below(&d, SYSTEMS_FUNDS), &a->nav));
    a->shares = value.minor * 10000 / a->nav;
    a->nav_date = s->business_date - 1;
    snprintf(a->branch, sizeof a->branch, "%.6s", s->unit);
    a->moved = systems_draw_moved(s, &d, date_from_civil(1995, 1, 1));
}

static void account_record(const struct account *a, struct record *r)
{
    record_start(r, 110, false);
    record_text(r, 0, 20, a->number);
    record_text(r, 20, 12, a->owner);
    record_text(r, 32, 6, a->fund);
    record_amount(r, 38, 17, a->shares, SIGN_LEADING);
    record_amount(r, 55, 9, a->nav, SIGN_NONE);
    record_date(r, 64, a->nav_date, DATE_YYYYMMDD);
    record_amount(r, 72, 17, systems_fund_value(a->shares, a->nav), SIGN_LEADING);
    record_text(r, 89, 6, a->branch);
    record_date(r, 95, a->moved, DATE_YYYYMMDD);
}

static void put_accounts(void *context, const struct holder *h)
{
    struct writer *w = context;
    int count = systems_account_count(w->sample, h);
    for (int i = 0; i < count; i++) {
        struct account a;
        struct record r;
        draw_account(w->sample, h, i, &a);
        account_record(&a, &r);
        source_file_put(&w->file, &r, 0);
    }
}

static void write_file(const struct sample *s, const struct file_shape *shape,
                       void (*put)(void *, const struct holder *))
{
    struct writer w = {.sample = s};
    source_file_open(&w.file, s, shape, NULL);
    population_each(s, FUND, put, &w);
    source_file_close(&w.file);
}

void systems_write_fund(const struct sample *s)
{
    write_file(s, &CUSTOMERS, put_customer);
    write_file(s, &ACCOUNTS, put_accounts);
}

const struct system_shape FUND_SHAPE = {.customers = &CUSTOMERS,
                                        .accounts = &ACCOUNTS,
                                        .customer_record = customer_record,
                                        .draw_account = draw_account,
                                        .account_record = account_record};
