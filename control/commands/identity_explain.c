/* crmx identity explain: how an ID number is read, who has it, and what a record with it would join. */
#include "control/show_generation.h"
#include "control/show_tsv.h"
#include "etl/populate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const RULES[] = {"plain", "resident", "organisation", "permit"};
static const char *const STRENGTHS[] = {"exact", "hashed", "weak", "never"};

/* One number and what the profile makes of it. */
struct reading {
    struct view type_text, typed;
    const struct identity_type *type; /* NULL: the profile does not know it */
    const char *folded, *number;
    struct view class;
    struct identity_key key;
    bool corporate;
};

struct explain {
    struct command_call *call;
    struct arena *arena;
    const struct identity_profile *profile;
    struct show_population population; /* g NULL: there is no generation */
    struct status *st;
};

/* --- reading a number --- */

static const struct identity_type *find_type(const struct identity_profile *p, struct view type)
{
    for (int i = 0; i < p->types_count; i++)
        if (view_is(type, p->types[i].type)) return &p->types[i];
    return NULL;
}

static void read_number(struct explain *e, const char *type, const char *typed, bool corporate, struct reading *r)
{
    char text[IDENTITY_NUMBER_MAX + 8];
    struct identity_profile plain = *e->profile; /* without types there are no rules: what folding alone makes of it */
    struct identity_key ignored;
    struct view class;
    *r = (struct reading){
        .type_text = view_trim(view_of(type)), .typed = view_trim(view_of(typed)), .corporate = corporate};
    r->type = find_type(e->profile, r->type_text);
    plain.types_count = 0;
    size_t n = identity_number(&plain, CHARSET_UTF8, r->type_text, r->typed, text, &class, &ignored, corporate);
    r->folded = arena_dup(e->arena, (struct view){text, n});
    n = identity_number(e->profile, CHARSET_UTF8, r->type_text, r->typed, text, &r->class, &r->key, corporate);
    r->number = arena_dup(e->arena, (struct view){text, n});
}

static bool all_digits(const char *text, size_t n)
{
    return strspn(text, "0123456789") >= n;
}

static const char *how_resident(struct explain *e, const struct reading *r)
{
    size_t n = strlen(r->folded);
    if (n == 15 && all_digits(r->folded, 15))
        return arena_printf(e->arena, "15 digits of the old form: century %.2s and check digit %c added", r->number + 6,
                            r->number[17]);
    if (n != 18 || !all_digits(r->folded, 17)) return "neither 15 nor 18 digits: compared as it is";
    char right = identity_check_character(r->folded);
    if (right == r->folded[17]) return "18 digits, the check digit fits";
    return arena_printf(e->arena, "18 digits, the check digit is wrong: %c would be right", right);
}

static const char *how(struct explain *e, const struct reading *r)
{
    size_t n = strlen(r->folded);
    if (r->key.strength == IDENTITY_NEVER)
        return r->folded[0] ? "a placeholder number: it identifies nobody" : "no number at all: it identifies nobody";
    if (!r->type) return "the profile does not know this type: numbers are compared as they are, within the type";
    switch (r->type->rule) {
    case IDENTITY_RESIDENT: return how_resident(e, r);
    case IDENTITY_ORGANISATION:
        return n == 18   ? "a credit code: its positions 9 to 17 are the organisation code"
               : n == 15 ? "an old tax number: behind six area digits stands the organisation code"
               : n == 9  ? "an organisation code"
                         : "no known length: compared as it is";
    case IDENTITY_PERMIT:
        return strlen(r->number) < n ? "a travel permit: its last digits count the reissues and are left out"
                                     : "a travel permit, compared as it is";
    case IDENTITY_PLAIN: return "compared as it is";
    }
    return "";
}

static const char *meaning(const struct explain *e, const struct reading *r)
{
    switch (r->key.strength) {
    case IDENTITY_EXACT:
    case IDENTITY_HASHED:
        return e->profile->names_apart ? "records with this number are one customer when their names agree"
                                       : "records with this number are one customer";
    case IDENTITY_WEAK: return "a wrong check digit: records join only when name and birth date agree";
    case IDENTITY_NEVER: return "records with it never join";
    }
    return "";
}

/* --- who has it --- */

static bool find_customers(struct explain *e, const struct reading *r, struct lookup_hits *hits)
{
    *hits = (struct lookup_hits){0};
    if (!e->population.g || r->key.strength == IDENTITY_NEVER) return true;
    return lookup_identity(e->population.g, r->type_text, r->typed, CHARSET_UTF8, hits, e->st);
}

