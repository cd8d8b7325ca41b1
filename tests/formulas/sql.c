/* What a formula means, in PostgreSQL: accounts in numeric (exact), customers in double precision (IEEE, in the written
 * order). A missing date is NULL. Every step is a LATERAL with OFFSET 0, which the planner does not pull up: a value
 * that is used often would otherwise be written out often. */
#include "tests/formulas/formulas.h"

/* Business date 2026-10-31 is day 20757. Days are whole numbers from 1970-01-01. */
const char SQL_FUNCTIONS[] =
    "CREATE FUNCTION f_day(d float8) RETURNS date IMMUTABLE LANGUAGE sql AS $$SELECT date '1970-01-01' + "
    "floor(d)::int$$;\n"
    "CREATE FUNCTION f_months(a float8, b float8) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$\n"
    "    SELECT ((extract(year FROM f_day(b)) - extract(year FROM f_day(a))) * 12 + extract(month FROM f_day(b))\n"
    "            - extract(month FROM f_day(a)) - (extract(day FROM f_day(b)) < extract(day FROM "
    "f_day(a)))::int)::float8$$;\n"
    "CREATE FUNCTION f_years(a float8, b float8) RETURNS float8 IMMUTABLE LANGUAGE sql AS $$\n"
    "    SELECT floor(f_months(a, b) / 12)$$;\n"
    "CREATE FUNCTION f_div(a float8, b float8) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS $$\n"
    "BEGIN IF b = 0 THEN RETURN CASE WHEN a IS NULL THEN NULL ELSE 0 END; END IF; RETURN a / b; END$$;\n"
    "CREATE FUNCTION f_min(a float8, b float8) RETURNS float8 STRICT IMMUTABLE LANGUAGE plpgsql AS $$\n"
    "BEGIN IF a < b THEN RETURN a; END IF; RETURN b; END$$;\n"
    "CREATE FUNCTION f_max(a float8, b float8) RETURNS float8 STRICT IMMUTABLE LANGUAGE plpgsql AS $$\n"
    "BEGIN IF a > b THEN RETURN a; END IF; RETURN b; END$$;\n"
    "CREATE FUNCTION f_round(x float8, mode int) RETURNS float8 STRICT IMMUTABLE LANGUAGE plpgsql AS $$\n"
    "BEGIN\n"
    "    IF mode = 0 THEN RETURN floor(x + 0.5); END IF;\n"
    "    IF mode = 2 THEN RETURN round(x); END IF;\n" /* double precision rounds halves to even */
    "    RETURN trunc(x) + CASE WHEN abs(x - trunc(x)) >= 0.5 THEN sign(x) ELSE 0 END;\n"
    "END$$;\n"
    "CREATE FUNCTION f_average(total numeric, n bigint, decimals int) RETURNS numeric IMMUTABLE LANGUAGE sql AS $$\n"
    "    SELECT sign(total) * div(2 * abs(total) * power(10::numeric, decimals) + n, 2 * n)\n"
    "           / power(10::numeric, decimals)$$;\n"
    "CREATE FUNCTION f_whole(x float8) RETURNS text IMMUTABLE LANGUAGE sql AS $$\n"
    "    SELECT CASE WHEN abs(x) <= 4611686018427387904 THEN x::bigint::text ELSE 'range' END$$;\n";

static const struct formula_drawn *f;
static int table;

static void put(struct buf *out, const struct tree *t);

static void decimal(struct buf *out, int64_t value, int scale)
{
    int64_t size = value < 0 ? -value : value, power = 1;
    for (int i = 0; i < scale; i++) power *= 10;
    buf_addf(out, "%s%lld.%0*lld", value < 0 ? "-" : "", (long long)(size / power), scale ? scale : 1,
             (long long)(size % power));
}

static void join(struct buf *out, const char *before, const struct tree *t, const char *between, const char *after)
{
    buf_add_text(out, before);
    for (int i = 0; i < t->count; i++) {
        buf_add_text(out, i ? between : "");
        put(out, t->child[i]);
    }
    buf_add_text(out, after);
}

/* f(f(a, b), c) */
static void fold(struct buf *out, const char *name, const struct tree *t)
{
    for (int i = 1; i < t->count; i++) buf_addf(out, "%s(", name);
    put(out, t->child[0]);
    for (int i = 1; i < t->count; i++) {
        buf_add_text(out, ", ");
        put(out, t->child[i]);
        buf_add_text(out, ")");
    }
}

