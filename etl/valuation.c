#include "etl/valuation.h"

#include "base/date.h"

#include <string.h>

void valuation_open(struct populate_job *j)
{
    const struct import *im = j->p->in->im;
    bool any = false;
    for (int t = 0; t < im->tables->count; t++) any |= im->tables->table[t].value_column >= 0;
    if (!any || !j->p->in->apply->old) return;
    j->first_new = arena_array(im->arena, uint32_t, im->tables->count);
    for (int t = 0; t < im->tables->count; t++) {
        j->first_new[t] = UINT32_MAX;
        for (int i = 0; i < im->inputs->files_count; i++) {
            const struct input_file *f = &im->inputs->files[i];
            if (f->space == im->tables->table[t].layout_index && f->record_base < j->first_new[t])
                j->first_new[t] = f->record_base;
        }
    }
}

static bool too_old(const struct table *t, const struct quote *nav, struct status *st)
{
    char date[11];
    date_format(nav->date, date);
    status_fail(st, STATUS_INPUT,
                "accounts of %s hold the fund %s, whose latest net asset value is of %s (%s): too old; nothing is "
                "committed",
                t->layout->name, nav->code, date, nav->from);
    return status_hint(
        st,
        "have the file of net asset values sent again with %s, then the same command; a fund that is not "
        "valued for now: suspended = %s in [nav] of the unit; carried further: carry_days there",
        nav->code, nav->code);
}

bool valuation_rows(const struct table *t, const struct rates *rates, char *rows, uint32_t n, uint32_t stride,
                    struct populate_table_total *total, struct status *st)
{
    const struct decode_column *fund = &t->columns[t->fund_column], *shares = &t->columns[t->shares_column],
                               *value = &t->columns[t->value_column];
    int shares_scale = t->layout->fields[shares->field].scale, value_scale = t->layout->fields[value->field].scale;
    for (uint32_t i = 0; i < n; i++) {
        unsigned char *row = (unsigned char *)rows + (size_t)i * stride + sizeof(struct owned_tuple);
        int64_t at = decode_column_value(fund, row), now;
        if (!rates->navs || at >= rates->navs->count)
            return status_fail(st, STATUS_CORRUPT, "a row of %s names a fund that has no net asset value",
                               t->layout->name);
        const struct quote *nav = &rates->navs->list[at];
        if (nav->expired) return too_old(t, nav, st);
        if (!quote_value(nav, decode_column_value(shares, row), shares_scale, value_scale, &now)) {
            status_fail(st, STATUS_INPUT,
                        "an account of %s has so many shares of %s that 18 digits do not hold the value",
                        t->layout->name, nav->code);
            return status_hint(st, "look whether the net asset value of %s is right: crmx reconcile", nav->code);
        }
        int64_t moved = now - decode_column_value(value, row);
        if (!moved) continue;
        int currency = t->currency_column < 0 ? 0 : row[t->columns[t->currency_column].offset];
        total->revalued_rows++;
        total->revalued_sum[currency] += moved;
        memcpy(row + value->offset, &now, sizeof now);
    }
    return true;
}

/* One row of the customer: false when it came tonight or is in a foreign currency; *by_nav when its NAV has moved. */
static bool is_as_before(const struct populate_job *j, const struct table *t, int table, const char *at, bool *by_nav)
{
    struct owned_tuple head;
    int64_t ppm;
    memcpy(&head, at, sizeof head);
    const unsigned char *row = (const unsigned char *)at + sizeof head;
    if (head.record >= j->first_new[table]) return false;
    if (t->currency_column >= 0 && row[t->columns[t->currency_column].offset] != 0) return false;
    if (t->value_column < 0) return true;
    const struct quotes *navs = j->p->in->im->rates->navs;
    int64_t fund = decode_column_value(&t->columns[t->fund_column], row);
    *by_nav |= quote_move_ppm(&navs->list[fund], &ppm) && ppm != 0;
    return true;
}

bool valuation_entered(const struct populate_job *j, const struct populate_worker *w, uint32_t place)
{
    const struct tables *tables = j->p->in->im->tables;
    bool by_nav = false;
    for (int t = 0; t < tables->count; t++) {
        const struct populate_rows *rows = &w->table[t];
        for (uint32_t i = rows->start[place]; i < rows->start[place + 1]; i++)
            if (!is_as_before(j, &tables->table[t], t, rows->rows + (size_t)i * rows->stride, &by_nav)) return false;
    }
    return by_nav;
}
