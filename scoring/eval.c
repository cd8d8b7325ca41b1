#include "scoring/eval.h"

#include "base/date.h"
#include "scoring/bind.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>

struct evaluation {
    struct arena arena;
    struct formula *f;
    struct schema_field *fields;
    int64_t values[EVAL_VARIABLES_MAX];
    int32_t
        days[EVAL_VARIABLES_MAX]; /* 20261031 is a number, or a date where only a date will do; DATE_NONE: no date */
    int count;
    struct status *st;
};

bool eval_variable_parse(struct view text, struct eval_variable *out, struct status *st)
{
    const char *sign = memchr(text.bytes, '=', text.length);
    if (!sign || sign == text.bytes) {
        status_fail(st, STATUS_USAGE, "expected name=value, found \"%.*s\"", VIEW_PRINT(text));
        return status_hint(st, "for example: crmx formula eval 'a*1.5' a=100");
    }
    size_t length = (size_t)(sign - text.bytes);
    *out = (struct eval_variable){view_trim((struct view){text.bytes, length}),
                                  view_trim((struct view){sign + 1, text.length - length - 1})};
    return true;
}

/* --- values --- */

static bool parse_number(struct view text, int64_t *mantissa, int *scale)
{
    bool negative = text.length && text.bytes[0] == '-', point = false;
    int digits = 0;
    *mantissa = *scale = 0;
    for (size_t i = negative; i < text.length; i++) {
        char c = text.bytes[i];
        if (c == '.' && !point && digits) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || ++digits > FORMULA_DIGITS_MAX) return false;
        *mantissa = *mantissa * 10 + (c - '0');
        *scale += point;
    }
    if (negative) *mantissa = -*mantissa;
    return digits > 0 && (!point || *scale > 0);
}

/* The texts of the expression are codes too, or 'A' = 'B' would be refused as a misspelling. */
static void collect_texts(const struct node *n, const char **codes, int *count)
{
    if (n->kind == NODE_TEXT) codes[(*count)++] = n->text;
    for (int i = 0; i < n->count; i++) collect_texts(n->children[i], codes, count);
}

static void code_variable(struct evaluation *e, struct view value, struct schema_field *field)
{
    char quote = value.length >= 2 ? value.bytes[0] : 0;
    if ((quote == '\'' || quote == '"') && value.bytes[value.length - 1] == quote)
        value = (struct view){value.bytes + 1, value.length - 2};
    const char **codes = arena_array(&e->arena, const char *, FORMULA_CONSTANTS_MAX + 1);
    int count = 1;
    codes[0] = arena_dup(&e->arena, value);
    collect_texts(e->f->definitions[0].expression, codes, &count);
    field->type = VALUE_CODE;
    field->codes = codes;
    field->codes_count = count;
}

/* 2026-02-30 looks like a date and is none: hardly a code. */
static bool looks_like_date(struct view v)
{
    for (size_t i = 0; i < v.length; i++)
        if (i == 4 || i == 7 ? v.bytes[i] != '-' : v.bytes[i] < '0' || v.bytes[i] > '9') return false;
    return v.length == 10;
}

static bool no_such_day(struct evaluation *e, const struct eval_variable *v)
{
    status_fail(e->st, STATUS_USAGE, "%.*s: %.*s is no day of the calendar", VIEW_PRINT(v->name), VIEW_PRINT(v->value));
    return status_hint(e->st, "days go from %d-01-01 to %d-12-31; a code stands in quotes: %.*s=\"'%.*s'\"",
                       DATE_YEAR_MIN, DATE_YEAR_MAX, VIEW_PRINT(v->name), VIEW_PRINT(v->value));
}

static bool add_variable(struct evaluation *e, const struct eval_variable *v)
{
    struct schema_field *field = &e->fields[e->count];
    int64_t *value = &e->values[e->count];
    int32_t date;
    if (e->count == EVAL_VARIABLES_MAX)
        return status_fail(e->st, STATUS_USAGE, "more than %d values", EVAL_VARIABLES_MAX);
    field->name = arena_dup(&e->arena, v->name);
    for (int i = 0; i < e->count; i++)
        if (strcmp(e->fields[i].name, field->name) == 0)
            return status_fail(e->st, STATUS_USAGE, "the value %s is given twice", field->name);
    e->days[e->count++] = DATE_NONE;
    if (v->value.length == 0) {
        field->type = VALUE_DATE;
        *value = DATE_NONE;
    } else if (parse_number(v->value, value, &field->scale)) {
        field->type = VALUE_NUMBER;
        if (date_parse(v->value, &date)) e->days[e->count - 1] = date;
    } else if (looks_like_date(v->value)) {
        field->type = VALUE_DATE;
        if (!date_parse(v->value, &date)) return no_such_day(e, v);
        *value = date;
    } else if (view_is(v->value, "true") || view_is(v->value, "false")) {
        field->type = VALUE_BOOLEAN;
        *value = view_is(v->value, "true");
    } else {
        *value = 0;
        code_variable(e, v->value, field);
    }
    return true;
}

/* --- output --- */

