#include "etl/scorecard.h"

#include "base/os.h"
#include "etl/average.h"
#include "etl/number.h"

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

bool scorecard_fail_not_hot(const struct formula *formula, const struct schema_table *table, const char *field,
                            struct status *st)
{
    char what[STATUS_MESSAGE_MAX];
    snprintf(what, sizeof what, "uses the field %s of layout %s, which is not kept hot", field, table->name);
    return formula_fail_at_field(formula, table, field, st, what);
}

/* Measures see the columns only: a field that is not one has to become hot before a formula may use it. */
bool scorecard_check_columns(const struct measure_set *measures, const struct tables *tables,
                             const struct formula *formula, struct status *st)
{
    for (int t = 0; t < tables->count; t++) {
        const struct table *table = &tables->table[t];
        for (int f = 0; f < table->layout->fields_count; f++) {
            bool is_column = false;
            for (int c = 0; c < table->columns_count; c++) is_column |= table->columns[c].field == f;
            if (is_column || !measure_uses_field(measures, t, f)) continue;
            scorecard_fail_not_hot(formula, &tables->schema->tables[t], table->layout->fields[f].name, st);
            return status_hint(st, "write keep=hot behind the field in layouts/%s.ini; then: crmx layout check",
                               table->layout->name);
        }
    }
    return true;
}

static int find_result(const struct formula *f, const char *name, enum value_type type)
{
    int result = formula_result_find(f, name);
    return result >= 0 && formula_result_type(f, result) == type ? result : -1;
}

static bool load(const struct unit *u, int type, const char *name, const struct tables *tables,
                 const struct measure_rates *rates, struct arena *arena, struct scorecard *c, struct status *st)
{
    const char *path = arena_printf(arena, "%s/formulas/%s.formula", u->folder, name);
    struct buf text;
    buf_init(&text, (size_t)1 << 30); /* formula_parse says what is too much */
    bool ok = os_read_file(path, &text, st) && formula_parse(path, buf_view(&text), &c->formula, st);
    buf_release(&text);
    if (!ok || !measure_bind(c->formula, tables->schema, rates, &c->measures, st) ||
        !formula_bind(c->formula, tables->schema, &c->program, st))
        return status_while(st, "reading formula %s of unit %s", name, u->id);
    if (!scorecard_check_columns(c->measures, tables, c->formula, st)) return false;
    if (u->has_threshold[type]) formula_set_threshold(c->formula, u->threshold_minor[type]);
    c->threshold_minor = formula_threshold(c->formula);
    c->measures_count = formula_measure_count(c->formula);
    c->results_count = formula_result_count(c->formula);
    c->tier_result = find_result(c->formula, "tier", VALUE_CODE);
    c->assets_result = find_result(c->formula, "total_assets", VALUE_MONEY);
    return true;
}

/* --- the challenger --- */

static bool load_shadow(const struct unit *u, int type, const struct tables *tables, const struct measure_rates *rates,
                        struct arena *arena, struct scorecards *s, struct status *st)
{
    struct scorecard_shadow *shadow = &s->shadow[type];
    struct scorecard *c = &shadow->card;
    const struct formula *active = s->of[type].formula;
    bool wanted[128] = {false}, any = false;
    if (!load(u, type, u->shadow_name[type], tables, rates, arena, c, st)) return false;
    for (int m = 0; m < c->measures_count; m++) {
        shadow->same_as[m] = -1;
        for (int k = 0; shadow->same_as[m] < 0 && k < formula_measure_count(active); k++)
            if (formula_same_measure(c->formula, m, active, k)) shadow->same_as[m] = k;
        any |= wanted[m] = shadow->same_as[m] < 0;
    }
    measure_set_free(c->measures);
    c->measures = NULL;
    return !any || measure_bind_some(c->formula, tables->schema, rates, wanted, &c->measures, st);
}

