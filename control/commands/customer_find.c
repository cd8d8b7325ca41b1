/* crmx customer find 专项查询: every customer who meets a condition, over the whole population. */
#include "base/os.h"
#include "control/show_formula.h"
#include "control/show_query.h"
#include "control/show_value.h"
#include "etl/populate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 40, LIMIT_DEFAULT = 100, LIMIT_MAX = 100000000 };

enum column_kind { COLUMN_NUMBER, COLUMN_TYPE, COLUMN_SELECTED, COLUMN_FIELD, COLUMN_EXPRESSION };
struct column {
    const char *name;
    enum column_kind kind;
    int expression; /* of the query */
};

struct hit {
    uint64_t number;
    uint32_t primary;
    int16_t type;
    uint16_t flags;
    int64_t values[]; /* one per expression but the condition */
};

struct hits { /* of one partition, in the order of numbers, at most `limit` */
    char *bytes;
    uint64_t count, room;
};

struct find {
    struct command_call *call;
    struct show_population *p;
    struct column columns[COLUMNS_MAX];
    int columns_count;
    struct query_expression expressions[QUERY_EXPRESSIONS_MAX]; /* 0: the condition */
    int expressions_count;
    struct query query[CUSTOMER_TYPES];
    int types[CUSTOMER_TYPES], types_count, type; /* type: that is scanned now */
    size_t hit_size;
    struct hits *hits; /* [type][partition] */
    uint64_t limit, found, population, elapsed_ns;
    uint64_t *found_of, *population_of; /* per worker */
    struct pool *pool;
    struct status *st;
};

/* --- columns --- */

static bool add_column(struct find *f, const char *name)
{
    static const struct {
        const char *name, *alias;
    } OWN[] = {[COLUMN_NUMBER] = {"number", "综合客户号"},
               [COLUMN_TYPE] = {"type", "类型"},
               [COLUMN_SELECTED] = {"selected", "入选"}};
    struct column c = {.name = name, .kind = COLUMN_EXPRESSION};
    if (f->columns_count == COLUMNS_MAX)
        return status_fail(f->st, STATUS_USAGE, "--columns: more than %d columns", COLUMNS_MAX);
    for (int i = COLUMN_NUMBER; i <= COLUMN_SELECTED; i++)
        if (strcmp(name, OWN[i].name) == 0 || strcmp(name, OWN[i].alias) == 0) c.kind = (enum column_kind)i;
    if (c.kind == COLUMN_EXPRESSION && show_is_record_field(f->p->g, name)) c.kind = COLUMN_FIELD;
    if (c.kind == COLUMN_EXPRESSION) {
        if (f->expressions_count == QUERY_EXPRESSIONS_MAX)
            return status_fail(f->st, STATUS_USAGE, "--columns: more than %d expressions", QUERY_EXPRESSIONS_MAX - 1);
        c.expression = f->expressions_count;
        f->expressions[f->expressions_count++] =
            (struct query_expression){arena_printf(f->p->arena, "--columns \"%s\"", name), name, QUERY_COLUMN};
    }
    f->columns[f->columns_count++] = c;
    return true;
}

static bool choose_columns(struct find *f)
{
    const char *words[COLUMNS_MAX + 1], *list = command_text(f->call, "columns", "number, name, selected, score");
    int count = show_split(f->p->arena, list, words, COLUMNS_MAX + 1);
    f->expressions[f->expressions_count++] =
        (struct query_expression){"EXPRESSION", command_text(f->call, "expression", ""), QUERY_CONDITION};
    for (int i = 0; i < count && i <= COLUMNS_MAX; i++)
        if (!add_column(f, words[i])) return false;
    if (count) return true;
    status_fail(f->st, STATUS_USAGE, "--columns: at least one column is needed, found \"%s\"", list);
    return status_hint(f->st, "such as --columns number,score, or leave it out");
}

/* Names differ between the formulas of persons and companies: a type whose formula does not know a name is left out,
 * unless it was asked for. */
static bool open_queries(struct find *f)
{
    int types[CUSTOMER_TYPES], count = show_query_types(f->p, types);
    struct status first = {0};
    f->pool = show_pool(f->call);
    for (int i = 0; i < count; i++) {
        struct status st = {0};
        if (query_open(&f->query[types[i]], f->p->g, types[i], f->expressions, f->expressions_count, f->pool, &st))
            f->types[f->types_count++] = types[i];
        else if (first.code == STATUS_OK)
            first = st;
    }
    if (f->types_count == 0) *f->st = first;
    if (f->types_count && f->types_count < count && !f->call->quiet)
        fprintf(stderr, "only %s customers: the formula of the others does not know every name\n",
                CUSTOMER_TYPE_NAMES[f->types[0]]);
    return f->types_count > 0;
}

/* --- the scan --- */

