/* change: events by rule, over two days written by hand: which rules hold, what of a value that is not there, who is
 * looked at (not who is new, gone, of another type, out of the CRM, or was not scored), the first night, the text of
 * values, threads. Many nights against plain SQL: tests/differential/daily. */
#include "base/conf.h"
#include "etl/change.h"
#include "etl/populate.h"
#include "tests/etl/fixture_unit.h"

enum { PARTITION = 4, FIRST = 1, IN = CUSTOMER_SELECTED | CUSTOMER_SCORED };

static const char FORMULA[] = "unit fen;\nrounding half_up;\nthreshold 100000;\n"
                              "measure deposits money = sum(retail, cny(balance));\nscore = deposits;\n"
                              "result tier code = case when score >= 1000 then 'A' else 'B' end;\n";
static const char YESTERDAYS[] = "unit fen;\nrounding half_up;\nthreshold 100000;\n"
                                 "measure deposits money = sum(retail, cny(balance));\nscore = deposits;\n"
                                 "result tier code = case when score >= 1000 then 'Z' else 'A' end;\n";
static const char WITHOUT_TIER[] = "unit fen;\nrounding half_up;\nthreshold 100000;\n"
                                   "measure deposits money = sum(retail, cny(balance));\nscore = deposits;\n";

struct customer {
    int64_t type, flags, deposits, tier; /* tier: index of the code */
};
struct day {
    struct arena arena;
    struct unit *unit;
    struct tables tables;
    struct scorecards cards;
};

/* formula_name: each day has its own, since the generation before is read again in change_run. */
static void open_day(struct day *d, const char *formula_name, const char *formula, const char *rules)
{
    struct status st = {0};
    char unit[4096];
    *d = (struct day){0};
    arena_init(&d->arena, "test");
    snprintf(unit, sizeof unit, "formulas/%s.formula", formula_name);
    fixture_write(unit, formula);
    snprintf(unit, sizeof unit, "%s%s%s", FIXTURE_UNIT_HEAD, FIXTURE_UNIT_SYSTEMS, rules);
    fixture_write("units/11.ini", unit);
    if (!unit_load(test_folder, "11", &d->arena, &d->unit, &st)) fail_msg("%s", st.message);
    d->unit->formula_name[CUSTOMER_PERSONAL] = formula_name;
    tables_init(&d->tables, d->unit, fixture_rates(), FIXTURE_DAY, &d->arena);
    if (!scorecards_load(d->unit, &d->tables, fixture_rates(), &d->arena, &d->cards, &st)) fail_msg("%s", st.message);
}

static void close_day(struct day *d)
{
    scorecards_release(&d->cards);
    arena_release(&d->arena);
}

/* customer.seg in partitions of PARTITION numbers; the first number is FIRST, so the first partition has one place
 * less. */
static void write_customers(const char *folder, const struct customer *customers, int count, bool with_tier)
{
    struct status st = {0};
    struct segment_part part;
    char path[64];
    snprintf(path, sizeof path, "%s/customer.seg", folder);
    assert_true(os_make_folder(test_path(folder), &st));
    uint32_t partitions = (uint32_t)(count + FIRST + PARTITION - 1) / PARTITION;
    struct segment_writer *w = segment_create(test_path(path), partitions, &st);
    assert_non_null(w);
    segment_declare(w, "type", SEGMENT_CODE, 0, 0);
    segment_declare(w, "flags", SEGMENT_INTEGER, 0, 0);
    segment_declare(w, "P.measure.deposits", SEGMENT_MONEY, 2, 0);
    segment_declare(w, "P.result.score", SEGMENT_MONEY, 2, 0);
    segment_declare(w, "C.measure.deposits", SEGMENT_MONEY, 2, 0);
    segment_declare(w, "C.result.score", SEGMENT_MONEY, 2, 0);
    if (with_tier) segment_declare(w, "P.result.tier", SEGMENT_CODE, 0, 0);
    segment_part_init(&part);
    for (uint32_t p = 0; p < partitions; p++) {
        int64_t columns[7][PARTITION];
        uint64_t rows = 0;
        for (int i = 0; i < count; i++) {
            if ((uint32_t)(i + FIRST) / PARTITION != p) continue;
            const struct customer *c = &customers[i];
            const int64_t values[] = {c->type, c->flags, c->deposits, c->deposits, c->deposits, c->deposits, c->tier};
            for (int k = 0; k < 7; k++) columns[k][rows] = values[k];
            rows++;
        }
        for (int k = 0; k < 6 + with_tier; k++) segment_put(&part, k, columns[k], rows);
        assert_true(segment_commit(w, p, &part, &st));
    }
    segment_part_release(&part);
    assert_true(segment_finish(w, &st));
}

