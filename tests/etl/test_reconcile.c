/* The tie-out: what senders say against what was read, every sentence of it; totals of a small unit counted by hand;
 * joint owners; double accounts; what does not balance. */
#include "etl/reconcile.h"
#include "tests/etl/fixture_unit.h"

#include <limits.h>

/* --- header, trailer, control file --- */

#define MARKED                                                                                                         \
    "[layout]\nname = retail_account\nclass = account\nsystem = retail\nfiles = RA\nrecord_length = 50\nreject_limit " \
    "= 50%\n" FIXTURE_ACCOUNT_FIELDS "[header]\nmatch = 0 HDR\ndate = 3 8\nunit = 11 2\n[trailer]\nmatch = 0 "         \
    "TRL\nrecords = 3 10\nsum.balance = 13 18\n"
#define ROWS                                                                                                           \
    "A0000001000001CNYD+000000006000000000000          \n"                                                             \
    "A0000002000003CNYD-000000000050000000000          \n"
#define AGAIN "have the file sent again to the inbox; then the same command"
#define CUT "the file is cut short or of another kind: have it sent again to the inbox; then the same command"

static const struct {
    const char *name, *content, *message, *hint; /* message NULL: fine */
} MARKS[] = {
    {"right", "HDR2026103111\n" ROWS "TRL0000000002+00000000000059500\n", NULL, NULL},
    {"sum without a sign", "HDR2026103111\n" ROWS "TRL0000000002000000000000059500\n", NULL, NULL},
    {"another day", "HDR2026103011\n" ROWS "TRL0000000002+00000000000059500\n",
     "\"RA\": its header says the date is 20261030, found 20261031; nothing is committed", AGAIN},
    {"another unit", "HDR2026103112\n" ROWS "TRL0000000002+00000000000059500\n",
     "\"RA\": its header says the unit is 12, found 11; nothing is committed", AGAIN},
    {"one record less", "HDR2026103111\n" ROWS "TRL0000000003+00000000000059500\n",
     "\"RA\": its trailer says the number of data records is 0000000003, found 2; nothing is committed", AGAIN},
    {"a count that is no number", "HDR2026103111\n" ROWS "TRL00000000 2+00000000000059500\n",
     "\"RA\": its trailer says the number of data records is 00000000 2, found 2; nothing is committed", AGAIN},
    {"a cent missing", "HDR2026103111\n" ROWS "TRL0000000002+00000000000059501\n",
     "\"RA\": its trailer says the control sum is +00000000000059501, found 595.00; nothing is committed", AGAIN},
    {"the sign of the sum", "HDR2026103111\n" ROWS "TRL0000000002-00000000000059500\n",
     "\"RA\": its trailer says the control sum is -00000000000059500, found 595.00; nothing is committed", AGAIN},
    {"no header", ROWS "TRL0000000002+00000000000059500\n",
     "\"RA\" has no header record (a record with \"HDR\" at offset 0); nothing is committed", CUT},
    {"no trailer", "HDR2026103111\n" ROWS,
     "\"RA\" has no trailer record (a record with \"TRL\" at offset 0); nothing is committed", CUT},
    {"cut in the middle of the trailer", "HDR2026103111\n" ROWS "TRL00000",
     "\"RA\": its trailer says the number of data records is 00000     , found 2; nothing is committed", AGAIN},
    {"empty file", "", "\"RA\" has no header record (a record with \"HDR\" at offset 0); nothing is committed", CUT},
};

static void test_marks(void **state)
{
    for (size_t i = 0; i < COUNT_OF(MARKS); i++) {
        struct run_result result;
        struct status st;
        fixture_unit_write();
        fixture_inbox_write();
        fixture_write("layouts/retail_account.ini", MARKED);
        fixture_write("inbox/RA", MARKS[i].content);
        bool ok = fixture_run(&result, &st);
        if (ok != !MARKS[i].message) fail_msg("%s: %s", MARKS[i].name, st.message);
        assert_int_equal(os_exists(fixture_state("CURRENT")), ok);
        if (ok) continue;
        assert_string_equal(st.message, MARKS[i].message);
        assert_string_equal(st.hint, MARKS[i].hint);
        assert_int_equal(st.code, STATUS_INPUT);
        /* The repaired file, sent again, and the same command. */
        fixture_write("inbox/RA", MARKS[0].content);
        if (!fixture_run(&result, &st)) fail_msg("%s, repaired: %s", MARKS[i].name, st.message);
        assert_string_equal(result.generation, "2026-10-31.001.2");
    }
}

