/* Second half of database_cluster.h: where the cluster is, who owns it, which programs run it, and its first making. */
#include "etl/database_cluster.h"

#include "etl/database_sql.h"

#include <string.h>

static const char SERVER_USER[] = "postgres"; /* made by Debian's postgresql-common; runs the server under root */
static const char SHARED_ROOT[] = "/var/lib/crmx";
static const char RUN_ROOT[] = "/run/crmx";
static const char SETPRIV[] = "/usr/bin/setpriv";

const char *const CLUSTER_ENVIRONMENT[] = {"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin", NULL};

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
    snprintf(shared, sizeof shared, "%s/%s", SHARED_ROOT, hash);
    if (os_exists(own_data)) return copy_path(cl->folder, own, st);
    if (os_user() == 0) return copy_path(cl->folder, shared, st);
    if (os_exists(shared)) {
        status_fail(st, STATUS_ENVIRONMENT, "the database of \"%s\" belongs to root (\"%s\")", cl->work_folder, shared);
        return status_hint(
            st, "run crmx as root here, as before; or, as root, start afresh: rm -r %s && crmx db rebuild", shared);
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
    if (os_exists(SETPRIV)) return true;
    status_fail(st, STATUS_ENVIRONMENT, "could not find \"%s\", which starts the database as user \"%s\"", SETPRIV,
                SERVER_USER);
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
    if (strncmp(cl->folder, SHARED_ROOT, strlen(SHARED_ROOT)) == 0 && !os_give(SHARED_ROOT, 0, 0, 0755, st))
        return false;
    if (!os_give(cl->folder, os_user(), 0, root ? 0755 : 0700, st)) return false;
    char real[OS_PATH_MAX];
    if (!os_real_path(cl->folder, real, st)) return false;
    strcpy(cl->folder, real); /* /proc/PID/cwd is compared with it */
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

/* --- programs --- */

struct versions {
    const char *root;
    int newest;
    char found[128];
};

static bool look_at_version(void *context, const char *name)
{
    struct versions *v = context;
    char path[OS_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s/bin/postgres", v->root, name);
    if (name[strspn(name, "0123456789")] != 0 || !os_exists(path)) return true;
    size_t used = strlen(v->found);
    snprintf(v->found + used, sizeof v->found - used, "%s%s", used ? ", " : "", name);
    if (atoi(name) > v->newest) v->newest = atoi(name);
    return true;
}

/* The version that made data/, 0 when there is none yet. */
static bool data_version(const struct cluster *cl, int *version, struct status *st)
{
    char path[CLUSTER_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/PG_VERSION", cl->data);
    *version = 0;
    if (!os_exists(cl->data)) return true;
    struct buf text;
    buf_init(&text, 64);
    bool ok = os_read_file(path, &text, st);
    if (ok) *version = atoi(text.bytes ? text.bytes : "");
    if (ok && *version <= 0) ok = status_fail(st, STATUS_CORRUPT, "\"%s\" holds no version number", path);
    if (st->code == STATUS_CORRUPT)
        status_hint(st,
                    "the cluster is damaged; make it anew from the generations: mv %s %s.damaged && crmx db rebuild",
                    cl->folder, cl->folder);
    buf_release(&text);
    return ok;
}

static bool find_programs(struct cluster *cl, struct status *st)
{
    struct versions v = {.root = cl->programs_root};
    int version;
    if (!data_version(cl, &version, st)) return false;
    if (os_exists(cl->programs_root) && !os_list(cl->programs_root, look_at_version, &v, st)) return false;
    if (version == 0 && v.newest < DATABASE_VERSION_MIN) {
        status_fail(st, STATUS_ENVIRONMENT, "could not find PostgreSQL %d or newer below \"%s\" (found: %s)",
                    DATABASE_VERSION_MIN, cl->programs_root, v.found[0] ? v.found : "nothing");
        return status_hint(st, "install it: apt-get install postgresql; or name a server: [database] url in crmx.ini");
    }
    snprintf(cl->programs, sizeof cl->programs, "%s/%d/bin", cl->programs_root, version ? version : v.newest);
    char path[sizeof cl->programs + 16];
    snprintf(path, sizeof path, "%s/postgres", cl->programs);
    if (os_exists(path)) return true;
    status_fail(st, STATUS_ENVIRONMENT,
                "the database in \"%s\" was made by PostgreSQL %d, whose programs are not in \"%s\" (found: %s)",
                cl->data, version, cl->programs_root, v.found[0] ? v.found : "nothing");
    return status_hint(st,
                       "install them: apt-get install postgresql-%d; or make the database anew from the generations: "
                       "mv %s %s.%d && crmx db rebuild",
                       version, cl->folder, cl->folder, version);
}

void cluster_command(const struct cluster *cl, const char *program, const char *const *arguments,
                     struct cluster_command *out)
{
    int n = 0;
    snprintf(out->program, sizeof out->program, "%s/%s", cl->programs, program);
    if (cl->server_uid != os_user()) {
        snprintf(out->user, sizeof out->user, "--reuid=%u", cl->server_uid);
        snprintf(out->group, sizeof out->group, "--regid=%u", cl->server_gid);
        out->argv[n++] = SETPRIV;
        out->argv[n++] = out->user;
        out->argv[n++] = out->group;
        out->argv[n++] = "--init-groups";
        out->argv[n++] = "--";
    }
    out->argv[n++] = out->program;
    for (; *arguments; arguments++) {
        ensure(n < CLUSTER_ARGUMENTS_MAX - 1);
        out->argv[n++] = *arguments;
    }
    out->argv[n] = NULL;
}

/* --- the first making --- */

static bool run_initdb(struct cluster *cl, const char *data, int start_fd, struct status *st)
{
    char log[CLUSTER_PATH_MAX];
    cluster_path(cl, "initdb.log", log);
    /* Locale C: the order of bytes, the same on every machine and after every upgrade of glibc. */
    const char *const arguments[] = {"-D",
                                     data,
                                     "-U",
                                     "crmx",
                                     "--encoding=UTF8",
                                     "--locale=C",
                                     "--auth-local=peer",
                                     "--auth-host=reject",
                                     "--data-checksums",
                                     "--no-instructions",
                                     NULL};
    struct cluster_command command;
    cluster_command(cl, "initdb", arguments, &command);
    int log_fd = os_open_create(log, st), exit_code = 0;
    if (log_fd < 0) return false;
    /* keep_fd: see invariant 1 in database.h. */
    struct os_command c = {.argv = command.argv,
                           .environment = CLUSTER_ENVIRONMENT,
                           .output_fd = log_fd,
                           .keep_fd = start_fd,
                           .own_session = true};
    int pid = os_spawn(&c, st);
    os_close(log_fd);
    if (pid < 0 || !os_wait(pid, &exit_code, st)) return false;
    if (exit_code == 0) return true;
    char tail[400];
    cluster_log_tail(log, 0, tail, sizeof tail);
    status_fail(st, STATUS_ENVIRONMENT, "could not make the database cluster: \"%s -D %s\" gave exit code %d: %s",
                command.program, data, exit_code, tail);
    return status_hint(st, "read %s; every folder above the cluster must be open to the server's user: namei -l %s",
                       log, data);
}

bool cluster_make_data(struct cluster *cl, int start_fd, struct status *st)
{
    if (!find_programs(cl, st) || os_exists(cl->data)) return st->code == STATUS_OK;
    char temporary[CLUSTER_PATH_MAX];
    cluster_path(cl, "data.tmp", temporary); /* of an init that was interrupted */
    bool ok = os_remove_tree(temporary, st) && os_make_folder(temporary, st) &&
              os_give(temporary, cl->server_uid, cl->server_gid, 0700, st) && run_initdb(cl, temporary, start_fd, st) &&
              os_rename_new(temporary, cl->data, st) && os_fsync_folder(cl->folder, st);
    return ok || status_while(st, "making the embedded database in \"%s\"", cl->folder);
}

/* --- configuration, written at every start --- */

static const char SETTINGS[] =
    "# Written by crmx at every start. Own settings belong into local.conf beside this file.\n"
    "listen_addresses = ''            # nothing but the socket\n"
    "unix_socket_permissions = 0700\n"
    "max_connections = 50\n"
    "shared_buffers = 128MB\n"
    "max_wal_size = 2GB\n"
    "wal_level = minimal              # COPY into a new table is not logged but fsynced: the bytes are written once\n"
    "max_wal_senders = 0\n"
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

/* For people who wonder whose cluster this is. */
static bool write_work_folder(const struct cluster *cl, struct status *st)
{
    char path[CLUSTER_PATH_MAX];
    cluster_path(cl, "work_folder", path);
    return os_exists(path) || os_replace_file(path, view_of(cl->work_folder), st);
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
