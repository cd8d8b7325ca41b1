/* Who may do what: every action in every state by everybody, of versions and of entries of the lists, of a unit and of
 * the head office; who made something never approves it; operators and their roles. */
#include "tests/etl/fixture_parameter.h"

/* Written out once more by hand, apart from the tables in the database: what must be possible, by which roles. */
struct rule {
    const char *action, *states; /* blank-separated; "*": in any */
    const char *roles, *to;
};

static const struct rule VERSION_RULES[] = {
    {"edit", "draft trialled", "analyst", "draft"},
    {"trial", "draft trialled", "analyst", "trialled"},
    {"submit", "trialled", "analyst", "submitted"},
    {"withdraw", "submitted", "analyst", "draft"},
    {"approve", "submitted", "checker", "approved"},
    {"reject", "submitted approved", "checker", "draft"},
    {"activate", "approved", "analyst checker", "activating"},
    {"discard", "draft trialled", "analyst", "retired"},
    {"retire", "active", "checker", "retiring"},
    {"rollback", "active", "checker", "rolling back"},
    {"draft", "*", "analyst", "draft"},
    {"import", "*", "analyst operator", "draft"},
    {"export", "", "", ""},
    {"publish", "", "", ""},
};
static const char *const VERSION_STATES[] = {"draft",  "trialled", "submitted",    "approved", "activating",
                                             "active", "retiring", "rolling back", "retired"};

/* Of an entry of a list, which maker has entered, and asked for its removal. */
static const struct rule ENTRY_RULES[] = {
    {"approve", "entered removing", "checker", NULL},
    {"reject", "entered removing", "checker", NULL},
    {"remove", "entered approved active", "analyst operator", NULL},
    {"add", "*", "analyst operator", NULL},
    {"publish", "approved removed", "analyst checker operator", NULL},
};
static const char *const ENTRY_STATES[] = {"entered", "approved", "active", "removing", "removed", "rejected"};

static bool has_word(const char *list, const char *word)
{
    struct view rest = view_of(list);
    for (struct view w = view_word(&rest); w.length; w = view_word(&rest))
        if (view_is(w, word)) return true;
    return false;
}

/* May this person do this to what "maker" has made, of a level, in a state? Of the head office: whose scope is all. */
static bool may(size_t person, const struct rule *rule, const char *level, const char *state)
{
    const char *name = PEOPLE[person].name, *scope = PEOPLE[person].scope;
    bool role = (PEOPLE[person].role && has_word(rule->roles, PEOPLE[person].role)) ||
                (PEOPLE[person].second && has_word(rule->roles, PEOPLE[person].second));
    bool here = strcmp(scope, "*") == 0 || strcmp(scope, level) == 0;
    bool own = strcmp(rule->action, "approve") == 0 && strcmp(name, "maker") == 0;
    bool possible = strcmp(rule->states, "*") == 0 || has_word(rule->states, state);
    return possible && role && here && !own && strcmp(name, "former") != 0;
}

/* The text of an action with all that it needs. */
static const char *version_action(int64_t version, const char *actor, const char *action, const char *level)
{
    bool fresh = strcmp(action, "draft") == 0 || strcmp(action, "import") == 0;
    const char *level_and_type = fresh ? arena_printf(&arena, "'%s', 'personal'", level) : "NULL, NULL";
    const char *formula = fresh || strcmp(action, "edit") == 0 ? "'" FORMULA "'" : "NULL";
    const char *trial = strcmp(action, "trial") == 0 ? TRIAL_DONE : ", NULL";
    return arena_printf(&arena, "%s RETURNING to_state",
                        on(version, action, actor, ", level, customer_type, formula, effective_from, trial",
                           arena_printf(&arena, ", %s, %s, '2026-12-01'%s", level_and_type, formula, trial)));
}

