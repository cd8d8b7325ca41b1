#include "etl/load_stream.h"

#include "etl/copy_binary.h"
#include "etl/database_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail_stream(struct load_stream *s, struct status *st)
{
    char what[200];
    snprintf(what, sizeof what, "send %s to the database", s->name);
    return database_fail(s->connection, NULL, what, st);
}

bool load_stream_begin(struct load_stream *s, PGconn *c, const char *name, const char *statement, size_t row_max,
                       struct status *st)
{
    *s = (struct load_stream){.connection = c, .name = name};
    database_fault_point(c, "PQexec", "copy");
    PGresult *r = PQexec(c, statement);
    if (PQresultStatus(r) != PGRES_COPY_IN) return database_fail(c, r, "begin COPY", st);
    PQclear(r);
    s->bytes = malloc(LOAD_STREAM_SIZE + row_max + COPY_END_LENGTH);
    ensure(s->bytes);
    memcpy(s->bytes, COPY_SIGNATURE, COPY_SIGNATURE_LENGTH);
    s->length = COPY_SIGNATURE_LENGTH;
    return true;
}

bool load_stream_flush(struct load_stream *s, struct status *st)
{
    database_fault_point(s->connection, "PQputCopyData", s->name);
    if (s->length && PQputCopyData(s->connection, s->bytes, (int)s->length) != 1) return fail_stream(s, st);
    s->length = 0;
    return true;
}

bool load_stream_end(struct load_stream *s, const char *reason, uint64_t rows, struct status *st)
{
    if (!reason) {
        s->length = (size_t)(copy_put_end(s->bytes + s->length) - s->bytes);
        if (!load_stream_flush(s, st)) reason = "could not send";
    }
    free(s->bytes);
    database_fault_point(s->connection, "PQputCopyEnd", s->name);
    bool ok = PQputCopyEnd(s->connection, reason) == 1 || fail_stream(s, st);
    uint64_t stored = 0;
    for (PGresult *r; (r = PQgetResult(s->connection)) != NULL;) {
        if (PQresultStatus(r) == PGRES_COMMAND_OK) {
            stored = strtoull(PQcmdTuples(r), NULL, 10);
        } else if (!reason) {
            ok = database_fail(s->connection, r, "COPY the rows", st);
            continue; /* cleared there */
        }
        PQclear(r);
    }
    if (reason || !ok) return false;
    if (stored == rows) return true;
    return status_fail(st, STATUS_DATABASE, "%s: %llu rows were sent, the database stored %llu", s->name,
                       (unsigned long long)rows, (unsigned long long)stored);
}
