/* transfer_curl: one connection of libcurl to a server, and what its answers mean. Shared by transfer_ftp.c and
 * transfer_sftp.c only.
 *
 * A request: transfer_curl_begin → own options, transfer_curl_command … → transfer_curl_go → on an error that is not an
 * expected answer, transfer_curl_fail. Every request starts from cleared options; the connection stays open between
 * them.
 */
#ifndef CRMX_ETL_TRANSFER_CURL_H
#define CRMX_ETL_TRANSFER_CURL_H

#include "etl/transfer_inside.h"

#include <curl/curl.h>

struct transfer_curl {
    const struct transfer_place *place;
    CURL *easy;
    CURLM *multi; /* holds the connection between requests */
    CURLU *url;   /* scheme, host and port: no user, no path */
    char *user;
    char *base;        /* path of the place without the first slash of the URL, without a last slash */
    struct buf secret; /* password; wiped at the end */
    struct buf reply;  /* lines of the control connection (FTP) of the current request */
    struct curl_slist *commands;
    bool transfers; /* the request moves a file, it is not commands alone */
    char error[CURL_ERROR_SIZE];
    char shown_keys[128]; /* SFTP: fingerprint the server showed when it was not a pinned one */
    int digest_command;   /* FTP: what the server offers, once asked (transfer_ftp.c) */
};

bool transfer_curl_check(const struct transfer_place *place, struct status *st);
struct transfer_curl *transfer_curl_new(const struct transfer_place *place, struct status *st);
void transfer_curl_free(struct transfer_curl *c);

/* name NULL: commands only. */
void transfer_curl_begin(struct transfer_curl *c, const char *name);
void transfer_curl_command(struct transfer_curl *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Upload from the reader at its current place; its failures end the request with CURLE_ABORTED_BY_CALLBACK. */
void transfer_curl_upload(struct transfer_curl *c, struct transfer_reader *from);
void transfer_curl_download(struct transfer_curl *c, struct transfer_sink *sink);
/* Passes a fault point named call, then performs. */
CURLcode transfer_curl_go(struct transfer_curl *c, const char *call, const char *name);
/* The last answer code of an FTP server, 0 when there is none. */
long transfer_curl_answer(const struct transfer_curl *c);
/* The last line of the answer of an FTP server, without its end. */
struct view transfer_curl_last_line(const struct transfer_curl *c);
/* "could not WHAT \"NAME\" at URL: reason; the server said …", with code and hint by the kind of error. Always false.
 */
bool transfer_curl_fail(struct transfer_curl *c, CURLcode rc, const char *what, const char *name, struct status *st);

#endif
