/* Units: order by priority, every error of units/UU.ini with its message, thresholds, tie rules. */
#include "etl/unit.h"
#include "tests/etl/fixture_unit.h"

#define ID "[unit]\nid = 11\nname = 北京\ninbox = inbox\nidentity = bank\n"
#define REST "layouts = retail_customer retail_account rates\noutputs = crm_customer\nformula.personal = personal\n"

static bool load(const char *text, struct arena *arena, struct unit **u, struct status *st)
{
    fixture_write("units/11.ini", text);
    return unit_load(test_folder, "11", arena, u, st);
}

static const struct {
    const char *name, *text, *message; /* message after the folder */
} ERRORS[] = {
    {"another id", "[unit]\nid = 12\nname = x\ninbox = i\nidentity = bank\n" REST FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:2: [unit] id: the file is 11.ini, but its id is \"12\""},
    {"no inbox", "[unit]\nid = 11\nname = x\nidentity = bank\n" REST FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:1: [unit] inbox: the key is missing"},
    {"unknown way to take", ID REST "take = move\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] take: \"move\" is none of: rename, link, copy"},
    {"a prefix too large", ID REST "number_prefix = 100000000\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] number_prefix: 100000000 is outside 0 to 99999999"},
    {"currency", ID REST "base_currency = RMBY\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] base_currency: three letters are needed"},
    {"no systems", ID REST, "/units/11.ini: [systems]: no system is listed"},
    {"system letter", ID REST "[systems]\nretail = RT\n",
     "/units/11.ini:10: [systems] retail: one letter is needed, found \"RT\""},
    {"system letter twice", ID REST "[systems]\nretail = R\ncard = R\n",
     "/units/11.ini:11: [systems] card: the letter R is taken by retail"},
    {"system not listed", ID REST "[systems]\ncard = C\n",
     "/units/11.ini:6: [unit] layouts: layout retail_customer belongs to system retail, which [systems] does not list"},
    {"layout twice", ID "layouts = rates retail_customer rates\nformula.personal = personal\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:6: [unit] layouts: rates is listed twice"},
    {"layout without file", ID "layouts = retail_customers\nformula.personal = personal\n" FIXTURE_UNIT_SYSTEMS,
     "\"/layouts/retail_customers.ini\""},
    {"output without its layout",
     ID "layouts = retail_customer rates\noutputs = crm_deposit\nformula.personal = personal\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:7: [unit] outputs: output crm_deposit names the layout retail_account, which the unit does not "
     "list"},
    {"one file by two outputs",
     ID "layouts = retail_customer rates\noutputs = crm_customer crm_twin\nformula.personal = "
        "personal\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:7: [unit] outputs: crm_customer and crm_twin write the same file CRMCUST"},
    {"no formula", ID "layouts = retail_customer rates\noutputs = crm_customer\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:1: [unit]: no active formula: formula.personal or formula.corporate is needed"},
    {"threshold that is no amount", ID REST "threshold.personal = 1e6\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] threshold.personal: an amount such as 1000000.00 is needed, found \"1e6\""},
    {"threshold with three decimals", ID REST "threshold.personal = 1.005\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] threshold.personal: an amount such as 1000000.00 is needed, found \"1.005\""},
    {"threshold that is a dot", ID REST "threshold.personal = .\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] threshold.personal: an amount such as 1000000.00 is needed, found \".\""},
    {"negative threshold", ID REST "threshold.personal = -1\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] threshold.personal: an amount such as 1000000.00 is needed, found \"-1\""},
    {"tie rule", ID REST "tie_break = changed oldest\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] tie_break: expected [changed] source_no or [changed] position"},
    {"words after the tie rule", ID REST "tie_break = position source_no\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] tie_break: words after the tie rule"},
    {"misspelt threshold", ID REST "treshold.personal = 5\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] treshold.personal: unknown key"},
    {"misspelt formula", ID REST "formula.company = corporate\n" FIXTURE_UNIT_SYSTEMS,
     "/units/11.ini:9: [unit] formula.company: unknown key"},
    {"filter of an unknown system", ID REST FIXTURE_UNIT_SYSTEMS "[filter]\nretial = balance < 50000.00\n",
     "/units/11.ini:15: [filter] retial: there is neither a layout nor a system of that name in this unit"},
};

static void test_errors(void **state)
{
    int wrong = 0;
    fixture_unit_write();
    fixture_write("outputs/crm_twin.ini",
                  "[output]\nname = crm_twin\nfile = CRMCUST\nrows = customer\n[fields]\nnumber = 10 digits number\n");
    for (size_t i = 0; i < COUNT_OF(ERRORS); i++) {
        struct arena arena;
        struct unit *u;
        struct status st = {0};
        char shown[STATUS_MESSAGE_MAX] = "";
        arena_init(&arena, "test");
        bool ok = load(ERRORS[i].text, &arena, &u, &st);
        /* The test's folder is cut out of the message. */
        const char *at = strstr(st.message, test_folder);
        if (at) snprintf(shown, sizeof shown, "%.*s%s", (int)(at - st.message), st.message, at + strlen(test_folder));
        if (ok || (strcmp(shown, ERRORS[i].message) != 0 &&
                   !(ERRORS[i].message[0] == '"' && strstr(shown, ERRORS[i].message)))) {
            print_error("%s:\n  found    %s\n  expected %s\n", ERRORS[i].name, ok ? "loaded" : shown,
                        ERRORS[i].message);
            wrong++;
        } else {
            assert_int_equal(st.code, STATUS_USAGE);
            assert_has(st.context, "while reading unit 11");
        }
        arena_release(&arena);
    }
    assert_int_equal(wrong, 0);
}

static void test_unknown_unit(void **state)
{
    static const char *const IDS[] = {"12", "123456789", "../units/11"};
    fixture_unit_write();
    for (size_t i = 0; i < COUNT_OF(IDS); i++) {
        struct arena arena;
        struct unit *u;
        struct status st = {0};
        arena_init(&arena, "test");
        assert_false(unit_load(test_folder, IDS[i], &arena, &u, &st));
        assert_has(st.message, "there is no unit \"");
        assert_has(st.hint, "see the units: ls ");
        assert_int_equal(st.code, STATUS_USAGE);
        arena_release(&arena);
    }
}

/* Layouts stand in the order of the priority of their systems, rates and exclusions last, however they are listed. */
static void test_priority(void **state)
{
    static const char *const ORDER[] = {"retail_account",  "retail_joint",  "retail_relation", "retail_contact",
                                        "retail_customer", "card_customer", "rates",           "exclusion"};
    static const int SYSTEMS[] = {0, 0, 0, 0, 0, 1, -1, -1};
    struct arena arena;
    struct unit *u;
    struct status st = {0};
    arena_init(&arena, "test");
    fixture_unit_write();
    assert_true(load(FIXTURE_UNIT_HEAD "[systems]\nretail = R\ncard = C\n[filter]\nretail = balance < 50000.00\n",
                     &arena, &u, &st));
    assert_int_equal(u->layouts_count, COUNT_OF(ORDER));
    for (size_t i = 0; i < COUNT_OF(ORDER); i++) {
        assert_string_equal(u->layouts[i]->name, ORDER[i]);
        assert_int_equal(u->layout_system[i], SYSTEMS[i]);
        assert_int_equal(unit_layout(u, ORDER[i]), i);
    }
    assert_int_equal(unit_layout(u, "retail"), -1);
    assert_string_equal(u->systems[0].filter, "balance < 50000.00");
    assert_null(u->systems[1].filter);
    assert_int_equal(u->systems[1].letter, 'C');
    assert_int_equal(u->number_prefix, 11);
    assert_string_equal(u->base_currency, "CNY");
    assert_int_equal(u->take, UNIT_TAKE_RENAME);
    /* The other order of priority. */
    assert_true(load(FIXTURE_UNIT_HEAD "[systems]\ncard = C\nretail = R\n", &arena, &u, &st));
    assert_string_equal(u->layouts[0]->name, "card_customer");
    assert_string_equal(u->layouts[1]->name, "retail_account");
    arena_release(&arena);
}

static void test_thresholds(void **state)
{
    static const struct {
        const char *text;
        int64_t minor;
    } CASES[] = {{"0", 0},     {"1", 100},    {"1.", 100},
                 {"1.5", 150}, {"1.05", 105}, {"1000000.00", 100000000},
                 {"0.01", 1},  {".5", 50},    {"99999999999999", 9999999999999900}};
    fixture_unit_write();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct unit *u;
        struct status st = {0};
        char text[1024];
        arena_init(&arena, "test");
        snprintf(text, sizeof text, ID REST "threshold.personal = %s\n" FIXTURE_UNIT_SYSTEMS, CASES[i].text);
        if (!load(text, &arena, &u, &st)) fail_msg("%s", st.message);
        assert_true(u->has_threshold[CUSTOMER_PERSONAL]);
        assert_false(u->has_threshold[CUSTOMER_CORPORATE]);
        assert_true(u->threshold_minor[CUSTOMER_PERSONAL] == CASES[i].minor);
        arena_release(&arena);
    }
}

