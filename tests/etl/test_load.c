/* Step 110: rows and types, generations, readers, several units, wrong requests and wrong bytes with their exact
 * messages. */
#include "etl/copy_binary.h"
#include "etl/database_query.h"
#include "etl/load_request.h"
#include "tests/etl/test_load_server.h"

#include <pthread.h>
#include <signal.h>

#define value(...) value_of(reader, __VA_ARGS__)
__attribute__((format(printf, 2, 3))) static const char *value_of(PGconn *c, const char *format, ...)
{
    char sql[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    return test_value(c, sql);
}

/* Loads one file of text records of equal length into table, as generation `sequence` of unit; the request is the
 * caller's. */
static bool load_text(const char *unit, int sequence, struct load_file file, const char *text, struct load_request r,
                      struct load_result *out, struct status *st)
{
    char generation[32];
    snprintf(generation, sizeof generation, "2026-10-31.%d.1", sequence);
    test_write(test_path("one"), view_of(text));
    file.path = test_path("one");
    file.record_length = file.record_length ? file.record_length : file.data_length + 1;
    if (!file.records) file.records = strlen(text) / file.record_length;
    file.output_name = file.output_name ? file.output_name : "out";
    file.encoding = file.encoding ? file.encoding : "utf-8";
    r.unit = unit;
    r.generation = generation;
    r.business_date = date_from_civil(2026, 10, 31);
    r.files = &file;
    r.files_count = 1;
    *st = (struct status){0};
    return load_run(server, &r, out, st);
}

/* --- rows --- */

static void test_a_generation(void **state)
{
    struct status st = {0};
    struct load_result result;
    struct sample s;
    static const struct load_total totals[] = {{.step = 20, .name = "retail.accepted", .currency = "", .records = 12},
                                               {.step = 90,
                                                .name = "balance",
                                                .currency = "KWD",
                                                .records = -1,
                                                .has_amount = true,
                                                .amount = -1234567,
                                                .scale = 3}};
    sample_make(&s, "11", 1);
    s.request.totals = totals;
    s.request.totals_count = 2;
    assert_ok(load_run(server, &s.request, &result, &st));
    assert_false(result.already_applied);
    assert_int_equal(result.tables, 3);
    assert_int_equal(result.rows, s.customers + s.deposits + 31);
    assert_string_equal(value("SELECT count(*) FROM crmx.crm_customer"), "301");
    assert_int_equal(atoi(value("SELECT count(*) FROM crmx.crm_deposit")), s.deposits);
    assert_string_equal(value("SELECT count(*) FROM crmx.crm_contact"), "31");
    assert_string_equal(value("SELECT count(*) FROM crmx.crm_loan"), "0");
    assert_string_equal(value("SELECT (business_date, generation, unit, number, name, birth, score, id_key, "
                              "phone)::text FROM crmx.crm_customer WHERE number = 1100000002"),
                        "(2026-10-31,2026-10-31.001.1,11,1100000002,王小明,1970-01-02,10.01,1101,)");
    assert_string_equal(
        value("SELECT (name, birth, score, id_key)::text FROM crmx.crm_customer WHERE number = 1100000001"),
        "(Smith,,-0.01,)");
    assert_string_equal(value("SELECT string_agg(account || currency || balance || coalesce(maturity::text, '-'), ' ' "
                              "ORDER BY account) FROM crmx.crm_deposit WHERE number = 1100000004"),
                        "30CNY0.022- 31CNY0.0232030-02-28 32CNY0.0242030-02-28");
    assert_string_equal(value("SELECT (mobile, changed)::text FROM crmx.crm_contact ORDER BY number LIMIT 1"),
                        "(139000000001,2026-01-01)");
    assert_string_equal(value("SELECT (run_id, unit, business_date, generation, mode, state)::text FROM crmx.run"),
                        "(11/2026-10-31.001.1,11,2026-10-31,2026-10-31.001.1,initial,committed)");
    assert_string_equal(value("SELECT (step, name, state, records)::text FROM crmx.run_step"), "(110,load,done,782)");
    assert_string_equal(
        value("SELECT string_agg(name || ' ' || records || ' ' || loaded_as, ', ' ORDER BY name) FROM crmx.run_file"),
        "contact 31 crm_contact, customer 301 crm_customer, deposit 150 crm_deposit, deposit_more 300 crm_deposit");
    assert_string_equal(
        value("SELECT string_agg(t::text, ' ' ORDER BY step) FROM crmx.control_total t"),
        "(11/2026-10-31.001.1,20,retail.accepted,\"\",12,) (11/2026-10-31.001.1,90,balance,KWD,,-1234.567000)");
    assert_string_equal(value("SELECT (unit, name, business_date, generation, records)::text FROM crmx.unit_status"),
                        "(11,北京,2026-10-31,2026-10-31.001.1,782)");
    /* found by index, in the applied load's table alone */
    assert_has(value("SELECT count(*) FROM (SELECT 1) x"), "1");
    PGresult *plan =
        PQexec(reader, "EXPLAIN SELECT * FROM crmx.crm_customer WHERE unit = '11' AND number = 1100000002");
    bool index = false;
    for (int i = 0; i < PQntuples(plan); i++)
        index |= strstr(PQgetvalue(plan, i, 0), "Index Scan using crm_customer_11_") != NULL;
    PQclear(plan);
    assert_true(index);
}

/* Every conversion: the column's type, the field's type, scale and bytes, the value in the database. */
static void test_conversions(void **state)
{
    static const struct {
        const char *column_type;
        enum load_type type;
        int scale;
        const char *bytes, *expected; /* NULL: null */
    } cases[] = {
        {"text", LOAD_TEXT, 0, "  ab c  ", "ab c"},
        {"text", LOAD_TEXT, 0, "        ", NULL},
        {"text", LOAD_RAW, 0, "  ab c  ", "  ab c"},
        {"text", LOAD_RAW, 0, "        ", NULL},
        {"text", LOAD_DIGITS, 0, "00012345", "00012345"},
        {"bytea", LOAD_RAW, 0, "\xff\x01 a\n ~ ", "\\xff0120610a207e20"},
        {"smallint", LOAD_DIGITS, 0, "00032767", "32767"},
        {"smallint", LOAD_TEXT, 0, "   12   ", "12"},
        {"integer", LOAD_AMOUNT, 0, "-0012345", "-12345"},
        {"integer", LOAD_RAW, 0, "7       ", "7"},
        {"bigint", LOAD_DIGITS, 0, "9223372036854775807", "9223372036854775807"},
        {"bigint", LOAD_DIGITS, 0, "        ", NULL},
        {"numeric", LOAD_AMOUNT, 2, "+00012345", "123.45"},
        {"numeric", LOAD_AMOUNT, 2, "-00012300", "-123.00"},
        {"numeric", LOAD_AMOUNT, 2, "-00000000", "0.00"},
        {"numeric", LOAD_AMOUNT, 0, "+9999999999999999999", "9999999999999999999"},
        {"numeric", LOAD_AMOUNT, 16, "+9999999999999999999", "999.9999999999999999"},
        {"numeric", LOAD_AMOUNT, 2, "         ", NULL},
        {"numeric", LOAD_DIGITS, 4, "00012345", "1.2345"},
        {"numeric(6,3)", LOAD_AMOUNT, 2, "-0099999", "-999.990"},
        {"date", LOAD_DATE, 0, "20000229", "2000-02-29"},
        {"date", LOAD_DATE, 0, "19000101", "1900-01-01"},
        {"date", LOAD_DATE, 0, "00000000", NULL},
        {"date", LOAD_RAW, 0, "        ", NULL},
        {"date", LOAD_TEXT, 0, "19700101", "1970-01-01"},
    };
    struct status st = {0};
    struct load_result result;
    struct load_field fields[COUNT_OF(cases) + 1] = {{"number", 0, 10, LOAD_DIGITS, 0}};
    char names[COUNT_OF(cases)][8], text[1024] = "0000000001";
    uint32_t length = 10;
    for (size_t i = 0; i < COUNT_OF(cases); i++) { /* each case has a column of its own */
        snprintf(names[i], sizeof names[i], "c%zu", i);
        value("SELECT crmx.add_column('crm_card', '%s', '%s')", names[i], cases[i].column_type);
        uint32_t n = (uint32_t)strlen(cases[i].bytes);
        fields[i + 1] = (struct load_field){names[i], length, n, cases[i].type, cases[i].scale};
        memcpy(text + length, cases[i].bytes, n);
        length += n;
    }
    memcpy(text + length, "\n", 2);
    struct load_file file = {.table = "crm_card",
                             .data_length = length,
                             .record_length = length + 1,
                             .records = 1,
                             .fields = fields,
                             .fields_count = COUNT_OF(fields)};
    assert_ok(load_text("conv", 1, file, text, (struct load_request){0}, &result, &st));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *got = value("SELECT coalesce(%s::text, 'NULL') FROM crmx.crm_card WHERE unit = 'conv'", names[i]);
        if (strcmp(got, cases[i].expected ? cases[i].expected : "NULL") != 0)
            print_error("case %zu: %s \"%s\"\n", i, cases[i].column_type, cases[i].bytes);
        assert_string_equal(got, cases[i].expected ? cases[i].expected : "NULL");
    }
}

