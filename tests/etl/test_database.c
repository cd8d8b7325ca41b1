/* The embedded cluster: made, started, shared, stopped, killed, damaged, refused; a server by URL.
 *
 * Crash points read their environment when the program starts, so those tests run this program again as a child
 * ("test_database open NAME"), NAME being a cluster of the test folder.
 */
#include "tests/etl/test_database.h"
#include "etl/database.h"

#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static pid_t start_child(const char *what, const char *name, const char *variable, const char *value)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) return pid;
    if (variable) setenv(variable, value, 1);
    execl("/proc/self/exe", "test_database", what, test_folder, name, NULL);
    _exit(99);
}

static int end_child(pid_t pid)
{
    int wait_status;
    assert_int_equal(waitpid(pid, &wait_status, 0), pid);
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* The child: opens, asks, closes. Exit code 0 when all went well. */
static int child_open(const char *name)
{
    struct database_config config = test_config(name);
    struct database *db;
    struct status st = {0};
    if (!database_open(&config, &db, &st)) {
        status_print(&st);
        return 1;
    }
    bool ok = atoi(test_value(database_connection(db), "SELECT count(*) FROM crmx.crm_table")) == 8;
    database_close(db);
    return ok ? 0 : 2;
}

static bool is_alive(int pid)
{
    char state = os_process_state(pid);
    return state != 0 && state != 'Z';
}

/* --- start, share, stop --- */

static void test_first_open_makes_everything(void **state)
{
    struct status st = {0};
    struct database *db;
    struct database_config config = test_config("main");
    assert_ok(database_open(&config, &db, &st));
    PGconn *c = database_connection(db);
    assert_string_equal(test_value(c, "SHOW server_encoding"), "UTF8");
    assert_string_equal(test_value(c, "SELECT datcollate FROM pg_database WHERE datname = 'crmx'"), "C");
    assert_string_equal(test_value(c, "SHOW listen_addresses"), "");
    assert_string_equal(test_value(c, "SHOW data_checksums"), "on");
    assert_string_equal(test_value(c, "SHOW fsync"), "on");
    assert_string_equal(test_value(c, "SHOW search_path"), "pg_catalog");
    assert_string_equal(test_value(c, "SELECT current_user"), "crmx");
    assert_int_equal(atoi(test_value(c, "SELECT max(number) FROM crmx.schema_migration")), 9);
    assert_has(database_psql_command(db), "-socket user=crmx dbname=crmx'");
    char command[512];
    snprintf(command, sizeof command, "%s -XAtc 'SELECT 42' | grep -qx 42", database_psql_command(db));
    assert_int_equal(system(command), 0);
    struct os_rights rights;
    char data[300];
    snprintf(data, sizeof data, "%s/data", config.cluster_folder);
    assert_true(os_rights(data, &rights));
    assert_int_equal(rights.mode, 0700);
    if (os_user() == 0) assert_int_equal(rights.uid, getpwnam("postgres")->pw_uid);
    int pid = test_postmaster_pid(&config);
    assert_true(is_alive(pid));
    database_close(db);
    assert_false(is_alive(pid));
    assert_int_equal(test_postmaster_pid(&config), 0);
    database_close(NULL);
}

static void test_last_user_stops_the_server(void **state)
{
    struct status st = {0};
    struct database *first, *second;
    struct database_config config = test_config("main");
    assert_ok(database_open(&config, &first, &st));
    int pid = test_postmaster_pid(&config);
    assert_ok(database_open(&config, &second, &st));
    assert_int_equal(test_postmaster_pid(&config), pid);
    assert_int_equal(end_child(start_child("open", "main", NULL, NULL)),
                     0); /* a user in another process comes and goes */
    assert_true(is_alive(pid));
    PGconn *extra = database_connect(first, &st);
    assert_non_null(extra);
    assert_string_equal(test_value(extra, "SELECT 1"), "1");
    PQfinish(extra);
    database_close(first);
    assert_true(is_alive(pid));
    assert_string_equal(test_value(database_connection(second), "SELECT 1"), "1");
    database_close(second);
    assert_false(is_alive(pid));
}

static void test_settings_of_the_operator(void **state)
{
    struct status st = {0};
    struct database *db;
    struct database_config config = test_config("main");
    char path[300];
    snprintf(path, sizeof path, "%s/local.conf", config.cluster_folder);
    test_write(path, view_of("work_mem = 7MB\n"));
    assert_int_equal(chmod(path, 0644), 0);
    setenv("PGHOST", "/nowhere", 1); /* of other servers: must not matter */
    setenv("PGUSER", "nobody", 1);
    setenv("PGOPTIONS", "-c work_mem=1MB", 1);
    assert_ok(database_open(&config, &db, &st));
    unsetenv("PGHOST");
    unsetenv("PGUSER");
    unsetenv("PGOPTIONS");
    assert_string_equal(test_value(database_connection(db), "SHOW work_mem"), "7MB");
    database_close(db);
    unlink(path);
}

/* --- killed --- */

static void test_killed_server(void **state)
{
    struct status st = {0};
    struct database *db, *other;
    struct database_config config = test_config("main");
    assert_ok(database_open(&config, &db, &st));
    test_value(database_connection(db), "INSERT INTO crmx.unit VALUES ('77', 'kept') ON CONFLICT DO NOTHING");
    int pid = test_postmaster_pid(&config);
    assert_int_equal(kill(pid, SIGKILL), 0);
    /* Another program comes by and finds postmaster.pid of a dead server. */
    assert_ok(database_open(&config, &other, &st));
    assert_int_not_equal(test_postmaster_pid(&config), pid);
    assert_string_equal(test_value(database_connection(other), "SELECT name FROM crmx.unit WHERE unit = '77'"), "kept");
    /* The first user's connection is dead; it reconnects and goes on. */
    PQclear(PQexec(database_connection(db), "SELECT 1"));
    assert_int_equal(PQstatus(database_connection(db)), CONNECTION_BAD);
    assert_ok(database_reconnect(db, &st));
    assert_string_equal(test_value(database_connection(db), "SELECT name FROM crmx.unit WHERE unit = '77'"), "kept");
    database_close(other);
    /* Now the holder of the only use revives it himself. */
    assert_int_equal(kill(test_postmaster_pid(&config), SIGKILL), 0);
    assert_ok(database_reconnect(db, &st));
    pid = test_postmaster_pid(&config);
    assert_string_equal(test_value(database_connection(db), "SELECT name FROM crmx.unit WHERE unit = '77'"), "kept");
    database_close(db);
    assert_false(is_alive(pid));
}

/* After a power cut the number in postmaster.pid may belong to anybody. */
static void test_misleading_pid_file(void **state)
{
    struct passwd *user = getpwnam("postgres");
    pid_t stranger = fork(); /* of the server's own user: the case in which postgres itself would refuse to start */
    assert_true(stranger >= 0);
    if (stranger == 0) {
        if (getuid() == 0 && user && setuid(user->pw_uid) != 0) _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) pause();
    }
    char pid_file[300], numbers[64];
    struct database_config config = test_config("main");
    snprintf(pid_file, sizeof pid_file, "%s/data/postmaster.pid", config.cluster_folder);
    snprintf(numbers, sizeof numbers, "%d\n/elsewhere\n1\n5432\n/tmp\n\n 1 1\nready   \n", (int)stranger);
    const char *const contents[] = {numbers, "", "rubbish"};
    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        struct status st = {0};
        struct database *db;
        test_write(pid_file, view_of(contents[i]));
        assert_ok(database_open(&config, &db, &st));
        assert_int_not_equal(test_postmaster_pid(&config), stranger);
        assert_string_equal(test_value(database_connection(db), "SELECT 1"), "1");
        database_close(db);
    }
    assert_true(is_alive(stranger));
    kill(stranger, SIGKILL);
    waitpid(stranger, NULL, 0);
}

