/* populate: measures, score and selection of a partition, batch by batch. */
#include "etl/customer_field.h"
#include "etl/populate_average.h"
#include "etl/populate_extra.h"
#include "etl/valuation.h"

#include "base/date.h"
#include "base/value.h"

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

/* The customer fields a formula and its challenger ask for, in aggregates or beside them, out of the primary records.
 * */
static bool customer_fields(struct populate_job *j, struct populate_worker *w, int type, uint32_t first, uint32_t count,
                            const int64_t **columns, struct status *st)
{
    struct import *im = j->p->in->im;
    const struct schema *schema = im->tables->schema;
    unsigned char room[INPUT_ROOM];
    bool any = false; /* of the records: the averages are here */
    for (int f = 0; f < schema->customer_fields_count; f++) {
        columns[f] =
            j->p->cards->uses_customer_field[type][f] ? w->customer_fields + (size_t)f * MEASURE_BLOCK_CUSTOMERS : NULL;
        any |= columns[f] && f < schema->customer_fields_count - schema->customer_averages_count;
    }
    for (uint32_t i = 0; any && i < count; i++) {
        uint32_t record = w->primary[first + i];
        if (record == APPLY_NONE) continue; /* a number that is not in force */
        const struct input_file *file = input_file_of(im->inputs, -1, record);
        const unsigned char *bytes = input_record(file, record, room, st);
        if (!bytes) return false;
        for (int f = 0; f < schema->customer_fields_count; f++) {
            if (!columns[f]) continue;
            int field = layout_find(file->layout, schema->customer_fields[f].name);
            const struct schema_field *to = &schema->customer_fields[f];
            w->customer_fields[(size_t)f * MEASURE_BLOCK_CUSTOMERS + i] =
                field < 0 ? customer_field_none(to)
                          : customer_field_value(to, &file->layout->fields[field],
                                                 decode_value(im->decoders[file->layout_index], field, bytes));
        }
    }
    return true;
}

/* The accounts of a batch into the sums of a set of measures: of the formula, of the challenger. */
struct batch {
    const struct populate_job *j;
    const struct populate_worker *w;
    uint32_t first, count;
    const bool *ignored;                   /* of the other type */
    const int64_t *const *customer_fields; /* [field of the schema]; NULL where nobody asks */
};

