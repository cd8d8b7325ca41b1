/* group: counts and sums by a key, for statistics by branch, tier or any expression. One set per worker, merged and
 * sorted at the end, so that the answer does not depend on who met which customer.
 *
 *     struct group_set *s = group_set_new(counts, sums);
 *     struct group *g = group_at(s, key);  g->counts[0]++; g->sums[1] += amount;      NULL: more than GROUPS_MAX keys
 *     group_merge(all, s);
 *     group_sorted(all)[0 … group_count(all))      by key: as numbers where both are whole numbers, else by bytes
 */
#ifndef CRMX_ETL_GROUP_H
#define CRMX_ETL_GROUP_H

#include "base/arena.h"

#include <stdint.h>

enum { GROUPS_MAX = 100000, GROUP_COUNTS_MAX = 8 };

struct group {
    struct view key;
    uint64_t counts[GROUP_COUNTS_MAX];
    __int128 *sums;
};

struct group_set;
struct group_set *group_set_new(int sums);
void group_set_free(struct group_set *s);
struct group *group_at(struct group_set *s, struct view key);
/* The same without adding it, NULL: it is not there. Any number of threads may look. */
const struct group *group_find(const struct group_set *s, struct view key);
bool group_merge(struct group_set *to, const struct group_set *from); /* false: more than GROUPS_MAX keys */
int group_count(const struct group_set *s);
struct group *const *group_sorted(struct group_set *s);

#endif
