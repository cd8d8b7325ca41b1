/* year: the files of a day and the full unload.
 *
 *     FOLDER/DATE/…           what the systems send that day
 *     FOLDER/DATE/late/…      a city branch's file that comes after the deadline (it is not among the files of the day)
 *     FOLDER/DATE/redo/…      the corrected version of a file that was wrong the first time
 *     FOLDER/DATE/repeat/…    a file of the day before, sent once more
 *     FOLDER/DATE/unload/…    the full unload, where it was asked for
 */
#include "base/date.h"
#include "samples/year.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct change_file {
    struct year *y;
    struct sample sample; /* as the files of this day see it */
    struct source_file file;
    struct file_shape shape;
    char name[16], folder[4096], piece[8];
    enum sample_system system;
    int branch; /* -1: all */
    bool wrong; /* the version that will be corrected */
};

static void make_folder(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) year_fail("make folder", path);
}

static void folder_of(const struct year *y, const char *below, char path[4096])
{
    char date[11];
    date_format(y->date, date);
    snprintf(path, 4096, "%.4000s/%s", y->options->sample.folder, date);
    make_folder(path);
    if (!*below) return;
    snprintf(path, 4096, "%.4000s/%s/%s", y->options->sample.folder, date, below);
    make_folder(path);
}

/* suffix "CHG": the change list of the file described; one byte more, the action. */
static void open_file(struct change_file *f, struct year *y, const char *below, const struct file_shape *shape,
                      const char *suffix, int branch, bool dirty)
{
    f->y = y;
    f->branch = branch;
    f->sample = y->sample;
    f->sample.business_date = y->date;
    f->sample.folder = f->folder;
    f->sample.mix.dirt = f->sample.mix.repeated = 0;
    f->sample.mix.every_reason = dirty;
    folder_of(y, below, f->folder);
    f->shape = *shape;
    snprintf(f->name, sizeof f->name, "%.10s%.4s", shape->name, suffix);
    f->shape.name = f->name;
    if (*suffix) f->shape.record_length++;
    snprintf(f->piece, sizeof f->piece, "%.2s%02d", y->sample.unit, (branch + 1) % 100);
    source_file_open(&f->file, &f->sample, &f->shape, branch >= 0 ? f->piece : NULL);
}

static void put(struct change_file *f, struct record *r, char action, int64_t amount)
{
    if (action) {
        r->bytes[r->length] = (unsigned char)action;
        r->length++;
    }
    source_file_put(&f->file, r, amount);
}

/* --- what stands in the files; today: only what changed, with its action --- */

static void put_customers(struct change_file *f, bool today)
{
    struct year *y = f->y;
    for (uint32_t i = 0; i < y->customers_count; i++) {
        const struct year_customer *c = &y->customers[i];
        struct presentation p;
        struct record r;
        if (c->holder.system != f->system || (f->branch >= 0 && year_branch(y, i) != f->branch)) continue;
        if (today ? c->touched != y->date || !c->action : !c->alive) continue;
        year_present(y, i, &p);
        YEAR_SHAPES[f->system]->customer_record(&c->holder, &p, &r);
        put(f, &r, today ? c->action : 0, 0);
    }
}

static int64_t summed(const struct change_file *f, const struct account *a)
{
    return f->shape.sum_width ? a->balance : 0;
}

/* An account is listed twice now and then: first a state in between, then the last one of the day. */
static void put_twice(struct change_file *f, const struct year_account *a)
{
    struct account between = a->a;
    struct record r;
    between.balance += 1230000;
    YEAR_SHAPES[f->system]->account_record(&between, &r);
    put(f, &r, a->action, summed(f, &between));
}

static void put_accounts(struct change_file *f, bool today)
{
    struct year *y = f->y;
    for (uint32_t i = 0; i < y->accounts_count; i++) {
        const struct year_account *a = &y->accounts[i];
        const struct year_customer *c = &y->customers[a->customer - 1];
        struct account shown = a->a;
        struct record r;
        if (c->holder.system != f->system || (f->branch >= 0 && year_branch(y, a->customer - 1) != f->branch)) continue;
        if (today ? a->touched != y->date : !a->alive) continue;
        if (today && a->twice) put_twice(f, a);
        if (f->wrong && a->action == 'C') shown.balance += 770000;
        YEAR_SHAPES[f->system]->account_record(&shown, &r);
        put(f, &r, today ? a->action : 0, summed(f, &shown));
    }
}

