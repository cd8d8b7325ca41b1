/* Every reason for which import refuses a record, through a whole run: the exact line of rejects.tsv (file, line,
 * offset, length, reason, field, bytes) and the words in which crmx probe and source show explain it. Each check of
 * etl/probe_value.h, each type, date format and sign, each class of file and each kind of line end has a case, or
 * test_complete fails. */
#include "etl/probe_value.h"
#include "tests/etl/fixture_unit.h"

#define COLUMNS "file\tline\toffset\tlength\treason\tfield\traw\n"
#define ROOM 4096

/* --- fields --- */

/* Each case is a field of one layout. In its record that field is `bad`, all others hold what is good for the kind of
 * account: `fixed` for F, `demand` for D (NULL: the same). */
static const struct field_case {
    enum probe_fault fault;
    char kind;
    const char *spec, *fixed, *demand, *bad, *complaint;
} FIELDS[] = {
    {PROBE_FAULT_BLANK, 'F', "text required", "x  ", NULL, "   ", "blank, but required"},
    {PROBE_FAULT_DIGIT, 'F', "digits", "123", NULL, "1x3", "byte 2 of 3 is \"x\", a digit is needed"},
    {PROBE_FAULT_DIGIT, 'F', "digits", "123", NULL, "   ", "byte 1 of 3 is \" \", a digit is needed"},
    {PROBE_FAULT_DIGIT, 'F', "digits optional", "   ", NULL, "  3", "byte 1 of 3 is \" \", a digit is needed"},
    {PROBE_FAULT_DIGIT, 'F', "digits when=kind:F", "123", "000", "12-", "byte 3 of 3 is \"-\", a digit is needed"},
    {PROBE_FAULT_DIGIT, 'F', "digits when=kind:F else=any", "123", "?!x", "12 ",
     "byte 3 of 3 is \" \", a digit is needed"},
    {PROBE_FAULT_DIGIT, 'F', "amount", "+00012", NULL, "+0O012", "byte 3 of 6 is \"O\", a digit is needed"},
    {PROBE_FAULT_DIGIT, 'F', "amount sign=trailing", "00012-", NULL, "0 012-",
     "byte 2 of 6 is \" \", a digit is needed"},
    {PROBE_FAULT_DIGIT, 'F', "amount sign=overpunch", "00012}", NULL, "0001{2",
     "byte 5 of 6 is \"{\", a digit is needed"},
    {PROBE_FAULT_DIGIT, 'F', "amount sign=none", "000123", NULL, "-00123", "byte 1 of 6 is \"-\", a digit is needed"},
    {PROBE_FAULT_DIGIT, 'F', "amount optional", "      ", NULL, "+0012 ", "byte 6 of 6 is \" \", a digit is needed"},
    {PROBE_FAULT_SIGN, 'F', "amount", "-00012", NULL, "000012", "byte 1 of 6 is \"0\", + or - is needed"},
    {PROBE_FAULT_SIGN, 'F', "amount sign=trailing", "00012+", NULL, "000012", "byte 6 of 6 is \"2\", + or - is needed"},
    {PROBE_FAULT_OVERPUNCH, 'F', "amount sign=overpunch", "00012A", NULL, "00012S",
     "its last byte is \"S\", an overpunched digit is needed: { A-I } J-R"},
    {PROBE_FAULT_DAY, 'F', "date", "20240229", NULL, "20230229", "\"20230229\" is no day (YYYYMMDD)"},
    {PROBE_FAULT_DAY, 'F', "date", "20240229", NULL, "00000000", "\"00000000\" is no day (YYYYMMDD)"},
    {PROBE_FAULT_DAY, 'F', "date", "19000101", NULL, "18991231", "\"18991231\" is no day (YYYYMMDD)"},
    {PROBE_FAULT_DAY, 'F', "date zero=none", "00000000", NULL, "0000000 ", "\"0000000 \" is no day (YYYYMMDD)"},
    {PROBE_FAULT_DAY, 'F', "date optional", "        ", NULL, "00000000", "\"00000000\" is no day (YYYYMMDD)"},
    {PROBE_FAULT_DAY, 'F', "date format=yyyy-mm-dd", "2026-10-31", NULL, "2026/10/31",
     "\"2026/10/31\" is no day (YYYY-MM-DD)"},
    {PROBE_FAULT_DAY, 'F', "date format=yymmdd", "261031", NULL, "261032", "\"261032\" is no day (YYMMDD)"},
    {PROBE_FAULT_DAY, 'F', "date format=yyyyddd", "2024366", NULL, "2026366", "\"2026366\" is no day (YYYYDDD)"},
    {PROBE_FAULT_DAY, 'F', "date when=kind:F", "20261031", "00000000", "00000000", "\"00000000\" is no day (YYYYMMDD)"},
    {PROBE_FAULT_FROM, 'F', "date from=2000-01-01", "20000101", NULL, "19991231", "\"19991231\" is before 2000-01-01"},
    {PROBE_FAULT_TO, 'F', "date to=2030-12-31", "20301231", NULL, "20310101", "\"20310101\" is after 2030-12-31"},
    {PROBE_FAULT_FUTURE, 'F', "date to=business_date", "20261031", NULL, "20261101",
     "\"20261101\" is after the business date 2026-10-31"},
    {PROBE_FAULT_CODE, 'F', "code values=A,BB,_", "BB", NULL, "B ", "\"B \" is not one of A,BB,(blank)"},
    {PROBE_FAULT_CODE, 'F', "code values=A,BB", "A ", NULL, "  ", "\"  \" is not one of A,BB"},
    {PROBE_FAULT_CODE, 'F', "code values=A,_ when=kind:F", "A", " ", "a", "\"a\" is not one of A,(blank)"},
    {PROBE_FAULT_CURRENCY, 'F', "currency", "USD", NULL, "EUR",
     "\"EUR\" is no currency with a rate on the business date"},
    {PROBE_FAULT_CURRENCY, 'F', "currency", "CNY", NULL, "cny",
     "\"cny\" is no currency with a rate on the business date"},
    {PROBE_FAULT_UNWANTED, 'D', "digits when=kind:F", "123", "   ", "123",
     "\"123\" where zeros or blanks are needed: kind is not one of F"},
    {PROBE_FAULT_UNWANTED, 'D', "amount when=kind:F", "+00012", "000000", "+00000",
     "\"+00000\" where zeros or blanks are needed: kind is not one of F"},
    {PROBE_FAULT_UNWANTED, 'D', "date when=kind:F", "20261031", "        ", "20261031",
     "\"20261031\" where zeros or blanks are needed: kind is not one of F"},
    {PROBE_FAULT_UNWANTED, 'D', "code values=A,_ when=kind:F", "A", " ", "A",
     "\"A\" where zeros or blanks are needed: kind is not one of F"},
};

