#include "scoring/words.h"

#include "base/status.h"

#include <strings.h>

static const struct function_word FUNCTIONS[FUNCTION_COUNT] = {
    [FUNCTION_IF] = {"if", "如果", 3, 3, WORD_CUSTOMER | WORD_ACCOUNT, "if(condition, a, b)",
                     "a where the condition holds, else b"},
    [FUNCTION_MIN] = {"min", "最小", 2, 16, WORD_CUSTOMER | WORD_ACCOUNT, "min(a, b, …)", "the smallest"},
    [FUNCTION_MAX] = {"max", "最大", 2, 16, WORD_CUSTOMER | WORD_ACCOUNT, "max(a, b, …)", "the largest"},
    [FUNCTION_ABS] = {"abs", "绝对值", 1, 1, WORD_CUSTOMER | WORD_ACCOUNT, "abs(x)", "x without its sign"},
    [FUNCTION_ROUND] = {"round", "舍入", 1, 2, WORD_CUSTOMER, "round(x) or round(x, half_up|half_away|half_even)",
                        "x as a whole number of its unit; without a mode as the file's `rounding` says"},
    [FUNCTION_FLOOR] = {"floor", "下取整", 1, 1, WORD_CUSTOMER, "floor(x)", "the largest whole number not above x"},
    [FUNCTION_CEIL] = {"ceil", "上取整", 1, 1, WORD_CUSTOMER, "ceil(x)", "the smallest whole number not below x"},
    [FUNCTION_COALESCE] = {"coalesce", "缺省", 2, 16, WORD_CUSTOMER | WORD_ACCOUNT, "coalesce(a, b, …)",
                           "the first value that is not missing; the last one must never be missing"},
    [FUNCTION_KNOWN] = {"known", "已知", 1, 1, WORD_CUSTOMER | WORD_ACCOUNT, "known(x)", "whether x is not missing"},
    [FUNCTION_COEF] = {"coef", "系数", 1, 2, WORD_CUSTOMER, "系数(1.5), coef(name) or coef(name, 1.5)",
                       "a tunable coefficient: a literal, a named one, or a named one with its default"},
    [FUNCTION_CNY] = {"cny", "折算", 1, 1, WORD_ACCOUNT, "cny(amount)",
                      "the amount in the base currency, exact; rounded once per customer and measure"},
    [FUNCTION_AGE] = {"age", "年龄", 1, 1, WORD_CUSTOMER, "age(birth)", "completed years at the business date"},
    [FUNCTION_MONTHS_SINCE] = {"months_since", "月数", 1, 1, WORD_CUSTOMER, "months_since(date)",
                               "completed months from the date to the business date"},
    [FUNCTION_YEARS_SINCE] = {"years_since", "年数", 1, 1, WORD_CUSTOMER, "years_since(date)",
                              "completed years from the date to the business date"},
};

static const struct aggregate_word AGGREGATES[AGGREGATES_COUNT] = {
    [AGGREGATE_SUM] = {"sum", "sum(tables where condition, expression)", "the exact sum, 0 without accounts"},
    [AGGREGATE_COUNT] = {"count", "count(tables where condition)", "the number of accounts"},
    [AGGREGATE_MIN] = {"min", "min(tables where condition, expression)", "the smallest value, 0 without accounts"},
    [AGGREGATE_MAX] = {"max", "max(tables where condition, expression)", "the largest value, 0 without accounts"},
    [AGGREGATE_AVG] = {"avg", "avg(tables where condition, expression)",
                       "sum divided by the number of accounts, rounded half away from zero; 0 without accounts"},
};

static const char *const RESERVED[] = {
    "and",  "or",       "not",           "in",      "case",      "when",      "then", "else", "end",    "where",
    "as",   "date",     "business_date", "true",    "false",     "measure",   "coef", "let",  "result", "score",
    "unit", "rounding", "threshold",     "half_up", "half_away", "half_even", NULL};

static const char *const TYPES[] = {
    [VALUE_MONEY] = "money", [VALUE_NUMBER] = "number",     [VALUE_MONTHS] = "months",  [VALUE_DATE] = "date",
    [VALUE_CODE] = "code",   [VALUE_CURRENCY] = "currency", [VALUE_BOOLEAN] = "boolean"};