static void put_relations(struct change_file *f, bool today)
{
    struct year *y = f->y;
    for (uint32_t i = 0; i < y->relations_count; i++) {
        const struct year_relation *l = &y->relations[i];
        const struct year_account *a = &y->accounts[l->account];
        struct record r;
        char source_no[32];
        if (f->branch >= 0 && year_branch(y, a->customer - 1) != f->branch) continue;
        if (today ? l->touched != y->date : !l->alive) continue;
        year_source_no(y, l->customer, source_no);
        YEAR_SHAPES[RETAIL]->relation_record(&a->a, source_no, l->role, l->share, &r);
        put(f, &r, today ? l->action : 0, 0);
    }
}

/* All of a customer's contacts; of one who has none any more, one record that says so. */
static void put_told(struct change_file *f, bool today, bool contacts)
{
    struct year *y = f->y;
    for (uint32_t i = 0; i < y->customers_count; i++) {
        const struct year_customer *c = &y->customers[i];
        char action = contacts ? c->contact_action : c->address_action;
        struct record r;
        if (c->holder.system != f->system || (today ? c->touched != y->date || !action : !c->alive)) continue;
        int count = today && action == 'D' ? 1 : contacts ? year_contacts(y, i) : year_addresses(y, i);
        for (int k = 0; k < count; k++) {
            contacts ? year_contact_record(y, i, k, &r) : year_address_record(y, i, k, &r);
            put(f, &r, today ? action : 0, 0);
        }
    }
}

/* --- transactions --- */

struct posting_fields { /* of a system's transaction record; 0: has no such field */
    const char *name;
    size_t account, sub_account, currency, cash_flag, amount_width, length;
    enum record_sign sign;
};
static const struct posting_fields POSTINGS[SYSTEM_COUNT] = {
    [RETAIL] = {"RTLTRAN", 22, 4, 3, 1, 18, 140, SIGN_LEADING},
    [CARD] = {"CRDTRAN", 19, 0, 3, 0, 16, 128, SIGN_TRAILING},
    [LOAN] = {"LONTRAN", 20, 0, 3, 0, 14, 125, SIGN_OVERPUNCH},
    [FUND] = {"FNDTRAN", 20, 0, 0, 0, 17, 128, SIGN_LEADING},
    [CORPORATE_DEPOSIT] = {"CDPTRAN", 22, 4, 3, 1, 19, 142, SIGN_LEADING},
    [CORPORATE_LOAN] = {"CLNTRAN", 22, 0, 3, 0, 17, 133, SIGN_LEADING},
};

struct posting {
    int64_t amount, balance;
    uint64_t reversal_of;
    const char *text;
};

static uint64_t put_posting(struct change_file *f, const struct account *a, const struct posting *p)
{
    const struct posting_fields *t = &POSTINGS[f->system];
    struct record r;
    uint64_t sequence = ++f->y->sequence;
    size_t at = 0;
    record_start(&r, t->length, f->system == LOAN);
    record_text(&r, at, t->account, a->number);
    record_text(&r, at += t->account, t->sub_account, a->sub_account);
    record_text(&r, at += t->sub_account, t->currency, a->currency);
    at += t->currency;
    if (t->cash_flag) r.bytes[at] = (unsigned char)a->cash_flag;
    record_date(&r, at += t->cash_flag, f->y->date, DATE_YYYYMMDD);
    record_digits(&r, at += 8, 6, 90000 + sequence % 60 + sequence / 60 % 60 * 100 + sequence / 3600 % 8 * 10000);
    record_digits(&r, at += 6, 10, sequence);
    record_amount(&r, at += 10, t->amount_width, p->amount, t->sign);
    record_amount(&r, at += t->amount_width, t->amount_width, p->balance, t->sign);
    at += t->amount_width;
    if (p->reversal_of) record_digits(&r, at, 10, p->reversal_of);
    record_text(&r, at + 10, 40, p->text);
    put(f, &r, 0, f->shape.sum_width ? p->amount : 0);
    return sequence;
}