static void choose(struct buf *out, const struct tree *t)
{
    buf_add_text(out, "(CASE");
    for (int i = 0; i + 1 < t->count; i += 2) {
        buf_add_text(out, " WHEN ");
        put(out, t->child[i]);
        buf_add_text(out, " THEN ");
        put(out, t->child[i + 1]);
    }
    buf_add_text(out, " ELSE ");
    put(out, t->child[t->count - 1]);
    buf_add_text(out, " END)");
}

static void in_list(struct buf *out, const struct tree *t)
{
    buf_add_text(out, "(");
    put(out, t->child[0]);
    buf_addf(out, "%s IN (", t->negated ? " NOT" : "");
    put(out, t->child[1]);
    buf_add_text(out, ", ");
    put(out, t->child[2]);
    buf_add_text(out, "))");
}

static void sexes(struct buf *out, const struct tree *t, const char *column)
{
    const char *comma = "";
    buf_addf(out, "(%s %sIN (", column, t->negated ? "NOT " : "");
    for (int i = 0; i < 3; i++)
        if (t->codes >> i & 1) buf_addf(out, "%s'%s'", comma, SEXES[i]), comma = ", ";
    buf_add_text(out, "))");
}

/* --- accounts --- */

static void account_codes(struct buf *out, const struct tree *t)
{
    bool kind = table == TABLE_RETAIL && t->index == 0;
    const char *comma = "";
    buf_addf(out, "(a.%s %sIN (", kind ? "kind" : "currency", t->negated ? "NOT " : "");
    for (int i = 0; i < 3; i++)
        if (t->codes >> i & 1) buf_addf(out, "%s'%s'", comma, kind ? KINDS[i] : CURRENCIES[i]), comma = ", ";
    buf_add_text(out, "))");
}

/* A comparison with a missing date is false. */
static void account_compare(struct buf *out, const struct tree *t, const char *sign)
{
    join(out, "coalesce(", t, sign, ", false)");
}

static void put_account(struct buf *out, const struct tree *t)
{
    static const char *const CUSTOMER[] = {"birth", "sex", "opened", "income", "family", "married"};
    static const char *const FIELDS[TABLES + 1][FIELDS_MAX] = {
        {"kind", "currency", "balance", "term", "maturity", "rate", "moves", "opened"},
        {"currency", "balance", "overdue", "months", "opened"},
        {"currency", "balance", "opened"}};
    switch (t->kind) {
    case A_FIELD: buf_addf(out, "a.%s", FIELDS[table][t->index]); break;
    case A_NUMBER:
    case A_AMOUNT: decimal(out, t->value, t->scale); break;
    case A_DATE: buf_addf(out, "%lld", (long long)t->value); break;
    case A_BUSINESS: buf_add_text(out, "20757"); break;
    case A_CNY:
        join(out, "(", t, "", " * CASE a.currency WHEN 'USD' THEN 7.123456 WHEN 'JPY' THEN 0.048765 ELSE 1 END)");
        break;
    case A_NEGATE: join(out, "(-(", t, "", "))"); break;
    case A_ADD: join(out, "(", t, " + ", ")"); break;
    case A_SUBTRACT: join(out, "(", t, " - ", ")"); break;
    case A_MULTIPLY: join(out, "(", t, " * ", ")"); break;
    case A_MIN: join(out, "least(", t, ", ", ")"); break;
    case A_MAX: join(out, "greatest(", t, ", ", ")"); break;
    case A_ABS: join(out, "abs(", t, "", ")"); break;
    case A_CUSTOMER: buf_addf(out, "a.customer_%s", CUSTOMER[t->index]); break;
    case A_MARRIED: buf_add_text(out, "a.customer_married"); break;
    case A_SEX_IN: sexes(out, t, "a.customer_sex"); break;
    case A_IN: in_list(out, t); break;
    case A_IF:
    case A_CASE: choose(out, t); break;
    case A_COALESCE: join(out, "coalesce(", t, ", ", ")"); break;
    case A_DAYS: join(out, "(-(", t, " - ", "))"); break;
    case A_MONTHS: join(out, "f_months(", t, ", ", ")::numeric"); break;
    case A_YEARS: join(out, "f_years(", t, ", ", ")::numeric"); break;
    case A_SINCE_DAYS: join(out, "(20757 - (", t, "", "))"); break;
    case A_SINCE_MONTHS: join(out, "f_months(", t, "", ", 20757)::numeric"); break;
    case A_SINCE_YEARS: join(out, "f_years(", t, "", ", 20757)::numeric"); break;
    case A_CODE_IN: account_codes(out, t); break;
    case A_KNOWN: join(out, "(", t, "", " IS NOT NULL)"); break;
    case A_LESS: account_compare(out, t, " < "); break;
    case A_LESS_EQUAL: account_compare(out, t, " <= "); break;
    case A_EQUAL: account_compare(out, t, " = "); break;
    case A_NOT_EQUAL: account_compare(out, t, " <> "); break;
    case A_GREATER: account_compare(out, t, " > "); break;
    case A_GREATER_EQUAL: account_compare(out, t, " >= "); break;
    case A_AND: join(out, "(", t, " AND ", ")"); break;
    case A_OR: join(out, "(", t, " OR ", ")"); break;
    default: join(out, "(NOT ", t, "", ")");
    }
}

