/* The source-side filter: every comparison, every error of a condition, and a run: records and money are counted
 * apart, nothing reaches the reject file, nothing of it is delivered, and the tie-out balances. */
#include "etl/filter.h"
#include "tests/etl/fixture_unit.h"

/* --- conditions on one record --- */

#define FIELDS                                                                                                         \
    "source_no = 0 6 text\ncurrency = 6 3 currency\nkind = 9 1 code values=D,F,_\n"                                    \
    "balance = 10 10 amount\nterm = 20 3 digits\nmaturity = 23 8 date zero=none\nsecret = 31 4 text data=C3\n"
#define RECORD "ABC   CNYD+00500000001220261031XXXX     "

static const struct {
    const char *condition;
    bool meets;
} MEETS[] = {
    {"balance < 5000000.00", true},
    {"balance < 50000.00", false}, /* exactly at the bar */
    {"balance <= 50000", true},
    {"balance < 50000.01", true},
    {"balance > 49999.99", true},
    {"balance>=50000.0", true},
    {"balance = 50000", true},
    {"balance <> 50000", false},
    {"balance > -1", true},
    {"term >= 12", true},
    {"term < 12", false},
    {"currency = CNY", true},
    {"currency <> CNY", false},
    {"currency = USD", false},
    {"kind = D", true},
    {"kind <> F", true},
    {"kind = _", false},
    {"source_no = ABC", true},
    {"source_no = AB", false},
    {"source_no <> _", true},
    {"maturity = 2026-10-31", true},
    {"maturity < 20261031", false},
    {"maturity > 2026-10-30", true},
    {"balance < 60000 and currency = CNY and kind = D", true},
    {"balance < 60000 and currency = USD", false},
    {"currency = USD and balance < 60000", false},
};

static const struct {
    const char *condition, *message;
} WRONG[] = {
    {"", "a comparison is FIELD OPERATOR VALUE, found \"  \""},
    {"balance", "a comparison is FIELD OPERATOR VALUE, found \"balance  \""},
    {"balance <", "a comparison is FIELD OPERATOR VALUE, found \"balance < \""},
    {"balance < 1 and", "a comparison is FIELD OPERATOR VALUE, found \"  \""},
    {"balance < 1 or term = 1", "\"or\" instead of \"and\" or the end"},
    {"balanc < 1", "layout x has no field \"balanc\""},
    {"balance == 1", "\"==\" is none of < <= > >= = <>"},
    {"balance < 1.234", "\"1.234\" is no number with at most 2 decimals, as field balance has"},
    {"balance < 1.", "\"1.\" is no number with at most 2 decimals, as field balance has"},
    {"balance < abc", "\"abc\" is no number with at most 2 decimals, as field balance has"},
    {"balance < 99999999999999999999",
     "\"99999999999999999999\" is no number with at most 2 decimals, as field balance"},
    {"term < 1.5", "\"1.5\" is no number with at most 0 decimals, as field term has"},
    {"maturity < 2026-02-30", "\"2026-02-30\" is no day such as 2026-01-31, as field maturity needs"},
    {"kind = X", "field kind never has the code \"X\""},
    {"kind < F", "field kind is code: only = and <> compare it"},
    {"source_no > A", "field source_no is text: only = and <> compare it"},
    {"currency = YUAN", "\"YUAN\" is no currency of three letters"},
    {"secret = XXXX", "field secret is of class C3, which is never read"},
};

static void test_conditions(void **state)
{
    struct arena arena;
    struct fixture_record room;
    arena_init(&arena, "test");
    const struct layout *l = fixture_layout(&arena, "class = contact\nsystem = retail\nrecord_length = 40", FIELDS);
    struct decoder *d = decoder_new(
        &(struct decode_options){.layout = l, .rates = fixture_rates(), .business_date = FIXTURE_DAY}, &arena);
    const unsigned char *record = fixture_record(&room, RECORD, strlen(RECORD));
    for (size_t i = 0; i < COUNT_OF(MEETS); i++) {
        struct status st = {0};
        struct filter *f = filter_parse(l, MEETS[i].condition, &arena, &st);
        if (!f) fail_msg("%s: %s", MEETS[i].condition, st.message);
        if (filter_meets(f, d, record) != MEETS[i].meets) fail_msg("%s", MEETS[i].condition);
    }
    /* No maturity is neither before nor after any day. */
    static const char NO_DATE[] = "ABC   CNYD+00500000001200000000XXXX     ";
    record = fixture_record(&room, NO_DATE, strlen(NO_DATE));
    struct status st = {0};
    assert_false(filter_meets(filter_parse(l, "maturity < 2099-01-01", &arena, &st), d, record));
    assert_false(filter_meets(filter_parse(l, "maturity > 1900-01-01", &arena, &st), d, record));
    arena_release(&arena);
}

static void test_wrong_conditions(void **state)
{
    struct arena arena;
    arena_init(&arena, "test");
    const struct layout *l = fixture_layout(&arena, "class = contact\nsystem = retail\nrecord_length = 40", FIELDS);
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        struct status st = {0};
        if (filter_parse(l, WRONG[i].condition, &arena, &st)) fail_msg("accepted: %s", WRONG[i].condition);
        assert_has(st.message, WRONG[i].message);
        assert_int_equal(st.code, STATUS_USAGE);
    }
    arena_release(&arena);
}

/* --- in the unit file --- */