static void format_number(double x, struct buf *out)
{
    char text[40];
    if (x == 0) x = 0; /* nobody asks for a negative zero */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = uselocale(plain);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    uselocale(before);
    freelocale(plain);
    buf_add_text(out, isnan(x) ? "nan" : text);
}

static void format_value(const struct formula_program *p, const int64_t *results, struct buf *out)
{
    double x;
    char date[11];
    memcpy(&x, &results[0], sizeof x);
    if (results[1]) {
        buf_add_text(out, "missing");
        return;
    }
    switch (p->definitions[0]->type) {
    case VALUE_BOOLEAN: buf_add_text(out, x != 0 ? "true" : "false"); break;
    case VALUE_CODE: buf_add_text(out, p->codes[(int)x]); break;
    case VALUE_DATE:
        date_format((int32_t)floor(x), date);
        buf_add_text(out, date);
        break;
    default: format_number(x, out);
    }
}

/* --- evaluation --- */

static bool read_as_dates(struct evaluation *e)
{
    bool any = false;
    for (int i = 0; i < e->count; i++) {
        if (e->days[i] == DATE_NONE) continue;
        e->fields[i].type = VALUE_DATE;
        e->values[i] = e->days[i];
        any = true;
    }
    return any;
}

static bool bind(struct evaluation *e, const struct schema *schema, struct formula_program **out)
{
    struct status as_dates = {0};
    return formula_bind(e->f, schema, out, e->st) ||
           (read_as_dates(e) && formula_bind(e->f, schema, out, &as_dates) && (status_clear(e->st), true));
}

static bool run(struct evaluation *e, int32_t business_date, struct buf *out)
{
    struct schema schema = {
        .customer_fields = e->fields, .customer_fields_count = e->count, .business_date = business_date};
    struct formula_program *p;
    const int64_t *columns[EVAL_VARIABLES_MAX];
    int64_t scalar[2], vector[2], *results[] = {&vector[0], &vector[1]};
    if (!bind(e, &schema, &p)) return false;
    for (int i = 0; i < e->count; i++) columns[i] = &e->values[i];
    struct formula_inputs in = {.count = 1, .customer_fields = columns};
    struct formula_scratch *scratch = formula_scratch_new(p);
    bool ok = formula_evaluate_scalar(p, &in, 0, scalar, e->st) && formula_evaluate(p, &in, scratch, results, e->st);
    if (ok) {
        double a, b;
        memcpy(&a, &scalar[0], sizeof a);
        memcpy(&b, &vector[0], sizeof b);
        ensure(scalar[1] == vector[1] && (scalar[1] || scalar[0] == vector[0] || (isnan(a) && isnan(b))));
        format_value(p, scalar, out);
    }
    formula_scratch_free(scratch);
    formula_program_free(p);
    return ok;
}

bool formula_eval_text(const char *name, struct view expression, const struct eval_variable *variables, int count,
                       int32_t business_date, struct buf *out, struct status *st)
{
    struct evaluation e = {.st = st};
    bool ok = formula_parse_expression(name, expression, &e.f, st);
    if (!ok) return false;
    arena_init(&e.arena, "expression");
    e.fields = arena_array(&e.arena, struct schema_field, EVAL_VARIABLES_MAX);
    for (int i = 0; i < count && ok; i++) ok = add_variable(&e, &variables[i]);
    ok = ok && run(&e, business_date, out);
    formula_free(e.f);
    arena_release(&e.arena);
    return ok;
}

static struct view cut(struct view *rest, char end)
{
    const char *at = rest->length ? memchr(rest->bytes, end, rest->length) : NULL;
    struct view v = {rest->bytes, at ? (size_t)(at - rest->bytes) : rest->length};
    *rest = (struct view){rest->bytes + v.length + (at != NULL), rest->length - v.length - (at != NULL)};
    return v;
}

static bool eval_line(const char *name, struct view line, int32_t business_date, struct buf *out, struct status *st)
{
    struct eval_variable variables[EVAL_VARIABLES_MAX];
    struct view expression = cut(&line, '\t');
    int count = 0;
    while (line.length) {
        struct view field = view_trim(cut(&line, '\t'));
        if (field.length == 0) continue;
        if (count == EVAL_VARIABLES_MAX)
            return status_fail(st, STATUS_USAGE, "more than %d values", EVAL_VARIABLES_MAX);
        if (!eval_variable_parse(field, &variables[count++], st)) return false;
    }
    if (!formula_eval_text(name, expression, variables, count, business_date, out, st)) return false;
    buf_add_text(out, "\n");
    return true;
}

bool formula_eval_file(const char *name, struct view text, int32_t business_date, struct buf *out, struct status *st)
{
    for (int number = 1; text.length; number++) {
        struct view line = cut(&text, '\n');
        if (line.length && line.bytes[line.length - 1] == '\r') line.length--;
        if (view_trim(line).length == 0 || line.bytes[0] == '#') continue;
        if (!eval_line("expression", line, business_date, out, st))
            return status_while(st, "evaluating %s, line %d", name, number);
    }
    return true;
}
