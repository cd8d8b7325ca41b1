/* What commands show with: pages as text and JSON, masking by data class, tables of a run read line by line. */
#include "control/show.h"
#include "control/show_record.h"
#include "control/show_tsv.h"
#include "control/show_unit.h"
#include "tests/test.h"

#include <jansson.h>

/* --- pages --- */

static struct listing_output TEXT = {.format = LISTING_TEXT}, JSON = {.format = LISTING_JSON};

static void fill(struct show *s)
{
    static const char *const COLUMNS[] = {"account", "nothing", "balance", NULL};
    struct listing rows;
    show_section(s, "customer", "customer %d", 12);
    show_text(s, "name", "张三");
    show_text(s, "left_out", NULL);
    show_text(s, "business_date", "2026-10-31");
    show_integer(s, "records", -3);
    show_flag(s, "selected", true);
    show_amount(s, "score", -123456789, 2);
    listing_init(&rows, COLUMNS);
    rows.hide_empty = true;
    show_rows(s, "none", "nothing here", &rows);
    listing_text(&rows, "A1");
    listing_text(&rows, NULL);
    listing_decimal(&rows, "1,234.50");
    show_rows(s, "accounts", "accounts: 1", &rows);
    listing_release(&rows);
    show_line(s, "\nfor people only");
}

/* What show_print writes: through a file in place of stdout. */
static const char *printed(struct show *s)
{
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    FILE *f = freopen(test_path("page"), "w", stdout);
    assert_non_null(f);
    show_print(s);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    return test_read(test_path("page"));
}

static void test_page_for_people(void **state)
{
    struct show s;
    show_open(&s, &TEXT);
    fill(&s);
    assert_string_equal(printed(&s), "customer 12\n"
                                     "  name           张三\n"
                                     "  business date  2026-10-31\n"
                                     "  records        -3\n"
                                     "  selected       yes\n"
                                     "  score          -1,234,567.89\n"
                                     "\n"
                                     "accounts: 1\n"
                                     "  account   balance\n"
                                     "  A1       1,234.50\n"
                                     "\n"
                                     "for people only\n");
}

static void test_page_as_json(void **state)
{
    struct show s;
    show_open(&s, &JSON);
    fill(&s);
    json_t *page = json_loads(printed(&s), 0, NULL);
    assert_non_null(page);
    const json_t *customer = json_object_get(page, "customer"), *accounts = json_object_get(page, "accounts");
    assert_string_equal(json_string_value(json_object_get(customer, "name")), "张三");
    assert_true(json_is_null(json_object_get(customer, "left_out")));
    assert_int_equal(json_integer_value(json_object_get(customer, "records")), -3);
    assert_true(json_is_true(json_object_get(customer, "selected")));
    assert_string_equal(json_string_value(json_object_get(customer, "score")), "-1234567.89");
    assert_int_equal(json_array_size(json_object_get(page, "none")), 0);
    assert_int_equal(json_array_size(accounts), 1);
    assert_true(json_is_null(json_object_get(json_array_get(accounts, 0), "nothing")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(accounts, 0), "balance")), "1,234.50");
    json_decref(page);
}

/* The first rows, or those that are wanted; of a page that lacks them nothing, and it is known what it has. */
static void test_page_as_csv(void **state)
{
    static const struct {
        const char *wanted, *printed;
    } CASES[] = {{NULL, "account,nothing,balance\n"},
                 {"none", "account,nothing,balance\n"},
                 {"accounts", "account,nothing,balance\nA1,,\"1,234.50\"\n"},
                 {"others", ""}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct listing_output o = {.format = LISTING_CSV, .wanted = CASES[i].wanted};
        struct show s;
        show_open(&s, &o);
        fill(&s);
        assert_string_equal(printed(&s), CASES[i].printed);
        assert_int_equal(o.written, CASES[i].printed[0] != 0);
        assert_string_equal(o.keys, "none, accounts");
    }
}

