/* Draws a formula. A value knows what it is by the function that draws it: any() an amount or a number, plain() a
 * number or months, small() a factor that keeps products far from the end of double; so no formula is refused for its
 * types. */
#include "tests/formulas/formulas.h"

#include <stdlib.h>
#include <string.h>

static struct formula_drawn *f;
static int table;         /* of the measure that is drawn */
static bool missing;      /* a missing value may stand here */
static int lets, results; /* defined above */

static struct tree *node(enum kind kind)
{
    struct tree *t = &f->trees[f->trees_used++];
    if (f->trees_used >= TREES_MAX) abort();
    memset(t, 0, sizeof *t);
    t->kind = kind;
    return t;
}

static struct tree *one(enum kind kind, struct tree *a)
{
    struct tree *t = node(kind);
    t->count = 1;
    t->child[0] = a;
    return t;
}

static struct tree *two(enum kind kind, struct tree *a, struct tree *b)
{
    struct tree *t = one(kind, a);
    t->count = 2;
    t->child[1] = b;
    return t;
}

static struct tree *indexed(enum kind kind, int index)
{
    struct tree *t = node(kind);
    t->index = index;
    return t;
}

static struct tree *number_of(enum kind kind, int64_t value, int scale)
{
    struct tree *t = node(kind);
    t->value = value;
    t->scale = scale;
    return t;
}

/* --- accounts --- */

static struct tree *a_condition(int depth);
static struct tree *a_number(int depth);

static struct tree *a_choice(struct tree *(*of)(int), int depth)
{
    struct tree *t = node(pick(2) ? A_IF : A_CASE);
    int bands = t->kind == A_IF ? 1 : 1 + (int)pick(3);
    for (int i = 0; i < bands; i++) {
        t->child[t->count++] = a_condition(depth);
        t->child[t->count++] = of(depth);
    }
    t->child[t->count++] = of(depth);
    return t;
}

/* Money of the row's currency. */
static struct tree *a_raw(int depth)
{
    if (depth <= 0 || pick(2))
        return indexed(A_FIELD, table == TABLE_RETAIL ? 2 : table == TABLE_LOAN ? 1 + (int)pick(2) : 1);
    switch (pick(5)) {
    case 0: return two(A_ADD, a_raw(depth - 1), a_raw(depth - 1));
    case 1: return one(A_NEGATE, a_raw(depth - 1));
    case 2: return two(A_MULTIPLY, a_raw(depth - 1), a_number(0));
    case 3: return two(pick(2) ? A_MAX : A_MIN, a_raw(depth - 1), number_of(A_AMOUNT, pick(1000000), 2));
    default: return two(A_SUBTRACT, a_raw(depth - 1), number_of(A_AMOUNT, pick(100000), 2));
    }
}

static struct tree *a_money(int depth)
{
    if (depth <= 0 || pick(3) == 0) return one(A_CNY, a_raw(depth > 0));
    switch (pick(9)) {
    case 8: return indexed(A_CUSTOMER, FIELD_INCOME);
    case 0: return two(A_ADD, a_money(depth - 1), a_money(depth - 1));
    case 1: return two(A_SUBTRACT, a_money(depth - 1), a_money(depth - 1));
    case 2: return two(A_MULTIPLY, a_money(depth - 2), a_number(0));
    case 3: return two(A_MULTIPLY, a_number(0), a_money(depth - 2));
    case 4:
        return two(pick(2) ? A_MIN : A_MAX, a_money(depth - 1),
                   pick(2) ? a_money(depth - 1) : number_of(A_AMOUNT, pick(1000000), 2));
    case 5: return one(A_ABS, a_money(depth - 1));
    case 6: return a_choice(a_money, depth - 1);
    default: return one(A_NEGATE, a_money(depth - 1));
    }
}

static struct tree *a_date_field(void)
{
    if (pick(3) == 0) return indexed(A_CUSTOMER, pick(2) ? FIELD_BIRTH : FIELD_OPENED);
    return indexed(A_FIELD, table == TABLE_RETAIL ? pick(2) ? 4 : 7 : table == TABLE_LOAN ? 4 : 2);
}

