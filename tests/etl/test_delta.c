/* Deltas of an output file: marks, order, groups of one key, what is carried, what is refused. */
#include "etl/delta.h"
#include "tests/etl/fixture.h"

#define FIELDS                                                                                                         \
    "number = 3 digits number\ncurrency = 3 text field.currency\nkind = 1 text field.kind\nbalance = 4 amount "        \
    "field.balance scale=0\n"
#define OUTPUT(key) "[output]\nname = x\nfile = X\nrows = customer\n" key "[fields]\n" FIELDS

static struct output *output(struct arena *arena, const char *text)
{
    struct output *o;
    struct status st = {0};
    fixture_write("outputs/x.ini", text);
    if (!output_load(test_path("outputs/x.ini"), "x", arena, &o, &st)) fail_msg("%s", st.message);
    return o;
}

static const struct {
    const char *name, *base, *now, *carried, *delta, *control;
} CASES[] = {
    {"nothing at all", "", "", NULL, "", "new=0 changed=0 removed=0"},
    {"nothing changed", "001CNYA+001\n002CNYA+002\n", "001CNYA+001\n002CNYA+002\n", NULL, "",
     "new=0 changed=0 removed=0"},
    {"new, changed, removed; removals first", "001CNYA+001\n003CNYA+003\n", "001CNYA+009\n002USDA-002\n", NULL,
     "R003CNY 0000\nC001CNYA+009\nN002USDA-002\n", "new=1 changed=1 removed=1 balance.CNY=9 balance.USD=-2"},
    {"from nothing", "", "001CNYA+001\n", NULL, "N001CNYA+001\n", "new=1 changed=0 removed=0 balance.CNY=1"},
    {"to nothing", "001CNYA+001\n", "", NULL, "R001CNY 0000\n", "new=0 changed=0 removed=1"},
    {"an account goes to another customer", "001CNYA+001\n", "002CNYA+001\n", NULL, "R001CNY 0000\nN002CNYA+001\n",
     "new=1 changed=0 removed=1 balance.CNY=1"},
    {"in the order of the key, whatever the file", "001CNYA+001\n001AUDA+001\n", "001USDA+001\n001HKDA+001\n", NULL,
     "R001AUD 0000\nR001CNY 0000\nN001HKDA+001\nN001USDA+001\n",
     "new=2 changed=0 removed=2 balance.HKD=1 balance.USD=1"},
    {"rows of one key come together", "001CNYA+001\n001CNYB+002\n001CNYC+003\n", "001CNYA+001\n001CNYC+003\n", NULL,
     "C001CNYA+001\nC001CNYC+003\n", "new=0 changed=2 removed=0 balance.CNY=4"},
    {"their order in the file is no change", "001CNYA+001\n001CNYB+002\n", "001CNYB+002\n001CNYA+001\n", NULL, "",
     "new=0 changed=0 removed=0"},
    {"a row twice is not a row once", "001CNYA+001\n001CNYA+001\n", "001CNYA+001\n", NULL, "C001CNYA+001\n",
     "new=0 changed=1 removed=0 balance.CNY=1"},
    {"carried: what went back comes again", "001CNYA+001\n", "001CNYA+001\n", "C001CNYA+007\n", "C001CNYA+001\n",
     "new=0 changed=1 removed=0 balance.CNY=1"},
    {"carried: came and went", "001CNYA+001\n", "001CNYA+001\n", "N002CNYA+007\n", "R002CNY 0000\n",
     "new=0 changed=0 removed=1"},
    {"carried: went and came back", "001CNYA+001\n", "001CNYA+001\n", "R001CNY 0000\n", "C001CNYA+001\n",
     "new=0 changed=1 removed=0 balance.CNY=1"},
    {"carried: still removed, still new", "001CNYA+001\n", "002CNYA+002\n", "R001CNY 0000\nN002CNYA+001\n",
     "R001CNY 0000\nN002CNYA+002\n", "new=1 changed=0 removed=1 balance.CNY=2"},
    {"carried: nothing but removals", "", "", "R001CNY 0000\nR005USD 0000\n", "R001CNY 0000\nR005USD 0000\n",
     "new=0 changed=0 removed=2"},
};

static bool make(const struct output *o, const char *base, const char *now, const char *carried, struct delta_result *r,
                 struct arena *arena, struct status *st)
{
    fixture_write("base", base);
    fixture_write("now", now);
    if (carried) fixture_write("carried", carried);
    struct delta_request q = {.output = o,
                              .base = arena_dup(arena, view_of(test_path("base"))),
                              .now = arena_dup(arena, view_of(test_path("now"))),
                              .carried = carried ? arena_dup(arena, view_of(test_path("carried"))) : NULL,
                              .to = arena_dup(arena, view_of(test_path("delta")))};
    return delta_write(&q, r, arena, st);
}

