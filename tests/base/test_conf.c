/* Configuration files: what is read, what is refused and with which words. */
#include "base/conf.h"
#include "tests/test.h"

static char path[sizeof test_folder + 16];

static int make_folder(void **state)
{
    int result = test_make_folder(state);
    snprintf(path, sizeof path, "%s/a.ini", test_folder);
    return result;
}

static void write_bytes(struct view text)
{
    struct status st = {0};
    assert_true(os_replace_file(path, text, &st));
}

static struct conf *open_text(const char *text)
{
    struct status st = {0};
    write_bytes(view_of(text));
    struct conf *c = conf_open(path, &st);
    if (!c) print_error("%s\n", st.message);
    assert_non_null(c);
    return c;
}

/* --- values --- */

static void test_values(void **state)
{
    static const struct {
        const char *line, *key, *value;
    } CASES[] = {
        {"a = 1", "a", "1"},
        {"a=1", "a", "1"},
        {"  a  =  1 2  ", "a", "1 2"},
        {"a =", "a", ""},
        {"a = ; only a comment", "a", ""},
        {"a = \"\"", "a", ""},
        {"a = 1 ; comment", "a", "1"},
        {"a = 1 # comment", "a", "1"},
        {"a = 1\t;comment = 2", "a", "1"},
        {"a = \"x ; y # z\" ; comment", "a", "x ; y # z"},
        {"a = \"  blanks  \"", "a", "  blanks  "},
        {"a = 'single \"quoted\" # x'", "a", "single \"quoted\" # x"},
        {"a = it's", "a", "it's"},
        {"a = const.\"x\"", "a", "const.\"x\""},
        {"account = 0 22 text required reason=ACCT", "account", "0 22 text required reason=ACCT"},
        {"a = = b", "a", "= b"},
        {"kind = values=D,F keep=hot ; a=b", "kind", "values=D,F keep=hot"},
        {"formula.personal = personal", "formula.personal", "personal"},
        {"threshold_1-x = 1000000.00", "threshold_1-x", "1000000.00"},
        {"\xe4\xbd\x99\xe9\xa2\x9d = \xe5\x8c\x97\xe4\xba\xac", "\xe4\xbd\x99\xe9\xa2\x9d", "\xe5\x8c\x97\xe4\xba\xac"},
        {"a = 100%", "a", "100%"},
        {"a = 100%d %s%n", "a", "100%d %s%n"},
        {"a = \"back\\\"", "a", "back\\"},
        {"a = 1 ; ends in \\\r\nb = 2", "a", "1"},
        {"; comment that ends in \\\nb = 2", "b", "2"},
        {"a = [x]", "a", "[x]"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char text[400];
        snprintf(text, sizeof text, "[s]\n%s\n", CASES[i].line);
        struct conf *c = open_text(text);
        const char *value = conf_get(c, "s", CASES[i].key);
        if (!value) print_error("case: %s\n", CASES[i].line);
        assert_non_null(value);
        assert_string_equal(value, CASES[i].value);
        conf_close(c);
    }
}

static void test_long_lines(void **state)
{
    char text[CONF_LINE_MAX + 64];
    size_t n = (size_t)snprintf(text, sizeof text, "[s]\na = ");
    memset(text + n, 'x', CONF_LINE_MAX - 4);
    snprintf(text + n + CONF_LINE_MAX - 4, 8, "\nb = 2");
    struct conf *c = open_text(text);
    assert_int_equal(strlen(conf_get(c, "s", "a")), CONF_LINE_MAX - 4);
    assert_string_equal(conf_get(c, "s", "b"), "2"); /* the last line has no line end */
    conf_close(c);

    struct status st = {0};
    memmove(text + n + 1, text + n, strlen(text + n) + 1);
    text[n] = 'x';
    write_bytes(view_of(text));
    assert_null(conf_open(path, &st));
    assert_has(st.message, "a.ini:2: the line has 1001 bytes, at most 1000");
}

static void test_order_and_lines(void **state)
{
    struct conf *c = open_text("\xef\xbb\xbf; top\r\n\r\n[systems]   ; priority: first = highest\r\nretail = R\r\n"
                               "card = C\r\n\r\nabc = A\r\n[target crm] # x = y\r\n  kind = ftp\r\n[id_type 01]\r\n");
    assert_string_equal(conf_section(c, 0), "systems");
    assert_string_equal(conf_section(c, 1), "target crm");
    assert_string_equal(conf_section(c, 2), "id_type 01");
    assert_null(conf_section(c, 3));
    assert_null(conf_section(c, -1));
    assert_string_equal(conf_key(c, "systems", 0), "retail");
    assert_string_equal(conf_key(c, "systems", 1), "card");
    assert_string_equal(conf_key(c, "systems", 2), "abc");
    assert_null(conf_key(c, "systems", 3));
    assert_null(conf_key(c, "nowhere", 0));
    assert_null(conf_key(c, "id_type 01", 0));
    assert_string_equal(conf_get(c, "target crm", "kind"), "ftp");
    assert_int_equal(conf_line(c, "systems", NULL), 3);
    assert_int_equal(conf_line(c, "systems", "abc"), 7);
    assert_int_equal(conf_line(c, "target crm", "kind"), 9);
    assert_int_equal(conf_line(c, "target crm", "none"), 0);
    assert_true(conf_has_section(c, "id_type 01"));
    assert_false(conf_has_section(c, "id_type 02"));
    assert_string_equal(conf_path(c), path);
    conf_close(c);
}

static void test_empty_files(void **state)
{
    static const char *const TEXTS[] = {"", "\n\n", "; nothing", "\xef\xbb\xbf"};
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        struct status st = {0};
        struct conf *c = open_text(TEXTS[i]);
        assert_null(conf_section(c, 0));
        assert_null(conf_get(c, "s", "a"));
        assert_true(conf_check_all_used(c, &st));
        conf_close(c);
    }
}

