/* Identity: numbers of every kind to one form and key (domain 7), who shares a key and who must not, names that are the
 * same. */
#include "etl/identity.h"
#include "tests/etl/fixture.h"

static const char PROFILE[] =
    "[profile]\nname_rule = apart\nhold_above = 20\nseparators = yes\nfold = full\n"
    "placeholders = 000000000000000000 111111111111111 999999999999999999 000000000\n"
    "[id_type 01]\nclass = resident\nrule = resident\n[id_type 02]\nclass = resident\nrule = resident\n"
    "[id_type 03]\nclass = resident\nrule = resident\ncentury = 19\n[id_type 04]\nclass = passport\n"
    "[id_type 06]\nclass = permit\nrule = permit\n"
    "[id_type 20]\nclass = organisation\nrule = organisation\n[id_type 21]\nclass = organisation\nrule = organisation\n"
    "[id_type 22]\nclass = organisation\nrule = organisation\n";

static struct identity_profile *profile(struct arena *arena, const char *text)
{
    struct status st = {0};
    struct identity_profile *p = NULL;
    fixture_write("identity/x.ini", text);
    if (!identity_load(test_path("identity/x.ini"), arena, &p, &st)) fail_msg("%s", st.message);
    return p;
}

/* --- numbers --- */

#define U CHARSET_UTF8
#define G CHARSET_GB18030
#define P false
#define C true

