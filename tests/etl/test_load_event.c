/* Events of a load: the nights of a line of generations in crmx.crm_event; what is added, replaced, taken back, kept.
 * */
#include "tests/etl/test_load_server.h"

#define HEAD "number\trule\told\tnew\n"

/* One night in short: "2026-10-31.001.1 lines", or "2026-10-31.001.1" for a generation without rules. */
struct short_night {
    const char *generation, *lines;
    const char *after; /* NULL: the day before */
};

enum { NIGHTS = 6 };

/* Loads the last of the nights into unit with one customer. */
static bool load_nights(const char *unit, const struct short_night *nights, int count, enum load_mode mode,
                        bool allow_older, const char *since, struct load_result *out, struct status *st)
{
    static const struct load_field FIELDS[] = {{"number", 0, 10, LOAD_DIGITS, 0}};
    struct load_night of[NIGHTS];
    char paths[NIGHTS][256];
    for (int i = 0; i < count; i++) {
        of[i] = (struct load_night){.generation = nights[i].generation};
        assert_true(date_parse((struct view){nights[i].generation, 10}, &of[i].business_date));
        of[i].after = of[i].business_date - 1;
        if (nights[i].after) assert_true(date_parse(view_of(nights[i].after), &of[i].after));
        snprintf(paths[i], sizeof paths[i], "%s/changes-%d", test_folder, i);
        if (!nights[i].lines) continue;
        test_write(paths[i], view_of(nights[i].lines));
        of[i].path = paths[i];
    }
    struct load_file file = sample_file("customer", test_path("customer"), "crm_customer", 10, 1, FIELDS, 1);
    test_write(test_path("customer"), view_of("1100000001\n"));
    struct load_request r = {.unit = unit,
                             .generation = of[count - 1].generation,
                             .business_date = of[count - 1].business_date,
                             .mode = mode,
                             .files = &file,
                             .files_count = 1,
                             .nights = of,
                             .nights_count = count,
                             .allow_older = allow_older};
    assert_true(date_parse(view_of(since), &r.events_since));
    *st = (struct status){0};
    return load_run(server, &r, out, st);
}

#define load(unit, nights, count) load_nights(unit, nights, count, LOAD_INITIAL, false, "2025-11-01", &result, &st)

/* "DD rule:new …" of all nights. */
static const char *events_of(const char *unit)
{
    static char sql[512], text[4096];
    snprintf(
        sql, sizeof sql,
        "SELECT coalesce(string_agg(to_char(business_date, 'DD ') || rule || ':' || coalesce(new, '-'), ' ' ORDER BY "
        "business_date, position), '') FROM crmx.crm_event WHERE unit = '%s'",
        unit);
    snprintf(text, sizeof text, "%s", test_value(reader, sql));
    return text;
}

/* "DD=SEQUENCE(events)": nights that are here. */
static const char *days_of(const char *unit)
{
    static char sql[512];
    snprintf(
        sql, sizeof sql,
        "SELECT coalesce(string_agg(to_char(business_date, 'DD=') || substr(generation, 12, 3) || '(' || events || "
        "')', ' ' ORDER BY business_date), '') FROM crmx.event_day WHERE unit = '%s'",
        unit);
    return test_value(reader, sql);
}

