/* The loader under kill -9 and under faults, at calls and at times taken at random: afterwards readers see the whole
 * old or the whole new generation, and the same request brings the new one, row for row.
 *
 * The child ("test_load_crash load FOLDER SEQUENCE") opens the cluster and loads; crash and fault points (base/os.h)
 * count its system calls and its libpq calls alike. CRMX_TEST_SEED chooses other points, CRMX_TEST_ROUNDS more of them.
 */
#include "tests/etl/test_load.h"

#include <signal.h>
#include <sys/wait.h>

static struct database *server;
static struct sample before, after;
static char digest_before[64], digest_after[64];
static uint64_t random_state;

static int next_random(int limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int)((random_state >> 33) % (uint64_t)limit);
}

static int rounds(int usual)
{
    const char *text = getenv("CRMX_TEST_ROUNDS");
    return text ? atoi(text) : usual;
}

static int child_load(int sequence)
{
    struct database_config config = test_config("main");
    struct sample s;
    struct database *db;
    struct load_result result;
    struct status st = {0};
    sample_fill(&s, "11", sequence, false); /* the files are there */
    sample_add_nights(&s, sequence, false);
    bool ok = database_open(&config, &db, &st) && load_run(db, &s.request, &result, &st);
    database_close(db);
    return ok ? 0 : 1;
}

static pid_t start_child(const char *variable, const char *value)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) return pid;
    if (variable) setenv(variable, value, 1);
    execl("/proc/self/exe", "test_load_crash", "load", test_folder, "2", NULL);
    _exit(99);
}

static int end_child(pid_t pid)
{
    int wait_status;
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static PGconn *reader(void)
{
    return database_connection(server);
}

static int set_up(void **state)
{
    struct status st = {0};
    struct load_result result;
    const char *seed = getenv("CRMX_TEST_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : 20261121;
    print_message("seed %llu\n", (unsigned long long)random_state);
    if (test_make_cluster_folder(state) != 0) return -1;
    struct database_config config = test_config("main");
    sample_make(&before, "11", 1);
    sample_make(&after, "11", 2);
    sample_add_nights(&before, 1, true);
    sample_add_nights(&after, 2, true);
    bool ok = database_open(&config, &server, &st) && load_run(server, &before.request, &result, &st);
    if (ok) snprintf(digest_before, sizeof digest_before, "%s", sample_digest(reader(), "11"));
    ok = ok && load_run(server, &after.request, &result, &st);
    if (ok) snprintf(digest_after, sizeof digest_after, "%s", sample_digest(reader(), "11"));
    print_status(&st);
    before.request.allow_older = true;
    return ok ? 0 : -1;
}

static int tear_down(void **state)
{
    database_close(server);
    return test_remove_folder(state);
}

/* Back to the generation before, as if the night had not been. */
static void go_back(void)
{
    struct status st = {0};
    struct load_result result;
    assert_ok(load_run(server, &before.request, &result, &st));
    assert_string_equal(sample_digest(reader(), "11"), digest_before);
}

/* After the child has ended in any way. */
static void check_and_load_again(const char *what, long point)
{
    struct status st = {0};
    struct load_result result;
    const char *digest = sample_digest(reader(), "11");
    bool old = strcmp(digest, digest_before) == 0;
    if (!old && strcmp(digest, digest_after) != 0) print_error("%s %ld: neither generation is whole\n", what, point);
    assert_true(old || strcmp(digest, digest_after) == 0);
    assert_ok(load_run(server, &after.request, &result, &st));
    assert_int_equal(result.already_applied, !old);
    if (strcmp(sample_digest(reader(), "11"), digest_after) != 0) print_error("%s %ld\n", what, point);
    assert_string_equal(sample_digest(reader(), "11"), digest_after);
}

/* How many counted calls a whole child makes. */
static int count_calls(void)
{
    go_back();
    assert_int_equal(end_child(start_child("CRMX_CALL_LOG", test_path("calls"))), 0);
    assert_string_equal(sample_digest(reader(), "11"), digest_after);
    int calls = 0;
    for (const char *p = test_read(test_path("calls")); *p; p++) calls += *p == '\n';
    assert_true(calls > 80);
    assert_has(test_read(test_path("calls")), "the events of generation 2026-10-31.002.1");
    assert_has(test_read(test_path("calls")), "load_event_day");
    assert_has(test_read(test_path("calls")), "PQputCopyData");
    assert_has(test_read(test_path("calls")), "PQexec answered commit");
    return calls;
}

static void test_killed_at_calls(void **state)
{
    int calls = count_calls(), killed = 0, n = rounds(10);
    for (int i = 0; i < n; i++) {
        int point = 1 + next_random(calls);
        char text[16];
        snprintf(text, sizeof text, "%d", point);
        go_back();
        int code = end_child(start_child("CRMX_CRASH_AT", text));
        assert_true(code == 0 || code == 128 + SIGKILL);
        killed += code != 0;
        check_and_load_again("kill at call", point);
    }
    assert_true(killed >= n * 2 / 3);
    go_back();
    assert_int_equal(sample_leaves(reader(), "11"), 6); /* nothing of the killed ones is left */
}

/* Number of the first counted call that names `what`. */
static int call_of(const char *what)
{
    const char *text = test_read(test_path("calls")), *at = strstr(text, what);
    int call = 1;
    assert_non_null(at);
    for (; text < at; text++) call += *text == '\n';
    return call;
}

/* From the row in applied_generation to the end, every fifth call from a random one on (every one with more rounds):
 * the mark and the events of its night are one. */
static void test_killed_at_the_publication(void **state)
{
    int calls = count_calls(), first = call_of("load_apply"), killed = 0, step = rounds(1) > 1 ? 1 : 5;
    assert_true(call_of("load_event_forget") > first);
    for (int point = first + next_random(step); point <= calls; point += step) {
        char text[16];
        snprintf(text, sizeof text, "%d", point);
        go_back();
        killed += end_child(start_child("CRMX_CRASH_AT", text)) != 0;
        check_and_load_again("kill at call", point);
    }
    assert_true(killed >= 2);
}

static void test_killed_at_times(void **state)
{
    for (int i = 0; i < rounds(4); i++) {
        int delay_ms = next_random(120);
        go_back();
        pid_t child = start_child(NULL, NULL);
        os_sleep_ms(delay_ms);
        kill(child, SIGKILL);
        end_child(child);
        check_and_load_again("kill after ms", delay_ms);
    }
}

/* Calls that fail instead: a status, never half a generation. */
static void test_failing_calls(void **state)
{
    int calls = count_calls();
    for (int i = 0; i < rounds(6); i++) {
        int point = 1 + next_random(calls);
        char text[16];
        snprintf(text, sizeof text, "%d", point);
        go_back();
        int code = end_child(start_child(i % 3 ? "CRMX_FAULT_AT" : "CRMX_FAULT_FROM", text));
        if (code > 1) print_error("fault at %d: exit code %d\n", point, code);
        assert_true(code == 0 || code == 1);
        check_and_load_again("fault at call", point);
    }
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "load") == 0) {
        snprintf(test_folder, sizeof test_folder, "%s", argv[2]);
        return child_load(atoi(argv[3]));
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_at_calls),
        cmocka_unit_test(test_killed_at_the_publication),
        cmocka_unit_test(test_killed_at_times),
        cmocka_unit_test(test_failing_calls),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
