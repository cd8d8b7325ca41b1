#include "etl/database_list.h"

#include "etl/database_cluster.h"
#include "etl/database_postmaster.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 4096, NOTE_MAX = OS_PATH_MAX + 2 };

static const char WORK_FOLDER[] = "work_folder", OWN_PLACE[] = "/state/postgresql", OWN_SOCKETS[] = "/tmp/crmx-",
                  RUN_SOCKETS[] = "/run/crmx/";

/* --- one cluster --- */

static const char *read_work_folder(const char *folder, struct arena *arena)
{
    /* Below its working folder: that one is where the cluster is, whatever was written before it was moved. */
    size_t length = strlen(folder), tail = strlen(OWN_PLACE);
    if (length > tail && strcmp(folder + length - tail, OWN_PLACE) == 0)
        return arena_dup(arena, (struct view){folder, length - tail});
    struct buf text;
    struct status ignored = {0};
    char path[CLUSTER_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, WORK_FOLDER);
    buf_init(&text, NOTE_MAX);
    bool ok = os_exists(path) && os_read_file(path, &text, &ignored) && text.length && text.bytes[0] == '/';
    const char *found = ok ? arena_dup(arena, buf_view(&text)) : NULL;
    buf_release(&text);
    return found;
}

static bool look_at(const char *folder, struct arena *arena, struct database_cluster *out, struct status *st)
{
    struct postmaster pm;
    char data[CLUSTER_PATH_MAX];
    snprintf(data, sizeof data, "%s/data", folder);
    if (!postmaster_look(data, &pm, st)) return false;
    const char *work = read_work_folder(folder, arena);
    *out = (struct database_cluster){
        .folder = arena_dup(arena, view_of(folder)),
        .work_folder = work,
        .owner = !work             ? DATABASE_UNKNOWN
                 : os_exists(work) ? DATABASE_OWNED
                                   : DATABASE_ORPHANED,
        .pid = pm.running ? pm.pid : 0,
    };
    return true;
}

/* --- all of them --- */

struct collection {
    struct arena *arena;
    struct database_list *list;
    const char *parent;
    struct status *st;
};

static bool add(struct collection *c, const char *folder)
{
    for (int i = 0; i < c->list->count; i++)
        if (strcmp(c->list->clusters[i].folder, folder) == 0) return true;
    if (c->list->count == LIST_MAX)
        return status_fail(c->st, STATUS_ENVIRONMENT, "more than %d database clusters on this machine", LIST_MAX);
    if (!look_at(folder, c->arena, &c->list->clusters[c->list->count], c->st)) return false;
    c->list->count++;
    return true;
}

/* What a cluster has from its first moment to its last; other folders beside clusters are left alone. */
static bool add_entry(void *context, const char *name)
{
    struct collection *c = context;
    char folder[OS_PATH_MAX], mark[CLUSTER_PATH_MAX];
    if (snprintf(folder, sizeof folder, "%s/%s", c->parent, name) >= (int)sizeof folder) return true;
    snprintf(mark, sizeof mark, "%s/start.lock", folder);
    bool is_one = os_exists(mark);
    snprintf(mark, sizeof mark, "%s/%s", folder, WORK_FOLDER);
    return !(is_one || os_exists(mark)) || add(c, folder);
}

/* A postgres whose working folder is the data/ of a cluster of crmx. */
static bool add_process(void *context, const char *name)
{
    struct collection *c = context;
    char target[OS_PATH_MAX], mark[CLUSTER_PATH_MAX];
    int pid = atoi(name);
    if (pid <= 1 || !os_process_link(pid, "exe", target)) return true;
    const char *program = strrchr(target, '/');
    if (!program || strncmp(program, "/postgres", 9) != 0 || !os_process_link(pid, "cwd", target)) return true;
    char *last = strrchr(target, '/');
    if (!last || last == target || strcmp(last, "/data") != 0) return true;
    *last = 0;
    snprintf(mark, sizeof mark, "%s/users.lock", target);
    return !os_exists(mark) || add(c, target);
}

static int by_folder(const void *a, const void *b)
{
    return strcmp(((const struct database_cluster *)a)->folder, ((const struct database_cluster *)b)->folder);
}

bool database_list(const char *folder, struct arena *arena, struct database_list *out, struct status *st)
{
    char parent[OS_PATH_MAX];
    *out = (struct database_list){.clusters = arena_array(arena, struct database_cluster, LIST_MAX)};
    struct collection c = {.arena = arena, .list = out, .parent = parent, .st = st};
    const char *place = folder ? folder : CLUSTER_SHARED_ROOT;
    if (os_exists(place) && (!os_real_path(place, parent, st) || !os_list(parent, add_entry, &c, st)))
        return status_while(st, "looking for database clusters");
    if (!folder && st->code == STATUS_OK && !os_list("/proc", add_process, &c, st))
        return status_while(st, "looking for running databases");
    qsort(out->clusters, (size_t)out->count, sizeof *out->clusters, by_folder);
    return st->code == STATUS_OK;
}

