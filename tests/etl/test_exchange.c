/* The exchange: what is thrown in comes out, once, in its partition, whether it stayed in memory or was spilled; by one
 * thread or by several. */
#include "base/pool.h"
#include "etl/exchange.h"
#include "tests/etl/fixture.h"

struct tuple {
    uint64_t key;
    uint32_t number, worker;
};

enum { PARTITIONS = 7, BLOCK_TUPLES = (BUDGET_BLOCK_SIZE_MAX - sizeof(struct exchange_block)) / sizeof(struct tuple) };

struct job {
    struct exchange *x;
    uint32_t tuples_a_task;
};

static uint64_t mix(uint64_t v)
{
    return fixture_random(&v);
}

static bool throw(void *context, int worker, uint64_t task, struct status *st)
{
    struct job *j = context;
    for (uint32_t i = 0; i < j->tuples_a_task; i++) {
        uint32_t number = (uint32_t)task * j->tuples_a_task + i;
        uint64_t key = mix(number);
        struct tuple *t = exchange_add(j->x, worker, (uint32_t)(key % PARTITIONS), st);
        if (!t) return false;
        *t = (struct tuple){key, number, (uint32_t)worker};
    }
    return true;
}

/* Every tuple 0 … total-1 exactly once, in its partition. */
static void check_content(struct exchange *x, uint32_t total, bool take)
{
    struct status st = {0};
    unsigned char *seen = calloc(total, 1);
    assert_non_null(seen);
    uint64_t count = 0;
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        uint64_t n = exchange_count(x, p);
        struct tuple *t = malloc((n + 1) * sizeof *t);
        memset(&t[n], 0x77, sizeof *t);
        assert_true(take ? exchange_take(x, p, t, &st) : exchange_copy(x, p, t, &st));
        for (uint64_t i = 0; i < n; i++) {
            assert_true(t[i].number < total && t[i].key == mix(t[i].number) && t[i].key % PARTITIONS == p);
            assert_false(seen[t[i].number]++);
        }
        assert_int_equal(((unsigned char *)&t[n])[0], 0x77);
        free(t);
        count += n;
    }
    assert_int_equal(count, total);
    assert_int_equal(exchange_total(x), total);
    free(seen);
}

static const struct {
    const char *name;
    int workers;
    uint64_t blocks_max; /* memory of the budget in blocks; 0: plenty */
    uint32_t tasks, tuples_a_task;
    bool spills;
} CASES[] = {
    {"nothing", 1, 0, 0, 0, false},
    {"one tuple", 1, 0, 1, 1, false},
    {"exactly a block a partition", 1, 0, 1, BLOCK_TUPLES, false},
    {"one worker, all in memory", 1, 0, 50, 2000, false},
    {"four workers, all in memory", 4, 0, 50, 2000, false},
    {"one worker, one block a partition", 1, 128, 50, 2000, false},
    {"one worker, spilling", 1, 1, 60, 20000, true},
    {"two workers, spilling", 2, 1, 60, 20000, true},
    {"four workers, spilling", 4, 1, 60, 20000, true},
};

static void test_content(void **state)
{
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        struct exchange x;
        /* The smallest budget of blocks is a slab: 128 blocks. */
        uint64_t memory = CASES[i].blocks_max ? (2 * CASES[i].blocks_max + 127) / 128 *
                                                    BUDGET_SLAB_SIZE /* first blocks have the other half */
                                              : (uint64_t)256 << 20;
        struct budget *b = budget_new(memory + BUDGET_SLAB_SIZE, BUDGET_SLAB_SIZE, BUDGET_BLOCK_SIZE_MAX);
        struct pool *p = pool_new(CASES[i].workers);
        assert_true(exchange_init(
            &x, &(struct exchange_options){"test", PARTITIONS, sizeof(struct tuple), CASES[i].workers, b, test_folder},
            &st));
        struct job j = {&x, CASES[i].tuples_a_task};
        bool ok = pool_run(p, CASES[i].tasks, throw, &j, &st);
        if (!ok) fail_msg("%s: %s", CASES[i].name, st.message);
        exchange_seal(&x);
        if ((exchange_spilled_bytes(&x) > 0) != CASES[i].spills)
            fail_msg("%s: %llu bytes spilled", CASES[i].name, (unsigned long long)exchange_spilled_bytes(&x));
        assert_int_equal(os_exists(test_path("test.spill")), CASES[i].spills);
        check_content(&x, CASES[i].tasks * CASES[i].tuples_a_task, false); /* reading leaves it there */
        check_content(&x, CASES[i].tasks * CASES[i].tuples_a_task, true);
        exchange_drop(&x);
        assert_false(os_exists(test_path("test.spill")));
        assert_true(budget_used(b) <= memory + BUDGET_SLAB_SIZE);
        pool_free(p);
        budget_free(b);
    }
}

