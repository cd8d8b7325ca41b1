/* os: the only place that calls the operating system for files, memory, processes and time.
 *
 * Every call that can fail passes a fault point first. Tests drive it by environment variables, read once at start:
 *     CRMX_FAULT_AT=N      the Nth call fails once with EIO            CRMX_FAULT_FROM=N    every call from the Nth
 * fails CRMX_CRASH_AT=N      the process kills itself with SIGKILL right before its Nth call CRMX_CALL_LOG=FILE appends
 * one line per call (number, name, path): how a test learns how many there are
 *     CRMX_PAUSE_AT=N      the process stops (SIGSTOP) right before its Nth call, until SIGCONT
 * Calls are counted over all threads.
 * Errors fill the status with what was attempted, on which path, and why.
 *
 * Durability order (architecture 2): write, os_fsync the file, os_fsync_folder its folder, then rename, then fsync
 * again.
 */
#ifndef CRMX_BASE_OS_H
#define CRMX_BASE_OS_H

#include "base/buf.h"
#include "base/status.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { OS_PATH_MAX = 4096 };

/* A fault point for calls of a library (libpq, libcurl) that reach the system by themselves: counted, logged and
 * crashed like the calls below. True (errno EIO) when the call that follows has to fail. */
bool os_fault_point(const char *call, const char *what);

struct os_file_identity { /* tells whether a file changed while it was read */
    uint64_t device, inode, size;
    int64_t mtime_ns, ctime_ns;
    bool is_folder;
    uint32_t mode; /* permission bits: a secret that others may read is refused */
};

/* --- files --- */
/* Opens an existing file for reading. -1 and a status on failure. */
int os_open_read(const char *path, struct status *st);
/* Creates (or empties) a file for reading and writing, mode 0640. */
int os_open_create(const char *path, struct status *st);
/* Opens or creates for appending (each write goes to the end), mode 0640. */
int os_open_append(const char *path, struct status *st);
/* A file that lives in memory only, for libraries that read nothing but a path: give them /proc/self/fd/N. */
int os_open_memory(const char *name, struct status *st);
void os_close(int fd);
bool os_identify(const char *path, struct os_file_identity *out, struct status *st);
bool os_identify_fd(int fd, const char *path, struct os_file_identity *out, struct status *st);
bool os_same_file(const struct os_file_identity *a, const struct os_file_identity *b);
bool os_exists(const char *path);
/* Reads exactly length bytes at offset; a shorter file is an error ("truncated while being read"). */
bool os_read_at(int fd, const char *path, void *bytes, size_t length, uint64_t offset, struct status *st);
bool os_write_at(int fd, const char *path, const void *bytes, size_t length, uint64_t offset, struct status *st);
bool os_write(int fd, const char *path, const void *bytes, size_t length, struct status *st);
bool os_truncate(int fd, const char *path, uint64_t size, struct status *st);
bool os_fsync(int fd, const char *path, struct status *st);
bool os_fsync_folder(const char *path, struct status *st);
bool os_fsync_path(const char *path, struct status *st); /* opens the file first */
/* The kernel starts writing dirty pages of the range (length 0: to the end) now and does not wait: makes the later
 * fsync short. */
void os_write_back(int fd, uint64_t offset, uint64_t length);
bool os_rename(const char *from, const char *to, struct status *st);
/* Like os_rename, but an existing target is an error (STATUS_CORRUPT): never rename onto an existing folder. */
bool os_rename_new(const char *from, const char *to, struct status *st);
/* Hard link; across file systems, or where links are refused, a full copy. Copies are not fsynced. */
bool os_link_or_copy(const char *from, const char *to, struct status *st);
bool os_copy(const char *from, const char *to, struct status *st);
bool os_unlink(const char *path, struct status *st);      /* a missing file is fine */
bool os_make_folder(const char *path, struct status *st); /* existing is fine; parents are made */
bool os_remove_tree(const char *path, struct status *st); /* missing is fine */
/* Calls each(entry name) in byte order for every entry but . and ..; stops when it returns false. */
bool os_list(const char *path, bool (*each)(void *context, const char *name), void *context, struct status *st);
/* Whole small file into a buffer (cleared first). */
bool os_read_file(const char *path, struct buf *out, struct status *st);
/* A new file with that content; not synchronised. */
bool os_write_file(const char *path, struct view content, struct status *st);
/* Atomic replacement: PATH.tmp, fsync, rename, fsync of the folder. */
bool os_replace_file(const char *path, struct view content, struct status *st);
/* Free bytes of the file system that holds path. */
uint64_t os_free_bytes(const char *path);

