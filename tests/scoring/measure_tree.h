/* measure_tree: random conditions and expressions of measures, as trees and printed as a formula. Included by
 * test_measures.c alone; measure_oracle.h evaluates them. */
#ifndef CRMX_TESTS_SCORING_MEASURE_TREE_H
#define CRMX_TESTS_SCORING_MEASURE_TREE_H

#include "tests/scoring/fixture.h"

#include "base/buf.h"
#include "scoring/words.h"

static uint64_t state_of_random;
static uint32_t pick(uint32_t n)
{
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state_of_random >> 33) % n;
}

/* --- random trees: printed as a formula, evaluated by the oracle --- */

enum kind {
    FIELD,
    CUSTOMER, /* a field of the customer */
    NUMBER,
    AMOUNT,
    DATE,
    CNY,
    NEGATE,
    ADD,
    SUBTRACT,
    MULTIPLY,
    MIN,
    MAX,
    ABS,
    IF,
    COALESCE,
    BUSINESS_DATE,
    CODE_IS,
    CODE_IN,
    SEX_IS, /* of the customer */
    MARRIED,
    KNOWN,
    DAYS,
    MONTHS,
    YEARS,
    LESS,
    LESS_EQUAL,
    EQUAL,
    NOT_EQUAL,
    GREATER,
    AND,
    OR,
    NOT
};

struct tree {
    enum kind kind;
    int field, codes; /* codes: bit set */
    int64_t value;    /* NUMBER: value / 10^scale; AMOUNT in fen; DATE */
    int scale;
    struct tree *a, *b, *c;
};

enum { TREES_MAX = 4000 };
static struct tree trees[TREES_MAX];
static int trees_used;
static int table; /* 0 retail, 2 card, 3 fund */
static bool unit_fen;

static struct tree *node(enum kind kind, struct tree *a, struct tree *b)
{
    struct tree *t = &trees[trees_used++];
    assert_true(trees_used < TREES_MAX);
    *t = (struct tree){.kind = kind, .a = a, .b = b};
    return t;
}

static struct tree *field(int number)
{
    struct tree *t = node(FIELD, NULL, NULL);
    t->field = number;
    return t;
}

static struct tree *customer(int number)
{
    struct tree *t = node(CUSTOMER, NULL, NULL);
    t->field = number;
    return t;
}

static struct tree *constant(enum kind kind, int64_t value, int scale)
{
    struct tree *t = node(kind, NULL, NULL);
    t->value = value;
    t->scale = scale;
    return t;
}

static struct tree *condition(int depth);
static struct tree *number(int depth);

static struct tree *choice(struct tree *(*of)(int), int depth)
{
    struct tree *t = node(IF, of(depth), of(depth));
    t->c = condition(depth);
    return t;
}

enum { BIRTH, SEX, OPENED, INCOME, FAMILY, IS_MARRIED }; /* of FIXTURE_CUSTOMER */

/* Money of the row's currency. */
static struct tree *raw(int depth)
{
    static const int MONEY[3][2] = {{2, 7}, {1, 2}, {0, 2}};
    if (depth <= 0 || pick(3) == 0) return field(MONEY[table < 2 ? 0 : table - 1][pick(2)]);
    switch (pick(6)) {
    case 0: return node(ADD, raw(depth - 1), raw(depth - 1));
    case 1: return node(NEGATE, raw(depth - 1), NULL);
    case 2: return node(MULTIPLY, raw(depth - 1), number(0));
    case 3: return node(MAX, raw(depth - 1), constant(AMOUNT, (int64_t)pick(200000) - 100000, 2));
    case 4: return choice(raw, depth - 1);
    default: return node(SUBTRACT, raw(depth - 1), constant(AMOUNT, pick(100000), 2));
    }
}

static struct tree *money(int depth)
{
    if (depth <= 0 || pick(3) == 0) return node(CNY, raw(depth > 1 ? 1 : depth), NULL);
    switch (pick(9)) {
    case 8: return customer(INCOME);
    case 0: return node(ADD, money(depth - 1), money(depth - 1));
    case 1: return node(SUBTRACT, money(depth - 1), money(depth - 1));
    case 2: return node(MULTIPLY, money(depth - 1), number(depth - 2));
    case 3: return node(MULTIPLY, number(depth - 2), money(depth - 1));
    case 4:
        return node(pick(2) ? MIN : MAX, money(depth - 1),
                    pick(2) ? money(depth - 1) : constant(AMOUNT, pick(1000000), 2));
    case 5: return node(ABS, money(depth - 1), NULL);
    case 6: return choice(money, depth - 1);
    default: return node(NEGATE, money(depth - 1), NULL);
    }
}

