/* Arrival: complete or not, the three ways to take, gzip, several attempts, and a crash at every system call on the
 * way.
 *
 * The crash test runs this program again as a child ("test_arrive child FOLDER"), because fault points read their
 * environment when a program starts.
 */
#include "etl/arrive.h"
#include "etl/unpack.h"
#include "tests/etl/fixture_unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zlib.h>

/* --- the unit: one file of each kind --- */

static void write_layout(const char *name, const char *class, const char *files, const char *more)
{
    char path[128], text[1024];
    const char *fields =
        strcmp(class, "customer") == 0 ? "id_type = 4 1 text\nid_no = 5 1 text\n" : "account = 4 2 text\n";
    snprintf(path, sizeof path, "layouts/%s.ini", name);
    snprintf(text, sizeof text,
             "[layout]\nname = %s\nclass = %s\nsystem = retail\nfiles = %s\nrecord_length = 6\n%s[fields]\nsource_no = "
             "0 4 text\n%s",
             name, class, files, more, fields);
    fixture_write(path, text);
}

static void write_unit(const char *how)
{
    char text[1024];
    fixture_unit_write();
    write_layout("a", "customer", "CUST.*", "expect = many\n");
    write_layout("b", "account", "ACCT.{unit}.{date} ACCT2.{unit}.{date}", "complete = ctl\n");
    write_layout("c", "account", "LOAN*", "complete = ok\n");
    write_layout("d", "account", "FUND", "expect = optional\n");
    snprintf(text, sizeof text,
             "[unit]\nid = 11\nname = x\ninbox = inbox\nidentity = bank\ntake = %s\nlayouts = b a c "
             "d\nformula.personal = personal\n" FIXTURE_UNIT_SYSTEMS,
             how);
    fixture_write("units/11.ini", text);
}

static void write_inbox(void)
{
    fixture_write("inbox/CUST.2", "000121\n");
    fixture_write("inbox/CUST.1", "000111\n000112\n");
    fixture_write("inbox/CUST.3.part", "half");
    fixture_write("inbox/ACCT.11.20261031", "0001AA\n");
    fixture_write("inbox/ACCT.11.20261031.ctl", "records=1\nbytes=7\n");
    fixture_write("inbox/ACCT.12.20261031", "another unit's\n");
    fixture_write("inbox/LOANS", "0001BB\n");
    fixture_write("inbox/LOANS.ok", "");
}

struct arrived {
    struct arena arena;
    struct unit *unit;
    struct input_set inputs;
    struct status st;
    bool ok;
};

struct places {
    const char *folder;
    const char *earlier[3];
    bool frozen;
};

static void arrive(struct arrived *a, const char *folder, const struct places *p)
{
    memset(a, 0, sizeof *a);
    arena_init(&a->arena, "test");
    input_set_init(&a->inputs, &a->arena);
    bool loaded = unit_load(folder, "11", &a->arena, &a->unit, &a->st);
    if (!loaded) print_error("%s\n", a->st.message);
    assert_true(loaded);
    const char *earlier[3];
    int count = 0;
    while (p && count < 3 && p->earlier[count]) {
        earlier[count] = arena_printf(&a->arena, "%s/%s", folder, p->earlier[count]);
        count++;
    }
    struct arrive_request r = {.unit = a->unit,
                               .business_date = FIXTURE_DAY,
                               .inbox = arena_printf(&a->arena, "%s/inbox", folder),
                               .folder = arena_printf(&a->arena, "%s/%s", folder, p && p->folder ? p->folder : "1/in"),
                               .earlier = earlier,
                               .earlier_count = count,
                               .frozen = p && p->frozen};
    a->ok = arrive_take(&r, &a->inputs, &a->arena, &a->st);
}

static void release(struct arrived *a)
{
    input_set_release(&a->inputs);
    arena_release(&a->arena);
}

/* "NAME " of a folder's files in byte order. */
static bool add_name(void *context, const char *name)
{
    buf_add_text(context, name);
    buf_add_text(context, " ");
    return true;
}

