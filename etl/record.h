/* record: archived customer records, read in the order of the customers, by one thread with one reader. The bytes live
 * until the next call for the same reader. */
#ifndef CRMX_ETL_RECORD_H
#define CRMX_ETL_RECORD_H

#include "etl/generation.h"

struct record_reader {
    const struct generation *g;
    unsigned char room[INPUT_ROOM];
};

struct record {
    const struct input_file *file;
    const unsigned char *bytes; /* record_length of them; DECODE_SLACK around them may be read */
};

void record_reader_init(struct record_reader *r, const struct generation *g);
/* A record of the customer space. */
bool record_at(struct record_reader *r, uint32_t record, struct record *out, struct status *st);

#endif
