/* Lint: each rule with what it finds and with what it must leave alone; the documented example; terms of a score and
 * who passes by them alone, against a plain count. */
#include "tests/scoring/fixture.h"
#include "tests/scoring/fixture_bank.h"

#include "base/buf.h"
#include "base/os.h"
#include "scoring/lint.h"

#include <string.h>

static const char HEAD[] = "threshold 1000;\n"
                           "measure 存款 as deposits money = sum(retail, cny(balance));\n"
                           "measure 存期 as months months = sum(retail, term);\n"
                           "measure 贷款 as loans money = sum(loan, cny(balance));\n"
                           "measure 贷款期限 as loan_months months = sum(loan, term);\n"
                           "measure 逾期 as overdue money = sum(loan, cny(overdue_balance));\n"
                           "measure 期数 as overdue_periods number = sum(loan, overdue_periods);\n"
                           "measure 透支额 as od money = sum(card, -cny(overdraft));\n"
                           "measure 账户数 as accounts_n number = count(accounts);\n"
                           "measure 最近 as last_move date = max(retail, last_movement);\n";
enum { HEAD_LINES = 10 };

struct bound {
    struct formula *f;
    struct formula_program *program;
};

static void open_formula(struct bound *b, struct view text)
{
    struct status st = {0};
    fixture_ok(formula_parse("t.formula", text, &b->f, &st) && formula_bind(b->f, &BANK_SCHEMA, &b->program, &st), &st);
}

static void close_formula(struct bound *b)
{
    formula_program_free(b->program);
    formula_free(b->f);
}

struct lint_case {
    const char *text; /* behind HEAD */
    const char
        *findings; /* "column rule weight: message" of the lines behind HEAD but for `unused`, separated by " ; " */
};

