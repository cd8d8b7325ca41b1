/* Measures nanoseconds a row of measure_add, and a customer of formula_evaluate, with the bench formula.
 *     build/release/tests/bench/scoring_bench FORMULA [customers] [repeats]
 * Checks every score against plain C doubles in the written order. */
#include "base/buf.h"
#include "base/os.h"
#include "scoring/formula.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { CURRENCIES = 8, MEASURES = 15 };
static const char *const CODES[] = {"CNY", "USD", "EUR", "JPY", "HKD", "GBP", "AUD", "CAD"};
static const int64_t RATES[] = {1000000, 7123456, 7765432, 48765, 912345, 9023456, 4712345, 5198765};
static const int32_t PER_UNIT[] = {1, 1, 1, 1, 1, 1, 1, 1};
static const char *const KINDS[] = {"D", "F"};
static const struct schema_field RETAIL[] = {{"kind", VALUE_CODE, 0, KINDS, 2},
                                             {"currency", VALUE_CURRENCY, 0, NULL, 0},
                                             {"bal", VALUE_MONEY, 2, NULL, 0},
                                             {"term", VALUE_MONTHS, 0, NULL, 0}};
static const struct schema_field CARD[] = {
    {"currency", VALUE_CURRENCY, 0, NULL, 0}, {"bal", VALUE_MONEY, 2, NULL, 0}, {"od", VALUE_MONEY, 2, NULL, 0}};
static const struct schema_field LOAN[] = {{"currency", VALUE_CURRENCY, 0, NULL, 0},
                                           {"bal", VALUE_MONEY, 2, NULL, 0},
                                           {"term", VALUE_MONTHS, 0, NULL, 0},
                                           {"ovbal", VALUE_MONEY, 2, NULL, 0},
                                           {"ovper", VALUE_NUMBER, 0, NULL, 0}};
static const struct schema_field FUND[] = {{"bal", VALUE_MONEY, 2, NULL, 0}};
static const struct schema_table TABLES[] = {{"rtl_acct", "retail", RETAIL, 4, 1},
                                             {"crd_acct", "card", CARD, 3, 0},
                                             {"lon_acct", "loan", LOAN, 5, 0},
                                             {"fnd_acct", "fund", FUND, 1, -1}};
static const struct schema SCHEMA = {TABLES, 4, NULL, 0, CODES, CURRENCIES, 20757, 0, NULL, 0, 0};

static uint64_t seed = 88172645463325252u;
static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

/* Processor time of this thread: other jobs of the machine do not count (their use of its caches does). */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct row {
    int64_t a, b;
    uint32_t owner;
    uint16_t term;
    uint8_t kind, currency;
    uint8_t periods, pad[7];
};

static struct measure_column column(const void *base, uint8_t width, bool is_signed)
{
    return (struct measure_column){base, sizeof(struct row), width, is_signed};
}

static void add(const struct measure_set *set, struct measure_block *b, int table, const struct row *r, uint32_t count)
{
    const struct measure_column all[4][5] = {
        {column(&r->kind, 1, false), column(&r->currency, 1, false), column(&r->a, 8, true),
         column(&r->term, 2, false)},
        {column(&r->currency, 1, false), column(&r->a, 8, true), column(&r->b, 8, true)},
        {column(&r->currency, 1, false), column(&r->a, 8, true), column(&r->term, 2, false), column(&r->b, 8, true),
         column(&r->periods, 1, false)},
        {column(&r->a, 8, true)}};
    struct measure_rows rows = {.count = count, .owner = column(&r->owner, 4, false), .columns = all[table]};
    measure_add(set, b, table, &rows);
}

