/* Control sums of an output file: per currency, over pieces of a megabyte, debts, blanks, no amounts, damage. */
#include "etl/control_sum.h"
#include "tests/etl/fixture.h"

static struct output *output(struct arena *arena, const char *fields)
{
    struct output *o;
    struct status st = {0};
    fixture_write("outputs/x.ini",
                  arena_printf(arena, "[output]\nname = x\nfile = X\nrows = customer\n[fields]\n%s", fields));
    if (!output_load(test_path("outputs/x.ini"), "x", arena, &o, &st)) fail_msg("%s", st.message);
    return o;
}

#define MONEY                                                                                                          \
    "number = 3 digits number\ncurrency = 3 text field.currency\nbalance = 6 amount field.balance\nrate = 4 amount "   \
    "field.rate scale=3\n"
#define PLAIN "number = 3 digits number\nscore = 6 amount score\n"
static const struct {
    const char *name, *fields, *content, *text, *message;
} CASES[] = {
    {"nothing", MONEY, "", NULL, NULL},
    {"per currency, in byte order", MONEY, "001USD+00100+001\n001CNY+00250-002\n002CNY-00300+000\n002USD+00001+001\n",
     "balance.CNY=-0.50 balance.USD=1.01 rate.CNY=-0.002 rate.USD=0.002", NULL},
    {"a row without the field", MONEY, "001CNY+00250+001\n002CNY0000000000\n", "balance.CNY=2.50 rate.CNY=0.001", NULL},
    {"without a currency", PLAIN, "001+00100\n002-00101\n", "score=-0.01", NULL},
    {"no amounts", "number = 3 digits number\n", "001\n002\n", NULL, NULL},
    {"damage", PLAIN, "001+00100\n002+0x101\n", NULL, "record 2 holds no amount where its layout has one"},
    {"no sign", PLAIN, "001000100\n", NULL, "record 1 holds no amount where its layout has one"},
};

static void test_sums(void **state)
{
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct status st = {0};
        const char *text;
        arena_init(&arena, "test");
        const struct output *o = output(&arena, CASES[i].fields);
        fixture_write("X", CASES[i].content);
        bool ok = control_sum(o, test_path("X"), &arena, &text, &st);
        if (ok != !CASES[i].message) fail_msg("%s: %s", CASES[i].name, st.message);
        if (!ok) assert_has(st.message, CASES[i].message);
        if (ok && (!text || !CASES[i].text)) assert_true(!text && !CASES[i].text);
        if (ok && text && CASES[i].text) assert_string_equal(text, CASES[i].text);
        arena_release(&arena);
    }
}

static void test_pieces(void **state)
{
    enum { ROWS = 300000 }; /* of 10 bytes: three pieces */
    struct arena arena;
    struct status st = {0};
    struct buf b;
    const char *text;
    arena_init(&arena, "test");
    const struct output *o = output(&arena, PLAIN);
    buf_init(&b, 1 << 26);
    for (int i = 0; i < ROWS; i++) buf_addf(&b, "%03d+%05d\n", i % 1000, i % 100000);
    test_write(test_path("X"), buf_view(&b));
    assert_true(control_sum(o, test_path("X"), &arena, &text, &st));
    assert_string_equal(text, "score=149998500.00"); /* three times 0 … 99,999 */
    buf_release(&b);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_pieces)};
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
