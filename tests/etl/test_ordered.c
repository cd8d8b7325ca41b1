/* Ordered files: parts from many threads stand in the order of their numbers, with the hash of the whole; failures. */
#include "base/pool.h"
#include "etl/ordered.h"
#include "tests/etl/fixture.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { PARTS = 300 };

struct job {
    struct ordered *o;
    uint64_t fail_at;
};

/* Parts of 0 to 400 bytes; every tenth is empty. */
static size_t part_text(uint64_t number, char text[512])
{
    size_t n = number % 10 == 0 ? 0 : 5 + number * 37 % 400;
    for (size_t i = 0; i < n; i++) text[i] = (char)('a' + (number + i) % 26);
    return n;
}

static bool append_task(void *context, int worker, uint64_t number, struct status *st)
{
    struct job *j = context;
    char text[512];
    if (number % 7 == 0) usleep(30);
    if (number == j->fail_at) {
        usleep(2000);
        status_fail(st, STATUS_INPUT, "part %llu is bad", (unsigned long long)number);
        ordered_abort(j->o, number);
        return false;
    }
    size_t n = part_text(number, text);
    return ordered_append(j->o, number, text, n, st);
}

static void test_order(void **state)
{
    struct buf expected, found;
    char text[512];
    buf_init(&expected, 1 << 20);
    buf_init(&found, 1 << 20);
    for (uint64_t i = 0; i < PARTS; i++) {
        size_t n = part_text(i, text);
        buf_add(&expected, text, n);
    }
    XXH128_hash_t h = XXH3_128bits(expected.bytes, expected.length);
    for (int threads = 1; threads <= 8; threads++) {
        struct status st = {0};
        struct ordered_total total;
        struct pool *p = pool_new(threads);
        struct job j = {ordered_create(test_path("ordered"), &st), UINT64_MAX};
        assert_non_null(j.o);
        assert_true(pool_run(p, PARTS, append_task, &j, &st));
        ordered_finish(j.o, &total);
        assert_true(os_read_file(test_path("ordered"), &found, &st));
        assert_true(view_equal(buf_view(&expected), buf_view(&found)));
        assert_int_equal(total.bytes, expected.length);
        assert_true(total.hash_low == h.low64 && total.hash_high == h.high64);
        pool_free(p);
    }
    buf_release(&expected);
    buf_release(&found);
}

static void test_failure(void **state)
{
    for (uint64_t at = 0; at < 12; at += 3)
        for (int threads = 1; threads <= 8; threads++) {
            struct status st = {0};
            struct pool *p = pool_new(threads);
            struct job j = {ordered_create(test_path("ordered"), &st), at};
            char message[64];
            snprintf(message, sizeof message, "part %llu is bad", (unsigned long long)at);
            assert_false(pool_run(p, PARTS, append_task, &j, &st));
            assert_string_equal(st.message, message);
            ordered_discard(j.o);
            pool_free(p);
        }
}

static void test_waiting_thread_gives_up(void **state)
{
    struct status st = {0};
    struct ordered *o = ordered_create(test_path("ordered"), &st);
    ordered_abort(o, 0);
    assert_true(
        ordered_append(o, 0, "x", 1, &st)); /* whose turn it is still writes: it is not behind what is missing */
    ordered_abort(o, 1);
    assert_false(ordered_append(o, 2, "x", 1, &st));
    assert_has(st.message, "writing \"");
    assert_has(st.message, "was given up after a failure elsewhere");
    ordered_discard(o);
    ordered_discard(NULL);
    ordered_abort(NULL, 0);
}

static void test_empty_and_missing(void **state)
{
    struct status st = {0};
    struct ordered_total total;
    struct ordered *o = ordered_create(test_path("ordered"), &st);
    ordered_finish(o, &total);
    assert_int_equal(total.bytes, 0);
    assert_string_equal(test_read(test_path("ordered")), "");
    assert_null(ordered_create(test_path("no/folder"), &st));
    assert_int_equal(st.code, STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_waiting_thread_gives_up),
        cmocka_unit_test(test_empty_and_missing),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