/* About two retail accounts a customer, fewer of the others. */
static uint32_t fill(struct row *r, int table, uint32_t customers)
{
    uint32_t n = 0;
    for (uint32_t c = 0; c < customers; c++) {
        uint32_t accounts = table == 0 ? 1 + (uint32_t)(next() % 3) : next() % 100 < 30;
        for (; accounts; accounts--) {
            struct row *x = &r[n++];
            *x = (struct row){.owner = c % MEASURE_BLOCK_CUSTOMERS,
                              .a = (int64_t)(next() % 50000000),
                              .b = (int64_t)(next() % 1000000),
                              .kind = (uint8_t)(next() & 1),
                              .currency = next() % 100 < 88 ? 0 : (uint8_t)(1 + next() % 7)};
            x->term = table == 0 && x->kind == 0 ? 0 : (uint16_t)(next() % 61);
            x->periods = next() % 10 == 0 ? (uint8_t)(next() % 6) : 0;
        }
    }
    return n;
}

static double reference(const int64_t *const *m, uint32_t i)
{
    double s = (double)m[0][i] + (double)m[1][i] * 1.5;
    s = s + (double)m[2][i];
    s = s + ((double)m[4][i] * 100) / 1.5;
    s = s + (double)m[5][i] / 1.2;
    s = s + (double)m[7][i] * 1.1;
    s = s + (double)m[8][i] * 1.3;
    s = s - (double)m[9][i];
    s = s + (m[11][i] > 0 ? ((double)m[10][i] / (double)m[11][i]) * 1.2 : 0);
    s = s + (double)m[12][i] * (double)m[13][i];
    s = s + (double)m[14][i] * 2;
    return floor(s + 0.5);
}

static void die(const struct status *st)
{
    status_print(st);
    exit(1);
}

struct bench {
    struct measure_set *set;
    struct formula_program *program;
    uint32_t customers;
    struct row *rows[4];
    uint32_t count[4];
    int64_t *measures[MEASURES], *score;
};

static uint32_t rows_of_block(const struct bench *x, int table, uint32_t at)
{
    uint32_t k = at;
    /* A block ends where the owner falls back to the next block's start. */
    while (k < x->count[table] && (k == at || x->rows[table][k].owner >= x->rows[table][k - 1].owner)) k++;
    return k - at;
}

