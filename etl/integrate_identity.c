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
    struct integrate_scratch room, spare;
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
    const unsigned char *bytes;
    unsigned char room[INPUT_ROOM];
};

static bool reread(struct group *g, uint32_t record, struct reread *r)
{
    const struct input_file *f = input_file_of(g->in->im->inputs, -1, record);
    r->layout = f->layout;
    return (r->bytes = input_record(f, record, r->room, g->st));
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

static bool is_closed(const struct group *g, uint32_t record)
{
    return g->in->closed && bitmap_get(g->in->closed, record);
}

static bool is_incumbent(const struct group *g, uint32_t record)
{
    return g->in->incumbent && bitmap_get(g->in->incumbent, record);
}

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
    if (is_closed(g, a->record) != is_closed(g, b->record)) {
        *yes = !is_closed(g, a->record);
        return true;
    }
    if (system_a != system_b) {
        *yes = system_a < system_b;
        return true;
    }
    /* The incumbent stays (domain 4); of two, who were the primary records of two customers, that of the survivor. */
    if (is_incumbent(g, a->record) != is_incumbent(g, b->record)) {
        *yes = is_incumbent(g, a->record);
        return true;
    }
    if (is_incumbent(g, a->record)) {
        const struct apply_record *x = apply_find(g->in->apply, a->record), *y = apply_find(g->in->apply, b->record);
        *yes = x->old_index != y->old_index ? x->old_index < y->old_index : a->record < b->record;
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

/* Is the customer among these entries of its key? Where both numbers are exact, the key is the number; hashed ones, and
 * those of which one has a wrong check digit, are compared: a mistyped entry means nobody who has the right number. */
static bool is_listed(struct group *g, const struct customer_tuple *primary, const struct exclusion *entries, int first,
                      int count, bool *listed)
{
    *listed = false;
    for (int i = first; i < first + count; i++)
        *listed |= strength_of(primary) == IDENTITY_EXACT && entries[i].strength == IDENTITY_EXACT;
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

/* The order in which members found clusters: closed records last, then system, then source number; it must not depend
 * on the nights in which they came (docs/decisions/007). Where the tie rule is position, that is what the unit wants.
 * */
static bool comes_first(struct group *g, const struct customer_tuple *a, const struct customer_tuple *b, bool *first)
{
    if (is_closed(g, a->record) != is_closed(g, b->record)) {
        *first = is_closed(g, b->record);
        return true;
    }
    int system_a = integrate_system(g->in, a->record), system_b = integrate_system(g->in, b->record);
    if (system_a != system_b || g->in->im->unit->tie != UNIT_TIE_SOURCE_NO) {
        *first = system_a != system_b ? system_a < system_b : a->record < b->record;
        return true;
    }
    return smaller_source(g, a, b, first);
}

/* Merging runs: a comparison may read records and fail, which qsort cannot tell. */
static bool sort_members(struct group *g, uint32_t *members, uint32_t *spare, uint32_t count)
{
    if (count < 2) return true;
    uint32_t half = count / 2, i = 0, k = half, n = 0;
    if (!sort_members(g, members, spare, half) || !sort_members(g, members + half, spare, count - half)) return false;
    while (i < half && k < count) {
        bool second;
        if (!comes_first(g, &g->tuples[members[k]], &g->tuples[members[i]], &second)) return false;
        spare[n++] = second ? members[k++] : members[i++];
    }
    while (i < half) spare[n++] = members[i++];
    memcpy(members, spare, n * sizeof *members);
    return true;
}

/* Members in their order; each joins the first cluster whose founder is the same customer. */
static bool cluster(struct group *g)
{
    const struct identity_profile *p = g->in->im->unit->identity;
    uint32_t clustered = 0; /* members[0..clustered) are done; a cluster stands together */
    uint32_t *spare = integrate_room(&g->s->spare.tuples, &g->s->spare.tuples_size, g->count * sizeof *spare);
    if (!sort_members(g, g->members, spare, g->count)) return false;
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
    uint32_t live = g->count;
    for (uint32_t i = 0; g->in->closed && i < g->count; i++) live -= is_closed(g, g->tuples[g->members[i]].record);
    if (never || (hold_above && live > (uint32_t)hold_above)) {
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

/* Records of yesterday that are matched anew. */
static const struct customer_tuple *lifted_tuples(const struct integrate *in, uint64_t partition, uint32_t *count)
{
    const struct apply_lifted *l = &in->apply->customers;
    *count = l->start ? l->start[partition + 1] - l->start[partition] : 0;
    return l->start ? (const struct customer_tuple *)l->tuples + l->start[partition] : NULL;
}

static bool task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct integrate *in = j->in;
    struct identity_scratch *s = &j->scratch[worker];
    uint32_t n = (uint32_t)exchange_count(&in->im->customers, (uint32_t)partition), lifted;
    const struct customer_tuple *more = lifted_tuples(in, partition, &lifted);
    struct customer_tuple *t = integrate_room(&s->room.tuples, &s->room.tuples_size, (size_t)(n + lifted) * sizeof *t);
    if (n + lifted == 0) return true;
    if (n && !exchange_take(&in->im->customers, (uint32_t)partition, t, st)) return false;
    widen(t, n, in->im->customer_tuple_size);
    if (lifted) memcpy(t + n, more, lifted * sizeof *t);
    n += lifted;
    if (in->superseded_count) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < n; i++)
            if (!bitmap_get(in->superseded, t[i].record)) t[kept++] = t[i];
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
        integrate_scratch_release(&j.scratch[w].spare);
        charset_close(j.scratch[w].to_utf8);
        buf_release(&j.scratch[w].name_a);
        buf_release(&j.scratch[w].name_b);
    }
    free(j.scratch);
    if (!ok) return status_while(st, "matching identities");
    exchange_seal(&in->identities);
    return true;
}

/* --- aliases --- */

/* The primary record of a customer, after joins: the chain's end. */
static uint32_t root_of(const struct integrate *in, uint32_t record)
{
    while (in->primary[record] != record) record = in->primary[record];
    return record;
}

static int by_key(const void *a, const void *b, void *context)
{
    const struct apply_record *r = context, *x = &r[*(const uint32_t *)a], *y = &r[*(const uint32_t *)b];
    if (x->tuple.key != y->tuple.key) return x->tuple.key < y->tuple.key ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

/* Who shares a former identity of a touched record is the same customer: the groups of both are joined. */
static bool join_alias(struct group *g, const struct apply_record *r, uint32_t former, const uint32_t *order,
                       bool *joined)
{
    struct apply *a = g->in->apply;
    struct apply_bytes *bytes = malloc(sizeof *bytes);
    ensure(bytes);
    struct customer_tuple pair[2];
    bool ok = apply_read(g->in->im->inputs, -1, former, bytes, g->st) &&
              import_customer_tuple(g->in->im, bytes->file, apply_record_bytes(bytes), former, g->s->to_utf8,
                                    &g->s->name_a, &pair[0]);
    free(bytes);
    uint32_t low = 0, high = a->records_count;
    while (ok && low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (a->records[order[middle]].tuple.key < pair[0].key)
            low = middle + 1;
        else
            high = middle;
    }
    g->tuples = pair;
    for (; ok && low < a->records_count && a->records[order[low]].tuple.key == pair[0].key; low++) {
        const struct apply_record *other = &a->records[order[low]];
        bool same = false;
        pair[1] = other->tuple;
        if (other != r && strength_of(&pair[0]) != IDENTITY_NEVER) ok = same_customer(g, 0, 1, &same);
        uint32_t from = root_of(g->in, other->record), to = root_of(g->in, r->record);
        if (!same || from == to) continue;
        g->in->primary[from] = to;
        *joined = true;
    }
    return ok;
}

/* The best record of each customer becomes its primary one, where customers were joined. */
static bool choose_again(struct group *g)
{
    struct apply *a = g->in->apply;
    for (uint32_t i = 0; i < a->records_count; i++) a->records[i].primary = a->records[i].record;
    for (uint32_t i = 0; i < a->records_count; i++) {
        struct apply_record *root = apply_find(a, root_of(g->in, a->records[i].record));
        bool yes = false;
        if (a->records[i].record != root->primary &&
            !better(g, &a->records[i].tuple, &apply_find(a, root->primary)->tuple, &yes))
            return false;
        if (yes) root->primary = a->records[i].record;
    }
    uint32_t *now = malloc((a->records_count + 1u) * sizeof *now);
    ensure(now);
    for (uint32_t i = 0; i < a->records_count; i++)
        now[i] = apply_find(a, root_of(g->in, a->records[i].record))->primary;
    for (uint32_t i = 0; i < a->records_count; i++) g->in->primary[a->records[i].record] = now[i];
    free(now);
    return true;
}

bool integrate_aliases(struct integrate *in, struct status *st)
{
    struct apply *a = in->apply;
    struct identity_scratch s = {.to_utf8 = charset_open(CHARSET_GB18030, CHARSET_UTF8)};
    buf_init(&s.name_a, 65536);
    buf_init(&s.name_b, 65536);
    uint32_t *order = malloc((a->records_count + 1u) * sizeof *order);
    ensure(order);
    for (uint32_t i = 0; i < a->records_count; i++) order[i] = i;
    struct group g = {.in = in, .s = &s, .st = st};
    bool ok = true, joined = false;
    if (a->aliases_count) qsort_r(order, a->records_count, sizeof *order, by_key, a->records);
    for (uint32_t i = 0; ok && i < a->aliases_count; i++) {
        const struct apply_record *r = apply_find(a, a->aliases[i].record);
        if (r) ok = join_alias(&g, r, a->aliases[i].former, order, &joined);
    }
    ok = ok && (!joined || choose_again(&g));
    charset_close(s.to_utf8);
    buf_release(&s.name_a);
    buf_release(&s.name_b);
    free(order);
    return ok || status_while(st, "joining customers by former identities");
}
