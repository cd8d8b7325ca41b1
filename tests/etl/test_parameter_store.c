/* Parameters in a real PostgreSQL: every action in every state by everybody, the same by raw SQL, kill -9 at every call
 * of an activation, a database and a folder that were restored to an earlier day.
 *
 * Crash points read their environment when the program starts, so a crash test runs this program again as a child
 * ("test_parameter_store activate FOLDER VERSION DATE").
 */
#include "base/date.h"
#include "etl/database_query.h"
#include "etl/parameter_store.h"
#include "tests/etl/test_database.h"

#include <signal.h>
#include <sys/wait.h>

#define FORMULA "unit yuan;\nthreshold 1;\nscore = 系数(1.5);\n"

static struct arena arena;
static struct database_config config;
static struct parameter_store store;

static void open_as(const char *actor)
{
    struct status st = {0};
    if (store.db) parameter_store_close(&store);
    assert_ok(parameter_store_open(&store, &config, config.work_folder, actor, &arena, &st));
}

static void sql(const char *text)
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

static int set_up(void **state)
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

static int tear_down(void **state)
{
    parameter_store_close(&store);
    arena_release(&arena);
    return test_remove_folder(state);
}

/* --- making versions --- */

static int64_t act(const char *actor, const char *action, int64_t version, const char *more, const char *values)
{
    char text[1024];
    snprintf(
        text, sizeof text,
        "INSERT INTO crmx.parameter_action (version, action, actor, os_user, reason%s) VALUES (%s, '%s', '%s', 'root', "
        "'because'%s) RETURNING version",
        more, version ? arena_printf(&arena, "%lld", (long long)version) : "NULL", action, actor, values);
    return atoll(test_value(store.connection, text));
}

static int64_t draft(const char *actor, const char *level)
{
    return act(actor, "draft", 0, ", level, customer_type, formula",
               arena_printf(&arena, ", '%s', 'personal', '" FORMULA "'", level));
}

#define TRIAL_DONE ", '{\"unit\": \"11\", \"generation\": \"g\", \"customers\": 10, \"passing\": 3, \"errors\": 0}'"
#define TRIAL_FAILED ", '{\"unit\": \"11\", \"generation\": \"g\", \"customers\": 10, \"passing\": 3, \"errors\": 1}'"

/* A version drafted by "maker" of a level in a state. Activation is by raw SQL here: pending, then exported. */
static int64_t version_of_in(const char *level, const char *state)
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
    if (wanted > 4)
        sql("INSERT INTO crmx.export_action (number, action, actor, os_user, file_hash) SELECT max(number), 'export', "
            "'crmx', 'root', 'x' FROM crmx.parameter_activation");
    if (goes) act("checker", retires ? "retire" : "rollback", v, ", effective_from", ", '2026-11-02'");
    assert_string_equal(
        test_value(store.connection,
                   arena_printf(&arena, "SELECT state FROM crmx.parameter_version WHERE version = %lld", (long long)v)),
        state);
    return v;
}

static int64_t version_in(const char *state)
{
    return version_of_in("11", state);
}

/* --- the authority matrix --- */

/* Written out once more by hand, apart from the table in the database: what must be possible, by which roles. */
static const struct {
    const char *action, *states, *to, *roles; /* blank-separated */
} RULES[] = {
    {"edit", "draft trialled", "draft", "analyst"},
    {"trial", "draft trialled", "trialled", "analyst"},
    {"submit", "trialled", "submitted", "analyst"},
    {"withdraw", "submitted", "draft", "analyst"},
    {"approve", "submitted", "approved", "checker"},
    {"reject", "submitted approved", "draft", "checker"},
    {"activate", "approved", "activating", "analyst checker"},
    {"discard", "draft trialled", "retired", "analyst"},
    {"retire", "active", "retiring", "checker"},
    {"rollback", "active", "rolling back", "checker"},
    {"draft", "", "draft", "analyst"},
    {"import", "", "draft", "analyst operator"},
    {"export", "", "", ""},
    {"publish", "", "", ""},
};
static const char *const STATES[] = {"draft",  "trialled", "submitted",    "approved", "activating",
                                     "active", "retiring", "rolling back", "retired"};

static bool has_word(const char *list, const char *word)
{
    struct view rest = view_of(list);
    for (struct view w = view_word(&rest); w.length; w = view_word(&rest))
        if (view_is(w, word)) return true;
    return false;
}

