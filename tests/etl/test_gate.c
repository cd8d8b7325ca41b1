/* Gates: limits and expected figures of a unit file with every error, judgements on the first night and against a
 * generation before, what holds, what a decision lets pass, and that a decision is bound to its figures. */
#include "etl/gate.h"
#include "tests/etl/fixture_unit.h"

/* --- [gates] and [expected] --- */

static bool load_unit(struct arena *arena, const char *section, struct unit **u, struct status *st)
{
    char text[4000];
    fixture_unit_write();
    snprintf(text, sizeof text, FIXTURE_UNIT_HEAD "[systems]\nretail = R\ncard = C\n%s", section);
    fixture_write("units/11.ini", text);
    return unit_load(test_folder, "11", arena, u, st);
}

static const struct {
    const char *section, *message, *hint;
} WRONG[] = {
    {"[gates]\nrow = 5%\n", "[gates] row: there is no such gate", "did you mean \"rows\"?"},
    {"[gates]\nrows.retail_acount = 5%\n", "[gates] rows.retail_acount: behind rows stands a layout of the unit", ""},
    {"[gates]\nselected.personal = 5%\n", "[gates] selected.personal: behind selected stands nothing", ""},
    {"[gates]\nsums.retail_account.kind = 5%\n",
     "behind sums stands LAYOUT.FIELD.CURRENCY, an amount of the layout with keep = hot", ""},
    {"[gates]\nrows = much\n", "[gates] rows: \"much\" is not a share", ""},
    {"[gates]\nsmall_sum = 1.234\n", "[gates] small_sum: an amount such as 10000.00 is needed, found \"1.234\"", ""},
    {"[gates]\nsmall_rows = few\n", "[gates] small_rows: \"few\" is not a whole number", ""},
    {"[expected]\norphans = 5\n", "[expected] orphans: there is no such gate", ""},
    {"[expected]\nrows = 5\n", "[expected] rows: behind rows stands a layout of the unit", ""},
    {"[expected]\nsums.retail_account.balance = 5\n", "behind sums stands LAYOUT.FIELD.CURRENCY", ""},
    {"[expected]\nselected = 1,000\n", "[expected] selected: a number without grouping is needed, found \"1,000\"", ""},
    {"[expected]\nselected = 1.5\n", "[expected] selected: a number without grouping is needed, found \"1.5\"", ""},
};

static void test_wrong_sections(void **state)
{
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        struct arena arena;
        struct unit *u;
        struct status st = {0};
        arena_init(&arena, "test");
        if (load_unit(&arena, WRONG[i].section, &u, &st)) fail_msg("accepted: %s", WRONG[i].section);
        assert_has(st.message, WRONG[i].message);
        assert_has(st.hint, WRONG[i].hint);
        arena_release(&arena);
    }
}

static void test_limits(void **state)
{
    static const struct {
        const char *gate;
        int64_t ppm;
    } CASES[] = {
        {"orphans.retail_account", 1000}, /* the defaults of the bank's rules */
        {"population.retail_account", 100000},
        {"customers", 100000},
        {"tiers.personal.A", 50000},
        {"rates.USD", 60000}, /* what the unit says, narrow before wide */
        {"rates.KWD", GATE_OFF},
        {"rows.retail_account", 200000},
        {"rows.retail_contact", 150000},
        {"sums.retail_account.balance.CNY", 10000},
        {"sums.retail_account.balance.USD", 20000},
        {"sums.retail_account.other.USD", 30000},
        {"sums.retail_joint.balance.USD", 100000},
        {"selected", GATE_OFF},
    };
    struct arena arena;
    struct unit *u;
    struct status st = {0};
    arena_init(&arena, "test");
    if (!load_unit(&arena,
                   "[gates]\nrows = 15%\nrows.retail_account = 20%\nsums.retail_account = 3%\n"
                   "sums.retail_account.balance = 2%\nsums.retail_account.balance.cny = 1%\nselected = off\n"
                   "rates = 6%\nrates.kwd = off\n",
                   &u, &st))
        fail_msg("%s", st.message);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) assert_int_equal(gate_limit(u->gates, CASES[i].gate), CASES[i].ppm);
    arena_release(&arena);
}

/* --- a night against the one before, without a run --- */

struct night {
    struct arena arena;
    struct unit *unit;
    struct reference reference;
    struct input_set inputs;
    struct reconcile now;
    struct status st;
};

