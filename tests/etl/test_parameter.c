/* The numbered files: bytes and back, damage, gaps; what counts for a unit and date; what an attempt freezes; dates
 * that are used. Without a database. */
#include "base/date.h"
#include "etl/journal.h"
#include "etl/parameter.h"
#include "etl/unit.h"
#include "tests/etl/fixture_unit.h"

static struct arena arena;

static int set_up(void **state)
{
    arena_init(&arena, "test");
    return test_make_folder(state);
}

static int tear_down(void **state)
{
    arena_release(&arena);
    return test_remove_folder(state);
}

static int32_t day(const char *text)
{
    int32_t date;
    assert_true(date_parse(view_of(text), &date));
    return date;
}

struct sample { /* a file in short: level, type, from, threshold, formula, kind */
    const char *level;
    int type;
    const char *from, *threshold, *formula, *challenger;
    enum parameter_kind kind;
};

static struct parameter_file make(int number, const struct sample *s, const char *previous)
{
    struct parameter_file f = {.number = number,
                               .kind = s->kind,
                               .level = s->level,
                               .customer_type = s->type,
                               .effective_from = day(s->from),
                               .version = s->formula || s->threshold || s->challenger ? number : 0,
                               .digest = "",
                               .threshold = s->threshold,
                               .formula = s->formula,
                               .challenger = s->challenger,
                               .list = s->kind == PARAMETER_LIST ? "" : NULL,
                               .author = "王",
                               .created_at = "2026-10-01T08:00:00Z",
                               .note = "a note",
                               .trial = "{}",
                               .approved_by = "zhao",
                               .approved_at = "2026-10-02T08:00:00Z",
                               .actor = "wang",
                               .os_user = "root",
                               .requested_at = "2026-10-03T08:00:00Z",
                               .reason = ""};
    static char digests[16][65];
    if (f.version) {
        char *digest = digests[number % 16];
        parameter_digest(PARAMETER_CUSTOMER_TYPES[s->type], s->threshold, s->formula, s->challenger, digest);
        f.digest = digest;
    }
    snprintf(f.previous, sizeof f.previous, "%s", previous);
    return f;
}

/* Writes the samples as files 1 … count below the test folder. */
static void write_all(const struct sample *samples, int count)
{
    struct status st = {0};
    char previous[65] = "";
    assert_true(os_remove_tree(parameter_folder(test_folder, &arena), &st));
    int lock = parameter_lock(test_folder, false, 0, &arena, &st);
    assert_true(lock >= 0);
    for (int i = 0; i < count; i++) {
        struct buf bytes;
        buf_init(&bytes, PARAMETER_FILE_MAX);
        struct parameter_file f = make(i + 1, &samples[i], previous);
        parameter_write(&f, &bytes);
        assert_true(parameter_add(test_folder, &f, buf_view(&bytes), &arena, &st));
        memcpy(previous, f.hash, sizeof previous);
        buf_release(&bytes);
    }
    os_close(lock);
}

#define P CUSTOMER_PERSONAL
#define C CUSTOMER_CORPORATE

static const struct sample SAMPLE = {"11", P, "2026-11-01", "500000.00", "unit yuan;\nthreshold 1;\n", "score = 1;", 0};

static void test_there_and_back(void **state)
{
    struct status st = {0};
    struct buf bytes, again;
    struct parameter_file f = make(1, &SAMPLE, ""), back;
    buf_init(&bytes, PARAMETER_FILE_MAX);
    buf_init(&again, PARAMETER_FILE_MAX);
    f.reason = "two\nlines\tand a tab";
    parameter_write(&f, &bytes);
    assert_true(parameter_read("x", buf_view(&bytes), &arena, &back, &st));
    assert_string_equal(back.formula, SAMPLE.formula);
    assert_string_equal(back.challenger, SAMPLE.challenger);
    assert_string_equal(back.threshold, "500000.00");
    assert_string_equal(back.author, "王");
    assert_string_equal(back.reason, "two lines and a tab");
    assert_null(back.list);
    assert_int_equal(back.effective_from, day("2026-11-01"));
    assert_string_equal(back.hash, f.hash);
    parameter_write(&back, &again);
    assert_true(view_equal(buf_view(&bytes), buf_view(&again)));
    buf_release(&bytes);
    buf_release(&again);
}