enum { HEAD = 32 }; /* account, source_no, currency, kind, balance */

static uint32_t record_length(void)
{
    uint32_t length = HEAD;
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) length += (uint32_t)strlen(FIELDS[i].fixed);
    return length;
}

/* Field i has the reason R<i> and the name f<i>. */
static void write_layout(void)
{
    struct buf b;
    uint32_t offset = HEAD;
    buf_init(&b, 65536);
    buf_addf(
        &b,
        "[layout]\nname = retail_account\nclass = account\nsystem = retail\nfiles = RA\nrecord_length = "
        "%u\nreject_limit = 100%%\n[fields]\naccount = 0 8 text required\nsource_no = 8 6 text required\ncurrency = "
        "14 3 currency keep=hot\nkind = 17 1 code values=D,F keep=hot\nbalance = 18 14 amount keep=hot\n",
        record_length());
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        buf_addf(&b, "f%zu = %u %zu %s reason=R%zu\n", i, offset, strlen(FIELDS[i].fixed), FIELDS[i].spec, i);
        offset += (uint32_t)strlen(FIELDS[i].fixed);
    }
    fixture_write("layouts/retail_account.ini", b.bytes);
    fixture_write("outputs/crm_deposit.ini",
                  "[output]\nname = crm_deposit\nfile = CRMDEP\nrows = account\nlayouts = retail_account\n"
                  "[fields]\nnumber = 10 digits number\naccount = 8 text field.account\n");
    buf_release(&b);
}