/* A section that the command declares is a table of one row: by its name, and where the page has no rows. */
static void test_section_as_csv(void **state)
{
    static const char ROW[] = "number,name,none,passes,score\n7,\"a, b\",,true,1234.50\n";
    static const struct {
        const char *tables, *wanted, *printed;
        bool rows;
    } CASES[] = {{"sweep", NULL, ROW, false},
                 {"points; with --top: sweep", NULL, ROW, false},
                 {"sweep; rows", "sweep", ROW, false},
                 {"sweep rows", "rows", "name\nx\n", true},
                 {"sweep rows", NULL, "name\nx\n", true},
                 {"sweep rows", "sweep", ROW, true},
                 {"sweep", "other", "", false},
                 {"rows", "sweep", "", true},
                 {"swe sweeps", NULL, "", false},
                 {NULL, NULL, "", false}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct listing_output o = {.format = LISTING_CSV, .wanted = CASES[i].wanted, .tables = CASES[i].tables};
        struct listing rows;
        struct show s;
        show_open(&s, &o);
        show_section(&s, "sweep", "sweep of %s", "personal");
        show_integer(&s, "number", 7);
        show_text(&s, "name", "a, b");
        show_text(&s, "none", NULL);
        show_flag(&s, "passes", true);
        show_amount(&s, "score", 123450, 2);
        listing_init(&rows, (const char *const[]){"name", NULL});
        listing_text(&rows, "x");
        if (CASES[i].rows) show_rows(&s, "rows", "rows", &rows);
        show_section(&s, "second", "never a table");
        show_text(&s, "a", "b");
        assert_string_equal(printed(&s), CASES[i].printed);
        assert_int_equal(o.written, CASES[i].printed[0] != 0);
        listing_release(&rows);
    }
}

static void test_many_documents(void **state)
{
    for (int n = 0; n < 3; n++) {
        struct show s;
        show_open_many(&s, &JSON);
        for (int i = 0; i < n; i++) {
            show_document(&s);
            fill(&s);
        }
        json_t *pages = json_loads(printed(&s), 0, NULL);
        assert_int_equal(json_array_size(pages), n);
        json_decref(pages);
    }
    struct show s;
    show_open_many(&s, &TEXT);
    assert_string_equal(printed(&s), "");
}

/* --- numbers --- */

static void test_numbers(void **state)
{
    static const char *const GROUPED[][2] = {
        {"0", "0"},     {"999", "999"}, {"1000", "1,000"}, {"-1000", "-1,000"}, {"1234567.891", "1,234,567.891"},
        {"100", "100"}, {"", ""},       {"abc", "abc"},
    };
    struct arena arena;
    arena_init(&arena, "test");
    for (size_t i = 0; i < COUNT_OF(GROUPED); i++)
        assert_string_equal(show_grouped(&arena, GROUPED[i][0]), GROUPED[i][1]);
    assert_string_equal(show_decimal(&arena, 0, 0), "0");
    assert_string_equal(show_decimal(&arena, 0, 2), "0.00");
    assert_string_equal(show_decimal(&arena, -5, 2), "-0.05");
    assert_string_equal(show_decimal(&arena, 123456, 2), "1234.56");
    assert_string_equal(show_decimal(&arena, -7, 0), "-7");
    assert_string_equal(show_decimal(&arena, INT64_MIN, 2), "-92233720368547758.08");
    assert_string_equal(show_decimal(&arena, 1, 18), "0.000000000000000001");
    assert_string_equal(show_decimal(&arena, (__int128)INT64_MAX * 1000, 3), "9223372036854775807.000");
    assert_string_equal(show_decimal(&arena, -((__int128)INT64_MAX * 1000), 0), "-9223372036854775807000");
    arena_release(&arena);
}

/* --- masking --- */

static void test_masked(void **state)
{
    static const char *const CASES[][2] = {
        {"", ""},
        {"1", "*"},
        {"12", "1*"},
        {"张三", "张*"},
        {"欧阳小明", "欧***"},
        {"12345", "1***5"},
        {"1234567890", "1********0"},
        {"13812345678", "138******78"},
        {"110101198001010010", "110*************10"},
    };
    struct arena arena;
    arena_init(&arena, "test");
    for (size_t i = 0; i < COUNT_OF(CASES); i++) assert_string_equal(show_masked(&arena, CASES[i][0]), CASES[i][1]);
    arena_release(&arena);
}

static const char LAYOUT[] =
    "[layout]\nname = x\nclass = contact\nsystem = s\nfiles = X*\nrecord_length = 30\n[fields]\n"
    "source_no = 0 4 text\nid_no = 4 12 text data=C2\nbalance = 16 10 amount data=C2\npin = 26 4 text data=C3\n";

