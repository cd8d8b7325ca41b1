/* Decoding: the fast accept of both kernels against the slow check, byte by byte and on random layouts; which kernel is
 * chosen. Valid and invalid values: test_decode_values. */
#include "tests/etl/fixture_decode.h"

#include <sys/wait.h>

/* --- every byte of valid records --- */

struct record_case {
    const char *name, *head, *fields;
    const char *records[6];
};

static const struct record_case RECORDS[] = {
    {"the common shapes",
     "class = account\nsystem = s\nrecord_length = 94",
     "account  = 0 6 text required reason=ACCT\n"
     "kind     = 6 1 code values=D,F,_ reason=KIND\n"
     "currency = 7 3 currency reason=CUR\n"
     "balance  = 10 17 amount sign=leading reason=BAL\n"
     "change   = 27 9 amount sign=trailing reason=CHG\n"
     "plain    = 36 18 amount sign=none scale=0\n"
     "term     = 54 3 digits\n"
     "one      = 57 1 digits\n"
     "many     = 58 18 digits\n"
     "opened   = 76 8 date reason=OPEN\n"
     "maturity = 84 8 date when=kind:F reason=MAT\n"
     "class2   = 92 2 code values=A,B2,_\n",
     {"A00001FUSD+000000000012345600000001-0000000000000000120361999999999999999999202610312027123"
      "1A ",
      "  b   DCNY-9999999999999999"
      "99999999+999999999999999999000012345678901234567819000101"
      "00000000B2",
      "A00001 KWD+0000000000000000"
      "00000000-000000000000000000999900000000000000000020240229"
      "          "}},
    {"the rare shapes",
     "class = account\nsystem = s\nrecord_length = 96",
     "account  = 0 2 text required reason=ACCT\n"
     "kind     = 2 1 code values=D,F\n"
     "punch    = 3 10 amount sign=overpunch\n"
     "day      = 13 10 date format=yyyy-mm-dd\n"
     "short    = 23 6 date format=yymmdd pivot=30\n"
     "julian   = 29 7 date format=yyyyddd\n"
     "ranged   = 36 8 date from=2000-01-01 to=business_date\n"
     "until    = 44 8 date to=2030-12-31 zero=none\n"
     "maybe    = 52 5 digits optional\n"
     "amount   = 57 6 amount sign=leading optional\n"
     "fixed    = 63 4 digits when=kind:F\n"
     "loose    = 67 4 digits when=kind:F else=any\n"
     "money    = 71 6 amount sign=trailing when=kind:F\n"
     "mcode    = 77 2 code values=AA,_,BB when=kind:F\n"
     "mfree    = 79 3 code values=ABC,_ when=kind:F else=any\n"
     "mday     = 82 8 date when=kind:D zero=none\n"
     "ocode    = 90 3 code values=XYZ,_ optional\n"
     "tail     = 93 3 digits\n",
     {"x1F000000012C2026-10-31"
      "261031"
      "2026365"
      "20261031"
      "20301231"
      "12345"
      "+12345"
      "0012"
      "0003"
      "00012-"
      "BB"
      "ABC"
      "00000000"
      "XYZ"
      "007",
      "x1D000000011}2024-02-29"
      "300101"
      "2024366"
      "20000101"
      "00000000"
      "     "
      "      "
      "0000"
      "wild"
      "000000"
      "  "
      "000"
      "20260131"
      "   "
      "999",
      "x1D123456789R1900-01-01"
      "291231"
      "1900001"
      "20200601"
      "        "
      "00000"
      "-00001"
      "    "
      "    "
      "      "
      "00"
      "##!"
      "        "
      "XYZ"
      "000"}},
    {"text with options that say nothing about text",
     "class = contact\nsystem = s\nrecord_length = 12",
     "source_no = 0 3 text required optional\n"
     "name      = 3 3 text required\n"
     "note      = 6 6 text optional\n",
     {"abcdefghijkl", "   def      ", "000000000000"}},
    {"one digit and nothing else", "class = contact\nsystem = s\nrecord_length = 1", "source_no = 0 1 digits\n", {"7"}},
    {"digits across the 32-byte windows",
     "class = contact\nsystem = s\nrecord_length = 80",
     "source_no = 0 18 digits\nb = 18 18 digits\nc = 36 18 digits\nd = 54 8 digits\ne = 62 18 digits\n",
     {"01234567890123456789012345678901234567890123456789012345678901234567890123456789"}},
    {"a code that depends on a code that depends",
     "class = contact\nsystem = s\nrecord_length = 14",
     "source_no = 0 2 text\n"
     "a = 2 1 code values=1,2\n"
     "b = 3 1 code values=X,Y,_ when=a:1\n"
     "c = 4 8 date when=b:X\n"
     "d = 12 2 digits when=b:Y else=any\n",
     {"  1X2026103100", "  1Y0000000012", "  20        ab", "  2         ab"}},
};