/* Every byte changed, every length cut: never accepted. */
static void test_damage_is_seen(void **state)
{
    struct buf bytes;
    struct parameter_file f = make(1, &SAMPLE, ""), back;
    buf_init(&bytes, PARAMETER_FILE_MAX);
    parameter_write(&f, &bytes);
    for (size_t i = 0; i < bytes.length; i++) {
        struct status st = {0};
        bytes.bytes[i] ^= 1;
        if (parameter_read("x", buf_view(&bytes), &arena, &back, &st)) fail_msg("byte %zu changed: accepted", i);
        assert_int_equal(st.code, STATUS_CORRUPT);
        bytes.bytes[i] ^= 1;
        st = (struct status){0};
        if (parameter_read("x", (struct view){bytes.bytes, i}, &arena, &back, &st)) fail_msg("cut at %zu: accepted", i);
    }
    /* A text and its hash exchanged together: the digest of the approval is still another one. */
    struct status st = {0};
    f.formula = "unit yuan;\nthreshold 2;\n";
    parameter_write(&f, &bytes);
    assert_false(parameter_read("x", buf_view(&bytes), &arena, &back, &st));
    assert_has(st.message, "the digest of its content does not fit");
    buf_release(&bytes);
}

static void test_order_of_files(void **state)
{
    static const struct sample three[] = {{"11", P, "2026-11-01", "1.00", NULL, NULL, 0},
                                          {"11", P, "2026-11-02", "2.00", NULL, NULL, 0},
                                          {"11", P, "2026-11-03", "3.00", NULL, NULL, 0}};
    struct parameter_set set;
    struct status st = {0};
    write_all(three, 3);
    assert_true(parameter_load(test_folder, &arena, &set, &st));
    assert_int_equal(set.count, 3);
    /* a gap */
    assert_true(os_rename(parameter_path(test_folder, 2, &arena), test_path("kept"), &st));
    assert_false(parameter_load(test_folder, &arena, &set, &st));
    assert_int_equal(st.code, STATUS_CORRUPT);
    assert_has(st.message, "000002.parameter\" is missing, but later ones are there");
    /* another file in its place */
    st = (struct status){0};
    assert_true(os_copy(parameter_path(test_folder, 1, &arena), parameter_path(test_folder, 2, &arena), &st));
    assert_false(parameter_load(test_folder, &arena, &set, &st));
    assert_has(st.message, "does not follow the file before it");
    /* never written twice */
    st = (struct status){0};
    struct parameter_file f = make(1, &three[1], "");
    struct buf bytes;
    buf_init(&bytes, PARAMETER_FILE_MAX);
    parameter_write(&f, &bytes);
    assert_false(parameter_add(test_folder, &f, buf_view(&bytes), &arena, &st));
    assert_has(st.message, "is there already with another content");
    buf_release(&bytes);
}

/* --- what counts --- */

static const struct sample HISTORY[] = {
    /* 1 */ {"head", P, "2026-11-01", NULL, "H1", NULL, 0},
    /* 2 */ {"11", P, "2026-11-05", "600000.00", NULL, NULL, 0},
    /* 3 */ {"head", P, "2026-11-10", "800000.00", "H3", "HC", 0},
    /* 4 */ {"12", P, "2026-11-02", NULL, "U12", NULL, 0},
    /* 5 */ {"11", P, "2026-12-01", "700000.00", "U11", NULL, 0}, /* planned … */
    /* 6 */ {"11", P, "2026-11-20", "650000.00", NULL, NULL, 0},  /* … but decided otherwise later */
    /* 7 */ {"head", C, "2026-11-01", "3000000.00", "HK", NULL, 0},
    /* 8 */ {"12", P, "2026-11-25", NULL, NULL, NULL, PARAMETER_RETIRE},
    /* 9 */ {"head", CUSTOMER_TYPES, "2026-11-03", NULL, NULL, NULL, PARAMETER_LIST},
    /* 10 */ {"11", CUSTOMER_TYPES, "2026-11-04", NULL, NULL, NULL, PARAMETER_LIST},
};

