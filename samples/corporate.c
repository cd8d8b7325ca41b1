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
    struct source_file file;
};

/* The part both systems share: offsets 0 to 142. */
static void start_customer(const struct writer *w, const struct holder *h, size_t length, struct record *r,
                           struct presentation *p)
{
    char source_no[32];
    population_present(w->sample, h, p);
    holder_source_no(h, source_no);
    record_start(r, length, false);
    record_text(r, 0, 12, source_no);
    r->bytes[12] = (unsigned char)p->customer_type;
    record_text(r, 13, 2, p->type);
    record_text(r, 15, 20, p->number);
    record_text(r, 35, 100, p->name);
    record_date(r, 135, p->birth, DATE_YYYYMMDD);
}

static void put_deposit_customer(void *context, const struct holder *h)
{
    struct writer *w = context;
    struct presentation p;
    struct record r;
    start_customer(w, h, 320, &r, &p);
    record_text(&r, 143, 40, "法定代表人");
    record_text(&r, 183, 16, p.phone);
    record_text(&r, 199, 90, p.address);
    record_text(&r, 289, 6, p.zip);
    record_text(&r, 295, 6, p.branch);
    record_date(&r, 301, p.opened, DATE_YYYYMMDD);
    record_date(&r, 309, p.changed, DATE_YYYYMMDD);
    source_file_put(&w->file, &r, 0);
}

static void put_loan_customer(void *context, const struct holder *h)
{
    struct writer *w = context;
    struct presentation p;
    struct record r;
    start_customer(w, h, 280, &r, &p);
    record_text(&r, 143, 16, p.phone);
    record_text(&r, 159, 90, p.address);
    record_text(&r, 249, 6, p.zip);
    record_text(&r, 255, 6, p.branch);
    record_date(&r, 261, p.changed, DATE_YYYYMMDD);
    source_file_put(&w->file, &r, 0);
}

static void put_deposits(void *context, const struct holder *h)
{
    struct writer *w = context;
    const struct sample *s = w->sample;
    int count = systems_account_count(s, h);
    for (int i = 0; i < count; i++) {
        struct draw d = holder_draw(s, h, 100 + (uint32_t)i);
        struct record r;
        char source_no[32], account[80];
        holder_source_no(h, source_no);
        snprintf(account, sizeof account, "0200%s%06d", source_no, i + 1);
        if (draw_chance(&d, s->mix.ownerless)) population_nobody(CORPORATE_DEPOSIT, h->index, source_no);
        struct money balance = systems_draw_money(s, &d, 8, true);
        int64_t thousandths = balance.minor * 10;
        bool dinar = memcmp(balance.currency, "KWD", 3) == 0;
        if (dinar || draw_chance(&d, s->mix.thousandths)) thousandths += (int64_t)draw_below(&d, 10);
        char kind = "DDDDDDFFFN"[draw_below(&d, 10)];
        int term = systems_draw_term(&d);
        int32_t opened = systems_draw_opened(s, &d);
        record_start(&r, 130, false);
        record_text(&r, 0, 22, account);
        record_text(&r, 22, 4, "0001");
        record_text(&r, 26, 12, source_no);
        record_text(&r, 38, 3, balance.currency);
        r.bytes[41] = memcmp(balance.currency, "CNY", 3) == 0 ? ' ' : 'S';
        r.bytes[42] = (unsigned char)kind;
        record_amount(&r, 43, 19, thousandths, SIGN_LEADING);
        /* Nobody looks at the term and the maturity of a demand account: rubbish stands there. */
        record_digits(&r, 62, 3, (uint64_t)term);
        record_date(&r, 65, systems_maturity(opened, term), DATE_YYYYMMDD);
        if (kind != 'F') record_text(&r, 62, 11, i % 2 ? "???99999999" : "           ");
        record_date(&r, 73, opened, DATE_YYYYMMDD);
        record_amount(&r, 81, 9, 11500, SIGN_NONE);
        r.bytes[90] = (unsigned char)"AAAAAAAAAAAAFDC"[draw_below(&d, 15)];
        record_text(&r, 91, 6, s->unit);
        source_file_put(&w->file, &r, 0);
    }
}

static void put_loans(void *context, const struct holder *h)
{
    struct writer *w = context;
    const struct sample *s = w->sample;
    int count = systems_account_count(s, h);
    for (int i = 0; i < count; i++) {
        struct draw d = holder_draw(s, h, 100 + (uint32_t)i);
        struct record r;
        char source_no[32], account[80];
        holder_source_no(h, source_no);
        snprintf(account, sizeof account, "0300%s%06d", source_no, i + 1);
        if (draw_chance(&d, s->mix.ownerless)) population_nobody(CORPORATE_LOAN, h->index, source_no);
        struct money balance = systems_draw_money(s, &d, 8, true);
        int term = systems_draw_term(&d), periods = draw_below(&d, 10) ? 0 : 1 + (int)draw_below(&d, 6);
        int32_t opened = systems_draw_opened(s, &d);
        record_start(&r, 120, false);
        record_text(&r, 0, 22, account);
        record_text(&r, 22, 12, source_no);
        record_text(&r, 34, 3, balance.currency);
        record_amount(&r, 37, 17, balance.minor, SIGN_LEADING);
        record_digits(&r, 54, 3, (uint64_t)term);
        record_amount(&r, 57, 17, periods ? balance.minor / 1000 * periods * 100 : 0, SIGN_LEADING);
        record_digits(&r, 74, 3, (uint64_t)periods);
        record_date(&r, 77, opened, DATE_YYYYMMDD);
        record_date(&r, 85, systems_maturity(opened, term), DATE_YYYYMMDD);
        r.bytes[93] = periods == 0 ? 'N' : periods > 5 ? 'W' : 'O';
        record_text(&r, 94, 6, "WORKCP");
        record_text(&r, 100, 6, s->unit);
        source_file_put(&w->file, &r, 0);
    }
}

static void write_file(const struct sample *s, enum sample_system system, const struct file_shape *shape,
                       void (*put)(void *, const struct holder *))
{
    struct writer w = {.sample = s};
    source_file_open(&w.file, s, shape, NULL);
    population_each(s, system, put, &w);
    source_file_close(&w.file);
}

void systems_write_corporate_deposit(const struct sample *s)
{
    write_file(s, CORPORATE_DEPOSIT, &DEPOSIT_CUSTOMERS, put_deposit_customer);
    write_file(s, CORPORATE_DEPOSIT, &DEPOSIT_ACCOUNTS, put_deposits);
}

void systems_write_corporate_loan(const struct sample *s)
{
    write_file(s, CORPORATE_LOAN, &LOAN_CUSTOMERS, put_loan_customer);
    write_file(s, CORPORATE_LOAN, &LOAN_ACCOUNTS, put_loans);
}
