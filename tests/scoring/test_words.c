/* The tables of words: the document says what they say; names near a misspelling. */
#include "tests/scoring/fixture.h"

#include "base/buf.h"
#include "base/os.h"
#include "scoring/steps.h"
#include "scoring/tree.h"

#include <string.h>

static void require_line(const struct buf *document, const char *line)
{
    if (!strstr(document->bytes, line)) print_error("docs/formula.md lacks: %s\n", line);
    assert_non_null(strstr(document->bytes, line));
}

/* In a table of the document a "|" is written "\|". */
static const char *escaped(const char *text, char out[300])
{
    size_t n = 0;
    for (; *text && n < 297; text++) {
        if (*text == '|') out[n++] = '\\';
        out[n++] = *text;
    }
    out[n] = 0;
    return out;
}

static void test_document(void **state)
{
    static const char *const PLACES[] = {"", "score", "measure", "score, measure"};
    struct status st = {0};
    struct buf document;
    char line[1000], usage[300];
    buf_init(&document, 1 << 20);
    fixture_ok(os_read_file("docs/formula.md", &document, &st), &st);
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        const struct function_word *w = function_word((enum function)i);
        snprintf(line, sizeof line, "\n| `%s` | %s | %s | %s |\n", escaped(w->usage, usage), w->alias,
                 PLACES[w->places], w->help);
        require_line(&document, line);
    }
    for (int i = 0; i < AGGREGATES_COUNT; i++) {
        const struct aggregate_word *w = aggregate_word((enum aggregate)i);
        snprintf(line, sizeof line, "\n| `%s` | %s | %s |\n", w->usage, w->alias, w->help);
        require_line(&document, line);
    }
    for (int i = 0; keyword_word(i); i++) {
        const struct keyword *w = keyword_word(i);
        snprintf(line, sizeof line, "\n| `%s` | %s | %s |\n", w->name, w->alias ? w->alias : "", w->help);
        require_line(&document, line);
    }
    for (int i = 0; i <= VALUE_BOOLEAN; i++) {
        snprintf(line, sizeof line, "`%s` %s", value_type_name((enum value_type)i),
                 value_type_alias((enum value_type)i));
        require_line(&document, line);
    }
    static const struct {
        const char *what;
        int limit;
    } LIMITS[] = {{"bytes of a file", FORMULA_TEXT_MAX},
                  {"words, numbers and signs of a file", FORMULA_TOKENS_MAX},
                  {"levels of parentheses, calls and signs", FORMULA_NESTING_MAX},
                  {"operators in one expression", FORMULA_DEPTH_MAX},
                  {"branches of a `case`", FORMULA_BRANCHES_MAX},
                  {"values after `in`", FORMULA_IN_MAX},
                  {"tables of a measure", FORMULA_TABLES_MAX},
                  {"steps of a compiled formula", FORMULA_STEPS_MAX},
                  {"measures", FORMULA_MEASURES_MAX},
                  {"results, the score among them", FORMULA_RESULTS_MAX},
                  {"intermediate values (`let`)", FORMULA_LETS_MAX},
                  {"coefficients", FORMULA_COEFFICIENTS_MAX},
                  {"numbers, dates and texts in expressions", FORMULA_CONSTANTS_MAX},
                  {"bytes of a name", FORMULA_NAME_MAX},
                  {"bytes of a text `'…'`", FORMULA_CODE_MAX},
                  {"digits of a number", FORMULA_DIGITS_MAX}};
    for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
        snprintf(line, sizeof line, "\n| %s | %d |\n", LIMITS[i].what, LIMITS[i].limit);
        require_line(&document, line);
    }
    buf_release(&document);
}

static void test_lookup(void **state)
{
    assert_int_equal(function_find(VIEW_LITERAL("系数")), FUNCTION_COEF);
    assert_int_equal(function_find(VIEW_LITERAL("COEF")), FUNCTION_COEF);
    assert_int_equal(function_find(VIEW_LITERAL("years_since")), FUNCTION_YEARS_SINCE);
    assert_int_equal(function_find(VIEW_LITERAL("year")), FUNCTION_NONE);
    assert_int_equal(aggregate_find(VIEW_LITERAL("Sum")), AGGREGATE_SUM);
    assert_int_equal(aggregate_find(VIEW_LITERAL("total")), AGGREGATE_NONE);
    assert_true(word_is_reserved(VIEW_LITERAL("when")));
    assert_false(word_is_reserved(VIEW_LITERAL("whenever")));
    enum value_type type;
    for (int i = 0; i <= VALUE_BOOLEAN; i++) {
        assert_true(value_type_find(view_of(value_type_name((enum value_type)i)), &type));
        assert_int_equal(type, i);
    }
    assert_false(value_type_find(VIEW_LITERAL("text"), &type));
}

static void test_distance(void **state)
{
    static const struct {
        const char *a, *b;
        int distance;
    } TABLE[] = {{"", "", 0},
                 {"abc", "", 3},
                 {"存款", "存欵", 1},
                 {"活期存款", "定期存款", 1},
                 {"retial", "retail", 1},
                 {"dpe", "dep", 1},
                 {"abc", "cab", 2},
                 {"abcd", "badc", 2},
                 {"存期款", "存款期", 1},
                 {"BALANCE", "balance", 0},
                 {"balance", "balanse", 1},
                 {"\xff\xfe", "\xff", 1}};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_int_equal(edit_distance(view_of(TABLE[i].a), view_of(TABLE[i].b)), TABLE[i].distance);
        assert_int_equal(edit_distance(view_of(TABLE[i].b), view_of(TABLE[i].a)), TABLE[i].distance);
    }
}

static const char *guess(const char *name, const char *const candidates[])
{
    struct guess g;
    guess_init(&g, view_of(name));
    for (int i = 0; candidates[i]; i++) guess_offer(&g, candidates[i]);
    return g.best;
}

static void test_guess(void **state)
{
    static const char *const NAMES[] = {"活期人民币存款", "活期外币存款", "balance", "bal", "D", "F", "D1", NULL};
    assert_string_equal(guess("活期人民币存欵", NAMES), "活期人民币存款");
    assert_string_equal(guess("balanc", NAMES), "balance");
    assert_string_equal(guess("DX", NAMES), "D");
    assert_null(guess("X", NAMES));
    assert_null(guess("贷款余额", NAMES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_document), cmocka_unit_test(test_lookup),
                                       cmocka_unit_test(test_distance), cmocka_unit_test(test_guess)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
