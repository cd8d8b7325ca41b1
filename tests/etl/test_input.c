/* Input files: bases of record ids, offsets back from ids, what changes while it is read, limits. */
#include "etl/input.h"
#include "tests/etl/fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

struct inputs {
    struct arena arena;
    struct input_set set;
    struct status st;
};

static void setup(struct inputs *in)
{
    memset(in, 0, sizeof *in);
    arena_init(&in->arena, "test");
    input_set_init(&in->set, &in->arena);
}

static void teardown(struct inputs *in)
{
    input_set_release(&in->set);
    arena_release(&in->arena);
}

static struct layout *customer_layout(struct inputs *in, uint32_t length, const char *line_end)
{
    return fixture_layout(
        &in->arena,
        arena_printf(&in->arena, "class = customer\nsystem = s\nrecord_length = %u\nline_end = %s", length, line_end),
        "source_no = 0 1 text\nid_type = 1 1 text\nid_no = 2 1 text\n");
}

static void sized_file(const char *name, uint64_t size)
{
    int fd = open(test_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0640);
    assert_true(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    close(fd);
}

/* Customer files share one space of ids, every other layout has its own; a base is a multiple of 64 and leaves room for
 * every byte of the file before. */
static void test_bases(void **state)
{
    static const struct {
        const char *name;
        uint64_t size;
        int layout;
        uint32_t base, max;
    } FILES[] = {
        {"c1", 100 * 11, 0, 0, 128},  {"c2", 0, 0, 128, 64},     {"c3", 64 * 11, 1, 192, 64},
        {"c4", 64 * 21, 1, 256, 128}, {"a1", 63 * 11, 2, 0, 64}, {"a2", 10 * 11 + 3, 2, 64, 64},
        {"r1", 1, 3, 0, 64},
    };
    struct inputs in;
    setup(&in);
    struct layout *layouts[4] = {customer_layout(&in, 10, "lf"), customer_layout(&in, 20, "lf")};
    for (int i = 2; i < 4; i++)
        layouts[i] =
            fixture_layout(&in.arena, "class = account\nsystem = s\nrecord_length = 10", "account = 0 10 text\n");
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        sized_file(FILES[i].name, FILES[i].size);
        assert_true(input_add(&in.set, FILES[i].name, test_path(FILES[i].name), layouts[FILES[i].layout],
                              FILES[i].layout, &in.st));
    }
    assert_true(input_open_all(&in.set, &in.st));
    assert_int_equal(in.set.customer_files, 4);
    for (size_t i = 0; i < COUNT_OF(FILES); i++) {
        const struct input_file *f = &in.set.files[i];
        uint32_t stride = FILES[i].layout == 1 ? 21 : 11;
        assert_int_equal(f->record_base, FILES[i].base);
        assert_int_equal(f->records_max, (uint32_t)((FILES[i].size / stride + 64) & ~63u));
        if (i != 2) assert_int_equal(f->records_max, FILES[i].max);
        if (FILES[i].size) assert_true(input_record_id(f, FILES[i].size - 1) - f->record_base < f->records_max);
    }
    assert_int_equal(in.set.customer_records_max, in.set.files[3].record_base + in.set.files[3].records_max);
    assert_int_equal(input_space(&in.set, -1), in.set.customer_records_max);
    assert_int_equal(input_space(&in.set, 2), 128);
    assert_int_equal(input_space(&in.set, 7), 0);
    assert_ptr_equal(input_file_of(&in.set, -1, 127), &in.set.files[0]);
    assert_ptr_equal(input_file_of(&in.set, -1, 128), &in.set.files[1]);
    assert_ptr_equal(input_file_of(&in.set, 2, 64), &in.set.files[5]);
    assert_null(input_file_of(&in.set, 2, 128));
    assert_null(input_file_of(&in.set, 9, 0));
    teardown(&in);
}

/* Every id gives back the offset it was made of, wherever records of wrong length have moved the rest. */
static void test_offsets(void **state)
{
    struct inputs in;
    uint64_t seed = fixture_seed(), s = seed, offsets[3000];
    setup(&in);
    struct layout *l = customer_layout(&in, 10, "any");
    sized_file("offsets", 3000 * 14);
    assert_true(input_add(&in.set, "offsets", test_path("offsets"), l, 0, &in.st));
    assert_true(input_open_all(&in.set, &in.st));
    struct input_file *f = &in.set.files[0];
    /* Records of 10 bytes with LF or CRLF, now and then something of another length between them; chunks of 256 KiB do
     * not matter here, the segments of one chunk do. */
    uint32_t remainder = UINT32_MAX;
    uint64_t at = 0;
    for (int i = 0; i < 3000; i++) {
        if (fixture_below(&s, 10) == 0) at += 1 + fixture_below(&s, 9);
        offsets[i] = at;
        input_note_segment(f, &f->chunks[0], at, &remainder);
        f->chunks[0].lines++;
        f->chunks[0].accepted++;
        at += fixture_below(&s, 4) ? 11 : 12;
    }
    assert_true(input_seal(&in.set.files[0], &in.st));
    for (int i = 0; i < 3000; i++) {
        if (input_offset(f, input_record_id(f, offsets[i])) != offsets[i])
            fail_msg("CRMX_TEST_SEED=%llu record %d", (unsigned long long)seed, i);
        if (i) assert_true(input_record_id(f, offsets[i]) > input_record_id(f, offsets[i - 1]));
    }
    teardown(&in);
}

