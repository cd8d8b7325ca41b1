/* transfer_ftp: FTP and FTPS servers. Every request is told apart by the server's answer code, not by libcurl's guess.
 */
#include "etl/transfer_curl.h"

#include <ctype.h>
#include <inttypes.h>

enum { DIGEST_NOT_ASKED, DIGEST_NONE, DIGEST_HASH, DIGEST_XSHA256 };

/* Path of a name as commands want it: relative to the login folder, or from the root when the URL has //path. */
static const char *below(const struct transfer_curl *c, const char *name, char path[2 * TRANSFER_NAME_MAX + 512])
{
    const char *slash = c->base[0] && c->base[strlen(c->base) - 1] != '/' ? "/" : "";
    int n = snprintf(path, 2 * TRANSFER_NAME_MAX + 512, "%s%s%s", c->base, slash, name);
    ensure(n > 0 && n < 2 * TRANSFER_NAME_MAX + 512);
    return path;
}
#define BELOW(c, name) below((c), (name), (char[2 * TRANSFER_NAME_MAX + 512]){0})

void *transfer_ftp_new(const struct transfer_place *place, struct status *st)
{
    return transfer_curl_new(place, st);
}

static void ftp_close(void *place)
{
    transfer_curl_free(place);
}

static bool is_missing(const struct transfer_curl *c, CURLcode rc)
{
    long answer = transfer_curl_answer(c);
    return (rc == CURLE_QUOTE_ERROR || rc == CURLE_REMOTE_FILE_NOT_FOUND || rc == CURLE_FTP_COULDNT_RETR_FILE) &&
           (answer == 550 || answer == 553);
}

static bool not_understood(const struct transfer_curl *c, CURLcode rc)
{
    long answer = transfer_curl_answer(c);
    return rc == CURLE_QUOTE_ERROR && (answer == 500 || answer == 501 || answer == 502 || answer == 504);
}

static bool ftp_make_folder(void *place, const char *folder, struct status *st)
{
    struct transfer_curl *c = place;
    char part[TRANSFER_NAME_MAX + 1];
    size_t n = strlen(folder);
    transfer_curl_begin(c, NULL);
    for (size_t i = 1; i <= n; i++) {
        if (folder[i] != '/' && folder[i] != 0) continue;
        snprintf(part, sizeof part, "%.*s", (int)i, folder);
        transfer_curl_command(c, "*MKD %s",
                              BELOW(c, part)); /* *: "550 exists" is fine, a real refusal shows with STOR */
    }
    CURLcode rc = transfer_curl_go(c, "ftp-mkd", folder);
    return rc == CURLE_OK || transfer_curl_fail(c, rc, "make the folder", folder, st);
}

static bool ftp_put(void *place, struct transfer_reader *from, const char *name, struct status *st)
{
    struct transfer_curl *c = place;
    transfer_curl_begin(c, name);
    transfer_curl_upload(c, from);
    CURLcode rc = transfer_curl_go(c, "ftp-stor", name);
    return rc == CURLE_OK || transfer_curl_fail(c, rc, "store", name, st);
}

static bool ftp_read(void *place, const char *name, struct transfer_sink *sink, bool *exists, struct status *st)
{
    struct transfer_curl *c = place;
    transfer_curl_begin(c, name);
    transfer_curl_download(c, sink);
    CURLcode rc = transfer_curl_go(c, "ftp-retr", name);
    *exists = rc == CURLE_OK;
    return rc == CURLE_OK || is_missing(c, rc) || transfer_curl_fail(c, rc, "read", name, st);
}

/* "213 1234" */
static bool parse_size(struct view line, uint64_t *bytes)
{
    if (line.length < 5 || memcmp(line.bytes, "213 ", 4) != 0) return false;
    *bytes = 0;
    for (size_t i = 4; i < line.length; i++) {
        if (!isdigit((unsigned char)line.bytes[i]) || *bytes > UINT64_MAX / 10 - 1) return false;
        *bytes = *bytes * 10 + (uint64_t)(line.bytes[i] - '0');
    }
    return true;
}

static bool look_by_reading(struct transfer_curl *c, const char *name, struct transfer_seen *seen, struct status *st)
{
    struct transfer_sink sink = {0};
    if (!ftp_read(c, name, &sink, &seen->exists, st)) return false;
    seen->bytes = sink.bytes;
    return true;
}

static bool ftp_look(void *place, const char *name, uint64_t expected, struct transfer_seen *seen, struct status *st)
{
    struct transfer_curl *c = place;
    transfer_curl_begin(c, NULL);
    transfer_curl_command(c, "TYPE I"); /* servers refuse SIZE in ASCII mode */
    transfer_curl_command(c, "SIZE %s", BELOW(c, name));
    CURLcode rc = transfer_curl_go(c, "ftp-size", name);
    if (rc == CURLE_OK && parse_size(transfer_curl_last_line(c), &seen->bytes)) return seen->exists = true;
    if (is_missing(c, rc)) return true;
    if (rc == CURLE_OK || not_understood(c, rc)) return look_by_reading(c, name, seen, st);
    return transfer_curl_fail(c, rc, "ask for the size of", name, st);
}

