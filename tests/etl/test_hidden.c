/* Which expressions show a field of class C2: by themselves, by what their names stand for, and which are bands. */
#include "etl/hidden.h"
#include "tests/test.h"

#include <string.h>

static struct layout_field customer_fields[] = {
    {.name = "birth", .type = LAYOUT_DATE, .data_class = 2},
    {.name = "opened", .type = LAYOUT_DATE, .data_class = 1},
    {.name = "id_type", .type = LAYOUT_CODE, .data_class = 2},
    {.name = "sex", .type = LAYOUT_CODE, .data_class = 1},
};
static struct layout_field account_fields[] = {
    {.name = "balance", .type = LAYOUT_AMOUNT, .data_class = 2},
    {.name = "due", .type = LAYOUT_DATE, .data_class = 2},
};
static struct layout customer = {.name = "c", .class = LAYOUT_CUSTOMER, .fields = customer_fields, .fields_count = 4};
static struct layout account = {.name = "a", .class = LAYOUT_ACCOUNT, .fields = account_fields, .fields_count = 2};
static struct unit unit = {.layouts = {&customer, &account}, .layouts_count = 2};

static const char FORMULA[] =
    "unit yuan;\nthreshold 1;\n"
    "measure m as last_due date = max(a, due);\nmeasure n number = count(a where balance > 0);\n"
    "let born = birth;\nlet years = coalesce(age(birth), 0);\nlet twice = years * 2;\n"
    "result band code = case when years >= 60 then 'senior' else 'other' end;\n"
    "score = if(twice > 0, 1, 0);\n";

static const struct {
    const char *text;
    enum value_type type;
    const char *strict, *group; /* of one customer; of a group, where completed years are open */
} CASES[] = {
    {"birth", VALUE_DATE, "birth", "birth"},
    {"customer.birth", VALUE_DATE, "birth", "birth"},
    {"coalesce(birth, business_date)", VALUE_DATE, "birth", "birth"},
    {"born", VALUE_DATE, "birth", "birth"},
    {"opened", VALUE_DATE, NULL, NULL},
    {"birthday", VALUE_DATE, NULL, NULL},
    {"age(birth)", VALUE_NUMBER, "birth", NULL},
    {"年龄( 客户.birth )", VALUE_NUMBER, "birth", NULL},
    {"coalesce(years_since(birth), 0) + 1", VALUE_NUMBER, "birth", NULL},
    {"twice", VALUE_NUMBER, "birth", NULL},
    {"average(birth)", VALUE_NUMBER, "birth", "birth"},
    {"days_since(birth)", VALUE_NUMBER, "birth", "birth"},
    {"age(birth) + days_since(birth)", VALUE_NUMBER, "birth", "birth"},
    {"birth < opened", VALUE_BOOLEAN, NULL, NULL},
    {"band", VALUE_CODE, NULL, NULL},
    {"if(sex = 'M', id_type, id_type)", VALUE_CODE, "id_type", "id_type"},
    {"m", VALUE_DATE, "due", "due"},
    {"last_due", VALUE_DATE, "due", "due"},
    {"max(a where true, due)", VALUE_DATE, "due", "due"},
    {"n", VALUE_NUMBER, NULL, NULL},
    {"days_since(m)", VALUE_NUMBER, NULL, NULL},
};

static void test_cases(void **state)
{
    struct generation g = {.unit = &unit};
    struct formula *f;
    struct status st = {0};
    if (!formula_parse("test", view_of(FORMULA), &f, &st)) fail_msg("%s", st.message);
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        for (int open = 0; open < 2; open++) {
            const char *wanted = open ? CASES[i].group : CASES[i].strict;
            const char *found = hidden_named(&g, f, CASES[i].text, CASES[i].type, open);
            if ((found != NULL) != (wanted != NULL) || (found && strcmp(found, wanted) != 0))
                fail_msg("%s (%s): %s, not %s", CASES[i].text, open ? "group" : "customer", found ? found : "open",
                         wanted ? wanted : "open");
        }
    formula_free(f);
}

static void test_words(void **state)
{
    assert_true(hidden_names_word("a + 余额", "余额"));
    assert_false(hidden_names_word("a + 余额二", "余额"));
    assert_false(hidden_names_word("rebirth", "birth"));
    assert_true(hidden_names_word("rebirth + birth", "birth"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
