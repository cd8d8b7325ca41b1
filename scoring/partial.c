/* Partial evaluation of account terms: what is decided by the codes of a class needs no work per row. */
#include "scoring/account.h"

bool term_is_truth(const struct term *t, bool value)
{
    return t->kind == TERM_TRUTH && (t->number != 0) == value;
}

static struct term *copy(const struct account_scope *s, const struct term *t, enum term_kind kind, int children)
{
    struct term *c = arena_new(s->arena, struct term);
    *c = *t;
    c->kind = kind;
    c->count = children;
    c->children = children ? arena_array(s->arena, struct term *, children) : NULL;
    return c;
}

static struct term *truth(const struct account_scope *s, const struct term *like, bool value)
{
    struct term *t = copy(s, like, TERM_TRUTH, 0);
    t->type = VALUE_BOOLEAN;
    t->number = value;
    return t;
}

/* and: drops true children, false wins; or: the other way round. */
static struct term *simplify_logic(const struct account_scope *s, struct term *t)
{
    bool neutral = t->kind == TERM_AND;
    int kept = 0;
    for (int i = 0; i < t->count; i++) {
        if (term_is_truth(t->children[i], !neutral)) return truth(s, t, !neutral);
        if (!term_is_truth(t->children[i], neutral)) t->children[kept++] = t->children[i];
    }
    t->count = kept;
    if (kept == 0) return truth(s, t, neutral);
    return kept == 1 ? t->children[0] : t;
}

static struct term *simplify(const struct account_scope *s, struct term *t)
{
    switch (t->kind) {
    case TERM_AND:
    case TERM_OR: return simplify_logic(s, t);
    case TERM_NOT:
        if (t->children[0]->kind == TERM_TRUTH) return truth(s, t, t->children[0]->number == 0);
        return t;
    case TERM_IF:
        if (t->children[0]->kind == TERM_TRUTH) return t->children[t->children[0]->number ? 1 : 2];
        return t;
    default: return t;
    }
}

struct term *term_specialise(const struct account_scope *s, struct term *t, const int *codes)
{
    if (t->kind == TERM_CODE_IN) return codes[t->field] < 0 ? t : truth(s, t, t->set[codes[t->field]]);
    if (t->count == 0) return t;
    struct term *c = copy(s, t, t->kind, t->count);
    for (int i = 0; i < t->count; i++) c->children[i] = term_specialise(s, t->children[i], codes);
    if (t->kind == TERM_CNY && codes[s->table->currency_field] == 0) {
        c->kind = TERM_SCALE;
        c->number = power_of_ten(s->rate_scale);
    }
    return simplify(s, c);
}

bool term_has_cny(const struct term *t)
{
    if (t->kind == TERM_CNY) return true;
    for (int i = 0; i < t->count; i++)
        if (term_has_cny(t->children[i])) return true;
    return false;
}

bool term_has_customer_money(const struct account_scope *s, const struct term *t)
{
    if (t->kind == TERM_FIELD) return t->type == VALUE_MONEY && scope_is_customer(s, t->field);
    for (int i = 0; i < t->count; i++)
        if (t->children[i]->type != VALUE_BOOLEAN && term_has_customer_money(s, t->children[i])) return true;
    return false;
}

bool term_has_raw_money(const struct account_scope *s, const struct term *t)
{
    if (t->kind == TERM_CNY) return false;
    if (t->kind == TERM_FIELD)
        return t->type == VALUE_MONEY && s->table->currency_field >= 0 && !scope_is_customer(s, t->field);
    for (int i = 0; i < t->count; i++) {
        bool condition = t->children[i]->type == VALUE_BOOLEAN; /* comparing amounts adds none */
        if (!condition && term_has_raw_money(s, t->children[i])) return true;
    }
    return false;
}

uint32_t term_hash(const struct term *t)
{
    if (!t) return 0;
    uint32_t hash = (uint32_t)t->kind * 2654435761u ^ (uint32_t)t->number * 40503u ^ (uint32_t)(t->field + 1);
    for (int i = 0; i < t->count; i++) hash = (hash << 5 | hash >> 27) * 2246822519u + term_hash(t->children[i]);
    return hash;
}

bool term_equal(const struct term *a, const struct term *b)
{
    if (a == b) return true;
    if (!a || !b || a->kind != b->kind || a->type != b->type || a->scale != b->scale || a->number != b->number ||
        a->field != b->field || a->count != b->count || a->set != b->set)
        return false;
    for (int i = 0; i < a->count; i++)
        if (!term_equal(a->children[i], b->children[i])) return false;
    return true;
}

void term_fields(const struct account_scope *s, const struct term *t, bool *field_used)
{
    if (t->field >= 0) field_used[t->field] = true;
    if (t->kind == TERM_CNY) field_used[s->table->currency_field] = true;
    for (int i = 0; i < t->count; i++) term_fields(s, t->children[i], field_used);
}

int term_depth(const struct term *t)
{
    int depth = 0;
    for (int i = 0; i < t->count; i++) {
        int child = term_depth(t->children[i]);
        if (child > depth) depth = child;
    }
    return depth + 1;
}
