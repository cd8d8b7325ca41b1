#include "samples/systems.h"

#include "base/date.h"
#include "samples/source_file.h"

#include <string.h>

/* Middle rates with six decimals, for per_unit units. KWD has three minor digits, JPY and KRW none; THB has no quote
 * today. */
static const struct {
    const char *currency;
    int per_unit;
    int64_t middle;
} QUOTES[] = {{"USD", 100, 724350000}, {"HKD", 100, 92730000}, {"EUR", 100, 781520000},
              {"JPY", 100, 4783000},   {"GBP", 1, 9126400},    {"AUD", 100, 471290000},
              {"CHF", 1, 8109700},     {"KRW", 100, 531000},   {"KWD", 1, 23561200}};
enum { QUOTE_COUNT = sizeof QUOTES / sizeof *QUOTES };
_Static_assert((int)QUOTE_COUNT == (int)SYSTEMS_QUOTES, "the header says how many");

const char *systems_quote(int place, int *per_unit, int64_t *middle)
{
    *per_unit = QUOTES[place].per_unit;
    *middle = QUOTES[place].middle;
    return QUOTES[place].currency;
}

struct money systems_draw_money(const struct sample *s, struct draw *d, int decades, bool foreign)
{
    struct money out = {.currency = "CNY", .minor = draw_amount(d, decades)};
    if (foreign && draw_chance(d, s->mix.foreign_currency)) {
        memcpy(out.currency, QUOTES[draw_below(d, QUOTE_COUNT)].currency, 4);
        if (out.currency[0] == 'J' || memcmp(out.currency, "KRW", 3) == 0) out.minor -= out.minor % 100;
    }
    if (draw_chance(d, s->mix.negative)) out.minor = -out.minor;
    return out;
}

int systems_account_count(const struct sample *s, const struct holder *h)
{
    struct draw d = holder_draw(s, h, 5);
    if (s->mix.accounts_max == 0) return 0;
    if (draw_below(&d, 30) == 0) return 0;
    return 1 + (int)(draw_below(&d, (uint64_t)s->mix.accounts_max) * draw_below(&d, 100) / 100);
}

int32_t systems_draw_opened(const struct sample *s, struct draw *d)
{
    int32_t first = date_from_civil(1995, 1, 1);
    return first + (int32_t)draw_below(d, (uint64_t)(s->business_date - first) + 1);
}

int32_t systems_draw_moved(const struct sample *s, struct draw *d, int32_t opened)
{
    uint64_t kind = draw_below(d, 20), all = (uint64_t)(s->business_date - opened) + 1;
    uint64_t days = kind < 12 ? 30 : kind < 17 ? 365 : all;
    return s->business_date - (int32_t)draw_below(d, days < all ? days : all);
}

int systems_draw_term(struct draw *d)
{
    static const int terms[] = {3, 6, 12, 24, 36, 60};
    return terms[draw_below(d, 6)];
}

int32_t systems_maturity(int32_t opened, int term_months)
{
    int year, month, day;
    date_to_civil(opened, &year, &month, &day);
    month += term_months - 1;
    year += month / 12, month = month % 12 + 1;
    int last = date_days_in_month(year, month);
    return date_from_civil(year, month, day < last ? day : last);
}

void systems_quote_record(int place, int64_t middle, int32_t date, struct record *r)
{
    record_start(r, 54, false);
    record_text(r, 0, 3, QUOTES[place].currency);
    record_digits(r, 3, 3, (uint64_t)QUOTES[place].per_unit);
    record_date(r, 6, date, DATE_YYYYMMDD);
    record_amount(r, 14, 10, middle - middle / 500, SIGN_NONE);
    record_amount(r, 24, 10, middle - middle / 80, SIGN_NONE);
    record_amount(r, 34, 10, middle + middle / 500, SIGN_NONE);
    record_amount(r, 44, 10, middle, SIGN_NONE);
}

/* The last one is in US dollars. */
static const struct {
    const char *code;
    int64_t nav;
} FUNDS[] = {{"110011", 23456}, {"110022", 10321}, {"519066", 9876},
             {"161005", 31250}, {"000961", 15000}, {"510300", 101234}};
_Static_assert(sizeof FUNDS / sizeof *FUNDS == (int)SYSTEMS_FUNDS + 1, "the header says how many");

const char *systems_fund(int place, int64_t *nav)
{
    *nav = FUNDS[place].nav;
    return FUNDS[place].code;
}

int systems_fund_place(const char *fund)
{
    int place = 0;
    while (strcmp(FUNDS[place].code, fund) != 0) place++;
    return place;
}

int64_t systems_fund_value(int64_t shares, int64_t nav)
{
    __int128 exact = (__int128)shares * nav;
    return (int64_t)((exact + (exact < 0 ? -5000 : 5000)) / 10000);
}

