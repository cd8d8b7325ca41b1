/* Net asset values and interest rates: shares × NAV, what a file may hold, what is carried over and how long, that a
 * generation is read with what it kept; layouts with a computed field. */
#include "base/date.h"
#include "etl/probe_value.h"
#include "etl/quote.h"
#include "tests/etl/fixture_unit.h"

#define NAVS                                                                                                           \
    "[layout]\nname = nav\nclass = nav\nfiles = NV\nrecord_length = 24\n[fields]\nfund = 0 6 text required\n"          \
    "nav = 6 7 amount scale=4 sign=none\ncurrency = 13 3 text\nnav_date = 16 8 date role=date zero=none\n"
#define INTEREST                                                                                                       \
    "[layout]\nname = interest\nclass = interest\nfiles = IR\nrecord_length = 20\n[fields]\n"                          \
    "product = 0 4 text required\ncurrency = 4 3 text\nrate = 7 5 amount scale=4 sign=none\n"                          \
    "since = 12 8 date role=date zero=none\n"

static void test_value(void **state)
{
    static const struct {
        int64_t shares, nav;
        int shares_scale, nav_scale, value_scale;
        int64_t value; /* INT64_MIN: does not fit */
    } CASES[] = {
        {10000, 12345, 2, 4, 2, 12345},
        {1, 5000, 2, 4, 2, 1},   /* half a fen, away from zero */
        {-1, 5000, 2, 4, 2, -1}, /* also below it */
        {1, 4999, 2, 4, 2, 0},
        {-1, 4999, 2, 4, 2, 0},
        {3, 5000, 2, 4, 2, 2},    /* 1.5 */
        {100, 1, 0, 0, 2, 10000}, /* decimals are added */
        {999999999999999999, 999999999, 2, 9, 2, INT64_C(999999998999999999)},
        {999999999999999999, 100000000, 2, 4, 2, INT64_MIN},
        {999999999999999999, 999999999999999999, 0, 0, 2, INT64_MIN},
        {-999999999999999999, 10, 0, 0, 0, INT64_MIN},
        {0, 12345, 2, 4, 2, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct quote q = {.value = CASES[i].nav, .scale = CASES[i].nav_scale};
        int64_t value = INT64_MIN;
        bool ok = quote_value(&q, CASES[i].shares, CASES[i].shares_scale, CASES[i].value_scale, &value);
        if (ok != (CASES[i].value != INT64_MIN) || value != CASES[i].value)
            fail_msg("case %zu: %d %lld, expected %lld", i, ok, (long long)value, (long long)CASES[i].value);
    }
}

static void test_move(void **state)
{
    static const struct {
        int64_t now, before;
        int scale, previous_scale;
        int64_t ppm;
    } CASES[] = {{11000, 10000, 4, 4, 100000},
                 {9000, 10000, 4, 4, -100000},
                 {110000, 10000, 5, 4, 100000}, /* more decimals since today: the same move */
                 {10000, 10000, 4, 4, 0},
                 {2, 3, 0, 0, -333333},
                 {999999999999999999, 1, 0, 9, INT64_MAX}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct quote q = {.value = CASES[i].now,
                          .scale = CASES[i].scale,
                          .has_previous = true,
                          .previous = CASES[i].before,
                          .previous_scale = CASES[i].previous_scale};
        int64_t ppm;
        assert_true(quote_move_ppm(&q, &ppm));
        if (ppm != CASES[i].ppm) fail_msg("case %zu: %lld", i, (long long)ppm);
    }
    assert_false(quote_move_ppm(&(struct quote){.value = 1}, &(int64_t){0}));
}

static struct unit *unit(struct arena *arena, const char *section)
{
    struct status st = {0};
    struct unit *u;
    fixture_unit_write();
    fixture_write("layouts/nav.ini", NAVS);
    fixture_write("layouts/interest.ini", INTEREST);
    fixture_write("units/11.ini",
                  arena_printf(arena,
                               "[unit]\nid = 11\nname = x\nnumber_prefix = 11\ninbox = inbox\nidentity = bank\n"
                               "layouts = retail_account rates nav interest retail_customer\noutputs = crm_customer\n"
                               "formula.personal = personal\n%s%s",
                               FIXTURE_UNIT_SYSTEMS, section));
    if (!unit_load(test_folder, "11", arena, &u, &st)) fail_msg("%s", st.message);
    return u;
}

static const struct {
    const char *name, *section, *navs, *interest, *past_nav, *past_interest; /* file NULL: none came */
    const char *expected, *message, *hint; /* "CODE CUR VALUE DATE[!];…", ! expired */
} SETTLED[] = {
    {"of the day", "", "1100110012345CNY20261030\n", "12  CNY0145020260101\n", "", "",
     "110011 CNY 12345 2026-10-30;12 CNY 1450 2026-01-01;", NULL, NULL},
    {"several days, in any order; none is the business date; a later one is not there yet", "",
     "A     0010000CNY20261028\nA     0010100CNY20261030\nA     0010050CNY20261029\nB     0020000   00000000\n"
     "B     0030000   20261101\n",
     NULL, "", "", "A CNY 10100 2026-10-30;B  20000 2026-10-31;", NULL, NULL},
    {"twice on one day", "", "A     0010000CNY20261030\nA     0010100USD20261030\n", NULL, "", "", NULL,
     "\"NV\": two quotes for fund \"A\"", "have the file corrected and sent again; then the same command"},
    {"one product in two currencies", "", NULL, "12  CNY0145020260101\n12  USD0280020260101\n", "", "",
     "12 CNY 1450 2026-01-01;12 USD 2800 2026-01-01;", NULL, NULL},
    {"no value", "", "A     0000000CNY20261030\n", NULL, "", "", NULL,
     "\"NV\": the net asset value of fund \"A\" is not usable: 0 at 4 decimals", NULL},
    {"half a currency", "", "A     0010000C  20261030\n", NULL, "", "", NULL,
     "\"NV\": \"A\" in \"C\" is no code of up to 16 bytes in a currency of three", NULL},
    {"nothing is a rate, too", "", NULL, "D   CNY0000020260101\n", "", "", "D CNY 0 2026-01-01;", NULL, NULL},
    {"a fund that is missing is carried, one that is new is not", "", "A     0010100CNY20261030\n", NULL,
     "A\t1.0000\tCNY\t2026-10-29\t2026-10-30\tNV\t\t\nB\t2.5\tCNY\t2026-10-29\t2026-10-30\tNV\t\t\n", "",
     "A CNY 10100 2026-10-30;B CNY 25 2026-10-29;", NULL, NULL},
    {"too old: expired, no stop", "[nav]\ncarry_days = 3\n", "A     0010100CNY20261028\n", NULL,
     "B\t2.5\tCNY\t2026-10-27\t2026-10-30\tNV\t\t\n", "", "A CNY 10100 2026-10-28;B CNY 25 2026-10-27!;", NULL, NULL},
    {"suspended", "[nav]\ncarry_days = 3\nsuspended = C B\n", NULL, NULL,
     "B\t2.5\tCNY\t2026-10-27\t2026-10-30\tNV\t\t\n", "", "B CNY 25 2026-10-27;", NULL, NULL},
    {"the file's own is older", "", "A     0010000CNY20261027\n", NULL,
     "A\t1.0100\tCNY\t2026-10-30\t2026-10-30\tNV\t\t\n", "", "A CNY 10100 2026-10-30;", NULL, NULL},
    {"in another currency than before", "", "A     0010000USD20261030\n", NULL,
     "A\t1.0100\tCNY\t2026-10-29\t2026-10-30\tNV\t\t\n", "", NULL,
     "\"NV\": the net asset value of fund A is in USD, in the generation before in CNY", NULL},
    {"no interest file: all are carried", "", NULL, NULL, "", "12\t1.4500\tCNY\t2026-01-01\t2026-10-02\tIR\t\t\n",
     "12 CNY 14500 2026-01-01;", NULL, NULL},
    {"for too long", "[interest]\ncarry_days = 28\n", NULL, NULL, "",
     "12\t1.4500\tCNY\t2026-01-01\t2026-10-02\tIR\t\t\n", NULL,
     "there is no interest rate file within 28 days of 2026-10-31: the latest is of 2026-10-02",
     "have the interest rate file sent, then the same command; carried further: carry_days in [interest] of "
     "units/11.ini"},
    {"an interest file is whole: what it does not name has ended", "", NULL, "D   CNY0001020260101\n", "",
     "12\t1.4500\tCNY\t2026-01-01\t2026-10-30\tIR\t\t\nD\t0.0200\tCNY\t2025-01-01\t2026-10-30\tIR\t\t\n",
     "D CNY 10 2026-01-01;", NULL, NULL},
};

static bool load(const struct unit *u, struct arena *arena, size_t i, struct reference *out, struct status *st)
{
    static const char *const FILES[] = {"NV", "IR"}, *const LAYOUTS[] = {"nav", "interest"};
    const char *text[] = {SETTLED[i].navs, SETTLED[i].interest};
    struct input_set inputs;
    input_set_init(&inputs, arena);
    for (int k = 0; k < 2; k++) {
        int at = unit_layout(u, LAYOUTS[k]);
        if (!text[k]) continue;
        fixture_write(FILES[k], text[k]);
        assert_true(input_add(&inputs, FILES[k], test_path(FILES[k]), u->layouts[at], at, st));
    }
    bool ok = reference_load(u, &inputs, FIXTURE_DAY, arena, out, st);
    input_set_release(&inputs);
    return ok;
}

static const char *text_of(const struct reference *r)
{
    static char text[1000];
    text[0] = 0;
    for (int k = 0; k < QUOTE_KINDS; k++)
        for (int i = 0; i < r->quotes[k]->count; i++) {
            const struct quote *q = &r->quotes[k]->list[i];
            char date[11];
            date_format(q->date, date);
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s %lld %s%s;", q->code, q->currency,
                     (long long)q->value, date, q->expired ? "!" : "");
        }
    return text;
}

