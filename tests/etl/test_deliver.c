/* Step 120 into a folder: what arrives, what a restart finds in ledger and target, what a person decides.
 * Crashes at every call and real servers: tests/integration/deliver.sh. */
#include "etl/deliver_inside.h"
#include "tests/test.h"

#include <jansson.h>

static const struct ledger_key DAY1 = {20777, 1}, DAY2 = {20778, 1}; /* 2026-11-20, -21 */

struct fixture {
    char place[512], ledger[512], folder[600];
    char told[4096];
    struct deliver_target target;
    struct deliver_file files[3];
    struct deliver_set set;
    struct deliver_options options;
    struct deliver_result result;
    struct status st;
};

static void keep_told(void *context, const char *text)
{
    struct fixture *f = context;
    size_t used = strlen(f->told);
    snprintf(f->told + used, sizeof f->told - used, "%s\n", text);
}

/* A set of two files from a fresh target and ledger. */
static void start(struct fixture *f)
{
    static int number;
    *f = (struct fixture){0};
    snprintf(f->place, sizeof f->place, "%s/place%d", test_folder, ++number);
    snprintf(f->folder, sizeof f->folder, "%s/11.20261120.001", f->place);
    snprintf(f->ledger, sizeof f->ledger, "%s/ledger%d/crm.ledger", test_folder, number);
    test_write(test_path("CRMCUST"), VIEW_LITERAL("one\ntwo\n"));
    test_write(test_path("CRMRTL"), VIEW_LITERAL(""));
    static char paths[2][512];
    snprintf(paths[0], sizeof paths[0], "%s", test_path("CRMCUST"));
    snprintf(paths[1], sizeof paths[1], "%s", test_path("CRMRTL"));
    f->files[0] = (struct deliver_file){"CRMCUST", paths[0], 8, 2, "balance.CNY=12.30"};
    f->files[1] = (struct deliver_file){"CRMRTL", paths[1], 0, 0, NULL};
    f->set = (struct deliver_set){.unit = "11", .key = DAY1, .generation = "g1", .files = f->files, .files_count = 2};
    f->target = (struct deliver_target){.place = {.name = "crm", .kind = TRANSFER_DIRECTORY, .directory = f->place},
                                        .set_folder = "{unit}.{date}.{seq}",
                                        .file_name = "{name}",
                                        .retry_wait_ms = 1};
    f->options = (struct deliver_options){.ledger_path = f->ledger, .tell = keep_told, .context = f};
}

static bool run(struct fixture *f)
{
    status_clear(&f->st);
    f->told[0] = 0;
    return deliver_run(&f->target, &f->set, &f->options, &f->result, &f->st);
}

static void run_well(struct fixture *f, enum ledger_state wanted)
{
    if (!run(f)) fail_msg("%s", f->st.message);
    assert_int_equal(f->result.state, wanted);
}

static const char *at_target(const struct fixture *f, const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    return path;
}

static void assert_arrived(const struct fixture *f)
{
    static const char *const NAMES[] = {"CRMCUST", "CRMRTL", "11.20261120.001.manifest", "11.20261120.001.ok"};
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        char part[64];
        snprintf(part, sizeof part, "%s.part", NAMES[i]);
        if (!os_exists(at_target(f, NAMES[i]))) fail_msg("%s is missing", NAMES[i]);
        if (os_exists(at_target(f, part))) fail_msg("%s was left", part);
    }
    assert_string_equal(test_read(at_target(f, "CRMCUST")), "one\ntwo\n");
}

static bool decide(struct fixture *f, enum deliver_decision decision, struct ledger_key key)
{
    struct deliver_resolution r = {
        .unit = "11", .target = "crm", .key = key, .decision = decision, .by = "li", .reason = "asked"};
    status_clear(&f->st);
    return deliver_resolve(f->ledger, &r, &f->st);
}

static void test_manifest(void **state)
{
    struct fixture f;
    start(&f);
    run_well(&f, LEDGER_DELIVERED);
    assert_arrived(&f);
    assert_string_equal(test_read(at_target(&f, "11.20261120.001.manifest")),
                        "crmx-manifest\t1\nset\t11.20261120.001\nunit\t11\nbusiness_date\t20261120\nsequence\t1\n"
                        "generation\tg1\nbasis\tfull\n"
                        "file\tCRMCUST\t8\t2\tc3f9c8c283a2b1f2f1896f27a01cbe3cddc0c9d93f752e4639035a0f5b36f6e8\t"
                        "balance.CNY=12.30\n"
                        "file\tCRMRTL\t0\t0\te3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\t\n"
                        "total\t2\t8\t2\n");
    const char *ok = test_read(at_target(&f, "11.20261120.001.ok"));
    assert_int_equal(strlen(ok), 64 + 2 + strlen("11.20261120.001.manifest") + 1);
    assert_int_equal(f.result.files_sent, 4);
    run_well(&f, LEDGER_DELIVERED);
    assert_true(f.result.already && f.result.files_sent == 0);
}

