/* What the tests with a database share: a private cluster in the test folder, one value from a query. */
#ifndef CRMX_TESTS_ETL_TEST_DATABASE_H
#define CRMX_TESTS_ETL_TEST_DATABASE_H

#include "etl/database.h"
#include "tests/test.h"

#include <sys/stat.h>

__attribute__((unused)) static void print_status(const struct status *st)
{
    if (st->code != STATUS_OK) print_error("%s\n%s\nHINT: %s\n", st->message, st->context, st->hint);
}

#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        bool ok_ = (call);                                                                                             \
        print_status(&st);                                                                                             \
        assert_true(ok_);                                                                                              \
        assert_int_equal(st.code, STATUS_OK);                                                                          \
    } while (0)

/* Group set-up: a folder that the server's user can enter. */
__attribute__((unused)) static int test_make_cluster_folder(void **state)
{
    return test_make_folder(state) == 0 && chmod(test_folder, 0711) == 0 ? 0 : -1;
}

/* A cluster NAME below the test folder, with its socket there as well: nothing of a test is left outside. */
__attribute__((unused)) static struct database_config test_config(const char *name)
{
    static char paths[8][3][256];
    static int next;
    char(*p)[256] = paths[next++ % 8];
    snprintf(p[0], sizeof p[0], "%s/%s-work", test_folder, name);
    snprintf(p[1], sizeof p[1], "%s/%s", test_folder, name);
    snprintf(p[2], sizeof p[2], "%s/%s-socket", test_folder, name);
    struct status st = {0};
    assert_true(os_make_folder(p[0], &st));
    return (struct database_config){.mode = DATABASE_EMBEDDED,
                                    .work_folder = p[0],
                                    .cluster_folder = p[1],
                                    .socket_folder = p[2],
                                    .start_timeout_ms = 60000};
}

/* The first value of a query as text in a static buffer ("(none)" without rows), any SQL. */
__attribute__((unused)) static const char *test_value(PGconn *c, const char *sql)
{
    static char values[4][16384];
    static int next;
    char *value = values[next++ % 4];
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        print_error("%s: %s\n", sql, PQerrorMessage(c));
    assert_true(PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK);
    snprintf(value, sizeof values[0], "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "(none)");
    PQclear(r);
    return value;
}

/* The number in the first line of the cluster's postmaster.pid, 0 when there is none. */
__attribute__((unused)) static int test_postmaster_pid(const struct database_config *config)
{
    char path[512];
    snprintf(path, sizeof path, "%s/data/postmaster.pid", config->cluster_folder);
    return atoi(test_read(path));
}

#endif
