#include "etl/database_migration.h"

#include "etl/database_query.h"

#include <stdio.h>

static const char *file_name(const struct database_sql *m)
{
    const char *slash = strrchr(m->name, '/');
    return slash ? slash + 1 : m->name;
}

static bool is_made(PGconn *c, bool *made, struct status *st)
{
    PGresult *r = database_query(c, "migration_table_exists", NULL, 0, st);
    if (r) *made = strcmp(PQgetvalue(r, 0, 0), "t") == 0;
    PQclear(r);
    return r != NULL;
}

static bool check_one(const struct database_sql *m, const char *name, const char *digest, struct status *st)
{
    char mine[65];
    database_sha256((struct view){m->text, m->length}, mine);
    if (strcmp(mine, digest) == 0) return true;
    status_fail(st, STATUS_ENVIRONMENT,
                "migration %s was changed after it had been applied to this database as \"%s\" (SHA-256 %.12s… there, "
                "%.12s… in this program)",
                file_name(m), name, digest, mine);
    return status_hint(
        st,
        "restore sql/schema/%s.sql and put the change into a new migration; or use the program that made this database",
        file_name(m));
}

/* How many of the list are applied; refuses a database that does not begin with this list. */
static bool read_applied(PGconn *c, const struct database_sql *list, int count, int *applied, struct status *st)
{
    bool made = false;
    *applied = 0;
    if (!is_made(c, &made, st) || !made) return st->code == STATUS_OK;
    PGresult *r = database_query(c, "migration_applied", NULL, 0, st);
    if (!r) return false;
    bool ok = true;
    int rows = PQntuples(r);
    for (int i = 0; ok && i < rows && i < count; i++) {
        if (atoi(PQgetvalue(r, i, 0)) != i + 1)
            ok = status_fail(st, STATUS_CORRUPT, "crmx.schema_migration misses migration %d", i + 1);
        else
            ok = check_one(&list[i], PQgetvalue(r, i, 1), PQgetvalue(r, i, 2), st);
    }
    if (ok && rows > count) {
        ok = status_fail(
            st, STATUS_ENVIRONMENT,
            "the database is newer than this program: it has %d migrations (last: %s), the program knows %d", rows,
            PQgetvalue(r, rows - 1, 1), count);
        status_hint(st, "install the newer crmx on this machine");
    }
    *applied = rows;
    PQclear(r);
    return ok;
}

static bool apply(PGconn *c, const struct database_sql *m, int number, struct status *st)
{
    char digits[12], digest[65];
    snprintf(digits, sizeof digits, "%d", number);
    database_sha256((struct view){m->text, m->length}, digest);
    const char *const values[] = {digits, file_name(m), digest};
    bool ok = database_begin(c, st) && database_script(c, m->name, m->text, st) &&
              database_run(c, "migration_record", values, 3, st) && database_commit(c, st);
    if (!ok) database_rollback(c);
    return ok || status_while(st, "applying migration %s", file_name(m));
}

bool database_migrate_list(PGconn *c, const struct database_sql *list, int count, struct status *st)
{
    int applied;
    if (!read_applied(c, list, count, &applied, st)) return false;
    if (applied == count) return true;
    /* A lock of the session, not of a transaction: it spans several. It goes away with the connection. */
    if (!database_run(c, "migration_lock", NULL, 0, st)) return false;
    bool ok = database_script(c, "migration_table", database_statement("migration_table"), st) &&
              read_applied(c, list, count, &applied, st);
    for (int i = applied; ok && i < count; i++) ok = apply(c, &list[i], i + 1, st);
    struct status ignored = {0};
    database_run(c, "migration_unlock", NULL, 0, ok ? st : &ignored);
    return ok && st->code == STATUS_OK;
}

bool database_migrate(PGconn *c, struct status *st)
{
    int count;
    const struct database_sql *list = database_migrations(&count);
    return database_migrate_list(c, list, count, st);
}
