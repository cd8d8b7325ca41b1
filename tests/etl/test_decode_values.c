/* Decoding: every field type's valid and invalid values; order and sharing of reject reasons; keys; columns;
 * currencies. That both kernels agree with the check: test_decode. */
#include "base/date.h"
#include "tests/etl/fixture_decode.h"

/* --- what is a valid value --- */

#define VALID true
#define WRONG false

static const struct {
    const char *spec;
    char kind;
    const char *bytes;
    bool valid;
    int64_t value;
} VALUES[] = {
    {"text", 'D', "   ", VALID, 0},
    {"text required", 'D', "   ", WRONG, 0},
    {"text required", 'D', " x ", VALID, 0},
    {"text required", 'D', "\t  ", VALID, 0}, /* a tab is no blank: bytes are kept as they are */
    {"digits", 'D', "000", VALID, 0},
    {"digits", 'D', "999", VALID, 999},
    {"digits", 'D', " 99", WRONG, 0},
    {"digits", 'D', "+99", WRONG, 0},
    {"digits", 'D', "99:", WRONG, 0},
    {"digits", 'D', "99/", WRONG, 0},
    {"digits", 'D', "   ", WRONG, 0},
    {"digits optional", 'D', "   ", VALID, 0},
    {"digits optional", 'D', "  1", WRONG, 0},
    {"digits", 'D', "999999999999999999", VALID, 999999999999999999},
    {"amount", 'D', "+0000000000000000", VALID, 0},
    {"amount", 'D', "-0000000000000000", VALID, 0},
    {"amount", 'D', "-0000000000000001", VALID, -1},
    {"amount", 'D', "+999999999999999999", VALID, 999999999999999999},
    {"amount", 'D', "-999999999999999999", VALID, -999999999999999999},
    {"amount", 'D', "0000000000000001", WRONG, 0},
    {"amount", 'D', " 000000000000001", WRONG, 0},
    {"amount", 'D', "+00000000000000 ", WRONG, 0},
    {"amount sign=trailing", 'D', "00012+", VALID, 12},
    {"amount sign=trailing", 'D', "00012-", VALID, -12},
    {"amount sign=trailing", 'D', "-00012", WRONG, 0},
    {"amount sign=none", 'D', "00012", VALID, 12},
    {"amount sign=none", 'D', "-0012", WRONG, 0},
    {"amount sign=overpunch", 'D', "00012", VALID, 12},
    {"amount sign=overpunch", 'D', "0001{", VALID, 10},
    {"amount sign=overpunch", 'D', "0001A", VALID, 11},
    {"amount sign=overpunch", 'D', "0001I", VALID, 19},
    {"amount sign=overpunch", 'D', "0001}", VALID, -10},
    {"amount sign=overpunch", 'D', "0001J", VALID, -11},
    {"amount sign=overpunch", 'D', "0001R", VALID, -19},
    {"amount sign=overpunch", 'D', "0000}", VALID, 0},
    {"amount sign=overpunch", 'D', "0001S", WRONG, 0},
    {"amount sign=overpunch", 'D', "0001a", WRONG, 0},
    {"amount sign=overpunch", 'D', "0A012", WRONG, 0},
    {"amount optional", 'D', "      ", VALID, 0},
    {"date", 'D', "20261031", VALID, FIXTURE_DAY},
    {"date", 'D', "19700101", VALID, 0},
    {"date", 'D', "19000101", VALID, -25567},
    {"date", 'D', "20991231", VALID, 47481},
    {"date", 'D', "18991231", WRONG, 0},
    {"date", 'D', "21000101", WRONG, 0},
    {"date", 'D', "20240229", VALID, 19782},
    {"date", 'D', "20000229", VALID, 11016},
    {"date", 'D', "20230229", WRONG, 0},
    {"date", 'D', "19000229", WRONG, 0}, /* 1900 was no leap year */
    {"date", 'D', "20260431", WRONG, 0},
    {"date", 'D', "20260532", WRONG, 0},
    {"date", 'D', "20260500", WRONG, 0},
    {"date", 'D', "20261301", WRONG, 0},
    {"date", 'D', "20260001", WRONG, 0},
    {"date", 'D', "00000000", WRONG, 0},
    {"date zero=none", 'D', "00000000", VALID, DATE_NONE},
    {"date zero=none", 'D', "        ", VALID, DATE_NONE},
    {"date zero=none", 'D', "0000 000", WRONG, 0},
    {"date optional", 'D', "        ", VALID, DATE_NONE},
    {"date optional", 'D', "00000000", WRONG, 0},
    {"date format=yyyy-mm-dd", 'D', "2026-10-31", VALID, FIXTURE_DAY},
    {"date format=yyyy-mm-dd", 'D', "2026/10/31", WRONG, 0},
    {"date format=yyyy-mm-dd", 'D', "2026-1031 ", WRONG, 0},
    {"date format=yymmdd", 'D', "491231", VALID, 29219}, /* 2049 */
    {"date format=yymmdd", 'D', "500101", VALID, -7305}, /* 1950 */
    {"date format=yymmdd pivot=0", 'D', "261031", VALID, -15768},
    {"date format=yymmdd pivot=99", 'D', "981231", VALID, 47116},
    {"date format=yyyyddd", 'D', "2026304", VALID, FIXTURE_DAY},
    {"date format=yyyyddd", 'D', "2024366", VALID, 20088},
    {"date format=yyyyddd", 'D', "2026366", WRONG, 0},
    {"date format=yyyyddd", 'D', "2026000", WRONG, 0},
    {"date format=yyyyddd", 'D', "2100001", WRONG, 0},
    {"date from=2026-10-31", 'D', "20261031", VALID, FIXTURE_DAY},
    {"date from=2026-10-31", 'D', "20261030", WRONG, 0},
    {"date to=2026-10-31", 'D', "20261031", VALID, FIXTURE_DAY},
    {"date to=2026-10-31", 'D', "20261101", WRONG, 0},
    {"date to=business_date", 'D', "20261031", VALID, FIXTURE_DAY},
    {"date to=business_date", 'D', "20261101", WRONG, 0},
    {"date to=business_date zero=none", 'D', "00000000", VALID, DATE_NONE},
    {"date when=kind:F", 'F', "20261031", VALID, FIXTURE_DAY},
    {"date when=kind:F", 'F', "00000000", WRONG, 0},
    {"date when=kind:F", 'D', "00000000", VALID, DATE_NONE},
    {"date when=kind:F", 'D', "        ", VALID, DATE_NONE},
    {"date when=kind:F", 'D', "20261031", WRONG, 0}, /* a demand deposit with a maturity */
    {"date when=kind:F else=any", 'D', "20261031", VALID, DATE_NONE},
    {"date when=kind:F else=any", 'D', "nonsense", VALID, DATE_NONE},
    {"date when=kind:D,_", ' ', "20261031", VALID, FIXTURE_DAY},
    {"date when=kind:D,_", 'F', "20261031", WRONG, 0},
    {"digits when=kind:F", 'D', "000", VALID, 0},
    {"digits when=kind:F", 'D', "0 0", WRONG, 0},
    {"code values=A,BB,_", 'D', "A ", VALID, 0},
    {"code values=A,BB,_", 'D', "BB", VALID, 1},
    {"code values=A,BB,_", 'D', "  ", VALID, 2},
    {"code values=A,BB,_", 'D', " A", WRONG, 0},
    {"code values=A,BB,_", 'D', "B ", WRONG, 0},
    {"code values=A,BB,_", 'D', "a ", WRONG, 0},
    {"code values=A,BB", 'D', "  ", WRONG, 0},
    {"code values=A,BB,_ optional", 'D', "  ", VALID, 2},
    {"code values=A,BB,_ when=kind:F", 'F', "A ", VALID, 0},
    {"code values=A,BB,_ when=kind:F", 'D', "  ", VALID, 2}, /* not the first code */
    {"code values=A,BB,_ when=kind:F", 'D', "00", VALID, 2},
    {"code values=A,BB,_ when=kind:F", 'D', "A ", WRONG, 0},
    {"code values=A,BB,_ when=kind:F else=any", 'D', "A ", VALID, 2},
    {"currency", 'D', "CNY", VALID, 0},
    {"currency", 'D', "HKD", VALID, 4},
    {"currency", 'D', "EUR", WRONG, 0},
    {"currency", 'D', "usd", WRONG, 0},
    {"currency", 'D', "   ", WRONG, 0},
};

