#include "etl/identity.h"

#include "base/conf.h"
#include "base/digits.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

static const char *const NAME_RULES[] = {"apart", "ignore", NULL};
static const char *const FOLDS[] = {"full", "ascii", NULL};
static const char *const RULES[] = {"plain", "resident", "organisation", "permit", NULL};

/* --- profile --- */

static const char *const CENTURIES[] = {"sequence", "19", NULL};

static bool read_type(struct conf *c, const char *section, struct identity_profile *p, struct arena *arena,
                      struct status *st)
{
    const char *class;
    int rule, century;
    if (p->types_count == IDENTITY_TYPES_MAX) return conf_fail(c, section, NULL, st, "more than 64 ID types");
    if (!conf_choice(c, section, "rule", RULES, IDENTITY_PLAIN, &rule, st) ||
        !conf_choice(c, section, "century", CENTURIES, 0, &century, st))
        return false;
    class = conf_get(c, section, "class");
    struct identity_type *t = &p->types[p->types_count++];
    t->type = arena_dup(arena, view_trim(view_of(section + strlen("id_type "))));
    t->type_length = strlen(t->type);
    t->class = class ? arena_dup(arena, view_of(class)) : t->type;
    t->rule = (enum identity_rule)rule;
    t->century_19 = century == 1;
    /* The key of a valid resident number is the number alone, so two classes of them would be one. */
    for (int i = 0; t->rule == IDENTITY_RESIDENT && i < p->types_count - 1; i++)
        if (p->types[i].rule == IDENTITY_RESIDENT && strcmp(p->types[i].class, t->class) != 0)
            return conf_fail(c, section, "class", st, "resident numbers are one class: type %s has class %s",
                             p->types[i].type, p->types[i].class);
    return true;
}

bool identity_load(const char *path, struct arena *arena, struct identity_profile **out, struct status *st)
{
    struct conf *c = conf_open(path, st);
    if (!c) return status_while(st, "reading the identity profile");
    struct identity_profile *p = arena_new(arena, struct identity_profile);
    int name_rule, fold;
    int64_t hold;
    bool ok = conf_choice(c, "profile", "name_rule", NAME_RULES, 0, &name_rule, st) &&
              conf_choice(c, "profile", "fold", FOLDS, 0, &fold, st) &&
              conf_bool(c, "profile", "separators", true, &p->separators, st) &&
              conf_integer(c, "profile", "hold_above", 0, 1000000000, 0, &hold, st);
    if (ok) {
        p->names_apart = name_rule == 0;
        p->fold_full = fold == 0;
        p->hold_above = (int)hold;
        struct view rest = view_of(conf_get(c, "profile", "placeholders"));
        for (struct view word = view_word(&rest); ok && word.length; word = view_word(&rest)) {
            if (p->placeholders_count == IDENTITY_PLACEHOLDERS_MAX)
                ok = conf_fail(c, "profile", "placeholders", st, "more than 64 placeholder numbers");
            else
                p->placeholders[p->placeholders_count++] = arena_dup(arena, word);
        }
    }
    const char *section;
    for (int i = 0; ok && (section = conf_section(c, i)); i++)
        if (strncmp(section, "id_type ", 8) == 0) ok = read_type(c, section, p, arena, st);
    ok = ok && conf_check_all_used(c, st);
    conf_close(c);
    *out = p;
    return ok || status_while(st, "reading the identity profile");
}

/* --- numbers --- */

char identity_check_character(const char digits[17])
{
    typedef uint8_t bytes16 __attribute__((vector_size(16)));
    typedef uint16_t words16 __attribute__((vector_size(32)));
    static const words16 WEIGHTS = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4}; /* the 17th: 2 */
    bytes16 text;
    memcpy(&text, digits, 16);
    words16 product = __builtin_convertvector(text - (uint8_t)'0', words16) * WEIGHTS;
    unsigned sum = (unsigned)(digits[16] - '0') * 2;
    for (int i = 0; i < 16; i++) sum += product[i];
    return "10X98765432"[sum % 11];
}

static bool all_digits(const char *p, size_t n)
{
    unsigned char bad = 0;
    for (size_t i = 0; i < n; i++) bad |= (unsigned char)(p[i] - '0') > 9;
    return !bad;
}

static bool all_ascii(const char *p, size_t n)
{
    unsigned char any = 0;
    for (size_t i = 0; i < n; i++) any |= (unsigned char)p[i];
    return any < 0x80;
}

/* Brackets too: the check digit of a Hong Kong identity card is written in them, or not. */
static bool is_separator(char c)
{
    return c == ' ' || c == '-' || c == '.' || c == '/' || c == '_' || c == '(' || c == ')';
}

/* One character of the source, which is no ASCII: its code, half-width where the profile folds, 0 when malformed. */
static uint32_t fold_character(const struct identity_profile *p, enum charset charset, const char *text, size_t n,
                               size_t *length)
{
    uint32_t code =
        charset == CHARSET_GB18030 ? charset_gb18030_code(text, n, length) : charset_utf8_code(text, n, length);
    if (code == 0xfffd && *length == 1) return 0;
    if (!p->fold_full) return code;
    if (code >= 0xff01 && code <= 0xff5e) return code - 0xff01 + '!';
    return code == 0x3000 ? ' ' : code;
}

