/* The memory budget: blocks and regions, the reserve, what is counted, several threads. */
#include "base/budget.h"
#include "base/pool.h"
#include "tests/test.h"

enum { SLAB_BLOCKS = BUDGET_SLAB_SIZE / BUDGET_BLOCK_SIZE_MAX };

static void test_blocks(void **state)
{
    struct budget *b = budget_new(3 * BUDGET_SLAB_SIZE, BUDGET_SLAB_SIZE, BUDGET_BLOCK_SIZE_MAX);
    static char *block[3 * SLAB_BLOCKS];
    int n = 0;
    assert_int_equal(budget_used(b), 0);
    assert_int_equal(budget_max(b), 3 * BUDGET_SLAB_SIZE);
    while ((block[n] = budget_block(b, true)) != NULL) {
        memset(block[n], n, BUDGET_BLOCK_SIZE_MAX);
        n++;
    }
    assert_int_equal(n, 2 * SLAB_BLOCKS); /* the reserve is not for blocks */
    for (int i = 0; i < n; i++)           /* no block lies on another */
        for (int k = 0; k < BUDGET_BLOCK_SIZE_MAX; k += 4095) assert_int_equal((unsigned char)block[i][k], i % 256);
    assert_int_equal(budget_used(b), 2 * BUDGET_SLAB_SIZE);
    budget_block_return(b, block[5]);
    assert_ptr_equal(budget_block(b, true), block[5]);
    assert_null(budget_block(b, true));
    budget_free(b);
    budget_free(NULL);
}

/* The block without which nobody can spill comes out of the reserve; a plain block never does, however much is left of
 * its slab. */
static void test_reserved_blocks(void **state)
{
    struct budget *b = budget_new(2 * BUDGET_SLAB_SIZE, BUDGET_SLAB_SIZE, BUDGET_BLOCK_SIZE_MAX);
    for (int i = 0; i < SLAB_BLOCKS; i++) assert_non_null(budget_block(b, true));
    assert_null(budget_block(b, true));
    for (int i = 0; i < SLAB_BLOCKS; i++) {
        assert_non_null(budget_block_reserved(b));
        assert_null(budget_block(b, true));
    }
    assert_null(budget_block_reserved(b));
    budget_free(b);
}

static void test_regions(void **state)
{
    struct status st = {0};
    struct budget *b = budget_new((uint64_t)64 << 20, (uint64_t)32 << 20, BUDGET_BLOCK_SIZE_MAX);
    char *region = budget_region(b, (size_t)40 << 20, "a test", &st); /* a region may use the reserve */
    assert_non_null(region);
    for (size_t i = 0; i < (size_t)40 << 20; i += 4096) assert_int_equal(region[i], 0);
    assert_int_equal(budget_used(b), 40 << 20);
    assert_null(budget_block(b, true)); /* what is used already counts against the blocks */
    assert_null(budget_region(b, (size_t)30 << 20, "primary records", &st));
    assert_int_equal(st.code, STATUS_MEMORY);
    assert_string_equal(st.message, "could not take 30 MiB of memory for primary records: 40 of 64 MiB are in use");
    assert_string_equal(st.hint, "raise the budget: crmx run … --set run.memory_max=188m");
    budget_region_return(b, region, (size_t)40 << 20);
    budget_region_return(b, NULL, 77);
    assert_int_equal(budget_used(b), 0);
    assert_int_equal(budget_peak(b), 40 << 20);
    assert_non_null(budget_block(b, true));
    budget_free(b);
}

struct job {
    struct budget *budget;
    void *held[POOL_WORKERS_MAX][64];
};

/* Takes and gives back in a pattern of its own; marks its blocks, so that a block two threads hold is seen. */
static bool churn(void *context, int worker, uint64_t task, struct status *st)
{
    struct job *j = context;
    for (int round = 0; round < 40; round++) {
        int n = 0;
        while (n < 64 && (j->held[worker][n] = budget_block(j->budget, true)) != NULL) {
            memset(j->held[worker][n], worker + 1, 64);
            n++;
        }
        while (n--) {
            ensure(((char *)j->held[worker][n])[63] == worker + 1);
            budget_block_return(j->budget, j->held[worker][n]);
        }
    }
    return true;
}

static void test_threads(void **state)
{
    struct status st = {0};
    struct job j = {.budget = budget_new(BUDGET_SLAB_SIZE, 0, BUDGET_BLOCK_SIZE_MAX)};
    struct pool *p = pool_new(4);
    assert_true(pool_run(p, 50, churn, &j, &st));
    assert_int_equal(budget_used(j.budget), BUDGET_SLAB_SIZE);
    int n = 0;
    while (budget_block(j.budget, true)) n++;
    assert_int_equal(n, SLAB_BLOCKS); /* none was lost */
    pool_free(p);
    budget_free(j.budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_reserved_blocks),
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