static void test_values(void **state)
{
    static struct fixture_record room;
    for (size_t i = 0; i < COUNT_OF(VALUES); i++) {
        struct arena arena;
        struct compiled c;
        char text[64];
        size_t n = strlen(VALUES[i].bytes);
        arena_init(&arena, "test");
        compile(
            &c,
            fixture_layout(&arena, arena_printf(&arena, "class = contact\nsystem = s\nrecord_length = %zu", n + 2),
                           arena_printf(&arena, "source_no = 0 1 text\nkind = 1 1 code values=D,F,_\nf = 2 %zu %s\n", n,
                                        VALUES[i].spec)),
            &arena);
        snprintf(text, sizeof text, "x%c%s", VALUES[i].kind, VALUES[i].bytes);
        unsigned char *record = fixture_record(&room, text, n + 2);
        int field, reason = decode_check(c.decoder, record, n + 2, &field);
        if ((reason < 0) != VALUES[i].valid)
            fail_msg("%s \"%s\": expected %s", VALUES[i].spec, VALUES[i].bytes, VALUES[i].valid ? "valid" : "wrong");
        if (reason >= 0) assert_int_equal(field, 2);
        if (reason < 0 && c.layout->fields[2].type != LAYOUT_TEXT &&
            decode_value(c.decoder, 2, record) != VALUES[i].value)
            fail_msg("%s \"%s\" = %lld, expected %lld", VALUES[i].spec, VALUES[i].bytes,
                     (long long)decode_value(c.decoder, 2, record), (long long)VALUES[i].value);
        assert_true(agree(&c, record, VALUES[i].spec));
        arena_release(&arena);
    }
}

