#include "samples/systems.h"

#include "base/date.h"
#include "samples/source_file.h"

#include <string.h>

static const struct spoil CUSTOMER_SPOILS[] = {{"SRC", 0, 10, NULL, false},
                                               {"TYPE", 10, 1, NULL, false},
                                               {"ID", 11, 2, NULL, false},
                                               {"ID", 13, 36, NULL, false},
                                               {"NAME", 49, 40, NULL, false},
                                               {"SEX", 89, 0, "M", false},
                                               {"BIRTH", 90, 0, "800230", false},
                                               {"OPEN", 204, 0, "491301", false},
                                               {"OPEN", 204, 0, "261101", false},
                                               {"CHG", 210, 6, NULL, false},
                                               {0}};
static const struct spoil ACCOUNT_SPOILS[] = {{"ACCT", 0, 20, NULL, false},
                                              {"SRC", 20, 10, NULL, false},
                                              {"CUR", 30, 0, "RMB", false},
                                              {"BAL", 33, 0, "0000000012345Z", true},
                                              {"BAL", 33, 0, "+0000000012345", true},
                                              {"TERM", 47, 3, NULL, false},
                                              {"OVBAL", 50, 0, "000000{0012345", false},
                                              {"OVPER", 64, 0, "-01", false},
                                              {"OPEN", 67, 0, "2023366", false},
                                              {"OPEN", 67, 0, "2027001", false},
                                              {"MAT", 74, 0, "2023000", false},
                                              {"STATUS", 81, 0, "A", false},
                                              {0}};
static const struct spoil CONTACT_SPOILS[] = {
    {"SRC", 0, 10, NULL, false}, {"REL", 10, 2, NULL, false}, {"NAME", 12, 40, NULL, false}, {0}};

static const struct file_shape CUSTOMERS = {.name = "LONCUST",
                                            .record_length = 220,
                                            .gb18030 = true,
                                            .complete = COMPLETE_CTL,
                                            .changes_at = 211,
                                            .changes_to = '1',
                                            .spoils = CUSTOMER_SPOILS};
static const struct file_shape ACCOUNTS = {.name = "LONACCT",
                                           .record_length = 120,
                                           .gb18030 = true,
                                           .complete = COMPLETE_CTL,
                                           .changes_at = 81,
                                           .changes_to = 'W',
                                           .spoils = ACCOUNT_SPOILS};
static const struct file_shape CONTACTS = {
    .name = "LONCONT", .record_length = 90, .gb18030 = true, .complete = COMPLETE_CTL, .spoils = CONTACT_SPOILS};

struct writer {
    const struct sample *sample;
    struct source_file file;
};

static void customer_record(const struct holder *h, const struct presentation *p, struct record *r)
{
    char source_no[32];
    holder_source_no(h, source_no);
    record_start(r, 220, true);
    record_text(r, 0, 10, source_no);
    r->bytes[10] = (unsigned char)p->customer_type;
    record_text(r, 11, 2, p->type);
    record_text(r, 13, 36, p->number);
    record_text(r, 49, 40, p->name);
    r->bytes[89] = p->sex == ' ' ? ' ' : p->sex == 'M' ? '1' : '2';
    if (p->birth != DATE_NONE) record_date(r, 90, p->birth, DATE_YYMMDD);
    record_text(r, 96, 16, p->mobile);
    record_text(r, 112, 80, p->address);
    record_text(r, 192, 6, p->zip);
    record_text(r, 198, 6, p->branch);
    record_date(r, 204, p->opened, DATE_YYMMDD);
    record_date(r, 210, p->changed, DATE_YYMMDD);
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
    static const int months[] = {0, 12, 24, 36, 60, 120, 240, 360};
    struct draw d = holder_draw(s, h, 100 + (uint32_t)place);
    memset(a, 0, sizeof *a);
    holder_source_no(h, a->owner);
    snprintf(a->number, sizeof a->number, "DK%.10s%06d%02d", a->owner, 110100, place);
    if (draw_chance(&d, s->mix.ownerless)) population_nobody(LOAN, h->index, a->owner);
    struct money balance = systems_draw_money(s, &d, 7, true);
    memcpy(a->currency, balance.currency, 4);
    a->place = place;
    a->balance = balance.minor;
    a->term = months[draw_below(&d, 8)];
    a->periods = draw_below(&d, 12) ? 0 : 1 + (int)draw_below(&d, 12);
    a->opened = systems_draw_opened(s, &d);
    a->owed = a->periods ? a->balance / 100 / (a->term ? a->term : 12) * a->periods * 100 : 0;
    a->until = a->term ? systems_maturity(a->opened, a->term) : DATE_NONE;
    a->status = a->periods ? (draw_below(&d, 10) ? 'O' : 'W') : 'N';
    snprintf(a->product, sizeof a->product, "%s", a->term > 60 ? "HOUSE" : "CAR");
    snprintf(a->branch, sizeof a->branch, "%.6s", s->unit);
    a->moved = systems_draw_moved(s, &d, a->opened);
}