static void write_past(struct arena *arena, size_t i)
{
    fixture_write("past/rates.tsv", "currency\trate\tper_unit\tdate\tfrom\tprevious_rate\tprevious_per_unit\t"
                                    "previous_date\nCNY\t1.000000\t1\t2026-10-30\tbase currency\t\t\t\n");
    fixture_write("past/nav.tsv",
                  arena_printf(arena, "fund\tnav\tcurrency\tdate\tas_of\tfrom\tprevious\tprevious_date\n%s",
                               SETTLED[i].past_nav));
    fixture_write("past/interest.tsv",
                  arena_printf(arena, "product\trate\tcurrency\tdate\tas_of\tfrom\tprevious\tprevious_date\n%s",
                               SETTLED[i].past_interest));
}

/* What was settled is what the generation is read with. */
static void read_again(const struct unit *u, struct arena *arena, const struct reference *r, const char *name)
{
    struct reference *again = arena_new(arena, struct reference);
    struct input_set inputs;
    struct status st = {0};
    assert_true(os_make_folder(test_path("now"), &st) && reference_write(r, test_path("now"), &st));
    input_set_init(&inputs, arena);
    if (!reference_open(u, &inputs, FIXTURE_DAY, test_path("now"), arena, again, &st)) fail_msg("%s", st.message);
    input_set_release(&inputs);
    for (int k = 0; k < QUOTE_KINDS; k++) {
        assert_int_equal(again->quotes[k]->count, r->quotes[k]->count);
        for (int i = 0; i < r->quotes[k]->count; i++) {
            const struct quote *a = &r->quotes[k]->list[i], *b = &again->quotes[k]->list[i];
            bool same = strcmp(a->code, b->code) == 0 && strcmp(a->currency, b->currency) == 0 &&
                        a->value == b->value && a->scale == b->scale && a->date == b->date && a->as_of == b->as_of &&
                        strcmp(a->from, b->from) == 0 && a->has_previous == b->has_previous &&
                        a->previous == b->previous && a->previous_date == b->previous_date;
            if (!same) fail_msg("%s: %s was read otherwise", name, a->code);
        }
    }
    assert_ptr_equal(again->rates.navs, again->quotes[QUOTE_NAV]);
}

