#include "scoring/words.h"

#include "base/status.h"

#include <strings.h>

static const struct function_word FUNCTIONS[FUNCTION_COUNT] = {
    [FUNCTION_IF] = {"if", "如果", 3, 3, WORD_CUSTOMER | WORD_ACCOUNT, "if(condition, a, b)",
                     "a where the condition holds, else b"},
    [FUNCTION_MIN] = {"min", "最小", 2, 16, WORD_CUSTOMER | WORD_ACCOUNT, "min(a, b, …)", "the smallest"},
    [FUNCTION_MAX] = {"max", "最大", 2, 16, WORD_CUSTOMER | WORD_ACCOUNT, "max(a, b, …)", "the largest"},
    [FUNCTION_ABS] = {"abs", "绝对值", 1, 1, WORD_CUSTOMER | WORD_ACCOUNT, "abs(x)", "x without its sign"},
    [FUNCTION_ROUND] =
        {"round", "舍入", 1, 3, WORD_CUSTOMER, "round(x[, decimals][, half_up|half_away|half_even])",
         "x as a whole number of its unit, or with 0 to 6 decimals; without a mode as the file's `rounding` "
         "says"},
    [FUNCTION_FLOOR] = {"floor", "下取整", 1, 1, WORD_CUSTOMER, "floor(x)", "the largest whole number not above x"},
    [FUNCTION_CEIL] = {"ceil", "上取整", 1, 1, WORD_CUSTOMER, "ceil(x)", "the smallest whole number not below x"},
    [FUNCTION_COALESCE] = {"coalesce", "缺省", 2, 16, WORD_CUSTOMER | WORD_ACCOUNT, "coalesce(a, b, …)",
                           "the first value that is not missing; the last one must never be missing"},
    [FUNCTION_KNOWN] = {"known", "已知", 1, 1, WORD_CUSTOMER | WORD_ACCOUNT, "known(x)", "whether x is not missing"},
    [FUNCTION_COEF] = {"coef", "系数", 1, 2, WORD_CUSTOMER, "系数(1.5), coef(name) or coef(name, 1.5)",
                       "a tunable coefficient: a literal, a named one, or a named one with its default"},
    [FUNCTION_CNY] = {"cny", "折算", 1, 1, WORD_ACCOUNT, "cny(amount)",
                      "the amount in the base currency, exact; rounded once per customer and measure"},
    [FUNCTION_AGE] = {"age", "年龄", 1, 1, WORD_CUSTOMER | WORD_ACCOUNT, "age(birth)",
                      "completed years at the business date"},
    [FUNCTION_DAYS_SINCE] = {"days_since", "天数", 1, 1, WORD_CUSTOMER | WORD_ACCOUNT, "days_since(date)",
                             "days from the date to the business date"},
    [FUNCTION_MONTHS_SINCE] = {"months_since", "月数", 1, 1, WORD_CUSTOMER | WORD_ACCOUNT, "months_since(date)",
                               "completed months from the date to the business date"},
    [FUNCTION_YEARS_SINCE] = {"years_since", "年数", 1, 1, WORD_CUSTOMER | WORD_ACCOUNT, "years_since(date)",
                              "completed years from the date to the business date"},
    [FUNCTION_DAYS_BETWEEN] = {"days_between", "相差天数", 2, 2, WORD_CUSTOMER | WORD_ACCOUNT, "days_between(from, to)",
                               "days from one date to another"},
    [FUNCTION_MONTHS_BETWEEN] = {"months_between", "相差月数", 2, 2, WORD_CUSTOMER | WORD_ACCOUNT,
                                 "months_between(from, to)", "completed months from one date to another"},
    [FUNCTION_YEARS_BETWEEN] = {"years_between", "相差年数", 2, 2, WORD_CUSTOMER | WORD_ACCOUNT,
                                "years_between(from, to)", "completed years from one date to another"},
    [FUNCTION_INTEREST] =
        {"interest", "利率", 1, 1, WORD_ACCOUNT, "interest(product)",
         "the interest rate of the account's product or term in its currency, percent a year; 0 where "
         "there is none"},
};