/* Lines of changes.tsv below its first. old_formula NULL: the first night. */
static char *judge(const char *old_formula, const char *formula, const char *rules, int threads, struct status *st)
{
    static char text[4096];
    struct generation old = {.first_number = FIRST, .partition_customers = PARTITION};
    struct day now, before;
    struct buf out;
    uint64_t count, counted;
    if (old_formula) {
        open_day(&before, "yesterday", old_formula, "");
        old.unit = before.unit;
        old.tables = before.tables;
        old.reference.rates = *fixture_rates();
        arena_init(&old.arena, "yesterday");
        old.customer = segment_open(test_path("old/customer.seg"), st);
        assert_non_null(old.customer);
    }
    open_day(&now, "personal", formula, rules);
    struct change_request q = {.unit = now.unit,
                               .cards = &now.cards,
                               .old = old_formula ? &old : NULL,
                               .folder = test_path("now"),
                               .first_number = FIRST,
                               .business_date = FIXTURE_DAY,
                               .pool = pool_new(threads)};
    *st = (struct status){0};
    *text = 0;
    os_remove_tree(test_path("now/changes.tsv"), &(struct status){0});
    if (change_run(&q, &now.arena, &count, st) && now.unit->changes->count) {
        struct view head = VIEW_LITERAL(CHANGE_HEAD "\n");
        buf_init(&out, sizeof text);
        assert_true(os_read_file(test_path("now/changes.tsv"), &out, st));
        assert_true(out.length >= head.length && memcmp(out.bytes, head.bytes, head.length) == 0);
        snprintf(text, sizeof text, "%.*s", (int)(out.length - head.length), out.bytes + head.length);
        buf_release(&out);
        assert_true(change_count(test_path("now/changes.tsv"), &counted, st));
        assert_int_equal(counted, count);
    }
    pool_free(q.pool);
    close_day(&now);
    if (!old_formula) return text;
    segment_close(old.customer);
    arena_release(&old.arena);
    close_day(&before);
    return text;
}

/* In fen; threshold plays no part: the flags say who is in. Numbers 1 … 10. */
static const struct customer OLD[] = {
    {CUSTOMER_PERSONAL, IN, 10000, 1},          /* 1: 100.00 → 600.00 */
    {CUSTOMER_PERSONAL, IN, 90000, 1},          /* 2: B → A */
    {CUSTOMER_PERSONAL, CUSTOMER_SCORED, 0, 1}, /* 3: was scored and not in */
    {CUSTOMER_PERSONAL, 0, 0, 1},               /* 4: was not scored */
    {CUSTOMER_PERSONAL, IN, 500000, 0},         /* 5: leaves */
    {CUSTOMER_CORPORATE, IN, 10000, 0},         /* 6: another type */
    {CUSTOMER_CORPORATE, IN, 10000, 0},         /* 7 */
    {CUSTOMER_PERSONAL, IN, 700000, 0},         /* 8: merged into 2 */
    {CUSTOMER_TYPES, CUSTOMER_GONE, 0, 0},      /* 9: comes back */
};
static const struct customer NOW[] = {
    {CUSTOMER_PERSONAL, IN, 60000, 1},
    {CUSTOMER_PERSONAL, IN, 790001, 0},
    {CUSTOMER_PERSONAL, IN, 200000, 0},
    {CUSTOMER_PERSONAL, IN, 200000, 0},
    {CUSTOMER_PERSONAL, CUSTOMER_SCORED, 900000, 0},
    {CUSTOMER_PERSONAL, IN, 900000, 0},
    {CUSTOMER_CORPORATE, IN, 5000, 0},
    {CUSTOMER_TYPES, CUSTOMER_GONE, 0, 0},
    {CUSTOMER_PERSONAL, IN, 900000, 0},
    {CUSTOMER_PERSONAL, IN, 900000, 0}, /* 10: new */
};