/* --- customers --- */

static void customer_field(struct buf *out, int field)
{
    static const char *const FIELDS[] = {"c.birth::float8",  "c.sex",    "c.opened::float8", NULL,
                                         "c.family::float8", "c.married"};
    if (field == FIELD_INCOME) /* enters as fen, divided in double */
        buf_add_text(out, f->fen ? "(c.income * 100)::float8" : "((c.income * 100)::float8 / 100)");
    else if (field == FIELD_FAMILY)
        buf_add_text(out, "((c.family * 10)::float8 / 10)");
    else
        buf_add_text(out, FIELDS[field]);
}

static void put_customer(struct buf *out, const struct tree *t)
{
    static const char *const SINCE[] = {"(20757 - (", "f_months(", "f_years("}, *const ENDS[] = {"))", ", 20757)",
                                                                                                 ", 20757)"};
    switch (t->kind) {
    case C_NUMBER:
    case C_COEFFICIENT:
        buf_add_text(out, "'");
        decimal(out, t->value, t->scale);
        buf_add_text(out, "'::float8");
        break;
    case C_MEASURE: buf_addf(out, "m.m%d", t->index); break;
    case C_FIELD: customer_field(out, t->index); break;
    case C_LET: buf_addf(out, "x%d.v", t->index); break;
    case C_RESULT: buf_add_text(out, f->fen ? "y0.v" : "(y0.v / 100)"); break;
    case C_DATE: buf_addf(out, "%lld::float8", (long long)t->value); break;
    case C_BUSINESS: buf_add_text(out, "20757::float8"); break;
    case C_TEXT: buf_addf(out, "'%s'", SEXES[t->index]); break;
    case C_TRUTH: buf_add_text(out, t->index ? "true" : "false"); break;
    case C_NEGATE: join(out, "(-(", t, "", "))"); break;
    case C_ADD: join(out, "(", t, " + ", ")"); break;
    case C_SUBTRACT: join(out, "(", t, " - ", ")"); break;
    case C_MULTIPLY: join(out, "(", t, " * ", ")"); break;
    case C_DIVIDE: join(out, "f_div(", t, ", ", ")"); break;
    case C_MIN: fold(out, "f_min", t); break;
    case C_MAX: fold(out, "f_max", t); break;
    case C_ABS: join(out, "abs(", t, "", ")"); break;
    case C_ROUND:
        buf_addf(out, "(f_round((");
        join(out, "", t, "", "");
        buf_addf(out, ")*1e%d::float8, %d)/1e%d::float8)", t->scale, t->index < 3 ? t->index : f->rounding, t->scale);
        break;
    case C_FLOOR: join(out, "floor(", t, "", ")"); break;
    case C_CEIL: join(out, "ceil(", t, "", ")"); break;
    case C_IF:
    case C_CASE: choose(out, t); break;
    case C_COALESCE: join(out, "coalesce(", t, ", ", ")"); break;
    case C_KNOWN: join(out, "((", t, "", ") IS NOT NULL)"); break;
    case C_DAYS: join(out, "(-(", t, " - ", "))"); break;
    case C_MONTHS: join(out, "f_months(", t, ", ", ")"); break;
    case C_YEARS: join(out, "f_years(", t, ", ", ")"); break;
    case C_SINCE_DAYS:
    case C_SINCE_MONTHS:
    case C_SINCE_YEARS: join(out, SINCE[t->kind - C_SINCE_DAYS], t, "", ENDS[t->kind - C_SINCE_DAYS]); break;
    case C_LESS: join(out, "(", t, " < ", ")"); break;
    case C_LESS_EQUAL: join(out, "(", t, " <= ", ")"); break;
    case C_EQUAL: join(out, "(", t, " = ", ")"); break;
    case C_NOT_EQUAL: join(out, "(", t, " <> ", ")"); break;
    case C_GREATER: join(out, "(", t, " > ", ")"); break;
    case C_GREATER_EQUAL: join(out, "(", t, " >= ", ")"); break;
    case C_IN: in_list(out, t); break;
    case C_CODE_IN: sexes(out, t, "c.sex"); break;
    case C_CODE_IS: buf_addf(out, "(c.sex %s '%s')", t->negated ? "<>" : "=", SEXES[t->index]); break;
    case C_AND: join(out, "(", t, " AND ", ")"); break;
    case C_OR: join(out, "(", t, " OR ", ")"); break;
    default: join(out, "(NOT ", t, "", ")");
    }
}