static const struct {
    const char *unit, *date;
    int type, formula, threshold, challenger; /* numbers of the files, 0: none */
    bool in_formula;
    int lists[2];
} CHOICES[] = {
    {"11", "2026-10-31", P, 0, 0, 0, false, {0, 0}},  {"11", "2026-11-01", P, 1, 1, 0, true, {0, 0}},
    {"11", "2026-11-03", P, 1, 1, 0, true, {9, 0}},   {"11", "2026-11-05", P, 1, 2, 0, false, {9, 10}},
    {"11", "2026-11-10", P, 3, 2, 3, false, {9, 10}}, {"11", "2026-11-19", P, 3, 2, 3, false, {9, 10}},
    {"11", "2026-11-20", P, 3, 6, 3, false, {9, 10}}, {"11", "2026-12-01", P, 3, 6, 3, false, {9, 10}},
    {"11", "2027-06-30", P, 3, 6, 3, false, {9, 10}}, {"12", "2026-11-01", P, 1, 1, 0, true, {0, 0}},
    {"12", "2026-11-02", P, 4, 4, 0, true, {0, 0}},   {"12", "2026-11-10", P, 4, 4, 3, true, {9, 0}},
    {"12", "2026-11-25", P, 3, 3, 3, false, {9, 0}},  {"12", "2026-11-25", C, 7, 7, 0, false, {9, 0}},
    {"99", "2026-11-09", P, 1, 1, 0, true, {9, 0}},   {"99", "2026-10-31", C, 0, 0, 0, false, {0, 0}},
};

static int number_of(const struct parameter_file *f)
{
    return f ? f->number : 0;
}

static void test_what_counts(void **state)
{
    struct parameter_set set;
    struct status st = {0};
    write_all(HISTORY, COUNT_OF(HISTORY));
    assert_true(parameter_load(test_folder, &arena, &set, &st));
    for (size_t i = 0; i < COUNT_OF(CHOICES); i++) {
        struct parameter_resolved r;
        parameter_resolve(&set, CHOICES[i].unit, day(CHOICES[i].date), &r);
        const struct parameter_choice *c = &r.of[CHOICES[i].type];
        if (number_of(c->formula) != CHOICES[i].formula || number_of(c->threshold) != CHOICES[i].threshold ||
            number_of(c->challenger) != CHOICES[i].challenger || c->threshold_in_formula != CHOICES[i].in_formula ||
            number_of(r.list[0]) != CHOICES[i].lists[0] || number_of(r.list[1]) != CHOICES[i].lists[1])
            fail_msg("unit %s, %s: formula %d, threshold %d%s, challenger %d, lists %d %d", CHOICES[i].unit,
                     CHOICES[i].date, number_of(c->formula), number_of(c->threshold),
                     c->threshold_in_formula ? " (in the formula)" : "", number_of(c->challenger), number_of(r.list[0]),
                     number_of(r.list[1]));
    }
}

/* Whatever is added later for a later date changes no earlier one. */
static void test_later_files_change_no_earlier_date(void **state)
{
    uint64_t seed = fixture_seed();
    for (int round = 0; round < 200; round++) {
        struct parameter_file files[40];
        struct parameter_set set = {files, 0};
        for (; set.count < 40; set.count++) {
            static const char *const LEVELS[] = {"head", "11", "12"};
            struct sample s = {LEVELS[fixture_below(&seed, 3)],
                               (int)fixture_below(&seed, 2),
                               "2026-11-01",
                               fixture_below(&seed, 2) ? "1.00" : NULL,
                               fixture_below(&seed, 2) ? "F" : NULL,
                               NULL,
                               0};
            struct parameter_resolved before, after;
            int32_t date = day("2026-11-01") + (int32_t)fixture_below(&seed, 30);
            files[set.count] = make(set.count + 1, &s, "");
            files[set.count].effective_from = date + 1;
            parameter_resolve(&set, "11", date, &before);
            set.count++;
            parameter_resolve(&set, "11", date, &after);
            set.count--;
            assert_memory_equal(&before, &after, sizeof before);
        }
    }
}

