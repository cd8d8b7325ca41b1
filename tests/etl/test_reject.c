/* rejects.tsv and notes.tsv: what stands in them, to the byte. */
#include "etl/reject.h"
#include "tests/etl/fixture_unit.h"

static void run(void)
{
    struct run_result result;
    struct status st;
    if (!fixture_run(&result, &st)) fail_msg("%s", st.message);
}

#define COLUMNS "file\tline\toffset\tlength\treason\tfield\traw\n"

static const struct {
    const char *name, *content, *rejects; /* of RA, after the column names */
} REJECTS[] = {
    {"none", "A0000001000001CNYD+000000006000000000000          \n", ""},
    {"one of each kind",
     "        000001CNYD+000000006000000000000          \n"
     "A0000002      CNYD+000000006000000000000          \n"
     "A0000003000001EURD+000000006000000000000          \n"
     "A0000004000001CNYX+000000006000000000000          \n"
     "A0000005000001CNYD+00000000600O000000000          \n"
     "A0000006000001CNYF+000000006000000000000          \n"
     "A0000007000001CNYD+000000006000020261031          \n"
     "A0000008\n"
     "A0000001000001CNYD+0000000060000000000001234567890\n"
     "A0000001000001CNYD+000000006000000000000          \n"
     "A0000001000001CNYD+000000006000000000000          \n"
     "A0000001000001CNYD+000000006000000000000          \n"
     "A0000001000001CNYD+000000006000000000000          \n"
     "A0000001000001CNYD+000000006000000000000          \n"
     "A0000001000001CNYD+000000006000000000000          \n"
     "A0000001000001CNYD+000000006000000000000          \n",
     "RA\t1\t0\t50\tACCT\taccount\t        000001CNYD+000000006000000000000          \n"
     "RA\t2\t51\t50\tSRC\tsource_no\tA0000002      CNYD+000000006000000000000          \n"
     "RA\t3\t102\t50\tCUR\tcurrency\tA0000003000001EURD+000000006000000000000          \n"
     "RA\t4\t153\t50\tKIND\tkind\tA0000004000001CNYX+000000006000000000000          \n"
     "RA\t5\t204\t50\tBAL\tbalance\tA0000005000001CNYD+00000000600O000000000          \n"
     "RA\t6\t255\t50\tMAT\tmaturity\tA0000006000001CNYF+000000006000000000000          \n"
     "RA\t7\t306\t50\tMAT\tmaturity\tA0000007000001CNYD+000000006000020261031          \n"
     "RA\t8\t357\t8\tLEN\t\tA0000008\n"},
    {"control bytes are shown, never written",
     "A\t000001\r\x01\x7f\\\n"
     "A0000001000001CNYD+000000006000000000000          \n"
     "\n"
     "A0000001000001CNYD+000000006000000000000          \n",
     "RA\t1\t0\t12\tLEN\t\tA\\x09000001\\x0d\\x01\\x7f\\x5c\n"
     "RA\t3\t64\t0\tLEN\t\t\n"},
    {"characters of other alphabets stay",
     "账户\xff\n"
     "A0000001000001CNYD+000000006000000000000          \n",
     "RA\t1\t0\t7\tLEN\t\t账户\xff\n"},
};

static void test_rejects(void **state)
{
    for (size_t i = 0; i < COUNT_OF(REJECTS); i++) {
        char expected[4096];
        fixture_unit_write();
        fixture_inbox_write();
        fixture_write("inbox/RA", REJECTS[i].content);
        run();
        snprintf(expected, sizeof expected, "%s%s", COLUMNS, REJECTS[i].rejects);
        const char *found = test_read(fixture_state("gen/2026-10-31.001.1/rejects.tsv"));
        if (strcmp(found, expected) != 0) fail_msg("%s:\nfound\n%s\nexpected\n%s", REJECTS[i].name, found, expected);
    }
}

/* A long record is shown up to 4,096 bytes; its length is told. */
static void test_long_record(void **state)
{
    struct buf b;
    char line[64];
    buf_init(&b, 65536);
    for (int i = 0; i < 5000; i++) buf_add_text(&b, "x");
    buf_add_text(&b, "\nA0000001000001CNYD+000000006000000000000          \n");
    fixture_unit_write();
    fixture_inbox_write();
    fixture_write("inbox/RA", b.bytes);
    run();
    const char *found = test_read(fixture_state("gen/2026-10-31.001.1/rejects.tsv"));
    snprintf(line, sizeof line, "%sRA\t1\t0\t5000\tLEN\t\txxx", "");
    assert_has(found, line);
    assert_int_equal(strlen(found), strlen(COLUMNS) + strlen("RA\t1\t0\t5000\tLEN\t\t") + REJECT_RAW_MAX + 1);
    buf_release(&b);
}