static const struct aggregate_word AGGREGATES[AGGREGATES_COUNT] = {
    [AGGREGATE_SUM] = {"sum", "合计", "sum(tables where condition, expression)", "the exact sum, 0 without accounts"},
    [AGGREGATE_COUNT] = {"count", "计数", "count(tables where condition)", "the number of accounts"},
    [AGGREGATE_MIN] = {"min", "最小", "min(tables where condition, expression)",
                       "the smallest value; without accounts 0, of dates missing"},
    [AGGREGATE_MAX] = {"max", "最大", "max(tables where condition, expression)",
                       "the largest value; without accounts 0, of dates missing"},
    [AGGREGATE_AVG] = {"avg", "平均", "avg(tables where condition, expression)",
                       "sum divided by the number of accounts, rounded half away from zero; 0 without accounts"},
};

static const struct keyword KEYWORDS[] = {
    {"measure", "指标", false, "a measure: an aggregate over the customer's accounts"},
    {"coef", "系数", false, "a named coefficient"},
    {"let", "中间值", false, "an intermediate value"},
    {"score", "评分", false, "the score; in an expression below, its rounded value"},
    {"result", "结果", false, "a further result"},
    {"unit", "单位", false, "what an amount of money is in the score"},
    {"rounding", "舍入", false, "how a result becomes whole minor units"},
    {"threshold", "筛选阈值", false, "the score from which a customer is selected"},
    {"yuan", "元", true, "unit: amounts are yuan"},
    {"fen", "分", true, "unit: amounts are minor units"},
    {"half_up", NULL, false, "rounding: floor(x + 0.5)"},
    {"half_away", "四舍五入", false, "rounding: a half away from zero"},
    {"half_even", "四舍六入五成双", false, "rounding: a half to the even neighbour"},
    {"as", "代号", false, "the second, ASCII name of a measure"},
    {"where", "其中", false, "the condition of an aggregate"},
    {"and", "且", false, "both hold"},
    {"or", "或", false, "one of the two holds, or both"},
    {"not", "非", false, "does not hold"},
    {"in", "属于", false, "is one of a list"},
    {"case", "分档", false, "the first band whose condition holds"},
    {"when", "当", false, "the condition of a band"},
    {"then", "则", false, "the value of a band"},
    {"else", "否则", false, "the value outside all bands"},
    {"end", "结束", false, "closes a case"},
    {"date", "日期", false, "a day: date '2026-10-31'"},
    {"business_date", "会计日期", false, "the day the run is for"},
    {"true", "真", false, "holds always"},
    {"false", "假", false, "holds never"},
};
enum { KEYWORDS_COUNT = sizeof KEYWORDS / sizeof *KEYWORDS };

static const struct {
    const char *name, *alias, *second;
} TYPES[] = {[VALUE_MONEY] = {"money", "金额", NULL},      [VALUE_NUMBER] = {"number", "数值", NULL},
             [VALUE_MONTHS] = {"months", "月数", NULL},    [VALUE_DATE] = {"date", "日期", NULL},
             [VALUE_CODE] = {"code", "代码", NULL},        [VALUE_CURRENCY] = {"currency", "币种", NULL},
             [VALUE_BOOLEAN] = {"boolean", "是否", "flag"}};

const struct keyword *keyword_word(int index)
{
    ensure(index >= 0);
    return index < KEYWORDS_COUNT ? &KEYWORDS[index] : NULL;
}

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

static bool same_word(struct view word, const char *name)
{
    return strlen(name) == word.length && strncasecmp(word.bytes, name, word.length) == 0;
}

bool word_is(struct view word, const char *keyword)
{
    if (same_word(word, keyword)) return true;
    if (word.length == 0 || !((unsigned char)word.bytes[0] & 0x80)) return false;
    for (int i = 0; i < KEYWORDS_COUNT; i++)
        if (KEYWORDS[i].alias && strcmp(KEYWORDS[i].name, keyword) == 0) return view_is(word, KEYWORDS[i].alias);
    return false;
}

bool word_is_accounts(const char *name)
{
    return strcmp(name, "accounts") == 0 || strcmp(name, "账户") == 0;
}

bool word_is_customer(struct view word)
{
    return same_word(word, "customer") || view_is(word, "客户");
}

