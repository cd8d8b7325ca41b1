#include "etl/database_query.h"

#include "base/os.h"
#include "etl/database_sql.h"

#include <string.h>
#include <sys/socket.h>

void database_fault_point(PGconn *c, const char *call, const char *what)
{
    if (os_fault_point(call, what)) shutdown(PQsocket(c), SHUT_RDWR);
}

/* What an operator can do, by SQLSTATE or its class (two characters). */
static const struct {
    const char *sqlstate, *hint;
} HINTS[] = {
    {"53100", "the disk of the database is full: free space there, then give the same command again"},
    {"53", "the database is out of a resource: look at its log, then give the same command again"},
    {"57P", "the database was stopped: give the same command again"},
    {"42501",
     "the database user lacks a right: GRANT it as the owner of the database, then give the same command again"},
    {"25006", "this is a read-only (standby) server: give the primary's address in [database] url"},
    {"55P03", "a reader holds the table for long: give the same command again"},
    {"40", "another transaction was in the way: give the same command again"},
    {"XX", "the data of the database may be damaged: look at its log before anything else"},
};

static void hint_for(const char *sqlstate, struct status *st)
{
    for (size_t i = 0; i < sizeof HINTS / sizeof *HINTS; i++)
        if (strncmp(sqlstate, HINTS[i].sqlstate, strlen(HINTS[i].sqlstate)) == 0) {
            status_hint(st, "%s", HINTS[i].hint);
            return;
        }
}

bool database_fail(PGconn *c, PGresult *r, const char *what, struct status *st)
{
    const char *sqlstate = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    if (sqlstate && strncmp(sqlstate, "CX", 2) == 0) { /* a rule of ours (sql/schema/004): its own words say it all */
        const char *hint = PQresultErrorField(r, PG_DIAG_MESSAGE_HINT);
        status_fail(st, STATUS_USAGE, "%s", PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY));
        if (hint) status_hint(st, "%s", hint);
    } else if (sqlstate) {
        const char *detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);
        if (detail && strncmp(detail, "Failing row contains", 20) == 0) detail = NULL; /* a customer's data */
        const char *context = PQresultErrorField(r, PG_DIAG_CONTEXT);
        status_fail(st, STATUS_DATABASE, "could not %s: %s %s: %s%s%s%s%s%s", what,
                    PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED), sqlstate,
                    PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY), detail ? " (" : "", detail ? detail : "",
                    detail ? ")" : "", context ? "; " : "", context ? context : "");
        hint_for(sqlstate, st);
    } else {
        const char *message = PQerrorMessage(c);
        status_fail(st, STATUS_DATABASE, "could not %s: %.*s", what, (int)strcspn(message, "\n"),
                    *message ? message : "the connection to the database is broken");
        status_hint(st,
                    "the connection to the database broke: look at the server's log, then give the same command again");
    }
    PQclear(r);
    return false;
}

/* After the answer: a fault here is an answer that never arrived. */
static PGresult *checked(PGconn *c, PGresult *r, const char *name, struct status *st)
{
    char what[160];
    snprintf(what, sizeof what, "run \"%s\"", name);
    ExecStatusType outcome = PQresultStatus(r);
    if (outcome != PGRES_COMMAND_OK && outcome != PGRES_TUPLES_OK) {
        database_fail(c, r, what, st);
        return NULL;
    }
    if (!os_fault_point("PQexec answered", name)) return r;
    shutdown(PQsocket(c), SHUT_RDWR);
    PQclear(r);
    status_fail(st, STATUS_DATABASE, "could not %s: the connection broke before its answer came", what);
    status_hint(st, "look at the server's log, then give the same command again");
    return NULL;
}

PGresult *database_query(PGconn *c, const char *name, const char *const *values, int values_count, struct status *st)
{
    database_fault_point(c, "PQexec", name);
    PGresult *r = PQexecParams(c, database_statement(name), values_count, NULL, values, NULL, NULL, 0);
    return checked(c, r, name, st);
}

bool database_run(PGconn *c, const char *name, const char *const *values, int values_count, struct status *st)
{
    PGresult *r = database_query(c, name, values, values_count, st);
    PQclear(r);
    return r != NULL;
}

bool database_script(PGconn *c, const char *name, const char *text, struct status *st)
{
    database_fault_point(c, "PQexec", name);
    PGresult *r = checked(c, PQexec(c, text), name, st);
    PQclear(r);
    return r != NULL;
}

bool database_run_written(PGconn *c, const char *name, const char *const *values, int values_count, int *written,
                          struct status *st)
{
    PGresult *r = database_query(c, name, values, values_count, st);
    if (!r) return false;
    bool ok = true;
    int count = PQntuples(r);
    for (int i = 0; ok && i < count; i++)
        if (!database_script(c, name, PQgetvalue(r, i, 0), st))
            ok = status_while(st, "executing: %.200s", PQgetvalue(r, i, 0));
    PQclear(r);
    if (written) *written = ok ? count : 0;
    return ok;
}

bool database_begin(PGconn *c, struct status *st)
{
    return database_script(c, "begin", "BEGIN", st);
}

bool database_commit(PGconn *c, struct status *st)
{
    database_fault_point(c, "PQexec", "commit");
    PGresult *r = checked(c, PQexec(c, "COMMIT"), "commit", st);
    if (!r) return false;
    bool ok = strcmp(PQcmdStatus(r), "COMMIT") == 0;
    PQclear(r);
    return ok || status_fail(st, STATUS_DATABASE, "could not commit: the transaction had failed and was rolled back");
}

void database_rollback(PGconn *c)
{
    if (c && PQtransactionStatus(c) != PQTRANS_IDLE) PQclear(PQexec(c, "ROLLBACK"));
}