/* Never missing. */
static struct tree *a_day(int depth)
{
    if (depth <= 0 || pick(3) == 0) return pick(2) ? number_of(A_DATE, 3000 + pick(20000), 0) : node(A_BUSINESS);
    if (pick(3) == 0) return two(pick(2) ? A_ADD : A_SUBTRACT, a_day(depth - 1), number_of(A_NUMBER, pick(400), 0));
    return two(A_COALESCE, a_date_field(), a_day(depth - 1));
}

static struct tree *a_number(int depth)
{
    static const int FIELDS[TABLES][3] = {{3, 6, 5}, {3, 3, 3}};
    static const enum kind BETWEEN[] = {A_DAYS, A_MONTHS, A_YEARS, A_SUBTRACT};
    if (depth <= 0 || pick(3) == 0) {
        if (pick(3) == 0) return number_of(A_NUMBER, pick(500), (int)pick(3));
        if (pick(4) == 0 || table == TABLE_BOTH) return indexed(A_CUSTOMER, FIELD_FAMILY);
        return indexed(A_FIELD, FIELDS[table][pick(3)]);
    }
    switch (pick(7)) {
    case 6: return one((enum kind)(A_SINCE_DAYS + (int)pick(3)), a_day(1));
    case 0: return two(A_ADD, a_number(depth - 1), a_number(depth - 1));
    case 1: return two(A_MULTIPLY, a_number(0), a_number(0));
    case 2: return a_choice(a_number, depth - 1);
    case 3: return two(BETWEEN[pick(4)], a_day(1), a_day(1));
    case 4: return two(pick(2) ? A_MIN : A_MAX, a_number(depth - 1), a_number(depth - 1));
    default: return one(A_NEGATE, a_number(depth - 1));
    }
}

static struct tree *a_codes(void)
{
    struct tree *t = indexed(pick(4) ? A_CODE_IN : A_SEX_IN, table == TABLE_RETAIL ? (int)pick(2) : 0);
    t->codes = 1 << pick(3);
    if (pick(2)) t->codes |= 1 << pick(3);
    t->negated = pick(3) == 0;
    return t;
}

static enum kind a_sign(void)
{
    return (enum kind)(A_LESS + (int)pick(6));
}

static struct tree *a_condition(int depth)
{
    if (depth <= 0 || pick(3) == 0) return pick(6) ? a_codes() : node(A_MARRIED);
    switch (pick(10)) {
    case 7: return two(a_sign(), a_raw(1), indexed(A_CUSTOMER, FIELD_INCOME));
    case 8: return two(a_sign(), a_date_field(), a_date_field()); /* either may be missing */
    case 9: {
        struct tree *t = two(A_IN, a_number(depth - 1), a_number(0));
        t->child[t->count++] = a_number(0);
        t->negated = pick(2);
        return t;
    }
    case 0: return two(A_AND, a_condition(depth - 1), a_condition(depth - 1));
    case 1: return two(A_OR, a_condition(depth - 1), a_condition(depth - 1));
    case 2: return one(A_NOT, a_condition(depth - 1));
    case 3: return two(a_sign(), a_raw(1), number_of(A_AMOUNT, (int64_t)pick(100000000) - 20000000, 2));
    case 4: return two(a_sign(), a_date_field(), a_day(depth - 1)); /* false when it is missing */
    case 5: return one(A_KNOWN, a_date_field());
    default: return two(a_sign(), a_number(depth - 1), a_number(0));
    }
}

static void draw_measure(struct measure_drawn *m, enum measure_type type)
{
    table = m->table = (int)pick(TABLES + 1);
    m->type = type;
    m->aggregate = pick(2) ? 0 : (int)pick(5);
    m->predicate = pick(4) ? a_condition(2) : NULL;
    if (type == MEASURE_DATE) {
        m->aggregate = 2 + (int)pick(2);
        m->expression = pick(2) ? a_date_field() : a_day(2);
    } else if (m->aggregate == 1) {
        m->type = MEASURE_NUMBER;
        m->expression = NULL;
    } else {
        m->expression = type == MEASURE_MONEY ? a_money((int)pick(4)) : a_number((int)pick(3));
    }
}

