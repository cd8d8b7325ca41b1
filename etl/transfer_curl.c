#include "etl/transfer_curl.h"

#include "base/os.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdarg.h>

enum { SECRET_MAX = 4096, REPLY_MAX = 64 * 1024, COMMAND_MAX = 1200, SENT_AT_ONCE = 512 * 1024 };

/* --- life --- */

static char *part(CURLU *url, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    return curl_url_get(url, what, &text, flags) == CURLUE_OK ? text : NULL;
}

static bool read_secret(struct transfer_curl *c, struct status *st)
{
    const char *path = c->place->password_file;
    struct os_file_identity id;
    if (!path) return true;
    if (!os_identify(path, &id, st) || !os_read_file(path, &c->secret, st)) {
        st->code = STATUS_ENVIRONMENT;
        return status_while(st, "reading the password of target \"%s\"", c->place->name);
    }
    if (id.mode & 077) {
        status_fail(st, STATUS_ENVIRONMENT, "password file \"%s\" may be read by others (mode %04o)", path, id.mode);
        return status_hint(st, "run: chmod 600 \"%s\"", path);
    }
    c->secret.length = strcspn(c->secret.bytes ? c->secret.bytes : "", "\r\n");
    if (c->secret.length == 0)
        return status_fail(st, STATUS_ENVIRONMENT, "password file \"%s\" has an empty first line", path);
    c->secret.bytes[c->secret.length] = 0;
    return true;
}

static bool check_file(const struct transfer_curl *c, const char *what, const char *path, struct status *st)
{
    if (!path || os_exists(path)) return true;
    return status_fail(st, STATUS_ENVIRONMENT, "target \"%s\": %s \"%s\" is not there", c->place->name, what, path);
}

static void start_libcurl(void)
{
    ensure(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static void take_url(struct transfer_curl *c)
{
    c->url = curl_url();
    ensure(c->url && curl_url_set(c->url, CURLUPART_URL, c->place->url, 0) == CURLUE_OK);
    char *path = part(c->url, CURLUPART_PATH, CURLU_URLDECODE);
    c->user = part(c->url, CURLUPART_USER, CURLU_URLDECODE);
    ensure(path && c->user && curl_url_set(c->url, CURLUPART_USER, NULL, 0) == CURLUE_OK);
    size_t n = strlen(path);
    while (n > 2 && path[n - 1] == '/') n--;
    c->base = n > 1 ? strndup(path + 1, n - 1) : strdup("");
    ensure(c->base);
    curl_free(path);
}

struct transfer_curl *transfer_curl_new(const struct transfer_place *place, struct status *st)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_libcurl);
    struct transfer_curl *c = calloc(1, sizeof *c);
    ensure(c);
    c->place = place;
    buf_init(&c->secret, SECRET_MAX);
    buf_init(&c->reply, REPLY_MAX);
    c->easy = curl_easy_init();
    c->multi = curl_multi_init();
    ensure(c->easy && c->multi);
    take_url(c);
    if (read_secret(c, st) && check_file(c, "key_file", place->key_file, st) &&
        check_file(c, "ca_file", place->ca_file, st))
        return c;
    transfer_curl_free(c);
    return NULL;
}

void transfer_curl_free(struct transfer_curl *c)
{
    curl_slist_free_all(c->commands);
    curl_easy_cleanup(c->easy);
    curl_multi_cleanup(c->multi);
    curl_url_cleanup(c->url);
    curl_free(c->user);
    free(c->base);
    if (c->secret.bytes) explicit_bzero(c->secret.bytes, c->secret.capacity);
    buf_release(&c->secret);
    buf_release(&c->reply);
    free(c);
}

/* --- a request --- */

static size_t keep_reply(char *bytes, size_t one, size_t length, void *context)
{
    struct transfer_curl *c = context;
    buf_add(&c->reply, bytes, length); /* a server that talks on and on fills it; the rest is dropped */
    return length;
}

static size_t drop(char *bytes, size_t one, size_t length, void *context)
{
    return length;
}

/* The server's key against every pinned one: which of its keys a server shows is chosen by the library, so the pins of
 * all of them may be listed. */
