/* transfer_digest: SHA-256 (OpenSSL EVP) of bytes as they pass. SHA-256 and not XXH3, since the receiver checks it too:
 * sha256sum exists everywhere. */
#ifndef CRMX_ETL_TRANSFER_DIGEST_H
#define CRMX_ETL_TRANSFER_DIGEST_H

#include "base/status.h"
#include "base/view.h"

#include <stdint.h>

struct transfer_digest {
    struct evp_md_ctx_st *context;
};

void transfer_digest_init(struct transfer_digest *d);
void transfer_digest_add(struct transfer_digest *d, const void *bytes, size_t length);
/* Lower-case hexadecimal; releases the digest. */
void transfer_digest_end(struct transfer_digest *d, char sha256[65]);
void transfer_digest_release(struct transfer_digest *d); /* after _end nothing is left to do */

void transfer_digest_bytes(struct view bytes, char sha256[65]);
/* Of a whole file, and its size. */
bool transfer_digest_file(const char *path, uint64_t *bytes, char sha256[65], struct status *st);

#endif
