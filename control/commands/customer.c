/* crmx customer show: one customer with everything it was made from, out of the generation alone. */
#include "base/date.h"
#include "control/show_customer.h"
#include "control/show_value.h"
#include "etl/populate.h"

#include <stdio.h>
#include <string.h>

/* --- the parts of the page --- */

static bool show_head(struct show_population *p, const struct lookup_customer *c, const struct lookup_record *primary,
                      struct show *s, struct status *st)
{
    const struct scorecard *card = &p->cards.of[c->type];
    char date[11], entry[11];
    int64_t score = 0;
    bool scored = c->flags & CUSTOMER_SCORED;
    if (scored && !lookup_result(p->g, c, card->formula, 0, &score, st)) return false;
    date_format(p->g->business_date, date);
    date_format(c->entry_date, entry);
    show_section(s, "customer", "customer %s", show_number(p, c->number));
    if (s->json) show_text(s, "number", show_number(p, c->number));
    if (s->json)
        show_text(s, "unit", p->g->unit->id);
    else
        show_textf(s, "unit", "%s %s", p->g->unit->id, p->g->unit->name);
    show_text(s, "generation", p->g->id);
    show_text(s, "business_date", date);
    show_text(s, "type", CUSTOMER_TYPE_NAMES[c->type]);
    show_text(s, "name", show_role(p, primary, ROLE_NAME));
    show_text(s, "id_type", show_role(p, primary, ROLE_ID_TYPE));
    show_text(s, "id_no", show_role(p, primary, ROLE_ID_NO));
    show_flag(s, "selected", c->flags & CUSTOMER_SELECTED);
    if (s->json || c->flags & CUSTOMER_KEPT) show_flag(s, "kept", c->flags & CUSTOMER_KEPT);
    show_text(s, "why", show_customer_why(p, c, primary, &p->cards.of[c->type], score));
    show_text(s, "score", scored ? show_money(p->call, score) : NULL);
    show_text(s, "threshold", scored ? show_money(p->call, card->threshold_minor) : NULL);
    show_text(s, "crm_customer_since", entry[0] ? entry : NULL);
    return true;
}

static bool show_sources(struct show_population *p, const struct lookup_customer *c, struct show *s, struct status *st)
{
    static const char *const COLUMNS[] = {"system", "source_no", "record", "name", "id_type", "id_no",
                                          "birth",  "changed",   "file",   "byte", NULL};
    static const enum layout_role ROLES[] = {ROLE_NAME, ROLE_ID_TYPE, ROLE_ID_NO, ROLE_BIRTH, ROLE_CHANGED};
    struct listing rows;
    bool ok = true;
    listing_init(&rows, COLUMNS);
    for (uint32_t i = 0; ok && i < c->members_count; i++) {
        struct lookup_record r;
        ok = lookup_record(p->g, -1, c->members[i], p->arena, &r, st);
        if (!ok) break;
        listing_text(&rows, show_system(p, r.file->layout_index));
        listing_text(&rows, show_role(p, &r, ROLE_SOURCE_NO));
        listing_text(&rows, c->members[i] == c->primary ? "primary" : "contact");
        for (size_t k = 0; k < sizeof ROLES / sizeof *ROLES; k++) listing_text(&rows, show_role(p, &r, ROLES[k]));
        listing_text(&rows, r.name);
        listing_integer(&rows, (int64_t)r.offset);
    }
    if (ok) show_rows(s, "records", arena_printf(p->arena, "customer records: %u", c->members_count), &rows);
    listing_release(&rows);
    return ok;
}

static void add_score_row(struct show_population *p, struct listing *rows, const struct formula *f, const char *name,
                          enum value_type type, int64_t value, bool is_score, const char *code)
{
    listing_text(rows, name);
    if (show_hides_text(p, f, name, type, is_score))
        listing_decimal(rows, SHOW_HIDDEN);
    else if (type == VALUE_CODE)
        listing_text(rows, code);
    else
        listing_decimal(rows, show_typed(p->call, p->arena, type, 0, value));
}

