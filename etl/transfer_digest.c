#include "etl/transfer_digest.h"

#include "base/os.h"

#include <openssl/evp.h>

enum { CHUNK = 1 << 20 };

void transfer_digest_init(struct transfer_digest *d)
{
    d->context = EVP_MD_CTX_new();
    ensure(d->context && EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) == 1);
}

void transfer_digest_add(struct transfer_digest *d, const void *bytes, size_t length)
{
    ensure(EVP_DigestUpdate(d->context, bytes, length) == 1);
}

void transfer_digest_end(struct transfer_digest *d, char sha256[65])
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    ensure(EVP_DigestFinal_ex(d->context, raw, &n) == 1 && n == 32);
    for (unsigned i = 0; i < n; i++) snprintf(sha256 + 2 * i, 3, "%02x", raw[i]);
    transfer_digest_release(d);
}

void transfer_digest_release(struct transfer_digest *d)
{
    EVP_MD_CTX_free(d->context);
    d->context = NULL;
}

void transfer_digest_bytes(struct view bytes, char sha256[65])
{
    struct transfer_digest d;
    transfer_digest_init(&d);
    if (bytes.length) transfer_digest_add(&d, bytes.bytes, bytes.length);
    transfer_digest_end(&d, sha256);
}

bool transfer_digest_file(const char *path, uint64_t *bytes, char sha256[65], struct status *st)
{
    struct os_file_identity id;
    struct transfer_digest d;
    transfer_digest_init(&d);
    char *chunk = malloc(CHUNK);
    ensure(chunk);
    int fd = os_open_read(path, st);
    bool ok = fd >= 0 && os_identify_fd(fd, path, &id, st);
    for (uint64_t at = 0; ok && at < id.size;) {
        size_t n = id.size - at < CHUNK ? (size_t)(id.size - at) : CHUNK;
        ok = os_read_at(fd, path, chunk, n, at, st);
        if (ok) transfer_digest_add(&d, chunk, n);
        at += n;
    }
    if (ok) {
        *bytes = id.size;
        transfer_digest_end(&d, sha256);
    }
    os_close(fd);
    free(chunk);
    transfer_digest_release(&d);
    return ok;
}