/* The numeric encoding against the server's own reading of the same numbers as text. */
static void test_numeric_property(void **state)
{
    enum { NUMBERS = 20000 };
    struct status st = {0};
    uint64_t seed = 20261031, random = seed;
    print_message("seed %llu\n", (unsigned long long)seed);
    test_value(reader, "CREATE TEMPORARY TABLE n (i integer, v numeric, t text)");
    PGresult *r = PQexec(reader, "COPY n FROM STDIN (FORMAT binary)");
    assert_int_equal(PQresultStatus(r), PGRES_COPY_IN);
    PQclear(r);
    assert_int_equal(PQputCopyData(reader, COPY_SIGNATURE, COPY_SIGNATURE_LENGTH), 1);
    for (int i = 0; i < NUMBERS; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        int scale = (int)(random >> 60) % 17, shift = (int)(random >> 50 & 63);
        uint64_t magnitude = (random << 13 ^ random >> 17) >> shift;
        if (i % 5 == 0) magnitude = magnitude / 10000 * 10000;
        bool negative = i % 2;
        char text[64], digits[32], row[256], *p = copy_put_row(row, 3);
        snprintf(digits, sizeof digits, "%0*llu", scale + 1, (unsigned long long)magnitude);
        int whole = (int)strlen(digits) - scale;
        snprintf(text, sizeof text, "%s%.*s%s%s", negative && magnitude ? "-" : "", whole, digits, scale ? "." : "",
                 digits + whole);
        p = copy_put_int32(p, i);
        p = copy_put_numeric(p, negative, magnitude, scale);
        p = copy_put_text(p, text, strlen(text));
        assert_int_equal(PQputCopyData(reader, row, (int)(p - row)), 1);
    }
    char end[2];
    copy_put_end(end);
    assert_int_equal(PQputCopyData(reader, end, 2), 1);
    assert_int_equal(PQputCopyEnd(reader, NULL), 1);
    r = PQgetResult(reader);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) database_fail(reader, NULL, "copy", &st), print_status(&st);
    assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
    PQclear(r);
    assert_null(PQgetResult(reader));
    assert_string_equal(test_value(reader, "SELECT count(*) FROM n"), "20000");
    assert_string_equal(
        test_value(reader, "SELECT coalesce(min(v || ' is not ' || t), 'all equal') FROM n WHERE v::text <> t"),
        "all equal");
}

