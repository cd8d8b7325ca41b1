/* transfer_sftp: SFTP servers (OpenSSH and others of protocol version 3) through libcurl and libssh2. */
#include "etl/transfer_curl.h"

#include <inttypes.h>

enum { PATH_ROOM = 2 * TRANSFER_NAME_MAX + 512 };

/* Path as the commands rename, rm and mkdir want it: from the root, or of the login folder when the URL has /~/path. */
static const char *below(const struct transfer_curl *c, const char *name, char path[PATH_ROOM])
{
    bool at_home = strncmp(c->base, "~/", 2) == 0 || strcmp(c->base, "~") == 0;
    const char *base = !at_home ? c->base : c->base[1] ? c->base + 2 : "";
    const char *slash = base[0] && base[strlen(base) - 1] != '/' ? "/" : "";
    int n = snprintf(path, PATH_ROOM, "%s%s%s%s", at_home ? "" : "/", base, slash, name);
    ensure(n > 0 && n < PATH_ROOM);
    return path;
}
#define BELOW(c, name) below((c), (name), (char[PATH_ROOM]){0})

void *transfer_sftp_new(const struct transfer_place *place, struct status *st)
{
    return transfer_curl_new(place, st);
}

static void sftp_close(void *place)
{
    transfer_curl_free(place);
}

/* A request that moves no file. libcurl limits neither a silent connection nor a silent command of SFTP by itself. */
static void begin_short(struct transfer_curl *c, const char *name)
{
    transfer_curl_begin(c, name);
    curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, 2 * (long)c->place->timeout_ms);
}

static bool sftp_make_folder(void *place, const char *folder, struct status *st)
{
    struct transfer_curl *c = place;
    char part[TRANSFER_NAME_MAX + 1];
    size_t n = strlen(folder);
    begin_short(c, NULL);
    for (size_t i = 1; i <= n; i++) {
        if (folder[i] != '/' && folder[i] != 0) continue;
        snprintf(part, sizeof part, "%.*s", (int)i, folder);
        transfer_curl_command(c, "*mkdir \"%s\"", BELOW(c, part));
    }
    CURLcode rc = transfer_curl_go(c, "sftp-mkdir", folder);
    return rc == CURLE_OK || transfer_curl_fail(c, rc, "make the folder", folder, st);
}

static bool sftp_put(void *place, struct transfer_reader *from, const char *name, struct status *st)
{
    struct transfer_curl *c = place;
    transfer_curl_begin(c, name);
    transfer_curl_upload(c, from);
    CURLcode rc = transfer_curl_go(c, "sftp-put", name);
    return rc == CURLE_OK || transfer_curl_fail(c, rc, "store", name, st);
}

static bool sftp_read(void *place, const char *name, struct transfer_sink *sink, bool *exists, struct status *st)
{
    struct transfer_curl *c = place;
    transfer_curl_begin(c, name);
    transfer_curl_download(c, sink);
    CURLcode rc = transfer_curl_go(c, "sftp-get", name);
    *exists = rc == CURLE_OK;
    return rc == CURLE_OK || rc == CURLE_REMOTE_FILE_NOT_FOUND || transfer_curl_fail(c, rc, "read", name, st);
}

static size_t refuse_bytes(char *bytes, size_t one, size_t length, void *context)
{
    *(bool *)context = true;
    return 0;
}

/* libcurl has no stat for SFTP. A download that "continues" at the expected size asks the server for the size and moves
 * no byte when it is right; a shorter file is an error that tells its size, a longer one starts to send and is stopped.
 */
static bool sftp_look(void *place, const char *name, uint64_t expected, struct transfer_seen *seen, struct status *st)
{
    struct transfer_curl *c = place;
    bool longer = false;
    curl_off_t announced = -1;
    begin_short(c, name);
    c->transfers = true;
    curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, refuse_bytes);
    curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, &longer);
    if (expected) curl_easy_setopt(c->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)expected);
    CURLcode rc = transfer_curl_go(c, "sftp-stat", name);
    curl_easy_getinfo(c->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    if (rc == CURLE_REMOTE_FILE_NOT_FOUND) return true;
    seen->exists = true;
    if (rc == CURLE_BAD_DOWNLOAD_RESUME && expected) return sftp_look(c, name, 0, seen, st);
    if (rc == CURLE_OK)
        seen->bytes = expected;
    else if (longer && announced > 0)
        seen->bytes = expected + (uint64_t)announced;
    else
        return transfer_curl_fail(c, rc, "ask for the size of", name, st);
    return true;
}

static bool sftp_rename(void *place, const char *from, const char *to, struct status *st)
{
    struct transfer_curl *c = place;
    begin_short(c, NULL);
    transfer_curl_command(c, "rename \"%s\" \"%s\"", BELOW(c, from), BELOW(c, to));
    CURLcode rc = transfer_curl_go(c, "sftp-rename", to);
    return rc == CURLE_OK || transfer_curl_fail(c, rc, "rename to", to, st);
}

static bool sftp_remove(void *place, const char *name, struct status *st)
{
    struct transfer_curl *c = place;
    begin_short(c, NULL);
    transfer_curl_command(c, "*rm \"%s\"",
                          BELOW(c, name)); /* *: a missing file is fine; the caller looks where it matters */
    CURLcode rc = transfer_curl_go(c, "sftp-rm", name);
    return rc == CURLE_OK || transfer_curl_fail(c, rc, "remove", name, st);
}

const struct transfer_calls TRANSFER_SFTP_CALLS = {
    .make_folder = sftp_make_folder,
    .put = sftp_put,
    .look = sftp_look,
    .read = sftp_read,
    .rename = sftp_rename,
    .remove = sftp_remove,
    .close = sftp_close,
    .resumes = true,
};
