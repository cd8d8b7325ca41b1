/* words: the functions, aggregates and reserved words of the formula language, in one table.
 *
 * The table feeds the parser, `crmx formula functions` and docs/formula.md (a unit test compares the document with it).
 * struct guess finds what the analyst probably meant, in characters, so that it works on Chinese names, where
 * base/nearest (bytes) would count one wrong character as three.
 */
#ifndef CRMX_SCORING_WORDS_H
#define CRMX_SCORING_WORDS_H

#include "base/view.h"
#include "scoring/schema.h"

#include <stdint.h>

enum function {
    FUNCTION_IF,
    FUNCTION_MIN,
    FUNCTION_MAX,
    FUNCTION_ABS,
    FUNCTION_ROUND,
    FUNCTION_FLOOR,
    FUNCTION_CEIL,
    FUNCTION_COALESCE,
    FUNCTION_KNOWN,
    FUNCTION_COEF,
    FUNCTION_CNY,
    FUNCTION_AGE,
    FUNCTION_DAYS_SINCE,
    FUNCTION_MONTHS_SINCE,
    FUNCTION_YEARS_SINCE,
    FUNCTION_DAYS_BETWEEN,
    FUNCTION_MONTHS_BETWEEN,
    FUNCTION_YEARS_BETWEEN,
    FUNCTION_INTEREST,
    FUNCTION_COUNT,
    FUNCTION_NONE = -1
};

enum { WORD_CUSTOMER = 1, WORD_ACCOUNT = 2 }; /* where a function may stand: in the score, inside an aggregate */

struct function_word {
    const char *name;
    const char *alias; /* Chinese name, NULL if none */
    int arguments_min, arguments_max;
    unsigned places;
    const char *usage;
    const char *help; /* one sentence */
};

enum aggregate {
    AGGREGATE_SUM,
    AGGREGATE_COUNT,
    AGGREGATE_MIN,
    AGGREGATE_MAX,
    AGGREGATE_AVG,
    AGGREGATES_COUNT,
    AGGREGATE_NONE = -1
};

struct aggregate_word {
    const char *name;
    const char *alias;
    const char *usage;
    const char *help;
};

const struct function_word *function_word(enum function function);
const struct aggregate_word *aggregate_word(enum aggregate aggregate);
/* A reserved word and its Chinese name, NULL if it has none. */
struct keyword {
    const char *name;
    const char *alias;
    bool in_place; /* a word only where the grammar has it: may be a name elsewhere */
    const char *help;
};
/* NULL behind the last. */
const struct keyword *keyword_word(int index);
/* By name (ASCII without regard to case) or alias; ..._NONE when there is none. */
enum function function_find(struct view name);
enum aggregate aggregate_find(struct view name);
/* Words that cannot be names of measures, coefficients or results: and or not in case when … and their Chinese names */
bool word_is_reserved(struct view name);
/* A keyword by its name (ASCII without regard to case) or by its Chinese name. */
bool word_is(struct view word, const char *keyword);
/* money 金额, number 数值, months 月数, date 日期, code 代码, currency 币种, boolean or flag 是否; false when text is none of
 * them. */
bool value_type_find(struct view text, enum value_type *type);
const char *value_type_name(enum value_type type);
const char *value_type_alias(enum value_type type); /* the Chinese name */
/* "accounts" or 账户: every account table. */
bool word_is_accounts(const char *name);
/* "customer" or 客户 in front of a point: customer.birth. A name like any other elsewhere. */
bool word_is_customer(struct view word);

/* "shadow" or 影子 in front of a point: shadow.score, of queries alone (etl/query_field.h). */
bool word_is_shadow(struct view word);

/* What to write in place of a word of another language (null, between, is …); NULL: it is none. */
const char *word_foreign(struct view word);

/* Number of characters (not bytes) to insert, delete or replace, or of neighbours to exchange; texts are looked at up
 * to 64 characters. */
int edit_distance(struct view a, struct view b);
/* The candidate nearest to name, if it is near enough to be meant: at most a third of its characters differ. Offered
 * one by one, because the candidates stand in different tables; the first of equals wins. */
struct guess {
    struct view name;
    const char *best;
    int distance;
};
void guess_init(struct guess *n, struct view name);
void guess_offer(struct guess *n, const char *candidate);
/* Words of the language as candidates. */
void guess_offer_keywords(struct guess *n); /* but yuan and fen */
void guess_offer_aggregates(struct guess *n);
void guess_offer_functions(struct guess *n, unsigned places);

#endif
