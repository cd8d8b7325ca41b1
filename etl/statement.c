#include "etl/statement.h"

#include "base/date.h"
#include "etl/detail_day.h"
#include "etl/number.h"
#include "etl/tsv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row of an account is its owner's share where a relation file names several: its columns are not the account's. */
static bool is_joint(const struct generation *g, const struct table *t)
{
    (void)g;
    return t->by_relation;
}

static void find_columns(struct statement *s, struct statement_table *t)
{
    const struct table *table = &s->g->tables.table[t->table];
    struct segment *rows = s->g->table[t->table];
    struct detail_ledger parts;
    char name[SEGMENT_NAME_MAX];
    detail_ledger_of(&t->shape, table->layout, &parts);
    t->currency_column = -1;
    if (is_joint(s->g, table)) return;
    int currency = table->layout->role_field[ROLE_CURRENCY];
    if (currency >= 0) {
        snprintf(name, sizeof name, "field.%.50s", table->layout->fields[currency].name);
        t->currency_column = segment_find(rows, name);
        if (t->currency_column < 0) return;
    }
    for (int i = 0; i < parts.count; i++) {
        snprintf(name, sizeof name, "field.%.50s", table->layout->fields[parts.field[i]].name);
        t->columns[i] = segment_find(rows, name);
        if (t->columns[i] < 0) return;
    }
    t->columns_count = parts.count;
    if (!t->in_shares) return;
    snprintf(name, sizeof name, "field.%.50s", table->layout->fields[layout_value_field(table->layout)].name);
    t->value_column = segment_find(rows, name);
}

static bool open_days(struct statement *s, struct statement_table *t, const struct detail_month *m, struct status *st)
{
    const char *name = t->shape.layout->name;
    t->days = arena_array(s->arena, struct segment *, m->files_count + 1);
    t->dates = arena_array(s->arena, int32_t, m->files_count + 1);
    for (int i = 0; i < m->files_count; i++) {
        char log[64];
        int32_t date = detail_file_date(m->files[i], log);
        if (strcmp(log, name) != 0 || date < s->from) continue;
        struct segment *day = segment_open(arena_printf(s->arena, "%s/detail/%s", s->g->folder, m->files[i]), st);
        if (!day) return false;
        t->days[t->days_count] = day;
        t->dates[t->days_count++] = date;
        if (segment_partitions(day) == 1u << t->bits && detail_day_scale(day) == t->shape.scale) continue;
        status_fail(st, STATUS_USAGE, "the amounts of %s have another scale, or other partitions, since %s", name,
                    m->files[i]);
        return status_hint(st, "a log changes its decimals with a new month, or a full unload begins the unit anew");
    }
    return true;
}

static bool open_table(struct statement *s, int log, const struct detail_month *m, struct status *st)
{
    struct generation *g = s->g;
    const struct unit *u = g->unit;
    struct statement_table *t = &s->tables[s->tables_count];
    *t = (struct statement_table){.log = log, .table = -1};
    for (int i = 0; i < g->tables.count; i++)
        if (g->tables.table[i].layout_index == u->layout_base[log]) t->table = i;
    ensure(t->table >= 0);
    const struct layout *account = g->tables.table[t->table].layout;
    if (!detail_shape(u->layouts[log], account, &t->shape, st)) return false;
    t->ledger = arena_array(s->arena, struct detail_ledger, u->layouts_count);
    for (int i = 0; i < u->layouts_count; i++)
        if (u->layout_base[i] == u->layout_base[log] && u->layouts[i]->class == LAYOUT_ACCOUNT)
            detail_ledger_of(&t->shape, u->layouts[i], &t->ledger[i]);
    struct segment *directory = segment_open(arena_printf(s->arena, "%s/account-%s.dir", g->folder, account->name), st);
    if (!directory) return false;
    t->bits = __builtin_ctz(segment_partitions(directory));
    segment_close(directory);
    t->liability = statement_is_liability(s->layout, account->name);
    t->title = statement_title(s->layout, account->name);
    int value = layout_value_field(account);
    t->in_shares = value >= 0;
    t->value_scale = value < 0 ? 0 : account->fields[value].scale;
    t->value_column = -1;
    t->sums = arena_array(s->arena, struct statement_sum, DECODE_CURRENCIES_MAX);
    s->tables_count++;
    find_columns(s, t);
    return open_days(s, t, m, st);
}

static bool take_redirect(void *context, char *field[], struct status *st)
{
    struct statement *s = context;
    uint64_t prefix = number_full(s->g->unit, 0);
    (void)st;
    if (s->redirects_count == s->redirects_capacity) {
        s->redirects_capacity = s->redirects_capacity ? s->redirects_capacity * 2 : 256;
        s->redirects = realloc(s->redirects, s->redirects_capacity * sizeof *s->redirects);
        ensure(s->redirects);
    }
    s->redirects[s->redirects_count++] = (struct redirect){(uint32_t)(strtoull(field[0], NULL, 10) - prefix),
                                                           (uint32_t)(strtoull(field[1], NULL, 10) - prefix)};
    return true;
}

static int by_number(const void *a, const void *b)
{
    const struct redirect *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* The first day that is stated: of the month, or, where the unit began in it, the first night. */
static bool find_start(struct statement *s, const struct detail_month *m, struct status *st)
{
    int year, month, day;
    char date[11];
    date_to_civil(s->g->business_date, &year, &month, &day);
    int32_t first = date_from_civil(year, month, 1);
    s->from = s->g->business_date + 1;
    for (int i = 0; i < m->files_count; i++) {
        int32_t at = detail_file_date(m->files[i], NULL);
        if (at >= first && at < s->from) s->from = at;
    }
    s->from_kind = statement_title(s->layout, s->from == first ? "month_start" : "first_night");
    if (s->from <= s->g->business_date) return true;
    date_format(s->g->business_date, date);
    status_fail(st, STATUS_USAGE, "generation %s keeps no movements of its month: nothing can be stated", s->g->id);
    return status_hint(st,
                       "movements are kept from the night after the initial load on: crmx detail list --unit %s "
                       "--date %s",
                       s->g->unit->id, date);
}

bool statement_open(struct statement *s, struct status *st)
{
    struct generation *g = s->g;
    struct detail_month m;
    const char *redirects = arena_printf(s->arena, "%s/redirects.tsv", g->folder);
    s->tables = arena_array(s->arena, struct statement_table, g->unit->layouts_count + 1);
    s->crm = calloc(g->numbers / 64 + 1, 8);
    ensure(s->crm);
    if (!detail_month_read(g->folder, s->arena, &m, st) || !find_start(s, &m, st)) return false;
    for (int i = 0; i < g->unit->layouts_count; i++)
        if (g->unit->layouts[i]->class == LAYOUT_TRANSACTION && unit_layout(g->unit, g->unit->layouts[i]->name) == i &&
            !open_table(s, i, &m, st))
            return false;
    if (os_exists(redirects) && !tsv_read(redirects, "number\tto\tsince", take_redirect, s, st)) return false;
    if (s->redirects_count) qsort(s->redirects, s->redirects_count, sizeof *s->redirects, by_number);
    return true;
}

void statement_close(struct statement *s)
{
    for (int t = 0; t < s->tables_count; t++)
        for (int d = 0; d < s->tables[t].days_count; d++) segment_close(s->tables[t].days[d]);
    exchange_drop(&s->accounts);
    exchange_drop(&s->items);
    free(s->crm);
    free(s->redirects);
}
