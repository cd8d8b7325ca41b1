/* Progress: the line on a terminal and elsewhere, against a clock of the test's own. */
#include "base/pool.h"
#include "base/progress.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdatomic.h>

static _Atomic uint64_t clock_ns;

static uint64_t test_clock(void)
{
    return atomic_load(&clock_ns);
}

static void pass_ms(uint64_t ms)
{
    atomic_fetch_add(&clock_ns, ms * 1000000);
}

static int open_screen(void)
{
    int fd = open(test_path("screen"), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    assert_true(fd > 0);
    return fd;
}

static void test_lines(void **state)
{
    static const struct {
        const char *label, *unit;
        uint64_t total, done, ms;
        int width;
        bool terminal;
        const char *screen;
    } CASES[] = {
        {"020 import", "bytes", 709000000, 298000000, 200, 100, true,
         "\r020 import  [##############---------------------]   42 %  298 MB of 709 MB  1.49 GB/s  0:00:00 "
         "left\033[K\r\033[K"},
        {"020 import", "records", 2200000, 1100000, 2000, 80, true,
         "\r020 import  [####-----]   50 %  1.10 M of 2.20 M records  550 k/s  0:00:02 "
         "left\033[K\r\033[K"},
        {"110 load", "rows", 0, 12345, 1000, 80, true, "\r110 load  12.3 k rows  12.3 k/s\033[K\r\033[K"},
        {"110 load", "bytes", 1000, 1000, 1000, 40, true, "\r110 load  100 %  1.00 kB of 1.00 kB  1.\033[K\r\033[K"},
        {"110 load", "bytes", 1000, 5000, 100000, 70, true,
         "\r110 load  [######################]  100 %  5.00 kB of 1.00 kB  50 B/s\033[K\r\033[K"},
        {"020 import", "bytes", 709000000, 7090000, 10000, 80, false,
         "020 import    1 %  7.09 MB of 709 MB  709 kB/s  0:16:30 left\n"},
        {"020 import", "bytes", 709000000, 7090000, 9999, 80, false, ""},
        {"020 import", "bytes", UINT64_MAX, 1, 20000, 80, false,
         "020 import    0 %  1 B of 18446744 TB  0 B/s  99:59:59 left\n"},
        {"020 import", "bytes", 709000000, 298000000, 99, 80, true, "\r\033[K"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct progress_options o = {.label = CASES[i].label,
                                     .unit = CASES[i].unit,
                                     .total = CASES[i].total,
                                     .fd = open_screen(),
                                     .now_ns = test_clock,
                                     .width = CASES[i].width,
                                     .terminal = CASES[i].terminal};
        struct progress *p = progress_new(&o);
        pass_ms(CASES[i].ms);
        progress_add(p, CASES[i].done);
        progress_finish(p);
        close(o.fd);
        assert_string_equal(test_read(test_path("screen")), CASES[i].screen);
    }
}

/* A line stays within the width of the terminal: a wrapped line cannot be wiped. */
static void test_width(void **state)
{
    for (int width = 10; width < 140; width++) {
        struct progress_options o = {.label = "020 import",
                                     .unit = "records",
                                     .total = 3000000,
                                     .fd = open_screen(),
                                     .now_ns = test_clock,
                                     .width = width,
                                     .terminal = true};
        struct progress *p = progress_new(&o);
        pass_ms(5000);
        progress_add(p, 1234567);
        const char *screen = test_read(test_path("screen"));
        assert_int_equal(screen[0], '\r');
        assert_in_range(strcspn(screen + 1, "\033"), 1, (uintmax_t)width - 1);
        progress_finish(p);
        close(o.fd);
    }
}

static bool add_some(void *context, int worker, uint64_t task, struct status *st)
{
    pass_ms(1);
    progress_add(context, 7);
    return true;
}

static void test_threads(void **state)
{
    struct status st = {0};
    struct progress_options o = {.label = "x", .unit = "records", .fd = open_screen(), .now_ns = test_clock};
    struct progress *p = progress_new(&o);
    struct pool *pool = pool_new(4);
    assert_true(pool_run(pool, 30000, add_some, p, &st)); /* 30 seconds of the test's clock */
    pool_free(pool);
    pass_ms(10000);
    progress_add(p, 0);
    progress_finish(p);
    close(o.fd);
    const char *screen = test_read(test_path("screen"));
    int lines = 0;
    for (const char *c = screen; *c; c++) lines += *c == '\n';
    assert_in_range(lines, 3, 4);
    assert_has(screen, "x  210 k records  ");
}

static void test_quiet(void **state)
{
    struct progress_options o = {.label = "x", .unit = "records", .quiet = true};
    struct progress *p = progress_new(&o);
    assert_null(p);
    progress_add(p, 1);
    progress_finish(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_quiet),
    };
    return cmocka_run_group_tests_name("base/progress", tests, test_make_folder, test_remove_folder);
}
