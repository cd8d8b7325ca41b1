/* Each term becomes a result of a formula of its own, which shares everything with the formula it comes from; so the
 * terms are computed by the vector program, with the same bits as inside the score. */
#include "scoring/score_terms.h"

#include "scoring/bind.h"
#include "scoring/node_text.h"

struct score_term {
    struct node *node;
    bool negative;
    struct place place;
    const char *text, *excerpt;
};

enum { PROGRAMS_MAX = SCORE_TERMS_MAX };

struct score_terms {
    struct arena arena;
    const struct formula *f;
    struct score_term terms[SCORE_TERMS_MAX];
    int count;
    int programs_count, per_program;
    struct formula *formulas[PROGRAMS_MAX]; /* their arenas stay empty */
    struct formula_program *programs[PROGRAMS_MAX];
};

struct score_terms_scratch {
    const struct score_terms *t;
    struct formula_scratch *scratch[PROGRAMS_MAX];
    int64_t *unused; /* columns of the formula's own results */
};

/* --- the terms --- */

static bool add_term(struct score_terms *t, struct node *n, bool negative, struct status *st)
{
    char excerpt[FORMULA_EXCERPT_MAX];
    struct place place = node_start(n);
    if (t->count == SCORE_TERMS_MAX)
        return formula_fail(t->f, place, st, "the score has more than %d terms", SCORE_TERMS_MAX);
    bool shown = formula_excerpt(t->f, place, excerpt);
    t->terms[t->count++] = (struct score_term){.node = n,
                                               .negative = negative,
                                               .place = place,
                                               .text = node_text(&t->arena, t->f, n),
                                               .excerpt = shown ? arena_dup(&t->arena, view_of(excerpt)) : ""};
    return true;
}

static const struct definition *let_of(const struct formula *f, const struct node *n)
{
    for (int i = 0; n->kind == NODE_NAME && i < f->definitions_count; i++)
        if (!f->definitions[i].is_result && strcmp(f->definitions[i].name, n->text) == 0) return &f->definitions[i];
    return NULL;
}

static bool is_sum(const struct formula *f, const struct node *n)
{
    const struct definition *let = let_of(f, n);
    if (let) return is_sum(f, let->expression);
    return n->kind == NODE_ADD || n->kind == NODE_SUBTRACT || n->kind == NODE_NEGATE;
}

static bool collect(struct score_terms *t, struct node *n, bool negative, struct status *st)
{
    const struct definition *let = let_of(t->f, n);
    switch (n->kind) {
    case NODE_ADD:
    case NODE_SUBTRACT:
        return collect(t, n->children[0], negative, st) &&
               collect(t, n->children[1], negative != (n->kind == NODE_SUBTRACT), st);
    case NODE_NEGATE: return collect(t, n->children[0], !negative, st);
    default:
        if (let && is_sum(t->f, let->expression)) return collect(t, let->expression, negative, st);
        /* 0 - x is a way to write -x */
        return (n->kind == NODE_NUMBER && n->mantissa == 0) || add_term(t, n, negative, st);
    }
}

/* --- their programs --- */

/* The formula with some of the terms as further results, money as the score is. Where a definition of the same name is
 * looked for, the first one found counts: terms have no name that could be written. */
static struct formula *formula_of_terms(const struct score_terms *t, int first, int count)
{
    struct formula *f = malloc(sizeof *f);
    ensure(f);
    *f = *t->f;
    arena_init(&f->arena, "terms");
    for (int i = 0; i < count; i++) {
        f->results[f->results_count] = f->definitions_count;
        f->definitions[f->definitions_count++] = (struct definition){.name = "#term",
                                                                     .place = t->terms[first + i].place,
                                                                     .is_result = true,
                                                                     .has_type = true,
                                                                     .type = VALUE_MONEY,
                                                                     .result = f->results_count++,
                                                                     .expression = t->terms[first + i].node};
    }
    return f;
}

static bool make_programs(struct score_terms *t, const struct schema *schema, struct status *st)
{
    int room = FORMULA_RESULTS_MAX - t->f->results_count;
    if (room == 0)
        return status_fail(st, STATUS_USAGE, "%s: with %d results there is no room to look at the terms of the score",
                           t->f->file, FORMULA_RESULTS_MAX);
    t->per_program = room;
    for (int first = 0; first < t->count; first += room) {
        int count = t->count - first < room ? t->count - first : room, k = t->programs_count++;
        t->formulas[k] = formula_of_terms(t, first, count);
        if (!formula_bind(t->formulas[k], schema, &t->programs[k], st)) return false;
    }
    return true;
}