static void test_bad_sets(void **state)
{
    struct fixture f;
    start(&f);
    const struct deliver_file good = f.files[0];
    const struct {
        const char *name, *says;
        struct deliver_file second;
    } CASES[] = {
        {"twice", "named twice", good},
        {"blank", "not every server", {"CRM RTL", good.path, 8, 2, NULL}},
        {"folder", "not every server", {"a/b", good.path, 8, 2, NULL}},
        {"part", "delivery itself uses", {"CRM.part", good.path, 8, 2, NULL}},
        {"ok", "delivery itself uses", {"CRM.ok", good.path, 8, 2, NULL}},
        {"control", "control character", {"CRM", good.path, 8, 2, "a\tb"}},
        {"size", "its generation says 9", {"CRM", good.path, 9, 2, NULL}},
        {"missing", "could not open", {"CRM", "/nowhere/CRM", 8, 2, NULL}},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        f.files[1] = CASES[i].second;
        if (run(&f)) fail_msg("%s was delivered", CASES[i].name);
        assert_has(f.st.message, CASES[i].says);
        assert_false(os_exists(f.folder));
    }
    f.set.files_count = 0;
    assert_false(run(&f));
    f.set.files_count = 1;
    f.set.key.seq = 0;
    assert_false(run(&f));
    assert_int_equal(f.st.code, STATUS_USAGE);
}

/* The file changes between preparation and sending: nothing of it is announced. */
static void test_changed_source(void **state)
{
    struct fixture f;
    start(&f);
    f.target.place.directory = "/proc/self/nowhere";
    assert_false(run(&f));
    assert_int_equal(f.st.code, STATUS_TRANSFER);
    assert_int_equal(f.result.state, LEDGER_PREPARED);
    f.target.place.directory = f.place;
    test_write(f.files[0].path, VIEW_LITERAL("one\ntwe\n"));
    assert_false(run(&f));
    assert_int_equal(f.st.code, STATUS_CORRUPT);
    assert_has(f.st.message, "changed since it was prepared");
    assert_false(os_exists(at_target(&f, "CRMCUST")));
    assert_false(os_exists(at_target(&f, "CRMCUST.part")));
}

/* What a dead process may have left: the ledger up to a step, and any state of the target. */
enum left { NOTHING, PART, WHOLE, WRONG_PART, WRONG_WHOLE, BOTH };

static void leave(struct fixture *f, const char *name, enum left left)
{
    static const char *const CONTENTS[] = {NULL, "one\ntwo\n", "one\ntwo\n", "one\n", "one\ntwX\n", "one\ntwo\n"};
    struct status st = {0};
    char part[64];
    snprintf(part, sizeof part, "%s.part", name);
    assert_true(os_unlink(at_target(f, name), &st) && os_unlink(at_target(f, part), &st));
    if (left == NOTHING) return;
    if (left != WHOLE && left != WRONG_WHOLE) test_write(at_target(f, part), view_of(CONTENTS[left]));
    if (left == WHOLE || left == WRONG_WHOLE || left == BOTH) test_write(at_target(f, name), view_of(CONTENTS[left]));
}

/* Makes the ledger of a set whose CRMCUST is COMMITTING: delivers, then cuts the ledger there. */
static void cut_ledger_at(struct fixture *f, const char *last)
{
    struct status st = {0};
    run_well(f, LEDGER_DELIVERED);
    char text[65536];
    snprintf(text, sizeof text, "%s", test_read(f->ledger));
    char *at = strstr(text, last);
    assert_non_null(at);
    size_t length = (size_t)(strchr(at, '\n') + 1 - text);
    int fd = os_open_append(f->ledger, &st);
    assert_true(os_truncate(fd, f->ledger, length, &st));
    os_close(fd);
}

