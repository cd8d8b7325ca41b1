/* Calendars: holidays, worked weekends, what is no day. */
#include "base/date.h"
#include "etl/calendar.h"
#include "tests/etl/fixture.h"

static bool load(const char *text, struct arena *arena, struct calendar **c, struct status *st)
{
    fixture_write("c.ini", text);
    return calendar_load(test_path("c.ini"), "c", arena, c, st);
}

static void test_days(void **state)
{
    static const struct {
        const char *day;
        bool open;
    } DAYS[] = {{"2026-11-20", true},  /* Friday */
                {"2026-11-21", false}, /* Saturday */
                {"2026-11-22", false}, /* Sunday */
                {"2026-11-23", false}, /* a holiday */
                {"2026-11-28", true},  /* a Saturday that is worked */
                {"1969-12-31", true},  /* Wednesday, before day 0 */
                {"1969-12-28", false}};
    struct arena arena;
    struct calendar *c;
    struct status st = {0};
    (void)state;
    arena_init(&arena, "test");
    assert_true(
        load("[calendar]\nname = c\nweekend = saturday sunday\n[holidays]\n2026-11-23 = x\n[working]\n2026-11-28 = y\n",
             &arena, &c, &st));
    for (size_t i = 0; i < COUNT_OF(DAYS); i++) {
        int32_t day;
        assert_true(date_parse(view_of(DAYS[i].day), &day));
        if (calendar_is_open(c, day) != DAYS[i].open) fail_msg("%s", DAYS[i].day);
    }
    arena_release(&arena);
}

static void test_errors(void **state)
{
    static const struct {
        const char *text, *message;
    } ERRORS[] = {{"[calendar]\nname = d\nweekend = sunday\n", "the calendar calls itself \"d\""},
                  {"[calendar]\nname = c\nweekend = sundy\n", "expected days such as"},
                  {"[calendar]\nname = c\nweekend = sunday\n[holidays]\n2026-02-30 = x\n", "a day is written"},
                  {"[calendar]\nname = c\n", "weekend"}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ERRORS); i++) {
        struct arena arena;
        struct calendar *c;
        struct status st = {0};
        arena_init(&arena, "test");
        assert_false(load(ERRORS[i].text, &arena, &c, &st));
        assert_has(st.message, ERRORS[i].message);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_days), cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
