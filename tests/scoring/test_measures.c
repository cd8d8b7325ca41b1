/* Random measures over random accounts against an oracle that takes one customer and one row at a time, with decimals
 * carried along row by row. Rows come in random widths, strides, unaligned, split into random calls; blocks are used
 * again. CRMX_SEED and CRMX_FORMULAS change the run. */
#include "tests/scoring/fixture.h"

#include "base/buf.h"
#include "scoring/words.h"

#include <string.h>

__extension__ typedef __int128 wide_integer;

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

/* --- the oracle --- */

enum { CUSTOMERS_MAX = 100 };

struct decimal {
    wide_integer value;
    int scale;
    bool missing;
};

static bool too_large; /* near 128 bits, or a sum near 64: the formula is skipped */

static wide_integer ten(int exponent)
{
    wide_integer power = 1;
    while (exponent-- > 0) power *= 10;
    return power;
}

static struct decimal checked(wide_integer value, int scale)
{
    wide_integer limit = (wide_integer)1 << 100;
    if (value > limit || value < -limit || scale > 30) too_large = true;
    return (struct decimal){too_large ? 0 : value, too_large ? 0 : scale, false};
}

static struct decimal to_scale(struct decimal x, int scale)
{
    for (; x.scale < scale && !too_large; x.scale++) x.value = checked(x.value * 10, x.scale).value;
    return x;
}

static int compare_decimals(struct decimal x, struct decimal y)
{
    x = to_scale(x, y.scale);
    y = to_scale(y, x.scale);
    return x.value < y.value ? -1 : x.value > y.value;
}

static struct decimal oracle(const struct tree *t, const int64_t *row);

static int64_t customer_values[FIXTURE_CUSTOMER_FIELDS][CUSTOMERS_MAX];
static uint32_t row_owner; /* of the row the oracle looks at */

static bool holds(const struct tree *t, const int64_t *row)
{
    struct decimal x, y;
    int order;
    switch (t->kind) {
    case CODE_IS:
    case CODE_IN: return (t->codes >> row[t->field] & 1) != t->value;
    case SEX_IS: return customer_values[SEX][row_owner] == t->codes;
    case MARRIED: return customer_values[IS_MARRIED][row_owner] != 0;
    case KNOWN: return row[t->a->field] != DATE_NONE;
    case AND: return holds(t->a, row) && holds(t->b, row);
    case OR: return holds(t->a, row) || holds(t->b, row);
    case NOT: return !holds(t->a, row);
    default: break;
    }
    x = oracle(t->a, row);
    y = oracle(t->b, row);
    if (x.missing || y.missing) return false;
    order = compare_decimals(x, y);
    return t->kind == LESS         ? order < 0
           : t->kind == LESS_EQUAL ? order <= 0
           : t->kind == EQUAL      ? order == 0
           : t->kind == NOT_EQUAL  ? order != 0
                                   : order > 0;
}

static struct decimal convert(struct decimal x, const int64_t *row)
{
    int currency_field = FIXTURE_TABLE[table].currency_field;
    if (currency_field < 0 || row[currency_field] == 0) return x;
    int64_t currency = row[currency_field];
    return checked(x.value * FIXTURE_RATES.rate[currency], x.scale + (FIXTURE_RATES.per_unit[currency] == 100  ? 8
                                                                      : FIXTURE_RATES.per_unit[currency] == 10 ? 7
                                                                                                               : 6));
}

/* The day of the month decides whether the last month is complete: tried one by one. */
static int64_t complete_months(int64_t from, int64_t to)
{
    int y, m, d, ty, tm, td;
    date_to_civil((int32_t)from, &y, &m, &d);
    date_to_civil((int32_t)to, &ty, &tm, &td);
    int64_t months = ((int64_t)ty * 12 + tm) - ((int64_t)y * 12 + m);
    return td >= d ? months : months - 1;
}

static int64_t floor_twelfth(int64_t months)
{
    return months >= 0 ? months / 12 : -((-months + 11) / 12);
}

