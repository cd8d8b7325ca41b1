#include "control/act_entry.h"

#include "base/date.h"
#include "control/show_formula.h"
#include "control/show_unit.h"
#include "etl/database_query.h"
#include "etl/lookup.h"
#include "etl/number.h"
#include "etl/populate.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS_MAX = 256, NUMBERS_MAX = 256 };

struct identity_text { /* as identities are compared, once as a person's, once as a company's */
    struct view class[2];
    const char *number[2];
    enum identity_strength strength;
};

struct entry {
    struct command_call *call;
    struct parameter_store *store;
    struct parameter_list_act *a;
    struct unit *units[UNITS_MAX];             /* it may count in */
    struct generation *generations[UNITS_MAX]; /* NULL: none yet */
    int units_count, generations_count;
    struct identity_text identity;
    uint64_t numbers[NUMBERS_MAX]; /* full, of the customers it names now */
    int numbers_count;
    bool excluded;        /* one of them, in the generation */
    uint64_t other_digit; /* a customer with the same number but another check digit; 0: none */
    int warnings;
    struct status *st;
};

__attribute__((format(printf, 2, 3))) static void warn(struct entry *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("WARNING: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    e->warnings++;
}

/* --- where it may count --- */

static bool open_unit(struct entry *e, const char *id)
{
    const char **ids;
    int count;
    if (e->units_count == UNITS_MAX) return true;
    if (!show_unit_configured(e->call, id, &e->units[e->units_count], e->st)) return false;
    struct generation **g = &e->generations[e->units_count++];
    if (!show_generations(e->call, id, &ids, &count, e->st)) return false;
    if (!count) return true;
    e->generations_count++;
    return generation_open(show_unit_folder(e->call, id), ids[count - 1], g, e->st);
}

static bool open_units(struct entry *e)
{
    const char **ids;
    int count;
    if (strcmp(e->a->level, PARAMETER_HEAD) != 0) return open_unit(e, e->a->level);
    if (!show_units(e->call, &ids, &count, e->st)) return false;
    for (int i = 0; i < count; i++)
        if (!open_unit(e, ids[i])) return false;
    return true;
}

static bool check_last_date(struct entry *e)
{
    int32_t used;
    char last[11], ends[11];
    if (e->a->expires == DATE_NONE) return true;
    if (!parameter_last_used(e->call->work, e->a->level, &used, e->st)) return false;
    if (used == DATE_NONE || e->a->expires > used) return true;
    date_format(used, last);
    date_format(e->a->expires, ends);
    status_fail(e->st, STATUS_USAGE,
                "an entry that ends with %s can never count: %s has been run, or begun, up to %s already", ends,
                act_level_name(e->call, e->a->level), last);
    return status_hint(e->st, "give a later last date: --expires DATE%s",
                       strcmp(e->a->list, "exclusion") == 0 ? ", or none: for ever" : "");
}

/* --- an integrated number --- */

/* Of which of the units, and its number there; -1: of none. */
static int unit_of_number(struct entry *e, uint64_t *number)
{
    bool head = strcmp(e->a->level, PARAMETER_HEAD) == 0;
    for (int i = 0; i < e->units_count; i++) {
        bool full = strtoull(e->a->number, NULL, 10) >= NUMBERS_PER_PREFIX || e->units[i]->number_prefix == 0;
        if ((full || !head) && number_parse(e->units[i], e->a->number, number)) return i;
    }
    return -1;
}

static bool nobody(struct entry *e, const char *number, const struct generation *g, const char *what)
{
    status_fail(e->st, STATUS_USAGE, "%s %s in generation %s of unit %s: the entry can never count", number, what,
                g->id, g->unit->id);
    return status_hint(e->st, "find the customer: crmx customer show --unit %s --id-type TYPE --id-no NUMBER",
                       g->unit->id);
}

static bool check_number(struct entry *e)
{
    struct lookup_customer c;
    uint64_t number = 0;
    char text[NUMBER_TEXT_MAX];
    bool found;
    int i = unit_of_number(e, &number);
    if (i < 0) {
        status_fail(e->st, STATUS_USAGE, "%s is no integrated number of %s: the entry can never count", e->a->number,
                    strcmp(e->a->level, PARAMETER_HEAD) == 0 ? "any unit" : act_level_name(e->call, e->a->level));
        return status_hint(e->st, "find it: crmx customer show --id-type TYPE --id-no NUMBER");
    }
    e->a->number = arena_dup(&e->call->arena, view_of(number_text(e->units[i], number, text)));
    e->numbers[e->numbers_count++] = number_full(e->units[i], number);
    struct generation *g = e->generations[i];
    if (!g) return true;
    if (!lookup_customer(g, number, &e->call->arena, &c, &found, e->st)) return false;
    if (!found) return nobody(e, e->a->number, g, "is nobody's number");
    if (c.flags & CUSTOMER_GONE) return nobody(e, e->a->number, g, "is no longer in force (closed, or merged)");
    e->excluded = c.flags & CUSTOMER_EXCLUDED;
    return true;
}

/* --- an ID --- */

static struct identity_text read_identity(struct entry *e, const char *type, const char *no)
{
    struct identity_text t = {.strength = IDENTITY_NEVER};
    for (int corporate = 0; corporate < 2; corporate++) {
        char number[IDENTITY_NUMBER_MAX + 8];
        struct identity_key key;
        size_t n = identity_number(e->units[0]->identity, CHARSET_UTF8, view_of(type), view_of(no), number,
                                   &t.class[corporate], &key, corporate);
        t.class[corporate].bytes = arena_dup(&e->call->arena, t.class[corporate]);
        t.number[corporate] = arena_dup(&e->call->arena, (struct view){number, n});
        if (!corporate) t.strength = key.strength;
    }
    return t;
}

static bool same_identity(const struct identity_text *a, const struct identity_text *b)
{
    for (int k = 0; k < 2; k++)
        if (view_equal(a->class[k], b -> class[k]) && strcmp(a->number[k], b->number[k]) == 0) return true;
    return false;
}

/* Who has the ID now, in every unit. */
static bool find_customers(struct entry *e)
{
    struct lookup_hits hits;
    struct lookup_customer c;
    bool found;
    for (int i = 0; i < e->units_count; i++) {
        struct generation *g = e->generations[i];
        if (!g) continue;
        if (!lookup_identity(g, view_of(e->a->id_type), view_of(e->a->id_no), CHARSET_UTF8, &hits, e->st)) return false;
        for (int k = 0; k < hits.count; k++) {
            uint64_t number = number_full(g->unit, hits.hit[k].number);
            if (!hits.hit[k].same_number) {
                e->other_digit = number;
                continue;
            }
            if (e->numbers_count < NUMBERS_MAX) e->numbers[e->numbers_count++] = number;
            if (!lookup_customer(g, hits.hit[k].number, &e->call->arena, &c, &found, e->st)) return false;
            e->excluded |= found && c.flags & CUSTOMER_EXCLUDED;
        }
    }
    return true;
}

static bool check_identity(struct entry *e)
{
    const char *other = "";
    e->identity = read_identity(e, e->a->id_type, e->a->id_no);
    if (e->identity.strength == IDENTITY_NEVER) {
        status_fail(e->st, STATUS_USAGE,
                    "this ID number identifies nobody (empty, or a placeholder): the entry can never "
                    "count");
        return status_hint(e->st, "name the customer by number: --number NUMBER");
    }
    if (!find_customers(e)) return false;
    if (e->other_digit)
        other = arena_printf(&e->call->arena, "; customer %010" PRIu64 " has the number with another check digit",
                             e->other_digit);
    if (e->numbers_count || !e->generations_count) {
        if (e->identity.strength == IDENTITY_WEAK)
            warn(e,
                 "the check digit of this ID number is wrong: the entry counts for customers recorded with exactly "
                 "this number, and for nobody who has the right one%s",
                 other);
        return true;
    }
    if (e->identity.strength != IDENTITY_WEAK) {
        warn(e, "nobody has this ID in the generation of today%s; the entry counts when somebody does", other);
        return true;
    }
    status_fail(e->st, STATUS_USAGE,
                "the check digit of this ID number is wrong, and nobody is recorded with it: the entry "
                "would count for nobody%s",
                other);
    return status_hint(e->st, "look at the number: crmx identity explain %s NUMBER", e->a->id_type);
}

/* --- beside the entries there are --- */

static bool names_number(const struct entry *e, uint64_t number)
{
    for (int i = 0; i < e->numbers_count; i++)
        if (e->numbers[i] == number) return true;
    return false;
}

/* Does an entry of the list name the same customer, in whatever notation? */
static bool is_same(struct entry *e, const char *type, const char *no, const char *number)
{
    struct lookup_hits hits;
    struct status ignored = {0};
    if (number) return names_number(e, strtoull(number, NULL, 10));
    struct identity_text t = read_identity(e, type, no);
    if (e->a->id_no) return same_identity(&t, &e->identity);
    for (int i = 0; i < e->units_count; i++) {
        struct generation *g = e->generations[i];
        if (!g || !lookup_identity(g, view_of(type), view_of(no), CHARSET_UTF8, &hits, &ignored)) continue;
        for (int k = 0; k < hits.count; k++)
            if (hits.hit[k].same_number && names_number(e, number_full(g->unit, hits.hit[k].number))) return true;
    }
    return false;
}

/* *entry: of the list and level (NULL: of any) that names the customer; 0: none. */
static bool find_entry(struct entry *e, const char *list, const char *level, int64_t *entry)
{
    enum { ENTRY, LEVEL, STATE, ID_TYPE, ID_NO, NUMBER, COLUMNS };
    const char *values[] = {list, level, NULL, "f"};
    PGresult *r = database_query(e->store->connection, "list_entries", values, 4, e->st);
    *entry = 0;
    for (int i = 0; r && !*entry && i < PQntuples(r); i++) {
        const char *text[COLUMNS];
        for (int k = 0; k < COLUMNS; k++) text[k] = PQgetisnull(r, i, k) ? NULL : PQgetvalue(r, i, k);
        bool counts = level || strcmp(text[LEVEL], e->a->level) == 0 || strcmp(text[LEVEL], PARAMETER_HEAD) == 0;
        if (counts && is_same(e, text[ID_TYPE], text[ID_NO], text[NUMBER])) *entry = atoll(text[ENTRY]);
    }
    PQclear(r);
    return r != NULL;
}

static bool check_entries(struct entry *e)
{
    int64_t entry;
    if (!find_entry(e, e->a->list, e->a->level, &entry)) return false;
    if (entry) {
        status_fail(e->st, STATUS_USAGE, "this customer is on the list already: entry %" PRId64, entry);
        return status_hint(e->st, "see crmx %s list", e->a->list);
    }
    if (strcmp(e->a->list, "override") != 0) return true;
    if (!find_entry(e, "exclusion", NULL, &entry)) return false;
    if (entry)
        warn(e,
             "the customer is on the exclusion list, too (entry %" PRId64 "): an exclusion is stronger, the override "
             "counts for nothing while that is so",
             entry);
    else if (e->excluded)
        warn(e,
             "the customer is on the exclusion list of the generation of today: an exclusion is stronger, the override "
             "counts for nothing while that is so");
    return true;
}

bool act_entry_check(struct command_call *call, struct parameter_store *store, struct parameter_list_act *a,
                     int *warnings, struct status *st)
{
    struct entry *e = arena_new(&call->arena, struct entry);
    *e = (struct entry){.call = call, .store = store, .a = a, .st = st};
    bool ok = check_last_date(e) && open_units(e);
    if (ok && !e->generations_count)
        warn(e, "there is no generation yet: whether the customer exists cannot be looked at");
    ok = ok && (a->number ? check_number(e) : check_identity(e)) && check_entries(e);
    for (int i = 0; i < e->units_count; i++) generation_close(e->generations[i]);
    *warnings = e->warnings;
    return ok;
}
