/* compact: the archived inputs of a generation, packed. Record ids have 32 bits a space, and every night's files stay
 * as long as one record of them is in force: files that hold few live records cost disk, and in years the ids run out
 * (docs/decisions/015).
 *
 * A compaction is a second form of the current generation, made by day, from which the next night starts:
 *
 *     units/UU/compact/CURRENT     "ID MANIFEST-HASH": the generation it is a form of; written last, atomically
 *                      gen/ID/     a whole generation: the same columns but for record ids; unchanged files are links
 *                      gen.tmp/    under construction
 *
 *     none ──► gen.tmp ──manifest──► gen/ID ──every record compared──► CURRENT ──the next night has committed──►
 *     removed
 *               ▲ killed at any moment: the same command begins again, to the same bytes
 *
 * The generation itself stays as it is, and so do its followers: nothing is loaded or delivered again. The night that
 * builds on it finds the same records under other ids; ids keep their order, so nothing else is different.
 *
 * A packed file (in/ID/packed.LAYOUT.N) holds the live records of consecutive files of one layout, in their order, each
 * followed by the offset and the line it had; INPUTS says from which file (struct input_origin). Transaction logs are
 * not packed: they go with the month.
 *
 * Live is what anything in the generation points at: customers' records, rows, directories (closed ones are
 * remembered), former identities, pending accounts, the month's detail.
 */
#ifndef CRMX_ETL_COMPACT_H
#define CRMX_ETL_COMPACT_H

#include "etl/generation.h"

struct compact_request {
    const char *work, *unit;
    int live_share; /* percent: files with fewer live records are packed */
    int threads;    /* 0: one per processor */
    uint64_t memory_max;
};

struct compact_count {
    uint64_t files, records, bytes; /* archived */
};

struct compact_result {
    char generation[GENERATION_ID_MAX];
    bool already;                          /* it was made before */
    uint64_t packed_files, packed_records; /* how many went in; live ones of them. 0 files: there was nothing to pack */
    struct compact_count before, after;
    int equations;
};

/* Under the unit's lock. STATUS_CONSERVATION when a record, or an amount, of the compacted form is not that of the
 * generation: then it does not count. */
bool compact_unit(const struct compact_request *r, struct compact_result *out, struct status *st);
/* Is there a compacted form of the generation? Then folder is to be opened in the unit folder's place. */
bool compact_find(const char *unit_folder, const char *id, char folder[OS_PATH_MAX], bool *there, struct status *st);
/* Removes the form of any other generation than this one. Under the unit's lock. */
bool compact_prune(const char *unit_folder, const char *current, struct status *st);

/* How much of the archive is in force; by the sizes of columns, without looking at a record. */
struct compact_share {
    uint64_t archived, live; /* records */
    int percent;             /* live of archived, rounded down; 100 of nothing */
    uint32_t ids;            /* used in the space that has most of them */
    const char *space;       /* its layout */
};
void compact_share(const struct generation *g, struct compact_share *out);
/* Is a compaction due: below the share, or three quarters of the ids used? */
bool compact_is_due(const struct compact_share *s, int live_share);

#endif
