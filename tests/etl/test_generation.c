/* Generations: written, opened, verified; damage to any file of one is noticed; attempts one after the other, numbers,
 * CURRENT. */
#include "etl/attempt.h"
#include "etl/directory.h"
#include "etl/generation.h"
#include "etl/journal.h"
#include "tests/etl/fixture_unit.h"

#define XXH_INLINE_ALL
#include <fcntl.h>
#include <sys/stat.h>
#include <xxhash.h>

static const char ID[] = "2026-10-31.001.1";

static void must_run(struct run_result *result)
{
    struct status st;
    if (!fixture_run(result, &st)) fail_msg("%s", st.message);
}

static struct generation *open_current(void)
{
    struct generation *g;
    struct status st = {0};
    if (!generation_open(fixture_state(""), NULL, &g, &st)) fail_msg("%s", st.message);
    return g;
}

/* --- reading --- */

static void test_open(void **state)
{
    struct run_result result;
    struct status st = {0};
    fixture_unit_write();
    fixture_inbox_write();
    must_run(&result);
    assert_string_equal(result.generation, ID);
    struct generation *g = open_current();
    assert_string_equal(g->id, ID);
    assert_int_equal(g->business_date, FIXTURE_DAY);
    assert_int_equal(g->first_number, 1);
    assert_int_equal(g->customers, 3);
    assert_true(view_is(generation_head(g, "kind"), "initial"));
    assert_int_equal(generation_head(g, "sort").length, 0);
    assert_string_equal(g->unit->id, "11");
    /* Records are found again by their addresses, through number, partition, place. */
    uint32_t partition, place;
    int64_t primary[3], type[3], flags[3], count[3];
    assert_true(generation_place(g, 3, &partition, &place) && partition == 0 && place == 2);
    assert_false(generation_place(g, 0, &partition, &place));
    assert_false(generation_place(g, 4, &partition, &place));
    assert_true(segment_get(g->customer, 0, segment_find(g->customer, "primary"), 0, 3, primary, &st));
    assert_true(segment_get(g->customer, 0, segment_find(g->customer, "type"), 0, 3, type, &st));
    assert_true(segment_get(g->customer, 0, segment_find(g->customer, "flags"), 0, 3, flags, &st));
    assert_true(segment_get(g->source, 0, segment_find(g->source, "count"), 0, 3, count, &st));
    static const char *const PRIMARY[] = {"000002", "000003", "000004"}; /* 000002 changed later than 000001 */
    static const int64_t COUNTS[] = {3, 2, 1};
    for (int i = 0; i < 3; i++) {
        unsigned char record[70];
        const struct input_file *f = input_file_of(&g->inputs, -1, (uint32_t)primary[i]);
        assert_true(input_read_record(f, (uint32_t)primary[i], record, &st));
        assert_memory_equal(record, PRIMARY[i], 6);
        assert_int_equal(count[i], COUNTS[i]);
    }
    assert_int_equal(type[2], CUSTOMER_CORPORATE);
    assert_int_equal(flags[0] & 1, 1); /* selected */
    assert_int_equal(flags[1] & 1, 0);
    generation_close(g);
    generation_close(NULL);
}

static void test_open_errors(void **state)
{
    struct generation *g;
    struct run_result result;
    struct status st = {0};
    fixture_unit_write();
    assert_false(generation_open(fixture_state(""), NULL, &g, &st));
    assert_has(st.message, "the unit has no population yet (\"");
    assert_string_equal(st.hint, "run the initial load first: crmx run initial --unit UU --date YYYY-MM-DD");
    assert_string_equal(st.context, "while opening the generation (current)");
    status_clear(&st);
    fixture_inbox_write();
    must_run(&result);
    assert_false(generation_open(fixture_state(""), "2026-10-30.001.1", &g, &st));
    assert_has(st.message, "there is no generation \"2026-10-30.001.1\" in \"");
    static const char *const BAD[] = {"", "\n", "2026-10-31.001.1\n", "2026-10-31.001.1 abc\n",
                                      "2026-10-31.001.1 00112233445566778899aabbccddeeff more\n"};
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        status_clear(&st);
        fixture_write("state/units/11/CURRENT", BAD[i]);
        assert_false(generation_open(fixture_state(""), NULL, &g, &st));
        assert_int_equal(st.code, STATUS_CORRUPT);
        assert_has(st.message, "CURRENT\" does not say which generation is current");
    }
    status_clear(&st);
    fixture_write("state/units/11/CURRENT", "2026-10-31.001.1 00112233445566778899aabbccddeeff\n");
    assert_false(generation_open(fixture_state(""), NULL, &g, &st));
    assert_has(st.message, "MANIFEST\" is not the manifest that was committed (hash ");
    assert_has(st.message, "CURRENT says 00112233445566778899aabbccddeeff)");
}