/* Many keys: the growth of the tables and the way through iniparser's dictionary. */
static void test_limits(void **state)
{
    struct buf text;
    struct status st = {0};
    buf_init(&text, 1 << 20);
    for (int s = 0; s < CONF_SECTIONS_MAX; s++) {
        buf_addf(&text, "[section %d]\n", s);
        for (int k = 0; k < (s ? 2 : CONF_KEYS_MAX); k++) buf_addf(&text, "key_%d = %d\n", k, s * 10000 + k);
    }
    struct conf *c = open_text(text.bytes);
    assert_string_equal(conf_get(c, "section 0", "key_1023"), "1023");
    assert_string_equal(conf_get(c, "section 255", "key_1"), "2550001");
    conf_close(c);
    buf_add_text(&text, "[one too many]\n");
    write_bytes(buf_view(&text));
    assert_null(conf_open(path, &st));
    assert_has(st.message, "more than 256 sections");
    status_clear(&st);
    buf_clear(&text);
    buf_add_text(&text, "[s]\n");
    for (int k = 0; k <= CONF_KEYS_MAX; k++) buf_addf(&text, "key_%d = 1\n", k);
    write_bytes(buf_view(&text));
    assert_null(conf_open(path, &st));
    assert_has(st.message, "a.ini:1026: more than 1024 keys in section [s]");
    buf_release(&text);
}

/* --- refusals --- */

