/* parser: recursive descent over the tokens of a formula file. Internal to scoring/.
 *
 * parser.c and parse_measure.c read statements, expression.c and call.c the expressions of both levels (the score and
 * the inside of aggregates share one grammar; which names and functions may stand where is decided when the formula is
 * bound).
 */
#ifndef CRMX_SCORING_PARSER_H
#define CRMX_SCORING_PARSER_H

#include "scoring/lexer.h"

struct parser {
    struct formula *f;
    const struct token *first, *at;
    int nesting;   /* open parentheses, calls, cases, unary signs */
    int constants; /* numbers, dates and texts so far */
    bool in_aggregate;
    const enum value_type *type; /* of an aggregate that stands alone; NULL: that of its expression */
    struct status *st;
};

bool parse_expression(struct parser *p, struct node **out);
/* At a name that is followed by "(". */
bool parse_call(struct parser *p, struct node **out);
/* "measure NAME [as ALIAS] TYPE = AGGREGATE", behind the word measure. */
bool parse_measure(struct parser *p);
/* An aggregate that stands alone: the measure "computed". */
bool parse_bare_measure(struct parser *p);
/* Does an aggregate of accounts begin here? min(a, b) and max(a, b) are functions; the aggregates of these names are
 * known by accounts or where: min(retail where kind = 'D', balance). */
bool parser_at_aggregate(const struct parser *p);
/* One inside an expression: a measure whose name is its text; the same text is the same measure. */
bool parse_aggregate_in_place(struct parser *p, struct node **out);
/* Checks the height of a finished node. */
bool parser_seal(struct parser *p, struct node *n, struct node **out);

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
/* The name is not in use yet. */
bool parser_check_new(struct parser *p, const char *name, struct place place);
/* A type out of a set of 1 << enum value_type. */
bool parser_type(struct parser *p, unsigned allowed, const char *expected, enum value_type *type);
/* An optional minus sign and a number. */
bool parser_number(struct parser *p, int64_t *mantissa, int *scale);
/* rounding half_up|half_away|half_even at the current token. */
bool parser_rounding(struct parser *p, enum rounding *rounding);
/* Finds the coefficient or adds it; index −1 and a status when there are too many. */
int parser_coefficient(struct parser *p, const char *name, struct place place);

#endif
