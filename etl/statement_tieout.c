/* statement: does what was printed lead from the population to the population? Rendering counts what it prints,
 * collecting what it hands over, the population's columns what CRM customers have. */
#include "etl/reconcile.h"
#include "etl/statement.h"
#include "etl/tsv.h"

#include <stdlib.h>
#include <string.h>

struct selected {
    uint64_t count;
    bool found;
};

static bool take_total(void *context, char *field[], struct status *st)
{
    struct selected *s = context;
    (void)st;
    if (strcmp(field[1], "selected") != 0) return true;
    s->count = strtoull(field[3], NULL, 10);
    s->found = true;
    return true;
}

static void one_sum(struct reconcile *r, const struct statement *s, const struct statement_table *t, int currency)
{
    const struct statement_sum *sum = &t->sums[currency];
    const char *name = t->shape.layout->of, *code = s->g->reference.rates.code[currency];
    int scale = t->shape.scale;
    if (!sum->accounts && !t->population[currency]) return;
    reconcile_amount(r, 220, arena_printf(r->arena, "%s.opening", name), code, sum->opening, scale);
    reconcile_amount(r, 220, arena_printf(r->arena, "%s.in", name), code, sum->in, scale);
    reconcile_amount(r, 220, arena_printf(r->arena, "%s.out", name), code, sum->out, scale);
    if (sum->adjustments)
        reconcile_amount(r, 220, arena_printf(r->arena, "%s.adjusted", name), code, sum->adjusted, scale);
    reconcile_amount(r, 220, arena_printf(r->arena, "%s.closing", name), code, sum->closing, scale);
    reconcile_equate(r, arena_printf(r->arena, "%s: opening + in + out + adjusted = closing", name), code,
                     sum->opening + sum->in + sum->out + sum->adjusted, sum->closing, scale);
    if (t->in_shares)
        reconcile_amount(r, 220, arena_printf(r->arena, "%s.value", name), code, sum->value, t->value_scale);
    if (t->value_column >= 0)
        reconcile_equate(r, arena_printf(r->arena, "%s: values = CRM customers' rows of the population", name), code,
                         sum->value, t->population_value[currency], t->value_scale);
    if (t->columns_count)
        reconcile_equate(r,
                         arena_printf(r->arena, "%s: closing balances = CRM customers' rows of the population", name),
                         code, sum->closing, t->population[currency], scale);
}

bool statement_tie_out(const struct statement *s, struct status *st)
{
    struct reconcile r = {.arena = s->arena};
    struct selected selected = {0};
    uint64_t accounts = 0, postings = 0;
    if (!tsv_read(arena_printf(s->arena, "%s/totals.tsv", s->g->folder), RECONCILE_TOTALS_HEAD, take_total, &selected,
                  st))
        return false;
    reconcile_records(&r, 220, "statements", s->totals.customers);
    reconcile_records(&r, 220, "pages", s->totals.pages);
    reconcile_records(&r, 220, "characters_replaced", s->totals.malformed);
    reconcile_equate(&r, "statements = CRM customers", "", s->totals.customers, selected.found ? selected.count : 0, 0);
    for (int t = 0; t < s->tables_count; t++) {
        const char *name = s->tables[t].shape.layout->of;
        uint64_t before[2] = {accounts, postings};
        for (int c = 0; c < s->g->reference.rates.count; c++) {
            one_sum(&r, s, &s->tables[t], c);
            accounts += s->tables[t].sums[c].accounts;
            postings += s->tables[t].sums[c].postings;
        }
        reconcile_records(&r, 220, arena_printf(r.arena, "%s.accounts", name), accounts - before[0]);
        reconcile_records(&r, 220, arena_printf(r.arena, "%s.movements", name), postings - before[1]);
    }
    reconcile_equate(&r, "accounts printed = collected", "", accounts, s->totals.accounts_collected, 0);
    reconcile_equate(&r, "movements printed + before the entry = collected", "", postings + s->totals.folded,
                     s->totals.postings_collected, 0);
    if (!reconcile_write(&r, s->folder, st)) return false;
    for (int i = 0; i < r.equations_count; i++) {
        const struct reconcile_equation *e = &r.equations[i];
        char left[48], right[48];
        if (e->left == e->right) continue;
        status_fail(st, STATUS_CONSERVATION, "the statements do not tie out: %s%s%s: %s against %s (%d of %d lines)",
                    e->name, e->currency[0] ? " " : "", e->currency, reconcile_decimal(e->left, e->scale, left),
                    reconcile_decimal(e->right, e->scale, right), r.unbalanced, r.equations_count);
        return status_hint(st,
                           "nothing was delivered; look whether the generation is damaged: crmx generation verify "
                           "--unit %s",
                           s->g->unit->id);
    }
    return true;
}