#define RULE(name, type, value, when) "[event " name "]\ntype = " type "\nvalue = " value "\nwhen = " when "\n"
#define LARGE RULE("large", "money", "deposits", "value - old_value >= 500")

static const struct {
    const char *name, *old_formula, *formula, *rules, *lines;
} CASES[] = {
    {"a rule; who is looked at: 1, 2 (8 is merged into it) and 3, who enters; not 4 to 6 and 8 to 10", FORMULA, FORMULA,
     LARGE,
     "1100000001\tlarge\t100.00\t600.00\n1100000002\tlarge\t900.00\t7900.01\n1100000003\tlarge\t0.00\t2000.00\n"},
    {"the limit belongs to the event, a fen more does not", FORMULA, FORMULA,
     RULE("more", "money", "deposits", "value - old_value >= 500.01 and value < 1000"), ""},
    {"of corporate customers", FORMULA, FORMULA,
     "[event less]\ncustomer_type = corporate\nvalue = deposits\nwhen = value < old_value\n",
     "1100000007\tless\t100.00\t50.00\n"},
    {"a code", FORMULA, FORMULA, RULE("tier", "code", "tier", "value <> old_value"),
     "1100000002\ttier\tB\tA\n1100000003\ttier\tB\tA\n"},
    {"codes meet by their text, not by their place", YESTERDAYS, FORMULA,
     RULE("tier", "code", "tier", "value <> old_value"), "1100000001\ttier\tA\tB\n"},
    {"in the order of numbers, then of rules", FORMULA, FORMULA,
     RULE("tier", "code", "tier", "value <> old_value") LARGE,
     "1100000001\tlarge\t100.00\t600.00\n1100000002\ttier\tB\tA\n1100000002\tlarge\t900.00\t7900.01\n"
     "1100000003\ttier\tB\tA\n1100000003\tlarge\t0.00\t2000.00\n"},
    {"a number, without zeros at its end; nothing to divide by is 0", FORMULA, FORMULA,
     RULE("ratio", "number", "1000 / deposits", "value <> old_value"),
     "1100000001\tratio\t10\t1.666667\n1100000002\tratio\t1.111111\t0.126582\n1100000003\tratio\t0\t0.5\n"},
    {"money to the fen, a half away from zero", FORMULA, FORMULA,
     RULE("share", "money", "0 - deposits / 16000", "old_value = 0"), "1100000003\tshare\t0.00\t-0.13\n"},
    {"yesterday's by its own name", FORMULA, FORMULA,
     RULE("twice", "money", "score", "deposits > 2 * old_deposits and old_deposits > 0"),
     "1100000001\ttwice\t100.00\t600.00\n1100000002\ttwice\t900.00\t7900.01\n"},
    {"a value that yesterday did not have: this rule is not judged, the others are", WITHOUT_TIER, FORMULA,
     RULE("tier", "code", "tier", "value <> old_value") RULE("first", "money", "deposits", "old_value = 0"),
     "1100000003\tfirst\t0.00\t2000.00\n"},
    {"the first night", NULL, FORMULA, LARGE, ""},
};