/* --- customers --- */

static struct tree *any(int depth);
static struct tree *plain(int depth);
static struct tree *truth(int depth);
static struct tree *date(int depth);
static struct tree *code(int depth);

static struct tree *known_one(struct tree *(*of)(int), int depth)
{
    bool before = missing;
    missing = false;
    struct tree *t = of(depth);
    missing = before;
    return t;
}

static struct tree *constant(void)
{
    static const struct {
        int value, scale;
    } VALUES[] = {{0, 0}, {1, 0}, {2, 0}, {5, 1}, {15, 1}, {12, 1}, {100, 0}, {3, 0}, {1, 1}, {100000050, 2}, {7, 0}};
    uint32_t i = pick(11);
    return number_of(pick(3) ? C_NUMBER : C_COEFFICIENT, VALUES[i].value, VALUES[i].scale);
}

/* A factor. */
static struct tree *small(void)
{
    if (pick(2)) return constant();
    return pick(3) ? indexed(C_MEASURE, MEASURE_NUMBER + (int)pick(2)) : indexed(C_FIELD, FIELD_FAMILY);
}

static struct tree *choice(struct tree *(*of)(int), int depth)
{
    struct tree *t = node(pick(2) ? C_IF : C_CASE);
    int bands = t->kind == C_IF ? 1 : 1 + (int)pick(3);
    for (int i = 0; i < bands; i++) {
        t->child[t->count++] = truth(depth);
        t->child[t->count++] = of(depth);
    }
    t->child[t->count++] = of(depth);
    return t;
}

static struct tree *first_known(struct tree *(*of)(int), int depth)
{
    bool before = missing;
    struct tree *t = node(C_COALESCE);
    missing = true;
    for (uint32_t n = 1 + pick(2); n; n--) t->child[t->count++] = of(depth);
    missing = before;
    t->child[t->count++] = of(depth);
    return t;
}

static struct tree *extreme(struct tree *(*of)(int), int depth)
{
    struct tree *t = node(pick(2) ? C_MIN : C_MAX);
    for (uint32_t n = 2 + pick(2); n; n--) t->child[t->count++] = of(depth);
    return t;
}

static struct tree *rounded(struct tree *of)
{
    static const enum kind KINDS_OF[] = {C_ABS, C_FLOOR, C_CEIL, C_ROUND, C_NEGATE};
    struct tree *t = one(KINDS_OF[pick(5)], of);
    t->index = (int)pick(4);                          /* 3: as the file says */
    t->scale = t->kind == C_ROUND ? (int)pick(7) : 0; /* decimals */
    return t;
}

static struct tree *plain(int depth)
{
    static const enum kind BETWEEN[] = {C_DAYS, C_MONTHS, C_YEARS, C_SUBTRACT};
    if (depth <= 0) return small();
    switch (pick(missing ? 11 : 9)) {
    case 0: return two(C_ADD, plain(depth - 1), plain(depth - 1));
    case 1: return two(C_SUBTRACT, plain(depth - 1), plain(depth - 1));
    case 2: return two(C_MULTIPLY, plain(depth - 1), small());
    case 3: return two(C_DIVIDE, plain(depth - 1), plain(depth - 1));
    case 4: return extreme(plain, depth - 1);
    case 5: return choice(plain, depth - 1);
    case 6: return first_known(plain, depth - 1);
    case 7: return rounded(plain(depth - 1));
    case 8: return lets ? indexed(C_LET, (int)pick((uint32_t)lets)) : small();
    case 9: return one((enum kind)(C_SINCE_DAYS + (int)pick(3)), date(depth - 1));
    default: return two(BETWEEN[pick(4)], date(depth - 1), date(depth - 1));
    }
}