/* totals: lines of totals.tsv of tonight and of the night before. */
static bool judge(struct night *n, const char *section, const char *tonight, const char *past)
{
    char text[4096];
    struct reconcile_line *lines;
    *n = (struct night){0};
    arena_init(&n->arena, "test");
    if (!load_unit(&n->arena, section, &n->unit, &n->st)) fail_msg("%s", n->st.message);
    snprintf(text, sizeof text, RECONCILE_TOTALS_HEAD "\n%s", past);
    fixture_write("past/totals.tsv", text);
    n->now.lines = lines = arena_array(&n->arena, struct reconcile_line, 64);
    for (const char *p = tonight; *p; p = strchr(p, '\n') + 1) {
        struct reconcile_line *l = &lines[n->now.lines_count++];
        char name[100], currency[8] = "", value[40] = "";
        assert_int_equal(sscanf(p, "060\t%99[^\t]\t%7[^\t\n]\t%39[^\n]", name, currency, value), 3);
        bool money = currency[0] != '-';
        *l = (struct reconcile_line){.name = arena_dup(&n->arena, view_of(name)),
                                     .currency = money ? arena_dup(&n->arena, view_of(currency)) : "",
                                     .records = money ? -1 : atoll(value),
                                     .has_amount = money};
        if (money) assert_true(gate_parse_figure(value, &l->amount, &l->scale));
    }
    fixture_write("gen/x", "");
    struct gate_request r = {.unit = n->unit,
                             .unit_folder = test_folder,
                             .business_date = FIXTURE_DAY,
                             .inputs = &n->inputs,
                             .reference = &n->reference,
                             .now = &n->now,
                             .previous = test_path("past"),
                             .folder = test_path("gen")};
    return gate_run(&r, &n->arena, &n->st);
}

static const struct {
    const char *name, *section, *past, *tonight; /* tonight: currency - for records */
    const char *held;                            /* part of the message, NULL: passes */
} NIGHTS[] = {
    {"the same", "", "060\tselected\t\t100\t\n", "060\tselected\t-\t100\n", NULL},
    {"exactly 5 %", "", "060\tselected\t\t100\t\n", "060\tselected\t-\t95\n", NULL},
    {"just beyond", "", "060\tselected\t\t1000\t\n", "060\tselected\t-\t949\n",
     "1 gate holds the run, nothing is committed: selected: expected 1000, found 949 (-5.1%, limit +-5%)"},
    {"one in a million beyond", "", "060\tselected\t\t1000000\t\n", "060\tselected\t-\t1050001\n",
     "selected: expected 1000000, found 1050001 (+5.0001%, limit +-5%)"},
    {"off", "[gates]\nselected = off\n", "060\tselected\t\t100\t\n", "060\tselected\t-\t1\n", NULL},
    {"not there before", "", "060\tother\t\t100\t\n", "060\tselected\t-\t1\n", NULL},
    {"nothing before, something now", "", "060\tselected\t\t0\t\n", "060\tselected\t-\t3\n",
     "selected: expected 0, found 3 (from nothing, limit +-5%)"},
    {"nothing and nothing", "", "060\tselected\t\t0\t\n", "060\tselected\t-\t0\n", NULL},
    {"gone", "", "060\tretail_account.balance.counted\tUSD\t\t100.00\n", "060\tselected\t-\t0\n",
     "sums.retail_account.balance.USD: expected 100.00, found 0.00 (-100%, limit +-10%)"},
    {"money of one currency", "",
     "060\tretail_account.balance.counted\tUSD\t\t100.00\n060\tretail_account.balance.counted\tCNY\t\t100.00\n",
     "060\tretail_account.balance.counted\tUSD\t100.00\n060\tretail_account.balance.counted\tCNY\t110.01\n",
     "1 gate holds the run, nothing is committed: sums.retail_account.balance.CNY: expected 100.00, found 110.01 "
     "(+10.01%, limit +-10%)"},
    {"a debt that grows", "", "060\tretail_account.balance.counted\tCNY\t\t-100.00\n",
     "060\tretail_account.balance.counted\tCNY\t-111.00\n", "expected -100.00, found -111.00 (-11%, limit +-10%)"},
    {"a debt that turns", "", "060\tretail_account.balance.counted\tCNY\t\t-100.00\n",
     "060\tretail_account.balance.counted\tCNY\t100.00\n", "(+200%, limit +-10%)"},
    {"small money", "[gates]\nsmall_sum = 1000.00\n", "060\tretail_account.balance.counted\tCNY\t\t-100.00\n",
     "060\tretail_account.balance.counted\tCNY\t1000.00\n", NULL},
    {"small money that became large", "[gates]\nsmall_sum = 1000.00\n",
     "060\tretail_account.balance.counted\tCNY\t\t100.00\n", "060\tretail_account.balance.counted\tCNY\t1000.01\n",
     "(+900.01%, limit +-10%)"},
    {"few rows", "[gates]\nsmall_rows = 10\n", "060\tread.retail_contact\t\t10\t\n", "060\tread.retail_contact\t-\t2\n",
     NULL},
    {"rows of a file", "", "060\tread.retail_account\t\t1000\t\n", "060\tread.retail_account\t-\t899\n",
     "rows.retail_account: expected 1000, found 899 (-10.1%, limit +-10%)"},
    {"no such file tonight", "", "060\tread.retail_account\t\t1000\t\n", "060\tselected\t-\t0\n", NULL},
    {"no exclusion list tonight", "", "060\tread.exclusion\t\t20\t\n", "060\tselected\t-\t0\n",
     "rows.exclusion: expected 20, found 0 (-100%, limit +-10%)"},
    {"rates are no unload", "", "060\tread.rates\t\t20\t\n", "060\tread.rates\t-\t2\n", NULL},
    {"population", "", "060\tretail_account.rows\t\t1000\t\n", "060\tretail_account.rows\t-\t1101\n",
     "population.retail_account: expected 1000, found 1101 (+10.1%, limit +-10%)"},
    {"customers", "", "060\tintegrated\t\t1000\t\n", "060\tintegrated\t-\t800\n",
     "customers: expected 1000, found 800 (-20%, limit +-10%)"},
    {"orphans at the limit", "", "", "060\tretail_account.rows\t-\t999\n060\tretail_account.orphans\t-\t1\n", NULL},
    {"orphans beyond", "", "", "060\tretail_account.rows\t-\t998\n060\tretail_account.orphans\t-\t1\n",
     "orphans.retail_account: expected at most 0.1%, found 1 of 999 (0.1002%, limit 0.1%)"},
    {"orphans of one layout", "[gates]\norphans = off\norphans.retail_joint = 1%\n", "",
     "060\tretail_account.rows\t-\t1\n060\tretail_account.orphans\t-\t1\n060\tretail_joint.rows\t-\t10\n"
     "060\tretail_joint.orphans\t-\t1\n",
     "1 gate holds the run, nothing is committed: orphans.retail_joint"},
    {"tiers: 5 points", "",
     "060\tselected.personal\t\t100\t\n060\ttier.personal.A\t\t10\t\n060\ttier.personal.B\t\t90\t\n",
     "060\tselected.personal\t-\t200\n060\ttier.personal.A\t-\t30\n060\ttier.personal.B\t-\t170\n", NULL},
    {"tiers: beyond", "",
     "060\tselected.personal\t\t100\t\n060\ttier.personal.A\t\t10\t\n060\ttier.personal.B\t\t90\t\n",
     "060\tselected.personal\t-\t200\n060\ttier.personal.A\t-\t31\n060\ttier.personal.B\t-\t169\n",
     "2 gates hold the run, nothing is committed: tiers.personal.A: expected 10 of 100, found 31 of 200 (+5.5 points, "
     "limit +-5 points); tiers.personal.B: expected 90 of 100, found 169 of 200 (-5.5 points, limit +-5 points)"},
};