/* May this person do this to a version of the level that "maker" has made? Of the head office: whose scope is all. */
static bool may(size_t person, const char *roles, const char *action, const char *level)
{
    bool role = (PEOPLE[person].role && has_word(roles, PEOPLE[person].role)) ||
                (PEOPLE[person].second && has_word(roles, PEOPLE[person].second));
    bool here = strcmp(PEOPLE[person].scope, "*") == 0 || strcmp(PEOPLE[person].scope, level) == 0;
    bool own = strcmp(action, "approve") == 0 && strcmp(PEOPLE[person].name, "maker") == 0;
    return role && here && !own && strcmp(PEOPLE[person].name, "former") != 0;
}

static PGresult *try_action(int64_t version, size_t person, const char *action, const char *level)
{
    char text[1024];
    bool fresh = strcmp(action, "draft") == 0 || strcmp(action, "import") == 0, edit = strcmp(action, "edit") == 0;
    snprintf(
        text, sizeof text,
        "INSERT INTO crmx.parameter_action (version, action, actor, os_user, reason, level, customer_type, formula, "
        "effective_from, trial) VALUES (%lld, '%s', '%s', 'root', 'because', %s, %s, '2026-12-01' %s) RETURNING "
        "to_state",
        (long long)version, action, PEOPLE[person].name,
        fresh ? arena_printf(&arena, "'%s', 'personal'", level) : "NULL, NULL",
        fresh || edit ? "'" FORMULA "'" : "NULL", strcmp(action, "trial") == 0 ? TRIAL_DONE : ", NULL");
    return PQexec(store.connection, text);
}

static void try_everything(const char *level, const char *state, int *allowed, int *refused)
{
    sql("BEGIN");
    int64_t v = version_of_in(level, state);
    for (size_t r = 0; r < COUNT_OF(RULES); r++)
        for (size_t p = 0; p < COUNT_OF(PEOPLE); p++) {
            const char *action = RULES[r].action;
            bool fresh = !RULES[r].states[0] && RULES[r].roles[0];
            bool expected = (fresh || has_word(RULES[r].states, state)) && may(p, RULES[r].roles, action, level);
            sql("SAVEPOINT one");
            PGresult *result = try_action(v, p, action, level);
            bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
            const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
            if (ok != expected)
                fail_msg("%s of a version of %s that is %s by %s: %s", action, level, state, PEOPLE[p].name,
                         ok ? "was possible" : PQresultErrorMessage(result));
            if (ok) assert_string_equal(PQgetvalue(result, 0, 0), RULES[r].to);
            if (!ok && strncmp(sqlstate, "CX0", 3) != 0)
                fail_msg("%s by %s: %s", action, PEOPLE[p].name, PQresultErrorMessage(result));
            *allowed += ok;
            *refused += !ok;
            PQclear(result);
            sql("ROLLBACK TO SAVEPOINT one");
        }
    sql("ROLLBACK");
}

static void test_every_action_in_every_state_by_everybody(void **state)
{
    static const char *const LEVELS[] = {"11", "head"};
    for (size_t l = 0; l < COUNT_OF(LEVELS); l++) {
        int allowed = 0, refused = 0;
        for (size_t s = 0; s < COUNT_OF(STATES); s++) try_everything(LEVELS[l], STATES[s], &allowed, &refused);
        print_message("%s: %d allowed, %d refused\n", LEVELS[l], allowed, refused);
        assert_true(allowed > 50 && refused > 900);
    }
}

/* The same for entries of the lists; maker has entered them, and asked for their removal. */
static const struct {
    const char *action, *states, *roles;
} LIST_RULES[] = {
    {"approve", "entered removing", "checker"},
    {"reject", "entered removing", "checker"},
    {"remove", "entered approved active", "analyst operator"},
    {"add", "entered approved active removing removed rejected", "analyst operator"},
    {"publish", "approved removed", "analyst checker operator"},
};
static const char *const LIST_STATES[] = {"entered", "approved", "active", "removing", "removed", "rejected"};

static void list_act(const char *actor, const char *action)
{
    sql(arena_printf(&arena,
                     "INSERT INTO crmx.list_action (entry, action, actor, os_user, reason) SELECT max(entry), '%s', "
                     "'%s', 'root', 'because' FROM crmx.list_entry",
                     action, actor));
}