/* The way of a night: each row is met once, from memory. */
static void measure_all(struct bench *x, struct measure_block *b)
{
    double add_s[4] = {0}, reset_s = 0, finish_s = 0;
    uint32_t at[4] = {0};
    struct status st = {0};
    for (uint32_t first = 0; first < x->customers; first += MEASURE_BLOCK_CUSTOMERS) {
        uint32_t left = x->customers - first, n = left < MEASURE_BLOCK_CUSTOMERS ? left : MEASURE_BLOCK_CUSTOMERS;
        double t0 = seconds();
        measure_block_reset(x->set, b, n);
        reset_s += seconds() - t0;
        for (int t = 0; t < 4; t++) {
            uint32_t count = rows_of_block(x, t, at[t]);
            t0 = seconds();
            add(x->set, b, t, x->rows[t] + at[t], count);
            add_s[t] += seconds() - t0;
            at[t] += count;
        }
        t0 = seconds();
        if (!measure_finish(x->set, b, &st)) die(&st);
        finish_s += seconds() - t0;
        for (int i = 0; i < MEASURES; i++) memcpy(x->measures[i] + first, measure_values(b, i), sizeof(int64_t) * n);
    }
    printf("measures, all:  retail %.2f card %.2f loan %.2f fund %.2f ns a row; reset %.2f finish %.2f ns a customer\n",
           add_s[0] / x->count[0] * 1e9, add_s[1] / x->count[1] * 1e9, add_s[2] / x->count[2] * 1e9,
           add_s[3] / x->count[3] * 1e9, reset_s / x->customers * 1e9, finish_s / x->customers * 1e9);
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* The same rows of one block again and again: the cost without the memory, the best of many. */
static void measure_hot(struct bench *x, struct measure_block *b)
{
    enum { AGAIN = 200 };
    double add_s[4] = {1, 1, 1, 1}, reset_s = 1, finish_s = 1;
    struct status st = {0};
    uint32_t count[4];
    for (int t = 0; t < 4; t++) count[t] = rows_of_block(x, t, 0);
    for (int i = 0; i < AGAIN; i++) {
        double t0 = seconds();
        measure_block_reset(x->set, b, MEASURE_BLOCK_CUSTOMERS);
        reset_s = least(reset_s, seconds() - t0);
        for (int t = 0; t < 4; t++) {
            t0 = seconds();
            add(x->set, b, t, x->rows[t], count[t]);
            add_s[t] = least(add_s[t], seconds() - t0);
        }
        t0 = seconds();
        if (!measure_finish(x->set, b, &st)) die(&st);
        finish_s = least(finish_s, seconds() - t0);
    }
    printf("measures, hot:  retail %.2f card %.2f loan %.2f fund %.2f ns a row; reset %.2f finish %.2f ns a customer\n",
           add_s[0] / count[0] * 1e9, add_s[1] / count[1] * 1e9, add_s[2] / count[2] * 1e9, add_s[3] / count[3] * 1e9,
           reset_s / MEASURE_BLOCK_CUSTOMERS * 1e9, finish_s / MEASURE_BLOCK_CUSTOMERS * 1e9);
}

static void evaluate_batch(const struct bench *x, struct formula_scratch *scratch, uint32_t first)
{
    const int64_t *columns[MEASURES];
    int64_t *results[] = {x->score + first};
    uint32_t left = x->customers - first;
    struct status st = {0};
    for (int i = 0; i < MEASURES; i++) columns[i] = x->measures[i] + first;
    struct formula_inputs in = {.count = left < FORMULA_BATCH_MAX ? left : FORMULA_BATCH_MAX, .measures = columns};
    if (!formula_evaluate(x->program, &in, scratch, results, &st)) die(&st);
}

static void evaluate(const struct bench *x, struct formula_scratch *scratch)
{
    double t0 = seconds();
    for (uint32_t first = 0; first < x->customers; first += FORMULA_BATCH_MAX) evaluate_batch(x, scratch, first);
    double all = seconds() - t0;
    t0 = seconds();
    for (int i = 0; i < 100; i++) evaluate_batch(x, scratch, 0);
    double hot = (seconds() - t0) / 100 / (x->customers < FORMULA_BATCH_MAX ? x->customers : FORMULA_BATCH_MAX);
    printf("formula: %.2f ms for %u customers, %.2f ns each; %.2f ns hot\n", all * 1e3, x->customers,
           all / x->customers * 1e9, hot * 1e9);
}

int main(int argc, char **argv)
{
    struct status st = {0};
    struct buf text;
    struct formula *f;
    struct bench x = {.customers = argc > 2 ? (uint32_t)atoi(argv[2]) : 1000000};
    int repeats = argc > 3 ? atoi(argv[3]) : 5;
    struct measure_rates rates = {RATES, PER_UNIT};
    if (argc < 2) return fprintf(stderr, "usage: %s FORMULA [customers] [repeats]\n", argv[0]), 16;
    buf_init(&text, 1 << 20);
    if (!os_read_file(argv[1], &text, &st) || !formula_parse(argv[1], buf_view(&text), &f, &st) ||
        !measure_bind(f, &SCHEMA, &rates, &x.set, &st) || !formula_bind(f, &SCHEMA, &x.program, &st))
        die(&st);
    for (int t = 0; t < 4; t++) {
        x.rows[t] = malloc(sizeof(struct row) * ((size_t)x.customers * 3 + 1));
        x.count[t] = fill(x.rows[t], t, x.customers);
    }
    x.score = calloc(x.customers, sizeof *x.score);
    for (int i = 0; i < MEASURES; i++) {
        x.measures[i] = malloc(sizeof(int64_t) * x.customers);
        memset(x.measures[i], 0, sizeof(int64_t) * x.customers);
    }
    struct measure_block *b = measure_block_new(x.set);
    for (int r = 0; r < repeats; r++) measure_hot(&x, b);
    for (int r = 0; r < repeats; r++) measure_all(&x, b);
    struct formula_scratch *scratch = formula_scratch_new(x.program);
    for (int r = 0; r < repeats; r++) evaluate(&x, scratch);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < x.customers; i++)
        wrong += x.score[i] != (int64_t)reference((const int64_t *const *)x.measures, i);
    printf("%u of %u scores differ from C\n", wrong, x.customers);
    return wrong != 0;
}
