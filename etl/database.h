/* database: the connection to PostgreSQL, embedded or by URL (architecture 6).
 *
 * Embedded (the default): a private cluster of its own, reached through a unix socket only, started by the first user
 * and stopped by the last. Nothing of it is configured by hand:
 *
 *     who runs crmx   cluster folder                        server runs as   socket folder
 *     root            /var/lib/crmx/HASH (never in a home)  postgres         /run/crmx/HASH, else /tmp/crmx-HASH
 *     anybody else    WORK/state/postgresql                 that user        /tmp/crmx-HASH
 *
 * HASH names the real path of the working folder. Cluster folder: data/, postgresql.conf, pg_hba.conf, pg_ident.conf
 * (all three written at every start), local.conf (for own settings), server.log, start.lock, users.lock, work_folder.
 *
 *     states:   nothing ──initdb──► data.tmp ──rename──► data, stopped ◄──last close── running
 *                  ▲                   │                       └──────first open──────────▲ │
 *                  └──init killed──────┘                                            killed: the next open recovers
 *
 *     1. start.lock (exclusive) is held while the server is made, started or stopped. initdb keeps it too: when its
 *        starter is killed, nobody removes data.tmp under a running initdb.
 *     2. users.lock is held shared by every user; who gets it exclusively at close stops the server (fast).
 *     3. data/ exists only complete: initdb writes data.tmp, which is renamed.
 *
 * database_open starts what has to be started, connects, checks the server (>= 15, UTF-8) and applies the migrations.
 * Never in the engine's path: only followers and queries need it. An open costs about 10 ms on a running server, 0.15 s
 * with the start, 1.5 s the first time.
 *
 * A struct database belongs to one thread; other threads take connections of their own by database_connect.
 */
#ifndef CRMX_ETL_DATABASE_H
#define CRMX_ETL_DATABASE_H

#include "base/status.h"

#include <libpq-fe.h>
#include <stdint.h>

enum database_mode { DATABASE_EMBEDDED, DATABASE_URL, DATABASE_NONE };

enum { DATABASE_START_TIMEOUT_MS = 600000, DATABASE_VERSION_MIN = 15 };

struct database_config {
    enum database_mode mode;
    const char *url;         /* DATABASE_URL: postgresql://… or keyword=value, as libpq takes it */
    const char *work_folder; /* the working folder; must exist */
    /* Embedded only; NULL or 0 takes the default. */
    const char *cluster_folder;  /* instead of the table above; reachable by the user postgres when root runs crmx */
    const char *socket_folder;   /* at most 93 bytes: the socket's path has at most 107 */
    const char *programs_folder; /* holds VERSION/bin/postgres; default /usr/lib/postgresql */
    int64_t start_timeout_ms;    /* crash recovery of a large cluster takes minutes; default 600,000 */
};

struct database;

/* DATABASE_NONE is a STATUS_USAGE: ask the configuration before. */
bool database_open(const struct database_config *config, struct database **out, struct status *st);
/* NULL is fine. The last user of an embedded server stops it; a server that does not stop is left to the next user. */
void database_close(struct database *db);

/* The main connection; closed by database_close. */
PGconn *database_connection(struct database *db);
/* One more connection with the same settings; the caller calls PQfinish before database_close. NULL and a status on
 * failure. */
PGconn *database_connect(struct database *db, struct status *st);
/* After a broken connection (a killed server): starts the embedded server again if need be and renews the main
 * connection. */
bool database_reconnect(struct database *db, struct status *st);

/* How an operator reaches it: "psql 'host=/run/crmx/… user=crmx dbname=crmx'"; never with a password. */
const char *database_psql_command(const struct database *db);
/* Log file of the embedded server, NULL for a server by URL. */
const char *database_log_path(const struct database *db);

#endif
