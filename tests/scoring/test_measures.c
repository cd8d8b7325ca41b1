/* Random measures over random accounts against an oracle that takes one customer and one row at a time, with decimals
 * carried along row by row. Rows come in random widths, strides, unaligned, split into random calls; blocks are used
 * again. CRMX_SEED and CRMX_FORMULAS change the run. */
#include "tests/scoring/measure_oracle.h"

#include <string.h>

/* --- accounts --- */

enum { ROWS_MAX = 600, FIELDS_MAX = FIXTURE_RETAIL_FIELDS };

struct accounts { /* of one table */
    uint32_t count;
    uint32_t owners[ROWS_MAX];
    int64_t values[ROWS_MAX][FIELDS_MAX];
    unsigned char bytes[ROWS_MAX * 96];
    struct measure_column owner, columns[FIELDS_MAX];
};

static struct accounts accounts[FIXTURE_TABLES];

static int64_t random_value(const struct schema_field *f, uint8_t width, bool is_signed)
{
    int64_t limit = width == 1 ? 200 : width == 2 ? 60000 : width == 4 ? 2000000000 : 30000000000;
    if (f->type == VALUE_NUMBER && limit > 60000) limit = 60000;
    if (is_signed) limit = width == 1 ? 100 : width == 2 ? 30000 : limit;
    int64_t x = (int64_t)(((uint64_t)pick(1u << 30) << 20 | pick(1 << 20)) % (uint64_t)limit);
    if (pick(5) == 0) x %= 100;
    if (f->type == VALUE_CODE) return pick((uint32_t)f->codes_count);
    if (f->type == VALUE_CURRENCY) return pick(4) ? 0 : pick(FIXTURE_CURRENCIES - 1); /* never HKD: it has no rate */
    if (f->type == VALUE_DATE) return pick(3) ? 18000 + (int64_t)pick(5000) : DATE_NONE;
    if (f->type == VALUE_MONTHS) return pick(120);
    return is_signed && pick(4) == 0 ? -x : x;
}

static void make_accounts(int number, uint32_t customers)
{
    static const uint8_t WIDTHS[] = {1, 2, 4, 8};
    const struct schema_table *t = &FIXTURE_TABLE[number];
    struct accounts *a = &accounts[number];
    uint32_t place = 0, places[FIELDS_MAX + 1], lead = pick(3);
    a->count = pick(4) ? pick(ROWS_MAX) : pick(3);
    for (int k = 0; k < t->fields_count; k++) {
        bool code = t->fields[k].type == VALUE_CODE || t->fields[k].type == VALUE_CURRENCY;
        bool date = t->fields[k].type == VALUE_DATE;
        a->columns[k].width = code ? WIDTHS[pick(4)] : date ? WIDTHS[2 + pick(2)] : WIDTHS[pick(4)];
        a->columns[k].is_signed = date || (!code && (a->columns[k].width == 8 || pick(2)));
        places[k] = place;
        place += a->columns[k].width + pick(2);
    }
    places[t->fields_count] = place;
    uint32_t stride = place + 4 + pick(5);
    for (int k = 0; k <= t->fields_count; k++) {
        struct measure_column *c = k < t->fields_count ? &a->columns[k] : &a->owner;
        c->base = a->bytes + lead + places[k];
        c->stride = stride;
    }
    a->owner.width = 4;
    assert_true((size_t)stride * ROWS_MAX < sizeof a->bytes);
    for (uint32_t i = 0; i < a->count; i++) a->owners[i] = pick(customers);
    for (uint32_t i = 1; i < a->count; i++) { /* ordered by owner */
        uint32_t o = a->owners[i], k = i;
        for (; k && a->owners[k - 1] > o; k--) a->owners[k] = a->owners[k - 1];
        a->owners[k] = o;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        unsigned char *row = a->bytes + lead + (size_t)i * stride;
        memcpy(row + places[t->fields_count], &a->owners[i], 4);
        for (int k = 0; k < t->fields_count; k++) {
            a->values[i][k] = random_value(&t->fields[k], a->columns[k].width, a->columns[k].is_signed);
            memcpy(row + places[k], &a->values[i][k], a->columns[k].width); /* little-endian */
        }
    }
}