static struct tree *any(int depth)
{
    if (depth <= 0) return pick(4) ? indexed(C_MEASURE, MEASURE_MONEY) : indexed(C_FIELD, FIELD_INCOME);
    switch (pick(11)) {
    case 0: return two(C_ADD, any(depth - 1), any(depth - 1));
    case 1: return two(C_SUBTRACT, any(depth - 1), any(depth - 1));
    case 2: return two(C_MULTIPLY, any(depth - 1), small());
    case 3: return two(C_DIVIDE, any(depth - 1), plain(depth - 1));
    case 4: return two(C_MULTIPLY, small(), any(depth - 1));
    case 5: return extreme(any, depth - 1);
    case 6: return choice(any, depth - 1);
    case 7: return first_known(any, depth - 1);
    case 8: return rounded(any(depth - 1));
    case 9: return results ? indexed(C_RESULT, 0) : any(0);
    default: return plain(depth - 1);
    }
}

static struct tree *truth(int depth)
{
    struct tree *t;
    bool before = missing;
    if (depth <= 0) return pick(3) ? indexed(C_FIELD, FIELD_MARRIED) : indexed(C_TRUTH, (int)pick(2));
    switch (pick(9)) {
    case 0:
    case 1: t = known_one(any, depth - 1); return two((enum kind)(C_LESS + (int)pick(6)), t, known_one(any, depth - 1));
    case 2:
        t = known_one(date, depth - 1);
        return two((enum kind)(C_LESS + (int)pick(6)), t, known_one(date, depth - 1));
    case 3:
        t = indexed(pick(2) ? C_CODE_IS : C_CODE_IN, (int)pick(3));
        t->codes = 1 << t->index | 1 << pick(3);
        t->negated = pick(2);
        return t;
    case 4: return one(C_NOT, truth(depth - 1));
    case 5: return two(pick(2) ? C_AND : C_OR, truth(depth - 1), truth(depth - 1));
    case 6:
        t = node(C_IN);
        t->negated = pick(2);
        for (int i = 0; i < 3; i++) t->child[t->count++] = known_one(plain, i ? 0 : depth - 1);
        return t;
    case 7:
        missing = true;
        t = one(C_KNOWN, pick(2) ? date(depth - 1) : plain(depth - 1));
        missing = before;
        return t;
    default: return choice(truth, depth - 1);
    }
}

static struct tree *date(int depth)
{
    static const int FIELDS[] = {FIELD_BIRTH, FIELD_OPENED};
    if (depth <= 0 || pick(3) == 0) {
        if (missing && pick(4)) return pick(3) ? indexed(C_FIELD, FIELDS[pick(2)]) : indexed(C_MEASURE, MEASURE_DATE);
        return pick(2) ? node(C_BUSINESS) : number_of(C_DATE, 3000 + pick(20000), 0);
    }
    switch (pick(3)) {
    case 0: return two(pick(2) ? C_ADD : C_SUBTRACT, date(depth - 1), number_of(C_NUMBER, pick(4000), 0));
    case 1: return first_known(date, depth - 1);
    default: return choice(date, depth - 1);
    }
}

static struct tree *code(int depth)
{
    if (depth <= 0 || pick(3) == 0) return pick(3) ? indexed(C_TEXT, (int)pick(3)) : indexed(C_FIELD, FIELD_SEX);
    return choice(code, depth - 1);
}

void formula_draw(struct formula_drawn *out)
{
    f = out;
    f->trees_used = 0;
    f->fen = pick(3) == 0;
    f->rounding = (int)pick(3);
    missing = false;
    lets = results = 0;
    for (int i = 0; i < MEASURES; i++) draw_measure(&f->measures[i], (enum measure_type)i);
    while (f->measures[MEASURE_MONEY].aggregate == 1) draw_measure(&f->measures[MEASURE_MONEY], MEASURE_MONEY);
    f->lets = (int)pick(LETS_MAX + 1);
    for (lets = 0; lets < f->lets; lets++) f->let[lets] = any(3);
    f->result[0] = any(4);
    results = 1;
    f->result[1] = any(3);
    f->result[2] = truth(3);
    f->result[3] = code(3);
}
