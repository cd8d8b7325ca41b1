/* The journal: events come back, a torn tail is cut off wherever the crash hit, anything else that is wrong is
 * corruption. */
#include "etl/journal.h"
#include "tests/etl/fixture.h"

static void write_three(void)
{
    struct status st = {0};
    unlink(test_path("journal"));
    struct journal *j = journal_open(test_path("journal"), &st);
    assert_non_null(j);
    assert_true(journal_append(j, 0, "started", "2026-10-31.001.1", &st));
    assert_true(journal_append(j, 10, "taken", "", &st));
    assert_true(journal_append(j, 20, "imported", "1 file\twith a tab\nand a line", &st));
    journal_close(j);
}

static void test_append_and_find(void **state)
{
    struct status st = {0};
    write_three();
    struct journal *j = journal_open(test_path("journal"), &st);
    assert_non_null(j);
    assert_string_equal(journal_last(j), "imported");
    assert_string_equal(journal_find(j, "started"), "2026-10-31.001.1");
    assert_string_equal(journal_find(j, "taken"), "");
    assert_string_equal(journal_find(j, "imported"), "1 file with a tab and a line");
    assert_null(journal_find(j, "committed"));
    assert_true(journal_append(j, 10, "taken", "again", &st));
    assert_string_equal(journal_find(j, "taken"), "again"); /* the last of that name */
    assert_string_equal(journal_last(j), "taken");
    journal_close(j);
    journal_close(NULL);
}

static void test_empty(void **state)
{
    struct status st = {0};
    unlink(test_path("journal"));
    for (int i = 0; i < 2; i++) { /* made, then found empty */
        struct journal *j = journal_open(test_path("journal"), &st);
        assert_non_null(j);
        assert_string_equal(journal_last(j), "");
        assert_null(journal_find(j, "started"));
        journal_close(j);
    }
    assert_null(journal_open(test_path("no/journal"), &st));
    assert_int_equal(st.code, STATUS_IO);
}

/* Cut anywhere: the events that are whole are there, the torn one is not, and the next append stands on a line of its
 * own. */
static void test_torn_tail(void **state)
{
    static const char *const LAST[] = {"", "started", "taken", "imported"};
    struct status st = {0};
    struct buf content;
    buf_init(&content, 65536);
    write_three();
    assert_true(os_read_file(test_path("journal"), &content, &st));
    for (size_t n = 0; n <= content.length; n++) {
        int whole = 0;
        for (size_t i = 0; i < n; i++) whole += content.bytes[i] == '\n';
        test_write(test_path("journal"), (struct view){content.bytes, n});
        struct journal *j = journal_open(test_path("journal"), &st);
        if (!j) fail_msg("cut at %zu: %s", n, st.message);
        assert_string_equal(journal_last(j), LAST[whole]);
        assert_true(journal_append(j, 30, "next", "", &st));
        journal_close(j);
        j = journal_open(test_path("journal"), &st);
        if (!j) fail_msg("cut at %zu, after the next event: %s", n, st.message);
        assert_string_equal(journal_last(j), "next");
        assert_int_equal(journal_find(j, "started") != NULL, whole >= 1);
        journal_close(j);
    }
    buf_release(&content);
}

/* A changed byte: in the last line the event did not happen, before it the journal is damaged. */
static void test_damaged_bytes(void **state)
{
    struct status st = {0};
    struct buf content;
    buf_init(&content, 65536);
    write_three();
    assert_true(os_read_file(test_path("journal"), &content, &st));
    size_t last = content.length - 1;
    while (content.bytes[last - 1] != '\n') last--;
    for (size_t at = 0; at < content.length; at++) {
        char was = content.bytes[at];
        content.bytes[at] ^= 1;
        test_write(test_path("journal"), buf_view(&content));
        content.bytes[at] = was;
        struct journal *j = journal_open(test_path("journal"), &st);
        if (at >= last - 1) { /* without the line end before it the last line is two, and still the last */
            if (!j) fail_msg("byte %zu: %s", at, st.message);
            assert_string_equal(journal_last(j), at >= last ? "taken" : "started");
            journal_close(j);
            continue;
        }
        if (j) fail_msg("byte %zu changed unnoticed", at);
        assert_int_equal(st.code, STATUS_CORRUPT);
        assert_has(st.message, "journal\" is damaged at offset ");
        assert_string_equal(st.hint,
                            "keep a copy of the folder, remove the attempt's folder and give the same command again");
        st = (struct status){0};
    }
    buf_release(&content);
}

static void test_line(void **state)
{
    write_three();
    const char *text = test_read(test_path("journal"));
    int number = 0, step = -1;
    char clock[32], event[16], detail[32], sum[32];
    assert_int_equal(sscanf(text, "%d\t%31s\t%d\t%15s\t%31s\t%31s", &number, clock, &step, event, detail, sum), 6);
    assert_int_equal(number, 1);
    assert_int_equal(step, 0);
    assert_string_equal(event, "started");
    assert_string_equal(detail, "2026-10-31.001.1");
    assert_int_equal(strlen(sum), 16);
    assert_int_equal(strlen(clock), 20);
    assert_has(text, "\t010\ttaken\t\t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_and_find), cmocka_unit_test(test_empty),         cmocka_unit_test(test_line),
        cmocka_unit_test(test_torn_tail),       cmocka_unit_test(test_damaged_bytes),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
