/* The frame: which command runs, what it is given, what is refused with which words, exit codes, help. */
#include "base/date.h"
#include "tests/control/capture.h"

#include <signal.h>

static const char *const KINDS[] = {"full", "delta", NULL};

/* Prints everything it was given: the tests look at that. */
static int run_everything(struct command_call *call)
{
    char date[11];
    date_format(command_date(call, "date", DATE_NONE), date);
    printf("unit=%s force=%d date=%s limit=%lld kind=%d json=%d quiet=%d work=%s", command_text(call, "unit", "-"),
           command_flag(call, "force"), date, (long long)command_integer(call, "limit", -1),
           command_choice(call, "kind", 9), call->json, call->quiet, call->work);
    for (int i = 0; i < command_count(call, "file"); i++) printf(" file=%s", command_text_at(call, "file", i));
    for (int i = 0; i < command_count(call, "only"); i++) printf(" only=%s", command_text_at(call, "only", i));
    printf(" has=%d\n", command_given(call, "limit"));
    return 0;
}

static const struct command command_run_everything = {
    .name = "run everything",
    .summary = "prints what it was given",
    .description =
        "A first paragraph that is long enough to be wrapped, because the lines of a terminal are not endless.\n"
        "A second one.",
    .examples = "crmx run everything 11 --date 2026-10-31",
    .arguments =
        (const struct command_value[]){{.name = "unit", .type = COMMAND_TEXT, .doc = "its id", .required = true},
                                       {.name = "file", .type = COMMAND_TEXT, .doc = "files", .repeated = true},
                                       {0}},
    .options = (const struct command_value[]){{.name = "force", .letter = 'f', .type = COMMAND_FLAG, .doc = "do it"},
                                              {.name = "date", .letter = 'd', .type = COMMAND_DATE, .doc = "the day"},
                                              {.name = "limit", .type = COMMAND_INTEGER, .minimum = 1, .maximum = 99},
                                              {.name = "kind", .type = COMMAND_CHOICE, .words = KINDS},
                                              {.name = "only", .type = COMMAND_TEXT, .repeated = true},
                                              {0}},
    .needs = COMMAND_NEEDS_NOTHING,
    .run = run_everything,
};

static int run_short(struct command_call *call)
{
    printf("short %s\n", command_text(call, "what", "-"));
    return 0;
}

static const struct command command_run = {
    .name = "run",
    .summary = "the shorter name",
    .arguments = (const struct command_value[]){{.name = "what", .type = COMMAND_TEXT}, {0}},
    .needs = COMMAND_NEEDS_NOTHING,
    .run = run_short,
};

static int run_needy(struct command_call *call)
{
    printf("threads=%lld path=%s\n", (long long)option_integer(call->options, OPTION_RUN_THREADS),
           command_path(call, "units/%d.ini", 11));
    return 0;
}

static const struct command command_needy = {
    .name = "needy",
    .summary = "needs a working folder, and the date",
    .options = (const struct command_value[]){{.name = "date", .type = COMMAND_DATE, .required = true}, {0}},
    .run = run_needy,
};

static int run_fail(struct command_call *call)
{
    enum status_code code = (enum status_code)command_integer(call, "code", 0);
    printf("some data\n");
    if (code == STATUS_OK) return 4; /* done, with a follower pending: no failure to print */
    status_fail(&call->status, code, "could not \"x\"");
    status_while(&call->status, "doing y");
    status_hint(&call->status, "do z");
    return command_failed(call);
}

static const struct command command_fail_here = {
    .name = "fail here now",
    .summary = "fails with a code",
    .arguments = (const struct command_value[]){{.name = "code", .type = COMMAND_INTEGER}, {0}},
    .needs = COMMAND_NEEDS_NOTHING,
    .run = run_fail,
};

static int run_bug(struct command_call *call)
{
    return (int)command_integer(call, "never declared", 0);
}

static const struct command command_bug = {
    .name = "bug", .summary = "asks for what it did not declare", .needs = COMMAND_NEEDS_NOTHING, .run = run_bug};

static int run_choose(struct command_call *call)
{
    printf("chosen %s\n", call->command->name);
    return 0;
}