static void publish_list(const char *level)
{
    sql(arena_printf(&arena,
                     "INSERT INTO crmx.list_action (action, actor, os_user, level, effective_from) VALUES ('publish', "
                     "'analyst', 'root', '%s', '2026-11-01')",
                     level));
    sql("INSERT INTO crmx.export_action (number, action, actor, os_user, file_hash) SELECT max(number), 'export', "
        "'crmx', 'root', 'x' FROM crmx.parameter_activation");
}

static void entry_in(const char *level, const char *state)
{
    bool removed = strcmp(state, "removed") == 0;
    sql(arena_printf(&arena,
                     "INSERT INTO crmx.list_action (action, actor, os_user, list, level, number, reason) VALUES "
                     "('add', 'maker', 'root', 'exclusion', '%s', 5, 'staff')",
                     level));
    if (strcmp(state, "rejected") == 0) list_act("checker", "reject");
    if (strcmp(state, "entered") != 0 && strcmp(state, "rejected") != 0) list_act("checker", "approve");
    if (strcmp(state, "active") == 0 || strcmp(state, "removing") == 0 || removed) publish_list(level);
    if (strcmp(state, "removing") == 0 || removed) list_act("maker", "remove");
    if (removed) list_act("checker", "approve");
    assert_string_equal(test_value(store.connection, "SELECT state FROM crmx.list_entry ORDER BY entry DESC LIMIT 1"),
                        state);
}

static PGresult *try_list(const char *level, size_t person, const char *action)
{
    const char *columns = "", *values = "", *name = PEOPLE[person].name;
    bool add = strcmp(action, "add") == 0, publish = strcmp(action, "publish") == 0;
    if (add) columns = ", list, level, number", values = arena_printf(&arena, ", 'exclusion', '%s', 6", level);
    if (publish) columns = ", level, effective_from", values = arena_printf(&arena, ", '%s', '2026-12-01'", level);
    return PQexec(
        store.connection,
        arena_printf(&arena,
                     "INSERT INTO crmx.list_action (entry, action, actor, os_user, reason%s) SELECT %s, '%s', "
                     "'%s', 'root', 'staff'%s FROM crmx.list_entry",
                     columns, add || publish ? "NULL" : "max(entry)", action, name,
                     add || publish ? arena_printf(&arena, "%s", values) : ""));
}

static void test_every_action_on_every_entry_by_everybody(void **state)
{
    static const char *const LEVELS[] = {"11", "head"};
    int allowed = 0, refused = 0;
    for (size_t l = 0; l < COUNT_OF(LEVELS); l++)
        for (size_t s = 0; s < COUNT_OF(LIST_STATES); s++) {
            sql("BEGIN");
            entry_in(LEVELS[l], LIST_STATES[s]);
            for (size_t r = 0; r < COUNT_OF(LIST_RULES); r++)
                for (size_t p = 0; p < COUNT_OF(PEOPLE); p++) {
                    const char *action = LIST_RULES[r].action;
                    bool expected = has_word(LIST_RULES[r].states, LIST_STATES[s]) &&
                                    may(p, LIST_RULES[r].roles, action, LEVELS[l]);
                    sql("SAVEPOINT one");
                    PGresult *result = try_list(LEVELS[l], p, action);
                    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
                    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
                    if (ok != expected || (!ok && strncmp(sqlstate, "CX0", 3) != 0))
                        fail_msg("%s of an entry of %s that is %s by %s: %s", action, LEVELS[l], LIST_STATES[s],
                                 PEOPLE[p].name, ok ? "was possible" : PQresultErrorMessage(result));
                    allowed += ok;
                    refused += !ok;
                    PQclear(result);
                    sql("ROLLBACK TO SAVEPOINT one");
                }
            sql("ROLLBACK");
        }
    print_message("%d allowed, %d refused\n", allowed, refused);
    assert_true(allowed > 60 && refused > 300);
}