static int check_host_key(void *context, int type, const char *key, size_t length)
{
    struct transfer_curl *c = context;
    unsigned char raw[EVP_MAX_MD_SIZE], text[64];
    unsigned n = 0;
    if (EVP_Digest(key, length, raw, &n, EVP_sha256(), NULL) != 1 || n != 32) return CURLKHMATCH_MISMATCH;
    EVP_EncodeBlock(text, raw, 32);
    text[43] = 0; /* without the padding, as ssh-keygen writes it */
    snprintf(c->shown_keys, sizeof c->shown_keys, "SHA256:%s", (const char *)text);
    struct view rest = view_of(c->place->host_keys);
    for (struct view pin; (pin = view_word(&rest)).length;)
        if (view_is(pin, c->shown_keys)) return CURLKHMATCH_OK;
    return CURLKHMATCH_MISMATCH;
}

/* Uploads over TLS 1.3 with a libcurl before 8.9 are reported to lose their end now and then: the server sends session
 * tickets that the client never reads, and closing the data connection resets it while the last bytes are under way.
 * Seen here once (libcurl 7.88, vsftpd, a loaded machine: "426 Failure reading network stream" four times in a row) and
 * not again with TLS 1.2. */
static long tls_versions(void)
{
    static const unsigned SOUND_SINCE = 0x080900;
    bool sound = curl_version_info(CURLVERSION_NOW)->version_num >= SOUND_SINCE;
    return (long)CURL_SSLVERSION_TLSv1_2 | (sound ? 0 : (long)CURL_SSLVERSION_MAX_TLSv1_2);
}

static void set_security(struct transfer_curl *c)
{
    const struct transfer_place *p = c->place;
    CURL *e = c->easy;
    curl_easy_setopt(e, CURLOPT_USERNAME, c->user);
    if (c->secret.length && !p->key_file) curl_easy_setopt(e, CURLOPT_PASSWORD, c->secret.bytes);
    if (p->kind == TRANSFER_FTPS) {
        curl_easy_setopt(e, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL); /* commands and data */
        curl_easy_setopt(e, CURLOPT_FTPSSLAUTH, (long)CURLFTPAUTH_TLS);
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
        curl_easy_setopt(e, CURLOPT_SSLVERSION, tls_versions());
        if (p->ca_file) curl_easy_setopt(e, CURLOPT_CAINFO, p->ca_file);
    }
    if (p->kind == TRANSFER_SFTP) {
        curl_easy_setopt(e, CURLOPT_SSH_HOSTKEYFUNCTION, check_host_key);
        curl_easy_setopt(e, CURLOPT_SSH_HOSTKEYDATA, c);
        curl_easy_setopt(e, CURLOPT_SSH_AUTH_TYPES,
                         p->key_file ? (long)CURLSSH_AUTH_PUBLICKEY
                                     : (long)(CURLSSH_AUTH_PASSWORD | CURLSSH_AUTH_KEYBOARD));
        if (p->key_file) curl_easy_setopt(e, CURLOPT_SSH_PRIVATE_KEYFILE, p->key_file);
        if (p->key_file && c->secret.length) curl_easy_setopt(e, CURLOPT_KEYPASSWD, c->secret.bytes);
    }
}

static void set_limits(struct transfer_curl *c)
{
    long seconds = (long)((c->place->timeout_ms + 999) / 1000);
    curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)c->place->timeout_ms);
    curl_easy_setopt(c->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds);
    curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_TIME, seconds);
    curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE,
                     1L); /* firewalls forget a control connection that waits for long data */
    curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
}

static void set_url(struct transfer_curl *c, const char *name)
{
    char path[COMMAND_MAX];
    const char *slash = c->base[0] && c->base[strlen(c->base) - 1] != '/' ? "/" : "";
    int n = snprintf(path, sizeof path, "/%s%s%s", name ? c->base : "", name ? slash : "", name ? name : "");
    ensure(n > 0 && (size_t)n < sizeof path);
    ensure(curl_url_set(c->url, CURLUPART_PATH, path, CURLU_URLENCODE) == CURLUE_OK);
    char *url = part(c->url, CURLUPART_URL, 0), *scheme = part(c->url, CURLUPART_SCHEME, 0);
    ensure(url && scheme);
    curl_easy_setopt(c->easy, CURLOPT_URL, url);
    curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, scheme);
    curl_free(url), curl_free(scheme);
}

