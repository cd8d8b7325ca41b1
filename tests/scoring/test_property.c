/* Random typed formulas over random customers: the vector program, in slices of 512, 2 and 3 rows and with both sets of
 * kernels, against the oracle, bit for bit. CRMX_SEED and CRMX_FORMULAS change the run; a failure prints both and the
 * formula. */
#include "tests/scoring/fixture.h"

#include "base/buf.h"

#include <string.h>

enum { MEASURES = 9, /* the last one is a date */ ROWS = 37, RESULTS = 4 };

static const char HEADER[] = "threshold 1;\n"
                             "measure 存款 as m0 money = sum(fund, balance);\n"
                             "measure m1 money = sum(fund, balance);\n"
                             "measure m2 money = sum(fund, balance);\n"
                             "measure m3 money = sum(fund, balance);\n"
                             "measure n0 number = count(fund);\n"
                             "measure n1 number = count(fund);\n"
                             "measure t0 months = sum(fund, 1);\n"
                             "measure t1 months = sum(fund, 1);\n"
                             "measure last date = max(retail, maturity);\n"
                             "coef k = 1.25;\n";

static uint64_t state_of_random;
static uint32_t pick(uint32_t n)
{
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state_of_random >> 33) % n;
}

struct generator {
    struct buf text;
    int lets, results; /* defined so far; lets are numbers */
    bool missing;      /* a missing value may stand here */
};

static void any(struct generator *g, int depth);
static void plain(struct generator *g, int depth);
static void condition(struct generator *g, int depth);
static void a_date(struct generator *g, int depth);
static void a_code(struct generator *g, int depth);

static void put(struct generator *g, const char *text)
{
    buf_add_text(&g->text, text);
}

static void constant(struct generator *g)
{
    static const char *const VALUES[] = {"0",   "1", "2",   "0.5",        "1.5", "1.2",
                                         "100", "3", "0.1", "1000000.00", "7",   "999999999999"};
    put(g, VALUES[pick(12)]);
}

static void binary(struct generator *g, void (*left)(struct generator *, int), const char *sign,
                   void (*right)(struct generator *, int), int depth)
{
    put(g, "(");
    left(g, depth);
    put(g, sign);
    right(g, depth);
    put(g, ")");
}

static void call(struct generator *g, const char *name, void (*of)(struct generator *, int), int count, int depth)
{
    put(g, name);
    put(g, "(");
    for (int i = 0; i < count; i++) {
        if (i) put(g, ", ");
        of(g, depth);
    }
    put(g, ")");
}

static void choice(struct generator *g, void (*of)(struct generator *, int), int depth)
{
    if (pick(2)) {
        put(g, "if(");
        condition(g, depth);
        put(g, ", ");
        of(g, depth);
        put(g, ", ");
        of(g, depth);
        put(g, ")");
        return;
    }
    put(g, "case");
    for (uint32_t n = 1 + pick(3); n; n--) {
        put(g, " when ");
        condition(g, depth);
        put(g, " then ");
        of(g, depth);
    }
    put(g, " else ");
    of(g, depth);
    put(g, " end");
}

/* coalesce(may be missing, …, never missing unless it may be here) */
static void coalesce(struct generator *g, void (*of)(struct generator *, int), int depth)
{
    bool before = g->missing;
    put(g, "coalesce(");
    for (uint32_t n = 1 + pick(2); n; n--) {
        g->missing = true;
        of(g, depth);
        put(g, ", ");
    }
    g->missing = before;
    of(g, depth);
    put(g, ")");
}

/* Now and then so far from 1 that it overflows, or that what is divided by it does. */
static void far(struct generator *g, void (*of)(struct generator *, int), int depth)
{
    static const char *const SIGNS[] = {"*", "/"};
    const char *sign = SIGNS[pick(2)];
    put(g, "(");
    of(g, depth);
    for (uint32_t n = pick(4) ? pick(4) : 15 + pick(20); n; n--) {
        put(g, sign);
        put(g, pick(16) ? "999999999999.5" : "n0");
    }
    put(g, ")");
}

