/* Import: cutting files into records against a slow, obvious cutter (line ends, chunk borders, very long lines, last
 * lines), header and trailer, what is thrown into the exchanges, control totals, reject limits. */
#include "base/date.h"
#include "etl/import_inside.h"
#include "tests/etl/fixture.h"

enum { LENGTH = 20 };

/* One imported file of one layout, alone in its unit. */
struct imported {
    struct arena arena;
    struct unit unit;
    struct identity_profile identity;
    struct input_set inputs;
    struct tables tables;
    struct import import;
    struct status st;
    bool ok;
};

static void import_file(struct imported *m, const char *head, const char *fields, struct view content, int threads)
{
    memset(m, 0, sizeof *m);
    arena_init(&m->arena, "test");
    m->identity = (struct identity_profile){.names_apart = true, .separators = true, .fold_full = true};
    m->unit = (struct unit){
        .id = "11", .systems_count = 1, .layouts_count = 1, .identity = &m->identity, .base_currency = "CNY"};
    m->unit.systems[0] = (struct unit_system){"s", 'S', NULL};
    m->unit.layouts[0] = fixture_layout(&m->arena, head, fields);
    test_write(test_path("input"), content);
    input_set_init(&m->inputs, &m->arena);
    assert_true(input_add(&m->inputs, "input", test_path("input"), m->unit.layouts[0], 0, &m->st));
    tables_init(&m->tables, &m->unit, fixture_rates(), FIXTURE_DAY, &m->arena);
    m->import = (struct import){.unit = &m->unit,
                                .inputs = &m->inputs,
                                .tables = &m->tables,
                                .rates = fixture_rates(),
                                .pool = pool_new(threads),
                                .budget = budget_new(BUDGET_MINIMUM, 0, BUDGET_BLOCK_SIZE_MAX),
                                .arena = &m->arena,
                                .spill_folder = test_folder,
                                .business_date = FIXTURE_DAY};
    m->ok = import_customers(&m->import, &m->st) && import_rows(&m->import, &m->st);
    if (m->ok) import_seal_rows(&m->import);
}

static void release(struct imported *m)
{
    import_release(&m->import);
    input_set_release(&m->inputs);
    pool_free(m->import.pool);
    budget_free(m->import.budget);
    arena_release(&m->arena);
}

/* --- cutting --- */

#define CUSTOMER "class = customer\nsystem = s\nrecord_length = 20\nreject_limit = 100%\n"
#define CUSTOMER_FIELDS                                                                                                \
    "source_no = 0 6 text required reason=SRC\nid_type = 6 2 text\nid_no = 8 6 text\nn = 14 2 digits\nlast = 16 4 "    \
    "text\n"

/* What the cutter found, as text: a line "+ line offset" or "- line offset length reason" a record. */
static void cut_slowly(struct view content, enum layout_line_end end, struct buf *out)
{
    uint32_t line = 0;
    for (size_t at = 0; at < content.length;) {
        size_t length, step;
        bool wrong = false;
        if (end == LAYOUT_NO_LINE_END) {
            length = step = content.length - at < LENGTH ? content.length - at : LENGTH;
        } else {
            size_t n = 0;
            while (at + n < content.length && content.bytes[at + n] != '\n') n++;
            bool has_lf = at + n < content.length;
            step = n + has_lf;
            length = n;
            bool has_cr = n > 0 && content.bytes[at + n - 1] == '\r';
            if (end == LAYOUT_CRLF && has_lf && !has_cr) wrong = true;
            if (end != LAYOUT_LF && has_cr) length--;
        }
        const char *p = content.bytes + at;
        const char *reason = wrong || length != LENGTH ? "LEN" : memcmp(p, "      ", 6) == 0 ? "SRC" : NULL;
        if (!reason && !(p[14] >= '0' && p[14] <= '9' && p[15] >= '0' && p[15] <= '9')) reason = "N";
        line++;
        if (!reason)
            buf_addf(out, "+ %u %zu\n", line, at);
        else
            buf_addf(out, "- %u %zu %s\n", line, at, reason);
        at += step;
    }
}