static const char *listing(const char *folder)
{
    static char texts[4][1024];
    static int next;
    struct buf b;
    struct status st = {0};
    buf_init(&b, 1024);
    if (os_exists(test_path(folder))) assert_true(os_list(test_path(folder), add_name, &b, &st));
    char *text = texts[next++ % 4];
    snprintf(text, 1024, "%s", b.bytes ? b.bytes : "");
    buf_release(&b);
    return text;
}

/* "LAYOUT/NAME " of the inputs in their order. */
static const char *inputs_text(const struct arrived *a)
{
    static char text[1024];
    text[0] = 0;
    for (int i = 0; i < a->inputs.files_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s/%s ", a->inputs.files[i].layout->name,
                 a->inputs.files[i].name);
    return text;
}

/* --- the ways to take --- */

static void test_ways_to_take(void **state)
{
    static const struct {
        const char *how, *inbox;
        bool same_inode;
    } CASES[] = {
        {"rename", "ACCT.12.20261031 CUST.3.part ", true},
        {"link", "ACCT.11.20261031 ACCT.11.20261031.ctl ACCT.12.20261031 CUST.1 CUST.2 CUST.3.part LOANS LOANS.ok ",
         true},
        {"copy", "ACCT.11.20261031 ACCT.11.20261031.ctl ACCT.12.20261031 CUST.1 CUST.2 CUST.3.part LOANS LOANS.ok ",
         false},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct arrived a;
        struct stat before, after;
        write_unit(CASES[i].how);
        write_inbox();
        assert_int_equal(stat(test_path("inbox/CUST.1"), &before), 0);
        arrive(&a, test_folder, NULL);
        if (!a.ok) fail_msg("%s: %s", CASES[i].how, a.st.message);
        assert_string_equal(listing("inbox"), CASES[i].inbox);
        assert_string_equal(listing("1/in"), "ACCT.11.20261031 ACCT.11.20261031.ctl CUST.1 CUST.2 LOANS ");
        assert_string_equal(inputs_text(&a),
                            "a/CUST.1 a/CUST.2 b/ACCT.11.20261031 c/LOANS "); /* customers first, names in byte order */
        assert_string_equal(test_read(test_path("1/in/CUST.1")), "000111\n000112\n");
        assert_int_equal(stat(test_path("1/in/CUST.1"), &after), 0);
        assert_int_equal(before.st_ino == after.st_ino, CASES[i].same_inode);
        release(&a);
        /* Again: what is there is kept, nothing else happens. */
        arrive(&a, test_folder, NULL);
        assert_true(a.ok);
        assert_string_equal(inputs_text(&a), "a/CUST.1 a/CUST.2 b/ACCT.11.20261031 c/LOANS ");
        assert_string_equal(listing("inbox"), CASES[i].inbox);
        release(&a);
    }
}

/* --- what is missing or incomplete --- */

static const struct {
    const char *name, *remove, *write, *text; /* one file taken away, one written */
    const char *message, *hint;
    enum status_code code;
} INCOMPLETE[] = {
    {"no customer file", "CUST.1 CUST.2", NULL, NULL, "layout a: no file \"CUST.*\" in \"/inbox\"",
     "wait for the business system, then the same command; see what is there: ls -l /inbox", STATUS_BUSY},
    {"no account file", "ACCT.11.20261031", NULL, NULL, "layout b: no file \"ACCT.11.20261031\" in \"/inbox\"",
     "wait for the business system, then the same command; see what is there: ls -l /inbox", STATUS_BUSY},
    {"no control file", "ACCT.11.20261031.ctl", NULL, NULL,
     "\"/inbox/ACCT.11.20261031\" is not complete: its control file (.ctl) is missing",
     "wait for the sender, or ask for the file again; then the same command", STATUS_BUSY},
    {"control file with other bytes", NULL, "ACCT.11.20261031.ctl", "records=1\nbytes=8\n",
     "\"/inbox/ACCT.11.20261031\" is not complete: it has 7 bytes, its control file says 8",
     "wait for the sender, or ask for the file again; then the same command", STATUS_BUSY},
    {"control file without records", NULL, "ACCT.11.20261031.ctl", "bytes=7\n",
     "\"/inbox/ACCT.11.20261031.ctl\" has no line records=N", "have the control file sent again", STATUS_INPUT},
    {"empty control file", NULL, "ACCT.11.20261031.ctl", "", "\"/inbox/ACCT.11.20261031.ctl\" has no line records=N",
     "have the control file sent again", STATUS_INPUT},
    {"no ok file", "LOANS.ok", NULL, NULL, "\"/inbox/LOANS\" is not complete: its .ok file is missing",
     "wait for the sender, or ask for the file again; then the same command", STATUS_BUSY},
    {"two files where one is expected", NULL, "LOANS2", "x",
     "layout c expects one file, found \"/inbox/LOANS\" and \"/inbox/LOANS2\"",
     "move the one that does not belong there away, or set expect = many in layouts/c.ini; then the same command",
     STATUS_INPUT},
    {"two patterns, two files", NULL, "ACCT2.11.20261031", "x",
     "layout b expects one file, found \"/inbox/ACCT.11.20261031\" and \"/inbox/ACCT2.11.20261031\"",
     "move the one that does not belong there away, or set expect = many in layouts/b.ini; then the same command",
     STATUS_INPUT},
    {"a file packed and not packed", NULL, "CUST.1.gz", "x",
     "layout a: \"/inbox/CUST.1\" and \"/inbox/CUST.1.gz\" are one file",
     "move one of them away; then the same command", STATUS_INPUT},
};

