/* crmx init and config show, as a user sees them. */
#include "tests/control/capture.h"

/* A template with what matters: a folder, a hidden file, a unit with an inbox, a crmx.ini of its own. */
static int make_template(void **state)
{
    struct status st = {0};
    if (test_make_folder(state) || !os_make_folder(test_path("template/units"), &st) ||
        !os_make_folder(test_path("template/layouts/deep"), &st))
        return -1;
    test_write(test_path("template/units/11.ini"),
               VIEW_LITERAL("[unit]\nid = 11\ninbox = inbox/11\n[run]\nthreads = 4\n"));
    test_write(test_path("template/units/37.ini"), VIEW_LITERAL("[unit]\nid = 37\n"));
    test_write(test_path("template/layouts/deep/a.ini"), VIEW_LITERAL("[a]\n"));
    test_write(test_path("template/layouts/.gitkeep"), VIEW_LITERAL(""));
    test_write(test_path("template/crmx.ini"), VIEW_LITERAL("[database]\nmode = none\n"));
    return 0;
}

static char template_variable[300];

static void call(struct captured *c, const char *format, const char *folder)
{
    char line[600];
    snprintf(line, sizeof line, format, test_path(folder));
    snprintf(template_variable, sizeof template_variable, "CRMX_TEMPLATE=%s", test_path("template"));
    capture(c, COMMANDS, line, template_variable);
}

static void test_init(void **state)
{
    static struct captured c;
    call(&c, "init %s", "new/work");
    assert_string_equal(c.err, "");
    assert_int_equal(c.exit_code, 0);
    assert_has(c.out, "(4 files)");
    assert_has(c.out, "new/work\n");
    assert_has(c.out, "  crmx config show --origin ");
    static const char *const THERE[] = {
        "units/11.ini", "layouts/deep/a.ini", "inbox/11", "state", "deliver", "conf.d", "lists", "crmx.ini"};
    for (size_t i = 0; i < COUNT_OF(THERE); i++) {
        char name[200];
        snprintf(name, sizeof name, "new/work/%s", THERE[i]);
        if (!os_exists(test_path(name))) fail_msg("%s is missing", name);
    }
    assert_false(os_exists(test_path("new/work/layouts/.gitkeep")));
    assert_has(test_read(test_path("new/work/crmx.ini")), "\nmode = none\n");
    assert_has(test_read(test_path("new/work/crmx.ini")), "\n;threads = 0\n");
    assert_has(test_read(test_path("new/work/units/11.ini")), "inbox = inbox/11");

    call(&c, "config show --work %s --origin", "new/work");
    assert_int_equal(c.exit_code, 0);
    assert_has(c.out, "database.mode             none                 crmx.ini:");
    assert_has(c.out, "run.threads               0                    built-in");
    call(&c, "config show --work %s --unit 11 --json", "new/work");
    assert_has(c.out, "{\"option\": \"run.threads\", \"value\": \"4\", \"origin\": \"units/11.ini:5\"}");
    call(&c, "config show --work %s --unit 12", "new/work");
    assert_int_equal(c.exit_code, 16);
    assert_has(c.err, "units/12.ini");
}

static void test_refusals(void **state)
{
    static struct captured c;
    struct status st = {0};
    assert_true(os_make_folder(test_path("full"), &st));
    test_write(test_path("full/letter"), VIEW_LITERAL("x"));
    call(&c, "init %s", "full");
    assert_int_equal(c.exit_code, 16);
    assert_has(c.err, "it is not empty (\"letter\" is there)");
    assert_has(c.err, "HINT: name a new folder: crmx init ");
    assert_false(os_exists(test_path("full/crmx.ini")));

    assert_true(os_make_folder(test_path("empty"), &st));
    call(&c, "init %s --json", "empty"); /* empty is fine */
    assert_int_equal(c.exit_code, 0);
    assert_has(c.out, "\"files\": 4}\n");
    call(&c, "init --work %s", "empty"); /* a second time is not */
    assert_int_equal(c.exit_code, 16);
    assert_has(c.err, "HINT: it is a working folder already");
    call(&c, "init %s --quiet", "quiet");
    assert_string_equal(c.out, "");

    char line[300];
    snprintf(line, sizeof line, "init %s", test_path("none"));
    capture(&c, COMMANDS, line, "CRMX_TEMPLATE=/nowhere");
    assert_int_equal(c.exit_code, 16);
    assert_has(c.err, "there is no template folder \"/nowhere\" (CRMX_TEMPLATE)");
}

/* Runs this program as crmx in a process of its own: the fault points read their environment at the start. */
static int run_with_fault(int at, const char *folder)
{
    pid_t pid = fork();
    if (pid == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", at);
        setenv("CRMX_TEMPLATE", test_path("template"), 1);
        setenv("CRMX_FAULT_AT", number, 1);
        dup2(open(test_path("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
        execl("/proc/self/exe", "test_init", "crmx", "init", folder, "--quiet", (char *)NULL);
        _exit(99);
    }
    int result = -1;
    assert_int_equal(waitpid(pid, &result, 0), pid);
    assert_true(WIFEXITED(result));
    return WEXITSTATUS(result);
}

/* Cut short at any call, an init leaves no folder that is taken for a working folder. */
static void test_cut_short(void **state)
{
    static struct captured c;
    struct status st = {0};
    int n = 1, exit_code = 8;
    for (; exit_code == 8; n++) {
        assert_true(os_remove_tree(test_path("cut"), &st));
        exit_code = run_with_fault(n, test_path("cut"));
        if (exit_code == 8) assert_has(test_read(test_path("err")), "Input/output error");
        call(&c, "config show --work %s", "cut");
        /* Behind the rename of crmx.ini a failure comes too late: then everything is there. */
        if (c.exit_code == 0) assert_true(os_exists(test_path("cut/inbox/11")));
    }
    assert_int_equal(exit_code, 0);
    assert_int_equal(c.exit_code, 0);
    assert_true(n > 20);
}

/* The template of the source tree itself. */
static void test_real_template(void **state)
{
    static struct captured c;
    char line[300];
    snprintf(line, sizeof line, "init %s", test_path("real"));
    capture(&c, COMMANDS, line, "CRMX_TEMPLATE=config/template");
    assert_string_equal(c.err, "");
    assert_int_equal(c.exit_code, 0);
    call(&c, "config show --work %s --unit 11", "real");
    assert_int_equal(c.exit_code, 0);
    assert_true(os_exists(test_path("real/inbox/11")));
}

int main(int argc, char *argv[])
{
    if (argc > 1 && strcmp(argv[1], "crmx") == 0) return command_main(argc - 1, argv + 1, COMMANDS);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_real_template),
    };
    return cmocka_run_group_tests_name("control/init", tests, make_template, test_remove_folder);
}