static void test_a_night(void **state)
{
    struct status st;
    struct load_result result;
    const struct short_night nights[] = {
        {"2026-10-30.001.1", NULL, NULL},
        {"2026-10-31.001.1",
         HEAD "1100000001\tlarge_deposit\t0.00\t500000.00\n0100000002\t等级变动\tC\tB\n1100000001\ttier\t\t2\n"
              "1100000003\tdays\t-1\t0.000001\n",
         NULL}};
    assert_ok(load("11", nights, 2));
    assert_int_equal(result.events, 4);
    assert_int_equal(result.nights, 2);
    assert_string_equal(
        test_value(reader, "SELECT string_agg((business_date, generation, unit, number, position, rule, old, new, "
                           "old_number, new_number)::text, ' ' ORDER BY position) FROM crmx.crm_event"),
        "(2026-10-31,2026-10-31.001.1,11,1100000001,1,large_deposit,0.00,500000.00,0.00,500000.00) "
        "(2026-10-31,2026-10-31.001.1,11,100000002,2,等级变动,C,B,,) "
        "(2026-10-31,2026-10-31.001.1,11,1100000001,3,tier,,2,,2) "
        "(2026-10-31,2026-10-31.001.1,11,1100000003,4,days,-1,0.000001,-1,0.000001)");
    assert_string_equal(days_of("11"), "30=001(0) 31=001(4)");
    assert_string_equal(test_value(reader,
                                   "SELECT (name, bytes, records, loaded_as)::text FROM crmx.run_file WHERE name = "
                                   "'changes.tsv'"),
                        "(changes.tsv,135,4,crm_event)");
    assert_ok(load("11", nights, 2));
    assert_true(result.already_applied);
    assert_int_equal(result.nights, 0);
    assert_string_equal(test_value(reader, "SELECT count(*) FROM crmx.crm_event"), "4");
    assert_string_equal(
        test_value(reader, "SELECT string_agg(relation, ' ') FROM crmx.crm_table WHERE relation = 'event'"), "");
}

/* A night after the other; the database was down for two; it comes new while the generation is applied. */
static void test_every_night_comes_once(void **state)
{
    struct status st;
    struct load_result result;
    const struct short_night nights[] = {{"2026-10-30.001.1", HEAD "1\ta\t1\t30\n", NULL},
                                         {"2026-10-31.001.1", HEAD "1\ta\t1\t31\n2\ta\t1\t31\n", NULL},
                                         {"2026-11-01.001.1", HEAD, NULL},
                                         {"2026-11-02.001.1", HEAD "1\ta\t1\t2\n", NULL}};
    assert_ok(load("12", nights, 1));
    assert_ok(load("12", nights, 2));
    assert_int_equal(result.nights, 1);
    assert_int_equal(result.events, 2);
    assert_ok(load("12", nights, 4));
    assert_int_equal(result.nights, 2);
    assert_string_equal(days_of("12"), "30=001(1) 31=001(2) 01=001(0) 02=001(1)");
    /* as in a database that an older crmx had loaded the same generation into */
    test_value(reader, "DELETE FROM crmx.event_day WHERE unit = '12' AND business_date > '2026-10-30'");
    assert_string_equal(events_of("12"), "30 a:30");
    assert_ok(load("12", nights, 4));
    assert_true(result.already_applied);
    assert_int_equal(result.nights, 3);
    assert_string_equal(days_of("12"), "30=001(1) 31=001(2) 01=001(0) 02=001(1)");
    assert_string_equal(events_of("12"), "30 a:30 31 a:31 31 a:31 02 a:2");
    /* months are tables of their own */
    assert_string_equal(test_value(reader, "SELECT count(*) FROM crmx_store.event_12_202610"), "3");
    assert_string_equal(test_value(reader, "SELECT count(*) FROM crmx_store.event_12_202611"), "1");
}

static void test_a_date_done_again(void **state)
{
    struct status st;
    struct load_result result;
    const struct short_night first[] = {{"2026-10-30.001.1", HEAD "1\ta\t1\t30\n", NULL},
                                        {"2026-10-31.001.1", HEAD "1\ta\t1\twrong\n2\ta\t1\twrong\n", NULL}},
                             again[] = {{"2026-10-30.001.1", HEAD "1\ta\t1\t30\n", NULL},
                                        {"2026-10-31.002.1", HEAD "3\ta\t1\tright\n", NULL}};
    assert_ok(load("13", first, 2));
    assert_ok(load("13", again, 2));
    assert_int_equal(result.nights, 1);
    assert_string_equal(events_of("13"), "30 a:30 31 a:right");
    assert_string_equal(days_of("13"), "30=001(1) 31=002(1)");
}