static void test_makers_never_approve(void **state)
{
    static const struct {
        const char *drafts, *edits, *submits, *approves;
        bool possible;
    } CASES[] = {
        {"maker", NULL, "maker", "maker", false},        {"analyst", NULL, "analyst", "maker", true},
        {"analyst", "maker", "analyst", "maker", false}, {"analyst", NULL, "maker", "maker", false},
        {"maker", "analyst", "analyst", "maker", false}, {"maker", "analyst", "analyst", "checker", true},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char text[256];
        sql("BEGIN");
        int64_t v = draft(CASES[i].drafts, "11");
        if (CASES[i].edits) act(CASES[i].edits, "edit", v, ", formula", ", 'changed'");
        act("analyst", "trial", v, ", trial", TRIAL_DONE);
        act(CASES[i].submits, "submit", v, "", "");
        snprintf(text, sizeof text,
                 "INSERT INTO crmx.parameter_action (version, action, actor, os_user) VALUES (%lld, 'approve', '%s', "
                 "'root')",
                 (long long)v, CASES[i].approves);
        PGresult *r = PQexec(store.connection, text);
        if ((PQresultStatus(r) == PGRES_COMMAND_OK) != CASES[i].possible)
            fail_msg("case %zu: %s", i, PQresultErrorMessage(r));
        if (!CASES[i].possible) assert_has(PQresultErrorMessage(r), "has made version");
        PQclear(r);
        sql("ROLLBACK");
    }
    /* An import is the CRM's, but who imported it is a maker, too. */
    sql("BEGIN");
    int64_t v = act("maker", "import", 0, ", level, customer_type, formula", ", '11', 'personal', 'x'");
    assert_string_equal(
        test_value(store.connection, "SELECT author FROM crmx.parameter_version ORDER BY version DESC LIMIT 1"), "CRM");
    act("analyst", "trial", v, ", trial", TRIAL_DONE);
    act("analyst", "submit", v, "", "");
    PGresult *r = try_action(v, 2, "approve", "11");
    assert_has(PQresultErrorMessage(r), "maker has made version");
    PQclear(r);
    sql("ROLLBACK");
}

/* --- content and trial --- */

static void refuse(const char *text, const char *sqlstate, const char *message)
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

static const char *on(int64_t version, const char *action, const char *actor, const char *more, const char *values)
{
    return arena_printf(
        &arena,
        "INSERT INTO crmx.parameter_action (version, action, actor, os_user, reason%s) VALUES (%lld, '%s', "
        "'%s', 'root', 'because'%s)",
        more, (long long)version, action, actor, values);
}

static void test_approval_is_of_what_was_tried(void **state)
{
    sql("BEGIN");
    int64_t v = version_in("trialled");
    /* changed after the trial: a draft again, the trial gone */
    act("maker", "edit", v, ", formula", ", 'another text'");
    refuse(on(v, "submit", "maker", "", ""), "CX001", "is draft: \"submit\" is not possible");
    /* a trial with errors, over nobody, or without figures is none */
    act("maker", "trial", v, ", trial", TRIAL_FAILED);
    refuse(on(v, "submit", "maker", "", ""), "CX001", "is draft");
    act("maker", "trial", v, ", trial",
        ", '{\"unit\": \"11\", \"generation\": \"g\", \"customers\": 0, \"passing\": 0, \"errors\": 0}'");
    refuse(on(v, "submit", "maker", "", ""), "CX001", "is draft");
    refuse(on(v, "trial", "maker", ", trial", ", '{\"customers\": 1}'"), "CX003", "a trial says unit, generation");
    refuse(on(v, "trial", "maker", "", ""), "CX003", "a trial says unit, generation");
    act("maker", "trial", v, ", trial", TRIAL_DONE);
    act("maker", "trial", v, ", trial", TRIAL_FAILED); /* the last one counts */
    refuse(on(v, "submit", "maker", "", ""), "CX001", "is draft");
    act("maker", "trial", v, ", trial", TRIAL_DONE);
    act("maker", "submit", v, "", "");
    /* another content than the one that was looked at */
    refuse(on(v, "approve", "checker", ", digest", ", 'abc'"), "CX003", "is not what it was");
    /* fixed from now on */
    refuse(on(v, "edit", "maker", ", formula", ", 'x'"), "CX001", "is submitted");
    sql("ROLLBACK");
}

