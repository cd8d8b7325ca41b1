/* Every example of docs/formula.md does what the page says. A fenced block with a word behind the fence is one:
 *
 *     formula   a file that is right: parsed, bound, evaluated by both evaluators
 *     eval      lines "expression [| name=value …] → result"
 *     error     a file, an empty line, and what is printed to stderr
 *     lint      a file, an empty line, and the findings in order: "line:column: weight: message [rule]"
 */
#include "tests/scoring/fixture.h"
#include "tests/scoring/fixture_bank.h"

#include "base/buf.h"
#include "base/os.h"
#include "scoring/eval.h"
#include "scoring/lint.h"

#include <string.h>

enum { RESULTS_MAX = 32, MEASURES_MAX = 128 };

static struct buf page;

struct bound {
    struct formula *f;
    struct measure_set *measures;
    struct formula_program *program;
};

static bool open_formula(struct bound *b, struct view text, struct status *st)
{
    *b = (struct bound){NULL, NULL, NULL};
    return formula_parse("example.formula", text, &b->f, st) &&
           measure_bind(b->f, &BANK_SCHEMA, &BANK_RATES, &b->measures, st) &&
           formula_bind(b->f, &BANK_SCHEMA, &b->program, st);
}

static void close_formula(struct bound *b)
{
    formula_program_free(b->program);
    measure_set_free(b->measures);
    formula_free(b->f);
}

/* The next block with that word; false behind the last. */
static bool next_block(const char **at, const char *word, struct view *block)
{
    char fence[32];
    snprintf(fence, sizeof fence, "\n```%s\n", word);
    const char *start = strstr(*at, fence);
    if (!start) return false;
    start += strlen(fence);
    const char *end = strstr(start, "\n```\n");
    assert_non_null(end);
    *block = (struct view){start, (size_t)(end + 1 - start)};
    *at = end;
    return true;
}

static struct view cut(struct view *rest, const char *separator)
{
    const char *at = memmem(rest->bytes, rest->length, separator, strlen(separator));
    struct view v = {rest->bytes, at ? (size_t)(at - rest->bytes) : rest->length};
    size_t skip = v.length + (at ? strlen(separator) : 0);
    *rest = (struct view){rest->bytes + skip, rest->length - skip};
    return v;
}

static void evaluate(const struct bound *b)
{
    enum { ROWS = 4 };
    static const int64_t MONEY[ROWS] = {0, 12345, 50000000, 1000000000}, NUMBER[ROWS] = {0, 1, 3, 12};
    static const int64_t DATE[ROWS] = {DATE_NONE, 20000, 3652, 20757}, CODE[ROWS] = {0, 1, 2, 0};
    const int64_t *measures[MEASURES_MAX], *fields[] = {DATE, CODE, DATE};
    int64_t found[RESULTS_MAX][ROWS], expected[RESULTS_MAX], *results[RESULTS_MAX];
    struct status st = {0};
    for (int m = 0; m < formula_measure_count(b->f); m++) {
        enum value_type type = formula_measure_type(b->f, m);
        measures[m] = type == VALUE_MONEY ? MONEY : type == VALUE_DATE ? DATE : NUMBER;
    }
    for (int r = 0; r < RESULTS_MAX; r++) results[r] = found[r];
    struct formula_inputs in = {.count = ROWS, .measures = measures, .customer_fields = fields};
    struct formula_scratch *scratch = formula_scratch_new_sized(b->program, 2);
    fixture_ok(formula_evaluate(b->program, &in, scratch, results, &st), &st);
    for (uint32_t i = 0; i < ROWS; i++) {
        fixture_ok(formula_evaluate_scalar(b->program, &in, i, expected, &st), &st);
        for (int r = 0; r < formula_result_count(b->f); r++) assert_int_equal(found[r][i], expected[r]);
    }
    formula_scratch_free(scratch);
}

static void test_formulas(void **state)
{
    const char *at = page.bytes;
    struct view block;
    int blocks = 0;
    for (; next_block(&at, "formula", &block); blocks++) {
        struct status st = {0};
        struct bound b;
        fixture_ok(open_formula(&b, block, &st), &st);
        evaluate(&b);
        close_formula(&b);
    }
    assert_int_equal(blocks, 5);
}

