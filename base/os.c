#include "base/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* --- fault points --- */

static struct {
    _Atomic long calls;
    long fault_at, fault_from, crash_at, pause_at;
    int log_fd;
    bool active;
} fault = {.log_fd = -1};

static long fault_setting(const char *name)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void fault_init(void)
{
    fault.fault_at = fault_setting("CRMX_FAULT_AT");
    fault.fault_from = fault_setting("CRMX_FAULT_FROM");
    fault.crash_at = fault_setting("CRMX_CRASH_AT");
    fault.pause_at = fault_setting("CRMX_PAUSE_AT");
    const char *log = getenv("CRMX_CALL_LOG");
    if (log) fault.log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    fault.active = fault.fault_at || fault.fault_from || fault.crash_at || fault.pause_at || fault.log_fd >= 0;
}

/* True when the call that follows has to fail. */
static bool fault_here(const char *call, const char *path)
{
    if (__builtin_expect(!fault.active, 1)) return false;
    long n = atomic_fetch_add(&fault.calls, 1) + 1;
    if (fault.log_fd >= 0) {
        char line[OS_PATH_MAX + 64];
        int length = snprintf(line, sizeof line, "%ld %s %s\n", n, call, path ? path : "");
        if (length > 0 && write(fault.log_fd, line, (size_t)length) < 0) fault.log_fd = -1;
    }
    if (n == fault.crash_at) raise(SIGKILL);
    if (n == fault.pause_at) raise(SIGSTOP);
    if (n == fault.fault_at || (fault.fault_from && n >= fault.fault_from)) {
        errno = EIO;
        return true;
    }
    return false;
}

bool os_fault_point(const char *call, const char *what)
{
    return fault_here(call, what);
}

static bool fail_path(struct status *st, const char *what, const char *path)
{
    int e = errno;
    errno = e;
    status_fail(st, STATUS_IO, "could not %s \"%s\": %m", what, path);
    if (e == ENOSPC || e == EDQUOT)
        status_hint(st, "the disk is full: free space (see: df -h \"%s\"), then give the same command again", path);
    else if (e == EACCES || e == EPERM)
        status_hint(st, "look at the owner and rights: ls -ld \"%s\"", path);
    else if (e == ENOENT)
        status_hint(st, "look whether it exists: ls -l \"%s\"", path);
    return false;
}

/* --- files --- */

int os_open_read(const char *path, struct status *st)
{
    int fd = fault_here("open", path) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail_path(st, "open", path);
    return fd;
}

static int open_write(const char *path, int flags, struct status *st)
{
    int fd = fault_here("create", path) ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0640);
    if (fd < 0) fail_path(st, "create", path);
    return fd;
}

int os_open_create(const char *path, struct status *st)
{
    return open_write(path, O_TRUNC, st);
}

int os_open_append(const char *path, struct status *st)
{
    return open_write(path, O_APPEND, st);
}

int os_open_memory(const char *name, struct status *st)
{
    int fd = fault_here("memfd", name) ? -1 : memfd_create(name, MFD_CLOEXEC);
    if (fd < 0) fail_path(st, "make the memory file", name);
    return fd;
}

void os_close(int fd)
{
    if (fd >= 0) close(fd);
}

static void identity_from(const struct stat *s, struct os_file_identity *out)
{
    *out = (struct os_file_identity){.device = (uint64_t)s->st_dev,
                                     .inode = (uint64_t)s->st_ino,
                                     .size = (uint64_t)s->st_size,
                                     .mtime_ns = s->st_mtim.tv_sec * 1000000000ll + s->st_mtim.tv_nsec,
                                     .ctime_ns = s->st_ctim.tv_sec * 1000000000ll + s->st_ctim.tv_nsec,
                                     .is_folder = S_ISDIR(s->st_mode),
                                     .mode = s->st_mode & 07777};
}

bool os_identify(const char *path, struct os_file_identity *out, struct status *st)
{
    struct stat s;
    if (fault_here("stat", path) || stat(path, &s) != 0) return fail_path(st, "look at", path);
    identity_from(&s, out);
    return true;
}

bool os_identify_fd(int fd, const char *path, struct os_file_identity *out, struct status *st)
{
    struct stat s;
    if (fault_here("fstat", path) || fstat(fd, &s) != 0) return fail_path(st, "look at", path);
    identity_from(&s, out);
    return true;
}

bool os_same_file(const struct os_file_identity *a, const struct os_file_identity *b)
{
    /* ctime is left out: linking the file elsewhere changes it. */
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns;
}

bool os_exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

