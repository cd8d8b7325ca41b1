/* One measure set and one program, read by several threads at once, each with its own block and scratch. */
#include "tests/scoring/fixture.h"

#include "base/pool.h"

#include <string.h>

enum { WORKERS = 4, TASKS = 64, CUSTOMERS = 300 };

struct shared {
    struct measure_set *set;
    struct formula_program *program;
    struct measure_block *blocks[WORKERS];
    struct formula_scratch *scratches[WORKERS];
    int64_t scores[TASKS][CUSTOMERS];
};

struct row {
    uint32_t owner;
    uint8_t currency, pad[3];
    int64_t balance, overdraft;
};

static bool score_task(void *context, int worker, uint64_t task, struct status *st)
{
    struct shared *x = context;
    struct measure_block *b = x->blocks[worker];
    static const struct measure_column NONE;
    struct row rows[CUSTOMERS * 2];
    for (uint32_t i = 0; i < CUSTOMERS * 2; i++)
        rows[i] =
            (struct row){.owner = i / 2, .currency = i % 4, .balance = (int64_t)(i * 1000 + task), .overdraft = 7};
    struct measure_column columns[3] = {{&rows->currency, sizeof *rows, 1, false}, NONE, NONE};
    columns[1] = (struct measure_column){(const unsigned char *)&rows->balance, sizeof *rows, 8, true};
    columns[2] = (struct measure_column){(const unsigned char *)&rows->overdraft, sizeof *rows, 8, true};
    struct measure_rows r = {CUSTOMERS * 2, {(const unsigned char *)&rows->owner, sizeof *rows, 4, false}, columns};
    measure_block_reset(x->set, b, CUSTOMERS);
    measure_add(x->set, b, 2, &r);
    if (!measure_finish(x->set, b, st)) return false;
    const int64_t *measures[] = {measure_values(b, 0), measure_values(b, 1)};
    int64_t *results[] = {x->scores[task]};
    struct formula_inputs in = {.count = CUSTOMERS, .measures = measures};
    return formula_evaluate(x->program, &in, x->scratches[worker], results, st);
}

static void test_threads(void **state)
{
    static struct shared x;
    struct status st = {0};
    struct formula *f;
    const char *text =
        "threshold 1; measure b money = sum(card, cny(balance)); measure o money = sum(card where currency<>'USD', "
        "cny(overdraft)*3); score = b*1.1 - o/3;";
    fixture_ok(formula_parse("t.formula", view_of(text), &f, &st), &st);
    fixture_ok(measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &x.set, &st), &st);
    fixture_ok(formula_bind(f, &FIXTURE_SCHEMA, &x.program, &st), &st);
    for (int i = 0; i < WORKERS; i++) {
        x.blocks[i] = measure_block_new(x.set);
        x.scratches[i] = formula_scratch_new(x.program);
    }
    static int64_t expected[TASKS][CUSTOMERS];
    for (uint64_t t = 0; t < TASKS; t++) fixture_ok(score_task(&x, 0, t, &st), &st);
    memcpy(expected, x.scores, sizeof expected);
    memset(x.scores, 0, sizeof x.scores);
    struct pool *pool = pool_new(WORKERS);
    fixture_ok(pool_run(pool, TASKS, score_task, &x, &st), &st);
    pool_free(pool);
    assert_memory_equal(x.scores, expected, sizeof expected);
    assert_true(expected[0][0] != expected[0][1]);
    for (int i = 0; i < WORKERS; i++) {
        measure_block_free(x.blocks[i]);
        formula_scratch_free(x.scratches[i]);
    }
    formula_program_free(x.program);
    measure_set_free(x.set);
    formula_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
