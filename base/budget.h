/* budget: the memory of a run (memory_max). Large memory is taken here in slabs, counted, and given back; what does not
 * fit makes the taker spill (etl/exchange) or fail with the setting to raise. Thread-safe.
 *
 * Two kinds of takers: *blocks* of one fixed size, recycled through a free list (exchange), and *regions* of any size
 * (arrays of a step). Regions may use what blocks may not: `reserve` bytes are kept free for them, so that a step that
 * has filled memory with blocks still finds room for the arrays it needs to read them.
 */
#ifndef CRMX_BASE_BUDGET_H
#define CRMX_BASE_BUDGET_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { BUDGET_BLOCK_SIZE_MIN = 1024, BUDGET_BLOCK_SIZE_MAX = 16 * 1024, BUDGET_SLAB_SIZE = 2 * 1024 * 1024 };
#define BUDGET_MINIMUM ((uint64_t)64 << 20)

struct budget;

/* block_size: a power of two; many writers need small blocks (each holds one), few writers are faster with large ones.
 * */
struct budget *budget_new(uint64_t bytes_max, uint64_t reserve, uint32_t block_size);
uint32_t budget_block_size(const struct budget *b);
void budget_free(struct budget *b);
/* A block of budget_block_size bytes, not zeroed; NULL when the budget has none left: spill. `first`: the first block
 * of a writer. Further blocks may take half of the room only, so that writers that start late still find their first.
 * */
void *budget_block(struct budget *b, bool first);
/* The same, but the reserve may be used: for the one block without which a taker cannot even spill. */
void *budget_block_reserved(struct budget *b);
void budget_block_return(struct budget *b, void *block);
/* A zeroed region; NULL and STATUS_MEMORY (what for, how much, how much is set) when it does not fit. */
void *budget_region(struct budget *b, size_t size, const char *purpose, struct status *st);
void budget_region_return(struct budget *b, void *region, size_t size);
uint64_t budget_used(const struct budget *b);
uint64_t budget_peak(const struct budget *b);
uint64_t budget_max(const struct budget *b);

#endif