static void test_tie_rules(void **state)
{
    static const struct {
        const char *line;
        bool changed;
        enum unit_tie tie;
    } CASES[] = {{"", true, UNIT_TIE_SOURCE_NO},
                 {"tie_break = changed source_no\n", true, UNIT_TIE_SOURCE_NO},
                 {"tie_break = changed position\n", true, UNIT_TIE_POSITION},
                 {"tie_break = source_no\n", false, UNIT_TIE_SOURCE_NO},
                 {"tie_break = position\n", false, UNIT_TIE_POSITION}};
    fixture_unit_write();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct unit *u;
        struct status st = {0};
        char text[1024];
        arena_init(&arena, "test");
        snprintf(text, sizeof text, ID REST "%s" FIXTURE_UNIT_SYSTEMS, CASES[i].line);
        assert_true(load(text, &arena, &u, &st));
        assert_int_equal(u->tie_changed, CASES[i].changed);
        assert_int_equal(u->tie, CASES[i].tie);
        arena_release(&arena);
    }
}

/* Whose record ids a layout shares; NULL: no space, as of customers. */
static void assert_space(const struct unit *u, const char *layout, const char *space)
{
    int found = u->layout_space[unit_layout(u, layout)];
    if (!space) assert_int_equal(found, -1);
    if (space) assert_int_equal(found, unit_layout(u, space));
}

