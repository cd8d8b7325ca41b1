#include "etl/query.h"

#include "base/date.h"
#include "base/os.h"
#include "etl/recompute.h"
#include "scoring/words.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_SHOWN_MAX = 250 };
enum { PIECES_MAX = 2 * QUERY_EXPRESSIONS_MAX };

/* What was typed, alone on a line of the composed text. */
struct piece {
    unsigned line;
    int expression;
};

struct composer {
    struct query *q;
    struct generation *g;
    int type;
    const struct query_expression *list;
    struct buf text;
    struct piece pieces[PIECES_MAX];
    int pieces_count;
    struct status *st;
};

/* --- characters --- */

static size_t characters(const char *text, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++) n += ((unsigned char)text[i] & 0xC0) != 0x80;
    return n;
}

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static unsigned lines_of(const struct buf *b)
{
    unsigned n = 1;
    for (size_t i = 0; i < b->length; i++) n += b->bytes[i] == '\n';
    return n;
}

static void note_piece(struct composer *c, int expression)
{
    c->pieces[c->pieces_count++] = (struct piece){lines_of(&c->text), expression};
}

/* The statement that the expression became is none that anybody wrote. */
static void explain_statement(const char *message, char out[STATUS_MESSAGE_MAX])
{
    static const char STATEMENT[] = "expected \";\" at the end of the statement";
    const char *at = strstr(message, STATEMENT), *instead = "expected an operator or the end of the expression";
    if (at)
        snprintf(out, STATUS_MESSAGE_MAX, "%.*s%s%s", (int)(at - message), message, instead, at + sizeof STATEMENT - 1);
    else
        snprintf(out, STATUS_MESSAGE_MAX, "%s", message);
}

/* "query:12:5: …" → "EXPRESSION:1:17: …" */
static bool explain_place(struct composer *c)
{
    struct status *st = c->st;
    unsigned line, column;
    int end = 0;
    char rest[STATUS_MESSAGE_MAX];
    if (sscanf(st->message, "query:%u:%u:%n", &line, &column, &end) != 2 || !end) return false;
    for (int i = 0; i < c->pieces_count; i++) {
        const struct piece *p = &c->pieces[i];
        const char *text = c->list[p->expression].text;
        if (p->line + 1 == line) { /* the line behind it: it ended too early */
            char *found = strstr(st->message, ", found ");
            if (found)
                snprintf(found, STATUS_MESSAGE_MAX - (size_t)(found - st->message),
                         ", found the end of the expression");
            column = (unsigned)characters(text, strlen(text)) + 1;
            formula_excerpt_of(text, column, st->excerpt);
        } else if (p->line == line + 1) { /* the line before it: all of it is meant */
            column = 1;
            snprintf(st->excerpt, sizeof st->excerpt, "    %s\n    ^", text);
        } else if (p->line != line) {
            continue;
        }
        explain_statement(st->message + end, rest);
        snprintf(st->message, sizeof st->message, "%s:1:%u:%s", c->list[p->expression].name, column, rest);
    }
    return false;
}

/* A text that may not be seen may not be asked for either. */
static void hint_hidden(const struct composer *c)
{
    static const char UNKNOWN[] = "unknown name ";
    const char *found = strstr(c->st->message, UNKNOWN), *name = found ? found + sizeof UNKNOWN - 1 : NULL;
    if (name && query_field_is_hidden(c->g, name))
        snprintf(c->st->hint, sizeof c->st->hint,
                 "%s is a text of class C2, which no condition looks at; one customer: crmx customer show", name);
}

/* min(a, b) of values is a function, as in a formula: an aggregate of accounts is known by its where. */
static void hint_aggregate(const struct composer *c)
{
    static const char UNKNOWN[] = "unknown name ";
    const struct schema *s = c->g->tables.schema;
    const char *found = strstr(c->st->message, UNKNOWN), *name = found ? found + sizeof UNKNOWN - 1 : NULL;
    for (int t = 0; name && t < s->tables_count; t++)
        if (strcmp(name, s->tables[t].name) == 0 || strcmp(name, s->tables[t].system) == 0)
            snprintf(c->st->hint, sizeof c->st->hint,
                     "%s is a table; min and max of accounts have a where: max(%s where true, …)", name, name);
}

/* Nothing is near, and nothing can be defined here: what there is. */
static void hint_names(const struct composer *c, const struct formula *f)
{
    const char *formula = c->g->unit->formula_name[c->type];
    struct buf list;
    if (!f || strncmp(c->st->hint, "define it above", strlen("define it above")) != 0) return;
    buf_init(&list, NAMES_SHOWN_MAX);
    for (int r = 0; r < formula_result_count(f); r++)
        if (strncmp(formula_result_name(f, r), "q_", 2) != 0) buf_addf(&list, "%s, ", formula_result_name(f, r));
    for (int m = 0; m < formula_measure_count(f); m++)
        if (!formula_measure_in_place(f, m)) buf_addf(&list, "%s, ", formula_measure_alias(f, m));
    snprintf(c->st->hint, sizeof c->st->hint, "there are %s…; all: crmx formula check %s, crmx formula functions",
             list.bytes ? list.bytes : "", formula ? formula : "");
    buf_release(&list);
}

