#include "scoring/lexer.h"

#include <stdio.h>

struct lexer {
    const struct formula *f;
    const char *at, *end;
    struct place place;
    struct status *st;
};

/* Signs that an input method or a word processor puts in place of the plain ones. U+FF01..FF5E are the full-width forms
 * of the ASCII signs and handled by arithmetic. */
static const struct {
    uint32_t character;
    const char *plain;
} SIGNS[] = {{0x3000, " "},
             {0x00a0, " "},
             {0x00d7, "*"},
             {0x00f7, "/"},
             {0x2264, "<="},
             {0x2265, ">="},
             {0x2260, "<>"},
             {0x2212, "-"},
             {0xfeff, " "},
             {0x2010, "-"},
             {0x2011, "-"},
             {0x2012, "-"},
             {0x2013, "-"},
             {0x2002, " "},
             {0x2003, " "},
             {0x2009, " "},
             {0x202f, " "},
             {0x200b, " "},
             {0x200c, " "},
             {0x200d, " "},
             {0x2060, " "},
             {0x00ad, " "},
             {0x2028, " "},
             {0x2029, " "},
             {0x0085, " "},
             /* No sign of the language (FOREIGN), and no part of a name. */
             {0x2018, "'"},
             {0x2019, "'"},
             {0x201c, "\""},
             {0x201d, "\""},
             {0x300c, "["},
             {0x300d, "]"},
             {0x300e, "["},
             {0x300f, "]"},
             {0x3010, "["},
             {0x3011, "]"},
             {0x300a, "["},
             {0x300b, "]"},
             {0x3001, "\\"},
             {0x3002, "\\."},
             {0x2014, "\\-"}};

static const char *const KIND_NAMES[] = {
    [TOKEN_END] = "end of file",     [TOKEN_NAME] = "a name",       [TOKEN_NUMBER] = "a number",
    [TOKEN_TEXT] = "a text",         [TOKEN_LEFT] = "\"(\"",        [TOKEN_RIGHT] = "\")\"",
    [TOKEN_COMMA] = "\",\"",         [TOKEN_SEMICOLON] = "\";\"",   [TOKEN_PLUS] = "\"+\"",
    [TOKEN_MINUS] = "\"-\"",         [TOKEN_STAR] = "\"*\"",        [TOKEN_SLASH] = "\"/\"",
    [TOKEN_POINT] = "\".\"",         [TOKEN_EQUAL] = "\"=\"",       [TOKEN_NOT_EQUAL] = "\"<>\"",
    [TOKEN_LESS] = "\"<\"",          [TOKEN_LESS_EQUAL] = "\"<=\"", [TOKEN_GREATER] = "\">\"",
    [TOKEN_GREATER_EQUAL] = "\">=\""};

const char *token_kind_name(enum token_kind kind)
{
    return KIND_NAMES[kind];
}

const char *token_show(const struct token *t, char text[TOKEN_SHOW_MAX])
{
    if (t->kind == TOKEN_END) return "end of file";
    size_t length = t->text.length, shown = 0;
    for (int characters = 0; shown < length && characters < 40; characters++) {
        shown++;
        while (shown < length && ((unsigned char)t->text.bytes[shown] & 0xc0) == 0x80) shown++;
    }
    snprintf(text, TOKEN_SHOW_MAX, t->kind == TOKEN_TEXT ? "'%.*s%s'" : "\"%.*s%s\"", (int)shown, t->text.bytes,
             shown < length ? "…" : "");
    return text;
}

/* The character at *at; moves on behind it. false when the bytes are not UTF-8 (overlong forms and surrogates
 * included). */
