#include "samples/systems.h"

#include "base/date.h"
#include "samples/source_file.h"

#include <string.h>

/* Each entry makes exactly one check of the template's layout fail: the reason named. */
static const struct spoil CUSTOMER_SPOILS[] = {{"SRC", 0, 12, NULL, false},
                                               {"STATUS", 264, 0, "X", false},
                                               {"TYPE", 12, 0, "B", false},
                                               {"ID", 13, 2, NULL, false},
                                               {"ID", 15, 30, NULL, false},
                                               {"NAME", 45, 60, NULL, false},
                                               {"SEX", 105, 0, "7", false},
                                               {"BIRTH", 106, 0, "19800230", false},
                                               {"BIRTH", 106, 0, "20991231", false},
                                               {"OPEN", 248, 0, "19491001", false},
                                               {"OPEN", 248, 0, "2O010203", false},
                                               {"CHG", 256, 8, NULL, false},
                                               {0}};
static const struct spoil ACCOUNT_SPOILS[] = {{"ACCT", 0, 22, NULL, false},
                                              {"CUR", 26, 0, "THB", false},
                                              {"CUR", 26, 0, "cny", false},
                                              {"CASH", 29, 0, "X", false},
                                              {"KIND", 30, 0, "Z", false},
                                              {"STATUS", 83, 1, NULL, false},
                                              {"BAL", 31, 0, " 00000000001234567", true},
                                              {"BAL", 31, 0, "+0000000000123.567", true},
                                              {"TERM", 49, 0, "1x2", false},
                                              {"MAT", 52, 0, "20250229", false},
                                              {"OPEN", 60, 0, "20991231", false},
                                              {"RATE", 68, 0, "+00350000", false},
                                              {0}};
static const struct spoil RELATION_SPOILS[] = {{"ACCT", 0, 22, NULL, false},
                                               {"SRC", 26, 12, NULL, false},
                                               {"ROLE", 38, 0, "X", false},
                                               {"SHARE", 39, 0, "1.000", false},
                                               {0}};
static const struct spoil CONTACT_SPOILS[] = {
    {"SRC", 0, 12, NULL, false}, {"REL", 12, 0, "04", false}, {"NAME", 14, 60, NULL, false}, {0}};
static const struct spoil ADDRESS_SPOILS[] = {
    {"SRC", 0, 12, NULL, false}, {"KIND", 12, 0, "X", false}, {"ADDR", 13, 100, NULL, false}, {0}};

static const struct file_shape CUSTOMERS = {.name = "RTLCUST",
                                            .record_length = 300,
                                            .header = true,
                                            .complete = COMPLETE_TRAILER,
                                            .changes_at = 259,
                                            .changes_to = '1',
                                            .spoils = CUSTOMER_SPOILS};
static const struct file_shape ACCOUNTS = {.name = "RTLACCT",
                                           .record_length = 120,
                                           .header = true,
                                           .complete = COMPLETE_TRAILER,
                                           .sum_width = 20,
                                           .changes_at = 83,
                                           .changes_to = 'D',
                                           .spoils = ACCOUNT_SPOILS};
static const struct file_shape RELATIONS = {.name = "RTLREL",
                                            .record_length = 50,
                                            .header = true,
                                            .complete = COMPLETE_TRAILER,
                                            .changes_at = 38,
                                            .changes_to = 'A',
                                            .spoils = RELATION_SPOILS};
static const struct file_shape CONTACTS = {.name = "RTLCONT", .record_length = 110, .spoils = CONTACT_SPOILS};
static const struct file_shape ADDRESSES = {
    .name = "RTLADDR", .record_length = 140, .line_end = LINE_MIXED, .spoils = ADDRESS_SPOILS};

struct writer {
    const struct sample *sample;
    struct source_file file;
    int branch; /* -1: all */
};

static bool elsewhere(const struct writer *w, const struct holder *h)
{
    return w->branch >= 0 && holder_branch(w->sample, h) != w->branch;
}

static void customer_record(const struct holder *h, const struct presentation *p, struct record *r)
{
    char source_no[32];
    holder_source_no(h, source_no);
    record_start(r, 300, false);
    record_text(r, 0, 12, source_no);
    r->bytes[12] = (unsigned char)p->customer_type;
    record_text(r, 13, 2, p->type);
    record_text(r, 15, 30, p->number);
    record_text(r, 45, 60, p->name);
    r->bytes[105] = (unsigned char)p->sex;
    record_date(r, 106, p->birth, DATE_YYYYMMDD);
    record_text(r, 114, 16, p->phone);
    record_text(r, 130, 16, p->mobile);
    record_text(r, 146, 90, p->address);
    record_text(r, 236, 6, p->zip);
    record_text(r, 242, 6, p->branch);
    record_date(r, 248, p->opened, DATE_YYYYMMDD);
    record_date(r, 256, p->changed, DATE_YYYYMMDD);
    r->bytes[264] = (unsigned char)"AAAAAADC"[h->index % 8];
    record_text(r, 265, 8, h->index % 3 ? "" : "M0001234");
}