static void test_refused(void **state)
{
    static const struct {
        const char *text, *message, *hint;
    } CASES[] = {
        {"a = 1", ":1: key \"a\" stands before the first [section]", ""},
        {"[s]\na = 1\na = 2", ":3: key \"a\" is there a second time in [s], first in line 2", "remove one"},
        {"[s]\n[t]\n[s]", ":3: section [s] is there a second time, first in line 1", "move its keys"},
        {"[s]\nA = 1", ":2: key \"A\": names are written in lower case", "write \"a\""},
        {"[Systems]", ":1: section \"Systems\": names are written in lower case", "write \"s\""},
        {"[s]\na = ab;cd", ":2: the value is cut at \";\" without a blank before it", "in \"quotes\""},
        {"[s]\na = ab#cd", ":2: the value is cut at \"#\" without a blank before it", "in \"quotes\""},
        {"[s]\na = say \"x ; y\"", ":2: the value is cut at \";\" although it holds a quote", "'quotes'"},
        {"[s]\na = \"open", ":2: the value \"open has no closing quote", ""},
        {"[s]\na = \"", ":2: the value \" has no closing quote", ""},
        {"[s]\na = \"x\" y", ":2: text \"y\" behind the closing quote", "whole value"},
        {"[s]\na = 'x'y", ":2: text \"y\" behind the closing quote", "whole value"},
        {"[s]\na = x \\\n y", ":2: the value ends in a backslash", "quotes"},
        {"[s]\nhello", ":2: \"hello\" is neither [section] nor key = value", "comment"},
        {"[s", ":1: section \"[s\" has no closing \"]\"", ""},
        {"[s] x", ":1: text \"x\" behind section [s]", ""},
        {"[]", ":1: the section has no name", ""},
        {"[s]\n= 1", ":2: the key has no name", ""},
        {"[s]\na b = 1", ":2: key \"a b\": the character \" \" cannot", ""},
        {"[s]\na:b = 1", ":2: key \"a:b\": the character \":\" cannot", ""},
        {"[s:t]", ":1: section \"s:t\": the character \":\" cannot", ""},
        {"[s]\na\x01 = 1", ":2: control character 0x01 in column 2", ""},
        {"[s]\na = 1\v", ":2: control character 0x0b in column 6", ""},
        {"[s]\ra = 1", ":1: control character 0x0d in column 4", ""},
        {"[s]\na = \xb1\xb1\xbe\xa9", ":2: the line is not UTF-8", "iconv -f gb18030"},
        {"; \xb1\xb1\xbe\xa9", ":1: the line is not UTF-8", "iconv -f gb18030"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        write_bytes(view_of(CASES[i].text));
        struct conf *c = conf_open(path, &st);
        if (c) print_error("accepted: %s\n", CASES[i].text);
        assert_null(c);
        assert_int_equal(st.code, STATUS_USAGE);
        assert_has(st.message, path);
        assert_has(st.message, CASES[i].message);
        assert_has(st.hint, CASES[i].hint);
    }
}

static void test_zero_byte_and_missing_file(void **state)
{
    struct status st = {0};
    write_bytes(VIEW_LITERAL("[s]\na = \0x\n"));
    assert_null(conf_open(path, &st));
    assert_has(st.message, ":2: control character 0x00 in column 5");
    status_clear(&st);
    assert_null(conf_open("/nowhere/crmx.ini", &st));
    assert_int_equal(st.code, STATUS_USAGE);
    assert_has(st.message, "there is no configuration file \"/nowhere/crmx.ini\"");
    assert_has(st.hint, "crmx init");
    status_clear(&st);
    assert_null(conf_open(test_folder, &st));
    assert_int_equal(st.code, STATUS_IO);
}

/* --- typed readers --- */

static void test_integers_and_bools(void **state)
{
    struct conf *c =
        open_text("[s]\ngood = 42\nminus = -7\nbig = 9223372036854775808\nword = 12x\nempty =\nblank = 1 2\n"
                  "yes = yes\noff = OFF\nmaybe = maybe\nhex = 0x10\nleast = -9223372036854775808\n");
    struct status st = {0};
    int64_t v = 1;
    bool b = false;
    assert_true(conf_integer(c, "s", "good", 0, 100, 5, &v, &st));
    assert_int_equal(v, 42);
    assert_true(conf_integer(c, "s", "minus", -10, 100, 5, &v, &st));
    assert_int_equal(v, -7);
    assert_true(conf_integer(c, "s", "none", 0, 100, 5, &v, &st));
    assert_int_equal(v, 5);
    assert_true(conf_integer(c, "s", "least", INT64_MIN, 0, 5, &v, &st));
    assert_true(v == INT64_MIN);
    static const char *const BAD[] = {"big", "word", "empty", "blank", "hex", "yes"};
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        status_clear(&st);
        assert_false(conf_integer(c, "s", BAD[i], INT64_MIN, INT64_MAX, 5, &v, &st));
        assert_int_equal(st.code, STATUS_USAGE);
    }
    status_clear(&st);
    assert_false(conf_integer(c, "s", "good", 1, 41, 5, &v, &st));
    assert_has(st.message, "a.ini:2: [s] good: 42 is outside 1 to 41");
    status_clear(&st);
    assert_true(conf_bool(c, "s", "yes", false, &b, &st));
    assert_true(b);
    assert_true(conf_bool(c, "s", "off", true, &b, &st));
    assert_false(b);
    assert_true(conf_bool(c, "s", "none", true, &b, &st));
    assert_true(b);
    assert_false(conf_bool(c, "s", "maybe", true, &b, &st));
    assert_has(st.message, "[s] maybe: \"maybe\" is neither yes nor no");
    conf_close(c);
}

/* One table for duration and share: text, reader, result (-1: refused). */
static void test_units(void **state)
{
    static const struct {
        char reader;
        const char *text;
        int64_t result;
    } CASES[] = {
        {'d', "500ms", 500},
        {'d', "30s", 30000},
        {'d', "5m", 300000},
        {'d', "2h", 7200000},
        {'d', "0s", 0},
        {'d', "30", -1},
        {'d', "30 s", -1},
        {'d', "5d", -1},
        {'d', "9223372036854775807h", -1},
        {'p', "0.01%", 100},
        {'p', "0.0001", 100},
        {'p', "0", 0},
        {'p', "100%", 1000000},
        {'p', "1", 1000000},
        {'p', "0.00001%", 1},
        {'p', "0.0000001", 1},
        {'p', "33.33333%", 333334},
        {'p', "100.0001%", -1},
        {'p', "5", -1},
        {'p', "0.1 %", -1},
        {'p', ".1", -1},
        {'p', "1.", -1},
        {'p', "%", -1},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char text[100];
        struct status st = {0};
        int64_t v = 77;
        snprintf(text, sizeof text, "[s]\na = %s\n", CASES[i].text);
        struct conf *c = open_text(text);
        bool ok = CASES[i].reader == 'd' ? conf_duration_ms(c, "s", "a", 77, &v, &st)
                                         : conf_share_ppm(c, "s", "a", 77, &v, &st);
        if (ok != (CASES[i].result >= 0)) print_error("case: %c %s\n", CASES[i].reader, CASES[i].text);
        assert_int_equal(ok, CASES[i].result >= 0);
        assert_int_equal(v, ok ? CASES[i].result : 77);
        if (!ok) assert_has(st.message, "a.ini:2: [s] a: \"");
        conf_close(c);
    }
}