/* On an entry, or (0) what makes a first one and publishes it. */
static const char *entry_action(int64_t entry, const char *actor, const char *action, const char *level)
{
    const char *columns = "", *values = "", *on_entry = arena_printf(&arena, "%lld", (long long)entry);
    if (strcmp(action, "add") == 0) {
        columns = ", list, level, number";
        values = arena_printf(&arena, ", 'exclusion', '%s', %d", level, entry ? 6 : 5);
        on_entry = "NULL";
    }
    if (strcmp(action, "publish") == 0) {
        columns = ", level, effective_from";
        values = arena_printf(&arena, ", '%s', '%s'", level, entry ? "2026-12-01" : "2026-11-01");
        on_entry = "NULL";
    }
    return arena_printf(&arena,
                        "INSERT INTO crmx.list_action (entry, action, actor, os_user, reason%s) VALUES (%s, '%s', "
                        "'%s', 'root', 'staff'%s)",
                        columns, on_entry, action, actor, values);
}

/* The way of an entry to a state: what checker does, but that maker asks for its removal. */
static const struct {
    const char *state, *steps;
} ENTRY_WAYS[] = {
    {"entered", ""},
    {"rejected", "reject"},
    {"approved", "approve"},
    {"active", "approve publish"},
    {"removing", "approve publish remove"},
    {"removed", "approve publish remove approve"},
};

static int64_t entry_in(const char *level, const char *state)
{
    struct view steps = {0};
    sql(entry_action(0, "maker", "add", level));
    int64_t entry = atoll(test_value(store.connection, "SELECT max(entry) FROM crmx.list_entry"));
    for (size_t i = 0; i < COUNT_OF(ENTRY_WAYS); i++)
        if (strcmp(ENTRY_WAYS[i].state, state) == 0) steps = view_of(ENTRY_WAYS[i].steps);
    for (struct view step = view_word(&steps); step.length; step = view_word(&steps)) {
        bool publish = view_is(step, "publish");
        const char *action = arena_printf(&arena, "%.*s", (int)step.length, step.bytes);
        sql(entry_action(publish ? 0 : entry, view_is(step, "remove") ? "maker" : "checker", action, level));
        if (publish) note_exported();
    }
    assert_string_equal(test_value(store.connection, "SELECT state FROM crmx.list_entry ORDER BY entry DESC LIMIT 1"),
                        state);
    return entry;
}

/* What people act upon. */
struct subject {
    const char *name;
    const struct rule *rules;
    size_t rules_count;
    const char *const *states;
    size_t states_count;
    int64_t (*make)(const char *level, const char *state);
    const char *(*action)(int64_t subject, const char *actor, const char *action, const char *level);
};

struct tally {
    int allowed, refused;
};

/* In a savepoint: possible when `expected`, else refused by one of our own codes. */
static void try_action(const char *text, bool expected, const char *to, const char *what, struct tally *tally)
{
    sql("SAVEPOINT one");
    PGresult *r = PQexec(store.connection, text);
    bool ok = PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK;
    if (ok != expected) fail_msg("%s: %s", what, ok ? "was possible" : PQresultErrorMessage(r));
    if (ok && to) assert_string_equal(PQgetvalue(r, 0, 0), to);
    if (!ok && strncmp(PQresultErrorField(r, PG_DIAG_SQLSTATE), "CX0", 3) != 0)
        fail_msg("%s: %s", what, PQresultErrorMessage(r));
    tally->allowed += ok;
    tally->refused += !ok;
    PQclear(r);
    sql("ROLLBACK TO SAVEPOINT one");
}

static void try_everything(const struct subject *s, const char *level, const char *state, struct tally *tally)
{
    sql("BEGIN");
    int64_t made = s->make(level, state);
    for (size_t r = 0; r < s->rules_count; r++)
        for (size_t p = 0; p < COUNT_OF(PEOPLE); p++) {
            const struct rule *rule = &s->rules[r];
            const char *name = PEOPLE[p].name;
            char what[128];
            snprintf(what, sizeof what, "%s of %s of %s that is %s by %s", rule->action, s->name, level, state, name);
            try_action(s->action(made, name, rule->action, level), may(p, rule, level, state), rule->to, what, tally);
        }
    sql("ROLLBACK");
}

