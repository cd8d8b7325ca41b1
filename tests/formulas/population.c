#include "tests/formulas/formulas.h"

#include <string.h>

const char *const SEXES[3] = {"M", "F", "U"}, *const KINDS[3] = {"D", "F", "N"},
                  *const CURRENCIES[3] = {"CNY", "USD", "JPY"};

static uint64_t state;

void random_seed(uint64_t seed)
{
    state = seed * 0x9e3779b97f4a7c15u + 1;
}

uint32_t pick(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

static int64_t day(void)
{
    return pick(3) ? 3000 + (int64_t)pick(20000) : NO_DATE;
}

static int64_t amount(void)
{
    int64_t x = pick(4) ? (int64_t)pick(1000000000) : pick(2) ? (int64_t)pick(1000) : 0;
    return pick(6) ? x : -x;
}

/* Ordered by owner. */
static void make_accounts(struct population *p, int table)
{
    struct account *a = p->accounts[table];
    p->count[table] = 0;
    for (uint32_t owner = 0; owner < CUSTOMERS; owner++) {
        uint32_t more = owner == 0 ? 0 : pick(table == TABLE_RETAIL ? 7 : 4);
        for (; more && p->count[table] < ACCOUNTS_MAX; more--) {
            struct account *x = &a[p->count[table]++];
            const struct account retail = {
                owner, {pick(3), pick(3) ? 0 : pick(3), amount(), pick(120), day(), pick(100000), pick(30), day()}};
            const struct account loan = {owner, {pick(3) ? 0 : pick(3), amount(), amount(), pick(360), day()}};
            *x = table == TABLE_RETAIL ? retail : loan;
        }
    }
}

/* The first customer has nothing at all. */
void population_make(struct population *p)
{
    for (int i = 0; i < CUSTOMERS; i++) {
        struct customer *c = &p->customers[i];
        *c = (struct customer){day(), pick(3), day(), amount(), pick(60), pick(2)};
        if (i == 0) *c = (struct customer){NO_DATE, 0, NO_DATE, 0, 0, 0};
    }
    for (int t = 0; t < TABLES; t++) make_accounts(p, t);
}

/* --- as tables --- */

static void add_day(struct buf *out, int64_t d)
{
    if (d == NO_DATE)
        buf_add_text(out, "\t\\N");
    else
        buf_addf(out, "\t%lld", (long long)d);
}

static void add_decimal(struct buf *out, int64_t x, int scale)
{
    int64_t power = 1, size = x < 0 ? -x : x;
    for (int i = 0; i < scale; i++) power *= 10;
    buf_addf(out, "\t%s%lld.%0*lld", x < 0 ? "-" : "", (long long)(size / power), scale, (long long)(size % power));
}

void population_sql(const struct population *p, struct buf *out)
{
    buf_add_text(
        out, "DROP TABLE IF EXISTS customer, retail, loan;\n"
             "CREATE TABLE customer (id int, birth int, sex text, opened int, income numeric, family numeric, "
             "married boolean);\n"
             "CREATE TABLE retail (owner int, kind text, currency text, balance numeric, term numeric, maturity int, "
             "rate numeric, moves numeric, opened int);\n"
             "CREATE TABLE loan (owner int, currency text, balance numeric, overdue numeric, months numeric, "
             "opened int);\nCOPY customer FROM stdin;\n");
    for (int i = 0; i < CUSTOMERS; i++) {
        const struct customer *c = &p->customers[i];
        buf_addf(out, "%d", i);
        add_day(out, c->birth);
        buf_addf(out, "\t%s", SEXES[c->sex]);
        add_day(out, c->opened);
        add_decimal(out, c->income, 2);
        add_decimal(out, c->family, 1);
        buf_add_text(out, c->married ? "\tt\n" : "\tf\n");
    }
    buf_add_text(out, "\\.\nCOPY retail FROM stdin;\n");
    for (uint32_t i = 0; i < p->count[TABLE_RETAIL]; i++) {
        const struct account *a = &p->accounts[TABLE_RETAIL][i];
        buf_addf(out, "%u\t%s\t%s", a->owner, KINDS[a->field[0]], CURRENCIES[a->field[1]]);
        add_decimal(out, a->field[2], 2);
        buf_addf(out, "\t%lld", (long long)a->field[3]);
        add_day(out, a->field[4]);
        add_decimal(out, a->field[5], 6);
        buf_addf(out, "\t%lld", (long long)a->field[6]);
        add_day(out, a->field[7]);
        buf_add_text(out, "\n");
    }
    buf_add_text(out, "\\.\nCOPY loan FROM stdin;\n");
    for (uint32_t i = 0; i < p->count[TABLE_LOAN]; i++) {
        const struct account *a = &p->accounts[TABLE_LOAN][i];
        buf_addf(out, "%u\t%s", a->owner, CURRENCIES[a->field[0]]);
        add_decimal(out, a->field[1], 2);
        add_decimal(out, a->field[2], 2);
        buf_addf(out, "\t%lld", (long long)a->field[3]);
        add_day(out, a->field[4]);
        buf_add_text(out, "\n");
    }
    buf_add_text(out, "\\.\nCREATE INDEX ON retail (owner);\nCREATE INDEX ON loan (owner);\nANALYZE;\n");
}