/* A record in which only field `bad` is wrong; -1: none. */
static void add_record(struct buf *b, int bad)
{
    char kind = bad < 0 ? 'F' : FIELDS[bad].kind;
    buf_addf(b, "A%07d000001CNY%c+0000000000100", bad + 1, kind);
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        const struct field_case *f = &FIELDS[i];
        buf_add_text(b, (int)i == bad ? f->bad : kind == 'F' || !f->demand ? f->fixed : f->demand);
    }
}

static const char *rejects_of_run(void)
{
    struct run_result result;
    struct status st;
    if (!fixture_run(&result, &st)) fail_msg("%s", st.message);
    return test_read(fixture_state("gen/2026-10-31.001.1/rejects.tsv"));
}

static void must_be(const char *name, const char *found, const char *expected)
{
    if (strcmp(found, expected) != 0) fail_msg("%s:\nfound\n%s\nexpected\n%s", name, found, expected);
}

static void test_lines(void **state)
{
    struct buf content, expected;
    uint32_t length = record_length();
    buf_init(&content, 1 << 20);
    buf_init(&expected, 1 << 20);
    fixture_unit_write();
    fixture_inbox_write();
    write_layout();
    buf_add_text(&expected, COLUMNS);
    add_record(&content, -1);
    buf_add_text(&content, "\n");
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        buf_addf(&expected, "RA\t%zu\t%zu\t%u\tR%zu\tf%zu\t", i + 2, (i + 1) * (length + 1u), length, i, i);
        add_record(&content, (int)i);
        add_record(&expected, (int)i);
        buf_add_text(&content, "\n");
        buf_add_text(&expected, "\n");
    }
    fixture_write("inbox/RA", content.bytes);
    must_be("fields", rejects_of_run(), expected.bytes);
    buf_release(&content);
    buf_release(&expected);
}

/* --- words --- */

struct words {
    struct arena arena;
    struct layout *layout;
    struct probe_reader *reader;
    struct probe_tool *tool;
    struct buf out;
};

static void words_init(struct words *w)
{
    struct status st = {0};
    arena_init(&w->arena, "test");
    fixture_unit_write();
    write_layout();
    bool ok = layout_load(test_path("layouts/retail_account.ini"), "retail_account", &w->arena, &w->layout, &st);
    if (!ok) fail_msg("%s", st.message);
    w->reader = probe_reader_new(w->layout, fixture_rates(), FIXTURE_DAY, &w->arena);
    w->tool = probe_tool_new();
    buf_init(&w->out, 65536);
}

static void words_release(struct words *w)
{
    probe_tool_free(w->tool);
    buf_release(&w->out);
    arena_release(&w->arena);
}

static enum probe_fault complaint(struct words *w, int field, const unsigned char *record, bool shows_bytes)
{
    buf_clear(&w->out);
    return probe_complaint(w->tool, w->reader, field, record, shows_bytes, &w->out);
}

static void test_words(void **state)
{
    static struct fixture_record room;
    struct words w;
    words_init(&w);
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        struct buf b;
        int field;
        buf_init(&b, ROOM);
        add_record(&b, (int)i);
        const unsigned char *record = fixture_record(&room, b.bytes, b.length);
        assert_true(decode_check(w.reader->decoder, record, b.length, &field) >= 0);
        char name[16];
        snprintf(name, sizeof name, "f%zu", i);
        assert_string_equal(w.layout->fields[field].name, name);
        assert_int_equal(complaint(&w, field, record, true), FIELDS[i].fault);
        must_be(FIELDS[i].spec, w.out.bytes, FIELDS[i].complaint);
        assert_int_equal(complaint(&w, field, record, false), FIELDS[i].fault);
        assert_null(strchr(w.out.bytes, '"')); /* masked: no byte of the record */
        buf_release(&b);
    }
    words_release(&w);
}