static const struct command command_choose = {
    .name = "choose",
    .summary = "has options that do not go together",
    .arguments = (const struct command_value[]){{.name = "value", .type = COMMAND_TEXT, .placeholder = "A=B"}, {0}},
    .options = (const struct command_value[]){{.name = "top", .type = COMMAND_TEXT},
                                              {.name = "vary", .type = COMMAND_TEXT},
                                              {.name = "from", .type = COMMAND_TEXT},
                                              {.name = "unmask", .type = COMMAND_FLAG},
                                              {.name = "list", .type = COMMAND_FLAG},
                                              {0}},
    .rules = (const struct command_rule[]){{"top list", .not_with = "vary from json", .hint = "take one"},
                                           {"value", .not_with = "top"},
                                           {"unmask", .only_with = "value list"},
                                           {0}},
    .needs = COMMAND_NEEDS_NOTHING,
    .run = run_choose,
};

static const struct command *const TABLE[] = {
    &command_run, &command_run_everything, &command_choose, &command_needy, &command_fail_here, &command_bug, NULL};

static void test_given(void **state)
{
    static const char NOTHING[] = "force=0 date= limit=-1 kind=9 json=0 quiet=0 work=. has=0\n";
    static const struct {
        const char *line, *out;
    } CASES[] = {
        {"run everything 11", "unit=11 $"},
        {"run everything 11 --date 2026-10-31 -f",
         "unit=11 force=1 date=2026-10-31 limit=-1 kind=9 json=0 quiet=0 work=. has=0\n"},
        {"run everything --limit=7 --kind delta 11 --json -q --work /x",
         "unit=11 force=0 date= limit=7 kind=1 json=1 quiet=1 work=/x has=1\n"},
        {"-w /x run everything 11 -d20261031",
         "unit=11 force=0 date=2026-10-31 limit=-1 kind=9 json=0 quiet=0 work=/x has=0\n"},
        {"run everything 11 a b --only x c --only=y=z",
         "unit=11 force=0 date= limit=-1 kind=9 json=0 quiet=0 work=. file=a file=b file=c only=x "
         "only=y=z has=0\n"},
        {"run everything -- --date", "unit=--date $"},
        {"run everything -", "unit=- $"},
        {"run everything 11 -f -f", "unit=11 force=1 date= limit=-1 kind=9 json=0 quiet=0 work=. has=0\n"},
        {"run", "short -\n"},
        {"run anything", "short anything\n"}, /* the longest name that fits wins */
        {"--work=/y run x", "short x\n"},
    };
    static struct captured c;
    unsetenv("CRMX_HOME");
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char expected[1000];
        const char *rest = strchr(CASES[i].out, '$');
        snprintf(expected, sizeof expected, "%.*s%s", rest ? (int)(rest - CASES[i].out) : 999, CASES[i].out,
                 rest ? NOTHING : "");
        capture(&c, TABLE, CASES[i].line, NULL);
        if (c.exit_code || c.err[0]) print_error("%s: %s", CASES[i].line, c.err);
        assert_int_equal(c.exit_code, 0);
        assert_string_equal(c.out, expected);
        assert_string_equal(c.err, "");
    }
    capture(&c, TABLE, "run everything 11", "CRMX_HOME=/h");
    assert_has(c.out, "work=/h");
    capture(&c, TABLE, "run everything 11 -w /x", "CRMX_HOME=/h");
    assert_has(c.out, "work=/x");
    capture(&c, TABLE, "run everything 11", "CRMX_HOME=");
    assert_has(c.out, "work=. ");
}

