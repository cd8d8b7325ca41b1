/* integrate, part 3: records of one identity key become customers.
 *
 * Most keys have one record, and most of the others agree in name: these are settled from the tuples alone. Only where
 * something must be compared (hashed keys, different names, wrong check digits) are the records read again.
 *
 * Invariants: every accepted, not superseded record gets exactly one primary record, its own or another of the same
 * key; a primary record is its own primary; personal and corporate records never share a key (etl/identity). The
 * outcome depends on the set of records only, never on their order in the partition.
 */
#include "base/date.h"
#include "etl/integrate.h"

#include <stddef.h>
#include <string.h>

struct identity_scratch {
    struct integrate_scratch room;
    uint32_t *group_of, *start, *members; /* room.extra, cut in three */
    struct charset_converter *to_utf8;
    struct buf name_a, name_b;
};

struct job {
    struct integrate *in;
    struct identity_scratch *scratch;
};

struct group { /* the records of one key */
    struct integrate *in;
    struct identity_scratch *s;
    const struct customer_tuple *tuples;
    uint32_t *members; /* indices into tuples */
    uint32_t count;
    int worker;
    struct status *st;
};

static enum identity_strength strength_of(const struct customer_tuple *t)
{
    return (enum identity_strength)(t->birth_strength & 3);
}

static int32_t birth_of(const struct customer_tuple *t)
{
    return t->birth_strength >> 3;
}

/* --- reading a record again --- */

struct reread {
    const struct layout *layout;
    unsigned char bytes[LAYOUT_RECORD_MAX];
};

static bool reread(struct group *g, uint32_t record, struct reread *r)
{
    const struct input_file *f = input_file_of(g->in->im->inputs, -1, record);
    r->layout = f->layout;
    return input_read_record(f, record, r->bytes, g->st);
}

static enum charset charset_of(const struct layout *l)
{
    return l->encoding == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8;
}

static size_t number_of(struct group *g, const struct reread *r, char *number, struct view *class, bool *corporate)
{
    const struct layout *l = r->layout;
    struct identity_key key;
    int type = l->role_field[ROLE_CUSTOMER_TYPE];
    *corporate = type >= 0 && !view_is(decode_text(l, type, r->bytes), "P");
    return identity_number(g->in->im->unit->identity, charset_of(l),
                           decode_text(l, l->role_field[ROLE_ID_TYPE], r->bytes),
                           decode_text(l, l->role_field[ROLE_ID_NO], r->bytes), number, class, &key, *corporate);
}

static bool same_number(struct group *g, const struct reread *a, const struct reread *b)
{
    char x[IDENTITY_NUMBER_MAX + 8], y[IDENTITY_NUMBER_MAX + 8];
    struct view class_x, class_y;
    bool corporate_x, corporate_y;
    size_t n = number_of(g, a, x, &class_x, &corporate_x), m = number_of(g, b, y, &class_y, &corporate_y);
    return corporate_x == corporate_y && view_equal(class_x, class_y) &&
           view_equal((struct view){x, n}, (struct view){y, m});
}

static void folded_name(struct group *g, const struct reread *r, struct buf *out)
{
    buf_clear(out);
    int field = r->layout->role_field[ROLE_NAME];
    if (field >= 0)
        identity_fold_name(g->s->to_utf8, charset_of(r->layout), decode_text(r->layout, field, r->bytes), out);
}

/* May record b be the same customer as a, given the same key? */
static bool same_customer(struct group *g, uint32_t ia, uint32_t ib, bool *same)
{
    const struct identity_profile *p = g->in->im->unit->identity;
    const struct customer_tuple *a = &g->tuples[ia], *b = &g->tuples[ib];
    bool hashed = strength_of(a) == IDENTITY_HASHED,
         weak = strength_of(a) == IDENTITY_WEAK || strength_of(b) == IDENTITY_WEAK;
    *same =
        strength_of(a) != IDENTITY_NEVER && strength_of(b) != IDENTITY_NEVER && !(weak && birth_of(a) != birth_of(b));
    bool names_differ = p->names_apart && a->name != b->name;
    if (!*same || (!hashed && !names_differ)) return true;
    struct reread one, two;
    if (!reread(g, a->record, &one) || !reread(g, b->record, &two)) return false;
    if (hashed) *same = same_number(g, &one, &two);
    if (*same && names_differ) {
        folded_name(g, &one, &g->s->name_a);
        folded_name(g, &two, &g->s->name_b);
        *same = identity_same_name(buf_view(&g->s->name_a), buf_view(&g->s->name_b));
    }
    return true;
}