static struct tree *day(int depth)
{
    if (depth <= 0 || table >= 2)
        return pick(2) ? constant(DATE, 18000 + pick(5000), 0) : node(BUSINESS_DATE, NULL, NULL);
    return node(COALESCE, pick(3) ? field(4) : customer(pick(2) ? BIRTH : OPENED), day(depth - 1));
}

static struct tree *number(int depth)
{
    if (depth <= 0 || pick(3) == 0) {
        if (pick(3) == 0) return constant(NUMBER, pick(500), (int)pick(3));
        if (pick(4) == 0) return customer(FAMILY);
        if (table < 2) return field(pick(3) ? 3 : pick(2) ? 8 : 6);
        return table == 3 ? field(1) : constant(NUMBER, pick(9), 0);
    }
    switch (pick(6)) {
    case 0: return node(ADD, number(depth - 1), number(depth - 1));
    case 1: return node(MULTIPLY, number(depth - 1), number(depth - 1));
    case 2: return choice(number, depth - 1);
    case 3: {
        static const enum kind KINDS[] = {SUBTRACT, DAYS, MONTHS, YEARS};
        return node(KINDS[pick(4)], day(1), day(1));
    }
    case 4: return node(MIN, number(depth - 1), number(depth - 1));
    default: return node(NEGATE, number(depth - 1), NULL);
    }
}

static struct tree *code_test(void)
{
    static const int FIELDS[] = {0, 1, 5};
    int f = table >= 2 ? 0 : FIELDS[pick(3)], count = table >= 2 || f == 1 ? FIXTURE_CURRENCIES : f == 0 ? 3 : 4;
    struct tree *t = node(pick(2) ? CODE_IS : CODE_IN, NULL, NULL);
    t->field = f;
    t->value = pick(2); /* <> or not in */
    t->codes = 1 << pick((uint32_t)count);
    if (t->kind == CODE_IN) t->codes |= 1 << pick((uint32_t)count);
    return t;
}

static struct tree *condition(int depth)
{
    static const enum kind SIGNS[] = {LESS, LESS_EQUAL, EQUAL, NOT_EQUAL, GREATER};
    if (pick(8) == 0) {
        struct tree *t = node(pick(3) ? SEX_IS : MARRIED, NULL, NULL);
        t->codes = (int)pick(3);
        return t;
    }
    if (pick(12) == 0) return node(SIGNS[pick(5)], customer(pick(2) ? BIRTH : OPENED), table < 2 ? field(4) : day(0));
    if (table < 3 && (depth <= 0 || pick(2))) return code_test();
    switch (pick(8)) {
    case 0:
        if (depth > 0) return node(AND, condition(depth - 1), condition(depth - 1));
        break;
    case 1:
        if (depth > 0) return node(OR, condition(depth - 1), condition(depth - 1));
        break;
    case 2:
        if (depth > 0) return node(NOT, condition(depth - 1), NULL);
        break;
    case 3: return node(SIGNS[pick(5)], raw(0), constant(AMOUNT, (int64_t)pick(1000000) - 300000, 2));
    case 4: return node(SIGNS[pick(5)], node(CNY, raw(0), NULL), constant(AMOUNT, pick(1000000), 2));
    case 5:
        if (table < 2) return node(SIGNS[pick(5)], field(4), day(0));
        break;
    case 6:
        if (table < 2) return node(KNOWN, field(4), NULL);
        break;
    default: break;
    }
    return node(SIGNS[pick(5)], number(depth - 1), number(0));
}

/* --- printing --- */

static void print(struct buf *out, const struct tree *t);

static void print_sign(struct buf *out, const struct tree *t, const char *sign)
{
    buf_add_text(out, "(");
    print(out, t->a);
    buf_add_text(out, sign);
    print(out, t->b);
    buf_add_text(out, ")");
}