/* Blocks that were taken go back to the budget and serve the next exchange. */
static void test_blocks_come_back(void **state)
{
    struct status st = {0};
    struct budget *b = budget_new(2 * BUDGET_SLAB_SIZE, 0, BUDGET_BLOCK_SIZE_MAX);
    for (int round = 0; round < 20; round++) {
        struct exchange x;
        struct job j = {&x, 20000};
        assert_true(exchange_init(
            &x, &(struct exchange_options){"test", PARTITIONS, sizeof(struct tuple), 1, b, test_folder}, &st));
        assert_true(throw(&j, 0, 0, &st));
        exchange_seal(&x);
        assert_int_equal(exchange_spilled_bytes(&x), 0); /* never more than fits */
        if (round % 2) check_content(&x, 20000, true);
        exchange_drop(&x);
    }
    budget_free(b);
}

/* Several exchanges at once in a budget that the first of them fills: the later ones still work, through their spill
 * files. */
static void test_late_exchange_in_full_memory(void **state)
{
    struct status st = {0};
    struct exchange first, late[3];
    struct budget *b = budget_new(2 * BUDGET_SLAB_SIZE, BUDGET_SLAB_SIZE, BUDGET_BLOCK_SIZE_MAX);
    assert_true(exchange_init(
        &first, &(struct exchange_options){"first", PARTITIONS, sizeof(struct tuple), 1, b, test_folder}, &st));
    struct job j = {&first, 300000};
    assert_true(throw(&j, 0, 0, &st));
    exchange_seal(&first);
    assert_true(exchange_spilled_bytes(&first) > 0);
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "late%d", i);
        assert_true(exchange_init(
            &late[i], &(struct exchange_options){name, PARTITIONS, sizeof(struct tuple), 1, b, test_folder}, &st));
        struct job k = {&late[i], 30000};
        bool ok = throw(&k, 0, 0, &st);
        if (!ok) fail_msg("%s", st.message);
        exchange_seal(&late[i]);
    }
    for (int i = 0; i < 3; i++) check_content(&late[i], 30000, true);
    check_content(&first, 300000, true);
    for (int i = 0; i < 3; i++) exchange_drop(&late[i]);
    exchange_drop(&first);
    budget_free(b);
}

/* Nobody has a block to give: the writers of a worker hand the one they have to each other, and what stood in it is in
 * the spill file. */
static void test_one_block_for_all(void **state)
{
    enum { TUPLES = 5000 };
    struct status st = {0};
    struct exchange x;
    struct budget *b = budget_new(2 * BUDGET_SLAB_SIZE, BUDGET_SLAB_SIZE, BUDGET_BLOCK_SIZE_MAX);
    assert_true(exchange_init(
        &x, &(struct exchange_options){"test", PARTITIONS, sizeof(struct tuple), 1, b, test_folder}, &st));
    struct job j = {&x, 1};
    assert_true(throw(&j, 0, 0, &st));
    void *held[256];
    int n = 0;
    while (n < 256 && (held[n] = budget_block(b, true)) != NULL) n++;
    for (uint32_t task = 1; task < TUPLES; task++)
        if (!throw(&j, 0, task, &st)) fail_msg("%s", st.message);
    exchange_seal(&x);
    assert_true(exchange_spilled_bytes(&x) > TUPLES / 2 * sizeof(struct tuple));
    check_content(&x, TUPLES, true);
    while (n) budget_block_return(b, held[--n]);
    exchange_drop(&x);
    budget_free(b);
}

