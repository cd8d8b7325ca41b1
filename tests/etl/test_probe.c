/* Probing a source file: cut into records as import cuts it, the same counts, complaints in words. */
#include "base/date.h"
#include "etl/generation.h"
#include "etl/probe.h"
#include "tests/etl/fixture_unit.h"

#include <zlib.h>

/* --- cutting --- */

static const struct {
    const char *name, *line_end, *content;
    const char *expected; /* "offset:length[H|T][kind of line end]", one record after the other */
} CUTS[] = {
    {"lf", "lf", "0123456789\n0123456789\n", "0:10L 11:10L"},
    {"last line without its end", "lf", "0123456789\n0123456789", "0:10L 11:10N"},
    {"empty file", "lf", "", ""},
    {"only line ends", "lf", "\n\n", "0:0L 1:0L"},
    {"short and long", "lf", "012\n0123456789ab\n", "0:3L 4:12L"},
    {"cr belongs to an lf record", "lf", "0123456789\r\n", "0:11C"},
    {"crlf", "crlf", "0123456789\r\n0123456789\r\n", "0:10C 12:10C"},
    {"lf alone in a crlf file", "crlf", "0123456789\n", "0:11L"},
    {"lf alone and a byte short", "crlf", "012345678\n", "0:9L"},
    {"any", "any", "0123456789\r\n0123456789\n", "0:10C 12:10L"},
    {"blocks", "none", "01234567890123456789", "0:10N 10:10N"},
    {"blocks, the last one short", "none", "0123456789012", "0:10N 10:3N"},
    {"header and trailer", "lf", "HDR.......\n0123456789\nTRL.......\n", "0:10HL 11:10L 22:10TL"},
    {"trailer without line end", "lf", "HDR.......\nTRL.......", "0:10HL 11:10TN"},
    {"header in the middle is data", "lf", "0123456789\nHDR.......\n", "0:10L 11:10L"},
    {"trailer in the middle is data", "lf", "TRL.......\n0123456789\n", "0:10L 11:10L"},
};

static const char *cut(const char *path, const struct layout *l, struct buf *out)
{
    struct status st = {0};
    struct probe_record r;
    struct probe_scan *s = probe_scan_open(path, l, &st);
    bool end = false;
    uint64_t line = 0, next = 0;
    assert_non_null(s);
    buf_clear(out);
    for (;;) {
        assert_true(probe_scan_next(s, &r, &end, &st));
        if (end) break;
        assert_int_equal(r.line, ++line);
        assert_int_equal(r.offset, next);
        next = r.next;
        buf_addf(out, "%s%llu:%llu%s%c", line > 1 ? " " : "", (unsigned long long)r.offset,
                 (unsigned long long)r.length,
                 r.kind == PROBE_HEADER    ? "H"
                 : r.kind == PROBE_TRAILER ? "T"
                                           : "",
                 "LCN"[r.line_end]);
    }
    probe_scan_close(s);
    return out->length ? out->bytes : "";
}

static const char LAYOUT[] =
    "[layout]\nname = x\nclass = contact\nsystem = s\nfiles = X*\nrecord_length = 10\nline_end = %s\n"
    "[header]\nmatch = 0 HDR\n[trailer]\nmatch = 0 TRL\n[fields]\nsource_no = 0 10 text\n";

static struct layout *layout_of(struct arena *arena, const char *line_end)
{
    struct layout *l;
    struct status st = {0};
    assert_true(fixture_layout_load(arena_printf(arena, LAYOUT, line_end), arena, &l, &st));
    return l;
}

static void test_cuts(void **state)
{
    struct arena arena;
    struct buf found;
    arena_init(&arena, "test");
    buf_init(&found, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(CUTS); i++) {
        fixture_write("file", CUTS[i].content);
        const char *text = cut(test_path("file"), layout_of(&arena, CUTS[i].line_end), &found);
        if (strcmp(text, CUTS[i].expected) != 0)
            print_error("%s: expected \"%s\", found \"%s\"\n", CUTS[i].name, CUTS[i].expected, text);
        assert_string_equal(text, CUTS[i].expected);
    }
    buf_release(&found);
    arena_release(&arena);
}