static bool names_agree(struct explain *e, const struct lookup_record *record, const char *name)
{
    const struct layout *l = record->file->layout;
    struct charset_converter *to_utf8 = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    struct buf a, b;
    buf_init(&a, 65536);
    buf_init(&b, 65536);
    identity_fold_name(to_utf8, CHARSET_UTF8, view_of(name), &a);
    if (l->role_field[ROLE_NAME] >= 0)
        identity_fold_name(to_utf8, lookup_charset(l), decode_text(l, l->role_field[ROLE_NAME], record->bytes), &b);
    bool same = identity_same_name(buf_view(&a), buf_view(&b));
    buf_release(&a);
    buf_release(&b);
    charset_close(to_utf8);
    return same;
}

/* Would a record with the number, and --name where it was given, join this customer? */
static const char *would_join(struct explain *e, const struct reading *r, const struct lookup_customer *c,
                              const struct lookup_record *record, bool same_number)
{
    const char *name = command_text(e->call, "name", NULL);
    if (!same_number) return "only if name and birth date agree: the check digits differ";
    if ((c->type == CUSTOMER_CORPORATE) != r->corporate)
        return r->corporate ? "no: personal and corporate never join" : "no, unless it is a corporate record, too";
    if (r->key.strength == IDENTITY_WEAK) return "only if name and birth date agree";
    if (!e->profile->names_apart) return "yes";
    if (!name) return "if its name agrees";
    return names_agree(e, record, name) ? "yes, the names agree" : "no, the names differ: kept apart and listed";
}

static bool show_customers(struct explain *e, const struct reading *r, const struct lookup_hits *hits, struct show *s)
{
    static const char *const COLUMNS[] = {"customer", "type",    "name",       "id_type",
                                          "id_no",    "records", "would_join", NULL};
    struct show_population *p = &e->population;
    struct listing rows;
    bool ok = true, found;
    listing_init(&rows, COLUMNS);
    for (int i = 0; ok && i < hits->count; i++) {
        struct lookup_customer c;
        struct lookup_record record;
        ok = lookup_customer(p->g, hits->hit[i].number, e->arena, &c, &found, e->st) &&
             lookup_record(p->g, -1, c.primary, e->arena, &record, e->st);
        if (!ok) break;
        listing_text(&rows, show_number(p, c.number));
        listing_text(&rows, CUSTOMER_TYPE_NAMES[c.type]);
        listing_text(&rows, show_role(p, &record, ROLE_NAME));
        listing_text(&rows, show_role(p, &record, ROLE_ID_TYPE));
        listing_text(&rows, show_role(p, &record, ROLE_ID_NO));
        listing_integer(&rows, c.members_count);
        listing_text(&rows, would_join(e, r, &c, &record, hits->hit[i].same_number));
    }
    if (ok) show_rows(s, "customers", arena_printf(e->arena, "who has it in generation %s", p->g->id), &rows);
    listing_release(&rows);
    return ok;
}

/* --- one number --- */

static bool explain_one(struct explain *e)
{
    struct reading r;
    struct lookup_hits hits;
    struct show s;
    read_number(e, command_text(e->call, "type", NULL), command_text(e->call, "number", NULL),
                command_flag(e->call, "corporate"), &r);
    if (!find_customers(e, &r, &hits)) return false;
    show_open(&s, &e->call->output);
    show_section(&s, "identity", "ID %.*s %.*s", VIEW_PRINT(r.type_text), VIEW_PRINT(r.typed));
    show_text(&s, "class", arena_dup(e->arena, r.class));
    show_text(&s, "rule", r.type ? RULES[r.type->rule] : NULL);
    if (!view_is(r.typed, r.folded)) show_text(&s, "cleaned", r.folded);
    show_text(&s, "number", r.number);
    show_text(&s, "how", how(e, &r));
    show_text(&s, "strength", STRENGTHS[r.key.strength]);
    show_text(&s, "meaning", meaning(e, &r));
    if (e->profile->hold_above && r.key.strength != IDENTITY_NEVER)
        show_textf(&s, "held", "if more than %d records have it: then none of them join", e->profile->hold_above);
    bool ok = !e->population.g || show_customers(e, &r, &hits, &s);
    if (ok && !e->population.g) show_line(&s, "\nthe unit has no population yet: who has the number is not known");
    if (ok && e->population.g && hits.count == 0 && r.key.strength != IDENTITY_NEVER)
        show_line(&s, "\nnobody has it: a record with it would be a new customer");
    if (ok)
        show_print(&s);
    else
        show_release(&s);
    return ok;
}