static void test_rules(void **state)
{
    (void)state;
    fixture_unit_write();
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        for (int threads = 1; threads < 4; threads += 2) {
            struct status st = {0};
            bool old_tier = CASES[i].old_formula != WITHOUT_TIER;
            write_customers("old", OLD, COUNT_OF(OLD), old_tier);
            write_customers("now", NOW, COUNT_OF(NOW), true);
            const char *lines = judge(CASES[i].old_formula, CASES[i].formula, CASES[i].rules, threads, &st);
            if (st.code != STATUS_OK) fail_msg("%s: %s", CASES[i].name, st.message);
            if (strcmp(lines, CASES[i].lines) != 0)
                fail_msg("%s, %d threads:\n%sinstead of\n%s", CASES[i].name, threads, lines, CASES[i].lines);
        }
}

/* A value beyond any number is told with its customer; of those who are not looked at (all above 8,500) it is none. */
static void test_overflow(void **state)
{
#define K_3 "999999999999999*999999999999999*999999999999999"
#define FAR(above) "if(deposits > " above ", deposits*" K_3 "*" K_3 "*" K_3 "*" K_3 "*" K_3 "*" K_3 "*" K_3 ", 1) < 0"
    struct status st = {0};
    (void)state;
    fixture_unit_write();
    write_customers("old", OLD, COUNT_OF(OLD), true);
    write_customers("now", NOW, COUNT_OF(NOW), true);
    assert_string_equal(judge(FORMULA, FORMULA, RULE("far", "money", "deposits", FAR("8500")), 1, &st), "");
    assert_int_equal(st.code, STATUS_OK);
    judge(FORMULA, FORMULA, RULE("far", "money", "deposits", FAR("7900")), 3, &st);
    assert_non_null(strstr(st.message, "[event far] when:1:"));
    assert_non_null(strstr(st.message, " of customer 1100000002 is larger than any number (1.8e308)"));
    assert_non_null(strstr(st.context, "judging rule far"));
}

static void test_nothing(void **state)
{
    struct status st = {0};
    (void)state;
    fixture_unit_write();
    write_customers("old", OLD, COUNT_OF(OLD), true);
    write_customers("now", NOW, COUNT_OF(NOW), true);
    judge(FORMULA, FORMULA, "", 1, &st);
    assert_int_equal(st.code, STATUS_OK);
    assert_false(os_exists(test_path("now/changes.tsv"))); /* a unit without rules */
}

static void test_refused(void **state)
{
    static const struct {
        const char *rules, *says;
    } WRONG[] = {
        {RULE("x", "code", "deposits", "value <> old_value"), "\"deposits\" is no result of type code"},
        {RULE("x", "money", "nobody", "value > 0"), "nobody"},
        {RULE("x", "money", "deposits", "value - old_value"), "is no condition"},
        {RULE("x", "money", "deposits > 3", "value > 0"), "is no number"},
        {RULE("x", "money", "old_deposits", "value > 0"), "old_deposits"}, /* value is of one day */
    };
    (void)state;
    fixture_unit_write();
    write_customers("old", OLD, COUNT_OF(OLD), true);
    write_customers("now", NOW, COUNT_OF(NOW), true);
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        struct status st = {0};
        judge(FORMULA, FORMULA, WRONG[i].rules, 1, &st);
        if (st.code == STATUS_OK || !strstr(st.message, WRONG[i].says)) fail_msg("%s: %s", WRONG[i].rules, st.message);
        assert_false(os_exists(test_path("now/changes.tsv")));
    }
    struct status st = {0};
    uint64_t count;
    fixture_write("changes.tsv", "number\tname\n");
    assert_false(change_count(test_path("changes.tsv"), &count, &st));
    assert_int_equal(st.code, STATUS_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules), cmocka_unit_test(test_overflow),
                                       cmocka_unit_test(test_nothing), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