/* NUL bytes are no currency, whatever a table of keys holds where nothing is. */
static void test_currency_of_nul_bytes(void **state)
{
    static struct fixture_record room;
    struct arena arena;
    struct compiled c;
    int field;
    arena_init(&arena, "test");
    compile(&c,
            fixture_layout(&arena, "class = account\nsystem = s\nrecord_length = 4",
                           "account = 0 1 text\ncurrency = 1 3 currency reason=CUR\n"),
            &arena);
    unsigned char *record = fixture_record(&room, "x\0\0\0", 4);
    int reason = decode_check(c.decoder, record, 4, &field);
    assert_true(reason >= 0);
    assert_string_equal(c.layout->reasons[reason], "CUR");
    assert_int_equal(field, 1);
    assert_true(agree(&c, record, "nul currency"));
    arena_release(&arena);
}

/* --- reasons --- */

static const char REASON_FIELDS[] = "account = 0 4 text required reason=ACCT\n"
                                    "kind    = 4 1 code values=D,F reason=KIND\n"
                                    "term    = 5 2 digits reason=SHAPE\n"
                                    "rate    = 7 2 digits reason=SHAPE\n"
                                    "opened  = 9 8 date\n"
                                    "balance = 17 4 amount reason=KIND\n";

static const struct {
    const char *name, *record, *reason, *field;
} REASONS[] = {
    {"valid", "A001D123420261031+123", NULL, NULL},
    {"one byte short", "A001D123420261031+12", "TOOBAD", NULL},
    {"one byte long", "A001D123420261031+1234", "TOOBAD", NULL},
    {"empty", "", "TOOBAD", NULL},
    {"first of several faults in the order of the layout", "    X1x3420261331*123", "ACCT", "account"},
    {"second fault hidden by the first", "A001X1x3420261331*123", "KIND", "kind"},
    {"a reason shared by two fields, first", "A001D1x3420261031+123", "SHAPE", "term"},
    {"a reason shared by two fields, second", "A001D12x420261031+123", "SHAPE", "rate"},
    {"default reason is the field's name", "A001D123420261331+123", "OPENED", "opened"},
    {"a reason shared with a field listed before", "A001D123420261031*123", "KIND", "balance"},
};

