/* Rows of output files: every source in every type, widths, rounding, encodings, and what is refused. */
#include "base/date.h"
#include "etl/build.h"
#include "tests/etl/fixture_unit.h"

static const char FORMULA[] = "unit fen;\nrounding half_up;\nthreshold 100000;\n"
                              "measure deposits money = sum(retail, cny(balance));\n"
                              "measure accounts_count as counted number = count(retail_account);\n"
                              "measure born date = min(retail_account, customer.birth);\n"
                              "score = deposits;\n"
                              "result half money = deposits / 2;\n"
                              "result tier code = case when score >= 100 then 'A' else 'BB' end;\n";

struct scene {
    struct arena arena;
    struct unit *unit;
    struct tables tables;
    struct scorecards cards;
    struct decoder *decoders[UNIT_LAYOUTS_MAX];
    struct build_context context;
    struct build_tool *tool;
    struct input_file file;
    struct fixture_record room;
    struct build_row row;
    int64_t measures[8], results[8];
    struct status st;
};

static struct scene scene;

static void open_scene(void)
{
    struct scene *s = &scene;
    memset(s, 0, sizeof *s);
    arena_init(&s->arena, "test");
    fixture_unit_write();
    fixture_write("formulas/personal.formula", FORMULA);
    if (!unit_load(test_folder, "11", &s->arena, &s->unit, &s->st)) fail_msg("%s", s->st.message);
    tables_init(&s->tables, s->unit, fixture_rates(), FIXTURE_DAY, &s->arena);
    if (!scorecards_load(s->unit, &s->tables, fixture_rates(), &s->arena, &s->cards, &s->st))
        fail_msg("%s", s->st.message);
    for (int i = 0; i < s->unit->layouts_count; i++)
        s->decoders[i] = decoder_new(&(struct decode_options){.layout = s->unit->layouts[i],
                                                              .rates = fixture_rates(),
                                                              .business_date = FIXTURE_DAY},
                                     &s->arena);
    s->context = (struct build_context){s->unit, &s->cards, s->decoders, FIXTURE_DAY};
    s->tool = build_tool_new();
    s->measures[0] = 123456789;
    s->measures[1] = 42;
    s->measures[2] = date_from_civil(2020, 3, 31);
    s->results[0] = -98765;
    s->results[1] = 5;
    s->results[2] = 0;
    s->row = (struct build_row){.number = 1100000007,
                                .measures = s->measures,
                                .results = s->results,
                                .entry_date = FIXTURE_DAY,
                                .record = 3,
                                .file = &s->file};
}

static void close_scene(void)
{
    build_tool_free(scene.tool);
    scorecards_release(&scene.cards);
    arena_release(&scene.arena);
}

/* The row's source record. */
static void source(const char *layout, const char *record)
{
    struct scene *s = &scene;
    int index = unit_layout(s->unit, layout);
    assert_true(index >= 0);
    assert_int_equal(strlen(record), s->unit->layouts[index]->record_length);
    s->file = (struct input_file){.name = "RC.1",
                                  .layout = s->unit->layouts[index],
                                  .layout_index = index,
                                  .stride = s->unit->layouts[index]->record_length + 1};
    s->row.layout_index = index;
    s->row.system = s->unit->layout_system[index];
    s->row.bytes = fixture_record(&s->room, record, strlen(record));
}

#define CUSTOMER "000001P01110105491231002   王伟              1949123120200101Msecr  "
#define ACCOUNT "A0000001000001CNYF-000000000123420270131          "

static struct output *output(const char *rows, const char *encoding, const char *fields)
{
    struct output *o;
    struct status st = {0};
    fixture_write("outputs/x.ini",
                  arena_printf(&scene.arena, "[output]\nname = x\nfile = F\nrows = %s\nencoding = %s\n[fields]\n%s\n",
                               rows, encoding, fields));
    if (!output_load(test_path("outputs/x.ini"), "x", &scene.arena, &o, &st)) fail_msg("%s", st.message);
    return o;
}

/* --- one field, its bytes --- */

