#include "control/show_explain.h"
#include "control/show_value.h"
#include "control/typed_value.h"

#include "base/date.h"
#include "etl/populate.h"
#include "scoring/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CHANGES_SHOWN = 12 };

/* One page while it is written. p NULL: typed values, nothing is masked. */
struct page {
    struct command_call *call;
    struct show_population *p;
    struct explain *e;
    const struct explain_account *accounts;
    int accounts_count;
    struct listing rows;
    bool shown[EXPLAIN_MEASURES_MAX]; /* its accounts stand above already */
    bool opened[FORMULA_PARTS_MAX];   /* definitions that are shown already */
};

/* The share of a term in the score tells its amount. */
static bool hides_money(const struct page *g)
{
    return g->p && show_hides(g->p, VALUE_MONEY, false, NULL);
}

/* text: the expression, or the name of the measure or result; code: the value's, of one. */
static const char *value_text(const struct page *g, const char *text, enum value_type type, int decimals, int64_t v,
                              const char *code)
{
    if (g->p && show_hides_text(g->p, g->e->formula, text, type, false)) return SHOW_HIDDEN;
    return type == VALUE_CODE ? code : show_typed(g->call, &g->call->arena, type, decimals, v);
}

static const char *measure_text(const struct page *g, int measure, int64_t v)
{
    const struct formula *f = g->e->formula;
    return value_text(g, formula_measure_name(f, measure), formula_measure_type(f, measure), 0, v, NULL);
}

static const char *part_text(const struct page *g, int part)
{
    const struct formula_part *p = &g->e->parts->part[part];
    int64_t value = g->e->part_values[part];
    const char *code = p->type == VALUE_CODE ? formula_parts_code(g->e->parts, part, value) : NULL;
    return value_text(g, p->text, p->type, p->decimals, value, code);
}

/* --- the tree --- */

static void add_line(struct page *g, int level, const char *what, const char *kind, const char *value,
                     const char *share, const char *file, int64_t byte)
{
    listing_integer(&g->rows, level);
    listing_text(&g->rows, g->call->json ? what : arena_printf(&g->call->arena, "%*s%s", 2 * level, "", what));
    listing_text(&g->rows, kind);
    listing_decimal(&g->rows, value);
    listing_decimal(&g->rows, share);
    listing_text(&g->rows, file);
    listing_text(&g->rows, file ? arena_printf(&g->call->arena, "%" PRId64, byte) : NULL);
}

/* "retail_account 6222*********01 CNY", each part as its class allows. */
static const char *account_name(struct page *g, const struct lookup_record *r)
{
    const char *text = r->file->layout->name;
    for (int i = 0; i < LAYOUT_ACCOUNT_KEY_PARTS; i++) {
        const char *part = show_role(g->p, r, LAYOUT_ACCOUNT_KEY[i]);
        if (part && *part) text = arena_printf(&g->call->arena, "%s %s", text, part);
    }
    return text;
}

static bool add_accounts(struct page *g, int measure, int level, struct status *st)
{
    for (int i = 0; i < g->accounts_count; i++) {
        const struct explain_account *a = &g->accounts[i];
        struct lookup_record r;
        if (a->measure != measure) continue;
        int layout = g->p->g->tables.table[a->table].layout_index;
        if (!lookup_record(g->p->g, layout, a->record, &g->call->arena, &r, st)) return false;
        add_line(g, level, account_name(g, &r), "account", measure_text(g, measure, a->value), NULL, r.name,
                 (int64_t)r.offset);
    }
    return true;
}

static bool add_definition(struct page *g, int definition, int level, struct status *st);

static bool add_inside(struct page *g, const struct formula_part *part, int level, struct status *st)
{
    const struct formula *f = g->e->formula;
    for (int m = 0; m < formula_measure_count(f); m++) {
        if (!part->measures[m]) continue;
        add_line(g, level, formula_measure_name(f, m), "measure", measure_text(g, m, g->e->measures[m]), NULL, NULL, 0);
        if (g->p && !g->shown[m] && !add_accounts(g, m, level + 1, st)) return false;
        g->shown[m] = true;
    }
    for (int c = 0; c < formula_coefficient_count(f); c++)
        if (part->coefficients[c])
            add_line(g, level, formula_coefficient_name(f, c), "coefficient",
                     arena_printf(&g->call->arena, "%.15g", formula_coefficient(f, c)), NULL, NULL, 0);
    for (int d = 1; d < g->e->parts->definitions_count; d++)
        if (part->uses[d] && !add_definition(g, d, level, st)) return false;
    return true;
}

