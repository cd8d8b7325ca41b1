/* Decoding: the fast accept of both kernels against the slow check, byte by byte and on random layouts; every field
 * type's valid and invalid values; order and sharing of reject reasons; keys. */
#include "base/date.h"
#include "etl/decode.h"
#include "etl/decode_program.h"
#include "tests/etl/fixture.h"

#include <sys/wait.h>

enum { COLUMNS_MAX = 64, ROW_MAX = 1024 };

/* A layout compiled with every field that can be a column kept as one. */
struct compiled {
    struct layout *layout;
    struct decode_column columns[COLUMNS_MAX];
    int columns_count;
    uint16_t row_size;
    struct decoder *decoder;
};

static void compile(struct compiled *c, struct layout *l, struct arena *arena)
{
    *c = (struct compiled){.layout = l};
    for (int i = 0; i < l->fields_count; i++) {
        if (l->fields[i].type == LAYOUT_TEXT) continue;
        struct decode_column *column = &c->columns[c->columns_count++];
        column->field = i;
        decode_column_shape(&l->fields[i], column);
        column->offset = c->row_size;
        c->row_size = (uint16_t)(c->row_size + column->width);
    }
    assert_true(c->columns_count <= COLUMNS_MAX && c->row_size <= ROW_MAX);
    c->decoder = decoder_new(&(struct decode_options){.layout = l,
                                                      .rates = fixture_rates(),
                                                      .business_date = FIXTURE_DAY,
                                                      .columns = c->columns,
                                                      .columns_count = c->columns_count,
                                                      .row_size = c->row_size},
                             arena);
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

/* Both kernels say what the slow check says, and leave the values that it reads. True when they do; `what` names the
 * record. */
static bool agree(const struct compiled *c, const unsigned char *record, const char *what)
{
    int field, reason = decode_check(c->decoder, record, c->layout->record_length, &field);
    for (int k = 0; k < 2; k++) {
        unsigned char row[ROW_MAX];
        memset(row, 0x77, sizeof row);
        if (k == 1 && !has_avx2()) continue;
        bool accepted =
            k ? decode_accept_avx2(c->decoder, record, row) : decode_accept_portable(c->decoder, record, row);
        if (accepted != (reason < 0)) {
            print_error("%s: %s accepts: %d, the check says reason %d field %d: \"%.*s\"\n", what,
                        k ? "avx2" : "portable", accepted, reason, field, (int)c->layout->record_length,
                        (const char *)record);
            return false;
        }
        for (int i = 0; accepted && i < c->columns_count; i++) {
            int64_t want = decode_value(c->decoder, c->columns[i].field, record),
                    found = decode_column_value(&c->columns[i], row);
            if (found == want) continue;
            print_error("%s: column %s of %s is %lld, not %lld: \"%.*s\"\n", what,
                        c->layout->fields[c->columns[i].field].name, k ? "avx2" : "portable", (long long)found,
                        (long long)want, (int)c->layout->record_length, (const char *)record);
            return false;
        }
        if (row[c->row_size] != 0x77) {
            print_error("%s: a value was written past the row\n", what);
            return false;
        }
    }
    return true;
}

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

/* --- columns, rates, kernels --- */

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
        decode_store(row, c.offset, c.width, CASES[i].value);
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
        cmocka_unit_test(test_every_byte),     cmocka_unit_test(test_random_layouts),
        cmocka_unit_test(test_values),         cmocka_unit_test(test_currency_of_nul_bytes),
        cmocka_unit_test(test_reasons),        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_key_of_a_field), cmocka_unit_test(test_column_shapes),
        cmocka_unit_test(test_rates_find),     cmocka_unit_test(test_full_currency_table),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
