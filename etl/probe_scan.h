/* probe_scan: the records of one source file from the first to the last, cut exactly as import cuts them, for commands
 * that look into a file without loading it. Plain or gzip; offsets and lines are those of the unpacked file.
 *
 * probe_scan_open → probe_scan_next until *end → probe_scan_close. About 1 GB/s; memory is constant whatever stands in
 * the file. A failure is a file that cannot be read or unpacked; what a record holds is never one.
 */
#ifndef CRMX_ETL_PROBE_SCAN_H
#define CRMX_ETL_PROBE_SCAN_H

#include "etl/layout.h"

enum probe_kind { PROBE_DATA, PROBE_HEADER, PROBE_TRAILER };
enum probe_line_end { PROBE_LF, PROBE_CRLF, PROBE_NO_END, PROBE_LINE_ENDS };

struct probe_record {
    uint64_t offset, next;      /* of its first byte; of the first byte behind it and its line end */
    uint64_t line;              /* from 1 */
    const unsigned char *bytes; /* until the next call; DECODE_SLACK bytes around may be read */
    uint64_t length; /* without the line end; of a record longer than PROBE_BYTES_MAX only that many bytes are there */
    enum probe_kind kind;
    enum probe_line_end line_end;
};

enum { PROBE_BYTES_MAX = 256 * 1024 };

struct probe_scan;
struct probe_scan *probe_scan_open(const char *path, const struct layout *l, struct status *st);
void probe_scan_close(struct probe_scan *s);
/* *end: there are no more records, r is not filled. */
bool probe_scan_next(struct probe_scan *s, struct probe_record *r, bool *end, struct status *st);

#endif
