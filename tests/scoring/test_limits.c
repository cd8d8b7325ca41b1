/* Every named limit: the last thing that fits, and the message for the first that does not. */
#include "tests/scoring/fixture.h"

#include "base/buf.h"
#include "scoring/tree.h"

#include <string.h>

static bool accepted(const struct buf *text, struct status *st)
{
    struct formula *f;
    struct formula_program *p = NULL;
    struct measure_set *s = NULL;
    assert_false(buf_full(text));
    bool ok = formula_parse("t.formula", buf_view(text), &f, st);
    if (!ok) return false;
    ok = measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, st) && formula_bind(f, &FIXTURE_SCHEMA, &p, st);
    measure_set_free(s);
    formula_program_free(p);
    formula_free(f);
    return ok;
}

static void repeat(struct buf *out, const char *text, int times)
{
    for (int i = 0; i < times; i++) buf_addf(out, text, i, i);
}

#define HEAD "threshold 1; "

/* before, the repeated part (may hold %d twice), after; how often it fits; the message for once more */
static const struct {
    const char *name, *before, *part, *after;
    int fits;
    const char *message;
} LIMITS[] = {
    {"nesting", HEAD "score = ", "(", "", FORMULA_NESTING_MAX,
     "1:86: more than 64 levels of parentheses, calls and signs"},
    {"signs", HEAD "score = ", "- ", "1;", FORMULA_NESTING_MAX - 1,
     "1:150: more than 64 levels of parentheses, calls and signs"},
    {"not", HEAD "score = if(", "not ", "1=1, 1, 2);", FORMULA_NESTING_MAX - 2,
     "1:277: more than 64 levels of parentheses, calls and signs"},
    {"operators", HEAD "score = 1", "+1", ";", FORMULA_DEPTH_MAX - 1,
     "1:1045: more than 512 operators in one expression"},
    {"branches", HEAD "score = case ", "when 1=1 then 1 ", "else 0 end;", FORMULA_DEPTH_MAX - 1,
     "1:8208: more than 511 branches in one case"},
    {"in", HEAD "score = if(1 in (1", ",1", "), 1, 2);", 254, "1:541: more than 255 values after in"},
    {"tables", HEAD "score = 1; measure m number = count(card", "+card", ");", 31,
     "1:210: more than 32 tables in one measure"},
    {"measures", HEAD "score = 1;\n", "measure m%d number = count(card);\n", "", FORMULA_MEASURES_MAX,
     "130:9: more than 128 measures"},
    {"results", HEAD "score = 1;\n", "result r%d number = 1;\n", "", FORMULA_RESULTS_MAX - 1,
     "33:1: more than 32 results"},
    {"lets", HEAD "score = 1;\n", "let l%d = 1;\n", "", FORMULA_LETS_MAX, "258:5: more than 256 intermediate values"},
    {"coefficients", HEAD "score = 1;\n", "coef c%d = 1;\n", "", FORMULA_COEFFICIENTS_MAX,
     "258:6: more than 256 coefficients"},
    {"literal coefficients", HEAD "score = 1", "+系数(1)", ";", FORMULA_COEFFICIENTS_MAX,
     "1:1560: more than 256 coefficients"},
};

static void test_counts(void **state)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
        for (int more = 0; more < 2; more++) {
            struct status st = {0};
            bool nesting = strcmp(LIMITS[i].part, "(") == 0;
            buf_clear(&text);
            buf_add_text(&text, LIMITS[i].before);
            repeat(&text, LIMITS[i].part, LIMITS[i].fits - nesting + more);
            if (nesting)
                buf_add_text(&text, "1"), repeat(&text, ")", LIMITS[i].fits - 1 + more), buf_add_text(&text, ";");
            buf_add_text(&text, LIMITS[i].after);
            bool ok = accepted(&text, &st);
            if (ok != !more) print_error("%s: %s\n", LIMITS[i].name, ok ? "accepted" : st.message);
            assert_int_equal(ok, !more);
            if (more && strcmp(st.message + strlen("t.formula:"), LIMITS[i].message) != 0)
                print_error("%s: %s\n", LIMITS[i].name, st.message);
            if (more) assert_string_equal(st.message + strlen("t.formula:"), LIMITS[i].message);
        }
    }
    buf_release(&text);
}

static void test_sizes(void **state)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int more = 0; more < 2; more++) { /* bytes */
        struct status st = {0};
        buf_clear(&text);
        buf_add_text(&text, HEAD "score = 1;");
        while (text.length < (size_t)FORMULA_TEXT_MAX + (size_t)more) buf_add_text(&text, " ");
        assert_int_equal(accepted(&text, &st), !more);
        if (more) assert_string_equal(st.message, "t.formula:1:1: the file has 65537 bytes, at most 65536 are allowed");
    }
    for (int more = 0; more < 2; more++) { /* tokens: 5 a line, 8 in front, the end is none */
        struct status st = {0};
        int fill = FORMULA_TOKENS_MAX - 7 + more;
        buf_clear(&text);
        buf_add_text(&text, HEAD "score = 1");
        repeat(&text, "+", fill); /* refused by the parser, but only after the lexer has counted */
        buf_add_text(&text, ";");
        assert_false(accepted(&text, &st));
        const char *message = more ? "t.formula:1:20017: the file has more than 20000 words and signs"
                                   : "t.formula:1:24: expected a value, found \"+\"";
        assert_string_equal(st.message, message);
    }
    for (int more = 0; more < 2; more++) { /* constants */
        struct status st = {0};
        buf_clear(&text);
        buf_add_text(&text, HEAD "score = 1;\n");
        for (int i = 0; i < 4; i++) {
            buf_addf(&text, "let l%d = 1", i);
            repeat(&text, "+1", i < 3 ? 511 : 510 + more);
            buf_add_text(&text, ";\n");
        }
        assert_int_equal(accepted(&text, &st), !more);
        if (more)
            assert_string_equal(st.message, "t.formula:5:1032: more than 2048 numbers, dates and texts in the file");
    }
    buf_release(&text);
}