/* A unit's threshold that was tried with the head office's formula is not approved under another one. */
static void test_inherited_content_is_part_of_the_trial(void **state)
{
    sql("BEGIN");
    /* With the formula of the files, while there is no other: crmx compares its hash. */
    int64_t early = act("analyst", "draft", 0, ", level, customer_type, threshold", ", '11', 'corporate', 4");
    act("analyst", "trial", early, ", trial", TRIAL_DONE);
    act("analyst", "submit", early, "", "");
    int64_t head = act("analyst", "draft", 0, ", level, customer_type, formula", ", 'head', 'corporate', 'F1'");
    act("analyst", "trial", head, ", trial", TRIAL_DONE);
    act("analyst", "submit", head, "", "");
    refuse(on(head, "approve", "checker11", "", ""), "CX002", "the role checker is needed for the head office");
    act("checker", "approve", head, "", "");
    act("analyst", "activate", head, ", effective_from", ", '2026-11-01'");
    sql("INSERT INTO crmx.export_action (number, action, actor, os_user, file_hash) SELECT max(number), 'export', "
        "'crmx', "
        "'root', 'x' FROM crmx.parameter_activation");
    int64_t own = act("analyst", "draft", 0, ", level, customer_type, threshold", ", '11', 'corporate', 5");
    act("analyst", "trial", own, ", trial", TRIAL_DONE);
    act("analyst", "submit", own, "", "");
    int64_t next = act("analyst", "draft", 0, ", level, customer_type, formula", ", 'head', 'corporate', 'F2'");
    act("analyst", "trial", next, ", trial", TRIAL_DONE);
    act("analyst", "submit", next, "", "");
    act("checker", "approve", next, "", "");
    act("analyst", "activate", next, ", effective_from", ", '2026-11-02'");
    refuse(on(own, "approve", "checker", "", ""), "CX001", "what version");
    sql("ROLLBACK");
}

/* --- past the program: raw SQL of the owner of the tables --- */

static void test_raw_sql(void **state)
{
    static const char *const DIRECT[] = {
        "UPDATE crmx.parameter_version SET state = 'approved', approved_by = 'checker' WHERE version = %lld",
        "UPDATE crmx.parameter_version SET formula = 'score = 1' WHERE version = %lld",
        "UPDATE crmx.parameter_version SET author = 'analyst' WHERE version = %lld",
        "DELETE FROM crmx.parameter_version WHERE version = %lld",
        "INSERT INTO crmx.parameter_version (version, level, customer_type, state, formula, digest, author, "
        "created_at, "
        "approved_by) VALUES (%lld + 1000, '11', 'personal', 'active', 'x', 'x', 'maker', now(), 'checker')",
        "UPDATE crmx.parameter_action SET actor = 'analyst' WHERE version = %lld",
        "DELETE FROM crmx.parameter_action WHERE version = %lld",
        "TRUNCATE crmx.parameter_action",
        "TRUNCATE crmx.parameter_version CASCADE",
        "INSERT INTO crmx.parameter_activation (number, kind, level, customer_type, effective_from, version, actor, "
        "os_user, "
        "reason, requested_at) VALUES (900, 'activate', '11', 'personal', '2026-11-01', %lld, 'x', 'x', '', now())",
        "UPDATE crmx.parameter_activation SET effective_from = '2026-01-01'",
        "DELETE FROM crmx.parameter_activation",
        "UPDATE crmx.parameter_transition SET roles = '{analyst}' WHERE action = 'approve'",
        "INSERT INTO crmx.parameter_transition VALUES ('submit', 'draft', 'approved', '{analyst}', 'cheat')",
        "INSERT INTO crmx.operator_role VALUES ('maker', 'admin', '*')",
        "DELETE FROM crmx.operator_role",
        "UPDATE crmx.operator SET active = true",
        "INSERT INTO crmx.operator VALUES ('ghost', '', NULL, true)",
        "UPDATE crmx.operator_action SET actor = 'x'",
        "UPDATE crmx.audit SET actor = 'x'",
        "DELETE FROM crmx.audit WHERE audit_no = 1",
        "TRUNCATE crmx.audit",
        "INSERT INTO crmx.audit VALUES (99999, now(), 'x', 'x', 'x', 'formula', '1', 'approve', '', '', '', '', 'x')",
        "SELECT crmx_store.note('x', 'x', 'formula', '1', 'approve', '', '', '', '')",
        "UPDATE crmx.list_entry SET state = 'active'",
        "INSERT INTO crmx.list_entry (entry, list, level, state, number, reason, entered_by, entered_at) VALUES (900, "
        "'exclusion', '11', 'active', 1, 'staff', 'x', now())",
        "DELETE FROM crmx.export_action",
    };
    sql("BEGIN");
    sql("INSERT INTO crmx.list_action (action, actor, os_user, list, level, number, reason) VALUES ('add', 'clerk', "
        "'root', "
        "'exclusion', '11', 1100000001, 'staff')");
    version_in("active");
    int64_t v = version_in("submitted");
    for (size_t i = 0; i < COUNT_OF(DIRECT); i++) {
        char text[1024];
        snprintf(text, sizeof text, DIRECT[i], (long long)v);
        refuse(text, "CX004", "is never changed directly");
    }
    /* Forged columns of an action are overwritten, not believed. */
    refuse(on(v, "approve", "maker", ", from_state, to_state", ", 'submitted', 'active'"), "CX002", "has made version");
    refuse("INSERT INTO crmx.parameter_action (action_no, action, actor, os_user) OVERRIDING SYSTEM VALUE VALUES (1, "
           "'draft', "
           "'analyst', 'root')",
           "23502", "null value");
    refuse(on(v, "make_it_so", "checker", "", ""), "CX001", "is not possible");
    refuse(on(v + 1000, "approve", "checker", "", ""), "CX003", "there is no version");
    refuse("INSERT INTO crmx.export_action (number, action, actor, os_user, file_hash) VALUES (900, 'export', 'x', "
           "'x', 'x')",
           "CX001", "is not pending");
    /* A restore must bring two people, and the digest of its text. */
    refuse(
        "INSERT INTO crmx.export_action (number, action, actor, os_user, file_hash, content) SELECT max(number) + 1, "
        "'restore', 'x', 'x', 'x', '{\"kind\": \"activate\", \"level\": \"11\", \"customer_type\": \"personal\", "
        "\"version\": "
        "77, \"formula\": \"score = 1\", \"digest\": \"x\", \"author\": \"maker\", \"approved_by\": \"maker\"}' FROM "
        "crmx.parameter_activation",
        "CX003", "its digest does not fit");
    sql("ROLLBACK");
}

