#include "etl/database_sql.h"

#include "base/status.h"

#include <openssl/evp.h>
#include <stdio.h>

const char *database_statement(const char *name)
{
    for (int i = 0; i < DATABASE_SQL_COUNT; i++)
        if (strncmp(DATABASE_SQL[i].name, "query/", 6) == 0 && strcmp(DATABASE_SQL[i].name + 6, name) == 0)
            return DATABASE_SQL[i].text;
    fprintf(stderr, "BUG: there is no sql/query/%s.sql in this program\n", name);
    ensure(!"a named statement");
    return NULL;
}

const struct database_sql *database_migrations(int *count)
{
    const struct database_sql *first = NULL;
    *count = 0;
    for (int i = 0; i < DATABASE_SQL_COUNT; i++) {
        if (strncmp(DATABASE_SQL[i].name, "schema/", 7) != 0) continue;
        if (!first) first = &DATABASE_SQL[i];
        ++*count;
    }
    return first;
}

void database_sha256(struct view bytes, char digest[65])
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    ensure(EVP_Digest(bytes.bytes, bytes.length, raw, &length, EVP_sha256(), NULL) == 1 && length == 32);
    for (unsigned i = 0; i < length; i++) snprintf(digest + 2 * i, 3, "%02x", raw[i]);
}
