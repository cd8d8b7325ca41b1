/* Packing of archived inputs: which ids are live, which files are packed, what becomes of an id; when it is due. Whole
 * generations: tests/integration/compact.sh, tests/law/run --compact. */
#include "etl/compact.h"
#include "etl/compact_space.h"
#include "tests/etl/fixture.h"

enum { FILES = 7, LAYOUTS = 2 };

struct scene {
    struct arena arena;
    struct generation g;
    struct unit unit;
    struct layout layouts[LAYOUTS];
    struct compact_holders holders;
    struct compact_list lists[COMPACT_LISTS];
    struct pool *pool;
};

static void open_scene(struct scene *s)
{
    *s = (struct scene){.pool = pool_new(2), .layouts = {{.name = "full"}, {.name = "change"}}};
    arena_init(&s->arena, "test");
    s->unit.id = "11";
    s->g.unit = &s->unit;
    input_set_init(&s->g.inputs, &s->arena);
    s->lists[0].lines = arena_array(&s->arena, struct compact_line, 100000);
}

static void close_scene(struct scene *s)
{
    input_set_release(&s->g.inputs);
    pool_free(s->pool);
    arena_release(&s->arena);
}

/* An archived file of the space 0 with so many records, behind the ones there are (and a gap). */
static void add_file(struct scene *s, int layout, uint32_t base, uint32_t max, uint64_t accepted)
{
    input_add_carried(&s->g.inputs, &(struct input_file){.name = "F",
                                                         .night = "2028-02-26.001.1",
                                                         .version = "v",
                                                         .layout = &s->layouts[layout],
                                                         .space = 0,
                                                         .record_base = base,
                                                         .records_max = max,
                                                         .accepted = accepted});
    input_sort_carried(&s->g.inputs);
}

static void add_live(struct scene *s, uint32_t id)
{
    s->lists[0].lines[s->lists[0].count++] = (struct compact_line){.space = 0, .ids = {id}, .ids_count = 1};
}

static bool open_space(struct scene *s, struct compact_space *space, int live_share, struct status *st)
{
    return compact_space_open(space, &s->g, 0, &s->holders, s->lists, live_share, 64 << 20, s->pool, &s->arena, st);
}

static void which_files(void **state)
{
    /* Records live of 64 in each of seven files; layout 1 but for the first. */
    static const struct {
        const char *name;
        int live[FILES], layout[FILES], share;
        const char *runs; /* per file: - stays, x goes, a b … packed with its like */
        uint32_t ids;     /* used afterwards */
    } CASES[] = {
        {"all live", {64, 64, 64, 64, 64, 64, 64}, {0, 1, 1, 1, 1, 1, 1}, 50, "-------", 448},
        {"half is enough", {32, 32, 32, 32, 32, 32, 32}, {0, 1, 1, 1, 1, 1, 1}, 50, "-------", 448},
        {"one below", {64, 31, 64, 64, 64, 64, 64}, {0, 1, 1, 1, 1, 1, 1}, 50, "-a-----", 448},
        {"neighbours become one", {64, 5, 6, 7, 64, 8, 9}, {0, 1, 1, 1, 1, 1, 1}, 50, "-aaa-bb", 256},
        {"another layout is a border", {5, 5, 5, 5, 5, 5, 5}, {0, 1, 1, 0, 0, 1, 1}, 50, "abbccdd", 256},
        {"a dead file is none", {64, 5, 0, 6, 0, 0, 64}, {0, 1, 0, 1, 1, 0, 1}, 50, "-axaxx-", 192},
        {"nothing lives", {0, 0, 0, 0, 0, 0, 0}, {0, 1, 1, 1, 1, 1, 1}, 50, "xxxxxxx", 0},
        {"all that hold a dead one", {64, 63, 64, 63, 63, 64, 64}, {0, 1, 1, 1, 1, 1, 1}, 100, "-a-bb--", 448},
    };
    for (size_t c = 0; c < COUNT_OF(CASES); c++) {
        struct scene s;
        struct compact_space space;
        struct status st = {0};
        open_scene(&s);
        for (int f = 0; f < FILES; f++) {
            add_file(&s, CASES[c].layout[f], 64 * (uint32_t)f, 64, 64);
            for (int i = 0; i < CASES[c].live[f]; i++) add_live(&s, 64 * (uint32_t)f + 63 - (uint32_t)i);
        }
        assert_true(open_space(&s, &space, CASES[c].share, &st));
        char runs[FILES + 1] = "";
        uint32_t end = 0, next = 0;
        for (int f = 0; f < FILES; f++) {
            const struct compact_range *r = &space.ranges[f];
            assert_int_equal(r->live, CASES[c].live[f]);
            runs[f] = !r->packed ? '-' : r->run < 0 ? 'x' : (char)('a' + r->run);
        }
        if (strcmp(runs, CASES[c].runs) != 0) print_message("%s: %s\n", CASES[c].name, runs);
        assert_string_equal(runs, CASES[c].runs);
        for (uint32_t id = 0; id < space.ids; id++) {
            if (!compact_is_live(&space, id)) continue;
            uint32_t now = compact_map(&space, id);
            assert_true(now >= next); /* in the order they had */
            next = now + 1;
            end = (now & ~63u) + 64;
        }
        assert_true(end <= CASES[c].ids);
        compact_space_close(&space);
        close_scene(&s);
    }
}