static void test_operators(void **state)
{
    struct {
        const char *text, *sqlstate, *message;
    } cases[] = {
        {"('maker', 'root', 'grant', 'nobody', 'checker')", "CX002", "maker may not grant operators or roles"},
        {"('admin', 'root', 'grant', 'admin', 'checker')", "CX002", "admin may not change his own rights"},
        {"('admin', 'root', 'add', 'maker', 'checker')", "CX003", "there is an operator \"maker\" already"},
        {"('admin', 'root', 'grant', 'ghost', 'checker')", "CX003", "there is no operator \"ghost\""},
        {"('ghost', 'root', 'add', 'ghost', 'admin')", "CX002", "there is no operator \"ghost\""},
        {"('admin', 'root', 'revoke', 'analyst', 'checker')", "CX003", "does not have the role checker"},
    };
    sql("BEGIN");
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        refuse(arena_printf(&arena,
                            "INSERT INTO crmx.operator_action (actor, os_user, action, operator, role) VALUES %s",
                            cases[i].text),
               cases[i].sqlstate, cases[i].message);
    /* bound to a user of the system */
    sql("INSERT INTO crmx.operator_action (actor, os_user, action, operator, role, bound_to) VALUES ('admin', 'root', "
        "'add', "
        "'wei', 'analyst', 'wei')");
    refuse("INSERT INTO crmx.parameter_action (action, actor, os_user, level, customer_type, formula) VALUES ('draft', "
           "'wei', "
           "'root', '11', 'personal', 'x')",
           "CX002", "operator wei may only act as the user \"wei\"");
    sql("INSERT INTO crmx.parameter_action (action, actor, os_user, level, customer_type, formula) VALUES ('draft', "
        "'wei', "
        "'wei', '11', 'personal', 'x')");
    sql("ROLLBACK");
}