static struct decimal oracle(const struct tree *t, const int64_t *row)
{
    const struct schema_field *f =
        t->kind == CUSTOMER ? &FIXTURE_CUSTOMER[t->field] : &FIXTURE_TABLE[table].fields[t->field];
    struct decimal x, y;
    int64_t value = t->kind == CUSTOMER ? customer_values[t->field][row_owner] : t->kind == FIELD ? row[t->field] : 0;
    switch (t->kind) {
    case CUSTOMER:
    case FIELD: return (struct decimal){value, f->scale, f->type == VALUE_DATE && value == DATE_NONE};
    case NUMBER:
    case AMOUNT: return (struct decimal){t->value, t->scale, false};
    case DATE: return (struct decimal){t->value, 0, false};
    case BUSINESS_DATE: return (struct decimal){FIXTURE_SCHEMA.business_date, 0, false};
    case CNY: return convert(oracle(t->a, row), row);
    case IF: return oracle(holds(t->c, row) ? t->a : t->b, row);
    case COALESCE: x = oracle(t->a, row); return x.missing ? oracle(t->b, row) : x;
    case NEGATE: x = oracle(t->a, row); return x.value = -x.value, x;
    case ABS: x = oracle(t->a, row); return x.value = x.value < 0 ? -x.value : x.value, x;
    default: break;
    }
    x = oracle(t->a, row);
    y = oracle(t->b, row);
    if (t->kind == DAYS) return (struct decimal){y.value - x.value, 0, false};
    if (t->kind == MONTHS) return (struct decimal){complete_months((int64_t)x.value, (int64_t)y.value), 0, false};
    if (t->kind == YEARS)
        return (struct decimal){floor_twelfth(complete_months((int64_t)x.value, (int64_t)y.value)), 0, false};
    if (t->kind == MULTIPLY) {
        wide_integer product;
        if (__builtin_mul_overflow(x.value, y.value, &product)) too_large = true;
        return checked(too_large ? 0 : product, x.scale + y.scale);
    }
    if (t->kind == MIN) return compare_decimals(x, y) < 0 ? x : y;
    if (t->kind == MAX) return compare_decimals(x, y) > 0 ? x : y;
    x = to_scale(x, y.scale);
    y = to_scale(y, x.scale);
    return checked(t->kind == ADD ? x.value + y.value : x.value - y.value, x.scale);
}

static wide_integer round_half_away(wide_integer value, wide_integer divisor)
{
    bool negative = value < 0;
    if (negative) value = -value;
    value = (value + divisor / 2) / divisor; /* divisor even, or 1, or checked by the caller's doubling */
    return negative ? -value : value;
}

/* --- accounts --- */

enum { ROWS_MAX = 600, FIELDS_MAX = FIXTURE_RETAIL_FIELDS };

struct accounts { /* of one table */
    uint32_t count;
    uint32_t owners[ROWS_MAX];
    int64_t values[ROWS_MAX][FIELDS_MAX];
    unsigned char bytes[ROWS_MAX * 96];
    struct measure_column owner, columns[FIELDS_MAX];
};

static struct accounts accounts[FIXTURE_TABLES];

static int64_t random_value(const struct schema_field *f, uint8_t width, bool is_signed)
{
    int64_t limit = width == 1 ? 200 : width == 2 ? 60000 : width == 4 ? 2000000000 : 30000000000;
    if (f->type == VALUE_NUMBER && limit > 60000) limit = 60000;
    if (is_signed) limit = width == 1 ? 100 : width == 2 ? 30000 : limit;
    int64_t x = (int64_t)(((uint64_t)pick(1u << 30) << 20 | pick(1 << 20)) % (uint64_t)limit);
    if (pick(5) == 0) x %= 100;
    if (f->type == VALUE_CODE) return pick((uint32_t)f->codes_count);
    if (f->type == VALUE_CURRENCY) return pick(4) ? 0 : pick(FIXTURE_CURRENCIES - 1); /* never HKD: it has no rate */
    if (f->type == VALUE_DATE) return pick(3) ? 18000 + (int64_t)pick(5000) : DATE_NONE;
    if (f->type == VALUE_MONTHS) return pick(120);
    return is_signed && pick(4) == 0 ? -x : x;
}

static void make_accounts(int number, uint32_t customers)
{
    static const uint8_t WIDTHS[] = {1, 2, 4, 8};
    const struct schema_table *t = &FIXTURE_TABLE[number];
    struct accounts *a = &accounts[number];
    uint32_t place = 0, places[FIELDS_MAX + 1], lead = pick(3);
    a->count = pick(4) ? pick(ROWS_MAX) : pick(3);
    for (int k = 0; k < t->fields_count; k++) {
        bool code = t->fields[k].type == VALUE_CODE || t->fields[k].type == VALUE_CURRENCY;
        bool date = t->fields[k].type == VALUE_DATE;
        a->columns[k].width = code ? WIDTHS[pick(4)] : date ? WIDTHS[2 + pick(2)] : WIDTHS[pick(4)];
        a->columns[k].is_signed = date || (!code && (a->columns[k].width == 8 || pick(2)));
        places[k] = place;
        place += a->columns[k].width + pick(2);
    }
    places[t->fields_count] = place;
    uint32_t stride = place + 4 + pick(5);
    for (int k = 0; k <= t->fields_count; k++) {
        struct measure_column *c = k < t->fields_count ? &a->columns[k] : &a->owner;
        c->base = a->bytes + lead + places[k];
        c->stride = stride;
    }
    a->owner.width = 4;
    assert_true((size_t)stride * ROWS_MAX < sizeof a->bytes);
    for (uint32_t i = 0; i < a->count; i++) a->owners[i] = pick(customers);
    for (uint32_t i = 1; i < a->count; i++) { /* ordered by owner */
        uint32_t o = a->owners[i], k = i;
        for (; k && a->owners[k - 1] > o; k--) a->owners[k] = a->owners[k - 1];
        a->owners[k] = o;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        unsigned char *row = a->bytes + lead + (size_t)i * stride;
        memcpy(row + places[t->fields_count], &a->owners[i], 4);
        for (int k = 0; k < t->fields_count; k++) {
            a->values[i][k] = random_value(&t->fields[k], a->columns[k].width, a->columns[k].is_signed);
            memcpy(row + places[k], &a->values[i][k], a->columns[k].width); /* little-endian */
        }
    }
}