static const struct {
    const char *name;
    enum charset charset;
    const char *type, *number;
    bool corporate;
    const char *form, *class;
    enum identity_strength strength;
} NUMBERS[] = {
    {"18 digits", U, "01", "11010519491231002X", P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"small x", U, "01", "11010519491231002x", P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"temporary ID", U, "02", "11010519491231002X", P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"15 digits", U, "01", "110105491231002", P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"15 digits, sequence 995", U, "01", "110105491231995", P, "110105194912319956", "resident", IDENTITY_EXACT},
    {"15 digits, sequence 996: born in the 1800s", U, "01", "110105991231996", P, "110105189912319968", "resident",
     IDENTITY_EXACT},
    {"15 digits, sequence 999", U, "01", "110105991231999", P, "110105189912319992", "resident", IDENTITY_EXACT},
    {"the same where the profile says 19", U, "03", "110105991231996", P, "110105199912319967", "resident",
     IDENTITY_EXACT},
    {"wrong check digit", U, "01", "110105194912310021", P, "110105194912310021", "resident", IDENTITY_WEAK},
    {"check digit of another year", U, "01", "11010519501231002X", P, "11010519501231002X", "resident", IDENTITY_WEAK},
    {"17 digits are no resident number", U, "01", "11010519491231002", P, "11010519491231002", "resident",
     IDENTITY_HASHED},
    {"letters inside", U, "01", "11010519491231O02X", P, "11010519491231O02X", "resident", IDENTITY_HASHED},
    {"X inside", U, "01", "1101051949123100XX", P, "1101051949123100XX", "resident", IDENTITY_HASHED},
    {"separators", U, "01", "110105-19491231-002X", P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"blanks and dots", U, "01", " 110105 1949.12.31 002X ", P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"brackets and slashes", U, "01", "(110105)19491231/002_X", P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"full-width, UTF-8", U, "01", "１１０１０５１９４９１２３１００２Ｘ", P, "11010519491231002X", "resident",
     IDENTITY_EXACT},
    {"full-width small x, UTF-8", U, "01", "１１０１０５１９４９１２３１００２ｘ", P, "11010519491231002X", "resident",
     IDENTITY_EXACT},
    {"full-width, GB18030", G, "01",
     "\xa3\xb1\xa3\xb1\xa3\xb0\xa3\xb1\xa3\xb0\xa3\xb5"
     "19491231"
     "\xa3\xb0\xa3\xb0\xa3\xb2\xa3\xd8",
     P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"full-width blank, GB18030", G, "01",
     "110105\xa1\xa1"
     "19491231002X",
     P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"full-width blank, UTF-8", U, "01", "110105　19491231002X", P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"full-width hyphen", U, "01", "110105－19491231002X", P, "11010519491231002X", "resident", IDENTITY_EXACT},
    {"a company under a resident number", U, "01", "11010519491231002X", C, "11010519491231002X", "resident",
     IDENTITY_HASHED},
    {"placeholder", U, "01", "000000000000000000", P, "000000000000000000", "resident", IDENTITY_NEVER},
    {"placeholder with separators", U, "01", "000000-00000000-0000", P, "000000000000000000", "resident",
     IDENTITY_NEVER},
    {"placeholder in full width", U, "01", "９９９９９９９９９９９９９９９９９９", P, "999999999999999999", "resident",
     IDENTITY_NEVER},
    {"placeholder of 15", U, "01", "111111111111111", P, "111111111111111", "resident", IDENTITY_NEVER},
    {"15 zeros become a listed number of 18", U, "04", "000000000000000000", P, "000000000000000000", "passport",
     IDENTITY_NEVER},
    {"nothing", U, "01", "", P, "", "resident", IDENTITY_NEVER},
    {"nothing but separators", U, "01", " - . ", P, "", "resident", IDENTITY_NEVER},
    {"passport", U, "04", "g 12345678", P, "G12345678", "passport", IDENTITY_HASHED},
    {"unknown type is its own class", U, "77", "ab-1", P, "AB1", "77", IDENTITY_HASHED},
    {"characters stay", U, "04", "京a1", P, "京A1", "passport", IDENTITY_HASHED},
    {"malformed bytes stay", U, "04",
     "\xff\xe7"
     "a1",
     P,
     "\xff\xe7"
     "A1",
     "passport", IDENTITY_HASHED},
    {"Chinese characters, UTF-8", U, "77", "军字第12345号", P, "军字第12345号", "77", IDENTITY_HASHED},
    {"the same, GB18030", G, "77",
     "\xbe\xfc\xd7\xd6\xb5\xda"
     "12345\xba\xc5",
     P, "军字第12345号", "77", IDENTITY_HASHED},
    {"four bytes, GB18030", G, "77",
     "\x95\x34\xb2\x35"
     "a1",
     P, "𠮷A1", "77", IDENTITY_HASHED},
    {"malformed bytes of GB18030 stay", G, "77",
     "\xbe\xfc\xff"
     "a1",
     P,
     "军\xff"
     "A1",
     "77", IDENTITY_HASHED},
    {"six characters are no credit code", U, "21", "京字第一二号", C, "京字第一二号", "organisation", IDENTITY_HASHED},
    {"five characters are no tax number", U, "22", "京字第一号", C, "京字第一号", "organisation", IDENTITY_HASHED},
    {"Hong Kong identity card", U, "77", "A123456(7)", P, "A1234567", "77", IDENTITY_HASHED},
    {"all separators", U, "77", "A-1.2/3_4(5) 6", P, "A123456", "77", IDENTITY_HASHED},
    {"no permit: no letter in front", U, "06", "*1234567801", P, "*1234567801", "permit", IDENTITY_HASHED},
    {"permit with a suffix of two", U, "06", "H1234567801", P, "H12345678", "permit", IDENTITY_HASHED},
    {"permit with a suffix of one", U, "06", "M123456782", P, "M12345678", "permit", IDENTITY_HASHED},
    {"permit without suffix", U, "06", "h12345678", P, "H12345678", "permit", IDENTITY_HASHED},
    {"permit of 10 digits", U, "06", "1234567801", P, "12345678", "permit", IDENTITY_HASHED},
    {"permit of 8 digits", U, "06", "12345678", P, "12345678", "permit", IDENTITY_HASHED},
    {"permit of digits only", U, "06", "12345678901", P, "12345678901", "permit", IDENTITY_HASHED},
    {"permit with a suffix of three", U, "06", "H12345678012", P, "H12345678012", "permit", IDENTITY_HASHED},
    {"permit with letters inside", U, "06", "H1234A67801", P, "H1234A67801", "permit", IDENTITY_HASHED},
    {"organisation code", U, "20", "12345678-8", C, "123456788", "organisation", IDENTITY_HASHED},
    {"credit code", U, "21", "911101051234567881", C, "123456788", "organisation", IDENTITY_HASHED},
    {"credit code in small letters", U, "21", "91110105ma12345x7k", C, "MA12345X7", "organisation", IDENTITY_HASHED},
    {"credit code with a wrong check character joins like a right one", U, "21", "911101051234567880", C, "123456788",
     "organisation", IDENTITY_HASHED},
    {"old tax number", U, "22", "110105123456788", C, "123456788", "organisation", IDENTITY_HASHED},
    {"other lengths stay", U, "22", "1101051234567", C, "1101051234567", "organisation", IDENTITY_HASHED},
    {"placeholder inside a credit code", U, "21", "911101050000000000", C, "000000000", "organisation", IDENTITY_NEVER},
};

