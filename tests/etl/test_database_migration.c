/* Migrations: order, record, refusals, two programs at once; and the schema itself: comments, numbers, statements. */
#include "etl/database_migration.h"
#include "etl/database_query.h"
#include "tests/etl/test_database.h"

#include <pthread.h>

static struct database *server;

static int open_server(void **state)
{
    struct status st = {0};
    if (test_make_cluster_folder(state) != 0) return -1;
    struct database_config config = test_config("main");
    bool ok = database_open(&config, &server, &st);
    print_status(&st);
    return ok ? 0 : -1;
}

static int close_server(void **state)
{
    database_close(server);
    return test_remove_folder(state);
}

/* A connection to a new, empty database of the cluster. */
static PGconn *new_database(const char *name)
{
    char sql[128], info[512];
    snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE template0", name);
    test_value(database_connection(server), sql);
    snprintf(info, sizeof info, "host=%s user=crmx dbname=%s", PQhost(database_connection(server)), name);
    PGconn *c = PQconnectdb(info);
    assert_int_equal(PQstatus(c), CONNECTION_OK);
    return c;
}

#define MIGRATION(name, text)                                                                                          \
    {                                                                                                                  \
        "schema/" name, text, sizeof(text) - 1                                                                         \
    }

static const struct database_sql THREE[] = {
    MIGRATION("001_one", "CREATE TABLE crmx.one (i integer); INSERT INTO crmx.one VALUES (1);"),
    MIGRATION("002_two", "ALTER TABLE crmx.one ADD COLUMN j integer DEFAULT 2;"),
    MIGRATION("003_three", "SELECT pg_sleep(0.3); INSERT INTO crmx.one VALUES (3, 4);"),
};

static void test_forward(void **state)
{
    struct status st = {0};
    PGconn *c = new_database("forward");
    assert_ok(database_migrate_list(c, THREE, 1, &st));
    assert_string_equal(test_value(c, "SELECT string_agg(name, ' ' ORDER BY number) FROM crmx.schema_migration"),
                        "001_one");
    assert_ok(database_migrate_list(c, THREE, 3, &st));
    assert_ok(database_migrate_list(c, THREE, 3, &st));
    assert_string_equal(test_value(c, "SELECT string_agg(name, ' ' ORDER BY number) FROM crmx.schema_migration"),
                        "001_one 002_two 003_three");
    assert_string_equal(test_value(c, "SELECT sum(i * 10 + j) FROM crmx.one"), "46");
    char digest[65];
    database_sha256((struct view){THREE[1].text, THREE[1].length}, digest);
    assert_string_equal(test_value(c, "SELECT sha256 FROM crmx.schema_migration WHERE number = 2"), digest);
    PQfinish(c);
}

static void test_changed_migration_is_refused(void **state)
{
    struct status st = {0};
    PGconn *c = new_database("changed");
    assert_ok(database_migrate_list(c, THREE, 2, &st));
    struct database_sql changed[3] = {
        THREE[0], MIGRATION("002_two", "ALTER TABLE crmx.one ADD COLUMN j integer DEFAULT 9;"), THREE[2]};
    assert_false(database_migrate_list(c, changed, 3, &st));
    assert_int_equal(st.code, STATUS_ENVIRONMENT);
    assert_has(st.message, "migration 002_two was changed after it had been applied to this database as \"002_two\"");
    assert_has(st.hint, "restore sql/schema/002_two.sql and put the change into a new migration");
    assert_string_equal(test_value(c, "SELECT count(*) FROM crmx.schema_migration"), "2");
    status_clear(&st);
    assert_false(database_migrate_list(c, THREE, 1, &st));
    assert_has(st.message,
               "the database is newer than this program: it has 2 migrations (last: 002_two), the program knows 1");
    assert_has(st.hint, "install the newer crmx");
    status_clear(&st);
    test_value(c, "DELETE FROM crmx.schema_migration WHERE number = 1");
    assert_false(database_migrate_list(c, THREE, 3, &st));
    assert_int_equal(st.code, STATUS_CORRUPT);
    assert_has(st.message, "misses migration 1");
    PQfinish(c);
}