/* text without every occurrence of the test folder */
static const char *without_folder(const char *text)
{
    static char out[STATUS_MESSAGE_MAX];
    size_t n = 0, folder = strlen(test_folder);
    while (*text && n < sizeof out - 1) {
        if (strncmp(text, test_folder, folder) == 0)
            text += folder;
        else
            out[n++] = *text++;
    }
    out[n] = 0;
    return out;
}

static void test_incomplete(void **state)
{
    for (size_t i = 0; i < COUNT_OF(INCOMPLETE); i++) {
        struct arrived a;
        char path[128], names[128];
        write_unit("rename");
        write_inbox();
        snprintf(names, sizeof names, "%s", INCOMPLETE[i].remove ? INCOMPLETE[i].remove : "");
        for (char *save = NULL, *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
            snprintf(path, sizeof path, "inbox/%s", name);
            assert_int_equal(unlink(test_path(path)), 0);
        }
        snprintf(path, sizeof path, "inbox/%s", INCOMPLETE[i].write ? INCOMPLETE[i].write : "");
        if (INCOMPLETE[i].write) fixture_write(path, INCOMPLETE[i].text);
        const char *before = listing("inbox");
        arrive(&a, test_folder, NULL);
        if (a.ok) fail_msg("%s: taken", INCOMPLETE[i].name);
        assert_string_equal(without_folder(a.st.message), INCOMPLETE[i].message);
        assert_string_equal(without_folder(a.st.hint), INCOMPLETE[i].hint);
        assert_int_equal(a.st.code, INCOMPLETE[i].code);
        assert_has(a.st.context, "taking the files of unit 11");
        assert_string_equal(listing("1/in"), ""); /* nothing was taken */
        assert_string_equal(listing("inbox"), before);
        release(&a);
    }
}

