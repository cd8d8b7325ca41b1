/* Source numbers that are hashed: with hashes of a few bits, so that nearly all are equal, a run gives the same bytes
 * as with full ones: nobody gets the account of a stranger, an account of nobody stays one, double customers and joint
 * owners are told apart. With the maps in memory and without. */
#include "tests/etl/fixture_unit.h"

enum { CUSTOMERS = 60 };

static void write_inbox(void)
{
    struct buf b;
    char source[16], id[24], account[16];
    fixture_inbox_write();
    buf_init(&b, 1 << 20);
    for (int i = 0; i < CUSTOMERS; i++) {
        snprintf(source, sizeof source, "X%05d", i);
        snprintf(id, sizeof id, "1234567%02d", i);
        fixture_customer(&b, source, 'C', "20", id, "甲公司", "00000000", "20200101");
    }
    fixture_customer(&b, "X00007", 'C', "20", "999999907", "乙公司", "00000000",
                     "20250101"); /* twice: this one stays */
    fixture_write("inbox/RC1", b.bytes);
    buf_clear(&b);
    for (int i = 0; i < CUSTOMERS; i++) {
        snprintf(source, sizeof source, "X%05d", i + (i % 5 == 0 ? 500 : 0)); /* every fifth is nobody's */
        snprintf(account, sizeof account, "A%07d", i);
        fixture_account(&b, account, source, "CNY", 'D', 500000 + i);
    }
    fixture_write("inbox/RA", b.bytes);
    buf_clear(&b);
    for (int i = 0; i < 20; i++) buf_addf(&b, "J%07dCNY+%013d     \n", i, 1000000 + i);
    fixture_write("inbox/RJ", b.bytes);
    buf_clear(&b);
    for (int i = 0; i < 20; i++) /* two owners, one of them named twice; of some the second does not exist */
        buf_addf(&b, "J%07dX%05dO     \nJ%07dX%05dJ03000\nJ%07dX%05dJ03000\n", i, i, i, i + 30 + (i % 4 == 0 ? 500 : 0),
                 i, i + 30 + (i % 4 == 0 ? 500 : 0));
    fixture_write("inbox/RR", b.bytes);
    buf_release(&b);
}

static void night(int bits, uint64_t memory, const char *keep)
{
    static const char *const FILES[] = {"out/CRMCUST", "out/CRMDEP", "out/CRMCONT", "totals.tsv", "rates.tsv"};
    struct run_result result;
    struct status st;
    fixture_unit_write();
    /* Without names and ID rules in the way: every customer is one of its own. */
    fixture_write("identity/bank.ini", "[profile]\nname_rule = ignore\n[id_type 01]\nclass = resident\nrule = plain\n"
                                       "[id_type 20]\nclass = organisation\nrule = plain\n");
    write_inbox();
    decode_limit_hash(bits);
    struct run_request r = {.memory_max = memory};
    bool ok = fixture_run_with(&r, &result, &st);
    decode_limit_hash(63);
    if (!ok) fail_msg("%d bits: %s", bits, st.message);
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        char path[200], kept[200];
        snprintf(path, sizeof path, "gen/2026-10-31.001.1/%s", FILES[i]);
        snprintf(kept, sizeof kept, "/tmp/%s.%s", strrchr(test_folder, '/') + 1,
                 strchr(FILES[i], '/') ? FILES[i] + 4 : FILES[i]);
        const char *now = test_read(fixture_state(path));
        assert_true(*now || i == 2); /* no contacts */
        if (keep) {
            test_write(kept, view_of(now));
            continue;
        }
        char *found = strdup(now);
        if (strcmp(test_read(kept), found) != 0) fail_msg("%d bits: %s differs", bits, FILES[i]);
        free(found);
    }
}

static void test_colliding(void **state)
{
    struct status st = {0};
    static const char *const KEPT[] = {"CRMCUST", "CRMDEP", "CRMCONT", "totals.tsv", "rates.tsv"};
    night(63, 0, "keep");
    const char *totals = test_read(fixture_state("gen/2026-10-31.001.1/totals.tsv"));
    assert_has(totals, "retail_account.orphans\t\t12\t\n");
    assert_has(totals, "retail_joint.orphans\t\t5\t\n");
    assert_has(totals, "customer_records.superseded\t\t1\t\n");
    for (int bits = 0; bits <= 6; bits += 2) {
        night(bits, 0, NULL);
        night(bits, UINT64_C(1) << 30, NULL);
    }
    for (size_t i = 0; i < COUNT_OF(KEPT); i++) {
        char kept[200];
        snprintf(kept, sizeof kept, "/tmp/%s.%s", strrchr(test_folder, '/') + 1, KEPT[i]);
        os_unlink(kept, &st);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_colliding)};
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