/* Each byte of good records × 256 values: accepted, or refused for one field with a reason in words. */
static void test_every_byte(void **state)
{
    static struct fixture_record room;
    struct words w;
    words_init(&w);
    for (int kind = 0; kind < 2; kind++) {
        struct buf b;
        buf_init(&b, ROOM);
        add_record(&b, -1);
        for (size_t i = 0, at = HEAD; kind && i < COUNT_OF(FIELDS); at += strlen(FIELDS[i++].fixed))
            if (FIELDS[i].demand) memcpy(b.bytes + at, FIELDS[i].demand, strlen(FIELDS[i].demand));
        b.bytes[17] = kind ? 'D' : 'F';
        unsigned char *record = fixture_record(&room, b.bytes, b.length);
        int field;
        assert_int_equal(decode_check(w.reader->decoder, record, b.length, &field), -1);
        for (size_t at = 0; at < b.length; at++) {
            unsigned char was = record[at];
            for (int byte = 0; byte < 256; byte++) {
                record[at] = (unsigned char)byte;
                if (decode_check(w.reader->decoder, record, b.length, &field) < 0) continue;
                /* A changed byte spoils the field it is in, or, as the condition of others, the first of those. */
                const struct layout_field *f = &w.layout->fields[field];
                bool inside = at >= f->offset && at < f->offset + f->length;
                assert_true(inside || (at == 17 && f->when_field >= 0));
                assert_true(complaint(&w, field, record, true) < PROBE_FAULT_COUNT && w.out.length > 0);
            }
            record[at] = was;
        }
        buf_release(&b);
    }
    words_release(&w);
}

/* --- the length, header and trailer, line ends --- */

#define GOOD "A0000001000001CNYD+000000006000000000000          "
static const char MARKS[] = "[header]\nmatch = 0 HDR\n[trailer]\nmatch = 0 TRL\n";

static const struct {
    const char *name, *line_end, *marks, *content, *rejects;
} LENGTHS[] = {
    {"a byte short", "lf", "", GOOD "\nA0000001000001CNYD+000000006000000000000         \n",
     "RA\t2\t51\t49\tLEN\t\tA0000001000001CNYD+000000006000000000000         \n"},
    {"a byte long", "lf", "", GOOD "\n" GOOD "x\n", "RA\t2\t51\t51\tLEN\t\t" GOOD "x\n"},
    {"empty lines", "lf", "", "\n" GOOD "\n\n", "RA\t1\t0\t0\tLEN\t\t\nRA\t3\t52\t0\tLEN\t\t\n"},
    {"two lines that lost their end", "lf", "", GOOD GOOD "\n" GOOD "\n", "RA\t1\t0\t100\tLEN\t\t" GOOD GOOD "\n"},
    {"CR in front of LF is a byte too many", "lf", "", GOOD "\n" GOOD "\r\n", "RA\t2\t51\t51\tLEN\t\t" GOOD "\\x0d\n"},
    {"a missing CR", "crlf", "", GOOD "\r\n" GOOD "\n", "RA\t2\t52\t51\tLEN\t\t" GOOD "\\x0a\n"},
    {"LF and CRLF, and one short", "any", "", GOOD "\n" GOOD "\r\nshort\r\n", "RA\t3\t103\t5\tLEN\t\tshort\n"},
    {"a rest after the last block", "none", "", GOOD GOOD "rest", "RA\t3\t100\t4\tLEN\t\trest\n"},
    {"a header in the middle", "lf", MARKS, "HDR\n" GOOD "\nHDR\n" GOOD "\nTRL\n", "RA\t3\t55\t3\tLEN\t\tHDR\n"},
    {"a trailer in the middle", "lf", MARKS, "HDR\n" GOOD "\nTRL\n" GOOD "\nTRL\n", "RA\t3\t55\t3\tLEN\t\tTRL\n"},
    {"records after header and trailer keep their line numbers", "lf", MARKS, "HDR\n" GOOD "\nbad\nTRL\n",
     "RA\t3\t55\t3\tLEN\t\tbad\n"},
};