static void test_numbers(void **state)
{
    struct arena arena;
    arena_init(&arena, "test");
    struct identity_profile *p = profile(&arena, PROFILE);
    for (size_t i = 0; i < COUNT_OF(NUMBERS); i++) {
        char number[IDENTITY_NUMBER_MAX + 8];
        struct view class;
        struct identity_key key;
        struct view text = view_trim(view_of(NUMBERS[i].number));
        size_t n = identity_number(p, NUMBERS[i].charset, view_of(NUMBERS[i].type), text, number, &class, &key,
                                   NUMBERS[i].corporate);
        if (!view_is((struct view){number, n}, NUMBERS[i].form))
            fail_msg("%s: \"%.*s\", not \"%s\"", NUMBERS[i].name, (int)n, number, NUMBERS[i].form);
        if (!view_is(class, NUMBERS[i].class)) fail_msg("%s: class \"%.*s\"", NUMBERS[i].name, VIEW_PRINT(class));
        if (key.strength != NUMBERS[i].strength) fail_msg("%s: strength %d", NUMBERS[i].name, key.strength);
        /* Exact and weak keys are the 17 digits, all others have the top bit. */
        bool digits = key.strength == IDENTITY_EXACT || key.strength == IDENTITY_WEAK;
        assert_int_equal(key.key >> 63, !digits);
        if (digits) assert_true(key.key == strtoull(arena_dup(&arena, (struct view){number, 17}), NULL, 10));
        struct identity_key fast =
            identity_key_of(p, NUMBERS[i].charset, view_of(NUMBERS[i].type), text, NUMBERS[i].corporate);
        assert_true(fast.key == key.key && fast.strength == key.strength);
    }
    arena_release(&arena);
}