static void test_rolled_back(void **state)
{
    struct status st;
    struct load_result result;
    const struct short_night line[] = {{"2026-10-28.001.1", HEAD "1\ta\t1\t28\n", NULL},
                                       {"2026-10-29.001.1", HEAD "1\ta\t1\t29\n", NULL},
                                       {"2026-10-30.001.1", HEAD "1\ta\t1\t30\n", NULL}};
    assert_ok(load("14", line, 3));
    /* the load follows the rollback … */
    assert_ok(load_nights("14", line, 1, LOAD_REBUILD, true, "2025-11-01", &result, &st));
    assert_string_equal(days_of("14"), "28=001(1)");
    assert_string_equal(test_value(reader, "SELECT count(*) FROM crmx_store.event WHERE unit = '14'"), "1");
    /* … or the next night comes first, which leaves out the dates in between */
    assert_ok(load("14", line, 3));
    const struct short_night other[] = {line[0], {"2026-10-31.001.1", HEAD "1\tb\t1\t31\n", "2026-10-28"}};
    assert_ok(load("14", other, 2));
    assert_string_equal(events_of("14"), "28 a:28 31 b:31");
    assert_string_equal(days_of("14"), "28=001(1) 31=001(1)");
}

/* What the generations on the disk do not know any more is history: it stays, in a rebuild, too. */
static void test_a_rebuild(void **state)
{
    struct status st;
    struct load_result result;
    const struct short_night line[] = {{"2026-10-28.001.1", HEAD "1\ta\t1\t28\n", NULL},
                                       {"2026-10-29.001.1", HEAD "1\ta\t1\t29\n", NULL},
                                       {"2026-10-30.001.1", HEAD "1\ta\t1\t30\n", NULL}};
    assert_ok(load("15", line, 3));
    test_value(reader,
               "UPDATE crmx_store.event SET new = 'damaged' WHERE unit = '15' AND business_date > '2026-10-28'");
    test_value(reader, "INSERT INTO crmx_store.event (number, position, business_date, unit, rule) VALUES (9, 9, "
                       "'2026-10-29', '15', 'nonsense')");
    assert_ok(
        load_nights("15", line + 1, 2, LOAD_REBUILD, false, "2025-11-01", &result, &st)); /* the 28th was pruned */
    assert_int_equal(result.nights, 2);
    assert_string_equal(events_of("15"), "28 a:28 29 a:29 30 a:30");
    /* an initial load: whatever was before is of another population */
    const struct short_night begin[] = {{"2026-10-31.001.1", HEAD, "1900-01-01"}};
    assert_ok(load("15", begin, 1));
    assert_string_equal(days_of("15"), "31=001(0)");
    assert_string_equal(events_of("15"), "");
}

static void test_months_that_are_not_kept(void **state)
{
    struct status st;
    struct load_result result;
    const struct short_night line[] = {{"2026-09-29.001.1", HEAD "1\ta\t1\t9\n", NULL},
                                       {"2026-10-30.001.1", HEAD "1\ta\t1\t10\n", NULL},
                                       {"2026-11-02.001.1", HEAD "1\ta\t1\t11\n", NULL},
                                       {"2026-11-03.001.1", HEAD "1\ta\t1\t12\n", NULL}};
    const char *tables = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relname ~ "
                         "'^event_16_[0-9]+$' AND relkind = 'r'";
    assert_ok(load("16", line, 2));
    assert_string_equal(test_value(reader, tables), "event_16_202609 event_16_202610");
    /* a reader uses the month: it is dropped by the next load */
    PQclear(PQexec(reader, "BEGIN"));
    assert_string_equal(test_value(reader, "SELECT count(*) FROM crmx_store.event_16_202609"), "1");
    assert_ok(load_nights("16", line, 3, LOAD_INITIAL, false, "2026-10-01", &result, &st));
    assert_string_equal(events_of("16"), "29 a:9 30 a:10 02 a:11");
    PQclear(PQexec(reader, "COMMIT"));
    assert_ok(load_nights("16", line, 4, LOAD_INITIAL, false, "2026-10-01", &result, &st));
    assert_int_equal(result.nights, 1);
    assert_ok(load_nights("16", line, 4, LOAD_REBUILD, false, "2026-10-01", &result, &st));
    assert_int_equal(result.nights, 3); /* the 29th is not brought again */
    assert_string_equal(events_of("16"), "30 a:10 02 a:11 03 a:12");
    assert_string_equal(days_of("16"), "30=001(1) 02=001(1) 03=001(1)");
    assert_string_equal(test_value(reader, tables), "event_16_202610 event_16_202611");
}