static const struct lint_case CASES[] = {
    /* money, prices and explicit types are fine */
    {"score = deposits*系数(1.5) - overdue;", ""},
    {"score = deposits + 系数(1000)*accounts_n;", ""},
    {"score = deposits + coef(price, 1000)*min(accounts_n, 5);", ""},
    {"coef price = 1000; score = deposits + price*accounts_n;", ""},
    {"let term_value money = months*系数(100); score = deposits + term_value;", ""},
    {"score = deposits*months/系数(12);", "9 sums warning: two sums are multiplied: deposits*months"},
    {"score = if(deposits > 5, deposits, 0);", ""},
    {"score = 0 - overdue;", ""},
    {"score = deposits - od;", ""},
    {"score = if(days_since(coalesce(last_move, business_date)) > 180, 0, deposits);", ""},
    /* terms and numbers */
    {"score = deposits + months;", "20 term warning: a term is added to money: 60 months = 60 yuan (months)"},
    {"score = deposits - months/系数(1.5);",
     "20 term warning: a term is subtracted from money: 60 months = 40 yuan (months/系数(1.5))"},
    {"score = months*2 + deposits;", "9 term warning: a term is added to money: 60 months = 120 yuan (months*2)"},
    {"score = deposits + months*accounts_n;", "20 term warning: a term is added to money (months*accounts_n)"},
    {"score = deposits + accounts_n*(months/months);",
     "20 number warning: a bare number is added to money (accounts_n*(months/months))"},
    {"score = deposits + accounts_n/系数(2);", ""},
    {"score = if(deposits > months, deposits, 0);",
     "23 term warning: a term is compared with money: 60 months = 60 yuan (months)"},
    {"score = max(deposits, months);", "23 term warning: a term is compared with money: 60 months = 60 yuan (months)"},
    {"score = deposits + 500;",
     "20 number warning: a bare number is added to money: 500 = 500 yuan for every customer"},
    {"score = deposits + 系数(1500.5);",
     "20 number warning: a bare number is added to money: 系数(1500.5) = 1,500.5 yuan for every customer"},
    {"score = deposits + accounts_n*100;",
     "20 number warning: a bare number is added to money: 1 = 100 yuan (accounts_n*100)"},
    {"let x = deposits + accounts_n; score = x*2 + x;",
     "20 number warning: a bare number is added to money: 1 = 1 yuan (accounts_n)"},
    {"score = deposits; result r money = deposits + months;",
     "47 term warning: a term is added to money: 60 months = 60 yuan (months)"},
    /* debts */
    {"score = deposits + overdue;", "20 debt warning: arrears raise the score: 逾期 in overdue"},
    {"score = deposits - -overdue;", "21 debt warning: arrears raise the score: 逾期 in overdue"},
    {"score = deposits - overdue*系数(-2);", "20 debt warning: arrears raise the score: 逾期 in overdue*系数(-2)"},
    {"score = deposits + overdue*系数(-2);", ""},
    {"score = deposits + 2*-overdue;", ""},
    {"score = deposits + (loans - overdue);", "21 debt remark: a loan raises the score: 贷款 in loans"},
    {"score = deposits + loans*系数(0.5);", "20 debt remark: a loan raises the score: 贷款 in loans*系数(0.5)"},
    {"let owed = loans + overdue; score = deposits - owed;", ""},
    {"let owed = loans + overdue; score = deposits + owed;",
     "12 debt remark: a loan raises the score: 贷款 in loans ; 20 debt warning: arrears raise the score: 逾期 in "
     "overdue"},
    {"score = deposits/overdue;", ""},
    {"score = if(overdue > 0, 0, deposits);", ""},
    {"score = if(deposits > 0, overdue, 0);",
     "9 debt warning: arrears raise the score: 逾期 in if(deposits > 0, overdue, 0)"},
    {"score = deposits; result contribution_loan money = loans*系数(0.02);", ""},
    {"score = deposits + -overdue*(-1);", "20 debt warning: arrears raise the score: 逾期 in -overdue*-1"},
    {"score = deposits - overdue*-系数(2);", "20 debt warning: arrears raise the score: 逾期 in overdue*-系数(2)"},
    {"score = deposits + overdue*(1 - 3);", ""},
    {"score = deposits - overdue*(1 - 3);", "20 debt warning: arrears raise the score: 逾期 in overdue*(1 - 3)"},
    {"score = deposits + abs(overdue);", "20 debt warning: arrears raise the score: 逾期 in abs(overdue)"},
    {"score = deposits + abs(-overdue);", "20 debt warning: arrears raise the score: 逾期 in abs(-overdue)"},
    {"score = deposits - abs(overdue);", ""},
    {"score = abs(deposits - overdue);",
     "9 debt remark: it cannot be told whether arrears raise the score: 逾期 in abs(deposits - overdue)"},
    {"score = deposits + 1/(1/overdue);", "20 number warning: a bare number is added to money (1/(1/overdue)) ; 20 "
                                          "debt warning: arrears raise the score: 逾期 in 1/(1/overdue)"},
    {"score = deposits/(1/overdue);", "9 debt warning: arrears raise the score: 逾期 in deposits/(1/overdue)"},
    {"score = deposits + overdue*((deposits - loans)/deposits);",
     "20 debt remark: it cannot be told whether arrears raise the score: 逾期 in overdue*((deposits - "
     "loans)/deposits)"},
    {"score = max(deposits - overdue, 0);", ""},
    {"score = max(deposits, overdue);", "9 debt warning: arrears raise the score: 逾期 in max(deposits, overdue)"},
    {"score = deposits - min(overdue, 系数(500));", ""},
    {"score = if(overdue > 0, deposits*系数(0.5), deposits);", ""},
    {"score = if(overdue > 0, deposits*系数(2), deposits);",
     "9 debt warning: arrears raise the score: 逾期 in if(overdue > 0, deposits*系数(2), deposits)"},
    {"score = if(overdue = 0, deposits, 0);", ""},
    {"score = if(overdue <> 0, deposits, 0);",
     "9 debt warning: arrears raise the score: 逾期 in if(overdue <> 0, deposits, 0)"},
    {"score = if(not overdue > 0, 0, deposits);",
     "9 debt warning: arrears raise the score: 逾期 in if(not overdue > 0, 0, deposits)"},
    {"score = case when overdue > 系数(10) then 0 when overdue > 0 then deposits/系数(2) else deposits end;", ""},
    {"score = case when overdue > 0 and deposits > 0 then deposits + 系数(9) else deposits end;",
     "9 debt warning: arrears raise the score: 逾期 in case when overdue > 0 and deposits > 0 then deposits + 系数(9) "
     "else deposits end ; 64 number warning: a bare number is added to money: 系数(9) = 9 yuan for every customer"},
    {"score = if(overdue > deposits, loan_months*系数(1.0), deposits);",
     "9 debt remark: it cannot be told whether arrears raise the score: 逾期 in if(overdue > deposits, "
     "loan_months*系数(1), deposits)"},
    {"score = round(overdue) - floor(overdue);", "9 debt warning: arrears raise the score: 逾期 in round(overdue)"},
    {"let o = -overdue; let p = -o*系数(2); score = deposits + p;",
     "27 debt warning: arrears raise the score: 逾期 in -o*系数(2)"},
    {"score = deposits + days_since(coalesce(last_move, business_date))*overdue/系数(100);",
     "20 debt warning: arrears raise the score: 逾期 in days_since(coalesce(last_move, "
     "business_date))*overdue/系数(100)"},
    {"score = deposits*overdue_periods;", "9 debt warning: arrears raise the score: 期数 in deposits*overdue_periods"},
    /* sums */
    {"score = loans/loan_months;",
     "9 debt remark: a loan raises the score: 贷款 in loans/loan_months ; 9 sums remark: a sum is divided by a sum of "
     "months: loans/loan_months"},
    {"let a money = 存款*期数; score = a;", "15 debt warning: arrears raise the score: 期数 in 存款*期数"},
    {"score = deposits*loan_months/系数(2);", ""},
    /* bands */
    {"score = 1; result t code = case when deposits >= 10 then 'C' when deposits >= 100 then 'B' else 'A' end;",
     "67 band warning: nobody reaches this band: deposits >= 100"},
    {"score = 1; result t code = case when deposits >= 100 then 'C' when deposits >= 10 then 'B' else 'A' end;", ""},
    {"score = 1; result t code = case when deposits < 10 then 'C' when deposits < 100 then 'B' else 'A' end;", ""},
    {"score = 1; result t code = case when 100 > deposits then 'C' when deposits <= 10 then 'B' else 'A' end;",
     "67 band warning: nobody reaches this band: deposits <= 10"},
    {"score = 1; result t code = case when deposits > 10 then 'C' when deposits >= 10 then 'B' else 'A' end;", ""},
    {"score = 1; result t code = case when deposits >= 10 then 'C' when deposits > 10 then 'B' else 'A' end;",
     "67 band warning: nobody reaches this band: deposits > 10"},
    {"score = 1; result t code = case when deposits >= 10 then 'C' when loans >= 100 then 'B' else 'A' end;", ""},
};

