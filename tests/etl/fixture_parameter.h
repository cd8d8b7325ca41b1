/* fixture_parameter: parameters in a real PostgreSQL: a cluster of the test's own, open for one of the people who act;
 * versions in every state, made by raw SQL; statements that are to be refused.
 *
 * fixture_parameter_setup and fixture_parameter_teardown are for the group.
 */
#ifndef CRMX_TESTS_ETL_FIXTURE_PARAMETER_H
#define CRMX_TESTS_ETL_FIXTURE_PARAMETER_H

#include "etl/database_query.h"
#include "etl/parameter_store.h"
#include "tests/etl/fixture.h"
#include "tests/etl/test_database.h"

#define FORMULA "unit yuan;\nthreshold 1;\nscore = 系数(1.5);\n"

static struct arena arena;
static struct database_config config;
static struct parameter_store store;

FIXTURE void open_as(const char *actor)
{
    struct status st = {0};
    if (store.db) parameter_store_close(&store);
    assert_ok(parameter_store_open(&store, &config, config.work_folder, actor, &arena, &st));
}

FIXTURE void sql(const char *text)
{
    test_value(store.connection, text);
}

/* Who there is; maker is an analyst and a checker. */
static const struct {
    const char *name, *role, *second, *scope;
} PEOPLE[] = {
    {"admin", "admin", NULL, "*"},        {"analyst", "analyst", NULL, "*"},     {"maker", "analyst", "checker", "*"},
    {"checker", "checker", NULL, "*"},    {"clerk", "operator", NULL, "*"},      {"auditor", "auditor", NULL, "*"},
    {"analyst11", "analyst", NULL, "11"}, {"checker11", "checker", NULL, "11"},  {"analyst12", "analyst", NULL, "12"},
    {"checker12", "checker", NULL, "12"}, {"former", "analyst", "checker", "*"}, {"nobody", NULL, NULL, "*"},
};

FIXTURE int fixture_parameter_setup(void **state)
{
    struct status st = {0};
    if (test_make_cluster_folder(state) != 0) return -1;
    arena_init(&arena, "test");
    config = test_config("main");
    open_as("admin");
    /* Nobody cuts the power here: databases are made again and again, and need not reach the disk. */
    char path[512];
    snprintf(path, sizeof path, "%s/local.conf", config.cluster_folder);
    test_write(path, view_of("fsync = off\n"));
    if (chmod(path, 0644) != 0) return -1;
    open_as("admin");
    for (size_t i = 0; i < COUNT_OF(PEOPLE); i++) {
        const char *add[] = {"admin", "root", "add", PEOPLE[i].name, "", NULL, PEOPLE[i].role, PEOPLE[i].scope, ""};
        const char *more[] = {"admin",          "root",          "grant", PEOPLE[i].name, NULL, NULL,
                              PEOPLE[i].second, PEOPLE[i].scope, ""};
        assert_ok(database_run(store.connection, "operator_act", add, 9, &st));
        if (PEOPLE[i].second) assert_ok(database_run(store.connection, "operator_act", more, 9, &st));
    }
    sql("INSERT INTO crmx.operator_action (actor, os_user, action, operator) VALUES ('admin', 'root', 'disable', "
        "'former')");
    return 0;
}

FIXTURE int fixture_parameter_teardown(void **state)
{
    parameter_store_close(&store);
    arena_release(&arena);
    return test_remove_folder(state);
}

/* --- making versions --- */

/* The text of an action on a version, or (0) of one that makes a new one; further columns and their values, each with a
 * comma in front. */
FIXTURE const char *on(int64_t version, const char *action, const char *actor, const char *columns, const char *values)
{
    return arena_printf(
        &arena,
        "INSERT INTO crmx.parameter_action (version, action, actor, os_user, reason%s) VALUES (nullif(%lld, 0), '%s', "
        "'%s', 'root', 'because'%s)",
        columns, (long long)version, action, actor, values);
}

/* Acts, and gives the version. */
FIXTURE int64_t act(const char *actor, const char *action, int64_t version, const char *columns, const char *values)
{
    return atoll(test_value(store.connection,
                            arena_printf(&arena, "%s RETURNING version", on(version, action, actor, columns, values))));
}

FIXTURE int64_t draft(const char *actor, const char *level)
{
    return act(actor, "draft", 0, ", level, customer_type, formula",
               arena_printf(&arena, ", '%s', 'personal', '" FORMULA "'", level));
}

#define TRIAL_DONE ", '{\"unit\": \"11\", \"generation\": \"g\", \"customers\": 10, \"passing\": 3, \"errors\": 0}'"
#define TRIAL_FAILED ", '{\"unit\": \"11\", \"generation\": \"g\", \"customers\": 10, \"passing\": 3, \"errors\": 1}'"

/* Drafted, tried and submitted by one. */
FIXTURE int64_t submitted(const char *maker, const char *columns, const char *values)
{
    int64_t v = act(maker, "draft", 0, columns, values);
    act(maker, "trial", v, ", trial", TRIAL_DONE);
    act(maker, "submit", v, "", "");
    return v;
}

FIXTURE const char *state_of(int64_t version)
{
    char text[128];
    snprintf(text, sizeof text, "SELECT state FROM crmx.parameter_version WHERE version = %lld", (long long)version);
    return test_value(store.connection, text);
}

/* What was decided last has its file, as far as the database knows. */
FIXTURE void note_exported(void)
{
    sql("INSERT INTO crmx.export_action (number, action, actor, os_user, file_hash) SELECT max(number), 'export', "
        "'crmx', 'root', 'x' FROM crmx.parameter_activation");
}

/* A version drafted by "maker" of a level, in a state. Activation is by raw SQL here: pending, then exported. */
FIXTURE int64_t version_in(const char *level, const char *state)
{
    static const char *const ORDER[] = {"draft", "trialled", "submitted", "approved", "activating", "active", NULL};
    bool retires = strcmp(state, "retiring") == 0, goes = retires || strcmp(state, "rolling back") == 0;
    int64_t v = draft("maker", level);
    int wanted = 0;
    if (strcmp(state, "retired") == 0) {
        act("maker", "discard", v, "", "");
        return v;
    }
    while (strcmp(ORDER[wanted], goes ? "active" : state) != 0) wanted++;
    if (wanted > 0) act("maker", "trial", v, ", trial", TRIAL_DONE);
    if (wanted > 1) act("maker", "submit", v, "", "");
    if (wanted > 2) act("checker", "approve", v, "", "");
    if (wanted > 3) act("analyst", "activate", v, ", effective_from", ", '2026-11-01'");
    if (wanted > 4) note_exported();
    if (goes) act("checker", retires ? "retire" : "rollback", v, ", effective_from", ", '2026-11-02'");
    assert_string_equal(state_of(v), state);
    return v;
}

/* The statement is refused with this code and message; the transaction goes on. */
FIXTURE void refuse(const char *text, const char *sqlstate, const char *message)
{
    sql("SAVEPOINT one");
    PGresult *r = PQexec(store.connection, text);
    const char *found = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    if (!found || strcmp(found, sqlstate) != 0)
        fail_msg("%s\n  expected %s, found %s %s", text, sqlstate, found ? found : "success", PQresultErrorMessage(r));
    assert_has(PQresultErrorMessage(r), message);
    PQclear(r);
    sql("ROLLBACK TO SAVEPOINT one");
}

#endif
