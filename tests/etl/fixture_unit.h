/* fixture_unit: a unit that fits on a screen: retail and card customers, retail deposits, joint deposits with a
 * relation file, contacts, rates, an exclusion list; three output files; a formula that adds up deposits.
 *
 * fixture_unit_write() writes its configuration into the test folder; fixture_* build records; fixture_run() runs the
 * initial load of 2026-10-31 in this process. Tests that want another layout or unit write that one file afterwards.
 */
#ifndef CRMX_TESTS_ETL_FIXTURE_UNIT_H
#define CRMX_TESTS_ETL_FIXTURE_UNIT_H

#include "base/log.h"
#include "etl/run.h"
#include "tests/etl/fixture.h"

#define FIXTURE_CUSTOMER_FIELDS                                                                                        \
    "[fields]\nsource_no = 0 6 text required reason=SRC\ncustomer_type = 6 1 code values=P,C reason=TYPE\n"            \
    "id_type = 7 2 text required reason=ID\nid_no = 9 18 text required reason=ID\nname = 27 20 text\n"                 \
    "birth = 47 8 date zero=none reason=BIRTH\nchanged = 55 8 date reason=CHG\nsex = 63 1 code values=M,F,_\n"         \
    "secret = 64 4 text data=C3\n"
#define FIXTURE_ACCOUNT_FIELDS                                                                                         \
    "[fields]\naccount = 0 8 text required reason=ACCT\nsource_no = 8 6 text required reason=SRC\n"                    \
    "currency = 14 3 currency keep=hot reason=CUR\nkind = 17 1 code values=D,F keep=hot reason=KIND\n"                 \
    "balance = 18 14 amount keep=hot reason=BAL\nmaturity = 32 8 date when=kind:F reason=MAT\n"

static const struct {
    const char *path, *text;
} FIXTURE_UNIT[] = {
    {"layouts/retail_customer.ini", "[layout]\nname = retail_customer\nclass = customer\nsystem = retail\nfiles = RC*\n"
                                    "record_length = 70\nreject_limit = 50%\nexpect = many\n" FIXTURE_CUSTOMER_FIELDS},
    {"layouts/card_customer.ini",
     "[layout]\nname = card_customer\nclass = customer\nsystem = card\nfiles = CC.{unit}.{date}\n"
     "record_length = 70\nreject_limit = 50%\n" FIXTURE_CUSTOMER_FIELDS},
    {"layouts/retail_account.ini", "[layout]\nname = retail_account\nclass = account\nsystem = retail\nfiles = RA\n"
                                   "record_length = 50\nreject_limit = 50%\n" FIXTURE_ACCOUNT_FIELDS},
    {"layouts/retail_joint.ini",
     "[layout]\nname = retail_joint\nclass = account\nsystem = retail\nfiles = RJ\nexpect = optional\n"
     "record_length = 30\n[fields]\naccount = 0 8 text required\ncurrency = 8 3 currency keep=hot\n"
     "balance = 11 14 amount keep=hot\n"},
    {"layouts/retail_relation.ini", "[layout]\nname = retail_relation\nclass = relation\nsystem = retail\nfiles = RR\n"
                                    "expect = optional\nrecord_length = 20\n[fields]\naccount = 0 8 text required\n"
                                    "source_no = 8 6 text required\nowner_role = 14 1 text\n"
                                    "share = 15 5 amount scale=4 sign=none optional\n"},
    {"layouts/retail_contact.ini",
     "[layout]\nname = retail_contact\nclass = contact\nsystem = retail\nfiles = RK\n"
     "expect = optional\nrecord_length = 20\n[fields]\nsource_no = 0 6 text required\nwho = 6 14 text\n"},
    {"layouts/rates.ini",
     "[layout]\nname = rates\nclass = rate\nfiles = RT\nrecord_length = 16\n[fields]\ncurrency = 0 3 text required\n"
     "per_unit = 3 3 digits\nrate = 6 10 amount scale=6 sign=none\n"},
    {"layouts/exclusion.ini",
     "[layout]\nname = exclusion\nclass = exclusion\nfiles = EX\nexpect = optional\nrecord_length = 32\n[fields]\n"
     "id_type = 0 2 text required\nid_no = 2 18 text required\nreason = 20 4 text\nexpires = 24 8 date zero=none\n"},
    {"outputs/crm_customer.ini",
     "[output]\nname = crm_customer\nfile = CRMCUST\nrows = customer\n[fields]\nnumber = 10 digits number\n"
     "type = 1 text customer_type\nsystem = 1 text system\nid_key = 18 text id_key\nname = 20 text field.name\n"
     "score = 15 amount score\ndeposits = 15 amount measure.deposits\nentry = 8 date entry_date\n"},
    {"outputs/crm_deposit.ini",
     "[output]\nname = crm_deposit\nfile = CRMDEP\nrows = account\nlayouts = retail_account retail_joint\n[fields]\n"
     "number = 10 digits number\nlayout = 15 text layout\naccount = 8 text field.account\n"
     "balance = 15 amount field.balance\nmaturity = 8 date field.maturity\n"},
    {"outputs/crm_contact.ini",
     "[output]\nname = crm_contact\nfile = CRMCONT\nrows = others\nline_end = crlf\n[fields]\n"
     "number = 10 digits number\nsystem = 1 text system\nsource_no = 6 raw field.source_no\nfile = 16 text file\n"
     "offset = 10 digits offset\n"},
    {"identity/bank.ini",
     "[profile]\nname_rule = apart\nhold_above = 20\nplaceholders = 000000000000000000 999999999999999999\n"
     "[id_type 01]\nclass = resident\nrule = resident\n[id_type 20]\nclass = organisation\nrule = organisation\n"},
    {"formulas/personal.formula", "unit fen;\nrounding half_up;\nthreshold 100000;\n"
                                  "measure deposits money = sum(retail, cny(balance));\nscore = deposits;\n"},
    {"formulas/corporate.formula", "unit fen;\nrounding half_up;\nthreshold 500000;\n"
                                   "measure deposits money = sum(retail, cny(balance));\nscore = deposits;\n"},
};