/* --- the composed formula --- */

static bool add_own_formula(struct composer *c)
{
    const struct unit *u = c->g->unit;
    if (!u->formula_name[c->type]) {
        buf_add_text(&c->text, "unit yuan;\nthreshold 0;\nscore = 0;\n");
        return true;
    }
    char path[OS_PATH_MAX];
    snprintf(path, sizeof path, "%s/formulas/%s.formula", u->folder, u->formula_name[c->type]);
    bool ok = os_read_file(path, &c->text, c->st);
    buf_add_text(&c->text, "\n");
    return ok;
}

static bool check_one_line(struct composer *c, int expression)
{
    const struct query_expression *e = &c->list[expression];
    if (strlen(e->text) > QUERY_TEXT_MAX)
        return status_fail(c->st, STATUS_USAGE, "%s is longer than %d bytes", e->name, QUERY_TEXT_MAX);
    if (e->text[strspn(e->text, " \t")] == 0) {
        status_fail(c->st, STATUS_USAGE, "%s is empty", e->name);
        return status_hint(c->st, "for example: \"score >= 500000 and fund_balance = 0\"");
    }
    if (!strpbrk(e->text, "\n\r;#")) return true;
    status_fail(c->st, STATUS_USAGE, "%s: one expression on one line is needed, without ; and #", e->name);
    return status_hint(c->st, "several statements belong into a formula: crmx trial FILE");
}

/* The type an expression has of itself: that of an intermediate value without a type. Its aggregates are bound, too, so
 * that what is wrong inside them is found while the place is known. */
static bool find_type(struct composer *c, int k)
{
    struct formula *f = NULL;
    struct formula_program *p = NULL;
    struct measure_set *set = NULL;
    struct measure_rates rates = recompute_rates(c->g);
    const struct schema *schema = &c->q->fields.schema;
    size_t before = c->text.length;
    int pieces = c->pieces_count;
    buf_addf(&c->text, "let q_%d =\n", k + 1);
    note_piece(c, k);
    buf_addf(&c->text, "%s\n;\n", c->list[k].text);
    bool ok = formula_parse("query", buf_view(&c->text), &f, c->st) && formula_bind(f, schema, &p, c->st) &&
              measure_bind(f, schema, &rates, &set, c->st);
    if (ok) {
        c->q->type[k] = formula_definition_type(p, formula_definition_count(f) - 1);
    } else {
        explain_place(c);
        hint_names(c, f);
        hint_aggregate(c);
        hint_hidden(c);
    }
    measure_set_free(set);
    formula_program_free(p);
    formula_free(f);
    c->text.length = before;
    c->pieces_count = pieces;
    return ok;
}

static bool check_type(struct composer *c, int k)
{
    const struct query_expression *e = &c->list[k];
    enum value_type type = c->q->type[k];
    if (e->kind == QUERY_CONDITION && type != VALUE_BOOLEAN) {
        status_fail(c->st, STATUS_USAGE, "%s: a condition is needed, this is a value of type %s", e->name,
                    value_type_name(type));
        return status_hint(c->st, "compare it: %s > 0", e->text);
    }
    if (type == VALUE_CURRENCY)
        return status_fail(c->st, STATUS_USAGE, "%s: a value of type %s cannot be a column by itself", e->name,
                           value_type_name(type));
    return true;
}

/* A result is a whole number that is never missing: one with decimals is multiplied, a date is the day, and what has no
 * value has one that nothing else has. */
static void add_result(struct composer *c, int k)
{
    enum value_type type = c->q->type[k];
    enum query_kind kind = c->list[k].kind;
    bool day = type == VALUE_DATE, number = type == VALUE_NUMBER || type == VALUE_MONTHS;
    if (number && kind == QUERY_COLUMN) c->q->decimals[k] = QUERY_DECIMALS;
    if (number && (kind == QUERY_COLUMN || kind == QUERY_SEGMENT)) c->q->missing[k] = QUERY_MISSING;
    if (day) c->q->missing[k] = DATE_NONE;
    buf_addf(&c->text, "result q_%d %s = %s%s(\n", k + 1, value_type_name(day ? VALUE_NUMBER : type),
             c->q->missing[k] ? "coalesce(" : "",
             day                 ? "days_between(date '1970-01-01', "
             : c->q->decimals[k] ? "1000000 * "
                                 : "");
    note_piece(c, k);
    buf_addf(&c->text, "%s\n)%s", c->list[k].text, day ? ")" : "");
    if (c->q->missing[k]) buf_addf(&c->text, ", %" PRId64 ")", c->q->missing[k]);
    buf_add_text(&c->text, ";\n");
}

static bool add_expression(struct composer *c, int k)
{
    if (!check_one_line(c, k) || !find_type(c, k) || !check_type(c, k)) return false;
    add_result(c, k);
    return true;
}

