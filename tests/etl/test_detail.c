/* The month's detail: what a transaction log must be, a day as a segment and back, which days are kept, and when the
 * month is emptied. Whole nights: tests/integration/detail.sh. */
#include "base/date.h"
#include "etl/detail_day.h"
#include "etl/detail_month.h"
#include "etl/detail_shape.h"
#include "tests/etl/fixture.h"

/* --- shape --- */

static struct layout *load(const char *text, struct arena *arena)
{
    struct layout *l = NULL;
    struct status st = {0};
    bool ok = fixture_layout_load(text, arena, &l, &st);
    if (!ok) print_message("%s\n", st.message);
    assert_true(ok);
    return l;
}

#define ACCOUNT                                                                                                        \
    "[layout]\nname = x\nclass = account\nsystem = s\nfiles = A\nrecord_length = 40\n[fields]\naccount = 0 8 text "    \
    "required\ncurrency = 8 3 currency\nbalance = 11 12 amount scale=2\noverdraft = 23 12 amount scale=3\n"
#define LOG(head, fields)                                                                                              \
    "[layout]\nname = x\nclass = transaction\nof = a\nsystem = s\nfiles = T\nrecord_length = 60\n" head                \
    "[fields]\naccount = 0 8 text required\nposted = 11 8 date\namount = 19 12 amount scale=2\n" fields
#define KEY "currency = 8 3 currency\n"