/* A number or months: no money in it. */
static void plain(struct generator *g, int depth)
{
    static const char *const LEAVES[] = {"n0", "n1", "t0", "t1", "family", "k", "系数(1.5)", "coef(w, 2.25)"};
    if (depth <= 0) {
        if (pick(2))
            constant(g);
        else
            put(g, LEAVES[pick(8)]);
        return;
    }
    switch (pick(g->missing ? 14 : 12)) {
    case 0: binary(g, plain, " + ", plain, depth - 1); break;
    case 1: binary(g, plain, " - ", plain, depth - 1); break;
    case 2: binary(g, plain, "*", plain, depth - 1); break;
    case 3: binary(g, plain, "/", plain, depth - 1); break;
    case 4: call(g, pick(2) ? "min" : "max", plain, 2 + (int)pick(2), depth - 1); break;
    case 5:
        put(g, "-");
        plain(g, depth - 1);
        break;
    case 6: choice(g, plain, depth - 1); break;
    case 7: coalesce(g, plain, depth - 1); break;
    case 8: call(g, pick(2) ? "floor" : "ceil", plain, 1, depth - 1); break;
    case 9: /* money / money */
        put(g, "((m0 + ");
        any(g, depth - 1);
        put(g, ")/(m1 - ");
        any(g, depth - 1);
        put(g, "))");
        break;
    case 10: call(g, pick(2) ? "abs" : "round", plain, 1, depth - 1); break;
    case 11:
        if (g->lets)
            buf_addf(&g->text, "l%u", pick((uint32_t)g->lets));
        else
            put(g, "n0");
        break;
    case 12: {
        static const char *const SINCE[] = {"age", "months_since", "days_since", "years_since"};
        static const char *const BETWEEN[] = {"days_between", "months_between", "years_between"};
        if (pick(2))
            call(g, SINCE[pick(4)], a_date, 1, depth - 1);
        else
            call(g, BETWEEN[pick(3)], a_date, 2, depth - 1);
        break;
    }
    default:
        put(g, "(");
        a_date(g, depth - 1);
        put(g, " - ");
        a_date(g, depth - 1);
        put(g, ")");
    }
}

/* Any numeric value. */
static void any(struct generator *g, int depth)
{
    static const char *const LEAVES[] = {"存款", "m0", "m1", "m2", "m3", "income", "n0", "t0"};
    static const char *const MODES[] = {", half_up)", ", half_away)", ", half_even)"};
    if (depth <= 0) {
        put(g, LEAVES[pick(8)]);
        return;
    }
    switch (pick(12)) {
    case 0: binary(g, any, " + ", any, depth - 1); break;
    case 1: binary(g, any, " - ", any, depth - 1); break;
    case 2: binary(g, any, "*", plain, depth - 1); break;
    case 3: binary(g, any, "/", plain, depth - 1); break;
    case 4: binary(g, plain, "*", any, depth - 1); break;
    case 5: call(g, pick(2) ? "min" : "max", any, 2 + (int)pick(3), depth - 1); break;
    case 6: choice(g, any, depth - 1); break;
    case 7: coalesce(g, any, depth - 1); break;
    case 8:
        put(g, "round(");
        any(g, depth - 1);
        put(g, MODES[pick(3)]);
        break;
    case 9:
        if (g->results)
            put(g, "score");
        else
            put(g, "m3");
        break;
    case 10:
        if (pick(6) == 0) {
            far(g, pick(4) ? any : plain, pick(2) ? 0 : depth - 1);
            break;
        } /* fall through */
    default: plain(g, depth - 1);
    }
}

static void never_missing(struct generator *g, void (*of)(struct generator *, int), int depth)
{
    bool before = g->missing;
    g->missing = false;
    of(g, depth);
    g->missing = before;
}

static void condition(struct generator *g, int depth)
{
    static const char *const SIGNS[] = {" = ", " <> ", " < ", " <= ", " > ", " >= "};
    static const char *const CODES[] = {"'M'", "'F'", "'U'"};
    if (depth <= 0) {
        put(g, pick(3) ? "married" : pick(2) ? "true" : "false");
        return;
    }
    put(g, "(");
    switch (pick(9)) {
    case 0:
    case 1:
        never_missing(g, any, depth - 1);
        put(g, SIGNS[pick(6)]);
        never_missing(g, any, depth - 1);
        break;
    case 2:
        never_missing(g, a_date, depth - 1);
        put(g, SIGNS[pick(6)]);
        never_missing(g, a_date, depth - 1);
        break;
    case 3:
        put(g, "sex");
        put(g, pick(2) ? " = " : " <> ");
        put(g, CODES[pick(3)]);
        break;
    case 4:
        put(g, "not ");
        condition(g, depth - 1);
        break;
    case 5:
        condition(g, depth - 1);
        put(g, pick(2) ? " and " : " or ");
        condition(g, depth - 1);
        break;
    case 6:
        never_missing(g, plain, depth - 1);
        put(g, pick(2) ? " in (" : " not in (");
        never_missing(g, plain, depth - 1);
        put(g, ", 1, 2)");
        break;
    case 7: {
        bool before = g->missing;
        g->missing = true;
        call(g, "known", a_date, 1, depth - 1);
        g->missing = before;
        break;
    }
    default: choice(g, condition, depth - 1);
    }
    put(g, ")");
}