static void test_stable(void **state)
{
    struct arrived a;
    write_unit("rename");
    write_inbox();
    write_layout("d", "account", "FUND", "expect = optional\ncomplete = stable 1\n");
    fixture_write("inbox/FUND", "0001CC\n");
    struct timespec old[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    assert_int_equal(utimensat(AT_FDCWD, test_path("inbox/FUND"), old, 0), 0);
    uint64_t start = os_monotonic_ns();
    arrive(&a, test_folder, NULL); /* untouched for a long time: no waiting */
    assert_true(a.ok && os_monotonic_ns() - start < 900000000u);
    release(&a);

    write_unit("rename");
    write_inbox();
    write_layout("d", "account", "FUND", "expect = optional\ncomplete = stable 1\n");
    fixture_write("inbox/FUND", "0001CC\n");
    pid_t sender = fork();
    if (sender == 0) {
        os_sleep_ms(300);
        struct status st = {0};
        int fd = os_open_append(test_path("inbox/FUND"), &st);
        _exit(!os_write(fd, "FUND", "0002CC\n", 7, &st));
    }
    arrive(&a, test_folder, NULL);
    assert_false(a.ok);
    assert_string_equal(without_folder(a.st.message), "\"/inbox/FUND\" is not complete: it is still growing");
    int status;
    assert_int_equal(waitpid(sender, &status, 0), sender);
    release(&a);
}

/* --- gzip --- */

static void write_gzip(const char *name, const char *text, int members)
{
    for (int i = 0; i < members; i++) {
        gzFile f = gzopen(test_path(name), i ? "ab" : "wb");
        assert_non_null(f);
        assert_int_equal(gzwrite(f, text, (unsigned)strlen(text)), strlen(text));
        gzclose(f);
    }
}

static void test_gzip(void **state)
{
    static const char *const WAYS[] = {"rename", "link", "copy"};
    for (size_t i = 0; i < COUNT_OF(WAYS); i++) {
        struct arrived a;
        write_unit(WAYS[i]);
        write_inbox();
        assert_int_equal(unlink(test_path("inbox/CUST.1")), 0);
        write_gzip("inbox/CUST.1.gz", "000111\n", 2); /* two members in a row */
        arrive(&a, test_folder, NULL);
        if (!a.ok) fail_msg("%s", a.st.message);
        assert_string_equal(test_read(test_path("1/in/CUST.1.gz")), "000111\n000111\n");
        assert_string_equal(listing("1/in"), "ACCT.11.20261031 ACCT.11.20261031.ctl CUST.1.gz CUST.2 LOANS ");
        assert_int_equal(os_exists(test_path("inbox/CUST.1.gz")),
                         i > 0); /* renamed: gone; linked and copied: as it was */
        if (i > 0) assert_true(test_read(test_path("inbox/CUST.1.gz"))[0] == 0x1f);
        release(&a);
    }
}

static void test_damaged_gzip(void **state)
{
    static const struct {
        const char *name, *message;
        int cut, flip; /* bytes cut off the end; offset of a byte to flip, -1: none */
    } CASES[] = {
        {"cut in the middle", "is not a whole gzip file: it ends too early", 30, -1},
        {"cut inside the check sum", "is not a whole gzip file: it ends too early", 4, -1},
        {"a flipped bit", "is not a whole gzip file: ", 0, 40},
        {"rubbish behind", "is not a whole gzip file: ", -5, -1},
    };
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 2000; i++) buf_addf(&text, "%06d\n", i * 7919 % 1000000);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        struct stat s;
        write_gzip("bad.gz", text.bytes, 1);
        assert_int_equal(stat(test_path("bad.gz"), &s), 0);
        assert_int_equal(truncate(test_path("bad.gz"), s.st_size - CASES[i].cut), 0);
        if (CASES[i].flip >= 0) {
            FILE *f = fopen(test_path("bad.gz"), "r+");
            fseek(f, CASES[i].flip, SEEK_SET);
            int c = fgetc(f);
            fseek(f, CASES[i].flip, SEEK_SET);
            fputc(c ^ 0x10, f);
            fclose(f);
        }
        if (CASES[i].cut < 0) {
            FILE *f = fopen(test_path("bad.gz"), "r+");
            fseek(f, s.st_size, SEEK_SET);
            fputs("abcde", f);
            fclose(f);
        }
        if (unpack_gzip(test_path("bad.gz"), test_path("bad"), &st)) fail_msg("%s: unpacked", CASES[i].name);
        assert_has(st.message, CASES[i].message);
        assert_has(st.message, "bad.gz\"");
        assert_int_equal(st.code, STATUS_INPUT);
        assert_string_equal(st.hint, "have it sent again; test a copy with: gzip -t FILE");
    }
    struct status st = {0};
    write_gzip("good.gz", text.bytes, 3);
    assert_true(unpack_gzip(test_path("good.gz"), test_path("good"), &st));
    struct stat s;
    assert_int_equal(stat(test_path("good"), &s), 0);
    assert_int_equal(s.st_size, 3 * text.length);
    buf_release(&text);
}

/* --- attempts --- */