bool score_terms_new(const struct formula *f, const struct schema *schema, struct score_terms **out, struct status *st)
{
    struct score_terms *t = calloc(1, sizeof *t);
    ensure(t);
    arena_init(&t->arena, "score terms");
    t->f = f;
    *out = NULL;
    struct node *score = f->definitions[f->results[0]].expression;
    bool ok = collect(t, score, false, st) && (t->count > 0 || add_term(t, score, false, st)); /* score = 0 */
    if (!ok || !make_programs(t, schema, st)) {
        score_terms_free(t);
        return false;
    }
    *out = t;
    return true;
}

void score_terms_free(struct score_terms *t)
{
    if (!t) return;
    for (int i = 0; i < t->programs_count; i++) {
        formula_program_free(t->programs[i]);
        free(t->formulas[i]);
    }
    arena_release(&t->arena);
    free(t);
}

const struct formula *score_terms_formula(const struct score_terms *t)
{
    return t->f;
}

int score_terms_count(const struct score_terms *t)
{
    return t->count;
}

static const struct score_term *term_of(const struct score_terms *t, int term)
{
    ensure(term >= 0 && term < t->count);
    return &t->terms[term];
}

const char *score_term_text(const struct score_terms *t, int term)
{
    return term_of(t, term)->text;
}

bool score_term_is_negative(const struct score_terms *t, int term)
{
    return term_of(t, term)->negative;
}

uint32_t score_term_line(const struct score_terms *t, int term)
{
    return term_of(t, term)->place.line;
}

uint32_t score_term_column(const struct score_terms *t, int term)
{
    return term_of(t, term)->place.column;
}

const char *score_term_excerpt(const struct score_terms *t, int term)
{
    return term_of(t, term)->excerpt;
}

/* --- evaluation --- */

struct score_terms_scratch *score_terms_scratch_new(const struct score_terms *t)
{
    struct score_terms_scratch *s = calloc(1, sizeof *s);
    ensure(s);
    s->t = t;
    s->unused = calloc(FORMULA_BATCH_MAX, sizeof *s->unused);
    ensure(s->unused);
    for (int i = 0; i < t->programs_count; i++) s->scratch[i] = formula_scratch_new(t->programs[i]);
    return s;
}

void score_terms_scratch_free(struct score_terms_scratch *s)
{
    if (!s) return;
    for (int i = 0; i < s->t->programs_count; i++) formula_scratch_free(s->scratch[i]);
    free(s->unused);
    free(s);
}

bool score_terms_evaluate(const struct score_terms *t, const struct formula_inputs *in,
                          struct score_terms_scratch *scratch, int64_t *const *columns, int64_t *scores,
                          struct status *st)
{
    int own = t->f->results_count;
    for (int k = 0; k < t->programs_count; k++) {
        int64_t *results[FORMULA_RESULTS_MAX];
        int first = k * t->per_program;
        for (int r = 0; r < own; r++) results[r] = r ? scratch->unused : scores;
        for (int i = 0; i < t->per_program && first + i < t->count; i++) results[own + i] = columns[first + i];
        if (!formula_evaluate(t->programs[k], in, scratch->scratch[k], results, st)) return false;
    }
    for (int i = 0; i < t->count; i++)
        for (uint32_t row = 0; t->terms[i].negative && row < in->count; row++) columns[i][row] = -columns[i][row];
    return true;
}

/* --- counting --- */

void term_counts_add(struct term_counts *c, int terms, const int64_t *const *columns, const int64_t *scores,
                     uint32_t count, int64_t threshold)
{
    ensure(terms <= SCORE_TERMS_MAX);
    c->customers += count;
    for (uint32_t i = 0; i < count; i++) c->passing += scores[i] >= threshold;
    for (int t = 0; t < terms; t++) {
        uint64_t alone = 0, needed = 0;
        for (uint32_t i = 0; i < count; i++) {
            bool carried = scores[i] >= threshold && scores[i] - columns[t][i] < threshold;
            needed += carried;
            alone += carried && columns[t][i] >= threshold;
        }
        c->alone[t] += alone;
        c->needed[t] += needed;
    }
}

void term_counts_merge(struct term_counts *to, const struct term_counts *from)
{
    to->customers += from->customers;
    to->passing += from->passing;
    for (int t = 0; t < SCORE_TERMS_MAX; t++) {
        to->alone[t] += from->alone[t];
        to->needed[t] += from->needed[t];
    }
}