static void account_record(const struct account *a, struct record *r)
{
    record_start(r, 120, true);
    record_text(r, 0, 20, a->number);
    record_text(r, 20, 10, a->owner);
    record_text(r, 30, 3, a->currency);
    record_amount(r, 33, 14, a->balance, SIGN_OVERPUNCH);
    record_digits(r, 47, 3, (uint64_t)a->term);
    record_amount(r, 50, 14, a->owed, SIGN_OVERPUNCH);
    if (a->owed == 0 && a->place % 2) r->bytes[63] = a->place % 4 == 1 ? '}' : '0'; /* minus nothing; a plain digit */
    if (a->periods || a->place % 2) record_digits(r, 64, 3, (uint64_t)a->periods);
    record_date(r, 67, a->opened, DATE_YYYYDDD);
    record_date(r, 74, a->until, DATE_YYYYDDD);
    r->bytes[81] = (unsigned char)a->status;
    record_text(r, 82, 6, a->product);
    record_text(r, 88, 6, a->branch);
    record_date(r, 94, a->moved, DATE_YYYYDDD);
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

static void contact_record(const struct sample *s, const char *source_no, const struct presentation *p, struct draw *d,
                           struct record *r)
{
    (void)s;
    record_start(r, 90, true);
    record_text(r, 0, 10, source_no);
    record_text(r, 10, 2, draw_below(d, 2) ? "01" : "09");
    record_text(r, 12, 40, p->name);
    record_text(r, 52, 16, p->mobile);
    record_text(r, 68, 16, p->phone);
}

static void put_contact(void *context, const struct holder *h)
{
    struct writer *w = context;
    struct draw d = holder_draw(w->sample, h, 20);
    struct presentation p;
    struct record r;
    char source_no[32];
    if (draw_below(&d, 2)) return;
    struct holder guarantor = *h;
    guarantor.index += 300000;
    population_present(w->sample, &guarantor, &p);
    holder_source_no(h, source_no);
    contact_record(w->sample, source_no, &p, &d, &r);
    source_file_put(&w->file, &r, 0);
}

static void write_file(const struct sample *s, const struct file_shape *shape,
                       void (*put)(void *, const struct holder *))
{
    struct writer w = {.sample = s};
    source_file_open(&w.file, s, shape, NULL);
    population_each(s, LOAN, put, &w);
    source_file_close(&w.file);
}

void systems_write_loan(const struct sample *s)
{
    write_file(s, &CUSTOMERS, put_customer);
    write_file(s, &ACCOUNTS, put_accounts);
    write_file(s, &CONTACTS, put_contact);
}

const struct system_shape LOAN_SHAPE = {.customers = &CUSTOMERS,
                                        .accounts = &ACCOUNTS,
                                        .contacts = &CONTACTS,
                                        .customer_record = customer_record,
                                        .draw_account = draw_account,
                                        .account_record = account_record,
                                        .contact_record = contact_record};