/* A name alone needs no result: there are few of them. Aggregates in place have the types that the schema gives. */
static bool is_plain_name(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!in_name(*p)) return false;
    return *text;
}

static bool find_plain(struct composer *c, const struct formula *own, int k)
{
    const char *text = c->list[k].text;
    if (c->list[k].kind == QUERY_CONDITION || !is_plain_name(text)) return false;
    int m = formula_measure_find(own, text);
    if (m >= 0) {
        c->q->measure[k] = m;
        c->q->type[k] = formula_measure_type(own, m);
        if (c->q->type[k] == VALUE_DATE) c->q->missing[k] = DATE_NONE;
        return true;
    }
    int result = formula_result_find(own, text);
    if (result < 0) return false;
    c->q->result[k] = result;
    c->q->type[k] = formula_result_type(own, result);
    return true;
}

static bool compose(struct composer *c, int count)
{
    struct query *q = c->q;
    struct formula *own = NULL;
    bool ok = add_own_formula(c) && formula_parse("query", buf_view(&c->text), &own, c->st) &&
              measure_infer(own, c->g->tables.schema, c->st);
    int results = own ? formula_result_count(own) : 0;
    for (int k = 0; ok && k < count; k++) {
        q->result[k] = q->measure[k] = -1;
        q->decimals[k] = 0;
        q->missing[k] = 0;
        if (find_plain(c, own, k)) continue;
        ok = add_expression(c, k);
        q->result[k] = results++;
    }
    formula_free(own);
    return ok && (formula_parse("query", buf_view(&c->text), &q->formula, c->st) || explain_place(c)) &&
           (formula_bind(q->formula, &q->fields.schema, &q->program, c->st) || explain_place(c));
}

static bool open_fields(struct composer *c, int count, struct pool *pool)
{
    const char *texts[QUERY_EXPRESSIONS_MAX];
    for (int k = 0; k < count; k++) texts[k] = c->list[k].text;
    return query_fields_open(&c->q->fields, c->g, c->type, texts, count, pool, c->st);
}

static bool is_shadow_score(const char *text)
{
    static const char *const NAMES[] = {"shadow.score", "影子.评分", "影子.score", "shadow.评分"};
    bool found = false;
    for (int i = 0; i < 4; i++) found |= view_is(view_trim(view_of(text)), NAMES[i]);
    return found;
}

bool query_open(struct query *q, struct generation *g, int type, const struct query_expression *list, int count,
                struct pool *pool, struct status *st)
{
    struct composer *c = calloc(1, sizeof *c);
    ensure(c && count <= QUERY_EXPRESSIONS_MAX);
    *q = (struct query){.count = count};
    arena_init(&q->arena, "query");
    c->q = q;
    c->g = g;
    c->type = type;
    c->list = list;
    c->st = st;
    buf_init(&c->text, 1 << 20);
    bool ok = open_fields(c, count, pool) && compose(c, count);
    if (ok) query_fields_use(&q->fields, q->program);
    for (int k = 0; ok && k < count; k++) {
        q->is_score[k] = q->result[k] == 0 || is_shadow_score(list[k].text);
        q->hidden[k] = hidden_named(g, q->formula, list[k].text, q->type[k], list[k].kind != QUERY_COLUMN);
    }
    buf_release(&c->text);
    free(c);
    if (!ok) query_close(q);
    return ok;
}

void query_close(struct query *q)
{
    formula_program_free(q->program);
    formula_free(q->formula);
    query_fields_close(&q->fields);
    arena_release(&q->arena);
    *q = (struct query){0};
}

struct scan_request query_scan_request(struct query *q, struct pool *pool, struct arena *arena)
{
    bool *measures = arena_array(arena, bool, formula_measure_count(q->formula) + 1);
    for (int e = 0; e < q->count; e++)
        if (q->measure[e] >= 0) measures[q->measure[e]] = true;
    q->fields.more.schema = &q->fields.schema;
    q->fields.more.context = &q->fields;
    return (struct scan_request){.g = q->fields.g,
                                 .pool = pool,
                                 .type = q->fields.type,
                                 .formula = q->formula,
                                 .programs = &q->program,
                                 .programs_count = 1,
                                 .measures_wanted = measures,
                                 .more = &q->fields.more,
                                 .stored = q->fields.stored,
                                 .stored_count = q->fields.stored_count,
                                 .records = q->fields.records};
}

int64_t query_value(const struct query *q, int expression, const struct scan_block *b, uint32_t i)
{
    int r = q->result[expression];
    return r >= 0 ? b->results[0][r][i] : b->measures[q->measure[expression]][i];
}

bool query_is_missing(const struct query *q, int expression, int64_t value)
{
    return q->missing[expression] && value == q->missing[expression];
}

const char *query_code(const struct query *q, int expression, int64_t value)
{
    if (q->type[expression] != VALUE_CODE || q->result[expression] < 0) return NULL;
    const char *code = formula_result_code(q->program, q->result[expression], value);
    return code ? code : "";
}