static void test_refused(void **state)
{
    static const struct {
        const char *line, *message, *hint;
    } CASES[] = {
        {"rum everything", "there is no command \"rum everything\"", "did you mean: crmx run everything"},
        {"nedy", "there is no command \"nedy\"", "did you mean: crmx needy"},
        {"nedy --date x", "there is no command \"nedy\"", "did you mean: crmx needy"},
        {"fail", "\"fail\" is only the first word of a command", "one of: crmx fail here now"},
        {"fail there", "there is no command \"fail there\"", "one of: crmx fail here now"},
        {"delete all", "there is no command \"delete\"", "all commands: crmx help"},
        {"--dat 2026 run", "crmx: there is no option --dat", "stand behind its name"},
        {"run everything 11 --dtae=x", "crmx run everything: there is no option --dtae", "did you mean --date?"},
        {"run everything 11 --quite", "there is no option --quite", "did you mean --quiet?"},
        {"run everything 11 --no", "there is no option --no", "see: crmx help run everything"},
        {"run everything 11 -x", "there is no option -x", "see: crmx help run everything"},
        {"run everything 11 -5", "there is no option -5", "see: crmx help"},
        {"run everything 11 --date", "--date needs a value", "write: --date DATE"},
        {"run everything 11 --kind", "--kind needs a value", "write: --kind full|delta"},
        {"run everything 11 --force=yes", "--force takes no value, found \"yes\"", "write: --force"},
        {"run everything 11 -fq", "--force takes no value, found \"q\"", "write: --force"},
        {"run everything 11 --date 1.2.26", "crmx run everything: --date: \"1.2.26\" is not a day", ""},
        {"run everything 11 --limit 100", "--limit: 100 is outside 1 to 99", ""},
        {"run everything 11 --limit x", "--limit: \"x\" is not a whole number", ""},
        {"run everything 11 --kind ful", "--kind: \"ful\" is none of: full, delta", "did you mean \"full\"?"},
        {"run everything 11 --limit 1 --limit 2", "--limit is given twice", ""},
        {"run everything", "crmx run everything: UNIT is missing", "crmx run everything [OPTION]... UNIT [FILE...]"},
        {"run a b", "crmx run: \"b\" is one argument too many", "crmx run [WHAT]"},
        {"needy", "crmx needy: --date DATE is missing", "crmx needy --date DATE [OPTION]..."},
        {"fail here now x", "CODE: \"x\" is not a whole number", ""},
        {"choose --top 5 --vary x", "crmx choose: --top and --vary do not go together", "HINT: take one"},
        {"choose --from 5 --top x", "crmx choose: --top and --from do not go together", "HINT: take one"},
        {"choose --list --from 5", "crmx choose: --list and --from do not go together", "HINT: take one"},
        {"choose a=1 --top 5", "crmx choose: A=B and --top do not go together", "HINT: leave one of them out"},
        {"choose --unmask", "crmx choose: --unmask says nothing without A=B or --list", "see: crmx help choose"},
        {"choose --unmask --top 1", "crmx choose: --unmask says nothing without A=B or --list", "leave it out"},
    };
    static struct captured c;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        capture(&c, TABLE, CASES[i].line, NULL);
        if (c.exit_code != 16) print_error("%s\n", CASES[i].line);
        assert_int_equal(c.exit_code, 16);
        assert_string_equal(c.out, "");
        assert_has(c.err, "ERROR: ");
        assert_has(c.err, CASES[i].message);
        assert_has(c.err, CASES[i].hint);
    }
}

static void test_rules(void **state)
{
    static const char *const FINE[] = {"choose",
                                       "choose --top 5",
                                       "choose --vary x --from 1",
                                       "choose a=1 --unmask",
                                       "choose --list --unmask",
                                       "choose --json --vary x"};
    static struct captured c;
    for (size_t i = 0; i < COUNT_OF(FINE); i++) {
        capture(&c, TABLE, FINE[i], NULL);
        if (c.exit_code) print_error("%s: %s\n", FINE[i], c.err);
        assert_string_equal(c.out, "chosen choose\n");
        assert_int_equal(c.exit_code, 0);
    }
    capture(&c, TABLE, "choose --list --json", NULL); /* an option of every command, too */
    assert_int_equal(c.exit_code, 16);
    assert_has(c.err, "--list and --json do not go together");
    capture(&c, TABLE, "choose --help", NULL);
    assert_has(c.out, "\nWhat goes together:\n"
                      "  --top, --list: not with --vary, --from, --json\n"
                      "  A=B: not with --top\n"
                      "  --unmask: only with A=B or --list\n");
    capture(&c, TABLE, "run everything --help", NULL);
    assert_null(strstr(c.out, "What goes together"));
}

