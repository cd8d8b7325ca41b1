/* Rates and the exclusion list: what makes a rate file unusable, with its exact message and place, and what is read
 * from a good one; which entries of the list are in force. */
#include "etl/reference.h"
#include "tests/etl/fixture_unit.h"

#define HINT "have the rate file corrected and sent again; then the same command"

static const struct {
    const char *name, *content, *message, *context; /* NULL: a run takes it */
} RATES[] = {
    {"as it should be", "USD0010007101500\nJPY1000004650000\n", NULL, NULL},
    {"the base currency is listed", "USD0010007101500\nCNY0010001000000\n", NULL, NULL},
    {"the base currency per 100", "USD0010007101500\nCNY1000100000000\n", NULL, NULL},
    {"the base currency has another rate", "USD0010007101500\nCNY0010001000001\n",
     "\"RT\": the base currency CNY has a rate other than 1", "while reading \"RT\" line 2, byte offset 17"},
    {"no rate", "USD0010000000000\n", "\"RT\": rate of \"USD\" is not usable: rate 0, per 1 units",
     "while reading \"RT\" line 1, byte offset 0"},
    {"per nothing", "USD0010007101500\nJPY0000004650000\n",
     "\"RT\": rate of \"JPY\" is not usable: rate 4650000, per 0 units", "while reading \"RT\" line 2, byte offset 17"},
    {"half a currency", "US 0010007101500\n", "\"RT\": rate of \"US\" is not usable: rate 7101500, per 1 units",
     "while reading \"RT\" line 1, byte offset 0"},
    {"twice", "USD0010007101500\nJPY1000004650000\nUSD0010007101500\n", "\"RT\": two rates for USD",
     "while reading \"RT\" line 3, byte offset 34"},
};

static void test_rates(void **state)
{
    for (size_t i = 0; i < COUNT_OF(RATES); i++) {
        struct run_result result;
        struct status st;
        fixture_unit_write();
        fixture_inbox_write();
        fixture_write("inbox/RT", RATES[i].content);
        bool ok = fixture_run(&result, &st);
        if (ok != !RATES[i].message) fail_msg("%s: %s", RATES[i].name, st.message);
        assert_int_equal(os_exists(fixture_state("CURRENT")), ok);
        if (ok) continue;
        assert_int_equal(st.code, STATUS_INPUT);
        if (strncmp(st.message, RATES[i].message, strlen(RATES[i].message)) != 0)
            fail_msg("%s: %s", RATES[i].name, st.message);
        assert_has(st.context, RATES[i].context);
        assert_string_equal(st.hint, HINT);
        /* The repaired file, sent again, and the same command. */
        fixture_write("inbox/RT", RATES[0].content);
        if (!fixture_run(&result, &st)) fail_msg("%s, repaired: %s", RATES[i].name, st.message);
    }
}

static void test_too_many_rates(void **state)
{
    struct buf b;
    struct run_result result;
    struct status st;
    buf_init(&b, 65536);
    fixture_unit_write();
    fixture_inbox_write();
    /* With the base currency 250; one more does not fit. */
    for (int i = 0; i < DECODE_CURRENCIES_MAX; i++)
        buf_addf(&b, "%c%c%c0010007101500\n", 'A' + i % 26, 'A' + i / 26, 'X');
    fixture_write("inbox/RT", b.bytes);
    assert_false(fixture_run(&result, &st));
    assert_string_equal(st.message, "\"RT\": more than 250 currencies");
    assert_string_equal(st.hint, HINT);
    buf_release(&b);
}

/* --- the values --- */

struct loaded {
    struct arena arena;
    struct unit *unit;
    struct input_set inputs;
    struct reference reference;
};

/* The reference of the fixture's unit with these files. */
static void load(struct loaded *l, const char *rates, const char *exclusions)
{
    struct status st = {0};
    arena_init(&l->arena, "test");
    fixture_unit_write();
    fixture_write("RT", rates);
    fixture_write("EX", exclusions);
    assert_true(unit_load(test_folder, "11", &l->arena, &l->unit, &st));
    input_set_init(&l->inputs, &l->arena);
    for (int i = 0; i < l->unit->layouts_count; i++) {
        const struct layout *y = l->unit->layouts[i];
        if (y->class != LAYOUT_RATE && y->class != LAYOUT_EXCLUSION) continue;
        const char *name = y->class == LAYOUT_RATE ? "RT" : "EX";
        assert_true(input_add(&l->inputs, name, arena_printf(&l->arena, "%s/%s", test_folder, name), y, i, &st));
    }
    if (!reference_load(l->unit, &l->inputs, FIXTURE_DAY, &l->arena, &l->reference, &st)) fail_msg("%s", st.message);
}

static void unload(struct loaded *l)
{
    input_set_release(&l->inputs);
    arena_release(&l->arena);
}

static void test_rate_values(void **state)
{
    static struct loaded l;
    /* A record that import rejects is no rate. */
    load(&l, "USD0010007101500\nEUR00100O7800000\nJPY1000004650000\n", "");
    const struct rates *r = &l.reference.rates;
    assert_int_equal(r->count, 3);
    assert_int_equal(rates_find(r, "CNY"), 0);
    assert_int_equal(r->rate[0], 1000000);
    assert_int_equal(rates_find(r, "EUR"), -1);
    int usd = rates_find(r, "USD"), jpy = rates_find(r, "JPY");
    assert_true(r->rate[usd] == 7101500 && r->per_unit[usd] == 1);
    assert_true(r->rate[jpy] == 4650000 && r->per_unit[jpy] == 100);
    unload(&l);
}

/* In force: for ever, until a later day, until today; not: expired yesterday, refused, or of a
 * placeholder number, which would exclude everybody who has none. */
static void test_exclusions(void **state)
{
    static const struct {
        const char *line;
        int entries; /* personal and corporate */
    } CASES[] = {
        {"0111010519491231002XSTAF00000000\n", 2},
        {"0111010519491231002XSTAF20271231\n", 2},
        {"0111010519491231002XSTAF20261031\n", 2},
        {"0111010519491231002XSTAF20261030\n", 0},
        {"0111010519491231002XSTAF20261131\n", 0},
        {"01999999999999999999STAF00000000\n", 0},
        {"", 0},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        static struct loaded l;
        load(&l, FIXTURE_RATES, CASES[i].line);
        if (l.reference.exclusions_count != CASES[i].entries)
            fail_msg("\"%s\": %d entries", CASES[i].line, l.reference.exclusions_count);
        bool placeholder = strstr(CASES[i].line, "999999") != NULL;
        assert_int_equal(l.reference.placeholders, placeholder);
        if (placeholder) assert_has(l.reference.placeholder, ": 999999");
        for (int k = 0; k < l.reference.exclusions_count; k++) {
            const struct exclusion *e = &l.reference.exclusions[k];
            int count, at = reference_exclusions(&l.reference, e->key, &count);
            assert_true(k >= at && k < at + count);
            assert_string_equal(e->reason, "STAF");
            assert_string_equal(e->number, "11010519491231002X");
        }
        unload(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_too_many_rates),
        cmocka_unit_test(test_rate_values),
        cmocka_unit_test(test_exclusions),
    };
    return cmocka_run_group_tests_name("reference", tests, fixture_unit_setup, test_remove_folder);
}
