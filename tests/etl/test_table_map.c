/* Records of another version of a layout as rows of the table: by name, wider, added, dropped, other codes and scales;
 * what would not fit is refused. */
#include "base/date.h"
#include "etl/table.h"
#include "tests/etl/fixture.h"

#define HEAD                                                                                                           \
    "[layout]\nname = x\nclass = account\nsystem = s\nfiles = X\nrecord_length = 60\n[fields]\naccount = 0 8 text\n"

static struct layout *layout(const char *fields, struct arena *arena)
{
    struct layout *l;
    struct status st = {0};
    char *text = arena_printf(arena, HEAD "%s", fields);
    if (!fixture_layout_load(text, arena, &l, &st)) fail_msg("%s", st.message);
    return l;
}

static void make_table(struct table *t, struct layout *l, struct arena *arena)
{
    struct unit *u = arena_new(arena, struct unit);
    struct rates rates = {.count = 1, .code = {"CNY"}, .rate = {1000000}, .per_unit = {1}};
    struct tables *tables = arena_new(arena, struct tables);
    u->systems[0].name = "s";
    u->systems_count = 1;
    u->layouts[0] = l;
    u->layouts_count = 1;
    tables_init(tables, u, &rates, 0, arena);
    *t = tables->table[0];
}

static int64_t column(const struct table *t, const char *name, const unsigned char *row)
{
    for (int i = 0; i < t->columns_count; i++)
        if (strcmp(t->layout->fields[t->columns[i].field].name, name) == 0)
            return decode_column_value(&t->columns[i], row);
    fail_msg("no column %s", name);
    return 0;
}

/* The row of a record of layout `from`, both ways: straight from its decoder, and from the archived record. */
static void map(const struct table *t, struct layout *from, const char *record, unsigned char *row, struct arena *arena)
{
    struct table_map m;
    unsigned char bytes[2 * DECODE_SLACK + 64] = {0}, own[TABLE_ROW_MAX], again[TABLE_ROW_MAX];
    memset(bytes, ' ', sizeof bytes);
    memcpy(bytes + DECODE_SLACK, record, strlen(record));
    table_map_init(&m, t, from, arena);
    struct decoder *d = decoder_new(
        &(struct decode_options){
            .layout = from, .columns = m.columns, .columns_count = m.columns_count, .row_size = m.row_size},
        arena);
    assert_true(decode_accept(d, bytes + DECODE_SLACK, m.same ? row : own));
    if (!m.same) table_map_row(&m, t, own, row);
    table_map_record(&m, t, d, bytes + DECODE_SLACK, again);
    for (int i = 0; i < t->columns_count; i++)
        assert_int_equal(decode_column_value(&t->columns[i], row), decode_column_value(&t->columns[i], again));
}

static void test_versions(void **state)
{
    struct arena arena;
    struct table t;
    unsigned char row[TABLE_ROW_MAX];
    (void)state;
    arena_init(&arena, "test");
    make_table(&t,
               layout("amount = 8 12 amount scale=3 keep=hot\nkind = 20 1 code values=F,D,N keep=hot\n"
                      "since = 21 8 date keep=hot\nterm = 29 5 digits keep=hot\n",
                      &arena),
               &arena);
    /* The same fields elsewhere: straight. */
    map(&t,
        layout("term = 8 5 digits keep=hot\namount = 13 12 amount scale=3 keep=hot\nkind = 25 1 code values=F,D,N "
               "keep=hot\nsince = 26 8 date keep=hot\n",
               &arena),
        "A       00042+00000012345D20260131", row, &arena);
    assert_int_equal(column(&t, "amount", row), 12345);
    assert_int_equal(column(&t, "kind", row), 1);
    assert_int_equal(column(&t, "term", row), 42);
    /* Older: two decimals, narrower, codes in another order, a field that did not exist. */
    map(&t,
        layout("amount = 8 8 amount scale=2 keep=hot\nkind = 16 1 code values=D,F keep=hot\nterm = 17 3 digits\n",
               &arena),
        "A       +0001234F007", row, &arena);
    assert_int_equal(column(&t, "amount", row), 12340);
    assert_int_equal(column(&t, "kind", row), 0);
    assert_int_equal(column(&t, "since", row), DATE_NONE);
    assert_int_equal(column(&t, "term", row), 7);
    arena_release(&arena);
}

static void test_narrower(void **state)
{
    static const struct {
        const char *before, *now, *message; /* NULL: allowed */
    } CASES[] = {
        {"a = 8 8 amount scale=2 keep=hot\n", "a = 8 10 amount scale=3 keep=hot\n", NULL},
        {"a = 8 8 amount scale=3 keep=hot\n", "a = 8 8 amount scale=2 keep=hot\n", "3 decimals before, 2 now"},
        {"a = 8 9 amount scale=2 keep=hot\n", "a = 8 9 amount scale=3 keep=hot\n", "9 bytes before, 9 now"},
        {"a = 8 4 digits keep=hot\n", "a = 8 3 digits keep=hot\n", "4 bytes before, 3 now"},
        {"a = 8 4 digits keep=hot\n", "a = 8 3 digits\n", NULL},
        {"a = 8 1 code values=A,B keep=hot\n", "a = 8 1 code values=B,A,C keep=hot\n", NULL},
        {"a = 8 1 code values=A,B keep=hot\n", "a = 8 1 code values=A keep=hot\n", "\"B\" is listed no more"},
        {"a = 8 8 date keep=hot\n", "a = 8 8 digits keep=hot\n", "date before, digits now"},
        {"a = 8 8 date keep=hot\n", "b = 8 8 date keep=hot\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct status st = {0};
        arena_init(&arena, "test");
        bool ok = table_check_version(layout(CASES[i].before, &arena), layout(CASES[i].now, &arena), &st);
        if (ok != !CASES[i].message) fail_msg("case %zu: %s", i, st.message);
        if (!ok) {
            assert_has(st.message, CASES[i].message);
            assert_int_equal(st.code, STATUS_USAGE);
            assert_true(st.hint[0]);
        }
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_versions), cmocka_unit_test(test_narrower)};
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
