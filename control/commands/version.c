#include "control/version.h"
#include "control/command.h"
#include "control/listing.h"

#include <curl/curl.h>
#include <jansson.h>
#include <libpq-fe.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <xxhash.h>
#include <zlib.h>

/* The versions that are loaded, not those of the headers: what a support case needs. */
static int run(struct command_call *call)
{
    struct listing t;
    int pq = PQlibVersion();
    unsigned hash = XXH_versionNumber();
    listing_init(&t, (const char *const[]){"name", "version", NULL});
    const struct {
        const char *name, *version;
    } PARTS[] = {
        {"crmx", CRMX_VERSION},
        {"compiler", __VERSION__},
        {"libpq", arena_printf(&call->arena, "%d.%d", pq / 10000, pq % 10000)},
        {"zlib", zlibVersion()},
        {"curl", curl_version_info(CURLVERSION_NOW)->version},
        {"jansson", jansson_version_str()},
        {"xxhash", arena_printf(&call->arena, "%u.%u.%u", hash / 10000, hash / 100 % 100, hash % 100)},
        {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
    };
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        listing_text(&t, PARTS[i].name);
        listing_text(&t, PARTS[i].version);
    }
    if (!call->json) printf("crmx %s\n\n", CRMX_VERSION);
    listing_print(&t, &call->output);
    listing_release(&t);
    return 0;
}

const struct command command_version = {
    .name = "version",
    .summary = "the versions of crmx and of the libraries it runs with",
    .needs = COMMAND_NEEDS_NOTHING,
    .rows = "",
    .run = run,
};