static void test_settled(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SETTLED); i++) {
        struct arena arena;
        struct status st = {0};
        arena_init(&arena, "test");
        const struct unit *u = unit(&arena, SETTLED[i].section);
        struct reference *r = arena_new(&arena, struct reference);
        write_past(&arena, i);
        bool ok = load(u, &arena, i, r, &st) &&
                  reference_settle(r, u, FIXTURE_DAY, test_path("past"), "generation G", &arena, &st);
        if (ok != !SETTLED[i].message) fail_msg("%s: %s", SETTLED[i].name, st.message);
        if (!ok) assert_has(st.message, SETTLED[i].message);
        if (SETTLED[i].hint) assert_string_equal(st.hint, SETTLED[i].hint);
        if (ok && strcmp(text_of(r), SETTLED[i].expected) != 0)
            fail_msg("%s: %s, expected %s", SETTLED[i].name, text_of(r), SETTLED[i].expected);
        if (ok) read_again(u, &arena, r, SETTLED[i].name);
        arena_release(&arena);
    }
}

static void test_find(void **state)
{
    struct quote list[] = {{.code = "000001"}, {.code = "110011"}, {.code = "1100110"}, {.code = "A"}};
    struct quotes q = {list, 4, 4};
    (void)state;
    for (int i = 0; i < 4; i++) assert_int_equal(quote_find(&q, view_of(list[i].code)), i);
    assert_int_equal(quote_find(&q, view_of("11001")), -1);
    assert_int_equal(quote_find(&q, view_of("")), -1);
    assert_int_equal(quote_find(&q, view_of("B")), -1);
    assert_int_equal(quote_find(NULL, view_of("A")), -1);
}