/* Of a case the first condition that holds counts: what stands behind it was not looked at. */
static const char *kind_of(const struct formula_part *part, bool chosen, bool passed)
{
    switch (part->kind) {
    case PART_TERM: return "term";
    case PART_CONDITION: return passed ? "condition, not reached" : "condition";
    case PART_VALUE: return chosen ? "value, counts" : "value";
    default: return chosen ? "else, counts" : "else";
    }
}

/* Each name once: where it is used a second time it is only named. */
static bool add_definition(struct page *g, int definition, int level, struct status *st)
{
    const struct formula_parts *parts = g->e->parts;
    const char *name = parts->definitions[definition];
    int64_t score = g->e->results[0];
    bool decided = false, holds = false;
    if (definition) add_line(g, level, name, g->opened[definition] ? "see above" : "value of", NULL, NULL, NULL, 0);
    if (g->opened[definition]) return true;
    g->opened[definition] = true;
    for (int i = 0; i < parts->count; i++) {
        const struct formula_part *part = &parts->part[i];
        int64_t value = g->e->part_values[i];
        if (strcmp(part->of, name) != 0) continue;
        bool passed = decided, chosen = part->kind == PART_VALUE ? holds : part->kind == PART_OTHERWISE && !decided;
        if (part->kind == PART_CONDITION) holds = value && !decided, decided |= value != 0;
        const char *share = definition == 0 && part->kind == PART_TERM && score > 0 && !hides_money(g)
                                ? arena_printf(&g->call->arena, "%.1f%%", 100.0 * (double)value / (double)score)
                                : NULL;
        const char *text = part->negative ? arena_printf(&g->call->arena, "- %s", part->text) : part->text;
        add_line(g, level + 1, text, kind_of(part, chosen, passed), part_text(g, i), share, NULL, 0);
        if (!add_inside(g, part, level + 2, st)) return false;
    }
    return true;
}

static bool show_tree(struct page *g, struct show *s, struct status *st)
{
    static const char *const COLUMNS[] = {"level", "part", "kind", "value", "share", "file", "byte", NULL};
    listing_init(&g->rows, COLUMNS);
    g->rows.hide_empty = true;
    add_line(g, 0, "score", "score", show_money(g->call, g->e->results[0]), NULL, NULL, 0);
    bool ok = add_definition(g, 0, 0, st);
    if (ok) show_rows(s, "tree", "what the score is made of", &g->rows);
    listing_release(&g->rows);
    return ok;
}

/* --- reasons, changes, results --- */

static void show_reasons(struct page *g, struct show *s)
{
    static const char *const COLUMNS[] = {"reason", "term", "value", NULL};
    int part[EXPLAIN_REASONS], count = explain_reasons(g->e, part);
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < count; i++) {
        listing_integer(&rows, i + 1);
        listing_text(&rows, g->e->parts->part[part[i]].text);
        listing_decimal(&rows, part_text(g, part[i]));
    }
    show_rows(s, "reasons", "terms that add most", &rows);
    listing_release(&rows);
}