static void test_lists(void **state)
{
#define ADD(actor, more, values)                                                                                       \
    "INSERT INTO crmx.list_action (action, actor, os_user, list, level" more ") VALUES ('add', '" actor                \
    "', 'root', " values ")"
#define ON(action, actor)                                                                                              \
    "INSERT INTO crmx.list_action (entry, action, actor, os_user, reason) SELECT max(entry), '" action "', '" actor    \
    "', 'root', 'because' FROM crmx.list_entry"
    sql("BEGIN");
    refuse(ADD("checker", ", number, reason", "'exclusion', '11', 5, 'staff'"), "CX002", "may not enter customers");
    refuse(ADD("clerk", ", number, reason", "'exclusion', '11', 5, 'because'"), "23514", "list_entry");
    refuse(ADD("clerk", ", number, reason", "'override', '11', 5, 'because'"), "CX003", "an override has a last date");
    refuse(ADD("clerk", ", reason", "'exclusion', '11', 'staff'"), "23514", "list_entry");
    sql(ADD("maker", ", number, reason", "'exclusion', '11', 5, 'staff'"));
    refuse(ADD("clerk", ", number, reason", "'exclusion', '11', 5, 'deceased'"), "CX003", "is on the list already");
    refuse(ON("approve", "maker"), "CX002", "maker has entered this");
    refuse(ON("approve", "clerk"), "CX002", "clerk may not approve");
    refuse(ON("approve", "checker12"), "CX002", "needed for unit 11");
    sql(ON("approve", "checker11"));
    refuse(ON("approve", "checker"), "CX001", "is not possible");
    sql(ON("remove", "maker"));
    refuse(ON("approve", "maker"), "CX002", "maker has entered this");
    sql(ON("reject", "checker"));
    assert_string_equal(test_value(store.connection, "SELECT state FROM crmx.list_entry ORDER BY entry DESC LIMIT 1"),
                        "approved");
    refuse("INSERT INTO crmx.list_action (action, actor, os_user, level, effective_from) VALUES ('publish', 'auditor', "
           "'root', "
           "'11', '2026-11-01')",
           "CX002", "may not publish lists");
    sql("INSERT INTO crmx.list_action (action, actor, os_user, level, effective_from) VALUES ('publish', 'clerk', "
        "'root', "
        "'11', '2026-11-01')");
    assert_has(test_value(store.connection, "SELECT list FROM crmx.parameter_activation WHERE exported_at IS NULL"),
               "\texclusion\t\t\t5\t\tstaff\n");
    sql("ROLLBACK");
}

static void test_audit_chain(void **state)
{
    assert_string_equal(test_value(store.connection, "SELECT crmx.audit_break()"), "");
    assert_true(atoi(test_value(store.connection, "SELECT count(*) FROM crmx.audit")) > 10);
    /* Only the owner of the database can do this, and it is seen. */
    sql("BEGIN");
    sql("ALTER TABLE crmx.audit DISABLE TRIGGER USER");
    sql("UPDATE crmx.audit SET actor = 'somebody' WHERE audit_no = 3");
    assert_string_equal(test_value(store.connection, "SELECT crmx.audit_break()"), "3");
    sql("ROLLBACK");
    sql("BEGIN");
    sql("ALTER TABLE crmx.audit DISABLE TRIGGER USER");
    sql("DELETE FROM crmx.audit WHERE audit_no = 4");
    assert_string_equal(test_value(store.connection, "SELECT crmx.audit_break()"), "5");
    sql("ROLLBACK");
}

/* --- files --- */

static int64_t approved(const char *formula)
{
    int64_t v = act("maker", "draft", 0, ", level, customer_type, formula",
                    arena_printf(&arena, ", '11', 'personal', '%s'", formula));
    act("maker", "trial", v, ", trial", TRIAL_DONE);
    act("maker", "submit", v, "", "");
    act("checker", "approve", v, "", "");
    return v;
}

static const char *state_of(int64_t version)
{
    char text[128];
    snprintf(text, sizeof text, "SELECT state FROM crmx.parameter_version WHERE version = %lld", (long long)version);
    return test_value(store.connection, text);
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
        cmocka_unit_test(test_every_action_in_every_state_by_everybody),
        cmocka_unit_test(test_every_action_on_every_entry_by_everybody),
        cmocka_unit_test(test_makers_never_approve),
        cmocka_unit_test(test_approval_is_of_what_was_tried),
        cmocka_unit_test(test_inherited_content_is_part_of_the_trial),
        cmocka_unit_test(test_raw_sql),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_audit_chain),
        cmocka_unit_test(test_killed_activation),
        cmocka_unit_test(test_dates_and_files),
        cmocka_unit_test(test_date_run_in_between),
        cmocka_unit_test(test_database_restored_to_yesterday),
        cmocka_unit_test(test_folder_restored_to_yesterday),
        cmocka_unit_test(test_later_dates),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
