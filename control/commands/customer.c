/* crmx customer show: one customer with everything it was made from, out of the generation alone. */
#include "base/date.h"
#include "control/show_generation.h"
#include "etl/populate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const TYPES[] = {"personal", "corporate"};

/* --- who is meant --- */

static bool fail_several(struct show_population *p, const struct lookup_hits *hits, const char *what, struct status *st)
{
    struct buf list;
    buf_init(&list, 400);
    for (int i = 0; i < hits->count && i < 8; i++)
        buf_addf(&list, "%s--number %s", i ? ", " : "", show_number(p, hits->hit[i].number));
    status_fail(st, STATUS_USAGE, "%d%s customers have this %s", hits->count, hits->more ? " and more" : "", what);
    status_hint(st, "choose: crmx customer show %s", list.bytes);
    buf_release(&list);
    return false;
}

static bool choose(struct show_population *p, const struct lookup_hits *hits, const char *what, const char *hint,
                   uint64_t *number, struct status *st)
{
    int exact = 0;
    for (int i = 0; i < hits->count; i++)
        if (hits->hit[i].same_number && !exact++) *number = hits->hit[i].number;
    if (exact == 1) return true;
    if (exact > 1) return fail_several(p, hits, what, st);
    status_fail(st, STATUS_USAGE, "no customer of unit %s has this %s in generation %s", p->g->unit->id, what,
                p->g->id);
    return status_hint(st, "%s", hint);
}

static bool by_number(struct show_population *p, const char *text, uint64_t *number, struct status *st)
{
    if (!lookup_parse_number(p->g->unit, text, number)) {
        status_fail(st, STATUS_USAGE, "\"%s\" is no integrated number of unit %s", text, p->g->unit->id);
        return status_hint(st, "its numbers go from %s to %s", show_number(p, p->g->first_number),
                           show_number(p, p->g->first_number + p->g->customers - 1));
    }
    return true;
}

static bool by_identity(struct show_population *p, uint64_t *number, struct status *st)
{
    const char *type = command_text(p->call, "id-type", NULL), *no = command_text(p->call, "id-no", NULL);
    struct lookup_hits hits;
    return lookup_identity(p->g, view_of(type), view_of(no), CHARSET_UTF8, &hits, st) &&
           choose(p, &hits, "ID",
                  arena_printf(p->arena, "see how the number is read: crmx identity explain %s NUMBER --unit %s", type,
                               p->g->unit->id),
                  number, st);
}

static bool by_source(struct show_population *p, uint64_t *number, struct status *st)
{
    const char *system = command_text(p->call, "system", NULL), *key = command_text(p->call, "source-no", NULL);
    struct lookup_hits hits;
    int index = show_system_index(p, system, st);
    return index >= 0 && lookup_source(p->g, index, view_of(key), &hits, st) &&
           choose(p, &hits, "source number",
                  arena_printf(p->arena, "look for it among the rejected ones too: crmx source show %s %s --unit %s",
                               system, key, p->g->unit->id),
                  number, st);
}

/* Exactly one of the three ways; each way whole. */
static bool find_customer(struct show_population *p, uint64_t *number, struct status *st)
{
    struct command_call *call = p->call;
    bool numbered = command_given(call, "number"),
         identity = command_given(call, "id-type") || command_given(call, "id-no");
    bool source = command_given(call, "system") || command_given(call, "source-no");
    if (numbered + identity + source == 1) {
        if (numbered) return by_number(p, command_text(call, "number", NULL), number, st);
        if (identity && command_given(call, "id-type") && command_given(call, "id-no"))
            return by_identity(p, number, st);
        if (source && command_given(call, "system") && command_given(call, "source-no"))
            return by_source(p, number, st);
    }
    status_fail(st, STATUS_USAGE, "crmx customer show: one way to name the customer is needed");
    return status_hint(st, "--number N, or --id-type TYPE --id-no NUMBER, or --system SYSTEM --source-no NUMBER");
}

/* --- the parts of the page --- */

/* The list entry of a customer: by its ID, else by its number. False: none. */
static bool find_entry(struct show_population *p, const struct lookup_customer *c, const struct lookup_record *r,
                       unsigned list, const char **reason, int32_t *expires)
{
    const struct layout *l = r->file->layout;
    const struct reference *lists = &p->g->reference;
    char number[IDENTITY_NUMBER_MAX + 8];
    struct view class;
    struct identity_key key;
    size_t n = identity_number(
        p->g->unit->identity, lookup_charset(l), decode_text(l, l->role_field[ROLE_ID_TYPE], r->bytes),
        decode_text(l, l->role_field[ROLE_ID_NO], r->bytes), number, &class, &key, c->type == CUSTOMER_CORPORATE);
    bool override = list == REFERENCE_OVERRIDE;
    int count,
        first = override ? reference_overrides(lists, key.key, &count) : reference_exclusions(lists, key.key, &count);
    for (int i = first; i < first + count; i++) {
        const struct exclusion *e = override ? &lists->overrides[i] : &lists->exclusions[i];
        if (!view_is(class, e->class) || !view_is((struct view){number, n}, e->number)) continue;
        *reason = e->reason;
        *expires = e->expires;
        return true;
    }
    const struct listed_number *e = reference_listed_number(lists, c->number, list);
    if (e) *reason = e->reason;
    if (e) *expires = e->expires;
    return e != NULL;
}

