/* load_encode: one fixed-width record → one row of binary COPY, every byte checked.
 *
 * The inner loop of a load. Values of the record never appear in messages (personal data, JR/T 0171): a wrong byte is
 * told by its place and its code.
 */
#ifndef CRMX_ETL_LOAD_ENCODE_H
#define CRMX_ETL_LOAD_ENCODE_H

#include "etl/load_plan.h"
#include "etl/load_text.h"

struct load_encoder {
    const struct load_file_plan *plan;
    struct load_text text;
    struct view unit;
    char business_date[9]; /* YYYYMMDD */
};

struct load_wrong {
    const char *field; /* NULL: the line end */
    uint32_t offset;   /* of the wrong byte, in the record */
    char why[160];
};

bool load_encoder_init(struct load_encoder *e, const struct load_file_plan *plan, const struct load_request *r,
                       struct status *st);
void load_encoder_release(struct load_encoder *e);
/* Writes at most plan->row_max bytes at out and returns the end; NULL and *wrong when the record cannot be loaded. */
char *load_encode(struct load_encoder *e, const char *record, char *out, struct load_wrong *wrong);

#endif