/* kill -9 while initdb runs. Then six come at once: one waits until that initdb is gone and begins afresh, all get
 * their server, the last one stops it. */
static void test_killed_init_then_many_at_once(void **state)
{
    char path[300];
    pid_t child = start_child("open", "killed", NULL, NULL), children[6];
    snprintf(path, sizeof path, "%s/killed/data.tmp/base", test_folder);
    for (int i = 0; i < 20000 && !os_exists(path); i++) os_sleep_ms(1);
    assert_true(os_exists(path));
    kill(child, SIGKILL);
    assert_int_equal(end_child(child), 128 + SIGKILL);
    for (size_t i = 0; i < COUNT_OF(children); i++) children[i] = start_child("open", "killed", NULL, NULL);
    for (size_t i = 0; i < COUNT_OF(children); i++) assert_int_equal(end_child(children[i]), 0);
    snprintf(path, sizeof path, "%s/killed/data.tmp", test_folder);
    assert_false(os_exists(path));
    struct database_config config = test_config("killed");
    assert_int_equal(test_postmaster_pid(&config), 0);
}

/* kill -9 at calls of an open (start, connect, migrate, stop) of a fresh and of a made cluster: the next open works. */
static void test_killed_open(void **state)
{
    static const int points[] = {5, 9, 13, 17, 20, 24, 29, 35, 41, 47};
    int killed = 0;
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        char point[16];
        snprintf(point, sizeof point, "%d", points[i]);
        int code = end_child(start_child("open", "killed", "CRMX_CRASH_AT", point));
        assert_true(code == 0 || code == 128 + SIGKILL);
        killed += code != 0;
        if (i % 3 == 2) assert_int_equal(end_child(start_child("open", "killed", NULL, NULL)), 0);
    }
    assert_true(killed >= 7);
    assert_int_equal(end_child(start_child("open", "killed", NULL, NULL)), 0);
    struct database_config config = test_config("killed");
    assert_int_equal(test_postmaster_pid(&config), 0);
}

