/* System calls: what they do, what they say when they fail, and the fault points that the crash and fault tests drive.
 *
 * The fault points read their environment when the program starts, so those tests run this program again as a child
 * ("test_os child WHAT FOLDER").
 */
#include "base/os.h"
#include "tests/test.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void make_text(const char *name, const char *text)
{
    test_write(test_path(name), view_of(text));
}

static void test_read_and_write(void **state)
{
    struct status st = {0};
    char bytes[16] = "";
    const char *path = test_path("rw");
    int fd = os_open_create(path, &st);
    assert_true(fd >= 0);
    assert_true(os_write(fd, path, "hello", 5, &st));
    assert_true(os_write_at(fd, path, "WORLD", 5, 10, &st));
    assert_true(os_fsync(fd, path, &st));
    os_write_back(fd, 0, 15);
    assert_true(os_read_at(fd, path, bytes, 15, 0, &st));
    assert_memory_equal(bytes, "hello\0\0\0\0\0WORLD", 15);
    assert_true(os_truncate(fd, path, 3, &st));
    assert_false(os_read_at(fd, path, bytes, 4, 0, &st));
    assert_int_equal(st.code, STATUS_IO);
    assert_has(st.message, "4 bytes wanted at offset 0, the file ends after 3");
    os_close(fd);
    status_clear(&st);
    fd = os_open_append(path, &st);
    assert_true(os_write(fd, path, "p!", 2, &st));
    os_close(fd);
    os_close(-1);
    assert_string_equal(test_read(path), "help!");
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0007, 0); /* nobody else reads customer data */
}

static void test_messages(void **state)
{
    struct status st = {0};
    assert_int_equal(os_open_read("/nowhere/x", &st), -1);
    assert_int_equal(st.code, STATUS_IO);
    assert_int_equal(st.sys_errno, ENOENT);
    assert_string_equal(st.message, "could not open \"/nowhere/x\": No such file or directory");
    assert_string_equal(st.hint, "look whether it exists: ls -l \"/nowhere/x\"");
    status_clear(&st);
    int fd = os_open_append("/dev/full", &st);
    assert_true(fd >= 0);
    assert_false(os_write(fd, "/dev/full", "x", 1, &st));
    assert_int_equal(st.sys_errno, ENOSPC);
    assert_has(st.hint, "the disk is full");
    os_close(fd);
}

static void test_identity(void **state)
{
    struct status st = {0};
    struct os_file_identity a, b;
    make_text("id", "one");
    assert_true(os_identify(test_path("id"), &a, &st));
    assert_int_equal(a.size, 3);
    assert_false(a.is_folder);
    int fd = os_open_read(test_path("id"), &st);
    assert_true(os_identify_fd(fd, "id", &b, &st));
    os_close(fd);
    assert_true(os_same_file(&a, &b));
    assert_true(os_link_or_copy(test_path("id"), test_path("id2"), &st));
    assert_true(os_identify(test_path("id"), &b, &st));
    assert_true(os_same_file(&a, &b)); /* a second name is no change */
    make_text("id", "four");
    assert_true(os_identify(test_path("id"), &b, &st));
    assert_false(os_same_file(&a, &b));
    assert_true(os_identify(test_folder, &b, &st));
    assert_true(b.is_folder);
    assert_true(os_exists(test_folder));
    assert_false(os_exists(test_path("none")));
    assert_false(os_identify(test_path("none"), &b, &st));
}