/* --- freezing --- */

static const char FORMULA[] = "unit fen;\nrounding half_up;\nthreshold 77;\nmeasure deposits money = sum(retail, "
                              "cny(balance));\nscore = deposits;\n";

static void test_freeze(void **state)
{
    static const struct sample files[] = {{"head", P, "2026-10-31", NULL, FORMULA, NULL, 0},
                                          {"11", P, "2026-10-31", "1234.50", NULL, FORMULA, 0}};
    struct status st = {0};
    struct unit *u;
    fixture_unit_write();
    write_all(files, 2);
    /* The day before: nothing is written, the unit is as its files say. */
    assert_true(parameter_freeze(test_folder, "11", FIXTURE_DAY - 1, test_path(""), &st));
    assert_false(os_exists(test_path("parameters")));
    assert_true(unit_load(test_folder, "11", &arena, &u, &st));
    assert_string_equal(u->formula_name[P], "personal");
    assert_string_equal(u->formula_source[P], "formulas/personal.formula");
    assert_false(u->has_threshold[P]);
    /* On the day. */
    assert_true(parameter_freeze(test_folder, "11", FIXTURE_DAY, test_path(""), &st));
    assert_true(unit_load(test_folder, "11", &arena, &u, &st));
    assert_string_equal(u->formula_name[P], "parameter-000001");
    assert_string_equal(test_read(test_path("formulas/parameter-000001.formula")), FORMULA);
    assert_string_equal(u->formula_source[P], "version 1 of the head office, file 000001, from 2026-10-31");
    assert_true(u->has_threshold[P]);
    assert_int_equal(u->threshold_minor[P], 123450);
    assert_string_equal(u->threshold_source[P], "version 2 of unit 11, file 000002, from 2026-10-31");
    assert_string_equal(u->challenger_name[P], "parameter-000002-challenger");
    assert_string_equal(u->formula_name[C], "corporate"); /* nothing is activated for them */
    /* A misspelt key would be no threshold. */
    fixture_write("parameters/parameters.ini", "[personal]\nformula = x\nthreshhold = 1.00\n");
    assert_false(unit_load(test_folder, "11", &arena, &u, &st));
    assert_has(st.message, "threshhold");
}

/* A threshold in the unit file belongs to the formula file beside it, not to what the head office activates. */
static void test_threshold_of_the_unit_file(void **state)
{
    static const struct sample files[] = {{"head", P, "2026-10-31", NULL, FORMULA, NULL, 0}};
    struct status st = {0};
    struct unit *u;
    fixture_unit_write();
    fixture_write("units/11.ini", FIXTURE_UNIT_HEAD "threshold.personal = 5.00\n" FIXTURE_UNIT_SYSTEMS);
    write_all(files, 1);
    assert_true(unit_load(test_folder, "11", &arena, &u, &st));
    assert_int_equal(u->threshold_minor[P], 500);
    assert_string_equal(u->threshold_source[P], "units/11.ini");
    assert_true(parameter_freeze(test_folder, "11", FIXTURE_DAY, test_path(""), &st));
    assert_true(unit_load(test_folder, "11", &arena, &u, &st));
    assert_false(u->has_threshold[P]);
}

/* --- runs --- */

static void publish_list(const char *lines)
{
    struct status st = {0};
    struct buf bytes;
    struct sample s = {"11", CUSTOMER_TYPES, "2026-10-31", NULL, NULL, NULL, PARAMETER_LIST};
    struct parameter_file f = make(1, &s, "");
    f.list = lines;
    buf_init(&bytes, PARAMETER_FILE_MAX);
    assert_true(os_remove_tree(parameter_folder(test_folder, &arena), &st));
    assert_true(os_make_folder(parameter_folder(test_folder, &arena), &st));
    parameter_write(&f, &bytes);
    assert_true(parameter_add(test_folder, &f, buf_view(&bytes), &arena, &st));
    buf_release(&bytes);
}