/* The manifest with another line about the form of ID numbers, committed as such. */
static void write_form(const char *manifest, const char *line)
{
    static const char NOW[] = "identity_form\t2\n";
    const char *at = strstr(manifest, NOW);
    char current[128];
    struct buf text;
    assert_non_null(at);
    buf_init(&text, 1 << 20);
    buf_add(&text, manifest, (size_t)(at - manifest));
    buf_add_text(&text, line);
    buf_add_text(&text, at + strlen(NOW));
    XXH128_hash_t h = XXH3_128bits(text.bytes, text.length);
    snprintf(current, sizeof current, "%s %016llx%016llx\n", ID, (unsigned long long)h.high64,
             (unsigned long long)h.low64);
    fixture_write("state/units/11/gen/2026-10-31.001.1/MANIFEST", text.bytes);
    fixture_write("state/units/11/CURRENT", current);
    buf_release(&text);
}

/* A night that lost sight of yesterday's head lines half-way went on with wrong figures: they are those of the opening.
 * */
static void test_head_is_kept(void **state)
{
    static const char MANIFEST[] = "gen/2026-10-31.001.1/MANIFEST";
    char path[OS_PATH_MAX], aside[OS_PATH_MAX + 8];
    struct run_result result;
    fixture_unit_write();
    fixture_inbox_write();
    must_run(&result);
    struct generation *g = open_current();
    snprintf(path, sizeof path, "%s", fixture_state(MANIFEST));
    snprintf(aside, sizeof aside, "%s.aside", path);
    assert_int_equal(rename(path, aside), 0);
    assert_true(view_is(generation_head(g, "numbers"), "3"));
    assert_true(view_is(generation_head(g, "kind"), "initial"));
    generation_close(g);
    assert_int_equal(rename(aside, path), 0);
}

/* Older programs say nothing of the form; a newer one is refused. */
static void test_identity_form(void **state)
{
    struct generation *g;
    struct run_result result;
    struct status st = {0};
    fixture_unit_write();
    fixture_inbox_write();
    must_run(&result);
    g = open_current();
    assert_int_equal(g->identity_form, IDENTITY_FORM);
    generation_close(g);
    char *manifest = strdup(test_read(fixture_state("gen/2026-10-31.001.1/MANIFEST")));
    write_form(manifest, "");
    g = open_current();
    assert_int_equal(g->identity_form, 1);
    generation_close(g);
    write_form(manifest, "identity_form\t3\n");
    assert_false(generation_open(fixture_state(""), NULL, &g, &st));
    assert_int_equal(st.code, STATUS_CORRUPT);
    assert_has(st.message, "generation 2026-10-31.001.1 has ID numbers in form 3, this program knows form 2");
    assert_string_equal(st.hint, "it was made by a newer program: use that one");
    free(manifest);
}

/* --- damage --- */

struct verified {
    int good, bad;
    char name[256];
};

static void tell(void *context, const char *file, bool good)
{
    struct verified *v = context;
    if (good)
        v->good++;
    else
        v->bad++;
    if (!good) snprintf(v->name, sizeof v->name, "%s", file);
}

static bool list_into(void *context, const char *name)
{
    buf_add_text(context, name);
    buf_add_text(context, "\n");
    return true;
}

/* Verifies the current generation; fills what was told. False when it cannot even be opened. */
static bool verify(struct verified *v, struct status *st)
{
    struct generation *g;
    *v = (struct verified){0};
    *st = (struct status){0};
    if (!generation_open(fixture_state(""), NULL, &g, st)) return false;
    bool ok = generation_verify(g, tell, v, st);
    generation_close(g);
    return ok;
}

static void flip(const char *path, off_t at)
{
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 4, f);
    fclose(f);
}

/* In every file of the generation: first, middle and last byte changed, last byte cut, one byte added, the file gone.
 * */
