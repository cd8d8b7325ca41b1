/* The pool: every task once, in order for one worker, the lowest failure whatever the threads, rounds without end. */
#include "base/pool.h"
#include "tests/test.h"

#include <stdatomic.h>

enum { TASKS_MAX = 2000 };

struct job {
    _Atomic int runs[TASKS_MAX];
    uint64_t last[POOL_WORKERS_MAX]; /* one writer each: its worker */
    int workers;
    bool in_order;
    uint64_t fail_every; /* tasks n with n % fail_every == fail_at fail; 0: none */
    uint64_t fail_at;
    _Atomic uint64_t sum;
};

static bool run_task(void *context, int worker, uint64_t task, struct status *st)
{
    struct job *j = context;
    ensure(worker >= 0 && worker < j->workers);
    if (j->last[worker] != 0 && task + 1 <= j->last[worker]) j->in_order = false;
    j->last[worker] = task + 1;
    atomic_fetch_add(&j->runs[task], 1);
    atomic_fetch_add(&j->sum, task);
    if (task % 7 == 0) usleep(50); /* lets the others overtake */
    if (j->fail_every && task % j->fail_every == j->fail_at) {
        usleep((useconds_t)(300 - task % 300)); /* later failures tend to be reported first */
        return status_fail(st, STATUS_INPUT, "task %llu", (unsigned long long)task);
    }
    return true;
}

static const int WORKERS[] = {1, 2, 3, 8, POOL_WORKERS_MAX};

static void test_every_task_once(void **state)
{
    static const uint64_t TASKS[] = {0, 1, 2, 7, 64, TASKS_MAX};
    for (size_t w = 0; w < COUNT_OF(WORKERS); w++) {
        struct pool *p = pool_new(WORKERS[w]);
        assert_int_equal(pool_workers(p), WORKERS[w]);
        for (size_t t = 0; t < COUNT_OF(TASKS); t++) {
            struct job j = {.workers = WORKERS[w], .in_order = true};
            struct status st = {0};
            assert_true(pool_run(p, TASKS[t], run_task, &j, &st));
            assert_int_equal(st.code, STATUS_OK);
            for (uint64_t i = 0; i < TASKS_MAX; i++) assert_int_equal(j.runs[i], i < TASKS[t]);
            assert_true(j.in_order);
        }
        pool_free(p);
    }
}

/* Many short rounds: a worker that wakes up late must neither miss a round nor run one twice. */
static void test_many_rounds(void **state)
{
    struct pool *p = pool_new(4);
    for (int round = 0; round < 3000; round++) {
        struct job j = {.workers = 4, .in_order = true};
        struct status st = {0};
        assert_true(pool_run(p, 6, run_task, &j, &st));
        assert_int_equal(j.sum, 15);
    }
    pool_free(p);
}

static void test_lowest_failure(void **state)
{
    for (size_t w = 0; w < COUNT_OF(WORKERS); w++) {
        struct pool *p = pool_new(WORKERS[w]);
        for (uint64_t at = 0; at < 40; at += 3) {
            struct job j = {.workers = WORKERS[w], .in_order = true, .fail_every = 41, .fail_at = at};
            struct status st = {0};
            char expected[32];
            assert_false(pool_run(p, TASKS_MAX, run_task, &j, &st));
            snprintf(expected, sizeof expected, "task %d", (int)at);
            assert_int_equal(st.code, STATUS_INPUT);
            assert_string_equal(st.message, expected);
            for (uint64_t i = 0; i <= at; i++) assert_int_equal(j.runs[i], 1);
            assert_int_equal(j.runs[TASKS_MAX - 1], 0); /* the hand-out stopped */
        }
        struct job j = {.workers = WORKERS[w], .in_order = true}; /* a failed round leaves nothing behind */
        struct status st = {0};
        assert_true(pool_run(p, 100, run_task, &j, &st));
        assert_int_equal(j.sum, 4950);
        pool_free(p);
    }
}

static void test_free_unused(void **state)
{
    pool_free(NULL);
    pool_free(pool_new(8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_task_once),
        cmocka_unit_test(test_many_rounds),
        cmocka_unit_test(test_lowest_failure),
        cmocka_unit_test(test_free_unused),
    };
    return cmocka_run_group_tests_name("base/pool", tests, NULL, NULL);
}