static struct hit *new_hit(struct find *f, struct hits *h)
{
    if (h->count == h->room) {
        h->room = h->room ? 2 * h->room : 256;
        h->bytes = realloc(h->bytes, h->room * f->hit_size);
        ensure(h->bytes);
    }
    return (struct hit *)(void *)(h->bytes + h->count++ * f->hit_size);
}

static bool visit(void *context, int worker, const struct scan_block *b, struct status *st)
{
    struct find *f = context;
    const struct query *q = &f->query[f->type];
    const int64_t *is_hit = b->results[0][q->result[0]];
    struct hits *h = &f->hits[(size_t)f->type * segment_partitions(f->p->g->customer) + b->partition];
    uint64_t found = 0, of_type = 0;
    (void)st;
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->types[i] != f->type) continue;
        of_type++;
        if (!is_hit[i] || (found++, h->count == f->limit)) continue;
        struct hit *x = new_hit(f, h);
        x->number = b->first_number + i;
        x->primary = (uint32_t)b->primary[i];
        x->type = (int16_t)f->type;
        x->flags = (uint16_t)b->flags[i];
        for (int e = 1; e < f->expressions_count; e++) x->values[e - 1] = query_value(q, e, b, i);
    }
    f->found_of[worker] += found;
    f->population_of[worker] += of_type;
    return true;
}

static bool scan_type(struct find *f, int type)
{
    struct scan_request r = query_scan_request(&f->query[type], f->pool, f->p->arena);
    r.records = true;
    f->type = type;
    struct scan *s = scan_open(&r, f->st);
    uint64_t start = os_monotonic_ns();
    bool ok = s && scan_run(s, visit, f, f->st);
    f->elapsed_ns += os_monotonic_ns() - start;
    scan_close(s);
    return ok;
}

static bool scan_all(struct find *f)
{
    int workers = pool_workers(f->pool);
    f->hit_size = sizeof(struct hit) + (size_t)f->expressions_count * sizeof(int64_t);
    f->hits = calloc((size_t)CUSTOMER_TYPES * segment_partitions(f->p->g->customer) + 1, sizeof *f->hits);
    ensure(f->hits);
    f->found_of = arena_array(f->p->arena, uint64_t, workers);
    f->population_of = arena_array(f->p->arena, uint64_t, workers);
    for (int i = 0; i < f->types_count; i++)
        if (!scan_type(f, f->types[i])) return status_while(f->st, "looking for customers");
    for (int w = 0; w < workers; w++) {
        f->found += f->found_of[w];
        f->population += f->population_of[w];
    }
    return true;
}

/* --- the answer --- */

static const char *cell(struct find *f, const struct column *c, const struct hit *h, const struct lookup_record *r)
{
    const struct query *q = &f->query[h->type];
    switch (c->kind) {
    case COLUMN_NUMBER: return show_number(f->p, h->number);
    case COLUMN_TYPE: return CUSTOMER_TYPE_NAMES[h->type];
    case COLUMN_SELECTED: return h->flags & CUSTOMER_SELECTED ? "yes" : "no";
    case COLUMN_FIELD: return show_primary_field(f->p, r, c->name);
    default: return show_query_value(f->p, q, c->expression, h->values[c->expression - 1]);
    }
}

static bool is_number(const struct find *f, const struct column *c, int type)
{
    enum value_type t = c->kind == COLUMN_EXPRESSION ? f->query[type].type[c->expression] : VALUE_CODE;
    return t != VALUE_CODE && t != VALUE_BOOLEAN;
}

struct answer {
    struct listing rows; /* not for CSV, which is printed as it comes */
    const char *names[COLUMNS_MAX + 1];
    uint64_t shown;
};

static bool show_hit(struct find *f, struct answer *o, const struct hit *h, bool needs_record)
{
    struct lookup_record r = {0};
    struct arena arena;
    struct show_population *p = f->p;
    struct arena *before = p->arena;
    const char *texts[COLUMNS_MAX];
    bool csv = f->call->output.format == LISTING_CSV;
    arena_init(&arena, "row");
    p->arena = p->records.arena = &arena; /* texts of a row only: there may be millions */
    bool ok = !needs_record || lookup_record(p->g, -1, h->primary, &arena, &r, f->st);
    for (int c = 0; ok && c < f->columns_count; c++) {
        const char *text = cell(f, &f->columns[c], h, &r);
        texts[c] = text;
        if (csv) continue;
        if (is_number(f, &f->columns[c], h->type))
            listing_decimal(&o->rows, text);
        else
            listing_text(&o->rows, text);
    }
    if (ok && csv) listing_print_cells(&f->call->output, o->names, texts, f->columns_count);
    p->arena = p->records.arena = before;
    arena_release(&arena);
    o->shown++;
    return ok;
}

static const struct hit *next_of(const struct find *f, int type, uint32_t partition, uint64_t at)
{
    const struct hits *h = &f->hits[(size_t)type * segment_partitions(f->p->g->customer) + partition];
    return at < h->count ? (const struct hit *)(const void *)(h->bytes + at * f->hit_size) : NULL;
}