static void test_restart(void **state)
{
    static const struct {
        const char *name, *ledger_until;
        enum left left;
        bool consumes, idempotent;
        enum ledger_state ends; /* UNKNOWN: waits for a person */
        int retries, sent;      /* sent: uploads, of CRMCUST, CRMRTL, manifest, ok */
    } CASES[] = {
        {"uploaded, .part there", "CRMCUST\tUPLOADED", PART, false, false, LEDGER_DELIVERED, 0, 3},
        {"uploaded, .part gone", "CRMCUST\tUPLOADED", NOTHING, false, false, LEDGER_DELIVERED, 1, 4},
        {"uploaded, .part too short", "CRMCUST\tUPLOADED", WRONG_PART, false, false, LEDGER_DELIVERED, 1, 4},
        {"uploaded, .part gone, consumes", "CRMCUST\tUPLOADED", NOTHING, true, false, LEDGER_DELIVERED, 1, 4},
        {"all uploaded, .part gone", "-\tUPLOADED", NOTHING, false, false, LEDGER_DELIVERED, 1, 3},
        {"rename not done", "CRMCUST\tCOMMITTING", PART, false, false, LEDGER_DELIVERED, 0, 2},
        {"rename done", "CRMCUST\tCOMMITTING", WHOLE, false, false, LEDGER_DELIVERED, 0, 2},
        {"both names", "CRMCUST\tCOMMITTING", BOTH, false, false, LEDGER_DELIVERED, 0, 2},
        {"wrong bytes under the name", "CRMCUST\tCOMMITTING", WRONG_WHOLE, false, false, LEDGER_DELIVERED, 1, 3},
        {"wrong .part", "CRMCUST\tCOMMITTING", WRONG_PART, false, false, LEDGER_DELIVERED, 1, 3},
        {"gone, receiver keeps", "CRMCUST\tCOMMITTING", NOTHING, false, false, LEDGER_DELIVERED, 1, 3},
        {"rename not done, consumes", "CRMCUST\tCOMMITTING", PART, true, false, LEDGER_DELIVERED, 0, 2},
        {"rename done, consumes", "CRMCUST\tCOMMITTING", WHOLE, true, false, LEDGER_DELIVERED, 0, 2},
        {"gone, consumes", "CRMCUST\tCOMMITTING", NOTHING, true, false, LEDGER_UNKNOWN, 0, 0},
        {"gone, consumes, idempotent", "CRMCUST\tCOMMITTING", NOTHING, true, true, LEDGER_DELIVERED, 1, 4},
        {"delivered file gone, keeps", "CRMRTL\tDELIVERED", NOTHING, false, false, LEDGER_DELIVERED, 1, 3},
        {"delivered file gone, consumes", "CRMRTL\tDELIVERED", NOTHING, true, false, LEDGER_DELIVERED, 0, 2},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct fixture f;
        struct status st = {0};
        start(&f);
        f.target.consumes = CASES[i].consumes;
        f.target.idempotent = CASES[i].idempotent;
        f.target.retries = 2;
        cut_ledger_at(&f, CASES[i].ledger_until);
        assert_true(os_unlink(at_target(&f, "11.20261120.001.manifest"), &st));
        assert_true(os_unlink(at_target(&f, "11.20261120.001.ok"), &st));
        if (!strstr(CASES[i].ledger_until, "CRMRTL")) { /* CRMRTL was not renamed yet */
            bool uploaded = !strstr(CASES[i].ledger_until, "CRMCUST\tUPLOADED");
            assert_true(os_unlink(at_target(&f, "CRMRTL"), &st));
            if (uploaded) test_write(at_target(&f, "CRMRTL.part"), VIEW_LITERAL(""));
        }
        leave(&f, "CRMCUST", CASES[i].left);
        bool ok = run(&f);
        if (ok != (CASES[i].ends == LEDGER_DELIVERED) || f.result.state != CASES[i].ends ||
            f.result.retries != CASES[i].retries || f.result.files_sent != CASES[i].sent)
            fail_msg("%s: %s, retries %d, sent %d: %s %s", CASES[i].name, ledger_state_name(f.result.state),
                     f.result.retries, f.result.files_sent, f.st.message, f.told);
        if (ok && !CASES[i].consumes) assert_arrived(&f);
        if (!ok) assert_int_equal(f.st.code, STATUS_WARNING);
    }
}