/* Which layouts share their record ids: all customers; the relation files of a system, change lists with their base. */
static void test_spaces(void **state)
{
    static const char *const LAYOUTS[][2] = {
        {"customer_a", "class = customer\nsystem = retail\n"},
        {"account_a", "class = account\nsystem = retail\n"},
        {"owners", "class = relation\nsystem = retail\n"},
        {"customer_b", "class = customer\nsystem = card\n"},
        {"agents", "class = relation\nsystem = retail\n"},
        {"card_owners", "class = relation\nsystem = card\n"},
        {"agents_change", "class = relation_change\nof = agents\nsystem = retail\n"}};
    static const char FIELDS[] =
        "encoding = utf-8\nrecord_length = 60\nline_end = lf\ncomplete = none\n[fields]\n"
        "account = 0 20 text\nsource_no = 20 12 text\nid_type = 32 2 text\nid_no = 34 20 text\n"
        "balance = 54 5 digits\n";
    static const char *const TOGETHER[] = {NULL, "account_a", "owners", NULL, "owners", "card_owners", "owners"},
                             *const APART[] = {NULL, "account_a", "owners", NULL, "agents", "card_owners", "agents"};
    struct arena arena;
    struct status st = {0};
    struct unit *u;
    arena_init(&arena, "test");
    fixture_unit_write();
    for (size_t i = 0; i < COUNT_OF(LAYOUTS); i++) {
        char path[64], text[1024];
        snprintf(path, sizeof path, "layouts/%s.ini", LAYOUTS[i][0]);
        snprintf(text, sizeof text, "[layout]\nname = %s\nfiles = %s.{date}\n%s%s%s", LAYOUTS[i][0], LAYOUTS[i][0],
                 LAYOUTS[i][1], FIELDS, i == 6 ? "action = 59 1 code values=A,D\n" : "");
        fixture_write(path, text);
    }
    if (!load(ID "layouts = customer_a account_a owners customer_b agents card_owners\nchanges = agents_change\n"
                 "formula.personal = personal\n[systems]\nretail = R\ncard = C\n",
              &arena, &u, &st))
        fail_msg("%s", st.message);
    for (size_t i = 0; i < COUNT_OF(LAYOUTS); i++) assert_space(u, LAYOUTS[i][0], TOGETHER[i]);
    assert_false(u->relations_apart);
    unit_relations_apart(u);
    assert_true(u->relations_apart);
    for (size_t i = 0; i < COUNT_OF(LAYOUTS); i++) assert_space(u, LAYOUTS[i][0], APART[i]);
    arena_release(&arena);
}

/* The units delivered with the program load as they are. */
static void test_delivered_units_load(void **state)
{
    static const struct {
        const char *folder, *id;
    } UNITS[] = {{"config/template", "11"}, {"tests/bench/config", "44"}, {"tests/carddemo/config", "01"}};
    for (size_t i = 0; i < COUNT_OF(UNITS); i++) {
        struct arena arena;
        struct unit *u;
        struct status st = {0};
        if (!os_exists(UNITS[i].folder)) skip();
        arena_init(&arena, "test");
        if (!unit_load(UNITS[i].folder, UNITS[i].id, &arena, &u, &st)) fail_msg("%s", st.message);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_unknown_unit),
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_thresholds),
        cmocka_unit_test(test_tie_rules),
        cmocka_unit_test(test_spaces),
        cmocka_unit_test(test_delivered_units_load),
    };
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