static void shape_cases(void **state)
{
    static const struct {
        const char *log, *problem; /* NULL: fine */
        int scale, ledger_parts;
    } CASES[] = {
        {LOG("", KEY), NULL, 2, 1},
        {LOG("ledger = balance -overdraft\n", KEY), NULL, 3, 2},
        {LOG("ledger = -overdraft\n", KEY), NULL, 3, 1},
        {LOG("ledger = balance -nosuch\n", KEY), "there is no such amount in the account layout: nosuch", 0, 0},
        {LOG("ledger = account\n", KEY), "there is no such amount", 0, 0},
        {LOG("ledger = balance balance balance balance balance\n", KEY), "more than 4 parts", 0, 0},
        {LOG("", ""), "lacks the field currency", 0, 0},
        {LOG("", KEY "cash_flag = 50 1 code values=C,S\n"), "has the field cash_flag", 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct detail_shape s;
        struct detail_ledger ledger;
        struct status st = {0};
        arena_init(&arena, "test");
        struct layout *account = load(ACCOUNT, &arena), *log = load(CASES[i].log, &arena);
        bool ok = detail_shape(log, account, &s, &st);
        if (CASES[i].problem) {
            assert_false(ok);
            assert_non_null(strstr(st.message, CASES[i].problem));
            assert_true(st.hint[0]);
        } else {
            assert_true(ok);
            assert_int_equal(s.scale, CASES[i].scale);
            assert_int_equal(s.amount_times, CASES[i].scale == 3 ? 10 : 1);
            detail_ledger_of(&s, account, &ledger);
            assert_int_equal(ledger.count, CASES[i].ledger_parts);
        }
        arena_release(&arena);
    }
}

static void ledger_value(void **state)
{
    struct arena arena;
    struct detail_shape s;
    struct detail_ledger ledger;
    struct status st = {0};
    struct fixture_record room;
    arena_init(&arena, "test");
    struct layout *account = load(ACCOUNT, &arena), *log = load(LOG("ledger = balance -overdraft\n", KEY), &arena);
    assert_true(detail_shape(log, account, &s, &st));
    detail_ledger_of(&s, account, &ledger);
    struct decoder *d = decoder_new(
        &(struct decode_options){.layout = account, .rates = fixture_rates(), .business_date = FIXTURE_DAY}, &arena);
    const char *record = "12345678CNY+00000001234+00000000456     ";
    assert_int_equal(detail_ledger_value(&ledger, d, fixture_record(&room, record, 40)), 12340 - 456);
    /* An account layout without one of the parts (an older version) counts it as nothing. */
    struct layout *old =
        load("[layout]\nname = x\nclass = account\nsystem = s\nfiles = A\nrecord_length = 40\n[fields]\n"
             "account = 0 8 text required\ncurrency = 8 3 currency\nbalance = 11 12 amount scale=2\n",
             &arena);
    detail_ledger_of(&s, old, &ledger);
    assert_int_equal(ledger.count, 1);
    assert_int_equal(ledger.times[0], 10);
    arena_release(&arena);
}

/* --- a day --- */

static void day_and_back(void **state)
{
    struct status st = {0};
    struct segment_part part;
    struct detail_rows rows = {0}, back = {0};
    const char *path = test_path("day.seg");
    struct segment_writer *w = segment_create(path, 2, &st);
    assert_non_null(w);
    segment_part_init(&part);
    detail_day_declare(w, 3);
    for (uint32_t p = 0; p < 2; p++) {
        rows.accounts_count = rows.postings_count = 0;
        for (uint32_t i = 0; i < 5000 * p + 3; i++) {
            struct detail_account *a = detail_rows_add(&rows);
            *a = (struct detail_account){.account = UINT64_MAX - i,
                                         .number = i,
                                         .record = i == 1 ? DETAIL_NO_RECORD : i,
                                         .opening = -(int64_t)i,
                                         .closing = (int64_t)i << 40,
                                         .kind = i % DETAIL_KINDS,
                                         .closed = i % 3 == 0,
                                         .currency = "JPY"};
            for (uint32_t k = 0; k < i % 3; k++)
                *detail_rows_add_posting(&rows) = (struct detail_posting){.amount = -5,
                                                                          .sequence = i,
                                                                          .reversal_of = k,
                                                                          .record = i * 3 + k,
                                                                          .posted = 20000,
                                                                          .time = 235959};
        }
        detail_day_put(&part, &rows);
        assert_true(segment_commit(w, p, &part, &st));
    }
    assert_true(segment_finish(w, &st));
    segment_part_release(&part);
    struct segment *s = segment_open(path, &st);
    assert_non_null(s);
    assert_int_equal(detail_day_scale(s), 3);
    for (int again = 0; again < 2; again++) {
        assert_true(detail_day_load(s, 0, &back, &st));
        assert_int_equal(back.accounts_count, 3);
        assert_int_equal(back.postings_count, 3);
        assert_true(detail_day_load(s, 1, &back, &st));
        assert_int_equal(back.accounts_count, rows.accounts_count);
        assert_int_equal(back.postings_count, rows.postings_count);
        for (uint64_t i = 0; i < back.accounts_count; i++) {
            const struct detail_account *a = &rows.accounts[i], *b = &back.accounts[i];
            assert_true(a->account == b->account && a->number == b->number && a->record == b->record &&
                        a->opening == b->opening && a->closing == b->closing && a->postings == b->postings &&
                        a->kind == b->kind && a->closed == b->closed && strcmp(a->currency, b->currency) == 0);
        }
        for (uint64_t i = 0; i < back.postings_count; i++) {
            const struct detail_posting *a = &rows.postings[i], *b = &back.postings[i];
            assert_true(a->amount == b->amount && a->sequence == b->sequence && a->reversal_of == b->reversal_of &&
                        a->record == b->record && a->posted == b->posted && a->time == b->time);
        }
    }
    assert_true(segment_verify(s, &st));
    segment_close(s);
    detail_rows_release(&rows);
    detail_rows_release(&back);
}

/* --- which days --- */

static void names_of_days(void **state)
{
    char log[64];
    assert_int_equal(detail_file_date("2026-10-31.retail_transaction.seg", log), FIXTURE_DAY);
    assert_string_equal(log, "retail_transaction");
    static const char *const OTHERS[] = {"sums.tsv", "2026-10-31.seg", "2026-13-31.log.seg", "2026-10-31-log.seg", "x"};
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) assert_int_equal(detail_file_date(OTHERS[i], NULL), DATE_NONE);
}