static void test_lengths(void **state)
{
    for (size_t i = 0; i < COUNT_OF(LENGTHS); i++) {
        char layout[2048], expected[2048];
        fixture_unit_write();
        fixture_inbox_write();
        snprintf(layout, sizeof layout,
                 "[layout]\nname = retail_account\nclass = account\nsystem = retail\nfiles = RA\nrecord_length = "
                 "50\nreject_limit = 100%%\nline_end = %s\n" FIXTURE_ACCOUNT_FIELDS "%s",
                 LENGTHS[i].line_end, LENGTHS[i].marks);
        fixture_write("layouts/retail_account.ini", layout);
        fixture_write("inbox/RA", LENGTHS[i].content);
        snprintf(expected, sizeof expected, "%s%s", COLUMNS, LENGTHS[i].rejects);
        must_be(LENGTHS[i].name, rejects_of_run(), expected);
    }
}

/* --- every class of file --- */

/* One bad record each; the reason is what the layout says, by default the field's name in upper case, cut at 8. */
static const struct {
    enum layout_class class;
    const char *file, *bad, *rejected; /* after file, line, offset */
} CLASSES[] = {
    {LAYOUT_CUSTOMER, "RC2", "000009X0111010519491231002X", "27\tLEN\t\t000009X0111010519491231002X\n"},
    {LAYOUT_ACCOUNT, "RA", "A0000001000001CNYX+000000006000000000000          ",
     "50\tKIND\tkind\tA0000001000001CNYX+000000006000000000000          \n"},
    {LAYOUT_RELATION, "RR", "        000001O10000", "20\tACCOUNT\taccount\t        000001O10000\n"},
    {LAYOUT_CONTACT, "RK", "      Li Na         ", "20\tSOURCE_N\tsource_no\t      Li Na         \n"},
    {LAYOUT_ADDRESS, "RD", "      Street 1      ", "20\tNOBODY\tsource_no\t      Street 1      \n"},
    {LAYOUT_RATE, "RT", "USD00100071O1500", "16\tRATE\trate\tUSD00100071O1500\n"},
    {LAYOUT_EXCLUSION, "EX", "0111010519491231002XSTAF20261331",
     "32\tEXPIRES\texpires\t0111010519491231002XSTAF20261331\n"},
};

static void test_classes(void **state)
{
    struct buf expected;
    buf_init(&expected, ROOM);
    fixture_unit_write();
    fixture_inbox_write();
    fixture_write("layouts/retail_address.ini",
                  "[layout]\nname = retail_address\nclass = address\nsystem = retail\nfiles = RD\nrecord_length = "
                  "20\n[fields]\nsource_no = 0 6 text required reason=NOBODY\nstreet = 6 14 text\n");
    fixture_write("units/11.ini",
                  "[unit]\nid = 11\nname = x\nnumber_prefix = 11\ninbox = inbox\nidentity = bank\ntake = rename\n"
                  "layouts = retail_customer card_customer retail_account retail_joint retail_relation retail_contact "
                  "retail_address rates exclusion\noutputs = crm_customer crm_deposit crm_contact\n"
                  "formula.personal = personal\nformula.corporate = corporate\n" FIXTURE_UNIT_SYSTEMS);
    /* The limit of the others is half of their records. */
    static const char *const UNLIMITED[] = {"retail_relation", "retail_contact", "retail_address", "rates",
                                            "exclusion"};
    for (size_t i = 0; i < COUNT_OF(UNLIMITED); i++) {
        char path[64], before[ROOM], text[ROOM + 64];
        snprintf(path, sizeof path, "layouts/%s.ini", UNLIMITED[i]);
        snprintf(before, sizeof before, "%s", test_read(test_path(path)));
        char *fields = strstr(before, "[fields]");
        snprintf(text, sizeof text, "%.*sreject_limit = 100%%\n%s", (int)(fields - before), before, fields);
        fixture_write(path, text);
    }
    buf_add_text(&expected, COLUMNS);
    for (size_t i = 0; i < COUNT_OF(CLASSES); i++) {
        char path[64], content[256];
        snprintf(path, sizeof path, "inbox/%s", CLASSES[i].file);
        snprintf(content, sizeof content, "%s\n", CLASSES[i].bad);
        if (CLASSES[i].class == LAYOUT_RATE) snprintf(content, sizeof content, "%s%s\n", FIXTURE_RATES, CLASSES[i].bad);
        if (CLASSES[i].class == LAYOUT_ACCOUNT) snprintf(content, sizeof content, "%s\n%s\n", GOOD, CLASSES[i].bad);
        fixture_write(path, content);
        int line = CLASSES[i].class == LAYOUT_RATE ? 3 : CLASSES[i].class == LAYOUT_ACCOUNT ? 2 : 1;
        buf_addf(&expected, "%s\t%d\t%zu\t%s", CLASSES[i].file, line, strlen(content) - strlen(CLASSES[i].bad) - 1,
                 CLASSES[i].rejected);
    }
    must_be("classes", rejects_of_run(), expected.bytes);
    buf_release(&expected);
}

