#include "scoring/eval.h"

#include "base/date.h"
#include "scoring/bind.h"
#include "scoring/eval_value.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

struct evaluation {
    struct arena arena;
    struct formula *f;
    struct schema_field *fields;
    int64_t values[EVAL_VARIABLES_MAX];
    int32_t days[EVAL_VARIABLES_MAX]; /* 20261031, a number, as a date where only a date will do; DATE_NONE: none */
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
    *out = (struct eval_variable){.name = view_trim((struct view){text.bytes, length}),
                                  .value = view_trim((struct view){sign + 1, text.length - length - 1})};
    return true;
}

/* --- values --- */

/* The texts of the expression are codes too, or 'A' = 'B' would be refused as a misspelling. */
static void collect_texts(const struct node *n, const char **codes, int *count)
{
    if (n->kind == NODE_TEXT) codes[(*count)++] = n->text;
    for (int i = 0; i < n->count; i++) collect_texts(n->children[i], codes, count);
}

static void code_variable(struct evaluation *e, struct view value, struct schema_field *field)
{
    const char **codes = arena_array(&e->arena, const char *, FORMULA_CONSTANTS_MAX + 1);
    int count = 1;
    codes[0] = arena_dup(&e->arena, value);
    collect_texts(e->f->definitions[0].expression, codes, &count);
    field->codes = codes;
    field->codes_count = count;
}

static bool add_variable(struct evaluation *e, const struct eval_variable *v)
{
    struct schema_field *field = &e->fields[e->count];
    struct eval_value typed;
    if (e->count == EVAL_VARIABLES_MAX)
        return status_fail(e->st, STATUS_USAGE, "more than %d values", EVAL_VARIABLES_MAX);
    field->name = arena_dup(&e->arena, v->name);
    for (int i = 0; i < e->count; i++)
        if (strcmp(e->fields[i].name, field->name) == 0)
            return status_fail(e->st, STATUS_USAGE, "the value %s is given twice", field->name) ||
                   status_hint(e->st, "leave one of them out");
    if (!eval_value_read(v->name, v->value, &typed, e->st)) return false;
    field->type = typed.type;
    field->scale = typed.scale;
    if (typed.type == VALUE_CODE) code_variable(e, typed.code, field);
    if (typed.type != VALUE_NUMBER || !date_parse(v->value, &e->days[e->count])) e->days[e->count] = DATE_NONE;
    e->values[e->count++] = typed.integer;
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
    buf_add_text(out, text);
}

static enum eval_kind format_value(const struct formula_program *p, const int64_t *results, struct buf *out)
{
    double x;
    char date[11];
    memcpy(&x, &results[0], sizeof x);
    if (results[1]) {
        buf_add_text(out, "missing");
        return EVAL_MISSING;
    }
    switch (p->definitions[0]->type) {
    case VALUE_BOOLEAN: buf_add_text(out, x != 0 ? "true" : "false"); return EVAL_BOOLEAN;
    case VALUE_CODE: buf_add_text(out, p->codes[(int)x]); return EVAL_TEXT;
    case VALUE_DATE:
        date_format((int32_t)x, date);
        buf_add_text(out, date);
        return EVAL_TEXT;
    default: format_number(x, out); return EVAL_NUMBER;
    }
}

/* --- evaluation --- */

/* Both evaluators say the same, failures too. */
static bool evaluate(struct evaluation *e, const struct formula_program *p, int64_t scalar[2])
{
    const int64_t *columns[EVAL_VARIABLES_MAX];
    int64_t vector[2], *results[] = {&vector[0], &vector[1]};
    struct status other = {0};
    for (int i = 0; i < e->count; i++) columns[i] = &e->values[i];
    struct formula_inputs in = {.count = 1, .customer_fields = columns, .unnamed = true};
    struct formula_scratch *scratch = formula_scratch_new(p);
    bool ok = formula_evaluate_scalar(p, &in, 0, scalar, e->st);
    ensure(ok == formula_evaluate(p, &in, scratch, results, &other));
    ensure(ok ? scalar[1] == vector[1] && (scalar[1] || scalar[0] == vector[0])
              : strcmp(e->st->message, other.message) == 0);
    formula_scratch_free(scratch);
    return ok;
}

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

static bool run(struct evaluation *e, int32_t business_date, struct buf *out, enum eval_kind *kind)
{
    struct schema schema = {
        .customer_fields = e->fields, .customer_fields_count = e->count, .business_date = business_date};
    struct formula_program *p;
    int64_t results[2];
    if (!bind(e, &schema, &p)) return false;
    bool ok = evaluate(e, p, results);
    if (ok) *kind = format_value(p, results, out);
    formula_program_free(p);
    return ok;
}

/* The first place that asks for the business date. */
static const struct node *asks_for_today(const struct node *n)
{
    bool since = n->kind == NODE_CALL && (n->function == FUNCTION_AGE || n->function == FUNCTION_DAYS_SINCE ||
                                          n->function == FUNCTION_MONTHS_SINCE || n->function == FUNCTION_YEARS_SINCE);
    const struct node *found = since || n->kind == NODE_BUSINESS_DATE ? n : NULL;
    for (int i = 0; i < n->count && !found; i++) found = asks_for_today(n->children[i]);
    return found;
}

