/* lookup: from an ID, a source number or an account to the customers that have it. */
#include "etl/directory_merge.h"
#include "etl/import.h"
#include "etl/lookup.h"

#include <stdio.h>
#include <string.h>

struct search {
    struct generation *g;
    struct lookup_hits *out;
    struct arena arena; /* of the records that are compared */
    /* what is wanted */
    bool corporate;
    struct view class, number; /* identity */
    bool is_resident;          /* the key is the first 17 digits */
    struct view key;           /* source number */
    int table;                 /* account */
    const unsigned char *account;
};

static struct segment *open_directory(struct search *s, const char *kind, const char *name, struct status *st)
{
    return segment_open(arena_printf(&s->arena, "%s/%s%s.dir", s->g->folder, kind, name), st);
}

static bool search(struct search *s, const char *kind, const char *name, uint64_t key, directory_candidate *candidate,
                   struct status *st)
{
    struct segment *directory = open_directory(s, kind, name, st);
    bool ok = directory && directory_find(directory, key, candidate, s, st);
    segment_close(directory);
    return ok;
}

static void note_hit(struct search *s, uint32_t record, uint32_t number, bool same_number)
{
    struct lookup_hits *out = s->out;
    for (int i = 0; i < out->count; i++)
        if (out->hit[i].record == record && out->hit[i].number == number) return;
    if (out->count == LOOKUP_HITS_MAX)
        out->more = true;
    else
        out->hit[out->count++] = (struct lookup_hit){number, record, same_number};
}

/* --- identity --- */

static bool identity_candidate(void *context, uint32_t record, uint32_t number, struct status *st)
{
    struct search *s = context;
    struct lookup_record r;
    if (!directory_in_force(number)) return true; /* closed: no customer any more */
    if (!lookup_record(s->g, -1, record, &s->arena, &r, st)) return false;
    const struct layout *l = r.file->layout;
    char text[IDENTITY_NUMBER_MAX + 8];
    struct view class;
    struct identity_key key;
    int type = l->role_field[ROLE_CUSTOMER_TYPE];
    bool corporate = type >= 0 && !view_is(decode_text(l, type, r.bytes), "P");
    size_t n =
        identity_number(s->g->unit->identity, lookup_charset(l), decode_text(l, l->role_field[ROLE_ID_TYPE], r.bytes),
                        decode_text(l, l->role_field[ROLE_ID_NO], r.bytes), text, &class, &key, corporate);
    bool same = view_equal((struct view){text, n}, s->number),
         near = s->is_resident && n == 18 && memcmp(text, s->number.bytes, 17) == 0;
    if (corporate == s->corporate && view_equal(class, s->class) && (same || near)) note_hit(s, record, number, same);
    return true;
}

/* The key that a directory of form 1 has a number under whose records are of GB18030: a hash of their bytes
 * (identity.h). */
static bool search_form_1(struct search *s, struct status *st)
{
    struct charset_converter *to_gb = charset_open(CHARSET_UTF8, CHARSET_GB18030);
    struct buf bytes;
    uint32_t malformed = 0;
    buf_init(&bytes, 4096);
    charset_convert(to_gb, s->number, "?", &bytes, &malformed);
    struct view number = {bytes.bytes, charset_prefix(CHARSET_GB18030, buf_view(&bytes), IDENTITY_NUMBER_MAX_1)};
    bool ok = malformed ||
              search(s, "identity", "", identity_hashed_key(s->class, number, s->corporate), identity_candidate, st);
    buf_release(&bytes);
    charset_close(to_gb);
    return ok;
}

