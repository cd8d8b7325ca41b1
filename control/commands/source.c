/* crmx source show: the record of a business system behind a number, as it was sent: bytes, file, place, decoded
 * fields, and the customer it belongs to. Out of the archived inputs of a generation. */
#include "base/date.h"
#include "control/show_generation.h"
#include "etl/probe_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 100 };

struct look {
    struct show_population *p;
    struct command_call *call;
    int system;
    const char *key;
    bool account;
    struct show s;
    int shown;
    bool more;
    struct status *st;
};

/* --- which records --- */

static bool is_wanted_part(const struct layout *l, enum layout_role role, const unsigned char *record,
                           const char *wanted)
{
    int field = l->role_field[role];
    return !wanted || (field >= 0 && view_is(decode_text(l, field, record), wanted));
}

/* Does the record have the wanted key? Parts of an account that were not given may be anything. */
static bool is_wanted(const struct look *k, const struct layout *l, const struct probe_record *r)
{
    if (r->kind != PROBE_DATA || r->length != l->record_length) return false;
    if (!k->account) return is_wanted_part(l, ROLE_SOURCE_NO, r->bytes, k->key);
    return is_wanted_part(l, ROLE_ACCOUNT, r->bytes, k->key) &&
           is_wanted_part(l, ROLE_SUB_ACCOUNT, r->bytes, command_text(k->call, "sub-account", NULL)) &&
           is_wanted_part(l, ROLE_CURRENCY, r->bytes, command_text(k->call, "currency", NULL));
}

static bool is_searched(const struct look *k, const struct layout *l, int layout)
{
    if (k->p->g->unit->layout_system[layout] != k->system) return false;
    return k->account ? l->class == LAYOUT_ACCOUNT : l->class == LAYOUT_CUSTOMER;
}

/* --- what became of it --- */

static int table_of(const struct generation *g, int layout)
{
    for (int t = 0; t < g->tables.count; t++)
        if (g->tables.table[t].layout_index == layout) return t;
    return -1;
}

static struct view role_text(const struct layout *l, enum layout_role role, const unsigned char *record)
{
    return l->role_field[role] < 0 ? (struct view){"", 0} : decode_text(l, l->role_field[role], record);
}

static bool find_owners(struct look *k, const struct input_file *f, const struct probe_record *r,
                        struct lookup_hits *hits)
{
    const struct layout *l = f->layout;
    if (!k->account) return lookup_source(k->p->g, k->system, view_of(k->key), hits, k->st);
    struct lookup_account_key key = {role_text(l, ROLE_ACCOUNT, r->bytes), role_text(l, ROLE_SUB_ACCOUNT, r->bytes),
                                     role_text(l, ROLE_CURRENCY, r->bytes), role_text(l, ROLE_CASH_FLAG, r->bytes)};
    return lookup_account(k->p->g, table_of(k->p->g, k->p->g->unit->layout_base[f->layout_index]), &key, hits, k->st);
}

/* "1100000012, 1100000400": the customers whose row is this very record. */
static const char *owners_of(struct look *k, uint32_t record, const struct lookup_hits *hits)
{
    const char *list = "";
    for (int i = 0; i < hits->count; i++)
        if (hits->hit[i].record == record)
            list =
                arena_printf(k->p->arena, "%s%s%s", list, list[0] ? ", " : "", show_number(k->p, hits->hit[i].number));
    return list;
}

static const char *fate(struct look *k, const struct input_file *f, const struct probe_record *r, uint32_t record,
                        const char **owners)
{
    struct lookup_hits hits;
    int field, reason = decode_check(k->p->g->decoders[f->layout_index], r->bytes, (size_t)r->length, &field);
    *owners = "";
    if (reason >= 0)
        return arena_printf(k->p->arena, "rejected: %s, field %s: %s", f->layout->reasons[reason],
                            f->layout->fields[field].name,
                            show_record_complaint(&k->p->records, k->p->readers[f->layout_index], field, r->bytes));
    if (!find_owners(k, f, r, &hits)) return NULL;
    *owners = owners_of(k, record, &hits);
    if ((*owners)[0]) return "in the population";
    if (hits.count)
        return k->account ? "superseded: a later record of the same account counts"
                          : "superseded: another record of the same number counts";
    return k->account ? "orphan: no customer of the system owns it" : "superseded";
}

/* record: its id in the file, which may be a packed one; r says where it came from. */
static bool show_record(struct look *k, const struct input_file *f, const struct probe_record *r, uint32_t record)
{
    const struct input_origin *origin = input_origin(f, record);
    const char *owners, *what = fate(k, f, r, record, &owners), *night = origin ? origin->night : f->night;
    if (!what) return false;
    show_document(&k->s);
    show_section(&k->s, "record", "%s %s of %s", k->account ? "account" : "customer record", k->key,
                 k->p->g->unit->systems[k->system].name);
    show_text(&k->s, "layout", f->layout->name);
    show_text(&k->s, "file", input_name(f, record));
    show_text(&k->s, "arrived", night ? night : k->p->g->id);
    show_integer(&k->s, "line", (int64_t)r->line);
    show_integer(&k->s, "byte", (int64_t)r->offset);
    show_text(&k->s, "generation", k->p->g->id);
    show_text(&k->s, "state", what);
    show_text(&k->s, "customer", owners[0] ? owners : NULL);
    show_text(&k->s, "bytes",
              show_record_bytes(&k->p->records, f->layout, (struct view){(const char *)r->bytes, (size_t)r->length}));
    show_section(&k->s, "fields", "fields");
    show_record_fields(&k->p->records, &k->s, k->p->readers[f->layout_index], r->bytes);
    k->shown++;
    return true;
}