static void test_choice(void **state)
{
    static const char *const WORDS[] = {"rename", "link", "copy", NULL};
    struct conf *c = open_text("[s]\ngood = link\nbad = renane\n");
    struct status st = {0};
    int i = -1;
    assert_true(conf_choice(c, "s", "good", WORDS, 0, &i, &st));
    assert_int_equal(i, 1);
    assert_true(conf_choice(c, "s", "none", WORDS, 2, &i, &st));
    assert_int_equal(i, 2);
    assert_false(conf_choice(c, "s", "bad", WORDS, 0, &i, &st));
    assert_has(st.message, "a.ini:3: [s] bad: \"renane\" is none of: rename, link, copy");
    assert_string_equal(st.hint, "did you mean \"rename\"?");
    conf_close(c);
}

static void test_need(void **state)
{
    struct conf *c = open_text("[unit]\nid = 11\nnmae = x\nempty =\n[sytems]\n");
    static const struct {
        const char *section, *key, *message, *hint;
    } CASES[] = {
        {"unit", "name", "a.ini:1: [unit] name: the key is missing", "line 3: did you mean \"name\"?"},
        {"unit", "identity", "a.ini:1: [unit] identity: the key is missing",
         "add the line below [unit]: identity = VALUE"},
        {"unit", "empty", "a.ini:4: [unit] empty: the value is empty", "write: empty = VALUE"},
        {"systems", "a", "a.ini: [systems] a: the section is missing", "line 5: did you mean [systems]?"},
        {"filter", "a", "a.ini: [filter] a: the section is missing", "add the lines: [filter] and: a = VALUE"},
    };
    const char *value = NULL;
    struct status st = {0};
    assert_true(conf_need(c, "unit", "id", &value, &st));
    assert_string_equal(value, "11");
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        status_clear(&st);
        assert_false(conf_need(c, CASES[i].section, CASES[i].key, &value, &st));
        assert_has(st.message, CASES[i].message);
        assert_string_equal(st.hint, CASES[i].hint);
    }
    conf_close(c);
}

/* --- nothing overlooked --- */

static void test_all_used(void **state)
{
    struct status st = {0};
    struct conf *c = open_text("[unit]\nid = 11\nthread = 4\n[systems]\na = 1\nb = 2\n[fliter]\nx = 1\n[empty]\n");
    conf_get(c, "unit", "id");
    conf_get(c, "unit", "threads");
    for (int i = 0; conf_key(c, "systems", i);) i++;
    conf_has_section(c, "filter");
    assert_false(conf_check_all_used(c, &st));
    assert_has(st.message, "a.ini:3: [unit] thread: unknown key");
    assert_string_equal(st.hint, "did you mean \"threads\"?");
    status_clear(&st);
    assert_true(conf_check_used(c, "systems", &st));
    assert_true(conf_check_used(c, "nowhere", &st));
    assert_false(conf_check_used(c, "unit", &st));
    assert_has(st.message, "a.ini:3: [unit] thread: unknown key");
    status_clear(&st);
    conf_get(c, "unit", "thread");
    assert_false(conf_check_all_used(c, &st));
    assert_has(st.message, "a.ini:7: [fliter]: there is no section of this name");
    assert_string_equal(st.hint, "did you mean [filter]?");
    status_clear(&st);
    conf_get(c, "fliter", "x");
    assert_false(conf_check_all_used(c, &st));
    assert_has(st.message, "a.ini:9: [empty]");
    status_clear(&st);
    assert_true(conf_has_section(c, "empty"));
    assert_true(conf_check_all_used(c, &st));
    conf_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_order_and_lines),
        cmocka_unit_test(test_empty_files),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_zero_byte_and_missing_file),
        cmocka_unit_test(test_integers_and_bools),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_need),
        cmocka_unit_test(test_all_used),
    };
    return cmocka_run_group_tests_name("base/conf", tests, make_folder, test_remove_folder);
}
