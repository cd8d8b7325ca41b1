#include "etl/trial.h"

#include "base/date.h"
#include "base/os.h"
#include "etl/customer_field.h"
#include "etl/trial_count.h"

#include <stdio.h>
#include <string.h>

struct bucket { /* a list that grows, of one worker */
    struct trial_customer *customers;
    uint64_t count, room;
};

struct tally { /* of one worker */
    struct trial_count count;
    uint64_t bins[TRIAL_BINS_MAX + 2];
    __int128 sums[TRIAL_TOTALS_MAX][TRIAL_GROUPS];
    struct trial_range dates[TRIAL_TOTALS_MAX][TRIAL_GROUPS];
    struct group_set *by[TRIAL_BY_MAX];
    struct bucket entering, leaving;
    /* of the block: 0 or 1 per customer */
    int64_t *live, *passes, *was;
    struct customer_text text;
};

struct job {
    const struct trial_request *r;
    struct trial *t;
    struct formula_program *program;
    int64_t threshold, active_threshold;
    bool stored_active, by_flags;
    int total_column[TRIAL_TOTALS_MAX]; /* result, or measure */
    int date_column[TRIAL_TOTALS_MAX];  /* measure */
    int by_result[TRIAL_BY_MAX];        /* -1: a field of the records */
    int by_field[TRIAL_BY_MAX][UNIT_LAYOUTS_MAX];
    bool sampled, keep; /* whether anybody asks who passes, and not only how many */
    struct tally *tallies;
    int workers;
};

/* --- a block --- */

/* Exactly `sample` of all customers, evenly spread. */
static bool in_sample(const struct trial_request *r, uint64_t index)
{
    unsigned __int128 n = r->sample, all = r->g->customers;
    return (uint64_t)((index + 1) * n / all) > (uint64_t)(index * n / all);
}

/* Whose score counts: of the type, and of the sample. */
static void mark_live(const struct job *j, struct tally *y, const struct scan_block *b)
{
    int64_t type = j->r->type;
    const int64_t *restrict types = b->types;
    int64_t *restrict live = y->live;
    uint32_t count = b->count;
    for (uint32_t i = 0; i < count; i++) live[i] = types[i] == type;
    if (!j->sampled) return;
    uint64_t first = b->first_number - j->r->g->first_number;
    for (uint32_t i = 0; i < count; i++) live[i] &= in_sample(j->r, first + i);
}

/* A sum of products with 0 or 1, exact in 128 bits: the halves of 4,096 values cannot overflow 64 bits. */
static __int128 masked_sum(const int64_t *values, const int64_t *mask, uint32_t count)
{
    const int64_t *restrict of = values, *restrict by = mask;
    int64_t high = 0;
    uint64_t low = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t v = of[i] & -by[i];
        high += v >> 32;
        low += (uint64_t)v & 0xffffffffu;
    }
    return (__int128)high * ((__int128)1 << 32) + low; /* a shift of a negative sum is not defined */
}

static const int64_t *active_scores(const struct job *j, const struct scan_block *b)
{
    const struct trial_baseline *base = j->r->baseline;
    if (base && base->scores) return base->scores + (b->first_number - j->r->g->first_number);
    return j->stored_active ? b->stored[0] : NULL;
}

static void totals(const struct job *j, struct tally *y, const struct scan_block *b)
{
    for (int k = 0; k < j->t->totals_count; k++) {
        int column = j->total_column[k];
        const int64_t *values = j->t->totals[k].is_measure ? b->measures[column] : b->results[0][column];
        y->sums[k][TRIAL_ALL] += masked_sum(values, y->live, b->count);
        y->sums[k][TRIAL_PASS] += masked_sum(values, y->passes, b->count);
        y->sums[k][TRIAL_ACTIVE] += masked_sum(values, y->was, b->count);
    }
}

static void widen(struct trial_range *to, uint64_t customers, int32_t first, int32_t last)
{
    if (!customers) return;
    if (!to->customers || first < to->first) to->first = first;
    if (!to->customers || last > to->last) to->last = last;
    to->customers += customers;
}

static void date_ranges(const struct job *j, struct tally *y, const struct scan_block *b)
{
    const int64_t *const who[TRIAL_GROUPS] = {y->live, y->passes, y->was};
    for (int k = 0; k < j->t->dates_count; k++)
        for (int g = 0; g < TRIAL_GROUPS; g++)
            for (uint32_t i = 0; i < b->count; i++) {
                int32_t day = (int32_t)b->measures[j->date_column[k]][i];
                if (who[g][i] && day != DATE_NONE) widen(&y->dates[k][g], 1, day, day);
            }
}