/* --- nothing without a case --- */

static void test_complete(void **state)
{
    static const char *const OPTIONS[] = {"sign=trailing", "sign=overpunch",
                                          "sign=none",     "format=yyyy-mm-dd",
                                          "format=yymmdd", "format=yyyyddd",
                                          "zero=none",     "optional",
                                          "required",      "from=",
                                          "to=2",          "to=business_date",
                                          "when=kind:F",   "when=kind:F else=any"};
    bool faults[PROBE_FAULT_COUNT] = {false}, classes[LAYOUT_CLASS_COUNT] = {false};
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) faults[FIELDS[i].fault] = true;
    for (size_t i = 0; i < COUNT_OF(CLASSES); i++) classes[CLASSES[i].class] = true;
    /* Funds, and files of their NAVs: tests/etl/test_quote.c */
    faults[PROBE_FAULT_FUND] = faults[PROBE_FAULT_VALUE] = classes[LAYOUT_NAV] = classes[LAYOUT_INTEREST] = true;
    char *formats = strdup(test_read("docs/formats.md"));
    assert_non_null(formats);
    for (int i = 0; i < PROBE_FAULT_COUNT; i++) {
        if (!faults[i]) fail_msg("no case for: %s", PROBE_FAULTS[i]);
        if (!strstr(formats, PROBE_FAULTS[i])) fail_msg("docs/formats.md does not have: %s", PROBE_FAULTS[i]);
    }
    free(formats);
    for (int i = 0; i < LAYOUT_CLASS_COUNT; i++)
        if (!classes[i] && i != LAYOUT_TRANSACTION) /* comes with a night: tests/integration/daily.sh */
            fail_msg("no case for a file of class %s", LAYOUT_CLASS_NAMES[i]);
    for (int i = 0; LAYOUT_TYPE_NAMES[i]; i++) {
        size_t k = 0, n = strlen(LAYOUT_TYPE_NAMES[i]);
        while (k < COUNT_OF(FIELDS) && strncmp(FIELDS[k].spec, LAYOUT_TYPE_NAMES[i], n) != 0) k++;
        if (k == COUNT_OF(FIELDS) && i != LAYOUT_FUND) fail_msg("no case for a field of type %s", LAYOUT_TYPE_NAMES[i]);
    }
    for (size_t i = 0; i < COUNT_OF(OPTIONS); i++) {
        size_t k = 0;
        while (k < COUNT_OF(FIELDS) && !strstr(FIELDS[k].spec, OPTIONS[i])) k++;
        if (k == COUNT_OF(FIELDS)) fail_msg("no case for the option %s", OPTIONS[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),   cmocka_unit_test(test_words),   cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_classes), cmocka_unit_test(test_complete),
    };
    return cmocka_run_group_tests_name("reasons", tests, fixture_unit_setup, test_remove_folder);
}
