/* Options: layers and origins, refusals in every layer, typed readers, hidden passwords, generated documents. */
#include "control/option.h"
#include "tests/test.h"

static const char *work;

static int make_work(void **state)
{
    int result = test_make_folder(state);
    work = test_folder;
    struct status st = {0};
    return result || !os_make_folder(test_path("conf.d"), &st) || !os_make_folder(test_path("units"), &st);
}

static void write_text(const char *name, const char *text)
{
    test_write(test_path(name), view_of(text));
}

/* Every file of the folder as the case wants it; NULL: not there. */
static void write_layers(const char *ini, const char *a, const char *b, const char *unit)
{
    const char *names[] = {"crmx.ini", "conf.d/10-a.ini", "conf.d/20-b.ini", "units/11.ini"};
    const char *texts[] = {ini, a, b, unit};
    struct status st = {0};
    for (int i = 0; i < 4; i++)
        if (texts[i])
            write_text(names[i], texts[i]);
        else
            assert_true(os_unlink(test_path(names[i]), &st));
}

static struct options *open_with(const char *set, struct status *st)
{
    const char *sets[] = {set};
    struct options_sources s = {.work = work, .sets = sets, .sets_count = set != NULL};
    return options_open(&s, st);
}

/* One option through all layers: each case adds one more, the later one wins whatever the order of opening. */
static void test_layers(void **state)
{
    static const struct {
        const char *ini, *a, *b, *unit, *environment, *set;
        int64_t threads;
        const char *origin;
    } CASES[] = {
        {"", NULL, NULL, NULL, NULL, NULL, 0, "built-in"},
        {"[run]\nthreads = 1", NULL, NULL, NULL, NULL, NULL, 1, "crmx.ini:2"},
        {"[run]\nthreads = 1", "[run]\n\nthreads = 2", NULL, NULL, NULL, NULL, 2, "conf.d/10-a.ini:3"},
        {"[run]\nthreads = 1", "[run]\nthreads = 2", "[run]\nthreads = 3", NULL, NULL, NULL, 3, "conf.d/20-b.ini:2"},
        {"[run]\nthreads = 1", NULL, "[run]\nthreads = 3", "[unit]\nid = 11\n[run]\nthreads = 4", NULL, NULL, 4,
         "units/11.ini:4"},
        {"[run]\nthreads = 1", NULL, NULL, "[run]\nthreads = 4", "5", NULL, 5, "environment CRMX_RUN_THREADS"},
        {"[run]\nthreads = 1", NULL, NULL, "[run]\nthreads = 4", "5", "run.threads=6", 6, "--set"},
        {"", NULL, NULL, NULL, NULL, "run.threads=6", 6, "--set"},
        {"", NULL, NULL, "[unit]\nanything = 1\n[target crm]\nx = 1", "5", NULL, 5, "environment CRMX_RUN_THREADS"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        write_layers(CASES[i].ini, CASES[i].a, CASES[i].b, CASES[i].unit);
        write_text("conf.d/.hidden.ini", "[run]\nthreads = 60");
        write_text("conf.d/30.ini~", "[run]\nthreads = 60");
        if (CASES[i].environment)
            setenv("CRMX_RUN_THREADS", CASES[i].environment, 1);
        else
            unsetenv("CRMX_RUN_THREADS");
        struct options *o = open_with(CASES[i].set, &st);
        if (!o) print_error("%s\n", st.message);
        assert_non_null(o);
        if (CASES[i].unit) assert_true(options_add_unit(o, test_path("units/11.ini"), &st));
        assert_int_equal(option_integer(o, OPTION_RUN_THREADS), CASES[i].threads);
        assert_string_equal(option_origin(o, OPTION_RUN_THREADS), CASES[i].origin);
        options_free(o);
    }
    unsetenv("CRMX_RUN_THREADS");
}

static void test_readers(void **state)
{
    struct status st = {0};
    char expected[300];
    write_layers("[run]\nmemory_max = 512m\ntemp_dir = tmp/spill\n[database]\nmode = none\nstart_timeout = 90s\n"
                 "[log]\nfile = /var/log/crmx.log\n",
                 NULL, NULL, NULL);
    struct options *o = open_with(NULL, &st);
    assert_non_null(o);
    assert_int_equal(option_size(o, OPTION_RUN_MEMORY_MAX), 512 << 20);
    assert_int_equal(option_duration_ms(o, OPTION_DATABASE_START_TIMEOUT), 90000);
    assert_int_equal(option_choice(o, OPTION_DATABASE_MODE), 2);
    assert_string_equal(option_text(o, OPTION_DATABASE_URL), "");
    snprintf(expected, sizeof expected, "%s/tmp/spill", work);
    assert_string_equal(option_path(o, OPTION_RUN_TEMP_DIR), expected);
    assert_string_equal(option_path(o, OPTION_LOG_FILE), "/var/log/crmx.log");
    assert_string_equal(option_path(o, OPTION_DATABASE_CLUSTER_FOLDER), "");
    assert_string_equal(option_shown(o, OPTION_RUN_TEMP_DIR), "tmp/spill");
    options_free(o);
    options_free(NULL);
}

static void test_refused(void **state)
{
    static const struct {
        const char *ini, *folder, *variable, *value, *set, *message, *hint;
    } CASES[] = {
        {"[run]\nthread = 1", NULL, NULL, NULL, NULL, "crmx.ini:2: [run] thread: unknown key", "\"threads\""},
        {"[rum]\nthreads = 1", NULL, NULL, NULL, NULL, "crmx.ini:1: [rum]: there is no section", "[run]"},
        {"[run]\nthreads = 65", NULL, NULL, NULL, NULL, "crmx.ini:2: run.threads: 65 is outside 0 to 64",
         "docs/options.md"},
        {"[run]\nthreads =", NULL, NULL, NULL, NULL, "crmx.ini:2: run.threads: \"\" is not a whole number", ""},
        {"[run]\nmemory_max = 32m", NULL, NULL, NULL, NULL, "memory_max: 32m is outside 64m to 64t", ""},
        {"[run]\nmemory_max = 2", NULL, NULL, NULL, NULL, "memory_max: 2 is outside 64m to 64t", ""},
        {"[delivery]\nretry_wait = 60", NULL, NULL, NULL, NULL, "delivery.retry_wait: \"60\" is not a duration", ""},
        {"[delivery]\nretry_wait = 2h", NULL, NULL, NULL, NULL, "delivery.retry_wait: 2h is outside 0s to 1h", ""},
        {"[database]\nmode = embeded", NULL, NULL, NULL, NULL, "\"embeded\" is none of: embedded, url, none",
         "did you mean \"embedded\"?"},
        {"[database]\nmode = url", NULL, NULL, NULL, NULL, "crmx.ini:2: database.mode = url, but database.url is empty",
         "url = postgresql://"},
        {"[database]\nurl = host=x", NULL, NULL, NULL, NULL, "database.url is set, but database.mode is embedded",
         "mode = url"},
        {"", "[run]\nthreads = x", NULL, NULL, NULL, "conf.d/10-a.ini:2: run.threads: \"x\"", ""},
        /* also when a later layer covers the wrong value */
        {"[run]\nthreads = x", "[run]\nthreads = 1", NULL, NULL, "run.threads=2", "crmx.ini:2: run.threads: \"x\"", ""},
        {"", NULL, "CRMX_RUN_THREADS", "many", NULL, "environment CRMX_RUN_THREADS: run.threads: \"many\"", ""},
        {"", NULL, "CRMX_RUN_TREADS", "1", NULL, "environment variable CRMX_RUN_TREADS: there is no such option",
         "did you mean CRMX_RUN_THREADS?"},
        {"", NULL, "CRMX_LOG_NOTHING_LIKE_THAT", "1", NULL, "CRMX_LOG_NOTHING_LIKE_THAT", "unset CRMX_LOG"},
        {"", NULL, NULL, NULL, "run.threads", "--set run.threads: no \"=\"", "--set run.threads=2"},
        {"", NULL, NULL, NULL, "threads=2", "--set threads=2: there is no option \"threads\"", "crmx config show"},
        {"", NULL, NULL, NULL, "run.treads=2", "there is no option \"run.treads\"",
         "did you mean --set run.threads=2?"},
        {"", NULL, NULL, NULL, "run.threads=-1", "--set: run.threads: -1 is outside", ""},
        {"[run]\nthreads = 1\nthreads = 2", NULL, NULL, NULL, NULL,
         "crmx.ini:3: key \"threads\" is there a second time", ""},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        write_layers(CASES[i].ini, CASES[i].folder, NULL, NULL);
        if (CASES[i].variable) setenv(CASES[i].variable, CASES[i].value, 1);
        struct options *o = open_with(CASES[i].set, &st);
        if (CASES[i].variable) unsetenv(CASES[i].variable);
        if (o) print_error("accepted: case %zu %s\n", i, CASES[i].message);
        assert_null(o);
        assert_int_equal(st.code, STATUS_USAGE);
        assert_has(st.message, CASES[i].message);
        assert_has(st.hint, CASES[i].hint);
    }
}

static void test_other_variables_are_left_alone(void **state)
{
    struct status st = {0};
    write_layers("", NULL, NULL, NULL);
    setenv("CRMX_SHARED", "/work/shared", 1);
    setenv("CRMX_HOME", "/x", 1);
    struct options *o = open_with(NULL, &st);
    unsetenv("CRMX_SHARED");
    unsetenv("CRMX_HOME");
    assert_non_null(o);
    options_free(o);
}

static void test_unit_file(void **state)
{
    struct status st = {0};
    write_layers("", NULL, NULL, "[unit]\nid = 11\n[run]\nthreads = 2\ntreads = 3\n");
    struct options *o = open_with(NULL, &st);
    assert_false(options_add_unit(o, test_path("units/11.ini"), &st));
    assert_has(st.message, "units/11.ini:5: [run] treads: unknown key");
    assert_string_equal(st.hint, "did you mean \"threads\"?");
    status_clear(&st);
    assert_false(options_add_unit(o, test_path("units/99.ini"), &st));
    assert_has(st.message, "there is no configuration file");
    options_free(o);
}

static void test_passwords_are_hidden(void **state)
{
    static const struct {
        const char *url, *shown;
    } CASES[] = {
        {"postgresql://crmx@db/crmx", "postgresql://crmx@db/crmx"},
        {"postgresql://crmx:s3cret@db:5432/crmx", "postgresql://crmx:***@db:5432/crmx"},
        {"postgresql://db:5432/crmx", "postgresql://db:5432/crmx"},
        {"host=db password=s3cret user=x", "host=db password=*** user=x"},
        {"host=db password=s3cret", "host=db password=***"},
        {"postgresql://db/crmx?password=s3cret&sslmode=require", "postgresql://db/crmx?password=***&sslmode=require"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        char ini[300];
        snprintf(ini, sizeof ini, "[database]\nmode = url\nurl = %s\n", CASES[i].url);
        write_layers(ini, NULL, NULL, NULL);
        struct options *o = open_with(NULL, &st);
        assert_non_null(o);
        assert_string_equal(option_shown(o, OPTION_DATABASE_URL), CASES[i].shown);
        assert_string_equal(option_text(o, OPTION_DATABASE_URL), CASES[i].url);
        options_free(o);
    }
}

/* Every default is a valid value; the generated crmx.ini reads back to the defaults, set values stay set. */
static void test_generated_ini(void **state)
{
    struct status st = {0};
    struct buf text;
    buf_init(&text, 1 << 20);
    assert_true(option_write_ini(&text, NULL, &st));
    write_layers(text.bytes, NULL, NULL, NULL);
    struct options *o = open_with(NULL, &st);
    assert_non_null(o);
    for (int id = 0; id < OPTION_COUNT; id++) {
        char line[200];
        const struct option_entry *e = &OPTION_TABLE[id];
        assert_string_equal(option_origin(o, id), "built-in");
        snprintf(line, sizeof line, e->fallback[0] ? "\n;%s = %s\n" : "\n;%s =%s\n", e->key, e->fallback);
        assert_has(text.bytes, line);
    }
    options_free(o);
    write_text("given.ini", "[log]\nfile = \"a ; b\"\n[run]\nthreads = 7\ntemp_dir = \"say \\\"\n");
    buf_clear(&text);
    assert_true(option_write_ini(&text, test_path("given.ini"), &st));
    write_layers(text.bytes, NULL, NULL, NULL);
    o = open_with(NULL, &st);
    assert_non_null(o);
    assert_int_equal(option_integer(o, OPTION_RUN_THREADS), 7);
    assert_has(option_path(o, OPTION_LOG_FILE), "/a ; b");
    assert_has(option_path(o, OPTION_RUN_TEMP_DIR), "/say \\");
    options_free(o);
    write_text("given.ini", "[log]\nfiel = x\n");
    assert_false(option_write_ini(&text, test_path("given.ini"), &st));
    buf_release(&text);
}

/* The committed documents are those of the table: make docs writes them. */
static void test_documents_are_up_to_date(void **state)
{
    struct status st = {0};
    struct buf text, file;
    buf_init(&text, 1 << 20);
    buf_init(&file, 1 << 20);
    option_write_manual(&text);
    assert_true(os_read_file("docs/options.md", &file, &st));
    if (!view_equal(buf_view(&text), buf_view(&file))) fail_msg("docs/options.md is old: run make docs");
    buf_clear(&text);
    assert_true(option_write_ini(&text, NULL, &st));
    assert_true(os_read_file("config/crmx.ini", &file, &st));
    if (!view_equal(buf_view(&text), buf_view(&file))) fail_msg("config/crmx.ini is old: run make docs");
    buf_release(&text);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),        cmocka_unit_test(test_readers),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_other_variables_are_left_alone),
        cmocka_unit_test(test_unit_file),     cmocka_unit_test(test_passwords_are_hidden),
        cmocka_unit_test(test_generated_ini), cmocka_unit_test(test_documents_are_up_to_date),
    };
    return cmocka_run_group_tests_name("control/option", tests, make_work, test_remove_folder);
}