/* A change is no balance: it says what is missing, not what is there. That of a date is days. */
static void show_changes(struct page *g, struct show *s, int64_t threshold)
{
    static const char *const COLUMNS[] = {"measure", "type", "change", "score_then", NULL};
    struct explain_change list[CHANGES_SHOWN];
    int count = explain_changes(g->e, threshold, list, CHANGES_SHOWN);
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < count; i++) {
        enum value_type type = formula_measure_type(g->e->formula, list[i].measure);
        const char *change =
            show_typed(g->call, &g->call->arena, type == VALUE_DATE ? VALUE_NUMBER : type, 0, list[i].change);
        if (type == VALUE_DATE && !g->call->json) change = arena_printf(&g->call->arena, "%s days", change);
        listing_text(&rows, formula_measure_name(g->e->formula, list[i].measure));
        listing_text(&rows, value_type_name(type));
        bool plus = list[i].change > 0 && !g->call->json;
        listing_decimal(&rows, plus ? arena_printf(&g->call->arena, "+%s", change) : change);
        listing_decimal(&rows, show_money(g->call, list[i].score));
    }
    show_rows(s, "changes",
              g->e->results[0] < threshold ? "what would bring it to the threshold, each alone"
                                           : "what would take it below the threshold, each alone",
              &rows);
    listing_release(&rows);
}

static void show_results(struct page *g, struct show *s)
{
    static const char *const COLUMNS[] = {"result", "value", NULL};
    const struct formula *f = g->e->formula;
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int r = 1; r < formula_result_count(f); r++) {
        enum value_type type = formula_result_type(f, r);
        listing_text(&rows, formula_result_name(f, r));
        const char *code = type == VALUE_CODE ? formula_result_code(g->e->program, r, g->e->results[r]) : NULL;
        const char *text = value_text(g, formula_result_name(f, r), type, 0, g->e->results[r], code);
        if (code)
            listing_text(&rows, text);
        else
            listing_decimal(&rows, text);
    }
    show_rows(s, "results", "other results", &rows);
    listing_release(&rows);
}

static bool show_body(struct page *g, struct show *s, int64_t threshold, struct status *st)
{
    if (!show_tree(g, s, st)) return false;
    show_reasons(g, s);
    show_changes(g, s, threshold);
    show_results(g, s);
    return true;
}

/* --- a customer --- */

static bool show_head(struct page *g, const struct lookup_customer *c, const struct lookup_record *primary,
                      const char *formula_name, int64_t threshold, struct show *s, struct status *st)
{
    struct show_population *p = g->p;
    const struct scorecard *card = &p->cards.of[c->type];
    bool own = g->e->formula == card->formula;
    struct scorecard tried = {.threshold_minor = threshold, .formula = card->formula};
    int64_t active = 0;
    if (c->flags & CUSTOMER_SCORED && !lookup_result(p->g, c, card->formula, 0, &active, st)) return false;
    struct lookup_customer as_tried = *c;
    as_tried.flags |= CUSTOMER_SCORED;
    if (!own) as_tried.flags &= ~(unsigned)CUSTOMER_KEPT; /* by another formula that is another night's affair */
    bool passes = !(c->flags & CUSTOMER_EXCLUDED) && (g->e->results[0] >= threshold || c->flags & CUSTOMER_OVERRIDDEN);
    show_section(s, "customer", "customer %s", show_number(p, c->number));
    if (s->json) show_text(s, "number", show_number(p, c->number));
    show_text(s, "unit", p->g->unit->id);
    show_text(s, "generation", p->g->id);
    show_text(s, "type", CUSTOMER_TYPE_NAMES[c->type]);
    show_text(s, "name", show_role(p, primary, ROLE_NAME));
    show_text(s, "formula", formula_name);
    show_amount(s, "threshold", threshold, 2);
    show_amount(s, "score", g->e->results[0], 2);
    show_flag(s, "passes", passes);
    show_text(s, "why", show_customer_why(p, &as_tried, primary, &tried, g->e->results[0]));
    show_text(s, "to_change",
              !(c->flags & CUSTOMER_EXCLUDED) ? NULL
              : g->e->results[0] >= threshold
                  ? "it would be selected as soon as it leaves the exclusion list"
                  : "it would stay out even without the exclusion list: see the changes below");
    show_flag(s, "selected_in_generation", c->flags & CUSTOMER_SELECTED);
    if (s->json || c->flags & CUSTOMER_KEPT) show_flag(s, "kept_in_generation", c->flags & CUSTOMER_KEPT);
    bool other = c->flags & CUSTOMER_SCORED && active != g->e->results[0];
    show_text(s, "score_in_generation", other ? show_money(p->call, active) : NULL);
    return true;
}

