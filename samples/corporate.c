#include "samples/systems.h"

#include "base/date.h"
#include "samples/source_file.h"

#include <string.h>

static const struct spoil DEPOSIT_CUSTOMER_SPOILS[] = {
    {"SRC", 0, 12, NULL, false},         {"TYPE", 12, 0, "P", false},    {"IDTYPE", 13, 0, "01", false},
    {"ID", 15, 20, NULL, false},         {"NAME", 35, 100, NULL, false}, {"ESTAB", 135, 0, "19990431", false},
    {"OPEN", 301, 0, "00000000", false}, {"CHG", 309, 8, NULL, false},   {0}};
static const struct spoil DEPOSIT_ACCOUNT_SPOILS[] = {
    {"ACCT", 0, 22, NULL, false},       {"SRC", 26, 12, NULL, false},
    {"CUR", 38, 0, "XXX", false},       {"CASH", 41, 0, "C", false},
    {"KIND", 42, 0, "d", false},        {"BAL", 43, 0, "*000000000000000000", true},
    {"OPEN", 73, 0, "20261032", false}, {"RATE", 81, 9, NULL, false},
    {"STATUS", 90, 0, "Z", false},      {0}};
static const struct spoil LOAN_CUSTOMER_SPOILS[] = {
    {"SRC", 0, 12, NULL, false},        {"TYPE", 12, 0, "P", false},
    {"IDTYPE", 13, 2, NULL, false},     {"ID", 15, 20, NULL, false},
    {"NAME", 35, 100, NULL, false},     {"ESTAB", 135, 0, "1999O430", false},
    {"CHG", 261, 0, "20270101", false}, {0}};
static const struct spoil LOAN_ACCOUNT_SPOILS[] = {{"ACCT", 0, 22, NULL, false},
                                                   {"SRC", 22, 12, NULL, false},
                                                   {"CUR", 34, 3, NULL, false},
                                                   {"BAL", 37, 17, NULL, true},
                                                   {"TERM", 54, 0, "12 ", false},
                                                   {"OVBAL", 57, 0, "0", false},
                                                   {"OVPER", 74, 3, NULL, false},
                                                   {"OPEN", 77, 0, "20269999", false},
                                                   {"MAT", 85, 0, "00000000", false},
                                                   {"STATUS", 93, 0, "?", false},
                                                   {0}};

static const struct file_shape DEPOSIT_CUSTOMERS = {.name = "CDPCUST",
                                                    .record_length = 320,
                                                    .line_end = LINE_MIXED,
                                                    .complete = COMPLETE_CTL,
                                                    .spoils = DEPOSIT_CUSTOMER_SPOILS};
static const struct file_shape DEPOSIT_ACCOUNTS = {.name = "CDPACCT",
                                                   .record_length = 130,
                                                   .complete = COMPLETE_CTL,
                                                   .changes_at = 90,
                                                   .changes_to = 'D',
                                                   .spoils = DEPOSIT_ACCOUNT_SPOILS};
static const struct file_shape LOAN_CUSTOMERS = {.name = "CLNCUST",
                                                 .record_length = 280,
                                                 .line_end = LINE_NONE,
                                                 .complete = COMPLETE_OK,
                                                 .spoils = LOAN_CUSTOMER_SPOILS};
static const struct file_shape LOAN_ACCOUNTS = {.name = "CLNACCT",
                                                .record_length = 120,
                                                .line_end = LINE_NONE,
                                                .complete = COMPLETE_OK,
                                                .changes_at = 93,
                                                .changes_to = 'W',
                                                .spoils = LOAN_ACCOUNT_SPOILS};

struct writer {
    const struct sample *sample;
    const struct system_shape *shape;
    struct source_file file;
};

/* The part both systems share: offsets 0 to 142. */
static void start_customer(const struct holder *h, const struct presentation *p, size_t length, struct record *r)
{
    char source_no[32];
    holder_source_no(h, source_no);
    record_start(r, length, false);
    record_text(r, 0, 12, source_no);
    r->bytes[12] = (unsigned char)p->customer_type;
    record_text(r, 13, 2, p->type);
    record_text(r, 15, 20, p->number);
    record_text(r, 35, 100, p->name);
    record_date(r, 135, p->birth, DATE_YYYYMMDD);
}

