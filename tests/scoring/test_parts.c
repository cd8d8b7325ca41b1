/* parts and print: where a score is cut, what each part is worth, and the canonical text of trees. */
#include "base/date.h"
#include "scoring/parts.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static const char *const CURRENCIES[] = {"CNY"};
static const struct schema_field ACCOUNT[] = {
    {.name = "balance", .type = VALUE_MONEY, .scale = 2},
    {.name = "kind", .type = VALUE_CODE, .codes = (const char *const[]){"D", "F"}, .codes_count = 2},
    {.name = "opened", .type = VALUE_DATE}};
static const struct schema_table TABLES[] = {
    {.name = "retail_account", .system = "retail", .fields = ACCOUNT, .fields_count = 3, .currency_field = -1}};
static const struct schema SCHEMA = {
    .tables = TABLES, .tables_count = 1, .currencies = CURRENCIES, .currencies_count = 1};

static struct formula *parse(const char *score)
{
    char text[4000];
    struct formula *f;
    struct status st = {0};
    snprintf(text, sizeof text,
             "unit yuan; threshold 1;\n"
             "measure a money = sum(retail where kind='D', balance);\n"
             "measure b money = sum(retail, balance); measure n number = count(retail);\n"
             "measure day date = min(retail, opened); measure m months = sum(retail, 1);\n"
             "coef fx = 1.5;\n%s;",
             score);
    if (!formula_parse("test", view_of(text), &f, &st)) fail_msg("%s", st.message);
    return f;
}

/* --- text --- */

static const char *score_text(const char *score, char text[4000])
{
    struct formula *f = parse(score);
    struct buf b;
    buf_init(&b, 1 << 16);
    int d = formula_definition_count(f) - 1;
    formula_definition_text(f, d, &b);
    snprintf(text, 4000, "%s", b.bytes);
    buf_release(&b);
    formula_free(f);
    return text;
}

