/* Parameters in a real PostgreSQL and their files: dates, kill -9 at every call of an activation, a database and a
 * folder that were restored to an earlier day.
 *
 * Crash points read their environment when the program starts, so a crash test runs this program again as a child
 * ("test_parameter_store activate FOLDER VERSION DATE").
 */
#include "base/date.h"
#include "tests/etl/fixture_parameter.h"

#include <signal.h>
#include <sys/wait.h>

static int64_t approved(const char *formula)
{
    int64_t v = submitted("maker", ", level, customer_type, formula",
                          arena_printf(&arena, ", '11', 'personal', '%s'", formula));
    act("checker", "approve", v, "", "");
    return v;
}

static bool try_store_act(const char *action, int64_t version, const char *from, struct parameter_result *result,
                          struct status *st)
{
    struct parameter_act a = {.action = action, .version = version, .reason = "because", .effective_from = DATE_NONE};
    *st = (struct status){0};
    if (from) assert_true(date_parse(view_of(from), &a.effective_from));
    return parameter_store_act(&store, &a, result, st);
}

static void store_act(const char *action, int64_t version, const char *from, struct parameter_result *result)
{
    struct status st;
    assert_ok(try_store_act(action, version, from, result, &st));
}

static struct parameter_set files(void)
{
    struct parameter_set set;
    struct status st = {0};
    assert_ok(parameter_load(config.work_folder, &arena, &set, &st));
    return set;
}

static void make_used(const char *generation)
{
    struct status st = {0};
    assert_ok(os_make_folder(arena_printf(&arena, "%s/state/units/11/gen/%s", config.work_folder, generation), &st));
}

static void test_dates_and_files(void **state)
{
    struct parameter_result r;
    struct status st;
    open_as("maker");
    int64_t a = approved("A"), b = approved("B");
    assert_false(try_store_act("activate", a, NULL, &r, &st));
    assert_has(st.message, "from which business date on?");
    store_act("activate", a, "2026-11-01", &r);
    int first = r.number;
    assert_string_equal(state_of(a), "active");
    assert_string_equal(files().file[first - 1].formula, "A");
    make_used("2026-11-05.001.1");
    assert_false(try_store_act("activate", b, "2026-11-05", &r, &st));
    assert_has(st.message, "2026-11-05 has been run, or begun, already (the last date is 2026-11-05)");
    assert_string_equal(st.hint, "choose a later date: --from 2026-11-06");
    assert_string_equal(state_of(b), "approved");
    store_act("activate", b, NULL, &r);
    assert_int_equal(r.number, first + 1);
    assert_string_equal(state_of(a), "retired");
    assert_string_equal(state_of(b), "active");
    open_as("checker");
    store_act("rollback", b, NULL, &r);
    assert_string_equal(state_of(a), "active");
    assert_string_equal(state_of(b), "retired");
    struct parameter_set set = files();
    assert_int_equal(set.count, first + 2);
    assert_int_equal(set.file[first + 1].version, a);
    assert_int_equal(set.file[first + 1].subject, b);
    assert_string_equal(set.file[first + 1].formula, "A");
    store_act("retire", a, NULL, &r);
    assert_string_equal(state_of(a), "retired");
    assert_null(files().file[first + 2].formula);
}

/* A version for a later date leaves the one before it in force; either can be undone by one action, and what was to
 * come comes back as approved when an earlier date is decided otherwise. */