/* --- which record is primary --- */

static bool smaller_source(struct group *g, const struct customer_tuple *a, const struct customer_tuple *b,
                           bool *smaller)
{
    if (!((a->source | b->source) & DECODE_KEY_HASHED)) {
        *smaller = a->source != b->source ? a->source < b->source : a->record < b->record;
        return true;
    }
    struct reread one, two;
    if (!reread(g, a->record, &one) || !reread(g, b->record, &two)) return false;
    struct view x = decode_text(one.layout, one.layout->role_field[ROLE_SOURCE_NO], one.bytes),
                y = decode_text(two.layout, two.layout->role_field[ROLE_SOURCE_NO], two.bytes);
    size_t n = x.length < y.length ? x.length : y.length;
    int c = memcmp(x.bytes, y.bytes, n);
    *smaller = c ? c < 0 : x.length != y.length ? x.length < y.length : a->record < b->record;
    return true;
}

/* Is a a better primary record than b? */
static bool better(struct group *g, const struct customer_tuple *a, const struct customer_tuple *b, bool *yes)
{
    const struct unit *u = g->in->im->unit;
    int system_a = integrate_system(g->in, a->record), system_b = integrate_system(g->in, b->record);
    if (system_a != system_b) {
        *yes = system_a < system_b;
        return true;
    }
    if (u->tie_changed && a->changed != b->changed) {
        *yes = a->changed > b->changed;
        return true;
    }
    if (u->tie == UNIT_TIE_SOURCE_NO) return smaller_source(g, a, b, yes);
    *yes = a->record < b->record;
    return true;
}

static void mark(uint64_t *bitmap, uint32_t i)
{
    __atomic_fetch_or(&bitmap[i >> 6], UINT64_C(1) << (i & 63), __ATOMIC_RELAXED);
}

/* Is the customer among these entries of its key? Hashed numbers are compared, the others are their key. */
static bool is_listed(struct group *g, const struct customer_tuple *primary, const struct exclusion *entries, int first,
                      int count, bool *listed)
{
    *listed = count > 0 && strength_of(primary) == IDENTITY_EXACT;
    if (count == 0 || *listed) return true;
    struct reread one;
    char number[IDENTITY_NUMBER_MAX + 8];
    struct view class;
    bool corporate;
    if (!reread(g, primary->record, &one)) return false;
    size_t n = number_of(g, &one, number, &class, &corporate);
    for (int i = first; i < first + count; i++)
        *listed |= view_is(class, entries[i].class) && view_is((struct view){number, n}, entries[i].number);
    return true;
}

static bool check_lists(struct group *g, const struct customer_tuple *primary)
{
    const struct reference *r = g->in->reference;
    bool excluded = false, overridden = false;
    int count, first = reference_exclusions(r, primary->key, &count);
    if (!is_listed(g, primary, r->exclusions, first, count, &excluded)) return false;
    first = reference_overrides(r, primary->key, &count);
    if (!is_listed(g, primary, r->overrides, first, count, &overridden)) return false;
    if (excluded) {
        mark(g->in->excluded, primary->record);
        __atomic_fetch_add(&g->in->excluded_count, 1, __ATOMIC_RELAXED);
    }
    if (overridden) {
        mark(g->in->overridden, primary->record);
        __atomic_fetch_add(&g->in->overridden_count, 1, __ATOMIC_RELAXED);
    }
    return true;
}

static bool found(struct group *g, const struct customer_tuple *primary)
{
    const struct reference *lists = g->in->reference;
    if ((lists->exclusions_count || lists->overrides_count) && !check_lists(g, primary)) return false;
    if (primary->birth_strength & 4) mark(g->in->corporate, primary->record);
    struct identity_tuple *t =
        exchange_add(&g->in->identities, g->worker, import_partition(primary->key, g->in->im->identity_bits), g->st);
    if (!t) return false;
    *t = (struct identity_tuple){primary->key, primary->record, strength_of(primary)};
    g->in->primary[primary->record] = primary->record;
    return true;
}