/* In random pieces. */
static void add_accounts(const struct measure_set *s, struct measure_block *b, int number)
{
    const struct accounts *a = &accounts[number];
    for (uint32_t at = 0; at < a->count;) {
        uint32_t n = 1 + pick(a->count - at);
        struct measure_column columns[FIELDS_MAX], owner = a->owner;
        for (int k = 0; k < FIXTURE_TABLE[number].fields_count; k++) {
            columns[k] = a->columns[k];
            columns[k].base += (size_t)at * a->columns[k].stride;
            if (!measure_uses_field(s, number, k)) columns[k].base = NULL; /* the engine does not carry it */
        }
        owner.base += (size_t)at * a->owner.stride;
        struct measure_rows rows = {n, owner, columns};
        measure_add(s, b, number, &rows);
        at += n;
    }
}

/* --- measures --- */

enum { MEASURES = 3 };

struct definition {
    int table, decimals;
    enum aggregate aggregate;
    struct tree *predicate, *expression;
    bool is_date; /* the first or last maturity of those that have one */
};

static void define(struct definition *d, struct buf *text, int i)
{
    static const int TABLES[] = {0, 0, 2, 3};
    static const char *const NAMES[] = {"retail", "", "card", "fund"};
    bool is_money = pick(3) != 0;
    table = d->table = TABLES[pick(4)];
    d->is_date = table == 0 && pick(8) == 0;
    if (d->is_date) {
        d->aggregate = pick(2) ? AGGREGATE_MIN : AGGREGATE_MAX;
        d->decimals = 0;
        d->predicate = pick(2) ? condition(2) : NULL;
        d->expression = pick(2) ? field(4) : node(COALESCE, field(4), day(0));
        buf_addf(text, "measure m%d date = %s(retail", i, aggregate_word(d->aggregate)->name);
        if (d->predicate) buf_add_text(text, " where "), print(text, d->predicate);
        buf_add_text(text, ", "), print(text, d->expression);
        buf_add_text(text, ");\n");
        return;
    }
    d->aggregate = (enum aggregate)(pick(2) ? AGGREGATE_SUM : pick(AGGREGATES_COUNT));
    if (d->aggregate == AGGREGATE_COUNT) is_money = false;
    d->decimals = is_money ? 2 : 0;
    d->predicate = pick(4) ? condition(2) : NULL;
    d->expression = d->aggregate == AGGREGATE_COUNT ? NULL : is_money ? money((int)pick(4)) : number((int)pick(3));
    buf_addf(text, "measure m%d %s = %s(%s", i, is_money ? "money" : "number", aggregate_word(d->aggregate)->name,
             NAMES[table]);
    if (d->predicate) buf_add_text(text, " where "), print(text, d->predicate);
    if (d->expression) buf_add_text(text, ", "), print(text, d->expression);
    buf_add_text(text, ");\n");
}

static void check_size(const struct definition *d, struct decimal x)
{
    wide_integer whole = x.value / ten(x.scale > d->decimals ? x.scale - d->decimals : 0);
    if (whole > INT64_MAX / 2 || whole < -INT64_MAX / 2) too_large = true;
}

static void oracle_add(const struct definition *d, struct decimal *total, int64_t *count, const int64_t *row)
{
    if (d->predicate && !holds(d->predicate, row)) return;
    struct decimal x = d->expression ? oracle(d->expression, row) : (struct decimal){1, 0, false};
    if (d->is_date && x.missing) return;
    bool first = (*count)++ == 0;
    check_size(d, x);
    if (d->aggregate == AGGREGATE_MIN || d->aggregate == AGGREGATE_MAX) {
        int order = first ? 0 : compare_decimals(x, *total);
        if (first || (d->aggregate == AGGREGATE_MIN ? order < 0 : order > 0)) *total = x;
        return;
    }
    x = to_scale(x, total->scale);
    *total = to_scale(*total, x.scale);
    *total = checked(total->value + x.value, x.scale);
    check_size(d, *total);
}

