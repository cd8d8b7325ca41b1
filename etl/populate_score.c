/* populate: measures, score and selection of a partition, batch by batch. */
#include "etl/populate_extra.h"

#include "base/date.h"

#include <string.h>

/* The columns of a table as the measures see them. */
static void measure_rows_of(const struct table *t, const struct populate_rows *rows, uint32_t first, uint32_t count,
                            struct measure_column *columns, struct measure_rows *out)
{
    const unsigned char *base = (const unsigned char *)rows->rows + (size_t)first * rows->stride;
    memset(columns, 0, (size_t)t->layout->fields_count * sizeof *columns);
    for (int c = 0; c < t->columns_count; c++)
        columns[t->columns[c].field] =
            (struct measure_column){base + sizeof(struct owned_tuple) + t->columns[c].offset, rows->stride,
                                    t->columns[c].width, t->columns[c].is_signed};
    *out = (struct measure_rows){.count = count, .owner = {base, rows->stride, 4, false}, .columns = columns};
}

/* The customer fields a formula asks for, out of the primary records. */
static bool customer_fields(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                            uint32_t first, uint32_t count, const struct formula_program *program,
                            const struct formula_program *shadow, const int64_t **columns, struct status *st)
{
    struct import *im = j->p->in->im;
    const struct schema *schema = im->tables->schema;
    unsigned char bytes[LAYOUT_RECORD_MAX + 2 * DECODE_SLACK];
    for (int f = 0; f < schema->customer_fields_count; f++)
        columns[f] = formula_uses_customer_field(program, f) || (shadow && formula_uses_customer_field(shadow, f))
                         ? w->customer_fields + (size_t)f * MEASURE_BLOCK_CUSTOMERS
                         : NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t record = w->primary[first + i];
        const struct input_file *file = input_file_of(im->inputs, -1, record);
        if (!input_read_record(file, record, bytes + DECODE_SLACK, st)) return false;
        for (int f = 0; f < schema->customer_fields_count; f++) {
            if (!columns[f]) continue;
            int field = layout_find(file->layout, schema->customer_fields[f].name);
            int64_t none = schema->customer_fields[f].type == VALUE_DATE ? DATE_NONE : 0;
            w->customer_fields[(size_t)f * MEASURE_BLOCK_CUSTOMERS + i] =
                field < 0 ? none : decode_value(im->decoders[file->layout_index], field, bytes + DECODE_SLACK);
        }
    }
    (void)r;
    return true;
}

/* The accounts of a batch into the sums of a set of measures: of the formula, of the challenger. */
struct batch {
    const struct populate_job *j;
    const struct populate_worker *w;
    uint32_t first, count;
};

static void measure_batch(void *context, const struct measure_set *measures, struct measure_block *block)
{
    const struct batch *b = context;
    const struct tables *tables = b->j->p->in->im->tables;
    struct measure_column columns[LAYOUT_FIELDS_MAX];
    measure_block_reset(measures, block, b->count);
    for (int t = 0; t < tables->count; t++) {
        const struct populate_rows *rows = &b->w->table[t];
        uint32_t from = rows->start[b->first], to = rows->start[b->first + b->count];
        if (from == to || !measure_uses_table(measures, t)) continue;
        struct measure_rows in;
        measure_rows_of(&tables->table[t], rows, from, to - from, columns, &in);
        measure_add(measures, block, t, &in);
    }
}

/* One batch for one customer type: measures and results into the partition's columns. */
static bool score_batch(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int type,
                        uint32_t first, uint32_t count, struct status *st)
{
    const struct scorecard *card = &j->p->cards->of[type];
    struct batch batch = {j, w, first, count};
    measure_batch(&batch, card->measures, w->blocks[type]);
    if (!measure_finish(card->measures, w->blocks[type], st))
        return status_while(st, "measuring customers from number %llu",
                            (unsigned long long)(j->p->in->first_number + r->first + first));
    const int64_t *measures[128];
    int64_t *results[64];
    for (int m = 0; m < card->measures_count; m++) {
        measures[m] = measure_values(w->blocks[type], m);
        memcpy(populate_column(w, j, r, type, m) + first, measures[m], count * sizeof(int64_t));
    }
    for (int k = 0; k < card->results_count; k++)
        results[k] = populate_column(w, j, r, type, card->measures_count + k) + first;
    const int64_t *fields[LAYOUT_FIELDS_MAX] = {0};
    if (j->p->cards->uses_customer_fields &&
        !customer_fields(j, w, r, first, count, card->program, j->p->cards->shadow[type].card.program, fields, st))
        return false;
    struct formula_inputs in = {.count = count, .measures = measures, .customer_fields = fields};
    return (formula_evaluate(card->program, &in, w->scratch[type], results, st) &&
            populate_extra_score(w->extra, type, first, w->types, &in, measure_batch, &batch, st)) ||
           status_while(st, "scoring customers from number %llu",
                        (unsigned long long)(j->p->in->first_number + r->first + first));
}

