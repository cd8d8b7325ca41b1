/* lint: what a banker would say about a formula that is right by the rules of the language (domain 6).
 *
 *     formula_parse → formula_bind → lint_formula(&l, f, p) → l.findings[0 .. l.count) → lint_release
 *
 * Findings come in the order of the file. Each says where, what, why it matters and how to write it instead, with
 * numbers worked out from the formula itself ("60 months = 40 yuan"). A warning is what changes who is selected without
 * anybody having decided it; a remark is what may be meant and should be said. What is a debt is taken from the words
 * of the measure, its fields and tables (lint_debt.c); nothing else is guessed.
 *
 * The rule about data (a term that alone carries many passes) needs the values of a population: lint_counts_add()
 * counts the terms of the score (FORMULA_PARTS_TERMS of scoring/parts.h) batch by batch, lint_alone() makes the
 * findings; etl/lint_population.h does both over a generation.
 */
#ifndef CRMX_SCORING_LINT_H
#define CRMX_SCORING_LINT_H

#include "scoring/formula.h"
#include "scoring/parts.h"

enum lint_rule {
    LINT_TERM_AND_MONEY,   /* months are added to money or compared with it */
    LINT_NUMBER_AND_MONEY, /* a bare number is added to money */
    LINT_DEBT,             /* a debt raises the score */
    LINT_SUMS,             /* two sums are multiplied or divided where accounts are meant */
    LINT_BAND,             /* a band of a case that nobody can reach */
    LINT_UNUSED,           /* a coefficient, measure or value that no result uses */
    LINT_THRESHOLD,        /* who has no account passes */
    LINT_ALONE,            /* a term that alone carries many passes */
    LINT_RULES
};

struct lint_finding {
    enum lint_rule rule;
    bool warning; /* else a remark */
    uint32_t line, column;
    const char *message, *why, *instead;
    const char *excerpt; /* the line and a caret below it */
};

enum { LINT_FINDINGS_MAX = 400 };
struct lint {
    struct arena arena;
    struct lint_finding findings[LINT_FINDINGS_MAX];
    int count; /* what is too much is left out */
};

void lint_init(struct lint *l);
void lint_release(struct lint *l);
/* "term", "number", "debt", "sums", "band", "unused", "threshold", "alone" */
const char *lint_rule_name(enum lint_rule rule);
/* All rules but the last; p is f bound to the unit's schema. */
void lint_formula(struct lint *l, const struct formula *f, const struct formula_program *p);

/* Of the customers counted so far, those who pass, and for each term: */
struct lint_counts {
    uint64_t customers, passing;
    uint64_t alone[FORMULA_PARTS_MAX];  /* pass by it alone: it reaches the threshold, all others together do not */
    uint64_t needed[FORMULA_PARTS_MAX]; /* would not pass without it: those above, and who need it beside others */
};
/* A batch: scores[i], terms[term][i] and the threshold in minor units; ignored: customers nobody asks about, or NULL.
 * */
struct lint_batch {
    int terms;
    const int64_t *const *values;
    const int64_t *scores;
    const bool *ignored;
    uint32_t count;
    int64_t threshold;
};
void lint_counts_add(struct lint_counts *c, const struct lint_batch *b);
void lint_counts_merge(struct lint_counts *to, const struct lint_counts *from);

/* The last rule, after the others, over the counts of a population: terms without which more than so many of a hundred
 * who pass would not; of terms that another rule warns of, fewer are enough, and it is a warning. terms: those of f at
 * FORMULA_PARTS_TERMS; a remark says so when there are more than FORMULA_PARTS_MAX, which were not counted. */
enum { LINT_CARRIES_PERCENT = 10, LINT_DOUBTFUL_PERCENT = 1 };
void lint_alone(struct lint *l, const struct formula *f, const struct formula_parts *terms,
                const struct lint_counts *counts);
/* By place. lint_formula and lint_alone leave the findings sorted. */
void lint_sort(struct lint *l);

#endif
