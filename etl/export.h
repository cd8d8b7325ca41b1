/* export (step 080): the rows of account, contact and address outputs. Their source records lie all over the input
 * files; reading each by itself costs a system call a row (measured: 13 % of a run). So the fused pass only notes which
 * record goes to which row, and here the files are swept once in order: records close together are read in one piece,
 * their rows built in memory at the place they have in the output, and the output written from there.
 *
 * A request knows its row inside its population partition; the rows of the partitions before it are added here.
 * Windows: as much of an output at a time as the budget allows.
 */
#ifndef CRMX_ETL_EXPORT_H
#define CRMX_ETL_EXPORT_H

#include "etl/build.h"
#include "etl/integrate.h"

struct export_request {
    uint32_t record;   /* in the space of its table */
    uint32_t row;      /* in its population partition */
    uint32_t customer; /* index */
};

struct export_output {                          /* one output file, filled by populate */
    struct exchange requests[UNIT_LAYOUTS_MAX]; /* per table that feeds it; partitions: ranges of record ids */
    bool used[UNIT_LAYOUTS_MAX];
    uint64_t *rows_of; /* rows per population partition */
    const struct build *build;
};

enum { EXPORT_RANGE_BITS = 16 }; /* 65,536 record ids of a file: 8 MB of records of 120 bytes */

/* Can the rows of this output be built without scores and measures? Only then are they exported here. */
bool export_can(const struct output *o);
bool export_open(struct export_output *e, const struct integrate *in, const struct output *o, const struct build *b,
                 struct status *st);
/* Builds and writes the whole file; `path` is created. */
bool export_run(struct export_output *e, struct integrate *in, const struct output *o, const char *path,
                struct status *st);
void export_release(struct export_output *e);

#endif
