/* test_load_server: group set-up and tear-down of load tests: one embedded server and a connection that reads, or the
 * server of CRMX_TEST_URL. */
#ifndef CRMX_TESTS_ETL_TEST_LOAD_SERVER_H
#define CRMX_TESTS_ETL_TEST_LOAD_SERVER_H

#include "tests/etl/test_load.h"

static struct database *server;
static PGconn *reader;

static int open_server(void **state)
{
    struct status st = {0};
    if (test_make_cluster_folder(state) != 0) return -1;
    struct database_config config = test_config("main");
    if (getenv("CRMX_TEST_URL"))
        config = (struct database_config){.mode = DATABASE_URL, .url = getenv("CRMX_TEST_URL")};
    if (!database_open(&config, &server, &st)) {
        print_status(&st);
        return -1;
    }
    reader = database_connect(server, &st);
    return reader ? 0 : -1;
}

static int close_server(void **state)
{
    PQfinish(reader);
    database_close(server);
    return test_remove_folder(state);
}

#endif
