/* database_sql: the SQL files of sql/, as they are compiled into the program.
 *
 * A file sql/query/NAME.sql is one statement, found by NAME; a file sql/schema/NNN_NAME.sql is a migration. The C code
 * holds no SQL but BEGIN, COMMIT, SET and the COPY of a load, so a reader finds every statement in one folder and can
 * try it in psql. The table is made by sql/embed.sh in the build; it is sorted by name.
 */
#ifndef CRMX_ETL_DATABASE_SQL_H
#define CRMX_ETL_DATABASE_SQL_H

#include "base/view.h"

struct database_sql {
    const char *name; /* "query/load_applied", "schema/001_history" */
    const char *text; /* NUL ended */
    size_t length;
};

extern const struct database_sql DATABASE_SQL[];
extern const int DATABASE_SQL_COUNT;

/* Text of sql/query/NAME.sql. A name that does not exist is a bug. */
const char *database_statement(const char *name);
/* The migrations sql/schema/, a slice of DATABASE_SQL in their order. */
const struct database_sql *database_migrations(int *count);
/* SHA-256 as 64 hexadecimal digits. */
void database_sha256(struct view bytes, char digest[65]);

#endif