static void test_reasons(void **state)
{
    static struct fixture_record room;
    struct arena arena;
    struct compiled c;
    arena_init(&arena, "test");
    compile(&c,
            fixture_layout(&arena, "class = account\nsystem = s\nrecord_length = 21\nlength_reason = TOOBAD",
                           REASON_FIELDS),
            &arena);
    assert_int_equal(c.layout->reasons_count, 5); /* TOOBAD ACCT KIND SHAPE OPENED */
    for (size_t i = 0; i < COUNT_OF(REASONS); i++) {
        size_t n = strlen(REASONS[i].record);
        int field = 99, reason = decode_check(c.decoder, fixture_record(&room, REASONS[i].record, n), n, &field);
        if (!REASONS[i].reason) {
            assert_int_equal(reason, -1);
            continue;
        }
        if (reason < 0) fail_msg("%s: accepted", REASONS[i].name);
        assert_string_equal(c.layout->reasons[reason], REASONS[i].reason);
        if (!REASONS[i].field)
            assert_int_equal(field, -1);
        else
            assert_string_equal(c.layout->fields[field].name, REASONS[i].field);
    }
    arena_release(&arena);
}

/* --- keys --- */

static void test_keys(void **state)
{
    static const struct {
        const char *text;
        bool exact;
    } CASES[] = {
        {"0", true},
        {"00", true},
        {"000000000007", true},
        {"7", true},
        {"1234567890123456", true},
        {"0123456789012345", true},
        {"12345678901234567", false},
        {"C123", false},
        {"12 3", false},
        {"", false},
        {"-1", false},
        {"１２", false},
    };
    uint64_t seen[COUNT_OF(CASES)];
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        seen[i] = decode_text_key(view_of(CASES[i].text));
        assert_int_equal(!(seen[i] & DECODE_KEY_HASHED), CASES[i].exact);
        for (size_t k = 0; k < i; k++)
            if (seen[k] == seen[i]) fail_msg("\"%s\" and \"%s\" have one key", CASES[k].text, CASES[i].text);
    }
    /* Exact keys sort as numbers of one length do: the tie rule "smallest number" leans on it. */
    assert_true(decode_text_key(view_of("000000000100")) < decode_text_key(view_of("000000000101")));
    assert_true(decode_text_key(view_of("999")) < decode_text_key(view_of("0001")));
}

static void test_key_of_a_field(void **state)
{
    static const char *const CASES[] = {"123456789012", "  1234567890", "1234567890  ", "   123  4   ",
                                        "            ", "C00012345678", "000000000007"};
    static struct fixture_record room;
    struct layout_field f = {.name = "source_no", .offset = 3, .length = 12};
    struct layout l = {.fields = &f, .fields_count = 1};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        char text[32];
        snprintf(text, sizeof text, "abc%sdef", CASES[i]);
        unsigned char *record = fixture_record(&room, text, strlen(text));
        struct view trimmed = decode_text(&l, 0, record);
        assert_true(decode_key(&f, record) == decode_text_key(trimmed));
        assert_true(trimmed.length == 0 || (trimmed.bytes[0] != ' ' && trimmed.bytes[trimmed.length - 1] != ' '));
    }
}

