#include "scoring/tree.h"

#include <stdarg.h>
#include <stdio.h>

const char *rounding_name(enum rounding rounding)
{
    static const char *const NAMES[] = {"half_up", "half_away", "half_even"};
    ensure((unsigned)rounding < 3);
    return NAMES[rounding];
}

bool formula_fail(const struct formula *f, struct place place, struct status *st, const char *format, ...)
{
    char message[STATUS_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return formula_fail_at(f, place, STATUS_USAGE, st, message);
}

bool formula_fail_at(const struct formula *f, struct place place, enum status_code code, struct status *st,
                     const char *message)
{
    bool first = st->code == STATUS_OK;
    char excerpt[FORMULA_EXCERPT_MAX];
    status_fail(st, code, "%s:%u:%u: %s", f->file, f->line + place.line, place.column, message);
    if (first && formula_excerpt(f, place, excerpt)) status_excerpt(st, excerpt);
    return false;
}

bool hint_guess(const struct guess *n, struct status *st)
{
    if (n->best) status_hint(st, "did you mean %s?", n->best);
    return false;
}

struct node *node_new(struct arena *a, enum node_kind kind, struct place place, int children)
{
    struct node *n = arena_new(a, struct node);
    n->kind = kind;
    n->function = FUNCTION_NONE;
    n->place = place;
    n->depth = 1;
    n->index = -1;
    n->count = children;
    if (children) n->children = arena_array(a, struct node *, children);
    return n;
}

bool node_seal(struct node *n)
{
    for (int i = 0; i < n->count; i++)
        if (n->children[i]->depth >= n->depth) n->depth = n->children[i]->depth + 1;
    return n->depth <= FORMULA_DEPTH_MAX;
}

const char *node_customer_field(const struct node *n)
{
    bool qualified = n->kind == NODE_NAME && strncmp(n->text, FORMULA_CUSTOMER, strlen(FORMULA_CUSTOMER)) == 0;
    return qualified ? n->text + strlen(FORMULA_CUSTOMER) : NULL;
}

int schema_customer_field(const struct schema *schema, const char *name)
{
    for (int i = 0; i < schema->customer_fields_count; i++)
        if (strcmp(schema->customer_fields[i].name, name) == 0) return i;
    return -1;
}

bool formula_no_customer_field(const struct formula *f, const struct schema *schema, const struct node *n,
                               struct status *st)
{
    const char *name = node_customer_field(n);
    struct guess guess;
    guess_init(&guess, view_of(name));
    for (int i = 0; i < schema->customer_fields_count; i++) guess_offer(&guess, schema->customer_fields[i].name);
    formula_fail(f, n->place, st, "customers have no field %s", name);
    if (guess.best) status_hint(st, "did you mean " FORMULA_CUSTOMER "%s?", guess.best);
    return status_hint(st, "find the customers' layouts and their fields: crmx layout list");
}

double decimal_double(int64_t mantissa, int scale)
{
    return (double)mantissa / (double)power_of_ten(scale);
}

int64_t power_of_ten(int exponent)
{
    ensure(exponent >= 0 && exponent <= 18);
    int64_t power = 1;
    while (exponent--) power *= 10;
    return power;
}