static bool next_character(const char **at, const char *end, uint32_t *character)
{
    static const uint32_t SMALLEST[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*at;
    int length = p[0] < 0x80                   ? 1
                 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                 : (p[0] & 0xf0) == 0xe0       ? 3
                 : (p[0] & 0xf8) == 0xf0       ? 4
                                               : 0;
    if (length == 0 || end - *at < length) return false;
    uint32_t c = length == 1 ? p[0] : p[0] & (0x7f >> length);
    for (int i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) return false;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < SMALLEST[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return false;
    *at += length;
    *character = c;
    return true;
}

/* The plain form of a sign: ASCII itself, the ASCII of a full-width sign, or NULL for a character of a name. */
static const char *plain_sign(uint32_t c, char one[2])
{
    if (c >= 0xff01 && c <= 0xff5e) c -= 0xfee0;
    if (c < 0x80) return one[0] = (char)c, one[1] = 0, one;
    for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++)
        if (SIGNS[i].character == c) return SIGNS[i].plain;
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool move(struct lexer *l, uint32_t *character)
{
    if (!next_character(&l->at, l->end, character))
        return formula_fail(l->f, l->place, l->st, "the text is not UTF-8 (byte 0x%02X)", (unsigned char)*l->at) ||
               status_hint(l->st, "convert it: iconv -f GB18030 -t UTF-8 %s", l->f->file);
    if (*character == '\n') {
        l->place.line++;
        l->place.column = 1;
    } else {
        l->place.column++;
    }
    return true;
}

/* Blanks and comments. */
static bool skip(struct lexer *l)
{
    bool comment = false;
    while (l->at < l->end) {
        const char *next = l->at;
        uint32_t c;
        char one[2];
        if (next_character(&next, l->end, &c)) {
            const char *sign = plain_sign(c, one);
            if (sign && sign[0] == '#') comment = true;
            if (!comment && (!sign || !strchr(" \t\r\n", sign[0]) || !sign[0])) return true;
            if (c == '\n') comment = false;
        }
        if (!move(l, &c)) return false;
    }
    return true;
}

static bool lex_number(struct lexer *l, struct token *t)
{
    const char *start = l->at;
    int digits = 0;
    bool point = false;
    t->kind = TOKEN_NUMBER;
    while (l->at < l->end && (is_digit(*l->at) || (*l->at == '.' && !point))) {
        if (*l->at == '.') {
            point = true;
        } else {
            if (digits || *l->at != '0') digits++;
            if (digits > FORMULA_DIGITS_MAX || t->scale == FORMULA_DIGITS_MAX)
                return formula_fail(l->f, t->place, l->st, "a number has at most %d digits", FORMULA_DIGITS_MAX);
            t->mantissa = t->mantissa * 10 + (*l->at - '0');
            if (point) t->scale++;
        }
        l->at++, l->place.column++;
    }
    if (point && t->scale == 0) return formula_fail(l->f, l->place, l->st, "expected digits behind the decimal point");
    if (start[0] == '0' && l->at - start > 1 && is_digit(start[1]))
        return formula_fail(l->f, t->place, l->st, "a number does not begin with 0") ||
               status_hint(l->st, "numbers have no separators (500000, not 500,000); a code stands in quotes: '01'");
    if (l->at == l->end || !is_letter(*l->at)) return true;
    const char *next = l->at + 1 + (l->end - l->at > 1 && (l->at[1] == '-' || l->at[1] == '+'));
    if ((*l->at == 'e' || *l->at == 'E') && next < l->end && is_digit(*next))
        return formula_fail(l->f, t->place, l->st, "a number is written without an exponent") ||
               status_hint(l->st, "write it out, such as 1000000, with at most %d digits", FORMULA_DIGITS_MAX);
    return formula_fail(l->f, t->place, l->st, "a name cannot begin with a digit");
}

static bool lex_text(struct lexer *l, struct token *t)
{
    char quote = *l->at;
    uint32_t c;
    t->kind = TOKEN_TEXT;
    if (!move(l, &c)) return false;
    const char *start = l->at;
    while (l->at < l->end && *l->at != quote && *l->at != '\n')
        if (!move(l, &c)) return false;
    if (l->at == l->end || *l->at != quote)
        return formula_fail(l->f, t->place, l->st, "expected a closing %c on the same line", quote);
    t->text = (struct view){start, (size_t)(l->at - start)};
    if (t->text.length > FORMULA_CODE_MAX)
        return formula_fail(l->f, t->place, l->st, "a text has at most %d bytes", FORMULA_CODE_MAX);
    return move(l, &c);
}

static bool lex_name(struct lexer *l, struct token *t)
{
    t->kind = TOKEN_NAME;
    while (l->at < l->end) {
        const char *next = l->at;
        uint32_t c;
        char one[2];
        if (next_character(&next, l->end, &c)) {
            const char *sign = plain_sign(c, one);
            bool part =
                c < 0x80 ? is_letter((char)c) || is_digit((char)c) : !sign || is_letter(*sign) || is_digit(*sign);
            if (!part) break;
        }
        if (!move(l, &c)) return false;
    }
    t->text = (struct view){t->text.bytes, (size_t)(l->at - t->text.bytes)};
    if (t->text.length > FORMULA_NAME_MAX)
        return formula_fail(l->f, t->place, l->st, "a name has at most %d bytes, this one has %zu", FORMULA_NAME_MAX,
                            t->text.length);
    return true;
}

/* What other languages write, and what to write here. */
static const struct {
    const char *text, *instead;
} FOREIGN[] = {
    {"==", "equal is one sign: a = b"},
    {"=>", "write >="},
    {"=<", "write <="},
    {"&&", "write and (且)"},
    {"||", "write or (或)"},
    {"**", "write a power as a product: x*x"},
    {"//", "a comment begins with #"},
    {"/*", "a comment begins with #"},
    {"^", "write a power as a product: x*x"},
    {"&", "write and (且)"},
    {"|", "write or (或)"},
    {"!", "write not (非); not equal is <>"},
    {"%", "a percentage is a factor: x*0.05"},
    {"?", "choose with if(condition, a, b)"},
    {"\"", "texts stand in plain quotes: 'D'"},
    {"'", "texts stand in plain quotes: 'D'"},
    {"[", "parentheses are ( and )"},
    {"]", "parentheses are ( and )"},
    {"{", "parentheses are ( and )"},
    {"}", "parentheses are ( and )"},
    {"\\", "between arguments stands a comma"},
    {"\\.", "a point is plain, and a statement ends with ;"},
    {"\\-", "a minus is one short sign: -"},
    {"`", "names stand without quotes"},
};

static const char *foreign_sign(const char *pair, size_t length)
{
    for (size_t i = 0; i < sizeof FOREIGN / sizeof FOREIGN[0]; i++)
        if (strlen(FOREIGN[i].text) == length && strncmp(pair, FOREIGN[i].text, length) == 0) return FOREIGN[i].instead;
    return NULL;
}

/* What stands between the token's beginning and here; instead: a hint, or NULL. */
static bool unexpected(struct lexer *l, const struct token *t, const char *instead)
{
    unsigned char first = (unsigned char)t->text.bytes[0];
    if (first < 0x20 || first == 0x7f)
        return formula_fail(l->f, t->place, l->st, "unexpected byte 0x%02X, which nobody sees", first) ||
               status_hint(l->st, "type the line anew");
    formula_fail(l->f, t->place, l->st, "unexpected character \"%.*s\"", (int)(l->at - t->text.bytes), t->text.bytes);
    return instead ? status_hint(l->st, "%s", instead) : false;
}

/* One or two characters; sign is the plain form of the first. */
static bool lex_sign(struct lexer *l, struct token *t, const char *sign)
{
    static const struct {
        const char *text;
        enum token_kind kind;
    } TABLE[] = {
        {"<=", TOKEN_LESS_EQUAL}, {">=", TOKEN_GREATER_EQUAL}, {"<>", TOKEN_NOT_EQUAL}, {"!=", TOKEN_NOT_EQUAL},
        {"(", TOKEN_LEFT},        {")", TOKEN_RIGHT},          {",", TOKEN_COMMA},      {";", TOKEN_SEMICOLON},
        {"+", TOKEN_PLUS},        {"-", TOKEN_MINUS},          {"*", TOKEN_STAR},       {"/", TOKEN_SLASH},
        {".", TOKEN_POINT},       {"=", TOKEN_EQUAL},          {"<", TOKEN_LESS},       {">", TOKEN_GREATER}};
    char pair[3] = {sign[0], sign[1], 0}, one[2];
    uint32_t c;
    if (!move(l, &c)) return false;
    const char *second = l->at;
    if (!pair[1] && l->at < l->end && next_character(&second, l->end, &c)) {
        const char *plain = plain_sign(c, one);
        if (plain && plain[0] && !plain[1]) pair[1] = plain[0];
    }
    const char *instead = pair[1] ? foreign_sign(pair, 2) : NULL;
    if (instead) {
        if (!sign[1]) l->at = second;
        return unexpected(l, t, instead);
    }
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        size_t length = strlen(TABLE[i].text);
        if (strncmp(pair, TABLE[i].text, length) != 0) continue;
        t->kind = TABLE[i].kind;
        if (length == 2 && !sign[1] && !move(l, &c)) return false;
        t->text.length = (size_t)(l->at - t->text.bytes);
        return true;
    }
    unexpected(l, t, foreign_sign(pair, 1));
    return is_digit(*sign) ? status_hint(l->st, "digits are the plain ones: %c", *sign) : false;
}

static bool lex_token(struct lexer *l, struct token *t)
{
    *t = (struct token){.place = l->place, .text = {l->at, 0}};
    if (l->at == l->end) return true;
    const char *next = l->at;
    uint32_t c;
    char one[2];
    if (!next_character(&next, l->end, &c)) return move(l, &c);
    if (c < 0x80 && is_digit((char)c)) {
        bool ok = lex_number(l, t);
        t->text.length = (size_t)(l->at - t->text.bytes);
        return ok;
    }
    if (c == '\'' || c == '"') return lex_text(l, t);
    const char *sign = plain_sign(c, one);
    if (!sign || is_letter(*sign)) return lex_name(l, t);
    return lex_sign(l, t, sign);
}

bool lexer_run(struct formula *f, struct view text, struct token **tokens, struct status *st)
{
    struct lexer l = {.f = f, .at = text.bytes, .end = text.bytes + text.length, .place = {1, 1}, .st = st};
    if (text.length > FORMULA_TEXT_MAX)
        return formula_fail(f, l.place, st, "the %s has %zu bytes, at most %d are allowed",
                            f->is_expression ? "expression" : "file", text.length, FORMULA_TEXT_MAX);
    /* A token has at least one byte. */
    size_t room = (text.length < FORMULA_TOKENS_MAX ? text.length : FORMULA_TOKENS_MAX) + 1;
    struct token *list = arena_array(&f->arena, struct token, room);
    for (size_t n = 0;; n++) {
        if (!skip(&l)) return false;
        if (n == room - 1 && l.at < l.end)
            return formula_fail(f, l.place, st, "the file has more than %d words and signs", FORMULA_TOKENS_MAX);
        if (!lex_token(&l, &list[n])) return false;
        if (list[n].kind == TOKEN_END) break;
    }
    *tokens = list;
    return true;
}
