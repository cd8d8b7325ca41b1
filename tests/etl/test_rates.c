/* Rates: several days in a file, rates carried back, too old, retired, the move since the generation before, and that a
 * generation is read with the rates it was made with. */
#include "etl/rates.h"
#include "tests/etl/fixture_unit.h"

#include "base/date.h"

#define DATED                                                                                                          \
    "[layout]\nname = rates\nclass = rate\nfiles = RT\nrecord_length = 24\n[fields]\ncurrency = 0 3 text required\n"   \
    "per_unit = 3 3 digits\nrate = 6 10 amount scale=6 sign=none\nquoted = 16 8 date role=date zero=none\n"

static struct unit *unit(struct arena *arena, const char *section)
{
    char text[2000];
    struct status st = {0};
    struct unit *u;
    fixture_unit_write();
    fixture_write("layouts/rates.ini", DATED);
    snprintf(text, sizeof text, "%s%s%s", FIXTURE_UNIT_HEAD, FIXTURE_UNIT_SYSTEMS, section);
    fixture_write("units/11.ini", text);
    if (!unit_load(test_folder, "11", arena, &u, &st)) fail_msg("%s", st.message);
    return u;
}

/* --- one file, several days --- */

static const struct {
    const char *name, *file, *rates, *message; /* rates: "USD 7.100000/1 2026-10-31 …" without the base currency */
} FILES[] = {
    {"of the day", "USD001000710000020261031\n", "USD 7100000/1 2026-10-31;", NULL},
    {"without a day", "USD001000710000000000000\n", "USD 7100000/1 2026-10-31;", NULL},
    {"the latest counts, whatever the order",
     "USD001000700000020261029\nUSD001000710000020261031\nUSD001000705000020261030\n", "USD 7100000/1 2026-10-31;",
     NULL},
    {"a day that is not there yet", "USD001000700000020261030\nUSD001000999000020261101\n", "USD 7000000/1 2026-10-30;",
     NULL},
    {"five days old", "USD001000700000020261026\nJPY100004650000020261031\n",
     "USD 7000000/1 2026-10-26;JPY 46500000/100 2026-10-31;", NULL},
    {"six days old", "USD001000700000020261025\n", NULL,
     "there is no rate of USD within 5 days of 2026-10-31: the latest is of 2026-10-25 (RT); nothing is committed"},
    {"twice on one day", "USD001000700000020261031\nUSD001000710000020261031\n", NULL,
     "\"RT\": two rates for USD of 2026-10-31"},
};

static void load(const struct unit *u, struct arena *arena, const char *file, struct reference *out, struct status *st)
{
    struct input_set inputs;
    int at = unit_layout(u, "rates");
    fixture_write("RT", file);
    input_set_init(&inputs, arena);
    assert_true(input_add(&inputs, "RT", test_path("RT"), u->layouts[at], at, st));
    reference_load(u, &inputs, FIXTURE_DAY, arena, out, st);
    input_set_release(&inputs);
}

static const char *text_of(const struct reference *r)
{
    static char text[1000];
    text[0] = 0;
    for (int i = 1; i < r->rates.count; i++) {
        char date[11];
        date_format(r->origins[i].date, date);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s %lld/%d %s;", r->rates.code[i],
                 (long long)r->rates.rate[i], r->rates.per_unit[i], date);
    }
    return text;
}

static void test_days_of_a_file(void **state)
{
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        struct arena arena;
        struct status st = {0};
        arena_init(&arena, "test");
        const struct unit *u = unit(&arena, "");
        struct reference *r = arena_new(&arena, struct reference);
        load(u, &arena, FILES[i].file, r, &st);
        bool ok = st.code == STATUS_OK && rates_settle(r, u, FIXTURE_DAY, NULL, NULL, &st);
        if (ok != !FILES[i].message) fail_msg("%s: %s", FILES[i].name, st.message);
        assert_string_equal(ok ? text_of(r) : st.message, ok ? FILES[i].rates : FILES[i].message);
        arena_release(&arena);
    }
}

/* --- the generation before --- */

static const struct {
    const char *name, *section, *file, *past; /* past: lines of rates.tsv after the base currency */
    const char *rates, *message, *hint;
    int64_t usd_move; /* of USD in millionths */
} CARRIED[] = {
    {"nothing missing, the move is known", "", "USD001000717100020261031\n", "USD\t7.100000\t1\t2026-10-30\tRT\t\t\t\n",
     "USD 7171000/1 2026-10-31;", NULL, NULL, 10000},
    {"quoted per 100 since today: no move", "", "USD100071000000020261031\n",
     "USD\t7.100000\t1\t2026-10-30\tRT\t\t\t\n", "USD 710000000/100 2026-10-31;", NULL, NULL, 0},
    {"missing: carried, after the new ones", "", "JPY100000465000020261031\n",
     "USD\t7.100000\t1\t2026-10-26\tRT\t\t\t\n", "JPY 4650000/100 2026-10-31;USD 7100000/1 2026-10-26;", NULL, NULL, 0},
    {"the file's own is older", "", "USD001000700000020261027\n", "USD\t7.100000\t1\t2026-10-30\tRT\t\t\t\n",
     "USD 7100000/1 2026-10-30;", NULL, NULL, 0},
    {"carried too often", "", "JPY100000465000020261031\n", "USD\t7.100000\t1\t2026-10-25\tRT\t\t\t\n", NULL,
     "there is no rate of USD within 5 days of 2026-10-31: the latest is of 2026-10-25 (generation G); nothing is "
     "committed",
     "have the rate file sent again with USD, then the same command; carried further: carry_days in [rates] of "
     "units/11.ini; no longer quoted: retired = USD there",
     0},
    {"not carried at all", "[rates]\ncarry_days = 0\n", "JPY100000465000020261031\n",
     "USD\t7.100000\t1\t2026-10-30\tRT\t\t\t\n", NULL, "there is no rate of USD within 0 days of 2026-10-31", NULL, 0},
    {"carried further", "[rates]\ncarry_days = 9\n", "JPY100000465000020261031\n",
     "USD\t7.100000\t1\t2026-10-22\tRT\t\t\t\n", "JPY 4650000/100 2026-10-31;USD 7100000/1 2026-10-22;", NULL, NULL, 0},
    {"retired", "[rates]\nretired = USD HRK\n", "JPY100000465000020261031\n",
     "USD\t7.100000\t1\t2026-10-25\tRT\t\t\t\n", "JPY 4650000/100 2026-10-31;", NULL, NULL, 0},
};

