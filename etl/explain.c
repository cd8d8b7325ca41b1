#include "etl/explain.h"

#include "base/date.h"
#include "etl/customer_field.h"
#include "etl/recompute.h"
#include "etl/scan.h"

#include <string.h>

bool explain_open(struct explain *e, const struct formula *f, const struct schema *schema, struct status *st)
{
    *e = (struct explain){.formula = f};
    ensure(formula_measure_count(f) <= EXPLAIN_MEASURES_MAX && formula_result_count(f) <= EXPLAIN_RESULTS_MAX);
    if (!formula_bind(f, schema, &e->program, st) || !formula_parts_new(f, schema, FORMULA_PARTS_ALL, &e->parts, st)) {
        explain_close(e);
        return false;
    }
    e->scratch = formula_scratch_new(e->program);
    e->parts_scratch = formula_parts_scratch_new(e->parts);
    return true;
}

void explain_close(struct explain *e)
{
    formula_parts_scratch_free(e->parts_scratch);
    formula_parts_free(e->parts);
    formula_scratch_free(e->scratch);
    formula_program_free(e->program);
    *e = (struct explain){0};
}

/* A batch of one. */
struct inputs {
    const int64_t *measures[EXPLAIN_MEASURES_MAX], *fields[LAYOUT_FIELDS_MAX];
    struct formula_inputs in;
};

static void point_at(struct inputs *i, const struct explain *e)
{
    for (int m = 0; m < EXPLAIN_MEASURES_MAX; m++) i->measures[m] = &e->measures[m];
    for (int f = 0; f < LAYOUT_FIELDS_MAX; f++) i->fields[f] = &e->fields[f];
    i->in = (struct formula_inputs){.count = 1, .measures = i->measures, .customer_fields = i->fields};
}

bool explain_evaluate(struct explain *e, struct status *st)
{
    struct inputs in;
    int64_t *results[EXPLAIN_RESULTS_MAX], *parts[FORMULA_PARTS_MAX];
    point_at(&in, e);
    for (int r = 0; r < EXPLAIN_RESULTS_MAX; r++) results[r] = &e->results[r];
    for (int p = 0; p < FORMULA_PARTS_MAX; p++) parts[p] = &e->part_values[p];
    return formula_evaluate(e->program, &in.in, e->scratch, results, st) &&
           formula_parts_evaluate(e->parts, &in.in, e->parts_scratch, parts, st);
}

/* --- a customer of a generation --- */

struct pick {
    struct explain *e;
    uint32_t place;
    int fields_count;
};

static bool pick(void *context, int worker, const struct scan_block *b, struct status *st)
{
    struct pick *p = context;
    (void)worker;
    (void)st;
    if (p->place < b->first_place || p->place >= b->first_place + b->count) return true;
    uint32_t i = p->place - b->first_place;
    for (int m = 0; m < formula_measure_count(p->e->formula); m++) p->e->measures[m] = b->measures[m][i];
    for (int f = 0; f < p->fields_count; f++)
        if (b->fields[f]) p->e->fields[f] = b->fields[f][i];
    return true;
}

bool explain_customer(struct explain *e, struct generation *g, const struct lookup_customer *c, struct status *st)
{
    bool measures[EXPLAIN_MEASURES_MAX], fields[LAYOUT_FIELDS_MAX];
    struct pick p = {.e = e, .place = c->place, .fields_count = g->tables.schema->customer_fields_count};
    memset(measures, true, sizeof measures);
    for (int f = 0; f < p.fields_count; f++)
        fields[f] = formula_uses_customer_field(e->program, f) || formula_parts_use_customer_field(e->parts, f);
    struct scan_request r = {.g = g,
                             .type = c->type,
                             .formula = e->formula,
                             .measures_wanted = measures,
                             .fields_wanted = fields,
                             .one_partition = true,
                             .partition = c->partition};
    struct scan *s = scan_open(&r, st);
    bool ok = s && scan_run(s, pick, &p, st);
    scan_close(s);
    return ok && explain_evaluate(e, st);
}

/* --- reasons --- */

int explain_reasons(const struct explain *e, int part[EXPLAIN_REASONS])
{
    int count = 0;
    for (int i = 0; i < e->parts->count; i++) {
        const struct formula_part *p = &e->parts->part[i];
        if (p->kind != PART_TERM || strcmp(p->of, e->parts->definitions[0]) != 0 || e->part_values[i] <= 0) continue;
        int at = count;
        while (at && e->part_values[part[at - 1]] < e->part_values[i]) at--;
        if (at == EXPLAIN_REASONS) continue;
        if (count < EXPLAIN_REASONS) count++;
        for (int k = count - 1; k > at; k--) part[k] = part[k - 1];
        part[at] = i;
    }
    return count;
}

