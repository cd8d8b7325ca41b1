/* Statements of a formula file; the grammar is in docs/formula.md. */
#include "scoring/parser.h"

#include <stdio.h>

enum { KEYWORD_GUESSED_MIN = 3 /* bytes: shorter names are near every short word */ };

/* Where a word of the language was expected, it may be one misspelt. */
bool parser_expected(struct parser *p, const char *what)
{
    char found[TOKEN_SHOW_MAX];
    struct guess guess;
    bool end = p->f->is_expression && p->at->kind == TOKEN_END;
    formula_fail(p->f, p->at->place, p->st, "expected %s, found %s", what,
                 end ? "the end of the expression" : token_show(p->at, found));
    if (p->at->kind == TOKEN_COMMA && p->at > p->first && p->at[-1].kind == TOKEN_NUMBER &&
        p->at[1].kind == TOKEN_NUMBER)
        return status_hint(p->st, "numbers have no separators: 1000000");
    if (p->at->kind != TOKEN_NAME) return false;
    const char *foreign = word_foreign(p->at->text);
    if (foreign) return status_hint(p->st, "%s", foreign);
    if (p->at->text.length < KEYWORD_GUESSED_MIN || word_is_reserved(p->at->text)) return false;
    guess_init(&guess, p->at->text);
    guess_offer_keywords(&guess);
    return hint_guess(&guess, p->st);
}

bool parser_accept(struct parser *p, enum token_kind kind)
{
    if (p->at->kind != kind) return false;
    p->at++;
    return true;
}

bool parser_take(struct parser *p, enum token_kind kind, const char *context)
{
    char what[160];
    if (parser_accept(p, kind)) return true;
    snprintf(what, sizeof what, "%s %s", token_kind_name(kind), context);
    return parser_expected(p, what);
}

bool parser_at_word(const struct parser *p, const char *word)
{
    return p->at->kind == TOKEN_NAME && word_is(p->at->text, word);
}

bool parser_accept_word(struct parser *p, const char *word)
{
    if (!parser_at_word(p, word)) return false;
    p->at++;
    return true;
}

bool parser_new_name(struct parser *p, const char *what, const char **name)
{
    char expected[80];
    snprintf(expected, sizeof expected, "the name of %s", what);
    if (p->at->kind != TOKEN_NAME) return parser_expected(p, expected);
    if (word_is_reserved(p->at->text))
        return formula_fail(p->f, p->at->place, p->st, "\"%.*s\" is a word of the language and cannot name %s",
                            VIEW_PRINT(p->at->text), what);
    *name = arena_dup(&p->f->arena, p->at->text);
    p->at++;
    return true;
}

bool parser_number(struct parser *p, int64_t *mantissa, int *scale)
{
    bool negative = parser_accept(p, TOKEN_MINUS);
    if (p->at->kind != TOKEN_NUMBER) return parser_expected(p, "a number");
    *mantissa = negative ? -p->at->mantissa : p->at->mantissa;
    *scale = p->at->scale;
    p->at++;
    return true;
}

bool parser_rounding(struct parser *p, enum rounding *rounding)
{
    for (int i = 0; i < 3; i++)
        if (parser_accept_word(p, rounding_name((enum rounding)i))) return *rounding = (enum rounding)i, true;
    return parser_expected(p, "half_up, half_away or half_even");
}

/* --- names --- */

/* What a name already stands for, or NULL; *place is where. */
static const char *name_in_use(const struct formula *f, const char *name, struct place *place)
{
    for (int i = 0; i < f->measures_count; i++)
        if (strcmp(f->measures[i].name, name) == 0 || strcmp(f->measures[i].alias, name) == 0)
            return *place = f->measures[i].place, "measure";
    for (int i = 0; i < f->coefficients_count; i++)
        if (strcmp(f->coefficients[i].name, name) == 0) return *place = f->coefficients[i].place, "coefficient";
    for (int i = 0; i < f->definitions_count; i++)
        if (strcmp(f->definitions[i].name, name) == 0)
            return *place = f->definitions[i].place, f->definitions[i].is_result ? "result" : "value";
    return NULL;
}