static void test_read_record(void **state)
{
    struct inputs in;
    unsigned char record[10];
    uint32_t remainder = UINT32_MAX;
    setup(&in);
    test_write(test_path("read"), view_of("0123456789\nshort\nabcdefghij\n"));
    assert_true(input_add(&in.set, "read", test_path("read"), customer_layout(&in, 10, "lf"), 0, &in.st));
    assert_true(input_open_all(&in.set, &in.st));
    struct input_file *f = &in.set.files[0];
    input_note_segment(f, &f->chunks[0], 0, &remainder);
    input_note_segment(f, &f->chunks[0], 17, &remainder);
    input_note_reject(&f->chunks[0], &(struct input_reject){11, 1, 5, 0, -1});
    f->chunks[0].lines = 3;
    f->chunks[0].accepted = 2;
    assert_true(input_seal(&in.set.files[0], &in.st));
    assert_int_equal(f->segments_count, 2);
    assert_int_equal(f->rejected, 1);
    assert_int_equal(f->chunks[0].rejects[0].line, 2);
    assert_true(input_read_record(f, input_record_id(f, 17), record, &in.st));
    assert_memory_equal(record, "abcdefghij", 10);
    assert_true(input_read_record(f, 0, record, &in.st));
    assert_memory_equal(record, "0123456789", 10);
    assert_false(input_read_record(f, 60, record, &in.st));
    assert_has(in.st.context, "reading record 60 of \"read\"");
    teardown(&in);
}

/* A file that grows, shrinks or is written again while it is read is noticed. */
static void test_changed_file(void **state)
{
    static const struct {
        const char *name;
        uint64_t size;
    } CASES[] = {{"grows", 330}, {"shrinks", 11}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct inputs in;
        setup(&in);
        sized_file("changed", 110);
        assert_true(input_add(&in.set, "changed", test_path("changed"), customer_layout(&in, 10, "lf"), 0, &in.st));
        assert_true(input_open_all(&in.set, &in.st));
        assert_true(truncate(test_path("changed"), (off_t)CASES[i].size) == 0);
        assert_false(input_seal(&in.set.files[0], &in.st));
        char message[128];
        snprintf(message, sizeof message, "\"changed\" changed while it was read (110 bytes before, %d now)",
                 (int)CASES[i].size);
        assert_string_equal(in.st.message, message);
        assert_string_equal(in.st.hint,
                            "the sender was still writing: have it sent again, or give its layout complete = ok");
        assert_int_equal(in.st.code, STATUS_INPUT);
        teardown(&in);
    }
    /* Same size, other content: the modification time tells. */
    struct inputs in;
    setup(&in);
    sized_file("changed", 110);
    assert_true(input_add(&in.set, "changed", test_path("changed"), customer_layout(&in, 10, "lf"), 0, &in.st));
    assert_true(input_open_all(&in.set, &in.st));
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000}};
    assert_true(utimensat(AT_FDCWD, test_path("changed"), times, 0) == 0);
    assert_false(input_seal(&in.set.files[0], &in.st));
    teardown(&in);
}

/* Ids are 32 bits: what does not fit is refused before anything is read (the file is sparse, it takes no room). */
static void test_too_many_records(void **state)
{
    struct inputs in;
    setup(&in);
    sized_file("huge", UINT64_C(4294967296) * 4);
    assert_true(input_add(&in.set, "huge", test_path("huge"), customer_layout(&in, 3, "lf"), 0, &in.st));
    assert_false(input_open_all(&in.set, &in.st));
    assert_has(in.st.message, "huge\" has 17179869184 bytes: more than 4,294,967,000 records of layout x");
    assert_string_equal(in.st.hint, "split the unit: city branches can be units of their own");
    teardown(&in);
    assert_int_equal(unlink(test_path("huge")), 0);
}

static void test_too_many_files(void **state)
{
    struct inputs in;
    setup(&in);
    struct layout *l = customer_layout(&in, 3, "lf");
    for (int i = 0; i < INPUT_FILES_MAX; i++) assert_true(input_add(&in.set, "f", "f", l, 0, &in.st));
    assert_false(input_add(&in.set, "f", "f", l, 0, &in.st));
    assert_string_equal(in.st.message, "more than 512 input files");
    in.set.files_count = 0;
    teardown(&in);
}

static void test_missing_file(void **state)
{
    struct inputs in;
    setup(&in);
    assert_true(input_add(&in.set, "gone", test_path("gone"), customer_layout(&in, 3, "lf"), 0, &in.st));
    assert_false(input_open_all(&in.set, &in.st));
    assert_has(in.st.message, "could not open \"");
    assert_has(in.st.message, "No such file or directory");
    teardown(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bases),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_read_record),
        cmocka_unit_test(test_changed_file),
        cmocka_unit_test(test_too_many_records),
        cmocka_unit_test(test_too_many_files),
        cmocka_unit_test(test_missing_file),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