/* The same text from the import: accepted records out of the exchange, rejects out of the chunks. */
static void describe(struct imported *m, struct view content, struct buf *out)
{
    const struct input_file *f = &m->inputs.files[0];
    bool *start = calloc(content.length + 1, 1);
    assert_non_null(start);
    for (uint32_t p = 0; p < m->import.customers.partitions; p++) {
        uint64_t n = exchange_count(&m->import.customers, p);
        struct customer_tuple *t = calloc(n + 1, sizeof *t);
        assert_true(exchange_copy(&m->import.customers, p, t, &m->st));
        for (uint64_t i = 0; i < n; i++) {
            uint64_t offset = input_offset(f, t[i].record);
            assert_true(offset < content.length && !start[offset]);
            start[offset] = true;
        }
        free(t);
    }
    /* Accepted and rejected in the order of the file. Lines of accepted records follow from those of the rejects. */
    uint32_t chunk = 0, reject = 0, line = 0;
    for (uint64_t at = 0; at <= content.length; at++) {
        while (chunk < f->chunks_count && reject == f->chunks[chunk].rejects_count) chunk++, reject = 0;
        if (at < content.length && start[at]) buf_addf(out, "+ %u %llu\n", ++line, (unsigned long long)at);
        if (chunk == f->chunks_count || f->chunks[chunk].rejects[reject].offset != at) continue;
        const struct input_reject *r = &f->chunks[chunk].rejects[reject++];
        assert_int_equal(r->line, ++line);
        buf_addf(out, "- %u %llu %s\n", r->line, (unsigned long long)r->offset, f->layout->reasons[r->reason]);
    }
    free(start);
    assert_int_equal(f->lines, line);
}

static const char *const LINE_ENDS[] = {"lf", "crlf", "any", "none"};

static bool same_cut(struct view content, int end, int threads)
{
    struct imported m;
    struct buf slow, fast;
    buf_init(&slow, 1 << 26);
    buf_init(&fast, 1 << 26);
    char head[256];
    snprintf(head, sizeof head, "%sline_end = %s\n", CUSTOMER, LINE_ENDS[end]);
    import_file(&m, head, CUSTOMER_FIELDS, content, threads);
    if (!m.ok) print_error("%s\n", m.st.message);
    assert_true(m.ok);
    cut_slowly(content, (enum layout_line_end)end, &slow);
    describe(&m, content, &fast);
    bool same = view_equal(buf_view(&slow), buf_view(&fast));
    if (!same && slow.length < 2000 && fast.length < 2000)
        print_error("line_end = %s, expected:\n%sfound:\n%s", LINE_ENDS[end], slow.bytes ? slow.bytes : "",
                    fast.bytes ? fast.bytes : "");
    release(&m);
    buf_release(&slow);
    buf_release(&fast);
    return same;
}

#define GOOD "A00001P 11010107last"

static const struct {
    const char *name, *content;
} CONTENTS[] = {
    {"nothing", ""},
    {"one record", GOOD "\n"},
    {"one record without a line end", GOOD},
    {"one record with CR only", GOOD "\r"},
    {"two records", GOOD "\n" GOOD "\n"},
    {"CRLF", GOOD "\r\n" GOOD "\r\n"},
    {"mixed", GOOD "\r\n" GOOD "\n" GOOD "\r\n"},
    {"one byte short, LF", "A00001P 11010107las\n" GOOD "\n"},
    {"one byte short, CRLF", "A00001P 11010107las\r\n" GOOD "\r\n"},
    {"one byte long", GOOD "x\n" GOOD "\n"},
    {"CR inside", "A00001P\r11010107last\n"},
    {"CR at the end of the last field", "A00001P 11010107las\r\n"},
    {"two CR", GOOD "\r\r\n"},
    {"empty lines", "\n\n" GOOD "\n\n"},
    {"empty CRLF lines", "\r\n\r\n" GOOD "\r\n"},
    {"one LF", "\n"},
    {"one CR", "\r"},
    {"NUL bytes", "A00001P 11010107la\n"},
    {"blocks without end", GOOD GOOD GOOD},
    {"blocks and a rest", GOOD GOOD "A0000"},
    {"wrong in the middle", GOOD "\n      P 11010107last\n" GOOD "\nA00001P 1101010Xlast\n" GOOD "\n"},
};