/* The English and the Chinese file say the same: the same results for the same measures. */
static void test_same_in_chinese(void **state)
{
    const char *at = page.bytes;
    struct view english, chinese;
    struct bound a, b;
    struct status st = {0};
    assert_true(next_block(&at, "formula", &english) && next_block(&at, "formula", &chinese));
    fixture_ok(open_formula(&a, english, &st) && open_formula(&b, chinese, &st), &st);
    assert_int_equal(formula_threshold(a.f), formula_threshold(b.f));
    assert_int_equal(formula_measure_count(a.f), formula_measure_count(b.f));
    for (int m = 0; m < formula_measure_count(a.f); m++) {
        assert_string_equal(formula_measure_alias(a.f, m), formula_measure_alias(b.f, m));
        assert_int_equal(formula_measure_type(a.f, m), formula_measure_type(b.f, m));
    }
    for (int64_t amount = 1; amount < 1000000000; amount = amount * 7 + 1) {
        int64_t values[] = {amount, amount / 3, amount % 9}, x[RESULTS_MAX], y[RESULTS_MAX];
        const int64_t *measures[] = {&values[0], &values[1], &values[2]};
        struct formula_inputs in = {.count = 1, .measures = measures};
        fixture_ok(formula_evaluate_scalar(a.program, &in, 0, x, &st), &st);
        fixture_ok(formula_evaluate_scalar(b.program, &in, 0, y, &st), &st);
        assert_int_equal(x[0], y[0]);
        assert_string_equal(formula_result_code(a.program, 1, x[1]), formula_result_code(b.program, 1, y[1]));
    }
    close_formula(&a);
    close_formula(&b);
}

/* --- expressions --- */

static void check_line(struct view line)
{
    struct view expected = line, values = cut(&expected, " → "), expression = cut(&values, " | ");
    struct eval_variable variables[16];
    struct status st = {0};
    enum eval_kind kind;
    struct buf out;
    int count = 0;
    buf_init(&out, 1000);
    for (struct view word = view_word(&values); word.length; word = view_word(&values))
        fixture_ok(eval_variable_parse(word, &variables[count++], &st), &st);
    bool ok =
        formula_eval_text("EXPRESSION", expression, variables, count, BANK_SCHEMA.business_date, &out, &kind, &st);
    struct view found = ok ? buf_view(&out) : VIEW_LITERAL("error");
    if (!view_equal(found, view_trim(expected)))
        print_error("%.*s: %.*s %s\n", VIEW_PRINT(line), VIEW_PRINT(found), st.message);
    assert_true(view_equal(found, view_trim(expected)));
    buf_release(&out);
}

static void test_expressions(void **state)
{
    const char *at = page.bytes;
    struct view block;
    int lines = 0;
    while (next_block(&at, "eval", &block))
        for (; block.length; lines++) check_line(cut(&block, "\n"));
    assert_true(lines > 30);
}

/* --- messages and findings --- */

static void add_lines(struct buf *out, const char *indent, const char *lines)
{
    struct view rest = view_of(lines);
    while (rest.length) {
        struct view line = cut(&rest, "\n");
        buf_addf(out, "%s%.*s\n", indent, VIEW_PRINT(line));
    }
}

static void same_text(const struct buf *found, struct view expected)
{
    if (!view_equal(buf_view(found), expected))
        print_error("found:\n%sexpected:\n%.*s", found->bytes, VIEW_PRINT(expected));
    assert_true(view_equal(buf_view(found), expected));
}

static void test_messages(void **state)
{
    const char *at = page.bytes;
    struct view block;
    struct buf out;
    int blocks = 0;
    buf_init(&out, 1 << 16);
    for (; next_block(&at, "error", &block); blocks++) {
        struct view expected = block, text = cut(&expected, "\n\n");
        struct status st = {0};
        struct bound b;
        assert_false(open_formula(&b, text, &st));
        buf_clear(&out);
        buf_addf(&out, "ERROR: %s\n", st.message); /* as status_print() does */
        add_lines(&out, "    ", st.excerpt);
        add_lines(&out, "  ", st.context);
        buf_addf(&out, "HINT: %s\n", st.hint);
        same_text(&out, expected);
        close_formula(&b);
    }
    buf_release(&out);
    assert_int_equal(blocks, 4);
}

static void test_findings(void **state)
{
    const char *at = page.bytes;
    struct view block;
    struct buf out;
    struct lint *l = malloc(sizeof *l);
    int blocks = 0;
    buf_init(&out, 1 << 16);
    for (; next_block(&at, "lint", &block); blocks++) {
        struct view expected = block, text = cut(&expected, "\n\n");
        struct status st = {0};
        struct bound b;
        fixture_ok(open_formula(&b, text, &st), &st);
        lint_init(l);
        lint_formula(l, b.f, b.program);
        buf_clear(&out);
        for (int i = 0; i < l->count; i++) {
            const struct lint_finding *x = &l->findings[i];
            buf_addf(&out, "%u:%u: %s: %s [%s]\n", x->line, x->column, x->warning ? "warning" : "remark", x->message,
                     lint_rule_name(x->rule));
        }
        same_text(&out, expected);
        lint_release(l);
        close_formula(&b);
    }
    free(l);
    buf_release(&out);
    assert_int_equal(blocks, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formulas), cmocka_unit_test(test_same_in_chinese),
                                       cmocka_unit_test(test_expressions), cmocka_unit_test(test_messages),
                                       cmocka_unit_test(test_findings)};
    struct status st = {0};
    buf_init(&page, 1 << 20);
    if (!os_read_file("docs/formula.md", &page, &st)) return status_print(&st), 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_release(&page);
    return failed;
}