static const char *posting_text(const struct change_file *f, const struct year_account *a, int64_t amount)
{
    static const char *const in[] = {"工资", "转账存入", "现金存入", "利息"}, *const out[] = {"消费", "转账支出",
                                                                                              "取现", "缴费"};
    if (a->action == 'N') return "开户";
    if (a->action == 'X') return "销户";
    if (f->system == FUND) return amount > 0 ? "申购" : "赎回";
    if (f->system == LOAN || f->system == CORPORATE_LOAN) return amount < 0 ? "还款" : "放款";
    return (amount > 0 ? in : out)[f->y->sequence % 4];
}

/* What happened to one account, in one to three steps; now and then one is taken back and done again. */
static void put_movement(struct change_file *f, const struct year_account *a, bool broken)
{
    struct year *y = f->y;
    int64_t balance = a->opening, left = year_ledger(a) - a->opening - (broken ? 100 : 0);
    for (int steps = 1 + (int)draw_below(&y->draw, 3); left && steps > 0; steps--) {
        int64_t amount = steps == 1 ? left : left / 300 * 100;
        if (!amount) continue;
        struct posting p = {amount, balance + amount, 0, posting_text(f, a, amount)};
        uint64_t sequence = put_posting(f, &a->a, &p);
        if (draw_below(&y->draw, 40) == 0) {
            put_posting(f, &a->a, &(struct posting){-amount, balance, sequence, "冲正"});
            put_posting(f, &a->a, &p);
            year_note(y, EVENT_REVERSAL, UINT32_MAX, (uint32_t)(a - y->accounts));
        }
        balance += amount;
        left -= amount;
    }
}

static void put_postings(struct change_file *f, int *breaks)
{
    struct year *y = f->y;
    for (uint32_t i = 0; i < y->accounts_count; i++) {
        const struct year_account *a = &y->accounts[i];
        const struct year_customer *c = &y->customers[a->customer - 1];
        if (c->holder.system != f->system || a->touched != y->date) continue;
        if (f->branch >= 0 && year_branch(y, a->customer - 1) != f->branch) continue;
        bool broken = *breaks > 0 && a->action == 'C' && llabs((long long)(year_ledger(a) - a->opening)) > 1000;
        put_movement(f, a, broken);
        if (broken) (*breaks)--, year_note(y, EVENT_BREAK, UINT32_MAX, i);
    }
}

/* --- files --- */

enum content { CUSTOMERS, ACCOUNTS, RELATIONS, CONTACTS, ADDRESSES };

static const struct file_shape *shape_of(enum sample_system system, enum content content)
{
    const struct system_shape *s = YEAR_SHAPES[system];
    switch (content) {
    case CUSTOMERS: return s->customers;
    case ACCOUNTS: return s->accounts;
    case RELATIONS: return s->relations;
    case CONTACTS: return s->contacts;
    default: return s->addresses;
    }
}

static void fill(struct change_file *f, enum content content, bool today)
{
    switch (content) {
    case CUSTOMERS: put_customers(f, today); break;
    case ACCOUNTS: put_accounts(f, today); break;
    case RELATIONS: put_relations(f, today); break;
    case CONTACTS: put_told(f, today, true); break;
    case ADDRESSES: put_told(f, today, false); break;
    }
    source_file_close(&f->file);
}

/* Is there anything for a file that comes only when there is something? */
static bool anything_told(const struct year *y, enum sample_system system, bool contacts)
{
    for (uint32_t i = 0; i < y->customers_count; i++) {
        const struct year_customer *c = &y->customers[i];
        if (c->holder.system == system && c->touched == y->date && (contacts ? c->contact_action : c->address_action))
            return true;
    }
    return false;
}

static void write_change(struct year *y, enum sample_system system, enum content content, int branch, const char *below,
                         bool dirty, bool wrong)
{
    struct change_file f = {.system = system, .wrong = wrong};
    open_file(&f, y, below, shape_of(system, content), "CHG", branch, dirty);
    fill(&f, content, true);
}