/* In random pieces. */
static void add_accounts(const struct measure_set *s, struct measure_block *b, int number)
{
    const struct accounts *a = &accounts[number];
    for (uint32_t at = 0; at < a->count;) {
        uint32_t n = 1 + pick(a->count - at);
        struct measure_column columns[FIELDS_MAX], owner = a->owner;
        for (int k = 0; k < FIXTURE_TABLE[number].fields_count; k++) {
            columns[k] = a->columns[k];
            columns[k].base += (size_t)at * a->columns[k].stride;
            if (!measure_uses_field(s, number, k)) columns[k].base = NULL; /* the engine does not carry it */
        }
        owner.base += (size_t)at * a->owner.stride;
        struct measure_rows rows = {n, owner, columns};
        measure_add(s, b, number, &rows);
        at += n;
    }
}

/* --- measures --- */

enum { MEASURES = 3 };

struct definition {
    int table, decimals;
    enum aggregate aggregate;
    struct tree *predicate, *expression;
    bool is_date; /* the first or last maturity of those that have one */
};

static void define(struct definition *d, struct buf *text, int i)
{
    static const int TABLES[] = {0, 0, 2, 3};
    static const char *const NAMES[] = {"retail", "", "card", "fund"};
    bool is_money = pick(3) != 0;
    table = d->table = TABLES[pick(4)];
    d->is_date = table == 0 && pick(8) == 0;
    if (d->is_date) {
        d->aggregate = pick(2) ? AGGREGATE_MIN : AGGREGATE_MAX;
        d->decimals = 0;
        d->predicate = pick(2) ? condition(2) : NULL;
        d->expression = pick(2) ? field(4) : node(COALESCE, field(4), day(0));
        buf_addf(text, "measure m%d date = %s(retail", i, aggregate_word(d->aggregate)->name);
        if (d->predicate) buf_add_text(text, " where "), print(text, d->predicate);
        buf_add_text(text, ", "), print(text, d->expression);
        buf_add_text(text, ");\n");
        return;
    }
    d->aggregate = (enum aggregate)(pick(2) ? AGGREGATE_SUM : pick(AGGREGATES_COUNT));
    if (d->aggregate == AGGREGATE_COUNT) is_money = false;
    d->decimals = is_money ? 2 : 0;
    d->predicate = pick(4) ? condition(2) : NULL;
    d->expression = d->aggregate == AGGREGATE_COUNT ? NULL : is_money ? money((int)pick(4)) : number((int)pick(3));
    buf_addf(text, "measure m%d %s = %s(%s", i, is_money ? "money" : "number", aggregate_word(d->aggregate)->name,
             NAMES[table]);
    if (d->predicate) buf_add_text(text, " where "), print(text, d->predicate);
    if (d->expression) buf_add_text(text, ", "), print(text, d->expression);
    buf_add_text(text, ");\n");
}

static void check_size(const struct definition *d, struct decimal x)
{
    wide_integer whole = x.value / ten(x.scale > d->decimals ? x.scale - d->decimals : 0);
    if (whole > INT64_MAX / 2 || whole < -INT64_MAX / 2) too_large = true;
}

static void oracle_add(const struct definition *d, struct decimal *total, int64_t *count, const int64_t *row)
{
    if (d->predicate && !holds(d->predicate, row)) return;
    struct decimal x = d->expression ? oracle(d->expression, row) : (struct decimal){1, 0, false};
    if (d->is_date && x.missing) return;
    bool first = (*count)++ == 0;
    check_size(d, x);
    if (d->aggregate == AGGREGATE_MIN || d->aggregate == AGGREGATE_MAX) {
        int order = first ? 0 : compare_decimals(x, *total);
        if (first || (d->aggregate == AGGREGATE_MIN ? order < 0 : order > 0)) *total = x;
        return;
    }
    x = to_scale(x, total->scale);
    *total = to_scale(*total, x.scale);
    *total = checked(total->value + x.value, x.scale);
    check_size(d, *total);
}

