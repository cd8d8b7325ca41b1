/* Arenas: alignment, zeroing, blocks of every size, release and use again. */
#include "base/arena.h"
#include "tests/test.h"

static void test_aligned_and_zeroed(void **state)
{
    static const size_t SIZES[] = {1, 15, 16, 17, 100, 4096, 65535, 65536, 65537, 1000000, 1};
    struct arena a;
    arena_init(&a, "test");
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
            unsigned char *p = arena_take(&a, SIZES[i]);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t k = 0; k < SIZES[i]; k++)
                if (p[k]) fail_msg("byte %zu of %zu is not zero", k, SIZES[i]);
            memset(p, 0xff, SIZES[i]); /* the next piece must not overlap this one */
        }
    }
    arena_release(&a);
    assert_string_equal(a.name, "test");
    assert_non_null(arena_take(&a, 10));
    arena_release(&a);
    arena_release(&a);
}

/* Pieces keep their content while others are taken: no overlap, no move. */
static void test_pieces_are_apart(void **state)
{
    enum { PIECES = 3000 };
    struct arena a;
    unsigned char *pieces[PIECES];
    arena_init(&a, "test");
    for (int i = 0; i < PIECES; i++) {
        pieces[i] = arena_take(&a, (size_t)(i % 200) + 1);
        memset(pieces[i], i % 251, (size_t)(i % 200) + 1);
    }
    for (int i = 0; i < PIECES; i++)
        for (int k = 0; k <= i % 200; k++) assert_int_equal(pieces[i][k], i % 251);
    arena_release(&a);
}

struct pair {
    int a;
    double b;
};

static void test_texts_and_types(void **state)
{
    struct arena a;
    arena_init(&a, "test");
    assert_string_equal(arena_dup(&a, VIEW_LITERAL("abc")), "abc");
    assert_string_equal(arena_dup(&a, (struct view){"abcdef", 3}), "abc");
    assert_string_equal(arena_dup(&a, (struct view){NULL, 0}), "");
    assert_string_equal(arena_printf(&a, "%s-%03d", "x", 7), "x-007");
    assert_string_equal(arena_printf(&a, "%s", ""), "");
    char *text = arena_printf(&a, "%0*d", 100000, 5);
    assert_int_equal(strlen(text), 100000);
    struct pair *pairs = arena_array(&a, struct pair, 100);
    pairs[99].b = 1.5;
    assert_int_equal(pairs[99].a, 0);
    assert_int_equal(arena_new(&a, struct pair)->a, 0);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligned_and_zeroed),
        cmocka_unit_test(test_pieces_are_apart),
        cmocka_unit_test(test_texts_and_types),
    };
    return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
