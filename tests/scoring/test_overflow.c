/* A step that passes the largest double is told, wherever its value goes: the place and the first customer, the same
 * by the vector program (in slices of 512, 2 and 3, both sets of kernels, measures as columns and packed) and by the
 * oracle. What is proved to stay a number is not looked at. */
#include "tests/scoring/fixture.h"

#include "scoring/steps.h"

#include <string.h>

/* Of a customer with 2^62: seventeen of them are more than the largest double, sixteen are not. */
#define POWER_8 "m*m*m*m*m*m*m*m"
#define POWER_16 POWER_8 "*" POWER_8
#define POWER_17 POWER_16 "*m"
#define RARE_8 "q*q*q*q*q*q*q*q"

enum { ROWS = 700, BIG = 600 /* the first customer with a large m; the others have 2 */, KNOWN = 650 };

static const char HEAD[] =
    "unit fen; threshold 1; measure m number = count(fund); measure last date = max(retail, maturity);"
    " measure q number = count(card);\n";

static const struct {
    const char *text, *message; /* NULL: nothing overflows; else behind "t.formula:2:" */
} CASES[] = {
    {"score = if(" POWER_16 " > 5, 1, 2);", NULL},
    {"let a = " POWER_17 "; score = if(a > 5, 1, 2);", "40: " POWER_17},
    {"score = if(5 < " POWER_17 ", 1, 2);", "47: " POWER_17},
    {"score = if(" POWER_17 " = 1, 1, 2);", "43: " POWER_17},
    {"score = if(m in (1, " POWER_17 "), 1, 2);", "52: " POWER_17},
    {"score = min(1, " POWER_17 ");", "47: " POWER_17},
    {"score = min(1, max(m, -" POWER_17 "));", "55: -m*" POWER_16},
    {"score = case when m > 2 then " POWER_17 " else 0 end*0;", "61: " POWER_17},
    {"score = round(1/(" POWER_17 "));", "49: " POWER_17},
    {"score = (" POWER_17 ")/0;", "41: " POWER_17},
    {"score = 1; result r boolean = abs(" POWER_17 ") > 1;", "66: " POWER_17},
    {"score = 1; result r code = if(" POWER_17 " > 1, 'A', 'B');", "62: " POWER_17},
    {"let a = " POWER_16 "; let b = a*a; score = min(b - b, 1);", "51: a*a"},
    {"let a = " POWER_16 "; score = if(m > 2, 1, 0)/(1/a/a);", NULL}, /* what is too small is 0 */
    /* Divided by the smallest that is no 0. */
    {"let a = " POWER_16 "; score = min(1, m/(1/a/(m*m*m*m*m)*m*m*m));", NULL},
    {"let a = " POWER_16 "; score = min(1, m*m*m*m*m*m*m/(1/a));", "70: m*m*m*m*m*m*m/(1/a)"},
    /* A branch that is not taken counts for nothing. */
    {"score = if(m > 2, 1, " POWER_17 ");", NULL},
    {"score = case when m <= 2 then " POWER_17 " else 7 end;", NULL},
    {"score = if(m > 2 or " POWER_17 " > 1, 1, 2);", NULL},
    {"score = if(m <= 2 and " POWER_17 " > 1, 1, 2);", NULL},
    {"score = if(m in (m, " POWER_17 "), 1, 2);", NULL},
    {"score = if(false, " POWER_17 ", 1);", NULL},
    {"score = coalesce(last - last, 0, " POWER_17 ")*0;", NULL},
    /* What is missing is no number, however large. */
    {"score = if(known(last), 0, coalesce(days_since(last)*(" POWER_16 ")*m, 3));", NULL},
    /* known() asks for no value; a condition that chooses what it asks about is worked out. */
    {"score = if(known(days_since(last)*(" POWER_16 ")*m), 1, 2);", NULL},
    {"score = if(known(" POWER_17 "), 1, 2);", NULL},
    {"score = if(known(if(" POWER_17 " > 5, last, last)), 1, 2);", "52: " POWER_17},
    {"score = if(known(coalesce(if(m > 2, last, last), if(" POWER_17 " > 5, last, last))), 1, 2);", "84: " POWER_17},
    /* A measure that few have is not worked out for those few alone when it may overflow. */
    {"score = min(1, m + " RARE_8 "*" RARE_8 ");", NULL},
    {"score = min(1, m + " RARE_8 "*" RARE_8 "*q);", "51: " RARE_8 "*" RARE_8 "*q"},
    {"score = min(1, m - " RARE_8 "*" RARE_8 "*q*2);", "51: " RARE_8 "*" RARE_8 "*q"},
    {"score = m + if(" RARE_8 "*" RARE_8 "*q > 1, 1, 0);", "47: " RARE_8 "*" RARE_8 "*q"},
    /* Nobody asks for it. */
    {"let a = " POWER_17 "; let b = a; score = m/m;", NULL},
    /* An intermediate value is worked out for everybody, whoever uses it. */
    {"let a = " POWER_17 "; score = if(m > 2, 1, a);", "40: " POWER_17},
    /* The first step of the first customer, though the vector program comes to the second result later. */
    {"score = if(known(last), " POWER_17 ", 1); result r number = min(1, " POWER_17 ");", "120: " POWER_17},
};

