#include "scoring/interest.h"

#include "scoring/account_terms.h"

#include <string.h>

enum { INTEREST_RATES_MAX = 256 }; /* of one field: each is a level of the tree */

/* The codes of the field that are named so; NULL: none is. */
static struct term *has_code(const struct account_scope *s, int field, const char *const *codes, int count,
                             const char *wanted)
{
    struct term *t = NULL;
    for (int i = 0; i < count; i++) {
        if (strcmp(codes[i], wanted) != 0) continue;
        bool *set = arena_array(s->arena, bool, count);
        set[i] = true;
        t = term_new(s, TERM_CODE_IN, VALUE_BOOLEAN, 0);
        t->field = field;
        t->set = set;
    }
    return t;
}

/* "12" as a number; -1: it is none. */
static int64_t number_of(const char *code)
{
    int64_t n = 0;
    for (const char *p = code; *p; p++) {
        if (*p < '0' || *p > '9' || n > INT64_MAX / 100) return -1;
        n = n * 10 + (*p - '0');
    }
    return *code ? n : -1;
}

/* "the field names this product": over its codes, or its number. NULL: it never does. */
static struct term *is_product(const struct account_scope *s, struct term *field, const char *product)
{
    const struct schema_field *f = &s->table->fields[field->field];
    if (field->type == VALUE_CODE) return has_code(s, field->field, f->codes, f->codes_count, product);
    int64_t number = number_of(product);
    if (number < 0) return NULL;
    struct term *constant = term_new(s, TERM_CONSTANT, VALUE_NUMBER, 0);
    constant->number = number;
    return term_two(s, TERM_EQUAL, VALUE_BOOLEAN, field, constant);
}

/* In which accounts a rate holds. NULL: in none of this table. */
static struct term *holds(const struct account_scope *s, struct term *field, const struct schema_interest *r)
{
    struct term *product = is_product(s, field, r->product), *currency;
    if (!product) return NULL;
    product->scale = 0;
    if (!r->currency) return product; /* in every currency */
    if (s->table->currency_field < 0) return strcmp(r->currency, s->schema->currencies[0]) == 0 ? product : NULL;
    currency = has_code(s, s->table->currency_field, s->schema->currencies, s->schema->currencies_count, r->currency);
    if (!currency) return NULL;
    struct term *both = term_two(s, TERM_AND, VALUE_BOOLEAN, product, currency);
    both->scale = 0;
    return both;
}

static struct term *percent(const struct account_scope *s, int64_t rate, int scale, int at_scale)
{
    struct term *t = term_new(s, TERM_CONSTANT, VALUE_NUMBER, 0);
    t->number = rate;
    for (; scale < at_scale; scale++) t->number *= 10;
    t->scale = at_scale;
    return t;
}

static bool find_field(const struct account_scope *s, const struct node *n, struct term **field)
{
    const struct node *name = n->children[0];
    if (name->kind != NODE_NAME)
        return term_fail(s, name, "interest needs a field of the accounts that names a product or a term");
    if (!term_of_name(s, name, field)) return false;
    bool plain = ((*field)->type == VALUE_NUMBER || (*field)->type == VALUE_MONTHS) && (*field)->scale == 0;
    if ((*field)->type == VALUE_CODE || plain) return true;
    term_fail(s, name, "interest needs a code or a whole number, %s is of type %s", name->text,
              value_type_name((*field)->type));
    return status_hint(s->st, "the products there are: crmx reconcile, INTEREST");
}

bool interest_bind(const struct account_scope *s, const struct node *n, struct term **out)
{
    const struct schema_interest *rates = s->schema->interest;
    struct term *field;
    int scale = 0, levels = 0;
    if (!find_field(s, n, &field)) return false;
    for (int i = 0; i < s->schema->interest_count; i++)
        if (rates[i].scale > scale) scale = rates[i].scale;
    *out = percent(s, 0, 0, scale);
    /* The last one added is asked first: a rate of the account's currency goes before one of every currency. */
    for (int every = 1; every >= 0; every--)
        for (int i = s->schema->interest_count; i-- > 0;) {
            struct term *condition = (rates[i].currency == NULL) == every ? holds(s, field, &rates[i]) : NULL;
            if (!condition) continue;
            if (++levels > INTEREST_RATES_MAX)
                return term_fail(s, n, "more than %d interest rates are of products that %s names", INTEREST_RATES_MAX,
                                 n->children[0]->text);
            struct term *t = term_new(s, TERM_IF, VALUE_NUMBER, 3);
            t->children[0] = condition;
            t->children[1] = percent(s, rates[i].rate, rates[i].scale, scale);
            t->children[2] = *out;
            t->scale = scale;
            *out = t;
        }
    return true;
}
