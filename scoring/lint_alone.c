/* The rule about data: a term of the score that alone carries many of those who pass. */
#include "scoring/lint_rules.h"

/* --- counting --- */

void lint_counts_add(struct lint_counts *c, const struct lint_batch *b)
{
    ensure(b->terms <= FORMULA_PARTS_MAX);
    for (uint32_t i = 0; i < b->count; i++) {
        bool counts = !b->ignored || !b->ignored[i];
        c->customers += counts;
        c->passing += counts && b->scores[i] >= b->threshold;
    }
    for (int t = 0; t < b->terms; t++) {
        const int64_t *values = b->values[t];
        uint64_t alone = 0, needed = 0;
        for (uint32_t i = 0; i < b->count; i++) {
            bool counts = !b->ignored || !b->ignored[i];
            bool carried = counts && b->scores[i] >= b->threshold && b->scores[i] - values[i] < b->threshold;
            needed += carried;
            alone += carried && values[i] >= b->threshold;
        }
        c->alone[t] += alone;
        c->needed[t] += needed;
    }
}

void lint_counts_merge(struct lint_counts *to, const struct lint_counts *from)
{
    to->customers += from->customers;
    to->passing += from->passing;
    for (int t = 0; t < FORMULA_PARTS_MAX; t++) {
        to->alone[t] += from->alone[t];
        to->needed[t] += from->needed[t];
    }
}

/* --- findings --- */

static const char *grouped(struct linter *l, uint64_t x)
{
    return lint_number(l, (double)x);
}

/* A term that another rule warns of already: there a few passes are too many. */
static bool is_doubtful(const struct lint *l, int count, const struct formula_part *term)
{
    for (int i = 0; i < count; i++)
        if (l->findings[i].warning && l->findings[i].line == term->line && l->findings[i].column == term->column)
            return true;
    return false;
}

static struct place place_of(const struct formula_part *term)
{
    return (struct place){term->line, term->column};
}

void lint_alone(struct lint *out, const struct formula *f, const struct formula_parts *terms,
                const struct lint_counts *c)
{
    struct linter l = {.out = out, .f = f};
    int count = out->count; /* of the other rules */
    int64_t half = f->threshold_minor / 2;
    for (int i = 0; i < terms->count; i++) {
        const struct formula_part *term = &terms->part[i];
        bool doubtful = is_doubtful(out, count, term);
        uint64_t percent = doubtful ? LINT_DOUBTFUL_PERCENT : LINT_CARRIES_PERCENT;
        if (c->passing == 0 || c->needed[i] * 100 <= percent * c->passing) continue;
        lint_add(&l, LINT_ALONE, doubtful, place_of(term),
                 LINT_TEXT(&l, "%s of %s pass by this term alone (%s)", grouped(&l, c->alone[i]),
                           grouped(&l, c->passing), term->text),
                 LINT_TEXT(&l,
                           "%s would not pass without it; whatever is wrong with it decides who becomes a CRM customer",
                           grouped(&l, c->needed[i])),
                 LINT_TEXT(&l, "if that is not meant, bound what it can add: min(%s, 系数(%lld))", term->text,
                           (long long)(f->unit == UNIT_YUAN ? half / 100 : half)));
    }
    if (terms->cut)
        lint_add(&l, LINT_ALONE, false, place_of(&terms->part[terms->count - 1]),
                 LINT_TEXT(&l, "the score has more than %d terms: those behind this one were not counted",
                           FORMULA_PARTS_MAX),
                 "a term there may carry passes, and nobody would be told",
                 "gather what belongs together in a measure: measure NAME money = sum(retail + card, …);");
    lint_sort(out);
}