static void test_nights(void **state)
{
    for (size_t i = 0; i < COUNT_OF(NIGHTS); i++) {
        struct night n;
        bool ok = judge(&n, NIGHTS[i].section, NIGHTS[i].tonight, NIGHTS[i].past);
        if (ok != !NIGHTS[i].held) fail_msg("%s: %s", NIGHTS[i].name, n.st.message);
        if (!ok) {
            assert_has(n.st.message, NIGHTS[i].held);
            assert_int_equal(n.st.code, STATUS_HELD);
            assert_int_equal(status_exit_code(&n.st), 12);
            assert_has(n.st.hint, "crmx gate accept all --unit 11 --date 2026-10-31 --reason TEXT --by NAME");
        }
        arena_release(&n.arena);
    }
}

static void test_rates(void **state)
{
    struct night n;
    struct gate_request r = {.unit_folder = test_folder, .business_date = FIXTURE_DAY, .folder = test_path("gen")};
    assert_true(judge(&n, "[gates]\nrates.jpy = off\n", "", ""));
    struct reference *now = &n.reference;
    now->rates = (struct rates){.count = 4, .code = {"CNY", "USD", "JPY", "KWD"}, .per_unit = {1, 1, 1, 1}};
    now->rates.rate[1] = 1050001, now->origins[1] = (struct rate_origin){.previous = 1000000, .previous_per_unit = 1};
    now->rates.rate[2] = 2000000, now->origins[2] = (struct rate_origin){.previous = 1000000, .previous_per_unit = 1};
    now->rates.rate[3] = 950000, now->origins[3] = (struct rate_origin){.previous = 1000000, .previous_per_unit = 1};
    r.unit = n.unit, r.inputs = &n.inputs, r.reference = now, r.now = &n.now, r.previous = test_path("past");
    assert_false(gate_run(&r, &n.arena, &n.st));
    assert_has(n.st.message, "1 gate holds the run, nothing is committed: rates.USD: expected 1.000000 per 1, found "
                             "1.050001 per 1 (+5.0001%, limit +-5%)");
    arena_release(&n.arena);
}

