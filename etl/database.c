#include "etl/database.h"

#include "base/os.h"
#include "etl/database_cluster.h"
#include "etl/database_migration.h"
#include "etl/database_query.h"
#include "etl/database_sql.h"

#include <stdio.h>
#include <string.h>

struct database {
    enum database_mode mode;
    char *url;
    struct cluster cluster;
    PGconn *connection;
    char psql_command[OS_PATH_MAX + 128];
};

enum { CONNECT_TIMEOUT_S = 15, CONNECT_AGAIN = 2, CONNECT_PAUSE_MS = 30 };

/* "host=… dbname=…": where a connection went, for messages; passwords are never part of it. */
static void describe(const PGconn *c, char *text, size_t capacity)
{
    snprintf(text, capacity, "host=%s port=%s user=%s dbname=%s", PQhost(c) ? PQhost(c) : "",
             PQport(c) ? PQport(c) : "", PQuser(c) ? PQuser(c) : "", PQdb(c) ? PQdb(c) : "");
}

static PGconn *connect_to(const struct database *db, const char *dbname)
{
    /* Explicit values win over PG… variables of the environment, which belong to other servers. */
    const char *const embedded_keys[] = {"host", "port", "user", "dbname", "options", "sslmode", "application_name",
                                         NULL};
    const char *const embedded_values[] = {db->cluster.socket_folder,   "5432",    "crmx", dbname,
                                           "-c search_path=pg_catalog", "disable", "crmx", NULL};
    char timeout[16];
    snprintf(timeout, sizeof timeout, "%d", CONNECT_TIMEOUT_S);
    const char *const url_keys[] = {"connect_timeout", "fallback_application_name", "dbname", NULL};
    const char *const url_values[] = {timeout, "crmx", db->url, NULL};
    if (db->mode == DATABASE_EMBEDDED) return PQconnectdbParams(embedded_keys, embedded_values, 0);
    return PQconnectdbParams(url_keys, url_values, 1);
}

/* Before libpq tries: its messages about an address it cannot parse repeat the address, with the password. */
static bool check_url(const char *url, struct status *st)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    PQconninfoFree(options);
    if (options) return true;
    status_fail(st, STATUS_USAGE, "[database] url in crmx.ini is no address that libpq understands");
    return status_hint(st, "write it like postgresql://USER@HOST:5432/DATABASE, and the password into ~/.pgpass");
}

static bool fail_connect(const struct database *db, const PGconn *c, struct status *st)
{
    char where[512];
    describe(c, where, sizeof where);
    const char *message = PQerrorMessage(c);
    status_fail(st, STATUS_DATABASE, "could not connect to the database at %s: %.*s", where,
                (int)strcspn(message, "\n"), message);
    if (db->mode == DATABASE_URL)
        return status_hint(
            st, "try: psql with the address of [database] url in crmx.ini; then give the same command again");
    return status_hint(st, "read %s; then give the same command again", db->cluster.log);
}

static bool check_server(const struct database *db, PGconn *c, struct status *st)
{
    int version = PQserverVersion(c) / 10000;
    const char *encoding = PQparameterStatus(c, "server_encoding");
    char where[512];
    describe(c, where, sizeof where);
    if (version < DATABASE_VERSION_MIN) {
        status_fail(st, STATUS_ENVIRONMENT, "the server at %s is PostgreSQL %d; %d or newer is needed", where, version,
                    DATABASE_VERSION_MIN);
        return status_hint(st,
                           "name a newer server in [database] url of crmx.ini, or leave url out for the embedded one");
    }
    if (encoding && strcmp(encoding, "UTF8") == 0) return true;
    status_fail(st, STATUS_ENVIRONMENT, "the database at %s has encoding %s; UTF8 is needed", where,
                encoding ? encoding : "unknown");
    return status_hint(st,
                       "make one: createdb --encoding=UTF8 --template=template0 NAME; then name it in [database] url");
}

PGconn *database_connect(struct database *db, struct status *st)
{
    PGconn *c = NULL;
    if (os_fault_point("PQconnectdb", NULL)) {
        status_fail(st, STATUS_DATABASE, "could not connect to the database: %m");
        return NULL;
    }
    c = connect_to(db, "crmx");
    ensure(c);
    bool ok = PQstatus(c) == CONNECTION_OK || fail_connect(db, c, st);
    ok = ok && check_server(db, c, st) && database_script(c, "session", database_statement("session"), st);
    if (ok) return c;
    PQfinish(c);
    return NULL;
}