static void test_rename_and_copy(void **state)
{
    struct status st = {0};
    char far[64];
    bool in_memory = strncmp(test_folder, "/dev/shm/", 9) == 0;
    snprintf(far, sizeof far, "%s/crmx_test.%d", in_memory ? "/tmp" : "/dev/shm", getpid());
    make_text("from", "new");
    make_text("to", "old");
    assert_false(os_rename_new(test_path("from"), test_path("to"), &st));
    assert_int_equal(st.code, STATUS_CORRUPT);
    assert_has(st.message, "it is there already");
    assert_string_equal(test_read(test_path("to")), "old");
    status_clear(&st);
    assert_true(os_rename_new(test_path("from"), test_path("fresh"), &st));
    assert_true(os_rename(test_path("fresh"), test_path("to"), &st));
    assert_string_equal(test_read(test_path("to")), "new");
    assert_false(os_rename(test_path("fresh"), test_path("to"), &st));
    assert_has(st.context, "while renaming");
    status_clear(&st);
    assert_true(os_copy(test_path("to"), test_path("copy"), &st));
    assert_string_equal(test_read(test_path("copy")), "new");
    assert_false(os_link_or_copy(test_path("to"), test_path("copy"), &st)); /* never over an existing name */
    status_clear(&st);
    assert_true(os_link_or_copy(test_path("to"), far, &st)); /* another file system: copied */
    assert_string_equal(test_read(far), "new");
    assert_true(os_unlink(far, &st));
    assert_true(os_unlink(test_path("copy"), &st));
    assert_true(os_unlink(test_path("copy"), &st)); /* missing is fine */
    assert_false(os_exists(test_path("copy")));
    assert_false(os_copy(test_path("copy"), test_path("x"), &st));
}

static bool join_names(void *context, const char *name)
{
    struct buf *b = context;
    buf_addf(b, "%s ", name);
    return strcmp(name, "stop") != 0;
}

static void test_folders(void **state)
{
    struct status st = {0};
    struct buf names;
    buf_init(&names, 1000);
    assert_true(os_make_folder(test_path("a/b/c"), &st));
    assert_true(os_make_folder(test_path("a/b/c"), &st));
    assert_true(os_make_folder(test_path("a//b/d/"), &st));
    make_text("a/b/z", "");
    make_text("a/b/B", "");
    make_text("a/b/.hidden", "");
    assert_true(os_list(test_path("a/b"), join_names, &names, &st));
    assert_string_equal(names.bytes, ".hidden B c d z ");
    buf_clear(&names);
    make_text("a/b/e", "");
    make_text("a/b/stop", "");
    assert_true(os_list(test_path("a/b"), join_names, &names, &st));
    assert_string_equal(names.bytes, ".hidden B c d e stop ");
    assert_false(os_list(test_path("none"), join_names, &names, &st));
    status_clear(&st);
    assert_false(os_make_folder(test_path("a/b/z"), &st)); /* a file is in the way */
    assert_int_equal(st.sys_errno, ENOTDIR);
    status_clear(&st);
    assert_int_equal(symlink("/etc", test_path("a/b/c/link")), 0);
    assert_true(os_fsync_folder(test_path("a"), &st));
    assert_true(os_remove_tree(test_path("a"), &st));
    assert_true(os_exists("/etc/passwd")); /* links are removed, not followed */
    assert_false(os_exists(test_path("a")));
    assert_true(os_remove_tree(test_path("a"), &st));
    buf_release(&names);
}

static void test_whole_files(void **state)
{
    struct status st = {0};
    struct buf b;
    buf_init(&b, 8);
    assert_true(os_replace_file(test_path("whole"), VIEW_LITERAL("12345678"), &st));
    assert_true(os_read_file(test_path("whole"), &b, &st));
    assert_string_equal(b.bytes, "12345678");
    assert_true(os_replace_file(test_path("whole"), VIEW_LITERAL(""), &st));
    assert_true(os_read_file(test_path("whole"), &b, &st));
    assert_int_equal(b.length, 0);
    assert_false(os_exists(test_path("whole.tmp")));
    assert_true(os_replace_file(test_path("whole"), VIEW_LITERAL("123456789"), &st));
    assert_false(os_read_file(test_path("whole"), &b, &st));
    assert_has(st.message, "has 9 bytes, at most 8");
    status_clear(&st);
    assert_false(os_read_file(test_folder, &b, &st));
    assert_int_equal(st.sys_errno, EISDIR);
    assert_true(os_free_bytes(test_folder) > 0);
    assert_int_equal(os_free_bytes("/nowhere"), 0);
    buf_release(&b);
}