static void test_carried(void **state)
{
    for (size_t i = 0; i < COUNT_OF(CARRIED); i++) {
        struct arena arena;
        struct status st = {0};
        bool there;
        int64_t move = 0;
        arena_init(&arena, "test");
        const struct unit *u = unit(&arena, CARRIED[i].section);
        struct reference *r = arena_new(&arena, struct reference), *past = arena_new(&arena, struct reference);
        fixture_write("past/rates.tsv",
                      arena_printf(&arena,
                                   "currency\trate\tper_unit\tdate\tfrom\tprevious_rate\tprevious_per_unit\t"
                                   "previous_date\nCNY\t1.000000\t1\t2026-10-30\tbase currency\t\t\t\n%s",
                                   CARRIED[i].past));
        if (!rates_read(test_path("past"), &arena, past, &there, &st)) fail_msg("%s", st.message);
        assert_true(there);
        load(u, &arena, CARRIED[i].file, r, &st);
        bool ok = rates_settle(r, u, FIXTURE_DAY, past, "generation G", &st);
        if (ok != !CARRIED[i].message) fail_msg("%s: %s", CARRIED[i].name, st.message);
        if (!ok) assert_has(st.message, CARRIED[i].message);
        if (CARRIED[i].hint) assert_string_equal(st.hint, CARRIED[i].hint);
        if (ok) assert_string_equal(text_of(r), CARRIED[i].rates);
        int usd = ok ? rates_find(&r->rates, "USD") : -1;
        if (usd > 0) assert_true(rates_move_ppm(r, usd, &move));
        assert_int_equal(move, CARRIED[i].usd_move);
        arena_release(&arena);
    }
}

static void test_move(void **state)
{
    static const struct {
        int64_t now, before, ppm;
        int32_t now_per, before_per;
    } CASES[] = {
        {105, 100, 50000, 1, 1},   {95, 100, -50000, 1, 1},  {10500, 105, 0, 100, 1},     {100, 300, -666667, 1, 1},
        {200, 300, -333333, 1, 1}, {400, 300, 333333, 1, 1}, {7100000, 7100000, 0, 1, 1}, {1, 2000000, -1000000, 1, 1},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct reference *r = calloc(1, sizeof *r);
        int64_t ppm;
        assert_false(rates_move_ppm(r, 1, &ppm));
        r->rates.rate[1] = CASES[i].now;
        r->rates.per_unit[1] = CASES[i].now_per;
        r->origins[1] = (struct rate_origin){.previous = CASES[i].before, .previous_per_unit = CASES[i].before_per};
        assert_true(rates_move_ppm(r, 1, &ppm));
        assert_int_equal(ppm, CASES[i].ppm);
        free(r);
    }
}

/* --- a run --- */

static void test_run(void **state)
{
    struct arena arena;
    struct run_result result;
    struct status st = {0};
    struct generation *g;
    arena_init(&arena, "test");
    unit(&arena, "");
    fixture_inbox_write();
    fixture_write("inbox/RT", "USD001000710150020261029\nJPY100000465000020261031\n");
    if (!fixture_run(&result, &st)) fail_msg("%s", st.message);
    assert_string_equal(test_read(fixture_state("gen/2026-10-31.001.1/rates.tsv")),
                        "currency\trate\tper_unit\tdate\tfrom\tprevious_rate\tprevious_per_unit\tprevious_date\n"
                        "CNY\t1.000000\t1\t2026-10-31\tbase currency\t\t\t\n"
                        "USD\t7.101500\t1\t2026-10-29\tRT\t\t\t\n"
                        "JPY\t4.650000\t100\t2026-10-31\tRT\t\t\t\n");
    assert_true(generation_open(fixture_state(""), NULL, &g, &st));
    assert_string_equal(text_of(&g->reference), "USD 7101500/1 2026-10-29;JPY 4650000/100 2026-10-31;");
    assert_int_equal(g->reference.rates.rate[0], 1000000);
    generation_close(g);
    /* Money is read by them: a changed rate is damage. */
    const char *path = fixture_state("gen/2026-10-31.001.1/rates.tsv");
    struct buf b;
    buf_init(&b, 1000);
    assert_true(os_read_file(path, &b, &st));
    *strchr(b.bytes, '7') = '8';
    test_write(path, buf_view(&b));
    buf_release(&b);
    assert_false(generation_open(fixture_state(""), NULL, &g, &st));
    assert_has(st.message, "rates.tsv\" is damaged");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_of_a_file),
        cmocka_unit_test(test_carried),
        cmocka_unit_test(test_move),
        cmocka_unit_test(test_run),
    };
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