bool parser_check_new(struct parser *p, const char *name, struct place place)
{
    struct place first;
    const char *what = name_in_use(p->f, name, &first);
    return !what || formula_fail(p->f, place, p->st, "%s is already a %s, defined in line %u", name, what, first.line);
}

int parser_coefficient(struct parser *p, const char *name, struct place place)
{
    for (int i = 0; i < p->f->coefficients_count; i++)
        if (strcmp(p->f->coefficients[i].name, name) == 0) return i;
    if (!parser_check_new(p, name, place)) return -1;
    if (p->f->coefficients_count == FORMULA_COEFFICIENTS_MAX) {
        formula_fail(p->f, place, p->st, "more than %d coefficients", FORMULA_COEFFICIENTS_MAX);
        return -1;
    }
    struct coefficient *c = &p->f->coefficients[p->f->coefficients_count];
    *c = (struct coefficient){.name = arena_dup(&p->f->arena, view_of(name)), .place = place};
    return p->f->coefficients_count++;
}

bool parser_type(struct parser *p, unsigned allowed, const char *expected, enum value_type *type)
{
    char found[TOKEN_SHOW_MAX];
    if (p->at->kind != TOKEN_NAME || !value_type_find(p->at->text, type) || !(allowed >> *type & 1)) {
        struct guess guess;
        guess_init(&guess, p->at->text);
        for (int i = 0; i <= VALUE_BOOLEAN; i++) {
            if (!(allowed >> i & 1)) continue;
            guess_offer(&guess, value_type_name((enum value_type)i));
            guess_offer(&guess, value_type_alias((enum value_type)i));
        }
        formula_fail(p->f, p->at->place, p->st, "expected %s, found %s", expected, token_show(p->at, found));
        hint_guess(&guess, p->st);
        return status_hint(p->st, "a name is one word: no blanks inside it");
    }
    p->at++;
    return true;
}

/* --- coef, let, result, score --- */

static bool parse_coef(struct parser *p)
{
    const char *name;
    struct place place = p->at->place;
    int64_t mantissa = 0;
    int scale = 0;
    if (!parser_new_name(p, "a coefficient", &name) || !parser_check_new(p, name, place) ||
        !parser_take(p, TOKEN_EQUAL, "and the value of the coefficient") || !parser_number(p, &mantissa, &scale))
        return false;
    int index = parser_coefficient(p, name, place);
    if (index < 0) return false;
    p->f->coefficients[index].value = decimal_double(mantissa, scale);
    p->f->coefficients[index].declared = true;
    return true;
}

static bool parse_definition(struct parser *p, struct definition *d)
{
    if (!parser_take(p, TOKEN_EQUAL, "and an expression")) return false;
    if (!parse_expression(p, &d->expression)) return false;
    p->f->definitions_count++;
    return true;
}

static bool parse_let(struct parser *p)
{
    struct formula *f = p->f;
    if (f->lets_count == FORMULA_LETS_MAX)
        return formula_fail(f, p->at->place, p->st, "more than %d intermediate values", FORMULA_LETS_MAX);
    struct definition *d = &f->definitions[f->definitions_count];
    *d = (struct definition){.place = p->at->place};
    if (!parser_new_name(p, "an intermediate value", &d->name) || !parser_check_new(p, d->name, d->place)) return false;
    unsigned any = ~(1u << VALUE_CURRENCY);
    if (p->at->kind == TOKEN_NAME) {
        if (!parser_type(p, any, "\"=\", or a type: money, number, months, date, code, boolean", &d->type))
            return false;
        d->has_type = true;
    }
    f->lets_count++;
    return parse_definition(p, d);
}