bool os_read_at(int fd, const char *path, void *bytes, size_t length, uint64_t offset, struct status *st)
{
    if (fault_here("read", path)) return fail_path(st, "read", path);
    char *p = bytes;
    for (size_t done = 0; done < length;) {
        ssize_t n = pread(fd, p + done, length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_path(st, "read", path);
        if (n == 0) {
            status_fail(st, STATUS_IO,
                        "could not read \"%s\": %zu bytes wanted at offset %llu, the file ends after %zu", path, length,
                        (unsigned long long)offset, done);
            return status_hint(st, "the file was shortened while it was read: have it sent again");
        }
        done += (size_t)n;
    }
    return true;
}

bool os_write_at(int fd, const char *path, const void *bytes, size_t length, uint64_t offset, struct status *st)
{
    if (fault_here("write", path)) return fail_path(st, "write", path);
    const char *p = bytes;
    for (size_t done = 0; done < length;) {
        ssize_t n = pwrite(fd, p + done, length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail_path(st, "write", path);
        done += (size_t)n;
    }
    return true;
}

bool os_write(int fd, const char *path, const void *bytes, size_t length, struct status *st)
{
    if (fault_here("write", path)) return fail_path(st, "write", path);
    const char *p = bytes;
    for (size_t done = 0; done < length;) {
        ssize_t n = write(fd, p + done, length - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail_path(st, "write", path);
        done += (size_t)n;
    }
    return true;
}

bool os_truncate(int fd, const char *path, uint64_t size, struct status *st)
{
    if (fault_here("truncate", path) || ftruncate(fd, (off_t)size) != 0) return fail_path(st, "set the size of", path);
    return true;
}

bool os_fsync(int fd, const char *path, struct status *st)
{
    if (fault_here("fsync", path) || fsync(fd) != 0) return fail_path(st, "bring to disk (fsync)", path);
    return true;
}

bool os_fsync_path(const char *path, struct status *st)
{
    int fd = os_open_read(path, st);
    if (fd < 0) return false;
    bool ok = os_fsync(fd, path, st);
    os_close(fd);
    return ok;
}

bool os_fsync_folder(const char *path, struct status *st)
{
    return os_fsync_path(path, st);
}

void os_write_back(int fd, uint64_t offset, uint64_t length)
{
    sync_file_range(fd, (off_t)offset, (off_t)length, SYNC_FILE_RANGE_WRITE);
}

bool os_rename(const char *from, const char *to, struct status *st)
{
    if (fault_here("rename", to) || rename(from, to) != 0) {
        fail_path(st, "rename to", to);
        return status_while(st, "renaming \"%s\"", from);
    }
    return true;
}

bool os_rename_new(const char *from, const char *to, struct status *st)
{
    if (fault_here("rename", to) || renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) != 0) {
        if (errno == EEXIST)
            status_fail(st, STATUS_CORRUPT, "could not rename to \"%s\": it is there already", to);
        else
            fail_path(st, "rename to", to);
        return status_while(st, "renaming \"%s\" to a name that must be new", from);
    }
    return true;
}

bool os_link_or_copy(const char *from, const char *to, struct status *st)
{
    if (fault_here("link", to)) return fail_path(st, "link", to);
    if (link(from, to) == 0) return true;
    if (errno == EEXIST || errno == ENOENT || errno == ENOSPC) return fail_path(st, "link", to);
    return os_copy(from, to, st);
}

bool os_copy(const char *from, const char *to, struct status *st)
{
    bool ok = false;
    int in = os_open_read(from, st), out = -1;
    if (in < 0) goto out;
    struct os_file_identity id = {0};
    if (!os_identify_fd(in, from, &id, st)) goto out;
    out = os_open_create(to, st);
    if (out < 0) goto out;
    for (uint64_t left = id.size; left;) {
        ssize_t n = fault_here("copy", to) ? -1 : sendfile(out, in, NULL, left > (1u << 30) ? 1u << 30 : left);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = EIO;
        if (n <= 0) {
            fail_path(st, "copy to", to);
            goto out;
        }
        left -= (uint64_t)n;
    }
    ok = true;
out:
    os_close(in);
    os_close(out);
    return ok || status_while(st, "copying \"%s\"", from);
}

bool os_unlink(const char *path, struct status *st)
{
    if (fault_here("unlink", path) || (unlink(path) != 0 && errno != ENOENT)) return fail_path(st, "remove", path);
    return true;
}

bool os_make_folder(const char *path, struct status *st)
{
    char part[OS_PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part) return status_fail(st, STATUS_IO, "path too long: \"%.200s...\"", path);
    if (fault_here("mkdir", path)) return fail_path(st, "make the folder", path);
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != 0) continue;
        part[i] = 0;
        if (mkdir(part, 0750) != 0 && errno != EEXIST) return fail_path(st, "make the folder", part);
        if (i < n) part[i] = '/';
    }
    struct stat s;
    if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode)) {
        errno = ENOTDIR;
        return fail_path(st, "make the folder", path);
    }
    return true;
}