static void note(struct bucket *l, const struct trial_customer *c)
{
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 1024;
        l->customers = realloc(l->customers, l->room * sizeof *l->customers);
        ensure(l->customers);
    }
    l->customers[l->count++] = *c;
}

static void lists(const struct job *j, struct tally *y, const struct scan_block *b)
{
    const int64_t *score = b->results[0][0], *active = active_scores(j, b);
    for (uint32_t i = 0; i < b->count; i++) {
        if (y->passes[i] == y->was[i]) continue;
        struct trial_customer c = {b->first_number + i, score[i], active ? active[i] : 0};
        note(y->passes[i] ? &y->entering : &y->leaving, &c);
    }
}

static bool key_of(const struct job *j, struct tally *y, int by, const struct scan_block *b, uint32_t i, char room[11],
                   struct view *key, struct status *st)
{
    int result = j->by_result[by];
    if (result >= 0) {
        const char *code = formula_result_code(j->program, result, b->results[0][result][i]);
        *key = view_of(code ? code : "");
        return true;
    }
    struct record record;
    if (!record_at(b->records, (uint32_t)b->primary[i], &record, st)) return false;
    *key = customer_field_key(b->records, &y->text, &record, j->by_field[by][record.file->layout_index], room);
    return true;
}

static bool group_block(const struct job *j, struct tally *y, const struct scan_block *b, int by, struct status *st)
{
    for (uint32_t i = 0; i < b->count; i++) {
        char room[11];
        struct view key;
        if (!y->live[i]) continue;
        if (!key_of(j, y, by, b, i, room, &key, st)) return false;
        struct group *g = group_at(y->by[by], key);
        if (!g)
            return status_fail(st, STATUS_USAGE, "%s has more than %d values: it is no field to group by",
                               j->t->by[by].name, GROUPS_MAX);
        g->counts[TRIAL_GROUP_CUSTOMERS]++;
        g->counts[TRIAL_GROUP_PASS] += (uint64_t)y->passes[i];
        g->counts[TRIAL_GROUP_ACTIVE] += (uint64_t)y->was[i];
        g->counts[TRIAL_GROUP_ENTERS] += (uint64_t)(y->passes[i] & ~y->was[i] & 1);
        g->counts[TRIAL_GROUP_LEAVES] += (uint64_t)(y->was[i] & ~y->passes[i] & 1);
        if (y->passes[i]) g->sums[0] += b->results[0][0][i];
    }
    return true;
}

static bool visit(void *context, int worker, const struct scan_block *b, struct status *st)
{
    struct job *j = context;
    struct tally *y = &j->tallies[worker];
    bool everybody = b->all_of_type && !j->sampled;
    if (!everybody || j->keep) mark_live(j, y, b);
    struct trial_block block = {.count = b->count,
                                .score = b->results[0][0],
                                .flags = b->flags,
                                .active = active_scores(j, b),
                                .by_flags = j->by_flags,
                                .live = everybody ? NULL : y->live,
                                .threshold = j->threshold,
                                .active_threshold = j->active_threshold,
                                .passes = j->keep ? y->passes : NULL,
                                .was = y->was};
    trial_count_block(&block, &y->count);
    if (j->r->bins) trial_count_bins(&block, j->r->bin_width, j->r->bins, y->bins);
    if (j->t->totals_count) totals(j, y, b);
    if (j->t->dates_count) date_ranges(j, y, b);
    if (j->r->lists) lists(j, y, b);
    if (j->r->scores)
        memcpy(j->r->scores + (b->first_number - j->r->g->first_number), b->results[0][0],
               b->count * sizeof *j->r->scores);
    for (int k = 0; k < j->t->by_count; k++)
        if (!group_block(j, y, b, k, st)) return false;
    return true;
}

/* --- before and after --- */

static void add_total(struct job *j, const char *name, enum value_type type, bool is_measure, int column)
{
    struct trial *t = j->t;
    ensure(t->totals_count < TRIAL_TOTALS_MAX);
    j->total_column[t->totals_count] = column;
    t->totals[t->totals_count++] =
        (struct trial_total){.name = arena_dup(&t->arena, view_of(name)), .type = type, .is_measure = is_measure};
}

static bool adds_up(enum value_type type)
{
    return type == VALUE_MONEY || type == VALUE_NUMBER || type == VALUE_MONTHS || type == VALUE_BOOLEAN;
}

static void add_dates(struct job *j, const char *name, int column)
{
    struct trial *t = j->t;
    ensure(t->dates_count < TRIAL_TOTALS_MAX);
    j->date_column[t->dates_count] = column;
    t->dates[t->dates_count++].name = arena_dup(&t->arena, view_of(name));
}

