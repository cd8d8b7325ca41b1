/* The ledger: its states, its lines, and what is left of it after a crash or a change by somebody else. */
#include "base/date.h"
#include "etl/ledger.h"
#include "etl/ledger_line.h"
#include "tests/test.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct ledger_key NOVEMBER_20 = {20777, 1}, NOVEMBER_21 = {20778, 1};

struct step {
    int set; /* 0 or 1: NOVEMBER_20 or _21 */
    const char *file;
    enum ledger_state to;
    const char *detail;
};

/* One delivered set and a second one that was left while its file was being renamed. */
static const struct step STORY[] = {
    {0, "A", LEDGER_PREPARED, "bytes=10 sha256=" SHA},
    {0, "B", LEDGER_PREPARED, "bytes=20 sha256=" SHA},
    {0, NULL, LEDGER_PREPARED, "generation=20261120.1.1 manifest=" SHA " files=2"},
    {0, "A", LEDGER_UPLOADED, "size verified"},
    {0, "B", LEDGER_UPLOADED, "size verified"},
    {0, NULL, LEDGER_UPLOADED, ""},
    {0, NULL, LEDGER_COMMITTING, ""},
    {0, "A", LEDGER_COMMITTING, ""},
    {0, "A", LEDGER_DELIVERED, ""},
    {0, "B", LEDGER_COMMITTING, ""},
    {0, "B", LEDGER_DELIVERED, "tabs\tand\nlines become blanks"},
    {0, NULL, LEDGER_DELIVERED, ""},
    {0, NULL, LEDGER_ACKED, "receiver: accepted"},
    {1, "A", LEDGER_PREPARED, "bytes=11 sha256=" SHA},
    {1, NULL, LEDGER_PREPARED, "generation=20261121.1.1 manifest=" SHA},
    {1, "A", LEDGER_UPLOADED, ""},
    {1, NULL, LEDGER_UPLOADED, ""},
    {1, NULL, LEDGER_COMMITTING, ""},
    {1, "A", LEDGER_COMMITTING, ""},
};

static struct ledger *open_ledger(const char *path)
{
    struct status st = {0};
    struct ledger *l = ledger_open(path, "11", "crm", &st);
    if (!l) print_error("%s\n", st.message);
    assert_non_null(l);
    return l;
}

static void write_story(const char *path, size_t steps)
{
    struct status st = {0};
    assert_true(os_unlink(path, &st));
    struct ledger *l = open_ledger(path);
    for (size_t i = 0; i < steps; i++)
        assert_true(ledger_change(l, STORY[i].set ? NOVEMBER_21 : NOVEMBER_20, STORY[i].file, STORY[i].to,
                                  STORY[i].detail, &st));
    ledger_close(l);
}