static void test_print(void **state)
{
    static const struct {
        const char *written, *printed;
    } CASES[] = {
        {"score = a+b*2 - (a-b)", "money a + b*2 - (a - b)"},
        {"score = ((a)+((b)))", "money a + b"},
        {"score = a*(b/a)", "money a*(b/a)"},
        {"score = -(a+b)/n", "money -(a + b)/n"},
        {"score = a＋b×系数（1.50）", "money a + b*系数(1.5)"},
        {"score = a*fx + b*coef(fx)", "money a*fx + b*fx"},
        {"score = if(a>1 and (b<2 or not n=3), 1.500, 7)", "money if(a > 1 and (b < 2 or not n = 3), 1.5, 7)"},
        {"score = CASE WHEN n IN (1,2,3) THEN a ELSE 0.05 END", "money case when n in (1, 2, 3) then a else 0.05 end"},
        {"score = max(a,min(b,100))+round(a,half_even)", "money max(a, min(b, 100)) + round(a, half_even)"},
        {"score = 0; result t code = case when a<>b then 'x' else \"y\" end",
         "code case when a <> b then 'x' else 'y' end"},
        {"score = 0; result d boolean = date '2026-10-31' >= business_date",
         "boolean date '2026-10-31' >= business_date"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char once[4000], again[4000], file[4100];
        assert_string_equal(score_text(CASES[i].written, once), CASES[i].printed);
        /* What was printed is the same tree again. */
        const char *space = strchr(once, ' ');
        if (strncmp(once, "money", 5) != 0) continue;
        snprintf(file, sizeof file, "score = %s", space + 1);
        assert_string_equal(score_text(file, again), once);
    }
}

static void test_measure_definition(void **state)
{
    static const char *const TEXTS[] = {"measure x money = sum(retail where kind = 'D', balance);",
                                        "measure 甲 as y money = sum( retail  where (kind=\"D\") ,balance ); # same",
                                        "measure z money = sum(retail where kind = 'F', balance);",
                                        "measure u money = max(retail where kind = 'D', balance);",
                                        "measure v money = sum(retail_account where kind = 'D', balance);",
                                        "unit fen; measure w money = sum(retail where kind = 'D', balance);"};
    struct buf first;
    (void)state;
    buf_init(&first, 1 << 16);
    for (int i = 0; i < 6; i++) {
        char text[400];
        struct formula *f;
        struct status st = {0};
        struct buf b;
        buf_init(&b, 1 << 16);
        snprintf(text, sizeof text, "%s\nthreshold 1; score = 0;", TEXTS[i]);
        assert_true(formula_parse("test", view_of(text), &f, &st));
        formula_measure_definition(f, 0, i ? &b : &first);
        if (i) assert_int_equal(view_equal(buf_view(&b), buf_view(&first)), i == 1);
        buf_release(&b);
        formula_free(f);
    }
    assert_string_equal(first.bytes, "yuan money = sum(retail where kind = 'D', balance)");
    buf_release(&first);
}

/* --- values --- */

enum { CUSTOMERS = 3 };
static const int64_t A[CUSTOMERS] = {10000, 0, -300}, B[CUSTOMERS] = {5, 70000, 100}, N[CUSTOMERS] = {2, 0, 1};
static const int64_t D[CUSTOMERS] = {18352, DATE_NONE, 0}, M[CUSTOMERS] = {12, 0, 7};

struct values {
    struct formula *f;
    struct formula_parts *parts;
    int64_t of[FORMULA_PARTS_MAX][CUSTOMERS];
};

static void evaluate(const char *score, enum formula_parts_depth depth, struct values *v)
{
    const int64_t *measures[] = {A, B, N, D, M};
    struct formula_inputs in = {.count = CUSTOMERS, .measures = measures};
    int64_t *values[FORMULA_PARTS_MAX];
    struct status st = {0};
    v->f = parse(score);
    if (!formula_parts_new(v->f, &SCHEMA, depth, &v->parts, &st)) fail_msg("%s", st.message);
    struct formula_parts_scratch *s = formula_parts_scratch_new(v->parts);
    for (int i = 0; i < FORMULA_PARTS_MAX; i++) values[i] = v->of[i];
    if (!formula_parts_evaluate(v->parts, &in, s, values, &st)) fail_msg("%s", st.message);
    formula_parts_scratch_free(s);
}

static void release(struct values *v)
{
    formula_parts_free(v->parts);
    formula_free(v->f);
}

static void test_terms(void **state)
{
    struct values v;
    (void)state;
    evaluate("score = a + b*系数(1.5) - (n - a*2) + n/0", FORMULA_PARTS_SCORE, &v);
    static const struct {
        const char *text;
        bool negative;
        int64_t values[CUSTOMERS];
    } EXPECTED[] = {{"a", false, {10000, 0, -300}},
                    {"b*系数(1.5)", false, {8, 105000, 150}},
                    {"n", true, {-200, 0, -100}},
                    {"a*2", false, {20000, 0, -600}},
                    {"n/0", false, {0, 0, 0}}};
    assert_int_equal(v.parts->count, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(v.parts->part[i].text, EXPECTED[i].text);
        assert_int_equal(v.parts->part[i].negative, EXPECTED[i].negative);
        for (int c = 0; c < CUSTOMERS; c++) assert_int_equal(v.of[i][c], EXPECTED[i].values[c]);
    }
    assert_true(v.parts->part[1].measures[1] && !v.parts->part[1].measures[0]);
    assert_true(formula_parts_use_measure(v.parts, 2));
    release(&v);
}

static void test_choice_and_lets(void **state)
{
    struct values v;
    (void)state;
    evaluate(
        "let deposits = a + b; let unused = a*9; score = case when n > 1 then deposits when n = 1 then 7 else b end",
        FORMULA_PARTS_ALL, &v);
    assert_int_equal(v.parts->definitions_count, 2);
    assert_string_equal(v.parts->definitions[0], "score");
    assert_string_equal(v.parts->definitions[1], "deposits");
    static const enum formula_part_kind KINDS[] = {PART_CONDITION, PART_VALUE, PART_CONDITION, PART_VALUE,
                                                   PART_OTHERWISE, PART_TERM,  PART_TERM};
    assert_int_equal(v.parts->count, 7);
    for (int i = 0; i < 7; i++) assert_int_equal(v.parts->part[i].kind, KINDS[i]);
    static const int64_t HOLDS[2][CUSTOMERS] = {{1, 0, 0}, {0, 0, 1}};
    for (int c = 0; c < CUSTOMERS; c++) {
        assert_int_equal(v.of[0][c], HOLDS[0][c]);
        assert_int_equal(v.of[2][c], HOLDS[1][c]);
        assert_int_equal(v.of[1][c], A[c] + B[c]);
    }
    assert_true(v.parts->part[1].uses[1]);
    release(&v);
}

/* Intermediate values of every type, with and without a written one: each part is of the type of its value. */
static void test_types(void **state)
{
    static const struct {
        const char *definitions, *score;
        const char *text;
        enum value_type type;
        enum formula_part_kind kind;
        int decimals;
        int64_t values[CUSTOMERS];
    } CASES[] = {
        {"let x = day", "if(known(x), 1, 2)", "day", VALUE_DATE, PART_VALUE, 0, {18352, DATE_NONE, 0}},
        {"let x date = coalesce(day, date '2020-03-31') + 1",
         "days_between(date '2020-01-01', x)",
         "coalesce(day, date '2020-03-31') + 1",
         VALUE_DATE,
         PART_VALUE,
         0,
         {18353, 18353, 1}},
        {"let x = n/8", "x", "n/8", VALUE_NUMBER, PART_TERM, 4, {2500, 0, 1250}},
        {"let x number = n - 0.5", "x", "0.5", VALUE_NUMBER, PART_TERM, 4, {-5000, -5000, -5000}},
        {"let x = m*2", "x/m*100", "m*2", VALUE_MONTHS, PART_TERM, 4, {240000, 0, 140000}},
        {"let x = a > 0", "if(x, 1, 2)", "a > 0", VALUE_BOOLEAN, PART_VALUE, 0, {1, 0, 0}},
        {"let x = if(n > 1, 'p', 'q')",
         "if(x = 'p', 1, 2)",
         "if(n > 1, 'p', 'q')",
         VALUE_CODE,
         PART_VALUE,
         0,
         {0, 1, 1}},
        {"let x = if(n > 1, 1.5, n)", "x", "1.5", VALUE_NUMBER, PART_VALUE, 4, {15000, 15000, 15000}},
        {"let x = a/2", "x", "a/2", VALUE_MONEY, PART_TERM, 0, {5000, 0, -150}},
    };
    (void)state;
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        char text[400];
        struct values v;
        int at = -1;
        snprintf(text, sizeof text, "%s; score = %s", CASES[k].definitions, CASES[k].score);
        evaluate(text, FORMULA_PARTS_ALL, &v);
        for (int i = 0; i < v.parts->count; i++)
            if (strcmp(v.parts->part[i].of, "x") == 0 && strcmp(v.parts->part[i].text, CASES[k].text) == 0) at = i;
        if (at < 0) fail_msg("%s: no part %s", text, CASES[k].text);
        const struct formula_part *part = &v.parts->part[at];
        assert_int_equal(part->type, CASES[k].type);
        assert_int_equal(part->kind, CASES[k].kind);
        assert_int_equal(part->decimals, CASES[k].decimals);
        for (int c = 0; c < CUSTOMERS; c++)
            if (v.of[at][c] != CASES[k].values[c])
                fail_msg("%s: customer %d has %lld", text, c, (long long)v.of[at][c]);
        if (part->type == VALUE_CODE) assert_string_equal(formula_parts_code(v.parts, at, v.of[at][1]), "q");
        release(&v);
    }
}

