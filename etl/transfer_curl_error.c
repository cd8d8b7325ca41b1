/* What an error of libcurl means for the caller: try again or not, and what a person can do. */
#include "etl/transfer_curl.h"

#include <stdio.h>

static enum status_code code_of(CURLcode rc)
{
    switch (rc) {
    case CURLE_LOGIN_DENIED:
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_NOT_BUILT_IN: return STATUS_ENVIRONMENT;
    default: return STATUS_TRANSFER;
    }
}

static bool hint_for(const struct transfer_curl *c, CURLcode rc, struct status *st)
{
    const char *target = c->place->name;
    if (rc == CURLE_LOGIN_DENIED)
        return status_hint(
            st,
            "look at the user in url and at %s of [target %s]; it is not tried again by itself, so that the "
            "account is not locked",
            c->place->key_file ? "key_file" : "password_file", target);
    if (rc == CURLE_PEER_FAILED_VERIFICATION && c->place->kind == TRANSFER_SFTP)
        return status_hint(
            st,
            "the server showed %s: ask the receiver whether that is his key; if so, add it to host_key of "
            "[target %s]",
            c->shown_keys[0] ? c->shown_keys : "no key", target);
    if (rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE)
        return status_hint(
            st,
            "name the authority that signed the server's certificate: ca_file = PATH (PEM) in [target %s]; "
            "the host in url must be the one in the certificate",
            target);
    if (rc == CURLE_USE_SSL_FAILED)
        return status_hint(st, "the server offers no TLS: have it switched on there; nothing is sent without it");
    return false;
}

/* Some servers repeat the command they refuse, and so the password. */
static void hide_secret(const struct transfer_curl *c, char *text)
{
    if (c->secret.length < 4) return;
    for (char *at; (at = strstr(text, c->secret.bytes));) memset(at, '*', c->secret.length);
}

bool transfer_curl_fail(struct transfer_curl *c, CURLcode rc, const char *what, const char *name, struct status *st)
{
    if (rc == CURLE_ABORTED_BY_CALLBACK && st->code != STATUS_OK)
        return status_while(st, "sending \"%s\" to target \"%s\"", name, c->place->name);
    char reason[CURL_ERROR_SIZE + 300];
    struct view said = transfer_curl_last_line(c);
    bool talks = c->place->kind != TRANSFER_SFTP && said.length > 0;
    snprintf(reason, sizeof reason, "%s%s%.*s%s", c->error[0] ? c->error : curl_easy_strerror(rc),
             talks ? " (the server's last words: \"" : "", talks ? (int)(said.length < 200 ? said.length : 200) : 0,
             talks ? said.bytes : "", talks ? "\")" : "");
    for (char *p = reason; *p; p++)
        if ((unsigned char)*p < ' ') *p = ' ';
    hide_secret(c, reason);
    status_fail(st, code_of(rc), "could not %s \"%s\" at target \"%s\" (%s): %s", what, name, c->place->name,
                c->place->url, reason);
    return hint_for(c, rc, st);
}