static void describe(const struct lint *l, struct buf *out)
{
    buf_clear(out);
    for (int i = 0; i < l->count; i++) {
        const struct lint_finding *x = &l->findings[i];
        assert_true(x->message[0] && x->why[0] && x->instead[0] && x->excerpt[0]);
        if (x->rule == LINT_UNUSED || x->rule == LINT_THRESHOLD) continue;
        assert_int_equal(x->line, HEAD_LINES + 1);
        buf_addf(out, "%s%u %s %s: %s", out->length ? " ; " : "", x->column, lint_rule_name(x->rule),
                 x->warning ? "warning" : "remark", x->message);
    }
}

static void test_rules(void **state)
{
    struct lint *l = malloc(sizeof *l);
    struct buf out;
    char text[4000];
    int wrong = 0;
    buf_init(&out, 1 << 16);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct bound b;
        snprintf(text, sizeof text, "%s%s", HEAD, CASES[i].text);
        open_formula(&b, view_of(text));
        lint_init(l);
        lint_formula(l, b.f, b.program);
        describe(l, &out);
        const char *found = out.length ? out.bytes : "";
        if (strcmp(found, CASES[i].findings) != 0) {
            print_error("%s\nfound:    %s\nexpected: %s\n", CASES[i].text, found, CASES[i].findings);
            wrong++;
        }
        lint_release(l);
        close_formula(&b);
    }
    buf_release(&out);
    free(l);
    assert_int_equal(wrong, 0);
}

/* What the score is of somebody who has nothing, dates included. */
static void test_threshold(void **state)
{
    static const struct {
        const char *text, *message; /* NULL: none */
    } TABLE[] = {
        {"threshold -5.00; measure m money = sum(fund, balance); score = m;",
         "a customer without accounts passes: the score is 0, the threshold -5"},
        {"threshold 0; measure m money = sum(fund, balance); score = m;",
         "a customer without accounts passes: the score is 0, the threshold 0"},
        {"threshold 0.01; measure m money = sum(fund, balance); score = m;", NULL},
        {"threshold -5; measure m money = sum(fund, balance); score = m - 100;", NULL},
        {"unit fen; threshold -100; measure m money = sum(fund, balance); score = m - 100;",
         "a customer without accounts passes: the score is -100, the threshold -100"},
        {"threshold 1; score = if(known(d), 0, 2500); measure d date = max(retail, last_movement);",
         "a customer without accounts passes: the score is 2,500, the threshold 1"},
        {"threshold 1; score = if(known(d), 2500, 0); measure d date = max(retail, last_movement);", NULL},
    };
    struct lint *l = malloc(sizeof *l);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct bound b;
        const char *found = NULL;
        open_formula(&b, view_of(TABLE[i].text));
        lint_init(l);
        lint_formula(l, b.f, b.program);
        for (int k = 0; k < l->count; k++)
            if (l->findings[k].rule == LINT_THRESHOLD) {
                found = l->findings[k].message;
                assert_true(l->findings[k].warning);
                assert_int_equal(l->findings[k].column, strstr(TABLE[i].text, "threshold ") - TABLE[i].text + 11);
            }
        if (TABLE[i].message)
            assert_string_equal(found, TABLE[i].message);
        else
            assert_null(found);
        lint_release(l);
        close_formula(&b);
    }
    free(l);
}