static void put_customer(void *context, const struct holder *h)
{
    struct writer *w = context;
    struct presentation p;
    struct record r;
    if (elsewhere(w, h)) return;
    population_present(w->sample, h, &p);
    customer_record(h, &p, &r);
    source_file_put(&w->file, &r, 0);
}

/* The place-th account of a holder; every second one is a sub-account of the one before it. */
static void draw_account(const struct sample *s, const struct holder *h, int place, struct account *a)
{
    struct draw d = holder_draw(s, h, 100 + (uint32_t)place);
    memset(a, 0, sizeof *a);
    holder_source_no(h, a->owner);
    snprintf(a->number, sizeof a->number, "6222%.12s%04d%02d", a->owner, 7 * (place / 2) + 11, place / 2);
    snprintf(a->sub_account, sizeof a->sub_account, "%04d", place % 2 + 1);
    struct money money = systems_draw_money(s, &d, 7, true);
    memcpy(a->currency, money.currency, 4);
    a->place = place;
    a->balance = money.minor;
    uint64_t kind = draw_below(&d, 20);
    a->kind = kind < 11 ? 'D' : kind < 19 ? 'F' : 'N';
    a->status = "AAAAAAAAAAAAAAAAFDDC"[draw_below(&d, 20)];
    a->cash_flag = memcmp(a->currency, "CNY", 3) == 0 ? ' ' : draw_below(&d, 3) ? 'S' : 'C';
    a->term = a->kind == 'F' ? systems_draw_term(&d) : 0;
    a->opened = systems_draw_opened(s, &d);
    a->until = a->kind == 'F' ? systems_maturity(a->opened, a->term) : DATE_NONE;
    snprintf(a->branch, sizeof a->branch, "%.2s%02d%02d", s->unit, holder_branch(s, h) % 99 + 1, place % 3 + 1);
    a->moved = systems_draw_moved(s, &d, a->opened);
}

static void account_record(const struct account *a, struct record *r)
{
    record_start(r, 120, false);
    record_text(r, 0, 22, a->number);
    record_text(r, 22, 4, a->sub_account);
    record_text(r, 26, 3, a->currency);
    r->bytes[29] = (unsigned char)a->cash_flag;
    r->bytes[30] = (unsigned char)a->kind;
    record_amount(r, 31, 18, a->balance, SIGN_LEADING);
    record_digits(r, 49, 3, (uint64_t)a->term);
    if (a->kind == 'F' || a->place % 2) record_date(r, 52, a->until, DATE_YYYYMMDD); /* no maturity: zeros or blanks */
    record_date(r, 60, a->opened, DATE_YYYYMMDD);
    record_amount(r, 68, 9, a->kind == 'F' ? 15000 + a->term * 100 : 3500, SIGN_NONE);
    record_text(r, 77, 6, a->branch);
    r->bytes[83] = (unsigned char)a->status;
    record_date(r, 84, a->moved, DATE_YYYYMMDD);
}

static void put_accounts(void *context, const struct holder *h)
{
    struct writer *w = context;
    if (elsewhere(w, h)) return;
    int count = systems_account_count(w->sample, h);
    for (int i = 0; i < count; i++) {
        struct account a;
        struct record r;
        draw_account(w->sample, h, i, &a);
        account_record(&a, &r);
        source_file_put(&w->file, &r, a.balance);
    }
}

static void relation_record(const struct account *a, const char *source_no, char role, int share, struct record *r)
{
    record_start(r, 50, false);
    record_text(r, 0, 22, a->number);
    record_text(r, 22, 4, a->sub_account);
    record_text(r, 26, 12, source_no);
    r->bytes[38] = (unsigned char)role;
    if (share >= 0) record_digits(r, 39, 5, (uint64_t)share);
}

static void put_relation(struct writer *w, const struct account *a, const char *source_no, char role, int share)
{
    struct record r;
    relation_record(a, source_no, role, share, &r);
    source_file_put(&w->file, &r, 0);
}

/* Joint owners take halves or thirds; sometimes the owner's own share is left blank and is what remains. */
static void put_joint(struct writer *w, const struct holder *h, const struct account *a, struct draw *d,
                      const char *owner)
{
    struct holder second, third;
    char partner[32], another[32];
    uint64_t choice = draw_next(d);
    if (!holder_partner(w->sample, h, choice, &second)) {
        put_relation(w, a, owner, 'O', -1);
        return;
    }
    holder_source_no(&second, partner);
    bool three =
        draw_below(d, 2) == 0 && holder_partner(w->sample, h, choice + 1, &third) && third.index != second.index;
    bool blank = draw_below(d, 3) == 0;
    if (three) holder_source_no(&third, another);
    if (draw_below(d, 4) == 0) { /* the owner need not come first in the file */
        put_relation(w, a, partner, 'J', three ? 3333 : 5000);
        put_relation(w, a, owner, 'O', blank ? -1 : three ? 3334 : 5000);
    } else {
        put_relation(w, a, owner, 'O', blank ? -1 : three ? 3334 : 5000);
        put_relation(w, a, partner, 'J', three ? 3333 : 5000);
    }
    if (three) put_relation(w, a, another, 'J', 3333);
}

