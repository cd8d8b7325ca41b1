/* crmx measure compute: a measure no formula has, over a generation alone. */
#include "base/date.h"
#include "control/show_generation.h"
#include "control/show_value.h"
#include "etl/populate.h"
#include "etl/recompute.h"
#include "scoring/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TOP_MAX = 1000, MEASURES_MAX = 128 };

static const char *const WHO[] = {"all", CUSTOMER_TYPE_WORDS, "selected", NULL};
enum { WHO_ALL, WHO_PERSONAL, WHO_CORPORATE, WHO_SELECTED };
static const char *const TYPE_WORDS[] = {"money", "months", "number", "date", NULL};
static const enum value_type TYPES[] = {VALUE_MONEY, VALUE_MONTHS, VALUE_NUMBER, VALUE_DATE};

struct top_customer {
    int64_t value;
    uint64_t number;
};

struct total { /* of one measure and worker */
    uint64_t customers, nonzero;
    __int128 sum;
    int64_t smallest, largest;
    struct top_customer *top; /* largest first; equal values: smaller number first */
    int top_count;
};

struct compute {
    struct show_population *p;
    struct command_call *call;
    struct formula *formula;
    struct measure_set *measures;
    struct total *totals; /* [worker * measures + measure] */
    int measures_count, who, top_max;
    struct pool *pool;
    struct status *st;
};

/* --- the text --- */

/* Without --type an aggregate has that of its expression. */
static bool bind_text(struct compute *c)
{
    struct view text = view_of(command_text(c->call, "text", NULL));
    const enum value_type *type = command_given(c->call, "type") ? &TYPES[command_choice(c->call, "type", 0)] : NULL;
    struct measure_rates rates = recompute_rates(c->p->g);
    return formula_parse_measures("TEXT", text, type, &c->formula, c->st) &&
           measure_bind(c->formula, c->p->g->tables.schema, &rates, &c->measures, c->st);
}

/* --- adding up --- */

static bool before(const struct top_customer *a, const struct top_customer *b)
{
    return a->value != b->value ? a->value > b->value : a->number < b->number;
}

static void note_top(struct total *t, int top_max, struct top_customer x)
{
    int at = t->top_count;
    if (top_max == 0 || (at == top_max && !before(&x, &t->top[at - 1]))) return;
    if (at < top_max)
        t->top_count++;
    else
        at--;
    for (; at && before(&x, &t->top[at - 1]); at--) t->top[at] = t->top[at - 1];
    t->top[at] = x;
}

static bool is_counted(const struct compute *c, const struct recompute_block *b, uint32_t i)
{
    switch (c->who) {
    case WHO_PERSONAL: return b->types[i] == CUSTOMER_PERSONAL;
    case WHO_CORPORATE: return b->types[i] == CUSTOMER_CORPORATE;
    case WHO_SELECTED: return b->flags[i] & CUSTOMER_SELECTED;
    default: return true;
    }
}

static bool add_block(void *context, int worker, const struct recompute_block *b, struct status *st)
{
    struct compute *c = context;
    (void)st;
    for (int m = 0; m < c->measures_count; m++) {
        struct total *t = &c->totals[worker * c->measures_count + m];
        bool dates = formula_measure_type(c->formula, m) == VALUE_DATE;
        for (uint32_t i = 0; i < b->count; i++) {
            int64_t value = b->measures[m][i];
            if (!is_counted(c, b, i) || (dates && value == DATE_NONE)) continue;
            if (t->customers++ == 0 || value < t->smallest) t->smallest = value;
            if (t->customers == 1 || value > t->largest) t->largest = value;
            t->sum += dates ? 0 : value;
            t->nonzero += dates || value != 0;
            if (dates || value) note_top(t, c->top_max, (struct top_customer){value, b->first_number + i});
        }
    }
    return true;
}

static void merge(struct compute *c, int workers)
{
    for (int w = 1; w < workers; w++)
        for (int m = 0; m < c->measures_count; m++) {
            struct total *to = &c->totals[m], *from = &c->totals[w * c->measures_count + m];
            if (from->customers && (!to->customers || from->smallest < to->smallest)) to->smallest = from->smallest;
            if (from->customers && (!to->customers || from->largest > to->largest)) to->largest = from->largest;
            to->customers += from->customers;
            to->nonzero += from->nonzero;
            to->sum += from->sum;
            for (int i = 0; i < from->top_count; i++) note_top(to, c->top_max, from->top[i]);
        }
}

static bool run_measures(struct compute *c)
{
    struct arena *arena = c->p->arena;
    c->pool = show_pool(c->call);
    int workers = pool_workers(c->pool);
    c->measures_count = measure_count(c->measures);
    c->totals = arena_array(arena, struct total, workers * c->measures_count + 1);
    for (int i = 0; i < workers * c->measures_count; i++)
        c->totals[i].top = arena_array(arena, struct top_customer, c->top_max + 1);
    struct recompute_request r = {.g = c->p->g,
                                  .measures = c->measures,
                                  .pool = c->pool,
                                  .visit = add_block,
                                  .context = c,
                                  .formula = c->formula};
    if (!recompute_run(&r, c->st)) return false;
    merge(c, workers);
    return true;
}

/* --- the answer --- */

static const char *value_text(struct compute *c, int measure, __int128 value)
{
    return show_typed(c->call, c->p->arena, formula_measure_type(c->formula, measure), 0, value);
}