/* --- locks and processes --- */
/* flock, exclusive, without waiting. STATUS_BUSY when somebody holds it. Returns the descriptor that keeps the lock. */
int os_lock(const char *path, struct status *st);
/* The same with a choice: shared or exclusive, and waiting up to timeout_ms. A file shared among users: see os_give. */
int os_lock_wait(const char *path, bool shared, int64_t timeout_ms, struct status *st);
/* A shared lock becomes the exclusive one, without waiting: true when nobody else holds it. On false the lock may be
 * gone. */
bool os_lock_upgrade(int fd);
/* The process that holds the exclusive lock on path: 0 nobody, -1 somebody who cannot be seen from here (another
 * container). Only looks: taking the lock to find out would turn away whoever comes at that moment. */
int os_lock_holder(const char *path);
/* This boot's id and a process's start time: a pid alone does not name a process. 0 when the process is gone. */
const char *os_boot_id(void);
/* Folder of the running program ("/usr/bin"); "" when it cannot be told. */
void os_program_folder(char folder[OS_PATH_MAX]);
uint64_t os_process_start(int pid);
/* Seconds since it was started; -1 when it is gone. */
int64_t os_process_age_s(int pid);

/* A program to be started (base/os_process.c). */
struct os_command {
    const char *const *argv;        /* argv[0] is the full path; NULL ended */
    const char *const *environment; /* NULL ended; NULL: the caller's */
    int output_fd;                  /* becomes stdout and stderr; -1: inherited. stdin is /dev/null */
    int keep_fd;      /* one more descriptor the child keeps (a lock it shall hold while it lives); -1: none */
    bool own_session; /* a server: not hit by signals of the caller's terminal */
};
/* Starts it and does not wait: the pid, or -1 and a status. Every other descriptor is closed in the child. */
int os_spawn(const struct os_command *c, struct status *st);
/* Waits for a child. *exit_code: its exit code, 128 + signal when it was killed. */
bool os_wait(int pid, int *exit_code, struct status *st);
/* Without waiting: true when the child is gone (reaped here) or pid is no child of this process. */
bool os_exited(int pid, int *exit_code);
/* State letter of /proc/PID/stat ('Z': dead, not reaped), 0 when there is no such process. */
char os_process_state(int pid);
/* Where /proc/PID/exe ("exe") or its working folder ("cwd") points to. False when it is gone or belongs to others. */
bool os_process_link(int pid, const char *link, char target[OS_PATH_MAX]);
/* Sends a signal; a process that is gone is fine. */
bool os_signal(int pid, int signal, struct status *st);

/* --- users and rights --- */
unsigned os_user(void); /* effective user id */
bool os_user_find(const char *name, unsigned *uid, unsigned *gid);
/* "uid 1000" when the number has no name. */
void os_user_name(unsigned uid, char name[64]);
/* Owner and mode of a file or folder; a symbolic link is not followed. */
struct os_rights {
    unsigned uid, gid, mode;
    bool is_folder, is_link;
};
bool os_rights(const char *path, struct os_rights *out); /* false when there is no such path */
bool os_give(const char *path, unsigned uid, unsigned gid, unsigned mode, struct status *st);
/* The absolute path without links and dots; the file must exist. */
bool os_real_path(const char *path, char real[OS_PATH_MAX], struct status *st);

/* --- memory --- */
/* Zeroed pages, huge where the kernel gives them; freed with os_unmap. NULL when refused. */
void *os_map(size_t size);
void os_unmap(void *p, size_t size);
/* Tells malloc to keep what is freed (scratch of a few MB is taken and given back by every step, and pages that come
 * fresh from the kernel have to be zeroed each time: 5 % of a run), or, when memory is scarce, to give it back at once.
 * */
void os_tune_memory(bool keep_freed);
/* A file as memory, read only; NULL and a status. size > 0. Pages are read when they are touched: one that cannot be
 * (the file was shortened meanwhile, the disk fails) ends the process with a message and the exit code of STATUS_IO. */
const void *os_map_file(int fd, const char *path, size_t size, struct status *st);
void os_unmap_file(const void *bytes, size_t size);
/* Reads a range of a mapped file now: what is missing is a status. It costs three times what touching the pages does.
 * */
bool os_load_mapped(const void *bytes, const char *path, uint64_t offset, size_t length, struct status *st);
/* The pages of a range are given back, many threads at a time; unmapping the whole file does so one page after another.
 * */
void os_forget_mapped(const void *bytes, uint64_t offset, size_t length);
/* Starts reading a range that will be touched soon. */
bool os_expect_mapped(const void *bytes, const char *path, uint64_t offset, size_t length, struct status *st);

/* --- time --- */
uint64_t os_monotonic_ns(void);
void os_sleep_ms(int64_t ms);
/* Wall clock as "2026-11-21T02:15:00Z" into text[21]; for logs and journals, never for data. */
void os_wall_clock(char text[21]);
int os_cpu_count(void);

#endif
