/* archive: the inputs of earlier nights that hold records still in force. A generation's record ids point into them:
 * each file is hard-linked from generation to generation under in/NIGHT/NAME (NIGHT: the generation in which it
 * arrived), and carries the layout it was read with, by the hash of its text, as in/layouts/HASH.ini. So a field may be
 * widened, added or dropped between two nights: every record is read as it was written, and fields meet by name
 * (etl/table.h).
 *
 *     archive_carry(old, unit, inputs)      yesterday's files become the carried files of tonight's input set
 *     archive_add_lines / archive_read_line the lines of INPUTS
 *     archive_link(inputs, folder)          the files themselves, into the generation under construction
 */
#ifndef CRMX_ETL_ARCHIVE_H
#define CRMX_ETL_ARCHIVE_H

#include "base/arena.h"
#include "etl/input.h"
#include "etl/unit.h"

struct generation;

/* Generations of older programs count the ids of each relation layout of a system for itself (unit->relations_apart).
 * Carried on, the files of the second layout stand behind those of the first, and so on. By how much those of a layout
 * move; 0 for all others, and for generations of this program. */
uint32_t archive_relation_shift(const struct generation *old, int layout_index);
/* Transaction logs of nights before detail_from (DATE_NONE: all stay) are left behind. Nothing is refused that can be
 * read; a version whose hot fields do not fit the unit's layout is (table_check_version). what comes back in inputs is
 * sorted and open. */
bool archive_carry(const struct generation *old, struct unit *unit, int32_t detail_from, struct input_set *inputs,
                   struct arena *arena, struct status *st);
void archive_add_lines(struct buf *out, const struct input_set *inputs);
enum { ARCHIVE_FIELDS = 10 };
/* The fields of a line "carried …" of folder/INPUTS, and the segment lines that follow added by the caller. */
struct input_file *archive_read_line(char *field[], const char *folder, struct unit *unit, struct input_set *inputs,
                                     struct arena *arena, struct status *st);
/* A packed file has this origin from its record `first` (from 0) on; of ascending `first`. */
void archive_add_origin(struct input_file *f, uint32_t first, const char *night, const char *name, struct arena *arena);
bool archive_link(const struct input_set *inputs, const char *folder, struct status *st);
/* in/NAME or in/NIGHT/NAME of a generation folder. */
const char *archive_name(const struct input_file *f, struct arena *arena);

#endif