static void write_gzip(const char *path, const char *content, size_t length)
{
    gzFile f = gzopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, content, (unsigned)length), (int)length);
    assert_int_equal(gzclose(f), Z_OK);
}

/* A file with a record of 3 MB in it: longer than anything that is kept, cut at its line end all the same. */
static void test_long_record(void **state)
{
    enum { LONG = 3 << 20 };
    struct arena arena;
    struct buf content, found;
    arena_init(&arena, "test");
    buf_init(&content, LONG + 100);
    buf_init(&found, 1 << 20);
    buf_add_text(&content, "0123456789\n");
    memset(buf_room(&content, LONG), 'x', LONG);
    buf_add_text(&content, "\n0123456789\n");
    char expected[100];
    snprintf(expected, sizeof expected, "0:10L 11:%dL %d:10L", LONG, LONG + 12);
    test_write(test_path("file"), buf_view(&content));
    assert_string_equal(cut(test_path("file"), layout_of(&arena, "lf"), &found), expected);
    write_gzip(test_path("file.gz"), content.bytes, content.length);
    assert_string_equal(cut(test_path("file.gz"), layout_of(&arena, "lf"), &found), expected);
    buf_release(&found);
    buf_release(&content);
    arena_release(&arena);
}

static void test_damaged_gzip(void **state)
{
    struct arena arena;
    struct status st = {0};
    struct probe_record r;
    struct buf content;
    bool end = false, ok = true;
    arena_init(&arena, "test");
    buf_init(&content, 1 << 22);
    for (int i = 0; i < 100000; i++) buf_addf(&content, "%010d\n", i * 7919);
    write_gzip(test_path("file.gz"), content.bytes, content.length);
    struct os_file_identity id;
    assert_true(os_identify(test_path("file.gz"), &id, &st));
    int fd = os_open_append(test_path("file.gz"), &st);
    assert_true(os_truncate(fd, "file.gz", id.size / 2, &st));
    os_close(fd);
    struct probe_scan *s = probe_scan_open(test_path("file.gz"), layout_of(&arena, "lf"), &st);
    while (ok && !end) ok = probe_scan_next(s, &r, &end, &st);
    assert_false(ok);
    assert_int_equal(st.code, STATUS_INPUT);
    assert_has(st.message, "could not unpack");
    assert_has(st.hint, "sent again");
    probe_scan_close(s);
    buf_release(&content);
    arena_release(&arena);
}

static void test_missing_file(void **state)
{
    struct arena arena;
    struct status st = {0};
    arena_init(&arena, "test");
    const struct layout *l = layout_of(&arena, "lf");
    assert_null(probe_scan_open(test_path("nowhere"), l, &st));
    assert_int_equal(st.code, STATUS_IO);
    st = (struct status){0};
    assert_null(probe_scan_open(test_folder, l, &st));
    assert_has(st.message, "is a folder");
    arena_release(&arena);
}

/* --- the same counts as import --- */

/* Lines of customers: right ones, wrong in any field, too short, too long, empty; the last one perhaps without its end.
 * */
static void random_customers(uint64_t *seed, struct buf *b)
{
    uint32_t lines = fixture_below(seed, 60);
    buf_clear(b);
    for (uint32_t i = 0; i < lines; i++) {
        size_t start = b->length;
        char source[8];
        snprintf(source, sizeof source, "%06u", fixture_below(seed, 900000));
        fixture_customer(b, source, "PCX"[fixture_below(seed, 12) ? 0 : 2], "01", "11010519491231002X", "N",
                         fixture_below(seed, 6) ? "19491231" : "19499931", "20200101");
        switch (fixture_below(seed, 8)) {
        case 0:
            b->length = start + fixture_below(seed, 70);
            buf_add_text(b, "\n");
            break;
        case 1:
            b->length--;
            buf_add_text(b, "more\n");
            break;
        case 2: b->bytes[start + fixture_below(seed, 70)] = (char)fixture_below(seed, 256) | 1; break;
        default: break;
        }
    }
    if (b->length && fixture_below(seed, 3) == 0) b->length--;
    if (b->bytes) b->bytes[b->length] = 0;
}

