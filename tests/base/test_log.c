/* Log lines: their shape, levels, one line per entry, whole lines from many threads, a log that cannot be written. */
#include "base/log.h"
#include "base/pool.h"
#include "tests/test.h"

#include <fcntl.h>
#include <regex.h>

/* stderr goes to a file while a test runs. */
static int saved_stderr;

static void catch_stderr(void)
{
    fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    int fd = open(test_path("stderr"), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static const char *give_stderr_back(void)
{
    fflush(stderr);
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    return test_read(test_path("stderr"));
}

#define TIME "20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z"

static void assert_matches(const char *text, const char *pattern)
{
    regex_t r;
    assert_int_equal(regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&r, text, 0, NULL, 0) != 0) fail_msg("\"%s\" does not match \"%s\"", text, pattern);
    regfree(&r);
}

static void test_tag(void **state)
{
    static const struct {
        const char *unit, *date, *step, *pattern;
    } CASES[] = {
        {"11", "2026-10-31", "020 import", "^" TIME " INFO 11/2026-10-31 020 import: x\n$"},
        {"11", "2026-10-31", NULL, "^" TIME " INFO 11/2026-10-31: x\n$"},
        {"11", NULL, NULL, "^" TIME " INFO 11: x\n$"},
        {NULL, "2026-10-31", NULL, "^" TIME " INFO 2026-10-31: x\n$"},
        {NULL, NULL, "060 select", "^" TIME " INFO 060 select: x\n$"},
        {NULL, NULL, NULL, "^" TIME " INFO x\n$"},
        {"", "", "", "^" TIME " INFO x\n$"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        catch_stderr();
        log_run(CASES[i].unit, CASES[i].date);
        log_step(CASES[i].step);
        log_info("%s", "x");
        assert_matches(give_stderr_back(), CASES[i].pattern);
    }
    log_close();
}

static void log_all_levels(void)
{
    log_debug("d");
    log_info("i");
    log_warning("w");
    log_error("e");
}

/* The letters that arrive on stderr and in the file. */
static void test_levels(void **state)
{
    static const struct {
        enum log_level level;
        bool quiet;
        const char *on_stderr, *in_file;
    } CASES[] = {
        {LOG_DEBUG, false, "diwe", "diwe"}, {LOG_INFO, false, "iwe", "iwe"}, {LOG_WARNING, false, "we", "we"},
        {LOG_ERROR, false, "e", "e"},       {LOG_DEBUG, true, "we", "diwe"}, {LOG_ERROR, true, "e", "e"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        char file[600];
        snprintf(file, sizeof file, "%s", test_path("logs/deep/crmx.log"));
        unlink(file);
        struct log_options o = {.level = CASES[i].level, .file = file, .quiet = CASES[i].quiet};
        catch_stderr();
        assert_true(log_open(&o, &st));
        log_all_levels();
        log_close();
        const char *texts[] = {give_stderr_back(), NULL};
        for (int k = 0; k < 2; k++) {
            char letters[8] = "";
            const char *text = k ? test_read(file) : texts[0];
            for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
                strncat(letters, line + strcspn(line, "\n") - 1, 1);
            assert_string_equal(letters, k ? CASES[i].in_file : CASES[i].on_stderr);
        }
    }
}

static void test_one_line_per_entry(void **state)
{
    char longer[3 * LOG_LINE_MAX];
    memset(longer, 'y', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    catch_stderr();
    log_info("a\nb\x1b[2J\t\x7f%s", "\xe5\x8c\x97");
    log_info("%s", longer);
    memset(longer, '\n', sizeof longer - 1);
    log_info("%s", longer);
    const char *text = give_stderr_back();
    assert_has(text, "INFO a\\x0ab\\x1b[2J\\x09\\x7f\xe5\x8c\x97\n");
    int lines = 0;
    for (const char *p = text; *p; p++) lines += *p == '\n';
    assert_int_equal(lines, 3);
}

static void test_append(void **state)
{
    struct status st = {0};
    struct log_options o = {.level = LOG_INFO, .file = test_path("append.log"), .quiet = true};
    for (int i = 0; i < 3; i++) {
        assert_true(log_open(&o, &st));
        log_info("run %d", i);
        log_close();
    }
    assert_matches(test_read(test_path("append.log")), "^[^\n]* run 0\n[^\n]* run 1\n[^\n]* run 2\n$");
}

static void test_status(void **state)
{
    struct status st = {0};
    status_fail(&st, STATUS_IO, "could not read");
    status_while(&st, "opening a");
    status_while(&st, "running b");
    status_hint(&st, "crmx status");
    catch_stderr();
    log_status(LOG_ERROR, &st);
    assert_matches(give_stderr_back(),
                   "ERROR could not read\n[^\n]*ERROR   while opening a\n[^\n]*ERROR   while running "
                   "b\n[^\n]*ERROR HINT: crmx status\n$");
}

static void test_refused_and_full(void **state)
{
    struct status st = {0};
    struct log_options o = {.level = LOG_INFO, .file = "/proc/nowhere/crmx.log"};
    assert_false(log_open(&o, &st));
    assert_int_equal(st.code, STATUS_IO);
    assert_has(st.context, "opening the log file");
    o = (struct log_options){.level = LOG_INFO, .file = "/dev/full", .quiet = true};
    status_clear(&st);
    catch_stderr();
    assert_true(log_open(&o, &st));
    log_info("lost");
    log_info("lost too");
    log_close();
    assert_has(give_stderr_back(), "WARNING: 2 lines of the log \"/dev/full\" could not be written");
}

static bool log_some(void *context, int worker, uint64_t task, struct status *st)
{
    char step[16];
    snprintf(step, sizeof step, "%03d step", (int)task % 1000);
    log_step(step);
    for (int i = 0; i < 20; i++) log_info("task %05d line %02d end", (int)task, i);
    return true;
}

static void test_threads_write_whole_lines(void **state)
{
    enum { TASKS = 50, THREADS = 4 };
    struct status st = {0};
    struct log_options o = {.level = LOG_INFO, .file = test_path("threads.log"), .quiet = true};
    assert_true(log_open(&o, &st));
    struct pool *p = pool_new(THREADS);
    assert_true(pool_run(p, TASKS, log_some, NULL, &st));
    pool_free(p);
    log_close();
    FILE *f = fopen(test_path("threads.log"), "r");
    assert_non_null(f);
    char line[400];
    int lines = 0;
    for (; fgets(line, sizeof line, f); lines++)
        if (lines % 37 == 0) assert_matches(line, "^" TIME " INFO [0-9]{3} step: task [0-9]{5} line [0-9]{2} end\n$");
    fclose(f);
    assert_int_equal(lines, TASKS * 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tag),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_one_line_per_entry),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_refused_and_full),
        cmocka_unit_test(test_threads_write_whole_lines),
    };
    return cmocka_run_group_tests_name("base/log", tests, test_make_folder, test_remove_folder);
}