static bool alone(struct group *g, uint32_t member)
{
    return found(g, &g->tuples[member]);
}

/* The members first, … of one customer: choose and note the primary. */
static bool merge(struct group *g, const uint32_t *members, uint32_t count)
{
    const struct customer_tuple *best = &g->tuples[members[0]];
    for (uint32_t i = 1; i < count; i++) {
        bool yes;
        if (!better(g, &g->tuples[members[i]], best, &yes)) return false;
        if (yes) best = &g->tuples[members[i]];
    }
    for (uint32_t i = 0; i < count; i++) g->in->primary[g->tuples[members[i]].record] = best->record;
    return found(g, best);
}

/* Do the tuples alone say that all members are one customer? */
static bool plainly_one(const struct group *g)
{
    const struct customer_tuple *first = &g->tuples[g->members[0]];
    for (uint32_t i = 0; i < g->count; i++) {
        const struct customer_tuple *t = &g->tuples[g->members[i]];
        if (strength_of(t) != IDENTITY_EXACT || t->name != first->name) return false;
    }
    return true;
}

static int by_record(const void *a, const void *b, void *tuples)
{
    const struct customer_tuple *t = tuples;
    uint32_t x = t[*(const uint32_t *)a].record, y = t[*(const uint32_t *)b].record;
    return x < y ? -1 : x > y;
}

static void sort_members(struct group *g)
{
    if (g->count > 32) {
        qsort_r(g->members, g->count, sizeof *g->members, by_record, (void *)(uintptr_t)g->tuples);
        return;
    }
    for (uint32_t i = 1; i < g->count; i++) { /* few, nearly always */
        uint32_t m = g->members[i], k = i;
        for (; k && g->tuples[g->members[k - 1]].record > g->tuples[m].record; k--) g->members[k] = g->members[k - 1];
        g->members[k] = m;
    }
}

/* Members in order of position; each joins the first cluster whose founder is the same customer. */
static bool cluster(struct group *g)
{
    const struct identity_profile *p = g->in->im->unit->identity;
    uint32_t clustered = 0; /* members[0..clustered) are done; a cluster stands together */
    sort_members(g);
    uint32_t founders = 0;
    while (clustered < g->count) {
        uint32_t founder = clustered, end = clustered + 1;
        for (uint32_t i = clustered + 1; i < g->count; i++) {
            bool same;
            if (!same_customer(g, g->members[founder], g->members[i], &same)) return false;
            if (!same) continue;
            uint32_t m = g->members[i]; /* keep the others in order */
            memmove(&g->members[end + 1], &g->members[end], (i - end) * sizeof m);
            g->members[end++] = m;
        }
        if (founders && p->names_apart)
            integrate_note(g->in,
                           strength_of(&g->tuples[g->members[founder]]) == IDENTITY_WEAK ? NOTE_WEAK_APART
                                                                                         : NOTE_NAME_APART,
                           g->tuples[g->members[founder]].record, g->tuples[g->members[0]].record);
        if (!merge(g, &g->members[founder], end - clustered)) return false;
        clustered = end;
        founders++;
    }
    return true;
}

static bool resolve(struct group *g)
{
    int hold_above = g->in->im->unit->identity->hold_above;
    bool never = strength_of(&g->tuples[g->members[0]]) == IDENTITY_NEVER;
    if (g->count == 1 && !never) return alone(g, g->members[0]);
    if (never || (hold_above && g->count > (uint32_t)hold_above)) {
        for (uint32_t i = 0; i < g->count; i++) {
            integrate_note(g->in, never ? NOTE_PLACEHOLDER : NOTE_HELD, g->tuples[g->members[i]].record, UINT32_MAX);
            if (!alone(g, g->members[i])) return false;
        }
        return true;
    }
    if (plainly_one(g)) return merge(g, g->members, g->count);
    return cluster(g);
}