static void compare_counts(uint64_t seed, const struct input_file *f, const struct rates *rates, struct arena *arena)
{
    struct probe_summary *p = arena_new(arena, struct probe_summary);
    struct status st = {0};
    struct probe_request r = {.path = f->path,
                              .reader = probe_reader_new(f->layout, rates, FIXTURE_DAY, arena),
                              .unit = "11",
                              .first_max = 5};
    assert_true(probe_file(&r, arena, p, &st));
    if (p->records != f->lines || p->accepted != f->accepted || p->rejected != f->rejected)
        print_error("seed %llu, %s: import %llu/%llu/%llu, probe %llu/%llu/%llu\n", (unsigned long long)seed, f->name,
                    (unsigned long long)f->lines, (unsigned long long)f->accepted, (unsigned long long)f->rejected,
                    (unsigned long long)p->records, (unsigned long long)p->accepted, (unsigned long long)p->rejected);
    assert_int_equal(p->records, f->lines);
    assert_int_equal(p->accepted, f->accepted);
    assert_int_equal(p->rejected, f->rejected);
    assert_int_equal(p->headers + p->trailers, f->marks);
    assert_int_equal(p->bytes, f->identity.size);
    assert_true(p->first_count <= 5 && (uint64_t)p->first_count <= p->rejected);
}

static void test_same_as_import(void **state)
{
    static const char *const LINE_ENDS[] = {"lf", "crlf", "any"};
    uint64_t first = fixture_seed();
    struct buf content;
    buf_init(&content, 1 << 20);
    for (int i = 0; i < 12; i++) {
        uint64_t seed = first + (uint64_t)i;
        struct status st = {0};
        struct run_result result;
        struct generation *g = NULL;
        struct arena arena;
        arena_init(&arena, "test");
        fixture_unit_write();
        fixture_inbox_write();
        fixture_write(
            "layouts/retail_customer.ini",
            arena_printf(
                &arena,
                "[layout]\nname = retail_customer\nclass = customer\nsystem = retail\nfiles = RC*\nrecord_length = 70\n"
                "reject_limit = 100%%\nexpect = many\nline_end = %s\n" FIXTURE_CUSTOMER_FIELDS,
                LINE_ENDS[i % 3]));
        random_customers(&seed, &content);
        test_write(test_path("inbox/RC2"), content.length ? buf_view(&content) : VIEW_LITERAL(""));
        bool ok = fixture_run(&result, &st) && generation_open(fixture_state(""), NULL, &g, &st);
        if (!ok) print_error("seed %llu: %s\n", (unsigned long long)(first + (uint64_t)i), st.message);
        assert_true(ok);
        for (int k = 0; k < g->inputs.files_count; k++)
            compare_counts(first + (uint64_t)i, &g->inputs.files[k], &g->reference.rates, &arena);
        generation_close(g);
        arena_release(&arena);
    }
    buf_release(&content);
}

/* --- what header and trailer state --- */

static void test_stated(void **state)
{
    struct arena arena;
    struct status st = {0};
    struct layout *l;
    struct probe_summary *p;
    arena_init(&arena, "test");
    p = arena_new(&arena, struct probe_summary);
    assert_true(fixture_layout_load("[layout]\nname = x\nclass = account\nsystem = s\nfiles = X*\nrecord_length = 24\n"
                                    "[header]\nmatch = 0 HDR\ndate = 3 8\nunit = 11 2\n"
                                    "[trailer]\nmatch = 0 TRL\nrecords = 3 5\nsum.balance = 8 10\n"
                                    "[fields]\naccount = 0 6 text required\nbalance = 6 10 amount\n",
                                    &arena, &l, &st));
    struct probe_request r = {
        .path = test_path("file"), .reader = probe_reader_new(l, NULL, FIXTURE_DAY, &arena), .unit = "11"};
    fixture_write(
        "file",
        "HDR2026103111           \nA00001+000000150        \nA00002-000000050        \nTRL00002+000000100      \n");
    assert_true(probe_file(&r, &arena, p, &st));
    assert_true(p->records_stated.present && p->records_stated.agrees && p->sum_stated.agrees &&
                p->date_stated.agrees && p->unit_stated.agrees);
    assert_string_equal(p->sum_stated.found, "1.00");
    fixture_write("file", "HDR2026103012           \nA00001+000000150        \nTRL00002+000000151      \n");
    assert_true(probe_file(&r, &arena, p, &st));
    assert_false(p->records_stated.agrees || p->sum_stated.agrees || p->date_stated.agrees || p->unit_stated.agrees);
    assert_string_equal(p->records_stated.said, "2");
    assert_string_equal(p->records_stated.found, "1");
    assert_string_equal(p->sum_stated.said, "1.51");
    assert_string_equal(p->sum_stated.found, "1.50");
    assert_string_equal(p->date_stated.said, "20261030");
    arena_release(&arena);
}