static void test_later_dates(void **state)
{
    struct parameter_result r;
    struct status st;
    struct parameter_set set;
    int32_t next, from, until, day;
    make_used("2027-03-05.001.1");
    open_as("maker");
    int64_t now = approved("now"), later = approved("later"), between = approved("between");
    store_act("activate", now, "2027-03-06", &r);
    store_act("activate", later, "2027-04-01", &r);
    assert_string_equal(state_of(now), "active");
    assert_string_equal(state_of(later), "active");
    assert_int_equal(r.called_off, 0);
    assert_ok((st = (struct status){0}, parameter_store_dates(&store, "11", &set, &next, &st)));
    assert_true(date_parse(view_of("2027-03-06"), &day));
    assert_int_equal(next, day);
    assert_true(parameter_span(&set, now, next, &from, &until));
    assert_int_equal(from, day);
    assert_true(date_parse(view_of("2027-04-01"), &day));
    assert_int_equal(until, day - 1);
    assert_true(parameter_span(&set, later, next, &from, &until));
    assert_int_equal(from, day);
    assert_int_equal(until, DATE_NONE);
    /* the later one, from its own date on */
    open_as("checker");
    store_act("rollback", later, NULL, &r);
    assert_int_equal(r.effective_from, day);
    assert_string_equal(state_of(later), "retired");
    assert_string_equal(state_of(now), "active");
    /* the one in force, from the next date on, while another one is to come: that one is called off */
    later = approved("later still");
    open_as("maker");
    store_act("activate", later, "2027-04-02", &r);
    assert_false(try_store_act("rollback", later, "2027-04-01", &r, &st));
    assert_has(st.message, "counts from 2027-04-02 on; it cannot be rolled back from 2027-04-01 on");
    open_as("checker");
    assert_false(try_store_act("retire", later, "2027-04-01", &r, &st));
    assert_has(st.message, "counts from 2027-04-02 on; it cannot be retired from 2027-04-01 on");
    store_act("rollback", now, NULL, &r);
    assert_int_equal(r.effective_from, next);
    assert_int_equal(r.called_off, later);
    assert_int_equal(r.called_off_from, day + 1);
    assert_string_equal(state_of(now), "retired");
    assert_string_equal(state_of(later), "approved");
    /* again in force as it was; undone, what counts is what had counted before, not the one rolled back meanwhile */
    open_as("maker");
    store_act("activate", later, "2027-04-02", &r);
    assert_string_equal(state_of(later), "active");
    store_act("activate", between, "2027-04-01", &r);
    assert_int_equal(r.called_off, later);
    assert_string_equal(state_of(later), "approved");
    store_act("activate", later, "2027-04-02", &r);
    assert_string_equal(state_of(between), "active"); /* on 2027-04-01 */
    make_used("2027-04-01.001.1");
    open_as("checker");
    assert_false(try_store_act("rollback", between, NULL, &r, &st));
    assert_has(st.message, "is retired: \"rollback\" is not possible");
    store_act("rollback", later, NULL, &r);
    assert_int_equal(files().file[r.number - 1].version, between);
    assert_string_equal(state_of(between), "active");
    /* one that is to come is retired without the one in force */
    open_as("maker");
    store_act("activate", later = approved("not now"), "2027-05-01", &r);
    open_as("checker");
    store_act("retire", later, NULL, &r);
    assert_true(date_parse(view_of("2027-05-01"), &day));
    assert_int_equal(r.effective_from, day);
    assert_string_equal(state_of(later), "retired");
    assert_string_equal(state_of(between), "active");
    store_act("retire", between, NULL, &r);
}

/* --- kill -9 --- */

static int child_activate(const char *work, const char *version, const char *date)
{
    struct status st = {0};
    arena_init(&arena, "child");
    static char paths[3][512];
    snprintf(paths[0], sizeof paths[0], "%s/main-work", work);
    snprintf(paths[1], sizeof paths[1], "%s/main", work);
    snprintf(paths[2], sizeof paths[2], "%s/main-socket", work);
    config = (struct database_config){.mode = DATABASE_EMBEDDED,
                                      .work_folder = paths[0],
                                      .cluster_folder = paths[1],
                                      .socket_folder = paths[2],
                                      .start_timeout_ms = 60000};
    struct parameter_act a = {.action = "activate", .version = atoll(version), .effective_from = DATE_NONE};
    struct parameter_result r;
    date_parse(view_of(date), &a.effective_from);
    bool ok = parameter_store_open(&store, &config, config.work_folder, "maker", &arena, &st) &&
              parameter_store_act(&store, &a, &r, &st);
    if (!ok) status_print(&st);
    parameter_store_close(&store);
    return ok ? 0 : 1;
}

