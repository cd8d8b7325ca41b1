/* record: archived customer records read in the order of the customers, thousands at a time. A read of its own for each
 * record costs a microsecond; customers who follow each other mostly stand behind each other in a file, so a window of
 * the file is read at once when the record asked for lies near the one before.
 *
 * One reader, one thread. The bytes live until the next call for the same reader.
 */
#ifndef CRMX_ETL_RECORD_H
#define CRMX_ETL_RECORD_H

#include "etl/generation.h"

enum { RECORD_WINDOWS = 8, RECORD_WINDOW_SIZE = 128 * 1024 };

struct record_reader {
    const struct generation *g;
    struct record_window {
        const struct input_file *file;
        uint64_t start, end;  /* of the file, in bytes */
        unsigned char *bytes; /* DECODE_SLACK around them may be read */
    } windows[RECORD_WINDOWS];
};

struct record {
    const struct input_file *file;
    const unsigned char *bytes; /* record_length of them */
};

void record_reader_init(struct record_reader *r, const struct generation *g);
void record_reader_release(struct record_reader *r);
/* A record of the customer space. */
bool record_at(struct record_reader *r, uint32_t record, struct record *out, struct status *st);

#endif