static void put(struct buf *out, const struct tree *t)
{
    if (t->kind < C_NUMBER)
        put_account(out, t);
    else
        put_customer(out, t);
}

/* --- the statement --- */

static void put_measure(struct buf *out, const struct measure_drawn *m, int number)
{
    static const char *const TABLE[] = {"retail", "loan",
                                        "(SELECT owner, currency, balance, opened FROM retail UNION ALL "
                                        "SELECT owner, currency, balance, opened FROM loan)"};
    int decimals = m->type == MEASURE_MONEY ? 2 : 0;
    struct buf value;
    table = m->table;
    buf_init(&value, 1 << 20);
    if (m->expression) put(&value, m->expression);
    const char *x = value.length ? value.bytes : "";
    buf_add_text(out, "(SELECT ");
    switch (m->aggregate) {
    case 0: buf_addf(out, "round(coalesce(sum(%s), 0), %d)", x, decimals); break;
    case 1: buf_add_text(out, "count(*)"); break;
    case 4:
        buf_addf(out, "CASE WHEN count(*) = 0 THEN 0 ELSE f_average(sum(%s), count(*), %d) END", x, decimals);
        break;
    default:
        if (m->type == MEASURE_DATE)
            buf_addf(out, "%s(%s)", m->aggregate == 2 ? "min" : "max", x);
        else
            buf_addf(out, "round(coalesce(%s(%s), 0), %d)", m->aggregate == 2 ? "min" : "max", x, decimals);
    }
    /* The customer's fields as the row's: an aggregate of outer columns alone would be one of the outer query. */
    buf_addf(out,
             " FROM (SELECT x.*, c.birth AS customer_birth, c.sex AS customer_sex, c.opened AS customer_opened, "
             "c.income AS customer_income, c.family AS customer_family, c.married AS customer_married "
             "FROM %s x WHERE x.owner = c.id OFFSET 0) a",
             TABLE[m->table]);
    if (m->predicate) {
        buf_add_text(out, " WHERE ");
        put(out, m->predicate);
    }
    if (decimals)
        buf_addf(out, ") * 100)::bigint::float8%s AS m%d", f->fen ? "" : " / 100", number);
    else
        buf_addf(out, "))::bigint::float8 AS m%d", number);
    buf_release(&value);
}

/* Money in minor units. */
static void put_result(struct buf *out, int number)
{
    static const char *const ENDS[RESULTS] = {", %d) AS v", ", %d) AS v", ") AS v", ") AS v"};
    bool whole = number < 2, yuan = number == 0 && !f->fen;
    buf_addf(out, ",\nLATERAL (SELECT %s", whole ? "f_round(" : "(");
    if (yuan) buf_add_text(out, "(");
    put(out, f->result[number]);
    if (yuan) buf_add_text(out, ") * 100");
    if (whole)
        buf_addf(out, ", %d) AS v", f->rounding);
    else
        buf_add_text(out, ENDS[number]);
    buf_addf(out, " OFFSET 0) y%d", number);
}

void formula_sql(const struct formula_drawn *drawn, int number, struct buf *out)
{
    f = drawn;
    buf_addf(
        out,
        "SELECT %d AS formula, c.id AS customer, CASE WHEN 'range' IN (f_whole(y0.v), f_whole(y1.v)) THEN 'range' ELSE "
        "concat_ws(' ', f_whole(y0.v), f_whole(y1.v), y2.v::int, y3.v) END AS results\nFROM customer c,\n"
        "LATERAL (SELECT ",
        number);
    for (int i = 0; i < MEASURES; i++) {
        buf_add_text(out, i ? ",\n    (" : "(");
        put_measure(out, &f->measures[i], i);
    }
    buf_add_text(out, " OFFSET 0) m");
    for (int i = 0; i < f->lets; i++) {
        buf_add_text(out, ",\nLATERAL (SELECT (");
        put(out, f->let[i]);
        buf_addf(out, ") AS v OFFSET 0) x%d", i);
    }
    for (int i = 0; i < RESULTS; i++) put_result(out, i);
    buf_add_text(out, "\n");
}
