/* Third part of os.h: memory, and files as memory. */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HUGE_PAGE = 2 * 1024 * 1024 };

void *os_map(size_t size)
{
    void *p = os_fault_point("mmap", NULL)
                  ? MAP_FAILED
                  : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    if (size >= HUGE_PAGE) madvise(p, size, MADV_HUGEPAGE);
    return p;
}

void os_unmap(void *p, size_t size)
{
    if (p) munmap(p, size);
}

void os_tune_memory(bool keep_freed)
{
    if (keep_freed) {
        mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
        mallopt(M_TRIM_THRESHOLD, 1024 * 1024 * 1024);
    } else {
        mallopt(M_ARENA_MAX, 1);
        mallopt(M_MMAP_THRESHOLD, 128 * 1024);
        mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    }
}

/* --- files as memory --- */

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

/* The line of /proc/self/maps that spans the address; its path ("" when there is none) into `path`. */
static void mapped_path(uintptr_t address, char path[OS_PATH_MAX])
{
    char line[OS_PATH_MAX + 128], c;
    size_t length = 0;
    path[0] = 0;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && read(fd, &c, 1) == 1) {
        if (c != '\n') {
            if (length + 1 < sizeof line) line[length++] = c;
            continue;
        }
        line[length] = 0;
        length = 0;
        char *rest;
        uintptr_t from = strtoull(line, &rest, 16), to = *rest == '-' ? strtoull(rest + 1, NULL, 16) : 0;
        const char *name = strchr(line, '/');
        if (address < from || address >= to) continue;
        if (name) strncat(path, name, OS_PATH_MAX - 1);
        break;
    }
    if (fd >= 0) close(fd);
}

/* A page of a mapped file that is not there any more: nothing that was computed from it may be kept, and nothing is:
 * the process ends as if it had been killed, which every run survives. Only calls that a signal handler may make. */
static void on_bus_error(int signal_number, siginfo_t *info, void *context)
{
    static char path[OS_PATH_MAX];
    mapped_path((uintptr_t)info->si_addr, path);
    if (!path[0]) {
        signal(signal_number, SIG_DFL); /* none of ours: the access repeats and ends the process */
        return;
    }
    say("ERROR: could not read \"");
    say(path);
    say("\": it was shortened, or the disk failed, while it was read\n"
        "HINT: nothing was committed; look at it (ls -l, dmesg), have it sent again, then give the same command "
        "again\n");
    _exit(status_exit_code(&(struct status){.code = STATUS_IO}));
}

const void *os_map_file(int fd, const char *path, size_t size, struct status *st)
{
    static _Atomic int watched;
    if (!watched++) {
        struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
        sigaction(SIGBUS, &action, NULL);
    }
    void *p = os_fault_point("mmap", path) ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED) return p;
    status_fail(st, STATUS_IO, "could not map \"%s\" (%zu bytes) into memory: %m", path, size);
    status_hint(st,
                "look at the limits of this shell (ulimit -v), the number of mappings (sysctl vm.max_map_count) and "
                "the disk, then give the same command again");
    return NULL;
}

void os_unmap_file(const void *p, size_t size)
{
    if (p) munmap((void *)(uintptr_t)p, size);
}

static bool advise(const void *bytes, const char *path, uint64_t offset, size_t length, int advice, struct status *st)
{
    static const uintptr_t PAGE = 4096;
    uintptr_t from = ((uintptr_t)bytes + offset) & ~(PAGE - 1), to = (uintptr_t)bytes + offset + length;
    int failed = os_fault_point("read", path) ? -1 : madvise((void *)from, to - from, advice);
    /* A kernel that does not know the call reads the pages when they are touched. */
    if (!failed || errno == EINVAL) return true;
    status_fail(st, STATUS_IO, "could not read \"%s\": %zu bytes at offset %llu: %s", path, length,
                (unsigned long long)offset,
                errno == EFAULT ? "the file was shortened, or the disk failed" : strerror(errno));
    return status_hint(st, "look at it (ls -l, dmesg), have it sent again, then give the same command again");
}

bool os_load_mapped(const void *bytes, const char *path, uint64_t offset, size_t length, struct status *st)
{
    return advise(bytes, path, offset, length, MADV_POPULATE_READ, st);
}

bool os_expect_mapped(const void *bytes, const char *path, uint64_t offset, size_t length, struct status *st)
{
    return advise(bytes, path, offset, length, MADV_WILLNEED, st);
}

void os_forget_mapped(const void *bytes, uint64_t offset, size_t length)
{
    madvise((char *)(uintptr_t)bytes + offset, length, MADV_DONTNEED);
}