/* An aggregate in place has no name but its text. */
static void choose_totals(struct job *j)
{
    const struct formula *f = j->r->formula;
    for (int k = 1; k < formula_result_count(f); k++)
        if (adds_up(formula_result_type(f, k)))
            add_total(j, formula_result_name(f, k), formula_result_type(f, k), false, k);
    for (int m = 0; j->r->measures && m < formula_measure_count(f); m++) {
        const char *name = formula_measure_in_place(f, m) ? formula_measure_name(f, m) : formula_measure_alias(f, m);
        if (formula_measure_type(f, m) == VALUE_DATE)
            add_dates(j, name, m);
        else
            add_total(j, name, formula_measure_type(f, m), true, m);
    }
}

static int code_result(const struct formula *f, const char *name)
{
    int result = formula_result_find(f, name);
    return result >= 0 && formula_result_type(f, result) == VALUE_CODE ? result : -1;
}

static bool choose_groups(struct job *j, struct status *st)
{
    for (int k = 0; k < j->r->by_count; k++) {
        const char *name = j->r->by[k];
        j->by_result[k] = code_result(j->r->formula, name);
        if (j->by_result[k] < 0 && !customer_field_find(j->r->g, name, j->by_field[k])) {
            status_fail(st, STATUS_USAGE, "%s is neither a code result of %s nor a field of a customer layout", name,
                        j->r->name);
            return status_hint(st, "see the fields: crmx layout show LAYOUT");
        }
        struct trial_by *by = &j->t->by[j->t->by_count++];
        by->name = arena_dup(&j->t->arena, view_of(name));
        by->is_date = j->by_result[k] < 0 && customer_field_is_date(j->r->g, j->by_field[k]);
    }
    return true;
}

static int64_t *column_of_block(void)
{
    int64_t *v = aligned_alloc(64, SEGMENT_RUN * sizeof *v);
    ensure(v);
    return v;
}

static void init_tallies(struct job *j)
{
    j->tallies = calloc((size_t)j->workers, sizeof *j->tallies);
    ensure(j->tallies);
    for (int w = 0; w < j->workers; w++) {
        struct tally *y = &j->tallies[w];
        y->live = column_of_block();
        y->passes = column_of_block();
        y->was = column_of_block();
        for (int k = 0; k < j->t->by_count; k++) y->by[k] = group_set_new(1);
    }
}

static void release_tallies(struct job *j)
{
    for (int w = 0; j->tallies && w < j->workers; w++) {
        struct tally *y = &j->tallies[w];
        free(y->live);
        free(y->passes);
        free(y->was);
        free(y->entering.customers);
        free(y->leaving.customers);
        for (int k = 0; k < TRIAL_BY_MAX; k++) group_set_free(y->by[k]);
        customer_text_release(&y->text);
    }
    free(j->tallies);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct trial_customer *)a)->number, y = ((const struct trial_customer *)b)->number;
    return x < y ? -1 : x > y;
}

static struct trial_customer *merge_lists(struct job *j, bool entering, uint64_t *count)
{
    *count = 0;
    for (int w = 0; w < j->workers; w++)
        *count += entering ? j->tallies[w].entering.count : j->tallies[w].leaving.count;
    struct trial_customer *all = arena_array(&j->t->arena, struct trial_customer, *count + 1);
    uint64_t n = 0;
    for (int w = 0; w < j->workers; w++) {
        const struct bucket *l = entering ? &j->tallies[w].entering : &j->tallies[w].leaving;
        if (l->count) memcpy(all + n, l->customers, l->count * sizeof *all);
        n += l->count;
    }
    qsort(all, *count, sizeof *all, by_number);
    return all;
}

static void add_count(struct trial_count *to, const struct trial_count *from)
{
    to->scored += from->scored;
    to->excluded += from->excluded;
    to->pass += from->pass;
    to->active += from->active;
    to->enters += from->enters;
    to->leaves += from->leaves;
    to->score_all += from->score_all;
    to->score_pass += from->score_pass;
}

static void merge(struct job *j)
{
    struct trial *t = j->t;
    for (int k = 0; k < t->by_count; k++) t->by[k].groups = group_set_new(1);
    for (int w = 0; w < j->workers; w++) {
        const struct tally *y = &j->tallies[w];
        add_count(&t->count, &y->count);
        for (int i = 0; i < j->r->bins + 2; i++) t->bins[i] += y->bins[i];
        for (int k = 0; k < t->totals_count; k++)
            for (int g = 0; g < TRIAL_GROUPS; g++) t->totals[k].sum[g] += y->sums[k][g];
        for (int k = 0; k < t->dates_count * TRIAL_GROUPS; k++) {
            const struct trial_range *r = &y->dates[k / TRIAL_GROUPS][k % TRIAL_GROUPS];
            widen(&t->dates[k / TRIAL_GROUPS].of[k % TRIAL_GROUPS], r->customers, r->first, r->last);
        }
        for (int k = 0; k < t->by_count; k++) ensure(group_merge(t->by[k].groups, y->by[k]));
    }
    t->entering = merge_lists(j, true, &t->entering_count);
    t->leaving = merge_lists(j, false, &t->leaving_count);
}