/* --- runs: the first night, a decision, other figures --- */

#define EXPECTED                                                                                                       \
    "take = copy\n[systems]\nretail = R\ncard = C\n[gates]\norphans = off\n[expected]\nrows.retail_account = 9\n"      \
    "sums.retail_account.balance.cny = 5718.45\ncustomers = 3\nselected = 2\n"

static bool decide(const char *name, struct status *st)
{
    struct arena arena;
    struct gates g;
    bool there, done = false;
    arena_init(&arena, "test");
    assert_true(gate_read(fixture_state(""), FIXTURE_DAY, &arena, &g, &there, st) && there);
    for (int i = 0; i < g.count; i++)
        if (strcmp(g.list[i].name, name) == 0 && g.list[i].verdict == GATE_HELD)
            done = gate_decide(fixture_state(""), FIXTURE_DAY, &g.list[i], "wang", "three accounts | were closed", st);
    arena_release(&arena);
    return done;
}

static void test_first_night(void **state)
{
    struct run_result result;
    struct status st;
    fixture_unit_write();
    fixture_inbox_write();
    fixture_write("units/11.ini", FIXTURE_UNIT_HEAD EXPECTED);
    assert_false(fixture_run(&result, &st));
    assert_int_equal(st.code, STATUS_HELD);
    assert_has(st.message, "1 gate holds the run, nothing is committed: rows.retail_account: expected 9, found 6 "
                           "(-33.3334%, limit +-10%)");
    assert_false(os_exists(fixture_state("CURRENT")));
    /* The same command is held again: a new attempt, the same judgement. */
    assert_false(fixture_run(&result, &st));
    assert_int_equal(st.code, STATUS_HELD);
    assert_true(decide("rows.retail_account", &st));
    /* Other figures: the decision does not count any more. */
    struct buf b;
    buf_init(&b, 65536);
    fixture_account(&b, "A0000001", "000001", "CNY", 'D', 571845);
    fixture_account(&b, "A0000002", "000003", "CNY", 'D', 0);
    fixture_account(&b, "A0000003", "000004", "CNY", 'D', 500000);
    fixture_write("inbox/RA", b.bytes);
    assert_false(fixture_run(&result, &st));
    assert_int_equal(st.code, STATUS_HELD);
    assert_has(st.message, "rows.retail_account: expected 9, found 3");
    assert_has(st.message, "sums.retail_account.balance.CNY: expected 5718.45, found 10718.45 (+87.4");
    buf_release(&b);
    /* The first files again: the decision counts again. */
    fixture_inbox_write();
    if (!fixture_run(&result, &st)) fail_msg("%s", st.message);
    char path[200];
    snprintf(path, sizeof path, "gen/%s/gates.tsv", result.generation);
    const char *gates = test_read(fixture_state(path));
    assert_has(gates, "rows.retail_account\t9\t6\t-33.3334%\t+-10%\taccepted\twang\t20");
    assert_has(gates, "Z\tthree accounts | were closed\n");
    assert_has(gates, "sums.retail_account.balance.CNY\t5718.45\t5718.45\t0%\t+-10%\tpassed\t\t\t\n");
    assert_has(gates, "customers\t3\t3\t0%\t+-10%\tpassed\t\t\t\n");
}

static void test_rejects(void **state)
{
    struct run_result result;
    struct status st;
    fixture_unit_write();
    fixture_inbox_write();
    fixture_write("layouts/retail_account.ini",
                  "[layout]\nname = retail_account\nclass = account\nsystem = retail\nfiles = RA\n"
                  "record_length = 50\nreject_limit = 0\n" FIXTURE_ACCOUNT_FIELDS);
    assert_false(fixture_run(&result, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_has(st.message, "reject limit passed for layout retail_account: 1 of 6 records rejected");
    assert_has(st.hint, "crmx gate accept rejects.retail_account");
    assert_true(decide("rejects.retail_account", &st));
    if (!fixture_run(&result, &st)) fail_msg("%s", st.message);
    char path[200];
    snprintf(path, sizeof path, "gen/%s/gates.tsv", result.generation);
    assert_has(test_read(fixture_state(path)), "rejects.retail_account\tat most 0%\t1 of 6\t16.6667%\t0%\taccepted\t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_sections), cmocka_unit_test(test_limits),      cmocka_unit_test(test_nights),
        cmocka_unit_test(test_rates),          cmocka_unit_test(test_first_night), cmocka_unit_test(test_rejects),
    };
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