/* Nearly always few enough for the calendar. */
static void days(struct generator *g, int depth)
{
    bool few = pick(4);
    put(g, few ? "floor(min(max(" : "round(");
    plain(g, depth);
    put(g, few ? ", -9999.5), 9999.5))" : ")");
}

static void a_date(struct generator *g, int depth)
{
    if (depth <= 0 || pick(3) == 0) {
        static const char *const DATES[] = {"birth", "opened", "last"};
        put(g, g->missing && pick(4) ? DATES[pick(3)] : pick(2) ? "business_date" : "date '1999-12-31'");
        return;
    }
    switch (pick(3)) {
    case 0: binary(g, a_date, pick(2) ? " + " : " - ", days, depth - 1); break;
    case 1: coalesce(g, a_date, depth - 1); break;
    default: choice(g, a_date, depth - 1);
    }
}

static void a_code(struct generator *g, int depth)
{
    static const char *const CODES[] = {"'A'", "'B'", "'M'", "sex", "home_currency"};
    if (depth <= 0 || pick(3) == 0)
        put(g, CODES[pick(5)]);
    else
        choice(g, a_code, depth - 1);
}

static void generate(struct generator *g)
{
    static const char *const ROUNDINGS[] = {"half_up", "half_away", "half_even"};
    buf_clear(&g->text);
    g->lets = g->results = 0;
    g->missing = false;
    buf_addf(&g->text, "unit %s; rounding %s;\n%s", pick(2) ? "yuan" : "fen", ROUNDINGS[pick(3)], HEADER);
    for (uint32_t n = pick(3); n; n--) {
        buf_addf(&g->text, "let l%d number = ", g->lets);
        any(g, 3);
        put(g, ";\n");
        g->lets++;
    }
    put(g, "score = ");
    any(g, 4);
    put(g, ";\n");
    g->results = 1;
    put(g, "result x number = ");
    any(g, 3);
    put(g, ";\nresult flag boolean = ");
    condition(g, 3);
    put(g, ";\nresult tier code = ");
    a_code(g, 3);
    put(g, ";\n");
}

/* --- customers --- */

static int64_t measure_columns[MEASURES][ROWS], field_columns[FIXTURE_CUSTOMER_FIELDS][ROWS];

static bool large; /* amounts up to 2^59: results out of range */

static int64_t an_amount(void)
{
    switch (pick(large ? 8 : 2)) {
    case 0: return pick(3) ? pick(100000) : 0;
    case 3: return -(int64_t)pick(1000000000);
    case 2: return ((int64_t)pick(1u << 30) << 30) - ((int64_t)1 << 59);
    default: return pick(1000000000);
    }
}

static void make_customers(void)
{
    large = pick(6) == 0;
    for (int i = 0; i < ROWS; i++) {
        for (int m = 0; m < 4; m++) measure_columns[m][i] = an_amount();
        for (int m = 4; m < MEASURES - 1; m++) measure_columns[m][i] = pick(4) ? pick(100) : 0;
        measure_columns[MEASURES - 1][i] = pick(3) ? (int64_t)pick(25000) : DATE_NONE;
        field_columns[0][i] = pick(4) ? (int64_t)pick(25000) - 5000 : DATE_NONE;
        field_columns[1][i] = pick(3);
        field_columns[2][i] = pick(3) ? (int64_t)pick(22000) : DATE_NONE;
        field_columns[3][i] = an_amount();
        field_columns[4][i] = pick(60);
        field_columns[5][i] = pick(2);
        field_columns[6][i] = pick(FIXTURE_CURRENCIES);
    }
}

/* --- comparison --- */

static const char *current; /* the formula, to be printed when it fails */
static int out_of_range, overflows, no_days, refused;

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (condition) break;                                                                                          \
        print_error("%s\n", current);                                                                                  \
        fail_msg("%s", #condition);                                                                                    \
    } while (0)