/* Which numbers a directory of form 1 may have under another key. */
static void test_may_be_renewed(void **state)
{
    static const struct {
        const char *number;
        bool renewed;
    } CASES[] = {{"11010519491231002X", false},
                 {"(110105)-1949.12/31 002_x", false},
                 {"军字第1号", true},
                 {"\xbe\xfc\xd7\xd6", true},
                 {"*1234567801", true},
                 {"0123456789012345678901234567890123456789012345678901234567890123", false},
                 {"01234567890123456789012345678901234567890123456789012345678901234", true}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        if (identity_may_be_renewed(view_of(CASES[i].number)) != CASES[i].renewed) fail_msg("%s", CASES[i].number);
}

static uint64_t key_of(const struct identity_profile *p, const char *type, const char *number, bool corporate)
{
    return identity_key_of(p, CHARSET_UTF8, view_of(type), view_of(number), corporate).key;
}

static void test_who_shares_a_key(void **state)
{
    static const struct {
        const char *name, *type_a, *a, *type_b, *b;
        bool corporate_a, corporate_b, same;
    } CASES[] = {
        {"15 and 18 digits", "01", "110105491231002", "01", "11010519491231002X", P, P, true},
        {"ID card and household register", "01", "11010519491231002X", "03", "110105491231002", P, P, true},
        {"right and wrong check digit (one key, compared later)", "01", "11010519491231002X", "01",
         "110105194912310021", P, P, true},
        {"a person and a company", "01", "11010519491231002X", "01", "11010519491231002X", P, C, false},
        {"ID and passport of one number", "01", "G12345678", "04", "G12345678", P, P, false},
        {"reissued permit", "06", "H1234567801", "06", "H1234567802", P, P, true},
        {"permits of two people", "06", "H1234567801", "06", "H1234567901", P, P, false},
        {"organisation and credit code", "20", "123456788", "21", "911101051234567881", C, C, true},
        {"organisation code and tax number", "20", "12345678-8", "22", "110105123456788", C, C, true},
        {"sole trader as a person and as a company", "20", "123456788", "20", "123456788", P, C, false},
        {"unknown types apart", "77", "AB1", "78", "AB1", P, P, false},
        {"born in 1899 and 1999", "01", "110105991231996", "03", "110105991231996", P, P, false},
    };
    struct arena arena;
    arena_init(&arena, "test");
    struct identity_profile *p = profile(&arena, PROFILE);
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        if ((key_of(p, CASES[i].type_a, CASES[i].a, CASES[i].corporate_a) ==
             key_of(p, CASES[i].type_b, CASES[i].b, CASES[i].corporate_b)) != CASES[i].same)
            fail_msg("%s: expected %s", CASES[i].name, CASES[i].same ? "one key" : "two keys");
    arena_release(&arena);
}

/* Where names do not matter, a wrong check digit is just another number; where separators stay, they matter. */
static void test_other_profiles(void **state)
{
    struct arena arena;
    arena_init(&arena, "test");
    struct identity_profile *p = profile(
        &arena, "[profile]\nname_rule = ignore\nseparators = no\nfold = ascii\n[id_type 01]\nrule = resident\n");
    char number[IDENTITY_NUMBER_MAX + 8];
    struct view class;
    struct identity_key key;
    identity_number(p, U, view_of("01"), view_of("110105194912310021"), number, &class, &key, false);
    assert_int_equal(key.strength, IDENTITY_HASHED);
    assert_true(view_is(class, "01"));
    size_t n = identity_number(p, U, view_of("01"), view_of("110105-19491231-002x"), number, &class, &key, false);
    assert_true(view_is((struct view){number, n}, "110105-19491231-002X"));
    n = identity_number(p, U, view_of("01"), view_of("１1"), number, &class, &key, false);
    assert_true(view_is((struct view){number, n}, "１1")); /* full width stays */
    /* The fast way for 18 plain digits gives the same. */
    assert_true(key_of(p, "01", "11010519491231002x", false) == UINT64_C(11010519491231002));
    arena_release(&arena);
}

/* Without a list of placeholders plain numbers take a short way to their key: the same key as the long way gives, for
 * every sequence number, with right and wrong check characters, and for what only nearly is a resident ID. */
static void test_short_way(void **state)
{
    static const char *const PROFILES[] = {
        "[profile]\nname_rule = apart\n[id_type 01]\nclass = resident\nrule = resident\n[id_type 03]\nclass = "
        "resident\nrule = resident\ncentury = 19\n[id_type 04]\nclass = passport\n",
        "[profile]\nname_rule = ignore\n[id_type 01]\nclass = resident\nrule = resident\n[id_type 03]\nclass = "
        "resident\nrule = resident\ncentury = 19\n[id_type 04]\nclass = passport\n"};
    static const char *const TYPES[] = {"01", "03", "04", "77"};
    static const char LAST[] = "0123456789Xx ?";
    struct arena arena;
    uint64_t seed = fixture_seed(), s = seed, short_ways = 0;
    arena_init(&arena, "test");
    for (size_t k = 0; k < COUNT_OF(PROFILES); k++) {
        struct identity_profile *p = profile(&arena, PROFILES[k]);
        for (int round = 0; round < 40000; round++) {
            char text[24], number[IDENTITY_NUMBER_MAX + 8];
            struct view class;
            struct identity_key key;
            size_t length = fixture_below(&s, 8) == 0 ? 14 + fixture_below(&s, 6) : fixture_below(&s, 2) ? 15 : 18;
            for (size_t i = 0; i < length; i++) text[i] = (char)('0' + fixture_below(&s, 10));
            /* sequences 990-999 of 15 digits: those from 996 on belong to people born in the 1800s */
            if (length == 15 && fixture_below(&s, 2)) memset(text + 12, '9', 2);
            if (length == 18) text[17] = LAST[fixture_below(&s, sizeof LAST - 1)];
            if (length == 18 && fixture_below(&s, 2)) text[17] = identity_check_character(text);
            struct view type = view_of(TYPES[fixture_below(&s, COUNT_OF(TYPES))]), id = {text, length};
            bool corporate = fixture_below(&s, 8) == 0;
            identity_number(p, U, type, id, number, &class, &key, corporate);
            struct identity_key fast = identity_key_of(p, U, type, id, corporate);
            if (fast.key != key.key || fast.strength != key.strength)
                fail_msg("CRMX_TEST_SEED=%llu: type %s number %.*s", (unsigned long long)seed, type.bytes, (int)length,
                         text);
            short_ways += key.strength == IDENTITY_EXACT;
        }
    }
    assert_true(short_ways > 10000);
    arena_release(&arena);
}

static void test_very_long_numbers(void **state)
{
    struct arena arena;
    arena_init(&arena, "test");
    struct identity_profile *p = profile(&arena, PROFILE);
    static const char *const PIECES[] = {"1", "王", "－", "\xff", "𠮷"};
    for (size_t i = 0; i < COUNT_OF(PIECES); i++)
        for (int times = 0; times < 90; times++) {
            struct buf b;
            char number[IDENTITY_NUMBER_MAX + 8];
            struct view class;
            struct identity_key key;
            buf_init(&b, 4096);
            for (int k = 0; k < times; k++) buf_add_text(&b, PIECES[i]);
            size_t n =
                identity_number(p, U, view_of("04"), times ? buf_view(&b) : view_of(""), number, &class, &key, false);
            assert_true(n <= IDENTITY_NUMBER_MAX);
            assert_int_equal(buf_is_utf8((struct view){number, n}), i != 3 || n == 0); /* never half a character */
            if (n + 4 <= IDENTITY_NUMBER_MAX && i != 2) assert_int_equal(n, times * (int)strlen(PIECES[i])); /* whole */
            buf_release(&b);
        }
    arena_release(&arena);
}

/* All check characters: the right one is accepted, the ten others are not; 11 % of numbers end with X. */
static void test_check_characters(void **state)
{
    struct arena arena;
    uint64_t seed = fixture_seed(), s = seed;
    arena_init(&arena, "test");
    struct identity_profile *p = profile(&arena, PROFILE);
    assert_int_equal(identity_check_character("11010519491231002"), 'X'); /* GB 11643's own example */
    assert_int_equal(identity_check_character("44052418800101001"), '4');
    for (int i = 0; i < 2000; i++) {
        char number[19];
        for (int k = 0; k < 17; k++) number[k] = (char)('0' + fixture_below(&s, 10));
        number[18] = 0;
        char right = identity_check_character(number);
        for (int c = 0; c < 11; c++) {
            number[17] = "0123456789X"[c];
            struct identity_key key = identity_key_of(p, U, view_of("01"), view_of(number), false);
            if (key.strength != (number[17] == right ? IDENTITY_EXACT : IDENTITY_WEAK))
                fail_msg("CRMX_TEST_SEED=%llu %s", (unsigned long long)seed, number);
        }
    }
    arena_release(&arena);
}

/* --- names --- */

static const struct {
    const char *name;
    enum charset charset_a;
    const char *a;
    enum charset charset_b;
    const char *b;
    bool same;
} NAMES[] = {
    {"equal", U, "王伟", U, "王伟", true},
    {"another name", U, "王伟", U, "王为", false},
    {"two charsets", U, "王伟", G, "\xcd\xf5\xce\xb0", true},
    {"blanks", U, "王 伟", U, " 王　伟 ", true},
    {"case", U, "John Smith", U, "JOHN SMITH", true},
    {"full width", U, "ＪＯＨＮ", U, "john", true},
    {"full width, GB18030", G, "\xa3\xca\xa3\xcf\xa3\xc8\xa3\xce", U, "John", true},
    {"middle dots", U, "买买提·艾力", U, "买买提•艾力", true},
    {"more middle dots", U, "买买提・艾力", U, "买买提‧艾力", true},
    {"middle dot or none", U, "买买提·艾力", U, "买买提艾力", true},
    {"middle dot of GB18030", G, "\xc2\xf2\xa1\xa4\xcc\xe1", U, "买.提", true},
    {"full-width stop", U, "J．Smith", U, "J Smith", true},
    {"half-width katakana dot", U, "A･B", U, "AB", true},
    {"a question mark for a rare character", U, "王?", U, "王𠮷", true},
    {"a full-width question mark", U, "王？", U, "王𠮷", true},
    {"the replacement character", U, "王\xef\xbf\xbd", U, "王喆", true},
    {"private use", U, "王\xee\xa0\x80", U, "王喆", true},           /* U+E800 */
    {"private use above", U, "王\xf3\xb0\x80\x80", U, "王喆", true}, /* U+F0000 */
    {"geta mark", U, "王〓", U, "王喆", true},
    {"malformed bytes of GB18030 stand for one character each", G, "\xcd\xf5\xff", U, "王喆", true},
    {"a question mark is one character", U, "王?", U, "王喆喆", false},
    {"a question mark is not nothing", U, "王?", U, "王", false},
    {"both rare in another way", U, "王?", U, "王〓", true},
    {"one is the beginning of the other", U, "王伟", U, "王伟强", false},
    {"simplified and traditional are different", U, "张伟", U, "張伟", false},
    {"nothing and nothing", U, "", U, "  ", true},
    {"nothing and something", U, "", U, "王", false},
    {"hyphen is part of a name", U, "Anne-Marie", U, "AnneMarie", false},
};

static void test_names(void **state)
{
    struct charset_converter *to_utf8 = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        struct buf a, b;
        buf_init(&a, 4096);
        buf_init(&b, 4096);
        identity_fold_name(to_utf8, NAMES[i].charset_a, view_of(NAMES[i].a), &a);
        identity_fold_name(to_utf8, NAMES[i].charset_b, view_of(NAMES[i].b), &b);
        struct view x = a.bytes ? buf_view(&a) : view_of(""), y = b.bytes ? buf_view(&b) : view_of("");
        assert_true(buf_is_utf8(x) && buf_is_utf8(y));
        if (identity_same_name(x, y) != NAMES[i].same || identity_same_name(y, x) != NAMES[i].same)
            fail_msg("%s: \"%.*s\" and \"%.*s\"", NAMES[i].name, VIEW_PRINT(x), VIEW_PRINT(y));
        assert_true(identity_same_name(x, x));
        if (view_equal(x, y)) assert_int_equal(identity_name_hash(x), identity_name_hash(y));
        buf_release(&a);
        buf_release(&b);
    }
    charset_close(to_utf8);
}