/* The night refuses a field that is not hot, and so does the trial: before it reads everything. */
static bool check_night(const struct trial_request *r, struct status *st)
{
    struct measure_rates rates = {r->g->reference.rates.rate, r->g->reference.rates.per_unit};
    struct measure_set *measures;
    if (!measure_bind(r->formula, r->g->tables.schema, &rates, &measures, st)) return false;
    bool ok = scan_check_hot(r->g, measures, r->formula, st);
    measure_set_free(measures);
    return ok;
}

static int64_t active_threshold(const struct trial_request *r, struct status *st, bool *ok)
{
    if (r->baseline) return r->baseline->threshold_minor;
    const struct unit *u = r->g->unit;
    if (u->has_threshold[r->type]) return u->threshold_minor[r->type];
    struct buf text;
    struct formula *f = NULL;
    char path[OS_PATH_MAX];
    snprintf(path, sizeof path, "%s/formulas/%s.formula", u->folder, u->formula_name[r->type]);
    buf_init(&text, 1 << 16);
    *ok = os_read_file(path, &text, st) && formula_parse(path, buf_view(&text), &f, st);
    buf_release(&text);
    int64_t threshold = f ? formula_threshold(f) : 0;
    formula_free(f);
    return threshold;
}

static struct scan *open_scan(struct job *j, struct status *st)
{
    const struct trial_request *r = j->r;
    bool *measures = arena_array(&j->t->arena, bool, formula_measure_count(r->formula) + 1);
    for (int m = 0; m < formula_measure_count(r->formula); m++) measures[m] = r->measures;
    const char *stored[1] = {scan_column_name(r->type, "result", "score", &j->t->arena)};
    struct scan_request s = {.g = r->g,
                             .pool = r->pool,
                             .type = r->type,
                             .formula = r->formula,
                             .programs = &j->program,
                             .programs_count = 1,
                             .measures_wanted = measures,
                             .stored = stored,
                             .stored_count = j->stored_active,
                             .records = j->t->by_count > 0};
    struct scan *scan = scan_open(&s, st);
    if (!scan) return NULL;
    j->workers = scan_workers(scan);
    for (int m = 0; m < formula_measure_count(r->formula); m++) {
        bool used = measures[m] || formula_uses_measure(j->program, m), is_stored = scan_is_stored(scan, m);
        j->t->measures_stored += used && is_stored;
        j->t->measures_again += used && !is_stored;
    }
    return scan;
}

bool trial_run(const struct trial_request *r, struct trial *out, struct status *st)
{
    ensure(r->bins <= TRIAL_BINS_MAX && r->by_count <= TRIAL_BY_MAX && (r->bins == 0 || r->bin_width > 0));
    *out = (struct trial){.has_active = r->baseline || r->g->unit->formula_name[r->type]};
    arena_init(&out->arena, "trial");
    struct job j = {.r = r, .t = out, .threshold = formula_threshold(r->formula)};
    j.sampled = r->sample && r->sample < r->g->customers;
    bool ok = true;
    /* Lists show the active scores. A generation of before there were nights has no flag for who reached the threshold,
     * nor such a column. */
    j.by_flags = out->has_active && !r->baseline && !r->lists && segment_find(r->g->customer, "below_since") >= 0;
    j.stored_active = out->has_active && !j.by_flags && !(r->baseline && r->baseline->scores);
    if (out->has_active && !j.by_flags) j.active_threshold = active_threshold(r, st, &ok);
    ok = ok && choose_groups(&j, st) && check_night(r, st) &&
         formula_bind(r->formula, r->g->tables.schema, &j.program, st);
    if (ok) choose_totals(&j); /* behind the binding, which knows the types of aggregates in place */
    j.keep = out->totals_count || out->dates_count || r->lists || r->by_count;
    struct scan *scan = ok ? open_scan(&j, st) : NULL;
    if (scan) {
        init_tallies(&j);
        uint64_t start = os_monotonic_ns();
        ok = scan_run(scan, visit, &j, st);
        out->elapsed_ns = os_monotonic_ns() - start;
        if (ok) merge(&j);
    }
    release_tallies(&j);
    scan_close(scan);
    formula_program_free(j.program);
    return scan && ok ? true : status_while(st, "trying %s over generation %s", r->name, r->g->id);
}

void trial_release(struct trial *t)
{
    for (int k = 0; k < TRIAL_BY_MAX; k++) group_set_free(t->by[k].groups);
    arena_release(&t->arena);
    *t = (struct trial){0};
}