static void test_unused(void **state)
{
    static const struct {
        const char *text;
        const char *message; /* the one finding; NULL: none */
    } TABLE[] = {
        {"threshold 5; coef a = 2; score = 1;", "the coefficient a is not used"},
        {"threshold 5; coef a = 2; score = a;", NULL},
        {"threshold 5; coef a = 2; score = coef(a);", NULL},
        {"threshold 5; score = coef(a, 3);", NULL},
        {"threshold 5; let a = 2; score = 1;", "no result uses the value a"},
        {"threshold 5; measure m as n number = count(card); score = 1;", "no result uses the measure m"},
        {"threshold 5; measure m as n number = count(card); score = 1; result r number = n;", NULL},
        {"threshold 5; measure m as n number = count(card); score = 1; let a = m; result r number = a;", NULL},
    };
    struct lint *l = malloc(sizeof *l);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct bound b;
        open_formula(&b, view_of(TABLE[i].text));
        lint_init(l);
        lint_formula(l, b.f, b.program);
        if (l->count != (TABLE[i].message != NULL)) print_error("%s: %d\n", TABLE[i].text, l->count);
        assert_int_equal(l->count, TABLE[i].message != NULL);
        if (TABLE[i].message) assert_string_equal(l->findings[0].message, TABLE[i].message);
        lint_release(l);
        close_formula(&b);
    }
    free(l);
}

/* --- the documented example --- */

static struct buf document;

static bool has(const struct lint *l, enum lint_rule rule, const char *part)
{
    for (int i = 0; i < l->count; i++)
        if (l->findings[i].rule == rule && strstr(l->findings[i].message, part)) return true;
    return false;
}

static void read_documented(void)
{
    struct status st = {0};
    buf_init(&document, 1 << 20);
    fixture_ok(os_read_file("tests/scoring/data/documented.formula", &document, &st), &st);
}

static void test_documented(void **state)
{
    struct lint *l = malloc(sizeof *l);
    struct bound b;
    read_documented();
    open_formula(&b, buf_view(&document));
    lint_init(l);
    lint_formula(l, b.f, b.program);
    assert_true(has(l, LINT_TERM_AND_MONEY, "60 months = 40 yuan (定期本币存款存期/系数(1.5))"));
    assert_true(has(l, LINT_SUMS, "定期外币存款*定期外币存款存期"));
    assert_true(has(l, LINT_SUMS, "逾期个人贷款余额*拖欠期数"));
    assert_true(has(l, LINT_DEBT, "逾期个人贷款余额 and 拖欠期数"));
    assert_true(has(l, LINT_DEBT, "个人贷款余额/个人贷款期限*系数(1.2)"));
    assert_false(has(l, LINT_DEBT, "信用卡存款透支额")); /* it is subtracted */
    assert_false(has(l, LINT_UNUSED, ""));
    assert_int_equal(l->count, 6);
    lint_release(l);
    close_formula(&b);
    buf_release(&document);
    free(l);
}

/* --- terms --- */

enum { CUSTOMERS = 3000, BATCH = 700, MEASURES = 14, TERMS = 11 };

static uint64_t state_of_random = 20261121;
static uint32_t pick(uint32_t n)
{
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state_of_random >> 33) % n;
}

static int64_t measures[MEASURES][CUSTOMERS];

static void make_customers(void)
{
    for (int i = 0; i < CUSTOMERS; i++)
        for (int m = 0; m < MEASURES; m++) {
            bool money = m != 4 && m != 5 && m != 10 && m != 12;
            measures[m][i] = pick(3) ? 0 : money ? (int64_t)pick(60000000) : (int64_t)pick(60);
        }
}