/* UTF-8 whatever the source's charset, so that systems of both find each other. Malformed bytes stay: two numbers that
 * cannot be read are not made one. */
static size_t fold_number(const struct identity_profile *p, enum charset charset, struct view v, char *number)
{
    size_t out = 0;
    for (size_t i = 0, k = 1; i < v.length; i += k, k = 1) {
        char room[4] = {v.bytes[i]};
        size_t take = 1;
        if ((unsigned char)room[0] >= 0x80) {
            uint32_t code = fold_character(p, charset, v.bytes + i, v.length - i, &k);
            if (code) take = charset_utf8_put(code, room);
        }
        if (p->separators && is_separator(room[0])) continue;
        if (out + take > IDENTITY_NUMBER_MAX) break; /* longer than any ID: the rest does not count */
        if (room[0] >= 'a' && room[0] <= 'z') room[0] = (char)(room[0] - 32);
        for (size_t b = 0; b < take; b++) number[out++] = room[b];
    }
    while (out && number[out - 1] == ' ') out--;
    size_t start = 0;
    while (start < out && number[start] == ' ') start++;
    memmove(number, number + start, out - start);
    return out - start;
}

static const struct identity_type *find_type(const struct identity_profile *p, struct view type)
{
    for (int i = 0; i < p->types_count; i++)
        if (type.length == p->types[i].type_length && memcmp(type.bytes, p->types[i].type, type.length) == 0)
            return &p->types[i];
    return NULL;
}

/* 15 digits → 18: the century is 19, but 18 for sequence 996-999 (people born in the 1800s). */
static void widen_resident(char *number, bool century_19)
{
    bool old = !century_19 && number[12] == '9' && number[13] == '9' && number[14] >= '6';
    memmove(number + 8, number + 6, 9);
    number[6] = '1';
    number[7] = old ? '8' : '9';
    number[17] = identity_check_character(number);
}

static uint64_t digits8(const char *p)
{
    return digits_value8(digits_load8(p));
}

static uint64_t digits17(const char *number)
{
    return (digits8(number) * 100000000 + digits8(number + 8)) * 10 + (uint64_t)(number[16] - '0');
}

/* digits17 of 15 digits as widen_resident makes them 18. */
static uint64_t digits17_of_15(const char *number, bool century_19)
{
    bool old = !century_19 && number[12] == '9' && number[13] == '9' && number[14] >= '6';
    uint64_t birth = digits8(number + 7), area = digits8(number) / 100, year = (uint64_t)(number[6] - '0');
    return (area * 100 + (old ? 18 : 19)) * UINT64_C(1000000000) + year * 100000000 + birth;
}

uint64_t identity_hashed_key(struct view class, struct view number, bool corporate)
{
    XXH64_hash_t seed = XXH3_64bits(class.bytes, class.length) ^ (corporate ? UINT64_C(0x9e3779b97f4a7c15) : 0);
    return XXH3_64bits_withSeed(number.bytes, number.length, seed) | UINT64_C(1) << 63;
}

/* Applies the rule to the folded number in place. True: a resident number of 18 with 17 digits; *check: its check digit
 * fits. */
static bool apply_rule(const struct identity_type *t, char *number, size_t *length, bool *check)
{
    size_t n = *length;
    switch (t ? t->rule : IDENTITY_PLAIN) {
    case IDENTITY_RESIDENT:
        if (n == 15 && all_digits(number, 15)) {
            widen_resident(number, t->century_19);
            *length = 18;
            return *check = true;
        }
        if (n == 18 && all_digits(number, 17)) {
            *check = identity_check_character(number) == number[17];
            return true;
        }
        return false;
    case IDENTITY_ORGANISATION: {
        size_t skip = n == 18 ? 8 : n == 15 ? 6 : 0; /* credit code: 9-17 of 18; old tax number: 6 area digits first */
        if (skip && all_ascii(number, n)) {
            memmove(number, number + skip, 9);
            *length = 9;
        }
        return false;
    }
    case IDENTITY_PERMIT: /* one letter, 8 digits, then a reissue suffix of 1 or 2 digits; Taiwan: 8 digits, then 2 */
        if ((n == 10 || n == 11) && number[0] >= 'A' && number[0] <= 'Z' && all_digits(number + 1, n - 1)) *length = 9;
        if (n == 10 && all_digits(number, 10)) *length = 8;
        return false;
    case IDENTITY_PLAIN: return false;
    }
    return false;
}

static bool is_placeholder(const struct identity_profile *p, struct view number)
{
    for (int i = 0; i < p->placeholders_count; i++)
        if (view_is(number, p->placeholders[i])) return true;
    return false;
}

