/* nearest: the name a misspelt word most likely meant, for "did you mean" in messages.
 *
 * Distance is Damerau-Levenshtein over bytes (a swap of two neighbours counts once). A name further away than a third
 * of the word's length (at least 1, at most 3) is no suggestion: a wrong guess at three in the morning is worse than
 * none.
 */
#ifndef CRMX_BASE_NEAREST_H
#define CRMX_BASE_NEAREST_H

#include <stdbool.h>

enum { NEAREST_NAME_MAX = 64 }; /* longer words are never suggested */

struct nearest {
    const char *wanted;
    const char *name; /* the best so far, NULL when there is none; belongs to the caller of nearest_try */
    int distance;
};

/* nearest_init → nearest_try for every candidate → .name. The first of several equally near names wins. */
void nearest_init(struct nearest *n, const char *wanted);
void nearest_try(struct nearest *n, const char *candidate);
/* The same over a NULL-ended list. */
const char *nearest_of(const char *wanted, const char *const names[]);
/* Bytes to insert, remove, replace or swap to get from a to b; NEAREST_NAME_MAX when one is longer than that. */
int nearest_distance(const char *a, const char *b);

#endif