static void damage_folder(const char *folder, int *files)
{
    struct buf names;
    struct status st = {0};
    buf_init(&names, 65536);
    assert_true(os_list(test_path(folder), list_into, &names, &st));
    for (char *save = NULL, *name = strtok_r(names.bytes, "\n", &save); name; name = strtok_r(NULL, "\n", &save)) {
        char path[512], full[512];
        struct stat s;
        struct verified v;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        snprintf(full, sizeof full, "%s", test_path(path));
        assert_int_equal(stat(full, &s), 0);
        if (S_ISDIR(s.st_mode)) {
            damage_folder(path, files);
            continue;
        }
        ++*files;
        for (int k = 0; k < 3 && s.st_size; k++) {
            off_t at = k == 0 ? 0 : k == 1 ? s.st_size / 2 : s.st_size - 1;
            flip(full, at);
            if (verify(&v, &st)) fail_msg("%s: byte %lld changed unnoticed", path, (long long)at);
            if (st.code != STATUS_CORRUPT)
                fail_msg("%s byte %lld: %s: %s", path, (long long)at, status_code_name(st.code), st.message);
            flip(full, at);
        }
        int fd = open(full, O_WRONLY | O_APPEND);
        assert_true(fd >= 0 && write(fd, "x", 1) == 1);
        if (verify(&v, &st)) fail_msg("%s: a byte added unnoticed", path);
        assert_int_equal(ftruncate(fd, s.st_size), 0);
        close(fd);
        char away[600];
        snprintf(away, sizeof away, "%s.away", full);
        assert_int_equal(rename(full, away), 0);
        if (verify(&v, &st)) fail_msg("%s: missing unnoticed", path);
        assert_int_equal(rename(away, full), 0);
    }
    buf_release(&names);
}

static void test_every_file_is_vouched_for(void **state)
{
    struct run_result result;
    struct verified v;
    struct status st;
    int files = 0;
    fixture_unit_write();
    fixture_inbox_write();
    fixture_write("units/11.ini",
                  FIXTURE_UNIT_HEAD "take = copy\n" FIXTURE_UNIT_SYSTEMS); /* so that in/ is the generation's alone */
    must_run(&result);
    if (!verify(&v, &st)) fail_msg("%s", st.message);
    assert_true(v.good > 30 && v.bad == 0);
    damage_folder("state/units/11/gen/2026-10-31.001.1", &files);
    assert_int_equal(files, v.good + 1); /* and the manifest itself */
    if (!verify(&v, &st)) fail_msg("after all that: %s", st.message);
    /* The damaged file is named. */
    flip(fixture_state("gen/2026-10-31.001.1/out/CRMDEP"), 3);
    assert_false(verify(&v, &st));
    assert_string_equal(v.name, "out/CRMDEP");
    assert_int_equal(v.bad, 1);
}

/* --- one attempt after the other --- */

static void test_done_once(void **state)
{
    struct run_result result;
    fixture_unit_write();
    fixture_inbox_write();
    must_run(&result);
    assert_false(result.already_done);
    must_run(&result);
    assert_true(result.already_done);
    assert_string_equal(result.generation, ID);
    assert_string_equal(test_read(fixture_state("numbers")), "3 0 2026-10-31.001.1\n");
}

/* Stopped after each step, and continued, as often as one likes: the same generation. */
static void test_until(void **state)
{
    static const int STEPS[] = {10, 20, 30, 80, 90, 0};
    struct run_result result;
    struct status st;
    fixture_unit_write();
    fixture_inbox_write();
    must_run(&result);
    char clean[4096];
    snprintf(clean, sizeof clean, "%s", test_read(fixture_state("gen/2026-10-31.001.1/MANIFEST")));
    fixture_unit_write();
    fixture_inbox_write();
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        char message[64];
        bool ok = fixture_run_with(&(struct run_request){.until_step = STEPS[i]}, &result, &st);
        assert_int_equal(ok, STEPS[i] == 0);
        assert_int_equal(os_exists(fixture_state("CURRENT")), ok);
        if (ok) continue;
        snprintf(message, sizeof message, "stopped after step %03d as asked (--until)", STEPS[i]);
        assert_string_equal(st.message, message);
        assert_int_equal(st.code, STATUS_STOPPED);
        assert_string_equal(st.hint, "the same command without --until continues");
    }
    assert_string_equal(test_read(fixture_state("gen/2026-10-31.001.1/MANIFEST")), clean);
}