static void deposit_customer_record(const struct holder *h, const struct presentation *p, struct record *r)
{
    start_customer(h, p, 320, r);
    record_text(r, 143, 40, "法定代表人");
    record_text(r, 183, 16, p->phone);
    record_text(r, 199, 90, p->address);
    record_text(r, 289, 6, p->zip);
    record_text(r, 295, 6, p->branch);
    record_date(r, 301, p->opened, DATE_YYYYMMDD);
    record_date(r, 309, p->changed, DATE_YYYYMMDD);
}

static void loan_customer_record(const struct holder *h, const struct presentation *p, struct record *r)
{
    start_customer(h, p, 280, r);
    record_text(r, 143, 16, p->phone);
    record_text(r, 159, 90, p->address);
    record_text(r, 249, 6, p->zip);
    record_text(r, 255, 6, p->branch);
    record_date(r, 261, p->changed, DATE_YYYYMMDD);
}

static void put_customer(void *context, const struct holder *h)
{
    struct writer *w = context;
    struct presentation p;
    struct record r;
    population_present(w->sample, h, &p);
    w->shape->customer_record(h, &p, &r);
    source_file_put(&w->file, &r, 0);
}

static void draw_deposit(const struct sample *s, const struct holder *h, int place, struct account *a)
{
    struct draw d = holder_draw(s, h, 100 + (uint32_t)place);
    memset(a, 0, sizeof *a);
    holder_source_no(h, a->owner);
    snprintf(a->number, sizeof a->number, "0200%.12s%06d", a->owner, place + 1);
    memcpy(a->sub_account, "0001", 5);
    if (draw_chance(&d, s->mix.ownerless)) population_nobody(CORPORATE_DEPOSIT, h->index, a->owner);
    struct money balance = systems_draw_money(s, &d, 8, true);
    memcpy(a->currency, balance.currency, 4);
    a->place = place;
    a->balance = balance.minor * 10;
    bool dinar = memcmp(a->currency, "KWD", 3) == 0;
    if (dinar || draw_chance(&d, s->mix.thousandths)) a->balance += (int64_t)draw_below(&d, 10);
    a->cash_flag = memcmp(a->currency, "CNY", 3) == 0 ? ' ' : 'S';
    a->kind = "DDDDDDFFFN"[draw_below(&d, 10)];
    a->term = systems_draw_term(&d);
    a->opened = systems_draw_opened(s, &d);
    a->until = systems_maturity(a->opened, a->term);
    a->status = "AAAAAAAAAAAAFDC"[draw_below(&d, 15)];
    snprintf(a->branch, sizeof a->branch, "%.6s", s->unit);
    a->moved = systems_draw_moved(s, &d, a->opened);
}

static void deposit_record(const struct account *a, struct record *r)
{
    record_start(r, 130, false);
    record_text(r, 0, 22, a->number);
    record_text(r, 22, 4, a->sub_account);
    record_text(r, 26, 12, a->owner);
    record_text(r, 38, 3, a->currency);
    r->bytes[41] = (unsigned char)a->cash_flag;
    r->bytes[42] = (unsigned char)a->kind;
    record_amount(r, 43, 19, a->balance, SIGN_LEADING);
    /* Nobody looks at the term and the maturity of a demand account: rubbish stands there. */
    record_digits(r, 62, 3, (uint64_t)a->term);
    record_date(r, 65, a->until, DATE_YYYYMMDD);
    if (a->kind != 'F') record_text(r, 62, 11, a->place % 2 ? "???99999999" : "           ");
    record_date(r, 73, a->opened, DATE_YYYYMMDD);
    record_amount(r, 81, 9, 11500, SIGN_NONE);
    r->bytes[90] = (unsigned char)a->status;
    record_text(r, 91, 6, a->branch);
    record_date(r, 97, a->moved, DATE_YYYYMMDD);
}

