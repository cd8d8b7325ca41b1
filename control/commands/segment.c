/* crmx segment: the population, or what meets a condition, by any expression: customers, selected, sums. */
#include "base/date.h"
#include "base/os.h"
#include "control/show_formula.h"
#include "control/show_query.h"
#include "control/show_value.h"
#include "etl/customer_field.h"
#include "etl/group.h"
#include "etl/populate.h"
#include "scoring/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char BANDS[] = "group by bands: --by \"" SHOW_BANDS "\"";
enum { SUMS_MAX = 16, FEW = 3 /* customers whose money added up is a balance still */ };
enum { COUNT_CUSTOMERS, COUNT_SELECTED, COUNT_EXCLUDED };

struct segment_call {
    struct command_call *call;
    struct show_population *p;
    int type;
    const char *by;
    bool by_field; /* of the customers' records; else an expression */
    int field_of[UNIT_LAYOUTS_MAX];
    struct query_expression expressions[QUERY_EXPRESSIONS_MAX];
    int expressions_count, by_expression, where_expression, first_sum, sums; /* -1: none */
    struct query query;
    struct group_set **groups, *all; /* per worker, merged */
    struct customer_text *texts;     /* per worker */
    struct pool *pool;
    uint64_t elapsed_ns;
    struct status *st;
};

/* --- what is asked --- */

static int add_expression(struct segment_call *c, const char *name, const char *text, enum query_kind kind)
{
    c->expressions[c->expressions_count] = (struct query_expression){name, text, kind};
    return c->expressions_count++;
}

/* Without --sum: the score and the money results. */
static bool choose_sums(struct segment_call *c)
{
    const struct formula *own = c->p->cards.of[c->type].formula;
    int given = command_count(c->call, "sum");
    c->first_sum = c->expressions_count;
    if (given > SUMS_MAX) return status_fail(c->st, STATUS_USAGE, "--sum can be given %d times at most", SUMS_MAX);
    for (int i = 0; i < given; i++) add_expression(c, "--sum", command_text_at(c->call, "sum", i), QUERY_VALUE);
    for (int r = 0; own && !given && r < formula_result_count(own) && r < SUMS_MAX; r++)
        if (formula_result_type(own, r) == VALUE_MONEY)
            add_expression(c, "--sum", formula_result_name(own, r), QUERY_VALUE);
    c->sums = c->expressions_count - c->first_sum;
    return true;
}

/* A segment of one customer would show what is masked everywhere else. */
static bool check_hidden(struct segment_call *c)
{
    for (int k = 0; k < c->expressions_count; k++) {
        const struct query_expression *e = &c->expressions[k];
        if (c->query.hidden[k]) return show_fail_hidden(e->name, e->text, c->query.hidden[k], BANDS, c->st);
    }
    return true;
}

static bool choose(struct segment_call *c)
{
    const char *where = command_text(c->call, "where", NULL);
    c->by = command_text(c->call, "by", "");
    c->by_expression = c->where_expression = -1;
    c->by_field = customer_field_find(c->p->g, c->by, c->field_of);
    if (!c->by_field) c->by_expression = add_expression(c, "--by", c->by, QUERY_SEGMENT);
    if (where) c->where_expression = add_expression(c, "--where", where, QUERY_CONDITION);
    c->pool = show_pool(c->call);
    if (c->by_field && query_field_is_hidden(c->p->g, c->by))
        return show_fail_hidden("--by", c->by, c->by, BANDS, c->st);
    if (!choose_sums(c)) return false;
    if (query_open(&c->query, c->p->g, c->type, c->expressions, c->expressions_count, c->pool, c->st))
        return check_hidden(c);
    /* One word that nothing knows: a field of the records was meant, perhaps. */
    bool word = c->by[strcspn(c->by, " ()<>=+-*/,'\"")] == 0;
    if (!word || strncmp(c->st->message, "--by:", 5) != 0) return false;
    c->st->hint[0] = 0; /* "define it above" helps in a formula */
    return show_hint_by(c->p->g, c->p->cards.of[c->type].formula, c->by, ", or any expression", c->st);
}

static bool check_sums(struct segment_call *c)
{
    for (int k = 0; k < c->sums; k++) {
        const char *text = c->expressions[c->first_sum + k].text;
        enum value_type type = c->query.type[c->first_sum + k];
        if (type != VALUE_CODE && type != VALUE_DATE) continue;
        status_fail(c->st, STATUS_USAGE, "--sum %s: %ss cannot be added", text, value_type_name(type));
        return type == VALUE_CODE
                   ? status_hint(c->st, "count them: --by %s", text)
                   : status_hint(c->st,
                                 "count them: --by \"coalesce(years_since(%s), -1)\"; or see the first and "
                                 "the last one: crmx trial FORMULA --measures",
                                 text);
    }
    return true;
}

/* --- the scan --- */