bool os_remove_tree(const char *path, struct status *st)
{
    struct stat s;
    if (lstat(path, &s) != 0) return errno == ENOENT || fail_path(st, "look at", path);
    if (!S_ISDIR(s.st_mode)) return os_unlink(path, st);
    DIR *d = fault_here("opendir", path) ? NULL : opendir(path);
    if (!d) return fail_path(st, "open the folder", path);
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        char child[OS_PATH_MAX];
        if (snprintf(child, sizeof child, "%s/%s", path, e->d_name) >= (int)sizeof child)
            ok = status_fail(st, STATUS_IO, "path too long below \"%.200s\"", path);
        else
            ok = os_remove_tree(child, st);
    }
    closedir(d);
    if (ok && (fault_here("rmdir", path) || rmdir(path) != 0)) ok = fail_path(st, "remove the folder", path);
    return ok;
}

static int keep_names(const struct dirent *e)
{
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

bool os_list(const char *path, bool (*each)(void *context, const char *name), void *context, struct status *st)
{
    struct dirent **names = NULL;
    int n = fault_here("scandir", path) ? -1 : scandir(path, &names, keep_names, by_bytes);
    if (n < 0) return fail_path(st, "list the folder", path);
    bool going = true;
    for (int i = 0; i < n; i++) {
        if (going) going = each(context, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return true;
}

bool os_read_file(const char *path, struct buf *out, struct status *st)
{
    buf_clear(out);
    int fd = os_open_read(path, st);
    if (fd < 0) return false;
    struct os_file_identity id = {0};
    bool ok = os_identify_fd(fd, path, &id, st);
    if (ok && id.is_folder) {
        errno = EISDIR;
        ok = fail_path(st, "read", path);
    }
    char *room = ok ? buf_room(out, id.size) : NULL;
    if (ok && id.size && !room)
        ok = status_fail(st, STATUS_IO, "file \"%s\" has %llu bytes, at most %zu can be read here", path,
                         (unsigned long long)id.size, out->length_max);
    if (ok && id.size) ok = os_read_at(fd, path, room, id.size, 0, st);
    os_close(fd);
    return ok;
}

static void folder_of(const char *path, char folder[OS_PATH_MAX])
{
    snprintf(folder, OS_PATH_MAX, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash)
        strcpy(folder, ".");
    else if (slash == folder)
        slash[1] = 0;
    else
        *slash = 0;
}

bool os_write_file(const char *path, struct view content, struct status *st)
{
    int fd = os_open_create(path, st);
    bool ok = fd >= 0 && os_write_at(fd, path, content.bytes, content.length, 0, st);
    os_close(fd);
    return ok;
}

bool os_replace_file(const char *path, struct view content, struct status *st)
{
    char tmp[OS_PATH_MAX], folder[OS_PATH_MAX];
    if (snprintf(tmp, sizeof tmp, "%s.tmp", path) >= (int)sizeof tmp)
        return status_fail(st, STATUS_IO, "path too long: \"%.200s...\"", path);
    folder_of(path, folder);
    int fd = os_open_create(tmp, st);
    if (fd < 0) return false;
    bool ok = os_write_at(fd, tmp, content.bytes, content.length, 0, st) && os_fsync(fd, tmp, st);
    os_close(fd);
    return ok && os_rename(tmp, path, st) && os_fsync_folder(folder, st);
}

uint64_t os_free_bytes(const char *path)
{
    struct statvfs v;
    return statvfs(path, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : 0;
}

/* --- locks and processes --- */

int os_lock(const char *path, struct status *st)
{
    int fd = fault_here("lock", path) ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        fail_path(st, "open the lock", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        status_fail(st, STATUS_BUSY, "\"%s\" is locked by another crmx process", path);
        status_hint(st, "see what runs: crmx status; the lock goes away with its process");
        close(fd);
        return -1;
    }
    return fd;
}

const char *os_boot_id(void)
{
    static char id[64];
    if (!id[0]) {
        int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read(fd, id, sizeof id - 1) : -1;
        if (n <= 0) n = snprintf(id, sizeof id, "unknown");
        id[strcspn(id, "\n")] = 0;
        if (fd >= 0) close(fd);
    }
    return id;
}

void os_program_folder(char folder[OS_PATH_MAX])
{
    char path[OS_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    folder[0] = 0;
    if (n <= 0) return;
    path[n] = 0;
    folder_of(path, folder);
}

uint64_t os_process_start(int pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) return 0;
    text[n] = 0;
    char *p = strrchr(text, ')'); /* the command may hold blanks */
    for (int field = 2; p && field < 22; field++) p = strchr(p + 1, ' ');
    return p ? strtoull(p + 1, NULL, 10) : 0;
}

/* --- time --- */

uint64_t os_monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void os_sleep_ms(int64_t milliseconds)
{
    struct timespec t = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) continue;
}

void os_wall_clock(char text[21])
{
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(text, 21, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int os_cpu_count(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : (int)n;
}