bool word_is_shadow(struct view word)
{
    return same_word(word, "shadow") || view_is(word, "影子");
}

enum function function_find(struct view name)
{
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        if (same_word(name, FUNCTIONS[i].name)) return (enum function)i;
        if (FUNCTIONS[i].alias && view_is(name, FUNCTIONS[i].alias)) return (enum function)i;
    }
    return FUNCTION_NONE;
}

enum aggregate aggregate_find(struct view name)
{
    for (int i = 0; i < AGGREGATES_COUNT; i++)
        if (same_word(name, AGGREGATES[i].name) || view_is(name, AGGREGATES[i].alias)) return (enum aggregate)i;
    return AGGREGATE_NONE;
}

bool word_is_reserved(struct view name)
{
    for (int i = 0; i < KEYWORDS_COUNT; i++)
        if (word_is(name, KEYWORDS[i].name) && !KEYWORDS[i].in_place) return true;
    return false;
}

bool value_type_find(struct view text, enum value_type *type)
{
    for (int i = 0; i <= VALUE_BOOLEAN; i++) {
        bool found = same_word(text, TYPES[i].name) || view_is(text, TYPES[i].alias);
        if (found || (TYPES[i].second && same_word(text, TYPES[i].second))) return *type = (enum value_type)i, true;
    }
    return false;
}

const char *value_type_name(enum value_type type)
{
    ensure(type <= VALUE_BOOLEAN);
    return TYPES[type].name;
}

const char *value_type_alias(enum value_type type)
{
    ensure(type <= VALUE_BOOLEAN);
    return TYPES[type].alias;
}

/* --- other languages --- */

static const struct {
    const char *word, *instead;
} FOREIGN[] = {
    {"null", "only dates can be missing: known(x) asks, coalesce(x, …) says what counts then"},
    {"nan", "every value is a number: only dates can be missing, known(x) asks"},
    {"is", "only dates can be missing: known(x) asks"},
    {"between", "write x >= 1 and x <= 5"},
    {"like", "a code is compared whole: = or in ('A', 'B')"},
    {"sqrt", "there is no square root; bands are written with case"},
    {"mod", "there is no remainder: a - b*floor(a/b)"},
    {"today", "the day is business_date (会计日期)"},
    {"now", "the day is business_date (会计日期)"},
    {"iif", "write if(condition, a, b)"},
};

const char *word_foreign(struct view word)
{
    for (size_t i = 0; i < sizeof FOREIGN / sizeof FOREIGN[0]; i++)
        if (same_word(word, FOREIGN[i].word)) return FOREIGN[i].instead;
    return NULL;
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

/* Two neighbours that changed places, "dpe" for "dep", are one mistake. */
static int distance_of(const uint32_t *a, int a_count, const uint32_t *b, int b_count)
{
    int rows[3][GUESS_CHARACTERS_MAX + 1];
    for (int j = 0; j <= b_count; j++) rows[0][j] = j;
    for (int i = 1; i <= a_count; i++) {
        int *row = rows[i % 3];
        const int *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= b_count; j++) {
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            row[j] = smaller(above[j - 1] + (a[i - 1] != b[j - 1]), smaller(above[j], row[j - 1]) + 1);
            if (swapped) row[j] = smaller(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_count % 3][b_count];
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

void guess_offer_keywords(struct guess *n)
{
    for (int i = 0; i < KEYWORDS_COUNT; i++) {
        if (KEYWORDS[i].in_place) continue;
        guess_offer(n, KEYWORDS[i].name);
        if (KEYWORDS[i].alias) guess_offer(n, KEYWORDS[i].alias);
    }
}

void guess_offer_aggregates(struct guess *n)
{
    for (int i = 0; i < AGGREGATES_COUNT; i++) {
        guess_offer(n, AGGREGATES[i].name);
        guess_offer(n, AGGREGATES[i].alias);
    }
}

void guess_offer_functions(struct guess *n, unsigned places)
{
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        if (!(FUNCTIONS[i].places & places)) continue;
        guess_offer(n, FUNCTIONS[i].name);
        if (FUNCTIONS[i].alias) guess_offer(n, FUNCTIONS[i].alias);
    }
}