/* The embedded cluster's database is made by the first connection that misses it: then a crash between the two makes no
 * difference. Two users at the same time are fine, too. */
static bool make_embedded_database(struct database *db, struct status *st)
{
    PGconn *c = connect_to(db, "postgres");
    ensure(c);
    bool ok = PQstatus(c) == CONNECTION_OK || fail_connect(db, c, st);
    struct status trouble = {0};
    PGresult *r = ok ? database_query(c, "database_exists", NULL, 0, st) : NULL;
    ok = r != NULL;
    if (ok && PQntuples(r) == 0 && !database_run(c, "database_create", NULL, 0, &trouble)) {
        PQclear(r);
        r = database_query(c, "database_exists", NULL, 0, st);
        ok = r && PQntuples(r) > 0;
        if (!ok) *st = trouble;
    }
    PQclear(r);
    PQfinish(c);
    return ok || status_while(st, "making the database \"crmx\"");
}

static bool connect_embedded(struct database *db, struct status *st)
{
    struct status first = {0};
    db->connection = database_connect(db, &first);
    if (db->connection) return true;
    if (!make_embedded_database(db, st)) return false;
    db->connection = database_connect(db, st);
    return db->connection != NULL;
}

static bool connect_main(struct database *db, struct status *st)
{
    if (db->mode == DATABASE_URL) {
        db->connection = database_connect(db, st);
        return db->connection != NULL;
    }
    /* A server that was killed a moment ago still looks alive: look again before its refusal counts. */
    for (int i = 0; i < CONNECT_AGAIN; i++) {
        struct status ignored = {0};
        if (connect_embedded(db, &ignored)) return true;
        os_sleep_ms(CONNECT_PAUSE_MS);
        if (!cluster_revive(&db->cluster, st)) return false;
    }
    return connect_embedded(db, st);
}

static void describe_psql(struct database *db)
{
    if (db->mode == DATABASE_EMBEDDED) {
        snprintf(db->psql_command, sizeof db->psql_command, "psql 'host=%s user=crmx dbname=crmx'",
                 db->cluster.socket_folder);
        return;
    }
    char where[512];
    describe(db->connection, where, sizeof where);
    snprintf(db->psql_command, sizeof db->psql_command, "psql '%s'", where);
}

bool database_open(const struct database_config *config, struct database **out, struct status *st)
{
    *out = NULL;
    if (config->mode == DATABASE_NONE) {
        status_fail(st, STATUS_USAGE, "this working folder has no database ([database] mode = none in crmx.ini)");
        return status_hint(st, "set [database] mode = embedded, or name a server in [database] url");
    }
    struct database *db = calloc(1, sizeof *db);
    ensure(db);
    db->mode = config->mode;
    db->cluster.users_fd = -1;
    if (config->mode == DATABASE_URL) ensure(config->url && (db->url = strdup(config->url)));
    bool ok = db->url ? check_url(db->url, st) : cluster_attach(&db->cluster, config, st);
    ok = ok && connect_main(db, st);
    if (ok) describe_psql(db);
    ok = ok && database_migrate(db->connection, st);
    if (ok)
        *out = db;
    else
        database_close(db);
    return ok;
}

void database_close(struct database *db)
{
    if (!db) return;
    PQfinish(db->connection);
    cluster_detach(&db->cluster);
    free(db->url);
    free(db);
}

PGconn *database_connection(struct database *db)
{
    return db->connection;
}

bool database_reconnect(struct database *db, struct status *st)
{
    PQfinish(db->connection);
    db->connection = NULL;
    if (db->mode == DATABASE_EMBEDDED && !cluster_revive(&db->cluster, st)) return false;
    if (!connect_main(db, st)) return false;
    describe_psql(db);
    return true;
}

const char *database_psql_command(const struct database *db)
{
    return db->psql_command;
}

const char *database_log_path(const struct database *db)
{
    return db->mode == DATABASE_EMBEDDED ? db->cluster.log : NULL;
}