void systems_nav_record(int place, int64_t nav, int32_t date, struct record *r)
{
    record_start(r, 30, false);
    record_text(r, 0, 6, FUNDS[place].code);
    record_amount(r, 6, 12, nav, SIGN_NONE);
    record_text(r, 18, 3, place == SYSTEMS_FUNDS ? "USD" : "CNY");
    record_date(r, 21, date, DATE_YYYYMMDD);
}

/* Demand (D), notice (N), and time deposits by their months. */
static const struct {
    const char *product, *currency;
    int64_t rate;
} INTEREST[] = {{"D", "CNY", 100000},   {"N", "CNY", 550000},   {"3", "CNY", 1150000},  {"6", "CNY", 1350000},
                {"12", "CNY", 1450000}, {"24", "CNY", 1650000}, {"36", "CNY", 1950000}, {"60", "CNY", 2000000},
                {"D", "USD", 50000},    {"12", "USD", 2800000}, {"D", "HKD", 10000},    {"12", "HKD", 700000}};
_Static_assert(sizeof INTEREST / sizeof *INTEREST == (int)SYSTEMS_INTEREST, "the header says how many");

int64_t systems_interest(int place)
{
    return INTEREST[place].rate;
}

void systems_interest_record(int place, int64_t rate, int32_t since, struct record *r)
{
    record_start(r, 30, false);
    record_text(r, 0, 6, INTEREST[place].product);
    record_text(r, 6, 3, INTEREST[place].currency);
    record_amount(r, 9, 9, rate, SIGN_NONE);
    record_date(r, 18, since, DATE_YYYYMMDD);
}

static void write_navs(const struct sample *s)
{
    static const struct file_shape shape = {.name = "NAV", .record_length = 30};
    struct source_file f;
    source_file_open(&f, s, &shape, NULL);
    for (int i = 0; i <= SYSTEMS_FUNDS; i++) {
        struct record r;
        systems_nav_record(i, FUNDS[i].nav, s->business_date - 1, &r);
        source_file_put(&f, &r, 0);
    }
    source_file_close(&f);
}

static void write_interest(const struct sample *s)
{
    static const struct file_shape shape = {.name = "INTEREST", .record_length = 30};
    struct source_file f;
    source_file_open(&f, s, &shape, NULL);
    for (int i = 0; i < SYSTEMS_INTEREST; i++) {
        struct record r;
        systems_interest_record(i, INTEREST[i].rate, s->business_date - 30, &r);
        source_file_put(&f, &r, 0);
    }
    source_file_close(&f);
}

static void write_rates(const struct sample *s)
{
    static const struct file_shape shape = {.name = "RATES", .record_length = 54};
    struct source_file f;
    source_file_open(&f, s, &shape, NULL);
    for (int i = 0; i < QUOTE_COUNT; i++) {
        struct record r;
        systems_quote_record(i, QUOTES[i].middle, s->business_date, &r);
        source_file_put(&f, &r, 0);
    }
    source_file_close(&f);
}

void systems_exclusion_record(const struct presentation *p, const char *reason, int32_t expires, struct record *r)
{
    record_start(r, 80, false);
    record_text(r, 0, 2, p->type);
    record_text(r, 2, 30, p->number);
    record_text(r, 32, 10, reason);
    record_date(r, 42, expires, DATE_YYYYMMDD);
}

struct exclusion_writer {
    const struct sample *sample;
    struct source_file file;
};

static void put_exclusion(void *context, const struct holder *h)
{
    static const char *const reasons[] = {"DECEASED", "WRITEOFF", "BLACK", "STAFF", "INTERNAL", "REFUSES"};
    struct exclusion_writer *w = context;
    struct draw d = holder_draw(w->sample, h, 30);
    struct presentation p;
    struct record r;
    if (!draw_chance(&d, w->sample->mix.excluded)) return;
    population_present(w->sample, h, &p);
    const char *reason = reasons[draw_below(&d, 6)];
    /* For ever, until next year, until today (still counts), or expired. */
    static const int32_t days[] = {0, 365, 0, -1};
    uint64_t kind = draw_below(&d, 4);
    systems_exclusion_record(&p, reason, kind == 0 ? DATE_NONE : w->sample->business_date + days[kind], &r);
    source_file_put(&w->file, &r, 0);
}

static void write_exclusions(const struct sample *s)
{
    static const struct spoil spoils[] = {{"ID", 0, 2, NULL, false},
                                          {"ID", 2, 30, NULL, false},
                                          {"WHY", 32, 10, NULL, false},
                                          {"EXPIRES", 42, 0, "20261301", false},
                                          {0}};
    static const struct file_shape shape = {.name = "EXCLUDE", .record_length = 80, .spoils = spoils};
    struct exclusion_writer w = {.sample = s};
    source_file_open(&w.file, s, &shape, NULL);
    population_each(s, RETAIL, put_exclusion, &w);
    population_each(s, CORPORATE_DEPOSIT, put_exclusion, &w);
    source_file_close(&w.file);
}

void systems_write_market(const struct sample *s)
{
    write_rates(s);
    write_navs(s);
    write_interest(s);
    write_exclusions(s);
}
