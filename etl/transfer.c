#include "etl/transfer.h"

#include "base/os.h"
#include "etl/transfer_curl.h"
#include "etl/transfer_inside.h"

#include <ctype.h>
#include <inttypes.h>

const char *const TRANSFER_KIND_NAMES[TRANSFER_KINDS_COUNT + 1] = {"directory", "ftp", "ftps", "sftp", NULL};

static const struct {
    const struct transfer_calls *calls;
    void *(*open)(const struct transfer_place *place, struct status *st);
} KINDS[TRANSFER_KINDS_COUNT] = {
    [TRANSFER_DIRECTORY] = {&TRANSFER_FOLDER_CALLS, transfer_folder_new},
    [TRANSFER_FTP] = {&TRANSFER_FTP_CALLS, transfer_ftp_new},
    [TRANSFER_FTPS] = {&TRANSFER_FTP_CALLS, transfer_ftp_new},
    [TRANSFER_SFTP] = {&TRANSFER_SFTP_CALLS, transfer_sftp_new},
};

struct transfer {
    const struct transfer_place *place;
    const struct transfer_calls *calls;
    void *at; /* the open place of its kind */
};

bool transfer_name_valid(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > TRANSFER_NAME_MAX || name[n - 1] == '/') return false;
    for (size_t i = 0; i < n; i++) {
        bool starts = i == 0 || name[i - 1] == '/';
        if (starts && (name[i] == '.' || name[i] == '/' || name[i] == '-')) return false;
        if (!isalnum((unsigned char)name[i]) && !strchr("._-/", name[i])) return false;
    }
    return true;
}

bool transfer_place_check(const struct transfer_place *place, struct status *st)
{
    if (place->kind != TRANSFER_DIRECTORY) return transfer_curl_check(place, st);
    if (place->directory && place->directory[0]) return true;
    return status_fail(st, STATUS_USAGE, "target \"%s\" names no directory", place->name);
}

struct transfer *transfer_open(const struct transfer_place *place, struct status *st)
{
    if (!transfer_place_check(place, st)) return NULL;
    void *at = KINDS[place->kind].open(place, st);
    if (!at) return NULL;
    struct transfer *t = calloc(1, sizeof *t);
    ensure(t);
    *t = (struct transfer){.place = place, .calls = KINDS[place->kind].calls, .at = at};
    return t;
}

void transfer_close(struct transfer *t)
{
    if (!t) return;
    t->calls->close(t->at);
    free(t);
}

/* --- requests --- */

bool transfer_make_folder(struct transfer *t, const char *folder, struct status *st)
{
    ensure(transfer_name_valid(folder));
    return t->calls->make_folder(t->at, folder, st);
}

bool transfer_put(struct transfer *t, const struct transfer_source *source, uint64_t size, const char *name,
                  uint64_t offset, char sha256[65], struct status *st)
{
    ensure(transfer_name_valid(name) && (offset == 0 || (t->calls->resumes && offset < size)));
    struct transfer_reader from;
    sha256[0] = 0;
    if (!transfer_reader_open(&from, source, size, offset, st)) return false;
    bool ok = t->calls->put(t->at, &from, name, st);
    transfer_reader_close(&from, sha256);
    return ok;
}

bool transfer_look(struct transfer *t, const char *name, uint64_t expected, struct transfer_seen *seen,
                   struct status *st)
{
    ensure(transfer_name_valid(name));
    *seen = (struct transfer_seen){0};
    return t->calls->look(t->at, name, expected, seen, st);
}

bool transfer_rename(struct transfer *t, const char *from, const char *to, struct status *st)
{
    ensure(transfer_name_valid(from) && transfer_name_valid(to));
    return t->calls->rename(t->at, from, to, st);
}

bool transfer_remove(struct transfer *t, const char *name, struct status *st)
{
    ensure(transfer_name_valid(name));
    return t->calls->remove(t->at, name, st);
}

bool transfer_has_digest(struct transfer *t, bool *has, struct status *st)
{
    *has = t->calls->reads_back || t->place->read_back;
    if (*has || !t->calls->has_digest) return true;
    return t->calls->has_digest(t->at, has, st);
}

