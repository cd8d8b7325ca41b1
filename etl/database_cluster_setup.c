/* Part of database_cluster.h: where the cluster is, who owns it, what its server is told. */
#include "etl/database_cluster.h"

#include "etl/database_sql.h"

#include <string.h>

static const char SERVER_USER[] = "postgres"; /* made by Debian's postgresql-common; runs the server under root */
const char CLUSTER_SHARED_ROOT[] = "/var/lib/crmx";
static const char RUN_ROOT[] = "/run/crmx";

void cluster_path(const struct cluster *cl, const char *name, char path[CLUSTER_PATH_MAX])
{
    snprintf(path, CLUSTER_PATH_MAX, "%s/%s", cl->folder, name);
}

static bool copy_path(char path[OS_PATH_MAX], const char *from, struct status *st)
{
    if (snprintf(path, OS_PATH_MAX, "%s", from) < OS_PATH_MAX) return true;
    return status_fail(st, STATUS_USAGE, "path too long: \"%.200s…\"", from);
}

/* --- where and who --- */

static bool choose_folder(struct cluster *cl, const struct database_config *config, const char *hash, struct status *st)
{
    if (config->cluster_folder) return copy_path(cl->folder, config->cluster_folder, st);
    char own[OS_PATH_MAX + 64], own_data[OS_PATH_MAX + 128], shared[64];
    snprintf(own, sizeof own, "%s/state/postgresql", cl->work_folder);
    snprintf(own_data, sizeof own_data, "%s/data", own);
    snprintf(shared, sizeof shared, "%s/%s", CLUSTER_SHARED_ROOT, hash);
    if (os_exists(own_data)) return copy_path(cl->folder, own, st);
    if (os_user() == 0) return copy_path(cl->folder, shared, st);
    if (os_exists(shared)) {
        status_fail(st, STATUS_ENVIRONMENT, "the database of \"%s\" belongs to root (\"%s\")", cl->work_folder, shared);
        return status_hint(st,
                           "run crmx as root here, as before; or remove it as root: rm -r %s; then, for each unit: "
                           "crmx db load --unit UU",
                           shared);
    }
    return copy_path(cl->folder, own, st);
}

/* A cluster of another user is refused, for root too: root writing into folders that a user controls follows his links.
 */
static bool check_owner(const struct cluster *cl, struct status *st)
{
    struct os_rights rights;
    if (!os_rights(cl->folder, &rights)) return true;
    if (rights.is_folder && rights.uid == os_user()) return true;
    char owner[64];
    os_user_name(rights.uid, owner);
    status_fail(st, STATUS_ENVIRONMENT, "the database cluster \"%s\" %s", cl->folder,
                rights.is_folder ? "belongs to another user" : "is no folder");
    return status_hint(st, "give the command as its owner: runuser -u %s -- crmx …", owner);
}

static bool choose_server_user(struct cluster *cl, struct status *st)
{
    cl->server_uid = os_user();
    cl->server_gid = 0;
    if (cl->server_uid != 0) return true;
    if (!os_user_find(SERVER_USER, &cl->server_uid, &cl->server_gid)) {
        status_fail(st, STATUS_ENVIRONMENT,
                    "the embedded database runs as user \"%s\" under root; there is no such user", SERVER_USER);
        return status_hint(st, "install PostgreSQL: apt-get install postgresql");
    }
    if (os_exists(CLUSTER_SETPRIV)) return true;
    status_fail(st, STATUS_ENVIRONMENT, "could not find \"%s\", which starts the database as user \"%s\"",
                CLUSTER_SETPRIV, SERVER_USER);
    return status_hint(st, "install it: apt-get install util-linux");
}