/* Steps: each coalesce of a case makes the mask of what is missing again; nested, they would double at every level. */
static void test_steps(void **state)
{
    struct status st = {0};
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_add_text(&text, HEAD "score = ");
    for (int i = 0; i < 15; i++) buf_add_text(&text, "coalesce(if(age(business_date) > 0 and 0 < ");
    buf_add_text(&text, "1");
    for (int i = 0; i < 15; i++) buf_add_text(&text, ", age(birth), age(opened)), 0)");
    buf_add_text(&text, ";");
    assert_false(accepted(&text, &st));
    assert_string_equal(st.message, "t.formula: the formula is too large: more than 20000 steps");
    assert_string_equal(st.hint, "name parts that are written several times: let part = …;");
    buf_release(&text);
}

/* Measures whose conditions leave something different for every class. */
static void test_measure_steps(void **state)
{
    enum { CODES = 60, MEASURES = 40, TESTS = 11 };
    static char names[CODES][16];
    static const char *codes[CODES];
    for (int i = 0; i < CODES; i++) {
        snprintf(names[i], sizeof names[i], "B%d", i);
        codes[i] = names[i];
    }
    const struct schema_field fields[] = {{"p", VALUE_CODE, 0, codes, CODES},
                                          {"q", VALUE_CODE, 0, codes, CODES},
                                          {"x", VALUE_NUMBER, 0, NULL, 0},
                                          {"y", VALUE_NUMBER, 0, NULL, 0}};
    const struct schema_table table = {"t", "t", fields, 4, -1};
    const struct schema schema = {&table, 1, NULL, 0, FIXTURE_CURRENCY, FIXTURE_CURRENCIES, 20757, 0, NULL, 0, 0};
    struct status st = {0};
    struct formula *f;
    struct measure_set *s;
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_add_text(&text, HEAD "score = 1;\n");
    for (int m = 0; m < MEASURES; m++) {
        buf_addf(&text, "measure m%d number = sum(t, x", m);
        for (int i = 0; i < TESTS; i++) buf_addf(&text, "+if(p='B%d',x,y)+if(q='B%d',x,y)", i, i);
        buf_add_text(&text, ");\n");
    }
    fixture_ok(formula_parse("t.formula", buf_view(&text), &f, &st), &st);
    assert_false(measure_bind(f, &schema, &FIXTURE_RATES, &s, &st));
    assert_string_equal(st.message, "t.formula: the measures need more than 4096 steps");
    formula_free(f);
    buf_release(&text);
}

/* --- results that no integer holds --- */

static void check_range(const char *expression, int64_t measure, const char *message)
{
    struct status st = {0};
    struct formula *f;
    struct formula_program *p;
    char text[1000];
    snprintf(text, sizeof text,
             "unit fen; threshold 1; measure m money = sum(fund, balance); score = 0; result big number = %s;",
             expression);
    fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
    fixture_ok(formula_bind(f, &FIXTURE_SCHEMA, &p, &st), &st);
    const int64_t column[] = {0, measure}, *columns[] = {column};
    int64_t a[2], b[2], *results[] = {a, b}, scalar[2];
    struct formula_inputs in = {.count = 2, .measures = columns};
    struct formula_scratch *scratch = formula_scratch_new(p);
    assert_int_equal(formula_evaluate(p, &in, scratch, results, &st), message == NULL);
    if (message) {
        assert_string_equal(st.message, message);
        assert_string_equal(st.hint, "look at its measures: crmx customer show; bound the terms of big with min(…)");
        assert_int_equal(st.code, STATUS_INPUT);
    }
    status_clear(&st);
    assert_int_equal(formula_evaluate_scalar(p, &in, 1, scalar, &st), message == NULL);
    if (message)
        assert_string_equal(st.message, message);
    else
        assert_int_equal(scalar[1], b[1]);
    formula_scratch_free(scratch);
    formula_program_free(p);
    formula_free(f);
}

static void test_range(void **state)
{
    int64_t limit = (int64_t)1 << 62;
    check_range("m", limit, NULL);
    check_range("m", -limit, NULL);
    check_range("m", ((int64_t)1 << 51) + 1, NULL);
    check_range("m", limit + 1024, "t.formula:1:80: result big of customer 1 of the batch is larger than 2^62");
    check_range("m", -limit - 1024, "t.formula:1:80: result big of customer 1 of the batch is larger than 2^62");
    check_range("m*999999999999999", limit,
                "t.formula:1:80: result big of customer 1 of the batch is larger than 2^62");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_sizes),
                                       cmocka_unit_test(test_steps), cmocka_unit_test(test_measure_steps),
                                       cmocka_unit_test(test_range)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