void transfer_curl_begin(struct transfer_curl *c, const char *name)
{
    CURL *e = c->easy;
    curl_easy_reset(e); /* options only: connections stay */
    curl_slist_free_all(c->commands);
    c->commands = NULL;
    c->transfers = false;
    c->error[0] = 0;
    buf_clear(&c->reply);
    set_url(c, name);
    set_security(c);
    set_limits(c);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, keep_reply);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, drop);
    /* Full paths in every command: with CWD a kept connection would stand in the folder of the request before. */
    curl_easy_setopt(e, CURLOPT_FTP_FILEMETHOD, (long)CURLFTPMETHOD_NOCWD);
}

void transfer_curl_command(struct transfer_curl *c, const char *format, ...)
{
    char text[COMMAND_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ensure(n > 0 && (size_t)n < sizeof text);
    c->commands = curl_slist_append(c->commands, text);
    ensure(c->commands);
}

static size_t read_bytes(char *room, size_t one, size_t length, void *context)
{
    int64_t n = transfer_reader_next(context, room, length);
    return n < 0 ? CURL_READFUNC_ABORT : (size_t)n;
}

static int seek_bytes(void *context, curl_off_t offset, int origin)
{
    struct transfer_reader *from = context;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > from->size) return CURL_SEEKFUNC_FAIL;
    transfer_reader_seek(from, (uint64_t)offset);
    return CURL_SEEKFUNC_OK;
}

void transfer_curl_upload(struct transfer_curl *c, struct transfer_reader *from)
{
    CURL *e = c->easy;
    c->transfers = true;
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, read_bytes);
    curl_easy_setopt(e, CURLOPT_READDATA, from);
    curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, seek_bytes);
    curl_easy_setopt(e, CURLOPT_SEEKDATA, from);
    curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)from->size);
    curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, (long)SENT_AT_ONCE);
    if (from->at) curl_easy_setopt(e, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)from->at);
}

static size_t write_bytes(char *bytes, size_t one, size_t length, void *context)
{
    return transfer_sink_add(context, bytes, length) ? length : 0;
}

void transfer_curl_download(struct transfer_curl *c, struct transfer_sink *sink)
{
    c->transfers = true;
    curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, write_bytes);
    curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, sink);
}

/* Not curl_easy_perform: libcurl 7.88 waits for nothing at all before it opens the data connection of FTP, a full
 * second a file. Own short waits cost that one a few milliseconds. */
static CURLcode perform(struct transfer_curl *c)
{
    enum { WAIT_MAX_MS = 64 };
    int running = 1, busy = 0, left = 0;
    ensure(curl_multi_add_handle(c->multi, c->easy) == CURLM_OK);
    for (int wait_ms = 1; running; wait_ms = busy ? 1 : wait_ms < WAIT_MAX_MS ? wait_ms * 2 : WAIT_MAX_MS) {
        ensure(curl_multi_perform(c->multi, &running) == CURLM_OK);
        if (running) ensure(curl_multi_poll(c->multi, NULL, 0, wait_ms, &busy) == CURLM_OK);
    }
    const CURLMsg *message = curl_multi_info_read(c->multi, &left);
    ensure(message && message->msg == CURLMSG_DONE);
    CURLcode rc = message->data.result;
    ensure(curl_multi_remove_handle(c->multi, c->easy) == CURLM_OK);
    return rc;
}

CURLcode transfer_curl_go(struct transfer_curl *c, const char *call, const char *name)
{
    if (os_fault_point(call, name)) {
        snprintf(c->error, sizeof c->error, "%s", strerror(errno));
        return CURLE_RECV_ERROR;
    }
    if (c->commands) curl_easy_setopt(c->easy, CURLOPT_QUOTE, c->commands);
    if (!c->transfers) curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
    return perform(c);
}

long transfer_curl_answer(const struct transfer_curl *c)
{
    long code = 0;
    return curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK ? code : 0;
}

struct view transfer_curl_last_line(const struct transfer_curl *c)
{
    struct view text = view_trim(buf_view(&c->reply));
    for (size_t i = text.length; i-- > 0;)
        if (text.bytes[i] == '\n') return (struct view){text.bytes + i + 1, text.length - i - 1};
    return text;
}