static void test_control_file(void **state)
{
    static const struct {
        const char *ctl, *message;
    } CASES[] = {
        {"records=2\n", NULL},
        {"bytes=102\nrecords=2\n", NULL},
        {"records=3\n", "\"RA\": its control file says the number of records is 3, found 2; nothing is committed"},
        {"records=many\n", "\"RA\": its control file says the number of records is 0, found 2; nothing is committed"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct run_result result;
        struct status st;
        fixture_unit_write();
        fixture_inbox_write();
        fixture_write(
            "layouts/retail_account.ini",
            "[layout]\nname = retail_account\nclass = account\nsystem = retail\nfiles = RA\nrecord_length = 50\n"
            "complete = ctl\nreject_limit = 50%\n" FIXTURE_ACCOUNT_FIELDS);
        fixture_write("inbox/RA", ROWS);
        fixture_write("inbox/RA.ctl", CASES[i].ctl);
        bool ok = fixture_run(&result, &st);
        if (ok != !CASES[i].message) fail_msg("%s: %s", CASES[i].ctl, st.message);
        if (!ok) assert_string_equal(st.message, CASES[i].message);
    }
}

/* Stopped after the arrival; somebody tidies up in the attempt's folder; the same command says what is gone. */
static void test_lost_control_file(void **state)
{
    struct run_result result;
    struct status st;
    char message[512];
    fixture_unit_write();
    fixture_inbox_write();
    fixture_write("layouts/retail_account.ini",
                  "[layout]\nname = retail_account\nclass = account\nsystem = retail\nfiles = RA\nrecord_length = 50\n"
                  "complete = ctl\nreject_limit = 50%\n" FIXTURE_ACCOUNT_FIELDS);
    fixture_write("inbox/RA", ROWS);
    fixture_write("inbox/RA.ctl", "records=2\n");
    assert_false(fixture_run_with(&(struct run_request){.until_step = 10}, &result, &st));
    assert_int_equal(st.code, STATUS_STOPPED);
    const char *taken = fixture_state("run/2026-10-31.001.1/in/RA.ctl");
    assert_int_equal(unlink(taken), 0);
    snprintf(message, sizeof message, "\"RA\" has lost its control file \"%s\"; nothing is committed", taken);
    assert_false(fixture_run(&result, &st));
    assert_string_equal(st.message, message);
    assert_string_equal(st.hint, "have the file and its control file sent again to the inbox; then the same command");
    fixture_write("inbox/RA", ROWS);
    fixture_write("inbox/RA.ctl", "records=2\n");
    if (!fixture_run(&result, &st)) fail_msg("%s", st.message);
}

/* --- totals --- */

/* The line "step name currency" of totals.tsv as "records amount"; NULL when there is none. */
static const char *total(const char *generation, const char *key)
{
    static char text[128];
    char path[256], wanted[128];
    snprintf(path, sizeof path, "gen/%s/totals.tsv", generation);
    snprintf(wanted, sizeof wanted, "\n%s\t", key);
    const char *all = test_read(fixture_state(path)), *at = strstr(all, wanted);
    if (!at) return NULL;
    at += strlen(wanted);
    snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "\n"), at);
    return text;
}