/* "on the exclusion list (STAFF, until 2027-01-01)" */
static const char *on_list(struct show_population *p, const struct lookup_customer *c, const struct lookup_record *r,
                           unsigned list)
{
    const char *reason = "";
    int32_t expires = DATE_NONE;
    char until[11];
    find_entry(p, c, r, list, &reason, &expires);
    date_format(expires, until);
    return arena_printf(p->arena, "on the %s list (%s, %s%s)", list == REFERENCE_OVERRIDE ? "override" : "exclusion",
                        reason[0] ? reason : "no reason given", until[0] ? "until " : "for ever", until);
}

/* "734,567.00 above the threshold", "on the exclusion list (STAFF, until 2027-01-01)" … */
static const char *reason(struct show_population *p, const struct lookup_customer *c,
                          const struct lookup_record *primary, int64_t score)
{
    const struct scorecard *card = &p->cards.of[c->type];
    if (c->flags & CUSTOMER_EXCLUDED) return on_list(p, c, primary, REFERENCE_EXCLUSION);
    if (!(c->flags & CUSTOMER_SCORED))
        return arena_printf(p->arena, "not scored: the unit has no formula for %s customers", TYPES[c->type]);
    int64_t distance = score - card->threshold_minor;
    const char *money = show_grouped(p->arena, show_decimal(p->arena, distance < 0 ? -distance : distance, 2));
    const char *text = arena_printf(p->arena, "%s %s the threshold", money, distance < 0 ? "below" : "above");
    if (distance < 0 && (c->flags & CUSTOMER_OVERRIDDEN))
        return arena_printf(p->arena, "%s, but %s", text, on_list(p, c, primary, REFERENCE_OVERRIDE));
    return text;
}

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
    show_text(s, "type", TYPES[c->type]);
    show_text(s, "name", show_role(p, primary, ROLE_NAME));
    show_text(s, "id_type", show_role(p, primary, ROLE_ID_TYPE));
    show_text(s, "id_no", show_role(p, primary, ROLE_ID_NO));
    show_flag(s, "selected", c->flags & CUSTOMER_SELECTED);
    show_text(s, "why", reason(p, c, primary, score));
    if (scored) show_amount(s, "score", score, 2);
    if (scored) show_amount(s, "threshold", card->threshold_minor, 2);
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
        listing_text(&rows, r.file->name);
        listing_integer(&rows, (int64_t)r.offset);
    }
    if (ok) show_rows(s, "records", arena_printf(p->arena, "customer records: %u", c->members_count), &rows);
    listing_release(&rows);
    return ok;
}

/* Measures of money are balances: as those they are masked. */
static void add_score_row(struct show_population *p, struct listing *rows, const char *name, enum value_type type,
                          int64_t value, bool hide, const char *code)
{
    char date[11];
    if (type == VALUE_DATE) date_format((int32_t)value, date);
    const char *text = type == VALUE_MONEY  ? show_decimal(p->arena, value, 2)
                       : type == VALUE_CODE ? code
                       : type == VALUE_DATE ? arena_dup(p->arena, view_of(date))
                                            : arena_printf(p->arena, "%" PRId64, value);
    if (type == VALUE_MONEY && !p->call->json) text = show_grouped(p->arena, text);
    listing_text(rows, name);
    if (type == VALUE_CODE)
        listing_text(rows, text);
    else
        listing_decimal(rows, hide && type == VALUE_MONEY && !p->records.unmask ? "***" : text);
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
            add_score_row(p, &rows, formula_measure_name(card->formula, m), formula_measure_type(card->formula, m),
                          value, true, NULL);
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
            add_score_row(p, &rows, formula_result_name(card->formula, r), type, value, r > 0,
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
    bool found = true;
    if (!find_customer(p, &number, st) || !lookup_customer(p->g, number, p->arena, &c, &found, st)) return false;
    if (!found) {
        status_fail(st, STATUS_USAGE, "unit %s has no customer %s in generation %s", p->g->unit->id,
                    show_number(p, number), p->g->id);
        return status_hint(st, "its numbers go from %s to %s", show_number(p, p->g->first_number),
                           show_number(p, p->g->first_number + p->g->customers - 1));
    }
    if (!lookup_record(p->g, -1, c.primary, p->arena, &primary, st)) return false;
    struct show s;
    show_open(&s, p->call->json);
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
    const char *text = "customer show";
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
    .options =
        (const struct command_value[]){
            {.name = "number",
             .letter = 'n',
             .type = COMMAND_TEXT,
             .placeholder = "NUMBER",
             .doc = "the integrated number"},
            {.name = "id-type",
             .type = COMMAND_TEXT,
             .placeholder = "TYPE",
             .doc = "with --id-no: its ID, in any notation"},
            {.name = "id-no", .type = COMMAND_TEXT, .placeholder = "NUMBER", .doc = "with --id-type"},
            {.name = "system",
             .type = COMMAND_TEXT,
             .placeholder = "SYSTEM",
             .doc = "with --source-no: its number in a business system"},
            {.name = "source-no", .type = COMMAND_TEXT, .placeholder = "NUMBER", .doc = "with --system"},
            {.name = "full", .type = COMMAND_FLAG, .doc = "all fields of accounts, contacts and addresses"},
            SHOW_UNIT,
            SHOW_DATE,
            SHOW_UNMASK,
            {0}},
    .examples = "crmx customer show --number 1100000012\n"
                "crmx customer show --id-type 01 --id-no 110101198001010010 --unmask\n"
                "crmx customer show --system retail --source-no 100052780135 --date 2026-10-31",
    .run = run,
};
