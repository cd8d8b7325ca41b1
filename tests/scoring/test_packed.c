/* Evaluation of measures that stand packed: the same results as of columns, and which sums pass by those who have
 * nothing to add. */
#include "tests/random.h"
#include "tests/scoring/fixture.h"

#include "scoring/steps.h"

#include <string.h>

enum { MEASURES = 4, ROWS = 1300 };

static const char HEAD[] =
    "threshold 1; measure a number = count(card); measure b number = count(retail); measure c number = count(fund);"
    "measure d number = count(accounts);";

struct bound {
    struct formula *f;
    struct formula_program *p;
};

static struct bound bind_text(const char *rest)
{
    struct bound b;
    struct status st = {0};
    char text[2048];
    snprintf(text, sizeof text, "%s%s", HEAD, rest);
    fixture_ok(formula_parse("t.formula", view_of(text), &b.f, &st), &st);
    fixture_ok(formula_bind(b.f, &FIXTURE_SCHEMA, &b.p, &st), &st);
    return b;
}

static void release(struct bound b)
{
    formula_program_free(b.p);
    formula_free(b.f);
}

static int marked(const char *rest)
{
    struct bound b = bind_text(rest);
    int found = 0;
    for (int i = 0; i < b.p->steps->count; i++) found += b.p->steps->steps[i].few;
    release(b);
    return found;
}

static void test_which_sums_are_few(void **state)
{
    static const struct {
        const char *text;
        int marked;
    } CASES[] = {
        {"score = a + b;", 1},
        {"score = a + b*1.5 + c/3 - d;", 3},
        {"score = a - b*1.5;", 1},
        {"score = a + b + b;", 0},                 /* read twice */
        {"score = -a + b;", 0},                    /* -0 + 0 is 0 */
        {"score = -a - b;", 1},                    /* -0 - 0 is -0 */
        {"score = -a + b*系数(-2);", 1},           /* -0 + -0 is -0 */
        {"score = -a - b*系数(-2);", 0},           /* -0 - -0 is 0 */
        {"score = a*b + c;", 0},                   /* a product may be -0 */
        {"score = abs(a*b) + c;", 1},              /* but not its size */
        {"score = (a + -b) + c;", 1},              /* nor a sum of which one side is never -0 */
        {"score = (a - -b) + c;", 1},              /* nor such a difference */
        {"score = max(a, b);", 0},                 /* no sum */
        {"let x = a + b; score = x*x + c;", 1},    /* a + b; x*x may be -0 */
        {"score = 5 + b;", 0},                     /* one column alone */
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (marked(CASES[i].text) != CASES[i].marked)
            fail_msg("%s: %d marked, expected %d", CASES[i].text, marked(CASES[i].text), CASES[i].marked);
}

struct columns {
    int64_t values[MEASURES][ROWS];
    int few_asked, few_given, many_at; /* every so manyth question is answered with FORMULA_MANY */
};

static void load(void *context, int measure, uint32_t first, uint32_t count, double *out)
{
    const struct columns *c = context;
    for (uint32_t i = 0; i < count; i++) out[i] = (double)c->values[measure][first + i];
}

static int few(void *context, int measure, uint32_t first, uint32_t count, uint16_t *places, double *values)
{
    struct columns *c = context;
    int n = 0;
    if (++c->few_asked % c->many_at == 0) return FORMULA_MANY;
    c->few_given++;
    for (uint32_t i = 0; i < count; i++) {
        if (!c->values[measure][first + i]) continue;
        places[n] = (uint16_t)i;
        values[n++] = (double)c->values[measure][first + i];
    }
    return n;
}

static void test_same_results(void **state)
{
    static const char *const TEXTS[] = {
        "score = a + b*1.5 + c/3 - d*7;", "score = -a + b*系数(-2) - c;", "score = a*b/1000000 + c - d;",
        "let x = a - b; score = x + c*0.1; result tail number = x - c/7 + d;",
        "score = case when a > 0 then b else b + 1 end + c + d;", "score = abs(b) - a*1.1 + d + c*3;"};
    static struct columns c;
    static int64_t expected[2][ROWS], found[2][ROWS];
    uint64_t seed = fixture_seed(), s = seed;
    struct status st = {0};
    for (int round = 0; round < 60; round++) {
        c.many_at = 2 + (int)fixture_below(&s, 5);
        c.few_given = 0;
        for (int m = 0; m < MEASURES; m++) {
            uint64_t one_in = 1 + fixture_below(&s, 40);
            for (int i = 0; i < ROWS; i++)
                c.values[m][i] = fixture_below(&s, one_in) ? 0 : (int64_t)fixture_below(&s, 2000000) - 1000000;
        }
        struct bound b = bind_text(TEXTS[round % 6]);
        const int64_t *measures[] = {c.values[0], c.values[1], c.values[2], c.values[3]};
        const int64_t *none[MEASURES] = {NULL};
        struct formula_inputs in = {.count = ROWS, .measures = measures}, packed = {.count = ROWS, .measures = none};
        struct formula_packed source = {.context = &c, .load = load, .few = few};
        struct formula_scratch *scratch = formula_scratch_new_sized(b.p, round % 3 ? 512 : 2);
        fixture_ok(formula_evaluate(b.p, &in, scratch, (int64_t *[]){expected[0], expected[1]}, &st), &st);
        fixture_ok(formula_evaluate_packed(b.p, &packed, &source, scratch, (int64_t *[]){found[0], found[1]}, &st),
                   &st);
        if (memcmp(expected, found, sizeof found) != 0 || c.few_given == 0)
            fail_msg("CRMX_TEST_SEED=%llu round %d: %s: results differ, or nobody was passed by",
                     (unsigned long long)seed, round, TEXTS[round % 6]);
        formula_scratch_free(scratch);
        release(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_which_sums_are_few), cmocka_unit_test(test_same_results)};
    return cmocka_run_group_tests_name("packed", tests, NULL, NULL);
}