/* Which file of the day is dirty, late or wrong: at most one of each, on few days. */
struct mishaps {
    int late_branch; /* -1: none */
    enum sample_system wrong;
    bool has_wrong, dirty;
};

static void write_changes(struct year *y, enum sample_system system, const struct mishaps *m)
{
    int branches = system == RETAIL ? y->sample.mix.branches : 0;
    for (enum content content = CUSTOMERS; content <= ADDRESSES; content++) {
        if (!shape_of(system, content)) continue;
        if (content >= CONTACTS && !anything_told(y, system, content == CONTACTS)) continue;
        bool by_branch = content == ACCOUNTS && branches,
             wrong = content == ACCOUNTS && m->has_wrong && m->wrong == system;
        for (int b = by_branch ? 0 : -1; b < (by_branch ? branches : 0); b++)
            write_change(y, system, content, b, by_branch && b == m->late_branch ? "late" : "", m->dirty, wrong);
        if (wrong) write_change(y, system, content, -1, "redo", m->dirty, false);
    }
}

static void write_postings(struct year *y, enum sample_system system, int *breaks)
{
    int branches = system == RETAIL ? y->sample.mix.branches : 0;
    for (int b = branches ? 0 : -1; b < branches; b++) {
        struct change_file f = {.system = system};
        struct file_shape shape = *YEAR_SHAPES[system]->accounts;
        shape.name = POSTINGS[system].name;
        shape.record_length = POSTINGS[system].length;
        shape.spoils = NULL;
        shape.changes_at = 0;
        open_file(&f, y, "", &shape, "", b, false);
        put_postings(&f, breaks);
        source_file_close(&f.file);
    }
}

static void write_rates(struct year *y, const char *below)
{
    static const struct file_shape shape = {.name = "RATES", .record_length = 54};
    struct change_file f = {0};
    open_file(&f, y, below, &shape, "", -1, false);
    for (int i = 0; i < SYSTEMS_QUOTES; i++) {
        struct record r;
        systems_quote_record(i, y->rate[i], y->rate_date, &r);
        put(&f, &r, 0, 0);
    }
    source_file_close(&f.file);
}

static void write_navs(struct year *y, const char *below)
{
    static const struct file_shape shape = {.name = "NAV", .record_length = 30};
    struct change_file f = {0};
    open_file(&f, y, below, &shape, "", -1, false);
    for (int i = 0; i <= SYSTEMS_FUNDS; i++) {
        struct record r;
        systems_nav_record(i, y->nav[i], y->nav_date, &r);
        put(&f, &r, 0, 0);
    }
    source_file_close(&f.file);
}

static void write_interest(struct year *y, const char *below)
{
    static const struct file_shape shape = {.name = "INTEREST", .record_length = 30};
    struct change_file f = {0};
    open_file(&f, y, below, &shape, "", -1, false);
    for (int i = 0; i < SYSTEMS_INTEREST; i++) {
        struct record r;
        systems_interest_record(i, y->interest[i], y->interest_since[i], &r);
        put(&f, &r, 0, 0);
    }
    source_file_close(&f.file);
}

static void write_exclusions(struct year *y, const char *below)
{
    static const struct file_shape shape = {.name = "EXCLUDE", .record_length = 80};
    struct change_file f = {0};
    open_file(&f, y, below, &shape, "", -1, false);
    for (uint32_t i = 0; i < y->exclusions_count; i++) {
        const struct year_exclusion *e = &y->exclusions[i];
        struct presentation p;
        struct record r;
        memcpy(p.type, e->type, sizeof p.type);
        memcpy(p.number, e->number, sizeof p.number);
        systems_exclusion_record(&p, e->reason, e->expires, &r);
        put(&f, &r, 0, 0);
    }
    source_file_close(&f.file);
}