static void every_id(void **state)
{
    struct scene s;
    struct compact_space space;
    struct status st = {0};
    open_scene(&s);
    unsigned seed = 7;
    uint32_t live = 0;
    for (uint32_t f = 0; f < 40; f++) {
        add_file(&s, f % 5 > 0, f * 1024, 1024, 1000);
        uint32_t of = f % 3 ? 30 : 990;
        for (uint32_t i = 0; i < 1000; i++)
            if ((seed = seed * 1103515245 + 12345) >> 16 & 1023 ? (seed >> 16) % 1000 < of : false) {
                add_live(&s, f * 1024 + i);
                live++;
            }
    }
    assert_true(open_space(&s, &space, 50, &st));
    assert_true(space.changed && space.runs > 2);
    uint32_t last = UINT32_MAX, found = 0;
    for (uint32_t id = 0; id < 40 * 1024; id++) {
        if (!compact_is_live(&space, id)) continue;
        uint32_t now = compact_map(&space, id);
        found++;
        if (last != UINT32_MAX) assert_true(now > last);
        last = now;
        const struct compact_range *r = &space.ranges[id / 1024];
        if (!r->packed) assert_int_equal(now - r->base, id - r->first);
        if (r->packed) assert_true(now >= r->base && now < r->base + r->live);
    }
    assert_int_equal(found, live);
    assert_true(last < 20 * 1024);
    assert_int_equal(compact_map(&space, UINT32_MAX), UINT32_MAX); /* none */
    compact_space_close(&space);
    close_scene(&s);
}

/* Files that hold nothing are not carried on, which leaves gaps: where nothing is packed, the ids stay. */
static void gaps(void **state)
{
    struct scene s;
    struct compact_space space;
    struct status st = {0};
    open_scene(&s);
    add_file(&s, 1, 0, 64, 2);
    add_file(&s, 1, 256, 64, 2);
    add_live(&s, 1);
    add_live(&s, 2);
    add_live(&s, 257);
    add_live(&s, 258);
    assert_true(open_space(&s, &space, 50, &st));
    assert_false(space.changed);
    assert_int_equal(compact_map(&space, 2), 2);
    assert_int_equal(compact_map(&space, 258), 258);
    compact_space_close(&space);
    close_scene(&s);
}

static void too_little_memory(void **state)
{
    struct scene s;
    struct compact_space space;
    struct status st = {0};
    open_scene(&s);
    add_file(&s, 1, UINT32_MAX - 4095, 1024, 1000);
    assert_false(open_space(&s, &space, 50, &st));
    assert_int_equal(st.code, STATUS_USAGE);
    assert_non_null(strstr(st.hint, "crmx generation compact --unit 11 --set run.memory_max="));
    compact_space_close(&space);
    close_scene(&s);
}

static void origins(void **state)
{
    static unsigned char bytes[3 * 36];
    struct input_origin list[] = {{0, "2028-02-26.001.1", "A"}, {1, "2028-02-27.001.1", "B"}};
    struct layout l = {.record_length = 20};
    struct input_file f = {.name = "packed.x.1",
                           .layout = &l,
                           .stride = 36,
                           .record_base = 640,
                           .records_max = 64,
                           .bytes = bytes,
                           .identity = {.size = sizeof bytes},
                           .origins = list,
                           .origins_count = 2};
    uint64_t noted[3][2] = {{100, 2}, {0, 1}, {60, 4}};
    for (int i = 0; i < 3; i++) memcpy(bytes + 36 * i + 20, noted[i], 16);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(input_offset(&f, 640 + i), noted[i][0]);
        assert_int_equal(input_packed_line(&f, 640 + i), noted[i][1]);
        assert_string_equal(input_name(&f, 640 + i), i ? "B" : "A");
        assert_string_equal(input_origin(&f, 640 + i)->night, list[i > 0].night);
    }
    assert_int_equal(input_offset(&f, 640 + 3), 0); /* a damaged id reads nothing beyond the file */
    f.origins_count = 0;
    assert_string_equal(input_name(&f, 640), "packed.x.1");
    assert_null(input_origin(&f, 640));
}

static void due(void **state)
{
    static const struct {
        int percent;
        uint32_t ids;
        int share;
        bool due;
    } CASES[] = {{100, 1, 50, false},           {50, 1, 50, false},           {49, 1, 50, true},
                 {100, 3000000000u, 50, false}, {100, 3300000000u, 50, true}, {1, 0, 1, false}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        assert_int_equal(
            compact_is_due(&(struct compact_share){.percent = CASES[i].percent, .ids = CASES[i].ids}, CASES[i].share),
            CASES[i].due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_files),       cmocka_unit_test(every_id), cmocka_unit_test(gaps),
        cmocka_unit_test(too_little_memory), cmocka_unit_test(origins),  cmocka_unit_test(due),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