static void test_small_contents(void **state)
{
    for (size_t i = 0; i < COUNT_OF(CONTENTS); i++)
        for (int end = 0; end < 4; end++)
            if (!same_cut(view_of(CONTENTS[i].content), end, 1))
                fail_msg("%s, line_end = %s", CONTENTS[i].name, LINE_ENDS[end]);
}

/* Records that end at, one before, one after a chunk border, for every line end. */
static void test_chunk_borders(void **state)
{
    for (int end = 0; end < 4; end++)
        for (int shift = 0; shift < 23; shift++) {
            struct buf b;
            buf_init(&b, 1 << 22);
            /* One line of rubbish moves all that follow, so that the border falls on every place of a record. */
            size_t records = (INPUT_CHUNK_SIZE - 2000) / (LENGTH + 1), rest = 2000 + (size_t)shift;
            for (size_t i = 0; i < records / 40; i++)
                buf_add_text(&b, end == 1 ? GOOD "\r\n" : end == 3 ? GOOD : GOOD "\n");
            size_t filler = INPUT_CHUNK_SIZE - rest - b.length;
            memset(buf_room(&b, filler), 'x', filler);
            if (end != 3) buf_add_text(&b, "\r\n");
            for (int i = 0; i < 200; i++)
                buf_add_text(&b, end == 1 || (end == 2 && i % 3 == 0) ? GOOD "\r\n" : end == 3 ? GOOD : GOOD "\n");
            if (!same_cut(buf_view(&b), end, 2)) fail_msg("line_end = %s, shift %d", LINE_ENDS[end], shift);
            buf_release(&b);
        }
}

static void add_random_line(uint64_t *s, struct buf *b, int end)
{
    uint32_t how = fixture_below(s, 400);
    char record[LENGTH + 1];
    snprintf(record, sizeof record, "A%05uP %06u%02ulast", fixture_below(s, 100000), fixture_below(s, 1000000),
             fixture_below(s, 100));
    if (how == 0) record[14] = 'x';
    if (how == 1) memset(record, ' ', 6);
    size_t n = how == 2 ? fixture_below(s, 30) : how == 3 ? LENGTH - 1 : LENGTH;
    if (how == 4 && fixture_below(s, 12) == 0) /* a line longer than two chunks */
    {
        size_t m = 1 + fixture_below(s, 3 * INPUT_CHUNK_SIZE);
        memset(buf_room(b, m), 'y', m);
    }
    for (size_t i = 0; i < n; i++) buf_add(b, i < LENGTH ? record + i : "z", 1);
    if (end == 3) return;
    bool cr = end == 1 ? fixture_below(s, 300) > 0 : fixture_below(s, 3) == 0;
    if (cr && (end != 0 || fixture_below(s, 100) == 0)) buf_add_text(b, "\r");
    buf_add_text(b, "\n");
}

static void test_random_contents(void **state)
{
    uint64_t seed = fixture_seed(), s = seed;
    for (int round = 0; round < 20; round++) {
        struct buf b;
        int end = round % 4, lines = 1000 + (int)fixture_below(&s, 25000);
        buf_init(&b, 1 << 26);
        for (int i = 0; i < lines; i++) add_random_line(&s, &b, end);
        if (round % 3 == 0 && b.length) b.length -= fixture_below(&s, 25) % b.length; /* cut off at the end */
        if (!same_cut(buf_view(&b), end, 1 + round % 4))
            fail_msg("CRMX_TEST_SEED=%llu round %d line_end = %s", (unsigned long long)seed, round, LINE_ENDS[end]);
        buf_release(&b);
    }
}

/* --- header and trailer --- */

#define ACCOUNT "class = account\nsystem = s\nrecord_length = 20\nreject_limit = 100%\n"
#define ACCOUNT_FIELDS                                                                                                 \
    "account = 0 5 text required reason=ACCT\nsource_no = 5 4 text\ncurrency = 9 3 currency keep=hot reason=CUR\n"     \
    "balance = 12 8 amount keep=hot reason=BAL\n"
#define MARKS "[header]\nmatch = 0 HDR\n[trailer]\nmatch = 0 TRL\nrecords = 3 6\nsum.balance = 9 8\n"
#define ROW "A00010001CNY+0000100\n"