static void measure_batch(void *context, const struct measure_set *measures, struct measure_block *block)
{
    const struct batch *b = context;
    const struct tables *tables = b->j->p->in->im->tables;
    struct measure_column columns[LAYOUT_FIELDS_MAX];
    measure_block_reset(measures, block, b->count);
    measure_block_customers(block, b->customer_fields);
    measure_block_ignore(block, b->ignored);
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
    bool ignored[MEASURE_BLOCK_CUSTOMERS];
    for (uint32_t i = 0; i < count; i++) ignored[i] = w->types[first + i] != type;
    const int64_t *fields[LAYOUT_FIELDS_MAX] = {0};
    if (!customer_fields(j, w, type, first, count, fields, st)) return false;
    struct batch batch = {j, w, first, count, ignored, fields};
    measure_batch(&batch, card->measures, w->blocks[type]);
    const struct unit *unit = j->p->in->im->unit;
    uint64_t first_number = j->p->in->first_number + r->first + first;
    if (!measure_finish(card->measures, w->blocks[type], st))
        return scorecard_name_customer(unit, first_number, count, st) ||
               status_while(st, "measuring customers from number %llu", (unsigned long long)first_number);
    const int64_t *measures[128];
    int64_t *results[64];
    for (int m = 0; m < card->measures_count; m++) {
        measures[m] = measure_values(w->blocks[type], m);
        memcpy(populate_column(w, j, r, type, m) + first, measures[m], count * sizeof(int64_t));
    }
    if (!populate_average_add(j, w, r, type, first, count, st)) return false;
    for (int k = 0; k < card->results_count; k++)
        results[k] = populate_column(w, j, r, type, card->measures_count + k) + first;
    populate_average_fields(j, w, r, first, count, fields);
    struct formula_inputs in = {.count = count, .measures = measures, .customer_fields = fields, .ignored = ignored};
    return (formula_evaluate(card->program, &in, w->scratch[type], results, st) &&
            populate_extra_score(w->extra, type, first, w->types, &in, measure_batch, &batch, st)) ||
           scorecard_name_customer(unit, first_number, count, st) ||
           status_while(st, "scoring customers from number %llu", (unsigned long long)first_number);
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

/* Who was in yesterday and does not pass any more: the leave policy of the unit (domain 5). *since: below the line of
 * hysteresis, DATE_NONE: not. */
static bool stays_in(const struct populate_job *j, int32_t *since, int64_t score, int64_t threshold)
{
    const struct unit *u = j->p->in->im->unit;
    int32_t today = j->p->in->im->business_date;
    switch (u->leave) {
    case UNIT_LEAVE_STAY: return true;
    case UNIT_LEAVE_AT_ONCE: return false;
    case UNIT_LEAVE_HYSTERESIS: break;
    }
    bool below = (__int128)score * 1000000 < (__int128)threshold * u->leave_ppm;
    if (!below) {
        *since = DATE_NONE;
        return true;
    }
    if (*since == DATE_NONE) *since = today;
    return today - *since < u->leave_days;
}

/* Would the leave policy keep a customer who was in yesterday if the challenger were the active formula tonight? */
static void settle_shadow(const struct populate_job *j, struct populate_worker *w, uint32_t place, int type,
                          unsigned lists)
{
    const struct scorecard *card = &j->p->cards->shadow[type].card;
    bool was_in = w->entry[place] != DATE_NONE && !(lists & CUSTOMER_EXCLUDED);
    int32_t since = w->below[place];
    if (!card->formula) return;
    int64_t score = populate_extra_shadow(w->extra)[place];
    populate_extra_kept(w->extra)[place] = was_in && stays_in(j, &since, score, card->threshold_minor);
}

/* CUSTOMER_EXCLUDED, CUSTOMER_OVERRIDDEN: the lists that a customer is on, by its ID or by its number. */
static unsigned listed(const struct integrate *in, uint32_t primary, uint32_t index)
{
    const struct reference *r = in->reference;
    const uint64_t *exclusions = in->excluded_place ? in->excluded_place : in->excluded,
                   *overrides = in->overridden_place ? in->overridden_place : in->overridden;
    uint32_t at = in->excluded_place ? index : primary;
    uint64_t number = in->first_number + index;
    bool excluded = in->excluded_count && bitmap_get(exclusions, at);
    bool overridden = in->overridden_count && bitmap_get(overrides, at);
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

/* Entry, stay and leave of one customer: flags, entry date, since when below. */
static void settle_selection(const struct populate_job *j, struct populate_worker *w, uint32_t place, int type,
                             int64_t score, int64_t threshold, unsigned lists)
{
    struct populate_total *total = w->total;
    bool was_in = w->entry[place] != DATE_NONE, passes = score >= threshold;
    bool counted = w->old.entry && place < w->old.places && w->old.entry[place] != DATE_NONE; /* under this number */
    settle_shadow(j, w, place, type, lists);
    bool in = is_selected(total, type, lists, passes);
    bool kept = !in && was_in && !(lists & CUSTOMER_EXCLUDED) && stays_in(j, &w->below[place], score, threshold);
    in |= kept;
    if (!kept) w->below[place] = DATE_NONE;
    if (passes) w->flags[place] |= CUSTOMER_PASSES;
    if (in) w->flags[place] |= CUSTOMER_SELECTED;
    if (kept) w->flags[place] |= CUSTOMER_KEPT;
    if (in && !was_in) w->entry[place] = j->p->in->im->business_date;
    if (!in) w->entry[place] = DATE_NONE;
    total->entered += in && !counted;
    if (in && !was_in && j->first_new) total->entered_by_nav += valuation_entered(j, w, place);
    total->left += counted && !in;
    total->kept[type] += kept;
}

/* Yesterday's entry dates, and since when below the bar; of those who became one customer the earliest. */
static void take_dates(const struct populate_job *j, struct populate_worker *w, const struct populate_range *r)
{
    const struct populate_old *old = &w->old;
    uint32_t known = !old->entry ? 0 : old->places < r->count ? old->places : r->count;
    int32_t *entry = w->entry, *below = w->below;
    for (uint32_t i = 0; i < known; i++) {
        bool was = old->type[i] != CUSTOMER_TYPES;
        entry[i] = was ? (int32_t)old->entry[i] : DATE_NONE;
        below[i] = was && old->below ? (int32_t)old->below[i] : DATE_NONE;
    }
    for (uint32_t i = known; i < r->count; i++) entry[i] = below[i] = DATE_NONE;
    populate_inherit(j, r, entry);
}

static void select_customers(struct populate_job *j, struct populate_worker *w, const struct populate_range *r)
{
    const struct integrate *in = j->p->in;
    struct populate_total *total = w->total;
    const struct scorecard *cards = j->p->cards->of;
    const int64_t *score_of[CUSTOMER_TYPES];
    const uint8_t *types = w->types;
    uint8_t *flags = w->flags;
    bool lists_exist = in->excluded_count || in->overridden_count || in->reference->numbers_count;
    for (int t = 0; t < CUSTOMER_TYPES; t++)
        score_of[t] = cards[t].formula ? populate_column(w, j, r, t, cards[t].measures_count) : NULL;
    take_dates(j, w, r);
    for (uint32_t i = 0; i < r->count; i++) {
        int type = types[i];
        if (type == CUSTOMER_TYPES) {
            flags[i] = CUSTOMER_GONE;
            total->left += w->entry[i] != DATE_NONE;
            w->entry[i] = w->below[i] = DATE_NONE;
            continue;
        }
        const struct scorecard *card = &cards[type];
        unsigned lists = lists_exist ? listed(in, w->primary[i], r->first + i) : 0;
        flags[i] = (uint8_t)lists;
        total->customers[type]++;
        total->excluded[type] += (lists & CUSTOMER_EXCLUDED) != 0;
        total->overridden[type] += (lists & CUSTOMER_OVERRIDDEN) != 0;
        if (!card->formula) {
            w->entry[i] = w->below[i] = DATE_NONE;
            continue;
        }
        int64_t score = score_of[type][i];
        flags[i] |= CUSTOMER_SCORED;
        total->scored[type]++;
        total->score_all[type] += score;
        settle_selection(j, w, i, type, score, card->threshold_minor, lists);
        if (!(flags[i] & CUSTOMER_SELECTED)) continue;
        total->selected[type]++;
        total->score_selected[type] += score;
        if (card->tier_result < 0) continue;
        int64_t tier = populate_column(w, j, r, type, card->measures_count + card->tier_result)[i];
        if (tier >= 0 && tier < POPULATE_TIERS_MAX) total->tiers[type][tier]++;
    }
}

/* The measures of a batch, while they are in the cache. */
static void sum_measures(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int type,
                         uint32_t first, uint32_t count)
{
    const struct scorecard *card = &j->p->cards->of[type];
    for (int m = 0; m < card->measures_count; m++) {
        /* dates have no sum; and of a missing one nobody would want it */
        if (formula_measure_type(card->formula, m) == VALUE_DATE) continue;
        w->total->measure_sum[type][m] += value_sum(populate_column(w, j, r, type, m) + first, count);
    }
}

bool populate_score(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                    struct status *st)
{
    uint32_t batch = j->p->batch;
    if (!populate_average_load(j, w, r, st)) return false;
    if (w->extra) populate_extra_begin(w->extra, r->count);
    w->flags = integrate_room((void **)&w->flags, &w->flags_size, r->count + 1u);
    w->entry = integrate_room((void **)&w->entry, &w->entry_size, (r->count + 1u) * sizeof *w->entry);
    w->below = integrate_room((void **)&w->below, &w->below_size, (r->count + 1u) * sizeof *w->below);
    for (uint32_t first = 0; first < r->count; first += batch) {
        uint32_t count = r->count - first < batch ? r->count - first : batch, of_type[CUSTOMER_TYPES + 1] = {0};
        for (uint32_t i = 0; i < count; i++) of_type[w->types[first + i]]++;
        for (int t = 0; t < CUSTOMER_TYPES; t++) {
            if (!j->p->cards->of[t].formula) continue;
            if (of_type[t] && !score_batch(j, w, r, t, first, count, st)) return false;
            if (of_type[t] < count) clear_other_type(j, w, r, t, first, count);
            if (of_type[t]) sum_measures(j, w, r, t, first, count);
        }
    }
    select_customers(j, w, r);
    const int64_t *assets[CUSTOMER_TYPES];
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        const struct scorecard *card = &j->p->cards->of[t];
        bool known = card->formula && card->assets_result >= 0;
        assets[t] = known ? populate_column(w, j, r, t, card->measures_count + card->assets_result) : NULL;
    }
    populate_extra_count(w->extra, r, w->flags, w->types, assets, w->total);
    return true;
}