static void test_gb18030(void **state)
{
    struct status st;
    struct load_result result;
    static const struct load_field fields[] = {{"number", 0, 10, LOAD_DIGITS, 0}, {"name", 10, 8, LOAD_TEXT, 0}};
    struct load_file file = {.table = "crm_customer",
                             .encoding = "gb18030",
                             .data_length = 18,
                             .fields = fields,
                             .fields_count = 2,
                             .record_length = 20};
    assert_ok(load_text("gb", 1, file, "0000000001\xcd\xf5\xd0\xa1\xc3\xf7  \r\n0000000002Smith   \r\n",
                        (struct load_request){0}, &result, &st));
    assert_string_equal(value("SELECT string_agg(name, ' ' ORDER BY number) FROM crmx.crm_customer WHERE unit = 'gb'"),
                        "王小明 Smith");
    struct load_request replacing = {.replace_malformed = true};
    assert_ok(load_text("gb", 2, file, "0000000001\xcd\xf5\xff\xc3\xf7   \r\n", replacing, &result, &st));
    assert_int_equal(result.replaced, 1);
    assert_string_equal(value("SELECT name || ' ' || replaced FROM crmx.crm_customer JOIN crmx.load USING (unit, "
                              "generation) WHERE unit = 'gb'"),
                        "王�明 1");
}

/* --- generations --- */

