#include "etl/hidden.h"

#include <ctype.h>
#include <string.h>

struct search {
    const struct generation *g;
    const struct formula *f;
    enum value_type type;
    bool years_open;
    bool *definitions, *measures; /* looked at */
};

/* --- words --- */

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* From `from` on; NULL: nowhere. */
static const char *next_word(const char *from, const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = strstr(from, word); n && p; p = strstr(p + 1, word))
        if ((p == text || !in_name(p[-1])) && !in_name(p[n])) return p;
    return NULL;
}

bool hidden_names_word(const char *text, const char *word)
{
    return next_word(text, text, word) != NULL;
}

static bool ends_with(const char *text, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - text) >= n && memcmp(end - n, word, n) == 0;
}

static const char *before_blanks(const char *text, const char *p)
{
    while (p > text && p[-1] == ' ') p--;
    return p;
}

/* Right behind "age(" or "years_since(", and alone there. */
static bool stands_in_years(const char *text, const char *at, size_t length)
{
    static const char *const OF[] = {"customer.", "客户."}, *const YEARS[] = {"age", "年龄", "years_since", "年数"};
    const char *p = at, *end = at + length;
    bool years = false;
    for (int i = 0; i < 2; i++)
        if (ends_with(text, p, OF[i])) p -= strlen(OF[i]);
    p = before_blanks(text, p);
    if (p == text || p[-1] != '(') return false;
    p = before_blanks(text, p - 1);
    for (int i = 0; i < 4; i++) {
        size_t n = strlen(YEARS[i]), room = (size_t)(p - text);
        years |= ends_with(text, p, YEARS[i]) && (room == n || !in_name(text[room - n - 1]));
    }
    return years && end[strspn(end, " ")] == ')';
}

static bool shows_word(const struct search *s, const char *text, const char *word)
{
    bool number = s->type == VALUE_NUMBER || s->type == VALUE_MONTHS;
    for (const char *p = next_word(text, text, word); p; p = next_word(p + 1, text, word))
        if (!s->years_open || !number || !stands_in_years(text, p, strlen(word))) return true;
    return false;
}

/* --- fields --- */

static bool is_wanted(const struct search *s, const struct layout *l, const struct layout_field *field)
{
    if (field->data_class < 2) return false;
    if (s->type == VALUE_CODE) return l->class == LAYOUT_CUSTOMER && field->type == LAYOUT_CODE;
    return l->class == LAYOUT_CUSTOMER ||
           (l->class == LAYOUT_ACCOUNT && s->type == VALUE_DATE && field->type == LAYOUT_DATE);
}

static const char *field_in(const struct search *s, const char *text)
{
    const struct unit *u = s->g->unit;
    for (int i = 0; i < u->layouts_count; i++)
        for (int k = 0; k < u->layouts[i]->fields_count; k++) {
            const struct layout_field *field = &u->layouts[i]->fields[k];
            if (is_wanted(s, u->layouts[i], field) && shows_word(s, text, field->name)) return field->name;
        }
    return NULL;
}

/* --- what names stand for --- */

static const char *search_text(struct search *s, const char *text);

static const char *search_definition(struct search *s, int definition)
{
    struct buf text;
    if (s->definitions[definition]) return NULL;
    s->definitions[definition] = true;
    buf_init(&text, 4 * FORMULA_TEXT_MAX);
    formula_definition_text(s->f, definition, &text);
    const char *found = text.bytes ? search_text(s, text.bytes) : NULL;
    buf_release(&text);
    return found;
}

static const char *search_measure(struct search *s, int measure)
{
    struct buf text;
    if (s->measures[measure]) return NULL;
    s->measures[measure] = true;
    buf_init(&text, 4 * FORMULA_TEXT_MAX);
    formula_measure_definition(s->f, measure, &text);
    const char *found = text.bytes ? field_in(s, text.bytes) : NULL;
    buf_release(&text);
    return found;
}

static const char *search_text(struct search *s, const char *text)
{
    const char *found = field_in(s, text);
    for (int d = 0; s->f && !found && d < formula_definition_count(s->f); d++)
        if (hidden_names_word(text, formula_definition_name(s->f, d))) found = search_definition(s, d);
    for (int m = 0; s->f && !found && m < formula_measure_count(s->f); m++)
        if (hidden_names_word(text, formula_measure_name(s->f, m)) ||
            hidden_names_word(text, formula_measure_alias(s->f, m)))
            found = search_measure(s, m);
    return found;
}

const char *hidden_named(const struct generation *g, const struct formula *f, const char *text, enum value_type type,
                         bool years_open)
{
    struct arena arena;
    if (type == VALUE_MONEY || type == VALUE_BOOLEAN || type == VALUE_CURRENCY) return NULL;
    arena_init(&arena, "hidden");
    struct search s = {.g = g, .f = f, .type = type, .years_open = years_open};
    s.definitions = arena_array(&arena, bool, f ? formula_definition_count(f) + 1 : 1);
    s.measures = arena_array(&arena, bool, f ? formula_measure_count(f) + 1 : 1);
    const char *found = search_text(&s, text);
    arena_release(&arena);
    return found;
}