static bool choose_socket_folder(struct cluster *cl, const struct database_config *config, const char *hash,
                                 struct status *st)
{
    cl->socket_is_given = config->socket_folder != NULL;
    if (config->socket_folder) {
        if (!copy_path(cl->socket_folder, config->socket_folder, st)) return false;
    } else {
        snprintf(cl->socket_folder, sizeof cl->socket_folder, os_user() == 0 ? "%s/%s" : "%s-%s",
                 os_user() == 0 ? RUN_ROOT : "/tmp/crmx", hash);
    }
    size_t length = strlen(cl->socket_folder) + strlen("/.s.PGSQL.5432");
    if (cl->socket_folder[0] == '/' && length <= CLUSTER_SOCKET_PATH_MAX && !strpbrk(cl->socket_folder, "'\"\\\n"))
        return true;
    status_fail(st, STATUS_USAGE,
                "socket folder \"%s\": an absolute path without quotes is needed, the socket's path may have %d bytes "
                "(here %zu)",
                cl->socket_folder, CLUSTER_SOCKET_PATH_MAX, length);
    return status_hint(st, "choose a shorter [database] socket_folder in crmx.ini");
}

bool cluster_locate(struct cluster *cl, const struct database_config *config, struct status *st)
{
    ensure(config->work_folder);
    *cl = (struct cluster){.users_fd = -1};
    if (!os_real_path(config->work_folder, cl->work_folder, st))
        return status_while(st, "looking for the working folder");
    cl->programs_root = config->programs_folder ? config->programs_folder : "/usr/lib/postgresql";
    cl->timeout_ms = config->start_timeout_ms ? config->start_timeout_ms : DATABASE_START_TIMEOUT_MS;
    /* A cluster at a place of its own is named by that place: several of them may serve one working folder in tests. */
    char digest[65], hash[17];
    database_sha256(view_of(config->cluster_folder ? config->cluster_folder : cl->work_folder), digest);
    snprintf(hash, sizeof hash, "%.16s", digest);
    return choose_folder(cl, config, hash, st) && check_owner(cl, st) && choose_server_user(cl, st) &&
           choose_socket_folder(cl, config, hash, st);
}

/* --- folders --- */

bool cluster_make_folder(struct cluster *cl, struct status *st)
{
    bool root = os_user() == 0;
    if (!os_make_folder(cl->folder, st)) return false;
    /* The server's user must get through to data/ (0700 by initdb); nothing else in here is secret. */
    if (strncmp(cl->folder, CLUSTER_SHARED_ROOT, strlen(CLUSTER_SHARED_ROOT)) == 0 &&
        !os_give(CLUSTER_SHARED_ROOT, 0, 0, 0755, st))
        return false;
    if (!os_give(cl->folder, os_user(), 0, root ? 0755 : 0700, st)) return false;
    char real[OS_PATH_MAX];
    if (!os_real_path(cl->folder, real, st)) return false;
    snprintf(cl->folder, sizeof cl->folder, "%s", real); /* /proc/PID/cwd is compared with it */
    cluster_path(cl, "data", cl->data);
    cluster_path(cl, "server.log", cl->log);
    return true;
}

static bool make_socket_folder(struct cluster *cl, struct status *st)
{
    struct status trouble = {0};
    bool in_run = strncmp(cl->socket_folder, RUN_ROOT, strlen(RUN_ROOT)) == 0;
    if (!os_make_folder(cl->socket_folder, &trouble) || (in_run && !os_give(RUN_ROOT, 0, 0, 0755, &trouble))) {
        if (!in_run || cl->socket_is_given) {
            *st = trouble;
            return false;
        }
        /* /run is read-only in some containers. */
        char hash[32];
        snprintf(hash, sizeof hash, "%s", strrchr(cl->socket_folder, '/') + 1);
        snprintf(cl->socket_folder, sizeof cl->socket_folder, "/tmp/crmx-%s", hash);
        if (!os_make_folder(cl->socket_folder, st)) return false;
    }
    /* Anybody may make a folder below /tmp beforehand: only one of our own is trusted with the socket. */
    struct os_rights rights;
    if (os_rights(cl->socket_folder, &rights) && rights.is_folder &&
        (rights.uid == os_user() || rights.uid == cl->server_uid))
        return os_give(cl->socket_folder, cl->server_uid, cl->server_gid, 0700, st);
    status_fail(st, STATUS_ENVIRONMENT, "the socket folder \"%s\" of the database belongs to somebody else",
                cl->socket_folder);
    return status_hint(st, "look at it: ls -ld %s; remove it as its owner or root, or set [database] socket_folder",
                       cl->socket_folder);
}

/* --- configuration, written at every start --- */

