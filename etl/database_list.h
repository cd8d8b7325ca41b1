/* database_list: the embedded clusters of this machine, and the removal of those whose working folder is gone.
 *
 *     struct database_list list;
 *     database_list(NULL, &arena, &list, &st)            every cluster that can be seen, by folder
 *     database_drop(&list.clusters[i], &st)              only an orphaned one
 *
 * Where clusters are is drawn in database.h. Seen are those in the folder of root's clusters, running or not, and
 * running ones anywhere else that belong to the caller (to anybody, when root looks). A stopped cluster below its own
 * working folder is not looked for: it goes with that folder and is never orphaned.
 *
 * A cluster tells its working folder by the file work_folder, written at every start. A working folder on a disk that
 * is not mounted looks gone: whoever drops has to know.
 */
#ifndef CRMX_ETL_DATABASE_LIST_H
#define CRMX_ETL_DATABASE_LIST_H

#include "base/arena.h"
#include "base/status.h"

#include <stdint.h>

enum database_owner {
    DATABASE_OWNED,    /* its working folder is there */
    DATABASE_ORPHANED, /* it is gone */
    DATABASE_UNKNOWN   /* no work_folder to be read: being made, killed while it was made, or of another user */
};

struct database_cluster {
    const char *folder;      /* real path */
    const char *work_folder; /* NULL: unknown */
    enum database_owner owner;
    int pid; /* of its server; 0: stopped */
};

struct database_list {
    struct database_cluster *clusters; /* in the arena, in byte order of the folders */
    int count;
};

/* folder: only the clusters directly in it; NULL: all. A folder that does not exist holds none. */
bool database_list(const char *folder, struct arena *arena, struct database_list *out, struct status *st);

/* Stops the server and removes the cluster with its socket folder. Looks again first. Refused: STATUS_USAGE, not
 * orphaned (any more); STATUS_BUSY, a process of crmx uses it; STATUS_ENVIRONMENT, it belongs to another user. Killed
 * in between: still listed as orphaned, to be dropped again. */
bool database_drop(const struct database_cluster *cluster, struct status *st);

#endif
