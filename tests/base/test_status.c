/* Failures: the first one wins, texts are cut and never overflow, each code has its exit code. */
#include "base/status.h"
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

static void test_first_failure_wins(void **state)
{
    struct status st = {0};
    assert_false(status_fail(&st, STATUS_INPUT, "bad %s %d", "row", 7));
    assert_false(status_fail(&st, STATUS_IO, "could not close %s", "x"));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_string_equal(st.message, "bad row 7");
    assert_string_equal(st.context, "also: could not close x");
}

static void test_hint_and_context(void **state)
{
    struct status st = {0};
    status_fail(&st, STATUS_USAGE, "x");
    assert_false(status_hint(&st, "type %s", "a"));
    assert_false(status_hint(&st, "type %s", "b"));
    assert_string_equal(st.hint, "type a");
    assert_false(status_while(&st, "reading unit %d", 11));
    status_while(&st, "running");
    assert_string_equal(st.context, "while reading unit 11\nwhile running");
    status_clear(&st);
    assert_int_equal(st.code, STATUS_OK);
    assert_string_equal(st.message, "");
    assert_string_equal(st.hint, "");
    assert_string_equal(st.context, "");
}

static void test_errno_is_kept(void **state)
{
    struct status st = {0};
    errno = ENOENT;
    status_fail(&st, STATUS_IO, "could not open: %m");
    assert_int_equal(st.sys_errno, ENOENT);
    assert_int_equal(errno, ENOENT);
    assert_string_equal(st.message, "could not open: No such file or directory");
}

/* The guard bytes around the struct find a write past its end without a sanitizer, too. */
static void test_long_texts_are_cut(void **state)
{
    struct {
        unsigned char before[64];
        struct status st;
        unsigned char after[64];
    } g;
    char text[3000];
    memset(&g, 0xa5, sizeof g);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    status_clear(&g.st);
    status_fail(&g.st, STATUS_IO, "%s", text);
    status_hint(&g.st, "%s", text);
    for (int i = 0; i < 400; i++) status_while(&g.st, "step %d", i);
    status_while(&g.st, "%s", text);
    assert_int_equal(strlen(g.st.message), STATUS_MESSAGE_MAX - 1);
    assert_int_equal(strlen(g.st.hint), STATUS_HINT_MAX - 1);
    assert_in_range(strlen(g.st.context), STATUS_CONTEXT_MAX - 16, STATUS_CONTEXT_MAX - 1);
    for (size_t i = 0; i < sizeof g.before; i++) {
        assert_int_equal(g.before[i], 0xa5);
        assert_int_equal(g.after[i], 0xa5);
    }
}

static void test_exit_codes(void **state)
{
    static const struct {
        enum status_code code;
        int exit_code;
        const char *name;
    } CASES[] = {
        {STATUS_OK, 0, "ok"},
        {STATUS_BUSY, 2, "busy"},
        {STATUS_WARNING, 4, "warning"},
        {STATUS_STOPPED, 6, "stopped"},
        {STATUS_INPUT, 12, "input"},
        {STATUS_CONSERVATION, 12, "conservation"},
        {STATUS_HELD, 12, "held"},
        {STATUS_IO, 8, "io"},
        {STATUS_USAGE, 16, "usage"},
        {STATUS_ENVIRONMENT, 16, "environment"},
        {STATUS_DATABASE, 8, "database"},
        {STATUS_TRANSFER, 8, "transfer"},
        {STATUS_MEMORY, 8, "memory"},
        {STATUS_CORRUPT, 12, "corrupt"},
    };
    assert_int_equal(COUNT_OF(CASES), STATUS_HELD + 1); /* every code */
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {.code = CASES[i].code};
        assert_int_equal(status_exit_code(&st), CASES[i].exit_code);
        assert_string_equal(status_code_name(CASES[i].code), CASES[i].name);
    }
}

/* Runs f in a child whose stderr goes to a file; returns the wait status. */
static int run_child(void (*f)(void), const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, STDERR_FILENO);
        f();
        fflush(NULL);
        _exit(0);
    }
    int result = -1;
    assert_int_equal(waitpid(pid, &result, 0), pid);
    return result;
}

static void print_a_failure(void)
{
    struct status st = {0};
    status_fail(&st, STATUS_IO, "could not x");
    status_while(&st, "doing y");
    status_while(&st, "doing z");
    status_hint(&st, "crmx status");
    status_print(&st);
}

static void break_an_invariant(void)
{
    ensure(1 + 1 == 3);
}

static void take_too_much(void)
{
    void *volatile p = NULL; /* as malloc answers; the sanitizers' own would end the program */
    errno = ENOMEM;
    ensure(p);
}

static void test_no_memory(void **state)
{
    int result = run_child(take_too_much, test_path("stderr"));
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 8);
    assert_has(test_read(test_path("stderr")), "ERROR: the system gave the process no more memory (");
    assert_has(test_read(test_path("stderr")), "HINT: look at ulimit -d");
}

static void test_print(void **state)
{
    assert_int_equal(run_child(print_a_failure, test_path("stderr")), 0);
    assert_string_equal(test_read(test_path("stderr")),
                        "ERROR: could not x\n  while doing y\n  while doing z\nHINT: crmx status\n");
}

static void test_bug_aborts(void **state)
{
    int result = run_child(break_an_invariant, test_path("stderr"));
    assert_true(WIFSIGNALED(result));
    assert_int_equal(WTERMSIG(result), SIGABRT);
    assert_has(test_read(test_path("stderr")), "\"1 + 1 == 3\" does not hold");
    assert_has(test_read(test_path("stderr")), "HINT: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_failure_wins), cmocka_unit_test(test_hint_and_context),
        cmocka_unit_test(test_errno_is_kept),      cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_exit_codes),         cmocka_unit_test(test_print),
        cmocka_unit_test(test_bug_aborts),         cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("base/status", tests, test_make_folder, test_remove_folder);
}