static const int64_t *measures[MEASURES], *fields[FIXTURE_CUSTOMER_FIELDS];

/* Rows whose result is out of range fail alike, one by one. */
static void compare_rows(const struct formula_program *p, struct formula_scratch *scratch)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        struct status a = {0}, b = {0};
        const int64_t *m[MEASURES], *f[FIXTURE_CUSTOMER_FIELDS];
        int64_t expected[RESULTS], found[RESULTS], *results[RESULTS];
        for (int k = 0; k < MEASURES; k++) m[k] = measures[k] + i;
        for (int k = 0; k < FIXTURE_CUSTOMER_FIELDS; k++) f[k] = fields[k] + i;
        for (int k = 0; k < RESULTS; k++) results[k] = &found[k];
        struct formula_inputs one = {.count = 1, .measures = m, .customer_fields = f};
        bool ok = formula_evaluate_scalar(p, &one, 0, expected, &a);
        REQUIRE(ok == formula_evaluate(p, &one, scratch, results, &b));
        REQUIRE(ok ? memcmp(expected, found, sizeof expected) == 0 : strcmp(a.message, b.message) == 0);
        out_of_range += !ok;
        overflows += !ok && strstr(a.message, "than any number");
        no_days += !ok && strstr(a.message, "is no day");
    }
}

static void compare(const struct formula_program *p, struct formula_scratch *scratch)
{
    int64_t expected[ROWS][RESULTS], found[RESULTS][ROWS], *results[RESULTS];
    struct formula_inputs in = {.count = ROWS, .measures = measures, .customer_fields = fields};
    struct status st = {0};
    bool ok = true;
    for (uint32_t i = 0; i < ROWS; i++) ok &= formula_evaluate_scalar(p, &in, i, expected[i], &st);
    for (int r = 0; r < RESULTS; r++) results[r] = found[r];
    status_clear(&st);
    REQUIRE(ok == formula_evaluate(p, &in, scratch, results, &st));
    if (!ok) {
        compare_rows(p, scratch);
        return;
    }
    for (uint32_t i = 0; i < ROWS; i++)
        for (int r = 0; r < RESULTS; r++) REQUIRE(found[r][i] == expected[i][r]);
}

static void check_formula(const char *text)
{
    static const uint32_t SLICES[] = {512, 2, 3};
    struct status st = {0};
    struct formula *f;
    struct formula_program *p;
    bool ok = formula_parse("random.formula", view_of(text), &f, &st);
    REQUIRE(ok);
    ok = formula_bind(f, &FIXTURE_SCHEMA, &p, &st);
    if (!ok && (strstr(st.message, "than any number") || strstr(st.message, "is no day") ||
                strstr(st.message, "than 2^62 for every customer"))) { /* a constant */
        refused++;
        formula_free(f);
        return;
    }
    if (!ok) status_print(&st);
    REQUIRE(ok);
    for (size_t i = 0; i < 4; i++) {
        setenv("CRMX_KERNELS", i == 3 ? "base" : "", 1);
        struct formula_scratch *scratch = formula_scratch_new_sized(p, SLICES[i % 3]);
        compare(p, scratch);
        formula_scratch_free(scratch);
    }
    formula_program_free(p);
    formula_free(f);
}

static void test_random_formulas(void **state)
{
    const char *seed_text = getenv("CRMX_SEED"), *count_text = getenv("CRMX_FORMULAS");
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 20261031;
    int count = count_text ? atoi(count_text) : 3000;
    struct generator g = {0};
    buf_init(&g.text, 1 << 20);
    for (int m = 0; m < MEASURES; m++) measures[m] = measure_columns[m];
    for (int k = 0; k < FIXTURE_CUSTOMER_FIELDS; k++) fields[k] = field_columns[k];
    for (int i = 0; i < count; i++) {
        state_of_random = seed + (uint64_t)i * 1000003;
        make_customers();
        generate(&g);
        current = g.text.bytes;
        check_formula(current);
    }
    printf("%d formulas from seed %llu, %d rows with results out of range, %d of them beyond any number, %d no day; %d "
           "constants\n",
           count, (unsigned long long)seed, out_of_range, overflows, no_days, refused);
    assert_true(count < 1000 || (overflows > 100 && no_days > 100 && refused > 0));
    buf_release(&g.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_formulas)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