static bool read_back_digest(struct transfer *t, const char *name, char sha256[65], struct status *st)
{
    struct transfer_digest digest;
    struct transfer_sink sink = {.digest = &digest};
    bool exists = false;
    transfer_digest_init(&digest);
    bool ok = t->calls->read(t->at, name, &sink, &exists, st);
    if (ok && !exists)
        ok = status_fail(st, STATUS_TRANSFER, "could not read \"%s\" back from target \"%s\": it is not there", name,
                         t->place->name);
    if (ok)
        transfer_digest_end(&digest, sha256);
    else
        transfer_digest_release(&digest);
    return ok;
}

bool transfer_digest(struct transfer *t, const char *name, uint64_t bytes, char sha256[65], struct status *st)
{
    ensure(transfer_name_valid(name));
    bool asks = false;
    sha256[0] = 0;
    if (t->calls->has_digest && !t->calls->has_digest(t->at, &asks, st)) return false;
    return asks ? t->calls->digest(t->at, name, bytes, sha256, st) : read_back_digest(t, name, sha256, st);
}

bool transfer_get(struct transfer *t, const char *name, struct buf *out, bool *exists, struct status *st)
{
    ensure(transfer_name_valid(name));
    struct transfer_sink sink = {.text = out};
    buf_clear(out);
    *exists = false;
    return t->calls->read(t->at, name, &sink, exists, st);
}

bool transfer_resumes(const struct transfer *t)
{
    return t->calls->resumes;
}

/* --- the bytes that go out --- */

bool transfer_reader_open(struct transfer_reader *r, const struct transfer_source *source, uint64_t size,
                          uint64_t offset, struct status *st)
{
    *r = (struct transfer_reader){.source = source, .fd = -1, .size = size, .at = offset, .st = st};
    uint64_t found = source->bytes.length;
    if (source->path) {
        struct os_file_identity id;
        r->fd = os_open_read(source->path, st);
        if (r->fd < 0 || !os_identify_fd(r->fd, source->path, &id, st)) {
            os_close(r->fd);
            return false;
        }
        found = id.size;
    }
    if (found != size) {
        os_close(r->fd);
        status_fail(st, STATUS_CORRUPT, "\"%s\" has %" PRIu64 " bytes, the set was prepared with %" PRIu64,
                    source->path ? source->path : "text", found, size);
        return status_hint(st, "a committed generation never changes: look who wrote into its folder");
    }
    r->digesting = offset == 0;
    if (r->digesting) transfer_digest_init(&r->digest);
    return true;
}

int64_t transfer_reader_next(struct transfer_reader *r, char *room, size_t room_bytes)
{
    size_t n = r->size - r->at < room_bytes ? (size_t)(r->size - r->at) : room_bytes;
    if (n == 0) return 0;
    if (r->source->path) {
        if (!os_read_at(r->fd, r->source->path, room, n, r->at, r->st)) return -1;
    } else {
        memcpy(room, r->source->bytes.bytes + r->at, n);
    }
    if (r->digesting) transfer_digest_add(&r->digest, room, n);
    r->at += n;
    return (int64_t)n;
}

void transfer_reader_seek(struct transfer_reader *r, uint64_t at)
{
    if (r->digesting) transfer_digest_release(&r->digest);
    r->at = at;
    r->digesting = at == 0;
    if (r->digesting) transfer_digest_init(&r->digest);
}

void transfer_reader_close(struct transfer_reader *r, char sha256[65])
{
    sha256[0] = 0;
    if (r->digesting && r->at == r->size)
        transfer_digest_end(&r->digest, sha256);
    else if (r->digesting)
        transfer_digest_release(&r->digest);
    os_close(r->fd);
    r->fd = -1;
}

/* --- the bytes that come back --- */

bool transfer_sink_add(struct transfer_sink *sink, const char *bytes, size_t length)
{
    sink->bytes += length;
    if (sink->digest) transfer_digest_add(sink->digest, bytes, length);
    if (sink->text) buf_add(sink->text, bytes, length);
    return !sink->text || !buf_full(sink->text);
}