/* A chain of causes, each repaired: files are found again whatever attempt took them, and the result is that of a clean
 * run. */
static void test_chain_of_attempts(void **state)
{
    struct run_result result;
    struct status st;
    fixture_unit_write();
    fixture_inbox_write();
    must_run(&result);
    char clean_customers[4096], clean_deposits[4096], clean_totals[16384];
    snprintf(clean_customers, sizeof clean_customers, "%s",
             test_read(fixture_state("gen/2026-10-31.001.1/out/CRMCUST")));
    snprintf(clean_deposits, sizeof clean_deposits, "%s", test_read(fixture_state("gen/2026-10-31.001.1/out/CRMDEP")));
    snprintf(clean_totals, sizeof clean_totals, "%s", test_read(fixture_state("gen/2026-10-31.001.1/totals.tsv")));

    fixture_unit_write();
    fixture_inbox_write();
    char right[4096];
    snprintf(right, sizeof right, "%s", test_read(test_path("inbox/RA")));
    fixture_write("inbox/RA", "all\nof\nit\nis\nwrong\n");
    assert_false(fixture_run(&result, &st)); /* 1: reject limit */
    assert_has(st.message, "reject limit passed for layout retail_account: 5 of 5 records rejected");
    fixture_write("layouts/rates.ini", "[layout]\nname = rate\n");
    assert_false(fixture_run(&result, &st)); /* 2: somebody spoils a layout */
    assert_int_equal(st.code, STATUS_USAGE);
    fixture_write("layouts/rates.ini", FIXTURE_UNIT[6].text);
    fixture_write("inbox/RA", "still\nwrong\n");
    assert_false(fixture_run(&result, &st)); /* 3 */
    assert_has(st.message, "2 of 2 records rejected");
    fixture_write("layouts/retail_account.ini",
                  "[layout]\nname = retail_account\nclass = account\nsystem = retail\nfiles = RA\nrecord_length = "
                  "50\ncomplete = ok\nreject_limit = 50%\n" FIXTURE_ACCOUNT_FIELDS);
    fixture_write("inbox/RA", right);
    assert_false(fixture_run(&result, &st)); /* 4: not complete, twice: the same attempt waits */
    assert_int_equal(st.code, STATUS_BUSY);
    assert_false(fixture_run(&result, &st));
    assert_int_equal(st.code, STATUS_BUSY);
    fixture_write("inbox/RA.ok", "");
    if (!fixture_run(&result, &st)) fail_msg("%s", st.message);
    assert_string_equal(result.generation, "2026-10-31.001.4");
    assert_string_equal(test_read(fixture_state("gen/2026-10-31.001.4/out/CRMCUST")), clean_customers);
    assert_string_equal(test_read(fixture_state("gen/2026-10-31.001.4/out/CRMDEP")), clean_deposits);
    assert_string_equal(test_read(fixture_state("gen/2026-10-31.001.4/totals.tsv")), clean_totals);
    assert_string_equal(test_read(fixture_state("numbers")), "3 0 2026-10-31.001.4\n");
}

/* Another date on a living population, a unit that nobody knows, a lock that is held. */
static void test_refused(void **state)
{
    struct run_result result;
    struct status st = {0};
    fixture_unit_write();
    fixture_inbox_write();
    must_run(&result);
    struct run_request r = {.work = test_folder,
                            .unit = "11",
                            .business_date = FIXTURE_DAY + 1,
                            .threads = 1,
                            .memory_max = BUDGET_MINIMUM,
                            .temp_folder = "",
                            .partition_customers = 7,
                            .batch = 2,
                            .quiet = true};
    assert_false(run_unit(&r, &result, &st));
    assert_string_equal(st.message, "unit 11 has a population of 2026-10-31: an initial load starts from none");
    assert_int_equal(st.code, STATUS_USAGE);
    status_clear(&st);
    r.unit = "99";
    assert_false(run_unit(&r, &result, &st));
    assert_has(st.message, "there is no unit \"99\": \"");
    assert_false(os_exists(test_path("state/units/99"))); /* a typing error leaves nothing behind */
    status_clear(&st);
    fixture_unit_write();
    fixture_inbox_write();
    assert_true(os_make_folder(fixture_state(""), &st));
    int lock = os_lock(fixture_state("lock"), &st);
    assert_true(lock >= 0);
    assert_false(fixture_run(&result, &st));
    assert_int_equal(st.code, STATUS_BUSY);
    assert_has(st.message, "lock\" is locked by another crmx process");
    os_close(lock);
    must_run(&result);
}

