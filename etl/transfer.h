/* transfer: one place that takes files: a folder, or a server by FTP, FTPS or SFTP (libcurl). Requests, no policy: what
 * a lost answer means and what is tried again is decided by etl/deliver.c, from what transfer_look() finds.
 *
 * transfer_open → transfer_make_folder → transfer_put / _look / _digest / _rename / _remove / _get … → transfer_close.
 * Names are paths below the place ("11.20261120.001/CRMRTL.part"), made of the bytes that transfer_name_valid() allows:
 * some servers cannot say what a blank or a Chinese byte in a name means, and a line end in one would be a second
 * command.
 *
 * Opening a server does not connect: the first request does. A request that failed leaves the connection to libcurl,
 * which opens a new one for the next request. One transfer belongs to one thread.
 *
 * Failures, by the code of the status:
 *     STATUS_TRANSFER     the place refused, did not answer, or is not there. The request may have been carried out:
 * look STATUS_ENVIRONMENT  login, host key, certificate or a setting is wrong: trying again would only lock the account
 *     STATUS_IO           the file on our side could not be read
 * Passwords are read from a file at opening, are wiped at closing, and appear in no message, URL, argument or log.
 *
 * Learnt from servers, kept here (tests/integration/deliver.sh shows each):
 *   - SIZE is refused in ASCII mode: TYPE I goes before it. A server without SIZE is asked by reading the file back.
 *   - The post-quote commands of libcurl are not sent when the transfer had an error: a rename is a request of its own.
 *   - An upload that is continued needs a seek function, else SFTP stores the wrong part of the file and reports
 * success.
 *   - A remote file longer than ours counts as "already uploaded" for libcurl: continue only what is shorter.
 *   - An SFTP rename onto an existing name fails (OpenSSH): look and remove before. FTP servers differ.
 *   - Environment variables (ftp_proxy, all_proxy) could send the bank's data elsewhere: proxies are switched off.
 */
#ifndef CRMX_ETL_TRANSFER_H
#define CRMX_ETL_TRANSFER_H

#include "base/buf.h"
#include "base/status.h"

#include <stdint.h>

enum transfer_kind { TRANSFER_DIRECTORY, TRANSFER_FTP, TRANSFER_FTPS, TRANSFER_SFTP, TRANSFER_KINDS_COUNT };
extern const char *const TRANSFER_KIND_NAMES[TRANSFER_KINDS_COUNT + 1]; /* as in the unit file; NULL-ended */

enum { TRANSFER_NAME_MAX = 400, TRANSFER_SMALL_MAX = 64 * 1024 /* bytes of a file read by transfer_get */ };

struct transfer_place {
    const char *name; /* of the target, for messages */
    enum transfer_kind kind;
    const char *directory;     /* TRANSFER_DIRECTORY */
    const char *url;           /* ftp://user@host:port/path  (path of the login folder; //path from the root)
                                * ftps://… (TLS from the first byte; kind ftps with ftp:// asks for TLS after
                                * connecting) sftp://user@host:port/path (from the root; /~/path of the login folder) */
    const char *password_file; /* first line; readable by its owner only. NULL: none (SFTP with key_file) */
    const char *key_file;      /* SFTP: private key; password_file is then its passphrase */
    const char *ca_file;       /* FTPS: the bank's own certificate authority, PEM; NULL: those of the system */
    const char *host_keys;     /* SFTP: one or more fingerprints "SHA256:…" (ssh-keygen -lf), by blanks */
    bool read_back;            /* servers without a digest command: download again and compare */
    int64_t timeout_ms;        /* without any progress */
};

struct transfer_source { /* a file, or bytes in memory when path is NULL */
    const char *path;
    struct view bytes;
};

struct transfer_seen {
    bool exists;
    uint64_t bytes;
};

struct transfer;

bool transfer_name_valid(const char *name);
/* Is the place well written (URL, scheme, user, fingerprints)? Opens nothing. STATUS_USAGE. */
bool transfer_place_check(const struct transfer_place *place, struct status *st);

/* The place must outlive the transfer. Reads the password file. */
struct transfer *transfer_open(const struct transfer_place *place, struct status *st);
void transfer_close(struct transfer *t);

/* Makes each level of a folder below the place; existing ones are fine. On a server a refusal shows with the first put.
 */
bool transfer_make_folder(struct transfer *t, const char *folder, struct status *st);
/* Stores bytes from offset to the end of the source under name. offset 0 makes or replaces the file; offset > 0
 * continues one that has exactly offset bytes (transfer_resumes() only). sha256: of the bytes that were sent ("" when
 * offset > 0). size: bytes of the whole source; another size is STATUS_CORRUPT. */
bool transfer_put(struct transfer *t, const struct transfer_source *source, uint64_t size, const char *name,
                  uint64_t offset, char sha256[65], struct status *st);
/* Is name there, with how many bytes? expected: the likely answer (it saves SFTP a connection). */
bool transfer_look(struct transfer *t, const char *name, uint64_t expected, struct transfer_seen *seen,
                   struct status *st);
/* SHA-256 of a file at the place: a folder is read back, a server asked (HASH, XSHA256), else read back when the place
 * says so. transfer_has_digest: whether that is possible; may ask the server once. bytes: its size, for the time limit.
 */
bool transfer_has_digest(struct transfer *t, bool *has, struct status *st);
bool transfer_digest(struct transfer *t, const char *name, uint64_t bytes, char sha256[65], struct status *st);
bool transfer_rename(struct transfer *t, const char *from, const char *to, struct status *st);
bool transfer_remove(struct transfer *t, const char *name, struct status *st); /* a missing file is fine */
/* A small file as text (an acknowledgement). */
bool transfer_get(struct transfer *t, const char *name, struct buf *out, bool *exists, struct status *st);
/* May an interrupted upload be continued? Not in a folder, where starting over costs nothing. */
bool transfer_resumes(const struct transfer *t);

#endif