static void print_call(struct buf *out, const char *name, const struct tree *a, const struct tree *b,
                       const struct tree *c)
{
    buf_addf(out, "%s(", name);
    print(out, a);
    if (b) buf_add_text(out, ", "), print(out, b);
    if (c) buf_add_text(out, ", "), print(out, c);
    buf_add_text(out, ")");
}

static void print_decimal(struct buf *out, int64_t value, int scale)
{
    int64_t size = value < 0 ? -value : value, power = 1;
    for (int i = 0; i < scale; i++) power *= 10;
    buf_addf(out, value < 0 ? "(-%lld" : "%lld", (long long)(size / power));
    if (scale) buf_addf(out, ".%0*lld", scale, (long long)(size % power));
    if (value < 0) buf_add_text(out, ")");
}

static void print_codes(struct buf *out, const struct tree *t)
{
    const struct schema_field *f = &FIXTURE_TABLE[table].fields[t->field];
    const char *const *codes = f->type == VALUE_CURRENCY ? FIXTURE_CURRENCY : f->codes;
    const char *comma = "";
    buf_add_text(out, f->name);
    if (t->kind == CODE_IS) {
        buf_addf(out, "%s'%s'", t->value ? "<>" : "=", codes[__builtin_ctz((unsigned)t->codes)]);
        return;
    }
    buf_add_text(out, t->value ? " not in (" : " in (");
    for (int i = 0; i < 8; i++) {
        if (!(t->codes >> i & 1)) continue;
        buf_addf(out, "%s\"%s\"", comma, codes[i]);
        comma = ", ";
    }
    buf_add_text(out, ")");
}

/* No table has a field of these names, so that they are plain without the point. */
static void print_customer(struct buf *out, int number)
{
    buf_addf(out, "%s%s", pick(3) ? "customer." : "", FIXTURE_CUSTOMER[number].name);
}

static void print(struct buf *out, const struct tree *t)
{
    static const char *const SIGNS[] = {
        [ADD] = " + ",   [SUBTRACT] = " - ",   [MULTIPLY] = "*",  [LESS] = " < ",  [LESS_EQUAL] = " <= ",
        [EQUAL] = " = ", [NOT_EQUAL] = " <> ", [GREATER] = " > ", [AND] = " and ", [OR] = " or "};
    char date[11];
    switch (t->kind) {
    case CUSTOMER: print_customer(out, t->field); break;
    case MARRIED: print_customer(out, IS_MARRIED); break;
    case SEX_IS:
        print_customer(out, SEX);
        buf_addf(out, " = '%s'", FIXTURE_SEX[t->codes]);
        break;
    case FIELD: buf_add_text(out, FIXTURE_TABLE[table].fields[t->field].name); break;
    case NUMBER: print_decimal(out, t->value, t->scale); break;
    case AMOUNT: print_decimal(out, t->value, unit_fen ? 0 : 2); break;
    case BUSINESS_DATE: buf_add_text(out, "business_date"); break;
    case DATE:
        date_format((int32_t)t->value, date);
        buf_addf(out, "date '%s'", date);
        break;
    case CNY: print_call(out, pick(2) ? "cny" : "折算", t->a, NULL, NULL); break;
    case NEGATE:
        buf_add_text(out, "(-");
        print(out, t->a);
        buf_add_text(out, ")");
        break;
    case ABS: print_call(out, "abs", t->a, NULL, NULL); break;
    case MIN: print_call(out, "min", t->a, t->b, NULL); break;
    case MAX: print_call(out, "max", t->a, t->b, NULL); break;
    case IF: print_call(out, "if", t->c, t->a, t->b); break;
    case COALESCE: print_call(out, "coalesce", t->a, t->b, NULL); break;
    case KNOWN: print_call(out, "known", t->a, NULL, NULL); break;
    case DAYS: print_call(out, "days_between", t->a, t->b, NULL); break;
    case MONTHS: print_call(out, "months_between", t->a, t->b, NULL); break;
    case YEARS: print_call(out, "years_between", t->a, t->b, NULL); break;
    case NOT:
        buf_add_text(out, "(not ");
        print(out, t->a);
        buf_add_text(out, ")");
        break;
    case CODE_IS:
    case CODE_IN: print_codes(out, t); break;
    default: print_sign(out, t, SIGNS[t->kind]);
    }
}

#endif