static int64_t m[ROWS], last[ROWS], rare[ROWS];
static const int64_t *const COLUMNS[] = {m, last, rare};

static void load(void *context, int measure, uint32_t first, uint32_t count, double *out)
{
    for (uint32_t i = 0; i < count; i++) out[i] = (double)COLUMNS[measure][first + i];
}

static int few(void *context, int measure, uint32_t first, uint32_t count, uint16_t *places, double *values)
{
    int found = 0;
    if (COLUMNS[measure] != rare) return FORMULA_MANY;
    for (uint32_t i = 0; i < count; i++) {
        if (rare[first + i] == 0) continue;
        places[found] = (uint16_t)i;
        values[found++] = (double)rare[first + i];
    }
    return found;
}

static struct formula_program *bind(const char *text, struct formula **f)
{
    struct status st = {0};
    struct formula_program *p;
    char file[2000];
    snprintf(file, sizeof file, "%s%s", HEAD, text);
    fixture_ok(formula_parse("t.formula", view_of(file), f, &st), &st);
    fixture_ok(formula_bind(*f, &FIXTURE_SCHEMA, &p, &st), &st);
    return p;
}

static int different;
static const char *failing_hint;

static void same(const char *text, bool ok, const struct status *st, const char *message)
{
    if (ok != !message || (message && strcmp(st->message, message) != 0)) {
        print_error("%s\nfound:    %s\nexpected: %s\n", text, ok ? "no failure" : st->message,
                    message ? message : "none");
        different++;
    }
    if (ok) return;
    assert_int_equal(st->code, STATUS_INPUT);
    assert_string_equal(st->hint, failing_hint);
    assert_non_null(strstr(st->excerpt, "^"));
}

static void check(const char *text, const char *message)
{
    static const uint32_t SLICES[] = {512, 2, 3, 512};
    static int64_t scores[2][ROWS];
    struct formula *f;
    struct formula_program *p = bind(text, &f);
    const int64_t *columns[] = {m, last, rare}, *packed[] = {NULL, NULL, NULL};
    int64_t *results[] = {scores[0], scores[1]}, scalar[2];
    struct formula_packed source = {.load = load, .few = few};
    for (int i = 0; i < 8; i++) {
        struct status st = {0};
        setenv("CRMX_KERNELS", i % 4 == 3 ? "base" : "", 1);
        struct formula_inputs in = {.count = ROWS, .measures = i < 4 ? columns : packed};
        struct formula_scratch *scratch = formula_scratch_new_sized(p, SLICES[i % 4]);
        bool ok = formula_evaluate_packed(p, &in, i < 4 ? NULL : &source, scratch, results, &st);
        same(text, ok, &st, message);
        struct formula_inputs all = {.count = ROWS, .measures = columns};
        for (uint32_t row = 0; ok && row < ROWS; row++) {
            fixture_ok(formula_evaluate_scalar(p, &all, row, scalar, &st), &st);
            assert_int_equal(scalar[0], scores[0][row]);
        }
        formula_scratch_free(scratch);
    }
    struct formula_inputs in = {.count = ROWS, .measures = columns};
    struct status st = {0};
    bool ok = true;
    for (uint32_t row = 0; row < ROWS && ok; row++) ok = formula_evaluate_scalar(p, &in, row, scalar, &st);
    same(text, ok, &st, message);
    formula_program_free(p);
    formula_free(f);
}