const struct function_word *function_word(enum function function)
{
    ensure(function >= 0 && function < FUNCTION_COUNT);
    return &FUNCTIONS[function];
}

const struct aggregate_word *aggregate_word(enum aggregate aggregate)
{
    ensure(aggregate >= 0 && aggregate < AGGREGATES_COUNT);
    return &AGGREGATES[aggregate];
}

bool word_is(struct view word, const char *keyword)
{
    return strlen(keyword) == word.length && strncasecmp(word.bytes, keyword, word.length) == 0;
}

enum function function_find(struct view name)
{
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        if (word_is(name, FUNCTIONS[i].name)) return (enum function)i;
        if (FUNCTIONS[i].alias && view_is(name, FUNCTIONS[i].alias)) return (enum function)i;
    }
    return FUNCTION_NONE;
}

enum aggregate aggregate_find(struct view name)
{
    for (int i = 0; i < AGGREGATES_COUNT; i++)
        if (word_is(name, AGGREGATES[i].name)) return (enum aggregate)i;
    return AGGREGATE_NONE;
}

bool word_is_reserved(struct view name)
{
    for (int i = 0; RESERVED[i]; i++)
        if (word_is(name, RESERVED[i])) return true;
    return false;
}

bool value_type_find(struct view text, enum value_type *type)
{
    for (int i = 0; i <= VALUE_BOOLEAN; i++)
        if (word_is(text, TYPES[i])) return *type = (enum value_type)i, true;
    return false;
}

const char *value_type_name(enum value_type type)
{
    ensure(type <= VALUE_BOOLEAN);
    return TYPES[type];
}

/* --- the nearest name --- */

enum { GUESS_CHARACTERS_MAX = 64 };

/* Splits into characters; a byte that is not UTF-8 counts as one. */
static int characters(struct view text, uint32_t out[GUESS_CHARACTERS_MAX])
{
    int n = 0;
    for (size_t i = 0; i < text.length && n < GUESS_CHARACTERS_MAX;) {
        uint32_t c = (unsigned char)text.bytes[i++];
        while (c >= 0xc0 && i < text.length && ((unsigned char)text.bytes[i] & 0xc0) == 0x80)
            c = c << 8 | (unsigned char)text.bytes[i++];
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
        out[n++] = c;
    }
    return n;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int distance_of(const uint32_t *a, int a_count, const uint32_t *b, int b_count)
{
    int row[GUESS_CHARACTERS_MAX + 1];
    for (int j = 0; j <= b_count; j++) row[j] = j;
    for (int i = 1; i <= a_count; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= b_count; j++) {
            int replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = smaller(replaced, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_count];
}

int edit_distance(struct view a, struct view b)
{
    uint32_t x[GUESS_CHARACTERS_MAX], y[GUESS_CHARACTERS_MAX];
    int x_count = characters(a, x), y_count = characters(b, y);
    return distance_of(x, x_count, y, y_count);
}

void guess_init(struct guess *n, struct view name)
{
    *n = (struct guess){.name = name, .distance = GUESS_CHARACTERS_MAX + 1};
}

void guess_offer(struct guess *n, const char *candidate)
{
    uint32_t x[GUESS_CHARACTERS_MAX], y[GUESS_CHARACTERS_MAX];
    int x_count = characters(n->name, x), y_count = characters(view_of(candidate), y);
    int distance = distance_of(x, x_count, y, y_count);
    int longer = x_count > y_count ? x_count : y_count;
    /* One character of two may be wrong, so that a code such as "DX" finds "D1"; a name of one character finds nothing
     * by replacement alone, or every code would be near every other. */
    bool near_enough = distance * 3 <= longer || (distance == 1 && longer >= 2);
    if (near_enough && distance < n->distance) n->best = candidate, n->distance = distance;
}

void guess_offer_functions(struct guess *n, unsigned places)
{
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        if (!(FUNCTIONS[i].places & places)) continue;
        guess_offer(n, FUNCTIONS[i].name);
        if (FUNCTIONS[i].alias) guess_offer(n, FUNCTIONS[i].alias);
    }
}