/* The terms of the documented example in C, in the written order. */
static double term_in_c(int term, int i)
{
#define YUAN(m) ((double)measures[m][i] / 100)
#define PLAIN(m) ((double)measures[m][i])
    switch (term) {
    case 0: return YUAN(0);
    case 1: return YUAN(1) * 1.5;
    case 2: return YUAN(2);
    case 3: return PLAIN(4) / 1.5;
    case 4: return YUAN(3) * PLAIN(5) / 1.2;
    case 5: return YUAN(6) * 1.1;
    case 6: return YUAN(7) * 1.3;
    case 7: return YUAN(8);
    case 8: return (PLAIN(10) != 0 ? YUAN(9) / PLAIN(10) : 0) * 1.2;
    case 9: return YUAN(11) * PLAIN(12);
    default: return YUAN(13) * 2;
    }
}

/* Customers of the other type stand between those who are counted. */
static bool is_ignored(int i)
{
    return i % 7 == 3;
}

static int64_t rounded(double yuan)
{
    return (int64_t)__builtin_floor(yuan * 100 + 0.5);
}

static void count_plainly(struct lint_counts *c, int64_t threshold)
{
    *c = (struct lint_counts){0};
    for (int i = 0; i < CUSTOMERS; i++) {
        if (is_ignored(i)) continue;
        c->customers++;
        double score = 0;
        int64_t terms[TERMS];
        for (int t = 0; t < TERMS; t++) {
            score = t == 0 ? term_in_c(0, i) : t == 7 ? score - term_in_c(7, i) : score + term_in_c(t, i);
            terms[t] = t == 7 ? -rounded(term_in_c(t, i)) : rounded(term_in_c(t, i));
        }
        int64_t total = rounded(score);
        if (total < threshold) continue;
        c->passing++;
        for (int t = 0; t < TERMS; t++) {
            c->needed[t] += total - terms[t] < threshold;
            c->alone[t] += total - terms[t] < threshold && terms[t] >= threshold;
        }
    }
}

static void count_with_terms(const struct bound *bound, const struct formula_parts *t, struct lint_counts *total)
{
    static int64_t columns[TERMS][BATCH], scores[BATCH];
    static bool ignored[BATCH];
    static struct lint_counts part;
    int64_t *out[TERMS], *results[] = {scores};
    struct formula_parts_scratch *scratch = formula_parts_scratch_new(t);
    struct formula_scratch *whole = formula_scratch_new(bound->program);
    assert_int_equal(formula_result_count(bound->f), 1);
    for (int i = 0; i < TERMS; i++) out[i] = columns[i];
    for (uint32_t first = 0; first < CUSTOMERS; first += BATCH) {
        const int64_t *in[MEASURES];
        struct status st = {0};
        for (int m = 0; m < MEASURES; m++) in[m] = measures[m] + first;
        uint32_t left = CUSTOMERS - first, count = left < BATCH ? left : BATCH;
        for (uint32_t i = 0; i < count; i++) ignored[i] = is_ignored((int)(first + i));
        struct formula_inputs inputs = {.count = count, .measures = in};
        fixture_ok(formula_parts_evaluate(t, &inputs, scratch, out, &st) &&
                       formula_evaluate(bound->program, &inputs, whole, results, &st),
                   &st);
        struct lint_batch batch = {.terms = TERMS,
                                   .values = (const int64_t *const *)out,
                                   .scores = scores,
                                   .ignored = ignored,
                                   .count = count,
                                   .threshold = formula_threshold(bound->f)};
        part = (struct lint_counts){0};
        lint_counts_add(&part, &batch);
        lint_counts_merge(total, &part);
    }
    formula_scratch_free(whole);
    formula_parts_scratch_free(scratch);
}