static void test_unknown(void **state)
{
    struct fixture f;
    struct status st = {0};
    start(&f);
    f.target.consumes = true;
    cut_ledger_at(&f, "CRMCUST\tCOMMITTING");
    assert_true(os_remove_tree(f.folder, &st) && os_make_folder(f.folder, &st));
    test_write(at_target(&f, "CRMRTL.part"), VIEW_LITERAL(""));
    for (int again = 0; again < 2; again++) {
        assert_false(run(&f));
        assert_int_equal(f.st.code, STATUS_WARNING);
        assert_has(f.st.message, "rename of \"CRMCUST\" was lost");
        assert_has(f.st.hint, "crmx delivery resolve --unit 11 --target crm 20261120.001 --confirm --reason");
        assert_has(f.st.hint, "crmx delivery resolve --unit 11 --target crm 20261120.001 --resend --reason");
        assert_int_equal(f.result.files_sent, 0);
    }
    struct fixture next = f;
    next.set.key = DAY2;
    assert_false(run(&next));
    assert_has(next.st.message, "is UNKNOWN, and sets never pass each other");
    assert_true(decide(&f, DELIVER_CONFIRM, DAY1));
    run_well(&f, LEDGER_DELIVERED);
    assert_false(os_exists(at_target(&f, "CRMCUST")));
    assert_true(os_exists(at_target(&f, "CRMRTL")) && os_exists(at_target(&f, "11.20261120.001.ok")));
    assert_has(test_read(f.ledger), "by=li reason: asked");
    assert_false(decide(&f, DELIVER_CONFIRM, DAY1));
    assert_has(f.st.message, "is delivered already");
    assert_true(decide(&f, DELIVER_RESEND, DAY1));
    run_well(&f, LEDGER_DELIVERED);
    assert_arrived(&f);
}

static void test_decisions(void **state)
{
    struct fixture f;
    start(&f);
    assert_false(decide(&f, DELIVER_RESEND, DAY1));
    assert_has(f.st.message, "was never sent");
    struct deliver_resolution nobody = {.unit = "11", .target = "crm", .key = DAY1, .by = "li", .reason = ""};
    status_clear(&f.st);
    assert_false(deliver_resolve(f.ledger, &nobody, &f.st));
    assert_has(f.st.message, "who decides and why");
    assert_true(decide(&f, DELIVER_CONFIRM, DAY1)); /* the ledger starts from a set that was brought before */
    run_well(&f, LEDGER_DELIVERED);
    assert_true(f.result.already);
    assert_false(os_exists(f.place));
    f.target.place.directory = "/proc/self/nowhere";
    f.set.key = DAY2;
    assert_false(run(&f));
    assert_false(decide(&f, DELIVER_RESEND, DAY2));
    assert_has(f.st.message, "is still being sent");
    assert_false(decide(&f, DELIVER_CONFIRM, (struct ledger_key){20779, 1}));
    assert_has(f.st.message, "an earlier set is still pending");
    assert_true(decide(&f, DELIVER_CONFIRM, DAY2)); /* brought by hand */
    run_well(&f, LEDGER_DELIVERED);
    assert_false(decide(&f, DELIVER_CONFIRM, (struct ledger_key){20770, 1}));
    assert_has(f.st.message, "is earlier than sets that were delivered");
    assert_false(decide(&f, DELIVER_RESEND, DAY1));
    assert_has(f.st.message, "later sets were sent");
}

static void test_order_and_marks(void **state)
{
    struct fixture f;
    struct deliver_marks marks;
    start(&f);
    assert_true(deliver_marks_read(f.ledger, &marks, &f.st) && marks.delivered.seq == 0 && marks.pending.seq == 0);
    run_well(&f, LEDGER_DELIVERED);
    f.set.key = DAY2;
    f.set.basis = (struct ledger_key){20776, 1};
    assert_false(run(&f));
    assert_has(f.st.message, "which target \"crm\" does not have");
    f.set.basis = DAY2;
    assert_false(run(&f));
    assert_has(f.st.message, "not earlier");
    f.set.basis = DAY1;
    run_well(&f, LEDGER_DELIVERED);
    f.set.key = (struct ledger_key){20777, 2};
    f.set.basis.seq = 0;
    assert_false(run(&f));
    assert_int_equal(f.st.code, STATUS_USAGE);
    assert_has(f.st.message, "comes too late");
    assert_true(deliver_marks_read(f.ledger, &marks, &f.st));
    assert_int_equal(marks.delivered.date, DAY2.date);
    assert_int_equal(marks.acked.seq, 0);
    assert_int_equal(marks.pending.seq, 0);
}

static void test_other_generation(void **state)
{
    struct fixture f;
    struct status st = {0};
    start(&f);
    cut_ledger_at(&f, "CRMRTL\tUPLOADED");
    assert_true(os_remove_tree(f.folder, &st) && os_make_folder(f.folder, &st));
    test_write(at_target(&f, "CRMCUST.part"), VIEW_LITERAL("one\ntwo\n"));
    test_write(at_target(&f, "CRMRTL.part"), VIEW_LITERAL(""));
    f.set.generation = "g2"; /* the date was run again before it was delivered; one file less */
    f.set.files_count = 1;
    run_well(&f, LEDGER_DELIVERED);
    assert_has(f.told, "takes its place");
    assert_has(test_read(at_target(&f, "11.20261120.001.manifest")), "generation\tg2\n");
    assert_false(os_exists(at_target(&f, "CRMRTL.part"))); /* not left behind */
    assert_false(os_exists(at_target(&f, "CRMRTL")));
    f.set.generation = "g3";
    assert_false(run(&f));
    assert_int_equal(f.st.code, STATUS_CORRUPT);
    assert_has(f.st.hint, "next sequence number");
}