static const struct {
    const char *name, *section, *message, *hint;
} UNITS[] = {
    {"neither layout nor system", "[filter]\nretial = balance < 1\n",
     "[filter] retial: there is neither a layout nor a system of that name in this unit",
     "a layout: crmx leaves records out; a system: a note of what the sender leaves out"},
    {"wrong condition", "[filter]\nretail_account = balance ~ 1\n",
     "[filter] retail_account: \"~\" is none of < <= > >= = <>", NULL},
    {"rates", "[filter]\nrates = rate < 1\n", "[filter] rates: a file of class rate is always read whole", NULL},
};

static void test_unit_errors(void **state)
{
    for (size_t i = 0; i < COUNT_OF(UNITS); i++) {
        char text[2000];
        struct arena arena;
        struct unit *u;
        struct status st = {0};
        arena_init(&arena, "test");
        fixture_unit_write();
        snprintf(text, sizeof text, "%s%s%s", FIXTURE_UNIT_HEAD, FIXTURE_UNIT_SYSTEMS, UNITS[i].section);
        fixture_write("units/11.ini", text);
        if (unit_load(test_folder, "11", &arena, &u, &st)) fail_msg("accepted: %s", UNITS[i].name);
        assert_has(st.message, UNITS[i].message);
        if (UNITS[i].hint) assert_string_equal(st.hint, UNITS[i].hint);
        arena_release(&arena);
    }
}

/* --- a run --- */

static void run_with(const char *section, struct run_result *result)
{
    char text[2000];
    struct status st;
    fixture_unit_write();
    fixture_inbox_write();
    snprintf(text, sizeof text, "%s%s%s", FIXTURE_UNIT_HEAD, FIXTURE_UNIT_SYSTEMS, section);
    fixture_write("units/11.ini", text);
    if (!fixture_run(result, &st)) fail_msg("%s: %s", section, st.message);
}

static void test_accounts(void **state)
{
    struct run_result result;
    /* A0000001 600.00, A0000003 -5.00 and the orphan A0000005 123.45 meet it; A0000002 has USD 100.00; A0000006 in EUR
     * is rejected before it is asked. */
    run_with("[filter]\nretail_account = balance < 1000.00 and currency = CNY\nretail = balance < 1 (at the sender)\n",
             &result);
    const char *totals = test_read(fixture_state("gen/2026-10-31.001.1/totals.tsv"));
    assert_has(totals,
               "020\tRA.read\t\t6\t\n020\tRA.accepted\t\t2\t\n020\tRA.rejected\t\t1\t\n020\tRA.filtered\t\t3\t\n");
    assert_has(totals, "020\tretail_account.balance.filtered\tCNY\t\t718.45\n");
    assert_has(totals, "020\tretail_account.balance.accepted\tCNY\t\t5000.00\n");
    assert_has(totals, "030\tretail_account.orphans\t\t0\t\n");
    const char *tieout = test_read(fixture_state("gen/2026-10-31.001.1/tieout.tsv"));
    assert_has(tieout, "RA: read = accepted + rejected + filtered + header and trailer\t\t6\t6\tyes\n");
    assert_has(tieout, "retail_account.balance: valid = accepted + filtered\tCNY\t5718.45\t5718.45\tyes\n");
    assert_has(tieout, "retail_account.balance: valid = accepted + filtered\tUSD\t100.00\t100.00\tyes\n");
    assert_null(strstr(tieout, "\tNO\n"));
    const char *rejects = test_read(fixture_state("gen/2026-10-31.001.1/rejects.tsv"));
    assert_null(strstr(rejects, "A0000001"));
    assert_int_equal(result.rejected, 1);
    const char *out = test_read(fixture_state("gen/2026-10-31.001.1/out/CRMDEP"));
    assert_null(strstr(out, "A0000001"));
    /* What a committed generation says of its inputs holds the count, too. */
    struct generation *g;
    struct status st = {0};
    assert_true(generation_open(fixture_state(""), NULL, &g, &st));
    for (int i = 0; i < g->inputs.files_count; i++)
        assert_int_equal(g->inputs.files[i].filtered, strcmp(g->inputs.files[i].name, "RA") == 0 ? 3 : 0);
    assert_string_equal(g->unit->systems[0].filter, "balance < 1 (at the sender)");
    generation_close(g);
}

/* Filtered customers: their accounts become orphans, contacts too; the tie-out balances all the same. */
static void test_customers(void **state)
{
    struct run_result result;
    run_with("[filter]\nretail_customer = customer_type = C\n", &result);
    assert_int_equal(result.customers, 2);
    const char *totals = test_read(fixture_state("gen/2026-10-31.001.1/totals.tsv"));
    assert_has(totals, "020\tRC1.filtered\t\t1\t\n");
    assert_has(totals, "030\tretail_account.orphans\t\t2\t\n");
    assert_null(strstr(test_read(fixture_state("gen/2026-10-31.001.1/tieout.tsv")), "\tNO\n"));
}

/* A filter that nothing meets changes no byte of the output files; one that everything meets leaves none. */
static void test_none_and_all(void **state)
{
    struct run_result result;
    run_with("", &result);
    char *plain = strdup(test_read(fixture_state("gen/2026-10-31.001.1/out/CRMDEP")));
    run_with("[filter]\nretail_account = balance > 99999999.00\n", &result);
    assert_string_equal(test_read(fixture_state("gen/2026-10-31.001.1/out/CRMDEP")), plain);
    free(plain);
    run_with("[filter]\nretail_account = account <> _\n", &result);
    assert_string_equal(test_read(fixture_state("gen/2026-10-31.001.1/out/CRMDEP")), "");
    assert_int_equal(result.selected, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions), cmocka_unit_test(test_wrong_conditions), cmocka_unit_test(test_unit_errors),
        cmocka_unit_test(test_accounts),   cmocka_unit_test(test_customers),        cmocka_unit_test(test_none_and_all),
    };
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