static int run_child(int64_t version, const char *date, const char *variable, const char *value)
{
    char number[24];
    int wait_status;
    snprintf(number, sizeof number, "%lld", (long long)version);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setenv(variable, value, 1);
        execl("/proc/self/exe", "test_parameter_store", "activate", test_folder, number, date, NULL);
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static PGconn *admin_connection(void)
{
    PGconn *c = PQconnectdb(arena_printf(&arena, "host=%s port=5432 user=crmx dbname=postgres", config.socket_folder));
    assert_int_equal(PQstatus(c), CONNECTION_OK);
    return c;
}

/* Folder and database as at the start of every crash: one approved version, no file. */
static void reset(PGconn *admin, bool first)
{
    struct status st = {0};
    if (store.db) parameter_store_close(&store);
    if (first) test_value(admin, "ALTER DATABASE crmx RENAME TO crmx_ready");
    if (!first) test_value(admin, "DROP DATABASE crmx WITH (FORCE)");
    test_value(admin, "CREATE DATABASE crmx TEMPLATE crmx_ready");
    assert_ok(os_remove_tree(parameter_folder(config.work_folder, &arena), &st));
}

/* The first call that has to do with parameters: what comes before is the connection's own affair (test_database). */
static int first_call(const char *log)
{
    int number = 0;
    FILE *f = fopen(log, "r");
    char line[1024];
    assert_non_null(f);
    while (fgets(line, sizeof line, f) && !strstr(line, "state/parameters")) number = atoi(line);
    fclose(f);
    return number + 1;
}

/* Killed at each of its calls: after the next open the version is approved with no file, or active with its file;
 * nothing is pending, and the same activation can be given again. */
static void test_killed_activation(void **state)
{
    int crashes = 0, completed = 0, code;
    struct parameter_result r;
    struct database *hold;
    PGconn *admin;
    struct status st = {0};
    /* Nothing is activated yet: this test runs before those that activate. */
    open_as("maker");
    int64_t v = approved("killed");
    struct database_config again = config;
    assert_ok(database_open(&again, &hold, &st));
    admin = admin_connection();
    parameter_store_close(&store);
    test_value(admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'crmx'");
    reset(admin, true);
    const char *log = arena_printf(&arena, "%s/calls", test_folder);
    assert_int_equal(run_child(v, "2027-01-10", "CRMX_CALL_LOG", log), 0);
    for (int at = first_call(log);; at++) {
        char number[24];
        snprintf(number, sizeof number, "%d", at);
        reset(admin, false);
        code = run_child(v, "2027-01-10", "CRMX_CRASH_AT", number);
        if (code == 0) break;
        assert_int_equal(code, 128 + SIGKILL);
        crashes++;
        open_as("maker");
        assert_string_equal(
            test_value(store.connection, "SELECT count(*) FROM crmx.parameter_activation WHERE exported_at IS NULL"),
            "0");
        struct parameter_set set = files();
        bool active = strcmp(state_of(v), "active") == 0;
        if (!active) assert_string_equal(state_of(v), "approved");
        assert_int_equal(set.count, active);
        if (active) assert_int_equal(set.file[0].version, v);
        completed += active;
        if (!active) store_act("activate", v, "2027-01-10", &r);
        assert_string_equal(state_of(v), "active");
        assert_string_equal(test_value(store.connection, "SELECT crmx.audit_break()"), "");
    }
    print_message("%d crashes, %d activations completed afterwards\n", crashes, completed);
    assert_true(crashes > 15 && completed > 3 && completed < crashes);
    PQfinish(admin);
    open_as("maker");
    database_close(hold);
}

/* Killed before the file, and the date is run before anybody repairs: the activation must not come afterwards. */
static void test_date_run_in_between(void **state)
{
    open_as("maker");
    int64_t v = approved("too late");
    act("maker", "activate", v, ", effective_from", ", '2026-11-10'");
    make_used("2026-11-10.001.1");
    open_as("maker");
    assert_int_equal(store.repaired, 1);
    assert_string_equal(state_of(v), "approved");
    assert_string_equal(
        test_value(store.connection, "SELECT count(*) FROM crmx.parameter_activation WHERE exported_at IS NULL"), "0");
    struct parameter_result r;
    store_act("activate", v, NULL, &r);
    assert_string_equal(files().file[r.number - 1].formula, "too late");
    assert_has(test_value(store.connection, "SELECT reason FROM crmx.audit WHERE action = 'abandon'"),
               "2026-11-10 was run");
}

/* --- restored to yesterday --- */

static void test_database_restored_to_yesterday(void **state)
{
    struct parameter_result r;
    open_as("maker");
    struct database *hold;
    struct status st = {0};
    int64_t yesterday = approved("yesterday");
    store_act("activate", yesterday, "2026-11-20", &r);
    /* A backup of the database as it is. */
    parameter_store_close(&store);
    struct database_config other = config;
    assert_ok(database_open(&other, &hold, &st)); /* keeps the server up */
    PGconn *admin = admin_connection();
    test_value(admin, "CREATE DATABASE crmx_backup TEMPLATE template0");
    assert_int_equal(
        system(arena_printf(
            &arena, "pg_dump -h %s -U crmx crmx | psql -qX -v ON_ERROR_STOP=1 -h %s -U crmx crmx_backup >/dev/null",
            config.socket_folder, config.socket_folder)),
        0);
    /* Today: another activation, a rollback, a list. */
    open_as("maker");
    int64_t today = approved("today");
    store_act("activate", today, "2026-11-21", &r);
    open_as("checker");
    store_act("rollback", today, "2026-11-22", &r);
    open_as("clerk");
    int64_t entry;
    int32_t from = DATE_NONE;
    struct parameter_list_act add = {.action = "add",
                                     .list = "exclusion",
                                     .level = "11",
                                     .number = "1100000007",
                                     .reason = "staff",
                                     .expires = DATE_NONE};
    assert_ok(parameter_store_list_act(&store, &add, &entry, NULL, &st));
    test_value(
        store.connection,
        arena_printf(
            &arena,
            "INSERT INTO crmx.list_action (entry, action, actor, os_user) VALUES (%lld, 'approve', 'checker', 'root')",
            (long long)entry));
    struct parameter_list_act publish = {
        .action = "publish", .level = "11", .expires = DATE_NONE, .effective_from = DATE_NONE};
    int64_t number;
    assert_ok(parameter_store_list_act(&store, &publish, &number, &from, &st));
    struct parameter_set before = files();
    parameter_store_close(&store);
    test_value(admin, "DROP DATABASE crmx WITH (FORCE)");
    test_value(admin, "ALTER DATABASE crmx_backup RENAME TO crmx");
    PQfinish(admin);
    /* The next command takes back what the files know. */
    open_as("maker");
    assert_int_equal(store.repaired, 3);
    struct parameter_set after = files();
    assert_int_equal(after.count, before.count);
    for (int i = 0; i < after.count; i++) assert_string_equal(after.file[i].hash, before.file[i].hash);
    assert_string_equal(state_of(today), "active"); /* on one day still, 2026-11-21 */
    assert_string_equal(state_of(yesterday), "active");
    assert_string_equal(test_value(store.connection, "SELECT number || ' ' || reason FROM crmx.active_list"),
                        "1100000007 staff");
    assert_string_equal(test_value(store.connection, "SELECT count(*) FROM crmx.audit WHERE action = 'restore'"), "3");
    assert_string_equal(test_value(store.connection, "SELECT crmx.audit_break()"), "");
    open_as("maker");
    assert_int_equal(store.repaired, 0);
    database_close(hold);
}

/* The other way round: state/ is yesterday's, the database today's. */
static void test_folder_restored_to_yesterday(void **state)
{
    struct parameter_result r;
    struct status st = {0};
    open_as("maker");
    int64_t v = approved("lost");
    store_act("activate", v, "2026-12-01", &r);
    const char *path = parameter_path(config.work_folder, r.number, &arena);
    struct buf kept, again;
    buf_init(&kept, PARAMETER_FILE_MAX);
    buf_init(&again, PARAMETER_FILE_MAX);
    assert_ok(os_read_file(path, &kept, &st));
    assert_ok(os_unlink(path, &st));
    open_as("maker");
    assert_int_equal(store.repaired, 1);
    assert_ok(os_read_file(path, &again, &st));
    assert_true(view_equal(buf_view(&kept), buf_view(&again)));
    /* A file of somebody else's in its place. */
    again.bytes[again.length / 2] ^= 1;
    test_write(path, buf_view(&again));
    parameter_store_close(&store);
    assert_false(parameter_store_open(&store, &config, config.work_folder, "maker", &arena, &st));
    assert_int_equal(st.code, STATUS_CORRUPT);
    test_write(path, buf_view(&kept));
    st = (struct status){0};
    open_as("maker");
    /* What the database has from a file only is not made up again. */
    struct parameter_set set = files();
    for (int i = 0; i < set.count; i++) {
        if (test_value(store.connection,
                       arena_printf(&arena, "SELECT restored FROM crmx.parameter_activation WHERE number = %d",
                                    i + 1))[0] != 't')
            continue;
        path = parameter_path(config.work_folder, i + 1, &arena);
        assert_ok(os_rename(path, test_path("away"), &st));
        parameter_store_close(&store);
        assert_false(parameter_store_open(&store, &config, config.work_folder, "maker", &arena, &st));
        assert_has(st.message, "the database has it from that file only");
        st = (struct status){0};
        assert_ok(os_rename(test_path("away"), path, &st));
        open_as("maker");
        buf_release(&kept);
        buf_release(&again);
        return;
    }
    fail_msg("no restored activation");
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "activate") == 0) return child_activate(argv[2], argv[3], argv[4]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_activation),
        cmocka_unit_test(test_dates_and_files),
        cmocka_unit_test(test_date_run_in_between),
        cmocka_unit_test(test_database_restored_to_yesterday),
        cmocka_unit_test(test_folder_restored_to_yesterday),
        cmocka_unit_test(test_later_dates),
    };
    return cmocka_run_group_tests(tests, fixture_parameter_setup, fixture_parameter_teardown);
}