/* Files in the order of the import (customers first), lines counted from one with header and trailer. */
static void test_order_and_lines(void **state)
{
    struct buf b;
    buf_init(&b, 65536);
    fixture_unit_write();
    fixture_inbox_write();
    fixture_write("layouts/retail_account.ini",
                  "[layout]\nname = retail_account\nclass = account\nsystem = retail\nfiles = RA\nrecord_length = "
                  "50\nreject_limit = 50%\n" FIXTURE_ACCOUNT_FIELDS
                  "[header]\nmatch = 0 HDR\n[trailer]\nmatch = 0 TRL\n");
    fixture_write("inbox/RA", "HDR\nbad\nA0000001000001CNYD+000000006000000000000          \nTRL\n");
    fixture_customer(&b, "000009", 'X', "01", "11010519491231002X", "王伟", "19491231", "20200101");
    fixture_customer(&b, "000008", 'P', "01", "11010519491231002X", "王伟", "19491231", "20200101");
    fixture_write("inbox/RC2", b.bytes);
    run();
    const char *found = test_read(fixture_state("gen/2026-10-31.001.1/rejects.tsv"));
    const char *customer = strstr(found, "RC2\t1\t0\t70\tTYPE\tcustomer_type\t000009X"),
               *account = strstr(found, "RA\t2\t4\t3\tLEN\t\tbad\n");
    assert_true(customer && account && customer < account);
    buf_release(&b);
}

/* --- notes --- */

static void test_notes(void **state)
{
    struct buf b;
    buf_init(&b, 65536);
    fixture_unit_write();
    fixture_inbox_write();
    fixture_write("identity/bank.ini", "[profile]\nname_rule = apart\nhold_above = 3\nplaceholders = "
                                       "000000000000000000\n[id_type 01]\nclass = resident\nrule = resident\n");
    fixture_customer(&b, "000001", 'P', "01", "11010519491231002X", "王伟", "19491231", "20200101");
    fixture_customer(&b, "000002", 'P', "01", "11010519491231002X", "王伟强", "19491231",
                     "20200101"); /* 71: another name */
    fixture_customer(&b, "000003", 'P', "01", "110105194912310021", "王伟", "19500101",
                     "20200101"); /* 142: bad check, another birth */
    fixture_customer(&b, "000004", 'P', "01", "000000000000000000", "李娜", "19990101",
                     "20200101"); /* 213: placeholder */
    fixture_customer(&b, "000001", 'P', "01", "11010519491231002X", "王伟", "19491231",
                     "20100101"); /* 284: again, older */
    for (int i = 0; i < 4; i++)
        fixture_customer(&b,
                         i == 0   ? "000005"
                         : i == 1 ? "000006"
                         : i == 2 ? "000007"
                                  : "000008",
                         'P', "01", "440524188001010014", "张三", "00000000", "20200101");
    fixture_write("inbox/RC1", b.bytes);
    fixture_write("inbox/CC.11.20261031", "");
    run();
    assert_string_equal(test_read(fixture_state("gen/2026-10-31.001.1/notes.tsv")),
                        "kind\tsystem\tfile\toffset\tother_system\tother_file\tother_offset\n"
                        "same-id-different-name\tretail\tRC1\t71\tretail\tRC1\t0\n"
                        "wrong-check-digit-kept-apart\tretail\tRC1\t142\tretail\tRC1\t0\n"
                        "placeholder-number\tretail\tRC1\t213\t\t\t\n"
                        "source-number-twice\tretail\tRC1\t284\tretail\tRC1\t0\n"
                        "too-many-records-on-one-id\tretail\tRC1\t355\t\t\t\n"
                        "too-many-records-on-one-id\tretail\tRC1\t426\t\t\t\n"
                        "too-many-records-on-one-id\tretail\tRC1\t497\t\t\t\n"
                        "too-many-records-on-one-id\tretail\tRC1\t568\t\t\t\n");
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rejects),
        cmocka_unit_test(test_long_record),
        cmocka_unit_test(test_order_and_lines),
        cmocka_unit_test(test_notes),
    };
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