/* --- columns, rates --- */

static void test_column_shapes(void **state)
{
    static const struct {
        enum layout_type type;
        uint32_t length;
        int64_t value;
        uint8_t width;
    } CASES[] = {
        {LAYOUT_CODE, 1, 62, 1},
        {LAYOUT_CURRENCY, 3, 249, 1},
        {LAYOUT_DATE, 8, DATE_NONE, 4},
        {LAYOUT_DATE, 8, -25567, 4},
        {LAYOUT_DIGITS, 1, 9, 1},
        {LAYOUT_DIGITS, 2, 99, 1},
        {LAYOUT_DIGITS, 3, 999, 2},
        {LAYOUT_DIGITS, 4, 9999, 2},
        {LAYOUT_DIGITS, 5, 99999, 4},
        {LAYOUT_DIGITS, 9, 999999999, 4},
        {LAYOUT_DIGITS, 10, 9999999999, 8},
        {LAYOUT_DIGITS, 18, 999999999999999999, 8},
        {LAYOUT_AMOUNT, 9, 999999999, 4},
        {LAYOUT_AMOUNT, 9, -999999999, 4},
        {LAYOUT_AMOUNT, 10, -999999999, 8},
        {LAYOUT_AMOUNT, 19, -999999999999999999, 8},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct layout_field f = {.type = CASES[i].type, .length = CASES[i].length};
        struct decode_column c = {.offset = 5};
        unsigned char row[32];
        memset(row, 0x77, sizeof row);
        decode_column_shape(&f, &c);
        assert_int_equal(c.width, CASES[i].width);
        memcpy(row + c.offset, &CASES[i].value, c.width); /* little-endian: the low bytes come first */
        assert_true(decode_column_value(&c, row) == CASES[i].value);
        assert_int_equal(row[4], 0x77);
        assert_int_equal(row[5 + c.width], 0x77);
    }
}

static void test_rates_find(void **state)
{
    assert_int_equal(rates_find(fixture_rates(), "CNY"), 0);
    assert_int_equal(rates_find(fixture_rates(), "HKD"), 4);
    assert_int_equal(rates_find(fixture_rates(), "EUR"), -1);
}

/* As many currencies as there can be: the hash finds each, and no other three letters. */
static void test_full_currency_table(void **state)
{
    static struct rates r;
    static struct fixture_record room;
    struct arena arena;
    arena_init(&arena, "test");
    for (int i = 0; i < DECODE_CURRENCIES_MAX; i++)
        snprintf(r.code[r.count++], 4, "%c%c%c", 'A' + i % 26, 'A' + i / 26, 'A' + i % 7);
    struct layout *l = fixture_layout(&arena, "class = account\nsystem = s\nrecord_length = 4",
                                      "account = 0 1 text\ncurrency = 1 3 currency\n");
    struct decoder *d = decoder_new(&(struct decode_options){.layout = l, .rates = &r}, &arena);
    int found = 0, field;
    for (int a = 'A'; a <= 'Z'; a++)
        for (int b = 'A'; b <= 'Z'; b++)
            for (int c = 'A'; c <= 'Z'; c++) {
                char text[5] = {'x', (char)a, (char)b, (char)c, 0};
                unsigned char *record = fixture_record(&room, text, 4);
                bool valid = decode_check(d, record, 4, &field) < 0;
                assert_int_equal(valid, rates_find(&r, text + 1) >= 0);
                if (valid) assert_int_equal(decode_value(d, 1, record), rates_find(&r, text + 1));
                found += valid;
            }
    assert_int_equal(found, DECODE_CURRENCIES_MAX);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),         cmocka_unit_test(test_currency_of_nul_bytes),
        cmocka_unit_test(test_reasons),        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_key_of_a_field), cmocka_unit_test(test_column_shapes),
        cmocka_unit_test(test_rates_find),     cmocka_unit_test(test_full_currency_table),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