static const struct {
    const char *field, *bytes; /* NULL: does not fit */
} CUSTOMER_FIELDS[] = {
    {"10 digits number", "1100000007"},
    {"12 digits number", "001100000007"},
    {"9 digits number", NULL},
    {"12 text number", "1100000007  "},
    {"4 text unit", "11  "},
    {"8 date business_date", "20261031"},
    {"8 date entry_date", "20261031"},
    {"8 date measure.born", "20200331"},
    {"1 text system", "R"},
    {"1 text customer_type", "P"},
    {"2 text id_type", "01"},
    {"20 text id_key", "11010519491231002X  "},
    {"9 text id_key", "110105194"}, /* a text is cut, an amount never is */
    {"10 text field.name", "王伟    "},
    {"7 text field.name", "王伟 "},
    {"5 text field.name", "王  "}, /* never half a character */
    {"2 text field.name", "  "},
    {"6 raw field.source_no", "000001"},
    {"8 raw field.source_no", "000001  "},
    {"8 date field.birth", "19491231"},
    {"8 raw field.birth", "19491231"},
    {"10 text field.birth", "19491231  "},
    {"1 text field.sex", "M"},
    {"5 text field.kind", "     "}, /* an account's field: blank for a customer */
    {"6 amount field.balance", "+00000"},
    {"3 digits field.balance", "000"},
    {"8 date field.maturity", "00000000"},
    {"12 amount score", "-00000098765"},
    {"12 amount score scale=0", "-00000000988"}, /* half away from zero */
    {"12 amount score scale=1", "-00000009877"},
    {"12 amount score scale=4", "-00009876500"},
    {"6 amount score", "-98765"},
    {"5 amount score", NULL},
    {"7 digits score", NULL}, /* a negative score has no digits */
    {"12 amount measure.deposits", "+00123456789"},
    {"12 amount measure.deposits scale=0", "+00001234568"},
    {"9 digits measure.deposits", "123456789"},
    {"8 digits measure.deposits", NULL},
    {"4 digits measure.counted", "0042"},
    {"4 digits measure.accounts_count", "0042"},
    {"6 amount measure.counted scale=2", "+04200"},
    {"6 amount measure.counted scale=0", "+00042"},
    {"4 text measure.counted", "42  "},
    {"1 text measure.counted", NULL},
    {"6 amount result.half", "+00005"},
    {"2 text result.tier", "A "},
    {"20 text layout", "retail_customer     "},
    {"6 text file", "RC.1  "},
    {"6 digits offset", "000213"}, /* record 3 of 71 bytes */
    {"3 text const.AB", "AB "},
    {"8 text const.北京x", "北京x "},
};

static void test_customer_fields(void **state)
{
    int wrong = 0;
    open_scene();
    source("retail_customer", CUSTOMER);
    for (size_t i = 0; i < COUNT_OF(CUSTOMER_FIELDS); i++) {
        struct status st = {0};
        struct output *o =
            output("customer", "utf-8", arena_printf(&scene.arena, "f = %s\n", CUSTOMER_FIELDS[i].field));
        struct build *b = build_new(o, &scene.context, &scene.arena, &st);
        if (!b) fail_msg("%s: %s", CUSTOMER_FIELDS[i].field, st.message);
        char out[256];
        memset(out, '#', sizeof out);
        bool ok = build_row(b, scene.tool, &scene.row, out, &st);
        if (ok != (CUSTOMER_FIELDS[i].bytes != NULL) ||
            (ok && memcmp(out, CUSTOMER_FIELDS[i].bytes, strlen(CUSTOMER_FIELDS[i].bytes)) != 0)) {
            print_error("%s: \"%.*s\", expected \"%s\"\n", CUSTOMER_FIELDS[i].field, (int)o->data_length, out,
                        CUSTOMER_FIELDS[i].bytes ? CUSTOMER_FIELDS[i].bytes : "(does not fit)");
            wrong++;
        }
        if (ok) {
            assert_int_equal(strlen(CUSTOMER_FIELDS[i].bytes), o->data_length);
            assert_int_equal(out[o->data_length], '#'); /* not a byte more */
        } else {
            assert_int_equal(st.code, STATUS_INPUT);
            assert_has(st.message, "output x: the value of field f does not fit its ");
            assert_has(st.message, "bytes (customer 1100000007)");
            assert_string_equal(st.hint, "widen the field in outputs/x.ini and tell the receiver");
        }
    }
    close_scene();
    assert_int_equal(wrong, 0);
}

