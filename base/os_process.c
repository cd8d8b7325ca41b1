/* Second half of os.h: locks that are waited for, child processes, users and rights. */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* --- locks --- */

int os_lock_wait(const char *path, bool shared, int64_t timeout_ms, struct status *st)
{
    int fd = os_fault_point("lock", path) ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        status_fail(st, STATUS_IO, "could not open the lock \"%s\": %m", path);
        status_hint(st, "look at the owner and rights: ls -ld \"%s\"", path);
        return -1;
    }
    uint64_t until = os_monotonic_ns() + (uint64_t)timeout_ms * 1000000u;
    /* Polling, because flock() has no timeout and an alarm signal would belong to the whole program. */
    while (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
        if (os_monotonic_ns() >= until) {
            status_fail(st, STATUS_BUSY, "\"%s\" is still locked by another process after %lld ms", path,
                        (long long)timeout_ms);
            status_hint(st, "see who holds it: fuser -v \"%s\"; the lock goes away with its process", path);
            close(fd);
            return -1;
        }
        os_sleep_ms(3);
    }
    return fd;
}

bool os_lock_upgrade(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static bool runs_crmx(int pid)
{
    char program[OS_PATH_MAX];
    if (pid <= 0 || !os_process_link(pid, "exe", program)) return false;
    const char *name = strrchr(program, '/');
    return name && strncmp(name, "/crmx", 5) == 0;
}

/* Device numbers differ between stat() and /proc/locks on some file systems (btrfs, overlay): then the inode decides,
 * if the process is one of ours. */
int os_lock_holder(const char *path)
{
    struct stat file;
    char line[256];
    int holder = 0, exact = 0;
    FILE *locks = stat(path, &file) == 0 ? fopen("/proc/locks", "re") : NULL;
    while (locks && fgets(line, sizeof line, locks)) {
        int pid;
        unsigned major_number, minor_number;
        unsigned long long inode;
        if (sscanf(line, "%*d: FLOCK %*s WRITE %d %x:%x:%llu", &pid, &major_number, &minor_number, &inode) != 4)
            continue;
        if (inode != file.st_ino) continue;
        if (major_number == major(file.st_dev) && minor_number == minor(file.st_dev)) exact = pid > 0 ? pid : -1;
        if (runs_crmx(pid)) holder = pid;
    }
    if (locks) fclose(locks);
    return exact ? exact : holder;
}

int64_t os_process_age_s(int pid)
{
    struct timespec now;
    uint64_t start = os_process_start(pid);
    if (start == 0 || clock_gettime(CLOCK_BOOTTIME, &now) != 0) return -1;
    int64_t age = now.tv_sec - (int64_t)(start / (uint64_t)sysconf(_SC_CLK_TCK));
    return age < 0 ? 0 : age;
}

/* --- child processes --- */

static void spawn_attributes(const struct os_command *c, posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (c->own_session) flags |= POSIX_SPAWN_SETSID;
    posix_spawnattr_setflags(attributes, flags);
}

static void spawn_descriptors(const struct os_command *c, posix_spawn_file_actions_t *actions)
{
    posix_spawn_file_actions_init(actions);
    /* The output first: its number may be 3, which keep_fd takes over. */
    if (c->output_fd >= 0) {
        posix_spawn_file_actions_adddup2(actions, c->output_fd, 1);
        posix_spawn_file_actions_adddup2(actions, c->output_fd, 2);
    }
    if (c->keep_fd >= 0) posix_spawn_file_actions_adddup2(actions, c->keep_fd, 3);
    posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(actions, c->keep_fd >= 0 ? 4 : 3);
}

/* posix_spawn and not fork: no copy of the page tables of a program that may hold gigabytes, and exec errors come back.
 */
int os_spawn(const struct os_command *c, struct status *st)
{
    ensure(c->argv && c->argv[0]);
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    spawn_attributes(c, &attributes);
    spawn_descriptors(c, &actions);
    char *const *environment;
    char *const *argv;
    memcpy(&argv, &c->argv, sizeof argv); /* posix_spawn does not write to them, its prototype only says so */
    memcpy(&environment, c->environment ? (const void *)&c->environment : (const void *)&environ, sizeof environment);
    pid_t pid = -1;
    int e = os_fault_point("spawn", c->argv[0]) ? EIO
                                                : posix_spawn(&pid, argv[0], &actions, &attributes, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (e == 0) return pid;
    errno = e;
    status_fail(st, STATUS_ENVIRONMENT, "could not start \"%s\": %m", c->argv[0]);
    status_hint(st, "look whether it is installed: ls -l \"%s\"", c->argv[0]);
    return -1;
}

static int exit_code_of(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

bool os_wait(int pid, int *exit_code, struct status *st)
{
    int wait_status;
    while (waitpid(pid, &wait_status, 0) < 0)
        if (errno != EINTR) return status_fail(st, STATUS_ENVIRONMENT, "could not wait for process %d: %m", pid);
    *exit_code = exit_code_of(wait_status);
    return true;
}

bool os_exited(int pid, int *exit_code)
{
    int wait_status;
    pid_t n = waitpid(pid, &wait_status, WNOHANG);
    if (n == 0) return false;
    *exit_code = n == pid ? exit_code_of(wait_status) : -1;
    return true;
}

char os_process_state(int pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) return 0;
    text[n] = 0;
    const char *p = strrchr(text, ')'); /* the command may hold blanks */
    return p && p[1] == ' ' ? p[2] : 0;
}

bool os_process_link(int pid, const char *link, char target[OS_PATH_MAX])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, link);
    ssize_t n = readlink(path, target, OS_PATH_MAX - 1);
    if (n < 0) return false;
    target[n] = 0;
    return true;
}

