/* [target NAME] of a unit file: what is read, what is refused and with which words. */
#include "etl/deliver_inside.h"
#include "tests/test.h"

#define PIN "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

struct read_targets {
    struct arena arena;
    struct conf *conf;
    struct deliver_target *targets;
    int count;
    struct status st;
};

static bool read_text(struct read_targets *r, const char *text)
{
    *r = (struct read_targets){0};
    arena_init(&r->arena, "test");
    test_write(test_path("unit.ini"), view_of(text));
    r->conf = conf_open(test_path("unit.ini"), &r->st);
    assert_non_null(r->conf);
    return deliver_targets_read(r->conf, "11", "/work", &r->arena, &r->targets, &r->count, &r->st) &&
           conf_check_all_used(r->conf, &r->st);
}

static void release(struct read_targets *r)
{
    conf_close(r->conf);
    arena_release(&r->arena);
}

static void test_defaults(void **state)
{
    struct read_targets r;
    assert_true(read_text(&r, "[target crm]\n"));
    assert_int_equal(r.count, 1);
    const struct deliver_target *t = &r.targets[0];
    assert_string_equal(t->place.name, "crm");
    assert_int_equal(t->place.kind, TRANSFER_DIRECTORY);
    assert_string_equal(t->place.directory, "/work/deliver/11");
    assert_false(t->consumes || t->idempotent);
    assert_string_equal(t->set_folder, "{unit}.{date}.{seq}");
    assert_string_equal(t->file_name, "{name}");
    assert_null(t->ack_file);
    assert_null(t->events);
    assert_int_equal(t->retries, 3);
    assert_int_equal(t->retry_wait_ms, 2000);
    release(&r);
}

static void test_all_keys(void **state)
{
    struct read_targets r;
    assert_true(read_text(&r, "[target a]\nkind = sftp\nurl = sftp://u@h:2222/in\nhost_key = " PIN " " PIN "\n"
                              "key_file = keys/crm\npassword_file = /etc/pw\nreceiver = consumes\nidempotent = yes\n"
                              "timeout = 90s\nretries = 0\nretry_wait = 500ms\nread_back = yes\nset_folder =\n"
                              "file_name = {name}.{unit}.{date}.{seq}\nack_file = ack/{unit}_{date}_{seq}\n"
                              "events = CRMEVENT\n"
                              "[target b]\nkind = ftp\nplain_ftp = allowed\nurl = ftp://u@h/\npassword_file = pw\n"
                              "[target c]\nkind = ftps\nurl = ftps://u@h/\npassword_file = pw\nca_file = ca.pem\n"));
    assert_int_equal(r.count, 3);
    const struct deliver_target *t = &r.targets[0];
    assert_int_equal(t->place.kind, TRANSFER_SFTP);
    assert_string_equal(t->place.key_file, "/work/keys/crm");
    assert_string_equal(t->place.password_file, "/etc/pw");
    assert_string_equal(t->place.host_keys, PIN " " PIN);
    assert_true(t->consumes && t->idempotent && t->place.read_back);
    assert_int_equal(t->place.timeout_ms, 90000);
    assert_int_equal(t->retries, 0);
    assert_int_equal(t->retry_wait_ms, 500);
    assert_string_equal(t->set_folder, "");
    assert_string_equal(t->ack_file, "ack/{unit}_{date}_{seq}");
    assert_string_equal(t->events, "CRMEVENT");
    assert_int_equal(r.targets[1].place.kind, TRANSFER_FTP);
    assert_int_equal(r.targets[1].place.timeout_ms, 60000);
    assert_string_equal(r.targets[2].place.ca_file, "/work/ca.pem");
    release(&r);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {"kind = carrier_pigeon", "carrier_pigeon"},
        {"kind = ftp\nurl = ftp://u@h/\npassword_file = pw", "readable over the network"},
        {"kind = ftp\nurl = ftp://u@h/\npassword_file = pw\nplain_ftp = yes", "readable over the network"},
        {"kind = ftp\nplain_ftp = allowed\npassword_file = pw", "url is missing"},
        {"kind = ftp\nplain_ftp = allowed\nurl = ftp://u@h/", "no password_file"},
        {"kind = sftp\nurl = sftp://u@h/\nhost_key = " PIN, "no password_file and no key_file"},
        {"kind = sftp\nurl = sftp://u@h/\nkey_file = k", "anybody could stand in"},
        {"kind = ftps\nurl = sftp://u@h/\npassword_file = pw", "scheme"},
        {"kind = ftps\nurl = ftps://u@h/\npassword_file = pw\nhost_key = " PIN, "host_key"}, /* of another kind */
        {"url = ftp://u@h/", "url"},
        {"receiver = sometimes", "sometimes"},
        {"idempotent = perhaps", "perhaps"},
        {"retries = 101", "101"},
        {"set_folder = {unit}.{date}", "{seq}"},
        {"set_folder = fixed", "one set would overwrite another"},
        {"set_folder = {unit}/{day}/{date}.{seq}", "cannot be used"},
        {"set_folder = ../{unit}.{date}.{seq}", "cannot be used"},
        {"set_folder = {unit}.{date}.{seq", "cannot be used"},
        {"file_name = fixed", "must have {name}"},
        {"file_name = x/{name}", "must have {name} and no /"},
        {"ack_file = ack/{unit}", "must have {date} and {seq}"},
        {"events = all of them", "no name of a file"},
        {"events = sub/CRMEVENT", "no name of a file"},
        {"retrys = 3", "retrys"},
        {"kind = sftp\nurl = sftp://u@h/\nkey_file = k\nhost_key = " PIN "\ntimeout = 0s", "longer than 0"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct read_targets r;
        char text[1024];
        snprintf(text, sizeof text, "[target crm]\n%s\n", CASES[i].text);
        if (read_text(&r, text)) fail_msg("not refused: %s", CASES[i].text);
        assert_int_equal(r.st.code, STATUS_USAGE);
        if (!strstr(r.st.message, CASES[i].says)) fail_msg("%s: %s", CASES[i].text, r.st.message);
        release(&r);
    }
    struct read_targets r;
    assert_false(read_text(&r, "[target ../etc]\n"));
    assert_has(r.st.message, "a target's name");
    release(&r);
    assert_true(read_text(&r, "; no target\n"));
    assert_int_equal(r.count, 0);
    release(&r);
}

static void test_expand(void **state)
{
    static const struct {
        const char *pattern, *result; /* NULL: refused */
    } CASES[] = {
        {"{unit}.{date}.{seq}", "11.20261120.007"},
        {"{name}_{date}", "CRMRTL_20261120"},
        {"plain", "plain"},
        {"", ""},
        {"{unit}{unit}", "1111"},
        {"{x}", NULL},
        {"{unit", NULL},
        {"{}", NULL},
        {"a}", "a}"},
    };
    struct arena arena;
    arena_init(&arena, "test");
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        const char *got = deliver_expand(&arena, CASES[i].pattern, "11", (struct ledger_key){20777, 7}, "CRMRTL");
        if (!CASES[i].result)
            assert_null(got);
        else
            assert_string_equal(got, CASES[i].result);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_expand),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