static int64_t oracle_value(const struct definition *d, uint32_t place)
{
    struct decimal total = {0, 0, false};
    int64_t count = 0;
    table = d->table;
    row_owner = place;
    for (int t = d->table; t <= (d->table == 2 ? 2 : d->table + 1); t++)
        for (uint32_t i = 0; i < accounts[t].count; i++)
            if (accounts[t].owners[i] == place) oracle_add(d, &total, &count, accounts[t].values[i]);
    if (count == 0 || too_large) return d->is_date ? DATE_NONE : 0;
    /* double the value and the divisor, so that the half is a whole number */
    total = to_scale(total, d->decimals);
    wide_integer divisor = ten(total.scale - d->decimals) * (d->aggregate == AGGREGATE_AVG ? count : 1);
    return (int64_t)round_half_away(total.value * 2, divisor * 2);
}

static int compared, skipped;

static void check_values(const struct definition *d, const struct measure_set *s, struct measure_block *b,
                         uint32_t customers, const char *text)
{
    struct status st = {0};
    bool ok = measure_finish(s, b, &st);
    for (int m = 0; m < MEASURES; m++) {
        for (uint32_t c = 0; c < customers; c++) {
            too_large = false;
            int64_t expected = oracle_value(&d[m], c);
            if (too_large) {
                skipped++;
                continue;
            }
            compared++;
            if (ok && measure_values(b, m)[c] == expected) continue;
            print_error("%smeasure m%d of customer %u: %lld, expected %lld %s\n", text, m, c,
                        (long long)measure_values(b, m)[c], (long long)expected, st.message);
            fail();
        }
    }
}

static const int64_t *customer_columns[FIXTURE_CUSTOMER_FIELDS];

static void make_customers(const struct measure_set *s, uint32_t customers)
{
    for (int k = 0; k < FIXTURE_CUSTOMER_FIELDS; k++) {
        for (uint32_t c = 0; c < customers; c++)
            customer_values[k][c] = k == IS_MARRIED ? pick(2) : random_value(&FIXTURE_CUSTOMER[k], 8, true);
        customer_columns[k] = measure_uses_customer_field(s, k) ? customer_values[k] : NULL;
    }
}

static void check_one(struct buf *text)
{
    struct status st = {0};
    struct formula *f;
    struct measure_set *s;
    struct definition d[MEASURES];
    uint32_t customers = 1 + pick(CUSTOMERS_MAX);
    trees_used = 0;
    unit_fen = pick(2);
    buf_clear(text);
    buf_addf(text, "unit %s; threshold 1; score = 1;\n", unit_fen ? "fen" : "yuan");
    for (int i = 0; i < MEASURES; i++) define(&d[i], text, i);
    for (int t = 0; t < FIXTURE_TABLES; t++) make_accounts(t, customers);
    bool ok = formula_parse("random.formula", buf_view(text), &f, &st);
    if (!ok) print_error("%s", text->bytes);
    fixture_ok(ok, &st);
    if (!measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st)) {
        bool decimals = strstr(st.message, "decimals") != NULL;
        if (!decimals) print_error("%s", text->bytes), status_print(&st);
        assert_true(decimals);
        skipped += (int)customers * MEASURES;
        formula_free(f);
        return;
    }
    struct measure_block *b = measure_block_new(s);
    make_customers(s, customers);
    for (int again = 0; again < 2; again++) {
        /* Some formulas pass 128 bits: the block is skipped when the oracle says so for any customer. */
        bool any_large = false;
        for (uint32_t c = 0; c < customers; c++)
            for (int m = 0; m < MEASURES; m++) {
                too_large = false;
                oracle_value(&d[m], c);
                any_large |= too_large;
            }
        measure_block_reset(s, b, customers);
        measure_block_customers(b, customer_columns);
        for (int t = 0; t < FIXTURE_TABLES; t++) add_accounts(s, b, again ? FIXTURE_TABLES - 1 - t : t);
        if (any_large)
            skipped++;
        else
            check_values(d, s, b, customers, text->bytes);
    }
    measure_block_free(b);
    measure_set_free(s);
    formula_free(f);
}

static void test_random_measures(void **state)
{
    const char *seed_text = getenv("CRMX_SEED"), *count_text = getenv("CRMX_FORMULAS");
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 20261031;
    int count = count_text ? atoi(count_text) : 400;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < count; i++) {
        state_of_random = seed + (uint64_t)i * 1000003;
        check_one(&text);
    }
    printf("%d files of %d measures from seed %llu: %d values compared, %d skipped (beyond 128 bits or decimals)\n",
           count, MEASURES, (unsigned long long)seed, compared, skipped);
    assert_true(compared > 10 * skipped);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_measures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