/* More terms than a program has results: several programs, and the terms still are the score. */
static void test_many_terms(void **state)
{
    char score[4000] = "score = a";
    struct values v;
    (void)state;
    for (int i = 1; i < 100; i++) snprintf(score + strlen(score), 20, " + b*%d", i);
    evaluate(score, FORMULA_PARTS_SCORE, &v);
    assert_int_equal(v.parts->count, 100);
    assert_true(v.parts->programs_count > 1);
    for (int c = 0; c < CUSTOMERS; c++) {
        int64_t sum = 0;
        for (int i = 0; i < 100; i++) sum += v.of[i][c];
        assert_int_equal(sum, A[c] + B[c] * 99 * 100 / 2);
    }
    release(&v);
    snprintf(score, sizeof score, "score = a");
    for (int i = 1; i < 300; i++) snprintf(score + strlen(score), 20, " + b*%d", i);
    evaluate(score, FORMULA_PARTS_SCORE, &v);
    assert_int_equal(v.parts->count, FORMULA_PARTS_MAX);
    assert_true(v.parts->cut);
    release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_print), cmocka_unit_test(test_measure_definition),
                                       cmocka_unit_test(test_terms), cmocka_unit_test(test_choice_and_lets),
                                       cmocka_unit_test(test_types), cmocka_unit_test(test_many_terms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