/* --- what would change it --- */

static bool score_with(struct explain *e, int measure, int64_t change, int64_t *score)
{
    struct inputs in;
    struct status ignored = {0};
    int64_t results[EXPLAIN_RESULTS_MAX], *to[EXPLAIN_RESULTS_MAX], before = e->measures[measure];
    point_at(&in, e);
    for (int r = 0; r < EXPLAIN_RESULTS_MAX; r++) to[r] = &results[r];
    e->measures[measure] += change;
    bool ok = formula_evaluate(e->program, &in.in, e->scratch, to, &ignored);
    e->measures[measure] = before;
    *score = results[0];
    return ok;
}

static bool crosses(struct explain *e, int measure, int64_t change, int64_t threshold, bool upwards, int64_t *score)
{
    return score_with(e, measure, change, score) && (upwards ? *score >= threshold : *score < threshold);
}

/* The smallest change in one direction, 0 < |change| <= most, by doubling and halving. 0: none found. */
static int64_t smallest(struct explain *e, int measure, int sign, int64_t most, int64_t threshold, bool upwards,
                        int64_t *score)
{
    int64_t low = 0, high = 1;
    while (high < most && !crosses(e, measure, sign * high, threshold, upwards, score)) {
        low = high;
        high = high > most / 2 ? most : high * 2;
    }
    if (high > most || !crosses(e, measure, sign * high, threshold, upwards, score)) return 0;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (crosses(e, measure, sign * middle, threshold, upwards, score))
            high = middle;
        else
            low = middle;
    }
    score_with(e, measure, sign * high, score);
    return sign * high;
}

static int64_t size_of(int64_t change)
{
    return change < 0 ? -change : change;
}

static bool comes_before(const struct explain *e, const struct explain_change *a, const struct explain_change *b)
{
    bool x = formula_measure_type(e->formula, a->measure) == VALUE_MONEY,
         y = formula_measure_type(e->formula, b->measure) == VALUE_MONEY;
    if (x != y) return x;
    if (size_of(a->change) != size_of(b->change)) return size_of(a->change) < size_of(b->change);
    return a->measure < b->measure;
}

/* How far a measure may change. Nobody's deposits go below zero, and nobody falls out by growing without limit. A date
 * moves by up to a century; one that is missing has nothing to move from. */
static int64_t limit_of(const struct explain *e, int measure, int sign)
{
    enum { MONEY_MOST_BITS = 50, NUMBER_MOST = 1000, DAYS_MOST = 36525 };
    enum value_type type = formula_measure_type(e->formula, measure);
    if (type == VALUE_DATE) return e->measures[measure] == DATE_NONE ? 0 : DAYS_MOST;
    if (sign < 0) return e->measures[measure];
    return type == VALUE_MONEY ? INT64_C(1) << MONEY_MOST_BITS : NUMBER_MOST;
}

int explain_changes(struct explain *e, int64_t threshold_minor, struct explain_change *out, int max)
{
    bool upwards = e->results[0] < threshold_minor;
    int count = 0;
    for (int m = 0; m < formula_measure_count(e->formula); m++) {
        if (!formula_uses_measure(e->program, m)) continue;
        for (int sign = 1; sign >= -1; sign -= 2) {
            int64_t limit = limit_of(e, m, sign);
            struct explain_change c = {.measure = m};
            if (limit > 0) c.change = smallest(e, m, sign, limit, threshold_minor, upwards, &c.score);
            if (!c.change) continue;
            int at = count < max ? count++ : max;
            for (; at && comes_before(e, &c, &out[at - 1]); at--)
                if (at < max) out[at] = out[at - 1];
            if (at < max) out[at] = c;
        }
    }
    return count;
}

/* --- the accounts --- */

struct behind {
    const struct formula *formula;
    struct arena *arena;
    const int64_t **fields; /* of the customer, once for each row */
    struct explain_account *list;
    int count, room;
};

static void note(struct behind *b, const struct explain_account *a)
{
    if (b->count == b->room) {
        b->room = b->room ? 2 * b->room : 64;
        struct explain_account *more = arena_array(b->arena, struct explain_account, b->room);
        if (b->count) memcpy(more, b->list, (size_t)b->count * sizeof *more);
        b->list = more;
    }
    b->list[b->count++] = *a;
}