static bool fail_type(struct show_population *p, const struct lookup_customer *c, const char *formula_name,
                      struct status *st)
{
    status_fail(st, STATUS_USAGE, "customer %s is a %s customer, %s is tried as a formula of the others",
                show_number(p, c->number), CUSTOMER_TYPE_NAMES[c->type], formula_name);
    return status_hint(st, "add --type %s", CUSTOMER_TYPE_NAMES[c->type]);
}

bool show_explanation(struct show_population *p, uint64_t number, const struct formula *f, const char *formula_name,
                      int type, struct status *st)
{
    struct lookup_customer c;
    struct lookup_record primary;
    struct explain *e = arena_new(p->arena, struct explain);
    struct page *g = arena_new(p->arena, struct page);
    if (!show_customer_load(p, number, &c, st)) return false;
    if (type >= 0 && c.type != type) return fail_type(p, &c, formula_name, st);
    struct explain_account *accounts;
    struct show s;
    show_open(&s, &p->call->output);
    *g = (struct page){.call = p->call, .p = p, .e = e};
    bool ok = lookup_record(p->g, -1, c.primary, p->arena, &primary, st) &&
              explain_open(e, f, p->g->tables.schema, st) && explain_customer(e, p->g, &c, st) &&
              explain_accounts(e, p->g, &c, p->arena, &accounts, &g->accounts_count, st);
    if (ok) g->accounts = accounts;
    ok = ok && show_head(g, &c, &primary, formula_name, formula_threshold(f), &s, st) &&
         show_body(g, &s, formula_threshold(f), st);
    if (ok)
        show_print(&s);
    else
        show_release(&s);
    explain_close(e);
    return ok;
}

/* --- typed values --- */

static void show_typed_head(struct page *g, const char *formula_name, int32_t date, int64_t threshold, struct show *s)
{
    char text[11];
    int64_t distance = g->e->results[0] - threshold;
    date_format(date, text);
    show_section(s, "customer", "typed values");
    show_text(s, "formula", formula_name);
    show_text(s, "business_date", text);
    show_amount(s, "threshold", threshold, 2);
    show_amount(s, "score", g->e->results[0], 2);
    show_flag(s, "passes", distance >= 0);
    show_textf(s, "why", "%s %s the threshold", show_money(g->call, distance < 0 ? -(__int128)distance : distance),
               distance < 0 ? "below" : "above");
}

/* --date, else that of the unit's population, else today: for age() and the like. */
static int32_t typed_business_date(struct command_call *call, const struct unit *unit)
{
    struct generation_current current;
    struct status ignored = {0};
    bool there = false;
    char now[21];
    int32_t date = command_date(call, "date", DATE_NONE);
    if (date != DATE_NONE) return date;
    os_wall_clock(now);
    if (generation_current_read(show_unit_folder(call, unit->id), &current, &there, &ignored) && there)
        snprintf(now, sizeof now, "%.10s", current.id);
    ensure(date_parse((struct view){now, 10}, &date));
    return date;
}

bool show_typed_explanation(struct command_call *call, const struct unit *unit, const struct formula *f,
                            const char *formula_name, const char *const *values, int count, struct status *st)
{
    struct explain *e = arena_new(&call->arena, struct explain);
    struct page *g = arena_new(&call->arena, struct page);
    struct tables *tables = arena_new(&call->arena, struct tables);
    struct rates *rates = arena_new(&call->arena, struct rates);
    int32_t date = typed_business_date(call, unit);
    struct show s;
    rates->count = 1;
    snprintf(rates->code[0], sizeof rates->code[0], "%s", unit->base_currency);
    tables_init(tables, unit, rates, date, &call->arena);
    *g = (struct page){.call = call, .e = e};
    bool ok = explain_open(e, f, tables->schema, st);
    ok = ok && typed_values_read(&call->arena, e, tables->schema, values, count, st) && explain_evaluate(e, st);
    show_open(&s, &call->output);
    if (ok) show_typed_head(g, formula_name, date, formula_threshold(f), &s);
    ok = ok && show_body(g, &s, formula_threshold(f), st);
    if (ok)
        show_print(&s);
    else
        show_release(&s);
    explain_close(e);
    return ok;
}