/* --- computed fields --- */

#define FUND_HEAD                                                                                                      \
    "[layout]\nname = f\nclass = account\nsystem = fund\nfiles = F\nrecord_length = 30\n[fields]\n"                    \
    "account = 0 6 text required\nsource_no = 6 6 text required\n"
#define FUND_FIELDS "fund = 12 6 fund keep=hot reason=FUND\nshares = 18 9 amount scale=2 keep=hot\n"

static void test_layouts(void **state)
{
    static const struct {
        const char *fields, *message; /* NULL: it is right */
    } CASES[] = {
        {FUND_FIELDS "value = 0 0 amount value=shares*fund keep=hot\nnav = 0 0 amount scale=4 value=nav(fund)\n"
                     "nav_date = 0 0 date value=nav_date(fund)\n",
         NULL},
        {FUND_FIELDS "value = 0 0 amount keep=hot\n", "expected OFFSET LENGTH TYPE"},
        {FUND_FIELDS "value = 0 8 amount value=shares*fund keep=hot\n",
         "a field with value= has no bytes: write 0 0 before its type"},
        {FUND_FIELDS "value = 0 0 amount value=shares*fund\n",
         "shares, fund and their product are revalued every night: all three need keep=hot"},
        {"fund = 12 6 fund\nshares = 18 9 amount keep=hot\nvalue = 0 0 amount value=shares*fund keep=hot\n",
         "shares, fund and their product are revalued every night: all three need keep=hot"},
        {"value = 0 0 amount value=shares*fund keep=hot\n" FUND_FIELDS,
         "value= needs an amount of shares listed before (found"},
        {FUND_FIELDS "value = 0 0 amount value=shares*account keep=hot\n",
         "value= needs a field of type fund listed before (found"},
        {FUND_FIELDS "value = 0 0 amount value=shares keep=hot\n",
         "value=shares: SHARES*FUND or nav(FUND) for an amount, nav_date(FUND) for a date"},
        {FUND_FIELDS "value = 0 0 text value=shares*fund\n", "value says nothing about a field of type text"},
        {FUND_FIELDS "nav_date = 0 0 date value=nav(fund)\n", "gives another type"},
        {FUND_FIELDS "nav = 0 0 amount value=nav(fund) keep=hot\n", "a net asset value is not kept hot"},
        {FUND_FIELDS "a = 0 0 amount value=shares*fund keep=hot\nb = 0 0 amount value=shares*fund keep=hot\n",
         "one field is shares times NAV already"},
        {FUND_FIELDS "value = 0 0 amount optional value=shares*fund keep=hot\n",
         "a field with value= is not checked: only scale, data, keep and reason say something"},
        {"fund = 12 17 fund\n", "fund: at most 16 bytes"},
        {"fund = 12 6 fund\nnav_date = 0 0 date value=nav_date(fond)\n", "listed before (found \"fond\")"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct status st = {0};
        struct layout *l;
        arena_init(&arena, "test");
        fixture_write("layouts/f.ini", arena_printf(&arena, "%s%s", FUND_HEAD, CASES[i].fields));
        bool ok = layout_load(test_path("layouts/f.ini"), "f", &arena, &l, &st);
        if (ok != !CASES[i].message) fail_msg("case %zu: %s", i, st.message);
        if (!ok) assert_has(st.message, CASES[i].message);
        arena_release(&arena);
    }
}

static void test_accounts_only(void **state)
{
    struct arena arena;
    struct status st = {0};
    struct layout *l;
    (void)state;
    arena_init(&arena, "test");
    fixture_write("layouts/f.ini", "[layout]\nname = f\nclass = contact\nsystem = fund\nfiles = F\n"
                                   "record_length = 30\n[fields]\nsource_no = 6 6 text required\n" FUND_FIELDS
                                   "value = 0 0 amount value=shares*fund keep=hot\n");
    assert_false(layout_load(test_path("layouts/f.ini"), "f", &arena, &l, &st));
    assert_has(st.message, "value= is of accounts only");
    arena_release(&arena);
}

/* What is said of a record that is refused (docs/formats.md has the same words). */
static void complain(const struct layout *l, const struct rates *rates, int field, const unsigned char *record,
                     const char *why)
{
    struct arena arena;
    struct buf out;
    struct probe_tool *tool = probe_tool_new();
    arena_init(&arena, "test");
    buf_init(&out, 1000);
    const struct probe_reader *reader = probe_reader_new(l, rates, FIXTURE_DAY, &arena);
    probe_complaint(tool, reader, field, record, true, &out);
    buf_add(&out, "", 1);
    assert_string_equal(out.bytes, why);
    buf_release(&out);
    probe_tool_free(tool);
    arena_release(&arena);
}

/* Accepted or not, the fast way and the slow one; and what the computed fields say. */
static void test_decoded(void **state)
{
    static const struct {
        const char *record;
        int64_t value, nav, date; /* value INT64_MIN: refused */
        const char *why;
    } CASES[] = {
        {"F00001C00001110011+00010000   ", 12345, 12345, 20756, NULL},
        {"F00001C00001110011-00000001   ", -1, 12345, 20756, NULL}, /* -0.012345 */
        {"F00001C00001999999+00010000   ", INT64_MIN, 0, 0,
         "\"999999\" is no fund with a net asset value, recent enough and in the account's currency"},
        {"F00001C00001      +00010000   ", INT64_MIN, 0, 0, NULL},
        {"F00001C00001USDFND+00010000   ", INT64_MIN, 0, 0, NULL}, /* in another currency */
        {"F00001C00001OLDFND+00010000   ", INT64_MIN, 0, 0, NULL}, /* too old */
        {"F00001C00001110011 00010000   ", INT64_MIN, 0, 0, NULL},
        {"F00001C00001BIGFND+99999999   ", INT64_MIN, 0, 0, "shares times net asset value do not fit 18 digits"},
    };
    struct quote list[] = {{.code = "110011", .currency = "CNY", .value = 12345, .scale = 4, .date = 20756},
                           {.code = "BIGFND", .value = 999999999999999999, .scale = 0, .date = 20756},
                           {.code = "OLDFND", .value = 12345, .scale = 4, .date = 20756, .expired = true},
                           {.code = "USDFND", .currency = "USD", .value = 12345, .scale = 4, .date = 20756}};
    struct quotes navs = {list, 4, 4};
    struct rates rates = {.count = 1, .code = {"CNY"}, .rate = {1000000}, .per_unit = {1}, .navs = &navs};
    struct arena arena;
    struct status st = {0};
    struct layout *l;
    (void)state;
    arena_init(&arena, "test");
    fixture_write("layouts/f.ini", FUND_HEAD FUND_FIELDS
                  "value = 0 0 amount value=shares*fund keep=hot\nnav = 0 0 amount scale=4 value=nav(fund)\n"
                  "nav_date = 0 0 date value=nav_date(fund)\n");
    if (!layout_load(test_path("layouts/f.ini"), "f", &arena, &l, &st)) fail_msg("%s", st.message);
    struct decode_column column = {.field = layout_find(l, "value")};
    decode_column_shape(&l->fields[column.field], &column);
    struct decoder *d = decoder_new(&(struct decode_options){.layout = l,
                                                             .rates = &rates,
                                                             .business_date = FIXTURE_DAY,
                                                             .columns = &column,
                                                             .columns_count = 1,
                                                             .row_size = 8},
                                    &arena);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        unsigned char room[DECODE_SLACK * 2 + 30] = {0}, row[8] = {0}, *record = room + DECODE_SLACK;
        int field;
        memcpy(record, CASES[i].record, 30);
        bool wanted = CASES[i].value != INT64_MIN, fast = decode_accept(d, record, row),
             slow = decode_check(d, record, 30, &field) < 0;
        if (fast != wanted || slow != wanted) fail_msg("case %zu: fast %d slow %d", i, fast, slow);
        if (CASES[i].why) complain(l, &rates, field, record, CASES[i].why);
        if (!wanted) continue;
        assert_int_equal(decode_column_value(&column, row), CASES[i].value);
        assert_int_equal(decode_value(d, column.field, record), CASES[i].value);
        assert_int_equal(decode_value(d, layout_find(l, "nav"), record), CASES[i].nav);
        assert_int_equal(decode_value(d, layout_find(l, "nav_date"), record), CASES[i].date);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value),         cmocka_unit_test(test_move),    cmocka_unit_test(test_settled),
        cmocka_unit_test(test_find),          cmocka_unit_test(test_layouts), cmocka_unit_test(test_decoded),
        cmocka_unit_test(test_accounts_only),
    };
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