size_t identity_number(const struct identity_profile *p, enum charset charset, struct view id_type, struct view id_no,
                       char *number, struct view *class, struct identity_key *key, bool corporate)
{
    const struct identity_type *t = find_type(p, id_type);
    *class = t ? view_of(t->class) : id_type;
    size_t length = fold_number(p, charset, id_no, number);
    if (length == 0 || is_placeholder(p, (struct view){number, length})) {
        *key = (struct identity_key){identity_hashed_key(*class, (struct view){number, length}, corporate),
                                     IDENTITY_NEVER};
        return length;
    }
    bool check = false;
    bool resident = apply_rule(t, number, &length, &check);
    if (is_placeholder(
            p, (struct view){number, length})) { /* also what is left by the rule: nine zeros in a credit code */
        *key = (struct identity_key){identity_hashed_key(*class, (struct view){number, length}, corporate),
                                     IDENTITY_NEVER};
        return length;
    }
    if (resident && !corporate && check)
        *key = (struct identity_key){digits17(number), IDENTITY_EXACT};
    else if (resident && !corporate && p->names_apart)
        *key = (struct identity_key){digits17(number), IDENTITY_WEAK};
    else
        *key = (struct identity_key){identity_hashed_key(*class, (struct view){number, length}, corporate),
                                     IDENTITY_HASHED};
    return length;
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_separator(c);
}

bool identity_may_be_renewed(struct view id_no)
{
    for (size_t i = 0; i < id_no.length; i++)
        if (!is_plain(id_no.bytes[i])) return true;
    return id_no.length > IDENTITY_NUMBER_MAX_1;
}

struct identity_key identity_key_of(const struct identity_profile *p, enum charset charset, struct view id_type,
                                    struct view id_no, bool corporate)
{
    char number[IDENTITY_NUMBER_MAX + 8];
    struct view class;
    struct identity_key key;
    /* The common case by far: 18 or 15 plain characters of a resident ID, and no list of placeholders to look into. */
    if (!corporate && p->placeholders_count == 0 &&
        (id_no.length == 18 ? all_digits(id_no.bytes, 17) : id_no.length == 15 && all_digits(id_no.bytes, 15))) {
        const struct identity_type *t = find_type(p, id_type);
        char last = id_no.bytes[id_no.length - 1] == 'x' ? 'X' : id_no.bytes[id_no.length - 1];
        if (t && t->rule == IDENTITY_RESIDENT) {
            if (id_no.length == 15)
                return (struct identity_key){digits17_of_15(id_no.bytes, t->century_19), IDENTITY_EXACT};
            if (identity_check_character(id_no.bytes) == last)
                return (struct identity_key){digits17(id_no.bytes), IDENTITY_EXACT};
        }
    }
    identity_number(p, charset, id_type, id_no, number, &class, &key, corporate);
    return key;
}

/* --- names --- */

static bool is_middle_dot(uint32_t code)
{
    return code == 0xb7 || code == 0x2022 || code == 0x2027 || code == 0x30fb || code == 0xff65 || code == 0x2219 ||
           code == 0xff0e;
}

void identity_fold_name(struct charset_converter *to_utf8, enum charset charset, struct view name, struct buf *out)
{
    struct buf converted;
    buf_init(&converted, 4096);
    uint32_t malformed = 0;
    struct view text = name;
    if (charset != CHARSET_UTF8) {
        charset_convert(to_utf8, name, "\xef\xbf\xbd", &converted, &malformed);
        text = buf_view(&converted);
    }
    for (size_t i = 0, k; i < text.length; i += k) {
        uint32_t code = charset_utf8_code(text.bytes + i, text.length - i, &k);
        if (code >= 0xff01 && code <= 0xff5e && !is_middle_dot(code)) code = code - 0xff01 + '!';
        if (code == ' ' || code == 0x3000 || code == 0xa0 || code == '.' || is_middle_dot(code)) continue;
        if (code < 0x80) {
            char c = (char)(code >= 'a' && code <= 'z' ? code - 32 : code);
            buf_add(out, &c, 1);
        } else if (code == 0xfffd) {
            buf_add_text(out, "\xef\xbf\xbd");
        } else {
            buf_add(out, text.bytes + i, k);
        }
    }
    buf_release(&converted);
}

uint32_t identity_name_hash(struct view folded)
{
    return (uint32_t)XXH3_64bits(folded.bytes, folded.length);
}

static bool stands_for_any(uint32_t code)
{
    return code == '?' || code == 0xfffd || code == 0x3013 || (code >= 0xe000 && code <= 0xf8ff) || code >= 0xf0000;
}

bool identity_same_name(struct view a, struct view b)
{
    size_t i = 0, j = 0, k;
    while (i < a.length && j < b.length) {
        uint32_t x = charset_utf8_code(a.bytes + i, a.length - i, &k);
        i += k;
        uint32_t y = charset_utf8_code(b.bytes + j, b.length - j, &k);
        j += k;
        if (x != y && !stands_for_any(x) && !stands_for_any(y)) return false;
    }
    return i == a.length && j == b.length;
}
