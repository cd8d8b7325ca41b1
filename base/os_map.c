/* Files as memory: for passes over files that never change. */
#include "base/os.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static bool fail(const char *path, const char *what, struct status *st)
{
    return status_fail(st, STATUS_IO, "could not %s \"%s\": %m", what, path);
}

const void *os_map_file(int fd, const char *path, size_t size, struct status *st)
{
    void *p = os_fault_point("mmap", path) ? MAP_FAILED : mmap(NULL, size ? size : 1, PROT_READ, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED) return p;
    fail(path, "map", st);
    return NULL;
}

bool os_map_fetch(const char *path, const void *bytes, size_t length, struct status *st)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (uintptr_t)bytes % page;
    if (os_fault_point("madvise", path)) return fail(path, "read", st);
#ifdef MADV_POPULATE_READ
    while (madvise((void *)((uintptr_t)bytes - before), length + before, MADV_POPULATE_READ) != 0) {
        if (errno == EINTR) continue;
        if (errno == EINVAL || errno == EAGAIN) break; /* before Linux 5.14: pages come when they are touched */
        if (errno == EFAULT) errno = EIO;              /* that is how it says that a touch would be a SIGBUS */
        return fail(path, "read", st);
    }
#else
    (void)before;
#endif
    return true;
}
