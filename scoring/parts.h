/* parts: what a score is made of, as values: its additive terms, for explanations and for reason codes.
 *
 *     score = 活期人民币存款 + 活期外币存款*系数(1.5) - 信用卡存款透支额      three parts: 活期人民币存款 | 活期外币存款*系数(1.5) | -信用卡存款透支额
 *
 * formula_parts_new() splits the score (FORMULA_PARTS_SCORE), or the score and every intermediate value and result it
 * uses (FORMULA_PARTS_ALL), at + and -; a case or if() gives its conditions and values. FORMULA_PARTS_TERMS gives the
 * score as the sum it is, through the intermediate values (`let`) that are sums themselves, and terms alone: a score
 * that is a case or a product is one. A zero that only carries a sign (0 - x) is none. Each part is bound as a result
 * of programs of its own, so that its value follows the rules of the language exactly: a term of money in minor units,
 * rounded as the file says, a condition as 0 or 1. Rounding is per part: the parts of a sum may differ from the sum by
 * half a minor unit each. Below an intermediate value or result that is a number or months the parts are such, with
 * FORMULA_PARTS_DECIMALS decimals; one that is a date, a code or a condition is a single part.
 *
 * Parts are read-only once made and shared by threads; programs point into the formula, which must outlive them.
 */
#ifndef CRMX_SCORING_PARTS_H
#define CRMX_SCORING_PARTS_H

#include "scoring/formula.h"

enum { FORMULA_PARTS_MAX = 256, FORMULA_PARTS_DECIMALS = 4 };

enum formula_parts_depth { FORMULA_PARTS_SCORE, FORMULA_PARTS_TERMS, FORMULA_PARTS_ALL };

enum formula_part_kind {
    PART_TERM,      /* added to the others of its definition */
    PART_CONDITION, /* of a case; the value is the next part */
    PART_VALUE, /* what the condition before it gives; of the first condition that holds it is the definition. Without
                       a condition before it: the definition as a whole */
    PART_OTHERWISE /* what else gives */
};

struct formula_part {
    enum formula_part_kind kind;
    const char *of;        /* the definition: "score", "deposits" … */
    const char *text;      /* as in the file, without the sign in front */
    bool negative;         /* subtracted; the value has the sign already */
    uint32_t line, column; /* of its first word */
    enum value_type type;  /* of the value: money in minor units, a condition 0 or 1, a date a day or DATE_NONE, a code
                                 for formula_parts_code */
    int decimals;          /* of a number or months */
    const bool *measures;  /* per measure of the formula: it stands in the part itself */
    const bool *coefficients; /* per coefficient */
    const bool *uses;         /* per definition name in formula_parts.definitions: it stands in the part */
};

struct formula_parts {
    int count;
    struct formula_part part[FORMULA_PARTS_MAX];
    const char *const *definitions; /* of which there are parts: score first, then what it uses, later ones first */
    int definitions_count;
    struct formula_parts_program *programs;
    int programs_count;
    bool cut; /* there are more than FORMULA_PARTS_MAX: those behind are left out */
};

bool formula_parts_new(const struct formula *f, const struct schema *schema, enum formula_parts_depth depth,
                       struct formula_parts **out, struct status *st);
void formula_parts_free(struct formula_parts *p);
bool formula_parts_use_measure(const struct formula_parts *p, int measure);
bool formula_parts_use_customer_field(const struct formula_parts *p, int field);
/* The text of a part of type code; NULL when value is none of its codes. Lives as long as the parts. */
const char *formula_parts_code(const struct formula_parts *p, int part, int64_t value);

struct formula_parts_scratch; /* of one thread */
struct formula_parts_scratch *formula_parts_scratch_new(const struct formula_parts *p);
void formula_parts_scratch_free(struct formula_parts_scratch *s);
/* values[part][customer] for a batch of at most FORMULA_BATCH_MAX customers. */
bool formula_parts_evaluate(const struct formula_parts *p, const struct formula_inputs *in,
                            struct formula_parts_scratch *scratch, int64_t *const *values, struct status *st);

#endif