static void show_totals(struct compute *c, struct show *s)
{
    static const char *const COLUMNS[] = {"measure", "type",     "customers", "nonzero",
                                          "sum",     "smallest", "largest",   NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int m = 0; m < c->measures_count; m++) {
        const struct total *t = &c->totals[m];
        listing_text(&rows, formula_measure_name(c->formula, m));
        listing_text(&rows, value_type_name(formula_measure_type(c->formula, m)));
        listing_integer(&rows, (int64_t)t->customers);
        listing_integer(&rows, (int64_t)t->nonzero);
        bool dates = formula_measure_type(c->formula, m) == VALUE_DATE;
        bool nobody = dates && t->customers == 0;
        listing_decimal(&rows, dates ? NULL : value_text(c, m, t->sum));
        listing_decimal(&rows, value_text(c, m, nobody ? DATE_NONE : t->smallest));
        listing_decimal(&rows, value_text(c, m, nobody ? DATE_NONE : t->largest));
    }
    show_rows(
        s, "measures",
        arena_printf(c->p->arena, "unit %s, generation %s, %s customers", c->p->g->unit->id, c->p->g->id, WHO[c->who]),
        &rows);
    listing_release(&rows);
}

static bool show_top(struct compute *c, int m, struct show *s)
{
    static const char *const COLUMNS[] = {"customer", "name", "selected", "value", NULL};
    const struct total *t = &c->totals[m];
    struct show_population *p = c->p;
    struct listing rows;
    enum value_type type = formula_measure_type(c->formula, m);
    const char *name = formula_measure_name(c->formula, m);
    bool ok = true, found, hides = show_hides_text(p, c->formula, name, type, false);
    listing_init(&rows, COLUMNS);
    for (int i = 0; ok && i < t->top_count; i++) {
        struct lookup_customer customer;
        struct lookup_record record;
        ok = lookup_customer(p->g, t->top[i].number, p->arena, &customer, &found, c->st) &&
             lookup_record(p->g, -1, customer.primary, p->arena, &record, c->st);
        if (!ok) break;
        listing_text(&rows, show_number(p, t->top[i].number));
        listing_text(&rows, show_role(p, &record, ROLE_NAME));
        listing_text(&rows, customer.flags & CUSTOMER_SELECTED ? "yes" : "no");
        listing_decimal(&rows, hides ? SHOW_HIDDEN : value_text(c, m, t->top[i].value));
    }
    if (ok) show_rows(s, arena_printf(p->arena, "top_%s", name), arena_printf(p->arena, "largest %s", name), &rows);
    listing_release(&rows);
    return ok;
}

static bool compute(struct compute *c)
{
    struct show s;
    if (!bind_text(c) || !run_measures(c)) return false;
    show_open(&s, &c->call->output);
    show_totals(c, &s);
    bool ok = true;
    for (int m = 0; ok && c->top_max && m < c->measures_count; m++) ok = show_top(c, m, &s);
    if (ok)
        show_print(&s);
    else
        show_release(&s);
    return ok;
}

static int run_compute(struct command_call *call)
{
    struct show_population *p = arena_new(&call->arena, struct show_population);
    struct compute c = {.p = p,
                        .call = call,
                        .who = command_choice(call, "customers", WHO_ALL),
                        .top_max = (int)command_integer(call, "top", 0),
                        .st = &call->status};
    bool ok = show_population_open(p, call, true, arena_printf(&call->arena, "measure compute --top %d", c.top_max),
                                   &call->status) &&
              compute(&c);
    measure_set_free(c.measures);
    formula_free(c.formula);
    pool_free(c.pool);
    show_population_close(p);
    return ok ? 0 : command_failed(call);
}

const struct command command_measure_compute = {
    .name = "measure compute",
    .summary = "a new measure over the accounts of every customer, computed from the generation alone",
    .description = "TEXT is an aggregate, such as sum(retail where kind = 'D', cny(balance)), or definitions as in a "
                   "formula file: "
                   "measure NAME money = …; Nothing is stored and the inbox is not needed. Try a measure here before "
                   "it goes into a formula.",
    .arguments =
        (const struct command_value[]){
            {.name = "text", .type = COMMAND_TEXT, .doc = "the aggregate, or measure definitions", .required = true},
            {0}},
    .options = (const struct command_value[]){{.name = "type",
                                               .type = COMMAND_CHOICE,
                                               .words = TYPE_WORDS,
                                               .placeholder = "TYPE",
                                               .doc = "of an aggregate (default: that of its expression)"},
                                              {.name = "customers",
                                               .type = COMMAND_CHOICE,
                                               .words = WHO,
                                               .placeholder = "WHO",
                                               .doc = "which customers count (default: all)"},
                                              {.name = "top",
                                               .letter = 't',
                                               .type = COMMAND_INTEGER,
                                               .minimum = 1,
                                               .maximum = TOP_MAX,
                                               .doc = "also the customers with the largest values"},
                                              SHOW_UNIT,
                                              SHOW_DATE,
                                              SHOW_UNMASK,
                                              {0}},
    .rules = (const struct command_rule[]){{"unmask", .only_with = "top"}, {0}},
    .examples = "crmx measure compute \"sum(retail where kind = 'D', cny(balance))\"\n"
                "crmx measure compute \"count(card where status = 'F')\" --top 10\n"
                "crmx measure compute \"measure fx money = sum(retail where currency <> 'CNY', cny(balance));\" "
                "--customers selected --json",
    .rows = "measures top_MEASURE",
    .run = run_compute,
};