static void expect_totals(const char *generation, const char *const (*lines)[2], size_t count)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        const char *found = total(generation, lines[i][0]);
        if (found ? !lines[i][1] || strcmp(found, lines[i][1]) != 0 : lines[i][1] != NULL) {
            print_error("%s: \"%s\", expected \"%s\"\n", lines[i][0], found ? found : "(none)",
                        lines[i][1] ? lines[i][1] : "(none)");
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void test_totals(void **state)
{
    static const char *const LINES[][2] = {
        {"020\tRC1.read\t", "4\t"},
        {"020\tRC1.accepted\t", "4\t"},
        {"020\tRA.read\t", "6\t"},
        {"020\tRA.accepted\t", "5\t"},
        {"020\tRA.rejected\t", "1\t"},
        {"030\tcustomer_records.accepted\t", "6\t"},
        {"030\tcustomer_records.superseded\t", "0\t"},
        {"030\tintegrated\t", "3\t"}, /* two people and a company */
        {"030\tretail_account.orphans\t", "1\t"},
        {"040\tretail_account.rows\t", "4\t"},
        {"020\tretail_account.balance.accepted\tCNY", "\t5718.45"},
        {"040\tretail_account.balance.counted\tCNY", "\t5595.00"},
        {"030\tretail_account.balance.orphans\tCNY", "\t123.45"},
        {"040\tretail_account.balance.counted\tUSD", "\t100.00"},
        {"050\tscored.personal\t", "2\t"},
        {"050\tscored.corporate\t", "1\t"},
        {"040\tmeasure.personal.deposits\t", "\t1305.15"}, /* 600 + 710.15 - 5 */
        {"050\tscore.all.personal\t", "\t1305.15"},
        {"060\tselected.personal\t", "1\t"},
        {"060\tselected.corporate\t", "1\t"}, /* exactly the threshold of 5,000 */
        {"060\tselected\t", "2\t"},
        {"080\trows.CRMCUST\t", "2\t"},
        {"080\trows.CRMDEP\t", "3\t"},
        {"080\trows.CRMCONT\t", "2\t"},
    };
    struct run_result result;
    struct status st;
    fixture_unit_write();
    fixture_inbox_write();
    if (!fixture_run(&result, &st)) fail_msg("%s", st.message);
    expect_totals(result.generation, LINES, COUNT_OF(LINES));
    assert_int_equal(result.customers, 3);
    assert_int_equal(result.selected, 2);
    assert_int_equal(result.records, 14);
    assert_int_equal(result.rejected, 1);
    /* The tie-out names what it compares, and every line balances. */
    const char *tieout = test_read(fixture_state("gen/2026-10-31.001.1/tieout.tsv"));
    assert_has(tieout, "RA: read = accepted + rejected + header and trailer\t\t6\t6\tyes\n");
    assert_has(tieout,
               "retail_account.balance: accepted = counted + orphans + duplicates\tCNY\t5718.45\t5718.45\tyes\n");
    assert_null(strstr(tieout, "\tNO\n"));
}

/* --- joint owners: every cent once --- */

static const struct {
    const char *name, *relations; /* account 8, owner 6, role 1, share 5 */
    long long cents;
    const char *scores[3]; /* of owners 000001, 000003, 000004 in fen */
    const char *orphans;
} JOINT[] = {
    {"one owner", "J0000001000001O10000\n", 100, {"100", "0", "0"}, NULL},
    {"one owner, blank share", "J0000001000001O     \n", 100, {"100", "0", "0"}, NULL},
    {"halves of an odd number: the rest to the first",
     "J0000001000001O05000\nJ0000001000003O05000\n",
     101,
     {"51", "50", "0"},
     NULL},
    {"thirds", "J0000001000001O03334\nJ0000001000003O03333\nJ0000001000004O03333\n", 100, {"34", "33", "33"}, NULL},
    {"thirds of a debt",
     "J0000001000001O03334\nJ0000001000003O03333\nJ0000001000004O03333\n",
     -100,
     {"-34", "-33", "-33"},
     NULL},
    {"blank: what the others leave", "J0000001000001O     \nJ0000001000003O03333\n", 100, {"67", "33", "0"}, NULL},
    {"blank, though listed second", "J0000001000001O03333\nJ0000001000003O     \n", 100, {"33", "67", "0"}, NULL},
    {"blank, listed last of three",
     "J0000001000001O02500\nJ0000001000003O02500\nJ0000001000004O     \n",
     99,
     {"24", "24", "51"},
     NULL},
    {"an agent owns nothing", "J0000001000001A     \nJ0000001000003O10000\n", 100, {"0", "100", "0"}, NULL},
    {"a guardian with a share owns nothing",
     "J0000001000001G05000\nJ0000001000003O     \n",
     100,
     {"0", "100", "0"},
     NULL},
    {"only an agent: nobody owns it", "J0000001000001A     \n", 100, {"0", "0", "0"}, "1.00"},
    {"no relation: nobody owns it", "J0000009000001O     \n", 100, {"0", "0", "0"}, "1.00"},
    {"an owner nobody knows takes his half with him",
     "J0000001000001O05000\nJ0000001000099O05000\n",
     100,
     {"50", "0", "0"},
     "0.50"},
    {"joint owner J", "J0000001000001O     \nJ0000001000003J04000\n", 100, {"60", "40", "0"}, NULL},
    {"the largest amount",
     "J0000001000001O03334\nJ0000001000003O03333\nJ0000001000004O03333\n",
     9999999999999,
     {"3334000000001", "3332999999999", "3332999999999"},
     NULL},
};

static void test_joint_owners(void **state)
{
    int wrong = 0;
    for (size_t i = 0; i < COUNT_OF(JOINT); i++) {
        struct run_result result;
        struct status st;
        char text[128];
        fixture_unit_write();
        fixture_inbox_write();
        /* Everybody is selected, so that the customer file shows every score. */
        fixture_write("outputs/crm_customer.ini",
                      "[output]\nname = crm_customer\nfile = CRMCUST\nrows = customer\nscope = all\n[fields]\nmark = 1 "
                      "text const.=\nsource_no = 6 raw field.source_no\nscore = 15 amount score\n");
        snprintf(text, sizeof text, "J0000001CNY%c%013lld     \n", JOINT[i].cents < 0 ? '-' : '+',
                 JOINT[i].cents < 0 ? -JOINT[i].cents : JOINT[i].cents);
        fixture_write("inbox/RA", "A0000009000001CNYD+000000000000000000000          \n");
        fixture_write("inbox/RJ", text);
        fixture_write("inbox/RR", JOINT[i].relations);
        if (!fixture_run(&result, &st)) fail_msg("%s: %s", JOINT[i].name, st.message);
        const char *out = test_read(fixture_state("gen/2026-10-31.001.1/out/CRMCUST"));
        static const char *const OWNERS[] = {"=000001", "=000003", "=000004"};
        for (int k = 0; k < 3; k++) {
            const char *at = strstr(out, OWNERS[k]);
            if (!at && k == 0) at = strstr(out, "=000002"); /* the later of the two records of one person is primary */
            assert_non_null(at);
            long long score = strtoll(at + 7, NULL, 10);
            if (score != strtoll(JOINT[i].scores[k], NULL, 10))
                print_error("%s: owner %s has %lld, expected %s\n", JOINT[i].name, OWNERS[k], score,
                            JOINT[i].scores[k]),
                    wrong++;
        }
        const char *orphans = total(result.generation, "030\tretail_joint.balance.orphans\tCNY");
        if (orphans ? !JOINT[i].orphans || strcmp(orphans + 1, JOINT[i].orphans) != 0 : JOINT[i].orphans != NULL)
            print_error("%s: orphans %s\n", JOINT[i].name, orphans ? orphans : "none"), wrong++;
    }
    assert_int_equal(wrong, 0);
}

/* --- double accounts and customers --- */

static void test_doubles(void **state)
{
    static const char *const LINES[][2] = {
        {"030\tretail_account.duplicates\t", "1\t"}, /* the same record again */
        {"030\tretail_account.superseded\t", "1\t"}, /* the same account with another balance: the last one counts */
        {"040\tretail_account.rows\t", "3\t"},
        {"020\tretail_account.balance.accepted\tCNY", "\t610.00"},
        {"030\tretail_account.balance.duplicates\tCNY", "\t300.00"},
        {"040\tretail_account.balance.counted\tCNY", "\t310.00"},
        {"040\tretail_account.balance.counted\tUSD", "\t100.00"}, /* another currency is another account */
        {"030\tcustomer_records.superseded\t", "1\t"},
        {"030\tintegrated\t", "2\t"},
    };
    struct run_result result;
    struct status st;
    struct buf b;
    buf_init(&b, 65536);
    fixture_unit_write();
    fixture_inbox_write();
    fixture_customer(&b, "000001", 'P', "01", "11010519491231002X", "王伟", "19491231", "20200101");
    fixture_customer(&b, "000001", 'P', "01", "11010519491231002X", "王伟", "19491231",
                     "20190101"); /* an older state: superseded */
    fixture_customer(&b, "000003", 'P', "01", "440308199901011234", "李娜", "19990101", "20200101");
    fixture_write("inbox/RC1", b.bytes);
    fixture_write("inbox/CC.11.20261031", "");
    buf_clear(&b);
    fixture_account(&b, "A0000001", "000001", "CNY", 'D', 10000);
    fixture_account(&b, "A0000002", "000001", "CNY", 'D', 20000);
    fixture_account(&b, "A0000001", "000001", "CNY", 'D', 10000);
    fixture_account(&b, "A0000002", "000001", "CNY", 'D', 21000);
    fixture_account(&b, "A0000001", "000001", "USD", 'D', 10000);
    fixture_write("inbox/RA", b.bytes);
    if (!fixture_run(&result, &st)) fail_msg("%s", st.message);
    expect_totals(result.generation, LINES, COUNT_OF(LINES));
    buf_release(&b);
}

/* --- decimals --- */

static void test_decimals(void **state)
{
    static const struct {
        __int128 value;
        int scale;
        const char *text;
    } CASES[] = {
        {0, 0, "0"},
        {0, 2, "0.00"},
        {5, 2, "0.05"},
        {-5, 2, "-0.05"},
        {100, 2, "1.00"},
        {-100, 2, "-1.00"},
        {12345, 0, "12345"},
        {7, 6, "0.000007"},
        {INT64_MAX, 2, "92233720368547758.07"},
        {INT64_MIN, 0, "-9223372036854775808"},
        {(__int128)1 << 126, 2, "850705917302346158658436518579420528.64"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char text[48];
        assert_string_equal(reconcile_decimal(CASES[i].value, CASES[i].scale, text), CASES[i].text);
    }
}

/* What does not balance is not committed: the equations are counted again with one number changed. */
static void test_unbalanced(void **state)
{
    struct arena arena;
    struct input_set inputs;
    struct import im = {.inputs = &inputs};
    struct unit unit = {.id = "11"};
    struct rates rates = *fixture_rates();
    struct tables tables = {.count = 0};
    struct reference reference = {0};
    struct scorecards cards = {0};
    struct populate_total total = {.members = 5, .customers = {3, 1}};
    struct rank_word rank = {.bits = 15};
    struct apply apply = {0};
    struct integrate in = {
        .apply = &apply, .im = &im, .reference = &reference, .records_max = 64, .ranks = &rank, .customers = 4};
    struct populate p = {.in = &in, .cards = &cards, .total = &total};
    struct reconcile r;
    struct status st = {0};
    arena_init(&arena, "test");
    input_set_init(&inputs, &arena);
    im.arena = &arena;
    im.unit = &unit;
    im.tables = &tables;
    im.rates = &rates;
    inputs.files[0] = (struct input_file){.name = "RC1", .lines = 7, .accepted = 5, .rejected = 2};
    inputs.files_count = inputs.customer_files = 1;
    assert_true(reconcile_run(&p, NULL, &r, &st));
    assert_int_equal(r.unbalanced, 0);
    total.members = 4;
    assert_false(reconcile_run(&p, NULL, &r, &st));
    assert_int_equal(st.code, STATUS_CONSERVATION);
    assert_string_equal(st.message, "the tie-out does not balance: customer records: accepted = in the population + "
                                    "superseded: 5 against 4 (1 of 4 lines do not balance); "
                                    "nothing was committed");
    assert_string_equal(st.hint,
                        "this is a fault of the program or of the machine: keep the run folder and report the line");
    status_clear(&st);
    total.members = 5;
    rank.bits = 7;
    inputs.files[0].rejected = 1;
    assert_false(reconcile_run(&p, NULL, &r, &st));
    assert_has(st.message,
               "RC1: read = accepted + rejected + header and trailer: 7 against 6 (2 of 4 lines do not balance)");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_unbalanced),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_control_file),
        cmocka_unit_test(test_lost_control_file),
        cmocka_unit_test(test_joint_owners),
    };
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
