/* Names of the columns that keep measures and results: short ones as they are, long ones cut at a character and
 * unique. */
#include "base/charset.h"
#include "etl/scorecard.h"
#include "etl/segment.h"
#include "tests/test.h"

static void test_columns(void **state)
{
    static const char *const LONG[] = {
        "活期人民币存款与外币存款合计按月日均余额甲", /* 63 bytes of three-byte characters */
        "活期人民币存款与外币存款合计按月日均余额乙", /* differs behind the cut */
        "a活期人民币存款与外币存款合计按月日均余额乙", "ab活期人民币存款与外币存款合计按月日均余额乙",
        "a_measure_of_forty_one_characters_in_all_",
    };
    char column[SCORECARD_COLUMN_MAX], seen[COUNT_OF(LONG)][SCORECARD_COLUMN_MAX];
    _Static_assert((int)SCORECARD_COLUMN_MAX <= (int)SEGMENT_NAME_MAX, "a column's name must hold it");
    assert_string_equal(scorecard_column(0, "measure", "deposits", column), "P.measure.deposits");
    assert_string_equal(scorecard_column(1, "result", "tier", column), "C.result.tier");
    assert_string_equal(scorecard_column(0, "measure", "0123456789012345678901234567890123456789", column),
                        "P.measure.0123456789012345678901234567890123456789");
    for (size_t i = 0; i < COUNT_OF(LONG); i++) {
        scorecard_column(0, "measure", LONG[i], seen[i]);
        assert_true(strlen(seen[i]) <= strlen("P.measure.") + 40);
        assert_true(buf_is_utf8(view_of(seen[i])));
        for (size_t k = 0; k < i; k++) assert_string_not_equal(seen[k], seen[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