static void draw_loan(const struct sample *s, const struct holder *h, int place, struct account *a)
{
    struct draw d = holder_draw(s, h, 100 + (uint32_t)place);
    memset(a, 0, sizeof *a);
    holder_source_no(h, a->owner);
    snprintf(a->number, sizeof a->number, "0300%.12s%06d", a->owner, place + 1);
    if (draw_chance(&d, s->mix.ownerless)) population_nobody(CORPORATE_LOAN, h->index, a->owner);
    struct money balance = systems_draw_money(s, &d, 8, true);
    memcpy(a->currency, balance.currency, 4);
    a->place = place;
    a->balance = balance.minor;
    a->term = systems_draw_term(&d);
    a->periods = draw_below(&d, 10) ? 0 : 1 + (int)draw_below(&d, 6);
    a->owed = a->periods ? a->balance / 1000 * a->periods * 100 : 0;
    a->opened = systems_draw_opened(s, &d);
    a->until = systems_maturity(a->opened, a->term);
    a->status = a->periods == 0 ? 'N' : a->periods > 5 ? 'W' : 'O';
    snprintf(a->branch, sizeof a->branch, "%.6s", s->unit);
    a->moved = systems_draw_moved(s, &d, a->opened);
}

static void loan_record(const struct account *a, struct record *r)
{
    record_start(r, 120, false);
    record_text(r, 0, 22, a->number);
    record_text(r, 22, 12, a->owner);
    record_text(r, 34, 3, a->currency);
    record_amount(r, 37, 17, a->balance, SIGN_LEADING);
    record_digits(r, 54, 3, (uint64_t)a->term);
    record_amount(r, 57, 17, a->owed, SIGN_LEADING);
    record_digits(r, 74, 3, (uint64_t)a->periods);
    record_date(r, 77, a->opened, DATE_YYYYMMDD);
    record_date(r, 85, a->until, DATE_YYYYMMDD);
    r->bytes[93] = (unsigned char)a->status;
    record_text(r, 94, 6, "WORKCP");
    record_text(r, 100, 6, a->branch);
    record_date(r, 106, a->moved, DATE_YYYYMMDD);
}

static void put_accounts(void *context, const struct holder *h)
{
    struct writer *w = context;
    int count = systems_account_count(w->sample, h);
    for (int i = 0; i < count; i++) {
        struct account a;
        struct record r;
        w->shape->draw_account(w->sample, h, i, &a);
        w->shape->account_record(&a, &r);
        source_file_put(&w->file, &r, 0);
    }
}

const struct system_shape CORPORATE_DEPOSIT_SHAPE = {.customers = &DEPOSIT_CUSTOMERS,
                                                     .accounts = &DEPOSIT_ACCOUNTS,
                                                     .customer_record = deposit_customer_record,
                                                     .draw_account = draw_deposit,
                                                     .account_record = deposit_record};
const struct system_shape CORPORATE_LOAN_SHAPE = {.customers = &LOAN_CUSTOMERS,
                                                  .accounts = &LOAN_ACCOUNTS,
                                                  .customer_record = loan_customer_record,
                                                  .draw_account = draw_loan,
                                                  .account_record = loan_record};

static void write_files(const struct sample *s, enum sample_system system, const struct system_shape *shape)
{
    struct writer w = {.sample = s, .shape = shape};
    source_file_open(&w.file, s, shape->customers, NULL);
    population_each(s, system, put_customer, &w);
    source_file_close(&w.file);
    source_file_open(&w.file, s, shape->accounts, NULL);
    population_each(s, system, put_accounts, &w);
    source_file_close(&w.file);
}

void systems_write_corporate_deposit(const struct sample *s)
{
    write_files(s, CORPORATE_DEPOSIT, &CORPORATE_DEPOSIT_SHAPE);
}

void systems_write_corporate_loan(const struct sample *s)
{
    write_files(s, CORPORATE_LOAN, &CORPORATE_LOAN_SHAPE);
}
