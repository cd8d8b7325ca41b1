/* Segments: numbers to bytes and back, files written by several threads, and that no damaged byte goes unnoticed. */
#include "base/pool.h"
#include "etl/segment.h"
#include "etl/segment_code.h"
#include "tests/etl/fixture.h"

#include <pthread.h>
#include <sys/stat.h>

/* --- runs of integers --- */

enum shape {
    SHAPE_CONSTANT,
    SHAPE_BYTE,
    SHAPE_WORD,
    SHAPE_INT,
    SHAPE_WIDE,
    SHAPE_SPARSE,
    SHAPE_SPARSE_WIDE,
    SHAPE_EXTREME,
    SHAPE_MONEY,
    SHAPES
};

static int64_t random_value(uint64_t *s, enum shape shape, int64_t base)
{
    static const int64_t EXTREMES[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    switch (shape) {
    case SHAPE_CONSTANT: return base;
    case SHAPE_BYTE: return (int64_t)((uint64_t)base + fixture_below(s, 256));
    case SHAPE_WORD: return (int64_t)((uint64_t)base + fixture_below(s, 65536));
    case SHAPE_INT: return (int64_t)((uint64_t)base + (uint32_t)fixture_random(s));
    case SHAPE_SPARSE: return fixture_below(s, 50) ? 0 : (int64_t)fixture_below(s, 100) - 50;
    case SHAPE_SPARSE_WIDE: return fixture_below(s, 200) ? 0 : (int64_t)fixture_random(s);
    case SHAPE_EXTREME: return EXTREMES[fixture_below(s, COUNT_OF(EXTREMES))];
    case SHAPE_MONEY: return (int64_t)fixture_below(s, 100000000) - 50000000;
    default: return (int64_t)fixture_random(s);
    }
}

/* Those that are not 0, in order, and nothing else. */
static bool few_agree(const struct segment_packed *packed, uint32_t first, uint32_t count, const int64_t *values)
{
    uint16_t places[SEGMENT_RUN + SEGMENT_SLICE];
    double out[SEGMENT_RUN];
    uint32_t found = segment_unpack_few(packed, first, count, places, out), k = 0;
    bool ok = true;
    for (uint32_t i = 0; ok && i < count; i++)
        if (values[first + i]) {
            ok = k < found && places[k] == i && out[k] == (double)values[first + i];
            k++;
        }
    return ok && k == found;
}

/* The run as a column of one run has it: a table of offsets in front. Every slice as doubles, against the integers. */
static bool packed_agrees(const struct buf *run, const int64_t *values, uint32_t count)
{
    uint64_t offset = 8;
    size_t length = run->length + sizeof offset;
    char *column = malloc(length);
    struct segment_packed packed;
    double out[SEGMENT_RUN];
    memcpy(column, &offset, sizeof offset);
    memcpy(column + sizeof offset, run->bytes, run->length);
    bool ok = segment_pack_run((struct view){column, length}, 0, &packed) && packed.count == count;
    for (uint32_t slice = 64; ok && slice <= 512; slice *= 8)
        for (uint32_t first = 0; ok && first < count; first += slice) {
            uint32_t n = count - first < slice ? count - first : slice;
            segment_unpack_doubles(&packed, first, n, out);
            for (uint32_t i = 0; i < n; i++) ok = ok && out[i] == (double)values[first + i];
            ok = ok && (!packed.bits || few_agree(&packed, first, n, values));
        }
    for (size_t n = 0; ok && n < length; n += n < 64 ? 1 : 97)
        ok = !segment_pack_run((struct view){column, n}, 0, &packed); /* cut short: no run */
    free(column);
    return ok;
}

/* Encodes, decodes out of exactly as many bytes, compares. */
static bool round_trip(const int64_t *values, uint32_t count)
{
    struct buf out;
    int64_t back[SEGMENT_RUN];
    buf_init(&out, 1 << 20);
    segment_code_run(&out, values, count);
    unsigned char *exact = malloc(out.length); /* so that a sanitizer sees one byte too many */
    memcpy(exact, out.bytes, out.length);
    bool ok = out.length % 8 == 0 && segment_decode(exact, out.length, back) == count &&
              memcmp(values, back, count * sizeof *values) == 0;
    for (size_t n = 0; ok && n < out.length; n += n < 64 ? 1 : 97)
        ok = segment_decode(exact, n, back) == 0; /* cut short: no run */
    ok = ok && packed_agrees(&out, values, count);
    free(exact);
    buf_release(&out);
    return ok;
}

static void test_round_trip(void **state)
{
    static const uint32_t COUNTS[] = {1, 2, 7, 8, 9, 63, 64, 65, 4095, 4096};
    uint64_t seed = fixture_seed(), s = seed;
    for (int round = 0; round < 600; round++) {
        int64_t values[SEGMENT_RUN], base = (int64_t)fixture_random(&s) >> fixture_below(&s, 64);
        uint32_t count = round % 3 ? COUNTS[fixture_below(&s, COUNT_OF(COUNTS))] : 1 + fixture_below(&s, SEGMENT_RUN);
        enum shape shape = (enum shape)(round % SHAPES);
        for (uint32_t i = 0; i < count; i++) values[i] = random_value(&s, shape, base);
        if (!round_trip(values, count))
            fail_msg("CRMX_TEST_SEED=%llu round %d shape %d count %u", (unsigned long long)seed, round, shape, count);
    }
}

static void test_named_runs(void **state)
{
    static const struct {
        const char *name;
        int64_t first, last; /* two values; zeros between them */
        uint32_t count;
    } CASES[] = {
        {"one value", 5, 5, 1},
        {"both ends of the range", INT64_MIN, INT64_MAX, 2},
        {"ends and zeros", INT64_MIN, INT64_MAX, 4096},
        {"negative and zero", -1, -1, 9},
        {"a byte's range", 0, 255, 2},
        {"one above a byte's range", 0, 256, 2},
        {"a word's range", -1, 65534, 2},
        {"one above a word's", -1, 65535, 2},
        {"32 bits", 0, 4294967295, 2},
        {"one above 32 bits", 0, 4294967296, 2},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        int64_t values[SEGMENT_RUN] = {0};
        values[0] = CASES[i].first;
        values[CASES[i].count - 1] = CASES[i].last;
        if (!round_trip(values, CASES[i].count)) fail_msg("%s", CASES[i].name);
    }
}

/* Whatever the bytes say: no crash, no read past the end (the sanitizers watch), at most 4,096 values. */
static void test_noise(void **state)
{
    uint64_t s = fixture_seed();
    for (int round = 0; round < 20000; round++) {
        int64_t out[SEGMENT_RUN];
        size_t n = fixture_below(&s, 80);
        unsigned char *bytes = malloc(n + 1);
        for (size_t i = 0; i < n; i++)
            bytes[i] =
                fixture_below(&s, 3) ? (unsigned char)fixture_below(&s, 4) : (unsigned char)fixture_below(&s, 256);
        assert_true(segment_decode(bytes, n, out) <= SEGMENT_RUN);
        free(bytes);
    }
}

/* --- files --- */

enum { PARTITIONS = 9, ROWS_MAX = 10000 };

static uint64_t rows_of(uint32_t partition)
{
    static const uint64_t ROWS[PARTITIONS] = {0, 1, 4095, 4096, 4097, 8192, 9999, 3, 0};
    return ROWS[partition];
}

static int64_t value_of(uint32_t partition, int column, uint64_t row)
{
    uint64_t s = partition * 1000003u + (uint64_t)column * 101 + row * 7919;
    return random_value(&s, (enum shape)((column * 3 + (int)partition) % SHAPES), 12345);
}

static void fill(struct segment_part *part, uint32_t partition)
{
    static _Thread_local int64_t values[ROWS_MAX];
    uint64_t rows = rows_of(partition);
    for (int c = 0; c < 3; c++) {
        for (uint64_t r = 0; r < rows; r++) values[r] = value_of(partition, c, r);
        segment_put(part, c, values, rows);
    }
    char *raw = malloc(rows * 3 + 1);
    for (uint64_t r = 0; r < rows; r++) snprintf(raw + r * 3, 4, "%c%02u", 'a' + (int)partition, (unsigned)(r % 100));
    segment_put_raw(part, 3, raw, rows, 3);
    free(raw);
}

static struct segment_writer *create(const char *name, uint32_t partitions)
{
    struct status st = {0};
    struct segment_writer *w = segment_create(test_path(name), partitions, &st);
    assert_non_null(w);
    assert_int_equal(segment_declare(w, "number", SEGMENT_INTEGER, 0, 0), 0);
    assert_int_equal(segment_declare(w, "余额", SEGMENT_MONEY, 2, 0), 1);
    assert_int_equal(segment_declare(w, "opened", SEGMENT_DATE, 0, 0), 2);
    assert_int_equal(segment_declare(w, "raw", SEGMENT_RAW, 0, 3), 3);
    return w;
}

struct job {
    struct segment_writer *w;
    struct segment_part part[POOL_WORKERS_MAX];
    uint64_t fail_at, fail_also_at; /* partitions, UINT64_MAX: none */
};

static bool commit_task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    if (partition % 3 == 0) usleep(200); /* others get ahead */
    if (partition == j->fail_at || partition == j->fail_also_at) {
        if (partition == j->fail_at) usleep(3000);
        status_fail(st, STATUS_INPUT, "partition %llu is bad", (unsigned long long)partition);
        segment_abort(j->w, (uint32_t)partition);
        return false;
    }
    fill(&j->part[worker], (uint32_t)partition);
    return segment_commit(j->w, (uint32_t)partition, &j->part[worker], st);
}

