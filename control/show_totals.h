/* show_totals: totals.tsv of a generation, the control totals its tie-out was made of, by name.
 *
 *     show_totals_read(&t, arena, g->folder, st)
 *     show_total_records(&t, "selected", "personal")          of the line selected.personal
 *
 * Texts and lines live in the arena; finding one is linear in the lines (some hundreds).
 */
#ifndef CRMX_CONTROL_SHOW_TOTALS_H
#define CRMX_CONTROL_SHOW_TOTALS_H

#include "base/arena.h"
#include "base/status.h"

#include <stdint.h>

struct show_sum { /* value × 10^-scale */
    __int128 value;
    int scale;
};
void show_sum_add(struct show_sum *to, struct show_sum x);

struct show_total {
    const char *name, *currency;
    int64_t records;
    struct show_sum amount;
};

struct show_totals {
    struct arena *arena;
    struct show_total *list;
    int count;
};

/* folder: of the generation. */
bool show_totals_read(struct show_totals *t, struct arena *arena, const char *folder, struct status *st);
/* NULL: there is no such line. currency "": a line without one. */
const struct show_total *show_total_find(const struct show_totals *t, const char *name, const char *currency);
/* Of the line NAME.WHAT (WHAT "": of NAME). A line that is not there is 0: nothing of the kind happened. */
int64_t show_total_records(const struct show_totals *t, const char *name, const char *what);
struct show_sum show_total_amount(const struct show_totals *t, const char *name, const char *what,
                                  const char *currency);

#endif
