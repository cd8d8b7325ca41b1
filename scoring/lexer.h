/* lexer: a formula text as tokens with their places. Internal to scoring/.
 *
 * Full-width signs as an input method types them （＋，；） and × ÷ ≤ ≥ ≠ count as their plain forms; an ideographic
 * space is a blank. Names may be Chinese. Bytes that are not UTF-8 are an error, not a guess.
 */
#ifndef CRMX_SCORING_LEXER_H
#define CRMX_SCORING_LEXER_H

#include "scoring/tree.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_NUMBER,
    TOKEN_TEXT,
    TOKEN_LEFT,  /* ( */
    TOKEN_RIGHT, /* ) */
    TOKEN_COMMA,
    TOKEN_SEMICOLON,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_STAR,
    TOKEN_SLASH,
    TOKEN_POINT, /* customer.birth */
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_LESS,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER,
    TOKEN_GREATER_EQUAL
};

struct token {
    enum token_kind kind;
    struct place place;
    struct view text; /* bytes of the file; of TOKEN_TEXT without its quotes */
    int64_t mantissa; /* TOKEN_NUMBER: mantissa / 10^scale */
    int scale;
};

/* All tokens, ended by TOKEN_END, in the formula's arena. file in messages is f->file. */
bool lexer_run(struct formula *f, struct view text, struct token **tokens, struct status *st);
/* "(", "a number"… for "expected …" */
const char *token_kind_name(enum token_kind kind);
/* What was found, for messages: `")"`, `"abc"`, `end of file`, cut at 40 characters; into text[]. */
enum { TOKEN_SHOW_MAX = 200 };
const char *token_show(const struct token *t, char text[TOKEN_SHOW_MAX]);

#endif