/* A scan finds what no directory has: rejected, superseded and ownerless records. About 1 GB/s. */
static bool scan_file(struct look *k, const struct input_file *f)
{
    struct probe_record r;
    bool end = false, ok;
    struct probe_scan *scan = probe_scan_open(f->path, f->layout, k->st);
    ok = scan != NULL;
    while (ok && !k->more && (ok = probe_scan_next(scan, &r, &end, k->st)) && !end) {
        if (!is_wanted(k, f->layout, &r)) continue;
        k->more = k->shown == SHOWN_MAX;
        if (!k->more) ok = show_record(k, f, &r, input_record_id(f, r.offset));
    }
    probe_scan_close(scan);
    return ok;
}

static bool scan_packed(struct look *k, const struct input_file *f)
{
    unsigned char room[INPUT_ROOM];
    bool ok = true;
    for (uint32_t id = f->record_base; ok && !k->more && id - f->record_base < f->accepted; id++) {
        struct probe_record r = {.offset = input_offset(f, id),
                                 .line = input_packed_line(f, id),
                                 .bytes = input_record(f, id, room, k->st),
                                 .length = f->layout->record_length,
                                 .kind = PROBE_DATA};
        ok = r.bytes;
        if (!ok || !is_wanted(k, f->layout, &r)) continue;
        k->more = k->shown == SHOWN_MAX;
        if (!k->more) ok = show_record(k, f, &r, id);
    }
    return ok;
}

static bool scan(struct look *k, const struct input_file *f)
{
    if (!is_searched(k, f->layout, f->layout_index)) return true;
    return f->origins_count ? scan_packed(k, f) : scan_file(k, f);
}

static bool show_all(struct look *k)
{
    struct generation *g = k->p->g;
    k->system = show_system_index(k->p, command_text(k->call, "system", NULL), k->st);
    if (k->system < 0) return false;
    show_open_many(&k->s, &k->call->output);
    bool ok = true;
    for (int i = 0; ok && i < g->inputs.files_count; i++) ok = scan(k, &g->inputs.files[i]);
    for (int i = 0; ok && i < g->inputs.carried_count; i++) ok = scan(k, &g->inputs.carried[i]);
    if (ok && k->shown == 0) {
        status_fail(k->st, STATUS_USAGE, "system %s sent no %s %s for generation %s", g->unit->systems[k->system].name,
                    k->account ? "account" : "customer", k->key, g->id);
        ok = status_hint(k->st, k->account ? "a customer's number is found without --account"
                                           : "an account is found with --account");
    }
    if (k->more) show_line(&k->s, "\nmore than %d records have this number; only the first are shown", SHOWN_MAX);
    if (ok)
        show_print(&k->s);
    else
        show_release(&k->s);
    return ok;
}

static int run(struct command_call *call)
{
    struct show_population *p = arena_new(&call->arena, struct show_population);
    struct look k = {.p = p,
                     .call = call,
                     .key = command_text(call, "key", NULL),
                     .account = command_flag(call, "account"),
                     .st = &call->status};
    const char *looked_at = arena_printf(&call->arena, "source show %s%s", command_text(call, "system", ""),
                                         k.account ? " --account" : arena_printf(&call->arena, " %s", k.key));
    bool ok = show_population_open(p, call, true, looked_at, &call->status) && show_all(&k);
    show_population_close(p);
    return ok ? 0 : command_failed(call);
}

const struct command command_source_show = {
    .name = "source show",
    .summary = "the record of a business system behind a number, as it was sent",
    .description = "Searches the archived inputs of the generation, of its own night first, then of those before: also "
                   "what was rejected, superseded or has no owner "
                   "is found, with the "
                   "reason. KEY is the system's customer number; with --account an account number.",
    .arguments =
        (const struct command_value[]){
            {.name = "system", .type = COMMAND_TEXT, .doc = "the business system", .required = true},
            {.name = "key",
             .type = COMMAND_TEXT,
             .doc = "its customer number; with --account: the account number",
             .required = true},
            {0}},
    .options =
        (const struct command_value[]){
            {.name = "account", .letter = 'a', .type = COMMAND_FLAG, .doc = "KEY is an account number"},
            {.name = "sub-account",
             .type = COMMAND_TEXT,
             .placeholder = "NUMBER",
             .doc = "with --account: only this sub-account"},
            {.name = "currency",
             .type = COMMAND_TEXT,
             .placeholder = "CODE",
             .doc = "with --account: only in this currency"},
            SHOW_UNIT,
            SHOW_DATE,
            SHOW_UNMASK,
            {0}},
    .examples = "crmx source show retail 100052780135\ncrmx source show retail 6222100012472425001100 --account --date "
                "2026-10-31",
    .run = run,
};