static const struct {
    const char *name, *content;
    uint64_t lines, accepted, rejected, marks;
    bool header, trailer;
    int64_t sum;
} MARKED[] = {
    {"header and trailer", "HDR\n" ROW ROW "TRL000002+0000200\n", 4, 2, 0, 2, true, true, 200},
    {"trailer without a line end", "HDR\n" ROW "TRL000001+0000100", 3, 1, 0, 2, true, true, 100},
    {"a trailer of full record length", "HDR\n" ROW "TRL000001+0000100   \n", 3, 1, 0, 2, true, true, 100},
    {"no header", ROW "TRL000001+0000100\n", 2, 1, 0, 1, false, true, 100},
    {"no trailer", "HDR\n" ROW, 2, 1, 0, 1, true, false, 100},
    {"neither", ROW, 1, 1, 0, 0, false, false, 100},
    {"a header in the middle is a wrong record", "HDR\n" ROW "HDR\n" ROW "TRL000003+0000200\n", 5, 2, 1, 2, true, true,
     200},
    {"of two trailers the last one counts", "HDR\n" ROW "TRL000001+0000100\nTRL000001+0000100\n", 4, 1, 1, 2, true,
     true, 100},
    {"data after the trailer", "HDR\n" ROW "TRL000001+0000100\n" ROW, 4, 2, 1, 1, true, false, 200},
    {"the sum counts rejected records whose amount can be read",
     "HDR\n" ROW "     0001CNY+0000050\nA00010001CNY*0000050\nTRL\n", 5, 1, 2, 2, true, true, 150},
    {"header only", "HDR\n", 1, 0, 0, 1, true, false, 0},
    {"trailer only", "TRL000000+0000000\n", 1, 0, 0, 1, false, true, 0},
    {"data that looks like a trailer in the middle", "TRL010001CNY+0000100\n" ROW "TRL000001+0000200\n", 3, 2, 0, 1,
     false, true, 200},
};

static void test_marks(void **state)
{
    for (size_t i = 0; i < COUNT_OF(MARKED); i++) {
        struct imported m;
        import_file(&m, ACCOUNT, ACCOUNT_FIELDS MARKS, view_of(MARKED[i].content), 1);
        assert_true(m.ok);
        const struct input_file *f = &m.inputs.files[0];
        __int128 sum = 0;
        for (uint32_t k = 0; k < f->chunks_count; k++) sum += f->chunks[k].trailer_sum;
        if (f->lines != MARKED[i].lines || f->accepted != MARKED[i].accepted || f->rejected != MARKED[i].rejected ||
            f->marks != MARKED[i].marks || f->header.seen != MARKED[i].header || f->trailer.seen != MARKED[i].trailer ||
            (int64_t)sum != MARKED[i].sum)
            fail_msg("%s: lines %llu accepted %llu rejected %llu marks %llu header %d trailer %d sum %lld",
                     MARKED[i].name, (unsigned long long)f->lines, (unsigned long long)f->accepted,
                     (unsigned long long)f->rejected, (unsigned long long)f->marks, f->header.seen, f->trailer.seen,
                     (long long)sum);
        release(&m);
    }
}

/* --- what is thrown --- */