static bool write_file(const char *name, int threads, struct job *j, struct status *st)
{
    struct pool *p = pool_new(threads);
    j->w = create(name, PARTITIONS);
    for (int i = 0; i < threads; i++) segment_part_init(&j->part[i]);
    bool ok = pool_run(p, PARTITIONS, commit_task, j, st);
    if (ok)
        ok = segment_finish(j->w, st);
    else
        segment_discard(j->w);
    for (int i = 0; i < threads; i++) segment_part_release(&j->part[i]);
    pool_free(p);
    return ok;
}

static void test_write_and_read(void **state)
{
    struct status st = {0};
    struct job j = {.fail_at = UINT64_MAX, .fail_also_at = UINT64_MAX};
    assert_true(write_file("a.seg", 1, &j, &st));
    struct segment *s = segment_open(test_path("a.seg"), &st);
    assert_non_null(s);
    assert_int_equal(segment_partitions(s), PARTITIONS);
    assert_int_equal(segment_columns(s), 4);
    assert_int_equal(segment_find(s, "余额"), 1);
    assert_int_equal(segment_find(s, "nothing"), -1);
    assert_int_equal(segment_column(s, 1)->type, SEGMENT_MONEY);
    assert_int_equal(segment_column(s, 1)->scale, 2);
    assert_int_equal(segment_column(s, 3)->width, 3);
    assert_true(segment_verify(s, &st));
    static int64_t values[ROWS_MAX];
    for (uint32_t p = 0; p < PARTITIONS; p++)
        for (int c = 0; c < 3; c++) {
            uint64_t rows = rows_of(p);
            assert_int_equal(segment_rows(s, p, c), rows);
            assert_true(segment_get(s, p, c, 0, rows, values, &st));
            for (uint64_t r = 0; r < rows; r++) assert_true(values[r] == value_of(p, c, r));
            if (rows <= SEGMENT_RUN) continue;
            /* A piece from a run's start, not to its end. */
            assert_true(segment_get(s, p, c, SEGMENT_RUN, 1, values, &st));
            assert_true(values[0] == value_of(p, c, SEGMENT_RUN));
        }
    char raw[6];
    assert_true(segment_get_raw(s, 6, 3, 9997, 2, raw, &st));
    assert_memory_equal(raw, "g97g98", 6);
    assert_true(segment_get_raw(s, 0, 3, 0, 0, raw, &st));
    /* A loaded column, run by run. */
    struct buf loaded;
    buf_init(&loaded, 1 << 24);
    assert_true(segment_load(s, 6, 1, &loaded, &st));
    assert_int_equal(segment_decode_run(buf_view(&loaded), 2, values), 9999 - 2 * SEGMENT_RUN);
    assert_true(values[0] == value_of(6, 1, 2 * SEGMENT_RUN));
    assert_int_equal(segment_decode_run(buf_view(&loaded), 3, values) <= SEGMENT_RUN, 1);
    assert_true(segment_load(s, 0, 1, &loaded, &st));
    assert_int_equal(loaded.length, 0);
    /* The same without a copy. */
    struct view mapped;
    assert_true(segment_map(s, &st) && segment_map(s, &st));
    assert_true(segment_load(s, 6, 1, &loaded, &st) && segment_view(s, 6, 1, &mapped, &st));
    assert_true(view_equal(buf_view(&loaded), mapped));
    assert_true(segment_view(s, 0, 1, &mapped, &st));
    assert_int_equal(mapped.length, 0);
    buf_release(&loaded);
    segment_close(s);
}