/* Faults instead of kills: an error with a message, then all is well again. */
static void test_failing_calls(void **state)
{
    static const int points[] = {3, 8, 12, 16, 22, 28, 36, 44};
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        char point[16];
        snprintf(point, sizeof point, "%d", points[i]);
        int code = end_child(start_child("open", "killed", i % 2 ? "CRMX_FAULT_AT" : "CRMX_FAULT_FROM", point));
        assert_true(code == 0 || code == 1);
    }
    assert_int_equal(end_child(start_child("open", "killed", NULL, NULL)), 0);
}

/* --- refused --- */

static void assert_refused(const struct database_config *config, enum status_code code, const char *message,
                           const char *hint)
{
    struct status st = {0};
    struct database *db = (struct database *)1;
    assert_false(database_open(config, &db, &st));
    assert_null(db);
    assert_int_equal(st.code, code);
    assert_has(st.message, message);
    assert_has(st.hint, hint);
}

static void test_refusals(void **state)
{
    struct database_config config = test_config("refused");
    config.mode = DATABASE_NONE;
    assert_refused(&config, STATUS_USAGE, "has no database", "[database] mode = embedded");

    config = test_config("refused");
    config.work_folder = "/nowhere/at/all";
    assert_refused(&config, STATUS_IO, "could not find \"/nowhere/at/all\"", "ls -ld");

    config = test_config("refused");
    config.socket_folder =
        "/tmp/crmx-0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567";
    assert_refused(&config, STATUS_USAGE, "may have 107 bytes (here 112)", "shorter [database] socket_folder");

    config = test_config("refused");
    config.programs_folder = test_path("programs");
    assert_refused(&config, STATUS_ENVIRONMENT, "could not find PostgreSQL 15 or newer", "apt-get install postgresql");
}

/* A machine that has another major version than the one the data were made by. */
static void test_other_version(void **state)
{
    struct status st = {0};
    struct database_config config = test_config("main");
    char path[300];
    assert_true(os_make_folder(test_path("versions/99"), &st));
    assert_true(os_make_folder(test_path("versions/doc"), &st));
    snprintf(path, sizeof path, "/usr/lib/postgresql/%s/bin", "15");
    assert_int_equal(symlink(path, test_path("versions/99/bin")), 0);
    config.programs_folder = test_path("versions");
    assert_refused(&config, STATUS_ENVIRONMENT, "was made by PostgreSQL 15, whose programs are not in",
                   "apt-get install postgresql-15");
    assert_refused(&config, STATUS_ENVIRONMENT, "(found: 99)", "crmx db load --unit UU");
}

static void test_damaged_configuration(void **state)
{
    struct status st = {0};
    struct database *db;
    struct database_config config = test_config("main");
    char path[300];
    snprintf(path, sizeof path, "%s/local.conf", config.cluster_folder);
    test_write(path, view_of("shared_buffers = plenty\n"));
    assert_int_equal(chmod(path, 0644), 0);
    assert_refused(&config, STATUS_ENVIRONMENT, "invalid value for parameter \"shared_buffers\"", "server.log");
    assert_refused(&config, STATUS_ENVIRONMENT, "/bin/postgres -D ", "give the same command again");
    unlink(path);
    assert_ok(database_open(&config, &db, &st));
    database_close(db);
}

/* A socket folder below /tmp that somebody else has made first. */
static void test_planted_socket_folder(void **state)
{
    if (os_user() != 0) return;
    struct database_config config = test_config("main");
    config.socket_folder = test_path("planted");
    assert_int_equal(mkdir(config.socket_folder, 0777), 0);
    assert_int_equal(chown(config.socket_folder, 12345, 12345), 0);
    assert_refused(&config, STATUS_ENVIRONMENT, "belongs to somebody else", "ls -ld");
    config.socket_folder = test_path("linked");
    assert_int_equal(symlink("/tmp", config.socket_folder), 0);
    assert_refused(&config, STATUS_ENVIRONMENT, "belongs to somebody else", "ls -ld");
}

