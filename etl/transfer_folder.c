/* transfer_folder: a folder of this machine or of a mounted file server as a place that takes files. */
#include "base/os.h"
#include "etl/transfer_inside.h"

#include <errno.h>
#include <stdio.h>

enum { CHUNK = 1 << 20 };

struct folder {
    const struct transfer_place *place;
    char *chunk;
};

/* A mounted server that is away looks like a disk error: it is the target's trouble, worth trying again. */
static bool target_failed(struct status *st)
{
    if (st->code == STATUS_IO) st->code = STATUS_TRANSFER;
    return false;
}

static bool below(const struct folder *f, const char *name, char path[OS_PATH_MAX], struct status *st)
{
    if (snprintf(path, OS_PATH_MAX, "%s/%s", f->place->directory, name) < OS_PATH_MAX) return true;
    return status_fail(st, STATUS_USAGE, "target \"%s\": path too long: \"%.200s...\"", f->place->name, path);
}

static bool sync_parent(const char *path, struct status *st)
{
    char folder[OS_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
    return os_fsync_folder(slash ? folder : ".", st) || target_failed(st);
}

void *transfer_folder_new(const struct transfer_place *place, struct status *st)
{
    if (!os_make_folder(place->directory, st)) {
        target_failed(st);
        return NULL;
    }
    struct folder *f = calloc(1, sizeof *f);
    ensure(f);
    f->place = place;
    f->chunk = malloc(CHUNK);
    ensure(f->chunk);
    return f;
}

static void folder_close(void *place)
{
    struct folder *f = place;
    free(f->chunk);
    free(f);
}

static bool folder_make(void *place, const char *name, struct status *st)
{
    char path[OS_PATH_MAX];
    return below(place, name, path, st) && (os_make_folder(path, st) || target_failed(st)) && sync_parent(path, st);
}

static bool copy_chunks(struct folder *f, struct transfer_reader *from, int fd, const char *path, struct status *st)
{
    for (uint64_t at = 0;;) {
        int64_t n = transfer_reader_next(from, f->chunk, CHUNK);
        if (n < 0) return false;
        if (n == 0) return os_fsync(fd, path, st) || target_failed(st);
        if (!os_write_at(fd, path, f->chunk, (size_t)n, at, st)) return target_failed(st);
        at += (uint64_t)n;
    }
}

static bool folder_put(void *place, struct transfer_reader *from, const char *name, struct status *st)
{
    char path[OS_PATH_MAX];
    if (!below(place, name, path, st)) return false;
    int fd = os_open_create(path, st);
    if (fd < 0) return target_failed(st);
    bool ok = copy_chunks(place, from, fd, path, st);
    os_close(fd);
    return ok && sync_parent(path, st);
}

/* Only "no such file" means missing: a stale mount must not look like a receiver that has taken the file. */
static bool folder_look(void *place, const char *name, uint64_t expected, struct transfer_seen *seen, struct status *st)
{
    char path[OS_PATH_MAX];
    struct os_file_identity id;
    struct status found = {0};
    if (!below(place, name, path, st)) return false;
    if (os_identify(path, &id, &found)) {
        *seen = (struct transfer_seen){.exists = true, .bytes = id.size};
        return true;
    }
    if (found.sys_errno == ENOENT || found.sys_errno == ENOTDIR) return true;
    *st = found;
    return target_failed(st);
}

static bool folder_read(void *place, const char *name, struct transfer_sink *sink, bool *exists, struct status *st)
{
    struct folder *f = place;
    char path[OS_PATH_MAX];
    struct os_file_identity id;
    struct transfer_seen seen = {0};
    if (!folder_look(f, name, 0, &seen, st) || !below(f, name, path, st)) return false;
    *exists = seen.exists;
    if (!seen.exists) return true;
    int fd = os_open_read(path, st);
    bool ok = fd >= 0 && os_identify_fd(fd, path, &id, st);
    for (uint64_t at = 0; ok && at < id.size;) {
        size_t n = id.size - at < CHUNK ? (size_t)(id.size - at) : CHUNK;
        ok = os_read_at(fd, path, f->chunk, n, at, st);
        if (ok && !transfer_sink_add(sink, f->chunk, n))
            ok = status_fail(st, STATUS_TRANSFER, "file \"%s\" is larger than the %zu bytes that are read of it", path,
                             sink->text->length_max);
        at += n;
    }
    os_close(fd);
    return ok || target_failed(st);
}

static bool folder_rename(void *place, const char *from, const char *to, struct status *st)
{
    char path[OS_PATH_MAX], target[OS_PATH_MAX];
    if (!below(place, from, path, st) || !below(place, to, target, st)) return false;
    return (os_rename(path, target, st) || target_failed(st)) && sync_parent(target, st);
}

static bool folder_remove(void *place, const char *name, struct status *st)
{
    char path[OS_PATH_MAX];
    return below(place, name, path, st) && (os_unlink(path, st) || target_failed(st));
}

const struct transfer_calls TRANSFER_FOLDER_CALLS = {
    .make_folder = folder_make,
    .put = folder_put,
    .look = folder_look,
    .read = folder_read,
    .rename = folder_rename,
    .remove = folder_remove,
    .close = folder_close,
    .reads_back = true,
};