/* Rows as measure_add wants them: each a customer of its own, so that measures stay apart. */
static void pack_rows(const struct table *t, const struct lookup_rows *rows, uint32_t first, uint32_t count,
                      struct arena *arena, struct measure_rows *out)
{
    struct measure_column *columns = arena_array(arena, struct measure_column, t->layout->fields_count);
    uint32_t *owner = arena_array(arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++) owner[i] = i;
    for (int c = 0; c < t->columns_count; c++) {
        const struct decode_column *shape = &t->columns[c];
        unsigned char *values = arena_array(arena, unsigned char, (size_t)count * shape->width);
        for (uint32_t i = 0; i < count; i++)
            memcpy(values + (size_t)i * shape->width, &rows->columns[c][first + i], shape->width);
        columns[shape->field] = (struct measure_column){values, shape->width, shape->width, shape->is_signed};
    }
    *out =
        (struct measure_rows){.count = count, .owner = {(const unsigned char *)owner, 4, 4, false}, .columns = columns};
}

static bool measure_table(const struct measure_set *set, struct measure_block *block, struct generation *g, int table,
                          const struct lookup_customer *c, struct behind *b, struct status *st)
{
    struct lookup_rows rows;
    int64_t nothing[EXPLAIN_MEASURES_MAX];
    if (!lookup_rows(g, c, table, b->arena, &rows, st)) return false;
    for (int m = 0; m < measure_count(set); m++)
        nothing[m] = formula_measure_type(b->formula, m) == VALUE_DATE ? DATE_NONE : 0;
    for (uint32_t first = 0; first < rows.count; first += MEASURE_BLOCK_CUSTOMERS) {
        uint32_t left = rows.count - first, count = left < MEASURE_BLOCK_CUSTOMERS ? left : MEASURE_BLOCK_CUSTOMERS;
        struct measure_rows in;
        pack_rows(&g->tables.table[table], &rows, first, count, b->arena, &in);
        measure_block_reset(set, block, count);
        measure_block_customers(block, b->fields);
        measure_add(set, block, table, &in);
        if (!measure_finish(set, block, st)) return false;
        for (int m = 0; m < measure_count(set); m++)
            for (uint32_t i = 0; i < count; i++) {
                int64_t value = measure_values(block, m)[i];
                if (value != nothing[m]) note(b, &(struct explain_account){m, table, rows.records[first + i], value});
            }
    }
    return true;
}

static int by_measure(const void *x, const void *y)
{
    const struct explain_account *a = x, *b = y;
    if (a->measure != b->measure) return a->measure - b->measure;
    if (a->table != b->table) return a->table - b->table;
    return a->record < b->record ? -1 : a->record > b->record;
}

/* What the measures read of the customer: a column that has the value in every place. */
static bool customer_columns(const struct measure_set *set, struct generation *g, const struct lookup_customer *c,
                             struct arena *arena, const int64_t ***out, struct status *st)
{
    int count = g->tables.schema->customer_fields_count;
    const int64_t **columns = arena_array(arena, const int64_t *, count + 1);
    struct customer_fields *of = arena_new(arena, struct customer_fields);
    struct record_reader *records = arena_new(arena, struct record_reader);
    int64_t *values[LAYOUT_FIELDS_MAX] = {0}, flags = c->flags, primary = c->primary;
    bool wanted[LAYOUT_FIELDS_MAX] = {false};
    for (int f = 0; f < count; f++) {
        wanted[f] = measure_uses_customer_field(set, f);
        if (wanted[f]) columns[f] = values[f] = arena_array(arena, int64_t, MEASURE_BLOCK_CUSTOMERS);
    }
    customer_fields_init(of, g, wanted);
    record_reader_init(records, g);
    if (!customer_fields_read(of, records, &flags, &primary, NULL, 1, values, st)) return false;
    for (int f = 0; f < count; f++)
        for (int i = 1; wanted[f] && i < MEASURE_BLOCK_CUSTOMERS; i++) values[f][i] = values[f][0];
    *out = columns;
    return true;
}

bool explain_accounts(const struct explain *e, struct generation *g, const struct lookup_customer *c,
                      struct arena *arena, struct explain_account **out, int *count, struct status *st)
{
    struct measure_rates rates = recompute_rates(g);
    struct measure_set *set;
    struct behind b = {.formula = e->formula, .arena = arena};
    *count = 0;
    if (!measure_bind(e->formula, g->tables.schema, &rates, &set, st)) return false;
    bool ok = scan_check_hot(g, set, e->formula, st) && customer_columns(set, g, c, arena, &b.fields, st);
    struct measure_block *block = ok ? measure_block_new(set) : NULL;
    for (int t = 0; ok && t < g->tables.count; t++)
        if (measure_uses_table(set, t)) ok = measure_table(set, block, g, t, c, &b, st);
    if (block) measure_block_free(block);
    measure_set_free(set);
    if (b.count) qsort(b.list, (size_t)b.count, sizeof *b.list, by_measure);
    *out = b.list;
    *count = b.count;
    return ok;
}