static void test_memory_file(void **state)
{
    struct status st = {0};
    char path[64];
    int fd = os_open_memory("x", &st);
    assert_true(fd >= 0);
    assert_true(os_write(fd, "x", "abc", 3, &st));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    assert_string_equal(test_read(path), "abc");
    os_close(fd);
}

static void test_locks(void **state)
{
    struct status st = {0};
    int fd = os_lock(test_path("lock"), &st);
    assert_true(fd >= 0);
    assert_int_equal(os_lock(test_path("lock"), &st), -1);
    assert_int_equal(st.code, STATUS_BUSY);
    assert_has(st.hint, "crmx status");
    os_close(fd);
    status_clear(&st);
    fd = os_lock(test_path("lock"), &st); /* the lock went with its descriptor */
    assert_true(fd >= 0);
    os_close(fd);
}

static void test_processes(void **state)
{
    uint64_t mine = os_process_start(getpid());
    assert_true(mine > 0);
    assert_true(mine == os_process_start(getpid()));
    assert_true(os_process_start(1) <= mine);
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(os_process_start(pid), 0);
    assert_int_equal(strlen(os_boot_id()), 36);
    assert_null(strchr(os_boot_id(), '\n'));
    char folder[OS_PATH_MAX];
    os_program_folder(folder);
    assert_has(folder, "/build/");
    assert_has(folder, "tests/base");
}

static void test_memory_and_time(void **state)
{
    enum { SIZE = 5 << 20 };
    unsigned char *p = os_map(SIZE);
    assert_non_null(p);
    for (size_t i = 0; i < SIZE; i += 4096) assert_int_equal(p[i], 0);
    p[SIZE - 1] = 1;
    os_unmap(p, SIZE);
    os_unmap(NULL, 0);
    uint64_t t = os_monotonic_ns();
    usleep(2000);
    assert_in_range(os_monotonic_ns() - t, 2000000, 10000000000);
    char text[21];
    os_wall_clock(text);
    assert_int_equal(strlen(text), 20);
    assert_memory_equal(text, "20", 2);
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[19], 'Z');
    assert_in_range(os_cpu_count(), 1, 64);
}

/* --- fault points --- */

/* What the child does: replaces the file "target" in the folder; the exit code tells how it went. */
static int child_main(const char *what, const char *folder)
{
    struct status st = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/target", folder);
    if (strcmp(what, "replace") == 0) {
        bool ok = os_replace_file(path, VIEW_LITERAL("new content"), &st);
        if (!ok) fprintf(stderr, "%s\n", st.message);
        return ok ? 0 : st.sys_errno == EIO && st.code == STATUS_IO ? 10 : 11;
    }
    if (strcmp(what, "map") == 0) return os_map(4096) ? 0 : 10;
    if (strcmp(what, "shortened") == 0 || strcmp(what, "loaded") == 0) {
        int fd = os_open_read(path, &st);
        const char *bytes = os_map_file(fd, path, 10000, &st);
        os_close(fd);
        if (!bytes || bytes[9999] != 'x' || truncate(path, 5000) != 0) return 13;
        if (strcmp(what, "loaded") != 0) return bytes[9999] == 'x' ? 14 : 15;
        if (!os_load_mapped(bytes, path, 100, 4900, &st)) return 16;
        if (os_load_mapped(bytes, path, 100, 9900, &st)) return 17;
        fprintf(stderr, "%s\n", st.message);
        return status_exit_code(&st);
    }
    return 12;
}

static int run_child(const char *what, const char *variable, const char *value)
{
    pid_t pid = fork();
    if (pid == 0) {
        setenv(variable, value, 1);
        if (freopen(test_path("stderr"), "w", stderr)) {
            execl("/proc/self/exe", "test_os", "child", what, test_folder, (char *)NULL);
        }
        _exit(99);
    }
    int result = -1;
    assert_int_equal(waitpid(pid, &result, 0), pid);
    return result;
}

