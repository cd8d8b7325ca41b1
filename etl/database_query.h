/* database_query: running named statements (sql/query/NAME.sql) on a libpq connection.
 *
 * Parameters are text, $1 first; NULL is SQL NULL. Errors are STATUS_DATABASE with the statement's name, the severity,
 * SQLSTATE, message and detail of the server, and a hint where the SQLSTATE tells what to do. Every call passes fault
 * points (base/os.h) before it is sent and after its answer has come; a fault there cuts the connection as a broken
 * network would, so the real error path of libpq runs.
 *
 * A connection belongs to one thread at a time.
 */
#ifndef CRMX_ETL_DATABASE_QUERY_H
#define CRMX_ETL_DATABASE_QUERY_H

#include "base/status.h"

#include <libpq-fe.h>

/* The result (PQclear it), or NULL and a status. */
PGresult *database_query(PGconn *c, const char *name, const char *const *values, int values_count, struct status *st);
/* The same when nothing is read from the result. */
bool database_run(PGconn *c, const char *name, const char *const *values, int values_count, struct status *st);
/* A named statement that *writes* statements: its result rows (one text column) are executed in order. For DDL, where
 * the server's format('%I') does the quoting. *written: how many; may be NULL. */
bool database_run_written(PGconn *c, const char *name, const char *const *values, int values_count, int *written,
                          struct status *st);
/* Any SQL text, several statements allowed; name is for messages only. */
bool database_script(PGconn *c, const char *name, const char *text, struct status *st);

bool database_begin(PGconn *c, struct status *st);
/* False also when the server turned the COMMIT of a failed transaction into a ROLLBACK. When the connection breaks in
 * here nobody knows the outcome: callers must be able to ask the database what holds. */
bool database_commit(PGconn *c, struct status *st);
/* Leaves no transaction open; a broken connection is fine. */
void database_rollback(PGconn *c);

/* Fills the status from a failed result (or from the connection when r is NULL) and clears r. Always false. */
bool database_fail(PGconn *c, PGresult *r, const char *what, struct status *st);
/* A fault point: when a fault is due, the connection is cut. */
void database_fault_point(PGconn *c, const char *call, const char *what);

#endif