/* A file of the day before, once more: its name says which day it is of. */
static void repeat_yesterday(struct year *y)
{
    char before[4096], folder[4096], from[4200], to[4200], date[11], piece[4096];
    int year, month, day;
    date_format(y->date - 1, date);
    date_to_civil(y->date - 1, &year, &month, &day);
    snprintf(before, sizeof before, "%.4000s/%s", y->options->sample.folder, date);
    snprintf(from, sizeof from, "%s/RTLACCTCHG.%.2s01.%04d%02d%02d", before, y->sample.unit, year, month, day);
    FILE *in = fopen(from, "rb");
    if (!in) return; /* it was the late one, or the day before was the first */
    folder_of(y, "repeat", folder);
    snprintf(to, sizeof to, "%s/RTLACCTCHG.%.2s01.%04d%02d%02d", folder, y->sample.unit, year, month, day);
    FILE *out = fopen(to, "wb");
    if (!out) year_fail("create", to);
    for (size_t n; (n = fread(piece, 1, sizeof piece, in)) > 0;)
        if (fwrite(piece, 1, n, out) != n) year_fail("write", to);
    fclose(in);
    if (fclose(out) != 0) year_fail("write", to);
    year_note(y, EVENT_REPEATED_FILE, UINT32_MAX, UINT32_MAX);
}

static void choose_mishaps(struct year *y, struct mishaps *m)
{
    int day = (int)(y->date - y->options->sample.business_date);
    const bool *events = y->options->events;
    *m = (struct mishaps){.late_branch = -1};
    m->dirty = events[EVENT_DIRTY_FILE] && day % 4 == 2;
    if (events[EVENT_LATE_FILE] && day % 5 == 2 && y->sample.mix.branches > 1)
        m->late_branch = (int)draw_below(&y->draw, (uint64_t)y->sample.mix.branches);
    m->has_wrong = events[EVENT_REDO_FILE] && day % 6 == 3;
    m->wrong = draw_below(&y->draw, 2) ? CARD : LOAN;
    if (m->dirty) year_note(y, EVENT_DIRTY_FILE, UINT32_MAX, UINT32_MAX);
    if (m->late_branch >= 0) year_note(y, EVENT_LATE_FILE, UINT32_MAX, UINT32_MAX);
    if (m->has_wrong) year_note(y, EVENT_REDO_FILE, UINT32_MAX, UINT32_MAX);
    if (!events[EVENT_TWICE_A_DAY]) return;
    for (uint32_t i = 0; i < y->accounts_count; i++) {
        struct year_account *a = &y->accounts[i];
        if (a->touched != y->date || a->action != 'C' || draw_below(&y->draw, 50)) continue;
        a->twice = true;
        year_note(y, EVENT_TWICE_A_DAY, UINT32_MAX, i);
    }
}

void year_write_day(struct year *y)
{
    struct mishaps m;
    int breaks = y->options->breaks;
    choose_mishaps(y, &m);
    for (enum sample_system s = RETAIL; s < SYSTEM_COUNT; s++) {
        if (!y->open[s]) continue;
        write_changes(y, s, &m);
        write_postings(y, s, &breaks);
    }
    if (year_is_trading(y->date)) {
        write_rates(y, "");
        write_navs(y, "");
        write_interest(y, "");
    }
    write_exclusions(y, "");
    if (y->options->events[EVENT_REPEATED_FILE] && (y->date - y->options->sample.business_date) % 5 >= 3)
        repeat_yesterday(y);
}

void year_unload(struct year *y)
{
    for (enum sample_system s = RETAIL; s < SYSTEM_COUNT; s++)
        for (enum content content = CUSTOMERS; content <= ADDRESSES; content++) {
            if (!shape_of(s, content)) continue;
            bool by_branch = s == RETAIL && content <= RELATIONS;
            for (int b = by_branch ? 0 : -1; b < (by_branch ? y->sample.mix.branches : 0); b++) {
                struct change_file f = {.system = s};
                open_file(&f, y, "unload", shape_of(s, content), "", b, y->options->events[EVENT_DIRTY_FILE]);
                fill(&f, content, false);
            }
        }
    write_rates(y, "unload");
    write_navs(y, "unload");
    write_interest(y, "unload");
    write_exclusions(y, "unload");
}
