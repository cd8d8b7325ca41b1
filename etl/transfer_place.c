/* transfer_place: is a server's address in the unit file well written? Found when the file is read, not at 2 a.m. */
#include "etl/transfer_curl.h"

static bool bad_place(const struct transfer_place *p, struct status *st, const char *what)
{
    status_fail(st, STATUS_USAGE, "target \"%s\": url \"%s\": %s", p->name, p->url ? p->url : "", what);
    return status_hint(st, "write it as url = %s in [target %s]",
                       p->kind == TRANSFER_SFTP   ? "sftp://user@host/path"
                       : p->kind == TRANSFER_FTPS ? "ftps://user@host/path (or ftp:// for TLS after connecting)"
                                                  : "ftp://user@host/path",
                       p->name);
}

static char *part(CURLU *url, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    return curl_url_get(url, what, &text, flags) == CURLUE_OK ? text : NULL;
}

static bool scheme_fits(const struct transfer_place *p, const char *scheme)
{
    if (p->kind == TRANSFER_SFTP) return strcmp(scheme, "sftp") == 0;
    return strcmp(scheme, "ftp") == 0 || (p->kind == TRANSFER_FTPS && strcmp(scheme, "ftps") == 0);
}

/* Bytes that would end a command or need quoting that servers do not agree on. */
static bool path_fits(const char *path)
{
    for (; *path; path++)
        if ((unsigned char)*path < ' ' || *path == 127 || strchr("\"'\\", *path)) return false;
    return true;
}

static bool check_parts(const struct transfer_place *p, CURLU *url, struct status *st)
{
    char *scheme = part(url, CURLUPART_SCHEME, 0), *user = part(url, CURLUPART_USER, CURLU_URLDECODE);
    char *password = part(url, CURLUPART_PASSWORD, 0), *path = part(url, CURLUPART_PATH, CURLU_URLDECODE);
    char *query = part(url, CURLUPART_QUERY, 0), *fragment = part(url, CURLUPART_FRAGMENT, 0);
    bool ok = true;
    if (!scheme || !scheme_fits(p, scheme))
        ok = bad_place(p, st, "the scheme does not fit the kind of the target");
    else if (password) { /* do not repeat the URL: it holds the secret */
        ok = status_fail(st, STATUS_USAGE, "target \"%s\": the url holds a password", p->name);
        status_hint(st, "write the password into a file of its own (chmod 600) and name it: password_file = PATH");
    } else if (!user || !user[0])
        ok = bad_place(p, st, "it names no user");
    else if (query || fragment || !path || !path_fits(path))
        ok = bad_place(p, st,
                       "the path holds a character that servers do not agree on (? # quotes, control characters)");
    curl_free(scheme), curl_free(user), curl_free(password), curl_free(path), curl_free(query), curl_free(fragment);
    return ok;
}

static bool check_host_keys(const struct transfer_place *p, struct status *st)
{
    struct view rest = view_of(p->host_keys);
    int keys = 0;
    for (struct view key; (key = view_word(&rest)).length; keys++)
        if (key.length != 7 + 43 || memcmp(key.bytes, "SHA256:", 7) != 0) {
            status_fail(st, STATUS_USAGE, "target \"%s\": host_key \"%.*s\" is not a fingerprint SHA256:…", p->name,
                        VIEW_PRINT(key));
            return status_hint(st, "on the server: cat /etc/ssh/ssh_host_*_key.pub | ssh-keygen -lf -");
        }
    if (keys) return true;
    status_fail(st, STATUS_USAGE, "target \"%s\": sftp without host_key: anybody could stand in for the server",
                p->name);
    return status_hint(
        st, /* all of them: which of its keys the server shows is agreed between the libraries */
        "ask the receiver for: cat /etc/ssh/ssh_host_*_key.pub | ssh-keygen -lf - and write all fingerprints "
        "as host_key = SHA256:… SHA256:… in [target %s]",
        p->name);
}

bool transfer_curl_check(const struct transfer_place *place, struct status *st)
{
    CURLU *url = curl_url();
    ensure(url);
    bool ok = place->url && curl_url_set(url, CURLUPART_URL, place->url, 0) == CURLUE_OK;
    /* A URL that cannot be taken apart may still hold a password: it is not shown. */
    if (!ok) {
        status_fail(st, STATUS_USAGE, "target \"%s\": the url is missing or cannot be understood", place->name);
        status_hint(st, "write it as url = %s://user@host:port/path in [target %s]", TRANSFER_KIND_NAMES[place->kind],
                    place->name);
    }
    ok = ok && check_parts(place, url, st) && (place->kind != TRANSFER_SFTP || check_host_keys(place, st));
    curl_url_cleanup(url);
    return ok;
}