/* --- dropping one --- */

/* The socket folder stands in the configuration; only one that crmx chose by itself is removed. */
static bool remove_socket_folder(const struct cluster *cl, struct status *st)
{
    static const char KEY[] = "\nunix_socket_directories = '\"";
    struct buf text;
    char path[CLUSTER_PATH_MAX], socket[64] = "";
    struct os_rights rights;
    cluster_path(cl, "postgresql.conf", path);
    buf_init(&text, 64 * 1024);
    if (os_exists(path) && os_read_file(path, &text, st)) {
        const char *from = memmem(text.bytes, text.length, KEY, sizeof KEY - 1);
        const char *value = from ? from + sizeof KEY - 1 : NULL;
        const char *end = value ? memchr(value, '"', text.length - (size_t)(value - text.bytes)) : NULL;
        if (end && (size_t)(end - value) < sizeof socket)
            snprintf(socket, sizeof socket, "%.*s", (int)(end - value), value);
    }
    buf_release(&text);
    const char *hash = strncmp(socket, OWN_SOCKETS, strlen(OWN_SOCKETS)) == 0   ? socket + strlen(OWN_SOCKETS)
                       : strncmp(socket, RUN_SOCKETS, strlen(RUN_SOCKETS)) == 0 ? socket + strlen(RUN_SOCKETS)
                                                                                : "";
    bool ours = strlen(hash) == 16 && strspn(hash, "0123456789abcdef") == 16 && os_rights(socket, &rights) &&
                rights.is_folder && !rights.is_link;
    return st->code == STATUS_OK && (!ours || os_remove_tree(socket, st));
}

static bool check_owner(const char *folder, struct status *st)
{
    struct os_rights rights;
    if (os_rights(folder, &rights) && rights.is_folder && rights.uid == os_user()) return true;
    char owner[64];
    os_user_name(rights.uid, owner);
    status_fail(st, STATUS_ENVIRONMENT, "the database cluster \"%s\" belongs to user %s", folder, owner);
    return status_hint(st, "give the command as its owner: runuser -u %s -- crmx db drop --orphaned --yes", owner);
}

struct removal {
    const char *folder;
    struct status *st;
};

static bool remove_entry(void *context, const char *name)
{
    struct removal *r = context;
    char path[CLUSTER_PATH_MAX + 256];
    snprintf(path, sizeof path, "%s/%s", r->folder, name);
    return strcmp(name, WORK_FOLDER) == 0 || os_remove_tree(path, r->st);
}

/* work_folder goes last: a removal that was killed is still listed as orphaned. */
static bool remove_cluster(const struct cluster *cl, struct status *st)
{
    struct removal r = {cl->folder, st};
    return remove_socket_folder(cl, st) && os_list(cl->folder, remove_entry, &r, st) && st->code == STATUS_OK &&
           os_remove_tree(cl->folder, st);
}

bool database_drop(const struct database_cluster *cluster, struct status *st)
{
    struct cluster cl = {.timeout_ms = 0, .users_fd = -1};
    char path[CLUSTER_PATH_MAX];
    snprintf(cl.folder, sizeof cl.folder, "%s", cluster->folder);
    cluster_path(&cl, "data", cl.data);
    if (!check_owner(cl.folder, st)) return false;
    int start_fd = cluster_lock_start(&cl, st);
    cluster_path(&cl, "users.lock", path);
    if (start_fd >= 0) cl.users_fd = os_lock_wait(path, false, 0, st);
    bool ok = cl.users_fd >= 0;
    struct arena arena;
    struct database_cluster now = {0};
    arena_init(&arena, "database drop");
    ok = ok && look_at(cl.folder, &arena, &now, st);
    if (ok && now.owner != DATABASE_ORPHANED) {
        ok = status_fail(st, STATUS_USAGE, "the database cluster \"%s\" is not orphaned: its working folder is %s",
                         cl.folder, now.work_folder ? now.work_folder : "unknown");
        status_hint(st, "see what there is: crmx db list");
    }
    if (ok && !cluster_stop(&cl)) {
        ok = status_fail(st, STATUS_ENVIRONMENT, "the database server %d of \"%s\" does not end", now.pid, cl.folder);
        status_hint(st, "read %s/server.log; then drop again", cl.folder);
    }
    ok = ok && remove_cluster(&cl, st);
    arena_release(&arena);
    os_close(cl.users_fd);
    os_close(start_fd);
    return ok || status_while(st, "dropping the database cluster of %s", cluster->folder);
}