static void test_exit_codes(void **state)
{
    static const struct {
        const char *line;
        int exit_code;
    } CASES[] = {
        {"fail here now 0", 4},  {"fail here now 1", 2}, {"fail here now 2", 4},  {"fail here now 3", 6},
        {"fail here now 4", 12}, {"fail here now 6", 8}, {"fail here now 7", 16},
    };
    static struct captured c;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        capture(&c, TABLE, CASES[i].line, NULL);
        assert_int_equal(c.exit_code, CASES[i].exit_code);
        assert_string_equal(c.out, "some data\n");
        assert_string_equal(c.err, i ? "ERROR: could not \"x\"\n  while doing y\nHINT: do z\n" : "");
    }
    capture(&c, TABLE, "fail here now 4 --json", NULL);
    assert_string_equal(c.err,
                        "{\"error\": \"could not \\u0022x\\u0022\", \"code\": \"input\", \"exit\": 12, \"context\": "
                        "\"while doing y\", \"hint\": \"do z\"}\n");
    capture(&c, TABLE, "rum --json", NULL); /* also when the line itself is wrong */
    assert_has(c.err, "{\"error\": \"there is no command");
}

static void test_undeclared_is_a_bug(void **state)
{
    static struct captured c;
    capture(&c, TABLE, "bug", NULL);
    assert_int_equal(c.signal, SIGABRT);
    assert_has(c.err, "BUG: ");
}

static void test_working_folder(void **state)
{
    static struct captured c;
    char line[400], log[400];
    struct status st = {0};
    snprintf(line, sizeof line, "needy --date 20261031 --work %s", test_folder);
    capture(&c, TABLE, line, NULL);
    assert_int_equal(c.exit_code, 16);
    assert_has(c.err, "is no working folder: it has no crmx.ini");
    assert_has(c.err, "crmx init DIR");
    snprintf(log, sizeof log, "[run]\nthreads = 3\n[log]\nfile = logs/crmx.log\n");
    assert_true(os_replace_file(test_path("crmx.ini"), view_of(log), &st));
    capture(&c, TABLE, line, NULL);
    assert_int_equal(c.exit_code, 0);
    char expected[400];
    snprintf(expected, sizeof expected, "threads=3 path=%s/units/11.ini\n", test_folder);
    assert_string_equal(c.out, expected);
    assert_true(os_exists(test_path("logs/crmx.log")));
    snprintf(line, sizeof line, "needy --date 20261031 --set run.threads=5 --work %s", test_folder);
    capture(&c, TABLE, line, NULL);
    assert_has(c.out, "threads=5");
}

static int run_log(struct command_call *call)
{
    (void)command_flag(call, "json");
    status_fail(&call->status, STATUS_IO, "disk of clay");
    return command_failed(call);
}

static const struct command command_log = {.name = "log", .summary = "fails with a working folder", .run = run_log};

/* The failure that ended the night must be in the log file, once on the screen. */
static void test_failure_is_logged(void **state)
{
    static const struct command *const LOG_TABLE[] = {&command_log, NULL};
    static struct captured c;
    char line[400];
    struct status st = {0};
    assert_true(os_replace_file(test_path("crmx.ini"), VIEW_LITERAL("[log]\nfile = fail.log\n"), &st));
    snprintf(line, sizeof line, "log --work %s", test_folder);
    capture(&c, LOG_TABLE, line, NULL);
    assert_int_equal(c.exit_code, 8);
    assert_string_equal(c.err, "ERROR: disk of clay\n");
    assert_has(test_read(test_path("fail.log")), " ERROR disk of clay\n");
}

static void test_help(void **state)
{
    static struct captured c;
    capture(&c, TABLE, "", NULL);
    assert_int_equal(c.exit_code, 0);
    assert_has(c.out, "  run everything  prints what it was given\n");
    assert_has(c.out, "  fail here now   fails with a code\n");
    assert_has(c.out, "-w, --work DIR ");
    assert_has(c.out, "12 nothing committed");
    capture(&c, TABLE, "--help", NULL);
    assert_has(c.out, "  run everything  prints what it was given\n");
    capture(&c, TABLE, "run everything --help", NULL); /* without its required argument */
    assert_int_equal(c.exit_code, 0);
    assert_has(c.out, "crmx run everything: prints what it was given\n\nUsage:\n"
                      "  crmx run everything [OPTION]... UNIT [FILE...]\n");
    assert_has(c.out, "because the lines of a terminal are not\nendless.\n\nA second one.\n");
    assert_has(c.out, "\nArguments:\n  UNIT  its id\n  FILE  files (may be repeated)\n");
    assert_has(c.out, "  -d, --date DATE        the day\n");
    assert_has(c.out, "      --kind full|delta");
    assert_has(c.out, "Examples:\n  crmx run everything 11 --date 2026-10-31\n");
    capture(&c, TABLE, "needy -h", NULL);
    assert_has(c.out, "crmx needy --date DATE [OPTION]...\n");
    assert_has(c.out, "(required)");
}

