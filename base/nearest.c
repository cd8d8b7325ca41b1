#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

static int least(int a, int b)
{
    return a < b ? a : b;
}

int nearest_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n >= NEAREST_NAME_MAX || m >= NEAREST_NAME_MAX) return NEAREST_NAME_MAX;
    /* Three rows of the usual table: the swap looks two rows back. */
    int rows[3][NEAREST_NAME_MAX + 1];
    for (size_t j = 0; j <= m; j++) rows[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = least(best, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = least(best, above2[j - 2] + 1);
            row[j] = best;
        }
    }
    return rows[n % 3][m];
}

void nearest_init(struct nearest *n, const char *wanted)
{
    int limit = (int)(strlen(wanted) / 3);
    limit = limit < 1 ? 1 : limit > 3 ? 3 : limit;
    *n = (struct nearest){.wanted = wanted, .distance = limit + 1};
}

void nearest_try(struct nearest *n, const char *candidate)
{
    int distance = nearest_distance(n->wanted, candidate);
    /* A word of two letters is one change away from any other word of two letters. */
    if (distance >= n->distance || distance >= (int)strlen(n->wanted)) return;
    n->distance = distance;
    n->name = candidate;
}

const char *nearest_of(const char *wanted, const char *const names[])
{
    struct nearest n;
    nearest_init(&n, wanted);
    for (int i = 0; names[i]; i++) nearest_try(&n, names[i]);
    return n.name;
}
