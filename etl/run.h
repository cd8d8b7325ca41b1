/* run: one unit, one business date, from the inbox to the commit. Its top function reads as the table of contents of
 * the batch.
 *
 *     state/units/UU/lock                    held while a run works (flock)
 *     state/units/UU/epoch                   which run began last; whoever is not it publishes nothing (etl/epoch)
 *     state/units/UU/numbers                 high-water mark of integrated numbers; never goes back
 *     state/units/UU/run/DATE.SEQ.ATTEMPT/   journal, in/ (files taken), param/ (frozen), spill/, gen.tmp/ (under
 *                                            construction)
 *
 * Attempts: an interrupted run (kill -9, power) resumes the same attempt; a run that failed for a cause opens a new
 * attempt with newly frozen parameters and the files of the failed one, except those that came again into the inbox.
 * Work between two checkpoints is done again from the frozen inputs, to the same bytes.
 */
#ifndef CRMX_ETL_RUN_H
#define CRMX_ETL_RUN_H

#include "etl/generation.h"
#include "etl/reconcile.h"
#include "etl/turn.h"

#include <stdint.h>

struct run_request {
    const char *work; /* working folder */
    const char *unit;
    const char *inbox; /* instead of the unit's; its files are copied and stay where they are; NULL */
    int32_t business_date;
    enum run_kind kind;
    bool redo;          /* the date again, from the generation before it, with corrected or late files */
    const char *reason; /* of the redo */
    int until_step;     /* 10 … 100; 0: to the end */
    int threads;        /* 0: one per processor */
    uint64_t memory_max;
    const char *temp_folder;      /* for spill files; "" : the run's folder */
    uint32_t partition_customers; /* 65,536 but for tests */
    uint32_t batch;               /* customers a scoring block; at most 4,096 */
    int live_share;               /* percent of the archive in force below which the night asks to pack it; 0: never */
    bool quiet;
    const char
        *state_work; /* a rehearsal: its state goes below this folder, and the inbox keeps its files; NULL: work */
};

struct run_result {
    char generation[GENERATION_ID_MAX];
    bool already_done; /* the date was committed before; nothing was done */
    uint64_t entered, left, created, closed, merged, parted, reopened; /* since yesterday */
    uint64_t customers, selected, records, rejected, spilled_bytes, memory_peak;
    double seconds;
};

enum { RUN_PARTITION_CUSTOMERS = 65536, RUN_BATCH = 4096 };

/* STATUS_STOPPED when until_step was reached. */
bool run_unit(const struct run_request *r, struct run_result *result, struct status *st);

/* WORK/state/units/UU. */
void run_unit_folder(const char *work, const char *unit, char path[OS_PATH_MAX]);

#endif