/* --- profiles --- */

static void test_profile_errors(void **state)
{
    static const struct {
        const char *name, *text, *message;
    } CASES[] = {
        {"name rule", "[profile]\nname_rule = never\n",
         "x.ini:2: [profile] name_rule: \"never\" is none of: apart, ignore"},
        {"fold", "[profile]\nfold = half\n", "x.ini:2: [profile] fold: \"half\" is none of: full, ascii"},
        {"separators", "[profile]\nseparators = maybe\n", "x.ini:2: [profile] separators: "},
        {"hold_above", "[profile]\nhold_above = -1\n", "x.ini:2: [profile] hold_above: -1 is outside 0 to 1000000000"},
        {"rule", "[profile]\n[id_type 01]\nrule = residnet\n",
         "x.ini:3: [id_type 01] rule: \"residnet\" is none of: plain, resident, organisation, permit"},
        {"century", "[profile]\n[id_type 01]\nrule = resident\ncentury = 20\n",
         "x.ini:4: [id_type 01] century: \"20\" is none of: sequence, 19"},
        {"unknown key", "[profile]\n[id_type 01]\nklass = resident\n", "x.ini:3: [id_type 01] klass: unknown key"},
        {"unknown section", "[profile]\n[id type 01]\nrule = plain\n",
         "x.ini:2: [id type 01]: there is no section of this name"},
        {"two classes of resident numbers",
         "[profile]\n[id_type 01]\nrule = resident\nclass = a\n[id_type 02]\nrule = resident\nclass = b\n",
         "x.ini:7: [id_type 02] class: resident numbers are one class: type 01 has class a"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arena arena;
        struct status st = {0};
        struct identity_profile *p;
        arena_init(&arena, "test");
        fixture_write("identity/x.ini", CASES[i].text);
        if (identity_load(test_path("identity/x.ini"), &arena, &p, &st)) fail_msg("%s: loaded", CASES[i].name);
        if (!strstr(st.message, CASES[i].message)) fail_msg("%s: %s", CASES[i].name, st.message);
        assert_has(st.context, "while reading the identity profile");
        assert_int_equal(st.code, STATUS_USAGE);
        arena_release(&arena);
    }
}

static void test_profile_limits(void **state)
{
    struct arena arena;
    struct status st = {0};
    struct identity_profile *p;
    struct buf b;
    arena_init(&arena, "test");
    buf_init(&b, 65536);
    buf_add_text(&b, "[profile]\nplaceholders =");
    for (int i = 0; i <= IDENTITY_PLACEHOLDERS_MAX; i++) buf_addf(&b, " %d", i);
    buf_add_text(&b, "\n");
    fixture_write("identity/x.ini", b.bytes);
    assert_false(identity_load(test_path("identity/x.ini"), &arena, &p, &st));
    assert_has(st.message, "[profile] placeholders: more than 64 placeholder numbers");
    buf_clear(&b);
    buf_add_text(&b, "[profile]\n");
    for (int i = 0; i <= IDENTITY_TYPES_MAX; i++) buf_addf(&b, "[id_type %d]\nrule = plain\n", i);
    fixture_write("identity/x.ini", b.bytes);
    status_clear(&st);
    assert_false(identity_load(test_path("identity/x.ini"), &arena, &p, &st));
    assert_has(st.message, "more than 64 ID types");
    buf_release(&b);
    arena_release(&arena);
}

static void test_defaults(void **state)
{
    struct arena arena;
    arena_init(&arena, "test");
    struct identity_profile *p = profile(&arena, "[profile]\n");
    assert_true(p->names_apart && p->separators && p->fold_full);
    assert_int_equal(p->hold_above, 0);
    assert_int_equal(p->types_count, 0);
    assert_int_equal(p->placeholders_count, 0);
    p = profile(&arena, PROFILE);
    assert_int_equal(p->hold_above, 20);
    assert_int_equal(p->types_count, 8);
    assert_string_equal(p->types[3].class, "passport");
    assert_int_equal(p->types[3].rule, IDENTITY_PLAIN);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),          cmocka_unit_test(test_may_be_renewed),
        cmocka_unit_test(test_who_shares_a_key), cmocka_unit_test(test_other_profiles),
        cmocka_unit_test(test_short_way),        cmocka_unit_test(test_very_long_numbers),
        cmocka_unit_test(test_check_characters), cmocka_unit_test(test_names),
        cmocka_unit_test(test_profile_errors),   cmocka_unit_test(test_profile_limits),
        cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
