/* measure_oracle: what a tree of measure_tree.h is for one account, with decimals carried along: slow and obvious. */
#ifndef CRMX_TESTS_SCORING_MEASURE_ORACLE_H
#define CRMX_TESTS_SCORING_MEASURE_ORACLE_H

#include "tests/scoring/measure_tree.h"

__extension__ typedef __int128 wide_integer;

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

#endif
