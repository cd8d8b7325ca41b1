/* database_postmaster: is the server of a data folder running, and what did a killed one leave behind?
 *
 * postmaster.pid alone proves nothing: after kill -9 or a power cut it stays, and its number may belong to another
 * program by then. A process counts as our postmaster when /proc/PID/exe is a postgres, /proc/PID/cwd is this data
 * folder, and its state is neither dead nor zombie.
 */
#ifndef CRMX_ETL_DATABASE_POSTMASTER_H
#define CRMX_ETL_DATABASE_POSTMASTER_H

#include "base/os.h"

struct postmaster {
    bool running;
    bool ready;      /* takes connections */
    bool misleading; /* not running, but postmaster.pid is empty or names a process of somebody else: postgres would
                        refuse */
    int pid;
    char socket_folder[OS_PATH_MAX];
};

/* Looks at DATA/postmaster.pid; data is a real path. */
bool postmaster_look(const char *data, struct postmaster *out, struct status *st);
/* Before a start: waits for (then ends) the processes that a killed postmaster left, removes a misleading
 * postmaster.pid. Looks again meanwhile: *out may turn out to be running (its starter was killed before it wrote
 * postmaster.pid). Needs the cluster's start lock. */
bool postmaster_clear_remains(const char *data, struct postmaster *out, struct status *st);

#endif
