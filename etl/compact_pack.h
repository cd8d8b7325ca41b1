/* compact_pack: the files of a compacted generation: packed inputs, columns with the new record ids, links to all that
 * stays, INPUTS, and the comparison with the generation they were made from. */
#ifndef CRMX_ETL_COMPACT_PACK_H
#define CRMX_ETL_COMPACT_PACK_H

#include "etl/compact.h"
#include "etl/compact_space.h"
#include "etl/reconcile.h"

struct compact_pack {
    struct generation *g;
    const char *folder; /* under construction */
    struct compact_holders holders;
    struct compact_list lists[COMPACT_LISTS];
    struct pool *pool;
    struct arena *arena;
    struct input_set *inputs; /* of the compacted generation: what INPUTS will say */
    int packed;               /* files made so far: they are numbered */
    bool *rewritten;          /* per holder */
    struct compact_result *result;
};

/* Everything of one space: its packed files, its columns, its lines of the lists. */
bool compact_pack_space(struct compact_pack *p, const struct compact_space *s, struct status *st);
/* What is left: links, lists, INPUTS. */
bool compact_pack_rest(struct compact_pack *p, struct status *st);

/* Every record that g points at against the one that h points at in its place: the same bytes, of the same file, offset
 * and line, and the same amounts per table and currency. */
bool compact_compare(struct generation *g, struct generation *h, const struct compact_pack *p, struct reconcile *r,
                     struct status *st);

#endif
