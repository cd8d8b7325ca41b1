/* The formula file: English and Chinese words, plain and full-width signs, in turn. */
#include "tests/formulas/formulas.h"

#include "base/date.h"

#include <string.h>

static const char *const FIELD_NAMES[TABLES + 1][FIELDS_MAX] = {
    {"kind", "currency", "balance", "term", "maturity", "rate", "moves", "opened"},
    {"currency", "balance", "overdue", "months", "opened"},
    {"currency", "balance", "opened"}};
static const char *const CUSTOMER_NAMES[] = {"birth", "sex", "opened", "income", "family", "married"};
static const char *const MEASURE_NAMES[][2] = {{"m0", "存款"}, {"m1", "笔数"}, {"m2", "存期"}, {"m3", "最近"}};
static const char *const MODES[] = {"half_up", "half_away", "half_even"};

static const struct formula_drawn *f;
static int table;
static uint32_t turn; /* which spelling comes next: of the text alone, so that the drawing does not depend on it */

static const char *word(const char *english, const char *chinese)
{
    return turn++ % 3 == 1 ? chinese : english;
}

static void put(struct buf *out, const struct tree *t);

static void decimal(struct buf *out, int64_t value, int scale)
{
    int64_t size = value < 0 ? -value : value, power = 1;
    for (int i = 0; i < scale; i++) power *= 10;
    buf_addf(out, value < 0 ? "(-%lld" : "%lld", (long long)(size / power));
    if (scale) buf_addf(out, ".%0*lld", scale, (long long)(size % power));
    buf_add_text(out, value < 0 ? ")" : "");
}

static void day(struct buf *out, int64_t value)
{
    char text[11];
    date_format((int32_t)value, text);
    buf_addf(out, "%s '%s'", word("date", "日期"), text);
}

static void between(struct buf *out, const struct tree *t, const char *sign)
{
    buf_add_text(out, turn++ % 5 ? "(" : "（");
    put(out, t->child[0]);
    buf_add_text(out, sign);
    put(out, t->child[1]);
    buf_add_text(out, turn++ % 5 ? ")" : "）");
}

static void call(struct buf *out, const char *name, const struct tree *t)
{
    buf_addf(out, "%s(", name);
    for (int i = 0; i < t->count; i++) {
        buf_add_text(out, i ? ", " : "");
        put(out, t->child[i]);
    }
    if (t->kind == C_ROUND && t->scale) buf_addf(out, ", %d", t->scale);
    if (t->kind == C_ROUND && t->index < 3) buf_addf(out, ", %s", MODES[t->index]);
    buf_add_text(out, ")");
}

static void prefix(struct buf *out, const char *sign, const struct tree *t)
{
    buf_addf(out, "(%s ", sign);
    put(out, t->child[0]);
    buf_add_text(out, ")");
}

static void codes(struct buf *out, const char *name, const char *const *list, int set, bool negated)
{
    const char *comma = "";
    buf_addf(out, "%s %s%s (", name, negated ? "not " : "", word("in", "属于"));
    for (int i = 0; i < 3; i++)
        if (set >> i & 1) buf_addf(out, "%s'%s'", comma, list[i]), comma = ", ";
    buf_add_text(out, ")");
}

static void bands(struct buf *out, const struct tree *t)
{
    bool chinese = turn++ % 3 == 1;
    buf_add_text(out, chinese ? "(分档" : "(case");
    for (int i = 0; i + 1 < t->count; i += 2) {
        buf_add_text(out, chinese ? " 当 " : " when ");
        put(out, t->child[i]);
        buf_add_text(out, chinese ? " 则 " : " then ");
        put(out, t->child[i + 1]);
    }
    buf_add_text(out, chinese ? " 否则 " : " else ");
    put(out, t->child[t->count - 1]);
    buf_add_text(out, chinese ? " 结束)" : " end)");
}

static void coefficient(struct buf *out, const struct tree *t)
{
    bool named = turn++ % 3 == 0;
    if (named)
        buf_addf(out, "coef(k%lld_%d, ", (long long)t->value, t->scale);
    else
        buf_add_text(out, "系数(");
    decimal(out, t->value, t->scale);
    buf_add_text(out, ")");
}

static void aggregate(struct buf *out, const struct measure_drawn *m)
{
    static const char *const AGGREGATES[][2] = {
        {"sum", "合计"}, {"count", "计数"}, {"min", "最小"}, {"max", "最大"}, {"avg", "平均"}};
    static const char *const SYSTEMS[TABLES + 1][2] = {
        {"retail", "retail_account"}, {"loan", "loan_account"}, {"accounts", "retail + loan_account"}};
    table = m->table;
    buf_addf(out, "%s(%s", word(AGGREGATES[m->aggregate][0], AGGREGATES[m->aggregate][1]),
             SYSTEMS[m->table][turn++ % 2]);
    if (m->predicate) {
        buf_addf(out, " %s ", word("where", "其中"));
        put(out, m->predicate);
    }
    if (m->expression) {
        buf_add_text(out, ", ");
        put(out, m->expression);
    }
    buf_add_text(out, ")");
}

