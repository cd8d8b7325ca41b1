/* group: keys, growth, merging, order. */
#include "etl/group.h"
#include "tests/test.h"

static void test_counts_and_merge(void **state)
{
    struct group_set *a = group_set_new(2), *b = group_set_new(2);
    char key[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "k%d", i % 1000);
        struct group *g = group_at(i % 2 ? a : b, view_of(key));
        g->counts[i % 3]++;
        g->sums[1] += (__int128)INT64_MAX;
    }
    assert_true(group_merge(a, b));
    assert_int_equal(group_count(a), 1000);
    struct group *g = group_at(a, VIEW_LITERAL("k7"));
    assert_int_equal(g->counts[0] + g->counts[1] + g->counts[2], 5);
    assert_true(g->sums[1] == (__int128)INT64_MAX * 5 && g->sums[0] == 0);
    group_set_free(a);
    group_set_free(b);
}

static void test_order(void **state)
{
    static const char *const IN[] = {"b", "10", "9", "", "-3", "a", "ab", "零"};
    static const char *const OUT[] = {"-3", "9", "10", "", "a", "ab", "b", "零"};
    struct group_set *s = group_set_new(0);
    for (size_t i = 0; i < COUNT_OF(IN); i++) group_at(s, view_of(IN[i]))->counts[0] = i;
    struct group *const *sorted = group_sorted(s);
    for (size_t i = 0; i < COUNT_OF(OUT); i++) assert_string_equal(sorted[i]->key.bytes, OUT[i]);
    group_set_free(s);
}

static void test_limit(void **state)
{
    struct group_set *s = group_set_new(0);
    char key[32];
    for (int i = 0; i < GROUPS_MAX; i++) {
        snprintf(key, sizeof key, "%d", i);
        assert_non_null(group_at(s, view_of(key)));
    }
    assert_null(group_at(s, VIEW_LITERAL("one more")));
    assert_non_null(group_at(s, VIEW_LITERAL("5")));
    group_set_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts_and_merge), cmocka_unit_test(test_order),
                                       cmocka_unit_test(test_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