static void test_account_fields(void **state)
{
    static const struct {
        const char *field, *bytes;
    } CASES[] = {
        {"50 raw record", ACCOUNT},
        {"52 raw record", ACCOUNT "  "},
        {"8 text field.account", "A0000001"},
        {"8 digits field.account", "00000000"}, /* text never becomes a number by itself */
        {"12 amount field.balance", "-00000001234"},
        {"12 amount field.balance scale=0", "-00000000012"},
        {"14 raw field.balance", "-0000000001234"},
        {"3 text field.currency", "CNY"},
        {"1 text field.kind", "F"},
        {"8 date field.maturity", "20270131"},
        {"6 text field.name", "      "},
        {"1 text system", "R"},
    };
    open_scene();
    source("retail_account", ACCOUNT);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        struct output *o = output("account\nlayouts = retail_account", "utf-8",
                                  arena_printf(&scene.arena, "f = %s\n", CASES[i].field));
        struct build *b = build_new(o, &scene.context, &scene.arena, &st);
        char out[256];
        if (!b || !build_row(b, scene.tool, &scene.row, out, &st)) fail_msg("%s: %s", CASES[i].field, st.message);
        if (memcmp(out, CASES[i].bytes, o->data_length) != 0)
            fail_msg("%s: \"%.*s\"", CASES[i].field, (int)o->data_length, out);
    }
    close_scene();
}

static void test_several_fields_and_needs(void **state)
{
    open_scene();
    source("retail_customer", CUSTOMER);
    struct status st = {0};
    char out[256];
    struct build *b =
        build_new(output("customer", "utf-8", "a = 10 digits number\nb = 1 text customer_type\nc = 8 date entry_date"),
                  &scene.context, &scene.arena, &st);
    assert_false(build_needs_record(b));
    assert_true(build_row(b, scene.tool, &scene.row, out, &st));
    assert_memory_equal(out, "1100000007P20261031", 19);
    scene.row.customer_type = CUSTOMER_CORPORATE; /* another formula, which has no tier and counts nothing */
    scene.row.entry_date = DATE_NONE;
    b = build_new(output("customer", "utf-8",
                         "a = 1 text customer_type\nb = 8 date entry_date\nc = 3 text result.tier\nd = 4 digits "
                         "measure.counted\ne = 5 amount result.half\nf = 4 raw field.name"),
                  &scene.context, &scene.arena, &st);
    assert_true(build_needs_record(b));
    assert_true(build_row(b, scene.tool, &scene.row, out, &st));
    assert_memory_equal(out, "C00000000   0000+0000", 21);
    scene.row.measures = scene.row.results = NULL; /* a type that is not scored at all */
    b = build_new(output("customer", "utf-8", "a = 9 amount score\nb = 9 amount measure.deposits"), &scene.context,
                  &scene.arena, &st);
    assert_true(build_row(b, scene.tool, &scene.row, out, &st));
    assert_memory_equal(out, "+00000000+00000000", 18);
    close_scene();
}

static void test_encodings(void **state)
{
    static const struct {
        const char *field, *bytes;
    } CASES[] = {
        {"6 text field.name", "\xcd\xf5\xce\xb0  "}, {"3 text field.name", "\xcd\xf5 "},
        {"6 text const.北京", "\xb1\xb1\xbe\xa9  "}, {"6 raw field.name", "王伟"}, /* raw is raw */
        {"18 text id_key", "11010519491231002X"},
    };
    open_scene();
    source("retail_customer", CUSTOMER);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        char out[256];
        struct build *b =
            build_new(output("customer", "gb18030", arena_printf(&scene.arena, "f = %s\n", CASES[i].field)),
                      &scene.context, &scene.arena, &st);
        if (!b || !build_row(b, scene.tool, &scene.row, out, &st)) fail_msg("%s: %s", CASES[i].field, st.message);
        if (memcmp(out, CASES[i].bytes, strlen(CASES[i].bytes)) != 0) fail_msg("%s", CASES[i].field);
    }
    /* An ID number with a character of its own, and a name with a broken one. */
    struct status st = {0};
    char out[256];
    struct buf odd;
    buf_init(&odd, 256);
    fixture_customer(&odd, "000001", 'P', "04", "京字第12345    ", "王\xff\xe4", "19491231", "20200101");
    odd.bytes[odd.length - 1] = 0; /* the line end */
    source("retail_customer", odd.bytes);
    buf_release(&odd);
    struct build *b = build_new(output("customer", "gb18030", "a = 12 text id_key\nb = 5 text field.name"),
                                &scene.context, &scene.arena, &st);
    assert_true(build_row(b, scene.tool, &scene.row, out, &st));
    assert_memory_equal(out,
                        "\xbe\xa9\xd7\xd6\xb5\xda"
                        "12345 ",
                        12);
    assert_memory_equal(out + 12, "\xcd\xf5?? ", 5);
    close_scene();
}