/* By number: partition after partition, the two types merged. */
static bool show_hits(struct find *f, struct answer *o)
{
    bool needs_record = false, ok = true;
    for (int c = 0; c < f->columns_count; c++) needs_record |= f->columns[c].kind == COLUMN_FIELD;
    for (uint32_t p = 0; ok && p < segment_partitions(f->p->g->customer); p++) {
        uint64_t at[CUSTOMER_TYPES] = {0};
        while (ok && o->shown < f->limit) {
            const struct hit *a = next_of(f, 0, p, at[0]), *b = next_of(f, 1, p, at[1]);
            if (!a && !b) break;
            int t = !a || (b && b->number < a->number);
            at[t]++;
            ok = show_hit(f, o, t ? b : a, needs_record);
        }
    }
    return ok;
}

static struct answer *new_answer(struct find *f)
{
    struct answer *o = arena_new(f->p->arena, struct answer);
    for (int c = 0; c < f->columns_count; c++) o->names[c] = f->columns[c].name;
    o->names[f->columns_count] = NULL;
    return o;
}

static bool print_csv(struct find *f)
{
    struct answer *o = new_answer(f);
    listing_print_names(&f->call->output, o->names, f->columns_count);
    return show_hits(f, o);
}

static bool print_page(struct find *f)
{
    struct answer *o = new_answer(f);
    struct show s;
    listing_init(&o->rows, o->names);
    bool ok = show_hits(f, o);
    show_open(&s, &f->call->output);
    show_section(&s, "query", "customers with %s", f->expressions[0].text);
    show_text(&s, "unit", f->p->g->unit->id);
    show_text(&s, "generation", f->p->g->id);
    show_integer(&s, "customers", (int64_t)f->population);
    show_integer(&s, "found", (int64_t)f->found);
    show_integer(&s, "shown", (int64_t)o->shown);
    show_time(f->call, &s, f->elapsed_ns);
    if (ok) show_rows(&s, "rows", "by number", &o->rows);
    listing_release(&o->rows);
    if (ok)
        show_print(&s);
    else
        show_release(&s);
    return ok;
}

static void release(struct find *f)
{
    size_t n = f->hits ? (size_t)CUSTOMER_TYPES * segment_partitions(f->p->g->customer) : 0;
    for (size_t i = 0; i < n; i++) free(f->hits[i].bytes);
    free(f->hits);
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        if (f->query[t].formula) query_close(&f->query[t]);
    pool_free(f->pool);
}

static int run(struct command_call *call)
{
    struct find *f = arena_new(&call->arena, struct find);
    *f = (struct find){.call = call,
                       .p = arena_new(&call->arena, struct show_population),
                       .limit = (uint64_t)command_integer(call, "limit", LIMIT_DEFAULT),
                       .st = &call->status};
    bool ok = show_population_open(f->p, call, true,
                                   arena_printf(&call->arena, "customer find %s", command_text(call, "expression", "")),
                                   &call->status) &&
              choose_columns(f) && open_queries(f) && scan_all(f) &&
              (call->output.format == LISTING_CSV ? print_csv(f) : print_page(f));
    release(f);
    if (f->p->g) show_population_close(f->p);
    return ok ? 0 : command_failed(call);
}

const struct command command_customer_find = {
    .name = "customer find",
    .summary = "every customer who meets a condition",
    .description =
        "The special query. The condition is an expression of the formula language over the measures, values and "
        "results "
        "of the generation's formula, customer fields, and account aggregates written in place. Columns: number, type, "
        "selected, any field of the customer records (name, branch, manager …), any expression. "
        "Fields of class C2 and amounts are masked unless --unmask.",
    .arguments =
        (const struct command_value[]){
            {.name = "expression", .type = COMMAND_TEXT, .doc = "the condition", .required = true}, {0}},
    .options =
        (const struct command_value[]){
            {.name = "columns",
             .letter = 'c',
             .type = COMMAND_TEXT,
             .placeholder = "LIST",
             .doc = "names and expressions between commas (default: number, name, selected, score)"},
            {.name = "limit",
             .letter = 'l',
             .type = COMMAND_INTEGER,
             .minimum = 1,
             .maximum = LIMIT_MAX,
             .doc = "customers shown, by number (default: 100); all are counted"},
            SHOW_TIME,
            SHOW_TYPE,
            SHOW_UNIT,
            SHOW_DATE,
            SHOW_GENERATION,
            SHOW_UNMASK,
            {0}},
    .rules = (const struct command_rule[]){SHOW_TIME_RULE, {0}},
    .examples = "crmx customer find \"score >= 400000 and score < 500000\" --columns number,name,branch,score\n"
                "crmx customer find \"tier = 'A' and sum(loan where overdue_periods > 0, cny(balance)) > 0\"\n"
                "crmx customer find \"coalesce(age(birth), 0) >= 60 and 开放式基金余额 > 100000\" --csv --limit 100000",
    .rows = "",
    .run = run,
};