/* Money of itself: an amount of the account stands in it, and not only in a condition. */
static bool is_money(const struct tree *t, int of)
{
    bool condition = t->kind >= A_CODE_IN && t->kind <= A_NOT, found = t->kind == A_CNY;
    if (t->kind == A_CUSTOMER) return t->index == FIELD_INCOME;
    if (t->kind == A_FIELD)
        return of == TABLE_RETAIL ? t->index == 2 : t->index == 1 || (of == TABLE_LOAN && t->index == 2);
    for (int i = 0; !condition && i < t->count; i++) found |= is_money(t->child[i], of);
    return found;
}

/* May it stand in place? Its type must be plain from what it adds up; min and max are known by their where. */
static bool is_plain(const struct measure_drawn *m)
{
    bool extreme = m->aggregate == 2 || m->aggregate == 3;
    if (extreme && !m->predicate) return false;
    return m->aggregate == 1 || m->type == MEASURE_DATE ||
           (m->type == MEASURE_MONEY && is_money(m->expression, m->table));
}

static void measure(struct buf *out, int i)
{
    if (turn++ % 3 == 0 && is_plain(&f->measures[i]))
        aggregate(out, &f->measures[i]);
    else
        buf_add_text(out, MEASURE_NAMES[i][turn++ % 2]);
}

/* Of the customer: the plain name where no table and no statement of the file has it. */
static void customer_name(struct buf *out, int field, bool in_aggregate)
{
    static const char *const OWNERS[] = {"", "customer.", "客户.", "CUSTOMER . "};
    bool plain = !in_aggregate || field != FIELD_OPENED;
    buf_addf(out, "%s%s", OWNERS[plain ? turn++ % 4 : 1 + turn++ % 3], CUSTOMER_NAMES[field]);
}

static void sexes(struct buf *out, const struct tree *t, bool in_aggregate)
{
    struct buf name;
    buf_init(&name, 100);
    customer_name(&name, FIELD_SEX, in_aggregate);
    codes(out, name.bytes, SEXES, t->codes, t->negated);
    buf_release(&name);
}

static void list_of(struct buf *out, const struct tree *t)
{
    buf_add_text(out, "(");
    put(out, t->child[0]);
    buf_addf(out, " %s%s (", t->negated ? "not " : "", word("in", "属于"));
    put(out, t->child[1]);
    buf_add_text(out, ", ");
    put(out, t->child[2]);
    buf_add_text(out, "))");
}

static void put_account(struct buf *out, const struct tree *t)
{
    switch (t->kind) {
    case A_CUSTOMER: customer_name(out, t->index, true); break;
    case A_MARRIED: customer_name(out, FIELD_MARRIED, true); break;
    case A_SEX_IN: sexes(out, t, true); break;
    case A_FIELD: buf_add_text(out, FIELD_NAMES[table][t->index]); break;
    case A_AMOUNT: decimal(out, t->value, f->fen ? 0 : 2); break;
    case A_CODE_IN:
        codes(out, FIELD_NAMES[table][t->index], table == TABLE_RETAIL && t->index == 0 ? KINDS : CURRENCIES, t->codes,
              t->negated);
        break;
    case A_CNY: call(out, word("cny", "折算"), t); break;
    default: break;
    }
}

static void put_customer(struct buf *out, const struct tree *t)
{
    switch (t->kind) {
    case C_COEFFICIENT: coefficient(out, t); break;
    case C_MEASURE: measure(out, t->index); break;
    case C_FIELD: customer_name(out, t->index, false); break;
    case C_CODE_IN: sexes(out, t, false); break;
    case C_LET: buf_addf(out, "l%d", t->index); break;
    case C_RESULT: buf_add_text(out, word("score", "评分")); break;
    case C_TEXT: buf_addf(out, "'%s'", SEXES[t->index]); break;
    case C_TRUTH: buf_add_text(out, t->index ? word("true", "真") : word("false", "假")); break;
    case C_CODE_IS: buf_addf(out, "(sex %s '%s')", t->negated ? "<>" : "=", SEXES[t->index]); break;
    case C_ROUND: call(out, word("round", "舍入"), t); break;
    case C_FLOOR: call(out, word("floor", "下取整"), t); break;
    case C_CEIL: call(out, word("ceil", "上取整"), t); break;
    case C_DIVIDE: between(out, t, turn++ % 4 ? "/" : "÷"); break;
    default: put_account(out, t);
    }
}