static void test_failing_migration_leaves_nothing(void **state)
{
    struct status st = {0};
    PGconn *c = new_database("failing");
    struct database_sql list[2] = {
        THREE[0], MIGRATION("002_bad", "INSERT INTO crmx.one VALUES (7); CREATE TABLE crmx.one (k integer);")};
    assert_false(database_migrate_list(c, list, 2, &st));
    assert_int_equal(st.code, STATUS_DATABASE);
    assert_string_equal(st.message, "could not run \"schema/002_bad\": ERROR 42P07: relation \"one\" already exists");
    assert_has(st.context, "while applying migration 002_bad");
    assert_string_equal(test_value(c, "SELECT string_agg(i::text, ' ') FROM crmx.one"), "1");
    assert_string_equal(
        test_value(c, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM "
                      "pg_database WHERE datname = current_database())"),
        "0");
    status_clear(&st);
    assert_ok(database_migrate_list(c, THREE, 3, &st)); /* corrected */
    PQfinish(c);
}

static void *migrate_three(void *context)
{
    struct status *st = calloc(1, sizeof *st);
    database_migrate_list(context, THREE, 3, st);
    return st;
}

static void test_two_programs_at_once(void **state)
{
    pthread_t threads[2];
    PGconn *connections[2] = {new_database("twice")};
    char info[512];
    snprintf(info, sizeof info, "host=%s user=crmx dbname=twice", PQhost(connections[0]));
    connections[1] = PQconnectdb(info);
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, migrate_three, connections[i]), 0);
    for (int i = 0; i < 2; i++) {
        struct status *st;
        assert_int_equal(pthread_join(threads[i], (void **)&st), 0);
        print_status(st);
        assert_int_equal(st->code, STATUS_OK);
        free(st);
    }
    assert_string_equal(test_value(connections[0], "SELECT count(*) FROM crmx.one"), "2"); /* 001 and 003, once each */
    for (int i = 0; i < 2; i++) PQfinish(connections[i]);
}

/* --- the schema of the program --- */

static void test_numbers_without_gaps(void **state)
{
    int count;
    const struct database_sql *list = database_migrations(&count);
    assert_true(count >= 3);
    for (int i = 0; i < count; i++) {
        char begin[32];
        snprintf(begin, sizeof begin, "schema/%03d_", i + 1);
        assert_int_equal(strncmp(list[i].name, begin, strlen(begin)), 0);
        assert_int_equal(strlen(list[i].text), list[i].length);
    }
}

static void test_everything_has_a_comment(void **state)
{
    PGconn *c = database_connection(server);
    assert_string_equal(test_value(c, "SELECT coalesce(string_agg(c.oid::regclass::text, ' '), '') FROM pg_class c"
                                      " WHERE c.relnamespace IN ('crmx'::regnamespace, 'crmx_store'::regnamespace)"
                                      " AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND "
                                      "obj_description(c.oid, 'pg_class') IS NULL"),
                        "");
    /* Columns that say it all by their name and repeat from table to table are the exception. */
    assert_string_equal(
        test_value(c, "SELECT coalesce(string_agg(c.oid::regclass || '.' || a.attname, ' '), '')"
                      " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                      " WHERE c.relnamespace IN ('crmx'::regnamespace, 'crmx_store'::regnamespace)"
                      " AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped"
                      " AND a.attname NOT IN ('unit', 'run_id', 'business_date', 'applied_at')"
                      " AND col_description(c.oid, a.attnum) IS NULL"),
        "");
    assert_string_equal(test_value(c, "SELECT col_description('crmx.crm_deposit'::regclass, attnum) FROM pg_attribute"
                                      " WHERE attrelid = 'crmx.crm_deposit'::regclass AND attname = 'number'"),
                        "integrated customer number 综合客户号");
}

/* Every named statement is understood by the server, with this schema. */
static void test_statements_can_be_prepared(void **state)
{
    PGconn *c = database_connection(server);
    int prepared = 0;
    for (int i = 0; i < DATABASE_SQL_COUNT; i++) {
        const char *name = DATABASE_SQL[i].name;
        if (strncmp(name, "query/", 6) != 0) continue;
        /* several statements, or one that cannot be prepared */
        if (strcmp(name, "query/session") == 0 || strcmp(name, "query/migration_table") == 0 ||
            strcmp(name, "query/database_create") == 0)
            continue;
        PGresult *r = PQprepare(c, "", DATABASE_SQL[i].text, 0, NULL);
        if (PQresultStatus(r) != PGRES_COMMAND_OK) print_error("%s: %s\n", name, PQerrorMessage(c));
        assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
        PQclear(r);
        prepared++;
    }
    assert_true(prepared >= 20);
}

/* A database that an older crmx (up to 006) has filled: its rows stay, the new columns are null, a column that the bank
 * had added under one of the new names stays as it is; the view of a reader keeps its rights. */