/* No memory and no reserve at all: said, with what to set. */
static void test_no_memory(void **state)
{
    struct status st = {0};
    struct exchange first, late;
    struct budget *b = budget_new(BUDGET_SLAB_SIZE, 0, BUDGET_BLOCK_SIZE_MAX);
    assert_true(exchange_init(
        &first, &(struct exchange_options){"first", PARTITIONS, sizeof(struct tuple), 1, b, test_folder}, &st));
    assert_true(exchange_init(
        &late, &(struct exchange_options){"late", PARTITIONS, sizeof(struct tuple), 1, b, test_folder}, &st));
    struct job j = {&first, 300000}, k = {&late, 1};
    assert_true(throw(&j, 0, 0, &st));
    void *held[256];
    int n = 0;
    while (n < 256 && (held[n] = budget_block(b, true)) != NULL) n++;
    assert_false(throw(&k, 0, 0, &st));
    while (n) budget_block_return(b, held[--n]);
    assert_int_equal(st.code, STATUS_MEMORY);
    assert_string_equal(st.message, "no memory left for late: 1 threads need at least a block each");
    assert_string_equal(st.hint, "raise the budget: --set run.memory_max=512m");
    exchange_drop(&first);
    exchange_drop(&late);
    budget_free(b);
}

static void test_spill_folder_missing(void **state)
{
    struct status st = {0};
    struct exchange x;
    struct budget *b = budget_new(BUDGET_SLAB_SIZE, 0, BUDGET_BLOCK_SIZE_MAX);
    assert_true(exchange_init(
        &x, &(struct exchange_options){"test", PARTITIONS, sizeof(struct tuple), 1, b, test_path("nowhere")}, &st));
    struct job j = {&x, 1000000};
    assert_false(throw(&j, 0, 0, &st));
    assert_int_equal(st.code, STATUS_IO);
    assert_has(st.message, "could not create \"");
    assert_has(st.message, "nowhere/test.spill\"");
    assert_has(st.context, "while spilling test (memory_max is used up)");
    exchange_drop(&x);
    budget_free(b);
}

/* A spill file that somebody cut short is noticed when it is read. */
static void test_spill_file_cut(void **state)
{
    struct status st = {0};
    struct exchange x;
    struct budget *b = budget_new(BUDGET_SLAB_SIZE, 0, BUDGET_BLOCK_SIZE_MAX);
    assert_true(exchange_init(
        &x, &(struct exchange_options){"test", PARTITIONS, sizeof(struct tuple), 1, b, test_folder}, &st));
    struct job j = {&x, 300000};
    assert_true(throw(&j, 0, 0, &st));
    exchange_seal(&x);
    assert_int_equal(truncate(test_path("test.spill"), 1000), 0);
    bool all = true;
    for (uint32_t p = 0; p < PARTITIONS && all; p++) {
        struct tuple *t = malloc((exchange_count(&x, p) + 1) * sizeof *t);
        all = exchange_take(&x, p, t, &st);
        free(t);
    }
    assert_false(all);
    assert_has(st.message, "test.spill\"");
    assert_has(st.message, "the file ends after");
    exchange_drop(&x);
    budget_free(b);
}

static void test_drop_of_nothing(void **state)
{
    struct exchange x = {0};
    exchange_drop(&x);
    exchange_drop(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_blocks_come_back),
        cmocka_unit_test(test_late_exchange_in_full_memory),
        cmocka_unit_test(test_one_block_for_all),
        cmocka_unit_test(test_spill_file_cut),
        cmocka_unit_test(test_spill_folder_missing),
        cmocka_unit_test(test_drop_of_nothing),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