static void test_acknowledgements(void **state)
{
    static const struct {
        const char *text;
        enum ledger_state ends;
        const char *says;
    } CASES[] = {
        {"", LEDGER_ACKED, NULL},
        {"accepted\n", LEDGER_ACKED, NULL},
        {"accepted MANIFEST loaded 2 records\n", LEDGER_ACKED, NULL},
        {"MANIFEST\n", LEDGER_ACKED, NULL},
        {"refused disk full\n", LEDGER_UNKNOWN, "disk full"},
        {"hello\n", LEDGER_UNKNOWN, "not understood: hello"},
        {"accepted 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n", LEDGER_UNKNOWN,
         "another manifest"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct fixture f;
        struct status st = {0};
        char text[256], sha[65];
        start(&f);
        f.target.ack_file = "ack/{unit}.{date}.{seq}";
        run_well(&f, LEDGER_DELIVERED);
        run_well(&f, LEDGER_DELIVERED);
        snprintf(sha, sizeof sha, "%s", test_read(at_target(&f, "11.20261120.001.ok")));
        const char *mark = strstr(CASES[i].text, "MANIFEST");
        if (mark)
            snprintf(text, sizeof text, "%.*s%s%s", (int)(mark - CASES[i].text), CASES[i].text, sha, mark + 8);
        else
            snprintf(text, sizeof text, "%s", CASES[i].text);
        char folder[600], ack[700];
        snprintf(folder, sizeof folder, "%s/ack", f.place);
        snprintf(ack, sizeof ack, "%s/11.20261120.001", folder);
        assert_true(os_make_folder(folder, &st));
        test_write(ack, view_of(text));
        bool ok = run(&f);
        if (f.result.state != CASES[i].ends || ok != (CASES[i].ends == LEDGER_ACKED))
            fail_msg("\"%s\": %s %s", CASES[i].text, ledger_state_name(f.result.state), f.st.message);
        if (!ok) {
            assert_has(f.st.message, CASES[i].says);
            assert_true(decide(&f, DELIVER_CONFIRM, DAY1));
            run_well(&f, LEDGER_DELIVERED); /* the old refusal does not speak again */
            assert_true(decide(&f, DELIVER_RESEND, DAY1));
            run_well(&f, LEDGER_DELIVERED);
            assert_false(os_exists(ack));
        }
    }
}

static void test_status(void **state)
{
    struct fixture f;
    struct buf out;
    start(&f);
    buf_init(&out, 1 << 16);
    run_well(&f, LEDGER_DELIVERED);
    f.set.key = DAY2;
    f.target.place.directory = "/proc/self/nowhere";
    assert_false(run(&f));
    status_clear(&f.st);
    assert_true(deliver_status(f.ledger, 0, DELIVER_TEXT, &out, &f.st));
    char *second = strchr(out.bytes, '\n') + 1;
    assert_memory_equal(out.bytes, "SET ", 4);
    assert_memory_equal(second, "20261121.001   PREPARED", 23);
    assert_has(second, "PREPARED   CRMCUST\n");
    assert_has(second, "20261120.001   DELIVERED");
    buf_clear(&out);
    assert_true(deliver_status(f.ledger, 1, DELIVER_JSON, &out, &f.st));
    json_t *json = json_loads(out.bytes, 0, NULL);
    assert_non_null(json);
    json_t *sets = json_object_get(json, "sets");
    assert_int_equal(json_array_size(sets), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(sets, 0), "state")), "PREPARED");
    assert_int_equal(json_array_size(json_object_get(json_array_get(sets, 0), "files")), 4);
    json_decref(json);
    buf_release(&out);
    buf_init(&out, 100);
    assert_false(deliver_status(f.ledger, 0, DELIVER_TEXT, &out, &f.st));
    assert_has(f.st.message, "ask for fewer sets");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest),         cmocka_unit_test(test_bad_sets),
        cmocka_unit_test(test_changed_source),   cmocka_unit_test(test_restart),
        cmocka_unit_test(test_unknown),          cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_order_and_marks),  cmocka_unit_test(test_other_generation),
        cmocka_unit_test(test_acknowledgements), cmocka_unit_test(test_status),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