static bool parse_result(struct parser *p, bool is_score, struct place place)
{
    struct formula *f = p->f;
    struct definition *d = &f->definitions[f->definitions_count];
    *d = (struct definition){.name = "score", .place = place, .is_result = true, .has_type = true, .type = VALUE_MONEY};
    if (is_score) {
        if (!parser_check_new(p, d->name, place)) return false;
    } else {
        unsigned allowed = ~(1u << VALUE_CURRENCY | 1u << VALUE_DATE);
        if (f->results_count == FORMULA_RESULTS_MAX)
            return formula_fail(f, place, p->st, "more than %d results", FORMULA_RESULTS_MAX);
        d->place = p->at->place;
        if (!parser_new_name(p, "a result", &d->name) || !parser_check_new(p, d->name, d->place) ||
            !parser_type(p, allowed, "the type of the result: money, number, months, code or boolean", &d->type))
            return false;
        d->result = f->results_count++;
    }
    f->results[d->result] = f->definitions_count;
    return parse_definition(p, d);
}

/* --- header --- */

struct header {
    bool unit, rounding, threshold, score;
    int64_t mantissa;
    int scale;
    struct place threshold_place;
};

static bool once(struct parser *p, bool *seen, const char *what, struct place place)
{
    if (*seen) return formula_fail(p->f, place, p->st, "a second %s", what);
    return *seen = true;
}

static bool parse_unit(struct parser *p)
{
    if (parser_accept_word(p, "yuan")) return p->f->unit = UNIT_YUAN, true;
    if (parser_accept_word(p, "fen")) return p->f->unit = UNIT_FEN, true;
    return parser_expected(p, "yuan or fen");
}

static bool parse_threshold(struct parser *p, struct header *h)
{
    h->threshold_place = p->at->place;
    return parser_number(p, &h->mantissa, &h->scale);
}

enum { STATEMENTS = 8 }; /* the first words of the table begin a statement */

static bool parse_keyword(struct parser *p, struct header *h)
{
    struct place place = p->at->place;
    if (parser_accept_word(p, "measure")) return parse_measure(p);
    if (parser_accept_word(p, "coef")) return parse_coef(p);
    if (parser_accept_word(p, "let")) return parse_let(p);
    if (parser_accept_word(p, "result")) return parse_result(p, false, place);
    if (parser_accept_word(p, "score")) return once(p, &h->score, "score", place) && parse_result(p, true, place);
    if (parser_accept_word(p, "unit")) return once(p, &h->unit, "unit", place) && parse_unit(p);
    if (parser_accept_word(p, "rounding"))
        return once(p, &h->rounding, "rounding", place) && parser_rounding(p, &p->f->rounding);
    if (parser_accept_word(p, "threshold")) return once(p, &h->threshold, "threshold", place) && parse_threshold(p, h);
    struct guess guess;
    guess_init(&guess, p->at->text);
    for (int i = 0; i < STATEMENTS; i++) guess_offer(&guess, keyword_word(i)->name);
    for (int i = 0; i < STATEMENTS; i++) guess_offer(&guess, keyword_word(i)->alias);
    parser_expected(p, "a statement: measure, coef, let, result, score, unit, rounding or threshold");
    return hint_guess(&guess, p->st);
}

/* The threshold in minor units: yuan have two decimals, fen none. */
static bool finish_threshold(struct parser *p, const struct header *h)
{
    struct formula *f = p->f;
    int decimals = f->unit == UNIT_YUAN ? 2 : 0;
    if (h->scale > decimals)
        return formula_fail(f, h->threshold_place, p->st, "the threshold in %s has at most %d decimals, found %d",
                            f->unit == UNIT_YUAN ? "yuan" : "fen", decimals, h->scale);
    f->threshold_place = h->threshold_place;
    f->threshold_minor = h->mantissa * power_of_ten(decimals - h->scale);
    return true;
}