static void test_customer_tuples(void **state)
{
    struct imported m;
    const char *fields =
        "source_no = 0 6 text required\ncustomer_type = 6 1 code values=P,C,S\nid_type = 7 2 text\nid_no = 9 18 text\n"
        "name = 27 9 text\nbirth = 36 8 date zero=none\nchanged = 44 8 date\n";
    static const char CONTENT[] = "000007P0111010519491231002X\xe7\x8e\x8b"
                                  "wu    1949123120200101\n"
                                  "ABC   C0111010519491231002X\xe7\x8e\x8b"
                                  "WU    0000000020210101\n"
                                  "000008S01110105194912310021\xe7\x8e\x8b WU   1949123120200101\n";
    import_file(&m, "class = customer\nsystem = s\nrecord_length = 52\n", fields, VIEW_LITERAL(CONTENT), 1);
    assert_true(m.ok);
    m.identity.types[0] =
        (struct identity_type){.type = "01", .type_length = 2, .class = "resident", .rule = IDENTITY_RESIDENT};
    struct customer_tuple t[3];
    struct source_tuple s[3];
    assert_int_equal(exchange_total(&m.import.customers), 3);
    assert_true(exchange_copy(&m.import.customers, 0, t, &m.st) &&
                exchange_copy(&m.import.systems[0].sources, 0, s, &m.st));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(t[i].record, i);
        assert_int_equal(s[i].record, i);
        assert_true(s[i].source == t[i].source);
    }
    assert_true(t[0].source == decode_text_key(view_of("000007")));
    assert_true(t[1].source & DECODE_KEY_HASHED);
    assert_int_equal(t[0].changed, date_from_civil(2020, 1, 1));
    /* One name in three spellings; birth, company flag and strength in one word. */
    assert_true(t[0].name == t[1].name && t[1].name == t[2].name);
    assert_int_equal(t[0].birth_strength >> 3, date_from_civil(1949, 12, 31));
    assert_int_equal(t[1].birth_strength >> 3, 0x00ffffff);
    assert_false(t[0].birth_strength & 4);
    assert_true(t[1].birth_strength & 4);
    assert_true(t[2].birth_strength & 4); /* any type but P is a company's */
    assert_true(t[0].key != t[1].key);    /* a person and a company never share a key */
    release(&m);
}

static void test_account_keys(void **state)
{
    struct arena arena;
    static struct fixture_record room;
    arena_init(&arena, "test");
    struct layout *l = fixture_layout(&arena, "class = account\nsystem = s\nrecord_length = 13",
                                      "account = 0 5 text\nsub_account = 5 2 text\ncurrency = 7 3 currency\ncash_flag "
                                      "= 10 1 text\nn = 11 2 digits\n");
    static const char *const RECORDS[] = {"A000101CNY  1", "A000102CNY  1", "A000101USDC 1",
                                          "A000101USDS 1", "A00010 1CNY 1", " A000101CNY 1"};
    for (size_t i = 0; i < COUNT_OF(RECORDS); i++) {
        uint64_t a = import_account_key(l, 0, fixture_record(&room, RECORDS[i], 13));
        assert_true(a == import_account_key(l, 0, fixture_record(&room, RECORDS[i], 13)));
        assert_true(a != import_account_key(l, 1, fixture_record(&room, RECORDS[i], 13))); /* another system */
        for (size_t k = 0; k < i; k++)
            if (a == import_account_key(l, 0, fixture_record(&room, RECORDS[k], 13)))
                fail_msg("\"%s\" and \"%s\"", RECORDS[i], RECORDS[k]);
    }
    /* Currency and cash flag are no part of what a relation file says; blanks at the ends are no part of a number. */
    uint64_t relation = import_relation_key(l, 0, fixture_record(&room, RECORDS[0], 13));
    assert_true(relation == import_relation_key(l, 0, fixture_record(&room, RECORDS[2], 13)));
    assert_true(relation != import_relation_key(l, 0, fixture_record(&room, RECORDS[1], 13)));
    struct layout *wide = fixture_layout(&arena, "class = relation\nsystem = s\nrecord_length = 20",
                                         "account = 0 8 text\nsub_account = 8 4 text\nsource_no = 12 8 text\n");
    assert_true(relation == import_relation_key(wide, 0, fixture_record(&room, "A0001   01  00000001", 20)));
    arena_release(&arena);
}