/* Customers of the other type have no values of this formula. */
static void clear_other_type(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                             int type, uint32_t first, uint32_t count)
{
    const struct scorecard *card = &j->p->cards->of[type];
    for (int c = 0; c < card->measures_count + card->results_count; c++) {
        int64_t *column = populate_column(w, j, r, type, c) + first;
        for (uint32_t i = 0; i < count; i++)
            if (w->types[first + i] != type) column[i] = 0;
    }
}

/* CUSTOMER_EXCLUDED, CUSTOMER_OVERRIDDEN: the lists that a customer is on, by its ID or by its number. */
static unsigned listed(const struct integrate *in, uint32_t primary, uint64_t number)
{
    const struct reference *r = in->reference;
    bool excluded = in->excluded_count && integrate_bit(in->excluded, primary);
    bool overridden = in->overridden_count && integrate_bit(in->overridden, primary);
    if (r->numbers_count) {
        excluded |= reference_listed_number(r, number, REFERENCE_EXCLUSION) != NULL;
        overridden |= reference_listed_number(r, number, REFERENCE_OVERRIDE) != NULL;
    }
    return (excluded ? CUSTOMER_EXCLUDED : 0u) | (overridden ? CUSTOMER_OVERRIDDEN : 0u);
}

/* Is a scored customer selected? Counted in the totals. */
static bool is_selected(struct populate_total *total, int type, unsigned lists, bool reached)
{
    bool excluded = lists & CUSTOMER_EXCLUDED, by_override = !reached && !excluded && (lists & CUSTOMER_OVERRIDDEN);
    total->reached[type] += reached;
    total->reached_excluded[type] += reached && excluded;
    total->by_override[type] += by_override;
    return !excluded && (reached || by_override);
}

static void select_customers(struct populate_job *j, struct populate_worker *w, const struct populate_range *r)
{
    struct populate_total *total = w->total;
    for (uint32_t i = 0; i < r->count; i++) {
        int type = w->types[i];
        const struct scorecard *card = &j->p->cards->of[type];
        unsigned lists = listed(j->p->in, w->primary[i], j->p->in->first_number + r->first + i);
        w->flags[i] = (uint8_t)lists;
        total->customers[type]++;
        total->excluded[type] += (lists & CUSTOMER_EXCLUDED) != 0;
        total->overridden[type] += (lists & CUSTOMER_OVERRIDDEN) != 0;
        if (!card->formula) continue;
        int64_t score = populate_column(w, j, r, type, card->measures_count)[i];
        w->flags[i] |= CUSTOMER_SCORED;
        total->scored[type]++;
        total->score_all[type] += score;
        if (!is_selected(total, type, lists, score >= card->threshold_minor)) continue;
        w->flags[i] |= CUSTOMER_SELECTED;
        total->selected[type]++;
        total->score_selected[type] += score;
        if (card->tier_result < 0) continue;
        int64_t tier = populate_column(w, j, r, type, card->measures_count + card->tier_result)[i];
        if (tier >= 0 && tier < POPULATE_TIERS_MAX) total->tiers[type][tier]++;
    }
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        for (int m = 0; j->p->cards->of[t].formula && m < j->p->cards->of[t].measures_count; m++) {
            const int64_t *column = populate_column(w, j, r, t, m);
            __int128 sum = 0;
            /* dates have no sum; and of a missing one nobody would want it */
            bool dates = formula_measure_type(j->p->cards->of[t].formula, m) == VALUE_DATE;
            for (uint32_t i = 0; !dates && i < r->count; i++) sum += column[i];
            total->measure_sum[t][m] += sum;
        }
}

bool populate_score(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                    struct status *st)
{
    uint32_t batch = j->p->batch;
    if (w->extra) populate_extra_begin(w->extra, r->count);
    w->flags = integrate_room((void **)&w->flags, &w->flags_size, r->count + 1u);
    for (uint32_t first = 0; first < r->count; first += batch) {
        uint32_t count = r->count - first < batch ? r->count - first : batch, of_type[CUSTOMER_TYPES] = {0};
        for (uint32_t i = 0; i < count; i++) of_type[w->types[first + i]]++;
        for (int t = 0; t < CUSTOMER_TYPES; t++) {
            if (!j->p->cards->of[t].formula) continue;
            if (of_type[t] && !score_batch(j, w, r, t, first, count, st)) return false;
            if (of_type[t] < count) clear_other_type(j, w, r, t, first, count);
        }
    }
    select_customers(j, w, r);
    populate_extra_count(w->extra, r, w->flags, w->types, w->total);
    return true;
}