static bool finish(struct parser *p, const struct header *h)
{
    if (!h->score) {
        formula_fail(p->f, p->at->place, p->st, "the file has no score");
        return status_hint(p->st, "add a line such as: score = deposits + loans*1.2;");
    }
    if (!h->threshold) {
        formula_fail(p->f, p->at->place, p->st, "the file has no threshold");
        return status_hint(p->st, "add a line such as: threshold 1000000.00;");
    }
    return finish_threshold(p, h);
}

static bool parse_file(struct parser *p)
{
    struct header h = {0};
    p->f->results_count = 1; /* score is result 0 wherever it stands */
    while (p->at->kind != TOKEN_END) {
        p->nesting = 0;
        if (!parse_keyword(p, &h)) return false;
        if (!parser_take(p, TOKEN_SEMICOLON, "at the end of the statement")) return false;
    }
    return finish(p, &h);
}

static bool parse_single(struct parser *p)
{
    struct formula *f = p->f;
    f->results_count = 2;
    f->definitions[0] = (struct definition){.name = "value", .place = p->at->place, .is_result = true};
    if (!parse_expression(p, &f->definitions[0].expression)) return false;
    f->definitions_count = 1;
    return p->at->kind == TOKEN_END || parser_expected(p, "an operator or the end of the expression");
}

/* An aggregate, or statements; the last sign may be left out. */
static bool parse_measures(struct parser *p)
{
    struct header h = {0};
    p->f->results_count = 1;
    if (!parser_at_word(p, "measure"))
        return parse_bare_measure(p) && (parser_accept(p, TOKEN_SEMICOLON),
                                         p->at->kind == TOKEN_END || parser_expected(p, "the end of the aggregate"));
    while (p->at->kind != TOKEN_END) {
        p->nesting = 0;
        if (!parse_keyword(p, &h)) return false;
        if (p->at->kind != TOKEN_END && !parser_take(p, TOKEN_SEMICOLON, "at the end of the statement")) return false;
    }
    return true;
}

struct text_kind {
    bool (*parse)(struct parser *);
    uint32_t line;               /* in which the text begins */
    const enum value_type *type; /* of an aggregate that stands alone */
};

static bool parse_text(const char *name, struct view text, const struct text_kind *kind, struct formula **out,
                       struct status *st)
{
    struct formula *f = calloc(1, sizeof *f);
    struct token *tokens;
    ensure(f);
    arena_init(&f->arena, "formula");
    f->file = arena_dup(&f->arena, view_of(name));
    size_t kept = text.length < FORMULA_TEXT_MAX ? text.length : FORMULA_TEXT_MAX;
    f->text = kept ? arena_dup(&f->arena, (struct view){text.bytes, kept}) : "";
    f->line = kind->line - 1;
    f->is_expression = kind->parse == parse_single;
    struct parser p = {.f = f, .type = kind->type, .st = st};
    *out = NULL;
    if (!lexer_run(f, text, &tokens, st)) goto failed;
    p.first = p.at = tokens;
    if (!kind->parse(&p)) goto failed;
    *out = f;
    return true;
failed:
    formula_free(f);
    return false;
}

bool formula_parse(const char *name, struct view text, struct formula **out, struct status *st)
{
    return parse_text(name, text, &(struct text_kind){.parse = parse_file, .line = 1}, out, st);
}

bool formula_parse_expression(const char *name, uint32_t line, struct view text, struct formula **out,
                              struct status *st)
{
    return parse_text(name, text, &(struct text_kind){.parse = parse_single, .line = line}, out, st);
}

bool formula_parse_measures(const char *name, struct view text, const enum value_type *type, struct formula **out,
                            struct status *st)
{
    return parse_text(name, text, &(struct text_kind){.parse = parse_measures, .line = 1, .type = type}, out, st);
}

void formula_free(struct formula *f)
{
    if (!f) return;
    arena_release(&f->arena);
    free(f);
}