static bool check_today(const struct formula *f, int32_t business_date, struct status *st)
{
    const struct node *n = business_date == DATE_NONE ? asks_for_today(f->definitions[0].expression) : NULL;
    if (!n) return true;
    formula_fail(f, n->place, st, "there is no business date that it could count from");
    return status_hint(st, "give one: --date 2026-10-31");
}

/* The text begins in a line of a file of cases; *bad is the variable that is wrong, NULL: none is. */
static bool eval_text(const char *name, uint32_t line, struct view expression, const struct eval_variable *variables,
                      int count, int32_t business_date, struct buf *out, enum eval_kind *kind,
                      const struct eval_variable **bad, struct status *st)
{
    struct evaluation e = {.st = st};
    *bad = NULL;
    if (!formula_parse_expression(name, line, expression, &e.f, st)) return false;
    bool ok = check_today(e.f, business_date, st);
    arena_init(&e.arena, "expression");
    e.fields = arena_array(&e.arena, struct schema_field, EVAL_VARIABLES_MAX);
    for (int i = 0; i < count && ok; i++) {
        ok = add_variable(&e, &variables[i]);
        if (!ok) *bad = &variables[i];
    }
    ok = ok && run(&e, business_date, out, kind);
    formula_free(e.f);
    arena_release(&e.arena);
    return ok;
}

bool formula_eval_text(const char *name, struct view expression, const struct eval_variable *variables, int count,
                       int32_t business_date, struct buf *out, enum eval_kind *kind, struct status *st)
{
    const struct eval_variable *bad;
    return eval_text(name, 1, expression, variables, count, business_date, out, kind, &bad, st);
}

/* --- files of cases --- */

static struct view cut(struct view *rest, char end)
{
    const char *at = rest->length ? memchr(rest->bytes, end, rest->length) : NULL;
    struct view v = {rest->bytes, at ? (size_t)(at - rest->bytes) : rest->length};
    *rest = (struct view){rest->bytes + v.length + (at != NULL), rest->length - v.length - (at != NULL)};
    return v;
}

/* In characters, from 1. */
static uint32_t column_of(struct view line, const char *at)
{
    uint32_t column = 1;
    for (const char *c = line.bytes; c < at; c++) column += ((unsigned char)*c & 0xc0) != 0x80;
    return column;
}

struct case_file {
    const char *name;
    int32_t business_date;
    struct buf out;
};

/* *column is that of the place where it fails; 0: in the message of *st already, or of no place. */
static bool eval_line(struct case_file *c, struct view line, struct eval_line *answer, uint32_t *column,
                      struct status *st)
{
    struct eval_variable variables[EVAL_VARIABLES_MAX];
    const struct eval_variable *bad;
    struct view rest = line, expression = cut(&rest, '\t');
    int count = 0;
    *column = 0;
    while (rest.length) {
        struct view field = view_trim(cut(&rest, '\t'));
        if (field.length == 0) continue;
        *column = column_of(line, field.bytes);
        if (count == EVAL_VARIABLES_MAX)
            return status_fail(st, STATUS_USAGE, "more than %d values", EVAL_VARIABLES_MAX);
        if (!eval_variable_parse(field, &variables[count], st)) return false;
        variables[count++].column = *column;
    }
    *column = 0;
    buf_clear(&c->out);
    bool ok = eval_text(c->name, answer->line, expression, variables, count, c->business_date, &c->out, &answer->kind,
                        &bad, st);
    if (bad) *column = bad->column;
    return ok;
}

/* "cases.tsv:2:3: expected a value" is taken apart again. */
static const char *reason_of(const struct case_file *c, const struct status *st, uint32_t line, uint32_t *column)
{
    char prefix[STATUS_MESSAGE_MAX];
    size_t length = (size_t)snprintf(prefix, sizeof prefix, "%s:%u:", c->name, line);
    if (*column || length >= sizeof prefix || strncmp(st->message, prefix, length) != 0) return st->message;
    char *end;
    unsigned long found = strtoul(st->message + length, &end, 10);
    if (end == st->message + length || strncmp(end, ": ", 2) != 0) return st->message;
    *column = (uint32_t)found;
    return end + 2;
}

struct eval_counts formula_eval_file(const char *name, struct view text, int32_t business_date, eval_visit *visit,
                                     void *context)
{
    struct eval_counts counts = {0, 0};
    struct case_file c = {.name = name, .business_date = business_date};
    buf_init(&c.out, 1 << 16);
    for (uint32_t number = 1; text.length; number++) {
        struct view line = cut(&text, '\n');
        struct status st = {0};
        struct eval_line answer = {.line = number, .hint = st.hint};
        if (line.length && line.bytes[line.length - 1] == '\r') line.length--;
        if (view_trim(line).length == 0 || line.bytes[0] == '#') continue;
        answer.ok = eval_line(&c, line, &answer, &answer.column, &st);
        if (answer.ok)
            answer.text = c.out.bytes;
        else
            answer.reason = reason_of(&c, &st, number, &answer.column);
        counts.cases++;
        counts.failed += !answer.ok;
        visit(context, &answer);
    }
    buf_release(&c.out);
    return counts;
}
