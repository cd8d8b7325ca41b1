/* Directories: sorting, lookups in any number of partitions, candidates of equal fingerprints, failures on the way. */
#include "etl/directory_merge.h"
#include "etl/import.h"
#include "tests/etl/fixture.h"

/* --- sorting --- */

static int compare(const void *a, const void *b)
{
    const struct directory_entry *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    if (x->record != y->record) return x->record < y->record ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void test_sort(void **state)
{
    static const uint64_t COUNTS[] = {0, 1, 2, 3, 24, 25, 100, 1000, 50000};
    uint64_t seed = fixture_seed(), s = seed;
    for (size_t i = 0; i < COUNT_OF(COUNTS); i++)
        for (int bits = 0; bits <= 12; bits += 4)
            for (int crowded = 0; crowded < 3; crowded++) { /* uniform; many equal hashes; one hash */
                uint64_t n = COUNTS[i], top = bits ? (uint64_t)fixture_below(&s, 1u << bits) << (64 - bits) : 0;
                struct directory_entry *e = calloc(n + 1, sizeof *e), *spare = calloc(n + 1, sizeof *spare),
                                       *expected = calloc(n + 1, sizeof *expected);
                for (uint64_t k = 0; k < n; k++) {
                    uint64_t hash = crowded == 2 ? 77 : crowded ? fixture_below(&s, 10) : fixture_random(&s);
                    e[k] = (struct directory_entry){top | (bits ? hash >> bits : hash), fixture_below(&s, 100),
                                                    fixture_below(&s, 5)};
                }
                memcpy(expected, e, n * sizeof *e);
                qsort(expected, n, sizeof *e, compare);
                directory_sort(e, spare, n, bits);
                if (n && memcmp(e, expected, n * sizeof *e) != 0)
                    fail_msg("CRMX_TEST_SEED=%llu n %llu bits %d", (unsigned long long)seed, (unsigned long long)n,
                             bits);
                free(e);
                free(spare);
                free(expected);
            }
}

/* --- finding --- */

struct hits {
    uint32_t record[64], number[64];
    int count, stop_after;
};

static bool note_hit(void *context, uint32_t record, uint32_t number, struct status *st)
{
    struct hits *h = context;
    assert_true(h->count < 64);
    h->record[h->count] = record;
    h->number[h->count++] = number;
    if (h->stop_after && h->count == h->stop_after) return status_fail(st, STATUS_CORRUPT, "stopped by the reader");
    return true;
}

/* keys[i] has record i and number i + 1000. */
static struct segment *write_directory(const uint64_t *keys, uint32_t n, int bits)
{
    struct status st = {0};
    struct segment_part part;
    struct segment_writer *w = segment_create(test_path("x.dir"), 1u << bits, &st);
    assert_non_null(w);
    directory_declare(w);
    segment_part_init(&part);
    struct directory_entry *e = calloc(2 * (size_t)n + 2, sizeof *e);
    struct directory_rows none;
    directory_rows_init(&none);
    for (uint32_t p = 0; p < 1u << bits; p++) {
        uint64_t count = 0;
        for (uint32_t i = 0; i < n; i++)
            if (import_partition(keys[i], bits) == p)
                e[count++] = (struct directory_entry){directory_hash(keys[i]), i, i + 1000};
        directory_sort(e, e + n + 1, count, bits);
        directory_put(&part, &none, NULL, e, count, bits, false);
        assert_true(segment_commit(w, p, &part, &st));
    }
    free(e);
    directory_rows_release(&none);
    segment_part_release(&part);
    assert_true(segment_finish(w, &st));
    struct segment *s = segment_open(test_path("x.dir"), &st);
    assert_non_null(s);
    return s;
}

static void test_find(void **state)
{
    enum { N = 3000 };
    static uint64_t keys[N];
    uint64_t s = fixture_seed();
    for (int i = 0; i < N; i++)
        keys[i] = i % 2 ? fixture_random(&s) : decode_text_key(view_of("000000000000")) + (uint64_t)i;
    keys[10] = keys[11] = keys[12]; /* one key, three records */
    keys[13] = 0;
    keys[14] = UINT64_MAX;
    for (int bits = 0; bits <= 8; bits += 2) {
        struct segment *d = write_directory(keys, N, bits);
        struct status st = {0};
        for (uint32_t i = 0; i < N; i++) {
            struct hits h = {0};
            assert_true(directory_find(d, keys[i], note_hit, &h, &st));
            bool found = false;
            for (int k = 0; k < h.count; k++) {
                found |= h.record[k] == i;
                assert_int_equal(h.number[k], h.record[k] + 1000);
            }
            assert_true(found);
            if (i >= 10 && i <= 12)
                assert_true(h.count == 3 && h.record[0] == 10 && h.record[1] == 11 && h.record[2] == 12);
        }
        struct hits none = {0};
        for (int i = 0; i < 1000;
             i++) { /* keys that are not there: hardly ever a candidate (32 bits of the hash are compared) */
            uint64_t key = fixture_random(&s);
            assert_true(directory_find(d, key, note_hit, &none, &st));
        }
        assert_true(none.count <= 1);
        segment_close(d);
    }
}

static void test_reader_stops(void **state)
{
    uint64_t keys[3] = {5, 5, 5};
    struct status st = {0};
    struct segment *d = write_directory(keys, 3, 0);
    struct hits h = {.stop_after = 2};
    assert_false(directory_find(d, 5, note_hit, &h, &st));
    assert_int_equal(h.count, 2);
    assert_string_equal(st.message, "stopped by the reader");
    segment_close(d);
}

static void test_empty(void **state)
{
    struct status st = {0};
    struct hits h = {0};
    struct segment *d = write_directory(NULL, 0, 3);
    assert_true(directory_find(d, 5, note_hit, &h, &st));
    assert_int_equal(h.count, 0);
    segment_close(d);
}

/* With an index a search finds what it finds without one, at the ends, too. */
static void test_index(void **state)
{
    enum { N = 3000 };
    uint64_t keys[N], s = fixture_seed();
    struct status st = {0};
    for (uint32_t n = 0; n <= N; n = n < 40 ? n + 1 : n * 3) {
        for (uint32_t i = 0; i < n; i++) keys[i] = fixture_random(&s) % (n % 2 ? 50 : UINT64_MAX);
        struct segment *d = write_directory(keys, n, 2);
        struct directory_rows rows;
        directory_rows_init(&rows);
        for (uint32_t p = 0; p < 4; p++) {
            assert_true(directory_load(d, p, 2, &rows, &st));
            assert_null(rows.index); /* that of the partition before is no more */
            uint32_t wanted[1000];
            uint64_t found[1000];
            for (int i = 0; i < 1000; i++) {
                wanted[i] = i == 0   ? 0
                            : i == 1 ? UINT32_MAX
                            : i % 2 && rows.count
                                ? rows.fingerprint[fixture_random(&s) % rows.count] + (uint32_t)(i % 3) - 1
                                : (uint32_t)fixture_random(&s);
                found[i] = directory_first(&rows, wanted[i]);
            }
            directory_index(&rows);
            assert_true(rows.index || rows.count < 8);
            for (int i = 0; i < 1000; i++) assert_int_equal(directory_first(&rows, wanted[i]), found[i]);
        }
        directory_rows_release(&rows);
        segment_close(d);
    }
}

/* --- merging: against one row after the other --- */

static int by_row_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

struct expected {
    uint32_t column[4][600];
    uint64_t count;
};

static void expect_row(struct expected *e, uint64_t hash, int bits, uint32_t record, uint32_t number)
{
    uint32_t values[4] = {directory_fingerprint(hash, bits), record, number, (uint32_t)(hash << bits)};
    for (int c = 0; c < 4; c++) e->column[c][e->count] = values[c];
    e->count++;
}

/* old: rows of yesterday, hashes in order; half of them and of tonight's share few hashes. */
static void check_merge(uint64_t *s, uint32_t old_rows, uint32_t fresh, int bits, bool whole, int gone_of_ten)
{
    uint64_t hashes[300], gone[300 / 64 + 1] = {0}, top = bits ? UINT64_C(5) << (64 - bits) : 0;
    uint32_t columns[4][300];
    struct directory_entry entries[600], spare[300];
    struct expected e = {.count = 0};
    for (uint32_t i = 0; i < old_rows; i++) {
        uint64_t hash = top | (fixture_below(s, 2) ? fixture_random(s) : (uint64_t)fixture_below(s, 9) << 40) >> bits;
        hashes[i] = whole ? hash : hash >> (32 - bits) << (32 - bits); /* the fingerprint is what is known of it */
        if (fixture_below(s, 10) < (uint32_t)gone_of_ten) gone[i / 64] |= UINT64_C(1) << (i % 64);
    }
    qsort(hashes, old_rows, sizeof *hashes, by_row_hash);
    for (uint32_t i = 0; i < old_rows; i++) {
        uint32_t values[4] = {directory_fingerprint(hashes[i], bits), i, i + 7, (uint32_t)(hashes[i] << bits)};
        for (int c = 0; c < 4; c++) columns[c][i] = values[c];
    }
    for (uint32_t i = 0; i < fresh; i++)
        entries[i] = (struct directory_entry){
            top | (fixture_below(s, 2) ? fixture_random(s) : (uint64_t)fixture_below(s, 9) << 40) >> bits, 1000 + i, i};
    directory_sort(entries, spare, fresh, bits);
    for (uint32_t row = 0, next = 0; row < old_rows || next < fresh;) {
        if (next < fresh && (row == old_rows || entries[next].hash < hashes[row])) {
            expect_row(&e, entries[next].hash, bits, entries[next].record, entries[next].number);
            next++;
            continue;
        }
        if (!(gone[row / 64] >> (row % 64) & 1)) expect_row(&e, hashes[row], bits, columns[1][row], columns[2][row]);
        row++;
    }
    struct directory_rows old;
    struct segment_part part;
    directory_rows_init(&old);
    segment_part_init(&part);
    old.fingerprint = columns[0];
    old.record = columns[1];
    old.number = columns[2];
    old.rest = whole ? columns[3] : NULL;
    old.count = old_rows;
    old.bits = bits;
    directory_put(&part, &old, gone_of_ten ? gone : NULL, entries, fresh, bits, whole);
    for (int c = 0; c < (whole ? 4 : 3); c++) {
        assert_int_equal(part.pieces[c].rows, e.count);
        assert_memory_equal(segment_part_raw(&part, c), e.column[c], e.count * 4);
    }
    segment_part_release(&part);
    directory_rows_release(&old);
}

static void test_merge(void **state)
{
    uint64_t s = fixture_seed();
    static const uint32_t ROWS[] = {0, 1, 2, 63, 64, 65, 300}, FRESH[] = {0, 1, 5, 64, 300};
    for (size_t i = 0; i < COUNT_OF(ROWS); i++)
        for (size_t k = 0; k < COUNT_OF(FRESH); k++)
            for (int bits = 0; bits <= 8; bits += 4)
                for (int gone = 0; gone <= 10; gone += 5)
                    for (int whole = 0; whole < 2; whole++) check_merge(&s, ROWS[i], FRESH[k], bits, whole, gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort),  cmocka_unit_test(test_find),  cmocka_unit_test(test_reader_stops),
        cmocka_unit_test(test_index), cmocka_unit_test(test_empty), cmocka_unit_test(test_merge),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
