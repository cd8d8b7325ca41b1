/* apply: who has which number, after matching (the rules stand in apply.h). */
#include "etl/apply.h"
#include "etl/integrate.h"

#include <string.h>

struct group { /* the records of one customer of tonight: order[first..end) */
    uint32_t first, end, primary;
    uint32_t index; /* APPLY_NONE: not known yet */
    bool living;
};

struct numbering {
    struct integrate *in;
    struct apply *a;
    uint32_t *order; /* records by (primary, record) */
    struct group *groups;
    uint32_t groups_count;
    uint64_t *taken; /* bitmap by index: a number somebody has tonight */
};

static int by_primary(const void *a, const void *b, void *context)
{
    const struct apply_record *r = context, *x = &r[*(const uint32_t *)a], *y = &r[*(const uint32_t *)b];
    if (x->primary != y->primary) return x->primary < y->primary ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

static void make_groups(struct numbering *n)
{
    struct apply *a = n->a;
    n->order = malloc((a->records_count + 1u) * sizeof *n->order);
    n->groups = malloc((a->records_count + 1u) * sizeof *n->groups);
    n->taken = calloc(a->old_places / 64 + 1u, 8);
    ensure(n->order && n->groups && n->taken);
    for (uint32_t i = 0; i < a->records_count; i++) {
        n->order[i] = i;
        a->records[i].primary = n->in->primary[a->records[i].record];
        ensure(a->records[i].primary != APPLY_NONE);
    }
    qsort_r(n->order, a->records_count, sizeof *n->order, by_primary, a->records);
    for (uint32_t i = 0; i < a->records_count; i++) {
        const struct apply_record *r = &a->records[n->order[i]];
        struct group *g = n->groups_count ? &n->groups[n->groups_count - 1] : NULL;
        if (!g || g->primary != r->primary) {
            g = &n->groups[n->groups_count++];
            *g = (struct group){.first = i, .primary = r->primary, .index = APPLY_NONE};
        }
        g->end = i + 1;
        g->living |= !r->closed;
    }
}

static struct apply_record *member(const struct numbering *n, uint32_t i)
{
    return &n->a->records[n->order[i]];
}

/* The smallest number founded by one of the records. */
static void give_founded(struct numbering *n)
{
    for (uint32_t k = 0; k < n->groups_count; k++) {
        struct group *g = &n->groups[k];
        for (uint32_t i = g->first; i < g->end; i++)
            if (member(n, i)->founded < g->index) g->index = member(n, i)->founded;
        if (g->index != APPLY_NONE) bitmap_set(n->taken, g->index);
    }
}

/* A number whose founder carries it on nowhere stays with those left behind. The living come first. */
static void give_left(struct numbering *n)
{
    for (int living = 1; living >= 0; living--)
        for (uint32_t k = 0; k < n->groups_count; k++) {
            struct group *g = &n->groups[k];
            if (g->index != APPLY_NONE || g->living != living) continue;
            for (uint32_t i = g->first; i < g->end; i++) {
                uint32_t old = member(n, i)->old_index;
                if (old != APPLY_NONE && old < g->index && !bitmap_get(n->taken, old)) g->index = old;
            }
            if (g->index == APPLY_NONE) continue;
            bitmap_set(n->taken, g->index);
            for (uint32_t i = 0; i < n->a->records_count; i++)
                if (n->a->records[i].founded == g->index) n->a->records[i].founded = APPLY_NONE;
            apply_find(n->a, g->primary)->founded = g->index;
        }
}

/* Newcomers in the order of their primary records: groups are in that order. */
static void give_new(struct numbering *n)
{
    uint64_t next = n->in->next_number;
    for (uint32_t k = 0; k < n->groups_count; k++) {
        struct group *g = &n->groups[k];
        if (g->index != APPLY_NONE) continue;
        g->index = (uint32_t)(next++ - n->in->first_number);
        apply_find(n->a, g->primary)->founded = g->index;
    }
    n->in->next_number = next;
    n->in->customers = (uint32_t)(next - n->in->first_number);
    if (n->in->customers < n->a->old_places) n->in->customers = n->a->old_places;
}

/* --- what happened --- */

static void add_event(struct numbering *n, enum apply_event_kind kind, uint32_t index, uint32_t other)
{
    struct apply *a = n->a;
    if (a->events_count == a->events_capacity) {
        a->events_capacity = a->events_capacity ? a->events_capacity * 2 : 256;
        a->events = realloc(a->events, a->events_capacity * sizeof *a->events);
        ensure(a->events);
    }
    uint64_t base = n->in->first_number;
    a->events[a->events_count++] = (struct apply_event){kind, base + index, other == APPLY_NONE ? 0 : base + other};
    a->event_of[kind]++;
}

static void add_redirect(struct numbering *n, uint64_t number, uint64_t to, int32_t since)
{
    struct apply *a = n->a;
    if (a->redirects_count == a->redirects_capacity) {
        a->redirects_capacity = a->redirects_capacity ? a->redirects_capacity * 2 : 256;
        a->redirects = realloc(a->redirects, a->redirects_capacity * sizeof *a->redirects);
        ensure(a->redirects);
    }
    a->redirects[a->redirects_count++] = (struct apply_redirect){number, to, since};
}

static int by_number(const void *a, const void *b)
{
    const struct apply_redirect *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Numbers founded by records of a customer who has another one lead to it. Those of touched customers are made anew. */
static void redirect(struct numbering *n)
{
    struct apply *a = n->a;
    uint64_t base = n->in->first_number;
    uint32_t kept = 0, before = a->redirects_count;
    struct apply_redirect *old = malloc((before + 1u) * sizeof *old);
    ensure(old);
    if (before) memcpy(old, a->redirects, before * sizeof *old);
    for (uint32_t i = 0; i < before; i++)
        if (!bitmap_get(a->touched, (uint32_t)(old[i].to - base)) &&
            !(old[i].number - base < a->old_places && bitmap_get(n->taken, (uint32_t)(old[i].number - base))))
            a->redirects[kept++] = old[i];
    a->redirects_count = kept;
    for (uint32_t i = 0; i < a->records_count; i++) {
        const struct apply_record *r = &a->records[i];
        if (r->founded == APPLY_NONE || r->founded == r->index) continue;
        struct apply_redirect key = {.number = base + r->founded};
        const struct apply_redirect *known = before ? bsearch(&key, old, before, sizeof key, by_number) : NULL;
        bool same = known && known->to == base + r->index;
        add_redirect(n, key.number, base + r->index, same ? known->since : n->in->im->business_date);
    }
    if (a->redirects_count) qsort(a->redirects, a->redirects_count, sizeof *a->redirects, by_number);
    free(old);
}

/* Was the number in force yesterday? */
static bool lived(const struct numbering *n, const uint64_t *living_before, uint32_t index)
{
    return index < n->a->old_places && bitmap_get(living_before, index);
}

static int by_event(const void *a, const void *b)
{
    const struct apply_event *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Each number that came into force or went out of it, once. */
static void events(struct numbering *n)
{
    struct apply *a = n->a;
    uint64_t *before = calloc(a->old_places / 64 + 1u, 8), *after = calloc(n->in->customers / 64 + 1u, 8);
    ensure(before && after);
    for (uint32_t i = 0; i < a->records_count; i++)
        if (a->records[i].old_index != APPLY_NONE && !a->records[i].was_closed)
            bitmap_set(before, a->records[i].old_index);
    for (uint32_t k = 0; k < n->groups_count; k++) {
        const struct group *g = &n->groups[k];
        if (!g->living) continue;
        bitmap_set(after, g->index);
        if (lived(n, before, g->index)) continue;
        uint32_t from = APPLY_NONE; /* somebody who was a customer with another number */
        for (uint32_t i = g->first; i < g->end; i++) {
            const struct apply_record *r = member(n, i);
            if (!r->closed && r->old_index != APPLY_NONE && !r->was_closed && r->old_index < from) from = r->old_index;
        }
        bool known = g->index < a->old_places;
        add_event(n, from != APPLY_NONE ? APPLY_PARTED : known ? APPLY_REOPENED : APPLY_NEW, g->index, from);
    }
    uint32_t *into = malloc((a->old_places + 1u) * sizeof *into);
    ensure(into);
    memset(into, 0xff, (a->old_places + 1u) * sizeof *into);
    for (uint32_t i = 0; i < a->records_count; i++) {
        const struct apply_record *r = &a->records[i];
        if (r->old_index == APPLY_NONE || r->was_closed || r->closed || r->index == r->old_index) continue;
        if (r->index < into[r->old_index]) into[r->old_index] = r->index;
    }
    for (uint32_t i = 0; i < a->old_places; i++)
        if (bitmap_get(before, i) && !bitmap_get(after, i))
            add_event(n, into[i] != APPLY_NONE ? APPLY_MERGED : APPLY_CLOSED, i, into[i]);
    if (a->events_count) qsort(a->events, a->events_count, sizeof *a->events, by_event);
    free(into);
    free(before);
    free(after);
}

/* Whose accounts have to find their owner anew. */
static void note_moves(struct numbering *n)
{
    struct apply *a = n->a;
    for (uint32_t i = 0; i < a->records_count; i++) {
        const struct apply_record *r = &a->records[i];
        if (r->old_index != APPLY_NONE && (r->old_index != r->index || r->closed != r->was_closed))
            bitmap_set(a->moved, r->old_index);
    }
}

bool apply_numbers(struct integrate *in, struct status *st)
{
    struct apply *a = in->apply;
    struct numbering n = {.in = in, .a = a};
    (void)st;
    make_groups(&n);
    give_founded(&n);
    give_left(&n);
    give_new(&n);
    for (uint32_t k = 0; k < n.groups_count; k++) {
        for (uint32_t i = n.groups[k].first; i < n.groups[k].end; i++) member(&n, i)->index = n.groups[k].index;
        /* A number that comes back had no record yesterday: nothing else has touched its place. */
        if (n.groups[k].index < a->old_places) bitmap_set(a->touched, n.groups[k].index);
    }
    redirect(&n);
    events(&n);
    note_moves(&n);
    uint64_t living = a->old_living + a->event_of[APPLY_NEW] + a->event_of[APPLY_REOPENED] + a->event_of[APPLY_PARTED] -
                      a->event_of[APPLY_CLOSED] - a->event_of[APPLY_MERGED];
    in->gone = (uint32_t)(in->customers - living);
    free(n.order);
    free(n.groups);
    free(n.taken);
    return true;
}

/* --- the identity directory --- */

static int by_entry(const void *a, const void *b)
{
    const struct directory_entry *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

static bool add_former(struct integrate *in, const struct apply_alias *alias, struct apply_bytes *bytes,
                       struct charset_converter *to_utf8, struct buf *name, struct directory_entry *e, bool *any,
                       struct status *st)
{
    const struct apply_record *r = apply_find(in->apply, alias->record);
    struct customer_tuple t;
    *any = false;
    if (!r) return true;
    if (!apply_read(in->im->inputs, -1, alias->former, bytes, st) ||
        !import_customer_tuple(in->im, bytes->file, apply_record_bytes(bytes), alias->former, to_utf8, name, &t))
        return false;
    *any = (t.birth_strength & 3) != IDENTITY_NEVER;
    *e = (struct directory_entry){directory_hash(t.key), alias->former, (uint32_t)(in->first_number + r->index)};
    return true;
}

/* Every identity, present or former, of the touched customers, each once for a customer: with the primary record where
 * it has it. Ordered by hash. A customer none of whose records is in force is marked closed. */
bool apply_identity_entries(struct integrate *in, struct directory_entry **entries, uint64_t *count, struct status *st)
{
    struct apply *a = in->apply;
    struct directory_entry *e = malloc(((size_t)a->records_count + a->aliases_count + 1) * sizeof *e);
    uint64_t *living = calloc(in->customers / 64 + 1u, 8), n = 0, kept = 0;
    struct apply_bytes *bytes = malloc(sizeof *bytes);
    struct charset_converter *to_utf8 = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    struct buf name;
    ensure(e && living && bytes);
    buf_init(&name, 65536);
    for (uint32_t i = 0; i < a->records_count; i++) {
        const struct apply_record *r = &a->records[i];
        if (!r->closed) bitmap_set(living, r->index);
        if ((r->tuple.birth_strength & 3) == IDENTITY_NEVER) continue;
        const struct apply_record *p = apply_find(a, r->primary);
        uint32_t record = p->tuple.key == r->tuple.key ? p->record : r->record;
        e[n++] =
            (struct directory_entry){directory_hash(r->tuple.key), record, (uint32_t)(in->first_number + r->index)};
    }
    bool ok = true, any;
    for (uint32_t i = 0; ok && i < a->aliases_count; i++) {
        ok = add_former(in, &a->aliases[i], bytes, to_utf8, &name, &e[n], &any, st);
        n += ok && any;
    }
    qsort(e, n, sizeof *e, by_entry);
    for (uint64_t i = 0; i < n; i++)
        if (!kept || e[kept - 1].hash != e[i].hash || e[kept - 1].number != e[i].number) e[kept++] = e[i];
    for (uint64_t i = 0; i < kept; i++)
        if (!bitmap_get(living, (uint32_t)(e[i].number - in->first_number))) e[i].number |= DIRECTORY_CLOSED;
    *entries = e;
    *count = kept;
    charset_close(to_utf8);
    buf_release(&name);
    free(living);
    free(bytes);
    return ok;
}