/* --- wrong files --- */

static void test_wrong_files(void **state)
{
    static const struct {
        const char *lines, *message;
    } CASES[] = {
        {"number\trule\n", "does not begin with the columns that are expected"},
        {HEAD "1\ta\t1\t2\n1\ta\t1\n", "line 3 has 3 fields, not 4"},
        {HEAD "1\ta\t1\t2\nx1\ta\t1\t2\n", "line 3: the customer's number is none"},
        {HEAD "1234567890123456789\ta\t1\t2\n", "line 2: the customer's number is none"},
        {HEAD "\ta\t1\t2\n", "line 2: the customer's number is none"},
        {HEAD "1\t\t1\t2\n", "line 2: the name of the rule is missing"},
        {HEAD "1\ta\t1\t\xff\n", "line 2: it holds bytes that are no UTF-8 character"},
    };
    struct status st;
    struct load_result result;
    struct short_night line[] = {{"2026-10-30.001.1", HEAD "1\ta\t1\t30\n", NULL}, {"2026-10-31.001.1", "", NULL}};
    assert_ok(load("17", line, 1));
    for (int i = 0; i < (int)COUNT_OF(CASES); i++) {
        line[1].lines = CASES[i].lines;
        assert_false(load("17", line, 2));
        assert_int_equal(st.code, STATUS_CORRUPT);
        assert_has(st.message, CASES[i].message);
        assert_string_equal(events_of("17"), "30 a:30");
        assert_string_equal(test_value(reader, "SELECT generation FROM crmx.applied_generation WHERE unit = '17'"),
                            "2026-10-30.001.1");
    }
    assert_has(st.hint, "crmx generation verify --unit 17");
    line[1].lines = HEAD "1\ta\t1\t31\n";
    line[1].generation = "2026-10-29.001.1"; /* not in order */
    assert_false(load("17", line, 2));
    assert_has(st.message, "the nights are not in the order of their dates");
}

/* A reader who looks again and again sees a generation with its own events, and never waits for a load. */
static void test_readers(void **state)
{
    struct status st;
    struct load_result result;
    struct short_night line[] = {{"2026-10-29.001.1", HEAD "1\ta\t1\t1\n", NULL},
                                 {"2026-10-30.001.1", HEAD "1\ta\t1\t1\n2\ta\t1\t2\n", NULL}};
    const char *look =
        "SELECT a.generation || ' ' || count(e) FROM crmx.applied_generation a LEFT JOIN crmx.crm_event e "
        "ON e.unit = a.unit AND e.generation = a.generation WHERE a.unit = '18' GROUP BY a.generation";
    assert_ok(load("18", line, 1));
    PQclear(PQexec(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ"));
    assert_string_equal(test_value(reader, look), "2026-10-29.001.1 1");
    assert_ok(load("18", line, 2));
    assert_string_equal(test_value(reader, look), "2026-10-29.001.1 1");
    PQclear(PQexec(reader, "COMMIT"));
    assert_string_equal(test_value(reader, look), "2026-10-30.001.1 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_night),           cmocka_unit_test(test_every_night_comes_once),
        cmocka_unit_test(test_a_date_done_again), cmocka_unit_test(test_rolled_back),
        cmocka_unit_test(test_a_rebuild),         cmocka_unit_test(test_months_that_are_not_kept),
        cmocka_unit_test(test_wrong_files),       cmocka_unit_test(test_readers),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
