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

static void put_customer(void *context, const struct holder *h)
{
    struct writer *w = context;
    struct presentation p;
    struct record r;
    char source_no[32];
    population_present(w->sample, h, &p);
    holder_source_no(h, source_no);
    record_start(&r, 220, true);
    record_text(&r, 0, 10, source_no);
    r.bytes[10] = (unsigned char)p.customer_type;
    record_text(&r, 11, 2, p.type);
    record_text(&r, 13, 36, p.number);
    record_text(&r, 49, 40, p.name);
    r.bytes[89] = p.sex == ' ' ? ' ' : p.sex == 'M' ? '1' : '2';
    if (p.birth != DATE_NONE) record_date(&r, 90, p.birth, DATE_YYMMDD);
    record_text(&r, 96, 16, p.mobile);
    record_text(&r, 112, 80, p.address);
    record_text(&r, 192, 6, p.zip);
    record_text(&r, 198, 6, p.branch);
    record_date(&r, 204, p.opened, DATE_YYMMDD);
    record_date(&r, 210, p.changed, DATE_YYMMDD);
    source_file_put(&w->file, &r, 0);
}

static void put_accounts(void *context, const struct holder *h)
{
    static const int months[] = {0, 12, 24, 36, 60, 120, 240, 360};
    struct writer *w = context;
    const struct sample *s = w->sample;
    int count = systems_account_count(s, h);
    for (int i = 0; i < count; i++) {
        struct draw d = holder_draw(s, h, 100 + (uint32_t)i);
        struct record r;
        char source_no[32], account[80];
        holder_source_no(h, source_no);
        snprintf(account, sizeof account, "DK%s%06d%02d", source_no, 110100, i);
        if (draw_chance(&d, s->mix.ownerless)) population_nobody(LOAN, h->index, source_no);
        struct money balance = systems_draw_money(s, &d, 7, true);
        int term = months[draw_below(&d, 8)], periods = draw_below(&d, 12) ? 0 : 1 + (int)draw_below(&d, 12);
        int32_t opened = systems_draw_opened(s, &d);
        int64_t overdue = periods ? balance.minor / 100 / (term ? term : 12) * periods * 100 : 0;
        record_start(&r, 120, true);
        record_text(&r, 0, 20, account);
        record_text(&r, 20, 10, source_no);
        record_text(&r, 30, 3, balance.currency);
        record_amount(&r, 33, 14, balance.minor, SIGN_OVERPUNCH);
        record_digits(&r, 47, 3, (uint64_t)term);
        record_amount(&r, 50, 14, overdue, SIGN_OVERPUNCH);
        if (overdue == 0 && i % 2) r.bytes[63] = i % 4 == 1 ? '}' : '0'; /* minus nothing; a plain digit */
        if (periods || i % 2) record_digits(&r, 64, 3, (uint64_t)periods);
        record_date(&r, 67, opened, DATE_YYYYDDD);
        record_date(&r, 74, term ? systems_maturity(opened, term) : DATE_NONE, DATE_YYYYDDD);
        r.bytes[81] = periods ? (draw_below(&d, 10) ? 'O' : 'W') : 'N';
        record_text(&r, 82, 6, term > 60 ? "HOUSE" : "CAR");
        record_text(&r, 88, 6, s->unit);
        source_file_put(&w->file, &r, 0);
    }
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
    record_start(&r, 90, true);
    record_text(&r, 0, 10, source_no);
    record_text(&r, 10, 2, draw_below(&d, 2) ? "01" : "09");
    record_text(&r, 12, 40, p.name);
    record_text(&r, 52, 16, p.mobile);
    record_text(&r, 68, 16, p.phone);
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