/* A later attempt finds what all attempts before it took, and what came since replaces it. */
static void test_earlier_attempts(void **state)
{
    struct arrived a;
    write_unit("rename");
    write_inbox();
    arrive(&a, test_folder, NULL);
    assert_true(a.ok);
    release(&a);
    /* The second attempt failed before it took anything; the third finds the files of the first. A repaired file came
     * under a new name, one city file under its old name, packed. */
    fixture_write("inbox/LOANS.new", "0009BB\n");
    fixture_write("inbox/LOANS.new.ok", "");
    write_gzip("inbox/CUST.2.gz", "000129\n", 1);
    arrive(&a, test_folder, &(struct places){.folder = "3/in", .earlier = {"2/in", "1/in"}});
    if (!a.ok) fail_msg("%s", a.st.message);
    assert_string_equal(inputs_text(&a), "a/CUST.1 a/CUST.2.gz b/ACCT.11.20261031 c/LOANS.new ");
    assert_string_equal(test_read(test_path("3/in/CUST.2.gz")), "000129\n");
    assert_string_equal(listing("3/in"), "ACCT.11.20261031 ACCT.11.20261031.ctl CUST.1 CUST.2.gz LOANS.new ");
    assert_string_equal(listing("1/in"), "CUST.2 LOANS ");
    release(&a);
    /* The fourth: from the third, what that one does not have from the first. */
    assert_int_equal(unlink(test_path("3/in/CUST.2.gz")), 0);
    arrive(&a, test_folder, &(struct places){.folder = "4/in", .earlier = {"3/in", "2/in", "1/in"}});
    if (!a.ok) fail_msg("%s", a.st.message);
    assert_string_equal(inputs_text(&a), "a/CUST.1 a/CUST.2 b/ACCT.11.20261031 c/LOANS.new ");
    assert_string_equal(test_read(test_path("4/in/LOANS.new")), "0009BB\n");
    release(&a);
}

/* The repaired file needs its control file, an old file in an earlier attempt needs none any more. */
static void test_repaired_file_must_be_complete(void **state)
{
    struct arrived a;
    write_unit("rename");
    write_inbox();
    arrive(&a, test_folder, NULL);
    assert_true(a.ok);
    release(&a);
    fixture_write("inbox/ACCT.11.20261031", "0001AA\n0002AA\n");
    arrive(&a, test_folder, &(struct places){.folder = "2/in", .earlier = {"1/in"}});
    assert_false(a.ok);
    assert_has(a.st.message, "its control file (.ctl) is missing");
    assert_string_equal(listing("2/in"), "");
    release(&a);
    fixture_write("inbox/ACCT.11.20261031.ctl", "records=2\nbytes=14\n");
    arrive(&a, test_folder, &(struct places){.folder = "2/in", .earlier = {"1/in"}});
    if (!a.ok) fail_msg("%s", a.st.message);
    assert_string_equal(test_read(test_path("2/in/ACCT.11.20261031.ctl")), "records=2\nbytes=14\n");
    assert_string_equal(test_read(test_path("2/in/ACCT.11.20261031")), "0001AA\n0002AA\n");
    release(&a);
}

/* Once an attempt has its files, what comes to the inbox is for another. */
static void test_frozen(void **state)
{
    struct arrived a;
    write_unit("rename");
    write_inbox();
    arrive(&a, test_folder, NULL);
    assert_true(a.ok);
    release(&a);
    fixture_write("inbox/CUST.0", "000100\n");
    fixture_write("inbox/LOANS2", "x\n");
    arrive(&a, test_folder, &(struct places){.frozen = true});
    assert_true(a.ok);
    assert_string_equal(inputs_text(&a), "a/CUST.1 a/CUST.2 b/ACCT.11.20261031 c/LOANS ");
    assert_true(os_exists(test_path("inbox/CUST.0")) && os_exists(test_path("inbox/LOANS2")));
    release(&a);
}

/* --- a look without taking --- */

static bool note_found(void *context, int layout_index, const char *name, const char *path)
{
    buf_addf(context, "%d/%s ", layout_index, name);
    assert_has(path, "/inbox/");
    return true;
}

