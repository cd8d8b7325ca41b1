#include "control/show_customer.h"

#include "base/date.h"
#include "control/show_value.h"
#include "etl/number.h"
#include "etl/populate.h"

#include <stdio.h>
#include <string.h>

/* The number as an argument: crmx why 1100000012. NULL: the command has none, or it was not given. */
static const char *argument(const struct command_call *call)
{
    return command_declares(call, "customer") ? command_text(call, "customer", NULL) : NULL;
}

bool show_customer_named(const struct command_call *call)
{
    static const char *const WAYS[] = {"number", "id-type", "id-no", "system", "source-no"};
    if (argument(call)) return true;
    for (int i = 0; i < 5; i++)
        if (command_given(call, WAYS[i])) return true;
    return false;
}

/* --- who is meant --- */

static bool fail_several(struct show_population *p, const struct lookup_hits *hits, const char *what, struct status *st)
{
    struct buf list;
    buf_init(&list, 400);
    for (int i = 0; i < hits->count && i < 8; i++)
        buf_addf(&list, "%s--number %s", i ? ", " : "", show_number(p, hits->hit[i].number));
    status_fail(st, STATUS_USAGE, "%d%s customers have this %s", hits->count, hits->more ? " and more" : "", what);
    status_hint(st, "choose: crmx %s %s", p->call->command->name, list.bytes);
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

static bool hint_numbers(struct show_population *p, struct status *st)
{
    return status_hint(st, "its numbers go from %s to %s", show_number(p, p->g->first_number),
                       show_number(p, p->g->first_number + p->g->customers - 1));
}

static bool by_number(struct show_population *p, const char *text, uint64_t *number, struct status *st)
{
    if (!number_parse(p->g->unit, text, number)) {
        status_fail(st, STATUS_USAGE, "\"%s\" is no integrated number of unit %s", text, p->g->unit->id);
        return hint_numbers(p, st);
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

/* Exactly one of the ways; each way whole. */
bool show_customer_find(struct show_population *p, uint64_t *number, struct status *st)
{
    struct command_call *call = p->call;
    const char *typed = argument(call);
    bool numbered = command_given(call, "number"),
         identity = command_given(call, "id-type") || command_given(call, "id-no");
    bool source = command_given(call, "system") || command_given(call, "source-no");
    if (typed && numbered + identity + source) {
        status_fail(st, STATUS_USAGE, "crmx %s: the customer is named twice", call->command->name);
        return status_hint(st, "crmx %s %s", call->command->name, typed);
    }
    if (typed) return by_number(p, typed, number, st);
    if (numbered + identity + source == 1) {
        if (numbered) return by_number(p, command_text(call, "number", NULL), number, st);
        if (identity && command_given(call, "id-type") && command_given(call, "id-no"))
            return by_identity(p, number, st);
        if (source && command_given(call, "system") && command_given(call, "source-no"))
            return by_source(p, number, st);
    }
    status_fail(st, STATUS_USAGE, "crmx %s: one way to name the customer is needed", call->command->name);
    return status_hint(st, "--number N, or --id-type TYPE --id-no NUMBER, or --system SYSTEM --source-no NUMBER");
}

bool show_customer_load(struct show_population *p, uint64_t number, struct lookup_customer *c, struct status *st)
{
    bool found;
    if (!lookup_customer(p->g, number, p->arena, c, &found, st)) return false;
    if (found) return true;
    status_fail(st, STATUS_USAGE, "unit %s has no customer %s in generation %s", p->g->unit->id, show_number(p, number),
                p->g->id);
    return hint_numbers(p, st);
}

/* --- why in, why out --- */

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

/* As units/UU.ini has it: "stay", "hysteresis 0.9 30". */
static const char *leave_text(const struct show_population *p)
{
    const struct unit *u = p->g->unit;
    if (u->leave != UNIT_LEAVE_HYSTERESIS) return u->leave == UNIT_LEAVE_STAY ? "stay" : "leave";
    return arena_printf(p->arena, "hysteresis %g %d", (double)u->leave_ppm / 1e6, u->leave_days);
}

/* "734,567.00 above the threshold", "on the exclusion list (STAFF, until 2027-01-01)" … */
const char *show_customer_why(struct show_population *p, const struct lookup_customer *c,
                              const struct lookup_record *primary, const struct scorecard *card, int64_t score)
{
    if (c->flags & CUSTOMER_EXCLUDED) return on_list(p, c, primary, REFERENCE_EXCLUSION);
    if (!(c->flags & CUSTOMER_SCORED))
        return arena_printf(p->arena, "not scored: the unit has no formula for %s customers",
                            CUSTOMER_TYPE_NAMES[c->type]);
    int64_t distance = score - card->threshold_minor;
    const char *money = show_money(p->call, distance < 0 ? -(__int128)distance : distance);
    const char *text = arena_printf(p->arena, "%s %s the threshold", money, distance < 0 ? "below" : "above");
    if (distance < 0 && c->flags & CUSTOMER_KEPT)
        return arena_printf(p->arena, "%s, but kept by the leave policy (%s)", text, leave_text(p));
    if (distance < 0 && (c->flags & CUSTOMER_OVERRIDDEN))
        return arena_printf(p->arena, "%s, but %s", text, on_list(p, c, primary, REFERENCE_OVERRIDE));
    return text;
}
