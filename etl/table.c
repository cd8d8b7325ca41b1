#include "etl/table.h"

#include <string.h>

_Static_assert((int)LAYOUT_HOT_MAX < (int)TABLE_COLUMNS_MAX && 8 * LAYOUT_HOT_MAX + 8 <= (int)TABLE_ROW_MAX &&
                   (int)LAYOUT_HOT_AMOUNTS_MAX <= (int)TABLE_AMOUNTS_MAX,
               "what a layout may keep hot must fit a row");

/* Wide columns first, so that every column is aligned to its width. */
static void place_columns(struct table *t)
{
    uint16_t at = 0;
    for (uint8_t width = 8; width; width = width / 2)
        for (int i = 0; i < t->columns_count; i++)
            if (t->columns[i].width == width) {
                t->columns[i].offset = at;
                at = (uint16_t)(at + width);
            }
    t->row_size = (uint16_t)((at + 7) & ~7); /* so that the 64-bit keys of tuples that carry rows are aligned */
}

static void init_table(struct table *t, const struct unit *u, int layout_index)
{
    const struct layout *l = u->layouts[layout_index];
    *t = (struct table){
        .layout = l, .layout_index = layout_index, .system = u->layout_system[layout_index], .currency_column = -1};
    t->value_column = t->shares_column = t->fund_column = -1;
    int value = layout_value_field(l);
    t->by_relation = l->class == LAYOUT_ACCOUNT && l->role_field[ROLE_SOURCE_NO] < 0;
    for (int i = 0; i < l->fields_count; i++) {
        const struct layout_field *f = &l->fields[i];
        bool is_currency = l->class == LAYOUT_ACCOUNT && l->role_field[ROLE_CURRENCY] == i;
        if (f->type == LAYOUT_TEXT || !(f->keep == LAYOUT_KEEP_HOT || is_currency)) continue;
        ensure(t->columns_count < TABLE_COLUMNS_MAX);
        if (is_currency) t->currency_column = t->columns_count;
        if (f->type == LAYOUT_AMOUNT && t->amounts_count < TABLE_AMOUNTS_MAX)
            t->amount_columns[t->amounts_count++] = t->columns_count;
        if (i == value) t->value_column = t->columns_count;
        if (value >= 0 && i == l->fields[value].shares_field) t->shares_column = t->columns_count;
        if (value >= 0 && i == l->fields[value].fund_field) t->fund_column = t->columns_count;
        struct decode_column *c = &t->columns[t->columns_count++];
        c->field = i;
        decode_column_shape(f, c);
    }
    place_columns(t);
}

enum value_type table_value_type(const struct layout_field *f)
{
    switch (f->type) {
    case LAYOUT_AMOUNT: return VALUE_MONEY;
    case LAYOUT_DATE: return VALUE_DATE;
    case LAYOUT_FUND: /* no code of a list that a layout knows: formulas do not compare it */
    case LAYOUT_CODE: return VALUE_CODE;
    case LAYOUT_CURRENCY: return VALUE_CURRENCY;
    default: return VALUE_NUMBER;
    }
}

static struct schema_field schema_field_of(const struct layout_field *f)
{
    return (struct schema_field){.name = f->name,
                                 .type = table_value_type(f),
                                 .scale = f->type == LAYOUT_AMOUNT ? f->scale : 0,
                                 .codes = f->codes,
                                 .codes_count = f->codes_count};
}

/* A field that another customer layout has too: the systems' codes together (retail may say M and F, loan 1 and 2), the
 * scale of the finer one. A field of another type stays that of the first layout. */
static void join_field(struct schema_field *to, const struct layout_field *from, struct arena *arena)
{
    if (table_value_type(from) != to->type) return;
    if (from->type == LAYOUT_AMOUNT && from->scale > to->scale) to->scale = from->scale;
    const char **codes = arena_array(arena, const char *, to->codes_count + from->codes_count + 1);
    int count = to->codes_count;
    if (count) memcpy(codes, to->codes, (size_t)count * sizeof *codes);
    for (int i = 0; i < from->codes_count; i++) {
        int known = 0;
        while (known < to->codes_count && strcmp(to->codes[known], from->codes[i]) != 0) known++;
        if (known == to->codes_count) codes[count++] = from->codes[i];
    }
    if (count == to->codes_count) return;
    to->codes = codes;
    to->codes_count = count;
}

