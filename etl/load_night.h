/* load_night: the nights whose events count for a generation: its line, as far as it lies on the disk.
 *
 * The line is the generation, the one it was built upon, and so on. Where one of them was pruned, the latest generation
 * of each earlier date that was kept (a month end) stands for that date; where the line begins with an initial load,
 * nothing before it belongs to this population.
 */
#ifndef CRMX_ETL_LOAD_NIGHT_H
#define CRMX_ETL_LOAD_NIGHT_H

#include "base/arena.h"
#include "etl/load.h"

/* Oldest first, the last is `generation`; at most LOAD_NIGHTS_MAX. Costs the reading of a manifest for each. */
bool load_nights_find(const char *unit_folder, const char *unit, const char *generation, struct arena *arena,
                      struct load_night **out, int *count, struct status *st);

#endif