static void make_customers(void)
{
    for (int i = 0; i < ROWS; i++) {
        m[i] = i >= BIG ? (int64_t)1 << 62 : 2;
        rare[i] = i >= BIG ? m[i] : 0;
        last[i] = i >= KNOWN ? 20000 : DATE_NONE;
    }
}

static void test_places(void **state)
{
    make_customers();
    failing_hint = "bound its parts with min(…), or divide before multiplying";
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char message[STATUS_MESSAGE_MAX];
        snprintf(message, sizeof message,
                 "t.formula:2:%s of customer %d of the batch is larger than any number (1.8e308)",
                 CASES[i].message ? CASES[i].message : "", BIG);
        check(CASES[i].text, CASES[i].message ? message : NULL);
    }
    assert_int_equal(different, 0);
}

#define NUMBER " is larger than any number (1.8e308)"
#define DAY " is no day of the years 1 to 9999"
#define EDGE "(if(m > 2, 2932896, 2) - days_between(date '1970-01-01', coalesce(last, date '1970-01-01')))"

/* What is added to a date may leave the calendar, and the first customer of whom it does is told. */
static void test_days(void **state)
{
    static const struct {
        const char *text, *message; /* as CASES */
        int customer;
    } TABLE[] = {
        {"score = if(business_date + m > business_date, 1, 2);", "26: business_date + m", BIG},
        {"score = if(business_date - m < business_date, 1, 2);", "26: business_date - m", BIG},
        {"score = days_since(m + business_date);", "22: m + business_date", BIG},
        {"score = coalesce(days_since(last + m), 0);", "34: last + m", KNOWN}, /* who has none has no day */
        {"score = coalesce(days_since(last - m*3), 0);", "34: last - m*3", KNOWN},
        {"let due = last + m; score = if(known(due), 1, 2);", "16: last + m", KNOWN},
        {"score = if(m > 2, 1, days_since(business_date + m));", NULL, 0},
        {"score = if(known(last), 1, days_since(business_date + m));", "53: business_date + m", BIG},
        {"score = if(m > 2 or business_date + m > business_date, 1, 2);", NULL, 0},
        {"let due = business_date + m; score = 1;", NULL, 0},
        {"score = if(coalesce(last, date '1970-01-01') + " EDGE " > business_date, 1, 2);", NULL, 0},
        {"score = if(coalesce(last, date '1970-01-01') + (" EDGE " + 1) > business_date, 1, 2);",
         "46: coalesce(last, date '1970-01-01') + (if(m > 2, 2932896, 2) - days_between(date '…", BIG},
    };
    make_customers();
    different = 0;
    failing_hint = "bound the number of days with min(…) and max(…)";
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        char message[STATUS_MESSAGE_MAX];
        snprintf(message, sizeof message, "t.formula:2:%s of customer %d of the batch" DAY,
                 TABLE[i].message ? TABLE[i].message : "", TABLE[i].customer);
        check(TABLE[i].text, TABLE[i].message ? message : NULL);
    }
    assert_int_equal(different, 0);
}

/* Customers of the other type may be anything. */
static void test_ignored(void **state)
{
    static int64_t score[ROWS];
    static bool ignored[ROWS];
    struct formula *f;
    struct status st = {0};
    make_customers();
    struct formula_program *p = bind("let a = " POWER_17 "; score = if(a > 5, 1, 2);", &f);
    const int64_t *columns[] = {m, last, rare};
    int64_t *results[] = {score};
    struct formula_inputs in = {.count = ROWS, .measures = columns, .ignored = ignored};
    struct formula_scratch *scratch = formula_scratch_new(p);
    for (int i = BIG; i < ROWS; i++) ignored[i] = true;
    fixture_ok(formula_evaluate(p, &in, scratch, results, &st), &st);
    ignored[ROWS - 1] = false;
    assert_false(formula_evaluate(p, &in, scratch, results, &st));
    assert_non_null(strstr(st.message, "of customer 699 of the batch"));
    formula_scratch_free(scratch);
    formula_program_free(p);
    formula_free(f);
}