static int64_t oracle_value(const struct definition *d, uint32_t place)
{
    struct decimal total = {0, 0, false};
    int64_t count = 0;
    table = d->table;
    row_owner = place;
    for (int t = d->table; t <= (d->table == 2 ? 2 : d->table + 1); t++)
        for (uint32_t i = 0; i < accounts[t].count; i++)
            if (accounts[t].owners[i] == place) oracle_add(d, &total, &count, accounts[t].values[i]);
    if (count == 0 || too_large) return d->is_date ? DATE_NONE : 0;
    /* double the value and the divisor, so that the half is a whole number */
    total = to_scale(total, d->decimals);
    wide_integer divisor = ten(total.scale - d->decimals) * (d->aggregate == AGGREGATE_AVG ? count : 1);
    return (int64_t)round_half_away(total.value * 2, divisor * 2);
}

static int compared, skipped;

static void check_values(const struct definition *d, const struct measure_set *s, struct measure_block *b,
                         uint32_t customers, const char *text)
{
    struct status st = {0};
    bool ok = measure_finish(s, b, &st);
    for (int m = 0; m < MEASURES; m++) {
        for (uint32_t c = 0; c < customers; c++) {
            too_large = false;
            int64_t expected = oracle_value(&d[m], c);
            if (too_large) {
                skipped++;
                continue;
            }
            compared++;
            if (ok && measure_values(b, m)[c] == expected) continue;
            print_error("%smeasure m%d of customer %u: %lld, expected %lld %s\n", text, m, c,
                        (long long)measure_values(b, m)[c], (long long)expected, st.message);
            fail();
        }
    }
}

static const int64_t *customer_columns[FIXTURE_CUSTOMER_FIELDS];

static void make_customers(const struct measure_set *s, uint32_t customers)
{
    for (int k = 0; k < FIXTURE_CUSTOMER_FIELDS; k++) {
        for (uint32_t c = 0; c < customers; c++)
            customer_values[k][c] = k == IS_MARRIED ? pick(2) : random_value(&FIXTURE_CUSTOMER[k], 8, true);
        customer_columns[k] = measure_uses_customer_field(s, k) ? customer_values[k] : NULL;
    }
}

static void check_one(struct buf *text)
{
    struct status st = {0};
    struct formula *f;
    struct measure_set *s;
    struct definition d[MEASURES];
    uint32_t customers = 1 + pick(CUSTOMERS_MAX);
    trees_used = 0;
    unit_fen = pick(2);
    buf_clear(text);
    buf_addf(text, "unit %s; threshold 1; score = 1;\n", unit_fen ? "fen" : "yuan");
    for (int i = 0; i < MEASURES; i++) define(&d[i], text, i);
    for (int t = 0; t < FIXTURE_TABLES; t++) make_accounts(t, customers);
    bool ok = formula_parse("random.formula", buf_view(text), &f, &st);
    if (!ok) print_error("%s", text->bytes);
    fixture_ok(ok, &st);
    if (!measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st)) {
        bool decimals = strstr(st.message, "decimals") != NULL;
        if (!decimals) print_error("%s", text->bytes), status_print(&st);
        assert_true(decimals);
        skipped += (int)customers * MEASURES;
        formula_free(f);
        return;
    }
    struct measure_block *b = measure_block_new(s);
    make_customers(s, customers);
    for (int again = 0; again < 2; again++) {
        /* Some formulas pass 128 bits: the block is skipped when the oracle says so for any customer. */
        bool any_large = false;
        for (uint32_t c = 0; c < customers; c++)
            for (int m = 0; m < MEASURES; m++) {
                too_large = false;
                oracle_value(&d[m], c);
                any_large |= too_large;
            }
        measure_block_reset(s, b, customers);
        measure_block_customers(b, customer_columns);
        for (int t = 0; t < FIXTURE_TABLES; t++) add_accounts(s, b, again ? FIXTURE_TABLES - 1 - t : t);
        if (any_large)
            skipped++;
        else
            check_values(d, s, b, customers, text->bytes);
    }
    measure_block_free(b);
    measure_set_free(s);
    formula_free(f);
}

static void test_random_measures(void **state)
{
    const char *seed_text = getenv("CRMX_SEED"), *count_text = getenv("CRMX_FORMULAS");
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 20261031;
    int count = count_text ? atoi(count_text) : 400;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < count; i++) {
        state_of_random = seed + (uint64_t)i * 1000003;
        check_one(&text);
    }
    printf("%d files of %d measures from seed %llu: %d values compared, %d skipped (beyond 128 bits or decimals)\n",
           count, MEASURES, (unsigned long long)seed, compared, skipped);
    assert_true(compared > 10 * skipped);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_measures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