/* --- a file of them --- */

static bool explain_file(struct explain *e, const char *path)
{
    static const char *const COLUMNS[] = {"line",     "type", "typed",     "class", "number",
                                          "strength", "how",  "customers", NULL};
    struct show_tsv t;
    struct listing rows;
    bool ok = show_tsv_open_plain(&t, path, 2, e->st);
    listing_init(&rows, COLUMNS);
    while (ok && show_tsv_next(&t, e->st)) {
        struct reading r;
        struct lookup_hits hits;
        const char *customers = "";
        read_number(e, t.field[0], t.field[1], command_flag(e->call, "corporate"), &r);
        ok = find_customers(e, &r, &hits);
        for (int i = 0; i < hits.count; i++)
            customers =
                arena_printf(e->arena, "%s%s%s%s", customers, i ? " " : "",
                             show_number(&e->population, hits.hit[i].number), hits.hit[i].same_number ? "" : "?");
        listing_integer(&rows, (int64_t)t.line);
        listing_text(&rows, t.field[0]);
        listing_text(&rows, t.field[1]);
        listing_text(&rows, arena_dup(e->arena, r.class));
        listing_text(&rows, r.number);
        listing_text(&rows, STRENGTHS[r.key.strength]);
        listing_text(&rows, how(e, &r));
        listing_text(&rows, customers);
    }
    show_tsv_close(&t);
    ok = ok && e->st->code == STATUS_OK;
    if (ok) listing_print(&rows, &e->call->output);
    listing_release(&rows);
    return ok || status_while(e->st, "reading the numbers of \"%s\"", path);
}

/* The profile of the current generation; before there is one, that of the unit as it is configured now. */
static bool open_profile(struct explain *e)
{
    struct generation_current current;
    struct unit *u;
    bool there;
    const char *unit = show_unit(e->call, e->st);
    if (!unit || !generation_current_read(show_unit_folder(e->call, unit), &current, &there, e->st)) return false;
    if (there || command_given(e->call, "date")) {
        if (!show_population_open(&e->population, e->call, true, "identity explain", e->st)) return false;
        e->profile = e->population.g->unit->identity;
        return true;
    }
    if (!unit_load(e->call->work, unit, e->arena, &u, e->st)) return false;
    e->profile = u->identity;
    return true;
}

static int run(struct command_call *call)
{
    struct explain *e = arena_new(&call->arena, struct explain);
    *e = (struct explain){.call = call, .arena = &call->arena, .st = &call->status};
    const char *path = command_text(call, "file", NULL);
    if ((path != NULL) == command_given(call, "number") || (path && command_given(call, "type"))) {
        status_fail(&call->status, STATUS_USAGE, "crmx identity explain: TYPE and NUMBER, or --file, are needed");
        status_hint(
            &call->status,
            "crmx identity explain 01 110101198001010010; or --file NUMBERS.tsv with lines of TYPE, a tab, NUMBER");
        return command_failed(call);
    }
    bool ok = open_profile(e) && (path ? explain_file(e, path) : explain_one(e));
    show_population_close(&e->population);
    return ok ? 0 : command_failed(call);
}

const struct command command_identity_explain = {
    .name = "identity explain",
    .summary = "how an ID number is read, which customer has it, what would join",
    .arguments =
        (const struct command_value[]){
            {.name = "type", .type = COMMAND_TEXT, .doc = "ID type as the systems send it, such as 01"},
            {.name = "number", .type = COMMAND_TEXT, .doc = "the number in any notation"},
            {0}},
    .options =
        (const struct command_value[]){
            {.name = "file",
             .letter = 'f',
             .type = COMMAND_TEXT,
             .placeholder = "FILE",
             .doc = "many numbers: lines of TYPE, a tab, NUMBER"},
            {.name = "name",
             .type = COMMAND_TEXT,
             .placeholder = "NAME",
             .doc = "of the record in question: does it join?"},
            {.name = "corporate", .letter = 'c', .type = COMMAND_FLAG, .doc = "the record in question is a company's"},
            SHOW_UNIT,
            SHOW_DATE,
            SHOW_UNMASK,
            {0}},
    .examples = "crmx identity explain 01 110101800101001\ncrmx identity explain 21 91110000625900171X "
                "--corporate\ncrmx identity explain --file numbers.tsv --json",
    .rows = "customers",
    .run = run,
};