static const char SETTINGS[] =
    "# Written by crmx at every start. Own settings belong into local.conf beside this file.\n"
    "listen_addresses = ''            # nothing but the socket\n"
    "unix_socket_permissions = 0700\n"
    "max_connections = 50\n"
    "shared_buffers = 128MB\n"
    "maintenance_work_mem = 256MB         # indexes of a load are sorted in memory\n"
    "max_wal_size = 2GB\n"
    "wal_level = minimal              # COPY into a new table is not logged but fsynced: the bytes are written once\n"
    "max_wal_senders = 0\n"
    "recovery_init_sync_method = syncfs   # after a crash: one call instead of an fsync for each of thousands of "
    "files\n"
    "jit = off\n"
    "timezone = 'UTC'\n"
    "log_timezone = 'UTC'\n"
    "log_line_prefix = '%m [%p] '\n"
    "cluster_name = 'crmx'\n";

static bool write_settings(const struct cluster *cl, struct status *st)
{
    struct buf text;
    char path[CLUSTER_PATH_MAX], hba[CLUSTER_PATH_MAX], ident[CLUSTER_PATH_MAX], local[CLUSTER_PATH_MAX];
    cluster_path(cl, "postgresql.conf", path);
    cluster_path(cl, "pg_hba.conf", hba);
    cluster_path(cl, "pg_ident.conf", ident);
    cluster_path(cl, "local.conf", local);
    buf_init(&text, 64 * 1024);
    buf_add_text(&text, SETTINGS);
    buf_addf(&text,
             "unix_socket_directories = '\"%s\"'\nhba_file = '%s'\nident_file = '%s'\ninclude_if_exists = '%s'\n",
             cl->socket_folder, hba, ident, local);
    bool ok = os_replace_file(path, buf_view(&text), st) && os_give(path, os_user(), 0, 0644, st);
    buf_release(&text);
    return ok;
}

static bool write_access(const struct cluster *cl, struct status *st)
{
    struct buf text;
    char path[CLUSTER_PATH_MAX], owner[64];
    os_user_name(cl->server_uid, owner);
    buf_init(&text, 4096);
    buf_add_text(&text, "local all all peer map=crmx\n");
    cluster_path(cl, "pg_hba.conf", path);
    bool ok = os_replace_file(path, buf_view(&text), st) && os_give(path, os_user(), 0, 0644, st);
    buf_clear(&text);
    buf_addf(&text,
             "# users of this machine who may be the superuser \"crmx\" of this private cluster\ncrmx root crmx\n");
    if (strcmp(owner, "root") != 0) buf_addf(&text, "crmx \"%s\" crmx\n", owner);
    cluster_path(cl, "pg_ident.conf", path);
    ok = ok && os_replace_file(path, buf_view(&text), st) && os_give(path, os_user(), 0, 0644, st);
    buf_release(&text);
    return ok;
}

/* For people who wonder whose cluster this is, and for database_list. Written at every start: with [database]
 * cluster_folder the working folder may have moved meanwhile. */
static bool write_work_folder(const struct cluster *cl, struct status *st)
{
    char path[CLUSTER_PATH_MAX];
    cluster_path(cl, "work_folder", path);
    return os_replace_file(path, view_of(cl->work_folder), st);
}

/* No server of this cluster runs, so these are remains; postgres would stumble over a lock whose pid somebody has. */
static bool remove_old_socket(const struct cluster *cl, struct status *st)
{
    char path[CLUSTER_PATH_MAX];
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432", cl->socket_folder);
    if (!os_unlink(path, st)) return false;
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432.lock", cl->socket_folder);
    return os_unlink(path, st);
}

bool cluster_configure(struct cluster *cl, struct status *st)
{
    if (strpbrk(cl->folder, "'\\\n")) {
        status_fail(st, STATUS_USAGE, "the cluster folder \"%s\" has a quote or backslash in its name", cl->folder);
        return status_hint(st, "move the working folder, or set [database] cluster_folder in crmx.ini");
    }
    return make_socket_folder(cl, st) && remove_old_socket(cl, st) && write_settings(cl, st) && write_access(cl, st) &&
           write_work_folder(cl, st);
}
