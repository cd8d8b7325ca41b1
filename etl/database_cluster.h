/* database_cluster: the embedded PostgreSQL cluster; states and invariants are drawn in etl/database.h.
 *
 * cluster_attach → (connect through cluster.socket_folder, port 5432, user crmx) → cluster_detach. Private to
 * etl/database*.
 */
#ifndef CRMX_ETL_DATABASE_CLUSTER_H
#define CRMX_ETL_DATABASE_CLUSTER_H

#include "base/os.h"
#include "etl/database.h"

enum { CLUSTER_SOCKET_PATH_MAX = 107, CLUSTER_PATH_MAX = OS_PATH_MAX + 32 /* folder/name */ };

struct cluster {
    char folder[OS_PATH_MAX];
    char data[CLUSTER_PATH_MAX];
    char socket_folder[OS_PATH_MAX];
    char programs[OS_PATH_MAX + 64]; /* …/15/bin; found before the first start */
    char log[CLUSTER_PATH_MAX];
    char work_folder[OS_PATH_MAX]; /* real path */
    const char *programs_root;
    bool socket_is_given;
    unsigned server_uid, server_gid; /* the user that runs the server and owns data/; the rest belongs to the caller */
    int64_t timeout_ms;
    int users_fd; /* the shared lock; -1: not attached */
};

/* Afterwards the server runs and takes connections, and this process is one of its users. */
bool cluster_attach(struct cluster *cl, const struct database_config *config, struct status *st);
/* The server was killed meanwhile: starts it again. Stays a user. */
bool cluster_revive(struct cluster *cl, struct status *st);
void cluster_detach(struct cluster *cl);
/* Ends the server of cluster.data if one runs, at once when it does not end in order. Needs the start lock. False: it
 * still runs. */
bool cluster_stop(const struct cluster *cl);

/* --- database_cluster_setup.c: where, who, configuration --- */
/* Fills the folders and users; makes nothing. */
bool cluster_locate(struct cluster *cl, const struct database_config *config, struct status *st);
/* The folders, so that locks can be taken. */
bool cluster_make_folder(struct cluster *cl, struct status *st);
/* Socket folder and the three configuration files. */
bool cluster_configure(struct cluster *cl, struct status *st);
/* Where the clusters of root are, each in a folder of its own. */
extern const char CLUSTER_SHARED_ROOT[];
/* FOLDER/NAME of this cluster. */
void cluster_path(const struct cluster *cl, const char *name, char path[CLUSTER_PATH_MAX]);

/* --- database_cluster_init.c: programs, first making --- */
/* initdb when there is no data folder; start_fd is the held start lock. Finds the programs of its version. */
bool cluster_make_data(struct cluster *cl, int start_fd, struct status *st);
#define CLUSTER_SETPRIV "/usr/bin/setpriv"
/* argv that runs program (full path) with the given arguments as the server's user: through setpriv when root. */
enum { CLUSTER_ARGUMENTS_MAX = 24 };
struct cluster_command {
    const char *argv[CLUSTER_ARGUMENTS_MAX];
    char program[OS_PATH_MAX + 96];
    char user[32], group[32];
};
void cluster_command(const struct cluster *cl, const char *program, const char *const *arguments,
                     struct cluster_command *out);
extern const char *const CLUSTER_ENVIRONMENT[];

/* --- database_cluster.c --- */
/* The mutex of making, starting and stopping the server; -1 and a status on failure. os_close gives it back. */
int cluster_lock_start(const struct cluster *cl, struct status *st);
/* The last lines of a log from an offset on, as one line; for messages. */
void cluster_log_tail(const char *path, uint64_t from, char *text, size_t capacity);

#endif
