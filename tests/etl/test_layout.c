/* Layouts: every error of an INI file with its exact message and place, the defaults, roles and marks, and that every
 * layout that is delivered with the program loads. */
#include "base/date.h"
#include "tests/etl/fixture.h"

#define HEAD "class = contact\nsystem = s\nrecord_length = 20\n"
#define FIELDS "[fields]\nsource_no = 0 6 text required\n"

static const struct {
    const char *name, *head, *rest; /* head: lines of [layout] after name and files */
    const char *message;            /* after the folder */
} ERRORS[] = {
    {"unknown class", "class = kontakt\nsystem = s\nrecord_length = 20\n", FIELDS,
     "x.ini:4: [layout] class: \"kontakt\" is none of: customer, account, contact, address, relation, rate, exclusion, "
     "transaction, nav, interest, customer_change, account_change, contact_change, address_change, relation_change"},
    {"no class", "system = s\nrecord_length = 20\n", FIELDS, "x.ini:1: [layout]: class and record_length are needed"},
    {"no record length", "class = contact\nsystem = s\n", FIELDS,
     "x.ini:1: [layout]: class and record_length are needed"},
    {"record too long", "class = contact\nsystem = s\nrecord_length = 32001\n", FIELDS,
     "x.ini:6: [layout] record_length: 32001 is outside 1 to 32000"},
    {"system missing", "class = contact\nrecord_length = 20\n", FIELDS, "x.ini:1: [layout] system: the key is missing"},
    {"misspelt key", HEAD "line_ends = crlf\n", FIELDS, "x.ini:7: [layout] line_ends: unknown key"},
    {"misspelt section", HEAD, FIELDS "[trailor]\nmatch = 0 TRL\n",
     "x.ini:9: [trailor]: there is no section of this name in this kind of file"},
    {"line end", HEAD "line_end = cr\n", FIELDS, "x.ini:7: [layout] line_end: \"cr\" is none of: lf, crlf, any, none"},
    {"completeness", HEAD "complete = maybe\n", FIELDS,
     "x.ini:7: [layout] complete: \"maybe\": none, trailer, ctl, ok or stable SECONDS"},
    {"stable without seconds", HEAD "complete = stable\n", FIELDS,
     "x.ini:7: [layout] complete: \"stable\": none, trailer, ctl, ok or stable SECONDS"},
    {"trailer without section", HEAD "complete = trailer\n", FIELDS,
     "x.ini:7: [layout] complete: complete = trailer needs a section [trailer]"},
    {"reject limit above all", HEAD "reject_limit = 2\n", FIELDS,
     "x.ini:7: [layout] reject_limit: \"2\" is not a share between 0 and 100 %; write 0.01% or 0.0001"},
    {"field without type", HEAD, FIELDS "f = 6 4\n",
     "x.ini:9: [fields] f: unknown type in \"6 4\": text, digits, amount, date, code, currency or fund"},
    {"field without numbers", HEAD, FIELDS "f = six 4 text\n",
     "x.ini:9: [fields] f: expected OFFSET LENGTH TYPE [options], found \"six 4 text\""},
    {"length zero", HEAD, FIELDS "f = 6 0 text\n",
     "x.ini:9: [fields] f: expected OFFSET LENGTH TYPE [options], found \"6 0 text\""},
    {"unknown type", HEAD, FIELDS "f = 6 4 number\n",
     "x.ini:9: [fields] f: unknown type in \"6 4 number\": text, digits, amount, date, code, currency or fund"},
    {"past the end", HEAD, FIELDS "f = 17 4 text\n",
     "x.ini:9: [fields] f: \"17 4 text\" reaches past the end of the record"},
    {"unknown option", HEAD, FIELDS "f = 6 4 text needed\n", "x.ini:9: [fields] f: unknown option \"needed\""},
    {"unknown option with a value", HEAD, FIELDS "f = 6 4 digits skale=2\n",
     "x.ini:9: [fields] f: unknown option \"skale=2\""},
    {"scale of digits", HEAD, FIELDS "f = 6 4 digits scale=2\n",
     "x.ini:9: [fields] f: scale says nothing about a field of type digits"},
    {"required digits", HEAD, FIELDS "f = 6 4 digits required\n",
     "x.ini:9: [fields] f: required says nothing about a field of type digits"},
    {"format of a text", HEAD, FIELDS "f = 6 8 text format=yyyymmdd\n",
     "x.ini:9: [fields] f: format says nothing about a field of type text"},
    {"zero=none of an amount", HEAD, FIELDS "f = 6 8 amount zero=none\n",
     "x.ini:9: [fields] f: zero says nothing about a field of type amount"},
    {"optional currency", HEAD, FIELDS "f = 6 3 currency optional\n",
     "x.ini:9: [fields] f: optional says nothing about a field of type currency"},
    {"scale out of range", HEAD, FIELDS "f = 6 4 amount scale=10\n", "x.ini:9: [fields] f: \"scale=10\": 0 to 9"},
    {"pivot out of range", HEAD, FIELDS "f = 6 6 date format=yymmdd pivot=100\n",
     "x.ini:9: [fields] f: \"pivot=100\": 0 to 99"},
    {"sign", HEAD, FIELDS "f = 6 4 amount sign=left\n",
     "x.ini:9: [fields] f: \"sign=left\": leading, trailing, overpunch or none"},
    {"format", HEAD, FIELDS "f = 6 8 date format=ddmmyyyy\n",
     "x.ini:9: [fields] f: \"format=ddmmyyyy\": yyyymmdd, yyyy-mm-dd, yymmdd or yyyyddd"},
    {"length against format", HEAD, FIELDS "f = 6 8 date format=yymmdd\n",
     "x.ini:9: [fields] f: the length does not fit the date format yymmdd"},
    {"keep", HEAD, FIELDS "f = 6 4 text keep=warm\n", "x.ini:9: [fields] f: \"keep=warm\": hot, cold or drop"},
    {"role", HEAD, FIELDS "f = 6 4 text role=owner\n", "x.ini:9: [fields] f: \"role=owner\": no such role"},
    {"role twice", HEAD, FIELDS "f = 6 4 text role=source_no\n",
     "x.ini:9: [fields] f: the role source_no is taken already"},
    {"zero", HEAD, FIELDS "f = 6 8 date zero=null\n", "x.ini:9: [fields] f: \"zero=null\": only zero=none"},
    {"else", HEAD, FIELDS "f = 6 8 date else=zero\n", "x.ini:9: [fields] f: \"else=zero\": only else=any"},
    {"data class", HEAD, FIELDS "f = 6 4 text data=C4\n", "x.ini:9: [fields] f: \"data=C4\": C1, C2 or C3"},
    {"secret kept hot", HEAD, FIELDS "f = 6 4 text data=C3 keep=hot\n",
     "x.ini:9: [fields] f: a C3 field is never kept hot"},
    {"long reason", HEAD, FIELDS "f = 6 4 text reason=TOOLONGBY1\n",
     "x.ini:9: [fields] f: \"reason=TOOLONGBY1\": 1 to 8 characters"},
    {"from is no day", HEAD, FIELDS "f = 6 8 date from=2026-02-30\n",
     "x.ini:9: [fields] f: \"2026-02-30\" is not a day (YYYY-MM-DD)"},
    {"from the business date", HEAD, FIELDS "f = 6 8 date from=business_date\n",
     "x.ini:9: [fields] f: \"business_date\" is not a day (YYYY-MM-DD)"},
    {"from after to", HEAD, FIELDS "f = 6 8 date from=2026-01-02 to=2026-01-01\n",
     "x.ini:9: [fields] f: no day lies between from= and to="},
    {"digits too long", HEAD, FIELDS "f = 0 19 digits\n", "x.ini:9: [fields] f: digits: at most 18 bytes"},
    {"amount too long", HEAD, FIELDS "f = 0 20 amount\n", "x.ini:9: [fields] f: amount: 1 to 18 digits"},
    {"amount that is only a sign", HEAD, FIELDS "f = 6 1 amount\n", "x.ini:9: [fields] f: amount: 1 to 18 digits"},
    {"code without values", HEAD, FIELDS "f = 6 1 code\n", "x.ini:9: [fields] f: code: values= is missing"},
    {"code with an empty list", HEAD, FIELDS "f = 6 1 code values=\n", "x.ini:9: [fields] f: values= lists nothing"},
    {"code too long", HEAD, FIELDS "f = 6 9 code values=A\n", "x.ini:9: [fields] f: code: at most 8 bytes"},
    {"value longer than the field", HEAD, FIELDS "f = 6 1 code values=A,BB\n",
     "x.ini:9: [fields] f: a value is empty or longer than the field (write _ for blank)"},
    {"empty value", HEAD, FIELDS "f = 6 1 code values=A,,B\n",
     "x.ini:9: [fields] f: a value is empty or longer than the field (write _ for blank)"},
    {"optional code without a blank value", HEAD, FIELDS "f = 6 1 code values=A,B optional\n",
     "x.ini:9: [fields] f: a code that may be blank needs _ among its values: blank would read as the first of them"},
    {"conditional code without a blank value", HEAD,
     FIELDS "k = 6 1 code values=A,B\nf = 7 1 code values=A,B when=k:A\n",
     "x.ini:10: [fields] f: a code that may be blank needs _ among its values: blank would read as the first of them"},
    {"currency of two bytes", HEAD, FIELDS "f = 6 2 currency\n", "x.ini:9: [fields] f: currency: 3 bytes"},
    {"when of a text", HEAD, FIELDS "k = 6 1 code values=A\nf = 7 4 text when=k:A\n",
     "x.ini:10: [fields] f: when says nothing about a field of type text"},
    {"when names a field listed later", HEAD, FIELDS "f = 7 4 digits when=k:A\nk = 6 1 code values=A\n",
     "x.ini:9: [fields] f: when= needs FIELD:VALUE,… with a code field listed before (found \"k\")"},
    {"when names no code field", HEAD, FIELDS "k = 6 1 digits\nf = 7 4 digits when=k:1\n",
     "x.ini:10: [fields] f: when= needs FIELD:VALUE,… with a code field listed before (found \"k\")"},
    {"when without a colon", HEAD, FIELDS "k = 6 1 code values=A\nf = 7 4 digits when=k\n",
     "x.ini:10: [fields] f: when= needs FIELD:VALUE,… with a code field listed before (found \"k\")"},
    {"when names an unknown value", HEAD, FIELDS "k = 6 1 code values=A\nf = 7 4 digits when=k:A,B\n",
     "x.ini:10: [fields] f: when= names \"B\", which is not among the field's values"},
    {"when without a value", HEAD, FIELDS "k = 6 1 code values=A\nf = 7 4 digits when=k:\n",
     "x.ini:10: [fields] f: when= lists no value"},
    {"role missing", "class = customer\nsystem = s\nrecord_length = 20\n", FIELDS "id_type = 6 2 text\n",
     "x.ini:7: [fields]: a layout of class customer needs a field with role id_no"},
    {"change date that is a text", "class = customer\nsystem = s\nrecord_length = 20\n",
     FIELDS "id_type = 6 2 text\nid_no = 8 2 text\nchanged = 10 8 text\n",
     "x.ini:11: [fields] changed: a field with the role changed is not of type text"},
    {"birth of digits", "class = customer\nsystem = s\nrecord_length = 20\n",
     FIELDS "id_type = 6 2 text\nid_no = 8 2 text\nborn = 10 8 digits role=birth\n",
     "x.ini:11: [fields] born: a field with the role birth is not of type digits"},
    {"currency of an account as a text", "class = account\nsystem = s\nrecord_length = 20\n",
     FIELDS "account = 6 4 text\ncurrency = 10 3 text\n",
     "x.ini:10: [fields] currency: a field with the role currency is not of type text"},
    {"share with eight decimals", "class = relation\nsystem = s\nrecord_length = 20\n",
     FIELDS "account = 6 4 text\nshare = 10 9 amount sign=none scale=8\n",
     "x.ini:10: [fields] share: share: at most scale=6"},
    {"rate with seven decimals", "class = rate\nrecord_length = 20\n",
     "[fields]\ncurrency = 0 3 text\nrate = 3 10 amount sign=none scale=7\n",
     "x.ini:8: [fields] rate: rate: at most scale=6"},
    {"mark without match", HEAD, FIELDS "[header]\ndate = 3 8\n", "x.ini:9: [header] match: the key is missing"},
    {"mark without text", HEAD, FIELDS "[header]\nmatch = 0\n",
     "x.ini:10: [header] match: expected OFFSET TEXT, found \"0\""},
    {"mark past the record", HEAD, FIELDS "[trailer]\nmatch = 18 TRL\n",
     "x.ini:10: [trailer] match: expected OFFSET TEXT, found \"18 TRL\""},
    {"place past the record", HEAD, FIELDS "[trailer]\nmatch = 0 TRL\nrecords = 11 10\n",
     "x.ini:11: [trailer] records: expected OFFSET LENGTH inside the record, found \"11 10\""},
    {"sum of a text", HEAD, FIELDS "[trailer]\nmatch = 0 TRL\nsum.source_no = 3 10\n",
     "x.ini:11: [trailer] sum.source_no: sum.FIELD needs an amount field"},
    {"two sums", HEAD, FIELDS "a = 6 4 amount\nb = 10 4 amount\n[trailer]\nmatch = 0 TRL\nsum.a = 3 5\nsum.b = 8 5\n",
     "x.ini:14: [trailer] sum.b: one sum.FIELD is checked, sum.a is listed already"},
    {"sum in a header", HEAD, FIELDS "a = 6 4 amount\n[header]\nmatch = 0 HDR\nsum.a = 3 5\n",
     "x.ini:12: [header] sum.a: sums are checked against the trailer"},
    {"unknown key of a mark", HEAD, FIELDS "[trailer]\nmatch = 0 TRL\ncount = 3 5\n",
     "x.ini:11: [trailer] count: unknown key: match, date, unit, records or sum.FIELD"},
};