static void test_relation_tuples(void **state)
{
    static const struct {
        const char *record; /* account 4, owner 4, role 1, share 5 */
        uint32_t share, role;
    } CASES[] = {
        {"A0010001O10000", 1000000, ROLE_OWNER_WHOLE},
        {"A0010001 10000", 1000000, ROLE_OWNER_WHOLE},
        {"A0010001O05000", 500000, ROLE_OWNER_WHOLE},
        {"A0010001O     ", 1000000, ROLE_OWNER_WHOLE},
        {"A0010001O00000", 1000000, ROLE_OWNER_WHOLE},
        {"A0010001J03333", 333300, ROLE_OWNER_SHARE},
        {"A0010001J     ", 1000000, ROLE_OWNER_SHARE},
        {"A0010001A     ", 0, ROLE_LINKED},
        {"A0010001G10000", 0, ROLE_LINKED},
        {"A0010001O00001", 100, ROLE_OWNER_WHOLE},
        {"A0010001O99999", 1000000, ROLE_OWNER_WHOLE},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct imported m;
        struct relation_tuple t;
        import_file(&m, "class = relation\nsystem = s\nrecord_length = 14\n",
                    "account = 0 4 text\nsource_no = 4 4 text\nowner_role = 8 1 text\nshare = 9 5 amount scale=4 "
                    "sign=none optional\n",
                    view_of(CASES[i].record), 1);
        assert_true(m.ok && exchange_total(&m.import.systems[0].relations) == 1);
        assert_true(exchange_copy(&m.import.systems[0].relations, 0, &t, &m.st));
        if (t.share_role >> 8 != CASES[i].share || (t.share_role & 0xff) != CASES[i].role)
            fail_msg("%s: share %u role %u", CASES[i].record, t.share_role >> 8, t.share_role & 0xff);
        assert_true(t.source == decode_text_key(view_of("0001")));
        release(&m);
    }
}

/* Rows carry their columns; the control totals are those of the accepted rows, per currency, whatever the number of
 * threads. */
static void test_rows_and_control_totals(void **state)
{
    struct buf b;
    __int128 expected[5] = {0};
    uint64_t s = fixture_seed();
    buf_init(&b, 1 << 24);
    for (int i = 0; i < 30000; i++) {
        uint32_t currency = fixture_below(&s, 5);
        int64_t amount = (int64_t)fixture_below(&s, 9999999) * (fixture_below(&s, 2) ? 1 : -1);
        bool wrong = fixture_below(&s, 50) == 0;
        buf_addf(&b, "A%04d%04u%s%c%07lld\n", i % 10000, fixture_below(&s, 10000),
                 wrong ? "EUR" : fixture_rates()->code[currency], amount < 0 ? '-' : '+',
                 (long long)(amount < 0 ? -amount : amount));
        if (!wrong) expected[currency] += amount;
    }
    for (int threads = 1; threads <= 4; threads++) {
        struct imported m;
        import_file(&m, ACCOUNT, ACCOUNT_FIELDS, buf_view(&b), threads);
        assert_true(m.ok);
        const struct table *t = &m.tables.table[0];
        assert_int_equal(t->amounts_count, 1);
        for (int c = 0; c < 5; c++) assert_true(m.import.control[0]->sum[0][c] == expected[c]);
        __int128 sum[5] = {0};
        uint64_t rows = 0;
        for (uint32_t p = 0; p < m.import.rows[0].partitions; p++) {
            size_t size = sizeof(struct row_tuple) + t->row_size;
            uint64_t n = exchange_count(&m.import.rows[0], p);
            char *tuples = malloc(n * size + 1);
            assert_true(exchange_take(&m.import.rows[0], p, tuples, &m.st));
            for (uint64_t i = 0; i < n; i++) {
                const unsigned char *row = (const unsigned char *)tuples + i * size + sizeof(struct row_tuple);
                struct row_tuple r;
                memcpy(&r, tuples + i * size, sizeof r);
                assert_int_equal(import_partition(r.source, m.import.systems[0].bits), p);
                sum[row[t->columns[t->currency_column].offset]] +=
                    decode_column_value(&t->columns[t->amount_columns[0]], row);
            }
            rows += n;
            free(tuples);
        }
        assert_true(memcmp(sum, expected, sizeof sum) == 0);
        assert_int_equal(rows, m.inputs.files[0].accepted);
        release(&m);
    }
    buf_release(&b);
}

static void test_partition_of_a_key(void **state)
{
    assert_int_equal(import_partition(0, 0), 0);
    assert_int_equal(import_partition(UINT64_MAX, 0), 0);
    uint64_t s = 1;
    for (int i = 0; i < 1000; i++) {
        uint64_t key = fixture_random(&s);
        for (int bits = 1; bits <= IMPORT_SYSTEM_BITS_MAX; bits++) {
            assert_true(import_partition(key, bits) < 1u << bits);
            assert_int_equal(import_partition(key, bits) >> 1,
                             import_partition(key, bits - 1)); /* more bits split, never mix */
        }
    }
}

/* --- limits --- */