/* Groups the tuples of a partition by key: members of group k stand at members[start[k] .. start[k+1]). */
static uint32_t group_by_key(struct identity_scratch *s, const struct customer_tuple *t, uint32_t n, int bits)
{
    size_t slots = 1024;
    while (slots < 2 * (size_t)n) slots *= 2;
    void *room = s->room.table;
    uint32_t *table = integrate_room(&room, &s->room.table_size, slots * 4);
    s->room.table = table;
    memset(table, 0, slots * 4);
    uint32_t *cuts = integrate_room(&s->room.extra, &s->room.extra_size, ((size_t)n * 3 + 2) * 4);
    s->group_of = cuts;
    s->start = cuts + n;
    s->members = s->start + n + 1;
    int shift = 64 - __builtin_ctzll(slots);
    uint32_t groups = 0;
    memset(s->start, 0, ((size_t)n + 1) * 4);
    for (uint32_t i = 0; i < n; i++) {
        size_t h = (size_t)((t[i].key * UINT64_C(0x9E3779B97F4A7C15)) << bits >> shift);
        uint32_t first;
        while ((first = table[h]) != 0 && t[first - 1].key != t[i].key) h = (h + 1) & (slots - 1);
        if (first == 0) {
            table[h] = i + 1;
            s->group_of[i] = groups++;
        } else {
            s->group_of[i] = s->group_of[first - 1];
        }
        s->start[s->group_of[i] + 1]++;
    }
    for (uint32_t k = 0; k < groups; k++) s->start[k + 1] += s->start[k];
    for (uint32_t i = n; i-- > 0;) s->members[--s->start[s->group_of[i] + 1]] = i;
    /* Placing backwards has moved each group's end to its start: start[k + 1] is where group k begins. */
    memmove(s->start, s->start + 1, (size_t)groups * 4);
    s->start[groups] = n;
    return groups;
}

/* Tuples without the source key are made whole in place, from the end. */
static void widen(struct customer_tuple *t, uint32_t n, uint32_t size)
{
    if (size == sizeof *t) return;
    for (uint32_t i = n; i-- > 0;) {
        struct customer_tuple whole = {0};
        memcpy(&whole, (char *)t + (size_t)i * size, offsetof(struct customer_tuple, source));
        t[i] = whole;
    }
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct integrate *in = j->in;
    struct identity_scratch *s = &j->scratch[worker];
    uint32_t n = (uint32_t)exchange_count(&in->im->customers, (uint32_t)partition);
    struct customer_tuple *t = integrate_room(&s->room.tuples, &s->room.tuples_size, (size_t)n * sizeof *t);
    if (n == 0) return true;
    if (!exchange_take(&in->im->customers, (uint32_t)partition, t, st)) return false;
    widen(t, n, in->im->customer_tuple_size);
    if (in->superseded_count) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < n; i++)
            if (!integrate_bit(in->superseded, t[i].record)) t[kept++] = t[i];
        n = kept;
    }
    uint32_t groups = group_by_key(s, t, n, in->im->identity_bits);
    struct group g = {.in = in, .s = s, .tuples = t, .worker = worker, .st = st};
    for (uint32_t k = 0; k < groups; k++) {
        g.members = s->members + s->start[k];
        g.count = s->start[k + 1] - s->start[k];
        if (!resolve(&g)) return false;
    }
    return true;
}

bool integrate_identities(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    int workers = pool_workers(im->pool);
    if (!exchange_init(&in->identities,
                       &(struct exchange_options){"identities", 1u << im->identity_bits, sizeof(struct identity_tuple),
                                                  workers, im->budget, im->spill_folder},
                       st))
        return false;
    struct job j = {.in = in, .scratch = calloc((size_t)workers, sizeof(struct identity_scratch))};
    ensure(j.scratch);
    for (int w = 0; w < workers; w++) {
        j.scratch[w].to_utf8 = charset_open(CHARSET_GB18030, CHARSET_UTF8);
        buf_init(&j.scratch[w].name_a, 65536);
        buf_init(&j.scratch[w].name_b, 65536);
    }
    bool ok = pool_run(im->pool, UINT64_C(1) << im->identity_bits, task, &j, st);
    for (int w = 0; w < workers; w++) {
        integrate_scratch_release(&j.scratch[w].room);
        charset_close(j.scratch[w].to_utf8);
        buf_release(&j.scratch[w].name_a);
        buf_release(&j.scratch[w].name_b);
    }
    free(j.scratch);
    if (!ok) return status_while(st, "matching identities");
    exchange_seal(&in->identities);
    return true;
}