static void test_keys(void **state)
{
    static const struct {
        const char *text, *canonical; /* NULL: refused */
    } CASES[] = {
        {"20261120.001", "20261120.001"},
        {"2026-11-20.1", "20261120.001"},
        {"20261120.1234", "20261120.1234"},
        {"20261120.0", NULL},
        {"20261120", NULL},
        {"20261131.1", NULL},
        {"20261120.", NULL},
        {"20261120.1x", NULL},
        {"", NULL},
        {"20261120.1000000", NULL},
        {"20261120.999999", "20261120.999999"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct ledger_key key;
        assert_int_equal(ledger_key_parse(CASES[i].text, &key), CASES[i].canonical != NULL);
        if (CASES[i].canonical) assert_string_equal(ledger_key_format(key).text, CASES[i].canonical);
    }
    assert_true(ledger_key_compare(NOVEMBER_20, NOVEMBER_21) < 0);
    assert_true(ledger_key_compare((struct ledger_key){20777, 2}, NOVEMBER_20) > 0);
    assert_int_equal(ledger_key_compare(NOVEMBER_20, NOVEMBER_20), 0);
}

static void test_story_is_read_again(void **state)
{
    const char *path = test_path("new/folders/crm.ledger"); /* made on the way */
    write_story(path, COUNT_OF(STORY));
    struct ledger *l = open_ledger(path);
    assert_null(ledger_notice(l));
    assert_string_equal(ledger_unit(l), "11");
    assert_string_equal(ledger_target(l), "crm");
    assert_int_equal(ledger_sets_count(l), 2);
    const struct ledger_set *s = ledger_find(l, NOVEMBER_20);
    assert_ptr_equal(s, ledger_set_at(l, 0));
    assert_int_equal(s->state, LEDGER_ACKED);
    assert_string_equal(s->generation, "20261120.1.1");
    assert_string_equal(s->manifest, SHA);
    assert_string_equal(s->detail, "receiver: accepted");
    assert_int_equal(s->files_count, 2);
    assert_int_equal(ledger_find_file(s, "B")->bytes, 20);
    assert_string_equal(ledger_find_file(s, "B")->sha256, SHA);
    assert_int_equal(ledger_find_file(s, "B")->state, LEDGER_DELIVERED);
    assert_null(ledger_find_file(s, "C"));
    s = ledger_find(l, NOVEMBER_21);
    assert_int_equal(s->state, LEDGER_COMMITTING);
    assert_true(s->was_committing);
    assert_int_equal(ledger_find_file(s, "A")->state, LEDGER_COMMITTING);
    assert_null(ledger_set_at(l, 2));
    ledger_close(l);
}

static void test_missing_is_empty(void **state)
{
    struct status st = {0};
    struct ledger *l = ledger_read(test_path("never"), &st);
    assert_non_null(l);
    assert_int_equal(ledger_sets_count(l), 0);
    assert_false(os_exists(test_path("never")));
    ledger_close(l);
}

static void test_one_writer(void **state)
{
    struct status st = {0};
    const char *path = test_path("busy.ledger");
    struct ledger *l = open_ledger(path);
    assert_null(ledger_open(path, "11", "crm", &st));
    assert_int_equal(st.code, STATUS_BUSY);
    struct status fine = {0};
    struct ledger *reader = ledger_read(path, &fine);
    assert_non_null(reader);
    ledger_close(reader);
    ledger_close(l);
}

static void test_other_owner(void **state)
{
    static const char *const OWNERS[][2] = {{"12", "crm"}, {"11", "other"}, {"1", "crm"}};
    const char *path = test_path("owner.ledger");
    write_story(path, 3);
    for (size_t i = 0; i < COUNT_OF(OWNERS); i++) {
        struct status st = {0};
        assert_null(ledger_open(path, OWNERS[i][0], OWNERS[i][1], &st));
        assert_int_equal(st.code, STATUS_CORRUPT);
        assert_has(st.message, "belongs to unit 11, target crm");
    }
}

static size_t file_size(const char *path)
{
    struct os_file_identity id;
    struct status st = {0};
    assert_true(os_identify(path, &id, &st));
    return id.size;
}

static size_t lines_in(const char *text, size_t length)
{
    size_t lines = 0;
    for (size_t i = 0; i < length; i++) lines += text[i] == '\n';
    return lines;
}

static void test_cut_anywhere(void **state)
{
    const char *path = test_path("torn.ledger");
    static char whole[65536];
    write_story(path, COUNT_OF(STORY));
    snprintf(whole, sizeof whole, "%s", test_read(path));
    size_t size = strlen(whole);
    assert_in_range(size, 1000, sizeof whole - 1);
    for (size_t length = 0; length < size; length++) { /* a crash may leave any beginning of the file */
        test_write(path, (struct view){whole, length});
        struct status st = {0};
        struct ledger *reader = ledger_read(path, &st);
        assert_non_null(reader);
        assert_int_equal(ledger_sets_count(reader), lines_in(whole, length) > 14 ? 2 : lines_in(whole, length) > 1);
        ledger_close(reader);
        if (length % 97 && length < size - 20) continue; /* opening for writing costs fsyncs */
        struct ledger *l = open_ledger(path);
        size_t kept = length;
        while (kept && whole[kept - 1] != '\n') kept--;
        assert_int_equal(ledger_notice(l) != NULL, kept != length);
        if (kept != length) assert_has(ledger_notice(l), "torn by a crash");
        if (kept) assert_int_equal(file_size(path), kept);
        ledger_close(l);
        if (kept) assert_memory_equal(test_read(path), whole, kept);
    }
}

static void test_continues_after_a_torn_line(void **state)
{
    struct status st = {0};
    const char *path = test_path("continued.ledger");
    write_story(path, COUNT_OF(STORY));
    int fd = os_open_append(path, &st);
    assert_true(os_write(fd, path, "22\t2026-11-21T02:00:00Z\t2026\0\0\0\0", 30, &st));
    os_close(fd);
    struct ledger *l = open_ledger(path);
    assert_true(ledger_change(l, NOVEMBER_21, "A", LEDGER_DELIVERED, "", &st));
    ledger_close(l);
    l = open_ledger(path);
    assert_null(ledger_notice(l));
    assert_int_equal(ledger_find_file(ledger_find(l, NOVEMBER_21), "A")->state, LEDGER_DELIVERED);
    ledger_close(l);
}

static void test_every_changed_byte_is_found(void **state)
{
    const char *path = test_path("changed.ledger");
    static char whole[65536];
    write_story(path, COUNT_OF(STORY));
    snprintf(whole, sizeof whole, "%s", test_read(path));
    size_t size = strlen(whole), last = size - 1;
    while (whole[last - 1] != '\n') last--;
    for (size_t at = 0; at < last; at++) {
        struct status st = {0};
        char kept = whole[at];
        whole[at] = (char)(kept ^ 1);
        test_write(path, (struct view){whole, size});
        struct ledger *l = ledger_read(path, &st);
        if (l) print_error("changed byte %zu was not found\n", at);
        assert_null(l);
        assert_int_equal(st.code, STATUS_CORRUPT);
        assert_has(st.message, "line ");
        assert_has(st.hint, "crmx help delivery resolve");
        whole[at] = kept;
    }
}

static void test_lost_and_repeated_lines(void **state)
{
    const char *path = test_path("lines.ledger");
    write_story(path, COUNT_OF(STORY));
    static char whole[65536], other[65536];
    snprintf(whole, sizeof whole, "%s", test_read(path));
    const char *second = strchr(whole, '\n') + 1, *third = strchr(second, '\n') + 1;
    const struct {
        const char *name;
        struct view parts[3];
    } CASES[] = {
        {"without the second line", {{whole, (size_t)(second - whole)}, view_of(third)}},
        {"the second line twice", {{whole, (size_t)(third - whole)}, view_of(second)}},
        {"without the head", {view_of(second)}},
        {"the head twice", {{whole, (size_t)(second - whole)}, view_of(whole)}},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct status st = {0};
        size_t n = 0;
        for (int k = 0; k < 3; k++) {
            if (!CASES[i].parts[k].length) continue;
            memcpy(other + n, CASES[i].parts[k].bytes, CASES[i].parts[k].length);
            n += CASES[i].parts[k].length;
        }
        test_write(path, (struct view){other, n});
        struct ledger *l = ledger_read(path, &st);
        if (l) print_error("%s was not found\n", CASES[i].name);
        assert_null(l);
        assert_int_equal(st.code, STATUS_CORRUPT);
    }
}

/* Which state may follow which: written as a ledger with right checksums, so that the reader itself has to refuse. */
static bool reads(const struct step *steps, size_t count)
{
    struct status st = {0};
    struct buf text;
    buf_init(&text, 1 << 16);
    struct ledger_line line = {
        .number = 1, .time = VIEW_LITERAL("t"), .is_head = true, .detail = VIEW_LITERAL("unit=11 target=crm")};
    ledger_line_add(&text, &line, 0);
    for (size_t i = 0; i < count; i++) {
        uint64_t seed = line.check;
        line = (struct ledger_line){.number = i + 2,
                                    .time = VIEW_LITERAL("t"),
                                    .key = steps[i].set ? NOVEMBER_21 : NOVEMBER_20,
                                    .file = view_of(steps[i].file),
                                    .state = steps[i].to,
                                    .detail = view_of(steps[i].detail)};
        ledger_line_add(&text, &line, seed);
    }
    test_write(test_path("states.ledger"), buf_view(&text));
    struct ledger *l = ledger_read(test_path("states.ledger"), &st);
    if (!l) assert_has(st.message, "cannot follow");
    bool ok = l != NULL;
    ledger_close(l);
    buf_release(&text);
    return ok;
}

static void test_transitions(void **state)
{
    /* Ways to each state of a set, then which states may come next. */
    static const struct {
        enum ledger_state from;
        enum ledger_state way[6];
        unsigned next; /* bits */
    } CASES[] = {
        {LEDGER_NONE, {0}, 1 << LEDGER_PREPARED | 1 << LEDGER_DELIVERED},
        {LEDGER_PREPARED, {LEDGER_PREPARED}, 1 << LEDGER_PREPARED | 1 << LEDGER_UPLOADED | 1 << LEDGER_DELIVERED},
        {LEDGER_UPLOADED,
         {LEDGER_PREPARED, LEDGER_UPLOADED},
         1 << LEDGER_PREPARED | 1 << LEDGER_COMMITTING | 1 << LEDGER_DELIVERED},
        {LEDGER_COMMITTING,
         {LEDGER_PREPARED, LEDGER_UPLOADED, LEDGER_COMMITTING},
         1 << LEDGER_PREPARED | 1 << LEDGER_DELIVERED | 1 << LEDGER_UNKNOWN | 1 << LEDGER_ACKED},
        {LEDGER_UNKNOWN,
         {LEDGER_PREPARED, LEDGER_UPLOADED, LEDGER_COMMITTING, LEDGER_UNKNOWN},
         1 << LEDGER_PREPARED | 1 << LEDGER_COMMITTING | 1 << LEDGER_DELIVERED | 1 << LEDGER_ACKED},
        {LEDGER_DELIVERED, {LEDGER_DELIVERED}, 1 << LEDGER_PREPARED | 1 << LEDGER_UNKNOWN | 1 << LEDGER_ACKED},
        {LEDGER_ACKED, {LEDGER_DELIVERED, LEDGER_ACKED}, 1 << LEDGER_PREPARED},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        for (int to = LEDGER_PREPARED; to < LEDGER_STATES_COUNT; to++) {
            struct step steps[8];
            size_t n = 0;
            while (n < 6 && CASES[i].way[n]) steps[n] = (struct step){0, NULL, CASES[i].way[n], ""}, n++;
            assert_true(n == 0 || reads(steps, n));
            steps[n++] = (struct step){0, NULL, (enum ledger_state)to, ""};
            bool wanted = CASES[i].next >> to & 1;
            if (reads(steps, n) != wanted)
                fail_msg("%s to %s", ledger_state_name(CASES[i].from), ledger_state_name((enum ledger_state)to));
        }
}

static void test_files_and_order(void **state)
{
    static const struct {
        const char *name;
        bool good;
        struct step steps[4];
        size_t count;
    } CASES[] = {
        {"file uploaded before it was prepared", false, {{0, "A", LEDGER_UPLOADED, ""}}, 1},
        {"file renamed before it was uploaded",
         false,
         {{0, "A", LEDGER_PREPARED, ""}, {0, "A", LEDGER_COMMITTING, ""}},
         2},
        {"file acknowledged", false, {{0, "A", LEDGER_PREPARED, ""}, {0, "A", LEDGER_ACKED, ""}}, 2},
        {"file sent back",
         true,
         {{0, "A", LEDGER_PREPARED, ""}, {0, "A", LEDGER_UPLOADED, ""}, {0, "A", LEDGER_PREPARED, ""}},
         3},
        {"a new set after a later one", false, {{1, NULL, LEDGER_PREPARED, ""}, {0, NULL, LEDGER_PREPARED, ""}}, 2},
        {"two sets", true, {{0, NULL, LEDGER_PREPARED, ""}, {1, NULL, LEDGER_PREPARED, ""}}, 2},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        if (reads(CASES[i].steps, CASES[i].count) != CASES[i].good) fail_msg("%s", CASES[i].name);
}

static void test_prepared_again(void **state)
{
    struct status st = {0};
    const char *path = test_path("again.ledger");
    static const struct step STEPS[] = {
        {0, "A", LEDGER_PREPARED, "bytes=1 sha256=" SHA},
        {0, "OLD", LEDGER_PREPARED, "bytes=1 sha256=" SHA},
        {0, NULL, LEDGER_PREPARED, "generation=g1 manifest=" SHA},
        {0, "A", LEDGER_UPLOADED, ""},
        {0, "A", LEDGER_PREPARED, "bytes=2 sha256=" SHA},
        {0, NULL, LEDGER_PREPARED, "generation=g2 manifest=" SHA},
    };
    struct ledger *l = open_ledger(path);
    for (size_t i = 0; i < COUNT_OF(STEPS); i++)
        assert_true(ledger_change(l, NOVEMBER_20, STEPS[i].file, STEPS[i].to, STEPS[i].detail, &st));
    const struct ledger_set *s = ledger_find(l, NOVEMBER_20);
    assert_int_equal(s->preparation, 2);
    assert_string_equal(s->generation, "g2");
    assert_int_equal(ledger_find_file(s, "A")->preparation, 2);
    assert_int_equal(ledger_find_file(s, "A")->bytes, 2);
    assert_int_equal(ledger_find_file(s, "OLD")->preparation, 1);
    /* On the way back without bytes: what was prepared stays prepared. */
    assert_true(ledger_change(l, NOVEMBER_20, "A", LEDGER_PREPARED, "its .part is gone", &st));
    assert_int_equal(ledger_find_file(ledger_find(l, NOVEMBER_20), "A")->bytes, 2);
    assert_int_equal(ledger_find_file(ledger_find(l, NOVEMBER_20), "A")->preparation, 2);
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_story_is_read_again),
        cmocka_unit_test(test_missing_is_empty),
        cmocka_unit_test(test_one_writer),
        cmocka_unit_test(test_other_owner),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_continues_after_a_torn_line),
        cmocka_unit_test(test_every_changed_byte_is_found),
        cmocka_unit_test(test_lost_and_repeated_lines),
        cmocka_unit_test(test_transitions),
        cmocka_unit_test(test_files_and_order),
        cmocka_unit_test(test_prepared_again),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
