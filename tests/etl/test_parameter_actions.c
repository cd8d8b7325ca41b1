/* What the database holds to, whoever asks: an approval is of what was tried; nothing is changed past its actions, not
 * by raw SQL either; entries of the lists; the audit chain. */
#include "tests/etl/fixture_parameter.h"

static void test_approval_is_of_what_was_tried(void **state)
{
    sql("BEGIN");
    int64_t v = version_in("11", "trialled");
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
    submitted("analyst", ", level, customer_type, threshold", ", '11', 'corporate', 4");
    int64_t head = submitted("analyst", ", level, customer_type, formula", ", 'head', 'corporate', 'F1'");
    refuse(on(head, "approve", "checker11", "", ""), "CX002", "the role checker is needed for the head office");
    act("checker", "approve", head, "", "");
    act("analyst", "activate", head, ", effective_from", ", '2026-11-01'");
    note_exported();
    int64_t own = submitted("analyst", ", level, customer_type, threshold", ", '11', 'corporate', 5");
    int64_t next = submitted("analyst", ", level, customer_type, formula", ", 'head', 'corporate', 'F2'");
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
        "created_at, approved_by) VALUES (%lld + 1000, '11', 'personal', 'active', 'x', 'x', 'maker', now(), "
        "'checker')",
        "UPDATE crmx.parameter_action SET actor = 'analyst' WHERE version = %lld",
        "DELETE FROM crmx.parameter_action WHERE version = %lld",
        "TRUNCATE crmx.parameter_action",
        "TRUNCATE crmx.parameter_version CASCADE",
        "INSERT INTO crmx.parameter_activation (number, kind, level, customer_type, effective_from, version, actor, "
        "os_user, reason, requested_at) VALUES (900, 'activate', '11', 'personal', '2026-11-01', %lld, 'x', 'x', '', "
        "now())",
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
        "'root', 'exclusion', '11', 1100000001, 'staff')");
    version_in("11", "active");
    int64_t v = version_in("11", "submitted");
    for (size_t i = 0; i < COUNT_OF(DIRECT); i++) {
        char text[1024];
        snprintf(text, sizeof text, DIRECT[i], (long long)v);
        refuse(text, "CX004", "is never changed directly");
    }
    /* Forged columns of an action are overwritten, not believed. */
    refuse(on(v, "approve", "maker", ", from_state, to_state", ", 'submitted', 'active'"), "CX002", "has made version");
    refuse("INSERT INTO crmx.parameter_action (action_no, action, actor, os_user) OVERRIDING SYSTEM VALUE VALUES (1, "
           "'draft', 'analyst', 'root')",
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
        "\"version\": 77, \"formula\": \"score = 1\", \"digest\": \"x\", \"author\": \"maker\", \"approved_by\": "
        "\"maker\"}' FROM crmx.parameter_activation",
        "CX003", "its digest does not fit");
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
           "'root', '11', '2026-11-01')",
           "CX002", "may not publish lists");
    sql("INSERT INTO crmx.list_action (action, actor, os_user, level, effective_from) VALUES ('publish', 'clerk', "
        "'root', '11', '2026-11-01')");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_approval_is_of_what_was_tried),
        cmocka_unit_test(test_inherited_content_is_part_of_the_trial),
        cmocka_unit_test(test_raw_sql),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_audit_chain),
    };
    return cmocka_run_group_tests(tests, fixture_parameter_setup, fixture_parameter_teardown);
}