/* Customer fields: what the customer layouts have under one name and one type, then the averages of the unit. */
static void customer_fields(struct schema *s, const struct unit *u, struct arena *arena)
{
    struct schema_field *fields = arena_array(arena, struct schema_field, LAYOUT_FIELDS_MAX);
    for (int i = 0; i < u->layouts_count; i++) {
        const struct layout *l = u->layouts[i];
        bool is_base = l->class == LAYOUT_CUSTOMER && !l->change && unit_layout(u, l->name) == i;
        for (int k = 0; is_base && k < l->fields_count; k++) {
            const struct layout_field *f = &l->fields[k];
            if (f->type == LAYOUT_TEXT || f->type == LAYOUT_CURRENCY || f->type == LAYOUT_FUND || f->data_class == 3)
                continue;
            int known = 0;
            while (known < s->customer_fields_count && strcmp(fields[known].name, f->name) != 0) known++;
            if (known < s->customer_fields_count) {
                join_field(&fields[known], f, arena);
            } else if (known < LAYOUT_FIELDS_MAX) {
                fields[known] = schema_field_of(f);
                s->customer_fields_count++;
            }
        }
    }
    for (int i = 0; i < u->averages_count && s->customer_fields_count < LAYOUT_FIELDS_MAX; i++) {
        fields[s->customer_fields_count++] =
            (struct schema_field){.name = u->averages[i].name, .type = VALUE_MONEY, .scale = 2};
        s->customer_averages_count++;
    }
    s->customer_fields = fields;
}

static void interest_rates(struct schema *s, const struct quotes *q, struct arena *arena)
{
    if (!q || !q->count) return;
    struct schema_interest *rates = arena_array(arena, struct schema_interest, q->count);
    for (int i = 0; i < q->count; i++) {
        const struct quote *one = &q->list[i];
        rates[i] = (struct schema_interest){arena_dup(arena, view_of(one->code)),
                                            one->currency[0] ? arena_dup(arena, view_of(one->currency)) : NULL,
                                            one->value, one->scale};
    }
    s->interest = rates;
    s->interest_count = q->count;
}

void tables_init(struct tables *t, const struct unit *u, const struct rates *rates, int32_t business_date,
                 struct arena *arena)
{
    t->count = 0;
    struct schema *s = arena_new(arena, struct schema);
    struct schema_table *st = arena_array(arena, struct schema_table, u->layouts_count);
    for (int i = 0; i < u->layouts_count; i++) {
        const struct layout *l = u->layouts[i];
        if (l->class != LAYOUT_ACCOUNT && l->class != LAYOUT_CONTACT && l->class != LAYOUT_ADDRESS) continue;
        if (l->change || unit_layout(u, l->name) != i) continue; /* a change list, an older version: the base's table */
        init_table(&t->table[t->count], u, i);
        struct schema_field *fields = arena_array(arena, struct schema_field, l->fields_count);
        for (int k = 0; k < l->fields_count; k++) fields[k] = schema_field_of(&l->fields[k]);
        int value = layout_value_field(l);
        if (value >= 0) fields[l->fields[value].shares_field].type = VALUE_NUMBER; /* shares are no money */
        st[t->count++] = (struct schema_table){.name = l->name,
                                               .system = l->class == LAYOUT_ACCOUNT ? l->system : "",
                                               .fields = fields,
                                               .fields_count = l->fields_count,
                                               .currency_field = l->role_field[ROLE_CURRENCY]};
    }
    s->tables = st;
    s->tables_count = t->count;
    customer_fields(s, u, arena);
    const char **currencies = arena_array(arena, const char *, rates->count);
    for (int i = 0; i < rates->count; i++) currencies[i] = arena_dup(arena, view_of(rates->code[i]));
    s->currencies = currencies;
    s->currencies_count = rates->count;
    s->business_date = business_date;
    interest_rates(s, rates->interest, arena);
    t->schema = s;
}
