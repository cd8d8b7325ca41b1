/* populate: average daily balances (etl/average.h). The sums of yesterday come in with the partition, the day is added
 * when a customer has been measured, and before the formula asks for the average. */
#include "etl/populate_average.h"

#include "base/date.h"
#include "base/log.h"

#include <string.h>

struct handed { /* a number that went out of force into another's tonight, and its sums */
    uint32_t from, to;
    int64_t sum[UNIT_AVERAGES_MAX];
};

struct populate_averages {
    const struct unit *unit;
    int count;
    struct average_state state[UNIT_AVERAGES_MAX];
    int32_t days[UNIT_AVERAGES_MAX];
    int old_column[UNIT_AVERAGES_MAX];              /* in yesterday's customer.seg; -1: begins anew */
    int measure[CUSTOMER_TYPES][UNIT_AVERAGES_MAX]; /* -1: none */
    int field[UNIT_AVERAGES_MAX];                   /* in the schema */
    struct handed *handed;
    uint32_t handed_count;
};

/* Is yesterday's sum continued? Not on the first day of a period, and not when the measure has been defined anew. */
static void settle(struct populate_averages *p, const struct populate *po, int i)
{
    const struct unit_average *a = &p->unit->averages[i];
    const struct generation *old = po->in->apply->old;
    int32_t today = po->in->im->business_date;
    char column[SCORECARD_COLUMN_MAX];
    int before = old ? average_find(old->unit, a) : -1;
    p->state[i] = (struct average_state){today, average_definition(a, po->cards)};
    p->old_column[i] = -1;
    if (before >= 0 && old->averages[before].since != DATE_NONE) {
        if (old->averages[before].definition == p->state[i].definition) {
            p->state[i].since = old->averages[before].since;
            if (average_period_start(a, today) != today)
                p->old_column[i] = segment_find(old->customer, average_column(a, column));
        } else {
            log_warning("average %s begins anew: measure %s is defined otherwise than the day before", a->name,
                        a->measure);
        }
    }
    p->days[i] = average_days(a, p->state[i].since, today);
}

static bool hand_over(struct populate_averages *p, const struct integrate *in, struct status *st)
{
    const struct apply *a = in->apply;
    if (!a->old || !a->event_of[APPLY_MERGED]) return true;
    p->handed = arena_array(in->im->arena, struct handed, a->event_of[APPLY_MERGED] + 1);
    for (uint32_t e = 0; e < a->events_count; e++) {
        if (a->events[e].kind != APPLY_MERGED) continue;
        struct handed *h = &p->handed[p->handed_count++];
        h->from = (uint32_t)(a->events[e].number - in->first_number);
        h->to = (uint32_t)(a->events[e].other - in->first_number);
        for (int i = 0; i < p->count; i++)
            if (!populate_old_value(a->old, p->old_column[i], a->events[e].number, 0, &h->sum[i], st)) return false;
    }
    return true;
}

bool populate_average_open(struct populate_job *j, struct status *st)
{
    const struct populate *po = j->p;
    struct import *im = po->in->im;
    if (!im->unit->averages_count) return true;
    struct populate_averages *p = j->averages = arena_new(im->arena, struct populate_averages);
    p->unit = im->unit;
    p->count = im->unit->averages_count;
    for (int i = 0; i < p->count; i++) {
        const struct unit_average *a = &p->unit->averages[i];
        const struct schema *schema = im->tables->schema;
        settle(p, po, i);
        for (int t = 0; t < CUSTOMER_TYPES; t++) p->measure[t][i] = average_measure(a, &po->cards->of[t]);
        p->field[i] = -1;
        for (int f = 0; f < schema->customer_fields_count; f++)
            if (strcmp(schema->customer_fields[f].name, a->name) == 0) p->field[i] = f;
    }
    return hand_over(p, po->in, st) && average_write(im->unit, p->state, po->folder, st);
}

void populate_average_declare(const struct populate_job *j, struct segment_writer *customer)
{
    char column[SCORECARD_COLUMN_MAX];
    for (int i = 0; j->averages && i < j->averages->count; i++)
        segment_declare(customer, average_column(&j->averages->unit->averages[i], column), SEGMENT_MONEY, 2, 0);
}

static int64_t *sums_of(const struct populate_worker *w, const struct populate_range *r, int i)
{
    return w->averages + (size_t)i * r->count;
}

static bool overflow(const struct populate_averages *p, int i, uint64_t number, struct status *st)
{
    status_fail(st, STATUS_INPUT, "the sum of the days of average %s of customer %llu does not fit 64 bits",
                p->unit->averages[i].name, (unsigned long long)number);
    return status_hint(st, "look at the customer's accounts: a balance is out of all proportion");
}

/* Yesterday's sums of a partition; what merged numbers had is with those they merged into. */
bool populate_average_load(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                           struct status *st)
{
    struct populate_averages *p = j->averages;
    if (!p) return true;
    struct segment *old = j->p->in->apply->old ? j->p->in->apply->old->customer : NULL;
    w->averages = integrate_room((void **)&w->averages, &w->averages_size,
                                 ((size_t)p->count * r->count + 1) * sizeof *w->averages);
    memset(w->averages, 0, (size_t)p->count * r->count * sizeof *w->averages);
    for (int i = 0; i < p->count; i++) {
        int64_t *sums = sums_of(w, r, i);
        if (p->old_column[i] >= 0 && w->old.places &&
            !segment_get(old, r->partition, p->old_column[i], 0, w->old.places, sums, st))
            return false;
        for (uint32_t h = 0; h < p->handed_count; h++) {
            const struct handed *x = &p->handed[h];
            if (x->from - r->first < r->count) sums[x->from - r->first] = 0;
            if (x->to - r->first >= r->count) continue;
            if (__builtin_add_overflow(sums[x->to - r->first], x->sum[i], &sums[x->to - r->first]))
                return overflow(p, i, j->p->in->first_number + x->to, st);
        }
    }
    return true;
}

bool populate_average_add(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int type,
                          uint32_t first, uint32_t count, struct status *st)
{
    const struct populate_averages *p = j->averages;
    for (int i = 0; p && i < p->count; i++) {
        int64_t *sums = sums_of(w, r, i) + first;
        if (p->measure[type][i] < 0) continue;
        const int64_t *day = populate_column(w, j, r, type, p->measure[type][i]) + first;
        for (uint32_t k = 0; k < count; k++)
            if (w->types[first + k] == type && __builtin_add_overflow(sums[k], day[k], &sums[k]))
                return overflow(p, i, j->p->in->first_number + r->first + first + k, st);
    }
    return true;
}

void populate_average_fields(const struct populate_job *j, const struct populate_worker *w,
                             const struct populate_range *r, uint32_t first, uint32_t count, const int64_t **columns)
{
    const struct populate_averages *p = j->averages;
    for (int i = 0; p && i < p->count; i++) {
        if (p->field[i] < 0 || !columns[p->field[i]]) continue;
        int64_t *out = w->customer_fields + (size_t)p->field[i] * MEASURE_BLOCK_CUSTOMERS;
        for (uint32_t k = 0; k < count; k++) out[k] = average_value(sums_of(w, r, i)[first + k], p->days[i]);
    }
}

int populate_average_put(const struct populate_job *j, const struct populate_worker *w, const struct populate_range *r,
                         int column)
{
    for (int i = 0; j->averages && i < j->averages->count; i++)
        segment_put(w->customer_part, column++, sums_of(w, r, i), r->count);
    return column;
}