/* --- encoding --- */

static const struct {
    const char *name, *encoding, *text;
    int malformed;
    bool other;
} ENCODINGS[] = {
    {"ascii is fine in both", "utf-8", "abcdefghij", 0, false},
    {"utf-8", "utf-8", "\xe5\xbc\xa0\xe4\xb8\x89    ", 0, false},
    {"gb18030 in a utf-8 layout", "utf-8", "\xd5\xc5\xc8\xfd      ", 1, true},
    {"utf-8 in a gb18030 layout", "gb18030", "\xe5\xbc\xa0       ", 1, true},
    {"wrong in both", "utf-8", "\xff\xff        ", 1, false},
};

static void test_encodings(void **state)
{
    for (size_t i = 0; i < COUNT_OF(ENCODINGS); i++) {
        struct arena arena;
        struct status st = {0};
        arena_init(&arena, "test");
        struct layout *l =
            fixture_layout(&arena,
                           arena_printf(&arena, "class = contact\nsystem = s\nrecord_length = 10\nencoding = %s",
                                        ENCODINGS[i].encoding),
                           "source_no = 0 10 text");
        struct probe_summary *p = arena_new(&arena, struct probe_summary);
        struct probe_request r = {.path = test_path("file"), .reader = probe_reader_new(l, NULL, FIXTURE_DAY, &arena)};
        fixture_write("file", arena_printf(&arena, "%s\n", ENCODINGS[i].text));
        assert_true(probe_file(&r, &arena, p, &st));
        if ((int)p->malformed_records != ENCODINGS[i].malformed || p->other_encoding != ENCODINGS[i].other)
            print_error("%s\n", ENCODINGS[i].name);
        assert_int_equal(p->malformed_records, ENCODINGS[i].malformed);
        assert_int_equal(p->other_encoding, ENCODINGS[i].other);
        arena_release(&arena);
    }
}

/* --- values and complaints --- */

static const struct {
    const char *field, *bytes, *value, *complaint; /* NULL: good */
} VALUES[] = {
    {"text required", "abc       ", "abc", NULL},
    {"text required", "          ", "", "blank, but required"},
    {"text", "          ", "", NULL},
    {"text", "a\x1b[31m\t \xff ", "a\\x1b[31m\\x09 \xef\xbf\xbd", NULL},
    {"digits", "0000000042", "42", NULL},
    {"digits", "00x0000042", "00x0000042", "byte 3 of 10 is \"x\", a digit is needed"},
    {"amount", "+000000150", "1.50", NULL},
    {"amount scale=0", "-000000150", "-150", NULL},
    {"amount scale=3", "-000000050", "-0.050", NULL},
    {"amount", "0000000150", "0000000150", "byte 1 of 10 is \"0\", + or - is needed"},
    {"amount sign=trailing", "00000015a-", "00000015a-", "byte 9 of 10 is \"a\", a digit is needed"},
    {"amount sign=overpunch", "000000015R", "-1.59", NULL},
    {"amount sign=overpunch", "000000015Z", "000000015Z",
     "its last byte is \"Z\", an overpunched digit is needed: { A-I } J-R"},
    {"date format=yyyy-mm-dd", "2026-02-28", "2026-02-28", NULL},
    {"date format=yyyy-mm-dd", "2026-02-29", "2026-02-29", "\"2026-02-29\" is no day (YYYY-MM-DD)"},
    {"date format=yyyy-mm-dd from=2000-01-01", "1999-12-31", "1999-12-31", "\"1999-12-31\" is before 2000-01-01"},
    {"date format=yyyy-mm-dd to=2000-01-01", "2000-01-02", "2000-01-02", "\"2000-01-02\" is after 2000-01-01"},
    {"date format=yyyy-mm-dd to=business_date", "2026-11-01", "2026-11-01",
     "\"2026-11-01\" is after the business date 2026-10-31"},
    {"date format=yyyy-mm-dd zero=none", "          ", "", NULL},
};

