/* reconcile: tonight's movements. Import counts what it accepts, the detail what it keeps and what balances say. */
#include "etl/detail.h"
#include "etl/reconcile.h"

#include <string.h>

/* Tonight's line of a log and currency; NULL: nothing moved. */
static const struct detail_sum *line_of(const struct detail *d, const char *log, const char *currency)
{
    for (int i = d->month.sums_count - 1; i >= 0; i--) {
        const struct detail_sum *s = &d->month.sums[i];
        if (s->date != d->in->im->business_date) return NULL;
        if (strcmp(s->log, log) == 0 && strcmp(s->currency, currency) == 0) return s;
    }
    return NULL;
}

static void one_log(struct reconcile *r, const struct detail *d, int log)
{
    const struct import *im = d->in->im;
    const struct import_postings *p = im->postings[log];
    const char *name = p->shape.layout->name;
    uint64_t accepted = 0, kept = 0, breaks = 0, accounts = 0;
    for (int i = 0; i < im->inputs->files_count; i++)
        if (im->inputs->files[i].layout_index == log) accepted += im->inputs->files[i].accepted;
    for (int c = 0; c < im->rates->count; c++) {
        const char *currency = im->rates->code[c];
        const struct detail_sum *s = line_of(d, name, currency);
        __int128 moved = p->sum[c] * p->shape.amount_times;
        if (s || moved)
            reconcile_equate(r, arena_printf(r->arena, "%s: money accepted = kept in the month's detail", name),
                             currency, moved, s ? s->movement : 0, p->shape.scale);
        if (!s) continue;
        reconcile_equate(r, arena_printf(r->arena, "%s: opening + movements + breaks + adjusted = closing", name),
                         currency, s->opening + moved + s->unexplained + s->adjusted, s->closing, s->scale);
        reconcile_amount(r, 85, arena_printf(r->arena, "%s.opening", name), currency, s->opening, s->scale);
        reconcile_amount(r, 85, arena_printf(r->arena, "%s.movement", name), currency, s->movement, s->scale);
        reconcile_amount(r, 85, arena_printf(r->arena, "%s.closing", name), currency, s->closing, s->scale);
        if (s->unexplained)
            reconcile_amount(r, 85, arena_printf(r->arena, "%s.unexplained", name), currency, s->unexplained, s->scale);
        if (s->adjusted)
            reconcile_amount(r, 85, arena_printf(r->arena, "%s.adjusted", name), currency, s->adjusted, s->scale);
        kept += s->postings;
        breaks += s->breaks;
        accounts += s->accounts;
    }
    reconcile_equate(r, arena_printf(r->arena, "%s: movements accepted = kept in the month's detail", name), "",
                     accepted, kept, 0);
    reconcile_records(r, 85, arena_printf(r->arena, "%s.kept", name), kept);
    reconcile_records(r, 85, arena_printf(r->arena, "%s.moved_accounts", name), accounts);
    reconcile_records(r, 85, arena_printf(r->arena, "%s.breaks", name), breaks);
}

void reconcile_detail(struct reconcile *r, const struct detail *d)
{
    const struct import *im = d->in->im;
    for (int i = 0; d->old_folder && i < im->unit->layouts_count; i++)
        if (im->postings[i]) one_log(r, d, i);
}
