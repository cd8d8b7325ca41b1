/* generation 数据世代: a unit's population as of one business date. An immutable folder; its name is DATE.SEQ.ATTEMPT.
 *
 *     state/units/UU/CURRENT            which generation is the unit's truth: "ID MANIFEST-HASH"
 *     state/units/UU/gen/ID/MANIFEST    every file with its bytes and hash, and what the generation is about
 *                          INPUTS       the archived inputs: record bases, segments, counts (addresses of records)
 *                          in/          the archived inputs themselves: the cold heap
 *                          param/       unit, layouts, outputs, identity, formulas as frozen at the start
 *                          *.seg *.dir  columns and directories
 *                          out/         the output files
 *                          rejects.tsv notes.tsv rates.tsv totals.tsv tieout.tsv
 *
 * Commit point: the atomic, fsynced replacement of CURRENT. What is not reachable from CURRENT does not exist for
 * readers.
 */
#ifndef CRMX_ETL_GENERATION_H
#define CRMX_ETL_GENERATION_H

#include "base/arena.h"
#include "base/pool.h"
#include "etl/average.h"
#include "etl/decode.h"
#include "etl/input.h"
#include "etl/reference.h"
#include "etl/segment.h"
#include "etl/table.h"
#include "etl/unit.h"

enum { GENERATION_ID_MAX = 32 };

struct generation_current {
    char id[GENERATION_ID_MAX];
    char manifest_hash[33];
};
/* *there false: the unit has no population yet. */
bool generation_current_read(const char *unit_folder, struct generation_current *out, bool *there, struct status *st);
bool generation_current_write(const char *unit_folder, const struct generation_current *c, struct status *st);

/* Writes INPUTS of a generation under construction. */
bool generation_write_inputs(const char *folder, const struct input_set *inputs, struct status *st);
/* Files whose content hash is known already (they were hashed while they were written). */
struct generation_known {
    const char *name; /* below the folder, e.g. out/CRMCUST */
    uint64_t bytes, hash_low, hash_high;
};
/* Brings every file and folder to disk, several at a time, hashes what is not known yet and writes MANIFEST last.
 * head: lines "key<tab>value" that come first. */
bool generation_write_manifest(const char *folder, const char *head, const struct generation_known *known,
                               int known_count, char hash[33], struct status *st);

/* A committed generation, open for reading. */
struct generation {
    char id[GENERATION_ID_MAX];
    const char *folder;
    const char *manifest; /* as it was when the generation was opened */
    struct arena arena;
    struct unit *unit;       /* as frozen */
    struct input_set inputs; /* files open, addresses known */
    struct reference reference;
    struct tables tables;
    struct decoder *decoders[UNIT_LAYOUTS_MAX];
    struct average_state averages[UNIT_AVERAGES_MAX];
    int32_t business_date;
    uint64_t first_number, customers;
    uint64_t numbers; /* from first_number on: those in force (customers) and those that are not any more */
    uint32_t partition_customers;
    int identity_form; /* of the keys in identity.dir (identity.h); smaller: made by an older program */
    struct segment *customer, *source, *table[UNIT_LAYOUTS_MAX];
};

/* id NULL: the current one. Checks the manifest's hash against CURRENT, the sizes of all files, and the hashes of what
 * says how records are read: INPUTS, rates.tsv and param/. */
bool generation_open(const char *unit_folder, const char *id, struct generation **out, struct status *st);
void generation_close(struct generation *g);
/* Partition and place of a customer number (without prefix); false when there is no such customer. */
bool generation_place(const struct generation *g, uint64_t number, uint32_t *partition, uint32_t *place);
/* The lowest customer number of a partition (which holds size numbers, from a multiple of size on). */
static inline uint64_t partition_first_number(uint64_t first_number, uint32_t size, uint64_t partition)
{
    uint64_t low = (first_number / size + partition) * size;
    return low > first_number ? low : first_number;
}
static inline uint64_t generation_first_number(const struct generation *g, uint64_t partition)
{
    return partition_first_number(g->first_number, g->partition_customers, partition);
}
/* Customers are counted from 0 all over the generation: that of the first place of a partition. */
static inline uint32_t generation_first_place(const struct generation *g, uint64_t partition)
{
    return (uint32_t)(generation_first_number(g, partition) - g->first_number);
}
/* Value of a manifest head line; empty: there is no such line. */
struct view generation_head(const struct generation *g, const char *key);
/* The generation that one was built upon, "" for an initial load; without opening it. */
bool generation_previous(const char *unit_folder, const char *id, char previous[GENERATION_ID_MAX], struct status *st);

/* The hash CURRENT names a generation by. */
bool generation_manifest_hash(const char *unit_folder, const char *id, char hash[33], struct status *st);
/* Every file against the manifest, every segment against its hashes. Calls tell for each file. */
bool generation_verify(struct generation *g, void (*tell)(void *context, const char *file, bool good), void *context,
                       struct status *st);

#endif