static void try_levels(const struct subject *s, struct tally least)
{
    static const char *const LEVELS[] = {"11", "head"};
    for (size_t l = 0; l < COUNT_OF(LEVELS); l++) {
        struct tally tally = {0};
        for (size_t i = 0; i < s->states_count; i++) try_everything(s, LEVELS[l], s->states[i], &tally);
        print_message("%s of %s: %d allowed, %d refused\n", s->name, LEVELS[l], tally.allowed, tally.refused);
        assert_true(tally.allowed > least.allowed && tally.refused > least.refused);
    }
}

static void test_every_action_on_versions_by_everybody(void **state)
{
    const struct subject version = {.name = "a version",
                                    .rules = VERSION_RULES,
                                    .rules_count = COUNT_OF(VERSION_RULES),
                                    .states = VERSION_STATES,
                                    .states_count = COUNT_OF(VERSION_STATES),
                                    .make = version_in,
                                    .action = version_action};
    try_levels(&version, (struct tally){50, 900});
}

static void test_every_action_on_entries_by_everybody(void **state)
{
    const struct subject entry = {.name = "an entry",
                                  .rules = ENTRY_RULES,
                                  .rules_count = COUNT_OF(ENTRY_RULES),
                                  .states = ENTRY_STATES,
                                  .states_count = COUNT_OF(ENTRY_STATES),
                                  .make = entry_in,
                                  .action = entry_action};
    try_levels(&entry, (struct tally){30, 150});
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
        sql("BEGIN");
        int64_t v = draft(CASES[i].drafts, "11");
        if (CASES[i].edits) act(CASES[i].edits, "edit", v, ", formula", ", 'changed'");
        act("analyst", "trial", v, ", trial", TRIAL_DONE);
        act(CASES[i].submits, "submit", v, "", "");
        PGresult *r = PQexec(store.connection, on(v, "approve", CASES[i].approves, "", ""));
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
    refuse(on(v, "approve", "maker", "", ""), "CX002", "maker has made version");
    sql("ROLLBACK");
}

static void test_operators(void **state)
{
    static const struct {
        const char *text, *sqlstate, *message;
    } CASES[] = {
        {"('maker', 'root', 'grant', 'nobody', 'checker')", "CX002", "maker may not grant operators or roles"},
        {"('admin', 'root', 'grant', 'admin', 'checker')", "CX002", "admin may not change his own rights"},
        {"('admin', 'root', 'add', 'maker', 'checker')", "CX003", "there is an operator \"maker\" already"},
        {"('admin', 'root', 'grant', 'ghost', 'checker')", "CX003", "there is no operator \"ghost\""},
        {"('ghost', 'root', 'add', 'ghost', 'admin')", "CX002", "there is no operator \"ghost\""},
        {"('admin', 'root', 'revoke', 'analyst', 'checker')", "CX003", "does not have the role checker"},
    };
    sql("BEGIN");
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        refuse(arena_printf(&arena,
                            "INSERT INTO crmx.operator_action (actor, os_user, action, operator, role) VALUES %s",
                            CASES[i].text),
               CASES[i].sqlstate, CASES[i].message);
    /* bound to a user of the system */
    sql("INSERT INTO crmx.operator_action (actor, os_user, action, operator, role, bound_to) VALUES ('admin', 'root', "
        "'add', 'wei', 'analyst', 'wei')");
    refuse("INSERT INTO crmx.parameter_action (action, actor, os_user, level, customer_type, formula) VALUES ('draft', "
           "'wei', 'root', '11', 'personal', 'x')",
           "CX002", "operator wei may only act as the user \"wei\"");
    sql("INSERT INTO crmx.parameter_action (action, actor, os_user, level, customer_type, formula) VALUES ('draft', "
        "'wei', 'wei', '11', 'personal', 'x')");
    sql("ROLLBACK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_action_on_versions_by_everybody),
        cmocka_unit_test(test_every_action_on_entries_by_everybody),
        cmocka_unit_test(test_makers_never_approve),
        cmocka_unit_test(test_operators),
    };
    return cmocka_run_group_tests(tests, fixture_parameter_setup, fixture_parameter_teardown);
}