static void test_cluster_of_another_user(void **state)
{
    if (os_user() != 0) return;
    struct status st = {0};
    struct database_config config = test_config("theirs");
    assert_true(os_make_folder(config.cluster_folder, &st));
    assert_int_equal(chown(config.cluster_folder, 1, 1), 0);
    assert_refused(&config, STATUS_ENVIRONMENT, "belongs to another user", "runuser -u daemon -- crmx");
}

/* --- by URL --- */

static void test_url(void **state)
{
    struct status st = {0};
    struct database *server, *db;
    struct database_config config = test_config("main"), by_url = {.mode = DATABASE_URL};
    char url[512];
    assert_ok(database_open(&config, &server, &st)); /* plays the bank's server */
    test_value(database_connection(server), "CREATE DATABASE bank TEMPLATE template0 ENCODING 'UTF8'");
    test_value(database_connection(server), "CREATE DATABASE latin TEMPLATE template0 ENCODING 'SQL_ASCII'");
    snprintf(url, sizeof url, "host=%s user=crmx dbname=bank password=geheim", config.socket_folder);
    by_url.url = url;
    for (int i = 0; i < 2; i++) { /* the second time there is nothing to migrate */
        assert_ok(database_open(&by_url, &db, &st));
        assert_string_equal(test_value(database_connection(db), "SELECT current_database()"), "bank");
        assert_string_equal(test_value(database_connection(db), "SELECT count(*) FROM crmx.crm_table"), "8");
        assert_null(database_log_path(db));
        assert_null(strstr(database_psql_command(db), "geheim"));
        assert_has(database_psql_command(db), "dbname=bank");
        assert_ok(database_reconnect(db, &st));
        database_close(db);
        assert_true(is_alive(test_postmaster_pid(&config))); /* a server by URL is not ours to stop */
    }
    snprintf(url, sizeof url, "host=%s user=crmx dbname=latin", config.socket_folder);
    assert_refused(&by_url, STATUS_ENVIRONMENT, "has encoding SQL_ASCII; UTF8 is needed", "createdb --encoding=UTF8");
    snprintf(url, sizeof url, "host=%s user=crmx dbname=none password=geheim", config.socket_folder);
    assert_refused(&by_url, STATUS_DATABASE, "database \"none\" does not exist", "psql");
    assert_true(!database_open(&by_url, &db, &st) && !strstr(st.message, "geheim"));
    by_url.url = "postgresql://crm:geheim@[::1/crm";
    assert_refused(&by_url, STATUS_USAGE, "is no address that libpq understands",
                   "postgresql://USER@HOST:5432/DATABASE");
    database_close(server);
}

/* The default place under root is /var/lib/crmx; the work folder's own state/postgresql otherwise. */
static void test_default_place(void **state)
{
    struct status st = {0};
    struct database *db;
    struct database_config config = test_config("default");
    config.cluster_folder = config.socket_folder = NULL;
    assert_ok(database_open(&config, &db, &st));
    char log[512];
    snprintf(log, sizeof log, "%s", database_log_path(db));
    const char *root = os_user() == 0 ? "/var/lib/crmx/" : config.work_folder;
    assert_int_equal(strncmp(log, root, strlen(root)), 0);
    assert_has(database_psql_command(db), os_user() == 0 ? "host=/run/crmx/" : "host=/tmp/crmx-");
    char socket[256], *end;
    snprintf(socket, sizeof socket, "%s", strchr(database_psql_command(db), '/'));
    if ((end = strchr(socket, ' '))) *end = 0;
    database_close(db);
    *strrchr(log, '/') = 0; /* nothing of the test stays outside its folder */
    assert_true(os_remove_tree(log, &st));
    assert_true(os_remove_tree(socket, &st));
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "open") == 0) {
        snprintf(test_folder, sizeof test_folder, "%s", argv[2]);
        return child_open(argv[3]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_open_makes_everything),
        cmocka_unit_test(test_last_user_stops_the_server),
        cmocka_unit_test(test_settings_of_the_operator),
        cmocka_unit_test(test_killed_server),
        cmocka_unit_test(test_misleading_pid_file),
        cmocka_unit_test(test_killed_init_then_many_at_once),
        cmocka_unit_test(test_killed_open),
        cmocka_unit_test(test_failing_calls),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_other_version),
        cmocka_unit_test(test_damaged_configuration),
        cmocka_unit_test(test_planted_socket_folder),
        cmocka_unit_test(test_cluster_of_another_user),
        cmocka_unit_test(test_url),
        cmocka_unit_test(test_default_place),
    };
    return cmocka_run_group_tests(tests, test_make_cluster_folder, test_remove_folder);
}