static const char *after_folder(const char *message)
{
    const char *at = strstr(message, "x.ini:");
    return at ? at : message;
}

static void test_errors(void **state)
{
    int wrong = 0;
    for (size_t i = 0; i < COUNT_OF(ERRORS); i++) {
        struct arena arena;
        struct layout *l;
        struct status st = {0};
        arena_init(&arena, "test");
        char *text = arena_printf(&arena, "[layout]\nname = x\nfiles = X*\n%s%s", ERRORS[i].head, ERRORS[i].rest);
        bool loaded = fixture_layout_load(text, &arena, &l, &st);
        if (loaded || strcmp(after_folder(st.message), ERRORS[i].message) != 0) {
            print_error("%s:\n  found    %s\n  expected %s\n", ERRORS[i].name,
                        loaded ? "loaded" : after_folder(st.message), ERRORS[i].message);
            wrong++;
        } else {
            assert_int_equal(st.code, STATUS_USAGE);
            assert_true(st.hint[0]);
            assert_has(st.context, "while reading layout x");
        }
        arena_release(&arena);
    }
    assert_int_equal(wrong, 0);
}

static void test_limits(void **state)
{
    static const struct {
        const char *name, *line; /* repeated with a number */
        int count;
        const char *message;
    } CASES[] = {
        {"fields", "f%d = 6 1 text\n", LAYOUT_FIELDS_MAX, "more than 200 fields"},
        {"hot fields", "f%d = 6 1 digits keep=hot\n", LAYOUT_HOT_MAX + 1,
         "at most 60 fields are kept hot, 16 amounts among them"},
        {"hot amounts", "f%d = 6 2 amount keep=hot\n", LAYOUT_HOT_AMOUNTS_MAX + 1,
         "at most 60 fields are kept hot, 16 amounts among them"},
        {"length of a name", "f%050d = 6 1 text\n", 1, "a field's name has at most 50 bytes"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        for (int over = 0; over < 2; over++) { /* one less is fine */
            struct arena arena;
            struct layout *l;
            struct status st = {0};
            struct buf text;
            arena_init(&arena, "test");
            buf_init(&text, 1 << 20);
            buf_add_text(&text, "[layout]\nname = x\nfiles = X*\n" HEAD FIELDS);
            char line[128];
            for (int k = 0; k < CASES[i].count - !over; k++) {
                snprintf(line, sizeof line, CASES[i].line, k);
                buf_add_text(&text, line);
            }
            bool ok = fixture_layout_load(text.bytes, &arena, &l, &st);
            assert_int_equal(ok, !over);
            if (over) assert_has(st.message, CASES[i].message);
            buf_release(&text);
            arena_release(&arena);
        }
}

static void test_many_values(void **state)
{
    struct arena arena;
    struct layout *l;
    struct status st = {0};
    struct buf text;
    arena_init(&arena, "test");
    buf_init(&text, 65536);
    buf_add_text(&text, "[layout]\nname = x\nfiles = X*\n" HEAD FIELDS "f = 6 2 code values=00");
    for (int i = 1; i < LAYOUT_CODES_MAX; i++) buf_addf(&text, ",%02d", i);
    assert_true(fixture_layout_load(text.bytes, &arena, &l, &st));
    assert_int_equal(l->fields[1].codes_count, LAYOUT_CODES_MAX);
    buf_add_text(&text, ",99");
    assert_false(fixture_layout_load(text.bytes, &arena, &l, &st));
    assert_has(st.message, "[fields] f: more than 63 values");
    buf_release(&text);
    arena_release(&arena);
}

static void test_names_and_patterns(void **state)
{
    struct arena arena;
    struct layout *l;
    struct status st = {0};
    arena_init(&arena, "test");
    assert_false(fixture_layout_load("[layout]\nname = y\nfiles = X*\n" HEAD FIELDS, &arena, &l, &st));
    assert_has(st.message, "x.ini:2: [layout] name: the file is x.ini, but the layout calls itself \"y\"");
    assert_has(st.hint, "crmx layout check x");
    status_clear(&st);
    assert_false(fixture_layout_load("[layout]\nname = x\nfiles = A B C D E F G H I\n" HEAD FIELDS, &arena, &l, &st));
    assert_has(st.message, "x.ini:3: [layout] files: more than 8 patterns");
    status_clear(&st);
    assert_true(
        fixture_layout_load("[layout]\nname = x\nfiles = A B C D E F G {unit}.{date}\n" HEAD FIELDS, &arena, &l, &st));
    assert_int_equal(l->patterns_count, 8);
    assert_string_equal(l->patterns[7], "{unit}.{date}");
    arena_release(&arena);
}

static void test_defaults(void **state)
{
    struct arena arena;
    struct status st = {0};
    struct layout *l;
    arena_init(&arena, "test");
    l = fixture_layout(&arena, HEAD, "source_no = 0 6 text\ntermination_day = 6 8 date\namount = 14 6 amount\n");
    assert_int_equal(l->class, LAYOUT_CONTACT);
    assert_string_equal(l->system, "s");
    assert_int_equal(l->line_end, LAYOUT_LF);
    assert_int_equal(l->encoding, LAYOUT_UTF8);
    assert_int_equal(l->complete, LAYOUT_COMPLETE_NONE);
    assert_int_equal(l->expect, LAYOUT_EXPECT_ONE);
    assert_int_equal(l->reject_limit_ppm, 0);
    assert_string_equal(l->reasons[0], "LEN");
    assert_string_equal(l->reasons[2], "TERMINAT"); /* the field's name, cut at eight characters */
    assert_int_equal(l->fields[1].from, DATE_NONE);
    assert_int_equal(l->fields[1].pivot, 50);
    assert_int_equal(l->fields[2].scale, 2);
    assert_int_equal(l->fields[2].sign, LAYOUT_SIGN_LEADING);
    assert_int_equal(l->fields[2].keep, LAYOUT_KEEP_COLD);
    assert_int_equal(l->fields[2].data_class, 1);
    assert_int_equal(layout_stride(l), 21);
    assert_int_equal(layout_find(l, "amount"), 2);
    assert_int_equal(layout_find(l, "Amount"), -1);
    assert_false(l->header.present || l->trailer.present);
    /* Limits by class: customers 0.1 %, accounts 0.01 %, others none. */
    assert_true(fixture_layout_load("[layout]\nname=x\nfiles=X\nclass=customer\nsystem=s\nrecord_length=9\n[fields]\n"
                                    "source_no=0 1 text\nid_type=1 1 text\nid_no=2 1 text\n",
                                    &arena, &l, &st));
    assert_int_equal(l->reject_limit_ppm, 1000);
    assert_true(fixture_layout_load(
        "[layout]\nname=x\nfiles=X\nclass=account\nsystem=s\nrecord_length=9\n[fields]\naccount=0 1 text\n", &arena, &l,
        &st));
    assert_int_equal(l->reject_limit_ppm, 100);
    arena_release(&arena);
}

static void test_strides(void **state)
{
    static const struct {
        const char *line_end;
        uint32_t stride;
    } CASES[] = {{"lf", 21}, {"crlf", 22}, {"any", 21}, {"none", 20}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        arena_init(&arena, "test");
        struct layout *l = fixture_layout(&arena, arena_printf(&arena, HEAD "line_end = %s", CASES[i].line_end),
                                          "source_no = 0 6 text\n");
        assert_int_equal(layout_stride(l), CASES[i].stride);
        arena_release(&arena);
    }
}

/* A field plays the role of its name only where its class knows the role. */
static void test_roles(void **state)
{
    struct arena arena;
    arena_init(&arena, "test");
    struct layout *l = fixture_layout(&arena, "class = account\nsystem = s\nrecord_length = 40",
                                      "account = 0 6 text\nid_no = 6 10 text\nnotes = 16 3 currency "
                                      "role=currency\nowner = 19 6 text role=source_no\n");
    assert_int_equal(l->role_field[ROLE_ACCOUNT], 0);
    assert_int_equal(l->role_field[ROLE_ID_NO], -1);
    assert_int_equal(l->role_field[ROLE_CURRENCY], 2);
    assert_int_equal(l->role_field[ROLE_SOURCE_NO], 3);
    arena_release(&arena);
}

static void test_marks(void **state)
{
    struct arena arena;
    arena_init(&arena, "test");
    struct layout *l = fixture_layout(&arena, "class = account\nsystem = s\nrecord_length = 40",
                                      "account = 0 6 text\nbalance = 6 12 amount scale=3\n"
                                      "[header]\nmatch = 2 HDR 1\ndate = 9 8\nunit = 17 2\n"
                                      "[trailer]\nmatch = 0 TRL\nrecords = 3 10\nsum.balance = 13 18\n");
    assert_true(l->header.present && l->trailer.present);
    assert_int_equal(l->header.match_offset, 2);
    assert_string_equal(l->header.match, "HDR 1");
    assert_int_equal(l->header.date_offset, 9);
    assert_int_equal(l->header.date_length, 8);
    assert_int_equal(l->header.unit_length, 2);
    assert_int_equal(l->header.sum_field, -1);
    assert_int_equal(l->trailer.records_length, 10);
    assert_int_equal(l->trailer.sum_field, 1);
    assert_int_equal(l->trailer.sum_offset, 13);
    assert_int_equal(l->trailer.date_length, 0);
    arena_release(&arena);
}

/* --- the layouts that are delivered --- */

struct delivered {
    const char *folder;
    struct arena *arena;
    int count;
};

static bool load_delivered(void *context, const char *name)
{
    struct delivered *d = context;
    struct status st = {0};
    struct layout *l;
    size_t n = strlen(name);
    if (n < 5 || strcmp(name + n - 4, ".ini") != 0) return true;
    char *own = arena_dup(d->arena, (struct view){name, n - 4});
    if (!layout_load(arena_printf(d->arena, "%s/%s", d->folder, name), own, d->arena, &l, &st))
        fail_msg("%s", st.message);
    d->count++;
    return true;
}

static void test_delivered_layouts_load(void **state)
{
    static const char *const FOLDERS[] = {"config/template/layouts", "tests/bench/config/layouts",
                                          "tests/carddemo/config/layouts"};
    for (size_t i = 0; i < COUNT_OF(FOLDERS); i++) {
        struct arena arena;
        struct status st = {0};
        arena_init(&arena, "test");
        struct delivered d = {.folder = FOLDERS[i], .arena = &arena};
        if (!os_exists(d.folder)) skip(); /* started outside the source tree */
        assert_true(os_list(d.folder, load_delivered, &d, &st));
        assert_true(d.count >= 5);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),   cmocka_unit_test(test_limits),  cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_strides), cmocka_unit_test(test_names_and_patterns),
        cmocka_unit_test(test_roles),    cmocka_unit_test(test_marks),   cmocka_unit_test(test_delivered_layouts_load),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