/* No byte of a class C2 field without --unmask, none of class C3 ever, whatever is shown of a record. */
static void test_classes(void **state)
{
    static const char RECORD[] = "S001ID1234567890+0000012345678";
    struct arena arena;
    struct layout *l;
    struct status st = {0};
    arena_init(&arena, "test");
    test_write(test_path("x.ini"), view_of(LAYOUT));
    assert_true(layout_load(test_path("x.ini"), "x", &arena, &l, &st));
    struct probe_reader *reader = probe_reader_new(l, NULL, 0, &arena);
    for (int unmask = 0; unmask < 2; unmask++) {
        struct show_record r = {probe_tool_new(), &arena, unmask};
        const unsigned char *record = (const unsigned char *)RECORD;
        assert_string_equal(show_record_value(&r, reader, 0, record, NULL), "S001");
        assert_string_equal(show_record_value(&r, reader, 1, record, NULL), unmask ? "ID1234567890" : "ID1*******90");
        assert_string_equal(show_record_value(&r, reader, 2, record, NULL), unmask ? "12.34" : "***");
        assert_string_equal(show_record_value(&r, reader, 3, record, NULL), "(C3)");
        assert_string_equal(show_record_field(&r, l, 0, record), "|S001|");
        assert_string_equal(show_record_field(&r, l, 2, record), unmask ? "|+000001234|" : "(masked)");
        assert_string_equal(show_record_field(&r, l, 3, record), "(C3)");
        assert_string_equal(show_record_bytes(&r, l, view_of(RECORD)),
                            unmask ? "S001ID1234567890+000001234####" : "S001**********************####");
        /* Of another length: nobody knows where the C3 field lies. */
        assert_has(show_record_bytes(&r, l, (struct view){RECORD, 29}), "not shown");
        show_record_close(&r);
    }
    arena_release(&arena);
}

/* --- tables --- */

static const char *const COLUMNS[] = {"a", "b", NULL};

static void read_table(const char *content, int rows, const char *message)
{
    struct show_tsv t;
    struct status st = {0};
    int found = 0;
    test_write(test_path("t.tsv"), view_of(content));
    bool ok = show_tsv_open(&t, test_path("t.tsv"), COLUMNS, &st);
    while (ok && show_tsv_next(&t, &st)) found++;
    show_tsv_close(&t);
    assert_int_equal(found, rows);
    if (message)
        assert_has(st.message, message);
    else
        assert_int_equal(st.code, STATUS_OK);
}

static void test_tables(void **state)
{
    read_table("a\tb\n1\t2\n3\t4\n", 2, NULL);
    read_table("a\tb\n1\t2", 1, NULL); /* the last line without its end */
    read_table("a\tb\n", 0, NULL);
    read_table("a\tb\n1\t\n", 1, NULL);
    read_table("a\tb\r\n1\t2\r\n", 1, NULL);
    read_table("a\tc\n1\t2\n", 0, "does not begin with the columns");
    read_table("a\tb\n1\n", 0, "line 2 has 1 fields, 2 are needed");
    read_table("", 0, "does not begin with the columns");
}

/* Many lines cross the room's edge; one longer than the room is a failure. */
static void test_large_table(void **state)
{
    struct show_tsv t;
    struct status st = {0};
    struct buf b;
    int64_t sum = 0;
    buf_init(&b, 8 << 20);
    buf_add_text(&b, "a\tb\n");
    for (int i = 0; i < 200000; i++) buf_addf(&b, "%d\tsome text %d\n", i, i * 7);
    test_write(test_path("t.tsv"), buf_view(&b));
    assert_true(show_tsv_open(&t, test_path("t.tsv"), COLUMNS, &st));
    while (show_tsv_next(&t, &st)) sum += atoll(t.field[0]);
    assert_int_equal(st.code, STATUS_OK);
    assert_int_equal(sum, (int64_t)200000 * 199999 / 2);
    show_tsv_close(&t);
    b.length = 4;
    memset(buf_room(&b, SHOW_TSV_ROOM + 1), 'x', SHOW_TSV_ROOM + 1);
    test_write(test_path("t.tsv"), buf_view(&b));
    assert_true(show_tsv_open(&t, test_path("t.tsv"), COLUMNS, &st));
    assert_false(show_tsv_next(&t, &st));
    assert_has(st.message, "line 2 is longer than");
    show_tsv_close(&t);
    buf_release(&b);
}

/* --- names --- */

static void test_matches(void **state)
{
    static const struct {
        const char *pattern, *file;
        bool fits;
    } CASES[] = {
        {"RTLACCT.*.{date}", "RTLACCT.1101.20261031", true},
        {"RTLACCT.*.{date}", "RTLCUST.1101.20261031", false},
        {"CC.{unit}.{date}", "CC.11.20261031", true},
        {"CC.{unit}.{date}", "CC.12.20261031", false},
        {"A", "A.gz", true},
        {"A", "AB", false},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        assert_int_equal(show_matches(CASES[i].pattern, "11", CASES[i].file), CASES[i].fits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_for_people), cmocka_unit_test(test_page_as_json),
        cmocka_unit_test(test_page_as_csv),     cmocka_unit_test(test_section_as_csv),
        cmocka_unit_test(test_many_documents),  cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_masked),          cmocka_unit_test(test_classes),
        cmocka_unit_test(test_tables),          cmocka_unit_test(test_large_table),
        cmocka_unit_test(test_matches),
    };
    return cmocka_run_group_tests_name("show", tests, test_make_folder, test_remove_folder);
}
