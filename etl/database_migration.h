/* database_migration: brings the schema of a database to the state this program needs; forward only.
 *
 * Migrations are sql/schema/NNN_NAME.sql, numbered from 001 without gaps. Each is applied in a transaction of its own
 * together with its row in crmx.schema_migration (number, name, SHA-256), under an advisory lock, so that two programs
 * do not apply it twice and a crash leaves it done or not begun. Refused, with nothing changed: a migration that was
 * changed after it had been applied, and a database that is newer than this program.
 */
#ifndef CRMX_ETL_DATABASE_MIGRATION_H
#define CRMX_ETL_DATABASE_MIGRATION_H

#include "base/status.h"
#include "etl/database_sql.h"

#include <libpq-fe.h>

/* The migrations of this program. Costs two short queries when there is nothing to do. */
bool database_migrate(PGconn *c, struct status *st);
/* Any list; list[i] has number i + 1. */
bool database_migrate_list(PGconn *c, const struct database_sql *list, int count, struct status *st);

#endif