static void test_refused(void **state)
{
    static const struct {
        const char *rows, *field, *message;
    } CASES[] = {
        {"customer", "9 amount measure.deposit", "output x, field f: nobody has a measure \"deposit\""},
        {"customer", "9 amount result.tire", "output x, field f: nobody has a result \"tire\""},
        {"customer", "9 text field.nmae", "output x, field f: nobody has a field \"nmae\""},
        {"customer", "9 text field.secret",
         "output x, field f: secret of layout retail_customer is of data class C3 and never sent"},
        {"account\nlayouts = retail_account", "9 text id_key",
         "output x, field f: only rows = customer and others know an ID"},
        {"account\nlayouts = retail_account", "2 text id_type",
         "output x, field f: only rows = customer and others know an ID"},
        {"customer", "1 digits result.tier", "output x, field f: result.tier is a code, it goes into a text"},
        {"customer", "8 date result.tier", "output x, field f: result.tier is a code, it goes into a text"},
        {"customer", "9 digits measure.born", "output x, field f: measure.born is a date, it goes into a date"},
        {"customer", "9 text measure.born", "output x, field f: measure.born is a date, it goes into a date"},
        {"customer", "9 amount measure.born", "output x, field f: measure.born is a date, it goes into a date"},
        {"customer", "8 date measure.deposits", "output x, field f: measure.deposits is money, it goes into no date"},
        {"customer", "8 date result.half", "output x, field f: result.half is money, it goes into no date"},
    };
    open_scene();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        assert_null(build_new(output(CASES[i].rows, "utf-8", arena_printf(&scene.arena, "f = %s\n", CASES[i].field)),
                              &scene.context, &scene.arena, &st));
        assert_string_equal(st.message, CASES[i].message);
        assert_int_equal(st.code, STATUS_USAGE);
    }
    close_scene();
}

/* Rounding to fewer decimals against 128-bit arithmetic. */
static void test_rounding(void **state)
{
    uint64_t seed = fixture_seed(), s = seed;
    open_scene();
    source("retail_customer", CUSTOMER);
    struct status st = {0};
    struct build *b[3];
    for (int scale = 0; scale < 3; scale++)
        b[scale] = build_new(
            output("customer", "utf-8", arena_printf(&scene.arena, "f = 19 amount measure.deposits scale=%d", scale)),
            &scene.context, &scene.arena, &st);
    for (int i = 0; i < 20000; i++) {
        int64_t value = (int64_t)fixture_random(&s) >> (6 + fixture_below(&s, 50));
        int scale = i % 3;
        __int128 divisor = scale == 0   ? 100
                           : scale == 1 ? 10
                                        : 1,
                 twice = (__int128)2 * (value < 0 ? -(__int128)value : value);
        __int128 expected = (twice + divisor) / (2 * divisor); /* half away from zero */
        char out[64], text[64];
        if (i % 50 == 0)
            value = (value < 0 ? -1 : 1) * (i % 100 ? 50 : 49), expected = divisor == 100  ? (i % 100 ? 1 : 0)
                                                                           : divisor == 10 ? 5
                                                                           : i % 100       ? 50
                                                                                           : 49;
        scene.measures[0] = value;
        assert_true(build_row(b[scale], scene.tool, &scene.row, out, &st));
        snprintf(text, sizeof text, "%c%018lld", value < 0 && expected ? '-' : '+', (long long)expected); /* never -0 */
        if (memcmp(out, text, 19) != 0)
            fail_msg("CRMX_TEST_SEED=%llu: %lld with %d decimals: %.19s, not %s", (unsigned long long)seed,
                     (long long)value, scale, out, text);
    }
    close_scene();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_customer_fields),
        cmocka_unit_test(test_account_fields),
        cmocka_unit_test(test_several_fields_and_needs),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_rounding),
    };
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
