/* reject: the records that were refused, as a file for people and programs: rejects.tsv of the attempt and of the
 * generation.
 *
 * Columns: file line offset length reason field raw. `line` counts from 1, `offset` in bytes from 0, `raw` is the
 * record with tabs, line ends, backslashes and control bytes as \xNN, at most REJECT_RAW_MAX bytes of it. Order: file
 * (as imported), line.
 */
#ifndef CRMX_ETL_REJECT_H
#define CRMX_ETL_REJECT_H

#include "etl/input.h"
#include "etl/integrate.h"

enum { REJECT_RAW_MAX = 4096 };

bool reject_write(const struct input_set *inputs, const char *folder, struct status *st);
/* notes.tsv: what identity matching wants looked at. Columns: kind system file offset other_system other_file
 * other_offset. */
bool reject_write_notes(const struct integrate *in, const char *folder, struct status *st);

#endif