static void put_relations(void *context, const struct holder *h)
{
    struct writer *w = context;
    const struct sample_mix *m = &w->sample->mix;
    char owner[32], nobody[32];
    if (elsewhere(w, h)) return;
    holder_source_no(h, owner);
    int count = systems_account_count(w->sample, h);
    for (int i = 0; i < count; i++) {
        struct account a;
        struct holder other;
        struct draw d = holder_draw(w->sample, h, 200 + (uint32_t)i);
        draw_account(w->sample, h, i, &a);
        if (draw_chance(&d, m->ownerless)) {
            /* No relation at all (no owner: 无主账户), or to a customer that does not exist. */
            population_nobody(RETAIL, h->index, nobody);
            if (draw_below(&d, 2)) put_relation(w, &a, nobody, 'O', 10000);
            continue;
        }
        if (draw_chance(&d, m->joint))
            put_joint(w, h, &a, &d, owner);
        else
            put_relation(w, &a, owner, 'O', draw_below(&d, 2) ? 10000 : -1);
        if (draw_chance(&d, m->joint / 2) && holder_partner(w->sample, h, draw_next(&d), &other)) {
            holder_source_no(&other, nobody);
            put_relation(w, &a, nobody, draw_below(&d, 2) ? 'A' : 'G', draw_below(&d, 2) ? 0 : -1);
        }
    }
}

static void contact_record(const struct sample *s, const char *source_no, const struct presentation *p, struct draw *d,
                           struct record *r)
{
    static const char *const relations[] = {"01", "02", "03", "09"};
    (void)s;
    record_start(r, 110, false);
    record_text(r, 0, 12, source_no);
    record_text(r, 12, 2, relations[draw_below(d, 4)]);
    record_text(r, 14, 60, p->name);
    record_text(r, 74, 16, p->phone);
    record_text(r, 90, 16, p->mobile);
}

static void address_record(const struct sample *s, const char *source_no, const struct presentation *p, struct draw *d,
                           struct record *r)
{
    (void)s;
    record_start(r, 140, false);
    record_text(r, 0, 12, source_no);
    r->bytes[12] = (unsigned char)"HWB"[draw_below(d, 3)];
    record_text(r, 13, 100, p->address);
    record_text(r, 113, 6, p->zip);
    record_text(r, 119, 3, "CHN");
}

static void put_contacts(void *context, const struct holder *h)
{
    struct writer *w = context;
    struct draw d = holder_draw(w->sample, h, 20);
    for (uint64_t n = draw_below(&d, 4); n > 2; n--) { /* every fourth has one */
        struct presentation p;
        struct record r;
        char source_no[32];
        struct holder relative = *h;
        relative.index += 100000;
        population_present(w->sample, &relative, &p);
        if (draw_chance(&d, w->sample->mix.ownerless))
            population_nobody(RETAIL, h->index, source_no);
        else
            holder_source_no(h, source_no);
        contact_record(w->sample, source_no, &p, &d, &r);
        source_file_put(&w->file, &r, 0);
    }
}

static void put_addresses(void *context, const struct holder *h)
{
    struct writer *w = context;
    struct draw d = holder_draw(w->sample, h, 21);
    for (uint64_t n = draw_below(&d, 5), i = 3; i <= n; i++) {
        struct presentation p;
        struct record r;
        char source_no[32];
        struct holder place = *h;
        place.index += 200000 + i;
        population_present(w->sample, &place, &p);
        if (draw_chance(&d, w->sample->mix.ownerless))
            population_nobody(RETAIL, h->index, source_no);
        else
            holder_source_no(h, source_no);
        address_record(w->sample, source_no, &p, &d, &r);
        source_file_put(&w->file, &r, 0);
    }
}

static void write_file(struct writer *w, const struct file_shape *shape, void (*put)(void *, const struct holder *))
{
    char piece[24];
    snprintf(piece, sizeof piece, "%.2s%02d", w->sample->unit, (w->branch + 1) % 100);
    source_file_open(&w->file, w->sample, shape, w->branch >= 0 ? piece : NULL);
    population_each(w->sample, RETAIL, put, w);
    source_file_close(&w->file);
}

void systems_write_retail(const struct sample *s)
{
    struct writer w = {.sample = s};
    for (w.branch = 0; w.branch < s->mix.branches; w.branch++) {
        write_file(&w, &CUSTOMERS, put_customer);
        write_file(&w, &ACCOUNTS, put_accounts);
        write_file(&w, &RELATIONS, put_relations);
    }
    w.branch = -1;
    write_file(&w, &CONTACTS, put_contacts);
    write_file(&w, &ADDRESSES, put_addresses);
}

const struct system_shape RETAIL_SHAPE = {.customers = &CUSTOMERS,
                                          .accounts = &ACCOUNTS,
                                          .relations = &RELATIONS,
                                          .contacts = &CONTACTS,
                                          .addresses = &ADDRESSES,
                                          .customer_record = customer_record,
                                          .draw_account = draw_account,
                                          .account_record = account_record,
                                          .relation_record = relation_record,
                                          .contact_record = contact_record,
                                          .address_record = address_record};
