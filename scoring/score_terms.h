/* score_terms: the score as the sum it is: every term by itself, through the intermediate values (`let`) that are sums
 * themselves. What explains a score, and what the rule "952 of 2,530 pass by this term alone" is counted with.
 *
 *     score_terms_new(f, schema, &t, st)
 *     for each batch: score_terms_evaluate(t, &in, scratch, columns, scores, st); term_counts_add(&counts, …)
 *     score_terms_free(t)
 *
 * A term's value is rounded by itself, so the terms of a customer may differ from the score by a minor unit each. A
 * score that is no sum (a case, a product) is one term. The formula must outlive the terms; they are read-only once
 * made and shared by threads, a scratch belongs to one.
 */
#ifndef CRMX_SCORING_SCORE_TERMS_H
#define CRMX_SCORING_SCORE_TERMS_H

#include "scoring/formula.h"

enum { SCORE_TERMS_MAX = 128 };

struct score_terms;
struct score_terms_scratch;

/* STATUS_USAGE when the score has more than SCORE_TERMS_MAX terms, or does not bind. */
bool score_terms_new(const struct formula *f, const struct schema *schema, struct score_terms **out, struct status *st);
void score_terms_free(struct score_terms *t);
const struct formula *score_terms_formula(const struct score_terms *t);
int score_terms_count(const struct score_terms *t);
/* As written, without its sign: "活期外币存款*系数(1.5)"; lives as long as the terms. */
const char *score_term_text(const struct score_terms *t, int term);
bool score_term_is_negative(const struct score_terms *t, int term); /* subtracted from the score */
uint32_t score_term_line(const struct score_terms *t, int term);
uint32_t score_term_column(const struct score_terms *t, int term);
/* "line\n   ^", lives as long as the terms */
const char *score_term_excerpt(const struct score_terms *t, int term);

struct score_terms_scratch *score_terms_scratch_new(const struct score_terms *t);
void score_terms_scratch_free(struct score_terms_scratch *s);
/* columns[term][i]: what the term adds to the score of customer i in minor units (negative when it is subtracted);
 * scores[i]: the score. Fails as formula_evaluate does. */
bool score_terms_evaluate(const struct score_terms *t, const struct formula_inputs *in,
                          struct score_terms_scratch *scratch, int64_t *const *columns, int64_t *scores,
                          struct status *st);

/* Of the customers counted so far, those who pass, and for each term: */
struct term_counts {
    uint64_t customers, passing;
    uint64_t alone[SCORE_TERMS_MAX];  /* pass by it alone: it reaches the threshold, all others together do not */
    uint64_t needed[SCORE_TERMS_MAX]; /* would not pass without it: those above, and who need it beside others */
};
/* A pure function of term values per customer and the threshold. */
void term_counts_add(struct term_counts *c, int terms, const int64_t *const *columns, const int64_t *scores,
                     uint32_t count, int64_t threshold);
void term_counts_merge(struct term_counts *to, const struct term_counts *from);

#endif