static void test_cases(void **state)
{
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct status st = {0};
        struct delta_result r;
        arena_init(&arena, "test");
        const struct output *o = output(&arena, OUTPUT("key = currency\n"));
        if (!make(o, CASES[i].base, CASES[i].now, CASES[i].carried, &r, &arena, &st))
            fail_msg("%s: %s", CASES[i].name, st.message);
        if (strcmp(test_read(test_path("delta")), CASES[i].delta) != 0)
            fail_msg("%s: found\n%s", CASES[i].name, test_read(test_path("delta")));
        assert_string_equal(r.control, CASES[i].control);
        assert_int_equal(r.bytes, strlen(CASES[i].delta));
        assert_false(os_exists(test_path("delta.put")));
        arena_release(&arena);
    }
}

/* Rows over several pieces of a megabyte; every third customer changes, every seventh goes, some are new. */
static void test_pieces(void **state)
{
    enum { CUSTOMERS = 200000 };
    struct arena arena;
    struct status st = {0};
    struct delta_result r;
    struct buf base, now, delta;
    arena_init(&arena, "test");
    const struct output *o =
        output(&arena, "[output]\nname = x\nfile = X\nrows = customer\n[fields]\nnumber = 8 digits number\n"
                       "score = 6 amount score scale=0\n");
    buf_init(&base, 1 << 26);
    buf_init(&now, 1 << 26);
    buf_init(&delta, 1 << 26);
    for (int n = 0; n < CUSTOMERS; n++)
        if (n % 7 == 0) buf_addf(&delta, "R%08d000000\n", n);
    for (int n = 0; n < CUSTOMERS; n++) {
        buf_addf(&base, "%08d+%05d\n", n, n % 1000);
        if (n % 7 == 0) continue;
        buf_addf(&now, "%08d%c%05d\n", n, n % 3 ? '+' : '-', n % 1000 + !(n % 3));
        if (n % 3 == 0) buf_addf(&delta, "C%08d-%05d\n", n, n % 1000 + 1);
    }
    buf_addf(&now, "%08d+00001\n", CUSTOMERS);
    buf_addf(&delta, "N%08d+00001\n", CUSTOMERS);
    if (!make(o, base.bytes, now.bytes, NULL, &r, &arena, &st)) fail_msg("%s", st.message);
    struct buf found;
    buf_init(&found, 1 << 26);
    assert_true(os_read_file(test_path("delta"), &found, &st));
    assert_true(view_equal(buf_view(&found), buf_view(&delta)));
    buf_release(&found);
    assert_int_equal(r.added, 1);
    buf_release(&base);
    buf_release(&now);
    buf_release(&delta);
    arena_release(&arena);
}

static void test_refused(void **state)
{
    static const struct {
        const char *name, *output, *base, *now, *message;
    } REFUSED[] = {
        {"order", OUTPUT("key = currency\n"), "002CNYA+001\n001CNYA+001\n", "",
         "is not in the order of the customer number before record 2"},
        {"half a record", OUTPUT("key = currency\n"), "", "001CNYA+001\n002",
         "has 15 bytes, no whole number of records"},
        {"no amount", OUTPUT("key = currency\n"), "", "001CNYAx001\n", "holds no amount where its layout has one"},
        {"no key", "[output]\nname = x\nfile = X\nrows = others\n[fields]\n" FIELDS, "", "",
         "output x does not say what its rows are known by"},
        {"no number", "[output]\nname = x\nfile = X\nrows = customer\n[fields]\nnumber = 3 text number\n", "", "",
         "output x has no field of type digits with the customer number"},
    };
    for (size_t i = 0; i < COUNT_OF(REFUSED); i++) {
        struct arena arena;
        struct status st = {0};
        struct delta_result r;
        arena_init(&arena, "test");
        const struct output *o = output(&arena, REFUSED[i].output);
        if (make(o, REFUSED[i].base, REFUSED[i].now, NULL, &r, &arena, &st)) fail_msg("%s", REFUSED[i].name);
        assert_has(st.message, REFUSED[i].message);
        arena_release(&arena);
    }
}

static void test_comparable(void **state)
{
    static const struct {
        const char *name, *output;
        bool same;
    } OTHERS[] = {
        {"another key", OUTPUT("key = kind\n"), true},
        {"another table", OUTPUT("table = x\n"), true},
        {"another file", "[output]\nname = x\nfile = Y\nrows = customer\n[fields]\n" FIELDS, false},
        {"encoding", OUTPUT("encoding = gb18030\n"), false},
        {"line end", OUTPUT("line_end = crlf\n"), false},
        {"one more field", OUTPUT("") "unit = 2 text unit\n", false},
        {"decimals",
         "[output]\nname = x\nfile = X\nrows = customer\n[fields]\nnumber = 3 digits number\n"
         "currency = 3 text field.currency\nkind = 1 text field.kind\nbalance = 4 amount field.balance\n",
         false},
    };
    for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
        struct arena arena;
        arena_init(&arena, "test");
        const struct output *a = output(&arena, OUTPUT("key = currency\n")), *b = output(&arena, OTHERS[i].output);
        if (delta_comparable(a, b) != OTHERS[i].same) fail_msg("%s", OTHERS[i].name);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_pieces),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_comparable)};
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