/* The real table: every entry is complete, no two names or letters are the same, and a name reads in one way. */
static void test_real_table(void **state)
{
    static const char GLOBAL_LETTERS[] = "wqh";
    int count = 0;
    for (; COMMANDS[count]; count++) {
        const struct command *c = COMMANDS[count];
        assert_non_null(c->name);
        assert_non_null(c->run);
        assert_true(strlen(c->summary) > 5 && c->summary[strlen(c->summary) - 1] != '.');
        assert_ptr_equal(command_find(COMMANDS, c->name), c);
        char letters[64] = "";
        const struct command_value *lists[] = {c->arguments, c->options};
        for (int l = 0; l < 2; l++)
            for (const struct command_value *v = lists[l]; v && v->name; v++) {
                assert_true(v->type >= COMMAND_FLAG && v->type <= COMMAND_CHOICE);
                assert_true(l == 1 || v->type != COMMAND_FLAG);
                assert_true((v->type == COMMAND_CHOICE) == (v->words != NULL));
                assert_non_null(v->doc);
                if (l == 0 && v->repeated) assert_null(v[1].name);
                for (const struct command_value *w = lists[0]; w && w->name; w++)
                    if (w != v) assert_string_not_equal(w->name, v->name);
                for (const struct command_value *w = lists[1]; w && w->name; w++)
                    if (w != v) assert_string_not_equal(w->name, v->name);
                if (!v->letter) continue;
                assert_null(strchr(letters, v->letter));
                assert_null(strchr(GLOBAL_LETTERS, v->letter));
                letters[strlen(letters)] = v->letter;
            }
    }
    assert_true(count >= 5);
}

static void test_real_commands(void **state)
{
    static struct captured c;
    capture(&c, COMMANDS, "--version", NULL);
    assert_int_equal(c.exit_code, 0);
    assert_has(c.out, "crmx 0.");
    capture(&c, COMMANDS, "--version --json", NULL);
    assert_has(c.out, "{\"name\": \"crmx\", \"version\": \"");
    capture(&c, COMMANDS, "help", NULL);
    assert_has(c.out, "  config show ");
    capture(&c, COMMANDS, "help config", NULL);
    assert_has(c.out, "  config show ");
    assert_has(c.out, "  config doc ");
    assert_null(strstr(c.out, "version"));
    capture(&c, COMMANDS, "help config show", NULL);
    assert_has(c.out, "Usage:\n  crmx config show [OPTION]...\n");
    capture(&c, COMMANDS, "help confi show", NULL);
    assert_int_equal(c.exit_code, 16);
    assert_has(c.err, "did you mean: crmx config show");
    capture(&c, COMMANDS, "config doc", NULL);
    assert_has(c.out, "# Options\n");
    assert_has(c.out, "| `memory_max` | size | `2g` | 64m to 64t |");
    capture(&c, COMMANDS, "config doc --ini", NULL);
    assert_has(c.out, "\n;memory_max = 2g\n");
    for (int i = 0; COMMANDS[i]; i++) {
        char line[100];
        snprintf(line, sizeof line, "%s --help", COMMANDS[i]->name);
        capture(&c, COMMANDS, line, NULL);
        assert_int_equal(c.exit_code, 0);
        assert_has(c.out, COMMANDS[i]->summary);
    }
}

static void test_full_disk(void **state)
{
    pid_t pid = fork();
    if (pid == 0) {
        char program[] = "crmx", option[] = "--version", *argv[] = {program, option, NULL};
        dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
        dup2(open(test_path("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
        exit(command_main(2, argv, COMMANDS));
    }
    int result = -1;
    assert_int_equal(waitpid(pid, &result, 0), pid);
    assert_int_equal(WEXITSTATUS(result), 8);
    assert_has(test_read(test_path("err")), "could not write to standard output: No space left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_exit_codes),
        cmocka_unit_test(test_undeclared_is_a_bug),
        cmocka_unit_test(test_working_folder),
        cmocka_unit_test(test_failure_is_logged),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_real_table),
        cmocka_unit_test(test_real_commands),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests_name("control/command", tests, test_make_folder, test_remove_folder);
}