static void first_days(void **state)
{
    struct status st = {0};
    int32_t day, first, wanted, emptied;
    static const struct {
        const char *statement, *emptied, *night, *first; /* first NULL: all that there are */
    } CASES[] = {
        {NULL, NULL, "2028-02-29", "2028-02-01"},
        {NULL, NULL, "2028-03-01", "2028-03-01"},
        {"monthly", NULL, "2028-03-01", NULL},
        {"monthly", "2028-01-31", "2028-02-29", "2028-02-01"},
        {"monthly", "2028-01-31", "2028-03-05", "2028-02-01"}, /* February was not stated yet */
        {"monthly", "2028-02-29", "2028-03-05", "2028-03-01"},
        {"monthly", "2028-02-29", "2028-02-29", "2028-02-01"}, /* the date again after it was emptied */
        {NULL, "2028-01-31", "2028-03-05", "2028-03-01"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct unit u = {.statement = CASES[i].statement};
        assert_true(os_unlink(test_path("emptied"), &st));
        assert_true(detail_emptied_read(test_folder, &emptied, &st));
        assert_int_equal(emptied, DATE_NONE);
        if (CASES[i].emptied) {
            assert_true(date_parse(view_of(CASES[i].emptied), &emptied));
            assert_true(detail_emptied_write(test_folder, emptied, "2028-01-31.001.1", &st));
        }
        assert_true(date_parse(view_of(CASES[i].night), &day));
        assert_true(detail_first_day(test_folder, &u, day, &first, &st));
        wanted = DATE_NONE;
        if (CASES[i].first) assert_true(date_parse(view_of(CASES[i].first), &wanted));
        assert_int_equal(first, wanted);
    }
    test_write(test_path("emptied"), VIEW_LITERAL("soon\n"));
    assert_false(detail_emptied_read(test_folder, &emptied, &st));
    assert_int_equal(st.code, STATUS_CORRUPT);
}

static void link_days(void **state)
{
    struct status st = {0};
    struct arena arena;
    struct detail_month m = {0}, back, kept;
    arena_init(&arena, "test");
    assert_true(os_make_folder(test_path("old/detail"), &st));
    struct detail_sum sums[] = {{.date = FIXTURE_DAY - 1,
                                 .log = "l",
                                 .currency = "KWD",
                                 .accounts = 2,
                                 .postings = 3,
                                 .breaks = 1,
                                 .opening = -1500,
                                 .movement = 20,
                                 .closing = -1479,
                                 .unexplained = 1,
                                 .adjusted = 0,
                                 .scale = 3},
                                {.date = FIXTURE_DAY, .log = "l", .currency = "CNY", .accounts = 1, .scale = 2}};
    m.sums = sums;
    m.sums_count = 2;
    assert_true(detail_month_write(test_path("old"), &m, &st));
    test_write(test_path("old/detail/2026-10-29.l.seg"), VIEW_LITERAL("a"));
    test_write(test_path("old/detail/2026-10-31.l.seg"), VIEW_LITERAL("c"));
    test_write(test_path("old/detail/2026-10-30.l.seg"), VIEW_LITERAL("b"));
    assert_true(detail_month_read(test_path("old"), &arena, &back, &st));
    assert_int_equal(back.files_count, 3);
    assert_string_equal(back.files[1], "2026-10-30.l.seg");
    assert_int_equal(back.sums_count, 2);
    assert_true(back.sums[0].opening == -1500 && back.sums[0].closing == -1479 && back.sums[0].unexplained == 1);
    assert_true(os_make_folder(test_path("new"), &st));
    assert_true(detail_link(test_path("old"), test_path("new"), FIXTURE_DAY - 1, FIXTURE_DAY, &arena, &kept, &st));
    assert_int_equal(kept.files_count, 1); /* neither the day before the first nor the night's own */
    assert_string_equal(kept.files[0], "2026-10-30.l.seg");
    assert_int_equal(kept.sums_count, 1);
    assert_true(os_exists(test_path("new/detail/2026-10-30.l.seg")));
    assert_false(os_exists(test_path("new/detail/2026-10-29.l.seg")));
    assert_false(os_exists(test_path("new/detail/2026-10-31.l.seg")));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shape_cases),   cmocka_unit_test(ledger_value), cmocka_unit_test(day_and_back),
        cmocka_unit_test(names_of_days), cmocka_unit_test(first_days),   cmocka_unit_test(link_days),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