/* The same bytes for any number of threads. */
static void test_threads(void **state)
{
    struct status st = {0};
    struct buf one, other;
    struct job j = {.fail_at = UINT64_MAX, .fail_also_at = UINT64_MAX};
    buf_init(&one, 1 << 24);
    buf_init(&other, 1 << 24);
    assert_true(write_file("one.seg", 1, &j, &st));
    assert_true(os_read_file(test_path("one.seg"), &one, &st));
    for (int threads = 2; threads <= 8; threads++) {
        assert_true(write_file("other.seg", threads, &j, &st));
        assert_true(os_read_file(test_path("other.seg"), &other, &st));
        assert_true(view_equal(buf_view(&one), buf_view(&other)));
    }
    buf_release(&one);
    buf_release(&other);
}

/* Of several failures the lowest partition's is reported, whoever failed first, and never "given up" instead of a
 * cause. */
static void test_failures(void **state)
{
    static const struct {
        uint64_t at, also;
        const char *message;
    } CASES[] = {{0, UINT64_MAX, "partition 0 is bad"},
                 {5, UINT64_MAX, "partition 5 is bad"},
                 {8, UINT64_MAX, "partition 8 is bad"},
                 {2, 3, "partition 2 is bad"},
                 {1, 8, "partition 1 is bad"}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        for (int threads = 1; threads <= 8; threads++) {
            struct status st = {0};
            struct job j = {.fail_at = CASES[i].at, .fail_also_at = CASES[i].also};
            assert_false(write_file("failed.seg", threads, &j, &st));
            /* With one thread or few the second failure may never be handed out; the message is the lowest one's in any
             * case. */
            assert_string_equal(st.message, CASES[i].message);
            assert_int_equal(st.code, STATUS_INPUT);
        }
}

/* A partition below the one that failed still takes its place: giving up there would hide the cause, which is the
 * lowest failure. */
static void *commit_below(void *context)
{
    struct job *j = context;
    struct status st = {0};
    fill(&j->part[1], 1);
    return segment_commit(j->w, 1, &j->part[1], &st) ? j : NULL;
}

static void test_failure_above(void **state)
{
    struct status st = {0};
    struct job j = {.w = create("above.seg", PARTITIONS)};
    pthread_t thread;
    void *committed;
    for (int i = 0; i < 2; i++) segment_part_init(&j.part[i]);
    segment_abort(j.w, 2);
    assert_int_equal(pthread_create(&thread, NULL, commit_below, &j), 0);
    usleep(20000); /* it waits for partition 0 by now; where it does not yet, the test only notices less */
    fill(&j.part[0], 0);
    assert_true(segment_commit(j.w, 0, &j.part[0], &st));
    assert_int_equal(pthread_join(thread, &committed), 0);
    assert_non_null(committed);
    fill(&j.part[0], 3);
    assert_false(segment_commit(j.w, 3, &j.part[0], &st));
    assert_has(st.message, "was given up after a failure elsewhere");
    segment_discard(j.w);
    for (int i = 0; i < 2; i++) segment_part_release(&j.part[i]);
}

static void test_nothing(void **state)
{
    struct status st = {0};
    assert_null(segment_create(test_path("no/such/folder.seg"), 1, &st));
    assert_has(st.message, "could not create \"");
    status_clear(&st);
    assert_true(segment_finish(create("empty.seg", 0), &st));
    struct segment *s = segment_open(test_path("empty.seg"), &st);
    assert_non_null(s);
    assert_int_equal(segment_partitions(s), 0);
    assert_int_equal(segment_columns(s), 4);
    assert_true(segment_verify(s, &st));
    segment_close(s);
    segment_discard(NULL);
    segment_close(NULL);
    segment_abort(NULL, 0);
}

/* --- damage --- */

static void write_small(struct buf *content)
{
    struct status st = {0};
    struct segment_part part;
    int64_t values[40];
    struct segment_writer *w = create("small.seg", 2);
    segment_part_init(&part);
    for (uint32_t p = 0; p < 2; p++) {
        for (int i = 0; i < 40; i++) values[i] = i % 7 ? 0 : i * (p ? 100000 : 3);
        for (int c = 0; c < 3; c++) segment_put(&part, c, values, 40);
        segment_put_raw(&part, 3, "abcdefghi", 3, 3);
        assert_true(segment_commit(w, p, &part, &st));
    }
    segment_part_release(&part);
    assert_true(segment_finish(w, &st) && os_read_file(test_path("small.seg"), content, &st));
}

/* Every column, copied and where it stands in the mapped file: both must say the same. */
static bool sound(const char *path, struct status *st)
{
    struct status mapped = {0};
    struct view v;
    *st = (struct status){0};
    struct segment *s = segment_open(path, st);
    bool ok = s && segment_verify(s, st), also = s && segment_map(s, &mapped);
    for (uint32_t p = 0; also && p < segment_partitions(s); p++)
        for (int c = 0; also && c < segment_columns(s); c++) also = segment_view(s, p, c, &v, &mapped);
    if (ok != also || (s && strcmp(st->message, mapped.message) != 0))
        fail_msg("\"%s\" against \"%s\"", st->message, mapped.message);
    segment_close(s);
    return ok;
}

static void test_every_damaged_byte(void **state)
{
    struct status st = {0};
    struct buf content;
    buf_init(&content, 1 << 20);
    write_small(&content);
    assert_true(sound(test_path("small.seg"), &st));
    int fd = os_open_create(test_path("damaged.seg"), &st);
    assert_true(fd >= 0 && os_write_at(fd, "x", content.bytes, content.length, 0, &st));
    for (size_t at = 0; at < content.length; at++) {
        char was = content.bytes[at], now = (char)(was ^ (1 << (at % 8)));
        assert_true(os_write_at(fd, "x", &now, 1, at, &st));
        if (sound(test_path("damaged.seg"), &st)) fail_msg("byte %zu of %zu changed unnoticed", at, content.length);
        assert_int_equal(st.code, STATUS_CORRUPT);
        assert_has(st.message, "damaged.seg\"");
        assert_true(st.hint[0]);
        st = (struct status){0};
        assert_true(os_write_at(fd, "x", &was, 1, at, &st));
    }
    assert_true(sound(test_path("damaged.seg"), &st));
    for (size_t n = 0; n < content.length; n += n < 200 || n + 200 > content.length ? 1 : 13) {
        assert_int_equal(ftruncate(fd, (off_t)n), 0);
        if (sound(test_path("damaged.seg"), &st)) fail_msg("cut at %zu of %zu unnoticed", n, content.length);
        st = (struct status){0};
        assert_true(os_write_at(fd, "x", content.bytes, content.length, 0, &st));
    }
    os_close(fd);
    buf_release(&content);
}

static void test_messages(void **state)
{
    static const struct {
        const char *name, *message;
        size_t at;
    } CASES[] = {
        {"magic", "its head is no segment head", 0},
        {"version", "has format 3, this program reads format 1", 8},
        {"a column", "column number of partition 0 (", 64 + 8},
        {"the index", "the index does not match its checksum", SIZE_MAX - 65},
        {"the tail", "its tail is no segment tail", SIZE_MAX - 64 + 9},
    };
    struct status st = {0};
    struct buf content;
    buf_init(&content, 1 << 20);
    write_small(&content);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        size_t at = CASES[i].at > content.length ? content.length - (SIZE_MAX - CASES[i].at) : CASES[i].at;
        content.bytes[at] ^= 2;
        test_write(test_path("damaged.seg"), buf_view(&content));
        content.bytes[at] ^= 2;
        assert_false(sound(test_path("damaged.seg"), &st));
        if (!strstr(st.message, CASES[i].message)) fail_msg("%s: %s", CASES[i].name, st.message);
    }
    test_write(test_path("damaged.seg"), view_of("short"));
    assert_false(sound(test_path("damaged.seg"), &st));
    assert_has(st.message, "it is too short to be a segment");
    assert_string_equal(st.hint, "find out what else is damaged: crmx generation verify; the disk may be failing");
    buf_release(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_named_runs),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_write_and_read),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_failure_above),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_every_damaged_byte),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