static bool key_of(struct segment_call *c, int worker, const struct scan_block *b, uint32_t i, char room[48],
                   struct view *key, struct status *st)
{
    struct record record;
    if (c->by_field) {
        if (!record_at(b->records, (uint32_t)b->primary[i], &record, st)) return false;
        *key = customer_field_key(b->records, &c->texts[worker], &record, c->field_of[record.file->layout_index], room);
        return true;
    }
    int64_t value = query_value(&c->query, c->by_expression, b, i);
    const char *code = query_code(&c->query, c->by_expression, value);
    enum value_type type = c->query.type[c->by_expression];
    if (type == VALUE_BOOLEAN) code = value ? "yes" : "no";
    if (query_is_missing(&c->query, c->by_expression, value))
        code = "";
    else if (type == VALUE_DATE)
        date_format((int32_t)value, room);
    else if (!code)
        snprintf(room, 48, "%" PRId64, value);
    *key = view_of(code ? code : room);
    return true;
}

static bool visit(void *context, int worker, const struct scan_block *b, struct status *st)
{
    struct segment_call *c = context;
    for (uint32_t i = 0; i < b->count; i++) {
        char room[48];
        struct view key;
        if (b->types[i] != c->type) continue;
        if (c->where_expression >= 0 && !query_value(&c->query, c->where_expression, b, i)) continue;
        if (!key_of(c, worker, b, i, room, &key, st)) return false;
        struct group *g = group_at(c->groups[worker], key);
        if (!g) {
            status_fail(st, STATUS_USAGE, "--by %s has more than %d values", c->by, GROUPS_MAX);
            return status_hint(st, "make bands: --by \"case when %s < 100000 then 'small' else 'large' end\"", c->by);
        }
        g->counts[COUNT_CUSTOMERS]++;
        g->counts[COUNT_SELECTED] += (b->flags[i] & CUSTOMER_SELECTED) != 0;
        g->counts[COUNT_EXCLUDED] += (b->flags[i] & CUSTOMER_EXCLUDED) != 0;
        for (int k = 0; k < c->sums; k++) g->sums[k] += query_value(&c->query, c->first_sum + k, b, i);
    }
    return true;
}

static bool scan_groups(struct segment_call *c)
{
    int workers = pool_workers(c->pool);
    c->groups = arena_array(c->p->arena, struct group_set *, workers);
    c->texts = arena_array(c->p->arena, struct customer_text, workers);
    for (int w = 0; w < workers; w++) c->groups[w] = group_set_new(c->sums);
    struct scan_request r = query_scan_request(&c->query, c->pool, c->p->arena);
    r.records |= c->by_field;
    struct scan *s = scan_open(&r, c->st);
    uint64_t start = os_monotonic_ns();
    bool ok = s && scan_run(s, visit, c, c->st);
    c->elapsed_ns = os_monotonic_ns() - start;
    scan_close(s);
    c->all = group_set_new(c->sums);
    for (int w = 0; w < workers; w++) {
        ensure(!ok || group_merge(c->all, c->groups[w]));
        group_set_free(c->groups[w]);
        customer_text_release(&c->texts[w]);
    }
    return ok || status_while(c->st, "adding up segments");
}

/* --- the answer --- */

static const char *sum_text(struct segment_call *c, int k, __int128 sum)
{
    enum value_type type = c->query.type[c->first_sum + k];
    return show_typed(c->call, c->p->arena, type == VALUE_BOOLEAN ? VALUE_NUMBER : type, 0, sum);
}

static bool may_be_missing(const struct segment_call *c)
{
    return c->by_field ? customer_field_is_date(c->p->g, c->field_of) : c->query.missing[c->by_expression] != 0;
}

/* Is it an amount of a few customers, which is masked as their balances are? */
static bool is_hidden(const struct segment_call *c, int expression, uint64_t customers)
{
    return customers < FEW && show_hides_query(c->p, &c->query, expression);
}

/* Groups of money are shown in yuan, as they were meant. */
static const char *key_text(struct segment_call *c, struct view key, uint64_t customers)
{
    bool money = !c->by_field && c->query.type[c->by_expression] == VALUE_MONEY;
    if (key.length == 0 && may_be_missing(c)) return show_missing(c->call);
    if (money && is_hidden(c, c->by_expression, customers)) return SHOW_HIDDEN;
    return money ? show_decimal(c->p->arena, strtoll(key.bytes, NULL, 10), 2) : key.bytes;
}

/* few: of how many customers the sums tell something. */
static void add_row(struct segment_call *c, struct listing *rows, const char *key, const uint64_t *counts,
                    const __int128 *sums, uint64_t customers, uint64_t few)
{
    listing_text(rows, key);
    listing_integer(rows, (int64_t)counts[COUNT_CUSTOMERS]);
    listing_decimal(rows, show_share(c->p->arena, counts[COUNT_CUSTOMERS], customers));
    listing_integer(rows, (int64_t)counts[COUNT_SELECTED]);
    listing_integer(rows, (int64_t)counts[COUNT_EXCLUDED]);
    for (int k = 0; k < c->sums; k++) {
        if (is_hidden(c, c->first_sum + k, few))
            listing_text(rows, SHOW_HIDDEN);
        else
            listing_decimal(rows, sum_text(c, k, sums[k]));
    }
}