/* The fixture: 王伟 (2 retail records, one of the card) 1,310.15 and 李娜 (retail and card) -5.00 below the threshold of
 * 1,000, the company 5,000.00 at its threshold. */
static const struct {
    const char *name, *lines;
    uint64_t selected;
    const char *totals[6]; /* lines of totals.tsv that must be there, or with ! must not */
} LISTS[] = {
    {"nobody", "", 2, {"selected.personal\t\t1\t", "!list.", "!by_override"}},
    {"excluded by ID, other notation",
     "1\texclusion\t01\t110105491231002\t\t\tstaff\n",
     1,
     {"excluded.personal\t\t1\t", "selected.personal\t\t0\t", "list.exclusion.entries\t\t1\t"}},
    {"excluded until today",
     "1\texclusion\t01\t11010519491231002X\t\t2026-10-31\tstaff\n",
     1,
     {"excluded.personal\t\t1\t"}},
    {"excluded until yesterday",
     "1\texclusion\t01\t11010519491231002X\t\t2026-10-30\tstaff\n",
     2,
     {"excluded.personal\t\t0\t", "list.exclusion.expired\t\t1\t"}},
    {"override by ID with a wrong check digit",
     "1\toverride\t01\t440308199901011234\t\t2026-12-31\tspouse\n",
     3,
     {"overridden.personal\t\t1\t", "by_override.personal\t\t1\t", "selected.personal\t\t2\t"}},
    {"override of one who passes anyhow",
     "1\toverride\t01\t11010519491231002X\t\t2026-12-31\tspouse\n",
     2,
     {"overridden.personal\t\t1\t", "by_override.personal\t\t0\t"}},
    {"override, expired",
     "1\toverride\t01\t440308199901011234\t\t2026-10-30\tspouse\n",
     2,
     {"!by_override", "list.override.expired\t\t1\t"}},
    {"both: the exclusion is stronger",
     "1\toverride\t01\t440308199901011234\t\t2026-12-31\tspouse\n2\texclusion\t01\t440308199901011234\t\t\tstaff\n",
     2,
     {"by_override.personal\t\t0\t", "excluded.personal\t\t1\t"}},
    {"everybody by number",
     "1\texclusion\t\t\t1100000001\t\tstaff\n2\texclusion\t\t\t1100000002\t\tstaff\n3\texclusion\t\t\t1100000003\t\tsta"
     "ff\n",
     0,
     {"list.exclusion.entries\t\t3\t", "excluded.personal\t\t2\t", "excluded.corporate\t\t1\t"}},
    {"a number of another unit", "1\texclusion\t\t\t1200000001\t\tstaff\n", 2, {"excluded.personal\t\t0\t"}},
    {"a company", "1\texclusion\t20\t123456788\t\t\tinternal\n", 1, {"excluded.corporate\t\t1\t"}},
    {"nobody we know", "1\texclusion\t01\t110101198001010010\t\t\tdeceased\n", 2, {"excluded.personal\t\t0\t"}},
};

/* A challenger that is the active formula itself: whom a list names counts for both alike, so the two never differ. */
static void check_same_challenger(const char *name, const char *totals)
{
    static const char *const TYPES[] = {"personal", "corporate"};
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        long long selected, both, only_active, only_shadow, neither, scored;
        const char *const lines[] = {"selected",           "shadow.both",    "shadow.only_active",
                                     "shadow.only_shadow", "shadow.neither", "scored"};
        long long *to[] = {&selected, &both, &only_active, &only_shadow, &neither, &scored};
        for (int k = 0; k < 6; k++) {
            char line[64];
            snprintf(line, sizeof line, "\t%s.%s\t\t", lines[k], TYPES[t]);
            const char *at = strstr(totals, line);
            assert_non_null(at);
            *to[k] = atoll(at + strlen(line));
        }
        if (both != selected || only_active || only_shadow || both + neither != scored)
            fail_msg("%s, %s: selected %lld of %lld, both %lld, only active %lld, only shadow %lld, neither %lld", name,
                     TYPES[t], selected, scored, both, only_active, only_shadow, neither);
    }
}