/* --- numbers --- */

static void test_high_water(void **state)
{
    static const struct {
        const char *name, *content;
        bool ok;
        uint64_t number;
    } CASES[] = {
        {"none yet", NULL, true, 0},
        {"another attempt's mark", "500 100 2026-10-30.001.1\n", true, 500},
        {"this attempt's own mark: its numbers are not burned", "500 100 2026-10-31.001.1\n", true, 100},
        {"damaged", "500\n", false, 0},
        {"empty", "", false, 0},
    };
    fixture_unit_write();
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct attempt a = {.number = 1};
        struct status st = {0};
        uint64_t number = 77;
        snprintf(a.id, sizeof a.id, "%s", ID);
        assert_true(os_make_folder(fixture_state(""), &st) && os_unlink(fixture_state("numbers"), &st));
        if (CASES[i].content) fixture_write("state/units/11/numbers", CASES[i].content);
        bool ok = attempt_high_water(&a, fixture_state(""), &number, &st);
        if (ok != CASES[i].ok || (ok && number != CASES[i].number))
            fail_msg("%s: %d %llu", CASES[i].name, ok, (unsigned long long)number);
        if (!ok) assert_string_equal(st.hint, "restore it from a backup: numbers must never be given twice");
    }
}

/* Numbers go on where they were, across the borders of partitions. */
static void test_numbers_go_on(void **state)
{
    struct run_result result;
    struct status st = {0};
    uint32_t partition, place;
    fixture_unit_write();
    fixture_inbox_write();
    assert_true(os_make_folder(fixture_state(""), &st));
    fixture_write("state/units/11/numbers", "12 0 2026-09-30.001.1\n");
    if (!fixture_run_with(&(struct run_request){.partition_customers = 2, .batch = 1}, &result, &st))
        fail_msg("%s", st.message);
    assert_string_equal(test_read(fixture_state("numbers")), "15 12 2026-10-31.001.1\n");
    assert_has(test_read(fixture_state("gen/2026-10-31.001.1/out/CRMCUST")), "1100000013P");
    struct generation *g = open_current();
    assert_int_equal(g->first_number, 13);
    assert_int_equal(segment_partitions(g->customer), 2); /* 13 · 14 15 */
    assert_int_equal(segment_rows(g->customer, 0, 0), 1);
    assert_int_equal(segment_rows(g->customer, 1, 0), 2);
    assert_true(generation_place(g, 13, &partition, &place) && partition == 0 && place == 0);
    assert_true(generation_place(g, 14, &partition, &place) && partition == 1 && place == 0);
    assert_true(generation_place(g, 15, &partition, &place) && partition == 1 && place == 1);
    assert_false(generation_place(g, 12, &partition, &place));
    assert_false(generation_place(g, 16, &partition, &place));
    generation_close(g);
}

/* Nobody at all: a generation of no customers is one. */
static void test_empty_population(void **state)
{
    struct run_result result;
    struct verified v;
    struct status st;
    fixture_unit_write();
    fixture_write("inbox/RC1", "");
    fixture_write("inbox/CC.11.20261031", "");
    fixture_write("inbox/RA", "");
    fixture_write("inbox/RT", FIXTURE_RATES);
    must_run(&result);
    assert_int_equal(result.customers, 0);
    assert_string_equal(test_read(fixture_state("gen/2026-10-31.001.1/out/CRMCUST")), "");
    assert_true(verify(&v, &st));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_open_errors),
        cmocka_unit_test(test_head_is_kept),
        cmocka_unit_test(test_identity_form),
        cmocka_unit_test(test_every_file_is_vouched_for),
        cmocka_unit_test(test_done_once),
        cmocka_unit_test(test_until),
        cmocka_unit_test(test_chain_of_attempts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_high_water),
        cmocka_unit_test(test_numbers_go_on),
        cmocka_unit_test(test_empty_population),
    };
    return cmocka_run_group_tests(tests, fixture_unit_setup, test_remove_folder);
}