#define FIXTURE_UNIT_HEAD                                                                                              \
    "[unit]\nid = 11\nname = 北京\nnumber_prefix = 11\ninbox = inbox\nidentity = bank\n"                             \
    "layouts = retail_account retail_joint retail_relation retail_contact rates exclusion card_customer "              \
    "retail_customer\n"                                                                                                \
    "outputs = crm_customer crm_deposit crm_contact\nformula.personal = personal\nformula.corporate = corporate\n"
#define FIXTURE_UNIT_SYSTEMS "[systems]\nretail = R\ncard = C\n[gates]\norphans = off\n"

FIXTURE void fixture_unit_write(void)
{
    struct status st = {0};
    assert_true(os_remove_tree(test_folder, &st) && os_make_folder(test_path("inbox"), &st));
    for (size_t i = 0; i < COUNT_OF(FIXTURE_UNIT); i++) fixture_write(FIXTURE_UNIT[i].path, FIXTURE_UNIT[i].text);
    fixture_write("units/11.ini", FIXTURE_UNIT_HEAD "take = rename\n" FIXTURE_UNIT_SYSTEMS);
}

/* --- records --- */

FIXTURE void fixture_customer(struct buf *b, const char *source, char type, const char *id_type, const char *id,
                              const char *name, const char *birth, const char *changed)
{
    buf_addf(b, "%-6s%c%-2s%-18s%s%*s%s%sM      \n", source, type, id_type, id, name, (int)(20 - strlen(name)), "",
             birth, changed);
}

FIXTURE void fixture_account(struct buf *b, const char *account, const char *source, const char *currency, char kind,
                             long long minor)
{
    buf_addf(b, "%-8s%-6s%s%c%c%013lld%s          \n", account, source, currency, kind, minor < 0 ? '-' : '+',
             minor < 0 ? -minor : minor, kind == 'F' ? "20270131" : "00000000");
}

static const char FIXTURE_RATES[] = "USD0010007101500\nJPY1000004650000\n";

/* Two people known to both systems, one to retail alone, one company; two of them pass the threshold of 1,000 yuan. */
FIXTURE void fixture_inbox_write(void)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    fixture_customer(&b, "000001", 'P', "01", "11010519491231002X", "王伟", "19491231", "20200101");
    fixture_customer(&b, "000002", 'P', "01", "110105491231002", "王伟", "19491231",
                     "20240101"); /* the same, 15 digits */
    fixture_customer(&b, "000003", 'P', "01", "440308199901011234", "李娜", "19990101",
                     "20200101"); /* wrong check digit */
    fixture_customer(&b, "000004", 'C', "20", "123456788", "甲公司", "00000000", "20200101");
    fixture_write("inbox/RC1", b.bytes);
    buf_clear(&b);
    fixture_customer(&b, "C00001", 'P', "01", "11010519491231002X", "王伟", "19491231", "20250101");
    fixture_customer(&b, "C00002", 'P', "01", "440308199901011234", "李娜", "19990101", "20250101");
    fixture_write("inbox/CC.11.20261031", b.bytes);
    buf_clear(&b);
    fixture_account(&b, "A0000001", "000001", "CNY", 'D', 60000);
    fixture_account(&b, "A0000002", "000002", "USD", 'F', 10000); /* 100.00 USD = 710.15 */
    fixture_account(&b, "A0000003", "000003", "CNY", 'D', -500);
    fixture_account(&b, "A0000004", "000004", "CNY", 'D', 500000);
    fixture_account(&b, "A0000005", "000099", "CNY", 'D', 12345); /* nobody's */
    fixture_account(&b, "A0000006", "000001", "EUR", 'D', 1);     /* no rate: rejected */
    fixture_write("inbox/RA", b.bytes);
    fixture_write("inbox/RT", FIXTURE_RATES);
    buf_release(&b);
}

/* --- running --- */

FIXTURE bool fixture_run_with(const struct run_request *more, struct run_result *result, struct status *st)
{
    struct run_request r = more ? *more : (struct run_request){0};
    r.work = test_folder;
    r.unit = "11";
    r.business_date = FIXTURE_DAY;
    r.quiet = true;
    if (!r.threads) r.threads = 2;
    if (!r.temp_folder) r.temp_folder = "";
    if (!r.memory_max) r.memory_max = BUDGET_MINIMUM;
    if (!r.partition_customers) r.partition_customers = RUN_PARTITION_CUSTOMERS;
    if (!r.batch) r.batch = RUN_BATCH;
    *st = (struct status){0};
    return run_initial(&r, result, st);
}

FIXTURE bool fixture_run(struct run_result *result, struct status *st)
{
    return fixture_run_with(NULL, result, st);
}

/* state/units/11/REST */
FIXTURE const char *fixture_state(const char *rest)
{
    char name[256];
    snprintf(name, sizeof name, "state/units/11/%s", rest);
    return test_path(name);
}

/* Group set-up: the folder, and a log that is quiet. */
FIXTURE int fixture_unit_setup(void **state)
{
    struct status st = {0};
    log_open(&(struct log_options){.level = LOG_ERROR, .quiet = true}, &st);
    return test_make_folder(state);
}

#endif