static bool asks_for_reasons(const struct unit *u)
{
    for (int o = 0; o < u->outputs_count; o++)
        for (int f = 0; f < u->outputs[o]->fields_count; f++)
            if (u->outputs[o]->fields[f].source == SOURCE_REASON) return true;
    return false;
}

/* In its aggregates or beside them. */
static bool card_uses_field(const struct scorecard *c, int field)
{
    return formula_uses_customer_field(c->program, field) ||
           (c->measures && measure_uses_customer_field(c->measures, field));
}

static bool load_all(const struct unit *u, const struct tables *tables, const struct rates *rates, struct arena *arena,
                     struct scorecards *out, struct status *st)
{
    *out = (struct scorecards){0};
    struct measure_rates r = {rates->rate, rates->per_unit};
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        if (!u->formula_name[t]) continue;
        if (!load(u, t, u->formula_name[t], tables, &r, arena, &out->of[t], st)) return false;
        if (u->shadow_name[t] && !load_shadow(u, t, tables, &r, arena, out, st)) return false;
        const struct formula_program *shadow = out->shadow[t].card.program;
        if (!interest_missing_new(out->of[t].formula, tables->schema, &r, &out->missing[t], st)) return false;
        const struct measure_set *missing = out->missing[t] ? out->missing[t]->measures : NULL;
        for (int f = 0; f < tables->schema->customer_fields_count; f++)
            out->uses_customer_field[t][f] = card_uses_field(&out->of[t], f) ||
                                             (shadow && card_uses_field(&out->shadow[t].card, f)) ||
                                             (missing && measure_uses_customer_field(missing, f));
        if (asks_for_reasons(u) &&
            !formula_parts_new(out->of[t].formula, tables->schema, FORMULA_PARTS_SCORE, &out->reasons[t], st))
            return status_while(st, "preparing the reason codes of formula %s", u->formula_name[t]);
    }
    return true;
}

bool scorecards_load(const struct unit *u, const struct tables *tables, const struct rates *rates, struct arena *arena,
                     struct scorecards *out, struct status *st)
{
    return load_all(u, tables, rates, arena, out, st) && average_check(u, out, st);
}

const char *scorecards_reason_name(const struct scorecards *s, int type, int64_t reason, char room[32])
{
    const struct formula_parts *parts = s->reasons[type];
    const struct formula *f = s->of[type].formula;
    if (!parts || reason < 1 || reason > parts->count) return "";
    for (int m = 0; m < formula_measure_count(f); m++)
        if (parts->part[reason - 1].measures[m]) return formula_measure_alias(f, m);
    snprintf(room, 32, "%lld", (long long)reason);
    return room;
}

static void release(struct scorecard *c)
{
    formula_program_free(c->program);
    measure_set_free(c->measures);
    formula_free(c->formula);
}

void scorecards_release(struct scorecards *s)
{
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        formula_parts_free(s->reasons[t]);
        interest_missing_free(s->missing[t]);
        release(&s->shadow[t].card);
        release(&s->of[t]);
    }
    *s = (struct scorecards){0};
}

bool scorecard_name_customer(const struct unit *u, uint64_t first_number, uint32_t count, struct status *st)
{
    const char *at = strstr(st->message, " of customer ");
    unsigned place;
    int end = 0;
    char head[STATUS_MESSAGE_MAX], tail[STATUS_MESSAGE_MAX];
    if (!at || sscanf(at, " of customer %u of the batch%n", &place, &end) != 1 || !end || place >= count) return false;
    snprintf(head, sizeof head, "%.*s", (int)(at - st->message), st->message);
    snprintf(tail, sizeof tail, "%s", at + end);
    char number[NUMBER_TEXT_MAX];
    number_text(u, first_number + place, number);
    snprintf(st->message, sizeof st->message, "%s of customer %s%s", head, number, tail);
    snprintf(st->hint, sizeof st->hint, "look at its measures: crmx customer show --number %s", number);
    return false;
}
