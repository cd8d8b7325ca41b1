#include "scoring/interest_missing.h"

#include "scoring/print.h"

#include <stdlib.h>

enum { TEXT_MAX = 1 << 20 };

/* "interest(term) = 0 or interest(product) = 0": over all calls below a node. Returns how many. */
static int add_calls(const struct formula *f, const struct node *n, int before, struct buf *out)
{
    int count = before;
    if (n->kind == NODE_CALL && n->function == FUNCTION_INTEREST) {
        buf_add_text(out, count++ ? " or " : "");
        print_node(f, n, out);
        buf_add_text(out, " = 0");
    }
    for (int i = 0; i < n->count; i++) count = add_calls(f, n->children[i], count, out);
    return count;
}

static void add_measure(const struct formula *f, int measure, struct interest_missing *x, struct buf *out)
{
    const struct measure_definition *m = &f->measures[measure];
    struct buf calls;
    buf_init(&calls, TEXT_MAX);
    if (m->expression && x->count < INTEREST_MISSING_MAX && add_calls(f, m->expression, 0, &calls)) {
        buf_addf(out, "measure missing_%d number = sum(", x->count);
        for (int i = 0; i < m->tables_count; i++) buf_addf(out, "%s%s", i ? " + " : "", m->tables[i].name);
        if (m->predicate) buf_add_text(out, " where ");
        if (m->predicate) print_node(f, m->predicate, out);
        buf_addf(out, ", if(%s, 1, 0));\n", calls.bytes);
        x->of[x->count++] = measure;
    }
    buf_release(&calls);
}

/* Every rate is 1: then interest() is 0 only where there is none. */
static const struct schema *with_rates_of_one(const struct schema *schema, struct arena *arena)
{
    struct schema *s = arena_new(arena, struct schema);
    struct schema_interest *rates = arena_array(arena, struct schema_interest, schema->interest_count + 1);
    for (int i = 0; i < schema->interest_count; i++) {
        rates[i] = schema->interest[i];
        rates[i].rate = 1;
        rates[i].scale = 0;
    }
    *s = *schema;
    s->interest = rates;
    return s;
}

bool interest_missing_new(const struct formula *f, const struct schema *schema, const struct measure_rates *rates,
                          struct interest_missing **out, struct status *st)
{
    struct interest_missing *x = *out = calloc(1, sizeof *x);
    struct buf text;
    ensure(x);
    arena_init(&x->arena, "accounts without a rate");
    buf_init(&text, TEXT_MAX);
    buf_add_text(&text, f->unit == UNIT_YUAN ? "unit yuan;\nthreshold 0;\n" : "unit fen;\nthreshold 0;\n");
    for (int m = 0; m < f->measures_count; m++) add_measure(f, m, x, &text);
    buf_add_text(&text, "score = 0;\n");
    bool ok = !x->count || (formula_parse("accounts without an interest rate", buf_view(&text), &x->formula, st) &&
                            measure_bind(x->formula, with_rates_of_one(schema, &x->arena), rates, &x->measures, st));
    buf_release(&text);
    if (ok && x->count) return true;
    interest_missing_free(x);
    *out = NULL;
    return ok;
}

void interest_missing_free(struct interest_missing *x)
{
    if (!x) return;
    measure_set_free(x->measures);
    formula_free(x->formula);
    arena_release(&x->arena);
    free(x);
}