static bool ftp_rename(void *place, const char *from, const char *to, struct status *st)
{
    struct transfer_curl *c = place;
    transfer_curl_begin(c, NULL);
    transfer_curl_command(c, "RNFR %s", BELOW(c, from));
    transfer_curl_command(c, "RNTO %s", BELOW(c, to));
    CURLcode rc = transfer_curl_go(c, "ftp-rename", to);
    return rc == CURLE_OK || transfer_curl_fail(c, rc, "rename to", to, st);
}

static bool ftp_remove(void *place, const char *name, struct status *st)
{
    struct transfer_curl *c = place;
    transfer_curl_begin(c, NULL);
    transfer_curl_command(c, "DELE %s", BELOW(c, name));
    CURLcode rc = transfer_curl_go(c, "ftp-dele", name);
    return rc == CURLE_OK || is_missing(c, rc) || transfer_curl_fail(c, rc, "remove", name, st);
}

/* --- digests --- */

static bool reply_has(const struct transfer_curl *c, const char *words)
{
    return c->reply.bytes && strcasestr(c->reply.bytes, words) != NULL;
}

/* FEAT names HASH (draft-bryan-ftp-hash) with its algorithms, or XSHA256 (ProFTPD and Windows servers). */
static bool ftp_has_digest(void *place, bool *has, struct status *st)
{
    struct transfer_curl *c = place;
    if (c->digest_command == DIGEST_NOT_ASKED) {
        transfer_curl_begin(c, NULL);
        transfer_curl_command(c, "*FEAT");
        CURLcode rc = transfer_curl_go(c, "ftp-feat", "");
        if (rc != CURLE_OK) return transfer_curl_fail(c, rc, "ask for the features of the server of", "files", st);
        c->digest_command = reply_has(c, "\n HASH ") && reply_has(c, "SHA-256") ? DIGEST_HASH
                            : reply_has(c, "\n XSHA256")                        ? DIGEST_XSHA256
                                                                                : DIGEST_NONE;
    }
    *has = c->digest_command != DIGEST_NONE;
    return true;
}

/* The one word of 64 hexadecimal digits in the answer. */
static bool find_digest(struct view line, char sha256[65])
{
    for (struct view word; (word = view_word(&line)).length;) {
        size_t digits = 0;
        while (digits < word.length && isxdigit((unsigned char)word.bytes[digits])) digits++;
        if (digits != 64 || word.length != 64) continue;
        for (size_t i = 0; i < 64; i++) sha256[i] = (char)tolower((unsigned char)word.bytes[i]);
        sha256[64] = 0;
        return true;
    }
    return false;
}

static bool ftp_digest(void *place, const char *name, uint64_t bytes, char sha256[65], struct status *st)
{
    enum { DIGEST_BYTES_A_SECOND = 20 * 1000 * 1000 }; /* a slow server needs its time before it answers */
    struct transfer_curl *c = place;
    transfer_curl_begin(c, NULL);
    if (c->digest_command == DIGEST_HASH) transfer_curl_command(c, "OPTS HASH SHA-256");
    transfer_curl_command(c, "%s %s", c->digest_command == DIGEST_HASH ? "HASH" : "XSHA256", BELOW(c, name));
    long seconds = (long)(c->place->timeout_ms / 1000 + (int64_t)(bytes / DIGEST_BYTES_A_SECOND) + 1);
    curl_easy_setopt(c->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds);
    CURLcode rc = transfer_curl_go(c, "ftp-digest", name);
    if (rc == CURLE_OK && find_digest(transfer_curl_last_line(c), sha256)) return true;
    if (rc != CURLE_OK) return transfer_curl_fail(c, rc, "ask for the SHA-256 of", name, st);
    struct view line = transfer_curl_last_line(c);
    return status_fail(st, STATUS_TRANSFER,
                       "target \"%s\" answered the question for the SHA-256 of \"%s\" with \"%.*s\"", c->place->name,
                       name, VIEW_PRINT(line));
}

const struct transfer_calls TRANSFER_FTP_CALLS = {
    .make_folder = ftp_make_folder,
    .put = ftp_put,
    .look = ftp_look,
    .read = ftp_read,
    .rename = ftp_rename,
    .remove = ftp_remove,
    .has_digest = ftp_has_digest,
    .digest = ftp_digest,
    .close = ftp_close,
    .resumes = true,
};
