/* Places that take files: names, addresses, digests, and every request of a folder. Servers:
 * tests/integration/deliver.sh. */
#include "etl/transfer.h"
#include "etl/transfer_digest.h"
#include "etl/transfer_inside.h"
#include "tests/test.h"

#include <sys/stat.h>

#define PIN "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool valid;
    } CASES[] = {
        {"CRMRTL", true},   {"11.20261120.001/CRMRTL.part", true},
        {"a_b-c.D9", true}, {"", false},
        {"a b", false},     {"a\r\nDELE x", false},
        {"../x", false},    {"a/../x", false},
        {"/etc/x", false},  {"a//b", false},
        {"a/", false},      {".hidden", false},
        {"-rf", false},     {"a;b", false},
        {"a\"b", false},    {"\xe5\x8c\x97", false},
        {"a/-b", false},    {"a*", false},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        if (transfer_name_valid(CASES[i].name) != CASES[i].valid) fail_msg("\"%s\"", CASES[i].name);
}

static void test_places(void **state)
{
    static const struct {
        enum transfer_kind kind;
        const char *url, *host_keys;
        const char *says, *says_not; /* says NULL: fine */
    } CASES[] = {
        {TRANSFER_FTP, "ftp://bank@crm:2121/in/11", NULL, NULL, NULL},
        {TRANSFER_FTP, "ftp://bank@crm//srv/in", NULL, NULL, NULL},
        {TRANSFER_FTP, "ftp://bank@[::1]:21/in%20box", NULL, NULL, NULL},
        {TRANSFER_FTPS, "ftp://bank@crm/in", NULL, NULL, NULL},
        {TRANSFER_FTPS, "ftps://bank@crm/in", NULL, NULL, NULL},
        {TRANSFER_SFTP, "sftp://bank@crm/~/in", PIN, NULL, NULL},
        {TRANSFER_SFTP, "sftp://bank@crm/in", PIN " " PIN, NULL, NULL},
        {TRANSFER_FTP, NULL, NULL, "missing or cannot be understood", NULL},
        {TRANSFER_FTP, "crm/in", NULL, "", NULL},
        {TRANSFER_FTP, "http://bank@crm/in", NULL, "the scheme does not fit", NULL},
        {TRANSFER_FTP, "ftps://bank@crm/in", NULL, "the scheme does not fit", NULL},
        {TRANSFER_SFTP, "ftp://bank@crm/in", PIN, "the scheme does not fit", NULL},
        {TRANSFER_FTP, "ftp://crm/in", NULL, "it names no user", NULL},
        {TRANSFER_FTP, "ftp://bank:s3cret@crm/in", NULL, "the url holds a password", "s3cret"},
        {TRANSFER_FTP, "ftp://bank:s3cret@crm:99999/in", NULL, "cannot be understood", "s3cret"},
        {TRANSFER_FTP, "ftp://bank@crm/in?x", NULL, "the path holds", NULL},
        {TRANSFER_FTP, "ftp://bank@crm/in%0d%0aDELE", NULL, "", NULL},
        {TRANSFER_SFTP, "sftp://bank@crm/in%22x", PIN, "the path holds", NULL},
        {TRANSFER_SFTP, "sftp://bank@crm/in", "", "anybody could stand in", NULL},
        {TRANSFER_SFTP, "sftp://bank@crm/in", NULL, "anybody could stand in", NULL},
        {TRANSFER_SFTP, "sftp://bank@crm/in", "MD5:00:11", "is not a fingerprint", NULL},
        {TRANSFER_SFTP, "sftp://bank@crm/in", "SHA256:short", "is not a fingerprint", NULL},
        {TRANSFER_DIRECTORY, NULL, NULL, "names no directory", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        struct transfer_place place = {.name = "crm",
                                       .kind = CASES[i].kind,
                                       .url = CASES[i].url,
                                       .host_keys = CASES[i].host_keys,
                                       .timeout_ms = 1000};
        bool ok = transfer_place_check(&place, &st);
        if (ok != (CASES[i].says == NULL)) fail_msg("%s: %s", CASES[i].url, ok ? "not refused" : st.message);
        if (ok) continue;
        assert_int_equal(st.code, STATUS_USAGE);
        assert_has(st.message, CASES[i].says);
        if (CASES[i].says_not && (strstr(st.message, CASES[i].says_not) || strstr(st.hint, CASES[i].says_not)))
            fail_msg("the message shows the password: %s", st.message);
    }
}

static void test_digests(void **state)
{
    static const struct {
        const char *text, *sha256; /* FIPS 180-2, appendix B */
    } CASES[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        char found[65];
        uint64_t bytes;
        transfer_digest_bytes(view_of(CASES[i].text), found);
        assert_string_equal(found, CASES[i].sha256);
        test_write(test_path("digest"), view_of(CASES[i].text));
        assert_true(transfer_digest_file(test_path("digest"), &bytes, found, &st));
        assert_string_equal(found, CASES[i].sha256);
        assert_int_equal(bytes, strlen(CASES[i].text));
    }
    struct status st = {0};
    char found[65];
    uint64_t bytes;
    assert_false(transfer_digest_file(test_path("nothing"), &bytes, found, &st));
    assert_int_equal(st.code, STATUS_IO);
}

/* What libcurl does with a source: reads in pieces, starts over, continues in the middle. */
static void test_reader(void **state)
{
    static const struct {
        const char *name;
        uint64_t offset, seek_after, seek_to; /* seek_after 99: never */
        const char *read;
        bool digest;
    } CASES[] = {
        {"whole", 0, 99, 0, "abcdefghij", true},
        {"continued at 4", 4, 99, 0, "efghij", false},
        {"started over", 0, 6, 0, "abcdefabcdefghij", true},
        {"sought to 8", 0, 3, 8, "abcij", false},
    };
    test_write(test_path("source"), VIEW_LITERAL("abcdefghij"));
    char wanted[65], sha[65], room[4];
    transfer_digest_bytes(VIEW_LITERAL("abcdefghij"), wanted);
    for (int in_memory = 0; in_memory < 2; in_memory++)
        for (size_t i = 0; i < COUNT_OF(CASES); i++) {
            struct status st = {0};
            struct transfer_source source = {.path = in_memory ? NULL : test_path("source"),
                                             .bytes = VIEW_LITERAL("abcdefghij")};
            struct transfer_reader r;
            char read[64] = "";
            assert_true(transfer_reader_open(&r, &source, 10, CASES[i].offset, &st));
            uint64_t total = 0;
            for (int64_t n; (n = transfer_reader_next(&r, room, 3)) > 0;) {
                strncat(read, room, (size_t)n);
                total += (uint64_t)n;
                if (total == CASES[i].seek_after) transfer_reader_seek(&r, CASES[i].seek_to);
            }
            transfer_reader_close(&r, sha);
            assert_string_equal(read, CASES[i].read);
            assert_string_equal(sha, CASES[i].digest ? wanted : "");
        }
    struct status st = {0};
    struct transfer_reader r;
    struct transfer_source source = {.path = test_path("source")};
    assert_false(transfer_reader_open(&r, &source, 11, 0, &st));
    assert_int_equal(st.code, STATUS_CORRUPT);
    assert_has(st.message, "has 10 bytes, the set was prepared with 11");
}

static void test_every_request(void **state)
{
    struct status st = {0};
    struct transfer_place place = {.name = "crm", .kind = TRANSFER_DIRECTORY, .directory = test_path("place/below")};
    struct transfer *t = transfer_open(&place, &st);
    assert_non_null(t);
    struct transfer_seen seen;
    struct transfer_source source = {.bytes = VIEW_LITERAL("hello\n")};
    char sha[65], found[65];
    bool has;
    assert_true(transfer_has_digest(t, &has, &st) && has);
    assert_false(transfer_resumes(t));
    assert_true(transfer_make_folder(t, "a/b", &st) && transfer_make_folder(t, "a/b", &st));
    assert_true(transfer_look(t, "a/b/X", 6, &seen, &st) && !seen.exists);
    assert_true(transfer_put(t, &source, 6, "a/b/X.part", 0, sha, &st));
    assert_true(transfer_digest(t, "a/b/X.part", 6, found, &st));
    assert_string_equal(found, sha);
    assert_true(transfer_rename(t, "a/b/X.part", "a/b/X", &st));
    assert_true(transfer_look(t, "a/b/X", 0, &seen, &st) && seen.exists && seen.bytes == 6);
    assert_true(transfer_look(t, "a/b/X.part", 0, &seen, &st) && !seen.exists);
    struct buf text;
    buf_init(&text, 5);
    bool exists;
    assert_true(transfer_get(t, "a/b/none", &text, &exists, &st) && !exists);
    assert_false(transfer_get(t, "a/b/X", &text, &exists, &st)); /* larger than what is read */
    assert_int_equal(st.code, STATUS_TRANSFER);
    status_clear(&st);
    assert_true(transfer_remove(t, "a/b/X", &st) && transfer_remove(t, "a/b/X", &st));
    assert_false(transfer_rename(t, "a/b/X", "a/b/Y", &st));
    assert_int_equal(st.code, STATUS_TRANSFER); /* the target's trouble, not our disk's: worth trying again */
    status_clear(&st);
    assert_false(transfer_digest(t, "a/b/X", 0, found, &st));
    assert_has(st.message, "it is not there");
    buf_release(&text);
    transfer_close(t);
}

static void test_secrets(void **state)
{
    static const struct {
        const char *name, *content;
        mode_t mode;
        const char *says; /* NULL: fine */
    } CASES[] = {
        {"good", "secret\n", 0600, NULL},
        {"second line unused", "secret\nmore\n", 0400, NULL},
        {"group", "secret\n", 0640, "may be read by others"},
        {"others", "secret\n", 0604, "may be read by others"},
        {"empty", "", 0600, "empty first line"},
        {"blank line", "\nsecret\n", 0600, "empty first line"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        const char *path = test_path(CASES[i].name);
        test_write(path, view_of(CASES[i].content));
        assert_int_equal(chmod(path, CASES[i].mode), 0);
        struct transfer_place place = {
            .name = "crm", .kind = TRANSFER_FTP, .url = "ftp://bank@crm/in", .password_file = path, .timeout_ms = 1000};
        struct transfer *t = transfer_open(&place, &st);
        if ((t != NULL) != (CASES[i].says == NULL)) fail_msg("%s: %s", CASES[i].name, st.message);
        if (!t) assert_int_equal(st.code, STATUS_ENVIRONMENT);
        if (!t) assert_has(st.message, CASES[i].says);
        if (strstr(st.message, "secret")) fail_msg("the message shows the password: %s", st.message);
        transfer_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),  cmocka_unit_test(test_places),        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_reader), cmocka_unit_test(test_every_request), cmocka_unit_test(test_secrets),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