static void test_lists(void **state)
{
    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        struct run_result result;
        struct status st;
        fixture_unit_write();
        fixture_write("units/11.ini", FIXTURE_UNIT_HEAD
                      "shadow.personal = personal\nshadow.corporate = corporate\n" FIXTURE_UNIT_SYSTEMS);
        fixture_inbox_write();
        publish_list(LISTS[i].lines);
        if (!fixture_run(&result, &st)) fail_msg("%s: %s", LISTS[i].name, st.message);
        if (result.selected != LISTS[i].selected)
            fail_msg("%s: %llu selected", LISTS[i].name, (unsigned long long)result.selected);
        const char *totals = test_read(fixture_state("gen/2026-10-31.001.1/totals.tsv"));
        for (int k = 0; k < 6 && LISTS[i].totals[k]; k++) {
            bool not = LISTS[i].totals[k][0] == '!';
            if ((strstr(totals, LISTS[i].totals[k] + not ) != NULL) == not )
                fail_msg("%s: totals.tsv and \"%s\":\n%s", LISTS[i].name, LISTS[i].totals[k], totals);
        }
        check_same_challenger(LISTS[i].name, totals);
    }
}

static void test_lists_that_cannot_be_read(void **state)
{
    struct run_result result;
    struct status st;
    fixture_unit_write();
    fixture_inbox_write();
    publish_list("1\texclusion\t01\n");
    assert_false(fixture_run(&result, &st));
    assert_int_equal(st.code, STATUS_CORRUPT);
    assert_has(st.message, "lists.tsv\": line 1 is no list entry");
}

/* --- dates --- */

static void make_attempt(const char *id, const char *event)
{
    struct status st = {0};
    char path[512];
    snprintf(path, sizeof path, "state/units/11/run/%s/param", id);
    assert_true(os_make_folder(test_path(path), &st));
    snprintf(path, sizeof path, "state/units/11/run/%s/journal", id);
    struct journal *j = journal_open(test_path(path), &st);
    assert_true(j && journal_append(j, 0, "started", "", &st) && (!event || journal_append(j, 0, event, "", &st)));
    journal_close(j);
}

static void expect_last(const char *level, const char *date)
{
    struct status st = {0};
    int32_t last;
    char text[11];
    assert_true(parameter_last_used(test_folder, level, &last, &st));
    date_format(last, text);
    assert_string_equal(text, date);
}

static void test_last_used(void **state)
{
    struct status st = {0};
    assert_true(os_remove_tree(test_path("state"), &st));
    expect_last("11", "");
    expect_last("head", "");
    assert_true(os_make_folder(test_path("state/units/11/gen/2026-10-30.001.1"), &st));
    expect_last("11", "2026-10-30");
    make_attempt("2026-11-03.001.1", "failed"); /* given up: a new attempt takes the parameters anew */
    expect_last("11", "2026-10-30");
    make_attempt("2026-10-31.001.1", NULL); /* goes on with what it has frozen */
    expect_last("11", "2026-10-31");
    assert_true(os_make_folder(test_path("state/units/12/gen/2026-11-01.001.2"), &st));
    expect_last("11", "2026-10-31");
    expect_last("head", "2026-11-01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_damage_is_seen),
        cmocka_unit_test(test_order_of_files),
        cmocka_unit_test(test_what_counts),
        cmocka_unit_test(test_later_files_change_no_earlier_date),
        cmocka_unit_test(test_freeze),
        cmocka_unit_test(test_threshold_of_the_unit_file),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_lists_that_cannot_be_read),
        cmocka_unit_test(test_last_used),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
