#include "control/show_generation.h"

#include "etl/hidden.h"
#include "etl/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool show_population_open(struct show_population *p, struct command_call *call, bool dated, const char *looked_at,
                          struct status *st)
{
    *p = (struct show_population){.call = call, .arena = &call->arena};
    if (!show_generation(call, dated, &p->g, st)) return false;
    const struct unit *u = p->g->unit;
    for (int i = 0; i < u->layouts_count; i++)
        p->readers[i] = probe_reader_new(u->layouts[i], &p->g->reference.rates, p->g->business_date, p->arena);
    if (looked_at) show_record_open(&p->records, call, looked_at);
    return scorecards_load(u, &p->g->tables, &p->g->reference.rates, p->arena, &p->cards, st);
}

void show_population_close(struct show_population *p)
{
    show_record_close(&p->records);
    scorecards_release(&p->cards);
    generation_close(p->g);
    p->g = NULL;
}

bool show_hides(const struct show_population *p, enum value_type type, bool is_score, const char *c2_field)
{
    return !p->records.unmask && (c2_field || (type == VALUE_MONEY && !is_score));
}

bool show_hides_text(const struct show_population *p, const struct formula *f, const char *text, enum value_type type,
                     bool is_score)
{
    return show_hides(p, type, is_score, hidden_named(p->g, f, text, type, false));
}

const char *show_number(struct show_population *p, uint64_t number)
{
    char *text = arena_array(p->arena, char, NUMBER_TEXT_MAX);
    return number_text(p->g->unit, number, text);
}

const char *show_role(struct show_population *p, const struct lookup_record *r, enum layout_role role)
{
    int field = r->file->layout->role_field[role];
    return field < 0 ? NULL : show_record_value(&p->records, p->readers[r->file->layout_index], field, r->bytes, NULL);
}

const char *show_system(struct show_population *p, int layout)
{
    int system = p->g->unit->layout_system[layout];
    return system < 0 ? "" : p->g->unit->systems[system].name;
}

int show_system_index(struct show_population *p, const char *name, struct status *st)
{
    const struct unit *u = p->g->unit;
    const char *list = "";
    for (int i = 0; i < u->systems_count; i++) {
        if (strcmp(u->systems[i].name, name) == 0) return i;
        list = arena_printf(p->arena, "%s%s%s", list, i ? ", " : "", u->systems[i].name);
    }
    status_fail(st, STATUS_USAGE, "unit %s has no system \"%s\"", u->id, name);
    status_hint(st, "its systems: %s", list);
    return -1;
}

/* --- a table --- */

/* What people want to see of an account first: what identifies it, what is counted. */
static bool says_much(const struct layout_field *f)
{
    return f->role != ROLE_NONE || f->keep == LAYOUT_KEEP_HOT || f->type == LAYOUT_AMOUNT;
}

static bool is_column(const struct layout_field *f, bool all)
{
    return f->data_class < 3 && f->role != ROLE_SOURCE_NO && (all || says_much(f));
}

struct row_listing {
    struct show_population *p;
    const struct table *table;
    bool all;
    struct listing rows;
};

/* Columns: the fields; where owners share an account, what of each amount counts for this customer; where it is from.
 * */
static void open_rows(struct row_listing *l)
{
    const struct layout *y = l->table->layout;
    const char **names = arena_array(l->p->arena, const char *, LISTING_COLUMNS_MAX);
    int n = 0;
    for (int i = 0; i < y->fields_count; i++)
        if (is_column(&y->fields[i], l->all)) names[n++] = y->fields[i].name;
    for (int a = 0; l->table->by_relation && a < l->table->amounts_count; a++)
        names[n++] = arena_printf(l->p->arena, "counted_%s",
                                  y->fields[l->table->columns[l->table->amount_columns[a]].field].name);
    names[n++] = "file";
    names[n++] = "byte";
    ensure(n < LISTING_COLUMNS_MAX);
    listing_init(&l->rows, names);
    l->rows.hide_empty = true;
}

static void add_value(struct row_listing *l, const struct layout_field *f, const char *value)
{
    bool number = value && (f->type == LAYOUT_AMOUNT || f->type == LAYOUT_DIGITS);
    if (number)
        listing_decimal(&l->rows, value);
    else
        listing_text(&l->rows, value);
}

static void add_row(struct row_listing *l, const struct lookup_rows *rows, uint32_t row, const struct lookup_record *r)
{
    const struct layout *y = l->table->layout;
    struct show_record *shown = &l->p->records;
    for (int i = 0; i < y->fields_count; i++)
        if (is_column(&y->fields[i], l->all))
            add_value(l, &y->fields[i],
                      show_record_value(shown, l->p->readers[l->table->layout_index], i, r->bytes, NULL));
    for (int a = 0; l->table->by_relation && a < l->table->amounts_count; a++) {
        int column = l->table->amount_columns[a];
        const struct layout_field *f = &y->fields[l->table->columns[column].field];
        add_value(l, f, show_record_number(shown, f, show_decimal(l->p->arena, rows->columns[column][row], f->scale)));
    }
    listing_text(&l->rows, r->name);
    listing_integer(&l->rows, (int64_t)r->offset);
}

bool show_table(struct show_population *p, struct show *s, const struct lookup_customer *c, int table, bool full,
                struct status *st)
{
    struct row_listing l = {.p = p, .table = &p->g->tables.table[table], .all = full || s->json};
    if (l.table->layout->class != LAYOUT_ACCOUNT) l.all = true;
    struct lookup_rows rows;
    bool ok = lookup_rows(p->g, c, table, p->arena, &rows, st);
    open_rows(&l);
    for (uint32_t i = 0; ok && i < rows.count; i++) {
        struct lookup_record r;
        ok = lookup_record(p->g, l.table->layout_index, rows.records[i], p->arena, &r, st);
        if (ok) add_row(&l, &rows, i, &r);
    }
    const char *name = l.table->layout->name;
    if (ok)
        show_rows(s, name,
                  arena_printf(p->arena, "%s of %s: %u", name, show_system(p, l.table->layout_index), rows.count),
                  &l.rows);
    listing_release(&l.rows);
    return ok;
}