/* Calls of one replacement, learnt the way the fault tests learn it. */
static int count_calls(void)
{
    assert_int_equal(run_child("replace", "CRMX_CALL_LOG", test_path("calls")), 0);
    int count = 0;
    for (const char *p = test_read(test_path("calls")); *p; p += strcspn(p, "\n") + 1) count++;
    return count;
}

static void test_call_log(void **state)
{
    make_text("target", "old content");
    assert_int_equal(count_calls(), 6);
    char expected[2048];
    snprintf(expected, sizeof expected,
             "1 create %s/target.tmp\n2 write %s/target.tmp\n3 fsync %s/target.tmp\n4 rename %s/target\n5 open %s\n"
             "6 fsync %s\n",
             test_folder, test_folder, test_folder, test_folder, test_folder, test_folder);
    assert_string_equal(test_read(test_path("calls")), expected);
}

/* At every single call: the failure is reported, and the file is either the old or the new one. */
/* A file that is shortened while it is mapped: a status for whoever loads the range first, otherwise the end of the
 * process, with a message. */
static void test_mapped_file(void **state)
{
    static const char *const CASES[][2] = {
        {"shortened", "it was shortened, or the disk failed, while it was read\nHINT: nothing was committed"},
        {"loaded", "9900 bytes at offset 100: the file was shortened, or the disk failed"}};
    char text[10001], path[512];
    memset(text, 'x', 10000);
    text[10000] = 0;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        make_text("target", text);
        int result = run_child(CASES[i][0], "NOTHING", "1");
        assert_true(WIFEXITED(result));
        assert_int_equal(WEXITSTATUS(result), status_exit_code(&(struct status){.code = STATUS_IO}));
        snprintf(path, sizeof path, "could not read \"%s\": ", test_path("target"));
        assert_has(test_read(test_path("stderr")), path);
        assert_has(test_read(test_path("stderr")), CASES[i][1]);
    }
    struct status st = {0};
    assert_null(os_map_file(-1, "nothing", 10, &st));
    assert_has(st.message, "could not map \"nothing\" (10 bytes)");
}

static void test_fault_at_every_call(void **state)
{
    static const char *const VARIABLES[] = {"CRMX_FAULT_AT", "CRMX_FAULT_FROM", "CRMX_CRASH_AT"};
    int calls = 6;
    for (size_t v = 0; v < COUNT_OF(VARIABLES); v++)
        for (int n = 1; n <= calls + 1; n++) {
            char number[16];
            make_text("target", "old content");
            snprintf(number, sizeof number, "%d", n);
            int result = run_child("replace", VARIABLES[v], number);
            if (n > calls) {
                assert_int_equal(result, 0);
            } else if (v == 2) {
                assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
            } else {
                assert_true(WIFEXITED(result));
                assert_int_equal(WEXITSTATUS(result), 10);
                assert_has(test_read(test_path("stderr")), "Input/output error");
            }
            /* The rename is call 4: before it nothing is visible, behind it everything is. */
            assert_string_equal(test_read(test_path("target")), n <= 4 ? "old content" : "new content");
        }
    assert_int_equal(WEXITSTATUS(run_child("map", "CRMX_FAULT_AT", "1")), 10);
    assert_int_equal(WEXITSTATUS(run_child("map", "CRMX_FAULT_AT", "2")), 0);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "child") == 0) return child_main(argv[2], argv[3]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_and_write), cmocka_unit_test(test_messages),
        cmocka_unit_test(test_identity),       cmocka_unit_test(test_rename_and_copy),
        cmocka_unit_test(test_folders),        cmocka_unit_test(test_whole_files),
        cmocka_unit_test(test_memory_file),    cmocka_unit_test(test_locks),
        cmocka_unit_test(test_processes),      cmocka_unit_test(test_memory_and_time),
        cmocka_unit_test(test_call_log),       cmocka_unit_test(test_fault_at_every_call),
        cmocka_unit_test(test_mapped_file),
    };
    return cmocka_run_group_tests_name("base/os", tests, test_make_folder, test_remove_folder);
}