static void test_every_byte(void **state)
{
    static struct fixture_record room;
    for (size_t i = 0; i < COUNT_OF(RECORDS); i++) {
        const struct record_case *r = &RECORDS[i];
        struct arena arena;
        arena_init(&arena, "test");
        struct compiled c;
        compile(&c, fixture_layout(&arena, r->head, r->fields), &arena);
        for (int k = 0; k < 6 && r->records[k]; k++) {
            if (strlen(r->records[k]) != c.layout->record_length)
                print_error("%s %d: %zu bytes, the layout has %u\n", r->name, k, strlen(r->records[k]),
                            c.layout->record_length);
            assert_int_equal(strlen(r->records[k]), c.layout->record_length);
            unsigned char *record = fixture_record(&room, r->records[k], c.layout->record_length);
            int field = -1;
            if (decode_check(c.decoder, record, c.layout->record_length, &field) >= 0)
                print_error("%s %d: field %d\n", r->name, k, field);
            assert_int_equal(decode_check(c.decoder, record, c.layout->record_length, &field), -1);
            for (uint32_t at = 0; at < c.layout->record_length; at++) {
                unsigned char was = record[at];
                for (int byte = 0; byte < 256; byte++) {
                    record[at] = (unsigned char)byte;
                    if (!agree(&c, record, r->name)) fail_msg("%s, record %d, byte %u = 0x%02x", r->name, k, at, byte);
                }
                record[at] = was;
            }
        }
        arena_release(&arena);
    }
}

/* --- random layouts, random records --- */

static const char *const RANDOM_TYPES[] = {"text", "digits", "amount", "date", "code", "currency"};

static uint32_t random_field(uint64_t *s, struct buf *out, int number, uint32_t offset, bool has_kind)
{
    static const char *const FORMATS[] = {"yyyymmdd", "yyyy-mm-dd", "yymmdd", "yyyyddd"};
    static const uint32_t FORMAT_LENGTHS[] = {8, 10, 6, 7};
    static const char *const SIGNS[] = {"leading", "trailing", "overpunch", "none"};
    uint32_t type = fixture_below(s, 6), format = fixture_below(s, 4), length = 1 + fixture_below(s, 18);
    if (type == 2) length = 2 + fixture_below(s, 17);
    if (type == 3) length = FORMAT_LENGTHS[format];
    if (type == 4) length = 1 + fixture_below(s, 8);
    if (type == 5) length = 3;
    buf_addf(out, "f%d = %u %u %s", number, offset, length, RANDOM_TYPES[type]);
    if (type == 2) buf_addf(out, " sign=%s scale=%u", SIGNS[fixture_below(s, 4)], fixture_below(s, 5));
    if (type == 3) buf_addf(out, " format=%s", FORMATS[format]);
    if (type == 3 && format == 2 && fixture_below(s, 2) == 0) buf_addf(out, " pivot=%u", fixture_below(s, 100));
    if (type == 4) buf_add_text(out, length == 1 ? " values=A,B,_" : " values=A,_,BB");
    if (type == 3 && fixture_below(s, 4) == 0) buf_add_text(out, " from=1999-12-31");
    if (type == 3 && fixture_below(s, 4) == 0)
        buf_add_text(out, fixture_below(s, 2) ? " to=business_date" : " to=2026-02-28");
    if (type == 0 && fixture_below(s, 2) == 0) buf_add_text(out, " required");
    if (type != 5 && fixture_below(s, 6) == 0) buf_add_text(out, " optional");
    if (type == 3 && fixture_below(s, 3) == 0) buf_add_text(out, " zero=none");
    bool conditional = type != 0 && type != 5 && has_kind;
    if (conditional && fixture_below(s, 3) == 0)
        buf_add_text(out, fixture_below(s, 2) ? " when=kind:F" : " when=kind:D,_");
    if (conditional && fixture_below(s, 8) == 0) buf_add_text(out, " else=any");
    buf_add_text(out, "\n");
    return length;
}

