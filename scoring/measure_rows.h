/* measure_rows: dense columns of a chunk's rows, fetched on demand. Internal to scoring/.
 *
 * Rows come with any stride and width. A view is a selection of up to MEASURE_CHUNK_ROWS rows; a field is widened to
 * int64 once per view, however many steps read it.
 */
#ifndef CRMX_SCORING_MEASURE_ROWS_H
#define CRMX_SCORING_MEASURE_ROWS_H

#include "scoring/measure_plan.h"

struct rows_view {
    const struct measure_rows *rows;
    uint32_t first; /* row of the chunk's start */
    uint32_t count;
    const uint16_t *selection; /* rows of the chunk; NULL: the first count ones */
    uint32_t *owners;          /* storage: MEASURE_CHUNK_ROWS */
    const uint32_t *owner;     /* NULL: not fetched yet */
    int64_t *storage;          /* fields × MEASURE_CHUNK_ROWS */
    bool *fetched;             /* per field */
    int fields;
    int account_fields; /* of the table; those behind are the customer's */
    const int64_t *const *customer_fields;
};

void rows_view_reset(struct rows_view *v, const struct measure_rows *rows, uint32_t first, const uint16_t *selection,
                     uint32_t count);
const uint32_t *rows_view_owners(struct rows_view *v);
const int64_t *rows_view_field(struct rows_view *v, int field);

/* Work space of one block. */
struct measure_scratch {
    uint16_t *selections; /* groups × MEASURE_CHUNK_ROWS */
    uint32_t *counts;     /* per group */
    uint16_t *classes;
    struct rows_view chunk, part; /* rows of a group; of a group with a condition left */
    uint16_t *chosen;
    wide_integer *columns; /* depth × MEASURE_CHUNK_ROWS; column 0 holds the value of a term */
    uint8_t *poisons;      /* the same shape: enum poison */
};

/* Evaluates a term over the rows of a view into column 0. */
void term_evaluate(const struct measure_set *s, const struct table_plan *t, const struct term *term,
                   struct rows_view *v, struct measure_scratch *scratch);

#endif