static const struct {
    const char *name, *limit, *content, *message; /* message NULL: within the limit */
} LIMITS[] = {
    {"none allowed, none found", "0", ROW ROW, NULL},
    {"none allowed, one found", "0", ROW "     0001CNY+0000050\n" ROW,
     "reject limit passed for layout x: 1 of 3 records rejected, the limit is 0 per million; first: \"input\" line 2, "
     "byte offset 21, reason ACCT"},
    {"exactly at the limit", "50%", ROW "short\n", NULL},
    {"just above", "49.9999%", ROW "short\n",
     "reject limit passed for layout x: 1 of 2 records rejected, the limit is 499999 per million; first: \"input\" "
     "line 2, byte offset 21, reason LEN"},
    {"header and trailer are no records", "50%", "HDR\n" ROW "short\nTRL000002+0000100\n", NULL},
    {"everything wrong", "99.9999%", "x\ny\n",
     "reject limit passed for layout x: 2 of 2 records rejected, the limit is 999999 per million; first: \"input\" "
     "line 1, byte offset 0, reason LEN"},
    {"an empty file", "0", "", NULL},
};

static void test_limits(void **state)
{
    for (size_t i = 0; i < COUNT_OF(LIMITS); i++) {
        struct imported m;
        char head[256];
        snprintf(head, sizeof head, "class = account\nsystem = s\nrecord_length = 20\nreject_limit = %s\n",
                 LIMITS[i].limit);
        import_file(&m, head, ACCOUNT_FIELDS MARKS, view_of(LIMITS[i].content), 1);
        assert_true(m.ok);
        bool ok = import_check_limits(&m.inputs, &m.unit, NULL, &m.st);
        if (ok != !LIMITS[i].message) fail_msg("%s: %s", LIMITS[i].name, m.st.message);
        if (!ok) {
            assert_string_equal(m.st.message, LIMITS[i].message);
            assert_int_equal(m.st.code, STATUS_INPUT);
            assert_string_equal(m.st.hint, "see them: crmx rejects --unit 11; then have the file repaired, or accept "
                                           "them (crmx gate accept rejects.x), or raise reject_limit in layouts/x.ini; "
                                           "then the same command");
        }
        release(&m);
    }
}

/* The fast keys are those of the plain definition, which look-ups use: digits, letters, blanks before, behind and
 * inside, every length of a part. */
static void test_keys(void **state)
{
    static const char CHARS[] = "0123456789A    ";
    struct arena arena;
    unsigned random = 20261031;
    arena_init(&arena, "test");
    const struct layout *l =
        fixture_layout(&arena, "class = account\nsystem = s\nrecord_length = 60\nreject_limit = 100%\n",
                       "account = 0 22 text\nsub_account = 22 8 text\ncurrency = 30 3 currency\n"
                       "cash_flag = 33 1 text\nsource_no = 34 12 text\nlast = 46 14 text\n");
    struct import_keys keys;
    import_keys_init(&keys, l, 3);
    for (int i = 0; i < 200000; i++) {
        unsigned char bytes[DECODE_SLACK + 60 + DECODE_SLACK], *record = bytes + DECODE_SLACK;
        unsigned kinds = i % 3 == 0 ? 10 : i % 3 == 1 ? 11 : sizeof CHARS - 1; /* digits; letters, too; blanks, too */
        for (size_t k = 0; k < sizeof bytes; k++) {
            random = random * 1664525 + 1013904223;
            bytes[k] = (unsigned char)CHARS[(random >> 16) % kinds];
        }
        uint64_t relation;
        assert_true(import_keys_of(&keys, record, &relation) == import_account_key(l, 3, record));
        assert_true(relation == import_relation_key(l, 3, record));
        assert_true(import_source_key(&keys, record) == decode_key(&l->fields[l->role_field[ROLE_SOURCE_NO]], record));
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_small_contents),
        cmocka_unit_test(test_chunk_borders),
        cmocka_unit_test(test_random_contents),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_customer_tuples),
        cmocka_unit_test(test_account_keys),
        cmocka_unit_test(test_relation_tuples),
        cmocka_unit_test(test_partition_of_a_key),
        cmocka_unit_test(test_rows_and_control_totals),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