static void test_a_filled_database(void **state)
{
    int count;
    struct status st = {0};
    PGconn *c = new_database("filled");
    const struct database_sql *list = database_migrations(&count);
    const char *const unit[] = {"11"}, *const leaf[] = {"crm_customer", "11", "1"}, *const load[] = {"11", "1"};
    const char *const index[] = {"crm_customer", "crm_customer_11_1"};
    assert_true(count >= 8);
    assert_ok(database_migrate_list(c, list, 6, &st));
    test_value(c, "SELECT crmx.add_column('crm_customer', 'reason_2', 'smallint', 'of the bank')");
    test_value(c, "INSERT INTO crmx.unit (unit, name) VALUES ('11', '北京')");
    assert_ok(database_run_written(c, "load_unit_tables", unit, 1, NULL, &st));
    assert_ok(database_run_written(c, "load_leaf", leaf, 3, NULL, &st));
    test_value(
        c, "INSERT INTO crmx_store.crm_customer_11_1 (number, name, reason_2) VALUES (1, '王', 7), (2, 'Li', NULL)");
    assert_ok(database_run_written(c, "load_leaf_index", index, 2, NULL, &st));
    assert_ok(database_run_written(c, "load_attach", load, 2, NULL, &st));
    test_value(c, "INSERT INTO crmx.run (run_id, unit, business_date, generation, mode, state) VALUES ('r', '11', "
                  "'2026-10-31', 'g', 'initial', 'committed')");
    test_value(
        c, "INSERT INTO crmx.load (load_no, unit, generation, business_date, run_id, mode, records, bytes, replaced, "
           "duration_ms) VALUES (1, '11', 'g', '2026-10-31', 'r', 'initial', 2, 2, 0, 0)");
    test_value(c,
               "INSERT INTO crmx.applied_generation (unit, load_no, generation, business_date) VALUES ('11', 1, 'g', "
               "'2026-10-31')");
    test_value(c, "CREATE ROLE crm_reader");
    test_value(c, "GRANT USAGE ON SCHEMA crmx TO crm_reader; GRANT SELECT ON crmx.crm_customer TO crm_reader");
    assert_ok(database_migrate_list(c, list, count, &st));
    test_value(c, "SET ROLE crm_reader");
    assert_string_equal(
        test_value(c, "SELECT string_agg((number, name, generation, reason_1, reason_2, reason_3)::text, ' ' "
                      "ORDER BY number) FROM crmx.crm_customer"),
        "(1,王,g,,7,) (2,Li,g,,,)");
    test_value(c, "RESET ROLE");
    assert_string_equal(
        test_value(c, "SELECT pg_typeof(reason_2) || ' ' || pg_typeof(reason_1) FROM crmx.crm_customer LIMIT 1"),
        "smallint text");
    assert_string_equal(test_value(c, "SELECT count(*) FROM crmx.crm_event"), "0");
    assert_ok(database_run_written(c, "load_unit_tables", unit, 1, NULL, &st)); /* events are no CRM table */
    assert_string_equal(test_value(c, "SELECT count(*) FROM pg_class WHERE relname = 'event_11'"), "0");
    PQfinish(c);
}

static void test_own_columns(void **state)
{
    PGconn *c = database_connection(server);
    test_value(c, "SELECT crmx.add_column('crm_card', 'gold', 'numeric(12,1)', 'gold of the customer')");
    assert_string_equal(
        test_value(
            c, "SELECT format_type(atttypid, atttypmod) || ': ' || col_description(attrelid, attnum) FROM pg_attribute"
               " WHERE attrelid = 'crmx.crm_card'::regclass AND attname = 'gold'"),
        "numeric(12,1): gold of the customer");
    static const char *const wrong[] = {"SELECT crmx.add_column('run', 'x', 'text')",
                                        "SELECT crmx.add_column('event', 'x', 'text')",
                                        "SELECT crmx.add_column('crm_card', 'x', 'text; DROP TABLE crmx.run')",
                                        "SELECT crmx.add_column('crm_card', 'gold', 'text')"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        PGresult *r = PQexec(c, wrong[i]);
        assert_int_equal(PQresultStatus(r), PGRES_FATAL_ERROR);
        PQclear(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_changed_migration_is_refused),
        cmocka_unit_test(test_failing_migration_leaves_nothing),
        cmocka_unit_test(test_two_programs_at_once),
        cmocka_unit_test(test_numbers_without_gaps),
        cmocka_unit_test(test_everything_has_a_comment),
        cmocka_unit_test(test_statements_can_be_prepared),
        cmocka_unit_test(test_a_filled_database),
        cmocka_unit_test(test_own_columns),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