static void test_look(void **state)
{
    struct arena arena;
    struct unit *unit;
    struct status st = {0};
    struct buf b;
    buf_init(&b, 4096);
    arena_init(&arena, "test");
    write_unit("rename");
    write_inbox();
    const char *before = listing("inbox");
    assert_true(unit_load(test_folder, "11", &arena, &unit, &st));
    struct arrive_request r = {
        .unit = unit, .business_date = FIXTURE_DAY, .inbox = test_path("inbox"), .folder = test_path("1/in")};
    assert_true(arrive_look(&r, note_found, &b, &st));
    assert_string_equal(b.bytes, "0/ACCT.11.20261031 1/CUST.1 1/CUST.2 2/LOANS ");
    assert_string_equal(listing("inbox"), before);
    assert_false(os_exists(test_path("1/in")));
    buf_release(&b);
    arena_release(&arena);
}

/* --- a crash, or a refused call, at every system call --- */

static const char *program;

static int child(const char *folder)
{
    struct arrived a;
    arrive(&a, folder, NULL);
    bool ok = a.ok;
    release(&a);
    return ok ? 0 : 1;
}

/* Runs arrive in a child with one variable of the environment set; the wait status. */
static int run_child(const char *variable, int value)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        freopen("/dev/null", "w", stderr);
        char text[16];
        snprintf(text, sizeof text, "%d", value);
        if (variable) setenv(variable, text, 1);
        execl(program, program, "child", test_folder, (char *)NULL);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 127);
    return status;
}

/* Calls before the first that has to do with taking: reading the configuration is not what is tested here. */
static int calls_before_taking(void)
{
    int n = 0;
    char line[OS_PATH_MAX + 64];
    write_unit("rename");
    write_inbox();
    setenv("CRMX_CALL_LOG", test_path("calls"), 1);
    assert_int_equal(run_child(NULL, 0), 0);
    unsetenv("CRMX_CALL_LOG");
    FILE *f = fopen(test_path("calls"), "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) && !strstr(line, "mkdir")) n++;
    fclose(f);
    assert_true(n > 20);
    return n;
}

/* At every stride-th call: a process costs 10 ms. */
static void interrupted(const char *how, const char *variable, int stride)
{
    int first = calls_before_taking(), n = first;
    write_unit(how);
    for (bool done = false; !done; n += stride) {
        struct status st = {0};
        assert_true(os_remove_tree(test_path("inbox"), &st) && os_remove_tree(test_path("1"), &st));
        write_inbox();
        assert_int_equal(unlink(test_path("inbox/CUST.1")), 0);
        write_gzip("inbox/CUST.1.gz", "000111\n000112\n", 1);
        int status = run_child(variable, n);
        done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (!done) assert_int_equal(run_child(NULL, 0), 0); /* the same again */
        const char *in = listing("1/in");
        if (strcmp(in, "ACCT.11.20261031 ACCT.11.20261031.ctl CUST.1.gz CUST.2 LOANS ") != 0)
            fail_msg("%s %s=%d: %s", how, variable, n, in);
        assert_string_equal(test_read(test_path("1/in/CUST.1.gz")), "000111\n000112\n");
        assert_string_equal(test_read(test_path("1/in/CUST.2")), "000121\n");
        assert_string_equal(test_read(test_path("1/in/ACCT.11.20261031")), "0001AA\n");
        assert_string_equal(test_read(test_path("1/in/ACCT.11.20261031.ctl")), "records=1\nbytes=7\n");
        if (strcmp(how, "rename") == 0 && strcmp(listing("inbox"), "ACCT.12.20261031 CUST.3.part ") != 0)
            fail_msg("%s=%d leaves in the inbox: %s", variable, n, listing("inbox"));
    }
    assert_true(n > first + 20); /* there are that many calls to interrupt */
}

static void test_interrupted(void **state)
{
    interrupted("rename", "CRMX_CRASH_AT", 1);
    interrupted("rename", "CRMX_FAULT_AT", 2);
    interrupted("link", "CRMX_CRASH_AT", 3);
    interrupted("copy", "CRMX_CRASH_AT", 3);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "child") == 0) return child(argv[2]);
    program = argv[0];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways_to_take),
        cmocka_unit_test(test_incomplete),
        cmocka_unit_test(test_stable),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_damaged_gzip),
        cmocka_unit_test(test_earlier_attempts),
        cmocka_unit_test(test_repaired_file_must_be_complete),
        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_look),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
