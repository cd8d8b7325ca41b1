/* Part of database_cluster.h: which programs run the cluster, and its first making. */
#include "etl/database_cluster.h"

#include <string.h>

const char *const CLUSTER_ENVIRONMENT[] = {"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin", NULL};

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
                    "the cluster is damaged; make it anew from the generations: mv %s %s.damaged; then, for each unit: "
                    "crmx db load --unit UU",
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
                       "mv %s %s.%d; then, for each unit: crmx db load --unit UU",
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
        out->argv[n++] = CLUSTER_SETPRIV;
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