/* Mostly plausible bytes for a field: a record that is all noise never gets past the first check. */
static void random_bytes(uint64_t *s, const struct layout_field *f, char *to)
{
    static const char *const DATES[][4] = {{"20261031", "19991231", "19991230", "20260301"},
                                           {"2024-02-29", "1999-12-31", "1900-02-29", "2026-02-28"},
                                           {"991231", "260228", "000229", "261101"},
                                           {"2026366", "2024366", "1999364", "2026059"}};
    uint32_t how = fixture_below(s, 12), n = f->length;
    for (uint32_t i = 0; i < n; i++) to[i] = how == 0 ? ' ' : how == 1 ? '0' : (char)('0' + fixture_below(s, 10));
    if (how < 2) return;
    if (f->type == LAYOUT_DATE) memcpy(to, DATES[f->date_format][fixture_below(s, 4)], n);
    if (f->type == LAYOUT_CURRENCY) memcpy(to, fixture_rates()->code[fixture_below(s, 5)], 3);
    if (f->type == LAYOUT_CODE) {
        memset(to, ' ', n);
        const char *code = f->codes[fixture_below(s, (uint32_t)f->codes_count)];
        memcpy(to, code, strlen(code));
    }
    if (f->type == LAYOUT_AMOUNT && f->sign == LAYOUT_SIGN_LEADING) to[0] = fixture_below(s, 2) ? '+' : '-';
    if (f->type == LAYOUT_AMOUNT && f->sign == LAYOUT_SIGN_TRAILING) to[n - 1] = fixture_below(s, 2) ? '+' : '-';
    if (f->type == LAYOUT_AMOUNT && f->sign == LAYOUT_SIGN_OVERPUNCH)
        to[n - 1] = "{ABCDEFGHI}JKLMNOPQR"[fixture_below(s, 20)];
    if (fixture_below(s, 40) == 0) to[fixture_below(s, n)] = (char)fixture_below(s, 256);
}

static void test_random_layouts(void **state)
{
    static struct fixture_record room;
    uint64_t seed = fixture_seed(), s = seed, accepted = 0, refused = 0;
    for (int round = 0; round < 150; round++) {
        struct arena arena;
        arena_init(&arena, "test");
        struct buf fields;
        buf_init(&fields, 65536);
        uint32_t length = 0, count = 1 + fixture_below(&s, 12);
        bool has_kind = fixture_below(&s, 3) > 0;
        buf_addf(&fields, "source_no = %u 2 text\n", length);
        length += 2;
        uint32_t kind = 1 + fixture_below(&s, 2) * fixture_below(&s, 8); /* 1 byte as often as more, up to 8 */
        if (has_kind) buf_addf(&fields, "kind = %u %u code values=D,F,_\n", length, kind);
        if (has_kind) length += kind;
        for (uint32_t i = 0; i < count; i++) length += random_field(&s, &fields, (int)i, length, has_kind);
        struct compiled c;
        compile(&c,
                fixture_layout(&arena, arena_printf(&arena, "class = contact\nsystem = s\nrecord_length = %u", length),
                               fields.bytes),
                &arena);
        for (int k = 0; k < 200; k++) {
            char text[1024];
            int field;
            for (int f = 0; f < c.layout->fields_count; f++)
                random_bytes(&s, &c.layout->fields[f], text + c.layout->fields[f].offset);
            unsigned char *record = fixture_record(&room, text, length);
            if (!agree(&c, record, "random layout"))
                fail_msg("CRMX_TEST_SEED=%llu, layout:\n%s", (unsigned long long)seed, fields.bytes);
            if (decode_check(c.decoder, record, length, &field) < 0)
                accepted++;
            else
                refused++;
        }
        buf_release(&fields);
        arena_release(&arena);
    }
    /* A property that only sees refusals proves nothing. */
    assert_true(accepted > 5000 && refused > 5000);
}

/* --- the choice --- */

/* CRMX_KERNEL=portable is read once a process: asked in children. */
static void test_kernel_choice(void **state)
{
    for (int forced = 0; forced < 2; forced++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            if (forced)
                setenv("CRMX_KERNEL", "portable", 1);
            else
                unsetenv("CRMX_KERNEL");
            _exit(strcmp(decode_kernel_name(), forced || !has_avx2() ? "portable" : "avx2"));
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel_choice), /* first: the choice is remembered */
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_random_layouts),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