static void test_idempotent_and_older(void **state)
{
    struct status st = {0};
    struct load_result result;
    struct sample first, second;
    char digest[2][64];
    sample_make(&first, "21", 1);
    sample_make(&second, "21", 2);
    assert_ok(load_run(server, &first.request, &result, &st));
    int64_t load_number = result.load_number;
    snprintf(digest[0], 64, "%s", sample_digest(reader, "21"));
    assert_ok(load_run(server, &first.request, &result, &st));
    assert_true(result.already_applied);
    assert_int_equal(result.load_number, load_number);
    assert_int_equal(result.rows, first.customers + first.deposits + 31);
    assert_ok(load_run(server, &second.request, &result, &st));
    snprintf(digest[1], 64, "%s", sample_digest(reader, "21"));
    assert_string_not_equal(digest[0], digest[1]);
    assert_int_equal(sample_leaves(reader, "21"), 6); /* the replaced load stays until the next one begins */

    assert_false(load_run(server, &first.request, &result, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_string_equal(
        st.message, "generation 2026-10-31.001.1 of unit 21 is older than 2026-10-31.002.1, which the database shows");
    assert_string_equal(st.hint, "to go back on purpose: crmx db rebuild --unit 21 --generation 2026-10-31.001.1");
    assert_has(st.context, "while loading generation 2026-10-31.001.1 of unit 21 into the database");
    assert_string_equal(sample_digest(reader, "21"), digest[1]);

    status_clear(&st);
    first.request.allow_older = true;
    assert_ok(load_run(server, &first.request, &result, &st));
    assert_string_equal(sample_digest(reader, "21"), digest[0]);
    assert_int_equal(result.loads_dropped, 1);
    second.request.mode = LOAD_REBUILD;
    for (int i = 0; i < 2; i++) { /* again, although it is applied */
        assert_ok(load_run(server, &second.request, &result, &st));
        assert_false(result.already_applied);
        assert_string_equal(sample_digest(reader, "21"), digest[1]);
    }
    assert_int_equal(sample_leaves(reader, "21"), 6);
    assert_string_equal(
        value("SELECT string_agg(generation || mode, ' ' ORDER BY load_no) FROM crmx.load WHERE unit = '21'"),
        "2026-10-31.001.1initial 2026-10-31.002.1initial 2026-10-31.001.1initial 2026-10-31.002.1rebuild "
        "2026-10-31.002.1rebuild");
}

static void test_generations_are_compared_as_numbers(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {{"2026-10-31.001.1", "2026-10-31.1.1", 0},
                 {"2026-10-31.002.1", "2026-10-31.010.1", -1},
                 {"2026-10-31.9.1", "2026-11-01.1.1", -1},
                 {"2026-10-31.1.10", "2026-10-31.1.9", 1}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(load_compare_generations(cases[i].a, cases[i].b), cases[i].order);
        assert_int_equal(load_compare_generations(cases[i].b, cases[i].a), -cases[i].order);
    }
}

/* A table without files in the new generation is empty then; other units do not notice. */
static void test_fewer_files_and_other_units(void **state)
{
    struct status st = {0};
    struct load_result result;
    struct sample a, b;
    char other[64];
    sample_make(&a, "31", 1);
    sample_make(&b, "32", 1);
    assert_ok(load_run(server, &a.request, &result, &st));
    assert_ok(load_run(server, &b.request, &result, &st));
    snprintf(other, sizeof other, "%s", sample_digest(reader, "32"));
    sample_make(&a, "31", 2);
    a.request.files_count = 1;
    a.request.unit_name = "上海";
    assert_ok(load_run(server, &a.request, &result, &st));
    assert_int_equal(atoi(value("SELECT count(*) FROM crmx.crm_customer WHERE unit = '31'")), a.customers);
    assert_string_equal(value("SELECT count(*) FROM crmx.crm_deposit WHERE unit = '31'"), "0");
    assert_string_equal(value("SELECT name FROM crmx.unit WHERE unit = '31'"), "上海");
    assert_string_equal(sample_digest(reader, "32"), other);
    sample_make(&a, "31", 3);
    a.files[0].records = a.files[1].records = a.files[2].records = a.files[3].records =
        0; /* an empty generation is one, too */
    for (int i = 0; i < SAMPLE_FILES; i++) test_write(a.paths[i], VIEW_LITERAL(""));
    assert_ok(load_run(server, &a.request, &result, &st));
    assert_string_equal(value("SELECT count(*) FROM crmx.crm_customer WHERE unit = '31'"), "0");
    assert_string_equal(value("SELECT generation FROM crmx.unit_status WHERE unit = '31'"), "2026-10-31.003.1");
}

/* --- readers --- */

static struct {
    _Atomic bool stop;
    long reads, generations;
    char wrong[256];
} watch;

/* One snapshot over several statements: the tables must always be of the same generation, and whole. */
static void *watch_unit(void *context)
{
    char last[64] = "";
    PGconn *c = context;
    while (!watch.stop) {
        PQclear(PQexec(c, "BEGIN ISOLATION LEVEL REPEATABLE READ"));
        char seen[3][64];
        static const char *const queries[] = {
            "SELECT generation || ' ' || count(*) FROM crmx.crm_customer WHERE unit = '41' GROUP BY generation",
            "SELECT generation || ' ' || count(*) FROM crmx.crm_deposit WHERE unit = '41' GROUP BY generation",
            "SELECT generation FROM crmx.applied_generation WHERE unit = '41'"};
        for (int i = 0; i < 3; i++) {
            PGresult *r = PQexec(c, queries[i]);
            snprintf(seen[i], sizeof seen[i], "%s", PQntuples(r) == 1 ? PQgetvalue(r, 0, 0) : "not one row");
            PQclear(r);
        }
        PQclear(PQexec(c, "COMMIT"));
        int sequence = atoi(seen[2] + 11);
        char expected[96];
        snprintf(expected, sizeof expected, "%s %d", seen[2], SAMPLE_CUSTOMERS + sequence % 7);
        if (strcmp(seen[0], expected) != 0 || strncmp(seen[1], seen[2], strlen(seen[2])) != 0)
            snprintf(watch.wrong, sizeof watch.wrong, "%s, %s, %s", seen[0], seen[1], seen[2]);
        if (strcmp(last, seen[2]) != 0) watch.generations++;
        snprintf(last, sizeof last, "%s", seen[2]);
        watch.reads++;
    }
    return NULL;
}

static void test_readers_see_whole_generations(void **state)
{
    struct status st = {0};
    struct load_result result;
    struct sample s;
    pthread_t thread;
    sample_make(&s, "41", 1);
    assert_ok(load_run(server, &s.request, &result, &st));
    PGconn *c = database_connect(server, &st), *old = database_connect(server, &st);
    assert_true(c && old);
    /* A snapshot that is taken before the loads and used only after them. */
    test_value(old, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    assert_string_equal(test_value(old, "SELECT 1"), "1");
    assert_int_equal(pthread_create(&thread, NULL, watch_unit, c), 0);
    for (int sequence = 2; sequence <= 9; sequence++) {
        sample_make(&s, "41", sequence);
        assert_ok(load_run(server, &s.request, &result, &st));
        if (sequence == 2) {
            assert_string_equal(test_value(old, "SELECT generation || ' ' || count(*) FROM crmx.crm_customer WHERE "
                                                "unit = '41' GROUP BY generation"),
                                "2026-10-31.001.1 301");
            /* Now it holds locks on the replaced tables: the next load leaves them alone and is not held up. */
        }
        if (sequence == 3) {
            assert_int_equal(result.loads_dropped, 0);
            assert_int_equal(result.loads_kept, 1);
            /* its other tables are there as well */
            assert_string_equal(
                test_value(
                    old,
                    "SELECT generation || ' ' || count(*) FROM crmx.crm_contact WHERE unit = '41' GROUP BY generation"),
                "2026-10-31.001.1 31");
            test_value(old, "COMMIT");
        }
    }
    watch.stop = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    PQfinish(c);
    PQfinish(old);
    assert_string_equal(watch.wrong, "");
    assert_true(watch.reads > 10);
    assert_true(watch.generations >= 2);
    assert_int_equal(sample_leaves(reader, "41"), 6);
}

static void test_busy(void **state)
{
    struct status st = {0};
    struct load_result result;
    struct sample s;
    sample_make(&s, "51", 1);
    const char *const unit[] = {"51"};
    assert_true(database_run(reader, "load_lock", unit, 1, &st));
    assert_false(load_run(server, &s.request, &result, &st));
    assert_int_equal(st.code, STATUS_BUSY);
    assert_string_equal(st.message, "unit 51 is being loaded by another process");
    assert_true(database_run(reader, "load_unlock", unit, 1, (struct status[]){{0}}));
    status_clear(&st);
    assert_ok(load_run(server, &s.request, &result, &st));
}

/* --- wrong requests --- */

static void test_wrong_requests(void **state)
{
    static const struct load_field number = {"number", 0, 4, LOAD_DIGITS, 0};
    static const struct {
        const char *unit, *generation, *table;
        uint32_t data_length, record_length;
        struct load_field field;
        enum status_code code;
        const char *message, *hint;
    } cases[] = {
        {"a b",
         NULL,
         NULL,
         0,
         0,
         {0},
         STATUS_USAGE,
         "cannot load: a unit id has letters, digits and underscores only",
         "crmx config show"},
        {"12345678901234567", NULL, NULL, 0, 0, {0}, STATUS_USAGE, "cannot load: a unit id has 1 to 16 characters", ""},
        {NULL,
         "2026-10-31",
         NULL,
         0,
         0,
         {0},
         STATUS_USAGE,
         "cannot load: a generation is named DATE.SEQUENCE.ATTEMPT",
         ""},
        {NULL,
         "2026-10-30.1.1",
         NULL,
         0,
         0,
         {0},
         STATUS_USAGE,
         "cannot load: the generation's date is not the business date",
         ""},
        {NULL, "2026-13-31.1.1", NULL, 0, 0, {0}, STATUS_USAGE, "cannot load: a generation is named", ""},
        {NULL, NULL, NULL, 8, 12, {0}, STATUS_USAGE, "cannot load output out: the record length is wrong", ""},
        {NULL,
         NULL,
         NULL,
         0,
         0,
         {"name", 4, 5, LOAD_TEXT, 0},
         STATUS_USAGE,
         "cannot load output out: field name (offset 4, length 5) does not lie in the record of 8 bytes",
         ""},
        {NULL,
         NULL,
         NULL,
         0,
         0,
         {"birth", 4, 4, LOAD_DATE, 0},
         STATUS_USAGE,
         "field birth of type date has 4 bytes instead of 8",
         ""},
        {NULL,
         NULL,
         NULL,
         0,
         0,
         {"score", 4, 4, LOAD_AMOUNT, 17},
         STATUS_USAGE,
         "field score has scale 17; 0 to 16 can be loaded",
         ""},
        {NULL,
         NULL,
         NULL,
         0,
         0,
         {"number", 4, 4, LOAD_DIGITS, 0},
         STATUS_USAGE,
         "cannot load output out: two fields have the same name",
         ""},
        {NULL,
         NULL,
         "crm_house",
         0,
         0,
         {"name", 4, 4, LOAD_TEXT, 0},
         STATUS_USAGE,
         "output out: there is no table \"crm_house\"; there are: crm_address crm_card crm_contact crm_customer "
         "crm_deposit crm_investment crm_loan crm_value_added",
         "correct table = in outputs/out.ini"},
        {NULL,
         NULL,
         "crm_value_added",
         0,
         0,
         {"colour", 4, 4, LOAD_TEXT, 0},
         STATUS_USAGE,
         "output out: field colour has no column in table crm_value_added; it has: number total_assets "
         "total_liabilities average_daily_balance contribution contribution_deposit "
         "contribution_loan contribution_intermediary loyalty tier life_cycle segment",
         "rename the field in outputs/out.ini, or add a column: "
         "crmx db psql --command \"SELECT crmx.add_column('crm_value_added', "
         "'colour', 'text')\""},
        {NULL,
         NULL,
         NULL,
         0,
         0,
         {"load_no", 4, 4, LOAD_DIGITS, 0},
         STATUS_USAGE,
         "field load_no has no column in table crm_customer",
         ""},
        {NULL,
         NULL,
         NULL,
         0,
         0,
         {"name", 4, 4, LOAD_AMOUNT, 2},
         STATUS_USAGE,
         "output out: field name (amount, 4 bytes, scale 2) does not fit its column crm_customer.name of type text",
         "change type, length or scale"},
        {NULL,
         NULL,
         NULL,
         0,
         0,
         {"score", 4, 4, LOAD_AMOUNT, 3},
         STATUS_USAGE,
         "output out: field score (amount, 4 bytes, scale 3) does not fit its column crm_customer.score of type "
         "numeric(20,2)",
         ""},
        {NULL,
         NULL,
         NULL,
         0,
         0,
         {"birth", 4, 4, LOAD_RAW, 0},
         STATUS_USAGE,
         "field birth (raw, 4 bytes, scale 0) does not fit its column crm_customer.birth of type date",
         ""},
    };
    int before = atoi(value("SELECT count(*) FROM pg_class"));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct status st = {0};
        struct load_result result;
        const struct load_field fields[] = {number, cases[i].field};
        struct load_file file = {.output_name = "out",
                                 .path = test_path("wrong"),
                                 .table = cases[i].table ? cases[i].table : "crm_customer",
                                 .encoding = "utf-8",
                                 .data_length = cases[i].data_length ? cases[i].data_length : 8,
                                 .record_length = cases[i].record_length ? cases[i].record_length : 9,
                                 .records = 1,
                                 .fields = fields,
                                 .fields_count = cases[i].field.name ? 2 : 1};
        struct load_request r = {.unit = cases[i].unit ? cases[i].unit : "61",
                                 .generation = cases[i].generation ? cases[i].generation : "2026-10-31.1.1",
                                 .business_date = date_from_civil(2026, 10, 31),
                                 .files = &file,
                                 .files_count = 1};
        test_write(file.path, VIEW_LITERAL("00011111\n"));
        assert_false(load_run(server, &r, &result, &st));
        assert_has(st.message, cases[i].message);
        assert_int_equal(st.code, cases[i].code);
        assert_has(st.hint, cases[i].hint);
    }
    assert_int_equal(atoi(value("SELECT count(*) FROM pg_class")), before); /* nothing was written */
    struct status st = {0};
    struct load_result result;
    static const struct load_field name_only[] = {{"name", 0, 8, LOAD_TEXT, 0}};
    struct load_file file = {.table = "crm_customer", .data_length = 8, .fields = name_only, .fields_count = 1};
    assert_false(load_text("61", 1, file, "somebody\n", (struct load_request){0}, &result, &st));
    assert_has(st.message, "output out: table crm_customer needs a field number");
}

/* --- wrong bytes --- */

static void test_wrong_bytes(void **state)
{
    /* 0 number 10 · 10 unit 2 · 12 date 8 · 20 name 6 · 26 birth 8 · 34 score 6 · 40 layout 4 · LF */
    static const struct load_field fields[] = {{"number", 0, 10, LOAD_DIGITS, 0},      {"unit", 10, 2, LOAD_TEXT, 0},
                                               {"business_date", 12, 8, LOAD_DATE, 0}, {"name", 20, 6, LOAD_TEXT, 0},
                                               {"birth", 26, 8, LOAD_DATE, 0},         {"score", 34, 6, LOAD_AMOUNT, 2},
                                               {"tiny", 40, 4, LOAD_DIGITS, 0}};
    static const char good[] = "00000000017120261031\xe7\x8e\x8b   19700101+012340007\n";
    static const struct {
        uint32_t at;
        const char *bytes;
        size_t length;
        const char *field, *why;
        uint64_t offset;
    } cases[] = {
        {3, "x", 1, "field number", "byte 0x78 is no digit", 3},
        {0, "          ", 10, "field number", "the field is blank, its column must not be empty", 0},
        {9, " ", 1, "field number", "byte 0x20 is no digit", 9},
        {10, "72", 2, "field unit", "the record belongs to another unit than 71", 10},
        {12, "20261030", 8, "field business_date", "the record belongs to another business date than 20261031", 12},
        {21, "\xcd", 1, "field name", "byte 0xE7 begins no UTF-8 character", 20},
        {24, "\0", 1, "field name", "a NUL byte, which a text cannot hold", 24},
        {28, "/", 1, "field birth", "byte 0x2F is no digit of a date", 28},
        {26, "19700230", 8, "field birth", "there is no such day", 26},
        {34, "0", 1, "field score", "byte 0x30 is neither + nor -", 34},
        {38, "\xff", 1, "field score", "byte 0xFF is no digit", 38},
        {40, "9999", 4, "field tiny", "the value does not fit its column of type numeric(3,0)", 40},
        {44, " ", 1, "line end", "byte 0x20 stands where the line end belongs", 44},
    };
    struct load_file file = {.table = "crm_customer",
                             .data_length = 44,
                             .record_length = 45,
                             .records = 3,
                             .fields = fields,
                             .fields_count = COUNT_OF(fields)};
    struct status st;
    struct load_result result;
    struct load_request r = {.unit = "71",
                             .generation = "2026-10-31.1.1",
                             .business_date = date_from_civil(2026, 10, 31),
                             .files = &file,
                             .files_count = 1,
                             .connections = 1};
    value("SELECT crmx.add_column('crm_customer', 'tiny', 'numeric(3,0)')");
    file.output_name = "out";
    file.encoding = "utf-8";
    file.path = test_path("bytes");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[3 * 45], expected[600];
        for (int k = 0; k < 3; k++) memcpy(text + k * 45, good, 45);
        memcpy(text + 2 * 45 + cases[i].at, cases[i].bytes, cases[i].length); /* the third record */
        test_write(file.path, (struct view){text, sizeof text});
        st = (struct status){0};
        assert_false(load_run(server, &r, &result, &st));
        snprintf(expected, sizeof expected, "could not load \"%s\": record 3, %s, byte offset %llu: %s", file.path,
                 cases[i].field, (unsigned long long)(90 + cases[i].offset), cases[i].why);
        assert_string_equal(st.message, expected);
        assert_int_equal(st.code, STATUS_CORRUPT);
        assert_has(st.hint, "crmx generation show out --record 3");
        assert_has(st.context, "while loading output out into crm_customer");
    }
    assert_string_equal(value("SELECT count(*) FROM crmx.crm_customer WHERE unit = '71'"), "0");
    assert_int_equal(sample_leaves(reader, "71"), 0); /* the failed transaction took its table along */
    assert_ok(load_text("71", 1, file,
                        (char[]){"00000000017120261031abc   19700101+012340007\n000000000271202610310     "
                                 "19700101+012340007\n000000000371202610310     19700101+012340007\n"},
                        (struct load_request){0}, &result, &st));
}

static void test_wrong_files(void **state)
{
    struct status st = {0};
    struct load_result result;
    struct sample s;
    sample_make(&s, "72", 1);
    s.files[1].records++;
    assert_false(load_run(server, &s.request, &result, &st));
    assert_int_equal(st.code, STATUS_CORRUPT);
    assert_has(st.message, "-deposit\" has 8550 bytes; 151 records of 57 bytes are 8607");
    assert_has(st.hint, "crmx generation verify");
    status_clear(&st);
    s.files[1].records--;
    assert_true(os_unlink(s.paths[3], &st));
    assert_false(load_run(server, &s.request, &result, &st));
    assert_int_equal(st.code, STATUS_IO);
    assert_has(st.message, "-contact\": No such file or directory");
    assert_has(st.context, "while looking at output contact");
    assert_string_equal(value("SELECT count(*) FROM crmx.applied_generation WHERE unit = '72'"), "0");
    /* Equal numbers: the unique index speaks, with the table's name. */
    status_clear(&st);
    static const struct load_field fields[] = {{"number", 0, 2, LOAD_DIGITS, 0}};
    struct load_file twice = {.table = "crm_customer", .data_length = 2, .fields = fields, .fields_count = 1};
    assert_false(load_text("72", 2, twice, "07\n08\n07\n", (struct load_request){0}, &result, &st));
    assert_int_equal(st.code, STATUS_DATABASE);
    assert_has(st.message, "could not run \"load_leaf_index\": ERROR 23505: could not create unique index");
    assert_has(st.message, "Key (number, unit, load_no)=(7, 72, ");
}

/* --- the server goes away --- */

static void *kill_server(void *context)
{
    os_sleep_ms(*(int *)context);
    struct database_config config = test_config("main");
    kill(test_postmaster_pid(&config), SIGKILL);
    return NULL;
}

static void test_server_killed_under_the_load(void **state)
{
    if (getenv("CRMX_TEST_URL")) return; /* not ours to kill */
    struct status st = {0};
    struct load_result result;
    struct sample a, b;
    char digest[64];
    sample_make(&a, "81", 1);
    assert_ok(load_run(server, &a.request, &result, &st));
    snprintf(digest, sizeof digest, "%s", sample_digest(reader, "81"));
    int delays_ms[] = {2, 25, 60};
    for (size_t i = 0; i < COUNT_OF(delays_ms); i++) {
        pthread_t thread;
        sample_make(&b, "81", (int)i + 2);
        assert_int_equal(pthread_create(&thread, NULL, kill_server, &delays_ms[i]), 0);
        status_clear(&st);
        bool done = load_run(server, &b.request, &result, &st);
        pthread_join(thread, NULL);
        if (!done) assert_int_equal(st.code, STATUS_DATABASE);
        if (!done) assert_true(st.hint[0]);
        status_clear(&st);
        assert_ok(database_reconnect(server, &st));
        PQfinish(reader);
        reader = database_connect(server, &st);
        assert_non_null(reader);
        if (!done &&
            strcmp(value("SELECT generation FROM crmx.applied_generation WHERE unit = '81'"), b.generation) != 0)
            assert_string_equal(sample_digest(reader, "81"), digest);
        assert_ok(load_run(server, &b.request, &result, &st));
        assert_int_equal(atoi(value("SELECT count(*) FROM crmx.crm_deposit WHERE unit = '81'")), b.deposits);
        snprintf(digest, sizeof digest, "%s", sample_digest(reader, "81"));
    }
    assert_string_equal(value("SHOW data_checksums"), "on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_generation),
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_numeric_property),
        cmocka_unit_test(test_gb18030),
        cmocka_unit_test(test_idempotent_and_older),
        cmocka_unit_test(test_generations_are_compared_as_numbers),
        cmocka_unit_test(test_fewer_files_and_other_units),
        cmocka_unit_test(test_readers_see_whole_generations),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_wrong_requests),
        cmocka_unit_test(test_wrong_bytes),
        cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_server_killed_under_the_load),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
