#include "etl/group.h"

#include "base/status.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <xxhash.h>

struct group_set {
    struct arena arena;
    int sums, count;
    struct group **slots; /* open addressing, at most half full */
    size_t slots_count;
    struct group **sorted;
    struct group *last; /* the key before is often the key again */
};

struct group_set *group_set_new(int sums)
{
    struct group_set *s = calloc(1, sizeof *s);
    ensure(s);
    arena_init(&s->arena, "groups");
    s->sums = sums;
    s->slots_count = 256;
    s->slots = calloc(s->slots_count, sizeof *s->slots);
    ensure(s->slots);
    return s;
}

void group_set_free(struct group_set *s)
{
    if (!s) return;
    arena_release(&s->arena);
    free(s->slots);
    free(s->sorted);
    free(s);
}

static struct group **slot_of(const struct group_set *s, struct view key)
{
    size_t i = XXH3_64bits(key.bytes, key.length) & (s->slots_count - 1);
    while (s->slots[i] && !view_equal(s->slots[i]->key, key)) i = (i + 1) & (s->slots_count - 1);
    return &s->slots[i];
}

static void grow(struct group_set *s)
{
    struct group **old = s->slots;
    size_t old_count = s->slots_count;
    s->slots_count *= 2;
    s->slots = calloc(s->slots_count, sizeof *s->slots);
    ensure(s->slots);
    for (size_t i = 0; i < old_count; i++)
        if (old[i]) *slot_of(s, old[i]->key) = old[i];
    free(old);
}

struct group *group_at(struct group_set *s, struct view key)
{
    if (s->last && view_equal(s->last->key, key)) return s->last;
    struct group **slot = slot_of(s, key);
    if (!*slot) {
        if (s->count == GROUPS_MAX) return NULL;
        if ((size_t)++s->count * 2 > s->slots_count) {
            grow(s);
            slot = slot_of(s, key);
        }
        struct group *g = *slot = arena_new(&s->arena, struct group);
        g->key = (struct view){arena_dup(&s->arena, key), key.length};
        g->sums = arena_array(&s->arena, __int128, s->sums + 1);
    }
    return s->last = *slot;
}

const struct group *group_find(const struct group_set *s, struct view key)
{
    return *slot_of(s, key);
}

bool group_merge(struct group_set *to, const struct group_set *from)
{
    for (size_t i = 0; i < from->slots_count; i++) {
        const struct group *g = from->slots[i];
        if (!g) continue;
        struct group *mine = group_at(to, g->key);
        if (!mine) return false;
        for (int k = 0; k < GROUP_COUNTS_MAX; k++) mine->counts[k] += g->counts[k];
        for (int k = 0; k < to->sums; k++) mine->sums[k] += g->sums[k];
    }
    return true;
}

int group_count(const struct group_set *s)
{
    return s->count;
}

static bool whole_number(struct view v, long long *number)
{
    char *end;
    if (v.length == 0 || v.length > 18) return false;
    *number = strtoll(v.bytes, &end, 10); /* keys are NUL-ended copies */
    return end == v.bytes + v.length;
}

static int by_key(const void *a, const void *b)
{
    struct view x = (*(struct group *const *)a)->key, y = (*(struct group *const *)b)->key;
    long long m, n;
    bool p = whole_number(x, &m), q = whole_number(y, &n);
    if (p != q) return p ? -1 : 1;
    if (p && m != n) return m < n ? -1 : 1;
    size_t length = x.length < y.length ? x.length : y.length;
    int order = length ? memcmp(x.bytes, y.bytes, length) : 0;
    return order ? order : x.length < y.length ? -1 : x.length > y.length;
}

struct group *const *group_sorted(struct group_set *s)
{
    free(s->sorted);
    s->sorted = calloc((size_t)s->count + 1, sizeof *s->sorted);
    ensure(s->sorted);
    int n = 0;
    for (size_t i = 0; i < s->slots_count; i++)
        if (s->slots[i]) s->sorted[n++] = s->slots[i];
    qsort(s->sorted, (size_t)n, sizeof *s->sorted, by_key);
    return s->sorted;
}