bool lookup_identity(struct generation *g, struct view id_type, struct view id_no, enum charset charset,
                     struct lookup_hits *out, struct status *st)
{
    struct search s = {.g = g, .out = out};
    bool ok = true;
    *out = (struct lookup_hits){0};
    arena_init(&s.arena, "lookup");
    for (int corporate = 0; ok && corporate < 2; corporate++) {
        char number[IDENTITY_NUMBER_MAX + 8];
        struct identity_key key;
        size_t n = identity_number(g->unit->identity, charset, id_type, id_no, number, &s.class, &key, corporate);
        s.number = (struct view){number, n};
        s.corporate = corporate;
        s.is_resident = key.strength == IDENTITY_EXACT || key.strength == IDENTITY_WEAK;
        if (key.strength == IDENTITY_NEVER) continue; /* not in the directory: such numbers identify nobody */
        ok = search(&s, "identity", "", key.key, identity_candidate, st) &&
             (g->identity_form >= IDENTITY_FORM || key.strength != IDENTITY_HASHED || search_form_1(&s, st));
    }
    arena_release(&s.arena);
    return ok || status_while(st, "looking for the ID");
}

/* --- source number --- */

static bool source_candidate(void *context, uint32_t record, uint32_t number, struct status *st)
{
    struct search *s = context;
    struct lookup_record r;
    if (!directory_in_force(number)) return true; /* closed: no customer any more */
    if (!lookup_record(s->g, -1, record, &s->arena, &r, st)) return false;
    const struct layout *l = r.file->layout;
    if (view_equal(decode_text(l, l->role_field[ROLE_SOURCE_NO], r.bytes), s->key)) note_hit(s, record, number, true);
    return true;
}

bool lookup_source(struct generation *g, int system, struct view key, struct lookup_hits *out, struct status *st)
{
    struct search s = {.g = g, .out = out, .key = view_trim(key)};
    *out = (struct lookup_hits){0};
    arena_init(&s.arena, "lookup");
    bool ok = search(&s, "source-", g->unit->systems[system].name, decode_text_key(s.key), source_candidate, st);
    arena_release(&s.arena);
    return ok || status_while(st, "looking for the source number");
}

/* --- account --- */

static bool account_candidate(void *context, uint32_t record, uint32_t number, struct status *st)
{
    struct search *s = context;
    const struct layout *l = s->g->tables.table[s->table].layout;
    struct lookup_record r;
    if (!directory_in_force(number)) return true; /* waits for its owner, or is closed */
    if (!lookup_record(s->g, s->g->tables.table[s->table].layout_index, record, &s->arena, &r, st)) return false;
    for (int i = 0; i < LAYOUT_ACCOUNT_KEY_PARTS; i++) {
        int field = l->role_field[LAYOUT_ACCOUNT_KEY[i]], own = r.file->layout->role_field[LAYOUT_ACCOUNT_KEY[i]];
        if (field >= 0 && own >= 0 &&
            !view_equal(decode_text(r.file->layout, own, r.bytes), decode_text(l, field, s->account)))
            return true;
    }
    note_hit(s, record, number, true);
    return true;
}

bool lookup_account(struct generation *g, int table, const struct lookup_account_key *key, struct lookup_hits *out,
                    struct status *st)
{
    const struct table *t = &g->tables.table[table];
    const struct layout *l = t->layout;
    const struct view parts[LAYOUT_ACCOUNT_KEY_PARTS] = {key->account, key->sub_account, key->currency, key->cash_flag};
    struct search s = {.g = g, .out = out, .table = table};
    *out = (struct lookup_hits){0};
    arena_init(&s.arena, "lookup");
    /* A record that holds nothing but the key: the directory's key is made by the same function as in import. */
    unsigned char *record = arena_take(&s.arena, l->record_length + 2 * DECODE_SLACK);
    record += DECODE_SLACK;
    memset(record, ' ', l->record_length);
    bool fits = true;
    for (int i = 0; i < LAYOUT_ACCOUNT_KEY_PARTS; i++) {
        int field = l->role_field[LAYOUT_ACCOUNT_KEY[i]];
        if (field < 0) continue;
        fits &= parts[i].length <= l->fields[field].length;
        if (fits && parts[i].length) memcpy(record + l->fields[field].offset, parts[i].bytes, parts[i].length);
    }
    s.account = record;
    bool ok = !fits || search(&s, "account-", l->name, import_account_key(l, t->system, record), account_candidate, st);
    arena_release(&s.arena);
    return ok || status_while(st, "looking for the account");
}
