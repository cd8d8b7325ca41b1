/* Output layouts: every error with its message and place, sources, record lengths, and that the delivered ones load. */
#include "etl/output.h"
#include "tests/etl/fixture.h"

#define HEAD "[output]\nname = x\nfile = F\nrows = customer\n"

static bool load(const char *text, struct arena *arena, struct output **o, struct status *st)
{
    fixture_write("outputs/x.ini", text);
    return output_load(test_path("outputs/x.ini"), "x", arena, o, st);
}

static const struct {
    const char *name, *text, *message;
} ERRORS[] = {
    {"no file", "[output]\nname = x\nrows = customer\n[fields]\na = 1 text number\n",
     "x.ini:1: [output] file: the key is missing"},
    {"another name", "[output]\nname = y\nfile = F\nrows = customer\n[fields]\na = 1 text number\n",
     "x.ini:2: [output] name: the file is x.ini, but the output calls itself \"y\""},
    {"no rows", "[output]\nname = x\nfile = F\n[fields]\na = 1 text number\n",
     "x.ini:1: [output]: rows is needed: customer, others, account, contact or address"},
    {"unknown rows", "[output]\nname = x\nfile = F\nrows = accounts\n[fields]\na = 1 text number\n",
     "x.ini:4: [output] rows: \"accounts\" is none of: customer, others, account, contact, address"},
    {"a folder in the file name", "[output]\nname = x\nfile = ../F\nrows = customer\n[fields]\na = 1 text number\n",
     "x.ini:3: [output] file: a file name without folders is needed"},
    {"line end", HEAD "line_end = none\n[fields]\na = 1 text number\n",
     "x.ini:5: [output] line_end: \"none\" is none of: lf, crlf"},
    {"scope", HEAD "scope = some\n[fields]\na = 1 text number\n",
     "x.ini:5: [output] scope: \"some\" is none of: selected, all"},
    {"encoding", HEAD "encoding = gbk\n[fields]\na = 1 text number\n",
     "x.ini:5: [output] encoding: \"gbk\" is none of: utf-8, gb18030"},
    {"layouts missing", "[output]\nname = x\nfile = F\nrows = account\n[fields]\na = 1 text number\n",
     "x.ini:1: [output] layouts: layouts is for rows = account, contact or address, and needed there"},
    {"layouts of customers", HEAD "layouts = a\n[fields]\na = 1 text number\n",
     "x.ini:5: [output] layouts: layouts is for rows = account, contact or address, and needed there"},
    {"key of no field",
     HEAD "key = number acount\n[fields]\nnumber = 3 digits number\naccount = 1 text field.account\n",
     "x.ini:5: [output] key: \"acount\" is no field of the output"},
    {"no fields", HEAD, "x.ini: [fields]: an output has 1 to 200 fields and at most 32,000 bytes"},
    {"too many bytes", HEAD "[fields]\na = 32000 text number\nb = 1 text number\n",
     "x.ini:5: [fields]: an output has 1 to 200 fields and at most 32,000 bytes"},
    {"length", HEAD "[fields]\na = ten digits number\n",
     "x.ini:6: [fields] a: expected LENGTH TYPE SOURCE [scale=N], found \"ten digits number\""},
    {"length with a sign", HEAD "[fields]\na = +10 digits number\n",
     "x.ini:6: [fields] a: expected LENGTH TYPE SOURCE [scale=N], found \"+10 digits number\""},
    {"length zero", HEAD "[fields]\na = 0 digits number\n",
     "x.ini:6: [fields] a: expected LENGTH TYPE SOURCE [scale=N], found \"0 digits number\""},
    {"length with a tail", HEAD "[fields]\na = 10x digits number\n",
     "x.ini:6: [fields] a: expected LENGTH TYPE SOURCE [scale=N], found \"10x digits number\""},
    {"long length", HEAD "[fields]\na = 32001 text number\n",
     "x.ini:6: [fields] a: expected LENGTH TYPE SOURCE [scale=N], found \"32001 text number\""},
    {"no source", HEAD "[fields]\na = 10 digits\n",
     "x.ini:6: [fields] a: expected LENGTH TYPE SOURCE [scale=N], found \"10 digits\""},
    {"unknown type", HEAD "[fields]\na = 10 number number\n",
     "x.ini:6: [fields] a: unknown type \"number\": digits, amount, text, date or raw"},
    {"too many digits", HEAD "[fields]\na = 19 digits number\n",
     "x.ini:6: [fields] a: digits and amounts have at most 18 digits"},
    {"amount without room for its sign", HEAD "[fields]\na = 1 amount score\n",
     "x.ini:6: [fields] a: digits and amounts have at most 18 digits"},
    {"long amount", HEAD "[fields]\na = 20 amount score\n",
     "x.ini:6: [fields] a: digits and amounts have at most 18 digits"},
    {"date of ten bytes", HEAD "[fields]\na = 10 date entry_date\n", "x.ini:6: [fields] a: a date has 8 bytes"},
    {"unknown source", HEAD "[fields]\na = 10 digits nummer\n",
     "x.ini:6: [fields] a: unknown source \"nummer\" (docs/formats.md lists them)"},
    {"source without its name", HEAD "[fields]\na = 10 text field\n",
     "x.ini:6: [fields] a: unknown source \"field\" (docs/formats.md lists them)"},
    {"name where none is", HEAD "[fields]\na = 10 digits number.x\n",
     "x.ini:6: [fields] a: unknown source \"number.x\" (docs/formats.md lists them)"},
    {"option", HEAD "[fields]\na = 10 amount score scale=12\n", "x.ini:6: [fields] a: unknown option \"scale=12\""},
    {"unknown key", HEAD "tabel = t\n[fields]\na = 10 digits number\n", "x.ini:5: [output] tabel: unknown key"},
    {"unknown section", HEAD "[fields]\na = 10 digits number\n[field]\nb = 1 text unit\n",
     "x.ini:7: [field]: there is no section of this name in this kind of file"},
};