static bool show_scores(struct show_population *p, const struct lookup_customer *c, struct show *s, struct status *st)
{
    static const char *const MEASURES[] = {"measure", "value", NULL}, *const RESULTS[] = {"result", "value", NULL};
    const struct scorecard *card = &p->cards.of[c->type];
    struct listing rows;
    int64_t value;
    bool ok = true;
    if (!card->formula) return true;
    listing_init(&rows, MEASURES);
    for (int m = 0; ok && m < card->measures_count; m++) {
        ok = lookup_measure(p->g, c, card->formula, m, &value, st);
        if (ok)
            add_score_row(p, &rows, card->formula, formula_measure_name(card->formula, m),
                          formula_measure_type(card->formula, m), value, false, NULL);
    }
    if (ok)
        show_rows(s, "measures", arena_printf(p->arena, "measures (formula %s)", p->g->unit->formula_name[c->type]),
                  &rows);
    listing_release(&rows);
    listing_init(&rows, RESULTS);
    for (int r = 0; ok && r < card->results_count; r++) {
        ok = lookup_result(p->g, c, card->formula, r, &value, st);
        enum value_type type = formula_result_type(card->formula, r);
        if (ok)
            add_score_row(p, &rows, card->formula, formula_result_name(card->formula, r), type, value, r == 0,
                          type == VALUE_CODE ? formula_result_code(card->program, r, value) : NULL);
    }
    if (ok) show_rows(s, "results", "results", &rows);
    listing_release(&rows);
    return ok;
}

static bool show_customer(struct show_population *p, struct status *st)
{
    struct lookup_customer c;
    struct lookup_record primary;
    uint64_t number = 0;
    if (!show_customer_find(p, &number, st) || !show_customer_load(p, number, &c, st)) return false;
    if (!lookup_record(p->g, -1, c.primary, p->arena, &primary, st)) return false;
    struct show s;
    show_open(&s, &p->call->output);
    bool ok = show_head(p, &c, &primary, &s, st) && show_sources(p, &c, &s, st);
    if (ok) {
        show_section(&s, "primary_record", "primary record, of %s", show_system(p, primary.file->layout_index));
        show_record_fields(&p->records, &s, p->readers[primary.file->layout_index], primary.bytes);
    }
    for (int t = 0; ok && t < p->g->tables.count; t++) ok = show_table(p, &s, &c, t, command_flag(p->call, "full"), st);
    ok = ok && show_scores(p, &c, &s, st);
    if (ok)
        show_print(&s);
    else
        show_release(&s);
    return ok;
}

static const char *looked_at(struct command_call *call)
{
    static const char *const WORDS[] = {"number", "system", "source-no"};
    const char *typed = command_text(call, "customer", NULL);
    const char *text = typed ? arena_printf(&call->arena, "customer show %s", typed) : "customer show";
    for (int i = 0; i < 3; i++)
        if (command_given(call, WORDS[i]))
            text = arena_printf(&call->arena, "%s --%s %s", text, WORDS[i], command_text(call, WORDS[i], ""));
    return command_given(call, "id-no") ? arena_printf(&call->arena, "%s by ID", text)
                                        : text; /* an ID has no place in a log */
}

static int run(struct command_call *call)
{
    struct show_population *p = arena_new(&call->arena, struct show_population);
    bool ok = show_population_open(p, call, true, looked_at(call), &call->status) && show_customer(p, &call->status);
    show_population_close(p);
    return ok ? 0 : command_failed(call);
}

const struct command command_customer_show = {
    .name = "customer show",
    .summary = "one customer with everything it was made from",
    .description =
        "The linked query: identity, primary record, all customer records, accounts, contacts and addresses of every "
        "system, "
        "measures, score, and why it is selected or not. Read from the generation alone; the inbox may be gone. "
        "Fields of class C2 are masked.",
    .arguments = (const struct command_value[]){SHOW_CUSTOMER_ARGUMENT, {0}},
    .options =
        (const struct command_value[]){
            SHOW_CUSTOMER,
            {.name = "full", .type = COMMAND_FLAG, .doc = "all fields of accounts, contacts and addresses"},
            SHOW_UNIT,
            SHOW_DATE,
            SHOW_UNMASK,
            {0}},
    .examples = "crmx customer show 1100000012\n"
                "crmx customer show --id-type 01 --id-no 110101198001010010 --unmask\n"
                "crmx customer show --system retail --source-no 100052780135 --date 2026-10-31",
    .rows = "customer records TABLE measures results",
    .run = run,
};
