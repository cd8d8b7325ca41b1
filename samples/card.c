#include "samples/systems.h"

#include "base/date.h"
#include "samples/source_file.h"

#include <string.h>

static const struct spoil CUSTOMER_SPOILS[] = {{"SRC", 0, 16, NULL, false},
                                               {"TYPE", 16, 0, "C", false},
                                               {"IDTYPE", 17, 0, "99", false},
                                               {"ID", 19, 30, NULL, false},
                                               {"NAME", 49, 60, NULL, false},
                                               {"SEX", 109, 0, "m", false},
                                               {"BIRTH", 110, 0, "1980/01/02", false},
                                               {"BIRTH", 110, 0, "1899-12-31", false},
                                               {"OPEN", 254, 0, "2001-02-29", false},
                                               {"CHG", 264, 0, "2027-01-01", false},
                                               {0}};
static const struct spoil ACCOUNT_SPOILS[] = {{"ACCT", 0, 19, NULL, false},
                                              {"SRC", 19, 16, NULL, false},
                                              {"CUR", 35, 3, NULL, false},
                                              {"BAL", 38, 0, "+000000000012345", true},
                                              {"OD", 54, 0, "000000000001234 ", false},
                                              {"LIMIT", 70, 0, "00000000O001234+", false},
                                              {"OPEN", 89, 0, "2026-11-01", false},
                                              {"EXPIRY", 99, 0, "2100-01-01", false},
                                              {"STATUS", 109, 1, NULL, false},
                                              {0}};
static const struct spoil ADDRESS_SPOILS[] = {
    {"SRC", 0, 16, NULL, false}, {"KIND", 16, 1, NULL, false}, {"ADDR", 17, 90, NULL, false}, {0}};

static const struct file_shape CUSTOMERS = {.name = "CRDCUST",
                                            .record_length = 280,
                                            .gzip = true,
                                            .complete = COMPLETE_TRAILER,
                                            .changes_at = 267,
                                            .changes_to = '1',
                                            .spoils = CUSTOMER_SPOILS};
static const struct file_shape ACCOUNTS = {.name = "CRDACCT",
                                           .record_length = 160,
                                           .gzip = true,
                                           .complete = COMPLETE_TRAILER,
                                           .changes_at = 109,
                                           .changes_to = 'F',
                                           .spoils = ACCOUNT_SPOILS};
static const struct file_shape ADDRESSES = {.name = "CRDADDR", .record_length = 130, .spoils = ADDRESS_SPOILS};

struct writer {
    const struct sample *sample;
    struct source_file file;
};

static void customer_record(const struct holder *h, const struct presentation *p, struct record *r)
{
    char source_no[32];
    holder_source_no(h, source_no);
    record_start(r, 280, false);
    record_text(r, 0, 16, source_no);
    r->bytes[16] = (unsigned char)p->customer_type;
    record_text(r, 17, 2, p->type);
    record_text(r, 19, 30, p->number);
    record_text(r, 49, 60, p->name);
    r->bytes[109] = (unsigned char)p->sex;
    /* This system cannot leave a date of birth open: it writes the first day it can. */
    record_date(r, 110, p->birth == DATE_NONE ? date_from_civil(1900, 1, 1) : p->birth, DATE_YYYY_MM_DD);
    record_text(r, 120, 16, p->phone);
    record_text(r, 136, 16, p->mobile);
    record_text(r, 152, 90, p->address);
    record_text(r, 242, 6, p->zip);
    record_text(r, 248, 6, p->branch);
    record_date(r, 254, p->opened, DATE_YYYY_MM_DD);
    record_date(r, 264, p->changed, DATE_YYYY_MM_DD);
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
    snprintf(a->number, sizeof a->number, "622%.10s%06d", a->owner + 6, place * 17 + 4); /* 19 digits */
    if (draw_chance(&d, s->mix.ownerless)) population_nobody(CARD, h->index, a->owner);
    struct money balance = systems_draw_money(s, &d, 5, true);
    bool owes = draw_below(&d, 3) == 0;
    memcpy(a->currency, balance.currency, 4);
    a->place = place;
    a->owed = owes ? draw_amount(&d, 5) / 100 * 100 : 0;
    a->balance = owes ? 0 : balance.minor;
    a->opened = systems_draw_opened(s, &d);
    a->limit = (int64_t)(draw_below(&d, 50) + 1) * 100000;
    a->cvv = (int)draw_below(&d, 1000);
    a->until = s->business_date + (int32_t)draw_below(&d, 1800);
    a->status = "AAAAAAAAFC"[draw_below(&d, 10)];
    snprintf(a->product, sizeof a->product, "%s", draw_below(&d, 3) ? "GOLD" : "BASIC");
    snprintf(a->branch, sizeof a->branch, "%.6s", s->unit);
    a->moved = systems_draw_moved(s, &d, a->opened);
    if (draw_below(&d, 20) == 0) a->moved = DATE_NONE; /* a card nobody has used */
}

static void account_record(const struct account *a, struct record *r)
{
    record_start(r, 160, false);
    record_text(r, 0, 19, a->number);
    record_text(r, 19, 16, a->owner);
    record_text(r, 35, 3, a->currency);
    record_amount(r, 38, 16, a->balance, SIGN_TRAILING);
    record_amount(r, 54, 16, a->owed, SIGN_TRAILING);
    record_amount(r, 70, 16, a->limit, SIGN_TRAILING);
    record_digits(r, 86, 3, (uint64_t)a->cvv);
    record_date(r, 89, a->opened, DATE_YYYY_MM_DD);
    record_date(r, 99, a->until, DATE_YYYY_MM_DD);
    r->bytes[109] = (unsigned char)a->status;
    record_text(r, 110, 6, a->product);
    record_text(r, 116, 6, a->branch);
    if (a->moved != DATE_NONE) record_date(r, 122, a->moved, DATE_YYYY_MM_DD);
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

static void address_record(const struct sample *s, const char *source_no, const struct presentation *p, struct draw *d,
                           struct record *r)
{
    (void)s;
    record_start(r, 130, false);
    record_text(r, 0, 16, source_no);
    r->bytes[16] = (unsigned char)"BBBHW"[draw_below(d, 5)];
    record_text(r, 17, 90, p->address);
    record_text(r, 107, 6, p->zip);
    record_text(r, 113, 3, "CHN");
}

static void put_address(void *context, const struct holder *h)
{
    struct writer *w = context;
    struct draw d = holder_draw(w->sample, h, 21);
    struct presentation p;
    struct record r;
    char source_no[32];
    if (draw_below(&d, 3)) return;
    population_present(w->sample, h, &p);
    holder_source_no(h, source_no);
    address_record(w->sample, source_no, &p, &d, &r);
    source_file_put(&w->file, &r, 0);
}

static void write_file(const struct sample *s, const struct file_shape *shape,
                       void (*put)(void *, const struct holder *))
{
    struct writer w = {.sample = s};
    source_file_open(&w.file, s, shape, NULL);
    population_each(s, CARD, put, &w);
    source_file_close(&w.file);
}

void systems_write_card(const struct sample *s)
{
    write_file(s, &CUSTOMERS, put_customer);
    write_file(s, &ACCOUNTS, put_accounts);
    write_file(s, &ADDRESSES, put_address);
}

const struct system_shape CARD_SHAPE = {.customers = &CUSTOMERS,
                                        .accounts = &ACCOUNTS,
                                        .addresses = &ADDRESSES,
                                        .customer_record = customer_record,
                                        .draw_account = draw_account,
                                        .account_record = account_record,
                                        .address_record = address_record};
