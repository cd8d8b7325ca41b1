/* probe: one source file under one layout, before anything is loaded: how many records would be accepted, why the
 * others would not, line ends, encoding, what header and trailer state against what is there. Reads only.
 *
 * Counts are those of import (etl/import): the same cutting into records (etl/probe_scan), the same checks
 * (etl/decode).
 */
#ifndef CRMX_ETL_PROBE_H
#define CRMX_ETL_PROBE_H

#include "etl/probe_scan.h"
#include "etl/probe_value.h"

enum { PROBE_FIRST_MAX = 1000, PROBE_KEPT_MAX = LAYOUT_RECORD_MAX };

struct probe_reject {
    uint64_t offset, line, length;
    int reason, field;          /* -1: the length */
    const unsigned char *bytes; /* of the record, at most PROBE_KEPT_MAX; in the arena */
};

struct probe_stated { /* a control value of header or trailer */
    bool present, agrees;
    char said[64], found[64]; /* as written there; as it is */
};

struct probe_summary {
    uint64_t bytes, records, accepted, rejected, headers,
        trailers; /* records: all of them, like the tie-out's "read" */
    uint64_t line_ends[PROBE_LINE_ENDS];
    uint64_t shortest, longest;                  /* of the data records */
    uint64_t rejected_by[LAYOUT_FIELDS_MAX + 1]; /* by field; the last: by length */
    uint64_t malformed_records, malformed_first_line, malformed_first_offset;
    int malformed_field; /* of the first one */
    bool other_encoding; /* everything malformed is well-formed in the other encoding */
    struct probe_stated records_stated, sum_stated, date_stated, unit_stated;
    struct probe_reject *first; /* the first rejects, at most first_max; in the arena */
    int first_count;
};

struct probe_request {
    const char *path;
    const struct probe_reader *reader;
    const char *unit; /* what header and trailer must say; NULL: not compared */
    int first_max;    /* at most PROBE_FIRST_MAX */
};

bool probe_file(const struct probe_request *r, struct arena *arena, struct probe_summary *out, struct status *st);

#endif