/* What is the same for everybody is refused before anybody is scored. */
static void test_constants(void **state)
{
#define K "999999999999999"
#define K_7 K "*" K "*" K "*" K "*" K "*" K "*" K
#define K_21 K_7 "*" K_7 "*" K_7
    static const struct {
        const char *text;
        int column; /* 0: accepted */
    } TABLE[] = {
        {"score = " K_21 ";", 328},
        {"let unused = " K_21 "; score = 1;", 333},
        {"let a = " K_7 "*" K_7 "; score = a*0 + if(m > 1, a*a, 1);", 259},
        {"score = if(false, " K_21 ", 1);", 338},
        {"coef k = " K "; let a = k*k*k*k*k*k*k; let b = a*a; score = b/(b*b);", 75},
        {"let a = " K_7 "*" K_7 "; score = a/a;", 0},
        {"let a = " K_7 "*" K_7 "; let b = a*a/a; score = 1;", 243},
        {"let a = " K_7 "*" K_7 "; let b = a/a*a; score = b/b;", 0},
        {"let a = " K_7 "*" K_7 "; let b = a*" K "*" K "*" K "*" K "*" K "/" K "; score = (b - b)*b*0.000001;", 0},
        {"score = days_since(business_date + 99999999);", 34},
        {"score = days_since(date '1999-12-31' - 99999999);", 38},
        {"score = if(false, days_since(date '1999-12-31' + 2921941), 1);", 48}, /* 10000-01-01 */
        {"score = days_since(date '1999-12-31' + 2921940);", 0},
        {"score = days_since(date '1999-12-31' - 730118);", 0}, /* 0001-01-01 */
        {"score = days_since(date '1999-12-31' - 730119);", 38},
    };
    different = 0;
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct status st = {0};
        struct formula *f;
        struct formula_program *p = NULL;
        char file[2000], place[40];
        snprintf(file, sizeof file, "%s%s", HEAD, TABLE[i].text);
        fixture_ok(formula_parse("t.formula", view_of(file), &f, &st), &st);
        bool ok = formula_bind(f, &FIXTURE_SCHEMA, &p, &st);
        snprintf(place, sizeof place, "t.formula:2:%d: ", TABLE[i].column);
        if (ok != !TABLE[i].column || (!ok && strncmp(st.message, place, strlen(place)) != 0))
            print_error("%s\nfound %s %s\n", TABLE[i].text, ok ? "ok" : st.message, st.excerpt), different++;
        if (!ok) {
            assert_non_null(strstr(st.message, strstr(TABLE[i].text, "date") ? DAY : NUMBER));
            assert_int_equal(st.code, STATUS_USAGE);
        }
        formula_program_free(p);
        formula_free(f);
    }
    assert_int_equal(different, 0);
}

/* The night pays for what cannot be proved alone. */
static void test_what_is_looked_at(void **state)
{
    static const struct {
        const char *text;
        int checked;
    } TABLE[] = {
        {"score = " POWER_16 ";", 0},
        {"score = " POWER_17 ";", 1},
        {"score = " POWER_17 "*m;", 2},
        {"score = min(" POWER_16 ", 7)*m;", 1},
        {"score = m/(m - m/3 + 0.01)*(m/7)*m/(m + 0.001)*系数(1.5);", 0},
        {"let a = (m*1.1 - m/1.2)/(m*m - m); score = a*a*a*a*a;", 0},
        {"score = " POWER_8 "; let s number = score; result r number = s*s*s*s*s*m;", 0},
        {"score = days_since(coalesce(last, business_date))*" POWER_8 ";", 0},
        {"score = " POWER_16 "; result r number = floor(" POWER_16 ")*8;", 0},
        {"let unused = " POWER_17 "; score = m;", 0},
        {"score = coalesce(days_since(last + 3650), 0);", 0}, /* of a source, so before 2100 */
        {"score = days_since(coalesce(last, business_date) + 700000);", 1},
        {"score = coalesce(days_since(last + m), 0);", 1},
        {"score = coalesce(days_since(max(retail where true, maturity + 1) + 1), 0);", 1}, /* may be 9999-12-31 */
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct formula *f;
        struct formula_program *p = bind(TABLE[i].text, &f);
        int checked = 0;
        for (int s = 0; s < p->steps->count; s++) checked += p->steps->steps[s].checked != CHECK_NOTHING;
        if (checked != TABLE[i].checked) print_error("%s: %d\n", TABLE[i].text, checked);
        assert_int_equal(checked, TABLE[i].checked);
        formula_program_free(p);
        formula_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places), cmocka_unit_test(test_days),
                                       cmocka_unit_test(test_ignored), cmocka_unit_test(test_constants),
                                       cmocka_unit_test(test_what_is_looked_at)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