bool os_signal(int pid, int signal, struct status *st)
{
    ensure(pid > 1);
    if (os_fault_point("kill", NULL) || (kill(pid, signal) != 0 && errno != ESRCH))
        return status_fail(st, STATUS_ENVIRONMENT, "could not send signal %d to process %d: %m", signal, pid);
    return true;
}

/* --- users and rights --- */

unsigned os_user(void)
{
    return geteuid();
}

bool os_user_find(const char *name, unsigned *uid, unsigned *gid)
{
    struct passwd entry, *found = NULL;
    char text[4096];
    if (getpwnam_r(name, &entry, text, sizeof text, &found) != 0 || !found) return false;
    *uid = entry.pw_uid;
    *gid = entry.pw_gid;
    return true;
}

void os_user_name(unsigned uid, char name[64])
{
    struct passwd entry, *found = NULL;
    char text[4096];
    if (getpwuid_r(uid, &entry, text, sizeof text, &found) == 0 && found && strlen(entry.pw_name) < 64)
        snprintf(name, 64, "%s", entry.pw_name);
    else
        snprintf(name, 64, "uid %u", uid);
}

bool os_rights(const char *path, struct os_rights *out)
{
    struct stat s;
    if (lstat(path, &s) != 0) return false;
    *out = (struct os_rights){.uid = s.st_uid,
                              .gid = s.st_gid,
                              .mode = s.st_mode & 07777,
                              .is_folder = S_ISDIR(s.st_mode),
                              .is_link = S_ISLNK(s.st_mode)};
    return true;
}

bool os_give(const char *path, unsigned uid, unsigned gid, unsigned mode, struct status *st)
{
    /* Through a descriptor that refuses links: a folder below /tmp could be swapped between two calls by name. */
    int fd = os_fault_point("chown", path) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool ok = fd >= 0 && (geteuid() != 0 || fchown(fd, uid, gid) == 0) && fchmod(fd, mode) == 0;
    if (!ok) status_fail(st, STATUS_IO, "could not set owner %u and mode %o of \"%s\": %m", uid, mode, path);
    if (!ok) status_hint(st, "look at the owner and rights: ls -ld \"%s\"", path);
    os_close(fd);
    return ok;
}

bool os_real_path(const char *path, char real[OS_PATH_MAX], struct status *st)
{
    char *resolved = os_fault_point("realpath", path) ? NULL : realpath(path, NULL);
    if (!resolved) {
        status_fail(st, STATUS_IO, "could not find \"%s\": %m", path);
        return status_hint(st, "look whether it exists: ls -ld \"%s\"", path);
    }
    snprintf(real, OS_PATH_MAX, "%s", resolved);
    free(resolved);
    return true;
}