static void test_errors(void **state)
{
    int wrong = 0;
    for (size_t i = 0; i < COUNT_OF(ERRORS); i++) {
        struct arena arena;
        struct output *o;
        struct status st = {0};
        arena_init(&arena, "test");
        bool loaded = load(ERRORS[i].text, &arena, &o, &st);
        const char *message = strstr(st.message, "x.ini");
        if (loaded || !message || strcmp(message, ERRORS[i].message) != 0) {
            print_error("%s:\n  found    %s\n  expected %s\n", ERRORS[i].name, loaded ? "loaded" : st.message,
                        ERRORS[i].message);
            wrong++;
        } else {
            assert_true(st.hint[0]);
            assert_has(st.context, "while reading output x");
        }
        arena_release(&arena);
    }
    assert_int_equal(wrong, 0);
}

static void test_everything_said(void **state)
{
    struct arena arena;
    struct output *o;
    struct status st = {0};
    arena_init(&arena, "test");
    bool ok = load(
        "[output]\nname = x\nfile = CRMX\nrows = account\nlayouts = a b\ntable = crm_x\nencoding = gb18030\nline_end = "
        "crlf\nscope = all\n[fields]\n"
        "n = 10 digits number\nu = 2 text unit\nd = 8 date business_date\ns = 1 text system\nsc = 18 amount score "
        "scale=3\nr = 1 text result.tier\n"
        "m = 19 amount measure.demand\nt = 2 text id_type\nk = 18 text id_key\nc = 1 text customer_type\ne = 8 date "
        "entry_date\nf = 5 raw field.余额\n"
        "rec = 100 raw record\nl = 10 text layout\nfi = 10 text file\no = 18 digits offset\nx = 3 text const.ABC\n",
        &arena, &o, &st);
    if (!ok) fail_msg("%s", st.message);
    static const enum output_source SOURCES[] = {
        SOURCE_NUMBER,  SOURCE_UNIT,    SOURCE_BUSINESS_DATE, SOURCE_SYSTEM,        SOURCE_SCORE,      SOURCE_RESULT,
        SOURCE_MEASURE, SOURCE_ID_TYPE, SOURCE_ID_KEY,        SOURCE_CUSTOMER_TYPE, SOURCE_ENTRY_DATE, SOURCE_FIELD,
        SOURCE_RECORD,  SOURCE_LAYOUT,  SOURCE_FILE,          SOURCE_OFFSET,        SOURCE_CONST};
    assert_int_equal(o->fields_count, COUNT_OF(SOURCES));
    uint32_t offset = 0;
    for (int i = 0; i < o->fields_count; i++) {
        assert_int_equal(o->fields[i].source, SOURCES[i]);
        assert_int_equal(o->fields[i].offset, offset);
        offset += o->fields[i].length;
    }
    assert_int_equal(o->data_length, offset);
    assert_int_equal(o->record_length, offset + 2);
    assert_int_equal(o->fields[4].scale, 3);
    assert_int_equal(o->fields[6].scale, 2);
    assert_string_equal(o->fields[11].source_name, "余额");
    assert_string_equal(o->fields[16].source_name, "ABC");
    assert_string_equal(o->table, "crm_x");
    assert_int_equal(o->layouts_count, 2);
    assert_true(o->all);
    assert_int_equal(o->line_end, LAYOUT_CRLF);
    assert_int_equal(o->encoding, LAYOUT_GB18030);
    assert_true(load(HEAD "table =\n[fields]\na = 10 digits number\n", &arena, &o, &st));
    assert_null(o->table);
    assert_false(o->all);
    assert_int_equal(o->record_length, 11);
    arena_release(&arena);
}

static void test_limits(void **state)
{
    struct arena arena;
    struct output *o;
    struct status st = {0};
    struct buf b;
    arena_init(&arena, "test");
    buf_init(&b, 65536);
    buf_add_text(&b, HEAD "[fields]\n");
    for (int i = 0; i < OUTPUT_FIELDS_MAX; i++) buf_addf(&b, "f%d = 1 text unit\n", i);
    assert_true(load(b.bytes, &arena, &o, &st));
    assert_int_equal(o->fields_count, 200);
    buf_add_text(&b, "g = 1 text unit\n");
    assert_false(load(b.bytes, &arena, &o, &st));
    assert_has(st.message, "[fields] g: more than 200 fields");
    status_clear(&st);
    assert_false(load("[output]\nname = x\nfile = F\nrows = account\nlayouts = 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 "
                      "17\n[fields]\na = 1 text unit\n",
                      &arena, &o, &st));
    assert_has(st.message, "[output] layouts: more than 16 layouts");
    buf_release(&b);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors), cmocka_unit_test(test_everything_said),
                                       cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