static void test_alone(void **state)
{
    struct bound b;
    struct formula_parts *t;
    struct status st = {0};
    static struct lint_counts found, expected;
    struct lint *l = malloc(sizeof *l);
    read_documented();
    open_formula(&b, buf_view(&document));
    make_customers();
    fixture_ok(formula_parts_new(b.f, &BANK_SCHEMA, FORMULA_PARTS_TERMS, &t, &st), &st);
    assert_int_equal(t->count, TERMS);
    assert_string_equal(t->part[4].text, "定期外币存款*定期外币存款存期/系数(1.2)");
    for (int i = 0; i < TERMS; i++) assert_int_equal(t->part[i].negative, i == 7);
    count_plainly(&expected, formula_threshold(b.f));
    count_with_terms(&b, t, &found);
    assert_int_equal(found.customers, expected.customers);
    assert_int_equal(found.passing, expected.passing);
    assert_in_range(found.passing, 500, CUSTOMERS - 500);
    for (int i = 0; i < TERMS; i++) {
        assert_int_equal(found.alone[i], expected.alone[i]);
        assert_int_equal(found.needed[i], expected.needed[i]);
    }
    /* "952 of 2,530 pass by this term alone": the two products carry most of them; a warning, other rules know them */
    char text[200];
    lint_init(l);
    lint_formula(l, b.f, b.program);
    lint_alone(l, b.f, t, &found);
    snprintf(text, sizeof text, "%d of %d,%03d pass by this term alone (定期外币存款*定期外币存款存期/系数(1.2))",
             (int)found.alone[4], (int)found.passing / 1000, (int)found.passing % 1000);
    assert_true(has(l, LINT_ALONE, text));
    for (int i = 0; i < l->count; i++)
        if (l->findings[i].rule == LINT_ALONE && strstr(l->findings[i].message, text))
            assert_true(l->findings[i].warning);
    lint_release(l);
    free(l);
    formula_parts_free(t);
    close_formula(&b);
    buf_release(&document);
}

/* Through intermediate values, not through results; a score that is no sum is one term; zero is no term. */
static void test_terms(void **state)
{
    static const struct {
        const char *text, *terms; /* signs and texts, separated by blanks */
    } TABLE[] = {
        {"score = deposits;", "+deposits"},
        {"score = 0;", "+0"},
        {"score = 0 - overdue + 5;", "-overdue +5"},
        {"let a = deposits - loans; score = -(a - overdue) + a*2;", "-deposits +loans +overdue +a*2"},
        {"let a money = overdue; score = a + a;", "+a +a"},
        {"result r money = deposits + loans; score = r + overdue;", "+r +overdue"},
        {"score = if(deposits>1, deposits+loans, 0);", "+if(deposits > 1, deposits + loans, 0)"},
        {"score = (deposits + loans)*2;", "+(deposits + loans)*2"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct bound b;
        struct formula_parts *t;
        struct status st = {0};
        struct buf out;
        char text[4000];
        buf_init(&out, 1 << 16);
        snprintf(text, sizeof text, "%s%s", HEAD, TABLE[i].text);
        open_formula(&b, view_of(text));
        fixture_ok(formula_parts_new(b.f, &BANK_SCHEMA, FORMULA_PARTS_TERMS, &t, &st), &st);
        for (int k = 0; k < t->count; k++) {
            assert_int_equal(t->part[k].kind, PART_TERM);
            buf_addf(&out, "%s%s%s", k ? " " : "", t->part[k].negative ? "-" : "+", t->part[k].text);
        }
        assert_string_equal(out.bytes, TABLE[i].terms);
        formula_parts_free(t);
        close_formula(&b);
        buf_release(&out);
    }
}

/* More terms than there may be: the first ones are counted, and a remark says that it was not all of them. */
static void test_many_terms(void **state)
{
    static struct lint_counts counts;
    struct lint *l = malloc(sizeof *l);
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int terms = FORMULA_PARTS_MAX; terms <= FORMULA_PARTS_MAX + 1; terms++) {
        struct bound b;
        struct formula_parts *t;
        struct status st = {0};
        bool cut = terms > FORMULA_PARTS_MAX;
        buf_clear(&text);
        buf_addf(&text, "%sscore = deposits", HEAD);
        for (int i = 1; i < terms; i++) buf_addf(&text, " + deposits*%d", i);
        buf_add_text(&text, ";");
        open_formula(&b, buf_view(&text));
        fixture_ok(formula_parts_new(b.f, &BANK_SCHEMA, FORMULA_PARTS_TERMS, &t, &st), &st);
        assert_int_equal(t->count, FORMULA_PARTS_MAX);
        lint_init(l);
        lint_alone(l, b.f, t, &counts);
        assert_int_equal(l->count, cut);
        assert_int_equal(has(l, LINT_ALONE, "the score has more than 256 terms"), cut);
        lint_release(l);
        formula_parts_free(t);
        close_formula(&b);
    }
    buf_release(&text);
    free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules),     cmocka_unit_test(test_threshold),
                                       cmocka_unit_test(test_unused),    cmocka_unit_test(test_documented),
                                       cmocka_unit_test(test_alone),     cmocka_unit_test(test_terms),
                                       cmocka_unit_test(test_many_terms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
