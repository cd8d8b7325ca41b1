#include "etl/scorecard.h"

#include "base/os.h"

#define XXH_INLINE_ALL
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { COLUMN_NAME_MAX = 40, COLUMN_HASH_LENGTH = 9 };

const char *scorecard_column(int type, const char *kind, const char *name, char column[SCORECARD_COLUMN_MAX])
{
    char letter = type == CUSTOMER_CORPORATE ? 'C' : 'P';
    size_t length = strlen(name), cut = COLUMN_NAME_MAX - COLUMN_HASH_LENGTH;
    if (length <= COLUMN_NAME_MAX) {
        snprintf(column, SCORECARD_COLUMN_MAX, "%c.%s.%s", letter, kind, name);
        return column;
    }
    while (((unsigned char)name[cut] & 0xc0) == 0x80) cut--; /* UTF-8: not inside a character */
    snprintf(column, SCORECARD_COLUMN_MAX, "%c.%s.%.*s~%08x", letter, kind, (int)cut, name,
             (unsigned)XXH3_64bits(name, length));
    return column;
}

enum { FORMULA_FILE_MAX = 65536 };

/* Measures see the columns only: a field that is not one has to become hot before a formula may use it. */
bool scorecard_check_columns(const struct measure_set *measures, const struct tables *tables, const char *formula,
                             struct status *st)
{
    for (int t = 0; t < tables->count; t++) {
        const struct table *table = &tables->table[t];
        for (int f = 0; f < table->layout->fields_count; f++) {
            bool is_column = false;
            for (int c = 0; c < table->columns_count; c++) is_column |= table->columns[c].field == f;
            if (is_column || !measure_uses_field(measures, t, f)) continue;
            status_fail(st, STATUS_USAGE, "formula %s uses the field %s of layout %s, which is not kept hot", formula,
                        table->layout->fields[f].name, table->layout->name);
            return status_hint(st, "write keep=hot behind the field in layouts/%s.ini; then: crmx layout check",
                               table->layout->name);
        }
    }
    return true;
}

static bool load(const struct unit *u, int type, const struct tables *tables, const struct measure_rates *rates,
                 struct arena *arena, struct scorecard *c, struct status *st)
{
    const char *path = arena_printf(arena, "%s/formulas/%s.formula", u->folder, u->formula_name[type]);
    struct buf text;
    buf_init(&text, FORMULA_FILE_MAX);
    bool ok = os_read_file(path, &text, st) && formula_parse(path, buf_view(&text), &c->formula, st);
    buf_release(&text);
    if (!ok || !measure_bind(c->formula, tables->schema, rates, &c->measures, st) ||
        !formula_bind(c->formula, tables->schema, &c->program, st))
        return status_while(st, "reading formula %s of unit %s", u->formula_name[type], u->id);
    if (!scorecard_check_columns(c->measures, tables, u->formula_name[type], st)) return false;
    if (u->has_threshold[type]) formula_set_threshold(c->formula, u->threshold_minor[type]);
    c->threshold_minor = formula_threshold(c->formula);
    c->measures_count = formula_measure_count(c->formula);
    c->results_count = formula_result_count(c->formula);
    c->tier_result = -1;
    for (int i = 0; i < c->results_count; i++)
        if (strcmp(formula_result_name(c->formula, i), "tier") == 0 && formula_result_type(c->formula, i) == VALUE_CODE)
            c->tier_result = i;
    return true;
}

bool scorecards_load(const struct unit *u, const struct tables *tables, const struct rates *rates, struct arena *arena,
                     struct scorecards *out, struct status *st)
{
    *out = (struct scorecards){0};
    struct measure_rates r = {rates->rate, rates->per_unit};
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        if (!u->formula_name[t]) continue;
        if (!load(u, t, tables, &r, arena, &out->of[t], st)) return false;
        for (int f = 0; f < tables->schema->customer_fields_count; f++)
            out->uses_customer_fields |= formula_uses_customer_field(out->of[t].program, f);
    }
    return true;
}

void scorecards_release(struct scorecards *s)
{
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        struct scorecard *c = &s->of[t];
        if (c->program) formula_program_free(c->program);
        if (c->measures) measure_set_free(c->measures);
        if (c->formula) formula_free(c->formula);
    }
    *s = (struct scorecards){0};
}