static void show_groups(struct segment_call *c, struct show *s)
{
    const char *names[5 + SUMS_MAX + 1] = {"segment", "customers", "share", "selected", "excluded"};
    struct group *const *groups = group_sorted(c->all);
    uint64_t total[3] = {0}, hidden = 0, few; /* hidden: customers of segments of a few */
    __int128 sums[SUMS_MAX + 1] = {0};
    struct listing rows;
    for (int k = 0; k < c->sums; k++) names[5 + k] = c->expressions[c->first_sum + k].text;
    names[5 + c->sums] = NULL;
    for (int i = 0; i < group_count(c->all); i++) {
        for (int k = 0; k < 3; k++) total[k] += groups[i]->counts[k];
        if (groups[i]->counts[COUNT_CUSTOMERS] < FEW) hidden += groups[i]->counts[COUNT_CUSTOMERS];
        for (int k = 0; k < c->sums; k++) sums[k] += groups[i]->sums[k];
    }
    listing_init(&rows, names);
    for (int i = 0; i < group_count(c->all); i++) {
        uint64_t customers = groups[i]->counts[COUNT_CUSTOMERS];
        add_row(c, &rows, key_text(c, groups[i]->key, customers), groups[i]->counts, groups[i]->sums,
                total[COUNT_CUSTOMERS], customers);
    }
    /* What the other segments leave of the total would be that of the hidden ones. */
    few = hidden && hidden < FEW ? hidden : total[COUNT_CUSTOMERS];
    if (!c->call->json) add_row(c, &rows, "total", total, sums, total[COUNT_CUSTOMERS], few);
    show_integer(s, "customers", (int64_t)total[COUNT_CUSTOMERS]);
    show_integer(s, "segments", group_count(c->all));
    show_rows(s, "segments", "segments", &rows);
    listing_release(&rows);
}

static void show_page(struct segment_call *c)
{
    struct show s;
    show_open(&s, &c->call->output);
    show_section(&s, "query", "%s customers by %s", CUSTOMER_TYPE_NAMES[c->type], c->by);
    show_text(&s, "unit", c->p->g->unit->id);
    show_text(&s, "generation", c->p->g->id);
    if (c->where_expression >= 0) show_text(&s, "where", c->expressions[c->where_expression].text);
    show_time(c->call, &s, c->elapsed_ns);
    show_groups(c, &s);
    show_print(&s);
}

static int run(struct command_call *call)
{
    struct segment_call *c = arena_new(&call->arena, struct segment_call);
    *c = (struct segment_call){.call = call, .p = arena_new(&call->arena, struct show_population), .st = &call->status};
    bool ok = show_population_open(
        c->p, call, true, arena_printf(&call->arena, "segment --by %s", command_text(call, "by", "")), &call->status);
    if (ok)
        c->type = command_choice(
            call, "type", c->p->g->unit->formula_name[CUSTOMER_PERSONAL] ? CUSTOMER_PERSONAL : CUSTOMER_CORPORATE);
    ok = ok && choose(c) && check_sums(c) && scan_groups(c);
    if (ok) show_page(c);
    group_set_free(c->all);
    if (c->query.formula) query_close(&c->query);
    pool_free(c->pool);
    if (c->p->g) show_population_close(c->p);
    return ok ? 0 : command_failed(call);
}

const struct command command_segment = {
    .name = "segment",
    .summary = "customers, selected ones and sums by tier, branch or any expression",
    .description =
        "One line a segment. --by: a result such as tier, a field of the customer records such as branch or "
        "manager, or any expression of the formula language. Money of many customers is no balance: it is shown; "
        "that of one or two is masked. Fields of class C2 make no segments, bands of them do.",
    .options =
        (const struct command_value[]){
            {.name = "by",
             .letter = 'b',
             .type = COMMAND_TEXT,
             .placeholder = "EXPRESSION",
             .doc = "what makes a segment",
             .required = true},
            {.name = "where", .type = COMMAND_TEXT, .placeholder = "EXPRESSION", .doc = "only customers who meet it"},
            {.name = "sum",
             .type = COMMAND_TEXT,
             .placeholder = "EXPRESSION",
             .repeated = true,
             .doc = "what is added up (default: the score and the money results)"},
            SHOW_TIME,
            SHOW_UNMASK,
            SHOW_TYPE,
            SHOW_UNIT,
            SHOW_DATE,
            SHOW_GENERATION,
            {0}},
    .rules = (const struct command_rule[]){SHOW_TIME_RULE, {0}},
    .examples = "crmx segment --by tier\n"
                "crmx segment --by branch --where \"tier = 'A'\" --sum total_assets --sum 账户数\n"
                "crmx segment --by \"" SHOW_BANDS "\"",
    .rows = "segments",
    .run = run,
};
