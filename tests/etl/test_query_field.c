/* The names of queries: each stands in docs/formula.md as the table has it. */
#include "base/os.h"
#include "etl/query_field.h"
#include "scoring/words.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static void test_document(void **state)
{
    struct status st = {0};
    struct buf document;
    int count = 0;
    buf_init(&document, 1 << 20);
    assert_true(os_read_file("docs/formula.md", &document, &st));
    for (; query_field_name(count); count++) {
        const struct query_field_name *n = query_field_name(count);
        char row[256];
        snprintf(row, sizeof row, "| `%s` | %s | %s | %s |\n", n->name, n->alias, value_type_name(n->type), n->about);
        if (!strstr(document.bytes, row)) fail_msg("docs/formula.md lacks the row: %s", row);
    }
    buf_release(&document);
    assert_true(count >= 9);
    assert_true(count <= QUERY_FIELDS_MAX / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_document)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