/* What both levels have alike. */
static void put(struct buf *out, const struct tree *t)
{
    switch (t->kind) {
    case A_NUMBER:
    case C_NUMBER: decimal(out, t->value, t->scale); break;
    case A_DATE:
    case C_DATE: day(out, t->value); break;
    case A_BUSINESS:
    case C_BUSINESS: buf_add_text(out, word("business_date", "会计日期")); break;
    case A_NEGATE:
    case C_NEGATE: prefix(out, "-", t); break;
    case A_NOT:
    case C_NOT: prefix(out, word("not", "非"), t); break;
    case A_ADD:
    case C_ADD: between(out, t, turn++ % 4 ? " + " : "＋"); break;
    case A_SUBTRACT:
    case C_SUBTRACT: between(out, t, " - "); break;
    case A_MULTIPLY:
    case C_MULTIPLY: between(out, t, turn++ % 4 ? "*" : "×"); break;
    case A_MIN:
    case C_MIN: call(out, word("min", "最小"), t); break;
    case A_MAX:
    case C_MAX: call(out, word("max", "最大"), t); break;
    case A_ABS:
    case C_ABS: call(out, word("abs", "绝对值"), t); break;
    case A_IF:
    case C_IF: call(out, word("if", "如果"), t); break;
    case A_COALESCE:
    case C_COALESCE: call(out, word("coalesce", "缺省"), t); break;
    case A_KNOWN:
    case C_KNOWN: call(out, word("known", "已知"), t); break;
    case A_CASE:
    case C_CASE: bands(out, t); break;
    case A_IN:
    case C_IN: list_of(out, t); break;
    case A_SINCE_DAYS:
    case C_SINCE_DAYS: call(out, word("days_since", "天数"), t); break;
    case A_SINCE_MONTHS:
    case C_SINCE_MONTHS: call(out, word("months_since", "月数"), t); break;
    case A_SINCE_YEARS:
    case C_SINCE_YEARS: call(out, turn++ % 2 ? "age" : "年数", t); break;
    case A_DAYS:
    case C_DAYS: call(out, word("days_between", "相差天数"), t); break;
    case A_MONTHS:
    case C_MONTHS: call(out, word("months_between", "相差月数"), t); break;
    case A_YEARS:
    case C_YEARS: call(out, word("years_between", "相差年数"), t); break;
    case A_LESS:
    case C_LESS: between(out, t, " < "); break;
    case A_LESS_EQUAL:
    case C_LESS_EQUAL: between(out, t, turn++ % 3 ? " <= " : " ≤ "); break;
    case A_EQUAL:
    case C_EQUAL: between(out, t, " = "); break;
    case A_NOT_EQUAL:
    case C_NOT_EQUAL: between(out, t, turn++ % 3 ? " <> " : " != "); break;
    case A_GREATER:
    case C_GREATER: between(out, t, " > "); break;
    case A_GREATER_EQUAL:
    case C_GREATER_EQUAL: between(out, t, " >= "); break;
    case A_AND:
    case C_AND: between(out, t, word(" and ", " 且 ")); break;
    case A_OR:
    case C_OR: between(out, t, word(" or ", " 或 ")); break;
    default: put_customer(out, t);
    }
}

static void put_measure(struct buf *out, int i)
{
    static const char *const TYPES[][2] = {{"money", "金额"}, {"number", "数值"}, {"months", "月数"}, {"date", "日期"}};
    const struct measure_drawn *m = &f->measures[i];
    buf_addf(out, "%s %s %s %s %s = ", word("measure", "指标"), MEASURE_NAMES[i][1], word("as", "代号"),
             MEASURE_NAMES[i][0], word(TYPES[m->type][0], TYPES[m->type][1]));
    aggregate(out, m);
    buf_add_text(out, ";\n");
}

void formula_text(const struct formula_drawn *drawn, struct buf *out)
{
    static const char *const HEADS[RESULTS] = {"score", "result r1 number", "result r2 flag", "result r3 code"};
    f = drawn;
    turn = 0;
    buf_addf(out, "%s %s; %s %s; %s 1;\n", word("unit", "单位"), f->fen ? word("fen", "分") : word("yuan", "元"),
             word("rounding", "舍入"), MODES[f->rounding], word("threshold", "筛选阈值"));
    for (int i = 0; i < MEASURES; i++) put_measure(out, i);
    for (int i = 0; i < f->lets; i++) {
        buf_addf(out, "%s l%d %s= ", word("let", "中间值"), i, turn++ % 2 ? "number " : "");
        put(out, f->let[i]);
        buf_add_text(out, ";\n");
    }
    for (int i = 0; i < RESULTS; i++) {
        buf_addf(out, "%s = ", i ? HEADS[i] : word("score", "评分"));
        put(out, f->result[i]);
        buf_add_text(out, ";\n");
    }
}
