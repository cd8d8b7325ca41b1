/* parser: recursive descent over the tokens of a formula file. Internal to scoring/.
 *
 * parser.c reads statements, expression.c the expressions of both levels (the score and the inside of aggregates share
 * one grammar; which names and functions may stand where is decided when the formula is bound).
 */
#ifndef CRMX_SCORING_PARSER_H
#define CRMX_SCORING_PARSER_H

#include "scoring/lexer.h"

struct parser {
    struct formula *f;
    const struct token *at;
    int nesting;   /* open parentheses, calls, cases, unary signs */
    int constants; /* numbers, dates and texts so far */
    struct status *st;
};

bool parse_expression(struct parser *p, struct node **out);

/* "expected WHAT, found …" at the current token. Always false. */
bool parser_expected(struct parser *p, const char *what);
/* Moves behind a token of that kind; for use in "expected … context". */
bool parser_take(struct parser *p, enum token_kind kind, const char *context);
bool parser_accept(struct parser *p, enum token_kind kind);
/* Keywords are names. */
bool parser_at_word(const struct parser *p, const char *word);
bool parser_accept_word(struct parser *p, const char *word);
/* A name to be defined: not reserved. Owned by the formula. */
bool parser_new_name(struct parser *p, const char *what, const char **name);
/* An optional minus sign and a number. */
bool parser_number(struct parser *p, int64_t *mantissa, int *scale);
/* rounding half_up|half_away|half_even at the current token. */
bool parser_rounding(struct parser *p, enum rounding *rounding);
/* Finds the coefficient or adds it; index −1 and a status when there are too many. */
int parser_coefficient(struct parser *p, const char *name, struct place place);

#endif
