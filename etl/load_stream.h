/* load_stream: rows of binary COPY on their way to the server. Used by etl/load_*.c only.
 *
 *     load_stream_begin ► rows written at bytes + length, load_stream_flush when LOAD_STREAM_SIZE is reached ►
 *     load_stream_end
 *
 * The caller has a transaction open, and rolls it back when any of these fails.
 */
#ifndef CRMX_ETL_LOAD_STREAM_H
#define CRMX_ETL_LOAD_STREAM_H

#include "base/status.h"

#include <libpq-fe.h>
#include <stdint.h>

/* Measured with tests/bench/load_bench.sh: from 32 KB on the size makes no difference; 256 KB is what a unix socket
 * holds. */
enum { LOAD_STREAM_SIZE = 256 * 1024 };

struct load_stream {
    PGconn *connection;
    const char *name; /* of what is sent, for messages: "output crm_deposit" */
    char *bytes;      /* LOAD_STREAM_SIZE, then room for one row */
    size_t length;
};

/* row_max: bytes of the longest row. Sends the COPY statement. */
bool load_stream_begin(struct load_stream *s, PGconn *c, const char *name, const char *statement, size_t row_max,
                       struct status *st);
bool load_stream_flush(struct load_stream *s, struct status *st);
/* Takes the connection out of COPY mode, whatever happened, and frees the bytes. reason: why the rows are not wanted,
 * NULL when they are; then false unless the server stored exactly `rows`. */
bool load_stream_end(struct load_stream *s, const char *reason, uint64_t rows, struct status *st);

#endif