static void test_values(void **state)
{
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        struct arena arena;
        struct buf value, complaint;
        struct fixture_record record;
        arena_init(&arena, "test");
        buf_init(&value, 1000);
        buf_init(&complaint, 1000);
        struct layout *l = fixture_layout(&arena, "class = contact\nsystem = s\nrecord_length = 20",
                                          arena_printf(&arena, "source_no = 10 10 text\nx = 0 10 %s", VALUES[i].field));
        struct probe_reader *r = probe_reader_new(l, fixture_rates(), FIXTURE_DAY, &arena);
        struct probe_tool *t = probe_tool_new();
        const unsigned char *bytes = fixture_record(&record, arena_printf(&arena, "%s          ", VALUES[i].bytes), 20);
        enum probe_state found = probe_value(t, r, 1, bytes, &value);
        assert_int_equal(found == PROBE_WRONG, VALUES[i].complaint != NULL);
        const char *text = value.length ? value.bytes : "";
        if (strcmp(text, VALUES[i].value) != 0) print_error("%s |%s|\n", VALUES[i].field, VALUES[i].bytes);
        assert_string_equal(text, VALUES[i].value);
        if (VALUES[i].complaint) {
            probe_complaint(t, r, 1, bytes, true, &complaint);
            assert_string_equal(complaint.bytes, VALUES[i].complaint);
            buf_clear(&complaint);
            probe_complaint(t, r, 1, bytes, false, &complaint);
            assert_null(strstr(complaint.bytes, "\"")); /* no byte of the record is in it */
        }
        probe_tool_free(t);
        buf_release(&value);
        buf_release(&complaint);
        arena_release(&arena);
    }
}

static void test_conditions(void **state)
{
    struct arena arena;
    struct fixture_record record;
    struct buf out;
    arena_init(&arena, "test");
    buf_init(&out, 1000);
    struct layout *l = fixture_layout(
        &arena, "class = contact\nsystem = s\nrecord_length = 10",
        "source_no = 0 2 text\nkind = 2 1 code values=D,F,_\nterm = 3 3 digits when=kind:F\ncurrency = 6 3 currency");
    struct probe_reader *r = probe_reader_new(l, fixture_rates(), FIXTURE_DAY, &arena);
    struct probe_tool *t = probe_tool_new();
    assert_int_equal(probe_value(t, r, 2, fixture_record(&record, "xxD000CNY ", 10), &out), PROBE_UNCHECKED);
    assert_int_equal(probe_value(t, r, 2, fixture_record(&record, "xxF012CNY ", 10), &out), PROBE_GOOD);
    assert_int_equal(probe_value(t, r, 2, fixture_record(&record, "xxD012CNY ", 10), &out), PROBE_WRONG);
    buf_clear(&out);
    probe_complaint(t, r, 2, fixture_record(&record, "xxD012CNY ", 10), true, &out);
    assert_string_equal(out.bytes, "\"012\" where zeros or blanks are needed: kind is not one of F");
    buf_clear(&out);
    probe_complaint(t, r, 1, fixture_record(&record, "xxZ000CNY ", 10), true, &out);
    assert_string_equal(out.bytes, "\"Z\" is not one of D,F,(blank)");
    buf_clear(&out);
    probe_complaint(t, r, 3, fixture_record(&record, "xxD000ABC ", 10), true, &out);
    assert_string_equal(out.bytes, "\"ABC\" is no currency with a rate on the business date");
    buf_clear(&out);
    probe_type(l, 2, &out);
    assert_string_equal(out.bytes, "digits when=kind:F");
    probe_tool_free(t);
    buf_release(&out);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),         cmocka_unit_test(test_long_record),    cmocka_unit_test(test_damaged_gzip),
        cmocka_unit_test(test_missing_file), cmocka_unit_test(test_same_as_import), cmocka_unit_test(test_stated),
        cmocka_unit_test(test_encodings),    cmocka_unit_test(test_values),         cmocka_unit_test(test_conditions),
    };
    return cmocka_run_group_tests_name("probe", tests, fixture_unit_setup, test_remove_folder);
}
